/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page allocator proper (buddy.md 4-11): free blocks by order and type, per-CPU
 * stocks of single pages, the walk over the zones. What happens when that walk finds
 * nothing is in page_slow.c.
 *
 * Invariants between two calls:
 *   - a free block is marked in its first page (.block, or top[].block for the
 *     largest order) and stands on exactly one list, that of .index (top[].mt);
 *   - bit o of free_mask[t] is set exactly if list (o, t) is not empty;
 *   - interior pages have an all-zero .block;
 *   - two free mates of one order below the largest are never both on the lists.
 */
#include "page_alloc.h"
#include "page_list.h"
#include "vmstat.h"
#include <errno.h>
#include <string.h>

const char *const migratetype_names[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate",
};

const int8_t fallbacks[MIGRATE_PCPTYPES][2] = {
	[MIGRATE_UNMOVABLE] = {MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE},
	[MIGRATE_MOVABLE] = {MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE},
	[MIGRATE_RECLAIMABLE] = {MIGRATE_UNMOVABLE, MIGRATE_MOVABLE},
};

/* ---- free lists ---- */

static inline void add_to_free_list(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				    int mt, bool tail)
{
	struct page_list *l = &z->free_area[order].free_list[mt];

	if (tail)
		page_list_add_tail(m, l, order, pfn);
	else
		page_list_add(m, l, order, pfn);
	z->free_mask[mt] |= (uint16_t)(1u << order);
}

static inline void del_from_free_list(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				      int mt)
{
	struct page_list *l = &z->free_area[order].free_list[mt];

	page_list_del(m, l, order, pfn);
	if (page_list_empty(l))
		z->free_mask[mt] &= (uint16_t)~(1u << order);
}

static inline void set_page_order(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				  int mt)
{
	if (order == TOP_ORDER) {
		struct top_block *t = &m->top[pfn >> TOP_ORDER];

		t->block = block_free(z->id, order);
		t->mt = (uint32_t)mt;
	} else {
		struct page *p = pfn_to_page(m, pfn);

		p->block = block_free(z->id, order);
		p->index = (uint32_t)mt;
	}
}

static inline void rmv_page_order(struct machine *m, pfn_t pfn, unsigned order)
{
	if (order == TOP_ORDER)
		m->top[pfn >> TOP_ORDER].block = 0;
	else
		pfn_to_page(m, pfn)->block = 0;
}

static inline int free_block_type(const struct machine *m, pfn_t pfn, unsigned order)
{
	return (int)(order == TOP_ORDER ? m->top[pfn >> TOP_ORDER].mt : pfn_to_page(m, pfn)->index);
}

static inline void put_free_block(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				  int mt, bool tail)
{
	set_page_order(m, z, pfn, order, mt);
	add_to_free_list(m, z, pfn, order, mt, tail);
	z->free_area[order].nr_free++;
}

static inline void take_free_block(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				   int mt)
{
	del_from_free_list(m, z, pfn, order, mt);
	rmv_page_order(m, pfn, order);
	z->free_area[order].nr_free--;
}

int free_block_order(const struct machine *m, pfn_t pfn)
{
	if (pfn_to_page(m, pfn)->block & BLOCK_BUDDY)
		return (int)block_order(pfn_to_page(m, pfn)->block);
	if (!(pfn & (MAX_ORDER_NR_PAGES - 1)) && m->top[pfn >> TOP_ORDER].block)
		return TOP_ORDER;
	return -1;
}

pfn_t free_block_containing(const struct machine *m, pfn_t pfn, unsigned *order)
{
	for (unsigned o = 0; o < MAX_ORDER; o++) {
		pfn_t head = pfn & ~((1u << o) - 1);
		int have = free_block_order(m, head);

		if (have >= (int)o) {
			*order = (unsigned)have;
			return head;
		}
	}
	return PFN_NONE;
}

void free_list_append(struct machine *m, struct zone *z, pfn_t pfn, unsigned order, int mt)
{
	put_free_block(m, z, pfn, order, mt, true);
}

/* ---- pageblocks ---- */

void set_pageblock_migratetype(struct machine *m, struct zone *z, pfn_t pfn, int mt)
{
	uint8_t *pb = pageblock_of(m, z, pfn);

	if (m->page_group_by_mobility_disabled && mt < MIGRATE_PCPTYPES)
		mt = MIGRATE_UNMOVABLE;
	*pb = (uint8_t)((*pb & ~PB_TYPE_MASK) | mt);
}

