/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at SLAB: its slabs, their objects, the numbers of slabinfo; and the audit. */
#include "slab_def.h"
#include <errno.h>
#include <mmsh/vmstat.h>
#include <stdlib.h>

#define for_each_slab(m, l, pfn)                                                         \
	for (pfn_t pfn = (l)->head; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next)

void slab_get_slabinfo(const struct machine *m, const struct kmem_cache *s, struct slabinfo *i)
{
	i->objects_per_slab = s->num;
	i->cache_order = s->gfporder;
	i->limit = s->limit;
	i->batchcount = s->batchcount;
	i->shared = s->shared;
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		const struct slab_node *n = s->slab_node[nid];

		for (int l = 0; l < NR_SLAB_LISTS; l++)
			for_each_slab(m, &n->list[l], pfn) {
				i->num_slabs++;
				i->active_slabs += l != SLABS_FREE;
				i->active_objs += pfn_to_page(m, pfn)->active;
			}
		i->shared_avail += n->shared.avail;
	}
	i->num_objs = i->num_slabs * s->num;
}

static bool walk_cache(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg)
{
	static const enum slab_where where[NR_SLAB_LISTS] = {
		[SLABS_PARTIAL] = SLAB_NODE_PARTIAL,
		[SLABS_FULL] = SLAB_NODE_FULL,
		[SLABS_FREE] = SLAB_NODE_FREE,
	};

	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		for (int l = 0; l < NR_SLAB_LISTS; l++) {
			struct slab_view v = {.cache = s, .where = where[l], .owner = nid};

			for_each_slab(m, &s->slab_node[nid]->list[l], pfn) {
				v.pfn = pfn;
				if (!fn(m, &v, arg))
					return false;
				v.idx++;
			}
		}
	return true;
}

bool slab_walk_slabs(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg)
{
	struct kmem_cache *c;

	if (s)
		return walk_cache(m, s, fn, arg);
	for_each_kmem_cache(m, c)
		if (!walk_cache(m, c, fn, arg))
			return false;
	return true;
}

static void mark_entries(const struct machine *m, const struct kmem_cache *s,
			 const struct array_cache *ac, pfn_t pfn, enum slab_object_state as,
			 uint8_t *state, unsigned max)
{
	uint32_t idx = 0;

	for (uint32_t i = 0; i < ac->avail; i++)
		if (slab_of(m, s, ac_entry(m, ac, i), &idx) == pfn && idx < max)
			state[idx] = (uint8_t)as;
}

unsigned slab_object_states(const struct machine *m, pfn_t pfn, uint8_t *state, unsigned max)
{
	const struct page *p = pfn_to_page(m, pfn);
	const struct kmem_cache *s = page_cache(m, p);
	const uint8_t *freelist = slab_freelist(m, s, pfn);

	memset(state, OBJ_ALLOCATED, min_of((unsigned)s->num, max));
	for (uint32_t i = p->active; freelist && i < s->num; i++)
		if (freelist[i] < min_of((unsigned)s->num, max))
			state[freelist[i]] = OBJ_FREE;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		mark_entries(m, s, s->cpu_cache[cpu], pfn, OBJ_CPU_FREE, state, max);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		const struct slab_node *n = s->slab_node[nid];

		mark_entries(m, s, &n->shared, pfn, OBJ_SHARED_FREE, state, max);
		for (unsigned i = 0; n->alien && i < m->nr_nodes; i++)
			mark_entries(m, s, &n->alien[i], pfn, OBJ_SHARED_FREE, state, max);
	}
	return s->num;
}

static unsigned entries_order(const struct machine *m, const struct kmem_cache *s,
			      const struct array_cache *ac, pfn_t pfn, uint16_t *idx, unsigned n,
			      unsigned max)
{
	uint32_t i = 0;

	for (uint32_t e = ac->avail; e > 0 && n < max; e--)
		if (slab_of(m, s, ac_entry(m, ac, e - 1), &i) == pfn)
			idx[n++] = (uint16_t)i;
	return n;
}

unsigned slab_order_of_free(const struct machine *m, pfn_t pfn, uint16_t *idx, unsigned max)
{
	const struct page *p = pfn_to_page(m, pfn);
	const struct kmem_cache *s = page_cache(m, p);
	const uint8_t *freelist = slab_freelist(m, s, pfn);
	unsigned n = 0;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		n = entries_order(m, s, s->cpu_cache[cpu], pfn, idx, n, max);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		n = entries_order(m, s, &s->slab_node[nid]->shared, pfn, idx, n, max);
	for (uint32_t i = p->active; freelist && i < s->num && n < max; i++)
		idx[n++] = freelist[i];
	return n;
}

