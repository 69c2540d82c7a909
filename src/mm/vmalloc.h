/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the address ranges (vmalloc.c) and what is mapped there (vmap.c). */
#ifndef MM_VMALLOC_H
#define MM_VMALLOC_H

#include <mmsh/vmalloc.h>

#define GFP_RECLAIM_MASK                                                                 \
	(__GFP_RECLAIM | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_NOWARN | __GFP_REPEAT |    \
	 __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | __GFP_NOMEMALLOC | __GFP_ATOMIC)

/* vmalloc.md 2. Returns: 0, -ENOMEM, or -EBUSY. */
int alloc_vmap_area(struct machine *m, uint64_t size, uint64_t align, vaddr_t vstart, vaddr_t vend,
		    struct vmap_area **out);
/* The area becomes lazy; too much of that, and everything lazy is purged. */
void free_vmap_area_noflush(struct machine *m, struct vmap_area *va);
void free_unmap_vmap_area(struct machine *m, struct vmap_area *va);

int map_page(struct machine *m, vaddr_t addr, uint64_t pfn, uint64_t prot);
void unmap_range(struct machine *m, vaddr_t start, vaddr_t end);

struct vm_struct *vm_struct_new(struct machine *m);
void vmap_blocks_init(struct machine *m);
/* Blocks whose every page handed out came back become lazy. */
void purge_fragmented_blocks(struct machine *m);

#endif
