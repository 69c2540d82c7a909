/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * User page tables and the pages behind them: making, copying, protecting, moving and
 * taking them away (faults.md 1, 2.1, 5, 6). Faults are in fault.c.
 */
#include "mm.h"
#include "vmstat.h"

#define _PAGE_PROTNONE _PAGE_GLOBAL
/* Bits that a change of protection leaves alone. */
#define PAGE_CHG_FLAGS (_PAGE_PWT | _PAGE_PCD | _PAGE_SPECIAL | _PAGE_ACCESSED | _PAGE_DIRTY)

/* ---- entries ---- */

bool pte_present(uint64_t pte)
{
	return pte & (_PAGE_PRESENT | _PAGE_PROTNONE);
}

static inline bool present(uint64_t pte)
{
	return pte & (_PAGE_PRESENT | _PAGE_PROTNONE);
}

/* Tables of 8-byte entries keep the page of an entry that the CPU does not see inverted. */
static inline uint64_t protnone_mask(const struct machine *m, uint64_t pte)
{
	return m->arch->pgtable->entry_bytes == 8 && pte && !(pte & _PAGE_PRESENT)
		       ? m->arch->pgtable->addr_mask
		       : 0;
}

static inline uint64_t entry_pfn(const struct machine *m, uint64_t pte)
{
	return ((pte ^ protnone_mask(m, pte)) & m->arch->pgtable->addr_mask) >> PAGE_SHIFT;
}

uint64_t pte_pfn(const struct machine *m, uint64_t pte)
{
	return entry_pfn(m, pte);
}

uint64_t mk_pte(const struct machine *m, uint64_t pfn, uint64_t prot)
{
	return (PFN_PHYS(pfn) ^ protnone_mask(m, prot)) | prot;
}

uint64_t pte_modify(const struct machine *m, uint64_t pte, uint64_t prot)
{
	return mk_pte(m, entry_pfn(m, pte), (pte & PAGE_CHG_FLAGS) | (prot & ~(uint64_t)PAGE_CHG_FLAGS));
}

static inline uint64_t entry_get(const unsigned char *at, unsigned bytes)
{
	uint64_t v = 0;

	if (bytes == 4) {
		uint32_t w;

		memcpy(&w, at, sizeof(w));
		return w;
	}
	memcpy(&v, at, sizeof(v));
	return v;
}

static inline void entry_put(unsigned char *at, unsigned bytes, uint64_t v)
{
	if (bytes == 4) {
		uint32_t w = (uint32_t)v;

		memcpy(at, &w, sizeof(w));
	} else {
		memcpy(at, &v, sizeof(v));
	}
}

uint64_t pte_read(const struct machine *m, phys_t at)
{
	return entry_get(phys_to_host(m, at), m->arch->pgtable->entry_bytes);
}

void pte_write(struct machine *m, phys_t at, uint64_t pte)
{
	entry_put(phys_to_host(m, at), m->arch->pgtable->entry_bytes, pte);
}

/* Shared and writable, of a file that wants to know of the first write to each page. */
static bool wants_writenotify(const struct vm_area_struct *v)
{
	return (v->vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED) && v->vm_file &&
	       v->vm_file->mapping->fs->notify;
}

/* faults.md 1.3 */
uint64_t vm_page_prot(const struct machine *m, const struct vm_area_struct *v)
{
	uint32_t f = v->vm_flags;
	uint64_t prot = _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED;

	if (!(f & VM_ACCESS))
		return _PAGE_PROTNONE | _PAGE_ACCESSED;
	if ((f & VM_WRITE) && (f & VM_SHARED) && !wants_writenotify(v))
		prot |= _PAGE_RW;
	if (!(f & VM_EXEC) && m->arch->pgtable->entry_bytes == 8)
		prot |= _PAGE_NX;
	return prot;
}

/* ---- tables ---- */

