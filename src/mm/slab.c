/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SLAB (slab.md 5-7, 9): objects pass through a stack of pointers that each CPU has; the
 * stack is filled from slabs and flushed to them in batches.
 */
#include "slab_def.h"

void slab_bad(struct machine *m, const struct kmem_cache *s, pfn_t pfn, vaddr_t object,
	      enum slab_bad what, uint64_t b, uint64_t c)
{
	slab_report(m, s, REPORT_SLAB_BAD, pfn, (int64_t)object, (int64_t)b, (int64_t)c, what);
}

/* ---- slabs come and go ---- */

static pfn_t kmem_getpages(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid)
{
	gfp_t want = gfp | s->allocflags;
	pfn_t pfn;

	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		want |= __GFP_RECLAIMABLE;
	pfn = slab_alloc_pages(m, s, want, s->gfporder, nid);
	if (unlikely(pfn == PFN_NONE && m->slab->params.slab_debug && !(gfp & __GFP_NOWARN)))
		slab_report(m, s, REPORT_SLAB_OOM, PFN_NONE, gfp, 0, 0, nid);
	return pfn;
}

/* The order of objects in a fresh slab is that of their addresses. */
static void cache_init_objs(struct machine *m, struct kmem_cache *s, pfn_t pfn, uint8_t *freelist)
{
	for (uint32_t i = 0; i < s->num; i++) {
		vaddr_t object = slab_obj_addr(m, s, pfn, i);

		if (s->debug)
			slab_debug_init_slot(m, s, pfn, object);
		else if (s->ctor)
			s->ctor->fn(m, s, object);
		freelist[i] = (uint8_t)i;
	}
}

/* The index array: in the slab, behind the colour, or an object of another cache. */
static uint8_t *alloc_slabmgmt(struct machine *m, struct kmem_cache *s, pfn_t pfn, gfp_t gfp,
			       int nid, uint32_t colour)
{
	struct page *p = pfn_to_page(m, pfn);
	vaddr_t freelist = slab_va(m, pfn) + colour;

	if (s->flags & CFLGS_OFF_SLAB) {
		/* a loaded state may lack the cache */
		freelist = s->freelist_cache ? kmem_cache_alloc_node(m, s->freelist_cache, gfp, nid)
					     : 0;
		if (!freelist)
			return NULL;
	} else {
		colour += s->freelist_size;
	}
	p->active = 0;
	p->s_mem = colour & 0xffffff;
	set_page_freelist(p, freelist);
	if (!slab_freelist(m, s, pfn))
		slab_oops(m, s, freelist);
	return slab_freelist(m, s, pfn);
}

static bool flags_fit_cache(struct machine *m, struct kmem_cache *s, gfp_t gfp)
{
	if (slab_gfp_bug(m, gfp))
		return false;
	if ((gfp & GFP_DMA) == (s->allocflags & GFP_DMA))
		return true;
	slab_bad(m, s, PFN_NONE, gfp, BAD_GFP_DMA, 0, 0);
	m->slab->oopses++;
	return false;
}

/* A new slab for node @nid; @pfn are its pages if they are there already. */
static bool cache_grow(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid, pfn_t pfn)
{
	gfp_t local = gfp & (GFP_CONSTRAINT_MASK | GFP_RECLAIM_MASK);
	struct slab_node *n = s->slab_node[nid];
	uint32_t colour = n->colour_next;
	uint8_t *freelist;

	if (slab_gfp_bug(m, gfp))
		return false;
	if (++n->colour_next >= s->colour)
		n->colour_next = 0;
	if (!flags_fit_cache(m, s, gfp))
		return false;
	if (pfn == PFN_NONE)
		pfn = kmem_getpages(m, s, local, nid);
	if (pfn == PFN_NONE) {
		slab_step(m, s, STEP_NO_PAGES, PFN_NONE, s->gfporder, 0);
		return false;
	}
	freelist = alloc_slabmgmt(m, s, pfn, local, nid, colour * s->colour_off);
	if (!freelist) {
		slab_free_pages(m, s, pfn);
		return false;
	}
	cache_init_objs(m, s, pfn, freelist);
	slab_step(m, s, STEP_NEW_SLAB, pfn, s->gfporder, s->num);
	page_list_add_tail(m, &n->list[SLABS_FREE], 0, pfn);
	n->free_objects += s->num;
	s->grown++;
	return true;
}

