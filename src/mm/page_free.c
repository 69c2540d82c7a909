/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Giving pages back (buddy.md 9): single ones to the CPU's stock, from whose tail they go to
 * the buddy lists in batches; larger blocks at once. There a block merges with its mates.
 */
#include "free_area.h"
#include "page_alloc.h"
#include "vmstat.h"
#include <errno.h>

/* Any progress makes a zone worth scanning again. */
static inline void reset_pages_scanned(struct machine *m, struct zone *z)
{
	unsigned long n = zone_page_state(z, NR_PAGES_SCANNED);

	if (unlikely(n))
		__mod_zone_page_state(m, z, NR_PAGES_SCANNED, -(long)n);
}

/* buddy.md 9.3: from the tails, one page of the first list, two of the next, and so on. */
static void free_pcppages_bulk(struct machine *m, struct zone *z, struct per_cpu_pageset *ps,
			       int count)
{
	int type = 0, run = 0;

	trace(m, TRACE_PCP_BULK, .zone = z->id, .a = count);
	reset_pages_scanned(m, z);
	while (count > 0) {
		struct page_list *l;

		do {
			run++;
			if (++type == MIGRATE_PCPTYPES)
				type = 0;
			l = &ps->lists[type];
		} while (page_list_empty(l));
		if (run == MIGRATE_PCPTYPES)
			run = count;
		do {
			pfn_t pfn = l->tail;
			int mt = (int)pfn_to_page(m, pfn)->index;

			page_list_del(m, l, 0, pfn);
			pfn_to_page(m, pfn)->block = 0;
			if (unlikely(z->nr_isolate_pageblock))
				mt = get_pageblock_migratetype(m, z, pfn);
			__free_one_page(m, z, pfn, 0, mt);
			trace(m, TRACE_MM_PAGE_PCPU_DRAIN, .zone = z->id, .pfn = pfn,
			      .mt = (int8_t)mt);
		} while (--count && --run && !page_list_empty(l));
	}
}

void drain_zone_pages(struct machine *m, struct zone *z, struct per_cpu_pageset *ps)
{
	if (ps->count)
		free_pcppages_bulk(m, z, ps, ps->count);
	ps->count = 0;
}

void drain_pages(struct machine *m, unsigned cpu)
{
	for_each_populated_zone(m, z)
		drain_zone_pages(m, z, &z->pageset[cpu]);
}

void drain_all_pages(struct machine *m)
{
	unsigned self = m->cpu;

	/* each CPU does its own, so the counters' differences are its own, too */
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		set_cpu(m, cpu);
		drain_pages(m, cpu);
	}
	set_cpu(m, self);
}

void __free_one_page(struct machine *m, struct zone *z, pfn_t pfn, unsigned order, int mt)
{
	const uint32_t zone_bits = block_free(z->id, 0);
	bool tail = false;

	if (likely(mt != MIGRATE_ISOLATE))
		__mod_zone_page_state(m, z, NR_FREE_PAGES, 1l << order);
	while (order < MAX_ORDER - 1) {
		pfn_t mate = pfn ^ (1u << order);
		struct page *p = pfn_to_page(m, mate);

		if (p->block != (zone_bits | order))
			break;
		if (unlikely(z->nr_isolate_pageblock) && order >= m->pageblock_order &&
		    (get_pageblock_migratetype(m, z, pfn) == MIGRATE_ISOLATE) !=
			    (get_pageblock_migratetype(m, z, mate) == MIGRATE_ISOLATE))
			break;
		trace(m, TRACE_MERGE, .zone = z->id, .pfn = pfn, .pfn2 = mate,
		      .order = (uint8_t)order);
		take_free_block(m, z, mate, order, (int)p->index);
		pfn &= mate;
		order++;
	}
	/* If the next larger mate is free already, this block will soon merge: let it rest. */
	if (order < MAX_ORDER - 2) {
		pfn_t higher = (pfn & ~(1u << order)) ^ (2u << order);

		tail = pfn_to_page(m, higher)->block == (zone_bits | (order + 1));
	}
	put_free_block(m, z, pfn, order, mt, tail);
	trace(m, TRACE_PLACE, .zone = z->id, .pfn = pfn, .order = (uint8_t)order, .mt = (int8_t)mt,
	      .verdict = tail);
}

