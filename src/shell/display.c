/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/proc.h>

#include "cmd_task.h"
#include "command.h"
#include "out.h"
#include "shell.h"
#include "util.h"

#define STAND_OUT "\033[7m"
#define STAND_DOWN "\033[0m"

/* What the display shows now. A command that fails shows why. */
static void render(struct shell *sh, const struct display *d, struct strbuf *text)
{
	const char *assign = sh->assign;
	bool keep_going = sh->set.keep_going;
	struct shell_error err = sh->err;
	struct strbuf *before;

	if (!d->command) {
		proc_read(sh->m, d->what, text);
		return;
	}
	before = out_capture(sh, text);
	/* The name waits for the value of the command that needed a machine. */
	sh->assign = NULL;
	sh->set.keep_going = false;
	clear_error(sh);
	sh->inside++;
	/* What is to be seen of a task is yet to come if there is none. */
	if (run_text(sh, "display", d->what, strlen(d->what)) &&
	    (sh->err.code != ESRCH || current_task(sh)))
		out(sh, "%s: %s\n", sh->err.command, sh->err.text);
	sh->inside--;
	sh->err = err;
	sh->set.keep_going = keep_going;
	sh->assign = assign;
	out_release(sh, before);
}

static void header(struct shell *sh, const struct display *d)
{
	const struct displays *ds = &sh->displays;

	/* What is there from the start speaks for itself. */
	for (unsigned i = 0; i < ds->n; i++)
		if (!ds->d[i].automatic && ds->n > 1) {
			out(sh, "%u: %s\n", d->number, d->what);
			return;
		}
}

static size_t line_len(const char *s)
{
	return strcspn(s, "\n");
}

/* The line with those cells standing out that differ from @old's. */
static void put_line(struct shell *sh, const char *old, size_t old_len, const char *s, size_t len)
{
	const char *end = s + len, *old_end = old + old_len;

	while (s < end) {
		size_t blank = strspn(s, " \t"), cell = strcspn(s + blank, " \t\n");
		size_t old_cell;
		bool same;

		old += min_of(strspn(old, " \t"), (size_t)(old_end - old));
		old_cell = min_of(strcspn(old, " \t\n"), (size_t)(old_end - old));
		same = old_cell == cell && !memcmp(old, s + blank, cell);
		out_mem(sh, s, blank);
		s += blank;
		if (!same && cell)
			out_str(sh, STAND_OUT);
		out_mem(sh, s, cell);
		if (!same && cell)
			out_str(sh, STAND_DOWN);
		s += cell;
		old += old_cell;
	}
	out_char(sh, '\n');
}

/* The line of @old that @s stands for: the one in its place or, where lines came or went, the one
   with the same first word. */
static const char *old_line(const struct strbuf *last, const char *place, bool moved, const char *s)
{
	size_t word = strcspn(s, " \t\n");

	if (!moved)
		return place;
	for (const char *l = strbuf_str(last); *l; l += line_len(l), l += *l == '\n')
		if (!strncmp(l, s, word) && strcspn(l, " \t\n") == word)
			return l;
	return "";
}

static size_t count_lines(const struct strbuf *text)
{
	size_t n = 0;

	for (const char *s = strbuf_str(text); (s = strchr(s, '\n')); s++)
		n++;
	return n;
}

static void put_row(struct shell *sh, json_t *lines, char sign, const char *s)
{
	if (lines)
		json_array_append_new(lines, json_sprintf("%c %.*s", sign, (int)line_len(s), s));
	else
		out(sh, "%c %.*s\n", sign, (int)line_len(s), s);
}

static const char *next_line(const char *s)
{
	s += line_len(s);
	return s + (*s == '\n');
}

