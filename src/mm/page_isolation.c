/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pageblocks from which nothing is allocated any more (buddy.md 16). */
#include "migrate.h"
#include "vmstat.h"
#include <mmsh/page_alloc.h>

static void set_migratetype_isolate(struct machine *m, struct zone *z, pfn_t pfn)
{
	unsigned moved;

	set_pageblock_migratetype(m, z, pfn, MIGRATE_ISOLATE);
	z->nr_isolate_pageblock++;
	moved = move_freepages_block(m, z, pfn, MIGRATE_ISOLATE);
	__mod_zone_page_state(m, z, NR_FREE_PAGES, -(long)moved);
	drain_all_pages(m);
}

static void unset_migratetype_isolate(struct machine *m, struct zone *z, pfn_t pfn, int mt)
{
	int order = free_block_order(m, pfn);
	pfn_t mate = order < 0 ? pfn : pfn ^ (1u << order);
	bool merge = order >= (int)m->pageblock_order && zone_spans_pfn(z, mate) &&
		     get_pageblock_migratetype(m, z, mate) != MIGRATE_ISOLATE;

	if (get_pageblock_migratetype(m, z, pfn) != MIGRATE_ISOLATE)
		return;
	if (merge)
		__isolate_free_page(m, z, pfn, (unsigned)order);
	else
		__mod_zone_page_state(m, z, NR_FREE_PAGES,
				      (long)move_freepages_block(m, z, pfn, mt));
	set_pageblock_migratetype(m, z, pfn, mt);
	z->nr_isolate_pageblock--;
	/* a block that could not merge while its mate was outside gets another chance */
	if (merge)
		__free_pages(m, pfn, (unsigned)order);
}

void start_isolate_page_range(struct machine *m, struct zone *z, pfn_t pfn, pfn_t end)
{
	m->nr_migratetypes = max_of(m->nr_migratetypes, (unsigned)MIGRATE_ISOLATE + 1);
	for (; pfn < end; pfn += 1u << m->pageblock_order)
		set_migratetype_isolate(m, z, pfn);
}

void undo_isolate_page_range(struct machine *m, struct zone *z, pfn_t pfn, pfn_t end, int mt)
{
	for (; pfn < end; pfn += 1u << m->pageblock_order)
		unset_migratetype_isolate(m, z, pfn, mt);
}
