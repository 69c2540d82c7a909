/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages in use: the LRU lists and the last reference. */
#include "mm/fixture.h"

static const enum zone_stat_item items[NR_LRU_LISTS] = {
	NR_INACTIVE_ANON,
	NR_ACTIVE_ANON,
	NR_INACTIVE_FILE,
	NR_ACTIVE_FILE,
	NR_UNEVICTABLE,
};

START_TEST(on_the_lru_and_off)
{
	struct machine *m = boot_line("mem=64M");
	struct zone *z = normal_zone(m);
	pfn_t pfn[NR_LRU_LISTS];

	for (unsigned l = 0; l < NR_LRU_LISTS; l++) {
		const struct page *p;

		pfn[l] = take(m, GFP_HIGHUSER_MOVABLE, 0);
		lru_add(m, pfn[l], (enum lru_list)l);
		p = pfn_to_page(m, pfn[l]);
		ck_assert(p->flags & PG(lru));
		ck_assert_int_eq(!!(p->flags & PG(active)), l & 1);
		ck_assert_int_eq(!!(p->flags & PG(swapbacked)), l < 2);
		ck_assert_uint_eq(z->lru[l].head, pfn[l]);
		for (unsigned k = 0; k < NR_LRU_LISTS; k++)
			ck_assert_int_eq(zone_page_state_exact(m, z, items[k]), k <= l);
		assert_audit(m);
	}
	for (unsigned l = 0; l < NR_LRU_LISTS; l++) {
		lru_del(m, pfn[l]);
		ck_assert_int_eq(zone_page_state_exact(m, z, items[l]), 0);
		ck_assert_uint_eq(z->lru[l].head, PFN_NONE);
		ck_assert(!(pfn_to_page(m, pfn[l])->flags & (PG(lru) | PG(active) | PG(unevictable))));
		assert_audit(m);
	}
	machine_free(m);
}
END_TEST

START_TEST(the_newest_stands_first)
{
	struct machine *m = boot_line("mem=64M");
	struct zone *z = normal_zone(m);
	pfn_t pfn[3];

	for (int i = 0; i < 3; i++) {
		pfn[i] = take(m, GFP_HIGHUSER_MOVABLE, 0);
		lru_add(m, pfn[i], LRU_INACTIVE_FILE);
	}
	ck_assert_uint_eq(z->lru[LRU_INACTIVE_FILE].head, pfn[2]);
	ck_assert_uint_eq(z->lru[LRU_INACTIVE_FILE].tail, pfn[0]);
	lru_del(m, pfn[1]);
	ck_assert_uint_eq(free_list_next(m, 0, pfn[2]), pfn[0]);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(the_last_reference)
{
	struct machine *m = boot_line("mem=64M");
	struct zone *z = normal_zone(m);
	pfn_t pfn = take(m, GFP_HIGHUSER_MOVABLE, 0);
	pfn_t huge;

	lru_add(m, pfn, LRU_ACTIVE_ANON);
	pfn_to_page(m, pfn)->_refcount++;
	put_page(m, pfn);
	ck_assert(pfn_to_page(m, pfn)->flags & PG(lru)); /* somebody still has it */
	put_page(m, pfn);
	ck_assert_int_eq(zone_page_state_exact(m, z, NR_ACTIVE_ANON), 0);
	ck_assert_int_ne(free_pages_check(m, pfn, 0, NULL), 0);
	assert_audit(m);

	huge = take(m, GFP_HIGHUSER_MOVABLE | __GFP_COMP, 9);
	put_page(m, huge + 511);
	ck_assert_int_ge(free_block_order(m, huge & ~1023u), 9);
	ck_assert_uint_eq(pfn_to_page(m, huge + 511)->flags, 0);
	assert_audit(m);
	machine_free(m);
}
END_TEST

Suite *swap_suite(void)
{
	Suite *s = suite_create("swap");
	TCase *t = tcase_create("swap");

	tcase_add_test(t, on_the_lru_and_off);
	tcase_add_test(t, the_newest_stands_first);
	tcase_add_test(t, the_last_reference);
	suite_add_tcase(s, t);
	return s;
}
