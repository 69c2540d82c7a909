/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLAB: objects through arrays, slabs and back; nodes; what is refused; damage. */
#include "mm/slab_fixture.h"

#include "mm/slab_def.h"
#include <mmsh/vmstat.h>
#include <stdlib.h>

/* ---- worked examples (slab.md 10) ---- */

static const struct vector vectors[] = {
	{"slab", 1, 32, 100, 0, 1, 3123, 8, 246, 0x6ee73854},
	{"slab", 1, 32, 700, 0, 2, 3123, 30, 246, 0x199151e3},
	{"slab", 1, 32, 2000, 0, 3, 3135, 339, 270, 0xf253b5bb},
	{"slab", 4, 64, 100, 0, 1, 3123, 8, 246, 0x52c6e41f},
	{"slab", 4, 64, 700, 0, 2, 3123, 30, 246, 0x474a4e11},
	{"slab", 4, 64, 2000, 0, 3, 3135, 159, 270, 0x49fde754},
};

START_TEST(test_vectors)
{
	check_vector(&vectors[_i]);
}
END_TEST

static struct slab_params line32(void)
{
	struct slab_params p;

	slab_params_init(&p);
	p.nomerge = true;
	p.cache_line_size = 32;
	return p;
}

static struct machine *machine32(const char *line)
{
	struct slab_params p = line32();

	return slab_machine("slab", line, &p);
}

START_TEST(x1_x2_order_of_a_fresh_cache)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	vaddr_t o[45], first;
	struct slabinfo i;

	for (unsigned k = 0; k < 45; k++)
		o[k] = object_of(m, s);
	for (unsigned k = 0; k < 16; k++)
		ck_assert_uint_eq(slab_offset(m, o[k]), 40 + 104 * (15 - k));
	for (unsigned k = 16; k < 39; k++)
		ck_assert_uint_eq(slab_offset(m, o[k]), 40 + 104 * (38 - (k - 16)));
	first = o[0] - slab_offset(m, o[0]);
	ck_assert_uint_ne(o[39] - slab_offset(m, o[39]), first);
	for (unsigned k = 39; k < 45; k++)
		ck_assert_uint_eq(slab_offset(m, o[k]), 40 + 104 * (38 - (k - 39)));
	get_slabinfo(m, s, &i);
	ck_assert_uint_eq(i.active_objs, 78);
	ck_assert_uint_eq(i.num_objs, 78);
	ck_assert_uint_eq(i.active_slabs, 2);
	ck_assert_uint_eq(s->cpu_cache[0]->avail, 33);

	for (unsigned k = 10; k < 13; k++)
		kmem_cache_free(m, s, o[k]);
	for (unsigned k = 12; k >= 10; k--)
		ck_assert_uint_eq(object_of(m, s), o[k]);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(x3_flushes_go_to_the_shared_array)
{
	struct machine *m = machine32("mem=64M cpus=2");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	struct array_cache *ac = s->cpu_cache[0], *shared = &s->slab_node[0]->shared;
	vaddr_t *o = malloc(1000 * sizeof(*o));

	for (unsigned k = 0; k < 1000; k++)
		o[k] = object_of(m, s);
	while (ac->avail)
		object_of(m, s);
	for (unsigned k = 0; k < 121; k++)
		kmem_cache_free(m, s, o[k]);
	ck_assert_uint_eq(ac->avail, 61);
	ck_assert_uint_eq(shared->avail, 60);
	ck_assert_uint_eq(ac_entry(m, shared, 0), o[0]);
	ck_assert_uint_eq(ac_entry(m, shared, 59), o[59]);
	/* eight fill it; the ninth goes to the slabs */
	for (unsigned k = 121; k < 121 + 7 * 60; k++)
		kmem_cache_free(m, s, o[k]);
	ck_assert_uint_eq(shared->avail, 480);
	ck_assert_uint_eq(s->slab_node[0]->free_objects, 0);
	for (unsigned k = 541; k < 541 + 60; k++)
		kmem_cache_free(m, s, o[k]);
	ck_assert_uint_eq(shared->avail, 480);
	ck_assert_uint_eq(s->slab_node[0]->free_objects, 60);
	assert_slabs(m);
	free(o);
	machine_free(m);
}
END_TEST

