/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs commands: words to a row, redirection, and what follows a command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/proc.h>

#include "cmd_task.h"
#include "command.h"
#include "input.h"
#include "out.h"
#include "shell.h"

#define MAX_DEPTH 100

static void locate(struct shell *sh, const struct word *w, const char *command)
{
	struct shell_error *e = &sh->err;
	const char *file = sh->in->name;

	if (e->located)
		return;
	e->located = true;
	e->line = w->line;
	snprintf(e->file, sizeof(e->file), "%s", file ? file : "");
	snprintf(e->command, sizeof(e->command), "%s", command);
}

static int run_block(struct shell *sh, const struct word *w)
{
	int r = 0;

	for (const struct statement *st = w->block; st && !r && !sh->quit; st = st->next)
		r = exec_words(sh, st->words, st->n);
	return r;
}

/* At the prompt the beginning of a name will do. */
static const struct command *find_command(struct shell *sh, const struct word *w, unsigned n,
					  unsigned *used)
{
	const struct command *c = command_of_words(w, n, used);
	char meant[64], words[64];

	if (!c && sh->in->editor)
		c = command_by_prefix_words(w, n, used);
	if (c)
		return c;
	if (command_second_words(w->text, words, sizeof(words)))
		cmd_fail(sh, EINVAL, "%s is followed by %s", w->text, words);
	else if (strchr(w->text, '=') && is_name(w->text, strcspn(w->text, "=")))
		cmd_fail(sh, EINVAL, "unknown command; a value is named with blanks: NAME = CMD");
	else
		cmd_fail(sh, EINVAL, "unknown command%s",
			 suggestion(did_you_mean_command(w->text), meant, sizeof(meant)));
	return NULL;
}

static int check_row(struct shell *sh, const struct command *c)
{
	if (sh->assign && !(c->flags & (CMD_VALUE | CMD_PREFIX)))
		return cmd_fail(sh, EINVAL, "has no value for %s", quoted(sh, sh->assign));
	if (sh->safe && (c->flags & CMD_HOST))
		return cmd_fail(sh, EPERM, "writes the host's files: not with --safe");
	return c->flags & CMD_MACHINE ? need_machine(sh) : 0;
}

static int run_command(struct shell *sh, const struct word *w, unsigned n)
{
	struct span outer = sh->running;
	unsigned used;
	const struct command *c = find_command(sh, w, n, &used);
	struct args a;
	int r;

	if (!c) {
		char name[32];

		snprintf(name, sizeof(name), "%.28s", w->text);
		locate(sh, w, name);
		return -EINVAL;
	}
	sh->running = (struct span){.off = (uint32_t)(sh->journal.base + w->start),
				    .len = (uint32_t)(w[n - 1].end - w->start)};
	r = check_row(sh, c);
	if (!r)
		r = args_parse(sh, c, w + used, n - used, &a);
	if (!r && (c->flags & CMD_FORMAT) && strchr(w->text, '/'))
		a.format = strchr(w->text, '/') + 1;
	if (!r)
		r = c->exec(sh, &a);
	sh->running = outer;
	if (r)
		locate(sh, w, c->name);
	return r;
}

static int host_words(struct shell *sh, const struct word *w, unsigned n)
{
	int r = n > 1 ? cmd_fail(sh, EINVAL, "takes the rest of the line")
		      : host_command(sh, w->text, NULL);

	if (r)
		locate(sh, w, "!");
	return r;
}

/* A command without what comes after | or >: name = CMD, ! CMD, { }, CMD. */
static int exec_simple(struct shell *sh, const struct word *w, unsigned n)
{
	const char *assign = sh->assign;
	int r;

	if (w->type == WORD_HOST)
		return host_words(sh, w, n);
	if (w->type == WORD_BLOCK && n == 1)
		return run_block(sh, w);
	if (w->type != WORD_TEXT || (n > 1 && w->type == WORD_BLOCK)) {
		r = cmd_fail(sh, EINVAL, "a command is missing before it");
		locate(sh, w, w->text);
		return r;
	}
	if (n > 1 && w[1].type == WORD_TEXT && !w[1].quoted && !strcmp(w[1].text, "=")) {
		if (!is_name(w->text, w->len) || w->len >= 60 || !strcmp(w->text, "i"))
			r = cmd_fail(sh, EINVAL,
				     !strcmp(w->text, "i") ? "$i is the counter of repeat"
							   : "a name is of letters, digits and _");
		else if (n == 2)
			r = cmd_fail(sh, EINVAL, "a command is missing after =");
		else
			r = 0;
		if (r) {
			char name[32];

			snprintf(name, sizeof(name), "%.28s", w->text);
			locate(sh, w, name);
			return r;
		}
		sh->assign = w->text;
		w += 2;
		n -= 2;
	}
	r = w->type == WORD_TEXT ? run_command(sh, w, n) : exec_simple(sh, w, n);
	sh->assign = assign;
	return r;
}

