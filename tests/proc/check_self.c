/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a small static program, 32-bit everywhere, saw of itself on each recorded machine: the
 * files below /proc/PID that the model shows for the same program.
 */
#include "suites.h"
#include "proc/capture.h"

#include <elf.h>
#include <errno.h>
#include <mmsh/audit.h>
#include <mmsh/fault.h>
#include <mmsh/proc_task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELRO 0x0823a000u
#define RELRO_LEN 0x4000u
#define HEAP 0x22000u /* what it asked brk for */

struct self {
	struct machine *m;
	struct task_struct *t;
	struct elf_image image;
};

/* Its segments; the linker put the headers and what is not run on pages of their own. */
static const struct elf_phdr segments[] = {
	{PF_R, 0, 0x08048000, 0x128, 0x128},
	{PF_R | PF_X, 0x1000, 0x08049000, 0x183f01, 0x183f01},
	{PF_R, 0x185000, 0x081cd000, 0x6c123, 0x6c123},
	{PF_R | PF_W, 0x1f2f34, 0x0823af34, 0x4f1c, 0x8f1c},
};

static char *self_text(const struct self *s, const char *name)
{
	struct strbuf b = STRBUF_INIT;

	task_file_find(name)->show(s->m, s->t, &b);
	ck_assert(!b.failed && b.s);
	return b.s;
}

/* The number of the program's file differs from boot to boot. */
static uint64_t file_ino(const struct capture *c)
{
	char *text = capture_text(c, "self_maps.txt");
	unsigned long ino;

	ck_assert_int_eq(sscanf(text, "%*s %*s %*s %*s %lu", &ino), 1);
	free(text);
	return ino;
}

static void run(struct self *s)
{
	const struct exec_params params = {.comm = "init", .image = &s->image, .arg_bytes = 20,
					   .env_bytes = 100, .argc = 1, .envc = 3};

	ck_assert_int_eq(task_exec(s->m, s->t, &params), 0);
	ck_assert_int_eq(sys_mprotect(s->m, s->t, RELRO, RELRO_LEN, PROT_READ), 0);
	ck_assert_uint_eq(sys_brk(s->m, s->t, s->t->mm->brk + HEAP), s->t->mm->start_brk + HEAP);
}

static void self_start(struct self *s, const struct capture *c)
{
	*s = (struct self){.m = capture_boot(c)};
	s->image = (struct elf_image){.ia32 = true, .gnu_stack = true, .nr_load = ARRAY_SIZE(segments)};
	memcpy(s->image.load, segments, sizeof(segments));
	s->image.file = file_create(s->m, &fs_ram, "/bin/busybox", 0, 2, file_ino(c), 0x1f7e50);
	s->t = task_new(s->m, NULL, "init");
	ck_assert_ptr_nonnull(s->t);
	run(s);
}

static void self_end(struct self *s)
{
	struct mm_error e;

	ck_assert_msg(machine_audit(s->m, &e) == 0, "%s", e.text);
	machine_free(s->m);
}

/* Of numbers that depend on which pages it had touched, only where they end; of what else a line
   so named says, nothing. */
