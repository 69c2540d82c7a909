/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reclaim (buddy.md 12.2, 13). The model has neither swap nor a page cache yet, so no
 * page can be reclaimed: what remains is who is woken, when a zone counts as balanced,
 * and what is counted.
 */
#include "page_alloc.h"
#include "vmstat.h"
#include <mmsh/compaction.h>

static bool zone_balanced(const struct machine *m, const struct zone *z, unsigned order, long gap,
			  int classzone_idx)
{
	return zone_watermark_ok_safe(m, z, order, z->watermark[WMARK_HIGH] + gap, classzone_idx) &&
	       (!order || compaction_suitable(m, z, (int)order, 0, classzone_idx) != COMPACT_SKIPPED);
}

void wakeup_kswapd(struct machine *m, struct zone *z, unsigned order, int classzone_idx)
{
	struct pglist_data *pgdat = m->node[z->nid];

	if (!populated_zone(z))
		return;
	if (pgdat->kswapd_max_order < (int)order) {
		pgdat->kswapd_max_order = (int)order;
		pgdat->kswapd_classzone_idx = min_of(pgdat->kswapd_classzone_idx, classzone_idx);
	}
	if (pgdat->kswapd_awake || zone_balanced(m, z, order, 0, 0))
		return;
	pgdat->kswapd_awake = true;
	trace(m, TRACE_WAKE_KSWAPD, .zone = z->id, .order = (uint8_t)order, .a = classzone_idx);
}

bool zone_reclaim(struct machine *m, struct zone *z, gfp_t gfp, unsigned order)
{
	unsigned local = m->cpu_to_node[m->cpu];
	bool has_cpus = false;

	(void)order;
	if (zone_page_state(z, NR_FILE_PAGES) <= z->min_unmapped_pages &&
	    zone_page_state(z, NR_SLAB_RECLAIMABLE) <= z->min_slab_pages)
		return false; /* full: not worth it */
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		has_cpus |= m->cpu_to_node[cpu] == z->nid;
	/* a node with CPUs of its own is left to them */
	if (!(gfp & __GFP_DIRECT_RECLAIM) || (has_cpus && z->nid != local))
		return false;
	count_vm_events(m, PGSCAN_ZONE_RECLAIM_FAILED, 1);
	return true;
}

/* Two runs that find nothing; progress only if compaction could still help. */
unsigned long try_to_free_pages(struct machine *m, gfp_t gfp, unsigned order,
				const struct alloc_context *ac)
{
	(void)gfp;
	count_vm_events(m, ALLOCSTALL, 1);
	if (order > 3) {
		for_each_zone_of(ac, ref)
			if (compaction_suitable(m, ref->zone, (int)order, 0, 0) != COMPACT_SKIPPED &&
			    zone_watermark_ok_safe(m, ref->zone, 0,
						   ref->zone->watermark[WMARK_HIGH] + (2l << order),
						   0))
				return 1;
	}
	count_vm_events(m, ALLOCSTALL, 1);
	return 0;
}

/* A woken kswapd runs once, finds nothing to reclaim, and sleeps again. */
void kswapd_tick(struct machine *m)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct pglist_data *pgdat = m->node[nid];

		if (!pgdat->kswapd_awake)
			continue;
		count_vm_events(m, PAGEOUTRUN, 1);
		reset_isolation_suitable(m, nid);
		pgdat->kswapd_awake = false;
		pgdat->kswapd_max_order = 0;
		pgdat->kswapd_classzone_idx = MAX_NR_ZONES - 1;
	}
}
