/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "complete.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mmsh/bootline.h>
#include <mmsh/gfp.h>
#include <mmsh/proc.h>
#include <mmsh/proc_task.h>
#include <mmsh/slab.h>

#include "cmd_task.h"
#include "command.h"
#include "help.h"
#include "shell.h"
#include "util.h"

#define MAX_LINE_WORDS 64

void completion_add(struct completion *c, const char *text)
{
	if (strncmp(text, c->word, strlen(c->word)))
		return;
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->found[i], text))
			return;
	grow(c->found, c->n, c->cap);
	c->found[c->n++] = mem_strdup(text);
}

void completion_addf(struct completion *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	completion_add(c, text);
}

void completion_free(struct completion *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->found[i]);
	free(c->found);
	free((char *)c->word);
}

/* ---- what there is ---- */

static void add_commands(struct completion *c)
{
	for_each_command(g, cmd)
		completion_addf(c, "%.*s", (int)strcspn(cmd->name, " "), cmd->name);
}

/* Of "cache alloc" the second word, after the first. */
static void add_second_words(struct completion *c, const char *first)
{
	size_t len = strlen(first);

	for_each_command(g, cmd)
		if (!strncmp(cmd->name, first, len) && cmd->name[len] == ' ')
			completion_add(c, cmd->name + len + 1);
}

static void add_caches(struct completion *c)
{
	struct kmem_cache *s;

	if (c->sh->m && c->sh->m->slab)
		for_each_kmem_cache(c->sh->m, s)
			completion_add(c, s->name);
}

static void add_slab_flags(struct completion *c)
{
	for (const struct slab_flag_name *f = slab_flag_names; f->name; f++)
		completion_add(c, f->name);
}

/* "a|b|c" */
static void add_choices(struct completion *c, const char *choices)
{
	while (choices && *choices) {
		size_t len = strcspn(choices, "|");

		completion_addf(c, "%.*s", (int)len, choices);
		choices += len + (choices[len] == '|');
	}
}

static void add_gfp(struct completion *c)
{
	for (const struct gfp_name *g = gfp_names; g->name; g++)
		completion_add(c, g->name);
	c->append = 0; /* perhaps | comes next */
}

static void add_values(struct completion *c)
{
	const struct values *vs = &c->sh->values;
	uint32_t first = vs->n > 20 ? vs->n - 19 : 1;

	if (*c->word != '$')
		return;
	for (uint32_t i = 0; i < vs->n; i++)
		if (vs->v[i].name)
			completion_addf(c, "$%s", vs->v[i].name);
	/* Of many numbers only the last are worth listing. */
	for (uint32_t nr = c->word[1] ? 1 : first; nr <= vs->n; nr++)
		completion_addf(c, "$%u", nr);
	if (c->sh->in_loop)
		completion_add(c, "$i");
}

static void add_path(struct completion *c, const char *path)
{
	size_t len = strlen(c->word);
	const char *slash;

	if (*c->word != '/' && !strncmp(path, "/proc/", 6))
		path += 6;
	if (strncmp(path, c->word, len))
		return;
	slash = strchr(path + len + (path[len] == '/'), '/');
	if (slash) {
		completion_addf(c, "%.*s/", (int)(slash - path), path);
		c->append = 0;
	} else {
		completion_add(c, path);
	}
}

/* Paths below what is there already, a directory at a time; the rest of a name below /proc
   may stand alone. init's are there for who looks, and it starts then. */
static void add_paths(struct completion *c, bool only_text)
{
	struct proc_iter it = {0};
	char path[64];

	while (proc_next(c->sh->m, &it))
		if (!only_text || it.file->show)
			add_path(c, it.path);
	for (const struct task_file *f = task_files; f->name; f++) {
		if (!f->show)
			continue;
		snprintf(path, sizeof(path), "/proc/self/%s", f->name);
		add_path(c, path);
		snprintf(path, sizeof(path), "/proc/1/%s", f->name);
		add_path(c, path);
	}
}

static void add_pids(struct completion *c)
{
	struct task_struct *t;

	completion_add(c, "1");
	if (current_task(c->sh))
		LIST_FOREACH (t, &c->sh->m->mm->tasks, list)
			completion_addf(c, "%d", t->pid);
	add_values(c);
}

static void add_sysctls(struct completion *c)
{
	for (const struct proc_file *f = proc_files; f->path; f++) {
		char name[128];

		if (strncmp(f->path, "/proc/sys/", 10))
			continue;
		snprintf(name, sizeof(name), "%s", f->path + 10);
		for (char *p = name; *p; p++)
			if (*p == '/')
				*p = '.';
		completion_add(c, name);
	}
}

