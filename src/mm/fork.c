/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tasks come and go, and switch (address-space.md 13, faults.md 2, 5). */
#include "mm.h"
#include "vmstat.h"
#include <stdio.h>

/* ---- address spaces ---- */

struct mm_struct *mm_alloc(struct machine *m, struct task_struct *owner)
{
	struct mm_system *s = mm_system(m);
	struct mm_struct *mm;
	vaddr_t obj;

	mm = s ? mm_object_new(m, &s->mm_pool, sizeof(*mm), s->mm_cache, &obj) : NULL;
	if (!mm)
		return NULL;
	mm->obj = obj;
	mm->owner = owner;
	mm->mm_users = 1;
	mm->task_size = m->arch->bits == 32 ? m->layout.page_offset : 0x00007FFFFFFFF000;
	RB_INIT(&mm->mm_rb);
	if (pgd_alloc(m, mm)) {
		mm_object_free(m, &s->mm_pool, mm, s->mm_cache, obj);
		return NULL;
	}
	return mm;
}

/* All pages, then all tables, then the areas, each in ascending order. */
static void exit_mmap(struct machine *m, struct mm_struct *mm)
{
	struct vm_area_struct *v = mm->mmap;
	struct mmu_gather *g = tlb_gather(m, mm);
	long accounted = 0;

	mm_step(m, MM_EXIT, mm->map_count, 0, mm->rss_stat[MM_ANONPAGES],
		mm->rss_stat[MM_FILEPAGES]);
	for (struct vm_area_struct *l = v; l && mm->locked_vm; l = l->vm_next)
		if (l->vm_flags & VM_LOCKED)
			munlock_vma_pages_range(m, l, l->vm_start, l->vm_end);
	if (v) {
		unmap_vmas(m, g, v, 0, ~(vaddr_t)0);
		free_pgtables(m, g, v->vm_start, mm->highest_vm_end, 0, 0);
	}
	tlb_finish(m, g);
	while ((v = mm->mmap)) {
		if (v->vm_flags & VM_ACCOUNT)
			accounted += (long)vma_pages(v);
		vma_remove(m, v);
	}
	vm_unacct_memory(m, accounted);
}

void mmput(struct machine *m, struct mm_struct *mm)
{
	if (--mm->mm_users)
		return;
	exit_mmap(m, mm);
	if (mm->exe_file)
		fput(m, mm->exe_file);
	pgd_free(m, mm);
	mm_object_free(m, &m->mm->mm_pool, mm, m->mm->mm_cache, mm->obj);
}

/* ---- tasks ---- */

static const struct rlimit default_rlim[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = {RLIM_INFINITY, RLIM_INFINITY},
	[RLIMIT_FSIZE] = {RLIM_INFINITY, RLIM_INFINITY},
	[RLIMIT_DATA] = {RLIM_INFINITY, RLIM_INFINITY},
	[RLIMIT_STACK] = {8 << 20, RLIM_INFINITY},
	[RLIMIT_CORE] = {0, RLIM_INFINITY},
	[RLIMIT_RSS] = {RLIM_INFINITY, RLIM_INFINITY},
	[RLIMIT_NOFILE] = {1024, 4096},
	[RLIMIT_MEMLOCK] = {64 << 10, 64 << 10},
	[RLIMIT_AS] = {RLIM_INFINITY, RLIM_INFINITY},
	[RLIMIT_LOCKS] = {RLIM_INFINITY, RLIM_INFINITY},
	[RLIMIT_MSGQUEUE] = {819200, 819200},
	[RLIMIT_RTTIME] = {RLIM_INFINITY, RLIM_INFINITY},
};

/* Their stacks fill an eighth of what was free when boot counted: before it gave back what only
   itself needed. */
static unsigned long max_threads(const struct machine *m)
{
	unsigned long late = m->boot.alternatives_pages + m->boot.initrd_pages + m->boot.init_pages;

	return (m->totalram_pages - min_of(late, m->totalram_pages)) * (PAGE_SIZE >> 10) / (8 * m->arch->stack_kb);
}

/* The kernel stack, and what else a task is made of. */
static int task_memory(struct machine *m, struct task_struct *t)
{
	unsigned order = m->arch->stack_kb > 8 ? 2 : 1;
	int64_t pfn = alloc_kernel_pages(m, GFP_KERNEL | __GFP_NOTRACK | __GFP_ZERO, order, false);

	if (pfn < 0)
		return -ENOMEM;
	t->stack = (pfn_t)pfn;
	__mod_zone_page_state(m, m->zone_by_id[block_zone(pfn_to_page(m, t->stack)->block)], NR_KERNEL_STACK, 1);
	return 0;
}

static void task_link(struct mm_system *s, struct task_struct *t)
{
	struct task_struct *o, *last = NULL;

	LIST_FOREACH (o, &s->tasks, list) {
		if (o->pid > t->pid) {
			LIST_INSERT_BEFORE(o, t, list);
			return;
		}
		last = o;
	}
	if (last)
		LIST_INSERT_AFTER(last, t, list);
	else
		LIST_INSERT_HEAD(&s->tasks, t, list);
}

