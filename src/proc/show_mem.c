/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mem-Info: the memory part of the kernel's reports (proc-zones.md 10). */
#include "files.h"

static int pcp_pages(const struct machine *m, const struct zone *z)
{
	int n = 0;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		n += z->pageset[cpu].count;
	return n;
}

static void show_totals(const struct machine *m, struct strbuf *out)
{
	unsigned long free_pcp = 0;

#define G(item) global_page_state(m, item)
	for_each_populated_zone(m, z)
		free_pcp += (unsigned long)pcp_pages(m, z);
	strbuf_addf(out, "active_anon:%lu inactive_anon:%lu isolated_anon:%lu\n", G(NR_ACTIVE_ANON),
		    G(NR_INACTIVE_ANON), G(NR_ISOLATED_ANON));
	strbuf_addf(out, " active_file:%lu inactive_file:%lu isolated_file:%lu\n",
		    G(NR_ACTIVE_FILE), G(NR_INACTIVE_FILE), G(NR_ISOLATED_FILE));
	strbuf_addf(out, " unevictable:%lu dirty:%lu writeback:%lu unstable:%lu\n",
		    G(NR_UNEVICTABLE), G(NR_FILE_DIRTY), G(NR_WRITEBACK), G(NR_UNSTABLE_NFS));
	strbuf_addf(out, " slab_reclaimable:%lu slab_unreclaimable:%lu\n", G(NR_SLAB_RECLAIMABLE),
		    G(NR_SLAB_UNRECLAIMABLE));
	strbuf_addf(out, " mapped:%lu shmem:%lu pagetables:%lu bounce:%lu\n", G(NR_FILE_MAPPED),
		    G(NR_SHMEM), G(NR_PAGETABLE), G(NR_BOUNCE));
	strbuf_addf(out, " free:%lu free_pcp:%lu free_cma:%lu\n", G(NR_FREE_PAGES), free_pcp,
		    G(NR_FREE_CMA_PAGES));
#undef G
}

/* The counters of a zone's line, in two runs: the zone's sizes stand between them. */
struct zone_field {
	const char *name;
	enum zone_stat_item item;
};

static const struct zone_field lru_fields[] = {
	{"active_anon", NR_ACTIVE_ANON},      {"inactive_anon", NR_INACTIVE_ANON},
	{"active_file", NR_ACTIVE_FILE},      {"inactive_file", NR_INACTIVE_FILE},
	{"unevictable", NR_UNEVICTABLE},      {"isolated(anon)", NR_ISOLATED_ANON},
	{"isolated(file)", NR_ISOLATED_FILE},
};

static const struct zone_field use_fields[] = {
	{"mlocked", NR_MLOCK},
	{"dirty", NR_FILE_DIRTY},
	{"writeback", NR_WRITEBACK},
	{"mapped", NR_FILE_MAPPED},
	{"shmem", NR_SHMEM},
	{"slab_reclaimable", NR_SLAB_RECLAIMABLE},
	{"slab_unreclaimable", NR_SLAB_UNRECLAIMABLE},
};

static const struct zone_field late_fields[] = {
	{"pagetables", NR_PAGETABLE},
	{"unstable", NR_UNSTABLE_NFS},
	{"bounce", NR_BOUNCE},
};

static void show_fields(const struct zone *z, const struct zone_field *f, size_t n,
			struct strbuf *out)
{
	for (; n--; f++)
		strbuf_addf(out, " %s:%lukB", f->name, K(zone_page_state(z, f->item)));
}

static void node_prefix(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	if (m->numa)
		strbuf_addf(out, "Node %d ", z->nid);
}