/* Both are in the order of their addresses: what came, what went, what is not as it was. */
static void show_rows(struct shell *sh, const char *old, const char *s, json_t *lines)
{
	while (*old || *s) {
		uint64_t was = *old ? strtoull(old, NULL, 16) : UINT64_MAX;
		uint64_t is = *s ? strtoull(s, NULL, 16) : UINT64_MAX;
		bool same = line_len(old) == line_len(s) && !memcmp(old, s, line_len(s));

		if (is > was || !*s)
			put_row(sh, lines, '-', old);
		else if (!same)
			put_row(sh, lines, is == was && *old ? '~' : '+', s);
		old = was <= is && *old ? next_line(old) : old;
		s = is <= was && *s ? next_line(s) : s;
	}
}

static void show_changes(struct shell *sh, const struct display *d, const struct strbuf *now,
			 json_t *json)
{
	const char *place = strbuf_str(&d->last), *s = strbuf_str(now), *old = place;
	bool moved = count_lines(&d->last) != count_lines(now);
	json_t *lines = json ? json_array() : NULL;
	bool color = out_color(sh) && d->last.len;

	if (!json)
		header(sh, d);
	if (d->rows) {
		show_rows(sh, place, s, lines);
		s = "";
	}
	while (*s) {
		size_t len = line_len(s), old_len;

		old = old_line(&d->last, place, moved, s);
		old_len = line_len(old);

		if (len != old_len || memcmp(s, old, len)) {
			if (json)
				json_array_append_new(lines, json_stringn(s, len));
			else if (color)
				put_line(sh, old, old_len, s, len);
			else
				out(sh, "%.*s\n", (int)len, s);
		}
		s += len + (s[len] == '\n');
		place += line_len(place);
		place += *place == '\n';
	}
	if (json)
		json_object_set_new(json, d->what, lines);
}

static void take(struct display *d, struct strbuf *now)
{
	struct strbuf spare = d->last;

	d->last = *now;
	*now = spare;
}

void displays_update(struct shell *sh, json_t *json)
{
	struct strbuf now = STRBUF_INIT;

	if (!sh->m || sh->replay)
		return;
	sh->displaying = true;
	for (unsigned i = 0; i < sh->displays.n; i++) {
		struct display *d = &sh->displays.d[i];

		if (d->events && !(d->events & sh->seen) && !sh->new_machine)
			continue;
		if (d->rows && sh->new_machine) /* what the old one had is not gone: it never was */
			strbuf_reset(&d->last);
		strbuf_reset(&now);
		render(sh, d, &now);
		if (now.len == d->last.len &&
		    !memcmp(strbuf_str(&now), strbuf_str(&d->last), now.len))
			continue;
		/* of a file that is not there any more there is nothing to show */
		if ((now.len || d->rows) && !(d->quiet_start && sh->new_machine))
			show_changes(sh, d, &now, json);
		take(d, &now);
	}
	sh->seen = 0;
	sh->displaying = false;
	strbuf_free(&now);
}

void displays_baseline(struct shell *sh)
{
	if (!sh->m || sh->replay)
		return;
	sh->displaying = true;
	for (unsigned i = 0; i < sh->displays.n; i++) {
		strbuf_reset(&sh->displays.d[i].last);
		render(sh, &sh->displays.d[i], &sh->displays.d[i].last);
	}
	sh->displaying = false;
}

static void show(struct shell *sh, struct display *d)
{
	strbuf_reset(&d->last);
	render(sh, d, &d->last);
	header(sh, d);
	out_mem(sh, strbuf_str(&d->last), d->last.len);
}

int displays_show(struct shell *sh)
{
	sh->displaying = true;
	for (unsigned i = 0; i < sh->displays.n; i++)
		show(sh, &sh->displays.d[i]);
	sh->displaying = false;
	return 0;
}

/* A path, or a command that leaves the machine alone. */
static int check_display(struct shell *sh, const char *what, const char **path)
{
	const struct proc_file *f = proc_find(what);
	char name[32], meant[64];
	const struct command *c;

	*path = NULL;
	if (f && !f->show)
		return cmd_fail(sh, EINVAL, "%s is no text", f->path);
	if (f) {
		*path = strchr(f->path, '#') ? what : f->path;
		return 0;
	}
	snprintf(name, sizeof(name), "%.*s", (int)min_of(strcspn(what, " \t"), (size_t)31), what);
	c = command_of_text(what);
	if (!c)
		return cmd_fail(sh, ENOENT, "%s is neither a file of the model nor a command%s",
				quoted(sh, name),
				suggestion(did_you_mean_command(name), meant, sizeof(meant)));
	if (c->flags & (CMD_CHANGES | CMD_PREFIX | CMD_SESSION | CMD_READS | CMD_HOST))
		return cmd_fail(sh, EINVAL, "%s does more than look: it cannot be displayed",
				c->name);
	return 0;
}

