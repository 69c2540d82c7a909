/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLOB: blocks, lists, rotation, coalescing; kmalloc's header; damage. */
#include "mm/slab_fixture.h"

#include "mm/slob.h"

static const struct vector vectors[] = {
	{"slob", 1, 32, 0, 400, 1, 3100, 62, 200, 0x6db0a1a4},
	{"slob", 1, 32, 0, 1500, 7, 3193, 158, 386, 0x2410a3ae},
};

START_TEST(test_vectors)
{
	check_vector(&vectors[_i]);
}
END_TEST

static struct machine *slob_machine(void)
{
	return early_slab_machine("slob", "mem=64M", NULL);
}

/* The page's free blocks: "100:2 122:15" in bytes and units. */
static void assert_blocks_of(const struct machine *m, vaddr_t page, const char *want)
{
	struct strbuf b = STRBUF_INIT;

	for_each_free_block(m, virt_to_pfn(m, page), blk)
		strbuf_addf(&b, "%s%u:%u", b.len ? " " : "", blk.off * SLOB_UNIT, blk.units);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

/* The pages of a list, by number in the array. */
static void assert_order(const struct machine *m, enum slob_list l, const vaddr_t *pages,
			 const char *want)
{
	struct strbuf b = STRBUF_INIT;

	for (pfn_t pfn = slob_first_page(m, l); pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next)
		for (unsigned i = 0; i < 6; i++)
			if (pages[i] && virt_to_pfn(m, pages[i]) == pfn)
				strbuf_addf(&b, "%s%u", b.len ? " " : "", i);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

START_TEST(b1_to_b3_blocks_of_a_page)
{
	struct machine *m = slob_machine();
	struct kmem_cache s = {.size = 24, .object_size = 24, .align = 8};
	vaddr_t a = kmalloc(m, 92, GFP_KERNEL), page = a - 8, b, c;

	ck_assert_uint_eq(page % PAGE_SIZE, 0);
	assert_blocks_of(m, page, "100:1998");
	b = kmalloc(m, 10, GFP_KERNEL);
	ck_assert_uint_eq(b - page, 112);
	assert_blocks_of(m, page, "100:2 122:1987");
	c = kmalloc(m, 10, GFP_KERNEL);
	ck_assert_uint_eq(c - page, 136);
	assert_blocks_of(m, page, "100:2 122:3 146:1975");
	ck_assert_uint_eq(kmalloc(m, 3, GFP_KERNEL) - page, 160);
	assert_blocks_of(m, page, "100:2 122:3 146:3 164:1966");
	assert_slabs(m);
	kfree(m, c);
	assert_blocks_of(m, page, "100:2 122:15 164:1966");
	ck_assert_uint_eq(ksize(m, a), 92);
	ck_assert_uint_eq(ksize(m, b), 10);
	ck_assert_uint_eq(object_of(m, &s) - page, 128);
	assert_blocks_of(m, page, "100:2 122:3 164:1966");
	ck_assert_uint_eq(object_of(m, &s) - page, 168);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(b4_b5_size_classes)
{
	struct machine *m = slob_machine();
	vaddr_t a = kmalloc(m, 247, GFP_KERNEL), b = kmalloc(m, 248, GFP_KERNEL);
	vaddr_t c = kmalloc(m, 1015, GFP_KERNEL), d = kmalloc(m, 2000, GFP_KERNEL);
	vaddr_t e = kmalloc(m, 2000, GFP_KERNEL), f = kmalloc(m, 2000, GFP_KERNEL);

	ck_assert_uint_ne(a / PAGE_SIZE, b / PAGE_SIZE);
	ck_assert_uint_eq(b / PAGE_SIZE, c / PAGE_SIZE);
	ck_assert_uint_ne(c / PAGE_SIZE, d / PAGE_SIZE);
	ck_assert_uint_eq(d % PAGE_SIZE, 8);
	ck_assert_uint_eq(e - d, 2008);
	ck_assert_uint_ne(f / PAGE_SIZE, e / PAGE_SIZE);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(b7_page_changes_its_class)
{
	struct machine *m = slob_machine();
	vaddr_t big[14], small[64], p;
	unsigned n = 0;

	/* a medium page, filled up */
	for (unsigned i = 0; i < 13; i++)
		big[i] = kmalloc(m, 292, GFP_KERNEL); /* 300 bytes, 8-aligned: 304 */
	ck_assert_uint_eq(big[12] / PAGE_SIZE, big[0] / PAGE_SIZE);
	p = kmalloc(m, 140, GFP_KERNEL);
	ck_assert_uint_ne(p / PAGE_SIZE, big[0] / PAGE_SIZE);
	kfree(m, big[3]);
	small[n++] = kmalloc(m, 10, GFP_KERNEL);
	ck_assert_uint_eq(small[0] / PAGE_SIZE, p / PAGE_SIZE);
	ck_assert_uint_eq(kmalloc(m, 260, GFP_KERNEL), big[3]);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* Pages with no room but what is freed again: full ones are on no list. */
START_TEST(b8_to_b10_rotation)
{
	struct machine *m = slob_machine();
	struct kmem_cache *s = cache_of(m, "t", 128, 0, 0);
	vaddr_t o[6][32], page[6] = {0}, last;

	/* fill what the descriptor's page leaves, then five pages */
	do
		last = object_of(m, s);
	while (last % PAGE_SIZE);
	o[1][0] = last;
	for (unsigned k = 1; k < 32; k++)
		o[1][k] = object_of(m, s);
	for (unsigned i = 2; i < 6; i++)
		for (unsigned k = 0; k < 32; k++)
			o[i][k] = object_of(m, s);
	for (unsigned i = 1; i < 6; i++) {
		page[i] = o[i][0];
		ck_assert_uint_eq(o[i][31] / PAGE_SIZE, page[i] / PAGE_SIZE);
	}
	assert_order(m, SLOB_SMALL, page, "");
	/* a page that was full comes to the head */
	kmem_cache_free(m, s, o[3][5]);
	kmem_cache_free(m, s, o[2][5]);
	kmem_cache_free(m, s, o[1][5]);
	kmem_cache_free(m, s, o[2][9]);
	assert_order(m, SLOB_SMALL, page, "1 2 3");
	/* the first is used up and leaves */
	ck_assert_uint_eq(object_of(m, s), o[1][5]);
	assert_order(m, SLOB_SMALL, page, "2 3");
	ck_assert_uint_eq(object_of(m, s), o[2][5]);
	assert_order(m, SLOB_SMALL, page, "2 3");
	/* 200 bytes fit nowhere; after more frees they fit the last one, which comes first */
	kmem_cache_free(m, s, o[3][6]);
	ck_assert_uint_eq(kmalloc(m, 200, GFP_KERNEL), o[3][5] + 8);
	assert_order(m, SLOB_SMALL, page, "3 2");
	assert_slabs(m);
	/* the last block gives the page back at once */
	for (unsigned k = 0; k < 32; k++)
		kmem_cache_free(m, s, o[4][k]);
	ck_assert(!(pfn_to_page(m, virt_to_pfn(m, page[4]))->flags & PG(slab)));
	page[4] = 0;
	assert_order(m, SLOB_SMALL, page, "3 2");
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(middle_page_becomes_the_first)
{
	struct machine *m = slob_machine();
	struct kmem_cache *s = cache_of(m, "t", 128, 0, 0);
	vaddr_t o[4][32], page[6] = {0};

	while ((o[0][0] = object_of(m, s)) % PAGE_SIZE)
		;
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = i ? 0 : 1; k < 32; k++)
			o[i][k] = object_of(m, s);
	for (unsigned i = 0; i < 4; i++)
		page[i] = o[i][0];
	for (unsigned i = 4; i-- > 0;)
		kmem_cache_free(m, s, o[i][0]);
	kmem_cache_free(m, s, o[2][1]);
	kmem_cache_free(m, s, o[2][2]);
	assert_order(m, SLOB_SMALL, page, "0 1 2 3");
	ck_assert_uint_eq(kmalloc(m, 200, GFP_KERNEL), o[2][0] + 8);
	assert_order(m, SLOB_SMALL, page, "2 3 0 1");
	/* used up this time: the one behind it is the first */
	ck_assert_uint_eq(kmalloc(m, 168, GFP_KERNEL), o[2][0] + 216);
	kmem_cache_free(m, s, o[0][1]);
	ck_assert_uint_eq(kmalloc(m, 248 - 8 - 8, GFP_KERNEL), o[0][0] + 8);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(coalescing)
{
	struct machine *m = slob_machine();
	vaddr_t a[8], page;

	for (unsigned i = 0; i < 8; i++)
		a[i] = kmalloc(m, 24, GFP_KERNEL);
	page = a[0] - 8;
	kfree(m, a[2]);
	kfree(m, a[0]); /* before the first, apart */
	assert_blocks_of(m, page, "0:16 64:16 256:1920");
	kfree(m, a[1]); /* between two */
	assert_blocks_of(m, page, "0:48 256:1920");
	kfree(m, a[4]); /* between, touching none */
	assert_blocks_of(m, page, "0:48 128:16 256:1920");
	kfree(m, a[7]); /* touching the next */
	assert_blocks_of(m, page, "0:48 128:16 224:1936");
	kfree(m, a[3]);
	assert_blocks_of(m, page, "0:80 224:1936");
	kfree(m, a[6]);
	kfree(m, a[5]);
	ck_assert(!(pfn_to_page(m, virt_to_pfn(m, page))->flags & PG(slab)));
	a[0] = kmalloc(m, 24, GFP_KERNEL);
	a[1] = kmalloc(m, 24, GFP_KERNEL);
	a[2] = kmalloc(m, 24, GFP_KERNEL);
	kfree(m, a[1]);
	kfree(m, a[0]); /* the first, touching the next */
	assert_blocks_of(m, a[0] - 8, "0:32 96:2000");
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(single_units)
{
	struct machine *m = slob_machine();
	struct kmem_cache *one = cache_of(m, "one", 2, 0, 0);
	vaddr_t a, b;

	one->align = 2; /* smaller than any cache that is asked for */
	a = object_of(m, one);
	b = object_of(m, one);
	object_of(m, one);
	kmem_cache_free(m, one, a);
	kmem_cache_free(m, one, b);
	ck_assert_uint_eq(object_of(m, one), a);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(pages_for_what_is_large)
{
	struct machine *m = slob_machine();
	struct kmem_cache *big = cache_of(m, "big", 8000, 0, 0);
	vaddr_t p = kmalloc(m, 4088, GFP_KERNEL), o = object_of(m, big);
	struct slab_location l;

	ck_assert_uint_eq(p % PAGE_SIZE, 0);
	ck_assert(slab_locate(m, p + 9, &l));
	ck_assert(l.large);
	ck_assert_uint_eq(l.offset, 9);
	kfree(m, p);
	ck_assert(!slab_locate(m, p, &l));
	p = kmalloc(m, 9000, GFP_KERNEL);
	ck_assert_uint_eq(ksize(m, p), 16384);
	kfree(m, p);
	ck_assert_uint_eq(kmalloc(m, 5u << 20, GFP_QUIET), 0);
	ck_assert_uint_eq(kmalloc(m, UINT64_MAX, GFP_QUIET), 0);
	ck_assert_uint_eq(kmalloc(m, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	ck_assert_uint_eq(o % PAGE_SIZE, 0);
	kmem_cache_free(m, big, o);
	ck_assert_int_eq(kmem_cache_destroy(m, big), 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(caches_in_name)
{
	struct machine *m = slab_machine("slob", "mem=64M", NULL);
	struct kmem_cache *rcu = cache_of(m, "rcu", 40, 0, SLAB_DESTROY_BY_RCU);
	struct kmem_cache *s = ctor_cache_of(m, "ctor", 40, SLAB_RECLAIM_ACCOUNT);
	struct slabinfo i;
	vaddr_t o;

	ck_assert_uint_eq(rcu->size, 52);
	ck_assert_uint_eq(s->flags & SLAB_RECLAIM_ACCOUNT, 0);
	ck_assert_uint_ne(cache_of(m, "twin", 40, 0, 0)->id, cache_of(m, "twin2", 40, 0, 0)->id);
	/* constructed each time */
	o = object_of(m, s);
	*bytes_at(m, o) = 0x11;
	kmem_cache_free(m, s, o);
	o = object_of(m, s);
	ck_assert_uint_eq(*bytes_at(m, o), 0);
	ck_assert_int_eq(kmem_cache_shrink(m, s), 0);
	get_slabinfo(m, s, &i);
	ck_assert_uint_eq(i.num_objs, 0);
	/* objects that are left stay */
	ck_assert_int_eq(kmem_cache_destroy(m, s), 0);
	o = kzalloc(m, 100, GFP_KERNEL);
	ck_assert_uint_eq(*bytes_at(m, o + 99), 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- refusals and damage ---- */

START_TEST(no_memory)
{
	struct machine *m = early_slab_machine("slob", "mem=16M", NULL);
	struct kmem_cache *s = cache_of(m, "s", 3000, 0, 0);
	vaddr_t last[200], p;

	for (unsigned n = 0; (p = kmem_cache_alloc(m, s, GFP_QUIET)); n++)
		last[n % 200] = p;
	ck_assert_uint_eq(kmalloc(m, 3000, GFP_QUIET), 0);
	ck_assert_uint_eq(kmalloc(m, 5000, GFP_QUIET), 0);
	for (unsigned i = 0; i < 200; i++)
		kmem_cache_free(m, s, last[i]);
	ck_assert_uint_ne(kmem_cache_alloc(m, s, GFP_QUIET), 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(highmem_has_no_address)
{
	struct machine *m = early_slab_machine("slob", "mem=1G", NULL);

	ck_assert_uint_eq(kmalloc(m, 5000, GFP_KERNEL | __GFP_HIGHMEM), 0);
	ck_assert_uint_eq(m->slab->oopses, 1);
	machine_free(m);
}
END_TEST

START_TEST(alignment_beyond_a_page)
{
	struct machine *m = slob_machine();
	struct kmem_cache *s = cache_of(m, "s", 100, 1u << 20, 0);

	for (unsigned i = 0; i < 5; i++)
		kmem_cache_alloc(m, s, GFP_KERNEL);
	ck_assert_uint_ge(m->slab->oopses, 1);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(pointers_that_lead_nowhere)
{
	struct machine *m = slob_machine();
	struct kmem_cache *s = cache_of(m, "s", 100, 0, 0), *big = cache_of(m, "b", 5000, 0, 0);
	vaddr_t o = object_of(m, s);
	struct slab_location l;

	kfree(m, 0);
	kmem_cache_free(m, s, 0);
	ck_assert_uint_eq(m->slab->oopses, 0);
	kfree(m, 0x1000);
	kmem_cache_free(m, s, 0x1000);
	kmem_cache_free(m, big, 0x1000);
	kmem_cache_free(m, s, o - o % PAGE_SIZE + PAGE_SIZE - 20);
	ck_assert_uint_eq(m->slab->oopses, 4);
	ck_assert(!slab_locate(m, 0x1000, &l));
	/* kfree of what has no header: the size is whatever stands there */
	memset(bytes_at(m, o), 0xff, 100);
	kfree(m, o + 16);
	ck_assert_uint_eq(m->slab->oopses, 5);
	machine_free(m);
}
END_TEST

START_TEST(double_free)
{
	struct machine *m = slob_machine();
	vaddr_t a = kmalloc(m, 100, GFP_KERNEL), b = kmalloc(m, 100, GFP_KERNEL);

	kmalloc(m, 100, GFP_KERNEL);
	kfree(m, b);
	kfree(m, b);
	assert_slab_violation(m, "units are free");
	kfree(m, a);
	for (unsigned i = 0; i < 50; i++)
		kmalloc(m, 1 + i, GFP_KERNEL);
	machine_free(m);
}
END_TEST

/* Whatever stands in the words of free blocks, nobody comes to harm. */
START_TEST(written_over_blocks)
{
	struct machine *m = slob_machine();
	vaddr_t a[40], page;
	uint32_t x = (uint32_t)_i * 2654435761u + 1;

	for (unsigned i = 0; i < 40; i++)
		a[i] = kmalloc(m, 40, GFP_KERNEL);
	page = a[0] - a[0] % PAGE_SIZE;
	for (unsigned i = 0; i < 40; i += 2)
		kfree(m, a[i]);
	for (unsigned i = 0; i < PAGE_SIZE; i++) {
		x = x * 1103515245u + 12345;
		if (x >> 28 == 0)
			*bytes_at(m, page + i) = (uint8_t)(x >> 16);
	}
	for (unsigned i = 1; i < 40; i += 2) {
		kmalloc(m, 1 + i * 3, GFP_KERNEL);
		kfree(m, a[i]);
	}
	machine_free(m);
}
END_TEST

START_TEST(audit_finds)
{
	struct machine *m = slob_machine();
	vaddr_t a = kmalloc(m, 40, GFP_KERNEL);
	pfn_t pfn = virt_to_pfn(m, a);
	struct page *p = pfn_to_page(m, pfn), page = *p;

	p->units++;
	assert_slab_violation(m, "units are free");
	*p = page;
	p->slob_list = 3;
	assert_slab_violation(m, "not marked");
	*p = page;
	p->lru.prev = 5;
	assert_slab_violation(m, "astray");
	*p = page;
	assert_slabs(m);
	machine_free(m);
}
END_TEST

/* ---- looking ---- */

static bool count_page(struct machine *m, const struct slab_view *v, void *arg)
{
	unsigned *n = arg;

	(void)m;
	n[v->idx]++;
	return n[2] == 0;
}

START_TEST(looking)
{
	struct machine *m = slob_machine();
	vaddr_t a = kmalloc(m, 100, GFP_KERNEL), b = kmalloc(m, 100, GFP_KERNEL);
	vaddr_t c = kmalloc(m, 300, GFP_KERNEL);
	unsigned n[3] = {0}, used = 0, units;
	uint8_t state[SLOB_PAGE_UNITS];
	struct slab_location l;

	ck_assert(slab_walk(m, NULL, count_page, n));
	ck_assert_uint_eq(n[0], 1);
	ck_assert_uint_eq(n[1], 1);
	kmalloc(m, 3000, GFP_KERNEL);
	ck_assert(!slab_walk(m, NULL, count_page, n));
	ck_assert(slab_walk(m, cache_of(m, "x", 8, 0, 0), count_page, n));
	ck_assert(slab_locate(m, a, &l));
	ck_assert_int_eq(l.state, OBJ_ALLOCATED);
	ck_assert_uint_eq(l.size, 100);
	kfree(m, a);
	ck_assert(slab_locate(m, a, &l));
	ck_assert_int_eq(l.state, OBJ_FREE);
	ck_assert_uint_eq(l.object, a - 8);
	units = slab_objects(m, virt_to_pfn(m, c), state, SLOB_PAGE_UNITS);
	for (unsigned i = 0; i < units; i++)
		used += state[i] == OBJ_ALLOCATED;
	ck_assert_uint_eq(used, 154);
	(void)b;
	machine_free(m);
}
END_TEST

static const char *const walk_lines[] = {"mem=64M", "arch=amd64 mem=256M numa=fake=2 cpus=2",
					 "mem=8M"};

START_TEST(random_walks)
{
	struct machine *m = slab_machine("slob", walk_lines[_i], NULL);

	object_walk(m, 3 + (uint64_t)_i, 4000, 40);
	machine_free(m);
}
END_TEST

START_TEST(random_damage)
{
	struct machine *m = slab_machine("slob", _i % 2 ? "mem=64M cpus=2" : "mem=16M", NULL);

	damage_walk(m, 1000 + (uint64_t)_i, 6000);
	machine_free(m);
}
END_TEST

Suite *slob_suite(void)
{
	Suite *s = suite_create("slob");
	TCase *t = tcase_create("slob");

	tcase_add_loop_test(t, test_vectors, 0, (int)ARRAY_SIZE(vectors));
	tcase_add_test(t, b1_to_b3_blocks_of_a_page);
	tcase_add_test(t, b4_b5_size_classes);
	tcase_add_test(t, b7_page_changes_its_class);
	tcase_add_test(t, b8_to_b10_rotation);
	tcase_add_test(t, middle_page_becomes_the_first);
	tcase_add_test(t, coalescing);
	tcase_add_test(t, single_units);
	tcase_add_test(t, pages_for_what_is_large);
	tcase_add_test(t, caches_in_name);
	tcase_add_test(t, no_memory);
	tcase_add_test(t, highmem_has_no_address);
	tcase_add_test(t, alignment_beyond_a_page);
	tcase_add_test(t, pointers_that_lead_nowhere);
	tcase_add_test(t, double_free);
	tcase_add_loop_test(t, written_over_blocks, 0, 100);
	tcase_add_test(t, audit_finds);
	tcase_add_test(t, looking);
	tcase_add_loop_test(t, random_damage, 0, 20);
	tcase_add_loop_test(t, random_walks, 0, (int)ARRAY_SIZE(walk_lines));
	suite_add_tcase(s, t);
	return s;
}
