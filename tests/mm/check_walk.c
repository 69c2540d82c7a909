/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random walks over machines of many shapes: every invariant after every step, and the short
   way through the allocator against the long one. */
#include "mm/walk.h"

static const struct shape {
	const char *line;
	unsigned steps;		/* audited after each */
	unsigned fill, movable; /* percent, see walk.h */
	uint64_t seed;
} shapes[] = {
	{"mem=8M", 8000, 60, 20, 1},
	{"mem=8M", 6000, 100, 60, 2},
	{"mem=16M", 6000, 60, 60, 3},
	{"mem=16M cpus=4", 6000, 100, 20, 4},
	{"mem=24M", 5000, 60, 80, 5},
	{"mem=24M hugetlb=on", 5000, 60, 80, 6},
	{"mem=64M", 3000, 90, 20, 7},
	{"mem=64M cpus=4", 3000, 60, 60, 8},
	{"mem=64M cpus=4 hugetlb=on", 3000, 100, 20, 9},
	{"mem=80M highmem=12M", 2500, 100, 40, 10},
	{"mem=80M highmem=15M cpus=2", 2500, 60, 80, 11},
	{"mem=1G", 100, 60, 20, 12},
	{"mem=1G cpus=4 vmalloc=512M", 100, 60, 50, 13},
	{"mem=1G split=2G", 100, 60, 20, 14},
	{"arch=ia32-pae mem=64M hugetlb=on", 3000, 60, 60, 15},
	{"arch=ia32-pae mem=160M highmem=40M cpus=2", 1000, 100, 60, 16},
	{"arch=amd64 mem=32M", 5000, 100, 40, 17},
	{"arch=amd64 mem=64M hugetlb=on cpus=2", 3000, 60, 80, 18},
	{"arch=amd64 mem=128M numa=fake=2 cpus=2", 1500, 100, 30, 19},
	{"mem=64M model=sparse", 3000, 90, 40, 20},
	{"mem=96M nodes=32M,64M model=discontig strict=off cpus=2", 2000, 90, 40, 21},
	{"mem=80M split=1G highmem=14M", 2000, 100, 50, 22},
	{"arch=ia32-pae mem=160M numa=fake=2 model=sparse highmem=64M cpus=2", 1000, 100, 50, 23},
	{"arch=amd64 mem=160M nodes=48M:1,64M@96M:0,48M@48M cpus=2 "
	 "distances=10,40,15,40,10,20,15,20,10", 1000, 100, 40, 24},
	{"arch=amd64 mem=128M movablecore=48M hugetlb=on", 1500, 100, 70, 25},
	{"arch=amd64 mem=256M numa=fake=64M kernelcore=128M numa_zonelist_order=zone", 500, 100, 60, 26},
};

START_TEST(every_step_keeps_every_invariant)
{
	const struct shape *s = &shapes[_i];
	struct machine *m = boot_line(s->line);
	struct walk *w = walk_new(m, s->seed, s->fill, s->movable);
	unsigned long managed = m->totalram_pages;
	struct mm_error e;

	for (unsigned i = 0; i < s->steps; i++) {
		walk_step(w);
		ck_assert_msg(machine_audit(m, &e) == 0, "%s, step %u (%s): %s", s->line, i,
			      w->last, e.text);
	}
	walk_home(w);
	assert_audit(m);
	/* all pages are free, whatever happened */
	ck_assert_uint_eq(global_page_state(m, NR_FREE_PAGES), managed);
	walk_free(w);
	machine_free(m);
}
END_TEST

/* The same walk on machines as large as they come, audited now and then. */
START_TEST(long_walks)
{
	static const char *const lines[] = {"mem=64M highmem=0", "mem=256M cpus=3", "mem=1G"};
	struct machine *m = boot_line(lines[_i]);
	struct walk *w = walk_new(m, 100 + (uint64_t)_i, 60, 50);

	for (unsigned i = 0; i < 60000; i++) {
		walk_step(w);
		if (i % 20000 == 0)
			assert_audit(m);
	}
	walk_home(w);
	assert_audit(m);
	ck_assert_uint_eq(global_page_state(m, NR_FREE_PAGES), m->totalram_pages);
	walk_free(w);
	machine_free(m);
}
END_TEST

/* ---- twins ---- */

static void deaf(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	(void)l;
	(void)m;
	(void)ev;
}

