/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SLUB: allocating and freeing (slub.md 6, 7).
 *
 * A CPU allocates from one slab of its own, the cpu slab, whose free objects it keeps on a
 * private list; what others free into that slab goes to the slab's own list in struct page.
 * A slab owned by a CPU is "frozen" and on no list of the node.
 */
#include "slub.h"

void set_cpu_slab(struct machine *m, struct kmem_cache_cpu *c, pfn_t pfn)
{
	c->page = pfn;
	c->start = pfn == PFN_NONE ? 0 : slab_va(m, pfn);
	c->bytes = pfn == PFN_NONE ? 0 : PAGE_SIZE << slab_order(m, pfn);
}

/* ---- giving slabs back to their node ---- */

/* Where a slab goes that no CPU owns any more. */
static void place_unfrozen(struct machine *m, struct kmem_cache *s, pfn_t pfn, bool tail,
			   unsigned given)
{
	struct kmem_cache_node *n = page_node(m, s, pfn);
	struct page *p = pfn_to_page(m, pfn);

	if (!p->inuse && n->nr_partial >= s->min_partial) {
		slub_stat(m, s, DEACTIVATE_EMPTY);
		slub_stat(m, s, FREE_SLAB);
		discard_slab(m, s, pfn);
		return;
	}
	slab_step(m, s, STEP_SLUB_DEACTIVATE, pfn, given,
		  page_freelist(p) ? SLAB_NODE_PARTIAL : SLAB_NODE_FULL);
	if (page_freelist(p)) {
		add_partial(m, n, pfn, tail);
		slub_stat(m, s, tail ? DEACTIVATE_TO_TAIL : DEACTIVATE_TO_HEAD);
	} else {
		slub_stat(m, s, DEACTIVATE_FULL);
		add_full(m, s, n, pfn);
	}
}

void deactivate_slab(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t freelist)
{
	struct page *p = pfn_to_page(m, pfn);
	bool tail = page_freelist(p) != 0;
	unsigned given = 0;
	vaddr_t next;

	if (tail)
		slub_stat(m, s, DEACTIVATE_REMOTE_FREES);
	/* one by one, so the list ends up reversed; a list in a circle would never end */
	for (; freelist; freelist = next) {
		unsigned char *fp = freeptr(m, s, freelist);

		if (!fp || given++ >= p->objects) {
			slab_oops(m, s, freelist);
			break;
		}
		next = slab_load(m->slab->word, fp);
		slab_store(m->slab->word, fp, page_freelist(p));
		set_page_freelist(p, freelist);
		p->inuse--;
	}
	unfreeze(p);
	place_unfrozen(m, s, pfn, tail, given);
}

/* ---- the CPU's stack of partial slabs ---- */

static void unfreeze_partials(struct machine *m, struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	pfn_t discard = PFN_NONE, pfn;

	while ((pfn = c->partial) != PFN_NONE) {
		struct kmem_cache_node *n = page_node(m, s, pfn);
		struct page *p = pfn_to_page(m, pfn);

		c->partial = p->next;
		unfreeze(p);
		if (!p->inuse && n->nr_partial >= s->min_partial) {
			p->next = discard;
			discard = pfn;
		} else {
			add_partial(m, n, pfn, true);
			slub_stat(m, s, FREE_ADD_PARTIAL);
		}
	}
	while ((pfn = discard) != PFN_NONE) {
		discard = pfn_to_page(m, pfn)->next;
		slub_stat(m, s, DEACTIVATE_EMPTY);
		slub_stat(m, s, FREE_SLAB);
		discard_slab(m, s, pfn);
	}
}

void put_cpu_partial(struct machine *m, struct kmem_cache *s, pfn_t pfn, bool drain)
{
	struct kmem_cache_cpu *c = &s->cpu_slab[m->cpu];
	struct page *p = pfn_to_page(m, pfn);
	int pages = 0, pobjects = 0;

	if (c->partial != PFN_NONE) {
		pages = pfn_to_page(m, c->partial)->pages;
		pobjects = pfn_to_page(m, c->partial)->pobjects;
		if (drain && pobjects > (int)s->cpu_partial) {
			slab_step(m, s, STEP_SLUB_DRAIN, pfn, pobjects, s->cpu_partial);
			unfreeze_partials(m, s, c);
			pages = pobjects = 0;
			slub_stat(m, s, CPU_PARTIAL_DRAIN);
		}
	}
	p->pages = (int16_t)(pages + 1);
	p->pobjects = (int16_t)(pobjects + p->objects - p->inuse);
	p->next = c->partial;
	c->partial = pfn;
	if (!s->cpu_partial)
		unfreeze_partials(m, s, c);
}

