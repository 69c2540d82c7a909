/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E3: caches and kmalloc. From the state BEFORE (pages, then caches), each operation in turn;
 * AFTER them both states are compared, then what is left is freed and the FINAL ones compared.
 */
#include "slab_dump.h"
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/slab.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_CREATED 64

/* A cache that was asked for, and what it got. */
struct created {
	char name[KMEM_CACHE_NAME_MAX], actual[KMEM_CACHE_NAME_MAX];
	uint64_t size, align;
	uint32_t flags, ctor;
	int refcount;
	unsigned long lineno;
	struct kmem_cache *cache;
};

struct slab_verify {
	struct verify *v;
	struct slab_dump dump;
	struct created created[MAX_CREATED];
	unsigned nr;
	gfp_t gfp;
};

/* ---- before the first operation ---- */

static bool take_name(struct scan *s, const char *key, char *buf, size_t size)
{
	const char *name;
	size_t n;

	if (!scan_word(s, key))
		return false;
	n = scan_until(s, ' ', &name);
	if (!n || n >= size)
		return false;
	memcpy(buf, name, n);
	buf[n] = '\0';
	return true;
}

static const struct field create_fields[] = {
	FIELD(struct created, "size", size, FIELD_DEC),
	FIELD(struct created, "align", align, FIELD_DEC),
	FIELD(struct created, "flags", flags, FIELD_HEX),
	FIELD(struct created, "ctor", ctor, FIELD_DEC),
	FIELD(struct created, "refcount", refcount, FIELD_SIGNED),
	{0},
};

/* create cache=NAME size= ... -> ok name=ACTUAL refcount= */
static int read_create(struct slab_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	struct created *c = &sv->created[sv->nr];
	const char *arrow;
	struct scan rest;

	if (sv->nr == MAX_CREATED)
		return scan_error(s, sv->v->e, "more caches than a recording can have");
	c->lineno = s->lineno;
	if (!take_name(s, "cache=", c->name, sizeof(c->name)))
		return scan_error(s, sv->v->e, "expects cache=NAME");
	rest = *s;
	arrow = memmem(s->p, scan_left(s), " name=", 6);
	if (!arrow)
		return scan_error(s, sv->v->e, "expects -> ok name=NAME");
	rest.p = arrow + 1;
	if (!take_name(&rest, "name=", c->actual, sizeof(c->actual)) ||
	    fields_get(s, create_fields, c, NULL, sv->v->e))
		return scan_error(s, sv->v->e, "not what a cache is made of");
	sv->nr++;
	return 0;
}

static int read_before(struct slab_verify *sv)
{
	struct scan *s = &sv->v->d.s;

	while (scan_line(s)) {
		int got = 1;

		if (scan_word(s, "dump stage=before ")) {
			struct machine *m = dump_load(&sv->v->d);

			verify_machine(sv->v, m);
			sv->dump.m = m;
			if (!m || !scan_line(s))
				return -EINVAL;
			if (!scan_word(s, "slabs stage=before"))
				return scan_error(s, sv->v->e, "expects slabs stage=before");
			return slab_dump_load(&sv->dump);
		}
		if (scan_word(s, "create "))
			got = read_create(sv) ? -EINVAL : 1;
		else if (!scan_word(s, "note "))
			got = source_line(&sv->v->d);
		if (!got)
			return scan_error(s, sv->v->e, "not a line of this kind of recording");
		if (got < 0)
			return -EINVAL;
	}
	return scan_error(s, sv->v->e, "cut off before the dump stage=before");
}

/* What the cache was made into must be what the model would have made of it. */
static bool same_layout(const struct kmem_cache *a, const struct kmem_cache *b)
{
	return a->object_size == b->object_size && a->size == b->size && a->align == b->align && a->inuse == b->inuse &&
	       a->offset == b->offset && a->oo.order == b->oo.order &&
	       a->oo.objects == b->oo.objects && a->min.order == b->min.order &&
	       a->min_partial == b->min_partial && a->cpu_partial == b->cpu_partial &&
	       a->colour == b->colour && a->colour_off == b->colour_off &&
	       a->freelist_size == b->freelist_size && a->limit == b->limit &&
	       a->batchcount == b->batchcount && a->shared == b->shared &&
	       a->flags == b->flags && a->allocflags == b->allocflags;
}

static int check_created(struct slab_verify *sv)
{
	for (unsigned i = 0; i < sv->nr; i++) {
		struct created *c = &sv->created[i];
		struct kmem_cache_params p = {.name = c->actual, .size = c->size,
					      .align = c->align, .flags = c->flags,
					      .ctor = c->ctor ? &kmem_ctor_default : NULL};
		struct kmem_cache plan;
		bool same;

		c->cache = slab_dump_find(&sv->dump, c->actual, strlen(c->actual));
		if (!c->cache)
			return mm_error(sv->v->e, -EINVAL, "line %lu: the dump lacks cache %s",
					c->lineno, c->actual);
		if (c->cache && c->ctor)
			c->cache->ctor = &kmem_ctor_default;
		if (!c->cache || c->refcount != 1 || strcmp(c->name, c->actual))
			continue;
		same = !kmem_cache_plan(sv->v->m, &p, &plan) && same_layout(&plan, c->cache);
		if (!same && verify_first(sv->v))
			verify_tell(sv->v, &sv->v->d.s, c->name, "lays that cache out otherwise");
		verify_count(sv->v, same ? MATCHED : DIVERGED);
	}
	return 0;
}

/* ---- operations ---- */

static struct created *find_created(struct slab_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	char name[KMEM_CACHE_NAME_MAX];

	if (take_name(s, "cache=", name, sizeof(name)))
		for (unsigned i = 0; i < sv->nr; i++)
			if (!strcmp(sv->created[i].name, name))
				return &sv->created[i];
	scan_error(s, sv->v->e, "no cache that was created");
	return NULL;
}

