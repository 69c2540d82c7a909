/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the boot line to memblock: the map, the split, what boot keeps (boot.md 2, 3, 5;
   kernel-layout.md 3-6). */
#include "mm/fixture.h"

#include <string.h>

/* ---- low and high memory ---- */

static const struct {
	const char *line;
	uint64_t max_pfn, max_low_pfn;
	enum highmem_msg msg;
} splits[] = {
	{"mem=64M", 0x3FE0, 0x3FE0, HIGHMEM_FINE},
	{"mem=512M", 0x1FFE0, 0x1FFE0, HIGHMEM_FINE},
	{"mem=1G", 0x3FFE0, 0x377FE, HIGHMEM_FINE},
	{"mem=2G", 0x7FFE0, 0x377FE, HIGHMEM_FINE},
	{"mem=2G cpus=8", 0x7FFE0, 0x377FE, HIGHMEM_FINE},
	{"mem=2G cpus=32", 0x7FFE0, 0x377FE, HIGHMEM_FINE},
	{"mem=2G cpus=64", 0x7FFE0, 0x373FE, HIGHMEM_FINE},
	{"mem=4G", 0xBFFE0, 0x377FE, HIGHMEM_FINE},
	{"mem=3G split=3G_OPT", 0xBFFE0, 0x477FE, HIGHMEM_FINE},
	{"mem=3G split=2G", 0xBFFE0, 0x777FE, HIGHMEM_FINE},
	{"mem=3G split=2G_OPT", 0xBFFE0, 0x7F7FE, HIGHMEM_FINE},
	{"mem=3G split=1G", 0xBFFE0, 0xB77FE, HIGHMEM_FINE},
	{"mem=2G split=1G", 0x7FFE0, 0x7FFE0, HIGHMEM_FINE},
	/* all RAM fits: highmem= takes from low memory */
	{"mem=512M highmem=100M", 0x1FFE0, 0x1FFE0 - 25600, HIGHMEM_FINE},
	{"mem=512M highmem=0", 0x1FFE0, 0x1FFE0, HIGHMEM_FINE},
	{"mem=512M highmem=512M", 0x1FFE0, 0x1FFE0, HIGHMEM_TOO_BIG},
	{"mem=128M highmem=65M", 0x7FE0, 0x7FE0, HIGHMEM_TOO_LITTLE_LEFT},
	{"mem=128M highmem=63M", 0x7FE0, 0x7FE0 - 16128, HIGHMEM_FINE},
	/* it does not: highmem= cuts off the top, or is ignored */
	{"mem=2G highmem=100M", 0x377FE + 25600, 0x377FE, HIGHMEM_FINE},
	{"mem=2G highmem=2G", 0x7FFE0, 0x377FE, HIGHMEM_ONLY},
	{"mem=2G highmem=0", 0x377FE, 0x377FE, HIGHMEM_FINE},
	/* room for vmalloc comes off low memory */
	{"mem=2G vmalloc=120M", 0x7FFE0, 0x377FE, HIGHMEM_FINE},
	{"mem=2G vmalloc=256M", 0x7FFE0, 0x2EFFE, HIGHMEM_FINE},
	{"mem=2G vmalloc=512M", 0x7FFE0, 0x1EFFE, HIGHMEM_FINE},
};

START_TEST(where_low_memory_ends)
{
	struct machine *m = boot_line(splits[_i].line);
	const struct vm_layout *l = &m->layout;

	ck_assert_uint_eq(m->max_pfn, splits[_i].max_pfn);
	ck_assert_uint_eq(m->max_low_pfn, splits[_i].max_low_pfn);
	ck_assert_int_eq(m->boot.highmem_msg, splits[_i].msg);
	ck_assert_uint_eq(l->high_memory, l->page_offset + (m->max_low_pfn << 12));
	ck_assert_uint_eq(l->vmalloc_start, l->high_memory + (8 << 20));
	ck_assert_int_eq(zone_find(m, 0, "HighMem")->present_pages != 0,
			 m->max_pfn > m->max_low_pfn);
	machine_free(m);
}
END_TEST

