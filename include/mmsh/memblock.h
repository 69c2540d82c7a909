/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory before the page allocator: what there is and what is taken (boot.md 5). */
#ifndef MMSH_MEMBLOCK_H
#define MMSH_MEMBLOCK_H

#include <mmsh/types.h>

struct memblock_region {
	phys_t base;
	uint64_t size;
	uint32_t flags;
	int nid; /* MAX_NUMNODES: no node */
};

struct memblock_type {
	unsigned cnt, max;
	uint64_t total_size; /* as the kernel counts: not reduced when partial pages are trimmed */
	struct memblock_region *regions; /* sorted, disjoint */
};

struct memblock {
	struct memblock_type memory, reserved;
	phys_t current_limit;
	int no_node; /* the pseudo node of reserved regions (MAX_NUMNODES of that kernel) */
};

/* All return 0 or -ENOMEM. Existing regions win where @add overlaps them. */
int memblock_add(struct memblock *mb, phys_t base, uint64_t size, int nid);
int memblock_reserve(struct memblock *mb, phys_t base, uint64_t size);
int memblock_free(struct memblock *mb, phys_t base, uint64_t size);
/* memory that is gone */
int memblock_remove(struct memblock *mb, phys_t base, uint64_t size);
/* Appends a region as a recording gives it, without merging. */
int memblock_append(struct memblock_type *t, phys_t base, uint64_t size, int nid, uint32_t flags);
/* Makes every memory region whole pages. */
void memblock_trim(struct memblock *mb);
int memblock_set_node(struct memblock *mb, phys_t base, uint64_t size, int nid);
void memblock_destroy(struct memblock *mb);

/*
 * memblock_find - the highest free range of @size bytes within [start, end)
 * Returns: its base, 0 if there is none.
 */
phys_t memblock_find(const struct memblock *mb, uint64_t size, uint64_t align, phys_t start, phys_t end);
/* memblock_find() below current_limit, and reserve it. Returns: the base, or 0. */
phys_t memblock_alloc(struct memblock *mb, uint64_t size, uint64_t align);

/*
 * Walk the free ranges (memory less reserved), ascending:
 *	struct memblock_iter it = {0};
 *	while (memblock_next_free(mb, &it)) use(it.start, it.end, it.nid);
 */
struct memblock_iter {
	unsigned mem, res;
	phys_t start, end;
	int nid;
};
bool memblock_next_free(const struct memblock *mb, struct memblock_iter *it);

/* Pages of memory inside [start, end). */
uint64_t memblock_pages(const struct memblock *mb, uint64_t start_pfn, uint64_t end_pfn, int nid);
bool memblock_is_memory(const struct memblock *mb, phys_t addr);
/* The node of the memory at @addr; -1 where there is none. */
int memblock_node(const struct memblock *mb, phys_t addr);
bool memblock_is_reserved(const struct memblock *mb, phys_t addr);
/* Whether any byte of [base, base + size) is. */
bool memblock_is_region_reserved(const struct memblock *mb, phys_t base, uint64_t size);

#endif
