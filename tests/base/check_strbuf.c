/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"

#include <mmsh/base.h>
#include <string.h>

START_TEST(empty_is_a_string)
{
	struct strbuf b = STRBUF_INIT;

	ck_assert_str_eq(strbuf_str(&b), "");
	strbuf_reset(&b);
	strbuf_free(&b);
	ck_assert_str_eq(strbuf_str(&b), "");
}
END_TEST

START_TEST(pieces_join)
{
	struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, "Node ");
	strbuf_addf(&b, "%d, zone %8s", 0, "DMA");
	strbuf_addc(&b, '\n');
	strbuf_add(&b, "", 0);
	ck_assert_str_eq(strbuf_str(&b), "Node 0, zone      DMA\n");
	ck_assert_uint_eq(b.len, strlen(b.s));
	strbuf_reset(&b);
	ck_assert_str_eq(strbuf_str(&b), "");
	strbuf_adds(&b, "again");
	ck_assert_str_eq(strbuf_str(&b), "again");
	strbuf_free(&b);
}
END_TEST

/* Every length around the first capacities, in one formatted piece and byte by byte. */
START_TEST(grows)
{
	char text[301];

	for (size_t n = 0; n < sizeof(text); n++) {
		struct strbuf once = STRBUF_INIT, bytes = STRBUF_INIT;

		memset(text, 'x', n);
		text[n] = '\0';
		strbuf_addf(&once, "%s", text);
		for (size_t i = 0; i < n; i++)
			strbuf_addc(&bytes, 'x');
		ck_assert_str_eq(strbuf_str(&once), text);
		ck_assert_str_eq(strbuf_str(&bytes), text);
		ck_assert_uint_eq(once.len, n);
		strbuf_free(&once);
		strbuf_free(&bytes);
	}
}
END_TEST

START_TEST(bytes_may_be_zero)
{
	struct strbuf b = STRBUF_INIT;

	strbuf_add(&b, "a\0b", 3);
	ck_assert_uint_eq(b.len, 3);
	ck_assert_mem_eq(b.s, "a\0b", 4);
	strbuf_free(&b);
}
END_TEST

START_TEST(refusal_is_told_and_cut)
{
	struct mm_error e;
	char text[600];

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(mm_error(NULL, -12, "%s", text), -12);
	ck_assert_int_eq(mm_error(&e, -22, "order %d", 11), -22);
	ck_assert_str_eq(e.text, "order 11");
	mm_error(&e, -22, "%s", text);
	ck_assert_uint_eq(strlen(e.text), sizeof(e.text) - 1);
}
END_TEST

Suite *strbuf_suite(void)
{
	Suite *s = suite_create("strbuf");
	TCase *t = tcase_create("strbuf");

	tcase_add_test(t, empty_is_a_string);
	tcase_add_test(t, pieces_join);
	tcase_add_test(t, grows);
	tcase_add_test(t, bytes_may_be_zero);
	tcase_add_test(t, refusal_is_told_and_cut);
	suite_add_tcase(s, t);
	return s;
}