START_TEST(x4_another_cpu_takes_from_the_shared_array)
{
	struct machine *m = machine32("mem=64M cpus=2");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	struct array_cache *shared = &s->slab_node[0]->shared;
	struct trace_buffer *b;
	vaddr_t o[180];

	for (unsigned k = 0; k < 180; k++)
		o[k] = object_of(m, s);
	for (unsigned k = 0; shared->avail < 60; k++)
		kmem_cache_free(m, s, o[k]);
	machine_set_cpu(m, 1);
	b = slab_listen(m);
	ck_assert_uint_eq(object_of(m, s), ac_entry(m, shared, 59));
	ck_assert_uint_eq(shared->avail, 44); /* the array was never touched: 16 */
	ck_assert_uint_eq(count_steps(b, STEP_SLAB_FROM_SHARED), 1);
	ck_assert_uint_eq(shared->touched, 1);
	while (s->cpu_cache[1]->avail)
		object_of(m, s);
	object_of(m, s);
	ck_assert_uint_eq(shared->avail, 0); /* all the 44 there were, and no slab */
	ck_assert_uint_eq(s->cpu_cache[1]->avail, 43);
	slab_listen_end(m, b);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(x5_lists_of_slabs)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 2000, 0, 0);
	struct slab_node *n = s->slab_node[0];
	struct array_cache *ac = s->cpu_cache[0];
	vaddr_t a[2], b[2], c[2];

	/* two objects in a slab, the array empty and touched */
	a[0] = object_of(m, s), a[1] = object_of(m, s);
	b[0] = object_of(m, s), b[1] = object_of(m, s);
	c[0] = object_of(m, s), c[1] = object_of(m, s);
	ck_assert_uint_eq(ac->avail, 0);
	kmem_cache_free(m, s, a[0]);
	kmem_cache_free(m, s, b[0]);
	kmem_cache_free(m, s, c[0]);
	free_oldest(m, s, ac, 3);
	ck_assert_uint_eq(slab_va(m, n->list[SLABS_PARTIAL].head), a[0] - slab_offset(m, a[0]) + 0);
	/* another of A: it goes behind the others, and is free then */
	kmem_cache_free(m, s, a[1]);
	free_oldest(m, s, ac, 1);
	ck_assert_uint_eq(slab_va(m, n->list[SLABS_FREE].head), a[0] - slab_offset(m, a[0]));
	/* partial slabs first, then free ones; what came last is handed out first */
	ck_assert_uint_eq(object_of(m, s), a[0]);
	ck_assert_uint_eq(object_of(m, s), a[1]);
	ck_assert_uint_eq(object_of(m, s), c[0]);
	ck_assert_uint_eq(object_of(m, s), b[0]);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(x6_free_slabs_up_to_the_limit)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	struct slab_node *n = s->slab_node[0];
	struct trace_buffer *b = slab_listen(m);
	vaddr_t o[39 * 10];
	unsigned slabs = 0;

	ck_assert_uint_eq(n->free_limit, 159);
	for (unsigned k = 0; k < ARRAY_SIZE(o); k++)
		o[k] = object_of(m, s);
	for (unsigned k = 0; k < ARRAY_SIZE(o); k++)
		kmem_cache_free(m, s, o[k]);
	ck_assert_uint_gt(count_steps(b, STEP_DISCARD), 0);
	for (pfn_t pfn = n->list[SLABS_FREE].head; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next)
		slabs++;
	ck_assert_uint_le(slabs, 4);
	ck_assert_uint_eq(count_steps(b, STEP_SLAB_FLUSH), 5);
	slab_listen_end(m, b);
	assert_slabs(m);
	ck_assert_int_eq(kmem_cache_shrink(m, s), 0);
	ck_assert_uint_eq(n->free_objects, 0);
	machine_free(m);
}
END_TEST

