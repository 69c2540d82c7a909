/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that comes and goes (boot.md 4.2, buddy.md 16). */
#include "mm/walk.h"

#include <errno.h>
#include <mmsh/memory_hotplug.h>
#include <stdlib.h>
#include <string.h>

#define SECTION 32768ull /* pages, amd64 */

static struct mm_error why;

#define ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, why.text)
#define refused(err, words, call)                                                           \
	do {                                                                                \
		ck_assert_int_eq(call, err);                                                \
		ck_assert_msg(strstr(why.text, words) != NULL, "%s: %s", #call, why.text);    \
	} while (0)

/* ---- what is refused leaves everything as it was ---- */

START_TEST(no_sections)
{
	static const char *const lines[][2] = {
		{"mem=64M", "a FLATMEM kernel has no sections: MEMORY_HOTPLUG depends on SPARSEMEM"},
		{"arch=ia32-pae mem=64M numa=fake=1", "a DISCONTIGMEM kernel"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
		struct machine *m = boot_line(lines[i][0]);

		refused(-EINVAL, lines[i][1], add_memory(m, 0, 1 << 18, 1 << 15, &why));
		refused(-EINVAL, lines[i][1], offline_pages(m, 0, 1 << 15, &why));
		machine_free(m);
	}
}
END_TEST

START_TEST(refusals)
{
	struct machine *m = boot_line("arch=amd64 mem=512M"), *same = boot_line("arch=amd64 mem=512M");
	pfn_t taken, twin;

	do { /* from the top down */
		taken = take(m, GFP_KERNEL, 10);
		twin = take(same, GFP_KERNEL, 10);
		ck_assert_uint_eq(taken, twin);
	} while (taken >= 3 * SECTION || taken < SECTION);
	refused(-EINVAL, "sections of 32768 pages (128 MiB)", add_memory(m, 0, 1000, SECTION, &why));
	refused(-EINVAL, "sections of", add_memory(m, 0, 8 * SECTION, 0, &why));
	refused(-EINVAL, "node 1: the machine booted with 1", add_memory(m, 1, 8 * SECTION, SECTION, &why));
	refused(-EEXIST, "pfn 98304..131071 is there already", add_memory(m, 0, 3 * SECTION, SECTION, &why));
	refused(-ERANGE, "amd64 ends at", add_memory(m, 0, 1ull << 32, SECTION, &why));
	refused(-ERANGE, "amd64 ends at", add_memory(m, 0, 0, 1ull << 33, &why));
	refused(-EINVAL, "pfn 131072..163839 is not there", online_pages(m, 4 * SECTION, SECTION, 0, &why));
	refused(-EINVAL, "is not there", offline_pages(m, 1ull << 31, SECTION, &why));
	refused(-EINVAL, "is not there", remove_memory(m, 4 * SECTION, SECTION, &why));
	refused(-EINVAL, "is online", online_pages(m, SECTION, SECTION, 0, &why));
	refused(-EINVAL, "is online", remove_memory(m, SECTION, SECTION, &why));
	/* the last section ends in a hole; the first has two zones, and the kernel */
	refused(-EBUSY, "pfn 131040 is a hole", offline_pages(m, 3 * SECTION, SECTION, &why));
	refused(-EBUSY, "pfn 0 is a hole", offline_pages(m, 0, SECTION, &why));
	refused(-EBUSY, "is in use and not on the LRU: it cannot be moved",
		offline_pages(m, 2 * SECTION, SECTION, &why));
	ck_assert(strstr(why.text, "pfn ") && strtoul(why.text + 4, NULL, 10) == taken);
	assert_same_state(m, same);
	assert_audit(m);
	machine_free(m);
	machine_free(same);
}
END_TEST

/* ---- growing ---- */

START_TEST(new_memory)
{
	struct machine *m = boot_line("arch=amd64 mem=512M");
	struct zone *normal = zone_find(m, 0, "Normal");
	unsigned long ram = m->totalram_pages, min = (unsigned long)m->min_free_kbytes;
	struct trace_buffer *b = record(m, TRACE_BIT(TRACE_ZONELISTS));

	ck_assert(!populated_zone(normal));
	ok(add_memory(m, -1, 1 << 20, 2 * SECTION, &why));
	ck_assert_uint_eq(m->max_pfn, (1 << 20) + 2 * SECTION);
	ck_assert_uint_eq(m->layout.high_memory, m->layout.page_offset + PFN_PHYS(m->max_pfn));
	/* known, but nobody's */
	ck_assert_uint_eq(normal->start_pfn, 1 << 20);
	ck_assert_uint_eq(normal->spanned_pages, 2 * SECTION);
	ck_assert_uint_eq(normal->present_pages, 0);
	ck_assert_uint_eq(m->totalram_pages, ram);
	ck_assert(page_is_reserved(m, (1 << 20) + 77));
	ck_assert_ptr_eq(pfn_to_zone(m, (1 << 20) + 77), normal);
	ck_assert(!pfn_valid(m, (1 << 20) - 1));
	ck_assert_int_eq(count_events(b, TRACE_ZONELISTS), 0);
	assert_audit(m);

	ok(online_pages(m, 1 << 20, SECTION, MMOP_ONLINE_KEEP, &why));
	ck_assert_int_eq(count_events(b, TRACE_ZONELISTS), 1);
	ck_assert_uint_eq(normal->present_pages, SECTION);
	ck_assert_uint_eq(normal->managed_pages, SECTION);
	ck_assert_uint_eq(m->totalram_pages, ram + SECTION);
	ck_assert_int_gt(m->min_free_kbytes, (int)min);
	ck_assert_int_gt(normal->watermark[WMARK_MIN], 0);
	/* a zone that was empty keeps the pagesets of boot */
	ck_assert_int_eq(normal->pageset[0].high, 0);
	ck_assert_ptr_eq(m->node[0]->zonelist[0].ref[0].zone, normal);
	ck_assert_uint_ge(take(m, GFP_KERNEL, 0), 1 << 20);
	ck_assert_int_eq(get_pageblock_migratetype(m, normal, (1 << 20) + 4096), MIGRATE_MOVABLE);
	assert_audit(m);

	ok(online_pages(m, (1 << 20) + SECTION, SECTION, MMOP_ONLINE_KEEP, &why));
	ck_assert_int_eq(count_events(b, TRACE_ZONELISTS), 1);
	ck_assert_int_eq(normal->pageset[0].high, 90);
	ck_assert_int_eq(normal->pageset[0].batch, 15);
	assert_audit(m);
	record_end(m, b);
	machine_free(m);
}
END_TEST

/* Their page descriptors come out of the memory that is there. */
START_TEST(descriptors_cost_memory)
{
	struct machine *m = boot_line("arch=amd64 mem=512M");
	long before;

	/* the page tables of their place in the direct map stay */
	ok(add_memory(m, 0, 1 << 20, 4 * SECTION, &why));
	ok(remove_memory(m, 1 << 20, 4 * SECTION, &why));
	drain_all_pages(m);
	machine_tick(m, HZ);
	before = (long)global_page_state(m, NR_FREE_PAGES);
	ok(add_memory(m, 0, 1 << 20, 4 * SECTION, &why));
	drain_all_pages(m);
	machine_tick(m, HZ);
	ck_assert_int_eq((long)global_page_state(m, NR_FREE_PAGES), before - 4 * 512);
	ok(remove_memory(m, 1 << 20, 4 * SECTION, &why));
	machine_tick(m, HZ);
	ck_assert_int_eq((long)global_page_state(m, NR_FREE_PAGES), before);
	ck_assert_uint_eq(zone_find(m, 0, "Normal")->spanned_pages, 0);
	/* far too much of it: all or nothing */
	refused(-ENOMEM, "no free block of order 9", add_memory(m, 0, 1 << 20, 512 * SECTION, &why));
	drain_all_pages(m);
	machine_tick(m, HZ);
	ck_assert_int_eq((long)global_page_state(m, NR_FREE_PAGES), before);
	ck_assert_uint_eq(m->max_pfn, (1 << 20) + 4 * SECTION);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(which_zone_and_node)
{
	struct machine *m = boot_line("arch=ia32-pae mem=1G model=sparse");

	ok(add_memory(m, 0, 1 << 20, 1 << 17, &why));
	ck_assert_ptr_eq(pfn_to_zone(m, 1 << 20), zone_find(m, 0, "HighMem"));
	ok(online_pages(m, 1 << 20, 1 << 17, MMOP_ONLINE_KEEP, &why));
	ck_assert_uint_ge(m->totalhigh_pages, 1 << 17);
	assert_audit(m);
	machine_free(m);

	m = boot_line("arch=amd64 mem=1G numa=fake=2 movablecore=128M");
	ok(add_memory(m, -1, 1 << 20, SECTION, &why)); /* next to node 1 */
	ck_assert_ptr_eq(pfn_to_zone(m, 1 << 20), zone_find(m, 1, "Movable"));
	ok(add_memory(m, 0, (1 << 20) + SECTION, SECTION, &why));
	ck_assert_ptr_eq(pfn_to_zone(m, (1 << 20) + SECTION), zone_find(m, 0, "Movable"));
	refused(-EINVAL, "is in several zones", online_pages(m, 1 << 20, 2 * SECTION, 0, &why));
	ok(online_pages(m, (1 << 20) + SECTION, SECTION, MMOP_ONLINE_KEEP, &why));
	assert_audit(m);
	/* node 0 now spans all of node 1 */
	ck_assert_int_eq(pfn_to_zone(m, 200000)->nid, 1);
	machine_free(m);
}
END_TEST

START_TEST(online_movable)
{
	struct machine *m = boot_line("arch=amd64 mem=512M");
	struct zone *normal = zone_find(m, 0, "Normal"), *movable = zone_find(m, 0, "Movable");
	uint64_t at = 1 << 20;

	ok(add_memory(m, 0, at, 3 * SECTION, &why));
	refused(-EINVAL, "not at the border of zone Normal to Movable",
		online_pages(m, at, SECTION, MMOP_ONLINE_MOVABLE, &why));
	ok(online_pages(m, at + 2 * SECTION, SECTION, MMOP_ONLINE_MOVABLE, &why));
	ck_assert_uint_eq(movable->present_pages, SECTION);
	ck_assert_uint_eq(normal->spanned_pages, 2 * SECTION);
	ok(online_pages(m, at + SECTION, SECTION, MMOP_ONLINE_MOVABLE, &why));
	ck_assert_uint_eq(movable->start_pfn, at + SECTION);
	ok(online_pages(m, at, SECTION, MMOP_ONLINE_KERNEL, &why));
	ck_assert_uint_eq(normal->present_pages, SECTION);
	ck_assert_int_eq(pfn_to_zone(m, take(m, GFP_HIGHUSER_MOVABLE, 0))->idx, movable->idx);
	ck_assert_int_eq(pfn_to_zone(m, take(m, GFP_KERNEL, 0))->idx, normal->idx);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* ---- leaving ---- */

START_TEST(pages_move_away)
{
	struct machine *m = boot_line("arch=amd64 mem=512M hotplug=on");
	struct zone *z = zone_of(m, "DMA32");
	unsigned long ram = m->totalram_pages, moved = 0;
	uint64_t at = 2 * SECTION;

	for (unsigned i = 0; i < 60000; i++) {
		pfn_t pfn = take(m, GFP_HIGHUSER_MOVABLE, 0);

		*(unsigned *)phys_to_host(m, PFN_PHYS(pfn)) = i;
		pfn_to_page(m, pfn)->owner = i + 1;
		lru_add(m, pfn, LRU_INACTIVE_ANON);
	}
	for (pfn_t pfn = (pfn_t)at; pfn < at + SECTION; pfn++)
		moved += (pfn_to_page(m, pfn)->flags & PG(lru)) != 0;
	ck_assert_uint_gt(moved, 1000);
	ok(offline_pages(m, at, SECTION, &why));
	ck_assert_uint_eq(vm_event_sum(m, PGMIGRATE_SUCCESS), moved);
	ck_assert_uint_eq(m->totalram_pages, ram - SECTION);
	ck_assert_uint_eq(z->nr_isolate_pageblock, 0);
	for (pfn_t pfn = 1; pfn < m->max_pfn; pfn++) {
		const struct page *p = pfn_to_page(m, pfn);

		if (!(p->flags & PG(lru)))
			continue;
		ck_assert(pfn < at || pfn >= at + SECTION);
		ck_assert_uint_eq(*(unsigned *)phys_to_host(m, PFN_PHYS(pfn)), p->owner - 1);
		moved++;
	}
	ck_assert(page_is_reserved(m, (pfn_t)at + 5));
	ck_assert_int_eq(free_pages_check(m, at + 5, 0, NULL), -EINVAL);
	assert_audit(m);
	/* and back */
	ok(online_pages(m, at, SECTION, MMOP_ONLINE_KEEP, &why));
	ck_assert_uint_eq(m->totalram_pages, ram);
	assert_audit(m);
	ok(offline_pages(m, at, SECTION, &why));
	ok(remove_memory(m, at, SECTION, &why));
	ck_assert(!pfn_is_ram(m, at));
	refused(-EINVAL, "is not there", online_pages(m, at, SECTION, 0, &why));
	ck_assert_uint_eq(z->spanned_pages, 131040 - 4096); /* a hole now */
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* No room for what is on the section: back to use, whole. */
START_TEST(nowhere_to_move_to)
{
	struct machine *m = boot_line("arch=amd64 mem=512M");
	struct zone *z = zone_of(m, "DMA32");
	unsigned long ram = m->totalram_pages;
	int64_t pfn;

	while ((pfn = alloc_pages(m, (GFP_HIGHUSER_MOVABLE | __GFP_NOWARN) & ~__GFP_DIRECT_RECLAIM, 0)) >= 0)
		lru_add(m, (pfn_t)pfn, LRU_INACTIVE_FILE);
	refused(-ENOMEM, "no free page to move pfn", offline_pages(m, SECTION, SECTION, &why));
	ck_assert_uint_eq(z->nr_isolate_pageblock, 0);
	ck_assert_uint_eq(m->totalram_pages, ram);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(the_last_of_a_zone)
{
	struct machine *m = boot_line("arch=amd64 mem=512M");
	struct zone *normal = zone_find(m, 0, "Normal");
	uint64_t at = 1 << 20;

	ok(add_memory(m, 0, at, 2 * SECTION, &why));
	ok(online_pages(m, at, 2 * SECTION, MMOP_ONLINE_KEEP, &why));
	for (int i = 0; i < 100; i++)
		__free_pages(m, take(m, GFP_KERNEL, 0), 0);
	ok(offline_pages(m, at, 2 * SECTION, &why));
	ck_assert(!populated_zone(normal));
	ck_assert_uint_eq(normal->managed_pages, 0);
	ck_assert_int_ne(m->node[0]->zonelist[0].ref[0].zone->idx, normal->idx);
	ck_assert_uint_lt(take(m, GFP_KERNEL, 0), 1 << 20);
	assert_audit(m);
	ok(remove_memory(m, at, SECTION, &why));
	ck_assert_uint_eq(normal->start_pfn, at + SECTION);
	ok(remove_memory(m, at + SECTION, SECTION, &why));
	ck_assert_uint_eq(normal->spanned_pages, 0);
	ck_assert_uint_eq(m->node[0]->start_pfn + m->node[0]->spanned_pages, 4 * SECTION);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(removable)
{
	struct machine *m = boot_line("arch=amd64 mem=1G");
	pfn_t pfn = take(m, GFP_KERNEL, 0);

	ck_assert(is_mem_section_removable(m, 2 * SECTION, SECTION));
	ck_assert(!is_mem_section_removable(m, ROUND_DOWN(pfn, SECTION), SECTION));
	ck_assert_uint_eq(memory_block_pages(m), SECTION);
	machine_free(m);
	m = boot_line("arch=amd64 mem=64G");
	ck_assert_uint_eq(memory_block_pages(m), 16 * SECTION);
	machine_free(m);
}
END_TEST

/* ---- all of it, at random ---- */

struct follower {
	struct trace_listener l;
	struct walk *w;
};

/* The owner's number has moved along by then. */
static void follow(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	struct walk *w = ((struct follower *)l)->w;
	uint32_t owner = pfn_to_page(m, ev->pfn2)->owner;

	if (owner)
		w->held[owner - 1].pfn = ev->pfn2;
}

static void random_hotplug(struct machine *m, uint64_t r, uint64_t *online)
{
	uint64_t per = pages_per_section(m), at = per * (r % (m->nr_sections + 3));

	switch (r >> 32 & 3) {
	case 0:
		if (add_memory(m, -1, at, per, NULL) == 0)
			break;
		/* fall through */
	case 1:
		*online += online_pages(m, at, per, (enum mmop)(r >> 40 & 3) % 3, NULL) == 0;
		break;
	case 2:
		remove_memory(m, at, per, NULL);
		break;
	default:
		*online += offline_pages(m, at, per, NULL) == 0;
	}
}

static const char *const walks[] = {
	"model=sparse mem=160M cpus=2",
	"model=sparse mem=200M highmem=100M hotplug=on",
	"arch=amd64 mem=280M numa=fake=2 cpus=2 hugetlb=on",
	"arch=amd64 mem=400M movablecore=140M",
	"arch=ia32-pae mem=1200M model=sparse hugetlb=on",
};

START_TEST(random_walks)
{
	struct machine *m = boot_line(walks[_i]);
	struct walk *w = walk_new(m, 900 + (uint64_t)_i, 30, 90);
	struct follower f = {.l = {.event = follow, .mask = TRACE_BIT(TRACE_MIGRATE)}, .w = w};
	uint64_t r = 88172645463325252ull, online = 0;
	struct mm_error e;

	trace_attach(m, &f.l);
	for (unsigned i = 0; i < 100; i++) {
		for (unsigned j = 0; j < 50; j++)
			walk_step(w);
		r ^= r << 13;
		r ^= r >> 7;
		r ^= r << 17;
		random_hotplug(m, r, &online);
		ck_assert_msg(machine_audit(m, &e) == 0, "%s, step %u: %s", walks[_i], i, e.text);
	}
	ck_assert_uint_ge(online, 3);
	walk_home(w);
	assert_audit(m);
	trace_detach(m, &f.l);
	walk_free(w);
	machine_free(m);
}
END_TEST

Suite *memory_hotplug_suite(void)
{
	Suite *s = suite_create("memory_hotplug");
	TCase *t = tcase_create("memory_hotplug");

	tcase_add_test(t, no_sections);
	tcase_add_test(t, refusals);
	tcase_add_test(t, new_memory);
	tcase_add_test(t, descriptors_cost_memory);
	tcase_add_test(t, which_zone_and_node);
	tcase_add_test(t, online_movable);
	tcase_add_test(t, pages_move_away);
	tcase_add_test(t, nowhere_to_move_to);
	tcase_add_test(t, the_last_of_a_zone);
	tcase_add_test(t, removable);
	tcase_add_loop_test(t, random_walks, 0, (int)ARRAY_SIZE(walks));
	suite_add_tcase(s, t);
	return s;
}
