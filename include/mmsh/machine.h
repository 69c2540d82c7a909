/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine: all state of one modelled computer. There are no globals; two
 * machines can live side by side.
 *
 * A machine is booted from a struct boot_params and then driven by the calls of
 * the other headers. Its state is a pure function of the parameters and the
 * calls since.
 */
#ifndef MMSH_MACHINE_H
#define MMSH_MACHINE_H

#include <mmsh/arch.h>
#include <mmsh/base.h>
#include <mmsh/e820.h>
#include <mmsh/memblock.h>
#include <mmsh/memory_model.h>
#include <mmsh/mempolicy.h>
#include <mmsh/mmzone.h>
#include <mmsh/numa.h>
#include <mmsh/slab.h>
#include <mmsh/trace.h>

#define HZ 250

/* @nid -1: the next node, in order, that has such a zone */
struct managed_param {
	int nid, zone_idx;
	int64_t pages;
};

/* An area of the kernel's that exists from boot on: a line of a captured vmallocinfo. */
struct vm_boot_area {
	vaddr_t start, end;
	uint64_t pages;
	phys_t phys;
	unsigned flags; /* VM_* of vmalloc.h */
	char caller[48];
	uint32_t on_node[MAX_NUMNODES]; /* pages; all 0: not known */
};
#define MAX_BOOT_AREAS 128

struct boot_params {
	const struct arch *arch;
	uint64_t mem;		 /* bytes of RAM a PC of that size has; with e820: a limit (0: none) */
	bool mem_given;		 /* mem= was said */
	struct e820_map e820;	 /* the firmware's map; nr 0: e820_pcmap(mem) */
	const struct vm_split *split;
	uint64_t highmem;	 /* bytes; BOOT_UNSET: not given */
	uint64_t vmalloc;	 /* bytes; 0: not given */
	uint64_t reservelow;	 /* bytes kept at 0 */
	unsigned cpus;
	uint64_t initrd_start, initrd_size; /* bytes; size 0: none. start 0: top of RAM */
	struct kernel_image image;
	bool image_given;	 /* .image comes from a boot log: do not move it */
	unsigned nr_managed; /* zones whose managed pages at the end of boot are given */
	struct managed_param managed[MAX_NUMNODES * MAX_NR_ZONES];
	const struct memory_model *model; /* NULL: the default of that kernel */
	struct numa_params numa;
	char zonelist_order; /* 'n', 'z', or 'd': numa_zonelist_order= */
	uint64_t kernelcore, movablecore; /* bytes; 0: not given */
	unsigned nr_vm_areas;
	struct vm_boot_area vm_area[MAX_BOOT_AREAS]; /* ascending: vmallocinfo= */
	bool strict; /* refuse what no 4.4 kernel can be built as */
	bool highpte;		 /* CONFIG_HIGHPTE: users' page tables in high memory */
	bool hugetlb;		 /* CONFIG_HUGETLBFS: pageblock order from the large page */
	bool hotplug;		 /* CONFIG_MEMORY_HOTREMOVE: the migrate type Isolate from the start */
	const struct slab_ops *slab;	/* allocator of small objects; NULL: none */
	struct slab_params slab_params;
	uint64_t seed;
	char cmdline[256];	 /* shown by dmesg */
};
#define BOOT_UNSET UINT64_MAX

/* arch=ia32 mem=1G split=3G cpus=1 */
void boot_params_init(struct boot_params *p);
/* Another architecture, and what goes with it: split and kernel image. */
void boot_params_set_arch(struct boot_params *p, const struct arch *arch);

/* A piece of memory that boot took, for dmesg and /proc/iomem. */
struct boot_reservation {
	const char *what;
	phys_t start;
	uint64_t size;
};
#define MAX_BOOT_RESERVATIONS 512

/* What boot did and dmesg tells. */
struct boot_info {
	struct e820_map bios, e820; /* as given and sanitised; after all adjustments */
	bool user_map;		    /* mem= changed it */
	uint64_t end_pfn;	    /* max_pfn as first seen, before highmem= */
	uint64_t highmem_pages;
	int highmem_msg;	    /* enum highmem_msg */
	uint64_t highmem_asked;
	phys_t initrd_start, initrd_size, initrd_moved_from;
	phys_t trampoline;
	phys_t brk_start;
	unsigned brk_tables;  /* pages of brk that became page tables */
	bool mem_init_done;   /* the page allocator serves */
	phys_t image_end; /* of the kernel image with all of brk */
	struct numa_info numa;
	phys_t node_data[MAX_NUMNODES]; /* NODE_DATA of each node, 0 without NUMA */
	uint64_t zone_start[MAX_NR_ZONES], zone_end[MAX_NR_ZONES]; /* pfns that may be in them */
	uint64_t movable_pfn[MAX_NUMNODES]; /* where ZONE_MOVABLE begins; 0: nowhere */
	phys_t mem_map;		    /* physical, of pfn 0's entry rounded to the node */
	phys_t node_mem_map[MAX_NUMNODES]; /* one array a node: of its first block's entry */
	phys_t percpu;
	unsigned percpu_pages;
	phys_t init_pg_end;	    /* "initial memory mapped" */
	unsigned long nr_kernel_pages, nr_all_pages, vm_total_pages;
	uint64_t hash_entries[3];   /* PID, dentry, inode */
	unsigned long free_at_mem_init, present, reserved_at_mem_init, totalhigh_at_mem_init;
	unsigned long alternatives_pages, initrd_pages, init_pages; /* freed late */
	struct boot_reservation res[MAX_BOOT_RESERVATIONS];
	unsigned nr_res;
};
enum highmem_msg { HIGHMEM_FINE, HIGHMEM_TOO_BIG, HIGHMEM_TOO_LITTLE_LEFT, HIGHMEM_ONLY, HIGHMEM_4G };

