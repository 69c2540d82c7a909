/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation flags as numbers and words (buddy.md 2). */
#include "mm/fixture.h"

#include <stdio.h>
#include <string.h>

START_TEST(values)
{
	static const struct {
		const char *name;
		gfp_t value;
	} rows[] = {
		{"__GFP_DMA", 0x1},
		{"__GFP_HIGHMEM", 0x2},
		{"__GFP_DMA32", 0x4},
		{"__GFP_MOVABLE", 0x8},
		{"__GFP_RECLAIMABLE", 0x10},
		{"__GFP_HIGH", 0x20},
		{"__GFP_IO", 0x40},
		{"__GFP_FS", 0x80},
		{"__GFP_COLD", 0x100},
		{"__GFP_NOWARN", 0x200},
		{"__GFP_REPEAT", 0x400},
		{"__GFP_NOFAIL", 0x800},
		{"__GFP_NORETRY", 0x1000},
		{"__GFP_MEMALLOC", 0x2000},
		{"__GFP_COMP", 0x4000},
		{"__GFP_ZERO", 0x8000},
		{"__GFP_NOMEMALLOC", 0x10000},
		{"__GFP_HARDWALL", 0x20000},
		{"__GFP_THISNODE", 0x40000},
		{"__GFP_ATOMIC", 0x80000},
		{"__GFP_NOACCOUNT", 0x100000},
		{"__GFP_NOTRACK", 0x200000},
		{"__GFP_DIRECT_RECLAIM", 0x400000},
		{"__GFP_OTHER_NODE", 0x800000},
		{"__GFP_WRITE", 0x1000000},
		{"__GFP_KSWAPD_RECLAIM", 0x2000000},
		{"__GFP_RECLAIM", 0x2400000},
		{"GFP_ATOMIC", 0x2080020},
		{"GFP_NOWAIT", 0x2000000},
		{"GFP_NOIO", 0x2400000},
		{"GFP_NOFS", 0x2400040},
		{"GFP_KERNEL", 0x24000C0},
		{"GFP_TEMPORARY", 0x24000D0},
		{"GFP_USER", 0x24200C0},
		{"GFP_HIGHUSER", 0x24200C2},
		{"GFP_HIGHUSER_MOVABLE", 0x24200CA},
		{"GFP_TRANSHUGE", 0x4352CA},
		{"GFP_DMA", 0x1},
		{"GFP_DMA32", 0x4},
		{"GFP_KERNEL|GFP_DMA", 0x24000C1},
		{"GFP_KERNEL|__GFP_NOWARN|0x100", 0x24003C0},
		{"0x24000c0", 0x24000C0},
		{"37748928", 0x24000C0},
		{"0", 0},
	};
	gfp_t gfp;
	struct mm_error e;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(gfp_parse(rows[i].name, &gfp, &e), 0);
		ck_assert_uint_eq(gfp, rows[i].value);
	}
}
END_TEST

START_TEST(words_that_are_no_flags)
{
	static const char *const rows[][2] = {
		{"", "unknown gfp flag ''"},
		{"gfp_kernel", "unknown gfp flag 'gfp_kernel'"},
		{"__GFP_WAIT", "unknown gfp flag '__GFP_WAIT'"},
		{"GFP_KERNEL|", "unknown gfp flag ''"},
		{"GFP_KERNEL||__GFP_ZERO", "unknown gfp flag ''"},
		{"0x", "unknown gfp flag '0x'"},
		{"0x4000000", "gfp 0x4000000: the flags end at 0x3ffffff"},
		{"99999999999999999999", "unknown gfp flag '99999999999999999999'"},
		{"1e3", "unknown gfp flag '1e3'"},
		{"GFP_KERNEL |GFP_DMA", "unknown gfp flag 'GFP_KERNEL '"},
		{"__GFP_DMA|__GFP_HIGHMEM", "gfp 0x3 asks for two zones at once"},
		{"GFP_KERNEL|0x7", "gfp 0x24000c7 asks for two zones at once"},
		{"__GFP_MOVABLE|__GFP_RECLAIMABLE", "gfp 0x18 is both movable and reclaimable"},
	};
	struct mm_error e;
	gfp_t gfp = 0x1234;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(gfp_parse(rows[i][0], &gfp, &e), -22);
		ck_assert_str_eq(e.text, rows[i][1]);
	}
	ck_assert_uint_eq(gfp, 0x1234);
	ck_assert_int_eq(gfp_parse("nonsense", &gfp, NULL), -22);
}
END_TEST

