/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/vmallocinfo of captures, and what the kernel's debugfs shows of its page tables. */
#include "suites.h"
#include "proc/capture.h"

#include <errno.h>
#include <mmsh/bootline.h>
#include <mmsh/highmem.h>
#include <mmsh/page_alloc.h>
#include <mmsh/pgtable.h>
#include <mmsh/vmalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct machine *boot_with_areas(const struct capture *c)
{
	char path[512], words[640];
	const char *cpus = strstr(c->dir, "smp4") || strstr(c->dir, "numa4") ? "cpus=4" : "cpus=1";

	snprintf(path, sizeof(path), "%s/tests/golden/%s/vmallocinfo.txt", TEST_SRCDIR, c->dir);
	snprintf(words, sizeof(words), "vmallocinfo=%s %s %s", path, cpus, c->words);
	return capture_boot(&(struct capture){c->dir, words});
}

START_TEST(round_trip)
{
	const struct capture *c = &captures[_i];
	struct machine *m = boot_with_areas(c);
	char *want = capture_text(c, "vmallocinfo.txt"), *got = proc_text(m, "vmallocinfo");
	struct mm_error e = {""};

	assert_same_text(got, want, c->dir);
	ck_assert_msg(!vmalloc_audit(m, &e), "%s", e.text);
	free(got);
	free(want);
	machine_free(m);
}
END_TEST

/* Right behind the last one, as the real kernel went on. */
START_TEST(goes_on_behind_the_capture)
{
	struct machine *m = boot_with_areas(&captures[1]);
	vaddr_t addr;

	ck_assert_int_eq(vmalloc(m, 4096, VMALLOC_GFP, NULL, &addr), 0);
	ck_assert_uint_eq(addr, 0xF8002000);
	machine_free(m);
}
END_TEST

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
	ck_assert_msg(m != NULL, "%s", e.text);
	return m;
}

START_TEST(words_of_a_line)
{
	struct machine *m = boot_words("mem=64M slab=none");
	pfn_t pages[2] = {4096, 4097};
	vaddr_t a;
	char *text;

	ck_assert_int_eq(vmalloc(m, 10000, VMALLOC_GFP, "f+0x1/0x2", &a), 0);
	ck_assert_int_eq(vmap(m, pages, 2, NULL, &a), 0);
	ck_assert_int_eq(ioremap(m, 0xFEE00000, 4096, "g+0x3/0x4", &a, NULL), 0);
	ck_assert_int_eq(vm_map_ram(m, pages, 2, &a), 0);
	ck_assert_int_eq(vmalloc(m, 4100 * 1024, VMALLOC_GFP, "h+0x5/0x6", &a), 0);
	text = proc_text(m, "/proc/vmallocinfo");
	assert_same_text(text,
			 "0xc47e0000-0xc47e4000   16384 f+0x1/0x2 pages=3 vmalloc\n"
			 "0xc47e4000-0xc47e7000   12288 vmap\n"
			 "0xc47e8000-0xc47ea000    8192 g+0x3/0x4 phys=fee00000 ioremap\n"
			 "0xc47ea000-0xc47ed000   12288 h+0x5/0x6 pages=2 vmalloc\n"
			 "0xc4a00000-0xc4e02000 4202496 h+0x5/0x6 pages=1025 vmalloc vpages\n",
			 "vmallocinfo");
	free(text);
	machine_free(m);
}
END_TEST

/* ---- page tables ---- */

START_TEST(page_tables_2level)
{
	struct machine *m = boot_words("mem=1G slab=none");
	vaddr_t a;
	char *text;

	ck_assert_int_eq(vmalloc(m, 8192, VMALLOC_GFP, NULL, &a), 0);
	ck_assert_int_eq(kmap(m, (pfn_t)m->highstart_pfn, &a), 0);
	text = proc_text(m, "/sys/kernel/debug/kernel_page_tables");
	assert_same_text(text,
			 "---[ User Space ]---\n"
			 "0x00000000-0xc0000000           3G                               pgd\n"
			 "---[ Kernel Mapping ]---\n"
			 "0xc0000000-0xc0400000           4M     RW                 GLB x  pte\n"
			 "0xc0400000-0xf7400000         880M     RW         PSE     GLB x  pgd\n"
			 "0xf7400000-0xf77fe000        4088K     RW                 GLB x  pte\n"
			 "0xf77fe000-0xf7800000           8K                               pte\n"
			 "0xf7800000-0xf7c00000           4M                               pgd\n"
			 "0xf7c00000-0xf7ffe000        4088K                               pte\n"
			 "---[ vmalloc() Area ]---\n"
			 "0xf7ffe000-0xf8000000           8K     RW                 GLB x  pte\n"
			 "0xf8000000-0xff800000         120M                               pgd\n"
			 "---[ vmalloc() End ]---\n"
			 "0xff800000-0xff801000           4K                               pte\n"
			 "---[ Persistent kmap() Area ]---\n"
			 "0xff801000-0xff802000           4K     RW                 GLB x  pte\n"
			 "0xff802000-0xfff68000        7576K                               pte\n"
			 "---[ Fixmap Area ]---\n"
			 "0xfff68000-0x00000000         608K                               pte\n",
			 "kernel_page_tables");
	free(text);
	machine_free(m);
}
END_TEST