static int next_pid(struct mm_system *s, struct machine *m)
{
	for (int tries = 0; tries < 32768; tries++) {
		s->last_pid = s->last_pid >= 32767 ? 300 : s->last_pid + 1;
		if (!task_find(m, s->last_pid))
			return s->last_pid;
	}
	return -EAGAIN;
}

struct task_struct *task_new(struct machine *m, struct task_struct *parent, const char *comm)
{
	struct mm_system *s = mm_system(m);
	struct task_struct *t;
	vaddr_t obj;
	int pid;

	if (!s)
		return NULL;
	pid = next_pid(s, m);
	if (pid < 0)
		return NULL;
	t = mm_object_new(m, &s->task_pool, sizeof(*t), s->task_cache, &obj);
	if (!t)
		return NULL;
	t->obj = obj;
	t->pid = pid;
	t->stack = PFN_NONE;
	if (task_memory(m, t)) {
		mm_object_free(m, &s->task_pool, t, s->task_cache, obj);
		return NULL;
	}
	if (parent) {
		t->ppid = parent->pid;
		t->personality = parent->personality;
		t->uid = parent->uid;
		t->oom_score_adj = parent->oom_score_adj;
		memcpy(t->rlim, parent->rlim, sizeof(t->rlim));
	} else {
		memcpy(t->rlim, default_rlim, sizeof(t->rlim));
		t->rlim[RLIMIT_NPROC].cur = t->rlim[RLIMIT_NPROC].max = max_threads(m) / 2;
		t->rlim[RLIMIT_SIGPENDING] = t->rlim[RLIMIT_NPROC];
	}
	snprintf(t->comm, sizeof(t->comm), "%s", comm);
	task_link(s, t);
	return t;
}

int sys_setuid(struct task_struct *t, unsigned uid)
{
	if (!capable(t) && uid != t->uid)
		return -EPERM;
	t->uid = uid;
	return 0;
}

int sys_setrlimit(struct task_struct *t, enum rlimit_id id, struct rlimit new)
{
	if (new.cur > new.max)
		return -EINVAL;
	if (new.max > t->rlim[id].max && !capable(t))
		return -EPERM;
	t->rlim[id] = new;
	return 0;
}

struct task_struct *task_find(struct machine *m, int pid)
{
	struct task_struct *t;

	if (m->mm)
		LIST_FOREACH (t, &m->mm->tasks, list)
			if (t->pid == pid)
				return t;
	return NULL;
}

static void task_free(struct machine *m, struct task_struct *t)
{
	struct zone *z = m->zone_by_id[block_zone(pfn_to_page(m, t->stack)->block)];

	__mod_zone_page_state(m, z, NR_KERNEL_STACK, -1);
	__free_pages(m, t->stack, m->arch->stack_kb > 8 ? 2 : 1);
	LIST_REMOVE(t, list);
	mm_object_free(m, &m->mm->task_pool, t, m->mm->task_cache, t->obj);
}

void task_exit(struct machine *m, struct task_struct *t)
{
	struct mm_system *s = m->mm;
	struct task_struct *o;

	if (t->mm)
		mmput(m, t->mm);
	LIST_FOREACH (o, &s->tasks, list)
		if (o->ppid == t->pid)
			o->ppid = 1;
	if (s->current == t)
		s->current = LIST_FIRST(&s->tasks) != t ? LIST_FIRST(&s->tasks) : LIST_NEXT(t, list);
	task_free(m, t);
}

/* ---- fork ---- */

/* One area of the parent in the child's address space, behind *@prev. */
static int dup_area(struct machine *m, struct task_struct *parent, struct mm_struct *mm,
		    struct vm_area_struct *v, struct vm_area_struct **prev)
{
	bool charge = v->vm_flags & VM_ACCOUNT;
	struct vm_area_struct *n;

	if (charge && security_vm_enough_memory(m, parent, (long)vma_pages(v)))
		return -ENOMEM;
	n = vma_copy(m, v);
	if (!n) {
		if (charge)
			vm_unacct_memory(m, (long)vma_pages(v));
		return -ENOMEM;
	}
	n->vm_mm = mm;
	n->anon_vma = NULL;
	n->vm_flags &= ~VM_LOCKED_MASK;
	if (anon_vma_fork(m, n, v)) {
		vma_free(m, n);
		if (charge)
			vm_unacct_memory(m, (long)vma_pages(v));
		return -ENOMEM;
	}
	if (n->vm_file)
		n->vm_file->count++;
	vma_link(m, mm, n, *prev);
	*prev = n;
	return copy_page_range(m, mm, v);
}

static int dup_mmap(struct machine *m, struct task_struct *parent, struct mm_struct *mm)
{
	struct mm_struct *old = parent->mm;
	struct vm_area_struct *prev = NULL;
	int err = 0;

	mm->total_vm = old->total_vm;
	mm->shared_vm = old->shared_vm;
	mm->exec_vm = old->exec_vm;
	mm->stack_vm = old->stack_vm;
	for (struct vm_area_struct *v = old->mmap; v && !err; v = v->vm_next) {
		if (v->vm_flags & VM_DONTCOPY) {
			vm_stat_account(mm, v->vm_flags, v->vm_file, -(int64_t)vma_pages(v));
			trace_fork_area(m, v, FORK_DONTCOPY);
		} else {
			err = dup_area(m, parent, mm, v, &prev);
		}
	}
	return err;
}