static void flush_slab(struct machine *m, struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	pfn_t pfn = c->page;
	vaddr_t freelist = c->freelist;

	slub_stat(m, s, CPUSLAB_FLUSH);
	c->tid++;
	set_cpu_slab(m, c, PFN_NONE);
	c->freelist = 0;
	deactivate_slab(m, s, pfn, freelist);
}

void flush_cpu(struct machine *m, struct kmem_cache *s, unsigned cpu)
{
	struct kmem_cache_cpu *c = &s->cpu_slab[cpu];
	unsigned was = m->cpu;

	/* the work is done there: its statistics, its per-CPU page lists */
	m->cpu = cpu;
	if (c->page != PFN_NONE)
		flush_slab(m, s, c);
	unfreeze_partials(m, s, c);
	m->cpu = was;
}

void flush_all(struct machine *m, struct kmem_cache *s)
{
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		if (cpu != m->cpu)
			flush_cpu(m, s, cpu);
	flush_cpu(m, s, m->cpu);
}

/* ---- getting a slab ---- */

/* Takes a slab off its node's list. Returns: its freelist; it stays with the slab unless
   @whole. */
static vaddr_t acquire_slab(struct machine *m, struct kmem_cache_node *n, pfn_t pfn, bool whole)
{
	struct page *p = pfn_to_page(m, pfn);
	vaddr_t freelist = page_freelist(p);

	if (whole) {
		p->inuse = p->objects;
		set_page_freelist(p, 0);
	}
	p->frozen = 1;
	remove_partial(m, n, pfn);
	return freelist;
}

static vaddr_t get_partial_node(struct machine *m, struct kmem_cache *s, struct kmem_cache_node *n,
				struct kmem_cache_cpu *c)
{
	unsigned available = 0;
	vaddr_t object = 0, t;
	pfn_t pfn, next;

	if (!n || !n->nr_partial)
		return 0;
	for (pfn = n->partial.head; pfn != PFN_NONE; pfn = next) {
		struct page *p = pfn_to_page(m, pfn);
		unsigned objects = p->objects - p->inuse;

		next = p->lru.next;
		t = acquire_slab(m, n, pfn, !object);
		if (!t)
			break;
		available += objects;
		if (!object) {
			set_cpu_slab(m, c, pfn);
			slub_stat(m, s, ALLOC_FROM_PARTIAL);
			slab_step(m, s, STEP_SLUB_NODE_PARTIAL, pfn, objects, 0);
			object = t;
		} else {
			put_cpu_partial(m, s, pfn, false);
			slub_stat(m, s, CPU_PARTIAL_NODE);
			slab_step(m, s, STEP_SLUB_NODE_MORE, pfn, available, s->cpu_partial / 2);
		}
		if (!kmem_cache_has_cpu_partial(s) || available > s->cpu_partial / 2)
			break;
	}
	return object;
}

/* Any node with more than it wants to keep, in the order that pages would come from. (The
   kernel leaves it out 23 times in 1024, by the clock.) */
static vaddr_t get_any_partial(struct machine *m, struct kmem_cache *s, gfp_t gfp,
			       struct kmem_cache_cpu *c)
{
	const struct pglist_data *node = m->node[m->cpu_to_node[m->cpu]];
	int high = gfp_zone(m, gfp);

	if (!m->numa || !s->remote_node_defrag_ratio || high < 0)
		return 0;
	for (const struct zoneref *z = node->zonelist[ZONELIST_FALLBACK].ref; z->zone; z++) {
		struct kmem_cache_node *n = s->node[z->zone->nid];
		vaddr_t object;

		if (z->idx > high || !n || n->nr_partial <= s->min_partial)
			continue;
		object = get_partial_node(m, s, n, c);
		if (object)
			return object;
	}
	return 0;
}

/* The node to search: one without memory stands for the nearest that has some. */
static int mem_node(const struct machine *m, const struct kmem_cache *s, int nid)
{
	const struct zoneref *z;

	if (s->node[nid])
		return nid;
	for (z = m->node[nid]->zonelist[ZONELIST_FALLBACK].ref; z->zone; z++)
		if (s->node[z->zone->nid])
			return z->zone->nid;
	return nid;
}

static vaddr_t get_partial(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid,
			   struct kmem_cache_cpu *c)
{
	int search = nid == NUMA_NO_NODE ? m->cpu_to_node[m->cpu] : nid;
	vaddr_t object = get_partial_node(m, s, s->node[mem_node(m, s, search)], c);

	if (object || nid != NUMA_NO_NODE)
		return object;
	return get_any_partial(m, s, gfp, c);
}

