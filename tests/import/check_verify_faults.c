/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recordings of faults: of other machines and programs than the one recorded, written here as the
 * kernel would write them; and what is said of files that do not go together.
 */
#include "golden.h"
#include "import/dump.h"
#include "mm/program.h"
#include <errno.h>
#include <mmsh/gfp.h>
#include <mmsh/verify.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define P(n) ((uint64_t)(n) << PAGE_SHIFT)

enum { BEFORE, AFTER, PARENT, CHILD, TRACE, FILES };
static const char *const names[FILES] = {"before", "after", "parent", "child", "trace"};

struct files {
	char dir[32];
	struct strbuf text[FILES];
};

/* Runs verify on the files; those that are empty strings are not there. */
static int verify_files(const struct files *f, struct verify_result *r, struct mm_error *e)
{
	char path[FILES][64], prefix[48];
	int err;

	snprintf(prefix, sizeof(prefix), "%s/x", f->dir);
	for (int i = 0; i < FILES; i++) {
		FILE *out;

		snprintf(path[i], sizeof(path[i]), "%s-%s.txt", prefix, names[i]);
		if (!f->text[i].len)
			continue;
		out = fopen(path[i], "we");
		ck_assert_ptr_nonnull(out);
		ck_assert_uint_eq(fwrite(f->text[i].s, 1, f->text[i].len, out), f->text[i].len);
		fclose(out);
	}
	err = verify_file(prefix, r, e);
	for (int i = 0; i < FILES; i++)
		unlink(path[i]);
	return err;
}

static void files_start(struct files *f)
{
	*f = (struct files){.dir = "/tmp/faultsXXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
}

static void files_end(struct files *f)
{
	rmdir(f->dir);
	for (int i = 0; i < FILES; i++)
		strbuf_free(&f->text[i]);
}

/* ---- writing a recording ---- */

struct recorder {
	struct trace_listener l;
	struct program p;
	struct files f;
	struct task_struct *child;
	unsigned long lines;
	uint64_t usec;
};

static void trace_head(struct recorder *rec)
{
	strbuf_addf(&rec->f.text[TRACE], "%16s-1     [%03u] d...  %4llu.%06llu: ", "a [1] b: c", rec->p.m->cpu,
		    (unsigned long long)(rec->usec / 1000000), (unsigned long long)(rec->usec % 1000000));
	rec->usec += 3;
}

static void page_event(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	struct recorder *rec = container_of(l, struct recorder, l);
	char gfp[256];

	(void)m;
	trace_head(rec);
	if (ev->id == TRACE_MM_PAGE_ALLOC)
		strbuf_addf(&rec->f.text[TRACE],
			    "mm_page_alloc: page=%08x pfn=%u order=%u migratetype=%d gfp_flags=%s\n", ev->pfn * 32,
			    ev->pfn, ev->order, ev->mt, gfp_format((gfp_t)ev->a, gfp, sizeof(gfp)));
	else
		strbuf_addf(&rec->f.text[TRACE], "mm_page_free: page=%08x pfn=%u order=%u\n", ev->pfn * 32, ev->pfn,
			    ev->order);
}

/* A line of a program's file. */
static void says(struct recorder *rec, const struct task_struct *t, const char *fmt, ...)
{
	struct strbuf *out = &rec->f.text[t == rec->p.t ? PARENT : CHILD];
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!strncmp(text, "step ", 5)) {
		trace_head(rec);
		strbuf_addf(&rec->f.text[TRACE], "tracing_mark_write: E9 pid=%d %s\n", t->pid, text + 5);
		strbuf_addf(out, "step pid=%d %s\n", t->pid, text + 5);
	} else {
		strbuf_addf(out, "%s\n", text);
	}
}

