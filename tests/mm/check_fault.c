/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The corners of faults: what one page is to several who have it, where a stack ends, what is left. */
#include "mm/program.h"
#include <errno.h>
#include <mmsh/kmsg.h>
#include <mmsh/pgtable.h>
#include <mmsh/vmstat.h>
#include <stdlib.h>
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

/* What an access changed: the task's counters and the file and anonymous pages of its mm. */
struct counters {
	unsigned long min, maj;
	long file, anon;
};

static struct counters counters(const struct task_struct *t)
{
	return (struct counters){t->min_flt, t->maj_flt, t->mm->rss_stat[MM_FILEPAGES],
				 t->mm->rss_stat[MM_ANONPAGES]};
}

static struct fault_report touch_counts(struct task_struct *t, vaddr_t va, unsigned flags, enum fault_path path,
					struct counters add)
{
	struct counters was = counters(t), is;
	struct fault_report r = touch(&p, t, va, flags);

	is = counters(t);
	ck_assert_int_eq(r.path, path);
	ck_assert_uint_eq(is.min, was.min + add.min);
	ck_assert_uint_eq(is.maj, was.maj + add.maj);
	ck_assert_int_eq(is.file, was.file + add.file);
	ck_assert_int_eq(is.anon, was.anon + add.anon);
	return r;
}

static void refused(struct task_struct *t, vaddr_t va, unsigned flags, int signal, int code, unsigned error)
{
	struct counters was = counters(t), is;
	struct fault_report r;

	ck_assert_int_eq(task_touch(p.m, t, va, flags, &r), -EFAULT);
	ck_assert_int_eq(r.signal, signal);
	ck_assert_int_eq(r.code, code);
	ck_assert_uint_eq(r.error_code, error);
	is = counters(t);
	ck_assert_mem_eq(&is, &was, sizeof(is));
}

static struct task_struct *fork_of(struct task_struct *t)
{
	struct task_struct *child;

	ck_assert_int_eq(task_fork(p.m, t, &child), 0);
	return child;
}

static struct file *open_file(const struct fs_kind *fs, uint64_t size, unsigned mode)
{
	return file_open(p.m, file_create(p.m, fs, "/file", 8, 1, 7, size), mode);
}

static void map_file(struct file *f, vaddr_t at, uint64_t pages, unsigned prot, unsigned flags)
{
	ck_assert_int_eq(sys_mmap(p.m, p.t, at, P(pages), prot, flags | MAP_FIXED, f, 0), (int64_t)at);
}

static long counted(enum zone_stat_item item)
{
	long n = 0;

	for_each_populated_zone(p.m, z)
		n += zone_page_state_exact(p.m, z, item);
	return n;
}

static long dirty_pages(void)
{
	return counted(NR_FILE_DIRTY);
}

/* Its pages leave with it. */
static void close_file(struct file *f)
{
	struct address_space *a = f->mapping;

	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE, 64ull << 20), 0);
	fput(p.m, f);
	truncate_pages(p.m, a, 0);
	ck_assert_int_eq(dirty_pages(), 0);
}

