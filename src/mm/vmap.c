/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies in the kernel's own ranges (vmalloc.md 3, 5-8): vmalloc and its pages, vmap,
 * ioremap, and the blocks of vm_map_ram.
 */
#include "page_alloc.h"
#include "vmalloc.h"
#include <errno.h>
#include <mmsh/pgtable.h>
#include <mmsh/slab.h>
#include <string.h>

#define VM_STRUCT_BYTES(m) ((m)->arch->bits == 64 ? 64u : 32u)
#define IOREMAP_MAX_ORDER(m) ((m)->arch->bits == 64 ? 30 : (m)->arch->pmd_shift)
#define ISA_START 0xA0000ull
#define ISA_END 0x100000ull

/* ---- areas with a vm_struct ---- */

struct vm_struct *vm_struct_new(struct machine *m)
{
	struct vm_struct *vm = m->vmalloc->vm_pool;

	if (vm)
		m->vmalloc->vm_pool = (struct vm_struct *)(uintptr_t)vm->obj;
	else
		vm = arena_alloc(&m->arena, sizeof(*vm));
	if (vm)
		*vm = (struct vm_struct){.first = PFN_NONE, .last = PFN_NONE};
	return vm;
}

static void vm_struct_release(struct machine *m, struct vm_struct *vm)
{
	if (vm->obj)
		kfree(m, vm->obj);
	vm->obj = (vaddr_t)(uintptr_t)m->vmalloc->vm_pool;
	m->vmalloc->vm_pool = vm;
}

/* vmalloc.md 3: size, guard and alignment. Returns: 0 and the area, with its vm_struct. */
static int get_vm_area(struct machine *m, uint64_t size, uint64_t align, unsigned flags, gfp_t gfp,
		       const char *caller, struct vmap_area **out)
{
	struct vm_struct *vm;
	int err;

	if (flags & VM_IOREMAP)
		align = 1ull << clamp_of((int)(64 - __builtin_clzll(size)), PAGE_SHIFT,
					 (int)IOREMAP_MAX_ORDER(m));
	size = ROUND_UP(size, PAGE_SIZE);
	if (!size)
		return -EINVAL;
	vm = vm_struct_new(m);
	if (!vm)
		return -ENOMEM;
	if (m->slab) {
		vm->obj = kzalloc(m, VM_STRUCT_BYTES(m), gfp & GFP_RECLAIM_MASK);
		if (!vm->obj) {
			vm_struct_release(m, vm);
			return -ENOMEM;
		}
	}
	if (!(flags & VM_NO_GUARD))
		size += PAGE_SIZE;
	err = alloc_vmap_area(m, size, align, m->layout.vmalloc_start, m->layout.vmalloc_end, out);
	if (err) {
		vm_struct_release(m, vm);
		return err;
	}
	vm->addr = (*out)->start;
	vm->size = size;
	vm->flags = flags;
	vm->caller = caller;
	(*out)->vm = vm;
	(*out)->flags |= VM_VM_AREA;
	return 0;
}

/* The area loses its owner, its mappings, and becomes lazy. Returns: the owner. */
static struct vm_struct *remove_vm_area(struct machine *m, struct vmap_area *va)
{
	struct vm_struct *vm = va->vm;

	va->vm = NULL;
	va->flags &= ~VM_VM_AREA;
	free_unmap_vmap_area(m, va);
	return vm;
}

/* ---- vmalloc ---- */

static void chain_page(struct machine *m, struct vm_struct *vm, pfn_t pfn)
{
	pfn_to_page(m, pfn)->lru.next = PFN_NONE;
	pfn_to_page(m, pfn)->owner = PAGE_OF_KERNEL;
	if (vm->first == PFN_NONE)
		vm->first = pfn;
	else
		pfn_to_page(m, vm->last)->lru.next = pfn;
	vm->last = pfn;
	vm->nr_pages++;
}

/* The page array: where the kernel keeps it, and what it would hold. */
static int alloc_page_array(struct machine *m, struct vm_struct *vm, uint64_t nr, gfp_t gfp)
{
	uint64_t bytes = nr * (m->arch->bits / 8);

	if (bytes > PAGE_SIZE) {
		vm->flags |= VM_VPAGES;
		return vmalloc(m, bytes, (gfp & GFP_RECLAIM_MASK) | __GFP_ZERO | __GFP_HIGHMEM,
			       vm->caller, &vm->pages);
	}
	if (!m->slab)
		return 0;
	vm->pages = kzalloc(m, bytes, gfp & GFP_RECLAIM_MASK);
	return vm->pages ? 0 : -ENOMEM;
}

