/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages in use by somebody: the LRU lists, and the last reference. */
#include "page_list.h"
#include "vmstat.h"
#include <mmsh/page_alloc.h>

static const enum zone_stat_item lru_item[NR_LRU_LISTS] = {
	NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE, NR_ACTIVE_FILE, NR_UNEVICTABLE,
};

static enum lru_list page_lru(const struct page *p)
{
	if (p->flags & PG(unevictable))
		return LRU_UNEVICTABLE;
	return (p->flags & PG(swapbacked) ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE) +
	       !!(p->flags & PG(active));
}

void lru_add(struct machine *m, pfn_t pfn, enum lru_list lru)
{
	struct page *p = pfn_to_page(m, pfn);
	struct zone *z = m->zone_by_id[block_zone(p->block)];

	p->flags |= PG(lru) | (lru <= LRU_ACTIVE_ANON ? PG(swapbacked) : 0) |
		    (lru & 1 ? PG(active) : 0) | (lru == LRU_UNEVICTABLE ? PG(unevictable) : 0);
	page_list_add(m, &z->lru[lru], 0, pfn);
	__mod_zone_page_state(m, z, lru_item[lru], 1);
}

void lru_isolate(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);
	struct zone *z = m->zone_by_id[block_zone(p->block)];
	enum lru_list lru = page_lru(p);

	page_list_del(m, &z->lru[lru], 0, pfn);
	__mod_zone_page_state(m, z, lru_item[lru], -1);
	p->flags &= ~PG(lru);
}

void lru_del(struct machine *m, pfn_t pfn)
{
	lru_isolate(m, pfn);
	pfn_to_page(m, pfn)->flags &= ~(PG(active) | PG(unevictable));
}

void lru_putback(struct machine *m, pfn_t pfn)
{
	lru_add(m, pfn, page_lru(pfn_to_page(m, pfn)));
}

/* Seen a second time, it is active. */
void mark_page_accessed(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);
	enum lru_list lru = page_lru(p);

	if (!(p->flags & PG(referenced))) {
		p->flags |= PG(referenced);
	} else if ((p->flags & (PG(lru) | PG(active) | PG(unevictable))) == PG(lru)) {
		lru_del(m, pfn);
		p->flags &= ~PG(referenced);
		lru_add(m, pfn, lru + 1);
		count_vm_events(m, PGACTIVATE, 1);
	}
}

void put_page(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	if (p->flags & PG(tail)) {
		pfn = p->index;
		p = pfn_to_page(m, pfn);
	}
	if ((p->flags & PG(lru)) && p->_refcount == 1)
		lru_del(m, pfn);
	__free_pages(m, pfn, p->flags & PG(head) ? block_order(p->block) : 0);
}
