/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The firmware's map (boot.md 2). */
#include "mm/fixture.h"

/* Entries as START-END:TYPE, ends exclusive, in hexadecimal. */
static void assert_map(const struct e820_map *e, const char *want)
{
	struct strbuf b = STRBUF_INIT;

	for (unsigned i = 0; i < e->nr; i++)
		strbuf_addf(&b, "%s%llx-%llx:%u", i ? " " : "", (unsigned long long)e->map[i].addr,
			    (unsigned long long)(e->map[i].addr + e->map[i].size), e->map[i].type);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

static struct e820_map map_of(const struct e820_entry *x, size_t n)
{
	struct e820_map e = {0};

	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(e820_add(&e, x[i].addr, x[i].size, x[i].type), 0);
	return e;
}
#define MAP(...)                                         \
	map_of((const struct e820_entry[]){__VA_ARGS__}, \
	       sizeof((struct e820_entry[]){__VA_ARGS__}) / sizeof(struct e820_entry))

START_TEST(sanitise_the_larger_type_wins)
{
	struct e820_map e = MAP({0, 0xA0000, E820_RAM}, {0x9F000, 0x11000, E820_RESERVED},
				{0x100000, 0x100000, E820_RAM});

	ck_assert_int_eq(e820_sanitize(&e), 0);
	assert_map(&e, "0-9f000:1 9f000-b0000:2 100000-200000:1");
	/* a clean map stays */
	ck_assert_int_eq(e820_sanitize(&e), 0);
	assert_map(&e, "0-9f000:1 9f000-b0000:2 100000-200000:1");
}
END_TEST

START_TEST(sanitise_cases)
{
	struct e820_map e;

	/* unsorted, touching and overlapping entries of one type become one */
	e = MAP({0x3000, 0x1000, E820_RAM}, {0x1000, 0x1000, E820_RAM}, {0x2000, 0x1000, E820_RAM},
		{0x2800, 0x400, E820_RAM});
	e820_sanitize(&e);
	assert_map(&e, "1000-4000:1");
	/* a hole of another type in the middle */
	e = MAP({0, 0x10000, E820_RAM}, {0x4000, 0x1000, E820_NVS});
	e820_sanitize(&e);
	assert_map(&e, "0-4000:1 4000-5000:4 5000-10000:1");
	/* hidden behind a larger type, and entries of no size */
	e = MAP({0x4000, 0x1000, E820_RAM}, {0, 0x10000, E820_UNUSABLE}, {0x2000, 0, E820_PRAM});
	e820_sanitize(&e);
	assert_map(&e, "0-10000:5");
	/* persistent memory is never merged */
	e = MAP({0x1000, 0x1000, E820_PRAM}, {0x2000, 0x1000, E820_PRAM}, {0, 0x1000, E820_RAM});
	e820_sanitize(&e);
	assert_map(&e, "0-1000:1 1000-2000:12 2000-3000:12");
	/* two that begin and end alike */
	e = MAP({0x1000, 0x1000, E820_RAM}, {0x1000, 0x1000, E820_ACPI});
	e820_sanitize(&e);
	assert_map(&e, "1000-2000:3");
}
END_TEST

START_TEST(sanitise_leaves_bad_input_alone)
{
	struct e820_map e = MAP({0x1000, 0, E820_RAM});

	ck_assert_int_eq(e820_sanitize(&e), -1);
	assert_map(&e, "1000-1000:1");
	e = MAP({0x5000, 0x1000, E820_RAM}, {~0ull - 0xfff, 0x2000, E820_RAM},
		{0, 0x1000, E820_RAM});
	ck_assert_int_eq(e820_sanitize(&e), -1);
	ck_assert_uint_eq(e.nr, 3);
	ck_assert_uint_eq(e.map[0].addr, 0x5000);
	e.nr = 0;
	ck_assert_int_eq(e820_sanitize(&e), -1);
}
END_TEST

START_TEST(a_full_map)
{
	struct e820_map e = {0};

	for (unsigned i = 0; i < E820_MAX; i++)
		ck_assert_int_eq(e820_add(&e, (E820_MAX - i) * 0x10000ull, 0x8000, 1 + i % 2), 0);
	ck_assert_int_eq(e820_add(&e, 0, 1, E820_RAM), -28);
	ck_assert_int_eq(e820_sanitize(&e), 0);
	ck_assert_uint_eq(e.nr, E820_MAX);
	ck_assert_uint_eq(e.map[0].addr, 0x10000);
	/* one entry over all of them: more pieces than fit, and none is lost but the last */
	e.map[0] = (struct e820_entry){0, ~0ull, E820_RAM};
	ck_assert_int_eq(e820_sanitize(&e), 0);
	ck_assert_uint_le(e.nr, E820_MAX);
	for (unsigned i = 1; i < e.nr; i++)
		ck_assert_uint_ge(e.map[i].addr, e.map[i - 1].addr + e.map[i - 1].size);
}
END_TEST

START_TEST(ranges_change_type)
{
	struct e820_map e = MAP({0, 0xA0000, E820_RAM}, {0x100000, 0x100000, E820_RAM});

	ck_assert_uint_eq(e820_update_range(&e, 0, 0x1000, E820_RAM, E820_RESERVED), 0x1000);
	assert_map(&e, "0-1000:2 1000-a0000:1 100000-200000:1");
	ck_assert_uint_eq(e820_remove_range(&e, 0x9F000, 0x62000, E820_RAM, true), 0x1000 + 0x1000);
	assert_map(&e, "0-1000:2 1000-9f000:1 101000-200000:1");
	/* only of that type, unless any will do */
	ck_assert_uint_eq(e820_remove_range(&e, 0, 0x2000, E820_RESERVED, true), 0x1000);
	assert_map(&e, "1000-9f000:1 101000-200000:1");
	ck_assert_uint_eq(e820_remove_range(&e, 0x180000, 0x1000, 0, false), 0x1000);
	assert_map(&e, "1000-9f000:1 101000-180000:1 181000-200000:1");
	/* to the end of everything */
	ck_assert_uint_eq(e820_remove_range(&e, 0x190000, ~0ull, E820_RAM, true), 0x70000);
	assert_map(&e, "1000-9f000:1 101000-180000:1 181000-190000:1");
	ck_assert_uint_eq(e820_update_range(&e, 0x300000, 0x1000, E820_RAM, E820_NVS), 0);
}
END_TEST

START_TEST(questions)
{
	struct e820_map e = MAP({0x1000, 0x1000, E820_RAM}, {0x2000, 0x1800, E820_RAM},
				{0x8000, 0x8000, E820_NVS}, {0x100000800, 0x10000, E820_RAM});

	ck_assert(e820_all_mapped(&e, 0x1000, 0x3800, E820_RAM));
	ck_assert(e820_all_mapped(&e, 0x1800, 0x2800, E820_RAM));
	ck_assert(!e820_all_mapped(&e, 0x1000, 0x3801, E820_RAM));
	ck_assert(!e820_all_mapped(&e, 0x8000, 0x9000, E820_RAM));
	ck_assert(e820_all_mapped(&e, 0x5000, 0x5000, E820_RAM));
	/* ends are rounded down; what begins at the limit does not count */
	ck_assert_uint_eq(e820_end_pfn(&e, 1ull << 36), 0x100010);
	ck_assert_uint_eq(e820_end_pfn(&e, 1ull << 20), 3);
	ck_assert_uint_eq(e820_end_pfn(&e, 0x100008), 0x100008);
	ck_assert_uint_eq(e820_end_pfn(&e, 1), 0);
}
END_TEST

START_TEST(the_map_of_a_pc)
{
	struct e820_map e;

	e820_pcmap(&e, 64 << 20);
	assert_map(&e, "0-9fc00:1 9fc00-a0000:2 f0000-100000:2 100000-3fe0000:1"
		       " 3fe0000-4000000:2 fffc0000-100000000:2");
	e820_pcmap(&e, 4ull << 30);
	assert_map(&e, "0-9fc00:1 9fc00-a0000:2 f0000-100000:2 100000-bffe0000:1"
		       " bffe0000-c0000000:2 fffc0000-100000000:2 100000000-140000000:1");
	e820_pcmap(&e, 1 << 20);
	assert_map(&e, "0-9fc00:1 9fc00-a0000:2 f0000-100000:2 fffc0000-100000000:2");
}
END_TEST

START_TEST(names)
{
	static const struct {
		uint32_t type;
		const char *text, *iomem;
	} rows[] = {
		{1, "usable", "System RAM"},
		{2, "reserved", "reserved"},
		{3, "ACPI data", "ACPI Tables"},
		{4, "ACPI NVS", "ACPI Non-volatile Storage"},
		{5, "unusable", "Unusable memory"},
		{7, "persistent (type 7)", "Persistent Memory"},
		{12, "persistent (type 12)", "Persistent Memory (legacy)"},
		{128, "usable", "System RAM"},
		{6, "type 6", "reserved"},
		{4294967295u, "type 4294967295", "reserved"},
	};
	char buf[32];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_str_eq(e820_type_text(rows[i].type, buf, sizeof(buf)), rows[i].text);
		ck_assert_str_eq(e820_iomem_name(rows[i].type), rows[i].iomem);
	}
}
END_TEST

Suite *e820_suite(void)
{
	Suite *s = suite_create("e820");
	TCase *t = tcase_create("e820");

	tcase_add_test(t, sanitise_the_larger_type_wins);
	tcase_add_test(t, sanitise_cases);
	tcase_add_test(t, sanitise_leaves_bad_input_alone);
	tcase_add_test(t, a_full_map);
	tcase_add_test(t, ranges_change_type);
	tcase_add_test(t, questions);
	tcase_add_test(t, the_map_of_a_pc);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return s;
}
