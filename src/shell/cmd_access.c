/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that read, write and touch memory as a program does, or as the kernel itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/fault.h>
#include <mmsh/pgtable.h>

#include "cmd_task.h"
#include "out.h"
#include "shell.h"

#define MAX_READ (1u << 20)
#define FAULTS_SHOWN 8

/* ---- faults ---- */

static const char *const path_text[] = {
	[FAULT_ZERO_PAGE] = "the zero page",
	[FAULT_ANON] = "a new page",
	[FAULT_FILE_READ] = "the file's page",
	[FAULT_FILE_COW] = "a copy of the file's page",
	[FAULT_FILE_SHARED] = "the file's page, to be written",
	[FAULT_WP_COPY] = "write-protected: a copy",
	[FAULT_WP_REUSE] = "write-protected, but nobody else has the page: writable now",
	[FAULT_WP_SHARED] = "the file's page, writable now",
	[FAULT_SPECIAL] = "the kernel's page",
	[FAULT_SPURIOUS] = "spurious",
};

struct access {
	struct task_struct *t;
	unsigned flags;
	uint64_t pages, faults, major;
};

static void say_fault(struct shell *sh, const struct access *x, const struct fault_report *f)
{
	out(sh, "fault at 0x%llx (%s): ", (unsigned long long)f->addr,
	    x->flags & FAULT_WRITE  ? "write"
	    : x->flags & FAULT_EXEC ? "exec"
				    : "read");
	if (f->stack_grew)
		out_str(sh, "the stack grows; ");
	out_str(sh, path_text[f->path] ? path_text[f->path] : "nothing");
	if (f->pfn != PFN_NONE)
		out(sh, ", pfn %u", f->pfn);
	if (f->old_pfn != PFN_NONE && f->old_pfn != f->pfn)
		out(sh, ", was pfn %u", f->old_pfn);
	if (f->mapped > 1)
		out(sh, ", %u pages mapped around it", f->mapped);
	out_str(sh, f->major ? ", major\n" : "\n");
}

static const char *signal_reason(const struct machine *m, const struct access *x,
				 const struct fault_report *f, vaddr_t va)
{
	const struct vm_area_struct *v = find_vma(x->t->mm, va);

	if (f->signal == SIGBUS_NR)
		return "BUS_ADRERR: behind the end of the file";
	if (f->code == SEGV_ACCERR)
		return x->flags & FAULT_WRITE  ? "SEGV_ACCERR: the mapping is not writable"
		       : x->flags & FAULT_EXEC ? "SEGV_ACCERR: the mapping is not executable"
					       : "SEGV_ACCERR: the mapping is not readable";
	if (v && va < v->vm_start && (v->vm_flags & VM_GROWSDOWN))
		return va + stack_reach(m) < x->t->sp
			       ? "SEGV_MAPERR: below the stack, and too far below the stack pointer"
			       : "SEGV_MAPERR: below the stack, which may not grow so far (see why)";
	return va >= x->t->mm->task_size ? "SEGV_MAPERR: not an address of the user's"
					 : "SEGV_MAPERR: nothing is mapped there";
}

static int access_failed(struct shell *sh, const struct access *x, const struct fault_report *f,
			 int err, vaddr_t va)
{
	if (err == -ENOMEM || f->oom)
		return cmd_fail(sh, ENOMEM, "ENOMEM: no page for 0x%llx", (unsigned long long)va);
	return cmd_fail(sh, EFAULT, "%s at 0x%llx (%s; error code %u)",
			f->signal == SIGBUS_NR ? "SIGBUS" : "SIGSEGV", (unsigned long long)va,
			signal_reason(sh->m, x, f, va), f->error_code);
}

/* One access to the page at @va, said if it faulted. */
static int access_page(struct shell *sh, struct access *x, vaddr_t va)
{
	struct fault_report f = {.pfn = PFN_NONE, .old_pfn = PFN_NONE};
	int r = task_touch(sh->m, x->t, va, x->flags, &f);

	if (r)
		return access_failed(sh, x, &f, r, va);
	x->pages++;
	if (f.path == FAULT_NONE)
		return 0;
	x->faults++;
	x->major += f.major;
	if (x->faults <= FAULTS_SHOWN)
		say_fault(sh, x, &f);
	return 0;
}

