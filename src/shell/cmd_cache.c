/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on caches, but for `cache info`: cache_info.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/slab.h>

#include "cmd_slab.h"
#include "command.h"
#include "input.h"
#include "out.h"
#include "shell.h"
#include "util.h"

/* ---- names ---- */

/*
 * The kernel's callers hold pointers; ours hold names, and a name that was destroyed is no
 * cache, though the cache may live on under its other names.
 */
static struct cache_name *own_name(const struct shell *sh, const char *name)
{
	for (unsigned i = 0; i < sh->caches.n; i++)
		if (!strcmp(sh->caches.v[i].name, name))
			return &sh->caches.v[i];
	return NULL;
}

static void name_lives(struct shell *sh, const char *name, uint64_t size)
{
	struct cache_names *names = &sh->caches;
	struct cache_name *own = own_name(sh, name);

	if (!own) {
		grow(names->v, names->n, names->cap);
		own = &names->v[names->n++];
		own->name = mem_strdup(name);
	}
	own->size = size;
	own->dead = false;
}

void cache_names_clear(struct cache_names *names)
{
	while (names->n)
		free(names->v[--names->n].name);
	free(names->v);
	*names = (struct cache_names){0};
}

static struct kmem_cache *lookup(const struct shell *sh, const char *name)
{
	const struct cache_name *own = own_name(sh, name);

	return own && own->dead ? NULL : kmem_cache_find(sh->m, name);
}

struct name_walk {
	struct shell *sh;
	const struct kmem_cache *s;
};

static const char *next_cache(void *arg)
{
	struct name_walk *w = arg;
	const struct kmem_cache *s = w->s;

	if (s)
		w->s = TAILQ_NEXT(s, list);
	return s ? s->name : NULL;
}

struct kmem_cache *find_cache(struct shell *sh, const char *name)
{
	struct kmem_cache *s = lookup(sh, name);
	struct name_walk w = {sh, TAILQ_FIRST(&sh->m->slab->caches)};
	char meant[KMEM_CACHE_NAME_MAX + 24];

	if (s)
		return s;
	if (own_name(sh, name))
		cmd_fail(sh, ENOENT, "the cache %s was destroyed", quoted(sh, name));
	else
		cmd_fail(sh, ENOENT, "there is no cache %s%s", quoted(sh, name),
			 suggestion(did_you_mean(name, next_cache, &w), meant, sizeof(meant)));
	return NULL;
}

/* The cache of the first argument. */
static struct kmem_cache *cache_arg(struct shell *sh, const struct args *a)
{
	return need_slab(sh) ? NULL : find_cache(sh, a->v[0].text);
}

/* ---- create ---- */

enum {
	CREATE_NAME,
	CREATE_SIZE,
	CREATE_FLAGS,
	CREATE_ALIGN,
	CREATE_CTOR
};

static const char *next_flag(void *arg)
{
	const struct slab_flag_name **f = arg;

	return (*f)->name ? (*f)++->name : NULL;
}

static int parse_flag(struct shell *sh, const char *word, uint32_t *flags)
{
	const struct slab_flag_name *f = slab_flag_names;
	char meant[64], *end;
	unsigned long n;

	for (; f->name; f++) {
		if (!strcmp(word, f->name)) {
			*flags |= f->flag;
			return 0;
		}
	}
	n = strtoul(word, &end, 0);
	if (*word >= '0' && *word <= '9' && !*end && n <= UINT32_MAX) {
		*flags |= (uint32_t)n;
		return 0;
	}
	f = slab_flag_names;
	return cmd_fail(sh, EINVAL, "%s is no flag of a cache%s", quoted(sh, word),
			suggestion(did_you_mean(word, next_flag, &f), meant, sizeof(meant)));
}

static int parse_flags(struct shell *sh, const char *text, uint32_t *flags)
{
	int r = 0;

	while (*text && !r) {
		size_t len = strcspn(text, "|");
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		r = parse_flag(sh, word, flags);
		text += len + (text[len] == '|');
	}
	return r;
}

static int check_create(struct shell *sh, const struct args *a, struct kmem_cache_params *p)
{
	int r = need_slab(sh);

	p->name = a->v[CREATE_NAME].text;
	if (!r)
		r = size_arg(sh, &a->v[CREATE_SIZE], &p->size);
	if (!r)
		r = size_arg(sh, &a->v[CREATE_ALIGN], &p->align);
	if (!r && a->v[CREATE_FLAGS].w)
		r = parse_flags(sh, a->v[CREATE_FLAGS].text, &p->flags);
	if (r)
		return r;
	if (a->v[CREATE_CTOR].w)
		p->ctor = &kmem_ctor_default;
	if (strlen(p->name) >= KMEM_CACHE_NAME_MAX || strpbrk(p->name, "/ \t\n"))
		return cmd_fail(sh, EINVAL,
				"%s: a cache's name has at most %d letters, no / and no blanks",
				quoted(sh, p->name), KMEM_CACHE_NAME_MAX - 1);
	if (lookup(sh, p->name))
		return cmd_fail(sh, EEXIST, "there is a cache %s already", quoted(sh, p->name));
	return 0;
}

