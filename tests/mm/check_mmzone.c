/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zones, zonelists, and what is computed from their sizes (boot.md 6-8, 10-12). */
#include "mm/fixture.h"

/* ---- the worked machine ---- */

static void assert_reserve(const struct zone *z, long a, long b, long c, long d)
{
	ck_assert_int_eq(z->lowmem_reserve[0], a);
	ck_assert_int_eq(z->lowmem_reserve[1], b);
	ck_assert_int_eq(z->lowmem_reserve[2], c);
	ck_assert_int_eq(z->lowmem_reserve[3], d);
}

static void assert_marks(const struct zone *z, long min, long low, long high)
{
	ck_assert_int_eq(z->watermark[WMARK_MIN], min);
	ck_assert_int_eq(z->watermark[WMARK_LOW], low);
	ck_assert_int_eq(z->watermark[WMARK_HIGH], high);
	ck_assert_int_eq(z->vm_stat[NR_ALLOC_BATCH], high - low);
}

static void assert_pcp(const struct zone *z, int high, int batch)
{
	ck_assert_int_eq(z->pageset[0].high, high);
	ck_assert_int_eq(z->pageset[0].batch, batch);
}

START_TEST(spans_of_the_worked_machine)
{
	struct machine *m = boot_r1(1);
	static const struct {
		const char *name;
		unsigned long start, spanned, present, memmap, estimate;
	} rows[] = {
		{"DMA", 1, 4095, 3998, 32, 3966},
		{"Normal", 4096, 223230, 223230, 1744, 221486},
		{"HighMem", 227326, 34786, 34786, 272, 34786},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct zone *z = zone_of(m, rows[i].name);

		ck_assert_uint_eq(z->start_pfn, rows[i].start);
		ck_assert_uint_eq(z->spanned_pages, rows[i].spanned);
		ck_assert_uint_eq(z->present_pages, rows[i].present);
		ck_assert_uint_eq(z->memmap_pages, rows[i].memmap);
		ck_assert_uint_eq(z->boot_managed, rows[i].estimate);
	}
	ck_assert_uint_eq(m->boot.nr_kernel_pages, 225180);
	ck_assert_uint_eq(m->boot.nr_all_pages, 260238);
	ck_assert_uint_eq(m->boot.vm_total_pages, 260238);
	ck_assert(!m->page_group_by_mobility_disabled);
	machine_free(m);
}
END_TEST

START_TEST(marks_of_the_worked_machine)
{
	struct machine *m = boot_r1(1);
	struct zone *dma = zone_of(m, "DMA"), *normal = normal_zone(m),
		    *high = zone_of(m, "HighMem");

	ck_assert_int_eq(m->min_free_kbytes, 3767);
	assert_marks(dma, 16, 20, 24);
	assert_marks(normal, 924, 1155, 1386);
	assert_marks(high, 33, 69, 106);
	assert_reserve(dma, 0, 850, 986, 986);
	assert_reserve(normal, 0, 0, 1087, 1087);
	assert_reserve(high, 0, 0, 0, 0);
	ck_assert_uint_eq(dma->dirty_balance_reserve, 1010);
	ck_assert_uint_eq(normal->dirty_balance_reserve, 2473);
	ck_assert_uint_eq(high->dirty_balance_reserve, 106);
	ck_assert_uint_eq(m->totalreserve_pages, 3589);
	assert_pcp(dma, 0, 1);
	assert_pcp(normal, 186, 31);
	assert_pcp(high, 42, 7);
	ck_assert_uint_eq(dma->inactive_ratio, 1);
	machine_free(m);
}
END_TEST

