/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The trace of one operation, told step by step: what was tried, with which numbers, what was
 * taken or merged, and why it came out as it did. What repeats is told once, with a count.
 */
#include "files.h"
#include "why_story.h"
#include <mmsh/compaction.h>
#include <mmsh/gfp.h>
#include <mmsh/page_alloc.h>
#include <mmsh/why.h>

static const char *mt_name(int mt)
{
	return mt >= 0 && mt < MIGRATE_TYPES ? migratetype_names[mt] : "?";
}

static const struct zone *zone_of(const struct story *s, const struct trace_event *ev)
{
	return s->m->zone_by_id[ev->zone];
}

static void zone_name(struct story *s, const struct trace_event *ev)
{
	const struct zone *z = zone_of(s, ev);

	if (s->m->nr_nodes > 1)
		strbuf_addf(s->out, "node %d ", z->nid);
	strbuf_adds(s->out, z->name);
}

static bool is_id(const struct story *s, const struct trace_event *ev, uint64_t mask)
{
	return ev < s->end && mask & TRACE_BIT(ev->id);
}

/* The end of the run of events of @mask that starts at @ev. */
static const struct trace_event *run_end(const struct story *s, const struct trace_event *ev,
					 uint64_t mask)
{
	while (is_id(s, ev, mask))
		ev++;
	return ev;
}

#define MAX_RANGES 6

static void range_flush(struct ranges *r)
{
	if (!r->n || r->n > MAX_RANGES)
		return;
	strbuf_addf(r->out, r->n > 1 ? ", %u" : "%u", r->first);
	if (r->last != r->first)
		strbuf_addf(r->out, "-%u", r->last);
}

void range_add(struct ranges *r, pfn_t pfn)
{
	if (r->n && pfn == r->last + 1) {
		r->last = pfn;
		return;
	}
	range_flush(r);
	r->first = r->last = pfn;
	r->n++;
}

void range_end(struct ranges *r)
{
	range_flush(r);
	if (r->n > MAX_RANGES)
		strbuf_adds(r->out, ", ...");
}

/* ---- the walk over the zones ---- */

static void tell_alloc_begin(struct story *s)
{
	const struct trace_event *ev = s->ev++;
	unsigned nid = ev->zone;
	const struct zoneref *ref;
	char gfp[512];
	const char *sep = "";

	s->in_alloc = true;
	strbuf_addf(s->out, "alloc order %u (%u page%s), %s: %s", ev->order, 1u << ev->order,
		    ev->order ? "s" : "", gfp_format((gfp_t)ev->a, gfp, sizeof(gfp)),
		    mt_name(ev->mt));
	if (ev->a & __GFP_THISNODE)
		ref = s->m->node[nid]->zonelist[ZONELIST_NOFALLBACK].first[ev->b];
	else
		ref = s->m->node[nid]->zonelist[ZONELIST_FALLBACK].first[ev->b];
	strbuf_adds(s->out, "; zones ");
	for (; ref && ref->zone; ref++) {
		if (ref->idx > ev->b || !(ev->d >> ref->zone->nid & 1))
			continue;
		strbuf_adds(s->out, sep);
		if (s->m->nr_nodes > 1)
			strbuf_addf(s->out, "%d:", ref->zone->nid);
		strbuf_adds(s->out, ref->zone->name);
		sep = ", ";
	}
	strbuf_addc(s->out, '\n');
}

static const char *const attempt_text[] = {
	[ATTEMPT_FAST] = "first try",
	[ATTEMPT_MIN] = "second try",
	[ATTEMPT_NO_WATERMARKS] = "try with the reserves open",
	[ATTEMPT_COMPACT] = "try after compaction",
	[ATTEMPT_RECLAIM] = "try after reclaim",
	[ATTEMPT_DRAINED] = "try after the drain",
	[ATTEMPT_OOM] = "try before the OOM killer",
};

static const char *const mark_name[] = {"min", "low", "high", "?"};

