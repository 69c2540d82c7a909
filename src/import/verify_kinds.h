/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kinds of recordings share; one file verify_*.c for each. */
#ifndef IMPORT_VERIFY_KINDS_H
#define IMPORT_VERIFY_KINDS_H

#include "dump.h"
#include <mmsh/verify.h>

struct verify {
	struct dump_source d; /* .s stands after the exp line */
	struct mm_error *e;
	struct verify_result *r;
	struct machine *m;
	struct trace_buffer trace; /* what the operation at hand did */
	bool last_diverged;	   /* the last operation was found to differ */
};

enum verdict { MATCHED, GIVEN, DIVERGED };

/* Counts one result. */
void verify_count(struct verify *v, enum verdict verdict);

/* Whether a difference is the first, so that it should be told. */
static inline bool verify_first(const struct verify *v)
{
	return !v->r->report.len;
}

/*
 * verify_tell - the first difference for the report: the recorded line, what the kernel had
 * and what the model
 */
void verify_tell(struct verify *v, const struct scan *at, const char *kernel, const char *model);

/* A state found to differ from that recorded is a difference of the operation before it. */
void verify_blame_last(struct verify *v);

/* Makes the machine current: its operations are traced from now on. */
void verify_machine(struct verify *v, struct machine *m);

/* Reads const, note and similar lines up to a dump, which is loaded. Returns: the machine or
   NULL. */
struct machine *verify_load(struct verify *v, const char *stage);

/*
 * verify_lines - compare what the model has to say, @text, with the recording from the current
 * line on up to the line that begins with @last
 *
 * Each line is told to @line with its verdict if @line is not NULL. Returns: the number of
 * lines that differ; negative when there is no such line.
 */
long verify_lines(struct verify *v, const struct strbuf *text, const char *last,
		  void (*line)(struct verify *, enum verdict));

/*
 * verify_dump - compare a dump, whose first line is the current one, with the machine
 *
 * Each line is told to @line with its verdict if @line is not NULL. Returns: the number of
 * lines that differ; -EINVAL when the dump is cut off.
 */
long verify_dump(struct verify *v, const char *stage, void (*line)(struct verify *, enum verdict));

/* One operation `op=N alloc|free ...`, the current line. Returns: 0 or -EINVAL. */
struct page_op {
	unsigned long n;
	bool alloc, cold;
	uint32_t order, gfp, migratetype, pfn; /* PFN_NONE: nothing was got */
	int nid;			       /* -1: not said */
};
int parse_page_op(struct scan *s, struct page_op *op, struct mm_error *e);

/* The kinds. Each returns 0 or -EINVAL. */
int verify_boot(struct verify *v);     /* E0 */
int verify_mm(struct verify *v);       /* E1 */
int verify_buddy(struct verify *v);    /* E2 */
int verify_slab(struct verify *v);     /* E3 */
int verify_vmalloc(struct verify *v);  /* E4 */
int verify_kmap(struct verify *v);     /* E5 */
int verify_slub_debug(struct verify *v); /* E6 */
int verify_failures(struct verify *v); /* E7 */

/* E9: five files together. */
enum { FAULTS_BEFORE, FAULTS_TRACE, FAULTS_PARENT, FAULTS_CHILD, FAULTS_AFTER, FAULTS_FILES };
struct faults_text {
	struct strbuf text;
	char name[4096];
};
/* A program without a child has an empty FAULTS_CHILD. */
int verify_faults(struct verify *v, const struct faults_text text[FAULTS_FILES]);

/* E7 again: vmalloc until the addresses run out. */
int verify_vmalloc_failure(struct verify *v);

/*
 * verify_messages - the kernel's words, from the line that announces them on, against what the
 * model logged; its Mem-Info is rendered from @after if given. @silent: it says nothing.
 */
int verify_messages(struct verify *v, const struct machine *after, bool silent);


#endif