/* The cache of the slab that @addr lies in, or NULL. */
static struct kmem_cache *cache_of(const struct machine *m, vaddr_t addr, pfn_t *pfn)
{
	*pfn = virt_to_head_pfn(m, addr);
	if (*pfn == PFN_NONE || !(pfn_to_page(m, *pfn)->flags & PG(slab)))
		return NULL;
	return page_cache(m, pfn_to_page(m, *pfn));
}

bool slab_locate_object(const struct machine *m, vaddr_t addr, struct slab_location *l)
{
	uint8_t state[MAX_OBJS_PER_SLAB];
	pfn_t pfn;
	struct kmem_cache *s = cache_of(m, addr, &pfn);
	uint32_t idx = 0;
	vaddr_t object;

	if (!s)
		return false;
	*l = (struct slab_location){.cache = s, .pfn = pfn, .order = s->gfporder,
				    .offset = (uint32_t)(addr - slab_va(m, pfn))};
	if (slab_of(m, s, addr, &idx) != pfn)
		return true;
	object = slab_obj_addr(m, s, pfn, idx) + s->offset;
	if (addr < object)
		return true;
	slab_object_states(m, pfn, state, MAX_OBJS_PER_SLAB);
	l->object = object;
	l->index = idx;
	l->offset = (uint32_t)(addr - object);
	l->size = s->object_size;
	l->state = state[idx];
	return true;
}

uint64_t slab_ksize(const struct machine *m, vaddr_t p)
{
	pfn_t pfn;
	const struct kmem_cache *s = cache_of(m, p, &pfn);

	return s ? s->object_size : 0;
}

/* ---- the audit ---- */

struct audit {
	const struct machine *m;
	const struct kmem_cache *s;
	struct mm_error *e;
	uint8_t *seen;	/* a bit a page: in a slab on some list */
	vaddr_t *free;	/* free objects of the cache, wherever they lie */
	size_t nr_free, cap_free;
	unsigned long pages;
};

#define BAD(a, fmt, ...)                                                                 \
	mm_error((a)->e, -EUCLEAN, "cache %s: " fmt, (a)->s->name, __VA_ARGS__)

static int add_free(struct audit *a, vaddr_t object)
{
	if (a->nr_free == a->cap_free) {
		size_t cap = a->cap_free ? 2 * a->cap_free : 1024;
		vaddr_t *more = realloc(a->free, cap * sizeof(*more));

		if (!more)
			return mm_error(a->e, -ENOMEM, "the host has no memory for the audit");
		a->free = more;
		a->cap_free = cap;
	}
	a->free[a->nr_free++] = object;
	return 0;
}

static int audit_array(struct audit *a, const struct array_cache *ac, const char *what)
{
	int err = 0;

	if (ac->avail > ac->limit || (ac->avail && !ac->entry))
		return BAD(a, "a %s array holds %u of at most %u objects", what, ac->avail,
			   ac->limit);
	for (uint32_t i = 0; !err && i < ac->avail; i++) {
		vaddr_t object = ac_entry(a->m, ac, i);
		uint32_t idx;
		pfn_t pfn = slab_of(a->m, a->s, object, &idx);

		if (pfn == PFN_NONE || slab_obj_addr(a->m, a->s, pfn, idx) != object)
			return BAD(a, "entry %u of a %s array, 0x%llx, is no object of it", i, what,
				   (unsigned long long)object);
		err = add_free(a, object);
	}
	return err;
}

static int audit_freelist(struct audit *a, pfn_t pfn)
{
	const struct page *p = pfn_to_page(a->m, pfn);
	const uint8_t *freelist = slab_freelist(a->m, a->s, pfn);
	int err = 0;

	if (!freelist)
		return BAD(a, "slab at pfn %u: its index array is nowhere", pfn);
	for (uint32_t i = p->active; !err && i < a->s->num; i++) {
		if (freelist[i] >= a->s->num)
			return BAD(a, "slab at pfn %u: free index %u of %u objects", pfn,
				   freelist[i], a->s->num);
		err = add_free(a, slab_obj_addr(a->m, a->s, pfn, freelist[i]));
	}
	return err;
}