START_TEST(thresholds_by_cpus)
{
	static const struct {
		unsigned cpus;
		int dma, normal, high;
		unsigned long dma_mark, normal_mark, high_mark;
	} rows[] = {
		{1, 2, 8, 4, 0, 0, 0},
		{2, 4, 16, 8, 24 + 8, 0, 0},
		{4, 6, 24, 12, 48, 0, 154},
		{8, 8, 32, 16, 24 + 64, 1386 + 256, 106 + 128},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = boot_r1(rows[i].cpus);
		struct zone *dma = zone_of(m, "DMA"), *high = zone_of(m, "HighMem");

		for (unsigned cpu = 0; cpu < rows[i].cpus; cpu++) {
			ck_assert_int_eq(dma->pageset[cpu].stat_threshold, rows[i].dma);
			ck_assert_int_eq(normal_zone(m)->pageset[cpu].stat_threshold,
					 rows[i].normal);
			ck_assert_int_eq(high->pageset[cpu].stat_threshold, rows[i].high);
		}
		ck_assert_uint_eq(dma->percpu_drift_mark, rows[i].dma_mark);
		ck_assert_uint_eq(normal_zone(m)->percpu_drift_mark, rows[i].normal_mark);
		ck_assert_uint_eq(high->percpu_drift_mark, rows[i].high_mark);
		machine_free(m);
	}
}
END_TEST

/* ---- formulas ---- */

START_TEST(pageset_sizes)
{
	static const struct {
		unsigned long managed;
		int high, batch;
	} rows[] = {
		{0, 0, 1},	   {8191, 0, 1},       {8192, 6, 1},	  {12287, 6, 1},
		{12288, 18, 3},	   {16383, 18, 3},     {20480, 18, 3},	  {24575, 18, 3},
		{24576, 42, 7},	   {28671, 42, 7},     {34786, 42, 7},	  {45056, 90, 15},
		{90111, 90, 15},   {90112, 186, 31},   {217854, 186, 31}, {131072, 186, 31},
		{262144, 186, 31}, {4194304, 186, 31},
	};
	struct machine *m = boot_line("mem=64M cpus=2");
	struct zone *z = normal_zone(m);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		z->managed_pages = rows[i].managed;
		pageset_set_high_and_batch(m, z);
		assert_pcp(z, rows[i].high, rows[i].batch);
		ck_assert_int_eq(z->pageset[1].high, rows[i].high);
	}
	z->managed_pages = 90112;
	ck_assert_int_eq(zone_batchsize(z), 31);
	z->managed_pages = 100;
	ck_assert_int_eq(zone_batchsize(z), 0);
	machine_free(m);
}
END_TEST

START_TEST(pagesets_as_a_fraction)
{
	static const struct {
		int fraction;
		unsigned long managed;
		int high, batch;
	} rows[] = {
		{8, 11570, 1446, 96}, {100, 11570, 115, 28}, {5000, 11570, 2, 1},
		{20000, 11570, 0, 1}, {0, 11570, 6, 1},
	};
	struct machine *m = boot_line("mem=64M");
	struct zone *z = normal_zone(m);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		m->percpu_pagelist_fraction = rows[i].fraction;
		z->managed_pages = rows[i].managed;
		pageset_set_high_and_batch(m, z);
		assert_pcp(z, rows[i].high, rows[i].batch);
	}
	machine_free(m);
}
END_TEST

START_TEST(min_free_kbytes_by_size)
{
	static const struct {
		unsigned long mib;
		int kbytes;
	} rows[] = {{16, 512},	 {32, 724},   {64, 1024},   {128, 1448},
		    {256, 2048}, {512, 2896}, {1024, 4096}, {1, 128}};
	struct machine *m = boot_line("mem=64M");

	zone_of(m, "DMA")->managed_pages = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		normal_zone(m)->managed_pages = rows[i].mib << 8;
		for_each_populated_zone(m, z)
			z->watermark[WMARK_HIGH] = 0;
		init_per_zone_wmark_min(m);
		ck_assert_int_eq(m->min_free_kbytes, rows[i].kbytes);
	}
	/* at most 64 MiB */
	normal_zone(m)->managed_pages = 1ul << 40;
	init_per_zone_wmark_min(m);
	ck_assert_int_eq(m->min_free_kbytes, 65536);
	/* what the user wrote stays unless the formula asks for more */
	normal_zone(m)->managed_pages = 64 << 8;
	m->user_min_free_kbytes = m->min_free_kbytes = 2000;
	init_per_zone_wmark_min(m);
	ck_assert_int_eq(m->min_free_kbytes, 2000);
	machine_free(m);
}
END_TEST

