/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's own mappings: vmalloc, vmap, ioremap, vm_map_ram (vmalloc.md).
 *
 *   vmap_area   a reserved range of kernel addresses; all are in one tree and one list
 *   vm_struct   what a vmalloc, vmap or ioremap keeps about its area
 *   guard       one page behind an area that is never mapped, so that overruns fault
 *   lazy        freed, but its addresses stay taken until a purge has flushed the TLB
 *   vmap_block  an area cut up by vm_map_ram for small mappings
 */
#ifndef MMSH_VMALLOC_H
#define MMSH_VMALLOC_H

#include <mmsh/gfp.h>
#include <mmsh/machine.h>
#include <sys/queue.h>
#include <sys/tree.h>

#define VM_LAZY_FREE 0x01u
#define VM_VM_AREA 0x04u

#define VM_IOREMAP 0x01u
#define VM_ALLOC 0x02u
#define VM_MAP 0x04u
#define VM_USERMAP 0x08u
#define VM_VPAGES 0x10u
#define VM_UNINITIALIZED 0x20u
#define VM_NO_GUARD 0x40u

struct vm_struct {
	vaddr_t addr;
	uint64_t size; /* guard page included */
	unsigned flags;
	uint64_t nr_pages;
	pfn_t first, last; /* its pages, in order, chained by their .lru; PFN_NONE: none */
	vaddr_t pages;	   /* where the kernel keeps the page array; 0: nowhere */
	phys_t phys_addr;
	const char *caller;
	vaddr_t obj; /* the object it costs */
};

struct vmap_block;

struct vmap_area {
	vaddr_t start, end;
	unsigned flags;
	RB_ENTRY(vmap_area) tree;
	RB_ENTRY(vmap_area) lazy; /* of those that a purge will free */
	TAILQ_ENTRY(vmap_area) list;
	SLIST_ENTRY(vmap_area) next; /* free, or about to be purged */
	struct vm_struct *vm;
	struct vmap_block *block; /* cut up by vm_map_ram */
	vaddr_t obj;		  /* the object it costs */
};

struct vmap_block {
	struct vmap_area *va;
	unsigned cpu;
	unsigned free, dirty; /* pages never handed out; pages given back */
	unsigned dirty_min, dirty_max;
	bool queued; /* on the CPU's queue: it has free pages */
	TAILQ_ENTRY(vmap_block) queue;
	SLIST_ENTRY(vmap_block) next;
};

RB_HEAD(vmap_tree, vmap_area);
RB_HEAD(vmap_lazy_tree, vmap_area);
TAILQ_HEAD(vmap_list, vmap_area);
SLIST_HEAD(vmap_pool, vmap_area);
TAILQ_HEAD(vmap_queue, vmap_block);

struct vmalloc_state {
	struct vmap_tree tree;
	struct vmap_lazy_tree lazy;
	struct vmap_list list; /* ascending */
	struct vmap_area *free_vmap_cache;
	uint64_t cached_hole_size, cached_align;
	vaddr_t cached_vstart, pcpu_hole;
	uint64_t lazy_nr; /* pages */
	unsigned block_bits; /* pages of a vmap block */
	struct vmap_queue *queue; /* [nr_cpus] */
	/* host structs not in use */
	struct vmap_pool pool;
	SLIST_HEAD(, vmap_block) block_pool;
	struct vm_struct *vm_pool; /* chained by .obj */
	unsigned long nr_areas;
};

int vmalloc_init(struct machine *m); /* by boot; 0 or -ENOMEM */

/*
 * vmalloc - @size bytes, virtually contiguous, of single pages
 *
 * @gfp: GFP_KERNEL | __GFP_HIGHMEM is what vmalloc() passes (VMALLOC_GFP).
 * Returns: 0 and *@addr; -EINVAL for size 0 or more than there is RAM; -EBUSY when there
 * is no range of addresses (even after a purge); -ENOMEM.
 */
#define VMALLOC_GFP (GFP_KERNEL | __GFP_HIGHMEM)
int vmalloc(struct machine *m, uint64_t size, gfp_t gfp, const char *caller, vaddr_t *addr);
/* Returns: 0; -EINVAL with @e: not page aligned, no area there, freed already, not a vmalloc. */
int vfree(struct machine *m, vaddr_t addr, struct mm_error *e);

/* Map given pages (NULL: reserve addresses only). */
int vmap(struct machine *m, const pfn_t *pages, unsigned count, const char *caller, vaddr_t *addr);
int vunmap(struct machine *m, vaddr_t addr, struct mm_error *e);

/* Device memory; @addr keeps the offset in the page. -EINVAL: RAM, size 0, wraps. */
int ioremap(struct machine *m, phys_t phys, uint64_t size, const char *caller, vaddr_t *addr,
	    struct mm_error *e);
int iounmap(struct machine *m, vaddr_t addr, struct mm_error *e);

/* Short mappings out of blocks (vmalloc.md 8). Up to @count pages; @pages may be NULL. */
int vm_map_ram(struct machine *m, const pfn_t *pages, unsigned count, vaddr_t *addr);
int vm_unmap_ram(struct machine *m, vaddr_t addr, unsigned count, struct mm_error *e);

/* Purge everything lazily freed, as a full window does. Returns: pages freed. */
uint64_t purge_vmap_area_lazy(struct machine *m);
/* How many lazy pages a free tolerates (vmalloc.md 4). */
uint64_t lazy_max_pages(const struct machine *m);
unsigned vmap_max_alloc(const struct machine *m);

/* The area that contains @addr, lazy ones included; NULL. */
struct vmap_area *find_vmap_area(const struct machine *m, vaddr_t addr);

/* For those who load a recorded state: an area as it is; NULL when the host has no memory. */
struct vmap_area *vmap_area_add(struct machine *m, vaddr_t start, vaddr_t end, unsigned flags,
				unsigned vmflags);

/* The same for a block in such an area, at the tail of @cpu's queue. -EINVAL: no such area. */
int vmap_block_add(struct machine *m, vaddr_t start, unsigned cpu, unsigned free, unsigned dirty);

/* Boot: the areas of machine.params.vm_area, with their pages and mappings; the next search
   goes on behind the last one. Returns: 0, -EINVAL with @e, -ENOMEM. */
int vmalloc_boot_areas(struct machine *m, struct mm_error *e);

/* Areas sorted and disjoint, page tables agree with them, pages accounted for. */
int vmalloc_audit(const struct machine *m, struct mm_error *e);

#endif