static void add_files(struct completion *c, bool dirs_only)
{
	const char *slash = strrchr(c->word, '/');
	int dir_len = slash ? (int)(slash - c->word) + 1 : 0;
	const char *base = c->word + dir_len;
	char dir[512];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "%.*s", dir_len, c->word);
	d = opendir(dir_len ? dir : ".");
	while (d && (e = readdir(d))) {
		char path[1024];
		struct stat st;
		bool is_dir;

		if ((e->d_name[0] == '.' && *base != '.') || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s%s", dir, e->d_name);
		if (strncmp(path, c->word, strlen(c->word)))
			continue;
		is_dir = !stat(path, &st) && S_ISDIR(st.st_mode);
		if (is_dir || !dirs_only)
			completion_addf(c, "%s%s", path, is_dir ? "/" : "");
	}
	if (d)
		closedir(d);
}

/* ---- by kind of argument ---- */

static void add_settings(struct completion *c)
{
	for (const struct setting *s = settings; s->name; s++)
		completion_add(c, s->name);
}

static void add_topics(struct completion *c)
{
	const char *topic;

	add_commands(c);
	for (unsigned i = 0; (topic = help_topic(i)); i++)
		completion_add(c, topic);
}

static void add_page_prefixes(struct completion *c)
{
	add_values(c);
	completion_add(c, "pfn:");
	completion_add(c, "phys:");
}

static void add_bits(struct completion *c, const struct bit_name *b)
{
	for (; b->name; b++)
		completion_add(c, b->name);
}

static void add_by_kind(struct completion *c, enum arg_kind kind)
{
	switch (kind) {
	case ARG_GFP:
		add_gfp(c);
		break;
	case ARG_PAGE:
	case ARG_VALUE:
	case ARG_EXPR:
		add_page_prefixes(c);
		break;
	case ARG_PID:
		add_pids(c);
		break;
	case ARG_CACHE:
		add_caches(c);
		break;
	case ARG_SLAB_FLAGS:
		add_slab_flags(c);
		break;
	case ARG_MAP_FLAG:
		add_bits(c, map_flags);
		completion_add(c, "readonly");
		break;
	case ARG_ADVICE:
		add_bits(c, madvise_names);
		break;
	case ARG_PERSONALITY:
		add_bits(c, personalities);
		completion_add(c, "none");
		break;
	case ARG_PATH:
		add_paths(c, false);
		break;
	case ARG_SYSCTL:
		add_sysctls(c);
		break;
	case ARG_FILE:
		add_files(c, false);
		break;
	case ARG_DIR:
		add_files(c, true);
		break;
	case ARG_BOOT:
		for (const struct boot_key *k = boot_keys; k->key; k++)
			completion_addf(c, "%s=", k->key);
		break;
	case ARG_SETTING:
		add_settings(c);
		break;
	case ARG_TOPIC:
		add_topics(c);
		break;
	case ARG_COMMAND:
		add_commands(c);
		break;
	case ARG_DISPLAY:
		add_paths(c, true);
		add_commands(c);
		break;
	default:
		add_values(c);
		break;
	}
}

/* ---- where the word stands ---- */

struct context {
	char *text;		    /* the command's words, cut */
	char *word[MAX_LINE_WORDS]; /* the last one is being completed */
	unsigned n;
};

/* The command that the cursor is in begins after the last ; { or } outside quotes. */
static const char *command_start(const char *line, size_t end)
{
	const char *start = line;
	char quote = 0;

	for (size_t i = 0; i < end; i++) {
		if (quote) {
			if (line[i] == quote)
				quote = 0;
		} else if (line[i] == '\'' || line[i] == '"') {
			quote = line[i];
		} else if (line[i] == ';' || line[i] == '{' || line[i] == '}') {
			start = line + i + 1;
		}
	}
	return start;
}

static void split(struct context *x, const char *line, size_t end)
{
	const char *start = command_start(line, end);
	char *p = x->text = mem_strndup(start, (size_t)(line + end - start));

	x->n = 0;
	while (x->n < MAX_LINE_WORDS) {
		p += strspn(p, " \t\n");
		x->word[x->n++] = p;
		p += strcspn(p, " \t\n");
		if (!*p)
			return;
		*p++ = '\0';
	}
}