unsigned move_freepages_block(struct machine *m, struct zone *z, pfn_t pfn, int mt)
{
	pfn_t pages = 1u << m->pageblock_order;
	pfn_t start = pfn & ~(pages - 1), end = start + pages;
	unsigned moved = 0;

	if (!zone_spans_pfn(z, start))
		start = pfn;
	if (!zone_spans_pfn(z, end - 1))
		return 0;
	for (pfn_t x = start; x < end;) {
		int order = free_block_order(m, x);

		if (order < 0) {
			x++;
			continue;
		}
		del_from_free_list(m, z, x, (unsigned)order, free_block_type(m, x, (unsigned)order));
		set_page_order(m, z, x, (unsigned)order, mt);
		add_to_free_list(m, z, x, (unsigned)order, mt, false);
		moved += 1u << order;
		x += 1u << order;
	}
	return moved;
}

/* ---- taking blocks ---- */

/* The lower part is kept; each upper half becomes a free block of its own. */
static inline void expand(struct machine *m, struct zone *z, pfn_t pfn, unsigned low, unsigned high,
			  int mt)
{
	while (high > low) {
		high--;
		put_free_block(m, z, pfn + (1u << high), high, mt, false);
		trace(m, TRACE_SPLIT, .zone = z->id, .pfn = pfn + (1u << high),
		      .order = (uint8_t)high, .mt = (int8_t)mt);
	}
}

static inline pfn_t __rmqueue_smallest(struct machine *m, struct zone *z, unsigned order, int mt)
{
	unsigned mask = (unsigned)z->free_mask[mt] >> order, from;
	pfn_t pfn;

	if (!mask)
		return PFN_NONE;
	from = order + (unsigned)__builtin_ctz(mask);
	pfn = z->free_area[from].free_list[mt].head;
	take_free_block(m, z, pfn, from, mt);
	trace(m, TRACE_TAKE, .zone = z->id, .pfn = pfn, .order = (uint8_t)from, .mt = (int8_t)mt);
	expand(m, z, pfn, order, from, mt);
	pfn_to_page(m, pfn)->index = (uint32_t)mt;
	return pfn;
}

bool can_steal_fallback(const struct machine *m, unsigned order, int mt)
{
	return order >= m->pageblock_order / 2 || mt == MIGRATE_RECLAIMABLE ||
	       mt == MIGRATE_UNMOVABLE || m->page_group_by_mobility_disabled;
}

/* buddy.md 8.3: claim the pageblocks, or as much of one as is free. */
static void steal_suitable_fallback(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				    int mt, int from)
{
	unsigned moved = 0;
	bool claimed = true;

	if (order >= m->pageblock_order) {
		for (pfn_t x = pfn; x < pfn + (1u << order); x += 1u << m->pageblock_order)
			set_pageblock_migratetype(m, z, x, mt);
	} else {
		moved = move_freepages_block(m, z, pfn, mt);
		claimed = moved >= 1u << (m->pageblock_order - 1) ||
			  m->page_group_by_mobility_disabled;
		if (claimed)
			set_pageblock_migratetype(m, z, pfn, mt);
	}
	trace(m, TRACE_STEAL, .zone = z->id, .pfn = pfn, .order = (uint8_t)order, .mt = (int8_t)mt,
	      .mt2 = (int8_t)from, .a = moved, .b = claimed);
}

static pfn_t __rmqueue_fallback(struct machine *m, struct zone *z, unsigned order, int mt)
{
	for (unsigned from = MAX_ORDER; from-- > order;) {
		for (unsigned i = 0; i < ARRAY_SIZE(fallbacks[0]); i++) {
			int type = fallbacks[mt][i];
			pfn_t pfn = z->free_area[from].free_list[type].head;

			if (!(z->free_mask[type] >> from & 1))
				continue;
			if (can_steal_fallback(m, from, mt))
				steal_suitable_fallback(m, z, pfn, from, mt, type);
			take_free_block(m, z, pfn, from, free_block_type(m, pfn, from));
			trace(m, TRACE_TAKE, .zone = z->id, .pfn = pfn, .order = (uint8_t)from,
			      .mt = (int8_t)type);
			expand(m, z, pfn, order, from, mt);
			pfn_to_page(m, pfn)->index = (uint32_t)mt;
			trace(m, TRACE_MM_PAGE_ALLOC_EXTFRAG, .zone = z->id, .pfn = pfn,
			      .order = (uint8_t)order, .mt = (int8_t)mt, .mt2 = (int8_t)type,
			      .a = from, .b = get_pageblock_migratetype(m, z, pfn) == mt);
			return pfn;
		}
	}
	return PFN_NONE;
}

static inline pfn_t __rmqueue(struct machine *m, struct zone *z, unsigned order, int mt)
{
	pfn_t pfn = __rmqueue_smallest(m, z, order, mt);

	if (unlikely(pfn == PFN_NONE) && mt < MIGRATE_PCPTYPES)
		pfn = __rmqueue_fallback(m, z, order, mt);
	trace(m, TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, .zone = z->id, .pfn = pfn,
	      .order = (uint8_t)order, .mt = (int8_t)mt, .a = order == 0);
	return pfn;
}

