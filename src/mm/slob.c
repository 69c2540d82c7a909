/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SLOB (slob.md): a heap in pages. A page's free blocks are chained through their own first
 * words; three lists hold the pages that have some.
 */
#include "page_list.h"
#include "slob.h"
#include <errno.h>
#include <stdlib.h>

#define SLOB_UNITS(size) (((unsigned)(size) + SLOB_UNIT - 1) / SLOB_UNIT)
#define SLOB_BREAK1 256
#define SLOB_BREAK2 1024
#define SLOB_MINALIGN 8u
#define PG_slob_free PG_private /* on one of the lists, as in the kernel */

struct slob {
	struct page_list list[NR_SLOB_LISTS];
};

static inline struct page_list *slob_list(const struct machine *m, enum slob_list l)
{
	return &((struct slob *)m->slab->private)->list[l];
}

static enum slob_list list_for(unsigned size)
{
	return size < SLOB_BREAK1 ? SLOB_SMALL : size < SLOB_BREAK2 ? SLOB_MEDIUM : SLOB_LARGE;
}

/* ---- free blocks ---- */

static inline unsigned char *slob_words(const struct machine *m, pfn_t pfn, unsigned off)
{
	return (unsigned char *)phys_to_host(m, PFN_PHYS(pfn)) + off * SLOB_UNIT;
}

/*
 * The free block at @off. Its words may have been written over, so they are held to what can
 * be: a block ends in its page and the next one lies behind it, or there is none.
 */
struct slob_block slob_read(const struct machine *m, pfn_t pfn, unsigned off)
{
	struct slob_block b = {.off = off, .units = 1, .next = SLOB_PAGE_UNITS};
	int16_t w[2] = {0, 0};
	int next;

	memcpy(w, slob_words(m, pfn, off), off + 1 < SLOB_PAGE_UNITS ? 4 : 2);
	next = -w[0];
	if (w[0] > 0) {
		b.units = min_of((unsigned)w[0], SLOB_PAGE_UNITS - off);
		next = w[1];
	}
	if (next > (int)off && next < (int)SLOB_PAGE_UNITS)
		b.next = (unsigned)next;
	return b;
}

static void slob_write(struct machine *m, pfn_t pfn, const struct slob_block *b)
{
	int16_t w[2] = {(int16_t)b->units, (int16_t)b->next};

	if (b->units == 1)
		w[0] = (int16_t)-(int)b->next;
	memcpy(slob_words(m, pfn, b->off), w, b->units == 1 ? 2 : 4);
}

unsigned slob_first(const struct machine *m, pfn_t pfn)
{
	uint64_t off = page_freelist(pfn_to_page(m, pfn)) - slab_va(m, pfn);

	return off < PAGE_SIZE ? (unsigned)off / SLOB_UNIT : SLOB_PAGE_UNITS;
}

static void set_slob_first(struct machine *m, pfn_t pfn, unsigned off)
{
	set_page_freelist(pfn_to_page(m, pfn), slab_va(m, pfn) + off * SLOB_UNIT);
}

/* ---- pages and lists ---- */

static void put_on_list(struct machine *m, pfn_t pfn, enum slob_list l)
{
	struct page *p = pfn_to_page(m, pfn);

	p->flags |= PG(slob_free);
	p->slob_list = (uint16_t)(l + 1);
	page_list_add(m, slob_list(m, l), 0, pfn);
}

static void take_off_list(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	page_list_del(m, slob_list(m, (enum slob_list)(p->slob_list - 1)), 0, pfn);
	p->flags &= ~PG(slob_free);
	p->slob_list = 0;
}

/* Pages in highmem would have no address: the kernel follows NULL then. */
static vaddr_t slob_new_pages(struct machine *m, gfp_t gfp, unsigned order, int nid)
{
	int64_t pfn = nid == NUMA_NO_NODE ? alloc_pages(m, gfp, order)
					  : alloc_pages_node(m, nid, gfp, order);

	if (pfn < 0)
		return 0;
	if (slab_valid(m, slab_va(m, (pfn_t)pfn)))
		return slab_va(m, (pfn_t)pfn);
	slab_oops(m, NULL, 0);
	return 0;
}