/* Whether what an entry says can be a table: a user may have written there. */
static inline bool good_table(const struct machine *m, phys_t table)
{
	return table + PAGE_SIZE <= m->ram_size;
}

static inline unsigned index_at(const struct pgtable_level *l, vaddr_t va)
{
	return (unsigned)(va >> l->shift) & ((1u << l->bits) - 1);
}

/* The entry of @va at @level; 0: no table. */
static inline phys_t walk_to(const struct machine *m, phys_t root, vaddr_t va, unsigned level)
{
	const struct pgtable_format *f = m->arch->pgtable;
	phys_t table = root;

	if (!root)
		return 0;
	for (unsigned l = 0;; l++) {
		phys_t at = table + index_at(&f->level[l], va) * f->entry_bytes;
		uint64_t e;

		if (l == level)
			return at;
		e = entry_get(phys_to_host(m, at), f->entry_bytes);
		table = e & f->addr_mask;
		if (!(e & _PAGE_PRESENT) || unlikely(!good_table(m, table)))
			return 0;
	}
}

phys_t pte_offset(const struct machine *m, const struct mm_struct *mm, vaddr_t va)
{
	return walk_to(m, mm->pgd, va, m->arch->pgtable->levels - 1);
}

/* A table of @level. Those between the directory and the last two levels are not counted. */
static int64_t alloc_table(struct machine *m, struct mm_struct *mm, unsigned level)
{
	const unsigned levels = m->arch->pgtable->levels;
	bool last = level == levels - 1;
	int64_t pfn = alloc_kernel_pages(m, last ? pte_alloc_gfp(m) : GFP_PGTABLE, 0, last);

	if (pfn < 0)
		return pfn;
	pfn_to_page(m, (pfn_t)pfn)->owner = PAGE_OF_KERNEL;
	if (last) {
		mm->nr_ptes++;
		__mod_zone_page_state(m, m->zone_by_id[block_zone(pfn_to_page(m, (pfn_t)pfn)->block)],
				      NR_PAGETABLE, 1);
	} else if (level == levels - 2) {
		mm->nr_pmds++;
	}
	return pfn;
}

phys_t pte_alloc(struct machine *m, struct mm_struct *mm, vaddr_t va)
{
	const struct pgtable_format *f = m->arch->pgtable;
	phys_t table = mm->pgd;

	if (!table)
		return 0;
	for (unsigned l = 0;; l++) {
		phys_t at = table + index_at(&f->level[l], va) * f->entry_bytes;
		uint64_t e;

		if (l == f->levels - 1)
			return at;
		e = entry_get(phys_to_host(m, at), f->entry_bytes);
		if (!(e & _PAGE_PRESENT)) {
			int64_t pfn = alloc_table(m, mm, l + 1);

			if (pfn < 0)
				return 0;
			e = PFN_PHYS(pfn) | (l == 0 ? f->top_flags : _PAGE_TABLE);
			entry_put(phys_to_host(m, at), f->entry_bytes, e);
			mm_step(m, MM_TABLE_MADE, va, 0, 0, 0, .order = (uint8_t)(l + 1),
				.pfn = (pfn_t)pfn);
		}
		table = e & f->addr_mask;
		if (unlikely(!good_table(m, table)))
			return 0;
	}
}

/* Slots of the directory that user addresses have. */
static unsigned user_slots(const struct machine *m)
{
	return m->arch->bits == 32 ? (unsigned)(m->layout.page_offset >> m->arch->pgtable->level[0].shift)
				   : 256;
}

static bool is_pae(const struct machine *m)
{
	return m->arch->pgtable == &pgtable_pae;
}

/* PAE: a directory is an object of 32 bytes, and its user tables are there from the start. */
static int pae_tables(struct machine *m, struct mm_struct *mm)
{
	for (unsigned i = 0; i < user_slots(m); i++)
		if (!walk_to(m, mm->pgd, (vaddr_t)i << 30, 1)) {
			int64_t pfn = alloc_table(m, mm, 1);

			if (pfn < 0)
				return -ENOMEM;
			pte_write(m, mm->pgd + i * 8, PFN_PHYS(pfn) | _PAGE_PRESENT);
		}
	return 0;
}

