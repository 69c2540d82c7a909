/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLUB: the worked examples of slub.md 13, its tables, its settings. */
#include "mm/slub_fixture.h"

#include <errno.h>
#include <mmsh/proc.h>
#include <stdio.h>
#include <string.h>

static struct machine *plain(void)
{
	return boot_slab("slub", "mem=64M", NULL, NULL);
}

static vaddr_t slab_of(const struct machine *m, vaddr_t p)
{
	return m->slab->base + PFN_PHYS(locate(m, p).pfn);
}

static unsigned offset_of(const struct machine *m, vaddr_t p)
{
	return (unsigned)(p - slab_of(m, p));
}

/* The next objects lie at these offsets of the slab at @start (0: wherever). */
static void expect(struct machine *m, struct kmem_cache *s, vaddr_t start, const unsigned *off,
		   unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		vaddr_t p = object_of(m, s);

		ck_assert_uint_eq(offset_of(m, p), off[i]);
		if (start)
			ck_assert_uint_eq(slab_of(m, p), start);
	}
}
#define EXPECT(m, s, start, ...)                                                         \
	expect(m, s, start, (const unsigned[]){__VA_ARGS__},                             \
	       sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

static unsigned fill(struct machine *m, struct kmem_cache *s, vaddr_t *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = object_of(m, s);
	return n;
}

/* ---- worked examples ---- */

START_TEST(e1_a_fresh_cache)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "e1", 100, 0, 0);
	vaddr_t p[45], s0, s1;

	fill(m, s, p, 45);
	s0 = slab_of(m, p[0]);
	s1 = slab_of(m, p[44]);
	for (unsigned i = 0; i < 45; i++)
		ck_assert_uint_eq(offset_of(m, p[i]), i % 39 * 104);
	kmem_cache_free(m, s, p[2]);
	kmem_cache_free(m, s, p[5]);
	kmem_cache_free(m, s, p[7]);
	ck_assert_int_eq(pfn_to_page(m, s->cpu_slab->partial)->pobjects, 1);
	EXPECT(m, s, s1, 624, 728, 832, 936);
	for (unsigned i = 0; i < 29; i++)
		object_of(m, s);
	EXPECT(m, s, s0, 728, 520, 208);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(e2_last_in_first_out)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "e2", 100, 0, 0);
	vaddr_t p[3];

	fill(m, s, p, 3);
	kmem_cache_free(m, s, p[1]);
	kmem_cache_free(m, s, p[0]);
	EXPECT(m, s, 0, 0, 104, 312);
	machine_free(m);
}
END_TEST

START_TEST(e3_a_flush_reverses)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "e3", 700, 0, 0);
	vaddr_t p[5];

	fill(m, s, p, 5);
	ck_assert_int_eq(kmem_cache_shrink(m, s), 1);
	EXPECT(m, s, slab_of(m, p[0]), 7040, 6336, 5632, 4928);
	machine_free(m);
}
END_TEST

START_TEST(e4_several_full_slabs)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "e4", 700, 0, 0);
	static const unsigned freed[] = {15, 30, 45, 16};
	vaddr_t p[66];

	fill(m, s, p, 66);
	for (unsigned i = 0; i < 4; i++)
		kmem_cache_free(m, s, p[freed[i]]);
	EXPECT(m, s, slab_of(m, p[44]), 704);
	EXPECT(m, s, slab_of(m, p[22]), 5632);
	EXPECT(m, s, slab_of(m, p[11]), 3520, 2816);
	EXPECT(m, s, 0, 0, 704);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

static void with_stacktrace(struct slab_params *p)
{
	p->stacktrace = true;
}

START_TEST(e5_the_order_under_debugging)
{
	struct machine *m = boot_slab("slub", "mem=64M", "FZPU", NULL);

	EXPECT(m, cache_of(m, "e5", 40, 0, 0), 0, 0, 3960, 88, 3872, 176, 3784, 264, 3696);
	assert_slabs(m);
	machine_free(m);
	m = boot_slab("slub", "mem=64M", "FZPU", with_stacktrace);
	EXPECT(m, cache_of(m, "e5", 40, 0, 0), 0, 0, 3672, 216, 3456, 432, 3240, 648, 3024);
	machine_free(m);
}
END_TEST

