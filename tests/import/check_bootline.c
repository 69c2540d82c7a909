/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boot parameters: what is taken, and what is refused without a trace. */
#include "suites.h"
#include <errno.h>
#include <mmsh/bootline.h>
#include <string.h>

START_TEST(sizes)
{
	static const struct {
		const char *text;
		int err;
		uint64_t bytes;
	} cases[] = {
		{"0", 0, 0},
		{"4096", 0, 4096},
		{"0x1000", 0, 4096},
		{"64K", 0, 64 << 10},
		{"64m", 0, 64 << 20},
		{"4G", 0, 4ull << 30},
		{"5T", 0, 5ull << 40},
		{"0x10M", 0, 16 << 20},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"16777216T", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"1KK", -EINVAL, 0},
		{"1 K", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1P", -EINVAL, 0},
		{"abc", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 77;

		ck_assert_msg(parse_size(cases[i].text, &bytes) == cases[i].err, "%s", cases[i].text);
		ck_assert_msg(bytes == (cases[i].err ? 77 : cases[i].bytes), "%s", cases[i].text);
	}
}
END_TEST

START_TEST(keys_set_what_they_say)
{
	struct boot_params p;
	struct mm_error e;

	boot_params_init(&p);
	ck_assert_int_eq(boot_param_set(&p, "mem", "64M", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "split", "2G", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "highmem", "16M", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "vmalloc", "192M", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "reservelow", "1", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "cpus", "64", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "initrd", "2M", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "hugetlb", "on", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "seed", "7", &e), 0);
	ck_assert_uint_eq(p.mem, 64 << 20);
	ck_assert(p.mem_given);
	ck_assert_str_eq(p.split->name, "2G");
	ck_assert_uint_eq(p.highmem, 16 << 20);
	ck_assert_uint_eq(p.vmalloc, 192 << 20);
	ck_assert_uint_eq(p.reservelow, 4096);
	ck_assert_uint_eq(p.cpus, 64);
	ck_assert_uint_eq(p.initrd_size, 2 << 20);
	ck_assert(p.hugetlb);
	ck_assert_uint_eq(p.seed, 7);
	ck_assert_int_eq(boot_param_set(&p, "arch", "ia32", &e), 0);
	ck_assert_str_eq(p.split->name, "3G");
}
END_TEST

START_TEST(managed_pages)
{
	struct boot_params p;
	struct machine *m;
	struct mm_error e;

	boot_params_init(&p);
	ck_assert_int_eq(boot_param_set(&p, "mem", "64M", &e), 0);
	ck_assert_int_eq(boot_param_set(&p, "managed", "DMA:3900,Normal:11000", &e), 0);
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	ck_assert_uint_eq(zone_find(m, 0, "DMA")->managed_pages, 3900);
	ck_assert_uint_eq(zone_find(m, 0, "Normal")->managed_pages, 11000);
	machine_free(m);
}
END_TEST

/* Each refused in words that name the key, and nothing has changed. */
START_TEST(refusals)
{
	static const char *const cases[][2] = {
		{"mem", "0"},	       {"mem", "1"},	 {"mem", "abc"},
		{"mem", ""},	       {"arch", "vax"},	     {"split", "4G"},	 {"cpus", "0"},
		{"cpus", "65"},	       {"cpus", "two"},	     {"cpus", "1,2"},	 {"vmalloc", "0"},
		{"vmalloc", "5T"},     {"highmem", "-1"},    {"managed", ""},	 {"managed", "DMA"},
		{"managed", "DMA:"},   {"managed", "Foo:1"}, {"managed", ":1"},	 {"managed", "DMA:1,"},
		{"managed", "DMA:1 2"}, {"hugetlb", "1"},     {"seed", "x"},	 {"initrd", "lots"},
		{"managed", "DMA:1,Foo:2"}, {"reservelow", "K"}, {"e820", "/nonexistent"},
		{"e820", "/"},	       {"nonuma", "fake=4"},   {"", ""},		 {"mems", "1G"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct boot_params p, before;
		struct mm_error e = {""};

		boot_params_init(&p);
		before = p;
		ck_assert_msg(boot_param_set(&p, cases[i][0], cases[i][1], &e) < 0, "%s=%s",
			      cases[i][0], cases[i][1]);
		ck_assert_msg(strstr(e.text, cases[i][0]) || strstr(e.text, cases[i][1]), "%s",
			      e.text);
		ck_assert_ptr_null(strchr(e.text, '\n'));
		ck_assert_mem_eq(&p, &before, sizeof(p));
	}
}
END_TEST

/* arch= may come after mem=, so that what it can have is known at boot. */
START_TEST(more_than_the_architecture_has)
{
	struct boot_params p;
	struct mm_error e = {""};

	boot_params_init(&p);
	if (!boot_param_set(&p, "mem", "5T", &e))
		ck_assert_ptr_null(machine_boot(&p, &e));
	ck_assert_str_ne(e.text, "");
}
END_TEST

START_TEST(an_unknown_key_is_refused)
{
	struct boot_params p;
	struct mm_error e;

	boot_params_init(&p);
	ck_assert_int_eq(boot_param_set(&p, "memory", "1G", &e), -EINVAL);
	ck_assert_str_eq(e.text, "unknown key memory=");
}
END_TEST

Suite *bootline_suite(void)
{
	Suite *s = suite_create("bootline");
	TCase *t = tcase_create("bootline");

	tcase_add_test(t, sizes);
	tcase_add_test(t, keys_set_what_they_say);
	tcase_add_test(t, managed_pages);
	tcase_add_test(t, refusals);
	tcase_add_test(t, more_than_the_architecture_has);
	tcase_add_test(t, an_unknown_key_is_refused);
	suite_add_tcase(s, t);
	return s;
}
