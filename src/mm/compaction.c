/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory compaction (buddy.md 13.4). Two scanners walk towards each other: one from the
 * bottom of the zone collects movable pages, one from the top collects free ones; the
 * former move into the latter, and free blocks grow at the bottom.
 */
#include "migrate.h"
#include "page_alloc.h"
#include "page_list.h"
#include "vmstat.h"
#include <mmsh/compaction.h>

#define COMPACT_CLUSTER_MAX 32
#define COMPACT_MAX_DEFER_SHIFT 6

struct compact_control {
	struct zone *zone;
	int order; /* -1: the whole zone */
	int migratetype, alloc_flags, classzone_idx;
	enum migrate_mode mode;
	bool ignore_skip_hint;
	pfn_t migrate_pfn, free_pfn;
	pfn_t last_migrated_pfn;
	struct page_list migratepages, freepages;
	unsigned nr_migratepages, nr_freepages;
	unsigned long migrated;
};

/* ---- indices ---- */

static void fill_contig_page_info(const struct zone *z, unsigned order, unsigned long *blocks,
				  unsigned long *pages, unsigned long *suitable)
{
	*blocks = *pages = *suitable = 0;
	for (unsigned o = 0; o < MAX_ORDER; o++) {
		unsigned long n = z->free_area[o].nr_free;

		*blocks += n;
		*pages += n << o;
		if (o >= order)
			*suitable += n << (o - order);
	}
}

int fragmentation_index(const struct zone *z, unsigned order)
{
	unsigned long blocks, pages, suitable;

	fill_contig_page_info(z, order, &blocks, &pages, &suitable);
	if (!blocks)
		return 0;
	if (suitable)
		return -1000;
	return 1000 - (int)((1000 + pages * 1000 / (1ul << order)) / blocks);
}

int unusable_free_index(const struct zone *z, unsigned order)
{
	unsigned long blocks, pages, suitable;

	fill_contig_page_info(z, order, &blocks, &pages, &suitable);
	if (!pages)
		return 1000;
	return (int)((pages - (suitable << order)) * 1000 / pages);
}

enum compact_result compaction_suitable(const struct machine *m, const struct zone *z, int order,
					int alloc_flags, int classzone_idx)
{
	long low = z->watermark[WMARK_LOW];
	int index;

	if (order < 0)
		return COMPACT_CONTINUE;
	if (zone_watermark_ok(m, z, (unsigned)order, low, classzone_idx, alloc_flags))
		return COMPACT_PARTIAL;
	if (!zone_watermark_ok(m, z, 0, low + (2l << order), classzone_idx, alloc_flags))
		return COMPACT_SKIPPED;
	index = fragmentation_index(z, (unsigned)order);
	if (index >= 0 && index <= m->extfrag_threshold)
		return COMPACT_SKIPPED;
	return COMPACT_CONTINUE;
}

/* ---- deferral: after failures, only every 2^shift-th call tries ---- */

static void defer_compaction(struct zone *z, int order)
{
	z->compact_considered = 0;
	z->compact_defer_shift = min_of(z->compact_defer_shift + 1, (unsigned)COMPACT_MAX_DEFER_SHIFT);
	z->compact_order_failed = min_of(z->compact_order_failed, order);
}

static bool compaction_deferred(struct zone *z, int order)
{
	unsigned limit = 1u << z->compact_defer_shift;

	if (order < z->compact_order_failed)
		return false;
	z->compact_considered = min_of(z->compact_considered + 1, limit);
	return z->compact_considered < limit;
}

void compaction_defer_reset(struct zone *z, unsigned order, bool alloc_success)
{
	if (alloc_success)
		z->compact_considered = z->compact_defer_shift = 0;
	if ((int)order >= z->compact_order_failed)
		z->compact_order_failed = (int)order + 1;
}

