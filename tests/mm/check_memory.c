/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults: what is mapped, counted, copied, and which signal ends in whose hands. */
#include "mm/program.h"
#include <errno.h>
#include <mmsh/pgtable.h>
#include <mmsh/vmstat.h>
#include <stdio.h>
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

static uint64_t pte_at(vaddr_t va)
{
	struct pte_info i;

	return pte_lookup(p.m, p.t->mm, va, &i) ? i.pte : 0;
}

/* faults.md 4.1, 4.6 */
START_TEST(anonymous)
{
	long anon = p.t->mm->rss_stat[MM_ANONPAGES];
	unsigned long min = p.t->min_flt;
	struct fault_report r;

	map_at(&p, BASE, 4, RW, ANON);
	r = touch(&p, p.t, BASE, 0);
	ck_assert_int_eq(r.path, FAULT_ZERO_PAGE);
	ck_assert_uint_eq(pte_at(BASE), PFN_PHYS(p.m->mm->zero_pfn) | 0x225);
	ck_assert_int_eq(p.t->mm->rss_stat[MM_ANONPAGES], anon);
	ck_assert_ptr_null(vma_lookup(p.t->mm, BASE)->anon_vma);
	r = touch(&p, p.t, BASE, FAULT_WRITE);
	ck_assert_int_eq(r.path, FAULT_WP_COPY);
	ck_assert_uint_eq(pte_at(BASE), PFN_PHYS(r.pfn) | 0x067);
	r = touch(&p, p.t, BASE + P(1), FAULT_WRITE);
	ck_assert_int_eq(r.path, FAULT_ANON);
	ck_assert_int_eq(touch(&p, p.t, BASE + P(1), FAULT_WRITE).path, FAULT_NONE);
	ck_assert_int_eq(p.t->mm->rss_stat[MM_ANONPAGES], anon + 2);
	ck_assert_uint_eq(p.t->min_flt, min + 3);
	ck_assert_int_eq(pfn_to_page(p.m, r.pfn)->mapcount, 1);
	/* read-only does not let the page go; DONTNEED does */
	ck_assert_int_eq(sys_mprotect(p.m, p.t, BASE, P(4), PROT_NONE), 0);
	ck_assert_uint_eq(pte_at(BASE + P(1)) & 0xfff, 0x160);
	ck_assert_int_eq(sys_mprotect(p.m, p.t, BASE, P(4), RW), 0);
	r = touch(&p, p.t, BASE + P(1), FAULT_WRITE);
	ck_assert_int_eq(r.path, FAULT_WP_REUSE);
	ck_assert_int_eq(sys_madvise(p.m, p.t, BASE, P(4), MADV_DONTNEED), 0);
	ck_assert_int_eq(p.t->mm->rss_stat[MM_ANONPAGES], anon);
	assert_audit(p.m);
}
END_TEST

START_TEST(files)
{
	struct address_space *a = file_create(p.m, &fs_disk, "/data", 8, 1, 5, P(20) + 100);
	struct file *f = file_open(p.m, a, FMODE_READ | FMODE_WRITE);
	struct mm_struct *mm = p.t->mm;
	long file = mm->rss_stat[MM_FILEPAGES], anon = mm->rss_stat[MM_ANONPAGES];
	struct fault_report r;

	ck_assert_int_eq(sys_mmap(p.m, p.t, BASE, P(24), RW, MAP_PRIVATE | MAP_FIXED, f, 0), (int64_t)BASE);
	r = touch(&p, p.t, BASE + P(3), 0);
	ck_assert(r.major);
	ck_assert_int_eq(r.path, FAULT_FILE_READ);
	for (uint64_t i = 0; i < 21; i++)
		ck_assert_int_ge(page_cache_get(p.m, a, i), 0);
	/* the naturally aligned sixteen pages around it */
	r = touch(&p, p.t, BASE + P(18), 0);
	ck_assert(!r.major);
	ck_assert_uint_eq(r.mapped, 5);
	r = touch(&p, p.t, BASE + P(5), 0);
	ck_assert_uint_eq(r.mapped, 15);
	ck_assert_int_eq(mm->rss_stat[MM_FILEPAGES], file + 21);
	r = touch(&p, p.t, BASE + P(5), FAULT_WRITE);
	ck_assert_int_eq(r.path, FAULT_WP_COPY);
	ck_assert_int_eq(mm->rss_stat[MM_FILEPAGES], file + 20);
	ck_assert_int_eq(mm->rss_stat[MM_ANONPAGES], anon + 1);
	ck_assert_int_eq(task_touch(p.m, p.t, BASE + P(21), 0, &r), -EFAULT);
	ck_assert_int_eq(r.signal, SIGBUS_NR);
	ck_assert_int_eq(task_touch(p.m, p.t, BASE + P(22), FAULT_WRITE, &r), -EFAULT);
	ck_assert_int_eq(r.signal, SIGBUS_NR);
	assert_audit(p.m);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE, P(24)), 0);
	truncate_pages(p.m, a, 0);
	fput(p.m, f);
}
END_TEST

