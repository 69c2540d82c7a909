/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLUB: what its slabs look like, for /proc, pictures and the audit. */
#include "slub.h"
#include <errno.h>
#include <stdlib.h>

const char *const slub_stat_names[NR_SLUB_STAT_ITEMS] = {
	[ALLOC_FASTPATH] = "alloc_fastpath",
	[ALLOC_SLOWPATH] = "alloc_slowpath",
	[FREE_FASTPATH] = "free_fastpath",
	[FREE_SLOWPATH] = "free_slowpath",
	[FREE_FROZEN] = "free_frozen",
	[FREE_ADD_PARTIAL] = "free_add_partial",
	[FREE_REMOVE_PARTIAL] = "free_remove_partial",
	[ALLOC_FROM_PARTIAL] = "alloc_from_partial",
	[ALLOC_SLAB] = "alloc_slab",
	[ALLOC_REFILL] = "alloc_refill",
	[ALLOC_NODE_MISMATCH] = "alloc_node_mismatch",
	[FREE_SLAB] = "free_slab",
	[CPUSLAB_FLUSH] = "cpuslab_flush",
	[DEACTIVATE_FULL] = "deactivate_full",
	[DEACTIVATE_EMPTY] = "deactivate_empty",
	[DEACTIVATE_TO_HEAD] = "deactivate_to_head",
	[DEACTIVATE_TO_TAIL] = "deactivate_to_tail",
	[DEACTIVATE_REMOTE_FREES] = "deactivate_remote_frees",
	[DEACTIVATE_BYPASS] = "deactivate_bypass",
	[ORDER_FALLBACK] = "order_fallback",
	[CMPXCHG_DOUBLE_FAIL] = "cmpxchg_double_fail",
	[CMPXCHG_DOUBLE_CPU_FAIL] = "cmpxchg_double_cpu_fail",
	[CPU_PARTIAL_ALLOC] = "cpu_partial_alloc",
	[CPU_PARTIAL_FREE] = "cpu_partial_free",
	[CPU_PARTIAL_NODE] = "cpu_partial_node",
	[CPU_PARTIAL_DRAIN] = "cpu_partial_drain",
};

/* ---- slabinfo ---- */

static unsigned long free_on_partial(const struct machine *m, const struct kmem_cache_node *n)
{
	unsigned long free = 0;

	for (pfn_t p = n->partial.head; p != PFN_NONE; p = pfn_to_page(m, p)->lru.next)
		free += (unsigned long)(pfn_to_page(m, p)->objects - pfn_to_page(m, p)->inuse);
	return free;
}

void slub_get_slabinfo(const struct machine *m, const struct kmem_cache *s, struct slabinfo *i)
{
	unsigned long free = 0;

	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		const struct kmem_cache_node *n = s->node[nid];

		if (!n)
			continue;
		i->num_slabs += n->nr_slabs;
		i->num_objs += n->total_objects;
		free += free_on_partial(m, n);
	}
	i->active_slabs = i->num_slabs;
	i->active_objs = i->num_objs - free;
}

/* ---- walking ---- */

/* The next page from @pfn on that heads a slab; @end if there is none. */
static pfn_t next_slab(const struct machine *m, pfn_t pfn, pfn_t end)
{
	while (pfn < end) {
		const struct page *p = pfn_to_page(m, pfn);

		if (p->flags & PG(slab))
			return pfn;
		/* a free block of the largest order is not worth looking at */
		if (!(pfn & (MAX_ORDER_NR_PAGES - 1)) && m->top[pfn >> (MAX_ORDER - 1)].block)
			pfn += MAX_ORDER_NR_PAGES;
		else
			pfn++;
	}
	return end;
}

struct walk {
	struct slab_view v;
	slab_walk_fn fn;
	void *arg;
	unsigned long seen;
};

static bool walk_one(struct machine *m, struct walk *w, pfn_t pfn)
{
	w->v.pfn = pfn;
	w->seen++;
	return w->fn(m, &w->v, w->arg);
}

