/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the small-object allocators share, for src/mm only.
 *
 * An address taken from modelled RAM is not to be believed: slab_ram() turns it into host
 * memory, or NULL when it leads out of the direct map.
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include <mmsh/page_alloc.h>
#include <mmsh/slab.h>
#include <string.h>

#define GFP_RECLAIM_MASK                                                                 \
	(__GFP_RECLAIM | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_NOWARN | __GFP_REPEAT | \
	 __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | __GFP_NOMEMALLOC | __GFP_ATOMIC)
#define GFP_CONSTRAINT_MASK (__GFP_HARDWALL | __GFP_THISNODE)
/* A slab cannot come from there. */
#define GFP_SLAB_BUG_MASK (__GFP_DMA32 | __GFP_HIGHMEM | ~__GFP_BITS_MASK)

#define ARCH_KMALLOC_MINALIGN 8u
#define ARCH_SLAB_MINALIGN 8u

/* ---- modelled memory ---- */

/* Host memory of [addr, addr + len), or NULL. */
static inline unsigned char *slab_ram(const struct machine *m, vaddr_t addr, uint64_t len)
{
	const struct slab_system *sys = m->slab;
	uint64_t off = addr - sys->base;

	if (unlikely(off >= sys->bytes || sys->bytes - off < len))
		return NULL;
	return m->ram + off;
}

/* A pointer out of host memory @p of modelled RAM. */
static inline vaddr_t slab_load(unsigned word, const void *p)
{
	uint32_t lo;
	uint64_t v;

	if (word == 4) {
		memcpy(&lo, p, 4);
		return lo;
	}
	memcpy(&v, p, 8);
	return v;
}

static inline void slab_store(unsigned word, void *p, vaddr_t v)
{
	uint32_t lo = (uint32_t)v;

	if (word == 4)
		memcpy(p, &lo, 4);
	else
		memcpy(p, &v, 8);
}

static inline vaddr_t slab_va(const struct machine *m, pfn_t pfn)
{
	return m->slab->base + PFN_PHYS(pfn);
}

/* @addr lies in the direct map. */
static inline bool slab_valid(const struct machine *m, vaddr_t addr)
{
	return addr - m->slab->base < m->slab->bytes;
}

static inline pfn_t virt_to_pfn(const struct machine *m, vaddr_t addr)
{
	return (pfn_t)((addr - m->slab->base) >> PAGE_SHIFT);
}

/* The first page of the compound page that @addr lies in (or its own page); PFN_NONE for an
   address outside the direct map. */
static inline pfn_t virt_to_head_pfn(const struct machine *m, vaddr_t addr)
{
	pfn_t pfn;
	const struct page *p;

	if (unlikely(!slab_valid(m, addr)))
		return PFN_NONE;
	pfn = virt_to_pfn(m, addr);
	p = pfn_to_page(m, pfn);
	return unlikely(p->flags & PG(tail)) ? p->index : pfn;
}

static inline struct kmem_cache *page_cache(const struct machine *m, const struct page *p)
{
	return m->slab->cache[p->slab_cache];
}

/* Host memory of a structure that lives as long as the machine. NULL: none left. */
static inline void *slab_host_alloc(struct machine *m, size_t size)
{
	return arena_alloc(&m->arena, size);
}

/* ---- pages ---- */

/* 2^order pages for a slab of @s: counted, PG_slab set, .slab_cache filled. @gfp as it goes
   to the page allocator. Returns: the first PFN, or PFN_NONE. */
pfn_t slab_alloc_pages(struct machine *m, const struct kmem_cache *s, gfp_t gfp, unsigned order,
		       int nid);
/* And back; every field of struct page that the slab used is cleared. */
void slab_free_pages(struct machine *m, const struct kmem_cache *s, pfn_t pfn);
/* For a loaded state: pages that are in use already become a slab. */
void slab_claim_pages(struct machine *m, const struct kmem_cache *s, pfn_t pfn, unsigned order);
static inline unsigned slab_order(const struct machine *m, pfn_t pfn)
{
	return block_order(pfn_to_page(m, pfn)->block);
}
int slab_page_nid(const struct machine *m, pfn_t pfn);
/* Bits that no slab can honour. Returns: whether the kernel would BUG now (reported). */
bool slab_gfp_bug(struct machine *m, gfp_t gfp);

/* ---- caches ---- */

/* A host struct with an id, not listed. Structs of destroyed caches are used again, with
   .cpu_slab (cpu_cache), .node (slab_node), .private as they were: look before allocating. */
struct kmem_cache *slab_cache_new(struct machine *m, const char *name, uint64_t size,
				  uint64_t align, const struct kmem_ctor *ctor);
void slab_cache_unuse(struct machine *m, struct kmem_cache *s);
/* Newest first. */
static inline void slab_cache_list(struct machine *m, struct kmem_cache *s)
{
	TAILQ_INSERT_HEAD(&m->slab->caches, s, list);
}
uint32_t calculate_alignment(const struct machine *m, uint32_t flags, uint64_t align,
			     uint64_t size);
/*
 * create_boot_cache - a cache of the allocator itself: no alias search, no descriptor object
 * (.addr stays 0 until the caller knows better), the name a constant
 *
 * Returns: the cache, listed; NULL: no memory.
 */
struct kmem_cache *create_boot_cache(struct machine *m, const char *name, uint64_t size,
				     uint32_t flags, int refcount);
/* One kmalloc cache (by index; NULL name: kmalloc-SIZE); all that are missing, 96 and 192 in
   their places, then state UP, then the DMA caches. */
struct kmem_cache *create_kmalloc_cache(struct machine *m, unsigned idx, const char *name,
					uint32_t flags);
int create_kmalloc_caches(struct machine *m, struct mm_error *e);

/* ---- events ---- */

static inline void slab_step(struct machine *m, const struct kmem_cache *s, enum slab_step step,
			     pfn_t pfn, int64_t a, int64_t b)
{
	trace(m, TRACE_SLAB_STEP, .verdict = (uint8_t)step, .cache = s ? s->id : 0, .pfn = pfn,
	      .a = a, .b = b);
}

void slab_report(struct machine *m, const struct kmem_cache *s, enum slab_report what, pfn_t pfn,
		 int64_t a, int64_t b, int64_t c, int64_t d);
/* The kernel would have died following @addr. */
void slab_oops(struct machine *m, const struct kmem_cache *s, vaddr_t addr);

/* Smallest n with 4096 << n >= size. */
unsigned get_order(uint64_t size);

#endif
