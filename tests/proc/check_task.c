/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files below /proc/PID (proc-maps.md). */
#include "mm/program.h"
#include <errno.h>
#include <mmsh/proc.h>
#include <stdio.h>
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

static void assert_text_of(struct program *q, struct task_struct *t, const char *file, const char *want)
{
	char *got = task_text(q, t, file);

	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(maps)
{
	assert_text_of(&p, p.t, "maps",
		    "08048000-08049000 r-xp 00000000 08:01 131203     /bin/demo\n"
		    "08049000-0804a000 rw-p 00000000 08:01 131203     /bin/demo\n"
		    "0804a000-0804b000 rw-p 00000000 00:00 0          [heap]\n"
		    "b7fd7000-b7fda000 r--p 00000000 00:00 0          [vvar]\n"
		    "b7fda000-b7fdb000 r-xp 00000000 00:00 0          [vdso]\n"
		    "b7fdb000-b7ffe000 r-xp 00000000 08:01 131204     /lib/ld.so\n"
		    "b7ffe000-b8000000 rw-p 00022000 08:01 131204     /lib/ld.so\n"
		    "bffdf000-c0000000 rw-p 00000000 00:00 0          [stack]\n");
}
END_TEST

/* Behind the areas of a 64-bit program stands one that is the kernel's. */
START_TEST(vsyscall)
{
	static const char row[] =
		"ffffffffff600000-ffffffffff601000 r-xp 00000000 00:00 0                  [vsyscall]\n";
	static const char *const files[] = {"maps", "smaps"};
	struct program q;

	program_start(&q, "arch=amd64 mem=96M");
	for (unsigned ia32 = 0; ia32 < 2; ia32++) {
		q.image.ia32 = ia32;
		ck_assert_int_eq(task_exec(q.m, q.t, &q.params), 0);
		for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
			char *text = task_text(&q, q.t, files[i]), *at = strstr(text, row);

			ck_assert_int_eq(!!at, !ia32);
			if (at && i)
				ck_assert_ptr_nonnull(strstr(at, "\nVmFlags: rd ex \n"));
			else if (at)
				ck_assert_str_eq(at, row);
			free(text);
		}
	}
	program_end(&q);
}
END_TEST

static void assert_line(const char *file, const char *line)
{
	char *got = task_text(&p, p.t, file);

	ck_assert_msg(strstr(got, line) != NULL, "no line %s in\n%s", line, got);
	free(got);
}

START_TEST(status)
{
	assert_line("status", "Name:\tdemo\n");
	assert_line("status", "VmSize:\t     308 kB\n");
	assert_line("status", "VmData:\t      20 kB\n");
	assert_line("status", "VmStk:\t     132 kB\n");
	assert_line("status", "VmExe:\t       4 kB\n");
	assert_line("status", "VmLib:\t     140 kB\n");
	assert_line("status", "VmPMD:\t       0 kB\n");
	assert_line("status", "Cpus_allowed_list:\t0\n");
	assert_line("statm", "77 ");
	assert_line("statm", " 1 0 38 0\n");
	assert_line("limits", "Max stack size            8388608              unlimited            bytes     \n");
	assert_line("limits", "Max nice priority         0                    0                    \n");
	assert_line("oom_score", "0\n");
}
END_TEST

/* Two pages, one mapped once, one three times: 5 kB. */
START_TEST(smaps)
{
	struct task_struct *c;
	char *text;

	map_at(&p, BASE, 4, RW, ANON);
	touch(&p, p.t, BASE, FAULT_WRITE);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(task_fork(p.m, p.t, &c), 0);
	touch(&p, p.t, BASE + P(1), FAULT_WRITE);
	touch(&p, p.t, BASE + P(2), 0);
	text = task_text(&p, p.t, "smaps");
	ck_assert_ptr_nonnull(strstr(text, "40000000-40004000 rw-p 00000000 00:00 0 \n"
					   "Size:                 16 kB\n"
					   "Rss:                   8 kB\n"
					   "Pss:                   5 kB\n"
					   "Shared_Clean:          0 kB\n"
					   "Shared_Dirty:          4 kB\n"
					   "Private_Clean:         0 kB\n"
					   "Private_Dirty:         4 kB\n"
					   "Referenced:            8 kB\n"
					   "Anonymous:             8 kB\n"
					   "AnonHugePages:         0 kB\n"
					   "Shared_Hugetlb:        0 kB\n"
					   "Private_Hugetlb:       0 kB\n"
					   "Swap:                  0 kB\n"
					   "SwapPss:               0 kB\n"
					   "KernelPageSize:        4 kB\n"
					   "MMUPageSize:           4 kB\n"
					   "Locked:                0 kB\n"
					   "VmFlags: rd wr mr mw me ac \n"));
	free(text);
}
END_TEST

