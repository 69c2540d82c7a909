/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every invariant of the page allocator, checked by walking everything. The walk trusts
 * nothing: links are bounded, and each page may be met once.
 */
#include "page_list.h"
#include <errno.h>
#include <mmsh/audit.h>
#include <mmsh/highmem.h>
#include <mmsh/mm.h>
#include <mmsh/slab.h>
#include <mmsh/vmalloc.h>
#include <mmsh/page_alloc.h>
#include <stdlib.h>

struct audit {
	const struct machine *m;
	struct mm_error *e;
	uint8_t *seen; /* a bit a page: free or on a pcp list */
	const struct zone *z;
	unsigned long free, pcp;
	unsigned long isolated; /* of the free ones: on the lists that do not count */
};

#define BAD(a, ...) mm_error((a)->e, -EUCLEAN, __VA_ARGS__)

/* Returns: true if a page of the block was met before. */
static bool mark_seen(struct audit *a, pfn_t pfn, pfn_t pages)
{
	bool twice = false;

	for (pfn_t i = pfn; i < pfn + pages; i++) {
		twice |= a->seen[i / 8] >> (i % 8) & 1;
		a->seen[i / 8] |= (uint8_t)(1u << (i % 8));
	}
	return twice;
}

static int audit_free_block(struct audit *a, pfn_t pfn, unsigned order, int mt)
{
	const struct machine *m = a->m;
	const struct zone *z = a->z;
	pfn_t pages = 1u << order, mate = pfn ^ pages;
	const struct page *p = pfn_to_page(m, pfn);
	const struct top_block *top = &m->top[pfn >> TOP_ORDER];

	if (!zone_spans_pfn(z, pfn) || !zone_spans_pfn(z, pfn + pages - 1))
		return BAD(a, "zone %s: free block pfn %u order %u lies outside it", z->name, pfn, order);
	if (pfn & (pages - 1))
		return BAD(a, "zone %s: free block pfn %u is not aligned to order %u", z->name, pfn, order);
	if ((order == TOP_ORDER ? top->block : p->block) != block_free((uint32_t)z->id, order))
		return BAD(a, "zone %s: pfn %u is on the free list of order %u but not marked so", z->name, pfn, order);
	if ((order == TOP_ORDER ? top->mt : p->index) != (uint32_t)mt)
		return BAD(a, "zone %s: pfn %u is on the list of type %s but marked otherwise", z->name, pfn,
			   migratetype_names[mt]);
	if (order == TOP_ORDER && p->block)
		return BAD(a, "zone %s: pfn %u is marked both in the page and in its block", z->name, pfn);
	if (order < TOP_ORDER && zone_spans_pfn(z, mate) && !z->nr_isolate_pageblock &&
	    pfn_to_page(m, mate)->block == block_free((uint32_t)z->id, order))
		return BAD(a, "zone %s: pfn %u and its mate %u of order %u are both free, and not merged", z->name, pfn,
			   mate, order);
	for (pfn_t i = 1; i < pages; i++)
		if (p[i].block || p[i]._refcount || p[i].flags)
			return BAD(a, "pfn %u inside the free block pfn %u order %u is in use", pfn + i, pfn, order);
	if (p->_refcount || p->mapcount || p->flags)
		return BAD(a, "free block pfn %u order %u has refcount %d, mapcount %d, flags 0x%x", pfn,
			   order, p->_refcount, p->mapcount, p->flags);
	if (mark_seen(a, pfn, pages))
		return BAD(a, "free block pfn %u order %u overlaps another", pfn, order);
	a->free += pages;
	if (mt == MIGRATE_ISOLATE)
		a->isolated += pages;
	return 0;
}

