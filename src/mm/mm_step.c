/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps of operations on address spaces, for those who listen: what is too long to stand where
   it happens. */
#include "mm.h"

int mm_refuse(struct machine *m, int err, enum mm_step rule, uint64_t a, uint64_t b, uint64_t c)
{
	mm_step(m, rule, a, b, c, 0, .order = (uint8_t)-err);
	return err;
}

int refuse_map_count(struct machine *m, const struct mm_struct *mm)
{
	return mm_refuse(m, -ENOMEM, MM_MAP_COUNT, mm->map_count, (uint64_t)m->mm->max_map_count,
			 0);
}

static void trace_area(struct machine *m, struct mm_struct *mm, vaddr_t va)
{
	struct vm_area_struct *cache = mm->vmacache, *v = find_vma(mm, va);

	mm->vmacache = cache; /* looking leaves no trace */
	if (v)
		mm_step(m, MM_AREA, v->vm_start, v->vm_end, v->vm_flags, 0);
	else
		mm_step(m, MM_NO_AREA, va, mm->task_size, 0, 0);
}

void trace_fault(struct machine *m, struct task_struct *t, vaddr_t va, unsigned flags,
		 bool page_present)
{
	struct pgtable_step step[PGT_MAX_LEVELS];
	unsigned n;

	mm_step(m, MM_FAULT, va, fault_error_code(flags, page_present), t->sp,
		t->mm ? get_mm_rss(t->mm) : 0, .order = (uint8_t)flags);
	if (!t->mm || va >= t->mm->task_size) {
		mm_step(m, MM_NO_AREA, va, t->mm ? t->mm->task_size : 0, 0, 0);
		return;
	}
	n = pgtable_walk(m, t->mm->pgd, va, step);
	for (unsigned i = 0; i < n; i++)
		mm_step(m, MM_WALK, va, step[i].at, step[i].entry, 0, .order = (uint8_t)i);
	trace_area(m, t->mm, va);
}

void trace_copy(struct machine *m, const struct vm_area_struct *v, phys_t at, vaddr_t start,
		vaddr_t end)
{
	const bool cow = (v->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
	unsigned entries = 0, protected = 0, shared = 0;

	for (vaddr_t va = start; va != end; va += PAGE_SIZE, at += m->arch->pgtable->entry_bytes) {
		struct pte_info i;

		if (!pte_read(m, at) || !pte_lookup(m, v->vm_mm, va, &i) || !i.present)
			continue;
		entries++;
		protected += cow && i.write;
		shared += vm_normal_page(m, v, &i) != PFN_NONE;
	}
	mm_step(m, MM_FORK_PTES, start, entries, protected, shared);
}
