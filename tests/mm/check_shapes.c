/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines of every shape against what the real ones had: zones, nodes, layout, lists. */
#include "mm/fixture.h"
#include "proc/capture.h"

#include <mmsh/memory_hotplug.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "key=123" or "key=0x12" somewhere in @line; the test fails without it. */
static uint64_t field(const char *line, const char *key)
{
	char word[40];
	const char *at;

	snprintf(word, sizeof(word), " %s=", key);
	at = strstr(line, word);
	ck_assert_msg(at != NULL, "no %s in %s", key, line);
	return strtoull(at + strlen(word), NULL, 0);
}

#define SAME(line, key, val)                                                                 \
	ck_assert_msg(field(line, key) == (uint64_t)(val), "%s is %llu in: %.120s", key,      \
		      (unsigned long long)(val), line)

static void assert_layout(const struct machine *m, const char *line)
{
	const struct vm_layout *l = &m->layout;

	if (strstr(line, " PAGE_OFFSET=")) {
		SAME(line, "PAGE_OFFSET", l->page_offset);
		SAME(line, "VMALLOC_START", l->vmalloc_start);
		SAME(line, "VMALLOC_END", l->vmalloc_end);
		SAME(line, "high_memory", l->high_memory);
		SAME(line, "max_low_pfn", m->max_low_pfn);
		SAME(line, "max_pfn", m->max_pfn);
		SAME(line, "sizeof_page", m->arch->struct_page_size);
		SAME(line, "pageblock_order", m->pageblock_order);
		SAME(line, "MIGRATE_TYPES", m->nr_migratetypes);
		SAME(line, "mobility_disabled", m->page_group_by_mobility_disabled);
		if (m->arch->bits == 32) {
			SAME(line, "FIXADDR_START", l->fixaddr_start);
			SAME(line, "FIXADDR_TOP", l->fixaddr_top);
		}
	} else if (strstr(line, " PKMAP_BASE=") && m->arch->bits == 32) {
		SAME(line, "PKMAP_BASE", l->pkmap_base);
		SAME(line, "LAST_PKMAP", m->arch->last_pkmap);
		SAME(line, "FIX_KMAP_BEGIN", l->fix_kmap_begin);
	}
}

static void assert_node(const struct machine *m, const char *line)
{
	const struct pglist_data *n = m->node[field(line, "id")];
	struct strbuf list = STRBUF_INIT;

	SAME(line, "start_pfn", n->start_pfn);
	SAME(line, "spanned", n->spanned_pages);
	SAME(line, "present", n->present_pages);
	for (const struct zoneref *r = n->zonelist[ZONELIST_FALLBACK].ref; r->zone; r++)
		strbuf_addf(&list, "%s%d:%s", list.len ? "," : "", r->zone->nid, r->zone->name);
	ck_assert_str_eq(strstr(line, "zonelist=") + 9, strbuf_str(&list));
	strbuf_free(&list);
}

static void assert_zone(const struct machine *m, const char *line)
{
	char name[16];
	const struct zone *z;
	const char *reserve = strstr(line, "lowmem_reserve=");

	ck_assert_int_eq(sscanf(strstr(line, " name="), " name=%15s", name), 1);
	z = zone_find(m, (int)field(line, "node"), name);
	if (!z || !populated_zone(z)) {
		ck_assert_uint_eq(field(line, "present"), 0);
		return;
	}
	SAME(line, "idx", z->idx);
	SAME(line, "start_pfn", z->start_pfn);
	SAME(line, "spanned", z->spanned_pages);
	SAME(line, "present", z->present_pages);
	SAME(line, "managed", z->managed_pages);
	SAME(line, "min", z->watermark[WMARK_MIN]);
	SAME(line, "low", z->watermark[WMARK_LOW]);
	SAME(line, "high", z->watermark[WMARK_HIGH]);
	SAME(line, "percpu_drift_mark", z->percpu_drift_mark);
	for (int i = 0; i < MAX_NR_ZONES; i++) {
		reserve = strpbrk(reserve, "=,") + 1;
		ck_assert_int_eq(strtol(reserve, NULL, 10), z->lowmem_reserve[i]);
	}
}

static void assert_pageset(const struct machine *m, const char *line)
{
	char name[16];
	const struct per_cpu_pageset *ps;

	ck_assert_int_eq(sscanf(strstr(line, " zone="), " zone=%15s", name), 1);
	ps = &zone_find(m, (int)field(line, "node"), name)->pageset[field(line, "cpu")];
	SAME(line, "high", ps->high);
	SAME(line, "batch", ps->batch);
	SAME(line, "stat_threshold", ps->stat_threshold);
}

