/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory maps out of text of many kinds. */
#include "golden.h"
#include "suites.h"
#include <errno.h>
#include <mmsh/bootline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_text(struct boot_params *p, const char *text, struct mm_error *e)
{
	boot_params_init(p);
	return e820_read(p, text, strlen(text), e);
}

static void is_entry(const struct boot_params *p, unsigned i, uint64_t addr, uint64_t size,
		     uint32_t type)
{
	ck_assert_uint_lt(i, p->e820.nr);
	ck_assert_uint_eq(p->e820.map[i].addr, addr);
	ck_assert_uint_eq(p->e820.map[i].size, size);
	ck_assert_uint_eq(p->e820.map[i].type, type);
}

START_TEST(kinds_of_maps)
{
	static const char *const texts[] = {
		"[mem 0x0000000000000000-0x000000000009fbff] usable\n"
		"[mem 0x000000000009fc00-0x000000000009ffff] reserved\n"
		"[mem 0x0000000000100000-0x0000000003fdffff] usable\n",
		/* hexadecimal without leading zeros, blanks, no newline at the end */
		"  [mem 0x0-0x9fbff] usable  \r\n[mem 0x9fc00-0x9ffff] reserved\n"
		"[mem 0x100000-0x3fdffff] usable",
		"[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
		"[    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved\n"
		"[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x0000000003fdffff] usable\n"
		"[    0.000000] e820: update [mem 0x00000000-0x00000fff] usable ==> reserved\n",
		"BIOS-e820: [mem 0x0-0x9fbff] usable\nBIOS-e820: [mem 0x9fc00-0x9ffff] reserved\n"
		"[mem 0x1-0x2] nonsense\nBIOS-e820: [mem 0x100000-0x3fdffff] usable\n",
		"Nov 22 08:25:28 vm kernel: [    0.000000] BIOS-e820: [mem 0x0-0x9fbff] usable\n"
		"Nov 22 08:25:28 vm kernel: BIOS-e820: [mem 0x9fc00-0x9ffff] reserved\n"
		"[Sun Nov 22 08:25:28 2026] BIOS-e820: [mem 0x100000-0x3fdffff] usable\n",
		"00000000-0009fbff : System RAM\n0009fc00-0009ffff : reserved\n"
		"000a0000-000bffff : Video RAM area\n00100000-03fdffff : System RAM\n"
		"  01000000-0116c03d : Kernel code\nfee00000-fee00fff : Local APIC\n",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		struct boot_params p;
		struct mm_error e;

		ck_assert_msg(!read_text(&p, texts[i], &e), "%u: %s", i, e.text);
		ck_assert_uint_eq(p.e820.nr, 3);
		is_entry(&p, 0, 0, 0x9fc00, E820_RAM);
		is_entry(&p, 1, 0x9fc00, 0x400, E820_RESERVED);
		is_entry(&p, 2, 0x100000, 0x3ee0000, E820_RAM);
		ck_assert_uint_eq(p.mem, 0);
	}
}
END_TEST

START_TEST(types)
{
	struct boot_params p;
	struct mm_error e;

	ck_assert_int_eq(read_text(&p,
				   "[mem 0x0-0xfff] usable\n[mem 0x1000-0x1fff] ACPI data\n"
				   "[mem 0x2000-0x2fff] ACPI NVS\n[mem 0x3000-0x3fff] unusable\n"
				   "[mem 0x4000-0x4fff] persistent (type 7)\n"
				   "[mem 0x5000-0x5fff] persistent (type 12)\n"
				   "[mem 0x6000-0x6fff] type 20\n",
				   &e),
			 0);
	is_entry(&p, 1, 0x1000, 0x1000, E820_ACPI);
	is_entry(&p, 2, 0x2000, 0x1000, E820_NVS);
	is_entry(&p, 3, 0x3000, 0x1000, E820_UNUSABLE);
	is_entry(&p, 4, 0x4000, 0x1000, E820_PMEM);
	is_entry(&p, 5, 0x5000, 0x1000, E820_PRAM);
	is_entry(&p, 6, 0x6000, 0x1000, 20);
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "empty"},
		{"\n\n", "no memory map"},
		{"hello\nworld\n", "no memory map"},
		{"[mem 0x0-0xfff] reserved\n", "no usable"},
		{"[mem 0x0-0xfff] usable\n[mem 0x2000-0x1fff] usable\n", "line 2"},
		{"[mem 0x0-0xffffffffffffffff] usable\n", "line 1"},
		{"[mem 0xfffffffffffff000-0xfff] usable\n", "wraps"},
		{"[mem 0x0-0x1ffffffffffffffff] usable\n", "line 1"},
		{"[mem 0x0-0xfff] usable\n[mem 0x0-0xfff\n", "line 2"},
		{"[mem 0x0-0xfff] delicious\n", "line 1"},
		{"BIOS-e820: [mem 0x0-0xfff] usable\nBIOS-e820: [mem \n", "line 2"},
		{"[mem 0x0-0xfff] type 99999999999\n", "line 1"},
		{"0-fffffffffffffffff : System RAM\n", "no memory map"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct boot_params p, before;
		struct mm_error e;

		boot_params_init(&before);
		ck_assert_msg(read_text(&p, cases[i].text, &e) == -EINVAL, "%s", cases[i].text);
		ck_assert_msg(strstr(e.text, cases[i].why) != NULL, "%s", e.text);
		ck_assert_mem_eq(&p, &before, sizeof(p));
	}
}
END_TEST

