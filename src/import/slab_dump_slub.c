/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The slab dump of SLUB. */
#include "slab_dump.h"
#include <errno.h>
#include <mmsh/slab.h>
#include <stdio.h>

/* ---- lines as tables ---- */

static const struct field params_fields[] = {
	FIELD(struct slab_params, "slub_min_order", slub_min_order, FIELD_DEC),
	FIELD(struct slab_params, "slub_max_order", slub_max_order, FIELD_DEC),
	FIELD(struct slab_params, "slub_min_objects", slub_min_objects, FIELD_DEC),
	{0},
};

static const struct field cache_fields[] = {
	FIELD(struct kmem_cache, "object_size", object_size, FIELD_DEC),
	FIELD(struct kmem_cache, "size", size, FIELD_DEC),
	FIELD(struct kmem_cache, "align", align, FIELD_DEC),
	FIELD(struct kmem_cache, "inuse", inuse, FIELD_DEC),
	FIELD(struct kmem_cache, "offset", offset, FIELD_DEC),
	FIELD(struct kmem_cache, "oo_order", oo.order, FIELD_DEC),
	FIELD(struct kmem_cache, "oo_objects", oo.objects, FIELD_DEC),
	FIELD(struct kmem_cache, "min_order", min.order, FIELD_DEC),
	FIELD(struct kmem_cache, "min_objects", min.objects, FIELD_DEC),
	FIELD(struct kmem_cache, "max_order", max.order, FIELD_DEC),
	FIELD(struct kmem_cache, "max_objects", max.objects, FIELD_DEC),
	FIELD(struct kmem_cache, "min_partial", min_partial, FIELD_DEC),
	FIELD(struct kmem_cache, "cpu_partial", cpu_partial, FIELD_DEC),
	FIELD(struct kmem_cache, "flags", flags, FIELD_HEX),
	FIELD(struct kmem_cache, "refcount", refcount, FIELD_SIGNED),
	FIELD(struct kmem_cache, "allocflags", allocflags, FIELD_HEX),
	FIELD(struct kmem_cache, "reserved", reserved, FIELD_DEC),
	{0},
};

/* A slab's numbers, between its place and its freelist. */
struct slab_line {
	uint32_t idx, pfn;
	uint64_t addr;
	uint32_t order, objects, inuse, frozen;
	int32_t pages, pobjects;
};
static const struct field slab_fields[] = {
	FIELD(struct slab_line, "idx", idx, FIELD_DEC),
	FIELD(struct slab_line, "pfn", pfn, FIELD_DEC),
	FIELD(struct slab_line, "addr", addr, FIELD_HEX),
	FIELD(struct slab_line, "order", order, FIELD_DEC),
	FIELD(struct slab_line, "objects", objects, FIELD_DEC),
	FIELD(struct slab_line, "inuse", inuse, FIELD_DEC),
	FIELD(struct slab_line, "frozen", frozen, FIELD_DEC),
	FIELD(struct slab_line, "pages", pages, FIELD_SIGNED),
	FIELD(struct slab_line, "pobjects", pobjects, FIELD_SIGNED),
	{0},
};

struct cnode_line {
	uint32_t node;
	uint64_t nr_partial, nr_slabs, total_objects;
};
static const struct field cnode_fields[] = {
	FIELD(struct cnode_line, "node", node, FIELD_DEC),
	FIELD(struct cnode_line, "nr_partial", nr_partial, FIELD_DEC),
	FIELD(struct cnode_line, "nr_slabs", nr_slabs, FIELD_DEC),
	FIELD(struct cnode_line, "total_objects", total_objects, FIELD_DEC),
	{0},
};

/* ---- reading ---- */

static int load_params(struct slab_dump *sd, struct slab_params *p)
{
	struct scan *s = &sd->d->s;

	if (fields_get(s, params_fields, p, NULL, sd->d->e))
		return -EINVAL;
	if (p->slub_min_order >= MAX_ORDER || p->slub_max_order >= MAX_ORDER)
		return scan_error(s, sd->d->e, "orders end at %d", MAX_ORDER - 1);
	return 0;
}

static int load_cache(struct slab_dump *sd)
{
	struct kmem_cache from = {0}, *cache;
	struct scan *s = &sd->d->s;
	struct mm_error why;
	const char *name;
	size_t n = scan_until(s, ' ', &name);

	if (!n || n >= sizeof(from.name) || slab_dump_find(sd, name, n))
		return scan_error(s, sd->d->e, "no name for a cache, or for the second time");
	memcpy(from.name, name, n);
	if (!scan_word(s, " alloc=SLUB"))
		return scan_error(s, sd->d->e, "expects alloc=SLUB");
	if (fields_get(s, cache_fields, &from, NULL, sd->d->e))
		return -EINVAL;
	cache = slub_load_cache(sd->m, &from, &why);
	return cache ? slab_dump_add(sd, cache) : scan_error(s, sd->d->e, "%s", why.text);
}

