/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tracepoints. The model never prints: whoever wants to know attaches a
 * listener. The first six events are the kernel's own kmem tracepoints
 * (proc-zones.md 8); the others tell how a decision was made, for `why`, and
 * what the machine reports, for dmesg. With nobody listening an event costs one
 * predictable branch.
 */
#ifndef MMSH_TRACE_H
#define MMSH_TRACE_H

#include <mmsh/types.h>

struct machine;

enum trace_id {
	/*			      pfn   order  mt	      mt2	 a	     b		  */
	TRACE_MM_PAGE_ALLOC,	   /* page  yes	   requested	-	 gfp	     PFN_NONE in pfn: failed */
	TRACE_MM_PAGE_FREE,	   /* page  yes	   -		-	 -			  */
	TRACE_MM_PAGE_FREE_BATCHED,/* page  0	   -		-	 cold			  */
	TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, /* page yes requested	-	 percpu_refill		  */
	TRACE_MM_PAGE_PCPU_DRAIN,  /* page  0	   list it goes to			  */
	TRACE_MM_PAGE_ALLOC_EXTFRAG, /* page wanted wanted   fallback	 fallback order, change_ownership */

	TRACE_ALLOC_BEGIN,	/* order, mt; a gfp, b high_zoneidx, c classzone_idx, zone: the node whose
				   zonelist it is, d the nodes that may serve, a bit each */
	TRACE_ATTEMPT,		/* a get_page_from_freelist: order; a alloc_flags, b enum trace_attempt */
	TRACE_ZONE,		/* zone, order; verdict (enum zone_verdict); a free pages as the test read them,
				   b mark after HIGH and HARDER, c lowmem_reserve used, d high-atomic pages held back */
	TRACE_FAIR_RESET,	/* zone; a the new batch */
	TRACE_PCP_HIT,		/* zone, mt; pfn taken; a pages left on all lists, verdict 1: cold */
	TRACE_PCP_REFILL,	/* zone, mt; a wanted, b got */
	TRACE_SPLIT,		/* zone, pfn of the upper half put back, order it has, mt */
	TRACE_TAKE,		/* zone, pfn, order of the free block taken, mt its list */
	TRACE_STEAL,		/* zone, pfn, order; mt wanted, mt2 from; a pages moved, b 1: the pageblock changes type */
	TRACE_PCP_FREE,		/* zone, pfn, mt of the list; a count after, b high; verdict 1: cold */
	TRACE_PCP_BULK,		/* zone; a pages to give back */
	TRACE_MERGE,		/* zone, pfn, pfn2 the mate, order of both */
	TRACE_PLACE,		/* zone, pfn, order, mt; verdict 1: at the tail */
	TRACE_HIGHATOMIC,	/* zone, pfn; a 1: pageblock reserved, 0: given back; b nr_reserved_highatomic */
	TRACE_SLOWPATH,		/* order; a enum slowpath_step, b its number if any */
	TRACE_WAKE_KSWAPD,	/* zone, order; a classzone_idx */
	TRACE_COMPACT_ZONE,	/* zone, order; a enum compact_result, b pages migrated, c mode */
	TRACE_MIGRATE,		/* pfn old, pfn2 new: whoever keeps PFNs of movable pages follows */

	TRACE_WARN_ALLOC_FAILED,/* order; a gfp; b reports suppressed before this one */
	TRACE_WARN_ORDER,	/* order; a gfp: "order >= MAX_ORDER", once a machine */
	TRACE_BAD_PAGE,		/* pfn; a enum bad_page_reason */
	TRACE_OOM,		/* order; a gfp; no task can be killed */
	TRACE_SEGFAULT,		/* pfn the PID; a address, b error code: a user's access that ends in SIGSEGV */
	TRACE_SYSCTL,		/* a enum sysctl_note: what the kernel logs when a sysctl is written */

