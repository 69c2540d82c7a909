/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a buddy dump into a machine. Nothing in the text is believed: every page must
 * be where it can be and once only, and counts must be those of the lists.
 */
#include "dump_fields.h"
#include <errno.h>
#include <mmsh/page_alloc.h>
#include <stdlib.h>

#define ALL_ZONE_FLAGS ((2u << ZONE_FAIR_DEPLETED) - 1)

int source_open(struct dump_source *d, const char *text, size_t len, struct mm_error *e)
{
	*d = (struct dump_source){.e = e};
	if (!len)
		return mm_error(e, -EINVAL, "empty");
	if (memchr(text, '\0', len))
		return mm_error(e, -EINVAL, "not text");
	if (text[len - 1] != '\n')
		return mm_error(e, -EINVAL, "the last line is cut off");
	scan_init(&d->s, text, len);
	if (memmem(text, len, "\r\n", 2))
		return mm_error(e, -EINVAL, "lines end with CR LF; they must end with LF alone");
	return 0;
}

void source_close(struct dump_source *d)
{
	memblock_destroy(&d->memblock);
	free(d->listed);
}

/* ---- const and memblock lines ---- */

static int memblock_line(struct dump_source *d)
{
	struct memblock_type *t, head = {0};

	if (scan_word(&d->s, "memory "))
		t = &d->memblock.memory;
	else if (scan_word(&d->s, "reserved "))
		t = &d->memblock.reserved;
	else
		return scan_error(&d->s, d->e, "memblock of unknown type");
	if (t->cnt)
		return scan_error(&d->s, d->e, "a memblock list for the second time");
	if (fields_get(&d->s, memblock_fields, &head, NULL, d->e))
		return -EINVAL;
	t->total_size = head.total_size;
	return 1;
}

static int region_line(struct dump_source *d)
{
	struct memblock_region r, *last;
	struct memblock_type *t;

	if (scan_word(&d->s, "memory "))
		t = &d->memblock.memory;
	else if (scan_word(&d->s, "reserved "))
		t = &d->memblock.reserved;
	else
		return scan_error(&d->s, d->e, "mb of unknown type");
	if (fields_get(&d->s, region_fields, &r, NULL, d->e))
		return -EINVAL;
	last = t->cnt ? &t->regions[t->cnt - 1] : NULL;
	if (!r.size || r.size > UINT64_MAX / 2 || r.base > UINT64_MAX / 2 || r.nid < 0)
		return scan_error(&d->s, d->e, "not a region of memory");
	if (last && r.base < last->base + last->size)
		return scan_error(&d->s, d->e, "the region does not lie above the one before");
	if (memblock_append(t, r.base, r.size, r.nid, r.flags))
		return mm_error(d->e, -ENOMEM, "the host has no memory left");
	return 1;
}

int source_line(struct dump_source *d)
{
	uint64_t seen;

	if (scan_word(&d->s, "const ")) {
		if (fields_get(&d->s, const_fields, &d->konst, &seen, d->e))
			return -EINVAL;
		d->konst.seen |= seen;
		return 1;
	}
	if (scan_word(&d->s, "memblock type="))
		return memblock_line(d);
	if (scan_word(&d->s, "mb type="))
		return region_line(d);
	return 0;
}

/* ---- the machine ---- */

static const struct arch *const_arch(const struct kernel_const *k)
{
	if (k->page_offset >> 32)
		return &arch_amd64;
	return k->last_pkmap == arch_ia32_pae.last_pkmap ? &arch_ia32_pae : &arch_ia32;
}

static int check_const(struct dump_source *d, const struct arch *a)
{
	const struct kernel_const *k = &d->konst;

	if (!k->page_offset || !k->max_pfn || !k->nr_cpus || !k->migratetypes)
		return scan_error(&d->s, d->e, "no const line before: what kernel was it?");
	if (k->max_order != MAX_ORDER || k->pcptypes != MIGRATE_PCPTYPES ||
	    k->migratetypes <= MIGRATE_HIGHATOMIC || k->migratetypes > MIGRATE_TYPES ||
	    k->pageblock_order < 1 || k->pageblock_order >= MAX_ORDER ||
	    k->sizeof_page != a->struct_page_size)
		return scan_error(&d->s, d->e, "the kernel of the const lines is not one that is"
					       " modelled");
	if (k->nr_cpus > MAX_CPUS || k->max_low_pfn > k->max_pfn ||
	    k->max_pfn > 1ull << (a->max_mem_bits_model - PAGE_SHIFT))
		return scan_error(&d->s, d->e, "the const lines describe no %s machine", a->name);
	return 0;
}

