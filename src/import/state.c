/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A machine's state as text: the buddy dump of the recordings, and after it, in lines of
 * the same kind, what a recording lacks (allocated blocks, the LRU lists, all counters,
 * sections that were added, settings). The bytes in RAM, the kernel log, and who has the
 * allocated blocks are not part of it, nor what is counted by who has them.
 */
#include "dump.h"
#include <errno.h>
#include <mmsh/audit.h>
#include <mmsh/memory_hotplug.h>
#include <mmsh/mm.h>
#include <mmsh/page_alloc.h>
#include <mmsh/state.h>
#include <mmsh/task.h>
#include <mmsh/vmalloc.h>
#include <stdio.h>
#include <zlib.h>

#define STATE_VERSION 1
#define MAX_FILE (256u << 20) /* no state or recording comes near that */

/* ---- files ---- */

static int read_all(gzFile f, const char *path, struct strbuf *out, struct mm_error *e)
{
	char buf[1 << 16];
	int n, zerr;

	while ((n = gzread(f, buf, sizeof(buf))) > 0) {
		strbuf_add(out, buf, (size_t)n);
		if (out->failed)
			return mm_error(e, -ENOMEM, "%.120s: the host has no memory for it", path);
		if (out->len > MAX_FILE)
			return mm_error(e, -EFBIG, "%.120s: larger than %u MiB", path, MAX_FILE >> 20);
	}
	gzerror(f, &zerr);
	if (zerr == Z_ERRNO && errno)
		return mm_error(e, -errno, "%.120s: %s", path, strerror(errno));
	if (n < 0 || zerr == Z_BUF_ERROR)
		return mm_error(e, -EINVAL, "%.120s: the compressed file is %s", path,
				zerr == Z_BUF_ERROR ? "cut off" : "damaged");
	return 0;
}

int read_file(const char *path, struct strbuf *out, struct mm_error *e)
{
	gzFile f;
	int err;

	errno = 0;
	f = gzopen(path, "rb");
	if (!f)
		return mm_error(e, errno ? -errno : -ENOMEM, "%.120s: %s", path,
				strerror(errno ? errno : ENOMEM));
	err = read_all(f, path, out, e);
	/* closing tells when the end of the compressed data never came */
	if (gzclose_r(f) != Z_OK && !err)
		err = mm_error(e, -EINVAL, "%.120s: the compressed file is cut off", path);
	return err;
}

/* ---- what a dump lacks ---- */

static const struct field machine_fields[] = {
	FIELD(struct machine, "cpu", cpu, FIELD_DEC),
	FIELD(struct machine, "numa", numa, FIELD_BOOL),
	FIELD(struct machine, "zonelist_order", zonelist_order, FIELD_LETTER),
	FIELD(struct machine, "jiffies", jiffies, FIELD_DEC),
	FIELD(struct machine, "seed", params.seed, FIELD_DEC),
	FIELD(struct machine, "min_free_kbytes", min_free_kbytes, FIELD_SIGNED),
	FIELD(struct machine, "user_min_free_kbytes", user_min_free_kbytes, FIELD_SIGNED),
	FIELD_LIST(struct machine, "lowmem_reserve_ratio", lowmem_reserve_ratio[0],
		   lowmem_reserve_ratio[1], MAX_NR_ZONES - 1, FIELD_SIGNED),
	FIELD(struct machine, "percpu_pagelist_fraction", percpu_pagelist_fraction, FIELD_SIGNED),
	FIELD(struct machine, "extfrag_threshold", extfrag_threshold, FIELD_SIGNED),
	FIELD(struct machine, "drop_caches", drop_caches, FIELD_SIGNED),
	FIELD(struct machine, "compact_unevictable_allowed", compact_unevictable_allowed,
	      FIELD_SIGNED),
	FIELD(struct machine, "ratelimit_begin", ratelimit_begin, FIELD_DEC),
	FIELD(struct machine, "ratelimit_printed", ratelimit_printed, FIELD_DEC),
	FIELD(struct machine, "ratelimit_missed", ratelimit_missed, FIELD_DEC),
	FIELD(struct machine, "warned_order", warned_order, FIELD_BOOL),
	{.name = NULL},
};

static const struct field kswapd_fields[] = {
	FIELD(struct pglist_data, "max_order", kswapd_max_order, FIELD_SIGNED),
	FIELD(struct pglist_data, "classzone_idx", kswapd_classzone_idx, FIELD_SIGNED),
	FIELD(struct pglist_data, "awake", kswapd_awake, FIELD_BOOL),
	{.name = NULL},
};

