/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the start of an E1 recording and its operations share. */
#ifndef IMPORT_VERIFY_MM_H
#define IMPORT_VERIFY_MM_H

#include "verify_kinds.h"
#include <mmsh/task.h>

struct replay {
	struct verify *v;
	struct machine *m;
	struct task_struct *t;
	struct file *ro, *rw;
	uint64_t n;   /* operations that the header announces; 0: it does not say */
	uint64_t ops; /* the last one's number and 1 */
	vaddr_t brk0; /* the heap's end at the start: below it are the program's own pages */
	bool ino_known;
	long own_pages; /* that the program touched by itself, in a statm but in no smaps yet */
};

/* ---- lines of maps and smaps, behind their `m ` and `s ` ---- */

struct map_line {
	uint64_t start, end, offset, ino, major, minor;
	char perm[5];
	char name[128];
};

struct smap_line {
	uint64_t start, end;
	uint64_t rss, pss, sc, sd, pc, pd, anon; /* kB */
	uint32_t flags;
};

/* Return: whether the line is one. */
bool parse_map(struct scan *s, struct map_line *l);
bool parse_smap(struct scan *s, struct smap_line *l);

/* [vdso]: others map its pages as well; how many follows from the pss. */
void set_sharers(struct replay *r, const struct vm_area_struct *v, const struct smap_line *sm);

/* The machine and the process as they were before the first operation. Returns: 0 or -EINVAL. */
int verify_mm_start(struct replay *r);

#endif