START_TEST(binary_and_too_many)
{
	struct strbuf text = STRBUF_INIT;
	struct boot_params p;
	struct mm_error e;

	boot_params_init(&p);
	ck_assert_int_eq(e820_read(&p, "[mem 0x0-0xfff] usable\n\0\1", 25, &e), -EINVAL);
	for (unsigned i = 0; i <= E820_MAX; i++)
		strbuf_addf(&text, "[mem 0x%x000-0x%xfff] usable\n", 2 * i, 2 * i);
	ck_assert_int_eq(e820_read(&p, text.s, text.len, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.text, "line 321"));
	strbuf_free(&text);
}
END_TEST

/* Overlaps are not the reader's business: the kernel's own rule settles them. */
START_TEST(overlaps_boot)
{
	struct boot_params p;
	struct machine *m;
	struct mm_error e;

	ck_assert_int_eq(read_text(&p,
				   "[mem 0x0-0x9fbff] usable\n[mem 0x100000-0x3ffffff] usable\n"
				   "[mem 0x3000000-0x3efffff] reserved\n"
				   "[mem 0x2000000-0x3dfffff] usable\n",
				   &e),
			 0);
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	ck_assert_uint_eq(m->max_pfn, 0x4000);
	ck_assert(pfn_is_ram(m, 0x2fff));
	ck_assert(!pfn_is_ram(m, 0x3000));
	ck_assert(pfn_is_ram(m, 0x3f00));
	machine_free(m);
}
END_TEST

START_TEST(a_limit_is_kept)
{
	struct strbuf log = golden("boot/slub-hm4g/1G/dmesg.txt");
	struct boot_params p;
	struct mm_error e;

	/* said before or after, and said to the kernel of the log */
	boot_params_init(&p);
	ck_assert_int_eq(boot_param_set(&p, "mem", "512M", &e), 0);
	ck_assert_int_eq(e820_read(&p, log.s, log.len, &e), 0);
	ck_assert_uint_eq(p.mem, 512 << 20);
	boot_params_init(&p);
	ck_assert_int_eq(e820_read(&p, log.s, log.len, &e), 0);
	ck_assert_uint_eq(p.mem, 0);
	ck_assert_int_eq(boot_param_set(&p, "mem", "512M", &e), 0);
	ck_assert_uint_eq(p.mem, 512 << 20);
	edit(&log, "Kernel command line", "norandmaps", "mem=256M highmem=32M vmalloc=256M");
	boot_params_init(&p);
	ck_assert_int_eq(boot_param_set(&p, "highmem", "64M", &e), 0);
	ck_assert_int_eq(e820_read(&p, log.s, log.len, &e), 0);
	ck_assert_uint_eq(p.mem, 256 << 20);
	ck_assert_uint_eq(p.highmem, 64 << 20);
	ck_assert_uint_eq(p.vmalloc, 256 << 20);
	strbuf_free(&log);
}
END_TEST