static vaddr_t new_slab_objects(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid,
				struct kmem_cache_cpu *c)
{
	vaddr_t freelist = get_partial(m, s, gfp, nid, c);
	pfn_t pfn;

	if (freelist)
		return freelist;
	pfn = new_slab(m, s, gfp, nid);
	if (pfn == PFN_NONE)
		return 0;
	if (c->page != PFN_NONE)
		flush_slab(m, s, c);
	freelist = page_freelist(pfn_to_page(m, pfn));
	set_page_freelist(pfn_to_page(m, pfn), 0);
	slub_stat(m, s, ALLOC_SLAB);
	set_cpu_slab(m, c, pfn);
	return freelist;
}

/* Takes over what others freed into the cpu slab. A slab with nothing left is its own. */
static vaddr_t get_freelist(struct machine *m, struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct page *p = pfn_to_page(m, c->page);
	vaddr_t freelist = page_freelist(p);

	if (freelist) {
		slub_stat(m, s, ALLOC_REFILL);
		slab_step(m, s, STEP_SLUB_REFILL, c->page, p->objects - p->inuse, 0);
	} else {
		slub_stat(m, s, DEACTIVATE_BYPASS);
		slab_step(m, s, STEP_SLUB_FULL, c->page, 0, 0);
	}
	p->inuse = p->objects;
	set_page_freelist(p, 0);
	if (!freelist)
		unfreeze(p);
	return freelist;
}

/* ---- allocation ---- */

/* Hands out the first of @freelist, the rest is the CPU's. */
static inline vaddr_t take_first(struct machine *m, struct kmem_cache *s, struct kmem_cache_cpu *c,
				 vaddr_t freelist)
{
	const unsigned char *fp = freeptr(m, s, freelist);

	if (unlikely(!fp)) {
		c->freelist = freelist;
		slab_oops(m, s, freelist);
		return 0;
	}
	c->freelist = slab_load(m->slab->word, fp);
	c->tid++;
	return freelist;
}

/* A debug cache: the object is checked and the slab given back at once. Returns: whether the
   object was good. */
static bool take_checked(struct machine *m, struct kmem_cache *s, struct kmem_cache_cpu *c,
			 vaddr_t object)
{
	pfn_t pfn = c->page;

	if (!alloc_debug_processing(m, s, pfn, object))
		return false;
	set_cpu_slab(m, c, PFN_NONE);
	c->freelist = 0;
	deactivate_slab(m, s, pfn, get_freepointer(m, s, object));
	return true;
}

/* The cpu slab's remaining objects, own or freed by others. 0: it has none, or is gone. */
static vaddr_t cpu_slab_objects(struct machine *m, struct kmem_cache *s, struct kmem_cache_cpu *c,
				int nid)
{
	vaddr_t freelist;

	if (unlikely(nid != NUMA_NO_NODE && slab_page_nid(m, c->page) != mem_node(m, s, nid))) {
		pfn_t pfn = c->page;

		slub_stat(m, s, ALLOC_NODE_MISMATCH);
		freelist = c->freelist;
		set_cpu_slab(m, c, PFN_NONE);
		c->freelist = 0;
		deactivate_slab(m, s, pfn, freelist);
		return 0;
	}
	freelist = c->freelist ? c->freelist : get_freelist(m, s, c);
	if (!freelist)
		set_cpu_slab(m, c, PFN_NONE);
	return freelist;
}

static __attribute__((noinline)) vaddr_t slub_alloc_slow(struct machine *m, struct kmem_cache *s,
							 gfp_t gfp, int nid)
{
	struct kmem_cache_cpu *c = &s->cpu_slab[m->cpu];
	bool new = c->page == PFN_NONE;
	vaddr_t freelist;

	slub_stat(m, s, ALLOC_SLOWPATH);
	for (;;) {
		freelist = new ? 0 : cpu_slab_objects(m, s, c, nid);
		if (freelist)
			return take_first(m, s, c, freelist);
		if (c->partial != PFN_NONE) {
			set_cpu_slab(m, c, c->partial);
			c->partial = pfn_to_page(m, c->page)->next;
			slub_stat(m, s, CPU_PARTIAL_ALLOC);
			slab_step(m, s, STEP_SLUB_CPU_PARTIAL, c->page, 0, 0);
			c->freelist = 0;
			new = false;
			continue;
		}
		freelist = new_slab_objects(m, s, gfp, nid, c);
		if (!freelist) {
			if (!(gfp & __GFP_NOWARN))
				slab_report(m, s, REPORT_SLUB_OOM, PFN_NONE, gfp, 0, 0, nid);
			return 0;
		}
		if (likely(!s->debug))
			return take_first(m, s, c, freelist);
		if (take_checked(m, s, c, freelist))
			return freelist;
		/* the bad slab stays until another replaces it */
		new = true;
	}
}

