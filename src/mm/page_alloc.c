/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page allocator proper (buddy.md 4-7): free blocks by order and type, per-CPU stocks of
 * single pages, the walk over the zones. What happens when that walk finds nothing is in
 * page_slow.c, when a type's lists are empty in page_blocks.c; pages come back in page_free.c.
 *
 * Invariants between two calls:
 *   - a free block is marked in its first page (.block, or top[].block for the
 *     largest order) and stands on exactly one list, that of .index (top[].mt);
 *   - bit o of free_mask[t] is set exactly if list (o, t) is not empty;
 *   - interior pages have an all-zero .block;
 *   - two free mates of one order below the largest are never both on the lists.
 */
#include "free_area.h"
#include "page_alloc.h"
#include "vmstat.h"
#include <errno.h>
#include <string.h>

const char *const migratetype_names[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate",
};

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

/* ---- taking blocks ---- */

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

static inline __attribute__((always_inline)) pfn_t
buffered_rmqueue(struct machine *m, const struct alloc_context *ac, struct zone *z, unsigned order,
		 gfp_t gfp, int alloc_flags)
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

/* Apart, so that a walk past zones that have nothing carries nothing of this. */
static __attribute__((noinline)) pfn_t zone_take(struct machine *m, struct zone *z, gfp_t gfp,
						 unsigned order, int alloc_flags,
						 const struct alloc_context *ac)
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
