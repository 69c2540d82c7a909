/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The architecture's part of boot, for src/mm only. */
#ifndef MM_SETUP_H
#define MM_SETUP_H

#include <mmsh/machine.h>

#define EARLY_PGT_PAGES 6 /* kept in brk for page tables */

/* What has to be known before a machine can be made: max_pfn and where low memory ends. */
struct memory_map {
	struct boot_info info; /* .bios, .e820 and the highmem figures filled in */
	struct vm_layout layout;
	phys_t image_load; /* where the kernel image goes */
	uint64_t max_pfn, max_low_pfn;
};

/* e820, then the low/high split (boot.md 2, 3). Returns: 0, or -EINVAL with @e. */
int setup_memory_map(const struct boot_params *p, struct memory_map *map, struct mm_error *e);

/* memblock as it stands before the zones exist (boot.md 5). */
int setup_memblock(struct machine *m, struct mm_error *e);
/* One boot-time allocation, top-down; _node: on that node if it can be. Returns: the address
   or 0. */
phys_t boot_alloc(struct machine *m, const char *what, uint64_t size, uint64_t align);
phys_t boot_alloc_node(struct machine *m, const char *what, uint64_t size, uint64_t align, unsigned nid);
/* What the kernel allocates from it until mem_init, in its order. */
int setup_boot_structures(struct machine *m, struct mm_error *e);
/* Makes the reservations such that the zones end up with the managed pages asked for. */
int setup_managed(struct machine *m, struct mm_error *e);

/* pgtable.c: [start, end) gets its place in the direct map. Returns: 0 or -ENOMEM. */
int map_direct(struct machine *m, phys_t start, phys_t end);

#endif