/* faults.md 4.7, line by line */
START_TEST(counter_summary)
{
	struct file *f = open_file(&fs_disk, P(40), FMODE_READ | FMODE_WRITE);
	struct task_struct *child;

	map_at(&p, BASE, 4, RW, ANON);
	touch_counts(p.t, BASE, 0, FAULT_ZERO_PAGE, (struct counters){.min = 1});
	touch_counts(p.t, BASE + P(1), FAULT_WRITE, FAULT_ANON, (struct counters){.min = 1, .anon = 1});
	touch_counts(p.t, BASE, FAULT_WRITE, FAULT_WP_COPY, (struct counters){.min = 1, .anon = 1});
	child = fork_of(p.t);
	touch_counts(child, BASE, FAULT_WRITE, FAULT_WP_COPY, (struct counters){.min = 1});
	touch_counts(p.t, BASE, FAULT_WRITE, FAULT_WP_REUSE, (struct counters){.min = 1});
	task_exit(p.m, child);
	map_file(f, BASE + P(16), 16, RW, MAP_PRIVATE);
	map_file(f, BASE + P(64), 16, RW, MAP_SHARED);
	touch_counts(p.t, BASE + P(16), 0, FAULT_FILE_READ, (struct counters){.maj = 1, .file = 1});
	touch_counts(p.t, BASE + P(17), FAULT_WRITE, FAULT_FILE_COW, (struct counters){.maj = 1, .anon = 1});
	/* page 1 is cached now, and is mapped with its neighbour 2, which is not */
	touch_counts(p.t, BASE + P(18), 0, FAULT_FILE_READ, (struct counters){.maj = 1, .file = 1});
	touch_counts(p.t, BASE + P(18), FAULT_WRITE, FAULT_WP_COPY, (struct counters){.min = 1, .file = -1, .anon = 1});
	touch_counts(p.t, BASE + P(64), 0, FAULT_FILE_READ, (struct counters){.min = 1, .file = 3});
	touch_counts(p.t, BASE + P(65), FAULT_WRITE, FAULT_WP_SHARED, (struct counters){.min = 1});
	touch_counts(p.t, BASE + P(67), FAULT_WRITE, FAULT_FILE_SHARED, (struct counters){.maj = 1, .file = 1});
	ck_assert_int_eq(dirty_pages(), 2);
	assert_audit(p.m);
	close_file(f);
}
END_TEST

/* The page that a private write copies is not mapped; later readers find it without waiting. */
START_TEST(private_write_before_and_after_the_cache)
{
	struct file *f = open_file(&fs_disk, P(4), FMODE_READ);
	struct fault_report r;
	pfn_t cached;

	map_file(f, BASE, 4, RW, MAP_PRIVATE);
	r = touch_counts(p.t, BASE, FAULT_WRITE, FAULT_FILE_COW, (struct counters){.maj = 1, .anon = 1});
	cached = find_get_page(f->mapping, 0);
	ck_assert_uint_eq(r.old_pfn, cached);
	ck_assert_int_eq(pfn_to_page(p.m, cached)->mapcount, 0);
	ck_assert_int_eq(pfn_to_page(p.m, cached)->_refcount, 1);
	ck_assert_int_eq(sys_madvise(p.m, p.t, BASE, P(1), MADV_DONTNEED), 0);
	r = touch_counts(p.t, BASE, FAULT_WRITE, FAULT_FILE_COW, (struct counters){.min = 1, .anon = 1});
	ck_assert_uint_eq(r.old_pfn, cached);
	close_file(f);
}
END_TEST

/* A file system that wants to know of writes maps for reading first. */
START_TEST(shared_file_of_two_tasks)
{
	static const struct fs_kind *const kinds[] = {&fs_shmem, &fs_disk};
	struct file *f = open_file(kinds[_i], P(4), FMODE_READ | FMODE_WRITE);
	struct task_struct *child;
	struct fault_report r;
	char buf[4] = "";
	pfn_t page;
	size_t done;

	map_file(f, BASE, 4, RW, MAP_SHARED);
	page = touch(&p, p.t, BASE, 0).pfn;
	child = fork_of(p.t);
	ck_assert_int_eq(pfn_to_page(p.m, page)->mapcount, 1); /* the child has none of it yet */
	ck_assert_int_eq(task_write(p.m, child, BASE, "abc", 4, &done, &r), 0);
	ck_assert_int_eq(r.path, FAULT_FILE_SHARED);
	ck_assert_int_eq(pfn_to_page(p.m, page)->mapcount, 2);
	ck_assert_int_eq(pfn_to_page(p.m, page)->_refcount, 3);
	ck_assert_int_eq(touch(&p, p.t, BASE, FAULT_WRITE).path, _i ? FAULT_WP_SHARED : FAULT_NONE);
	ck_assert_int_eq(task_read(p.m, p.t, BASE, buf, 4, &done, &r), 0);
	ck_assert_str_eq(buf, "abc");
	ck_assert_int_eq(dirty_pages(), _i);
	task_exit(p.m, child);
	ck_assert_int_eq(pfn_to_page(p.m, page)->mapcount, 1);
	assert_audit(p.m);
	close_file(f);
}
END_TEST

