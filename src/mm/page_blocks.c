/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pageblocks and their types (buddy.md 8, 10): a request whose own lists are empty takes from
 * those of another type, and may take over the pageblock; the reserve of high-order atomic
 * requests; blocks taken out for compaction.
 */
#include "free_area.h"
#include "page_alloc.h"
#include "vmstat.h"

const int8_t fallbacks[MIGRATE_PCPTYPES][2] = {
	[MIGRATE_UNMOVABLE] = {MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE},
	[MIGRATE_MOVABLE] = {MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE},
	[MIGRATE_RECLAIMABLE] = {MIGRATE_UNMOVABLE, MIGRATE_MOVABLE},
};

void set_pageblock_migratetype(struct machine *m, struct zone *z, pfn_t pfn, int mt)
{
	uint8_t *pb = pageblock_of(m, z, pfn);

	if (m->page_group_by_mobility_disabled && mt < MIGRATE_PCPTYPES)
		mt = MIGRATE_UNMOVABLE;
	*pb = (uint8_t)((*pb & ~PB_TYPE_MASK) | mt);
}

unsigned move_freepages_block(struct machine *m, struct zone *z, pfn_t pfn, int mt)
{
	pfn_t pages = 1u << m->pageblock_order;
	pfn_t start = pfn & ~(pages - 1), end = start + pages;
	unsigned moved = 0;

	if (!zone_spans_pfn(z, start))
		start = pfn;
	if (!zone_spans_pfn(z, end - 1))
		return 0;
	for (pfn_t x = start; x < end;) {
		int order = free_block_order(m, x);

		if (order < 0) {
			x++;
			continue;
		}
		del_from_free_list(m, z, x, (unsigned)order, free_block_type(m, x, (unsigned)order));
		set_page_order(m, z, x, (unsigned)order, mt);
		add_to_free_list(m, z, x, (unsigned)order, mt, false);
		moved += 1u << order;
		x += 1u << order;
	}
	return moved;
}

bool can_steal_fallback(const struct machine *m, unsigned order, int mt)
{
	return order >= m->pageblock_order / 2 || mt == MIGRATE_RECLAIMABLE ||
	       mt == MIGRATE_UNMOVABLE || m->page_group_by_mobility_disabled;
}

/* buddy.md 8.3: claim the pageblocks, or as much of one as is free. */
static void steal_suitable_fallback(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				    int mt, int from)
{
	unsigned moved = 0;
	bool claimed = true;

	if (order >= m->pageblock_order) {
		for (pfn_t x = pfn; x < pfn + (1u << order); x += 1u << m->pageblock_order)
			set_pageblock_migratetype(m, z, x, mt);
	} else {
		moved = move_freepages_block(m, z, pfn, mt);
		claimed = moved >= 1u << (m->pageblock_order - 1) ||
			  m->page_group_by_mobility_disabled;
		if (claimed)
			set_pageblock_migratetype(m, z, pfn, mt);
	}
	trace(m, TRACE_STEAL, .zone = z->id, .pfn = pfn, .order = (uint8_t)order, .mt = (int8_t)mt,
	      .mt2 = (int8_t)from, .a = moved, .b = claimed);
}

pfn_t __rmqueue_fallback(struct machine *m, struct zone *z, unsigned order, int mt)
{
	for (unsigned from = MAX_ORDER; from-- > order;) {
		for (unsigned i = 0; i < ARRAY_SIZE(fallbacks[0]); i++) {
			int type = fallbacks[mt][i];
			pfn_t pfn = z->free_area[from].free_list[type].head;

			if (!(z->free_mask[type] >> from & 1))
				continue;
			if (can_steal_fallback(m, from, mt))
				steal_suitable_fallback(m, z, pfn, from, mt, type);
			take_free_block(m, z, pfn, from, free_block_type(m, pfn, from));
			trace(m, TRACE_TAKE, .zone = z->id, .pfn = pfn, .order = (uint8_t)from,
			      .mt = (int8_t)type);
			expand(m, z, pfn, order, from, mt);
			pfn_to_page(m, pfn)->index = (uint32_t)mt;
			trace(m, TRACE_MM_PAGE_ALLOC_EXTFRAG, .zone = z->id, .pfn = pfn,
			      .order = (uint8_t)order, .mt = (int8_t)mt, .mt2 = (int8_t)type,
			      .a = from, .b = get_pageblock_migratetype(m, z, pfn) == mt);
			return pfn;
		}
	}
	return PFN_NONE;
}

/* buddy.md 10: after a high-order atomic request had to try harder. */
void reserve_highatomic_pageblock(struct machine *m, struct zone *z, pfn_t pfn)
{
	long pages = 1l << m->pageblock_order;
	int mt = get_pageblock_migratetype(m, z, pfn);

	if (z->nr_reserved_highatomic >= (long)(z->managed_pages / 100) + pages)
		return;
	if (mt == MIGRATE_HIGHATOMIC || mt == MIGRATE_ISOLATE)
		return;
	z->nr_reserved_highatomic += pages;
	set_pageblock_migratetype(m, z, pfn, MIGRATE_HIGHATOMIC);
	move_freepages_block(m, z, pfn, MIGRATE_HIGHATOMIC);
	trace(m, TRACE_HIGHATOMIC, .zone = z->id, .pfn = pfn, .a = 1, .b = z->nr_reserved_highatomic);
}

void unreserve_highatomic_pageblock(struct machine *m, const struct alloc_context *ac)
{
	long pages = 1l << m->pageblock_order;

	for_each_zone_of(ac, ref) {
		struct zone *z = ref->zone;
		unsigned order;
		pfn_t pfn;

		if (z->nr_reserved_highatomic <= pages || !z->free_mask[MIGRATE_HIGHATOMIC])
			continue;
		order = (unsigned)__builtin_ctz(z->free_mask[MIGRATE_HIGHATOMIC]);
		pfn = z->free_area[order].free_list[MIGRATE_HIGHATOMIC].head;
		if (get_pageblock_migratetype(m, z, pfn) == MIGRATE_HIGHATOMIC)
			z->nr_reserved_highatomic -= min_of(pages, z->nr_reserved_highatomic);
		set_pageblock_migratetype(m, z, pfn, ac->migratetype);
		move_freepages_block(m, z, pfn, ac->migratetype);
		trace(m, TRACE_HIGHATOMIC, .zone = z->id, .pfn = pfn, .a = 0,
		      .b = z->nr_reserved_highatomic);
		return;
	}
}

unsigned __isolate_free_page(struct machine *m, struct zone *z, pfn_t pfn, unsigned order)
{
	int mt = get_pageblock_migratetype(m, z, pfn);

	if (mt != MIGRATE_ISOLATE) {
		if (!zone_watermark_ok(m, z, 0, z->watermark[WMARK_LOW] + (1l << order), 0, 0))
			return 0;
		__mod_zone_page_state(m, z, NR_FREE_PAGES, -(1l << order));
	}
	take_free_block(m, z, pfn, order, free_block_type(m, pfn, order));
	claim_block(m, z, pfn, order);
	if (order >= m->pageblock_order - 1) {
		for (pfn_t x = pfn; x < pfn + (1u << order); x += 1u << m->pageblock_order)
			if (get_pageblock_migratetype(m, z, x) != MIGRATE_ISOLATE)
				set_pageblock_migratetype(m, z, x, MIGRATE_MOVABLE);
	}
	return 1u << order;
}
