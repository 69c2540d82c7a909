/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands for scripts: those that run other commands. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "input.h"
#include "out.h"
#include "shell.h"

static int exec_source(struct shell *sh, const struct args *a)
{
	return run_file(sh, a->v[0].text);
}

/* ---- repeat ---- */

#define MAX_UNTIL_ERROR 100000000

static int loop_once(struct shell *sh, const struct arg *cmd, int64_t i)
{
	struct obstack *pool = &sh->in->lexer.pool;
	void *mark = obstack_alloc(pool, 1);
	int r;

	sh->counter = i;
	if (interrupted)
		return cmd_fail(sh, EINTR, "interrupted");
	if (sh->fuel == 0)
		return cmd_fail(sh, ETIME, "repeated too often");
	sh->fuel--;
	r = exec_arg(sh, cmd);
	obstack_free(pool, mark);
	out_check(sh);
	return r;
}

/* Runs @cmd until it fails, at most @max times. Returns: how often it did not fail. */
static int64_t loop(struct shell *sh, const struct arg *cmd, int64_t max, int *err)
{
	bool in_loop = sh->in_loop;
	int64_t counter = sh->counter, i;
	int r = 0;

	sh->in_loop = true;
	for (i = 0; i < max && !sh->quit; i++) {
		r = loop_once(sh, cmd, i);
		if (r)
			break;
	}
	if (!in_loop)
		sh->rounds = i;
	sh->in_loop = in_loop;
	sh->counter = counter;
	*err = r;
	return i;
}

static int until_error(struct shell *sh, const struct arg *cmd, int64_t *n)
{
	int r;

	*n = loop(sh, cmd, MAX_UNTIL_ERROR, &r);
	if (r == -EINTR || r == -ETIME)
		return r;
	if (!r && !sh->quit)
		return cmd_fail(sh, ETIME, "no error in %lld times", (long long)*n);
	if (r)
		out(sh, "%lld times, then %s: %s\n", (long long)*n, sh->err.command, sh->err.text);
	clear_error(sh);
	return 0;
}

static int exec_repeat(struct shell *sh, const struct args *a)
{
	const char *assign = sh->assign;
	int64_t n = 0;
	int r;

	sh->assign = NULL;
	if (!strcmp(a->v[0].text, "until-error")) {
		r = until_error(sh, &a->v[1], &n);
	} else {
		r = expr_int(sh, a->v[0].text, &n);
		if (!r && n < 0)
			r = cmd_fail(sh, EINVAL, "%lld times", (long long)n);
		if (!r)
			n = loop(sh, &a->v[1], n, &r);
	}
	sh->assign = assign;
	if (assign && !r)
		value_number(sh, n);
	return r;
}

/* ---- expect ---- */

/* Runs the command with its output in @text. */
static int run_captured(struct shell *sh, const struct arg *cmd, struct strbuf *text)
{
	struct strbuf *before = out_capture(sh, text);
	int r = exec_arg(sh, cmd);

	out_release(sh, before);
	return r;
}

static int expect_error(struct shell *sh, const struct arg *words)
{
	struct arg cmd = {.w = words->w + 1, .n = words->n - 1};
	const char *name = words->w ? words->w->text : "";
	struct strbuf text = STRBUF_INIT;
	int want = errno_by_name(name), r;
	char why[600];

	if (!want || words->n < 2)
		return cmd_fail(sh, EINVAL,
				want ? "a command is missing after %s"
				     : "%s is no error's name (ENOMEM, EINVAL ...)",
				quoted(sh, name));
	r = run_captured(sh, &cmd, &text);
	if (r == -want) {
		clear_error(sh);
		strbuf_free(&text);
		return 0;
	}
	out_mem(sh, strbuf_str(&text), text.len);
	strbuf_free(&text);
	if (!r)
		return cmd_fail(sh, ECANCELED, "no error, but %s was expected", name);
	snprintf(why, sizeof(why), "%s, but %s was expected: %.200s: %.300s", errno_name(-r), name,
		 sh->err.command, sh->err.text);
	clear_error(sh);
	return cmd_fail(sh, ECANCELED, "%s", why);
}

