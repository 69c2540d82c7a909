/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/PID: the table of its files, and those that are not about single areas (proc-maps.md 3, 4). */
#include "files.h"
#include <errno.h>
#include <limits.h>
#include <mmsh/fault.h>
#include <mmsh/pgtable.h>
#include <mmsh/proc_task.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

static uint64_t text_pages(const struct mm_struct *mm)
{
	return (ROUND_UP(mm->end_code, PAGE_SIZE) - ROUND_DOWN(mm->start_code, PAGE_SIZE)) >> PAGE_SHIFT;
}

/* ---- statm, status ---- */

static void statm_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	const struct mm_struct *mm = t->mm;

	(void)m;
	if (!mm) {
		strbuf_adds(out, "0 0 0 0 0 0 0\n");
		return;
	}
	strbuf_addf(out, "%llu %llu %ld %llu 0 %llu 0\n", (ull)mm->total_vm, (ull)get_mm_rss(mm),
		    mm->rss_stat[MM_FILEPAGES], (ull)text_pages(mm), (ull)(mm->total_vm - mm->shared_vm));
}

static void vm_lines(const struct machine *m, const struct mm_struct *mm, struct strbuf *out)
{
	uint64_t exe = text_pages(mm) << (PAGE_SHIFT - 10), lib = K(mm->exec_vm) - exe;
	bool pmds = m->arch->pgtable != &pgtable_2level;
	const struct {
		const char *name;
		uint64_t kb;
	} rows[] = {
		{"VmPeak", K(max_of(mm->hiwater_vm, mm->total_vm))},
		{"VmSize", K(mm->total_vm)},
		{"VmLck", K(mm->locked_vm)},
		{"VmPin", K(mm->pinned_vm)},
		{"VmHWM", K(max_of(mm->hiwater_rss, get_mm_rss(mm)))},
		{"VmRSS", K(get_mm_rss(mm))},
		{"VmData", K(mm->total_vm - mm->shared_vm - mm->stack_vm)},
		{"VmStk", K(mm->stack_vm)},
		{"VmExe", exe},
		{"VmLib", m->arch->bits == 32 ? (uint32_t)lib : lib},
		{"VmPTE", K(mm->nr_ptes)},
		{"VmPMD", pmds ? K(mm->nr_pmds) : 0},
		{"VmSwap", K(mm->rss_stat[MM_SWAPENTS])},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		strbuf_addf(out, "%s:\t%8llu kB\n", rows[i].name, (ull)rows[i].kb);
	if (m->params.hugetlb)
		strbuf_addf(out, "HugetlbPages:\t%8llu kB\n", 0ull);
}

static void status_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	const char *caps = capable(t) ? "0000003fffffffff" : "0000000000000000";
	uint64_t cpus = m->nr_cpus >= 64 ? ~0ull : (1ull << m->nr_cpus) - 1;

	strbuf_addf(out, "Name:\t%s\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		    t->comm, m->mm->current == t ? "R (running)" : "S (sleeping)", t->pid, t->pid, t->ppid);
	for (const char *const *id = (const char *const[]){"Uid", "Gid", NULL}; *id; id++) {
		strbuf_addf(out, "%s:\t%u\t%u\t%u\t%u\n", *id, t->uid, t->uid, t->uid, t->uid);
	}
	strbuf_addf(out, "FDSize:\t%u\nGroups:\t\n", m->arch->bits);
	if (t->mm)
		vm_lines(m, t->mm, out);
	strbuf_addf(out, "Threads:\t1\nSigQ:\t0/%llu\n", (ull)rlimit(t, RLIMIT_SIGPENDING));
	for (const char *const *sig = (const char *const[]){"SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", NULL};
	     *sig; sig++)
		strbuf_addf(out, "%s:\t0000000000000000\n", *sig);
	strbuf_addf(out, "CapInh:\t0000000000000000\nCapPrm:\t%s\nCapEff:\t%s\nCapBnd:\t0000003fffffffff\nCapAmb:\t0000000000000000\n",
		    caps, caps);
	/* the emulated PC's 64-bit CPU is of a family that does not have the bug */
	strbuf_addf(out, "\nSpeculation_Store_Bypass:\t%svulnerable\nCpus_allowed:\t%llx\nCpus_allowed_list:\t",
		    m->arch->bits == 64 ? "not " : "", (ull)cpus);
	bitlist_format(cpus, out);
	strbuf_adds(out, "\nvoluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n");
}

/* 52 fields; what is not modelled is 0. */
static void stat_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	const struct mm_struct *mm = t->mm;

	strbuf_addf(out, "%d (%s) %c %d %d %d 0 -1 4194304 %lu 0 %lu 0 0 0 0 0 20 0 1 0 0 %llu %llu ", t->pid,
		    t->comm, m->mm->current == t ? 'R' : 'S', t->ppid, t->pid, t->pid, t->min_flt, t->maj_flt,
		    mm ? (ull)mm->total_vm << PAGE_SHIFT : 0ull, mm ? (ull)get_mm_rss(mm) : 0ull);
	strbuf_addf(out, "%llu %llu %llu %llu %llu 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 %llu %llu %llu %llu %llu %llu %llu 0\n",
		    m->arch->bits == 32 ? 0xffffffffull : ~0ull, mm ? (ull)mm->start_code : 0ull,
		    mm ? (ull)mm->end_code : 0ull, mm ? (ull)mm->start_stack : 0ull, (ull)t->sp,
		    mm ? (ull)mm->start_data : 0ull, mm ? (ull)mm->end_data : 0ull,
		    mm ? (ull)mm->start_brk : 0ull, mm ? (ull)mm->arg_start : 0ull,
		    mm ? (ull)mm->arg_end : 0ull, mm ? (ull)mm->env_start : 0ull,
		    mm ? (ull)mm->env_end : 0ull);
}

