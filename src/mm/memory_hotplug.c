/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that comes and goes, by whole sections (boot.md 4.2). */
#include "migrate.h"
#include "page_alloc.h"
#include "setup.h"
#include "vmstat.h"
#include <errno.h>
#include <mmsh/memory_hotplug.h>
#include <mmsh/pgtable.h>
#include <string.h>

#define LARGE_MACHINE_PAGES ((64ull << 30) >> PAGE_SHIFT)
#define LARGE_BLOCK_PAGES ((2ull << 30) >> PAGE_SHIFT)

typedef unsigned long long ull;

/* ---- ranges ---- */

uint64_t pages_per_section(const struct machine *m)
{
	return m->section ? 1ull << (m->arch->section_size_bits - PAGE_SHIFT) : 0;
}

uint64_t memory_block_pages(const struct machine *m)
{
	bool large = m->arch->bits == 64 && m->boot.end_pfn >= LARGE_MACHINE_PAGES;

	return m->section && large ? LARGE_BLOCK_PAGES : pages_per_section(m);
}

static int check_range(const struct machine *m, uint64_t pfn, uint64_t pages, struct mm_error *e)
{
	uint64_t per = pages_per_section(m);

	if (!per)
		return mm_error(e, -EINVAL, "a %s kernel has no sections: MEMORY_HOTPLUG depends on SPARSEMEM",
				m->model ? m->model->config : "recorded");
	if (!pages || pfn % per || pages % per)
		return mm_error(e, -EINVAL,
				"pfn %llu..%llu: memory comes and goes in sections of %llu pages (%llu MiB)",
				(ull)pfn, (ull)(pfn + pages - 1), (ull)per,
				(ull)per >> (20 - PAGE_SHIFT));
	if (pages > m->limit_pfn || pfn > m->limit_pfn - pages) {
		uint64_t most = 1ull << (m->arch->max_mem_bits_model - PAGE_SHIFT);

		return mm_error(e, -ERANGE, "pfn %llu..%llu: %s ends at pfn %llu", (ull)pfn,
				(ull)(pfn + pages - 1),
				m->limit_pfn < ROUND_DOWN(most - 1, MAX_ORDER_NR_PAGES) ? "the host's address space"
											: m->arch->name,
				(ull)m->limit_pfn - 1);
	}
	return 0;
}

/* What every section of a range that is there must have and must not have. */
static int check_sections(const struct machine *m, uint64_t pfn, uint64_t pages, bool online,
			  struct mm_error *e)
{
	int err = check_range(m, pfn, pages, e);

	for (uint64_t at = pfn; !err && at < pfn + pages; at += pages_per_section(m)) {
		uint64_t s = pfn_to_section(m, at);
		const char *why = s >= m->nr_sections || !(m->section[s].state & SECTION_PRESENT)
					  ? "is not there"
				  : !!(m->section[s].state & SECTION_ONLINE) == online ? NULL
				  : online					      ? "is offline"
										      : "is online";

		if (why)
			err = mm_error(e, -EINVAL, "the section of pfn %llu..%llu %s", (ull)at,
				       (ull)(at + pages_per_section(m) - 1), why);
	}
	return err;
}

static void set_sections(struct machine *m, uint64_t pfn, uint64_t pages, struct mem_section s)
{
	uint64_t last = pfn_to_section(m, pfn + pages - 1);

	for (uint64_t i = pfn_to_section(m, pfn); i <= last; i++)
		m->section[i] = s;
}

static void set_online(struct machine *m, uint64_t pfn, uint64_t pages, bool online)
{
	uint64_t last = pfn_to_section(m, pfn + pages - 1);

	for (uint64_t i = pfn_to_section(m, pfn); i <= last; i++)
		m->section[i].state = (uint8_t)((m->section[i].state & ~SECTION_ONLINE) |
						(online ? SECTION_ONLINE : 0));
}

/* The zone of @pfn, a hole in a section being the zone's that spans it. */
static struct zone *pfn_zone(const struct machine *m, uint64_t pfn)
{
	struct zone *z = pfn_to_zone(m, pfn);

	for (unsigned id = 0; !z && id < m->nr_nodes * MAX_NR_ZONES; id++)
		if (pfn_valid(m, pfn) && zone_spans_pfn(m->zone_by_id[id], (pfn_t)pfn))
			z = m->zone_by_id[id];
	return z;
}

struct zone *test_pages_in_a_zone(const struct machine *m, uint64_t pfn, uint64_t pages)
{
	struct zone *zone = NULL;

