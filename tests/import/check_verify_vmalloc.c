/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings of vmalloc, kmap and of vmallocs that failed: they match, altered ones do not. */
#include "golden.h"
#include "suites.h"
#include <errno.h>
#include <mmsh/verify.h>
#include <stdlib.h>
#include <string.h>

#define E4 "vmalloc/slub-hm4g-512M-s1.rec.gz"
#define E5 "kmap/slub-hm4g-2G-s4.rec.gz"
#define E7_MEMORY "failures/slub-hm4g-2G-vmalloc-16M.rec.gz"
#define E7_SPACE "failures/slub-hm4g-2G-vmalloc-64M.rec.gz"

static struct verify_result verify(struct strbuf *text)
{
	struct verify_result r;
	struct mm_error e;

	ck_assert_msg(!verify_text(text->s, text->len, &r, &e), "%s", e.text);
	ck_assert_uint_eq(r.ops, r.matched + r.given + r.diverged);
	return r;
}

START_TEST(recordings_match)
{
	static const struct {
		const char *name;
		unsigned long ops; /* at least */
	} cases[] = {{E4, 9000}, {E5, 15000}, {E7_MEMORY, 10}, {E7_SPACE, 5}};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf text = golden(cases[i].name);
		struct verify_result r = verify(&text);

		ck_assert_msg(r.ops >= cases[i].ops && r.matched == r.ops, "%s: %lu of %lu\n%s",
			      cases[i].name, r.matched, r.ops, strbuf_str(&r.report));
		strbuf_free(&r.report);
		strbuf_free(&text);
	}
}
END_TEST

static const struct {
	const char *name, *after, *from, *to, *told;
} altered[] = {
	{E4, "op=0 ", "addr=0xe0c04000", "addr=0xe0c05000", "op=0 "},
	{E4, "op=400 ", "lazy=6409", "lazy=6410", "op=400 "},
	{E4, "op=401 ", "addr=0xe456a000", "addr=0xe07e0000", "op=401 "},
	{E4, "op=2 ", "size=655890", "size=660001", NULL},
	{E4, "stage=before", "end=0xe0c04000", "end=0xe0c03000", NULL},
	{E4, "vmap stage=final", "flags=0x1", "flags=0x4", NULL},
	{E4, "vmap stage=final", "lazy_nr=", "lazy_nr=1", NULL},
	{E5, "op=0 ", "addr=0xff90b000", "addr=0xff90c000", "op=0 "},
	{E5, "op=628 ", "addr=0xff955000", "addr=0xff9cf000", "op=628 "},
	{E5, "op=2 ", "addr=0xf585c000", "addr=0xff90d000", "op=2 "},
	{E5, "pkmap stage=final", "count=1", "count=2", NULL},
	{E5, "pkmap stage=flushed", "last_pkmap_nr=381", "last_pkmap_nr=382", NULL},
	{E7_SPACE, "stage=before", "end=0xf9003000", "end=0xf9004000", NULL},
	{E7_SPACE, "=== kernel", "use vmalloc=<size>", "use vmalloc=<more>", NULL},
	{E7_SPACE, "=== kernel", "vmalloc: allocation failure: 67108864", "vmalloc: allocation failure: 67108865",
	 "67108864"},
};

START_TEST(one_place_altered)
{
	for (unsigned i = 0; i < ARRAY_SIZE(altered); i++) {
		struct strbuf text = golden(altered[i].name);
		struct verify_result r;
		struct mm_error e;

		edit(&text, altered[i].after, altered[i].from, altered[i].to);
		if (!verify_text(text.s, text.len, &r, &e)) {
			ck_assert_msg(r.diverged > 0, "%u: '%s' after '%s' was not found", i,
				      altered[i].to, altered[i].after);
			ck_assert_msg(!altered[i].told || strstr(r.report.s, altered[i].told), "%u: %s",
				      i, r.report.s);
			strbuf_free(&r.report);
		} else {
			ck_assert_msg(!altered[i].told, "%u: %s", i, e.text);
		}
		strbuf_free(&text);
	}
}
END_TEST

START_TEST(cut_off)
{
	static const char *const names[] = {E4, E5, E7_MEMORY, E7_SPACE};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct strbuf text = golden(names[i]);

		for (unsigned k = 0; k < 40; k++) {
			struct verify_result r;
			struct mm_error e = {""};
			int err = verify_text(text.s, text.len / 40 * k, &r, &e);

			ck_assert_msg(err == -EINVAL || r.diverged, "%s: %u/40", names[i], k);
			ck_assert(!err || e.text[0]);
			strbuf_free(&r.report);
		}
		strbuf_free(&text);
	}
}
END_TEST

/* Digits changed: whatever it says, it says it and stays whole. */
START_TEST(damaged)
{
	static const char *const names[] = {E4, E5, E7_MEMORY, E7_SPACE};

	srand(1);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct strbuf text = golden(names[i]);
		char *copy = malloc(text.len);

		for (unsigned k = 0; k < 60; k++) {
			struct verify_result r;
			struct mm_error e;

			memcpy(copy, text.s, text.len);
			for (unsigned n = 0; n < 6; n++) {
				size_t at = (size_t)rand() % (rand() % 2 ? text.len : 2000);

				if (copy[at] >= '0' && copy[at] <= '9')
					copy[at] = (char)('0' + rand() % 10);
			}
			if (!verify_text(copy, text.len, &r, &e))
				strbuf_free(&r.report);
		}
		free(copy);
		strbuf_free(&text);
	}
}
END_TEST

Suite *verify_vmalloc_suite(void)
{
	Suite *s = suite_create("verify_vmalloc");
	TCase *t = tcase_create("verify_vmalloc");

	tcase_add_test(t, recordings_match);
	tcase_add_test(t, one_place_altered);
	tcase_add_test(t, cut_off);
	tcase_add_test(t, damaged);
	suite_add_tcase(s, t);
	return s;
}