static void sees(struct recorder *rec, const struct task_struct *t, const char *name, vaddr_t base, unsigned pages)
{
	struct strbuf *out = &rec->f.text[t == rec->p.t ? PARENT : CHILD];

	strbuf_addf(out, "pfns pid=%d area=%s base=0x%llx pages=%u pfns=", t->pid, name, (unsigned long long)base, pages);
	for (unsigned i = 0; i < pages; i++) {
		struct pte_info e;

		pte_lookup(rec->p.m, t->mm, base + P(i), &e);
		strbuf_addf(out, "%s%u", i ? "," : "", e.present ? e.pfn : 0);
	}
	strbuf_addc(out, '\n');
}

static void writes(struct recorder *rec, struct task_struct *t, vaddr_t base, unsigned from, unsigned to, unsigned step)
{
	for (unsigned i = from; i < to; i += step) {
		/* its own stack and data come in between */
		if (i % 40 == 7)
			touch(&rec->p, t, t->sp -= PAGE_SIZE, FAULT_WRITE);
		touch(&rec->p, t, base + P(i), FAULT_WRITE);
	}
}

static void dumped(struct recorder *rec, int file)
{
	const_write(rec->p.m, &rec->f.text[file]);
	dump_write(rec->p.m, names[file], &rec->f.text[file]);
}

static void child_lives(struct recorder *rec, vaddr_t a, vaddr_t c, vaddr_t d)
{
	struct task_struct *t = rec->child;

	says(rec, t, "step child started");
	sees(rec, t, "alpha", a, 700);
	says(rec, t, "step child write area=alpha 10..29");
	writes(rec, t, a, 10, 30, 1);
	says(rec, t, "step child written alpha");
	sees(rec, t, "alpha", a, 700);
	says(rec, t, "step child write area=c all (shared)");
	writes(rec, t, c, 0, 8, 1);
	says(rec, t, "step child written c");
	sees(rec, t, "c", c, 8);
	says(rec, t, "step child write area=d every 3rd");
	writes(rec, t, d, 0, 1400, 3);
	says(rec, t, "step child written d");
	sees(rec, t, "d", d, 1400);
	says(rec, t, "step child unmap area=alpha pages=5..40");
	ck_assert_int_eq(sys_munmap(rec->p.m, t, a + P(5), P(36)), 0);
	says(rec, t, "step child exit");
	task_exit(rec->p.m, t);
}

static vaddr_t maps(struct recorder *rec, const char *name, unsigned pages, unsigned flags)
{
	struct task_struct *t = rec->p.t;
	vaddr_t at;

	says(rec, t, "step mmap area=%s pages=%u", name, pages);
	at = map_at(&rec->p, 0, pages, RW, flags);
	says(rec, t, "mmapped area=%s base=0x%llx", name, (unsigned long long)at);
	return at;
}

/* What the program does, on whatever machine. */
static void record_program(struct recorder *rec, bool forks)
{
	struct task_struct *t = rec->p.t;
	vaddr_t a = maps(rec, "alpha", 700, ANON), d = maps(rec, "d", 1400, ANON);
	vaddr_t c = maps(rec, "c", 8, MAP_SHARED | MAP_ANONYMOUS);

	says(rec, t, "step write area=alpha odd");
	writes(rec, t, a, 1, 700, 2);
	says(rec, t, "step written alpha");
	sees(rec, t, "alpha", a, 700);
	says(rec, t, "step write area=d order=descending");
	for (unsigned i = 1400; i--;)
		touch(&rec->p, t, d + P(i), FAULT_WRITE);
	says(rec, t, "step written d");
	sees(rec, t, "d", d, 1400);
	says(rec, t, "step dontneed area=d pages=even");
	for (unsigned i = 0; i < 1400; i += 2)
		ck_assert_int_eq(sys_madvise(rec->p.m, t, d + P(i), P(1), MADV_DONTNEED), 0);
	says(rec, t, "step read area=d all");
	for (unsigned i = 0; i < 1400; i++)
		touch(&rec->p, t, d + P(i), 0);
	sees(rec, t, "d", d, 1400);
	if (forks) {
		int pid;

		says(rec, t, "step fork");
		ck_assert_int_eq(task_fork(rec->p.m, t, &rec->child), 0);
		pid = rec->child->pid;
		child_lives(rec, a, c, d);
		says(rec, t, "step child reaped pid=%d", pid);
	}
	rec->usec += 2 * 1000000;
	machine_tick(rec->p.m, 2 * HZ);
	says(rec, t, "step parent write area=alpha all");
	writes(rec, t, a, 0, 700, 1);
	says(rec, t, "step parent written alpha");
	sees(rec, t, "alpha", a, 700);
	says(rec, t, "step unmap area=d");
	ck_assert_int_eq(sys_munmap(rec->p.m, t, d, P(1400)), 0);
	says(rec, t, "step unmapped d");
	says(rec, t, "step end");
	task_exit(rec->p.m, t);
}

