/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters (buddy.md 14, proc-zones.md 5). A zone item has a value in the zone,
 * one in the machine, and a small signed difference in each CPU's pageset that
 * is folded in when it passes the threshold; watermarks read the zone's value
 * and so do not see the differences. Events are exact, per CPU.
 */
#ifndef MMSH_VMSTAT_H
#define MMSH_VMSTAT_H

#include <mmsh/types.h>

enum zone_stat_item {
	NR_FREE_PAGES,
	NR_ALLOC_BATCH,
	NR_INACTIVE_ANON,
	NR_ACTIVE_ANON,
	NR_INACTIVE_FILE,
	NR_ACTIVE_FILE,
	NR_UNEVICTABLE,
	NR_MLOCK,
	NR_ANON_PAGES,
	NR_FILE_MAPPED,
	NR_FILE_PAGES,
	NR_FILE_DIRTY,
	NR_WRITEBACK,
	NR_SLAB_RECLAIMABLE,
	NR_SLAB_UNRECLAIMABLE,
	NR_PAGETABLE,
	NR_KERNEL_STACK,
	NR_OVERHEAD,
	NR_UNSTABLE_NFS,
	NR_BOUNCE,
	NR_VMSCAN_WRITE,
	NR_VMSCAN_IMMEDIATE,
	NR_WRITEBACK_TEMP,
	NR_ISOLATED_ANON,
	NR_ISOLATED_FILE,
	NR_SHMEM,
	NR_DIRTIED,
	NR_WRITTEN,
	NR_PAGES_SCANNED,
	NUMA_HIT,
	NUMA_MISS,
	NUMA_FOREIGN,
	NUMA_INTERLEAVE_HIT,
	NUMA_LOCAL,
	NUMA_OTHER,
	WORKINGSET_REFAULT,
	WORKINGSET_ACTIVATE,
	WORKINGSET_NODERECLAIM,
	NR_ANON_TRANSPARENT_HUGEPAGES,
	NR_FREE_CMA_PAGES,
	NR_VM_ZONE_STAT_ITEMS
};

#define FOR_ALL_ZONES(x) x##_ZONE0, x##_ZONE1, x##_ZONE2, x##_ZONE3

enum vm_event_item {
	PGPGIN,
	PGPGOUT,
	PSWPIN,
	PSWPOUT,
	FOR_ALL_ZONES(PGALLOC),
	PGFREE,
	PGACTIVATE,
	PGDEACTIVATE,
	PGFAULT,
	PGMAJFAULT,
	FOR_ALL_ZONES(PGREFILL),
	FOR_ALL_ZONES(PGSTEAL_KSWAPD),
	FOR_ALL_ZONES(PGSTEAL_DIRECT),
	FOR_ALL_ZONES(PGSCAN_KSWAPD),
	FOR_ALL_ZONES(PGSCAN_DIRECT),
	PGSCAN_DIRECT_THROTTLE,
	PGSCAN_ZONE_RECLAIM_FAILED, /* NUMA */
	PGINODESTEAL,
	SLABS_SCANNED,
	KSWAPD_INODESTEAL,
	KSWAPD_LOW_WMARK_HIT_QUICKLY,
	KSWAPD_HIGH_WMARK_HIT_QUICKLY,
	PAGEOUTRUN,
	ALLOCSTALL,
	PGROTATED,
	DROP_PAGECACHE,
	DROP_SLAB,
	PGMIGRATE_SUCCESS,
	PGMIGRATE_FAIL,
	COMPACTMIGRATE_SCANNED,
	COMPACTFREE_SCANNED,
	COMPACTISOLATED,
	COMPACTSTALL,
	COMPACTFAIL,
	COMPACTSUCCESS,
	HTLB_BUDDY_PGALLOC, /* HUGETLB */
	HTLB_BUDDY_PGALLOC_FAIL,
	UNEVICTABLE_PGCULLED,
	UNEVICTABLE_PGSCANNED,
	UNEVICTABLE_PGRESCUED,
	UNEVICTABLE_PGMLOCKED,
	UNEVICTABLE_PGMUNLOCKED,
	UNEVICTABLE_PGCLEARED,
	UNEVICTABLE_PGSTRANDED,
	NR_VM_EVENT_ITEMS
};

enum { /* when a /proc/vmstat line exists */
	STAT_ALWAYS = 0,
	STAT_NUMA = 1,
	STAT_HUGETLB = 2,
};

/* One line name of /proc/vmstat; "%s" in it stands for the zone's suffix. */
struct stat_name {
	const char *name;
	unsigned when;
};
extern const struct stat_name zone_stat_name[NR_VM_ZONE_STAT_ITEMS];
extern const struct stat_name vm_event_name[NR_VM_EVENT_ITEMS];

struct machine;
struct zone;

/* Adds @delta pages to @item through the current CPU's difference. */
void mod_zone_page_state(struct machine *m, struct zone *z, enum zone_stat_item item, long delta);

/* The value /proc shows: differences ignored, negative read as 0. */
unsigned long zone_page_state(const struct zone *z, enum zone_stat_item item);
unsigned long global_page_state(const struct machine *m, enum zone_stat_item item);

/* All differences included: what the value would be after every CPU flushed. */
long zone_page_state_exact(const struct machine *m, const struct zone *z, enum zone_stat_item item);

/* Sum of an event over all CPUs. */
unsigned long vm_event_sum(const struct machine *m, enum vm_event_item item);

/* Fold all differences of one CPU into the counters ("vmstat update"). */
void refresh_cpu_vm_stats(struct machine *m, unsigned cpu);

/* Thresholds and drift marks from managed pages and CPUs (boot.md 12.6). */
void refresh_zone_stat_thresholds(struct machine *m);

#endif