START_TEST(colours_in_turn)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 700, 0, 0);

	ck_assert_uint_eq(s->colour, 13);
	for (unsigned slab = 0; slab < 15; slab++) {
		unsigned lowest = ~0u;

		for (unsigned k = 0; k < 11; k++)
			lowest = min_of(lowest, slab_offset(m, object_of(m, s)) % 704);
		if (slab > 2) /* the first refill stops short of a slab */
			ck_assert_uint_eq((lowest - 16) % 32, 0);
	}
	machine_free(m);
}
END_TEST

/* ---- what a slab is made of ---- */

START_TEST(constructor_runs_once_an_object)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = ctor_cache_of(m, "test", 100, SLAB_RECLAIM_ACCOUNT);
	vaddr_t o = object_of(m, s);
	unsigned long slabs = global_page_state(m, NR_SLAB_RECLAIMABLE);

	(void)slabs;
	ck_assert_uint_eq(*bytes_at(m, o), 0);
	*bytes_at(m, o) = 0x77;
	kmem_cache_free(m, s, o);
	ck_assert_uint_eq(object_of(m, s), o);
	ck_assert_uint_eq(*bytes_at(m, o), 0x77);
	for (unsigned i = 0; i < 16; i++)
		*bytes_at(m, o + i) = 0xff;
	kmem_cache_free(m, s, o);
	o = kmem_cache_alloc(m, s, GFP_KERNEL | __GFP_ZERO);
	ck_assert_uint_eq(*bytes_at(m, o + 15), 0);
	machine_free(m);
}
END_TEST

START_TEST(index_array_in_another_cache)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 512, 0, 0);
	struct trace_buffer *b = slab_listen(m);
	struct slab_location l;
	vaddr_t o = object_of(m, s);
	pfn_t pfn = virt_to_pfn(m, o);
	vaddr_t index = page_freelist(pfn_to_page(m, pfn));

	ck_assert(s->flags & CFLGS_OFF_SLAB);
	ck_assert_ptr_eq(s->freelist_cache, kmalloc_slab(m, 32, 0));
	ck_assert(slab_locate(m, index, &l));
	ck_assert_ptr_eq(l.cache, s->freelist_cache);
	ck_assert_int_eq(l.state, OBJ_ALLOCATED);
	kmem_cache_free(m, s, o);
	ck_assert_int_eq(kmem_cache_shrink(m, s), 0);
	ck_assert(slab_locate(m, index, &l));
	ck_assert_int_eq(l.state, OBJ_CPU_FREE);
	ck_assert_uint_ge(count_steps(b, STEP_NEW_SLAB), 1);
	slab_listen_end(m, b);
	machine_free(m);
}
END_TEST

START_TEST(bulk_and_node_calls)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 256, 0, 0);
	vaddr_t o[200];

	ck_assert_uint_eq(kmem_cache_alloc_bulk(m, s, GFP_KERNEL, 200, o), 200);
	assert_slabs(m);
	kmem_cache_free_bulk(m, s, 200, o);
	assert_slabs(m);
	ck_assert_uint_ne(kmem_cache_alloc_node(m, s, GFP_KERNEL, 0), 0);
	machine_free(m);
}
END_TEST