static pfn_t slob_new_page(struct machine *m, gfp_t gfp, int nid, enum slob_list l)
{
	vaddr_t va = slob_new_pages(m, gfp & ~__GFP_ZERO, 0, nid);
	pfn_t pfn;

	if (!va)
		return PFN_NONE;
	pfn = virt_to_pfn(m, va);
	pfn_to_page(m, pfn)->flags |= PG(slab);
	pfn_to_page(m, pfn)->units = SLOB_PAGE_UNITS;
	set_slob_first(m, pfn, 0);
	slob_write(m, pfn, &(struct slob_block){0, SLOB_PAGE_UNITS, SLOB_PAGE_UNITS});
	put_on_list(m, pfn, l);
	slab_step(m, NULL, STEP_NEW_SLAB, pfn, 0, 0);
	return pfn;
}

static void slob_free_page(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	if (p->flags & PG(slob_free))
		take_off_list(m, pfn);
	p->flags &= ~PG(slab);
	p->mapcount = 0;
	p->index = 0;
	p->owner = 0;
	slab_step(m, NULL, STEP_DISCARD, pfn, 0, 0);
	__free_pages(m, pfn, 0);
}

/* ---- blocks out of a page (slob.md 4.1) ---- */

/* Cuts @units off the low end of @b, which is all there is between @prev and the next. */
static void cut_block(struct machine *m, pfn_t pfn, const struct slob_block *b,
		      struct slob_block *prev, unsigned units)
{
	struct slob_block rest = {b->off + units, b->units - units, b->next};
	unsigned follower = b->next;

	if (rest.units) {
		slob_write(m, pfn, &rest);
		follower = rest.off;
	}
	if (prev) {
		prev->next = follower;
		slob_write(m, pfn, prev);
	} else {
		set_slob_first(m, pfn, follower);
	}
}

static unsigned align_delta(const struct machine *m, pfn_t pfn, unsigned off, unsigned align)
{
	vaddr_t va = slab_va(m, pfn) + off * SLOB_UNIT;

	return align ? (unsigned)(ROUND_UP(va, align) - va) / SLOB_UNIT : 0;
}

/* First fit. Returns: the offset of the block in units, or SLOB_PAGE_UNITS. */
static unsigned slob_page_alloc(struct machine *m, pfn_t pfn, unsigned units, unsigned align)
{
	struct page *p = pfn_to_page(m, pfn);
	struct slob_block before, *prev = NULL;

	for_each_free_block(m, pfn, b) {
		unsigned delta = align_delta(m, pfn, b.off, align);

		if (b.units < units + delta) {
			before = b;
			prev = &before;
			continue;
		}
		if (delta) { /* what lies before the aligned start stays free */
			before = (struct slob_block){b.off, delta, b.off + delta};
			slob_write(m, pfn, &before);
			prev = &before;
			b.off += delta;
			b.units -= delta;
		}
		cut_block(m, pfn, &b, prev, units);
		p->units -= (int)units;
		if (!p->units)
			take_off_list(m, pfn);
		return b.off;
	}
	return SLOB_PAGE_UNITS;
}

/* The page behind @prev becomes the first, so that the next search starts there. */
static void rotate(struct machine *m, struct page_list *l, pfn_t prev)
{
	pfn_t first, old = l->head;

	if (prev == PFN_NONE || prev == l->tail)
		return;
	first = pfn_to_page(m, prev)->lru.next;
	pfn_to_page(m, l->tail)->lru.next = old;
	pfn_to_page(m, old)->lru.prev = l->tail;
	pfn_to_page(m, prev)->lru.next = PFN_NONE;
	pfn_to_page(m, first)->lru.prev = PFN_NONE;
	l->head = first;
	l->tail = prev;
}

