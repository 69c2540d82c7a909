/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The slab dump of SLAB. */
#include "slab_dump.h"
#include "mm/slab_def.h"
#include <errno.h>
#include <stdlib.h>

/* ---- lines as tables ---- */

static const struct field params_fields[] = {
	FIELD(struct slab_params, "slab_max_order", slab_max_order, FIELD_DEC),
	{0},
};

static const struct field layout_fields[] = {
	FIELD(struct kmem_cache, "object_size", object_size, FIELD_DEC),
	FIELD(struct kmem_cache, "size", size, FIELD_DEC),
	FIELD(struct kmem_cache, "align", align, FIELD_DEC),
	FIELD(struct kmem_cache, "num", num, FIELD_DEC),
	FIELD(struct kmem_cache, "gfporder", gfporder, FIELD_DEC),
	FIELD(struct kmem_cache, "colour", colour, FIELD_DEC),
	FIELD(struct kmem_cache, "colour_off", colour_off, FIELD_DEC),
	{0},
};

static const struct field freelist_fields[] = {
	FIELD(struct kmem_cache, "freelist_size", freelist_size, FIELD_DEC),
	{0},
};

static const struct field tunable_fields[] = {
	FIELD(struct kmem_cache, "batchcount", batchcount, FIELD_DEC),
	FIELD(struct kmem_cache, "limit", limit, FIELD_DEC),
	FIELD(struct kmem_cache, "shared", shared, FIELD_DEC),
	FIELD(struct kmem_cache, "flags", flags, FIELD_HEX),
	FIELD(struct kmem_cache, "refcount", refcount, FIELD_SIGNED),
	FIELD(struct kmem_cache, "allocflags", allocflags, FIELD_HEX),
	{0},
};

static const struct field array_fields[] = {
	FIELD(struct array_cache, "avail", avail, FIELD_DEC),
	FIELD(struct array_cache, "limit", limit, FIELD_DEC),
	FIELD(struct array_cache, "batchcount", batchcount, FIELD_DEC),
	FIELD(struct array_cache, "touched", touched, FIELD_DEC),
	{0},
};

static const struct field node_fields_slab[] = {
	FIELD(struct slab_node, "free_objects", free_objects, FIELD_DEC),
	FIELD(struct slab_node, "free_limit", free_limit, FIELD_DEC),
	FIELD(struct slab_node, "colour_next", colour_next, FIELD_DEC),
	FIELD(struct slab_node, "free_touched", free_touched, FIELD_BOOL),
	{0},
};

/* A slab's numbers, between its place and its freelist. */
struct slab_line {
	uint32_t idx, pfn, active;
	uint64_t addr, s_mem, freelist_addr;
};
static const struct field slab_fields[] = {
	FIELD(struct slab_line, "idx", idx, FIELD_DEC),
	FIELD(struct slab_line, "pfn", pfn, FIELD_DEC),
	FIELD(struct slab_line, "addr", addr, FIELD_HEX),
	FIELD(struct slab_line, "s_mem", s_mem, FIELD_HEX),
	FIELD(struct slab_line, "active", active, FIELD_DEC),
	FIELD(struct slab_line, "freelist_addr", freelist_addr, FIELD_HEX),
	{0},
};

/* The lists in the order of a dump. */
static const struct {
	const char *name;
	enum slab_list list;
	enum slab_where where;
} places[] = {
	{"partial", SLABS_PARTIAL, SLAB_NODE_PARTIAL},
	{"free", SLABS_FREE, SLAB_NODE_FREE},
	{"full", SLABS_FULL, SLAB_NODE_FULL},
};

/* ---- reading ---- */

static int told(struct slab_dump *sd, int err, const struct mm_error *why)
{
	return err ? scan_error(&sd->d->s, sd->d->e, "%s", why->text) : 0;
}

static int load_params(struct slab_dump *sd, struct slab_params *p)
{
	struct scan *s = &sd->d->s;

	if (fields_get(s, params_fields, p, NULL, sd->d->e))
		return -EINVAL;
	if (p->slab_max_order >= MAX_ORDER)
		return scan_error(s, sd->d->e, "orders end at %d", MAX_ORDER - 1);
	return 0;
}

