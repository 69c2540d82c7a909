/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SLAB's debugging finds, in the kernel's words (slab.md 11). */
#include "report.h"
#include <ctype.h>
#include <mmsh/kmsg.h>
#include <mmsh/slab.h>
#include <string.h>

#define MAX_DAMAGED_LINES 6
#define LINE_BYTES 16

struct slab_damage {
	struct machine *m;
	struct reporter *r;
	const struct trace_event *ev;
	const struct kmem_cache *s;
};

/* Which check of the kernel speaks, and what it says. */
static const struct {
	const char *function, *message;
	const char *end; /* of the line with the red zones; NULL: there is none */
} errors[NR_SLAB_BAD] = {
	[BAD_DOUBLE_FREE] = {"verify_redzone_free", "double free detected", "."},
	[BAD_OVERWRITTEN] = {"verify_redzone_free", "memory outside object was overwritten", "."},
	[BAD_ALLOC_REDZONE] = {"cache_alloc_debugcheck_after",
			       "double free, or memory outside object was overwritten", ""},
	[BAD_FREED_START] = {"slab_destroy_debugcheck",
			     "start of a freed object was overwritten", NULL},
	[BAD_FREED_END] = {"slab_destroy_debugcheck", "end of a freed object was overwritten",
			   NULL},
	[BAD_CTOR_END] = {"cache_init_objs", "constructor overwrote the end of an object", NULL},
	[BAD_CTOR_START] = {"cache_init_objs", "constructor overwrote the start of an object",
			    NULL},
};

static int width(const struct slab_damage *d)
{
	return (int)d->m->arch->bits / 4;
}

static const unsigned char *ram(const struct machine *m, vaddr_t addr, uint64_t len)
{
	uint64_t off = addr - m->slab->base;

	return off < m->slab->bytes && len <= m->slab->bytes - off ? m->ram + off : NULL;
}

/* ---- a poisoned body that was written to ---- */

/* One wrong byte that is one wrong bit looks like the hardware. */
static void tell_single_bit(const struct slab_damage *d, const unsigned char *p, uint32_t n)
{
	unsigned bad = 0, error = 0;

	for (uint32_t i = 0; i < n; i++)
		if (p[i] != POISON_FREE) {
			error = p[i] ^ POISON_FREE;
			bad++;
		}
	if (bad != 1 || (error & (error - 1)))
		return;
	printk(d->m, "Single bit error detected. Probably bad RAM.");
	printk(d->m, "Run memtest86+ or a similar memory test tool.");
}

static void dump_line(const struct slab_damage *d, vaddr_t object, uint32_t offset)
{
	uint32_t n = min_of((uint32_t)LINE_BYTES, d->s->object_size - offset);
	const unsigned char *p = ram(d->m, object + offset, n);
	struct strbuf line = STRBUF_INIT;

	if (!p)
		return;
	strbuf_addf(&line, "%03x: ", offset);
	for (uint32_t i = 0; i < LINE_BYTES; i++)
		if (i < n)
			strbuf_addf(&line, "%02x ", p[i]);
		else
			strbuf_adds(&line, "   ");
	strbuf_addc(&line, ' ');
	for (uint32_t i = 0; i < n; i++)
		strbuf_addc(&line, isascii(p[i]) && isprint(p[i]) ? (char)p[i] : '.');
	printk(d->m, "%s", strbuf_str(&line));
	strbuf_free(&line);
	tell_single_bit(d, p, n);
}

static uint64_t word_at(const struct slab_damage *d, vaddr_t addr, unsigned bytes)
{
	const unsigned char *p = ram(d->m, addr, bytes);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, bytes);
	return v;
}

/* Red zones, the last user, and the first @lines of an object. */
static void print_objinfo(const struct slab_damage *d, vaddr_t slot, unsigned lines)
{
	const struct kmem_cache *s = d->s;
	unsigned word = d->m->slab->word;
	unsigned long long user = word_at(d, slot + s->size - word, word);
	vaddr_t second = slot + s->size - (s->flags & SLAB_STORE_USER ? 16 : 8);

	if (s->flags & SLAB_RED_ZONE)
		printk(d->m, "Redzone: 0x%llx/0x%llx.", (unsigned long long)word_at(d, slot, 8),
		       (unsigned long long)word_at(d, second, 8));
	if (s->flags & SLAB_STORE_USER)
		printk(d->m, "Last user: [<%0*llx>](0x%llx)", width(d), user, user);
	for (uint32_t i = 0; i < s->object_size && lines; i += LINE_BYTES, lines--)
		dump_line(d, slot + s->offset, i);
}

