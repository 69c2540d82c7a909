/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a request that found nothing at first (buddy.md 12). */
#include "mm/fixture.h"

static unsigned count_steps(const struct trace_buffer *b, enum slowpath_step step)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->n; i++)
		n += b->ev[i].id == TRACE_SLOWPATH && b->ev[i].a == step;
	return n;
}

/* A machine with no page left at all. */
static struct machine *empty_machine(void)
{
	struct machine *m = boot_line("mem=64M");

	exhaust(m, GFP_QUIET | __GFP_MEMALLOC);
	machine_tick(m, HZ);
	ck_assert_uint_eq(global_page_state(m, NR_FREE_PAGES), 0);
	return m;
}

/* ---- by the request's mask ---- */

enum end {
	FAILS,
	LOOPS,
	KILLS
};

static const struct {
	gfp_t gfp;
	unsigned order;
	int alloc_flags;
	bool wakes;
	unsigned stalls;
	int oom_refused; /* reason, -1: not asked or not refused */
	enum end end;
	bool report;
} shortages[] = {
	{GFP_ATOMIC, 0, 0x30, true, 0, -1, FAILS, true},
	{GFP_ATOMIC, 4, 0x30, true, 0, -1, FAILS, true},
	{GFP_ATOMIC | __GFP_NOMEMALLOC, 0, 0x20, true, 0, -1, FAILS, true},
	{__GFP_HIGH, 0, 0x60, false, 0, -1, FAILS, true},
	{GFP_NOWAIT, 0, 0x40, true, 0, -1, FAILS, true},
	{GFP_NOWAIT | __GFP_NOWARN, 0, 0x40, true, 0, -1, FAILS, false},
	{GFP_KERNEL, 0, 0x40, true, 2, -1, KILLS, false},
	{GFP_KERNEL, 3, 0x40, true, 2, -1, KILLS, false},
	{GFP_KERNEL, 4, 0x40, true, 2, 0, FAILS, true},
	{GFP_KERNEL | __GFP_ATOMIC, 0, 0x40, true, 2, -1, KILLS, false},
	{GFP_KERNEL | __GFP_HIGH, 0, 0x60, true, 2, -1, KILLS, false},
	{GFP_NOFS, 0, 0x40, true, 2, 3, LOOPS, false},
	{GFP_NOIO, 3, 0x40, true, 2, 3, LOOPS, false},
	{GFP_NOFS, 4, 0x40, true, 2, 0, FAILS, true},
	{GFP_KERNEL | __GFP_NORETRY, 0, 0x40, true, 2, -1, FAILS, true},
	{GFP_KERNEL | __GFP_NORETRY, 5, 0x40, true, 2, -1, FAILS, true},
	{GFP_KERNEL | __GFP_NOFAIL, 0, 0x40, true, 2, -1, KILLS, false},
	{GFP_KERNEL | __GFP_NOFAIL, 6, 0x40, true, 2, -1, KILLS, false},
	{GFP_KERNEL | __GFP_THISNODE, 0, 0x40, true, 2, 2, FAILS, true},
	{GFP_KERNEL | GFP_DMA, 0, 0x40, true, 2, 1, FAILS, true},
	{GFP_TRANSHUGE, 9, 0x40, false, 2, -1, FAILS, false},
	{GFP_KERNEL | __GFP_MEMALLOC, 0, 0x44, true, 2, -1, KILLS, false},
	{GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0, 0x40, true, 2, -1, KILLS, false},
	/* with nothing reclaimed, again and again, these never get to the OOM step */
	{GFP_KERNEL | __GFP_REPEAT, 0, 0x40, true, 4, -1, LOOPS, false},
	{GFP_KERNEL | __GFP_REPEAT, 4, 0x40, true, 4, -1, LOOPS, false},
	{GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOFAIL, 0, 0x44, true, 0, -1, LOOPS, false},
	{GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOFAIL, 0, 0x44, true, 0, -1, LOOPS, false},
};

