/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that look: the model's files, displays, what changed. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mmsh/proc.h>

#include "cmd_task.h"
#include "command.h"
#include "input.h"
#include "out.h"
#include "shell.h"
#include "util.h"

static const char *next_file(void *arg)
{
	const struct proc_file **f = arg;

	while ((*f)->path && strchr((*f)->path, '#'))
		(*f)++;
	return (*f)->path ? (*f)++->path : NULL;
}

static const char *next_short_file(void *arg)
{
	const char *path = next_file(arg), *name = path ? strrchr(path, '/') : NULL;

	return name ? name + 1 : NULL;
}

static int path_error(struct shell *sh, const char *path, int err)
{
	const struct proc_file *f = proc_files;
	char meant[64] = "";

	/* A file that other machines have is no slip of the finger. */
	if (err == -ENOENT && !proc_find(path))
		suggestion(did_you_mean(path, *path == '/' ? next_file : next_short_file, &f),
			   meant, sizeof(meant));
	return cmd_fail(sh, -err, "%s: %s%s", quoted(sh, path), strerror(-err), meant);
}

static int cat_one(struct shell *sh, const char *path)
{
	const struct proc_file *f = proc_find(path);
	int r;

	if (f && !f->show && f->read && out_is_terminal(sh))
		return cmd_fail(sh, EINVAL, "%s is binary: redirect it, or pipe it to od -t x8",
				quoted(sh, path));
	r = proc_read(sh->m, path, sh->out);
	return r ? path_error(sh, path, r) : 0;
}

static int exec_cat(struct shell *sh, const struct args *a)
{
	int r = 0;

	for (unsigned i = 0; i < a->v[0].n && !r; i++) {
		struct arg path = {0};

		r = arg_parse_word(sh, ARG_PATH, &a->v[0].w[i], &path);
		if (!r)
			r = cat_one(sh, path.text);
	}
	return r;
}

static int exec_ls(struct shell *sh, const struct args *a)
{
	const char *path = a->v[0].w ? a->v[0].text : "/";
	int r = proc_list(sh->m, path, sh->out);
	const struct proc_file *f;

	if (r == -ENOTDIR && (f = proc_find(path))) {
		out(sh, "%s\n", strchr(f->path, '#') ? path : f->path);
		return 0;
	}
	return r ? path_error(sh, path, r) : 0;
}

static int exec_display(struct shell *sh, const struct args *a)
{
	const struct word *w = a->v[0].w;
	char *what;
	int r = 0;

	if (!w)
		return displays_show(sh);
	for (unsigned i = 0; i < a->v[0].n && !r; i++)
		if (w[i].type != WORD_TEXT)
			r = cmd_fail(sh, EINVAL, "%s does not belong there", quoted(sh, w[i].text));
	if (r)
		return r;
	/* As it was typed, quotes and all. */
	what = mem_strndup(sh->in->lexer.text.s + w->start, w[a->v[0].n - 1].end - w->start);
	r = display_add(sh, what, true);
	free(what);
	return r;
}

static int exec_undisplay(struct shell *sh, const struct args *a)
{
	if (a->v[0].w) {
		if (a->v[0].num > INT32_MAX)
			return cmd_fail(sh, ENOENT, "there is no display %lld",
					(long long)a->v[0].num);
		return display_remove(sh, (unsigned)a->v[0].num);
	}
	while (sh->displays.n)
		display_remove(sh, sh->displays.d[0].number);
	return 0;
}

/* ---- diff ---- */

/* Lines of files whose lines keep their place: what differs, old and new. */
static void diff_lines(struct shell *sh, const char *path, const char *a, const char *b)
{
	if (!strcmp(a, b))
		return;
	out(sh, "%s\n", path);
	while (*a || *b) {
		size_t la = strcspn(a, "\n"), lb = strcspn(b, "\n");

		if (la != lb || memcmp(a, b, la)) {
			if (*a)
				out(sh, "-%.*s\n", (int)la, a);
			if (*b)
				out(sh, "+%.*s\n", (int)lb, b);
		}
		a += la + (a[la] == '\n');
		b += lb + (b[lb] == '\n');
	}
}

/* A file that was not there, or is not any more, counts as empty. */
static void diff_file(struct shell *sh, const struct shell *past, const char *path)
{
	struct strbuf before = STRBUF_INIT, now = STRBUF_INIT;

	proc_read(past->m, path, &before);
	proc_read(sh->m, path, &now);
	diff_lines(sh, path, strbuf_str(&before), strbuf_str(&now));
	strbuf_free(&before);
	strbuf_free(&now);
}

static int exec_diff(struct shell *sh, const struct args *a)
{
	const struct proc_file *only = NULL;
	struct proc_iter it = {0};
	struct shell *past;

	if (a->v[0].w) {
		only = proc_find(a->v[0].text);
		if (!only)
			return path_error(sh, a->v[0].text, -ENOENT);
		if (!only->show)
			return cmd_fail(sh, EINVAL, "%s is no text", only->path);
	}
	past = journal_replay(sh);
	if (!past)
		return -sh->err.code;
	/* A process that only had not been looked at then is no change. */
	if (only)
		need_path(past, a->v[0].text);
	if (only)
		diff_file(sh, past, strchr(only->path, '#') ? a->v[0].text : only->path);
	while (!only && proc_next(sh->m, &it))
		if (it.file->show)
			diff_file(sh, past, it.path);
	shell_free(past);
	return 0;
}

