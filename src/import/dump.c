/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buddy dumps: the tables of their fields, and writing them. Reading is in dump_load.c. */
#include "dump_fields.h"
#include <errno.h>
#include <mmsh/page_alloc.h>
#include <stdio.h>

#define PFNS_A_LINE 256

const struct field const_fields[] = {
	FIELD_OPT(struct kernel_const, "PAGE_OFFSET", page_offset, FIELD_HEX),
	FIELD_OPT(struct kernel_const, "VMALLOC_START", vmalloc_start, FIELD_HEX),
	FIELD_OPT(struct kernel_const, "VMALLOC_END", vmalloc_end, FIELD_HEX),
	FIELD_OPT(struct kernel_const, "high_memory", high_memory, FIELD_HEX),
	FIELD_OPT(struct kernel_const, "FIXADDR_START", fixaddr_start, FIELD_HEX),
	FIELD_OPT(struct kernel_const, "FIXADDR_TOP", fixaddr_top, FIELD_HEX),
	FIELD_OPT(struct kernel_const, "max_low_pfn", max_low_pfn, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "max_pfn", max_pfn, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "sizeof_page", sizeof_page, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "MAX_ORDER", max_order, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "pageblock_order", pageblock_order, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "MIGRATE_PCPTYPES", pcptypes, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "MIGRATE_TYPES", migratetypes, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "mobility_disabled", mobility_disabled, FIELD_BOOL),
	FIELD_OPT(struct kernel_const, "nr_cpus", nr_cpus, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "mem_map", mem_map, FIELD_HEX),
	FIELD_OPT(struct kernel_const, "PKMAP_BASE", pkmap_base, FIELD_HEX),
	FIELD_OPT(struct kernel_const, "LAST_PKMAP", last_pkmap, FIELD_DEC),
	FIELD_OPT(struct kernel_const, "FIX_KMAP_BEGIN", fix_kmap_begin, FIELD_DEC),
	{.name = NULL},
};

const struct field memblock_fields[] = {
	FIELD(struct memblock_type, "cnt", cnt, FIELD_DEC),
	FIELD(struct memblock_type, "max", max, FIELD_DEC),
	FIELD(struct memblock_type, "total_size", total_size, FIELD_HEX),
	{.name = NULL},
};

const struct field region_fields[] = {
	FIELD(struct memblock_region, "base", base, FIELD_HEX),
	FIELD(struct memblock_region, "size", size, FIELD_HEX),
	FIELD(struct memblock_region, "nid", nid, FIELD_SIGNED),
	FIELD(struct memblock_region, "flags", flags, FIELD_HEX),
	{.name = NULL},
};

const struct field dump_fields[] = {
	FIELD(struct machine, "totalreserve_pages", totalreserve_pages, FIELD_DEC),
	FIELD(struct machine, "totalram_pages", totalram_pages, FIELD_DEC),
	{.name = NULL},
};

const struct field node_fields[] = {
	FIELD(struct pglist_data, "id", id, FIELD_SIGNED),
	FIELD(struct pglist_data, "start_pfn", start_pfn, FIELD_DEC),
	FIELD(struct pglist_data, "spanned", spanned_pages, FIELD_DEC),
	FIELD(struct pglist_data, "present", present_pages, FIELD_DEC),
	{.name = NULL},
};

const struct field zone_fields[] = {
	FIELD(struct zone, "idx", idx, FIELD_DEC),
	FIELD(struct zone, "start_pfn", start_pfn, FIELD_DEC),
	FIELD(struct zone, "spanned", spanned_pages, FIELD_DEC),
	FIELD(struct zone, "present", present_pages, FIELD_DEC),
	FIELD(struct zone, "managed", managed_pages, FIELD_DEC),
	FIELD(struct zone, "min", watermark[WMARK_MIN], FIELD_SIGNED),
	FIELD(struct zone, "low", watermark[WMARK_LOW], FIELD_SIGNED),
	FIELD(struct zone, "high", watermark[WMARK_HIGH], FIELD_SIGNED),
	FIELD_LIST(struct zone, "lowmem_reserve", lowmem_reserve[0], lowmem_reserve[1],
		   MAX_NR_ZONES, FIELD_SIGNED),
	FIELD(struct zone, "nr_reserved_highatomic", nr_reserved_highatomic, FIELD_SIGNED),
	FIELD(struct zone, "flags", flags, FIELD_HEX),
	FIELD(struct zone, "percpu_drift_mark", percpu_drift_mark, FIELD_DEC),
	FIELD_LIST(struct zone, "nr_free", free_area[0].nr_free, free_area[1].nr_free, MAX_ORDER,
		   FIELD_DEC),
	{.name = NULL},
};

