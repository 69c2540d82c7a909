/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objects: the calls that everybody makes, over the allocator's own; and the pages that
 * slabs are made of (slab-common.md 5).
 */
#include "slab.h"
#include <errno.h>
#include <mmsh/machine.h>

/* ---- pages ---- */

/* A recording that does not hold the page allocator's state says which page it was. */
static int64_t take_given_pages(struct machine *m, gfp_t gfp, unsigned order)
{
	pfn_t pfn = m->slab->given_pfn & ~((1u << order) - 1);
	struct page *p = pfn_to_page(m, pfn);

	m->slab->given_pfn = PFN_NONE;
	if (PFN_PHYS((uint64_t)pfn + (1ull << order)) > m->slab->bytes || p->_refcount)
		return -ENOMEM;
	claim_block(m, pfn_to_zone(m, pfn), pfn, order);
	if (!order || !(gfp & __GFP_COMP))
		return pfn;
	p->flags |= PG(head);
	for (pfn_t i = 1; i < 1u << order; i++) {
		p[i] = (struct page){.flags = PG(tail)};
		p[i].index = pfn;
	}
	return pfn;
}

static int64_t take_pages(struct machine *m, gfp_t gfp, unsigned order, int nid)
{
	if (unlikely(m->slab->given_pfn != PFN_NONE))
		return take_given_pages(m, gfp, order);
	return nid == NUMA_NO_NODE ? alloc_pages(m, gfp, order)
				   : alloc_pages_node(m, nid, gfp, order);
}

pfn_t slab_alloc_pages(struct machine *m, const struct kmem_cache *s, gfp_t gfp, unsigned order,
		       int nid)
{
	int64_t pfn = take_pages(m, gfp, order, nid);
	struct page *p;

	if (pfn < 0)
		return PFN_NONE;
	p = pfn_to_page(m, (pfn_t)pfn);
	p->flags |= PG(slab);
	p->slab_cache = s ? s->id : 0;
	mod_zone_page_state(m, m->zone_by_id[block_zone(p->block)],
			    s && s->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE
								 : NR_SLAB_UNRECLAIMABLE,
			    1l << order);
	return (pfn_t)pfn;
}

void slab_free_pages(struct machine *m, const struct kmem_cache *s, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);
	unsigned order = block_order(p->block);

	mod_zone_page_state(m, m->zone_by_id[block_zone(p->block)],
			    s && s->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE
								 : NR_SLAB_UNRECLAIMABLE,
			    -(1l << order));
	p->flags &= ~(PG(slab) | PG(active));
	p->mapcount = 0;
	p->index = 0;
	p->owner = 0;
	__free_pages(m, pfn, order);
}

void slab_claim_pages(struct machine *m, const struct kmem_cache *s, pfn_t pfn, unsigned order)
{
	struct zone *z = pfn_to_zone(m, pfn);
	struct page *p = pfn_to_page(m, pfn);

	claim_block(m, z, pfn, order);
	z->foreign_pages -= min_of(z->foreign_pages, 1ul << order);
	p->flags = PG(slab) | (order ? PG(head) : 0);
	for (pfn_t i = 1; i < 1u << order; i++) {
		p[i] = (struct page){.flags = PG(tail)};
		p[i].index = pfn;
	}
	p->slab_cache = s ? s->id : 0;
}

int slab_page_nid(const struct machine *m, pfn_t pfn)
{
	return block_zone(pfn_to_page(m, pfn)->block) / MAX_NR_ZONES;
}

bool slab_gfp_bug(struct machine *m, gfp_t gfp)
{
	if (!(gfp & GFP_SLAB_BUG_MASK))
		return false;
	m->slab->oopses++;
	slab_report(m, NULL, REPORT_GFP, PFN_NONE, gfp & GFP_SLAB_BUG_MASK, 0, 0, 0);
	return true;
}

static bool page_compound(const struct page *p)
{
	return p->flags & PG(head);
}

/* ---- caches ---- */

