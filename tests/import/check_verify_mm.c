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

/* A program with a library, on a kernel whose users have 2 GiB: areas of one file merge, the
   stack is cut and grows again, the kernel's idea of where the heap begins is another. */
#define ZERO "rss=0 pss=0 sc=0 sd=0 pc=0 pd=0 anon=0 flags="
static const char split_2g[] =
	"exp name=E1 seed=1 layout=topdown n=8 personality=0x0\n"
	"note nobody else\n"
	"brk0=0x804c000\n"
	"maps op=-1\n"
	"m 08048000-08049000 r-xp 00000000 00:02 16         /bin/e1\n"
	"m 08049000-0804a000 rw-p 00001000 00:02 16         /bin/e1\n"
	"m 0804a000-0804c000 rw-p 00000000 00:00 0          [heap]\n"
	"m 77fe0000-77fe2000 r-xp 00000000 00:02 17         /lib/libc.so\n"
	"m 77fe2000-77fe4000 r--p 00002000 00:02 17         /lib/libc.so\n"
	"m 77ffc000-77fff000 r--p 00000000 00:00 0          [vvar]\n"
	"m 77fff000-78000000 r-xp 00000000 00:00 0          [vdso]\n"
	"m 7ffdf000-80000000 rw-p 00000000 00:00 0          [stack]\n"
	"endmaps\n"
	"statm op=-1 45 4 2 1 0 39 0\n"
	"smaps op=-1\n"
	"s 08048000-08049000 r-xp rss=4 pss=4 sc=0 sd=0 pc=0 pd=4 anon=0 flags=rd,ex,mr,mw,me,dw,\n"
	"s 08049000-0804a000 rw-p " ZERO "rd,wr,mr,mw,me,dw,ac,\n"
	"s 0804a000-0804c000 rw-p rss=4 pss=4 sc=0 sd=0 pc=0 pd=4 anon=4 flags=rd,wr,mr,mw,me,ac,\n"
	"s 77fe0000-77fe2000 r-xp " ZERO "rd,ex,mr,mw,me,\n"
	"s 77fe2000-77fe4000 r--p " ZERO "rd,mr,mw,me,\n"
	"s 77ffc000-77fff000 r--p " ZERO "rd,mr,pf,io,de,dd,\n"
	"s 77fff000-78000000 r-xp rss=4 pss=2 sc=4 sd=0 pc=0 pd=0 anon=0 flags=rd,ex,mr,mw,me,de,\n"
	"s 7ffdf000-80000000 rw-p rss=4 pss=4 sc=0 sd=0 pc=0 pd=4 anon=4 flags=rd,wr,mr,mw,me,gd,ac,\n"
	"endsmaps total_rss_kb=16 total_pss_kb=14\n"
	"op=0 mprotect addr=0x77fe0000 len=16384 prot=1 ret=0\n"
	"op=1 mmap addr=0x0 len=4096 prot=3 flags=0x22 file=- pgoff=0 ret=0x77ffb000\n"
	"op=2 munmap addr=0x7ffdf000 len=73728 ret=0\n"
	"op=3 touch write addr=0x7fff0000 pages=1 ok=1\n"
	"op=4 touch read addr=0x7ffee000 pages=2 sig=11 at=0x7ffee000\n"
	"op=5 brk addr=0x804a800 ret=0x804c000\n"
	"op=6 brk addr=0x8050000 ret=0x8050000\n"
	"maps op=6\n"
	"m 08048000-08049000 r-xp 00000000 00:02 16         /bin/e1\n"
	"m 08049000-0804a000 rw-p 00001000 00:02 16         /bin/e1\n"
	"m 0804a000-08050000 rw-p 00000000 00:00 0          [heap]\n"
	"m 77fe0000-77fe4000 r--p 00000000 00:02 17         /lib/libc.so\n"
	"m 77ffb000-77ffc000 rw-p 00000000 00:00 0 \n"
	"m 77ffc000-77fff000 r--p 00000000 00:00 0          [vvar]\n"
	"m 77fff000-78000000 r-xp 00000000 00:00 0          [vdso]\n"
	"m 7fff0000-80000000 rw-p 00000000 00:00 0          [stack]\n"
	"endmaps\n"
	"statm op=6 33 4 2 1 0 27 0\n"
	"smaps op=6\n"
	"s 08048000-08049000 r-xp rss=4 pss=4 sc=0 sd=0 pc=0 pd=4 anon=0 flags=rd,ex,mr,mw,me,dw,\n"
	"s 08049000-0804a000 rw-p " ZERO "rd,wr,mr,mw,me,dw,ac,\n"
	"s 0804a000-08050000 rw-p rss=4 pss=4 sc=0 sd=0 pc=0 pd=4 anon=4 flags=rd,wr,mr,mw,me,ac,\n"
	"s 77fe0000-77fe4000 r--p " ZERO "rd,mr,mw,me,\n"
	"s 77ffb000-77ffc000 rw-p " ZERO "rd,wr,mr,mw,me,ac,\n"
	"s 77ffc000-77fff000 r--p " ZERO "rd,mr,pf,io,de,dd,\n"
	"s 77fff000-78000000 r-xp rss=4 pss=1 sc=4 sd=0 pc=0 pd=0 anon=0 flags=rd,ex,mr,mw,me,de,\n"
	"s 7fff0000-80000000 rw-p rss=8 pss=8 sc=0 sd=0 pc=0 pd=8 anon=8 flags=rd,wr,mr,mw,me,gd,ac,\n"
	"endsmaps total_rss_kb=20 total_pss_kb=17\n"
	"op=7 touch read addr=0x77ffc000 pages=2 sig=7 at=0x77ffd000\n";