static int load_where(struct slab_dump *sd, struct slab_record *r)
{
	struct scan *s = &sd->d->s;
	const char *word;
	size_t n;

	if (!scan_word(s, " where="))
		return scan_error(s, sd->d->e, "expects where=");
	n = scan_until(s, ' ', &word);
	for (unsigned w = 0; w < NR_SLAB_WHERE; w++)
		if (strlen(slab_where_names[w]) == n && !memcmp(slab_where_names[w], word, n)) {
			r->where = (enum slab_where)w;
			return !scan_word(s, " cpu=") || scan_word(s, "-1") ||
					       scan_u32(s, &r->cpu)
				       ? 0
				       : scan_error(s, sd->d->e, "no CPU");
		}
	return scan_error(s, sd->d->e, "there is no such place for a slab");
}

static int load_slab(struct slab_dump *sd)
{
	struct kmem_cache *cache = slab_dump_cache(sd, "cache=");
	struct scan *s = &sd->d->s;
	struct slab_record r = {.free = sd->list};
	struct slab_line l = {0};
	struct scan list;
	struct mm_error why;
	struct zone *z;
	int n;

	if (!cache || load_where(sd, &r) || fields_get(s, slab_fields, &l, NULL, sd->d->e))
		return -EINVAL;
	list = *s;
	list.p = memmem(s->line, (size_t)(s->end - s->line), " freelist=", 10);
	if (!list.p)
		return scan_error(s, sd->d->e, "expects freelist=");
	s->p = list.p + 10;
	n = slab_dump_indexes(sd);
	z = pfn_to_zone(sd->m, l.pfn);
	if (n < 0)
		return n;
	if (!z || l.order >= MAX_ORDER)
		return scan_error(s, sd->d->e, "there is no such block of pages");
	if (source_take(sd->d, sd->m, z, l.pfn, l.order))
		return -EINVAL;
	r.pfn = l.pfn;
	r.order = l.order;
	r.objects = l.objects;
	r.inuse = l.inuse;
	r.frozen = l.frozen;
	r.pages = l.pages;
	r.pobjects = l.pobjects;
	r.nr_free = (unsigned)n;
	return slub_load_slab(sd->m, cache, &r, &why) ? scan_error(s, sd->d->e, "%s", why.text) : 0;
}

static int load_cpufreelist(struct slab_dump *sd)
{
	struct kmem_cache *cache = slab_dump_cache(sd, "cache=");
	struct scan *s = &sd->d->s;
	struct mm_error why;
	uint32_t cpu;
	int n;

	if (!cache)
		return -EINVAL;
	if (!scan_word(s, " cpu=") || !scan_u32(s, &cpu) || !scan_word(s, " freelist="))
		return scan_error(s, sd->d->e, "expects cpu= freelist=");
	n = slab_dump_indexes(sd);
	if (n < 0)
		return n;
	return slub_load_cpu_freelist(sd->m, cache, cpu, sd->list, (unsigned)n, &why)
		       ? scan_error(s, sd->d->e, "%s", why.text)
		       : 0;
}

static int load_cnode(struct slab_dump *sd)
{
	struct kmem_cache *cache = slab_dump_cache(sd, "cache=");
	struct cnode_line l = {0};
	struct mm_error why;

	if (!cache || fields_get(&sd->d->s, cnode_fields, &l, NULL, sd->d->e))
		return -EINVAL;
	return slub_load_node(sd->m, cache, l.node, l.nr_slabs, l.total_objects, &why)
		       ? scan_error(&sd->d->s, sd->d->e, "%s", why.text)
		       : 0;
}

static int load_line(struct slab_dump *sd)
{
	struct scan *s = &sd->d->s;

	if (scan_word(s, "cache name="))
		return load_cache(sd);
	if (scan_word(s, "slab "))
		return load_slab(sd);
	if (scan_word(s, "cpufreelist "))
		return load_cpufreelist(sd);
	if (scan_word(s, "cnode "))
		return load_cnode(sd);
	return scan_error(s, sd->d->e, "not a line of a slab dump");
}

/* ---- writing ---- */

/* A chain of free pointers as it stands in RAM: what is no object is written as an address, and
   followed as long as it stays in the slab. */