/* Walks a list of any kind; @limit stops cycles. Returns: its length, or a negative errno. */
static long audit_list(struct audit *a, const struct page_list *l, unsigned order, unsigned long limit,
		       int (*check)(struct audit *, pfn_t, unsigned, int), int arg)
{
	pfn_t prev = PFN_NONE;
	unsigned long n = 0;

	for (pfn_t pfn = l->head; pfn != PFN_NONE; n++) {
		int err;

		if (pfn >= a->m->max_pfn || n >= limit)
			return BAD(a, "zone %s: a list of order %u runs astray at pfn %u", a->z->name, order, pfn);
		if (page_links(a->m, order, pfn)->prev != prev)
			return BAD(a, "zone %s: pfn %u on a list of order %u does not link back", a->z->name, pfn, order);
		err = check(a, pfn, order, arg);
		if (err)
			return err;
		prev = pfn;
		pfn = page_links(a->m, order, pfn)->next;
	}
	if (l->tail != prev)
		return BAD(a, "zone %s: a list of order %u has the wrong tail", a->z->name, order);
	return (long)n;
}

static int audit_free_lists(struct audit *a)
{
	const struct zone *z = a->z;

	for (unsigned order = 0; order < MAX_ORDER; order++) {
		unsigned long blocks = 0;

		for (int mt = 0; mt < MIGRATE_TYPES; mt++) {
			long n = audit_list(a, &z->free_area[order].free_list[mt], order,
					    (z->spanned_pages >> order) + 1, audit_free_block, mt);

			if (n < 0)
				return (int)n;
			if ((n > 0) != (z->free_mask[mt] >> order & 1))
				return BAD(a, "zone %s: free_mask of %s is wrong at order %u", z->name,
					   migratetype_names[mt], order);
			blocks += (unsigned long)n;
		}
		if (blocks != z->free_area[order].nr_free)
			return BAD(a, "zone %s: nr_free of order %u is %lu, the lists hold %lu", z->name,
				   order, z->free_area[order].nr_free, blocks);
	}
	return 0;
}

static int audit_pcp_page(struct audit *a, pfn_t pfn, unsigned order, int list)
{
	const struct page *p = pfn_to_page(a->m, pfn);
	uint32_t want = BLOCK_PCP | (uint32_t)a->z->id << BLOCK_ZONE_SHIFT;
	uint32_t mt = p->index;

	(void)order;
	if (p->block != want || !zone_spans_pfn(a->z, pfn) || p->_refcount || p->mapcount || p->flags)
		return BAD(a, "zone %s: pfn %u on a per-CPU list is not free", a->z->name, pfn);
	if (mt != (uint32_t)list && !(list == MIGRATE_MOVABLE && mt == MIGRATE_HIGHATOMIC))
		return BAD(a, "zone %s: pfn %u on a per-CPU list has type %u", a->z->name, pfn, mt);
	if (mark_seen(a, pfn, 1))
		return BAD(a, "zone %s: pfn %u is free twice", a->z->name, pfn);
	a->pcp++;
	return 0;
}

static int audit_pcp(struct audit *a)
{
	for (unsigned cpu = 0; cpu < a->m->nr_cpus; cpu++) {
		const struct per_cpu_pageset *ps = &a->z->pageset[cpu];
		long sum = 0;

		for (int t = 0; t < MIGRATE_PCPTYPES; t++) {
			long n = audit_list(a, &ps->lists[t], 0, a->z->spanned_pages + 1, audit_pcp_page, t);

			if (n < 0)
				return (int)n;
			sum += n;
		}
		if (sum != ps->count)
			return BAD(a, "zone %s: CPU %u counts %d pages, its lists hold %ld", a->z->name, cpu,
				   ps->count, sum);
	}
	return 0;
}

static int audit_lru_page(struct audit *a, pfn_t pfn, unsigned order, int lru)
{
	const struct page *p = pfn_to_page(a->m, pfn);

	(void)order;
	(void)lru;
	if (!(p->flags & PG(lru)) || p->_refcount <= 0 || (a->seen[pfn / 8] >> (pfn % 8) & 1))
		return BAD(a, "zone %s: pfn %u on the LRU is not in use", a->z->name, pfn);
	return 0;
}

static int audit_lru(struct audit *a)
{
	for (int l = 0; l < NR_LRU_LISTS; l++) {
		long n = audit_list(a, &a->z->lru[l], 0, a->z->spanned_pages + 1, audit_lru_page, l);

		if (n < 0)
			return (int)n;
		if (!a->z->foreign_pages && n != zone_page_state_exact(a->m, a->z, NR_INACTIVE_ANON + l))
			return BAD(a, "zone %s: an LRU list holds %ld pages, counted are %ld", a->z->name, n,
				   zone_page_state_exact(a->m, a->z, NR_INACTIVE_ANON + l));
	}
	return 0;
}