/* Clears what __GFP_ZERO asks for and tells the listeners. */
static inline vaddr_t alloc_done(struct machine *m, struct kmem_cache *s, gfp_t gfp, vaddr_t obj)
{
	unsigned char *ram;

	if (unlikely(gfp & __GFP_ZERO) && obj) {
		ram = slab_ram(m, obj, s->object_size);
		if (ram)
			memset(ram, 0, s->object_size);
	}
	return obj;
}

static void no_ctor(struct machine *m, const struct kmem_cache *s, vaddr_t object)
{
	unsigned char *ram = slab_ram(m, object, s->object_size);

	if (ram)
		memset(ram, 0, s->object_size);
}

const struct kmem_ctor kmem_ctor_default = {"init_once+0x0/0x10", no_ctor};

vaddr_t kmem_cache_alloc_node(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid)
{
	vaddr_t obj = alloc_done(m, s, gfp, m->slab->ops->alloc(m, s, gfp, nid));

	trace(m, TRACE_KMEM_CACHE_ALLOC, .cache = s->id, .a = (int64_t)obj, .b = s->object_size,
	      .c = s->size, .d = gfp);
	return obj;
}

vaddr_t kmem_cache_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp)
{
	return kmem_cache_alloc_node(m, s, gfp, NUMA_NO_NODE);
}

/* With sanity checks on, what the page says counts, not what the caller says. */
static struct kmem_cache *cache_from_obj(const struct machine *m, struct kmem_cache *s, vaddr_t obj)
{
	pfn_t pfn;

	if (likely(!(s->flags & SLAB_DEBUG_FREE)))
		return s;
	pfn = virt_to_head_pfn(m, obj);
	if (pfn == PFN_NONE)
		return s;
	return pfn_to_page(m, pfn)->flags & PG(slab) ? page_cache(m, pfn_to_page(m, pfn)) : NULL;
}

void kmem_cache_free(struct machine *m, struct kmem_cache *s, vaddr_t object)
{
	s = cache_from_obj(m, s, object);
	if (!s)
		return;
	m->slab->ops->free(m, s, object);
	trace(m, TRACE_KMEM_CACHE_FREE, .cache = s->id, .a = (int64_t)object);
}

unsigned kmem_cache_alloc_bulk(struct machine *m, struct kmem_cache *s, gfp_t gfp, unsigned n,
			       vaddr_t *p)
{
	unsigned i;

	if (m->slab->ops->alloc_bulk)
		i = m->slab->ops->alloc_bulk(m, s, gfp, n, p);
	else
		for (i = 0; i < n; i++)
			if (!(p[i] = m->slab->ops->alloc(m, s, gfp, NUMA_NO_NODE)))
				break;
	if (i < n) {
		kmem_cache_free_bulk(m, s, i, p);
		return 0;
	}
	if (gfp & __GFP_ZERO)
		for (i = 0; i < n; i++)
			alloc_done(m, s, gfp, p[i]);
	return n;
}

void kmem_cache_free_bulk(struct machine *m, struct kmem_cache *s, unsigned n, vaddr_t *p)
{
	if (m->slab->ops->free_bulk)
		m->slab->ops->free_bulk(m, s, n, p);
	else
		for (unsigned i = 0; i < n; i++)
			kmem_cache_free(m, s, p[i]);
}

/* ---- kmalloc ---- */

static unsigned kmalloc_index(const struct slab_system *sys, uint64_t size)
{
	return size <= 192 ? sys->size_index[(size - 1) / 8]
			   : 64 - (unsigned)__builtin_clzll(size - 1);
}

struct kmem_cache *kmalloc_slab(const struct machine *m, uint64_t size, gfp_t gfp)
{
	const struct slab_system *sys = m->slab;
	unsigned idx;

	if (!size || !sys->ops->shift_high || size > 1ull << sys->ops->shift_high)
		return NULL;
	idx = kmalloc_index(sys, size);
	return gfp & __GFP_DMA ? sys->kmalloc_dma_caches[idx] : sys->kmalloc_caches[idx];
}