static void copy_layout(struct mm_struct *mm, const struct mm_struct *old)
{
	mm->mmap_base = old->mmap_base;
	mm->mmap_legacy_base = old->mmap_legacy_base;
	mm->legacy = old->legacy;
	mm->ia32_compat = old->ia32_compat;
	mm->task_size = old->task_size;
	mm->start_code = old->start_code;
	mm->end_code = old->end_code;
	mm->start_data = old->start_data;
	mm->end_data = old->end_data;
	mm->start_brk = old->start_brk;
	mm->brk = old->brk;
	mm->start_stack = old->start_stack;
	mm->arg_start = old->arg_start;
	mm->arg_end = old->arg_end;
	mm->env_start = old->env_start;
	mm->env_end = old->env_end;
	mm->vdso = old->vdso;
	mm->exe_file = old->exe_file;
	if (mm->exe_file)
		mm->exe_file->count++;
}

int task_fork(struct machine *m, struct task_struct *parent, struct task_struct **child)
{
	struct task_struct *t;
	int err = 0;

	mm_step(m, MM_FORK, parent->pid, parent->mm ? parent->mm->map_count : 0, 0, 0);
	t = task_new(m, parent, parent->comm);
	if (!t)
		return -ENOMEM;
	t->sp = parent->sp;
	t->ip = parent->ip;
	if (parent->mm) {
		t->mm = mm_alloc(m, t);
		if (!t->mm) {
			task_free(m, t);
			return -ENOMEM;
		}
		copy_layout(t->mm, parent->mm);
		err = dup_mmap(m, parent, t->mm);
	}
	if (err) {
		task_exit(m, t);
		return err;
	}
	if (t->mm) {
		t->mm->hiwater_rss = get_mm_rss(t->mm);
		t->mm->hiwater_vm = t->mm->total_vm;
		mm_step(m, MM_FORK_DONE, t->pid, t->mm->total_vm, get_mm_rss(t->mm), 0);
	}
	*child = t;
	return 0;
}

/* ---- context switch (faults.md 2.3) ---- */

static void compare_slots(const struct machine *m, struct switch_report *r)
{
	const struct pgtable_format *f = m->arch->pgtable;
	unsigned n = 1u << f->level[0].bits;
	unsigned user = m->arch->bits == 32 ? (unsigned)(m->layout.page_offset >> f->level[0].shift) : n / 2;

	for (unsigned i = 0; i < n; i++) {
		uint64_t a = pte_read(m, r->old_pgd + i * f->entry_bytes);
		uint64_t b = pte_read(m, r->new_pgd + i * f->entry_bytes);

		if (i < user)
			r->user_slots += a != b;
		else if (a != b)
			r->kernel_differ++;
		else
			r->kernel_slots += !!(a & _PAGE_PRESENT);
	}
}

void task_switch(struct machine *m, struct task_struct *t, struct switch_report *r)
{
	struct mm_system *s = m->mm;
	struct task_struct *from = s->current;

	*r = (struct switch_report){.from = from, .to = t};
	s->current = t;
	r->old_pgd = from && from->mm ? from->mm->pgd : m->swapper_pg_dir;
	/* a kernel thread borrows what is loaded */
	r->new_pgd = t->mm ? t->mm->pgd : r->old_pgd;
	r->loaded = r->old_pgd != r->new_pgd;
	if (t->mm && r->old_pgd)
		compare_slots(m, r);
	mm_step(m, MM_SWITCH, from ? from->pid : 0, t->pid, r->old_pgd, r->new_pgd);
	mm_step(m, MM_SWITCH_SLOTS, r->user_slots, r->kernel_slots, r->kernel_differ, 0,
		.order = !t->mm	     ? SWITCH_LAZY
			 : r->loaded ? SWITCH_LOADED
				     : SWITCH_SAME);
}

int vmalloc_fault(struct machine *m, struct task_struct *t, vaddr_t va)
{
	const struct pgtable_format *f = m->arch->pgtable;
	struct pgtable_step ref[PGT_MAX_LEVELS], own[PGT_MAX_LEVELS];
	unsigned n;

	if (va < m->layout.vmalloc_start || va >= m->layout.vmalloc_end || !m->swapper_pg_dir || !t->mm)
		return -EFAULT;
	n = pgtable_walk(m, m->swapper_pg_dir, va, ref);
	if (n < f->levels || !(ref[n - 1].entry & _PAGE_PRESENT))
		return -EFAULT;
	pgtable_walk(m, t->mm->pgd, va, own);
	if (own[0].entry & _PAGE_PRESENT)
		return 0;
	pte_write(m, own[0].at, ref[0].entry);
	mm_step(m, MM_VMALLOC_FAULT, va, own[0].at, ref[0].entry, ref[0].at);
	return 1;
}