static const struct field compact_fields[] = {
	FIELD_LIST(struct zone, "migrate_pfn", compact_cached_migrate_pfn[0],
		   compact_cached_migrate_pfn[1], 2, FIELD_DEC),
	FIELD(struct zone, "free_pfn", compact_cached_free_pfn, FIELD_DEC),
	FIELD(struct zone, "considered", compact_considered, FIELD_DEC),
	FIELD(struct zone, "defer_shift", compact_defer_shift, FIELD_DEC),
	FIELD(struct zone, "order_failed", compact_order_failed, FIELD_SIGNED),
	FIELD(struct zone, "blockskip_flush", compact_blockskip_flush, FIELD_BOOL),
	{.name = NULL},
};

static const struct field counter_fields[] = {
	FIELD_LIST(struct zone, "counters", vm_stat[0], vm_stat[1], NR_VM_ZONE_STAT_ITEMS,
		   FIELD_SIGNED),
	{.name = NULL},
};

static const struct field diff_fields[] = {
	FIELD_LIST(struct per_cpu_pageset, "diffs", vm_stat_diff[0], vm_stat_diff[1],
		   NR_VM_ZONE_STAT_ITEMS, FIELD_SIGNED),
	{.name = NULL},
};

/* Counts of pages that somebody has; in a state they are nobody's. */
static const enum zone_stat_item of_owners[] = {
	NR_MLOCK,	     NR_ANON_PAGES, NR_FILE_MAPPED,   NR_FILE_PAGES,
	NR_FILE_DIRTY,	     NR_WRITEBACK,  NR_UNSTABLE_NFS,  NR_SLAB_RECLAIMABLE,
	NR_SLAB_UNRECLAIMABLE, NR_PAGETABLE,  NR_KERNEL_STACK, NR_BOUNCE,
	NR_SHMEM,
};

static const struct field section_fields[] = {
	FIELD(struct mem_section, "state", state, FIELD_DEC),
	FIELD(struct mem_section, "zone", zone, FIELD_DEC),
	FIELD(struct mem_section, "memmap", memmap, FIELD_DEC),
	{.name = NULL},
};

struct event_counts {
	unsigned long n[NR_VM_EVENT_ITEMS];
};

static const struct field event_fields[] = {
	FIELD_LIST(struct event_counts, "counts", n[0], n[1], NR_VM_EVENT_ITEMS, FIELD_DEC),
	{.name = NULL},
};

/* ---- writing ---- */

static bool page_in_use(const struct page *p)
{
	return p->_refcount > 0 && !(p->block & (BLOCK_BUDDY | BLOCK_PCP)) &&
	       !(p->flags & PG(reserved));
}

/* The allocated blocks of one kind; all kinds have lists of their own, as free blocks have. */
static void used_write(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	struct pfn_lines lines[MAX_ORDER][2] = {0};
	struct strbuf text[MAX_ORDER][2] = {0};

	for (unsigned order = 0; order < MAX_ORDER; order++)
		for (unsigned comp = 0; comp < 2; comp++) {
			struct pfn_lines *l = &lines[order][comp];

			l->out = &text[order][comp];
			snprintf(l->head, sizeof(l->head), "used node=%u zone=%s order=%u comp=%u",
				 z->nid, z->name, order, comp);
		}
	for (uint64_t pfn = z->start_pfn; pfn < zone_end_pfn(z); pfn++) {
		const struct page *p = pfn_to_page(m, (pfn_t)pfn);

		if (!page_in_use(p) || block_zone(p->block) != z->id)
			continue;
		pfn_lines_add(&lines[block_order(p->block)][!!(p->flags & PG(head))], (pfn_t)pfn);
		pfn += (1u << block_order(p->block)) - 1;
	}
	for (unsigned i = 0; i < MAX_ORDER * 2; i++) {
		pfn_lines_end(&lines[i / 2][i % 2]);
		strbuf_adds(out, strbuf_str(&text[i / 2][i % 2]));
		out->failed |= text[i / 2][i % 2].failed;
		strbuf_free(&text[i / 2][i % 2]);
	}
}

/* From the tail, so that putting them back one by one gives the same list. */
static void lru_write(const struct machine *m, const struct zone *z, unsigned lru,
		      struct strbuf *out)
{
	struct pfn_lines l = {.out = out};