START_TEST(e6_the_stack_is_drained)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "e6", 400, 0, 0);
	static const unsigned next[] = {13, 7, 8, 9, 10, 11, 12, 6, 0, 1, 2, 3, 4, 5};
	vaddr_t p[160];

	fill(m, s, p, 160);
	for (unsigned i = 0; i <= 13; i++)
		kmem_cache_free(m, s, p[10 * i]);
	ck_assert_int_eq(pfn_to_page(m, s->cpu_slab->partial)->pobjects, 14);
	kmem_cache_free(m, s, p[140]);
	ck_assert_uint_eq(s->node[0]->nr_partial, 14);
	ck_assert_uint_eq(s->node[0]->partial.head, locate(m, p[130]).pfn);
	ck_assert_uint_eq(object_of(m, s), p[140]);
	for (unsigned i = 0; i < ARRAY_SIZE(next); i++)
		ck_assert_uint_eq(object_of(m, s), p[10 * next[i]]);
	EXPECT(m, s, 0, 0, 400, 800);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(e7_empty_slabs)
{
	for (unsigned keep = 4; keep <= 5; keep++) {
		struct machine *m = plain();
		struct kmem_cache *s = cache_of(m, "e7", 400, 0, 0);
		vaddr_t p[60];

		fill(m, s, p, 60);
		ck_assert_int_eq(slub_set_cpu_partial(m, s, 0), 0);
		for (unsigned i = 0; i < keep; i++)
			kmem_cache_free(m, s, p[10 * i]);
		ck_assert_uint_eq(s->node[0]->nr_partial, keep);
		for (unsigned i = 1; i < 10; i++)
			kmem_cache_free(m, s, p[i]);
		ck_assert_uint_eq(s->node[0]->nr_partial, 4);
		ck_assert_uint_eq(s->node[0]->nr_slabs, keep == 4 ? 6 : 5);
		assert_slabs(m);
		machine_free(m);
	}
}
END_TEST

START_TEST(e8_what_shrinking_sorts)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "e8", 400, 0, 0);
	static const unsigned free[] = {6, 1, 1, 10, 5, 1}, order[] = {5, 2, 1, 4, 0};
	vaddr_t p[70];
	pfn_t pfn;

	fill(m, s, p, 70);
	slub_set_cpu_partial(m, s, 0);
	for (unsigned i = 0; i < 6; i++)
		for (unsigned k = 0; k < free[i]; k++)
			kmem_cache_free(m, s, p[10 * i + k]);
	ck_assert_int_eq(kmem_cache_shrink(m, s), 1);
	pfn = s->node[0]->partial.head;
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
		ck_assert_uint_eq(pfn, locate(m, p[10 * order[i] + 9]).pfn);
		pfn = pfn_to_page(m, pfn)->lru.next;
	}
	ck_assert_uint_eq(pfn, PFN_NONE);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(e9_bulk)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "e9", 60, 0, 0);
	vaddr_t p[6], other[5];

	fill(m, s, p, 6);
	kmem_cache_free_bulk(m, s, 5, p);
	EXPECT(m, s, 0, 0, 64, 128, 192, 256);
	/* of several slabs, with gaps, and an address that is none */
	fill(m, s, other, 5);
	for (unsigned i = 0; i < 100; i++)
		p[i % 6] = object_of(m, s);
	other[1] = p[0];
	other[3] = 0;
	kmem_cache_free_bulk(m, s, 5, other);
	other[0] = 0x1234;
	other[1] = p[1];
	kmem_cache_free_bulk(m, s, 2, other);
	ck_assert_uint_eq(m->slab->oopses, 1);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* slab-common.md 8 */
START_TEST(boot_makes_its_own_caches)
{
	static const struct {
		const char *name;
		unsigned cache, node;
	} rows[] = {
		{"kmem_cache", 0, 1}, {"kmem_cache_node", 31, 0}, {"kmalloc-8", 30, 127},
		{"kmalloc-16", 29, 126}, {"kmalloc-96", 26, 123}, {"kmalloc-8192", 18, 115},
	};
	struct machine *m = plain();

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kmem_cache *s = kmem_cache_find(m, rows[i].name);

		ck_assert_uint_eq(locate(m, s->addr).index, rows[i].cache);
		ck_assert_uint_eq(locate(m, s->node[0]->addr).index, rows[i].node);
	}
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- tables ---- */