/* ---- limits ---- */

static const struct {
	const char *name, *unit;
} limit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = {"Max cpu time", "seconds"},
	[RLIMIT_FSIZE] = {"Max file size", "bytes"},
	[RLIMIT_DATA] = {"Max data size", "bytes"},
	[RLIMIT_STACK] = {"Max stack size", "bytes"},
	[RLIMIT_CORE] = {"Max core file size", "bytes"},
	[RLIMIT_RSS] = {"Max resident set", "bytes"},
	[RLIMIT_NPROC] = {"Max processes", "processes"},
	[RLIMIT_NOFILE] = {"Max open files", "files"},
	[RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
	[RLIMIT_AS] = {"Max address space", "bytes"},
	[RLIMIT_LOCKS] = {"Max file locks", "locks"},
	[RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
	[RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
	[RLIMIT_NICE] = {"Max nice priority", NULL},
	[RLIMIT_RTPRIO] = {"Max realtime priority", NULL},
	[RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
};

static void put_limit(struct strbuf *out, uint64_t v)
{
	if (v == RLIM_INFINITY)
		strbuf_addf(out, "%-20s ", "unlimited");
	else
		strbuf_addf(out, "%-20llu ", (ull)v);
}

static void limits_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	(void)m;
	strbuf_addf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		strbuf_addf(out, "%-25s ", limit_names[i].name);
		put_limit(out, t->rlim[i].cur);
		put_limit(out, t->rlim[i].max);
		if (limit_names[i].unit)
			strbuf_addf(out, "%-10s", limit_names[i].unit);
		strbuf_addc(out, '\n');
	}
}

/* ---- out of memory ---- */

/* Thousandths of all memory that the task has; root's pages count for 3 % less. */
static unsigned long oom_badness(const struct machine *m, const struct task_struct *t)
{
	long total = (long)m->totalram_pages, points;

	if (!t->mm || t->pid == 1 || t->oom_score_adj == -1000)
		return 0;
	points = (long)(get_mm_rss(t->mm) + t->mm->nr_ptes + t->mm->nr_pmds) + t->mm->rss_stat[MM_SWAPENTS];
	if (capable(t))
		points -= points * 3 / 100;
	points += t->oom_score_adj * (total / 1000);
	return points > 0 ? (unsigned long)points : 1;
}

static void oom_score_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	strbuf_addf(out, "%lu\n", oom_badness(m, t) * 1000 / m->totalram_pages);
}

static void oom_score_adj_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	(void)m;
	strbuf_addf(out, "%d\n", t->oom_score_adj);
}

