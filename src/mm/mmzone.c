/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nodes, zones and the order in which they are tried (boot.md 6-8), and everything that
 * is computed from their sizes: pagesets, watermarks, reserves (boot.md 11, 12).
 */
#include "mmzone.h"
#include "page_list.h"
#include "vmstat.h"
#include <errno.h>
#include <mmsh/page_alloc.h>
#include <math.h>
#include <string.h>

/* ---- zones ---- */

struct zone *next_populated_zone(const struct machine *m, struct zone *z)
{
	unsigned id = z ? z->id + 1u : 0;

	for (; id < m->nr_nodes * MAX_NR_ZONES; id++)
		if (populated_zone(m->zone_by_id[id]))
			return m->zone_by_id[id];
	return NULL;
}

bool pfn_is_ram(const struct machine *m, uint64_t pfn)
{
	return pfn < m->max_pfn && memblock_is_memory(&m->memblock, PFN_PHYS(pfn));
}

struct zone *pfn_to_zone(const struct machine *m, uint64_t pfn)
{
	int nid = pfn < m->max_pfn ? memblock_node(&m->memblock, PFN_PHYS(pfn)) : -1;

	if (nid >= 0 && m->section && (m->section[pfn_to_section(m, pfn)].state & SECTION_ADDED))
		return m->zone_by_id[m->section[pfn_to_section(m, pfn)].zone];
	/* zones of different nodes may span each other's pages */
	for (int i = 0; nid >= 0 && i < MAX_NR_ZONES; i++) {
		struct zone *z = &m->node[nid]->zone[i];

		if (populated_zone(z) && zone_spans_pfn(z, (pfn_t)pfn))
			return z;
	}
	return NULL;
}

struct zone *zone_find(const struct machine *m, int nid, const char *name)
{
	if (nid < 0 || (unsigned)nid >= m->nr_nodes)
		return NULL;
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		if (!strcmp(m->node[nid]->zone[i].name, name))
			return &m->node[nid]->zone[i];
	return NULL;
}

bool page_is_reserved(const struct machine *m, pfn_t pfn)
{
	const struct page *p = pfn_to_page(m, pfn);
	unsigned order;

	if (p->flags & PG(reserved))
		return true;
	/* boot marks nothing: what it kept was never touched, and memblock still knows it */
	return !p->block && !p->_refcount && !(p->flags & PG(tail)) &&
	       memblock_is_region_reserved(&m->memblock, PFN_PHYS(pfn), PAGE_SIZE) &&
	       free_block_containing(m, pfn, &order) == PFN_NONE;
}

/* boot.md 7.6: types are written where a pageblock begins, so a first partial block keeps 0;
   unless another zone writes it, where types belong to sections. */
static int init_pageblocks(struct machine *m, struct zone *z)
{
	unsigned order = m->pageblock_order;
	uint64_t first = z->start_pfn >> order, end = ((uint64_t)zone_end_pfn(z) - 1) >> order;

	if (m->pageblock) {
		z->pageblock = m->pageblock;
	} else {
		z->pageblock_base = (pfn_t)first;
		z->pageblock = arena_alloc(&m->arena, end - first + 1);
	}
	if (!z->pageblock)
		return -ENOMEM;
	if (first << order < z->start_pfn)
		first++;
	if (first <= end)
		memset(&z->pageblock[first - z->pageblock_base], MIGRATE_MOVABLE, end - first + 1);
	return 0;
}

static int init_zone_pagesets(struct machine *m, struct zone *z)
{
	z->pageset = arena_alloc(&m->arena, m->nr_cpus * sizeof(*z->pageset));
	if (!z->pageset)
		return -ENOMEM;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		z->pageset[cpu].batch = 1;
		for (int t = 0; t < MIGRATE_PCPTYPES; t++)
			z->pageset[cpu].lists[t] = PAGE_LIST_EMPTY;
	}
	return 0;
}

static int init_currently_empty_zone(struct machine *m, struct zone *z, pfn_t start, uint64_t spanned)
{
	z->start_pfn = start;
	z->spanned_pages = spanned;
	return spanned ? init_pageblocks(m, z) : 0;
}

int init_zone_lists(struct machine *m, struct zone *z)
{
	for (unsigned o = 0; o < MAX_ORDER; o++)
		for (unsigned t = 0; t < MIGRATE_TYPES; t++)
			z->free_area[o].free_list[t] = PAGE_LIST_EMPTY;
	for (unsigned l = 0; l < NR_LRU_LISTS; l++)
		z->lru[l] = PAGE_LIST_EMPTY;
	return init_zone_pagesets(m, z);
}

