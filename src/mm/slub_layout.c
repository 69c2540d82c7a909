/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLUB: how objects lie in a slab, how large a slab is, and boot (slub.md 2-4). */
#include "page_list.h"
#include "slub.h"
#include <errno.h>
#include <stdio.h>

/* ---- order (slub.md 3) ---- */

static unsigned slab_order_for(const struct slab_params *par, uint32_t size, unsigned objects,
			       unsigned max_order, unsigned fraction)
{
	unsigned order = get_order((uint64_t)objects * size);

	if (order_objects(par->slub_min_order, size, 0) > MAX_OBJS_PER_PAGE)
		return get_order((uint64_t)size * MAX_OBJS_PER_PAGE) - 1;
	for (order = max_of(order, par->slub_min_order); order <= max_order; order++) {
		uint64_t bytes = PAGE_SIZE << order;

		if (bytes % size <= bytes / fraction)
			break;
	}
	return order;
}

/* Returns: the order, or -EINVAL when no slab is large enough. */
static int calculate_order(const struct machine *m, uint32_t size)
{
	const struct slab_params *par = &m->slab->params;
	unsigned max = par->slub_max_order, objects = par->slub_min_objects, order;

	if (!objects)
		objects = 4 * (33 - (unsigned)__builtin_clz(m->nr_cpus));
	objects = min_of(objects, order_objects(max, size, 0));
	for (; objects > 1; objects--)
		for (unsigned fraction = 16; fraction >= 4; fraction /= 2) {
			order = slab_order_for(par, size, objects, max, fraction);
			if (order <= max)
				return (int)order;
		}
	order = slab_order_for(par, size, 1, max, 1);
	if (order > max)
		order = slab_order_for(par, size, 1, MAX_ORDER, 1);
	return order < MAX_ORDER ? (int)order : -EINVAL;
}

/* ---- layout of an object (slub.md 2) ---- */

static uint32_t object_layout(const struct machine *m, struct kmem_cache *s)
{
	unsigned word = m->slab->word;
	uint32_t size = (uint32_t)ROUND_UP(s->object_size, word);

	if (s->flags & SLAB_POISON && !(s->flags & SLAB_DESTROY_BY_RCU) && !s->ctor)
		s->flags |= __OBJECT_POISON;
	else
		s->flags &= ~__OBJECT_POISON;
	if (s->flags & SLAB_RED_ZONE && size == s->object_size)
		size += word;
	s->inuse = size;
	/* where the object's bytes must survive being free, the free pointer stands behind */
	if (s->flags & (SLAB_DESTROY_BY_RCU | SLAB_POISON) || s->ctor) {
		s->offset = size;
		size += word;
	}
	if (s->flags & SLAB_STORE_USER)
		size += 2 * sizeof_track(m);
	if (s->flags & SLAB_RED_ZONE)
		size += word;
	return (uint32_t)ROUND_UP(size, s->align);
}

static struct kmem_cache_order_objects oo_make(unsigned order, uint32_t size)
{
	return (struct kmem_cache_order_objects){(uint16_t)order,
						 (uint16_t)order_objects(order, size, 0)};
}

int calculate_sizes(struct machine *m, struct kmem_cache *s, int forced_order)
{
	int order;

	s->size = object_layout(m, s);
	order = forced_order >= 0 ? forced_order : calculate_order(m, s->size);
	if (order < 0 || !order_objects((unsigned)order, s->size, 0))
		return -EINVAL;
	s->allocflags = order ? __GFP_COMP : 0;
	if (s->flags & SLAB_CACHE_DMA)
		s->allocflags |= GFP_DMA;
	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		s->allocflags |= __GFP_RECLAIMABLE;
	s->oo = oo_make((unsigned)order, s->size);
	s->min = oo_make(get_order(s->size), s->size);
	if (s->oo.objects > s->max.objects)
		s->max = s->oo;
	return 0;
}

/* ---- a new cache ---- */

