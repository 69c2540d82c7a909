/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boot log against captured ones; the reports against recorded ones. */
#include "suites.h"
#include "proc/capture.h"

#include <ctype.h>
#include <mmsh/kmsg.h>
#include <mmsh/page_alloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the boot log ---- */

/* Behind the time stamp, without space at the end. */
static char *message(char *line)
{
	char *s = strstr(line, "] "), *end;

	ck_assert_msg(s != NULL, "no time stamp: %s", line);
	for (end = s + strlen(s); end > s && isspace((unsigned char)end[-1]);)
		*--end = '\0';
	return s + 2;
}

/* Every line of the model's log is one of the captured log, in the same order. */
START_TEST(boot_log)
{
	const struct capture *c = &captures[_i];
	struct machine *m = capture_boot(c);
	char *want = capture_text(c, "dmesg.txt"), *w = want, *g, *line, *msg;
	unsigned n = 0;

	/* what boot keeps counts from here on; the estimate before it is the capture's own */
	kmsg_boot(m);
	g = m->kmsg.s;
	next_line(&g); /* the version of the kernel that mmsh is */
	while ((line = next_line(&g))) {
		char *theirs = NULL, *wl;

		msg = message(line);
		if (!strncmp(msg, "Memory: ", 8)) /* with managed=, the boot kept something else */
			continue;
		while ((wl = next_line(&w)) && strcmp(theirs = message(wl), msg))
			;
		ck_assert_msg(wl != NULL, "not in the captured log, or not here: %s", msg);
		n++;
	}
	ck_assert_uint_ge(n, 55);
	free(want);
	machine_free(m);
}
END_TEST

START_TEST(user_map)
{
	struct mm_error e = {""};
	struct boot_params p;
	struct machine *m;

	boot_params_init(&p);
	e820_pcmap(&p.e820, 64 << 20);
	p.mem = 32 << 20;
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	kmsg_boot(m);
	ck_assert_ptr_nonnull(strstr(
		m->kmsg.s,
		"[    0.000000] e820: remove [mem 0x02000000-0xfffffffffffffffe] usable\n"
		"[    0.000000] e820: user-defined physical RAM map:\n"
		"[    0.000000] user: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
		"[    0.000000] user: [mem 0x000000000009fc00-0x000000000009ffff] reserved\n"
		"[    0.000000] user: [mem 0x00000000000f0000-0x00000000000fffff] reserved\n"
		"[    0.000000] user: [mem 0x0000000000100000-0x0000000001ffffff] usable\n"));
	ck_assert_ptr_nonnull(strstr(m->kmsg.s, "] e820: last_pfn = 0x2000 max_arch_pfn"));
	machine_free(m);
}
END_TEST

/* MiB of RAM, highmem= in MiB, and what is said of it. */
static const struct {
	uint64_t mem, highmem;
	const char *line;
} highmem_cases[] = {
	{256, 512, "highmem size (512MB) is bigger than pages available (255MB)!"},
	{256, 220, "highmem size (220MB) results in <64MB lowmem, ignoring it!"},
	{1024, 512, "only 135MB highmem pages available, ignoring highmem size of 512MB!"},
	{256, 128, "128MB HIGHMEM available.\n[    0.000000] 127MB LOWMEM available."},
};

START_TEST(highmem_messages)
{
	struct mm_error e = {""};
	struct boot_params p;
	struct machine *m;

	boot_params_init(&p);
	p.mem = highmem_cases[_i].mem << 20;
	p.highmem = highmem_cases[_i].highmem << 20;
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	kmsg_boot(m);
	ck_assert_msg(strstr(m->kmsg.s, highmem_cases[_i].line) != NULL, "%s", m->kmsg.s);
	machine_free(m);
}
END_TEST