/* Pages of blocks that somebody holds. */
static int count_handed_out(struct audit *a, unsigned long *handed)
{
	const struct machine *m = a->m;
	pfn_t end = zone_end_pfn(a->z);

	*handed = 0;
	for (pfn_t pfn = a->z->start_pfn; pfn < end;) {
		const struct page *p = pfn_to_page(m, pfn);
		pfn_t pages = 1;

		if (!(pfn & (MAX_ORDER_NR_PAGES - 1)) &&
		    (m->top[pfn >> TOP_ORDER].block || !pfn_valid(m, pfn)))
			pages = MAX_ORDER_NR_PAGES;
		else if (p->block & BLOCK_BUDDY)
			pages = 1u << block_order(p->block);
		else if (p->_refcount > 0 && !(p->flags & PG(reserved))) {
			pages = 1u << block_order(p->block);
			/* zones of different nodes may span each other's pages */
			if (pfn_to_zone(m, pfn) != a->z) {
				pfn += pages;
				continue;
			}
			if (block_zone(p->block) != a->z->id || (pfn & (pages - 1)))
				return BAD(a, "pfn %u, in use, is no block of zone %s", pfn, a->z->name);
			if (mark_seen(a, pfn, pages))
				return BAD(a, "pfn %u is both free and in use", pfn);
			*handed += pages;
		}
		pfn += pages;
	}
	return 0;
}

static int audit_zone(struct audit *a)
{
	const struct zone *z = a->z;
	unsigned long handed;
	long counted = zone_page_state_exact(a->m, z, NR_FREE_PAGES);
	int err;

	a->free = a->pcp = a->isolated = 0;
	err = audit_free_lists(a);
	if (!err)
		err = audit_pcp(a);
	if (!err)
		err = audit_lru(a);
	if (!err)
		err = count_handed_out(a, &handed);
	if (err)
		return err;
	if ((long)(a->free - a->isolated) != counted)
		return BAD(a, "zone %s: NR_FREE_PAGES with all differences is %ld, the lists hold %lu",
			   z->name, counted, a->free - a->isolated);
	if (z->managed_pages != a->free + a->pcp + handed + z->foreign_pages)
		return BAD(a, "zone %s: %lu managed pages, but %lu free, %lu on per-CPU lists, %lu handed out",
			   z->name, z->managed_pages, a->free, a->pcp, handed + z->foreign_pages);
	return 0;
}

static int audit_counters(const struct machine *m, struct mm_error *e)
{
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++) {
		long sum = 0;

		for (unsigned id = 0; id < m->nr_nodes * MAX_NR_ZONES; id++)
			sum += m->zone_by_id[id]->vm_stat[i];
		if (sum != m->vm_stat[i])
			return mm_error(e, -EUCLEAN, "%s: the zones sum up to %ld, the machine has %ld",
					zone_stat_name[i].name, sum, m->vm_stat[i]);
	}
	return 0;
}

static int audit_pages(const struct machine *m, struct mm_error *e)
{
	struct audit a = {.m = m, .e = e};
	int err = 0;

	a.seen = calloc(ROUND_UP(m->max_pfn, MAX_ORDER_NR_PAGES) / 8, 1);
	if (!a.seen)
		return mm_error(e, -ENOMEM, "the host has no memory for the audit");
	for_each_populated_zone(m, z) {
		a.z = z;
		err = audit_zone(&a);
		if (err)
			break;
	}
	free(a.seen);
	if (!err)
		err = mm_audit(m, e);
	return err;
}

/* From the ground up: what a later one builds on was found to be sound. */
static int (*const audits[])(const struct machine *m, struct mm_error *e) = {
	audit_counters, audit_pages, highmem_audit, vmalloc_audit, slab_audit,
};

int machine_audit(const struct machine *m, struct mm_error *e)
{
	for (unsigned i = 0; i < ARRAY_SIZE(audits); i++) {
		int err = audits[i](m, e);

		if (err)
			return err;
	}
	return 0;
}
