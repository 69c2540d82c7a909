/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine's life: power-on, time, CPUs, the end. */
#include "mm/fixture.h"

#include <string.h>

START_TEST(the_same_line_gives_the_same_machine)
{
	static const char *const lines[] = {
		"mem=8M",	    "mem=64M cpus=4",  "mem=64M hugetlb=on",
		"mem=1G initrd=1M", "mem=3G split=2G", "mem=80M highmem=15M",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct machine *a = boot_line(lines[i]), *b = boot_line(lines[i]);

		assert_same_state(a, b);
		assert_audit(a);
		machine_free(a);
		machine_free(b);
	}
}
END_TEST

START_TEST(defaults)
{
	struct boot_params p;

	boot_params_init(&p);
	ck_assert_str_eq(p.arch->name, "ia32");
	ck_assert_str_eq(p.split->name, "3G");
	ck_assert_uint_eq(p.mem, 1ull << 30);
	ck_assert_uint_eq(p.cpus, 1);
	ck_assert_uint_eq(p.reservelow, 64 << 10);
	ck_assert(p.highmem == BOOT_UNSET);
}
END_TEST

START_TEST(large_pages_make_the_pageblock)
{
	struct machine *m = boot_line("mem=64M");

	ck_assert_uint_eq(m->pageblock_order, 10);
	machine_free(m);
	m = boot_line("mem=64M hugetlb=on"); /* 4 MiB: the largest order at most */
	ck_assert_uint_eq(m->pageblock_order, 10);
	machine_free(m);
}
END_TEST

/* More address space than a host has: an answer, not a crash. */
START_TEST(the_host_refuses)
{
	struct mm_error e = {""};

	ck_assert_ptr_null(machine_new(&arch_amd64, 1ull << 44, 1, 1, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "the host refuses to reserve"));
	ck_assert_ptr_null(machine_new(&arch_amd64, 1ull << 44, 1, 1, NULL));
	machine_free(NULL);
}
END_TEST

START_TEST(an_empty_machine)
{
	struct machine *m = machine_new(&arch_ia32, 4096, 1, 4, NULL);

	ck_assert_uint_eq(m->nr_cpus, 4);
	ck_assert_int_eq(m->extfrag_threshold, 500);
	ck_assert_int_eq(m->user_min_free_kbytes, -1);
	ck_assert_int_eq(m->lowmem_reserve_ratio[0], 256);
	ck_assert_int_eq(m->lowmem_reserve_ratio[2], 32);
	ck_assert_ptr_null(next_populated_zone(m, NULL));
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(cpus)
{
	struct machine *m = boot_line("mem=64M cpus=3");
	pfn_t pfn[3];

	for (unsigned cpu = 0; cpu < 3; cpu++) {
		ck_assert_int_eq(machine_set_cpu(m, cpu), 0);
		pfn[cpu] = take(m, GFP_KERNEL, 0);
	}
	ck_assert_int_eq(machine_set_cpu(m, 3), -22);
	ck_assert_uint_eq(m->cpu, 2);
	/* each has a stock and counters of its own */
	machine_set_cpu(m, 0);
	__free_pages(m, pfn[2], 0);
	ck_assert_uint_eq(normal_zone(m)->pageset[0].lists[0].head, pfn[2]);
	ck_assert_uint_eq(m->vm_event[2][PGALLOC_ZONE1], 1);
	ck_assert_uint_eq(m->vm_event[2][PGFREE], 0);
	drain_all_pages(m);
	ck_assert_uint_eq(m->cpu, 0);
	machine_free(m);
}
END_TEST

/* Once a second each CPU folds its differences in. */
START_TEST(time_flushes_the_counters)
{
	struct machine *m = boot_line("mem=64M cpus=2");
	struct zone *z = normal_zone(m);

	machine_tick(m, HZ);
	machine_set_cpu(m, 1);
	mod_zone_page_state(m, z, NR_FILE_DIRTY, 2);
	ck_assert_uint_eq(zone_page_state(z, NR_FILE_DIRTY), 0);
	ck_assert_int_eq(zone_page_state_exact(m, z, NR_FILE_DIRTY), 2);
	machine_tick(m, HZ - 1);
	ck_assert_uint_eq(zone_page_state(z, NR_FILE_DIRTY), 0);
	machine_tick(m, 1);
	ck_assert_uint_eq(m->jiffies, 2 * HZ);
	ck_assert_uint_eq(zone_page_state(z, NR_FILE_DIRTY), 2);
	ck_assert_uint_eq(global_page_state(m, NR_FILE_DIRTY), 2);
	ck_assert_int_eq(z->pageset[1].vm_stat_diff[NR_FILE_DIRTY], 0);
	machine_free(m);
}
END_TEST

Suite *machine_suite(void)
{
	Suite *s = suite_create("machine");
	TCase *t = tcase_create("machine");

	tcase_add_test(t, the_same_line_gives_the_same_machine);
	tcase_add_test(t, defaults);
	tcase_add_test(t, large_pages_make_the_pageblock);
	tcase_add_test(t, the_host_refuses);
	tcase_add_test(t, an_empty_machine);
	tcase_add_test(t, cpus);
	tcase_add_test(t, time_flushes_the_counters);
	suite_add_tcase(s, t);
	return s;
}