static __attribute__((noinline)) void bad_page(struct machine *m, pfn_t pfn, enum bad_page_reason why)
{
	trace(m, TRACE_BAD_PAGE, .pfn = pfn, .a = why);
	pfn_to_page(m, pfn)->mapcount = 0;
}

/* Returns: false when the page is in no state to be freed: it leaks. */
static inline bool free_pages_prepare(struct machine *m, pfn_t pfn, unsigned order)
{
	struct page *p = pfn_to_page(m, pfn);

	trace(m, TRACE_MM_PAGE_FREE, .pfn = pfn, .order = (uint8_t)order);
	if (unlikely((p->flags & PAGE_FLAGS_CHECK_AT_FREE) | (uint32_t)p->mapcount |
		     (uint32_t)p->_refcount)) {
		bad_page(m, pfn, p->mapcount    ? BAD_MAPCOUNT
				 : p->_refcount ? BAD_COUNT
						: BAD_FLAGS_AT_FREE);
		return false;
	}
	if (unlikely(p->flags & PG(head)))
		for (pfn_t i = 1; i < 1u << order; i++)
			p[i] = (struct page){0};
	p->flags = 0;
	p->owner = 0;
	return true;
}

void free_hot_cold_page(struct machine *m, pfn_t pfn, bool cold)
{
	struct page *p = pfn_to_page(m, pfn);
	struct zone *z = m->zone_by_id[block_zone(p->block)];
	struct per_cpu_pageset *ps = &z->pageset[m->cpu];
	int mt, list;

	if (!free_pages_prepare(m, pfn, 0))
		return;
	mt = list = get_pageblock_migratetype(m, z, pfn);
	p->index = (uint32_t)mt;
	count_vm_events(m, PGFREE, 1);
	if (unlikely(mt >= MIGRATE_PCPTYPES)) {
		if (mt == MIGRATE_ISOLATE) {
			p->block = 0;
			__free_one_page(m, z, pfn, 0, mt);
			return;
		}
		list = MIGRATE_MOVABLE;
	}
	pcp_add(m, z, &ps->lists[list], pfn, cold);
	ps->count++;
	trace(m, TRACE_PCP_FREE, .zone = z->id, .pfn = pfn, .mt = (int8_t)list, .a = ps->count,
	      .b = ps->high, .verdict = cold);
	if (unlikely(ps->count >= ps->high)) {
		int batch = ps->batch;

		free_pcppages_bulk(m, z, ps, min_of(batch, ps->count));
		ps->count -= min_of(batch, ps->count);
	}
}

static void __free_pages_ok(struct machine *m, pfn_t pfn, unsigned order)
{
	struct zone *z = m->zone_by_id[block_zone(pfn_to_page(m, pfn)->block)];

	if (!free_pages_prepare(m, pfn, order))
		return;
	pfn_to_page(m, pfn)->block = 0;
	count_vm_events(m, PGFREE, 1ul << order);
	reset_pages_scanned(m, z);
	__free_one_page(m, z, pfn, order, get_pageblock_migratetype(m, z, pfn));
}

static __attribute__((noinline)) void __free_pages_slow(struct machine *m, pfn_t pfn, unsigned order)
{
	if (order == 0)
		free_hot_cold_page(m, pfn, false);
	else
		__free_pages_ok(m, pfn, order);
}

/*
 * The common case in one straight line: a clean page goes to the head of the current CPU's
 * stock, which stays below its limit. Does what free_hot_cold_page() would do, or touches
 * nothing.
 */
