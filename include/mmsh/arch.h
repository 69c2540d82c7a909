/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an architecture is, as numbers: one row each (boot.md, kernel-layout.md).
 * To add an architecture, add a row in arch.c.
 */
#ifndef MMSH_ARCH_H
#define MMSH_ARCH_H

#include <mmsh/types.h>

struct vm_split {
	const char *name; /* "3G", "3G_OPT" ... */
	vaddr_t page_offset;
	bool pae; /* may be combined with PAE */
};

struct memory_model;
struct pgtable_format;
struct kernel_image;

struct arch {
	const char *name;	   /* as boot's arch= takes it */
	unsigned bits;		   /* width of a long */
	unsigned pmd_shift;	   /* bytes mapped by one large page */
	unsigned max_phys_bits;	   /* MAX_ARCH_PFN = 1 << (this - 12) */
	unsigned struct_page_size; /* what the kernel's mem_map costs a page */
	unsigned last_pkmap;	   /* slots of the persistent kmap window; 0 without highmem */
	unsigned max_mem_bits_model; /* what mmsh models */
	unsigned section_size_bits; /* SPARSEMEM (boot.md 4.2) */
	unsigned max_numnodes;
	unsigned trampoline_bytes, percpu_pages, percpu_atom, pgdat_bytes; /* boot's own (boot.md 5) */
	unsigned resource_bytes;    /* sizeof(struct resource) */
	unsigned cache_bytes;	   /* L1 line of the CPU that the kernel was built for */
	unsigned stack_kb;	   /* kernel stack, for KernelStack: */
	const char *zone_name[MAX_NR_ZONES];   /* "DMA" ... */
	const char *zone_suffix[MAX_NR_ZONES]; /* "dma" ..., as in pgalloc_dma */
	int zone_dma32, zone_normal, zone_highmem, zone_movable; /* indices; -1: none */
	unsigned lowmem_reserve_ratio[MAX_NR_ZONES - 1];
	int8_t gfp_zone[16]; /* zone index for the low four gfp bits; -1 invalid */
	const struct vm_split *splits; /* ended by a NULL name */
	const struct pgtable_format *pgtable;
	const struct memory_model *model, *numa_model; /* the defaults, without and with NUMA */
	const struct kernel_image *image;
};

extern const struct arch arch_ia32, arch_ia32_pae, arch_amd64;
/* Those that can be booted; the others are known from recordings. NULL ends the table. */
extern const struct arch *const archs[];
/* Returns: the row, or NULL. */
const struct arch *arch_find(const char *name);

/* The kernel image, as offsets from its physical load address (boot.md 5.1). */
struct kernel_image {
	phys_t load;	/* 16 MiB, or 1 MiB on a machine too small for that */
	uint32_t etext, edata, init_begin, init_end, bss_start, bss_stop;
	uint32_t pgdat; /* the only node's descriptor, without NUMA */
	uint32_t percpu_static; /* bytes of the kernel's own per-CPU variables */
	uint32_t brk; /* bytes kept behind bss, page tables of low memory apart */
	unsigned rodata_kb, rwdata_kb; /* only dmesg's "Memory:" line tells */
};

/* The kernel's part of the virtual address space (kernel-layout.md 2-5). */
struct vm_layout {
	vaddr_t page_offset;
	vaddr_t fixaddr_top, fixaddr_start;
	vaddr_t pkmap_base; /* 0 without highmem */
	vaddr_t vmalloc_start, vmalloc_end;
	vaddr_t high_memory;
	unsigned fix_kmap_begin; /* first fixmap slot of kmap_atomic */
	uint64_t maxmem_pfn;	 /* most pages the direct map can hold */
};

#endif
