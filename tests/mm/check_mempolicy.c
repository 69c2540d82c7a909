/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory policies (buddy.md 15). */
#include "mm/fixture.h"

#include <errno.h>
#include <mmsh/mempolicy.h>

static struct machine *four_nodes(void)
{
	return boot_line("arch=amd64 mem=2G numa=fake=4 cpus=2");
}

static void set(struct machine *m, const char *text)
{
	struct mm_error e = {""};
	enum mpol_mode mode;
	uint64_t nodes;

	ck_assert_msg(!mpol_parse_str(text, &mode, &nodes, &e), "%s", e.text);
	ck_assert_msg(!set_mempolicy(m, mode, nodes, &e), "%s", e.text);
}

/* The nodes that the next requests come from, a digit each. */
static void assert_from(struct machine *m, gfp_t gfp, unsigned order, const char *want)
{
	for (; *want; want++) {
		int64_t pfn = alloc_pages(m, gfp, order);

		ck_assert_int_ge(pfn, 0);
		ck_assert_int_eq(pfn_to_zone(m, (uint64_t)pfn)->nid, *want - '0');
	}
}

static long stat_of(const struct machine *m, int nid, enum zone_stat_item item)
{
	return zone_page_state_exact(m, zone_find(m, nid, "DMA32"), item);
}

START_TEST(interleave)
{
	struct machine *m = four_nodes();

	set(m, "interleave:1-3");
	assert_from(m, GFP_KERNEL, 0, "123123");
	assert_from(m, GFP_HIGHUSER_MOVABLE, 2, "12");
	ck_assert_int_eq(stat_of(m, 1, NUMA_INTERLEAVE_HIT), 3);
	ck_assert_int_eq(stat_of(m, 3, NUMA_INTERLEAVE_HIT), 2);
	/* who says where is not asked */
	ck_assert_int_eq(pfn_to_zone(m, (uint64_t)alloc_pages_node(m, 0, GFP_KERNEL, 0))->nid, 0);
	assert_from(m, GFP_KERNEL | __GFP_THISNODE, 0, "0");
	assert_from(m, GFP_KERNEL, 0, "31");
	/* node 0 has two zones: a page of the second was not wanted there */
	set(m, "interleave:0,3");
	assert_from(m, GFP_KERNEL | GFP_DMA, 0, "00");
	ck_assert_int_eq(zone_page_state_exact(m, zone_find(m, 0, "DMA"), NUMA_INTERLEAVE_HIT), 0);
	set(m, "default");
	assert_from(m, GFP_KERNEL, 0, "000");
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(preferred)
{
	struct machine *m = four_nodes();

	set(m, "prefer:2");
	assert_from(m, GFP_KERNEL, 0, "22");
	while (alloc_pages_node(m, 2, GFP_QUIET | __GFP_THISNODE, 0) >= 0)
		;
	/* it would rather have another node than nothing */
	assert_from(m, GFP_QUIET, 0, "3");
	set(m, "local");
	assert_from(m, GFP_KERNEL, 0, "0");
	ck_assert_int_eq(machine_set_cpu(m, 1), 0);
	assert_from(m, GFP_KERNEL, 0, "1");
	machine_free(m);
}
END_TEST

START_TEST(bind)
{
	struct machine *m = four_nodes();
	unsigned n = 0;

	set(m, "bind:1,3");
	assert_from(m, GFP_KERNEL, 0, "11");
	while (alloc_pages(m, GFP_QUIET | __GFP_MEMALLOC, 0) >= 0)
		n++;
	ck_assert_uint_gt(n, 250000);
	ck_assert_int_gt(stat_of(m, 0, NR_FREE_PAGES), 100000);
	ck_assert_int_gt(stat_of(m, 2, NR_FREE_PAGES), 100000);
	ck_assert_int_eq(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, 0), -ENOMEM);
	/* lower zones than the policy zone are for everybody */
	assert_from(m, GFP_KERNEL | GFP_DMA, 0, "0");
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* High memory is bound, low memory is not. */
START_TEST(bind_on_32_bit)
{
	struct machine *m = boot_line("arch=ia32-pae mem=2G numa=fake=4 model=sparse");

	set(m, "bind:3");
	assert_from(m, GFP_HIGHUSER_MOVABLE, 0, "33");
	assert_from(m, GFP_KERNEL, 0, "0");
	machine_free(m);
	/* nodes with nothing but movable memory bind what is movable */
	m = boot_line("arch=ia32-pae mem=2G numa=fake=4 model=sparse kernelcore=900M");
	ck_assert(populated_zone(zone_find(m, 3, "Movable")));
	set(m, "bind:3");
	assert_from(m, GFP_HIGHUSER_MOVABLE, 0, "3");
	machine_free(m);
}
END_TEST

START_TEST(refused)
{
	struct machine *m = four_nodes(), *uma = boot_line("mem=64M");
	struct mm_error e;

	ck_assert_int_eq(set_mempolicy(m, MPOL_BIND, 0, &e), -EINVAL);
	ck_assert_int_eq(set_mempolicy(m, MPOL_INTERLEAVE, 0, &e), -EINVAL);
	ck_assert_int_eq(set_mempolicy(m, MPOL_PREFERRED, 3, &e), -EINVAL);
	ck_assert_int_eq(set_mempolicy(m, MPOL_DEFAULT, 1, &e), -EINVAL);
	ck_assert_int_eq(set_mempolicy(m, MPOL_BIND, 1 << 4, &e), -EINVAL);
	ck_assert_str_eq(e.text, "node 4: the machine has no memory there");
	ck_assert_int_eq(set_mempolicy(uma, MPOL_BIND, 1, &e), -EINVAL);
	ck_assert_int_eq(m->mempolicy->mode, MPOL_DEFAULT);
	machine_free(m);
	machine_free(uma);
}
END_TEST

START_TEST(as_text)
{
	static const char *const same[] = {"default", "local", "prefer:1", "bind:0-1,3",
					   "interleave:0-63"};
	static const char *const bad[] = {"", "bin", "bind:", "bind:a", "bind:64", "bind:2-1",
					  "bind:1,", "interleave:1 "};
	enum mpol_mode mode;
	uint64_t nodes;

	for (unsigned i = 0; i < ARRAY_SIZE(same); i++) {
		struct strbuf b = STRBUF_INIT;

		ck_assert_int_eq(mpol_parse_str(same[i], &mode, &nodes, NULL), 0);
		mpol_to_str(&(struct task_mempolicy){.mode = mode, .nodes = nodes}, &b);
		ck_assert_str_eq(b.s, same[i]);
		strbuf_free(&b);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(mpol_parse_str(bad[i], &mode, &nodes, NULL), -EINVAL);
}
END_TEST

Suite *mempolicy_suite(void)
{
	Suite *s = suite_create("mempolicy");
	TCase *t = tcase_create("mempolicy");

	tcase_add_test(t, interleave);
	tcase_add_test(t, preferred);
	tcase_add_test(t, bind);
	tcase_add_test(t, bind_on_32_bit);
	tcase_add_test(t, refused);
	tcase_add_test(t, as_text);
	suite_add_tcase(s, t);
	return s;
}
