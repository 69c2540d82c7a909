/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the machine reports after boot, in the kernel's words: failed allocations, bad pages,
 * out of memory (proc-zones.md 9-12). Registers, stack words and call traces are not modelled;
 * their heading stands alone.
 */
#include "files.h"
#include "report.h"
#include <errno.h>
#include <mmsh/gfp.h>
#include <mmsh/kmsg.h>
#include <mmsh/task.h>
#include <stdio.h>
#include <string.h>

static const char taint_letter[NR_TAINTS] = {
	[TAINT_BAD_PAGE] = 'B', [TAINT_DIE] = 'D', [TAINT_WARN] = 'W'};

/* One task does everything. */
struct proc_task proc_current(const struct machine *m)
{
	const struct task_struct *t = m->mm ? m->mm->current : NULL;

	return t ? (struct proc_task){t->comm, t->pid} : (struct proc_task){"init", 1};
}

const char *taint_text(const struct machine *m, const struct reporter *r, char buf[32])
{
	unsigned taint = r->taint;
	int n;

	if (m->slab && m->slab->tainted)
		taint |= 1u << TAINT_BAD_PAGE;
	if (!taint)
		return "Not tainted";
	n = sprintf(buf, "Tainted: G");
	for (int i = 1; i < NR_TAINTS; i++)
		buf[n++] = taint >> i & 1 ? taint_letter[i] : ' ';
	buf[n] = '\0';
	return buf;
}

void dump_stack(struct machine *m, const struct reporter *r)
{
	struct proc_task t = proc_current(m);
	char buf[32];

	printk(m, "CPU: %u PID: %d Comm: %.20s %s %s %s", m->cpu, t.pid, t.comm,
	       taint_text(m, r, buf), UTS_RELEASE, UTS_VERSION);
	printk(m, "Call Trace:");
}

static void print_mem_info(struct machine *m)
{
	struct strbuf mem = STRBUF_INIT;

	show_mem(m, &mem);
	printk(m, "%s", strbuf_str(&mem));
	strbuf_free(&mem);
}

static void print_suppressed(struct machine *m, uint64_t n)
{
	if (n)
		printk(m, "warn_alloc_failed: %u callbacks suppressed", (unsigned)n);
}

static void print_failure(struct machine *m, struct reporter *r, unsigned order, gfp_t gfp)
{
	printk(m, "%s: page allocation failure: order:%u, mode:0x%x", proc_current(m).comm, order,
	       gfp);
	dump_stack(m, r);
	print_mem_info(m);
}

static void report_failure(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	print_suppressed(m, (uint64_t)ev->b);
	print_failure(m, r, ev->order, (gfp_t)ev->a);
}

/* The first words of a failed vmalloc: there are no addresses left. */
static void report_vmap_full(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	(void)r;
	printk(m, "vmap allocation for size %llu failed: use vmalloc=<size> to increase size.",
	       (unsigned long long)ev->a);
}

static void report_vmalloc(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	print_suppressed(m, (uint64_t)ev->d);
	if (ev->b < 0)
		printk(m, "vmalloc: allocation failure: %llu bytes", (unsigned long long)ev->a);
	else
		printk(m, "vmalloc: allocation failure, allocated %lld of %lld bytes",
		       (long long)ev->b, (long long)ev->a);
	print_failure(m, r, 0, (gfp_t)ev->c);
}

/* An order that no list has: a caller's bug, warned of once. */
static void report_order(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	(void)ev;
	printk(m, "------------[ cut here ]------------");
	printk(m,
	       "WARNING: CPU: %u PID: %d at mm/page_alloc.c:3057 "
	       "__alloc_pages_nodemask+0x8fb/0x980()",
	       m->cpu, proc_current(m).pid);
	dump_stack(m, r);
	printk(m, "---[ end trace %016llx ]---", (unsigned long long)r->oops_id++);
	r->taint |= 1u << TAINT_WARN;
}

static const struct {
	const char *text;
	uint32_t flags; /* those that would be bad */
} bad_reason[] = {
	[BAD_MAPCOUNT] = {"nonzero mapcount", 0},
	[BAD_MAPPING] = {"non-NULL mapping", 0},
	[BAD_COUNT] = {"nonzero _count", 0},
	[BAD_FLAGS_AT_FREE] = {"PAGE_FLAGS_CHECK_AT_FREE flag(s) set", PAGE_FLAGS_CHECK_AT_FREE},
	[BAD_FLAGS_AT_PREP] = {"PAGE_FLAGS_CHECK_AT_PREP flag set", (1u << NR_PAGEFLAGS) - 1},
};

static void dump_flags(struct machine *m, uint64_t flags)
{
	static const char *const name[NR_PAGEFLAGS] = {
		"locked",     "error",	     "referenced",   "uptodate",  "dirty",	  "lru",
		"active",     "slab",	     "owner_priv_1", "arch_1",	  "reserved",	  "private",
		"private_2",  "writeback",   "head",	     "swapcache", "mappedtodisk", "reclaim",
		"swapbacked", "unevictable", "mlocked",
	};
	struct strbuf s = STRBUF_INIT;

	for (int i = 0; i < NR_PAGEFLAGS; i++)
		if (flags >> i & 1)
			strbuf_addf(&s, "%s%s", s.len ? "|" : "", name[i]);
	printk(m, "flags: 0x%llx(%s)", (unsigned long long)flags, strbuf_str(&s));
	strbuf_free(&s);
}

uint64_t flags_word(const struct machine *m, pfn_t pfn)
{
	const struct zone *z = pfn_to_zone(m, pfn);
	uint64_t flags = pfn_to_page(m, pfn)->flags & ((1u << NR_PAGEFLAGS) - 1);

	return z ? flags | (uint64_t)z->idx << (m->arch->bits - 2) : flags;
}