/* Pages straight from the page allocator. In highmem they would have no address: lost. */
static vaddr_t kmalloc_large(struct machine *m, uint64_t size, gfp_t gfp, int nid)
{
	unsigned order = get_order(size);
	int64_t pfn = nid == NUMA_NO_NODE ? alloc_pages(m, gfp | __GFP_COMP, order)
					  : alloc_pages_node(m, nid, gfp | __GFP_COMP, order);

	slab_step(m, NULL, STEP_KMALLOC_LARGE, PFN_NONE, (int64_t)size, order);
	return pfn < 0 || PFN_PHYS(pfn) >= m->slab->bytes ? 0 : slab_va(m, (pfn_t)pfn);
}

/* Larger than the largest cache: pages, or where the caches go all the way (SLAB) nothing. */
static vaddr_t kmalloc_beyond(struct machine *m, uint64_t size, gfp_t gfp, int nid)
{
	if (1ul << m->slab->ops->shift_high < KMALLOC_MAX_SIZE)
		return kmalloc_large(m, size, gfp, nid);
	if (!(gfp & __GFP_NOWARN) && !m->slab->warned_size) {
		m->slab->warned_size = true;
		slab_report(m, NULL, REPORT_KMALLOC_SIZE, PFN_NONE, (int64_t)size, 0, 0, 0);
	}
	return 0;
}

vaddr_t kmalloc_node(struct machine *m, uint64_t size, gfp_t gfp, int nid)
{
	const struct slab_ops *ops = m->slab->ops;
	struct kmem_cache *s;
	uint64_t given = size;
	vaddr_t p;

	if (unlikely(ops->kmalloc)) {
		p = ops->kmalloc(m, size, gfp, nid);
	} else if (unlikely(!size)) {
		return ZERO_SIZE_PTR;
	} else if ((s = kmalloc_slab(m, size, gfp))) {
		slab_step(m, s, STEP_KMALLOC, PFN_NONE, (int64_t)size, s->size);
		p = alloc_done(m, s, gfp, ops->alloc(m, s, gfp, nid));
		given = s->size;
	} else {
		p = kmalloc_beyond(m, size, gfp, nid);
		given = PAGE_SIZE << get_order(min_of(size, (uint64_t)1 << 40));
	}
	trace(m, TRACE_KMALLOC, .a = (int64_t)p, .b = (int64_t)size, .c = (int64_t)given, .d = gfp);
	return p;
}

vaddr_t kmalloc(struct machine *m, uint64_t size, gfp_t gfp)
{
	return kmalloc_node(m, size, gfp, NUMA_NO_NODE);
}

vaddr_t kzalloc(struct machine *m, uint64_t size, gfp_t gfp)
{
	return kmalloc(m, size, gfp | __GFP_ZERO);
}

vaddr_t kcalloc(struct machine *m, uint64_t n, uint64_t size, gfp_t gfp)
{
	uint64_t most = m->arch->bits == 32 ? UINT32_MAX : UINT64_MAX;

	if (size && n > most / size)
		return 0;
	return kzalloc(m, n * size, gfp);
}

/* What is no slab page was a large kmalloc, or never came from here. */
static void kfree_pages(struct machine *m, vaddr_t p, pfn_t pfn)
{
	if (1ul << m->slab->ops->shift_high >= KMALLOC_MAX_SIZE) {
		slab_oops(m, NULL, p);
	} else if (page_compound(pfn_to_page(m, pfn))) {
		__free_pages(m, pfn, block_order(pfn_to_page(m, pfn)->block));
	} else {
		m->slab->oopses++;
		slab_report(m, NULL, REPORT_BUG_KFREE, pfn, (int64_t)p, 0, 0, 0);
	}
}

void kfree(struct machine *m, vaddr_t p)
{
	const struct page *page;
	struct kmem_cache *s;
	pfn_t pfn;

	if (unlikely(ZERO_OR_NULL_PTR(p)))
		return;
	trace(m, TRACE_KFREE, .a = (int64_t)p);
	if (unlikely(m->slab->ops->kfree)) {
		m->slab->ops->kfree(m, p);
		return;
	}
	pfn = virt_to_head_pfn(m, p);
	if (unlikely(pfn == PFN_NONE)) {
		slab_oops(m, NULL, p);
		return;
	}
	page = pfn_to_page(m, pfn);
	s = page->flags & PG(slab) ? page_cache(m, page) : NULL;
	if (likely(s))
		m->slab->ops->free(m, s, p);
	else
		kfree_pages(m, p, pfn);
}