	for (uint64_t at = pfn; at < pfn + pages; at += MAX_ORDER_NR_PAGES) {
		struct zone *z = pfn_zone(m, at), *end = pfn_zone(m, at + MAX_ORDER_NR_PAGES - 1);

		if ((zone && z && z != zone) || (z && end && z != end))
			return NULL;
		zone = zone ?: z;
	}
	return zone;
}

/* ---- spans ---- */

static void grow_span(pfn_t *start, unsigned long *spanned, uint64_t pfn, uint64_t end)
{
	uint64_t old_end = *start + (uint64_t)*spanned;

	if (!*spanned || pfn < *start)
		*start = (pfn_t)pfn;
	*spanned = max_of(old_end, end) - *start;
}

/* Cut to the sections that are left; only called when an end of it is gone. */
static void shrink_span(const struct machine *m, pfn_t *start, unsigned long *spanned, int nid,
			const struct zone *z)
{
	uint64_t per = pages_per_section(m), end = *start + (uint64_t)*spanned, from = UINT64_MAX, to = 0;

	for (uint64_t at = ROUND_DOWN(*start, per); at < end; at += per) {
		const struct zone *have = pfn_zone(m, max_of(at, (uint64_t)*start));

		if (!have || have->nid != nid || (z && have != z))
			continue;
		from = min_of(from, max_of(at, (uint64_t)*start));
		to = min_of(at + per, end);
	}
	*start = to ? (pfn_t)from : 0;
	*spanned = to ? to - from : 0;
}

/* ---- adding ---- */

/* ZONE_MOVABLE takes what lies behind its start; else all goes to the usual last zone. */
static struct zone *zone_for_memory(const struct machine *m, int nid, uint64_t pfn)
{
	struct zone *zones = m->node[nid]->zone, *movable = &zones[m->arch->zone_movable];
	int usual = m->arch->zone_highmem >= 0 ? m->arch->zone_highmem : m->arch->zone_normal;

	return movable->spanned_pages && movable->start_pfn <= pfn ? movable : &zones[usual];
}

/* The node of the memory just below, else above, else 0. */
static int memory_add_physaddr_to_nid(const struct machine *m, uint64_t pfn)
{
	const struct memblock_type *t = &m->memblock.memory;
	int nid = t->cnt ? t->regions[0].nid : 0;

	for (unsigned i = 0; i < t->cnt && PFN_DOWN(t->regions[i].base) < pfn; i++)
		nid = t->regions[i].nid;
	return nid;
}

/* The page descriptors of a section come out of the memory that is there. */
static int alloc_section_memmaps(struct machine *m, int nid, uint64_t pfn, uint64_t pages,
				 struct zone *z, struct mm_error *e)
{
	uint64_t per = pages_per_section(m), bytes = per * m->arch->struct_page_size;
	unsigned order = (unsigned)__builtin_ctzll(bytes >> PAGE_SHIFT);
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_REPEAT | __GFP_NOWARN;

	for (uint64_t at = pfn; at < pfn + pages; at += per) {
		int64_t map = alloc_pages_node(m, nid, gfp, order);

		if (map < 0) {
			while (at > pfn)
				__free_pages(m, m->section[pfn_to_section(m, at -= per)].memmap, order);
			return mm_error(e, -ENOMEM, "no free block of order %u for the page descriptors of pfn %llu..%llu",
					order, (ull)at, (ull)(at + per - 1));
		}
		m->section[pfn_to_section(m, at)] = (struct mem_section){0, (uint8_t)z->id, (pfn_t)map};
	}
	return 0;
}

static void forget_sections(struct machine *m, uint64_t pfn, uint64_t pages)
{
	memblock_free(&m->memblock, PFN_PHYS(pfn), PFN_PHYS(pages));
	memblock_remove(&m->memblock, PFN_PHYS(pfn), PFN_PHYS(pages));
	set_sections(m, pfn, pages, (struct mem_section){SECTION_ABSENT, 0, 0});
}

static void added_to_zone(struct machine *m, struct zone *z, uint64_t pfn, uint64_t pages)
{
	z->pageblock = m->pageblock;
	z->pageblock_base = 0;
	memset(&m->pageblock[pfn >> m->pageblock_order], MIGRATE_MOVABLE, pages >> m->pageblock_order);
	grow_span(&z->start_pfn, &z->spanned_pages, pfn, pfn + pages);
}

