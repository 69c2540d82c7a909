/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page faults, from the access to the page that is there afterwards (faults.md 3, 4). */
#include "mm.h"
#include "vmstat.h"

#define FAULT_AROUND_PAGES 16
#define RSS_EVENTS_THRESH 64

struct vm_fault {
	struct machine *m;
	struct mm_struct *mm;
	struct vm_area_struct *v;
	vaddr_t va;
	bool write;
	phys_t at; /* of the entry */
	uint64_t pte;
	struct fault_report *r;
};

/* What a handler returns: 0, or a signal, or -ENOMEM. */

static uint64_t maybe_mkwrite(const struct vm_area_struct *v, uint64_t pte)
{
	return v->vm_flags & VM_WRITE ? pte | _PAGE_RW : pte;
}

static uint64_t vm_index(const struct vm_fault *f)
{
	return ((f->va - f->v->vm_start) >> PAGE_SHIFT) + f->v->vm_pgoff;
}

static void *page_bytes(const struct machine *m, pfn_t pfn)
{
	return phys_to_host(m, PFN_PHYS(pfn));
}

/* ---- anonymous memory ---- */

/* A page that becomes this area's alone; the old entry's page is the caller's affair. */
static int set_anon_page(struct vm_fault *f, pfn_t pfn)
{
	struct machine *m = f->m;
	uint64_t pte = mk_pte(m, pfn, vm_page_prot(m, f->v));

	page_add_anon_rmap(m, pfn, f->v, page_down(f->va));
	pfn_to_page(m, pfn)->flags |= PG(uptodate);
	if (unlikely((f->v->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED))
		mlock_vma_page(m, pfn);
	else
		lru_add(m, pfn, LRU_ACTIVE_ANON);
	pte_write(m, f->at, maybe_mkwrite(f->v, pte | _PAGE_DIRTY));
	mm_count_fast(f->mm, MM_ANONPAGES, 1);
	f->r->pfn = pfn;
	return 0;
}

/* A page of zeros; who writes to it is seen in access_bytes(). */
static int64_t alloc_zeroed_user_page(struct machine *m)
{
	int64_t pfn = alloc_pages(m, GFP_HIGHUSER_MOVABLE | __GFP_ZERO, 0);

	if (pfn >= 0)
		ram_untouch(m, (pfn_t)pfn);
	return pfn;
}

static int do_anonymous_page(struct vm_fault *f)
{
	struct machine *m = f->m;
	int64_t pfn;

	if (f->v->vm_flags & VM_SHARED)
		return SIGBUS_NR;
	if (!f->write) {
		f->r->path = FAULT_ZERO_PAGE;
		f->r->pfn = m->mm->zero_pfn;
		pte_write(m, f->at, mk_pte(m, m->mm->zero_pfn, vm_page_prot(m, f->v) | _PAGE_SPECIAL));
		return 0;
	}
	f->r->path = FAULT_ANON;
	if (anon_vma_prepare(m, f->v))
		return -ENOMEM;
	pfn = alloc_zeroed_user_page(m);
	if (pfn < 0)
		return -ENOMEM;
	return set_anon_page(f, (pfn_t)pfn);
}

/* ---- files ---- */

static void set_file_page(struct vm_fault *f, phys_t at, pfn_t pfn, bool write)
{
	struct machine *m = f->m;
	uint64_t pte = mk_pte(m, pfn, vm_page_prot(m, f->v));

	pfn_to_page(m, pfn)->_refcount++;
	page_add_file_rmap(m, pfn);
	pte_write(m, at, write ? maybe_mkwrite(f->v, pte | _PAGE_DIRTY) : pte);
	mm_count_fast(f->mm, MM_FILEPAGES, 1);
}

static void trace_cache(const struct vm_fault *f, const struct address_space *a, uint64_t index)
{
	pfn_t pfn;

	if (!trace_on(f->m, TRACE_MM_STEP))
		return;
	pfn = find_get_page(a, index);
	mm_step(f->m, MM_CACHE, index, 0, 0, 0, .order = pfn != PFN_NONE, .pfn = pfn);
}

/* The page that backs the address. Returns: its PFN, -ENOMEM, -EFAULT behind the end of file. */
static int64_t filemap_fault(struct vm_fault *f)
{
	struct address_space *a = f->v->vm_file ? f->v->vm_file->mapping : NULL;
	uint64_t index = vm_index(f);

	if (!a) /* [vdso] is mapped like a file; [vvar] is as it was made */
		return (f->v->vm_flags & VM_PFNMAP) || index >= f->m->mm->vdso_pages
			       ? -EFAULT
			       : (int64_t)(f->m->mm->vdso_pfn + index);
	if (index >= PFN_UP(a->size))
		return -EFAULT;
	trace_cache(f, a, index);
	f->r->major |= a->fs->read && find_get_page(a, index) == PFN_NONE;
	return page_cache_get(f->m, a, index);
}

/* Maps what is cached around the address. */
static void do_fault_around(struct vm_fault *f)
{
	struct machine *m = f->m;
	struct vm_area_struct *v = f->v;
	struct address_space *a = v->vm_file->mapping;
	const unsigned bytes = m->arch->pgtable->entry_bytes;
	vaddr_t block = f->va & ~(vaddr_t)(FAULT_AROUND_PAGES * PAGE_SIZE - 1), span = pte_table_span(m);
	vaddr_t va = max_of(block, v->vm_start), end = va + FAULT_AROUND_PAGES * PAGE_SIZE;
	phys_t at = f->at - ((page_down(f->va) - va) >> PAGE_SHIFT) * bytes;
	uint64_t index = ((va - v->vm_start) >> PAGE_SHIFT) + v->vm_pgoff;

	end = min_of(end, v->vm_end);
	end = min_of(end, (va & ~(span - 1)) + span);
	for (; va < end && pte_read(m, at); va += PAGE_SIZE, at += bytes)
		index++;
	for (; va < end && index < PFN_UP(a->size); va += PAGE_SIZE, at += bytes, index++) {
		pfn_t pfn = find_get_page(a, index);

		if (pfn == PFN_NONE || pte_read(m, at))
			continue;
		set_file_page(f, at, pfn, false);
		f->r->mapped++;
	}
	if (f->r->mapped)
		mm_step(m, MM_AROUND, max_of(block, v->vm_start), end, f->r->mapped, 0);
}

static int do_read_fault(struct vm_fault *f)
{
	int64_t pfn;

	f->r->path = f->v->special ? FAULT_SPECIAL : FAULT_FILE_READ;
	if (f->v->vm_file && f->v->vm_file->mapping->fs->map_pages)
		do_fault_around(f);
	if (pte_read(f->m, f->at)) {
		f->r->pfn = (pfn_t)pte_pfn(f->m, pte_read(f->m, f->at));
		return 0;
	}
	pfn = filemap_fault(f);
	if (pfn < 0)
		return pfn == -ENOMEM ? -ENOMEM : SIGBUS_NR;
	set_file_page(f, f->at, (pfn_t)pfn, false);
	f->r->pfn = (pfn_t)pfn;
	return 0;
}

static int do_cow_fault(struct vm_fault *f)
{
	struct machine *m = f->m;
	int64_t pfn, from;

	f->r->path = FAULT_FILE_COW;
	if (anon_vma_prepare(m, f->v))
		return -ENOMEM;
	pfn = alloc_pages(m, GFP_HIGHUSER_MOVABLE, 0);
	if (pfn < 0)
		return -ENOMEM;
	from = filemap_fault(f);
	if (from < 0) {
		__free_pages(m, (pfn_t)pfn, 0);
		return from == -ENOMEM ? -ENOMEM : SIGBUS_NR;
	}
	memcpy(page_bytes(m, (pfn_t)pfn), page_bytes(m, (pfn_t)from), PAGE_SIZE);
	f->r->old_pfn = (pfn_t)from;
	return set_anon_page(f, (pfn_t)pfn);
}

static int do_shared_fault(struct vm_fault *f)
{
	int64_t pfn = filemap_fault(f);

	f->r->path = FAULT_FILE_SHARED;
	if (pfn < 0)
		return pfn == -ENOMEM ? -ENOMEM : SIGBUS_NR;
	set_file_page(f, f->at, (pfn_t)pfn, true);
	set_page_dirty(f->m, (pfn_t)pfn);
	f->r->pfn = (pfn_t)pfn;
	return 0;
}

static int do_fault(struct vm_fault *f)
{
	if (!f->write)
		return do_read_fault(f);
	return f->v->vm_flags & VM_SHARED ? do_shared_fault(f) : do_cow_fault(f);
}

/* ---- writing to what is there ---- */

static int wp_copy(struct vm_fault *f, pfn_t old)
{
	struct machine *m = f->m;
	bool zero = old == PFN_NONE;
	int64_t pfn;

	f->r->path = FAULT_WP_COPY;
	if (anon_vma_prepare(m, f->v))
		return -ENOMEM;
	pfn = zero ? alloc_zeroed_user_page(m) : alloc_pages(m, GFP_HIGHUSER_MOVABLE, 0);
	if (pfn < 0)
		return -ENOMEM;
	if (!zero) {
		memcpy(page_bytes(m, (pfn_t)pfn), page_bytes(m, old), PAGE_SIZE);
		mm_count_fast(f->mm, page_is_anon(pfn_to_page(m, old)) ? MM_ANONPAGES : MM_FILEPAGES, -1);
	}
	set_anon_page(f, (pfn_t)pfn);
	if (!zero) {
		if (unlikely(f->v->vm_flags & VM_LOCKED))
			munlock_vma_page(m, f->v, old);
		page_remove_rmap(m, old);
		put_page(m, old);
	}
	return 0;
}

static int do_wp_page(struct vm_fault *f)
{
	struct machine *m = f->m;
	uint64_t pfn = pte_pfn(m, f->pte);
	struct page *p;

	f->r->old_pfn = (pfn_t)pfn;
	if ((f->pte & _PAGE_SPECIAL) || (f->v->vm_flags & VM_PFNMAP) || pfn >= m->max_pfn ||
	    !pfn_to_page(m, (pfn_t)pfn)->mapcount)
		return wp_copy(f, PFN_NONE);
	p = pfn_to_page(m, (pfn_t)pfn);
	if (page_is_anon(p) && p->mapcount <= 1) {
		f->r->path = FAULT_WP_REUSE;
		p->owner = PAGE_MAPPING_ANON | f->v->anon_vma->id;
	} else if ((f->v->vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED) && !page_is_anon(p)) {
		f->r->path = FAULT_WP_SHARED;
		set_page_dirty(m, (pfn_t)pfn);
	} else {
		return wp_copy(f, (pfn_t)pfn);
	}
	f->r->pfn = (pfn_t)pfn;
	pte_write(m, f->at, maybe_mkwrite(f->v, f->pte | _PAGE_ACCESSED | _PAGE_DIRTY));
	return 0;
}

/* ---- handle_mm_fault ---- */

int handle_mm_fault(struct machine *m, struct mm_struct *mm, struct vm_area_struct *v, vaddr_t va,
		    bool write, struct fault_report *r)
{
	struct vm_fault f = {.m = m, .mm = mm, .v = v, .va = va, .write = write, .r = r};

	count_vm_events(m, PGFAULT, 1);
	if (mm->rss_events++ > RSS_EVENTS_THRESH)
		sync_mm_rss(mm);
	f.at = pte_alloc(m, mm, va);
	if (!f.at)
		return -ENOMEM;
	f.pte = pte_read(m, f.at);
	if (!f.pte)
		return vma_is_anonymous(v) ? do_anonymous_page(&f) : do_fault(&f);
	if (write && !(f.pte & _PAGE_RW))
		return do_wp_page(&f);
	r->path = FAULT_SPURIOUS;
	r->pfn = (pfn_t)pte_pfn(m, f.pte);
	pte_write(m, f.at, f.pte | _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0));
	return 0;
}