START_TEST(pagemap)
{
	struct task_struct *c;
	struct fault_report r;
	uint64_t word;

	map_at(&p, BASE, 4, RW, ANON);
	r = touch(&p, p.t, BASE, FAULT_WRITE);
	touch(&p, p.t, BASE + P(1), 0);
	ck_assert_uint_eq(pagemap_entry(p.m, p.t, BASE), 0x8100000000000000 | r.pfn);
	ck_assert_uint_eq(pagemap_entry(p.m, p.t, BASE + P(1)), 0x8000000000000000 | p.m->mm->zero_pfn);
	ck_assert_uint_eq(pagemap_entry(p.m, p.t, BASE + P(2)), 0);
	ck_assert_uint_eq(pagemap_entry(p.m, p.t, 0xB7FD7000), 0);
	ck_assert_int_eq(task_fork(p.m, p.t, &c), 0);
	ck_assert_uint_eq(pagemap_entry(p.m, c, BASE), 0x8000000000000000 | r.pfn);
	r = touch(&p, p.t, 0x08048000, 0);
	ck_assert_uint_eq(pagemap_entry(p.m, p.t, 0x08048000), 0xA100000000000000 | r.pfn);
	ck_assert_uint_eq(task_file_find("pagemap")->read(p.m, p.t, (0x08048000 >> 12) * 8, &word, 8), 8);
	ck_assert_uint_eq(word, 0xA100000000000000 | r.pfn);
}
END_TEST

/* proc-maps.md 6 */
START_TEST(numa_maps)
{
	static const char want[] = "08048000 default file=/bin/a\\040b\\075\\012 mapped=1 active=0 N0=1 kernelpagesize_kB=4\n"
				   "08049000 default file=/bin/a\\040b\\075\\012 anon=1 dirty=1 N0=1 kernelpagesize_kB=4\n"
				   "0804a000 default heap\n"
				   "40000000 default anon=2 dirty=2 mapmax=2 N0=2 kernelpagesize_kB=4\n"
				   "b7ffc000 default\n"
				   "b7fff000 default\n"
				   "bffdf000 default stack anon=1 dirty=1 N0=1 kernelpagesize_kB=4\n";
	struct task_struct *child;
	struct strbuf b = STRBUF_INIT;
	struct program q;

	ck_assert_int_eq(proc_read(p.m, "/proc/1/numa_maps", &b), -ENOENT);
	program_start(&q, "arch=ia32-pae mem=256M numa=fake=2");
	q.file->name = "/bin/a b=\n";
	q.params.interp = NULL;
	ck_assert_int_eq(task_exec(q.m, q.t, &q.params), 0);
	map_at(&q, BASE, 4, RW, ANON);
	touch(&q, q.t, BASE, FAULT_WRITE);
	ck_assert_int_eq(task_fork(q.m, q.t, &child), 0);
	touch(&q, q.t, BASE + P(1), FAULT_WRITE);
	touch(&q, q.t, BASE + P(2), 0);
	task_exit(q.m, child);
	ck_assert_int_eq(task_fork(q.m, q.t, &child), 0);
	touch(&q, child, BASE + P(1), FAULT_WRITE);
	touch(&q, child, 0x08049F08, FAULT_WRITE);
	touch(&q, child, 0xBFFFFFFC, FAULT_WRITE);
	touch(&q, q.t, 0x08048000, 0);
	touch(&q, q.t, q.t->mm->vdso, 0);
	ck_assert_int_eq(proc_read(q.m, "/proc/1/numa_maps", &b), 0);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
	program_end(&q);
}
END_TEST

/* proc-maps.md 2: what writing to clear_refs makes smaps and status forget. */
START_TEST(clear_refs)
{
	static const struct {
		const char *text;
		bool anon, file;
	} cases[] = {{"2", true, false}, {"3", false, true}, {"4", false, false}, {"1", true, true}};
	struct mem_size_stats anon, file;

	map_at(&p, BASE, 2, RW, ANON);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		touch(&p, p.t, BASE, FAULT_WRITE);
		touch(&p, p.t, 0x08048000, 0);
		ck_assert_int_eq(proc_write(p.m, "/proc/1/clear_refs", cases[i].text), 0);
		smap_gather(p.m, vma_lookup(p.t->mm, BASE), &anon);
		smap_gather(p.m, vma_lookup(p.t->mm, 0x08048000), &file);
		ck_assert_uint_eq(anon.referenced, cases[i].anon ? 0 : PAGE_SIZE);
		ck_assert_uint_eq(file.referenced, cases[i].file ? 0 : PAGE_SIZE);
		ck_assert_uint_eq(anon.private_dirty, PAGE_SIZE);
	}
	ck_assert_int_eq(sys_munmap(p.m, p.t, BASE, P(2)), 0);
	ck_assert_uint_gt(p.t->mm->hiwater_rss, get_mm_rss(p.t->mm));
	ck_assert_int_eq(proc_write(p.m, "/proc/1/clear_refs", "5"), 0);
	ck_assert_uint_eq(p.t->mm->hiwater_rss, get_mm_rss(p.t->mm));
	for (const char *const *bad = (const char *const[]){"0", "6", "", "x", "1x", NULL}; *bad; bad++)
		ck_assert_int_eq(proc_write(p.m, "/proc/1/clear_refs", *bad), -EINVAL);
}
END_TEST

