/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters and their differences (buddy.md 14). */
#include "mm/fixture.h"

#include <string.h>

/* A machine whose CPUs keep differences up to @t in zone Normal. */
static struct machine *machine_with(int t)
{
	struct machine *m = boot_line("mem=64M cpus=2");

	for (int cpu = 0; cpu < 2; cpu++)
		normal_zone(m)->pageset[cpu].stat_threshold = (int8_t)t;
	return m;
}

START_TEST(differences_fold_in_beyond_the_threshold)
{
	struct machine *m = machine_with(4);
	struct zone *z = normal_zone(m);
	long *global = &z->vm_stat[NR_FILE_DIRTY];
	int8_t *diff = &z->pageset[0].vm_stat_diff[NR_FILE_DIRTY];

	mod_zone_page_state(m, z, NR_FILE_DIRTY, 4);
	ck_assert_int_eq(*global, 0);
	ck_assert_int_eq(*diff, 4);
	mod_zone_page_state(m, z, NR_FILE_DIRTY, 1);
	ck_assert_int_eq(*global, 5);
	ck_assert_int_eq(*diff, 0);
	mod_zone_page_state(m, z, NR_FILE_DIRTY, -4);
	ck_assert_int_eq(*global, 5);
	mod_zone_page_state(m, z, NR_FILE_DIRTY, -1);
	ck_assert_int_eq(*global, 0);
	mod_zone_page_state(m, z, NR_FILE_DIRTY, 1000);
	ck_assert_int_eq(*global, 1000);
	ck_assert_int_eq(m->vm_stat[NR_FILE_DIRTY], 1000);
	/* the other CPU has its own */
	machine_set_cpu(m, 1);
	mod_zone_page_state(m, z, NR_FILE_DIRTY, 3);
	ck_assert_int_eq(*global, 1000);
	ck_assert_int_eq(z->pageset[1].vm_stat_diff[NR_FILE_DIRTY], 3);
	ck_assert_int_eq(zone_page_state_exact(m, z, NR_FILE_DIRTY), 1003);
	refresh_cpu_vm_stats(m, 0);
	ck_assert_int_eq(*global, 1000);
	refresh_cpu_vm_stats(m, 1);
	ck_assert_int_eq(*global, 1003);
	machine_free(m);
}
END_TEST

START_TEST(negative_values_are_shown_as_none)
{
	struct machine *m = machine_with(0);
	struct zone *z = normal_zone(m);

	mod_zone_page_state(m, z, NR_FILE_DIRTY, -7);
	ck_assert_int_eq(z->vm_stat[NR_FILE_DIRTY], -7);
	ck_assert_uint_eq(zone_page_state(z, NR_FILE_DIRTY), 0);
	ck_assert_uint_eq(global_page_state(m, NR_FILE_DIRTY), 0);
	ck_assert_int_eq(zone_page_state_exact(m, z, NR_FILE_DIRTY), -7);
	machine_free(m);
}
END_TEST

/* What each step costs (buddy.md 14.2). */
START_TEST(who_counts_what)
{
	struct machine *m = boot_r1(1);
	struct zone *z = normal_zone(m);
	pfn_t pfn[2];

	z->pageset[0].stat_threshold = 0;
	ck_assert_int_eq(z->vm_stat[NR_ALLOC_BATCH], 231);
	memset(m->vm_event[0], 0, sizeof(m->vm_event[0]));
	pfn[0] = take(m, GFP_KERNEL, 0); /* a refill */
	ck_assert_int_eq(z->vm_stat[NR_FREE_PAGES], 217854 - 31);
	ck_assert_int_eq(z->vm_stat[NR_ALLOC_BATCH], 230);
	ck_assert_uint_eq(vm_event_sum(m, PGALLOC_ZONE1), 1);
	take(m, GFP_KERNEL, 0); /* a hit */
	ck_assert_int_eq(z->vm_stat[NR_FREE_PAGES], 217854 - 31);
	ck_assert_int_eq(z->vm_stat[NR_ALLOC_BATCH], 229);
	pfn[1] = take(m, GFP_KERNEL, 3);
	ck_assert_int_eq(z->vm_stat[NR_FREE_PAGES], 217854 - 31 - 8);
	ck_assert_int_eq(z->vm_stat[NR_ALLOC_BATCH], 221);
	ck_assert_uint_eq(vm_event_sum(m, PGALLOC_ZONE1), 10);
	take(m, GFP_KERNEL | GFP_DMA, 0);
	ck_assert_uint_eq(vm_event_sum(m, PGALLOC_ZONE0), 1);

	mod_zone_page_state(m, z, NR_PAGES_SCANNED, 55);
	__free_pages(m, pfn[0], 0); /* into the stock */
	ck_assert_uint_eq(vm_event_sum(m, PGFREE), 1);
	ck_assert_int_eq(z->vm_stat[NR_FREE_PAGES], 217854 - 31 - 8);
	ck_assert_int_eq(z->vm_stat[NR_PAGES_SCANNED], 55);
	__free_pages(m, pfn[1], 3);
	ck_assert_uint_eq(vm_event_sum(m, PGFREE), 9);
	ck_assert_int_eq(z->vm_stat[NR_FREE_PAGES], 217854 - 31);
	ck_assert_int_eq(z->vm_stat[NR_PAGES_SCANNED], 0); /* any progress */
	mod_zone_page_state(m, z, NR_PAGES_SCANNED, 55);
	drain_all_pages(m);
	ck_assert_int_eq(z->vm_stat[NR_PAGES_SCANNED], 0);
	ck_assert_int_eq(z->vm_stat[NR_FREE_PAGES], 217853);
	/* the batch is not given back */
	ck_assert_int_eq(z->vm_stat[NR_ALLOC_BATCH], 221);
	machine_free(m);
}
END_TEST