/* ---- from the access ---- */

static int bad_area(struct fault_report *r, int signal, int code)
{
	r->path = FAULT_BAD;
	r->signal = signal;
	r->code = code;
	return -EFAULT;
}

/* faults.md 3, step 3: the area, a stack grown if need be. NULL: none. */
static struct vm_area_struct *fault_area(struct machine *m, struct task_struct *t, vaddr_t va,
					 unsigned flags, struct fault_report *r)
{
	struct vm_area_struct *v = find_vma(t->mm, va);
	uint64_t reach = stack_reach(m);

	if (!v || v->vm_start <= va)
		return v;
	if (!(v->vm_flags & VM_GROWSDOWN))
		return NULL;
	if (!(flags & FAULT_KERNEL) && va + reach < t->sp) {
		mm_refuse(m, -EFAULT, MM_STACK_FAR, va, t->sp, reach);
		return NULL;
	}
	if (expand_stack(m, t, v, va))
		return NULL;
	r->stack_grew = true;
	return v;
}

static bool access_error(const struct vm_area_struct *v, unsigned flags, bool page_present)
{
	if (flags & FAULT_WRITE)
		return !(v->vm_flags & VM_WRITE);
	return page_present || !(v->vm_flags & VM_ACCESS);
}

static int do_page_fault(struct machine *m, struct task_struct *t, vaddr_t va, unsigned flags,
			 bool page_present, struct fault_report *r)
{
	struct vm_area_struct *v;
	int got;

	r->error_code = fault_error_code(flags, page_present);
	if (!t->mm || va >= t->mm->task_size) {
		r->error_code |= t->mm ? 1 : 0;
		return bad_area(r, SIGSEGV_NR, SEGV_MAPERR);
	}
	v = fault_area(m, t, va, flags, r);
	if (!v)
		return bad_area(r, SIGSEGV_NR, SEGV_MAPERR);
	if (access_error(v, flags, page_present))
		return bad_area(r, SIGSEGV_NR, SEGV_ACCERR);
	got = handle_mm_fault(m, t->mm, v, va, flags & FAULT_WRITE, r);
	if (got < 0) {
		r->oom = true;
		return got;
	}
	if (got)
		return bad_area(r, got, BUS_ADRERR);
	if (r->major) {
		t->maj_flt++;
		count_vm_events(m, PGMAJFAULT, 1);
	} else {
		t->min_flt++;
	}
	return 0;
}

