/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fork, copy on write, exit, switch; and walks of random calls, audited. */
#include "mm/program.h"
#include <errno.h>
#include <mmsh/pgtable.h>
#include <mmsh/vmalloc.h>
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

static struct task_struct *fork_of(struct task_struct *t)
{
	struct task_struct *child;

	ck_assert_int_eq(task_fork(p.m, t, &child), 0);
	return child;
}

static uint64_t flags_at(struct task_struct *t, vaddr_t va)
{
	struct pte_info i;

	pte_lookup(p.m, t->mm, va, &i);
	return i.pte & 0xfff;
}

/* faults.md 5.1 */
START_TEST(the_example)
{
	struct task_struct *c;
	struct fault_report r, q;
	long anon;

	map_at(&p, BASE, 4, RW, ANON);
	touch(&p, p.t, BASE, 0);
	r = touch(&p, p.t, BASE, FAULT_WRITE);
	touch(&p, p.t, BASE + P(1), FAULT_WRITE);
	anon = p.t->mm->rss_stat[MM_ANONPAGES];
	c = fork_of(p.t);
	ck_assert_uint_eq(flags_at(p.t, BASE), 0x065);
	ck_assert_uint_eq(flags_at(c, BASE), 0x045);
	ck_assert_int_eq(c->mm->rss_stat[MM_ANONPAGES], anon);
	ck_assert_int_eq(pfn_to_page(p.m, r.pfn)->mapcount, 2);
	ck_assert_int_eq(pfn_to_page(p.m, r.pfn)->_refcount, 2);
	assert_audit(p.m);
	q = touch(&p, c, BASE, FAULT_WRITE);
	ck_assert_int_eq(q.path, FAULT_WP_COPY);
	ck_assert_uint_eq(q.old_pfn, r.pfn);
	ck_assert_int_eq(pfn_to_page(p.m, r.pfn)->mapcount, 1);
	q = touch(&p, p.t, BASE, FAULT_WRITE);
	ck_assert_int_eq(q.path, FAULT_WP_REUSE);
	ck_assert_uint_eq(q.pfn, r.pfn);
	ck_assert_int_eq(touch(&p, c, BASE + P(2), 0).path, FAULT_ZERO_PAGE);
	ck_assert_uint_eq(c->min_flt, 2);
	assert_audit(p.m);
}
END_TEST

START_TEST(what_a_child_writes_the_parent_does_not_see)
{
	struct fault_report r;
	struct task_struct *c;
	char buf[8];
	size_t done;

	map_at(&p, BASE, 1, RW, ANON);
	map_at(&p, BASE + P(2), 1, RW, MAP_SHARED | MAP_ANONYMOUS);
	ck_assert_int_eq(task_write(p.m, p.t, BASE, "parent", 7, &done, &r), 0);
	c = fork_of(p.t);
	ck_assert_int_eq(task_read(p.m, c, BASE, buf, 7, &done, &r), 0);
	ck_assert_str_eq(buf, "parent");
	ck_assert_int_eq(task_write(p.m, c, BASE, "child", 6, &done, &r), 0);
	ck_assert_int_eq(task_write(p.m, c, BASE + P(2), "child", 6, &done, &r), 0);
	ck_assert_int_eq(task_read(p.m, p.t, BASE, buf, 7, &done, &r), 0);
	ck_assert_str_eq(buf, "parent");
	ck_assert_int_eq(task_read(p.m, p.t, BASE + P(2), buf, 6, &done, &r), 0);
	ck_assert_str_eq(buf, "child");
}
END_TEST

/* address-space.md 6.1: after fork, in the child, an inherited heap that was written does not grow. */
START_TEST(the_childs_heap_gets_a_second_area)
{
	struct task_struct *c;

	ck_assert_int_eq(sys_brk(p.m, p.t, 0x0804D000), 0x0804D000);
	touch(&p, p.t, 0x0804C000, FAULT_WRITE);
	c = fork_of(p.t);
	ck_assert_int_eq(sys_brk(p.m, p.t, 0x0804E000), 0x0804E000);
	ck_assert_int_eq(sys_brk(p.m, c, 0x0804E000), 0x0804E000);
	assert_areas(p.t, 0x0804A000, 0x09000000, "804a000-804e000 rw-p");
	assert_areas(c, 0x0804A000, 0x09000000, "804a000-804d000 rw-p,804d000-804e000 rw-p");
}
END_TEST

