/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session and its machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/bootline.h>
#include <mmsh/slab.h>
#include <mmsh/kmsg.h>

#include "command.h"
#include "input.h"
#include "out.h"
#include "shell.h"
#include "util.h"

#define TRACE_EVENTS 4096

volatile sig_atomic_t interrupted;

static void follow(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	if (ev->id == TRACE_MIGRATE)
		values_follow(l, m, ev);
	else
		container_of(l, struct shell, follow)->seen |= TRACE_BIT(ev->id);
}

struct shell *shell_new(void)
{
	struct shell *sh = calloc(1, sizeof(*sh));

	if (!sh)
		return NULL;
	sh->out = &sh->stdout_buf;
	sh->bootline = "mem=1G";
	sh->seed = 1;
	sh->set.history = 1000;
	sh->fuel = UINT64_MAX;
	sh->displays.next = 1;
	sh->follow.event = follow;
	sh->follow.mask = TRACE_BIT(TRACE_MIGRATE) | displays_events();
	if (trace_buffer_init(&sh->trace, TRACE_EVENTS, TRACE_ALL)) {
		free(sh);
		return NULL;
	}
	displays_init(sh);
	return sh;
}

void shell_free(struct shell *sh)
{
	displays_free(&sh->displays);
	values_free(&sh->values);
	cache_names_clear(&sh->caches);
	journal_free(&sh->journal);
	if (sh->m)
		machine_free(sh->m);
	trace_buffer_free(&sh->trace);
	strbuf_free(&sh->stdout_buf);
	free(sh);
}

int shell_take_machine(struct shell *sh, struct machine *m)
{
	if (kmsg_attach(m)) {
		machine_free(m);
		return cmd_fail(sh, ENOMEM, "out of memory");
	}
	if (sh->m)
		machine_free(sh->m);
	sh->m = m;
	values_clear(&sh->values);
	cache_names_clear(&sh->caches);
	trace_buffer_reset(&sh->trace);
	trace_attach(m, &sh->trace.l);
	trace_attach(m, &sh->follow);
	sh->changed = sh->new_machine = true;
	if (sh->booted)
		sh->booted(sh, sh->booted_arg);
	return 0;
}

static const char *next_boot_key(void *arg)
{
	const struct boot_key **k = arg;

	return (*k)->key ? (*k)++->key : NULL;
}

static int check_boot_key(struct shell *sh, const char *key)
{
	const struct boot_key *k = boot_keys;
	char meant[64];

	while (k->key && strcmp(k->key, key))
		k++;
	if (k->key)
		return 0;
	k = boot_keys;
	suggestion(did_you_mean(key, next_boot_key, &k), meant, sizeof(meant));
	return cmd_fail(sh, EINVAL, "unknown key %s%s (see help boot-keys)", quoted(sh, key),
			meant);
}

/* One KEY=VALUE. */
static int boot_word(struct shell *sh, struct boot_params *p, const char *word)
{
	const char *val = strchr(word, '=');
	struct mm_error e = {{0}};
	char *key;
	int r;

	if (!val || val == word)
		return cmd_fail(sh, EINVAL, "%s: boot takes KEY=VALUE", quoted(sh, word));
	key = mem_strndup(word, (size_t)(val - word));
	r = check_boot_key(sh, key);
	if (!r && (r = boot_param_set(p, key, val + 1, &e)))
		cmd_fail(sh, -r, "%s", e.text[0] ? e.text : strerror(-r));
	free(key);
	return r;
}

int shell_boot(struct shell *sh, const char *const *words, unsigned n)
{
	struct boot_params p;
	struct mm_error e = {{0}};
	struct machine *m;
	int r = 0;

	boot_params_init(&p);
	p.slab = slab_ops_find("slub"); /* a kernel's default; slab=none: pages alone */
	p.seed = sh->seed;
	for (unsigned i = 0; i < n && !r; i++)
		r = boot_word(sh, &p, words[i]);
	if (r)
		return r;
	if (sh->slab)
		p.slab = sh->slab;
	m = machine_boot(&p, &e);
	if (!m)
		return cmd_fail(sh, EINVAL, "%s", e.text);
	r = shell_take_machine(sh, m);
	if (!r)
		kmsg_boot(m);
	return r;
}

int shell_boot_line(struct shell *sh, const char *line)
{
	char *text = mem_strdup(line), *save = NULL;
	const char **words = NULL;
	unsigned n = 0, cap = 0;
	int r;

	for (char *w = strtok_r(text, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save)) {
		grow(words, n, cap);
		words[n++] = w;
	}
	r = shell_boot(sh, words, n);
	free(words);
	free(text);
	return r;
}