static vaddr_t slub_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid)
{
	struct kmem_cache_cpu *c = &s->cpu_slab[m->cpu];
	vaddr_t object = c->freelist;

	if (unlikely(!object) || unlikely(nid != NUMA_NO_NODE && m->nr_nodes > 1 &&
					  slab_page_nid(m, c->page) != nid))
		return slub_alloc_slow(m, s, gfp, nid);
	object = take_first(m, s, c, object);
	c->stat[ALLOC_FASTPATH]++;
	slab_step(m, s, STEP_SLUB_FASTPATH, c->page, (int64_t)object, 0);
	return object;
}

static unsigned slub_alloc_bulk(struct machine *m, struct kmem_cache *s, gfp_t gfp, unsigned n,
				vaddr_t *p)
{
	for (unsigned i = 0; i < n; i++)
		if (!(p[i] = slub_alloc(m, s, gfp, NUMA_NO_NODE)))
			return i;
	return n;
}

/* ---- freeing ---- */

/* A slab that no CPU owns became empty, or got its first free object without a stack to go on. */
static void free_to_node(struct machine *m, struct kmem_cache *s, pfn_t pfn, bool was_full)
{
	struct kmem_cache_node *n = page_node(m, s, pfn);
	struct page *p = pfn_to_page(m, pfn);

	if (!p->inuse && n->nr_partial >= s->min_partial) {
		if (was_full) {
			remove_full(m, s, n, pfn);
		} else {
			remove_partial(m, n, pfn);
			slub_stat(m, s, FREE_REMOVE_PARTIAL);
		}
		slub_stat(m, s, FREE_SLAB);
		discard_slab(m, s, pfn);
	} else if (was_full) {
		remove_full(m, s, n, pfn);
		add_partial(m, n, pfn, true);
		slub_stat(m, s, FREE_ADD_PARTIAL);
		slab_step(m, s, STEP_SLUB_ADD_PARTIAL, pfn, (int64_t)n->nr_partial, 0);
	}
}

/* head .. tail are chained through their free pointers, @cnt of them. */
static void slub_free_slow(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t head,
			   vaddr_t tail, unsigned cnt)
{
	struct page *p = pfn_to_page(m, pfn);
	unsigned char *fp;
	bool was_full;

	slub_stat(m, s, FREE_SLOWPATH);
	if (s->debug && !free_debug_processing(m, s, pfn, head, tail, cnt))
		return;
	fp = freeptr(m, s, tail);
	if (unlikely(!fp)) {
		slab_oops(m, s, tail);
		return;
	}
	slab_store(m->slab->word, fp, page_freelist(p));
	was_full = !page_freelist(p);
	set_page_freelist(p, head);
	p->inuse = (uint16_t)(p->inuse - cnt);
	slab_step(m, s, STEP_SLUB_FREE_SLOW, pfn, (int64_t)head, p->inuse);
	if (p->frozen) {
		slub_stat(m, s, FREE_FROZEN);
	} else if (was_full && kmem_cache_has_cpu_partial(s)) {
		/* on no list, unless a check emptied its freelist or it is another cache's */
		remove_partial(m, page_node(m, s, pfn), pfn);
		p->frozen = 1;
		put_cpu_partial(m, s, pfn, true);
		slub_stat(m, s, CPU_PARTIAL_FREE);
		slab_step(m, s, STEP_SLUB_FROZEN, pfn, p->pobjects, s->cpu_partial);
	} else if (was_full || !p->inuse) {
		free_to_node(m, s, pfn, was_full);
	}
}

static inline void do_slab_free(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t head,
				vaddr_t tail, unsigned cnt)
{
	struct kmem_cache_cpu *c = &s->cpu_slab[m->cpu];
	unsigned char *fp;

	if (pfn != c->page) {
		slub_free_slow(m, s, pfn, head, tail, cnt);
		return;
	}
	fp = freeptr(m, s, tail);
	if (unlikely(!fp)) {
		slab_oops(m, s, tail);
		return;
	}
	slab_store(m->slab->word, fp, c->freelist);
	c->freelist = head;
	c->tid++;
	c->stat[FREE_FASTPATH]++;
	slab_step(m, s, STEP_SLUB_FREE_FASTPATH, pfn, (int64_t)head, 0);
}

