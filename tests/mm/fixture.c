/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mm/fixture.h"

#include <mmsh/bootline.h>
#include <mmsh/state.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- machines ---- */

static int try_words(struct boot_params *p, const char *line, struct mm_error *e)
{
	char buf[512], *save = NULL;

	snprintf(buf, sizeof(buf), "%s", line);
	for (char *w = strtok_r(buf, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *val = strchr(w, '=');

		ck_assert_ptr_nonnull(val);
		*val++ = '\0';
		if (boot_param_set(p, w, val, e))
			return -1;
	}
	return 0;
}

void boot_words(struct boot_params *p, const char *line)
{
	struct mm_error e = {""};

	ck_assert_msg(try_words(p, line, &e) == 0, "%s: %s", line, e.text);
}

struct machine *boot_line(const char *line)
{
	struct mm_error e = {""};
	struct boot_params p;
	struct machine *m;

	boot_params_init(&p);
	boot_words(&p, line);
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s: %s", line, e.text);
	return m;
}

const char *boot_refusal(const char *line)
{
	static struct mm_error e;
	struct boot_params p;
	struct machine *m = NULL;

	e.text[0] = '\0';
	boot_params_init(&p);
	if (try_words(&p, line, &e) == 0)
		m = machine_boot(&p, &e);
	ck_assert_msg(m == NULL, "%s: boots", line);
	return e.text;
}

static struct machine *new_machine(uint64_t max_pfn, unsigned cpus)
{
	struct mm_error e = {""};
	struct machine *m = machine_new(&arch_ia32, max_pfn, 1, cpus, &e);

	ck_assert_msg(m != NULL, "%s", e.text);
	m->memblock.no_node = MAX_NUMNODES;
	return m;
}

struct machine *boot_r1(unsigned cpus)
{
	static const phys_t kept[][2] = {
		{0, 0x10000},
		{0x9B000, 0x100000},
		{0x1000000, 0x1C00000},
		{0x36EFE000, 0x377FE000},
	};
	static const uint64_t zone_ends[MAX_NR_ZONES] = {4096, 0x377FE, 0x3FFE0};
	struct machine *m = new_machine(0x3FFE0, cpus);

	m->max_low_pfn = m->highstart_pfn = 0x377FE;
	memblock_add(&m->memblock, 0x1000, 0x9F000 - 0x1000, 0);
	memblock_add(&m->memblock, 0x100000, 0x3FFE0000 - 0x100000, 0);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		memblock_reserve(&m->memblock, kept[i][0], kept[i][1] - kept[i][0]);
	ck_assert_int_eq(free_area_init_nodes(m, zone_ends, NULL), 0);
	build_all_zonelists(m);
	free_highmem_pages(m);
	free_all_bootmem(m);
	setup_per_cpu_pageset(m);
	init_per_zone_wmark_min(m);
	return m;
}

struct machine *bare_zone(pfn_t start, pfn_t end, unsigned pageblock_order)
{
	const uint64_t zone_ends[MAX_NR_ZONES] = {start, end, end};
	struct machine *m = new_machine(end, 1);

	m->pageblock_order = pageblock_order;
	memblock_add(&m->memblock, PFN_PHYS(start), PFN_PHYS(end - start), 0);
	ck_assert_int_eq(free_area_init_nodes(m, zone_ends, NULL), 0);
	build_all_zonelists(m);
	m->page_group_by_mobility_disabled = false;
	build_gfp_routes(m);
	normal_zone(m)->managed_pages = 0;
	return m;
}

struct zone *zone_of(const struct machine *m, const char *name)
{
	struct zone *z = zone_find(m, 0, name);

	ck_assert_msg(z && populated_zone(z), "no zone %s", name);
	return z;
}

void set_blocks(struct machine *m, struct zone *z, int mt)
{
	for (pfn_t pfn = z->start_pfn; pfn < zone_end_pfn(z); pfn += 1u << m->pageblock_order)
		set_pageblock_migratetype(m, z, pfn, mt);
}

/* ---- lists as text ---- */

static const char type_letters[] = "UMRHI";

void put_lists(struct machine *m, struct zone *z, const char *s)
{
	while (*s) {
		int mt = (int)(strchr(type_letters, *s) - type_letters);
		bool pcp = s[1] == 'p';
		unsigned order = pcp ? 0 : (unsigned)strtoul(s + 1, NULL, 10);

		s = strchr(s, ':');
		do {
			pfn_t pfn = (pfn_t)strtoul(s + 1, (char **)&s, 16);

			if (pcp) {
				pcp_list_append(m, z, m->cpu, pfn,
						mt == MIGRATE_HIGHATOMIC ? 1 : mt, mt);
				z->pageset[m->cpu].count++;
			} else {
				free_list_append(m, z, pfn, order, mt);
				mod_zone_page_state(m, z, NR_FREE_PAGES, 1l << order);
			}
			z->managed_pages += 1ul << order;
		} while (*s == ',');
		s += strspn(s, " ");
	}
}

static void add_pfns(const struct machine *m, unsigned order, const struct page_list *l, int base,
		     struct strbuf *b)
{
	for (pfn_t pfn = l->head; pfn != PFN_NONE; pfn = free_list_next(m, order, pfn)) {
		strbuf_adds(b, pfn == l->head ? "" : ",");
		if (base == 16)
			strbuf_addf(b, "%x", pfn);
		else
			strbuf_addf(b, "%u", pfn);
	}
}

static void add_list(const struct machine *m, int mt, int order, const struct page_list *l,
		     int base, struct strbuf *b)
{
	if (l->head == PFN_NONE)
		return;
	strbuf_addf(b, "%s%c", b->len ? " " : "", type_letters[mt]);
	if (order < 0)
		strbuf_addc(b, 'p');
	else
		strbuf_addf(b, "%d", order);
	strbuf_addc(b, ':');
	add_pfns(m, order < 0 ? 0 : (unsigned)order, l, base, b);
}

void assert_lists_base(const struct machine *m, const struct zone *z, int base, const char *want)
{
	struct strbuf b = STRBUF_INIT;

	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		for (int o = 0; o < MAX_ORDER; o++)
			add_list(m, mt, o, &z->free_area[o].free_list[mt], base, &b);
	for (int mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		add_list(m, mt, -1, &z->pageset[m->cpu].lists[mt], base, &b);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

void assert_list(const struct machine *m, const struct zone *z, unsigned order, int mt,
		 const char *want)
{
	struct strbuf b = STRBUF_INIT;

	add_pfns(m, order, &z->free_area[order].free_list[mt], 10, &b);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

void assert_blocks(const struct machine *m, const struct zone *z, const char *want)
{
	pfn_t pages = 1u << m->pageblock_order, pfn = z->start_pfn & ~(pages - 1);
	struct strbuf b = STRBUF_INIT;

	for (; pfn < zone_end_pfn(z); pfn += pages)
		strbuf_addc(&b, type_letters[get_pageblock_migratetype(m, z, pfn)]);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

void assert_buddyinfo(const struct zone *z, const char *want)
{
	struct strbuf b = STRBUF_INIT;

	for (int o = 0; o < MAX_ORDER; o++)
		strbuf_addf(&b, "%s%lu", o ? " " : "", z->free_area[o].nr_free);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

long free_pages(const struct machine *m, const struct zone *z)
{
	return zone_page_state_exact(m, z, NR_FREE_PAGES);
}

/* ---- the whole state ---- */

void assert_audit(const struct machine *m)
{
	struct mm_error e = {""};

	ck_assert_msg(machine_audit(m, &e) == 0, "%s", e.text);
}

char *state_text(const struct machine *m)
{
	struct strbuf b = STRBUF_INIT;

	state_write(m, "now", &b);
	ck_assert_ptr_nonnull(b.s);
	return b.s;
}

void assert_same_state(const struct machine *a, const struct machine *b)
{
	char *x = state_text(a), *y = state_text(b);
	size_t at = 0, line;

	while (x[at] && x[at] == y[at])
		at++;
	for (line = at; line && x[line - 1] != '\n';)
		line--;
	ck_assert_msg(x[at] == y[at], "the states differ:\n%.200s\n%.200s", x + line, y + line);
	ck_assert_mem_eq(a->vm_event, b->vm_event, a->nr_cpus * sizeof(*a->vm_event));
	ck_assert_mem_eq(a->vm_stat, b->vm_stat, sizeof(a->vm_stat));
	free(x);
	free(y);
}

/* ---- requests ---- */

pfn_t take(struct machine *m, gfp_t gfp, unsigned order)
{
	int64_t pfn = alloc_pages(m, gfp, order);

	ck_assert_int_ge(pfn, 0);
	return (pfn_t)pfn;
}

unsigned exhaust(struct machine *m, gfp_t gfp)
{
	unsigned n = 0;

	while (alloc_pages(m, gfp, 0) >= 0)
		n++;
	return n;
}

void shatter(struct machine *m)
{
	const gfp_t all[] = {GFP_QUIET | __GFP_HIGHMEM, GFP_QUIET | __GFP_DMA};

	drain_all_pages(m);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		exhaust(m, all[i] | __GFP_MEMALLOC);
	for (pfn_t pfn = 1; pfn < m->max_pfn; pfn += 2)
		if (!free_pages_check(m, pfn, 0, NULL))
			__free_pages(m, pfn, 0);
	drain_all_pages(m);
	machine_tick(m, HZ);
}

/* ---- what happened ---- */

struct trace_buffer *record(struct machine *m, uint64_t mask)
{
	struct trace_buffer *b = malloc(sizeof(*b));

	ck_assert_int_eq(trace_buffer_init(b, 20000, mask), 0);
	trace_attach(m, &b->l);
	return b;
}

void record_end(struct machine *m, struct trace_buffer *b)
{
	ck_assert_uint_eq(b->dropped, 0);
	trace_detach(m, &b->l);
	trace_buffer_free(b);
	free(b);
}

unsigned count_events(const struct trace_buffer *b, enum trace_id id)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->n; i++)
		n += b->ev[i].id == id;
	return n;
}

const struct trace_event *nth_event(const struct trace_buffer *b, enum trace_id id, unsigned n)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < b->n; i++)
		if (b->ev[i].id == id && seen++ == n)
			return &b->ev[i];
	ck_abort_msg("event %d happened %u times only", (int)id, seen);
	return NULL;
}