/* Behind the end of the file's last page there is nothing, whatever the area's length. */
START_TEST(behind_the_end)
{
	struct file *f = open_file(&fs_disk, P(1) + 1, FMODE_READ | FMODE_WRITE);
	unsigned long ptes = p.t->mm->nr_ptes;
	long free;

	for (unsigned i = 0; i < 2; i++) {
		map_file(f, BASE, 4, RW, i ? MAP_SHARED : MAP_PRIVATE);
		touch(&p, p.t, BASE + P(1), 0);
		drain_all_pages(p.m);
		free = free_pages(p.m, normal_zone(p.m));
		refused(p.t, BASE + P(2), 0, SIGBUS_NR, BUS_ADRERR, 4);
		refused(p.t, BASE + P(3), FAULT_WRITE, SIGBUS_NR, BUS_ADRERR, 6);
		drain_all_pages(p.m);
		ck_assert_int_eq(free_pages(p.m, normal_zone(p.m)), free);
		/* the table that the refused access made stays */
		ck_assert_uint_eq(p.t->mm->nr_ptes, ptes + 1);
	}
	close_file(f);
}
END_TEST

/* faults.md 5, the table of what fork copies */
START_TEST(what_fork_copies)
{
	struct file *f = open_file(&fs_shmem, P(8), FMODE_READ | FMODE_WRITE);
	static const struct {
		unsigned page;
		bool copied;
	} cases[] = {{0, true}, {1, true}, {8, false}, {16, false}, {24, false}, {32, true}, {33, true}};
	struct task_struct *child;
	struct pte_info i;

	map_at(&p, BASE, 2, RW, ANON);		    /* one page written, one read */
	map_at(&p, BASE + P(8), 1, RW, ANON);	    /* only read */
	map_at(&p, BASE + P(16), 1, RW, MAP_SHARED | MAP_ANONYMOUS);
	map_file(f, BASE + P(24), 1, RW, MAP_PRIVATE); /* never written */
	map_file(f, BASE + P(32), 2, RW, MAP_PRIVATE); /* one page written */
	map_at(&p, BASE + P(40), 1, RW, ANON);	    /* not for children */
	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++)
		touch(&p, p.t, BASE + P(cases[n].page), 0);
	touch(&p, p.t, BASE, FAULT_WRITE);
	touch(&p, p.t, BASE + P(16), FAULT_WRITE);
	touch(&p, p.t, BASE + P(32), FAULT_WRITE);
	touch(&p, p.t, BASE + P(40), FAULT_WRITE);
	ck_assert_int_eq(sys_madvise(p.m, p.t, BASE + P(40), P(1), MADV_DONTFORK), 0);
	child = fork_of(p.t);
	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
		vaddr_t va = BASE + P(cases[n].page);

		pte_lookup(p.m, child->mm, va, &i);
		ck_assert_msg(!i.none == cases[n].copied, "page %u", cases[n].page);
		ck_assert(i.none || (!i.young && !i.write));
	}
	ck_assert_ptr_null(vma_lookup(child->mm, BASE + P(40)));
	/* an entry of [vvar], no table entry of [vdso] */
	ck_assert(pte_lookup(p.m, child->mm, p.t->mm->vdso - P(3), &i) && i.special);
	assert_audit(p.m);
	task_exit(p.m, child);
	close_file(f);
}
END_TEST

/* Who is left alone with a page has it: no copy, but a fault. */
START_TEST(the_last_one_keeps_the_page)
{
	struct task_struct *a, *b;
	pfn_t page;

	map_at(&p, BASE, 1, RW, ANON);
	page = touch(&p, p.t, BASE, FAULT_WRITE).pfn;
	a = fork_of(p.t);
	b = fork_of(a);
	ck_assert_int_eq(pfn_to_page(p.m, page)->mapcount, 3);
	task_exit(p.m, a);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE, P(1)), 0);
	ck_assert_int_eq(pfn_to_page(p.m, page)->mapcount, 1);
	ck_assert_uint_eq(touch_counts(b, BASE, FAULT_WRITE, FAULT_WP_REUSE, (struct counters){.min = 1}).pfn, page);
	ck_assert_uint_eq(pfn_to_page(p.m, page)->owner & PAGE_MAPPING_ID, vma_lookup(b->mm, BASE)->anon_vma->id);
	assert_audit(p.m);
}
END_TEST

