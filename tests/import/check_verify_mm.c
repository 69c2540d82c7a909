/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings of address spaces and of faults replay; altered ones are found out. */
#include "golden.h"
#include "suites.h"
#include <errno.h>
#include <mmsh/verify.h>
#include <string.h>

#define LEGACY "mm/slub-hm4g-512M-s1-legacy.rec.gz"
#define TOPDOWN "mm/slub-hm4g-512M-s2-topdown.rec.gz"

static void verify(const char *name, struct verify_result *r)
{
	struct mm_error e;

	ck_assert_msg(!verify_file(golden_path(name), r, &e), "%s", e.text);
	ck_assert_uint_eq(r->ops, r->matched + r->given + r->diverged);
}

START_TEST(they_match)
{
	static const char *const names[] = {LEGACY, TOPDOWN, "faults/512M"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct verify_result r;

		verify(names[i], &r);
		ck_assert_msg(!r.diverged, "%s", strbuf_str(&r.report));
		ck_assert_uint_gt(r.ops, 8000);
		ck_assert_uint_le(r.given, 2); /* the program's own two pages */
		strbuf_free(&r.report);
	}
}
END_TEST

/* One place altered behind @after. */
static const struct {
	const char *after, *from, *to, *told;
} altered[] = {
	{"op=100 ", "ret=0x", "ret=0x1", "ret=0x1"},
	{"errno=12", "errno=", "errno=1", NULL},
	{"maps op=99\n", "rw-p", "r--p", "m "},
	{"maps op=149\n", "/dev/zero (deleted)", "/dev/zero", "/dev/zero"},
	{"statm op=199", " 0 ", " 1 ", "statm op=199"},
	{"smaps op=199", "rss=0", "rss=4", "s "},
	{"smaps op=399", ",ac,", ",nr,", "s "},
	{"smaps op=599", "total_rss_kb=", "total_rss_kb=1", "endsmaps"},
	{" sig=11 ", "at=0x", "at=0x1", "sig=11"},
};

START_TEST(one_place_altered)
{
	for (unsigned i = 0; i < ARRAY_SIZE(altered); i++) {
		struct strbuf text = golden(TOPDOWN), other = STRBUF_INIT;
		const char *at = strstr(strbuf_str(&text), altered[i].after);
		struct verify_result r;
		struct mm_error e;

		ck_assert_msg(at != NULL, "%s", altered[i].after);
		at = strstr(at, altered[i].from);
		ck_assert_msg(at != NULL, "%s", altered[i].from);
		strbuf_add(&other, text.s, (size_t)(at - text.s));
		strbuf_adds(&other, altered[i].to);
		strbuf_adds(&other, at + strlen(altered[i].from));
		ck_assert_msg(!verify_text(other.s, other.len, &r, &e), "%s", e.text);
		ck_assert_msg(r.diverged > 0, "%s: not found", altered[i].to);
		if (altered[i].told)
			ck_assert_msg(strstr(strbuf_str(&r.report), altered[i].told) != NULL, "%s",
				      strbuf_str(&r.report));
		strbuf_free(&r.report);
		strbuf_free(&text);
		strbuf_free(&other);
	}
}
END_TEST

/* Cut off anywhere: an answer, no crash. */
START_TEST(cut_off)
{
	struct strbuf text = golden(LEGACY);

	for (size_t len = 0; len < 12000; len += len < 4000 ? 61 : 977) {
		struct verify_result r;
		struct mm_error e;

		if (!verify_text(text.s, len, &r, &e))
			strbuf_free(&r.report);
		else
			ck_assert(e.text[0]);
	}
	strbuf_free(&text);
}
END_TEST

START_TEST(no_such_prefix)
{
	struct verify_result r;
	struct mm_error e;

	ck_assert_int_eq(verify_file(golden_path("faults/513M"), &r, &e), -ENOENT);
}
END_TEST

Suite *verify_mm_suite(void)
{
	Suite *s = suite_create("verify_mm");
	TCase *tc = tcase_create("verify_mm");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, they_match);
	tcase_add_test(tc, one_place_altered);
	tcase_add_test(tc, cut_off);
	tcase_add_test(tc, no_such_prefix);
	suite_add_tcase(s, tc);
	return s;
}