START_TEST(a_bulk_free_counts_page_by_page)
{
	struct machine *m = boot_r1(1);
	struct zone *z = normal_zone(m);
	pfn_t pfn[40];

	for (int i = 0; i < 40; i++)
		pfn[i] = take(m, GFP_KERNEL, 0);
	for (int i = 0; i < 40; i++)
		__free_pages(m, pfn[i], 0);
	refresh_cpu_vm_stats(m, 0);
	ck_assert_int_eq(z->vm_stat[NR_FREE_PAGES], 217792);
	/* 62 pages, threshold 8: folded in by nines, and 8 left over */
	drain_all_pages(m);
	ck_assert_int_eq(z->vm_stat[NR_FREE_PAGES], 217792 + 54);
	ck_assert_int_eq(z->pageset[0].vm_stat_diff[NR_FREE_PAGES], 8);
	machine_free(m);
}
END_TEST

/* inc oversteps by half the threshold */
START_TEST(node_counters_overstep)
{
	const uint64_t ends[MAX_NR_ZONES] = {4096, 16384, 16384, 0};
	struct machine *m = machine_new(&arch_amd64, 16384, 2, 1, NULL);
	struct zone *z;

	m->memblock.no_node = MAX_NUMNODES;
	memblock_add(&m->memblock, 0x1000, PFN_PHYS(8191), 0);
	memblock_add(&m->memblock, PFN_PHYS(8192), PFN_PHYS(8192), 1);
	ck_assert_int_eq(free_area_init_nodes(m, ends, NULL), 0);
	build_all_zonelists(m);
	free_all_bootmem(m);
	z = zone_find(m, 0, "DMA32");
	z->pageset[0].stat_threshold = 4;
	for (int i = 0; i < 4; i++)
		take(m, GFP_KERNEL, 0);
	ck_assert_int_eq(z->vm_stat[NUMA_HIT], 0);
	ck_assert_int_eq(z->pageset[0].vm_stat_diff[NUMA_HIT], 4);
	take(m, GFP_KERNEL, 0);
	ck_assert_int_eq(z->vm_stat[NUMA_HIT], 5 + 2);
	ck_assert_int_eq(z->pageset[0].vm_stat_diff[NUMA_HIT], -2);
	machine_free(m);
}
END_TEST

START_TEST(every_counter_has_a_name)
{
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		ck_assert_ptr_nonnull(zone_stat_name[i].name);
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		ck_assert_ptr_nonnull(vm_event_name[i].name);
	ck_assert_str_eq(zone_stat_name[NR_FREE_CMA_PAGES].name, "nr_free_cma");
	ck_assert_str_eq(vm_event_name[PGFREE].name, "pgfree");
	ck_assert_str_eq(vm_event_name[COMPACTSUCCESS].name, "compact_success");
	ck_assert_str_eq(vm_event_name[UNEVICTABLE_PGSTRANDED].name, "unevictable_pgs_stranded");
}
END_TEST

Suite *vmstat_suite(void)
{
	Suite *s = suite_create("vmstat");
	TCase *t = tcase_create("vmstat");

	tcase_add_test(t, differences_fold_in_beyond_the_threshold);
	tcase_add_test(t, negative_values_are_shown_as_none);
	tcase_add_test(t, who_counts_what);
	tcase_add_test(t, a_bulk_free_counts_page_by_page);
	tcase_add_test(t, node_counters_overstep);
	tcase_add_test(t, every_counter_has_a_name);
	suite_add_tcase(s, t);
	return s;
}