START_TEST(marks_follow_min_free_kbytes)
{
	struct machine *m = boot_r1(1);

	m->min_free_kbytes = 8192;
	setup_per_zone_wmarks(m);
	/* 2048 pages, in proportion to low memory's 221833 */
	assert_marks(zone_of(m, "DMA"), 36, 45, 54);
	assert_marks(normal_zone(m), 2011, 2513, 3016);
	/* high memory: a mark of its own, only the gaps grow */
	assert_marks(zone_of(m, "HighMem"), 33, 33 + 321 / 4, 33 + 321 / 2);
	machine_free(m);
}
END_TEST

START_TEST(lowmem_reserve_follows_the_ratio)
{
	struct machine *m = boot_r1(1);

	m->lowmem_reserve_ratio[0] = 32;
	m->lowmem_reserve_ratio[1] = 0; /* read as 1 */
	setup_per_zone_lowmem_reserve(m);
	ck_assert_int_eq(m->lowmem_reserve_ratio[1], 1);
	assert_reserve(zone_of(m, "DMA"), 0, 217854 / 32, 252640 / 32, 252640 / 32);
	assert_reserve(normal_zone(m), 0, 0, 34786, 34786);
	/* a zone cannot reserve more than it has */
	ck_assert_uint_eq(zone_of(m, "DMA")->dirty_balance_reserve, 3979);
	machine_free(m);
}
END_TEST

START_TEST(inactive_ratio_by_size)
{
	static const unsigned long rows[][2] = {{0, 1}, {1, 3}, {2, 4}, {10, 10}, {100, 31}};
	struct machine *m = boot_line("mem=64M");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		normal_zone(m)->managed_pages = rows[i][0] << 18;
		init_per_zone_wmark_min(m);
		ck_assert_uint_eq(normal_zone(m)->inactive_ratio, rows[i][1]);
	}
	machine_free(m);
}
END_TEST

/* What does not hang on the pages that boot itself took. */
START_TEST(recorded_machines)
{
	struct machine *m = boot_line("mem=64M");

	assert_pcp(zone_of(m, "DMA"), 0, 1);
	assert_pcp(normal_zone(m), 6, 1);
	ck_assert_int_eq(normal_zone(m)->pageset[0].stat_threshold, 2);
	machine_free(m);
	m = boot_line("mem=512M");
	assert_marks(zone_of(m, "DMA"), 22, 27, 33);
	assert_pcp(normal_zone(m), 186, 31);
	ck_assert_int_eq(normal_zone(m)->pageset[0].stat_threshold, 6);
	machine_free(m);
	m = boot_line("mem=2G");
	assert_marks(zone_of(m, "DMA"), 16, 20, 24);
	assert_marks(zone_of(m, "HighMem"), 128, 442, 757);
	assert_pcp(zone_of(m, "HighMem"), 186, 31);
	ck_assert_int_eq(zone_of(m, "HighMem")->pageset[0].stat_threshold, 10);
	machine_free(m);
}
END_TEST

/* Grouping needs as many blocks as there are types: 16 MiB is too small, 32 MiB is enough. */
START_TEST(mobility_grouping_needs_room)
{
	struct machine *m = boot_line("mem=16M");

	ck_assert(m->page_group_by_mobility_disabled);
	machine_free(m);
	m = boot_line("mem=32M");
	ck_assert(!m->page_group_by_mobility_disabled);
	machine_free(m);
}
END_TEST

/* ---- finding zones ---- */