static void tell_attempt(struct story *s)
{
	const struct trace_event *ev = s->ev++;
	int flags = (int)ev->a;

	s->alloc_flags = flags;
	s->low = s->fragmented = 0;
	strbuf_addf(s->out, "%s: ", attempt_text[ev->b]);
	if (flags & ALLOC_NO_WATERMARKS)
		strbuf_adds(s->out, "no watermarks");
	else
		strbuf_addf(s->out, "%s mark", mark_name[flags & ALLOC_WMARK_MASK]);
	if (flags & ALLOC_HIGH)
		strbuf_adds(s->out, ", halved (__GFP_HIGH)");
	if (flags & ALLOC_HARDER)
		strbuf_adds(s->out, ", a quarter less (harder)");
	if (flags & ALLOC_FAIR)
		strbuf_adds(s->out, ", zones take turns");
	strbuf_addc(s->out, '\n');
}

/* "low 1161 + reserve 1087 = 2248": the mark as the test used it. */
static long tell_mark(struct story *s, const struct trace_event *ev)
{
	const struct zone *z = zone_of(s, ev);
	long base = z->watermark[s->alloc_flags & ALLOC_WMARK_MASK], high = 0, harder = 0;
	bool sum = false;

	if (s->alloc_flags & ALLOC_HIGH)
		high = base / 2;
	if (s->alloc_flags & ALLOC_HARDER)
		harder = (base - high) / 4;
	if (s->alloc_flags < 0 || base - high - harder != ev->b) {
		strbuf_addf(s->out, "mark %ld", (long)ev->b);
	} else {
		strbuf_addf(s->out, "%s %ld", mark_name[s->alloc_flags & ALLOC_WMARK_MASK], base);
		if (high)
			strbuf_addf(s->out, " - %ld", high);
		if (harder)
			strbuf_addf(s->out, " - %ld", harder);
		sum = high || harder;
	}
	if (ev->c)
		strbuf_addf(s->out, " + reserve %ld", (long)ev->c);
	if (sum || ev->c)
		strbuf_addf(s->out, " = %ld", (long)(ev->b + ev->c));
	return (long)(ev->b + ev->c);
}

static void tell_watermark(struct story *s, const struct trace_event *ev)
{
	long others = (1l << ev->order) - 1, free = (long)ev->a - others - (long)ev->d;
	bool above = ev->verdict == ZONE_OK || ev->verdict == ZONE_FRAGMENTED;

	strbuf_addf(s->out, "free %ld", (long)ev->a);
	if (others)
		strbuf_addf(s->out, " - %ld", others);
	if (ev->d)
		strbuf_addf(s->out, " - %ld kept for atomic requests", (long)ev->d);
	if (others || ev->d)
		strbuf_addf(s->out, " = %ld", free);
	strbuf_adds(s->out, above ? " > " : " <= ");
	tell_mark(s, ev);
}

static void tell_zone(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_adds(s->out, "  ");
	zone_name(s, ev);
	strbuf_adds(s->out, ": ");
	switch (ev->verdict) {
	case ZONE_OK:
		tell_watermark(s, ev);
		strbuf_adds(s->out, ": ok\n");
		break;
	case ZONE_OK_NO_WATERMARKS:
		tell_watermark(s, ev);
		strbuf_adds(s->out, ": below, but it does not count\n");
		break;
	case ZONE_LOW:
		s->low++;
		tell_watermark(s, ev);
		strbuf_adds(s->out, ": too few\n");
		break;
	case ZONE_FRAGMENTED:
		s->fragmented++;
		tell_watermark(s, ev);
		strbuf_addf(s->out, ", but no free block of order %u or more\n", ev->order);
		break;
	case ZONE_DEPLETED:
		strbuf_adds(s->out, "has had its turn (fair batch used up)\n");
		break;
	case ZONE_OTHER_NODE:
		strbuf_adds(s->out, "another node: the turn taking ends here\n");
		break;
	case ZONE_DIRTY_LIMIT:
		strbuf_adds(s->out, "over its share of dirty pages\n");
		break;
	default:
		s->fragmented++;
		strbuf_addf(s->out, "nothing to take for order %u\n", ev->order);
		break;
	}
}