static void record_faults(struct recorder *rec, const char *line, bool forks)
{
	*rec = (struct recorder){.usec = 1000000};
	files_start(&rec->f);
	program_start(&rec->p, line);
	for (unsigned cpu = 0; cpu < rec->p.m->nr_cpus; cpu++)
		refresh_cpu_vm_stats(rec->p.m, cpu);
	rec->p.t->sp = rec->p.t->mm->start_stack;
	dumped(rec, BEFORE);
	rec->l = (struct trace_listener){.event = page_event,
					 .mask = TRACE_BIT(TRACE_MM_PAGE_ALLOC) | TRACE_BIT(TRACE_MM_PAGE_FREE)};
	trace_attach(rec->p.m, &rec->l);
	record_program(rec, forks);
	trace_detach(rec->p.m, &rec->l);
	dumped(rec, AFTER);
	machine_free(rec->p.m);
}

static const char *const machines[] = {
	"mem=64M", "mem=1G", "mem=1G highpte=on", "mem=1G split=2G", "arch=ia32-pae mem=2G highpte=on",
	"arch=ia32-pae mem=6G", "arch=ia32-pae mem=512M numa=fake=2", "arch=amd64 mem=5G",
	"arch=amd64 mem=256M numa=fake=2 cpus=2", "mem=64M cpus=3",
};

START_TEST(other_machines)
{
	for (unsigned forks = 0; forks < 2; forks++) {
		struct verify_result r;
		struct recorder rec;
		struct mm_error e;

		record_faults(&rec, machines[_i], forks);
		ck_assert_msg(!verify_files(&rec.f, &r, &e), "%s", e.text);
		ck_assert_msg(!r.diverged && !r.given, "%s", strbuf_str(&r.report));
		ck_assert_uint_gt(r.ops, 3000);
		strbuf_free(&r.report);
		files_end(&rec.f);
	}
}
END_TEST

/* ---- the recorded one, altered ---- */

static void recorded(struct files *f)
{
	char name[64];

	files_start(f);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "faults/512M-%s.txt.gz", names[i]);
		f->text[i] = golden(name);
	}
}

static void replace_all(struct strbuf *text, const char *from, const char *to)
{
	struct strbuf out = STRBUF_INIT;
	const char *at = text->s, *next;

	while ((next = strstr(at, from))) {
		strbuf_add(&out, at, (size_t)(next - at));
		strbuf_adds(&out, to);
		at = next + strlen(from);
	}
	strbuf_adds(&out, at);
	strbuf_free(text);
	*text = out;
}

/* Lines that begin with @word go. */
static void without(struct strbuf *text, const char *word)
{
	struct strbuf out = STRBUF_INIT;

	for (const char *line = text->s; *line;) {
		size_t n = strcspn(line, "\n") + 1;

		if (strncmp(line, word, strlen(word)) != 0)
			strbuf_add(&out, line, n);
		line += n;
	}
	strbuf_free(text);
	*text = out;
}

