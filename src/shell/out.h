/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where output goes: standard output, a capture, a host command, a file. */
#ifndef SHELL_OUT_H
#define SHELL_OUT_H

#include <mmsh/base.h>

struct shell;

void out(struct shell *sh, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void out_str(struct shell *sh, const char *s);
void out_char(struct shell *sh, char c);
void out_mem(struct shell *sh, const void *p, size_t n);
/* As %llu, but quick. */
void out_num(struct shell *sh, uint64_t n);
void out_hex(struct shell *sh, uint64_t n);

/* Whether output should be coloured: it is on its way to a terminal. */
bool out_color(const struct shell *sh);
/* Whether output goes straight to a terminal. */
bool out_is_terminal(const struct shell *sh);
/* Columns of the terminal, 40 and up; 80 if there is none. */
unsigned out_width(const struct shell *sh);
/* Whether it shows UTF-8, as the locale's name says: the shell itself stays in the C locale. */
bool out_utf8(void);

/* Hands what is buffered to the system. An error ends the session, said once. */
void out_flush(struct shell *sh);
/* Flushes when much has gathered. */
void out_check(struct shell *sh);

/* Everything until out_release() goes to @to. Returns: what to give back to it. */
struct strbuf *out_capture(struct shell *sh, struct strbuf *to);
void out_release(struct shell *sh, struct strbuf *before);

/* Runs @command with @text as its input, @text NULL: ours. Returns: 0 or -errno with the error
   set; a command that fails is -EPROTO. */
int host_command(struct shell *sh, const char *command, const struct strbuf *text);
/*
 * host_open, host_finish - a host's file for writing, after what it holds or instead
 * host_write - both
 *
 * Return: 0 (the file in *@fd) or -errno with the error set. A replay opens nothing.
 */
int host_open(struct shell *sh, const char *path, bool append, int *fd);
int host_finish(struct shell *sh, const char *path, int fd, const struct strbuf *text);
int host_write(struct shell *sh, const char *path, const struct strbuf *text);
/* The same, so that the old file stays whole if anything goes wrong. */
int host_replace(struct shell *sh, const char *path, const struct strbuf *text);
/* Refuses in --safe. */
int host_allowed(struct shell *sh, const char *what);

#endif
