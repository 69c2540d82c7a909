/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of arguments: how each is checked. How each is completed: complete.c. */
#include <stdio.h>
#include <string.h>

#include <mmsh/gfp.h>

#include "cmd_task.h"
#include "command.h"
#include "input.h"
#include "shell.h"

static int parse_num(struct shell *sh, struct arg *a)
{
	return expr_int(sh, a->w->text, &a->num);
}

static int parse_count(struct shell *sh, struct arg *a)
{
	int r = expr_int(sh, a->w->text, &a->num);

	if (r)
		return r;
	if (a->num < 1)
		return cmd_fail(sh, EINVAL, "%lld: a count is 1 or more", (long long)a->num);
	return 0;
}

static int parse_order(struct shell *sh, struct arg *a)
{
	int r = expr_int(sh, a->w->text, &a->num);

	if (r) {
		clear_error(sh);
		return cmd_fail(sh, EINVAL, "order %s: not a number", quoted(sh, a->w->text));
	}
	if (a->num < 0)
		return cmd_fail(sh, EINVAL, "order %lld: the smallest order is 0",
				(long long)a->num);
	if (a->num >= MAX_ORDER)
		return cmd_fail(sh, EINVAL, "order %lld: the largest order is %d",
				(long long)a->num, MAX_ORDER - 1);
	return 0;
}

static const char *next_gfp(void *arg)
{
	const struct gfp_name **g = arg;

	return (*g)->name ? (*g)++->name : NULL;
}

/* The flag in @text that is none, as something that could be meant. */
static const char *gfp_meant(const char *text, char *buf, size_t size)
{
	while (*text) {
		size_t len = strcspn(text, "|");
		const struct gfp_name *g = gfp_names;
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		while (g->name && strcmp(g->name, word))
			g++;
		if (!g->name && word[0] && !strchr("0123456789", word[0])) {
			g = gfp_names;
			return suggestion(did_you_mean(word, next_gfp, &g), buf, size);
		}
		text += len + (text[len] == '|');
	}
	return suggestion(NULL, buf, size);
}

static int parse_gfp(struct shell *sh, struct arg *a)
{
	struct mm_error e = {{0}};
	char meant[64];

	if (!gfp_parse(a->w->text, &a->gfp, &e))
		return 0;
	return cmd_fail(sh, EINVAL, "%s%s", e.text, gfp_meant(a->w->text, meant, sizeof(meant)));
}

static int parse_value(struct shell *sh, struct arg *a)
{
	return expr_eval(sh, a->w->text, &a->val);
}

static int parse_word(struct shell *sh, struct arg *a)
{
	(void)sh;
	a->text = a->w->text;
	return 0;
}

/* Text with values written out; it lives as long as the statement. */
static int parse_text(struct shell *sh, struct arg *a)
{
	struct strbuf buf = STRBUF_INIT;
	int r;

	a->text = a->w->text;
	if (a->w->literal || !strchr(a->text, '$'))
		return 0;
	r = expand(sh, a->text, &buf);
	if (!r)
		a->text = obstack_copy0(&sh->in->lexer.pool, strbuf_str(&buf), (int)buf.len);
	strbuf_free(&buf);
	return r;
}

/* Of the model; one of a process is there whenever it is looked at. */
static int parse_path(struct shell *sh, struct arg *a)
{
	int r = parse_text(sh, a);

	return r ? r : need_path(sh, a->text);
}

static const struct {
	const char *label;
	int (*parse)(struct shell *sh, struct arg *a); /* of one word */
	bool rest; /* takes all words that are left, as they are */
} kinds[NR_ARG_KINDS] = {
	[ARG_NUM] = {"N", parse_num, false},
	[ARG_COUNT] = {"N", parse_count, false},
	[ARG_ORDER] = {"ORDER", parse_order, false},
	[ARG_GFP] = {"GFP", parse_gfp, false},
	[ARG_PAGE] = {"PAGE", parse_value, false},
	[ARG_VALUE] = {"X", parse_value, false},
	[ARG_PID] = {"PID", parse_value, false},
	[ARG_EXPR] = {"EXPR", parse_word, true},
	[ARG_CACHE] = {"NAME", parse_text, false},
	[ARG_SLAB_FLAGS] = {"FLAGS", parse_word, false},
	[ARG_MAP_FLAG] = {"FLAG", parse_word, false},
	[ARG_ADVICE] = {"ADVICE", parse_text, false},
	[ARG_PERSONALITY] = {"FLAG", parse_word, false},
	[ARG_PATH] = {"PATH", parse_path, false},
	[ARG_SYSCTL] = {"NAME", parse_text, false},
	[ARG_FILE] = {"FILE", parse_text, false},
	[ARG_DIR] = {"DIR", parse_text, false},
	[ARG_BOOT] = {"KEY=VALUE", parse_text, false},
	[ARG_SETTING] = {"NAME", parse_word, false},
	[ARG_CHOICE] = {"VALUE", parse_word, false},
	[ARG_TOPIC] = {"TOPIC", parse_word, false},
	[ARG_TEXT] = {"TEXT", parse_text, false},
	[ARG_WORD] = {"WORD", parse_word, false},
	[ARG_COMMAND] = {"CMD", parse_word, true},
	[ARG_DISPLAY] = {"PATH|CMD", parse_word, true},
};

const char *arg_label(enum arg_kind kind)
{
	return kinds[kind].label;
}