/* Regions were taken as they came; now it is known what there can be. */
static int check_memblock(struct dump_source *d, unsigned nr_nodes)
{
	const struct memblock_type *t = &d->memblock.memory;

	for (unsigned i = 0; i < t->cnt; i++)
		if (t->regions[i].base + t->regions[i].size > PFN_PHYS(d->konst.max_pfn) ||
		    (unsigned)t->regions[i].nid >= nr_nodes)
			return scan_error(&d->s, d->e, "memory region %u lies outside the machine",
					  i);
	return 0;
}

struct machine *source_machine(struct dump_source *d, unsigned nr_nodes)
{
	const struct kernel_const *k = &d->konst;
	const struct arch *a = const_arch(k);
	struct machine *m;

	if (check_const(d, a) || check_memblock(d, nr_nodes))
		return NULL;
	m = machine_new(a, k->max_pfn, nr_nodes, k->nr_cpus, d->e);
	if (!m)
		return NULL;
	boot_params_init(&m->params);
	boot_params_set_arch(&m->params, a);
	m->params.mem = PFN_PHYS(k->max_pfn);
	m->params.cpus = k->nr_cpus;
	m->params.hugetlb = k->pageblock_order < MAX_ORDER - 1;
	memblock_destroy(&m->memblock);
	m->memblock = d->memblock;
	memset(&d->memblock, 0, sizeof(d->memblock));
	m->memblock.no_node = MAX_NUMNODES;
	m->max_low_pfn = k->max_low_pfn;
	m->highstart_pfn = k->max_low_pfn;
	m->pageblock_order = k->pageblock_order;
	m->nr_migratetypes = k->migratetypes;
	m->page_group_by_mobility_disabled = k->mobility_disabled;
	/* only kernels with one memory map say where it is; the others that were recorded are
	   NUMA kernels with a map for each section */
	m->numa = !k->mem_map;
	m->model = d->model ? d->model : k->mem_map ? &memory_model_flat : &memory_model_sparse;
	m->boot.mem_map = k->mem_map ? k->mem_map - k->page_offset : 0;
	m->layout = (struct vm_layout){
		.page_offset = k->page_offset,
		.fixaddr_top = k->fixaddr_top,
		.fixaddr_start = k->fixaddr_start,
		.pkmap_base = k->pkmap_base,
		.vmalloc_start = k->vmalloc_start,
		.vmalloc_end = k->vmalloc_end,
		.high_memory = k->high_memory,
		.fix_kmap_begin = k->fix_kmap_begin,
		.maxmem_pfn = k->max_low_pfn,
	};
	return m;
}

/* ---- the dump ---- */

struct loader {
	struct dump_source *d;
	struct scan *s;
	struct mm_error *e;
	struct machine *m;
	struct scan node_line[MAX_NUMNODES];
	unsigned nr_nodes;

	/* the zone whose lines are being read */
	struct zone *z;
	unsigned long nr_free[MAX_ORDER]; /* as the zone line says */
	long free_pages;		  /* on its lists */
	int pcp_count[MAX_CPUS];	  /* on the lists; -1: no pset line yet */
	unsigned pcp_lists[MAX_CPUS];	  /* how many of them have come */
	uint32_t parts[MAX_ORDER][MIGRATE_TYPES]; /* of each free list, so far */
	bool has_stat, has_blocks;
};

static int bad(struct loader *ld, const char *what)
{
	return scan_error(ld->s, ld->e, "%s", what);
}