START_TEST(kmalloc_sizes)
{
	static const struct {
		unsigned size, objsize;
	} rows[] = {{1, 32}, {32, 32}, {33, 64}, {64, 64}, {65, 96}, {97, 128}, {129, 192},
		    {193, 256}, {257, 512}, {8192, 8192}, {9000, 16384}, {4u << 20, 4u << 20}};
	struct machine *m = machine32("mem=64M");
	vaddr_t p;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		p = kmalloc(m, rows[i].size, GFP_KERNEL);
		ck_assert_uint_ne(p, 0);
		ck_assert_uint_eq(ksize(m, p), rows[i].objsize);
		kfree(m, p);
	}
	ck_assert_uint_eq(kmalloc(m, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	ck_assert_uint_eq(kmalloc(m, (4u << 20) + 1, GFP_KERNEL), 0);
	p = kmalloc(m, 100, GFP_KERNEL | GFP_DMA);
	ck_assert_uint_lt(p - m->slab->base, 16u << 20);
	kfree(m, p);
	kfree(m, m->slab->base + (64u << 20));
	ck_assert_uint_ne(m->slab->oopses, 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- refusals ---- */

START_TEST(no_memory)
{
	struct machine *m = machine32("mem=16M");
	struct kmem_cache *s = cache_of(m, "test", 512, 0, 0);
	struct trace_buffer *b;
	unsigned n = 0;
	vaddr_t p, last = 0;

	while ((p = kmem_cache_alloc(m, s, GFP_QUIET))) {
		last = p;
		n++;
	}
	ck_assert_uint_gt(n, 10000);
	b = slab_listen(m);
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_QUIET), 0);
	ck_assert_uint_eq(count_steps(b, STEP_NO_PAGES), 1);
	slab_listen_end(m, b);
	kmem_cache_free(m, s, last);
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_QUIET), last);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* The slab's pages are there, but there is no room for its index array. */
START_TEST(no_memory_for_the_index_array)
{
	struct machine *m = machine32("mem=16M");
	struct kmem_cache *s = cache_of(m, "test", 512, 0, 0), *index = kmalloc_slab(m, 32, 0);
	pfn_t pfn = PFN_NONE;
	vaddr_t o;

	while ((o = kmem_cache_alloc(m, index, GFP_QUIET)))
		;
	while (kmem_cache_alloc(m, index, GFP_QUIET))
		;
	for (int64_t got; (got = alloc_pages(m, GFP_QUIET, 0)) >= 0;)
		pfn = (pfn_t)got;
	if (pfn != PFN_NONE)
		__free_pages(m, pfn, 0);
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_QUIET), 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(flags_that_kill)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	struct kmem_cache *dma = cache_of(m, "dma", 100, 0, SLAB_CACHE_DMA);
	struct trace_buffer *b = slab_listen(m);

	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_KERNEL | __GFP_HIGHMEM), 0);
	ck_assert_uint_eq(count_reports(b, REPORT_GFP), 1);
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_KERNEL | GFP_DMA), 0);
	ck_assert_uint_eq(kmem_cache_alloc(m, dma, GFP_KERNEL), 0);
	ck_assert_uint_eq(count_bad(b, BAD_GFP_DMA), 2);
	ck_assert_uint_eq(m->slab->oopses, 3);
	ck_assert_uint_ne(kmem_cache_alloc(m, dma, GFP_KERNEL | GFP_DMA), 0);
	slab_listen_end(m, b);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- damage ---- */

START_TEST(double_free_goes_unnoticed)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	vaddr_t o = object_of(m, s), p;

	kmem_cache_free(m, s, o);
	kmem_cache_free(m, s, o);
	assert_slab_violation(m, "free twice");
	p = object_of(m, s);
	ck_assert_uint_eq(p, o);
	ck_assert_uint_eq(object_of(m, s), o);
	machine_free(m);
}
END_TEST

/* More objects come back than were handed out. */
START_TEST(double_free_reaches_the_slab)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 2000, 0, 0);
	vaddr_t o[2] = {object_of(m, s), object_of(m, s)};

	for (unsigned i = 0; i < 3; i++)
		kmem_cache_free(m, s, o[i % 2]);
	kmem_cache_shrink(m, s);
	ck_assert_uint_ge(m->slab->oopses, 1);
	/* and what is no object at all */
	kmem_cache_free(m, s, 0x1234);
	kmem_cache_free(m, s, m->slab->base + 5);
	kmem_cache_free(m, s, o[0] + 1);
	kmem_cache_shrink(m, s);
	ck_assert_uint_ge(m->slab->oopses, 3);
	machine_free(m);
}
END_TEST

