/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit must find what is wrong: one planted corruption for each thing that it checks. */
#include "mm/fixture.h"

#include <string.h>

/* What there is to corrupt: a used machine of 64 MiB with two CPUs. */
struct victim {
	struct machine *m;
	struct zone *z, *dma;
	pfn_t held;		 /* an order-3 block in use */
	pfn_t lru[3];		 /* pages on one LRU list */
	pfn_t pcp;		 /* the head of the MOVABLE stock, with others behind it */
	pfn_t o0[2], o3, top[2]; /* free blocks of Normal */
};

static struct page *page(struct victim *v, pfn_t pfn)
{
	return pfn_to_page(v->m, pfn);
}

static struct page_list *list(struct victim *v, unsigned order, int mt)
{
	return &v->z->free_area[order].free_list[mt];
}

static struct victim new_victim(void)
{
	struct victim v = {.m = boot_line("mem=64M cpus=2")};
	struct machine *m = v.m;
	pfn_t pfn[32];

	v.z = normal_zone(m);
	v.dma = zone_of(m, "DMA");
	m->vm_event[0][PGFREE]++; /* events are no invariant */
	v.held = take(m, GFP_KERNEL, 3);
	for (int i = 0; i < 32; i++)
		pfn[i] = take(m, GFP_HIGHUSER_MOVABLE, 0);
	drain_all_pages(m);
	for (int i = 0; i < 3; i++) {
		v.lru[i] = pfn[i];
		lru_add(m, pfn[i], LRU_ACTIVE_ANON);
	}
	v.o0[0] = pfn[11];
	v.o0[1] = pfn[21];
	for (int i = 0; i < 2; i++)
		__free_pages(m, v.o0[i], 0);
	drain_all_pages(m);
	__free_pages(m, pfn[28], 0);
	__free_pages(m, pfn[30], 0);
	v.pcp = v.z->pageset[0].lists[MIGRATE_MOVABLE].head;
	v.o3 = v.held ^ 8;
	v.top[0] = list(&v, 10, MIGRATE_MOVABLE)->head;
	v.top[1] = free_list_next(m, 10, v.top[0]);
	ck_assert_int_eq(free_block_order(m, v.o0[0]), 0);
	ck_assert_int_eq(free_block_order(m, v.o3), 3);
	ck_assert_uint_ne(v.top[1], PFN_NONE);
	assert_audit(m);
	return v;
}

/* ---- what can be wrong with a free block ---- */

static void of_another_zone(struct victim *v)
{
	free_list_append(v->m, v->z, v->dma->start_pfn, 0, 1); /* which boot kept */
}

static void unaligned(struct victim *v)
{
	free_list_append(v->m, v->z, v->held + 1, 1, 1);
}

static void unmarked(struct victim *v)
{
	page(v, v->o0[0])->block = 0;
}

static void marked_with_another_order(struct victim *v)
{
	page(v, v->o0[0])->block++;
}

static void top_unmarked(struct victim *v)
{
	v->m->top[v->top[0] >> 10].block = 0;
}

static void marked_with_another_type(struct victim *v)
{
	page(v, v->o0[0])->index ^= 2;
}

static void top_marked_with_another_type(struct victim *v)
{
	v->m->top[v->top[0] >> 10].mt = 0;
}

static void marked_twice(struct victim *v)
{
	page(v, v->top[0])->block = block_free((uint32_t)v->z->id, 9);
}

static void not_merged(struct victim *v)
{
	memset(page(v, v->held), 0, sizeof(struct page));
	free_list_append(v->m, v->z, v->held, 2, 0);
	free_list_append(v->m, v->z, v->held + 4, 2, 0);
}

static void interior_in_use(struct victim *v)
{
	page(v, v->o3 + 5)->_refcount = 1;
}

static void interior_heads_a_block(struct victim *v)
{
	free_list_append(v->m, v->z, v->o3 + 2, 1, 0);
}

static void interior_has_flags(struct victim *v)
{
	page(v, v->top[0] + 77)->flags = PG(dirty);
}