/* Other names, and what may be left out: the same program. */
START_TEST(the_same_program)
{
	struct files f;
	struct verify_result r;
	struct mm_error e;

	recorded(&f);
	for (int i = PARENT; i < FILES; i++) {
		replace_all(&f.text[i], "pid=21", "pid=30021");
		replace_all(&f.text[i], "area=A", "area=of-another-name");
		replace_all(&f.text[i], " e9-", " my [program]: 1-");
	}
	without(&f.text[PARENT], "touchorder area=C");
	without(&f.text[PARENT], "touchorder area=D");
	without(&f.text[CHILD], "pfns");
	without(&f.text[TRACE], "#");
	ck_assert_msg(!verify_files(&f, &r, &e), "%s", e.text);
	ck_assert_msg(!r.diverged, "%s", strbuf_str(&r.report));
	ck_assert_uint_gt(r.ops, 8600);
	strbuf_free(&r.report);
	files_end(&f);
}
END_TEST

static const struct {
	int file;
	const char *after, *from;
	const char *to;	  /* NULL: cut off there */
	const char *says; /* NULL: it replays, and differs */
} edits[] = {
	/* different */
	{PARENT, "area=B base", "121692", "121693", NULL},
	{CHILD, "written C", "121793", "0", NULL},
	{AFTER, "zone=Normal cpu=0 count=", "157", "158", NULL},
	{TRACE, "E9 pid=21 write area=A", "pfn=121538", "pfn=121539", NULL},
	{TRACE, "E9 pid=21 parent write area=D all", "E9 pid=21 parent written D", "E9 pid=21 parent written E", "another step"},
	/* cut off */
	{BEFORE, "zone=Normal order=2", "\nfl", NULL, "x-before.txt:"},
	{AFTER, "zone=Normal order=2", "\nfl", NULL, "x-after.txt:"},
	{PARENT, "dontneed done", "\npfns", NULL, "x-trace.txt:"},
	{PARENT, "dontneed done", ",", NULL, "x-parent.txt:"},
	{CHILD, "written C", "\npfns", NULL, "x-trace.txt:"},
	{TRACE, "E9 pid=21 fork", "\n", NULL, "x-parent.txt:42: the trace ends before this step"},
	{TRACE, "E9 pid=22 child exit", " ", NULL, "not a step"},
	{PARENT, "", "step", NULL, "x-parent.txt:"},
	/* not a trace, not a program */
	{TRACE, "E9 pid=21 mmap area=B", "mm_page_free:", "CPU:0 [LOST 17 EVENTS]\nmm_page_free:", "not a line"},
	{TRACE, "#P:1", "\n", "\nCPU:0 [LOST 17 EVENTS]\n", "lost events"},
	{TRACE, "E9 pid=21 mmap area=A", "[000]", "[007]", "no CPU 7"},
	{TRACE, "mm_page_alloc: ", "pfn=", "pfn=9", "no page 9"},
	{TRACE, "E9 pid=21 write area=A", "GFP_", "GFB_", "not an allocation"},
	{TRACE, "", "E9 pid=21", "E9 pid=0", "not a step"},
	{TRACE, "", "E9 pid=21", "E9 pid=23", "no file of PID 23"},
	{PARENT, "", "area=A pages", "area=Z pages", "another step"},
	{PARENT, "touchorder", "idx=0", "idx=64", "no page 64"},
	{PARENT, "", "touchorder area=A", "touchorder area=B", "not the order"},
	{PARENT, "", "touchorder area=B", "pfns area=B", "needs a line touchorder"},
	{PARENT, "mmapped area=B", "base=0xb7ef4000", "base=0xb7ef4001", "no room"},
	{PARENT, "mmapped area=B", "base=0xb7ef4000", "base=0xd7ef4000", "no room"},
	{PARENT, "", "pfns pid", "saw pid", "not a line of a program"},
	{CHILD, "", "pid=22", "pid=21", "same PID"},
	{CHILD, "", "step pid=22 child started\n", "", "expects a step"},
	{BEFORE, "", "PAGE_OFFSET", "PAGE_ONSET", "x-before.txt:"},
	{AFTER, "", "dump stage", "stage", "expects the dump stage=after"},
};