static void print_neighbour(const struct slab_damage *d, const char *which, vaddr_t slot)
{
	printk(d->m, "%s obj: start=%0*llx, len=%u", which, width(d),
	       (unsigned long long)(slot + d->s->offset), d->s->object_size);
	print_objinfo(d, slot, 2);
}

static void print_damaged_lines(const struct slab_damage *d, vaddr_t object)
{
	uint32_t size = d->s->object_size;
	const unsigned char *p = ram(d->m, object, size);
	unsigned lines = 0;

	for (uint32_t i = 0; p && i < size && lines < MAX_DAMAGED_LINES; i++) {
		if (p[i] == (i == size - 1 ? POISON_END : POISON_FREE))
			continue;
		i -= i % LINE_BYTES;
		dump_line(d, object, i);
		i += LINE_BYTES - 1;
		lines++;
	}
}

static void print_poison(const struct slab_damage *d)
{
	const struct page *p = pfn_to_page(d->m, d->ev->pfn);
	vaddr_t slot = (vaddr_t)d->ev->a, object = slot + d->s->offset;
	vaddr_t first = d->m->slab->base + PFN_PHYS(d->ev->pfn) + p->s_mem;
	char taint[32];

	printk(d->m, "Slab corruption (%s): %s start=%0*llx, len=%u", taint_text(d->m, d->r, taint),
	       d->s->name, width(d), (unsigned long long)object, d->s->object_size);
	print_objinfo(d, slot, 0);
	print_damaged_lines(d, object);
	if (slot > first)
		print_neighbour(d, "Prev", slot - d->s->size);
	if (slot + d->s->size < first + (uint64_t)d->s->num * d->s->size)
		print_neighbour(d, "Next", slot + d->s->size);
}

/* ---- the rest ---- */

static void print_slab_error(const struct slab_damage *d)
{
	enum slab_bad what = (enum slab_bad)d->ev->d;

	printk(d->m, "slab error in %s(): cache `%s': %s", errors[what].function, d->s->name,
	       errors[what].message);
	dump_stack(d->m, d->r);
	if (!(d->r->taint & 1u << TAINT_BAD_PAGE))
		printk(d->m, "Disabling lock debugging due to kernel taint");
	d->r->taint |= 1u << TAINT_BAD_PAGE;
	if (errors[what].end)
		printk(d->m, "%0*llx: redzone 1:0x%llx, redzone 2:0x%llx%s", width(d),
		       (unsigned long long)d->ev->a, (unsigned long long)d->ev->b,
		       (unsigned long long)d->ev->c, errors[what].end);
}

static void print_end(const struct slab_damage *d)
{
	printk(d->m, "------------[ cut here ]------------");
	printk(d->m, "kernel BUG at mm/slab.c!");
	dump_stack(d->m, d->r);
	d->r->taint |= 1u << TAINT_DIE;
}

void report_slab_bad(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	struct slab_damage d = {m, r, ev, kmem_cache_by_id(m, ev->cache)};

	if (!d.s || (uint64_t)ev->d >= NR_SLAB_BAD)
		return;
	if (ev->d == BAD_POISON)
		print_poison(&d);
	else if (errors[ev->d].message)
		print_slab_error(&d);
	else {
		if (ev->d == BAD_PUT_TWICE)
			printk(m, "slab: double free detected in cache '%s', objp %0*llx",
			       d.s->name, width(&d), (unsigned long long)ev->a);
		print_end(&d);
	}
}

void report_slab_oom(struct machine *m, const struct trace_event *ev)
{
	const struct kmem_cache *s = kmem_cache_by_id(m, ev->cache);
	struct slabinfo i;

	if (!s)
		return;
	get_slabinfo(m, s, &i);
	printk(m, "SLAB: Unable to allocate memory on node %d (gfp=0x%x)", (int)ev->d,
	       (gfp_t)ev->a);
	printk(m, "  cache: %s, object size: %u, order: %u", s->name, s->size, s->gfporder);
	printk(m, "  node %d: slabs: %lu/%lu, objs: %lu/%lu, free: %lu", (int)ev->d, i.active_slabs,
	       i.num_slabs, i.active_objs, i.num_objs, i.num_objs - i.active_objs);
}