static bool walk_list(struct machine *m, struct walk *w, enum slab_where where, unsigned owner,
		      pfn_t first)
{
	pfn_t next;

	w->v.where = where;
	w->v.owner = owner;
	w->v.idx = 0;
	for (pfn_t pfn = first; pfn != PFN_NONE; pfn = next, w->v.idx++) {
		const struct page *p = pfn_to_page(m, pfn);

		next = where == SLAB_CPU ? PFN_NONE : where == SLAB_CPU_PARTIAL ? p->next : p->lru.next;
		if (!walk_one(m, w, pfn))
			return false;
	}
	return true;
}

static unsigned long count_slabs(const struct machine *m, const struct kmem_cache *s)
{
	struct slabinfo i = {0};

	slub_get_slabinfo(m, s, &i);
	return i.num_slabs;
}

/* Full slabs are on no list: only their pages know them. */
static bool walk_full(struct machine *m, struct kmem_cache *s, struct walk *w)
{
	pfn_t end = (pfn_t)(m->slab->bytes >> PAGE_SHIFT);

	w->v.where = SLAB_NOWHERE;
	w->v.idx = 0;
	if (w->seen >= count_slabs(m, s))
		return true;
	for (pfn_t pfn = next_slab(m, 0, end); pfn < end; pfn = next_slab(m, pfn + 1, end)) {
		const struct page *p = pfn_to_page(m, pfn);

		if (p->slab_cache != s->id || p->frozen || p->lru.prev != LRU_UNLISTED)
			continue;
		w->v.owner = (unsigned)slab_page_nid(m, pfn);
		if (!walk_one(m, w, pfn))
			return false;
		w->v.idx++;
	}
	return true;
}

static bool walk_cache(struct machine *m, struct kmem_cache *s, struct walk *w)
{
	w->v.cache = s;
	w->seen = 0;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		if (!walk_list(m, w, SLAB_CPU, cpu, s->cpu_slab[cpu].page) ||
		    !walk_list(m, w, SLAB_CPU_PARTIAL, cpu, s->cpu_slab[cpu].partial))
			return false;
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (s->node[nid] &&
		    (!walk_list(m, w, SLAB_NODE_PARTIAL, nid, s->node[nid]->partial.head) ||
		     !walk_list(m, w, SLAB_NODE_FULL, nid, s->node[nid]->full.head)))
			return false;
	return walk_full(m, s, w);
}

bool slub_walk(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg)
{
	struct walk w = {.fn = fn, .arg = arg};

	if (s)
		return walk_cache(m, s, &w);
	for_each_kmem_cache(m, s)
		if (!walk_cache(m, s, &w))
			return false;
	return true;
}

/* ---- objects ---- */

/* Marks what a chain of free pointers reaches. Returns: its length, or -1 - length when it
   leads to something that is no object of the slab or was met before. */
static int mark_chain(const struct machine *m, const struct kmem_cache *s, pfn_t pfn, vaddr_t object,
		      uint8_t *state, unsigned max, uint8_t mark)
{
	int n = 0;

	for (; object; object = get_freepointer(m, s, object)) {
		uint64_t i = (object - slab_va(m, pfn)) / s->size;

		if (!check_valid_pointer(m, s, pfn, object) || i >= max || state[i] != OBJ_ALLOCATED)
			return -1 - n;
		state[i] = mark;
		n++;
	}
	return n;
}

/* Fills @state. Returns: free objects on the page's list, -1 - n for a broken chain. */
static int slab_states(const struct machine *m, const struct kmem_cache *s, pfn_t pfn, uint8_t *state,
		       unsigned max, int *cpu_free)
{
	int n;

	memset(state, OBJ_ALLOCATED, max);
	*cpu_free = 0;
	n = mark_chain(m, s, pfn, page_freelist(pfn_to_page(m, pfn)), state, max, OBJ_FREE);
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		if (s->cpu_slab[cpu].page == pfn)
			*cpu_free = mark_chain(m, s, pfn, s->cpu_slab[cpu].freelist, state, max,
					       OBJ_CPU_FREE);
	return n;
}