START_TEST(orders_and_limits)
{
	static const struct {
		uint32_t size, order, objects, order4, objects4, min_partial, cpu_partial;
	} rows[] = {
		{8, 0, 512, 0, 512, 5, 30},   {264, 0, 15, 1, 31, 5, 13},  {352, 0, 11, 1, 23, 5, 13},
		{520, 1, 15, 2, 31, 5, 13},   {704, 1, 11, 2, 23, 5, 13},  {1072, 2, 15, 3, 30, 5, 6},
		{2000, 2, 8, 3, 16, 5, 6},    {3000, 3, 10, 3, 10, 5, 6},  {4096, 3, 8, 3, 8, 6, 2},
		{8192, 3, 4, 3, 4, 6, 2},     {12000, 2, 1, 2, 1, 6, 2},   {16392, 3, 1, 3, 1, 7, 2},
		{40008, 4, 1, 4, 1, 7, 2},
	};
	struct machine *m = plain(), *m4 = boot_slab("slub", "mem=64M cpus=4", NULL, NULL);

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kmem_cache *s = cache_of(m, "o", rows[i].size, 0, 0);

		ck_assert_uint_eq(s->oo.order, rows[i].order);
		ck_assert_uint_eq(s->oo.objects, rows[i].objects);
		ck_assert_uint_eq(s->min_partial, rows[i].min_partial);
		ck_assert_uint_eq(s->cpu_partial, rows[i].cpu_partial);
		s = cache_of(m4, "o", rows[i].size, 0, 0);
		ck_assert_uint_eq(s->oo.order, rows[i].order4);
		ck_assert_uint_eq(s->oo.objects, rows[i].objects4);
	}
	machine_free(m);
	machine_free(m4);
}
END_TEST

static void with_order_2(struct slab_params *p)
{
	p->slub_min_order = 2;
	p->slub_max_order = 2;
	p->slub_min_objects = 4;
}

START_TEST(orders_as_boot_asks)
{
	struct machine *m = boot_slab("slub", "mem=64M", NULL, with_order_2);

	ck_assert_uint_eq(cache_of(m, "small", 8, 0, 0)->oo.order, 2);
	ck_assert_uint_eq(cache_of(m, "large", 4096, 0, 0)->oo.order, 2);
	machine_free(m);
}
END_TEST

START_TEST(layouts)
{
	static const struct {
		uint32_t object, flags, inuse, offset, size, objects, order;
		bool ctor;
	} rows[] = {
		{40, 0, 40, 0, 40, 102, 0, false},
		{40, SLAB_DESTROY_BY_RCU, 40, 40, 48, 85, 0, false},
		{40, 0, 40, 40, 48, 85, 0, true},
		{40, SLAB_DEBUG_FLAGS & ~SLAB_TRACE, 44, 44, 88, 46, 0, false},
		{8, SLAB_DEBUG_FLAGS & ~SLAB_TRACE, 12, 12, 56, 73, 0, false},
		{100, SLAB_DESTROY_BY_RCU, 100, 100, 104, 39, 0, false},
		{4096, SLAB_DEBUG_FLAGS & ~SLAB_TRACE, 4100, 4100, 4144, 7, 3, false},
	};
	struct machine *m = plain();

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kmem_cache *s = rows[i].ctor ? ctor_cache_of(m, "l", rows[i].object, rows[i].flags)
						    : cache_of(m, "l", rows[i].object, 0, rows[i].flags);

		ck_assert_uint_eq(s->inuse, rows[i].inuse);
		ck_assert_uint_eq(s->offset, rows[i].offset);
		ck_assert_uint_eq(s->size, rows[i].size);
		ck_assert_uint_eq(s->oo.objects, rows[i].objects);
		ck_assert_uint_eq(s->oo.order, rows[i].order);
	}
	machine_free(m);
}
END_TEST

START_TEST(letter_o_keeps_large_objects_plain)
{
	struct machine *m = boot_slab("slub", "mem=64M", "FZPUO", NULL);
	struct kmem_cache *big = cache_of(m, "big", 4096, 0, 0), *small = cache_of(m, "small", 100, 0, 0);

	ck_assert_uint_eq(big->flags & SLAB_DEBUG_FLAGS, SLAB_DEBUG_FREE);
	ck_assert_uint_eq(big->size, 4096);
	ck_assert_uint_eq(big->offset, 0);
	ck_assert_uint_eq(small->flags & SLAB_POISON, SLAB_POISON);
	machine_free(m);
}
END_TEST

/* ---- several CPUs and nodes ---- */