static void note_page(struct machine *m, const struct vm_struct *vm, uint64_t i, pfn_t pfn)
{
	unsigned word = m->arch->bits / 8;
	vaddr_t page = m->layout.page_offset + m->boot.mem_map + (uint64_t)pfn * m->arch->struct_page_size;
	unsigned char *at = vm->pages ? kernel_addr_to_host(m, vm->pages + i * word) : NULL;

	if (at)
		memcpy(at, &page, word);
}

static void warn_failed(struct machine *m, uint64_t asked, int64_t obtained, gfp_t gfp)
{
	unsigned suppressed;

	if (warn_ratelimit(m, &suppressed))
		trace(m, TRACE_VMALLOC_FAILED, .a = (int64_t)asked, .b = obtained, .c = gfp,
		      .d = suppressed);
}

/* Pages still to come from each node, taken in turns, as the kernel does at boot. */
struct area_nodes {
	uint32_t left[MAX_NUMNODES];
	unsigned next;
};

static int64_t alloc_area_page(struct machine *m, gfp_t gfp, struct area_nodes *nodes)
{
	for (unsigned i = 0; nodes && i < m->nr_nodes; i++) {
		unsigned nid = nodes->next++ % m->nr_nodes;

		if (!nodes->left[nid])
			continue;
		nodes->left[nid]--;
		return alloc_pages_node(m, (int)nid, gfp | __GFP_NOWARN, 0);
	}
	return alloc_pages(m, gfp | __GFP_NOWARN, 0);
}

/* @nodes: where its pages are to be; NULL: as the policy says. Returns: 0, or -ENOMEM with what
   was obtained chained to the vm_struct. */
static int alloc_area_pages(struct machine *m, struct vm_struct *vm, uint64_t nr, gfp_t gfp,
			    struct area_nodes *nodes)
{
	vaddr_t addr = vm->addr;

	for (uint64_t i = 0; i < nr; i++) {
		int64_t pfn = alloc_area_page(m, gfp, nodes);

		if (pfn < 0)
			return -ENOMEM;
		chain_page(m, vm, (pfn_t)pfn);
		note_page(m, vm, i, (pfn_t)pfn);
	}
	for (pfn_t pfn = vm->first; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next) {
		int err = map_page(m, addr, pfn, PAGE_KERNEL);

		if (err)
			return err;
		addr += PAGE_SIZE;
	}
	return 0;
}

static void release_vmalloc(struct machine *m, struct vmap_area *va)
{
	struct vm_struct *vm = remove_vm_area(m, va);

	while (vm->first != PFN_NONE) {
		pfn_t pfn = vm->first;

		vm->first = pfn_to_page(m, pfn)->lru.next;
		__free_pages(m, pfn, 0);
	}
	if (vm->flags & VM_VPAGES)
		vfree(m, vm->pages, NULL);
	else if (vm->pages)
		kfree(m, vm->pages);
	vm_struct_release(m, vm);
}

int vmalloc(struct machine *m, uint64_t size, gfp_t gfp, const char *caller, vaddr_t *addr)
{
	uint64_t nr = PFN_UP(size);
	struct vmap_area *va;
	int err = -EINVAL;

	if (nr && nr <= m->totalram_pages)
		err = get_vm_area(m, size, 1, VM_ALLOC | VM_UNINITIALIZED, gfp, caller, &va);
	if (err) {
		warn_failed(m, size, -1, gfp);
		return err;
	}
	err = alloc_page_array(m, va->vm, nr, gfp);
	if (err) {
		vm_struct_release(m, remove_vm_area(m, va));
		return err;
	}
	err = alloc_area_pages(m, va->vm, nr, gfp, NULL);
	if (err) {
		warn_failed(m, va->vm->size, (int64_t)PFN_PHYS(va->vm->nr_pages), gfp);
		release_vmalloc(m, va);
		return err;
	}
	va->vm->flags &= ~VM_UNINITIALIZED;
	*addr = va->start;
	return 0;
}

