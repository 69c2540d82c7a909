/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The walk from an address to its page, entry by entry. */
#include <stdio.h>

#include <mmsh/pgtable.h>

#include "cmd_task.h"
#include "command.h"
#include "kernel_addr.h"
#include "out.h"
#include "shell.h"
#include "vtop.h"

static const struct {
	uint64_t bit;
	const char *name;
	bool leaf; /* only in entries of pages */
} bits[] = {
	{_PAGE_PRESENT, "P", false}, {_PAGE_RW, "RW", false},	{_PAGE_USER, "US", false},
	{_PAGE_PWT, "PWT", false},   {_PAGE_PCD, "PCD", false}, {_PAGE_ACCESSED, "A", false},
	{_PAGE_DIRTY, "D", true},    {_PAGE_PSE, "PS", true},	{_PAGE_GLOBAL, "G", true},
	{_PAGE_NX, "NX", false},
};

static void print_bits(struct shell *sh, uint64_t entry, bool leaf)
{
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (entry & bits[i].bit && (leaf || !bits[i].leaf))
			out(sh, " %s", bits[i].name);
}

/* Bit 7 of a last-level entry chooses a memory type. */
static bool is_large(const struct machine *m, const struct pgtable_step *s)
{
	return s->level->shift > PAGE_SHIFT && s->entry & _PAGE_PSE &&
	       s->level - m->arch->pgtable->level >= m->arch->pgtable->large_level;
}

static void print_step(struct shell *sh, const struct pgtable_step *s)
{
	const struct pgtable_format *f = sh->m->arch->pgtable;
	uint64_t to = s->entry & f->addr_mask;
	bool large = is_large(sh->m, s), leaf = large || s->level->shift == PAGE_SHIFT;

	out(sh, "  %s[%u]%*s phys 0x%llx: 0x%0*llx", s->level->name, s->index,
	    s->index < 10 ? 2 : s->index < 100 ? 1 : 0, "", (unsigned long long)s->at,
	    2 * (int)f->entry_bytes, (unsigned long long)s->entry);
	if (!(s->entry & _PAGE_PRESENT)) {
		out_str(sh, s->entry ? "  not present\n" : "  empty\n");
		return;
	}
	to &= leaf ? ~((1ull << s->level->shift) - 1) : ~0ull;
	if (large)
		out(sh, "  large page 0x%llx,", (unsigned long long)to);
	else
		out(sh, "  %s 0x%llx,", leaf ? "page" : "table", (unsigned long long)to);
	print_bits(sh, s->entry, leaf);
	out_char(sh, '\n');
}

void vtop_walk(struct shell *sh, phys_t root, const char *whose, vaddr_t va)
{
	struct pgtable_step steps[PGT_MAX_LEVELS];
	unsigned n = pgtable_walk(sh->m, root, va, steps);
	const struct zone *z;
	phys_t pa;

	out(sh, "0x%llx, in the %s tables of %s\n", (unsigned long long)va,
	    sh->m->arch->pgtable->name, whose);
	for (unsigned i = 0; i < n; i++)
		print_step(sh, &steps[i]);
	if (!pgtable_lookup(sh->m, root, va, &pa, NULL)) {
		out_str(sh, "=> not mapped\n");
		return;
	}
	z = pfn_to_zone(sh->m, PFN_DOWN(pa));
	out(sh, "=> phys 0x%llx, pfn %llu (%s%s)\n", (unsigned long long)pa,
	    (unsigned long long)PFN_DOWN(pa), z ? "zone " : "no RAM", z ? z->name : "");
}

int exec_vtop(struct shell *sh, const struct args *a)
{
	const struct task_struct *t;
	char whose[64];
	vaddr_t addr;
	int r = kernel_address(sh, &a->v[0], &addr);

	if (!r)
		r = is_user_address(sh, addr) ? need_owner(sh, addr) : need_kernel_tables(sh);
	if (r)
		return r;
	if (is_user_address(sh, addr)) {
		t = current_task(sh);
		snprintf(whose, sizeof(whose), "PID %d (%s)", t->pid, t->comm);
		vtop_walk(sh, t->mm->pgd, whose, addr);
	} else {
		vtop_walk(sh, sh->m->swapper_pg_dir, "the kernel", addr);
	}
	return 0;
}