START_TEST(what_is_not_inherited)
{
	uint64_t total;
	struct task_struct *c;

	map_at(&p, BASE, 4, RW, ANON);
	ck_assert_int_eq(sys_madvise(p.m, p.t, BASE, P(2), MADV_DONTFORK), 0);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE, P(4)), 0);
	total = p.t->mm->total_vm;
	c = fork_of(p.t);
	ck_assert_uint_eq(c->mm->total_vm, total - 2);
	ck_assert_uint_eq(c->mm->locked_vm, 0);
	ck_assert_int_eq(c->ppid, p.t->pid);
	assert_areas(c, BASE, BASE + P(9), "40002000-40004000 rw-p");
	task_exit(p.m, p.t);
	ck_assert_ptr_null(task_find(p.m, 1));
	assert_audit(p.m);
}
END_TEST

/* Many generations: chains do not grow for ever. */
START_TEST(generations)
{
	struct task_struct *t = p.t, *c;

	map_at(&p, BASE, 8, RW, ANON);
	for (unsigned i = 0; i < 60; i++) {
		touch(&p, t, BASE + P(i % 8), FAULT_WRITE);
		c = fork_of(t);
		touch(&p, c, BASE + P(i % 8), FAULT_WRITE);
		task_exit(p.m, t);
		t = c;
	}
	assert_audit(p.m);
	ck_assert_uint_lt(p.m->mm->anon_vma_pool.live, 20);
	p.t = t;
}
END_TEST

START_TEST(no_memory_for_a_child)
{
	struct task_struct *child;
	struct fault_report r;
	unsigned long tasks;

	p.m->mm->overcommit_memory = 1;
	map_at(&p, BASE, 32768, RW, ANON);
	for (unsigned i = 0; i < 32768; i++)
		if (task_touch(p.m, p.t, BASE + P(i), FAULT_WRITE, &r))
			break;
	tasks = p.m->mm->task_pool.live;
	ck_assert_int_eq(task_fork(p.m, p.t, &child), -ENOMEM);
	ck_assert_uint_eq(p.m->mm->task_pool.live, tasks);
	assert_audit(p.m);
}
END_TEST

START_TEST(a_switch)
{
	struct task_struct *c = fork_of(p.t);
	struct switch_report r;
	vaddr_t va;
	int64_t got;

	p.m->mm->current = p.t;
	task_switch(p.m, c, &r);
	ck_assert(r.loaded);
	ck_assert_uint_eq(r.new_pgd, c->mm->pgd);
	ck_assert_uint_gt(r.user_slots, 0);
	ck_assert_uint_gt(r.kernel_slots, 10);
	ck_assert_uint_eq(r.kernel_differ, 0);
	task_switch(p.m, c, &r);
	ck_assert(!r.loaded);
	/* a new table for vmalloc: the directories lack its entry until a fault */
	got = vmalloc(p.m, 8 << 20, GFP_KERNEL | __GFP_HIGHMEM, "", &va);
	ck_assert_int_eq(got, 0);
	ck_assert_int_eq(vmalloc_fault(p.m, c, va + (4 << 20)), 1);
	ck_assert_int_eq(vmalloc_fault(p.m, c, va + (4 << 20)), 0);
	ck_assert_int_eq(vmalloc_fault(p.m, c, 0x1000), -EFAULT);
	task_switch(p.m, p.t, &r);
	ck_assert_uint_gt(r.kernel_differ, 0);
	ck_assert_int_eq(vfree(p.m, va, NULL), 0);
}
END_TEST

/* ---- random walks ---- */

struct walk {
	struct program *p;
	struct task_struct *t[12];
	unsigned n;
	uint64_t x;
	vaddr_t base;
	struct file *disk, *shm;
};

static uint64_t below(struct walk *w, uint64_t n)
{
	w->x = w->x * 6364136223846793005u + 1442695040888963407u;
	return (w->x >> 24) % n;
}