START_TEST(time_stamps)
{
	struct machine *m = boot_mib(64);

	m->jiffies = 12345 * HZ + 3;
	printk(m, "one\n two\n");
	printk(m, "%s", "");
	m->jiffies = HZ / 2;
	printk(m, "three %d", 3);
	ck_assert_str_eq(strbuf_str(&m->kmsg), "[12345.012000] one\n"
					       "[12345.012000]  two\n"
					       "[12345.012000] \n"
					       "[    0.500000] three 3\n");
	machine_free(m);
}
END_TEST

/* ---- Mem-Info: a recorded one, read into a machine and printed again ---- */

struct field {
	const char *name;
	enum zone_stat_item item;
};

static const struct field fields[] = {
	{"active_anon", NR_ACTIVE_ANON},
	{"inactive_anon", NR_INACTIVE_ANON},
	{"isolated_anon", NR_ISOLATED_ANON},
	{"isolated(anon)", NR_ISOLATED_ANON},
	{"active_file", NR_ACTIVE_FILE},
	{"inactive_file", NR_INACTIVE_FILE},
	{"isolated_file", NR_ISOLATED_FILE},
	{"isolated(file)", NR_ISOLATED_FILE},
	{"unevictable", NR_UNEVICTABLE},
	{"mlocked", NR_MLOCK},
	{"dirty", NR_FILE_DIRTY},
	{"writeback", NR_WRITEBACK},
	{"unstable", NR_UNSTABLE_NFS},
	{"slab_reclaimable", NR_SLAB_RECLAIMABLE},
	{"slab_unreclaimable", NR_SLAB_UNRECLAIMABLE},
	{"mapped", NR_FILE_MAPPED},
	{"shmem", NR_SHMEM},
	{"pagetables", NR_PAGETABLE},
	{"bounce", NR_BOUNCE},
	{"free", NR_FREE_PAGES},
	{"free_cma", NR_FREE_CMA_PAGES},
	{"writeback_tmp", NR_WRITEBACK_TEMP},
	{"pages_scanned", NR_PAGES_SCANNED},
};

static void put_stat(long *stat, const char *name, long pages)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(fields[i].name, name))
			stat[fields[i].item] = pages;
}

static void put_zone_word(struct zone *z, const char *name, long kb)
{
	put_stat(z->vm_stat, name, kb / 4);
	if (!strcmp(name, "kernel_stack"))
		z->vm_stat[NR_KERNEL_STACK] = kb / 8;
	if (!strcmp(name, "min"))
		z->watermark[WMARK_MIN] = kb / 4;
	if (!strcmp(name, "low"))
		z->watermark[WMARK_LOW] = kb / 4;
	if (!strcmp(name, "high"))
		z->watermark[WMARK_HIGH] = kb / 4;
	if (!strcmp(name, "present"))
		z->present_pages = (unsigned long)kb / 4;
	if (!strcmp(name, "managed"))
		z->managed_pages = (unsigned long)kb / 4;
	if (!strcmp(name, "local_pcp"))
		z->pageset[0].count = (int)kb / 4;
}

/* "3*32kB (UM)": so many blocks, and something on these lists. */
static void put_free_lists(struct zone *z, char *s)
{
	static const char letters[] = "UMEH";
	unsigned long n, kb;
	unsigned order = 0;

	for (char *word = strtok(s, " "); word; word = strtok(NULL, " ")) {
		if (sscanf(word, "%lu*%lukB", &n, &kb) == 2) {
			order = (unsigned)__builtin_ctzl(kb / 4);
			z->free_area[order].nr_free = n;
		}
		for (char *l = word; word[0] == '(' && *l; l++)
			if (strchr(letters, *l))
				z->free_area[order].free_list[strchr(letters, *l) - letters].head =
					1;
	}
}