static void free_with_a_holder(struct victim *v)
{
	page(v, v->o0[0])->_refcount = 1;
}

static void free_and_mapped(struct victim *v)
{
	page(v, v->o3)->mapcount = 1;
}

static void free_with_flags(struct victim *v)
{
	page(v, v->top[0])->flags = PG(locked);
}

/* ---- with the lists ---- */

static void next_astray(struct victim *v)
{
	page(v, list(v, 0, MIGRATE_MOVABLE)->head)->lru.next = 0x7fffffff;
}

static void prev_wrong(struct victim *v)
{
	v->m->top[v->top[1] >> 10].lru.prev = PFN_NONE;
}

static void cycle(struct victim *v)
{
	v->m->top[v->top[1] >> 10].lru.next = v->top[0];
}

static void tail_wrong(struct victim *v)
{
	list(v, 10, MIGRATE_MOVABLE)->tail = v->top[0];
}

static void mask_wrong(struct victim *v)
{
	v->z->free_mask[MIGRATE_RECLAIMABLE] |= 1 << 4;
}

static void mask_misses(struct victim *v)
{
	v->z->free_mask[MIGRATE_MOVABLE] &= (uint16_t) ~(1 << 10);
}

static void count_wrong(struct victim *v)
{
	v->z->free_area[10].nr_free--;
}

/* ---- with the stocks ---- */

static void stock_page_in_use(struct victim *v)
{
	page(v, v->pcp)->_refcount = 1;
}

static void stock_page_unmarked(struct victim *v)
{
	page(v, v->pcp)->block &= ~BLOCK_PCP;
}

static void stock_page_of_no_type(struct victim *v)
{
	page(v, v->pcp)->index = 77;
}

static void stock_page_of_another_type(struct victim *v)
{
	page(v, v->pcp)->index = MIGRATE_RECLAIMABLE;
}

static void stock_count_wrong(struct victim *v)
{
	v->z->pageset[0].count++;
}

static void stock_of_other_cpu_wrong(struct victim *v)
{
	v->z->pageset[1].count = 1;
}

/* ---- with pages in use ---- */

static void lru_page_unmarked(struct victim *v)
{
	page(v, v->lru[1])->flags &= ~PG(lru);
}

static void lru_page_free(struct victim *v)
{
	page(v, v->lru[1])->_refcount = 0;
}

static void lru_count_wrong(struct victim *v)
{
	mod_zone_page_state(v->m, v->z, NR_ACTIVE_ANON, 1);
}

static void lru_link_wrong(struct victim *v)
{
	page(v, v->lru[1])->lru.prev = PFN_NONE;
}

static void in_use_in_another_zone(struct victim *v)
{
	page(v, v->held)->block ^= 1u << BLOCK_ZONE_SHIFT;
}

static void in_use_unaligned(struct victim *v)
{
	page(v, v->lru[0] | 1)->block |= 4;
}

static void in_use_over_a_free_block(struct victim *v)
{
	/* the smaller of the two mates becomes as large as both */
	page(v, min_of(v->held, v->o3))->block = page(v, v->held)->block + 1;
	page(v, min_of(v->held, v->o3))->_refcount = 1;
}

static void overlap(struct victim *v)
{
	page(v, v->o0[0] - 1)->block |= 1;
}

static void leaked(struct victim *v)
{
	page(v, v->held)->_refcount = 0;
}

static void handed_out_twice(struct victim *v)
{
	claim_block(v->m, v->z, v->held + 8 * 3, 0);
	page(v, v->held)->block++;
}

/* ---- with the counters ---- */

static void free_count_wrong(struct victim *v)
{
	mod_zone_page_state(v->m, v->z, NR_FREE_PAGES, -1);
}

static void free_count_of_other_cpu_wrong(struct victim *v)
{
	v->z->pageset[1].vm_stat_diff[NR_FREE_PAGES] = 3;
}

static void managed_wrong(struct victim *v)
{
	v->z->managed_pages++;
}

static void global_count_wrong(struct victim *v)
{
	v->m->vm_stat[NR_FILE_DIRTY]++;
}