static vaddr_t some_address(struct walk *w, struct task_struct *t)
{
	const struct vm_area_struct *v = t->mm->mmap;

	for (uint64_t n = below(w, t->mm->map_count); n && v->vm_next; n--)
		v = v->vm_next;
	switch (below(w, 4)) {
	case 0:
		return w->base + P(below(w, 4096));
	case 1:
		return 0;
	case 2:
		return v->vm_start + P(below(w, 12)) - P(3);
	default:
		return v->vm_start;
	}
}

static void walk_mmap(struct walk *w, struct task_struct *t, vaddr_t a, uint64_t len)
{
	unsigned flags = (below(w, 2) ? MAP_PRIVATE : MAP_SHARED) | (below(w, 6) ? 0 : MAP_FIXED) |
			 (below(w, 9) ? 0 : MAP_GROWSDOWN) | (below(w, 9) ? 0 : MAP_NORESERVE) |
			 (below(w, 9) ? 0 : MAP_POPULATE) | (below(w, 30) ? 0 : MAP_LOCKED);
	struct file *f = below(w, 2) ? NULL : below(w, 2) ? w->disk : w->shm;

	if (a < 0x10000000)
		flags &= ~MAP_FIXED;
	sys_mmap(w->p->m, t, a, len, (unsigned)below(w, 8), flags | (f ? 0 : MAP_ANONYMOUS), f, below(w, 40));
}

static void walk_tasks(struct walk *w, struct task_struct *t)
{
	struct machine *m = w->p->m;
	struct task_struct *c;

	if (w->n < ARRAY_SIZE(w->t) && !below(w, 3)) {
		if (!task_fork(m, t, &c))
			w->t[w->n++] = c;
	} else if (w->n > 1 && !below(w, 4)) {
		uint64_t i = 1 + below(w, w->n - 1);

		task_exit(m, w->t[i]);
		w->t[i] = w->t[--w->n];
	} else if (!below(w, 20)) {
		task_exec(m, t, &w->p->params);
	} else if (!below(w, 10)) {
		compact_nodes(m);
	}
}

static void walk_step(struct walk *w)
{
	struct machine *m = w->p->m;
	struct task_struct *t = w->t[below(w, w->n)];
	vaddr_t a = some_address(w, t);
	uint64_t len = P(1 + below(w, below(w, 9) ? 16 : 2000));
	struct fault_report r;
	size_t done;

	switch (below(w, 13)) {
	case 0:
	case 1:
		walk_mmap(w, t, a, len);
		break;
	case 2:
		if (a >= w->base)
			sys_munmap(m, t, a, len);
		break;
	case 3:
		sys_mprotect(m, t, a, len, (unsigned)below(w, 8));
		break;
	case 4:
		sys_mremap(m, t, a, len, P(1 + below(w, 40)), (unsigned)below(w, 4), w->base + P(below(w, 4096)));
		break;
	case 5:
		sys_brk(m, t, t->mm->start_brk + below(w, 1 << 20));
		break;
	case 6:
		sys_madvise(m, t, a, len, (int)below(w, 20));
		break;
	case 7:
		if (below(w, 2))
			sys_mlock(m, t, a, len & 0xfffff);
		else
			sys_munlock(m, t, a, len);
		break;
	case 8:
		walk_tasks(w, t);
		break;
	case 9:
		task_write(m, t, a + below(w, PAGE_SIZE), "bytes of a task", 1 + below(w, 15), &done, &r);
		break;
	default:
		for (int i = 0; i < 12; i++)
			if (task_touch(m, t, a + P(i), below(w, 2) ? FAULT_WRITE : below(w, 9) ? 0 : FAULT_EXEC, &r))
				break;
	}
}

static const char *const walk_lines[] = {"mem=64M", "arch=ia32-pae mem=64M", "arch=amd64 mem=96M", "mem=16M",
					 "mem=1G split=2G"};