/* address-space.md 12 */
START_TEST(stack_growth)
{
	const struct vm_area_struct *v = vma_lookup(p.t->mm, 0xBFFFF000);

	p.t->sp = 0xBFFDF100;
	ck_assert(touch(&p, p.t, 0xBFFDEFFC, FAULT_WRITE).stack_grew);
	ck_assert_uint_eq(v->vm_start, 0xBFFDE000);
	refused(p.t, 0xBFFCF07F, FAULT_WRITE, SIGSEGV_NR, SEGV_MAPERR, 6);
	ck_assert(touch(&p, p.t, 0xBFFCF080, 0).stack_grew);
	ck_assert_uint_eq(v->vm_start, 0xBFFCF000);
	/* the limit counts the whole of it */
	p.t->sp = 0xBF7FF800;
	refused(p.t, 0xBF7FF000, 0, SIGSEGV_NR, SEGV_MAPERR, 4);
	touch(&p, p.t, 0xBF800000, FAULT_WRITE);
	ck_assert_uint_eq(v->vm_start, 0xBF800000);
	ck_assert_uint_eq(p.t->mm->stack_vm, 0x800);
}
END_TEST

START_TEST(guard_gap)
{
	const struct vm_area_struct *v = vma_lookup(p.t->mm, 0xBFFFF000);

	p.t->sp = 0xBFE00000;
	map_at(&p, 0xBFDFF000, 1, PROT_READ, ANON);
	refused(p.t, 0xBFEFF000, FAULT_WRITE, SIGSEGV_NR, SEGV_MAPERR, 6);
	touch(&p, p.t, 0xBFF00000, FAULT_WRITE);
	ck_assert_uint_eq(v->vm_start, 0xBFF00000);
	/* a neighbour that cannot be accessed keeps no distance */
	ck_assert_int_eq(sys_mprotect(p.m, p.t, 0xBFDFF000, P(1), PROT_NONE), 0);
	touch(&p, p.t, 0xBFE00000, FAULT_WRITE);
	ck_assert_uint_eq(v->vm_start, 0xBFE00000);
}
END_TEST

/* A page stays through a time without any access, with its number kept as the tables want it. */
START_TEST(no_access_for_a_while)
{
	static const char *const lines[] = {"mem=64M", "arch=ia32-pae mem=64M", "arch=amd64 mem=96M"};
	struct fault_report r;
	struct program q;
	struct pte_info i;
	pfn_t page;

	program_start(&q, lines[_i]);
	map_at(&q, BASE, 1, RW, ANON);
	page = touch(&q, q.t, BASE, FAULT_WRITE).pfn;
	ck_assert_int_eq(sys_mprotect(q.m, q.t, BASE, P(1), PROT_NONE), 0);
	ck_assert_int_eq(task_touch(q.m, q.t, BASE, 0, &r), -EFAULT);
	ck_assert_uint_eq(r.error_code, 4);
	ck_assert_int_eq(r.code, SEGV_ACCERR);
	ck_assert(pte_lookup(q.m, q.t->mm, BASE, &i) && i.present && i.dirty);
	ck_assert_uint_eq(i.pfn, page);
	if (q.m->arch->pgtable->entry_bytes == 8)
		ck_assert_uint_eq(i.pte & q.m->arch->pgtable->addr_mask,
				  ~PFN_PHYS(page) & q.m->arch->pgtable->addr_mask);
	ck_assert_uint_eq(pagemap_entry(q.m, q.t, BASE), 0x8100000000000000 | page);
	assert_audit(q.m);
	ck_assert_int_eq(sys_mprotect(q.m, q.t, BASE, P(1), RW), 0);
	ck_assert_uint_eq(touch(&q, q.t, BASE, FAULT_WRITE).pfn, page);
	program_end(&q);
}
END_TEST

