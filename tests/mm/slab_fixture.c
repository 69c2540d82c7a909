/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mm/slab_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- machines ---- */

static struct machine *new_machine(const char *name, const char *line, const struct slab_params *p,
				   bool late)
{
	struct slab_params params;
	struct mm_error e = {""};
	struct boot_params boot;
	struct machine *m;

	boot_params_init(&boot);
	boot_words(&boot, line);
	slab_params_init(&params);
	params.nomerge = true;
	boot.slab_params = p ? *p : params;
	boot.slab = late ? slab_ops_find(name) : NULL;
	m = machine_boot(&boot, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	if (!late)
		ck_assert_msg(!kmem_cache_init(m, slab_ops_find(name), &boot.slab_params, &e), "%s",
			      e.text);
	return m;
}

struct machine *slab_machine(const char *name, const char *line, const struct slab_params *p)
{
	return new_machine(name, line, p, true);
}

struct machine *early_slab_machine(const char *name, const char *line, const struct slab_params *p)
{
	return new_machine(name, line, p, false);
}

static struct kmem_cache *create(struct machine *m, const struct kmem_cache_params *p)
{
	struct mm_error e = {""};
	struct kmem_cache *s = kmem_cache_create(m, p, &e);

	ck_assert_msg(s != NULL, "%s", e.text);
	return s;
}

struct kmem_cache *cache_of(struct machine *m, const char *name, unsigned size, unsigned align,
			    uint32_t flags)
{
	return create(m, &(struct kmem_cache_params){
				 .name = name, .size = size, .align = align, .flags = flags});
}

struct kmem_cache *ctor_cache_of(struct machine *m, const char *name, unsigned size, uint32_t flags)
{
	return create(m, &(struct kmem_cache_params){
				 .name = name, .size = size, .flags = flags, .ctor = &kmem_ctor_default});
}

vaddr_t object_of(struct machine *m, struct kmem_cache *s)
{
	vaddr_t object = kmem_cache_alloc(m, s, GFP_KERNEL);

	ck_assert_uint_ne(object, 0);
	return object;
}

static vaddr_t slab_start(const struct machine *m, vaddr_t object)
{
	pfn_t pfn = (pfn_t)((object - m->slab->base) >> PAGE_SHIFT);
	const struct page *p = pfn_to_page(m, pfn);

	return m->slab->base + PFN_PHYS(p->flags & PG(tail) ? p->index : pfn);
}

unsigned slab_offset(const struct machine *m, vaddr_t object)
{
	return (unsigned)(object - slab_start(m, object));
}

void assert_slabs(const struct machine *m)
{
	struct mm_error e = {""};

	assert_audit(m);
	ck_assert_msg(slab_audit(m, &e) == 0, "%s", e.text);
}

void assert_slab_violation(const struct machine *m, const char *what)
{
	struct mm_error e = {""};

	ck_assert_int_lt(slab_audit(m, &e), 0);
	ck_assert_msg(strstr(e.text, what) != NULL, "%s", e.text);
}

unsigned char *bytes_at(struct machine *m, vaddr_t addr)
{
	ck_assert(addr - m->slab->base < m->slab->bytes);
	return m->ram + (addr - m->slab->base);
}

/* ---- events ---- */

struct trace_buffer *slab_listen(struct machine *m)
{
	struct trace_buffer *b = malloc(sizeof(*b));

	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(trace_buffer_init(b, 1 << 16, TRACE_BIT(TRACE_SLAB_STEP) |
							      TRACE_BIT(TRACE_SLAB_REPORT)),
			 0);
	trace_attach(m, &b->l);
	return b;
}

void slab_listen_end(struct machine *m, struct trace_buffer *b)
{
	trace_detach(m, &b->l);
	trace_buffer_free(b);
	free(b);
}

static unsigned count(const struct trace_buffer *b, enum trace_id id, unsigned verdict)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->n; i++)
		n += b->ev[i].id == id && b->ev[i].verdict == verdict;
	return n;
}

unsigned count_steps(const struct trace_buffer *b, enum slab_step step)
{
	return count(b, TRACE_SLAB_STEP, step);
}

unsigned count_reports(const struct trace_buffer *b, enum slab_report what)
{
	return count(b, TRACE_SLAB_REPORT, what);
}

unsigned count_bad(const struct trace_buffer *b, enum slab_bad what)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->n; i++)
		n += b->ev[i].id == TRACE_SLAB_REPORT && b->ev[i].verdict == REPORT_SLAB_BAD &&
		     b->ev[i].d == what;
	return n;
}

/* ---- the test vectors ---- */

#define VECTOR_OPS 6000

struct driver {
	struct trace_listener l;
	struct machine *m;
	uint32_t x, hash;
	vaddr_t label[VECTOR_OPS]; /* where the slab of that number lies; 0: it is gone */
	unsigned nr_labels;
	vaddr_t live[VECTOR_OPS];
	unsigned nr_live, allocations;
};