struct machine {
	/* What every allocation reads. */
	uint64_t trace_mask; /* OR of all listeners' */
	struct page *mem_map;	/* [max_pfn], lazily touched */
	uint64_t *touched, *touched_64; /* a bit a page, a bit for 64: ram_touched() */
	struct top_block *top;	/* [max_pfn >> 10], see mm_types.h */
	unsigned pageblock_order;
	unsigned cpu;	  /* the current one */
	unsigned nr_cpus;
	unsigned nr_nodes;
	gfp_t gfp_allowed_mask;
	bool page_group_by_mobility_disabled;
	bool numa;		  /* a kernel built with NUMA, whatever the nodes */
	unsigned nr_migratetypes; /* MIGRATE_TYPES of that kernel */
	struct pglist_data *node[MAX_NUMNODES];
	uint8_t cpu_to_node[MAX_CPUS];
	struct slab_system *slab; /* NULL: no small-object allocator */
	struct mm_system *mm;	  /* processes; NULL until there is one */
	struct zone **zone_by_id; /* [nr_nodes * MAX_NR_ZONES] */
	long vm_stat[NR_VM_ZONE_STAT_ITEMS];
	unsigned long (*vm_event)[NR_VM_EVENT_ITEMS]; /* [nr_cpus] */
	unsigned long *cpu_event; /* the current CPU's row of it */

	/* The whole of it. */
	const struct arch *arch;
	const struct memory_model *model;
	struct mem_section *section; /* SPARSEMEM: [nr_sections]; NULL otherwise */
	uint64_t nr_sections;
	uint8_t *pageblock; /* SPARSEMEM: one entry a pageblock, shared by all zones */
	uint8_t *distance; /* [nr_nodes * nr_nodes] */
	char zonelist_order; /* 'n' or 'z' */
	char zonelist_order_text[16]; /* numa_zonelist_order as it was written */
	bool running; /* boot is over */
	struct task_mempolicy *mempolicy; /* the current task's */
	struct task_mempolicy init_mempolicy;
	uint64_t max_pfn, max_low_pfn; /* one past the last page, the last direct-mapped page */
	uint64_t limit_pfn; /* how far hotplug can move max_pfn: what the mappings have room for */
	uint64_t highstart_pfn;
	unsigned char *ram;	       /* host address of physical 0, lazily touched */
	size_t ram_size, touched_size, mem_map_size, top_size;
	struct vm_layout layout;
	struct vmalloc_state *vmalloc; /* NULL in a loaded state */
	struct pkmap *pkmap;	       /* NULL without high memory */
	struct kmap_atomic *kmap_atomic; /* [nr_cpus]; NULL without high memory */
	phys_t swapper_pg_dir;	       /* the kernel's page directory; 0: none (a loaded state) */
	struct memblock memblock;
	struct boot_params params;
	struct boot_info boot;
	unsigned long totalram_pages, totalhigh_pages, totalreserve_pages;
	uint64_t jiffies; /* since boot; HZ a second */
	struct arena arena;
	struct trace_listener *listeners;
	struct strbuf kmsg; /* the kernel log: written by proc/kmsg.c */

	/* sysctl (proc-zones.md 13) */
	int min_free_kbytes, user_min_free_kbytes;
	int lowmem_reserve_ratio[MAX_NR_ZONES - 1];
	int percpu_pagelist_fraction;
	int extfrag_threshold;
	int drop_caches;
	bool drop_caches_quiet; /* 4 was written: no more messages */
	int compact_unevictable_allowed;
	int zone_reclaim_mode, min_unmapped_ratio, min_slab_ratio; /* NUMA */

	/* The failure report's rate limit: 10 in 5 s (proc-zones.md 9). */
	uint64_t ratelimit_begin;
	unsigned ratelimit_printed, ratelimit_missed;
	bool warned_order;
};

/*
 * machine_boot - a new machine, through all of boot (boot.md 1)
 *
 *
 * Returns: the machine, owned by the caller; NULL with @e filled when the
 * parameters describe no machine or the host has no memory for it.
 */