int need_machine(struct shell *sh)
{
	struct journal_entry e = {.machine = true};
	bool changed = sh->changed, new_machine = sh->new_machine;
	char *text;
	int r;

	if (sh->m)
		return 0;
	r = shell_boot_line(sh, sh->bootline);
	if (r)
		return r;
	/* The command that asked for a machine has not changed it yet. */
	sh->changed = changed;
	sh->new_machine = new_machine;
	if (asprintf(&text, "boot %s", sh->bootline) < 0)
		return cmd_fail(sh, ENOMEM, "out of memory");
	e.text = journal_text(&sh->journal, text, strlen(text));
	free(text);
	journal_add(&sh->journal, e);
	displays_baseline(sh);
	return 0;
}

void begin_change(struct shell *sh)
{
	trace_buffer_reset(&sh->trace);
	sh->changed = true;
}

int cmd_fail(struct shell *sh, int code, const char *fmt, ...)
{
	va_list ap;

	if (sh->err.code)
		return -sh->err.code;
	sh->err.code = code;
	va_start(ap, fmt);
	vsnprintf(sh->err.text, sizeof(sh->err.text), fmt, ap);
	va_end(ap);
	return -code;
}

void clear_error(struct shell *sh)
{
	sh->err.code = 0;
	sh->err.located = false;
}

const char *errno_name(int code)
{
	const char *name = strerrorname_np(code);

	return name ? name : "EINVAL";
}

int errno_by_name(const char *name)
{
	for (int i = 1; i < 134; i++) {
		const char *s = strerrorname_np(i);

		if (s && !strcmp(s, name))
			return i;
	}
	return 0;
}

const char *quoted(struct shell *sh, const char *s)
{
	char *buf = sh->quote[sh->quote_next++ % ARRAY_SIZE(sh->quote)];
	char *p = buf, *end = buf + sizeof(sh->quote[0]) - 8;

	*p++ = '"';
	for (; *s && p < end - 20; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ' || c == 0x7f)
			p += sprintf(p, c == '\n' ? "\\n" : "\\x%02x", c);
		else
			*p++ = (char)c;
	}
	strcpy(p, *s ? "...\"" : "\"");
	return buf;
}

void report_error(struct shell *sh)
{
	const struct shell_error *e = &sh->err;

	if (e->code && !sh->silent) {
		out_flush(sh);
		if (e->file[0])
			fprintf(stderr, "%s:%u: ", e->file, e->line);
		if (e->command[0])
			fprintf(stderr, "%s: ", e->command);
		fprintf(stderr, "%s\n", e->text);
	}
	clear_error(sh);
}

static int lexer_failed(struct shell *sh, const struct input *in)
{
	int r = cmd_fail(sh, EINVAL, "%s", in->lexer.error);

	sh->err.located = true;
	sh->err.command[0] = '\0';
	sh->err.line = in->lexer.error_line;
	snprintf(sh->err.file, sizeof(sh->err.file), "%s", in->name ? in->name : "");
	return r;
}

/* Whether the session goes on after the error. Says it if so. */
static bool go_on(struct shell *sh, const struct input *in)
{
	if (!in->editor && !sh->set.keep_going)
		return false;
	if (!in->editor)
		sh->status = STATUS_FAILED;
	report_error(sh);
	return true;
}

int run_input(struct shell *sh, struct input *in)
{
	struct statement *list;
	int r = 0;

	in->up = sh->in;
	sh->in = in;
	while (!sh->quit) {
		r = lexer_next(&in->lexer, &list);
		if (r == 0)
			break;
		if (r == -EINTR && in->editor) {
			interrupted = 0;
			continue;
		}
		if (r < 0) {
			r = lexer_failed(sh, in);
			list = NULL;
			if (!go_on(sh, in))
				break;
		}
		for (; list && !sh->quit; list = list->next) {
			r = exec_top(sh, list);
			if (r && !go_on(sh, in))
				goto out;
			r = 0;
		}
		r = 0;
	}
out:
	sh->in = in->up;
	return r;
}

int run_text(struct shell *sh, const char *name, const char *text, size_t len)
{
	struct input in;
	int r;

	input_text(&in, sh, name, text, len);
	r = run_input(sh, &in);
	input_close(&in);
	return r;
}

int run_file(struct shell *sh, const char *path)
{
	struct input in;
	int r = input_file(&in, sh, path);

	if (r)
		return r;
	r = run_input(sh, &in);
	input_close(&in);
	return r;
}