/* What one writes to a shared file, others see; to a private one, not. */
START_TEST(bytes_are_real)
{
	struct address_space *a = file_create(p.m, &fs_shmem, "/tmp/x", 0, 10, 6, P(4));
	struct file *f = file_open(p.m, a, FMODE_READ | FMODE_WRITE);
	char buf[8] = "";
	struct fault_report r;
	size_t done;

	for (int i = 0; i < 3; i++)
		ck_assert_int_gt(sys_mmap(p.m, p.t, BASE + P(8 * i), P(4), RW,
					  MAP_FIXED | (i < 2 ? MAP_SHARED : MAP_PRIVATE), f, 0), 0);
	ck_assert_int_eq(task_read(p.m, p.t, BASE + P(16) + 4090, buf, 8, &done, &r), 0);
	ck_assert_int_eq(task_write(p.m, p.t, BASE + 4092, "abcdefg", 8, &done, &r), 0);
	ck_assert_int_eq(task_read(p.m, p.t, BASE + P(8) + 4092, buf, 8, &done, &r), 0);
	ck_assert_str_eq(buf, "abcdefg");
	ck_assert_int_eq(task_write(p.m, p.t, BASE + P(16) + 4092, "x", 1, &done, &r), 0);
	ck_assert_int_eq(task_read(p.m, p.t, BASE + P(16) + 4092, buf, 8, &done, &r), 0);
	ck_assert_str_eq(buf, "xbcdefg");
	ck_assert_int_eq(task_read(p.m, p.t, BASE + 4092, buf, 8, &done, &r), 0);
	ck_assert_str_eq(buf, "abcdefg");
	ck_assert_int_eq(task_write(p.m, p.t, BASE + P(4) - 2, "abcd", 4, &done, &r), -EFAULT);
	ck_assert_uint_eq(done, 2);
	assert_audit(p.m);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE, P(24)), 0);
	truncate_pages(p.m, a, 0);
	fput(p.m, f);
}
END_TEST

START_TEST(signals)
{
	static const struct {
		vaddr_t va;
		unsigned flags, error;
		int code;
	} cases[] = {
		{0x30000000, 0, 4, SEGV_MAPERR},
		{0x30000000, FAULT_WRITE, 6, SEGV_MAPERR},
		{0x08048000, FAULT_WRITE, 7, SEGV_ACCERR},
		{BASE, 0, 4, SEGV_ACCERR},
		{0xC0000000, 0, 5, SEGV_MAPERR},
		{0xFFFFF000, FAULT_WRITE, 7, SEGV_MAPERR},
	};
	struct fault_report r;

	map_at(&p, BASE, 1, PROT_NONE, ANON);
	touch(&p, p.t, 0x08048000, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(task_touch(p.m, p.t, cases[i].va, cases[i].flags, &r), -EFAULT);
		ck_assert_int_eq(r.signal, SIGSEGV_NR);
		ck_assert_int_eq(r.code, cases[i].code);
		ck_assert_uint_eq(r.error_code, cases[i].error);
	}
	/* exec-only and write-only areas can be read */
	map_at(&p, BASE, 1, PROT_WRITE, ANON);
	touch(&p, p.t, BASE, 0);
	map_at(&p, BASE, 1, PROT_EXEC, ANON);
	touch(&p, p.t, BASE, 0);
	ck_assert_int_eq(task_touch(p.m, p.t, BASE, FAULT_WRITE, &r), -EFAULT);
}
END_TEST