static void tell_fair_reset(struct story *s)
{
	const char *sep = " (";

	strbuf_adds(s->out, "every zone gets a new fair batch");
	for (; is_id(s, s->ev, TRACE_BIT(TRACE_FAIR_RESET)); s->ev++) {
		if (!populated_zone(zone_of(s, s->ev)))
			continue;
		strbuf_adds(s->out, sep);
		zone_name(s, s->ev);
		strbuf_addf(s->out, " %ld", (long)s->ev->a);
		sep = ", ";
	}
	strbuf_adds(s->out,
		    *sep == ',' ? "); the walk starts again\n" : "; the walk starts again\n");
	s->low = s->fragmented = 0;
}

/* ---- taking blocks ---- */

#define TAKE_EVENTS                                                                \
	(TRACE_BIT(TRACE_STEAL) | TRACE_BIT(TRACE_TAKE) | TRACE_BIT(TRACE_SPLIT) | \
	 TRACE_BIT(TRACE_MM_PAGE_ALLOC_EXTFRAG) | TRACE_BIT(TRACE_MM_PAGE_ALLOC_ZONE_LOCKED))

/* What one removal from the buddy lists consists of. */
struct take {
	const struct trace_event *steal, *take, *extfrag, *locked;
	const struct trace_event *split; /* the first of a run */
	unsigned nr_split;
};

/* Reads one removal. Returns: the event behind it. */
static const struct trace_event *take_read(const struct story *s, const struct trace_event *ev,
					   struct take *t)
{
	*t = (struct take){0};
	while (is_id(s, ev, TAKE_EVENTS) && !t->locked) {
		switch (ev->id) {
		case TRACE_STEAL:
			t->steal = ev;
			break;
		case TRACE_TAKE:
			t->take = ev;
			break;
		case TRACE_SPLIT:
			if (!t->nr_split++)
				t->split = ev;
			break;
		case TRACE_MM_PAGE_ALLOC_EXTFRAG:
			t->extfrag = ev;
			break;
		default:
			t->locked = ev;
			break;
		}
		ev++;
	}
	return ev;
}

static void tell_steal(struct story *s, const struct take *t)
{
	unsigned order = s->m->pageblock_order;
	const struct trace_event *st = t->steal;
	unsigned block;

	if (!st) {
		strbuf_addf(s->out, "      smaller than order %u: only this block is taken\n",
			    order / 2);
		return;
	}
	block = st->pfn >> order;
	if (st->order >= order)
		strbuf_addf(s->out, "      it fills pageblock %u, which becomes %s\n", block,
			    mt_name(st->mt));
	else if (st->b)
		strbuf_addf(s->out,
			    "      %ld free pages of pageblock %u move to %s: half of it or more, "
			    "so the pageblock becomes %s\n",
			    (long)st->a, block, mt_name(st->mt), mt_name(st->mt));
	else
		strbuf_addf(s->out,
			    "      %ld free pages of pageblock %u move to %s: less than half, "
			    "so the pageblock keeps its type\n",
			    (long)st->a, block, mt_name(st->mt));
}

static void tell_splits(struct story *s, const struct take *t)
{
	const struct trace_event *ev = t->split;

	if (!t->nr_split)
		return;
	strbuf_addf(s->out, "      split %u time%s; free upper halves (order@pfn):", t->nr_split,
		    t->nr_split > 1 ? "s" : "");
	for (unsigned i = 0; i < t->nr_split; i++)
		strbuf_addf(s->out, " %u@%u", ev[i].order, ev[i].pfn);
	strbuf_addc(s->out, '\n');
}

static void tell_take(struct story *s, const struct take *t)
{
	if (!t->take) {
		strbuf_adds(s->out, "    no block large enough is left\n");
		return;
	}
	if (t->extfrag) {
		strbuf_addf(s->out,
			    "    no free %s block: falls back to the largest %s block, order %u at "
			    "pfn %u\n",
			    mt_name(t->extfrag->mt), mt_name(t->take->mt), t->take->order,
			    t->take->pfn);
		tell_steal(s, t);
	} else {
		strbuf_addf(s->out, "    takes the first %s block of order %u, pfn %u\n",
			    mt_name(t->take->mt), t->take->order, t->take->pfn);
	}
	tell_splits(s, t);
}