START_TEST(a_free_by_another_cpu_waits_in_the_page)
{
	struct machine *m = boot_slab("slub", "mem=64M cpus=2", NULL, NULL);
	struct kmem_cache *s = cache_of(m, "remote", 400, 0, 0);
	vaddr_t p[20];

	fill(m, s, p, 5);
	machine_set_cpu(m, 1);
	kmem_cache_free(m, s, p[2]);
	kmem_cache_free(m, s, p[3]);
	machine_set_cpu(m, 0);
	for (unsigned i = 5; i < 20; i++) {
		ck_assert_uint_ne(s->cpu_slab[0].page, PFN_NONE);
		p[i] = object_of(m, s);
	}
	/* found when the private list was used up: the last freed first */
	ck_assert_uint_eq(p[p[2] == p[15] ? 15 : 2], p[2]);
	ck_assert_uint_ne(locate(m, p[19]).pfn, PFN_NONE);
	assert_slabs(m);
	slub_flush(m, s);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(each_cpu_has_its_slab)
{
	struct machine *m = boot_slab("slub", "mem=64M cpus=4", NULL, NULL);
	struct kmem_cache *s = cache_of(m, "percpu", 100, 0, 0);
	vaddr_t p[4];

	for (unsigned cpu = 0; cpu < 4; cpu++) {
		machine_set_cpu(m, cpu);
		p[cpu] = object_of(m, s);
		ck_assert_uint_eq(offset_of(m, p[cpu]), 0);
	}
	ck_assert_int_eq(kmem_cache_shrink(m, s), 1);
	ck_assert_uint_eq(s->node[0]->nr_partial, 4);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(objects_of_a_node)
{
	struct machine *m = boot_slab("slub", "arch=amd64 mem=128M numa=fake=2 cpus=2", NULL, NULL);
	struct kmem_cache *s = cache_of(m, "noded", 400, 0, 0);
	vaddr_t p[80];

	for (unsigned i = 0; i < 80; i++) {
		p[i] = kmem_cache_alloc_node(m, s, GFP_KERNEL, i / 3 % 2);
		ck_assert_uint_eq(pfn_to_zone(m, locate(m, p[i]).pfn)->nid, i / 3 % 2);
	}
	for (unsigned i = 0; i < 80; i += 2)
		kmem_cache_free(m, s, p[i]);
	slub_flush(m, s);
	assert_slabs(m);
	/* what the own node lacks, another that has plenty gives */
	slub_set_min_partial(s, 0);
	for (unsigned i = 0; i < 40; i++)
		object_of(m, s);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- when memory runs short ---- */

START_TEST(a_smaller_order_must_do)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "fallback", 700, 0, 0);
	struct slab_location l;

	shatter(m);
	l = locate(m, kmem_cache_alloc(m, s, GFP_QUIET));
	ck_assert_uint_eq(l.order, 0);
	ck_assert_uint_eq(pfn_to_page(m, l.pfn)->objects, 5);
	ck_assert_uint_eq(s->cpu_slab->stat[ORDER_FALLBACK], 1);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(no_memory_is_reported)
{
	struct machine *m = boot_slab("slub", "mem=16M", "Z,debugged", NULL);
	struct kmem_cache *s = cache_of(m, "debugged", 4096, 0, 0);

	exhaust(m, GFP_NOWAIT);
	forget_log(m);
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_QUIET), 0);
	assert_not_logged(m, "SLUB");
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_NOWAIT), 0);
	assert_logged(m, "SLUB: Unable to allocate memory on node -1 (gfp=0x2000000)");
	assert_logged(m, "  cache: debugged, object size: 4096, buffer size: 4104, default order: 3, "
			 "min order: 1");
	assert_logged(m, "  debugged debugging increased min order, use slub_debug=O to disable.");
	assert_logged(m, "  node 0: slabs: 0, objs: 0, free: 0");
	machine_free(m);
}
END_TEST

/* ---- corruption without debugging ---- */

START_TEST(a_double_free_makes_a_circle)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "twice", 100, 0, 0);
	vaddr_t p[40];

	fill(m, s, p, 40);
	kmem_cache_free(m, s, p[39]);
	kmem_cache_free(m, s, p[39]);
	assert_slab_violation(m, "leads astray or in a circle");
	ck_assert_uint_eq(object_of(m, s), p[39]);
	ck_assert_uint_eq(object_of(m, s), p[39]);
	slub_flush(m, s);
	assert_slab_violation(m, "in a circle");
	/* a circle of two is one that the kernel would never come back from */
	s = cache_of(m, "thrice", 100, 0, 0);
	fill(m, s, p, 3);
	kmem_cache_free(m, s, p[1]);
	kmem_cache_free(m, s, p[2]);
	kmem_cache_free(m, s, p[1]);
	slub_flush(m, s);
	machine_free(m);
}
END_TEST

