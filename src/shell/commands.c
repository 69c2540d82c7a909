/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of all commands, and what is made of its rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/bootline.h>
#include <mmsh/gfp.h>

#include "command.h"
#include "shell.h"

const struct command_group command_groups[] = {
	{"machine", "The machine", commands_machine},
	{"pages", "Pages", commands_pages},
	{"vmalloc", "Kernel addresses", commands_vmalloc},
	{"highmem", "High memory", commands_highmem},
	{"layout", "The address space", commands_layout},
	{"objects", "Small objects", commands_objects},
	{"memory", "Memory", commands_memory},
	{"processes", "Processes", commands_task},
	{"rights", "Limits and rights", commands_rights},
	{"calls", "System calls", commands_mm},
	{"access", "Access to memory", commands_access},
	{"shape", "Shape of the machine", commands_shape},
	{"looking", "Looking", commands_look},
	{"session", "The session", commands_session},
	{"scripts", "Scripts", commands_script},
	{0},
};

const struct command *command_find(const char *name)
{
	for_each_command(g, c)
	{
		if (c->name[0] == name[0] && !strcmp(c->name, name))
			return c;
		if (c->alias && !strcmp(c->alias, name))
			return c;
	}
	return NULL;
}

/* "cache" and "alloc" as one name; whatever is longer than all names is none. */
static const char *two_words(const char *a, size_t a_len, const char *b, size_t b_len, char *buf,
			     size_t size)
{
	buf[0] = '\0';
	if (a_len + b_len + 2 <= size)
		snprintf(buf, size, "%.*s %.*s", (int)a_len, a, (int)b_len, b);
	return buf;
}

/* "x/8xw" is a form of "x". */
static const struct command *with_format(const char *text)
{
	const char *slash = strchr(text, '/');
	const struct command *c;
	char name[16];

	if (!slash || (size_t)(slash - text) >= sizeof(name))
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)(slash - text), text);
	c = command_find(name);
	return c && (c->flags & CMD_FORMAT) ? c : NULL;
}

const struct command *command_of_words(const struct word *w, unsigned n, unsigned *used)
{
	const struct command *c = command_find(w->text);
	char name[64];

	*used = 1;
	if (!c)
		c = with_format(w->text);
	if (c || n < 2 || w[1].type != WORD_TEXT)
		return c;
	*used = 2;
	return command_find(two_words(w->text, w->len, w[1].text, w[1].len, name, sizeof(name)));
}

const struct command *command_of_text(const char *text)
{
	size_t len = strcspn(text, " \t"), gap = strspn(text + len, " \t");
	const char *second = text + len + gap;
	const struct command *c;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)min_of(len, sizeof(name)), text);
	c = command_find(name);
	if (!c)
		c = with_format(name);
	if (c || !*second)
		return c;
	return command_find(
		two_words(text, len, second, strcspn(second, " \t"), name, sizeof(name)));
}

const struct command *command_by_prefix(const char *prefix)
{
	const struct command *found = NULL;
	size_t len = strlen(prefix);

	for_each_command(g, c)
	{
		if (strncmp(c->name, prefix, len))
			continue;
		if (found)
			return NULL;
		found = c;
	}
	return found;
}

const struct command *command_by_prefix_words(const struct word *w, unsigned n, unsigned *used)
{
	const struct command *c = command_by_prefix(w->text);
	char name[64];

	*used = 1;
	if ((c && !strchr(c->name, ' ')) || n < 2 || w[1].type != WORD_TEXT)
		return c && !strchr(c->name, ' ') ? c : NULL;
	*used = 2;
	two_words(w->text, w->len, w[1].text, w[1].len, name, sizeof(name));
	return name[0] ? command_by_prefix(name) : NULL;
}

bool command_second_words(const char *first, char *buf, size_t size)
{
	size_t len = strlen(first), used = 0;

	buf[0] = '\0';
	for_each_command(g, c)
	{
		if (!strncmp(c->name, first, len) && c->name[len] == ' ' && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 c->name + len + 1);
	}
	return used;
}

static void arg_synopsis(const struct arg_spec *s, struct strbuf *out)
{
	bool optional = s->flags & (ARG_OPT | ARG_KEY | ARG_FLAG);

	strbuf_adds(out, optional ? " [" : " ");
	strbuf_adds(out, s->name ? s->name : arg_label(s->kind));
	if (s->flags & ARG_KEY)
		strbuf_addf(out, "=%s", arg_label(s->kind));
	if (s->flags & ARG_MANY)
		strbuf_adds(out, "...");
	strbuf_adds(out, optional ? "]" : "");
}

void command_synopsis(const struct command *c, struct strbuf *out)
{
	if (c->synopsis) {
		strbuf_addf(out, "%s\n", c->synopsis);
		return;
	}
	strbuf_adds(out, c->name);
	for (const struct arg_spec *s = c->args; s->kind; s++)
		arg_synopsis(s, out);
	strbuf_addc(out, '\n');
}

/*
 * Text for mdoc: no line may look like a request, and a backslash is said \e. In prose `this` is
 * bold, and a sentence begins a line.
 */
