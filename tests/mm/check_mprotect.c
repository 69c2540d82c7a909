/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mprotect: its errors in their order, how far it gets, what it charges and counts. */
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

static int64_t protect(vaddr_t a, uint64_t len, unsigned prot)
{
	return sys_mprotect(p.m, p.t, a, len, prot);
}

START_TEST(refused_in_order)
{
	ck_assert_int_eq(protect(BASE, 0, PROT_GROWSDOWN | PROT_GROWSUP), -EINVAL);
	ck_assert_int_eq(protect(BASE + 1, 0, RW), -EINVAL);
	ck_assert_int_eq(protect(BASE, 0, 0x100), 0);
	ck_assert_int_eq(protect(BASE, 0xFFFFF001, 0x100), -ENOMEM);
	ck_assert_int_eq(protect(BASE, 0xC0000000, 0x100), -ENOMEM);
	ck_assert_int_eq(protect(BASE, P(1), 0x100), -EINVAL);
	ck_assert_int_eq(protect(BASE, P(1), PROT_SEM), -ENOMEM);
	map_at(&p, BASE, 1, RW, ANON);
	ck_assert_int_eq(protect(BASE, P(1), PROT_SEM | RW), 0);
	ck_assert_int_eq(protect(BASE, P(1), PROT_READ | PROT_GROWSUP), -EINVAL);
	ck_assert_int_eq(protect(BASE, P(1), PROT_READ | PROT_GROWSDOWN), -EINVAL);
	ck_assert_int_eq(protect(BASE - P(1), P(1), PROT_READ | PROT_GROWSDOWN), -ENOMEM);
	ck_assert_int_eq(protect(BASE - P(1), P(2), RW), -ENOMEM);
}
END_TEST

/* With PROT_GROWSDOWN a change begins where the area does. */
START_TEST(areas_that_grow_down)
{
	map_at(&p, BASE, 4, RW, ANON | MAP_GROWSDOWN);
	ck_assert_int_eq(protect(BASE + P(2), P(1), PROT_READ | PROT_GROWSDOWN), 0);
	assert_areas(p.t, BASE, BASE + P(4), "40000000-40003000 r--p,40003000-40004000 rw-p");
	ck_assert_int_eq(protect(BASE - P(4), P(5), RW | PROT_GROWSDOWN), 0);
	assert_areas(p.t, BASE - P(4), BASE + P(4), "40000000-40001000 rw-p,40001000-40003000 r--p,40003000-40004000 rw-p");
}
END_TEST

/* What lies before a hole, or before what may not be, is changed. */
START_TEST(partial)
{
	struct file *ro = file_open(p.m, p.file, FMODE_READ);

	map_at(&p, BASE, 2, RW, ANON);
	map_at(&p, BASE + P(3), 1, RW, ANON);
	ck_assert_int_eq(protect(BASE + P(1), P(3), PROT_READ), -ENOMEM);
	assert_areas(p.t, BASE, BASE + P(8), "40000000-40001000 rw-p,40001000-40002000 r--p,40003000-40004000 rw-p");
	sys_mmap(p.m, p.t, BASE + P(2), P(1), PROT_READ, MAP_SHARED | MAP_FIXED, ro, 0);
	ck_assert_int_eq(protect(BASE + P(1), P(3), RW), -EACCES);
	assert_areas(p.t, BASE, BASE + P(8), "40000000-40002000 rw-p,40002000-40003000 r--s,40003000-40004000 rw-p");
	fput(p.m, ro);
}
END_TEST

/* What becomes writable is charged, once; what is read-only again stays charged. */
START_TEST(charges)
{
	struct file *f = file_open(p.m, p.file, FMODE_READ | FMODE_WRITE);
	struct mm_struct *mm = p.t->mm;
	long committed = p.m->mm->committed;
	uint64_t exec = mm->exec_vm;

	map_at(&p, BASE, 4, PROT_READ, ANON);
	map_at(&p, BASE + P(8), 2, PROT_READ, ANON | MAP_NORESERVE);
	sys_mmap(p.m, p.t, BASE + P(16), P(2), PROT_READ, MAP_PRIVATE | MAP_FIXED, f, 0);
	sys_mmap(p.m, p.t, BASE + P(24), P(2), PROT_READ, MAP_SHARED | MAP_FIXED, f, 0);
	ck_assert_int_eq(p.m->mm->committed, committed);
	ck_assert_int_eq(protect(BASE + P(1), P(2), RW), 0);
	ck_assert_int_eq(p.m->mm->committed, committed + 2);
	ck_assert_int_eq(protect(BASE + P(1), P(2), PROT_READ), 0);
	ck_assert_int_eq(p.m->mm->committed, committed + 2);
	/* the charge keeps them apart */
	assert_areas(p.t, BASE, BASE + P(4), "40000000-40001000 r--p,40001000-40003000 r--p,40003000-40004000 r--p");
	ck_assert_int_eq(protect(BASE + P(8), P(2), RW), 0);
	ck_assert_int_eq(protect(BASE + P(24), P(2), RW), 0);
	ck_assert_int_eq(p.m->mm->committed, committed + 2);
	ck_assert_int_eq(protect(BASE + P(16), P(2), RW | PROT_EXEC), 0);
	ck_assert_int_eq(p.m->mm->committed, committed + 4);
	ck_assert_uint_eq(mm->exec_vm, exec);
	ck_assert_int_eq(protect(BASE + P(16), P(1), PROT_READ | PROT_EXEC), 0);
	ck_assert_uint_eq(mm->exec_vm, exec + 1);
	/* refused: nothing is charged */
	p.m->mm->overcommit_memory = 2;
	p.m->mm->overcommit_kbytes = 4;
	ck_assert_int_eq(protect(BASE, P(1), RW), -ENOMEM);
	ck_assert_int_eq(p.m->mm->committed, committed + 4);
	p.m->mm->overcommit_memory = 0;
	p.m->mm->max_map_count = (int)mm->map_count;
	ck_assert_int_eq(protect(BASE + P(24), P(1), PROT_READ), -ENOMEM);
	fput(p.m, f);
}
END_TEST

Suite *mprotect_suite(void)
{
	Suite *s = suite_create("mprotect");
	TCase *tc = tcase_create("mprotect");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refused_in_order);
	tcase_add_test(tc, areas_that_grow_down);
	tcase_add_test(tc, partial);
	tcase_add_test(tc, charges);
	suite_add_tcase(s, tc);
	return s;
}