/* Thousandths of memory: pages and tables, 3 % less for root, the adjustment; init has none. */
START_TEST(oom_score)
{
	static const char *const lines[] = {"mem=64M", "arch=ia32-pae mem=64M", "arch=amd64 mem=96M"};
	static const struct {
		int adj;
		bool capable;
	} cases[] = {{0, true}, {0, false}, {100, false}, {1000, true}, {-1000, false}, {-999, false}};
	struct task_struct *t;
	struct program q;
	char want[24];

	program_start(&q, lines[_i]);
	ck_assert_int_eq(task_fork(q.m, q.t, &t), 0);
	ck_assert_int_eq(sys_mmap(q.m, t, BASE, P(2000), RW, ANON | MAP_FIXED | MAP_POPULATE, NULL, 0), BASE);
	touch(&q, t, t->mm->brk - 1, FAULT_WRITE);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		long total = (long)q.m->totalram_pages, n = (long)(get_mm_rss(t->mm) + t->mm->nr_ptes + t->mm->nr_pmds);

		t->oom_score_adj = cases[i].adj;
		t->uid = cases[i].capable ? 0 : 1000;
		if (cases[i].capable)
			n -= n * 3 / 100;
		n = max_of(n + cases[i].adj * (total / 1000), 1l);
		snprintf(want, sizeof(want), "%ld\n", cases[i].adj == -1000 ? 0 : n * 1000 / total);
		assert_text_of(&q, t, "oom_score", want);
	}
	q.t->oom_score_adj = 1000;
	assert_text_of(&q, q.t, "oom_score", "0\n");
	program_end(&q);
}
END_TEST

START_TEST(through_proc)
{
	struct strbuf b = STRBUF_INIT;

	ck_assert_int_eq(proc_read(p.m, "/proc/1/comm", &b), 0);
	ck_assert_str_eq(strbuf_str(&b), "demo\n");
	ck_assert_int_ne(proc_read(p.m, "/proc/2/comm", &b), 0);
	ck_assert_int_eq(proc_write(p.m, "/proc/1/oom_score_adj", "500"), 0);
	ck_assert_int_eq(p.t->oom_score_adj, 500);
	ck_assert_int_ne(proc_write(p.m, "/proc/1/oom_score_adj", "5000"), 0);
	strbuf_reset(&b);
	ck_assert_int_eq(proc_read(p.m, "/proc/meminfo", &b), 0);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&b), "Committed_AS:"));
	ck_assert_ptr_null(strstr(strbuf_str(&b), "Committed_AS:          0 kB"));
	strbuf_free(&b);
}
END_TEST

/* proc-maps.md 10: the files agree with each other. */
START_TEST(cross_checks)
{
	struct mem_size_stats s;
	uint64_t rss = 0, size = 0;

	for (const struct vm_area_struct *v = p.t->mm->mmap; v; v = v->vm_next) {
		smap_gather(p.m, v, &s);
		rss += s.resident >> PAGE_SHIFT;
		size += vma_pages(v);
	}
	ck_assert_uint_eq(rss, get_mm_rss(p.t->mm));
	ck_assert_uint_eq(size, p.t->mm->total_vm);
}
END_TEST

Suite *task_suite(void)
{
	Suite *s = suite_create("task");
	TCase *tc = tcase_create("task");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, maps);
	tcase_add_test(tc, vsyscall);
	tcase_add_test(tc, status);
	tcase_add_test(tc, smaps);
	tcase_add_test(tc, pagemap);
	tcase_add_test(tc, numa_maps);
	tcase_add_test(tc, clear_refs);
	tcase_add_loop_test(tc, oom_score, 0, 3);
	tcase_add_test(tc, through_proc);
	tcase_add_test(tc, cross_checks);
	suite_add_tcase(s, tc);
	return s;
}