void slab_destroy(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	vaddr_t freelist = page_freelist(pfn_to_page(m, pfn));

	if (s->debug)
		slab_debug_destroy(m, s, pfn);
	slab_step(m, s, STEP_DISCARD, pfn, s->gfporder, 0);
	slab_free_pages(m, s, pfn);
	if (s->freelist_cache)
		kmem_cache_free(m, s->freelist_cache, freelist);
}

/* ---- objects back to their slabs ---- */

/* The slab that objects go back to at the moment; off its list meanwhile. */
struct slab_run {
	pfn_t pfn;
	struct page *page;
	struct slab_node *node;
	uint8_t *freelist;
	vaddr_t first;	/* object 0 */
	uint64_t bytes; /* of all objects; 0: no slab */
};

/* Returns: false when @addr is no object that was handed out. */
static bool run_begin(struct machine *m, struct kmem_cache *s, struct slab_run *r, vaddr_t addr)
{
	uint32_t idx;

	r->bytes = 0;
	r->pfn = slab_of(m, s, addr, &idx);
	if (r->pfn == PFN_NONE)
		return false;
	r->page = pfn_to_page(m, r->pfn);
	r->freelist = slab_freelist(m, s, r->pfn);
	if (!r->freelist || !r->page->active)
		return false;
	r->node = page_slab_node(m, s, r->pfn);
	r->first = slab_va(m, r->pfn) + r->page->s_mem;
	r->bytes = (uint64_t)s->num * s->size;
	page_list_del(m, &r->node->list[slab_list_of(s, r->page)], 0, r->pfn);
	return true;
}

/* A slab that is not needed any more goes to @released. */
static void run_end(struct machine *m, struct kmem_cache *s, const struct slab_run *r,
		    struct page_list *released)
{
	struct slab_node *n = r->node;

	if (!r->bytes)
		return;
	if (r->page->active) {
		page_list_add_tail(m, &n->list[SLABS_PARTIAL], 0, r->pfn);
	} else if (n->free_objects > n->free_limit) {
		n->free_objects -= s->num;
		page_list_add_tail(m, released, 0, r->pfn);
	} else {
		page_list_add(m, &n->list[SLABS_FREE], 0, r->pfn);
	}
}

/* No object, or one more than was handed out: the kernel writes before the index array, unless
   its debugging sees that first. */
static void refuse_object(struct machine *m, struct kmem_cache *s, vaddr_t addr)
{
	uint32_t idx;
	pfn_t pfn = slab_of(m, s, addr, &idx);

	if (s->debug && pfn != PFN_NONE && slab_freelist(m, s, pfn) &&
	    !slab_debug_put(m, s, pfn, idx))
		return;
	slab_oops(m, s, addr);
}

static inline void free_object(struct machine *m, struct kmem_cache *s, struct slab_run *r,
			       vaddr_t addr, struct page_list *released)
{
	struct page *p;
	uint32_t idx;

	if (addr - r->first >= r->bytes) {
		run_end(m, s, r, released);
		if (!run_begin(m, s, r, addr)) {
			refuse_object(m, s, addr);
			return;
		}
	}
	p = r->page;
	if (unlikely(!p->active)) {
		refuse_object(m, s, addr);
		return;
	}
	idx = slab_obj_index(s, (uint32_t)(addr - r->first));
	if (unlikely(s->debug) && !slab_debug_put(m, s, r->pfn, idx))
		return;
	r->freelist[--p->active] = (uint8_t)idx;
	r->node->free_objects++;
	s->num_active--;
}

