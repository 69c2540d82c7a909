/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on the session: values, files, settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/audit.h>
#include <mmsh/state.h>
#include <mmsh/verify.h>

#include "command.h"
#include "help.h"
#include "out.h"
#include "shell.h"

static int exec_values(struct shell *sh, const struct args *a)
{
	(void)a;
	for (uint32_t nr = 1; nr <= sh->values.n && !interrupted; nr++)
		value_print(sh, nr);
	return 0;
}

/* ---- print, echo ---- */

/* What a command created, whole or one item of it. */
static void print_items(struct shell *sh, const struct val *v)
{
	uint32_t n;
	const struct item *t = value_items(sh, v, &n);

	if (v->kind == VAL_LIST || sh->values.v[v->value - 1].n == 1) {
		value_print(sh, v->value);
		return;
	}
	t->type->print(sh, t);
	out_char(sh, '\n');
}

static int print_val(struct shell *sh, const char *text, const struct val *v)
{
	int r;

	if (v->kind == VAL_NUM && sh->assign) {
		value_number(sh, v->n);
		return 0;
	}
	if (sh->assign)
		return cmd_fail(sh, EINVAL, "%s is %s: only numbers get a name that way",
				quoted(sh, text), v->kind == VAL_LIST ? "a list" : "a page");
	if (v->value) {
		print_items(sh, v);
	} else if (v->kind == VAL_NUM) {
		print_number(sh, v->n);
		out_char(sh, '\n');
	} else if (v->kind == VAL_RANGE) {
		out(sh, "pfn %lld..%lld (%lld pages)\n", (long long)v->n, (long long)v->end,
		    (long long)(v->end - v->n + 1));
	} else if (v->kind == VAL_PHYS) {
		out(sh, "phys 0x%llx (pfn %llu)\n", (unsigned long long)v->n,
		    (unsigned long long)v->n >> PAGE_SHIFT);
	} else {
		r = need_machine(sh);
		if (r)
			return r;
		pfn_print(sh, (uint64_t)v->n, -1);
		out_char(sh, '\n');
	}
	return 0;
}

static int exec_print(struct shell *sh, const struct args *a)
{
	struct strbuf text = STRBUF_INIT;
	struct val v;
	int r = 0;

	for (unsigned i = 0; i < a->v[0].n && !r; i++) {
		if (a->v[0].w[i].type != WORD_TEXT)
			r = cmd_fail(sh, EINVAL, "%s does not belong there",
				     quoted(sh, a->v[0].w[i].text));
		strbuf_addf(&text, "%s%s", i ? " " : "", a->v[0].w[i].text);
	}
	if (!r)
		r = expr_eval(sh, strbuf_str(&text), &v);
	if (!r)
		r = print_val(sh, strbuf_str(&text), &v);
	strbuf_free(&text);
	return r;
}

static int exec_echo(struct shell *sh, const struct args *a)
{
	for (unsigned i = 0; i < a->v[0].n; i++) {
		struct arg word = {0};
		int r = arg_parse_word(sh, ARG_TEXT, &a->v[0].w[i], &word);

		if (r)
			return r;
		out(sh, "%s%s", i ? " " : "", word.text);
	}
	out_char(sh, '\n');
	return 0;
}

/* ---- files ---- */

static int exec_save(struct shell *sh, const struct args *a)
{
	struct strbuf text = STRBUF_INIT;
	int r;

	strbuf_adds(&text, "# mmsh session\n");
	journal_script(&sh->journal, &text);
	r = host_replace(sh, a->v[0].text, &text);
	strbuf_free(&text);
	return r;
}

static int state_save(struct shell *sh, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	int r;

	state_write(sh->m, "now", &text);
	r = host_replace(sh, path, &text);
	strbuf_reset(&text);
	state_leaves_out(sh->m, &text);
	if (!r && text.len)
		out(sh, "without %s: their pages are in it as nobody's\n", strbuf_str(&text));
	strbuf_free(&text);
	return r;
}

static int state_from(struct shell *sh, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	struct mm_error e = {{0}};
	struct machine *m = NULL;
	int r = read_file(path, &text, &e);

	if (!r)
		m = state_load(strbuf_str(&text), text.len, &e);
	strbuf_free(&text);
	if (r || !m)
		return cmd_fail(sh, r ? -r : EINVAL, "%s: %s", path,
				e.text[0] ? e.text : strerror(-r));
	return shell_take_machine(sh, m);
}

static int exec_state(struct shell *sh, const struct args *a)
{
	bool load = !strcmp(a->v[0].text, "load") && a->v[1].w;
	int r;

	if (load)
		return state_from(sh, a->v[1].text);
	if (a->v[1].w)
		return cmd_fail(sh, EINVAL, "%s: state FILE, or state load FILE",
				quoted(sh, a->v[0].text));
	r = host_allowed(sh, a->v[0].text);
	if (!r)
		r = need_machine(sh);
	return r ? r : state_save(sh, a->v[0].text);
}

static int exec_verify(struct shell *sh, const struct args *a)
{
	struct verify_result res = {0};
	struct mm_error e = {{0}};
	int r = verify_file(a->v[0].text, &res, &e);

	if (r) {
		r = cmd_fail(sh, -r, "%s", e.text[0] ? e.text : strerror(-r));
	} else {
		out_mem(sh, strbuf_str(&res.report), res.report.len);
		out(sh, "ops=%lu matched=%lu given=%lu diverged=%lu\n", res.ops, res.matched,
		    res.given, res.diverged);
		if (res.diverged)
			r = cmd_fail(sh, EUCLEAN, "%s: %lu result%s differ%s", a->v[0].text,
				     res.diverged, res.diverged == 1 ? "" : "s",
				     res.diverged == 1 ? "s" : "");
	}
	strbuf_free(&res.report);
	return r;
}

