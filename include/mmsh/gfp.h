/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation flags of Linux 4.4 (buddy.md 2). There is no __GFP_WAIT any more. */
#ifndef MMSH_GFP_H
#define MMSH_GFP_H

#include <mmsh/types.h>

#define __GFP_DMA 0x1u
#define __GFP_HIGHMEM 0x2u
#define __GFP_DMA32 0x4u
#define __GFP_MOVABLE 0x8u
#define __GFP_RECLAIMABLE 0x10u
#define __GFP_HIGH 0x20u
#define __GFP_IO 0x40u
#define __GFP_FS 0x80u
#define __GFP_COLD 0x100u
#define __GFP_NOWARN 0x200u
#define __GFP_REPEAT 0x400u
#define __GFP_NOFAIL 0x800u
#define __GFP_NORETRY 0x1000u
#define __GFP_MEMALLOC 0x2000u
#define __GFP_COMP 0x4000u
#define __GFP_ZERO 0x8000u
#define __GFP_NOMEMALLOC 0x10000u
#define __GFP_HARDWALL 0x20000u
#define __GFP_THISNODE 0x40000u
#define __GFP_ATOMIC 0x80000u
#define __GFP_NOACCOUNT 0x100000u
#define __GFP_NOTRACK 0x200000u
#define __GFP_DIRECT_RECLAIM 0x400000u
#define __GFP_OTHER_NODE 0x800000u
#define __GFP_WRITE 0x1000000u
#define __GFP_KSWAPD_RECLAIM 0x2000000u
#define __GFP_BITS_MASK 0x3ffffffu

#define __GFP_RECLAIM (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_ATOMIC (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT __GFP_KSWAPD_RECLAIM
#define GFP_NOIO __GFP_RECLAIM
#define GFP_NOFS (__GFP_RECLAIM | __GFP_IO)
#define GFP_KERNEL (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_TEMPORARY (GFP_KERNEL | __GFP_RECLAIMABLE)
#define GFP_USER (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_TRANSHUGE                                                                    \
	((GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NORETRY |         \
	  __GFP_NOWARN) & ~__GFP_KSWAPD_RECLAIM)
#define GFP_DMA __GFP_DMA
#define GFP_DMA32 __GFP_DMA32

#define GFP_ZONEMASK 0xfu
#define GFP_MOVABLE_MASK (__GFP_RECLAIMABLE | __GFP_MOVABLE)

/* The names that a command line takes, composites first; ended by a NULL name. */
struct gfp_name {
	const char *name;
	gfp_t flags;
};
extern const struct gfp_name gfp_names[];

/*
 * gfp_parse - read `GFP_KERNEL|__GFP_NOWARN`, `0x24000c0` or a mix of both
 *
 * Returns: 0 and *@gfp; -EINVAL with @e naming the word that is no flag, or the
 * zone bits that exclude each other (buddy.md 2.3).
 */
int gfp_parse(const char *text, gfp_t *gfp, struct mm_error *e);

/*
 * gfp_format - the mask as the names a programmer would write: the largest
 * composite first, then the bits left over
 *
 * Returns: @buf. 512 bytes are always enough.
 */
char *gfp_format(gfp_t gfp, char *buf, size_t size);

#endif