static void put_chain(const struct machine *m, const struct kmem_cache *s, pfn_t pfn, vaddr_t object,
		      struct strbuf *out)
{
	const struct page *p = pfn_to_page(m, pfn);
	vaddr_t start = m->slab->base + PFN_PHYS(pfn);
	uint64_t bytes = PAGE_SIZE << block_order(p->block);
	unsigned word = m->slab->word, n = 0;

	for (; object; n++) {
		uint64_t off = object - start, next = 0;
		bool good = off % s->size == 0 && off / s->size < p->objects;

		if (n)
			strbuf_addc(out, ',');
		if (n > p->objects + 2u) {
			strbuf_adds(out, "loop");
			break;
		}
		if (good)
			put_u64(out, off / s->size);
		else
			strbuf_addf(out, "!0x%llx", (unsigned long long)object);
		if (off + s->offset + word > bytes || off > bytes)
			break;
		memcpy(&next, m->ram + PFN_PHYS(pfn) + off + s->offset, word);
		object = next;
	}
	strbuf_addc(out, '\n');
}

static void put_slab(const struct machine *m, const struct kmem_cache *s, const struct slab_view *v,
		     struct strbuf *out)
{
	const struct page *p = pfn_to_page(m, v->pfn);
	bool stack = v->where == SLAB_CPU_PARTIAL;
	struct slab_line l = {
		.idx = v->where == SLAB_CPU ? v->owner : v->idx,
		.pfn = v->pfn,
		.addr = m->slab->base + PFN_PHYS(v->pfn),
		.order = block_order(p->block),
		.objects = p->objects,
		.inuse = p->inuse,
		.frozen = p->frozen,
		.pages = stack ? p->pages : 0,
		.pobjects = stack ? p->pobjects : 0,
	};

	strbuf_addf(out, "slab cache=%s where=%s", s->name, slab_where_names[v->where]);
	if (m->nr_cpus > 1)
		strbuf_addf(out, " cpu=%d", stack || v->where == SLAB_CPU ? (int)v->owner : -1);
	fields_put(out, slab_fields, &l);
	strbuf_adds(out, " freelist=");
	put_chain(m, s, v->pfn, page_freelist(p), out);
}

static void put_cpu(const struct machine *m, const struct kmem_cache *s, unsigned cpu,
		    struct strbuf *out)
{
	const struct kmem_cache_cpu *c = &s->cpu_slab[cpu];
	struct slab_view v = {.where = SLAB_CPU, .owner = cpu, .pfn = c->page};

	if (c->page != PFN_NONE) {
		put_slab(m, s, &v, out);
		strbuf_addf(out, "cpufreelist cache=%s cpu=%u freelist=", s->name, cpu);
		put_chain(m, s, c->page, c->freelist, out);
	}
	v = (struct slab_view){.where = SLAB_CPU_PARTIAL, .owner = cpu};
	for (v.pfn = c->partial; v.pfn != PFN_NONE; v.pfn = pfn_to_page(m, v.pfn)->next, v.idx++)
		put_slab(m, s, &v, out);
}

static void put_list(const struct machine *m, const struct kmem_cache *s, enum slab_where where,
		     pfn_t first, struct strbuf *out)
{
	struct slab_view v = {.where = where, .pfn = first};

	for (; v.pfn != PFN_NONE; v.pfn = pfn_to_page(m, v.pfn)->lru.next, v.idx++)
		put_slab(m, s, &v, out);
}

void slub_dump_cache(const struct machine *m, const struct kmem_cache *s, struct strbuf *out)
{
	strbuf_addf(out, "cache name=%s alloc=SLUB", s->name);
	fields_put(out, cache_fields, s);
	strbuf_addc(out, '\n');
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		put_cpu(m, s, cpu, out);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		const struct kmem_cache_node *n = s->node[nid];
		struct cnode_line l = {.node = nid};

		if (!n)
			continue;
		l.nr_partial = n->nr_partial;
		l.nr_slabs = n->nr_slabs;
		l.total_objects = n->total_objects;
		strbuf_addf(out, "cnode cache=%s", s->name);
		fields_put(out, cnode_fields, &l);
		strbuf_addc(out, '\n');
		put_list(m, s, SLAB_NODE_PARTIAL, n->partial.head, out);
		put_list(m, s, SLAB_NODE_FULL, n->full.head, out);
	}
}

static void write_cache(const struct slab_dump *sd, const struct kmem_cache *s, struct strbuf *out)
{
	if (s)
		slub_dump_cache(sd->m, s, out);
}

const struct slab_dump_kind slub_dump_kind = {
	.params = "slubparams",
	.ops = &slub_ops,
	.load_params = load_params,
	.load_line = load_line,
	.write = write_cache,
};