/* Blocks worth a line of their own in a refill; more are counted. */
#define MAX_REFILL_BLOCKS 4

/* Whether the same refill made @take's block, by a split. */
static bool is_remainder(const struct trace_event *from, const struct trace_event *take)
{
	for (; from < take; from++)
		if (from->id == TRACE_SPLIT && from->pfn == take->pfn && from->order == take->order)
			return true;
	return false;
}

/* The pages of a refill come from a few blocks: those are told, the rest is a list. */
static void tell_refill(struct story *s, const struct trace_event *refill)
{
	struct ranges r = {.out = s->out};
	const struct trace_event *ev = s->ev;
	unsigned blocks = 0;
	struct take t;

	strbuf_addf(s->out, "    cpu %u's %s list is empty: refill, batch %ld, got %ld\n",
		    refill->cpu, mt_name(refill->mt), (long)refill->a, (long)refill->b);
	while (ev < refill) {
		ev = take_read(s, ev, &t);
		if (!t.take || (!t.nr_split && !t.extfrag) || is_remainder(s->ev, t.take) ||
		    ++blocks > MAX_REFILL_BLOCKS)
			continue;
		tell_take(s, &t);
	}
	if (blocks > MAX_REFILL_BLOCKS)
		strbuf_addf(s->out, "    ... and %u more blocks\n", blocks - MAX_REFILL_BLOCKS);
	if (!refill->b)
		return;
	strbuf_adds(s->out, "    pages got: ");
	for (ev = s->ev; ev < refill; ev++)
		if (ev->id == TRACE_MM_PAGE_ALLOC_ZONE_LOCKED && ev->pfn != PFN_NONE)
			range_add(&r, ev->pfn);
	range_end(&r);
	strbuf_addc(s->out, '\n');
}

static void tell_takes(struct story *s)
{
	const struct trace_event *end = run_end(s, s->ev, TAKE_EVENTS);
	struct take t;

	if (is_id(s, end, TRACE_BIT(TRACE_PCP_REFILL))) {
		tell_refill(s, end);
		s->ev = end + 1;
		return;
	}
	while (s->ev < end) {
		s->ev = take_read(s, s->ev, &t);
		tell_take(s, &t);
	}
}

static void tell_pcp_hit(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "    from cpu %u's %s list, its %s: pfn %u; count is now %ld\n",
		    ev->cpu, mt_name(ev->mt), ev->verdict ? "tail (cold)" : "head", ev->pfn,
		    (long)ev->a);
}

static void tell_highatomic(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "    pageblock %u of ", ev->pfn >> s->m->pageblock_order);
	zone_name(s, ev);
	strbuf_addf(s->out,
		    ev->a ? " is now kept for high-order atomic requests; %ld pages kept\n"
			  : " is no longer kept for atomic requests; %ld pages kept\n",
		    (long)ev->b);
}

/* ---- the slow path ---- */

static const char *const compact_text[] = {
	[COMPACT_DEFERRED] = "deferred, it failed lately",
	[COMPACT_SKIPPED] = "skipped, it could not help",
	[COMPACT_CONTINUE] = "made no suitable block",
	[COMPACT_PARTIAL] = "stopped early: a block may be there",
	[COMPACT_COMPLETE] = "went through the whole zone",
};

static const char *compact_result(int64_t res)
{
	return res >= 0 && res < (int64_t)ARRAY_SIZE(compact_text) ? compact_text[res] : "?";
}

static const char *const slow_text[] = {
	[SLOW_TOO_LARGE] = "no block is that large: refused at once",
	[SLOW_ENTER] = "slow path",
	[SLOW_NO_RECLAIM] = "the caller cannot wait (no __GFP_DIRECT_RECLAIM): gives up",
	[SLOW_COMPACT] = "direct compaction: ",
	[SLOW_RECLAIM] = "direct reclaim: ",
	[SLOW_DRAIN] = "all per-CPU lists go back to the buddy lists",
	[SLOW_NORETRY] = "__GFP_NORETRY: no second round",
	[SLOW_RETRY] = "once more from the start of the slow path",
	[SLOW_OOM_REFUSED] = "no task is killed for it: ",
	[SLOW_OOM] = "out of memory, and no task to kill",
	[SLOW_FOREVER] = "a real caller would wait here for ever",
	[SLOW_FAIL] = "gives up",
};