START_TEST(a_free_pointer_that_leads_nowhere)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "wild", 100, 0, 0);
	vaddr_t p = object_of(m, s);

	kmem_cache_free(m, s, p);
	memset(bytes_at(m, p), 0x11, 4);
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_KERNEL), p);
	ck_assert_uint_eq(kmem_cache_alloc(m, s, GFP_KERNEL), 0);
	assert_logged(m, "BUG: unable to handle kernel paging request at 11111111");
	assert_slab_violation(m, "leads astray");
	slub_flush(m, s);
	machine_free(m);
}
END_TEST

START_TEST(an_object_freed_to_another_cache)
{
	struct machine *m = plain();
	struct kmem_cache *a = cache_of(m, "a", 400, 0, 0), *b = cache_of(m, "b", 200, 0, 0);
	vaddr_t p[30];

	fill(m, a, p, 30);
	for (unsigned i = 0; i < 10; i++)
		kmem_cache_free(m, b, p[i]);
	assert_slab_violation(m, "belongs to another cache");
	kmem_cache_shrink(m, b);
	fill(m, a, p, 30);
	kmem_cache_shrink(m, a);
	machine_free(m);
}
END_TEST

/* ---- settings ---- */

static void assert_reads(struct machine *m, const char *file, const char *want)
{
	struct strbuf text = STRBUF_INIT;
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s", file);
	ck_assert_msg(proc_read(m, path, &text) == 0, "%s", path);
	ck_assert_str_eq(strbuf_str(&text), want);
	strbuf_free(&text);
}

static int reads(struct machine *m, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	int err = proc_read(m, path, &text);

	strbuf_free(&text);
	return err;
}

static void with_stats(struct slab_params *p)
{
	p->slub_stats = true;
	p->nomerge = false;
}

START_TEST(files_of_a_cache)
{
	struct machine *m = boot_slab("slub", "mem=64M cpus=2", NULL, with_stats);
	struct kmem_cache *s = cache_of(m, "filed", 700, 0, 0);
	vaddr_t p[100];

	fill(m, s, p, 100);
	kmem_cache_free(m, s, p[0]);
	kmem_cache_free(m, s, p[1]);
	assert_reads(m, "filed/slab_size", "704\n");
	assert_reads(m, ":t-0000704/object_size", "700\n");
	assert_reads(m, "filed/objs_per_slab", "23\n");
	assert_reads(m, "filed/order", "2\n");
	assert_reads(m, "filed/slabs", "5\n");
	assert_reads(m, "filed/objects", "115\n");
	assert_reads(m, "filed/cpu_slabs", "2\n");
	assert_reads(m, "filed/slabs_cpu_partial", "1(1) C0=1(1)\n");
	assert_reads(m, "filed/partial", "0\n");
	assert_reads(m, "filed/objects_partial", "0\n");
	assert_reads(m, "filed/aliases", "0\n");
	assert_reads(m, "filed/ctor", "");
	assert_reads(m, "filed/shrink", "");
	assert_reads(m, "filed/min_partial", "5\n");
	assert_reads(m, "anon_vma/ctor", "init_once+0x0/0x10\n");
	assert_reads(m, "anon_vma/destroy_by_rcu", "1\n");
	assert_reads(m, "pid/hwcache_align", "0\n");
	assert_reads(m, "filed/alloc_fastpath", "95 C0=95\n");
	assert_reads(m, "filed/cpu_partial_free", "1 C0=1\n");
	ck_assert_int_eq(reads(m, "/sys/kernel/slab/filed/alloc_calls"), -ENOSYS);
	ck_assert_int_eq(reads(m, "/sys/kernel/slab/filed/nothing"), -ENOENT);
	ck_assert_int_eq(reads(m, "/sys/kernel/slab/nobody/order"), -ENOENT);
	ck_assert_int_eq(reads(m, "/sys/kernel/slab/filed"), -EISDIR);
	ck_assert_int_eq(reads(m, "/sys/kernel/slab"), -EISDIR);
	ck_assert_int_eq(reads(m, "/sys/kernel/slab/filed/remote_node_defrag_ratio"), -ENOENT);
	machine_free(m);
}
END_TEST