/* ---- per-CPU lists ---- */

static inline void pcp_add(struct machine *m, struct zone *z, struct page_list *l, pfn_t pfn,
			   bool tail)
{
	pfn_to_page(m, pfn)->block = BLOCK_PCP | (uint32_t)z->id << BLOCK_ZONE_SHIFT;
	if (tail)
		page_list_add_tail(m, l, 0, pfn);
	else
		page_list_add(m, l, 0, pfn);
}

void pcp_list_append(struct machine *m, struct zone *z, unsigned cpu, pfn_t pfn, int list, int mt)
{
	pcp_add(m, z, &z->pageset[cpu].lists[list], pfn, true);
	pfn_to_page(m, pfn)->index = (uint32_t)mt;
}

/*
 * What up to @want calls of __rmqueue_smallest(order 0) would hand out of one free block:
 * its pages ascending, since the halves split off are smaller than anything else on the
 * lists; what is left over lies on the lists as the splits would have left it.
 */
static inline int carve_pages(struct machine *m, struct zone *z, struct page_list *l, int mt,
			      bool tail, int want)
{
	unsigned order = (unsigned)__builtin_ctz(z->free_mask[mt]);
	pfn_t pfn = z->free_area[order].free_list[mt].head, pages = 1u << order;
	pfn_t n = min_of((pfn_t)want, pages);

	take_free_block(m, z, pfn, order, mt);
	for (pfn_t i = 0; i < n; i++) {
		pcp_add(m, z, l, pfn + i, tail);
		pfn_to_page(m, pfn + i)->index = (uint32_t)mt;
	}
	while (n < pages) {
		unsigned o = (unsigned)__builtin_ctz(n);

		put_free_block(m, z, pfn + n, o, mt, false);
		n += 1u << o;
	}
	return (int)min_of((pfn_t)want, pages);
}

/* One batch from the buddy lists, so placed that the page handed out next is the
   first extracted, whichever end it is taken from. */
static __attribute__((noinline)) int rmqueue_bulk(struct machine *m, struct zone *z,
						  struct per_cpu_pageset *ps, int mt, bool cold)
{
	struct page_list *l = &ps->lists[mt];
	int got = 0;

	while (got < ps->batch) {
		pfn_t pfn;

		if (likely(z->free_mask[mt] && !m->trace_mask)) {
			got += carve_pages(m, z, l, mt, !cold, ps->batch - got);
			continue;
		}
		pfn = __rmqueue(m, z, 0, mt);
		if (unlikely(pfn == PFN_NONE))
			break;
		pcp_add(m, z, l, pfn, !cold);
		got++;
	}
	__mod_zone_page_state(m, z, NR_FREE_PAGES, -got);
	trace(m, TRACE_PCP_REFILL, .zone = z->id, .mt = (int8_t)mt, .a = ps->batch, .b = got);
	return got;
}

static inline pfn_t rmqueue_pcplist(struct machine *m, struct zone *z, int mt, bool cold)
{
	struct per_cpu_pageset *ps = &z->pageset[m->cpu];
	struct page_list *l = &ps->lists[mt];
	pfn_t pfn;

	if (unlikely(page_list_empty(l))) {
		ps->count += rmqueue_bulk(m, z, ps, mt, cold);
		if (page_list_empty(l))
			return PFN_NONE;
	}
	pfn = unlikely(cold) ? l->tail : l->head;
	page_list_del(m, l, 0, pfn);
	ps->count--;
	trace(m, TRACE_PCP_HIT, .zone = z->id, .mt = (int8_t)mt, .pfn = pfn, .a = ps->count,
	      .verdict = cold);
	return pfn;
}

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

/* ---- freeing ---- */

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

void claim_block(struct machine *m, struct zone *z, pfn_t pfn, unsigned order)
{
	*pfn_to_page(m, pfn) = (struct page){
		.block = (uint32_t)z->id << BLOCK_ZONE_SHIFT | order,
		._refcount = 1,
	};
	ram_touch(m, pfn, order);
}

void split_page(struct machine *m, pfn_t pfn, unsigned order)
{
	struct page *p = pfn_to_page(m, pfn);
	uint32_t block = p->block & ~0xfu;

	for (pfn_t i = 0; i < 1u << order; i++) {
		p[i].block = block;
		p[i]._refcount = 1;
	}
}

