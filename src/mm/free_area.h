/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Free blocks and their lists, for the files of the page allocator only: what they all do on
 * their common paths, so that each has it inline. The invariants are told in page_alloc.c.
 */
#ifndef MM_FREE_AREA_H
#define MM_FREE_AREA_H

#include "page_list.h"
#include <mmsh/trace.h>

static inline void add_to_free_list(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				    int mt, bool tail)
{
	struct page_list *l = &z->free_area[order].free_list[mt];

	if (tail)
		page_list_add_tail(m, l, order, pfn);
	else
		page_list_add(m, l, order, pfn);
	z->free_mask[mt] |= (uint16_t)(1u << order);
}

static inline void del_from_free_list(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				      int mt)
{
	struct page_list *l = &z->free_area[order].free_list[mt];

	page_list_del(m, l, order, pfn);
	if (page_list_empty(l))
		z->free_mask[mt] &= (uint16_t)~(1u << order);
}

static inline void set_page_order(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				  int mt)
{
	if (order == TOP_ORDER) {
		struct top_block *t = &m->top[pfn >> TOP_ORDER];

		t->block = block_free(z->id, order);
		t->mt = (uint32_t)mt;
	} else {
		struct page *p = pfn_to_page(m, pfn);

		p->block = block_free(z->id, order);
		p->index = (uint32_t)mt;
	}
}

static inline void rmv_page_order(struct machine *m, pfn_t pfn, unsigned order)
{
	if (order == TOP_ORDER)
		m->top[pfn >> TOP_ORDER].block = 0;
	else
		pfn_to_page(m, pfn)->block = 0;
}

static inline int free_block_type(const struct machine *m, pfn_t pfn, unsigned order)
{
	return (int)(order == TOP_ORDER ? m->top[pfn >> TOP_ORDER].mt : pfn_to_page(m, pfn)->index);
}

static inline void put_free_block(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				  int mt, bool tail)
{
	set_page_order(m, z, pfn, order, mt);
	add_to_free_list(m, z, pfn, order, mt, tail);
	z->free_area[order].nr_free++;
}

static inline void take_free_block(struct machine *m, struct zone *z, pfn_t pfn, unsigned order,
				   int mt)
{
	del_from_free_list(m, z, pfn, order, mt);
	rmv_page_order(m, pfn, order);
	z->free_area[order].nr_free--;
}

/* The lower part is kept; each upper half becomes a free block of its own. */
static inline void expand(struct machine *m, struct zone *z, pfn_t pfn, unsigned low, unsigned high,
			  int mt)
{
	while (high > low) {
		high--;
		put_free_block(m, z, pfn + (1u << high), high, mt, false);
		trace(m, TRACE_SPLIT, .zone = z->id, .pfn = pfn + (1u << high),
		      .order = (uint8_t)high, .mt = (int8_t)mt);
	}
}

static inline void pcp_add(struct machine *m, struct zone *z, struct page_list *l, pfn_t pfn,
			   bool tail)
{
	pfn_to_page(m, pfn)->block = BLOCK_PCP | (uint32_t)z->id << BLOCK_ZONE_SHIFT;
	if (tail)
		page_list_add_tail(m, l, 0, pfn);
	else
		page_list_add(m, l, 0, pfn);
}

#endif
