/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranges of kernel addresses: finding one, giving it back lazily, purging (vmalloc.md 1-4).
 * What is mapped into them is in vmap.c.
 */
#include "vmalloc.h"
#include <errno.h>
#include <mmsh/pgtable.h>
#include <mmsh/slab.h>

#define VMAP_AREA_BYTES(m) ((m)->arch->bits == 64 ? 104u : 52u)

static int by_start(const struct vmap_area *a, const struct vmap_area *b)
{
	return a->start < b->start ? -1 : a->start > b->start;
}

RB_GENERATE_INTERNAL(vmap_tree, vmap_area, tree, by_start, static __attribute__((unused)))
RB_GENERATE_INTERNAL(vmap_lazy_tree, vmap_area, lazy, by_start, static __attribute__((unused)))

/* ---- descriptors ---- */

static struct vmap_area *area_new(struct machine *m, vaddr_t start, vaddr_t end)
{
	struct vmalloc_state *v = m->vmalloc;
	struct vmap_area *va = SLIST_FIRST(&v->pool);

	if (va)
		SLIST_REMOVE_HEAD(&v->pool, next);
	else
		va = arena_alloc(&m->arena, sizeof(*va));
	if (va)
		*va = (struct vmap_area){.start = start, .end = end};
	return va;
}

static void area_release(struct machine *m, struct vmap_area *va)
{
	if (va->obj)
		kfree(m, va->obj);
	SLIST_INSERT_HEAD(&m->vmalloc->pool, va, next);
}

static void insert_vmap_area(struct machine *m, struct vmap_area *va)
{
	struct vmalloc_state *v = m->vmalloc;
	struct vmap_area *after;

	RB_INSERT(vmap_tree, &v->tree, va);
	after = RB_NEXT(vmap_tree, &v->tree, va);
	if (after)
		TAILQ_INSERT_BEFORE(after, va, list);
	else
		TAILQ_INSERT_TAIL(&v->list, va, list);
	v->nr_areas++;
}

/* ---- searching ---- */

/* The lowest area that ends at or above @addr. */
static struct vmap_area *first_ending_at(struct vmalloc_state *v, vaddr_t addr)
{
	struct vmap_area *n = RB_ROOT(&v->tree), *found = NULL;

	while (n) {
		if (n->end >= addr) {
			found = n;
			n = RB_LEFT(n, tree);
		} else {
			n = RB_RIGHT(n, tree);
		}
	}
	return found;
}

struct vmap_area *find_vmap_area(const struct machine *m, vaddr_t addr)
{
	struct vmap_area *n = m->vmalloc ? RB_ROOT(&m->vmalloc->tree) : NULL;

	while (n) {
		if (addr < n->start)
			n = RB_LEFT(n, tree);
		else if (addr >= n->end)
			n = RB_RIGHT(n, tree);
		else
			return n;
	}
	return NULL;
}

static vaddr_t round_to(vaddr_t x, uint64_t align)
{
	return (x + align - 1) & ~(align - 1);
}

static vaddr_t address_limit(const struct machine *m)
{
	return m->arch->bits == 64 ? UINT64_MAX : UINT32_MAX;
}

/* Where the search begins, by the cache or from @vstart. Returns: the first area to look at;
   NULL when nothing is in the way of *@addr. */
static struct vmap_area *search_start(struct vmalloc_state *v, uint64_t size, uint64_t align,
				      vaddr_t vstart, vaddr_t *addr, bool *forgot)
{
	bool forget = !v->free_vmap_cache || size < v->cached_hole_size ||
		      vstart < v->cached_vstart || align < v->cached_align;

	if (!forget) {
		*addr = round_to(v->free_vmap_cache->end, align);
		forget = *addr < vstart;
	}
	*forgot = forget;
	v->cached_vstart = vstart;
	v->cached_align = align;
	if (!forget)
		return v->free_vmap_cache;
	v->cached_hole_size = 0;
	v->free_vmap_cache = NULL;
	*addr = round_to(vstart, align);
	return first_ending_at(v, *addr);
}

