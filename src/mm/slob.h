/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLOB's pages as those see them who write and load them (slob.md 2, 3). */
#ifndef MM_SLOB_H
#define MM_SLOB_H

#include "slab.h"

#define SLOB_UNIT 2u
#define SLOB_PAGE_UNITS ((unsigned)PAGE_SIZE / SLOB_UNIT)

enum slob_list { SLOB_SMALL, SLOB_MEDIUM, SLOB_LARGE, NR_SLOB_LISTS };

/* A free block: where it starts, how long it is, where the next one starts; in units from the
   start of the page, whose end is SLOB_PAGE_UNITS. */
struct slob_block {
	unsigned off, units, next;
};

/* First page of a list, PFN_NONE; the others follow by .lru.next. */
pfn_t slob_first_page(const struct machine *m, enum slob_list l);
/* Where a page's first free block starts, and what there is. */
unsigned slob_first(const struct machine *m, pfn_t pfn);
struct slob_block slob_read(const struct machine *m, pfn_t pfn, unsigned off);

#define for_each_free_block(m, pfn, b)                                                   \
	for (struct slob_block b = {.next = slob_first(m, pfn)};                         \
	     b.next < SLOB_PAGE_UNITS && (b = slob_read(m, pfn, b.next), true);)

/* The allocator's own, empty. Returns: 0, -ENOMEM. */
int slob_private_new(struct machine *m);
/* A page in use becomes the last of list @l, with @n free blocks, ascending (.next does not
   matter). Returns: 0; -EINVAL: there are no such blocks. */
int slob_load_page(struct machine *m, pfn_t pfn, enum slob_list l, const struct slob_block *b,
		   unsigned n);

#endif
