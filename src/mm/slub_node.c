/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLUB: slabs made and given back, and the nodes' lists of them (slub.md 5, 8). */
#include "page_list.h"
#include "slub.h"
#include <errno.h>

/* ---- lists ---- */

/* Whether @pfn stands at an end of @l as its links say. */
static bool list_has_ends(const struct page_list *l, const struct page *p, pfn_t pfn)
{
	return (p->lru.prev != PFN_NONE || l->head == pfn) &&
	       (p->lru.next != PFN_NONE || l->tail == pfn);
}

/* An object freed to the wrong cache leaves a slab on a list of that cache. */
static struct page_list *find_list(const struct machine *m, const struct page *p, pfn_t pfn)
{
	struct kmem_cache *s;

	for_each_kmem_cache(m, s)
		for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
			struct kmem_cache_node *n = s->node[nid];

			if (n && list_has_ends(&n->partial, p, pfn) && n->partial.head != PFN_NONE)
				return &n->partial;
			if (n && list_has_ends(&n->full, p, pfn) && n->full.head != PFN_NONE)
				return &n->full;
		}
	return NULL;
}

/* Returns: whether the slab was on a list. */
static bool unlist(struct machine *m, struct page_list *l, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	if (p->lru.prev == LRU_UNLISTED)
		return false;
	if (unlikely(!list_has_ends(l, p, pfn)))
		l = find_list(m, p, pfn);
	if (l)
		page_list_del(m, l, 0, pfn);
	p->lru.prev = LRU_UNLISTED;
	return l != NULL;
}

static void list(struct machine *m, struct page_list *l, pfn_t pfn, bool tail)
{
	if (unlikely(pfn_to_page(m, pfn)->lru.prev != LRU_UNLISTED))
		unlist(m, l, pfn);
	if (tail)
		page_list_add_tail(m, l, 0, pfn);
	else
		page_list_add(m, l, 0, pfn);
}

void add_partial(struct machine *m, struct kmem_cache_node *n, pfn_t pfn, bool tail)
{
	n->nr_partial++;
	list(m, &n->partial, pfn, tail);
}

void remove_partial(struct machine *m, struct kmem_cache_node *n, pfn_t pfn)
{
	if (unlist(m, &n->partial, pfn) && n->nr_partial)
		n->nr_partial--;
}

void add_full(struct machine *m, struct kmem_cache *s, struct kmem_cache_node *n, pfn_t pfn)
{
	if (s->flags & SLAB_STORE_USER)
		list(m, &n->full, pfn, false);
}

void remove_full(struct machine *m, struct kmem_cache *s, struct kmem_cache_node *n, pfn_t pfn)
{
	if (s->flags & SLAB_STORE_USER)
		unlist(m, &n->full, pfn);
}

/* ---- a new slab ---- */

unsigned order_objects(unsigned order, uint32_t size, uint32_t reserved)
{
	return (unsigned)(((PAGE_SIZE << order) - reserved) / size);
}