/* ---- export ---- */

/* Makes the directories that @path lies in. */
static int make_parents(struct shell *sh, char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		int r;

		*p = '\0';
		r = mkdir(path, 0777);
		if (r && errno != EEXIST) {
			r = cmd_fail(sh, errno, "%s: %s", path, strerror(errno));
			return r;
		}
		*p = '/';
	}
	return 0;
}

struct export {
	const char *dir; /* the host's */
	unsigned n;
};

static int export_file(struct shell *sh, struct export *ex, const char *path)
{
	struct strbuf to = STRBUF_INIT, text = STRBUF_INIT;
	int r = proc_read(sh->m, path, &text);

	if (!r) {
		strbuf_addf(&to, "%s%s", ex->dir, path);
		r = make_parents(sh, to.s);
		if (!r)
			r = host_write(sh, to.s, &text);
		ex->n++;
	} else {
		r = 0; /* write only */
	}
	strbuf_free(&to);
	strbuf_free(&text);
	return r;
}

/* The link to the current task's directory. */
static int export_self(struct shell *sh, struct export *ex, const char *path)
{
	struct strbuf to = STRBUF_INIT;
	char pid[16];
	int r;

	strbuf_addf(&to, "%s%s", ex->dir, path);
	snprintf(pid, sizeof(pid), "%d", current_task(sh)->pid);
	r = make_parents(sh, to.s);
	if (!r && ((unlink(to.s) && errno != ENOENT) || symlink(pid, to.s)))
		r = cmd_fail(sh, errno, "%s: %s", to.s, strerror(errno));
	strbuf_free(&to);
	return r;
}

static int export_dir(struct shell *sh, struct export *ex, const char *dir)
{
	struct strbuf list = STRBUF_INIT;
	char path[PATH_MAX];
	int r = 0;

	proc_list(sh->m, dir, &list);
	for (const char *s = strbuf_str(&list); *s && !r && !interrupted;) {
		size_t len = strcspn(s, "\n");
		char kind = len ? s[len - 1] : '\0';
		bool marked = kind == '/' || kind == '@';

		snprintf(path, sizeof(path), "%s/%.*s", dir, (int)(len - marked), s);
		r = kind == '/'	  ? export_dir(sh, ex, path)
		    : kind == '@' ? export_self(sh, ex, path)
				  : export_file(sh, ex, path);
		s += len + (s[len] == '\n');
	}
	strbuf_free(&list);
	return r;
}

static int exec_export(struct shell *sh, const struct args *a)
{
	struct export ex = {.dir = a->v[0].text};
	int r = host_allowed(sh, "export");

	if (r)
		return r;
	/* Without memory for a process there is the rest to be written. */
	if (need_path(sh, "/proc"))
		clear_error(sh);
	r = export_dir(sh, &ex, "/proc");
	if (!r)
		r = export_dir(sh, &ex, "/sys");
	if (!r)
		out(sh, "%u files written\n", ex.n);
	return r;
}

const struct command commands_look[] = {
	{
		.name = "cat",
		.args = {{"PATH", ARG_PATH, ARG_MANY}},
		.help = "Show files of the model's /proc and /sys.",
		.text = "A file right below /proc goes by its name alone.",
		.example = "cat buddyinfo\ncat /proc/zoneinfo | less",
		.flags = CMD_MACHINE,
		.exec = exec_cat,
	},
	{
		.name = "ls",
		.args = {{"PATH", ARG_PATH, ARG_OPT}},
		.help = "List a directory of the model's /proc and /sys.",
		.example = "ls /proc/sys/vm",
		.flags = CMD_MACHINE,
		.exec = exec_ls,
	},
	{
		.name = "display",
		.args = {{"PATH|CMD", ARG_DISPLAY, ARG_OPT}},
		.help = "Show a file or a command's output after each command that changes it.",
		.text = "Only the lines that changed are shown; on a terminal the changed cells stand "
			"out. Without an argument all displays are shown as they are now. buddyinfo, "
			"slabinfo's caches and the current task's maps are displayed from the start.",
		.example = "display meminfo\ndisplay page $1",
		.flags = CMD_SESSION | CMD_MACHINE,
		.exec = exec_display,
	},
	{
		.name = "undisplay",
		.args = {{"N", ARG_COUNT, ARG_OPT}},
		.help = "End display N, or all displays.",
		.example = "undisplay 1",
		.flags = CMD_SESSION,
		.exec = exec_undisplay,
	},
	{
		.name = "diff",
		.args = {{"PATH", ARG_PATH, ARG_OPT}},
		.help = "Show what the last change changed, in one file or in all.",
		.text = "The session is run again up to there, and the files of both machines are "
			"compared.",
		.example = "alloc 0\ndiff zoneinfo",
		.flags = CMD_MACHINE,
		.exec = exec_diff,
	},
	{
		.name = "export",
		.args = {{"DIR", ARG_DIR, 0}},
		.help = "Write every file of the model's /proc and /sys below a directory.",
		.text = "For tools that read those files.",
		.example = "export /tmp/model",
		.flags = CMD_MACHINE | CMD_HOST,
		.exec = exec_export,
	},
	{0},
};
