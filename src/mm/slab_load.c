/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SLAB: a recorded state put back, piece by piece. Where the text is wrong the caller is
 * told; what is accepted can do no harm to the host, however odd it is. Arrays become host
 * memory: a recording does not say where they lay.
 */
#include "slab_def.h"
#include <errno.h>

#define MAX_SHARED_LIMIT (1u << 20)

static bool tunables_are_sound(const struct kmem_cache *s)
{
	return s->limit && s->limit <= PCPU_MIN_UNIT_SIZE / 8 - ARRAY_HEADER && s->batchcount &&
	       s->batchcount <= s->limit && s->shared <= MAX_SHARED_LIMIT / s->batchcount;
}

static bool sizes_are_sound(const struct kmem_cache *s)
{
	return s->object_size && s->object_size <= KMALLOC_MAX_SIZE && s->align >= 8 &&
	       !(s->align & (s->align - 1)) && s->align <= KMALLOC_MAX_SIZE;
}

/* The line is told by the colours of caches that need less alignment. */
static void infer_cache_line(struct machine *m, const struct kmem_cache *from)
{
	uint32_t line = from->colour_off;

	if (line > from->align && line <= 256 && !(line & (line - 1)))
		m->slab->cache_line_size = line;
}

static bool same_layout(const struct kmem_cache *a, const struct kmem_cache *b)
{
	return a->size == b->size && a->num == b->num && a->gfporder == b->gfporder &&
	       a->colour == b->colour && a->colour_off == b->colour_off &&
	       a->freelist_size == b->freelist_size && a->flags == b->flags &&
	       a->allocflags == b->allocflags;
}

/* Index arrays may be objects of caches that come later in the dump. */
static void resolve_freelist_caches(struct machine *m)
{
	struct kmem_cache *s;

	for_each_kmem_cache(m, s)
		if ((s->flags & CFLGS_OFF_SLAB) && !s->freelist_cache)
			s->freelist_cache = slab_freelist_cache(m, s->freelist_size);
}

static int load_arrays(struct machine *m, struct kmem_cache *s, const struct kmem_cache *from)
{
	int err = slab_host_structs(m, s);

	if (!err)
		err = slab_new_cpu_arrays(m, s, from->limit, from->batchcount);
	s->shared = from->shared;
	for (unsigned nid = 0; !err && s->shared && nid < m->nr_nodes; nid++)
		err = slab_host_array(m, &s->slab_node[nid]->shared,
				      from->shared * from->batchcount);
	return err;
}

struct kmem_cache *slab_load_cache(struct machine *m, const struct kmem_cache *from,
				   struct mm_error *e)
{
	bool first = !strcmp(from->name, "kmem_cache"), early = !strcmp(from->name, "kmalloc-node");
	unsigned idx = early ? index_node(m) : kmalloc_index_of(m, from->name);
	struct kmem_cache *s;
	int err;

	if (!sizes_are_sound(from) || !tunables_are_sound(from)) {
		mm_error(e, -EINVAL, "that is no layout of a cache");
		return NULL;
	}
	s = slab_cache_new(m, from->name, from->object_size, from->align, from->ctor);
	if (!s || (!m->slab->private && slab_private_new(m))) {
		mm_error(e, -ENOMEM, "the host has no memory for another cache");
		return NULL;
	}
	infer_cache_line(m, from);
	/* the first caches never keep their index arrays elsewhere */
	m->slab->state = first || early ? SLAB_PARTIAL : SLAB_FULL;
	err = slab_layout(m, s, from->flags & ~CFLGS_OFF_SLAB);
	m->slab->state = SLAB_FULL;
	if (err || !same_layout(s, from)) {
		slab_cache_unuse(m, s);
		mm_error(e, -EINVAL, "the slabs of %s would be laid out otherwise", from->name);
		return NULL;
	}
	err = load_arrays(m, s, from);
	if (err) {
		mm_error(e, err, "the host has no memory for another cache");
		return NULL;
	}
	s->refcount = from->refcount;
	slab_cache_list(m, s);
	if (idx)
		m->slab->kmalloc_caches[idx] = s;
	resolve_freelist_caches(m);
	return s;
}

