/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings of real kernels replay; altered, cut off and foreign ones are found out. */
#include "golden.h"
#include "suites.h"
#include <errno.h>
#include <glob.h>
#include <mmsh/verify.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define E2 "buddy/slub-hm4g-1m-16M-s1.rec.gz"
#define E0 "boot/slub-hm4g/64M/e0.rec.gz"
#define E7 "failures/slub-hm4g-64M-atomic-o4.rec.gz"
#define E7_COMPACTED "failures/slub-hm4g-64M-noretry-o9.rec.gz"
#define E7_GIVEN "failures/slub-hm4g-64M-noretry-o4.rec.gz"
#define E7_WARNING "failures/slub-hm4g-64M-noretry-o11.rec.gz"
#define E7_KMALLOC "failures/slub-hm4g-2G-kmalloc64K-noretry.rec.gz"
#define E3_SLOB "slab/slob-hm4g-512M-s1-nomerge.rec.gz"
#define E6 "slub-debug/fzpu-s40-case1.rec.gz"
#define E4 "vmalloc/slub-hm4g-512M-s1.rec.gz"
#define E5 "kmap/slub-hm4g-2G-s4.rec.gz"

static struct verify_result verify(struct strbuf *text)
{
	struct verify_result r;
	struct mm_error e;

	ck_assert_msg(!verify_text(text->s, text->len, &r, &e), "%s", e.text);
	ck_assert_uint_eq(r.ops, r.matched + r.given + r.diverged);
	ck_assert_int_eq(r.diverged != 0, r.report.len != 0);
	return r;
}

START_TEST(all_recordings_match)
{
	static const char *const patterns[] = {"buddy/*.rec.gz", "boot/*/*/e0.rec.gz",
					       "failures/*.rec.gz", "slab/slub-*.rec.gz",
					       "slub-debug/*.rec.gz"};
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(patterns); i++) {
		glob_t files = {0};

		ck_assert_int_eq(glob(golden_path(patterns[i]), 0, NULL, &files), 0);
		for (size_t k = 0; k < files.gl_pathc; k++, n++) {
			struct verify_result r;
			struct mm_error e;

			ck_assert_msg(!verify_file(files.gl_pathv[k], &r, &e), "%s", e.text);
			ck_assert_msg(r.ops && r.matched + r.given == r.ops, "%s: %s",
				      files.gl_pathv[k], strbuf_str(&r.report));
			ck_assert_msg(!r.given || strstr(files.gl_pathv[k], "noretry") ||
					      strstr(files.gl_pathv[k], "slub-debug"),
				      "%s", files.gl_pathv[k]);
			strbuf_free(&r.report);
		}
		globfree(&files);
	}
	ck_assert_uint_ge(n, 15);
}
END_TEST