START_TEST(what_can_be_written)
{
	static const struct {
		const char *file, *text;
		int err;
		const char *then;
	} rows[] = {
		{"order", "1", 0, "1\n"},	   {"order", "4", -EINVAL, "1\n"},
		{"order", "x", -EINVAL, "1\n"},	   {"min_partial", "100", 0, "10\n"},
		{"min_partial", "1", 0, "5\n"},	   {"min_partial", "-1", -EINVAL, "5\n"},
		{"cpu_partial", "40", 0, "40\n"},  {"cpu_partial", "4y", -EINVAL, "40\n"},
		{"reclaim_account", "1", 0, "1\n"}, {"reclaim_account", "0", 0, "0\n"},
		{"red_zone", "1", -EBUSY, "0\n"},  {"poison", "1", -EBUSY, "0\n"},
		{"sanity_checks", "1", 0, "1\n"},  {"trace", "1", 0, "1\n"},
		{"trace", "0", 0, "0\n"},	   {"cpu_partial", "1", -EINVAL, "40\n"},
		{"cpu_partial", "0", 0, "0\n"},	   {"sanity_checks", "0", 0, "0\n"},
		{"shrink", "0", -EINVAL, ""},	   {"shrink", "1", 0, ""},
		{"validate", "x", -EINVAL, ""},	   {"validate", "1", 0, ""},
		{"slab_size", "1", -EACCES, "400\n"}, {"alloc_slab", "1", -EINVAL, "1 C0=1\n"},
		{"alloc_slab", "0", 0, "0\n"},
	};
	struct machine *m = boot_slab("slub", "mem=64M", NULL, with_stats);
	struct kmem_cache *s = cache_of(m, "tuned", 400, 0, 0);

	object_of(m, s);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[128];

		snprintf(path, sizeof(path), "/sys/kernel/slab/tuned/%s", rows[i].file);
		ck_assert_int_eq(proc_write(m, path, rows[i].text), rows[i].err);
		snprintf(path, sizeof(path), "tuned/%s", rows[i].file);
		assert_reads(m, path, rows[i].then);
	}
	ck_assert_int_eq(proc_write(m, "/sys/kernel/slab/tuned", "1"), -EISDIR);
	ck_assert_int_eq(proc_write(m, "/sys/kernel/slab/tuned/none", "1"), -ENOENT);
	ck_assert_int_eq(proc_write(m, "/sys/kernel/slab/none/order", "1"), -ENOENT);
	/* an order that holds no object */
	s = cache_of(m, "large", 8000, 0, 0);
	ck_assert_int_eq(proc_write(m, "/sys/kernel/slab/large/order", "0"), -EINVAL);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(debugging_switched_on_while_empty)
{
	struct machine *m = plain();
	struct kmem_cache *s = cache_of(m, "later", 40, 0, 0);
	vaddr_t p;

	ck_assert_int_eq(proc_write(m, "/sys/kernel/slab/later/red_zone", "1"), 0);
	ck_assert_int_eq(proc_write(m, "/sys/kernel/slab/later/poison", "1"), 0);
	ck_assert_int_eq(proc_write(m, "/sys/kernel/slab/later/store_user", "1"), 0);
	ck_assert_uint_eq(s->size, 88);
	p = object_of(m, s);
	ck_assert_uint_eq(*bytes_at(m, p), POISON_FREE);
	*bytes_at(m, p + 40) = 1;
	kmem_cache_free(m, s, p);
	assert_logged(m, "BUG later (Not tainted): Redzone overwritten");
	assert_slabs(m);
	/* switched off, the free pointer stays behind the object, as in the kernel */
	s = cache_of(m, "again", 40, 0, 0);
	slub_set_debug(m, s, SLAB_POISON, true);
	slub_set_debug(m, s, SLAB_POISON, false);
	ck_assert_uint_eq(s->size, 40);
	ck_assert_uint_eq(s->offset, 40);
	object_of(m, s);
	machine_free(m);
}
END_TEST

