/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mremap (address-space.md 10). */
#include "mm.h"

/* The area at @addr, if [addr, addr + old_len) may become @new_len; a charge for what it grows. */
static int64_t vma_to_resize(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t old_len,
			     uint64_t new_len, struct vm_area_struct **out, long *charged)
{
	struct vm_area_struct *v = vma_lookup(t->mm, addr);
	uint64_t pgoff, more = (new_len - old_len) >> PAGE_SHIFT;

	*charged = 0;
	*out = v;
	if (!v)
		return mm_refuse(m, -EFAULT, MM_NOT_MAPPED, addr, 0, 0);
	if (v->vm_flags & VM_HUGETLB)
		return mm_refuse(m, -EINVAL, MM_HUGE, 0, 0, 0);
	if (old_len > v->vm_end - addr)
		return mm_refuse(m, -EFAULT, MM_NOT_MAPPED_TO, addr, old_len, v->vm_end);
	if (new_len == old_len)
		return 0;
	pgoff = ((addr - v->vm_start) >> PAGE_SHIFT) + v->vm_pgoff;
	if (word(m, pgoff + (new_len >> PAGE_SHIFT)) < pgoff)
		return mm_refuse(m, -EINVAL, MM_OFFSET_WRAPS, pgoff, new_len, 0);
	if (v->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return mm_refuse(m, -EFAULT, MM_NO_EXPAND, v->vm_start, v->vm_end, 0);
	if (mlock_future_check(m, t, v->vm_flags, more))
		return -EAGAIN;
	if (!may_expand_vm(t, more))
		return refuse_expansion(m, t, more);
	if (v->vm_flags & VM_ACCOUNT) {
		if (security_vm_enough_memory(m, t, (long)more))
			return -ENOMEM;
		*charged = (long)more;
	}
	return 0;
}

/* The destination: merged with a neighbour, or a copy of the source. */
static struct vm_area_struct *copy_vma(struct machine *m, struct vm_area_struct **pv, vaddr_t to,
				       uint64_t len, uint64_t pgoff)
{
	struct vm_area_struct *v = *pv, *n;
	vaddr_t old_start = v->vm_start;
	struct vma_request r = {.addr = to, .end = to + len, .flags = v->vm_flags, .file = v->vm_file};

	/* never written: it may take the place's own offset, and so merge there */
	if (vma_is_anonymous(v) && !v->anon_vma)
		pgoff = to >> PAGE_SHIFT;
	r.anon_vma = v->anon_vma;
	r.pgoff = pgoff;
	n = v->special ? NULL : vma_merge(m, v->vm_mm, find_vma_before(v->vm_mm, to), &r);
	if (n) {
		/* the source itself has been extended */
		if (old_start >= n->vm_start && old_start < n->vm_end)
			*pv = n;
		return n;
	}
	n = vma_copy(m, v);
	if (!n)
		return NULL;
	n->vm_start = to;
	n->vm_end = to + len;
	n->vm_pgoff = pgoff;
	if (anon_vma_clone(m, n, v)) {
		vma_free(m, n);
		return NULL;
	}
	if (n->vm_file)
		n->vm_file->count++;
	vma_link(m, v->vm_mm, n, find_vma_before(v->vm_mm, to));
	mm_step(m, MM_NEW_AREA, to, n->vm_end, n->vm_flags, 0);
	return n;
}

static int64_t move_vma(struct machine *m, struct task_struct *t, struct vm_area_struct *v, vaddr_t from,
			uint64_t old_len, uint64_t new_len, vaddr_t to, bool *locked)
{
	struct mm_struct *mm = t->mm;
	uint64_t pgoff = v->vm_pgoff + ((from - v->vm_start) >> PAGE_SHIFT), hiwater = mm->hiwater_vm;
	uint32_t flags = v->vm_flags;
	struct vm_area_struct *n;
	int64_t ret = (int64_t)to;
	long excess = 0;
	bool split = false;
	uint64_t moved;

	if (mm->map_count >= (unsigned)m->mm->max_map_count - 3)
		return mm_refuse(m, -ENOMEM, MM_MAP_COUNT, mm->map_count,
				 (unsigned)m->mm->max_map_count - 3, 0);
	n = copy_vma(m, &v, to, new_len, pgoff);
	if (!n)
		return -ENOMEM;
	moved = move_page_tables(m, v, from, n, to, old_len);
	mm_step(m, MM_MOVE, from, to, old_len, moved);
	if (moved < old_len) {
		/* back again; the new area goes instead of the old one */
		move_page_tables(m, n, to, v, from, moved);
		v = n;
		old_len = new_len;
		from = to;
		ret = -ENOMEM;
	}
	/* what moves stays charged: the unmapping must not give it back */
	if (flags & VM_ACCOUNT) {
		v->vm_flags &= ~VM_ACCOUNT;
		excess = (long)(vma_pages(v) - (old_len >> PAGE_SHIFT));
		split = from > v->vm_start && from + old_len < v->vm_end;
	}
	vm_stat_account(mm, flags, v->vm_file, (int64_t)(new_len >> PAGE_SHIFT));
	if (do_munmap(m, mm, from, old_len)) {
		vm_unacct_memory(m, excess);
		excess = 0;
	}
	mm->hiwater_vm = hiwater;
	/* the parts of the source that stay are charged */
	if (excess) {
		v->vm_flags |= VM_ACCOUNT;
		if (split)
			v->vm_next->vm_flags |= VM_ACCOUNT;
	}
	if (flags & VM_LOCKED) {
		mm->locked_vm += new_len >> PAGE_SHIFT;
		*locked = true;
	}
	return ret;
}

static int64_t mremap_to(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t old_len,
			 vaddr_t to, uint64_t new_len, bool *locked)
{
	struct vm_area_struct *v;
	long charged;
	int64_t err;

	if (to & (PAGE_SIZE - 1))
		return mm_refuse(m, -EINVAL, MM_UNALIGNED, to, 0, 0);
	if (new_len > t->mm->task_size || to > t->mm->task_size - new_len)
		return mm_refuse(m, -EINVAL, MM_BEYOND, to, new_len, t->mm->task_size);
	if (word(m, addr + old_len) > to && to + new_len > addr)
		return mm_refuse(m, -EINVAL, MM_OVERLAP, addr, to, to + new_len);
	err = do_munmap(m, t->mm, to, new_len);
	if (!err && old_len > new_len) {
		err = do_munmap(m, t->mm, word(m, addr + new_len), old_len - new_len);
		old_len = new_len;
	}
	if (!err)
		err = vma_to_resize(m, t, addr, old_len, new_len, &v, &charged);
	if (err)
		return err;
	err = get_unmapped_area(m, t, v->vm_file, to, new_len, MAP_FIXED);
	if (err >= 0)
		err = move_vma(m, t, v, addr, old_len, new_len, to, locked);
	if (err < 0)
		vm_unacct_memory(m, charged);
	return err;
}

static bool expandable(struct machine *m, struct task_struct *t, const struct vm_area_struct *v,
		       uint64_t delta)
{
	vaddr_t end = word(m, v->vm_end + delta);

	return end >= v->vm_end && !(v->vm_next && v->vm_next->vm_start < end) &&
	       get_unmapped_area(m, t, NULL, v->vm_start, end - v->vm_start, MAP_FIXED) >= 0;
}

static int64_t grow(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t old_len,
		    uint64_t new_len, unsigned flags, bool *locked)
{
	struct vm_area_struct *v;
	long charged;
	int64_t err = vma_to_resize(m, t, addr, old_len, new_len, &v, &charged);

	if (err)
		return err;
	if (old_len == v->vm_end - addr && expandable(m, t, v, new_len - old_len)) {
		uint64_t pages = (new_len - old_len) >> PAGE_SHIFT;

		mm_step(m, MM_GROW, v->vm_start, v->vm_end, addr + new_len, 0);
		vma_set_bounds(m, v, v->vm_start, addr + new_len, v->vm_pgoff);
		vm_stat_account(t->mm, v->vm_flags, v->vm_file, (int64_t)pages);
		if (v->vm_flags & VM_LOCKED) {
			t->mm->locked_vm += pages;
			*locked = true;
		}
		return (int64_t)addr;
	}
	err = -ENOMEM;
	if (flags & MREMAP_MAYMOVE) {
		err = get_unmapped_area(m, t, v->vm_file, 0, new_len, 0);
		if (err >= 0)
			err = move_vma(m, t, v, addr, old_len, new_len, (vaddr_t)err, locked);
	} else {
		mm_refuse(m, -ENOMEM, MM_NO_ROOM, v->vm_end, addr + new_len,
			  v->vm_next ? v->vm_next->vm_start : 0);
	}
	if (err < 0)
		vm_unacct_memory(m, charged);
	return err;
}

int64_t sys_mremap(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t old_len,
		   uint64_t new_len, unsigned flags, vaddr_t new_addr)
{
	bool locked = false;
	uint64_t old_asked;
	int64_t got;

	addr = word(m, addr);
	new_addr = word(m, new_addr);
	mm_step(m, MM_MREMAP, addr, old_len, new_len, new_addr, .order = (uint8_t)flags);
	if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) || flags == MREMAP_FIXED)
		return mm_refuse(m, -EINVAL, MM_BAD_FLAGS, flags, 0, 0);
	if (addr & (PAGE_SIZE - 1))
		return mm_refuse(m, -EINVAL, MM_UNALIGNED, addr, 0, 0);
	old_len = page_align(m, word(m, old_len));
	new_len = page_align(m, word(m, new_len));
	old_asked = old_len;
	if (!new_len)
		return mm_refuse(m, -EINVAL, MM_LENGTH_ZERO, 0, 0, 0);
	if (flags & MREMAP_FIXED) {
		got = mremap_to(m, t, addr, old_len, new_addr, new_len, &locked);
	} else if (old_len == new_len) {
		return (int64_t)addr; /* whatever is there */
	} else if (old_len > new_len) {
		got = do_munmap(m, t->mm, word(m, addr + new_len), old_len - new_len);
		return got ? got : (int64_t)addr;
	} else {
		got = grow(m, t, addr, old_len, new_len, flags, &locked);
	}
	if (got >= 0 && locked && new_len > old_asked)
		mm_populate(m, t, (vaddr_t)got + old_asked, new_len - old_asked);
	return got;
}
