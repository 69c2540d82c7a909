/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"

#include <mmsh/base.h>
#include <string.h>

static bool is_zero(const char *p, size_t n)
{
	while (n && !*p)
		p++, n--;
	return !n;
}

START_TEST(pieces_are_zeroed_aligned_and_apart)
{
	static const size_t sizes[] = {1, 15, 16, 17, 4096, 1u << 20, 3};
	struct arena a = {0};
	char *last = NULL;
	size_t last_size = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *p = arena_alloc(&a, sizes[i]);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		ck_assert(is_zero(p, sizes[i]));
		memset(p, 0x5a, sizes[i]);
		if (last)
			ck_assert(last[last_size - 1] == 0x5a);
		last = p;
		last_size = sizes[i];
	}
	ck_assert_uint_ge(a.total, 1u << 20);
	arena_free(&a);
	ck_assert_ptr_null(a.chunks);
	ck_assert_uint_eq(a.total, 0);
}
END_TEST

START_TEST(strdup_copies)
{
	struct arena a = {0};
	char text[] = "zone", *copy = arena_strdup(&a, text);

	text[0] = 'Z';
	ck_assert_str_eq(copy, "zone");
	ck_assert_str_eq(arena_strdup(&a, ""), "");
	arena_free(&a);
}
END_TEST

START_TEST(more_than_the_host_has)
{
	struct arena a = {0};

	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX / 4));
	ck_assert_ptr_nonnull(arena_alloc(&a, 8));
	arena_free(&a);
}
END_TEST

Suite *arena_suite(void)
{
	Suite *s = suite_create("arena");
	TCase *t = tcase_create("arena");

	tcase_add_test(t, pieces_are_zeroed_aligned_and_apart);
	tcase_add_test(t, strdup_copies);
	tcase_add_test(t, more_than_the_host_has);
	suite_add_tcase(s, t);
	return s;
}
