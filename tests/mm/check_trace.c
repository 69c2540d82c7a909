/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who listens hears what it asked for, in order. */
#include "mm/fixture.h"

static char heard[64];
static unsigned nr_heard;

static void hear_a(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	(void)l;
	(void)m;
	(void)ev;
	heard[nr_heard++] = 'a';
}

static void hear_b(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	(void)l;
	(void)m;
	(void)ev;
	heard[nr_heard++] = 'b';
}

START_TEST(listeners_in_order_of_attachment)
{
	struct machine *m = boot_line("mem=64M");
	struct trace_listener a = {.event = hear_a, .mask = TRACE_BIT(TRACE_MM_PAGE_ALLOC)};
	struct trace_listener b = {.event = hear_b,
				   .mask = TRACE_BIT(TRACE_MM_PAGE_ALLOC) |
					   TRACE_BIT(TRACE_MM_PAGE_FREE)};
	pfn_t pfn;

	ck_assert_uint_eq(m->trace_mask, 0);
	trace_attach(m, &a);
	trace_attach(m, &b);
	ck_assert_uint_eq(m->trace_mask, b.mask);
	pfn = take(m, GFP_KERNEL, 0);
	ck_assert_str_eq(heard, "ab");
	__free_pages(m, pfn, 0);
	ck_assert_str_eq(heard, "abb");
	trace_detach(m, &a);
	trace_detach(m, &a); /* no harm done */
	pfn = take(m, GFP_KERNEL, 0);
	ck_assert_str_eq(heard, "abbb");
	trace_detach(m, &b);
	ck_assert_uint_eq(m->trace_mask, 0);
	__free_pages(m, pfn, 0);
	ck_assert_str_eq(heard, "abbb");
	ck_assert_ptr_null(m->listeners);
	machine_free(m);
}
END_TEST

START_TEST(a_buffer_keeps_the_first)
{
	struct machine *m = boot_line("mem=64M cpus=2");
	struct trace_buffer b;

	ck_assert_int_eq(trace_buffer_init(&b, 2, TRACE_BIT(TRACE_MM_PAGE_ALLOC)), 0);
	trace_attach(m, &b.l);
	machine_set_cpu(m, 1);
	for (unsigned i = 0; i < 5; i++)
		take(m, GFP_KERNEL, i);
	ck_assert_uint_eq(b.n, 2);
	ck_assert_uint_eq(b.dropped, 3);
	ck_assert_uint_eq(b.ev[1].order, 1);
	ck_assert_uint_eq(b.ev[1].cpu, 1);
	trace_buffer_reset(&b);
	take(m, GFP_KERNEL, 7);
	ck_assert_uint_eq(b.n, 1);
	ck_assert_uint_eq(b.dropped, 0);
	ck_assert_uint_eq(b.ev[0].order, 7);
	trace_detach(m, &b.l);
	trace_buffer_free(&b);
	ck_assert_uint_eq(b.cap, 0);
	machine_free(m);
}
END_TEST

/* The events of one request, from the first walk to the page. */
START_TEST(the_story_of_a_request)
{
	struct machine *m = boot_r1(1);
	struct trace_buffer *b = record(m, TRACE_ALL);
	static const uint8_t want[] = {
		TRACE_ALLOC_BEGIN,
		TRACE_ATTEMPT,
		TRACE_ZONE,
		TRACE_STEAL,
		TRACE_TAKE,
		TRACE_SPLIT,
		TRACE_SPLIT,
		TRACE_SPLIT,
		TRACE_MM_PAGE_ALLOC_EXTFRAG,
		TRACE_MM_PAGE_ALLOC_ZONE_LOCKED,
		TRACE_MM_PAGE_ALLOC,
	};
	pfn_t pfn = take(m, GFP_KERNEL, 7);

	ck_assert_uint_eq(b->n, ARRAY_SIZE(want));
	for (unsigned i = 0; i < b->n; i++)
		ck_assert_uint_eq(b->ev[i].id, want[i]);
	ck_assert_int_eq(b->ev[2].a, 217854); /* free */
	ck_assert_int_eq(b->ev[2].b, 1155);   /* the mark */
	ck_assert_uint_eq(b->ev[10].pfn, pfn);
	b->n = 0;
	__free_pages(m, pfn, 7);
	ck_assert_uint_eq(b->ev[0].id, TRACE_MM_PAGE_FREE);
	ck_assert_uint_eq(count_events(b, TRACE_MERGE), 3);
	ck_assert_uint_eq(nth_event(b, TRACE_PLACE, 0)->order, 10);
	record_end(m, b);
	machine_free(m);
}
END_TEST

Suite *trace_suite(void)
{
	Suite *s = suite_create("trace");
	TCase *t = tcase_create("trace");

	tcase_add_test(t, listeners_in_order_of_attachment);
	tcase_add_test(t, a_buffer_keeps_the_first);
	tcase_add_test(t, the_story_of_a_request);
	suite_add_tcase(s, t);
	return s;
}