static int page_mapcount(const struct machine *m, pfn_t pfn)
{
	return pfn < m->max_pfn ? pfn_to_page(m, pfn)->mapcount : 0;
}

static void trace_fault_done(struct machine *m, const struct task_struct *t,
			     const struct fault_report *r)
{
	mm_step(m, MM_FAULT_DONE, t->mm ? get_mm_rss(t->mm) : 0, page_mapcount(m, r->pfn),
		page_mapcount(m, r->old_pfn), 0, .order = (uint8_t)r->path, .pfn = r->pfn,
		.pfn2 = r->old_pfn, .mt = r->oom ? MM_FAULT_OOM : (int8_t)r->signal,
		.mt2 = r->major ? MM_FAULT_MAJOR : (int8_t)r->code);
}

/* Whether the entry lets the access through; the CPU marks it. */
static bool access_allowed(struct machine *m, phys_t at, uint64_t pte, unsigned flags)
{
	uint64_t want = _PAGE_PRESENT | _PAGE_USER | (flags & FAULT_WRITE ? _PAGE_RW : 0), mark;

	if ((pte & want) != want || ((flags & FAULT_EXEC) && (pte & _PAGE_NX)) || pte_pfn(m, pte) >= m->max_pfn)
		return false;
	mark = _PAGE_ACCESSED | (flags & FAULT_WRITE ? _PAGE_DIRTY : 0);
	/* only the processor marks the entry */
	if (!(flags & FAULT_KERNEL) && (pte & mark) != mark)
		pte_write(m, at, pte | mark);
	return true;
}

