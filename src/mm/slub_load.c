/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SLUB: a recorded state put back, piece by piece. Where the text is wrong the caller is
 * told; what is accepted can do no harm to the host, however odd it is.
 */
#include "page_list.h"
#include "slub.h"
#include <errno.h>

static bool layout_is_sound(const struct machine *m, const struct kmem_cache *s)
{
	unsigned word = m->slab->word;
	uint64_t end = s->offset ? (uint64_t)s->offset + word : word;

	if (s->flags & SLAB_STORE_USER)
		end = (s->offset ? (uint64_t)s->offset + word : s->inuse) + 2 * sizeof_track(m);
	return s->object_size && s->size <= KMALLOC_MAX_SIZE && s->object_size <= s->size &&
	       s->inuse <= s->size && s->object_size <= s->inuse && end <= s->size && !s->reserved;
}

static bool order_is_sound(const struct kmem_cache *s, struct kmem_cache_order_objects oo)
{
	return oo.order < MAX_ORDER && oo.objects && oo.objects <= MAX_OBJS_PER_PAGE &&
	       oo.objects <= order_objects(oo.order, s->size, 0);
}

struct kmem_cache *slub_load_cache(struct machine *m, const struct kmem_cache *from,
				   struct mm_error *e)
{
	struct kmem_cache *s;
	unsigned idx;

	if (!layout_is_sound(m, from) || !order_is_sound(from, from->oo) ||
	    !order_is_sound(from, from->min)) {
		mm_error(e, -EINVAL, "that is no layout of a cache");
		return NULL;
	}
	s = slab_cache_new(m, from->name, from->object_size, from->align, from->ctor);
	if (!s || slub_host_structs(m, s)) {
		mm_error(e, -ENOMEM, "the host has no memory for another cache");
		return NULL;
	}
	s->size = from->size;
	s->inuse = from->inuse;
	s->offset = from->offset;
	s->flags = from->flags;
	s->debug = s->flags & SLAB_DEBUG_FLAGS;
	s->oo = from->oo;
	s->min = from->min;
	s->max = from->max;
	s->min_partial = from->min_partial;
	s->cpu_partial = from->cpu_partial;
	s->remote_node_defrag_ratio = 1000;
	s->allocflags = from->allocflags & (__GFP_COMP | GFP_DMA | __GFP_RECLAIMABLE);
	s->refcount = from->refcount;
	slab_cache_list(m, s);
	idx = kmalloc_index_of(m, s->name);
	if (idx)
		m->slab->kmalloc_caches[idx] = s;
	return s;
}

static vaddr_t load_chain(struct machine *m, struct kmem_cache *s, pfn_t pfn, const uint16_t *idx,
			  unsigned n)
{
	vaddr_t start = slab_va(m, pfn), next = 0;

	while (n--) {
		vaddr_t object = start + (uint64_t)idx[n] * s->size;

		set_freepointer(m, s, object, next);
		next = object;
	}
	return next;
}

/* A debug cache's bytes as they must be; where the freelists of objects in use lead is not
   recorded. */
static void load_debug_bytes(struct machine *m, struct kmem_cache *s, const struct slab_record *r)
{
	vaddr_t object = slab_va(m, r->pfn);

	setup_slab_debug(m, s, r->pfn);
	for (unsigned i = 0; i < r->objects; i++, object += s->size) {
		setup_object_debug(m, s, object);
		init_object(m, s, object, SLUB_RED_ACTIVE);
		set_freepointer(m, s, object, 0);
	}
	for (unsigned i = 0; i < r->nr_free; i++)
		init_object(m, s, slab_va(m, r->pfn) + (uint64_t)r->free[i] * s->size,
			    SLUB_RED_INACTIVE);
}

int slub_load_slab(struct machine *m, struct kmem_cache *s, const struct slab_record *r,
		   struct mm_error *e)
{
	struct kmem_cache_node *n;
	struct page *p;

	if (r->cpu >= m->nr_cpus || (r->where == SLAB_CPU && s->cpu_slab[r->cpu].page != PFN_NONE))
		return mm_error(e, -EINVAL, "CPU %u is none, or has a slab", r->cpu);
	if (!pfn_to_zone(m, r->pfn) ||
	    PFN_PHYS((uint64_t)r->pfn + (1ull << r->order)) > m->slab->bytes ||
	    !r->objects || r->objects > order_objects(r->order, s->size, 0) ||
	    r->inuse > r->objects)
		return mm_error(e, -EINVAL, "that is no slab of %s", s->name);
	for (unsigned i = 0; i < r->nr_free; i++)
		if (r->free[i] >= r->objects)
			return mm_error(e, -EINVAL, "there is no object %u", r->free[i]);
	slab_claim_pages(m, s, r->pfn, r->order);
	p = pfn_to_page(m, r->pfn);
	p->objects = (uint16_t)(r->objects & MAX_OBJS_PER_PAGE);
	p->inuse = (uint16_t)r->inuse;
	p->frozen = r->frozen;
	p->lru.prev = LRU_UNLISTED;
	if (s->debug)
		load_debug_bytes(m, s, r);
	set_page_freelist(p, load_chain(m, s, r->pfn, r->free, r->nr_free));
	n = page_node(m, s, r->pfn);
	switch (r->where) {
	case SLAB_CPU:
		p->frozen = 1;
		set_cpu_slab(m, &s->cpu_slab[r->cpu], r->pfn);
		return 0;
	case SLAB_CPU_PARTIAL: {
		pfn_t *link = &s->cpu_slab[r->cpu].partial;

		while (*link != PFN_NONE)
			link = &pfn_to_page(m, *link)->next;
		*link = r->pfn;
		p->next = PFN_NONE;
		p->pages = (int16_t)r->pages;
		p->pobjects = (int16_t)r->pobjects;
		p->frozen = 1;
		return 0;
	}
	case SLAB_NODE_PARTIAL:
		p->frozen = 0;
		page_list_add_tail(m, &n->partial, 0, r->pfn);
		n->nr_partial++;
		return 0;
	case SLAB_NODE_FULL:
		p->frozen = 0;
		page_list_add_tail(m, &n->full, 0, r->pfn);
		return 0;
	default:
		p->frozen = 0;
		return 0;
	}
}

int slub_load_cpu_freelist(struct machine *m, struct kmem_cache *s, unsigned cpu,
			   const uint16_t *idx, unsigned n, struct mm_error *e)
{
	struct kmem_cache_cpu *c = &s->cpu_slab[cpu < m->nr_cpus ? cpu : 0];

	if (cpu >= m->nr_cpus || c->page == PFN_NONE)
		return mm_error(e, -EINVAL, "CPU %u is none, or has no slab", cpu);
	for (unsigned i = 0; i < n; i++)
		if (idx[i] >= pfn_to_page(m, c->page)->objects)
			return mm_error(e, -EINVAL, "there is no object %u", idx[i]);
	c->freelist = load_chain(m, s, c->page, idx, n);
	return 0;
}

int slub_load_node(struct machine *m, struct kmem_cache *s, unsigned nid, unsigned long nr_slabs,
		   unsigned long total_objects, struct mm_error *e)
{
	struct kmem_cache_node *n = nid < m->nr_nodes ? s->node[nid] : NULL;

	if (!n)
		return mm_error(e, -EINVAL, "there is no node %u for slabs", nid);
	n->nr_slabs = nr_slabs;
	n->total_objects = total_objects;
	return 0;
}