unsigned __isolate_free_page(struct machine *m, struct zone *z, pfn_t pfn, unsigned order)
{
	int mt = get_pageblock_migratetype(m, z, pfn);

	if (mt != MIGRATE_ISOLATE) {
		if (!zone_watermark_ok(m, z, 0, z->watermark[WMARK_LOW] + (1l << order), 0, 0))
			return 0;
		__mod_zone_page_state(m, z, NR_FREE_PAGES, -(1l << order));
	}
	take_free_block(m, z, pfn, order, free_block_type(m, pfn, order));
	claim_block(m, z, pfn, order);
	if (order >= m->pageblock_order - 1) {
		for (pfn_t x = pfn; x < pfn + (1u << order); x += 1u << m->pageblock_order)
			if (get_pageblock_migratetype(m, z, x) != MIGRATE_ISOLATE)
				set_pageblock_migratetype(m, z, x, MIGRATE_MOVABLE);
	}
	return 1u << order;
}

/* ---- watermarks ---- */

/* What the test compares: the mark after privileges, and the free pages that count. */
struct watermark_terms {
	long free, min, held_back;
};

static inline struct watermark_terms watermark_terms(const struct zone *z, unsigned order, long mark,
						     int alloc_flags, long free)
{
	struct watermark_terms t = {free - ((1l << order) - 1), mark, 0};

	if (alloc_flags & ALLOC_HIGH)
		t.min -= t.min / 2;
	if (likely(!(alloc_flags & ALLOC_HARDER)))
		t.held_back = z->nr_reserved_highatomic;
	else
		t.min -= t.min / 4;
	return t;
}

static inline bool __zone_watermark_ok(const struct zone *z, unsigned order, long mark,
				       int classzone_idx, int alloc_flags, long free)
{
	struct watermark_terms t = watermark_terms(z, order, mark, alloc_flags, free);
	unsigned usable;

	if (t.free - t.held_back <= t.min + z->lowmem_reserve[classzone_idx])
		return false;
	if (!order)
		return true;
	usable = z->free_mask[MIGRATE_UNMOVABLE] | z->free_mask[MIGRATE_MOVABLE] |
		 z->free_mask[MIGRATE_RECLAIMABLE];
	if (alloc_flags & ALLOC_HARDER)
		usable |= z->free_mask[MIGRATE_HIGHATOMIC];
	return usable >> order != 0;
}

static inline long zone_free(const struct zone *z)
{
	return max_of(z->vm_stat[NR_FREE_PAGES], 0l);
}

bool zone_watermark_ok(const struct machine *m, const struct zone *z, unsigned order, long mark,
		       int classzone_idx, int alloc_flags)
{
	(void)m;
	return __zone_watermark_ok(z, order, mark, classzone_idx, alloc_flags, zone_free(z));
}

bool zone_watermark_ok_safe(const struct machine *m, const struct zone *z, unsigned order,
			    long mark, int classzone_idx)
{
	long free = zone_free(z);

	if (z->percpu_drift_mark && free < (long)z->percpu_drift_mark)
		free = max_of(zone_page_state_exact(m, z, NR_FREE_PAGES), 0l);
	return __zone_watermark_ok(z, order, mark, classzone_idx, 0, free);
}

static void trace_zone(struct machine *m, const struct zone *z, unsigned order, long mark,
		       int classzone_idx, int alloc_flags, enum zone_verdict verdict)
{
	struct watermark_terms t = watermark_terms(z, order, mark, alloc_flags, zone_free(z));

	if (verdict == ZONE_LOW &&
	    t.free - t.held_back > t.min + z->lowmem_reserve[classzone_idx])
		verdict = ZONE_FRAGMENTED;
	trace(m, TRACE_ZONE, .zone = z->id, .order = (uint8_t)order, .verdict = (uint8_t)verdict,
	      .a = zone_free(z), .b = t.min, .c = z->lowmem_reserve[classzone_idx],
	      .d = t.held_back);
}

/* ---- the walk ---- */

/* buddy.md 10: after a high-order atomic request had to try harder. */
static void reserve_highatomic_pageblock(struct machine *m, struct zone *z, pfn_t pfn)
{
	long pages = 1l << m->pageblock_order;
	int mt = get_pageblock_migratetype(m, z, pfn);

	if (z->nr_reserved_highatomic >= (long)(z->managed_pages / 100) + pages)
		return;
	if (mt == MIGRATE_HIGHATOMIC || mt == MIGRATE_ISOLATE)
		return;
	z->nr_reserved_highatomic += pages;
	set_pageblock_migratetype(m, z, pfn, MIGRATE_HIGHATOMIC);
	move_freepages_block(m, z, pfn, MIGRATE_HIGHATOMIC);
	trace(m, TRACE_HIGHATOMIC, .zone = z->id, .pfn = pfn, .a = 1, .b = z->nr_reserved_highatomic);
}

