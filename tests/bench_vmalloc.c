/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's own addresses: an area of 16 pages among many, and a slot of the pkmap window. */
#include "bench.h"
#include <mmsh/highmem.h>
#include <mmsh/slab.h>
#include <mmsh/vmalloc.h>

#define VMALLOC_PAIRS 20000u
#define VMALLOC_BYTES (16 * PAGE_SIZE)
#define KMAP_PAIRS 2000000u

/* @live areas of one page each. */
static void fill_range(unsigned live)
{
	vaddr_t addr;

	machine = boot_slab(slab_ops_find("slub"), 1ull << 30);
	for (unsigned i = 0; i < live; i++)
		if (vmalloc(machine, PAGE_SIZE, VMALLOC_GFP, NULL, &addr))
			die("vmalloc", "no room");
}

/* Purges are part of it, as they are of what a kernel does. */
static double vmalloc_pair(unsigned live)
{
	double start;

	if (!machine)
		fill_range(live);
	start = now_ns();
	for (unsigned i = 0; i < VMALLOC_PAIRS; i++) {
		vaddr_t addr;

		if (vmalloc(machine, VMALLOC_BYTES, VMALLOC_GFP, NULL, &addr) ||
		    vfree(machine, addr, NULL))
			die("vmalloc", "failed");
	}
	return (now_ns() - start) / VMALLOC_PAIRS;
}

double vmalloc_pair_10(void)
{
	return vmalloc_pair(10);
}

double vmalloc_pair_1000(void)
{
	return vmalloc_pair(1000);
}

double vmalloc_pair_10000(void)
{
	return vmalloc_pair(10000);
}

double kmap_pair(void)
{
	pfn_t pfn = (pfn_t)machine->highstart_pfn;
	double start = now_ns();

	for (unsigned i = 0; i < KMAP_PAIRS; i++) {
		vaddr_t addr;

		if (kmap(machine, pfn, &addr) || kunmap(machine, pfn))
			die("kmap", "failed");
	}
	return (now_ns() - start) / KMAP_PAIRS;
}