/* Pages below 16 MiB that boot keeps: a 64-bit kernel takes them off the DMA zone's estimate. */
static unsigned long dma_reserve(const struct machine *m)
{
	const uint64_t end = PFN_DOWN(16ull << 20);
	struct memblock_iter it = {0};
	unsigned long pages;

	if (m->arch->bits != 64)
		return 0;
	pages = memblock_pages(&m->memblock, 0, end, MAX_NUMNODES);
	while (memblock_next_free(&m->memblock, &it))
		if (PFN_UP(it.start) < min_of(PFN_DOWN(it.end), end))
			pages -= min_of(PFN_DOWN(it.end), end) - PFN_UP(it.start);
	return pages;
}

/* What the memory map of the zone will cost, and the estimates made from that (boot.md 7.2-7.4). */
static void account_memmap(struct machine *m, struct zone *z)
{
	unsigned long pages = z->spanned_pages, freesize = z->present_pages;
	unsigned long reserve = z->idx == 0 ? dma_reserve(m) : 0;

	/* sections spare the larger holes */
	if (m->section && pages > freesize + freesize / 16)
		pages = freesize;
	z->memmap_pages = PFN_UP(pages * m->arch->struct_page_size);
	if (!z->highmem) {
		if (freesize >= z->memmap_pages)
			freesize -= z->memmap_pages;
		if (freesize > reserve)
			freesize -= reserve;
		m->boot.nr_kernel_pages += freesize;
	} else if (m->boot.nr_kernel_pages > z->memmap_pages * 2) {
		m->boot.nr_kernel_pages -= z->memmap_pages;
	}
	m->boot.nr_all_pages += freesize;
	z->managed_pages = z->boot_managed = freesize;
	z->min_unmapped_pages = freesize / 100; /* the ratios' defaults */
	z->min_slab_pages = freesize * 5 / 100;
	zone_page_state_add(m, z, NR_ALLOC_BATCH, (long)freesize);
}

/* The highest zone with memory: the one that ZONE_MOVABLE takes its pages from. */
static int find_usable_zone(const struct machine *m, const uint64_t lowest[MAX_NR_ZONES],
			    const uint64_t highest[MAX_NR_ZONES])
{
	int z = MAX_NR_ZONES - 1;

	while (z > 0 && (z == m->arch->zone_movable || highest[z] <= lowest[z]))
		z--;
	return z;
}

/* Deals @per pages of the kernel's share out to node @nid. Moves its movable start up. */
static void spread_kernelcore(struct machine *m, int nid, uint64_t per, uint64_t usable_start,
			      uint64_t *kernelcore)
{
	uint64_t *movable = &m->boot.movable_pfn[nid], rem = per;

	for (unsigned i = 0; i < m->memblock.memory.cnt && rem; i++) {
		const struct memblock_region *r = &m->memblock.memory.regions[i];
		uint64_t start = max_of(PFN_UP(r->base), *movable);
		uint64_t end = PFN_DOWN(r->base + r->size), n;

		if (r->nid != nid || start >= end)
			continue;
		if (start < usable_start) {
			n = min_of(end, usable_start) - start;
			rem -= min_of(n, rem);
			*kernelcore -= min_of(n, *kernelcore);
			if (end <= usable_start) {
				*movable = end;
				continue;
			}
			start = usable_start;
		}
		n = min_of(end - start, rem);
		*movable = start + n;
		*kernelcore -= min_of(n, *kernelcore);
		rem -= n;
	}
}

/* kernelcore= and movablecore= (boot.md 6.1): where ZONE_MOVABLE begins on each node. */
static void find_zone_movable_pfns(struct machine *m, uint64_t usable_start)
{
	uint64_t total = memblock_pages(&m->memblock, 0, m->max_pfn, MAX_NUMNODES);
	uint64_t core = PFN_DOWN(m->params.kernelcore), movable = PFN_DOWN(m->params.movablecore);
	unsigned nodes = 0;

	if (movable) {
		movable = min_of(total, (uint64_t)ROUND_UP(movable, MAX_ORDER_NR_PAGES));
		core = max_of(core, total - movable);
	}
	if (!core || core >= total)
		return;
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		nodes += memblock_pages(&m->memblock, 0, m->max_pfn, (int)nid) != 0;
	do {
		uint64_t per = core / nodes;

		for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
			if (core < per)
				per = core / nodes;
			spread_kernelcore(m, (int)nid, per, usable_start, &core);
		}
	} while (--nodes && core > nodes);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		m->boot.movable_pfn[nid] = ROUND_UP(m->boot.movable_pfn[nid], MAX_ORDER_NR_PAGES);
}

