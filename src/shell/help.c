/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help: commands from their rows, topics from theirs. */
#include <stdio.h>
#include <string.h>

#include <mmsh/bootline.h>
#include <mmsh/gfp.h>

#include "command.h"
#include "help.h"
#include "input.h"
#include "out.h"
#include "shell.h"

#define WIDTH 78

/* Paragraphs broken into lines. */
static void wrap(struct shell *sh, const char *text, const char *indent)
{
	size_t col = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (col && col + 1 + len > WIDTH) {
			out_char(sh, '\n');
			col = 0;
		}
		out_str(sh, col ? " " : indent);
		col += (col ? 1 : strlen(indent)) + len;
		out_mem(sh, text, len);
		text += len;
		if (*text == '\n') {
			out_char(sh, '\n');
			col = 0;
		}
		text += *text != '\0';
	}
	out_char(sh, '\n');
}

/* Lines as they are, moved in. */
static void indented(struct shell *sh, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		out(sh, "    %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void help_command(struct shell *sh, const struct command *c)
{
	struct strbuf syn = STRBUF_INIT;

	command_synopsis(c, &syn);
	indented(sh, strbuf_str(&syn));
	strbuf_free(&syn);
	out_char(sh, '\n');
	wrap(sh, c->help, "");
	if (c->alias)
		out(sh, "Also: %s\n", c->alias);
	if (c->text) {
		out_char(sh, '\n');
		wrap(sh, c->text, "");
	}
	if (c->example) {
		out(sh, "\nExample:\n");
		indented(sh, c->example);
	}
}

/* ---- topics ---- */

static void topic_gfp(struct shell *sh)
{
	wrap(sh, "How an allocation may be made: names joined by |, or a number.", "");
	for (const struct gfp_name *g = gfp_names; g->name; g++)
		out(sh, "    %-24s 0x%x\n", g->name, g->flags);
}

static void topic_boot_keys(struct shell *sh)
{
	for (const struct boot_key *k = boot_keys; k->key; k++) {
		out(sh, "    %s=%s\n", k->key, k->values ? k->values : "");
		wrap(sh, k->help, "        ");
	}
}

static void topic_words(struct shell *sh)
{
	wrap(sh,
	     "Words are separated by blanks; '...' takes everything as it stands, \"...\" all but "
	     "\\ and $. ; separates commands, # starts a comment, \\ at the end continues a line.\n"
	     "Numbers are decimal or 0x hex, with K M G T for bytes; + - * / and parentheses go "
	     "wherever a number does.\n"
	     "pfn:N and phys:N name pages, PFN..PFN a range. A bare number where an address is "
	     "meant is a virtual address.\n"
	     "{ } makes one command of several, for repeat.\n"
	     "| CMD pipes the output to a command of the host, > and >> write it to a file; a path "
	     "below /proc or /sys is the model's. ! CMD runs a command of the host. Both take the "
	     "text up to the end of the line or a ; outside quotes.\n"
	     "At the prompt the beginning of a command's name will do if no other begins so.",
	     "");
}

static void topic_values(struct shell *sh)
{
	wrap(sh,
	     "What a command created is a value: $1, $2 ... in order, $ the last, $name if the "
	     "command was written `name = CMD`.\n"
	     "It stands for the page and knows what it is: `free $1` frees it the right way, and "
	     "a second time is refused. With count=N it is a list: $1[0] is its first element, "
	     "`free $1` frees all.\n"
	     "In repeat $i counts from 0. `boot` begins anew with $1.",
	     "");
}

static const struct topic {
	const char *name, *help;
	void (*show)(struct shell *sh);
} topics[] = {
	{"words", "numbers, quotes, blocks, pipes", topic_words},
	{"values", "$1, $name, $i", topic_values},
	{"gfp", "the flags of an allocation", topic_gfp},
	{"boot-keys", "what boot takes", topic_boot_keys},
};

const char *help_topic(unsigned i)
{
	return i < ARRAY_SIZE(topics) ? topics[i].name : NULL;
}

static void help_line(struct shell *sh, const char *name, const char *text)
{
	out(sh, "  %-13s %s\n", name, text);
}

#define MORE_TEXT "`help NAME` tells more about each.\n"

static void overview(struct shell *sh)
{
	for (const struct command_group *g = command_groups; g->name; g++) {
		out(sh, "%s\n", g->title);
		for (const struct command *c = g->commands; c->name; c++)
			help_line(sh, c->name, c->help);
	}
	out_str(sh, "Topics\n");
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		help_line(sh, topics[i].name, topics[i].help);
	out_str(sh, MORE_TEXT);
}

/* ---- searching ---- */

static bool mentions(const char *text, const char *word)
{
	return text && strcasestr(text, word);
}

static bool topic_mentions(struct shell *sh, const struct topic *t, const char *word)
{
	struct strbuf text = STRBUF_INIT, *before;
	bool found;

	if (mentions(t->name, word) || mentions(t->help, word))
		return true;
	before = out_capture(sh, &text);
	t->show(sh);
	out_release(sh, before);
	found = mentions(strbuf_str(&text), word);
	strbuf_free(&text);
	return found;
}

/* What is no name may be a word of a text. Returns: how many commands and topics have it. */
static unsigned help_search(struct shell *sh, const char *word)
{
	unsigned n = 0;

	for_each_command(g, c)
	{
		if (!mentions(c->name, word) && !mentions(c->alias, word) &&
		    !mentions(c->help, word) && !mentions(c->text, word))
			continue;
		help_line(sh, c->name, c->help);
		n++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		if (!topic_mentions(sh, &topics[i], word))
			continue;
		help_line(sh, topics[i].name, topics[i].help);
		n++;
	}
	if (n)
		out_str(sh, MORE_TEXT);
	return n;
}

/* `help cache`: the commands whose first word it is. */
static bool help_family(struct shell *sh, const char *first)
{
	size_t len = strlen(first);
	bool any = false;

	for_each_command(g, c)
	{
		if (strncmp(c->name, first, len) || c->name[len] != ' ')
			continue;
		out_str(sh, any ? "\n" : "");
		help_command(sh, c);
		any = true;
	}
	return any;
}

int help(struct shell *sh, const char *name)
{
	const struct command *c;
	char meant[64];

	if (!name) {
		overview(sh);
		return 0;
	}
	/* `values` is both: the topic says more. */
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		if (!strcmp(topics[i].name, name)) {
			c = command_find(name);
			if (c)
				help_command(sh, c);
			out_str(sh, c ? "\n" : "");
			topics[i].show(sh);
			return 0;
		}
	}
	c = command_find(name);
	if (!c && sh->in && sh->in->editor)
		c = command_by_prefix(name);
	if (!c && (help_family(sh, name) || (*name && help_search(sh, name))))
		return 0;
	if (!c)
		return cmd_fail(sh, ENOENT, "there is no help on %s%s", quoted(sh, name),
				suggestion(did_you_mean_command(name), meant, sizeof(meant)));
	help_command(sh, c);
	return 0;
}
