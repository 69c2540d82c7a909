/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The slab dump of SLOB: pages first, caches behind them. */
#include "slab_dump.h"
#include "mm/slob.h"
#include <errno.h>
#include <stdlib.h>

static const char *const list_names[NR_SLOB_LISTS] = {
	[SLOB_SMALL] = "small",
	[SLOB_MEDIUM] = "medium",
	[SLOB_LARGE] = "large",
};

static const struct field cache_fields[] = {
	FIELD(struct kmem_cache, "object_size", object_size, FIELD_DEC),
	FIELD(struct kmem_cache, "size", size, FIELD_DEC),
	FIELD(struct kmem_cache, "align", align, FIELD_DEC),
	FIELD(struct kmem_cache, "flags", flags, FIELD_HEX),
	FIELD(struct kmem_cache, "refcount", refcount, FIELD_SIGNED),
	{0},
};

struct page_line {
	uint32_t idx, pfn, free_units;
	uint64_t addr;
};
static const struct field page_fields[] = {
	FIELD(struct page_line, "idx", idx, FIELD_DEC),
	FIELD(struct page_line, "pfn", pfn, FIELD_DEC),
	FIELD(struct page_line, "addr", addr, FIELD_HEX),
	FIELD(struct page_line, "free_units", free_units, FIELD_DEC),
	{0},
};

/* ---- reading ---- */

static int load_params(struct slab_dump *sd, struct slab_params *p)
{
	static const struct field unit[] = {
		{.name = "SLOB_UNIT", .count = 1, .size = sizeof(uint32_t), .kind = FIELD_DEC},
		{0},
	};
	uint32_t bytes;

	(void)p;
	if (fields_get(&sd->d->s, unit, &bytes, NULL, sd->d->e))
		return -EINVAL;
	return bytes == SLOB_UNIT ? 0
				  : scan_error(&sd->d->s, sd->d->e, "units have %u bytes", SLOB_UNIT);
}

static int load_cache(struct slab_dump *sd)
{
	struct kmem_cache from = {0}, *cache;
	struct scan *s = &sd->d->s;
	const char *name;
	size_t n = scan_until(s, ' ', &name);

	if (!n || n >= sizeof(from.name) || slab_dump_find(sd, name, n))
		return scan_error(s, sd->d->e, "no name for a cache, or for the second time");
	memcpy(from.name, name, n);
	if (!scan_word(s, " alloc=SLOB"))
		return scan_error(s, sd->d->e, "expects alloc=SLOB");
	if (fields_get(s, cache_fields, &from, NULL, sd->d->e))
		return -EINVAL;
	if (!from.object_size || from.size < from.object_size || from.size > KMALLOC_MAX_SIZE ||
	    from.align < 8 || (from.align & (from.align - 1)) || from.align > KMALLOC_MAX_SIZE)
		return scan_error(s, sd->d->e, "that is no layout of a cache");
	cache = slab_cache_new(sd->m, from.name, from.size, from.align, NULL);
	if (!cache)
		return mm_error(sd->d->e, -ENOMEM, "the host has no memory left");
	cache->object_size = from.object_size;
	cache->flags = from.flags;
	cache->refcount = from.refcount;
	slab_cache_list(sd->m, cache);
	return slab_dump_add(sd, cache);
}

/* Takes `offset:units,...` up to the end of the line. Returns: how many, or -EINVAL. */
static int load_blocks(struct slab_dump *sd, struct slob_block *b)
{
	struct scan *s = &sd->d->s;
	unsigned n = 0;

	s->p = memmem(s->line, (size_t)(s->end - s->line), " blocks=", 8);
	s->p = s->p ? s->p + 8 : s->end;
	for (; !scan_at_end(s); n++)
		if (n == SLOB_PAGE_UNITS || !scan_u32(s, &b[n].off) || !scan_char(s, ':') ||
		    !scan_u32(s, &b[n].units) || (!scan_at_end(s) && !scan_char(s, ',')))
			return scan_error(s, sd->d->e, "not a list of blocks");
	return (int)n;
}