/* What is counted: operations; state lines where there are none; each line of a report. */
START_TEST(counts)
{
	static const struct {
		const char *name;
		unsigned long ops, given;
	} cases[] = {
		{E2, 6003, 0}, {E0, 117, 0}, {E7, 21, 0}, {E7_COMPACTED, 21, 0},
		{E7_GIVEN, 1, 1}, {E7_WARNING, 5, 0}, {E7_KMALLOC, 24, 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf text = golden(cases[i].name);
		struct verify_result r = verify(&text);

		ck_assert_uint_eq(r.ops, cases[i].ops);
		ck_assert_uint_eq(r.given, cases[i].given);
		strbuf_free(&text);
		strbuf_free(&r.report);
	}
}
END_TEST

/* One place altered: it must be found, in the line where it is or that follows from it. */
static const struct {
	const char *name, *after, *from, *to;
	const char *told; /* in the report; NULL: not said */
} altered[] = {
	{E2, "op=3000 ", "pfn=-", "pfn=4", "op=3000 "},
	{E2, "op=1 alloc", "migratetype=0", "migratetype=1", "op=1 alloc"},
	{E2, "stage=before", "min=", "min=1", NULL},
	{E2, "stage=before", "first_block=0 runs=0", "first_block=0 runs=1", NULL},
	{E2, "stage=after", "free_diff=", "free_diff=1", "zone=DMA"},
	{E2, "stage=after", "totalram_pages=", "totalram_pages=1", "dump stage=after"},
	{E2, "stage=after", "percpu_drift_mark=0", "percpu_drift_mark=1", NULL},
	{E2, "stage=after", "runs=0", "runs=1", "pb node=0"},
	{E2, "stage=final", "fl node=0", "fl node=1", NULL},
	{E2, "stage=final", "flags=0x", "flags=0x2", NULL},
	{E2, "enddump stage=final", "enddump stage=final", "enddump stage=finally", NULL},
	{E0, "ende0 stage=pre_free", "pfns=128,16", "pfns=16,128", "order=4"},
	{E0, "stage=post_mem_init", "managed=11009", "managed=11008", "managed=11009"},
	{E0, "ende0", "idx=5 base=0x3d648c0", "idx=5 base=0x3d64880", "idx=5"},
	{E0, "mb type=reserved", "size=0x279000", "size=0x27a000", NULL},
	{E7, "op=0", "pfn=-", "pfn=4688", "op=0"},
	{E7, "op=0", "gfp=0x2080020", "gfp=0x2080220", NULL},
	{E7, "stage=after", "alloc_batch_global=44", "alloc_batch_global=43", NULL},
	{E7, "=== kernel", "order:4", "order:5", "order:4"},
	{E7, "=== kernel", " free:4833", " free:4834", "free:4833"},
	{E7, "=== kernel", "high:1056kB", "high:1057kB", "Normal"},
	{E7, "=== kernel", "lowmem_reserve[]: 0 42", "lowmem_reserve[]: 0 43", "lowmem"},
	{E7, "=== kernel", "3662*4kB (M)", "3662*4kB (U)", "3662*4kB"},
	{E7, "=== kernel", "all_unreclaimable? yes", "all_unreclaimable? no", "unreclaimable"},
	{E7, "=== kernel", "710 pages reserved", "711 pages reserved", "reserved"},
	{E7, "=== kernel", "16254 pages RAM", "pages RAM", "RAM"},
	{E7, "=== kernel", "page allocation failure", "page allocation success", NULL},
	{E7_COMPACTED, "=== kernel", "14624kB", "14625kB", "Normal"},
	{E7_COMPACTED, "stage=after", "managed=11565", "managed=11566", NULL},
	{E0, "e0 stage=post_mem_init", "totalram_pages=", "totalram_pages=1", "e0 stage=post"},
	{E0, "e0 stage=pre_highmem", "max_pfn=1", "max_pfn=2", "e0 stage=pre_highmem"},
	{E0, "ende0 stage=pre_free", "mb type=reserved", "note type=reserved", NULL},
	{E6, "note after error", "\nslab cache=", "\nnote cache=", "the cache before"},
	{E7_GIVEN, "op=0", "pfn=4688", "pfn=-", NULL},
	{E7_GIVEN, "op=0", "migratetype=0", "migratetype=1", "op=0"},
	{E7_GIVEN, "op=0", "gfp=0x24010c0", "gfp=0x24010c1", "op=0"},
	{E7_GIVEN, "stage=after", "totalram_pages=", "totalram_pages=1", "op=0"},
	{E7_GIVEN, "stage=after", "managed=11565", "managed=11566", "op=0"},
	{E7_KMALLOC, "exp ", "size=65536", "size=131072", "note allocated"},
	{E7_KMALLOC, "exp ", "size=65536", "size=32769000", NULL},
	{E7_KMALLOC, "exp ", "gfp=0x24010c0", "gfp=0x20000c0", NULL},
	{E7_KMALLOC, "stage=before", "count=173 high=186 batch=31", "count=173 high=187 batch=31", NULL},
	{E7_KMALLOC, "stage=before", "pfns=3084,44", "pfns=44,3084", "order=2"},
	{E7_KMALLOC, "note ", "allocated=13624", "allocated=13623", "note allocated=13623"},
	{E7_KMALLOC, "note ", "allocated=13624", "allocated=13625", "13624 allocated"},
	{E7_KMALLOC, "note ", "last=0xc1780000", "last=0xc1790000", "note allocated"},
	{E7_KMALLOC, "note ", "oom_notified=0", "oom_notified=1", "out of memory"},
	{E7_KMALLOC, "note ", "failed=1", "failed=0", "order:4"},
	{E7_KMALLOC, "stage=failed", "pfns=1184", "pfns=1185", "order=5"},
	{E7_KMALLOC, "stage=failed", "pfns=1184", "pfns=1120", "order=5"},
	{E7_KMALLOC, "stage=failed", "alloc_batch_global=7", "alloc_batch_global=8", "zone=Normal"},
	{E7_KMALLOC, "stage=failed", "mt=2 part=0 pfns=220190", "mt=2 part=0 pfns=220191", "order=0"},
	{E7_KMALLOC, "=== kernel", "order:4", "order:5", "order:5"},
	{E7_KMALLOC, "=== kernel", "mode:0x24050c0", "mode:0x24010c0", "mode:"},
	{E7_KMALLOC, "=== kernel", " free:295403", " free:295404", "free:295404"},
	{E7_KMALLOC, "=== kernel", "11*4kB (UME)", "11*4kB (UM)", "11*4kB (UM)"},
	{E7_WARNING, "=== kernel", "at mm/page_alloc.c", "at mm/page_xlloc.c", "WARNING"},
	{E7_WARNING, "op=0", "pfn=-", "pfn=4096", "op=0"},
};

START_TEST(one_place_altered)
{
	for (unsigned i = 0; i < ARRAY_SIZE(altered); i++) {
		struct strbuf text = golden(altered[i].name);
		struct verify_result r;

		edit(&text, altered[i].after, altered[i].from, altered[i].to);
		r = verify(&text);
		ck_assert_msg(r.diverged > 0, "%u: '%s' after '%s' was not found", i, altered[i].to,
			      altered[i].after);
		ck_assert_msg(!altered[i].told || strstr(r.report.s, altered[i].told), "%u: %s", i,
			      r.report.s);
		ck_assert_ptr_nonnull(strstr(r.report.s, "kernel: "));
		ck_assert_ptr_nonnull(strstr(r.report.s, "model: "));
		strbuf_free(&r.report);
		strbuf_free(&text);
	}
}
END_TEST

START_TEST(the_report_says_why)
{
	struct strbuf text = golden(E2);
	struct verify_result r;

	edit(&text, "op=0 alloc", "pfn=", "pfn=1");
	r = verify(&text);
	ck_assert_msg(strstr(r.report.s, "op=0 alloc") && strstr(r.report.s, "why: "), "%s",
		      r.report.s);
	strbuf_free(&r.report);
	strbuf_free(&text);
}
END_TEST

/* What a dump does not hold may differ. */
static const char *const masked[][2] = {
	{" init: page", " bash: page"},
	{"PID: 1 Comm: init", "PID: 77 Comm: a b"},
	{"Not tainted", "Tainted: G        W      "},
	{"active_anon:504", "active_anon:1"},
	{"active_anon:600kB", "active_anon:7kB"},
	{"mapped:336 shmem:1552 pagetables:4", "mapped:1 shmem:2 pagetables:3"},
	{"slab_unreclaimable:134", "slab_unreclaimable:1"},
	{"kernel_stack:", "kernel_stack:9"},
	{"1552 total pagecache pages", "1 total pagecache pages"},
	{"[    0.972059] Mem-Info:", "[  999.972059] Mem-Info:"},
	{"dump_stack+0x44/0x64", "dump_stack+0x44/0x65"},
};

START_TEST(what_a_dump_does_not_hold_may_differ)
{
	for (unsigned i = 0; i < ARRAY_SIZE(masked); i++) {
		struct strbuf text = golden(E7);
		struct verify_result r;

		edit(&text, "=== kernel", masked[i][0], masked[i][1]);
		r = verify(&text);
		ck_assert_msg(!r.diverged && r.matched == 21, "%s", strbuf_str(&r.report));
		strbuf_free(&r.report);
		strbuf_free(&text);
	}
}
END_TEST

/* A page is given only if it can have been got. */
START_TEST(not_everything_is_given)
{
	static const char *const pfns[] = {"pfn=4689", "pfn=16352", "pfn=4294967294", "pfn=2032"};

	for (unsigned i = 0; i < ARRAY_SIZE(pfns); i++) {
		struct strbuf text = golden(E7_GIVEN);
		struct verify_result r;

		edit(&text, "op=0", "pfn=4688", pfns[i]);
		r = verify(&text);
		ck_assert_msg(r.diverged && !r.given && strstr(r.report.s, "op=0"), "%s", pfns[i]);
		strbuf_free(&r.report);
		strbuf_free(&text);
	}
}
END_TEST

/* What cannot be replayed is refused, and why is said. */
static const struct {
	const char *name, *after, *from, *to, *why;
} refused[] = {
	{E7_KMALLOC, "exp ", "size=65536", "size=4000", "came from a cache"},
	{E7_KMALLOC, "exp ", "size=65536", "size=0", "not what kmalloc"},
	{E7_KMALLOC, "exp ", "size=65536", "", "step=kmalloc size="},
	{E7_KMALLOC, "exp ", "gfp=0x24010c0", "gfp=0x24010c2", "not what kmalloc"},
	{E7_KMALLOC, "exp ", "step=kmalloc", "step=kfree", "step=vmalloc"},
	{E7_KMALLOC, "note ", "last=0xc1780000", "last=0xc1780001", "line 71: last="},
	{E7_KMALLOC, "note ", "last=0xc1780000", "last=0x0", "line 71: last="},
	{E7_KMALLOC, "note ", "last=0xc1780000", "", "line 71: no last="},
	{E7_KMALLOC, "enddump stage=before", "note ", "nota ", "line 71: expects note"},
	{E7_KMALLOC, "note ", "dump stage=failed", "dump stage=after", "stage=failed"},
	{E7_KMALLOC, "=== kernel", "mode:0x24050c0", "mode:0x26050c0", "came from a cache"},
	{E2, "exp", "\n", "\r\n", "CR LF"},
	{E2, "stage=before", "mt=1 pfns=", "mt=2 pfns=", "in the order of mt="},
	{E2, "stage=before", "part=0", "part=1", "in their order"},
	{E6, "hex what=after addr=0xde8e7f78", "addr=0xde8e7f88", "addr=0xde8e7f89", "0xde8e7f88 on"},
	{E5, "page ", "idx=7 ", "idx=8 ", "expects idx=7"},
	{E5, "page ", "highmem=1", "highmem=0", "high memory"},
};

START_TEST(what_cannot_be_replayed_is_refused)
{
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++) {
		struct strbuf text = golden(refused[i].name);
		struct verify_result r;
		struct mm_error e;

		edit(&text, refused[i].after, refused[i].from, refused[i].to);
		ck_assert_msg(verify_text(text.s, text.len, &r, &e) == -EINVAL, "%u: %s", i,
			      refused[i].to);
		ck_assert_msg(strstr(e.text, refused[i].why) != NULL, "%u: %s", i, e.text);
		strbuf_free(&text);
	}
}
END_TEST

