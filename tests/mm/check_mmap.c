/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where areas go, how they merge and split, and what is refused in which order. */
#include "mm/program.h"
#include <errno.h>
#include <string.h>

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

/* address-space.md 5.1: each starts from the same state. */
START_TEST(examples_of_placement)
{
	struct machine *m = p.m;
	vaddr_t a;

	ck_assert_uint_eq(map_any(&p, 1), 0xB7FD6000);
	ck_assert_int_eq(sys_munmap(m, p.t, 0xB7FD6000, P(1)), 0);
	ck_assert_uint_eq(map_any(&p, 2), 0xB7FD5000);
	ck_assert_int_eq(sys_munmap(m, p.t, 0xB7FD5000, P(2)), 0);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, 0xB0000000, RW, ANON | MAP_NORESERVE, NULL, 0), -ENOMEM);
	/* a hint is not limited by mmap_base; below 4096 it is none */
	a = (vaddr_t)sys_mmap(m, p.t, 0xB8000000, P(1), RW, ANON, NULL, 0);
	ck_assert_uint_eq(a, 0xB8000000);
	ck_assert_int_eq(sys_munmap(m, p.t, a, P(1)), 0);
	a = (vaddr_t)sys_mmap(m, p.t, 1, P(1), RW, ANON, NULL, 0);
	ck_assert_uint_eq(a, 0xB7FD6000);
	ck_assert_int_eq(sys_munmap(m, p.t, a, P(1)), 0);
	/* an exact hole is taken, one too small is not */
	ck_assert_int_eq(sys_munmap(m, p.t, 0xB7FE0000, P(2)), 0);
	ck_assert_uint_eq(map_any(&p, 3), 0xB7FD4000);
	ck_assert_uint_eq(map_any(&p, 2), 0xB7FE0000);
	/* the guard gap below the stack */
	a = (vaddr_t)sys_mmap(m, p.t, 0xBFED0000, 0x10000, RW, ANON, NULL, 0);
	ck_assert_uint_ne(a, 0xBFED0000);
	map_at(&p, 0x50000000, 1, RW, ANON | MAP_GROWSDOWN);
	ck_assert_int_ne(sys_mmap(m, p.t, 0x4FF00000, P(1), RW, ANON, NULL, 0), 0x4FF00000);
	ck_assert_int_eq(sys_mmap(m, p.t, 0x4FEFF000, P(1), RW, ANON, NULL, 0), 0x4FEFF000);
}
END_TEST

START_TEST(above_the_base_when_below_is_full)
{
	int64_t a;

	ck_assert_int_eq(sys_mmap(p.m, p.t, 0x1000, 0x08047000, PROT_NONE, ANON | MAP_FIXED, NULL, 0), 0x1000);
	ck_assert_int_eq(sys_mmap(p.m, p.t, 0x0804B000, 0xB7FD7000 - 0x0804B000, PROT_NONE, ANON | MAP_FIXED, NULL, 0),
			 0x0804B000);
	ck_assert_uint_eq(map_any(&p, 1), 0xB8000000);
	/* it ends a guard gap below the stack */
	a = sys_mmap(p.m, p.t, 0, 0xBFEDF000 - 0xB8001000, PROT_NONE, ANON, NULL, 0);
	ck_assert_int_eq(a, 0xB8001000);
	ck_assert_int_eq(sys_mmap(p.m, p.t, 0, P(1), RW, ANON, NULL, 0), -ENOMEM);
}
END_TEST

/* With 64 bits the second attempt begins where the other layout would, random part included. */
START_TEST(second_attempt_of_64_bits)
{
	struct mm_struct *mm;
	struct program q;
	vaddr_t end = 0x1000;

	program_start(&q, "arch=amd64 mem=64M");
	q.m->mm->randomize_va_space = 1;
	q.t->rlim[RLIMIT_STACK].cur = 1ull << 62;
	ck_assert_int_eq(task_exec(q.m, q.t, &q.params), 0);
	mm = q.t->mm;
	ck_assert_uint_gt(mm->mmap_legacy_base, 0x2AAAAAAAA000);
	ck_assert_uint_lt(mm->mmap_base, mm->mmap_legacy_base);
	while (end < mm->mmap_base) {
		const struct vm_area_struct *v = find_vma(mm, end);
		vaddr_t start = end;

		end = v && v->vm_start <= start ? v->vm_end : min_of(v->vm_start, mm->mmap_base);
		if (v->vm_start > start)
			ck_assert_int_eq(sys_mmap(q.m, q.t, start, end - start, PROT_NONE, ANON | MAP_FIXED, NULL, 0),
					 (int64_t)start);
	}
	ck_assert_uint_eq(map_any(&q, 1), mm->mmap_legacy_base);
	program_end(&q);
}
END_TEST

