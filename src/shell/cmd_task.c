/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on tasks: they become programs, fork, switch, exit. */
#include "cmd_task.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/fault.h>
#include <mmsh/proc.h>
#include <mmsh/proc_task.h>
#include <mmsh/why.h>

#include "out.h"
#include "shell.h"
#include "util.h"

#define MAX_ELF_FILE (64u << 20)
#define MAX_SEGMENT (1u << 30)

int call_failed(struct shell *sh, int64_t err, const char *why)
{
	struct strbuf rule = {0};
	int r;

	if (!why && why_refused(sh->m, &sh->trace, (int)-err, &rule))
		why = rule.s;
	r = cmd_fail(sh, (int)-err, "%s: %s", errno_name((int)-err), why ? why : strerror((int)-err));
	strbuf_free(&rule);
	return r;
}

/* ---- the current task ---- */

struct task_struct *current_task(const struct shell *sh)
{
	return sh->m && sh->m->mm ? sh->m->mm->current : NULL;
}

void task_print(struct shell *sh, const struct task_struct *t)
{
	out(sh, "PID %d (%s)", t->pid, t->comm);
}

/* Only what is looked for starts it: `why` goes on to tell of the last operation. */
static int start_init(struct shell *sh)
{
	int r;

	if (sh->displaying)
		return cmd_fail(sh, ESRCH, "there is no task yet");
	trace_detach(sh->m, &sh->trace.l);
	r = task_init(sh->m);
	trace_attach(sh->m, &sh->trace.l);
	sh->changed = true;
	return r ? cmd_fail(sh, -r, "%s: init cannot run", errno_name(-r)) : 0;
}

int need_task(struct shell *sh, struct task_struct **t)
{
	int r = current_task(sh) ? 0 : start_init(sh);

	*t = current_task(sh);
	return r;
}

int need_owner(struct shell *sh, vaddr_t va)
{
	struct task_struct *t;

	return is_user_address(sh, va) ? need_task(sh, &t) : 0;
}

int need_path(struct shell *sh, const char *path)
{
	struct task_struct *t;

	return proc_of_task(path) ? need_task(sh, &t) : 0;
}

/* ---- exec ---- */

enum {
	EXEC_NAME,
	EXEC_TEXT,
	EXEC_DATA,
	EXEC_BSS,
	EXEC_PIE,
	EXEC_FILE
};

static int segment_size(struct shell *sh, const struct arg *a, const char *what, uint64_t *size)
{
	if (!a->w)
		return 0;
	if (a->num < 0 || a->num > MAX_SEGMENT)
		return cmd_fail(sh, EINVAL, "%s=%lld: from 0 to 1G", what, (long long)a->num);
	*size = (uint64_t)a->num;
	return 0;
}

static int read_host(struct shell *sh, const char *path, struct strbuf *bytes)
{
	FILE *f = fopen(path, "re");
	char buf[4096];
	size_t n;

	if (!f)
		return cmd_fail(sh, errno, "%s: %s", path, strerror(errno));
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0 && bytes->len <= MAX_ELF_FILE)
		strbuf_add(bytes, buf, n);
	n = (size_t)ferror(f);
	fclose(f);
	if (n || bytes->failed)
		return cmd_fail(sh, EIO, "%s cannot be read", path);
	if (bytes->len > MAX_ELF_FILE)
		return cmd_fail(sh, EFBIG, "%s is larger than 64 MiB", path);
	return 0;
}

/* Whether a machine of ours runs it; elf_parse() looks at the rest. */
static int check_elf(struct shell *sh, const char *path, const struct strbuf *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes->s;
	bool is64 = sh->m->arch->bits == 64;
	unsigned machine;

	if (bytes->len < sizeof(Elf32_Ehdr) || memcmp(b, ELFMAG, SELFMAG) != 0)
		return cmd_fail(sh, ENOEXEC, "ENOEXEC: %s is not an ELF file", path);
	machine = b[18] | (unsigned)b[19] << 8;
	/* a 64-bit kernel runs both */
	if ((b[EI_CLASS] != ELFCLASS64 || machine != EM_X86_64 || !is64) &&
	    (b[EI_CLASS] != ELFCLASS32 || machine != EM_386))
		return cmd_fail(sh, ENOEXEC, "ENOEXEC: %s is no program for %s", path,
				sh->m->arch->name);
	return 0;
}

