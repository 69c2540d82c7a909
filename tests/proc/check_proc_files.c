/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Round trips: a captured file is read into the counters of a machine that had other numbers
 * in them, and what the machine then shows has to be the captured file to the byte.
 */
#include "suites.h"
#include "proc/capture.h"

#include <mmsh/page_alloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_shows(struct machine *m, const char *path, char *want, const char *what)
{
	char *got = proc_text(m, path);

	assert_same_text(got, want, what);
	free(got);
	free(want);
	machine_free(m);
}

/* ---- buddyinfo, pagetypeinfo ---- */

static void scan_orders(const char *s, unsigned long n[MAX_ORDER])
{
	char *end;

	for (int order = 0; order < MAX_ORDER; order++) {
		n[order] = strtoul(s, &end, 10);
		ck_assert_ptr_ne(end, s);
		s = end;
	}
}

START_TEST(buddyinfo)
{
	const struct capture *c = &captures[_i];
	struct machine *m = capture_boot(c);
	char *text = capture_text(c, "buddyinfo.txt"), *s = text, *line;

	while ((line = next_line(&s))) {
		struct zone *z = capture_zone(m, line);
		unsigned long n[MAX_ORDER];

		scan_orders(line + strlen("Node 0, zone ") + 8, n);
		for (int order = 0; order < MAX_ORDER; order++)
			z->free_area[order].nr_free = n[order];
	}
	free(text);
	assert_shows(m, "buddyinfo", capture_text(c, "buddyinfo.txt"), "buddyinfo");
}
END_TEST

static void empty_lists(struct machine *m)
{
	for_each_populated_zone(m, z) {
		memset(z->free_mask, 0, sizeof(z->free_mask));
		for (int order = 0; order < MAX_ORDER; order++) {
			z->free_area[order].nr_free = 0;
			for (int mt = 0; mt < MIGRATE_TYPES; mt++)
				z->free_area[order].free_list[mt] =
					(struct page_list){PFN_NONE, PFN_NONE};
		}
	}
}

/* Lists of the lengths that the line shows; which pages they link does not matter here. */
static void put_lists(struct machine *m, struct zone *z, const char *line, pfn_t *small, pfn_t *top)
{
	unsigned long n[MAX_ORDER];
	char type[16];
	int mt = 0;

	ck_assert_int_eq(sscanf(strstr(line, "type"), "type %15s", type), 1);
	while (strcmp(migratetype_names[mt], type))
		mt++;
	scan_orders(strstr(line, type) + strlen(type), n);
	for (unsigned order = 0; order < MAX_ORDER; order++)
		while (n[order]--) {
			pfn_t *pfn = order == MAX_ORDER - 1 ? top : small;

			free_list_append(m, z, *pfn, order, mt);
			*pfn += order == MAX_ORDER - 1 ? MAX_ORDER_NR_PAGES : 1;
		}
}

/* The pageblock where high memory begins is movable: two zones may share it. */
static void put_block_types(struct machine *m, struct zone *z, const char *line)
{
	pfn_t pfn = z->start_pfn;
	const char *s = line + strlen("Node 0, zone ") + 8;
	unsigned long n[MIGRATE_TYPES];
	char *end;

	for (unsigned mt = 0; mt < m->nr_migratetypes; mt++, s = end)
		n[mt] = strtoul(s, &end, 10);
	for (unsigned i = 0; i < m->nr_migratetypes; i++) {
		unsigned mt = (z->highmem ? i + MIGRATE_MOVABLE : i + MIGRATE_MOVABLE + 1) %
			      m->nr_migratetypes;

		for (; n[mt]--; pfn += 1u << m->pageblock_order)
			*pageblock_of(m, z, pfn) = (uint8_t)mt;
	}
}