static void mask(char *text, const char *const names[])
{
	for (char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		for (const char *const *n = names; *n; n++) {
			size_t len = strcspn(line, "\n");
			bool size = len > 3 && !memcmp(line + len - 3, " kB", 3);

			if (strncmp(line, *n, strlen(*n)) != 0)
				continue;
			for (char *p = line + strlen(*n); size && *p != '\n'; p++)
				if (*p >= '0' && *p <= '9')
					*p = p[1] == ' ' ? '*' : ' ';
			if (!size)
				memmove(line + strlen(*n), line + len, strlen(line + len) + 1);
		}
}

static void assert_masked(char *got, char *want, const char *const names[], const char *what)
{
	mask(got, names);
	mask(want, names);
	assert_same_text(got, want, what);
	free(got);
	free(want);
}

START_TEST(maps)
{
	static const char *const none[] = {NULL};
	struct self s;

	self_start(&s, &captures[_i]);
	assert_masked(self_text(&s, "maps"), capture_text(&captures[_i], "self_maps.txt"), none, captures[_i].dir);
	self_end(&s);
}
END_TEST

START_TEST(smaps)
{
	static const char *const touched[] = {"Rss:", "Pss:", "Shared_Clean:", "Shared_Dirty:", "Private_Clean:",
					      "Private_Dirty:", "Referenced:", "Anonymous:", NULL};
	struct self s;

	self_start(&s, &captures[_i]);
	assert_masked(self_text(&s, "smaps"), capture_text(&captures[_i], "self_smaps.txt"), touched,
		      captures[_i].dir);
	self_end(&s);
}
END_TEST

START_TEST(statm)
{
	unsigned long got[7], want[7];
	struct self s;
	char *text;

	self_start(&s, &captures[_i]);
	for (int i = 0; i < 2; i++) {
		unsigned long *n = i ? want : got;

		text = i ? capture_text(&captures[_i], "self_statm.txt") : self_text(&s, "statm");
		ck_assert_int_eq(sscanf(text, "%lu %lu %lu %lu %lu %lu %lu", n, n + 1, n + 2, n + 3, n + 4, n + 5,
					n + 6),
				 7);
		ck_assert_uint_eq(strspn(text, "0123456789 "), strlen(text) - 1);
		free(text);
	}
	for (int i = 0; i < 7; i++)
		if (i != 1 && i != 2) /* resident, shared */
			ck_assert_uint_eq(got[i], want[i]);
	self_end(&s);
}
END_TEST

START_TEST(status)
{
	/* where there are more CPUs, it kept itself to the first */
	const char *const changes[] = {"VmHWM:", "VmRSS:", "SigIgn:", "SigCgt:", "SigQ:", "voluntary_ctxt_switches:",
				       "nonvoluntary_ctxt_switches:",
				       strstr(captures[_i].words, "cpus=") ? "Cpus_allowed" : NULL, NULL};
	static const vaddr_t used[] = {0x08049000, 0x08240000};
	struct fault_report r;
	struct self s;

	self_start(&s, &captures[_i]);
	for (unsigned i = 0; i < ARRAY_SIZE(used); i++)
		ck_assert_int_eq(task_touch(s.m, s.t, used[i], 0, &r), 0);
	ck_assert_int_eq(task_touch(s.m, s.t, s.t->mm->vdso, FAULT_EXEC, &r), 0);
	assert_masked(self_text(&s, "status"), capture_text(&captures[_i], "self_status.txt"), changes,
		      captures[_i].dir);
	self_end(&s);
}
END_TEST

/* The number of processes that may be follows from what was free while the kernel booted; the
   captures do not tell what the initial RAM disk took of it. */
START_TEST(signals_queued)
{
	char *text = capture_text(&captures[_i], "self_status.txt");
	unsigned long want, got;
	struct self s;

	ck_assert_int_eq(sscanf(strstr(text, "SigQ:"), "SigQ: 0/%lu", &want), 1);
	self_start(&s, &captures[_i]);
	got = (unsigned long)s.t->rlim[RLIMIT_SIGPENDING].cur;
	ck_assert_uint_ge(got, want);
	ck_assert_uint_le(got, want + 16);
	ck_assert_uint_eq(s.t->rlim[RLIMIT_NPROC].max, got);
	free(text);
	self_end(&s);
}
END_TEST

/* ---- randomised ---- */

/* What is random of a run: where [heap] begins, where [vdso] and [stack] end. */
struct places {
	uint64_t heap, vdso, stack;
};

/* Reads a maps up to its end or a line of dashes; the rest of it must be as it always is. */
static bool read_places(char **text, struct places *p)
{
	char *line, perms[8], name[32];
	unsigned rows = 0;

	*p = (struct places){0};
	while ((line = next_line(text)) && strncmp(line, "--", 2) != 0) {
		unsigned long long start, end;
		int n = sscanf(line, "%llx-%llx %7s %*s %*s %*s %31s", &start, &end, perms, name);

		ck_assert_int_ge(n, 3);
		rows++;
		if (n == 3) {
			ck_assert_str_eq(line, "08240000-08244000 rw-p 00000000 00:00 0 ");
		} else if (!strcmp(name, "[heap]")) {
			p->heap = start;
			ck_assert_uint_eq(end - start, HEAP);
		} else if (!strcmp(name, "[vvar]")) {
			p->vdso = end + PAGE_SIZE;
			ck_assert_uint_eq(end - start, 3 * PAGE_SIZE);
		} else if (!strcmp(name, "[vdso]")) {
			ck_assert_uint_eq(end, p->vdso);
		} else if (!strcmp(name, "[stack]")) {
			p->stack = end;
			ck_assert_uint_eq(end - start, 33 * PAGE_SIZE);
		}
	}
	ck_assert(!rows || rows == 10);
	return rows;
}

/* address-space.md 2, "Random bits summary", of a 32-bit program whose addresses end at @top. */
static void assert_places(const struct places *p, uint64_t top)
{
	uint64_t base = top - (128u << 20) - 0x7ff000;

	ck_assert_uint_le(p->vdso, ROUND_UP(base, PAGE_SIZE));
	ck_assert_uint_ge(p->vdso, ROUND_UP(base - 0xff000, PAGE_SIZE));
	ck_assert_uint_le(p->stack, top);
	ck_assert_uint_ge(p->stack, top - 0x7ff000 - 0x2000);
	ck_assert_uint_ge(p->heap, 0x08244000);
	ck_assert_uint_le(p->heap, 0x08244000 + 0x2000000);
}

START_TEST(randomised)
{
	char *text = capture_text(&captures[_i], "self_maps_randomized.txt"), *at = text;
	struct places p, differ = {0}, first;
	struct self s;
	uint64_t top;

	self_start(&s, &captures[_i]);
	top = s.t->mm->task_size;
	while (read_places(&at, &p))
		assert_places(&p, top);
	free(text);
	s.m->mm->randomize_va_space = 2;
	for (unsigned i = 0; i < 200; i++) {
		run(&s);
		text = at = self_text(&s, "maps");
		ck_assert(read_places(&at, &p));
		assert_places(&p, top);
		if (!i)
			first = p;
		differ.heap |= p.heap ^ first.heap;
		differ.vdso |= p.vdso ^ first.vdso;
		differ.stack |= p.stack ^ first.stack;
		free(text);
	}
	/* as many bits as the kernel has, at least */
	ck_assert_uint_eq(differ.heap & 0x1fff000, 0x1fff000);
	ck_assert_uint_eq(differ.vdso & 0xff000, 0xff000);
	ck_assert_uint_eq(differ.stack & 0x7ff000, 0x7ff000);
	ck_assert_uint_eq((differ.heap | differ.vdso | differ.stack) & 0xfff, 0);
	self_end(&s);
}
END_TEST

Suite *self_suite(void)
{
	Suite *s = suite_create("self");
	TCase *tc = tcase_create("self");

	tcase_add_loop_test(tc, maps, 0, NR_CAPTURES);
	tcase_add_loop_test(tc, smaps, 0, NR_CAPTURES);
	tcase_add_loop_test(tc, statm, 0, NR_CAPTURES);
	tcase_add_loop_test(tc, status, 0, NR_CAPTURES);
	tcase_add_loop_test(tc, signals_queued, 0, NR_CAPTURES);
	tcase_add_loop_test(tc, randomised, 0, NR_CAPTURES);
	suite_add_tcase(s, tc);
	return s;
}
