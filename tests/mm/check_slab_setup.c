/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLAB: layouts, boot, tunables, the reaper, and what its debugging finds. */
#include "mm/slab_fixture.h"

#include "mm/slab_def.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct machine *machine_of(const char *line, unsigned cache_line)
{
	struct slab_params p;

	slab_params_init(&p);
	p.nomerge = true;
	p.cache_line_size = cache_line;
	return slab_machine("slab", line, &p);
}

/* ---- layouts (slab.md 3) ---- */

static const struct layout {
	unsigned line, size, align;
	uint32_t flags;
	unsigned slot, order, num, index;
	bool off;
	unsigned colours;
} layouts[] = {
	{32, 8, 0, 0, 16, 0, 240, 240, false, 0},
	{32, 16, 0, 0, 16, 0, 240, 240, false, 0},
	{32, 24, 0, 0, 24, 0, 163, 168, false, 0},
	{32, 32, 0, 0, 32, 0, 124, 128, false, 0},
	{32, 96, 0, 0, 96, 0, 42, 48, false, 0},
	{32, 100, 0, 0, 104, 0, 39, 40, false, 0},
	{32, 128, 0, SLAB_RECLAIM_ACCOUNT, 128, 0, 32, 32, true, 0},
	{32, 192, 0, 0, 192, 0, 21, 24, false, 1},
	{32, 304, 0, SLAB_RECLAIM_ACCOUNT, 304, 0, 13, 16, false, 4},
	{32, 700, 0, 0, 704, 1, 11, 16, false, 13},
	{32, 1000, 0, 0, 1000, 0, 4, 8, false, 2},
	{32, 1728, 64, 0, 1728, 1, 4, 64, false, 19},
	{32, 2000, 0, 0, 2000, 0, 2, 8, false, 2},
	{32, 8000, 0, 0, 8000, 1, 1, 8, false, 5},
	{32, 124, 0, SLAB_HWCACHE_ALIGN, 128, 0, 31, 32, false, 3},
	{32, 256, 256, 0, 256, 0, 16, 16, true, 0},
	{32, 512, 0, 0, 512, 0, 8, 8, true, 0},
	{32, 4096, 0, 0, 4096, 0, 1, 1, true, 0},
	{32, 4u << 20, 0, 0, 4u << 20, 10, 1, 1, true, 0},
	{32, 128, 0, SLAB_NOLEAKTRACE, 128, 0, 31, 32, false, 3},
	{64, 328, 0, 0, 328, 0, 12, 16, false, 2},
	{64, 700, 0, 0, 704, 1, 11, 16, false, 6},
	{64, 96, 0, SLAB_HWCACHE_ALIGN, 128, 0, 31, 64, false, 1},
	{64, 192, 0, SLAB_HWCACHE_ALIGN, 192, 0, 21, 64, false, 0},
};

START_TEST(layout_table)
{
	const struct layout *l = &layouts[_i];
	struct machine *m = machine_of("mem=64M", l->line);
	struct kmem_cache *s = cache_of(m, "test", l->size, l->align, l->flags), plan;
	struct kmem_cache_params p = {.name = "plan", .size = l->size, .align = l->align,
				      .flags = l->flags};

	ck_assert_uint_eq(s->size, l->slot);
	ck_assert_uint_eq(s->gfporder, l->order);
	ck_assert_uint_eq(s->num, l->num);
	ck_assert_uint_eq(s->freelist_size, l->index);
	ck_assert_int_eq(!!(s->flags & CFLGS_OFF_SLAB), l->off);
	ck_assert_uint_eq(s->colour, l->colours);
	ck_assert_int_eq(kmem_cache_plan(m, &p, &plan), 0);
	ck_assert_uint_eq(plan.num, s->num);
	ck_assert_uint_eq(plan.limit, s->limit);
	ck_assert_uint_eq(plan.flags, s->flags);
	machine_free(m);
}
END_TEST