int source_take(struct dump_source *d, const struct machine *m, const struct zone *z, uint64_t pfn,
		unsigned order)
{
	uint64_t n = 1ull << order, mask = n < 64 ? (1ull << n) - 1 : ~0ull;

	if (pfn & (n - 1))
		return scan_error(&d->s, d->e, "pfn %llu is not aligned for order %u",
				  (unsigned long long)pfn, order);
	if (pfn < z->start_pfn || pfn + n > zone_end_pfn(z) ||
	    (m->memblock.memory.cnt &&
	     (pfn_to_zone(m, pfn) != z || pfn_to_zone(m, pfn + n - 1) != z)))
		return scan_error(&d->s, d->e, "pfn %llu is not in zone %s",
				  (unsigned long long)pfn, z->name);
	for (uint64_t i = pfn / 64; i <= (pfn + n - 1) / 64; i++) {
		if (d->listed[i] & mask << pfn % 64)
			return scan_error(&d->s, d->e, "pfn %llu is spoken for already",
					  (unsigned long long)pfn);
		d->listed[i] |= mask << pfn % 64;
	}
	return 0;
}

struct zone *line_zone(struct scan *s, const struct machine *m, struct mm_error *e)
{
	const char *name;
	struct zone *z = NULL;
	uint32_t nid;
	size_t n;

	if (!scan_word(s, "node=") || !scan_u32(s, &nid) || !scan_word(s, " zone=")) {
		scan_error(s, e, "expects node=N zone=NAME");
		return NULL;
	}
	n = scan_until(s, ' ', &name);
	for (unsigned i = 0; i < MAX_NR_ZONES && nid < m->nr_nodes; i++)
		if (strlen(m->arch->zone_name[i]) == n && !memcmp(m->arch->zone_name[i], name, n))
			z = &m->node[nid]->zone[i];
	if (!z || !populated_zone(z)) {
		scan_error(s, e, "there is no such zone");
		return NULL;
	}
	scan_char(s, ' ');
	return z;
}

/* The same, of a line that belongs to the zone being read. */
static bool own_zone(struct loader *ld)
{
	struct zone *z = line_zone(ld->s, ld->m, ld->e);

	if (z && z != ld->z)
		bad(ld, "the line belongs to another zone than those before");
	return z && z == ld->z;
}

/* What must be true once all lines of a zone were read. */
static int zone_end(struct loader *ld)
{
	struct zone *z = ld->z;
	long free = z ? z->vm_stat[NR_FREE_PAGES] : 0;
	unsigned long listed = (unsigned long)ld->free_pages;

	if (!z)
		return 0;
	if (!ld->has_stat || !ld->has_blocks)
		return scan_error(ld->s, ld->e, "zone %s: no %s line", z->name,
				  ld->has_stat ? "pb" : "zstat");
	for (unsigned o = 0; o < MAX_ORDER; o++)
		if (z->free_area[o].nr_free != ld->nr_free[o])
			return scan_error(ld->s, ld->e,
					  "zone %s: %lu blocks of order %u on the lists, not %lu",
					  z->name, z->free_area[o].nr_free, o, ld->nr_free[o]);
	for (unsigned cpu = 0; cpu < ld->m->nr_cpus; cpu++) {
		if (ld->pcp_count[cpu] >= 0 && ld->pcp_lists[cpu] != MIGRATE_PCPTYPES)
			return scan_error(ld->s, ld->e, "zone %s: %u pcp lines of CPU %u, not %d",
					  z->name, ld->pcp_lists[cpu], cpu, MIGRATE_PCPTYPES);
		if (ld->pcp_count[cpu] != z->pageset[cpu].count)
			return scan_error(ld->s, ld->e,
					  "zone %s: %d pages on the lists of CPU %u, not %d",
					  z->name, ld->pcp_count[cpu], cpu, z->pageset[cpu].count);
		free += z->pageset[cpu].vm_stat_diff[NR_FREE_PAGES];
		listed += (unsigned long)z->pageset[cpu].count;
	}
	if (free != ld->free_pages)
		return scan_error(ld->s, ld->e, "zone %s: %ld pages on the lists, %ld counted",
				  z->name, ld->free_pages, free);
	if (listed > z->managed_pages)
		return scan_error(ld->s, ld->e, "zone %s: %lu pages on the lists, %lu managed",
				  z->name, listed, z->managed_pages);
	z->foreign_pages = z->managed_pages - listed;
	return 0;
}

