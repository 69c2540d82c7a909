/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which zone serves a request: zonelist, fair batches, watermarks, the high-atomic reserve
   (buddy.md 4-6, 10). */
#include "mm/fixture.h"

/* ---- zonelist walk: buddy.md 4 ---- */

START_TEST(zones_are_walked_from_the_highest_allowed)
{
	struct machine *m = boot_r1(1);
	static const struct {
		gfp_t gfp;
		const char *zones[3];
	} rows[] = {
		{GFP_HIGHUSER_MOVABLE, {"HighMem", "Normal", "DMA"}},
		{GFP_HIGHUSER, {"HighMem", "Normal", "DMA"}},
		{GFP_KERNEL, {"Normal", "DMA"}},
		{GFP_KERNEL | __GFP_MOVABLE, {"Normal", "DMA"}},
		{GFP_KERNEL | GFP_DMA32, {"Normal", "DMA"}},
		{GFP_KERNEL | GFP_DMA, {"DMA"}},
		{GFP_KERNEL | GFP_DMA | __GFP_MOVABLE, {"DMA"}},
	};

	/* a mark that no zone meets makes the first pass visit them all */
	for_each_populated_zone(m, z)
		z->watermark[WMARK_LOW] = 1l << 40;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trace_buffer *b =
			record(m, TRACE_BIT(TRACE_ZONE) | TRACE_BIT(TRACE_ALLOC_BEGIN));
		unsigned n = 0;

		take(m, rows[i].gfp, 0);
		for (; n < 3 && rows[i].zones[n]; n++) {
			const struct zone *z = zone_of(m, rows[i].zones[n]);

			ck_assert_uint_eq(nth_event(b, TRACE_ZONE, n)->zone, z->id);
			ck_assert_uint_eq(nth_event(b, TRACE_ZONE, n)->verdict, ZONE_LOW);
			if (!n)
				ck_assert_int_eq(nth_event(b, TRACE_ALLOC_BEGIN, 0)->c, z->idx);
		}
		/* then the slow path, which the first zone serves */
		ck_assert_uint_eq(nth_event(b, TRACE_ZONE, n)->verdict, ZONE_OK);
		record_end(m, b);
	}
	machine_free(m);
}
END_TEST

START_TEST(without_highmem_users_prefer_normal)
{
	struct machine *m = boot_line("mem=64M");
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_ALLOC_BEGIN));

	take(m, GFP_HIGHUSER_MOVABLE, 0);
	ck_assert_int_eq(nth_event(b, TRACE_ALLOC_BEGIN, 0)->c, 1);
	ck_assert_int_eq(nth_event(b, TRACE_ALLOC_BEGIN, 0)->b, 3);
	record_end(m, b);
	machine_free(m);
}
END_TEST

/* The event carries HARDWALL if the first attempt succeeded. */
START_TEST(the_mask_of_the_last_attempt_is_told)
{
	struct machine *m = boot_r1(1);
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_MM_PAGE_ALLOC));

	take(m, GFP_KERNEL, 0);
	ck_assert_int_eq(b->ev[0].a, GFP_KERNEL | __GFP_HARDWALL);
	normal_zone(m)->watermark[WMARK_LOW] = 1l << 40;
	zone_of(m, "DMA")->watermark[WMARK_LOW] = 1l << 40;
	take(m, GFP_KERNEL, 0);
	ck_assert_int_eq(b->ev[1].a, GFP_KERNEL);
	record_end(m, b);
	machine_free(m);
}
END_TEST

