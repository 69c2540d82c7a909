/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /sys/devices/system/node: what a kernel with NUMA tells of its nodes (proc-zones.md 5.4). */
#include "files.h"
#include <mmsh/compaction.h>

bool if_numa(const struct machine *m, uint64_t *n)
{
	(void)n;
	return m->numa;
}

bool if_highmem(const struct machine *m, uint64_t *n)
{
	(void)n;
	return machine_has_highmem(m);
}

bool if_numa_highmem(const struct machine *m, uint64_t *n)
{
	return if_numa(m, n) && if_highmem(m, n);
}

bool if_32bit(const struct machine *m, uint64_t *n)
{
	(void)n;
	return m->arch->bits == 32;
}

bool each_node(const struct machine *m, uint64_t *n)
{
	return m->numa && *n < m->nr_nodes;
}

/* ---- sets of nodes ---- */

static bool node_online(const struct machine *m, unsigned nid)
{
	(void)m;
	(void)nid;
	return true;
}

static uint64_t node_cpus(const struct machine *m, unsigned nid)
{
	uint64_t cpus = 0;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		cpus |= (uint64_t)(m->cpu_to_node[cpu] == nid) << cpu;
	return cpus;
}

static bool node_has_cpu(const struct machine *m, unsigned nid)
{
	return node_cpus(m, nid) != 0;
}

static bool node_has_memory(const struct machine *m, unsigned nid)
{
	return m->node[nid]->present_pages != 0;
}

static bool node_has_normal_memory(const struct machine *m, unsigned nid)
{
	for (int i = 0; i <= m->arch->zone_normal; i++)
		if (populated_zone(&m->node[nid]->zone[i]))
			return true;
	return false;
}

const struct node_state node_state[NR_NODE_STATES] = {
	[NODES_ONLINE] = {node_online},
	[NODES_CPU] = {node_has_cpu},
	[NODES_MEMORY] = {node_has_memory},
	[NODES_NORMAL_MEMORY] = {node_has_normal_memory},
};

void node_states_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	const struct node_state *s = f->data;
	uint64_t nodes = 0;

	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		nodes |= (uint64_t)s->has(m, nid) << nid;
	bitlist_format(nodes, out);
	strbuf_addc(out, '\n');
}

/* ---- one node ---- */

void node_cpulist_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	bitlist_format(node_cpus(m, (unsigned)f->n), out);
	strbuf_addc(out, '\n');
}

/* In words of 32 bits, the first as wide as the CPUs need. */
void node_cpumap_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	uint64_t cpus = node_cpus(m, (unsigned)f->n);
	unsigned high = m->nr_cpus > 32 ? m->nr_cpus - 32 : m->nr_cpus;

	strbuf_addf(out, "%0*x", (int)(high + 3) / 4,
		    (unsigned)(m->nr_cpus > 32 ? cpus >> 32 : cpus));
	if (m->nr_cpus > 32)
		strbuf_addf(out, ",%08x", (unsigned)cpus);
	strbuf_addc(out, '\n');
}

void node_distance_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		strbuf_addf(out, "%s%u", nid ? " " : "", node_distance(m, (unsigned)f->n, nid));
	strbuf_addc(out, '\n');
}

static unsigned long node_page_state(const struct machine *m, unsigned nid, enum zone_stat_item item)
{
	unsigned long n = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		n += zone_page_state(&m->node[nid]->zone[i], item);
	return n;
}

void node_numastat_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	static const char *const name[] = {
		"numa_hit", "numa_miss", "numa_foreign", "interleave_hit", "local_node", "other_node",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(name); i++)
		strbuf_addf(out, "%s %lu\n", name[i],
			    node_page_state(m, (unsigned)f->n, NUMA_HIT + i));
}

void node_vmstat_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		strbuf_addf(out, "%s %lu\n", zone_stat_name[i].name,
			    node_page_state(m, (unsigned)f->n, i));
}

int node_compact_write(struct machine *m, const struct proc_file *f, const char *text)
{
	(void)text;
	compact_node(m, (unsigned)f->n);
	return 0;
}

/* ---- meminfo ---- */

struct node_row {
	const char *name;
	enum zone_stat_item item[2]; /* summed; NR_VM_ZONE_STAT_ITEMS: none */
};
#define NONE NR_VM_ZONE_STAT_ITEMS

