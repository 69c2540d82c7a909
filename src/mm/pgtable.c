/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page tables of every format: one walk, one fill (faults.md 1, kernel-layout.md 8). */
#include "setup.h"
#include <errno.h>
#include <mmsh/page_alloc.h>
#include <mmsh/pgtable.h>
#include <string.h>

const struct pgtable_format pgtable_2level = {
	.name = "2-level",
	.levels = 2,
	.level = {{"pgd", 22, 10}, {"pte", 12, 10}},
	.entry_bytes = 4,
	.large_level = 0,
	.addr_mask = 0xFFFFF000,
	.top_flags = _PAGE_TABLE,
};

const struct pgtable_format pgtable_pae = {
	.name = "PAE",
	.levels = 3,
	.level = {{"pgd", 30, 2}, {"pmd", 21, 9}, {"pte", 12, 9}},
	.entry_bytes = 8,
	.large_level = 1,
	.addr_mask = 0xFFFFFFFFFF000,
	.top_flags = _PAGE_PRESENT,
};

const struct pgtable_format pgtable_4level = {
	.name = "4-level",
	.levels = 4,
	.level = {{"pgd", 39, 9}, {"pud", 30, 9}, {"pmd", 21, 9}, {"pte", 12, 9}},
	.entry_bytes = 8,
	.large_level = 2,
	.addr_mask = 0xFFFFFFFFFF000,
	.top_flags = _PAGE_TABLE,
};

uint64_t pgtable_entry(const struct machine *m, phys_t at)
{
	uint64_t v = 0;

	if (at + m->arch->pgtable->entry_bytes <= m->ram_size)
		memcpy(&v, phys_to_host(m, at), m->arch->pgtable->entry_bytes);
	return v;
}

static void entry_write(struct machine *m, phys_t at, uint64_t v)
{
	if (at + m->arch->pgtable->entry_bytes <= m->ram_size)
		memcpy(phys_to_host(m, at), &v, m->arch->pgtable->entry_bytes);
}

uint64_t pgtable_entry_pfn(const struct machine *m, uint64_t entry)
{
	return PFN_DOWN(entry & m->arch->pgtable->addr_mask);
}

static phys_t entry_at(const struct machine *m, phys_t table, unsigned level, vaddr_t va,
		       unsigned *index)
{
	const struct pgtable_level *l = &m->arch->pgtable->level[level];

	*index = (unsigned)(va >> l->shift) & ((1u << l->bits) - 1);
	return table + (uint64_t)*index * m->arch->pgtable->entry_bytes;
}

static bool is_large(const struct pgtable_format *f, unsigned level, uint64_t entry)
{
	return (int)level >= f->large_level && level + 1 < f->levels && (entry & _PAGE_PSE);
}

unsigned pgtable_walk(const struct machine *m, phys_t root, vaddr_t va,
		      struct pgtable_step steps[PGT_MAX_LEVELS])
{
	const struct pgtable_format *f = m->arch->pgtable;
	phys_t table = root;

	for (unsigned l = 0; l < f->levels; l++) {
		struct pgtable_step *s = &steps[l];

		s->level = &f->level[l];
		s->table = table;
		s->at = entry_at(m, table, l, va, &s->index);
		s->entry = pgtable_entry(m, s->at);
		if (!(s->entry & _PAGE_PRESENT) || is_large(f, l, s->entry))
			return l + 1;
		table = s->entry & f->addr_mask;
	}
	return f->levels;
}

bool pgtable_lookup(const struct machine *m, phys_t root, vaddr_t va, phys_t *pa, uint64_t *entry)
{
	struct pgtable_step steps[PGT_MAX_LEVELS];
	unsigned n = pgtable_walk(m, root, va, steps);
	const struct pgtable_step *last = &steps[n - 1];
	uint64_t offset = va & ((1ull << last->level->shift) - 1);

	if (entry)
		*entry = last->entry;
	if (!(last->entry & _PAGE_PRESENT))
		return false;
	/* a large page's low address bits are flags */
	*pa = ((last->entry & m->arch->pgtable->addr_mask) & ~((1ull << last->level->shift) - 1)) + offset;
	return true;
}

/* A zeroed table: from brk and memblock while there is no page allocator, then from it. */
static phys_t alloc_table(struct machine *m)
{
	phys_t brk_end = PFN_PHYS(PFN_UP(m->boot.brk_start)) + EARLY_PGT_PAGES * PAGE_SIZE;
	int64_t pfn;
	phys_t at;

	if (m->boot.mem_init_done) {
		pfn = alloc_pages(m, GFP_PGTABLE, 0);
		if (pfn < 0)
			return 0;
		pfn_to_page(m, (pfn_t)pfn)->owner = PAGE_OF_KERNEL;
		return PFN_PHYS((uint64_t)pfn);
	}
	at = m->boot.brk_start + m->boot.brk_tables * PAGE_SIZE;
	if (at < brk_end)
		m->boot.brk_tables++;
	else
		at = boot_alloc(m, "page table", PAGE_SIZE, PAGE_SIZE);
	if (at)
		memset(phys_to_host(m, at), 0, PAGE_SIZE);
	return at;
}