/* boot.md 10: the first requests of the worked machine */
START_TEST(first_requests_of_a_fresh_machine)
{
	struct machine *m = boot_r1(1);
	static const pfn_t dma[] = {154, 152, 153, 144, 145, 146};

	for (pfn_t i = 0; i < 5; i++)
		ck_assert_uint_eq(take(m, GFP_KERNEL, 0), 223232 + i);
	ck_assert_int_eq(normal_zone(m)->pageset[0].count, 26);
	ck_assert_int_eq(get_pageblock_migratetype(m, normal_zone(m), 223232), MIGRATE_UNMOVABLE);
	ck_assert_uint_eq(take(m, GFP_KERNEL | __GFP_RECLAIMABLE, 2), 222208);
	ck_assert_int_eq(get_pageblock_migratetype(m, normal_zone(m), 222208), MIGRATE_RECLAIMABLE);
	for (size_t i = 0; i < ARRAY_SIZE(dma); i++)
		ck_assert_uint_eq(take(m, GFP_KERNEL | GFP_DMA, 0), dma[i]);
	for (pfn_t i = 0; i < 3; i++)
		ck_assert_uint_eq(take(m, GFP_HIGHUSER_MOVABLE, 0), 262080 + i);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* ---- fair batches: buddy.md 5.2 ---- */

/* How many pages in a row each zone of the walk serves, over three rounds. */
static void assert_rounds(struct machine *m, gfp_t gfp, const char *const zones[],
			  const unsigned want[])
{
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; zones[i]; i++) {
			const struct zone *z = zone_of(m, zones[i]);

			for (unsigned n = 0; n < want[i]; n++) {
				pfn_t pfn = take(m, gfp, 0);

				ck_assert_msg(zone_spans_pfn(z, pfn),
					      "round %u: page %u of %s is from %s", round, n,
					      z->name, pfn_to_zone(m, pfn)->name);
			}
		}
	}
}

static const char *const user_zones[] = {"HighMem", "Normal", "DMA", NULL};
static const char *const kernel_zones[] = {"Normal", "DMA", NULL};