START_TEST(as_the_real_machine)
{
	struct machine *m = capture_boot(&captures[_i]);
	char *text = capture_text(&captures[_i], "oracle_zones.txt"), *s = text, *line;
	unsigned zones = 0;

	while ((line = next_line(&s))) {
		if (!strncmp(line, "const ", 6))
			assert_layout(m, line);
		else if (!strncmp(line, "node ", 5))
			assert_node(m, line);
		else if (!strncmp(line, "zone ", 5))
			assert_zone(m, line), zones++;
		else if (!strncmp(line, "pset ", 5))
			assert_pageset(m, line);
		else if (!strncmp(line, "dump ", 5))
			SAME(line, "totalreserve_pages", m->totalreserve_pages);
	}
	ck_assert_uint_ge(zones, 2);
	assert_audit(m);
	free(text);
	machine_free(m);
}
END_TEST

/* ---- every model and size boots, and is sound ---- */

static const struct {
	const char *line;
	uint64_t max_pfn;
} sound[] = {
	{"mem=2G model=sparse", 0x7ffe0},
	{"mem=4G", 0xbffe0}, /* what lies above 4 GiB is lost without PAE */
	{"mem=4G split=1G", 0xbffe0},
	{"mem=3G split=3G_OPT", 0xbffe0},
	{"mem=3G split=2G_OPT", 0xbffe0},
	{"mem=512M model=discontig strict=off", 0x1ffe0},
	{"mem=512M nodes=256M,256M model=discontig strict=off", 0x1ffe0},
	{"arch=ia32-pae mem=64G", 0x1000000}, /* what lies above 64 GiB is lost */
	{"arch=ia32-pae mem=63G", 0x1000000},
	{"arch=ia32-pae mem=16G split=2G", 0x440000},
	{"arch=ia32-pae mem=16G numa=fake=8 cpus=4", 0x440000},
	{"arch=ia32-pae mem=16G numa=fake=4 model=sparse hugetlb=on", 0x440000},
	{"arch=ia32-pae mem=4G model=sparse hotplug=on", 0x140000},
	{"arch=amd64 mem=16G", 0x440000},
	{"arch=amd64 mem=8G nodes=1G,5G@4G,2G@1G:1-2 cpus=4", 0x240000},
	{"arch=amd64 mem=64G numa=fake=64 cpus=64", 0x1040000},
	{"arch=amd64 mem=4G kernelcore=1G numa=fake=2", 0x140000},
	{"arch=ia32-pae mem=4G movablecore=1G hugetlb=on", 0x140000},
	{"arch=amd64 mem=16M", 0xfe0},
	{"arch=amd64 mem=1T", 0x10040000},
};

START_TEST(shapes_boot)
{
	struct machine *m = boot_line(sound[_i].line);

	ck_assert_uint_eq(m->max_pfn, sound[_i].max_pfn);
	if (m->max_pfn < 1u << 23) /* it looks at every page */
		assert_audit(m);
	ck_assert_int_ge(alloc_pages(m, GFP_KERNEL, 3), 0);
	ck_assert_int_ge(alloc_pages(m, GFP_HIGHUSER_MOVABLE, 0), 0);
	machine_free(m);
}
END_TEST

/* The RAM of 64 GiB needs 512 MiB of low memory to describe it. */
START_TEST(a_large_pae_machine_has_little_low_memory)
{
	struct machine *m = boot_line("arch=ia32-pae mem=64G");
	const struct zone *normal = zone_of(m, "Normal");

	ck_assert_uint_eq(memmap_bytes(m), 0x1000000ull * 32);
	ck_assert_uint_lt(normal->managed_pages, (380u << 20) >> PAGE_SHIFT);
	ck_assert_uint_gt(zone_of(m, "HighMem")->managed_pages, 0xf00000);
	machine_free(m);
}
END_TEST

/* What each model counts as valid around a hole of 1 GiB. */
START_TEST(holes)
{
	static const struct {
		const char *line;
		bool in_hole, partly; /* far inside it; where a section or chunk is half hole */
	} rows[] = {
		{"arch=ia32-pae mem=4G", true, true},
		{"arch=ia32-pae mem=4G model=sparse", false, true},
		{"arch=ia32-pae mem=4G numa=fake=2", true, true},
		{"arch=amd64 mem=4G", false, true},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = boot_line(rows[i].line);

		ck_assert_int_eq(pfn_valid(m, 0xd0000), rows[i].in_hole);
		ck_assert_int_eq(pfn_valid(m, 0xbfff0), rows[i].partly);
		ck_assert(!pfn_valid(m, m->max_pfn));
		ck_assert(pfn_valid(m, 0xa0));
		ck_assert(!pfn_is_ram(m, 0xa0));
		ck_assert_ptr_null(pfn_to_zone(m, 0xd0000));
		machine_free(m);
	}
}
END_TEST