static void put_mem_info(struct machine *m, char *line, struct zone **last)
{
	char name[40], *word;
	struct zone *z;
	long val;

	if (sscanf(line, "%39[A-Za-z]", name) == 1 && (z = zone_find(m, 0, name))) {
		*last = z;
		if (line[strlen(name)] == ':') {
			put_free_lists(z, line + strlen(name) + 1);
			return;
		}
		for (word = strtok(line, " "); word; word = strtok(NULL, " "))
			if (sscanf(word, "%39[^:]:%ld", name, &val) == 2)
				put_zone_word(z, name, val);
	} else if (!strncmp(line, "lowmem_reserve[]:", 17)) {
		long *r = (*last)->lowmem_reserve;

		sscanf(line + 17, "%ld %ld %ld %ld", &r[0], &r[1], &r[2], &r[3]);
	} else if (strstr(line, " total pagecache pages")) {
		m->vm_stat[NR_FILE_PAGES] = atol(line);
	} else {
		for (word = strtok(line, " "); word; word = strtok(NULL, " "))
			if (sscanf(word, "%39[^:]:%ld", name, &val) == 2)
				put_stat(m->vm_stat, name, val);
	}
}

static void clear_counters(struct machine *m)
{
	memset(m->vm_stat, 0, sizeof(m->vm_stat));
	for_each_populated_zone(m, z) {
		memset(z->vm_stat, 0, sizeof(z->vm_stat));
		memset(z->lowmem_reserve, 0, sizeof(z->lowmem_reserve));
		for (int order = 0; order < MAX_ORDER; order++) {
			z->free_area[order].nr_free = 0;
			for (int mt = 0; mt < MIGRATE_TYPES; mt++)
				z->free_area[order].free_list[mt].head = PFN_NONE;
		}
	}
}

/* The recorded Mem-Info, without time stamps. */
static char *recorded_mem_info(const char *name)
{
	char *text = golden_text(name), *s, *line;
	struct strbuf b = STRBUF_INIT;

	s = strstr(text, "] Mem-Info:");
	ck_assert_ptr_nonnull(s);
	while (s[-1] != '\n')
		s--;
	while ((line = next_line(&s)) && line[0] == '[')
		strbuf_addf(&b, "%s\n", strstr(line, "] ") + 2);
	free(text);
	return b.s;
}

static const char *const recorded[] = {
	"failures/slub-hm4g-64M-atomic-o4.rec.gz",
	"failures/slub-hm4g-64M-atomic-o10.rec.gz",
	"failures/slub-hm4g-64M-noretry-o9.rec.gz",
};

START_TEST(mem_info)
{
	char *want = recorded_mem_info(recorded[_i]), *text = strdup(want), *s = text, *line;
	struct machine *m = boot_mib(64);
	struct strbuf got = STRBUF_INIT;
	struct zone *last = NULL;

	clear_counters(m);
	while ((line = next_line(&s)))
		put_mem_info(m, line, &last);
	show_mem(m, &got);
	assert_same_text(strbuf_str(&got), want, recorded[_i]);
	strbuf_free(&got);
	free(text);
	free(want);
	machine_free(m);
}
END_TEST

START_TEST(mem_info_variants)
{
	struct machine *m = boot_mib(1024);
	struct strbuf got = STRBUF_INIT;
	struct zone *z = zone_find(m, 0, "DMA");

	m->numa = true;
	m->params.hugetlb = true;
	for (int mt = 0; mt <= MIGRATE_HIGHATOMIC; mt++)
		z->free_area[3].free_list[mt].head = 1;
	z->free_area[3].nr_free = 4;
	z->vm_stat[NR_PAGES_SCANNED] = 3;
	show_mem(m, &got);
	ck_assert_ptr_nonnull(strstr(got.s, "\nNode 0 DMA free:"));
	ck_assert_ptr_nonnull(strstr(got.s, " pages_scanned:12 all_unreclaimable? yes\n"));
	ck_assert_ptr_nonnull(strstr(got.s, " 4*32kB (UMEH) "));
	ck_assert_ptr_nonnull(strstr(got.s, "\nNode 0 hugepages_total=0 hugepages_free=0 "
					    "hugepages_surp=0 hugepages_size=4096kB\n"
					    "0 total pagecache pages\n"
					    "262014 pages RAM\n"
					    "34786 pages HighMem/MovableOnly\n"));
	strbuf_free(&got);
	machine_free(m);
}
END_TEST

