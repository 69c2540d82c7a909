/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `slab X`: the picture of one slab. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/pgtable.h>
#include <mmsh/slab.h>

#include "cmd_slab.h"
#include "command.h"
#include "out.h"
#include "shell.h"
#include "util.h"

#define OBJECTS_A_ROW 64
#define MOST_SHOWN 32 /* of a freelist, of known objects */

struct picture {
	struct shell *sh;
	struct kmem_cache *s; /* NULL: SLOB */
	pfn_t pfn;
	unsigned order, nr; /* .nr: objects; of SLOB units */
	vaddr_t base;	    /* of the pages */
	vaddr_t first;	    /* object 0, as its user sees it */
	uint8_t *state;
	uint16_t *free_order;
	unsigned nr_free;
	const uint16_t *circle; /* the first that is met again, in .free_order */
	unsigned count[NR_OBJ_STATES];
	unsigned damaged;
};

/* Where in its slot an object is: SLAB has a red zone before it. */
static uint32_t user_offset(const struct picture *p)
{
	return p->sh->m->slab->ops == &slub_ops ? 0 : p->s->offset;
}

static vaddr_t object_at(const struct picture *p, unsigned i)
{
	return p->first + (vaddr_t)i * p->s->size;
}

/* ---- red zones ---- */

static bool bytes_are(const struct picture *p, vaddr_t addr, unsigned n, unsigned char a,
		      unsigned char b)
{
	for (unsigned i = 0; i < n; i++) {
		const unsigned char *c = kernel_addr_to_host(p->sh->m, addr + i);

		if (!c || (*c != a && *c != b))
			return false;
	}
	return true;
}

static bool slab_red_zone_whole(const struct picture *p, vaddr_t addr)
{
	uint64_t zone = 0;

	for (unsigned i = 0; i < 8; i++) {
		const unsigned char *c = kernel_addr_to_host(p->sh->m, addr + i);

		zone |= c ? (uint64_t)*c << 8 * i : 0;
	}
	return zone == RED_ACTIVE || zone == RED_INACTIVE;
}

static bool red_zones_whole(const struct picture *p, unsigned i)
{
	const struct kmem_cache *s = p->s;
	vaddr_t object = object_at(p, i);
	vaddr_t end = object - user_offset(p) + s->size;

	if (!(s->flags & SLAB_RED_ZONE))
		return true;
	if (p->sh->m->slab->ops == &slub_ops)
		return bytes_are(p, object + s->object_size, s->inuse - s->object_size,
				 SLUB_RED_ACTIVE, SLUB_RED_INACTIVE);
	if (s->flags & SLAB_STORE_USER)
		end -= 8;
	return slab_red_zone_whole(p, object - 8) && slab_red_zone_whole(p, end - 8);
}

/* ---- what an object is made of ---- */

struct part {
	const char *what;
	uint32_t from, to;
};

static void print_parts(struct picture *p, const struct part *part, unsigned n)
{
	struct shell *sh = p->sh;
	const char *head = "  each       ";

	for (unsigned i = 0; i < n; i++) {
		char range[24];

		if (part[i].from >= part[i].to)
			continue;
		snprintf(range, sizeof(range), "%u-%u", part[i].from, part[i].to - 1);
		out(sh, "%s%-9s %s\n", head, range, part[i].what);
		head = "             ";
	}
}

static void print_slub_object(struct picture *p)
{
	const struct kmem_cache *s = p->s;
	bool red = s->flags & SLAB_RED_ZONE;
	uint32_t ptr = s->offset ? s->offset + p->sh->m->slab->word : s->inuse;
	uint32_t tail = red ? s->size - p->sh->m->slab->word : s->size;
	uint32_t tracks = s->flags & SLAB_STORE_USER ? tail : ptr;
	struct part parts[] = {
		{"the user's", 0, s->object_size},
		{red ? "red zone" : "padding", s->object_size, s->inuse},
		{"free pointer", s->offset ? s->offset : s->size, ptr},
		{s->flags & SLAB_STORE_USER ? "who allocated and freed it" : "padding", ptr,
		 tracks},
		{"padding", tracks, s->size},
	};

	print_parts(p, parts, ARRAY_SIZE(parts));
}