/* A block out of a page that is there. Returns: its address, or 0. */
static vaddr_t slob_search(struct machine *m, enum slob_list which, unsigned size, unsigned align,
			   int nid)
{
	struct page_list *l = slob_list(m, which);
	unsigned off;
	pfn_t next;

	for (pfn_t pfn = l->head; pfn != PFN_NONE; pfn = next) {
		const struct page *p = pfn_to_page(m, pfn);
		pfn_t prev = p->lru.prev;

		next = p->lru.next;
		if (nid != NUMA_NO_NODE && slab_page_nid(m, pfn) != nid)
			continue;
		off = p->units < (int)SLOB_UNITS(size)
			      ? SLOB_PAGE_UNITS
			      : slob_page_alloc(m, pfn, SLOB_UNITS(size), align);
		if (off == SLOB_PAGE_UNITS) {
			slab_step(m, NULL, STEP_SLOB_SKIP, pfn, which, p->units);
			continue;
		}
		rotate(m, l, prev);
		slab_step(m, NULL, STEP_SLOB_PAGE, pfn, which, size);
		return slab_va(m, pfn) + off * SLOB_UNIT;
	}
	return 0;
}

static vaddr_t slob_alloc(struct machine *m, unsigned size, gfp_t gfp, unsigned align, int nid)
{
	enum slob_list l = list_for(size);
	vaddr_t va = slob_search(m, l, size, align, nid);
	unsigned off;
	pfn_t pfn;

	if (!va) {
		pfn = slob_new_page(m, gfp, nid, l);
		if (pfn == PFN_NONE)
			return 0;
		off = slob_page_alloc(m, pfn, SLOB_UNITS(size), align);
		va = slab_va(m, pfn) + off * SLOB_UNIT;
		if (off == SLOB_PAGE_UNITS) { /* an alignment that no page has */
			slab_oops(m, NULL, va);
			return 0;
		}
		slab_step(m, NULL, STEP_SLOB_PAGE, pfn, l, size);
	}
	if (gfp & __GFP_ZERO)
		memset(slab_ram(m, va, size), 0, size);
	return va;
}

/* ---- and back (slob.md 5) ---- */

/* Puts @b in its place in the chain. Returns: whether it merged with a neighbour. */
static bool insert_block(struct machine *m, pfn_t pfn, struct slob_block b)
{
	struct slob_block prev = {.next = slob_first(m, pfn)}, next;
	unsigned units = b.units;
	bool merged = false;

	if (b.off >= prev.next) {
		prev = slob_read(m, pfn, prev.next);
		while (b.off > prev.next)
			prev = slob_read(m, pfn, prev.next);
	}
	b.next = prev.next;
	if (b.next < SLOB_PAGE_UNITS && b.off + b.units == b.next) {
		next = slob_read(m, pfn, b.next);
		b.units += next.units;
		b.next = next.next;
	}
	merged = b.units != units;
	if (!prev.units) {
		set_slob_first(m, pfn, b.off);
	} else if (prev.off + prev.units == b.off) {
		b = (struct slob_block){prev.off, prev.units + b.units, b.next};
		merged = true;
	} else {
		prev.next = b.off;
		slob_write(m, pfn, &prev);
	}
	slob_write(m, pfn, &b);
	return merged;
}

static void slob_free(struct machine *m, vaddr_t va, unsigned size)
{
	unsigned units = SLOB_UNITS(size), off = (unsigned)(va % PAGE_SIZE) / SLOB_UNIT;
	bool merged = false;
	struct page *p;
	pfn_t pfn;

	if (ZERO_OR_NULL_PTR(va))
		return;
	pfn = slab_valid(m, va) ? virt_to_pfn(m, va) : PFN_NONE;
	/* blocks do not leave their page */
	if (pfn == PFN_NONE || !(pfn_to_page(m, pfn)->flags & PG(slab)) || !units ||
	    off + units > SLOB_PAGE_UNITS) {
		slab_oops(m, NULL, va);
		return;
	}
	p = pfn_to_page(m, pfn);
	if (p->units + (int)units == (int)SLOB_PAGE_UNITS) {
		slob_free_page(m, pfn);
		return;
	}
	if (p->flags & PG(slob_free)) {
		p->units += (int)units;
		merged = insert_block(m, pfn, (struct slob_block){off, units, 0});
	} else {
		p->units = (int)units;
		set_slob_first(m, pfn, off);
		slob_write(m, pfn, &(struct slob_block){off, units, SLOB_PAGE_UNITS});
		put_on_list(m, pfn, list_for(size));
	}
	slab_step(m, NULL, STEP_SLOB_FREE, pfn, size, merged);
}

