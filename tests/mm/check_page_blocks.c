/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block in somebody's hands: holders, compound pages, refusals, isolation (buddy.md 1, 11, 16). */
#include "mm/fixture.h"

#include <stdio.h>
#include <string.h>

/* [0x1000, 0x1800): two pageblocks of the default size. */
static struct machine *two_blocks(const char *lists)
{
	struct machine *m = bare_zone(0x1000, 0x1800, 10);

	put_lists(m, normal_zone(m), lists);
	return m;
}

/* ---- holders, compound pages: buddy.md 11 ---- */

START_TEST(the_last_holder_frees)
{
	struct machine *m = two_blocks("M10:1000");
	pfn_t pfn = take(m, GFP_MOVABLE_USER, 3);

	pfn_to_page(m, pfn)->_refcount++;
	__free_pages(m, pfn, 3);
	ck_assert_int_eq(free_pages(m, normal_zone(m)), 1016);
	__free_pages(m, pfn, 3);
	ck_assert_int_eq(free_pages(m, normal_zone(m)), 1024);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(a_split_block_is_freed_page_by_page)
{
	struct machine *m = two_blocks("M10:1000");
	pfn_t pfn = take(m, GFP_MOVABLE_USER, 3);

	split_page(m, pfn, 3);
	assert_audit(m);
	for (pfn_t i = 0; i < 8; i++) {
		ck_assert_int_eq(pfn_to_page(m, pfn + i)->_refcount, 1);
		ck_assert_int_eq(free_pages_check(m, pfn + i, 0, NULL), 0);
		__free_pages(m, pfn + i, 0);
	}
	assert_lists(m, normal_zone(m), "M10:1000");
	machine_free(m);
}
END_TEST

START_TEST(a_compound_page_is_one)
{
	struct machine *m = two_blocks("M10:1000");
	struct mm_error e;
	pfn_t pfn = take(m, GFP_MOVABLE_USER | __GFP_COMP, 2);

	ck_assert(pfn_to_page(m, pfn)->flags & PG(head));
	for (pfn_t i = 1; i < 4; i++) {
		ck_assert_uint_eq(pfn_to_page(m, pfn + i)->flags, PG(tail));
		ck_assert_uint_eq(pfn_to_page(m, pfn + i)->index, pfn);
		ck_assert_int_eq(pfn_to_page(m, pfn + i)->_refcount, 0);
	}
	ck_assert_int_ne(free_pages_check(m, pfn + 2, 0, &e), 0);
	ck_assert_str_eq(e.text, "pfn 4098 is a tail page of the compound page at pfn 4096");
	assert_audit(m);
	put_page(m, pfn + 3); /* a tail stands for its head */
	assert_lists(m, normal_zone(m), "M10:1000");
	assert_audit(m);
	/* order 0 is never compound */
	pfn = take(m, GFP_MOVABLE_USER | __GFP_COMP, 0);
	ck_assert_uint_eq(pfn_to_page(m, pfn)->flags, 0);
	machine_free(m);
}
END_TEST

START_TEST(zeroed_pages_are_zero)
{
	struct machine *m = two_blocks("M10:1000");
	pfn_t pfn = take(m, GFP_MOVABLE_USER, 1);
	char *bytes = phys_to_host(m, PFN_PHYS(pfn));

	memset(bytes, 0x5a, 2 * PAGE_SIZE);
	__free_pages(m, pfn, 1);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 1), pfn);
	ck_assert_int_eq(bytes[17], 0x5a);
	__free_pages(m, pfn, 1);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER | __GFP_ZERO, 1), pfn);
	for (size_t i = 0; i < 2 * PAGE_SIZE; i++)
		ck_assert_int_eq(bytes[i], 0);
	machine_free(m);
}
END_TEST

START_TEST(what_is_handed_out_counts_as_written)
{
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		struct machine *m = boot_line("mem=64M");
		pfn_t pfn = take(m, GFP_MOVABLE_USER, order), n = 1u << order, i;

		for (i = 0; i < n; i++)
			ck_assert(ram_touched(m, pfn + i));
		ram_untouch(m, pfn + n / 2);
		for (i = 0; i < n; i++)
			ck_assert_int_eq(ram_touched(m, pfn + i), i != n / 2);
		memset(phys_to_host(m, PFN_PHYS(pfn)), 0x5a, n * PAGE_SIZE);
		ram_touch(m, pfn, order);
		__free_pages(m, pfn, order);
		/* sooner or later the same block comes again */
		while (take(m, GFP_MOVABLE_USER | __GFP_ZERO, order) != pfn)
			;
		for (i = 0; i < n; i++)
			ck_assert_int_eq(*(char *)phys_to_host(m, PFN_PHYS(pfn + i)), 0);
		machine_free(m);
	}
}
END_TEST