/* The word that says what a line is. */
static size_t line_type(const char *line)
{
	return strcspn(line, " =\n");
}

static struct strbuf without(const struct strbuf *text, const char *type, size_t n)
{
	struct strbuf out = STRBUF_INIT;

	for (const char *line = text->s, *next; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (line_type(line) != n || strncmp(line, type, n) != 0)
			strbuf_add(&out, line, (size_t)(next - line));
	}
	return out;
}

/* Neither notes nor what only other kinds need is missed; all else is. */
START_TEST(all_lines_of_a_type_missing)
{
	static const char *const names[] = {E0, E2, E3_SLOB, E4, E5, E7, E7_KMALLOC};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct strbuf text = golden(names[i]);
		struct strbuf seen = STRBUF_INIT;

		strbuf_adds(&seen, " note = [ ");
		if (!strcmp(names[i], E7_KMALLOC) || !strcmp(names[i], E7))
			strbuf_adds(&seen, "=== ");
		for (const char *line = text.s; *line; line = strchr(line, '\n') + 1) {
			size_t n = line_type(line);
			struct verify_result r;
			struct strbuf less;
			struct mm_error e;
			char word[32];

			snprintf(word, sizeof(word), " %.*s ", (int)n, line);
			if (!n || n > 20 || strstr(seen.s, word))
				continue;
			strbuf_adds(&seen, word);
			less = without(&text, line, n);
			ck_assert_msg(verify_text(strbuf_str(&less), less.len, &r, &e) || r.diverged,
				      "%s without%slines", names[i], word);
			strbuf_free(&r.report);
			strbuf_free(&less);
		}
		strbuf_free(&seen);
		strbuf_free(&text);
	}
}
END_TEST