START_TEST(pagetypeinfo)
{
	const struct capture *c = &captures[_i];
	struct machine *m = capture_boot(c);
	char *text = capture_text(c, "pagetypeinfo.txt"), *s = text, *line;
	pfn_t small = 0, top = 0;

	empty_lists(m);
	while ((line = next_line(&s))) {
		struct zone *z = capture_zone(m, line);

		if (z && strstr(line, "type"))
			put_lists(m, z, line, &small, &top);
		else if (z)
			put_block_types(m, z, line);
	}
	free(text);
	assert_shows(m, "pagetypeinfo", capture_text(c, "pagetypeinfo.txt"), "pagetypeinfo");
}
END_TEST

/* ---- zoneinfo ---- */

static bool put_zone_stat(struct zone *z, const char *name, long val)
{
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		if (!strcmp(zone_stat_name[i].name, name)) {
			z->vm_stat[i] = val;
			return true;
		}
	return false;
}

static bool put_zone_field(struct zone *z, const char *name, unsigned long val)
{
	struct {
		const char *name;
		unsigned long *to;
	} fields[] = {
		{"min", (unsigned long *)&z->watermark[WMARK_MIN]},
		{"low", (unsigned long *)&z->watermark[WMARK_LOW]},
		{"high", (unsigned long *)&z->watermark[WMARK_HIGH]},
		{"spanned", &z->spanned_pages},
		{"present", &z->present_pages},
		{"managed", &z->managed_pages},
		{"inactive_ratio:", &z->inactive_ratio},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(fields[i].name, name)) {
			*fields[i].to = val;
			return true;
		}
	if (!strcmp(name, "start_pfn:"))
		z->start_pfn = (pfn_t)val;
	return false;
}

static void put_pageset(struct per_cpu_pageset *ps, const char *line)
{
	int t;

	sscanf(line, " count: %i", &ps->count);
	sscanf(line, " high: %i", &ps->high);
	sscanf(line, " batch: %i", &ps->batch);
	if (sscanf(line, "  vm stats threshold: %d", &t) == 1)
		ps->stat_threshold = (int8_t)t;
}

static void scramble_zones(struct machine *m)
{
	for_each_populated_zone(m, z) {
		for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
			z->vm_stat[i] = 7000 + i;
		for (int i = 0; i < MAX_NR_ZONES; i++)
			z->lowmem_reserve[i] = 8000 + i;
		for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
			memset(&z->pageset[cpu], 0x55, sizeof(z->pageset[cpu]));
		for (int i = 0; i < NR_WMARK; i++)
			z->watermark[i] = 9000 + i;
		z->managed_pages = z->inactive_ratio = 0;
	}
}

START_TEST(zoneinfo)
{
	const struct capture *c = &captures[_i];
	struct machine *m = capture_boot(c);
	char *text = capture_text(c, "zoneinfo.txt"), *s = text, *line, name[40];
	struct zone *z = NULL;
	unsigned cpu = 0;
	unsigned long val;

	scramble_zones(m);
	while ((line = next_line(&s))) {
		z = capture_zone(m, line) ?: z;
		sscanf(line, "    cpu: %u", &cpu);
		put_pageset(&z->pageset[cpu], line);
		sscanf(line, " protection: (%ld, %ld, %ld, %ld", &z->lowmem_reserve[0],
		       &z->lowmem_reserve[1], &z->lowmem_reserve[2], &z->lowmem_reserve[3]);
		if (sscanf(line, " %39s %lu", name, &val) == 2 &&
		    !put_zone_stat(z, name, (long)val))
			put_zone_field(z, name, val);
	}
	free(text);
	assert_shows(m, "zoneinfo", capture_text(c, "zoneinfo.txt"), "zoneinfo");
}
END_TEST

START_TEST(zoneinfo_negative_reads_zero)
{
	struct machine *m = boot_mib(64);
	struct zone *z = zone_find(m, 0, "Normal");
	char *text;

	z->vm_stat[NR_ALLOC_BATCH] = -3;
	z->vm_stat[NR_ACTIVE_FILE] = 1;
	z->vm_stat[NR_PAGES_SCANNED] = 5;
	text = proc_text(m, "zoneinfo");
	ck_assert_ptr_nonnull(strstr(text, "\n    nr_alloc_batch 0\n"));
	/* 5 scanned of one page that is six times worth a look */
	ck_assert_ptr_nonnull(strstr(text, "all_unreclaimable: 0\n"));
	free(text);
	machine_free(m);
}
END_TEST