/* Those of different nodes may: a node need not be in one piece. */
static bool overlaps_another(const struct loader *ld, const struct zone *z)
{
	for_each_populated_zone(ld->m, other)
		if (other != z && other->nid == z->nid && z->start_pfn < zone_end_pfn(other) &&
		    other->start_pfn < zone_end_pfn(z))
			return true;
	return false;
}

static int check_zone(struct loader *ld, const struct zone *z)
{
	uint64_t end = z->start_pfn + (uint64_t)z->spanned_pages;

	if (!z->present_pages || z->spanned_pages > ld->m->max_pfn || end > ld->m->max_pfn)
		return bad(ld, "the zone reaches outside the machine");
	if (z->present_pages > z->spanned_pages || z->managed_pages > z->present_pages)
		return bad(ld, "a zone has spanned >= present >= managed pages");
	if (z->flags & ~(unsigned long)ALL_ZONE_FLAGS)
		return bad(ld, "unknown zone flags");
	if (overlaps_another(ld, z))
		return bad(ld, "the zone overlaps another");
	return 0;
}

/* Where types belong to sections, zones that meet inside a pageblock share its one entry
   (boot.md 4.2). */
static int zone_pageblocks_alloc(struct loader *ld)
{
	struct machine *m = ld->m;
	struct zone *z = ld->z;
	pfn_t first = z->start_pfn >> m->pageblock_order;
	pfn_t last = (zone_end_pfn(z) - 1) >> m->pageblock_order;

	if (!m->model->sections) {
		z->pageblock_base = first;
		z->pageblock = arena_alloc(&m->arena, last - first + 1);
	} else if (!m->pageblock) {
		m->pageblock = arena_alloc(&m->arena, (m->max_pfn >> m->pageblock_order) + 1);
	}
	if (m->pageblock)
		z->pageblock = m->pageblock;
	return z->pageblock ? 0 : mm_error(ld->e, -ENOMEM, "the host has no memory left");
}

static int load_zone(struct loader *ld)
{
	const char *name;
	struct zone *z;
	uint32_t nid;
	size_t n;
	uint8_t idx = 0;

	if (zone_end(ld))
		return -EINVAL;
	if (!scan_word(ld->s, "node=") || !scan_u32(ld->s, &nid) || nid >= ld->m->nr_nodes ||
	    !scan_word(ld->s, " name="))
		return bad(ld, "expects node=N name=ZONE");
	n = scan_until(ld->s, ' ', &name);
	while (idx < MAX_NR_ZONES && (strlen(ld->m->arch->zone_name[idx]) != n ||
				      memcmp(ld->m->arch->zone_name[idx], name, n) != 0))
		idx++;
	if (idx == MAX_NR_ZONES)
		return scan_error(ld->s, ld->e, "%s has no such zone", ld->m->arch->name);
	z = ld->z = &ld->m->node[nid]->zone[idx];
	if (z->spanned_pages)
		return bad(ld, "a zone for the second time");
	if (fields_get(ld->s, zone_fields, z, NULL, ld->e))
		return -EINVAL;
	if (z->idx != idx)
		return bad(ld, "idx= is not that of the zone");
	if (check_zone(ld, z))
		return -EINVAL;
	for (unsigned o = 0; o < MAX_ORDER; o++) {
		ld->nr_free[o] = z->free_area[o].nr_free;
		z->free_area[o].nr_free = 0;
	}
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
		ld->pcp_count[cpu] = -1;
	memset(ld->pcp_lists, 0, sizeof(ld->pcp_lists));
	memset(ld->parts, 0, sizeof(ld->parts));
	ld->free_pages = 0;
	ld->has_stat = ld->has_blocks = false;
	return zone_pageblocks_alloc(ld);
}

static int load_zstat(struct loader *ld)
{
	if (!own_zone(ld))
		return -EINVAL;
	ld->has_stat = true;
	return fields_get(ld->s, zstat_fields, ld->z, NULL, ld->e);
}

