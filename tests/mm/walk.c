/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mm/walk.h"

#include <mmsh/proc.h>
#include <stdio.h>
#include <stdlib.h>

/* xorshift64*: the same numbers on every host */
static uint32_t rnd(struct walk *w, uint32_t n)
{
	w->rng ^= w->rng >> 12;
	w->rng ^= w->rng << 25;
	w->rng ^= w->rng >> 27;
	return (uint32_t)(w->rng * 0x2545F4914F6CDD1Dull >> 32) % n;
}

struct walk *walk_new(struct machine *m, uint64_t seed, unsigned fill, unsigned movable)
{
	struct walk *w = calloc(1, sizeof(*w));

	ck_assert_ptr_nonnull(w);
	w->m = m;
	w->rng = seed * 0x9E3779B97F4A7C15ull + 1;
	w->fill = fill;
	w->movable = movable;
	w->max_order = MAX_ORDER - 1;
	return w;
}

void walk_free(struct walk *w)
{
	free(w);
}

/* ---- who holds what ---- */

static void hold(struct walk *w, pfn_t pfn, unsigned order, bool lru)
{
	pfn_to_page(w->m, pfn)->owner = w->nr_held + 1;
	w->held_pages += 1ul << order;
	w->held[w->nr_held++] = (struct held){pfn, (uint8_t)order, lru};
}

static struct held let_go(struct walk *w, unsigned i)
{
	struct held h = w->held[i];

	w->held_pages -= 1ul << h.order;
	w->held[i] = w->held[--w->nr_held];
	pfn_to_page(w->m, w->held[i].pfn)->owner = i + 1;
	return h;
}

/* Compaction has moved pages: their owner's number went with them. */
static void follow_migrations(struct walk *w)
{
	struct machine *m = w->m;

	for (pfn_t pfn = 0; pfn < m->max_pfn; pfn++) {
		const struct page *p = pfn_to_page(m, pfn);

		if (p->owner && (p->flags & PG(lru)))
			w->held[p->owner - 1].pfn = pfn;
	}
}

/* ---- the steps ---- */

static gfp_t random_gfp(struct walk *w, unsigned order)
{
	static const gfp_t kinds[] = {
		GFP_KERNEL,
		GFP_KERNEL,
		GFP_KERNEL | __GFP_RECLAIMABLE,
		GFP_HIGHUSER_MOVABLE,
		GFP_HIGHUSER_MOVABLE,
		GFP_HIGHUSER,
		GFP_USER,
		GFP_ATOMIC,
		GFP_ATOMIC,
		GFP_NOWAIT,
		GFP_NOFS,
		GFP_NOIO,
		GFP_KERNEL | GFP_DMA,
		GFP_TRANSHUGE,
		GFP_TEMPORARY,
		GFP_KERNEL | __GFP_MOVABLE,
		__GFP_HIGH,
		GFP_KERNEL | GFP_DMA32,
		0,
	};
	static const gfp_t extras[] = {
		__GFP_COLD,   __GFP_COMP,	__GFP_NORETRY,	__GFP_REPEAT, __GFP_NOMEMALLOC,
		__GFP_ATOMIC, __GFP_WRITE,	__GFP_THISNODE, __GFP_NOFAIL, __GFP_HIGH,
		__GFP_ZERO,   __GFP_OTHER_NODE, __GFP_NOWARN,
	};
	gfp_t gfp = kinds[rnd(w, ARRAY_SIZE(kinds))];

	if (rnd(w, 3) == 0)
		gfp |= extras[rnd(w, ARRAY_SIZE(extras))];
	if (rnd(w, 40) == 0)
		gfp |= __GFP_MEMALLOC;
	/* a large block of zeros costs the host what the walk has better use for */
	return order > 3 ? gfp & ~__GFP_ZERO : gfp;
}

static unsigned random_order(struct walk *w)
{
	unsigned order = rnd(w, 2) ? 0 : (unsigned)__builtin_ctz(rnd(w, 4096) | 4096);

	if (rnd(w, 50) == 0)
		order = rnd(w, MAX_ORDER);
	return min_of(order, w->max_order);
}

static int64_t step_alloc(struct walk *w)
{
	bool lru = rnd(w, 100) < w->movable;
	unsigned order = lru ? 0 : random_order(w);
	gfp_t gfp = lru ? GFP_HIGHUSER_MOVABLE : random_gfp(w, order);
	unsigned long moved = vm_event_sum(w->m, PGMIGRATE_SUCCESS);
	int64_t pfn;

	snprintf(w->last, sizeof(w->last), "alloc 0x%x order %u", gfp, order);
	pfn = alloc_pages(w->m, gfp, order);
	w->allocs++;
	if (vm_event_sum(w->m, PGMIGRATE_SUCCESS) != moved)
		follow_migrations(w);
	if (pfn < 0) {
		w->failures++;
		return pfn;
	}
	ck_assert_uint_eq(pfn & ((1u << order) - 1), 0);
	if (lru) {
		lru_add(w->m, (pfn_t)pfn, (enum lru_list)rnd(w, NR_LRU_LISTS));
		hold(w, (pfn_t)pfn, 0, true);
	} else {
		hold(w, (pfn_t)pfn, order, false);
	}
	return pfn;
}