/* 6.2: the eight cases by what is left. */
START_TEST(merging)
{
	struct machine *m = p.m;

	map_at(&p, BASE, 2, RW, ANON);
	map_at(&p, BASE + P(4), 2, RW, ANON);
	map_at(&p, BASE + P(2), 2, RW, ANON); /* 1 */
	assert_areas(p.t, BASE, BASE + P(32), "40000000-40006000 rw-p");
	map_at(&p, BASE + P(6), 1, RW, ANON); /* 2 */
	map_at(&p, BASE - P(1), 1, RW, ANON); /* 3 */
	assert_areas(p.t, BASE - P(9), BASE + P(32), "3ffff000-40007000 rw-p");
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE + P(3), P(4), PROT_READ), 0);
	assert_areas(p.t, BASE - P(9), BASE + P(32), "3ffff000-40003000 rw-p,40003000-40007000 r--p");
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE + P(2), P(1), PROT_READ), 0); /* 4 */
	assert_areas(p.t, BASE - P(9), BASE + P(32), "3ffff000-40002000 rw-p,40002000-40007000 r--p");
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE + P(2), P(2), RW), 0); /* 5 */
	assert_areas(p.t, BASE - P(9), BASE + P(32), "3ffff000-40004000 rw-p,40004000-40007000 r--p");
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE + P(4), P(3), RW), 0); /* 7 */
	assert_areas(p.t, BASE - P(9), BASE + P(32), "3ffff000-40007000 rw-p");
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE, P(2), PROT_READ), 0);
	assert_areas(p.t, BASE - P(9), BASE + P(32),
		     "3ffff000-40000000 rw-p,40000000-40002000 r--p,40002000-40007000 rw-p");
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE, P(2), RW), 0); /* 6 */
	assert_areas(p.t, BASE - P(9), BASE + P(32), "3ffff000-40007000 rw-p");
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE - P(1), P(3), PROT_READ), 0);
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE - P(1), P(3), RW), 0); /* 8 */
	assert_areas(p.t, BASE - P(9), BASE + P(32), "3ffff000-40007000 rw-p");
	assert_audit(m);
}
END_TEST

/* What was written keeps its offset when it moves: it does not merge at the new place. */
START_TEST(a_written_area_keeps_its_offset)
{
	int64_t to;

	for (int written = 0; written < 2; written++) {
		map_at(&p, BASE, 2, RW, ANON);
		map_at(&p, 0x50000000, 2, RW, ANON);
		if (written)
			touch(&p, p.t, BASE, FAULT_WRITE);
		to = sys_mremap(p.m, p.t, BASE, P(2), P(2), MREMAP_MAYMOVE | MREMAP_FIXED, 0x50002000);
		ck_assert_int_eq(to, 0x50002000);
		assert_areas(p.t, BASE, 0x60000000,
			     written ? "50000000-50002000 rw-p,50002000-50004000 rw-p" : "50000000-50004000 rw-p");
		ck_assert_int_eq(sys_munmap(p.m, p.t, 0x50000000, P(4)), 0);
	}
}
END_TEST

