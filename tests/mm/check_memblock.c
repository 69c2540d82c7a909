/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory before the page allocator (boot.md 5). */
#include "mm/fixture.h"

/* Regions as START-END, with @NODE unless it is 0 or none. */
static void assert_regions(const struct memblock_type *t, const char *want)
{
	struct strbuf b = STRBUF_INIT;

	for (unsigned i = 0; i < t->cnt; i++) {
		const struct memblock_region *r = &t->regions[i];

		strbuf_addf(&b, "%s%llx-%llx", i ? " " : "", (unsigned long long)r->base,
			    (unsigned long long)(r->base + r->size));
		if (r->nid && r->nid != MAX_NUMNODES)
			strbuf_addf(&b, "@%d", r->nid);
	}
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

static struct memblock new_memblock(void)
{
	return (struct memblock){.no_node = MAX_NUMNODES, .current_limit = ~0ull};
}

START_TEST(add_merges_neighbours)
{
	struct memblock mb = new_memblock();

	memblock_add(&mb, 0x5000, 0x1000, 0);
	memblock_add(&mb, 0x1000, 0x1000, 0);
	memblock_add(&mb, 0x8000, 0x2000, 0);
	assert_regions(&mb.memory, "1000-2000 5000-6000 8000-a000");
	memblock_add(&mb, 0x2000, 0x3000, 0);
	assert_regions(&mb.memory, "1000-6000 8000-a000");
	/* only what nobody covers yet is added */
	memblock_add(&mb, 0x4000, 0x8000, 0);
	assert_regions(&mb.memory, "1000-c000");
	ck_assert_uint_eq(mb.memory.total_size, 0xb000);
	memblock_add(&mb, 0x2000, 0x1000, 0);
	memblock_add(&mb, 0x3000, 0, 0);
	assert_regions(&mb.memory, "1000-c000");
	ck_assert_uint_eq(mb.memory.total_size, 0xb000);
	memblock_destroy(&mb);
	ck_assert_uint_eq(mb.memory.cnt, 0);
}
END_TEST

START_TEST(nodes_are_not_merged)
{
	struct memblock mb = new_memblock();

	memblock_add(&mb, 0x1000, 0x1000, 0);
	memblock_add(&mb, 0x2000, 0x1000, 1);
	assert_regions(&mb.memory, "1000-2000 2000-3000@1");
	/* those that were there first win */
	memblock_add(&mb, 0, 0x4000, 2);
	assert_regions(&mb.memory, "0-1000@2 1000-2000 2000-3000@1 3000-4000@2");
	memblock_set_node(&mb, 0x800, 0x2000, 1);
	assert_regions(&mb.memory, "0-800@2 800-3000@1 3000-4000@2");
	ck_assert_int_eq(memblock_node(&mb, 0x7ff), 2);
	ck_assert_int_eq(memblock_node(&mb, 0x800), 1);
	ck_assert_int_eq(memblock_node(&mb, 0x4000), -1);
	memblock_set_node(&mb, 0, 0x4000, 0);
	assert_regions(&mb.memory, "0-4000");
	memblock_destroy(&mb);
}
END_TEST

START_TEST(reserve_and_free)
{
	struct memblock mb = new_memblock();

	memblock_reserve(&mb, 0x1000, 0x4000);
	memblock_reserve(&mb, 0x8000, 0x1000);
	memblock_free(&mb, 0x2000, 0x1000);
	assert_regions(&mb.reserved, "1000-2000 3000-5000 8000-9000");
	ck_assert_uint_eq(mb.reserved.total_size, 0x4000);
	memblock_free(&mb, 0x4000, 0x4800);
	assert_regions(&mb.reserved, "1000-2000 3000-4000 8800-9000");
	memblock_free(&mb, 0x6000, 0x1000); /* was not */
	assert_regions(&mb.reserved, "1000-2000 3000-4000 8800-9000");
	memblock_free(&mb, 0, ~0ull);
	assert_regions(&mb.reserved, "");
	ck_assert_uint_eq(mb.reserved.total_size, 0);
	memblock_destroy(&mb);
}
END_TEST

START_TEST(trim_makes_whole_pages)
{
	struct memblock mb = new_memblock();

	memblock_add(&mb, 0x1000, 0x9EC00, 0);
	memblock_add(&mb, 0x100200, 0x400, 0);
	memblock_add(&mb, 0x100800, 0x2900, 0);
	memblock_trim(&mb);
	assert_regions(&mb.memory, "1000-9f000 101000-103000");
	/* the kernel does not count what it throws away here */
	ck_assert_uint_eq(mb.memory.total_size, 0x9EC00 + 0x400 + 0x2900);
	ck_assert_uint_eq(memblock_pages(&mb, 0, 1 << 20, MAX_NUMNODES), 158 + 2);
	ck_assert_uint_eq(memblock_pages(&mb, 0x9e, 0x102, 0), 1 + 1);
	ck_assert_uint_eq(memblock_pages(&mb, 0, 1 << 20, 1), 0);
	memblock_destroy(&mb);
}
END_TEST

START_TEST(find_takes_the_highest)
{
	struct memblock mb = new_memblock();

	memblock_add(&mb, 0, 0x9F000, 0);
	memblock_add(&mb, 0x100000, 0x300000, 0);
	memblock_reserve(&mb, 0x3F0000, 0x10000);
	ck_assert_uint_eq(memblock_find(&mb, 0x1000, 0x1000, 0, ~0ull), 0x3EF000);
	ck_assert_uint_eq(memblock_find(&mb, 0x1001, 64, 0, ~0ull), 0x3EEFC0);
	ck_assert_uint_eq(memblock_find(&mb, 0x200000, 0x100000, 0, ~0ull), 0x100000);
	ck_assert_uint_eq(memblock_find(&mb, 0x4000, 0x1000, 0, 0x100000), 0x9B000);
	ck_assert_uint_eq(memblock_find(&mb, 0x4000, 0x1000, 0, 0x80000), 0x7C000);
	ck_assert_uint_eq(memblock_find(&mb, 0x1000, 0x1000, 0x200000, 0x201000), 0x200000);
	ck_assert_uint_eq(memblock_find(&mb, 0x400000, 0x1000, 0, ~0ull), 0);
	/* page 0 is never handed out */
	ck_assert_uint_eq(memblock_find(&mb, 0x9E000, 0x1000, 0, 0x9F000), 0x1000);
	ck_assert_uint_eq(memblock_find(&mb, 0x9F000, 0x1000, 0, 0x9F000), 0);
	memblock_destroy(&mb);
}
END_TEST

START_TEST(allocations_stack_up_downward)
{
	struct memblock mb = new_memblock();

	memblock_add(&mb, 0, 0x100000, 0);
	mb.current_limit = 0x80000;
	ck_assert_uint_eq(memblock_alloc(&mb, 0x4000, 0x1000), 0x7C000);
	ck_assert_uint_eq(memblock_alloc(&mb, 100, 64), 0x7BF80);
	ck_assert_uint_eq(memblock_alloc(&mb, 4, 64), 0x7BF40);
	mb.current_limit = ~0ull;
	ck_assert_uint_eq(memblock_alloc(&mb, 0x1000, 0x1000), 0xFF000);
	ck_assert_uint_eq(memblock_alloc(&mb, 0x100000, 0x1000), 0);
	assert_regions(&mb.reserved, "7bf40-7bf44 7bf80-7bfe4 7c000-80000 ff000-100000");
	memblock_destroy(&mb);
}
END_TEST

START_TEST(free_ranges_are_memory_less_reserved)
{
	struct memblock mb = new_memblock();
	struct memblock_iter it = {0};
	struct strbuf b = STRBUF_INIT;

	memblock_add(&mb, 0x1000, 0x4000, 0);
	memblock_add(&mb, 0x8000, 0x4000, 1);
	memblock_add(&mb, 0x20000, 0x1000, 1);
	memblock_reserve(&mb, 0, 0x2000);
	memblock_reserve(&mb, 0x3000, 0x800);
	memblock_reserve(&mb, 0x4800, 0x4000); /* over the end of one and into the next */
	memblock_reserve(&mb, 0x9000, 0x1000);
	memblock_reserve(&mb, 0x20000, 0x1000);
	while (memblock_next_free(&mb, &it))
		strbuf_addf(&b, "%llx-%llx@%d ", (unsigned long long)it.start,
			    (unsigned long long)it.end, it.nid);
	ck_assert_str_eq(strbuf_str(&b), "2000-3000@0 3800-4800@0 8800-9000@1 a000-c000@1 ");
	strbuf_free(&b);
	memblock_destroy(&mb);
	it = (struct memblock_iter){0};
	ck_assert(!memblock_next_free(&mb, &it));
}
END_TEST

START_TEST(many_regions)
{
	struct memblock mb = new_memblock();

	for (phys_t i = 0; i < 1000; i++)
		ck_assert_int_eq(memblock_reserve(&mb, (i * 617 % 1000) * 0x2000, 0x1000), 0);
	ck_assert_uint_eq(mb.reserved.cnt, 1000);
	ck_assert_uint_ge(mb.reserved.max, 1000);
	for (phys_t a = 0; a < 1000 * 0x2000; a += 0x800)
		ck_assert_int_eq(memblock_is_reserved(&mb, a), !(a & 0x1000));
	ck_assert(!memblock_is_reserved(&mb, 1000 * 0x2000));
	ck_assert(memblock_is_region_reserved(&mb, 0x1800, 0x801));
	ck_assert(!memblock_is_region_reserved(&mb, 0x1000, 0x1000));
	ck_assert(memblock_is_region_reserved(&mb, 0xfff, 1));
	ck_assert(!memblock_is_memory(&mb, 0));
	/* a list as a recording gives it is taken as it comes */
	memblock_append(&mb.memory, 0x1000, 0x1000, 0, 0);
	memblock_append(&mb.memory, 0x2000, 0x1000, 0, 1);
	assert_regions(&mb.memory, "1000-2000 2000-3000");
	/* touching, but not alike */
	memblock_add(&mb, 0x3000, 0x1000, 0);
	assert_regions(&mb.memory, "1000-2000 2000-3000 3000-4000");
	ck_assert(memblock_is_memory(&mb, 0x2fff));
	memblock_destroy(&mb);
}
END_TEST

Suite *memblock_suite(void)
{
	Suite *s = suite_create("memblock");
	TCase *t = tcase_create("memblock");

	tcase_add_test(t, add_merges_neighbours);
	tcase_add_test(t, nodes_are_not_merged);
	tcase_add_test(t, reserve_and_free);
	tcase_add_test(t, trim_makes_whole_pages);
	tcase_add_test(t, find_takes_the_highest);
	tcase_add_test(t, allocations_stack_up_downward);
	tcase_add_test(t, free_ranges_are_memory_less_reserved);
	tcase_add_test(t, many_regions);
	suite_add_tcase(s, t);
	return s;
}