START_TEST(zone_of_a_page)
{
	struct machine *m = boot_r1(1);

	ck_assert_ptr_null(pfn_to_zone(m, 0));
	ck_assert_ptr_eq(pfn_to_zone(m, 1), zone_of(m, "DMA"));
	ck_assert_ptr_null(pfn_to_zone(m, 0xA0)); /* a hole */
	ck_assert_ptr_eq(pfn_to_zone(m, 4095), zone_of(m, "DMA"));
	ck_assert_ptr_eq(pfn_to_zone(m, 4096), normal_zone(m));
	ck_assert_ptr_eq(pfn_to_zone(m, 227325), normal_zone(m));
	ck_assert_ptr_eq(pfn_to_zone(m, 227326), zone_of(m, "HighMem"));
	ck_assert_ptr_null(pfn_to_zone(m, 262112));
	ck_assert_ptr_null(pfn_to_zone(m, ~0ull));
	ck_assert_ptr_null(zone_find(m, 0, "DMA32"));
	ck_assert_ptr_null(zone_find(m, 1, "DMA"));
	ck_assert_ptr_null(zone_find(m, -1, "DMA"));
	ck_assert_ptr_nonnull(zone_find(m, 0, "Movable"));
	machine_free(m);
}
END_TEST

START_TEST(populated_zones_in_order)
{
	struct machine *m = boot_r1(1);
	unsigned n = 0;

	for_each_populated_zone(m, z)
		ck_assert_uint_eq(z->idx, n++);
	ck_assert_uint_eq(n, 3);
	machine_free(m);
}
END_TEST

/* A hole between two ranges is spanned, not present. */
START_TEST(holes_are_spanned)
{
	const uint64_t ends[MAX_NR_ZONES] = {4096, 16384, 16384};
	struct machine *m = machine_new(&arch_ia32, 16384, 1, 1, NULL);

	m->memblock.no_node = MAX_NUMNODES;
	memblock_add(&m->memblock, 0x2000, 0x1000000, 0);
	memblock_add(&m->memblock, 0x2000000, 0x1000000, 0);
	ck_assert_int_eq(free_area_init_nodes(m, ends, NULL), 0);
	ck_assert_uint_eq(zone_of(m, "DMA")->start_pfn, 2);
	ck_assert_uint_eq(zone_of(m, "DMA")->spanned_pages, 4094);
	ck_assert_uint_eq(zone_of(m, "DMA")->present_pages, 4094);
	ck_assert_uint_eq(normal_zone(m)->start_pfn, 4096);
	ck_assert_uint_eq(normal_zone(m)->spanned_pages, 12288 - 4096);
	ck_assert_uint_eq(normal_zone(m)->present_pages, 2 + 4096);
	ck_assert_uint_eq(m->node[0]->spanned_pages, 12286);
	machine_free(m);
}
END_TEST

/* ---- ZONE_MOVABLE: boot.md 6.1 ---- */