/* One pass over the areas. Returns: whether [*@addr, + size) is free and below @vend. */
static bool search_hole(struct machine *m, uint64_t size, uint64_t align, vaddr_t vstart,
			vaddr_t vend, vaddr_t *addr)
{
	struct vmalloc_state *v = m->vmalloc;
	bool forgot;
	struct vmap_area *first = search_start(v, size, align, vstart, addr, &forgot);

	trace(m, TRACE_VMAP_SEARCH, .a = (int64_t)size, .b = (int64_t)align, .c = (int64_t)*addr,
	      .d = forgot);
	if (*addr > address_limit(m) - size)
		return false;
	while (first && *addr + size > first->start && *addr + size <= vend) {
		if (*addr + v->cached_hole_size < first->start)
			v->cached_hole_size = first->start - *addr;
		*addr = round_to(first->end, align);
		if (*addr > address_limit(m) - size)
			return false;
		first = TAILQ_NEXT(first, list);
	}
	return *addr + size <= vend;
}

int alloc_vmap_area(struct machine *m, uint64_t size, uint64_t align, vaddr_t vstart, vaddr_t vend,
		    struct vmap_area **out)
{
	struct vmalloc_state *v = m->vmalloc;
	struct vmap_area *va = area_new(m, 0, 0);
	vaddr_t addr;

	if (!va)
		return -ENOMEM;
	if (m->slab) {
		va->obj = kmalloc(m, VMAP_AREA_BYTES(m), GFP_KERNEL & GFP_RECLAIM_MASK);
		if (!va->obj) {
			area_release(m, va);
			return -ENOMEM;
		}
	}
	if (!search_hole(m, size, align, vstart, vend, &addr)) {
		purge_vmap_area_lazy(m);
		if (!search_hole(m, size, align, vstart, vend, &addr)) {
			trace(m, TRACE_VMAP_FULL, .a = (int64_t)size);
			area_release(m, va);
			return -EBUSY;
		}
	}
	va->start = addr;
	va->end = addr + size;
	insert_vmap_area(m, va);
	v->free_vmap_cache = va;
	trace(m, TRACE_VMAP_AREA, .a = (int64_t)va->start, .b = (int64_t)va->end);
	*out = va;
	return 0;
}

/* ---- giving back ---- */

/* For good: addresses can be had again. */
static void free_vmap_area(struct machine *m, struct vmap_area *va)
{
	struct vmalloc_state *v = m->vmalloc;

	if (v->free_vmap_cache) {
		if (va->end < v->cached_vstart)
			v->free_vmap_cache = NULL;
		else if (va->start <= v->free_vmap_cache->start)
			v->free_vmap_cache = TAILQ_PREV(va, vmap_list, list);
	}
	RB_REMOVE(vmap_tree, &v->tree, va);
	TAILQ_REMOVE(&v->list, va, list);
	v->nr_areas--;
	if (va->end > m->layout.vmalloc_start && va->end <= m->layout.vmalloc_end)
		v->pcpu_hole = max_of(v->pcpu_hole, va->end);
	area_release(m, va);
}

uint64_t lazy_max_pages(const struct machine *m)
{
	unsigned fls = 32 - (unsigned)__builtin_clz(m->nr_cpus);

	return fls * ((32ull << 20) >> PAGE_SHIFT);
}

static uint64_t purge(struct machine *m, bool sync)
{
	struct vmalloc_state *v = m->vmalloc;
	struct vmap_area *va, *next;
	uint64_t pages = 0, areas = 0;

	if (sync)
		purge_fragmented_blocks(m);
	RB_FOREACH_SAFE (va, vmap_lazy_tree, &v->lazy, next) {
		RB_REMOVE(vmap_lazy_tree, &v->lazy, va);
		pages += (va->end - va->start) >> PAGE_SHIFT;
		areas++;
		free_vmap_area(m, va);
	}
	v->lazy_nr -= pages;
	trace(m, TRACE_VMAP_PURGE, .a = (int64_t)pages, .b = (int64_t)areas, .verdict = sync);
	return pages;
}

uint64_t purge_vmap_area_lazy(struct machine *m)
{
	return purge(m, true);
}

void free_vmap_area_noflush(struct machine *m, struct vmap_area *va)
{
	struct vmalloc_state *v = m->vmalloc;

	va->flags |= VM_LAZY_FREE;
	RB_INSERT(vmap_lazy_tree, &v->lazy, va);
	v->lazy_nr += (va->end - va->start) >> PAGE_SHIFT;
	trace(m, TRACE_VMAP_LAZY, .a = (int64_t)va->start, .b = (int64_t)va->end,
	      .c = (int64_t)v->lazy_nr, .d = (int64_t)lazy_max_pages(m));
	if (v->lazy_nr > lazy_max_pages(m))
		purge(m, false);
}

/* ---- page tables of an area ---- */