START_TEST(altered)
{
	const typeof(edits[0]) *ed = &edits[_i];
	struct verify_result r = {0};
	struct strbuf *text;
	struct files f;
	struct mm_error e;
	int err;

	recorded(&f);
	text = &f.text[ed->file];
	if (ed->to) {
		edit(text, ed->after, ed->from, ed->to);
	} else {
		char *at = strstr(strstr(text->s, ed->after), ed->from);

		at[*ed->from == '\n'] = '\0';
		text->len = strlen(text->s);
	}
	err = verify_files(&f, &r, &e);
	if (ed->says) {
		ck_assert_msg(err, "%s: no error", ed->says);
		ck_assert_msg(strstr(e.text, ed->says) != NULL, "%s", e.text);
	} else {
		ck_assert_msg(!err, "%s", e.text);
		ck_assert_uint_gt(r.diverged, 0);
		ck_assert_uint_lt(r.diverged, 20);
		ck_assert_ptr_nonnull(strstr(strbuf_str(&r.report), "/x-"));
	}
	strbuf_free(&r.report);
	files_end(&f);
}
END_TEST

/* A step in both files and the trace that is none, or not one of its area. */
START_TEST(steps_refused)
{
	static const struct {
		const char *from, *to, *says;
	} cases[] = {
		{"dontneed area=D pages=even", "mprotect area=D pages=even", "not a step that is known"},
		{"dontneed area=D pages=even", "dontneed area=D pages=4", "not a part of an area"},
		{"dontneed area=D pages=even", "dontneed area=D pages=1100..1200", "no such pages"},
		{"dontneed area=D pages=even", "dontneed area=X pages=even", "no area X"},
		{"dontneed area=D pages=even", "dontneed pages=even", "expects area="},
		{"child write area=D every 3rd", "child write area=D every 0th", "not a part of an area"},
		{"mmap area=B pages=200", "mmap area=B", "expects pages="},
		{"mmap area=B pages=200", "mmap area=A pages=200", "there already"},
		{"mmap area=B pages=200", "mmap area=B pages=2000000", "at most"},
		{"mmap area=B pages=200", "mmap area=abcdefghijklmnopqrstuvwxyz0123456789 pages=200", "at most 31"},
		{"child exit", "child fork", "a child that forks"},
		{"mmap area=B pages=200", "end", "does not live"},
		{"dontneed area=D pages=even", "write area=D shuffled", "needs a line touchorder"},
	};
	struct verify_result r;
	struct files f;
	struct mm_error e;

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		recorded(&f);
		for (int n = PARENT; n < FILES; n++)
			replace_all(&f.text[n], cases[i].from, cases[i].to);
		ck_assert_int_eq(verify_files(&f, &r, &e), -EINVAL);
		ck_assert_msg(strstr(e.text, cases[i].says) != NULL, "%s", e.text);
		files_end(&f);
	}
}
END_TEST

/* Without the child's file a program may not fork; without another one nothing can be told. */
START_TEST(files_missing)
{
	struct verify_result r;
	struct mm_error e;
	struct files f;

	for (int i = 0; i < FILES; i++) {
		recorded(&f);
		f.text[i].len = 0;
		ck_assert_int_eq(verify_files(&f, &r, &e), i == CHILD ? -EINVAL : -ENOENT);
		if (i == CHILD)
			ck_assert_ptr_nonnull(strstr(e.text, "no file of its child"));
		files_end(&f);
	}
}
END_TEST

Suite *verify_faults_suite(void)
{
	Suite *s = suite_create("verify_faults");
	TCase *tc = tcase_create("verify_faults");

	tcase_add_loop_test(tc, other_machines, 0, ARRAY_SIZE(machines));
	tcase_add_test(tc, the_same_program);
	tcase_add_loop_test(tc, altered, 0, ARRAY_SIZE(edits));
	tcase_add_test(tc, steps_refused);
	tcase_add_test(tc, files_missing);
	suite_add_tcase(s, tc);
	return s;
}