/* Pages that are no heap. */
static void slob_free_pages(struct machine *m, vaddr_t va, unsigned order)
{
	if (slab_valid(m, va))
		__free_pages(m, virt_to_pfn(m, va), order);
	else
		slab_oops(m, NULL, va);
}

/* ---- kmalloc: a block with its size in front, or pages (slob.md 6) ---- */

static vaddr_t slob_kmalloc(struct machine *m, uint64_t size, gfp_t gfp, int nid)
{
	uint32_t header = (uint32_t)size;
	unsigned order;
	vaddr_t va;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size < PAGE_SIZE - SLOB_MINALIGN) {
		va = slob_alloc(m, header + SLOB_MINALIGN, gfp, SLOB_MINALIGN, nid);
		if (!va)
			return 0;
		memcpy(slab_ram(m, va, sizeof(header)), &header, sizeof(header));
		return va + SLOB_MINALIGN;
	}
	order = get_order(min_of(size, (uint64_t)KMALLOC_MAX_SIZE + 1));
	slab_step(m, NULL, STEP_KMALLOC_LARGE, PFN_NONE, (int64_t)size, order);
	return slob_new_pages(m, order ? gfp | __GFP_COMP : gfp, order, nid);
}

static uint32_t slob_header(const struct machine *m, vaddr_t p)
{
	const unsigned char *ram = slab_ram(m, p - SLOB_MINALIGN, sizeof(uint32_t));
	uint32_t size = 0;

	if (ram)
		memcpy(&size, ram, sizeof(size));
	return size;
}

static void slob_kfree(struct machine *m, vaddr_t p)
{
	const struct page *page;
	uint32_t size;

	if (ZERO_OR_NULL_PTR(p))
		return;
	if (!slab_valid(m, p)) {
		slab_oops(m, NULL, p);
		return;
	}
	page = pfn_to_page(m, virt_to_pfn(m, p));
	if (page->flags & PG(slab)) {
		size = slob_header(m, p);
		/* what cannot be a block's size ends in slob_free() */
		slob_free(m, p - SLOB_MINALIGN,
			  size <= PAGE_SIZE ? size + SLOB_MINALIGN : 2 * (unsigned)PAGE_SIZE);
		return;
	}
	slob_free_pages(m, p, page->flags & PG(head) ? block_order(page->block) : 0);
}

static uint64_t slob_ksize(const struct machine *m, vaddr_t p)
{
	return SLOB_UNITS(min_of(slob_header(m, p), (uint32_t)PAGE_SIZE)) * SLOB_UNIT;
}

/* ---- caches, in name (slob.md 7) ---- */

int slob_private_new(struct machine *m)
{
	struct slob *slob = slab_host_alloc(m, sizeof(*slob));

	if (!slob)
		return -ENOMEM;
	for (int l = 0; l < NR_SLOB_LISTS; l++)
		slob->list[l] = PAGE_LIST_EMPTY;
	m->slab->private = slob;
	m->slab->params.nomerge = true;
	return 0;
}

static int slob_init(struct machine *m, struct mm_error *e)
{
	struct slab_system *sys = m->slab;

	sys->kmem_cache = slab_cache_new(m, "kmem_cache", sys->word == 4 ? 36 : 64,
					 ARCH_KMALLOC_MINALIGN, NULL);
	if (!sys->kmem_cache || slob_private_new(m))
		return mm_error(e, -ENOMEM, "the host has no memory for the allocator");
	sys->kmem_cache->flags = SLAB_PANIC;
	sys->kmem_cache->refcount = -1;
	sys->state = SLAB_UP;
	return 0;
}

static void slob_init_late(struct machine *m)
{
	m->slab->state = SLAB_FULL;
}

static int slob_create(struct machine *m, struct kmem_cache *s, uint32_t flags)
{
	s->flags = flags;
	/* room behind the object to remember its size until the grace period ends */
	if (flags & SLAB_DESTROY_BY_RCU)
		s->size += m->slab->word == 4 ? 12 : 24;
	return 0;
}