const struct field zstat_fields[] = {
	FIELD(struct zone, "free_global", vm_stat[NR_FREE_PAGES], FIELD_SIGNED),
	FIELD(struct zone, "alloc_batch_global", vm_stat[NR_ALLOC_BATCH], FIELD_SIGNED),
	FIELD(struct zone, "pages_scanned", vm_stat[NR_PAGES_SCANNED], FIELD_SIGNED),
	{.name = NULL},
};

const struct field pset_fields[] = {
	FIELD(struct per_cpu_pageset, "count", count, FIELD_SIGNED),
	FIELD(struct per_cpu_pageset, "high", high, FIELD_SIGNED),
	FIELD(struct per_cpu_pageset, "batch", batch, FIELD_SIGNED),
	FIELD(struct per_cpu_pageset, "stat_threshold", stat_threshold, FIELD_SIGNED),
	FIELD(struct per_cpu_pageset, "free_diff", vm_stat_diff[NR_FREE_PAGES], FIELD_SIGNED),
	FIELD(struct per_cpu_pageset, "alloc_batch_diff", vm_stat_diff[NR_ALLOC_BATCH],
	      FIELD_SIGNED),
	{.name = NULL},
};

/* ---- writing ---- */

void const_write(const struct machine *m, struct strbuf *out)
{
	const struct vm_layout *l = &m->layout;
	struct kernel_const k = {
		.page_offset = l->page_offset,
		.vmalloc_start = l->vmalloc_start,
		.vmalloc_end = l->vmalloc_end,
		.high_memory = l->high_memory,
		.fixaddr_start = l->fixaddr_start,
		.fixaddr_top = l->fixaddr_top,
		.pkmap_base = l->pkmap_base,
		.mem_map = m->model == &memory_model_flat ? l->page_offset + m->boot.mem_map : 0,
		.max_low_pfn = m->max_low_pfn,
		.max_pfn = m->max_pfn,
		.sizeof_page = m->arch->struct_page_size,
		.max_order = MAX_ORDER,
		.pageblock_order = m->pageblock_order,
		.pcptypes = MIGRATE_PCPTYPES,
		.migratetypes = m->nr_migratetypes,
		.nr_cpus = m->nr_cpus,
		.last_pkmap = m->arch->last_pkmap,
		.fix_kmap_begin = l->fix_kmap_begin,
		.mobility_disabled = m->page_group_by_mobility_disabled,
	};

	strbuf_adds(out, "const");
	fields_put(out, const_fields, &k);
	strbuf_addc(out, '\n');
}

static void memblock_type_write(const struct memblock_type *t, const char *name,
				struct strbuf *out)
{
	strbuf_addf(out, "memblock type=%s", name);
	fields_put(out, memblock_fields, t);
	strbuf_addc(out, '\n');
	for (unsigned i = 0; i < t->cnt; i++) {
		strbuf_addf(out, "mb type=%s idx=%u", name, i);
		fields_put(out, region_fields, &t->regions[i]);
		strbuf_addc(out, '\n');
	}
}

void memblock_write(const struct machine *m, struct strbuf *out)
{
	memblock_type_write(&m->memblock.memory, "memory", out);
	memblock_type_write(&m->memblock.reserved, "reserved", out);
}

void put_zone(struct strbuf *out, const struct zone *z)
{
	strbuf_adds(out, " node=");
	put_u64(out, z->nid);
	strbuf_adds(out, " zone=");
	strbuf_adds(out, z->name);
}

void pfn_lines_add(struct pfn_lines *l, pfn_t pfn)
{
	if (l->n % PFNS_A_LINE == 0) {
		if (l->n)
			strbuf_addc(l->out, '\n');
		strbuf_addf(l->out, "%s part=%u pfns=", l->head, l->n / PFNS_A_LINE);
	} else {
		strbuf_addc(l->out, ',');
	}
	put_u64(l->out, pfn);
	l->n++;
}

void pfn_lines_end(struct pfn_lines *l)
{
	if (l->n)
		strbuf_addc(l->out, '\n');
}

static void node_write(const struct pglist_data *n, struct strbuf *out)
{
	const char *sep = "";

	strbuf_adds(out, "node");
	fields_put(out, node_fields, n);
	strbuf_adds(out, " zonelist=");
	for (const struct zoneref *r = n->zonelist[ZONELIST_FALLBACK].ref; r->zone; r++) {
		strbuf_addf(out, "%s%u:%s", sep, r->zone->nid, r->zone->name);
		sep = ",";
	}
	strbuf_addc(out, '\n');
}

static void pset_write(const struct machine *m, const struct zone *z, unsigned cpu,
		       struct strbuf *out)
{
	const struct per_cpu_pageset *ps = &z->pageset[cpu];