/* With anybody listening the allocator takes the general way; nobody may be able to tell. */
START_TEST(the_short_way_does_what_the_long_one_does)
{
	static const struct {
		const char *line;
		unsigned steps, fill, movable, max_order;
	} rows[] = {
		{"mem=8M", 20000, 60, 20, 10},
		{"mem=16M cpus=4", 20000, 90, 60, 10},
		{"mem=64M", 40000, 100, 20, 3},
		{"mem=64M cpus=4", 30000, 60, 80, 10},
		{"mem=64M hugetlb=on", 30000, 90, 80, 10},
		{"mem=80M highmem=15M", 30000, 100, 20, 1},
		{"mem=1G cpus=4", 30000, 60, 20, 10},
		{"mem=1G", 30000, 60, 20, 0},
		{"arch=amd64 mem=128M numa=fake=3 cpus=3", 30000, 90, 40, 10},
		{"arch=ia32-pae mem=160M highmem=40M hugetlb=on", 30000, 90, 40, 10},
		{"arch=ia32-pae mem=160M numa=fake=2 model=sparse highmem=64M cpus=2", 30000, 90, 40, 10},
		{"arch=amd64 mem=256M nodes=128M,127M movablecore=64M", 30000, 100, 60, 3},
	};
	struct machine *quick = boot_line(rows[_i].line), *slow = boot_line(rows[_i].line);
	struct walk *a = walk_new(quick, 77, rows[_i].fill, rows[_i].movable);
	struct walk *b = walk_new(slow, 77, rows[_i].fill, rows[_i].movable);
	struct trace_listener l = {.event = deaf, .mask = TRACE_BIT(TRACE_OOM)};

	trace_attach(slow, &l);
	a->max_order = b->max_order = rows[_i].max_order;
	for (unsigned i = 0; i < rows[_i].steps; i++) {
		int64_t x = walk_step(a), y = walk_step(b);

		ck_assert_msg(x == y, "%s, step %u (%s): %lld, with a listener %lld", rows[_i].line,
			      i, a->last, (long long)x, (long long)y);
	}
	ck_assert_uint_eq(a->nr_held, b->nr_held);
	assert_same_state(quick, slow);
	walk_home(a);
	walk_home(b);
	assert_same_state(quick, slow);
	assert_audit(quick);
	walk_free(a);
	walk_free(b);
	machine_free(quick);
	machine_free(slow);
}
END_TEST

/* Down to the last page, by every CPU in turn; from the large orders and from the small ones. */
START_TEST(exhausted_twins)
{
	static const char *const lines[] = {"mem=8M", "mem=64M cpus=4", "mem=80M highmem=15M"};
	struct machine *quick = boot_line(lines[_i / 2]), *slow = boot_line(lines[_i / 2]);
	struct trace_listener l = {.event = deaf, .mask = TRACE_BIT(TRACE_OOM)};
	static const gfp_t gfps[] = {GFP_HIGHUSER_MOVABLE, GFP_KERNEL, GFP_ATOMIC,
				     GFP_KERNEL | GFP_DMA, GFP_QUIET | __GFP_MEMALLOC};

	trace_attach(slow, &l);
	for (size_t i = 0; i < ARRAY_SIZE(gfps); i++) {
		for (unsigned k = 0; k < MAX_ORDER; k++) {
			unsigned order = _i % 2 ? k : MAX_ORDER - 1 - k, cpu = 0;
			int64_t x, y;

			do {
				machine_set_cpu(quick, cpu);
				machine_set_cpu(slow, cpu);
				x = alloc_pages(quick, gfps[i], order);
				y = alloc_pages(slow, gfps[i], order);
				ck_assert_int_eq(x, y);
				cpu = (cpu + 1) % quick->nr_cpus;
			} while (x >= 0);
		}
		assert_same_state(quick, slow);
	}
	assert_audit(quick);
	ck_assert_uint_lt(global_page_state(quick, NR_FREE_PAGES), quick->totalram_pages / 20);
	machine_free(quick);
	machine_free(slow);
}
END_TEST

/* ---- several machines ---- */

START_TEST(machines_do_not_meet)
{
	struct machine *alone = boot_line("mem=16M cpus=2");
	struct machine *m = boot_line("mem=16M cpus=2"), *other = boot_line("mem=64M");
	struct walk *wa = walk_new(alone, 5, 90, 30), *wm = walk_new(m, 5, 90, 30);
	struct walk *wo = walk_new(other, 6, 60, 50);

	assert_same_state(alone, m);
	for (unsigned i = 0; i < 5000; i++)
		walk_step(wa);
	for (unsigned i = 0; i < 5000; i++) {
		walk_step(wm);
		walk_step(wo);
	}
	assert_same_state(alone, m);
	machine_free(other);
	walk_home(wm);
	assert_audit(m);
	walk_free(wa);
	walk_free(wm);
	walk_free(wo);
	machine_free(alone);
	machine_free(m);
}
END_TEST

Suite *walk_suite(void)
{
	Suite *s = suite_create("walk");
	TCase *t = tcase_create("walk");

	tcase_add_loop_test(t, every_step_keeps_every_invariant, 0, ARRAY_SIZE(shapes));
	tcase_add_loop_test(t, long_walks, 0, 3);
	tcase_add_loop_test(t, the_short_way_does_what_the_long_one_does, 0, 12);
	tcase_add_loop_test(t, exhausted_twins, 0, 6);
	tcase_add_test(t, machines_do_not_meet);
	suite_add_tcase(s, t);
	return s;
}