static int expect_text(struct shell *sh, const char *want, const struct arg *cmd)
{
	struct strbuf text = STRBUF_INIT;
	int r = run_captured(sh, cmd, &text);

	if (!r && !memmem(strbuf_str(&text), text.len, want, strlen(want))) {
		out_mem(sh, strbuf_str(&text), text.len);
		r = cmd_fail(sh, ECANCELED, "the output does not hold %s", quoted(sh, want));
	}
	strbuf_free(&text);
	return r;
}

static int exec_expect(struct shell *sh, const struct args *a)
{
	const struct word *what = a->v[0].w;
	struct val v;
	int r;

	if (!what->quoted && !strcmp(what->text, "error"))
		return expect_error(sh, &a->v[1]);
	if (a->v[1].w)
		return expect_text(sh, what->text, &a->v[1]);
	r = expr_eval(sh, what->text, &v);
	if (!r && v.kind == VAL_NUM && v.n == 0)
		r = cmd_fail(sh, ECANCELED, "%s is not so", quoted(sh, what->text));
	return r;
}

/* ---- time ---- */

static int exec_time(struct shell *sh, const struct args *a)
{
	struct timespec t0, t1;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	r = exec_arg(sh, &a->v[0]);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	out(sh, "%.6f s\n",
	    (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9);
	return r;
}

const struct command commands_script[] = {
	{
		.name = "source",
		.alias = ".",
		.args = {{"FILE", ARG_FILE, 0}},
		.help = "Run the commands of a file.",
		.example = "source scenario.mmsh",
		.flags = CMD_CHANGES | CMD_READS,
		.exec = exec_source,
	},
	{
		.name = "repeat",
		.args = {{"N", ARG_WORD, 0}, {"CMD", ARG_COMMAND, 0}},
		.synopsis = "repeat N CMD\nrepeat N { CMD; ... }\nrepeat until-error CMD",
		.help = "Run a command, or a block, N times or until it fails.",
		.text = "$i counts from 0. The first error ends it; until-error takes it as the end and "
			"tells how often the command did not fail. Displays come once, after the last "
			"time. With a name, `n = repeat ...`, the value is the count.",
		.example = "repeat 4 alloc $i\nn = repeat until-error alloc 10\n"
			   "repeat 3 { x = alloc 0; free $x }",
		.flags = CMD_CHANGES | CMD_PREFIX,
		.exec = exec_repeat,
	},
	{
		.name = "expect",
		.args = {{"WHAT", ARG_WORD, 0}, {"CMD", ARG_COMMAND, ARG_OPT}},
		.synopsis = "expect error ERRNO CMD\nexpect 'TEXT' CMD\nexpect 'EXPR'",
		.help = "Fail unless things are as expected.",
		.text = "CMD must fail with that error; its output must hold TEXT; the expression must "
			"be true. It knows == != < <= > >= && || and the counters of /proc/vmstat and "
			"/proc/meminfo by name. Nothing is shown when all is well.",
		.example = "expect error ENOMEM alloc 10 GFP_DMA count=9\n"
			   "expect 'zone HighMem' page pfn:229376\n"
			   "expect '$1 == pfn:223232 && nr_free_pages > 1000'",
		.flags = CMD_CHANGES | CMD_PREFIX | CMD_SESSION,
		.exec = exec_expect,
	},
	{
		.name = "time",
		.args = {{"CMD", ARG_COMMAND, 0}},
		.help = "Run a command, and tell how long the host took.",
		.example = "time repeat 100000 alloc 0",
		.flags = CMD_CHANGES | CMD_PREFIX,
		.exec = exec_time,
	},
	{0},
};