static int load_pset(struct loader *ld)
{
	struct per_cpu_pageset *ps;
	uint32_t cpu;

	if (!own_zone(ld))
		return -EINVAL;
	if (!scan_word(ld->s, "cpu=") || !scan_u32(ld->s, &cpu) || cpu >= ld->m->nr_cpus)
		return bad(ld, "there is no such CPU");
	if (ld->pcp_count[cpu] >= 0)
		return bad(ld, "a CPU's lists for the second time");
	ld->pcp_count[cpu] = 0;
	ps = &ld->z->pageset[cpu];
	if (fields_get(ld->s, pset_fields, ps, NULL, ld->e))
		return -EINVAL;
	if (ps->high < 0 || ps->batch < 1 || ps->batch > max_of(ps->high, 1))
		return bad(ld, "expects 1 <= batch <= high, or high=0 batch=1");
	if (ps->stat_threshold < 0)
		return bad(ld, "stat_threshold must not be negative");
	return 0;
}

static int load_pcp(struct loader *ld)
{
	uint32_t cpu, mt, pfn, type;

	if (!own_zone(ld))
		return -EINVAL;
	if (!scan_word(ld->s, "cpu=") || !scan_u32(ld->s, &cpu) || !scan_word(ld->s, " mt=") ||
	    !scan_u32(ld->s, &mt) || !scan_word(ld->s, " pfns="))
		return bad(ld, "expects cpu=N mt=N pfns=");
	if (cpu >= ld->m->nr_cpus || ld->pcp_count[cpu] < 0 || mt >= MIGRATE_PCPTYPES)
		return bad(ld, "there is no such list");
	if (mt != ld->pcp_lists[cpu]++)
		return bad(ld, "a CPU's lists come once each, in the order of mt=");
	while (!scan_at_end(ld->s)) {
		type = mt;
		if (!scan_u32(ld->s, &pfn) ||
		    (scan_char(ld->s, ':') && !scan_u32(ld->s, &type)) ||
		    (!scan_at_end(ld->s) && !scan_char(ld->s, ',')))
			return bad(ld, "not a list of pages");
		if (type >= ld->m->nr_migratetypes)
			return bad(ld, "there is no such migratetype");
		if (source_take(ld->d, ld->m, ld->z, pfn, 0))
			return -EINVAL;
		pcp_list_append(ld->m, ld->z, cpu, pfn, (int)mt, (int)type);
		ld->pcp_count[cpu]++;
	}
	return 0;
}

static int load_free_list(struct loader *ld)
{
	uint32_t order, mt, part, pfn;

	if (!own_zone(ld))
		return -EINVAL;
	if (!scan_word(ld->s, "order=") || !scan_u32(ld->s, &order) ||
	    !scan_word(ld->s, " mt=") || !scan_u32(ld->s, &mt) || !scan_word(ld->s, " part=") ||
	    !scan_u32(ld->s, &part) || !scan_word(ld->s, " pfns="))
		return bad(ld, "expects order=N mt=N part=N pfns=");
	if (order >= MAX_ORDER || mt >= ld->m->nr_migratetypes)
		return bad(ld, "there is no such list");
	if (part != ld->parts[order][mt]++)
		return bad(ld, "the parts of a list come in their order");
	while (!scan_at_end(ld->s)) {
		if (!scan_u32(ld->s, &pfn) || (!scan_at_end(ld->s) && !scan_char(ld->s, ',')))
			return bad(ld, "not a list of pages");
		if (source_take(ld->d, ld->m, ld->z, pfn, order))
			return -EINVAL;
		free_list_append(ld->m, ld->z, pfn, order, (int)mt);
		ld->free_pages += 1l << order;
	}
	return 0;
}

static int load_blocks(struct loader *ld)
{
	uint32_t first;

	if (!own_zone(ld))
		return -EINVAL;
	if (!scan_word(ld->s, "first_block=") || !scan_u32(ld->s, &first) ||
	    !scan_word(ld->s, " runs="))
		return bad(ld, "expects first_block=N runs=");
	if (first != ld->z->start_pfn >> ld->m->pageblock_order)
		return bad(ld, "first_block= is not the zone's first");
	ld->has_blocks = true;
	return get_runs(ld->s, ld->m, ld->z, PB_TYPE_MASK, ld->m->nr_migratetypes - 1, ld->e);
}