/* A shared page that was written to need not be asked for again once it may be written again. */
START_TEST(a_dirty_page_becomes_writable)
{
	struct file *f = open_file(&fs_disk, P(4), FMODE_READ | FMODE_WRITE);

	map_file(f, BASE, 2, RW, MAP_SHARED);
	touch(&p, p.t, BASE, FAULT_WRITE);
	touch(&p, p.t, BASE + P(1), 0);
	ck_assert_int_eq(sys_mprotect(p.m, p.t, BASE, P(2), PROT_READ), 0);
	refused(p.t, BASE, FAULT_WRITE, SIGSEGV_NR, SEGV_ACCERR, 7);
	ck_assert_int_eq(sys_mprotect(p.m, p.t, BASE, P(2), RW), 0);
	touch_counts(p.t, BASE, FAULT_WRITE, FAULT_NONE, (struct counters){0});
	touch_counts(p.t, BASE + P(1), FAULT_WRITE, FAULT_WP_SHARED, (struct counters){.min = 1});
	close_file(f);
}
END_TEST

START_TEST(the_kernels_addresses)
{
	static const vaddr_t user_end[] = {0xC0000000, 0x80000000, 0xC0000000, 0x7ffffffff000};
	static const char *const lines[] = {"mem=64M", "mem=64M split=2G", "arch=ia32-pae mem=64M",
					    "arch=amd64 mem=96M"};
	struct program q;
	struct fault_report r;

	program_start(&q, lines[_i]);
	for (unsigned flags = 0; flags <= FAULT_EXEC; flags++) {
		static const unsigned error[] = {5, 7, 21};

		ck_assert_int_eq(task_touch(q.m, q.t, user_end[_i], flags, &r), -EFAULT);
		ck_assert_uint_eq(r.error_code, error[flags]);
		ck_assert_int_eq(r.code, SEGV_MAPERR);
		ck_assert_int_eq(task_touch(q.m, q.t, ~0ull, flags, &r), -EFAULT);
		ck_assert_int_eq(task_touch(q.m, q.t, user_end[_i] - 1, 0, &r), 0);
	}
	program_end(&q);
}
END_TEST

/* The kernel log tells of programs that access what they may not; the kernel's own tries are not told. */
START_TEST(segfaults_are_logged)
{
	struct fault_report r;
	size_t len;

	ck_assert_int_eq(kmsg_attach(p.m), 0);
	strbuf_reset(&p.m->kmsg);
	p.t->sp = 0xBFFFF000;
	refused(p.t, 0x30000000, FAULT_WRITE, SIGSEGV_NR, SEGV_MAPERR, 6);
	ck_assert_ptr_nonnull(strstr(p.m->kmsg.s, "] demo[1]: segfault at 30000000 ip b7fdb000 sp bffff000 error 6"
						  " in ld.so[b7fdb000+23000]\n"));
	len = p.m->kmsg.len;
	ck_assert_int_eq(task_touch(p.m, p.t, 0x30000000, FAULT_KERNEL, &r), -EFAULT);
	touch(&p, p.t, 0x08048000, 0);
	ck_assert_uint_eq(p.m->kmsg.len, len);
	for (unsigned i = 0; i < 11; i++)
		refused(p.t, 0, 0, SIGSEGV_NR, SEGV_MAPERR, 4);
	ck_assert_ptr_nonnull(strstr(p.m->kmsg.s, "segfault at 0 ip"));
	len = p.m->kmsg.len;
	refused(p.t, 0, 0, SIGSEGV_NR, SEGV_MAPERR, 4);
	ck_assert_uint_eq(p.m->kmsg.len, len);
	p.m->jiffies += 6 * HZ;
	refused(p.t, 0, 0, SIGSEGV_NR, SEGV_MAPERR, 4);
	ck_assert_ptr_nonnull(strstr(p.m->kmsg.s, "show_signal_msg: 3 callbacks suppressed\n"));
}
END_TEST