START_TEST(on_shortage)
{
	struct machine *m = empty_machine();
	struct trace_buffer *b = record(m, TRACE_ALL);
	unsigned refused = 0;

	ck_assert_int_eq(alloc_pages(m, shortages[_i].gfp, shortages[_i].order), -12);
	for (unsigned i = 0; i < b->n; i++) {
		if (b->ev[i].id != TRACE_SLOWPATH)
			continue;
		if (b->ev[i].a == SLOW_ENTER)
			ck_assert_int_eq(b->ev[i].b, shortages[_i].alloc_flags);
		if (b->ev[i].a == SLOW_OOM_REFUSED) {
			ck_assert_int_eq(b->ev[i].b, shortages[_i].oom_refused);
			refused++;
		}
	}
	ck_assert_uint_eq(refused, shortages[_i].oom_refused >= 0);
	ck_assert_uint_eq(count_events(b, TRACE_WAKE_KSWAPD), shortages[_i].wakes);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), shortages[_i].stalls);
	ck_assert_uint_eq(count_events(b, TRACE_OOM), shortages[_i].end == KILLS);
	ck_assert_uint_eq(count_steps(b, SLOW_OOM), shortages[_i].end == KILLS);
	ck_assert_uint_eq(count_steps(b, SLOW_FOREVER), shortages[_i].end == LOOPS);
	ck_assert_uint_eq(count_steps(b, SLOW_FAIL), shortages[_i].end == FAILS);
	ck_assert_uint_eq(count_events(b, TRACE_WARN_ALLOC_FAILED), shortages[_i].report);
	/* no page: the event carries the mask of the slow path */
	ck_assert_uint_eq(nth_event(b, TRACE_MM_PAGE_ALLOC, 0)->pfn, PFN_NONE);
	ck_assert_int_eq(nth_event(b, TRACE_MM_PAGE_ALLOC, 0)->a, shortages[_i].gfp);
	record_end(m, b);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* ---- marks and reserves ---- */