START_TEST(errors_in_order)
{
	struct machine *m = p.m;
	struct file *ro = file_open(m, p.file, FMODE_READ), *wo = file_open(m, p.file, FMODE_WRITE);
	struct file *log = file_open(m, p.file, FMODE_READ | FMODE_WRITE | FMODE_APPEND);

	ck_assert_int_eq(sys_mmap(m, p.t, 0, 0, RW, MAP_PRIVATE, NULL, 0), -EBADF);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, 0, RW, ANON, NULL, 0), -EINVAL);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, 0xFFFFF001, RW, ANON, NULL, 0), -ENOMEM);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, MAP_PRIVATE, ro, 0xFFFFFFFF), -EOVERFLOW);
	ck_assert_int_eq(sys_mmap(m, p.t, 0xC0000001, P(1), RW, ANON | MAP_FIXED, NULL, 0), -ENOMEM);
	ck_assert_int_eq(sys_mmap(m, p.t, 0x40000001, P(1), RW, ANON | MAP_FIXED, NULL, 0), -EINVAL);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, MAP_SHARED, ro, 0), -EACCES);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, MAP_SHARED, wo, 0), -EACCES);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), PROT_READ, MAP_SHARED, log, 0), -EACCES);
	ck_assert_int_gt(sys_mmap(m, p.t, 0, P(1), PROT_READ, MAP_PRIVATE, log, 0), 0);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, MAP_PRIVATE | MAP_GROWSDOWN, ro, 0), -EINVAL);
	/* the type is looked at behind what the file type can address, before its mode */
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(2), RW, 3, wo, 0x7FFFFFFF), -EOVERFLOW);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(2), RW, 3, wo, 0x7FFFFFFD), -EINVAL);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(2), RW, MAP_PRIVATE, wo, 0x7FFFFFFD), -EACCES);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, MAP_ANONYMOUS, NULL, 0), -EINVAL);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN, NULL, 0), -EINVAL);
	p.t->uid = 1000;
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, ANON | MAP_FIXED, NULL, 0), -EPERM);
	p.t->rlim[RLIMIT_MEMLOCK].cur = P(1);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(2), RW, ANON | MAP_LOCKED, NULL, 0), -EAGAIN);
	p.t->rlim[RLIMIT_MEMLOCK].cur = 0;
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(2), RW, ANON | MAP_LOCKED, NULL, 0), -EPERM);
	p.t->rlim[RLIMIT_AS].cur = P(p.t->mm->total_vm);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, ANON, NULL, 0), -ENOMEM);
	/* what it replaces does not count */
	ck_assert_int_eq(sys_mmap(m, p.t, 0xB7FDB000, P(1), PROT_READ, ANON | MAP_FIXED, NULL, 0), 0xB7FDB000);

	ck_assert_int_eq(sys_munmap(m, p.t, 1, P(1)), -EINVAL);
	ck_assert_int_eq(sys_munmap(m, p.t, BASE, 0), -EINVAL);
	ck_assert_int_eq(sys_munmap(m, p.t, 0xBFFFF000, P(2)), -EINVAL);
	ck_assert_int_eq(sys_munmap(m, p.t, BASE, P(5)), 0);
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE + 1, P(1), RW), -EINVAL);
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE, P(1), RW), -ENOMEM);
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE, P(1), 0x100), -EINVAL);
	ck_assert_int_eq(sys_mprotect(m, p.t, BASE, 0, RW), 0);
	ck_assert_int_eq(sys_mremap(m, p.t, BASE, P(1), P(2), 4, 0), -EINVAL);
	ck_assert_int_eq(sys_mremap(m, p.t, BASE, P(1), P(2), MREMAP_FIXED, 0), -EINVAL);
	ck_assert_int_eq(sys_mremap(m, p.t, BASE, P(1), P(2), 0, 0), -EFAULT);
	ck_assert_int_eq(sys_mremap(m, p.t, BASE, P(1), P(1), 0, 0), (int64_t)BASE);
	ck_assert_int_eq(sys_mremap(m, p.t, BASE, P(1), 0, 0, 0), -EINVAL);
	ck_assert_int_eq(sys_madvise(m, p.t, BASE, P(1), 8), -EINVAL);
	ck_assert_int_eq(sys_madvise(m, p.t, BASE, P(1), MADV_DONTNEED), -ENOMEM);
	ck_assert_int_eq(sys_madvise(m, p.t, BASE, 0, MADV_DONTNEED), 0);
	fput(m, ro);
	fput(m, wo);
	fput(m, log);
}
END_TEST

START_TEST(shared_and_read_only)
{
	struct file *ro = file_open(p.m, p.file, FMODE_READ);
	int64_t a = sys_mmap(p.m, p.t, BASE, P(1), PROT_READ, MAP_SHARED | MAP_FIXED, ro, 0);

	ck_assert_int_eq(a, (int64_t)BASE);
	ck_assert_uint_eq(p.t->mm->mmap ? vma_lookup(p.t->mm, BASE)->vm_flags : 0, 0xD1);
	ck_assert_int_eq(sys_mprotect(p.m, p.t, BASE, P(1), RW), -EACCES);
	fput(p.m, ro);
}
END_TEST

