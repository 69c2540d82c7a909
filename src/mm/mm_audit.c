/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that must hold of address spaces and their pages, counted anew. */
#include "mm.h"
#include <stdlib.h>

struct audit {
	const struct machine *m;
	struct mm_error *e;
	int32_t *maps;	   /* entries that map each page */
	unsigned long areas, mms, ptes;
	long committed, anon, mapped, mlocked;
	const struct mm_struct *mm;
	int pid;
	long rss[NR_MM_COUNTERS];
	unsigned long nr_ptes, nr_pmds;
};

#define BAD(a, fmt, ...) mm_error((a)->e, -EUCLEAN, "PID %d: " fmt, (a)->pid, __VA_ARGS__)

typedef unsigned long long ull;

/* ---- areas ---- */

/* Returns: what bounds the gaps of the subtree. */
static uint64_t check_subtree(const struct vm_area_struct *v, bool *bad)
{
	uint64_t l, r;

	if (!v)
		return 0;
	l = check_subtree(RB_LEFT(v, vm_rb), bad);
	r = check_subtree(RB_RIGHT(v, vm_rb), bad);
	*bad |= v->rb_subtree_gap < v->own_gap || v->rb_subtree_gap < max_of(l, r);
	return v->rb_subtree_gap;
}

struct sums {
	uint64_t total, shared, exec, stack, locked;
};