static int boot_area(struct machine *m, const struct vm_boot_area *b, struct vmap_area *va)
{
	unsigned kinds = VM_ALLOC | VM_IOREMAP | VM_MAP;
	struct area_nodes nodes = {.next = 0};
	int err = 0;

	va->vm->caller = arena_strdup(&m->arena, b->caller);
	va->vm->phys_addr = b->phys;
	memcpy(nodes.left, b->on_node, sizeof(nodes.left));
	if ((b->flags & kinds) == VM_ALLOC && b->pages)
		return alloc_area_pages(m, va->vm, b->pages, VMALLOC_GFP, &nodes);
	for (vaddr_t a = b->start; b->phys && a < b->end - PAGE_SIZE && !err; a += PAGE_SIZE)
		err = map_page(m, a, PFN_DOWN(b->phys + (a - b->start)), PAGE_KERNEL | _PAGE_PCD);
	return err;
}

int vmalloc_boot_areas(struct machine *m, struct mm_error *e)
{
	struct vmap_area *va = NULL;

	for (unsigned i = 0; i < m->params.nr_vm_areas; i++) {
		const struct vm_boot_area *b = &m->params.vm_area[i];

		if (b->start < m->layout.vmalloc_start || b->end > m->layout.vmalloc_end ||
		    (va && b->start < va->end) || b->pages > PFN_DOWN(b->end - b->start))
			return mm_error(e, -EINVAL, "vmallocinfo: 0x%llx-0x%llx does not fit this machine",
					(unsigned long long)b->start, (unsigned long long)b->end);
		va = vmap_area_add(m, b->start, b->end, VM_VM_AREA, b->flags);
		if (!va || boot_area(m, b, va))
			return mm_error(e, -ENOMEM, "vmallocinfo: no memory for 0x%llx-0x%llx",
					(unsigned long long)b->start, (unsigned long long)b->end);
	}
	if (va) {
		m->vmalloc->free_vmap_cache = va;
		m->vmalloc->cached_vstart = m->layout.vmalloc_start;
		m->vmalloc->cached_align = 1;
	}
	return 0;
}

/* The area that a free means: one with an owner of a kind in @kinds. */
static int find_owned_area(struct machine *m, vaddr_t addr, unsigned kinds, const char *what,
			   struct vmap_area **out, struct mm_error *e)
{
	struct vmap_area *va = find_vmap_area(m, addr);

	if (addr & (PAGE_SIZE - 1))
		return mm_error(e, -EINVAL, "0x%llx is no page address", (unsigned long long)addr);
	if (!va)
		return mm_error(e, -EINVAL, "no area holds 0x%llx", (unsigned long long)addr);
	if (!(va->flags & VM_VM_AREA) && va->block)
		return mm_error(e, -EINVAL, "0x%llx is in a block of vm_map_ram", (unsigned long long)addr);
	if (!(va->flags & VM_VM_AREA))
		return mm_error(e, -EINVAL, "0x%llx was freed already: its area waits for a purge",
				(unsigned long long)addr);
	if (addr != va->start)
		return mm_error(e, -EINVAL, "0x%llx is inside the area at 0x%llx",
				(unsigned long long)addr, (unsigned long long)va->start);
	if (!(va->vm->flags & kinds))
		return mm_error(e, -EINVAL, "0x%llx does not come from %s", (unsigned long long)addr, what);
	*out = va;
	return 0;
}

int vfree(struct machine *m, vaddr_t addr, struct mm_error *e)
{
	struct vmap_area *va;
	int err = find_owned_area(m, addr, VM_ALLOC, "vmalloc", &va, e);

	if (!err)
		release_vmalloc(m, va);
	return err;
}

/* ---- vmap, ioremap ---- */

int vmap(struct machine *m, const pfn_t *pages, unsigned count, const char *caller, vaddr_t *addr)
{
	struct vmap_area *va;
	int err;

	if (!count || count > m->totalram_pages)
		return -EINVAL;
	err = get_vm_area(m, PFN_PHYS(count), 1, VM_MAP, GFP_KERNEL, caller, &va);
	if (err)
		return err;
	for (unsigned i = 0; pages && i < count && !err; i++)
		err = map_page(m, va->start + PFN_PHYS(i), pages[i], PAGE_KERNEL);
	if (err) {
		vm_struct_release(m, remove_vm_area(m, va));
		return err;
	}
	*addr = va->start;
	return 0;
}

int vunmap(struct machine *m, vaddr_t addr, struct mm_error *e)
{
	struct vmap_area *va;
	int err = find_owned_area(m, addr, VM_MAP, "vmap", &va, e);

	if (!err)
		vm_struct_release(m, remove_vm_area(m, va));
	return err;
}

