/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where areas go, and how they come and go: mmap, munmap, brk, stacks (address-space.md 4-8, 12). */
#include "mm.h"

/* ---- counters and limits ---- */

void vm_stat_account(struct mm_struct *mm, uint32_t flags, const struct file *file, int64_t pages)
{
	mm->total_vm += (uint64_t)pages;
	if (file) {
		mm->shared_vm += (uint64_t)pages;
		if ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
			mm->exec_vm += (uint64_t)pages;
	} else if (flags & VM_GROWSDOWN) {
		mm->stack_vm += (uint64_t)pages;
	}
}

bool may_expand_vm(const struct task_struct *t, uint64_t pages)
{
	return t->mm->total_vm + pages <= rlimit(t, RLIMIT_AS) >> PAGE_SHIFT;
}

int refuse_expansion(struct machine *m, const struct task_struct *t, uint64_t pages)
{
	return mm_refuse(m, -ENOMEM, MM_LIMIT_AS, t->mm->total_vm, pages,
			 rlimit(t, RLIMIT_AS) >> PAGE_SHIFT);
}

void update_hiwater_vm(struct mm_struct *mm)
{
	mm->hiwater_vm = max_of(mm->hiwater_vm, mm->total_vm);
}

void update_hiwater_rss(struct mm_struct *mm)
{
	mm->hiwater_rss = max_of(mm->hiwater_rss, get_mm_rss(mm));
}

