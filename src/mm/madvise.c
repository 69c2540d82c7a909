/* SPDX-License-Identifier: GPL-3.0-or-later */
/* madvise (address-space.md 11). */
#include "mm.h"

/* What each advice sets and clears; @refuse: flags of areas that it is invalid for. */
static const struct advice {
	int behaviour;
	uint32_t set, clear, refuse;
} advices[] = {
	{MADV_NORMAL, 0, VM_RAND_READ | VM_SEQ_READ, 0},
	{MADV_RANDOM, VM_RAND_READ, VM_SEQ_READ, 0},
	{MADV_SEQUENTIAL, VM_SEQ_READ, VM_RAND_READ, 0},
	{MADV_DONTFORK, VM_DONTCOPY, 0, 0},
	{MADV_DOFORK, 0, VM_DONTCOPY, VM_IO},
	{MADV_DONTDUMP, VM_DONTDUMP, 0, 0},
	{MADV_DODUMP, 0, VM_DONTDUMP, VM_SPECIAL},
};

static int refuse_advice(struct machine *m, const struct vm_area_struct *v)
{
	return mm_refuse(m, -EINVAL, MM_ADVICE_REFUSED, v->vm_start, v->vm_end, 0);
}

static int madvise_behavior(struct machine *m, struct vm_area_struct **pv, vaddr_t start, vaddr_t end, int b)
{
	for (unsigned i = 0; i < ARRAY_SIZE(advices); i++) {
		const struct advice *a = &advices[i];
		int err;

		if (a->behaviour != b)
			continue;
		if ((*pv)->vm_flags & a->refuse)
			return refuse_advice(m, *pv);
		err = vma_modify(m, pv, start, end, ((*pv)->vm_flags & ~a->clear) | a->set);
		return err == -ENOMEM ? -EAGAIN : err;
	}
	return -EINVAL;
}

/* Takes the page from its place in @v: not a copy that somebody has of it. */
static bool unmap_cached(struct machine *m, struct vm_area_struct *v, vaddr_t va, phys_t pte, void *arg)
{
	(void)pte;
	(void)arg;
	zap_page_range(m, v, va, PAGE_SIZE);
	return true;
}

static int madvise_remove(struct machine *m, struct vm_area_struct *v, vaddr_t start, vaddr_t end)
{
	uint64_t from = v->vm_pgoff + ((start - v->vm_start) >> PAGE_SHIFT);
	uint64_t to = from + ((end - start) >> PAGE_SHIFT);
	struct address_space *a;
	pfn_t pfn;

	if (v->vm_flags & (VM_LOCKED | VM_HUGETLB))
		return refuse_advice(m, v);
	if (!v->vm_file)
		return mm_refuse(m, -EINVAL, MM_ADVICE_NEEDS, v->vm_start, v->vm_end, 0);
	if ((v->vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return mm_refuse(m, -EACCES, MM_ADVICE_NEEDS, v->vm_start, v->vm_end, 0);
	a = v->vm_file->mapping;
	for (uint64_t i = from; (pfn = page_cache_next(a, i, &i)) != PFN_NONE && i < to; i++)
		rmap_walk(m, pfn, unmap_cached, NULL);
	page_cache_drop(m, a, from, to);
	return 0;
}

/* What lives in memory only has nothing to be read from. */
static void read_ahead(struct machine *m, const struct vm_area_struct *v, vaddr_t start, vaddr_t end)
{
	struct address_space *a = v->vm_file ? v->vm_file->mapping : NULL;
	uint64_t from = v->vm_pgoff + ((start - v->vm_start) >> PAGE_SHIFT), to;

	if (!a || a->fs->swapbacked)
		return;
	to = min_of(from + ((end - start) >> PAGE_SHIFT), PFN_UP(a->size));
	while (from < to && page_cache_get(m, a, from) >= 0)
		from++;
}

static int madvise_vma(struct machine *m, struct vm_area_struct **pv, vaddr_t start, vaddr_t end, int b)
{
	struct vm_area_struct *v = *pv;

	switch (b) {
	case MADV_DONTNEED:
		if (v->vm_flags & (VM_LOCKED | VM_HUGETLB | VM_PFNMAP))
			return refuse_advice(m, v);
		zap_page_range(m, v, start, end - start);
		return 0;
	case MADV_WILLNEED:
		read_ahead(m, v, start, end);
		return 0;
	case MADV_REMOVE:
		return madvise_remove(m, v, start, end);
	default:
		return madvise_behavior(m, pv, start, end, b);
	}
}

static bool behaviour_valid(int b)
{
	for (unsigned i = 0; i < ARRAY_SIZE(advices); i++)
		if (advices[i].behaviour == b)
			return true;
	return b == MADV_WILLNEED || b == MADV_DONTNEED || b == MADV_REMOVE;
}

int64_t sys_madvise(struct machine *m, struct task_struct *t, vaddr_t start, uint64_t len_in, int behaviour)
{
	struct vm_area_struct *v;
	bool hole = false;
	uint64_t len;
	vaddr_t end, gap = 0;

	start = word(m, start);
	len_in = word(m, len_in);
	mm_step(m, MM_MADVISE, start, len_in, behaviour, 0);
	if (!behaviour_valid(behaviour))
		return mm_refuse(m, -EINVAL, MM_ADVICE_UNKNOWN, (uint64_t)behaviour, 0, 0);
	if (start & (PAGE_SIZE - 1))
		return mm_refuse(m, -EINVAL, MM_UNALIGNED, start, 0, 0);
	len = page_align(m, len_in);
	end = word(m, start + len);
	if ((len_in && !len) || end < start)
		return mm_refuse(m, -EINVAL, MM_LENGTH_WRAPS, len_in, 0, 0);
	if (end == start)
		return 0;
	v = find_vma(t->mm, start);
	for (;;) {
		vaddr_t to;
		int err;

		if (!v)
			return mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, start, 0, 0);
		if (start < v->vm_start) {
			hole = true;
			gap = start;
			start = v->vm_start;
			if (start >= end)
				return mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, gap, 0, 0);
		}
		to = min_of(v->vm_end, end);
		err = madvise_vma(m, &v, start, to, behaviour);
		if (err)
			return err;
		start = max_of(to, v->vm_end);
		if (start >= end)
			return hole ? mm_refuse(m, -ENOMEM, MM_NOT_MAPPED, gap, 0, 0) : 0;
		v = v->vm_next;
	}
}