static void compare_address(struct slab_verify *sv, vaddr_t kernel, vaddr_t model)
{
	char k[32], m[32];

	if (kernel != model && verify_first(sv->v)) {
		snprintf(k, sizeof(k), "0x%llx", (unsigned long long)kernel);
		snprintf(m, sizeof(m), "0x%llx", (unsigned long long)model);
		verify_tell(sv->v, &sv->v->d.s, k, m);
	}
	verify_count(sv->v, kernel == model ? MATCHED : DIVERGED);
}

/* A free has no result; but what the model would refuse cannot be replayed. */
static void replay_free(struct slab_verify *sv, struct kmem_cache *s, vaddr_t addr)
{
	struct machine *m = sv->v->m;
	struct mm_error why;

	if (kfree_check(m, s, addr, &why)) {
		if (verify_first(sv->v))
			verify_tell(sv->v, &sv->v->d.s, "freed", why.text);
		verify_count(sv->v, DIVERGED);
		return;
	}
	if (s)
		kmem_cache_free(m, s, addr);
	else
		kfree(m, addr);
	verify_count(sv->v, MATCHED);
}

static bool take_addr(struct scan *s, uint64_t *addr)
{
	return scan_word(s, " addr=") && (scan_char(s, '-') || scan_u64(s, addr)) && scan_at_end(s);
}

static int replay_cache(struct slab_verify *sv, bool alloc)
{
	struct created *c = find_created(sv);
	uint64_t addr = 0;

	if (!c)
		return -EINVAL;
	if (!take_addr(&sv->v->d.s, &addr))
		return scan_error(&sv->v->d.s, sv->v->e, "expects addr=");
	if (alloc)
		compare_address(sv, addr, kmem_cache_alloc(sv->v->m, c->cache, sv->gfp));
	else
		replay_free(sv, c->cache, addr);
	return 0;
}

static int replay_kmalloc(struct slab_verify *sv, bool alloc)
{
	struct scan *s = &sv->v->d.s;
	uint64_t size, addr = 0;

	if (!scan_word(s, "size=") || !scan_u64(s, &size) || !take_addr(s, &addr))
		return scan_error(s, sv->v->e, "expects size= addr=");
	if (alloc)
		compare_address(sv, addr, kmalloc(sv->v->m, size, sv->gfp));
	else
		replay_free(sv, NULL, addr);
	return 0;
}

static int replay(struct slab_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	uint32_t n;

	trace_buffer_reset(&sv->v->trace);
	if (!scan_word(s, "op=") || !scan_u32(s, &n) || !scan_char(s, ' '))
		return scan_error(s, sv->v->e, "not a line of this kind of recording");
	if (scan_word(s, "calloc "))
		return replay_cache(sv, true);
	if (scan_word(s, "cfree "))
		return replay_cache(sv, false);
	if (scan_word(s, "kmalloc "))
		return replay_kmalloc(sv, true);
	if (scan_word(s, "kfree "))
		return replay_kmalloc(sv, false);
	return scan_error(s, sv->v->e, "not an operation on objects");
}

/* ---- states ---- */

static long compare_slabs(struct slab_verify *sv, const char *stage)
{
	struct strbuf text = STRBUF_INIT;
	long differ;

	slab_dump_write(&sv->dump, stage, &text);
	differ = verify_lines(sv->v, &text, "endslabs ", NULL);
	strbuf_free(&text);
	return differ;
}

/* Operations, then both dumps of @stage. */
static int verify_stage(struct slab_verify *sv, const char *stage)
{
	struct scan *s = &sv->v->d.s;

	while (scan_line(s)) {
		bool pages = scan_word(s, "dump stage=");
		long differ;

		if (scan_word(s, "note "))
			continue;
		if (!pages && !scan_word(s, "slabs stage=")) {
			if (replay(sv))
				return -EINVAL;
			continue;
		}
		if (!scan_word(s, stage) || (pages && !scan_char(s, ' ')))
			return scan_error(s, sv->v->e, "expects the stage %s", stage);
		trace_buffer_reset(&sv->v->trace);
		differ = pages ? verify_dump(sv->v, stage, NULL) : compare_slabs(sv, stage);
		if (differ > 0)
			verify_blame_last(sv->v);
		if (differ < 0 || !pages)
			return (int)min_of(differ, 0l);
	}
	return scan_error(s, sv->v->e, "cut off before the slabs stage=%s", stage);
}

static int read_gfp(struct slab_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	const char *at = memmem(s->line, (size_t)(s->end - s->line), " gfp=", 5);
	uint64_t gfp;

	s->p = at ? at + 5 : s->end;
	if (!scan_u64(s, &gfp) || gfp > __GFP_BITS_MASK)
		return scan_error(s, sv->v->e, "the first line must say gfp=");
	sv->gfp = (gfp_t)gfp;
	return 0;
}

int verify_slab(struct verify *v)
{
	struct slab_verify *sv = calloc(1, sizeof(*sv));
	int err;

	if (!sv)
		return mm_error(v->e, -ENOMEM, "the host has no memory left");
	sv->v = v;
	sv->dump.d = &v->d;
	err = read_gfp(sv);
	if (!err)
		err = read_before(sv);
	if (!err)
		err = check_created(sv);
	if (!err)
		err = verify_stage(sv, "after");
	if (!err)
		err = verify_stage(sv, "final");
	if (!err && scan_line(&v->d.s))
		err = scan_error(&v->d.s, v->e, "more lines after the slabs stage=final");
	free(sv);
	return err;
}