	snprintf(l.head, sizeof(l.head), "lru node=%u zone=%s list=%u", z->nid, z->name, lru);
	for (pfn_t pfn = z->lru[lru].tail; pfn != PFN_NONE; pfn = m->mem_map[pfn].lru.prev)
		pfn_lines_add(&l, pfn);
	pfn_lines_end(&l);
}

static void counters_write(const struct zone *z, struct strbuf *out)
{
	struct zone known = *z;

	for (unsigned i = 0; i < ARRAY_SIZE(of_owners); i++)
		known.vm_stat[of_owners[i]] = 0;
	strbuf_adds(out, "\ncounters");
	put_zone(out, z);
	fields_put(out, counter_fields, &known);
	strbuf_addc(out, '\n');
}

static void diffs_write(const struct zone *z, unsigned cpu, struct strbuf *out)
{
	struct per_cpu_pageset known = z->pageset[cpu];

	for (unsigned i = 0; i < ARRAY_SIZE(of_owners); i++)
		known.vm_stat_diff[of_owners[i]] = 0;
	strbuf_adds(out, "diffs");
	put_zone(out, z);
	strbuf_addf(out, " cpu=%u", cpu);
	fields_put(out, diff_fields, &known);
	strbuf_addc(out, '\n');
}

static void zone_rest_write(const struct machine *m, const struct zone *z, struct strbuf *out)
{
	used_write(m, z, out);
	for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
		lru_write(m, z, lru, out);
	strbuf_adds(out, "skip");
	put_zone(out, z);
	strbuf_adds(out, " runs=");
	put_runs(m, z, PB_SKIP, out);
	strbuf_adds(out, "\ncompact");
	put_zone(out, z);
	fields_put(out, compact_fields, z);
	counters_write(z, out);
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		diffs_write(z, cpu, out);
}

/* Those that are not as boot left them: added, or offline. */
static void sections_write(const struct machine *m, struct strbuf *out)
{
	for (uint64_t i = 0; i < m->nr_sections; i++) {
		const struct mem_section *s = &m->section[i];

		if (!s->state || s->state == (SECTION_PRESENT | SECTION_ONLINE))
			continue;
		strbuf_addf(out, "section nr=%llu", (unsigned long long)i);
		fields_put(out, section_fields, s);
		strbuf_addc(out, '\n');
	}
}

/* How far the other nodes are, and which CPUs sit here. */
static void numa_write(const struct machine *m, unsigned nid, struct strbuf *out)
{
	uint64_t cpus = 0;

	strbuf_addf(out, "numa node=%u distance=", nid);
	for (unsigned to = 0; to < m->nr_nodes; to++)
		strbuf_addf(out, "%s%u", to ? "," : "", node_distance(m, nid, to));
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		cpus |= (uint64_t)(m->cpu_to_node[cpu] == nid) << cpu;
	strbuf_addf(out, " cpus=0x%llx\n", (unsigned long long)cpus);
}

void state_write(const struct machine *m, const char *stage, struct strbuf *out)
{
	strbuf_addf(out, "exp name=state version=%d model=%s\n", STATE_VERSION, m->model->name);
	const_write(m, out);
	memblock_write(m, out);
	dump_write(m, stage, out);
	strbuf_adds(out, "machine");
	fields_put(out, machine_fields, m);
	strbuf_addc(out, '\n');
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		strbuf_addf(out, "kswapd node=%u", nid);
		fields_put(out, kswapd_fields, m->node[nid]);
		strbuf_addc(out, '\n');
	}
	for (unsigned nid = 0; m->nr_nodes > 1 && nid < m->nr_nodes; nid++)
		numa_write(m, nid, out);
	for_each_populated_zone(m, z)
		zone_rest_write(m, z, out);
	sections_write(m, out);
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		strbuf_addf(out, "events cpu=%u", cpu);
		fields_put(out, event_fields, m->vm_event[cpu]);
		strbuf_addc(out, '\n');
	}
	strbuf_adds(out, "endstate\n");
}

static void leave_out(struct strbuf *what, unsigned long n, const char *one, const char *many)
{
	if (n)
		strbuf_addf(what, "%s%lu %s", what->len ? ", " : "", n, n == 1 ? one : many);
}

