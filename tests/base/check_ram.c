/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"

#include <mmsh/base.h>
#include <sys/mman.h>

/* Host pages of [p, p + size) that are in memory. */
static size_t resident(void *p, size_t size)
{
	static unsigned char vec[1u << 16];
	size_t nr = 0;

	ck_assert_uint_le(size / PAGE_SIZE, sizeof(vec));
	ck_assert_int_eq(mincore(p, size, vec), 0);
	for (size_t i = 0; i < size / PAGE_SIZE; i++)
		nr += vec[i] & 1;
	return nr;
}

START_TEST(costs_what_is_touched)
{
	const size_t size = 64u << 20;
	char *p = reserve_map(size);

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(resident(p, size), 0);
	p[0] = 1;
	p[size / 2] = 1;
	p[size - 1] = 1;
	ck_assert_uint_eq(resident(p, size), 3);
	ck_assert_int_eq(p[size / 2 + 1], 0);
	reserve_unmap(p, size);
	reserve_unmap(NULL, size);
}
END_TEST

START_TEST(refused_by_the_host)
{
	ck_assert_ptr_null(reserve_map((size_t)1 << 60));
}
END_TEST

Suite *ram_suite(void)
{
	Suite *s = suite_create("ram");
	TCase *t = tcase_create("ram");

	tcase_add_test(t, costs_what_is_touched);
	tcase_add_test(t, refused_by_the_host);
	suite_add_tcase(s, t);
	return s;
}