START_TEST(page_tables_of_others)
{
	static const struct {
		const char *boot, *line;
	} cases[] = {
		{"arch=ia32-pae mem=2G", "0xc0200000-0xf7a00000         888M     RW         PSE     "
					 "GLB x  pmd\n"},
		{"arch=amd64 mem=2G", "---[ Low Kernel Mapping ]---\n"},
		{"arch=amd64 mem=2G", "0xffff800000000000-0xffff880000000000           8T        "
				      "                       pgd\n"},
		{"arch=amd64 mem=2G", "M     RW         PSE     GLB NX pmd\n"},
		{"arch=ia32 mem=64M split=2G", "0x00000000-0x80000000           2G"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine *m = boot_words(cases[i].boot);
		char *text = proc_text(m, "kernel_page_tables");

		ck_assert_msg(strstr(text, cases[i].line) != NULL, "%s: %s", cases[i].boot, text);
		free(text);
		machine_free(m);
	}
}
END_TEST

/* Tables that lead to themselves: the text ends all the same. */
START_TEST(page_tables_in_a_circle)
{
	struct machine *m = boot_words("arch=amd64 mem=64M");
	uint64_t entry = m->swapper_pg_dir | _PAGE_TABLE;
	char *text;

	for (unsigned i = 0; i < 512; i++)
		memcpy(m->ram + m->swapper_pg_dir + 8 * i, &entry, 8);
	text = proc_text(m, "kernel_page_tables");
	ck_assert_ptr_nonnull(strstr(text, "User Space"));
	free(text);
	machine_free(m);
}
END_TEST

START_TEST(pkmap_file)
{
	struct machine *m = boot_words("mem=1G slab=none");
	pfn_t pfn = (pfn_t)m->highstart_pfn;
	char *text = proc_text(m, "pkmap");
	vaddr_t a;

	ck_assert_str_eq(text, "");
	free(text);
	ck_assert_int_eq(kmap(m, pfn, &a), 0);
	ck_assert_int_eq(kmap(m, pfn + 1, &a), 0);
	ck_assert_int_eq(kmap(m, pfn + 1, &a), 0);
	ck_assert_int_eq(kunmap(m, pfn), 0);
	text = proc_text(m, "/sys/kernel/debug/pkmap");
	ck_assert_str_eq(text, "0xff801000 pkmap slot 1 count 1 pfn 227326\n"
			       "0xff802000 pkmap slot 2 count 3 pfn 227327\n");
	free(text);
	machine_free(m);

	m = boot_words("arch=amd64 mem=64M");
	ck_assert_int_eq(proc_read(m, "/sys/kernel/debug/pkmap", &(struct strbuf)STRBUF_INIT), -ENOENT);
	machine_free(m);
}
END_TEST

/* highpte=on: only where there is high memory. */
START_TEST(tables_of_users)
{
	static const struct {
		const char *boot;
		gfp_t high;
	} cases[] = {
		{"mem=1G", 0},
		{"mem=1G highpte=on", __GFP_HIGHMEM},
		{"arch=ia32-pae mem=8G highpte=on", __GFP_HIGHMEM},
		{"arch=amd64 mem=1G highpte=on", 0},
		{"mem=1G highpte=off", 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine *m = boot_words(cases[i].boot);

		ck_assert_uint_eq(pte_alloc_gfp(m), GFP_PGTABLE | cases[i].high);
		machine_free(m);
	}
}
END_TEST

Suite *vmallocinfo_suite(void)
{
	Suite *s = suite_create("vmallocinfo");
	TCase *t = tcase_create("vmallocinfo");

	tcase_add_loop_test(t, round_trip, 0, NR_CAPTURES);
	tcase_add_test(t, goes_on_behind_the_capture);
	tcase_add_test(t, words_of_a_line);
	tcase_add_test(t, page_tables_2level);
	tcase_add_test(t, page_tables_of_others);
	tcase_add_test(t, page_tables_in_a_circle);
	tcase_add_test(t, pkmap_file);
	tcase_add_test(t, tables_of_users);
	suite_add_tcase(s, t);
	return s;
}
