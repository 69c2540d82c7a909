/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mm/fixture.h"

#include <string.h>

START_TEST(rows_are_whole)
{
	for (const struct arch *const *a = archs; *a; a++) {
		const struct arch *r = *a;

		ck_assert_ptr_eq(arch_find(r->name), r);
		ck_assert(r->bits == 32 || r->bits == 64);
		ck_assert_uint_le(r->max_mem_bits_model, r->max_phys_bits);
		for (int i = 0; i < MAX_NR_ZONES; i++) {
			ck_assert_ptr_nonnull(r->zone_name[i]);
			ck_assert_ptr_nonnull(r->zone_suffix[i]);
		}
		/* either a zone below 4 GiB or one beyond the direct map */
		ck_assert((r->zone_dma32 < 0) != (r->zone_highmem < 0));
		ck_assert_str_eq(r->zone_name[r->zone_normal], "Normal");
		ck_assert_str_eq(r->zone_name[r->zone_movable], "Movable");
		for (int i = 0; i < 16; i++)
			ck_assert_int_lt(r->gfp_zone[i], MAX_NR_ZONES);
		ck_assert_int_eq(r->gfp_zone[0], r->zone_normal);
		ck_assert_ptr_nonnull(r->splits[0].name);
	}
	ck_assert_ptr_null(arch_find("sparc"));
	ck_assert_ptr_null(arch_find(""));
}
END_TEST

START_TEST(splits_of_ia32)
{
	static const struct vm_split want[] = {
		{"3G", 0xC0000000, true}, {"3G_OPT", 0xB0000000, false},
		{"2G", 0x80000000, true}, {"2G_OPT", 0x78000000, false},
		{"1G", 0x40000000, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		ck_assert_str_eq(arch_ia32.splits[i].name, want[i].name);
		ck_assert_uint_eq(arch_ia32.splits[i].page_offset, want[i].page_offset);
		ck_assert_int_eq(arch_ia32.splits[i].pae, want[i].pae);
	}
	ck_assert_ptr_null(arch_ia32.splits[ARRAY_SIZE(want)].name);
}
END_TEST

Suite *arch_suite(void)
{
	Suite *s = suite_create("arch");
	TCase *t = tcase_create("arch");

	tcase_add_test(t, rows_are_whole);
	tcase_add_test(t, splits_of_ia32);
	suite_add_tcase(s, t);
	return s;
}
