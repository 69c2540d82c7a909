/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tellers of the kernel's own ranges: where an area went, and what kmap found. */
#include "files.h"
#include "why_story.h"
#include <mmsh/gfp.h>
#include <mmsh/highmem.h>
#include <mmsh/vmalloc.h>

typedef unsigned long long ull;

#define MAX_HOLES 8

/* ---- holes ---- */

/* The hole at hand, and the area that the next one may lie behind. */
struct hole {
	vaddr_t start, end, limit;
	const struct vmap_area *next;
};

static struct hole holes_between(const struct machine *m, vaddr_t from, vaddr_t to)
{
	return (struct hole){from, from, to, TAILQ_FIRST(&m->vmalloc->list)};
}

/* Returns: false at the end. */
static bool next_hole(struct hole *h)
{
	h->start = h->end;
	while (h->next && h->next->start <= h->start) {
		h->start = max_of(h->start, h->next->end);
		h->next = TAILQ_NEXT(h->next, list);
	}
	h->end = h->next ? min_of(h->next->start, h->limit) : h->limit;
	return h->start < h->limit;
}

static uint64_t hole_size(const struct hole *h)
{
	return h->end - h->start;
}

/* What the search came by on its way to @to. */
static void tell_passed(struct story *s, vaddr_t from, vaddr_t to)
{
	struct hole h = holes_between(s->m, from, to), largest = {0};
	struct vmap_area *va;
	unsigned holes = 0, lazy = 0;

	while (next_hole(&h)) {
		holes++;
		if (hole_size(&h) > hole_size(&largest))
			largest = h;
	}
	TAILQ_FOREACH (va, &s->m->vmalloc->list, list)
		lazy += va->flags & VM_LAZY_FREE && va->end <= to;
	if (holes)
		strbuf_addf(s->out, "  %u hole%s passed, too small; the largest 0x%llx-0x%llx (%llu kB)\n",
			    holes, holes == 1 ? "" : "s", (ull)largest.start, (ull)largest.end,
			    (ull)hole_size(&largest) >> 10);
	if (lazy)
		strbuf_addf(s->out,
			    "  %u area%s below it %s freed, but not yet purged: the addresses are "
			    "still taken\n",
			    lazy, lazy == 1 ? "" : "s", lazy == 1 ? "is" : "are");
}

/* The largest holes of the whole range, the largest first. */
static void tell_holes(struct story *s)
{
	const struct vm_layout *l = &s->m->layout;
	struct hole h = holes_between(s->m, l->vmalloc_start, l->vmalloc_end), best[MAX_HOLES];
	unsigned n = 0, all = 0;

	while (next_hole(&h)) {
		unsigned i;

		all++;
		if (n < MAX_HOLES)
			n++;
		else if (hole_size(&h) <= hole_size(&best[n - 1]))
			continue;
		for (i = n - 1; i && hole_size(&h) > hole_size(&best[i - 1]); i--)
			best[i] = best[i - 1];
		best[i] = h;
	}
	strbuf_addf(s->out, "  the range 0x%llx-0x%llx has %u hole%s%s\n", (ull)l->vmalloc_start,
		    (ull)l->vmalloc_end, all, all == 1 ? "" : "s",
		    all > n ? "; the largest of them:" : n ? ":" : "");
	for (unsigned i = 0; i < n; i++)
		strbuf_addf(s->out, "    0x%llx-0x%llx  %llu kB\n", (ull)best[i].start,
			    (ull)best[i].end, (ull)hole_size(&best[i]) >> 10);
}

/* ---- areas ---- */

static bool next_is(const struct story *s, enum trace_id id)
{
	return s->ev < s->end && s->ev->id == id;
}

#define VMAP_EVENTS \
	(TRACE_BIT(TRACE_VMAP_SEARCH) | TRACE_BIT(TRACE_VMAP_AREA) | TRACE_BIT(TRACE_VMAP_LAZY) | \
	 TRACE_BIT(TRACE_VMAP_PURGE) | TRACE_BIT(TRACE_VMAP_FULL) | TRACE_BIT(TRACE_VMALLOC_FAILED))

/* What lies before the next step is the freeing of descriptors. */
static void skip_to_step(struct story *s)
{
	while (s->ev < s->end && !(VMAP_EVENTS & TRACE_BIT(s->ev->id)))
		s->ev++;
}

void tell_vmap_search(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "addresses for 0x%llx bytes (%llu pages)", (ull)ev->a,
		    (ull)ev->a >> PAGE_SHIFT);
	if ((uint64_t)ev->b > PAGE_SIZE)
		strbuf_addf(s->out, ", aligned to 0x%llx", (ull)ev->b);
	strbuf_addf(s->out, "\n  search from 0x%llx, %s\n", (ull)ev->c,
		    ev->d ? "the lowest address: what the last search found is of no help"
			  : "behind the area that was found last");
	if (next_is(s, TRACE_VMAP_AREA))
		tell_passed(s, (vaddr_t)ev->c, (vaddr_t)s->ev->a);
	else
		strbuf_addf(s->out, "  nothing up to the end, 0x%llx\n", (ull)s->m->layout.vmalloc_end);
	if (!next_is(s, TRACE_VMAP_AREA))
		skip_to_step(s);
}

static void tell_pages(struct story *s, const char *what, unsigned n, struct strbuf *pfns)
{
	if (n)
		strbuf_addf(s->out, "  %u page%s%s: pfn %s\n", n, n == 1 ? "" : "s", what,
			    strbuf_str(pfns));
}