static int load_cache(struct slab_dump *sd)
{
	struct kmem_cache from = {0}, *cache;
	struct scan *s = &sd->d->s, line;
	struct mm_error why;
	const char *name;
	size_t n = scan_until(s, ' ', &name);

	if (!n || n >= sizeof(from.name) || slab_dump_find(sd, name, n))
		return scan_error(s, sd->d->e, "no name for a cache, or for the second time");
	memcpy(from.name, name, n);
	if (!scan_word(s, " alloc=SLAB"))
		return scan_error(s, sd->d->e, "expects alloc=SLAB");
	line = *s;
	if (fields_get(s, layout_fields, &from, NULL, sd->d->e))
		return -EINVAL;
	*s = line;
	if (fields_get(s, freelist_fields, &from, NULL, sd->d->e))
		return -EINVAL;
	*s = line;
	if (fields_get(s, tunable_fields, &from, NULL, sd->d->e))
		return -EINVAL;
	cache = slab_load_cache(sd->m, &from, &why);
	return cache ? slab_dump_add(sd, cache) : told(sd, -EINVAL, &why);
}

/* Takes the list of addresses behind `entries=`. Returns: how many, or -EINVAL. */
static int load_entries(struct slab_dump *sd, vaddr_t *entries)
{
	struct scan *s = &sd->d->s;
	int n = 0;

	s->p = memmem(s->line, (size_t)(s->end - s->line), " entries=", 9);
	if (!s->p) {
		s->p = s->end;
		return scan_error(s, sd->d->e, "expects entries=");
	}
	s->p += 9;
	while (!scan_at_end(s))
		if (n == MAX_DUMP_OBJECTS || !scan_u64(s, &entries[n++]) ||
		    (!scan_at_end(s) && !scan_char(s, ',')))
			return scan_error(s, sd->d->e, "not a list of addresses");
	return n;
}

static int load_array(struct slab_dump *sd)
{
	struct kmem_cache *cache = slab_dump_cache(sd, "cache=");
	struct scan *s = &sd->d->s;
	struct array_cache from = {0};
	struct mm_error why;
	bool shared;
	uint32_t id;
	int n;

	if (!cache)
		return -EINVAL;
	if (!sd->private)
		sd->private = calloc(MAX_DUMP_OBJECTS, sizeof(vaddr_t));
	if (!sd->private)
		return mm_error(sd->d->e, -ENOMEM, "the host has no memory left");
	shared = scan_word(s, " kind=shared");
	if ((!shared && !scan_word(s, " kind=cpu")) || !scan_word(s, " id=") || !scan_u32(s, &id))
		return scan_error(s, sd->d->e, "expects kind=cpu or kind=shared, and id=");
	if (fields_get(s, array_fields, &from, NULL, sd->d->e))
		return -EINVAL;
	n = load_entries(sd, sd->private);
	if (n >= 0 && (uint32_t)n != from.avail)
		return scan_error(s, sd->d->e, "%d entries, not %u", n, from.avail);
	return n < 0 ? n
		     : told(sd, slab_load_array(sd->m, cache, shared, id, &from, sd->private, &why),
			    &why);
}

static int load_cnode(struct slab_dump *sd)
{
	struct kmem_cache *cache = slab_dump_cache(sd, "cache=");
	struct scan *s = &sd->d->s;
	struct slab_node from = {0};
	struct mm_error why;
	uint32_t nid;

	if (!cache)
		return -EINVAL;
	if (!scan_word(s, " node=") || !scan_u32(s, &nid))
		return scan_error(s, sd->d->e, "expects node=");
	if (fields_get(s, node_fields_slab, &from, NULL, sd->d->e))
		return -EINVAL;
	return told(sd, slab_load_node(sd->m, cache, nid, &from, &why), &why);
}

static int load_where(struct slab_dump *sd, enum slab_where *where)
{
	struct scan *s = &sd->d->s;

	if (scan_word(s, " where="))
		for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
			if (scan_word(s, places[i].name) && scan_char(s, ' ')) {
				*where = places[i].where;
				return 0;
			}
	return scan_error(s, sd->d->e, "there is no such place for a slab");
}

static int load_slab(struct slab_dump *sd)
{
	struct kmem_cache *cache = slab_dump_cache(sd, "cache=");
	struct slab_record r = {.free = sd->list};
	struct scan *s = &sd->d->s;
	struct slab_line l = {0};
	struct mm_error why;
	struct zone *z;
	int n;

	if (!cache || load_where(sd, &r.where) || fields_get(s, slab_fields, &l, NULL, sd->d->e))
		return -EINVAL;
	s->p = memmem(s->line, (size_t)(s->end - s->line), " freelist=", 10);
	if (!s->p) {
		s->p = s->end;
		return scan_error(s, sd->d->e, "expects freelist=");
	}
	s->p += 10;
	n = slab_dump_indexes(sd);
	if (n < 0)
		return n;
	z = pfn_to_zone(sd->m, l.pfn);
	if (!z)
		return scan_error(s, sd->d->e, "there is no such block of pages");
	if (source_take(sd->d, sd->m, z, l.pfn, cache->gfporder))
		return -EINVAL;
	r.pfn = l.pfn;
	r.order = cache->gfporder;
	r.objects = cache->num;
	r.inuse = l.active;
	r.s_mem = l.s_mem;
	r.freelist = l.freelist_addr;
	r.nr_free = (unsigned)n;
	return told(sd, slab_load_slab(sd->m, cache, &r, &why), &why);
}

