/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compaction: indices, deferral, and which page goes where (buddy.md 13.4). */
#include "mm/fixture.h"

#include <string.h>

/* ---- indices ---- */

static struct zone zone_with(const unsigned long nr_free[MAX_ORDER])
{
	struct zone z = {0};

	for (unsigned o = 0; o < MAX_ORDER; o++)
		z.free_area[o].nr_free = nr_free[o];
	return z;
}

START_TEST(fragmentation_and_unusable_index)
{
	static const struct {
		unsigned long nr_free[MAX_ORDER];
		unsigned order;
		int frag, unusable;
	} rows[] = {
		{{1046, 527, 128, 36, 17, 5, 26, 40, 13, 16, 0}, 4, -1000, 134},
		{{1046, 527, 128, 36, 17, 5, 26, 40, 13, 16, 0}, 9, -1000, 621},
		{{1046, 527, 128, 36, 17, 5, 26, 40, 13, 16, 0}, 10, 989, 1000},
		{{0}, 0, 0, 1000},
		{{0}, 10, 0, 1000},
		{{0, 1}, 2, -500, 1000}, /* few blocks: slightly negative */
		{{0, 1}, 1, -1000, 0},
		{{1}, 0, -1000, 0},
		{{2048}, 4, 938, 1000},
		{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}, 10, -1000, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct zone z = zone_with(rows[i].nr_free);

		ck_assert_int_eq(fragmentation_index(&z, rows[i].order), rows[i].frag);
		ck_assert_int_eq(unusable_free_index(&z, rows[i].order), rows[i].unusable);
	}
}
END_TEST

/* ---- a zone where nothing is contiguous ---- */

/* [0x1000, 0x2000): even pages are users' on the LRU, odd ones are free; all MOVABLE. */
static struct machine *striped(unsigned pageblock_order)
{
	struct machine *m = bare_zone(0x1000, 0x2000, pageblock_order);
	struct zone *z = normal_zone(m);

	for (pfn_t pfn = 0x1ffe; pfn >= 0x1000; pfn -= 2) {
		claim_block(m, z, pfn, 0);
		lru_add(m, pfn, pfn % 4 ? LRU_ACTIVE_FILE : LRU_INACTIVE_ANON);
		pfn_to_page(m, pfn)->owner = pfn;
		memset(phys_to_host(m, PFN_PHYS(pfn)), (int)(pfn >> 1 & 0xff), 64);
		free_list_append(m, z, pfn + 1, 0, MIGRATE_MOVABLE);
		mod_zone_page_state(m, z, NR_FREE_PAGES, 1);
		z->managed_pages += 2;
	}
	assert_audit(m);
	return m;
}

static enum compact_result compact(struct machine *m, gfp_t gfp, unsigned order, int high_zoneidx,
				   enum migrate_mode mode)
{
	return try_to_compact_pages(m, gfp, order, 0, m->node[0]->zonelist[0].first[high_zoneidx],
				    high_zoneidx, UINT64_MAX, high_zoneidx, mode);
}

/* Whether the users' pages still have what they were filled with. */
static void assert_contents(const struct machine *m)
{
	unsigned n = 0;

	for (pfn_t pfn = 0x1000; pfn < 0x2000; pfn++) {
		const struct page *p = pfn_to_page(m, pfn);

		if (!p->owner)
			continue;
		ck_assert_uint_eq(*(unsigned char *)phys_to_host(m, PFN_PHYS(pfn)),
				  p->owner >> 1 & 0xff);
		ck_assert(!!(p->flags & PG(swapbacked)) == !(p->owner % 4));
		n++;
	}
	ck_assert_uint_eq(n, 2048);
}

