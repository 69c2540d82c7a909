/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SLAB's own structures (slab.md 1), shared by the files slab*.c and by who loads its state.
 *
 *   slab.c         objects: arrays, refill, flush, slabs come and go
 *   slab_setup.c   caches: layout, arrays and their tuning, boot
 *   slab_reap.c    draining, shrinking, the timer
 *   slab_debug.c   CONFIG_DEBUG_SLAB: red zones, poison
 *   slab_load.c    a recorded state
 *   slab_view.c    looking, and the audit
 */
#ifndef MM_SLAB_DEF_H
#define MM_SLAB_DEF_H

#include "page_list.h"
#include "percpu.h"
#include "slab.h"

#define BOOT_CPUCACHE_ENTRIES 1
#define BATCHREFILL_LIMIT 16
#define SHARED_BATCHCOUNT 0xbaadf00du /* of arrays that never refill */
#define ARRAY_HEADER 16u	      /* bytes before the entries */
#define MAX_OBJS_PER_SLAB 255

/* A stack of objects; the entries are in modelled RAM, behind 16 bytes of header. */
struct array_cache {
	uint32_t avail, limit, batchcount, touched;
	unsigned char *entry; /* host address of entry 0; NULL: there is no array */
	vaddr_t addr;	      /* of the header; 0: not known */
};

enum slab_list { SLABS_PARTIAL, SLABS_FULL, SLABS_FREE, NR_SLAB_LISTS };

struct slab_node {
	struct page_list list[NR_SLAB_LISTS];
	unsigned long free_objects; /* lying in slabs, not in arrays */
	unsigned long free_limit;
	uint32_t colour_next;
	bool free_touched;
	uint64_t next_reap; /* jiffies */
	struct array_cache shared;
	struct array_cache *alien; /* [nr_nodes], without an entry for its own node */
	vaddr_t alien_addr;	   /* of the kernel's table of them; 0: none in use */
	vaddr_t addr;		   /* 0: static */
};

/* kmem_cache.private */
struct slab_cache_private {
	struct percpu percpu; /* of the per-CPU arrays */
};

/* slab_system.private */
struct slab_private {
	struct percpu_chunk *percpu;
	unsigned max_order;
	unsigned online_cpus;	     /* counted in the free limits of new caches */
	uint64_t reap_at[MAX_CPUS];  /* jiffies; 0: no timer yet */
	uint8_t reap_node[MAX_CPUS]; /* whose alien arrays are next */
};

static inline struct slab_private *slab_private(const struct machine *m)
{
	return m->slab->private;
}

static inline vaddr_t ac_entry(const struct machine *m, const struct array_cache *ac, uint32_t i)
{
	return slab_load(m->slab->word, ac->entry + (size_t)i * m->slab->word);
}

static inline void ac_set_entry(const struct machine *m, struct array_cache *ac, uint32_t i,
				vaddr_t object)
{
	slab_store(m->slab->word, ac->entry + (size_t)i * m->slab->word, object);
}

static inline void ac_push(const struct machine *m, struct array_cache *ac, vaddr_t object)
{
	ac_set_entry(m, ac, ac->avail++, object);
}

/* The list a slab stands on follows from its objects. */
static inline enum slab_list slab_list_of(const struct kmem_cache *s, const struct page *p)
{
	return p->active == s->num ? SLABS_FULL : p->active ? SLABS_PARTIAL : SLABS_FREE;
}

static inline struct slab_node *cpu_slab_node(const struct machine *m, const struct kmem_cache *s)
{
	return s->slab_node[m->cpu_to_node[m->cpu]];
}

static inline struct slab_node *page_slab_node(const struct machine *m, const struct kmem_cache *s,
					       pfn_t pfn)
{
	return s->slab_node[m->nr_nodes == 1 ? 0 : slab_page_nid(m, pfn)];
}

static inline vaddr_t slab_obj_addr(const struct machine *m, const struct kmem_cache *s, pfn_t pfn,
				    unsigned idx)
{
	return slab_va(m, pfn) + pfn_to_page(m, pfn)->s_mem + (uint64_t)idx * s->size;
}

/* offset / size as a multiplication; exact for offsets below 4 MiB, which no slab exceeds. */
#define RECIPROCAL_SHIFT 44
static inline uint64_t slab_reciprocal(uint32_t size)
{
	return ((1ull << RECIPROCAL_SHIFT) + size - 1) / size;
}

static inline uint32_t slab_obj_index(const struct kmem_cache *s, uint32_t offset)
{
	return (uint32_t)(offset * s->reciprocal >> RECIPROCAL_SHIFT);
}

/* The index array of the slab at @pfn, or NULL when its address leads nowhere. */
static inline uint8_t *slab_freelist(const struct machine *m, const struct kmem_cache *s, pfn_t pfn)
{
	return slab_ram(m, page_freelist(pfn_to_page(m, pfn)), s->num);
}

/* The slab of @s that holds object @addr, and which of its objects; PFN_NONE if none. */
static inline pfn_t slab_of(const struct machine *m, const struct kmem_cache *s, vaddr_t addr,
			    uint32_t *idx)
{
	pfn_t pfn = virt_to_head_pfn(m, addr);
	const struct page *p;
	uint64_t offset;

	if (unlikely(pfn == PFN_NONE))
		return PFN_NONE;
	p = pfn_to_page(m, pfn);
	if (unlikely(!(p->flags & PG(slab)) || page_cache(m, p) != s))
		return PFN_NONE;
	offset = addr - slab_va(m, pfn) - p->s_mem;
	if (unlikely(offset >= (uint64_t)s->num * s->size))
		return PFN_NONE;
	*idx = slab_obj_index(s, (uint32_t)offset);
	return pfn;
}