int pgd_alloc(struct machine *m, struct mm_struct *mm)
{
	const struct pgtable_format *f = m->arch->pgtable;
	unsigned from = user_slots(m), n = 1u << f->level[0].bits;
	int64_t pfn;

	if (is_pae(m) && m->slab) {
		vaddr_t obj = kzalloc(m, 32, GFP_KERNEL);

		mm->pgd = obj ? obj - m->layout.page_offset : 0;
	} else {
		pfn = alloc_kernel_pages(m, GFP_PGTABLE, 0, false);
		mm->pgd = pfn < 0 ? 0 : PFN_PHYS(pfn);
		if (mm->pgd)
			pfn_to_page(m, (pfn_t)pfn)->owner = PAGE_OF_KERNEL;
	}
	if (!mm->pgd)
		return -ENOMEM;
	if (m->swapper_pg_dir)
		memcpy(phys_to_host(m, mm->pgd + from * f->entry_bytes),
		       phys_to_host(m, m->swapper_pg_dir + from * f->entry_bytes),
		       (n - from) * f->entry_bytes);
	if (is_pae(m) && pae_tables(m, mm)) {
		pgd_free(m, mm);
		return -ENOMEM;
	}
	return 0;
}

/* The directory and, with PAE, the user tables that are its own. */
void pgd_free(struct machine *m, struct mm_struct *mm)
{
	for (unsigned i = 0; is_pae(m) && i < user_slots(m); i++) {
		uint64_t e = pte_read(m, mm->pgd + i * 8);

		if (e & _PAGE_PRESENT) {
			put_page(m, (pfn_t)PFN_DOWN(e & m->arch->pgtable->addr_mask));
			mm->nr_pmds--;
		}
	}
	if (is_pae(m) && m->slab)
		kfree(m, mm->pgd + m->layout.page_offset);
	else
		put_page(m, (pfn_t)PFN_DOWN(mm->pgd));
	mm->pgd = 0;
}

/* ---- batches of pages that go ---- */

struct mmu_gather *tlb_gather(struct machine *m, struct mm_struct *mm)
{
	struct mmu_gather *g = m->mm->gather;

	g->mm = mm;
	g->batch = g->nr_pages = g->nr[0] = 0;
	/* two pointers' worth of header: next, and nr with max */
	g->max = (unsigned)((PAGE_SIZE - (m->arch->bits == 32 ? 12 : 16)) / (m->arch->bits / 8));
	return g;
}

static pfn_t *batch_pages(struct mmu_gather *g, unsigned b)
{
	return b ? g->pages[b - 1] : g->local;
}

/* The last reference of a page is dropped: it leaves the LRU; the caller frees it. */
static bool put_page_testzero(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	if (--p->_refcount)
		return false;
	if (p->flags & PG(lru)) {
		p->_refcount = 1;
		lru_del(m, pfn);
		p->_refcount = 0;
	}
	return true;
}

void release_pages(struct machine *m, pfn_t *pages, unsigned n)
{
	unsigned go = 0;

	for (unsigned i = 0; i < n; i++)
		if (put_page_testzero(m, pages[i]))
			pages[go++] = pages[i];
	/* each was put at the head of a list */
	while (go--) {
		trace(m, TRACE_MM_PAGE_FREE_BATCHED, .pfn = pages[go]);
		free_hot_cold_page(m, pages[go], false);
	}
}

static void tlb_flush(struct machine *m, struct mmu_gather *g)
{
	for (unsigned b = 0; b <= g->nr_pages && b <= g->batch; b++) {
		release_pages(m, batch_pages(g, b), g->nr[b]);
		g->nr[b] = 0;
	}
	g->batch = 0;
}

