/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mprotect (address-space.md 9). */
#include "mm.h"

/* A piece of one area gets @flags. Returns: 0, *@pv the area that holds it then. */
static int mprotect_fixup(struct machine *m, struct task_struct *t, struct vm_area_struct **pv,
			  vaddr_t start, vaddr_t end, uint32_t flags)
{
	struct vm_area_struct *v;
	int64_t pages = (int64_t)((end - start) >> PAGE_SHIFT);
	uint32_t old = (*pv)->vm_flags;
	long charged = 0;

	if (flags == old) {
		mm_step(m, MM_UNCHANGED, start, end, 0, 0);
		return 0;
	}
	mm_step(m, MM_PROTECT, start, end, old, flags);
	if ((flags & VM_WRITE) && !(old & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE))) {
		if (security_vm_enough_memory(m, t, (long)pages))
			return -ENOMEM;
		charged = (long)pages;
		flags |= VM_ACCOUNT;
	}
	if (vma_modify(m, pv, start, end, flags)) {
		vm_unacct_memory(m, charged);
		return -ENOMEM;
	}
	v = *pv;
	change_protection(m, v, start, end);
	if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && (flags & VM_WRITE))
		mm_populate(m, t, start, end - start);
	vm_stat_account(t->mm, old, v->vm_file, -pages);
	vm_stat_account(t->mm, flags, v->vm_file, pages);
	return 0;
}

/* Where a change to a growing area really starts; negative: it is not allowed. */
static int64_t real_start(struct machine *m, const struct vm_area_struct *v, vaddr_t start,
			  vaddr_t end, unsigned grows)
{
	if (grows & PROT_GROWSDOWN) {
		if (v->vm_start >= end)
			return mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, start, 0, 0);
		return v->vm_flags & VM_GROWSDOWN
			       ? (int64_t)v->vm_start
			       : mm_refuse(m, -EINVAL, MM_NO_GROWSDOWN, v->vm_start, 0, 0);
	}
	if (v->vm_start > start)
		return mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, start, 0, 0);
	return grows ? mm_refuse(m, -EINVAL, MM_NO_GROWSDOWN, v->vm_start, 0, 0) : (int64_t)start;
}

int64_t sys_mprotect(struct machine *m, struct task_struct *t, vaddr_t start, uint64_t len, unsigned prot)
{
	unsigned grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	struct vm_area_struct *v;
	uint32_t want;
	int64_t at;
	vaddr_t end;

	prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
	start = word(m, start);
	len = word(m, len);
	mm_step(m, MM_MPROTECT, start, len, prot, 0);
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP))
		return mm_refuse(m, -EINVAL, MM_BAD_PROT, grows, 0, 0);
	if (start & (PAGE_SIZE - 1))
		return mm_refuse(m, -EINVAL, MM_UNALIGNED, start, 0, 0);
	if (!len)
		return 0;
	end = word(m, start + page_align(m, len));
	if (end <= start)
		return mm_refuse(m, -ENOMEM, MM_LENGTH_WRAPS, len, 0, 0);
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return mm_refuse(m, -EINVAL, MM_BAD_PROT, prot, 0, 0);
	if ((prot & PROT_READ) && (t->personality & READ_IMPLIES_EXEC))
		prot |= PROT_EXEC;
	want = prot & (VM_READ | VM_WRITE | VM_EXEC);
	v = find_vma(t->mm, start);
	at = v ? real_start(m, v, start, end, grows)
	       : mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, start, 0, 0);
	if (at < 0)
		return at;
	for (vaddr_t from = (vaddr_t)at;;) {
		uint32_t flags = want | (v->vm_flags & ~(uint32_t)VM_ACCESS);
		int err;

		if (flags & ~(flags >> 4) & VM_ACCESS)
			return mm_refuse(m, -EACCES, MM_MAY_NOT, v->vm_start, v->vm_end, 0);
		err = mprotect_fixup(m, t, &v, from, min_of(v->vm_end, end), flags);
		if (err)
			return err;
		from = max_of(from, v->vm_end);
		if (from >= end)
			return 0;
		v = v->vm_next;
		if (!v || v->vm_start != from)
			return mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, from, 0, 0);
	}
}