static void man_text(const char *s, bool prose, struct strbuf *out)
{
	bool bold = false;

	for (bool start = true; *s; start = *s++ == '\n') {
		if (start && *s == '\n')
			strbuf_adds(out, ".Pp");
		if (start && (*s == '.' || *s == '\''))
			strbuf_adds(out, "\\&");
		if (*s == '\\')
			strbuf_adds(out, "\\e");
		else if (*s == '-')
			strbuf_adds(out, "\\-");
		else if (prose && *s == '`')
			strbuf_adds(out, (bold = !bold) ? "\\fB" : "\\fR");
		else if (prose && *s == ' ' && !start && s[-1] == '.')
			strbuf_addc(out, '\n');
		else
			strbuf_addc(out, *s);
	}
	strbuf_addc(out, '\n');
}

static void man_command(const struct command *c, struct strbuf *out)
{
	struct strbuf syn = STRBUF_INIT;
	char *save = NULL;

	command_synopsis(c, &syn);
	for (char *l = strtok_r(syn.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		size_t name = strlen(c->name);
		size_t len = strncmp(l, c->name, name) ? strcspn(l, " ") : name;

		strbuf_addf(out, l == syn.s ? ".It Xo\n.Ic %.*s\n" : ".br\n.Ic %.*s\n", (int)len,
			    l);
		if (l[len])
			man_text(l + len + 1, false, out);
	}
	strbuf_adds(out, ".Xc\n");
	strbuf_free(&syn);
	man_text(c->help, true, out);
	if (c->alias)
		strbuf_addf(out, "(Also\n.Ic \\&%s . )\n", c->alias);
	if (c->text) {
		strbuf_adds(out, ".Pp\n");
		man_text(c->text, true, out);
	}
	if (c->example) {
		strbuf_adds(out, ".Bd -literal -offset indent\n");
		man_text(c->example, false, out);
		strbuf_adds(out, ".Ed\n");
	}
}

static void man_commands(struct strbuf *out)
{
	for (const struct command_group *g = command_groups; g->name; g++) {
		strbuf_addf(out, ".Ss %s\n.Bl -tag -width Ds\n", g->title);
		for (const struct command *c = g->commands; c->name; c++)
			man_command(c, out);
		strbuf_adds(out, ".El\n");
	}
}

static void man_boot_keys(struct strbuf *out)
{
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (const struct boot_key *k = boot_keys; k->key; k++) {
		strbuf_addf(out, ".It Cm %s Ns = Ns Ar %s\n", k->key, k->values ? k->values : "");
		man_text(k->help, true, out);
	}
	strbuf_adds(out, ".El\n");
}

static void man_settings(struct strbuf *out)
{
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (const struct setting *s = settings; s->name; s++) {
		strbuf_addf(out, ".It Ic set Cm %s Ar %s\n", s->name, s->values);
		man_text(s->help, true, out);
	}
	strbuf_adds(out, ".El\n");
}

static void man_gfp(struct strbuf *out)
{
	strbuf_adds(out, ".Bl -column -compact GFP_HIGHUSER_MOVABLE 0x00000000\n");
	for (const struct gfp_name *g = gfp_names; g->name; g++)
		strbuf_addf(out, ".It Dv %s Ta 0x%x\n", g->name, g->flags);
	strbuf_adds(out, ".El\n");
}

bool dump_man(const char *what, struct strbuf *out)
{
	static const struct {
		const char *what;
		void (*dump)(struct strbuf *out);
	} parts[] = {
		{"man", man_commands},
		{"boot-keys", man_boot_keys},
		{"settings", man_settings},
		{"gfp", man_gfp},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!strcmp(parts[i].what, what)) {
			parts[i].dump(out);
			return true;
		}
	}
	return false;
}

#define MAX_WORD 40

/* Insertions, deletions, replacements and swaps of neighbours from @a to @b. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[3][MAX_WORD + 1], *two = row[0], *one = row[1], *now = row[2];
	size_t la = strlen(a), lb = strlen(b);

	for (size_t j = 0; j <= lb; j++)
		one[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *spare = two;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned d = one[j - 1] + (a[i - 1] != b[j - 1]);

			d = min_of(d, one[j] + 1);
			d = min_of(d, now[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = min_of(d, two[j - 2] + 1);
			now[j] = d;
		}
		two = one;
		one = now;
		now = spare;
	}
	return one[lb];
}

const char *did_you_mean(const char *word, const char *(*next)(void *arg), void *arg)
{
	size_t len = strlen(word);
	unsigned best = len < 4 ? 2 : len < 8 ? 3 : 4; /* less than */
	const char *found = NULL, *s;

	if (len > MAX_WORD)
		return NULL;
	while ((s = next(arg))) {
		unsigned d = strlen(s) > MAX_WORD ? best : edit_distance(word, s);

		if (d < best && d < len) {
			best = d;
			found = s;
		}
	}
	return found;
}

struct walk {
	const struct command_group *g;
	const struct command *c;
};

static const char *next_command(void *arg)
{
	struct walk *w = arg;

	while (!w->c->name) {
		if (!(++w->g)->name)
			return NULL;
		w->c = w->g->commands;
	}
	return w->c++->name;
}

const char *did_you_mean_command(const char *word)
{
	struct walk w = {command_groups, command_groups->commands};

	return did_you_mean(word, next_command, &w);
}

const char *suggestion(const char *word, char *buf, size_t size)
{
	if (word)
		snprintf(buf, size, "; did you mean \"%s\"?", word);
	else
		buf[0] = '\0';
	return buf;
}