static void add_area(struct sums *s, const struct vm_area_struct *v)
{
	uint64_t n = vma_pages(v);

	s->total += n;
	if (v->vm_file) {
		s->shared += n;
		if ((v->vm_flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
			s->exec += n;
	} else if (v->vm_flags & VM_GROWSDOWN) {
		s->stack += n;
	}
	if (v->vm_flags & VM_LOCKED)
		s->locked += n;
}

static int check_area(struct audit *a, const struct vm_area_struct *v, const struct vm_area_struct *prev)
{
	vaddr_t from = prev ? prev->vm_end : 0, gap_end = vm_start_gap(a->m, v);
	const struct highest_gap *top = &a->mm->highest_gap;
	const struct anon_vma_chain *c;
	bool own = !v->anon_vma;

	if (v->vm_prev != prev || v->vm_mm != a->mm)
		return BAD(a, "the area at 0x%llx is not linked back", (ull)v->vm_start);
	if (v->vm_start >= v->vm_end || v->vm_start < from || v->vm_end > a->mm->task_size ||
	    ((v->vm_start | v->vm_end) & (PAGE_SIZE - 1)))
		return BAD(a, "the area 0x%llx-0x%llx overlaps another, or is none", (ull)v->vm_start,
			   (ull)v->vm_end);
	if (v->own_gap != (gap_end > from ? gap_end - from : 0))
		return BAD(a, "the area at 0x%llx: the gap below it is kept as 0x%llx", (ull)v->vm_start,
			   (ull)v->own_gap);
	if (top->vma && v->vm_start > top->vma->vm_start && v->own_gap >= top->len &&
	    from <= top->high - top->len && gap_end >= top->low + top->len)
		return BAD(a, "the gap below 0x%llx is above what counts as the highest", (ull)v->vm_start);
	TAILQ_FOREACH (c, &v->anon_vma_chain, same_vma) {
		own |= c->anon_vma == v->anon_vma;
		if (c->vma != v)
			return BAD(a, "the area at 0x%llx: its chain belongs to another", (ull)v->vm_start);
	}
	if (!own)
		return BAD(a, "the area at 0x%llx: its anon_vma is not in its chain", (ull)v->vm_start);
	a->areas++;
	if (v->vm_flags & VM_ACCOUNT)
		a->committed += (long)vma_pages(v);
	return 0;
}

static int check_areas(struct audit *a)
{
	const struct mm_struct *mm = a->mm;
	const struct vm_area_struct *prev = NULL, *v;
	struct sums s = {0};
	unsigned n = 0;
	bool bad = false, known = !mm->highest_gap.vma;

	for (v = mm->mmap; v; prev = v, v = v->vm_next, n++) {
		int err = check_area(a, v, prev);

		if (err)
			return err;
		add_area(&s, v);
		known |= v == mm->highest_gap.vma;
	}
	if (!known)
		return BAD(a, "%s", "the area with the highest gap is gone");
	check_subtree(RB_ROOT(&mm->mm_rb), &bad);
	if (bad)
		return BAD(a, "%s", "the largest gap of a subtree is wrong");
	if (n != mm->map_count || (prev ? prev->vm_end : 0) != mm->highest_vm_end)
		return BAD(a, "map_count %u, counted %u; or the highest end is wrong", mm->map_count, n);
	if (s.total != mm->total_vm || s.shared != mm->shared_vm || s.exec != mm->exec_vm ||
	    s.stack != mm->stack_vm || s.locked != mm->locked_vm)
		return BAD(a, "total, shared, exec, stack, locked are kept as %llu %llu %llu %llu %llu, counted %llu %llu %llu %llu %llu",
			   (ull)mm->total_vm, (ull)mm->shared_vm, (ull)mm->exec_vm, (ull)mm->stack_vm,
			   (ull)mm->locked_vm, (ull)s.total, (ull)s.shared, (ull)s.exec, (ull)s.stack,
			   (ull)s.locked);
	return 0;
}

/* ---- page tables ---- */

static int check_entry(struct audit *a, vaddr_t va, uint64_t pte)
{
	const struct vm_area_struct *v = vma_lookup((struct mm_struct *)(uintptr_t)a->mm, va);
	const struct page *p;
	struct pte_info i;
	pfn_t pfn;

	if (!v)
		return BAD(a, "0x%llx is mapped (entry 0x%llx), but in no area", (ull)va, (ull)pte);
	pte_lookup(a->m, a->mm, va, &i);
	pfn = vm_normal_page(a->m, v, &i);
	if (pfn == PFN_NONE)
		return 0;
	p = pfn_to_page(a->m, pfn);
	if (p->_refcount <= 0 || p->mapcount <= 0)
		return BAD(a, "0x%llx maps pfn %u, which has refcount %d, mapcount %d", (ull)va, pfn,
			   p->_refcount, p->mapcount);
	if (i.write && !(v->vm_flags & VM_WRITE))
		return BAD(a, "0x%llx is writable in an area that is not", (ull)va);
	a->maps[pfn]++;
	a->rss[page_is_anon(p) ? MM_ANONPAGES : MM_FILEPAGES]++;
	return 0;
}

static int check_table(struct audit *a, phys_t table, unsigned level, vaddr_t base, unsigned entries)
{
	const struct pgtable_format *f = a->m->arch->pgtable;

	for (unsigned i = 0; i < entries; i++) {
		uint64_t e = pte_read(a->m, table + i * f->entry_bytes);
		vaddr_t va = base + ((vaddr_t)i << f->level[level].shift);
		bool last = level == f->levels - 1;
		int err;

		if (!e)
			continue;
		if (!last && !(e & _PAGE_PRESENT))
			return BAD(a, "a directory entry of 0x%llx is 0x%llx", (ull)va, (ull)e);
		if (!last && (e & f->addr_mask) + PAGE_SIZE > a->m->ram_size)
			return BAD(a, "the table of 0x%llx lies outside RAM", (ull)va);
		a->nr_ptes += level + 2 == f->levels;
		a->nr_pmds += level + 3 == f->levels;
		err = last ? check_entry(a, va, e)
			   : check_table(a, e & f->addr_mask, level + 1, va, 1u << f->level[level + 1].bits);
		if (err)
			return err;
	}
	return 0;
}

static int check_mm(struct audit *a)
{
	const struct pgtable_format *f = a->m->arch->pgtable;
	const struct mm_struct *mm = a->mm;
	unsigned user = a->m->arch->bits == 32 ? (unsigned)(a->m->layout.page_offset >> f->level[0].shift) : 256;
	int err;

	memset(a->rss, 0, sizeof(a->rss));
	a->nr_ptes = a->nr_pmds = 0;
	a->mms++;
	err = check_areas(a);
	if (!err)
		err = check_table(a, mm->pgd, 0, 0, user);
	if (err)
		return err;
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		if (a->rss[i] != mm->rss_stat[i])
			return BAD(a, "rss counter %d is %ld, counted %ld", i, mm->rss_stat[i], a->rss[i]);
	if (a->nr_ptes != mm->nr_ptes || a->nr_pmds != mm->nr_pmds)
		return BAD(a, "nr_ptes %lu, nr_pmds %lu; there are %lu and %lu", mm->nr_ptes, mm->nr_pmds,
			   a->nr_ptes, a->nr_pmds);
	a->ptes += a->nr_ptes;
	return 0;
}

/* ---- files and pages ---- */

static int check_file(struct audit *a, const struct address_space *f)
{
	uint64_t n = 0, index = 0;
	pfn_t pfn;

	for (; (pfn = page_cache_next(f, index, &index)) != PFN_NONE; index++, n++) {
		const struct page *p = pfn_to_page(a->m, pfn);

		if (p->owner != (PAGE_MAPPING_FILE | f->id) || p->index != (uint32_t)index ||
		    p->_refcount != p->mapcount + 1)
			return mm_error(a->e, -EUCLEAN, "%s: cached page %llu, pfn %u, does not fit (refcount %d, mapcount %d)",
					f->name, (ull)index, pfn, p->_refcount, p->mapcount);
	}
	if (n != f->nrpages)
		return mm_error(a->e, -EUCLEAN, "%s: %llu pages counted, %llu are cached", f->name,
				(ull)f->nrpages, (ull)n);
	a->committed += (long)f->charged;
	return 0;
}

static bool all_zero(const struct machine *m, pfn_t pfn)
{
	const unsigned char *b = phys_to_host(m, PFN_PHYS(pfn));

	return !b[0] && !memcmp(b, b + 1, PAGE_SIZE - 1);
}

static int check_page(struct audit *a, pfn_t pfn)
{
	const struct page *p = pfn_to_page(a->m, pfn);

	if (p->flags & (PG(slab) | PG(reserved)) || p->_refcount <= 0)
		return 0;
	if (page_is_mapping(p) && p->mapcount != a->maps[pfn])
		return mm_error(a->e, -EUCLEAN, "pfn %u: mapcount %d, but %d entries map it", pfn, p->mapcount,
				a->maps[pfn]);
	if (page_is_mapping(p) && page_is_anon(p)) {
		if (!p->mapcount || p->_refcount != p->mapcount)
			return mm_error(a->e, -EUCLEAN, "pfn %u, anonymous: refcount %d, mapcount %d", pfn,
					p->_refcount, p->mapcount);
		if (!ram_touched(a->m, pfn) && !all_zero(a->m, pfn))
			return mm_error(a->e, -EUCLEAN, "pfn %u holds bytes that nobody wrote", pfn);
		a->anon++;
	} else if (page_is_mapping(p) && p->mapcount) {
		a->mapped++;
	}
	a->mlocked += !!(p->flags & PG(mlocked));
	if ((p->flags & (PG(mlocked) | PG(lru) | PG(unevictable))) == (PG(mlocked) | PG(lru)))
		return mm_error(a->e, -EUCLEAN, "pfn %u is locked, but not on the list of those that stay", pfn);
	return 0;
}

static int check_pages(struct audit *a)
{
	const struct machine *m = a->m;

	for (pfn_t pfn = 0; pfn < m->max_pfn; pfn++) {
		int err;

		if (!(pfn & (MAX_ORDER_NR_PAGES - 1)) && m->top[pfn >> (MAX_ORDER - 1)].block) {
			pfn += MAX_ORDER_NR_PAGES - 1;
			continue;
		}
		err = check_page(a, pfn);
		if (err)
			return err;
	}
	return 0;
}

static long counted(const struct machine *m, enum zone_stat_item item)
{
	long sum = 0;

	for_each_populated_zone(m, z)
		sum += zone_page_state_exact(m, z, item);
	return sum;
}

static int check_totals(struct audit *a)
{
	const struct machine *m = a->m;
	const struct mm_system *s = m->mm;

	if (a->committed + s->stray != s->committed)
		return mm_error(a->e, -EUCLEAN, "Committed_AS is %ld pages, charged are %ld", s->committed,
				a->committed + s->stray);
	if (a->areas != s->vma_pool.live || a->mms != s->mm_pool.live)
		return mm_error(a->e, -EUCLEAN, "%lu areas and %lu address spaces live, tasks have %lu and %lu",
				s->vma_pool.live, s->mm_pool.live, a->areas, a->mms);
	if (a->anon != counted(m, NR_ANON_PAGES) || (long)a->ptes != counted(m, NR_PAGETABLE))
		return mm_error(a->e, -EUCLEAN, "AnonPages %ld, PageTables %ld; counted %ld, %lu",
				counted(m, NR_ANON_PAGES), counted(m, NR_PAGETABLE), a->anon, a->ptes);
	if (a->mlocked != counted(m, NR_MLOCK))
		return mm_error(a->e, -EUCLEAN, "Mlocked is %ld, locked are %ld", counted(m, NR_MLOCK), a->mlocked);
	return 0;
}

int mm_audit(const struct machine *m, struct mm_error *e)
{
	struct audit a = {.m = m, .e = e};
	const struct address_space *f;
	const struct task_struct *t;
	int err = 0;

	if (!m->mm)
		return 0;
	a.maps = calloc(m->max_pfn, sizeof(*a.maps));
	if (!a.maps)
		return mm_error(e, -ENOMEM, "the host has no memory for the audit");
	LIST_FOREACH (t, &m->mm->tasks, list) {
		a.mm = t->mm;
		a.pid = t->pid;
		if (!err && t->mm && t->mm->owner == t)
			err = check_mm(&a);
	}
	LIST_FOREACH (f, &m->mm->files, list)
		if (!err)
			err = check_file(&a, f);
	if (!err)
		err = check_pages(&a);
	if (!err)
		err = check_totals(&a);
	free(a.maps);
	return err;
}