void state_leaves_out(const struct machine *m, struct strbuf *what)
{
	unsigned long tasks = 0, files = 0, areas = 0;
	const struct address_space *f;
	const struct task_struct *t;
	const struct vmap_area *va;

	if (m->mm) {
		LIST_FOREACH (t, &m->mm->tasks, list)
			tasks++;
		LIST_FOREACH (f, &m->mm->files, list)
			files += f->nrpages > 0;
	}
	if (m->vmalloc)
		TAILQ_FOREACH (va, &m->vmalloc->list, list)
			areas += va->vm && va->vm->nr_pages;
	leave_out(what, tasks, "process", "processes");
	leave_out(what, files, "cached file", "cached files");
	leave_out(what, areas, "vmalloc area", "vmalloc areas");
	if (m->slab)
		strbuf_addf(what, "%sthe small objects of %s", what->len ? ", " : "",
			    m->slab->ops->name);
}

/* ---- reading ---- */

struct rest {
	struct dump_source *d;
	struct scan *s;
	struct mm_error *e;
	struct machine *m;
};

static int bad(struct rest *r, const char *what)
{
	return scan_error(r->s, r->e, "%s", what);
}

static int load_machine(struct rest *r)
{
	struct machine *m = r->m;

	if (fields_get(r->s, machine_fields, m, NULL, r->e))
		return -EINVAL;
	if (machine_set_cpu(m, m->cpu) || m->min_free_kbytes < 0 || m->percpu_pagelist_fraction < 0 ||
	    m->extfrag_threshold < 0 || m->extfrag_threshold > 1000)
		return bad(r, "no such CPU, or no such setting");
	return 0;
}

static int load_kswapd(struct rest *r)
{
	struct pglist_data *n;
	uint32_t nid;

	if (!scan_word(r->s, "node=") || !scan_u32(r->s, &nid) || nid >= r->m->nr_nodes)
		return bad(r, "there is no such node");
	n = r->m->node[nid];
	if (fields_get(r->s, kswapd_fields, n, NULL, r->e))
		return -EINVAL;
	if (n->kswapd_max_order < 0 || n->kswapd_max_order >= MAX_ORDER ||
	    n->kswapd_classzone_idx < 0 || n->kswapd_classzone_idx >= MAX_NR_ZONES)
		return bad(r, "kswapd was woken for no such order or zone");
	return 0;
}

static int load_numa(struct rest *r)
{
	uint64_t cpus, all = r->m->nr_cpus < 64 ? (1ull << r->m->nr_cpus) - 1 : ~0ull;
	uint32_t nid, distance;

	if (!scan_word(r->s, "node=") || !scan_u32(r->s, &nid) || nid >= r->m->nr_nodes ||
	    !scan_word(r->s, " distance="))
		return bad(r, "there is no such node");
	for (unsigned to = 0; to < r->m->nr_nodes; to++) {
		if ((to && !scan_char(r->s, ',')) || !scan_u32(r->s, &distance) ||
		    distance > UINT8_MAX)
			return bad(r, "not the distances of a node");
		r->m->distance[nid * r->m->nr_nodes + to] = (uint8_t)distance;
	}
	if (!scan_word(r->s, " cpus=") || !scan_u64(r->s, &cpus) || cpus & ~all)
		return bad(r, "not the CPUs of a node");
	for (unsigned cpu = 0; cpu < r->m->nr_cpus; cpu++)
		if (cpus >> cpu & 1)
			r->m->cpu_to_node[cpu] = (uint8_t)nid;
	return 0;
}

static void claim_compound(struct machine *m, pfn_t pfn, unsigned order)
{
	pfn_to_page(m, pfn)->flags |= PG(head);
	for (pfn_t i = 1; i < 1u << order; i++) {
		pfn_to_page(m, pfn + i)->flags |= PG(tail);
		pfn_to_page(m, pfn + i)->index = pfn;
	}
}

static int load_used(struct rest *r)
{
	struct zone *z = line_zone(r->s, r->m, r->e);
	uint32_t order, comp, part, pfn;

	if (!z)
		return -EINVAL;
	if (!scan_word(r->s, "order=") || !scan_u32(r->s, &order) || order >= MAX_ORDER ||
	    !scan_word(r->s, " comp=") || !scan_u32(r->s, &comp) || comp > (order > 0) ||
	    !scan_word(r->s, " part=") || !scan_u32(r->s, &part) || !scan_word(r->s, " pfns="))
		return bad(r, "expects order=N comp=0|1 part=N pfns=");
	while (!scan_at_end(r->s)) {
		if (!scan_u32(r->s, &pfn) || (!scan_at_end(r->s) && !scan_char(r->s, ',')))
			return bad(r, "not a list of pages");
		if (source_take(r->d, r->m, z, pfn, order))
			return -EINVAL;
		if (z->foreign_pages < 1ul << order)
			return bad(r, "more pages than the zone manages");
		z->foreign_pages -= 1ul << order;
		claim_block(r->m, z, pfn, order);
		if (comp)
			claim_compound(r->m, pfn, order);
	}
	return 0;
}