vaddr_t page_struct_addr(const struct machine *m, pfn_t pfn)
{
	return m->layout.page_offset + m->boot.mem_map + (uint64_t)pfn * m->arch->struct_page_size;
}

static void dump_page(struct machine *m, pfn_t pfn, enum bad_page_reason reason)
{
	const struct page *page = pfn_to_page(m, pfn);
	int width = m->arch->bits / 4;
	uint64_t addr = page_struct_addr(m, pfn);
	uint64_t flags = flags_word(m, pfn), bad = flags & bad_reason[reason].flags;
	uint32_t index = page->flags & PG(tail) ? 0 : page->index;

	printk(m, "page:%0*llx count:%d mapcount:%d mapping:%*s index:0x%x", width,
	       (unsigned long long)addr, page->_refcount, page->mapcount, width, "(null)", index);
	dump_flags(m, flags);
	printk(m, "page dumped because: %s", bad_reason[reason].text);
	if (bad) {
		printk(m, "bad because of flags:");
		dump_flags(m, bad);
	}
}

static void report_bad_page(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	if (r->bad_shown == 60) {
		if (m->jiffies < r->bad_resume) {
			r->bad_hidden++;
			return;
		}
		if (r->bad_hidden)
			printk(m, "BUG: Bad page state: %lu messages suppressed", r->bad_hidden);
		r->bad_hidden = 0;
		r->bad_shown = 0;
	}
	if (!r->bad_shown++)
		r->bad_resume = m->jiffies + 60 * HZ;
	printk(m, "BUG: Bad page state in process %s  pfn:%05x", proc_current(m).comm, ev->pfn);
	dump_page(m, ev->pfn, (enum bad_page_reason)ev->a);
	dump_stack(m, r);
	r->taint |= 1u << TAINT_BAD_PAGE;
}

static void report_zonelists(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	(void)r;
	(void)ev;
	print_zonelists(m);
}

static void report_offlined(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	unsigned long long start = PFN_PHYS(ev->pfn), end = PFN_PHYS(ev->pfn2);

	(void)r;
	if (ev->a)
		printk(m, "memory offlining [mem %#010llx-%#010llx] failed", start, end - 1);
	else
		printk(m, "Offlined Pages %u", ev->pfn2 - ev->pfn);
}

static void report_oom(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	printk(m, "%s invoked oom-killer: gfp_mask=0x%x, order=%d, oom_score_adj=0",
	       proc_current(m).comm, (gfp_t)ev->a, ev->order);
	dump_stack(m, r);
	print_mem_info(m);
	printk(m, "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents "
		  "oom_score_adj name");
	/* the message brings its own newline, and panic() adds one */
	printk(m, "Kernel panic - not syncing: Out of memory and no killable processes...");
	printk(m, "%s", "");
}

/* " in FILE[start+size]": the area that the program runs in. */
static void print_vma_addr(struct mm_struct *mm, vaddr_t ip, char *buf, size_t size)
{
	const struct vm_area_struct *v = mm ? vma_lookup(mm, ip) : NULL;
	const char *path = v && v->vm_file ? v->vm_file->mapping->name : NULL;

	buf[0] = '\0';
	if (path)
		snprintf(buf, size, " in %.100s[%llx+%llx]", strrchr(path, '/') ? strrchr(path, '/') + 1 : path,
			 (unsigned long long)v->vm_start, (unsigned long long)(v->vm_end - v->vm_start));
}

/* faults.md 3: ten in five seconds. */
static void report_segfault(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	const struct task_struct *t = task_find(m, (int)ev->pfn);
	int width = m->arch->bits / 4;
	char in[160];

	if (!t)
		return;
	if (!r->segv_shown || m->jiffies > r->segv_begin + 5 * HZ) {
		if (r->segv_hidden)
			printk(m, "show_signal_msg: %lu callbacks suppressed", r->segv_hidden);
		r->segv_begin = m->jiffies;
		r->segv_shown = r->segv_hidden = 0;
	}
	if (r->segv_shown == 10) {
		r->segv_hidden++;
		return;
	}
	r->segv_shown++;
	print_vma_addr(t->mm, t->ip, in, sizeof(in));
	printk(m, "%s[%d]: segfault at %llx ip %0*llx sp %0*llx error %llx%s", t->comm, t->pid,
	       (unsigned long long)ev->a, width, (unsigned long long)t->ip, width, (unsigned long long)t->sp,
	       (unsigned long long)ev->b, in);
}

static const struct {
	enum trace_id id;
	void (*report)(struct machine *m, struct reporter *r, const struct trace_event *ev);
} reports[] = {
	{TRACE_WARN_ALLOC_FAILED, report_failure},
	{TRACE_WARN_ORDER, report_order},
	{TRACE_BAD_PAGE, report_bad_page},
	{TRACE_ZONELISTS, report_zonelists},
	{TRACE_OFFLINED, report_offlined},
	{TRACE_OOM, report_oom},
	{TRACE_SEGFAULT, report_segfault},
	{TRACE_VMAP_FULL, report_vmap_full},
	{TRACE_VMALLOC_FAILED, report_vmalloc},
	{TRACE_SLAB_REPORT, report_slab},
};

static void report_event(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	struct reporter *r = (struct reporter *)l;

	for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
		if (reports[i].id == ev->id)
			reports[i].report(m, r, ev);
}

int kmsg_attach(struct machine *m)
{
	struct reporter *r = arena_alloc(&m->arena, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->l.event = report_event;
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
		r->l.mask |= TRACE_BIT(reports[i].id);
	r->oops_id = m->params.seed + 1;
	trace_attach(m, &r->l);
	return 0;
}