/* ---- what cannot be ---- */

static const struct {
	const char *line, *why;
} refused[] = {
	{"arch=amd64 nodes=0", "nodes="},
	{"arch=amd64 nodes=", "nodes="},
	{"arch=amd64 numa=fake=0", "not 0"},
	{"arch=amd64 numa=fake=65", "at most 64 nodes"},
	{"arch=ia32-pae mem=2G nodes=64M,64M,64M,64M,64M,64M,64M,64M,64M", "room for 8 nodes"},
	{"arch=amd64 mem=1G nodes=512M,256M@256M", "node 1 overlaps another"},
	{"arch=amd64 mem=1G nodes=512M,256M@2G", "no memory is left for node 1"},
	{"arch=amd64 mem=2G nodes=512M,512M", "1023M of RAM belong to no node"},
	{"arch=amd64 mem=1G nodes=512M:3,512M", "there is no CPU 3"},
	{"arch=amd64 mem=1G nodes=512M,512M distances=10,20,20", "2 nodes need 4 numbers, not 3"},
	{"arch=amd64 mem=1G nodes=512M,512M distances=10,20,5,10", "distance 5"},
	{"arch=amd64 mem=32T", "amd64 has at most 16384G"},
	{"arch=ia32-pae mem=65G", "ia32-pae has at most 64G"},
	{"mem=5G", "ia32 has at most 4G"},
	{"mem=1G numa=fake=2", "NUMA depends on X86_64 || (X86_32 && HIGHMEM64G && X86_BIGSMP)"},
	{"arch=ia32-pae numa=fake=2 model=flat", "ARCH_FLATMEM_ENABLE"},
	{"mem=1G model=discontig", "ARCH_DISCONTIGMEM_ENABLE"},
	{"arch=amd64 model=flat", "ARCH_FLATMEM_ENABLE"},
	{"arch=ia32-pae split=3G_OPT", "VMSPLIT_3G_OPT"},
	{"mem=1G hotplug=on", "MEMORY_HOTPLUG depends on SPARSEMEM"},
};

START_TEST(shapes_that_cannot_be)
{
	const char *why = boot_refusal(refused[_i].line);

	ck_assert_msg(strstr(why, refused[_i].why) != NULL, "%s: %s", refused[_i].line, why);
}
END_TEST

START_TEST(sixty_five_nodes)
{
	struct strbuf line = STRBUF_INIT;

	strbuf_adds(&line, "arch=amd64 mem=2G nodes=32M");
	for (unsigned i = 1; i < 65; i++)
		strbuf_adds(&line, ",32M");
	ck_assert_ptr_nonnull(strstr(boot_refusal(line.s), "at most 64 nodes"));
	strbuf_free(&line);
}
END_TEST

/* strict=off builds the textbook's machines. */
START_TEST(not_strict)
{
	static const char *const lines[] = {
		"mem=1G model=discontig strict=off",
		"mem=1G numa=fake=2 strict=off",
		"arch=ia32-pae numa=fake=2 model=flat strict=off",
		"arch=ia32-pae split=3G_OPT strict=off",
		"mem=64M nodes=32M,32M distances=10,11,11,10 model=flat strict=off",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
		struct machine *m = boot_line(lines[i]);

		assert_audit(m);
		machine_free(m);
	}
}
END_TEST

Suite *shapes_suite(void)
{
	Suite *s = suite_create("shapes");
	TCase *t = tcase_create("shapes");

	tcase_add_loop_test(t, as_the_real_machine, 0, NR_CAPTURES);
	tcase_add_loop_test(t, shapes_boot, 0, (int)ARRAY_SIZE(sound));
	tcase_add_test(t, a_large_pae_machine_has_little_low_memory);
	tcase_add_test(t, holes);
	tcase_add_loop_test(t, shapes_that_cannot_be, 0, (int)ARRAY_SIZE(refused));
	tcase_add_test(t, sixty_five_nodes);
	tcase_add_test(t, not_strict);
	suite_add_tcase(s, t);
	return s;
}