/* @text with its first @from replaced by @to. */
static struct strbuf altered_text(const char *text, const char *from, const char *to)
{
	struct strbuf b = STRBUF_INIT;
	const char *at = strstr(text, from);

	ck_assert_msg(at != NULL, "%s", from);
	strbuf_add(&b, text, (size_t)(at - text));
	strbuf_adds(&b, to);
	strbuf_adds(&b, at + strlen(from));
	return b;
}

START_TEST(another_split)
{
	struct verify_result r;
	struct mm_error e;

	ck_assert_msg(!verify_text(split_2g, strlen(split_2g), &r, &e), "%s", e.text);
	ck_assert_msg(!r.diverged, "%s", strbuf_str(&r.report));
	ck_assert_uint_eq(r.given, 2); /* the break, and who else has the [vdso] */
	ck_assert_uint_eq(r.ops, 8 + 10 + 1 + 10);
	strbuf_free(&r.report);
}
END_TEST

/* The layout is legacy if the header says so, whatever made it that. */
START_TEST(layout_by_its_name)
{
	struct strbuf text = golden(LEGACY), other;
	struct verify_result r;
	struct mm_error e;

	other = altered_text(strbuf_str(&text), "personality=0x200000", "personality=0x0");
	ck_assert_msg(!verify_text(other.s, other.len, &r, &e), "%s", e.text);
	ck_assert_msg(!r.diverged, "%s", strbuf_str(&r.report));
	strbuf_free(&r.report);
	strbuf_free(&other);
	strbuf_free(&text);
}
END_TEST

/* What makes no sense is told, with its line. */
START_TEST(malformed)
{
	static const struct {
		const char *from, *to, *told;
	} cases[] = {
		{"layout=topdown", "layout=sideways", "line 1: layout= is topdown or legacy"},
		{"personality=0x0", "personality=none", "line 1: expects a personality"},
		{"brk0=", "brk=", "line 3: expects brk0="},
		{"maps op=-1", "maps op=0", "line 4: expects brk0="},
		{"m 0804a000-0804c000", "m 0804a000-9804c000", "smaps does not go with maps"},
		{"m 77fe2000-77fe4000", "m 77fe4000-77fe2000", "line 9: not a line of maps"},
		{"-80000000 rw-p 00000000 00:00 0          [stack]", "-80000000 rw-p", "not a line of maps"},
		{"statm op=-1 45", "statm op=-1 lots", "line 14: not a line of statm"},
		{"anon=4", "anon=8", "make no sense"},
		{"rss=4 pss=4 sc=0 sd=0 pc=0 pd=4 anon=0", "rss=8 pss=8 sc=0 sd=0 pc=0 pd=8 anon=0", "make no sense"},
		{ZERO "rd,mr,pf", "rss=4 pss=4 sc=0 sd=0 pc=0 pd=4 anon=0 flags=rd,mr,pf", "line 21: an area's pages"},
		{"r-xp 00000000 00:02 16", "r-xp ffffffff000 00:02 16", "line 16: an area's pages"},
		{"flags=rd,ex", "flags=rd,!!", "smaps does not go with maps"},
		{"op=0 mprotect", "op=0 unprotect", "line 25: not an operation"},
		{"prot=1 ret=0", "prot= ret=0", "line 25: not an operation"},
		{"ret=0\n", "ret=0 or so\n", "line 25: not an operation"},
		{"file=-", "file=wo", "line 26: not an operation"},
		{"pages=1 ok=1", "pages=1 ok=1 at=0", "line 28: not an operation"},
		{"pages=1 ok=1", "pages=99999999 ok=1", "line 28: not an operation"},
		{"sig=11 at=", "sig=11", "line 29: not an operation"},
		{"endmaps\nstatm op=6", "statm op=6", "cut off before the line endmaps"},
		{"statm op=6 33 4 2", "statm op=6 33 4", "diverged"},
		{"op=6 brk", "op=6 break", "line 31: not an operation"},
		{"n=8", "n=9", "cut off: the header announces 9 operations, here are 8"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf b = altered_text(split_2g, cases[i].from, cases[i].to);
		struct verify_result r;
		struct mm_error e;

		if (verify_text(b.s, b.len, &r, &e)) {
			ck_assert_msg(strstr(e.text, cases[i].told) != NULL, "%s: %s", cases[i].to, e.text);
		} else {
			ck_assert_msg(!strcmp(cases[i].told, "diverged") && r.diverged, "%s: no error", cases[i].to);
			strbuf_free(&r.report);
		}
		strbuf_free(&b);
	}
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

	tcase_add_test(tc, they_match);
	tcase_add_test(tc, one_place_altered);
	tcase_add_test(tc, cut_off);
	tcase_add_test(tc, another_split);
	tcase_add_test(tc, layout_by_its_name);
	tcase_add_test(tc, malformed);
	tcase_add_test(tc, no_such_prefix);
	suite_add_tcase(s, tc);
	return s;
}