/* slab.c */
/* The @n oldest entries of @ac go back to their slabs on @n's lists; emptied slabs beyond the
   limit are given back. */
void free_block(struct machine *m, struct kmem_cache *s, struct array_cache *ac, uint32_t n);
/* The same, and the rest of the array moves down. */
void free_oldest(struct machine *m, struct kmem_cache *s, struct array_cache *ac, uint32_t n);
uint32_t transfer_objects(const struct machine *m, struct array_cache *to,
			  struct array_cache *from, uint32_t max);
void drain_alien(struct machine *m, struct kmem_cache *s, struct array_cache *alien, int nid);
void slab_destroy(struct machine *m, struct kmem_cache *s, pfn_t pfn);
void slab_bad(struct machine *m, const struct kmem_cache *s, pfn_t pfn, vaddr_t object,
	      enum slab_bad what, uint64_t b, uint64_t c);

/* slab_setup.c */
int slab_init(struct machine *m, struct mm_error *e);
void slab_init_late(struct machine *m);
int slab_plan(struct machine *m, struct kmem_cache *s, uint32_t flags);
int slab_create(struct machine *m, struct kmem_cache *s, uint32_t flags);
void slab_release(struct machine *m, struct kmem_cache *s);
int slab_slabinfo_write(struct machine *m, const char *text, size_t len);
/* Sizes and numbers of .name, .size, .align for @flags; -E2BIG. */
int slab_layout(struct machine *m, struct kmem_cache *s, uint32_t flags);
/* Host structs of a cache: CPU array headers, nodes; used again if there. Returns: 0, -ENOMEM. */
int slab_host_structs(struct machine *m, struct kmem_cache *s);
/* New, empty arrays of the CPUs; what was in old ones is forgotten. Returns: 0, -ENOMEM. */
int slab_new_cpu_arrays(struct machine *m, struct kmem_cache *s, uint32_t limit,
			uint32_t batchcount);
/* An array of @limit entries that is host memory. Returns: 0, -ENOMEM. */
int slab_host_array(struct machine *m, struct array_cache *ac, uint32_t limit);
int slab_private_new(struct machine *m);
/* Where index arrays of @bytes come from; NULL: there is no such cache. */
struct kmem_cache *slab_freelist_cache(const struct machine *m, uint32_t bytes);
/* kmalloc's index of the cache for node structures. */
static inline unsigned index_node(const struct machine *m)
{
	return m->slab->word == 4 ? 6 : 7;
}
/* The secondary CPUs have started. */
void slab_cpus_up(struct machine *m);
uint32_t slab_cache_flags(const struct machine *m, uint32_t object_size, uint32_t flags,
			  const char *name, const struct kmem_ctor *ctor);

/* slab_reap.c */
int slab_shrink(struct machine *m, struct kmem_cache *s);
int slab_shutdown(struct machine *m, struct kmem_cache *s);
void slab_tick(struct machine *m, uint64_t jiffies);
/* @at, moved to a whole second; CPUs apart by 3 jiffies. Not before @now. */
uint64_t slab_round_jiffies(uint64_t at, unsigned cpu, uint64_t now);
#define REAPTIMEOUT_CPU (2 * HZ)
#define REAPTIMEOUT_NODE (4 * HZ)

/* slab_debug.c; @slot is where the object's slot starts */
uint32_t slab_debug_flags(uint32_t size, uint32_t align, uint32_t flags);
void slab_debug_init_slot(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t slot);
/* Returns: what the user gets. */
vaddr_t slab_debug_alloc(struct machine *m, struct kmem_cache *s, vaddr_t slot);
/* Returns: the slot of what the user gives, 0 when the kernel stops here. */
vaddr_t slab_debug_free(struct machine *m, struct kmem_cache *s, vaddr_t object);
bool slab_debug_put(struct machine *m, struct kmem_cache *s, pfn_t pfn, uint32_t idx);
void slab_debug_destroy(struct machine *m, struct kmem_cache *s, pfn_t pfn);

/* slab_load.c: 0, or -EINVAL, -ENOMEM with @e */
struct kmem_cache *slab_load_cache(struct machine *m, const struct kmem_cache *from,
				   struct mm_error *e);
/* The array of CPU, or shared of node, @id: .limit and .batchcount must be its. */
int slab_load_array(struct machine *m, struct kmem_cache *s, bool shared, unsigned id,
		    const struct array_cache *from, const vaddr_t *entries, struct mm_error *e);
int slab_load_node(struct machine *m, struct kmem_cache *s, unsigned nid,
		   const struct slab_node *from, struct mm_error *e);
int slab_load_slab(struct machine *m, struct kmem_cache *s, const struct slab_record *r,
		   struct mm_error *e);

/* slab_view.c */
void slab_get_slabinfo(const struct machine *m, const struct kmem_cache *s, struct slabinfo *i);
bool slab_walk_slabs(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg);
bool slab_locate_object(const struct machine *m, vaddr_t addr, struct slab_location *l);
unsigned slab_object_states(const struct machine *m, pfn_t pfn, uint8_t *state, unsigned max);
unsigned slab_order_of_free(const struct machine *m, pfn_t pfn, uint16_t *idx, unsigned max);
uint64_t slab_ksize(const struct machine *m, vaddr_t p);
int slab_audit_caches(const struct machine *m, struct mm_error *e);

#endif