/* ---- vmstat ---- */

static bool put_event(struct machine *m, const char *name, unsigned long val)
{
	char full[64];

	for (int i = 0, zone = 0; i < NR_VM_EVENT_ITEMS; i++) {
		const char *n = vm_event_name[i].name, *hole = strstr(n, "%s");

		zone = i && !strcmp(n, vm_event_name[i - 1].name) ? zone + 1 : 0;
		snprintf(full, sizeof(full), "%.*s%s", hole ? (int)(hole - n) : (int)strlen(n), n,
			 hole ? m->arch->zone_suffix[zone] : "");
		if (!strcmp(full, name)) {
			/* spread over the CPUs */
			m->vm_event[0][i] = val / m->nr_cpus;
			m->vm_event[m->nr_cpus - 1][i] += val - val / m->nr_cpus;
			if (m->nr_cpus == 1)
				m->vm_event[0][i] = val;
			return true;
		}
	}
	return false;
}

/* The capture has no zone's free pages: those of the lower zones are as in its zoneinfo. */
static void put_highmem_free(struct machine *m, const struct capture *c)
{
	char *text = capture_text(c, "zoneinfo.txt"), *s = text, *line;
	long free_pages = m->vm_stat[NR_FREE_PAGES], n;
	struct zone *z = NULL, *last = NULL;

	for_each_populated_zone(m, high)
		last = high->highmem ? high : last;

	while ((line = next_line(&s))) {
		z = capture_zone(m, line) ?: z;
		if (sscanf(line, " pages free %ld", &n) != 1)
			continue;
		z->vm_stat[NR_FREE_PAGES] = z == last ? free_pages : n;
		free_pages -= n;
	}
	free(text);
}

/* zoneinfo was captured a moment later: the dirty limits, which follow from both, may differ
   by a few pages. */
static void assert_vmstat(struct machine *m, const struct capture *c)
{
	char *got = proc_text(m, "vmstat"), *want = capture_text(c, "vmstat.txt");
	char *g = got, *w = want, *gl, *wl;

	while ((gl = next_line(&g)) && (wl = next_line(&w))) {
		char *gv = strchr(gl, ' '), *wv = strchr(wl, ' ');

		if (!strncmp(gl, "nr_dirty_", 9) && labs(atol(gv) - atol(wv)) < 8)
			*gv = *wv = '\0';
		ck_assert_str_eq(gl, wl);
	}
	ck_assert_int_eq(*g + *w, 0);
	free(got);
	free(want);
}

START_TEST(vmstat)
{
	const struct capture *c = &captures[_i];
	struct machine *m = capture_boot(c);
	char *text = capture_text(c, "vmstat.txt"), *s = text, *line, name[64];
	unsigned long val;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		memset(m->vm_event[cpu], 0, sizeof(m->vm_event[cpu]));
	while ((line = next_line(&s))) {
		ck_assert_int_eq(sscanf(line, "%63s %lu", name, &val), 2);
		for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
			if (!strcmp(zone_stat_name[i].name, name))
				m->vm_stat[i] = (long)val;
		put_event(m, name, val);
	}
	free(text);
	put_highmem_free(m, c);
	assert_vmstat(m, c);
	machine_free(m);
}
END_TEST

/* ---- meminfo ---- */