START_TEST(names_in_sys_kernel_slab)
{
	struct machine *m = boot_slab("slub", "mem=64M", NULL, with_stats);
	struct strbuf text = STRBUF_INIT;

	ck_assert_int_eq(proc_list(m, "/sys/kernel/slab", &text), 0);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&text), ":dt-0000096/\n"));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&text), ":at-0000128/\n"));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&text), "\ndentry/\n"));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&text), "\npid/\n"));
	strbuf_reset(&text);
	ck_assert_int_eq(proc_list(m, "/sys/kernel/slab/pid", &text), 0);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&text), "slab_size\nobject_size\n"));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&text), "cpu_partial_drain\n"));
	ck_assert_int_eq(proc_list(m, "/sys/kernel/slab/pid/order", &text), -ENOTDIR);
	ck_assert_int_eq(proc_list(m, "/sys/kernel/slab/none", &text), -ENOENT);
	strbuf_reset(&text);
	ck_assert_int_eq(proc_list(m, "/sys/kernel", &text), 0);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&text), "slab/\n"));
	strbuf_free(&text);
	machine_free(m);
}
END_TEST

/* ---- vectors and walks ---- */

static const struct vector vectors[] = {
	{"slub", 1, 32, 100, 0, 1, 3123, 8, 246, 0xc6744f6f},
	{"slub", 4, 64, 100, 0, 1, 3123, 8, 246, 0xc6744f6f},
	{"slub", 1, 32, 700, 0, 2, 3123, 45, 246, 0xdde72c0e},
	{"slub", 1, 32, 2000, 0, 3, 3135, 86, 270, 0x48c3bebe},
	{"slub", 4, 64, 700, 0, 2, 3123, 15, 246, 0x4963ea19},
	{"slub", 4, 64, 2000, 0, 3, 3135, 33, 270, 0x3a85c1e4},
};

START_TEST(test_vectors)
{
	check_vector(&vectors[_i]);
}
END_TEST

START_TEST(debugged_walk)
{
	static const char *const debug[] = {"F", "Z", "P", "U", "FZPU", "FZPUO"};
	struct machine *m = boot_slab("slub", "mem=32M cpus=2", debug[_i], NULL);

	object_walk(m, (uint64_t)_i + 50, 4000, 101);
	assert_not_logged(m, "BUG");
	machine_free(m);
}
END_TEST

Suite *slub_suite(void)
{
	Suite *s = suite_create("slub");
	TCase *ex = tcase_create("examples"), *tables = tcase_create("tables");
	TCase *run = tcase_create("running"), *files = tcase_create("files");
	TCase *walk = tcase_create("walk");

	tcase_add_test(ex, e1_a_fresh_cache);
	tcase_add_test(ex, e2_last_in_first_out);
	tcase_add_test(ex, e3_a_flush_reverses);
	tcase_add_test(ex, e4_several_full_slabs);
	tcase_add_test(ex, e5_the_order_under_debugging);
	tcase_add_test(ex, e6_the_stack_is_drained);
	tcase_add_test(ex, e7_empty_slabs);
	tcase_add_test(ex, e8_what_shrinking_sorts);
	tcase_add_test(ex, e9_bulk);
	tcase_add_test(ex, boot_makes_its_own_caches);
	suite_add_tcase(s, ex);
	tcase_add_test(tables, orders_and_limits);
	tcase_add_test(tables, orders_as_boot_asks);
	tcase_add_test(tables, layouts);
	tcase_add_test(tables, letter_o_keeps_large_objects_plain);
	suite_add_tcase(s, tables);
	tcase_add_test(run, a_free_by_another_cpu_waits_in_the_page);
	tcase_add_test(run, each_cpu_has_its_slab);
	tcase_add_test(run, objects_of_a_node);
	tcase_add_test(run, a_smaller_order_must_do);
	tcase_add_test(run, no_memory_is_reported);
	tcase_add_test(run, a_double_free_makes_a_circle);
	tcase_add_test(run, a_free_pointer_that_leads_nowhere);
	tcase_add_test(run, an_object_freed_to_another_cache);
	suite_add_tcase(s, run);
	tcase_add_test(files, files_of_a_cache);
	tcase_add_test(files, what_can_be_written);
	tcase_add_test(files, debugging_switched_on_while_empty);
	tcase_add_test(files, names_in_sys_kernel_slab);
	suite_add_tcase(s, files);
	tcase_add_loop_test(walk, test_vectors, 0, ARRAY_SIZE(vectors));
	tcase_add_loop_test(walk, debugged_walk, 0, 6);
	suite_add_tcase(s, walk);
	return s;
}
