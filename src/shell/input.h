/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where commands come from. */
#ifndef SHELL_INPUT_H
#define SHELL_INPUT_H

#include <sys/types.h>

#include "lex.h"

#define MAX_SOURCE_DEPTH 16

struct input {
	const char *name; /* for messages; NULL: typed, no file and line are told */
	int fd;		  /* -1: a text */
	bool editor;	  /* through the line editor */
	char *buf;
	size_t pos, len, cap;
	bool eof;
	dev_t dev; /* which file it is, to see a script that sources itself */
	ino_t ino;
	bool file;
	struct shell *sh;
	struct lexer lexer;
	struct input *up; /* who asked for it */
};

void input_text(struct input *in, struct shell *sh, const char *name, const char *text, size_t len);
void input_fd(struct input *in, struct shell *sh, const char *name, int fd);
/* Returns: 0 or -errno with the error set: not there, a directory, already being read. */
int input_file(struct input *in, struct shell *sh, const char *path);
void input_close(struct input *in);

#endif
