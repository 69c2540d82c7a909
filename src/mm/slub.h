/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What slub.c, slub_node.c and slub_debug.c share, for src/mm only. */
#ifndef MM_SLUB_H
#define MM_SLUB_H

#include "slab.h"
#include <mmsh/machine.h>

#define MAX_OBJS_PER_PAGE 32767 /* 15 bits of struct page */

/* Host memory of the free pointer of @object, which may be any address; NULL: none there. */
static inline unsigned char *freeptr(const struct machine *m, const struct kmem_cache *s,
				     vaddr_t object)
{
	return slab_ram(m, object + s->offset, m->slab->word);
}

/* The free pointer of an object that is known to lie in a slab of @s. */
static inline vaddr_t get_freepointer(const struct machine *m, const struct kmem_cache *s,
				      vaddr_t object)
{
	const unsigned char *p = freeptr(m, s, object);

	return p ? slab_load(m->slab->word, p) : 0;
}

static inline void set_freepointer(const struct machine *m, const struct kmem_cache *s,
				   vaddr_t object, vaddr_t next)
{
	unsigned char *p = freeptr(m, s, object);

	if (p)
		slab_store(m->slab->word, p, next);
}

static inline void slub_stat(struct machine *m, const struct kmem_cache *s, enum slub_stat si)
{
	s->cpu_slab[m->cpu].stat[si]++;
}

static inline bool kmem_cache_has_cpu_partial(const struct kmem_cache *s)
{
	return !s->debug;
}

/* NULL for nodes without memory that can be a slab. */
static inline struct kmem_cache_node *page_node(const struct machine *m, const struct kmem_cache *s,
						pfn_t pfn)
{
	return s->node[slab_page_nid(m, pfn)];
}

/*
 * Lists of a node. .lru.prev of a slab that no CPU owns and that is on no list says so, so
 * that a slab which corruption brought where it does not belong cannot tangle the lists.
 */
#define LRU_UNLISTED (PFN_NONE - 1)

static inline void unfreeze(struct page *p)
{
	p->frozen = 0;
	p->lru.prev = LRU_UNLISTED;
}

unsigned order_objects(unsigned order, uint32_t size, uint32_t reserved);

/* slub_node.c: slabs made and given back, the nodes' lists */
pfn_t new_slab(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid);
void discard_slab(struct machine *m, struct kmem_cache *s, pfn_t pfn);
void add_partial(struct machine *m, struct kmem_cache_node *n, pfn_t pfn, bool tail);
void remove_partial(struct machine *m, struct kmem_cache_node *n, pfn_t pfn);
void add_full(struct machine *m, struct kmem_cache *s, struct kmem_cache_node *n, pfn_t pfn);
void remove_full(struct machine *m, struct kmem_cache *s, struct kmem_cache_node *n, pfn_t pfn);
int slub_shutdown(struct machine *m, struct kmem_cache *s);
int slub_shrink(struct machine *m, struct kmem_cache *s);
/* slub_layout.c */
int calculate_sizes(struct machine *m, struct kmem_cache *s, int forced_order);
uint32_t slub_cache_flags(const struct machine *m, uint32_t object_size, uint32_t flags,
			  const char *name, const struct kmem_ctor *ctor);
int slub_plan(struct machine *m, struct kmem_cache *s, uint32_t flags);
int slub_open(struct machine *m, struct kmem_cache *s, uint32_t flags);
void slub_set_limits(struct kmem_cache *s);
int slub_init(struct machine *m, struct mm_error *e);
void slub_release(struct machine *m, struct kmem_cache *s);

/* Host structs for the CPUs and, if not taken from the machine, for the nodes. */
int slub_host_structs(struct machine *m, struct kmem_cache *s);

/* slub.c */
void set_cpu_slab(struct machine *m, struct kmem_cache_cpu *c, pfn_t pfn);
void deactivate_slab(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t freelist);
void put_cpu_partial(struct machine *m, struct kmem_cache *s, pfn_t pfn, bool drain);
void flush_cpu(struct machine *m, struct kmem_cache *s, unsigned cpu);
void flush_all(struct machine *m, struct kmem_cache *s);

/* slub_look.c */
void slub_get_slabinfo(const struct machine *m, const struct kmem_cache *s, struct slabinfo *i);
bool slub_walk(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg);
bool slub_locate(const struct machine *m, vaddr_t addr, struct slab_location *l);
unsigned slub_objects(const struct machine *m, pfn_t pfn, uint8_t *state, unsigned max);
unsigned slub_free_order(const struct machine *m, pfn_t pfn, uint16_t *idx, unsigned max);
int slub_audit(const struct machine *m, struct mm_error *e);

/* slub_debug.c (slub.md 9); only for caches with .debug */
enum track_item { TRACK_ALLOC, TRACK_FREE };
unsigned sizeof_track(const struct machine *m);
void setup_slab_debug(struct machine *m, struct kmem_cache *s, pfn_t pfn);
void setup_object_debug(struct machine *m, struct kmem_cache *s, vaddr_t object);
void init_object(struct machine *m, const struct kmem_cache *s, vaddr_t object, uint8_t val);
bool alloc_debug_processing(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object);
/* Frees head .. tail, chained. Returns: whether the free goes on. */
bool free_debug_processing(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t head,
			   vaddr_t tail, unsigned cnt);
void discard_slab_debug(struct machine *m, struct kmem_cache *s, pfn_t pfn);
bool check_valid_pointer(const struct machine *m, const struct kmem_cache *s, pfn_t pfn,
			 vaddr_t object);

#endif