static const struct node_row lru_rows[] = {
	{"Active:", {NR_ACTIVE_ANON, NR_ACTIVE_FILE}},
	{"Inactive:", {NR_INACTIVE_ANON, NR_INACTIVE_FILE}},
	{"Active(anon):", {NR_ACTIVE_ANON, NONE}},
	{"Inactive(anon):", {NR_INACTIVE_ANON, NONE}},
	{"Active(file):", {NR_ACTIVE_FILE, NONE}},
	{"Inactive(file):", {NR_INACTIVE_FILE, NONE}},
	{"Unevictable:", {NR_UNEVICTABLE, NONE}},
	{"Mlocked:", {NR_MLOCK, NONE}},
};

static const struct node_row file_rows[] = {
	{"Dirty:", {NR_FILE_DIRTY, NONE}},
	{"Writeback:", {NR_WRITEBACK, NONE}},
	{"FilePages:", {NR_FILE_PAGES, NONE}},
	{"Mapped:", {NR_FILE_MAPPED, NONE}},
	{"AnonPages:", {NR_ANON_PAGES, NONE}},
	{"Shmem:", {NR_SHMEM, NONE}},
};

static const struct node_row kernel_rows[] = {
	{"PageTables:", {NR_PAGETABLE, NONE}},
	{"NFS_Unstable:", {NR_UNSTABLE_NFS, NONE}},
	{"Bounce:", {NR_BOUNCE, NONE}},
	{"WritebackTmp:", {NR_WRITEBACK_TEMP, NONE}},
	{"Slab:", {NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE}},
	{"SReclaimable:", {NR_SLAB_RECLAIMABLE, NONE}},
	{"SUnreclaim:", {NR_SLAB_UNRECLAIMABLE, NONE}},
};

static void line(struct strbuf *out, unsigned nid, const char *name, unsigned long kbytes)
{
	strbuf_addf(out, "Node %u %-15s %8lu kB\n", nid, name, kbytes);
}

static void rows(const struct machine *m, unsigned nid, const struct node_row *r, size_t n,
		 struct strbuf *out)
{
	for (; n--; r++) {
		unsigned long pages = node_page_state(m, nid, r->item[0]);

		if (r->item[1] != NONE)
			pages += node_page_state(m, nid, r->item[1]);
		line(out, nid, r->name, K(pages));
	}
}

/* ZONE_MOVABLE does not count as high memory here, unlike in /proc/meminfo. */
static void highmem_lines(const struct machine *m, unsigned nid, unsigned long total,
			  unsigned long free, struct strbuf *out)
{
	const struct zone *high = &m->node[nid]->zone[m->arch->zone_highmem];
	unsigned long high_free = zone_page_state(high, NR_FREE_PAGES);

	line(out, nid, "HighTotal:", K(high->managed_pages));
	line(out, nid, "HighFree:", K(high_free));
	line(out, nid, "LowTotal:", K(total - high->managed_pages));
	line(out, nid, "LowFree:", K(free - high_free));
}

void node_meminfo_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	static const char *const huge[] = {"Total: ", "Free:  ", "Surp:  "};
	unsigned nid = (unsigned)f->n;
	unsigned long total = 0, free = node_page_state(m, nid, NR_FREE_PAGES);

	for (int i = 0; i < MAX_NR_ZONES; i++)
		total += m->node[nid]->zone[i].managed_pages;
	line(out, nid, "MemTotal:", K(total));
	line(out, nid, "MemFree:", K(free));
	line(out, nid, "MemUsed:", K(total - free));
	rows(m, nid, lru_rows, ARRAY_SIZE(lru_rows), out);
	if (machine_has_highmem(m))
		highmem_lines(m, nid, total, free, out);
	rows(m, nid, file_rows, ARRAY_SIZE(file_rows), out);
	line(out, nid, "KernelStack:", node_page_state(m, nid, NR_KERNEL_STACK) * m->arch->stack_kb);
	rows(m, nid, kernel_rows, ARRAY_SIZE(kernel_rows), out);
	for (unsigned i = 0; i < ARRAY_SIZE(huge) && m->params.hugetlb; i++)
		strbuf_addf(out, "Node %u HugePages_%s%5u\n", nid, huge[i], 0);
}