/* ---- reports ---- */

static struct machine *boot_attached(unsigned mib)
{
	struct machine *m = boot_mib(mib);

	ck_assert_int_eq(kmsg_attach(m), 0);
	return m;
}

/* Takes all that GFP_ATOMIC gets of @order; the last, failing request is as wanted. */
static void exhaust(struct machine *m, unsigned order, gfp_t gfp)
{
	while (alloc_pages(m, GFP_ATOMIC | __GFP_NOWARN, order) >= 0)
		;
	ck_assert_uint_eq(m->kmsg.len, 0);
	ck_assert_int_lt(alloc_pages(m, gfp, order), 0);
}

START_TEST(failure_report)
{
	struct machine *m = boot_attached(64);
	struct strbuf want = STRBUF_INIT, mem = STRBUF_INIT;
	char *s, *line;

	m->jiffies = 5 * HZ;
	exhaust(m, 4, GFP_ATOMIC);
	strbuf_adds(&want, "[    5.000000] init: page allocation failure: order:4, mode:0x2080020\n"
			   "[    5.000000] CPU: 0 PID: 1 Comm: init Not tainted 4.4.155 #1\n"
			   "[    5.000000] Call Trace:\n");
	show_mem(m, &mem);
	for (s = mem.s; (line = next_line(&s));)
		strbuf_addf(&want, "[    5.000000] %s\n", line);
	assert_same_text(m->kmsg.s, want.s, "report");
	strbuf_free(&want);
	strbuf_free(&mem);
	machine_free(m);
}
END_TEST