int ioremap(struct machine *m, phys_t phys, uint64_t size, const char *caller, vaddr_t *addr,
	    struct mm_error *e)
{
	phys_t last = phys + size - 1, start = phys & ~(phys_t)(PAGE_SIZE - 1);
	uint64_t bytes = ROUND_UP(last + 1, PAGE_SIZE) - start;
	struct vmap_area *va;
	int err;

	if (!size || last < phys)
		return mm_error(e, -EINVAL, "size 0x%llx at 0x%llx", (unsigned long long)size,
				(unsigned long long)phys);
	if (last >> m->arch->max_phys_bits)
		return mm_error(e, -EINVAL, "invalid physical address 0x%llx", (unsigned long long)last);
	if (phys >= ISA_START && last <= ISA_END) {
		*addr = m->layout.page_offset + phys;
		return 0;
	}
	for (uint64_t pfn = PFN_DOWN(start); pfn < PFN_DOWN(start + bytes); pfn++)
		if (pfn_is_ram(m, pfn) && !page_is_reserved(m, (pfn_t)pfn))
			return mm_error(e, -EINVAL, "0x%llx is RAM", (unsigned long long)PFN_PHYS(pfn));
	err = get_vm_area(m, bytes, 1, VM_IOREMAP, GFP_KERNEL, caller, &va);
	if (err)
		return mm_error(e, err, err == -EBUSY ? "no addresses left" : "no memory");
	va->vm->phys_addr = start;
	for (uint64_t off = 0; off < bytes && !err; off += PAGE_SIZE)
		err = map_page(m, va->start + off, PFN_DOWN(start + off), PAGE_KERNEL | _PAGE_PCD);
	if (err) {
		vm_struct_release(m, remove_vm_area(m, va));
		return mm_error(e, err, "no memory for page tables");
	}
	*addr = va->start + (phys - start);
	return 0;
}

int iounmap(struct machine *m, vaddr_t addr, struct mm_error *e)
{
	struct vmap_area *va;
	int err;

	if (is_lowmem_addr(m, addr))
		return 0;
	err = find_owned_area(m, addr & ~(vaddr_t)(PAGE_SIZE - 1), VM_IOREMAP, "ioremap", &va, e);
	if (!err)
		vm_struct_release(m, remove_vm_area(m, va));
	return err;
}

/* ---- vm_map_ram ---- */

unsigned vmap_max_alloc(const struct machine *m)
{
	return m->arch->bits;
}

static unsigned order_of(unsigned count)
{
	return count <= 1 ? 0 : 32 - (unsigned)__builtin_clz(count - 1);
}

void vmap_blocks_init(struct machine *m)
{
	uint64_t space = m->arch->bits == 64 ? 128ull << 30 : 128ull << 20;
	uint64_t cpus = 1ull << order_of(max_of(m->nr_cpus, 4u)); /* NR_CPUS is at least 4 */

	m->vmalloc->block_bits = (unsigned)clamp_of((space >> PAGE_SHIFT) / cpus / 16,
						    2ull * vmap_max_alloc(m), 1024ull);
}

static void block_release(struct machine *m, struct vmap_block *vb)
{
	struct vmap_area *va = vb->va;

	if (vb->queued)
		TAILQ_REMOVE(&m->vmalloc->queue[vb->cpu], vb, queue);
	va->block = NULL;
	SLIST_INSERT_HEAD(&m->vmalloc->block_pool, vb, next);
	free_vmap_area_noflush(m, va);
}

static int block_new(struct machine *m, struct vmap_block **out)
{
	struct vmalloc_state *v = m->vmalloc;
	uint64_t bytes = PFN_PHYS(v->block_bits);
	struct vmap_block *vb = SLIST_FIRST(&v->block_pool);
	int err;

	if (vb)
		SLIST_REMOVE_HEAD(&v->block_pool, next);
	else
		vb = arena_alloc(&m->arena, sizeof(*vb));
	if (!vb)
		return -ENOMEM;
	*vb = (struct vmap_block){.cpu = m->cpu, .free = v->block_bits, .dirty_min = v->block_bits};
	err = alloc_vmap_area(m, bytes, bytes, m->layout.vmalloc_start, m->layout.vmalloc_end, &vb->va);
	if (err) {
		SLIST_INSERT_HEAD(&v->block_pool, vb, next);
		return err;
	}
	vb->va->block = vb;
	vb->queued = true;
	TAILQ_INSERT_TAIL(&v->queue[m->cpu], vb, queue);
	*out = vb;
	return 0;
}

