/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reports share; for src/proc only. */
#ifndef PROC_REPORT_H
#define PROC_REPORT_H

#include <mmsh/machine.h>

/* Taints, at the place where the kernel shows their letters. */
enum {
	TAINT_DIE = 7,
	TAINT_BAD_PAGE = 5,
	TAINT_WARN = 9,
	NR_TAINTS = 16
};

struct reporter {
	struct trace_listener l; /* first: the listener is the reporter */
	unsigned taint;
	uint64_t oops_id;
	/* bad pages: 60 reports, then silence for a minute */
	unsigned long bad_shown, bad_hidden;
	uint64_t bad_resume;
	/* programs that die: 10 reports in 5 seconds */
	unsigned long segv_shown, segv_hidden;
	uint64_t segv_begin;
};

void dump_stack(struct machine *m, const struct reporter *r);
/* "Not tainted", or the letters. */
const char *taint_text(const struct machine *m, const struct reporter *r, char buf[32]);
/* The kernel's flags word: the zone stands in the top bits. */
uint64_t flags_word(const struct machine *m, pfn_t pfn);
/* The address of the kernel's struct page. */
vaddr_t page_struct_addr(const struct machine *m, pfn_t pfn);

/* slab_report.c: TRACE_SLAB_REPORT */
void report_slab(struct machine *m, struct reporter *r, const struct trace_event *ev);
/* slab_debug_report.c: those of SLAB */
void report_slab_bad(struct machine *m, struct reporter *r, const struct trace_event *ev);
void report_slab_oom(struct machine *m, const struct trace_event *ev);

#endif
