/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map of physical memory; hotplug and policy as commands. */
#include "suites.h"

#include <mmsh/memory_hotplug.h>
#include <mmsh/page_alloc.h>
#include <stdlib.h>
#include <string.h>

#include "shell/map.h"
#include "shell/out.h"
#include "shell/shell.h"

static struct shell *sh;
static struct strbuf text;

static void setup(void)
{
	sh = shell_new();
	sh->silent = true;
	sh->bootline = "mem=64M";
	setenv("LC_ALL", "C", 1);
}

static void teardown(void)
{
	strbuf_free(&text);
	shell_free(sh);
}

/* What the commands print. */
static const char *run(const char *commands)
{
	struct strbuf *before;

	strbuf_reset(&text);
	before = out_capture(sh, &text);
	ck_assert_msg(run_text(sh, "test", commands, strlen(commands)) == 0, "%s: %s", commands,
		      sh->err.text);
	out_release(sh, before);
	return strbuf_str(&text);
}

static void assert_fails(const char *command, const char *why)
{
	ck_assert_int_ne(run_text(sh, "test", command, strlen(command)), 0);
	ck_assert_msg(strstr(sh->err.text, why) != NULL, "%s: %s", command, sh->err.text);
	clear_error(sh);
}

/* ---- cells ---- */

/* The letters of all cells, a part a word; a hole is its length. */
static void assert_letters(const struct machine *m, uint64_t from, uint64_t to,
			   const struct zone *only, uint64_t max, const char *want)
{
	struct strbuf b = STRBUF_INIT;
	struct map map;

	map_init(&map, m, from, to, only, max);
	for (unsigned i = 0; i < map.nr_parts; i++) {
		const struct map_part *p = &map.part[i];

		strbuf_adds(&b, i ? " " : "");
		if (!p->zone)
			strbuf_addf(&b, "(%llu)", (unsigned long long)(p->to - p->from));
		for (uint64_t pfn = ROUND_DOWN(p->from, map.cell_pages); p->zone && pfn < p->to;
		     pfn += map.cell_pages)
			strbuf_addc(&b, map_letter(map_cell(&map, p, pfn)));
	}
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
	map_free(&map);
}

static struct machine *boot_mem(const struct arch *arch, uint64_t mib)
{
	struct mm_error e = {""};
	struct boot_params p;
	struct machine *m;

	boot_params_init(&p);
	boot_params_set_arch(&p, arch);
	p.mem = mib << 20;
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	return m;
}

START_TEST(letters)
{
	struct machine *m = boot_mem(&arch_ia32, 64);
	const struct zone *dma = zone_find(m, 0, "DMA");

	assert_letters(m, 0, 4096, NULL, 4, "UMMM");
	assert_letters(m, 0, UINT64_MAX, dma, 4, "UMMM");
	assert_letters(m, 0, UINT64_MAX, dma, 3, "UM");
	assert_letters(m, 0, UINT64_MAX, NULL, 16, "UMMM MMMMMMMMMMMM");
	assert_letters(m, 150, 165, NULL, 1000, "UUUUUkkkk"); /* and six pages that are not */
	machine_free(m);
}
END_TEST

START_TEST(holes_and_sections)
{
	struct machine *m = boot_mem(&arch_amd64, 4096);
	struct map map;

	map_init(&map, m, 0, UINT64_MAX, NULL, 2000);
	ck_assert_uint_eq(map.cell_pages, 1024);
	ck_assert_uint_eq(map.nr_parts, 4);
	ck_assert_ptr_null(map.part[2].zone);
	ck_assert_uint_eq(map.part[2].to - map.part[2].from, (1 << 18) + 32);
	ck_assert_str_eq(map.part[3].zone->name, "Normal");
	map_free(&map);
	/* far fewer cells than pages */
	map_init(&map, m, 0, UINT64_MAX, NULL, 10);
	ck_assert_uint_ge(map.cell_pages, 131072);
	map_free(&map);
	ck_assert_int_eq(offline_pages(m, 1 << 20, 32768, NULL), 0);
	assert_letters(m, 1 << 20, (1 << 20) + 4096, NULL, 4, "oooo");
	machine_free(m);
}
END_TEST

START_TEST(fill)
{
	struct machine *m = boot_mem(&arch_ia32, 64);
	struct map map;
	int64_t pfn;

	drain_all_pages(m);
	pfn = alloc_pages(m, GFP_KERNEL, 9);
	map_init(&map, m, 0, UINT64_MAX, NULL, 100);
	for (unsigned i = 0; i < map.nr_parts; i++) {
		const struct map_part *p = &map.part[i];

		if (p->from > (uint64_t)pfn || (uint64_t)pfn >= p->to)
			continue;
		ck_assert_uint_ge(map_cell(&map, p, (uint64_t)pfn & ~1023ull).used, 127);
	}
	map_free(&map);
	machine_free(m);
}
END_TEST

/* ---- commands ---- */