/* One slab on list @l. */
static int audit_slab(struct audit *a, pfn_t pfn, int l)
{
	const struct machine *m = a->m;
	const struct page *p = pfn_to_page(m, pfn);

	if (!(p->flags & PG(slab)) || page_cache(m, p) != a->s ||
	    block_order(p->block) != a->s->gfporder)
		return BAD(a, "pfn %u is on its lists and is no slab of it", pfn);
	if (p->active > a->s->num || slab_list_of(a->s, p) != (enum slab_list)l)
		return BAD(a, "slab at pfn %u has %u of %u objects in use and is on the wrong list",
			   pfn, p->active, a->s->num);
	if (a->seen[pfn / 8] >> pfn % 8 & 1)
		return BAD(a, "slab at pfn %u is on a list twice", pfn);
	a->seen[pfn / 8] |= (uint8_t)(1u << pfn % 8);
	a->pages += 1ul << a->s->gfporder;
	return audit_freelist(a, pfn);
}

static int audit_node(struct audit *a, unsigned nid)
{
	const struct slab_node *n = a->s->slab_node[nid];
	unsigned long in_slabs = 0;
	int err = 0;

	for (int l = 0; l < NR_SLAB_LISTS; l++) {
		pfn_t prev = PFN_NONE;

		for (pfn_t pfn = n->list[l].head; pfn != PFN_NONE;
		     prev = pfn, pfn = pfn_to_page(a->m, pfn)->lru.next) {
			if (pfn >= a->m->max_pfn || pfn_to_page(a->m, pfn)->lru.prev != prev)
				return BAD(a, "a list of slabs runs astray at pfn %u", pfn);
			err = audit_slab(a, pfn, l);
			if (err)
				return err;
			in_slabs += a->s->num - pfn_to_page(a->m, pfn)->active;
		}
		if (n->list[l].tail != prev)
			return BAD(a, "list %d of slabs has the wrong tail", l);
	}
	if (in_slabs != n->free_objects)
		return BAD(a, "node %u counts %lu free objects in slabs, they have %lu", nid,
			   n->free_objects, in_slabs);
	err = audit_array(a, &n->shared, "shared");
	for (unsigned i = 0; !err && n->alien && i < a->m->nr_nodes; i++)
		err = audit_array(a, &n->alien[i], "alien");
	return err;
}

static int compare_addresses(const void *a, const void *b)
{
	vaddr_t x = *(const vaddr_t *)a, y = *(const vaddr_t *)b;

	return x < y ? -1 : x > y;
}

static int audit_cache(struct audit *a)
{
	int err = 0;

	a->nr_free = 0;
	for (unsigned nid = 0; !err && nid < a->m->nr_nodes; nid++)
		err = audit_node(a, nid);
	for (unsigned cpu = 0; !err && cpu < a->m->nr_cpus; cpu++)
		err = audit_array(a, a->s->cpu_cache[cpu], "CPU's");
	if (err)
		return err;
	if (a->nr_free)
		qsort(a->free, a->nr_free, sizeof(*a->free), compare_addresses);
	for (size_t i = 1; i < a->nr_free; i++)
		if (a->free[i] == a->free[i - 1])
			return BAD(a, "object 0x%llx is free twice",
				   (unsigned long long)a->free[i]);
	return 0;
}

/* A machine that booted has counted every page of a slab. */
static int audit_pages(struct audit *a)
{
	long counted = 0;

	if (!a->m->slab->kmem_cache)
		return 0;
	for_each_populated_zone(a->m, z)
		counted += zone_page_state_exact(a->m, z, NR_SLAB_RECLAIMABLE) +
			   zone_page_state_exact(a->m, z, NR_SLAB_UNRECLAIMABLE);
	if (counted == (long)a->pages)
		return 0;
	return mm_error(a->e, -EUCLEAN, "slabs have %lu pages, %ld are counted", a->pages, counted);
}

int slab_audit_caches(const struct machine *m, struct mm_error *e)
{
	struct audit a = {.m = m, .e = e, .seen = calloc(1, m->max_pfn / 8 + 1)};
	int err = a.seen ? 0 : mm_error(e, -ENOMEM, "the host has no memory for the audit");
	struct kmem_cache *s;

	for_each_kmem_cache(m, s) {
		a.s = s;
		err = err ? err : audit_cache(&a);
	}
	err = err ? err : audit_pages(&a);
	free(a.seen);
	free(a.free);
	return err;
}