START_TEST(the_break)
{
	struct machine *m = p.m;

	ck_assert_uint_eq(p.t->mm->brk, 0x0804B000);
	ck_assert_int_eq(sys_brk(m, p.t, 0), 0x0804B000);
	ck_assert_int_eq(sys_brk(m, p.t, 0x0806C123), 0x0806C123);
	assert_areas(p.t, 0x0804A000, 0x09000000, "804a000-806d000 rw-p");
	ck_assert_int_eq(sys_brk(m, p.t, 0x0804B001), 0x0804B001);
	assert_areas(p.t, 0x0804A000, 0x09000000, "804a000-804c000 rw-p");
	/* one page must stay free above it */
	map_at(&p, 0x0804E000, 1, RW, ANON);
	ck_assert_int_eq(sys_brk(m, p.t, 0x0804D001), 0x0804B001);
	ck_assert_int_eq(sys_brk(m, p.t, 0x0804D000), 0x0804D000);
	p.t->rlim[RLIMIT_DATA].cur = 0x1000;
	ck_assert_int_eq(sys_brk(m, p.t, 0x0804C800), 0x0804D000);
}
END_TEST

START_TEST(overcommit)
{
	struct machine *m = p.m;
	uint64_t limit;

	ck_assert_int_eq(sys_mmap(m, p.t, 0, 512 << 20, RW, ANON, NULL, 0), -ENOMEM);
	ck_assert_int_gt(sys_mmap(m, p.t, 0, 512 << 20, RW, ANON | MAP_NORESERVE, NULL, 0), 0);
	m->mm->overcommit_memory = 1;
	ck_assert_int_gt(sys_mmap(m, p.t, 0, 512 << 20, RW, ANON, NULL, 0), 0);
	m->mm->overcommit_memory = 2;
	limit = vm_commit_limit(m);
	ck_assert_uint_eq(limit, m->totalram_pages / 2);
	ck_assert_int_eq(sys_mmap(m, p.t, 0, P(1), RW, ANON | MAP_NORESERVE, NULL, 0), -ENOMEM);
}
END_TEST

START_TEST(stacks_grow)
{
	struct machine *m = p.m;
	struct fault_report r;

	p.t->sp = 0xBFFDF100;
	touch(&p, p.t, 0xBFFDEFFC, FAULT_WRITE);
	assert_areas(p.t, 0xBF000000, 0xC0000000, "bffde000-c0000000 rw-p");
	ck_assert_int_eq(task_touch(m, p.t, 0xBFFCF07F, FAULT_WRITE, &r), -EFAULT);
	ck_assert_int_eq(r.signal, SIGSEGV_NR);
	touch(&p, p.t, 0xBFFCF080, FAULT_WRITE);
	assert_areas(p.t, 0xBF000000, 0xC0000000, "bffcf000-c0000000 rw-p");
	/* 8 MiB */
	p.t->sp = 0;
	ck_assert_int_eq(task_touch(m, p.t, 0xBF7FFFFC, FAULT_WRITE, &r), -EFAULT);
	touch(&p, p.t, 0xBFF01000, FAULT_WRITE);
	map_at(&p, 0xBFDFF000, 1, PROT_READ, ANON);
	ck_assert_int_eq(task_touch(m, p.t, 0xBFEFFFFC, FAULT_WRITE, &r), -EFAULT);
	touch(&p, p.t, 0xBFF00000, FAULT_WRITE);
	ck_assert_int_eq(sys_munmap(m, p.t, 0xBFDFF000, P(1)), 0);
	touch(&p, p.t, 0xBF800000, FAULT_WRITE);
	assert_audit(m);
}
END_TEST

/* Growth is charged even where the area is not; nobody gives it back. */
START_TEST(growth_is_always_charged)
{
	long committed = p.m->mm->committed;

	p.t->sp = 0;
	map_at(&p, BASE, 2, RW, ANON | MAP_GROWSDOWN | MAP_NORESERVE);
	ck_assert_int_eq(p.m->mm->committed, committed);
	touch(&p, p.t, BASE - P(3), FAULT_WRITE);
	assert_areas(p.t, BASE - P(8), BASE + P(8), "3fffd000-40002000 rw-p");
	ck_assert_int_eq(p.m->mm->committed, committed + 3);
	assert_audit(p.m);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE - P(3), P(5)), 0);
	ck_assert_int_eq(p.m->mm->committed, committed + 3);
}
END_TEST