/* faults.md 9 */
START_TEST(locking_brings_pages_in)
{
	struct file *f = open_file(&fs_shmem, P(2), FMODE_READ | FMODE_WRITE);
	struct counters was, is;

	map_at(&p, BASE, 3, RW, ANON);
	map_at(&p, BASE + P(3), 2, PROT_READ, ANON);
	map_file(f, BASE + P(5), 2, RW, MAP_SHARED);
	touch(&p, p.t, BASE + P(1), FAULT_WRITE);
	was = counters(p.t);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE, P(7)), 0);
	is = counters(p.t);
	/* two new, two zero pages, two of the file */
	ck_assert_uint_eq(is.min, was.min + 6);
	ck_assert_int_eq(is.anon, was.anon + 2);
	ck_assert_int_eq(is.file, was.file + 2);
	ck_assert_uint_eq(p.t->mm->locked_vm, 7);
	for (unsigned i = 0; i < 7; i++) {
		struct pte_info e;

		ck_assert(pte_lookup(p.m, p.t->mm, BASE + P(i), &e) && e.present);
		ck_assert_int_eq(e.write, i < 3 || i > 4);
	}
	close_file(f);
}
END_TEST

static void locked_pages(long want)
{
	ck_assert_int_eq(counted(NR_MLOCK), want);
	ck_assert_int_eq(counted(NR_UNEVICTABLE), want);
	assert_audit(p.m);
}

/* Pages of locked areas are counted as such and stay, until the last such area has let them go. */
START_TEST(locked_pages_are_counted)
{
	struct file *f = open_file(&fs_shmem, P(2), FMODE_READ | FMODE_WRITE);
	struct task_struct *child;
	pfn_t page;

	map_at(&p, BASE, 4, RW, ANON);
	map_file(f, BASE + P(8), 2, RW, MAP_SHARED);
	map_file(f, BASE + P(16), 2, RW, MAP_SHARED);
	page = touch(&p, p.t, BASE, FAULT_WRITE).pfn;
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE, P(2)), 0);
	locked_pages(2);
	ck_assert_uint_eq(pfn_to_page(p.m, page)->flags & (PG(mlocked) | PG(unevictable) | PG(active)),
			  PG(mlocked) | PG(unevictable));
	/* the audit knows */
	for (unsigned bit = 0; bit < 2; bit++) {
		struct mm_error e;

		pfn_to_page(p.m, page)->flags ^= bit ? PG(unevictable) : PG(mlocked);
		ck_assert_int_ne(mm_audit(p.m, &e), 0);
		pfn_to_page(p.m, page)->flags ^= bit ? PG(unevictable) : PG(mlocked);
	}
	/* the page that the parent leaves to its child is locked no more; its own new one is */
	child = fork_of(p.t);
	touch(&p, p.t, BASE, FAULT_WRITE);
	locked_pages(2);
	ck_assert_uint_eq(pfn_to_page(p.m, page)->flags & PG(mlocked), 0);
	task_exit(p.m, child);
	/* a file's pages, locked twice */
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE + P(8), P(2)), 0);
	locked_pages(4);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE + P(16), P(2)), 0);
	locked_pages(4);
	ck_assert_int_eq(sys_munlock(p.m, p.t, BASE + P(8), P(2)), 0);
	locked_pages(4);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE + P(16), P(2)), 0);
	locked_pages(2);
	/* locked on fault: what is there is locked now, the rest when it comes */
	ck_assert_int_eq(sys_munlock(p.m, p.t, BASE, P(4)), 0);
	locked_pages(0);
	ck_assert_int_eq(sys_mlockall(p.m, p.t, MCL_FUTURE | MCL_ONFAULT), 0);
	map_at(&p, BASE + P(32), 4, RW, ANON);
	locked_pages(0);
	touch(&p, p.t, BASE + P(33), FAULT_WRITE);
	locked_pages(1);
	compact_nodes(p.m);
	locked_pages(1);
	ck_assert_int_eq(sys_munlockall(p.m, p.t), 0);
	locked_pages(0);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE, P(4)), 0);
	locked_pages(4);
	close_file(f);
	locked_pages(0);
}
END_TEST

