/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks and single pages: taking, splitting, stealing, freeing, merging (buddy.md 7-9, 11). */
#include "mm/fixture.h"

/* [0x1000, 0x1800): two pageblocks of the default size. */
static struct machine *two_blocks(const char *lists)
{
	struct machine *m = bare_zone(0x1000, 0x1800, 10);

	put_lists(m, normal_zone(m), lists);
	return m;
}

/* ---- taking: buddy.md 7 ---- */

START_TEST(a_split_keeps_the_low_half)
{
	struct machine *m = two_blocks("M10:1000");
	struct zone *z = normal_zone(m);

	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1000);
	assert_lists(m, z,
		     "M0:1001 M1:1002 M2:1004 M3:1008 M4:1010 M5:1020 M6:1040 M7:1080 M8:1100"
		     " M9:1200");
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1001);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1002);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1003);
	assert_buddyinfo(z, "0 0 1 1 1 1 1 1 1 1 0");
	ck_assert_int_eq(free_pages(m, z), 1020);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(the_smallest_block_that_is_large_enough)
{
	struct machine *m = two_blocks("M2:1104,1010 M4:1200 M9:1600");
	struct zone *z = normal_zone(m);

	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 2), 0x1104);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 3), 0x1200);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 3), 0x1208);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 8), 0x1600);
	assert_lists(m, z, "M2:1010 M8:1700");
	assert_audit(m);
	machine_free(m);
}
END_TEST

static void set_batch(struct machine *m, int batch)
{
	normal_zone(m)->pageset[0].high = 6 * batch;
	normal_zone(m)->pageset[0].batch = batch;
}

START_TEST(a_refill_hands_out_ascending)
{
	struct machine *m = two_blocks("M10:1000");
	struct zone *z = normal_zone(m);

	set_batch(m, 7);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1000);
	assert_lists(m, z,
		     "M0:1007 M3:1008 M4:1010 M5:1020 M6:1040 M7:1080 M8:1100 M9:1200"
		     " Mp:1001,1002,1003,1004,1005,1006");
	ck_assert_int_eq(z->pageset[0].count, 6);
	/* charged with the refill, not with the request */
	ck_assert_int_eq(free_pages(m, z), 1024 - 7);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(a_cold_refill_hands_out_ascending_too)
{
	struct machine *m = two_blocks("M10:1000");
	struct zone *z = normal_zone(m);

	set_batch(m, 7);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER | __GFP_COLD, 0), 0x1000);
	assert_lists(m, z,
		     "M0:1007 M3:1008 M4:1010 M5:1020 M6:1040 M7:1080 M8:1100 M9:1200"
		     " Mp:1006,1005,1004,1003,1002,1001");
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1006);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER | __GFP_COLD, 0), 0x1001);
	machine_free(m);
}
END_TEST

START_TEST(a_refill_takes_what_there_is)
{
	struct machine *m = two_blocks("M0:1001 U1:1104 R0:1203");
	struct zone *z = normal_zone(m);

	set_batch(m, 7);
	/* its own page, then those it falls back to, the largest first */
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1001);
	assert_lists(m, z, "Mp:1104,1105,1203");
	ck_assert_int_eq(free_pages(m, z), 0);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(other_types_stocks_are_no_fallback)
{
	struct machine *m = two_blocks("Up:1001,1002 M0:1100");

	set_batch(m, 7);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1100);
	put_lists(m, normal_zone(m), "H0:1204");
	/* two pages stand in the stock and one is in reserve, yet there is none to have */
	ck_assert_int_eq(alloc_pages(m, GFP_QUIET | __GFP_MOVABLE | __GFP_MEMALLOC, 0), -12);
	ck_assert_uint_eq(take(m, GFP_KERNEL, 0), 0x1001);
	machine_free(m);
}
END_TEST

/* ---- falling back to other types: buddy.md 8 ---- */