START_TEST(written_over_index_array)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	vaddr_t o = object_of(m, s);
	pfn_t pfn = virt_to_pfn(m, o);

	memset(bytes_at(m, page_freelist(pfn_to_page(m, pfn))), 0xff, 40);
	assert_slab_violation(m, "free index");
	/* indexes lead out of the slab; addresses come as they come */
	for (unsigned i = 0; i < 200; i++)
		kmem_cache_alloc(m, s, GFP_KERNEL);
	kmem_cache_free(m, s, o);
	kmem_cache_shrink(m, s);
	machine_free(m);
}
END_TEST

START_TEST(index_array_nowhere)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	vaddr_t o = object_of(m, s);
	struct page *p = pfn_to_page(m, virt_to_pfn(m, o));

	set_page_freelist(p, 0x1000);
	assert_slab_violation(m, "nowhere");
	for (unsigned i = 0; i < 100; i++)
		if (!kmem_cache_alloc(m, s, GFP_KERNEL))
			break;
	ck_assert_uint_ge(m->slab->oopses, 1);
	kmem_cache_free(m, s, o);
	kmem_cache_shrink(m, s);
	machine_free(m);
}
END_TEST

/* The array cache's entries lie in RAM, too. */
START_TEST(written_over_entries)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0), *k32 = kmalloc_slab(m, 32, 0);
	struct kmem_cache *off = cache_of(m, "off", 512, 0, 0);
	vaddr_t o = object_of(m, s);

	memset(s->cpu_cache[0]->entry, 0xa5, 40);
	assert_slab_violation(m, "no object of it");
	for (unsigned i = 0; i < 10; i++)
		kmem_cache_alloc(m, s, GFP_KERNEL);
	kmem_cache_free(m, s, o);
	kmem_cache_shrink(m, s);
	/* an index array is taken from where there is no memory */
	kfree(m, kmalloc(m, 20, GFP_KERNEL));
	memset(k32->cpu_cache[0]->entry, 0xa5, k32->cpu_cache[0]->avail * 4);
	ck_assert_uint_eq(kmem_cache_alloc(m, off, GFP_KERNEL), 0);
	machine_free(m);
}
END_TEST

START_TEST(audit_finds)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	vaddr_t o = object_of(m, s);
	struct slab_node *n = s->slab_node[0];
	pfn_t pfn = virt_to_pfn(m, o);
	struct page *p = pfn_to_page(m, pfn), page = *p;

	n->free_objects++;
	assert_slab_violation(m, "free objects");
	n->free_objects--;
	p->active++;
	assert_slab_violation(m, "");
	*p = page;
	p->active = s->num;
	assert_slab_violation(m, "wrong list");
	*p = page;
	p->flags &= ~PG(slab);
	assert_slab_violation(m, "no slab of it");
	*p = page;
	p->lru.prev = 7;
	assert_slab_violation(m, "astray");
	*p = page;
	n->list[SLABS_PARTIAL].tail = 7;
	assert_slab_violation(m, "tail");
	n->list[SLABS_PARTIAL].tail = pfn;
	s->cpu_cache[0]->avail = 121;
	assert_slab_violation(m, "holds 121");
	s->cpu_cache[0]->avail = 15;
	mod_zone_page_state(m, normal_zone(m), NR_SLAB_UNRECLAIMABLE, 1);
	assert_slab_violation(m, "are counted");
	mod_zone_page_state(m, normal_zone(m), NR_SLAB_UNRECLAIMABLE, -1);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- looking ---- */

static bool count_slab(struct machine *m, const struct slab_view *v, void *arg)
{
	unsigned *n = arg;

	(void)m;
	n[v->where]++;
	return n[SLAB_NODE_FULL] < 4;
}