static int load_lru(struct rest *r)
{
	struct zone *z = line_zone(r->s, r->m, r->e);
	uint32_t list, part, pfn;

	if (!z)
		return -EINVAL;
	if (!scan_word(r->s, "list=") || !scan_u32(r->s, &list) || list >= NR_LRU_LISTS ||
	    !scan_word(r->s, " part=") || !scan_u32(r->s, &part) || !scan_word(r->s, " pfns="))
		return bad(r, "expects list=N part=N pfns=");
	while (!scan_at_end(r->s)) {
		const struct page *p;

		if (!scan_u32(r->s, &pfn) || (!scan_at_end(r->s) && !scan_char(r->s, ',')))
			return bad(r, "not a list of pages");
		p = pfn_to_zone(r->m, pfn) == z ? pfn_to_page(r->m, pfn) : NULL;
		if (!p || !page_in_use(p) || block_order(p->block) || (p->flags & PG(lru)))
			return scan_error(r->s, r->e, "pfn %u is not a single page in use", pfn);
		lru_add(r->m, pfn, (enum lru_list)list);
	}
	return 0;
}

static int load_skip(struct rest *r)
{
	struct zone *z = line_zone(r->s, r->m, r->e);

	if (!z || !scan_word(r->s, "runs="))
		return z ? bad(r, "expects runs=") : -EINVAL;
	return get_runs(r->s, r->m, z, PB_SKIP, 1, r->e);
}

static int load_compact(struct rest *r)
{
	struct zone *z = line_zone(r->s, r->m, r->e);

	if (!z || fields_get(r->s, compact_fields, z, NULL, r->e))
		return -EINVAL;
	if (z->compact_defer_shift > 6)
		return bad(r, "defer_shift is at most 6");
	return 0;
}

/* The dump had these counters, too. */
static bool same_counts(long free, long batch, long free2, long batch2)
{
	return free == free2 && batch == batch2;
}

static const char nobodys[] = "counts pages of processes, files or objects, which no state holds";

static int load_counters(struct rest *r)
{
	struct zone *z = line_zone(r->s, r->m, r->e);
	long free, batch;

	if (!z)
		return -EINVAL;
	free = z->vm_stat[NR_FREE_PAGES];
	batch = z->vm_stat[NR_ALLOC_BATCH];
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		r->m->vm_stat[i] -= z->vm_stat[i];
	if (fields_get(r->s, counter_fields, z, NULL, r->e))
		return -EINVAL;
	if (!same_counts(free, batch, z->vm_stat[NR_FREE_PAGES], z->vm_stat[NR_ALLOC_BATCH]))
		return bad(r, "the counters are not those of the zstat line");
	for (unsigned i = 0; i < ARRAY_SIZE(of_owners); i++)
		if (z->vm_stat[of_owners[i]])
			return bad(r, nobodys);
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		r->m->vm_stat[i] += z->vm_stat[i];
	return 0;
}

static int load_diffs(struct rest *r)
{
	struct zone *z = line_zone(r->s, r->m, r->e);
	struct per_cpu_pageset *ps;
	long free, batch;
	uint32_t cpu;

	if (!z)
		return -EINVAL;
	if (!scan_word(r->s, "cpu=") || !scan_u32(r->s, &cpu) || cpu >= r->m->nr_cpus)
		return bad(r, "there is no such CPU");
	ps = &z->pageset[cpu];
	free = ps->vm_stat_diff[NR_FREE_PAGES];
	batch = ps->vm_stat_diff[NR_ALLOC_BATCH];
	if (fields_get(r->s, diff_fields, ps, NULL, r->e))
		return -EINVAL;
	if (!same_counts(free, batch, ps->vm_stat_diff[NR_FREE_PAGES],
			 ps->vm_stat_diff[NR_ALLOC_BATCH]))
		return bad(r, "the differences are not those of the pset line");
	for (unsigned i = 0; i < ARRAY_SIZE(of_owners); i++)
		if (ps->vm_stat_diff[of_owners[i]])
			return bad(r, nobodys);
	return 0;
}

