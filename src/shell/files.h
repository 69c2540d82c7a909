/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's own files: history and rc. */
#ifndef SHELL_FILES_H
#define SHELL_FILES_H

struct shell;

/* The path of a file of ours, to be freed: $VAR/mmsh/NAME, or ~/FALLBACK/mmsh/NAME. NULL: no
   home. */
char *user_file(const char *var, const char *fallback, const char *name);

/* Runs the rc file, if there is one. Returns: 0 or -errno with the error set. */
int rc_run(struct shell *sh);

/* Hands each line of the history file to @add, the oldest first. */
void history_load(struct shell *sh, void (*add)(const char *line));
/* Adds one line to the file. */
void history_append(struct shell *sh, const char *line);

#endif
