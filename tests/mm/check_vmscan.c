/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who wakes kswapd, and what reclaim says when there is nothing to reclaim (buddy.md 12.2, 13). */
#include "mm/fixture.h"

#include <string.h>

START_TEST(kswapd_wakes_once)
{
	struct machine *m = boot_line("mem=64M");
	struct pglist_data *node = m->node[0];
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_WAKE_KSWAPD));

	exhaust(m, GFP_QUIET);
	ck_assert(node->kswapd_awake);
	ck_assert_uint_eq(b->n, 1);
	ck_assert_uint_eq(b->ev[0].zone, normal_zone(m)->id);
	ck_assert_int_eq(b->ev[0].a, 1);
	exhaust(m, GFP_QUIET | GFP_DMA | __GFP_MEMALLOC);
	/* a larger order is noted though it is awake, a smaller one is not */
	ck_assert_int_lt(alloc_pages(m, GFP_QUIET, 4), 0);
	ck_assert_int_eq(node->kswapd_max_order, 4);
	ck_assert_int_eq(node->kswapd_classzone_idx, 1);
	ck_assert_int_lt(alloc_pages(m, GFP_QUIET | GFP_DMA, 2), 0);
	ck_assert_int_eq(node->kswapd_max_order, 4);
	ck_assert_int_eq(node->kswapd_classzone_idx, 1);
	ck_assert_int_lt(alloc_pages(m, GFP_QUIET | GFP_DMA, 5), 0);
	ck_assert_int_eq(node->kswapd_classzone_idx, 0);
	ck_assert_uint_eq(b->n, 1);
	/* it runs, finds nothing, and sleeps */
	machine_tick(m, 1);
	ck_assert(!node->kswapd_awake);
	ck_assert_uint_eq(vm_event_sum(m, PAGEOUTRUN), 1);
	ck_assert_int_eq(node->kswapd_max_order, 0);
	machine_tick(m, 1);
	ck_assert_uint_eq(vm_event_sum(m, PAGEOUTRUN), 1);
	ck_assert_int_lt(alloc_pages(m, GFP_QUIET, 0), 0);
	ck_assert_uint_eq(b->n, 2);
	record_end(m, b);
	machine_free(m);
}
END_TEST

START_TEST(requests_without_the_flag_let_it_sleep)
{
	struct machine *m = boot_line("mem=64M");

	exhaust(m, __GFP_NOWARN);
	ck_assert(!m->node[0]->kswapd_awake);
	machine_free(m);
}
END_TEST

/* A zone with enough pages for itself does not wake it, though the request may not have them. */
START_TEST(balanced_zones_do_not_wake)
{
	struct machine *m = boot_line("mem=64M");
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_WAKE_KSWAPD));

	for_each_populated_zone(m, z)
		z->watermark[WMARK_LOW] = 1l << 40;
	take(m, GFP_KERNEL, 0);
	ck_assert_uint_eq(b->n, 0);
	/* at a larger order the zone must be able to compact as well */
	take(m, GFP_KERNEL, 3);
	ck_assert_uint_eq(b->n, 1);
	machine_tick(m, 1);
	/* and it takes a block */
	shatter(m);
	b->n = 0;
	for_each_populated_zone(m, z)
		z->watermark[WMARK_LOW] = z->watermark[WMARK_HIGH] = 0;
	ck_assert_int_lt(alloc_pages(m, GFP_QUIET, 3), 0);
	ck_assert_uint_eq(b->n, 1);
	record_end(m, b);
	machine_free(m);
}
END_TEST

START_TEST(nothing_to_reclaim_takes_two_runs)
{
	struct machine *m = boot_line("mem=64M");

	exhaust(m, GFP_QUIET | __GFP_MEMALLOC);
	ck_assert_int_lt(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, 0), 0);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), 2);
	ck_assert_int_lt(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, 4), 0);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), 4);
	machine_free(m);
	/* with compaction ready to help, one is enough */
	m = boot_line("mem=64M");
	shatter(m);
	ck_assert_int_lt(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, 4), 0);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), 1);
	/* small orders are not worth leaving a zone alone for */
	ck_assert_int_lt(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, 3), 0);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), 3);
	machine_free(m);
}
END_TEST

/* Two nodes; the first is below its low mark. */
START_TEST(zone_reclaim_before_the_next_node)
{
	struct machine *m = boot_line("arch=amd64 mem=128M numa=fake=2 cpus=2");
	struct zone *z = zone_find(m, 0, "DMA32");

	for_each_populated_zone(m, x)
		if (x->nid == 0)
			x->watermark[WMARK_LOW] = 1l << 40;
	take(m, GFP_KERNEL, 0);
	ck_assert_uint_eq(vm_event_sum(m, PGSCAN_ZONE_RECLAIM_FAILED), 0);
	m->zone_reclaim_mode = 1;
	take(m, GFP_KERNEL, 0); /* nothing there that is worth it */
	ck_assert_uint_eq(vm_event_sum(m, PGSCAN_ZONE_RECLAIM_FAILED), 0);
	mod_zone_page_state(m, z, NR_FILE_PAGES, 10000);
	ck_assert_uint_eq(pfn_to_zone(m, take(m, GFP_KERNEL, 0))->nid, 1);
	ck_assert_uint_gt(vm_event_sum(m, PGSCAN_ZONE_RECLAIM_FAILED), 0);
	/* not for those who cannot wait, nor for another node's CPUs */
	memset(m->vm_event[0], 0, sizeof(m->vm_event[0]));
	take(m, GFP_ATOMIC, 0);
	machine_set_cpu(m, 1);
	alloc_pages_node(m, 0, GFP_KERNEL, 0);
	ck_assert_uint_eq(vm_event_sum(m, PGSCAN_ZONE_RECLAIM_FAILED), 0);
	machine_free(m);
}
END_TEST

Suite *vmscan_suite(void)
{
	Suite *s = suite_create("vmscan");
	TCase *t = tcase_create("vmscan");

	tcase_add_test(t, kswapd_wakes_once);
	tcase_add_test(t, requests_without_the_flag_let_it_sleep);
	tcase_add_test(t, balanced_zones_do_not_wake);
	tcase_add_test(t, nothing_to_reclaim_takes_two_runs);
	tcase_add_test(t, zone_reclaim_before_the_next_node);
	suite_add_tcase(s, t);
	return s;
}
