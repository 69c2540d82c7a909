/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLUB's debugging: each report is provoked, and what the kernel then does is checked
   (slub.md 9, 10). */
#include "mm/slub_fixture.h"

#include <mmsh/proc.h>
#include <stdio.h>
#include <string.h>

#define INIT                                                                             \
	struct machine *m = boot_slab("slub", "mem=64M", "FZPU", NULL);                  \
	struct kmem_cache *s = cache_of(m, "dbg", 40, 0, 0);                             \
	vaddr_t a = object_of(m, s), b = object_of(m, s)

static void poke(struct machine *m, vaddr_t addr, unsigned char v)
{
	*bytes_at(m, addr) = v;
}

static void assert_bytes(struct machine *m, vaddr_t addr, unsigned char v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ck_assert_uint_eq(*bytes_at(m, addr + i), v);
}

START_TEST(bytes_of_an_object)
{
	INIT;
	assert_bytes(m, a, POISON_FREE, 39);
	assert_bytes(m, a + 39, POISON_END, 1);
	assert_bytes(m, a + 40, SLUB_RED_ACTIVE, 4);
	assert_bytes(m, a + 80, POISON_INUSE, 8);
	kmem_cache_free(m, s, a);
	assert_bytes(m, a + 40, SLUB_RED_INACTIVE, 4);
	ck_assert_uint_eq(object_of(m, s), a);
	kmem_cache_free(m, s, a);
	kmem_cache_free(m, s, b);
	assert_not_logged(m, "BUG");
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(redzone_overwritten)
{
	char text[80];

	INIT;
	poke(m, a + 41, 0x12);
	kmem_cache_free(m, s, a);
	assert_logged(m, "BUG dbg (Not tainted): Redzone overwritten");
	assert_logged(m, "Disabling lock debugging due to kernel taint");
	assert_logged(m, "First byte 0x12 instead of 0xcc");
	assert_logged(m, "INFO: Allocated in 0x");
	assert_logged(m, "flags=0x40000081");
	assert_logged(m, "cc 12 cc cc");
	sprintf(text, "FIX dbg: Restoring 0x%llx-0x%llx=0xcc", (unsigned long long)a + 41,
		(unsigned long long)a + 41);
	assert_logged(m, text);
	assert_bytes(m, a + 40, SLUB_RED_ACTIVE, 4);
	/* it was freed, but its red zone says that it was not: the slab is given up */
	forget_log(m);
	ck_assert_uint_ne(object_of(m, s) & ~0xfffull, a & ~0xfffull);
	assert_logged(m, "BUG dbg (Tainted: G    B          ): Redzone overwritten");
	assert_not_logged(m, "Disabling");
	assert_logged(m, "fp=0x  (null)");
	assert_logged(m, "FIX dbg: Marking all objects used");
	ck_assert(m->slab->tainted);
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(poison_overwritten)
{
	INIT;
	kmem_cache_free(m, s, a);
	poke(m, a + 12, 0x33);
	object_of(m, s);
	assert_logged(m, "Poison overwritten");
	assert_logged(m, "First byte 0x33 instead of 0x6b");
	assert_logged(m, "INFO: Freed in 0x");
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(last_byte_of_the_poison)
{
	INIT;
	kmem_cache_free(m, s, a);
	poke(m, a + 39, 0);
	object_of(m, s);
	assert_logged(m, "First byte 0x0 instead of 0xa5");
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(object_padding_overwritten)
{
	INIT;
	poke(m, a + 87, 0x44);
	kmem_cache_free(m, s, a);
	assert_logged(m, "Object padding overwritten");
	/* no failure: it was freed all the same */
	assert_bytes(m, a + 87, POISON_INUSE, 1);
	ck_assert_uint_eq(object_of(m, s), a);
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(alignment_padding_overwritten)
{
	struct machine *m = boot_slab("slub", "mem=64M", "P", NULL);
	struct kmem_cache *s = cache_of(m, "pad", 41, 0, 0);
	vaddr_t a = object_of(m, s);

	poke(m, a + 42, 1);
	kmem_cache_free(m, s, a);
	assert_logged(m, "Alignment padding overwritten");
	ck_assert_uint_eq(object_of(m, s), a);
	machine_free(m);
}
END_TEST

START_TEST(slab_padding_overwritten)
{
	vaddr_t end;

	INIT;
	end = (a & ~0xfffull) + 0x1000;
	poke(m, end - 2, 0x77);
	kmem_cache_free(m, s, a);
	assert_logged(m, "Padding overwritten. 0x");
	assert_logged(m, "Padding ");
	assert_bytes(m, end - 2, POISON_INUSE, 2);
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(already_free)
{
	INIT;
	kmem_cache_free(m, s, a);
	kmem_cache_free(m, s, a);
	assert_logged(m, "Object already free");
	assert_logged(m, "FIX dbg: Object at 0x");
	assert_logged(m, " not freed");
	assert_slabs(m);
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(invalid_pointers)
{
	INIT;
	kmem_cache_free(m, s, a + 8);
	assert_logged(m, "Invalid object pointer 0x");
	forget_log(m);
	kmem_cache_free(m, s, b + 1);
	assert_logged(m, "Invalid object pointer 0x");
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(freepointer_corrupt)
{
	INIT;
	kmem_cache_free(m, s, a);
	memset(bytes_at(m, a + 44), 0x13, 4);
	object_of(m, s);
	assert_logged(m, "Freepointer corrupt");
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(freechain_corrupt)
{
	vaddr_t c;

	INIT;
	c = object_of(m, s);
	kmem_cache_free(m, s, a);
	memset(bytes_at(m, a + 44), 0x13, 4);
	kmem_cache_free(m, s, c);
	assert_logged(m, "Freechain corrupt");
	assert_logged(m, "Wrong object count. Counter is");
	assert_logged(m, "FIX dbg: Object count adjusted.");
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(a_slab_whose_state_is_nonsense)
{
	struct page *p;

	INIT;
	p = pfn_to_page(m, locate(m, a).pfn);
	p->inuse = 1000;
	kmem_cache_free(m, s, a);
	assert_logged(m, "inuse 1000 > max 46");
	p->inuse = 2;
	p->objects = 500;
	kmem_cache_free(m, s, a);
	assert_logged(m, "objects 500 > max 46");
	p->objects = 45;
	kmem_cache_free(m, s, a);
	assert_logged(m, "Wrong number of objects. Found 45 but should be 46");
	assert_logged(m, "FIX dbg: Number of objects adjusted.");
	forget_log(m);
	set_page_freelist(p, 0x1234);
	kmem_cache_free(m, s, b);
	assert_logged(m, "Freepointer corrupt");
	assert_logged(m, "FIX dbg: Freelist cleared");
	machine_free(m);
}
END_TEST

START_TEST(freelist_head_corrupt)
{
	INIT;
	set_page_freelist(pfn_to_page(m, locate(m, a).pfn), (a & ~0xfffull) + 3);
	object_of(m, s);
	assert_logged(m, "Freelist Pointer check fails");
	assert_logged(m, "Marking all objects used");
	machine_free(m);
	(void)b;
}
END_TEST

START_TEST(another_caches_object)
{
	struct machine *m = boot_slab("slub", "mem=64M", "ZP", NULL);
	struct kmem_cache *s = cache_of(m, "dbg", 40, 0, 0), *t = cache_of(m, "dbg2", 40, 0, 0);
	vaddr_t a = object_of(m, s);
	pfn_t page = take(m, GFP_KERNEL, 0);

	kmem_cache_free(m, t, a);
	assert_logged(m, "BUG dbg2 (Not tainted): page slab pointer corrupt.");
	pfn_to_page(m, locate(m, a).pfn)->slab_cache = 0;
	kmem_cache_free(m, t, a);
	assert_logged(m, "SLUB <none>: no slab for object 0x");
	forget_log(m);
	kmem_cache_free(m, t, m->slab->base + PFN_PHYS(page));
	assert_logged(m, "Not a valid slab page");
	machine_free(m);
}
END_TEST

START_TEST(objects_remaining)
{
	INIT;
	ck_assert_int_eq(kmem_cache_destroy(m, s), -16);
	assert_logged(m, "Objects remaining in dbg on kmem_cache_close()");
	assert_logged(m, "@offset=0\n");
	assert_logged(m, "@offset=3960\n");
	assert_logged(m, "kmem_cache_destroy dbg: Slab cache still has objects");
	kmem_cache_free(m, s, a);
	kmem_cache_free(m, s, b);
	ck_assert_int_eq(kmem_cache_destroy(m, s), 0);
	assert_slabs(m);
	machine_free(m);
}
END_TEST

START_TEST(a_corrupted_slab_given_back)
{
	INIT;
	kmem_cache_free(m, s, a);
	poke(m, a, 1);
	kmem_cache_free(m, s, b);
	kmem_cache_shrink(m, s);
	assert_logged(m, "Poison overwritten");
	ck_assert_uint_eq(s->node[0]->nr_slabs, 0);
	machine_free(m);
}
END_TEST

START_TEST(tracing)
{
	struct machine *m = boot_slab("slub", "mem=64M", "T,traced", NULL);
	struct kmem_cache *s = cache_of(m, "traced", 40, 0, 0);
	vaddr_t a = object_of(m, s);

	assert_logged(m, "TRACE traced alloc 0x");
	kmem_cache_free(m, s, a);
	assert_logged(m, "TRACE traced free 0x");
	assert_logged(m, "Object ");
	machine_free(m);
}
END_TEST

START_TEST(validating)
{
	INIT;
	slub_validate(m, s);
	assert_not_logged(m, "BUG");
	poke(m, b + 40, 0);
	slub_validate(m, s);
	assert_logged(m, "Redzone overwritten");
	assert_logged(m, "flags=0x40000081");
	forget_log(m);
	kmem_cache_free(m, s, a);
	poke(m, a + 3, 0);
	slub_validate(m, s);
	assert_logged(m, "Poison overwritten");
	machine_free(m);
}
END_TEST

static void read_calls(struct machine *m, const char *file, const char *want)
{
	struct strbuf text = STRBUF_INIT;
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/slab/dbg/%s", file);
	ck_assert_int_eq(proc_read(m, path, &text), 0);
	ck_assert_str_eq(strbuf_str(&text), want);
	strbuf_free(&text);
}

START_TEST(who_allocated)
{
	struct machine *m = boot_slab("slub", "mem=64M cpus=2", "U", NULL);
	struct kmem_cache *s = cache_of(m, "dbg", 40, 0, 0);
	struct slub_track t;
	vaddr_t a;

	read_calls(m, "alloc_calls", "No data\n");
	m->slab->caller = 0xc1234560;
	a = object_of(m, s);
	machine_tick(m, 10);
	machine_set_cpu(m, 1);
	m->slab->pid = 7;
	object_of(m, s);
	m->slab->caller = 0xc1000000;
	object_of(m, s);
	read_calls(m, "alloc_calls",
		   "      1 0xc1000000 age=0 pid=7 cpus=1\n"
		   "      2 0xc1234560 age=0/5/10 pid=1-7 cpus=0-1\n");
	read_calls(m, "free_calls", "No data\n");
	ck_assert(slub_get_track(m, s, a, false, &t));
	ck_assert_uint_eq(t.caller, 0xc1234560);
	ck_assert_uint_eq(t.age, 10);
	ck_assert(!slub_get_track(m, s, a, true, &t));
	ck_assert(!slub_get_track(m, m->slab->kmem_cache, a, true, &t) ||
		  m->slab->kmem_cache->flags & SLAB_STORE_USER);
	machine_free(m);
}
END_TEST

START_TEST(frees_in_bulk_are_checked_one_by_one)
{
	vaddr_t p[8];

	INIT;
	ck_assert_uint_eq(kmem_cache_alloc_bulk(m, s, GFP_KERNEL, 8, p), 8);
	poke(m, p[3] + 40, 0);
	kmem_cache_free_bulk(m, s, 8, p);
	assert_logged(m, "Redzone overwritten");
	kmem_cache_free(m, s, a);
	kmem_cache_free(m, s, b);
	machine_free(m);
}
END_TEST

/* Bytes anywhere in a slab: whatever is in them, the host lives. */
START_TEST(any_damage_is_survived)
{
	static const char *const debug[] = {NULL, "FZPU", "P", "Z", "U", "F"};
	struct machine *m = boot_slab("slub", "mem=32M cpus=2", debug[_i], NULL);
	struct kmem_cache *s[2] = {cache_of(m, "x", 40, 0, 0), cache_of(m, "y", 700, 0, 0)};
	uint64_t rng = (uint64_t)_i + 1;
	vaddr_t held[64] = {0};

	for (unsigned i = 0; i < 6000; i++) {
		unsigned k, r;

		rng = rng * 6364136223846793005u + 1442695040888963407u;
		k = (unsigned)(rng >> 33) % 64;
		r = (unsigned)(rng >> 40) % 16;
		machine_set_cpu(m, k % 2);
		if (r < 8)
			held[k] = kmem_cache_alloc(m, s[k % 2], GFP_QUIET);
		else if (r < 12 && held[k])
			kmem_cache_free(m, s[k % 2], held[k] + (r == 11 ? k : 0));
		else if (r < 15 && held[k] && held[k] - m->slab->base < m->slab->bytes - 4096)
			*bytes_at(m, held[k] + (rng >> 50) % 256) = (unsigned char)(rng >> 20);
		else if (i % 64 == 0)
			kmem_cache_shrink(m, s[k % 2]);
		if (m->kmsg.len > 100000)
			forget_log(m);
	}
	slab_audit(m, NULL);
	slub_validate(m, s[0]);
	kmem_cache_destroy(m, s[1]);
	machine_free(m);
}
END_TEST

Suite *slub_debug_suite(void)
{
	Suite *s = suite_create("slub_debug");
	TCase *reports = tcase_create("reports"), *rest = tcase_create("rest");

	tcase_add_test(reports, bytes_of_an_object);
	tcase_add_test(reports, redzone_overwritten);
	tcase_add_test(reports, poison_overwritten);
	tcase_add_test(reports, last_byte_of_the_poison);
	tcase_add_test(reports, object_padding_overwritten);
	tcase_add_test(reports, alignment_padding_overwritten);
	tcase_add_test(reports, slab_padding_overwritten);
	tcase_add_test(reports, already_free);
	tcase_add_test(reports, invalid_pointers);
	tcase_add_test(reports, freepointer_corrupt);
	tcase_add_test(reports, freechain_corrupt);
	tcase_add_test(reports, a_slab_whose_state_is_nonsense);
	tcase_add_test(reports, freelist_head_corrupt);
	tcase_add_test(reports, another_caches_object);
	tcase_add_test(reports, objects_remaining);
	tcase_add_test(reports, a_corrupted_slab_given_back);
	suite_add_tcase(s, reports);
	tcase_add_test(rest, tracing);
	tcase_add_test(rest, validating);
	tcase_add_test(rest, who_allocated);
	tcase_add_test(rest, frees_in_bulk_are_checked_one_by_one);
	tcase_add_loop_test(rest, any_damage_is_survived, 0, 6);
	suite_add_tcase(s, rest);
	return s;
}