/* The pages that go into the area, then those of page tables; one that could not be had is left
   to the tellers of allocations. */
static void tell_area_pages(struct story *s)
{
	struct strbuf text[2] = {STRBUF_INIT, STRBUF_INIT};
	struct ranges r[2] = {{.out = &text[0]}, {.out = &text[1]}};
	const struct trace_event *begin = NULL;
	unsigned n[2] = {0};

	for (; s->ev < s->end && !(VMAP_EVENTS & TRACE_BIT(s->ev->id)); s->ev++) {
		const struct trace_event *ev = s->ev;

		if (ev->id == TRACE_ALLOC_BEGIN)
			begin = ev;
		if (ev->id != TRACE_MM_PAGE_ALLOC)
			continue;
		if (ev->pfn == PFN_NONE)
			break;
		if (!(ev->a & __GFP_NOTRACK) || ev->a & __GFP_REPEAT) {
			unsigned table = ev->a & __GFP_NOTRACK ? 1 : 0;

			range_add(&r[table], ev->pfn);
			n[table]++;
		}
	}
	for (unsigned i = 0; i < 2; i++)
		range_end(&r[i]);
	tell_pages(s, "", n[0], &text[0]);
	tell_pages(s, " of page tables", n[1], &text[1]);
	strbuf_free(&text[0]);
	strbuf_free(&text[1]);
	if (begin && next_is(s, TRACE_MM_PAGE_ALLOC))
		s->ev = begin;
}

void tell_vmap_area(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "=> 0x%llx-0x%llx\n", (ull)ev->a, (ull)ev->b);
	tell_area_pages(s);
}

/* Its pages follow, each freed on its own. */
static void tell_area_frees(struct story *s)
{
	struct strbuf text = STRBUF_INIT;
	struct ranges r = {.out = &text};
	unsigned n = 0;

	for (; s->ev < s->end && !(VMAP_EVENTS & TRACE_BIT(s->ev->id)); s->ev++) {
		if (s->ev->id != TRACE_MM_PAGE_FREE)
			continue;
		range_add(&r, s->ev->pfn);
		n++;
	}
	range_end(&r);
	tell_pages(s, " freed", n, &text);
	strbuf_free(&text);
}

void tell_vmap_lazy(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "0x%llx-0x%llx is unmapped, and its addresses wait for a purge\n",
		    (ull)ev->a, (ull)ev->b);
	strbuf_addf(s->out, "  %llu pages wait now; more than %llu are purged at once\n", (ull)ev->c,
		    (ull)ev->d);
	if (!next_is(s, TRACE_VMAP_PURGE))
		tell_area_frees(s);
}

void tell_vmap_purge(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "  purge%s: %llu area%s of %llu pages can be had again\n",
		    ev->verdict ? ", as there was no room" : ", as too many wait", (ull)ev->b,
		    ev->b == 1 ? "" : "s", (ull)ev->a);
	if (!ev->verdict)
		tell_area_frees(s);
}

void tell_vmap_full(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "=> no room for 0x%llx bytes (%llu kB)\n", (ull)ev->a, (ull)ev->a >> 10);
	tell_holes(s);
	skip_to_step(s);
}

void tell_vmalloc_failed(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	if (ev->b >= 0)
		strbuf_addf(s->out, "=> vmalloc fails with %llu of %llu bytes; they are given back\n",
			    (ull)ev->b, (ull)ev->a);
	else
		strbuf_addf(s->out, "=> vmalloc of %llu bytes fails\n", (ull)ev->a);
}

/* ---- kmap ---- */

void tell_kmap(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "kmap of pfn %u: ", ev->pfn);
	if (ev->verdict)
		strbuf_addf(s->out, "it has slot %d already; its count is now %d\n", (int)ev->a,
			    (int)ev->b);
	else
		strbuf_addf(s->out,
			    "slot %d is the next that is free, at 0x%llx; its count is now %d\n",
			    (int)ev->a, (ull)s->m->layout.pkmap_base + PFN_PHYS((uint64_t)ev->a),
			    (int)ev->b);
}

void tell_kunmap(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "kunmap of pfn %u: the count of slot %d is now %d%s\n", ev->pfn, (int)ev->a,
		    (int)ev->b,
		    ev->b == 1 ? ": no users, but it stays mapped until the search wraps and flushes"
			       : "");
}

void tell_kmap_flush(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	if (ev->a)
		strbuf_addf(s->out, "the search wraps: %d slot%s without users %s flushed\n", (int)ev->a,
			    ev->a == 1 ? "" : "s", ev->a == 1 ? "is" : "are");
	else
		strbuf_adds(s->out, "the search wraps: no slot is without users\n");
}

void tell_kmap_woken(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "  the caller that waited with pfn %u wakes up, and has 0x%llx\n", ev->pfn,
		    (ull)ev->a);
}

void tell_kmap_atomic(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "kmap_atomic of pfn %u: slot %d of cpu %u's %d, at 0x%llx\n", ev->pfn,
		    (int)ev->b - 1, ev->cpu, KM_TYPE_NR, (ull)ev->a);
}

void tell_kunmap_atomic(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "kunmap_atomic of 0x%llx: slot %d of cpu %u is empty again\n", (ull)ev->a,
		    (int)ev->b, ev->cpu);
}