static const char *const oom_refused_text[] = {"the order is above 3", "the zone is below Normal",
					       "__GFP_THISNODE", "no __GFP_FS"};

static void tell_slowpath(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	if (ev->a == SLOW_FAIL)
		return; /* the result says it */
	strbuf_adds(s->out, slow_text[ev->a]);
	switch (ev->a) {
	case SLOW_COMPACT:
		strbuf_adds(s->out, compact_result(ev->b));
		break;
	case SLOW_RECLAIM:
		if (ev->b)
			strbuf_addf(s->out, "progress %ld", (long)ev->b);
		else
			strbuf_adds(s->out, "nothing to reclaim");
		break;
	case SLOW_OOM_REFUSED:
		strbuf_adds(s->out, oom_refused_text[ev->b & 3]);
		break;
	default:
		break;
	}
	strbuf_addc(s->out, '\n');
}

static void tell_wake_kswapd(struct story *s)
{
	const char *sep = " ";

	strbuf_adds(s->out, "kswapd is woken for");
	for (; is_id(s, s->ev, TRACE_BIT(TRACE_WAKE_KSWAPD)); s->ev++) {
		strbuf_adds(s->out, sep);
		zone_name(s, s->ev);
		sep = ", ";
	}
	strbuf_addc(s->out, '\n');
}

static void tell_compact_zone(struct story *s)
{
	static const char *const mode[] = {"async", "sync light", "sync"};
	const struct trace_event *ev = s->ev++;

	strbuf_adds(s->out, "  compaction of ");
	zone_name(s, ev);
	strbuf_addf(s->out, " (%s): %s; %ld pages moved", mode[(unsigned long)ev->c % 3],
		    compact_result(ev->a), (long)ev->b);
	if (s->merges)
		strbuf_addf(s->out, ", %u merges", s->merges);
	strbuf_addc(s->out, '\n');
	s->merges = 0;
	s->in_compaction = false;
}

static void tell_result(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	s->in_alloc = false;
	if (ev->pfn != PFN_NONE) {
		strbuf_addf(s->out, "=> pfn %u", ev->pfn);
		if (ev->order)
			strbuf_addf(s->out, "-%u", ev->pfn + (1u << ev->order) - 1);
	} else if (ev->order >= MAX_ORDER) {
		strbuf_addf(s->out, "=> failed: the largest order is %d", MAX_ORDER - 1);
	} else if (s->fragmented) {
		strbuf_addf(
			s->out,
			"=> failed: fragmentation; %u of %u zones had enough pages, none a block "
			"of order %u",
			s->fragmented, s->fragmented + s->low, ev->order);
	} else {
		strbuf_adds(s->out, "=> failed: no zone has that many pages above its mark");
	}
	strbuf_addc(s->out, '\n');
}

static void tell_report(struct story *s)
{
	s->ev++;
	strbuf_adds(s->out, "the kernel log has a report (dmesg)\n");
}

/* ---- freeing ---- */

#define FREE_EVENTS                                                                              \
	(TRACE_BIT(TRACE_MM_PAGE_FREE) | TRACE_BIT(TRACE_PCP_FREE) | TRACE_BIT(TRACE_PCP_BULK) | \
	 TRACE_BIT(TRACE_MERGE) | TRACE_BIT(TRACE_PLACE) | TRACE_BIT(TRACE_MM_PAGE_PCPU_DRAIN))

#define BUDDY_EVENTS \
	(TRACE_BIT(TRACE_MERGE) | TRACE_BIT(TRACE_PLACE) | TRACE_BIT(TRACE_MM_PAGE_PCPU_DRAIN))

static void tell_free(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "free order %u, pfn %u", ev->order, ev->pfn);
	if (ev->order)
		strbuf_addf(s->out, "-%u", ev->pfn + (1u << ev->order) - 1);
	strbuf_addc(s->out, '\n');
}