START_TEST(mremap_in_place_and_elsewhere)
{
	struct machine *m = p.m;
	vaddr_t a = map_at(&p, BASE, 2, RW, ANON), to;
	char text[6] = "moved", back[6] = "";
	struct fault_report r;
	size_t done;

	ck_assert_int_eq(task_write(m, p.t, a + 100, text, 6, &done, &r), 0);
	ck_assert_int_eq(sys_mremap(m, p.t, a, P(2), P(4), 0, 0), (int64_t)a);
	map_at(&p, a + P(4), 1, PROT_READ, ANON);
	ck_assert_int_eq(sys_mremap(m, p.t, a, P(4), P(8), 0, 0), -ENOMEM);
	to = (vaddr_t)sys_mremap(m, p.t, a, P(4), P(8), MREMAP_MAYMOVE, 0);
	ck_assert_uint_eq(to, 0xB7FCF000);
	ck_assert_int_eq(task_read(m, p.t, to + 100, back, 6, &done, &r), 0);
	ck_assert_str_eq(back, text);
	ck_assert_int_eq(task_touch(m, p.t, a, 0, &r), -EFAULT);
	/* the middle of an area moves: the rest stays charged */
	ck_assert_int_eq(sys_mremap(m, p.t, to + P(2), P(2), P(2), MREMAP_MAYMOVE | MREMAP_FIXED, BASE), (int64_t)BASE);
	assert_audit(m);
}
END_TEST

START_TEST(locking)
{
	struct machine *m = p.m;

	map_at(&p, BASE, 8, RW, ANON);
	ck_assert_int_eq(sys_mlock(m, p.t, BASE + P(2) + 5, P(1)), 0);
	ck_assert_uint_eq(p.t->mm->locked_vm, 2);
	ck_assert_uint_eq(p.t->mm->map_count, 11);
	ck_assert_int_eq(sys_madvise(m, p.t, BASE, P(8), MADV_DONTNEED), -EINVAL);
	ck_assert_int_eq(sys_munlock(m, p.t, BASE, P(8)), 0);
	ck_assert_uint_eq(p.t->mm->locked_vm, 0);
	/* the middle was written to, its neighbours not: they stay apart */
	ck_assert_uint_eq(p.t->mm->map_count, 11);
	ck_assert_int_eq(sys_mlock(m, p.t, BASE, P(9)), -ENOMEM);
	ck_assert_int_eq(sys_mlockall(m, p.t, 0), -EINVAL);
	ck_assert_int_eq(sys_mlockall(m, p.t, MCL_FUTURE), 0);
	ck_assert_uint_eq(touch(&p, p.t, map_any(&p, 4) + P(3), 0).path, FAULT_NONE);
	/* locked once it is there, not brought in */
	ck_assert_int_eq(sys_mlockall(m, p.t, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT), 0);
	ck_assert_uint_eq(touch(&p, p.t, BASE, FAULT_WRITE).path, FAULT_ANON);
	ck_assert_uint_eq(touch(&p, p.t, map_any(&p, 4), 0).path, FAULT_ZERO_PAGE);
	ck_assert_int_eq(sys_munlockall(m, p.t), 0);
	ck_assert_uint_eq(p.t->mm->locked_vm, 0);
	assert_audit(m);
}
END_TEST

/* The search against the linear rules, with very many areas. */
static vaddr_t linear_gap(const struct mm_struct *mm, const struct machine *m, uint64_t len, vaddr_t low,
			  vaddr_t high, bool topdown)
{
	vaddr_t best = 0;

	for (const struct vm_area_struct *v = mm->mmap; v; v = v->vm_next) {
		vaddr_t start = v->vm_prev ? v->vm_prev->vm_end : 0, end = vm_start_gap(m, v);

		if (end <= start || start > high - len || end < low + len || end - start < len)
			continue;
		best = topdown ? min_of(end, high) - len : max_of(start, low);
		if (!topdown)
			break;
	}
	return best;
}

static void compare_searches(uint64_t len)
{
	struct mm_struct *mm = p.t->mm;

	for (int topdown = 0; topdown < 2; topdown++) {
		vaddr_t low = topdown ? 4096 : 0x10000000 + P(40000), high = mm->mmap_base;
		vaddr_t want = linear_gap(mm, p.m, len, low, high, topdown);

		mm->legacy = !topdown;
		mm->mmap_base = topdown ? high : low;
		ck_assert_int_eq(get_unmapped_area(p.m, p.t, NULL, 0, len, 0), (int64_t)want);
		mm->mmap_base = high;
	}
}