static void slabs_destroy(struct machine *m, struct kmem_cache *s, const struct page_list *released)
{
	pfn_t next;

	for (pfn_t pfn = released->head; pfn != PFN_NONE; pfn = next) {
		next = pfn_to_page(m, pfn)->lru.next;
		slab_destroy(m, s, pfn);
	}
}

void free_block(struct machine *m, struct kmem_cache *s, struct array_cache *ac, uint32_t n)
{
	struct page_list released = PAGE_LIST_EMPTY;
	struct slab_run r = {0};

	for (uint32_t i = 0; i < n; i++)
		free_object(m, s, &r, ac_entry(m, ac, i), &released);
	run_end(m, s, &r, &released);
	slabs_destroy(m, s, &released);
}

static void free_one(struct machine *m, struct kmem_cache *s, vaddr_t object)
{
	unsigned char entry[sizeof(vaddr_t)];
	struct array_cache one = {.avail = 1, .limit = 1, .entry = entry};

	ac_set_entry(m, &one, 0, object);
	free_block(m, s, &one, 1);
}

static void drop_oldest(const struct machine *m, struct array_cache *ac, uint32_t n)
{
	size_t word = m->slab->word;

	ac->avail -= n;
	memmove(ac->entry, ac->entry + n * word, ac->avail * word);
}

void free_oldest(struct machine *m, struct kmem_cache *s, struct array_cache *ac, uint32_t n)
{
	free_block(m, s, ac, n);
	drop_oldest(m, ac, n);
}

/* The newest entries of one array on top of another, in the same order. Returns: how many. */
uint32_t transfer_objects(const struct machine *m, struct array_cache *to,
			  struct array_cache *from, uint32_t max)
{
	uint32_t room = to->limit - to->avail, have = min_of(from->avail, max);
	uint32_t n = min_of(have, room);
	size_t word = m->slab->word;

	if (!n)
		return 0;
	memcpy(to->entry + to->avail * word, from->entry + (from->avail - n) * word, n * word);
	from->avail -= n;
	to->avail += n;
	return n;
}

/* ---- the fast path's slow half ---- */

/* On NUMA the first attempt asks the node alone and does not insist. */
static gfp_t gfp_exact_node(const struct machine *m, gfp_t gfp)
{
	if (!m->numa)
		return gfp;
	return (gfp | __GFP_THISNODE | __GFP_NOWARN) & ~__GFP_DIRECT_RECLAIM;
}

/* The slab to take from next, off its list; PFN_NONE: there is none. */
static pfn_t take_slab(struct machine *m, struct slab_node *n)
{
	struct page_list *l = &n->list[SLABS_PARTIAL];
	pfn_t pfn;

	if (page_list_empty(l)) {
		n->free_touched = true;
		l = &n->list[SLABS_FREE];
		if (page_list_empty(l))
			return PFN_NONE;
	}
	pfn = l->head;
	page_list_del(m, l, 0, pfn);
	return pfn;
}

static void put_slab_back(struct machine *m, struct kmem_cache *s, struct slab_node *n, pfn_t pfn)
{
	page_list_add(m, &n->list[slab_list_of(s, pfn_to_page(m, pfn))], 0, pfn);
}

static void count_active(struct kmem_cache *s, uint32_t n)
{
	s->num_active += n;
	s->maxobjs = max_of(s->maxobjs, s->num_active);
}

/* Up to @want objects from slab after slab. Returns: false when an index array is nowhere. */
static bool refill_from_slabs(struct machine *m, struct kmem_cache *s, struct slab_node *n,
			      struct array_cache *ac, uint32_t want)
{
	pfn_t pfn;

