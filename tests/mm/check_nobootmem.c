/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From memblock to the free lists: the order of freeing makes the lists (boot.md 7.6, 9, 10). */
#include "mm/fixture.h"

START_TEST(lists_of_the_worked_machine)
{
	struct machine *m = boot_r1(1);
	struct zone *dma = zone_of(m, "DMA"), *normal = normal_zone(m),
		    *high = zone_of(m, "HighMem");

	assert_buddyinfo(dma, "1 1 0 1 2 1 1 0 1 1 3");
	assert_buddyinfo(normal, "0 1 1 1 1 1 1 1 0 1 212");
	assert_buddyinfo(high, "0 1 0 0 0 1 1 1 1 1 33");
	assert_lists_base(m, dma, 10,
			  "U0:154 U1:152 U3:144 U4:128,16 U5:32 U6:64 U8:256 U9:512"
			  " M10:3072,2048,1024");
	assert_list(m, normal, 1, MIGRATE_MOVABLE, "225020");
	assert_list(m, normal, 2, MIGRATE_MOVABLE, "225016");
	assert_list(m, normal, 3, MIGRATE_MOVABLE, "225008");
	assert_list(m, normal, 4, MIGRATE_MOVABLE, "224992");
	assert_list(m, normal, 5, MIGRATE_MOVABLE, "224960");
	assert_list(m, normal, 6, MIGRATE_MOVABLE, "224896");
	assert_list(m, normal, 7, MIGRATE_MOVABLE, "224768");
	assert_list(m, normal, 9, MIGRATE_MOVABLE, "224256");
	assert_list(m, high, 1, MIGRATE_UNMOVABLE, "227326");
	assert_list(m, high, 5, MIGRATE_MOVABLE, "262080");
	assert_list(m, high, 6, MIGRATE_MOVABLE, "262016");
	assert_list(m, high, 7, MIGRATE_MOVABLE, "261888");
	assert_list(m, high, 8, MIGRATE_MOVABLE, "261632");
	assert_list(m, high, 9, MIGRATE_MOVABLE, "261120");
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* Blocks arrive ascending and go to the head: the lists of the largest descend. */
START_TEST(the_largest_blocks_descend)
{
	struct machine *m = boot_r1(1);
	static const struct {
		const char *zone;
		pfn_t first, last;
	} rows[] = {{"DMA", 3072, 1024}, {"Normal", 223232, 7168}, {"HighMem", 260096, 227328}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct zone *z = zone_of(m, rows[i].zone);
		const struct page_list *l = &z->free_area[10].free_list[MIGRATE_MOVABLE];

		ck_assert_uint_eq(l->head, rows[i].first);
		ck_assert_uint_eq(l->tail, rows[i].last);
		for (pfn_t pfn = l->head, next; pfn != l->tail; pfn = next) {
			next = free_list_next(m, 10, pfn);
			ck_assert_uint_lt(next, pfn);
		}
	}
	machine_free(m);
}
END_TEST

START_TEST(a_first_partial_block_is_unmovable)
{
	struct machine *m = boot_r1(1);
	struct zone *normal = normal_zone(m), *high = zone_of(m, "HighMem");

	assert_blocks(m, zone_of(m, "DMA"), "UMMM");
	ck_assert_int_eq(get_pageblock_migratetype(m, normal, 4096), MIGRATE_MOVABLE);
	/* the block that both zones see, each with its own eyes */
	ck_assert_int_eq(get_pageblock_migratetype(m, normal, 227325), MIGRATE_MOVABLE);
	ck_assert_int_eq(get_pageblock_migratetype(m, high, 227326), MIGRATE_UNMOVABLE);
	ck_assert_int_eq(get_pageblock_migratetype(m, high, 227328), MIGRATE_MOVABLE);
	machine_free(m);
}
END_TEST

START_TEST(what_was_freed_is_counted)
{
	struct machine *m = boot_r1(1);
	struct zone *high = zone_of(m, "HighMem");

	ck_assert_uint_eq(zone_of(m, "DMA")->managed_pages, 3979);
	ck_assert_uint_eq(normal_zone(m)->managed_pages, 217854);
	ck_assert_uint_eq(high->managed_pages, 34786);
	ck_assert_uint_eq(m->totalram_pages, 3979 + 217854 + 34786);
	ck_assert_uint_eq(m->totalhigh_pages, 34786);
	ck_assert_uint_eq(global_page_state(m, NR_FREE_PAGES), m->totalram_pages);
	/* boot's frees go through the normal functions */
	ck_assert_uint_eq(vm_event_sum(m, PGFREE), m->totalram_pages);
	machine_free(m);
}
END_TEST

/* What boot has put aside is not free: not one page of it. */
START_TEST(reserved_memory_is_not_free)
{
	struct machine *m = boot_line("mem=1G initrd=3M cpus=2");
	unsigned order;

	for (pfn_t pfn = 0; pfn < m->max_pfn; pfn++) {
		bool reserved = memblock_is_region_reserved(&m->memblock, PFN_PHYS(pfn), PAGE_SIZE);
		bool kept = !pfn_is_ram(m, pfn) || reserved;
		bool stock = pfn_to_page(m, pfn)->block & BLOCK_PCP;
		bool is_free = stock || free_block_containing(m, pfn, &order) != PFN_NONE;

		ck_assert_msg(kept == !is_free, "pfn %u", pfn);
		ck_assert(page_is_reserved(m, pfn) == reserved);
	}
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* Halves of one block in two ranges that touch merge all the same. */
START_TEST(ranges_that_touch_merge)
{
	struct machine *m = bare_zone(0x1000, 0x2000, 10);
	struct zone *z = normal_zone(m);

	memblock_set_node(&m->memblock, PFN_PHYS(0x1200), PFN_PHYS(0xe00), 0);
	memblock_reserve(&m->memblock, PFN_PHYS(0x1803), PAGE_SIZE);
	free_highmem_pages(m);
	free_all_bootmem(m);
	assert_lists(m, z,
		     "M0:1802 M1:1800 M2:1804 M3:1808 M4:1810 M5:1820 M6:1840 M7:1880 M8:1900"
		     " M9:1a00 M10:1c00,1400,1000");
	ck_assert_uint_eq(z->managed_pages, 4095);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* Single pages of high memory and a block spared the detour end up alike. */
START_TEST(high_pages_come_one_by_one)
{
	const uint64_t ends[MAX_NR_ZONES] = {16, 1024, 4096};
	struct machine *m = machine_new(&arch_ia32, 4096, 1, 1, NULL);
	struct zone *z;

	m->memblock.no_node = MAX_NUMNODES;
	memblock_add(&m->memblock, 0, PFN_PHYS(4096), 0);
	memblock_reserve(&m->memblock, PFN_PHYS(1027), PFN_PHYS(2));
	ck_assert_int_eq(free_area_init_nodes(m, ends, NULL), 0);
	build_all_zonelists(m);
	free_highmem_pages(m);
	z = zone_of(m, "HighMem");
	/* 1024-1026 first, then what follows the hole, from its far end */
	assert_lists_base(m, z, 10,
			  "M0:1029,1026 M1:1030,1024 M3:1032 M4:1040 M5:1056 M6:1088 M7:1152"
			  " M8:1280 M9:1536 M10:3072,2048");
	ck_assert_uint_eq(z->managed_pages, 3070);
	ck_assert_uint_eq(normal_zone(m)->managed_pages, 0);
	machine_free(m);
}
END_TEST

/* The pages that boot itself used come back through the stocks, ascending. */
START_TEST(late_pages_come_back_ascending)
{
	struct machine *m = boot_line("mem=512M initrd=256K");
	struct zone *z = normal_zone(m);
	const struct kernel_image *k = &m->params.image;
	pfn_t last = (pfn_t)PFN_DOWN(k->load + k->init_end) - 1;

	ck_assert_uint_eq(m->boot.initrd_pages, 64);
	ck_assert_uint_eq(m->boot.init_pages, (k->init_end - k->init_begin) >> 12);
	ck_assert_uint_eq(m->boot.alternatives_pages, (k->bss_start - k->init_end) >> 12);
	ck_assert_uint_eq(z->pageset[0].lists[MIGRATE_MOVABLE].head, last);
	/* the marks were computed before, and stay */
	ck_assert_uint_eq(m->totalram_pages, zone_of(m, "DMA")->managed_pages + z->managed_pages);
	machine_free(m);
}
END_TEST

Suite *nobootmem_suite(void)
{
	Suite *s = suite_create("nobootmem");
	TCase *t = tcase_create("nobootmem");

	tcase_add_test(t, lists_of_the_worked_machine);
	tcase_add_test(t, the_largest_blocks_descend);
	tcase_add_test(t, a_first_partial_block_is_unmovable);
	tcase_add_test(t, what_was_freed_is_counted);
	tcase_add_test(t, reserved_memory_is_not_free);
	tcase_add_test(t, ranges_that_touch_merge);
	tcase_add_test(t, high_pages_come_one_by_one);
	tcase_add_test(t, late_pages_come_back_ascending);
	suite_add_tcase(s, t);
	return s;
}