/* Adds what a chain of free pointers reaches, as far as it makes sense. */
static unsigned chain_order(const struct machine *m, const struct kmem_cache *s, pfn_t pfn,
			    vaddr_t object, uint16_t *idx, unsigned n, unsigned max)
{
	for (; object && n < max; object = get_freepointer(m, s, object)) {
		if (!check_valid_pointer(m, s, pfn, object))
			break;
		idx[n++] = (uint16_t)((object - slab_va(m, pfn)) / s->size);
	}
	return n;
}

unsigned slub_free_order(const struct machine *m, pfn_t pfn, uint16_t *idx, unsigned max)
{
	const struct page *p = pfn_to_page(m, pfn);
	const struct kmem_cache *s = p->flags & PG(slab) ? page_cache(m, p) : NULL;
	unsigned n = 0;

	if (!s)
		return 0;
	max = min_of(max, (unsigned)p->objects);
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		if (s->cpu_slab[cpu].page == pfn)
			n = chain_order(m, s, pfn, s->cpu_slab[cpu].freelist, idx, n, max);
	return chain_order(m, s, pfn, page_freelist(p), idx, n, max);
}

unsigned slub_objects(const struct machine *m, pfn_t pfn, uint8_t *state, unsigned max)
{
	const struct page *p = pfn_to_page(m, pfn);
	const struct kmem_cache *s = p->flags & PG(slab) ? page_cache(m, p) : NULL;
	int cpu_free;

	if (!s)
		return 0;
	slab_states(m, s, pfn, state, min_of(max, (unsigned)p->objects), &cpu_free);
	return p->objects;
}

bool slub_locate(const struct machine *m, vaddr_t addr, struct slab_location *l)
{
	pfn_t pfn = virt_to_head_pfn(m, addr);
	uint8_t state[MAX_OBJS_PER_PAGE];
	const struct page *p;
	uint64_t off;

	if (pfn == PFN_NONE)
		return false;
	p = pfn_to_page(m, pfn);
	if (!(p->flags & PG(slab)) || !page_cache(m, p))
		return false;
	off = addr - slab_va(m, pfn);
	*l = (struct slab_location){.cache = page_cache(m, p), .pfn = pfn,
				    .order = slab_order(m, pfn), .offset = (uint32_t)off};
	if (off / l->cache->size >= p->objects)
		return true;
	l->index = (unsigned)(off / l->cache->size);
	l->object = slab_va(m, pfn) + (uint64_t)l->index * l->cache->size;
	l->offset = (uint32_t)(addr - l->object);
	l->size = l->cache->object_size;
	slub_objects(m, pfn, state, MAX_OBJS_PER_PAGE);
	l->state = state[l->index];
	return true;
}

/* ---- audit ---- */

static int bad_slab(struct mm_error *e, const struct kmem_cache *s, pfn_t pfn, const char *what)
{
	return mm_error(e, -EUCLEAN, "slab of %s at pfn %u: %s", s->name, pfn, what);
}

static int audit_slab(const struct machine *m, const struct kmem_cache *s, pfn_t pfn, bool frozen,
		      struct mm_error *e)
{
	const struct page *p = pfn_to_page(m, pfn);
	uint8_t state[MAX_OBJS_PER_PAGE];
	int free, cpu_free;

	if (!(p->flags & PG(slab)))
		return bad_slab(e, s, pfn, "its page is no slab any more");
	if (page_cache(m, p) != s)
		return bad_slab(e, s, pfn, "its page belongs to another cache");
	if (p->frozen != frozen)
		return bad_slab(e, s, pfn, frozen ? "a CPU has it, but it is not frozen"
						  : "it is frozen, but on a list of the node");
	free = slab_states(m, s, pfn, state, min_of((unsigned)p->objects, (unsigned)MAX_OBJS_PER_PAGE),
			   &cpu_free);
	if (free < 0 || cpu_free < 0)
		return bad_slab(e, s, pfn, "its freelist leads astray or in a circle");
	if (p->inuse + free != p->objects)
		return bad_slab(e, s, pfn, "objects in use and free ones do not add up");
	return 0;
}