START_TEST(random_walk)
{
	struct program q;
	struct walk w = {.p = &q, .n = 1, .x = 77u + (uint64_t)_i};
	struct address_space *a, *b;

	program_start(&q, walk_lines[_i]);
	w.t[0] = q.t;
	w.base = q.m->arch->bits == 64 ? 0x400000000000 : 0x20000000;
	a = file_create(q.m, &fs_disk, "/walk/disk", 8, 1, 7, 300000);
	b = file_create(q.m, &fs_shmem, "/walk/shm", 0, 10, 8, 100000);
	w.disk = file_open(q.m, a, FMODE_READ);
	w.shm = file_open(q.m, b, FMODE_READ | FMODE_WRITE);
	for (unsigned i = 0; i < 3000; i++) {
		walk_step(&w);
		if (i % 100 == 0)
			assert_audit(q.m);
	}
	while (w.n)
		task_exit(q.m, w.t[--w.n]);
	fput(q.m, w.disk);
	fput(q.m, w.shm);
	truncate_pages(q.m, a, 0);
	truncate_pages(q.m, b, 0);
	program_end(&q);
}
END_TEST

/* Nothing is left of a task that came and went. */
START_TEST(zones_are_as_before)
{
	struct program q;
	struct task_struct *c;
	long free;

	program_start(&q, "mem=64M");
	drain_all_pages(q.m);
	free = free_pages(q.m, normal_zone(q.m));
	ck_assert_int_eq(task_fork(q.m, q.t, &c), 0);
	touch(&q, c, 0x08049F08, FAULT_WRITE);
	task_exit(q.m, c);
	drain_all_pages(q.m);
	ck_assert_int_eq(free_pages(q.m, normal_zone(q.m)), free);
	program_end(&q);
}
END_TEST

START_TEST(users_and_limits)
{
	struct rlimit l = p.t->rlim[RLIMIT_AS];

	ck_assert_int_eq(sys_setrlimit(p.t, RLIMIT_AS, (struct rlimit){2, 1}), -EINVAL);
	ck_assert_int_eq(sys_setrlimit(p.t, RLIMIT_AS, (struct rlimit){1 << 20, 2 << 20}), 0);
	ck_assert_int_eq(sys_setrlimit(p.t, RLIMIT_AS, l), 0);
	ck_assert_int_eq(sys_setrlimit(p.t, RLIMIT_AS, (struct rlimit){1 << 20, 2 << 20}), 0);
	ck_assert(capable(p.t));
	ck_assert_int_eq(sys_setuid(p.t, 7), 0);
	ck_assert(!capable(p.t));
	ck_assert_int_eq(sys_setuid(p.t, 7), 0);
	ck_assert_int_eq(sys_setuid(p.t, 8), -EPERM);
	ck_assert_int_eq(sys_setuid(p.t, 0), -EPERM);
	ck_assert_uint_eq(p.t->uid, 7);
	ck_assert_int_eq(sys_setrlimit(p.t, RLIMIT_AS, l), -EPERM);
	ck_assert_int_eq(sys_setrlimit(p.t, RLIMIT_AS, (struct rlimit){2 << 20, 2 << 20}), 0);
	ck_assert_int_eq(sys_setrlimit(p.t, RLIMIT_AS, (struct rlimit){0, 1 << 20}), 0);
	ck_assert_uint_eq(rlimit(p.t, RLIMIT_AS), 0);
	ck_assert_int_eq(sys_mmap(p.m, p.t, 0, P(1), RW, ANON, NULL, 0), -ENOMEM);
}
END_TEST

Suite *fork_suite(void)
{
	Suite *s = suite_create("fork");
	TCase *tc = tcase_create("fork"), *walks = tcase_create("walks");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_example);
	tcase_add_test(tc, what_a_child_writes_the_parent_does_not_see);
	tcase_add_test(tc, the_childs_heap_gets_a_second_area);
	tcase_add_test(tc, what_is_not_inherited);
	tcase_add_test(tc, generations);
	tcase_add_test(tc, no_memory_for_a_child);
	tcase_add_test(tc, a_switch);
	tcase_add_test(tc, users_and_limits);
	suite_add_tcase(s, tc);
	tcase_add_loop_test(walks, random_walk, 0, ARRAY_SIZE(walk_lines));
	tcase_add_test(walks, zones_are_as_before);
	suite_add_tcase(s, walks);
	return s;
}
