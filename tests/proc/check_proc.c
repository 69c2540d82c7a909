/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names: long, short, with dots; directories; what cannot be read or written. */
#include "suites.h"
#include "mm/fixture.h"
#include "proc/capture.h"

#include <errno.h>
#include <mmsh/task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(rows_are_sorted_and_complete)
{
	for (const struct proc_file *f = proc_files; f->path; f++) {
		ck_assert(f->show || f->write || f->read);
		if (f[1].path)
			ck_assert_int_lt(strcmp(f->path, f[1].path), 0);
		if (!strchr(f->path, '#'))
			ck_assert_ptr_eq(proc_find(f->path), f);
	}
}
END_TEST

static const char *const names[][2] = {
	{"buddyinfo", "/proc/buddyinfo"},
	{"proc/buddyinfo", "/proc/buddyinfo"},
	{"//proc//buddyinfo", "/proc/buddyinfo"},
	{"vm.compact_memory", "/proc/sys/vm/compact_memory"},
	{"vm/compact_memory", "/proc/sys/vm/compact_memory"},
	{"sys/vm/compact_memory", "/proc/sys/vm/compact_memory"},
	{"compact_memory", "/proc/sys/vm/compact_memory"},
	{"/proc/sys/vm/page-cluster", "/proc/sys/vm/page-cluster"},
	{"extfrag_index", "/sys/kernel/debug/extfrag/extfrag_index"},
	{"extfrag/unusable_index", "/sys/kernel/debug/extfrag/unusable_index"},
	{"sys/kernel/debug/extfrag/extfrag_index", "/sys/kernel/debug/extfrag/extfrag_index"},
};

START_TEST(short_names)
{
	const struct proc_file *f = proc_find(names[_i][0]);

	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(f->path, names[_i][1]);
}
END_TEST

START_TEST(no_such_names)
{
	char longer[1000];

	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_null(proc_find(longer));
	longer[0] = '/';
	ck_assert_ptr_null(proc_find(longer));
	ck_assert_ptr_null(proc_find(""));
	ck_assert_ptr_null(proc_find("/"));
	ck_assert_ptr_null(proc_find("buddy"));
	ck_assert_ptr_null(proc_find("/buddyinfo"));
	ck_assert_ptr_null(proc_find("/proc"));
	ck_assert_ptr_null(proc_find("/proc/buddyinfo/x"));
}
END_TEST

START_TEST(errors)
{
	struct machine *m = boot_mib(64);
	struct strbuf out = STRBUF_INIT;

	ck_assert_int_eq(proc_read(m, "nothing", &out), -ENOENT);
	ck_assert_int_eq(proc_read(m, "/proc/sys", &out), -EISDIR);
	ck_assert_int_eq(proc_read(m, "vm", &out), -EISDIR);
	ck_assert_int_eq(proc_read(m, "compact_memory", &out), -EACCES);
	ck_assert_int_eq(proc_write(m, "buddyinfo", "1"), -EACCES);
	ck_assert_int_eq(proc_write(m, "vm.swappiness", "1"), -EACCES);
	ck_assert_int_eq(proc_write(m, "nothing", "1"), -ENOENT);
	ck_assert_int_eq(proc_write(m, "/sys", "1"), -EISDIR);
	ck_assert_uint_eq(out.len, 0);
	machine_free(m);
}
END_TEST

static void assert_entries(const struct machine *m, const char *path, const char *want)
{
	struct strbuf out = STRBUF_INIT;

	ck_assert_int_eq(proc_list(m, path, &out), 0);
	ck_assert_str_eq(strbuf_str(&out), want);
	strbuf_free(&out);
}

START_TEST(lists)
{
	struct machine *m = boot_mib(64);
	struct strbuf out = STRBUF_INIT;

	assert_entries(m, "/", "proc/\nsys/\n");
	assert_entries(m, "", "proc/\nsys/\n");
	assert_entries(m, "/sys/kernel", "debug/\n");
	assert_entries(m, "/sys/kernel/debug/extfrag/", "extfrag_index\nunusable_index\n");
	assert_entries(m, "extfrag", "extfrag_index\nunusable_index\n");
	assert_entries(m, "/proc/sys", "kernel/\nvm/\n");
	ck_assert_int_eq(proc_list(m, "/proc", &out), 0);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&out), "pagetypeinfo\nsys/\nversion\n"));
	ck_assert_int_eq(proc_list(m, "buddyinfo", &out), -ENOTDIR);
	ck_assert_int_eq(proc_list(m, "/proc/nothing", &out), -ENOENT);
	strbuf_free(&out);
	machine_free(m);
}
END_TEST

static const char *const machines[] = {
	"mem=64M",
	"arch=ia32-pae mem=64M numa=fake=1",
	"arch=amd64 mem=64M",
	"arch=amd64 mem=256M numa=fake=2 cpus=2 slab=slab",
};

START_TEST(self_is_the_current_task)
{
	struct machine *m = boot_mib(64);
	struct strbuf out = STRBUF_INIT;
	struct task_struct *child;

	/* whom a path is about does not depend on who is there */
	ck_assert(proc_of_task("/proc/self/maps") && proc_of_task("self") && proc_of_task("7/maps"));
	ck_assert(proc_of_task("/proc") && proc_of_task("/proc//1/") && !proc_of_task("/proc/selfish"));
	ck_assert(!proc_of_task("/") && !proc_of_task("") && !proc_of_task("buddyinfo"));
	ck_assert_int_eq(proc_read(m, "/proc/self/comm", &out), -ENOENT);
	ck_assert_int_eq(task_init(m), 0);
	ck_assert_int_eq(task_fork(m, m->mm->current, &child), 0);
	snprintf(child->comm, sizeof(child->comm), "child");
	ck_assert_int_eq(proc_read(m, "/proc/self/comm", &out), 0);
	m->mm->current = child;
	ck_assert_int_eq(proc_read(m, "self/comm", &out), 0);
	ck_assert_str_eq(strbuf_str(&out), "init\nchild\n");
	ck_assert_int_eq(proc_read(m, "/proc/self", &out), -EISDIR);
	ck_assert_ptr_eq(proc_find("/proc/self/maps"), proc_find("/proc/2/maps"));
	strbuf_free(&out);
	machine_free(m);
}
END_TEST

START_TEST(every_file_can_be_read)
{
	struct machine *m = boot_line(machines[_i]);
	struct strbuf out = STRBUF_INIT;
	struct proc_iter it = {0};

	ck_assert_int_eq(task_init(m), 0);
	while (proc_next(m, &it)) {
		strbuf_reset(&out);
		ck_assert_int_eq(proc_read(m, it.path, &out),
				 it.file->show || it.file->read ? 0 : -EACCES);
		if (it.file->show && out.len && strcmp(it.path, "/proc/1/cmdline"))
			ck_assert_int_eq(out.s[out.len - 1], '\n');
		ck_assert_ptr_eq(proc_find(it.path), it.file);
	}
	strbuf_free(&out);
	machine_free(m);
}
END_TEST

Suite *proc_suite(void)
{
	Suite *s = suite_create("proc");
	TCase *t = tcase_create("names");

	tcase_add_test(t, rows_are_sorted_and_complete);
	tcase_add_loop_test(t, short_names, 0, (int)ARRAY_SIZE(names));
	tcase_add_test(t, no_such_names);
	tcase_add_test(t, errors);
	tcase_add_test(t, lists);
	tcase_add_test(t, self_is_the_current_task);
	tcase_add_loop_test(t, every_file_can_be_read, 0, (int)ARRAY_SIZE(machines));
	suite_add_tcase(s, t);
	return s;
}