/* The entry of @va at @to_level, tables on the way made if @create. 0: none. */
static phys_t entry_of(struct machine *m, phys_t root, vaddr_t va, unsigned to_level, bool create,
		       int *err)
{
	const struct pgtable_format *f = m->arch->pgtable;
	phys_t table = root;
	unsigned index;

	*err = 0;
	for (unsigned l = 0;; l++) {
		phys_t at = entry_at(m, table, l, va, &index);
		uint64_t entry = pgtable_entry(m, at);

		if (l == to_level)
			return at;
		if (is_large(f, l, entry) && (entry & _PAGE_PRESENT)) {
			*err = -EBUSY;
			return 0;
		}
		if (!(entry & _PAGE_PRESENT)) {
			phys_t next = create ? alloc_table(m) : 0;

			if (!next) {
				*err = create ? -ENOMEM : 0;
				return 0;
			}
			entry = next | (l == 0 ? f->top_flags : _PAGE_TABLE);
			entry_write(m, at, entry);
		}
		table = entry & f->addr_mask;
	}
}

int pgtable_set(struct machine *m, phys_t root, vaddr_t va, uint64_t entry)
{
	int err;
	phys_t at = entry_of(m, root, va, m->arch->pgtable->levels - 1, entry != 0, &err);

	if (at)
		entry_write(m, at, entry);
	return err;
}

gfp_t pte_alloc_gfp(const struct machine *m)
{
	return GFP_PGTABLE | (m->params.highpte && m->pkmap ? __GFP_HIGHMEM : 0);
}

/* ---- the kernel's own tables ---- */

static uint64_t nx(const struct machine *m)
{
	return m->arch->bits == 64 ? _PAGE_NX : 0;
}

/* Large pages where a whole one fits, but for the first. */
int map_direct(struct machine *m, phys_t start, phys_t end)
{
	const struct pgtable_format *f = m->arch->pgtable;
	uint64_t large = 1ull << f->level[f->large_level].shift;
	vaddr_t base = m->layout.page_offset;

	for (phys_t pa = start; pa < end;) {
		bool whole = pa >= large && !(pa & (large - 1)) && end - pa >= large;
		unsigned level = whole ? (unsigned)f->large_level : f->levels - 1;
		int err;
		phys_t at = entry_of(m, m->swapper_pg_dir, base + pa, level, true, &err);

		if (!at)
			return err;
		entry_write(m, at, pa | nx(m) | (whole ? PAGE_KERNEL_LARGE : PAGE_KERNEL));
		pa += whole ? large : PAGE_SIZE;
	}
	return 0;
}

/* Tables that exist from boot on, so that every page directory gets to have them. */
static int map_windows(struct machine *m)
{
	unsigned last = m->arch->pgtable->levels - 1;
	int err = 0;

	if (m->arch->bits == 64)
		return 0;
	if (m->layout.pkmap_base)
		entry_of(m, m->swapper_pg_dir, m->layout.pkmap_base, last, true, &err);
	if (!err)
		entry_of(m, m->swapper_pg_dir, m->layout.fixaddr_start, last, true, &err);
	return err;
}

int paging_init(struct machine *m)
{
	const struct pgtable_format *f = m->arch->pgtable;
	const struct kernel_image *k = &m->params.image;
	phys_t page = PFN_PHYS(PFN_UP(k->load + k->bss_start));
	int err = 0;

	m->swapper_pg_dir = page;
	memset(phys_to_host(m, page), 0, PAGE_SIZE);
	/* PAE: the directories below are part of the image as well */
	for (unsigned i = 0; f == &pgtable_pae && i < 4; i++) {
		page += PAGE_SIZE;
		memset(phys_to_host(m, page), 0, PAGE_SIZE);
		if (i >= m->layout.page_offset >> 30)
			entry_write(m, m->swapper_pg_dir + i * f->entry_bytes, page | f->top_flags);
	}
	if (m->arch->bits == 32) {
		err = map_direct(m, 0, PFN_PHYS(m->max_low_pfn));
	} else {
		err = map_direct(m, 0, 1 << 20);
		for (unsigned i = 0; i < m->memblock.memory.cnt && !err; i++) {
			const struct memblock_region *r = &m->memblock.memory.regions[i];

			if (r->base + r->size > 1 << 20)
				err = map_direct(m, max_of(r->base, (phys_t)1 << 20), r->base + r->size);
		}
	}
	return err ?: map_windows(m);
}

vaddr_t page_to_virt(const struct machine *m, pfn_t pfn)
{
	return pfn < m->highstart_pfn ? m->layout.page_offset + PFN_PHYS(pfn) : 0;
}

bool is_lowmem_addr(const struct machine *m, vaddr_t va)
{
	return va >= m->layout.page_offset && va - m->layout.page_offset < PFN_PHYS(m->highstart_pfn);
}

unsigned char *kernel_addr_to_host(const struct machine *m, vaddr_t va)
{
	phys_t pa;

	if (is_lowmem_addr(m, va))
		pa = va - m->layout.page_offset;
	else if (!pgtable_lookup(m, m->swapper_pg_dir, va, &pa, NULL) || pa >= PFN_PHYS(m->max_pfn))
		return NULL;
	ram_touch(m, (pfn_t)PFN_DOWN(pa), 0); /* the caller may write there */
	return phys_to_host(m, pa);
}