void unreserve_highatomic_pageblock(struct machine *m, const struct alloc_context *ac)
{
	long pages = 1l << m->pageblock_order;

	for_each_zone_of(ac, ref) {
		struct zone *z = ref->zone;
		unsigned order;
		pfn_t pfn;

		if (z->nr_reserved_highatomic <= pages || !z->free_mask[MIGRATE_HIGHATOMIC])
			continue;
		order = (unsigned)__builtin_ctz(z->free_mask[MIGRATE_HIGHATOMIC]);
		pfn = z->free_area[order].free_list[MIGRATE_HIGHATOMIC].head;
		if (get_pageblock_migratetype(m, z, pfn) == MIGRATE_HIGHATOMIC)
			z->nr_reserved_highatomic -= min_of(pages, z->nr_reserved_highatomic);
		set_pageblock_migratetype(m, z, pfn, ac->migratetype);
		move_freepages_block(m, z, pfn, ac->migratetype);
		trace(m, TRACE_HIGHATOMIC, .zone = z->id, .pfn = pfn, .a = 0,
		      .b = z->nr_reserved_highatomic);
		return;
	}
}

static void prep_compound_page(struct machine *m, pfn_t pfn, unsigned order)
{
	struct page *p = pfn_to_page(m, pfn);

	p->flags |= PG(head);
	for (pfn_t i = 1; i < 1u << order; i++) {
		p[i].flags = PG(tail);
		p[i].index = pfn;
	}
}

static __attribute__((noinline)) void clear_pages(struct machine *m, pfn_t pfn, unsigned order)
{
	for (pfn_t end = pfn + (1u << order); pfn < end; pfn++)
		if (ram_touched(m, pfn))
			memset(phys_to_host(m, PFN_PHYS(pfn)), 0, PAGE_SIZE);
}

static inline void prep_new_page(struct machine *m, const struct zone *z, pfn_t pfn, unsigned order,
				 gfp_t gfp, int alloc_flags)
{
	struct page *p = pfn_to_page(m, pfn);

	p->block = (uint32_t)z->id << BLOCK_ZONE_SHIFT | order;
	p->_refcount = 1;
	p->index = alloc_flags & ALLOC_NO_WATERMARKS ? ~0u : 0;
	if (unlikely(gfp & __GFP_ZERO))
		clear_pages(m, pfn, order);
	ram_touch(m, pfn, order);
	if (unlikely(order && (gfp & __GFP_COMP)))
		prep_compound_page(m, pfn, order);
}

static void zone_statistics(struct machine *m, const struct alloc_context *ac, struct zone *z,
			    gfp_t gfp)
{
	unsigned local = gfp & __GFP_OTHER_NODE ? ac->preferred->nid : m->cpu_to_node[m->cpu];

	if (z->nid == ac->preferred->nid) {
		__inc_zone_page_state(m, z, NUMA_HIT);
	} else {
		__inc_zone_page_state(m, z, NUMA_MISS);
		__inc_zone_page_state(m, ac->preferred, NUMA_FOREIGN);
	}
	__inc_zone_page_state(m, z, z->nid == local ? NUMA_LOCAL : NUMA_OTHER);
}

/* What every successful take costs the zone (buddy.md 5.2, 7.4). */
static inline void account_taken(struct machine *m, struct zone *z, unsigned order)
{
	__mod_zone_page_state(m, z, NR_ALLOC_BATCH, -(1l << order));
	if (unlikely(z->vm_stat[NR_ALLOC_BATCH] <= 0))
		z->flags |= 1ul << ZONE_FAIR_DEPLETED;
	count_vm_events(m, (enum vm_event_item)(PGALLOC_ZONE0 + z->idx), 1ul << order);
}

static inline pfn_t buffered_rmqueue(struct machine *m, const struct alloc_context *ac,
				     struct zone *z, unsigned order, gfp_t gfp, int alloc_flags)
{
	pfn_t pfn;

	if (likely(order == 0)) {
		pfn = rmqueue_pcplist(m, z, ac->migratetype, gfp & __GFP_COLD);
		if (unlikely(pfn == PFN_NONE))
			return pfn;
	} else {
		pfn = PFN_NONE;
		if (alloc_flags & ALLOC_HARDER) {
			pfn = __rmqueue_smallest(m, z, order, MIGRATE_HIGHATOMIC);
			if (pfn != PFN_NONE)
				trace(m, TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, .zone = z->id, .pfn = pfn,
				      .order = (uint8_t)order, .mt = (int8_t)ac->migratetype);
		}
		if (pfn == PFN_NONE)
			pfn = __rmqueue(m, z, order, ac->migratetype);
		if (unlikely(pfn == PFN_NONE))
			return pfn;
		__mod_zone_page_state(m, z, NR_FREE_PAGES, -(1l << order));
	}
	account_taken(m, z, order);
	if (unlikely(m->numa))
		zone_statistics(m, ac, z, gfp);
	return pfn;
}