/* Pages that nobody maps any more, with the tables that mapped them: told in one line. */
static void tell_free_batch(struct story *s)
{
	const uint64_t mask = FREE_EVENTS | TRACE_BIT(TRACE_MM_PAGE_FREE_BATCHED);
	const struct trace_event *end = run_end(s, s->ev, mask);
	struct ranges r = {.out = s->out};
	unsigned n = 0;

	for (const struct trace_event *ev = s->ev; ev < end; ev++)
		n += ev->id == TRACE_MM_PAGE_FREE;
	strbuf_addf(s->out, "  %u page%s back to the page allocator: pfn ", n,
		    n == 1 ? " goes" : "s go");
	for (; s->ev < end; s->ev++)
		if (s->ev->id == TRACE_MM_PAGE_FREE)
			range_add(&r, s->ev->pfn);
	range_end(&r);
	strbuf_addc(s->out, '\n');
}

static void tell_pcp_free(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	strbuf_addf(s->out, "  to cpu %u's %s list, its %s; ", ev->cpu, mt_name(ev->mt),
		    ev->verdict ? "tail (cold)" : "head (hot)");
	if (ev->a < ev->b)
		strbuf_addf(s->out, "count %ld < high %ld: it stays\n", (long)ev->a, (long)ev->b);
	else
		strbuf_addf(s->out, "count %ld >= high %ld: a batch goes back\n", (long)ev->a,
			    (long)ev->b);
}

/* Merges of one page or block, then where it lands. */
static void tell_merge(struct story *s)
{
	const struct trace_event *ev = s->ev, *place;

	place = run_end(s, ev, TRACE_BIT(TRACE_MERGE));
	if (place > ev) {
		strbuf_adds(s->out, "    merges with its free mate (order@pfn):");
		for (; ev < place; ev++)
			strbuf_addf(s->out, " %u@%u", ev->order, ev->pfn2);
		strbuf_addc(s->out, '\n');
	}
	s->ev = place;
	if (!is_id(s, place, TRACE_BIT(TRACE_PLACE)))
		return;
	s->ev++;
	if (place->order < MAX_ORDER - 1)
		strbuf_addf(s->out, "    mate pfn %u is no free block of order %u: stop\n",
			    place->pfn ^ (1u << place->order), place->order);
	strbuf_addf(s->out, "    order %u, pfn %u: to the %s of the %s list", place->order,
		    place->pfn, place->verdict ? "tail" : "head", mt_name(place->mt));
	if (place->verdict)
		strbuf_addf(s->out,
			    ", as the block of order %u beside it is free: both may merge soon",
			    place->order + 1);
	strbuf_addc(s->out, '\n');
}

static void tell_bulk(struct story *s)
{
	const struct trace_event *ev = s->ev++, *end = run_end(s, s->ev, BUDDY_EVENTS);
	const struct trace_event *largest = NULL;
	struct ranges r = {.out = s->out};
	unsigned merges = 0, tails = 0;

	strbuf_addf(s->out, "  %ld page%s back to the buddy lists of ", (long)ev->a,
		    ev->a == 1 ? " goes" : "s go");
	zone_name(s, ev);
	if (ev->a == 1) {
		strbuf_addc(s->out, '\n');
		while (s->ev < end) {
			if (s->ev->id == TRACE_MM_PAGE_PCPU_DRAIN)
				s->ev++;
			else
				tell_merge(s);
		}
		return;
	}
	strbuf_adds(s->out, ", from the tails: pfn ");
	for (ev = s->ev; ev < end; ev++) {
		if (ev->id == TRACE_MM_PAGE_PCPU_DRAIN) {
			range_add(&r, ev->pfn);
		} else if (ev->id == TRACE_MERGE) {
			merges++;
		} else {
			tails += ev->verdict;
			if (!largest || ev->order >= largest->order)
				largest = ev;
		}
	}
	range_end(&r);
	strbuf_addf(s->out, "\n    %u merge%s, %u placed at a list's tail", merges,
		    merges == 1 ? "" : "s", tails);
	if (largest)
		strbuf_addf(s->out, "; largest block made: order %u, pfn %u", largest->order,
			    largest->pfn);
	strbuf_addc(s->out, '\n');
	s->ev = end;
}

