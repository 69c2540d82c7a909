/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files around page_alloc.c share, for src/mm only. */
#ifndef MM_PAGE_ALLOC_H
#define MM_PAGE_ALLOC_H

#include <mmsh/page_alloc.h>

/* One request on its way through the zones. */
struct alloc_context {
	const struct zoneref *start; /* the preferred zone's entry */
	struct zone *preferred;
	int high_zoneidx, classzone_idx, migratetype;
	uint64_t nodes; /* a bit a node that may serve it */
	bool spread_dirty;
};

#define for_each_zone_of(ac, ref)                                                        \
	for (const struct zoneref *ref = (ac)->start; ref->zone; ref++)                  \
		if (ref->idx <= (ac)->high_zoneidx && ((ac)->nodes >> ref->zone->nid & 1))

/* buddy.md 5. Returns: the block's first PFN, or PFN_NONE. */
pfn_t get_page_from_freelist(struct machine *m, gfp_t gfp, unsigned order, int alloc_flags,
			     const struct alloc_context *ac);
/* buddy.md 12: what happens when the first attempt got nothing. */
pfn_t alloc_pages_slowpath(struct machine *m, gfp_t gfp, unsigned order, struct alloc_context *ac);

/* Whether a failure may be reported now, and how many were not since the last one. */
bool warn_ratelimit(struct machine *m, unsigned *suppressed);

/* buddy.md 8.2: may a free block of @order be taken over for type @mt? */
bool can_steal_fallback(const struct machine *m, unsigned order, int mt);
/* The types that @mt falls back to, in order. */
extern const int8_t fallbacks[MIGRATE_PCPTYPES][2];
/* Empty one CPU's stock of one zone. */
void drain_zone_pages(struct machine *m, struct zone *z, struct per_cpu_pageset *ps);
/* buddy.md 8: a block of @order from the lists of another type than @mt. Returns: its PFN, or
   PFN_NONE. */
pfn_t __rmqueue_fallback(struct machine *m, struct zone *z, unsigned order, int mt);
/* Keep the pageblock of @pfn for high-order atomic requests; give one back (buddy.md 10). */
void reserve_highatomic_pageblock(struct machine *m, struct zone *z, pfn_t pfn);
void unreserve_highatomic_pageblock(struct machine *m, const struct alloc_context *ac);

/* The request as it comes from @nid's zonelist, on @nodes only (buddy.md 4). */
int64_t __alloc_pages_nodemask(struct machine *m, int nid, gfp_t gfp, unsigned order, uint64_t nodes);
#define ALL_NODES UINT64_MAX
/* mempolicy.c: by the current task's policy (buddy.md 15). Returns: the PFN or a negative errno. */
int64_t alloc_pages_policy(struct machine *m, gfp_t gfp, unsigned order);

/* vmscan.c */
/* zone_reclaim_mode (buddy.md 5.4). Returns: whether it ran, so that the mark may be met now. */
bool zone_reclaim(struct machine *m, struct zone *z, gfp_t gfp, unsigned order);
void wakeup_kswapd(struct machine *m, struct zone *z, unsigned order, int classzone_idx);
unsigned long try_to_free_pages(struct machine *m, gfp_t gfp, unsigned order,
				const struct alloc_context *ac);
void kswapd_tick(struct machine *m);

#endif