static int slob_shutdown(struct machine *m, struct kmem_cache *s)
{
	(void)m, (void)s;
	return 0;
}

static void slob_release(struct machine *m, struct kmem_cache *s)
{
	(void)m, (void)s;
}

static vaddr_t slob_cache_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid)
{
	vaddr_t va = s->size < PAGE_SIZE ? slob_alloc(m, s->size, gfp, s->align, nid)
					 : slob_new_pages(m, gfp, get_order(s->size), nid);

	if (va && s->ctor)
		s->ctor->fn(m, s, va);
	return va;
}

static void slob_cache_free(struct machine *m, struct kmem_cache *s, vaddr_t object)
{
	if (s->size < PAGE_SIZE)
		slob_free(m, object, s->size);
	else
		slob_free_pages(m, object, get_order(s->size));
}

static void slob_get_slabinfo(const struct machine *m, const struct kmem_cache *s,
			      struct slabinfo *i)
{
	(void)m, (void)s, (void)i;
}

/* ---- looking ---- */

static bool slob_walk(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg)
{
	if (s)
		return true;
	for (unsigned l = 0; l < NR_SLOB_LISTS; l++)
		for (pfn_t pfn = slob_list(m, l)->head; pfn != PFN_NONE;
		     pfn = pfn_to_page(m, pfn)->lru.next) {
			struct slab_view v = {.pfn = pfn, .where = SLAB_NODE_PARTIAL,
					      .owner = (unsigned)slab_page_nid(m, pfn), .idx = l};

			if (!fn(m, &v, arg))
				return false;
		}
	return true;
}

static bool locate_pages(const struct machine *m, vaddr_t addr, struct slab_location *l)
{
	pfn_t pfn = virt_to_head_pfn(m, addr);
	const struct page *p = pfn_to_page(m, pfn);

	if (p->_refcount < 1 || page_is_reserved(m, pfn))
		return false;
	*l = (struct slab_location){.pfn = pfn, .order = block_order(p->block), .large = true,
				    .object = slab_va(m, pfn), .state = OBJ_ALLOCATED};
	l->offset = (uint32_t)(addr - l->object);
	l->size = (uint32_t)PAGE_SIZE << l->order;
	return true;
}

/* Used blocks carry no mark: any address between free blocks may be one's start. */
static bool slob_locate(const struct machine *m, vaddr_t addr, struct slab_location *l)
{
	unsigned unit = (unsigned)(addr % PAGE_SIZE) / SLOB_UNIT;
	pfn_t pfn;

	if (!slab_valid(m, addr))
		return false;
	pfn = virt_to_pfn(m, addr);
	if (!(pfn_to_page(m, pfn)->flags & PG(slab)))
		return locate_pages(m, addr, l);
	*l = (struct slab_location){.pfn = pfn, .object = addr, .state = OBJ_ALLOCATED,
				    .size = (uint32_t)slob_ksize(m, addr)};
	if (!(pfn_to_page(m, pfn)->flags & PG(slob_free)))
		return true;
	for_each_free_block(m, pfn, b)
		if (unit - b.off < b.units) {
			l->object = slab_va(m, pfn) + b.off * SLOB_UNIT;
			l->offset = (uint32_t)(addr - l->object);
			l->size = b.units * SLOB_UNIT;
			l->state = OBJ_FREE;
		}
	return true;
}

/* SLOB's objects are the units of the page. */
static unsigned slob_units(const struct machine *m, pfn_t pfn, uint8_t *state, unsigned max)
{
	memset(state, OBJ_ALLOCATED, min_of(SLOB_PAGE_UNITS, max));
	if (!(pfn_to_page(m, pfn)->flags & PG(slob_free)))
		return SLOB_PAGE_UNITS;
	for_each_free_block(m, pfn, b)
		for (unsigned i = b.off; i < min_of(b.off + b.units, max); i++)
			state[i] = OBJ_FREE;
	return SLOB_PAGE_UNITS;
}

static unsigned slob_free_order(const struct machine *m, pfn_t pfn, uint16_t *idx, unsigned max)
{
	unsigned n = 0;

	if (!(pfn_to_page(m, pfn)->flags & PG(slob_free)))
		return 0;
	for_each_free_block(m, pfn, b)
		if (n < max)
			idx[n++] = (uint16_t)b.off;
	return n;
}