/* Returns: whether there is room for another page. */
static bool tlb_next_batch(struct machine *m, struct mmu_gather *g)
{
	int64_t pfn;

	if (g->batch < g->nr_pages) {
		g->nr[++g->batch] = 0;
		return true;
	}
	if (g->nr_pages == GATHER_BATCHES)
		return false;
	pfn = alloc_pages(m, GFP_NOWAIT | __GFP_NOWARN, 0);
	if (pfn < 0)
		return false;
	g->page[g->nr_pages++] = (pfn_t)pfn;
	g->nr[++g->batch] = 0;
	return true;
}

/* Returns: false when the batches are full and must be flushed. */
static inline bool tlb_remove_page(struct machine *m, struct mmu_gather *g, pfn_t pfn)
{
	unsigned b = g->batch;

	batch_pages(g, b)[g->nr[b]++] = pfn;
	return g->nr[b] < (b ? g->max : GATHER_LOCAL) || tlb_next_batch(m, g);
}

void tlb_finish(struct machine *m, struct mmu_gather *g)
{
	tlb_flush(m, g);
	for (unsigned i = 0; i < g->nr_pages; i++)
		__free_pages(m, g->page[i], 0);
}

/* ---- taking pages away ---- */

static void zap_file_page(struct machine *m, struct vm_area_struct *v, pfn_t pfn, uint64_t pte, bool *flush)
{
	if (pte & _PAGE_DIRTY) {
		set_page_dirty(m, pfn);
		*flush = true;
	}
	if ((pte & _PAGE_ACCESSED) && !(v->vm_flags & VM_SEQ_READ))
		mark_page_accessed(m, pfn);
}

/* [start, end) lies in one table, whose first entry wanted is at @at. */
static void zap_pte_range(struct machine *m, struct mmu_gather *g, struct vm_area_struct *v,
			  phys_t at, vaddr_t start, vaddr_t end)
{
	const unsigned bytes = m->arch->pgtable->entry_bytes;
	unsigned char *host = phys_to_host(m, at);
	struct mm_struct *mm = g->mm;
	vaddr_t va = start;

	while (va != end) {
		long rss[NR_MM_COUNTERS] = {0};
		bool flush = false;

		for (; va != end; va += PAGE_SIZE, host += bytes) {
			uint64_t pte = entry_get(host, bytes), pfn;
			struct page *p;

			if (!pte)
				continue;
			entry_put(host, bytes, 0);
			pfn = entry_pfn(m, pte);
			if (!present(pte) || (pte & _PAGE_SPECIAL) || pfn >= m->max_pfn)
				continue;
			p = pfn_to_page(m, (pfn_t)pfn);
			if (unlikely(!p->mapcount)) /* somebody wrote into the table */
				continue;
			if (page_is_anon(p)) {
				rss[MM_ANONPAGES]--;
			} else {
				zap_file_page(m, v, (pfn_t)pfn, pte, &flush);
				rss[MM_FILEPAGES]--;
			}
			page_remove_rmap(m, (pfn_t)pfn);
			if (!tlb_remove_page(m, g, (pfn_t)pfn)) {
				flush = true;
				va += PAGE_SIZE;
				host += bytes;
				break;
			}
		}
		for (int i = 0; i < NR_MM_COUNTERS; i++)
			mm->rss_stat[i] += rss[i];
		sync_mm_rss(mm);
		if (flush)
			tlb_flush(m, g);
	}
}

/* The end of the piece of [va, end) that one table of @level maps. */
static inline vaddr_t piece_end(const struct machine *m, vaddr_t va, vaddr_t end, unsigned level)
{
	vaddr_t span = 1ull << m->arch->pgtable->level[level].shift, next = (va | (span - 1)) + 1;

	return next - 1 < end - 1 ? next : end;
}

/* Calls @fn for each table of last level in [start, end); what has none costs one look a slot
   of the level where it is missing. */