uint64_t ksize(const struct machine *m, vaddr_t p)
{
	const struct page *page;
	pfn_t pfn;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	pfn = virt_to_head_pfn(m, p);
	if (pfn == PFN_NONE)
		return 0;
	page = pfn_to_page(m, pfn);
	if (page->flags & PG(slab))
		return m->slab->ops->ksize(m, p);
	return page_compound(page) ? PAGE_SIZE << block_order(page->block) : 0;
}

vaddr_t krealloc(struct machine *m, vaddr_t p, uint64_t size, gfp_t gfp)
{
	uint64_t old = ksize(m, p);
	unsigned char *from, *to;
	vaddr_t q;

	if (!size) {
		kfree(m, p);
		return ZERO_SIZE_PTR;
	}
	if (p && old >= size)
		return p;
	q = kmalloc(m, size, gfp);
	if (!q || !p)
		return q;
	from = slab_ram(m, p, old);
	to = slab_ram(m, q, old);
	if (from && to)
		memmove(to, from, old);
	kfree(m, p);
	return q;
}

void kzfree(struct machine *m, vaddr_t p)
{
	uint64_t n = ksize(m, p);
	unsigned char *ram = slab_ram(m, p, n);

	if (ram)
		memset(ram, 0, n);
	kfree(m, p);
}

/* ---- looking ---- */

static bool locate_large(const struct machine *m, vaddr_t addr, struct slab_location *l)
{
	pfn_t pfn = virt_to_head_pfn(m, addr);
	const struct page *p;

	if (pfn == PFN_NONE)
		return false;
	p = pfn_to_page(m, pfn);
	if (p->flags & PG(slab) || !page_compound(p))
		return false;
	*l = (struct slab_location){.pfn = pfn, .order = block_order(p->block), .large = true};
	l->object = slab_va(m, pfn);
	l->offset = (uint32_t)(addr - l->object);
	l->size = (uint32_t)PAGE_SIZE << l->order;
	l->state = OBJ_ALLOCATED;
	return true;
}

bool slab_locate(const struct machine *m, vaddr_t addr, struct slab_location *l)
{
	return m->slab->ops->locate(m, addr, l) || locate_large(m, addr, l);
}

int kfree_check(const struct machine *m, const struct kmem_cache *s, vaddr_t p, struct mm_error *e)
{
	unsigned long long addr = p;
	struct slab_location l;

	if (!s && ZERO_OR_NULL_PTR(p))
		return 0;
	if (!slab_valid(m, p))
		return mm_error(e, -EINVAL, "0x%llx is no address of the kernel's direct map", addr);
	if (!slab_locate(m, p, &l) || !l.object)
		return mm_error(e, -EINVAL, "there is no object at 0x%llx", addr);
	if (l.offset)
		return mm_error(e, -EINVAL, "0x%llx lies %u bytes inside the object at 0x%llx", addr,
				l.offset, (unsigned long long)l.object);
	/* SLOB's objects do not tell whose they are */
	if (s && l.cache != s && !m->slab->ops->kmalloc)
		return mm_error(e, -EINVAL, "the object at 0x%llx is of %s, not of %s", addr,
				l.cache ? l.cache->name : "kmalloc", s->name);
	if (l.state != OBJ_ALLOCATED)
		return mm_error(e, -EINVAL, "the object at 0x%llx is free already", addr);
	/* but they tell whether they are pages, and SLOB's caches free as many as they take */
	if (s && m->slab->ops->kmalloc &&
	    (l.large ? s->size < PAGE_SIZE || l.order != get_order(s->size) : s->size >= PAGE_SIZE))
		return mm_error(e, -EINVAL, "what is at 0x%llx is not of %s", addr, s->name);
	return 0;
}
