/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The renderers behind the rows of proc_files[]; for src/proc only. */
#ifndef PROC_FILES_H
#define PROC_FILES_H

#include <mmsh/machine.h>
#include <mmsh/proc.h>

#define K(pages) ((unsigned long)(pages) << (PAGE_SHIFT - 10))

typedef void proc_show_fn(const struct machine *m, const struct proc_file *f, struct strbuf *out);
typedef int proc_write_fn(struct machine *m, const struct proc_file *f, const char *text);

proc_show_fn buddyinfo_show, pagetypeinfo_show, zoneinfo_show, vmstat_show, meminfo_show;
proc_show_fn pkmap_show, ptdump_show;
proc_show_fn vmallocinfo_show, iomem_show, extfrag_show, cmdline_show, version_show;
typedef size_t proc_read_fn(const struct machine *m, const struct proc_file *f, uint64_t off, void *buf,
			    size_t len);

proc_read_fn kpageflags_read, kpagecount_read;

/* Files of tasks (task.c): the path's last part says which. */
proc_show_fn task_file_show;
proc_write_fn task_file_write;
proc_read_fn task_file_read;
bool each_task(const struct machine *m, uint64_t *n);

/* Settings of processes: .data is a struct mm_sysctl. */
struct mm_sysctl;
proc_show_fn mm_sysctl_show;
proc_write_fn mm_sysctl_write;
extern const struct mm_sysctl mm_sysctl_overcommit_memory, mm_sysctl_overcommit_ratio,
	mm_sysctl_max_map_count, mm_sysctl_legacy_va_layout, mm_sysctl_randomize_va_space;

/* A directory whose files no table lists. @rest is the path below it, without a slash at
   either end; results as of proc_read() and its like. */
struct proc_tree {
	const char *path;
	bool (*exists)(const struct machine *m);
	int (*read)(const struct machine *m, const char *rest, struct strbuf *out);
	int (*write)(struct machine *m, const char *rest, const char *text);
	int (*list)(const struct machine *m, const char *rest, struct strbuf *out);
};

/* Files of /proc/sys that never change: .data is the text, without the newline. */
proc_show_fn text_show;

/* Files of /proc/sys: .data is a struct sysctl. */
struct sysctl;
proc_show_fn sysctl_show;
proc_write_fn sysctl_write;
extern const struct sysctl sysctl_min_free_kbytes, sysctl_lowmem_reserve_ratio,
	sysctl_compact_memory, sysctl_extfrag_threshold, sysctl_percpu_pagelist_fraction,
	sysctl_drop_caches, sysctl_compact_unevictable;

extern const struct sysctl sysctl_zone_reclaim_mode, sysctl_min_unmapped_ratio, sysctl_min_slab_ratio;
proc_show_fn zonelist_order_show;
proc_write_fn zonelist_order_write;

/* Which files a machine has (.each). */
typedef bool proc_each_fn(const struct machine *m, uint64_t *n);
proc_each_fn if_numa, if_highmem, if_numa_highmem, if_32bit, if_sections, if_sections_64bit;
proc_each_fn each_node, each_memory_block;

/* /sys/devices/system/node; sets of nodes: .data is a struct node_state. */
enum { NODES_ONLINE, NODES_CPU, NODES_MEMORY, NODES_NORMAL_MEMORY, NR_NODE_STATES };
struct node_state {
	bool (*has)(const struct machine *m, unsigned nid);
};
extern const struct node_state node_state[NR_NODE_STATES];
proc_show_fn node_states_show, node_cpulist_show, node_cpumap_show, node_distance_show;
proc_show_fn node_meminfo_show, node_numastat_show, node_vmstat_show;
proc_write_fn node_compact_write;

/* /sys/devices/system/memory */
proc_show_fn block_size_show, memory_phys_device_show, memory_phys_index_show;
proc_show_fn memory_removable_show, memory_state_show, memory_valid_zones_show;
proc_write_fn memory_state_write, memory_probe_write;

/* kmsg.c: what the kernel says when it has built its zonelists. */
void print_zonelists(struct machine *m);

/* extfrag: .data is the index function. */
struct extfrag_index {
	int (*index)(const struct zone *z, unsigned order);
};
extern const struct extfrag_index extfrag_fragmentation, extfrag_unusable;

/* Files below /proc/PID: <mmsh/proc_task.h>. */
struct task_struct;
void task_maps_show(const struct machine *m, const struct task_struct *t, struct strbuf *out);
void task_smaps_show(const struct machine *m, const struct task_struct *t, struct strbuf *out);
void task_numa_maps_show(const struct machine *m, const struct task_struct *t, struct strbuf *out);
size_t task_pagemap_read(const struct machine *m, const struct task_struct *t, uint64_t off,
			 void *buf, size_t len);

/* The release and version that every report of the kernel names, and the banner. */
#define UTS_RELEASE "4.4.155"
#define UTS_VERSION "#1"
#define LINUX_BANNER "Linux version " UTS_RELEASE " (mmsh) " UTS_VERSION " SMP"

/* Who runs when the kernel reports something: the current task, or init if it is not there yet. */
struct proc_task {
	const char *comm;
	int pid;
};
struct proc_task proc_current(const struct machine *m);

/* Which lines of a statistic this machine's kernel has. */
static inline bool machine_has_highmem(const struct machine *m)
{
	return m->arch->zone_highmem >= 0;
}

static inline bool stat_exists(const struct machine *m, const struct stat_name *n)
{
	return n->when == STAT_ALWAYS || (n->when == STAT_NUMA && m->numa) ||
	       (n->when == STAT_HUGETLB && m->params.hugetlb);
}

/* File pages are all that reclaim could take: there is no swap. */
static inline bool zone_reclaimable(const struct zone *z)
{
	return zone_page_state(z, NR_PAGES_SCANNED) <
	       (zone_page_state(z, NR_ACTIVE_FILE) + zone_page_state(z, NR_INACTIVE_FILE)) * 6;
}

#endif