uint32_t slub_cache_flags(const struct machine *m, uint32_t object_size, uint32_t flags,
			  const char *name, const struct kmem_ctor *ctor)
{
	const struct slab_params *p = &m->slab->params;

	(void)object_size;
	(void)ctor;
	if (p->slub_debug && !strncmp(p->slub_debug_slabs, name, strlen(p->slub_debug_slabs)))
		flags |= p->slub_debug;
	return flags;
}

static int floor_log2(uint32_t v)
{
	return 31 - __builtin_clz(v);
}

/* min_partial and cpu_partial (slub.md 4). */
void slub_set_limits(struct kmem_cache *s)
{
	int keep = floor_log2(s->size) / 2;

	s->min_partial = (unsigned long)clamp_of(keep, 5, 10);
	s->cpu_partial = s->debug	    ? 0
			 : s->size >= PAGE_SIZE ? 2
			 : s->size >= 1024	    ? 6
			 : s->size >= 256	    ? 13
						    : 30;
}

static int host_structs(struct machine *m, struct kmem_cache *s)
{
	if (!s->cpu_slab)
		s->cpu_slab = slab_host_alloc(m, m->nr_cpus * sizeof(*s->cpu_slab));
	if (!s->node)
		s->node = slab_host_alloc(m, 2 * m->nr_nodes * sizeof(*s->node));
	if (!s->cpu_slab || !s->node)
		return -ENOMEM;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		s->cpu_slab[cpu] = (struct kmem_cache_cpu){
			.page = PFN_NONE, .partial = PFN_NONE, .tid = cpu};
	return 0;
}

/* The node structure of @nid, kept in the second half of .node while it is not in use. */
static struct kmem_cache_node *host_node(struct machine *m, struct kmem_cache *s, unsigned nid)
{
	struct kmem_cache_node **spare = &s->node[m->nr_nodes + nid];

	if (!*spare)
		*spare = slab_host_alloc(m, sizeof(**spare));
	if (*spare)
		**spare = (struct kmem_cache_node){.partial = PAGE_LIST_EMPTY,
						   .full = PAGE_LIST_EMPTY};
	return *spare;
}

/* A node gets a structure if it has memory that the direct map covers. */
static bool node_has_memory(const struct machine *m, unsigned nid)
{
	for (int i = 0; i < MAX_NR_ZONES; i++)
		if (m->node[nid]->zone[i].present_pages && !m->node[nid]->zone[i].highmem)
			return true;
	return false;
}

/* The very first one: its structure is an object of the slab that it counts. */
static int early_kmem_cache_node_alloc(struct machine *m, struct kmem_cache *s, unsigned nid)
{
	pfn_t pfn = new_slab(m, s, GFP_NOWAIT, (int)nid);
	struct kmem_cache_node *n = host_node(m, s, nid);
	struct page *p;

	if (pfn == PFN_NONE || !n)
		return -ENOMEM;
	p = pfn_to_page(m, pfn);
	n->addr = page_freelist(p);
	set_page_freelist(p, get_freepointer(m, s, n->addr));
	p->inuse = 1;
	unfreeze(p);
	s->node[nid] = n;
	if (s->debug)
		init_object(m, s, n->addr, SLUB_RED_ACTIVE);
	n->nr_slabs = 1;
	n->total_objects = p->objects;
	add_partial(m, n, pfn, false);
	return 0;
}

/* As for a cache that is there already: nothing is allocated in the machine. */
int slub_host_structs(struct machine *m, struct kmem_cache *s)
{
	if (host_structs(m, s))
		return -ENOMEM;
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (node_has_memory(m, nid) && !(s->node[nid] = host_node(m, s, nid)))
			return -ENOMEM;
	return 0;
}

