/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From memblock to the free lists (boot.md 9). High memory first, page by page, then
 * low memory in maximal blocks: this order is what the first allocations see.
 *
 * At this stage every pageset has high 0 and batch 1, so a page that is freed goes
 * straight through to the buddy lists; that is done here without the detour.
 */
#include "page_list.h"
#include "vmstat.h"
#include <mmsh/page_alloc.h>

static void boot_free(struct machine *m, struct zone *z, pfn_t pfn, unsigned order, int events)
{
	count_vm_events(m, PGFREE, (unsigned long)events);
	__free_one_page(m, z, pfn, order, get_pageblock_migratetype(m, z, pfn));
}

static void boot_managed(struct machine *m, struct zone *z, unsigned long pages)
{
	z->managed_pages += pages;
	m->totalram_pages += pages;
	if (z->highmem)
		m->totalhigh_pages += pages;
}

/* Single pages, ascending. A whole block of the largest order ends up at the head of its
   list exactly as if its pages had come one by one, so it is spared that. */
static void free_highmem_range(struct machine *m, struct zone *z, pfn_t pfn, pfn_t end)
{
	boot_managed(m, z, end - pfn);
	while (pfn < end) {
		bool whole = !(pfn & (MAX_ORDER_NR_PAGES - 1)) && end - pfn >= MAX_ORDER_NR_PAGES;
		unsigned order = whole ? MAX_ORDER - 1 : 0;

		boot_free(m, z, pfn, order, 1 << order);
		pfn += 1u << order;
	}
}

/* [s, e) of the free range @it, cut to the zone. */
static bool clip_to_zone(const struct zone *z, const struct memblock_iter *it, pfn_t *s, pfn_t *e)
{
	uint64_t from = max_of(PFN_UP(it->start), (uint64_t)z->start_pfn);
	uint64_t to = min_of(PFN_DOWN(it->end), (uint64_t)zone_end_pfn(z));

	*s = (pfn_t)from;
	*e = (pfn_t)to;
	return from < to;
}

/* reset_all_zones_managed_pages: what follows counts them. */
void free_highmem_pages(struct machine *m)
{
	for_each_populated_zone(m, z)
		z->managed_pages = 0;
	for_each_populated_zone(m, z) {
		struct memblock_iter it = {0};
		pfn_t s, e;

		if (!z->highmem)
			continue;
		while (memblock_next_free(&m->memblock, &it))
			if (it.nid == z->nid && clip_to_zone(z, &it, &s, &e))
				free_highmem_range(m, z, s, e);
	}
}

static void free_lowmem_range(struct machine *m, struct zone *z, pfn_t s, pfn_t e)
{
	boot_managed(m, z, e - s);
	while (s < e) {
		unsigned order = s ? (unsigned)__builtin_ctz(s) : MAX_ORDER - 1;

		order = min_of(order, (unsigned)MAX_ORDER - 1);
		while (s + (1u << order) > e)
			order--;
		boot_free(m, z, s, order, 1 << order);
		s += 1u << order;
	}
}

/* Zones border each other at multiples of the largest block, the end of low memory apart,
   so walking a range zone by zone frees the same blocks in the same order. */
void free_all_bootmem(struct machine *m)
{
	struct memblock_iter it = {0};

	while (memblock_next_free(&m->memblock, &it)) {
		for_each_populated_zone(m, z) {
			pfn_t s, e;

			if (!z->highmem && z->nid == it.nid && clip_to_zone(z, &it, &s, &e))
				free_lowmem_range(m, z, s, e);
		}
	}
}