START_TEST(a_small_block_is_not_stolen_for_movable)
{
	struct machine *m = two_blocks("U2:1100 U4:1200,1010");
	struct zone *z = normal_zone(m);
	struct trace_buffer *b;
	const struct trace_event *ev;

	set_blocks(m, z, MIGRATE_UNMOVABLE);
	b = record(m, TRACE_ALL);
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 1), 0x1200);
	assert_lists(m, z, "U2:1100 U4:1010 M1:1202 M2:1204 M3:1208");
	assert_blocks(m, z, "UU");
	ev = nth_event(b, TRACE_MM_PAGE_ALLOC_EXTFRAG, 0);
	ck_assert_uint_eq(ev->pfn, 0x1200);
	ck_assert_uint_eq(ev->order, 1);
	ck_assert_int_eq(ev->a, 4); /* fallback order */
	ck_assert_int_eq(ev->b, 0); /* the pageblock stays whose it was */
	ck_assert_int_eq(ev->mt, MIGRATE_MOVABLE);
	ck_assert_int_eq(ev->mt2, MIGRATE_UNMOVABLE);
	ck_assert_uint_eq(count_events(b, TRACE_STEAL), 0);
	record_end(m, b);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(half_a_block_free_claims_it)
{
	struct machine *m = two_blocks("M5:1040 M8:1400 M9:1200");
	struct zone *z = normal_zone(m);
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_STEAL));
	const struct trace_event *ev;

	ck_assert_uint_eq(take(m, GFP_RECLAIMABLE, 3), 0x1200);
	assert_lists(m, z, "M8:1400 R3:1208 R4:1210 R5:1220,1040 R6:1240 R7:1280 R8:1300");
	assert_blocks(m, z, "RM");
	ev = nth_event(b, TRACE_STEAL, 0);
	ck_assert_int_eq(ev->a, 544);
	ck_assert_int_eq(ev->b, 1);
	record_end(m, b);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(less_than_half_moves_the_pages_only)
{
	struct machine *m = two_blocks("M5:1040 M8:1100 M7:1400");
	struct zone *z = normal_zone(m);
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_STEAL));

	ck_assert_uint_eq(take(m, GFP_KERNEL, 0), 0x1100);
	assert_lists(m, z,
		     "U0:1101 U1:1102 U2:1104 U3:1108 U4:1110 U5:1120,1040 U6:1140 U7:1180"
		     " M7:1400");
	assert_blocks(m, z, "MM");
	ck_assert_int_eq(nth_event(b, TRACE_STEAL, 0)->a, 288);
	ck_assert_int_eq(nth_event(b, TRACE_STEAL, 0)->b, 0);
	record_end(m, b);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(the_last_partial_block_is_never_claimed)
{
	struct machine *m = bare_zone(0x1000, 0x1600, 10);
	struct zone *z = normal_zone(m);

	put_lists(m, z, "M8:1400 M4:1540");
	ck_assert_uint_eq(take(m, GFP_KERNEL, 0), 0x1400);
	assert_lists(m, z,
		     "U0:1401 U1:1402 U2:1404 U3:1408 U4:1410 U5:1420 U6:1440 U7:1480 M4:1540");
	assert_blocks(m, z, "MM");
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(a_block_of_two_pageblocks_claims_both)
{
	struct machine *m = bare_zone(0x1000, 0x1400, 9);
	struct zone *z = normal_zone(m);

	put_lists(m, z, "M10:1000");
	ck_assert_uint_eq(take(m, GFP_KERNEL, 0), 0x1000);
	assert_lists(m, z,
		     "U0:1001 U1:1002 U2:1004 U3:1008 U4:1010 U5:1020 U6:1040 U7:1080 U8:1100"
		     " U9:1200");
	assert_blocks(m, z, "UU");
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* Half the pageblock order, rounded down: 5, or 4 where large pages make it 9. */
START_TEST(movable_steals_from_half_the_pageblock_order)
{
	struct machine *m = bare_zone(0x1000, 0x1800, 9);
	struct zone *z = normal_zone(m);

	set_blocks(m, z, MIGRATE_UNMOVABLE);
	put_lists(m, z, "U4:1200,1010 U1:1280");
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 1), 0x1200);
	assert_lists(m, z, "U4:1010 M1:1202,1280 M2:1204 M3:1208");
	machine_free(m);
}
END_TEST