/* The name in PT_INTERP, "" if there is none. */
static void elf_interp(const struct strbuf *bytes, char *name, size_t size)
{
	bool is64 = bytes->s[EI_CLASS] == ELFCLASS64;
	size_t entry = is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	Elf32_Ehdr h32;
	Elf64_Ehdr h64;
	uint64_t off, n;

	memcpy(&h32, bytes->s, sizeof(h32));
	memcpy(&h64, bytes->s, sizeof(h64)); /* elf_parse() wants that much of both */
	off = is64 ? h64.e_phoff : h32.e_phoff;
	n = is64 ? h64.e_phnum : h32.e_phnum;
	for (uint64_t i = 0; i < n && off + (i + 1) * entry <= bytes->len; i++) {
		const char *at = bytes->s + off + i * entry;
		uint64_t start, len;
		Elf32_Phdr p32;
		Elf64_Phdr p64 = {0};

		memcpy(&p32, at, sizeof(p32));
		if (is64)
			memcpy(&p64, at, sizeof(p64));
		if ((is64 ? p64.p_type : p32.p_type) != PT_INTERP)
			continue;
		start = is64 ? p64.p_offset : p32.p_offset;
		len = is64 ? p64.p_filesz : p32.p_filesz;
		if (start < bytes->len && len <= bytes->len - start && len < size)
			snprintf(name, size, "%.*s", (int)len, bytes->s + start);
		return;
	}
}

static int load_host(struct shell *sh, const char *path, struct elf_image *img, char *interp,
		     size_t size)
{
	struct strbuf bytes = STRBUF_INIT;
	struct mm_error e = {{0}};
	int r = read_host(sh, path, &bytes);

	if (!r)
		r = check_elf(sh, path, &bytes);
	if (!r && elf_parse(bytes.s, bytes.len, img, &e))
		r = cmd_fail(sh, ENOEXEC, "ENOEXEC: %s: %s", path, e.text);
	if (!r && interp)
		elf_interp(&bytes, interp, size);
	if (!r) {
		img->file = disk_file(sh->m, path, bytes.len);
		r = img->file ? 0 : cmd_fail(sh, ENOMEM, "out of memory");
	}
	strbuf_free(&bytes);
	return r;
}

static int exec_host_file(struct shell *sh, struct task_struct *t, const char *comm,
			  const char *path, int *err)
{
	struct elf_image img, interp;
	char name[256] = "";
	int r = load_host(sh, path, &img, name, sizeof(name));

	if (!r && name[0])
		r = load_host(sh, name, &interp, NULL, 0);
	if (!r)
		*err = program_run(sh->m, t, comm, &img, name[0] ? &interp : NULL);
	return r;
}

static void say_program(struct shell *sh, const struct task_struct *t)
{
	const struct mm_struct *mm = t->mm;

	task_print(sh, t);
	out(sh, ": text 0x%llx-0x%llx, data 0x%llx-0x%llx, heap at 0x%llx, stack at 0x%llx\n",
	    (unsigned long long)mm->start_code, (unsigned long long)mm->end_code,
	    (unsigned long long)mm->start_data, (unsigned long long)mm->end_data,
	    (unsigned long long)mm->start_brk, (unsigned long long)mm->start_stack);
	out(sh, "  mappings go %s from 0x%llx\n", mm->legacy ? "up" : "down",
	    (unsigned long long)(mm->legacy ? mm->mmap_legacy_base : mm->mmap_base));
}