/* Files that few events change, and that are long enough to look at these first. */
static const struct {
	const char *path;
	uint64_t events;
	bool quiet_start;
} known[] = {
	{"/proc/slabinfo",
	 TRACE_BIT(TRACE_KMALLOC) | TRACE_BIT(TRACE_KMEM_CACHE_ALLOC) | TRACE_BIT(TRACE_KFREE) |
		 TRACE_BIT(TRACE_KMEM_CACHE_FREE) | TRACE_BIT(TRACE_SLAB_STEP),
	 true},
	{"/proc/vmallocinfo", TRACE_BIT(TRACE_VMAP_AREA) | TRACE_BIT(TRACE_VMAP_LAZY), false},
	{"/sys/kernel/debug/pkmap",
	 TRACE_BIT(TRACE_KMAP) | TRACE_BIT(TRACE_KUNMAP) | TRACE_BIT(TRACE_KMAP_FLUSH), false},
};

uint64_t displays_events(void)
{
	uint64_t events = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		events |= known[i].events;
	return events;
}

static struct display *find_display(struct displays *ds, const char *what)
{
	for (unsigned i = 0; i < ds->n; i++)
		if (!strcmp(ds->d[i].what, what))
			return &ds->d[i];
	return NULL;
}

int display_add(struct shell *sh, const char *what, bool now)
{
	struct displays *ds = &sh->displays;
	struct display *d;
	const char *path;
	int r = check_display(sh, what, &path);

	if (!r && now && path)
		r = need_path(sh, path);
	if (r)
		return r;
	d = find_display(ds, path ? path : what);
	if (d) {
		out(sh, "it is display %u already\n", d->number);
		show(sh, d);
		return 0;
	}
	ds->d = mem_resize(ds->d, ds->n + 1, sizeof(*ds->d));
	d = &ds->d[ds->n++];
	*d = (struct display){
		.number = ds->next++,
		.what = mem_strdup(path ? path : what),
		.command = !path,
		.rows = path ? proc_find(path)->rows : command_of_text(what)->flags & CMD_ROWS,
	};
	for (size_t i = 0; path && i < ARRAY_SIZE(known); i++)
		if (!strcmp(path, known[i].path)) {
			d->quiet_start = known[i].quiet_start;
			d->events = known[i].events;
		}
	if (now)
		show(sh, d);
	return 0;
}

void displays_init(struct shell *sh)
{
	static const char *const from_the_start[] = {"/proc/buddyinfo", "/proc/slabinfo", "maps",
						     "/proc/vmallocinfo",
						     "/sys/kernel/debug/pkmap"};

	for (unsigned i = 0; i < ARRAY_SIZE(from_the_start); i++)
		if (!display_add(sh, from_the_start[i], false))
			sh->displays.d[sh->displays.n - 1].automatic = true;
	clear_error(sh);
}

static void free_display(struct display *d)
{
	free(d->what);
	strbuf_free(&d->last);
}

int display_remove(struct shell *sh, unsigned number)
{
	struct displays *ds = &sh->displays;

	for (unsigned i = 0; i < ds->n; i++) {
		if (ds->d[i].number != number)
			continue;
		free_display(&ds->d[i]);
		memmove(&ds->d[i], &ds->d[i + 1], (--ds->n - i) * sizeof(*ds->d));
		return 0;
	}
	return cmd_fail(sh, ENOENT, "there is no display %u", number);
}

void displays_free(struct displays *ds)
{
	for (unsigned i = 0; i < ds->n; i++)
		free_display(&ds->d[i]);
	free(ds->d);
}