/* A page of the wrong size freed would take a neighbour with it. */
START_TEST(what_slob_did_not_hand_out)
{
	struct strbuf text = golden(E3_SLOB);
	struct verify_result r;

	edit(&text, "op=2821 ", "op=2822 calloc cache=o8000", "note calloc cache=o8000");
	r = verify(&text);
	ck_assert_uint_gt(r.diverged, 0);
	strbuf_free(&r.report);
	strbuf_free(&text);
}
END_TEST

START_TEST(cut_off)
{
	static const char *const names[] = {E2, E0, E7, E7_COMPACTED, E7_GIVEN, E7_KMALLOC};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct strbuf text = golden(names[i]);

		for (unsigned k = 0; k < 300; k++) {
			size_t len = k < 250 ? text.len / 250 * k : text.len - (k - 249);
			struct verify_result r;
			struct mm_error e = {""};
			int err;

			/* every other time at the end of a line */
			if (k % 2)
				while (len && text.s[len - 1] != '\n')
					len--;
			if (len == text.len)
				continue;
			err = verify_text(text.s, len, &r, &e);
			ck_assert_msg(err == -EINVAL || r.diverged, "%s: %zu of %zu bytes", names[i],
				      len, text.len);
			ck_assert(!err || e.text[0]);
			strbuf_free(&r.report);
		}
		strbuf_free(&text);
	}
}
END_TEST