/* How far below its marks a zone goes for a request (the worked numbers of buddy.md 6). */
START_TEST(how_deep_a_request_digs)
{
	static const struct {
		gfp_t gfp;
		unsigned long left; /* pages of Normal when it is refused */
	} rows[] = {
		{GFP_NOWAIT, 924},
		{__GFP_HIGH, 462},
		{__GFP_ATOMIC, 693},
		{GFP_ATOMIC, 347},
		{GFP_NOWAIT | __GFP_MEMALLOC, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = boot_r1(1);
		struct zone *z = normal_zone(m);

		/* exact counts, one page at a time */
		z->pageset[0].stat_threshold = 0;
		z->pageset[0].batch = 1;
		exhaust(m, rows[i].gfp | __GFP_NOWARN);
		ck_assert_uint_eq(zone_page_state(z, NR_FREE_PAGES), rows[i].left);
		machine_free(m);
	}
}
END_TEST

START_TEST(pages_from_the_reserves_are_marked)
{
	struct machine *m = boot_line("mem=64M");
	pfn_t pfn = take(m, GFP_NOWAIT | __GFP_MEMALLOC, 0);

	ck_assert_uint_eq(pfn_to_page(m, pfn)->index, 0); /* it did not need them */
	exhaust(m, GFP_QUIET);
	pfn = take(m, GFP_QUIET | __GFP_MEMALLOC, 0);
	ck_assert_uint_eq(pfn_to_page(m, pfn)->index, ~0u);
	ck_assert_int_eq(alloc_pages(m, GFP_QUIET | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0), -12);
	machine_free(m);
}
END_TEST

/* The OOM step tries at the high mark first: a page that came back meanwhile is enough. */
START_TEST(the_oom_step_tries_once_more)
{
	struct machine *m = boot_line("mem=64M");
	struct trace_buffer *b;

	/* a mark that only the OOM step meets */
	for_each_populated_zone(m, z) {
		z->watermark[WMARK_LOW] = z->watermark[WMARK_MIN] = 1l << 40;
		z->watermark[WMARK_HIGH] = 0;
	}
	b = record(m, TRACE_BIT(TRACE_ATTEMPT));
	take(m, GFP_KERNEL, 0);
	ck_assert_int_eq(nth_event(b, TRACE_ATTEMPT, 2)->b, ATTEMPT_OOM);
	ck_assert_int_eq(nth_event(b, TRACE_ATTEMPT, 2)->a, 0x42);
	record_end(m, b);
	machine_free(m);
}
END_TEST

/* ---- large blocks ---- */

START_TEST(plenty_free_and_nothing_contiguous)
{
	struct machine *m = boot_line("mem=64M");
	struct trace_buffer *b;

	shatter(m);
	ck_assert_uint_gt(global_page_state(m, NR_FREE_PAGES), 7000);
	b = record(m, TRACE_BIT(TRACE_WARN_ALLOC_FAILED) | TRACE_BIT(TRACE_ZONE));
	ck_assert_int_ge(alloc_pages(m, GFP_ATOMIC, 0), 0);
	b->n = 0;
	ck_assert_int_eq(alloc_pages(m, GFP_ATOMIC, 4), -12);
	for (unsigned i = 0; i < b->n; i++)
		if (b->ev[i].id == TRACE_ZONE)
			ck_assert_uint_eq(b->ev[i].verdict, ZONE_FRAGMENTED);
	ck_assert_uint_eq(count_events(b, TRACE_WARN_ALLOC_FAILED), 1);
	ck_assert_int_eq(nth_event(b, TRACE_WARN_ALLOC_FAILED, 0)->a, GFP_ATOMIC);
	ck_assert_uint_eq(nth_event(b, TRACE_WARN_ALLOC_FAILED, 0)->order, 4);
	ck_assert_int_eq(alloc_pages(m, GFP_KERNEL, 4), -12);
	ck_assert_int_eq(alloc_pages(m, GFP_KERNEL, 1), -12);
	record_end(m, b);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* Reclaim says go on, as compaction could help; the counters tell each round. */
START_TEST(repeat_goes_round_until_enough_was_reclaimed)
{
	struct machine *m = boot_line("mem=64M");
	struct trace_buffer *b;

	shatter(m);
	b = record(m, TRACE_BIT(TRACE_SLOWPATH));
	ck_assert_int_eq(alloc_pages(m, GFP_KERNEL | __GFP_REPEAT, 4), -12);
	ck_assert_uint_eq(count_steps(b, SLOW_RECLAIM), 16);
	ck_assert_uint_eq(count_steps(b, SLOW_RETRY), 15);
	ck_assert_uint_eq(count_steps(b, SLOW_ENTER), 16);
	ck_assert_uint_eq(count_steps(b, SLOW_DRAIN), 16);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), 16);
	ck_assert_uint_eq(count_steps(b, SLOW_FAIL), 1);
	record_end(m, b);
	machine_free(m);
}
END_TEST

/* Pages that stand in the stocks are given back before the request is given up. */
START_TEST(draining_the_stocks_can_help)
{
	struct machine *m = bare_zone(0x1000, 0x2000, 10);
	struct zone *z = normal_zone(m);

	for (pfn_t pfn = 0x1801; pfn < 0x2000; pfn += 2) {
		free_list_append(m, z, pfn, 0, MIGRATE_MOVABLE);
		mod_zone_page_state(m, z, NR_FREE_PAGES, 1);
		z->managed_pages++;
	}
	for (pfn_t pfn = 0x1000; pfn < 0x1010; pfn++) {
		pcp_list_append(m, z, 0, pfn, MIGRATE_MOVABLE, MIGRATE_MOVABLE);
		z->pageset[0].count++;
		z->managed_pages++;
	}
	ck_assert_uint_eq(take(m, GFP_KERNEL, 4), 0x1000);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* Compaction that is deferred ends a request for a huge page at once. */
START_TEST(huge_pages_do_not_insist)
{
	struct machine *m = boot_line("mem=64M");

	shatter(m);
	for_each_populated_zone(m, z) {
		z->compact_defer_shift = 6;
		z->compact_considered = 0;
	}
	ck_assert_int_eq(alloc_pages(m, GFP_TRANSHUGE, 9), -12);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), 0);
	/* and is never more than asynchronous */
	for_each_populated_zone(m, z)
		z->compact_defer_shift = 0;
	for (int i = 0; i < 3; i++) {
		struct trace_buffer *b = record(m, TRACE_BIT(TRACE_COMPACT_ZONE));

		ck_assert_int_eq(alloc_pages(m, GFP_TRANSHUGE, 9), -12);
		for (unsigned k = 0; k < b->n; k++)
			ck_assert_int_eq(b->ev[k].c, MIGRATE_ASYNC);
		record_end(m, b);
	}
	machine_free(m);
}
END_TEST

