/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files below /proc/PID (proc-maps.md). */
#include "mm/program.h"
#include <mmsh/proc.h>
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

static void assert_text(struct task_struct *t, const char *file, const char *want)
{
	char *got = task_text(&p, t, file);

	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(maps)
{
	assert_text(p.t, "maps",
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
	tcase_add_test(tc, through_proc);
	tcase_add_test(tc, cross_checks);
	suite_add_tcase(s, tc);
	return s;
}