static inline bool free_page_fast(struct machine *m, struct page *p, pfn_t pfn)
{
	struct zone *z = m->zone_by_id[block_zone(p->block)];
	struct per_cpu_pageset *ps = &z->pageset[m->cpu];
	unsigned mt = *pageblock_of(m, z, pfn) & PB_TYPE_MASK;
	struct page_list *l;
	pfn_t next;

	if (unlikely(p->flags | (uint32_t)p->mapcount) || unlikely(mt >= MIGRATE_PCPTYPES) ||
	    unlikely(ps->count + 1 >= ps->high))
		return false;
	p->owner = 0;
	p->block = BLOCK_PCP | (uint32_t)z->id << BLOCK_ZONE_SHIFT;
	p->index = mt;
	l = &ps->lists[mt];
	p->lru.prev = PFN_NONE;
	p->lru.next = next = l->head;
	l->head = pfn;
	if (unlikely(next == PFN_NONE))
		l->tail = pfn;
	else
		pfn_to_page(m, next)->lru.prev = pfn;
	ps->count++;
	count_vm_events(m, PGFREE, 1);
	return true;
}

void __free_pages(struct machine *m, pfn_t pfn, unsigned order)
{
	struct page *p = pfn_to_page(m, pfn);

	if (unlikely(--p->_refcount))
		return;
	if (unlikely(order || m->trace_mask) || unlikely(!free_page_fast(m, p, pfn)))
		__free_pages_slow(m, pfn, order);
}

void free_reserved_page(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);
	struct zone *z = pfn_to_zone(m, pfn);

	*p = (struct page){.block = (uint32_t)z->id << BLOCK_ZONE_SHIFT, ._refcount = 1};
	__free_pages(m, pfn, 0);
	z->managed_pages++;
	m->totalram_pages++;
	if (z->highmem)
		m->totalhigh_pages++;
}

int free_pages_check(const struct machine *m, uint64_t pfn, unsigned order, struct mm_error *e)
{
	const struct page *p;
	unsigned o;
	pfn_t head;

	if (order >= MAX_ORDER)
		return mm_error(e, -EINVAL, "order %u: the largest order is %d", order,
				MAX_ORDER - 1);
	if (!pfn_is_ram(m, pfn))
		return mm_error(e, -EINVAL, "pfn %llu is not RAM", (unsigned long long)pfn);
	p = pfn_to_page(m, (pfn_t)pfn);
	if (page_is_reserved(m, (pfn_t)pfn))
		return mm_error(e, -EINVAL, "pfn %llu is reserved: the kernel keeps it",
				(unsigned long long)pfn);
	if (p->flags & PG(tail))
		return mm_error(e, -EINVAL, "pfn %llu is a tail page of the compound page at pfn %u",
				(unsigned long long)pfn, p->index);
	if (p->block & BLOCK_PCP)
		return mm_error(e, -EINVAL, "pfn %llu is free already: on a per-CPU list",
				(unsigned long long)pfn);
	head = free_block_containing(m, (pfn_t)pfn, &o);
	if (head != PFN_NONE)
		return mm_error(e, -EINVAL, "pfn %llu is free already: in the order-%u block at pfn %u",
				(unsigned long long)pfn, o, head);
	if (p->_refcount <= 0) {
		for (o = 1; o < MAX_ORDER; o++) {
			head = (pfn_t)pfn & ~((1u << o) - 1);
			if (pfn_to_page(m, head)->_refcount > 0 &&
			    block_order(pfn_to_page(m, head)->block) >= o)
				return mm_error(e, -EINVAL,
						"pfn %llu is inside the order-%u block at pfn %u",
						(unsigned long long)pfn,
						block_order(pfn_to_page(m, head)->block), head);
		}
		return mm_error(e, -EINVAL, "pfn %llu was not handed out", (unsigned long long)pfn);
	}
	if (p->flags & PG(slab))
		return mm_error(e, -EINVAL, "pfn %llu is a slab of small objects",
				(unsigned long long)pfn);
	if (block_order(p->block) != order)
		return mm_error(e, -EINVAL, "pfn %llu was allocated with order %u, not %u",
				(unsigned long long)pfn, block_order(p->block), order);
	return 0;
}
