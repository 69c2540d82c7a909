/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of an address space follow each other without gaps, on every machine. */
#include "suites.h"

#include <stdlib.h>
#include <string.h>

#include <mmsh/bootline.h>

#include "shell/layout.h"
#include "shell/shell.h"

static struct machine *boot_words(const char *line)
{
	struct mm_error e = {""};
	struct boot_params p;
	struct machine *m;
	char *copy = strdup(line), *save = NULL;

	boot_params_init(&p);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *val = strchr(w, '=');

		*val++ = '\0';
		ck_assert_msg(!boot_param_set(&p, w, val, &e), "%s", e.text);
	}
	free(copy);
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s: %s", line, e.text);
	return m;
}

static const char *const machines[] = {
	"mem=8M",	   "mem=1G",		   "mem=4G",
	"split=1G mem=2G", "split=2G_OPT mem=1G",  "split=3G_OPT mem=64M",
	"arch=ia32-pae mem=2G", "arch=ia32-pae split=1G mem=64G", "vmalloc=512M mem=2G",
	"highmem=512M mem=1G", "cpus=8 mem=1G", "arch=amd64 mem=64M", "arch=amd64 mem=1T",
};

START_TEST(no_gaps)
{
	struct machine *m = boot_words(machines[_i]);
	struct part parts[MAX_PARTS];
	unsigned n = layout_parts(m, parts);
	bool seen[NR_PART_KINDS] = {false};

	ck_assert_uint_gt(n, 4);
	ck_assert_uint_le(n, MAX_PARTS);
	ck_assert_uint_eq(parts[0].first, 0);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_uint_le(parts[i].first, parts[i].last);
		if (i)
			ck_assert_uint_eq(parts[i].first, parts[i - 1].last + 1);
		seen[parts[i].kind] = true;
	}
	ck_assert_uint_eq(parts[n - 1].last, m->arch->bits == 64 ? UINT64_MAX : UINT32_MAX);
	ck_assert(seen[PART_USER] && seen[PART_DIRECT] && seen[PART_VMALLOC] && seen[PART_FIXMAP]);
	ck_assert_int_eq(seen[PART_PKMAP], m->arch->bits == 32);
	machine_free(m);
}
END_TEST

START_TEST(columns)
{
	struct machine *m = boot_words(machines[_i]);
	struct part parts[MAX_PARTS];
	unsigned n = layout_parts(m, parts), given[MAX_PARTS];

	for (unsigned width = 1; width <= 300; width++) {
		unsigned sum = layout_columns(parts, n, width, given), all = 0;

		for (unsigned i = 0; i < n; i++) {
			ck_assert_uint_ge(given[i], 1);
			all += given[i];
		}
		ck_assert_uint_eq(sum, all);
		if (width >= n)
			ck_assert(sum <= width && sum + n >= width);
	}
	machine_free(m);
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 bytes"},	      {1023, "1023 bytes"},	  {1024, "1 KiB"},
		{1536, "1.50 KiB"},   {0x377FE000, "887.99 MiB"}, {120ull << 20, "120 MiB"},
		{32ull << 40, "32 TiB"}, {UINT64_MAX, "15.99 EiB"},
	};
	char buf[32];

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_str_eq(layout_size(cases[i].bytes, buf), cases[i].text);
}
END_TEST

static void run(struct shell *sh, const char *text)
{
	ck_assert_msg(!run_text(sh, "test", text, strlen(text)), "%s: %s", text, sh->err.text);
}

/* Every picture in either character set. */
START_TEST(pictures)
{
	static const char *const locales[] = {"C", "C.UTF-8"};

	for (unsigned i = 0; i < ARRAY_SIZE(locales); i++) {
		struct shell *sh = shell_new();

		setenv("LC_ALL", locales[i], 1);
		run(sh, "boot mem=1G\nset quiet on\nv = vmalloc 20M\nvfree $v\nvmalloc 1M\nkmap pfn:230000\n");
		strbuf_reset(&sh->stdout_buf);
		run(sh, "layout; layout vmalloc; layout pkmap");
		ck_assert_ptr_nonnull(strstr(strbuf_str(&sh->stdout_buf), i ? "│" : "|"));
		ck_assert_ptr_nonnull(strstr(strbuf_str(&sh->stdout_buf), i ? "░" : "uuu"));
		ck_assert_ptr_nonnull(strstr(strbuf_str(&sh->stdout_buf), "freed, not purged"));
		for (const char *s = strbuf_str(&sh->stdout_buf); *s && !i; s++)
			ck_assert((unsigned char)*s < 128);
		strbuf_reset(&sh->stdout_buf);
		shell_free(sh);
	}
	setenv("LC_ALL", "C", 1);
}
END_TEST

Suite *layout_suite(void)
{
	Suite *s = suite_create("layout");
	TCase *t = tcase_create("layout");

	tcase_add_loop_test(t, no_gaps, 0, ARRAY_SIZE(machines));
	tcase_add_loop_test(t, columns, 0, ARRAY_SIZE(machines));
	tcase_add_test(t, sizes);
	tcase_add_test(t, pictures);
	suite_add_tcase(s, t);
	return s;
}