START_TEST(the_larger_block_beats_the_better_type)
{
	struct machine *m = two_blocks("R3:1010 U4:1200");
	struct machine *n = two_blocks("R4:1010 U4:1200");

	/* MOVABLE prefers RECLAIMABLE, but only between blocks of one order */
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), 0x1200);
	ck_assert_uint_eq(take(n, GFP_MOVABLE_USER, 0), 0x1010);
	machine_free(m);
	machine_free(n);
}
END_TEST

START_TEST(with_grouping_off_everything_is_unmovable)
{
	struct machine *m = boot_line("mem=16M");
	struct zone *z = zone_of(m, "DMA");
	pfn_t pfn;

	ck_assert(m->page_group_by_mobility_disabled);
	assert_blocks(m, z, "UMMM"); /* as initialised: grouping was not decided yet */
	pfn = take(m, GFP_QUIET | __GFP_DMA | __GFP_RECLAIMABLE, 9);
	ck_assert_int_eq(get_pageblock_migratetype(m, z, pfn), MIGRATE_UNMOVABLE);
	for (pfn = 1; pfn < 4096; pfn += 1024) {
		set_pageblock_migratetype(m, z, pfn, MIGRATE_RECLAIMABLE);
		ck_assert_int_eq(get_pageblock_migratetype(m, z, pfn), MIGRATE_UNMOVABLE);
	}
	/* a reserve is no mobility group */
	set_pageblock_migratetype(m, z, 1024, MIGRATE_HIGHATOMIC);
	assert_blocks(m, z, "UHUU");
	machine_free(m);
}
END_TEST

START_TEST(moving_a_block_puts_its_own_pages_in_front_again)
{
	struct machine *m = two_blocks("M0:1001,1011,1005 U2:1008 M3:1410");
	struct zone *z = normal_zone(m);

	ck_assert_uint_eq(move_freepages_block(m, z, 0x1001, MIGRATE_MOVABLE), 7);
	assert_lists(m, z, "M0:1011,1005,1001 M2:1008 M3:1410");
	ck_assert_uint_eq(move_freepages_block(m, z, 0x1400, MIGRATE_RECLAIMABLE), 8);
	assert_lists(m, z, "M0:1011,1005,1001 M2:1008 R3:1410");
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* The first pageblock of a zone that begins inside it: the walk starts at the page itself. */
START_TEST(moving_the_first_partial_block_starts_at_the_page)
{
	struct machine *m = bare_zone(0x1010, 0x1800, 10);
	struct zone *z = normal_zone(m);

	put_lists(m, z, "M0:1011,1021 M3:1100");
	ck_assert_uint_eq(move_freepages_block(m, z, 0x1021, MIGRATE_UNMOVABLE), 9);
	assert_lists(m, z, "U0:1021 U3:1100 M0:1011");
	machine_free(m);
}
END_TEST

/* ---- freeing: buddy.md 9 ---- */

START_TEST(the_tail_rule)
{
	struct machine *m = two_blocks("M10:1000");
	struct zone *z = normal_zone(m);

	for (pfn_t pfn = 0x1000; pfn <= 0x1005; pfn++)
		ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), pfn);
#define REST " M3:1008 M4:1010 M5:1020 M6:1040 M7:1080 M8:1100 M9:1200"
	assert_lists(m, z, "M1:1006" REST);
	__free_pages(m, 0x1001, 0);
	assert_lists(m, z, "M0:1001 M1:1006" REST);
	__free_pages(m, 0x1003, 0);
	assert_lists(m, z, "M0:1003,1001 M1:1006" REST);
	__free_pages(m, 0x1004, 0);
	assert_lists(m, z, "M0:1003,1001,1004 M1:1006" REST);
	__free_pages(m, 0x1000, 0);
	assert_lists(m, z, "M0:1003,1004 M1:1000,1006" REST);
	__free_pages(m, 0x1002, 0);
	assert_lists(m, z, "M0:1004 M1:1006 M2:1000" REST);
	assert_audit(m);
	/* and the last page puts it all together again */
	__free_pages(m, 0x1005, 0);
	assert_lists(m, z, "M10:1000");
	machine_free(m);