int arg_parse_word(struct shell *sh, enum arg_kind kind, const struct word *w, struct arg *a)
{
	a->w = w;
	if (w->type != WORD_TEXT && !kinds[kind].rest)
		return cmd_fail(sh, EINVAL, "%s does not belong there",
				w->type == WORD_BLOCK ? "a { } block" : quoted(sh, w->text));
	return kinds[kind].parse(sh, a);
}

/* The flag or key that a word is; NULL: an argument in its place. */
static const struct arg_spec *find_named(const struct command *c, const struct word *w)
{
	for (const struct arg_spec *s = c->args; s->kind; s++) {
		size_t len = strlen(s->name);

		if ((s->flags & ARG_FLAG) && !strcmp(w->text, s->name))
			return s;
		if ((s->flags & ARG_KEY) && !strncmp(w->text, s->name, len) && w->text[len] == '=')
			return s;
	}
	return NULL;
}

/* `node=1`: the word after the `=`. */
static int parse_named(struct shell *sh, const struct arg_spec *s, const struct word *w,
		       struct arg *a)
{
	struct word val = *w;
	int r;

	if (a->w)
		return cmd_fail(sh, EINVAL, "%s is given twice", s->name);
	a->w = w;
	if (s->flags & ARG_FLAG)
		return 0;
	val.text += strlen(s->name) + 1;
	val.len -= strlen(s->name) + 1;
	r = arg_parse_word(sh, s->kind, &val, a);
	a->w = w;
	return r;
}

/* Says @what is wrong, and the usage in the same line. */
static int usage_error(struct shell *sh, const struct command *c, const char *what, const char *why)
{
	struct strbuf forms = STRBUF_INIT, usage = STRBUF_INIT;
	int r;

	command_synopsis(c, &forms);
	for (const char *p = strbuf_str(&forms); *p; p++) {
		if (*p != '\n')
			strbuf_addc(&usage, *p);
		else if (p[1])
			strbuf_adds(&usage, "; ");
	}
	r = cmd_fail(sh, EINVAL, "%s%s (usage: %s)", what, why, strbuf_str(&usage));
	strbuf_free(&forms);
	strbuf_free(&usage);
	return r;
}

static const char *next_key(void *arg)
{
	const struct arg_spec **s = arg;

	while ((*s)->kind && !((*s)->flags & (ARG_KEY | ARG_FLAG)))
		(*s)++;
	return (*s)->kind ? (*s)++->name : NULL;
}

static int too_many(struct shell *sh, const struct command *c, const struct word *w)
{
	const struct arg_spec *s = c->args;
	char name[64], meant[64];

	if (w->type != WORD_TEXT)
		return cmd_fail(sh, EINVAL, "%s does not belong there",
				w->type == WORD_BLOCK ? "a { } block" : quoted(sh, w->text));
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(w->text, "="), w->text);
	suggestion(did_you_mean(name, next_key, &s), meant, sizeof(meant));
	if (meant[0])
		return cmd_fail(sh, EINVAL, "%s%s", quoted(sh, w->text), meant);
	return usage_error(sh, c, quoted(sh, w->text), " is too much");
}

/* An argument in its place, @left words from the end. Those of ARG_MANY are gathered, without
   the keys between them, and parsed by the handler. */
static int parse_place(struct shell *sh, const struct arg_spec *s, const struct word *w,
		       unsigned left, struct arg *a)
{
	struct word *all;
	int r;

	if (!(s->flags & ARG_MANY)) {
		r = arg_parse_word(sh, s->kind, w, a);
		a->n = kinds[s->kind].rest ? left : 1;
		return r;
	}
	if (!a->w)
		a->w = obstack_alloc(&sh->in->lexer.pool, (int)(left * sizeof(*w)));
	all = (struct word *)a->w;
	all[a->n++] = *w;
	return 0;
}

/* `nod=1` where there are keys, but none of that name. */
static bool misspelt_key(const struct command *c, const struct word *w)
{
	const struct arg_spec *s = c->args;
	size_t len = strcspn(w->text, "=");

	return w->text[len] && !w->quoted && w->type == WORD_TEXT && is_name(w->text, len) &&
	       next_key(&s);
}

int args_parse(struct shell *sh, const struct command *c, const struct word *words, unsigned n,
	       struct args *a)
{
	const struct arg_spec *s = c->args, *named;
	unsigned i = 0;
	int r;

	a->cmd = c;
	a->format = "";
	memset(a->v, 0, sizeof(a->v));
	while (i < n) {
		const struct word *w = &words[i];

		while (s->kind && (s->flags & (ARG_KEY | ARG_FLAG)))
			s++;
		named = w->quoted || w->type != WORD_TEXT ? NULL : find_named(c, w);
		if (!named && misspelt_key(c, w)) {
			return too_many(sh, c, w);
		} else if (named) {
			r = parse_named(sh, named, w, &a->v[named - c->args]);
			i++;
		} else if (!s->kind) {
			return too_many(sh, c, w);
		} else {
			r = parse_place(sh, s, w, n - i, &a->v[s - c->args]);
			i += kinds[s->kind].rest ? n - i : 1;
			if (!(s->flags & ARG_MANY))
				s++;
		}
		if (r)
			return r;
	}
	for (s = c->args; s->kind; s++)
		if (!a->v[s - c->args].w && !(s->flags & (ARG_OPT | ARG_KEY | ARG_FLAG)))
			return usage_error(sh, c, s->name ? s->name : arg_label(s->kind),
					   " is missing");
	return 0;
}
