/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page allocator: buddy lists, per-CPU lists, watermarks (buddy.md).
 */
#ifndef MMSH_PAGE_ALLOC_H
#define MMSH_PAGE_ALLOC_H

#include <mmsh/gfp.h>
#include <mmsh/machine.h>

/* alloc_flags (buddy.md 3) */
#define ALLOC_WMARK_MASK 0x03
#define ALLOC_NO_WATERMARKS 0x04
#define ALLOC_HARDER 0x10
#define ALLOC_HIGH 0x20
#define ALLOC_CPUSET 0x40
#define ALLOC_FAIR 0x100

/*
 * alloc_pages - 2^order pages, from the current CPU's node
 * alloc_pages_node - the same from the zonelist of node @nid
 *
 * Follows buddy.md 4, 5, 12. The block's first page has refcount 1; with
 * __GFP_COMP the whole is one compound page. What __GFP_ZERO asks is done to the
 * bytes in RAM.
 *
 * Returns: the PFN of the first page (>= 0); -ENOMEM when the kernel would have
 * returned nothing or, with no memory left that anyone could free, would have
 * waited for ever or killed a task; -EINVAL when order >= MAX_ORDER without a
 * walk, or the zone bits of @gfp exclude each other.
 */
int64_t alloc_pages(struct machine *m, gfp_t gfp, unsigned order);
int64_t alloc_pages_node(struct machine *m, int nid, gfp_t gfp, unsigned order);

/*
 * __free_pages - drop one reference of the block at @pfn; the last one frees it
 * free_hot_cold_page - free one order-0 page to the per-CPU list, @cold: to its tail
 *
 * These do what the kernel does, wrong arguments included; free_pages_check()
 * tells beforehand.
 */
void __free_pages(struct machine *m, pfn_t pfn, unsigned order);
void free_hot_cold_page(struct machine *m, pfn_t pfn, bool cold);

/* Drop one reference of a page of any kind: a compound block is freed whole, a page on
   the LRU leaves it first. Tail pages stand for their head. */
void put_page(struct machine *m, pfn_t pfn);

/*
 * free_pages_check - may the block at @pfn be freed with @order?
 *
 * Returns: 0; -EINVAL with @e saying why not (outside RAM, reserved, already
 * free, a tail page and of which block, another order).
 */
int free_pages_check(const struct machine *m, uint64_t pfn, unsigned order, struct mm_error *e);

/* Make every page of an allocated block its own (buddy.md 11). */
void split_page(struct machine *m, pfn_t pfn, unsigned order);

/* Give the per-CPU lists of @cpu, of the current CPU, of all CPUs back to the buddy lists. */
void drain_pages(struct machine *m, unsigned cpu);
void drain_all_pages(struct machine *m);

/* Boot: one page that was reserved becomes free, managed and counted. */
void free_reserved_page(struct machine *m, pfn_t pfn);

/* Would taking 2^order pages leave the zone above @mark? (buddy.md 6; _safe: with all
   per-CPU differences, as kswapd asks) */
bool zone_watermark_ok(const struct machine *m, const struct zone *z, unsigned order, long mark,
		       int classzone_idx, int alloc_flags);
bool zone_watermark_ok_safe(const struct machine *m, const struct zone *z, unsigned order,
			    long mark, int classzone_idx);

/* zone index for the gfp's low bits; -1 if they exclude each other */
static inline int gfp_zone(const struct machine *m, gfp_t gfp)
{
	return m->arch->gfp_zone[gfp & GFP_ZONEMASK];
}

static inline int gfpflags_to_migratetype(const struct machine *m, gfp_t gfp)
{
	return m->page_group_by_mobility_disabled ? MIGRATE_UNMOVABLE
						  : (int)((gfp & GFP_MOVABLE_MASK) >> 3);
}

/* ---- blocks and their types ---- */

static inline uint8_t *pageblock_of(const struct machine *m, const struct zone *z, pfn_t pfn)
{
	return &z->pageblock[(pfn >> m->pageblock_order) - z->pageblock_base];
}

static inline int get_pageblock_migratetype(const struct machine *m, const struct zone *z, pfn_t pfn)
{
	return *pageblock_of(m, z, pfn) & PB_TYPE_MASK;
}

/* With mobility grouping off, types that pcp lists have are stored as UNMOVABLE. */
void set_pageblock_migratetype(struct machine *m, struct zone *z, pfn_t pfn, int mt);
/* Moves the free blocks of pfn's pageblock to @mt's lists. Returns: pages moved (buddy.md 8.4). */
unsigned move_freepages_block(struct machine *m, struct zone *z, pfn_t pfn, int mt);

/* The order of the free block that @pfn heads, or -1. */
int free_block_order(const struct machine *m, pfn_t pfn);
/* The head and order of the free buddy block that contains @pfn, or PFN_NONE. */
pfn_t free_block_containing(const struct machine *m, pfn_t pfn, unsigned *order);

/* Walk a free list: first = list head; next after @pfn. PFN_NONE ends. */
static inline pfn_t free_list_next(const struct machine *m, unsigned order, pfn_t pfn)
{
	return order == MAX_ORDER - 1 ? m->top[pfn >> (MAX_ORDER - 1)].lru.next
				      : m->mem_map[pfn].lru.next;
}

/* Take one free block off its list without an allocation (compaction), if the low mark allows.
   Returns: its pages, or 0. */
unsigned __isolate_free_page(struct machine *m, struct zone *z, pfn_t pfn, unsigned order);
/* Put a block on the buddy lists of type @mt, merging as far as it goes (buddy.md 9.5). Its
   page bears no mark (.block 0). */
void __free_one_page(struct machine *m, struct zone *z, pfn_t pfn, unsigned order, int mt);

/* For those who load a recorded state: append to the tail of a list, no merging, no counters. */
void free_list_append(struct machine *m, struct zone *z, pfn_t pfn, unsigned order, int mt);
void pcp_list_append(struct machine *m, struct zone *z, unsigned cpu, pfn_t pfn, int list, int mt);
/* Mark a block as allocated, as if alloc_pages() had returned it. */
void claim_block(struct machine *m, struct zone *z, pfn_t pfn, unsigned order);

/* The LRU: put a fresh order-0 page on a list, take it off (as a user's page). */
void lru_add(struct machine *m, pfn_t pfn, enum lru_list lru);
void lru_del(struct machine *m, pfn_t pfn);
/* Off it for a while, and back onto the same list. */
void lru_isolate(struct machine *m, pfn_t pfn);
void lru_putback(struct machine *m, pfn_t pfn);
/* In use: referenced, and the second time on the active list. */
void mark_page_accessed(struct machine *m, pfn_t pfn);

#endif
