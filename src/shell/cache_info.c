/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cache info`: how a cache is laid out, and how that came about. */
#include <string.h>

#include <mmsh/slab.h>

#include "cmd_slab.h"
#include "command.h"
#include "out.h"
#include "shell.h"

static void print_flags(struct shell *sh, const struct kmem_cache *s)
{
	const char *sep = "";

	out(sh, "  flags      0x%x", s->flags);
	out_str(sh, " (");
	for (const struct slab_flag_name *f = slab_flag_names; f->name; f++) {
		/* One flag has two names. */
		if (!(s->flags & f->flag) || !strcmp(f->name, "SLAB_TEMPORARY"))
			continue;
		out(sh, "%s%s", sep, f->name);
		sep = "|";
	}
	out_str(sh, *sep ? ")\n" : "none)\n");
}

static void print_aliases(struct shell *sh, const struct kmem_cache *s)
{
	const struct slab_alias *a;
	const char *sep = "";

	if (s->refcount <= 1)
		return;
	out(sh, "  users      %d: ", s->refcount);
	TAILQ_FOREACH(a, &sh->m->slab->aliases, list)
		if (a->cache == s) {
			out(sh, "%s%s", sep, a->name);
			sep = ", ";
		}
	out(sh, "%s are aliases of %s\n", *sep ? "" : "others", s->name);
}

/* What the bytes from one object to the next are. */
static void print_object(struct shell *sh, const struct kmem_cache *s)
{
	unsigned word = sh->m->slab->word;

	out(sh, "  object     %u bytes of the user's, %u from one to the next, aligned to %u\n",
	    s->object_size, s->size, s->align);
	if (s->flags & SLAB_RED_ZONE)
		out_str(sh, "             red zones guard it against overruns\n");
	if (s->flags & SLAB_POISON)
		out_str(sh, "             poisoned with 0x6b while free\n");
	if (sh->m->slab->ops == &slub_ops && s->offset)
		out(sh,
		    "             free pointer of %u bytes behind it, at %u: its bytes must survive "
		    "being free\n",
		    word, s->offset);
	else if (sh->m->slab->ops == &slub_ops)
		out(sh, "             free pointer in its first %u bytes while it is free\n", word);
	if (s->flags & SLAB_STORE_USER)
		out_str(sh, "             who allocated and freed it last is kept behind it\n");
	if (s->ctor)
		out(sh, "             constructor %s\n", s->ctor->symbol);
}

/* ---- SLUB's order ---- */

static unsigned wanted_objects(const struct machine *m, const struct kmem_cache *s)
{
	const struct slab_params *p = &m->slab->params;
	unsigned n = p->slub_min_objects;
	uint64_t most = (PAGE_SIZE << p->slub_max_order) / s->size;

	if (!n)
		n = 4 * (33 - (unsigned)__builtin_clz(m->nr_cpus));
	return n < most ? n : (unsigned)most;
}

/* A line an order: what it holds, what it wastes, and what speaks against it. */
static void print_orders(struct shell *sh, const struct kmem_cache *s, unsigned wanted,
			 unsigned max_order)
{
	for (unsigned order = 0; order <= max_order && order <= s->oo.order; order++) {
		uint64_t bytes = PAGE_SIZE << order, n = bytes / s->size, left = bytes % s->size;

		out(sh, "    order %u  %4llu object%s %5llu bytes left over", order,
		    (unsigned long long)n, n == 1 ? ", " : "s,", (unsigned long long)left);
		if (order == s->oo.order)
			out_str(sh, "  <- taken");
		else if (n < wanted)
			out_str(sh, "  too few objects");
		else if (left * 16 > bytes)
			out_str(sh, "  more than 1/16");
		out_char(sh, '\n');
	}
}

static void print_slub_order(struct shell *sh, const struct kmem_cache *s)
{
	const struct slab_params *p = &sh->m->slab->params;
	unsigned wanted = wanted_objects(sh->m, s);
	uint64_t bytes = PAGE_SIZE << s->oo.order, left = bytes % s->size;

	out(sh, "  slab       order %u: %u objects in %llu bytes, %llu left over\n", s->oo.order,
	    s->oo.objects, (unsigned long long)bytes, (unsigned long long)left);
	out(sh, "    wanted: %u objects or more, at most 1/16 left over, orders %u to %u\n", wanted,
	    p->slub_min_order, p->slub_max_order);
	out(sh, "    (%u: %s, as far as they fit)\n", wanted,
	    p->slub_min_objects ? "slub_min_objects=" : "4 * (bits of the number of CPUs + 1)");
	print_orders(sh, s, wanted, max_of(p->slub_max_order, (unsigned)s->oo.order));
	if (s->oo.objects < wanted)
		out_str(sh, "    no order had both: fewer objects had to do\n");
	else if (left * 16 > bytes)
		out(sh, "    no order had both: 1/%d left over had to do\n",
		    left * 8 > bytes ? 4 : 8);
	if (s->min.order != s->oo.order)
		out(sh, "    if there is no such block: order %u, %u object%s\n", s->min.order,
		    s->min.objects, s->min.objects == 1 ? "" : "s");
}

static void print_slub(struct shell *sh, const struct kmem_cache *s)
{
	print_slub_order(sh, s);
	out(sh, "  keeps      %lu partial slabs a node, %u free objects on a CPU's partial slabs\n",
	    s->min_partial, s->cpu_partial);
	for (unsigned cpu = 0; cpu < sh->m->nr_cpus; cpu++) {
		const struct kmem_cache_cpu *c = &s->cpu_slab[cpu];

		if (c->page == PFN_NONE && c->partial == PFN_NONE)
			continue;
		out(sh, "  cpu %-6u ", cpu);
		if (c->page == PFN_NONE)
			out_str(sh, "no slab");
		else
			out(sh, "slab pfn %u", c->page);
		if (c->partial != PFN_NONE)
			out(sh, "; partial: pfn %u on top", c->partial);
		out_char(sh, '\n');
	}
}

/* ---- SLAB's ---- */

static void print_slab(struct shell *sh, const struct kmem_cache *s)
{
	uint64_t bytes = PAGE_SIZE << s->gfporder, used = (uint64_t)s->num * s->size;
	bool off = s->flags & CFLGS_OFF_SLAB;

	out(sh, "  slab       order %u: %u object%s in %llu bytes\n", s->gfporder, s->num,
	    s->num == 1 ? "" : "s", (unsigned long long)bytes);
	for (unsigned order = 0; order < s->gfporder; order++)
		out(sh, "    order %u  %s\n", order,
		    (PAGE_SIZE << order) / s->size ? "more than 1/8 left over" : "too small");
	out(sh, "    order %u  %llu bytes left over  <- taken: %s\n", s->gfporder,
	    (unsigned long long)(bytes - used - (off ? 0 : s->freelist_size)),
	    (s->flags & SLAB_RECLAIM_ACCOUNT) ? "the first that fits will do for reclaimable slabs"
	    : (bytes - used) * 8 <= bytes     ? "at most 1/8"
					      : "the largest order allowed");
	if (off)
		out(sh, "    the index array of %u bytes is an object of %s\n", s->freelist_size,
		    s->freelist_cache ? s->freelist_cache->name : "another cache");
	else
		out(sh, "    the index array of %u bytes is in the slab\n", s->freelist_size);
	out(sh, "    colours: %u, %u bytes apart\n", s->colour, s->colour_off);
	out(sh, "  arrays     limit %u, batch %u, shared %u\n", s->limit, s->batchcount, s->shared);
}

/* ---- in use ---- */

struct census {
	unsigned slabs[NR_SLAB_WHERE];
};

static bool count_slab(struct machine *m, const struct slab_view *v, void *arg)
{
	struct census *c = arg;

	(void)m;
	c->slabs[v->where]++;
	return true;
}

static void print_use(struct shell *sh, struct kmem_cache *s)
{
	struct slabinfo i = {0};
	struct census c = {{0}};
	const char *sep = "";

	get_slabinfo(sh->m, s, &i);
	slab_walk(sh->m, s, count_slab, &c);
	out(sh, "  in use     %lu of %lu objects active, %lu slab%s", i.active_objs, i.num_objs,
	    i.num_slabs, i.num_slabs == 1 ? "" : "s");
	for (unsigned w = 0; w < NR_SLAB_WHERE; w++) {
		if (c.slabs[w]) {
			out(sh, "%s%u %s", *sep ? sep : ": ", c.slabs[w], slab_where_names[w]);
			sep = ", ";
		}
	}
	out_char(sh, '\n');
}

static void print_cache(struct shell *sh, struct kmem_cache *s, const char *name)
{
	const struct slab_ops *ops = sh->m->slab->ops;

	out(sh, "%s", s->name);
	if (strcmp(name, s->name))
		out(sh, " (%s is an alias)", name);
	out(sh, ": a cache of %s\n", ops->name);
	print_flags(sh, s);
	print_aliases(sh, s);
	print_object(sh, s);
	if (!ops->has_slabinfo) {
		out_str(sh,
			"  slab       none: objects are blocks of SLOB's pages, wherever one fits\n");
		return;
	}
	if (ops == &slub_ops)
		print_slub(sh, s);
	else
		print_slab(sh, s);
	print_use(sh, s);
}

static void print_all(struct shell *sh)
{
	struct kmem_cache *s;

	for_each_kmem_cache(sh->m, s)
	{
		struct slabinfo i = {0};

		get_slabinfo(sh->m, s, &i);
		out(sh, "%-24s %6u bytes, %6u apart", s->name, s->object_size, s->size);
		if (sh->m->slab->ops->has_slabinfo)
			out(sh, ", %4u in order %u; %lu of %lu in use", s->oo.objects, s->oo.order,
			    i.active_objs, i.num_objs);
		out_char(sh, '\n');
	}
}

int exec_cache_info(struct shell *sh, const struct args *a)
{
	int r = need_slab(sh);
	struct kmem_cache *s;

	if (r)
		return r;
	if (!a->v[0].w) {
		print_all(sh);
		return 0;
	}
	s = find_cache(sh, a->v[0].text);
	if (!s)
		return -sh->err.code;
	print_cache(sh, s, a->v[0].text);
	return 0;
}