START_TEST(order_11_warns_once)
{
	struct machine *m = boot_line("mem=64M");
	struct trace_buffer *b =
		record(m, TRACE_BIT(TRACE_WARN_ORDER) | TRACE_BIT(TRACE_WARN_ALLOC_FAILED));

	ck_assert_int_eq(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN, 11), -22);
	ck_assert_uint_eq(b->n, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(alloc_pages(m, GFP_KERNEL, 11), -22);
	ck_assert_uint_eq(b->n, 1);
	ck_assert_uint_eq(b->ev[0].id, TRACE_WARN_ORDER);
	ck_assert_uint_eq(b->ev[0].order, 11);
	ck_assert_int_eq(b->ev[0].a, GFP_KERNEL);
	record_end(m, b);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* ---- the reports ---- */

START_TEST(ten_reports_in_five_seconds)
{
	struct machine *m = empty_machine();
	struct trace_buffer *b;

	/* the first report opens the window, whenever that is */
	machine_tick(m, 4 * HZ);
	b = record(m, TRACE_BIT(TRACE_WARN_ALLOC_FAILED));
	for (int i = 0; i < 12; i++)
		alloc_pages(m, GFP_ATOMIC, 0);
	ck_assert_uint_eq(b->n, 10);
	machine_tick(m, 5 * HZ); /* not yet over */
	alloc_pages(m, GFP_ATOMIC, 0);
	ck_assert_uint_eq(b->n, 10);
	machine_tick(m, 1);
	for (int i = 0; i < 12; i++)
		alloc_pages(m, GFP_ATOMIC, 0);
	ck_assert_uint_eq(b->n, 20);
	ck_assert_int_eq(nth_event(b, TRACE_WARN_ALLOC_FAILED, 9)->b, 0);
	ck_assert_int_eq(nth_event(b, TRACE_WARN_ALLOC_FAILED, 10)->b, 3); /* suppressed */
	ck_assert_int_eq(nth_event(b, TRACE_WARN_ALLOC_FAILED, 11)->b, 0);
	/* those that want no report are not counted */
	machine_tick(m, 6 * HZ);
	for (int i = 0; i < 12; i++)
		alloc_pages(m, GFP_ATOMIC | __GFP_NOWARN, 0);
	alloc_pages(m, GFP_ATOMIC, 0);
	ck_assert_uint_eq(b->n, 21);
	ck_assert_int_eq(nth_event(b, TRACE_WARN_ALLOC_FAILED, 20)->b, 2);
	record_end(m, b);
	machine_free(m);
}
END_TEST

START_TEST(nothing_is_reclaimed_before_the_scheduler_runs)
{
	struct machine *m = empty_machine();

	m->gfp_allowed_mask = __GFP_BITS_MASK & ~(__GFP_RECLAIM | __GFP_IO | __GFP_FS);
	ck_assert_int_eq(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN, 0), -12);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), 0);
	ck_assert(!m->node[0]->kswapd_awake);
	machine_free(m);
}
END_TEST

Suite *page_slow_suite(void)
{
	Suite *s = suite_create("page_slow");
	TCase *t = tcase_create("page_slow");

	tcase_add_loop_test(t, on_shortage, 0, ARRAY_SIZE(shortages));
	tcase_add_test(t, how_deep_a_request_digs);
	tcase_add_test(t, pages_from_the_reserves_are_marked);
	tcase_add_test(t, the_oom_step_tries_once_more);
	tcase_add_test(t, plenty_free_and_nothing_contiguous);
	tcase_add_test(t, repeat_goes_round_until_enough_was_reclaimed);
	tcase_add_test(t, draining_the_stocks_can_help);
	tcase_add_test(t, huge_pages_do_not_insist);
	tcase_add_test(t, order_11_warns_once);
	tcase_add_test(t, ten_reports_in_five_seconds);
	tcase_add_test(t, nothing_is_reclaimed_before_the_scheduler_runs);
	suite_add_tcase(s, t);
	return s;
}