	while (want && (pfn = take_slab(m, n)) != PFN_NONE) {
		struct page *p = pfn_to_page(m, pfn);
		const uint8_t *freelist = slab_freelist(m, s, pfn);
		uint32_t got = freelist ? min_of(want, s->num - p->active) : 0;
		bool was_free = !p->active;

		for (uint32_t i = 0; i < got; i++)
			ac_push(m, ac, slab_obj_addr(m, s, pfn, freelist[p->active++]));
		put_slab_back(m, s, n, pfn);
		if (unlikely(!freelist)) {
			slab_oops(m, s, page_freelist(p));
			return false;
		}
		want -= got;
		slab_step(m, s, was_free ? STEP_SLAB_FROM_FREE : STEP_SLAB_FROM_PARTIAL, pfn, got,
			  0);
	}
	return true;
}

/* Fills the empty array of this CPU. Returns: whether anything was found. */
static bool refill_array(struct machine *m, struct kmem_cache *s, struct array_cache *ac)
{
	struct slab_node *n = cpu_slab_node(m, s);
	uint32_t want = ac->batchcount, got;

	/* a CPU that does not use the cache much gets little */
	if (!ac->touched)
		want = min_of(want, (uint32_t)BATCHREFILL_LIMIT);
	if (n->shared.entry) {
		got = transfer_objects(m, ac, &n->shared, want);
		if (got) {
			n->shared.touched = 1;
			slab_step(m, s, STEP_SLAB_FROM_SHARED, PFN_NONE, got, 0);
			return true;
		}
	}
	if (!refill_from_slabs(m, s, n, ac, want))
		return false;
	n->free_objects -= ac->avail;
	s->list_allocs += ac->avail;
	count_active(s, ac->avail);
	return ac->avail;
}

static __attribute__((noinline)) vaddr_t cache_alloc_refill(struct machine *m, struct kmem_cache *s,
							    struct array_cache *ac, gfp_t gfp)
{
	unsigned long oopses = m->slab->oopses;
	int nid = m->cpu_to_node[m->cpu];

	while (!refill_array(m, s, ac)) {
		if (m->slab->oopses != oopses ||
		    !cache_grow(m, s, gfp_exact_node(m, gfp), nid, PFN_NONE))
			return 0;
	}
	slab_step(m, s, STEP_SLAB_REFILL, PFN_NONE, ac->avail, ac->batchcount);
	ac->touched = 1;
	return ac_entry(m, ac, --ac->avail);
}

static inline vaddr_t alloc_from_array(struct machine *m, struct kmem_cache *s, gfp_t gfp)
{
	struct array_cache *ac = s->cpu_cache[m->cpu];
	vaddr_t object;

	if (unlikely(!ac->avail)) {
		s->allocmiss++;
		return cache_alloc_refill(m, s, ac, gfp);
	}
	s->allochit++;
	ac->touched = 1;
	object = ac_entry(m, ac, --ac->avail);
	slab_step(m, s, STEP_SLAB_HIT, PFN_NONE, (int64_t)object, ac->avail);
	return object;
}

/* ---- a node of one's own choice (slab.md 9) ---- */

/* One object out of the node's first slab. Returns: it, or 0. */
static vaddr_t take_one(struct machine *m, struct kmem_cache *s, struct slab_node *n)
{
	pfn_t pfn = take_slab(m, n);
	const uint8_t *freelist;
	vaddr_t object = 0;
	struct page *p;

	if (pfn == PFN_NONE)
		return 0;
	p = pfn_to_page(m, pfn);
	freelist = slab_freelist(m, s, pfn);
	if (freelist) {
		slab_step(m, s, p->active ? STEP_SLAB_FROM_PARTIAL : STEP_SLAB_FROM_FREE, pfn, 1, 0);
		object = slab_obj_addr(m, s, pfn, freelist[p->active++]);
		n->free_objects--;
		s->nodeallocs++;
		count_active(s, 1);
	} else {
		slab_oops(m, s, page_freelist(p));
	}
	put_slab_back(m, s, n, pfn);
	return object;
}

static vaddr_t alloc_on_node(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid)
{
	vaddr_t object = take_one(m, s, s->slab_node[nid]);

	if (!object && cache_grow(m, s, gfp_exact_node(m, gfp), nid, PFN_NONE))
		object = take_one(m, s, s->slab_node[nid]);
	return object;
}