static int audit_cpu(const struct machine *m, const struct kmem_cache *s,
		     const struct kmem_cache_cpu *c, unsigned long *slabs, struct mm_error *e)
{
	if (c->page != PFN_NONE) {
		if (audit_slab(m, s, c->page, true, e))
			return -EUCLEAN;
		++*slabs;
	}
	for (pfn_t pfn = c->partial; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->next, ++*slabs)
		if (audit_slab(m, s, pfn, true, e))
			return -EUCLEAN;
	return 0;
}

static int audit_node(const struct machine *m, const struct kmem_cache *s,
		      const struct kmem_cache_node *n, unsigned long *slabs, struct mm_error *e)
{
	unsigned long partial = 0;

	for (pfn_t pfn = n->partial.head; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next) {
		if (audit_slab(m, s, pfn, false, e))
			return -EUCLEAN;
		if (!page_freelist(pfn_to_page(m, pfn)))
			return bad_slab(e, s, pfn, "it is full, but on the partial list");
		partial++;
	}
	if (partial != n->nr_partial)
		return mm_error(e, -EUCLEAN, "%s: %lu slabs on the partial list, counted were %lu",
				s->name, partial, n->nr_partial);
	*slabs += partial;
	for (pfn_t pfn = n->full.head; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next)
		if (audit_slab(m, s, pfn, false, e))
			return -EUCLEAN;
	return 0;
}

/* Slabs and objects of one cache, by their pages. */
struct page_count {
	unsigned long slabs, objects, full;
};

static int audit_cache(const struct machine *m, const struct kmem_cache *s, const struct page_count *c,
		       struct mm_error *e)
{
	unsigned long listed = 0, slabs = 0, objects = 0;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		if (audit_cpu(m, s, &s->cpu_slab[cpu], &listed, e))
			return -EUCLEAN;
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		if (!s->node[nid])
			continue;
		if (audit_node(m, s, s->node[nid], &listed, e))
			return -EUCLEAN;
		slabs += s->node[nid]->nr_slabs;
		objects += s->node[nid]->total_objects;
	}
	if (listed + c->full != c->slabs)
		return mm_error(e, -EUCLEAN, "%s: %lu slabs on lists and %lu full ones, of %lu", s->name,
				listed, c->full, c->slabs);
	/* a loaded state does not say which pages are its full slabs */
	if (m->slab->foreign ? slabs < c->slabs : slabs != c->slabs || objects != c->objects)
		return mm_error(e, -EUCLEAN, "%s: %lu slabs, %lu objects; counted were %lu, %lu",
				s->name, c->slabs, c->objects, slabs, objects);
	return 0;
}

int slub_audit(const struct machine *m, struct mm_error *e)
{
	pfn_t end = (pfn_t)(m->slab->bytes >> PAGE_SHIFT);
	struct page_count *count = calloc(m->slab->nr_cache + 1, sizeof(*count));
	const struct kmem_cache *s;
	int err = 0;

	if (!count)
		return mm_error(e, -ENOMEM, "the host has no memory for the audit");
	for (pfn_t pfn = next_slab(m, 0, end); pfn < end; pfn = next_slab(m, pfn + 1, end)) {
		const struct page *p = pfn_to_page(m, pfn);
		struct page_count *c = &count[p->slab_cache < m->slab->nr_cache ? p->slab_cache : 0];

		c->slabs++;
		c->objects += p->objects;
		c->full += !p->frozen && (p->lru.prev == LRU_UNLISTED || !page_freelist(p));
	}
	if (count[0].slabs)
		err = mm_error(e, -EUCLEAN, "%lu slab pages belong to no cache", count[0].slabs);
	for_each_kmem_cache(m, s)
		if (!err)
			err = audit_cache(m, s, &count[s->id], e);
	free(count);
	return err;
}
