/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text to statements.
 *
 * Words are separated by white space; quotes as in sh; `;` and newlines end a
 * statement; `#` starts a comment; `\` continues a line; `{ }` holds
 * statements; a word that begins with `|` hands the rest to the host's shell,
 * as does `!`; `>` and `>>` redirect.
 */
#ifndef SHELL_LEX_H
#define SHELL_LEX_H

#include <obstack.h>
#include <stdbool.h>
#include <stddef.h>

#include <mmsh/base.h>

enum word_type {
	WORD_TEXT,
	WORD_BLOCK,  /* { statements } */
	WORD_PIPE,   /* | text: for the host's shell */
	WORD_HOST,   /* ! text */
	WORD_WRITE,  /* > ; the target is the next word */
	WORD_APPEND, /* >> */
};

struct word {
	const char *text;
	size_t len;
	enum word_type type;
	bool quoted;  /* some of it was in quotes: never a keyword */
	bool literal; /* some of it was in single quotes: $ is a dollar */
	struct statement *block;
	size_t start, end; /* where it stands in the lexer's text */
	unsigned line;
};

struct statement {
	struct word *words;
	unsigned n;
	struct statement *next;
};

#define MAX_BLOCK_DEPTH 64
#define MAX_COMMAND_TEXT ((size_t)16 << 20) /* bytes of one command */

struct lexer {
	struct strbuf text; /* the lines of the command that is being read */
	size_t pos;
	unsigned line;	     /* number of the line that pos is in */
	struct obstack pool; /* statements and words, until the next command */
	void *pool_start;
	struct strbuf scratch;
	/* Appends the next line to .text. Returns: 1; 0 at the end; -1 when the user gave up. */
	int (*more)(struct lexer *lx, bool first);
	void *arg;
	char error[200];
	unsigned error_line;
};

void lexer_init(struct lexer *lx, int (*more)(struct lexer *, bool), void *arg);
void lexer_free(struct lexer *lx);

/*
 * lexer_next - the statements of the next line, and of as many more as belong to it
 *
 * Returns: 1 and *@list (NULL for an empty line), valid until the next call; 0 at
 * the end; -EINVAL with .error; -EINTR.
 */
int lexer_next(struct lexer *lx, struct statement **list);

#endif