/* Locking all takes what is there, but for what may not be accessed. */
START_TEST(inaccessible_is_not_taken)
{
	map_at(&p, BASE, 2, RW, ANON);
	touch(&p, p.t, BASE, FAULT_WRITE);
	touch(&p, p.t, BASE + P(1), FAULT_WRITE);
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE + P(2), p.t->mm->task_size - BASE - P(2)), 0);
	ck_assert_int_eq(sys_munmap(p.m, p.t, P(16), BASE - P(16)), 0);
	ck_assert_int_eq(sys_mprotect(p.m, p.t, BASE, P(1), 0), 0);
	ck_assert_int_eq(sys_mlockall(p.m, p.t, MCL_CURRENT | MCL_ONFAULT), 0);
	locked_pages(1);
	ck_assert_uint_eq(p.t->mm->locked_vm, 2);
}
END_TEST

/* What the kernel brings in by itself, or finds there, is referenced; its entry stays as it is. */
START_TEST(brought_in_is_in_use)
{
	struct file *f = open_file(&fs_disk, P(1), FMODE_READ);
	struct task_struct *child;
	struct pte_info e;
	struct page *page;

	map_file(f, BASE + P(8), 1, PROT_READ, MAP_PRIVATE | MAP_POPULATE);
	ck_assert(pte_lookup(p.m, p.t->mm, BASE + P(8), &e) && e.present);
	page = pfn_to_page(p.m, e.pfn);
	ck_assert_uint_eq(page->flags & (PG(referenced) | PG(active)), PG(referenced));
	/* the processor marked the entry: the second time */
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE + P(8), P(1)), 0);
	ck_assert_uint_eq(page->flags & (PG(referenced) | PG(active)), PG(active));

	map_at(&p, BASE, 1, PROT_READ | PROT_WRITE, ANON);
	page = pfn_to_page(p.m, touch(&p, p.t, BASE, FAULT_WRITE).pfn);
	ck_assert_uint_eq(page->flags & (PG(referenced) | PG(active)), PG(active));
	child = fork_of(p.t);
	ck_assert_int_eq(sys_mprotect(p.m, child, BASE, P(1), PROT_READ), 0);
	ck_assert_int_eq(sys_mlock(p.m, child, BASE, P(1)), 0);
	ck_assert(pte_lookup(p.m, child->mm, BASE, &e) && e.present && !e.young);
	ck_assert_uint_eq(page->flags & PG(referenced), PG(referenced));
	task_exit(p.m, child);
	close_file(f);
	assert_audit(p.m);
}
END_TEST

/* The first page that cannot come in ends mlock; all is locked by then. mmap and mlockall go on. */
START_TEST(locking_what_cannot_be_brought_in)
{
	struct file *f = open_file(&fs_shmem, P(1), FMODE_READ | FMODE_WRITE);
	struct pte_info e;

	map_at(&p, BASE, 1, RW, ANON);
	map_at(&p, BASE + P(1), 1, 0, ANON);
	map_at(&p, BASE + P(2), 1, RW, ANON);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE, P(3)), -ENOMEM);
	ck_assert_uint_eq(p.t->mm->locked_vm, 3);
	ck_assert(pte_lookup(p.m, p.t->mm, BASE, &e) && e.present);
	ck_assert(!pte_lookup(p.m, p.t->mm, BASE + P(2), &e) || e.none);
	ck_assert_int_eq(sys_mlockall(p.m, p.t, MCL_CURRENT), 0);
	ck_assert(pte_lookup(p.m, p.t->mm, BASE + P(2), &e) && e.present);
	/* behind the end of the file */
	map_file(f, BASE + P(8), 2, RW, MAP_SHARED);
	ck_assert_int_eq(sys_mlock(p.m, p.t, BASE + P(8), P(2)), -ENOMEM);
	ck_assert_int_eq(sys_munlockall(p.m, p.t), 0);
	close_file(f);
}
END_TEST