/* Any node that has objects, the nearest first; else new pages from wherever there are. */
static vaddr_t fallback_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp)
{
	int here = m->cpu_to_node[m->cpu], top = gfp_zone(m, gfp);
	const struct zonelist *zl = &m->node[here]->zonelist[ZONELIST_FALLBACK];
	gfp_t local = gfp & (GFP_CONSTRAINT_MASK | GFP_RECLAIM_MASK);
	vaddr_t object = 0;
	pfn_t pfn;

	if ((gfp & __GFP_THISNODE) || top < 0)
		return 0;
	for (const struct zoneref *ref = zl->ref; !object && ref->zone; ref++)
		if (ref->idx <= top && s->slab_node[ref->zone->nid]->free_objects)
			object = alloc_on_node(m, s, gfp, ref->zone->nid);
	if (object || slab_gfp_bug(m, gfp))
		return object;
	pfn = kmem_getpages(m, s, local, here);
	if (pfn == PFN_NONE || !cache_grow(m, s, gfp, slab_page_nid(m, pfn), pfn))
		return 0;
	return take_one(m, s, s->slab_node[slab_page_nid(m, pfn)]);
}

static __attribute__((noinline)) vaddr_t alloc_numa(struct machine *m, struct kmem_cache *s,
						    gfp_t gfp, int nid)
{
	int here = m->cpu_to_node[m->cpu];
	vaddr_t object = 0;

	if (nid < 0 || nid == here) {
		nid = here;
		object = alloc_from_array(m, s, gfp);
	}
	if (!object)
		object = alloc_on_node(m, s, gfp, nid);
	return object ? object : fallback_alloc(m, s, gfp);
}

void drain_alien(struct machine *m, struct kmem_cache *s, struct array_cache *alien, int nid)
{
	struct slab_node *n = s->slab_node[nid];

	if (!alien->avail)
		return;
	if (n->shared.entry)
		transfer_objects(m, &n->shared, alien, alien->limit);
	free_block(m, s, alien, alien->avail);
	alien->avail = 0;
}

/* An object of another node. Returns: false when it is none. */
static __attribute__((noinline)) bool cache_free_alien(struct machine *m, struct kmem_cache *s,
						       vaddr_t object)
{
	pfn_t pfn = virt_to_head_pfn(m, object);
	struct array_cache *alien;
	int nid;

	if (pfn == PFN_NONE) {
		slab_oops(m, s, object);
		return true;
	}
	nid = slab_page_nid(m, pfn);
	if (nid == m->cpu_to_node[m->cpu])
		return false;
	s->remotefrees++;
	slab_step(m, s, STEP_SLAB_ALIEN, pfn, (int64_t)object, nid);
	alien = cpu_slab_node(m, s)->alien ? &cpu_slab_node(m, s)->alien[nid] : NULL;
	if (!alien || !alien->entry) {
		free_one(m, s, object);
		return true;
	}
	if (alien->avail == alien->limit) {
		s->alienoverflow++;
		drain_alien(m, s, alien, nid);
	}
	ac_push(m, alien, object);
	return true;
}

/* ---- what everyone calls ---- */

static inline vaddr_t __slab_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid)
{
	vaddr_t object;

	if (likely(m->nr_nodes == 1))
		object = alloc_from_array(m, s, gfp);
	else
		object = alloc_numa(m, s, gfp, nid);
	if (unlikely(s->debug) && object)
		object = slab_debug_alloc(m, s, object);
	return object;
}

static vaddr_t slab_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid)
{
	return __slab_alloc(m, s, gfp, nid);
}

static unsigned slab_alloc_bulk(struct machine *m, struct kmem_cache *s, gfp_t gfp, unsigned n,
				vaddr_t *p)
{
	unsigned i = 0;

	while (i < n && (p[i] = __slab_alloc(m, s, gfp, NUMA_NO_NODE)))
		i++;
	return i;
}