START_TEST(no_order_fits)
{
	struct machine *m = machine_of("mem=64M", 32);
	struct kmem_cache_params p = {.name = "huge", .size = 4u << 20, .flags = SLAB_NOLEAKTRACE};
	struct mm_error e;

	/* the index would have to be in the slab */
	ck_assert_ptr_null(kmem_cache_create(m, &p, &e));
	ck_assert_msg(strstr(e.text, "-7") != NULL, "%s", e.text);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(tunables_by_size)
{
	static const struct {
		unsigned size, limit, batch, shared;
	} rows[] = {{8, 120, 60, 8},	 {256, 120, 60, 8},  {257, 54, 27, 8},
		    {1024, 54, 27, 8},	 {1025, 24, 12, 8},  {4096, 24, 12, 8},
		    {4097, 8, 4, 0},	 {131072, 8, 4, 0},  {131073, 1, 1, 0}};
	struct machine *one = machine_of("mem=64M", 32), *four = machine_of("mem=64M cpus=4", 32);

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kmem_cache *s = cache_of(one, "a", rows[i].size, 0, 0);
		struct kmem_cache *t = cache_of(four, "a", rows[i].size, 0, 0);

		ck_assert_uint_eq(s->limit, rows[i].limit);
		ck_assert_uint_eq(s->batchcount, rows[i].batch);
		ck_assert_uint_eq(s->shared, 0);
		ck_assert_ptr_null(s->slab_node[0]->shared.entry);
		ck_assert_uint_eq(t->shared, rows[i].shared);
		ck_assert_uint_eq(t->slab_node[0]->shared.limit, rows[i].shared * rows[i].batch);
		ck_assert_uint_eq(s->slab_node[0]->free_limit, 2 * rows[i].batch + s->num);
		ck_assert_uint_eq(t->slab_node[0]->free_limit, 5 * rows[i].batch + t->num);
	}
	/* what was there before the other CPUs came */
	ck_assert_uint_eq(kmalloc_slab(four, 96, 0)->slab_node[0]->free_limit, 4 * 60 + 42);
	machine_free(one);
	machine_free(four);
}
END_TEST

/* ---- boot (slab-common.md 8) ---- */

static unsigned index_of(const struct machine *m, vaddr_t addr)
{
	struct slab_location l;

	ck_assert(slab_locate(m, addr, &l));
	ck_assert_uint_eq(l.object, addr);
	return l.index;
}

START_TEST(first_caches)
{
	struct slab_params p;
	struct machine *m;

	slab_params_init(&p);
	p.cache_line_size = 32;
	m = early_slab_machine("slab", "mem=64M", &p);

	ck_assert_uint_eq(m->slab->kmem_cache->addr, 0);
	ck_assert_uint_eq(m->slab->kmem_cache->object_size, 92);
	ck_assert_uint_eq(index_of(m, m->slab->kmem_cache->slab_node[0]->addr), 0);
	for (unsigned i = 0, k = 0; i < KMALLOC_CACHES && k < 7; i++) {
		static const unsigned order[] = {6, 5, 1, 7, 2, 8, 9};
		struct kmem_cache *s = m->slab->kmalloc_caches[order[k]];

		ck_assert_uint_eq(index_of(m, s->addr), k);
		ck_assert_uint_eq(index_of(m, s->slab_node[0]->addr), k + 1);
		k++;
	}
	ck_assert_uint_eq(slab_offset(m, m->slab->kmalloc_caches[6]->addr), 64);
	ck_assert_str_eq(m->slab->kmalloc_caches[6]->name, "kmalloc-node");
	ck_assert_uint_eq(m->slab->kmalloc_caches[5]->limit, 1);
	ck_assert_uint_eq(slab_private(m)->max_order, 1);
	assert_slabs(m);
	slab_tick(m, 1000); /* no timers yet */
	machine_free(m);
	m = machine_of("arch=amd64 mem=64M", 64);
	ck_assert_str_eq(m->slab->kmalloc_caches[7]->name, "kmalloc-node");
	ck_assert_uint_eq(m->slab->kmalloc_caches[7]->num, 31);
	ck_assert_uint_eq(m->slab->kmem_cache->object_size, 136);
	machine_free(m);
}
END_TEST

START_TEST(small_machine_and_max_order)
{
	struct slab_params p;
	struct machine *m;

	m = machine_of("mem=16M", 32);
	ck_assert_uint_eq(slab_private(m)->max_order, 0);
	machine_free(m);
	slab_params_init(&p);
	p.slab_max_order = 3;
	m = slab_machine("slab", "mem=64M", &p);
	ck_assert_uint_eq(cache_of(m, "s", 1400, 0, 0)->gfporder, 2);
	ck_assert_uint_eq(slab_private(m)->max_order, 3);
	machine_free(m);
}
END_TEST