START_TEST(map_command)
{
	const char *s = run("map DMA");

	ck_assert_ptr_nonnull(strstr(s, "one character: 4 MiB\nnode 0, zone DMA: pfn 1..4095, 16 MiB\n"
					"  1          UMMM\n"));
	ck_assert_ptr_nonnull(strstr(s, "U unmovable, M movable"));
	for (; *s; s += *s == '\n') {
		size_t len = strcspn(s, "\n");

		ck_assert_uint_le(len, 90);
		for (; len--; s++)
			ck_assert_int_lt((unsigned char)*s, 0x80);
	}
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	ck_assert_ptr_nonnull(strstr(run("map 0:Normal"), "·"));
	ck_assert_ptr_nonnull(strstr(run("map 4096..5119"), "one character: 4 KiB"));
	run("display map");
	assert_fails("map nothing", "nothing");
	assert_fails("map HighMem", "is empty");
	assert_fails("map 3:DMA", "");
	assert_fails("map 5", "expects a zone or PFN..PFN");
	assert_fails("map 9..5", "");
	assert_fails("map 99999999..100000000", "the machine ends at");
	assert_fails("map DMA Normal", "too much");
	assert_fails("map --svg", "needs a file");
	sh->safe = true;
	assert_fails("map --svg x.svg", "");
}
END_TEST

START_TEST(svg)
{
	struct machine *m = boot_mem(&arch_ia32_pae, 6144);
	struct strbuf out = STRBUF_INIT;
	struct map map;
	unsigned open = 0, quotes = 0;

	map_init(&map, m, 0, UINT64_MAX, NULL, 4000);
	map_svg(&map, "a < b", &out);
	for (const char *s = out.s; *s; s++) {
		open += *s == '<' && s[1] != '/';
		quotes += *s == '"';
	}
	ck_assert_uint_eq(quotes % 2, 0);
	ck_assert_uint_gt(open, 1000);
	ck_assert_int_eq(strncmp(out.s, "<svg xmlns=", 11), 0);
	ck_assert_ptr_nonnull(strstr(out.s, "a &lt; b, "));
	ck_assert_ptr_nonnull(strstr(out.s, "hole, 1.0 GiB"));
	ck_assert_str_eq(out.s + out.len - 7, "</svg>\n");
	strbuf_free(&out);
	map_free(&map);
	machine_free(m);
}
END_TEST

START_TEST(hotplug_command)
{
	run("boot arch=amd64 mem=512M");
	assert_fails("hotplug", "usage");
	assert_fails("hotplug unplug 5", "add, online, offline or remove");
	assert_fails("hotplug add 1..5", "sections of 32768 pages");
	assert_fails("hotplug online pfn:1048576", "is not there");
	assert_fails("hotplug offline pfn:32768 node=0", "node= says where memory is added");
	assert_fails("hotplug offline pfn:32768 movable", "how memory is onlined");
	assert_fails("hotplug online pfn:32768 movable kernel", "not both");
	run("hotplug add 1048576..1081343 node=0; hotplug online pfn:1048576 movable");
	ck_assert_uint_eq(zone_find(sh->m, 0, "Movable")->present_pages, 32768);
	run("hotplug offline 1048576..1081343; hotplug remove 1048576..1081343");
	/* what is on the LRU moves, and the value with it */
	run("a = alloc 0 GFP_HIGHUSER_MOVABLE lru count=2000");
	run("hotplug offline pfn:65536; free $a");
	run("boot mem=64M");
	assert_fails("hotplug offline 0..16383", "MEMORY_HOTPLUG depends on SPARSEMEM");
}
END_TEST

START_TEST(policy_command)
{
	run("boot arch=amd64 mem=2G numa=fake=4");
	ck_assert_str_eq(run("policy"), "default\n");
	run("policy interleave=1-2");
	ck_assert_str_eq(run("policy"), "interleave:1-2\n");
	run("policy bind=0,3");
	ck_assert_str_eq(run("policy"), "bind:0,3\n");
	run("policy preferred=2; policy prefer:1");
	ck_assert_str_eq(run("policy"), "prefer:1\n");
	run("policy local; policy default");
	assert_fails("policy nearest", "there is default, local");
	assert_fails("policy bind=7", "node 7");
	assert_fails("policy bind=x", "not a list of nodes");
	assert_fails("policy bind=1 interleave=2", "one policy at a time");
	assert_fails("policy preferred=1-2", "one node");
	ck_assert_str_eq(run("policy"), "default\n");
	run("boot mem=64M");
	assert_fails("policy bind=0", "without NUMA");
}
END_TEST

Suite *map_suite(void)
{
	Suite *s = suite_create("map");
	TCase *t = tcase_create("map");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, letters);
	tcase_add_test(t, holes_and_sections);
	tcase_add_test(t, fill);
	tcase_add_test(t, map_command);
	tcase_add_test(t, svg);
	tcase_add_test(t, hotplug_command);
	tcase_add_test(t, policy_command);
	suite_add_tcase(s, t);
	return s;
}