static const struct {
	const char *word;
	int (*load)(struct loader *ld);
} dump_lines[] = {
	{"zone ", load_zone},	  {"zstat ", load_zstat}, {"pset ", load_pset},
	{"pcp ", load_pcp},	  {"fl ", load_free_list}, {"pb ", load_blocks},
};

static int load_line(struct loader *ld)
{
	for (unsigned i = 0; i < ARRAY_SIZE(dump_lines); i++) {
		if (!scan_word(ld->s, dump_lines[i].word))
			continue;
		if (!ld->z && i)
			return bad(ld, "a zone line must come first");
		return dump_lines[i].load(ld);
	}
	return bad(ld, "not a line of a dump");
}

/* ---- what follows from the whole ---- */

/* "0:Normal,0:DMA": the zones that a node's requests try, best first */
static int load_zonelist(struct loader *ld, struct pglist_data *pgdat)
{
	struct zonelist *zl = &pgdat->zonelist[ZONELIST_FALLBACK];
	const char *list = memmem(ld->s->line, (size_t)(ld->s->end - ld->s->line), " zonelist=", 10);
	unsigned n = 0;

	if (!list)
		return bad(ld, "no zonelist=");
	ld->s->p = list + 10;
	while (!scan_at_end(ld->s)) {
		struct zone *z = NULL;
		const char *name;
		uint32_t nid;
		size_t len;

		if (!scan_u32(ld->s, &nid) || nid >= ld->m->nr_nodes || !scan_char(ld->s, ':'))
			return bad(ld, "expects zonelist=NODE:ZONE,...");
		len = scan_until(ld->s, ',', &name);
		scan_char(ld->s, ',');
		for (unsigned i = 0; i < MAX_NR_ZONES; i++)
			if (strlen(ld->m->arch->zone_name[i]) == len &&
			    !memcmp(ld->m->arch->zone_name[i], name, len))
				z = &ld->m->node[nid]->zone[i];
		if (!z || !populated_zone(z))
			return bad(ld, "the zonelist names a zone that is not there");
		for (unsigned i = 0; i < n; i++)
			if (zl->ref[i].zone == z)
				return bad(ld, "the zonelist names a zone twice");
		zl->ref[n++] = (struct zoneref){z, z->idx};
	}
	zonelist_finish(zl, n);
	zl = &pgdat->zonelist[ZONELIST_NOFALLBACK];
	n = 0;
	for (int i = MAX_NR_ZONES; i--;)
		if (populated_zone(&pgdat->zone[i]))
			zl->ref[n++] = (struct zoneref){&pgdat->zone[i], i};
	zonelist_finish(zl, n);
	return 0;
}

/* Node lines come before the zones, but speak of them. */
static int load_nodes(struct loader *ld)
{
	struct scan *s = ld->s;

	for (unsigned nid = 0; nid < ld->nr_nodes; nid++) {
		struct pglist_data *pgdat = ld->m->node[nid];
		int err;

		ld->s = &ld->node_line[nid];
		err = fields_get(ld->s, node_fields, pgdat, NULL, ld->e);
		if (!err && pgdat->id != (int)nid)
			err = bad(ld, "nodes must be numbered from 0");
		if (!err)
			err = load_zonelist(ld, pgdat);
		ld->s = s;
		if (err)
			return err;
	}
	return 0;
}

static bool none_listed(const struct loader *ld, uint64_t pfn, uint64_t end)
{
	for (; pfn < end; pfn++)
		if (ld->d->listed[pfn / 64] >> pfn % 64 & 1)
			return false;
	return true;
}

/* A dump counts the holes of a zone and does not say where they are. A PC has one that
   ends at 1 MiB and, with much memory, one that ends at 4 GiB. */