int map_page(struct machine *m, vaddr_t addr, uint64_t pfn, uint64_t prot)
{
	if (m->arch->bits == 64)
		prot |= _PAGE_NX;
	return m->swapper_pg_dir ? pgtable_set(m, m->swapper_pg_dir, addr, PFN_PHYS(pfn) | prot) : 0;
}

void unmap_range(struct machine *m, vaddr_t start, vaddr_t end)
{
	for (vaddr_t a = start; m->swapper_pg_dir && a < end; a += PAGE_SIZE)
		pgtable_set(m, m->swapper_pg_dir, a, 0);
}

void free_unmap_vmap_area(struct machine *m, struct vmap_area *va)
{
	unmap_range(m, va->start, va->end);
	free_vmap_area_noflush(m, va);
}

/* ---- set-up, loading, audit ---- */

int vmalloc_init(struct machine *m)
{
	struct vmalloc_state *v = arena_alloc(&m->arena, sizeof(*v));

	if (!v)
		return -ENOMEM;
	m->vmalloc = v;
	RB_INIT(&v->tree);
	RB_INIT(&v->lazy);
	TAILQ_INIT(&v->list);
	SLIST_INIT(&v->pool);
	SLIST_INIT(&v->block_pool);
	v->pcpu_hole = m->layout.vmalloc_end;
	v->queue = arena_alloc(&m->arena, m->nr_cpus * sizeof(*v->queue));
	if (!v->queue)
		return -ENOMEM;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		TAILQ_INIT(&v->queue[cpu]);
	vmap_blocks_init(m);
	return 0;
}

struct vmap_area *vmap_area_add(struct machine *m, vaddr_t start, vaddr_t end, unsigned flags,
				unsigned vmflags)
{
	struct vmalloc_state *v = m->vmalloc;
	struct vmap_area *va = area_new(m, start, end);

	if (!va)
		return NULL;
	va->flags = flags;
	if (flags & VM_LAZY_FREE)
		RB_INSERT(vmap_lazy_tree, &v->lazy, va);
	if (flags & VM_VM_AREA) {
		va->vm = vm_struct_new(m);
		if (!va->vm)
			return NULL;
		va->vm->addr = start;
		va->vm->size = end - start;
		va->vm->flags = vmflags;
	}
	insert_vmap_area(m, va);
	return va;
}

/* Is exactly what belongs to the area mapped? */
static int audit_mapping(const struct machine *m, const struct vmap_area *va, struct mm_error *e)
{
	const struct vm_struct *vm = va->vm;
	pfn_t pfn = vm->first;
	uint64_t n = 0;

	for (; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next, n++) {
		phys_t pa;

		if (n >= vm->nr_pages || pfn_to_page(m, pfn)->_refcount <= 0)
			return mm_error(e, -EUCLEAN, "area 0x%llx: its pages do not add up",
					(unsigned long long)va->start);
		if (!pgtable_lookup(m, m->swapper_pg_dir, va->start + PFN_PHYS(n), &pa, NULL) ||
		    PFN_DOWN(pa) != pfn)
			return mm_error(e, -EUCLEAN, "area 0x%llx: page %llu is not mapped",
					(unsigned long long)va->start, (unsigned long long)n);
	}
	if (n != vm->nr_pages)
		return mm_error(e, -EUCLEAN, "area 0x%llx has %llu pages, and counts %llu",
				(unsigned long long)va->start, (unsigned long long)n,
				(unsigned long long)vm->nr_pages);
	return 0;
}

int vmalloc_audit(const struct machine *m, struct mm_error *e)
{
	struct vmalloc_state *v = m->vmalloc;
	struct vmap_area *va;
	uint64_t lazy = 0, areas = 0;
	vaddr_t last = 0;

	if (!v)
		return 0;
	TAILQ_FOREACH (va, &v->list, list) {
		int err;

		if (va->start >= va->end || va->start < last)
			return mm_error(e, -EUCLEAN, "vmap area 0x%llx overlaps another",
					(unsigned long long)va->start);
		last = va->end;
		areas++;
		if (va->flags & VM_LAZY_FREE)
			lazy += (va->end - va->start) >> PAGE_SHIFT;
		if (!(va->flags & VM_VM_AREA) || va->vm->first == PFN_NONE || !m->swapper_pg_dir)
			continue;
		err = audit_mapping(m, va, e);
		if (err)
			return err;
	}
	if (lazy != v->lazy_nr || areas != v->nr_areas)
		return mm_error(e, -EUCLEAN, "%llu lazily freed pages, counted %llu",
				(unsigned long long)lazy, (unsigned long long)v->lazy_nr);
	return 0;
}
