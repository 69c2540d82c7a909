/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /sys/kernel/debug/kernel_page_tables, as a 4.4 kernel with CONFIG_X86_PTDUMP writes it:
 * a line a range of equal entries, level and attributes, and a line where a part of the
 * address space begins.
 */
#include "files.h"
#include <mmsh/pgtable.h>

#define FLAGS_MASK (0xFFFu | _PAGE_NX)

struct marker {
	vaddr_t start;
	const char *name;
};
#define MAX_MARKERS 10

struct dump {
	const struct machine *m;
	struct strbuf *out;
	struct marker markers[MAX_MARKERS];
	const struct marker *marker;
	unsigned level; /* 1 pgd, 2 pud, 3 pmd, 4 pte, whatever the format lacks; 0: no range yet */
	vaddr_t start, now;
	uint64_t prot;
	uint64_t tables; /* that may still be walked: they can be made to lead in circles */
};

static void add_marker(struct dump *d, unsigned *n, vaddr_t start, const char *name)
{
	d->markers[(*n)++] = (struct marker){start, name};
}

static void set_markers(struct dump *d)
{
	const struct vm_layout *l = &d->m->layout;
	unsigned n = 0;

	add_marker(d, &n, 0, "User Space");
	if (d->m->arch->bits == 64) {
		add_marker(d, &n, 0x8000000000000000, "Kernel Space");
		add_marker(d, &n, l->page_offset, "Low Kernel Mapping");
		add_marker(d, &n, l->vmalloc_start, "vmalloc() Area");
		add_marker(d, &n, 0xFFFFEA0000000000, "Vmemmap");
		add_marker(d, &n, 0xFFFFFF0000000000, "ESPfix Area");
		add_marker(d, &n, 0xFFFFFFFF80000000, "High Kernel Mapping");
		add_marker(d, &n, 0xFFFFFFFFA0000000, "Modules");
		add_marker(d, &n, 0xFFFFFFFFFF000000, "End Modules");
	} else {
		add_marker(d, &n, l->page_offset, "Kernel Mapping");
		add_marker(d, &n, l->vmalloc_start, "vmalloc() Area");
		add_marker(d, &n, l->vmalloc_end, "vmalloc() End");
		if (l->pkmap_base)
			add_marker(d, &n, l->pkmap_base, "Persistent kmap() Area");
		add_marker(d, &n, l->fixaddr_start, "Fixmap Area");
	}
	add_marker(d, &n, UINT64_MAX, NULL);
}

static void print_marker(struct dump *d)
{
	strbuf_addf(d->out, "---[ %s ]---\n", d->marker->name);
}

/* Bit 7 means one thing in a pte and another above it; so does where PAT is. */
static void print_prot(struct dump *d)
{
	static const char *const level[] = {"cr3", "pgd", "pud", "pmd", "pte"};
	uint64_t p = d->prot;

	if (!p) {
		strbuf_addf(d->out, "%30s%s\n", "", level[d->level]);
		return;
	}
	strbuf_addf(d->out, "%s%s%s%s%s%s%s%s%s\n", p & _PAGE_USER ? "USR " : "    ",
		    p & _PAGE_RW ? "RW " : "ro ", p & _PAGE_PWT ? "PWT " : "    ",
		    p & _PAGE_PCD ? "PCD " : "    ", d->level < 4 && p & _PAGE_PSE ? "PSE " : "    ",
		    d->level == 4 && p & _PAGE_PSE ? "PAT " : "    ",
		    p & _PAGE_GLOBAL ? "GLB " : "    ", p & _PAGE_NX ? "NX " : "x  ",
		    level[d->level]);
}

static void print_range(struct dump *d)
{
	unsigned bits = d->m->arch->bits;
	uint64_t mask = bits == 64 ? UINT64_MAX : UINT32_MAX, delta = (d->now - d->start) & mask;
	const char *unit = "BKMGTPE";

	while (!(delta & 1023) && unit[1]) {
		delta >>= 10;
		unit++;
	}
	strbuf_addf(d->out, "0x%0*llx-0x%0*llx   %9llu%c ", (int)bits / 4,
		    (unsigned long long)d->start, (int)bits / 4, (unsigned long long)(d->now & mask),
		    (unsigned long long)delta, *unit);
	print_prot(d);
}

/* An entry of @level for d->now: ends the range so far if it differs. */
static void note(struct dump *d, uint64_t prot, unsigned level)
{
	if (!d->level) {
		d->marker = d->markers;
		print_marker(d);
	} else if (prot != d->prot || level != d->level || d->now >= d->marker[1].start) {
		print_range(d);
		if (d->now >= d->marker[1].start) {
			d->marker++;
			print_marker(d);
		}
		d->start = d->now;
	} else {
		return;
	}
	d->prot = prot;
	d->level = level;
}

/* The kernel's number of a level: formats lack pud and pmd. */
static unsigned level_number(const struct pgtable_format *f, unsigned l)
{
	return l == 0 ? 1 : 5 - (f->levels - l);
}

static vaddr_t canonical(const struct machine *m, vaddr_t va)
{
	return m->arch->bits == 64 ? (vaddr_t)((int64_t)(va << 16) >> 16) : va;
}

static void walk_table(struct dump *d, phys_t table, vaddr_t va, unsigned l)
{
	const struct pgtable_format *f = d->m->arch->pgtable;
	const struct pgtable_level *level = &f->level[l];

	if (!d->tables)
		return;
	d->tables--;
	for (unsigned i = 0; i < 1u << level->bits; i++) {
		uint64_t entry = pgtable_entry(d->m, table + (uint64_t)i * f->entry_bytes);
		bool leaf = l + 1 == f->levels || !(entry & _PAGE_PRESENT) ||
			    ((int)l >= f->large_level && entry & _PAGE_PSE);

		d->now = canonical(d->m, va + ((vaddr_t)i << level->shift));
		if (leaf)
			note(d, entry & FLAGS_MASK, level_number(f, l));
		else
			walk_table(d, entry & f->addr_mask, va + ((vaddr_t)i << level->shift), l + 1);
	}
}

void ptdump_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	struct dump d = {.m = m, .out = out, .tables = 4096 + m->max_pfn / 256};

	(void)f;
	if (!m->swapper_pg_dir)
		return;
	set_markers(&d);
	walk_table(&d, m->swapper_pg_dir, 0, 0);
	d.now = 0;
	note(&d, 0, 0);
}