/* What is left of zone @i's range [*from, *to) on a node that has a movable zone. */
static void adjust_for_movable(const struct machine *m, int nid, unsigned i, uint64_t node_end,
			       int usable, const uint64_t highest[MAX_NR_ZONES], uint64_t *from,
			       uint64_t *to)
{
	uint64_t movable = m->boot.movable_pfn[nid];

	if (!movable)
		return;
	if ((int)i == m->arch->zone_movable) {
		*from = movable;
		*to = min_of(node_end, highest[usable]);
	} else {
		*to = min_of(*to, max_of(movable, *from));
	}
}

static int free_area_init_node(struct machine *m, struct pglist_data *pgdat,
			       const uint64_t lowest[MAX_NR_ZONES],
			       const uint64_t highest[MAX_NR_ZONES], int usable)
{
	uint64_t start = UINT64_MAX, end = 0;

	for (unsigned i = 0; i < m->memblock.memory.cnt; i++) {
		const struct memblock_region *r = &m->memblock.memory.regions[i];

		if (r->nid != pgdat->id)
			continue;
		start = min_of(start, PFN_UP(r->base));
		end = max_of(end, PFN_DOWN(r->base + r->size));
	}
	if (start >= end)
		return 0;
	pgdat->start_pfn = (pfn_t)start;
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *z = &pgdat->zone[i];
		uint64_t from = max_of(start, lowest[i]), to = min_of(end, highest[i]);

		adjust_for_movable(m, pgdat->id, i, end, usable, highest, &from, &to);
		if (from >= to)
			continue;
		if (init_currently_empty_zone(m, z, (pfn_t)from, to - from))
			return -ENOMEM;
		z->present_pages = memblock_pages(&m->memblock, from, to, pgdat->id);
		pgdat->spanned_pages += z->spanned_pages;
		pgdat->present_pages += z->present_pages;
		account_memmap(m, z);
	}
	return 0;
}

int free_area_init_nodes(struct machine *m, const uint64_t max_zone_pfn[MAX_NR_ZONES],
			 struct mm_error *e)
{
	uint64_t lowest[MAX_NR_ZONES], highest[MAX_NR_ZONES];
	int usable;

	lowest[0] = m->memblock.memory.cnt ? PFN_UP(m->memblock.memory.regions[0].base) : 0;
	highest[0] = max_of(max_zone_pfn[0], lowest[0]);
	for (int i = 1; i < MAX_NR_ZONES; i++) {
		if (i == m->arch->zone_movable) {
			lowest[i] = highest[i] = 0;
			continue;
		}
		lowest[i] = highest[i - 1];
		highest[i] = max_of(max_zone_pfn[i], lowest[i]);
	}
	memcpy(m->boot.zone_start, lowest, sizeof(lowest));
	memcpy(m->boot.zone_end, highest, sizeof(highest));
	m->boot.nr_kernel_pages = m->boot.nr_all_pages = 0;
	if (init_sections(m))
		return mm_error(e, -ENOMEM, "the host has no memory for the sections");
	usable = find_usable_zone(m, lowest, highest);
	find_zone_movable_pfns(m, lowest[usable]);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (free_area_init_node(m, m->node[nid], lowest, highest, usable))
			return mm_error(e, -ENOMEM, "the host has no memory for the zones");
	return 0;
}

/* ---- zonelists ---- */

/* While the first lists are built, no CPU has told yet where it is. */
static bool node_has_cpus(const struct machine *m, unsigned nid)
{
	for (unsigned cpu = 0; cpu < m->nr_cpus && m->running; cpu++)
		if (m->cpu_to_node[cpu] == nid)
			return true;
	return false;
}