START_TEST(looking)
{
	struct machine *m = machine32("mem=64M");
	struct kmem_cache *s = cache_of(m, "test", 2000, 0, 0);
	unsigned n[NR_SLAB_WHERE] = {0};
	uint8_t state[255];
	struct slab_location l;
	vaddr_t o[5];

	for (unsigned i = 0; i < 5; i++)
		o[i] = object_of(m, s);
	kmem_cache_free(m, s, o[4]);
	ck_assert(slab_walk(m, s, count_slab, n));
	ck_assert_uint_eq(n[SLAB_NODE_FULL] + n[SLAB_NODE_PARTIAL] + n[SLAB_NODE_FREE], 3);
	ck_assert(!slab_walk(m, NULL, count_slab, n));
	ck_assert(slab_locate(m, o[0] + 7, &l));
	ck_assert_ptr_eq(l.cache, s);
	ck_assert_uint_eq(l.object, o[0]);
	ck_assert_uint_eq(l.offset, 7);
	ck_assert_int_eq(l.state, OBJ_ALLOCATED);
	ck_assert(slab_locate(m, o[4], &l));
	ck_assert_int_eq(l.state, OBJ_CPU_FREE);
	ck_assert_uint_eq(slab_objects(m, l.pfn, state, 255), 2);
	ck_assert_uint_eq(slab_objects(m, l.pfn, state, 1), 2);
	/* the index array in front of the objects is none of them */
	ck_assert(slab_locate(m, slab_va(m, l.pfn), &l));
	ck_assert_uint_eq(l.object, 0);
	ck_assert(!slab_locate(m, 0x10, &l));
	ck_assert_uint_eq(ksize(m, o[0]), 2000);
	ck_assert_uint_eq(slab_ksize(m, 0x10), 0);
	machine_free(m);
}
END_TEST

/* ---- nodes (slab.md 9) ---- */

static struct machine *numa_machine(void)
{
	return slab_machine("slab", "arch=amd64 mem=256M numa=fake=2 cpus=2", NULL);
}