static void print_created(struct shell *sh, const struct kmem_cache *s, const char *name)
{
	if (strcmp(s->name, name))
		out(sh, "%s is an alias of %s now: ", name, s->name);
	else
		out(sh, "%s: ", name);
	out(sh, "objects of %u bytes, %u apart", s->object_size, s->size);
	if (s->oo.objects)
		out(sh, ", %u in a slab of order %u", s->oo.objects, s->oo.order);
	out_char(sh, '\n');
}

int exec_cache_create(struct shell *sh, const struct args *a)
{
	struct kmem_cache_params p = {0};
	struct mm_error e = {{0}};
	unsigned long oopses;
	struct kmem_cache *s;
	int r = check_create(sh, a, &p);

	if (r)
		return r;
	oopses = sh->m->slab->oopses;
	begin_change(sh);
	s = kmem_cache_create(sh->m, &p, &e);
	if (!s)
		return cmd_fail(sh, EINVAL, "%s", e.text);
	name_lives(sh, p.name, p.size);
	print_created(sh, s, p.name);
	return slab_call_end(sh, oopses);
}

/* ---- alloc, free ---- */

enum {
	ALLOC_NAME,
	ALLOC_GFP,
	ALLOC_NODE,
	ALLOC_COUNT
};

static int alloc_failed(struct shell *sh, const struct args *a, gfp_t gfp, int64_t got)
{
	const struct arg *count = &a->v[ALLOC_COUNT];
	char names[512], before[80] = "";

	if (count->w)
		snprintf(before, sizeof(before), " after %lld of %lld", (long long)got,
			 (long long)count->num);
	return cmd_fail(sh, ENOMEM, "%s, %s: ENOMEM%s (see dmesg, why)", a->v[ALLOC_NAME].text,
			gfp_format(gfp, names, sizeof(names)), before);
}

int exec_cache_alloc(struct shell *sh, const struct args *a)
{
	gfp_t gfp = a->v[ALLOC_GFP].w ? a->v[ALLOC_GFP].gfp : GFP_KERNEL;
	int64_t count = a->v[ALLOC_COUNT].w ? a->v[ALLOC_COUNT].num : 1, got;
	struct kmem_cache *s = cache_arg(sh, a);
	const struct cache_name *own = own_name(sh, a->v[ALLOC_NAME].text);
	unsigned long oopses;
	vaddr_t p = 0;
	int nid, r = s ? check_node(sh, &a->v[ALLOC_NODE], &nid) : -sh->err.code;

	if (r)
		return r;
	oopses = sh->m->slab->oopses;
	for (got = 0; got < count && !interrupted; got++) {
		struct item *t;

		begin_change(sh);
		stopwatch_start(&sh->watch);
		p = kmem_cache_alloc_node(sh->m, s, gfp, nid);
		stopwatch_stop(&sh->watch);
		if (!p)
			break;
		t = value_add(sh, &value_object_type, p);
		t->id = s->id;
		t->size = own ? own->size : s->object_size;
		t->gfp = gfp;
	}
	if (got > 0)
		value_print(sh, value_done(sh));
	r = slab_call_end(sh, oopses);
	return r || p ? r : alloc_failed(sh, a, gfp, got);
}

static int free_one(struct shell *sh, vaddr_t addr, void *arg)
{
	return free_object(sh, arg, addr);
}

int exec_cache_free(struct shell *sh, const struct args *a)
{
	struct kmem_cache *s = cache_arg(sh, a);
	int r = s ? 0 : -sh->err.code;

	for (unsigned i = 0; i < a->v[1].n && !r; i++)
		r = for_each_address(sh, &a->v[1].w[i], free_one, s);
	return r;
}

/* ---- shrink, destroy ---- */

int exec_cache_shrink(struct shell *sh, const struct args *a)
{
	struct kmem_cache *s = cache_arg(sh, a);
	struct slabinfo before = {0}, now = {0};

	if (!s)
		return -sh->err.code;
	get_slabinfo(sh->m, s, &before);
	begin_change(sh);
	kmem_cache_shrink(sh->m, s);
	get_slabinfo(sh->m, s, &now);
	if (sh->m->slab->ops->has_slabinfo)
		out(sh, "%ld slab%s given back, %lu left\n",
		    (long)(before.num_slabs - now.num_slabs),
		    before.num_slabs - now.num_slabs == 1 ? "" : "s", now.num_slabs);
	return 0;
}

int exec_cache_destroy(struct shell *sh, const struct args *a)
{
	struct kmem_cache *s = cache_arg(sh, a);
	const char *name = a->v[0].text;
	struct cache_name *own = own_name(sh, name);
	unsigned id;
	int r;

	if (!s)
		return -sh->err.code;
	if (!own)
		return cmd_fail(
			sh, EPERM,
			"%s is the kernel's own: only what `cache create` made is destroyed",
			quoted(sh, name));
	id = s->id;
	begin_change(sh);
	r = kmem_cache_destroy(sh->m, s);
	if (r < 0)
		return cmd_fail(sh, EBUSY, "objects remain in %s (see dmesg)", s->name);
	own->dead = true;
	if (r)
		out(sh, "%s lives on under its other names\n", s->name);
	else
		values_lose_cache(sh, id);
	return 0;
}