#define for_each_pte_table(m, mm, va, next, end, at)                                              \
	for (vaddr_t va = start, next; va != (end) && ((next) = table_piece(m, (mm)->pgd, va, end, &(at)), 1); \
	     va = next)                                                                           \
		if (at)

static vaddr_t table_piece(const struct machine *m, phys_t root, vaddr_t va, vaddr_t end, phys_t *at)
{
	const struct pgtable_format *f = m->arch->pgtable;
	unsigned level = 0;

	/* the level at which the walk ends is the one that says how far there is nothing */
	while (level < f->levels - 2 && walk_to(m, root, va, level + 1))
		level++;
	*at = walk_to(m, root, va, f->levels - 1);
	return piece_end(m, va, end, level);
}

static void unmap_page_range(struct machine *m, struct mmu_gather *g, struct vm_area_struct *v,
			     vaddr_t start, vaddr_t end)
{
	phys_t at;

	for_each_pte_table(m, g->mm, va, next, end, at)
		zap_pte_range(m, g, v, at, va, next);
}

void unmap_vmas(struct machine *m, struct mmu_gather *g, struct vm_area_struct *v, vaddr_t start,
		vaddr_t end)
{
	for (; v && v->vm_start < end; v = v->vm_next) {
		vaddr_t from = max_of(v->vm_start, start), to = min_of(v->vm_end, end);

		if (from < to)
			unmap_page_range(m, g, v, from, to);
	}
}

void zap_page_range(struct machine *m, struct vm_area_struct *v, vaddr_t start, uint64_t len)
{
	struct mm_struct *mm = v->vm_mm;
	struct mmu_gather *g = tlb_gather(m, mm);
	long anon = mm->rss_stat[MM_ANONPAGES], files = mm->rss_stat[MM_FILEPAGES];

	update_hiwater_rss(mm);
	unmap_page_range(m, g, v, start, start + len);
	mm_step(m, MM_ZAPPED, start, start + len, anon - mm->rss_stat[MM_ANONPAGES],
		files - mm->rss_stat[MM_FILEPAGES]);
	tlb_finish(m, g);
}

/* ---- taking tables away (faults.md 6) ---- */

/* The table that the entry at @level of @va points to goes, if its whole range is in
   [floor, ceiling). */
static void free_table(struct machine *m, struct mmu_gather *g, vaddr_t va, unsigned level,
		       vaddr_t floor, vaddr_t ceiling)
{
	const struct pgtable_format *f = m->arch->pgtable;
	vaddr_t span = 1ull << f->level[level].shift, base = va & ~(span - 1);
	phys_t at = walk_to(m, g->mm->pgd, va, level);
	uint64_t e = at ? pte_read(m, at) : 0;
	pfn_t pfn;

	if (!(e & _PAGE_PRESENT) || !good_table(m, e & f->addr_mask))
		return;
	if (base < floor || base + span - 1 > ceiling - 1) {
		mm_step(m, MM_TABLE_KEPT, base, base + span, floor, ceiling,
			.order = (uint8_t)(level + 1));
		return;
	}
	pfn = (pfn_t)PFN_DOWN(e & f->addr_mask);
	mm_step(m, MM_TABLE_FREED, base, base + span, 0, 0, .order = (uint8_t)(level + 1),
		.pfn = pfn);
	pte_write(m, at, 0);
	if (level == f->levels - 2) {
		g->mm->nr_ptes--;
		__mod_zone_page_state(m, m->zone_by_id[block_zone(pfn_to_page(m, pfn)->block)],
				      NR_PAGETABLE, -1);
	} else if (level + 3 == f->levels) {
		g->mm->nr_pmds--;
	}
	if (!tlb_remove_page(m, g, pfn))
		tlb_flush(m, g);
}

