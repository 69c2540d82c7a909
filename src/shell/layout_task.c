/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of a process: its areas, the room between them, and who may grow into it. */
#include <stdio.h>
#include <string.h>

#include <mmsh/proc_task.h>

#include "cmd_task.h"
#include "layout.h"
#include "out.h"
#include "shell.h"

typedef unsigned long long ull;

#define MAX_COLUMNS 256
#define ROWS_SHOWN 60

/* An area, or the room between two. */
struct stretch {
	vaddr_t first, last;
	const struct vm_area_struct *vma; /* NULL: free */
	const struct vm_area_struct *above;
};

static char letter(const struct stretch *s)
{
	const char *name = s->vma ? vma_name(s->vma) : "";

	if (!s->vma)
		return '.';
	if (!strcmp(name, "[heap]"))
		return 'h';
	if (s->vma->vm_flags & VM_GROWSDOWN)
		return 's';
	return s->vma->vm_flags & VM_EXEC ? 'x' : vma_is_anonymous(s->vma) ? 'a' : 'f';
}

/* The stretch that begins at @s->last + 1. Returns: false at the end of the user's part. */
static bool next_stretch(const struct mm_struct *mm, struct stretch *s)
{
	const struct vm_area_struct *above = s->above;
	vaddr_t first = s->last + 1;

	if (first >= mm->task_size)
		return false;
	if (above && above->vm_start == first)
		*s = (struct stretch){first, above->vm_end - 1, above, above->vm_next};
	else
		*s = (struct stretch){first, (above ? above->vm_start : mm->task_size) - 1, NULL,
				      above};
	return true;
}

static struct stretch before_all(const struct mm_struct *mm)
{
	return (struct stretch){.last = UINT64_MAX, .above = mm->mmap};
}

/* In proportion, and a column at least to each; when they are more than columns, not at all. */
static void print_bar(struct shell *sh, const struct mm_struct *mm)
{
	unsigned columns = min_of(out_width(sh), (unsigned)MAX_COLUMNS) - 2, n = 0, all;
	unsigned given[MAX_COLUMNS];
	struct part parts[MAX_COLUMNS];
	char letters[MAX_COLUMNS];
	const char *edge = out_utf8() ? "│" : "|";

	for (struct stretch s = before_all(mm); next_stretch(mm, &s); n++) {
		if (n == columns)
			return;
		parts[n] = (struct part){.first = s.first, .last = s.last};
		letters[n] = letter(&s);
	}
	all = layout_columns(parts, n, columns, given);
	layout_ends(sh, 0, mm->task_size - 1, all);
	out_str(sh, edge);
	for (unsigned i = 0; i < n; i++)
		for (unsigned c = 0; c < given[i]; c++)
			out_char(sh, letters[i]);
	out_str(sh, edge);
	out_char(sh, '\n');
}

static void tell_area(struct shell *sh, const struct vm_area_struct *v)
{
	struct mem_size_stats st;
	char size[32], perms[5];
	const char *name = vma_name(v);

	smap_gather(sh->m, v, &st);
	out_str(sh, vma_perms(v, perms));
	if (st.resident)
		out(sh, ", %s resident", layout_size(st.resident, size));
	if (*name)
		out(sh, "  %s", name);
}

/* The room that a mapping without a hint is looked for in first. Returns: its first address. */
static vaddr_t first_mmap_room(const struct mm_struct *mm)
{
	vaddr_t first = mm->task_size;

	for (struct stretch s = before_all(mm); next_stretch(mm, &s);) {
		if (s.vma)
			continue;
		if (mm->legacy && s.last >= mm->mmap_base)
			return s.first;
		if (!mm->legacy && s.first < mm->mmap_base)
			first = s.first;
	}
	return first;
}

/* Who may take of the room: the heap from below, mappings and the stack from above. */
static void tell_free(struct shell *sh, const struct mm_struct *mm, const struct stretch *s,
		      vaddr_t mmap_first)
{
	const char *sep = ": ";

	out_str(sh, "free");
	if (mm->start_brk && s->first == ROUND_UP(mm->brk, PAGE_SIZE)) {
		out(sh, "%sthe heap goes up from its start", sep);
		sep = ", ";
	}
	if (s->first == mmap_first) {
		out(sh, "%smappings go %s", sep,
		    mm->legacy ? "up from its start" : "down from its end");
		sep = ", ";
	}
	if (s->above && s->above->vm_flags & VM_GROWSDOWN)
		out(sh, "%sthe stack goes down from its end", sep);
}

static void print_stretch(struct shell *sh, const struct mm_struct *mm, const struct stretch *s,
			  vaddr_t mmap_first)
{
	int digits = (int)sh->m->arch->bits / 4;
	char size[32];

	out(sh, "%c 0x%0*llx-0x%0*llx %11s  ", letter(s), digits, (ull)s->first, digits,
	    (ull)s->last, layout_size(s->last - s->first + 1, size));
	if (s->vma)
		tell_area(sh, s->vma);
	else
		tell_free(sh, mm, s, mmap_first);
	out_char(sh, '\n');
}

void print_layout_task(struct shell *sh, const struct task_struct *t)
{
	const struct mm_struct *mm = t->mm;
	vaddr_t mmap_first = first_mmap_room(mm);
	unsigned rows = 0;

	task_print(sh, t);
	out(sh, ", mappings %s 0x%llx\n", mm->legacy ? "bottom-up from" : "top-down from",
	    (ull)mm->mmap_base);
	print_bar(sh, mm);
	for (struct stretch s = before_all(mm); next_stretch(mm, &s); rows++)
		if (rows < ROWS_SHOWN)
			print_stretch(sh, mm, &s, mmap_first);
	if (rows > ROWS_SHOWN)
		out(sh, "... %u more (see maps)\n", rows - ROWS_SHOWN);
	out_str(sh, "x code, f file, a anonymous, h heap, s stack, . free\n");
	out(sh, "above 0x%llx the kernel's part, the same in every process (see layout)\n",
	    (ull)mm->task_size);
	out(sh, "page tables: %lu of the last level", mm->nr_ptes);
	if (mm->nr_pmds)
		out(sh, ", %lu middle %s", mm->nr_pmds, mm->nr_pmds == 1 ? "directory" : "directories");
	out_char(sh, '\n');
}
