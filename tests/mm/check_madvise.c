/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each advice: what it does, what it is refused for, what it does about holes. */
#include "mm/program.h"
#include <errno.h>

#define BASE 0x40000000ull
#define P(n) ((uint64_t)(n) << PAGE_SHIFT)

static struct program p;

static void setup(void)
{
	program_start(&p, "mem=64M");
}

static void teardown(void)
{
	program_end(&p);
}

static int64_t advise(vaddr_t a, uint64_t len, int advice)
{
	return sys_madvise(p.m, p.t, a, len, advice);
}

START_TEST(refused_in_order)
{
	static const int unknown[] = {-1, 5, 8, MADV_MERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, 18,
				      MADV_HWPOISON, MADV_SOFT_OFFLINE};

	for (unsigned i = 0; i < ARRAY_SIZE(unknown); i++)
		ck_assert_int_eq(advise(BASE, 0, unknown[i]), -EINVAL);
	ck_assert_int_eq(advise(BASE + 1, 0, MADV_NORMAL), -EINVAL);
	ck_assert_int_eq(advise(BASE, 0xFFFFF001, MADV_NORMAL), -EINVAL);
	ck_assert_int_eq(advise(BASE, 0xD0000000, MADV_NORMAL), -EINVAL);
	ck_assert_int_eq(advise(BASE, 0, MADV_REMOVE), 0);
	ck_assert_int_eq(advise(BASE, 1, MADV_NORMAL), -ENOMEM);
	ck_assert_int_eq(advise(0xC0000000, P(1), MADV_NORMAL), -ENOMEM);
}
END_TEST

/* A hole is told at the end; what lies around it is done. An error of an area ends the call. */
START_TEST(holes)
{
	map_at(&p, BASE, 1, RW, ANON);
	map_at(&p, BASE + P(2), 1, RW, ANON);
	touch(&p, p.t, BASE, FAULT_WRITE);
	touch(&p, p.t, BASE + P(2), FAULT_WRITE);
	ck_assert_int_eq(advise(BASE, P(4), MADV_DONTNEED), -ENOMEM);
	ck_assert_uint_eq(touch(&p, p.t, BASE, 0).path, FAULT_ZERO_PAGE);
	ck_assert_uint_eq(touch(&p, p.t, BASE + P(2), 0).path, FAULT_ZERO_PAGE);
	/* over the first area, the hole, up to the second: nothing left to do there */
	ck_assert_int_eq(advise(BASE, P(2), MADV_SEQUENTIAL), -ENOMEM);
	ck_assert_uint_eq(vma_lookup(p.t->mm, BASE)->vm_flags, 0x108073);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE, P(1)), 0);
	touch(&p, p.t, BASE + P(2), FAULT_WRITE);
	ck_assert_int_eq(advise(BASE - P(1), P(4), MADV_DONTNEED), -EINVAL);
	ck_assert_uint_eq(touch(&p, p.t, BASE + P(2), 0).path, FAULT_NONE);
}
END_TEST

START_TEST(flags_of_areas)
{
	static const struct {
		int advice;
		uint32_t flags;
	} steps[] = {{MADV_SEQUENTIAL, 0x108073}, {MADV_RANDOM, 0x110073},   {MADV_DONTFORK, 0x130073},
		     {MADV_NORMAL, 0x120073},	  {MADV_DONTDUMP, 0x4120073}, {MADV_DOFORK, 0x4100073},
		     {MADV_DODUMP, 0x100073}};
	vaddr_t vdso = p.t->mm->vdso;

	map_at(&p, BASE, 4, RW, ANON);
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		ck_assert_int_eq(advise(BASE + P(1), P(2), steps[i].advice), 0);
		ck_assert_uint_eq(vma_lookup(p.t->mm, BASE + P(1))->vm_flags, steps[i].flags);
		ck_assert_uint_eq(vma_lookup(p.t->mm, BASE + P(1))->vm_start,
				  i + 1 < ARRAY_SIZE(steps) ? BASE + P(1) : BASE);
	}
	ck_assert_int_eq(advise(vdso - P(3), P(1), MADV_DOFORK), -EINVAL);
	ck_assert_int_eq(advise(vdso, P(1), MADV_DOFORK), 0);
	ck_assert_int_eq(advise(vdso, P(1), MADV_DODUMP), -EINVAL);
	ck_assert_int_eq(advise(vdso - P(3), P(1), MADV_DONTNEED), -EINVAL);
	p.m->mm->max_map_count = (int)p.t->mm->map_count;
	ck_assert_int_eq(advise(BASE, P(1), MADV_RANDOM), -EAGAIN);
}
END_TEST

