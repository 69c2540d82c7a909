/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `whatis` finds in the kernel's own ranges, and of pages that are mapped there. */
#include <mmsh/highmem.h>
#include <mmsh/pgtable.h>
#include <mmsh/vmalloc.h>

#include "out.h"
#include "shell.h"
#include "whatis.h"

typedef unsigned long long ull;

/* ---- from the address ---- */

static void tell_area(struct shell *sh, const struct vmap_area *va, vaddr_t addr)
{
	const struct vm_struct *vm = va->vm;
	uint64_t page = PFN_DOWN(addr - va->start), pages = PFN_DOWN(va->end - va->start);

	out(sh, "  area       0x%llx-0x%llx, ", (ull)va->start, (ull)va->end - 1);
	if (va->flags & VM_LAZY_FREE) {
		out_str(sh, "freed, but not purged yet\n");
		return;
	}
	if (!vm) {
		out(sh, "%s, page %llu of %llu\n", va->block ? "a block of vm_map_ram" : "vm_map_ram",
		    (ull)page, (ull)pages);
		return;
	}
	out_str(sh, vm->flags & VM_IOREMAP ? "ioremap" : vm->flags & VM_MAP ? "vmap" : "vmalloc");
	if (page + 1 == pages && !(vm->flags & VM_NO_GUARD))
		out_str(sh, ", its guard page\n");
	else
		out(sh, ", page %llu of %llu\n", (ull)page, (ull)pages - 1);
}

static void tell_slot(struct shell *sh, unsigned slot)
{
	const struct pkmap *pk = sh->m->pkmap;

	out(sh, "  pkmap      slot %u, ", slot);
	if (!pk->count[slot])
		out_str(sh, "free\n");
	else if (pk->count[slot] == 1)
		out(sh, "of pfn %u, without users, not flushed yet\n", pk->pfn[slot]);
	else
		out(sh, "of pfn %u, %u user%s\n", pk->pfn[slot], pk->count[slot] - 1,
		    pk->count[slot] == 2 ? "" : "s");
}

static void tell_fixmap(struct shell *sh, vaddr_t addr)
{
	const struct machine *m = sh->m;
	unsigned index = (unsigned)PFN_DOWN(m->layout.fixaddr_top - (addr & ~(vaddr_t)(PAGE_SIZE - 1)));
	unsigned cpu = (index - m->layout.fix_kmap_begin) / KM_TYPE_NR;
	unsigned depth = (index - m->layout.fix_kmap_begin) % KM_TYPE_NR;

	out(sh, "  fixmap     index %u", index);
	if (m->kmap_atomic && index >= m->layout.fix_kmap_begin && cpu < m->nr_cpus)
		out(sh, ", kmap_atomic slot %u of cpu %u, %s", depth, cpu,
		    depth < m->kmap_atomic[cpu].depth ? "in use" : "free");
	out_char(sh, '\n');
}

void whatis_kernel_range(struct shell *sh, struct whatis *w)
{
	const struct machine *m = sh->m;
	const struct vm_layout *l = &m->layout;
	const struct vmap_area *va = w->virt ? find_vmap_area(m, w->addr) : NULL;

	if (!w->virt || w->addr < l->page_offset)
		return;
	if (va)
		tell_area(sh, va, w->addr);
	else if (w->addr >= l->vmalloc_start && w->addr < l->vmalloc_end)
		out_str(sh, "  area       none: a free part of vmalloc's range\n");
	else if (m->pkmap && w->addr >= l->pkmap_base &&
		 w->addr - l->pkmap_base < PFN_PHYS(m->arch->last_pkmap))
		tell_slot(sh, (unsigned)PFN_DOWN(w->addr - l->pkmap_base));
	else if (m->arch->bits == 32 && w->addr >= l->fixaddr_start)
		tell_fixmap(sh, w->addr);
}

/* ---- from the page ---- */

static void find_windows(struct shell *sh, uint64_t pfn)
{
	const struct machine *m = sh->m;

	for (unsigned slot = 0; m->pkmap && slot < m->arch->last_pkmap; slot++)
		if (m->pkmap->count[slot] && m->pkmap->pfn[slot] == pfn)
			out(sh, "  kmap       at 0x%llx, slot %u, count %u\n",
			    (ull)m->layout.pkmap_base + PFN_PHYS(slot), slot, m->pkmap->count[slot]);
	for (unsigned cpu = 0; m->kmap_atomic && cpu < m->nr_cpus; cpu++)
		for (unsigned d = 0; d < m->kmap_atomic[cpu].depth; d++)
			if (m->kmap_atomic[cpu].pfn[d] == pfn)
				out(sh, "  kmap       at 0x%llx, atomic, of cpu %u\n",
				    (ull)kmap_atomic_address(m, cpu, d), cpu);
}

static void find_areas(struct shell *sh, uint64_t pfn)
{
	const struct machine *m = sh->m;
	const struct vmap_area *va;

	if (!m->vmalloc || !m->swapper_pg_dir)
		return;
	TAILQ_FOREACH (va, &m->vmalloc->list, list) {
		if (va->flags & VM_LAZY_FREE)
			continue;
		for (vaddr_t a = va->start; a < va->end; a += PAGE_SIZE) {
			phys_t pa;

			if (pgtable_lookup(m, m->swapper_pg_dir, a, &pa, NULL) &&
			    PFN_DOWN(pa) == pfn)
				out(sh, "  mapped     at 0x%llx, in the area at 0x%llx\n", (ull)a,
				    (ull)va->start);
		}
	}
}

struct search {
	struct shell *sh;
	phys_t table;	 /* looked for */
	uint64_t tables; /* still to be seen: they can be made to lead in circles */
};

static void find_table(struct search *s, phys_t table, vaddr_t va, unsigned l)
{
	const struct machine *m = s->sh->m;
	const struct pgtable_format *f = m->arch->pgtable;
	const struct pgtable_level *level = &f->level[l];

	if (!s->tables)
		return;
	s->tables--;
	if (PFN_DOWN(table) == PFN_DOWN(s->table)) {
		vaddr_t last = va + ((1ull << level->shift) << level->bits) - 1;

		if (m->arch->bits == 64 && va >> 47)
			va |= 0xFFFFull << 48, last |= 0xFFFFull << 48;
		out(s->sh, "  table      of the kernel's, level %s, of 0x%llx-0x%llx\n", level->name,
		    (ull)va, (ull)last);
	}
	for (unsigned i = 0; l + 1 < f->levels && i < 1u << level->bits; i++) {
		uint64_t entry = pgtable_entry(m, table + (uint64_t)i * f->entry_bytes);

		if (entry & _PAGE_PRESENT && !((int)l >= f->large_level && entry & _PAGE_PSE))
			find_table(s, entry & f->addr_mask, va + ((vaddr_t)i << level->shift), l + 1);
	}
}

void whatis_mapped(struct shell *sh, struct whatis *w)
{
	struct search s = {sh, PFN_PHYS(w->pfn), 4096 + sh->m->max_pfn / 256};

	if (w->pfn == PFN_NONE)
		return;
	find_windows(sh, w->pfn);
	find_areas(sh, w->pfn);
	if (sh->m->swapper_pg_dir)
		find_table(&s, sh->m->swapper_pg_dir, 0, 0);
}