static bool is_model_path(const char *path)
{
	return !strncmp(path, "/proc/", 6) || !strncmp(path, "/sys/", 5);
}

/* `echo 1 > /proc/sys/vm/compact_memory` */
static int write_model(struct shell *sh, const char *path, struct strbuf *text)
{
	int r = need_machine(sh);

	if (!r)
		r = need_path(sh, path);
	if (r)
		return r;
	strbuf_addc(text, '\0');
	text->s[strcspn(text->s, "\n")] = '\0';
	begin_change(sh);
	sh->seen = UINT64_MAX;
	r = proc_write(sh->m, path, text->s);
	if (r)
		return cmd_fail(sh, -r, "%s: %s", path, strerror(-r));
	return 0;
}

/* Where the output of a command goes: what stands from a word of type PIPE, WRITE or APPEND on. */
struct target {
	const char *command; /* of the host */
	const char *path;    /* else: a file, ... */
	bool model;	     /* ... of the model */
	int fd;		     /* ... of the host, open */
};

static int open_target(struct shell *sh, const struct word *w, unsigned n, struct target *t)
{
	struct arg file = {0};
	int r;

	*t = (struct target){.fd = -1};
	if (w->type == WORD_PIPE) {
		t->command = w->text;
		return host_allowed(sh, "host commands");
	}
	if (n != 2 || w[1].type != WORD_TEXT)
		return cmd_fail(sh, EINVAL, "one file belongs after %s", w->text);
	r = arg_parse_word(sh, ARG_FILE, &w[1], &file);
	if (r)
		return r;
	t->path = file.text;
	t->model = is_model_path(t->path);
	return t->model ? 0 : host_open(sh, t->path, w->type == WORD_APPEND, &t->fd);
}

static int write_target(struct shell *sh, const struct target *t, struct strbuf *text)
{
	if (t->command)
		return host_command(sh, t->command, text);
	if (t->model)
		return write_model(sh, t->path, text);
	return host_finish(sh, t->path, t->fd, text);
}

static int exec_redirected(struct shell *sh, const struct word *w, unsigned n, unsigned k)
{
	struct strbuf text = STRBUF_INIT, *before;
	struct target t;
	char name[32];
	int r, r2;

	snprintf(name, sizeof(name), "%.28s", w->type == WORD_TEXT ? w->text : w[k].text);
	r = k ? open_target(sh, w + k, n - k, &t)
	      : cmd_fail(sh, EINVAL, "a command is missing before it");
	if (!r) {
		before = out_capture(sh, &text);
		r = exec_simple(sh, w, k);
		out_release(sh, before);
		/* What a command said before it failed is worth having, but is no setting. */
		if (!r || !t.model) {
			r2 = write_target(sh, &t, &text);
			r = r ? r : r2;
		}
	}
	strbuf_free(&text);
	if (r)
		locate(sh, w, name);
	return r;
}

/* Writing to the model is the innermost command's: `repeat 3 echo 1 > /proc/...`. */
static bool passes_on(const struct word *w, unsigned n, unsigned k)
{
	const struct command *c = w->type == WORD_TEXT ? command_find(w->text) : NULL;

	return c && (c->flags & CMD_PREFIX) && w[k].type != WORD_PIPE && k + 1 < n &&
	       w[k + 1].type == WORD_TEXT && is_model_path(w[k + 1].text);
}

int exec_words(struct shell *sh, const struct word *w, unsigned n)
{
	unsigned k = 0;
	int r;

	if (sh->depth >= MAX_DEPTH) {
		r = cmd_fail(sh, ELOOP, "commands nested more than %d deep", MAX_DEPTH);
		locate(sh, w, "");
		return r;
	}
	sh->depth++;
	while (k < n &&
	       (w[k].type == WORD_TEXT || w[k].type == WORD_BLOCK || w[k].type == WORD_HOST))
		k++;
	if (k == n || passes_on(w, n, k))
		r = exec_simple(sh, w, n);
	else
		r = exec_redirected(sh, w, n, k);
	sh->depth--;
	return r;
}

int exec_arg(struct shell *sh, const struct arg *a)
{
	int r;

	sh->inside++;
	r = exec_words(sh, a->w, a->n);
	sh->inside--;
	return r;
}

/* ---- a line's statement ---- */

static void echo(struct shell *sh, const char *text, size_t len)
{
	out(sh, "mmsh> %.*s\n", (int)len, text);
}

static void add_string(json_t *o, const char *key, const char *s, size_t len)
{
	json_t *v = json_stringn(s, len);

	/* A file need not be UTF-8. */
	if (!v) {
		char *clean = strndup(s, len);

		for (char *p = clean; p && *p; p++)
			if (*p & 0x80)
				*p = '?';
		v = json_string(clean ? clean : "");
		free(clean);
	}
	json_object_set_new(o, key, v);
}