static void count_free_slabs(struct machine *m, struct kmem_cache *s, const struct slab_node *n)
{
	uint32_t slabs = 0;

	for (pfn_t pfn = n->list[SLABS_FREE].head; pfn != PFN_NONE;
	     pfn = pfn_to_page(m, pfn)->lru.next)
		slabs++;
	s->freemax = max_of(s->freemax, slabs);
}

static __attribute__((noinline)) void cache_flusharray(struct machine *m, struct kmem_cache *s,
						       struct array_cache *ac)
{
	struct slab_node *n = cpu_slab_node(m, s);
	uint32_t batch = ac->batchcount, room = n->shared.limit - n->shared.avail;
	size_t word = m->slab->word;
	bool to_shared = n->shared.entry && room;

	if (to_shared)
		batch = min_of(batch, room);
	slab_step(m, s, STEP_SLAB_FLUSH, PFN_NONE, batch, to_shared);
	if (to_shared) {
		memcpy(n->shared.entry + n->shared.avail * word, ac->entry, batch * word);
		n->shared.avail += batch;
	} else {
		free_block(m, s, ac, batch);
	}
	if (m->slab->params.slab_debug)
		count_free_slabs(m, s, n);
	drop_oldest(m, ac, batch);
}

static inline void __slab_free(struct machine *m, struct kmem_cache *s, vaddr_t object)
{
	struct array_cache *ac = s->cpu_cache[m->cpu];

	if (unlikely(s->debug)) {
		object = slab_debug_free(m, s, object);
		if (!object)
			return;
	}
	if (unlikely(m->nr_nodes > 1) && cache_free_alien(m, s, object))
		return;
	if (likely(ac->avail < ac->limit)) {
		s->freehit++;
	} else {
		s->freemiss++;
		cache_flusharray(m, s, ac);
	}
	ac_push(m, ac, object);
	slab_step(m, s, STEP_SLAB_FREE_HIT, PFN_NONE, (int64_t)object, ac->avail);
}

static void slab_free(struct machine *m, struct kmem_cache *s, vaddr_t object)
{
	__slab_free(m, s, object);
}

static void slab_free_bulk(struct machine *m, struct kmem_cache *s, unsigned n, vaddr_t *p)
{
	for (unsigned i = 0; i < n; i++)
		__slab_free(m, s, p[i]);
}

const struct slab_ops slab_ops_slab = {
	.name = "slab",
	.shift_low = 5,
	.shift_high = 22,
	.cache_flags = SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_PANIC | SLAB_DESTROY_BY_RCU |
		       SLAB_MEM_SPREAD | SLAB_NOLEAKTRACE | SLAB_RECLAIM_ACCOUNT,
	.debug_flags = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER,
	.never_merge = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE |
		       SLAB_DESTROY_BY_RCU | SLAB_NOLEAKTRACE | SLAB_FAILSLAB,
	.kmalloc_flags = SLAB_HWCACHE_ALIGN,
	.merge_align = true,
	.has_slabinfo = true,
	.slabinfo_writable = true,
	.init = slab_init,
	.init_late = slab_init_late,
	.cpus_up = slab_cpus_up,
	.kmem_cache_flags = slab_cache_flags,
	.plan = slab_plan,
	.create = slab_create,
	.shutdown = slab_shutdown,
	.release = slab_release,
	.shrink = slab_shrink,
	.alloc = slab_alloc,
	.free = slab_free,
	.alloc_bulk = slab_alloc_bulk,
	.free_bulk = slab_free_bulk,
	.ksize = slab_ksize,
	.get_slabinfo = slab_get_slabinfo,
	.slabinfo_write = slab_slabinfo_write,
	.tick = slab_tick,
	.walk = slab_walk_slabs,
	.locate = slab_locate_object,
	.objects = slab_object_states,
	.free_order = slab_order_of_free,
	.audit = slab_audit_caches,
};