int add_memory(struct machine *m, int nid, uint64_t pfn, uint64_t pages, struct mm_error *e)
{
	uint64_t old_max = m->max_pfn;
	struct zone *z;
	int err = check_range(m, pfn, pages, e);

	if (err)
		return err;
	if (nid < 0)
		nid = memory_add_physaddr_to_nid(m, pfn);
	if ((unsigned)nid >= m->nr_nodes)
		return mm_error(e, -EINVAL, "node %d: the machine booted with %u", nid, m->nr_nodes);
	for (uint64_t at = pfn; at < min_of(pfn + pages, m->max_pfn); at += pages_per_section(m))
		if (pfn_valid(m, at))
			return mm_error(e, -EEXIST, "the section of pfn %llu..%llu is there already",
					(ull)at, (ull)(at + pages_per_section(m) - 1));
	z = zone_for_memory(m, nid, pfn);
	m->max_pfn = max_of(m->max_pfn, pfn + pages);
	err = sections_resize(m) ? mm_error(e, -ENOMEM, "the host has no memory for the sections")
				 : alloc_section_memmaps(m, nid, pfn, pages, z, e);
	if (err) {
		m->max_pfn = old_max;
		return err;
	}
	for (uint64_t s = pfn_to_section(m, pfn); s <= pfn_to_section(m, pfn + pages - 1); s++)
		m->section[s].state = SECTION_PRESENT | SECTION_ADDED;
	memblock_add(&m->memblock, PFN_PHYS(pfn), PFN_PHYS(pages), nid);
	memblock_reserve(&m->memblock, PFN_PHYS(pfn), PFN_PHYS(pages));
	added_to_zone(m, z, pfn, pages);
	grow_span(&m->node[nid]->start_pfn, &m->node[nid]->spanned_pages, pfn, pfn + pages);
	if (m->arch->bits == 64) { /* no high memory: the direct map grows with it */
		m->max_low_pfn = m->highstart_pfn = m->max_pfn;
		m->layout.high_memory = m->layout.page_offset + PFN_PHYS(m->max_pfn);
		if (m->swapper_pg_dir)
			map_direct(m, PFN_PHYS(pfn), PFN_PHYS(pfn + pages));
	}
	return 0;
}

int section_restore(struct machine *m, uint64_t pfn, const struct mem_section *s)
{
	struct mem_section *old = &m->section[pfn_to_section(m, pfn)];
	struct zone *z = m->zone_by_id[s->zone];
	bool online = s->state & SECTION_ONLINE, new_zone = s->state & SECTION_ADDED && !populated_zone(z);

	if (!(old->state & s->state & SECTION_PRESENT) ||
	    s->state & ~(SECTION_PRESENT | SECTION_ONLINE | SECTION_ADDED) ||
	    online == page_is_reserved(m, (pfn_t)pfn) || (new_zone && (online || pfn_zone(m, pfn))))
		return -EINVAL;
	*old = *s;
	if (new_zone)
		added_to_zone(m, z, pfn, pages_per_section(m));
	return 0;
}

/* ---- onlining ---- */

/* Between the last ordinary zone and ZONE_MOVABLE a range can change hands at their border. */
static int move_between_zones(struct machine *m, struct zone **zone, uint64_t pfn, uint64_t pages,
			      enum mmop how, struct mm_error *e)
{
	struct zone *z = *zone, *movable = &m->node[z->nid]->zone[m->arch->zone_movable], *other;
	uint64_t end = pfn + pages;
	bool fits;

	if (how == MMOP_ONLINE_KEEP || (how == MMOP_ONLINE_MOVABLE) == (z == movable))
		return 0;
	other = how == MMOP_ONLINE_MOVABLE ? movable : zone_for_memory(m, z->nid, 0);
	if (how == MMOP_ONLINE_MOVABLE)
		fits = z->idx == m->arch->zone_movable - 1 && end == zone_end_pfn(z) &&
		       (!movable->spanned_pages || movable->start_pfn == end);
	else
		fits = pfn == z->start_pfn && (!other->spanned_pages || zone_end_pfn(other) <= pfn);
	if (!fits)
		return mm_error(e, -EINVAL, "pfn %llu..%llu is not at the border of zone %s to %s",
				(ull)pfn, (ull)end - 1, z->name, other->name);
	other->pageblock = m->pageblock;
	grow_span(&other->start_pfn, &other->spanned_pages, pfn, end);
	for (uint64_t s = pfn_to_section(m, pfn); s <= pfn_to_section(m, end - 1); s++) {
		m->section[s].zone = (uint8_t)other->id;
		m->section[s].state |= SECTION_ADDED;
	}
	shrink_span(m, &z->start_pfn, &z->spanned_pages, z->nid, z);
	*zone = other;
	return 0;
}

