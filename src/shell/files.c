/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out.h"
#include "shell.h"

char *user_file(const char *var, const char *fallback, const char *name)
{
	const char *dir = getenv(var), *home = getenv("HOME");
	char *path;
	int n;

	/* The standard says to ignore paths that are not absolute. */
	if (dir && *dir == '/')
		n = asprintf(&path, "%s/mmsh/%s", dir, name);
	else if (home && *home)
		n = asprintf(&path, "%s/%s/mmsh/%s", home, fallback, name);
	else
		return NULL;
	return n < 0 ? NULL : path;
}

int rc_run(struct shell *sh)
{
	char *path = user_file("XDG_CONFIG_HOME", ".config", "mmshrc");
	int r = 0;

	if (path && !access(path, R_OK))
		r = run_file(sh, path);
	free(path);
	return r;
}

static char *history_path(void)
{
	return user_file("XDG_STATE_HOME", ".local/state", "history");
}

/* The file keeps growing by a line a command: cut it when it is twice too long. */
static void history_cut(struct shell *sh, const char *path, const char *text, size_t lines)
{
	size_t keep = (size_t)sh->set.history;
	struct strbuf kept = STRBUF_INIT;

	if (sh->safe || lines <= 2 * keep)
		return;
	for (; lines > keep && *text; lines--)
		text += strcspn(text, "\n") + 1;
	strbuf_adds(&kept, text);
	if (host_replace(sh, path, &kept))
		clear_error(sh);
	strbuf_free(&kept);
}

void history_load(struct shell *sh, void (*add)(const char *line))
{
	char *path = history_path(), *line = NULL;
	FILE *f = path ? fopen(path, "re") : NULL;
	struct strbuf all = STRBUF_INIT;
	size_t cap = 0, n = 0;
	ssize_t len;

	while (f && (len = getline(&line, &cap, f)) > 0) {
		strbuf_adds(&all, line);
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		else
			strbuf_addc(&all, '\n');
		if (*line)
			add(line);
		n++;
	}
	if (f)
		fclose(f);
	free(line);
	if (n)
		history_cut(sh, path, strbuf_str(&all), n);
	strbuf_free(&all);
	free(path);
}

static void make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

/* A history that cannot be kept is no reason to trouble anyone. */
void history_append(struct shell *sh, const char *line)
{
	char *path;
	FILE *f;

	if (sh->safe || sh->set.history == 0)
		return;
	path = history_path();
	if (!path)
		return;
	f = fopen(path, "ae");
	if (!f) {
		make_parents(path);
		f = fopen(path, "ae");
	}
	if (f) {
		fprintf(f, "%s\n", line);
		fclose(f);
	}
	free(path);
}