/* Not the cpu slab's: the slab is found from the address. */
static __attribute__((noinline)) void slub_free_other(struct machine *m, struct kmem_cache *s,
						      vaddr_t object)
{
	pfn_t pfn = virt_to_head_pfn(m, object);

	/* a page that is no slab has no state to change: whatever the kernel would do to its
	   struct page, it is lost */
	if (pfn == PFN_NONE || (!s->debug && !(pfn_to_page(m, pfn)->flags & PG(slab))))
		slab_oops(m, s, object);
	else
		do_slab_free(m, s, pfn, object, object, 1);
}

static void slub_free(struct machine *m, struct kmem_cache *s, vaddr_t object)
{
	struct kmem_cache_cpu *c = &s->cpu_slab[m->cpu];
	unsigned char *fp;

	if (unlikely(object - c->start >= c->bytes) ||
	    unlikely(!(fp = freeptr(m, s, object)))) {
		slub_free_other(m, s, object);
		return;
	}
	slab_store(m->slab->word, fp, c->freelist);
	c->freelist = object;
	c->tid++;
	c->stat[FREE_FASTPATH]++;
	slab_step(m, s, STEP_SLUB_FREE_FASTPATH, c->page, (int64_t)object, 0);
}

/*
 * One round of a bulk free: from the end of the array back, what lies in the slab of the
 * last object is chained and freed in one step. It gives up at the third object of another
 * slab. Entries dealt with become 0. Returns: how many entries are still to be looked at.
 */
static unsigned free_bulk_round(struct machine *m, struct kmem_cache *s, unsigned n, vaddr_t *p)
{
	unsigned lookahead = 3, first_skipped = 0, cnt = 1;
	vaddr_t head, tail;
	pfn_t pfn;

	while (n && !p[n - 1])
		n--;
	if (!n)
		return 0;
	head = tail = p[--n];
	p[n] = 0;
	pfn = virt_to_head_pfn(m, head);
	if (pfn == PFN_NONE || !(pfn_to_page(m, pfn)->flags & PG(slab)) || !freeptr(m, s, head)) {
		slab_oops(m, s, head);
		return n;
	}
	set_freepointer(m, s, head, 0);
	while (n) {
		vaddr_t object = p[--n];

		if (!object)
			continue;
		if (virt_to_head_pfn(m, object) == pfn && freeptr(m, s, object)) {
			set_freepointer(m, s, object, head);
			head = object;
			cnt++;
			p[n] = 0;
			continue;
		}
		if (!--lookahead)
			break;
		if (!first_skipped)
			first_skipped = n + 1;
	}
	do_slab_free(m, s, pfn, head, tail, cnt);
	return first_skipped;
}

static void slub_free_bulk(struct machine *m, struct kmem_cache *s, unsigned n, vaddr_t *p)
{
	while (n)
		n = free_bulk_round(m, s, n, p);
}

static void slub_alias(struct machine *m, struct kmem_cache *s, uint32_t size)
{
	s->inuse = max_of(s->inuse, (uint32_t)ROUND_UP(size, m->slab->word));
}

static uint64_t slub_ksize(const struct machine *m, vaddr_t p)
{
	const struct kmem_cache *s = page_cache(m, pfn_to_page(m, virt_to_head_pfn(m, p)));

	if (!s)
		return 0;
	if (s->flags & (SLAB_RED_ZONE | SLAB_POISON))
		return s->object_size;
	return s->flags & (SLAB_DESTROY_BY_RCU | SLAB_STORE_USER) ? s->inuse : s->size;
}

const struct slab_ops slub_ops = {
	.name = "slub",
	.shift_low = 3,
	.shift_high = PAGE_SHIFT + 1,
	.cache_flags = SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_PANIC | SLAB_DESTROY_BY_RCU |
		       SLAB_NOLEAKTRACE | SLAB_RECLAIM_ACCOUNT,
	.debug_flags = SLAB_DEBUG_FLAGS,
	.never_merge = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE |
		       SLAB_DESTROY_BY_RCU | SLAB_NOLEAKTRACE | SLAB_FAILSLAB,
	.has_slabinfo = true,
	.init = slub_init,
	.kmem_cache_flags = slub_cache_flags,
	.plan = slub_plan,
	.create = slub_open,
	.alias = slub_alias,
	.shutdown = slub_shutdown,
	.release = slub_release,
	.shrink = slub_shrink,
	.alloc = slub_alloc,
	.free = slub_free,
	.alloc_bulk = slub_alloc_bulk,
	.free_bulk = slub_free_bulk,
	.ksize = slub_ksize,
	.get_slabinfo = slub_get_slabinfo,
	.walk = slub_walk,
	.locate = slub_locate,
	.objects = slub_objects,
	.free_order = slub_free_order,
	.audit = slub_audit,
};
