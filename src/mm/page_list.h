/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists of pages, for src/mm only. Every list holds blocks of one order; the
 * order says whether the links are in struct page or in the dense array of the
 * largest blocks.
 */
#ifndef MM_PAGE_LIST_H
#define MM_PAGE_LIST_H

#include <mmsh/machine.h>

#define PAGE_LIST_EMPTY ((struct page_list){PFN_NONE, PFN_NONE})
#define TOP_ORDER (MAX_ORDER - 1)

static inline struct page_links *page_links(const struct machine *m, unsigned order, pfn_t pfn)
{
	return order == TOP_ORDER ? &m->top[pfn >> TOP_ORDER].lru : &m->mem_map[pfn].lru;
}

static inline bool page_list_empty(const struct page_list *l)
{
	return l->head == PFN_NONE;
}

static inline void page_list_add(const struct machine *m, struct page_list *l, unsigned order,
				 pfn_t pfn)
{
	struct page_links *p = page_links(m, order, pfn);

	p->next = l->head;
	p->prev = PFN_NONE;
	if (l->head == PFN_NONE)
		l->tail = pfn;
	else
		page_links(m, order, l->head)->prev = pfn;
	l->head = pfn;
}

static inline void page_list_add_tail(const struct machine *m, struct page_list *l, unsigned order,
				      pfn_t pfn)
{
	struct page_links *p = page_links(m, order, pfn);

	p->prev = l->tail;
	p->next = PFN_NONE;
	if (l->tail == PFN_NONE)
		l->head = pfn;
	else
		page_links(m, order, l->tail)->next = pfn;
	l->tail = pfn;
}

static inline void page_list_del(const struct machine *m, struct page_list *l, unsigned order,
				 pfn_t pfn)
{
	struct page_links *p = page_links(m, order, pfn);

	if (p->prev == PFN_NONE)
		l->head = p->next;
	else
		page_links(m, order, p->prev)->next = p->next;
	if (p->next == PFN_NONE)
		l->tail = p->prev;
	else
		page_links(m, order, p->next)->prev = p->prev;
}

#endif