static unsigned draw(struct driver *d)
{
	d->x = d->x * 1103515245u + 12345u;
	return d->x >> 16 & 0x7fff;
}

/* A slab that was given back counts as new when its memory comes again. */
static void forget_slab(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	struct driver *d = (struct driver *)l;

	for (unsigned i = 0; i < d->nr_labels; i++)
		if (ev->verdict == STEP_DISCARD && d->label[i] == m->slab->base + PFN_PHYS(ev->pfn))
			d->label[i] = 0;
}

static void add_result(struct driver *d, vaddr_t object)
{
	vaddr_t start = slab_start(d->m, object);
	unsigned i = 0;

	ck_assert_uint_ne(object, 0);
	while (i < d->nr_labels && d->label[i] != start)
		i++;
	if (i == d->nr_labels)
		d->label[d->nr_labels++] = start;
	d->hash = (d->hash ^ i) * 16777619u;
	d->hash = (d->hash ^ (uint32_t)(object - start)) * 16777619u;
	d->live[d->nr_live++] = object;
	d->allocations++;
}

static void drive(struct driver *d, struct kmem_cache *s, unsigned max)
{
	for (unsigned op = 0; op < VECTOR_OPS; op++) {
		if (draw(d) % 100 < (op / 700 % 2 ? 38u : 64u) || !d->nr_live) {
			add_result(d, s ? kmem_cache_alloc(d->m, s, GFP_KERNEL)
					: kmalloc(d->m, 1 + draw(d) % max, GFP_KERNEL));
		} else {
			unsigned k = draw(d) % d->nr_live;
			vaddr_t object = d->live[k];

			d->live[k] = d->live[--d->nr_live];
			if (s)
				kmem_cache_free(d->m, s, object);
			else
				kfree(d->m, object);
		}
		if (op % 1000 == 0)
			assert_slabs(d->m);
	}
}

void check_vector(const struct vector *v)
{
	struct driver *d = calloc(1, sizeof(*d));
	struct slab_params p;
	char line[64];

	ck_assert_ptr_nonnull(d);
	slab_params_init(&p);
	p.nomerge = true;
	p.cache_line_size = v->line;
	snprintf(line, sizeof(line), "mem=256M cpus=%u", v->cpus);
	d->m = v->size ? slab_machine(v->allocator, line, &p)
		       : early_slab_machine(v->allocator, line, &p);
	d->x = v->seed;
	d->hash = 2166136261u;
	d->l = (struct trace_listener){.event = forget_slab, .mask = TRACE_BIT(TRACE_SLAB_STEP)};
	trace_attach(d->m, &d->l);
	drive(d, v->size ? cache_of(d->m, "test", v->size, 0, 0) : NULL, v->max);
	ck_assert_uint_eq(d->allocations, v->allocations);
	ck_assert_uint_eq(d->nr_labels, v->labels);
	ck_assert_uint_eq(d->nr_live, v->live);
	ck_assert_uint_eq(d->hash, v->hash);
	assert_slabs(d->m);
	machine_free(d->m);
	free(d);
}

/* ---- the random walk ---- */

#define WALK_HELD 4000
#define WALK_CACHES 8

struct object_walk {
	struct machine *m;
	uint64_t rng;
	struct kmem_cache *cache[WALK_CACHES];
	unsigned nr_held;
	struct {
		vaddr_t object;
		struct kmem_cache *cache; /* NULL: kmalloc */
		uint8_t mark;
	} held[WALK_HELD];
};

static unsigned roll(struct object_walk *w, unsigned n)
{
	w->rng = w->rng * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(w->rng >> 33) % n;
}

/* Whoever else gets the object meanwhile will write another mark. */
static void hold(struct object_walk *w, vaddr_t object, struct kmem_cache *s)
{
	uint8_t mark = (uint8_t)roll(w, 256);

	if (!object)
		return;
	w->held[w->nr_held].object = object;
	w->held[w->nr_held].cache = s;
	w->held[w->nr_held++].mark = mark;
	*bytes_at(w->m, object) = mark;
}

static void walk_alloc(struct object_walk *w)
{
	struct kmem_cache *s = w->cache[roll(w, WALK_CACHES)];
	gfp_t gfp = roll(w, 4) ? GFP_KERNEL : GFP_QUIET;
	unsigned size = 1 + roll(w, roll(w, 20) ? 600 : 40000);

	if (w->nr_held == WALK_HELD)
		return;
	if (roll(w, 2))
		hold(w, kmem_cache_alloc_node(w->m, s, gfp,
					      roll(w, 4) ? NUMA_NO_NODE
							 : (int)roll(w, w->m->nr_nodes)),
		     s);
	else
		hold(w, kmalloc(w->m, size, gfp), NULL);
}