START_TEST(direct_compaction_makes_a_block)
{
	struct machine *m = striped(10);
	struct trace_buffer *b =
		record(m, TRACE_BIT(TRACE_MIGRATE) | TRACE_BIT(TRACE_COMPACT_ZONE));
	struct zone *z = normal_zone(m);

	ck_assert_uint_eq(take(m, GFP_KERNEL, 4), 0x1000);
	/* 32 pages from the bottom, the highest first, into the top block, its highest first */
	ck_assert_uint_eq(count_events(b, TRACE_MIGRATE), 32);
	for (unsigned i = 0; i < 32; i++) {
		ck_assert_uint_eq(nth_event(b, TRACE_MIGRATE, i)->pfn, 0x103e - 2 * i);
		ck_assert_uint_eq(nth_event(b, TRACE_MIGRATE, i)->pfn2, 0x1c3f - 2 * i);
	}
	ck_assert_int_eq(nth_event(b, TRACE_COMPACT_ZONE, 0)->a, COMPACT_PARTIAL);
	ck_assert_int_eq(nth_event(b, TRACE_COMPACT_ZONE, 0)->c, MIGRATE_ASYNC);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTSTALL), 1);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTSUCCESS), 1);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTFAIL), 0);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTMIGRATE_SCANNED), 63);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTFREE_SCANNED), 64);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTISOLATED), 64);
	ck_assert_uint_eq(vm_event_sum(m, PGMIGRATE_SUCCESS), 32);
	ck_assert_uint_eq(vm_event_sum(m, ALLOCSTALL), 0);
	/* 64 free pages in one block and 480 single ones: the block changes hands */
	assert_blocks(m, z, "UMMM");
	ck_assert_int_eq(z->compact_order_failed, 5);
	record_end(m, b);
	assert_contents(m);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(large_requests_compact_until_served)
{
	struct machine *m = striped(10);

	/* at order 10 the zone has not twice the pages asked for, and some */
	ck_assert_int_eq(alloc_pages(m, GFP_HIGHUSER_MOVABLE, 10), -12);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTSTALL), 0);
	ck_assert_uint_eq(take(m, GFP_HIGHUSER_MOVABLE, 9), 0x1000);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTSUCCESS), 1);
	assert_contents(m);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(the_sysctl_compacts_everything)
{
	struct machine *m = striped(9);
	struct zone *z = normal_zone(m);
	unsigned long moved = compact_nodes(m);

	/* the scanners meet in the middle: the lower half is empty */
	ck_assert_uint_eq(moved, 1024);
	for (pfn_t pfn = 0x1000; pfn < 0x1800; pfn += 1024)
		ck_assert_int_eq(free_block_order(m, pfn), 10);
	assert_buddyinfo(z, "0 0 0 0 0 0 0 0 0 0 2");
	ck_assert_int_eq(free_pages(m, z), 2048);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTSTALL), 0);
	assert_contents(m);
	assert_audit(m);
	/* nothing is left to do */
	ck_assert_uint_eq(compact_nodes(m), 0);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* Async compaction visits MOVABLE pageblocks only; what is taken into use are theirs, too. */
START_TEST(async_passes_over_unmovable_blocks)
{
	struct machine *m = striped(10);
	struct zone *z = normal_zone(m);
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_MIGRATE));

	set_pageblock_migratetype(m, z, 0x1000, MIGRATE_UNMOVABLE);
	set_pageblock_migratetype(m, z, 0x1c00, MIGRATE_UNMOVABLE);
	ck_assert_uint_eq(take(m, GFP_KERNEL, 3), 0x1400);
	ck_assert_uint_eq(nth_event(b, TRACE_MIGRATE, 0)->pfn, 0x143e);
	ck_assert_uint_eq(nth_event(b, TRACE_MIGRATE, 0)->pfn2, 0x183f);
	record_end(m, b);
	assert_contents(m);
	machine_free(m);
}
END_TEST

START_TEST(blocks_scanned_in_vain_are_skipped)
{
	struct machine *m = striped(10);
	struct zone *z = normal_zone(m);

	/* nothing in the first block can move */
	for (pfn_t pfn = 0x1000; pfn < 0x1400; pfn += 2)
		lru_del(m, pfn);
	ck_assert_uint_eq(take(m, GFP_KERNEL, 2), 0x1400);
	ck_assert(*pageblock_of(m, z, 0x1000) & PB_SKIP);
	ck_assert(!(*pageblock_of(m, z, 0x1400) & PB_SKIP));
	ck_assert_uint_eq(vm_event_sum(m, COMPACTMIGRATE_SCANNED), 1024 + 63);
	ck_assert_uint_eq(z->compact_cached_migrate_pfn[0], 0x1000);
	ck_assert_int_eq(get_pageblock_migratetype(m, z, 0x1000), MIGRATE_MOVABLE);
	machine_free(m);
}
END_TEST

START_TEST(compound_pages_and_free_blocks_stay)
{
	struct machine *m = striped(10);
	struct zone *z = normal_zone(m);
	pfn_t huge;

	huge = take(m, GFP_KERNEL | __GFP_COMP, 5);
	compact_nodes(m);
	ck_assert(pfn_to_page(m, huge)->flags & PG(head));
	ck_assert_uint_eq(pfn_to_page(m, huge + 1)->index, huge);
	assert_audit(m);
	put_page(m, huge);
	assert_audit(m);
	ck_assert_int_eq(free_pages(m, z), 2048);
	machine_free(m);
}
END_TEST

/* ---- whether to begin at all ---- */