/* ---- refusals ---- */

START_TEST(what_may_not_be_freed_and_why)
{
	struct machine *m = boot_line("mem=64M");
	static const struct {
		uint64_t pfn;
		unsigned order;
		const char *why;
	} rows[] = {
		{4096, 11, "order 11: the largest order is 10"},
		{1ull << 40, 0, "pfn 1099511627776 is not RAM"},
		{16384, 0, "pfn 16384 is not RAM"},
		{0xA0, 0, "pfn 160 is not RAM"},
		{0, 0, "pfn 0 is not RAM"},
		{1, 0, "pfn 1 is reserved: the kernel keeps it"},
		{1024, 10, "pfn 1024 is free already: in the order-10 block at pfn 1024"},
		{1999, 0, "pfn 1999 is free already: in the order-10 block at pfn 1024"},
	};
	struct mm_error e;
	char want[128];
	pfn_t pfn;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(free_pages_check(m, rows[i].pfn, rows[i].order, &e), -22);
		ck_assert_str_eq(e.text, rows[i].why);
	}
	pfn = take(m, GFP_KERNEL, 3);
	free_pages_check(m, pfn, 2, &e);
	snprintf(want, sizeof(want), "pfn %u was allocated with order 3, not 2", pfn);
	ck_assert_str_eq(e.text, want);
	free_pages_check(m, pfn + 5, 0, &e);
	snprintf(want, sizeof(want), "pfn %u is inside the order-3 block at pfn %u", pfn + 5, pfn);
	ck_assert_str_eq(e.text, want);
	__free_pages(m, pfn, 3);

	pfn = take(m, GFP_KERNEL, 0);
	ck_assert_int_eq(free_pages_check(m, pfn, 0, NULL), 0);
	__free_pages(m, pfn, 0);
	ck_assert_int_eq(free_pages_check(m, pfn, 0, &e), -22);
	snprintf(want, sizeof(want), "pfn %u is free already: on a per-CPU list", pfn);
	ck_assert_str_eq(e.text, want);

	/* a page that leaked */
	pfn = take(m, GFP_KERNEL, 0);
	pfn_to_page(m, pfn)->_refcount = 0;
	free_pages_check(m, pfn, 0, &e);
	snprintf(want, sizeof(want), "pfn %u was not handed out", pfn);
	ck_assert_str_eq(e.text, want);
	machine_free(m);
}
END_TEST

START_TEST(a_bad_page_leaks)
{
	struct machine *m = two_blocks("M10:1000");
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_BAD_PAGE));
	static const struct {
		uint32_t flags;
		int mapcount, refcount;
		enum bad_page_reason why;
	} rows[] = {
		{PG(locked), 0, 0, BAD_FLAGS_AT_FREE},
		{PG(slab), 0, 0, BAD_FLAGS_AT_FREE},
		{PG(lru), 0, 0, BAD_FLAGS_AT_FREE},
		{0, 2, 0, BAD_MAPCOUNT},
		{0, 0, 1, BAD_COUNT},
	};
	pfn_t pfn;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct page *p;

		pfn = take(m, GFP_MOVABLE_USER, i % 2);
		p = pfn_to_page(m, pfn);
		p->flags = rows[i].flags;
		p->mapcount = rows[i].mapcount;
		p->_refcount = rows[i].refcount + 1;
		if (rows[i].refcount)
			free_hot_cold_page(m, pfn, false); /* takes no reference off */
		else
			__free_pages(m, pfn, i % 2);
		ck_assert_int_eq(nth_event(b, TRACE_BAD_PAGE, i)->a, rows[i].why);
		ck_assert_uint_eq(nth_event(b, TRACE_BAD_PAGE, i)->pfn, pfn);
		ck_assert_int_eq(free_block_order(m, pfn), -1);
		ck_assert(!(p->block & BLOCK_PCP));
	}
	record_end(m, b);
	/* the other flags are cleared silently */
	pfn = take(m, GFP_MOVABLE_USER, 0);
	pfn_to_page(m, pfn)->flags = PG(dirty) | PG(uptodate) | PG(referenced) | PG(error);
	__free_pages(m, pfn, 0);
	ck_assert_uint_eq(pfn_to_page(m, pfn)->flags, 0);
	ck_assert_int_eq(free_block_order(m, pfn), 0);
	machine_free(m);
}
END_TEST