static void free_level(struct machine *m, struct mmu_gather *g, vaddr_t start, vaddr_t end,
		       vaddr_t floor, vaddr_t ceiling, unsigned level)
{
	for (vaddr_t va = start, next; va != end; va = next) {
		next = piece_end(m, va, end, level);
		if (!walk_to(m, g->mm->pgd, va, level))
			continue;
		if (level < m->arch->pgtable->levels - 2) {
			phys_t at = walk_to(m, g->mm->pgd, va, level);

			if (!(pte_read(m, at) & _PAGE_PRESENT))
				continue;
			free_level(m, g, va, next, floor, ceiling, level + 1);
		}
		free_table(m, g, va, level, floor, ceiling);
	}
}

void free_pgtables(struct machine *m, struct mmu_gather *g, vaddr_t start, vaddr_t end,
		   vaddr_t floor, vaddr_t ceiling)
{
	mm_step(m, MM_TABLES, start, end, floor, ceiling);
	if (g->mm->pgd && start < end)
		free_level(m, g, start, end, floor, ceiling, 0);
}

/* ---- fork (faults.md 5) ---- */

static void copy_pte(struct machine *m, struct mm_struct *dst, const struct vm_area_struct *v,
		     unsigned char *from, unsigned char *to, uint64_t pte, long rss[NR_MM_COUNTERS])
{
	const unsigned bytes = m->arch->pgtable->entry_bytes;
	uint32_t f = v->vm_flags;
	uint64_t pfn = entry_pfn(m, pte);

	(void)dst;
	if (!present(pte))
		return;
	if ((f & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE && (pte & _PAGE_RW)) {
		pte &= ~(uint64_t)_PAGE_RW;
		entry_put(from, bytes, pte);
	}
	if (f & VM_SHARED)
		pte &= ~(uint64_t)_PAGE_DIRTY;
	pte &= ~(uint64_t)_PAGE_ACCESSED;
	if (!(pte & _PAGE_SPECIAL) && !(f & VM_PFNMAP) && pfn < m->max_pfn) {
		struct page *p = pfn_to_page(m, (pfn_t)pfn);

		p->_refcount++;
		p->mapcount++;
		rss[page_is_anon(p) ? MM_ANONPAGES : MM_FILEPAGES]++;
	}
	entry_put(to, bytes, pte);
}

int copy_page_range(struct machine *m, struct mm_struct *dst, struct vm_area_struct *v)
{
	const unsigned bytes = m->arch->pgtable->entry_bytes;
	struct mm_struct *src = v->vm_mm;
	vaddr_t start = v->vm_start;
	phys_t at;

	/* files can be read again: the child may fault their pages in itself */
	if (!(v->vm_flags & (VM_HUGETLB | VM_PFNMAP | VM_MIXEDMAP)) && !v->anon_vma) {
		trace_fork_area(m, v, FORK_FAULTS_LATER);
		return 0;
	}
	trace_fork_area(m, v, FORK_PTES);
	for_each_pte_table(m, src, va, next, v->vm_end, at) {
		phys_t to_at = pte_alloc(m, dst, va);
		unsigned char *from = phys_to_host(m, at), *to;
		long rss[NR_MM_COUNTERS] = {0};

		if (!to_at)
			return -ENOMEM;
		to = phys_to_host(m, to_at);
		if (trace_on(m, TRACE_MM_STEP))
			trace_copy(m, v, at, va, next);
		for (vaddr_t a = va; a != next; a += PAGE_SIZE, from += bytes, to += bytes) {
			uint64_t pte = entry_get(from, bytes);

			if (pte)
				copy_pte(m, dst, v, from, to, pte, rss);
		}
		for (int i = 0; i < NR_MM_COUNTERS; i++)
			dst->rss_stat[i] += rss[i];
		sync_mm_rss(src);
	}
	return 0;
}

/* ---- mprotect, mremap ---- */

void change_protection(struct machine *m, struct vm_area_struct *v, vaddr_t start, vaddr_t end)
{
	const unsigned bytes = m->arch->pgtable->entry_bytes;
	uint64_t prot = vm_page_prot(m, v);
	/* the file knows already of writes to what is dirty */
	uint64_t dirty = wants_writenotify(v) ? _PAGE_DIRTY : 0;
	phys_t at;

	for_each_pte_table(m, v->vm_mm, va, next, end, at) {
		unsigned char *host = phys_to_host(m, at);

		for (vaddr_t a = va; a != next; a += PAGE_SIZE, host += bytes) {
			uint64_t pte = entry_get(host, bytes);

			if (present(pte))
				entry_put(host, bytes, pte_modify(m, pte, prot) | (pte & dirty ? _PAGE_RW : 0));
		}
	}
}

uint64_t move_page_tables(struct machine *m, struct vm_area_struct *v, vaddr_t from,
			  struct vm_area_struct *to_vma, vaddr_t to, uint64_t len)
{
	const unsigned bytes = m->arch->pgtable->entry_bytes;
	vaddr_t start = from, end = from + len;
	phys_t at;

	(void)to_vma;
	for_each_pte_table(m, v->vm_mm, va, next, end, at) {
		unsigned char *host = phys_to_host(m, at);

		for (vaddr_t a = va; a != next; a += PAGE_SIZE, host += bytes) {
			uint64_t pte = entry_get(host, bytes);
			phys_t to_at;

			if (!pte && (a & (pte_table_span(m) - 1)) && ((a - from + to) & (pte_table_span(m) - 1)) && a != from)
				continue;
			/* the table is made for the stretch, whether or not it has pages */
			to_at = pte_alloc(m, v->vm_mm, a - from + to);
			if (!to_at)
				return a - from;
			if (pte) {
				pte_write(m, to_at, pte);
				entry_put(host, bytes, 0);
			}
		}
	}
	return len;
}

/* ---- looking ---- */

bool pte_lookup(const struct machine *m, const struct mm_struct *mm, vaddr_t va, struct pte_info *i)
{
	phys_t at = pte_offset(m, mm, va);

	*i = (struct pte_info){.pfn = PFN_NONE, .none = true};
	if (!at)
		return false;
	i->pte = pte_read(m, at);
	i->none = !i->pte;
	i->present = present(i->pte);
	i->special = i->pte & _PAGE_SPECIAL;
	i->dirty = i->pte & _PAGE_DIRTY;
	i->young = i->pte & _PAGE_ACCESSED;
	i->write = i->pte & _PAGE_RW;
	if (i->present)
		i->pfn = (pfn_t)entry_pfn(m, i->pte);
	return true;
}

pfn_t vm_normal_page(const struct machine *m, const struct vm_area_struct *v, const struct pte_info *i)
{
	return !i->present || i->special || (v->vm_flags & VM_PFNMAP) || i->pfn >= m->max_pfn ? PFN_NONE : i->pfn;
}

/* ---- replaying ---- */

void mm_hold_tables(struct machine *m, struct mm_struct *mm)
{
	phys_t at;

	vaddr_t start = 0;

	for_each_pte_table(m, mm, va, next, mm->task_size, at)
		pfn_to_page(m, (pfn_t)PFN_DOWN(at))->_refcount++;
}

void zero_page_restore(struct machine *m, struct task_struct *t, pfn_t pfn)
{
	pfn_t old = m->mm->zero_pfn;

	m->mm->zero_pfn = pfn;
	for (struct vm_area_struct *v = t->mm->mmap; v; v = v->vm_next)
		for (vaddr_t va = v->vm_start; va < v->vm_end; va += PAGE_SIZE) {
			phys_t at = pte_offset(m, t->mm, va);
			uint64_t pte = at ? pte_read(m, at) : 0;

			if (present(pte) && (pte & _PAGE_SPECIAL) && entry_pfn(m, pte) == old)
				pte_write(m, at, mk_pte(m, pfn, pte & (0xfff | _PAGE_NX)));
		}
}
