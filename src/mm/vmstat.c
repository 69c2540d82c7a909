/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters and their per-CPU differences (buddy.md 14). */
#include "vmstat.h"
#include <string.h>

void mod_zone_page_state(struct machine *m, struct zone *z, enum zone_stat_item item, long delta)
{
	__mod_zone_page_state(m, z, item, delta);
}

unsigned long zone_page_state(const struct zone *z, enum zone_stat_item item)
{
	return (unsigned long)max_of(z->vm_stat[item], 0l);
}

unsigned long global_page_state(const struct machine *m, enum zone_stat_item item)
{
	return (unsigned long)max_of(m->vm_stat[item], 0l);
}

long zone_page_state_exact(const struct machine *m, const struct zone *z, enum zone_stat_item item)
{
	long x = z->vm_stat[item];

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		x += z->pageset[cpu].vm_stat_diff[item];
	return x;
}

unsigned long vm_event_sum(const struct machine *m, enum vm_event_item item)
{
	unsigned long sum = 0;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		sum += m->vm_event[cpu][item];
	return sum;
}

void refresh_cpu_vm_stats(struct machine *m, unsigned cpu)
{
	for_each_populated_zone(m, z) {
		int8_t *diff = z->pageset[cpu].vm_stat_diff;

		for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++) {
			z->vm_stat[i] += diff[i];
			m->vm_stat[i] += diff[i];
			diff[i] = 0;
		}
	}
}

static int fls(unsigned long x)
{
	return x ? 64 - __builtin_clzl(x) : 0;
}

void refresh_zone_stat_thresholds(struct machine *m)
{
	for_each_populated_zone(m, z) {
		int t = 2 * fls(m->nr_cpus) * (1 + fls(z->managed_pages >> (27 - PAGE_SHIFT)));
		unsigned long drift, tolerate = z->watermark[WMARK_LOW] - z->watermark[WMARK_MIN];

		t = min_of(125, t);
		for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
			z->pageset[cpu].stat_threshold = (int8_t)t;
		/* where unseen differences could hide that the min mark is crossed */
		drift = (unsigned long)t * m->nr_cpus;
		if (drift > tolerate)
			z->percpu_drift_mark = z->watermark[WMARK_HIGH] + drift;
	}
}

#define ITEM(n) {n, STAT_ALWAYS}
#define NUMA_ITEM(n) {n, STAT_NUMA}
const struct stat_name zone_stat_name[NR_VM_ZONE_STAT_ITEMS] = {
	ITEM("nr_free_pages"),
	ITEM("nr_alloc_batch"),
	ITEM("nr_inactive_anon"),
	ITEM("nr_active_anon"),
	ITEM("nr_inactive_file"),
	ITEM("nr_active_file"),
	ITEM("nr_unevictable"),
	ITEM("nr_mlock"),
	ITEM("nr_anon_pages"),
	ITEM("nr_mapped"),
	ITEM("nr_file_pages"),
	ITEM("nr_dirty"),
	ITEM("nr_writeback"),
	ITEM("nr_slab_reclaimable"),
	ITEM("nr_slab_unreclaimable"),
	ITEM("nr_page_table_pages"),
	ITEM("nr_kernel_stack"),
	ITEM("nr_overhead"),
	ITEM("nr_unstable"),
	ITEM("nr_bounce"),
	ITEM("nr_vmscan_write"),
	ITEM("nr_vmscan_immediate_reclaim"),
	ITEM("nr_writeback_temp"),
	ITEM("nr_isolated_anon"),
	ITEM("nr_isolated_file"),
	ITEM("nr_shmem"),
	ITEM("nr_dirtied"),
	ITEM("nr_written"),
	ITEM("nr_pages_scanned"),
	NUMA_ITEM("numa_hit"),
	NUMA_ITEM("numa_miss"),
	NUMA_ITEM("numa_foreign"),
	NUMA_ITEM("numa_interleave"),
	NUMA_ITEM("numa_local"),
	NUMA_ITEM("numa_other"),
	ITEM("workingset_refault"),
	ITEM("workingset_activate"),
	ITEM("workingset_nodereclaim"),
	ITEM("nr_anon_transparent_hugepages"),
	ITEM("nr_free_cma"),
};

#define ZONE_ITEMS(n) ITEM(n), ITEM(n), ITEM(n), ITEM(n)
const struct stat_name vm_event_name[NR_VM_EVENT_ITEMS] = {
	ITEM("pgpgin"),
	ITEM("pgpgout"),
	ITEM("pswpin"),
	ITEM("pswpout"),
	ZONE_ITEMS("pgalloc_%s"),
	ITEM("pgfree"),
	ITEM("pgactivate"),
	ITEM("pgdeactivate"),
	ITEM("pgfault"),
	ITEM("pgmajfault"),
	ZONE_ITEMS("pgrefill_%s"),
	ZONE_ITEMS("pgsteal_kswapd_%s"),
	ZONE_ITEMS("pgsteal_direct_%s"),
	ZONE_ITEMS("pgscan_kswapd_%s"),
	ZONE_ITEMS("pgscan_direct_%s"),
	ITEM("pgscan_direct_throttle"),
	NUMA_ITEM("zone_reclaim_failed"),
	ITEM("pginodesteal"),
	ITEM("slabs_scanned"),
	ITEM("kswapd_inodesteal"),
	ITEM("kswapd_low_wmark_hit_quickly"),
	ITEM("kswapd_high_wmark_hit_quickly"),
	ITEM("pageoutrun"),
	ITEM("allocstall"),
	ITEM("pgrotated"),
	ITEM("drop_pagecache"),
	ITEM("drop_slab"),
	ITEM("pgmigrate_success"),
	ITEM("pgmigrate_fail"),
	ITEM("compact_migrate_scanned"),
	ITEM("compact_free_scanned"),
	ITEM("compact_isolated"),
	ITEM("compact_stall"),
	ITEM("compact_fail"),
	ITEM("compact_success"),
	{"htlb_buddy_alloc_success", STAT_HUGETLB},
	{"htlb_buddy_alloc_fail", STAT_HUGETLB},
	ITEM("unevictable_pgs_culled"),
	ITEM("unevictable_pgs_scanned"),
	ITEM("unevictable_pgs_rescued"),
	ITEM("unevictable_pgs_mlocked"),
	ITEM("unevictable_pgs_munlocked"),
	ITEM("unevictable_pgs_cleared"),
	ITEM("unevictable_pgs_stranded"),
};