START_TEST(kernel_windows)
{
	static const struct {
		const char *line;
		vaddr_t page_offset, fixaddr_start, pkmap, vmalloc_end;
	} rows[] = {
		{"mem=64M", 0xC0000000, 0xFFF68000, 0xFF800000, 0xFF7FE000},
		{"mem=64M cpus=4 split=2G", 0x80000000, 0xFFF68000, 0xFF800000, 0xFF7FE000},
		{"mem=64M cpus=5", 0xC0000000, 0xFFF18000, 0xFF800000, 0xFF7FE000},
		{"mem=64M cpus=32", 0xC0000000, 0xFFD38000, 0xFF800000, 0xFF7FE000},
		{"mem=64M cpus=64 split=1G", 0x40000000, 0xFFAB8000, 0xFF400000, 0xFF3FE000},
		{"mem=64M split=3G_OPT", 0xB0000000, 0xFFF68000, 0xFF800000, 0xFF7FE000},
		{"mem=64M split=2G_OPT", 0x78000000, 0xFFF68000, 0xFF800000, 0xFF7FE000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = boot_line(rows[i].line);

		ck_assert_uint_eq(m->layout.page_offset, rows[i].page_offset);
		ck_assert_uint_eq(m->layout.fixaddr_top, 0xFFFFF000);
		ck_assert_uint_eq(m->layout.fixaddr_start, rows[i].fixaddr_start);
		ck_assert_uint_eq(m->layout.pkmap_base, rows[i].pkmap);
		ck_assert_uint_eq(m->layout.vmalloc_end, rows[i].vmalloc_end);
		ck_assert_uint_eq(m->layout.fix_kmap_begin, 69);
		machine_free(m);
	}
}
END_TEST

START_TEST(the_layout_of_512_mib)
{
	struct machine *m = boot_line("mem=512M");

	ck_assert_uint_eq(m->layout.high_memory, 0xDFFE0000);
	ck_assert_uint_eq(m->layout.vmalloc_start, 0xE07E0000);
	ck_assert_uint_eq((m->layout.vmalloc_end - m->layout.vmalloc_start) >> 20, 496);
	ck_assert_uint_eq((m->layout.high_memory - m->layout.page_offset) >> 20, 511);
	machine_free(m);
}
END_TEST

/* ---- the map ---- */

static struct boot_params params_of(const struct e820_entry *x, size_t n)
{
	struct boot_params p;

	boot_params_init(&p);
	p.mem = 0;
	for (size_t i = 0; i < n; i++)
		e820_add(&p.e820, x[i].addr, x[i].size, x[i].type);
	return p;
}

static struct machine *boot_ok(const struct boot_params *p)
{
	struct mm_error e = {""};
	struct machine *m = machine_boot(p, &e);

	ck_assert_msg(m != NULL, "%s", e.text);
	assert_audit(m);
	return m;
}

static const struct e820_entry pc[] = {
	{0, 0x9FC00, E820_RAM},
	{0x9FC00, 0x400, E820_RESERVED},
	{0x100000, 0x7F00000, E820_RAM},
};

START_TEST(adjustments_to_the_map)
{
	struct boot_params p = params_of(pc, ARRAY_SIZE(pc));
	struct machine *m;
	const struct e820_map *e;

	e820_add(&p.e820, 0xA8000, 0x20000, E820_RAM); /* RAM in the BIOS area goes */
	m = boot_ok(&p);
	e = &m->boot.e820;
	ck_assert_uint_eq(e->map[0].type, E820_RESERVED);
	ck_assert_uint_eq(e->map[0].size, 0x1000);
	ck_assert_uint_eq(e->map[1].addr, 0x1000);
	ck_assert_uint_eq(e->map[1].size, 0x9EC00);
	ck_assert_uint_eq(e->map[3].addr, 0x100000);
	ck_assert_uint_eq(e->nr, 4);
	ck_assert(!m->boot.user_map);
	ck_assert_uint_eq(m->max_pfn, 0x8000);
	/* [0x1000, 0x9fc00) is pages 1-158 */
	ck_assert_uint_eq(m->memblock.memory.regions[0].base, 0x1000);
	ck_assert_uint_eq(m->memblock.memory.regions[0].size, 0x9E000);
	machine_free(m);
}
END_TEST

START_TEST(mem_limits_a_given_map)
{
	struct boot_params p = params_of(pc, ARRAY_SIZE(pc));
	struct machine *m;

	p.mem = 64 << 20;
	m = boot_ok(&p);
	ck_assert(m->boot.user_map);
	ck_assert_uint_eq(m->max_pfn, 0x4000);
	ck_assert_uint_eq(m->boot.bios.nr, 3); /* as the firmware gave it */
	machine_free(m);
}
END_TEST

START_TEST(the_kernel_lies_in_ram_whatever_the_map_says)
{
	struct boot_params p = params_of(pc, ARRAY_SIZE(pc));
	struct machine *m;

	e820_add(&p.e820, 0x1100000, 0x1000, E820_RESERVED);
	m = boot_ok(&p);
	ck_assert(e820_all_mapped(&m->boot.e820, 0x1000000, 0x1200000, E820_RAM));
	ck_assert(!e820_all_mapped(&m->boot.bios, 0x1000000, 0x1200000, E820_RAM));
	machine_free(m);
}
END_TEST

/* Everything that is not whole pages of RAM in order: small pieces, ACPI, high reserved. */
START_TEST(a_map_in_pieces)
{
	struct boot_params p = params_of(pc, ARRAY_SIZE(pc));
	struct machine *m;

	e820_add(&p.e820, 0x8000800, 0x100, E820_RAM);
	e820_add(&p.e820, 0x8001000, 0x3000, E820_ACPI);
	e820_add(&p.e820, 0x8004000, 0x1800, E820_RAM);
	e820_add(&p.e820, 0x9000000, 0x100000, E820_RESERVED_KERN);
	e820_add(&p.e820, 0xA000000, 0x2000, E820_RAM);
	e820_add(&p.e820, 0xFFFC0000, 0x40000, E820_RESERVED);
	m = boot_ok(&p);
	ck_assert_uint_eq(m->max_pfn, 0xA002);
	ck_assert(!pfn_is_ram(m, 0x8000));
	ck_assert(pfn_is_ram(m, 0x8004));
	ck_assert(!pfn_is_ram(m, 0x8005));
	ck_assert(pfn_is_ram(m, 0x9000));
	ck_assert(pfn_is_ram(m, 0xA001));
	ck_assert_uint_eq(normal_zone(m)->spanned_pages, 0xA002 - 4096);
	machine_free(m);
}
END_TEST

/* ---- what is kept ---- */

static const struct boot_reservation *kept(const struct machine *m, const char *what)
{
	for (unsigned i = 0; i < m->boot.nr_res; i++)
		if (!strcmp(m->boot.res[i].what, what))
			return &m->boot.res[i];
	ck_abort_msg("nothing is kept for %s", what);
	return NULL;
}

START_TEST(the_usual_reservations)
{
	struct machine *m = boot_line("mem=1G");
	const struct kernel_image *k = &m->params.image;

	ck_assert_uint_eq(kept(m, "low memory")->size, 0x10000);
	ck_assert_uint_eq(kept(m, "EBDA and BIOS")->start, 0x9F000);
	ck_assert_uint_eq(kept(m, "kernel")->start, 0x1000000);
	ck_assert_uint_eq(kept(m, "kernel")->size, k->bss_stop);
	ck_assert_uint_eq(kept(m, "trampoline")->start, 0x9B000);
	ck_assert_uint_eq(m->boot.trampoline, 0x9B000);
	ck_assert_uint_eq(kept(m, "brk")->start, 0x1000000 + k->bss_stop);
	/* from the top of low memory downward */
	ck_assert_uint_eq(kept(m, "mem_map")->size, 8 << 20);
	ck_assert_uint_le(kept(m, "mem_map")->start + (8 << 20), 0x377FE000);
	ck_assert_uint_lt(kept(m, "PID hash")->start, kept(m, "mem_map")->start);
	ck_assert_uint_lt(kept(m, "inode hash")->start, kept(m, "dentry hash")->start);
	ck_assert_uint_eq(m->boot.hash_entries[0], 4096);
	ck_assert_uint_eq(m->boot.hash_entries[1], 131072);
	ck_assert_uint_eq(m->boot.hash_entries[2], 65536);
	machine_free(m);
	m = boot_line("mem=64M reservelow=4M"); /* at most */
	ck_assert_uint_eq(kept(m, "low memory")->size, 640 << 10);
	machine_free(m);
	m = boot_line("mem=64M reservelow=1K");
	ck_assert_uint_eq(kept(m, "low memory")->size, 4096);
	machine_free(m);
}
END_TEST

/* Conventional memory that the firmware says ends elsewhere, or at an insane place. */
START_TEST(the_ebda)
{
	static const uint64_t rows[][2] = {
		{0x9FC00, 0x9F000}, {0x98400, 0x98400}, {0x1F000, 0x9F000}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct boot_params p = params_of(pc, ARRAY_SIZE(pc));
		struct machine *m;

		p.e820.map[0].size = rows[i][0];
		p.reservelow = 4096;
		m = boot_ok(&p);
		ck_assert_uint_eq(kept(m, "EBDA and BIOS")->start, rows[i][1]);
		machine_free(m);
	}
}
END_TEST

START_TEST(a_small_machine_runs_the_image_linked_for_1_mib)
{
	struct machine *m = boot_line("mem=16M");

	ck_assert_uint_eq(m->params.image.load, 1 << 20);
	machine_free(m);
	m = boot_line("mem=32M");
	ck_assert_uint_eq(m->params.image.load, 16 << 20);
	machine_free(m);
}
END_TEST

START_TEST(an_initrd)
{
	struct machine *m = boot_line("mem=512M initrd=1000000");

	/* whole pages, at the top of RAM, freed at the end */
	ck_assert_uint_eq(m->boot.initrd_size, 1003520);
	ck_assert_uint_eq(m->boot.initrd_start, 0x1FFE0000 - 1003520);
	ck_assert_uint_eq(m->boot.initrd_moved_from, 0);
	ck_assert_uint_eq(m->boot.initrd_pages, 245);
	ck_assert(!memblock_is_reserved(&m->memblock, m->boot.initrd_start));
	machine_free(m);
	/* beyond the direct map it is copied below */
	m = boot_line("mem=1G initrd=1M");
	ck_assert_uint_eq(m->boot.initrd_moved_from, 0x3FFE0000 - 0x100000);
	ck_assert_uint_lt(m->boot.initrd_start, 0x377FE000);
	ck_assert_uint_eq(m->boot.initrd_pages, 256);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(an_initrd_where_the_loader_put_it)
{
	struct boot_params p = params_of(pc, ARRAY_SIZE(pc));
	struct machine *m;

	p.initrd_start = 0x5000000;
	p.initrd_size = 0x4321;
	m = boot_ok(&p);
	ck_assert_uint_eq(m->boot.initrd_start, 0x5000000);
	ck_assert_uint_eq(m->boot.initrd_size, 0x5000);
	machine_free(m);
}
END_TEST

START_TEST(managed_pages_as_asked)
{
	static const struct {
		const char *line;
		long dma, normal;
	} rows[] = {
		{"mem=64M managed=Normal:11000", -1, 11000},
		{"mem=64M managed=Normal:11570,DMA:3979", 3979, 11570},
		{"mem=64M managed=Normal:11700", -1, 11700}, /* less than boot left: it keeps less */
		{"mem=64M managed=DMA:3000", 3000, -1},
		{"mem=64M managed=Normal:1000,DMA:60", 60, 1000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = boot_line(rows[i].line);

		if (rows[i].dma >= 0)
			ck_assert_uint_eq(zone_of(m, "DMA")->managed_pages,
					  (unsigned long)rows[i].dma);
		if (rows[i].normal >= 0)
			ck_assert_uint_eq(normal_zone(m)->managed_pages,
					  (unsigned long)rows[i].normal);
		assert_audit(m);
		machine_free(m);
	}
}
END_TEST

/* ---- refusals ---- */

START_TEST(machines_that_cannot_be)
{
	static const struct {
		const char *line, *why;
	} rows[] = {
		{"mem=4M", "at least 8M"},
		{"mem=5T", "too large|at most"},
		{"mem=5G", "at most 4G"},
		{"cpus=65", "64"},
		{"cpus=0", "from 1 to 64|1 to 64"},
		{"vmalloc=1000M", "leaves no room for low memory"},
		{"vmalloc=60G", "leaves no room for low memory"},
		{"mem=64M initrd=60M", "do not fit above the kernel"},
		{"mem=1G vmalloc=850M initrd=900M", ""},
		{"mem=64M managed=Normal:99999", "managed=Normal:99999"},
		{"mem=64M managed=HighMem:5", "no such zone|HighMem"},
		{"mem=64M managed=Normal:0", "managed=Normal:0"},
		{"mem=64M split=4G", "split=4G"},
		{"mem=4G vmalloc=975M", "too small for the page descriptors"},
		{"arch=ia32-pae split=3G_OPT", "no 4.4 kernel has this split with PAE"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *why = boot_refusal(rows[i].line), *bar = strchr(rows[i].why, '|');
		char first[64] = "";

		strncpy(first, rows[i].why, bar ? (size_t)(bar - rows[i].why) : sizeof(first) - 1);
		ck_assert_msg(*why && !strchr(why, '\n'), "%s: no reason", rows[i].line);
		ck_assert_msg(strstr(why, first) || (bar && strstr(why, bar + 1)), "%s: %s",
			      rows[i].line, why);
	}
}
END_TEST

START_TEST(maps_that_cannot_be)
{
	struct boot_params p = params_of(pc, ARRAY_SIZE(pc));
	struct mm_error e;

	p.e820.nr = 1; /* 640 KiB ought to be enough */
	ck_assert_ptr_null(machine_boot(&p, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "the kernel itself needs"));
	p = params_of(pc, ARRAY_SIZE(pc));
	p.mem = 4 << 20;
	ck_assert_ptr_null(machine_boot(&p, &e));
	p = params_of(pc, ARRAY_SIZE(pc));
	p.e820.map[0].type = E820_RESERVED;
	ck_assert_ptr_null(machine_boot(&p, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "trampoline"));
	p = params_of(pc, ARRAY_SIZE(pc));
	p.reservelow = 1;
	ck_assert_ptr_null(machine_boot(&p, &e));
	p = params_of(pc, ARRAY_SIZE(pc));
	p.cpus = 0;
	ck_assert_ptr_null(machine_boot(&p, &e));
	p.cpus = MAX_CPUS + 1;
	ck_assert_ptr_null(machine_boot(&p, NULL));
	p.mem = 1 << 20;
	p.e820.nr = 0;
	p.cpus = 1;
	ck_assert_ptr_null(machine_boot(&p, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "at least 8M"));
	/* a kernel beyond low memory */
	boot_params_init(&p);
	boot_words(&p, "mem=1G vmalloc=960M");
	p.image.load = 48 << 20;
	p.image_given = true;
	ck_assert_ptr_null(machine_boot(&p, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "inside the kernel image"));
	/* an initrd over the kernel */
	p = params_of(pc, ARRAY_SIZE(pc));
	p.initrd_start = 0x1000000;
	p.initrd_size = 4096;
	ck_assert_ptr_null(machine_boot(&p, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "initrd"));
}
END_TEST

Suite *setup_suite(void)
{
	Suite *s = suite_create("setup");
	TCase *t = tcase_create("setup");

	tcase_add_loop_test(t, where_low_memory_ends, 0, ARRAY_SIZE(splits));
	tcase_add_test(t, kernel_windows);
	tcase_add_test(t, the_layout_of_512_mib);
	tcase_add_test(t, adjustments_to_the_map);
	tcase_add_test(t, mem_limits_a_given_map);
	tcase_add_test(t, the_kernel_lies_in_ram_whatever_the_map_says);
	tcase_add_test(t, a_map_in_pieces);
	tcase_add_test(t, the_usual_reservations);
	tcase_add_test(t, the_ebda);
	tcase_add_test(t, a_small_machine_runs_the_image_linked_for_1_mib);
	tcase_add_test(t, an_initrd);
	tcase_add_test(t, an_initrd_where_the_loader_put_it);
	tcase_add_test(t, managed_pages_as_asked);
	tcase_add_test(t, machines_that_cannot_be);
	tcase_add_test(t, maps_that_cannot_be);
	suite_add_tcase(s, t);
	return s;
}