#define PLANT(f, text)      \
	{                   \
#f, f, text \
	}
static const struct {
	const char *name;
	void (*plant)(struct victim *v);
	const char *complaint;
} plants[] = {
	PLANT(of_another_zone, "lies outside it"),
	PLANT(unaligned, "is not aligned to order 1"),
	PLANT(unmarked, "but not marked so"),
	PLANT(marked_with_another_order, "but not marked so"),
	PLANT(top_unmarked, "but not marked so"),
	PLANT(marked_with_another_type, "but marked otherwise"),
	PLANT(top_marked_with_another_type, "but marked otherwise"),
	PLANT(marked_twice, "is marked both in the page and in its block"),
	PLANT(not_merged, "are both free, and not merged"),
	PLANT(interior_in_use, "order 3 is in use"),
	PLANT(interior_heads_a_block, "order 3 is in use"),
	PLANT(interior_has_flags, "order 10 is in use"),
	PLANT(free_with_a_holder, "has refcount 1, mapcount 0, flags 0x0"),
	PLANT(free_and_mapped, "has refcount 0, mapcount 1, flags 0x0"),
	PLANT(free_with_flags, "has refcount 0, mapcount 0, flags 0x1"),
	PLANT(next_astray, "runs astray at pfn 2147483647"),
	PLANT(prev_wrong, "does not link back"),
	PLANT(cycle, "does not link back"),
	PLANT(tail_wrong, "a list of order 10 has the wrong tail"),
	PLANT(mask_wrong, "free_mask of Reclaimable is wrong at order 4"),
	PLANT(mask_misses, "free_mask of Movable is wrong at order 10"),
	PLANT(count_wrong, "nr_free of order 10 is"),
	PLANT(stock_page_in_use, "on a per-CPU list is not free"),
	PLANT(stock_page_unmarked, "on a per-CPU list is not free"),
	PLANT(stock_page_of_no_type, "on a per-CPU list has type 77"),
	PLANT(stock_page_of_another_type, "on a per-CPU list has type 2"),
	PLANT(stock_count_wrong, "CPU 0 counts"),
	PLANT(stock_of_other_cpu_wrong, "CPU 1 counts 1 pages, its lists hold 0"),
	PLANT(lru_page_unmarked, "on the LRU is not in use"),
	PLANT(lru_page_free, "on the LRU is not in use"),
	PLANT(lru_count_wrong, "an LRU list holds 3 pages, counted are 4"),
	PLANT(lru_link_wrong, "does not link back"),
	PLANT(in_use_in_another_zone, "is no block of zone Normal"),
	PLANT(in_use_unaligned, "is no block of zone Normal"),
	PLANT(in_use_over_a_free_block, ""),
	PLANT(overlap, "is both free and in use"),
	PLANT(leaked, "managed pages, but"),
	PLANT(handed_out_twice, ""),
	PLANT(free_count_wrong, "NR_FREE_PAGES with all differences is"),
	PLANT(free_count_of_other_cpu_wrong, "NR_FREE_PAGES with all differences is"),
	PLANT(managed_wrong, "managed pages, but"),
	PLANT(global_count_wrong, "nr_dirty: the zones sum up to 0, the machine has 1"),
};

START_TEST(planted)
{
	struct victim v = new_victim();
	struct mm_error e = {""};

	plants[_i].plant(&v);
	ck_assert_msg(machine_audit(v.m, &e) == -117, "%s is not found", plants[_i].name);
	ck_assert_msg(strstr(e.text, plants[_i].complaint) != NULL, "%s: %s", plants[_i].name,
		      e.text);
	ck_assert_int_eq(machine_audit(v.m, NULL), -117); /* nobody has to ask why */
	machine_free(v.m);
}
END_TEST

Suite *audit_suite(void)
{
	Suite *s = suite_create("audit");
	TCase *t = tcase_create("audit");

	tcase_add_loop_test(t, planted, 0, ARRAY_SIZE(plants));
	suite_add_tcase(s, t);
	return s;
}