START_TEST(requests_that_make_no_sense)
{
	struct machine *m = two_blocks("M10:1000");
	static const struct {
		gfp_t gfp;
		unsigned order;
	} rows[] = {
		{GFP_KERNEL, 11},
		{GFP_KERNEL, 31},
		{GFP_KERNEL, ~0u},
		{GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM, 0},
		{GFP_KERNEL | __GFP_DMA | __GFP_DMA32, 0},
		{GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_int_eq(alloc_pages(m, rows[i].gfp, rows[i].order), -22);
	/* no zone that low */
	ck_assert_int_eq(alloc_pages(m, GFP_KERNEL | __GFP_DMA, 0), -12);
	assert_lists(m, normal_zone(m), "M10:1000");
	machine_free(m);
}
END_TEST

START_TEST(which_block_holds_a_page)
{
	struct machine *m = two_blocks("M0:1005 M3:1010 M10:1400");
	unsigned order = 99;

	ck_assert_uint_eq(free_block_containing(m, 0x1005, &order), 0x1005);
	ck_assert_uint_eq(order, 0);
	ck_assert_uint_eq(free_block_containing(m, 0x1017, &order), 0x1010);
	ck_assert_uint_eq(order, 3);
	ck_assert_uint_eq(free_block_containing(m, 0x17ff, &order), 0x1400);
	ck_assert_uint_eq(order, 10);
	ck_assert_uint_eq(free_block_containing(m, 0x1004, &order), PFN_NONE);
	ck_assert_uint_eq(free_block_containing(m, 0x1018, &order), PFN_NONE);
	machine_free(m);
}
END_TEST

/* ---- isolated blocks: buddy.md 16 ---- */

START_TEST(pages_of_an_isolated_block_go_aside)
{
	struct machine *m = bare_zone(0x1000, 0x1800, 9);
	struct zone *z = normal_zone(m);
	pfn_t pfn, other;

	put_lists(m, z, "M9:1000,1600");
	z->pageset[0].high = 42;
	z->pageset[0].batch = 7;
	pfn = take(m, GFP_MOVABLE_USER, 0);
	other = take(m, GFP_MOVABLE_USER, 0);
	__free_pages(m, other, 0);
	z->nr_isolate_pageblock = 1;
	set_pageblock_migratetype(m, z, 0x1000, MIGRATE_ISOLATE);
	move_freepages_block(m, z, 0x1000, MIGRATE_ISOLATE);
	/* a page freed goes there at once, one in the stock when it leaves */
	__free_pages(m, pfn, 0);
	drain_all_pages(m);
	ck_assert_uint_eq(z->free_area[9].free_list[MIGRATE_ISOLATE].head, 0x1000);
	/* and does not merge with a block that is not isolated */
	claim_block(m, z, 0x1200, 9);
	__free_pages(m, 0x1200, 9);
	assert_lists(m, z, "M9:1200,1600 I9:1000");
	ck_assert_uint_eq(__isolate_free_page(m, z, 0x1000, 9), 512);
	assert_lists(m, z, "M9:1200,1600");
	assert_blocks(m, z, "IMMM");
	machine_free(m);
}
END_TEST

START_TEST(isolating_a_free_block_asks_the_low_mark)
{
	struct machine *m = two_blocks("U9:1000,1400 U0:1201");
	struct zone *z = normal_zone(m);

	set_blocks(m, z, MIGRATE_UNMOVABLE);
	z->watermark[WMARK_LOW] = 512;
	/* more than low + 2^order must be free: 1025 > 512 + 512 */
	ck_assert_uint_eq(__isolate_free_page(m, z, 0x1000, 9), 512);
	assert_blocks(m, z, "MU"); /* so large a block turns its pageblock */
	ck_assert_uint_eq(__isolate_free_page(m, z, 0x1400, 9), 0);
	ck_assert_uint_eq(__isolate_free_page(m, z, 0x1201, 0), 0);
	z->watermark[WMARK_LOW] = 511;
	ck_assert_uint_eq(__isolate_free_page(m, z, 0x1201, 0), 1);
	ck_assert_int_eq(free_pages(m, z), 512);
	machine_free(m);
}
END_TEST

Suite *page_blocks_suite(void)
{
	Suite *s = suite_create("page_blocks");
	TCase *t = tcase_create("blocks");

	tcase_add_test(t, the_last_holder_frees);
	tcase_add_test(t, a_split_block_is_freed_page_by_page);
	tcase_add_test(t, a_compound_page_is_one);
	tcase_add_test(t, zeroed_pages_are_zero);
	tcase_add_test(t, what_is_handed_out_counts_as_written);
	tcase_add_test(t, what_may_not_be_freed_and_why);
	tcase_add_test(t, a_bad_page_leaks);
	tcase_add_test(t, requests_that_make_no_sense);
	tcase_add_test(t, which_block_holds_a_page);
	tcase_add_test(t, pages_of_an_isolated_block_go_aside);
	tcase_add_test(t, isolating_a_free_block_asks_the_low_mark);
	suite_add_tcase(s, t);
	return s;
}