START_TEST(foreign_files)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "empty"},
		{"\n", "not a recording"},
		{"hello", "cut off"},
		{"hello\n", "not a recording"},
		{"exp name=E3 seed=1\n", "gfp="},
		{"exp name=E1 seed=1\n", "brk0="},
		{"exp name=E4 seed=1\n", "cut off"},
		{"exp name=E5 seed=1\n", "pages="},
		{"exp name=E5 seed=1 pages=1\n", "cut off"},
		{"=== operations and state\nexp name=E6 case=1\n", "cut off"},
		{"=== operations and state\nexp name=E7 step=vmalloc size=1\n", "cut off"},
		{"=== operations and state\nexp name=E7 step=kmalloc\n", "step=kmalloc"},
		{"=== operations and state\nexp name=E7 step=kmalloc size=65536 gfp=0x24010c0\n",
		 "cut off"},
		{"exp name=E99\n", "no such kind"},
		{"exp name=E2\n", "cut off"},
		{"exp name=E2\nhello\n", "line 2"},
		{"exp name=E2\ndump stage=before\n", "line"},
		{"exp name=E2\ndump stage=after\n", "stage=before"},
		{"exp name=E0\ndump stage=pre_highmem\n", "no e0 line"},
		{"exp name=E0\ne0 stage=pre_highmem max_low_pfn=1 max_pfn=1 totalram_pages=0"
		 " nr_online_nodes=1\ndump stage=pre_highmem\n", "memblock"},
		{"exp name=E0\n", "cut off"},
		{"=== operations and state\n", "not a recording"},
		{"=== operations and state\nexp name=E7 step=attempt\n", "cut off"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct verify_result r;
		struct mm_error e;

		ck_assert_msg(verify_text(cases[i].text, strlen(cases[i].text), &r, &e) == -EINVAL,
			      "%s", cases[i].text);
		ck_assert_msg(strstr(e.text, cases[i].why) != NULL, "%s: %s", cases[i].text, e.text);
		ck_assert_uint_eq(r.report.len, 0);
	}
}
END_TEST

START_TEST(files_that_are_not_there)
{
	struct verify_result r;
	struct mm_error e;

	ck_assert_int_eq(verify_file("/nonexistent", &r, &e), -ENOENT);
	ck_assert_int_eq(verify_file("/", &r, &e), -EISDIR);
	ck_assert_int_eq(verify_file("/bin/sh", &r, &e), -EINVAL);
}
END_TEST

/* Digits changed, lines lost: whatever it says, it says it and stays whole. */
START_TEST(damaged)
{
	static const char *const names[] = {E0, E7, E7_KMALLOC, E2};

	srand(1);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct strbuf text = golden(names[i]);
		char *copy = malloc(text.len);

		for (unsigned k = 0; k < 400; k++) {
			struct verify_result r;
			struct mm_error e;

			memcpy(copy, text.s, text.len);
			for (unsigned n = 0; n < 3; n++) {
				size_t at = (size_t)rand() % (rand() % 2 ? text.len : 4000);

				if (copy[at] >= '0' && copy[at] <= '9')
					copy[at] = (char)('0' + rand() % 10);
				else if (rand() % 8 == 0)
					copy[at] = (char)rand();
			}
			if (!verify_text(copy, text.len, &r, &e))
				strbuf_free(&r.report);
		}
		free(copy);
		strbuf_free(&text);
	}
}
END_TEST

Suite *verify_suite(void)
{
	Suite *s = suite_create("verify");
	TCase *t = tcase_create("verify");

	tcase_add_test(t, all_recordings_match);
	tcase_add_test(t, counts);
	tcase_add_test(t, one_place_altered);
	tcase_add_test(t, the_report_says_why);
	tcase_add_test(t, what_a_dump_does_not_hold_may_differ);
	tcase_add_test(t, not_everything_is_given);
	tcase_add_test(t, what_cannot_be_replayed_is_refused);
	tcase_add_test(t, all_lines_of_a_type_missing);
	tcase_add_test(t, what_slob_did_not_hand_out);
	tcase_add_test(t, cut_off);
	tcase_add_test(t, foreign_files);
	tcase_add_test(t, files_that_are_not_there);
	tcase_add_test(t, damaged);
	suite_add_tcase(s, t);
	return s;
}