static int load_section(struct rest *r)
{
	uint64_t per = pages_per_section(r->m), nr;
	struct mem_section s = {0};

	if (!scan_word(r->s, "nr=") || !scan_u64(r->s, &nr) || nr >= r->m->nr_sections)
		return bad(r, "there is no such section");
	if (fields_get(r->s, section_fields, &s, NULL, r->e))
		return -EINVAL;
	if (s.state & SECTION_ADDED &&
	    (!page_in_use(pfn_to_page(r->m, (pfn_t)min_of(s.memmap, r->m->max_pfn - 1))) ||
	     s.zone >= r->m->nr_nodes * MAX_NR_ZONES))
		return bad(r, "an added section belongs to a zone and costs a block in use");
	return section_restore(r->m, nr * per, &s) ? bad(r, "that section is not like this") : 0;
}

static int load_events(struct rest *r)
{
	uint32_t cpu;

	if (!scan_word(r->s, "cpu=") || !scan_u32(r->s, &cpu) || cpu >= r->m->nr_cpus)
		return bad(r, "there is no such CPU");
	return fields_get(r->s, event_fields, r->m->vm_event[cpu], NULL, r->e);
}

static const struct {
	const char *word;
	int (*load)(struct rest *r);
} rest_lines[] = {
	{"machine ", load_machine},
	{"kswapd ", load_kswapd},
	{"numa ", load_numa},
	{"used ", load_used},
	{"lru ", load_lru},
	{"skip ", load_skip},
	{"compact ", load_compact},
	{"counters ", load_counters},
	{"diffs ", load_diffs},
	{"section ", load_section},
	{"events ", load_events},
};

/* The lines after the dump. */
static int load_rest(struct rest *r)
{
	while (scan_line(r->s)) {
		unsigned i = 0;

		if (scan_word(r->s, "endstate"))
			return scan_line(r->s) ? bad(r, "more lines than a state has") : 0;
		while (i < ARRAY_SIZE(rest_lines) && !scan_word(r->s, rest_lines[i].word))
			i++;
		if (i == ARRAY_SIZE(rest_lines))
			return bad(r, "not a line of a state");
		if (rest_lines[i].load(r))
			return -EINVAL;
	}
	return bad(r, "cut off: no endstate");
}

static int load_model(struct dump_source *d)
{
	const char *name;
	size_t n;

	if (!scan_word(&d->s, " model="))
		return scan_error(&d->s, d->e, "no model=");
	n = scan_until(&d->s, ' ', &name);
	for (const struct memory_model *const *i = memory_models; *i; i++)
		if (strlen((*i)->name) == n && !memcmp((*i)->name, name, n))
			d->model = *i;
	return d->model ? 0 : scan_error(&d->s, d->e, "there is no such memory model");
}

/* Up to the first dump. Returns: 1 for a state of our own, 0 for a recording; -EINVAL. */
static int load_head(struct dump_source *d)
{
	int own = 0;

	while (scan_line(&d->s)) {
		uint32_t version;
		int got;

		if (scan_word(&d->s, "dump "))
			return own;
		if (scan_word(&d->s, "exp name=state version=")) {
			if (!scan_u32(&d->s, &version) || version != STATE_VERSION)
				return scan_error(&d->s, d->e, "a state of another version than %d",
						  STATE_VERSION);
			if (load_model(d))
				return -EINVAL;
			own = 1;
			continue;
		}
		if (scan_word(&d->s, "exp ") || scan_word(&d->s, "note ") ||
		    scan_word(&d->s, "e0 ") || scan_word(&d->s, "==="))
			continue;
		got = source_line(d);
		if (got < 0)
			return got;
		if (!got)
			return scan_error(&d->s, d->e, "not a state, nor a recording of one");
	}
	return scan_error(&d->s, d->e, "no buddy dump in it");
}

struct machine *state_load(const char *text, size_t len, struct mm_error *e)
{
	struct machine *m = NULL;
	struct dump_source d;
	int own;

	if (source_open(&d, text, len, e))
		return NULL;
	own = load_head(&d);
	if (own >= 0)
		m = dump_load(&d);
	if (m) {
		struct rest r = {.d = &d, .s = &d.s, .e = e, .m = m};

		if ((own && load_rest(&r)) || machine_audit(m, e)) {
			machine_free(m);
			m = NULL;
		}
	}
	source_close(&d);
	return m;
}