/* Free pages of each zone, pages counted as what processes have, objects of their caches. */
static void what_is_there(struct machine *m, struct strbuf *b)
{
	static const enum zone_stat_item items[] = {NR_PAGETABLE, NR_KERNEL_STACK, NR_ANON_PAGES, NR_FILE_MAPPED,
						    NR_FILE_PAGES};
	static const char *const caches[] = {"vm_area_struct", "mm_struct", "anon_vma", "anon_vma_chain",
					     "task_struct", "kmalloc-32"};

	drain_all_pages(m);
	for_each_populated_zone(m, z)
		strbuf_addf(b, "%s %ld\n", z->name, free_pages(m, z));
	for (unsigned i = 0; i < ARRAY_SIZE(items); i++) {
		long n = 0;

		for_each_populated_zone(m, z)
			n += zone_page_state_exact(m, z, items[i]);
		strbuf_addf(b, "item %u: %ld\n", i, n);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(caches); i++) {
		struct kmem_cache *s = kmem_cache_find(m, caches[i]);
		struct slabinfo info = {0};

		if (s)
			get_slabinfo(m, s, &info);
		strbuf_addf(b, "%s %lu\n", caches[i], info.active_objs);
	}
}

/* Children with pages, tables and a stack of their own come and go. */
START_TEST(nothing_is_left)
{
	static const char *const lines[] = {"mem=64M slab=slub", "arch=ia32-pae mem=64M slab=slub",
					    "arch=amd64 mem=96M slab=slub", "mem=1G highpte=on slab=slob",
					    "mem=64M slab=slab"};
	struct task_struct *child, *grandchild;
	struct strbuf text[2] = {STRBUF_INIT, STRBUF_INIT};
	struct program q;

	program_start(&q, lines[_i]);
	/* the first ones fill caches that stay */
	for (unsigned round = 0; round < 3; round++) {
		ck_assert_int_eq(task_fork(q.m, q.t, &child), 0);
		for (unsigned n = 0; n < 16; n++) {
			int64_t at = sys_mmap(q.m, child, 0, P(40), RW, ANON | MAP_POPULATE, NULL, 0);

			ck_assert_int_gt(at, 0);
			if (n % 2)
				ck_assert_int_eq(sys_mprotect(q.m, child, (vaddr_t)at, P(7), PROT_NONE), 0);
		}
		ck_assert_int_eq(sys_munmap(q.m, child, q.t->mm->mmap_base - P(300), P(20)), 0);
		ck_assert_int_eq(task_fork(q.m, child, &grandchild), 0);
		touch(&q, grandchild, q.t->mm->start_stack, FAULT_WRITE);
		assert_audit(q.m);
		task_exit(q.m, child);
		task_exit(q.m, grandchild);
		if (round)
			what_is_there(q.m, &text[round - 1]);
	}
	ck_assert_str_eq(strbuf_str(&text[1]), strbuf_str(&text[0]));
	strbuf_free(&text[0]);
	strbuf_free(&text[1]);
	program_end(&q);
}
END_TEST

Suite *fault_suite(void)
{
	Suite *s = suite_create("fault");
	TCase *tc = tcase_create("fault"), *own = tcase_create("machines");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, counter_summary);
	tcase_add_test(tc, private_write_before_and_after_the_cache);
	tcase_add_loop_test(tc, shared_file_of_two_tasks, 0, 2);
	tcase_add_test(tc, behind_the_end);
	tcase_add_test(tc, what_fork_copies);
	tcase_add_test(tc, the_last_one_keeps_the_page);
	tcase_add_test(tc, stack_growth);
	tcase_add_test(tc, guard_gap);
	tcase_add_test(tc, a_dirty_page_becomes_writable);
	tcase_add_test(tc, segfaults_are_logged);
	tcase_add_test(tc, locking_brings_pages_in);
	tcase_add_test(tc, locked_pages_are_counted);
	tcase_add_test(tc, brought_in_is_in_use);
	tcase_add_test(tc, inaccessible_is_not_taken);
	tcase_add_test(tc, locking_what_cannot_be_brought_in);
	suite_add_tcase(s, tc);
	tcase_add_loop_test(own, no_access_for_a_while, 0, 3);
	tcase_add_loop_test(own, the_kernels_addresses, 0, 4);
	tcase_add_loop_test(own, nothing_is_left, 0, 5);
	suite_add_tcase(s, own);
	return s;
}
