/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/zoneinfo (proc-zones.md 3). */
#include "files.h"

static void zone_pagesets(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	strbuf_adds(out, "  pagesets\n");
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct per_cpu_pageset *ps = &z->pageset[cpu];

		strbuf_addf(out,
			    "    cpu: %u\n"
			    "              count: %i\n"
			    "              high:  %i\n"
			    "              batch: %i\n"
			    "  vm stats threshold: %d\n",
			    cpu, ps->count, ps->high, ps->batch, ps->stat_threshold);
	}
}

static void zone_show(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	strbuf_addf(out, "Node %d, zone %8s\n", z->nid, z->name);
	strbuf_addf(out,
		    "  pages free     %lu\n"
		    "        min      %lu\n"
		    "        low      %lu\n"
		    "        high     %lu\n"
		    "        scanned  %lu\n"
		    "        spanned  %lu\n"
		    "        present  %lu\n"
		    "        managed  %lu\n",
		    zone_page_state(z, NR_FREE_PAGES), z->watermark[WMARK_MIN],
		    z->watermark[WMARK_LOW], z->watermark[WMARK_HIGH],
		    zone_page_state(z, NR_PAGES_SCANNED), z->spanned_pages, z->present_pages,
		    z->managed_pages);

	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		if (stat_exists(m, &zone_stat_name[i]))
			strbuf_addf(out, "    %-12s %lu\n", zone_stat_name[i].name,
				    zone_page_state(z, i));

	strbuf_addf(out, "        protection: (%ld", z->lowmem_reserve[0]);
	for (int i = 1; i < MAX_NR_ZONES; i++)
		strbuf_addf(out, ", %ld", z->lowmem_reserve[i]);
	strbuf_adds(out, ")\n");

	zone_pagesets(m, z, out);
	strbuf_addf(out,
		    "  all_unreclaimable: %u\n"
		    "  start_pfn:         %u\n"
		    "  inactive_ratio:    %lu\n",
		    !zone_reclaimable(z), z->start_pfn, z->inactive_ratio);
}

void zoneinfo_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)f;
	for_each_populated_zone(m, z)
		zone_show(m, z, out);
}