static void walk_free_one(struct object_walk *w)
{
	unsigned k;
	vaddr_t object;
	struct kmem_cache *s;

	if (!w->nr_held)
		return;
	k = roll(w, w->nr_held);
	object = w->held[k].object;
	s = w->held[k].cache;
	ck_assert_uint_eq(*bytes_at(w->m, object), w->held[k].mark);
	w->held[k] = w->held[--w->nr_held];
	if (s)
		kmem_cache_free(w->m, s, object);
	else
		kfree(w->m, object);
}

static void walk_other(struct object_walk *w)
{
	switch (roll(w, 4)) {
	case 0:
		kmem_cache_shrink(w->m, w->cache[roll(w, WALK_CACHES)]);
		break;
	case 1:
		machine_tick(w->m, roll(w, 8 * HZ));
		break;
	default:
		machine_set_cpu(w->m, roll(w, w->m->nr_cpus));
	}
}

void object_walk(struct machine *m, uint64_t seed, unsigned steps, unsigned audit_every)
{
	static const unsigned sizes[WALK_CACHES] = {8, 24, 100, 192, 700, 1024, 4096, 8000};
	struct object_walk *w = calloc(1, sizeof(*w));
	unsigned fill = 50;

	ck_assert_ptr_nonnull(w);
	w->m = m;
	w->rng = seed;
	for (unsigned i = 0; i < WALK_CACHES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "walk-%u", sizes[i]);
		w->cache[i] = cache_of(m, name, sizes[i], 0, i % 2 ? SLAB_HWCACHE_ALIGN : 0);
	}
	for (unsigned i = 0; i < steps; i++) {
		if (i % 500 == 0)
			fill = 30 + roll(w, 45);
		if (roll(w, 60) == 0)
			walk_other(w);
		else if (roll(w, 100) < fill)
			walk_alloc(w);
		else
			walk_free_one(w);
		if (i % audit_every == 0)
			assert_slabs(m);
	}
	while (w->nr_held)
		walk_free_one(w);
	assert_slabs(m);
	for (unsigned i = 0; i < WALK_CACHES; i++)
		ck_assert_int_eq(kmem_cache_destroy(m, w->cache[i]), 0);
	assert_slabs(m);
	free(w);
}

/* ---- the walk of a vandal ---- */

static bool note_slab(struct machine *m, const struct slab_view *v, void *arg)
{
	struct object_walk *w = arg;

	(void)m;
	w->held[w->nr_held++].object = m->slab->base + PFN_PHYS(v->pfn);
	return w->nr_held < WALK_HELD;
}

/* Some address in one of the slabs there are. */
static vaddr_t somewhere(struct object_walk *w)
{
	unsigned nr = w->nr_held;
	vaddr_t addr = 0;

	slab_walk(w->m, NULL, note_slab, w);
	if (w->nr_held > nr)
		addr = w->held[nr + roll(w, w->nr_held - nr)].object + roll(w, PAGE_SIZE);
	w->nr_held = nr;
	return addr;
}

static void vandalise(struct object_walk *w)
{
	struct kmem_cache *s = w->cache[roll(w, 2)];
	vaddr_t addr = somewhere(w);
	const struct page *p;

	if (!addr)
		return;
	p = pfn_to_page(w->m, (pfn_t)((addr - w->m->slab->base) >> PAGE_SHIFT));
	switch (roll(w, 6)) {
	case 0:
		kmem_cache_free(w->m, s, addr);
		break;
	case 1:
		if (p->flags & (PG(slab) | PG(tail)))
			kfree(w->m, addr);
		break;
	default:
		for (unsigned i = roll(w, 60); i && addr % PAGE_SIZE; i--)
			*bytes_at(w->m, addr++) = (uint8_t)(roll(w, 3) ? roll(w, 256) : 0);
	}
}

void damage_walk(struct machine *m, uint64_t seed, unsigned steps)
{
	struct object_walk *w = calloc(1, sizeof(*w));
	struct mm_error e;

	ck_assert_ptr_nonnull(w);
	w->m = m;
	w->rng = seed;
	w->cache[0] = cache_of(m, "small", 40, 0, 0);
	w->cache[1] = cache_of(m, "large", 700, 0, 0);
	for (unsigned i = 0; i < steps; i++) {
		struct kmem_cache *s = roll(w, 3) ? w->cache[roll(w, 2)] : NULL;
		unsigned k = roll(w, WALK_HELD / 4);
		vaddr_t old = w->held[k].object;

		if (roll(w, 40) == 0) {
			vandalise(w);
		} else if (roll(w, 200) == 0) {
			kmem_cache_shrink(m, w->cache[roll(w, 2)]);
			machine_tick(m, roll(w, 9 * HZ));
			machine_set_cpu(m, roll(w, m->nr_cpus));
			slab_audit(m, &e);
		} else {
			if (old && w->held[k].cache)
				kmem_cache_free(m, w->held[k].cache, old);
			else if (old)
				kfree(m, old);
			w->held[k].cache = s;
			w->held[k].object = s ? kmem_cache_alloc(m, s, GFP_KERNEL)
					      : kmalloc(m, 1 + roll(w, 300), GFP_KERNEL);
		}
	}
	free(w);
}