/* One of the several ways in which a holder lets go. */
static int64_t step_free(struct walk *w)
{
	struct held h;
	struct page *p;

	if (!w->nr_held)
		return 0;
	h = let_go(w, rnd(w, w->nr_held));
	p = pfn_to_page(w->m, h.pfn);
	snprintf(w->last, sizeof(w->last), "free pfn %u order %u", h.pfn, h.order);
	w->frees++;
	ck_assert_int_eq(free_pages_check(w->m, h.pfn, h.order, NULL), 0);
	if (h.lru || (p->flags & PG(head))) {
		put_page(w->m, h.pfn + (h.order ? rnd(w, 1u << h.order) : 0));
	} else if (!h.order && rnd(w, 4) == 0) {
		p->_refcount--;
		free_hot_cold_page(w->m, h.pfn, rnd(w, 2));
	} else if (h.order && h.order < 4 && rnd(w, 4) == 0) {
		split_page(w->m, h.pfn, h.order);
		for (pfn_t i = 0; i < 1u << h.order; i++)
			__free_pages(w->m, h.pfn + i, 0);
	} else {
		p->_refcount++; /* somebody else looked at it meanwhile */
		__free_pages(w->m, h.pfn, h.order);
		__free_pages(w->m, h.pfn, h.order);
	}
	return h.pfn;
}

static int64_t step_write(struct walk *w)
{
	static const struct {
		const char *path, *text;
		unsigned share; /* of the machine's kbytes, instead of a text */
	} writes[] = {
		{"vm.min_free_kbytes", NULL, 200},	  {"vm.min_free_kbytes", NULL, 60},
		{"vm.min_free_kbytes", NULL, 15},	  {"vm.percpu_pagelist_fraction", "0", 0},
		{"vm.percpu_pagelist_fraction", "8", 0},  {"vm.percpu_pagelist_fraction", "300", 0},
		{"vm.lowmem_reserve_ratio", "256 32", 0}, {"vm.lowmem_reserve_ratio", "32 8 1", 0},
		{"vm.extfrag_threshold", "0", 0},	  {"vm.extfrag_threshold", "900", 0},
	};
	unsigned i = rnd(w, ARRAY_SIZE(writes));
	char text[32];

	if (writes[i].text)
		snprintf(text, sizeof(text), "%s", writes[i].text);
	else
		snprintf(text, sizeof(text), "%lu", w->m->totalram_pages * 4 / writes[i].share);
	snprintf(w->last, sizeof(w->last), "%s = %s", writes[i].path, text);
	return proc_write(w->m, writes[i].path, text);
}

static int64_t step_compact(struct walk *w)
{
	int64_t moved = (int64_t)compact_nodes(w->m);

	snprintf(w->last, sizeof(w->last), "compact");
	follow_migrations(w);
	return moved;
}

/* Every page is taken, every odd one goes again, and then somebody wants a large block. */
static int64_t step_shatter(struct walk *w)
{
	static const gfp_t gfps[] = {GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_TRANSHUGE,
				     GFP_KERNEL | __GFP_NORETRY};
	unsigned order = min_of(1 + rnd(w, 9), w->max_order);
	int64_t pfn;

	while (w->nr_held < WALK_MAX_HELD - 1) {
		pfn = alloc_pages(w->m,
				  (GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN, 0);
		if (pfn < 0)
			break;
		lru_add(w->m, (pfn_t)pfn, LRU_INACTIVE_FILE);
		hold(w, (pfn_t)pfn, 0, true);
	}
	for (unsigned i = w->nr_held; i-- > 0;) {
		if (i < w->nr_held && w->held[i].lru && w->held[i].pfn % 2)
			put_page(w->m, let_go(w, i).pfn);
	}
	drain_all_pages(w->m);
	machine_tick(w->m, HZ);
	pfn = alloc_pages(w->m, gfps[rnd(w, ARRAY_SIZE(gfps))], order);
	follow_migrations(w);
	if (pfn >= 0)
		hold(w, (pfn_t)pfn, order, false);
	snprintf(w->last, sizeof(w->last), "shatter, order %u", order);
	return pfn;
}

static int64_t step_other(struct walk *w)
{
	struct machine *m = w->m;
	uint32_t what = rnd(w, 100);

	w->others++;
	if (what < 40) {
		snprintf(w->last, sizeof(w->last), "cpu");
		return machine_set_cpu(m, rnd(w, m->nr_cpus));
	}
	if (what < 60) {
		snprintf(w->last, sizeof(w->last), "tick");
		machine_tick(m, rnd(w, 400));
		return 0;
	}
	if (what < 78) {
		snprintf(w->last, sizeof(w->last), "drain");
		if (rnd(w, 2))
			drain_all_pages(m);
		else
			drain_pages(m, m->cpu);
		return 0;
	}
	if (what < 80)
		return step_shatter(w);
	if (what < 90)
		return step_write(w);
	return step_compact(w);
}

int64_t walk_step(struct walk *w)
{
	bool full;

	if (rnd(w, 25) == 0)
		return step_other(w);
	if (rnd(w, 1500) == 0)
		w->fill = 10 + 30 * rnd(w, 4);
	full = w->held_pages * 100 > w->m->totalram_pages * w->fill;
	if (w->nr_held < WALK_MAX_HELD && rnd(w, 100) < (full ? 35u : 90u))
		return step_alloc(w);
	return step_free(w);
}

void walk_home(struct walk *w)
{
	while (w->nr_held)
		step_free(w);
	drain_all_pages(w->m);
	machine_tick(w->m, HZ);
}
