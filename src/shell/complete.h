/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tab completion: what the word before the cursor could become. */
#ifndef SHELL_COMPLETE_H
#define SHELL_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

struct shell;

/*
 * The word that is being completed begins at .start of the line. Only what
 * stands after the last of these in it is replaced: = | (the editors break
 * words there).
 */
struct completion {
	struct shell *sh;
	const char *word; /* its text so far */
	char **found;	  /* whole replacements of .word */
	size_t n, cap;
	char append; /* what follows a single match: ' ', or 0 for nothing */
};

/* Characters that end what an editor takes for a word. */
#define COMPLETION_BREAKS " \t\n;=|>{}"

/* Fills @c with what can stand at [start, end) of @line. */
void complete(struct shell *sh, const char *line, size_t start, size_t end, struct completion *c);
void completion_free(struct completion *c);
/* Adds @text if the word can become it. */
void completion_add(struct completion *c, const char *text);
void completion_addf(struct completion *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
