/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A random walk: one operation after the other on a machine, each a function of the seed and
 * of the machine alone. Two equal machines walked with one seed do the same.
 */
#ifndef TESTS_MM_WALK_H
#define TESTS_MM_WALK_H

#include "mm/fixture.h"

#define WALK_MAX_HELD 20000

struct walk {
	struct machine *m;
	uint64_t rng;
	unsigned fill;	  /* percent of the machine that the walk hovers about; it changes */
	unsigned movable; /* percent of the requests that are for single pages on the LRU */
	unsigned max_order;
	unsigned nr_held;
	unsigned long held_pages;
	struct held {
		pfn_t pfn;
		uint8_t order;
		bool lru;
	} held[WALK_MAX_HELD];
	unsigned long allocs, failures, frees, others;
	char last[96]; /* what the last step was, for the reader of a failure */
};

/* @fill and @movable: see above. */
struct walk *walk_new(struct machine *m, uint64_t seed, unsigned fill, unsigned movable);
void walk_free(struct walk *w);
/* Does something. Returns: its result, whatever it is, for comparing. */
int64_t walk_step(struct walk *w);
/* Frees all that is held, and empties the stocks. */
void walk_home(struct walk *w);

#endif