START_TEST(reading_ahead)
{
	struct address_space *a = file_create(p.m, &fs_disk, "/data", 8, 1, 1, P(3)),
			     *t = file_create(p.m, &fs_shmem, "/tmp/data", 0, 1, 1, P(4));
	struct file *f = file_open(p.m, a, FMODE_READ), *g = file_open(p.m, t, FMODE_READ | FMODE_WRITE);

	sys_mmap(p.m, p.t, BASE, P(4), PROT_READ, MAP_PRIVATE | MAP_FIXED, f, 1);
	sys_mmap(p.m, p.t, BASE + P(4), P(4), RW, MAP_SHARED | MAP_FIXED, g, 0);
	map_at(&p, BASE + P(8), 4, RW, MAP_SHARED | MAP_ANONYMOUS);
	ck_assert_int_eq(advise(BASE, P(12), MADV_WILLNEED), 0);
	ck_assert_uint_eq(a->nrpages, 2); /* from its offset to the end of the file */
	/* what lives in memory only has nothing to read */
	ck_assert_uint_eq(t->nrpages, 0);
	ck_assert_uint_eq(vma_lookup(p.t->mm, BASE + P(8))->vm_file->mapping->nrpages, 0);
	fput(p.m, f);
	fput(p.m, g);
	truncate_pages(p.m, a, 0);
}
END_TEST

/* The file has a hole then; a page that was copied from it is its owner's. */
START_TEST(holes_in_files)
{
	struct address_space *a = file_create(p.m, &fs_shmem, "/tmp/data", 0, 1, 1, P(4));
	struct file *f = file_open(p.m, a, FMODE_READ | FMODE_WRITE);
	long anon;

	sys_mmap(p.m, p.t, BASE, P(4), RW, MAP_SHARED | MAP_FIXED, f, 0);
	sys_mmap(p.m, p.t, BASE + P(8), P(4), RW, MAP_PRIVATE | MAP_FIXED, f, 0);
	for (unsigned i = 0; i < 4; i++)
		touch(&p, p.t, BASE + P(i), FAULT_WRITE);
	anon = p.t->mm->rss_stat[MM_ANONPAGES];
	touch(&p, p.t, BASE + P(8) + P(1), FAULT_WRITE);
	touch(&p, p.t, BASE + P(8) + P(2), 0);
	ck_assert_int_eq(advise(BASE + P(1), P(2), MADV_REMOVE), 0);
	ck_assert_uint_eq(a->nrpages, 2);
	ck_assert_int_eq(p.t->mm->rss_stat[MM_ANONPAGES], anon + 1);
	ck_assert_uint_eq(touch(&p, p.t, BASE + P(8) + P(1), 0).path, FAULT_NONE);
	ck_assert_uint_eq(touch(&p, p.t, BASE + P(8) + P(2), 0).path, FAULT_FILE_READ);
	ck_assert_uint_eq(touch(&p, p.t, BASE + P(1), 0).path, FAULT_FILE_READ);
	ck_assert_int_eq(advise(BASE + P(8), P(1), MADV_REMOVE), -EACCES);
	ck_assert_int_eq(advise(0x0804A000, P(1), MADV_REMOVE), -EINVAL);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE, P(1)), 0);
	ck_assert_int_eq(advise(BASE, P(1), MADV_REMOVE), -EINVAL);
	assert_audit(p.m);
	sys_munmap(p.m, p.t, BASE, P(12));
	fput(p.m, f);
	truncate_pages(p.m, a, 0);
}
END_TEST

Suite *madvise_suite(void)
{
	Suite *s = suite_create("madvise");
	TCase *tc = tcase_create("madvise");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refused_in_order);
	tcase_add_test(tc, holes);
	tcase_add_test(tc, flags_of_areas);
	tcase_add_test(tc, reading_ahead);
	tcase_add_test(tc, holes_in_files);
	suite_add_tcase(s, tc);
	return s;
}
