/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"

#include <stdio.h>
#include <string.h>

#include "shell/expr.h"
#include "shell/shell.h"

static struct shell *sh;

/* $1 one page, $2 = $list three, $3 = $n a number. */
static void setup(void)
{
	static const char script[] =
		"boot mem=64M\nalloc 3\nlist = alloc 0 count=3\nn = print 42\n";

	sh = shell_new();
	sh->silent = true;
	ck_assert_int_eq(run_text(sh, "setup", script, strlen(script)), 0);
}

static void teardown(void)
{
	shell_free(sh);
}

static const struct {
	const char *text;
	const char *result; /* a number, pfn N, phys N, N..N, list; else part of the error */
} cases[] = {
	{"0", "0"},
	{"7", "7"},
	{"42", "42"},
	{"0x2a", "42"},
	{"0XFF", "255"},
	{"4K", "4096"},
	{"1m", "1048576"},
	{"2G", "2147483648"},
	{"1T", "1099511627776"},
	{"0xffffffffffffffff", "18446744073709551615"},
	{"1+2*3", "7"},
	{"(1+2)*3", "9"},
	{"10-2-3", "5"},
	{"100/10/5", "2"},
	{"-5+2", "-3"},
	{"- - 5", "5"},
	{" 1 + 1 ", "2"},
	{"1 == 1", "1"},
	{"1 != 1", "0"},
	{"2 <= 1", "0"},
	{"2 >= 1 && 1 < 2", "1"},
	{"0 || 3 > 4", "0"},
	{"!0", "1"},
	{"1 + 1 == 2", "1"},
	{"pfn:5", "pfn 5"},
	{"pfn:5+3", "pfn 8"},
	{"3+pfn:5", "pfn 8"},
	{"pfn:(5+3)", "pfn 8"},
	{"pfn:0x10 - pfn:6", "10"},
	{"phys:0x3000", "phys 12288"},
	{"phys:0x3000+1", "phys 12289"},
	{"pfn:phys:0x3000", "pfn 3"},
	{"phys:pfn:3", "phys 12288"},
	{"5..9", "5..9"},
	{"pfn:5..pfn:9", "5..9"},
	{"$1-$1", "0"},
	{"$1+1-$1", "1"},
	{"$1..$1+7", "range"},
	{"$list", "list"},
	{"$2", "list"},
	{"$list[0] - $list[0]", "0"},
	{"$list[1+1] == $2[2]", "1"},
	{"$n", "42"},
	{"$", "42"},
	{"$n*2", "84"},
	{"nr_dirty", "0"},
	{"MemTotal > 60000", "1"},

	{"", "not a number"},
	{"abc", "not a number"},
	{"12abc", "not a number"},
	{"0x", "not a number"},
	{"1 2", "not a number"},
	{"4KB", "not a number"},
	{"1+", "not a number"},
	{"(1", "a ) is missing"},
	{"$list[1", "a ] is missing"},
	{"$list[-1]", "the index is no number from 0 up"},
	{"$list[3]", "has 3 elements"},
	{"$1[1]", "has 1 element,"},
	{"$n[1]", "a number has no [ ]"},
	{"1/0", "division by zero"},
	{"pfn:1*2", "pages do not add up"},
	{"pfn:1+pfn:2", "pages do not add up"},
	{"-pfn:1", "that sign is for numbers"},
	{"pfn:1-2", "less than nothing"},
	{"pfn:-1", "no page there"},
	{"$list+1", "say which with [N]"},
	{"(1..2)+1", "a range is no number"},
	{"9..5", "a range goes from"},
	{"18446744073709551616", "too large"},
	{"99999999999999999999999999999999999999999999999999", "too large"},
	{"0xffffffffffffffff*0xffffffffffffffff", "too large"},
	{"0xffffffffffffffff+1", "too large"},
	{"20000000T", "too large"},
	{"$9", "there is no value $9"},
	{"$0", "there is no value $0"},
	{"$nope", "there is no value $nope"},
	{"$99999999999999999999", "there is no value"},
	{"$i", "there is no value $i"},
};