int vmap_block_add(struct machine *m, vaddr_t start, unsigned cpu, unsigned free, unsigned dirty)
{
	struct vmalloc_state *v = m->vmalloc;
	struct vmap_area *va = find_vmap_area(m, start);
	struct vmap_block *vb;

	if (!va || va->start != start || va->block || (va->flags & VM_VM_AREA) ||
	    va->end - va->start != PFN_PHYS(v->block_bits) || free + dirty > v->block_bits)
		return -EINVAL;
	vb = arena_alloc(&m->arena, sizeof(*vb));
	if (!vb)
		return -ENOMEM;
	*vb = (struct vmap_block){.va = va, .cpu = cpu, .free = free, .dirty = dirty, .queued = true};
	va->block = vb;
	TAILQ_INSERT_TAIL(&v->queue[cpu], vb, queue);
	return 0;
}

/* Parts are handed out in order and never again: a block only ages. */
static int block_take(struct machine *m, unsigned pages, vaddr_t *addr)
{
	struct vmalloc_state *v = m->vmalloc;
	struct vmap_block *vb;
	int err;

	TAILQ_FOREACH (vb, &v->queue[m->cpu], queue)
		if (vb->free >= pages)
			break;
	if (!vb) {
		err = block_new(m, &vb);
		if (err)
			return err;
	}
	*addr = vb->va->start + PFN_PHYS(v->block_bits - vb->free);
	vb->free -= pages;
	if (!vb->free) {
		TAILQ_REMOVE(&v->queue[vb->cpu], vb, queue);
		vb->queued = false;
	}
	return 0;
}

void purge_fragmented_blocks(struct machine *m)
{
	struct vmalloc_state *v = m->vmalloc;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct vmap_block *vb, *next;

		TAILQ_FOREACH_SAFE (vb, &v->queue[cpu], queue, next)
			if (vb->free + vb->dirty == v->block_bits && vb->dirty != v->block_bits)
				block_release(m, vb);
	}
}

int vm_map_ram(struct machine *m, const pfn_t *pages, unsigned count, vaddr_t *addr)
{
	struct vmap_area *va = NULL;
	int err;

	if (!count || count > m->totalram_pages)
		return -EINVAL;
	if (count <= vmap_max_alloc(m)) {
		err = block_take(m, 1u << order_of(count), addr);
	} else {
		err = alloc_vmap_area(m, PFN_PHYS(count), PAGE_SIZE, m->layout.vmalloc_start,
				      m->layout.vmalloc_end, &va);
		if (!err)
			*addr = va->start;
	}
	for (unsigned i = 0; pages && i < count && !err; i++) {
		err = map_page(m, *addr + PFN_PHYS(i), pages[i], PAGE_KERNEL);
		if (err)
			vm_unmap_ram(m, *addr, count, NULL);
	}
	return err;
}

int vm_unmap_ram(struct machine *m, vaddr_t addr, unsigned count, struct mm_error *e)
{
	struct vmap_area *va = find_vmap_area(m, addr);
	unsigned pages, at;

	if (!va || (va->flags & (VM_VM_AREA | VM_LAZY_FREE)) || (addr & (PAGE_SIZE - 1)))
		return mm_error(e, -EINVAL, "0x%llx is no vm_map_ram mapping", (unsigned long long)addr);
	if (!va->block) {
		if (addr != va->start || PFN_PHYS(count) != va->end - va->start)
			return mm_error(e, -EINVAL, "the mapping at 0x%llx has %llu pages",
					(unsigned long long)va->start,
					(unsigned long long)PFN_DOWN(va->end - va->start));
		free_unmap_vmap_area(m, va);
		return 0;
	}
	at = (unsigned)PFN_DOWN(addr - va->start);
	pages = 1u << order_of(min_of(count, m->vmalloc->block_bits + 1));
	if (!count || at + pages > m->vmalloc->block_bits - va->block->free ||
	    va->block->dirty + pages > m->vmalloc->block_bits)
		return mm_error(e, -EINVAL, "0x%llx: %u pages were not mapped there",
				(unsigned long long)addr, count);
	unmap_range(m, addr, addr + PFN_PHYS(count));
	va->block->dirty_min = min_of(va->block->dirty_min, at);
	va->block->dirty_max = max_of(va->block->dirty_max, at + pages);
	va->block->dirty += pages;
	if (va->block->dirty == m->vmalloc->block_bits)
		block_release(m, va->block);
	return 0;
}