static int guess_memory(struct loader *ld)
{
	static const uint64_t hole_ends[] = {PFN_DOWN(1ull << 20), PFN_DOWN(1ull << 32)};
	struct memblock *mb = &ld->m->memblock;
	int err = 0;

	for_each_populated_zone(ld->m, z) {
		uint64_t missing = z->spanned_pages - z->present_pages, hole = zone_end_pfn(z);

		for (unsigned i = 0; missing && i < ARRAY_SIZE(hole_ends); i++)
			if (hole_ends[i] < zone_end_pfn(z) &&
			    hole_ends[i] >= z->start_pfn + missing &&
			    none_listed(ld, hole_ends[i] - missing, hole_ends[i]))
				hole = hole_ends[i] - missing;
		err |= memblock_add(mb, PFN_PHYS(z->start_pfn), PFN_PHYS(hole - z->start_pfn),
				    z->nid);
		if (hole < zone_end_pfn(z))
			err |= memblock_add(mb, PFN_PHYS(hole + missing),
					    PFN_PHYS(zone_end_pfn(z) - hole - missing), z->nid);
	}
	return err ? mm_error(ld->e, -ENOMEM, "the host has no memory left") : 0;
}

static unsigned long inactive_ratio(const struct zone *z)
{
	unsigned long tens = 10 * (z->managed_pages >> (30 - PAGE_SHIFT)), r = 1;

	while ((r + 1) * (r + 1) <= tens)
		r++;
	return r;
}

static void sum_up(struct machine *m)
{
	unsigned long reserve = m->totalreserve_pages, kbytes = 0;

	for_each_populated_zone(m, z) {
		for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
			m->vm_stat[i] += z->vm_stat[i];
		if (z->highmem)
			m->totalhigh_pages += z->managed_pages;
		else
			kbytes += (unsigned long)z->watermark[WMARK_MIN] << (PAGE_SHIFT - 10);
		z->inactive_ratio = inactive_ratio(z);
	}
	/* each zone's share was rounded down, so this may fall short by a few */
	m->min_free_kbytes = (int)min_of(kbytes, (unsigned long)INT32_MAX);
	calculate_totalreserve_pages(m);
	m->totalreserve_pages = reserve;
}

static int load_body(struct loader *ld, const struct scan *first)
{
	struct scan head = *first;

	if (fields_get(&head, dump_fields, ld->m, NULL, ld->e))
		return -EINVAL;
	for (;;) {
		if (!scan_line(ld->s))
			return bad(ld, "cut off inside a dump");
		if (scan_word(ld->s, "enddump "))
			break;
		if (load_line(ld))
			return -EINVAL;
	}
	if (!ld->z)
		return bad(ld, "a dump without zones");
	if (zone_end(ld) || load_nodes(ld))
		return -EINVAL;
	if (!ld->m->memblock.memory.cnt && guess_memory(ld))
		return -EINVAL;
	if (init_sections(ld->m))
		return mm_error(ld->e, -ENOMEM, "the host has no memory left");
	sum_up(ld->m);
	build_gfp_routes(ld->m);
	ld->m->running = true;
	return 0;
}

struct machine *dump_load(struct dump_source *d)
{
	struct loader ld = {.d = d, .s = &d->s, .e = d->e};
	struct scan first = d->s;
	int err = -EINVAL;

	while (scan_line(&d->s)) {
		if (!scan_word(&d->s, "node ")) {
			scan_unline(&d->s);
			break;
		}
		if (ld.nr_nodes == MAX_NUMNODES) {
			bad(&ld, "too many nodes");
			return NULL;
		}
		ld.node_line[ld.nr_nodes++] = d->s;
	}
	if (!ld.nr_nodes) {
		bad(&ld, "a dump without node lines");
		return NULL;
	}
	ld.m = source_machine(d, ld.nr_nodes);
	if (!ld.m)
		return NULL;
	free(d->listed);
	d->listed = calloc(ld.m->max_pfn / 64 + 1, sizeof(*d->listed));
	if (!d->listed)
		mm_error(d->e, -ENOMEM, "the host has no memory left");
	else
		err = load_body(&ld, &first);
	if (!err)
		return ld.m;
	machine_free(ld.m);
	return NULL;
}