START_TEST(names_for_a_mask)
{
	static const struct {
		gfp_t gfp;
		const char *text;
	} rows[] = {
		{0, "0"},
		{GFP_KERNEL, "GFP_KERNEL"},
		{GFP_ATOMIC, "GFP_ATOMIC"},
		{GFP_NOWAIT, "GFP_NOWAIT"},
		{GFP_KERNEL | GFP_DMA, "GFP_KERNEL|__GFP_DMA"},
		{GFP_TRANSHUGE, "GFP_TRANSHUGE"},
		{GFP_HIGHUSER_MOVABLE | __GFP_ZERO, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO"},
		{GFP_NOWAIT | __GFP_NOWARN, "__GFP_NOWARN|__GFP_KSWAPD_RECLAIM"},
		{0x4000000, "0x4000000"},
	};
	char buf[512];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_str_eq(gfp_format(rows[i].gfp, buf, sizeof(buf)), rows[i].text);
}
END_TEST

/* What is written can be read; a small buffer is never overrun. */
START_TEST(there_and_back)
{
	uint32_t x = 12345;
	char buf[512], small[16];
	struct mm_error e;
	gfp_t gfp;

	for (int i = 0; i < 20000; i++) {
		gfp_t want;

		x = x * 1664525 + 1013904223;
		want = (x >> 6 | (i % 3 ? (gfp_t)0 : GFP_KERNEL)) & __GFP_BITS_MASK;
		gfp_format(want, buf, sizeof(buf));
		if (gfp_parse(buf, &gfp, &e) == 0)
			ck_assert_uint_eq(gfp, want);
		else
			ck_assert(strstr(e.text, "two zones") || strstr(e.text, "both"));
		gfp_format(want, small, sizeof(small));
		ck_assert_uint_lt(strlen(small), sizeof(small));
	}
	/* all bits at once fit into what is said to be enough */
	ck_assert_uint_lt(strlen(gfp_format(__GFP_BITS_MASK, buf, sizeof(buf))), 511);
}
END_TEST

/* ---- zones and types by mask ---- */

START_TEST(zones_by_mask)
{
	static const int8_t ia32[16] = {1, 0, 2, -1, 1, -1, -1, -1, 1, 0, 3, -1, 1, -1, -1, -1};
	static const int8_t amd64[16] = {2, 0, 2, -1, 1, -1, -1, -1, 2, 0, 3, -1, 1, -1, -1, -1};
	struct machine *m = machine_new(&arch_ia32, 1024, 1, 1, NULL);
	struct machine *n = machine_new(&arch_amd64, 1024, 1, 1, NULL);

	for (gfp_t gfp = 0; gfp < 16; gfp++) {
		ck_assert_int_eq(gfp_zone(m, gfp), ia32[gfp]);
		ck_assert_int_eq(gfp_zone(n, gfp | GFP_KERNEL), amd64[gfp]);
	}
	ck_assert_int_eq(gfpflags_to_migratetype(m, GFP_KERNEL), MIGRATE_UNMOVABLE);
	ck_assert_int_eq(gfpflags_to_migratetype(m, GFP_HIGHUSER_MOVABLE), MIGRATE_MOVABLE);
	ck_assert_int_eq(gfpflags_to_migratetype(m, GFP_TEMPORARY), MIGRATE_RECLAIMABLE);
	m->page_group_by_mobility_disabled = true;
	ck_assert_int_eq(gfpflags_to_migratetype(m, GFP_HIGHUSER_MOVABLE), MIGRATE_UNMOVABLE);
	machine_free(m);
	machine_free(n);
}
END_TEST

Suite *gfp_suite(void)
{
	Suite *s = suite_create("gfp");
	TCase *t = tcase_create("gfp");

	tcase_add_test(t, values);
	tcase_add_test(t, words_that_are_no_flags);
	tcase_add_test(t, names_for_a_mask);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, zones_by_mask);
	suite_add_tcase(s, t);
	return s;
}
