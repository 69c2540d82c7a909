/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mlock and its kin, and touching pages ahead of use (faults.md 9). */
#include "mm.h"

void mm_populate(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len)
{
	vaddr_t end = addr + len;
	struct vm_area_struct *v;

	for (v = find_vma(t->mm, addr); v && v->vm_start < end; v = v->vm_next) {
		bool write = (v->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
		vaddr_t to = min_of(v->vm_end, end);

		if (v->vm_flags & (VM_IO | VM_PFNMAP | VM_LOCKONFAULT))
			continue;
		for (vaddr_t va = max_of(v->vm_start, addr); va < to; va += PAGE_SIZE) {
			struct fault_report r;

			/* an error ends the area, not the call */
			if (task_touch(m, t, va, FAULT_KERNEL | (write ? FAULT_WRITE : 0), &r))
				break;
		}
	}
}

/* Sets or clears the lock on [start, end). */
static int apply_lock(struct machine *m, struct task_struct *t, vaddr_t start, vaddr_t end, uint32_t lock)
{
	struct vm_area_struct *v = vma_lookup(t->mm, start);

	if (!v)
		return mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, start, 0, 0);
	while (start < end) {
		vaddr_t to = min_of(v->vm_end, end);
		uint32_t flags = (v->vm_flags & ~VM_LOCKED_MASK) | lock, old = v->vm_flags;
		uint64_t pages = (to - start) >> PAGE_SHIFT;

		if (!(v->vm_flags & (VM_SPECIAL | VM_HUGETLB)) && flags != old) {
			int err = vma_modify(m, &v, start, to, flags);

			if (err)
				return err;
			if ((flags ^ old) & VM_LOCKED)
				t->mm->locked_vm += lock ? pages : -pages;
		}
		start = to;
		if (start >= end)
			return 0;
		while (v && v->vm_end <= start)
			v = v->vm_next;
		if (!v || v->vm_start > start)
			return mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, start, 0, 0);
	}
	return 0;
}

int64_t sys_mlock(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len)
{
	uint64_t limit = rlimit(t, RLIMIT_MEMLOCK);
	vaddr_t start = page_down(word(m, addr));
	int err;

	mm_step(m, MM_MLOCK, addr, len, 0, 0);
	if (!t->capable && !limit)
		return mm_refuse(m, -EPERM, MM_NO_MEMLOCK, 0, 0, 0);
	len = page_align(m, word(m, len) + (addr & (PAGE_SIZE - 1)));
	if (!t->capable && (len >> PAGE_SHIFT) + t->mm->locked_vm > limit >> PAGE_SHIFT)
		return mm_refuse(m, -ENOMEM, MM_LIMIT_MEMLOCK, t->mm->locked_vm, len >> PAGE_SHIFT,
				 limit >> PAGE_SHIFT);
	if (word(m, start + len) < start)
		return mm_refuse(m, -EINVAL, MM_LENGTH_WRAPS, len, 0, 0);
	err = len ? apply_lock(m, t, start, start + len, VM_LOCKED) : 0;
	if (!err)
		mm_populate(m, t, start, len);
	return err;
}

int64_t sys_munlock(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len)
{
	vaddr_t start = page_down(word(m, addr));

	mm_step(m, MM_MUNLOCK, addr, len, 0, 0);
	len = page_align(m, word(m, len) + (addr & (PAGE_SIZE - 1)));
	if (word(m, start + len) < start)
		return mm_refuse(m, -EINVAL, MM_LENGTH_WRAPS, len, 0, 0);
	return len ? apply_lock(m, t, start, start + len, 0) : 0;
}

static void lock_all(struct machine *m, struct task_struct *t, uint32_t lock)
{
	struct vm_area_struct *v = t->mm->mmap;

	while (v) {
		vaddr_t end = v->vm_end;

		/* an area that cannot be changed is passed over */
		apply_lock(m, t, v->vm_start, end, lock);
		v = find_vma(t->mm, end);
	}
}

int64_t sys_mlockall(struct machine *m, struct task_struct *t, unsigned flags)
{
	struct mm_struct *mm = t->mm;
	uint64_t limit = rlimit(t, RLIMIT_MEMLOCK);
	uint32_t lock = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);

	mm_step(m, MM_MLOCKALL, flags, 0, 0, 0);
	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return mm_refuse(m, -EINVAL, MM_BAD_FLAGS, flags, 0, 0);
	if (!t->capable && !limit)
		return mm_refuse(m, -EPERM, MM_NO_MEMLOCK, 0, 0, 0);
	if ((flags & MCL_CURRENT) && !t->capable && mm->total_vm > limit >> PAGE_SHIFT)
		return mm_refuse(m, -ENOMEM, MM_LIMIT_MEMLOCK, 0, mm->total_vm,
				 limit >> PAGE_SHIFT);
	mm->def_flags &= ~VM_LOCKED_MASK;
	if (flags & MCL_FUTURE)
		mm->def_flags |= lock;
	if (flags & MCL_CURRENT) {
		lock_all(m, t, lock);
		mm_populate(m, t, 0, mm->task_size);
	}
	return 0;
}

int64_t sys_munlockall(struct machine *m, struct task_struct *t)
{
	mm_step(m, MM_MLOCKALL, 0, 0, 0, 0, .order = 1);
	t->mm->def_flags &= ~VM_LOCKED_MASK;
	lock_all(m, t, 0);
	return 0;
}