static void print_slab_object(struct picture *p)
{
	const struct kmem_cache *s = p->s;
	uint32_t end = s->size, user = s->flags & SLAB_STORE_USER ? p->sh->m->slab->word : 0;
	uint32_t zone2 = end - (s->flags & SLAB_STORE_USER ? 8 : 0) - 8;
	bool red = s->flags & SLAB_RED_ZONE;
	uint32_t rest = red ? zone2 : end - user;
	struct part parts[] = {
		{"red zone", 0, s->offset},
		{"the user's", s->offset, s->offset + s->object_size},
		{"padding", s->offset + s->object_size, rest},
		{"red zone", red ? zone2 : end, red ? zone2 + 8 : end},
		{"last caller", end - user, end},
	};

	print_parts(p, parts, ARRAY_SIZE(parts));
}

/* ---- the whole ---- */

static bool is_here(struct machine *m, const struct slab_view *v, void *arg)
{
	struct slab_view *want = arg;

	(void)m;
	if (v->pfn != want->pfn)
		return true;
	*want = *v;
	return false;
}

static void print_place(struct picture *p)
{
	static const char *const text[NR_SLAB_WHERE] = {
		[SLAB_CPU] = "cpu %u allocates from it\n",
		[SLAB_CPU_PARTIAL] = "on cpu %u's stack of partial slabs, %u below the top\n",
		[SLAB_NODE_PARTIAL] = "on node %u's list of partial slabs, %u before it\n",
		[SLAB_NODE_FULL] = "on node %u's list of full slabs, %u before it\n",
		[SLAB_NODE_FREE] = "on node %u's list of free slabs, %u before it\n",
		[SLAB_NOWHERE] = "on no list: it is full\n",
	};
	struct slab_view v = {.pfn = p->pfn};

	out_str(p->sh, "  place      ");
	if (slab_walk(p->sh->m, p->s, is_here, &v))
		out_str(p->sh, "on no list that leads anywhere\n");
	else
		out(p->sh, text[v.where], v.owner, v.idx);
}

static void print_map(struct picture *p)
{
	static const char sign[NR_OBJ_STATES] = {[OBJ_ALLOCATED] = '#',
						 [OBJ_FREE] = '.',
						 [OBJ_CPU_FREE] = 'o',
						 [OBJ_SHARED_FREE] = ':'};
	struct shell *sh = p->sh;

	for (unsigned i = 0; i < p->nr; i++) {
		if (i % OBJECTS_A_ROW == 0)
			out(sh, "%s%9u  ", i ? "\n" : "", i);
		if (red_zones_whole(p, i)) {
			out_char(sh, sign[p->state[i]]);
		} else {
			out_char(sh, '!');
			p->damaged++;
		}
	}
	out_char(sh, '\n');
	out(sh, "             # used %u, . free %u", p->count[OBJ_ALLOCATED], p->count[OBJ_FREE]);
	if (p->count[OBJ_CPU_FREE])
		out(sh, ", o free, a CPU's %u", p->count[OBJ_CPU_FREE]);
	if (p->count[OBJ_SHARED_FREE])
		out(sh, ", : free, in a shared array %u", p->count[OBJ_SHARED_FREE]);
	if (p->damaged)
		out(sh, ", ! its red zone is overwritten %u", p->damaged);
	out_char(sh, '\n');
}

/* What is on the list twice leads back to where it was first. */
static void cut_circle(struct picture *p)
{
	bool *seen = mem_resize(NULL, p->nr + 1, sizeof(*seen));

	memset(seen, 0, (p->nr + 1) * sizeof(*seen));
	for (unsigned i = 0; i < p->nr_free; i++) {
		if (p->free_order[i] < p->nr && seen[p->free_order[i]]) {
			p->circle = &p->free_order[i];
			p->nr_free = i;
			break;
		}
		seen[min_of((unsigned)p->free_order[i], p->nr)] = true;
	}
	free(seen);
}

