/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "input.h"
#include "shell.h"

#define FLUSH_AT (64 << 10)

void out(struct shell *sh, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sh->out, fmt, ap);
	va_end(ap);
}

void out_str(struct shell *sh, const char *s)
{
	strbuf_adds(sh->out, s);
}

void out_char(struct shell *sh, char c)
{
	strbuf_addc(sh->out, c);
}

void out_mem(struct shell *sh, const void *p, size_t n)
{
	strbuf_add(sh->out, p, n);
}

void out_num(struct shell *sh, uint64_t n)
{
	char buf[20], *p = buf + sizeof(buf);

	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	strbuf_add(sh->out, p, (size_t)(buf + sizeof(buf) - p));
}

void out_hex(struct shell *sh, uint64_t n)
{
	char buf[18], *p = buf + sizeof(buf);

	do
		*--p = "0123456789abcdef"[n % 16];
	while (n /= 16);
	*--p = 'x';
	*--p = '0';
	strbuf_add(sh->out, p, (size_t)(buf + sizeof(buf) - p));
}

unsigned out_width(const struct shell *sh)
{
	struct winsize w;

	if (out_is_terminal(sh) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col >= 40)
		return w.ws_col;
	return 80;
}

bool out_utf8(void)
{
	static const char *const vars[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < ARRAY_SIZE(vars); i++) {
		const char *s = getenv(vars[i]);

		if (s && *s)
			return strcasestr(s, "UTF-8") || strcasestr(s, "UTF8");
	}
	return false;
}

bool out_is_terminal(const struct shell *sh)
{
	return sh->terminal && sh->out == &sh->stdout_buf;
}

bool out_color(const struct shell *sh)
{
	if (sh->json || sh->out != &sh->stdout_buf)
		return false;
	return sh->set.color == WHEN_ALWAYS || (sh->set.color == WHEN_AUTO && sh->terminal);
}

/* Returns: 0 or -errno. */
static int write_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, s, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

void out_flush(struct shell *sh)
{
	struct strbuf *b = &sh->stdout_buf;
	int r = 0;

	if (!sh->silent && !sh->stdout_failed && b->len)
		r = write_all(STDOUT_FILENO, b->s, b->len);
	if (b->failed)
		r = -ENOMEM;
	strbuf_reset(b);
	b->failed = false;
	if (!r)
		return;
	sh->stdout_failed = true;
	sh->quit = true;
	sh->status = STATUS_FAILED;
	fprintf(stderr, "mmsh: standard output: %s\n", strerror(-r));
}

void out_check(struct shell *sh)
{
	if (sh->stdout_buf.len >= FLUSH_AT || sh->stdout_buf.failed)
		out_flush(sh);
}

struct strbuf *out_capture(struct shell *sh, struct strbuf *to)
{
	struct strbuf *before = sh->out;

	sh->out = to;
	return before;
}

void out_release(struct shell *sh, struct strbuf *before)
{
	sh->out = before;
}

int host_allowed(struct shell *sh, const char *what)
{
	if (sh->safe)
		return cmd_fail(sh, EPERM, "%s: not with --safe", what);
	return 0;
}

static int host_status(struct shell *sh, const char *command, int status)
{
	if (status == -1)
		return cmd_fail(sh, errno, "%s: %s", quoted(sh, command), strerror(errno));
	if (WIFSIGNALED(status))
		return cmd_fail(sh, EPROTO, "%s: ended by signal %d (%s)", quoted(sh, command),
				WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return cmd_fail(sh, EPROTO, "%s: exit status %d", quoted(sh, command),
				WEXITSTATUS(status));
	return 0;
}

/* With our standard input being a script, the command must not read on in it. */
static int run_host(struct shell *sh, const char *command)
{
	const struct input *in = sh->in;
	char *text = NULL;
	int status;

	while (in && in->fd != STDIN_FILENO)
		in = in->up;
	if (!in || in->editor)
		return host_status(sh, command, system(command));
	if (asprintf(&text, "exec </dev/null\n%s", command) < 0)
		return cmd_fail(sh, ENOMEM, "out of memory");
	status = system(text);
	free(text);
	return host_status(sh, command, status);
}

int host_command(struct shell *sh, const char *command, const struct strbuf *text)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	FILE *f;
	int status;

	if (host_allowed(sh, "host commands"))
		return -EPERM;
	if (sh->replay)
		return 0;
	out_flush(sh);
	if (!text)
		return run_host(sh, command);
	f = popen(command, "w");
	if (!f)
		return cmd_fail(sh, errno, "%s: %s", quoted(sh, command), strerror(errno));
	/* `| head -1` may stop reading: that is its right. */
	sigaction(SIGPIPE, &ignore, &before);
	fwrite(strbuf_str(text), 1, text->len, f);
	status = pclose(f);
	sigaction(SIGPIPE, &before, NULL);
	return host_status(sh, command, status);
}

static int file_error(struct shell *sh, const char *path, int err)
{
	return cmd_fail(sh, err, "%s: %s", path, strerror(err));
}

int host_open(struct shell *sh, const char *path, bool append, int *fd)
{
	*fd = -1;
	if (host_allowed(sh, path))
		return -EPERM;
	if (sh->replay)
		return 0;
	*fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
	return *fd < 0 ? file_error(sh, path, errno) : 0;
}

int host_finish(struct shell *sh, const char *path, int fd, const struct strbuf *text)
{
	int r;

	if (fd < 0)
		return 0;
	r = text->failed ? -ENOMEM : write_all(fd, strbuf_str(text), text->len);
	if (close(fd) && !r)
		r = -errno;
	return r ? file_error(sh, path, -r) : 0;
}

int host_write(struct shell *sh, const char *path, const struct strbuf *text)
{
	int fd, r = host_open(sh, path, false, &fd);

	return r ? r : host_finish(sh, path, fd, text);
}

/* A new file beside @path, whole and on the disk, takes its name. */
static int replace_file(const char *path, const struct strbuf *text, mode_t mode)
{
	char *temp;
	int fd, r;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		free(temp);
		return r;
	}
	r = write_all(fd, strbuf_str(text), text->len);
	if (!r && (fchmod(fd, mode) || fsync(fd)))
		r = -errno;
	if (close(fd) && !r)
		r = -errno;
	if (!r && rename(temp, path))
		r = -errno;
	if (r)
		unlink(temp);
	free(temp);
	return r;
}

int host_replace(struct shell *sh, const char *path, const struct strbuf *text)
{
	mode_t mask = umask(0);
	struct stat st;
	char *real;
	int r;

	umask(mask);
	if (host_allowed(sh, path))
		return -EPERM;
	if (sh->replay)
		return 0;
	if (text->failed)
		return cmd_fail(sh, ENOMEM, "%s: out of memory", path);
	r = stat(path, &st);
	if (!r && !S_ISREG(st.st_mode))
		return host_write(sh, path, text);
	if (!r && access(path, W_OK))
		return file_error(sh, path, errno);
	/* A symbolic link goes on pointing to the file that it pointed to. */
	real = r ? NULL : realpath(path, NULL);
	r = replace_file(real ? real : path, text, r ? 0666 & ~mask : st.st_mode & 07777);
	free(real);
	return r ? file_error(sh, path, -r) : 0;
}