START_TEST(suitable)
{
	struct machine *m = striped(10);
	struct zone *z = normal_zone(m);

	ck_assert_int_eq(compaction_suitable(m, z, -1, 0, 1), COMPACT_CONTINUE);
	ck_assert_int_eq(compaction_suitable(m, z, 0, 0, 1), COMPACT_PARTIAL);
	ck_assert_int_eq(compaction_suitable(m, z, 4, 0, 1), COMPACT_CONTINUE);
	/* order-0 test at low + 2 * 2^order, equality fails */
	z->watermark[WMARK_LOW] = 2048 - 32 - 1;
	ck_assert_int_eq(compaction_suitable(m, z, 4, 0, 1), COMPACT_CONTINUE);
	z->watermark[WMARK_LOW] = 2048 - 32;
	ck_assert_int_eq(compaction_suitable(m, z, 4, 0, 1), COMPACT_SKIPPED);
	z->watermark[WMARK_LOW] = 0;
	/* index 938: lack of memory rather than fragmentation, if the threshold says so */
	m->extfrag_threshold = 937;
	ck_assert_int_eq(compaction_suitable(m, z, 4, 0, 1), COMPACT_CONTINUE);
	m->extfrag_threshold = 938;
	ck_assert_int_eq(compaction_suitable(m, z, 4, 0, 1), COMPACT_SKIPPED);
	machine_free(m);
}
END_TEST

START_TEST(who_may_compact)
{
	struct machine *m = striped(10);

	ck_assert_int_eq(compact(m, GFP_KERNEL, 0, 1, MIGRATE_ASYNC), COMPACT_SKIPPED);
	ck_assert_int_eq(compact(m, GFP_NOFS, 4, 1, MIGRATE_ASYNC), COMPACT_SKIPPED);
	ck_assert_int_eq(compact(m, GFP_NOIO | __GFP_FS, 4, 1, MIGRATE_ASYNC), COMPACT_SKIPPED);
	/* no zone of the walk is low enough */
	ck_assert_int_eq(compact(m, GFP_KERNEL, 4, 0, MIGRATE_ASYNC), COMPACT_DEFERRED);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTMIGRATE_SCANNED), 0);
	ck_assert_int_eq(compact(m, GFP_KERNEL, 4, 1, MIGRATE_ASYNC), COMPACT_PARTIAL);
	machine_free(m);
}
END_TEST

/* ---- deferral ---- */

/* Nothing can be moved, so compaction is always in vain: how often is it tried? */
START_TEST(failures_defer)
{
	struct machine *m = striped(10);
	struct zone *z = normal_zone(m);
	static const struct {
		unsigned skips, shift; /* calls that do nothing, then one that tries */
	} rows[] = {{0, 1}, {1, 2}, {3, 3}, {7, 4}, {15, 5}, {31, 6}, {63, 6}, {63, 6}};

	for (pfn_t pfn = 0x1000; pfn < 0x2000; pfn += 2)
		lru_del(m, pfn);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned k = 0; k < rows[i].skips; k++)
			ck_assert_int_eq(compact(m, GFP_KERNEL, 4, 1, MIGRATE_SYNC_LIGHT),
					 COMPACT_DEFERRED);
		ck_assert_int_eq(compact(m, GFP_KERNEL, 4, 1, MIGRATE_SYNC_LIGHT),
				 COMPACT_COMPLETE);
		ck_assert_uint_eq(z->compact_defer_shift, rows[i].shift);
		ck_assert_uint_eq(z->compact_considered, 0);
		ck_assert_int_eq(z->compact_order_failed, 0);
	}
	compaction_defer_reset(z, 4, false);
	ck_assert_int_eq(z->compact_order_failed, 5);
	ck_assert_uint_eq(z->compact_defer_shift, 6);
	/* below the order that failed nothing is deferred */
	ck_assert_int_eq(compact(m, GFP_KERNEL, 4, 1, MIGRATE_ASYNC), COMPACT_COMPLETE);
	ck_assert_uint_eq(z->compact_considered, 0);
	compaction_defer_reset(z, 7, true);
	ck_assert_int_eq(z->compact_order_failed, 8);
	ck_assert_uint_eq(z->compact_defer_shift, 0);
	/* an order that failed lowers the bar again */
	compaction_defer_reset(z, 3, true);
	ck_assert_int_eq(z->compact_order_failed, 8);
	machine_free(m);
}
END_TEST

/* After a complete round at the largest shift, the skip hints are forgotten. */
START_TEST(restarting_forgets_the_hints)
{
	struct machine *m = striped(10);
	struct zone *z = normal_zone(m);
	unsigned long scanned;

	for (pfn_t pfn = 0x1000; pfn < 0x2000; pfn += 2)
		lru_del(m, pfn);
	compact(m, GFP_KERNEL, 4, 1, MIGRATE_SYNC_LIGHT);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTMIGRATE_SCANNED), 3 * 1024);
	ck_assert(*pageblock_of(m, z, 0x1000) & PB_SKIP);
	z->compact_considered = z->compact_defer_shift = 0;
	compact(m, GFP_KERNEL, 4, 1, MIGRATE_SYNC_LIGHT);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTMIGRATE_SCANNED), 3 * 1024); /* all skipped */
	z->compact_defer_shift = 6;
	z->compact_considered = 63;
	scanned = vm_event_sum(m, COMPACTMIGRATE_SCANNED);
	compact(m, GFP_KERNEL, 4, 1, MIGRATE_SYNC_LIGHT);
	ck_assert_uint_eq(vm_event_sum(m, COMPACTMIGRATE_SCANNED), scanned + 3 * 1024);
	machine_free(m);
}
END_TEST