int task_touch(struct machine *m, struct task_struct *t, vaddr_t va, unsigned flags, struct fault_report *r)
{
	*r = (struct fault_report){.addr = va, .pfn = PFN_NONE, .old_pfn = PFN_NONE};
	/* the first fault may map the page, the access be refused then (a fetch with NX) */
	for (int round = 0; round < 3; round++) {
		phys_t at = t->mm && va < t->mm->task_size ? pte_offset(m, t->mm, va) : 0;
		uint64_t pte = at ? pte_read(m, at) : 0;
		int err;

		if (at && access_allowed(m, at, pte, flags)) {
			if (!round)
				r->pfn = (pfn_t)pte_pfn(m, pte);
			return 0;
		}
		if (trace_on(m, TRACE_MM_STEP))
			trace_fault(m, t, va, flags, pte & _PAGE_PRESENT);
		err = do_page_fault(m, t, va, flags, pte & _PAGE_PRESENT, r);
		if (trace_on(m, TRACE_MM_STEP))
			trace_fault_done(m, t, r);
		if (err == -EFAULT && r->signal == SIGSEGV_NR && !(flags & FAULT_KERNEL))
			trace(m, TRACE_SEGFAULT, .pfn = (pfn_t)t->pid, .a = (int64_t)va, .b = r->error_code);
		if (err)
			return err;
		/* the kernel acts for those who may not: a forced write stays read-only */
		if (flags & FAULT_KERNEL)
			return 0;
	}
	return bad_area(r, SIGSEGV_NR, SEGV_ACCERR);
}

