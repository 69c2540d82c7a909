/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tellers of `why` share; for src/proc only. A teller tells s->ev and moves it on. */
#ifndef WHY_STORY_H
#define WHY_STORY_H

#include <mmsh/machine.h>
#include <mmsh/trace.h>

struct story {
	const struct machine *m;
	const struct trace_event *ev, *end;
	struct strbuf *out;
	bool in_alloc, in_compaction; /* frees are then not the caller's, and only counted */
	int alloc_flags;	      /* of the current attempt; -1: none */
	unsigned low, fragmented;     /* zones that the current attempt refused, and why */
	unsigned merges;	      /* told in one line when compaction has ended */
	const struct trace_event *fault; /* the last that began */
	unsigned faults;
};

/*
 * A step's text from its row. In it stand for the event's numbers:
 *   %a %b %c %d  decimal        %A %B %C %D  addresses
 *   %s %t %u     the plural s of a, b, c
 *   %p %q        pfn, pfn2      %o %e        order, and as the name of an errno
 * and for all other letters what @put writes.
 */
void story_text(struct story *s, const char *text,
		void (*put)(struct story *s, const struct trace_event *ev, char letter));

/* Page numbers as they come, in ranges: "223232-223262, 40". */
struct ranges {
	struct strbuf *out;
	pfn_t first, last;
	unsigned n; /* ranges begun */
};
void range_add(struct ranges *r, pfn_t pfn);
void range_end(struct ranges *r);

typedef void story_teller(struct story *s);
story_teller tell_vmap_search, tell_vmap_area, tell_vmap_lazy, tell_vmap_purge, tell_vmap_full;
story_teller tell_vmalloc_failed;
story_teller tell_kmap, tell_kunmap, tell_kmap_flush, tell_kmap_woken, tell_kmap_atomic;
story_teller tell_kunmap_atomic;
story_teller tell_slab_step, tell_slab_report, tell_object, tell_kfree;
story_teller tell_mm_step;
/* Of why_fault.c, for rows of tell_mm_step(). */
story_teller tell_fault, tell_walk, tell_area, tell_cache, tell_fault_done, tell_fork;
story_teller tell_stack_grows, tell_switch_slots;
/* "[stack]", "/bin/cat", "an area" for one without a name: what the current task has at @va or
   first above it. */
const char *area_name_at(const struct story *s, vaddr_t va);
const char *prot_text(uint64_t vm_flags);

#endif