static void say_rest(struct shell *sh, const struct access *x)
{
	if (x->faults > FAULTS_SHOWN)
		out(sh, "... %llu faults in all, %llu of them major\n",
		    (unsigned long long)x->faults, (unsigned long long)x->major);
}

/* ---- whose address ---- */

bool is_user_address(const struct shell *sh, vaddr_t va)
{
	return sh->m->arch->bits == 32 ? va < sh->m->layout.page_offset : !(va >> 63);
}

bool user_pfn(const struct shell *sh, vaddr_t va, uint64_t *pfn)
{
	const struct task_struct *t = current_task(sh);
	struct pte_info i;

	if (!t || va >= t->mm->task_size || !pte_lookup(sh->m, t->mm, va, &i) ||
	    !i.present || !pfn_is_ram(sh->m, i.pfn))
		return false;
	*pfn = i.pfn;
	return true;
}

unsigned char *user_addr_to_host(const struct shell *sh, vaddr_t va)
{
	uint64_t pfn;

	if (!user_pfn(sh, va, &pfn))
		return NULL;
	ram_touch(sh->m, (pfn_t)pfn, 0); /* as kernel_addr_to_host() does */
	return (unsigned char *)phys_to_host(sh->m, PFN_PHYS(pfn)) + (va & (PAGE_SIZE - 1));
}

/* A range that does not wrap, of one half. */
static int check_range(struct shell *sh, vaddr_t va, uint64_t len)
{
	vaddr_t end = sh->m->arch->bits == 32 ? UINT32_MAX : UINT64_MAX;

	if (!len)
		return cmd_fail(sh, EINVAL, "a length is 1 or more");
	if (len - 1 > end - va || is_user_address(sh, va) != is_user_address(sh, va + len - 1))
		return cmd_fail(sh, EINVAL, "the range leaves its half of the address space");
	return 0;
}

static size_t in_page(vaddr_t va, uint64_t left)
{
	return (size_t)min_of(left, PAGE_SIZE - (va & (PAGE_SIZE - 1)));
}

void kernel_fault(struct shell *sh, vaddr_t va)
{
	struct task_struct *t = current_task(sh);

	/* The task's directory may lack an entry that vmalloc() made. */
	if (t && vmalloc_fault(sh->m, t, va) == 1)
		out(sh, "vmalloc fault at 0x%llx: entry copied from the reference page directory\n",
		    (unsigned long long)va);
}

/* ---- bytes ---- */

static int move_user(struct shell *sh, struct access *x, vaddr_t va, unsigned char *buf, size_t len)
{
	struct fault_report f = {.pfn = PFN_NONE};
	size_t done;
	int r = access_page(sh, x, va);

	if (r)
		return r;
	r = x->flags & FAULT_WRITE ? task_write(sh->m, x->t, va, buf, len, &done, &f)
				   : task_read(sh->m, x->t, va, buf, len, &done, &f);
	return r ? access_failed(sh, x, &f, r, va + done) : 0;
}

static int read_kernel(struct shell *sh, vaddr_t va, unsigned char *buf, size_t len)
{
	const unsigned char *host = kernel_addr_to_host(sh->m, va);

	if (!host)
		return cmd_fail(sh, EFAULT, "0x%llx is not mapped: the kernel would oops",
				(unsigned long long)va);
	kernel_fault(sh, va);
	memcpy(buf, host, len);
	return 0;
}

/* Page by page; *@done bytes were moved when it fails. */
static int move_bytes(struct shell *sh, struct access *x, vaddr_t va, unsigned char *buf, size_t len,
		      size_t *done)
{
	bool kernel = !is_user_address(sh, va);
	int r = kernel ? 0 : need_task(sh, &x->t);

	*done = 0;
	if (r)
		return r;
	begin_change(sh);
	while (*done < len && !r && !interrupted) {
		size_t n = in_page(va + *done, len - *done);

		r = kernel ? read_kernel(sh, va + *done, buf + *done, n)
			   : move_user(sh, x, va + *done, buf + *done, n);
		*done += r ? 0 : n;
	}
	say_rest(sh, x);
	return r;
}

