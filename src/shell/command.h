/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command is one row. Its words are checked against the row before the
 * handler runs; help, completion, "did you mean" and the manual page's command
 * section come from it. To add a command, add a row to the table of its file.
 */
#ifndef SHELL_COMMAND_H
#define SHELL_COMMAND_H

#include <mmsh/types.h>

#include "expr.h"
#include "lex.h"

struct shell;

enum arg_kind {
	ARG_END,
	ARG_NUM,
	ARG_COUNT, /* 1 and up */
	ARG_ORDER,
	ARG_GFP,
	ARG_PAGE,   /* whatever names a page */
	ARG_VALUE,  /* $1; pages too */
	ARG_PID,    /* a task's, or a value that is one */
	ARG_EXPR,   /* the rest of the words, an expression */
	ARG_CACHE,  /* a cache's name */
	ARG_SLAB_FLAGS,
	ARG_MAP_FLAG, /* of mmap, or a protection */
	ARG_ADVICE,
	ARG_PERSONALITY,
	ARG_PATH,   /* the model's /proc and /sys */
	ARG_SYSCTL, /* NAME or NAME=VALUE */
	ARG_FILE,   /* the host's */
	ARG_DIR,
	ARG_BOOT, /* KEY=VALUE */
	ARG_SETTING,
	ARG_CHOICE,  /* of that setting */
	ARG_TOPIC,   /* of help */
	ARG_TEXT,    /* anything */
	ARG_WORD,    /* anything, as it stands */
	ARG_COMMAND, /* the rest of the words, a command */
	ARG_DISPLAY, /* the rest of the words, a path or a command */
	NR_ARG_KINDS
};

enum {
	ARG_OPT = 1,  /* may be left out */
	ARG_MANY = 2, /* one or more */
	ARG_KEY = 4,  /* NAME=VALUE, in any place */
	ARG_FLAG = 8, /* the word NAME itself, in any place */
};

struct arg_spec {
	const char *name;
	enum arg_kind kind;
	unsigned flags;
};

#define MAX_ARGS 6

struct arg {
	const struct word *w; /* NULL: not given */
	unsigned n;	      /* words, of ARG_MANY and the ones that take the rest */
	const char *text;     /* with $ written out where the kind says so */
	int64_t num;
	gfp_t gfp;
	struct val val;
};

struct args {
	const struct command *cmd;
	const char *format; /* of a CMD_FORMAT row; "" if there was none */
	struct arg v[MAX_ARGS];
};

enum {
	CMD_CHANGES = 1,  /* may change the machine: no display can be made of it */
	CMD_VALUE = 2,	  /* has a value: `name = CMD` */
	CMD_MACHINE = 4,  /* needs one */
	CMD_PREFIX = 8,	  /* runs the command that follows */
	CMD_SESSION = 16, /* belongs into what `save` writes even if the machine did not change */
	CMD_HOST = 32,	  /* writes the host's files: not in --safe */
	CMD_FORMAT = 128, /* `NAME/FORMAT`, as gdb's x */
	CMD_READS = 64,	  /* reads commands: they are echoed and kept, not it */
	CMD_ROWS = 256,	  /* its lines come and go; each begins with its address */
};

struct command {
	const char *name; /* one word, or two: "cache alloc" */
	const char *alias;
	struct arg_spec args[MAX_ARGS + 1];
	const char *synopsis; /* where the arguments do not say it all; lines */
	const char *help;     /* one line */
	const char *text;     /* the rest of it, paragraphs */
	const char *example;
	unsigned flags;
	int (*exec)(struct shell *sh, const struct args *a);
};

struct command_group {
	const char *name, *title;
	const struct command *commands; /* ended by a NULL name */
};
extern const struct command_group command_groups[]; /* ended by a NULL name */

/* The topics' own rows. */
extern const struct command commands_machine[], commands_pages[], commands_shape[],
	commands_look[], commands_session[], commands_script[], commands_objects[], commands_memory[];

extern const struct command commands_task[], commands_rights[], commands_mm[], commands_access[];

extern const struct command commands_vmalloc[], commands_highmem[], commands_layout[];

/* Exact name or alias; NULL. */
const struct command *command_find(const char *name);
/* The command that a text begins with, and how many words it takes to say so; NULL. */
const struct command *command_of_text(const char *text);
const struct command *command_of_words(const struct word *w, unsigned n, unsigned *used);
/* The only command that begins with @prefix; NULL. */
const struct command *command_by_prefix(const char *prefix);
const struct command *command_by_prefix_words(const struct word *w, unsigned n, unsigned *used);
#define for_each_command(g, c)                                             \
	for (const struct command_group *g = command_groups; g->name; g++) \
		for (const struct command *c = g->commands; c->name; c++)

/* What may follow the word that several commands begin with: "create, alloc, ...". Returns: whether
   there are any. */
bool command_second_words(const char *first, char *buf, size_t size);
/* `alloc ORDER [GFP] [node=N]`; lines for commands of several forms. */
void command_synopsis(const struct command *c, struct strbuf *out);
/*
 * A part of the manual page, mdoc: the commands ("man"), "boot-keys", "settings", "gfp".
 * Returns: whether @what is one.
 */
bool dump_man(const char *what, struct strbuf *out);

/* A word as close to @word as a slip of the finger; NULL. @next gives the words, then NULL. */
const char *did_you_mean(const char *word, const char *(*next)(void *arg), void *arg);
const char *did_you_mean_command(const char *word);
/* `; did you mean "alloc"?`, or "" for NULL. */
const char *suggestion(const char *word, char *buf, size_t size);

/* Checks @words against the row. Returns: 0 or -EINVAL with the error set. */
int args_parse(struct shell *sh, const struct command *c, const struct word *words, unsigned n,
	       struct args *a);
/* One more word of an ARG_MANY, checked as its kind says. */
int arg_parse_word(struct shell *sh, enum arg_kind kind, const struct word *w, struct arg *a);
/* What stands for the argument in a synopsis when it has a name of its own: N, GFP, FILE. */
const char *arg_label(enum arg_kind kind);

/* Runs the command in @words. Returns: 0 or -errno with the error set. */
int exec_words(struct shell *sh, const struct word *words, unsigned n);
/* Runs what follows a prefix command: words, or a block. */
int exec_arg(struct shell *sh, const struct arg *a);
/* Runs a line's statement, and shows what it changed. */
int exec_top(struct shell *sh, const struct statement *st);

struct setting {
	const char *name, *values, *help;
	void (*get)(const struct shell *sh, char *buf, size_t size);
	int (*set)(struct shell *sh, const char *text);
};
extern const struct setting settings[]; /* ended by a NULL name */

#endif