static bool compaction_restarting(const struct zone *z, int order)
{
	return order >= z->compact_order_failed && z->compact_defer_shift == COMPACT_MAX_DEFER_SHIFT &&
	       z->compact_considered >= 1u << z->compact_defer_shift;
}

/* ---- where the scanners stand ---- */

static pfn_t pageblock_start(const struct machine *m, pfn_t pfn)
{
	return pfn & ~((1u << m->pageblock_order) - 1);
}

static void reset_cached_positions(const struct machine *m, struct zone *z)
{
	z->compact_cached_migrate_pfn[0] = z->compact_cached_migrate_pfn[1] = z->start_pfn;
	z->compact_cached_free_pfn = pageblock_start(m, zone_end_pfn(z) - 1);
}

static void __reset_isolation_suitable(const struct machine *m, struct zone *z)
{
	uint8_t *pb = pageblock_of(m, z, z->start_pfn), *last = pageblock_of(m, z, zone_end_pfn(z) - 1);

	z->compact_blockskip_flush = false;
	for (; pb <= last; pb++)
		*pb &= (uint8_t)~PB_SKIP;
	reset_cached_positions(m, z);
}

/* A zone may span pages of another node's zone; these are not its to move. */
static bool own_pageblock(const struct machine *m, const struct compact_control *cc, pfn_t pfn)
{
	const struct zone *z = m->nr_nodes > 1 ? pfn_to_zone(m, pfn) : NULL;

	return !z || z == cc->zone;
}

void reset_isolation_suitable(struct machine *m, unsigned nid)
{
	for_each_populated_zone(m, z)
		if (z->nid == nid && z->compact_blockskip_flush)
			__reset_isolation_suitable(m, z);
}

static bool isolation_suitable(const struct machine *m, const struct compact_control *cc, pfn_t pfn)
{
	return cc->ignore_skip_hint || !(*pageblock_of(m, cc->zone, pfn) & PB_SKIP);
}

/* A pageblock scanned to its end in vain is passed over next time. */
static void update_pageblock_skip(const struct machine *m, const struct compact_control *cc, pfn_t pfn,
				  bool migrate_scanner)
{
	struct zone *z = cc->zone;

	if (cc->ignore_skip_hint)
		return;
	*pageblock_of(m, z, pfn) |= PB_SKIP;
	if (migrate_scanner) {
		z->compact_cached_migrate_pfn[0] = max_of(z->compact_cached_migrate_pfn[0], pfn);
		if (cc->mode != MIGRATE_ASYNC)
			z->compact_cached_migrate_pfn[1] =
				max_of(z->compact_cached_migrate_pfn[1], pfn);
	} else {
		z->compact_cached_free_pfn = min_of(z->compact_cached_free_pfn, pfn);
	}
}

/* ---- the migration scanner ---- */

/* Collects movable pages of [low, end). Returns: where it stopped. */
static pfn_t isolate_migratepages_block(struct machine *m, struct compact_control *cc, pfn_t low,
					pfn_t end)
{
	pfn_t start = low;
	unsigned scanned = 0, isolated = 0;

	for (; low < end; low++) {
		struct page *p = pfn_to_page(m, low);
		int order;

		scanned++;
		order = free_block_order(m, low);
		if (order < 0 && (p->flags & PG(head)))
			order = (int)block_order(p->block);
		if (order >= 0) {
			low += (1u << order) - 1;
			continue;
		}
		if (!(p->flags & PG(lru)) || ((p->flags & PG(unevictable)) && !m->compact_unevictable_allowed))
			continue;
		lru_isolate(m, low);
		page_list_add(m, &cc->migratepages, 0, low);
		isolated++;
		if (++cc->nr_migratepages == COMPACT_CLUSTER_MAX) {
			low++;
			break;
		}
	}
	low = min_of(low, end);
	if (low == end && !isolated)
		update_pageblock_skip(m, cc, start, true);
	count_vm_events(m, COMPACTMIGRATE_SCANNED, scanned);
	count_vm_events(m, COMPACTISOLATED, isolated);
	return low;
}