static void describe(int r, const struct val *v, char *buf, size_t size)
{
	if (r)
		snprintf(buf, size, "%s", sh->err.text);
	else if (v->kind == VAL_LIST)
		snprintf(buf, size, "list");
	else if (v->kind == VAL_RANGE && v->value == 0 && v->end > 10000)
		snprintf(buf, size, "range");
	else if (v->kind == VAL_RANGE)
		snprintf(buf, size, "%d..%d", (int)v->n, (int)v->end);
	else if (v->n < 0)
		snprintf(buf, size, "%lld", (long long)v->n);
	else
		snprintf(buf, size, "%s%llu",
			 v->kind == VAL_PFN    ? "pfn "
			 : v->kind == VAL_PHYS ? "phys "
					       : "",
			 (unsigned long long)v->n);
}

START_TEST(results)
{
	const char *want = cases[_i].result;
	struct val v = {0};
	char got[700];
	int r = expr_eval(sh, cases[_i].text, &v);

	describe(r, &v, got, sizeof(got));
	if (r)
		ck_assert_msg(strstr(got, want), "%s: %s", cases[_i].text, got);
	else
		ck_assert_str_eq(got, want);
}
END_TEST

START_TEST(nesting_ends)
{
	char text[4097];
	struct val v;

	memset(text, '(', 4096);
	text[4096] = '\0';
	ck_assert_int_eq(expr_eval(sh, text, &v), -EINVAL);
	ck_assert_ptr_nonnull(strstr(sh->err.text, "nested too deep"));
	clear_error(sh);
	memset(text, '-', 4096);
	ck_assert_int_eq(expr_eval(sh, text, &v), -EINVAL);
	ck_assert_ptr_nonnull(strstr(sh->err.text, "nested too deep"));
}
END_TEST

START_TEST(plain_numbers)
{
	int64_t n;

	ck_assert_int_eq(expr_int(sh, "3*4", &n), 0);
	ck_assert_int_eq(n, 12);
	ck_assert_int_eq(expr_int(sh, "pfn:3", &n), -EINVAL);
	clear_error(sh);
	ck_assert_int_eq(expr_int(sh, "0xffffffffffffffff", &n), -EINVAL);
}
END_TEST

static int page_of(const char *text, uint64_t *pfn)
{
	struct val v;
	int r = expr_eval(sh, text, &v);

	return r ? r : val_to_pfn(sh, &v, text, pfn);
}

START_TEST(pages)
{
	static const char *const bad[] = {
		"5", "0xffffffff", "$list", "1..2", "pfn:0", "pfn:16384", "pfn:0xffffffffffffffff"};
	uint64_t pfn;

	ck_assert_int_eq(page_of("pfn:300", &pfn), 0);
	ck_assert_uint_eq(pfn, 300);
	ck_assert_int_eq(page_of("phys:0x12cfff", &pfn), 0);
	ck_assert_uint_eq(pfn, 300);
	ck_assert_int_eq(page_of("0xc012c004", &pfn), 0);
	ck_assert_uint_eq(pfn, 300);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_int_eq(page_of(bad[i], &pfn), -EINVAL);
		clear_error(sh);
	}
}
END_TEST

START_TEST(expansion)
{
	struct strbuf out = STRBUF_INIT;
	char want[64];

	ck_assert_int_eq(expand(sh, "a $n b$n", &out), 0);
	ck_assert_str_eq(strbuf_str(&out), "a 42 b42");
	ck_assert_int_eq(expand(sh, "$list[1]", &out), 0);
	snprintf(want, sizeof(want), "pfn:%u", (pfn_t)sh->values.item[2].at);
	ck_assert_str_eq(strbuf_str(&out), want);
	ck_assert_int_eq(expand(sh, "$list", &out), -EINVAL);
	clear_error(sh);
	ck_assert_int_eq(expand(sh, "$nope", &out), -EINVAL);
	strbuf_free(&out);
}
END_TEST

Suite *expr_suite(void)
{
	Suite *s = suite_create("expr");
	TCase *tc = tcase_create("expr");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, results, 0, (int)(sizeof(cases) / sizeof(*cases)));
	tcase_add_test(tc, nesting_ends);
	tcase_add_test(tc, plain_numbers);
	tcase_add_test(tc, pages);
	tcase_add_test(tc, expansion);
	suite_add_tcase(s, tc);
	return s;
}