static void dump_bytes(struct shell *sh, vaddr_t va, const unsigned char *b, size_t len)
{
	int width = sh->m->arch->bits / 4;

	for (size_t i = 0; i < len; i += 16) {
		size_t n = min_of(len - i, (size_t)16);

		out(sh, "%0*llx:", width, (unsigned long long)(va + i));
		for (size_t k = 0; k < 16; k++)
			out(sh, k < n ? "%s%02x" : "%s  ", k % 4 ? "" : " ", b[i + k < len ? i + k : i]);
		out_str(sh, "  ");
		for (size_t k = 0; k < n; k++)
			out_char(sh, b[i + k] >= ' ' && b[i + k] < 0x7f ? (char)b[i + k] : '.');
		out_char(sh, '\n');
	}
}

static int exec_read(struct shell *sh, const struct args *a)
{
	uint64_t len = sh->m->arch->bits / 8;
	struct access x = {0};
	unsigned char *buf;
	vaddr_t va;
	size_t done;
	int r = arg_address(sh, &a->v[0], &va);

	if (!r && a->v[1].w)
		r = arg_length(sh, &a->v[1], &len);
	if (!r)
		r = check_range(sh, va, len);
	if (r)
		return r;
	if (len > MAX_READ)
		return cmd_fail(sh, EINVAL, "at most 1M at a time (touch takes more)");
	buf = malloc((size_t)len);
	if (!buf)
		return cmd_fail(sh, ENOMEM, "out of memory");
	r = move_bytes(sh, &x, va, buf, (size_t)len, &done);
	dump_bytes(sh, va, buf, done);
	free(buf);
	return r;
}

int write_user(struct shell *sh, vaddr_t va, unsigned char *bytes, size_t n)
{
	struct access x = {.flags = FAULT_WRITE};
	size_t done;
	int r = check_range(sh, va, n);

	return r ? r : move_bytes(sh, &x, va, bytes, n, &done);
}

enum {
	TOUCH_A,
	TOUCH_LEN,
	TOUCH_READ,
	TOUCH_EXEC,
	TOUCH_SP
};

static int exec_touch(struct shell *sh, const struct args *a)
{
	struct access x = {.flags = FAULT_WRITE};
	uint64_t len = 1;
	vaddr_t va;
	int r;

	if (a->v[TOUCH_LEN].w || arg_mapping(sh, &a->v[TOUCH_A]))
		r = arg_area(sh, &a->v[TOUCH_A], &a->v[TOUCH_LEN], &va, &len);
	else
		r = arg_address(sh, &a->v[TOUCH_A], &va);
	if (!r)
		r = check_range(sh, va, len);
	if (r)
		return r;
	if (!is_user_address(sh, va))
		return cmd_fail(sh, EINVAL, "0x%llx is the kernel's: read or write it",
				(unsigned long long)va);
	if (a->v[TOUCH_READ].w || a->v[TOUCH_EXEC].w)
		x.flags = a->v[TOUCH_EXEC].w ? FAULT_EXEC : 0;
	r = need_task(sh, &x.t);
	if (r)
		return r;
	begin_change(sh);
	if (a->v[TOUCH_SP].w)
		x.t->sp = va;
	for (vaddr_t at = va; at - va < len && !r && !interrupted; at += in_page(at, PAGE_SIZE))
		r = access_page(sh, &x, at);
	say_rest(sh, &x);
	if (!r && !x.faults)
		out_str(sh, "no fault\n");
	return r;
}

const struct command commands_access[] = {
	{
		.name = "read",
		.args = {{"A", ARG_VALUE, 0}, {"LEN", ARG_VALUE, ARG_OPT}},
		.help = "Read memory as the current task does, with the faults that it takes.",
		.text = "A long's width if LEN is left out. A bad access ends in SIGSEGV or SIGBUS; the "
			"task lives on, as with a handler. An address in the kernel's part is read as "
			"the kernel itself would.",
		.example = "mmap 8K\nread $1 32",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_read,
	},
	{
		.name = "touch",
		.args = {{"A", ARG_VALUE, 0},
			 {"LEN", ARG_VALUE, ARG_OPT},
			 {"read", ARG_WORD, ARG_FLAG},
			 {"exec", ARG_WORD, ARG_FLAG},
			 {"sp", ARG_WORD, ARG_FLAG}},
		.help = "Access each page of an area once, to write unless read or exec is said.",
		.text = "It takes the faults that a program would; no byte changes. Without LEN, of a mapping's value every page, otherwise one page. "
			"With sp the stack pointer goes to A first, as a function's frame moves it: the "
			"stack grows to where the stack pointer is, and little below.",
		.example = "mmap 64K\ntouch $1+4K read\ntouch $1",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_touch,
	},
	{0},
};
