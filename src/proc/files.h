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
proc_show_fn iomem_show, extfrag_show, cmdline_show, version_show;
size_t kpageflags_read(const struct machine *m, uint64_t off, void *buf, size_t len);
size_t kpagecount_read(const struct machine *m, uint64_t off, void *buf, size_t len);

/* Files of /proc/sys that never change: .data is the text, without the newline. */
proc_show_fn text_show;

/* Files of /proc/sys: .data is a struct sysctl. */
struct sysctl;
proc_show_fn sysctl_show;
proc_write_fn sysctl_write;
extern const struct sysctl sysctl_min_free_kbytes, sysctl_lowmem_reserve_ratio,
	sysctl_compact_memory, sysctl_extfrag_threshold, sysctl_percpu_pagelist_fraction,
	sysctl_drop_caches, sysctl_compact_unevictable;

/* extfrag: .data is the index function. */
struct extfrag_index {
	int (*index)(const struct zone *z, unsigned order);
};
extern const struct extfrag_index extfrag_fragmentation, extfrag_unusable;

/* The release and version that every report of the kernel names, and the banner. */
#define UTS_RELEASE "4.4.155"
#define UTS_VERSION "#1"
#define LINUX_BANNER "Linux version " UTS_RELEASE " (mmsh) " UTS_VERSION " SMP"

/* Who runs when the kernel reports something. */
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