#undef REST
}
END_TEST

START_TEST(the_tail_rule_puts_an_order_2_block_behind)
{
	struct machine *m = two_blocks("M2:1104 M3:1008");
	struct zone *z = normal_zone(m);

	claim_block(m, z, 0x1000, 2);
	z->managed_pages += 4;
	__free_pages(m, 0x1000, 2);
	assert_lists(m, z, "M2:1104,1000 M3:1008");
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* Order 8 still looks at its larger mate; orders 9 and 10 never do. */
START_TEST(the_tail_rule_ends_below_order_9)
{
	struct machine *m = bare_zone(0x1000, 0x2000, 10);
	struct zone *z = normal_zone(m);

	put_lists(m, z, "M8:1d00 M9:1200,1600 M10:1800");
	claim_block(m, z, 0x1000, 8);
	claim_block(m, z, 0x1c00, 9);
	z->managed_pages += 256 + 512;
	__free_pages(m, 0x1000, 8);
	assert_lists(m, z, "M8:1d00,1000 M9:1200,1600 M10:1800");
	machine_free(m);
}
END_TEST

START_TEST(a_mate_of_any_type_merges_into_the_freed_type)
{
	struct machine *m = two_blocks("R0:1001 U1:1002");
	struct zone *z = normal_zone(m);

	claim_block(m, z, 0x1000, 0);
	z->managed_pages++;
	__free_pages(m, 0x1000, 0);
	assert_lists(m, z, "M2:1000");
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(blocks_of_9_merge_across_pageblocks)
{
	struct machine *m = bare_zone(0x1000, 0x1800, 9);
	struct zone *z = normal_zone(m);

	put_lists(m, z, "U9:1200 M9:1600");
	claim_block(m, z, 0x1000, 9);
	z->managed_pages += 512;
	__free_pages(m, 0x1000, 9);
	assert_lists(m, z, "M9:1600 M10:1000");
	machine_free(m);
}
END_TEST

START_TEST(zone_borders_are_never_merged_over)
{
	struct machine *m = boot_line("mem=64M");
	struct zone *dma = zone_of(m, "DMA"), *normal = normal_zone(m);

	/* DMA's last block and Normal's first are mates in number only */
	ck_assert_uint_eq(zone_end_pfn(dma), normal->start_pfn);
	assert_audit(m);
	ck_assert_int_eq(free_block_order(m, 3072), 10);
	machine_free(m);
}
END_TEST

/* How the stocks of lengths U/M/R shrink by n pages: the types in order. */
static const struct {
	const char *stock;
	int n;
	const char *order;
} bulk_rows[] = {
	{"Up:1001,1003,1005 Mp:1401,1403,1405,1407 Rp:1011,1013", 7, "MRUMRUM"},
	{"Up:1001,1003,1005,1007,1009,100b,100d,100f,1011,1013 Mp:1401 Rp:1201", 7, "MRUUUUU"},
	{"Up:1001,1003,1005,1007,1009 Mp:1401,1403,1405,1407,1409", 7, "MUUMUUM"},
	{"Up:1001,1003,1005,1007,1009,100b Mp:1401 Rp:1201,1203,1205", 7, "MRURRUU"},
};

START_TEST(bulk_frees_in_rounds)
{
	struct machine *m = two_blocks(bulk_rows[_i].stock);
	struct zone *z = normal_zone(m);
	struct per_cpu_pageset *ps = &z->pageset[0];
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_MM_PAGE_PCPU_DRAIN));
	char got[16] = "";
	pfn_t head;

	/* take one unmovable page out and free it again, so that the stock is just full */
	set_blocks(m, z, MIGRATE_UNMOVABLE);
	ps->high = ps->count;
	ps->batch = bulk_rows[_i].n;
	put_lists(m, z, "M10:1400");
	head = take(m, GFP_KERNEL, 0);
	free_hot_cold_page(m, head, false);
	ck_assert_int_eq(pfn_to_page(m, head)->_refcount, 1); /* refused: it has a holder */
	__free_pages(m, head, 0);
	ck_assert_uint_eq(b->n, (unsigned)bulk_rows[_i].n);
	for (unsigned i = 0; i < b->n; i++)
		got[i] = "UMR"[b->ev[i].mt];
	ck_assert_str_eq(got, bulk_rows[_i].order);
	ck_assert_int_eq(ps->count, ps->high - bulk_rows[_i].n);
	record_end(m, b);
	machine_free(m);
}
END_TEST

