/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moving pages and setting pageblocks aside, for src/mm only. */
#ifndef MM_MIGRATE_H
#define MM_MIGRATE_H

#include <mmsh/machine.h>

/* Can the page be moved? Those on the LRU can. */
static inline bool page_movable(const struct machine *m, pfn_t pfn)
{
	return pfn_to_page(m, pfn)->flags & PG(lru);
}

/* A page taken off the LRU goes on in the page @to, which is the caller's; @from is freed. */
void migrate_page(struct machine *m, pfn_t from, pfn_t to);
/* One that did not move goes back to the LRU. */
void putback_movable_page(struct machine *m, pfn_t pfn);

/*
 * page_isolation.c: nothing is allocated any more from the pageblocks of [pfn, end), whose
 * pages then are: free in the ISOLATE lists, or in use. All of one zone.
 */
void start_isolate_page_range(struct machine *m, struct zone *z, pfn_t pfn, pfn_t end);
void undo_isolate_page_range(struct machine *m, struct zone *z, pfn_t pfn, pfn_t end, int mt);

#endif