/* Blocks as they should be, one behind the other and apart. Returns: free units, or -1. */
static int audit_blocks(const struct machine *m, pfn_t pfn)
{
	unsigned end = 0, units = 0;

	for_each_free_block(m, pfn, b) {
		if (units && b.off <= end)
			return -1;
		end = b.off + b.units;
		units += b.units;
	}
	return (int)units;
}

static int audit_page(const struct machine *m, pfn_t pfn, unsigned l, struct mm_error *e)
{
	const struct page *p = pfn_to_page(m, pfn);
	int units = audit_blocks(m, pfn);

	if (!(p->flags & PG(slab)) || !(p->flags & PG(slob_free)) || p->slob_list != l + 1)
		return mm_error(e, -EUCLEAN, "pfn %u is on a list of SLOB's and is not marked so",
				pfn);
	if (units != p->units || units <= 0)
		return mm_error(e, -EUCLEAN,
				"SLOB page pfn %u: %d units are free, its blocks have %d", pfn,
				p->units, units);
	return 0;
}

static int slob_audit(const struct machine *m, struct mm_error *e)
{
	int err;

	for (unsigned l = 0; l < NR_SLOB_LISTS; l++) {
		pfn_t prev = PFN_NONE, pfn = slob_list(m, l)->head;

		for (; pfn != PFN_NONE; prev = pfn, pfn = pfn_to_page(m, pfn)->lru.next) {
			if (pfn >= m->max_pfn || pfn_to_page(m, pfn)->lru.prev != prev)
				return mm_error(e, -EUCLEAN, "a list of SLOB's runs astray at pfn %u",
						pfn);
			err = audit_page(m, pfn, l, e);
			if (err)
				return err;
		}
		if (slob_list(m, l)->tail != prev)
			return mm_error(e, -EUCLEAN, "list %u of SLOB's has the wrong tail", l);
	}
	return 0;
}

/* ---- loading a state ---- */

pfn_t slob_first_page(const struct machine *m, enum slob_list l)
{
	return slob_list(m, l)->head;
}

int slob_load_page(struct machine *m, pfn_t pfn, enum slob_list l, const struct slob_block *b,
		   unsigned n)
{
	struct page *p = pfn_to_page(m, pfn);
	unsigned end = 0, units = 0;

	for (unsigned i = 0; i < n; i++) {
		if ((i && b[i].off < end) || !b[i].units || b[i].off >= SLOB_PAGE_UNITS ||
		    b[i].units > SLOB_PAGE_UNITS - b[i].off)
			return -EINVAL;
		end = b[i].off + b[i].units;
		units += b[i].units;
	}
	if (!units || l >= NR_SLOB_LISTS)
		return -EINVAL;
	slab_claim_pages(m, NULL, pfn, 0);
	p->flags |= PG(slob_free);
	p->units = (int)units;
	p->slob_list = (uint16_t)(l + 1);
	page_list_add_tail(m, slob_list(m, l), 0, pfn);
	set_slob_first(m, pfn, b[0].off);
	for (unsigned i = 0; i < n; i++)
		slob_write(m, pfn, &(struct slob_block){
			b[i].off, b[i].units, i + 1 < n ? b[i + 1].off : SLOB_PAGE_UNITS});
	return 0;
}

const struct slab_ops slob_ops = {
	.name = "slob",
	.cache_flags = SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_PANIC | SLAB_DESTROY_BY_RCU,
	.never_merge = ~0u,
	.init = slob_init,
	.init_late = slob_init_late,
	.plan = slob_create,
	.create = slob_create,
	.shutdown = slob_shutdown,
	.release = slob_release,
	.shrink = slob_shutdown,
	.alloc = slob_cache_alloc,
	.free = slob_cache_free,
	.kmalloc = slob_kmalloc,
	.kfree = slob_kfree,
	.ksize = slob_ksize,
	.get_slabinfo = slob_get_slabinfo,
	.walk = slob_walk,
	.locate = slob_locate,
	.objects = slob_units,
	.free_order = slob_free_order,
	.audit = slob_audit,
};