START_TEST(a_cold_free_goes_to_the_tail)
{
	struct machine *m = two_blocks("M10:1000");
	struct zone *z = normal_zone(m);

	set_batch(m, 7);
	for (int i = 0; i < 3; i++)
		take(m, GFP_MOVABLE_USER, 0);
	__free_pages(m, 0x1001, 0);
	pfn_to_page(m, 0x1002)->_refcount--;
	free_hot_cold_page(m, 0x1002, true);
	assert_lists(m, z,
		     "M0:1007 M3:1008 M4:1010 M5:1020 M6:1040 M7:1080 M8:1100 M9:1200"
		     " Mp:1001,1003,1004,1005,1006,1002");
	drain_pages(m, 0);
	ck_assert_int_eq(z->pageset[0].count, 0);
	__free_pages(m, 0x1000, 0);
	drain_all_pages(m);
	assert_lists(m, z, "M10:1000");
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(only_a_free_looks_at_high)
{
	struct machine *m = two_blocks("M10:1000 U9:1400");
	struct zone *z = normal_zone(m);
	struct per_cpu_pageset *ps = &z->pageset[0];
	pfn_t pfn;

	ps->high = 8;
	ps->batch = 7;
	pfn = take(m, GFP_MOVABLE_USER, 0);
	take(m, GFP_KERNEL, 0);
	ck_assert_int_eq(ps->count, 12); /* a refill may pass it */
	__free_pages(m, pfn, 0);
	ck_assert_int_eq(ps->count, 6); /* one batch less, however many there are */
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* The type is the pageblock's at the time of the free, kept until the page leaves the stock. */
START_TEST(the_cached_type_may_be_stale)
{
	struct machine *m = two_blocks("M10:1000");
	struct zone *z = normal_zone(m);

	set_batch(m, 7);
	__free_pages(m, take(m, GFP_MOVABLE_USER, 0), 0);
	set_pageblock_migratetype(m, z, 0x1000, MIGRATE_UNMOVABLE);
	drain_all_pages(m);
	assert_lists(m, z, "M10:1000");
	assert_blocks(m, z, "UM");
	machine_free(m);
}
END_TEST

START_TEST(pages_of_a_reserve_pass_through_the_movable_stock)
{
	struct machine *m = two_blocks("M10:1000");
	struct zone *z = normal_zone(m);
	pfn_t pfn;

	set_batch(m, 7);
	pfn = take(m, GFP_MOVABLE_USER, 0);
	set_pageblock_migratetype(m, z, pfn, MIGRATE_HIGHATOMIC);
	__free_pages(m, pfn, 0);
	ck_assert_uint_eq(z->pageset[0].lists[MIGRATE_MOVABLE].head, pfn);
	ck_assert_uint_eq(pfn_to_page(m, pfn)->index, MIGRATE_HIGHATOMIC);
	assert_audit(m);
	/* and may be handed out again from there */
	ck_assert_uint_eq(take(m, GFP_MOVABLE_USER, 0), pfn);
	__free_pages(m, pfn, 0);
	drain_pages(m, 0);
	ck_assert_uint_eq(z->free_area[10].free_list[MIGRATE_HIGHATOMIC].head, 0x1000);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* buddy.md 9.6 */
START_TEST(forty_pages_out_and_in_again)
{
	struct machine *m = boot_r1(1);
	struct zone *z = normal_zone(m);
	const char *fresh = "0 1 1 1 1 1 1 1 0 1 212";
	struct trace_buffer *b;

	assert_buddyinfo(z, fresh);
	for (pfn_t i = 0; i < 40; i++)
		ck_assert_uint_eq(take(m, GFP_KERNEL, 0), 0x36800 + i);
	ck_assert_int_eq(z->pageset[0].count, 22);
	ck_assert_int_eq(free_pages(m, z), 217792);
	for (pfn_t i = 0; i < 40; i++)
		__free_pages(m, 0x36800 + i, 0);
	ck_assert_int_eq(z->pageset[0].count, 62);
	ck_assert_uint_eq(z->pageset[0].lists[0].head, 0x36827);
	ck_assert_uint_eq(z->pageset[0].lists[0].tail, 0x3683d);
	b = record(m, TRACE_BIT(TRACE_MM_PAGE_PCPU_DRAIN));
	drain_all_pages(m);
	ck_assert_uint_eq(nth_event(b, TRACE_MM_PAGE_PCPU_DRAIN, 0)->pfn, 0x3683d);
	record_end(m, b);
	assert_buddyinfo(z, fresh);
	assert_list(m, z, 10, MIGRATE_UNMOVABLE, "223232");
	ck_assert_int_eq(get_pageblock_migratetype(m, z, 223232), MIGRATE_UNMOVABLE);
	assert_audit(m);
	machine_free(m);
}
END_TEST

Suite *page_alloc_suite(void)
{
	Suite *s = suite_create("page_alloc");
	TCase *t = tcase_create("take");

	tcase_add_test(t, a_split_keeps_the_low_half);
	tcase_add_test(t, the_smallest_block_that_is_large_enough);
	tcase_add_test(t, a_refill_hands_out_ascending);
	tcase_add_test(t, a_cold_refill_hands_out_ascending_too);
	tcase_add_test(t, a_refill_takes_what_there_is);
	tcase_add_test(t, other_types_stocks_are_no_fallback);
	suite_add_tcase(s, t);

	t = tcase_create("fallback");
	tcase_add_test(t, a_small_block_is_not_stolen_for_movable);
	tcase_add_test(t, half_a_block_free_claims_it);
	tcase_add_test(t, less_than_half_moves_the_pages_only);
	tcase_add_test(t, the_last_partial_block_is_never_claimed);
	tcase_add_test(t, a_block_of_two_pageblocks_claims_both);
	tcase_add_test(t, movable_steals_from_half_the_pageblock_order);
	tcase_add_test(t, the_larger_block_beats_the_better_type);
	tcase_add_test(t, with_grouping_off_everything_is_unmovable);
	tcase_add_test(t, moving_a_block_puts_its_own_pages_in_front_again);
	tcase_add_test(t, moving_the_first_partial_block_starts_at_the_page);
	suite_add_tcase(s, t);

	t = tcase_create("free");
	tcase_add_test(t, the_tail_rule);
	tcase_add_test(t, the_tail_rule_puts_an_order_2_block_behind);
	tcase_add_test(t, the_tail_rule_ends_below_order_9);
	tcase_add_test(t, a_mate_of_any_type_merges_into_the_freed_type);
	tcase_add_test(t, blocks_of_9_merge_across_pageblocks);
	tcase_add_test(t, zone_borders_are_never_merged_over);
	tcase_add_loop_test(t, bulk_frees_in_rounds, 0, ARRAY_SIZE(bulk_rows));
	tcase_add_test(t, a_cold_free_goes_to_the_tail);
	tcase_add_test(t, only_a_free_looks_at_high);
	tcase_add_test(t, the_cached_type_may_be_stale);
	tcase_add_test(t, pages_of_a_reserve_pass_through_the_movable_stock);
	tcase_add_test(t, forty_pages_out_and_in_again);
	suite_add_tcase(s, t);

	return s;
}