/* buddy.md 5.3: may this zone take another page that will be dirtied? */
static bool zone_dirty_ok(const struct zone *z)
{
	unsigned long free = zone_page_state(z, NR_FREE_PAGES);
	unsigned long dirtyable = free - min_of(free, z->dirty_balance_reserve) +
				  zone_page_state(z, NR_ACTIVE_FILE) +
				  zone_page_state(z, NR_INACTIVE_FILE);

	return zone_page_state(z, NR_FILE_DIRTY) + zone_page_state(z, NR_UNSTABLE_NFS) +
		       zone_page_state(z, NR_WRITEBACK) <=
	       dirtyable * 20 / 100;
}

/* Every zone up to the preferred one gets a fresh batch. */
static void reset_alloc_batches(struct machine *m, struct zone *preferred)
{
	struct zone *z = m->node[preferred->nid]->zone;

	for (; z <= preferred; z++) {
		long batch = z->watermark[WMARK_HIGH] - z->watermark[WMARK_LOW];

		/* zones without pages have no pageset of their own, and nothing to share out */
		if (populated_zone(z))
			__mod_zone_page_state(m, z, NR_ALLOC_BATCH,
					      batch - z->vm_stat[NR_ALLOC_BATCH]);
		z->flags &= ~(1ul << ZONE_FAIR_DEPLETED);
		trace(m, TRACE_FAIR_RESET, .zone = z->id, .a = batch);
	}
}

static inline pfn_t zone_take(struct machine *m, struct zone *z, gfp_t gfp, unsigned order,
			      int alloc_flags, const struct alloc_context *ac)
{
	pfn_t pfn = buffered_rmqueue(m, ac, z, order, gfp, alloc_flags);

	if (likely(pfn != PFN_NONE)) {
		prep_new_page(m, z, pfn, order, gfp, alloc_flags);
		if (unlikely(order && (alloc_flags & ALLOC_HARDER)))
			reserve_highatomic_pageblock(m, z, pfn);
	} else if (trace_on(m, TRACE_ZONE)) {
		trace_zone(m, z, order, z->watermark[alloc_flags & ALLOC_WMARK_MASK],
			   ac->classzone_idx, alloc_flags, ZONE_EMPTY_HANDED);
	}
	return pfn;
}

/* What becomes of a zone that misses its mark: zone_reclaim_mode may help a near one. */
static __attribute__((noinline)) enum zone_verdict below_mark(struct machine *m, struct zone *z,
							      gfp_t gfp, unsigned order,
							      int alloc_flags, long mark,
							      const struct alloc_context *ac)
{
	if (alloc_flags & ALLOC_NO_WATERMARKS)
		return ZONE_OK_NO_WATERMARKS;
	if (m->zone_reclaim_mode && node_distance(m, ac->preferred->nid, z->nid) <= RECLAIM_DISTANCE &&
	    zone_reclaim(m, z, gfp, order) &&
	    __zone_watermark_ok(z, order, mark, ac->classzone_idx, alloc_flags, zone_free(z)))
		return ZONE_OK;
	return ZONE_LOW;
}

static inline __attribute__((always_inline)) pfn_t scan_zones(struct machine *m, gfp_t gfp,
							      unsigned order, int alloc_flags,
							      const struct alloc_context *ac,
							      unsigned *fair_skipped)
{
	for_each_zone_of(ac, ref) {
		struct zone *z = ref->zone;
		long mark = z->watermark[alloc_flags & ALLOC_WMARK_MASK];
		enum zone_verdict verdict = ZONE_OK;
		pfn_t pfn;

		if (alloc_flags & ALLOC_FAIR) {
			if (unlikely(z->nid != ac->preferred->nid)) {
				if (trace_on(m, TRACE_ZONE))
					trace_zone(m, z, order, mark, ac->classzone_idx,
						   alloc_flags, ZONE_OTHER_NODE);
				break;
			}
			if (unlikely(z->flags >> ZONE_FAIR_DEPLETED & 1)) {
				++*fair_skipped;
				verdict = ZONE_DEPLETED;
			}
		}
		if (unlikely(ac->spread_dirty) && verdict == ZONE_OK && !zone_dirty_ok(z))
			verdict = ZONE_DIRTY_LIMIT;
		if (likely(verdict == ZONE_OK) &&
		    unlikely(!__zone_watermark_ok(z, order, mark, ac->classzone_idx, alloc_flags,
						  zone_free(z))))
			verdict = below_mark(m, z, gfp, order, alloc_flags, mark, ac);
		if (trace_on(m, TRACE_ZONE))
			trace_zone(m, z, order, mark, ac->classzone_idx, alloc_flags, verdict);
		if (unlikely(verdict > ZONE_OK_NO_WATERMARKS))
			continue;
		pfn = zone_take(m, z, gfp, order, alloc_flags, ac);
		if (likely(pfn != PFN_NONE))
			return pfn;
	}
	return PFN_NONE;
}