static bool migrate_async_suitable(int mt)
{
	return mt == MIGRATE_MOVABLE;
}

/* One pageblock's worth. Returns: whether there is something to move. */
static bool isolate_migratepages(struct machine *m, struct compact_control *cc)
{
	pfn_t pages = 1u << m->pageblock_order, low = cc->migrate_pfn;
	pfn_t end = pageblock_start(m, low) + pages;

	for (; end <= cc->free_pfn; low = end, end += pages) {
		pfn_t start = low;

		if (!own_pageblock(m, cc, low) || !isolation_suitable(m, cc, low))
			continue;
		if (cc->mode == MIGRATE_ASYNC &&
		    !migrate_async_suitable(get_pageblock_migratetype(m, cc->zone, low)))
			continue;
		low = isolate_migratepages_block(m, cc, low, end);
		if (cc->nr_migratepages && !cc->last_migrated_pfn)
			cc->last_migrated_pfn = start;
		break;
	}
	cc->migrate_pfn = low;
	return cc->nr_migratepages;
}

/* ---- the free scanner ---- */

/* Takes whole free blocks of [*start, end) until there is room for what is to be moved. */
static void isolate_freepages_block(struct machine *m, struct compact_control *cc, pfn_t *start,
				    pfn_t end)
{
	pfn_t pfn = *start, first = *start;
	unsigned total = 0, scanned = 0;

	for (; pfn < end; pfn++) {
		int order = free_block_order(m, pfn);
		unsigned n;

		scanned++;
		if (order < 0)
			continue;
		n = __isolate_free_page(m, cc->zone, pfn, (unsigned)order);
		if (!n)
			break;
		split_page(m, pfn, (unsigned)order);
		for (pfn_t i = 0; i < n; i++)
			page_list_add(m, &cc->freepages, 0, pfn + i);
		total += n;
		cc->nr_freepages += n;
		if (cc->nr_freepages >= cc->nr_migratepages) {
			pfn += n;
			break;
		}
		pfn += n - 1;
	}
	*start = min_of(pfn, end);
	if (*start == end && !total)
		update_pageblock_skip(m, cc, first, false);
	count_vm_events(m, COMPACTFREE_SCANNED, scanned);
	count_vm_events(m, COMPACTISOLATED, total);
}

static bool suitable_migration_target(const struct machine *m, const struct zone *z, pfn_t pfn)
{
	return free_block_order(m, pfn) < (int)m->pageblock_order &&
	       migrate_async_suitable(get_pageblock_migratetype(m, z, pfn));
}

static void isolate_freepages(struct machine *m, struct compact_control *cc)
{
	int64_t pages = 1 << m->pageblock_order, at = cc->free_pfn;
	int64_t block = pageblock_start(m, cc->free_pfn);
	int64_t end = min_of(block + pages, (int64_t)zone_end_pfn(cc->zone));
	int64_t low = ROUND_UP((int64_t)cc->migrate_pfn + 1, pages);

	for (; block >= low; end = block, block -= pages, at = block) {
		pfn_t start = (pfn_t)at;

		if (block < (int64_t)cc->zone->start_pfn ||
		    !own_pageblock(m, cc, (pfn_t)block) ||
		    !suitable_migration_target(m, cc->zone, (pfn_t)block) ||
		    !isolation_suitable(m, cc, (pfn_t)block))
			continue;
		isolate_freepages_block(m, cc, &start, (pfn_t)end);
		at = start;
		if (cc->nr_freepages >= cc->nr_migratepages) {
			if (at >= end)
				at = block - pages;
			break;
		}
		if (at < end)
			break; /* the watermark stopped it */
	}
	cc->free_pfn = (pfn_t)max_of(at, 0);
}

