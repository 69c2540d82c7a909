/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the allocators of small objects have in common (slab-common.md). */
#include "mm/slub_fixture.h"

#include <errno.h>
#include <mmsh/proc.h>
#include <stdio.h>
#include <string.h>

static const char *const allocators[] = {"slub", "slab", "slob"};
#define NR_ALLOCATORS 3

static void with_merging(struct slab_params *p)
{
	p->nomerge = false;
}

static struct kmem_cache *create(struct machine *m, const char *name, uint64_t size, uint64_t align,
				 uint32_t flags, const struct kmem_ctor *ctor)
{
	struct kmem_cache_params p = {.name = name, .size = size, .align = align, .flags = flags,
				      .ctor = ctor};

	return kmem_cache_create(m, &p, NULL);
}

/* ---- caches ---- */

START_TEST(alignment_of_a_cache)
{
	static const struct {
		uint32_t size, flags, align, want;
	} rows[] = {
		{8, 0, 0, 8},	  {8, SLAB_HWCACHE_ALIGN, 0, 8},   {9, SLAB_HWCACHE_ALIGN, 0, 16},
		{16, SLAB_HWCACHE_ALIGN, 0, 16}, {17, SLAB_HWCACHE_ALIGN, 0, 32},
		{700, SLAB_HWCACHE_ALIGN, 0, 32}, {40, 0, 16, 16}, {40, 0, 4, 8},
		{40, SLAB_HWCACHE_ALIGN, 64, 64},
	};
	struct machine *m = boot_slab("slub", "mem=32M", NULL, NULL);

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kmem_cache *s = create(m, "a", rows[i].size, rows[i].align, rows[i].flags, NULL);

		ck_assert_ptr_nonnull(s);
		ck_assert_uint_eq(s->align, rows[i].want);
		ck_assert_int_eq(kmem_cache_destroy(m, s), 0);
	}
	machine_free(m);
}
END_TEST

START_TEST(what_is_no_cache_is_refused)
{
	struct machine *m = boot_slab(allocators[_i], "mem=32M", NULL, NULL);
	unsigned n = m->slab->nr_cache;
	char name[KMEM_CACHE_NAME_MAX + 1];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_ptr_null(create(m, NULL, 8, 0, 0, NULL));
	ck_assert_ptr_null(create(m, "", 8, 0, 0, NULL));
	ck_assert_ptr_null(create(m, name, 8, 0, 0, NULL));
	ck_assert_ptr_null(create(m, "zero", 0, 0, 0, NULL));
	ck_assert_ptr_null(create(m, "huge", 5 << 20, 0, 0, NULL));
	ck_assert_ptr_null(create(m, "align", 8, 24, 0, NULL));
	ck_assert_ptr_null(create(m, "align", 8, 1ull << 40, 0, NULL));
	ck_assert_uint_eq(m->slab->nr_cache, n);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* slab-common.md 4.5 */
START_TEST(who_merges_with_whom)
{
	static const struct {
		const char *name;
		uint32_t size, align, flags;
		const char *into;
	} rows[] = {
		{"t8", 8, 0, 0, "kmalloc-8"},
		{"t32h", 32, 0, SLAB_HWCACHE_ALIGN, "kmalloc-32"},
		{"t40", 40, 16, 0, "t40"},
		{"t93", 93, 0, 0, "kmalloc-96"},
		{"t100", 100, 0, 0, "t100"},
		{"t100h", 100, 0, SLAB_HWCACHE_ALIGN, "kmalloc-128"},
		{"t192r", 192, 0, SLAB_RECLAIM_ACCOUNT, "t192r"},
		{"t24", 24, 0, 0, "nsproxy"},
		{"t700", 700, 0, 0, "t700"},
		{"t700h", 700, 0, SLAB_HWCACHE_ALIGN, "t700"},
		{"t256", 256, 256, 0, "kmalloc-256"},
		{"trcu", 256, 0, SLAB_DESTROY_BY_RCU, "trcu"},
		{"tdma", 64, 0, SLAB_CACHE_DMA, "dma-kmalloc-64"},
	};
	struct machine *m = boot_slab("slub", "mem=32M", NULL, with_merging);

	ck_assert_str_eq(kmem_cache_find(m, "pid")->name, "kmalloc-64");
	ck_assert_str_eq(kmem_cache_find(m, "posix_timers_cache")->name, "sigqueue");
	ck_assert_str_eq(create(m, "tctor", 192, 0, 0, &kmem_ctor_default)->name, "tctor");
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kmem_cache *s =
			create(m, rows[i].name, rows[i].size, rows[i].align, rows[i].flags, NULL);

		ck_assert_str_eq(s->name, rows[i].into);
		ck_assert_ptr_eq(kmem_cache_find(m, rows[i].name), s);
		ck_assert_uint_ge(s->object_size, rows[i].size);
	}
	machine_free(m);
}
END_TEST