static __attribute__((noinline)) pfn_t scan_zones_again(struct machine *m, gfp_t gfp, unsigned order,
							int alloc_flags,
							const struct alloc_context *ac)
{
	unsigned unused = 0;

	return scan_zones(m, gfp, order, alloc_flags & ~ALLOC_FAIR, ac, &unused);
}

pfn_t get_page_from_freelist(struct machine *m, gfp_t gfp, unsigned order, int alloc_flags,
			     const struct alloc_context *ac)
{
	unsigned fair_skipped = 0;
	pfn_t pfn = scan_zones(m, gfp, order, alloc_flags, ac, &fair_skipped);

	if (likely(pfn != PFN_NONE) || !(alloc_flags & ALLOC_FAIR))
		return pfn;
	if (fair_skipped)
		reset_alloc_batches(m, ac->preferred);
	else if (m->nr_nodes == 1)
		return PFN_NONE;
	return scan_zones_again(m, gfp, order, alloc_flags, ac);
}

/* What asks for the general walk: dirty limits, the list's other end ... */
#define GFP_NOT_SIMPLE                                                                   \
	(__GFP_WRITE | __GFP_COLD | __GFP_COMP | __GFP_THISNODE | __GFP_OTHER_NODE)

static inline pfn_t pcp_take_head(struct machine *m, struct per_cpu_pageset *ps, int mt)
{
	struct page_list *l = &ps->lists[mt];
	pfn_t pfn = l->head, next;

	if (unlikely(pfn == PFN_NONE))
		return pfn;
	l->head = next = pfn_to_page(m, pfn)->lru.next;
	if (unlikely(next == PFN_NONE))
		l->tail = PFN_NONE;
	else
		pfn_to_page(m, next)->lru.prev = PFN_NONE;
	ps->count--;
	return pfn;
}

/*
 * The common case in one straight line: the first zone that has a batch left and meets its
 * mark has a page in the current CPU's stock, or a large enough block of the right type.
 * Does what the general walk would do, or changes nothing and returns PFN_NONE; with
 * anybody listening the general walk tells the story.
 */
static inline __attribute__((always_inline)) pfn_t
alloc_pages_fast(struct machine *m, const struct gfp_route *route, gfp_t gfp, unsigned order)
{
	long pages = 1l << order;

	for (const struct zoneref *r = route->start; r < route->end; r++) {
		struct zone *z = r->zone;
		struct per_cpu_pageset *ps = &z->pageset[m->cpu];
		pfn_t pfn;

		if (z->flags >> ZONE_FAIR_DEPLETED & 1)
			continue;
		if (z->vm_stat[NR_FREE_PAGES] - (pages - 1) - z->nr_reserved_highatomic <=
		    z->watermark[WMARK_LOW] + z->lowmem_reserve[route->classzone_idx])
			continue;
		if (unlikely(z->vm_stat[NR_ALLOC_BATCH] <= 0))
			break;
		if (!order) {
			pfn = pcp_take_head(m, ps, route->migratetype);
			if (unlikely(pfn == PFN_NONE))
				break;
		} else {
			if (unlikely(!(z->free_mask[route->migratetype] >> order)))
				break;
			pfn = __rmqueue_smallest(m, z, order, route->migratetype);
			__mod_zone_page_state(m, z, NR_FREE_PAGES, -pages);
		}
		prep_new_page(m, z, pfn, order, gfp & __GFP_ZERO, 0);
		account_taken(m, z, order);
		return pfn;
	}
	return PFN_NONE;
}

int64_t __alloc_pages_nodemask(struct machine *m, int nid, gfp_t gfp, unsigned order, uint64_t nodes)
{
	const int fast_flags = WMARK_LOW | ALLOC_CPUSET | ALLOC_FAIR;
	const struct zonelist *zl =
		&m->node[nid]->zonelist[gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK
							     : ZONELIST_FALLBACK];
	struct alloc_context ac;
	pfn_t pfn;

	ac.high_zoneidx = gfp_zone(m, gfp);
	if (unlikely(ac.high_zoneidx < 0 || (gfp & GFP_MOVABLE_MASK) == GFP_MOVABLE_MASK ||
		     order > 30))
		return -EINVAL;
	ac.migratetype = gfpflags_to_migratetype(m, gfp);
	gfp &= m->gfp_allowed_mask;
	ac.nodes = nodes;
	ac.start = zl->first[ac.high_zoneidx];
	while (unlikely(ac.start->zone && (ac.start->idx > ac.high_zoneidx ||
					   !(nodes >> ac.start->zone->nid & 1))))
		ac.start++;
	if (unlikely(!ac.start->zone))
		return -ENOMEM;
	ac.preferred = ac.start->zone;
	ac.classzone_idx = ac.start->idx;
	ac.spread_dirty = gfp & __GFP_WRITE;
	trace(m, TRACE_ALLOC_BEGIN, .order = (uint8_t)order, .mt = (int8_t)ac.migratetype, .a = gfp,
	      .b = ac.high_zoneidx, .c = ac.classzone_idx, .zone = (uint16_t)nid,
	      .d = (int64_t)nodes);
	trace(m, TRACE_ATTEMPT, .order = (uint8_t)order, .a = fast_flags, .b = ATTEMPT_FAST);

	pfn = get_page_from_freelist(m, gfp, order, fast_flags, &ac);
	if (likely(pfn != PFN_NONE)) {
		gfp |= __GFP_HARDWALL;
	} else {
		ac.spread_dirty = false;
		pfn = alloc_pages_slowpath(m, gfp, order, &ac);
	}
	trace(m, TRACE_MM_PAGE_ALLOC, .pfn = pfn, .order = (uint8_t)order,
	      .mt = (int8_t)ac.migratetype, .a = gfp);
	if (unlikely(pfn == PFN_NONE))
		return order >= MAX_ORDER ? -EINVAL : -ENOMEM;
	return pfn;
}