static void put_meminfo(struct machine *m, const char *name, unsigned long kb)
{
	static const struct {
		const char *name;
		enum zone_stat_item item;
	} rows[] = {
		{"MemFree", NR_FREE_PAGES},
		{"Cached", NR_FILE_PAGES},
		{"Active(anon)", NR_ACTIVE_ANON},
		{"Inactive(anon)", NR_INACTIVE_ANON},
		{"Active(file)", NR_ACTIVE_FILE},
		{"Inactive(file)", NR_INACTIVE_FILE},
		{"Unevictable", NR_UNEVICTABLE},
		{"Mlocked", NR_MLOCK},
		{"Dirty", NR_FILE_DIRTY},
		{"Writeback", NR_WRITEBACK},
		{"AnonPages", NR_ANON_PAGES},
		{"Mapped", NR_FILE_MAPPED},
		{"Shmem", NR_SHMEM},
		{"SReclaimable", NR_SLAB_RECLAIMABLE},
		{"PageTables", NR_PAGETABLE},
		{"SUnreclaim", NR_SLAB_UNRECLAIMABLE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].name, name))
			m->vm_stat[rows[i].item] = (long)kb / 4;
	if (!strcmp(name, "KernelStack"))
		m->vm_stat[NR_KERNEL_STACK] = (long)kb / m->arch->stack_kb;
	if (!strcmp(name, "MemTotal"))
		m->totalram_pages = kb / 4;
	if (!strcmp(name, "HighTotal"))
		m->totalhigh_pages = kb / 4;
	if (strcmp(name, "HighFree"))
		return;
	for_each_populated_zone(m, z) {
		z->vm_stat[NR_FREE_PAGES] = z->highmem ? (long)kb / 4 : 0;
		kb = z->highmem ? 0 : kb;
	}
}

START_TEST(meminfo)
{
	const struct capture *c = &captures[_i];
	struct machine *m = capture_boot(c);
	char *text = capture_text(c, "meminfo.txt"), *s = text, *line, name[64];
	struct strbuf want = STRBUF_INIT;
	unsigned long kb;

	m->totalram_pages = m->totalhigh_pages = 1;
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		m->vm_stat[i] = 0;
	while ((line = next_line(&s))) {
		ck_assert_int_eq(sscanf(line, "%63[^:]: %lu kB", name, &kb), 2);
		put_meminfo(m, name, kb);
		/* no task has promised itself anything */
		if (!strcmp(name, "Committed_AS"))
			strbuf_adds(&want, "Committed_AS:          0 kB\n");
		else
			strbuf_addf(&want, "%s\n", line);
	}
	free(text);
	assert_shows(m, "meminfo", want.s, "meminfo");
}
END_TEST

/* With more than one node and large pages configured, more lines. */
START_TEST(optional_lines)
{
	struct machine *m = boot_mib(64);
	char *text;

	m->params.hugetlb = true;
	m->numa = true;
	text = proc_text(m, "meminfo");
	ck_assert_ptr_nonnull(strstr(text, "VmallocChunk:          0 kB\n"
					   "HugePages_Total:       0\n"
					   "HugePages_Free:        0\n"
					   "HugePages_Rsvd:        0\n"
					   "HugePages_Surp:        0\n"
					   "Hugepagesize:       4096 kB\n"));
	free(text);
	text = proc_text(m, "vmstat");
	ck_assert_ptr_nonnull(strstr(text, "\nnr_pages_scanned 0\nnuma_hit 0\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ncompact_success 0\nhtlb_buddy_alloc_success 0\n"));
	ck_assert_ptr_nonnull(strstr(text, "\npgscan_direct_throttle 0\nzone_reclaim_failed 0\n"));
	free(text);
	text = proc_text(m, "zoneinfo");
	ck_assert_ptr_nonnull(strstr(text, "\n    numa_interleave 0\n"));
	free(text);
	machine_free(m);
}
END_TEST

Suite *proc_files_suite(void)
{
	Suite *s = suite_create("proc_files");
	TCase *t = tcase_create("round trips");

	tcase_add_loop_test(t, buddyinfo, 0, NR_CAPTURES);
	tcase_add_loop_test(t, pagetypeinfo, 0, NR_CAPTURES);
	tcase_add_loop_test(t, zoneinfo, 0, NR_CAPTURES);
	tcase_add_loop_test(t, vmstat, 0, NR_CAPTURES);
	tcase_add_loop_test(t, meminfo, 0, NR_CAPTURES);
	tcase_add_test(t, zoneinfo_negative_reads_zero);
	tcase_add_test(t, optional_lines);
	suite_add_tcase(s, t);
	return s;
}
