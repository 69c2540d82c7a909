/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mremap: what it refuses in which order, what it counts, and where what moved merges. */
#include "mm/program.h"
#include <errno.h>

#define BASE 0x40000000ull
#define FAR 0x50000000ull
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

static int64_t resize(vaddr_t a, uint64_t from, uint64_t to, unsigned flags)
{
	return sys_mremap(p.m, p.t, a, from, to, flags, 0);
}

static int64_t move(vaddr_t a, uint64_t from, uint64_t len, vaddr_t to)
{
	return sys_mremap(p.m, p.t, a, from, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

/* Sums of addresses and lengths are as wide as a register. */
START_TEST(sums_that_wrap)
{
	map_at(&p, 0x20000000, 2, RW, ANON);
	/* the tail to be cut begins at 0x20000000 */
	ck_assert_int_eq(resize(0xFFFFF000, 0x20002000, 0x20001000, 0), 0xFFFFF000);
	assert_areas(p.t, 0x20000000, 0x30000000, "20001000-20002000 rw-p");
	/* the old range ends at 0x1000, below the new one: no overlap; but nothing is there */
	ck_assert_int_eq(move(0x80000000, 0x80001000, 0x80002000, 0x10000000), -EFAULT);
	ck_assert_int_eq(move(BASE, P(4), P(4), BASE + P(3)), -EINVAL);
	ck_assert_int_eq(move(BASE, P(4), P(4), BASE - P(3)), -EINVAL);
}
END_TEST

START_TEST(refused_in_order)
{
	struct task_struct *t = p.t;
	vaddr_t vdso = t->mm->vdso;

	map_at(&p, BASE, 4, RW, ANON);
	map_at(&p, FAR, 1, RW, ANON);
	ck_assert_int_eq(move(BASE, P(1), P(1), FAR + 1), -EINVAL);
	ck_assert_int_eq(move(BASE, P(1), P(1), 0xC0000000), -EINVAL);
	ck_assert_int_eq(resize(BASE, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(resize(BASE, 0, 0xFFFFF001, 0), -EINVAL);
	/* nothing there, over the end, what may not grow */
	ck_assert_int_eq(resize(BASE + P(4), 0, P(1), 0), -EFAULT);
	ck_assert_int_eq(resize(BASE, P(5), P(6), 0), -EFAULT);
	ck_assert_int_eq(resize(vdso, P(1), P(2), MREMAP_MAYMOVE), -EFAULT);
	ck_assert_int_eq(resize(vdso, P(1), P(1), 0), (int64_t)vdso);
	/* the place is cleared before the source is looked at */
	ck_assert_int_eq(move(BASE + P(8), P(1), P(1), FAR), -EFAULT);
	assert_areas(t, FAR, FAR + P(1), "");
	/* locked memory, then the address space, then what is committed */
	ck_assert_int_eq(sys_mlock(p.m, t, BASE, P(4)), 0);
	t->uid = 1000;
	t->rlim[RLIMIT_MEMLOCK].cur = P(5);
	t->rlim[RLIMIT_AS].cur = P(t->mm->total_vm);
	ck_assert_int_eq(resize(BASE, P(4), P(6), 0), -EAGAIN);
	ck_assert_int_eq(resize(BASE, P(4), P(5), 0), -ENOMEM);
	t->rlim[RLIMIT_AS].cur = RLIM_INFINITY;
	p.m->mm->overcommit_memory = 2;
	p.m->mm->overcommit_kbytes = 4;
	ck_assert_int_eq(resize(BASE, P(4), P(5), 0), -ENOMEM);
	p.m->mm->overcommit_memory = 0;
	ck_assert_int_eq(resize(BASE, P(4), P(5), 0), (int64_t)BASE);
	ck_assert_uint_eq(t->mm->locked_vm, 5);
}
END_TEST

/* In place needs an address that could be asked for, too. */
START_TEST(not_in_place_below_the_least_address)
{
	ck_assert_int_eq(sys_mmap(p.m, p.t, 0, P(1), RW, ANON | MAP_FIXED, NULL, 0), 0);
	p.t->uid = 1000;
	ck_assert_int_eq(resize(0, P(1), P(2), 0), -ENOMEM);
	ck_assert_int_gt(resize(0, P(1), P(2), MREMAP_MAYMOVE), 0);
}
END_TEST

/* A file's area keeps its offset, so it merges behind the part that stayed or moved before. */
START_TEST(files_move_with_their_offset)
{
	struct file *f = file_open(p.m, p.file, FMODE_READ);
	const struct vm_area_struct *v;

	ck_assert_int_eq(sys_mmap(p.m, p.t, BASE, P(4), PROT_READ, MAP_PRIVATE | MAP_FIXED, f, 3), (int64_t)BASE);
	ck_assert_int_eq(move(BASE + P(2), P(2), P(2), FAR + P(2)), (int64_t)FAR + 0x2000);
	ck_assert_uint_eq(vma_lookup(p.t->mm, FAR + P(2))->vm_pgoff, 5);
	ck_assert_int_eq(move(BASE, P(2), P(2), FAR), (int64_t)FAR);
	v = vma_lookup(p.t->mm, FAR);
	ck_assert_uint_eq(v->vm_end, FAR + P(4));
	ck_assert_uint_eq(v->vm_pgoff, 3);
	/* growing in place does not merge with what follows */
	ck_assert_int_eq(sys_mmap(p.m, p.t, FAR + P(5), P(1), PROT_READ, MAP_PRIVATE | MAP_FIXED, f, 8),
			 (int64_t)FAR + 0x5000);
	ck_assert_int_eq(resize(FAR, P(4), P(5), 0), (int64_t)FAR);
	assert_areas(p.t, FAR, FAR + P(8), "50000000-50005000 r--p,50005000-50006000 r--p");
	/* a page number that does not fit a word */
	ck_assert_int_eq(sys_mmap(p.m, p.t, BASE, P(1), PROT_READ, MAP_PRIVATE | MAP_FIXED, f, 0x7FFFFFFE),
			 (int64_t)BASE);
	ck_assert_int_eq(resize(BASE, P(1), P(4), 0), (int64_t)BASE);
	fput(p.m, f);
}
END_TEST

/* No old length: what is shared appears twice; what is private moves nothing, and its charge is
   given back as if all of it had gone. */
START_TEST(from_no_length)
{
	long committed = p.m->mm->committed;
	int64_t got;

	map_at(&p, BASE, 2, RW, MAP_SHARED | MAP_ANONYMOUS);
	touch(&p, p.t, BASE, FAULT_WRITE);
	got = resize(BASE, 0, P(2), MREMAP_MAYMOVE);
	ck_assert_int_gt(got, 0);
	ck_assert_uint_eq(touch(&p, p.t, (vaddr_t)got, 0).pfn, touch(&p, p.t, BASE, 0).pfn);
	map_at(&p, FAR, 2, RW, ANON);
	touch(&p, p.t, FAR, FAULT_WRITE);
	got = resize(FAR, 0, P(2), MREMAP_MAYMOVE);
	ck_assert_int_gt(got, 0);
	assert_areas(p.t, FAR, FAR + P(2), "50000000-50002000 rw-p");
	ck_assert_uint_eq(vma_lookup(p.t->mm, FAR)->vm_flags, 0x73);
	ck_assert_uint_eq(vma_lookup(p.t->mm, (vaddr_t)got)->vm_flags, 0x100073);
	ck_assert_int_eq(p.m->mm->committed - committed, 2 + 2);
	assert_audit(p.m);
}
END_TEST

/* The middle of a charged, locked area: the ends keep what is theirs. */
START_TEST(counts_of_a_middle_that_moves)
{
	struct mm_struct *mm = p.t->mm;
	uint64_t total = mm->total_vm, areas = mm->map_count;
	long committed = p.m->mm->committed;

	map_at(&p, BASE, 6, RW, ANON);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE, P(6)), 0);
	ck_assert_int_eq(resize(BASE + P(2), P(2), P(4), 0), -ENOMEM);
	ck_assert_int_eq(move(BASE + P(2), P(2), P(3), FAR), (int64_t)FAR);
	assert_areas(p.t, BASE, FAR + P(8), "40000000-40002000 rw-p,40004000-40006000 rw-p,50000000-50003000 rw-p");
	ck_assert_uint_eq(mm->total_vm - total, 7);
	ck_assert_uint_eq(mm->locked_vm, 7);
	ck_assert_uint_eq(mm->map_count - areas, 3);
	ck_assert_int_eq(p.m->mm->committed - committed, 7);
	for (vaddr_t a = BASE; a; a = a == BASE ? BASE + P(4) : a == FAR ? 0 : FAR)
		ck_assert_uint_eq(vma_lookup(mm, a)->vm_flags, 0x102073);
	/* what it grew by was locked: it is there */
	ck_assert_uint_eq(touch(&p, p.t, FAR + P(2), FAULT_WRITE).path, FAULT_NONE);
	assert_audit(p.m);
}
END_TEST

/* Where there are nearly too many areas nothing moves. */
START_TEST(too_many_areas)
{
	map_at(&p, BASE, 2, RW, ANON);
	p.m->mm->max_map_count = (int)p.t->mm->map_count + 3;
	ck_assert_int_eq(move(BASE, P(2), P(2), FAR), -ENOMEM);
	p.m->mm->max_map_count++;
	ck_assert_int_eq(move(BASE, P(2), P(2), FAR), (int64_t)FAR);
}
END_TEST

Suite *mremap_suite(void)
{
	Suite *s = suite_create("mremap");
	TCase *tc = tcase_create("mremap");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sums_that_wrap);
	tcase_add_test(tc, refused_in_order);
	tcase_add_test(tc, not_in_place_below_the_least_address);
	tcase_add_test(tc, files_move_with_their_offset);
	tcase_add_test(tc, from_no_length);
	tcase_add_test(tc, counts_of_a_middle_that_moves);
	tcase_add_test(tc, too_many_areas);
	suite_add_tcase(s, tc);
	return s;
}