/* ---- bytes ---- */

static int access_bytes(struct machine *m, struct task_struct *t, vaddr_t va, void *buf, size_t len,
			bool write, size_t *done, struct fault_report *r)
{
	*done = 0;
	while (*done < len) {
		size_t n = min_of(len - *done, (size_t)(PAGE_SIZE - ((va + *done) & (PAGE_SIZE - 1))));
		unsigned char *user;
		int err = task_touch(m, t, va + *done, write ? FAULT_WRITE : 0, r);

		if (err)
			return err;
		user = (unsigned char *)page_bytes(m, r->pfn) + ((va + *done) & (PAGE_SIZE - 1));
		if (write) {
			ram_touch(m, r->pfn, 0);
			memcpy(user, (unsigned char *)buf + *done, n);
		} else {
			memcpy((unsigned char *)buf + *done, user, n);
		}
		*done += n;
	}
	return 0;
}

int task_read(struct machine *m, struct task_struct *t, vaddr_t va, void *buf, size_t len,
	      size_t *done, struct fault_report *r)
{
	return access_bytes(m, t, va, buf, len, false, done, r);
}

int task_write(struct machine *m, struct task_struct *t, vaddr_t va, const void *buf, size_t len,
	       size_t *done, struct fault_report *r)
{
	return access_bytes(m, t, va, (void *)(uintptr_t)buf, len, true, done, r);
}

/* ---- forgetting (proc-maps.md 2) ---- */

static void clear_area(struct machine *m, struct vm_area_struct *v)
{
	for (vaddr_t va = v->vm_start, span; va < v->vm_end; va = (va & ~(span - 1)) + span) {
		struct pte_info i;
		pfn_t pfn;

		span = pte_lookup(m, v->vm_mm, va, &i) ? PAGE_SIZE : pte_table_span(m);
		pfn = vm_normal_page(m, v, &i);
		if (pfn == PFN_NONE)
			continue;
		pte_write(m, pte_offset(m, v->vm_mm, va), i.pte & ~(uint64_t)_PAGE_ACCESSED);
		pfn_to_page(m, pfn)->flags &= ~PG(referenced);
	}
}

void task_clear_refs(struct machine *m, struct task_struct *t, enum clear_refs what)
{
	if (!t->mm)
		return;
	if (what == CLEAR_REFS_MM_HIWATER_RSS)
		t->mm->hiwater_rss = get_mm_rss(t->mm);
	if (what > CLEAR_REFS_MAPPED)
		return;
	for (struct vm_area_struct *v = t->mm->mmap; v; v = v->vm_next)
		if (!(v->vm_flags & VM_PFNMAP) && what != (v->vm_file ? CLEAR_REFS_ANON : CLEAR_REFS_MAPPED))
			clear_area(m, v);
}