/* The preferred order without effort, then the smallest order as the caller asked. */
static pfn_t allocate_pages(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid,
			    struct kmem_cache_order_objects *oo)
{
	gfp_t flags = (gfp & m->gfp_allowed_mask) | s->allocflags;
	gfp_t quick = (flags | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL;
	pfn_t pfn;

	*oo = s->oo;
	if (quick & __GFP_DIRECT_RECLAIM && s->oo.order > s->min.order)
		quick = (quick | __GFP_NOMEMALLOC) & ~__GFP_DIRECT_RECLAIM;
	pfn = slab_alloc_pages(m, s, quick, oo->order, nid);
	if (likely(pfn != PFN_NONE))
		return pfn;
	*oo = s->min;
	pfn = slab_alloc_pages(m, s, flags, oo->order, nid);
	if (pfn == PFN_NONE) {
		slab_step(m, s, STEP_NO_PAGES, PFN_NONE, oo->order, 0);
		return PFN_NONE;
	}
	slub_stat(m, s, ORDER_FALLBACK);
	slab_step(m, s, STEP_ORDER_FALLBACK, pfn, s->oo.order, oo->order);
	return pfn;
}

/* Chains the objects in address order. */
static void setup_objects(struct machine *m, struct kmem_cache *s, pfn_t pfn, unsigned objects)
{
	unsigned word = m->slab->word;
	vaddr_t object = slab_va(m, pfn);
	/* the last free pointer may lie behind the slab, if debugging was on and off again */
	unsigned char *fp = slab_ram(m, object + s->offset, (uint64_t)(objects - 1) * s->size + word);

	if (s->debug)
		setup_slab_debug(m, s, pfn);
	for (unsigned i = 0; fp && i < objects; i++, fp += s->size, object += s->size) {
		if (s->debug)
			setup_object_debug(m, s, object);
		if (unlikely(s->ctor))
			s->ctor->fn(m, s, object);
		slab_store(word, fp, i + 1 < objects ? object + s->size : 0);
	}
}

pfn_t new_slab(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid)
{
	struct kmem_cache_order_objects oo;
	struct kmem_cache_node *n;
	struct page *p;
	pfn_t pfn;

	if (unlikely(slab_gfp_bug(m, gfp)))
		return PFN_NONE;
	pfn = allocate_pages(m, s, gfp & (GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK), nid, &oo);
	if (pfn == PFN_NONE)
		return PFN_NONE;
	p = pfn_to_page(m, pfn);
	p->objects = oo.objects;
	p->inuse = oo.objects;
	p->frozen = 1;
	setup_objects(m, s, pfn, oo.objects);
	set_page_freelist(p, slab_va(m, pfn));
	n = page_node(m, s, pfn);
	if (n) { /* not yet, for the very first slab of all */
		n->nr_slabs++;
		n->total_objects += oo.objects;
	}
	slab_step(m, s, STEP_NEW_SLAB, pfn, oo.order, oo.objects);
	return pfn;
}

void discard_slab(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	struct kmem_cache_node *n = page_node(m, s, pfn);

	slab_step(m, s, STEP_DISCARD, pfn, slab_order(m, pfn), 0);
	n->nr_slabs--;
	n->total_objects -= pfn_to_page(m, pfn)->objects;
	if (s->debug)
		discard_slab_debug(m, s, pfn);
	slab_free_pages(m, s, pfn);
}

/* ---- all slabs of a cache ---- */

static bool close_node(struct machine *m, struct kmem_cache *s, struct kmem_cache_node *n)
{
	pfn_t pfn, next;

	for (pfn = n->partial.head; pfn != PFN_NONE; pfn = next) {
		next = pfn_to_page(m, pfn)->lru.next;
		if (pfn_to_page(m, pfn)->inuse) {
			slab_report(m, s, REPORT_REMAINING, pfn, 0, 0, 0, 0);
			continue;
		}
		remove_partial(m, n, pfn);
		discard_slab(m, s, pfn);
	}
	return !n->nr_partial && !n->nr_slabs;
}

int slub_shutdown(struct machine *m, struct kmem_cache *s)
{
	flush_all(m, s);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (s->node[nid] && !close_node(m, s, s->node[nid]))
			return -EBUSY;
	return 0;
}

#define SHRINK_PROMOTE_MAX 32

/* Fullest slabs to the front, so that the others may become empty. */
static void shrink_node(struct machine *m, struct kmem_cache *s, struct kmem_cache_node *n)
{
	struct page_list promote[SHRINK_PROMOTE_MAX], discard = PAGE_LIST_EMPTY;
	pfn_t pfn, next;

	for (unsigned i = 0; i < SHRINK_PROMOTE_MAX; i++)
		promote[i] = PAGE_LIST_EMPTY;
	for (pfn = n->partial.head; pfn != PFN_NONE; pfn = next) {
		struct page *p = pfn_to_page(m, pfn);
		int free = p->objects - p->inuse;

		next = p->lru.next;
		if (free == p->objects) {
			remove_partial(m, n, pfn);
			page_list_add(m, &discard, 0, pfn);
		} else if (free > 0 && free <= SHRINK_PROMOTE_MAX) {
			page_list_del(m, &n->partial, 0, pfn);
			page_list_add(m, &promote[free - 1], 0, pfn);
		}
	}
	for (int i = SHRINK_PROMOTE_MAX - 1; i >= 0; i--)
		while ((pfn = promote[i].tail) != PFN_NONE) {
			page_list_del(m, &promote[i], 0, pfn);
			page_list_add(m, &n->partial, 0, pfn);
		}
	while ((pfn = discard.head) != PFN_NONE) {
		page_list_del(m, &discard, 0, pfn);
		discard_slab(m, s, pfn);
	}
}

int slub_shrink(struct machine *m, struct kmem_cache *s)
{
	int left = 0;

	flush_all(m, s);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct kmem_cache_node *n = s->node[nid];

		if (!n)
			continue;
		shrink_node(m, s, n);
		if (n->nr_slabs)
			left = 1;
	}
	return left;
}