/* What is destroyed leaves nothing behind. */
START_TEST(created_and_destroyed)
{
	static const char *const lines[] = {"mem=64M", "mem=64M cpus=4",
					    "arch=amd64 mem=256M numa=fake=2 cpus=2"};
	struct machine *m = machine_of(lines[_i], 0);
	struct kmem_cache *s;
	vaddr_t o;

	for (unsigned i = 0; i < 300; i++) {
		s = cache_of(m, "test", 40 + 8 * i, 0, 0);
		o = object_of(m, s);
		ck_assert_int_eq(kmem_cache_destroy(m, s), -EBUSY);
		s->refcount = 1;
		kmem_cache_free(m, s, o);
		ck_assert_int_eq(kmem_cache_destroy(m, s), 0);
	}
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(cpu_arrays_take_more_pages)
{
	struct machine *m = machine_of("mem=64M cpus=2", 0);
	struct kmem_cache *s[100];
	vaddr_t addr = 0;
	char name[16];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		s[i] = cache_of(m, name, 64, 0, 0);
		ck_assert_uint_ne(s[i]->cpu_cache[1]->addr, 0);
		ck_assert_uint_ne(s[i]->cpu_cache[1]->addr, s[i]->cpu_cache[0]->addr);
		object_of(m, s[i]);
	}
	assert_slabs(m);
	/* a place that came free is taken again */
	addr = cache_of(m, "x", 64, 0, 0)->cpu_cache[0]->addr;
	ck_assert_int_eq(kmem_cache_destroy(m, kmem_cache_find(m, "x")), 0);
	ck_assert_uint_eq(cache_of(m, "y", 64, 0, 0)->cpu_cache[0]->addr, addr);
	machine_free(m);
}
END_TEST

/* ---- writing /proc/slabinfo (slab-common.md 10.5) ---- */

static int write_info(struct machine *m, const char *text)
{
	return slab_ops_slab.slabinfo_write(m, text, strlen(text));
}

