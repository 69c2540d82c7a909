/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SHELL_HELP_H
#define SHELL_HELP_H

struct shell;

/* Explains a command or a topic; NULL: lists them. Returns: 0 or -ENOENT with the error set. */
int help(struct shell *sh, const char *name);
/* The topics' names, for completion; NULL after the last. */
const char *help_topic(unsigned i);

#endif