	strbuf_adds(out, "pset");
	put_zone(out, z);
	strbuf_addf(out, " cpu=%u", cpu);
	fields_put(out, pset_fields, ps);
	strbuf_addc(out, '\n');
	for (unsigned mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		strbuf_adds(out, "pcp");
		put_zone(out, z);
		strbuf_addf(out, " cpu=%u mt=%u pfns=", cpu, mt);
		for (pfn_t pfn = ps->lists[mt].head; pfn != PFN_NONE;
		     pfn = m->mem_map[pfn].lru.next) {
			if (pfn != ps->lists[mt].head)
				strbuf_addc(out, ',');
			put_u64(out, pfn);
			if (m->mem_map[pfn].index != mt)
				strbuf_addf(out, ":%u", m->mem_map[pfn].index);
		}
		strbuf_addc(out, '\n');
	}
}

static void free_list_write(const struct machine *m, const struct zone *z, unsigned order,
			    unsigned mt, struct strbuf *out)
{
	struct pfn_lines l = {.out = out};

	snprintf(l.head, sizeof(l.head), "fl node=%u zone=%s order=%u mt=%u", z->nid, z->name,
		 order, mt);
	for (pfn_t pfn = z->free_area[order].free_list[mt].head; pfn != PFN_NONE;
	     pfn = free_list_next(m, order, pfn))
		pfn_lines_add(&l, pfn);
	pfn_lines_end(&l);
}

static unsigned long zone_pageblocks(const struct machine *m, const struct zone *z)
{
	return ((zone_end_pfn(z) - 1) >> m->pageblock_order) - (z->start_pfn >> m->pageblock_order) +
	       1;
}

void put_runs(const struct machine *m, const struct zone *z, unsigned mask, struct strbuf *out)
{
	const uint8_t *pb = pageblock_of(m, z, z->start_pfn);
	unsigned long n = zone_pageblocks(m, z), run;

	for (unsigned long i = 0; i < n; i += run) {
		for (run = 1; i + run < n && (pb[i + run] & mask) == (pb[i] & mask); run++)
			;
		if (i)
			strbuf_addc(out, ',');
		put_u64(out, (pb[i] & mask) >> __builtin_ctz(mask));
		strbuf_addc(out, '*');
		put_u64(out, run);
	}
}

int get_runs(struct scan *s, const struct machine *m, struct zone *z, unsigned mask, unsigned max,
	     struct mm_error *e)
{
	uint8_t *pb = pageblock_of(m, z, z->start_pfn);
	unsigned long left = zone_pageblocks(m, z);

	while (left) {
		uint64_t count;
		int64_t v;

		/* -1 stands for blocks that no memory map describes */
		if (!scan_i64(s, &v) || !scan_char(s, '*') || !scan_u64(s, &count) || v < -1 ||
		    v > (int64_t)max || !count || count > left)
			return scan_error(s, e, "not the runs of %lu pageblocks", zone_pageblocks(m, z));
		left -= count;
		for (; count; count--, pb++)
			*pb = (uint8_t)((*pb & ~mask) |
					(v < 0 ? 0 : (unsigned)v << __builtin_ctz(mask)));
		if (left && !scan_char(s, ','))
			return scan_error(s, e, "runs for %lu pageblocks too few", left);
	}
	return scan_at_end(s) ? 0 : scan_error(s, e, "runs for too many pageblocks");
}

static void zone_write(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	strbuf_addf(out, "zone node=%u name=%s", z->nid, z->name);
	fields_put(out, zone_fields, z);
	strbuf_adds(out, "\nzstat");
	put_zone(out, z);
	fields_put(out, zstat_fields, z);
	strbuf_addc(out, '\n');
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		pset_write(m, z, cpu, out);
	for (unsigned order = 0; order < MAX_ORDER; order++)
		for (unsigned mt = 0; mt < m->nr_migratetypes; mt++)
			free_list_write(m, z, order, mt, out);
	strbuf_adds(out, "pb");
	put_zone(out, z);
	strbuf_addf(out, " first_block=%u runs=", z->start_pfn >> m->pageblock_order);
	put_runs(m, z, PB_TYPE_MASK, out);
	strbuf_addc(out, '\n');
}

void dump_write(const struct machine *m, const char *stage, struct strbuf *out)
{
	strbuf_addf(out, "dump stage=%s", stage);
	fields_put(out, dump_fields, m);
	strbuf_addc(out, '\n');
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		node_write(m->node[nid], out);
	for_each_populated_zone((struct machine *)m, z)
		zone_write(m, z, out);
	strbuf_addf(out, "enddump stage=%s\n", stage);
}