/* SLAB wants the alignment to divide the cache's own. */
START_TEST(slab_merges_less)
{
	struct machine *m = boot_slab("slab", "mem=32M", NULL, with_merging);

	ck_assert_str_eq(create(m, "a", 700, 0, 0, NULL)->name, "a");
	ck_assert_str_eq(create(m, "b", 700, 0, SLAB_HWCACHE_ALIGN, NULL)->name, "b");
	ck_assert_str_eq(create(m, "c", 60, 0, 0, NULL)->name, "kmalloc-node");
	ck_assert_str_eq(create(m, "d", 64, 0, SLAB_HWCACHE_ALIGN, NULL)->name, "kmalloc-node");
	ck_assert_str_eq(kmem_cache_find(m, "pool_workqueue")->name, "pool_workqueue");
	machine_free(m);
}
END_TEST

START_TEST(an_alias_is_a_user_of_the_cache)
{
	struct machine *m = boot_slab("slub", "mem=32M", NULL, with_merging);
	struct kmem_cache *a = create(m, "a", 700, 0, 0, NULL), *b = create(m, "b", 702, 0, 0, NULL);

	ck_assert_ptr_eq(a, b);
	ck_assert_int_eq(a->refcount, 2);
	ck_assert_uint_eq(a->object_size, 702);
	ck_assert_int_eq(kmem_cache_destroy(m, a), 1);
	ck_assert_ptr_eq(kmem_cache_find(m, "b"), a);
	ck_assert_int_eq(kmem_cache_destroy(m, a), 0);
	ck_assert_ptr_null(kmem_cache_find(m, "a"));
	ck_assert_ptr_null(kmem_cache_find(m, "b"));
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(a_cache_with_objects_stays)
{
	struct machine *m = boot_slab(allocators[_i], "mem=32M", NULL, NULL);
	struct kmem_cache *s = cache_of(m, "busy", 100, 0, 0);
	vaddr_t a = object_of(m, s), b = object_of(m, s);

	ck_assert_int_eq(kmem_cache_destroy(m, s), -EBUSY);
	assert_logged(m, "kmem_cache_destroy busy: Slab cache still has objects");
	ck_assert_ptr_eq(kmem_cache_find(m, "busy"), s);
	kmem_cache_free(m, s, a);
	kmem_cache_free(m, s, b);
	ck_assert_int_eq(kmem_cache_destroy(m, s), 0);
	ck_assert_ptr_null(kmem_cache_find(m, "busy"));
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* The host's memory does not grow with caches that come and go. */
START_TEST(caches_come_and_go)
{
	struct machine *m = boot_slab(allocators[_i], "mem=32M cpus=2", NULL, NULL);
	size_t total = 0;

	for (unsigned i = 0; i < 300; i++) {
		struct kmem_cache *s = cache_of(m, "here today", 40 + i % 7 * 300, 0, 0);
		vaddr_t p = object_of(m, s);

		ck_assert_ptr_eq(kmem_cache_by_id(m, s->id), s);
		kmem_cache_free(m, s, p);
		ck_assert_int_eq(kmem_cache_destroy(m, s), 0);
		if (i == 20)
			total = m->arena.total;
	}
	ck_assert_uint_eq(m->arena.total, total);
	ck_assert_ptr_null(kmem_cache_by_id(m, 60000));
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(many_caches_at_once)
{
	struct machine *m = boot_slab("slub", "mem=64M", NULL, NULL);
	static struct kmem_cache *s[400];
	char name[16];

	for (unsigned i = 0; i < ARRAY_SIZE(s); i++) {
		sprintf(name, "many-%u", i);
		s[i] = cache_of(m, name, 64, 0, 0);
		ck_assert_uint_eq(locate(m, object_of(m, s[i])).cache->id, s[i]->id);
	}
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* ---- kmalloc ---- */

START_TEST(kmalloc_takes_the_next_larger_cache)
{
	static const struct {
		uint64_t size;
		uint32_t slub, slab;
	} rows[] = {
		{1, 8, 32},	 {8, 8, 32},	 {9, 16, 32},	  {17, 32, 32},	    {33, 64, 64},
		{65, 96, 96},	 {97, 128, 128}, {129, 192, 192}, {193, 256, 256}, {257, 512, 512},
		{8192, 8192, 8192}, {8193, 0, 16384}, {4194304, 0, 4194304}, {4194305, 0, 0},
	};
	struct machine *m = boot_slab(allocators[_i], "mem=32M", NULL, NULL);

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kmem_cache *s = kmalloc_slab(m, rows[i].size, GFP_KERNEL);
		uint32_t want = _i ? rows[i].slab : rows[i].slub;

		ck_assert_uint_eq(s ? s->object_size : 0, want);
	}
	ck_assert_ptr_null(kmalloc_slab(m, 0, GFP_KERNEL));
	ck_assert_str_eq(kmalloc_slab(m, 100, GFP_KERNEL | GFP_DMA)->name, "dma-kmalloc-128");
	machine_free(m);
}
END_TEST

START_TEST(kmalloc_and_its_kin)
{
	struct machine *m = boot_slab(allocators[_i], "mem=32M", NULL, NULL);
	vaddr_t p = kmalloc(m, 100, GFP_KERNEL), q, dma;

	memset(bytes_at(m, p), 0x55, 100);
	ck_assert_uint_ge(ksize(m, p), 100);
	ck_assert_uint_eq(krealloc(m, p, 50, GFP_KERNEL), p);
	q = krealloc(m, p, 1000, GFP_KERNEL);
	ck_assert_uint_ne(q, p);
	ck_assert_uint_eq(*bytes_at(m, q + 99), 0x55);
	kzfree(m, q);
	q = kcalloc(m, 10, 30, GFP_KERNEL);
	for (unsigned i = 0; i < 300; i++)
		ck_assert_uint_eq(*bytes_at(m, q + i), 0);
	ck_assert_uint_eq(krealloc(m, q, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	ck_assert_uint_eq(kcalloc(m, 1 << 20, 1 << 20, GFP_KERNEL), 0);
	ck_assert_uint_eq(kmalloc(m, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	ck_assert_uint_eq(ksize(m, ZERO_SIZE_PTR), 0);
	ck_assert_uint_eq(ksize(m, 1), 0);
	kfree(m, 0);
	kfree(m, ZERO_SIZE_PTR);
	dma = kmalloc(m, 64, GFP_KERNEL | GFP_DMA);
	if (_i < 2) /* SLOB takes what any page has room for */
		ck_assert_uint_lt(dma - m->slab->base, 16 << 20);
	kfree(m, dma);
	q = krealloc(m, 0, 64, GFP_KERNEL);
	kfree(m, q);
	q = krealloc(m, ZERO_SIZE_PTR, 64, GFP_KERNEL);
	ck_assert_uint_gt(q, ZERO_SIZE_PTR);
	kfree(m, q);
	ck_assert_uint_eq(m->slab->oopses, 0);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(large_blocks_are_pages)
{
	struct machine *m = boot_slab(_i ? "slob" : "slub", "mem=32M", NULL, NULL);
	struct zone *z = normal_zone(m);
	long free = free_pages(m, z);
	vaddr_t p = kmalloc(m, 9000, GFP_KERNEL);
	struct slab_location l = locate(m, p + 5000);

	ck_assert(l.large);
	ck_assert_uint_eq(l.object, p);
	ck_assert_uint_eq(l.offset, 5000);
	ck_assert_uint_eq(l.order, 2);
	ck_assert_int_eq(free_pages(m, z), free - 4);
	kfree(m, p);
	ck_assert_int_eq(free_pages(m, z), free);
	ck_assert_uint_eq(kmalloc(m, 8ull << 20, GFP_KERNEL | __GFP_NOWARN), 0);
	ck_assert_uint_eq(kmalloc(m, UINT64_MAX, GFP_KERNEL | __GFP_NOWARN), 0);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(slab_warns_once_of_a_size_it_cannot_have)
{
	struct machine *m = boot_slab("slab", "mem=32M", NULL, NULL);

	ck_assert_uint_eq(kmalloc(m, 5 << 20, GFP_KERNEL | __GFP_NOWARN), 0);
	assert_not_logged(m, "WARNING");
	ck_assert_uint_eq(kmalloc(m, 5 << 20, GFP_KERNEL), 0);
	assert_logged(m, "kmalloc_slab");
	forget_log(m);
	ck_assert_uint_eq(kmalloc(m, 5 << 20, GFP_KERNEL), 0);
	assert_not_logged(m, "WARNING");
	machine_free(m);
}
END_TEST

START_TEST(no_slab_can_be_in_high_memory)
{
	struct machine *m = boot_slab("slub", "mem=32M", NULL, NULL);
	struct kmem_cache *s = cache_of(m, "low", 100, 0, 0);

	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_KERNEL | __GFP_HIGHMEM), 0);
	assert_logged(m, "gfp: 2\n");
	assert_logged(m, "kernel BUG at");
	ck_assert_uint_eq(m->slab->oopses, 1);
	/* while there are objects, nobody looks at the gfp */
	object_of(m, s);
	ck_assert_uint_ne(kmem_cache_alloc(m, s, GFP_KERNEL | __GFP_HIGHMEM), 0);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* ---- objects ---- */

START_TEST(zeroed_and_constructed_objects)
{
	struct machine *m = boot_slab(allocators[_i], "mem=32M", NULL, NULL);
	struct kmem_cache *s = cache_of(m, "zero", 300, 0, 0);
	vaddr_t p = object_of(m, s), v[8];

	memset(bytes_at(m, p), 0xff, 300);
	kmem_cache_free(m, s, p);
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_KERNEL | __GFP_ZERO), p);
	for (unsigned i = 0; i < 300; i++)
		ck_assert_uint_eq(*bytes_at(m, p + i), 0);
	ck_assert_uint_eq(kmem_cache_alloc_bulk(m, s, GFP_KERNEL | __GFP_ZERO, 8, v), 8);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_uint_eq(*bytes_at(m, v[i] + 299), 0);
	kmem_cache_free_bulk(m, s, 8, v);
	s = create(m, "ctor", 300, 0, 0, &kmem_ctor_default);
	p = object_of(m, s);
	ck_assert_uint_eq(*bytes_at(m, p), 0);
	kmem_cache_free(m, s, p);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(what_kfree_would_not_take)
{
	struct machine *m = boot_slab(allocators[_i], "mem=32M", NULL, NULL);
	struct kmem_cache *s = cache_of(m, "mine", 100, 0, 0);
	vaddr_t p = object_of(m, s), q = kmalloc(m, 100, GFP_KERNEL);
	struct mm_error e;

	ck_assert_int_eq(kfree_check(m, s, p, &e), 0);
	ck_assert_int_eq(kfree_check(m, NULL, q, &e), 0);
	ck_assert_int_eq(kfree_check(m, NULL, 0, &e), 0);
	ck_assert_int_eq(kfree_check(m, NULL, 0x1000, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.text, "direct map"));
	ck_assert_int_eq(kfree_check(m, NULL, m->slab->base + (8 << 20), &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.text, "no object"));
	kfree(m, q);
	ck_assert_int_eq(kfree_check(m, NULL, q, &e), -EINVAL);
	if (_i < 2) { /* SLOB's blocks of caches have no size of their own */
		ck_assert_int_eq(kfree_check(m, s, p + 8, &e), -EINVAL);
		ck_assert_ptr_nonnull(strstr(e.text, "8 bytes inside"));
		ck_assert_int_eq(kfree_check(m, m->slab->kmem_cache, p, &e), -EINVAL);
		ck_assert_ptr_nonnull(strstr(e.text, "is of mine"));
	}
	machine_free(m);
}
END_TEST

START_TEST(freeing_what_never_was_an_object)
{
	struct machine *m = boot_slab("slub", "mem=32M", NULL, NULL);
	pfn_t page = take(m, GFP_KERNEL, 0);

	kfree(m, 0x12345678);
	assert_logged(m, "BUG: unable to handle kernel paging request at 12345678");
	kfree(m, 0x100);
	assert_logged(m, "NULL pointer dereference at 00000100");
	kfree(m, m->slab->base + PFN_PHYS(page));
	assert_logged(m, "kernel BUG at mm/slub.c");
	kmem_cache_free(m, m->slab->kmem_cache, m->slab->base + PFN_PHYS(page));
	ck_assert_uint_eq(m->slab->oopses, 4);
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* ---- looking ---- */

struct count {
	unsigned slabs, objects, allocated;
};

static bool count_slab(struct machine *m, const struct slab_view *v, void *arg)
{
	struct count *c = arg;
	uint8_t state[MAX_ORDER_NR_PAGES];
	unsigned n = slab_objects(m, v->pfn, state, ARRAY_SIZE(state));

	c->slabs++;
	c->objects += n;
	for (unsigned i = 0; i < n; i++)
		c->allocated += state[i] == OBJ_ALLOCATED;
	return true;
}

static bool stop(struct machine *m, const struct slab_view *v, void *arg)
{
	(void)m, (void)v, (void)arg;
	return false;
}

START_TEST(walking_finds_every_slab)
{
	struct machine *m = boot_slab(allocators[_i], "mem=32M cpus=2", NULL, NULL);
	struct kmem_cache *s = cache_of(m, "walked", 700, 0, 0);
	struct count c = {0};
	struct slabinfo i;
	static vaddr_t p[200];

	for (unsigned k = 0; k < 200; k++) {
		machine_set_cpu(m, k / 10 % 2);
		p[k] = object_of(m, s);
	}
	for (unsigned k = 0; k < 200; k += 7)
		kmem_cache_free(m, s, p[k]);
	ck_assert(slab_walk(m, s, count_slab, &c));
	get_slabinfo(m, s, &i);
	ck_assert_uint_eq(c.slabs, i.num_slabs);
	ck_assert_uint_eq(c.objects, i.num_objs);
	ck_assert_uint_eq(c.allocated, 200 - 29);
	ck_assert(!slab_walk(m, s, stop, NULL));
	ck_assert(slab_walk(m, NULL, count_slab, &c));
	ck_assert(!slab_walk(m, NULL, stop, NULL));
	machine_free(m);
}
END_TEST

static void assert_file(struct machine *m, const char *path, const char *want)
{
	struct strbuf text = STRBUF_INIT;

	ck_assert_int_eq(proc_read(m, path, &text), 0);
	ck_assert_msg(strstr(strbuf_str(&text), want) != NULL, "no \"%s\" in:\n%s", want,
		      strbuf_str(&text));
	strbuf_free(&text);
}

START_TEST(slabinfo_of_each)
{
	struct machine *m = boot_slab(allocators[_i], "mem=64M", NULL, NULL);
	struct kmem_cache *s;
	struct strbuf text = STRBUF_INIT;

	if (_i == 2) {
		ck_assert_int_eq(proc_read(m, "/proc/slabinfo", &text), -ENOENT);
	} else {
		s = cache_of(m, "one-object", 100, 0, 0);
		object_of(m, s);
		assert_file(m, "/proc/slabinfo",
			    _i ? "one-object            16     39    104   39    1 : tunables  120   60"
				 "    0 : slabdata      1      1      0\n"
			       : "one-object            39     39    104   39    1 : tunables    0    0"
				 "    0 : slabdata      1      1      0\n");
		ck_assert_int_eq(proc_write(m, "/proc/slabinfo", "one-object 60 30 8"), _i ? 0 : -EIO);
	}
	if (_i == 1)
		assert_file(m, "slabinfo", ": tunables   60   30    8 : slabdata");
	machine_free(m);
}
END_TEST

START_TEST(without_an_allocator_there_is_nothing)
{
	struct machine *m = boot_line("mem=32M");
	struct strbuf text = STRBUF_INIT;

	ck_assert_ptr_null(m->slab);
	ck_assert_int_eq(proc_read(m, "/proc/slabinfo", &text), -ENOENT);
	ck_assert_int_eq(proc_read(m, "/sys/kernel/slab/dentry/order", &text), -ENOENT);
	ck_assert_int_eq(slab_audit(m, NULL), 0);
	machine_free(m);
}
END_TEST

START_TEST(allocators_by_name)
{
	ck_assert_ptr_eq(slab_ops_find("slub"), &slub_ops);
	ck_assert_ptr_eq(slab_ops_find("slob"), &slob_ops);
	ck_assert_ptr_null(slab_ops_find("slab2"));
	for (const struct slab_flag_name *f = slab_flag_names; f->name; f++)
		ck_assert_uint_ne(f->flag, 0);
}
END_TEST

/* slub.md 11 */
START_TEST(slub_debug_is_parsed)
{
	const uint32_t all = SLAB_DEBUG_FREE | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER;
	static const struct {
		const char *text, *slabs;
		uint32_t flags; /* 1: all */
		int ret;
	} rows[] = {
		{"", "", 1, 0},	      {"-", "", 0, 0},	    {",kmalloc", "kmalloc", 1, 0},
		{"FZ", "", SLAB_DEBUG_FREE | SLAB_RED_ZONE, 0},
		{"pu,den", "den", SLAB_POISON | SLAB_STORE_USER, 0},
		{"T", "", SLAB_TRACE, 0}, {"A", "", SLAB_FAILSLAB, 0}, {"O", "", 0, 0},
		{"Fx", "", SLAB_DEBUG_FREE, 1},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slab_params p;
		struct mm_error e = {""};

		slab_params_init(&p);
		ck_assert_int_eq(slub_debug_parse(&p, rows[i].text, &e), rows[i].ret);
		ck_assert_uint_eq(p.slub_debug, rows[i].flags == 1 ? all : rows[i].flags);
		ck_assert_str_eq(p.slub_debug_slabs, rows[i].slabs);
		ck_assert_int_eq(p.disable_higher_order_debug, rows[i].text[0] == 'O');
		if (rows[i].ret)
			ck_assert_str_eq(e.text, "slub_debug option 'x' unknown. skipped");
	}
}
END_TEST

START_TEST(random_walk)
{
	static const char *const lines[] = {"mem=24M", "mem=32M cpus=4",
					    "arch=amd64 mem=32M numa=fake=2 cpus=2"};
	struct machine *m = boot_slab(allocators[_i % 3], lines[_i / 3], NULL, NULL);

	object_walk(m, (uint64_t)_i + 1, 12000, 97);
	machine_free(m);
}
END_TEST

Suite *slab_common_suite(void)
{
	Suite *s = suite_create("slab_common");
	TCase *caches = tcase_create("caches"), *objects = tcase_create("objects");
	TCase *look = tcase_create("look"), *walk = tcase_create("walk");

	tcase_add_test(caches, alignment_of_a_cache);
	tcase_add_loop_test(caches, what_is_no_cache_is_refused, 0, NR_ALLOCATORS);
	tcase_add_test(caches, who_merges_with_whom);
	tcase_add_test(caches, slab_merges_less);
	tcase_add_test(caches, an_alias_is_a_user_of_the_cache);
	tcase_add_loop_test(caches, a_cache_with_objects_stays, 0, 2);
	tcase_add_loop_test(caches, caches_come_and_go, 0, NR_ALLOCATORS);
	tcase_add_test(caches, many_caches_at_once);
	suite_add_tcase(s, caches);
	tcase_add_loop_test(objects, kmalloc_takes_the_next_larger_cache, 0, 2);
	tcase_add_loop_test(objects, kmalloc_and_its_kin, 0, NR_ALLOCATORS);
	tcase_add_loop_test(objects, large_blocks_are_pages, 0, 2);
	tcase_add_test(objects, slab_warns_once_of_a_size_it_cannot_have);
	tcase_add_test(objects, no_slab_can_be_in_high_memory);
	tcase_add_loop_test(objects, zeroed_and_constructed_objects, 0, NR_ALLOCATORS);
	tcase_add_loop_test(objects, what_kfree_would_not_take, 0, NR_ALLOCATORS);
	tcase_add_test(objects, freeing_what_never_was_an_object);
	suite_add_tcase(s, objects);
	tcase_add_loop_test(look, walking_finds_every_slab, 0, 2);
	tcase_add_loop_test(look, slabinfo_of_each, 0, NR_ALLOCATORS);
	tcase_add_test(look, without_an_allocator_there_is_nothing);
	tcase_add_test(look, allocators_by_name);
	tcase_add_test(look, slub_debug_is_parsed);
	suite_add_tcase(s, look);
	tcase_add_loop_test(walk, random_walk, 0, 9);
	suite_add_tcase(s, walk);
	return s;
}