/* kswapd, about to sleep, has them forgotten after a round to the end. */
START_TEST(kswapd_forgets_the_hints)
{
	struct machine *m = striped(10);
	struct zone *z = normal_zone(m);

	for (pfn_t pfn = 0x1000; pfn < 0x2000; pfn += 2)
		lru_del(m, pfn);
	z->watermark[WMARK_HIGH] = 1l << 40;
	ck_assert_int_lt(alloc_pages(m, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 4), 0);
	ck_assert(z->compact_blockskip_flush);
	ck_assert(*pageblock_of(m, z, 0x1000) & PB_SKIP);
	ck_assert(m->node[0]->kswapd_awake);
	machine_tick(m, 1);
	ck_assert(!z->compact_blockskip_flush);
	for (pfn_t pfn = 0x1000; pfn < 0x2000; pfn += 1024)
		ck_assert(!(*pageblock_of(m, z, pfn) & PB_SKIP));
	assert_blocks(m, z, "MMMM");
	/* half a round is no reason */
	*pageblock_of(m, z, 0x1000) |= PB_SKIP;
	m->node[0]->kswapd_awake = true;
	machine_tick(m, 1);
	ck_assert(*pageblock_of(m, z, 0x1000) & PB_SKIP);
	machine_free(m);
}
END_TEST

/* ---- when free pages run out ---- */

START_TEST(the_low_mark_stops_the_free_scanner)
{
	struct machine *m = striped(10);
	struct zone *z = normal_zone(m);
	struct trace_buffer *b;

	/* room for order 4 at low + 32, and then for one page more at low + 1 */
	z->watermark[WMARK_LOW] = 2048 - 33;
	b = record(m, TRACE_BIT(TRACE_COMPACT_ZONE));
	compact(m, GFP_KERNEL, 4, 1, MIGRATE_ASYNC);
	ck_assert_uint_gt(b->n, 0);
	record_end(m, b);
	assert_contents(m);
	assert_audit(m);
	/* those that found no place are back on their lists */
	ck_assert_int_eq(zone_page_state_exact(m, z, NR_INACTIVE_ANON) +
				 zone_page_state_exact(m, z, NR_INACTIVE_FILE) +
				 zone_page_state_exact(m, z, NR_ACTIVE_FILE) +
				 zone_page_state_exact(m, z, NR_ACTIVE_ANON),
			 2048);
	machine_free(m);
}
END_TEST

START_TEST(no_free_pages_at_all)
{
	struct machine *m = bare_zone(0x1000, 0x2000, 10);
	struct zone *z = normal_zone(m);

	for (pfn_t pfn = 0x1000; pfn < 0x2000; pfn++) {
		claim_block(m, z, pfn, 0);
		lru_add(m, pfn, LRU_INACTIVE_ANON);
		z->managed_pages++;
	}
	ck_assert_uint_eq(compact_nodes(m), 0);
	ck_assert_uint_eq(vm_event_sum(m, PGMIGRATE_SUCCESS), 0);
	ck_assert_int_eq(zone_page_state_exact(m, z, NR_INACTIVE_ANON), 4096);
	assert_audit(m);
	machine_free(m);
}
END_TEST

Suite *compaction_suite(void)
{
	Suite *s = suite_create("compaction");
	TCase *t = tcase_create("compaction");

	tcase_add_test(t, fragmentation_and_unusable_index);
	tcase_add_test(t, direct_compaction_makes_a_block);
	tcase_add_test(t, large_requests_compact_until_served);
	tcase_add_test(t, the_sysctl_compacts_everything);
	tcase_add_test(t, async_passes_over_unmovable_blocks);
	tcase_add_test(t, blocks_scanned_in_vain_are_skipped);
	tcase_add_test(t, compound_pages_and_free_blocks_stay);
	tcase_add_test(t, suitable);
	tcase_add_test(t, who_may_compact);
	tcase_add_test(t, failures_defer);
	tcase_add_test(t, restarting_forgets_the_hints);
	tcase_add_test(t, kswapd_forgets_the_hints);
	tcase_add_test(t, the_low_mark_stops_the_free_scanner);
	tcase_add_test(t, no_free_pages_at_all);
	suite_add_tcase(s, t);
	return s;
}
