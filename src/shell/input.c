/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edit.h"
#include "out.h"
#include "shell.h"
#include "util.h"

#define BLOCK_SIZE (64 << 10)

/* Reads on. Returns: 1; 0 at the end; -1 interrupted. */
static int fill(struct input *in)
{
	ssize_t n;

	if (in->eof || in->fd < 0)
		return 0;
	if (in->pos) {
		memmove(in->buf, in->buf + in->pos, in->len - in->pos);
		in->len -= in->pos;
		in->pos = 0;
	}
	if (in->cap - in->len < BLOCK_SIZE) {
		in->cap = 2 * in->cap + BLOCK_SIZE;
		in->buf = mem_resize(in->buf, in->cap, 1);
	}
	/* Whoever feeds us may wait for an answer first. */
	out_flush(in->sh);
	n = read(in->fd, in->buf + in->len, in->cap - in->len);
	if (n < 0 && errno == EINTR)
		return -1;
	if (n <= 0) {
		in->eof = true;
		return 0;
	}
	in->len += (size_t)n;
	return 1;
}

static int editor_line(struct input *in, struct strbuf *text, bool first)
{
	char *line;

	out_flush(in->sh);
	line = edit_line(in->sh, first ? "mmsh> " : "> ");
	if (!line)
		return interrupted ? -1 : 0;
	strbuf_adds(text, line);
	strbuf_addc(text, '\n');
	free(line);
	return 1;
}

static int next_line(struct lexer *lx, bool first)
{
	struct input *in = lx->arg;
	size_t seen = 0;
	char *nl;
	int r;

	if (in->editor)
		return editor_line(in, &lx->text, first);
	while (!(nl = memchr(in->buf + in->pos + seen, '\n', in->len - in->pos - seen))) {
		seen = in->len - in->pos;
		if (seen > MAX_COMMAND_TEXT)
			in->eof = true; /* the lexer refuses it */
		r = fill(in);
		if (r < 0)
			return -1;
		if (r > 0)
			continue;
		if (!seen)
			return 0;
		strbuf_add(&lx->text, in->buf + in->pos, seen);
		strbuf_addc(&lx->text, '\n');
		in->pos = in->len;
		return 1;
	}
	nl++;
	strbuf_add(&lx->text, in->buf + in->pos, (size_t)(nl - in->buf) - in->pos);
	in->pos = (size_t)(nl - in->buf);
	return 1;
}

static void init(struct input *in, struct shell *sh, const char *name)
{
	*in = (struct input){.name = name, .fd = -1, .sh = sh, .buf = NULL};
	lexer_init(&in->lexer, next_line, in);
}

void input_text(struct input *in, struct shell *sh, const char *name, const char *text, size_t len)
{
	init(in, sh, name);
	in->buf = mem_resize(NULL, len + 1, 1);
	memcpy(in->buf, text, len);
	in->len = in->cap = len;
}

void input_fd(struct input *in, struct shell *sh, const char *name, int fd)
{
	init(in, sh, name);
	in->fd = fd;
	in->buf = mem_resize(NULL, BLOCK_SIZE, 1);
	in->cap = BLOCK_SIZE;
}

/* The scripts that are being read, the innermost first. */
static int check_nesting(struct shell *sh, const char *path, const struct stat *st)
{
	unsigned depth = 0;

	for (const struct input *in = sh->in; in; in = in->up) {
		if (in->file && in->dev == st->st_dev && in->ino == st->st_ino)
			return cmd_fail(sh, ELOOP, "%s: a script cannot source itself", path);
		if (++depth > MAX_SOURCE_DEPTH)
			return cmd_fail(sh, ELOOP, "%s: scripts nested more than %d deep", path,
					MAX_SOURCE_DEPTH);
	}
	return 0;
}

int input_file(struct input *in, struct shell *sh, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0 || fstat(fd, &st))
		r = cmd_fail(sh, errno, "%s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		r = cmd_fail(sh, EISDIR, "%s: %s", path, strerror(EISDIR));
	else
		r = check_nesting(sh, path, &st);
	if (r) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	input_fd(in, sh, path, fd);
	in->file = S_ISREG(st.st_mode);
	in->dev = st.st_dev;
	in->ino = st.st_ino;
	return 0;
}

void input_close(struct input *in)
{
	lexer_free(&in->lexer);
	free(in->buf);
	if (in->fd > STDERR_FILENO)
		close(in->fd);
}