/* Runs of neighbours are one word: 3, 5..38. */
static void print_freelist(struct picture *p)
{
	struct shell *sh = p->sh;
	unsigned shown = 0, expected = p->nr - p->count[OBJ_ALLOCATED];

	cut_circle(p);
	out_str(sh, "  freelist   ");
	if (!p->nr_free)
		out_str(sh, "empty");
	for (unsigned i = 0; i < p->nr_free && shown < MOST_SHOWN; shown++) {
		unsigned from = i;
		int step = i + 1 < p->nr_free ? p->free_order[i + 1] - p->free_order[i] : 0;

		while ((step == 1 || step == -1) && i + 1 < p->nr_free &&
		       p->free_order[i + 1] - p->free_order[i] == step)
			i++;
		out(sh, "%s%u", from ? ", " : "", p->free_order[from]);
		if (i > from)
			out(sh, "%s%u", i == from + 1 ? ", " : "..", p->free_order[i]);
		i++;
	}
	if (p->circle)
		out(sh, ", and %u again: a circle", *p->circle);
	out_str(sh, shown == MOST_SHOWN ? ", ...\n" : "\n");
	if (p->nr_free != expected && !p->circle)
		out(sh, "             broken: %u objects are on it, %u are free\n", p->nr_free,
		    expected);
}

static void print_known(struct picture *p)
{
	struct shell *sh = p->sh;
	unsigned shown = 0;

	for (unsigned i = 0; i < p->nr && shown < MOST_SHOWN; i++) {
		const struct item *t = value_at(sh, object_at(p, i));

		if (!t || t->freed)
			continue;
		out(sh, "    %5u  0x%llx  ", i, (unsigned long long)t->at);
		print_maker(sh, t);
		out_char(sh, '\n');
		shown++;
	}
}

static void print_head(struct picture *p)
{
	struct shell *sh = p->sh;

	out(sh, "slab pfn %u", p->pfn);
	if (p->order)
		out(sh, "-%u (order %u)", p->pfn + (1u << p->order) - 1, p->order);
	out(sh, ", 0x%llx", (unsigned long long)p->base);
	if (p->s)
		out(sh, ", of %s: %u objects of %u bytes, %u apart", p->s->name, p->nr,
		    p->s->object_size, p->s->size);
	out_char(sh, '\n');
}

static void print_caches_slab(struct picture *p)
{
	struct shell *sh = p->sh;
	const struct kmem_cache *s = p->s;
	uint64_t bytes = PAGE_SIZE << p->order, before = p->first - user_offset(p) - p->base;
	uint64_t end = before + (uint64_t)p->nr * s->size;

	print_head(p);
	print_place(p);
	if (before)
		out(sh, "  before     %llu bytes: colour%s\n", (unsigned long long)before,
		    s->flags & CFLGS_OFF_SLAB ? "" : " and the index array");
	print_map(p);
	print_freelist(p);
	if (sh->m->slab->ops == &slub_ops)
		print_slub_object(p);
	else
		print_slab_object(p);
	if (bytes > end)
		out(sh, "  behind     %llu bytes left over\n", (unsigned long long)(bytes - end));
	print_known(p);
}

/* ---- SLOB ---- */

/* The value whose block begins at a unit: kmalloc's have a header of 8 bytes before them. */
static const struct item *slob_item(struct picture *p, unsigned unit)
{
	const struct item *t = value_at(p->sh, p->base + 2 * unit);

	if (t && !t->freed && t->type == &value_object_type)
		return t;
	t = value_at(p->sh, p->base + 2 * unit + 8);
	return t && !t->freed && t->type == &value_kmalloc_type ? t : NULL;
}