int mlock_future_check(struct machine *m, const struct task_struct *t, uint32_t flags,
		       uint64_t pages)
{
	uint64_t limit = rlimit(t, RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if ((flags & VM_LOCKED) && !capable(t) && pages + t->mm->locked_vm > limit)
		return mm_refuse(m, -EAGAIN, MM_LIMIT_MEMLOCK, t->mm->locked_vm, pages, limit);
	return 0;
}

static uint64_t commit_limit(const struct machine *m)
{
	const struct mm_system *s = m->mm;

	if (s && s->overcommit_kbytes)
		return s->overcommit_kbytes >> (PAGE_SHIFT - 10);
	return m->totalram_pages * (uint64_t)(s ? s->overcommit_ratio : 50) / 100;
}

uint64_t vm_commit_limit(const struct machine *m)
{
	return commit_limit(m);
}

void vm_unacct_memory(struct machine *m, long pages)
{
	m->mm->committed -= pages;
}

/* Free, or soon if need be. */
static long could_be_free(const struct machine *m)
{
	return (long)(global_page_state(m, NR_FREE_PAGES) + global_page_state(m, NR_FILE_PAGES) +
		      global_page_state(m, NR_SLAB_RECLAIMABLE)) -
	       (long)global_page_state(m, NR_SHMEM);
}

static long kept_for_root(const struct machine *m, const struct task_struct *t)
{
	return capable(t) ? 0 : (long)(m->mm->admin_reserve_kbytes >> (PAGE_SHIFT - 10));
}

/* Mode 0: refused is only what could never be. */
static bool heuristic_allows(const struct machine *m, const struct task_struct *t, long pages)
{
	long free = could_be_free(m);

	if (free <= (long)m->totalreserve_pages)
		return false;
	return free - (long)m->totalreserve_pages - kept_for_root(m, t) > pages;
}

/* Mode 2: what the limit is lowered by. */
static long held_back(const struct machine *m, const struct task_struct *t)
{
	long own = t->mm ? min_of((long)(t->mm->total_vm / 32),
				  (long)(m->mm->user_reserve_kbytes >> (PAGE_SHIFT - 10)))
			 : 0;

	return kept_for_root(m, t) + own;
}

static bool strict_allows(const struct machine *m, const struct task_struct *t)
{
	return m->mm->committed < (long)commit_limit(m) - held_back(m, t);
}

static void trace_commit(struct machine *m, const struct task_struct *t, long pages, bool ok)
{
	const struct mm_system *s = m->mm;
	struct trace_event ev = {.id = TRACE_MM_STEP, .verdict = MM_COMMIT, .mt = ok, .a = pages};

	ev.order = (uint8_t)s->overcommit_memory;
	if (s->overcommit_memory == 2) {
		ev.b = s->committed;
		ev.c = (int64_t)commit_limit(m);
		ev.d = held_back(m, t);
	} else {
		ev.b = could_be_free(m);
		ev.c = (int64_t)m->totalreserve_pages;
		ev.d = kept_for_root(m, t);
	}
	trace_emit(m, &ev);
}

int security_vm_enough_memory(struct machine *m, struct task_struct *t, long pages)
{
	struct mm_system *s = m->mm;
	bool ok;

	s->committed += pages;
	ok = s->overcommit_memory == 1 ||
	     (s->overcommit_memory ? strict_allows(m, t) : heuristic_allows(m, t, pages));
	if (trace_on(m, TRACE_MM_STEP))
		trace_commit(m, t, pages, ok);
	if (ok)
		return 0;
	s->committed -= pages;
	return -ENOMEM;
}

/* ---- address selection (5) ---- */

static int64_t search(struct machine *m, struct mm_struct *mm, uint64_t len)
{
	vaddr_t min = max_of((vaddr_t)PAGE_SIZE, (vaddr_t)m->mm->mmap_min_addr), got;

	if (mm->legacy) {
		got = vma_find_gap(m, mm, len, mm->mmap_base, mm->task_size, false);
	} else {
		got = vma_find_gap(m, mm, len, min, mm->mmap_base, true);
		/* a stack limit that was wide makes the lower part small: try above, too */
		if (got == NO_GAP)
			got = vma_find_gap(m, mm, len,
					   m->arch->bits == 64 ? mm->mmap_legacy_base : page_up(mm->task_size / 3),
					   mm->task_size, false);
	}
	return got == NO_GAP ? mm_refuse(m, -ENOMEM, MM_NO_ADDRESS, len, 0, 0) : (int64_t)got;
}

static bool hint_fits(struct machine *m, struct mm_struct *mm, vaddr_t a, uint64_t len)
{
	struct vm_area_struct *v;

	if (a > mm->task_size - len) {
		mm_step(m, MM_HINT_HIGH, a, a + len, mm->task_size, 0);
		return false;
	}
	if (a < m->mm->mmap_min_addr) {
		mm_step(m, MM_HINT_LOW, a, m->mm->mmap_min_addr, 0, 0);
		return false;
	}
	v = find_vma(mm, a);
	if (v && a + len > vm_start_gap(m, v)) {
		mm_step(m, MM_HINT_BUSY, a, a + len, vm_start_gap(m, v), v->vm_end);
		return false;
	}
	mm_step(m, MM_HINT_TAKEN, a, a + len, 0, 0);
	return true;
}

int64_t get_unmapped_area(struct machine *m, struct task_struct *t, struct file *file, vaddr_t addr,
			  uint64_t len, unsigned flags)
{
	struct mm_struct *mm = t->mm;
	vaddr_t a = page_align(m, addr);
	int64_t got;

	(void)file;
	if (len > mm->task_size || len > mm->task_size - m->mm->mmap_min_addr)
		return mm_refuse(m, -ENOMEM, MM_TOO_LONG, len, mm->task_size, m->mm->mmap_min_addr);
	if (flags & MAP_FIXED)
		got = (int64_t)addr;
	else if (addr && hint_fits(m, mm, a, len))
		got = (int64_t)a;
	else
		got = search(m, mm, len);
	if (got < 0 && !(flags & MAP_FIXED))
		return got;
	if ((vaddr_t)got > mm->task_size - len)
		return mm_refuse(m, -ENOMEM, MM_BEYOND, (vaddr_t)got, len, mm->task_size);
	if (got & (int64_t)(PAGE_SIZE - 1))
		return mm_refuse(m, -EINVAL, MM_UNALIGNED, (vaddr_t)got, 0, 0);
	if ((vaddr_t)got < m->mm->mmap_min_addr && !capable(t))
		return mm_refuse(m, -EPERM, MM_TOO_LOW, (vaddr_t)got, m->mm->mmap_min_addr, 0);
	return got;
}

/* ---- mmap ---- */

static uint32_t prot_flags(unsigned prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
	       (prot & PROT_EXEC ? VM_EXEC : 0);
}

/* Rows 11a to 18: what a file allows. */
static int check_file(struct machine *m, const struct file *f, uint64_t len, unsigned prot,
		      unsigned type, uint32_t *flags, uint64_t pgoff)
{
	uint64_t max = m->arch->bits == 32 ? (8ull << 40) - 1 : INT64_MAX;

	if (len > max || pgoff > (max - len) >> PAGE_SHIFT)
		return mm_refuse(m, -EOVERFLOW, MM_FILE_LONG, len, pgoff, max);
	if (type != MAP_SHARED && type != MAP_PRIVATE)
		return mm_refuse(m, -EINVAL, MM_BAD_TYPE, type, 0, 0);
	if (type == MAP_SHARED) {
		if (((prot & PROT_WRITE) && !(f->mode & FMODE_WRITE)) ||
		    (f->mode & (FMODE_WRITE | FMODE_APPEND)) == (FMODE_WRITE | FMODE_APPEND))
			return mm_refuse(m, -EACCES, MM_FILE_UNWRITABLE, 0, 0, 0);
		*flags |= VM_SHARED | VM_MAYSHARE;
		if (!(f->mode & FMODE_WRITE))
			*flags &= ~(VM_MAYWRITE | VM_SHARED);
	}
	if (!(f->mode & FMODE_READ))
		return mm_refuse(m, -EACCES, MM_FILE_UNREADABLE, 0, 0, 0);
	return *flags & VM_GROWSDOWN ? mm_refuse(m, -EINVAL, MM_FILE_GROWS, 0, 0, 0) : 0;
}

/* Pages that a request would unmap do not count against the limit. */
static bool fits_address_space(struct task_struct *t, vaddr_t addr, uint64_t len)
{
	uint64_t there = 0;

	if (may_expand_vm(t, len >> PAGE_SHIFT))
		return true;
	for (struct vm_area_struct *v = find_vma(t->mm, addr); v && v->vm_start < addr + len; v = v->vm_next)
		there += min_of(v->vm_end, addr + len) - max_of(v->vm_start, addr);
	return may_expand_vm(t, (len - there) >> PAGE_SHIFT);
}

/* What is in the way goes. Returns: 0 and the area before the range, or -ENOMEM. */
static int clear_range(struct machine *m, struct mm_struct *mm, vaddr_t addr, uint64_t len,
		       struct vm_area_struct **prev)
{
	struct vm_area_struct *next;

	*prev = find_vma_before(mm, addr);
	next = *prev ? (*prev)->vm_next : mm->mmap;
	if (!(*prev && (*prev)->vm_end > addr) && !(next && next->vm_start < addr + len))
		return 0;
	mm_step(m, MM_CLEAR, addr, addr + len, 0, 0);
	if (do_munmap(m, mm, addr, len))
		return -ENOMEM;
	*prev = find_vma_before(mm, addr);
	return 0;
}

static int attach_file(struct machine *m, struct task_struct *t, struct vm_area_struct *v, struct file *f)
{
	uint64_t pages = vma_pages(v);

	if (f) {
		if ((v->vm_flags & VM_DENYWRITE) && f->mapping->writers)
			return mm_refuse(m, -ETXTBSY, MM_FILE_BUSY, (uint64_t)f->mapping->writers,
					 0, 0);
		v->vm_file = f;
		f->count++;
	} else if (v->vm_flags & VM_SHARED) {
		bool charge = !(v->vm_flags & VM_NORESERVE);

		if (charge && security_vm_enough_memory(m, t, (long)pages))
			return -ENOMEM;
		v->vm_file = shmem_zero_file(m, PFN_PHYS(pages));
		if (!v->vm_file) {
			if (charge)
				vm_unacct_memory(m, (long)pages);
			return -ENOMEM;
		}
		v->vm_file->mapping->charged = charge ? pages : 0;
	}
	return 0;
}

static int64_t mmap_region(struct machine *m, struct task_struct *t, struct file *file, vaddr_t addr,
			   uint64_t len, uint32_t flags, uint64_t pgoff)
{
	struct mm_struct *mm = t->mm;
	uint64_t pages = len >> PAGE_SHIFT;
	struct vma_request r = {.addr = addr, .end = addr + len, .file = file, .pgoff = pgoff};
	struct vm_area_struct *v, *prev;
	int err;

	if (!fits_address_space(t, addr, len))
		return refuse_expansion(m, t, pages);
	if (clear_range(m, mm, addr, len, &prev))
		return -ENOMEM;
	if ((flags & (VM_NORESERVE | VM_SHARED | VM_HUGETLB | VM_WRITE)) == VM_WRITE) {
		if (security_vm_enough_memory(m, t, (long)pages))
			return -ENOMEM;
		flags |= VM_ACCOUNT;
	}
	r.flags = flags;
	v = vma_merge(m, mm, prev, &r);
	if (!v) {
		v = vma_alloc(m, mm);
		if (v) {
			v->vm_start = addr;
			v->vm_end = addr + len;
			v->vm_flags = flags;
			v->vm_pgoff = pgoff;
		}
		err = v ? attach_file(m, t, v, file) : -ENOMEM;
		if (err) {
			if (v)
				vma_free(m, v);
			if (flags & VM_ACCOUNT)
				vm_unacct_memory(m, (long)pages);
			return err;
		}
		vma_link(m, mm, v, prev);
		mm_step(m, MM_NEW_AREA, addr, r.end, flags, 0);
	}
	vm_stat_account(mm, flags, v->vm_file, (int64_t)pages);
	if (flags & VM_LOCKED)
		mm->locked_vm += pages;
	return (int64_t)addr;
}

int64_t do_mmap(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len, unsigned prot,
		unsigned flags, uint32_t vm_flags, struct file *file, uint64_t pgoff, bool *populate)
{
	struct mm_struct *mm = t->mm;
	uint64_t asked;
	int64_t at;
	int err = 0;

	*populate = false;
	mm_step(m, MM_MMAP, addr, len, prot, flags);
	if (!len)
		return mm_refuse(m, -EINVAL, MM_LENGTH_ZERO, 0, 0, 0);
	if ((prot & PROT_READ) && (t->personality & READ_IMPLIES_EXEC))
		prot |= PROT_EXEC;
	if (!(flags & MAP_FIXED)) {
		addr = page_down(addr);
		if (addr && addr < m->mm->mmap_min_addr) {
			mm_step(m, MM_HINT_RAISED, addr, m->mm->mmap_min_addr, 0, 0);
			addr = page_up(m->mm->mmap_min_addr);
		}
	}
	asked = len;
	len = page_align(m, len);
	if (!len)
		return mm_refuse(m, -ENOMEM, MM_LENGTH_WRAPS, asked, 0, 0);
	if (word(m, pgoff + (len >> PAGE_SHIFT)) < pgoff)
		return mm_refuse(m, -EOVERFLOW, MM_OFFSET_WRAPS, pgoff, len, 0);
	if (mm->map_count > (unsigned)m->mm->max_map_count)
		return refuse_map_count(m, mm);
	at = get_unmapped_area(m, t, file, addr, len, flags);
	if (at < 0)
		return at;
	vm_flags |= prot_flags(prot) | mm->def_flags | VM_MAYACCESS |
		    (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) | (flags & MAP_DENYWRITE ? VM_DENYWRITE : 0) |
		    (flags & MAP_LOCKED ? VM_LOCKED : 0);
	if ((flags & MAP_LOCKED) && !capable(t) && !rlimit(t, RLIMIT_MEMLOCK))
		return mm_refuse(m, -EPERM, MM_NO_MEMLOCK, 0, 0, 0);
	err = mlock_future_check(m, t, vm_flags, len >> PAGE_SHIFT);
	if (err)
		return err;
	if (file) {
		err = check_file(m, file, len, prot, flags & MAP_TYPE, &vm_flags, pgoff);
	} else if ((flags & MAP_TYPE) == MAP_SHARED) {
		err = vm_flags & VM_GROWSDOWN ? mm_refuse(m, -EINVAL, MM_SHARED_GROWS, 0, 0, 0) : 0;
		pgoff = 0;
		vm_flags |= VM_SHARED | VM_MAYSHARE;
	} else {
		err = (flags & MAP_TYPE) == MAP_PRIVATE
			      ? 0
			      : mm_refuse(m, -EINVAL, MM_BAD_TYPE, flags & MAP_TYPE, 0, 0);
		pgoff = (vaddr_t)at >> PAGE_SHIFT;
	}
	if (err)
		return err;
	if ((flags & MAP_NORESERVE) && m->mm->overcommit_memory != 2)
		vm_flags |= VM_NORESERVE;
	at = mmap_region(m, t, file, (vaddr_t)at, len, vm_flags, pgoff);
	*populate = at >= 0 && ((vm_flags & VM_LOCKED) ||
				(flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE);
	return at;
}

int64_t sys_mmap(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len,
		 unsigned prot, unsigned flags, struct file *file, uint64_t pgoff)
{
	bool populate;
	int64_t at;

	addr = word(m, addr);
	len = word(m, len);
	if (flags & MAP_ANONYMOUS)
		file = NULL;
	else if (!file)
		return mm_refuse(m, -EBADF, MM_NO_FILE, 0, 0, 0);
	if (flags & MAP_HUGETLB)
		return mm_refuse(m, -EINVAL, MM_HUGE, 0, 0, 0);
	flags &= ~(MAP_EXECUTABLE | MAP_DENYWRITE);
	at = do_mmap(m, t, addr, len, prot, flags, 0, file, pgoff, &populate);
	if (populate)
		mm_populate(m, t, (vaddr_t)at, page_align(m, len));
	return at;
}

/* ---- munmap (7) ---- */

/* The areas in [start, end), cut to fit, and all that is theirs. */
static void remove_areas(struct machine *m, struct mm_struct *mm, struct vm_area_struct *v, vaddr_t end)
{
	struct vm_area_struct *prev = v->vm_prev, *last = v, *next;
	struct mmu_gather *g = tlb_gather(m, mm);
	long anon = mm->rss_stat[MM_ANONPAGES], files = mm->rss_stat[MM_FILEPAGES], accounted = 0;

	while (last->vm_next && last->vm_next->vm_start < end)
		last = last->vm_next;
	next = last->vm_next;
	update_hiwater_rss(mm);
	update_hiwater_vm(mm);
	for (struct vm_area_struct *l = v; l != next && mm->locked_vm; l = l->vm_next)
		if (l->vm_flags & VM_LOCKED)
			munlock_vma_pages_range(m, l, l->vm_start, l->vm_end);
	unmap_vmas(m, g, v, v->vm_start, end);
	mm_step(m, MM_ZAPPED, v->vm_start, last->vm_end, anon - mm->rss_stat[MM_ANONPAGES],
		files - mm->rss_stat[MM_FILEPAGES]);
	free_pgtables(m, g, v->vm_start, last->vm_end, prev ? prev->vm_end : 0, next ? next->vm_start : 0);
	tlb_finish(m, g);
	while (v != next) {
		struct vm_area_struct *gone = v;
		int64_t pages = (int64_t)vma_pages(v);

		v = v->vm_next;
		if (gone->vm_flags & VM_LOCKED)
			mm->locked_vm -= (uint64_t)pages;
		if (gone->vm_flags & VM_ACCOUNT)
			accounted += pages;
		vm_stat_account(mm, gone->vm_flags, gone->vm_file, -pages);
		mm_step(m, MM_AREA_GONE, gone->vm_start, gone->vm_end, 0, 0);
		vma_remove(m, gone);
	}
	vm_unacct_memory(m, accounted);
}

int do_munmap(struct machine *m, struct mm_struct *mm, vaddr_t start, uint64_t len)
{
	struct vm_area_struct *v, *last;
	vaddr_t end;

	if (start & (PAGE_SIZE - 1))
		return mm_refuse(m, -EINVAL, MM_UNALIGNED, start, 0, 0);
	if (start > mm->task_size || len > mm->task_size - start)
		return mm_refuse(m, -EINVAL, MM_BEYOND, start, len, mm->task_size);
	len = page_align(m, len);
	if (!len)
		return mm_refuse(m, -EINVAL, MM_LENGTH_ZERO, 0, 0, 0);
	v = find_vma(mm, start);
	end = start + len;
	if (!v || v->vm_start >= end)
		return 0;
	if (start > v->vm_start) {
		if (end < v->vm_end && mm->map_count >= (unsigned)m->mm->max_map_count)
			return refuse_map_count(m, mm);
		if (__split_vma(m, v, start, false))
			return -ENOMEM;
		v = v->vm_next;
	}
	for (last = v; last && last->vm_end <= end;)
		last = last->vm_next;
	if (last && end > last->vm_start) {
		if (__split_vma(m, last, end, true))
			return -ENOMEM;
		if (v == last) /* the old structure keeps the upper part */
			v = last->vm_prev;
	}
	remove_areas(m, mm, v, end);
	return 0;
}

int64_t sys_munmap(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len)
{
	addr = word(m, addr);
	len = word(m, len);
	mm_step(m, MM_MUNMAP, addr, len, 0, 0);
	return do_munmap(m, t->mm, addr, len);
}

/* ---- brk (8) ---- */

int64_t do_brk(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len)
{
	struct mm_struct *mm = t->mm;
	uint32_t exec = t->personality & READ_IMPLIES_EXEC ? VM_EXEC : 0;
	struct vma_request r = {.addr = addr, .pgoff = addr >> PAGE_SHIFT,
				.flags = VM_DATA_FLAGS | exec | VM_ACCOUNT | mm->def_flags};
	struct vm_area_struct *v, *prev;
	uint64_t pages;
	int64_t err;

	len = page_align(m, len);
	if (!len)
		return 0;
	pages = len >> PAGE_SHIFT;
	r.end = addr + len;
	err = get_unmapped_area(m, t, NULL, addr, len, MAP_FIXED);
	if (err < 0)
		return err;
	err = mlock_future_check(m, t, mm->def_flags, pages);
	if (err)
		return err;
	if (clear_range(m, mm, addr, len, &prev))
		return -ENOMEM;
	if (!may_expand_vm(t, pages))
		return refuse_expansion(m, t, pages);
	if (mm->map_count > (unsigned)m->mm->max_map_count)
		return refuse_map_count(m, mm);
	if (security_vm_enough_memory(m, t, (long)pages))
		return -ENOMEM;
	v = vma_merge(m, mm, prev, &r);
	if (!v) {
		v = vma_alloc(m, mm);
		if (!v) {
			vm_unacct_memory(m, (long)pages);
			return -ENOMEM;
		}
		v->vm_start = addr;
		v->vm_end = r.end;
		v->vm_pgoff = r.pgoff;
		v->vm_flags = r.flags;
		vma_link(m, mm, v, prev);
		mm_step(m, MM_NEW_AREA, addr, r.end, r.flags, 0);
	}
	mm->total_vm += pages;
	if (r.flags & VM_LOCKED)
		mm->locked_vm += pages;
	return (int64_t)addr;
}

int64_t sys_brk(struct machine *m, struct task_struct *t, vaddr_t brk)
{
	struct mm_struct *mm = t->mm;
	vaddr_t new, old = page_align(m, mm->brk);
	struct vm_area_struct *v;

	brk = word(m, brk);
	new = page_align(m, brk);
	mm_step(m, MM_BRK, brk, mm->brk, mm->start_brk, 0);
	if (brk < mm->start_brk) {
		mm_refuse(m, -ENOMEM, MM_BRK_LOW, brk, mm->start_brk, 0);
		return (int64_t)mm->brk;
	}
	if (rlimit(t, RLIMIT_DATA) != RLIM_INFINITY &&
	    brk - mm->start_brk + (mm->end_data - mm->start_data) > rlimit(t, RLIMIT_DATA)) {
		mm_refuse(m, -ENOMEM, MM_LIMIT_DATA, brk - mm->start_brk,
			  mm->end_data - mm->start_data, rlimit(t, RLIMIT_DATA));
		return (int64_t)mm->brk;
	}
	if (new != old) {
		if (brk <= mm->brk) {
			if (do_munmap(m, mm, new, old - new))
				return (int64_t)mm->brk;
		} else {
			v = find_vma(mm, old);
			if (v && new + PAGE_SIZE > vm_start_gap(m, v)) {
				mm_refuse(m, -ENOMEM, MM_BRK_BUSY, new + PAGE_SIZE,
					  vm_start_gap(m, v), v->vm_end);
				return (int64_t)mm->brk;
			}
			if (new < old || do_brk(m, t, old, new - old) < 0)
				return (int64_t)mm->brk;
			if (mm->def_flags & VM_LOCKED)
				mm_populate(m, t, old, new - old);
		}
	}
	mm->brk = brk;
	return (int64_t)brk;
}

/* ---- stacks and special mappings ---- */

/* Whether the neighbour below @v leaves the guard gap free below @page. */
static bool guard_gap_free(const struct machine *m, const struct vm_area_struct *v, vaddr_t page)
{
	uint64_t gap = PFN_PHYS(m->mm->stack_guard_gap);
	const struct vm_area_struct *p = v->vm_prev;

	if (page < gap)
		return false;
	return !p || p->vm_end <= page - gap || !(p->vm_flags & VM_ACCESS) || (p->vm_flags & VM_GROWSDOWN);
}

int expand_stack(struct machine *m, struct task_struct *t, struct vm_area_struct *v, vaddr_t addr)
{
	struct mm_struct *mm = t->mm;
	vaddr_t page = page_down(addr);
	uint64_t grow;

	if (page < m->mm->mmap_min_addr && !capable(t))
		return mm_refuse(m, -EPERM, MM_TOO_LOW, page, m->mm->mmap_min_addr, 0);
	if (!guard_gap_free(m, v, page))
		return mm_refuse(m, -ENOMEM, MM_STACK_GUARD, page,
				 v->vm_prev ? v->vm_prev->vm_end : 0,
				 PFN_PHYS(m->mm->stack_guard_gap));
	if (anon_vma_prepare(m, v))
		return -ENOMEM;
	if (page >= v->vm_start)
		return 0;
	grow = (v->vm_start - page) >> PAGE_SHIFT;
	if (grow > v->vm_pgoff)
		return mm_refuse(m, -ENOMEM, MM_STACK_OFFSET, grow, v->vm_pgoff, 0);
	if (!may_expand_vm(t, grow))
		return refuse_expansion(m, t, grow);
	if (v->vm_end - page > rlimit(t, RLIMIT_STACK))
		return mm_refuse(m, -ENOMEM, MM_LIMIT_STACK, v->vm_end - page,
				 rlimit(t, RLIMIT_STACK), 0);
	if (mlock_future_check(m, t, v->vm_flags, grow))
		return -ENOMEM;
	if (security_vm_enough_memory(m, t, (long)grow))
		return -ENOMEM;
	if (!(v->vm_flags & VM_ACCOUNT))
		m->mm->stray += (long)grow;
	if (v->vm_flags & VM_LOCKED)
		mm->locked_vm += grow;
	vm_stat_account(mm, v->vm_flags, v->vm_file, (int64_t)grow);
	mm_step(m, MM_STACK_GROWS, v->vm_start, page, v->vm_end, rlimit(t, RLIMIT_STACK));
	vma_set_bounds(m, v, page, v->vm_end, v->vm_pgoff - grow);
	return 0;
}

int install_special_mapping(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len,
			    uint32_t flags, const struct special_mapping *s)
{
	struct vm_area_struct *v = vma_alloc(m, t->mm);

	if (!v)
		return -ENOMEM;
	v->vm_start = addr;
	v->vm_end = addr + len;
	v->vm_flags = flags | t->mm->def_flags | VM_DONTEXPAND;
	v->special = s;
	vma_link(m, t->mm, v, find_vma_before(t->mm, addr));
	t->mm->total_vm += len >> PAGE_SHIFT;
	return 0;
}