static int exec_exec(struct shell *sh, const struct args *a)
{
	struct program_spec p = {.name = a->v[EXEC_NAME].text, .text = 32 << 10, .data = 4 << 10,
			    .bss = 4 << 10, .pie = a->v[EXEC_PIE].w};
	const char *file = a->v[EXEC_FILE].w ? a->v[EXEC_FILE].text : NULL;
	struct task_struct *t;
	int err = 0, r = 0;

	if (!p.name[0])
		return cmd_fail(sh, EINVAL, "a program has a name");
	if (file && (a->v[EXEC_TEXT].w || a->v[EXEC_DATA].w || a->v[EXEC_BSS].w || p.pie))
		return cmd_fail(sh, EINVAL, "file= says itself what it is made of");
	r = segment_size(sh, &a->v[EXEC_TEXT], "text", &p.text);
	if (!r)
		r = segment_size(sh, &a->v[EXEC_DATA], "data", &p.data);
	if (!r)
		r = segment_size(sh, &a->v[EXEC_BSS], "bss", &p.bss);
	if (!r)
		r = need_task(sh, &t);
	if (r)
		return r;
	begin_change(sh);
	if (file)
		r = exec_host_file(sh, t, p.name, file, &err);
	else
		err = program_exec(sh->m, t, &p);
	if (!r && err)
		r = call_failed(sh, err, NULL);
	if (r)
		return r;
	values_lose_task(sh, t->pid, false);
	say_program(sh, t);
	return 0;
}

/* ---- fork, exit, switch, ps ---- */

static int exec_fork(struct shell *sh, const struct args *a)
{
	struct task_struct *t, *child;
	int r = need_task(sh, &t);

	(void)a;
	if (r)
		return r;
	begin_change(sh);
	r = task_fork(sh->m, t, &child);
	if (r)
		return call_failed(sh, r, NULL);
	value_add(sh, &value_task_type, (uint64_t)child->pid);
	value_print(sh, value_done(sh));
	return 0;
}

int arg_task(struct shell *sh, const struct arg *a, struct task_struct **t)
{
	const struct val *v = &a->val;
	int r = need_task(sh, t);

	if (r)
		return r;
	if (v->kind != VAL_NUM || v->n < 1)
		return cmd_fail(sh, EINVAL, "%s is no PID", quoted(sh, a->w->text));
	*t = v->n <= INT32_MAX ? task_find(sh->m, (int)v->n) : NULL;
	if (!*t)
		return cmd_fail(sh, ESRCH, "there is no task with PID %llu (see ps)",
				(unsigned long long)v->n);
	return 0;
}

static int exec_exit(struct shell *sh, const struct args *a)
{
	struct task_struct *t;
	bool current;
	int pid, r = a->v[0].w ? arg_task(sh, &a->v[0], &t) : need_task(sh, &t);

	if (r)
		return r;
	if (t->pid == 1)
		return cmd_fail(sh, EPERM, "PID 1 is init: a kernel panics when it exits");
	pid = t->pid;
	current = t == current_task(sh);
	begin_change(sh);
	task_print(sh, t);
	out_str(sh, " exits");
	task_exit(sh->m, t);
	values_lose_task(sh, pid, true);
	if (current && current_task(sh)) {
		out_str(sh, "; ");
		task_print(sh, current_task(sh));
		out_str(sh, " is current");
	}
	out_char(sh, '\n');
	return 0;
}

static void say_switch(struct shell *sh, const struct switch_report *s)
{
	task_print(sh, s->from);
	out_str(sh, " -> ");
	task_print(sh, s->to);
	out_char(sh, '\n');
	out(sh, "  page directory  0x%llx -> 0x%llx (CR3, and so the TLB but for global entries)\n",
	    (unsigned long long)s->old_pgd, (unsigned long long)s->new_pgd);
	out(sh, "  user half       %u %s changed\n", s->user_slots,
	    s->user_slots == 1 ? "entry" : "entries");
	out(sh, "  kernel half     stayed: %u %s the very same\n", s->kernel_slots,
	    s->kernel_slots == 1 ? "entry is" : "entries are");
	if (s->kernel_differ)
		out(sh, "  of vmalloc      %u %s missing in one of them: the first access faults it in\n",
		    s->kernel_differ, s->kernel_differ == 1 ? "entry is" : "entries are");
}

static int exec_switch(struct shell *sh, const struct args *a)
{
	struct switch_report s;
	struct task_struct *t;
	int r = arg_task(sh, &a->v[0], &t);

	if (r)
		return r;
	if (t == current_task(sh))
		return cmd_fail(sh, EINVAL, "PID %d is current already", t->pid);
	begin_change(sh);
	task_switch(sh->m, t, &s);
	say_switch(sh, &s);
	return 0;
}