START_TEST(tuning)
{
	struct machine *m = machine_of("mem=64M cpus=2", 32);
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	struct slab_node *n = s->slab_node[0];
	vaddr_t o[200];
	char text[200];

	for (unsigned i = 0; i < 200; i++)
		o[i] = object_of(m, s);
	for (unsigned i = 0; i < 200; i++)
		kmem_cache_free(m, s, o[i]);
	ck_assert_uint_gt(n->shared.avail, 0);
	ck_assert_int_eq(write_info(m, "test 200 100 4\n"), 0);
	ck_assert_uint_eq(s->limit, 200);
	ck_assert_uint_eq(s->batchcount, 100);
	ck_assert_uint_eq(n->shared.limit, 400);
	ck_assert_uint_eq(n->shared.avail, 0);
	ck_assert_uint_eq(s->cpu_cache[0]->avail, 0);
	ck_assert_uint_eq(n->free_limit, 3 * 100 + 39);
	assert_slabs(m);
	ck_assert_int_eq(write_info(m, "test 10 5 0"), 0);
	ck_assert_ptr_null(n->shared.entry);
	/* what makes no sense is ignored */
	ck_assert_int_eq(write_info(m, "test 0 1 1"), 0);
	ck_assert_int_eq(write_info(m, "test 10 0 1"), 0);
	ck_assert_int_eq(write_info(m, "test 10 11 1"), 0);
	ck_assert_int_eq(write_info(m, "test 10 5 -1"), 0);
	ck_assert_uint_eq(s->limit, 10);
	ck_assert_int_eq(write_info(m, "test"), -EINVAL);
	ck_assert_int_eq(write_info(m, "test 1 2"), -EINVAL);
	ck_assert_int_eq(write_info(m, "test 1 x 2"), -EINVAL);
	ck_assert_int_eq(write_info(m, "none 10 5 1"), -EINVAL);
	memset(text, ' ', sizeof(text));
	ck_assert_int_eq(slab_ops_slab.slabinfo_write(m, text, 129), -EINVAL);
	/* more than the kernel could get */
	ck_assert_int_eq(write_info(m, "test 8189 1 1"), -ENOMEM);
	ck_assert_int_eq(write_info(m, "test 2000000000 1 1"), -ENOMEM);
	ck_assert_int_eq(write_info(m, "test 8000 8000 2000000"), -ENOMEM);
	ck_assert_int_eq(write_info(m, "test 4000 2000 1"), 0);
	ck_assert_uint_eq(s->limit, 4000);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(no_memory_for_arrays)
{
	struct machine *m = machine_of("mem=16M cpus=2", 32);
	struct kmem_cache_params p = {.name = "late", .size = 64};
	unsigned failed = 0;
	struct mm_error e;
	char text[64];

	cache_of(m, "test", 100, 0, 0);
	while (alloc_pages(m, GFP_KERNEL, 0) >= 0)
		;
	for (unsigned i = 0; i < 200; i++) {
		failed += !kmem_cache_create(m, &p, &e);
		snprintf(text, sizeof(text), "test %u %u 8", 1000 + i, 500 + i);
		failed += write_info(m, text) < 0;
	}
	ck_assert_uint_gt(failed, 100);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- the reaper (slab.md 8) ---- */

START_TEST(rounded_timers)
{
	ck_assert_uint_eq(slab_round_jiffies(250, 0, 0), 250);
	ck_assert_uint_eq(slab_round_jiffies(311, 0, 0), 250);
	ck_assert_uint_eq(slab_round_jiffies(313, 0, 0), 500);
	ck_assert_uint_eq(slab_round_jiffies(250, 2, 0), 244);
	/* never into the past */
	ck_assert_uint_eq(slab_round_jiffies(260, 0, 255), 260);
}
END_TEST

START_TEST(idle_arrays_shrink)
{
	struct machine *m = machine_of("mem=64M", 32);
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	struct array_cache *ac = s->cpu_cache[0];
	static const unsigned left[] = {10, 5, 2, 1, 0, 0};
	vaddr_t o[10];

	for (unsigned i = 0; i < 6; i++)
		o[i] = object_of(m, s);
	ck_assert_uint_eq(ac->avail, 10);
	/* the first visit only takes the touched mark */
	for (unsigned i = 0; i < ARRAY_SIZE(left); i++) {
		machine_tick(m, i ? 2 * HZ : HZ);
		ck_assert_uint_eq(ac->avail, left[i]);
	}
	ck_assert_uint_eq(s->slab_node[0]->free_objects, 33);
	for (unsigned i = 0; i < 6; i++)
		kmem_cache_free(m, s, o[i]);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

static unsigned free_slabs(const struct machine *m, const struct slab_node *n)
{
	unsigned slabs = 0;

	for (pfn_t pfn = n->list[SLABS_FREE].head; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next)
		slabs++;
	return slabs;
}

START_TEST(free_slabs_go)
{
	struct machine *m = machine_of("mem=64M cpus=2", 32);
	struct kmem_cache *s = cache_of(m, "test", 2000, 0, 0);
	struct slab_node *n = s->slab_node[0];
	struct trace_buffer *b;
	unsigned slabs;
	vaddr_t o[400];

	for (unsigned i = 0; i < 400; i++)
		o[i] = object_of(m, s);
	for (unsigned i = 0; i < 400; i++)
		kmem_cache_free(m, s, o[i]);
	ck_assert_uint_eq(n->shared.avail, 96);
	slabs = free_slabs(m, n);
	ck_assert_uint_gt(slabs, 3);
	b = slab_listen(m);
	machine_tick(m, 30 * HZ);
	ck_assert_uint_gt(count_steps(b, STEP_SLAB_REAP), 0);
	ck_assert_uint_lt(n->shared.avail, 96);
	machine_tick(m, 300 * HZ);
	ck_assert_uint_eq(n->shared.avail, 0);
	ck_assert_uint_eq(s->cpu_cache[0]->avail, 0);
	ck_assert_uint_eq(n->free_objects, 0);
	ck_assert_uint_gt(s->reaped, 0);
	slab_listen_end(m, b);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

static void use(struct machine *m, struct kmem_cache *s)
{
	vaddr_t o[300];

	for (unsigned i = 0; i < 300; i++)
		o[i] = object_of(m, s);
	for (unsigned i = 0; i < 300; i++)
		kmem_cache_free(m, s, o[i]);
}

/* A long sleep ends as many short ones do, and takes no longer than must be. */
START_TEST(long_ticks)
{
	static const char *const lines[] = {"mem=64M", "mem=64M cpus=3",
					    "arch=amd64 mem=256M numa=fake=2 cpus=4"};
	struct machine *a = machine_of(lines[_i], 32), *b = machine_of(lines[_i], 32);
	struct kmem_cache *s = cache_of(a, "test", 100, 0, 0), *t = cache_of(b, "test", 100, 0, 0);

	use(a, s);
	use(b, t);
	machine_tick(a, 1000000007);
	for (unsigned i = 0; i < 1000; i++)
		machine_tick(b, 1000000);
	machine_tick(b, 7);
	for (unsigned cpu = 0; cpu < a->nr_cpus; cpu++)
		ck_assert_uint_eq(slab_private(a)->reap_at[cpu], slab_private(b)->reap_at[cpu]);
	ck_assert_uint_eq(s->slab_node[0]->next_reap, t->slab_node[0]->next_reap);
	use(a, s);
	use(b, t);
	machine_tick(a, 5 * HZ);
	for (unsigned i = 0; i < 5 * HZ; i++)
		machine_tick(b, 1);
	ck_assert_uint_eq(s->cpu_cache[0]->avail, t->cpu_cache[0]->avail);
	ck_assert_uint_eq(s->slab_node[0]->free_objects, t->slab_node[0]->free_objects);
	assert_slabs(a);
	machine_free(a);
	machine_free(b);
}
END_TEST

START_TEST(alien_arrays_are_emptied)
{
	struct machine *m = machine_of("arch=amd64 mem=256M numa=fake=2 cpus=2", 0);
	struct kmem_cache *s = cache_of(m, "test", 100, 0, 0);
	unsigned here = m->cpu_to_node[0];
	struct array_cache *alien = &s->slab_node[here]->alien[1 - here];
	vaddr_t o = kmem_cache_alloc_node(m, s, GFP_KERNEL, (int)(1 - here));

	kmem_cache_free(m, s, o);
	ck_assert_uint_eq(alien->avail, 1);
	machine_tick(m, 10 * HZ);
	ck_assert_uint_eq(alien->avail, 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- debugging (slab.md 11) ---- */

static struct machine *debug_machine(const char *line)
{
	struct slab_params p;

	slab_params_init(&p);
	p.slab_debug = true;
	p.cache_line_size = 32;
	return slab_machine("slab", line, &p);
}

START_TEST(debug_layout)
{
	struct machine *m = debug_machine("mem=64M");
	struct kmem_cache *s = cache_of(m, "plain", 100, 0, 0);
	vaddr_t o = object_of(m, s);

	/* rounded to 8, two red zones, the caller in 8 */
	ck_assert_uint_eq(s->size, 104 + 16 + 8);
	ck_assert_uint_eq(s->flags & SLAB_DEBUG_FLAGS, SLAB_RED_ZONE | SLAB_STORE_USER | SLAB_POISON);
	ck_assert_uint_eq(s->limit, 32);
	ck_assert_uint_eq(*bytes_at(m, o), POISON_INUSE);
	ck_assert_uint_eq(*bytes_at(m, o + 99), POISON_END);
	ck_assert_uint_eq(*bytes_at(m, o - 8), 0xc0);
	ck_assert_uint_eq(*bytes_at(m, o + 104), 0xc0);
	kmem_cache_free(m, s, o);
	ck_assert_uint_eq(*bytes_at(m, o), POISON_FREE);
	ck_assert_uint_eq(*bytes_at(m, o - 8), 0x5b);
	/* aligned to lines: poison alone */
	s = cache_of(m, "hw", 100, 0, SLAB_HWCACHE_ALIGN);
	ck_assert_uint_eq(s->flags & SLAB_DEBUG_FLAGS, SLAB_POISON);
	ck_assert_uint_eq(s->size, 128);
	/* under RCU: never poisoned */
	s = cache_of(m, "rcu", 100, 0, SLAB_DESTROY_BY_RCU);
	ck_assert_uint_eq(s->flags & SLAB_DEBUG_FLAGS, SLAB_RED_ZONE | SLAB_STORE_USER);
	object_of(m, s);
	/* a power of two is not doubled */
	ck_assert_uint_eq(cache_of(m, "4k", 4096, 0, 0)->size, 4096);
	/* without CONFIG_DEBUG_SLAB the flags vanish */
	assert_slabs(m);
	machine_free(m);
	m = machine_of("mem=64M", 32);
	ck_assert_uint_eq(cache_of(m, "s", 100, 0, SLAB_POISON)->flags, 0);
	machine_free(m);
}
END_TEST

static struct debug_case {
	struct machine *m;
	struct kmem_cache *s;
	struct trace_buffer *b;
	vaddr_t o;
} debug_begin(void)
{
	struct debug_case c = {.m = debug_machine("mem=64M")};

	c.s = cache_of(c.m, "test", 100, 0, 0);
	c.o = object_of(c.m, c.s);
	c.b = slab_listen(c.m);
	return c;
}

static void debug_end(struct debug_case *c)
{
	slab_listen_end(c->m, c->b);
	machine_free(c->m);
}

START_TEST(write_after_free)
{
	struct debug_case c = debug_begin();

	kmem_cache_free(c.m, c.s, c.o);
	*bytes_at(c.m, c.o + 12) = 0;
	ck_assert_uint_eq(object_of(c.m, c.s), c.o);
	ck_assert_uint_eq(count_bad(c.b, BAD_POISON), 1);
	ck_assert_int_eq(c.b->ev[c.b->n - 1].id ? 1 : 0, 1);
	/* or when the slab goes */
	kmem_cache_free(c.m, c.s, c.o);
	*bytes_at(c.m, c.o + 99) = 0;
	kmem_cache_shrink(c.m, c.s);
	ck_assert_uint_eq(count_bad(c.b, BAD_POISON), 2);
	debug_end(&c);
}
END_TEST

START_TEST(write_past_the_end)
{
	struct debug_case c = debug_begin();

	*bytes_at(c.m, c.o + 104) = 0;
	kmem_cache_free(c.m, c.s, c.o);
	ck_assert_uint_eq(count_bad(c.b, BAD_OVERWRITTEN), 1);
	/* while it is free */
	*bytes_at(c.m, c.o - 1) = 0;
	object_of(c.m, c.s);
	ck_assert_uint_eq(count_bad(c.b, BAD_ALLOC_REDZONE), 1);
	kmem_cache_free(c.m, c.s, c.o);
	*bytes_at(c.m, c.o - 1) = 0;
	*bytes_at(c.m, c.o + 104) = 0;
	kmem_cache_shrink(c.m, c.s);
	ck_assert_uint_eq(count_bad(c.b, BAD_FREED_START), 1);
	ck_assert_uint_eq(count_bad(c.b, BAD_FREED_END), 1);
	debug_end(&c);
}
END_TEST

START_TEST(double_free)
{
	struct debug_case c = debug_begin();

	kmem_cache_free(c.m, c.s, c.o);
	kmem_cache_free(c.m, c.s, c.o);
	ck_assert_uint_eq(count_bad(c.b, BAD_DOUBLE_FREE), 1);
	ck_assert_uint_eq(c.m->slab->oopses, 0);
	/* the second time it comes to its slab, the kernel stops */
	kmem_cache_shrink(c.m, c.s);
	ck_assert_uint_eq(count_bad(c.b, BAD_PUT_TWICE) + (unsigned)c.m->slab->oopses, 2);
	debug_end(&c);
}
END_TEST

START_TEST(free_of_what_is_no_object)
{
	struct debug_case c = debug_begin();

	kmem_cache_free(c.m, c.s, c.o + 8);
	ck_assert_uint_eq(count_bad(c.b, BAD_FREE_POINTER), 1);
	kmem_cache_free(c.m, c.s, 0x1000);
	ck_assert_uint_eq(count_reports(c.b, REPORT_OOPS), 1);
	kmem_cache_free(c.m, kmalloc_slab(c.m, 100, 0), c.o);
	ck_assert_uint_eq(count_bad(c.b, BAD_FREE_POINTER), 2);
	kmem_cache_free(c.m, c.s, c.o);
	assert_slabs(c.m);
	debug_end(&c);
}
END_TEST

static void clumsy(struct machine *m, const struct kmem_cache *s, vaddr_t object)
{
	memset(bytes_at(m, object - 4), 0xee, s->object_size + 16);
}

START_TEST(constructor_writes_too_much)
{
	static const struct kmem_ctor ctor = {"clumsy+0x0/0x10", clumsy};
	struct machine *m = debug_machine("mem=64M");
	struct kmem_cache_params p = {.name = "test", .size = 100, .ctor = &ctor,
				      .flags = SLAB_DESTROY_BY_RCU};
	struct trace_buffer *b = slab_listen(m);
	struct mm_error e;
	struct kmem_cache *s = kmem_cache_create(m, &p, &e);

	ck_assert_ptr_nonnull(s);
	object_of(m, s);
	ck_assert_uint_ge(count_bad(b, BAD_CTOR_START), s->num - 1);
	ck_assert_uint_ge(count_bad(b, BAD_CTOR_END), s->num - 1);
	/* poisoned while free, so constructed each time */
	s = ctor_cache_of(m, "each", 100, 0);
	*bytes_at(m, object_of(m, s)) = 1;
	slab_listen_end(m, b);
	machine_free(m);
}
END_TEST

START_TEST(debug_statistics)
{
	struct machine *m = debug_machine("mem=16M");
	struct kmem_cache *s = cache_of(m, "test", 500, 0, 0);
	struct trace_buffer *b = slab_listen(m);

	use(m, s);
	ck_assert_uint_ge(s->grown, 300 / s->num);
	ck_assert_uint_ge(s->maxobjs, 300);
	ck_assert_uint_ge(s->list_allocs, 300);
	ck_assert_uint_eq(s->allochit + s->allocmiss, 300);
	ck_assert_uint_eq(s->freehit + s->freemiss, 300);
	ck_assert_uint_gt(s->freemax, 0);
	while (kmem_cache_alloc(m, s, GFP_KERNEL))
		;
	ck_assert_uint_eq(count_reports(b, REPORT_SLAB_OOM), 1);
	slab_listen_end(m, b);
	machine_free(m);
}
END_TEST

START_TEST(debug_walk)
{
	struct machine *m = debug_machine("mem=64M cpus=2");
	struct trace_buffer *b = slab_listen(m);

	object_walk(m, 99, 3000, 50);
	ck_assert_uint_eq(count_reports(b, REPORT_SLAB_BAD), 0);
	ck_assert_uint_eq(m->slab->oopses, 0);
	slab_listen_end(m, b);
	machine_free(m);
}
END_TEST

Suite *slab_setup_suite(void)
{
	Suite *s = suite_create("slab_setup");
	TCase *t = tcase_create("setup");

	tcase_add_loop_test(t, layout_table, 0, (int)ARRAY_SIZE(layouts));
	tcase_add_test(t, no_order_fits);
	tcase_add_test(t, tunables_by_size);
	tcase_add_test(t, first_caches);
	tcase_add_test(t, small_machine_and_max_order);
	tcase_add_loop_test(t, created_and_destroyed, 0, 3);
	tcase_add_test(t, cpu_arrays_take_more_pages);
	tcase_add_test(t, tuning);
	tcase_add_test(t, no_memory_for_arrays);
	suite_add_tcase(s, t);
	t = tcase_create("reaper");
	tcase_add_test(t, rounded_timers);
	tcase_add_test(t, idle_arrays_shrink);
	tcase_add_test(t, free_slabs_go);
	tcase_add_loop_test(t, long_ticks, 0, 3);
	tcase_add_test(t, alien_arrays_are_emptied);
	suite_add_tcase(s, t);
	t = tcase_create("debug");
	tcase_add_test(t, debug_layout);
	tcase_add_test(t, write_after_free);
	tcase_add_test(t, write_past_the_end);
	tcase_add_test(t, double_free);
	tcase_add_test(t, free_of_what_is_no_object);
	tcase_add_test(t, constructor_writes_too_much);
	tcase_add_test(t, debug_statistics);
	tcase_add_test(t, debug_walk);
	suite_add_tcase(s, t);
	return s;
}