static unsigned count(const char *text, const char *word)
{
	unsigned n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

START_TEST(rate_limit)
{
	struct machine *m = boot_attached(64);

	exhaust(m, 10, GFP_ATOMIC);
	for (int i = 0; i < 14; i++)
		alloc_pages(m, GFP_ATOMIC, 10);
	ck_assert_uint_eq(count(m->kmsg.s, "page allocation failure"), 10);
	ck_assert_uint_eq(count(m->kmsg.s, "suppressed"), 0);
	m->jiffies += 6 * HZ;
	alloc_pages(m, GFP_ATOMIC, 10);
	ck_assert_uint_eq(count(m->kmsg.s, "] warn_alloc_failed: 5 callbacks suppressed\n"), 1);
	ck_assert_uint_eq(count(m->kmsg.s, "page allocation failure"), 11);
	machine_free(m);
}
END_TEST

START_TEST(order_warning)
{
	struct machine *m = boot_attached(64);
	const char *want = "[    0.000000] ------------[ cut here ]------------\n"
			   "[    0.000000] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:3057 "
			   "__alloc_pages_nodemask+0x8fb/0x980()\n"
			   "[    0.000000] CPU: 0 PID: 1 Comm: init Not tainted 4.4.155 #1\n"
			   "[    0.000000] Call Trace:\n"
			   "[    0.000000] ---[ end trace 0000000000000002 ]---\n";

	ck_assert_int_lt(alloc_pages(m, GFP_KERNEL, 11), 0);
	ck_assert_str_eq(strbuf_str(&m->kmsg), want);
	/* once a machine; but from now on the kernel is tainted */
	ck_assert_int_lt(alloc_pages(m, GFP_KERNEL, 11), 0);
	ck_assert_str_eq(strbuf_str(&m->kmsg), want);
	strbuf_reset(&m->kmsg);
	exhaust(m, 10, GFP_ATOMIC);
	ck_assert_ptr_nonnull(
		strstr(m->kmsg.s, "Comm: init Tainted: G        W       4.4.155 #1\n"));
	machine_free(m);
}
END_TEST

START_TEST(bad_page)
{
	struct machine *m = boot_attached(64);
	int64_t pfn = alloc_pages(m, GFP_KERNEL, 0);
	struct strbuf want = STRBUF_INIT;

	ck_assert_int_ge(pfn, 0);
	pfn_to_page(m, (pfn_t)pfn)->flags |= PG(locked) | PG(uptodate);
	__free_pages(m, (pfn_t)pfn, 0);
	strbuf_addf(
		&want,
		"[    0.000000] BUG: Bad page state in process init  pfn:%05x\n"
		"[    0.000000] page:%08llx count:0 mapcount:0 mapping:  (null) index:0x0\n"
		"[    0.000000] flags: 0x40000009(locked|uptodate)\n"
		"[    0.000000] page dumped because: PAGE_FLAGS_CHECK_AT_FREE flag(s) set\n"
		"[    0.000000] bad because of flags:\n"
		"[    0.000000] flags: 0x1(locked)\n"
		"[    0.000000] CPU: 0 PID: 1 Comm: init Not tainted 4.4.155 #1\n"
		"[    0.000000] Call Trace:\n",
		(pfn_t)pfn,
		(unsigned long long)(m->layout.page_offset + m->boot.mem_map + 32ull * (pfn_t)pfn));
	assert_same_text(strbuf_str(&m->kmsg), want.s, "bad page");
	strbuf_free(&want);
	machine_free(m);
}
END_TEST

/* 60 reports, then silence for a minute, then the count of what was not said. */
START_TEST(bad_page_limit)
{
	struct machine *m = boot_attached(64);

	for (int i = 0; i < 70; i++) {
		int64_t pfn = alloc_pages(m, GFP_KERNEL, 0);

		pfn_to_page(m, (pfn_t)pfn)->mapcount = 1;
		if (i == 69)
			m->jiffies += 61 * HZ;
		__free_pages(m, (pfn_t)pfn, 0);
	}
	ck_assert_uint_eq(count(m->kmsg.s, "nonzero mapcount"), 61);
	ck_assert_uint_eq(count(m->kmsg.s, "BUG: Bad page state: 9 messages suppressed\n"), 1);
	ck_assert_uint_eq(count(m->kmsg.s, "Tainted: G    B           4.4.155"), 60);
	machine_free(m);
}
END_TEST

START_TEST(out_of_memory)
{
	struct machine *m = boot_attached(64);

	while (alloc_pages(m, GFP_ATOMIC | __GFP_NOWARN, 0) >= 0)
		;
	ck_assert_int_lt(alloc_pages(m, GFP_KERNEL, 0), 0);
	ck_assert_ptr_nonnull(strstr(m->kmsg.s, "] init invoked oom-killer: gfp_mask=0x24000c0, "
						"order=0, oom_score_adj=0\n"));
	ck_assert_ptr_nonnull(strstr(m->kmsg.s, "] Mem-Info:\n"));
	ck_assert_ptr_nonnull(
		strstr(m->kmsg.s,
		       "] [ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents "
		       "oom_score_adj name\n"
		       "[    0.000000] Kernel panic - not syncing: Out of memory and no killable "
		       "processes...\n"));
	machine_free(m);
}
END_TEST

Suite *kmsg_suite(void)
{
	Suite *s = suite_create("kmsg");
	TCase *t = tcase_create("kmsg");

	tcase_add_loop_test(t, boot_log, 0, NR_CAPTURES);
	tcase_add_test(t, user_map);
	tcase_add_loop_test(t, highmem_messages, 0, (int)ARRAY_SIZE(highmem_cases));
	tcase_add_test(t, time_stamps);
	tcase_add_loop_test(t, mem_info, 0, (int)ARRAY_SIZE(recorded));
	tcase_add_test(t, mem_info_variants);
	tcase_add_test(t, failure_report);
	tcase_add_test(t, rate_limit);
	tcase_add_test(t, order_warning);
	tcase_add_test(t, bad_page);
	tcase_add_test(t, bad_page_limit);
	tcase_add_test(t, out_of_memory);
	suite_add_tcase(s, t);
	return s;
}