/* boot.md 8.3: the order in which node @local tries the nodes. Returns: how many. */
static unsigned order_nodes(const struct machine *m, unsigned local, unsigned load[MAX_NUMNODES],
			    uint8_t order[MAX_NUMNODES])
{
	bool used[MAX_NUMNODES] = {false};
	unsigned n = 0, prev = local, load_now = m->nr_nodes;

	while (n < m->nr_nodes) {
		unsigned best = MAX_NUMNODES, best_val = 0;

		for (unsigned i = 0; i < m->nr_nodes; i++) {
			unsigned val = node_distance(m, local, i) + (i < local) + node_has_cpus(m, i);

			val = val * m->nr_nodes * MAX_NUMNODES + load[i];
			if (n == 0 && i != local)
				continue;
			if (!used[i] && (best == MAX_NUMNODES || val < best_val)) {
				best = i;
				best_val = val;
			}
		}
		if (node_distance(m, local, best) != node_distance(m, local, prev))
			load[best] = load_now;
		used[best] = true;
		prev = best;
		load_now--;
		order[n++] = (uint8_t)best;
	}
	return n;
}

static void zonelist_add(struct zonelist *zl, unsigned *n, struct zone *z)
{
	if (populated_zone(z))
		zl->ref[(*n)++] = (struct zoneref){z, z->idx};
}

void zonelist_finish(struct zonelist *zl, unsigned n)
{
	zl->ref[n] = (struct zoneref){NULL, 0};
	for (int high = 0; high < MAX_NR_ZONES; high++) {
		const struct zoneref *r = zl->ref;

		while (r->zone && r->idx > high)
			r++;
		zl->first[high] = r;
	}
}

static void build_zonelists(struct machine *m, struct pglist_data *pgdat,
			    unsigned load[MAX_NUMNODES])
{
	struct zonelist *all = &pgdat->zonelist[ZONELIST_FALLBACK];
	struct zonelist *own = &pgdat->zonelist[ZONELIST_NOFALLBACK];
	uint8_t order[MAX_NUMNODES];
	unsigned nodes = order_nodes(m, (unsigned)pgdat->id, load, order), n = 0;

	if (m->zonelist_order == 'n') {
		for (unsigned i = 0; i < nodes; i++)
			for (int z = MAX_NR_ZONES; z--;)
				zonelist_add(all, &n, &m->node[order[i]]->zone[z]);
	} else { /* keep the low zones for those who need them */
		for (int z = MAX_NR_ZONES; z--;)
			for (unsigned i = 0; i < nodes; i++)
				zonelist_add(all, &n, &m->node[order[i]]->zone[z]);
	}
	zonelist_finish(all, n);
	n = 0;
	for (int z = MAX_NR_ZONES; z--;)
		zonelist_add(own, &n, &pgdat->zone[z]);
	zonelist_finish(own, n);
}

void build_gfp_routes(struct machine *m)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct pglist_data *n = m->node[nid];

		for (gfp_t gfp = 0; gfp < 1u << GFP_ROUTE_BITS; gfp++) {
			int idx = gfp_zone(m, gfp), mt = gfpflags_to_migratetype(m, gfp);
			const struct zoneref *r = idx < 0 ? NULL : n->zonelist[0].first[idx];
			struct gfp_route *route = m->numa ? &n->numa_route[gfp] : &n->route[gfp];

			n->route[gfp] = n->numa_route[gfp] = (struct gfp_route){NULL, NULL, 0, 0};
			if (!r || !r->zone || mt >= MIGRATE_PCPTYPES)
				continue;
			*route = (struct gfp_route){r, r, r->idx, mt};
			while (route->end->zone && route->end->zone->nid == r->zone->nid)
				route->end++;
		}
	}
}

/* Pages that the zones up to @idx could give out without going below their high mark. */
static unsigned long nr_free_zone_pages(const struct machine *m, int idx)
{
	unsigned long sum = 0;

	for (const struct zoneref *r = m->node[0]->zonelist[0].first[idx]; r->zone; r++) {
		unsigned long high = (unsigned long)r->zone->watermark[WMARK_HIGH];

		if (r->idx <= idx && r->zone->managed_pages > high)
			sum += r->zone->managed_pages - high;
	}
	return sum;
}

void build_all_zonelists(struct machine *m)
{
	unsigned load[MAX_NUMNODES] = {0};

	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		build_zonelists(m, m->node[nid], load);
	m->boot.vm_total_pages = nr_free_zone_pages(m, MAX_NR_ZONES - 1);
	m->page_group_by_mobility_disabled =
		m->boot.vm_total_pages < (1ul << m->pageblock_order) * m->nr_migratetypes;
	build_gfp_routes(m);
}

/* ---- pagesets ---- */