/* A zone without pages has the pagesets that a zone has at boot. */
static void zone_pcp_reset(struct machine *m, struct zone *z)
{
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct per_cpu_pageset *ps = &z->pageset[cpu];

		for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++) {
			zone_page_state_add(m, z, i, ps->vm_stat_diff[i]);
			ps->vm_stat_diff[i] = 0;
		}
		ps->high = ps->stat_threshold = 0;
		ps->batch = 1;
	}
	memset(z->watermark, 0, sizeof(z->watermark));
}

/* Everything that follows from the number of pages. */
static void pages_changed(struct machine *m, struct zone *z, bool rebuild)
{
	if (!populated_zone(z))
		zone_pcp_reset(m, z);
	if (rebuild)
		build_all_zonelists(m);
	else
		pageset_set_high_and_batch(m, z);
	init_per_zone_wmark_min(m);
	if (rebuild)
		trace(m, TRACE_ZONELISTS);
}

int online_pages(struct machine *m, uint64_t pfn, uint64_t pages, enum mmop how, struct mm_error *e)
{
	int err = check_sections(m, pfn, pages, false, e);
	struct zone *z;
	bool rebuild;

	if (err)
		return err;
	z = test_pages_in_a_zone(m, pfn, pages);
	if (!z)
		return mm_error(e, -EINVAL, "pfn %llu..%llu is in several zones", (ull)pfn,
				(ull)(pfn + pages - 1));
	err = move_between_zones(m, &z, pfn, pages, how, e);
	if (err)
		return err;
	rebuild = !populated_zone(z);
	memblock_free(&m->memblock, PFN_PHYS(pfn), PFN_PHYS(pages));
	z->present_pages += pages;
	m->node[z->nid]->present_pages += pages;
	for (uint64_t at = pfn; at < pfn + pages; at++)
		free_reserved_page(m, (pfn_t)at);
	set_online(m, pfn, pages, true);
	pages_changed(m, z, rebuild);
	return 0;
}

/* ---- offlining ---- */

/* Why @pfn, which is in the range to be offlined, can never leave; NULL if it can.
   @pages: how many pages the answer is for. */
static const char *unmovable(const struct machine *m, pfn_t pfn, pfn_t *pages)
{
	const struct page *p = pfn_to_page(m, pfn);
	unsigned order;
	pfn_t head = free_block_containing(m, pfn, &order);

	*pages = 1;
	if (head != PFN_NONE) {
		*pages = head + (1u << order) - pfn;
		return NULL;
	}
	if ((p->block & BLOCK_PCP) || page_movable(m, pfn))
		return NULL;
	if (!pfn_is_ram(m, pfn))
		return "a hole";
	if (page_is_reserved(m, pfn))
		return "reserved";
	return p->flags & PG(slab) ? "a slab page" : "in use and not on the LRU";
}

static int check_movable(const struct machine *m, pfn_t pfn, pfn_t end, struct mm_error *e)
{
	pfn_t pages;

	for (; pfn < end; pfn += pages) {
		const char *why = unmovable(m, pfn, &pages);

		if (why)
			return mm_error(e, -EBUSY, "pfn %u is %s: it cannot be moved", pfn, why);
	}
	return 0;
}

bool is_mem_section_removable(const struct machine *m, uint64_t pfn, uint64_t pages)
{
	struct zone *z = test_pages_in_a_zone(m, pfn, pages);

	for (uint64_t at = pfn; z && at < pfn + pages; at += 1u << m->pageblock_order)
		if (pfn_valid(m, at) && get_pageblock_migratetype(m, z, (pfn_t)at) != MIGRATE_MOVABLE &&
		    check_movable(m, (pfn_t)at, (pfn_t)at + (1u << m->pageblock_order), NULL))
			return false;
	return z != NULL;
}

/* Ordinary memory must not vanish while there is any that only users can have. */
static bool can_offline_normal(const struct machine *m, const struct zone *z, uint64_t pages)
{
	const struct zone *zones = m->node[z->nid]->zone;
	unsigned long low = 0, high = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		*(i <= m->arch->zone_normal ? &low : &high) += zones[i].present_pages;
	return z->idx > m->arch->zone_normal || low > pages || !high;
}

static int check_offline(struct machine *m, uint64_t pfn, uint64_t pages, struct mm_error *e)
{
	int err = check_sections(m, pfn, pages, true, e);
	const struct zone *z = err ? NULL : test_pages_in_a_zone(m, pfn, pages);
	uint64_t hole = pfn;

	if (err)
		return err;
	while (hole < pfn + pages && pfn_is_ram(m, hole))
		hole++;
	if (hole < pfn + pages)
		return mm_error(e, -EBUSY, "pfn %llu is a hole: its section cannot go", (ull)hole);
	if (!z || !zone_spans_pfn(z, (pfn_t)pfn) || !zone_spans_pfn(z, (pfn_t)(pfn + pages - 1)))
		return mm_error(e, -EINVAL, "pfn %llu..%llu is not within one zone", (ull)pfn,
				(ull)(pfn + pages - 1));
	if (!can_offline_normal(m, z, pages))
		return mm_error(e, -EINVAL, "pfn %llu..%llu is the last ordinary memory of node %u",
				(ull)pfn, (ull)(pfn + pages - 1), z->nid);
	return check_movable(m, (pfn_t)pfn, (pfn_t)(pfn + pages), e);
}

