/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/meminfo (proc-zones.md 4). */
#include "files.h"
#include <mmsh/mm.h>

static void line(struct strbuf *out, const char *name, unsigned long kbytes)
{
	int len = 0;

	while (name[len])
		len++;
	strbuf_addf(out, "%s:%*s%8lu kB\n", name, max_of(15 - len, 0), "", kbytes);
}

/* What a new program could take without making others suffer. */
static unsigned long available_pages(const struct machine *m)
{
	long low = 0, avail, cache, slab;

	for_each_populated_zone(m, z)
		low += z->watermark[WMARK_LOW];
	avail = (long)global_page_state(m, NR_FREE_PAGES) - (long)m->totalreserve_pages;
	cache = (long)(global_page_state(m, NR_ACTIVE_FILE) +
		       global_page_state(m, NR_INACTIVE_FILE));
	avail += cache - min_of(cache / 2, low);
	slab = (long)global_page_state(m, NR_SLAB_RECLAIMABLE);
	avail += slab - min_of(slab / 2, low);
	return (unsigned long)max_of(avail, 0l);
}

static unsigned long free_highpages(const struct machine *m)
{
	unsigned long n = 0;

	for_each_populated_zone(m, z)
		if (z->highmem)
			n += zone_page_state(z, NR_FREE_PAGES);
	return n;
}

static void highmem_lines(const struct machine *m, struct strbuf *out)
{
	unsigned long free = global_page_state(m, NR_FREE_PAGES), high = free_highpages(m);

	line(out, "HighTotal", K(m->totalhigh_pages));
	line(out, "HighFree", K(high));
	line(out, "LowTotal", K(m->totalram_pages - m->totalhigh_pages));
	line(out, "LowFree", K(free - high));
}

static void hugetlb_lines(const struct machine *m, struct strbuf *out)
{
	static const char *const name[] = {"Total", "Free", "Rsvd", "Surp"};

	for (unsigned i = 0; i < ARRAY_SIZE(name); i++)
		strbuf_addf(out, "HugePages_%s:%*s%5lu\n", name[i], i ? 4 : 3, "", 0ul);
	line(out, "Hugepagesize", 1ul << (m->arch->pmd_shift - 10));
}

/*
 * The direct map takes large pages but for the first one, for an end that is no whole large
 * page, and for a large page that kernel text, which is read-only, shares with other bytes.
 */
static void direct_map_lines(const struct machine *m, struct strbuf *out)
{
	const unsigned long per_large = 1ul << (m->arch->pmd_shift - PAGE_SHIFT);
	unsigned long large = m->max_low_pfn / per_large;
	phys_t text_end = m->params.image.load + m->params.image.etext;
	phys_t text_page = text_end >> m->arch->pmd_shift;

	if (large && text_page && text_page < large &&
	    text_end & ((1ull << m->arch->pmd_shift) - 1))
		large--;
	if (large)
		large--;
	line(out, "DirectMap4k", K(m->max_low_pfn - large * per_large));
	line(out, m->arch->pmd_shift == 22 ? "DirectMap4M" : "DirectMap2M", K(large * per_large));
}

struct meminfo_row {
	const char *name;
	enum zone_stat_item item[2]; /* summed; NR_VM_ZONE_STAT_ITEMS: none */
};
#define NONE NR_VM_ZONE_STAT_ITEMS
#define ROW(name, a)            \
	{                       \
		name,           \
		{               \
			a, NONE \
		}               \
	}

static void rows(const struct machine *m, struct strbuf *out, const struct meminfo_row *r, size_t n)
{
	for (; n--; r++) {
		unsigned long pages = 0;

		for (int i = 0; i < 2; i++)
			if (r->item[i] != NONE)
				pages += global_page_state(m, r->item[i]);
		line(out, r->name, K(pages));
	}
}

static const struct meminfo_row lru_rows[] = {
	ROW("Cached", NR_FILE_PAGES),
	ROW("SwapCached", NONE),
	{"Active", {NR_ACTIVE_ANON, NR_ACTIVE_FILE}},
	{"Inactive", {NR_INACTIVE_ANON, NR_INACTIVE_FILE}},
	ROW("Active(anon)", NR_ACTIVE_ANON),
	ROW("Inactive(anon)", NR_INACTIVE_ANON),
	ROW("Active(file)", NR_ACTIVE_FILE),
	ROW("Inactive(file)", NR_INACTIVE_FILE),
	ROW("Unevictable", NR_UNEVICTABLE),
	ROW("Mlocked", NR_MLOCK),
};

static const struct meminfo_row use_rows[] = {
	ROW("SwapTotal", NONE),
	ROW("SwapFree", NONE),
	ROW("Dirty", NR_FILE_DIRTY),
	ROW("Writeback", NR_WRITEBACK),
	ROW("AnonPages", NR_ANON_PAGES),
	ROW("Mapped", NR_FILE_MAPPED),
	ROW("Shmem", NR_SHMEM),
	{"Slab", {NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE}},
	ROW("SReclaimable", NR_SLAB_RECLAIMABLE),
	ROW("SUnreclaim", NR_SLAB_UNRECLAIMABLE),
};

static const struct meminfo_row kernel_rows[] = {
	ROW("PageTables", NR_PAGETABLE),
	ROW("NFS_Unstable", NR_UNSTABLE_NFS),
	ROW("Bounce", NR_BOUNCE),
	ROW("WritebackTmp", NR_WRITEBACK_TEMP),
};

void meminfo_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)f;
	line(out, "MemTotal", K(m->totalram_pages));
	line(out, "MemFree", K(global_page_state(m, NR_FREE_PAGES)));
	line(out, "MemAvailable", K(available_pages(m)));
	line(out, "Buffers", 0);
	rows(m, out, lru_rows, ARRAY_SIZE(lru_rows));
	if (machine_has_highmem(m))
		highmem_lines(m, out);
	rows(m, out, use_rows, ARRAY_SIZE(use_rows));
	line(out, "KernelStack", global_page_state(m, NR_KERNEL_STACK) * m->arch->stack_kb);
	rows(m, out, kernel_rows, ARRAY_SIZE(kernel_rows));
	line(out, "CommitLimit", K(vm_commit_limit(m)));
	line(out, "Committed_AS", m->mm ? K(max_of(m->mm->committed, 0l)) : 0);
	line(out, "VmallocTotal", (m->layout.vmalloc_end - m->layout.vmalloc_start) >> 10);
	line(out, "VmallocUsed", 0);
	line(out, "VmallocChunk", 0);
	if (m->params.hugetlb)
		hugetlb_lines(m, out);
	direct_map_lines(m, out);
}
