/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shell: what a session is made of.
 *
 *   input      where commands come from: a terminal, a script, -c, a text
 *   statement  one parsed command (lex.h); blocks hold statements
 *   command    a row that says all about one command (command.h)
 *   value      what a command created: $1, $name (value.h)
 *   journal    the commands that made the machine what it is (journal.h)
 *
 * There are no globals but the interrupt flag: a second session can live beside
 * the first, and `diff` runs one.
 */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <mmsh/base.h>
#include <mmsh/machine.h>
#include <mmsh/trace.h>

#include "display.h"
#include "journal.h"
#include "stopwatch.h"
#include "value.h"

enum status {
	STATUS_OK,
	STATUS_FAILED,
	STATUS_USAGE
};

enum when {
	WHEN_AUTO,
	WHEN_ALWAYS,
	WHEN_NEVER
};

struct settings {
	bool echo, quiet, keep_going;
	enum when color;
	int history; /* lines kept in the history file */
};

/* Why a command failed, and where. */
struct shell_error {
	int code; /* a positive errno; 0: no error */
	bool located;
	char file[256];
	unsigned line; /* 0: typed at the prompt */
	char command[32];
	char text[600];
};

struct input;
struct command;
struct statement;

/* The caches that this session created: of one that lives on under other names the name dies. */
struct cache_names {
	struct cache_name {
		char *name;
		uint64_t size; /* as asked for: merged, its objects may be larger */
		bool dead;
	} *v;
	unsigned n, cap;
};
void cache_names_clear(struct cache_names *names);

struct shell {
	struct machine *m;	      /* NULL until a command needs one */
	struct trace_buffer trace;    /* how the last operation was decided, for `why` */
	struct trace_listener follow; /* keeps values up with pages that move */
	const char *bootline;	      /* the machine to boot when none was asked for */
	uint64_t seed;

	struct settings set;
	bool safe, json, interactive;
	bool silent;   /* nothing is written to standard output and error */
	bool replay;   /* a session run again for its machine: nothing of the host's is touched */
	bool terminal; /* standard output is one */
	bool displaying; /* displays are brought up to date: nothing may change by that */

	struct input *in;
	struct strbuf *out; /* where output goes now: stdout_buf, or what captures it */
	struct strbuf stdout_buf;
	bool stdout_failed;

	struct shell_error err;
	char quote[4][96]; /* see quoted() */
	unsigned quote_next;

	struct values values;
	struct cache_names caches;
	struct displays displays;
	struct journal journal;

	/* Of sessions that `compare` runs: every machine gets that allocator; it is told of each. */
	const struct slab_ops *slab;
	void (*booted)(struct shell *sh, void *arg);
	void *booted_arg;
	struct stopwatch watch;

	unsigned depth;	     /* commands inside commands */
	unsigned inside;     /* > 0: run by a prefix command: repeat, expect, time */
	bool in_loop;	     /* $i means something */
	int64_t counter;     /* $i */
	int64_t rounds;	     /* that the outermost repeat finished */
	uint64_t fuel;	     /* iterations that `repeat` may still make */
	const char *assign;  /* the name before `=`, until a value takes it */
	struct span running; /* the text of the running command */
	bool changed;	     /* the command changed the machine */
	uint64_t seen;	     /* events since the displays were last shown: 1 << trace_id */
	bool new_machine;    /* ... for another */
	bool quit;
	enum status status;
	json_t *json_values; /* values the command created, in --json */
};

/* Set by SIGINT; whatever takes long looks at it. */
extern volatile sig_atomic_t interrupted;

/* Returns: a session without a machine; NULL when the host has no memory. */
struct shell *shell_new(void);
void shell_free(struct shell *sh);

/* The machine, booted now if need be. Returns: 0, or -errno with the error set. */
int need_machine(struct shell *sh);
/* Boots a machine of @words, each KEY=VALUE. The old machine stays if that fails. */
int shell_boot(struct shell *sh, const char *const *words, unsigned n);
/* The same; words in one text. */
int shell_boot_line(struct shell *sh, const char *line);
/* Makes @m the session's machine; the old one and its values are gone. */
int shell_take_machine(struct shell *sh, struct machine *m);
/* Called before the machine is changed. */
void begin_change(struct shell *sh);

/*
 * cmd_fail - the command's error; the innermost one counts
 *
 * Returns: -@code.
 */
int cmd_fail(struct shell *sh, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void clear_error(struct shell *sh);
/* "ENOMEM"; and back: 0 when it is no errno's name. */
const char *errno_name(int code);
int errno_by_name(const char *name);
/* @s fit for an error message: printable, in double quotes, not too long. Lives for three more
   calls. */
const char *quoted(struct shell *sh, const char *s);
/* Runs everything @in has. Returns: 0, or -errno with the error set, not yet reported. */
int run_input(struct shell *sh, struct input *in);
int run_text(struct shell *sh, const char *name, const char *text, size_t len);
int run_file(struct shell *sh, const char *path);
void report_error(struct shell *sh);

#endif