struct machine *machine_boot(const struct boot_params *p, struct mm_error *e);
void machine_free(struct machine *m);

/*
 * The steps of machine_boot() for those who bring their own state (a recording):
 * an empty machine of @max_pfn pages; then memblock filled by the caller; then
 * nodes, zones and zonelists; then the freeing of all memory (boot.md 9).
 */
struct machine *machine_new(const struct arch *arch, uint64_t max_pfn, unsigned nr_nodes,
			    unsigned nr_cpus, struct mm_error *e);
int free_area_init_nodes(struct machine *m, const uint64_t max_zone_pfn[MAX_NR_ZONES],
			 struct mm_error *e);
void build_all_zonelists(struct machine *m);
/* 'n', 'z', or 'd': what such a kernel does by itself; for the next building of the lists. */
void choose_zonelist_order(struct machine *m, char order);
void free_highmem_pages(struct machine *m);  /* mem_init, first half (32 bit) */
void free_all_bootmem(struct machine *m);    /* mem_init, second half */
void setup_per_cpu_pageset(struct machine *m);
void init_per_zone_wmark_min(struct machine *m);
void setup_per_zone_wmarks(struct machine *m);
void setup_per_zone_lowmem_reserve(struct machine *m);
void calculate_totalreserve_pages(struct machine *m);
void pageset_set_high_and_batch(struct machine *m, struct zone *z);
int zone_batchsize(const struct zone *z);
/* Fills the nodes' .route from their zonelists; again whenever mobility grouping changes. */
void build_gfp_routes(struct machine *m);
/* Ends a zonelist of @n entries and fills .first. */
void zonelist_finish(struct zonelist *zl, unsigned n);

/* Let @jiffies pass: every HZ of them each CPU folds its counters in. */
void machine_tick(struct machine *m, uint64_t jiffies);

/* Make @cpu current. Returns: 0 or -EINVAL. */
int machine_set_cpu(struct machine *m, unsigned cpu);

static inline unsigned node_distance(const struct machine *m, unsigned a, unsigned b)
{
	return m->distance[a * m->nr_nodes + b];
}

static inline uint64_t pfn_to_section(const struct machine *m, uint64_t pfn)
{
	return pfn >> (m->arch->section_size_bits - PAGE_SHIFT);
}

static inline struct page *pfn_to_page(const struct machine *m, pfn_t pfn)
{
	return &m->mem_map[pfn];
}

static inline pfn_t page_to_pfn(const struct machine *m, const struct page *p)
{
	return (pfn_t)(p - m->mem_map);
}

static inline void *phys_to_host(const struct machine *m, phys_t pa)
{
	return m->ram + pa;
}

/*
 * Whether somebody may have written to the page. RAM starts as zeros, and who is handed a page
 * is taken to write to it; a user's zero-filled page is known not to be, until its task does.
 * So memory that is mapped and never written costs the host nothing, nor clearing it time.
 */
static inline bool ram_touched(const struct machine *m, pfn_t pfn)
{
	return (m->touched[pfn / 64] >> pfn % 64 | m->touched_64[pfn / 4096] >> pfn / 64 % 64) & 1;
}

/* 2^@order pages from @pfn, aligned to their size, may be written to from now on. */
static inline void ram_touch(const struct machine *m, pfn_t pfn, unsigned order)
{
	uint64_t *map = m->touched;

	if (order >= 6) {
		map = m->touched_64;
		pfn /= 64;
		order -= 6;
	}
	map[pfn / 64] |= ((1ull << (1u << order)) - 1) << pfn % 64;
}

/* @pfn holds zeros, and nobody writes to it unseen. */
static inline void ram_untouch(const struct machine *m, pfn_t pfn)
{
	uint64_t *all = &m->touched_64[pfn / 4096], bit = 1ull << pfn / 64 % 64;

	if (*all & bit) {
		*all &= ~bit;
		m->touched[pfn / 64] = ~0ull;
	}
	m->touched[pfn / 64] &= ~(1ull << pfn % 64);
}

/* The zone that spans @pfn and has it as memory; NULL for holes and beyond. */
struct zone *pfn_to_zone(const struct machine *m, uint64_t pfn);
/* Whether @pfn is RAM of the machine (holes are not). */
bool pfn_is_ram(const struct machine *m, uint64_t pfn);
/* Whether boot kept the page (the kernel's PG_reserved; struct page is not touched for it). */
bool page_is_reserved(const struct machine *m, pfn_t pfn);
/* By "DMA", "Normal" ... on @nid; NULL if there is none of that name. */
struct zone *zone_find(const struct machine *m, int nid, const char *name);

/* for_each_populated_zone(m, z): nodes ascending, zones by index */
struct zone *next_populated_zone(const struct machine *m, struct zone *z);
#define for_each_populated_zone(m, z)                                                    \
	for (struct zone *z = next_populated_zone(m, NULL); z; z = next_populated_zone(m, z))

#endif