static void tell_bad_page(struct story *s)
{
	s->ev++;
	strbuf_adds(s->out, "  the page's state is wrong: it is reported (dmesg) and lost\n");
}

/* Inside an allocation or a compaction: pages that moved away, or a drain. */
static void count_free(struct story *s)
{
	s->merges += s->ev++->id == TRACE_MERGE;
}

static void tell_migrate(struct story *s)
{
	s->in_compaction = true;
	s->ev++;
}

static void skip(struct story *s)
{
	s->ev++;
}

static story_teller *const teller[NR_TRACE_EVENTS] = {
	[TRACE_MM_PAGE_ALLOC] = tell_result,
	[TRACE_MM_PAGE_FREE] = tell_free,
	[TRACE_MM_PAGE_FREE_BATCHED] = tell_free_batch,
	[TRACE_MM_PAGE_ALLOC_ZONE_LOCKED] = tell_takes,
	[TRACE_MM_PAGE_ALLOC_EXTFRAG] = tell_takes,
	[TRACE_ALLOC_BEGIN] = tell_alloc_begin,
	[TRACE_ATTEMPT] = tell_attempt,
	[TRACE_ZONE] = tell_zone,
	[TRACE_FAIR_RESET] = tell_fair_reset,
	[TRACE_PCP_HIT] = tell_pcp_hit,
	[TRACE_PCP_REFILL] = skip,
	[TRACE_SPLIT] = tell_takes,
	[TRACE_TAKE] = tell_takes,
	[TRACE_STEAL] = tell_takes,
	[TRACE_PCP_FREE] = tell_pcp_free,
	[TRACE_PCP_BULK] = tell_bulk,
	[TRACE_MERGE] = tell_merge,
	[TRACE_PLACE] = tell_merge,
	[TRACE_HIGHATOMIC] = tell_highatomic,
	[TRACE_SLOWPATH] = tell_slowpath,
	[TRACE_WAKE_KSWAPD] = tell_wake_kswapd,
	[TRACE_COMPACT_ZONE] = tell_compact_zone,
	[TRACE_MIGRATE] = tell_migrate,
	[TRACE_WARN_ALLOC_FAILED] = tell_report,
	[TRACE_WARN_ORDER] = tell_report,
	[TRACE_BAD_PAGE] = tell_bad_page,
	[TRACE_KMALLOC] = tell_object,
	[TRACE_KMEM_CACHE_ALLOC] = tell_object,
	[TRACE_KFREE] = tell_kfree,
	[TRACE_SLAB_STEP] = tell_slab_step,
	[TRACE_SLAB_REPORT] = tell_slab_report,
	[TRACE_KMAP] = tell_kmap,
	[TRACE_KUNMAP] = tell_kunmap,
	[TRACE_KMAP_FLUSH] = tell_kmap_flush,
	[TRACE_KMAP_WOKEN] = tell_kmap_woken,
	[TRACE_KMAP_ATOMIC] = tell_kmap_atomic,
	[TRACE_KUNMAP_ATOMIC] = tell_kunmap_atomic,
	[TRACE_VMAP_SEARCH] = tell_vmap_search,
	[TRACE_VMAP_AREA] = tell_vmap_area,
	[TRACE_VMAP_LAZY] = tell_vmap_lazy,
	[TRACE_VMAP_PURGE] = tell_vmap_purge,
	[TRACE_VMAP_FULL] = tell_vmap_full,
	[TRACE_VMALLOC_FAILED] = tell_vmalloc_failed,
	[TRACE_MM_STEP] = tell_mm_step,
};

void why_explain(const struct machine *m, const struct trace_buffer *b, struct strbuf *out)
{
	struct story s = {.m = m, .ev = b->ev, .end = b->ev + b->n, .out = out, .alloc_flags = -1};

	while (s.ev < s.end) {
		if ((s.in_alloc || s.in_compaction) && TRACE_BIT(s.ev->id) & FREE_EVENTS)
			count_free(&s);
		else if (teller[s.ev->id])
			teller[s.ev->id](&s);
		else
			s.ev++;
	}
}