static void print_json(struct shell *sh, const char *text, size_t len, const struct strbuf *output,
		       json_t *values, json_t *changed)
{
	json_t *o = json_object();
	char *s;

	if (sh->in->name) {
		json_object_set_new(o, "file", json_string(sh->in->name));
		json_object_set_new(o, "line", json_integer(sh->in->lexer.line));
	}
	add_string(o, "command", text, len);
	json_object_set_new(o, "ok", json_boolean(!sh->err.code));
	if (json_array_size(values) == 1)
		json_object_set(o, "value", json_array_get(values, 0));
	else if (json_array_size(values) > 1)
		json_object_set(o, "values", values);
	if (output->len)
		add_string(o, "output", strbuf_str(output), output->len);
	if (json_object_size(changed))
		json_object_set(o, "changed", changed);
	if (sh->err.code)
		json_object_set_new(o, "error",
				    json_pack("{s:s,s:s,s:s}", "command", sh->err.command, "code",
					      errno_name(sh->err.code), "text", sh->err.text));
	s = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	if (s)
		out(sh, "%s\n", s);
	free(s);
	json_decref(o);
}

static int exec_json(struct shell *sh, const struct statement *st, const char *text, size_t len)
{
	struct strbuf output = STRBUF_INIT, *before = out_capture(sh, &output);
	json_t *changed = json_object();
	int r;

	sh->json_values = json_array();
	r = exec_words(sh, st->words, st->n);
	if (sh->changed && !sh->set.quiet)
		displays_update(sh, changed);
	out_release(sh, before);
	print_json(sh, text, len, &output, sh->json_values, changed);
	json_decref(sh->json_values);
	json_decref(changed);
	sh->json_values = NULL;
	strbuf_free(&output);
	return r;
}

static int exec_plain(struct shell *sh, const struct statement *st, const char *text, size_t len,
		      bool reads)
{
	int r;

	if (sh->set.echo && !reads && !sh->inside)
		echo(sh, text, len);
	r = exec_words(sh, st->words, st->n);
	if (sh->changed && !sh->set.quiet && !sh->inside)
		displays_update(sh, NULL);
	return r;
}

/* Of a repeat that was interrupted, what it did: the rounds that it finished. */
static struct span shortened(struct shell *sh, const struct statement *st)
{
	const struct word *w = st->words + (st->n > 4 && !strcmp(st->words[1].text, "=") ? 2 : 0);
	const char *rest = sh->in->lexer.text.s + w[2].start;
	struct strbuf text = STRBUF_INIT;
	struct span span;

	strbuf_addf(&text, "repeat %lld ", (long long)sh->rounds);
	strbuf_add(&text, rest, st->words[st->n - 1].end - w[2].start);
	span = journal_text(&sh->journal, strbuf_str(&text), text.len);
	strbuf_free(&text);
	return span;
}

/* Keeps the command if it made a difference. */
static void journal_command(struct shell *sh, const struct statement *st, struct span text,
			    const struct command *c, int r)
{
	struct journal *j = &sh->journal;
	struct journal_entry e = {
		.text = text,
		.err = (uint16_t)-r,
		.changed = sh->changed,
		.machine = sh->new_machine,
	};

	if (r == -EINTR && sh->changed && c && !strcmp(c->name, "repeat")) {
		e.text = shortened(sh, st);
		e.err = 0;
	}
	if (sh->changed || (c && !r && (c->flags & CMD_SESSION)))
		journal_add(j, e);
	else if (j->texts.len == text.off + (size_t)text.len)
		j->texts.len = text.off;
}

/* The row of the statement's own command, past `name =`. */
static const struct command *first_command(struct shell *sh, const struct statement *st)
{
	const struct word *w = st->words;
	const struct command *c;

	if (st->n > 2 && w[1].type == WORD_TEXT && !strcmp(w[1].text, "="))
		w += 2;
	c = w->type == WORD_TEXT ? command_find(w->text) : NULL;
	return !c && sh->in->editor && w->type == WORD_TEXT ? command_by_prefix(w->text) : c;
}

int exec_top(struct shell *sh, const struct statement *st)
{
	const struct word *w = st->words;
	const char *text = sh->in->lexer.text.s + w->start;
	size_t len = w[st->n - 1].end - w->start, base = sh->journal.base;
	const struct command *c = first_command(sh, st);
	bool reads = c && (c->flags & CMD_READS), changed = sh->changed;
	struct span span = journal_text(&sh->journal, text, len);
	unsigned depth = sh->depth;
	int r;

	sh->journal.base = span.off - w->start;
	if (!sh->inside) {
		sh->changed = sh->new_machine = false;
		sh->depth = 0;
	}
	if (sh->json && !sh->inside && !reads)
		r = exec_json(sh, st, text, len);
	else
		r = exec_plain(sh, st, text, len, reads);
	if (!sh->inside) {
		journal_command(sh, st, span, c, r);
		sh->changed = changed;
		sh->depth = depth;
	}
	sh->journal.base = base;
	out_check(sh);
	return r;
}