START_TEST(sixty_thousand_areas)
{
	uint64_t x = 1;

	p.m->mm->overcommit_memory = 1;
	for (unsigned i = 0; i < 60000; i++)
		map_at(&p, 0x10000000 + P(2 * i + (i % 7 == 0)), 1, i & 1 ? PROT_READ : PROT_NONE, ANON);
	ck_assert_uint_gt(p.t->mm->map_count, 59000);
	for (int i = 0; i < 300; i++) {
		vaddr_t a;

		x = x * 6364136223846793005u + 1442695040888963407u;
		a = 0x10000000 + P((x >> 33) % 120000);
		if (x >> 63) /* down from the top the free part of mmap_base gets smaller */
			map_any(&p, 1 + (x >> 20) % 4);
		ck_assert_int_eq(sys_munmap(p.m, p.t, a, P(1 + (x >> 20) % 4)), 0);
		compare_searches(P(1 + (x >> 40) % 6));
	}
	assert_audit(p.m);
	ck_assert_int_eq(sys_munmap(p.m, p.t, 0x10000000, 0x30000000), 0);
}
END_TEST

/* What is remembered of a search goes with its area. */
START_TEST(the_highest_gap_after_a_change)
{
	struct highest_gap *top = &p.t->mm->highest_gap;
	struct vm_area_struct *above;
	vaddr_t a = map_any(&p, 2), b;

	ck_assert_uint_eq(sys_mprotect(p.m, p.t, a, P(1), PROT_READ), 0);
	b = map_any(&p, 2);
	ck_assert_ptr_nonnull(top->vma);
	ck_assert_uint_eq(top->vma->vm_start, b);
	above = top->vma->vm_next;
	ck_assert_int_eq(sys_munmap(p.m, p.t, b, P(2)), 0);
	ck_assert_ptr_eq(top->vma, above);
	assert_audit(p.m);
	ck_assert_uint_eq(map_any(&p, 2), b);
	/* a hole above it */
	ck_assert_int_eq(sys_munmap(p.m, p.t, a, P(2)), 0);
	assert_audit(p.m);
	ck_assert_uint_eq(map_any(&p, 2), a);
	/* it was for two pages: there may be one for one */
	ck_assert_int_eq(sys_munmap(p.m, p.t, a + P(1), P(1)), 0);
	assert_audit(p.m);
	ck_assert_uint_eq(map_any(&p, 2), b - P(2));
	ck_assert_uint_eq(map_any(&p, 1), a + P(1));
}
END_TEST

START_TEST(the_limit_of_areas)
{
	p.m->mm->max_map_count = 20;
	for (unsigned i = 0; p.t->mm->map_count < 20; i++)
		map_at(&p, BASE + P(2 * i), 1, PROT_READ, ANON);
	map_at(&p, 0x50000000, 3, PROT_READ, ANON);
	ck_assert_int_eq(sys_mmap(p.m, p.t, 0, P(1), RW, ANON, NULL, 0), -ENOMEM);
	ck_assert_int_eq(sys_munmap(p.m, p.t, 0x50001000, P(1)), -ENOMEM);
	ck_assert_int_eq(sys_mprotect(p.m, p.t, 0x50001000, P(1), RW), -ENOMEM);
	ck_assert_int_eq(sys_munmap(p.m, p.t, 0x50000000, P(1)), 0);
	assert_audit(p.m);
}
END_TEST

Suite *mmap_suite(void)
{
	Suite *s = suite_create("mmap");
	TCase *tc = tcase_create("mmap");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, examples_of_placement);
	tcase_add_test(tc, above_the_base_when_below_is_full);
	tcase_add_test(tc, second_attempt_of_64_bits);
	tcase_add_test(tc, merging);
	tcase_add_test(tc, a_written_area_keeps_its_offset);
	tcase_add_test(tc, errors_in_order);
	tcase_add_test(tc, shared_and_read_only);
	tcase_add_test(tc, the_break);
	tcase_add_test(tc, overcommit);
	tcase_add_test(tc, stacks_grow);
	tcase_add_test(tc, growth_is_always_charged);
	tcase_add_test(tc, mremap_in_place_and_elsewhere);
	tcase_add_test(tc, locking);
	tcase_add_test(tc, sixty_thousand_areas);
	tcase_add_test(tc, the_highest_gap_after_a_change);
	tcase_add_test(tc, the_limit_of_areas);
	suite_add_tcase(s, tc);
	return s;
}