static int init_kmem_cache_nodes(struct machine *m, struct kmem_cache *s)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct kmem_cache_node *n;

		if (!node_has_memory(m, nid))
			continue;
		if (m->slab->state == SLAB_DOWN) {
			if (early_kmem_cache_node_alloc(m, s, nid))
				return -ENOMEM;
			continue;
		}
		n = host_node(m, s, nid);
		if (!n)
			return -ENOMEM;
		n->addr = kmem_cache_alloc_node(m, m->slab->kmem_cache_node, GFP_KERNEL, (int)nid);
		if (!n->addr)
			return -ENOMEM;
		s->node[nid] = n;
	}
	return 0;
}

void slub_release(struct machine *m, struct kmem_cache *s)
{
	for (unsigned nid = 0; s->node && nid < m->nr_nodes; nid++) {
		if (s->node[nid] && s->node[nid]->addr)
			kmem_cache_free(m, m->slab->kmem_cache_node, s->node[nid]->addr);
		s->node[nid] = NULL;
	}
}

static int slub_layout(struct machine *m, struct kmem_cache *s)
{
	uint32_t higher = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER;

	if (calculate_sizes(m, s, -1))
		return -EINVAL;
	if (m->slab->params.disable_higher_order_debug &&
	    get_order(s->size) > get_order(s->object_size)) {
		s->flags &= ~higher;
		s->offset = 0;
		s->max.objects = 0;
		return calculate_sizes(m, s, -1);
	}
	return 0;
}

int slub_plan(struct machine *m, struct kmem_cache *s, uint32_t flags)
{
	s->flags = slub_cache_flags(m, s->size, flags, s->name, s->ctor);
	if (slub_layout(m, s))
		return -EINVAL;
	s->debug = s->flags & SLAB_DEBUG_FLAGS;
	if (!s->debug)
		s->flags |= __CMPXCHG_DOUBLE;
	slub_set_limits(s);
	s->remote_node_defrag_ratio = 1000;
	return 0;
}

int slub_open(struct machine *m, struct kmem_cache *s, uint32_t flags)
{
	if (host_structs(m, s))
		return -ENOMEM;
	if (slub_plan(m, s, flags))
		return -EINVAL;
	if (init_kmem_cache_nodes(m, s)) {
		slub_release(m, s);
		return -ENOMEM;
	}
	return 0;
}

/* ---- boot (slab-common.md 8) ---- */

/* sizeof(struct kmem_cache) up to the node pointers that this kernel has. */
static uint32_t descriptor_size(const struct machine *m)
{
	uint32_t numa = m->numa || m->arch->bits == 64;

	return m->arch->bits == 32 ? 112 + 4 * (numa + m->nr_nodes) : 192 + 8 * m->nr_nodes;
}

/* A cache that was static gets its descriptor; its cpu slab goes to the node meanwhile. */
static int bootstrap(struct machine *m, struct kmem_cache *s)
{
	s->addr = kmem_cache_alloc(m, m->slab->kmem_cache, GFP_NOWAIT | __GFP_ZERO);
	if (!s->addr)
		return -ENOMEM;
	flush_cpu(m, s, m->cpu);
	TAILQ_REMOVE(&m->slab->caches, s, list);
	slab_cache_list(m, s);
	return 0;
}

int slub_init(struct machine *m, struct mm_error *e)
{
	struct slab_system *sys = m->slab;

	sys->kmem_cache_node = create_boot_cache(m, "kmem_cache_node", m->arch->bits == 32 ? 32 : 64,
						 SLAB_HWCACHE_ALIGN, -1);
	if (!sys->kmem_cache_node)
		return mm_error(e, -ENOMEM, "no memory for the cache kmem_cache_node");
	sys->state = SLAB_PARTIAL;
	sys->kmem_cache = create_boot_cache(m, "kmem_cache", descriptor_size(m), SLAB_HWCACHE_ALIGN,
					    -1);
	if (!sys->kmem_cache || bootstrap(m, sys->kmem_cache) || bootstrap(m, sys->kmem_cache_node))
		return mm_error(e, -ENOMEM, "no memory for the cache kmem_cache");
	return create_kmalloc_caches(m, e);
}