static pfn_t compaction_alloc(struct machine *m, struct compact_control *cc)
{
	pfn_t pfn;

	if (page_list_empty(&cc->freepages))
		isolate_freepages(m, cc);
	pfn = cc->freepages.head;
	if (pfn != PFN_NONE) {
		page_list_del(m, &cc->freepages, 0, pfn);
		cc->nr_freepages--;
	}
	return pfn;
}

/* ---- moving ---- */

/* Moves what was collected. Returns: false when the free pages ran out. */
static bool migrate_pages(struct machine *m, struct compact_control *cc)
{
	while (!page_list_empty(&cc->migratepages)) {
		pfn_t from = cc->migratepages.head, to = compaction_alloc(m, cc);

		if (to == PFN_NONE)
			return false;
		page_list_del(m, &cc->migratepages, 0, from);
		cc->nr_migratepages--;
		migrate_page(m, from, to);
		cc->migrated++;
	}
	return true;
}

static void putback_movable_pages(struct machine *m, struct compact_control *cc)
{
	while (!page_list_empty(&cc->migratepages)) {
		pfn_t pfn = cc->migratepages.head;

		page_list_del(m, &cc->migratepages, 0, pfn);
		putback_movable_page(m, pfn);
	}
	cc->nr_migratepages = 0;
}

/* Gives unused free pages back. The free scanner will come by here again. */
static void release_freepages(struct machine *m, struct compact_control *cc)
{
	pfn_t high = 0;

	if (page_list_empty(&cc->freepages))
		return;
	while (!page_list_empty(&cc->freepages)) {
		pfn_t pfn = cc->freepages.head;

		page_list_del(m, &cc->freepages, 0, pfn);
		high = max_of(high, pfn);
		__free_pages(m, pfn, 0);
	}
	cc->nr_freepages = 0;
	cc->zone->compact_cached_free_pfn =
		max_of(cc->zone->compact_cached_free_pfn, pageblock_start(m, high));
}

/* ---- one zone ---- */

/* Would the request now find a block, its own or one it may take over? */
static bool compaction_served(const struct machine *m, const struct compact_control *cc)
{
	const struct zone *z = cc->zone;

	if (!zone_watermark_ok(m, z, (unsigned)cc->order, z->watermark[WMARK_LOW], cc->classzone_idx,
			       cc->alloc_flags))
		return false;
	if (z->free_mask[cc->migratetype] >> cc->order)
		return true;
	for (unsigned o = (unsigned)cc->order; o < MAX_ORDER; o++) {
		if (!can_steal_fallback(m, o, cc->migratetype))
			continue;
		for (unsigned i = 0; i < ARRAY_SIZE(fallbacks[0]); i++)
			if (z->free_mask[fallbacks[cc->migratetype][i]] >> o & 1)
				return true;
	}
	return false;
}

static enum compact_result compact_finished(const struct machine *m, struct compact_control *cc)
{
	if (cc->free_pfn >> m->pageblock_order <= cc->migrate_pfn >> m->pageblock_order) {
		reset_cached_positions(m, cc->zone);
		cc->zone->compact_blockskip_flush = true;
		return COMPACT_COMPLETE;
	}
	if (cc->order >= 0 && compaction_served(m, cc))
		return COMPACT_PARTIAL;
	return COMPACT_CONTINUE;
}

/* Pages freed behind the migration scanner merge only once they leave the per-CPU lists. */
static void drain_behind(struct machine *m, struct compact_control *cc)
{
	struct per_cpu_pageset *ps = &cc->zone->pageset[m->cpu];

	if (cc->order <= 0 || !cc->last_migrated_pfn ||
	    cc->last_migrated_pfn >= (cc->migrate_pfn & ~((1u << cc->order) - 1)))
		return;
	drain_zone_pages(m, cc->zone, ps);
	cc->last_migrated_pfn = 0;
}