int slab_load_array(struct machine *m, struct kmem_cache *s, bool shared, unsigned id,
		    const struct array_cache *from, const vaddr_t *entries, struct mm_error *e)
{
	struct array_cache *ac;

	if (id >= (shared ? m->nr_nodes : m->nr_cpus))
		return mm_error(e, -EINVAL, "there is no %s %u", shared ? "node" : "CPU", id);
	ac = shared ? &s->slab_node[id]->shared : s->cpu_cache[id];
	if (!ac->entry || from->limit != ac->limit || from->batchcount != ac->batchcount ||
	    from->avail > ac->limit)
		return mm_error(e, -EINVAL, "%s has no such array", s->name);
	ac->avail = from->avail;
	ac->touched = from->touched;
	for (uint32_t i = 0; i < ac->avail; i++)
		ac_set_entry(m, ac, i, entries[i]);
	return 0;
}

int slab_load_node(struct machine *m, struct kmem_cache *s, unsigned nid,
		   const struct slab_node *from, struct mm_error *e)
{
	struct slab_node *n = nid < m->nr_nodes ? s->slab_node[nid] : NULL;

	if (!n || (from->colour_next && from->colour_next >= s->colour))
		return mm_error(e, -EINVAL, "no node, or no such colour");
	/* free_objects follows from the slabs */
	n->free_limit = from->free_limit;
	n->colour_next = from->colour_next;
	n->free_touched = from->free_touched;
	return 0;
}

static bool slab_is_sound(const struct machine *m, const struct kmem_cache *s,
			  const struct slab_record *r)
{
	uint64_t bytes = PAGE_SIZE << s->gfporder;
	vaddr_t start = slab_va(m, r->pfn);

	return pfn_to_zone(m, r->pfn) && PFN_PHYS((uint64_t)r->pfn) + bytes <= m->slab->bytes &&
	       r->inuse <= s->num && r->nr_free == s->num - r->inuse && r->s_mem >= start &&
	       r->s_mem - start + (uint64_t)s->num * s->size <= bytes &&
	       slab_ram(m, r->freelist, s->num);
}

int slab_load_slab(struct machine *m, struct kmem_cache *s, const struct slab_record *r,
		   struct mm_error *e)
{
	static const enum slab_where where[NR_SLAB_LISTS] = {
		[SLABS_PARTIAL] = SLAB_NODE_PARTIAL,
		[SLABS_FULL] = SLAB_NODE_FULL,
		[SLABS_FREE] = SLAB_NODE_FREE,
	};
	struct page *p = pfn_to_page(m, r->pfn);
	struct slab_node *n;
	uint8_t *freelist;

	if (!slab_is_sound(m, s, r))
		return mm_error(e, -EINVAL, "that is no slab of %s", s->name);
	for (unsigned i = 0; i < r->nr_free; i++)
		if (r->free[i] >= s->num)
			return mm_error(e, -EINVAL, "there is no object %u", r->free[i]);
	slab_claim_pages(m, s, r->pfn, s->gfporder);
	p->active = r->inuse & MAX_OBJS_PER_SLAB;
	p->s_mem = (uint32_t)(r->s_mem - slab_va(m, r->pfn)) & 0xffffff;
	set_page_freelist(p, r->freelist);
	freelist = slab_freelist(m, s, r->pfn);
	for (unsigned i = 0; i < r->nr_free; i++)
		freelist[r->inuse + i] = (uint8_t)r->free[i];
	n = page_slab_node(m, s, r->pfn);
	if (where[slab_list_of(s, p)] != r->where)
		return mm_error(e, -EINVAL, "%u objects in use: the slab is not on that list",
				r->inuse);
	page_list_add_tail(m, &n->list[slab_list_of(s, p)], 0, r->pfn);
	n->free_objects += r->nr_free;
	s->num_active += r->inuse;
	return 0;
}
