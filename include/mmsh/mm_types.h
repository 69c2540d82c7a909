/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * struct page and the lists that pages stand in.
 *
 * The page array is indexed by PFN whatever the memory model, and it is only
 * touched where something happened: an all-zero struct page is an interior page
 * of some block, or a page that nobody ever looked at. So zero must mean
 * "refcount 0, nobody maps it, on no list".
 *
 * Lists link pages by PFN. A list is written head first; allocation takes from
 * the head. Free blocks of the largest order are not linked through their
 * struct page but through the dense array machine.top, one entry a block, so
 * that a fresh machine touches next to none of the page array.
 */
#ifndef MMSH_MM_TYPES_H
#define MMSH_MM_TYPES_H

#include <mmsh/types.h>

/* Page flag bits (buddy.md 1), numbered as on IA-32. */
enum pageflags {
	PG_locked,
	PG_error,
	PG_referenced,
	PG_uptodate,
	PG_dirty,
	PG_lru,
	PG_active,
	PG_slab,
	PG_owner_priv_1,
	PG_arch_1,
	PG_reserved,
	PG_private,
	PG_private_2,
	PG_writeback,
	PG_head,
	PG_swapcache,
	PG_mappedtodisk,
	PG_reclaim,
	PG_swapbacked,
	PG_unevictable,
	PG_mlocked,
	NR_PAGEFLAGS,
	/* Of the model alone: a tail of a compound page, whose .index is the head's
	   PFN (the kernel tags a pointer in the tail instead). */
	PG_tail = 31,
};

#define PG(name) (1u << PG_##name)

/* Flags that make freeing refuse a page (buddy.md 1). */
#define PAGE_FLAGS_CHECK_AT_FREE                                                         \
	(PG(lru) | PG(locked) | PG(private) | PG(private_2) | PG(writeback) |            \
	 PG(reserved) | PG(slab) | PG(swapcache) | PG(active) | PG(unevictable) |        \
	 PG(mlocked))

/*
 * .block of a page that heads a block, free or allocated:
 *   bit 31     the block is free and on a buddy list (the kernel: _mapcount -128)
 *   bit 30     the page is on a per-CPU list
 *   bits 8-15  the zone's id (node * MAX_NR_ZONES + zone index)
 *   bits 0-3   the order
 * So "is the mate a free block of this order in this zone" is one comparison.
 */
#define BLOCK_BUDDY 0x80000000u
#define BLOCK_PCP 0x40000000u
#define BLOCK_ZONE_SHIFT 8
#define block_free(zone_id, order) (BLOCK_BUDDY | (zone_id) << BLOCK_ZONE_SHIFT | (order))
#define block_order(b) ((b)&0xf)
#define block_zone(b) ((b) >> BLOCK_ZONE_SHIFT & 0xff)

/* Where a page stands in a list; PFN_NONE at the ends. */
struct page_links {
	pfn_t next, prev;
};

/*
 * Slab pages. The first page of a slab keeps the slab's state in fields that others use for
 * other things, as the kernel overlays them; PG_slab tells. They are zero again (.lru aside)
 * before the page is freed.
 */
struct page {
	uint32_t flags;	   /* PG_* */
	uint32_t block;	   /* above; 0 for interior pages */
	int32_t _refcount; /* holders; 0 while free and in interior pages */
	union {
		int32_t mapcount; /* page table entries (the kernel's _mapcount + 1) */
		struct {	  /* SLUB */
			uint16_t inuse; /* objects not on the slab's freelist */
			uint16_t objects : 15, frozen : 1;
		};
		struct { /* SLAB: objects in use; offset of object 0 in the slab */
			uint32_t active : 8, s_mem : 24;
		};
		int32_t units; /* SLOB: free ones */
	};
	union {
		struct page_links lru; /* free list, pcp list, LRU, list of slabs */
		struct {	       /* SLUB: in a CPU's stack of partial slabs */
			pfn_t next;
			int16_t pages, pobjects; /* from here down */
		};
	};
	union {
		uint32_t index; /* buddy head: the list's migratetype. pcp: the cached one.
				   PG_tail: the head's PFN */
		uint32_t freelist_lo; /* see page_freelist() */
	};
	union {
		uint32_t owner; /* the caller's own number (0: none); follows a migration */
		struct {
			uint16_t freelist_hi;
			union {
				uint16_t slab_cache; /* the cache's id */
				uint16_t slob_list;  /* SLOB: 1 + number of its list */
			};
		};
	};
};

/* In .owner, for pages that only who allocated them may free: vmalloc's, and page
   tables. */
#define PAGE_OF_KERNEL 0x40000000u

/* A slab's freelist: an address (SLUB first free object, SLAB the index array, SLOB the first
   free block). 48 bits are enough for every address there is; bit 47 is the sign. */
static inline vaddr_t page_freelist(const struct page *p)
{
	return (vaddr_t)((int64_t)((uint64_t)p->freelist_hi << 48 |
				   (uint64_t)p->freelist_lo << 16) >> 16);
}

static inline void set_page_freelist(struct page *p, vaddr_t v)
{
	p->freelist_lo = (uint32_t)v;
	p->freelist_hi = (uint16_t)(v >> 32);
}

/* A doubly linked list of pages; PFN_NONE when empty. */
struct page_list {
	pfn_t head, tail;
};

/* A block of the largest order, free ones linked by PFN as pages are. */
struct top_block {
	struct page_links lru;
	uint32_t block; /* block_free(zone, MAX_ORDER - 1), or 0 while not free */
	uint32_t mt;	/* the list it stands on */
};

#endif
