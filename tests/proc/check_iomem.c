/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"
#include "proc/capture.h"

#include <stdlib.h>
#include <string.h>

START_TEST(captured)
{
	struct machine *m = capture_boot(&captures[_i]);
	char *want = capture_text(&captures[_i], "iomem.txt"), *got = proc_text(m, "iomem");

	assert_same_text(got, want, "iomem");
	free(want);
	free(got);
	machine_free(m);
}
END_TEST

/* The map of a machine that is booted already: only the file is looked at. */
static void assert_iomem(const struct e820_entry *e, unsigned n, const char *want)
{
	struct machine *m = boot_mib(64);
	char *got;

	m->boot.e820.nr = n;
	memcpy(m->boot.e820.map, e, n * sizeof(*e));
	got = proc_text(m, "iomem");
	assert_same_text(got, want, "iomem");
	free(got);
	machine_free(m);
}

/* What is reserved over the ROMs becomes their parent, and leaves no room for video RAM. */
START_TEST(reserved_over_roms)
{
	static const struct e820_entry e[] = {
		{0, 0x1000, E820_RESERVED},
		{0x1000, 0x9e000, E820_RAM},
		{0x9f000, 0x61000, E820_RESERVED},
		{0x100000, 0x2f00000, E820_RAM},
	};

	assert_iomem(e, ARRAY_SIZE(e),
		     "00000000-00000fff : reserved\n"
		     "00001000-0009efff : System RAM\n"
		     "0009f000-000fffff : reserved\n"
		     "  000c0000-000c05ff : Video ROM\n"
		     "  000f0000-000fffff : System ROM\n"
		     "00100000-02ffffff : System RAM\n"
		     "  01000000-0116c03d : Kernel code\n"
		     "  0116c03e-011ca6bf : Kernel data\n"
		     "  011fe000-0123bfff : Kernel bss\n"
		     "fee00000-fee00fff : Local APIC\n");
}
END_TEST

/* ACPI has names; a range that cuts through the kernel, or ends above 4 GiB, is left out. */
START_TEST(odd_ranges)
{
	static const struct e820_entry e[] = {
		{0x100000, 0x1000000, E820_RAM},     {0x1100000, 0x2e00000, E820_RAM},
		{0x3f00000, 0x80000, E820_ACPI},     {0x3f80000, 0x40000, E820_NVS},
		{0x3fc0000, 0x10000, E820_UNUSABLE}, {0x3fd0000, 0x10000, 77},
		{0x3fe0000, 0x20000, E820_RESERVED}, {0xfee00000, 0x1000, E820_ACPI},
		{0xffff0000, 0x20000, E820_RAM},
	};

	assert_iomem(e, ARRAY_SIZE(e),
		     "000a0000-000bffff : Video RAM area\n"
		     "000c0000-000c05ff : Video ROM\n"
		     "000f0000-000fffff : System ROM\n"
		     "01000000-0116c03d : Kernel code\n"
		     "0116c03e-011ca6bf : Kernel data\n"
		     "011fe000-0123bfff : Kernel bss\n"
		     "03f00000-03f7ffff : ACPI Tables\n"
		     "03f80000-03fbffff : ACPI Non-volatile Storage\n"
		     "03fc0000-03fcffff : Unusable memory\n"
		     "03fd0000-03fdffff : reserved\n"
		     "fee00000-fee00fff : Local APIC\n"
		     "  fee00000-fee00fff : ACPI Tables\n");
}
END_TEST

Suite *iomem_suite(void)
{
	Suite *s = suite_create("iomem");
	TCase *t = tcase_create("iomem");

	tcase_add_loop_test(t, captured, 0, NR_CAPTURES);
	tcase_add_test(t, reserved_over_roms);
	tcase_add_test(t, odd_ranges);
	suite_add_tcase(s, t);
	return s;
}
