/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"

#include <errno.h>
#include <mmsh/base.h>

static const struct {
	const char *text;
	uint64_t bits;
} same[] = {
	{"", 0},
	{"0", 1},
	{"63", 1ull << 63},
	{"0-63", UINT64_MAX},
	{"0-3,5", 0x2f},
	{"1,3,62-63", 3ull << 62 | 10},
};

START_TEST(there_and_back)
{
	struct strbuf b = STRBUF_INIT;
	uint64_t bits;

	bitlist_format(same[_i].bits, &b);
	ck_assert_str_eq(strbuf_str(&b), same[_i].text);
	strbuf_free(&b);
	ck_assert_int_eq(bitlist_parse(same[_i].text, &bits), same[_i].bits ? 0 : -EINVAL);
	ck_assert_uint_eq(bits, same[_i].bits);
}
END_TEST

START_TEST(overlaps_are_no_error)
{
	uint64_t bits;

	ck_assert_int_eq(bitlist_parse("5,0-6,6", &bits), 0);
	ck_assert_uint_eq(bits, 0x7f);
}
END_TEST

START_TEST(no_lists)
{
	static const char *const bad[] = {" 1", "1 ", "1,", ",1", "-1", "1-", "2-1", "1-2-3", "a", "0x1"};
	uint64_t bits;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(bitlist_parse(bad[i], &bits), -EINVAL);
	ck_assert_int_eq(bitlist_parse("64", &bits), -ERANGE);
	ck_assert_int_eq(bitlist_parse("0-99999999999999999999", &bits), -ERANGE);
}
END_TEST

Suite *bitlist_suite(void)
{
	Suite *s = suite_create("bitlist");
	TCase *t = tcase_create("bitlist");

	tcase_add_loop_test(t, there_and_back, 0, (int)(sizeof(same) / sizeof(same[0])));
	tcase_add_test(t, overlaps_are_no_error);
	tcase_add_test(t, no_lists);
	suite_add_tcase(s, t);
	return s;
}