static int exec_audit(struct shell *sh, const struct args *a)
{
	struct mm_error e = {{0}};
	int r = machine_audit(sh->m, &e);

	(void)a;
	if (r)
		return cmd_fail(sh, -r, "%s", e.text);
	out_str(sh, "audit: all is well\n");
	return 0;
}

/* ---- set ---- */

static void print_setting(struct shell *sh, const struct setting *s)
{
	char value[32];

	s->get(sh, value, sizeof(value));
	out(sh, "%-12s %-8s %s (%s)\n", s->name, value, s->help, s->values);
}

static const char *next_setting(void *arg)
{
	const struct setting **s = arg;

	return (*s)->name ? (*s)++->name : NULL;
}

static int exec_set(struct shell *sh, const struct args *a)
{
	const struct setting *s = settings;
	char meant[64];

	if (!a->v[0].w) {
		for (; s->name; s++)
			print_setting(sh, s);
		return 0;
	}
	while (s->name && strcmp(s->name, a->v[0].text))
		s++;
	if (!s->name) {
		s = settings;
		suggestion(did_you_mean(a->v[0].text, next_setting, &s), meant, sizeof(meant));
		return cmd_fail(sh, EINVAL, "there is no setting %s%s", quoted(sh, a->v[0].text),
				meant);
	}
	if (a->v[1].w)
		return s->set(sh, a->v[1].text);
	print_setting(sh, s);
	return 0;
}

static int exec_help(struct shell *sh, const struct args *a)
{
	return help(sh, a->v[0].w ? a->v[0].text : NULL);
}

static int exec_quit(struct shell *sh, const struct args *a)
{
	(void)a;
	sh->quit = true;
	return 0;
}

const struct command commands_session[] = {
	{
		.name = "values",
		.help = "List the values: what commands created.",
		.text = "$1 is the first, $ the last. `name = CMD` gives a name. A list's elements are "
			"$1[0], $1[1] ... Booting starts anew with $1.",
		.example = "values",
		.exec = exec_values,
	},
	{
		.name = "print",
		.alias = "p",
		.args = {{"EXPR", ARG_EXPR, 0}},
		.help = "Show an expression: a number, a value, a page.",
		.text = "Numbers are decimal or 0x hex, with K M G T; + - * / and parentheses. Counters "
			"of /proc/vmstat and /proc/meminfo go by their names. A number that is given a "
			"name is a value.",
		.example =
			"print $1 + 2\nprint nr_free_pages * 4K\nfree_before = print nr_free_pages",
		.flags = CMD_VALUE,
		.exec = exec_print,
	},
	{
		.name = "echo",
		.args = {{"TEXT", ARG_TEXT, ARG_OPT | ARG_MANY}},
		.help = "Write words; with > into a file of the model.",
		.example = "echo 1 > /proc/sys/vm/compact_memory",
		.exec = exec_echo,
	},
	{
		.name = "save",
		.args = {{"FILE", ARG_FILE, 0}},
		.help = "Write the session as a script.",
		.text = "It holds the commands that changed the machine, the displays or the settings; "
			"those that failed as expectations. `source FILE` brings the same machine "
			"back.",
		.example = "save session.mmsh",
		.flags = CMD_HOST | CMD_MACHINE,
		.exec = exec_save,
	},
	{
		.name = "state",
		.args = {{"FILE", ARG_FILE, 0}, {"FILE", ARG_FILE, ARG_OPT}},
		.synopsis = "state FILE\nstate load FILE",
		.help = "Write the machine's state to a file, or load it.",
		.text = "The format is that of the recordings that `verify` reads. The pages that were "
			"allocated are so still after loading, but are nobody's: processes, files, small "
			"objects, vmalloc areas and the bytes in memory are not in it. `save` keeps all "
			"that: the session that made it.",
		.example = "state /tmp/before\nstate load /tmp/before",
		.flags = CMD_CHANGES,
		.exec = exec_state,
	},
	{
		.name = "verify",
		.args = {{"FILE", ARG_FILE, 0}},
		.help = "Replay a recording of a real kernel and compare every result.",
		.text = "The recording may be compressed with gzip. Of the first difference it tells what "
			"the kernel did, what the model did, and why. It fails unless all is the "
			"same. The session's own machine is left alone.",
		.example = "verify buddy.rec.gz",
		.exec = exec_verify,
	},
	{
		.name = "audit",
		.help = "Check all invariants of the machine.",
		.text = "Lists, counts, alignment, overlap, and the counters against a recount.",
		.example = "audit",
		.flags = CMD_MACHINE,
		.exec = exec_audit,
	},
	{
		.name = "set",
		.args = {{"NAME", ARG_SETTING, ARG_OPT}, {"VALUE", ARG_CHOICE, ARG_OPT}},
		.help = "Show or change settings.",
		.example = "set quiet on",
		.flags = CMD_SESSION,
		.exec = exec_set,
	},
	{
		.name = "help",
		.alias = "?",
		.args = {{"CMD|TOPIC|WORD", ARG_TOPIC, ARG_OPT}},
		.help = "Explain a command or a topic; without one, list them.",
		.text = "Any other word is looked for in what there is to read about them, and those that "
			"mention it are listed.",
		.example = "help alloc\nhelp boot-keys\nhelp fault",
		.exec = exec_help,
	},
	{
		.name = "quit",
		.alias = "q",
		.help = "End the session.",
		.example = "quit",
		.exec = exec_quit,
	},
	{0},
};
