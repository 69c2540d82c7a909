/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/sys/vm: what is taken, what is refused, and what is computed anew. */
#include "suites.h"
#include "proc/capture.h"

#include <errno.h>
#include <mmsh/page_alloc.h>
#include <stdlib.h>
#include <string.h>

static void assert_value(const struct machine *m, const char *name, const char *want)
{
	char *got = proc_text(m, name);

	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(defaults)
{
	struct machine *m = capture_boot(&captures[1]);

	assert_value(m, "vm.min_free_kbytes", "3787\n");
	assert_value(m, "vm.lowmem_reserve_ratio", "256\t32\t32\n");
	assert_value(m, "vm.percpu_pagelist_fraction", "0\n");
	assert_value(m, "vm.extfrag_threshold", "500\n");
	assert_value(m, "vm.drop_caches", "0\n");
	assert_value(m, "vm.compact_unevictable_allowed", "1\n");
	assert_value(m, "vm.stat_interval", "1\n");
	machine_free(m);
}
END_TEST

/* pages_min = 2000: each zone its part of lowmem's, HighMem its fixed minimum. */
START_TEST(min_free_kbytes)
{
	struct machine *m = boot_mib(1024);
	struct zone *dma = zone_find(m, 0, "DMA"), *normal = zone_find(m, 0, "Normal");
	struct zone *high = zone_find(m, 0, "HighMem");
	unsigned long low = dma->managed_pages + normal->managed_pages;
	unsigned long reserve = m->totalreserve_pages;
	int threshold = normal->pageset[0].stat_threshold;
	long want = (long)(2000 * normal->managed_pages / low);

	ck_assert_int_eq(proc_write(m, "vm.min_free_kbytes", "8000"), 0);
	assert_value(m, "vm.min_free_kbytes", "8000\n");
	ck_assert_int_eq(m->user_min_free_kbytes, 8000);
	ck_assert_int_eq(normal->watermark[WMARK_MIN], want);
	ck_assert_int_eq(normal->watermark[WMARK_LOW], want + want / 4);
	ck_assert_int_eq(normal->watermark[WMARK_HIGH], want + want / 2);
	ck_assert_int_eq(high->watermark[WMARK_MIN], (long)high->managed_pages / 1024);
	ck_assert_uint_gt(m->totalreserve_pages, reserve);
	ck_assert_int_eq(normal->pageset[0].stat_threshold, threshold);
	machine_free(m);
}
END_TEST

START_TEST(lowmem_reserve_ratio)
{
	struct machine *m = boot_mib(1024);
	struct zone *dma = zone_find(m, 0, "DMA"), *normal = zone_find(m, 0, "Normal");
	struct zone *high = zone_find(m, 0, "HighMem");

	/* a short list sets the first ones */
	ck_assert_int_eq(proc_write(m, "vm.lowmem_reserve_ratio", " 64 16"), 0);
	assert_value(m, "vm.lowmem_reserve_ratio", "64\t16\t32\n");
	ck_assert_int_eq(dma->lowmem_reserve[1], (long)normal->managed_pages / 64);
	ck_assert_int_eq(normal->lowmem_reserve[2], (long)high->managed_pages / 16);
	/* below 1 is 1; what follows the last is not looked at */
	ck_assert_int_eq(proc_write(m, "vm.lowmem_reserve_ratio", "0\t-4\t1 x"), 0);
	assert_value(m, "vm.lowmem_reserve_ratio", "1\t1\t1\n");
	/* nonsense is no error here; the numbers before it count */
	ck_assert_int_eq(proc_write(m, "vm.lowmem_reserve_ratio", "9 y"), 0);
	assert_value(m, "vm.lowmem_reserve_ratio", "9\t1\t1\n");
	machine_free(m);
}
END_TEST

START_TEST(percpu_pagelist_fraction)
{
	struct machine *m = boot_mib(1024);
	struct zone *normal = zone_find(m, 0, "Normal"), *dma = zone_find(m, 0, "DMA");
	const char *name = "vm.percpu_pagelist_fraction";

	ck_assert_int_eq(proc_write(m, name, "7"), -EINVAL);
	ck_assert_int_eq(proc_write(m, name, "-1"), -EINVAL);
	assert_value(m, name, "0\n");
	ck_assert_int_eq(normal->pageset[0].high, 186);
	ck_assert_int_eq(proc_write(m, name, "8"), 0);
	ck_assert_int_eq(normal->pageset[0].high, (int)normal->managed_pages / 8);
	ck_assert_int_eq(normal->pageset[0].batch, 96);
	ck_assert_int_eq(proc_write(m, name, "1000"), 0);
	ck_assert_int_eq(dma->pageset[0].high, (int)dma->managed_pages / 1000);
	ck_assert_int_eq(dma->pageset[0].batch, 1);
	ck_assert_int_eq(proc_write(m, name, "0"), 0);
	ck_assert_int_eq(normal->pageset[0].high, 186);
	ck_assert_int_eq(normal->pageset[0].batch, 31);
	machine_free(m);
}
END_TEST

START_TEST(extfrag_threshold)
{
	struct machine *m = boot_mib(64);

	ck_assert_int_eq(proc_write(m, "extfrag_threshold", "1000"), 0);
	assert_value(m, "extfrag_threshold", "1000\n");
	/* out of range: the kernel takes no notice, and says nothing */
	ck_assert_int_eq(proc_write(m, "extfrag_threshold", "1001"), 0);
	ck_assert_int_eq(proc_write(m, "extfrag_threshold", "-1"), 0);
	assert_value(m, "extfrag_threshold", "1000\n");
	machine_free(m);
}
END_TEST

START_TEST(drop_caches)
{
	struct machine *m = boot_mib(64);
	const char *name = "vm.drop_caches";

	ck_assert_int_eq(proc_write(m, name, "0"), -EINVAL);
	ck_assert_int_eq(proc_write(m, name, "5"), -EINVAL);
	ck_assert_uint_eq(m->kmsg.len, 0);
	ck_assert_int_eq(proc_write(m, name, "3"), 0);
	ck_assert_uint_eq(vm_event_sum(m, DROP_PAGECACHE), 1);
	ck_assert_uint_eq(vm_event_sum(m, DROP_SLAB), 1);
	ck_assert_str_eq(strbuf_str(&m->kmsg), "[    0.000000] init (1): drop_caches: 3\n");
	strbuf_reset(&m->kmsg);
	/* 4 is said, and is the last that is said */
	ck_assert_int_eq(proc_write(m, name, "4"), 0);
	ck_assert_int_eq(proc_write(m, name, "1"), 0);
	ck_assert_str_eq(strbuf_str(&m->kmsg), "[    0.000000] init (1): drop_caches: 4\n");
	ck_assert_uint_eq(vm_event_sum(m, DROP_PAGECACHE), 2);
	assert_value(m, name, "1\n");
	machine_free(m);
}
END_TEST

START_TEST(compact_memory)
{
	struct machine *m = boot_mib(64);
	char *before = proc_text(m, "buddyinfo"), *after;

	ck_assert_int_eq(proc_write(m, "vm.compact_memory", "whatever"), 0);
	ck_assert_int_eq(proc_write(m, "vm.compact_memory", ""), 0);
	after = proc_text(m, "buddyinfo");
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	machine_free(m);
}
END_TEST

static const struct {
	const char *text;
	int err, val;
} numbers[] = {
	{"12", 0, 12},
	{"  12  ", 0, 12},
	{"\t0x10\n", 0, 16},
	{"010", 0, 8},
	{"12 34", 0, 12},
	{"2147483647", 0, 2147483647},
	{"4294967297", 0, 1}, /* the low 32 bits */
	{"-0", 0, 0},
	{"", -EINVAL, 0},
	{"   ", -EINVAL, 0},
	{"abc", -EINVAL, 0},
	{"12abc", -EINVAL, 0},
	{"12,34", -EINVAL, 0},
	{"0x", -EINVAL, 0},
	{"08", -EINVAL, 0},
	{"+5", -EINVAL, 0},
	{"- 5", -EINVAL, 0},
	{"-5", -EINVAL, 0},
	{"2147483648", -EINVAL, 0},	       /* negative */
	{"000000000000000000001", -EINVAL, 0}, /* too long to be looked at */
	{"99999999999999999999999999", -EINVAL, 0},
};

START_TEST(parses_as_the_kernel)
{
	struct machine *m = boot_mib(64);
	int old = m->min_free_kbytes;

	ck_assert_int_eq(proc_write(m, "min_free_kbytes", numbers[_i].text), numbers[_i].err);
	ck_assert_int_eq(m->min_free_kbytes, numbers[_i].err ? old : numbers[_i].val);
	if (numbers[_i].err)
		ck_assert_int_eq(m->user_min_free_kbytes, -1);
	machine_free(m);
}
END_TEST

Suite *sysctl_suite(void)
{
	Suite *s = suite_create("sysctl");
	TCase *t = tcase_create("sysctl");

	tcase_add_test(t, defaults);
	tcase_add_test(t, min_free_kbytes);
	tcase_add_test(t, lowmem_reserve_ratio);
	tcase_add_test(t, percpu_pagelist_fraction);
	tcase_add_test(t, extfrag_threshold);
	tcase_add_test(t, drop_caches);
	tcase_add_test(t, compact_memory);
	tcase_add_loop_test(t, parses_as_the_kernel, 0, (int)ARRAY_SIZE(numbers));
	suite_add_tcase(s, t);
	return s;
}
