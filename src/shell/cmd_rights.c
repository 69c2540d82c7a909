/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on what a task may: its limits, its user, its personality. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_task.h"
#include "out.h"
#include "shell.h"
#include "util.h"

/* ---- limits ---- */

static const char *const rlimit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",	       [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",	       [RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",	       [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

static void put_limit(struct shell *sh, uint64_t n)
{
	if (n == RLIM_INFINITY)
		out(sh, " %12s", "unlimited");
	else
		out(sh, " %12llu", (unsigned long long)n);
}

static void show_limits(struct shell *sh, const struct task_struct *t)
{
	out(sh, "%-18s %12s %12s\n", "limit", "soft", "hard");
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		out(sh, "%-18s", rlimit_names[i]);
		put_limit(sh, t->rlim[i].cur);
		put_limit(sh, t->rlim[i].max);
		out_char(sh, '\n');
	}
}

static const char *next_rlimit(void *arg)
{
	unsigned *i = arg;

	return *i < RLIM_NLIMITS ? rlimit_names[(*i)++] : NULL;
}

/* "RLIMIT_STACK", or "stack" for short. */
static int find_rlimit(struct shell *sh, const char *name, unsigned *id)
{
	char meant[64];
	unsigned i = 0;

	for (*id = 0; *id < RLIM_NLIMITS; (*id)++)
		if (!strcasecmp(rlimit_names[*id], name) ||
		    !strcasecmp(rlimit_names[*id] + strlen("RLIMIT_"), name))
			return 0;
	return cmd_fail(sh, EINVAL, "there is no limit %s%s", quoted(sh, name),
			suggestion(did_you_mean(name, next_rlimit, &i), meant, sizeof(meant)));
}

static int parse_limit(struct shell *sh, const char *text, uint64_t *n)
{
	struct val v;
	int r;

	*n = RLIM_INFINITY;
	if (!strcmp(text, "unlimited"))
		return 0;
	r = expr_eval(sh, text, &v);
	if (r)
		return r;
	if (v.kind != VAL_NUM || v.n < 0)
		return cmd_fail(sh, EINVAL, "%s is no limit", quoted(sh, text));
	*n = (uint64_t)v.n;
	return 0;
}

/* The hard limit gives way, if the task is root. */
static int set_limit(struct shell *sh, struct task_struct *t, unsigned id, uint64_t n)
{
	struct rlimit to = {n, max_of(t->rlim[id].max, n)};

	begin_change(sh);
	return sys_setrlimit(t, id, to) ? call_failed(sh, -EPERM, "only root raises a hard limit (see setuid)")
					: 0;
}

static int exec_ulimit(struct shell *sh, const struct args *a)
{
	const char *text = a->v[0].w ? a->v[0].text : NULL, *value;
	struct task_struct *t;
	unsigned id = 0;
	char name[64];
	uint64_t n = 0;
	int r;

	if (text && !strchr(text, '='))
		return cmd_fail(sh, EINVAL, "%s: ulimit takes NAME=VALUE", quoted(sh, text));
	if (text) {
		value = strchr(text, '=') + 1;
		snprintf(name, sizeof(name), "%.*s", (int)min_of(value - 1 - text, (ptrdiff_t)63), text);
		r = find_rlimit(sh, name, &id);
		if (!r)
			r = parse_limit(sh, value, &n);
		if (r)
			return r;
	}
	r = need_task(sh, &t);
	if (r)
		return r;
	if (text)
		return set_limit(sh, t, id, n);
	show_limits(sh, t);
	return 0;
}

/* ---- the user ---- */

static int exec_setuid(struct shell *sh, const struct args *a)
{
	struct task_struct *t;
	int r = need_task(sh, &t);

	if (r)
		return r;
	if (a->v[0].num < 0 || a->v[0].num >= UINT32_MAX)
		return cmd_fail(sh, EINVAL, "%s is no user", quoted(sh, a->v[0].w->text));
	begin_change(sh);
	return sys_setuid(t, (unsigned)a->v[0].num)
		       ? call_failed(sh, -EPERM, "only root becomes somebody else")
		       : 0;
}

/* ---- personality ---- */

const struct bit_name personalities[] = {
	{"no_randomize", ADDR_NO_RANDOMIZE},
	{"compat_layout", ADDR_COMPAT_LAYOUT},
	{"read_implies_exec", READ_IMPLIES_EXEC},
	{0},
};

static void show_personality(struct shell *sh, unsigned p)
{
	out(sh, "%08x", p);
	for (const struct bit_name *b = personalities; b->name; b++)
		if (p & b->bits)
			out(sh, " %s", b->name);
	out_char(sh, '\n');
}

static int exec_personality(struct shell *sh, const struct args *a)
{
	struct task_struct *t;
	unsigned bits = 0, bit;
	int r;

	if (a->v[0].n != 1 || strcmp(a->v[0].w->text, "none") != 0)
		for (unsigned i = 0; i < a->v[0].n; i++, bits |= bit)
			if (!find_bit(sh, personalities, "ADDR_", "personality", a->v[0].w[i].text, &bit))
				return -EINVAL;
	r = need_task(sh, &t);
	if (r)
		return r;
	if (a->v[0].w) {
		begin_change(sh);
		t->personality = bits;
	} else {
		show_personality(sh, t->personality);
	}
	return 0;
}

const struct command commands_rights[] = {
	{
		.name = "ulimit",
		.args = {{"NAME=VALUE", ARG_TEXT, ARG_OPT}},
		.help = "Set a limit of the current task, or list all.",
		.text = "In bytes, with suffix, or unlimited. The soft limit is set, the hard one only "
			"raised, by root. RLIMIT_STACK, RLIMIT_AS, RLIMIT_DATA and RLIMIT_MEMLOCK bound address "
			"spaces; RLIMIT_STACK also says where mappings begin, from the next exec on. The "
			"RLIMIT_ may be left out.",
		.example = "ulimit RLIMIT_AS=64M\nulimit stack=unlimited",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_ulimit,
	},
	{
		.name = "setuid",
		.args = {{"UID", ARG_NUM, 0}},
		.help = "The current task becomes another user; 0 is root.",
		.text = "Only root may. Who is not root gets no memory below vm.mmap_min_addr, locks "
			"no more than RLIMIT_MEMLOCK, raises no hard limit, and leaves "
			"vm.admin_reserve_kbytes to root.",
		.example = "setuid 1000\nulimit memlock=64K\nmmap 64K\nexpect error ENOMEM mlock $1 128K",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_setuid,
	},
	{
		.name = "personality",
		.args = {{"FLAG", ARG_PERSONALITY, ARG_OPT | ARG_MANY}},
		.synopsis = "personality [none | FLAG...]",
		.help = "How the current task's next program is laid out, or show it.",
		.text = "no_randomize: everything at its usual place, as setarch -R does. compat_layout: the "
			"classic layout, mappings go up from a third of user space (setarch -L). "
			"read_implies_exec: what may be read may be executed (setarch -X). Children and "
			"programs inherit it.",
		.example = "personality compat_layout\nexec prog\nmaps",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_personality,
	},
	{0},
};
