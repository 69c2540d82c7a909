/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Displays: what is shown by itself after a command changed it. Of a file the
 * lines that changed, on a terminal with the changed cells standing out.
 */
#ifndef SHELL_DISPLAY_H
#define SHELL_DISPLAY_H

#include <jansson.h>

#include <mmsh/base.h>

struct shell;

struct display {
	unsigned number;
	char *what; /* "/proc/buddyinfo", or a command */
	bool command;
	bool rows;	  /* a CMD_ROWS command: rows come and go, and are found by their address */
	bool automatic;	  /* there from the start */
	bool quiet_start; /* of a new machine's many rows none is shown */
	uint64_t events;  /* that can change it, 1 << trace_id; 0: all commands can */
	struct strbuf last; /* as it was shown */
};

struct displays {
	struct display *d;
	unsigned n, next; /* .next: the number of the next one */
};

/* Returns: 0 or -errno with the error set. */
int display_add(struct shell *sh, const char *what, bool show);
int display_remove(struct shell *sh, unsigned number);
void displays_free(struct displays *ds);
/* Those that are there from the start. */
void displays_init(struct shell *sh);
/* What somebody has to listen to for them, into sh->seen. */
uint64_t displays_events(void);
/* Shows what changed since the last time, or puts it into @json: "PATH": [lines]. */
void displays_update(struct shell *sh, json_t *json);
/* Takes what is there now as shown. */
void displays_baseline(struct shell *sh);
/* Shows all, in full. */
int displays_show(struct shell *sh);

#endif
