/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nodes and zones (boot.md 6-8, 11, 12; buddy.md 6).
 *
 *   node       memory at one distance from the CPUs; has up to MAX_NR_ZONES zones
 *   zone       a range of page frames with one use: DMA, Normal, HighMem ...
 *   spanned    pages from the zone's first to its last, holes included
 *   present    spanned less holes
 *   managed    present less what boot kept: the pages the buddy system owns
 *   pageblock  2^pageblock_order pages that share a migratetype
 *   watermark  free pages below which an allocation takes the harder way
 *   pageset    one CPU's stock of order-0 pages of one zone (pcp lists)
 *   zonelist   the zones that a node's requests try, best first
 */
#ifndef MMSH_MMZONE_H
#define MMSH_MMZONE_H

#include <mmsh/mm_types.h>
#include <mmsh/vmstat.h>

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES, /* the number of types on the pcp lists */
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,
	MIGRATE_ISOLATE, /* only in kernels built with memory isolation */
	MIGRATE_TYPES
};
extern const char *const migratetype_names[MIGRATE_TYPES];

/* Zone flags (zone.flags), numbered as the kernel numbers them. */
enum zone_flags {
	ZONE_RECLAIM_LOCKED,
	ZONE_OOM_LOCKED,
	ZONE_CONGESTED,
	ZONE_DIRTY,
	ZONE_WRITEBACK,
	ZONE_FAIR_DEPLETED,
};

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

struct free_area {
	struct page_list free_list[MIGRATE_TYPES];
	unsigned long nr_free; /* blocks of this order, all types together */
};

struct per_cpu_pageset {
	int count; /* pages on the lists */
	int high;  /* a free that reaches it gives `batch` pages back */
	int batch;
	struct page_list lists[MIGRATE_PCPTYPES];
	int8_t stat_threshold;
	int8_t vm_stat_diff[NR_VM_ZONE_STAT_ITEMS];
};

enum lru_list { LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, LRU_UNEVICTABLE,
		NR_LRU_LISTS };

struct zone {
	/* What every allocation reads. */
	long watermark[NR_WMARK];
	long nr_reserved_highatomic;
	long lowmem_reserve[MAX_NR_ZONES];
	unsigned long flags;
	struct per_cpu_pageset *pageset; /* [nr_cpus] */
	uint8_t *pageblock;		 /* see pageblock_of() */
	pfn_t start_pfn;
	uint16_t id;	  /* node * MAX_NR_ZONES + idx */
	uint8_t idx, nid; /* zone index, node id */
	uint16_t free_mask[MIGRATE_TYPES]; /* orders whose list of that type is not empty */
	long vm_stat[NR_VM_ZONE_STAT_ITEMS];
	struct free_area free_area[MAX_ORDER];

	/* What boot and /proc read. */
	const char *name;
	bool highmem; /* not in the direct map */
	unsigned long spanned_pages, present_pages, managed_pages;
	unsigned long percpu_drift_mark;
	unsigned long dirty_balance_reserve;
	unsigned long inactive_ratio;
	unsigned long min_unmapped_pages, min_slab_pages;
	unsigned long boot_managed; /* the estimate of boot.md 7.3 */
	unsigned long memmap_pages;
	pfn_t pageblock_base; /* number of the pageblock that entry 0 describes */
	unsigned long nr_isolate_pageblock;
	unsigned long foreign_pages; /* managed pages in use since before a loaded state */

	/* LRU lists and compaction (buddy.md 13.4). */
	struct page_list lru[NR_LRU_LISTS];
	pfn_t compact_cached_migrate_pfn[2]; /* [async, sync] */
	pfn_t compact_cached_free_pfn;
	unsigned compact_considered, compact_defer_shift;
	int compact_order_failed;
	bool compact_blockskip_flush;
};

static inline pfn_t zone_end_pfn(const struct zone *z)
{
	return z->start_pfn + z->spanned_pages;
}

static inline bool zone_spans_pfn(const struct zone *z, pfn_t pfn)
{
	return pfn - z->start_pfn < z->spanned_pages;
}

static inline bool populated_zone(const struct zone *z)
{
	return z->present_pages != 0;
}

/* Pageblock entries: the migratetype, and compaction's skip bit. */
#define PB_TYPE_MASK 0x07
#define PB_SKIP 0x08

struct zoneref {
	struct zone *zone; /* NULL ends the list */
	int idx;
};

struct zonelist {
	struct zoneref ref[MAX_NUMNODES * MAX_NR_ZONES + 1];
	/* Where a walk for high_zoneidx starts: its preferred zone. */
	const struct zoneref *first[MAX_NR_ZONES];
};

/*
 * Where a request with these gfp bits (zone and mobility) goes first, worked out at boot:
 * the zones [start, end) of the preferred zone's node. Empty: only the general walk can tell.
 */
struct gfp_route {
	const struct zoneref *start, *end;
	int classzone_idx, migratetype;
};
#define GFP_ROUTE_BITS 5

enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK, MAX_ZONELISTS };

struct pglist_data {
	int id;
	pfn_t start_pfn;
	unsigned long spanned_pages, present_pages;
	struct zone zone[MAX_NR_ZONES];
	struct zonelist zonelist[MAX_ZONELISTS];
	struct gfp_route route[1 << GFP_ROUTE_BITS]; /* without NUMA */
	struct gfp_route numa_route[1 << GFP_ROUTE_BITS]; /* with it; the others are empty */
	/* kswapd: what it was woken for (buddy.md 13.2) */
	int kswapd_max_order;
	int kswapd_classzone_idx;
	bool kswapd_awake;
};

#endif