/* Blocks that are in use carry no mark: only values tell where one ends. */
static unsigned slob_block_end(struct picture *p, unsigned from, const struct item *t)
{
	unsigned end = from + 1;

	if (t) {
		end = from + (unsigned)(t->size + 1) / 2;
		end += t->type == &value_kmalloc_type ? 4 : 0;
		return min_of(end, p->nr);
	}
	while (end < p->nr && p->state[end] == OBJ_ALLOCATED && !slob_item(p, end))
		end++;
	return end;
}

static void print_slob(struct picture *p)
{
	struct shell *sh = p->sh;

	print_head(p);
	print_place(p);
	out(sh, "             used %u bytes, free %u\n", 2 * p->count[OBJ_ALLOCATED],
	    2 * p->count[OBJ_FREE]);
	for (unsigned from = 0, end; from < p->nr; from = end) {
		const struct item *t = NULL;

		if (p->state[from] == OBJ_ALLOCATED) {
			t = slob_item(p, from);
			end = slob_block_end(p, from, t);
		} else {
			for (end = from; end < p->nr && p->state[end] != OBJ_ALLOCATED;)
				end++;
		}
		out(sh, "    %4u-%-4u  %4u bytes  %s", 2 * from, 2 * end - 1, 2 * (end - from),
		    p->state[from] == OBJ_ALLOCATED ? "used" : "free");
		if (t) {
			out_str(sh, t->type == &value_kmalloc_type ? " (header of 8), " : ", ");
			print_maker(sh, t);
		}
		out_char(sh, '\n');
	}
}

/* ---- the command ---- */

static int find_slab(struct shell *sh, const struct arg *x, struct slab_location *l)
{
	uint64_t pfn;
	vaddr_t addr;
	int r = 0;

	if (x->val.kind == VAL_NUM) {
		addr = (vaddr_t)x->val.n;
	} else {
		r = val_to_pfn(sh, &x->val, x->w->text, &pfn);
		addr = r ? 0 : page_to_virt(sh->m, (pfn_t)pfn);
	}
	if (r)
		return r;
	if (!is_lowmem_addr(sh->m, addr) || !slab_locate(sh->m, addr, l))
		return cmd_fail(sh, EINVAL, "%s lies in no slab", quoted(sh, x->w->text));
	if (l->large)
		return cmd_fail(
			sh, EINVAL,
			"%s lies in no slab: pfn %u, order %u, came straight from the page allocator",
			quoted(sh, x->w->text), l->pfn, l->order);
	return 0;
}

static void draw(struct picture *p)
{
	struct shell *sh = p->sh;
	struct slab_location l;

	p->base = page_to_virt(sh->m, p->pfn);
	p->nr = slab_objects(sh->m, p->pfn, p->state, 1u << 15);
	p->nr_free = slab_free_order(sh->m, p->pfn, p->free_order, 1u << 15);
	for (unsigned i = 0; i < p->nr; i++)
		p->count[p->state[i]]++;
	if (!p->s) {
		print_slob(p);
		return;
	}
	/* Where object 0 is: any address inside an object tells. */
	p->first = p->base;
	for (uint64_t off = 0; off < PAGE_SIZE << p->order; off += 8) {
		if (slab_locate(sh->m, p->base + off, &l) && l.object) {
			p->first = l.object - (vaddr_t)l.index * p->s->size;
			break;
		}
	}
	print_caches_slab(p);
}

int exec_slab(struct shell *sh, const struct args *a)
{
	struct picture p = {.sh = sh};
	struct slab_location l;
	int r = need_slab(sh);

	if (!r)
		r = find_slab(sh, &a->v[0], &l);
	if (r)
		return r;
	p.s = l.cache;
	p.pfn = l.pfn;
	p.order = l.order;
	p.state = mem_resize(NULL, 1u << 15, sizeof(*p.state));
	p.free_order = mem_resize(NULL, 1u << 15, sizeof(*p.free_order));
	draw(&p);
	free(p.state);
	free(p.free_order);
	return 0;
}