static int exec_ps(struct shell *sh, const struct args *a)
{
	struct task_struct *t;
	int r = need_task(sh, &t);

	(void)a;
	if (r)
		return r;
	out_str(sh, "    PID   PPID       VSZ       RSS   MINFLT   MAJFLT  COMMAND\n");
	LIST_FOREACH (t, &sh->m->mm->tasks, list)
		out(sh, "%c%6d %6d %9llu %9llu %8lu %8lu  %s\n", t == current_task(sh) ? '*' : ' ',
		    t->pid, t->ppid,
		    (unsigned long long)t->mm->total_vm << (PAGE_SHIFT - 10),
		    (unsigned long long)get_mm_rss(t->mm) << (PAGE_SHIFT - 10),
		    t->min_flt, t->maj_flt, t->comm);
	return 0;
}

static int exec_maps(struct shell *sh, const struct args *a)
{
	struct task_struct *t;
	int r = a->v[0].w ? arg_task(sh, &a->v[0], &t) : need_task(sh, &t);

	if (r)
		return r;
	for (const struct vm_area_struct *v = NULL; !interrupted && (v = maps_next(sh->m, t->mm, v));) {
		vma_line(sh->m, v, sh->out);
		out_char(sh, '\n');
	}
	return 0;
}

const struct command commands_task[] = {
	{
		.name = "exec",
		.args = {{"NAME", ARG_TEXT, 0},
			 {"text", ARG_NUM, ARG_KEY},
			 {"data", ARG_NUM, ARG_KEY},
			 {"bss", ARG_NUM, ARG_KEY},
			 {"pie", ARG_WORD, ARG_FLAG},
			 {"file", ARG_FILE, ARG_KEY}},
		.help = "A new program in the current task: text, data, bss, heap, stack, vdso.",
		.text = "The old address space goes. Sizes are in bytes. With pie the program may lie "
			"anywhere, and an interpreter (ld.so) is mapped with it. file= takes the program "
			"headers, and the interpreter, of a real ELF file of the host that this machine "
			"could run. ulimit RLIMIT_STACK=unlimited makes it the classic layout, sysctl "
			"vm.legacy_va_layout=1, too.",
		.example = "exec cat\nexec server text=1M bss=16M\nfork\nswitch $\nexec child pie",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_exec,
	},
	{
		.name = "fork",
		.help = "A child of the current task, with a copy of its address space.",
		.text = "Page tables are copied, pages are not: private ones are write-protected for both, "
			"and copied when one of them writes (copy on write, COW). The value is the child's PID; the parent "
			"stays current.",
		.example = "child = fork\nswitch $child",
		.flags = CMD_CHANGES | CMD_VALUE | CMD_MACHINE,
		.exec = exec_fork,
	},
	{
		.name = "exit",
		.args = {{"PID", ARG_PID, ARG_OPT}},
		.help = "A task ends: its areas, pages and page tables are given back.",
		.text = "The current one if no PID is given; then init is current. init itself cannot "
			"exit.",
		.example = "fork\nexit $1",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_exit,
	},
	{
		.name = "switch",
		.args = {{"PID", ARG_PID, 0}},
		.help = "The context switch: another task's page directory is loaded.",
		.text = "Says what changed, entries of the user half of the page directory, and what "
			"stayed, the kernel half.",
		.example = "fork\nswitch $1\nswitch 1",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_switch,
	},
	{
		.name = "ps",
		.help = "List the tasks; * is the current one. Sizes are in kB.",
		.text = "init, PID 1, is there on every machine. Its memory is taken when a command, or a "
			"file below /proc, first looks for a process: until then all pages are there for "
			"those who are after pages alone.",
		.example = "fork\nps",
		.flags = CMD_MACHINE,
		.exec = exec_ps,
	},
	{
		.name = "maps",
		.args = {{"PID", ARG_PID, ARG_OPT}},
		.help = "The areas of a task, as in /proc/PID/maps; of the current one if no PID is given.",
		.text = "It is displayed from the start: + are new rows, - rows that are gone, ~ rows that "
			"changed.",
		.example = "mmap 8K\nmaps",
		.flags = CMD_MACHINE | CMD_ROWS,
		.exec = exec_maps,
	},
	{0},
};