START_TEST(objects_of_another_node)
{
	struct machine *m = numa_machine();
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	unsigned here = m->cpu_to_node[0], there = 1 - here;
	struct slab_node *n = s->slab_node[here];
	vaddr_t o[20];

	ck_assert_ptr_nonnull(n->alien[there].entry);
	ck_assert_uint_eq(n->alien[there].limit, 12);
	for (unsigned i = 0; i < 20; i++) {
		o[i] = kmem_cache_alloc_node(m, s, GFP_KERNEL, (int)there);
		ck_assert_int_eq(slab_page_nid(m, virt_to_pfn(m, o[i])), (int)there);
	}
	ck_assert_uint_eq(s->cpu_cache[0]->avail, 0);
	ck_assert_uint_eq(s->nodeallocs, 20);
	for (unsigned i = 0; i < 12; i++)
		kmem_cache_free(m, s, o[i]);
	ck_assert_uint_eq(n->alien[there].avail, 12);
	assert_slabs(m);
	/* full: into the other node's shared array, then the new one */
	kmem_cache_free(m, s, o[12]);
	ck_assert_uint_eq(n->alien[there].avail, 1);
	ck_assert_uint_eq(s->slab_node[there]->shared.avail, 12);
	ck_assert_uint_eq(s->alienoverflow, 1);
	assert_slabs(m);
	kmem_cache_shrink(m, s);
	ck_assert_uint_eq(s->slab_node[there]->shared.avail, 0);
	for (unsigned i = 13; i < 20; i++)
		kmem_cache_free(m, s, o[i]);
	ck_assert_int_eq(kmem_cache_destroy(m, s), 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(node_without_alien_arrays)
{
	struct machine *m = numa_machine();
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	unsigned here = m->cpu_to_node[0], there = 1 - here;
	struct array_cache alien = s->slab_node[here]->alien[there];
	vaddr_t o = kmem_cache_alloc_node(m, s, GFP_KERNEL, (int)there);

	s->slab_node[here]->alien[there].entry = NULL;
	kmem_cache_free(m, s, o);
	ck_assert_uint_eq(s->slab_node[there]->free_objects, s->num);
	s->slab_node[here]->alien[there] = alien;
	kmem_cache_free(m, s, 0x100);
	ck_assert_uint_eq(m->slab->oopses, 1);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(full_node_falls_back)
{
	struct machine *m = numa_machine();
	struct kmem_cache *s = cache_of(m, "test", 4096, 0, 0);
	unsigned here = m->cpu_to_node[0], there = 1 - here;
	unsigned other = 0;
	vaddr_t o;

	ck_assert_uint_eq(kmem_cache_alloc_node(m, s, GFP_KERNEL | __GFP_HIGHMEM, (int)there), 0);
	for (;;) {
		o = kmem_cache_alloc_node(m, s, GFP_QUIET, (int)there);
		if (!o)
			break;
		other += slab_page_nid(m, virt_to_pfn(m, o)) != (int)there;
	}
	ck_assert_uint_gt(other, 100);
	ck_assert_uint_eq(kmem_cache_alloc_node(m, s, GFP_QUIET | __GFP_THISNODE, (int)there), 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- random walks ---- */

static const char *const walk_lines[] = {
	"mem=64M", "mem=64M cpus=4", "arch=amd64 mem=64M cpus=2",
	"arch=amd64 mem=256M numa=fake=3 cpus=4", "mem=8M",
};

START_TEST(random_walks)
{
	struct machine *m = slab_machine("slab", walk_lines[_i], NULL);

	object_walk(m, 7 + (uint64_t)_i, 4000, 40);
	machine_free(m);
}
END_TEST

START_TEST(random_damage)
{
	struct machine *m = slab_machine("slab", _i % 2 ? "mem=64M cpus=2" : "mem=16M", NULL);

	damage_walk(m, 1000 + (uint64_t)_i, 6000);
	machine_free(m);
}
END_TEST

Suite *slab_suite(void)
{
	Suite *s = suite_create("slab");
	TCase *t = tcase_create("objects");

	tcase_add_loop_test(t, test_vectors, 0, (int)ARRAY_SIZE(vectors));
	tcase_add_test(t, x1_x2_order_of_a_fresh_cache);
	tcase_add_test(t, x3_flushes_go_to_the_shared_array);
	tcase_add_test(t, x4_another_cpu_takes_from_the_shared_array);
	tcase_add_test(t, x5_lists_of_slabs);
	tcase_add_test(t, x6_free_slabs_up_to_the_limit);
	tcase_add_test(t, colours_in_turn);
	tcase_add_test(t, constructor_runs_once_an_object);
	tcase_add_test(t, index_array_in_another_cache);
	tcase_add_test(t, bulk_and_node_calls);
	tcase_add_test(t, kmalloc_sizes);
	tcase_add_test(t, no_memory);
	tcase_add_test(t, no_memory_for_the_index_array);
	tcase_add_test(t, flags_that_kill);
	tcase_add_test(t, looking);
	suite_add_tcase(s, t);
	t = tcase_create("damage");
	tcase_add_test(t, double_free_goes_unnoticed);
	tcase_add_test(t, double_free_reaches_the_slab);
	tcase_add_test(t, written_over_index_array);
	tcase_add_test(t, index_array_nowhere);
	tcase_add_test(t, written_over_entries);
	tcase_add_test(t, audit_finds);
	suite_add_tcase(s, t);
	t = tcase_create("nodes and walks");
	tcase_add_test(t, objects_of_another_node);
	tcase_add_test(t, node_without_alien_arrays);
	tcase_add_test(t, full_node_falls_back);
	tcase_add_loop_test(t, random_damage, 0, 20);
	tcase_add_loop_test(t, random_walks, 0, (int)ARRAY_SIZE(walk_lines));
	suite_add_tcase(s, t);
	return s;
}
