/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page's contents and state in another page: for compaction and for memory that leaves. */
#include "migrate.h"
#include "vmstat.h"
#include <mmsh/fault.h>
#include <mmsh/page_alloc.h>
#include <string.h>

void migrate_page(struct machine *m, pfn_t from, pfn_t to)
{
	struct page *old = pfn_to_page(m, from), *new = pfn_to_page(m, to);

	memcpy(phys_to_host(m, PFN_PHYS(to)), phys_to_host(m, PFN_PHYS(from)), PAGE_SIZE);
	new->flags = old->flags;
	new->mapcount = old->mapcount;
	new->owner = old->owner;
	migrate_mapping(m, from, to);
	old->mapcount = 0;
	old->flags = 0;
	trace(m, TRACE_MIGRATE, .pfn = from, .pfn2 = to);
	lru_putback(m, to);
	__free_pages(m, from, 0);
	count_vm_events(m, PGMIGRATE_SUCCESS, 1);
}

void putback_movable_page(struct machine *m, pfn_t pfn)
{
	lru_putback(m, pfn);
	count_vm_events(m, PGMIGRATE_FAIL, 1);
}
