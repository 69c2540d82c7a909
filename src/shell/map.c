/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "map.h"

#include <stdio.h>
#include <stdlib.h>

#include <mmsh/page_alloc.h>

#include "util.h"

#define BIG_HOLE_CELLS 16 /* a hole of more is told, not drawn */

/* ---- what a cell holds ---- */

struct count {
	uint64_t ram, kept, offline, used;
};

static bool is_online(const struct machine *m, uint64_t pfn)
{
	return !m->section || (m->section[pfn_to_section(m, pfn)].state & SECTION_ONLINE);
}

/* Pages [pfn, end) of @z, by free blocks where there are any. */
static void count_pages(const struct machine *m, const struct zone *z, uint64_t pfn, uint64_t end,
			struct count *n)
{
	while (pfn < end) {
		uint64_t step = 1;
		unsigned order;
		pfn_t head;

		if (pfn_to_zone(m, pfn) != z) {
			pfn++;
			continue;
		}
		head = free_block_containing(m, (pfn_t)pfn, &order);
		if (head != PFN_NONE)
			step = min_of(head + (1ull << order), end) - pfn;
		else if (!is_online(m, pfn))
			n->offline++;
		else if (page_is_reserved(m, (pfn_t)pfn))
			n->kept++;
		else if (!(pfn_to_page(m, (pfn_t)pfn)->block & BLOCK_PCP))
			n->used++;
		n->ram += step;
		pfn += step;
	}
}

/* All of [pfn, end) hole or offline or kept by boot? Then nobody needs to look at its pages. */
static bool count_quickly(const struct machine *m, uint64_t pfn, uint64_t end, struct count *n)
{
	struct memblock_iter it = {0};
	uint64_t ram = memblock_pages(&m->memblock, pfn, end, MAX_NUMNODES);

	while (memblock_next_free(&m->memblock, &it)) {
		if (PFN_DOWN(it.end) <= pfn)
			continue;
		if (PFN_UP(it.start) < end)
			return false;
		break;
	}
	n->ram += ram;
	if (m->section && pfn_valid(m, pfn) && !is_online(m, pfn))
		n->offline += ram;
	else
		n->kept += ram;
	return true;
}

static void count_range(const struct machine *m, const struct zone *z, uint64_t pfn, uint64_t end,
			struct count *n)
{
	const uint64_t block = MAX_ORDER_NR_PAGES;

	while (pfn < end) {
		uint64_t to = min_of((pfn / block + 1) * block, end);

		/* the largest blocks first: a fresh machine is made of them */
		if (pfn % block == 0 && to - pfn == block &&
		    m->top[pfn / block].block == block_free((uint32_t)z->id, MAX_ORDER - 1))
			n->ram += block;
		else if (!count_quickly(m, pfn, to, n))
			count_pages(m, z, pfn, to, n);
		pfn = to;
	}
}

struct map_cell map_cell(const struct map *map, const struct map_part *p, uint64_t pfn)
{
	uint64_t from = max_of(pfn, p->from), to = min_of(pfn + map->cell_pages, p->to);
	struct map_cell c = {MAP_HOLE, 0, 0};
	struct count n = {0};

	if (!p->zone)
		return c;
	count_range(map->m, p->zone, from, to, &n);
	if (!n.ram)
		return c;
	c.mt = (uint8_t)get_pageblock_migratetype(map->m, p->zone, (pfn_t)from);
	c.used = (uint8_t)((n.used + n.kept) * 255 / n.ram);
	c.kind = n.offline * 2 > n.ram ? MAP_OFFLINE : n.kept == n.ram ? MAP_KEPT : MAP_PAGES;
	return c;
}

char map_letter(struct map_cell c)
{
	static const char types[MIGRATE_TYPES + 1] = "UMRHI", kinds[] = "-ok";

	if (c.kind != MAP_PAGES)
		return kinds[c.kind];
	return c.mt < MIGRATE_TYPES ? types[c.mt] : '?';
}

const char *map_size(uint64_t pages, char buf[32])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double n = (double)pages * 4;
	unsigned u = 0;

	while (n >= 1024 && u + 1 < ARRAY_SIZE(units)) {
		n /= 1024;
		u++;
	}
	snprintf(buf, 32, n < 10 && n != (double)(int)n ? "%.1f %s" : "%.0f %s", n, units[u]);
	return buf;
}

/* ---- parts ---- */

static void add_part(struct map *map, const struct zone *z, uint64_t from, uint64_t to)
{
	grow(map->part, map->nr_parts, map->cap);
	map->part[map->nr_parts++] = (struct map_part){z, from, to};
}

/* A zone of several nodes' memory in between, or with large holes, is several parts. */
static void add_memory_parts(struct map *map, uint64_t from, uint64_t to, const struct zone *only,
			     uint64_t big_hole)
{
	const struct machine *m = map->m;
	uint64_t at = from;

	for (unsigned i = 0; i < m->memblock.memory.cnt; i++) {
		const struct memblock_region *r = &m->memblock.memory.regions[i];
		uint64_t s = max_of(PFN_UP(r->base), from), e = min_of(PFN_DOWN(r->base + r->size), to);

		while (s < e) {
			const struct zone *z = pfn_to_zone(m, s);
			uint64_t end = z && s < zone_end_pfn(z) ? min_of((uint64_t)zone_end_pfn(z), e) : e;
			struct map_part *last = map->nr_parts ? &map->part[map->nr_parts - 1] : NULL;

			if (!only || z == only) {
				if (last && last->zone == z && s - last->to < big_hole) {
					last->to = end;
				} else {
					if (!only && s - at >= big_hole)
						add_part(map, NULL, at, s);
					add_part(map, z, s, end);
				}
				at = end;
			}
			s = end;
		}
	}
	if (!only && at < to && to - at >= big_hole)
		add_part(map, NULL, at, to);
}

static uint64_t cells(const struct map *map)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < map->nr_parts; i++)
		if (map->part[i].zone)
			n += (map->part[i].to - 1) / map->cell_pages -
			     map->part[i].from / map->cell_pages + 1;
	return n;
}

void map_init(struct map *map, const struct machine *m, uint64_t from, uint64_t to,
	      const struct zone *only, uint64_t max_cells)
{
	bool all = from == 0 && to >= m->max_pfn;

	*map = (struct map){.m = m, .cell_pages = all ? 1u << m->pageblock_order : 1};
	to = min_of(to, m->max_pfn);
	if (only) {
		from = max_of(from, (uint64_t)only->start_pfn);
		to = min_of(to, (uint64_t)zone_end_pfn(only));
	}
	for (;; map->cell_pages *= 2) {
		map->nr_parts = 0;
		add_memory_parts(map, from, to, only, map->cell_pages * BIG_HOLE_CELLS);
		if (cells(map) <= max_cells || map->cell_pages > m->max_pfn)
			break;
	}
}

void map_free(struct map *map)
{
	free(map->part);
}