START_TEST(a_log_tells_where_things_lay)
{
	struct strbuf log = golden("boot/slub-hm4g/1G/dmesg.txt");
	struct boot_params p;
	struct mm_error e;

	boot_params_init(&p);
	ck_assert_int_eq(e820_read(&p, log.s, log.len, &e), 0);
	ck_assert(p.image_given);
	ck_assert_uint_eq(p.image.load, 0x1000000);
	ck_assert_uint_eq(p.image.etext, 0x16c03e);
	ck_assert_uint_eq(p.image.edata, 0x1ca6c0);
	ck_assert_uint_eq(p.image.init_begin, 0x1cc000);
	ck_assert_uint_eq(p.image.init_end, 0x1fc000);
	ck_assert_uint_eq(p.image.bss_start, 0x1fe000);
	ck_assert_uint_eq(p.image.bss_stop, 0x23c000);
	ck_assert_uint_eq(p.image.rwdata_kb, 77);
	ck_assert_uint_eq(p.image.rodata_kb, 296);
	ck_assert_uint_eq(p.initrd_start, 0x3feda000);
	ck_assert_uint_eq(p.initrd_size, 0x3ffdf499 - 0x3feda000 + 1);
	ck_assert_str_eq(p.cmdline, "console=ttyS0,115200 norandmaps panic=-1 loglevel=8");
	strbuf_free(&log);
}
END_TEST

/* The zones, marks and managed pages of the kernel that wrote the log. */
static void boots_alike(const char *dir, unsigned cpus, const char *split)
{
	char name[128], line[256];
	struct strbuf log, dump;
	struct boot_params p;
	struct machine *m;
	struct mm_error e;

	snprintf(name, sizeof(name), "boot/%s/dmesg.txt", dir);
	log = golden(name);
	snprintf(name, sizeof(name), "boot/%s/oracle_zones.txt", dir);
	dump = golden(name);
	boot_params_init(&p);
	p.cpus = cpus;
	ck_assert_int_eq(boot_param_set(&p, "split", split, &e), 0);
	ck_assert_int_eq(e820_read(&p, log.s, log.len, &e), 0);
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	for_each_populated_zone(m, z) {
		snprintf(line, sizeof(line),
			 "\nzone node=0 name=%s idx=%u start_pfn=%u spanned=%lu present=%lu "
			 "managed=%lu min=%ld low=%ld high=%ld lowmem_reserve=%ld,%ld,%ld,%ld ",
			 z->name, z->idx, z->start_pfn, z->spanned_pages, z->present_pages,
			 z->managed_pages, z->watermark[WMARK_MIN], z->watermark[WMARK_LOW],
			 z->watermark[WMARK_HIGH], z->lowmem_reserve[0], z->lowmem_reserve[1],
			 z->lowmem_reserve[2], z->lowmem_reserve[3]);
		ck_assert_msg(strstr(dump.s, line) != NULL, "%s: not there: %s", dir, line);
	}
	machine_free(m);
	strbuf_free(&log);
	strbuf_free(&dump);
}

START_TEST(logs_boot_as_their_kernels_did)
{
	boots_alike("slub-hm4g/64M", 1, "3G");
	boots_alike("slub-hm4g/1G", 1, "3G");
	boots_alike("slub-hm4g/4G", 1, "3G");
	boots_alike("slub-hm4g/512M-smp4", 4, "3G");
	boots_alike("slub-2g2g/2G", 1, "2G");
}
END_TEST

START_TEST(damaged_logs)
{
	struct strbuf log = golden("boot/slub-hm4g/1G/dmesg.txt");
	char *text = malloc(log.len);

	srand(1);
	for (unsigned i = 0; i < 3000; i++) {
		struct boot_params p;
		struct mm_error e;

		memcpy(text, log.s, log.len);
		for (unsigned n = 0; n < 4; n++) {
			size_t at = (size_t)rand() % log.len;

			text[at] = (char)(rand() % 2 ? '0' + rand() % 10 : rand());
		}
		boot_params_init(&p);
		if (!e820_read(&p, text, (size_t)rand() % log.len, &e))
			machine_free(machine_boot(&p, &e));
	}
	free(text);
	strbuf_free(&log);
}
END_TEST

Suite *e820_text_suite(void)
{
	Suite *s = suite_create("e820_text");
	TCase *t = tcase_create("e820_text");

	tcase_add_test(t, kinds_of_maps);
	tcase_add_test(t, types);
	tcase_add_test(t, refusals);
	tcase_add_test(t, binary_and_too_many);
	tcase_add_test(t, overlaps_boot);
	tcase_add_test(t, a_limit_is_kept);
	tcase_add_test(t, a_log_tells_where_things_lay);
	tcase_add_test(t, logs_boot_as_their_kernels_did);
	tcase_add_test(t, damaged_logs);
	suite_add_tcase(s, t);
	return s;
}