	/* Small objects. The first four are the kernel's own; .cache is the cache's id. */
	TRACE_KMALLOC,		/* a address, b bytes asked for, c bytes given, d gfp; 0 in a: failed */
	TRACE_KMEM_CACHE_ALLOC,	/* the same */
	TRACE_KFREE,		/* a address */
	TRACE_KMEM_CACHE_FREE,	/* a address */
	TRACE_SLAB_STEP,	/* verdict enum slab_step */
	TRACE_SLAB_REPORT,	/* verdict enum slab_report */
	TRACE_KMAP,		/* pfn; a slot, b pkmap_count after; verdict 1: it had an address */
	TRACE_KUNMAP,		/* pfn; a slot, b pkmap_count after */
	TRACE_KMAP_FLUSH,	/* a slots that became free */
	TRACE_KMAP_WOKEN,	/* pfn; a the address that a sleeper got */
	TRACE_KMAP_ATOMIC,	/* pfn; a address, b depth after */
	TRACE_KUNMAP_ATOMIC,	/* a address, b depth after */
	TRACE_VMAP_SEARCH,	/* a size, b align, c address where the search began, d 1: the cache was forgotten */
	TRACE_VMAP_AREA,	/* a start, b end */
	TRACE_VMAP_LAZY,	/* a start, b end, c lazy pages after, d their limit */
	TRACE_VMAP_PURGE,	/* a pages freed, b areas freed; verdict 1: synchronous */
	TRACE_VMAP_FULL,	/* a size: no room, even after a purge */
	TRACE_VMALLOC_FAILED,	/* a bytes asked for, b bytes obtained, -1: no room for addresses; c gfp */
	TRACE_ZONELISTS,	/* built anew */
	TRACE_OFFLINED,		/* pfn, pfn2 the end; a 0 or why not */
	TRACE_MM_STEP,		/* verdict enum mm_step (<mmsh/mm_step.h>) */
	NR_TRACE_EVENTS
};

enum trace_attempt { ATTEMPT_FAST, ATTEMPT_MIN, ATTEMPT_NO_WATERMARKS, ATTEMPT_COMPACT, ATTEMPT_RECLAIM, ATTEMPT_DRAINED, ATTEMPT_OOM };

enum zone_verdict {
	ZONE_OK,	    /* mark met */
	ZONE_OK_NO_WATERMARKS, /* mark failed but does not count */
	ZONE_DEPLETED,	    /* its fair batch is used up */
	ZONE_OTHER_NODE,    /* fair pass ends at the local node */
	ZONE_DIRTY_LIMIT,   /* over its share of dirty pages */
	ZONE_LOW,	    /* too few free pages */
	ZONE_FRAGMENTED,    /* enough pages, but no block large enough */
	ZONE_EMPTY_HANDED,  /* mark met, yet nothing to take */
};

enum slowpath_step {
	SLOW_TOO_LARGE,
	SLOW_ENTER,	   /* b: alloc_flags */
	SLOW_NO_RECLAIM,   /* the caller cannot block */
	SLOW_COMPACT,	   /* b: enum compact_result */
	SLOW_RECLAIM,	   /* b: pages reclaimed */
	SLOW_DRAIN,
	SLOW_NORETRY,
	SLOW_RETRY,
	SLOW_OOM_REFUSED,  /* b: 0 order, 1 zone, 2 node, 3 no __GFP_FS */
	SLOW_OOM,
	SLOW_FOREVER,	   /* a real caller would wait here for ever */
	SLOW_FAIL,
};

enum bad_page_reason { BAD_MAPCOUNT, BAD_MAPPING, BAD_COUNT, BAD_FLAGS_AT_FREE, BAD_FLAGS_AT_PREP };

struct trace_event {
	uint8_t id, order;
	int8_t mt, mt2;
	uint8_t verdict, cpu;
	uint16_t zone; /* zone id */
	pfn_t pfn;
	union {
		pfn_t pfn2;
		uint32_t cache; /* id of a kmem_cache */
	};
	int64_t a, b, c, d;
};

struct trace_listener {
	void (*event)(struct trace_listener *l, struct machine *m, const struct trace_event *ev);
	uint64_t mask; /* bits 1 << id wanted */
	struct trace_listener *next;
};

/* The listener is the caller's and must outlive its attachment. Listeners are
   called in the order they were attached; they may not change the model. */
void trace_attach(struct machine *m, struct trace_listener *l);
void trace_detach(struct machine *m, struct trace_listener *l);
void trace_emit(struct machine *m, const struct trace_event *ev);

/* A listener that keeps the first @cap events since the last reset. */
struct trace_buffer {
	struct trace_listener l; /* first: a trace_listener is the buffer */
	struct trace_event *ev;
	unsigned n, cap;
	unsigned long dropped;
};
/* Returns: 0 or -ENOMEM. */
int trace_buffer_init(struct trace_buffer *b, unsigned cap, uint64_t mask);
void trace_buffer_free(struct trace_buffer *b);
static inline void trace_buffer_reset(struct trace_buffer *b)
{
	b->n = 0;
	b->dropped = 0;
}

#define TRACE_BIT(id) (1ull << (id))
#define TRACE_ALL (~0ull)
#define trace_on(m, ev) unlikely((m)->trace_mask &TRACE_BIT(ev))
#define trace(m, ev, ...)                                                                \
	do {                                                                             \
		if (trace_on(m, ev))                                                     \
			trace_emit(m, &(struct trace_event){.id = (ev), __VA_ARGS__});   \
	} while (0)

#endif
