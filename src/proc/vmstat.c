/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/vmstat (proc-zones.md 5). */
#include "files.h"
#include <string.h>

/* Pages that could become dirty: free ones that nobody has reserved, and file pages. */
static long dirtyable(unsigned long free, unsigned long reserve, unsigned long file)
{
	return (long)(free - min_of(free, reserve) + file);
}

static long global_dirtyable(const struct machine *m)
{
	long high = 0, x = dirtyable(global_page_state(m, NR_FREE_PAGES), m->totalreserve_pages,
				     global_page_state(m, NR_INACTIVE_FILE) +
					     global_page_state(m, NR_ACTIVE_FILE));

	for_each_populated_zone(m, z)
		if (z->highmem)
			high += dirtyable(zone_page_state(z, NR_FREE_PAGES),
					  z->dirty_balance_reserve,
					  zone_page_state(z, NR_INACTIVE_FILE) +
						  zone_page_state(z, NR_ACTIVE_FILE));
	/* counter differences can make the parts larger than the whole */
	return x - min_of(high, x) + 1;
}

/* Ratios of 20 and 10 percent, in 4096ths; rounded down before they are used. */
static void dirty_thresholds(const struct machine *m, struct strbuf *out)
{
	unsigned long avail = (unsigned long)global_dirtyable(m);
	unsigned long thresh = avail * (20 * PAGE_SIZE / 100) / PAGE_SIZE;
	unsigned long background = avail * (10 * PAGE_SIZE / 100) / PAGE_SIZE;

	if (background >= thresh)
		background = thresh / 2;
	strbuf_addf(out, "nr_dirty_threshold %lu\n", thresh);
	strbuf_addf(out, "nr_dirty_background_threshold %lu\n", background);
}

/* "pgalloc_%s" with the zone's suffix in the place of "%s". */
static void event_name(struct strbuf *out, const char *name, const char *suffix)
{
	const char *hole = strstr(name, "%s");

	if (!hole) {
		strbuf_adds(out, name);
		return;
	}
	strbuf_add(out, name, (size_t)(hole - name));
	strbuf_adds(out, suffix);
	strbuf_adds(out, hole + 2);
}

void vmstat_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	int zone = 0; /* counts through the rows that share one name */

	(void)f;
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		if (stat_exists(m, &zone_stat_name[i]))
			strbuf_addf(out, "%s %lu\n", zone_stat_name[i].name,
				    global_page_state(m, i));
	dirty_thresholds(m, out);
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++) {
		const struct stat_name *n = &vm_event_name[i];

		zone = i && !strcmp(n->name, vm_event_name[i - 1].name) ? zone + 1 : 0;
		if (!stat_exists(m, n))
			continue;
		event_name(out, n->name, m->arch->zone_suffix[zone]);
		strbuf_addf(out, " %lu\n", vm_event_sum(m, i));
	}
}
