/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line editor: readline, libedit or none, chosen by configure. All three
 * behave the same but that `none` has neither editing nor completion.
 */
#ifndef SHELL_EDIT_H
#define SHELL_EDIT_H

struct shell;

/* "readline", "libedit", "none" */
extern const char edit_name[];

/* Sets up editing, and reads the history. */
void edit_start(struct shell *sh);
/* One line without its newline, to be freed; NULL at the end, or when `interrupted` is set. */
char *edit_line(struct shell *sh, const char *prompt);
void edit_stop(struct shell *sh);

#endif