static int load_heap_page(struct slab_dump *sd)
{
	struct slob_block blocks[SLOB_PAGE_UNITS];
	struct scan *s = &sd->d->s;
	struct page_line l = {0};
	unsigned list = 0;
	const char *name;
	struct zone *z;
	size_t len;
	int n;

	if (!scan_word(s, "list="))
		return scan_error(s, sd->d->e, "expects list=");
	len = scan_until(s, ' ', &name);
	while (list < NR_SLOB_LISTS &&
	       (strlen(list_names[list]) != len || memcmp(list_names[list], name, len) != 0))
		list++;
	if (list == NR_SLOB_LISTS)
		return scan_error(s, sd->d->e, "there is no such list");
	if (fields_get(s, page_fields, &l, NULL, sd->d->e))
		return -EINVAL;
	n = load_blocks(sd, blocks);
	if (n < 0)
		return n;
	z = pfn_to_zone(sd->m, l.pfn);
	if (!z || PFN_PHYS((uint64_t)l.pfn + 1) > sd->m->slab->bytes)
		return scan_error(s, sd->d->e, "there is no such page");
	if (source_take(sd->d, sd->m, z, l.pfn, 0))
		return -EINVAL;
	if (l.addr != slab_va(sd->m, l.pfn))
		return scan_error(s, sd->d->e, "addr= is not that of the page");
	return slob_load_page(sd->m, l.pfn, (enum slob_list)list, blocks, (unsigned)n)
		       ? scan_error(s, sd->d->e, "these are no blocks of a page")
		       : 0;
}

static int load_line(struct slab_dump *sd)
{
	struct scan *s = &sd->d->s;

	if (scan_word(s, "slobpage "))
		return load_heap_page(sd);
	if (scan_word(s, "cache name="))
		return load_cache(sd);
	return scan_error(s, sd->d->e, "not a line of a slab dump");
}

/* ---- writing ---- */

static void put_heap_page(const struct machine *m, enum slob_list list, unsigned idx, pfn_t pfn,
		     struct strbuf *out)
{
	struct page_line l = {
		.idx = idx,
		.pfn = pfn,
		.addr = slab_va(m, pfn),
		.free_units = (uint32_t)pfn_to_page(m, pfn)->units,
	};
	unsigned n = 0;

	strbuf_addf(out, "slobpage list=%s", list_names[list]);
	fields_put(out, page_fields, &l);
	strbuf_adds(out, " blocks=");
	for_each_free_block(m, pfn, b) {
		if (n++)
			strbuf_addc(out, ',');
		put_u64(out, b.off);
		strbuf_addc(out, ':');
		put_u64(out, b.units);
	}
	strbuf_addc(out, '\n');
}

static void put_pages(const struct machine *m, struct strbuf *out)
{
	for (unsigned l = 0; m->slab->private && l < NR_SLOB_LISTS; l++) {
		pfn_t pfn = slob_first_page(m, (enum slob_list)l);

		for (unsigned idx = 0; pfn != PFN_NONE; idx++, pfn = pfn_to_page(m, pfn)->lru.next)
			put_heap_page(m, (enum slob_list)l, idx, pfn, out);
	}
}

static void write_cache(const struct slab_dump *sd, const struct kmem_cache *s, struct strbuf *out)
{
	if (!s) {
		put_pages(sd->m, out);
		return;
	}
	strbuf_addf(out, "cache name=%s alloc=SLOB", s->name);
	fields_put(out, cache_fields, s);
	strbuf_addc(out, '\n');
}

const struct slab_dump_kind slob_dump_kind = {
	.params = "slobparams",
	.ops = &slob_ops,
	.load_params = load_params,
	.load_line = load_line,
	.begin = slob_private_new,
	.write = write_cache,
};
