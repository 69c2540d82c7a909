/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page faults (faults.md 3, 4) and access to user memory. */
#ifndef MMSH_FAULT_H
#define MMSH_FAULT_H

#include <mmsh/task.h>
#include <signal.h> /* SEGV_MAPERR and its kin have the numbers that Linux gives them */

#define FAULT_WRITE 1u
#define FAULT_EXEC 2u
#define FAULT_KERNEL 4u /* by the kernel on behalf of the process: no test of the stack pointer */

enum fault_path {
	FAULT_NONE,	   /* no fault: the entry allows the access */
	FAULT_ZERO_PAGE,   /* anonymous, read */
	FAULT_ANON,	   /* anonymous, write: a new page */
	FAULT_FILE_READ,
	FAULT_FILE_COW,	   /* private write to a page of a file */
	FAULT_FILE_SHARED, /* shared write */
	FAULT_WP_COPY,	   /* write to a page that others have, too */
	FAULT_WP_REUSE,	   /* write to a page that nobody else has */
	FAULT_WP_SHARED,   /* shared write to a page mapped read-only so far */
	FAULT_SPECIAL,	   /* vvar, vdso */
	FAULT_SPURIOUS,
	FAULT_BAD,
};

#define SIGBUS_NR 7
#define SIGSEGV_NR 11

struct fault_report {
	vaddr_t addr;
	enum fault_path path;
	unsigned error_code;
	int signal, code; /* 0: none */
	bool major, stack_grew, oom;
	unsigned mapped;  /* pages that fault-around mapped */
	pfn_t pfn, old_pfn; /* what is there now, what was there before; PFN_NONE */
};

/*
 * task_touch - one access of @t at @va, with the faults it takes
 *
 * Returns: 0; -EFAULT when it ends in a signal (@r says which and why); -ENOMEM.
 */
int task_touch(struct machine *m, struct task_struct *t, vaddr_t va, unsigned flags,
	       struct fault_report *r);
/* Bytes of user memory, page by page. Return: 0, or as task_touch; *@done bytes were moved. */
int task_read(struct machine *m, struct task_struct *t, vaddr_t va, void *buf, size_t len,
	      size_t *done, struct fault_report *r);
int task_write(struct machine *m, struct task_struct *t, vaddr_t va, const void *buf, size_t len,
	       size_t *done, struct fault_report *r);

/* Bytes below the stack pointer at which a program's access may still make the stack grow. */
static inline uint64_t stack_reach(const struct machine *m)
{
	return 65536 + 32 * (m->arch->bits / 8);
}

/* ---- page table entries of user addresses ---- */

struct pte_info {
	uint64_t pte;
	pfn_t pfn;     /* PFN_NONE: no page */
	bool present;  /* for the kernel: PROT_NONE entries are */
	bool none;
	bool special;  /* zero page, pfn mapping */
	bool dirty, young, write;
};
/* Returns: whether there is a table for @va at all. */
bool pte_lookup(const struct machine *m, const struct mm_struct *mm, vaddr_t va, struct pte_info *i);
/* What the page at an entry of @v is for /proc: PFN_NONE for empty, zero page, pfn mappings. */
pfn_t vm_normal_page(const struct machine *m, const struct vm_area_struct *v, const struct pte_info *i);

/* ---- whose is a page ---- */

static inline bool page_is_anon(const struct page *p)
{
	return (p->owner & PAGE_MAPPING_ANON) == PAGE_MAPPING_ANON;
}

/* In a page cache or mapped by somebody. */
static inline bool page_is_mapping(const struct page *p)
{
	return (p->owner & PAGE_MAPPING_FILE) && !(p->flags & PG(slab));
}

/* Each place that maps @pfn. Returns: false if @fn ended the walk. */
bool rmap_walk(struct machine *m, pfn_t pfn,
	       bool (*fn)(struct machine *m, struct vm_area_struct *v, vaddr_t va, phys_t pte, void *arg),
	       void *arg);
/* The page moves to @to (compaction, hotplug): entries, caches and counters follow. */
void migrate_mapping(struct machine *m, pfn_t from, pfn_t to);

/* What is forgotten about how @t used its pages: that they were, of all areas, of those without or
   with a file; of what soft-dirty marks there are, nothing; how many it had at most. */
enum clear_refs { CLEAR_REFS_ALL = 1, CLEAR_REFS_ANON, CLEAR_REFS_MAPPED, CLEAR_REFS_SOFT_DIRTY,
		  CLEAR_REFS_MM_HIWATER_RSS };
void task_clear_refs(struct machine *m, struct task_struct *t, enum clear_refs what);

#endif