static void show_zone(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	node_prefix(m, z, out);
	strbuf_addf(out, "%s free:%lukB min:%lukB low:%lukB high:%lukB", z->name,
		    K(zone_page_state(z, NR_FREE_PAGES)), K(z->watermark[WMARK_MIN]),
		    K(z->watermark[WMARK_LOW]), K(z->watermark[WMARK_HIGH]));
	show_fields(z, lru_fields, ARRAY_SIZE(lru_fields), out);
	strbuf_addf(out, " present:%lukB managed:%lukB", K(z->present_pages), K(z->managed_pages));
	show_fields(z, use_fields, ARRAY_SIZE(use_fields), out);
	strbuf_addf(out, " kernel_stack:%lukB",
		    zone_page_state(z, NR_KERNEL_STACK) * m->arch->stack_kb);
	show_fields(z, late_fields, ARRAY_SIZE(late_fields), out);
	strbuf_addf(out, " free_pcp:%lukB local_pcp:%lukB free_cma:%lukB writeback_tmp:%lukB",
		    K(pcp_pages(m, z)), K(z->pageset[m->cpu].count),
		    K(zone_page_state(z, NR_FREE_CMA_PAGES)),
		    K(zone_page_state(z, NR_WRITEBACK_TEMP)));
	/* the kernel multiplies this count of pages, too */
	strbuf_addf(out, " pages_scanned:%lu all_unreclaimable? %s\n",
		    K(zone_page_state(z, NR_PAGES_SCANNED)), zone_reclaimable(z) ? "no" : "yes");

	strbuf_adds(out, "lowmem_reserve[]:");
	for (int i = 0; i < MAX_NR_ZONES; i++)
		strbuf_addf(out, " %ld", z->lowmem_reserve[i]);
	strbuf_addc(out, '\n');
}

/* One letter for each type that has a block of this order: "(UM) ". */
static void show_types(const struct machine *m, const struct free_area *area, struct strbuf *out)
{
	static const char letter[MIGRATE_TYPES] = {
		[MIGRATE_UNMOVABLE] = 'U',  [MIGRATE_MOVABLE] = 'M', [MIGRATE_RECLAIMABLE] = 'E',
		[MIGRATE_HIGHATOMIC] = 'H', [MIGRATE_ISOLATE] = 'I',
	};

	strbuf_addc(out, '(');
	for (unsigned mt = 0; mt < m->nr_migratetypes; mt++)
		if (area->free_list[mt].head != PFN_NONE)
			strbuf_addc(out, letter[mt]);
	strbuf_adds(out, ") ");
}

static void show_free_lists(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	unsigned long total = 0;

	node_prefix(m, z, out);
	strbuf_addf(out, "%s: ", z->name);
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		const struct free_area *area = &z->free_area[order];

		total += area->nr_free << order;
		strbuf_addf(out, "%lu*%lukB ", area->nr_free, K(1ul << order));
		if (area->nr_free)
			show_types(m, area, out);
	}
	strbuf_addf(out, "= %lukB\n", K(total));
}

static void show_tail(const struct machine *m, struct strbuf *out)
{
	unsigned long present = 0, reserved = 0, high = 0;

	for_each_populated_zone(m, z) {
		present += z->present_pages;
		reserved += z->present_pages - z->managed_pages;
		if (z->highmem)
			high += z->present_pages;
	}
	for (unsigned nid = 0; m->params.hugetlb && nid < m->nr_nodes; nid++)
		strbuf_addf(out,
			    "Node %u hugepages_total=0 hugepages_free=0 hugepages_surp=0 "
			    "hugepages_size=%lukB\n",
			    nid, 1ul << (m->arch->pmd_shift - 10));
	strbuf_addf(out, "%lu total pagecache pages\n", global_page_state(m, NR_FILE_PAGES));
	strbuf_addf(out, "%lu pages RAM\n", present);
	strbuf_addf(out, "%lu pages HighMem/MovableOnly\n", high);
	strbuf_addf(out, "%lu pages reserved\n", reserved);
}

void show_mem(const struct machine *m, struct strbuf *out)
{
	strbuf_adds(out, "Mem-Info:\n");
	show_totals(m, out);
	for_each_populated_zone(m, z)
		show_zone(m, z, out);
	for_each_populated_zone(m, z)
		show_free_lists(m, z, out);
	show_tail(m, out);
}