START_TEST(the_movable_zone)
{
	static const struct {
		const char *line;
		unsigned long high, start, movable;
	} rows[] = {
		{"mem=1G kernelcore=256M", 2, 227328, 262112 - 227328},
		{"mem=1G movablecore=64M", 245760 - 227326, 245760, 16352},
		{"mem=1G kernelcore=64M movablecore=64M", 245760 - 227326, 245760, 16352},
		{"mem=1G kernelcore=4G", 34786, 0, 0},
		{"mem=1G", 34786, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = boot_line(rows[i].line);
		const struct zone *z = zone_find(m, 0, "Movable");

		ck_assert_uint_eq(zone_of(m, "HighMem")->spanned_pages, rows[i].high);
		ck_assert_uint_eq(z->present_pages, rows[i].movable);
		if (rows[i].movable) {
			ck_assert_uint_eq(z->start_pfn, rows[i].start);
			ck_assert(z->highmem);
			ck_assert_ptr_eq(m->node[0]->zonelist[0].ref[0].zone, z);
			ck_assert(zone_spans_pfn(z, take(m, GFP_HIGHUSER_MOVABLE, 0)));
			ck_assert(!zone_spans_pfn(z, take(m, GFP_HIGHUSER, 0)));
		}
		assert_audit(m);
		machine_free(m);
	}
}
END_TEST

/* Without high memory it is cut out of Normal. */
START_TEST(a_movable_zone_in_low_memory)
{
	struct machine *m = boot_line("mem=512M movablecore=128M");
	const struct zone *z = zone_of(m, "Movable");

	/* 130912 pages less 32768, from the bottom, rounded up */
	ck_assert_uint_eq(z->start_pfn, 98304);
	ck_assert_uint_eq(zone_end_pfn(z), 131040);
	ck_assert_uint_eq(zone_end_pfn(normal_zone(m)), 98304);
	ck_assert(!z->highmem);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* ---- nodes ---- */

/* @n nodes of 64 MiB each. */
static struct machine *nodes(const struct arch *arch, unsigned n, unsigned cpus)
{
	const uint64_t pages = 16384, end = n * pages;
	uint64_t ends[MAX_NR_ZONES] = {4096, end, end, 0};
	struct machine *m = machine_new(arch, end, n, cpus, NULL);

	m->memblock.no_node = MAX_NUMNODES;
	for (unsigned i = 0; i < n; i++)
		memblock_add(&m->memblock, PFN_PHYS(i * pages), PFN_PHYS(pages), (int)i);
	ck_assert_int_eq(free_area_init_nodes(m, ends, NULL), 0);
	build_all_zonelists(m);
	free_highmem_pages(m);
	free_all_bootmem(m);
	setup_per_cpu_pageset(m);
	return m;
}

static void assert_zonelist(const struct zonelist *zl, const char *want)
{
	struct strbuf b = STRBUF_INIT;

	for (const struct zoneref *r = zl->ref; r->zone; r++)
		strbuf_addf(&b, "%s%d:%s", b.len ? " " : "", r->zone->nid, r->zone->name);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

START_TEST(nodes_are_tried_nearest_first)
{
	static const char *const want[] = {
		"0:DMA32 0:DMA 1:DMA32 2:DMA32 3:DMA32",
		"1:DMA32 2:DMA32 3:DMA32 0:DMA32 0:DMA",
		"2:DMA32 3:DMA32 0:DMA32 0:DMA 1:DMA32",
		"3:DMA32 0:DMA32 0:DMA 1:DMA32 2:DMA32",
	};
	struct machine *m = nodes(&arch_amd64, 4, 1);

	for (unsigned i = 0; i < 4; i++)
		assert_zonelist(&m->node[i]->zonelist[ZONELIST_FALLBACK], want[i]);
	assert_zonelist(&m->node[0]->zonelist[ZONELIST_NOFALLBACK], "0:DMA32 0:DMA");
	assert_zonelist(&m->node[2]->zonelist[ZONELIST_NOFALLBACK], "2:DMA32");
	machine_free(m);
	/* zone order, as 32-bit kernels have it */
	m = nodes(&arch_ia32, 2, 1);
	assert_zonelist(&m->node[0]->zonelist[ZONELIST_FALLBACK], "0:Normal 1:Normal 0:DMA");
	assert_zonelist(&m->node[1]->zonelist[ZONELIST_FALLBACK], "1:Normal 0:Normal 0:DMA");
	machine_free(m);
}
END_TEST

/* buddy.md 15: one unit a call */
START_TEST(hits_and_misses)
{
	struct machine *m = nodes(&arch_amd64, 2, 2);
	struct zone *a = zone_find(m, 0, "DMA32"), *b = zone_find(m, 1, "DMA32");

	ck_assert_uint_eq(m->cpu_to_node[1], 1);
	ck_assert_uint_eq(pfn_to_zone(m, take(m, GFP_KERNEL, 3))->nid, 0);
	ck_assert_int_eq(zone_page_state_exact(m, a, NUMA_HIT), 1);
	ck_assert_int_eq(zone_page_state_exact(m, a, NUMA_LOCAL), 1);
	/* another node by name: a hit there, but not local */
	ck_assert_int_ge(alloc_pages_node(m, 1, GFP_KERNEL, 0), 0);
	ck_assert_int_eq(zone_page_state_exact(m, b, NUMA_HIT), 1);
	ck_assert_int_eq(zone_page_state_exact(m, b, NUMA_OTHER), 1);
	ck_assert_int_ge(alloc_pages_node(m, 1, GFP_KERNEL | __GFP_OTHER_NODE, 0), 0);
	ck_assert_int_eq(zone_page_state_exact(m, b, NUMA_LOCAL), 1);
	/* the node wanted is empty: a miss where the page comes from */
	while (alloc_pages_node(m, 0, GFP_QUIET | __GFP_THISNODE, 0) >= 0)
		;
	ck_assert_int_eq(zone_page_state_exact(m, b, NUMA_MISS), 0);
	ck_assert_uint_eq(pfn_to_zone(m, take(m, GFP_QUIET, 0))->nid, 1);
	ck_assert_int_eq(zone_page_state_exact(m, b, NUMA_MISS), 1);
	ck_assert_int_eq(zone_page_state_exact(m, a, NUMA_FOREIGN), 1);
	ck_assert_int_eq(zone_page_state_exact(m, b, NUMA_OTHER), 2);
	/* on the other node's CPU it is at home */
	ck_assert_int_eq(machine_set_cpu(m, 1), 0);
	ck_assert_uint_eq(pfn_to_zone(m, take(m, GFP_QUIET, 0))->nid, 1);
	ck_assert_int_eq(zone_page_state_exact(m, b, NUMA_LOCAL), 2);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* The fair pass ends where the preferred zone's node ends; the second walk covers all. */
START_TEST(the_fair_pass_stays_at_home)
{
	struct machine *m = nodes(&arch_amd64, 2, 1);
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_ZONE));

	for (unsigned i = 0; i < 2; i++)
		zone_find(m, 0, i ? "DMA" : "DMA32")->watermark[WMARK_LOW] = 1l << 40;
	ck_assert_uint_eq(pfn_to_zone(m, take(m, GFP_KERNEL, 0))->nid, 1);
	ck_assert_uint_eq(nth_event(b, TRACE_ZONE, 2)->verdict, ZONE_OTHER_NODE);
	ck_assert_uint_eq(nth_event(b, TRACE_ZONE, 3)->verdict, ZONE_LOW);
	ck_assert_uint_eq(nth_event(b, TRACE_ZONE, 5)->verdict, ZONE_OK);
	record_end(m, b);
	/* who may neither leave the node nor wait fails at once */
	ck_assert_int_eq(alloc_pages_node(m, 0, GFP_NOWAIT | __GFP_THISNODE, 0), -12);
	machine_free(m);
}
END_TEST

Suite *mmzone_suite(void)
{
	Suite *s = suite_create("mmzone");
	TCase *t = tcase_create("zones");

	tcase_add_test(t, spans_of_the_worked_machine);
	tcase_add_test(t, marks_of_the_worked_machine);
	tcase_add_test(t, thresholds_by_cpus);
	tcase_add_test(t, pageset_sizes);
	tcase_add_test(t, pagesets_as_a_fraction);
	tcase_add_test(t, min_free_kbytes_by_size);
	tcase_add_test(t, marks_follow_min_free_kbytes);
	tcase_add_test(t, lowmem_reserve_follows_the_ratio);
	tcase_add_test(t, inactive_ratio_by_size);
	tcase_add_test(t, recorded_machines);
	tcase_add_test(t, mobility_grouping_needs_room);
	tcase_add_test(t, zone_of_a_page);
	tcase_add_test(t, populated_zones_in_order);
	tcase_add_test(t, holes_are_spanned);
	tcase_add_test(t, the_movable_zone);
	tcase_add_test(t, a_movable_zone_in_low_memory);
	suite_add_tcase(s, t);
	t = tcase_create("nodes");
	tcase_add_test(t, nodes_are_tried_nearest_first);
	tcase_add_test(t, hits_and_misses);
	tcase_add_test(t, the_fair_pass_stays_at_home);
	suite_add_tcase(s, t);
	return s;
}