static int migrate_range(struct machine *m, const struct zone *z, pfn_t pfn, pfn_t end,
			 struct mm_error *e)
{
	gfp_t gfp = GFP_USER | __GFP_MOVABLE | (z->highmem ? __GFP_HIGHMEM : 0);

	for (; pfn < end; pfn++) {
		int64_t to;

		if (!page_movable(m, pfn))
			continue;
		to = alloc_pages(m, gfp, 0);
		if (to < 0)
			return mm_error(e, -ENOMEM, "there is no free page to move pfn %u to", pfn);
		lru_isolate(m, pfn);
		migrate_page(m, pfn, (pfn_t)to);
	}
	drain_all_pages(m);
	return 0;
}

/* All of it is free now, in the ISOLATE lists: off the lists. */
static void offline_isolated_pages(struct machine *m, struct zone *z, pfn_t pfn, pfn_t end)
{
	while (pfn < end) {
		unsigned order = (unsigned)free_block_order(m, pfn);

		__isolate_free_page(m, z, pfn, order);
		*pfn_to_page(m, pfn) = (struct page){0};
		pfn += 1u << order;
	}
}

int offline_pages(struct machine *m, uint64_t start, uint64_t pages, struct mm_error *e)
{
	pfn_t pfn = (pfn_t)start, end = (pfn_t)(start + pages);
	struct zone *z;
	int err = check_offline(m, start, pages, e);

	if (err)
		return err;
	z = test_pages_in_a_zone(m, start, pages);
	start_isolate_page_range(m, z, pfn, end);
	err = migrate_range(m, z, pfn, end, e);
	if (err) {
		undo_isolate_page_range(m, z, pfn, end, MIGRATE_MOVABLE);
		trace(m, TRACE_OFFLINED, .pfn = pfn, .pfn2 = end, .a = err);
		return err;
	}
	offline_isolated_pages(m, z, pfn, end);
	undo_isolate_page_range(m, z, pfn, end, MIGRATE_MOVABLE);
	memblock_reserve(&m->memblock, PFN_PHYS(pfn), PFN_PHYS(pages));
	z->managed_pages -= pages;
	z->present_pages -= pages;
	m->node[z->nid]->present_pages -= pages;
	m->totalram_pages -= pages;
	if (z->highmem)
		m->totalhigh_pages -= pages;
	set_online(m, pfn, pages, false);
	trace(m, TRACE_OFFLINED, .pfn = pfn, .pfn2 = end);
	pages_changed(m, z, !populated_zone(z));
	return 0;
}

/* ---- removing ---- */

int remove_memory(struct machine *m, uint64_t pfn, uint64_t pages, struct mm_error *e)
{
	uint64_t per = pages_per_section(m), end = pfn + pages;
	unsigned order;
	struct zone *z;
	int err = check_sections(m, pfn, pages, false, e);

	if (err)
		return err;
	z = test_pages_in_a_zone(m, pfn, pages);
	if (!z)
		return mm_error(e, -EINVAL, "pfn %llu..%llu is in several zones", (ull)pfn, (ull)end - 1);
	order = (unsigned)__builtin_ctzll(per * m->arch->struct_page_size >> PAGE_SHIFT);
	for (uint64_t at = pfn; at < end; at += per)
		if (m->section[pfn_to_section(m, at)].memmap)
			__free_pages(m, m->section[pfn_to_section(m, at)].memmap, order);
	memset(pfn_to_page(m, (pfn_t)pfn), 0, pages * sizeof(struct page));
	forget_sections(m, pfn, pages);
	if (pfn == z->start_pfn || end == zone_end_pfn(z))
		shrink_span(m, &z->start_pfn, &z->spanned_pages, z->nid, z);
	if (pfn == m->node[z->nid]->start_pfn ||
	    end == m->node[z->nid]->start_pfn + (uint64_t)m->node[z->nid]->spanned_pages)
		shrink_span(m, &m->node[z->nid]->start_pfn, &m->node[z->nid]->spanned_pages, z->nid, NULL);
	return 0;
}