static int oom_score_adj_write(struct machine *m, struct task_struct *t, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	(void)m;
	if (end == text || *end || n < -1000 || n > 1000)
		return -EINVAL;
	t->oom_score_adj = (int)n;
	return 0;
}

static int clear_refs_write(struct machine *m, struct task_struct *t, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < CLEAR_REFS_ALL || n > CLEAR_REFS_MM_HIWATER_RSS)
		return -EINVAL;
	task_clear_refs(m, t, (enum clear_refs)n);
	return 0;
}

static void comm_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	(void)m;
	strbuf_addf(out, "%s\n", t->comm);
}

static void cmdline_task_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	(void)m;
	strbuf_add(out, t->comm, strlen(t->comm) + 1);
}

static void personality_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	(void)m;
	strbuf_addf(out, "%08x\n", t->personality);
}

/* ---- the table ---- */

const struct task_file task_files[] = {
	{.name = "clear_refs", .write = clear_refs_write},
	{.name = "cmdline", .show = cmdline_task_show},
	{.name = "comm", .show = comm_show},
	{.name = "limits", .show = limits_show},
	{.name = "maps", .show = task_maps_show},
	{.name = "numa_maps", .show = task_numa_maps_show},
	{.name = "oom_score", .show = oom_score_show},
	{.name = "oom_score_adj", .show = oom_score_adj_show, .write = oom_score_adj_write},
	{.name = "pagemap", .read = task_pagemap_read},
	{.name = "personality", .show = personality_show},
	{.name = "smaps", .show = task_smaps_show},
	{.name = "stat", .show = stat_show},
	{.name = "statm", .show = statm_show},
	{.name = "status", .show = status_show},
	{.name = NULL},
};

const struct task_file *task_file_find(const char *name)
{
	for (const struct task_file *f = task_files; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

/* Rows of proc_files[]: the last part of the path names the task's file. */

static struct task_struct *task_of(const struct machine *m, const struct proc_file *f)
{
	return task_find((struct machine *)(uintptr_t)m, (int)f->n);
}

static const struct task_file *file_of(const struct proc_file *f)
{
	return task_file_find(strrchr(f->path, '/') + 1);
}

bool each_task(const struct machine *m, uint64_t *n)
{
	const struct task_struct *t;

	if (m->mm)
		LIST_FOREACH (t, &m->mm->tasks, list)
			if ((uint64_t)t->pid >= *n) {
				*n = (uint64_t)t->pid;
				return true;
			}
	return false;
}

void task_file_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	file_of(f)->show(m, task_of(m, f), out);
}

int task_file_write(struct machine *m, const struct proc_file *f, const char *text)
{
	return file_of(f)->write(m, task_of(m, f), text);
}

size_t task_file_read(const struct machine *m, const struct proc_file *f, uint64_t off, void *buf, size_t len)
{
	return file_of(f)->read(m, task_of(m, f), off, buf, len);
}

/* ---- /proc/sys: settings of processes ---- */

struct mm_sysctl {
	size_t offset; /* of an int in struct mm_system */
	int def, min, max;
};

#define MM_SYSCTL(member, d, lo, hi)                                                     \
	const struct mm_sysctl mm_sysctl_##member = {offsetof(struct mm_system, member), d, lo, hi}

MM_SYSCTL(overcommit_memory, 0, 0, 2);
MM_SYSCTL(overcommit_ratio, 50, 0, INT_MAX);
MM_SYSCTL(max_map_count, 65530, 0, INT_MAX);
MM_SYSCTL(legacy_va_layout, 0, 0, 1);
MM_SYSCTL(randomize_va_space, 0, 0, 2);

void mm_sysctl_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	const struct mm_sysctl *ctl = f->data;

	strbuf_addf(out, "%d\n", m->mm ? *(const int *)((const char *)m->mm + ctl->offset) : ctl->def);
}

int mm_sysctl_write(struct machine *m, const struct proc_file *f, const char *text)
{
	const struct mm_sysctl *ctl = f->data;
	struct mm_system *s = mm_system(m);
	char *end;
	long n;

	if (!s)
		return -ENOMEM;
	n = strtol(text, &end, 10);
	if (end == text || *end || n < ctl->min || n > ctl->max)
		return -EINVAL;
	*(int *)((char *)s + ctl->offset) = (int)n;
	return 0;
}
