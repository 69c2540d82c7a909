/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mlock and its kin, and touching pages ahead of use (faults.md 9). */
#include "mm.h"
#include "vmstat.h"

/* ---- pages ---- */

static void count_mlock(struct machine *m, pfn_t pfn, long n, enum vm_event_item event)
{
	__mod_zone_page_state(m, m->zone_by_id[block_zone(pfn_to_page(m, pfn)->block)], NR_MLOCK, n);
	count_vm_events(m, event, 1);
}

void mlock_vma_page(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	if (p->flags & PG(mlocked))
		return;
	p->flags |= PG(mlocked);
	count_mlock(m, pfn, 1, UNEVICTABLE_PGMLOCKED);
	if (p->flags & PG(lru))
		lru_del(m, pfn);
	lru_add(m, pfn, LRU_UNEVICTABLE);
}

static void unlock(struct machine *m, pfn_t pfn, enum vm_event_item event)
{
	struct page *p = pfn_to_page(m, pfn);

	p->flags &= ~PG(mlocked);
	count_mlock(m, pfn, -1, event);
	if (p->flags & PG(lru))
		lru_del(m, pfn);
	lru_add(m, pfn, p->flags & PG(swapbacked) ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE);
}

void clear_page_mlock(struct machine *m, pfn_t pfn)
{
	unlock(m, pfn, UNEVICTABLE_PGCLEARED);
}

/* Ends the walk at a locked area but @arg. */
static bool not_locked(struct machine *m, struct vm_area_struct *v, vaddr_t va, phys_t pte, void *arg)
{
	(void)m;
	(void)va;
	(void)pte;
	return v == arg || !(v->vm_flags & VM_LOCKED);
}

void munlock_vma_page(struct machine *m, const struct vm_area_struct *v, pfn_t pfn)
{
	if (!(pfn_to_page(m, pfn)->flags & PG(mlocked)))
		return;
	unlock(m, pfn, UNEVICTABLE_PGMUNLOCKED);
	if (pfn_to_page(m, pfn)->mapcount > 1 && !rmap_walk(m, pfn, not_locked, (void *)(uintptr_t)v))
		mlock_vma_page(m, pfn);
}

void munlock_vma_pages_range(struct machine *m, const struct vm_area_struct *v, vaddr_t start, vaddr_t end)
{
	for (vaddr_t va = start, span; va < end; va = (va & ~(span - 1)) + span) {
		struct pte_info i;
		pfn_t pfn;

		span = pte_lookup(m, v->vm_mm, va, &i) ? PAGE_SIZE : pte_table_span(m);
		pfn = vm_normal_page(m, v, &i);
		if (pfn != PFN_NONE)
			munlock_vma_page(m, v, pfn);
	}
}

/* ---- populating ---- */

/* The page that is there now is in use; in a locked area it is locked. */
static void take_present(struct machine *m, const struct vm_area_struct *v, vaddr_t va)
{
	struct pte_info i;
	pfn_t pfn;

	if (!pte_lookup(m, v->vm_mm, va, &i))
		return;
	pfn = vm_normal_page(m, v, &i);
	if (pfn == PFN_NONE)
		return;
	mark_page_accessed(m, pfn);
	if ((v->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED && page_is_mapping(pfn_to_page(m, pfn)))
		mlock_vma_page(m, pfn);
}

/* Returns: 0, or the error of the first page of @v in the range that cannot be brought in. */
static int populate_area(struct machine *m, struct task_struct *t, const struct vm_area_struct *v,
			 vaddr_t addr, vaddr_t end, struct fault_report *r)
{
	bool write = (v->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
	int err = 0;

	if (v->vm_flags & (VM_IO | VM_PFNMAP))
		return 0;
	end = min_of(v->vm_end, end);
	for (vaddr_t va = max_of(v->vm_start, addr); va < end && !err; va += PAGE_SIZE) {
		/* locked on fault: what is there, if it may be accessed */
		if (!(v->vm_flags & VM_LOCKONFAULT) || !(v->vm_flags & VM_ACCESS))
			err = task_touch(m, t, va, FAULT_KERNEL | (write ? FAULT_WRITE : 0), r);
		if (!err)
			take_present(m, v, va);
	}
	return err;
}

void mm_populate(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len)
{
	struct vm_area_struct *v;
	struct fault_report r;

	for (v = find_vma(t->mm, addr); v && v->vm_start < addr + len; v = v->vm_next)
		populate_area(m, t, v, addr, addr + len, &r);
}

/* What mlock locked comes in, up to the first page that cannot. Returns: what POSIX has for that. */
static int populate_locked(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len)
{
	struct vm_area_struct *v;
	struct fault_report r;
	int err = 0;

	for (v = find_vma(t->mm, addr); v && v->vm_start < addr + len && !err; v = v->vm_next)
		err = populate_area(m, t, v, addr, addr + len, &r);
	return err ? mm_refuse(m, err == -ENOMEM ? -EAGAIN : -ENOMEM, MM_NOT_BROUGHT_IN, r.addr, 0, 0) : 0;
}

/* ---- the calls ---- */

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
			if (old & ~flags & VM_LOCKED)
				munlock_vma_pages_range(m, v, start, to);
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
	if (!capable(t) && !limit)
		return mm_refuse(m, -EPERM, MM_NO_MEMLOCK, 0, 0, 0);
	len = page_align(m, word(m, len) + (addr & (PAGE_SIZE - 1)));
	if (!capable(t) && (len >> PAGE_SHIFT) + t->mm->locked_vm > limit >> PAGE_SHIFT)
		return mm_refuse(m, -ENOMEM, MM_LIMIT_MEMLOCK, t->mm->locked_vm, len >> PAGE_SHIFT,
				 limit >> PAGE_SHIFT);
	if (word(m, start + len) < start)
		return mm_refuse(m, -EINVAL, MM_LENGTH_WRAPS, len, 0, 0);
	err = len ? apply_lock(m, t, start, start + len, VM_LOCKED) : 0;
	return err ? err : populate_locked(m, t, start, len);
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
	if (!capable(t) && !limit)
		return mm_refuse(m, -EPERM, MM_NO_MEMLOCK, 0, 0, 0);
	if ((flags & MCL_CURRENT) && !capable(t) && mm->total_vm > limit >> PAGE_SHIFT)
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