int zone_batchsize(const struct zone *z)
{
	unsigned long b = z->managed_pages / 1024;

	if (b * PAGE_SIZE > 512 * 1024)
		b = 512 * 1024 / PAGE_SIZE;
	b = max_of(b / 4, 1ul);
	b += b / 2;
	/* the largest power of two in it, less one: odd batches spread over cache colours */
	return (1 << (31 - __builtin_clz((unsigned)b))) - 1;
}

void pageset_set_high_and_batch(struct machine *m, struct zone *z)
{
	int high, batch;

	if (m->percpu_pagelist_fraction) {
		high = (int)(z->managed_pages / (unsigned long)m->percpu_pagelist_fraction);
		batch = clamp_of(high / 4, 1, PAGE_SHIFT * 8);
	} else {
		batch = zone_batchsize(z);
		high = 6 * batch;
		batch = max_of(batch, 1);
	}
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		z->pageset[cpu].high = high;
		z->pageset[cpu].batch = batch;
	}
}

void setup_per_cpu_pageset(struct machine *m)
{
	for_each_populated_zone(m, z)
		pageset_set_high_and_batch(m, z);
}

/* ---- watermarks and reserves ---- */

void setup_per_zone_wmarks(struct machine *m)
{
	uint64_t pages_min = (uint64_t)m->min_free_kbytes >> (PAGE_SHIFT - 10), lowmem = 0;

	for_each_populated_zone(m, z)
		if (!z->highmem)
			lowmem += z->managed_pages;
	for_each_populated_zone(m, z) {
		long share = lowmem ? (long)(pages_min * z->managed_pages / lowmem) : 0;
		long min = share;

		if (z->highmem)
			min = (long)clamp_of(z->managed_pages / 1024, 32, 128);
		z->watermark[WMARK_MIN] = min;
		z->watermark[WMARK_LOW] = min + share / 4;
		z->watermark[WMARK_HIGH] = min + share / 2;
		__mod_zone_page_state(m, z, NR_ALLOC_BATCH,
				      z->watermark[WMARK_HIGH] - z->watermark[WMARK_LOW] -
					      z->vm_stat[NR_ALLOC_BATCH]);
	}
	calculate_totalreserve_pages(m);
}

void setup_per_zone_lowmem_reserve(struct machine *m)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct zone *zones = m->node[nid]->zone;

		for (int i = 0; i < MAX_NR_ZONES; i++) {
			unsigned long above = 0;

			for (int j = 0; j <= i; j++)
				zones[i].lowmem_reserve[j] = 0;
			for (int j = i + 1; j < MAX_NR_ZONES; j++) {
				int *ratio = &m->lowmem_reserve_ratio[i];

				*ratio = max_of(*ratio, 1);
				above += zones[j].managed_pages;
				zones[i].lowmem_reserve[j] = (long)above / *ratio;
			}
		}
	}
	calculate_totalreserve_pages(m);
}

void calculate_totalreserve_pages(struct machine *m)
{
	unsigned long total = 0;

	for (unsigned id = 0; id < m->nr_nodes * MAX_NR_ZONES; id++) {
		struct zone *z = m->zone_by_id[id];
		long max = 0;

		for (int j = z->idx; j < MAX_NR_ZONES; j++)
			max = max_of(max, z->lowmem_reserve[j]);
		max = min_of(max + z->watermark[WMARK_HIGH], (long)z->managed_pages);
		z->dirty_balance_reserve = (unsigned long)max;
		total += (unsigned long)max;
	}
	m->totalreserve_pages = total;
}

static unsigned long int_sqrt(unsigned long x)
{
	unsigned long r = (unsigned long)sqrt((double)x);

	while (r * r > x)
		r--;
	while ((r + 1) * (r + 1) <= x)
		r++;
	return r;
}

void init_per_zone_wmark_min(struct machine *m)
{
	unsigned long kbytes = nr_free_zone_pages(m, m->arch->zone_normal) << (PAGE_SHIFT - 10);
	int min_free = (int)int_sqrt(kbytes * 16);

	if (min_free > m->user_min_free_kbytes)
		m->min_free_kbytes = clamp_of(min_free, 128, 65536);
	setup_per_zone_wmarks(m);
	refresh_zone_stat_thresholds(m);
	setup_per_zone_lowmem_reserve(m);
	for_each_populated_zone(m, z) {
		unsigned long gb = z->managed_pages >> (30 - PAGE_SHIFT);

		z->inactive_ratio = gb ? int_sqrt(10 * gb) : 1;
	}
}