/* ---- entry ---- */

static inline const struct gfp_route *gfp_route(const struct machine *m, int nid, gfp_t gfp)
{
	return &m->node[nid]->route[gfp & ((1u << GFP_ROUTE_BITS) - 1)];
}

/*
 * A kernel with NUMA: the same short way within the preferred zone's node, and the counters.
 * Kept out of the common line, whose routes are empty on such a machine.
 */
static __attribute__((noinline)) int64_t alloc_pages_numa(struct machine *m, int nid, gfp_t gfp,
							  unsigned order)
{
	const struct pglist_data *n = m->node[nid];
	const struct gfp_route *r = &n->numa_route[gfp & ((1u << GFP_ROUTE_BITS) - 1)];
	struct zone *z;
	pfn_t pfn;

	if (unlikely((gfp & GFP_NOT_SIMPLE) | m->trace_mask) || unlikely(m->zone_reclaim_mode) ||
	    unlikely(order >= MAX_ORDER))
		return __alloc_pages_nodemask(m, nid, gfp, order, ALL_NODES);
	pfn = order ? alloc_pages_fast(m, r, gfp, order) : alloc_pages_fast(m, r, gfp, 0);
	if (unlikely(pfn == PFN_NONE))
		return __alloc_pages_nodemask(m, nid, gfp, order, ALL_NODES);
	z = m->zone_by_id[block_zone(pfn_to_page(m, pfn)->block)];
	__inc_zone_page_state(m, z, NUMA_HIT);
	__inc_zone_page_state(m, z, z->nid == m->cpu_to_node[m->cpu] ? NUMA_LOCAL : NUMA_OTHER);
	return pfn;
}

/* What the common line cannot serve. @current: the task's policy says from where. */
static __attribute__((noinline)) int64_t alloc_pages_general(struct machine *m, int nid, gfp_t gfp,
							     unsigned order, bool current)
{
	if (!m->numa)
		return __alloc_pages_nodemask(m, nid, gfp, order, ALL_NODES);
	if (current && m->mempolicy->mode != MPOL_DEFAULT && !(gfp & __GFP_THISNODE))
		return alloc_pages_policy(m, gfp, order);
	return alloc_pages_numa(m, nid, gfp, order);
}

/* The larger orders apart, so that the single page's line carries nothing of theirs. */
static __attribute__((noinline)) int64_t alloc_block_node(struct machine *m, int nid, gfp_t gfp,
							  unsigned order, bool current)
{
	const struct gfp_route *r = gfp_route(m, nid, gfp);
	pfn_t pfn = PFN_NONE;

	if (likely(!((gfp & GFP_NOT_SIMPLE) | m->trace_mask) && order < MAX_ORDER))
		pfn = alloc_pages_fast(m, r, gfp, order);
	return likely(pfn != PFN_NONE) ? pfn : alloc_pages_general(m, nid, gfp, order, current);
}

static inline __attribute__((always_inline)) int64_t alloc_from(struct machine *m, int nid, gfp_t gfp,
								unsigned order, bool current)
{
	const struct gfp_route *r = gfp_route(m, nid, gfp);
	pfn_t pfn = PFN_NONE;

	if (order)
		return alloc_block_node(m, nid, gfp, order, current);
	if (likely(!((gfp & GFP_NOT_SIMPLE) | m->trace_mask)))
		pfn = alloc_pages_fast(m, r, gfp, 0);
	return likely(pfn != PFN_NONE) ? pfn : alloc_pages_general(m, nid, gfp, 0, current);
}

int64_t alloc_pages_node(struct machine *m, int nid, gfp_t gfp, unsigned order)
{
	return alloc_from(m, nid, gfp, order, false);
}

int64_t alloc_pages(struct machine *m, gfp_t gfp, unsigned order)
{
	return alloc_from(m, m->cpu_to_node[m->cpu], gfp, order, true);
}