START_TEST(fair_rounds)
{
	struct machine *m = boot_r1(1);

	assert_rounds(m, GFP_HIGHUSER_MOVABLE, user_zones, (const unsigned[]){40, 234, 6});
	machine_free(m);
	m = boot_r1(1);
	assert_rounds(m, GFP_KERNEL, kernel_zones, (const unsigned[]){234, 6});
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(fair_rounds_of_four_cpus)
{
	struct machine *m = boot_r1(4);

	assert_rounds(m, GFP_HIGHUSER_MOVABLE, user_zones, (const unsigned[]){39, 250, 7});
	machine_free(m);
}
END_TEST

START_TEST(fair_rounds_with_exact_counters)
{
	struct machine *m = boot_r1(1);

	for_each_populated_zone(m, z)
		z->pageset[0].stat_threshold = 0;
	assert_rounds(m, GFP_HIGHUSER_MOVABLE, user_zones, (const unsigned[]){37, 231, 4});
	machine_free(m);
}
END_TEST

START_TEST(users_get_normal_pages_although_highmem_is_empty)
{
	struct machine *m = boot_line("mem=2G");
	unsigned normal = 0;

	for (int i = 0; i < 20000; i++)
		normal += zone_spans_pfn(normal_zone(m), take(m, GFP_HIGHUSER_MOVABLE, 0));
	ck_assert_uint_ge(normal, 20000 * 40 / 100);
	ck_assert_uint_le(normal, 20000 * 45 / 100);
	machine_free(m);
}
END_TEST

/* A zone below its mark is not one whose batch is used up: there is no second scan. */
START_TEST(no_rescan_unless_a_batch_was_used_up)
{
	struct machine *m = boot_r1(1);
	struct trace_buffer *b;

	for_each_populated_zone(m, z)
		z->watermark[WMARK_LOW] = 1l << 40;
	b = record(m, TRACE_BIT(TRACE_FAIR_RESET));
	take(m, GFP_HIGHUSER_MOVABLE, 0);
	ck_assert_uint_eq(b->n, 0);
	for_each_populated_zone(m, z) {
		z->watermark[WMARK_LOW] = 0;
		z->watermark[WMARK_HIGH] = 50;
		z->flags |= 1ul << ZONE_FAIR_DEPLETED;
	}
	take(m, GFP_KERNEL, 0);
	ck_assert_uint_eq(b->n, 2); /* the zones up to the preferred one: DMA, Normal */
	ck_assert_int_eq(b->ev[0].a, 50);
	ck_assert_int_eq(zone_page_state_exact(m, zone_of(m, "DMA"), NR_ALLOC_BATCH), 50);
	ck_assert_int_eq(zone_page_state_exact(m, normal_zone(m), NR_ALLOC_BATCH), 49);
	ck_assert(zone_of(m, "HighMem")->flags >> ZONE_FAIR_DEPLETED & 1);
	record_end(m, b);
	machine_free(m);
}
END_TEST

/* ---- dirty limit: buddy.md 5.3 ---- */

START_TEST(pages_to_be_dirtied_avoid_dirty_zones)
{
	struct machine *m = boot_r1(1);
	struct zone *normal = normal_zone(m);
	long dirtyable = normal->vm_stat[NR_FREE_PAGES] - (long)normal->dirty_balance_reserve;

	mod_zone_page_state(m, normal, NR_FILE_DIRTY, dirtyable / 5);
	ck_assert(zone_spans_pfn(normal, take(m, GFP_KERNEL | __GFP_WRITE, 0)));
	mod_zone_page_state(m, normal, NR_WRITEBACK, 400);
	ck_assert(zone_spans_pfn(zone_of(m, "DMA"), take(m, GFP_KERNEL | __GFP_WRITE, 0)));
	ck_assert(zone_spans_pfn(normal, take(m, GFP_KERNEL, 0)));
	/* with every zone over its limit the slow path does not ask any more */
	mod_zone_page_state(m, zone_of(m, "DMA"), NR_FILE_DIRTY, 3000);
	ck_assert(zone_spans_pfn(normal, take(m, GFP_KERNEL | __GFP_WRITE, 0)));
	/* page cache counts as dirtyable */
	mod_zone_page_state(m, normal, NR_ACTIVE_FILE, 3000);
	ck_assert(zone_spans_pfn(normal, take(m, GFP_KERNEL | __GFP_WRITE, 0)));
	machine_free(m);
}
END_TEST

/* ---- watermarks: buddy.md 6 ---- */

/* The request passes with one page more than @needs free, and not with just that. */
static void assert_needs(struct machine *m, struct zone *z, unsigned order, long mark,
			 int classzone, int flags, long needs)
{
	long *free = &z->vm_stat[NR_FREE_PAGES], was = *free;

	*free = needs;
	ck_assert(!zone_watermark_ok(m, z, order, mark, classzone, flags));
	*free = needs + 1;
	ck_assert(zone_watermark_ok(m, z, order, mark, classzone, flags));
	*free = was;
}

START_TEST(what_a_request_needs)
{
	struct machine *m = boot_r1(1);
	struct zone *dma = zone_of(m, "DMA"), *normal = normal_zone(m);
	long *mark = normal->watermark;

	ck_assert_int_eq(mark[WMARK_MIN], 924);
	assert_needs(m, normal, 0, mark[WMARK_LOW], 1, 0, 1155);
	assert_needs(m, normal, 3, mark[WMARK_LOW], 1, 0, 1155 + 7);
	assert_needs(m, normal, 0, mark[WMARK_LOW], 2, 0, 2242);
	assert_needs(m, dma, 0, dma->watermark[WMARK_LOW], 2, 0, 1006);
	assert_needs(m, dma, 0, dma->watermark[WMARK_LOW], 1, 0, 870);
	assert_needs(m, normal, 0, mark[WMARK_MIN], 1, 0, 924);
	assert_needs(m, normal, 0, mark[WMARK_MIN], 1, ALLOC_HIGH | ALLOC_HARDER, 347);
	assert_needs(m, normal, 0, mark[WMARK_MIN], 1, ALLOC_HIGH, 462);
	assert_needs(m, normal, 0, mark[WMARK_MIN], 1, ALLOC_HARDER, 693);
	assert_needs(m, normal, 0, mark[WMARK_HIGH], 1, 0, 1386);
	normal->nr_reserved_highatomic = 1024;
	assert_needs(m, normal, 0, mark[WMARK_LOW], 1, 0, 1155 + 1024);
	assert_needs(m, normal, 0, mark[WMARK_MIN], 1, ALLOC_HIGH | ALLOC_HARDER, 347);
	/* a negative count reads as 0 */
	normal->vm_stat[NR_FREE_PAGES] = -5;
	ck_assert(!zone_watermark_ok(m, normal, 0, 0, 1, ALLOC_HARDER));
	machine_free(m);
}
END_TEST

START_TEST(enough_pages_are_not_a_block)
{
	struct machine *m = bare_zone(0x1000, 0x1800, 10);
	struct zone *z = normal_zone(m);

	put_lists(m, z, "U2:1010,1020,1030 M3:1040 H5:1100");
	ck_assert(zone_watermark_ok(m, z, 3, 0, 1, 0));
	ck_assert(!zone_watermark_ok(m, z, 4, 0, 1, 0));
	/* reserved blocks count for those who try harder */
	ck_assert(zone_watermark_ok(m, z, 4, 0, 1, ALLOC_HARDER));
	ck_assert(zone_watermark_ok(m, z, 5, 0, 1, ALLOC_HARDER));
	ck_assert(!zone_watermark_ok(m, z, 6, 0, 1, ALLOC_HARDER));
	machine_free(m);
}
END_TEST

START_TEST(the_safe_test_sees_the_differences)
{
	struct machine *m = boot_r1(4);
	struct zone *z = zone_of(m, "DMA");

	ck_assert_uint_eq(z->percpu_drift_mark, 48);
	z->vm_stat[NR_FREE_PAGES] = 40;
	for (unsigned cpu = 0; cpu < 4; cpu++)
		z->pageset[cpu].vm_stat_diff[NR_FREE_PAGES] = -6;
	ck_assert(zone_watermark_ok(m, z, 0, z->watermark[WMARK_LOW], 0, 0));
	ck_assert(!zone_watermark_ok_safe(m, z, 0, z->watermark[WMARK_LOW], 0));
	/* from the drift mark upward the differences cannot matter */
	z->vm_stat[NR_FREE_PAGES] = 48;
	ck_assert(zone_watermark_ok_safe(m, z, 0, 40, 0));
	machine_free(m);
}
END_TEST

/* ---- the high-atomic reserve: buddy.md 10 ---- */

/* The first attempt fails in every zone, the slow path's reduced mark is met. */
static void only_the_slow_path_works(struct machine *m)
{
	for_each_populated_zone(m, z) {
		z->watermark[WMARK_LOW] = z->watermark[WMARK_HIGH] = 1l << 40;
		z->watermark[WMARK_MIN] = 0;
	}
}

START_TEST(the_reserve_has_a_limit)
{
	struct machine *m = boot_r1(1);
	struct zone *normal = normal_zone(m), *dma = zone_of(m, "DMA");
	pfn_t pfn;

	only_the_slow_path_works(m);
	for (long i = 1; i <= 6; i++) {
		pfn = take(m, GFP_ATOMIC, 10);
		ck_assert_int_eq(normal->nr_reserved_highatomic, min_of(i, 4l) * 1024);
		ck_assert_int_eq(get_pageblock_migratetype(m, normal, pfn),
				 i <= 4 ? MIGRATE_HIGHATOMIC : MIGRATE_UNMOVABLE);
	}
	for (long i = 1; i <= 3; i++) {
		take(m, GFP_ATOMIC | GFP_DMA, 10);
		ck_assert_int_eq(dma->nr_reserved_highatomic, min_of(i, 2l) * 1024);
	}
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(atomic_requests_are_served_from_the_reserve)
{
	struct machine *m = boot_r1(1);
	struct zone *z = normal_zone(m);
	pfn_t first;

	only_the_slow_path_works(m);
	/* single pages reserve nothing */
	take(m, GFP_ATOMIC, 0);
	ck_assert_int_eq(z->nr_reserved_highatomic, 0);
	/* nor do those that are not atomic */
	take(m, GFP_NOWAIT, 2);
	take(m, GFP_ATOMIC | __GFP_NOMEMALLOC, 2);
	ck_assert_int_eq(z->nr_reserved_highatomic, 0);
	first = take(m, GFP_ATOMIC, 3);
	ck_assert_int_eq(z->nr_reserved_highatomic, 1024);
	ck_assert_int_eq(get_pageblock_migratetype(m, z, first), MIGRATE_HIGHATOMIC);
	ck_assert_uint_eq(take(m, GFP_ATOMIC, 3) & ~1023u, first & ~1023u);
	ck_assert_int_eq(z->nr_reserved_highatomic, 1024);
	/* others stay out */
	ck_assert_uint_ne(take(m, GFP_NOWAIT, 3) & ~1023u, first & ~1023u);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(reclaim_gives_one_reserved_block_back)
{
	struct machine *m = bare_zone(0x1000, 0x3000, 10);
	struct zone *z = normal_zone(m);
	struct trace_buffer *b;

	/* single pages enough for compaction to look worth while, large blocks in reserve only */
	for (pfn_t pfn = 0x2001; pfn < 0x3000; pfn += 2) {
		free_list_append(m, z, pfn, 0, MIGRATE_MOVABLE);
		mod_zone_page_state(m, z, NR_FREE_PAGES, 1);
		z->managed_pages++;
	}
	put_lists(m, z, "H4:1810,1430");
	for (pfn_t pfn = 0x1400; pfn < 0x1c00; pfn += 1024)
		set_pageblock_migratetype(m, z, pfn, MIGRATE_HIGHATOMIC);
	z->nr_reserved_highatomic = 2048;
	z->vm_stat[NR_FREE_PAGES] += 2048; /* as if more pages of the reserve were free */
	m->vm_stat[NR_FREE_PAGES] += 2048;
	b = record(m, TRACE_BIT(TRACE_HIGHATOMIC) | TRACE_BIT(TRACE_SLOWPATH));
	m->extfrag_threshold = -1; /* the reserve's blocks count in the index */
	ck_assert_int_eq(fragmentation_index(z, 4), -1000);
	ck_assert_uint_eq(take(m, GFP_KERNEL, 4), 0x1810);
	ck_assert_int_eq(z->nr_reserved_highatomic, 1024);
	ck_assert_int_eq(nth_event(b, TRACE_HIGHATOMIC, 0)->a, 0);
	ck_assert_uint_eq(count_events(b, TRACE_HIGHATOMIC), 1);
	ck_assert_int_eq(get_pageblock_migratetype(m, z, 0x1800), MIGRATE_UNMOVABLE);
	/* the last one stays */
	ck_assert_int_eq(alloc_pages(m, GFP_KERNEL, 4), -12);
	ck_assert_int_eq(z->nr_reserved_highatomic, 1024);
	record_end(m, b);
	machine_free(m);
}
END_TEST

Suite *page_alloc_zones_suite(void)
{
	Suite *s = suite_create("page_alloc_zones");
	TCase *t = tcase_create("zones");

	tcase_add_test(t, zones_are_walked_from_the_highest_allowed);
	tcase_add_test(t, without_highmem_users_prefer_normal);
	tcase_add_test(t, the_mask_of_the_last_attempt_is_told);
	tcase_add_test(t, first_requests_of_a_fresh_machine);
	tcase_add_test(t, fair_rounds);
	tcase_add_test(t, fair_rounds_of_four_cpus);
	tcase_add_test(t, fair_rounds_with_exact_counters);
	tcase_add_test(t, users_get_normal_pages_although_highmem_is_empty);
	tcase_add_test(t, no_rescan_unless_a_batch_was_used_up);
	tcase_add_test(t, pages_to_be_dirtied_avoid_dirty_zones);
	tcase_add_test(t, what_a_request_needs);
	tcase_add_test(t, enough_pages_are_not_a_block);
	tcase_add_test(t, the_safe_test_sees_the_differences);
	tcase_add_test(t, the_reserve_has_a_limit);
	tcase_add_test(t, atomic_requests_are_served_from_the_reserve);
	tcase_add_test(t, reclaim_gives_one_reserved_block_back);
	suite_add_tcase(s, t);
	return s;
}