/* Words before the command that the cursor is really in: name =, repeat N, time, expect ... */
static unsigned skip_prefixes(const struct context *x)
{
	unsigned i = 0;

	for (;;) {
		const struct command *c = command_find(x->word[i]);

		if (i + 2 < x->n && !strcmp(x->word[i + 1], "="))
			i += 2;
		else if (!c || !(c->flags & CMD_PREFIX))
			return i;
		else if (!strcmp(c->name, "time") && i + 1 < x->n)
			i++;
		else if (!strcmp(x->word[i + 1 < x->n ? i + 1 : i], "error") && i + 3 < x->n)
			i += 3;
		else if (strcmp(c->name, "time") && i + 2 < x->n)
			i += 2;
		else
			return i;
	}
}

/* The argument that is being completed, and the keys and flags that could stand there too. */
static const struct arg_spec *find_arg(struct completion *c, const struct command *cmd,
				       unsigned place)
{
	const struct arg_spec *s, *found = NULL;

	for (s = cmd->args; s->kind; s++) {
		if (s->flags & ARG_FLAG) {
			completion_add(c, s->name);
		} else if (s->flags & ARG_KEY) {
			completion_addf(c, "%s=", s->name);
		} else if (!found) {
			if (place == 0 || (s->flags & ARG_MANY))
				found = s;
			else
				place--;
		}
	}
	return found;
}

static const char *boot_values(const char *word)
{
	size_t len = strcspn(word, "=");

	for (const struct boot_key *k = boot_keys; k->key; k++)
		if (strlen(k->key) == len && !strncmp(k->key, word, len))
			return k->values;
	return NULL;
}

static const char *setting_values(const char *name)
{
	for (const struct setting *s = settings; s->name; s++)
		if (!strcmp(s->name, name))
			return strchr(s->values, '|') ? s->values : NULL;
	return NULL;
}

/* A boot key's value: one of a few, or a file. */
static void complete_boot_value(struct completion *c, const char *word)
{
	const char *values = boot_values(word);

	if (values && strchr(values, '|'))
		add_choices(c, values);
	else if (values && !strcmp(values, "FILE"))
		add_files(c, false);
}

static void complete_arg(struct completion *c, const struct context *x, unsigned at)
{
	const struct command *cmd = command_find(x->word[at]);
	const char *word = x->word[x->n - 1];
	const struct arg_spec *s;
	unsigned place = 0;
	char words[64];

	if (!cmd) {
		snprintf(words, sizeof(words), "%s %s", x->word[at], x->word[at + 1]);
		cmd = at + 2 < x->n ? command_find(words) : NULL;
		at += cmd != NULL;
	}
	if (!cmd)
		cmd = command_by_prefix(x->word[at]);
	if (!cmd || (at + 1 == x->n))
		return;
	/* The argument's place: keys and flags count for none. */
	for (unsigned i = at + 1; i + 1 < x->n; i++) {
		bool named = false;

		for (s = cmd->args; s->kind; s++)
			named |= ((s->flags & ARG_FLAG) && !strcmp(s->name, x->word[i])) ||
				 ((s->flags & ARG_KEY) && strchr(x->word[i], '='));
		place += !named;
	}
	s = find_arg(c, cmd, place);
	if (!s)
		return;
	if (s->kind == ARG_BOOT && strchr(word, '='))
		complete_boot_value(c, word);
	else if (s->kind == ARG_CHOICE)
		add_choices(c, setting_values(x->word[at + 1]));
	else
		add_by_kind(c, s->kind);
	if (!strcmp(cmd->name, "repeat") && place == 0)
		completion_add(c, "until-error");
	if (!strcmp(cmd->name, "expect") && place == 0)
		completion_add(c, "error");
	if (!strcmp(cmd->name, "state") && place == 0)
		completion_add(c, "load");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void complete(struct shell *sh, const char *line, size_t start, size_t end, struct completion *c)
{
	struct context x;
	unsigned at;

	*c = (struct completion){.sh = sh, .append = ' '};
	c->word = mem_strndup(line + start, end - start);
	split(&x, line, end);
	at = skip_prefixes(&x);
	if (x.word[x.n - 1][0] == '>' || (x.n >= 2 && x.word[x.n - 2][0] == '>')) {
		add_files(c, false);
		if (*c->word == '/')
			add_paths(c, false);
	} else if (at + 1 == x.n) {
		add_commands(c);
	} else {
		if (at + 2 == x.n)
			add_second_words(c, x.word[at]);
		complete_arg(c, &x, at);
	}
	free(x.text);
	if (c->n)
		qsort(c->found, c->n, sizeof(*c->found), by_name);
	if (c->n == 1 && strchr("/=:", c->found[0][strlen(c->found[0]) - 1]))
		c->append = 0;
}
