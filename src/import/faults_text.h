/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of E9 that are no dumps: the trace, and what each program did and saw. */
#ifndef IMPORT_FAULTS_TEXT_H
#define IMPORT_FAULTS_TEXT_H

#include "scan.h"

/* ---- the trace ---- */

enum trace_kind {
	LINE_OTHER,
	LINE_PAGE, /* a page was allocated or freed */
	LINE_COLD, /* the free of .page that follows is a cold one */
	LINE_STEP, /* a program's step: the scan stands on it */
};

struct page_event {
	bool alloc, cold;
	uint32_t order, pfn, gfp; /* pfn PFN_NONE: there was none */
};

struct trace_line {
	enum trace_kind kind;
	uint32_t cpu;
	uint64_t usec; /* of the trace's clock */
	struct page_event page;
};

/* The current line. Returns: 0 or -EINVAL with @e. */
int trace_line_parse(struct scan *s, struct trace_line *t, struct mm_error *e);

/* "E9 pid=N " or "step pid=N ", which stand before the text of a step. Returns: whether they do. */
bool scan_step_pid(struct scan *s, const char *word, int *pid);

/* ---- steps ---- */

enum step_kind {
	STEP_NOTE, /* says that something is done */
	STEP_MMAP,
	STEP_REMAP, /* and touched, too */
	STEP_WRITE,
	STEP_READ,
	STEP_UNMAP,
	STEP_DONTNEED,
	STEP_FORK,
	STEP_REAPED, /* the child has gone */
	STEP_EXIT,
};

#define AREA_NAME 32

/* A step, and which pages of an area it is about. */
struct step {
	enum step_kind kind;
	char area[AREA_NAME];
	uint32_t pages;		 /* of a new area */
	uint32_t from, to, step; /* pages [from, to), each .step'th; to UINT32_MAX: to its end */
	bool descending, shuffled;
};

/* What stands behind scan_step_pid(). Returns: 0 or -EINVAL with @e. */
int step_parse(struct scan *s, struct step *st, struct mm_error *e);

/* ---- what a program saw ---- */

/* "area=NAME", or a part of one, "area=NAME.0-49". Returns: whether it is there. */
bool scan_area_name(struct scan *s, char name[AREA_NAME]);

/* "pid= area= base= pages= pfns=": the scan stands on the list. */
struct pfns_line {
	char area[AREA_NAME];
	uint64_t base;
	uint32_t pages;
};
bool scan_pfns(struct scan *s, struct pfns_line *l);

#endif
