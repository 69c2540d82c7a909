/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/buddyinfo and /proc/pagetypeinfo (proc-zones.md 1, 2). */
#include "files.h"
#include <mmsh/page_alloc.h>

void buddyinfo_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)f;
	for_each_populated_zone(m, z) {
		strbuf_addf(out, "Node %d, zone %8s ", z->nid, z->name);
		for (unsigned order = 0; order < MAX_ORDER; order++)
			strbuf_addf(out, "%6lu ", z->free_area[order].nr_free);
		strbuf_addc(out, '\n');
	}
}

/* Walked, as the kernel does: nr_free does not tell the types apart. */
static unsigned long list_length(const struct machine *m, const struct zone *z, unsigned order,
				 unsigned mt)
{
	unsigned long n = 0;

	for (pfn_t pfn = z->free_area[order].free_list[mt].head; pfn != PFN_NONE;
	     pfn = free_list_next(m, order, pfn))
		n++;
	return n;
}

static void zone_free_types(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	for (unsigned mt = 0; mt < m->nr_migratetypes; mt++) {
		strbuf_addf(out, "Node %4d, zone %8s, type %12s ", z->nid, z->name,
			    migratetype_names[mt]);
		for (unsigned order = 0; order < MAX_ORDER; order++)
			strbuf_addf(out, "%6lu ", list_length(m, z, order, mt));
		strbuf_addc(out, '\n');
	}
}

/* Samples one pfn a pageblock, from the zone's start: a last part may be missed. */
static void zone_block_types(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	unsigned long count[MIGRATE_TYPES] = {0};
	uint64_t end = z->start_pfn + (uint64_t)z->spanned_pages;

	for (uint64_t pfn = z->start_pfn; pfn < end; pfn += 1u << m->pageblock_order) {
		if (pfn_valid(m, pfn))
			count[get_pageblock_migratetype(m, z, (pfn_t)pfn) % MIGRATE_TYPES]++;
	}
	strbuf_addf(out, "Node %d, zone %8s ", z->nid, z->name);
	for (unsigned mt = 0; mt < m->nr_migratetypes; mt++)
		strbuf_addf(out, "%12lu ", count[mt]);
	strbuf_addc(out, '\n');
}

static void node_pagetypeinfo(const struct machine *m, const struct pglist_data *node,
			      struct strbuf *out)
{
	strbuf_addf(out, "Page block order: %u\n", m->pageblock_order);
	strbuf_addf(out, "Pages per block:  %lu\n\n", 1ul << m->pageblock_order);

	strbuf_addf(out, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned order = 0; order < MAX_ORDER; order++)
		strbuf_addf(out, "%6u ", order);
	strbuf_addc(out, '\n');
	for (int i = 0; i < MAX_NR_ZONES; i++)
		if (populated_zone(&node->zone[i]))
			zone_free_types(m, &node->zone[i], out);

	strbuf_addf(out, "\n%-23s", "Number of blocks type ");
	for (unsigned mt = 0; mt < m->nr_migratetypes; mt++)
		strbuf_addf(out, "%12s ", migratetype_names[mt]);
	strbuf_addc(out, '\n');
	for (int i = 0; i < MAX_NR_ZONES; i++)
		if (populated_zone(&node->zone[i]))
			zone_block_types(m, &node->zone[i], out);
}

void pagetypeinfo_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)f;
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (m->node[nid] && m->node[nid]->present_pages)
			node_pagetypeinfo(m, m->node[nid], out);
}