/* faults.md 6: a table goes with the last area in its 4 MiB. */
START_TEST(tables_go_with_the_last_area)
{
	unsigned long ptes = p.t->mm->nr_ptes;

	map_at(&p, BASE, 1, RW, ANON);
	map_at(&p, BASE + 0x200000, 1, RW, ANON);
	touch(&p, p.t, BASE, FAULT_WRITE);
	touch(&p, p.t, BASE + 0x200000, FAULT_WRITE);
	ck_assert_uint_eq(p.t->mm->nr_ptes, ptes + 1);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE, P(1)), 0);
	ck_assert_uint_eq(p.t->mm->nr_ptes, ptes + 1);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE + 0x200000, P(1)), 0);
	ck_assert_uint_eq(p.t->mm->nr_ptes, ptes);
	ck_assert_uint_eq(global_page_state(p.m, NR_PAGETABLE) + 32 >= ptes, 1);
}
END_TEST

/* highpte=on: the tables of the last level come from high memory, directories do not. */
START_TEST(tables_in_high_memory)
{
	static const struct {
		const char *line;
		bool high;
	} cases[] = {
		{"mem=1G", false},
		{"mem=1G highpte=on", true},
		{"arch=ia32-pae mem=2G highpte=on", true},
		{"mem=64M highpte=on", false},
	};
	struct pgtable_step steps[PGT_MAX_LEVELS];
	struct program hp;
	unsigned n;

	program_start(&hp, cases[_i].line);
	touch(&hp, hp.t, map_at(&hp, 0x50000000, 1, RW, ANON | MAP_FIXED), FAULT_WRITE);
	n = pgtable_walk(hp.m, hp.t->mm->pgd, 0x50000000, steps);
	ck_assert_uint_eq(n, hp.m->arch->pgtable->levels);
	ck_assert_int_eq(PFN_DOWN(steps[n - 1].table) >= hp.m->highstart_pfn, cases[_i].high);
	ck_assert_uint_lt(PFN_DOWN(hp.t->mm->pgd), hp.m->highstart_pfn);
	program_end(&hp);
}
END_TEST

START_TEST(no_memory)
{
	struct fault_report r;
	int err = 0;

	p.m->mm->overcommit_memory = 1;
	map_at(&p, BASE, 32768, RW, ANON);
	for (unsigned i = 0; i < 32768 && !err; i++)
		err = task_touch(p.m, p.t, BASE + P(i), FAULT_WRITE, &r);
	ck_assert_int_eq(err, -ENOMEM);
	ck_assert(r.oom);
	assert_audit(p.m);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE, P(32768)), 0);
}
END_TEST

/* Compaction moves pages under a program's feet. */
START_TEST(compaction_is_not_seen)
{
	char want[16], got[16];
	struct fault_report r;
	struct task_struct *child;
	size_t done;

	map_at(&p, BASE, 2000, RW, ANON);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(want, sizeof(want), "page %u", i);
		ck_assert_int_eq(task_write(p.m, p.t, BASE + P(i), want, 16, &done, &r), 0);
	}
	ck_assert_int_eq(task_fork(p.m, p.t, &child), 0);
	for (unsigned i = 0; i < 2000; i += 2)
		ck_assert_int_eq(sys_madvise(p.m, p.t, BASE + P(i), P(1), MADV_DONTNEED), 0);
	for (unsigned i = 0; i < 2000; i += 3)
		ck_assert_int_eq(sys_madvise(p.m, child, BASE + P(i), P(1), MADV_DONTNEED), 0);
	ck_assert_uint_gt(compact_nodes(p.m), 0);
	assert_audit(p.m);
	for (unsigned i = 1; i < 2000; i += 2) {
		snprintf(want, sizeof(want), "page %u", i);
		ck_assert_int_eq(task_read(p.m, p.t, BASE + P(i), got, 16, &done, &r), 0);
		ck_assert_str_eq(got, want);
	}
}
END_TEST

Suite *memory_suite(void)
{
	Suite *s = suite_create("memory");
	TCase *tc = tcase_create("memory");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, anonymous);
	tcase_add_test(tc, files);
	tcase_add_test(tc, bytes_are_real);
	tcase_add_test(tc, signals);
	tcase_add_test(tc, tables_go_with_the_last_area);
	tcase_add_loop_test(tc, tables_in_high_memory, 0, 4);
	tcase_add_test(tc, no_memory);
	tcase_add_test(tc, compaction_is_not_seen);
	suite_add_tcase(s, tc);
	return s;
}