static int load_line(struct slab_dump *sd)
{
	struct scan *s = &sd->d->s;

	if (scan_word(s, "cache name="))
		return load_cache(sd);
	if (scan_word(s, "slab "))
		return load_slab(sd);
	if (scan_word(s, "arraycache "))
		return load_array(sd);
	if (scan_word(s, "cnode "))
		return load_cnode(sd);
	return scan_error(s, sd->d->e, "not a line of a slab dump");
}

/* ---- writing ---- */

static void put_array(const struct machine *m, const struct kmem_cache *s, const char *kind,
		      unsigned id, const struct array_cache *ac, struct strbuf *out)
{
	if (!ac->entry)
		return;
	strbuf_addf(out, "arraycache cache=%s kind=%s id=%u", s->name, kind, id);
	fields_put(out, array_fields, ac);
	strbuf_adds(out, " entries=");
	for (uint32_t i = 0; i < ac->avail; i++)
		strbuf_addf(out, "%s0x%llx", i ? "," : "",
			    (unsigned long long)ac_entry(m, ac, i));
	strbuf_addc(out, '\n');
}

static void put_slab(const struct machine *m, const struct kmem_cache *s, const char *where,
		     unsigned idx, pfn_t pfn, struct strbuf *out)
{
	const struct page *p = pfn_to_page(m, pfn);
	const uint8_t *freelist = slab_freelist(m, s, pfn);
	struct slab_line l = {
		.idx = idx,
		.pfn = pfn,
		.active = p->active,
		.addr = slab_va(m, pfn),
		.s_mem = slab_va(m, pfn) + p->s_mem,
		.freelist_addr = page_freelist(p),
	};

	strbuf_addf(out, "slab cache=%s where=%s", s->name, where);
	fields_put(out, slab_fields, &l);
	strbuf_adds(out, " freelist=");
	for (uint32_t i = p->active; freelist && i < s->num; i++) {
		if (i > p->active)
			strbuf_addc(out, ',');
		put_u64(out, freelist[i]);
	}
	strbuf_addc(out, '\n');
}

static void put_node(const struct machine *m, const struct kmem_cache *s, unsigned nid,
		     struct strbuf *out)
{
	const struct slab_node *n = s->slab_node[nid];

	strbuf_addf(out, "cnode cache=%s node=%u", s->name, nid);
	fields_put(out, node_fields_slab, n);
	strbuf_addc(out, '\n');
	put_array(m, s, "shared", nid, &n->shared, out);
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		unsigned idx = 0;

		for (pfn_t pfn = n->list[places[i].list].head; pfn != PFN_NONE;
		     pfn = pfn_to_page(m, pfn)->lru.next)
			put_slab(m, s, places[i].name, idx++, pfn, out);
	}
}

static void write_cache(const struct slab_dump *sd, const struct kmem_cache *s, struct strbuf *out)
{
	if (!s)
		return;
	strbuf_addf(out, "cache name=%s alloc=SLAB", s->name);
	fields_put(out, layout_fields, s);
	strbuf_addf(out, " freelist=%s", s->flags & CFLGS_OFF_SLAB ? "off" : "on");
	fields_put(out, freelist_fields, s);
	strbuf_addf(out, " freelist_cache=%s", s->freelist_cache ? s->freelist_cache->name : "-");
	fields_put(out, tunable_fields, s);
	strbuf_addc(out, '\n');
	for (unsigned cpu = 0; cpu < sd->m->nr_cpus; cpu++)
		put_array(sd->m, s, "cpu", cpu, s->cpu_cache[cpu], out);
	for (unsigned nid = 0; nid < sd->m->nr_nodes; nid++)
		put_node(sd->m, s, nid, out);
}

const struct slab_dump_kind slab_dump_kind_slab = {
	.params = "slabparams",
	.ops = &slab_ops_slab,
	.load_params = load_params,
	.load_line = load_line,
	.write = write_cache,
};