static void place_scanners(const struct machine *m, struct compact_control *cc)
{
	struct zone *z = cc->zone;
	bool sync = cc->mode != MIGRATE_ASYNC;

	cc->migrate_pfn = z->compact_cached_migrate_pfn[sync];
	cc->free_pfn = z->compact_cached_free_pfn;
	if (!zone_spans_pfn(z, cc->free_pfn))
		cc->free_pfn = z->compact_cached_free_pfn = pageblock_start(m, zone_end_pfn(z) - 1);
	if (!zone_spans_pfn(z, cc->migrate_pfn)) {
		cc->migrate_pfn = z->start_pfn;
		z->compact_cached_migrate_pfn[0] = z->compact_cached_migrate_pfn[1] = z->start_pfn;
	}
}

static enum compact_result compact_zone(struct machine *m, struct compact_control *cc)
{
	enum compact_result res = compaction_suitable(m, cc->zone, cc->order, cc->alloc_flags,
						      cc->classzone_idx);

	if (res != COMPACT_CONTINUE)
		return res;
	cc->migratepages = cc->freepages = PAGE_LIST_EMPTY;
	if (cc->order >= 0 && compaction_restarting(cc->zone, cc->order))
		__reset_isolation_suitable(m, cc->zone);
	place_scanners(m, cc);
	while ((res = compact_finished(m, cc)) == COMPACT_CONTINUE) {
		if (isolate_migratepages(m, cc) && !migrate_pages(m, cc)) {
			putback_movable_pages(m, cc);
			if (cc->free_pfn > cc->migrate_pfn) {
				res = COMPACT_PARTIAL;
				break;
			}
		}
		drain_behind(m, cc);
	}
	release_freepages(m, cc);
	trace(m, TRACE_COMPACT_ZONE, .zone = cc->zone->id,
	      .order = (uint8_t)max_of(cc->order, 0), .a = res, .b = (int64_t)cc->migrated,
	      .c = cc->mode);
	return res;
}

enum compact_result try_to_compact_pages(struct machine *m, gfp_t gfp, unsigned order,
					 int alloc_flags, const struct zoneref *start,
					 int high_zoneidx, uint64_t nodes, int classzone_idx,
					 enum migrate_mode mode)
{
	enum compact_result best = COMPACT_DEFERRED;

	if (!order || (gfp & (__GFP_FS | __GFP_IO)) != (__GFP_FS | __GFP_IO))
		return COMPACT_SKIPPED;
	for (const struct zoneref *r = start; r->zone; r++) {
		struct compact_control cc = {
			.zone = r->zone,
			.order = (int)order,
			.migratetype = gfpflags_to_migratetype(m, gfp),
			.alloc_flags = alloc_flags,
			.classzone_idx = classzone_idx,
			.mode = mode,
		};
		enum compact_result res;

		if (r->idx > high_zoneidx || !(nodes >> r->zone->nid & 1) ||
		    compaction_deferred(r->zone, (int)order))
			continue;
		res = compact_zone(m, &cc);
		best = max_of(best, res);
		if (zone_watermark_ok(m, r->zone, order, r->zone->watermark[WMARK_LOW],
				      classzone_idx, alloc_flags)) {
			compaction_defer_reset(r->zone, order, false);
			break;
		}
		if (mode != MIGRATE_ASYNC && res == COMPACT_COMPLETE)
			defer_compaction(r->zone, (int)order);
	}
	return best;
}

unsigned long compact_node(struct machine *m, unsigned nid)
{
	unsigned long migrated = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct compact_control cc = {
			.zone = &m->node[nid]->zone[i],
			.order = -1,
			.mode = MIGRATE_SYNC,
			.ignore_skip_hint = true,
		};

		if (!populated_zone(cc.zone))
			continue;
		__reset_isolation_suitable(m, cc.zone);
		compact_zone(m, &cc);
		migrated += cc.migrated;
	}
	return migrated;
}

unsigned long compact_nodes(struct machine *m)
{
	unsigned long migrated = 0;

	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		migrated += compact_node(m, nid);
	return migrated;
}
