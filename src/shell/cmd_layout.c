/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of the address space: all of it, vmalloc's range, the pkmap window. */
#include <stdio.h>
#include <string.h>

#include <mmsh/highmem.h>
#include <mmsh/pgtable.h>
#include <mmsh/vmalloc.h>

#include "cmd_task.h"
#include "kernel_addr.h"
#include "layout.h"
#include "out.h"
#include "shell.h"
#include "vtop.h"

typedef unsigned long long ull;

#define MAX_COLUMNS 256

static const struct {
	const char *ascii, *utf8;
} glyph[NR_PART_KINDS] = {
	[PART_HOLE] = {".", "·"},    [PART_USER] = {"u", "░"},	[PART_DIRECT] = {"D", "█"},
	[PART_VMALLOC] = {"v", "▒"}, [PART_PKMAP] = {"k", "▚"}, [PART_FIXMAP] = {"f", "▞"},
	[PART_IMAGE] = {"K", "▓"},   [PART_PAGES] = {"P", "▤"},
};

static const char *glyph_of(enum part_kind kind)
{
	return out_utf8() ? glyph[kind].utf8 : glyph[kind].ascii;
}

static int address_digits(const struct shell *sh)
{
	return (int)sh->m->arch->bits / 4;
}

/* ---- how much of a range is taken ---- */

struct usage {
	uint64_t used, lazy; /* bytes of areas in use, and of those that a purge would free */
};

/* @va: the first area that may lie in it; moved on to the first behind it. */
static struct usage usage_of(const struct vmap_area **va, vaddr_t first, vaddr_t last)
{
	struct usage u = {0};
	const struct vmap_area *a = *va;

	for (; a && a->start <= last; a = TAILQ_NEXT(a, list)) {
		vaddr_t from = max_of(a->start, first), to = min_of(a->end - 1, last);

		if (from <= to)
			*(a->flags & VM_LAZY_FREE ? &u.lazy : &u.used) += to - from + 1;
		if (a->end - 1 > last)
			break;
	}
	*va = a;
	return u;
}

static const struct vmap_area *first_area(const struct machine *m)
{
	return m->vmalloc ? TAILQ_FIRST(&m->vmalloc->list) : NULL;
}

/* None to all, in ten steps; what only waits for a purge is told from what is in use. */
static const char *fill(struct usage u, uint64_t of, char buf[2])
{
	static const char *const steps[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	unsigned __int128 n = u.used;

	if (!u.used)
		return u.lazy ? "~" : out_utf8() ? "·" : ".";
	if (out_utf8())
		return steps[n == of ? 7 : n * 7 / of];
	buf[0] = n == of ? '#' : (char)('0' + (unsigned)(n * 10 / of));
	return buf;
}

/* ---- the whole address space ---- */

void layout_ends(struct shell *sh, vaddr_t first, vaddr_t last, unsigned columns)
{
	int digits = address_digits(sh), gap = (int)columns + 2 - 2 * (digits + 2);

	out(sh, "0x%0*llx%*s0x%0*llx\n", digits, (ull)first, gap > 0 ? gap : 1, "", digits, (ull)last);
}

/* The parts side by side; of vmalloc's columns those with areas in upper case. */
static void print_bar(struct shell *sh, const struct part *parts, unsigned n, unsigned columns)
{
	const struct vmap_area *va = first_area(sh->m);
	unsigned given[MAX_PARTS], all = layout_columns(parts, n, columns, given);
	const char *edge = out_utf8() ? "│" : "|";

	layout_ends(sh, parts[0].first, parts[n - 1].last, all);
	out_str(sh, edge);
	for (unsigned i = 0; i < n; i++) {
		const struct part *p = &parts[i];
		uint64_t step = (p->last - p->first) / given[i] + 1;

		for (unsigned c = 0; c < given[i]; c++) {
			vaddr_t from = p->first + c * step;
			bool last = c + 1 == given[i];

			if (p->kind == PART_VMALLOC &&
			    usage_of(&va, from, last ? p->last : from + step - 1).used)
				out_str(sh, out_utf8() ? "▓" : "V");
			else
				out_str(sh, glyph_of(p->kind));
		}
	}
	out_str(sh, edge);
	out_char(sh, '\n');
}

static void tell_direct(struct shell *sh)
{
	const struct machine *m = sh->m;

	out(sh, "pfn 0-%llu", (ull)m->highstart_pfn - 1);
	if (m->highstart_pfn < m->max_pfn)
		out(sh, "; %llu high pages have no place here", (ull)m->max_pfn - m->highstart_pfn);
}

static void tell_vmalloc(struct shell *sh)
{
	const struct vmap_area *va = first_area(sh->m);
	struct usage u = usage_of(&va, 0, UINT64_MAX);
	char size[2][32];

	if (!sh->m->vmalloc) {
		out_str(sh, "not known");
		return;
	}
	out(sh, "%lu area%s, %s in use", sh->m->vmalloc->nr_areas,
	    sh->m->vmalloc->nr_areas == 1 ? "" : "s", layout_size(u.used, size[0]));
	if (u.lazy)
		out(sh, ", %s wait for a purge", layout_size(u.lazy, size[1]));
}

struct slots {
	unsigned used, stale; /* with users; without, but not flushed */
};

static struct slots count_slots(const struct machine *m)
{
	struct slots s = {0};

	for (unsigned i = 0; m->pkmap && i < m->arch->last_pkmap; i++) {
		s.used += m->pkmap->count[i] > 1;
		s.stale += m->pkmap->count[i] == 1;
	}
	return s;
}

static void tell_pkmap(struct shell *sh)
{
	struct slots s = count_slots(sh->m);

	out(sh, "%u slots, %u in use", sh->m->arch->last_pkmap, s.used);
	if (s.stale)
		out(sh, ", %u to be flushed", s.stale);
}

static void tell_fixmap(struct shell *sh)
{
	unsigned used = 0;

	if (!sh->m->kmap_atomic) {
		out_str(sh, "no kmap_atomic, as there is no high memory");
		return;
	}
	for (unsigned cpu = 0; cpu < sh->m->nr_cpus; cpu++)
		used += sh->m->kmap_atomic[cpu].depth;
	out(sh, "%u kmap_atomic slots a CPU, %u in use", KM_TYPE_NR, used);
}

static void (*const tell[NR_PART_KINDS])(struct shell *sh) = {
	[PART_DIRECT] = tell_direct,
	[PART_VMALLOC] = tell_vmalloc,
	[PART_PKMAP] = tell_pkmap,
	[PART_FIXMAP] = tell_fixmap,
};

static void print_part(struct shell *sh, const struct part *p)
{
	char size[32];
	int digits = address_digits(sh);

	out(sh, "%s 0x%0*llx-0x%0*llx %11s  %s", glyph_of(p->kind), digits, (ull)p->first, digits,
	    (ull)p->last, layout_size(p->last - p->first + 1, size), p->name);
	if (tell[p->kind]) {
		out_str(sh, ": ");
		tell[p->kind](sh);
	}
	out_char(sh, '\n');
}

static unsigned kernel_part(const struct machine *m, const struct part *parts)
{
	unsigned i = 0;

	while (parts[i].first < m->layout.page_offset)
		i++;
	return i;
}

static void print_layout(struct shell *sh)
{
	struct part parts[MAX_PARTS];
	unsigned n = layout_parts(sh->m, parts), kernel = kernel_part(sh->m, parts);
	unsigned columns = min_of(out_width(sh), (unsigned)MAX_COLUMNS) - 2;

	print_bar(sh, parts, n, columns);
	out_str(sh, "the kernel's part:\n");
	print_bar(sh, parts + kernel, n - kernel, columns);
	for (unsigned i = 0; i < n; i++)
		print_part(sh, &parts[i]);
	if (sh->m->params.highpte)
		out(sh, "page tables of user programs: %s\n",
		    pte_alloc_gfp(sh->m) & __GFP_HIGHMEM
			    ? "in high memory where they can, mapped by kmap_atomic (highpte=on)"
			    : "there is no high memory for them (highpte=on)");
}

/* ---- vmalloc ---- */

#define ROWS_SHOWN 40

/* Neighbours that are of one kind. */
struct run {
	vaddr_t first, end;
	const char *kind; /* NULL: free */
	unsigned areas;
	uint64_t pages;
};

static const char *area_kind(const struct vmap_area *va)
{
	if (va->flags & VM_LAZY_FREE)
		return "freed, not purged";
	if (!va->vm)
		return va->block ? "block of vm_map_ram" : "vm_map_ram";
	return va->vm->flags & VM_IOREMAP ? "ioremap" : va->vm->flags & VM_MAP ? "vmap" : "vmalloc";
}

static void print_run(struct shell *sh, const struct run *r, unsigned nr)
{
	char size[32];

	if (r->end == r->first || nr > ROWS_SHOWN)
		return;
	out(sh, "0x%0*llx-0x%0*llx %11s  ", address_digits(sh), (ull)r->first, address_digits(sh),
	    (ull)r->end - 1, layout_size(r->end - r->first, size));
	if (r->areas > 1)
		out(sh, "%u areas: ", r->areas);
	out_str(sh, r->kind ? r->kind : "free");
	if (r->pages)
		out(sh, ", %llu page%s", (ull)r->pages, r->pages == 1 ? "" : "s");
	out_char(sh, '\n');
}

static unsigned print_runs(struct shell *sh, vaddr_t start, vaddr_t end)
{
	struct run r = {.first = start, .end = start};
	const struct vmap_area *va;
	unsigned nr = 0;

	TAILQ_FOREACH (va, &sh->m->vmalloc->list, list) {
		const char *kind = area_kind(va);

		if (va->start > r.end) {
			print_run(sh, &r, nr += r.end > r.first);
			r = (struct run){.first = r.end, .end = va->start};
		}
		if (!r.kind || strcmp(r.kind, kind)) {
			print_run(sh, &r, nr += r.end > r.first);
			r = (struct run){.first = va->start, .kind = kind};
		}
		r.end = va->end;
		r.areas++;
		r.pages += va->vm ? va->vm->nr_pages : 0;
	}
	print_run(sh, &r, nr += r.end > r.first);
	if (r.end < end)
		print_run(sh, &(struct run){.first = r.end, .end = end}, ++nr);
	return nr;
}

/* A bar of the range [first, last], as full as its areas make it. */
static void print_fill(struct shell *sh, vaddr_t first, vaddr_t last, unsigned columns)
{
	const struct vmap_area *va = first_area(sh->m);
	uint64_t step = (last - first) / columns + 1;
	const char *edge = out_utf8() ? "│" : "|";

	layout_ends(sh, first, last, columns);
	out_str(sh, edge);
	for (unsigned c = 0; c < columns; c++) {
		vaddr_t from = first + c * step, to = min_of(from + step - 1, last);

		out_str(sh, from > last ? " " : fill(usage_of(&va, from, to), to - from + 1, (char[2]){0}));
	}
	out_str(sh, edge);
	out_char(sh, '\n');
}

/* On 64 bits the range is so long that nothing could be seen: as much as is in use, then. */
static vaddr_t shown_end(const struct machine *m)
{
	const struct vmap_area *last = TAILQ_LAST(&m->vmalloc->list, vmap_list);
	vaddr_t end = m->layout.vmalloc_start + (1 << 20);

	if (m->arch->bits == 32)
		return m->layout.vmalloc_end;
	while (last && end < last->end && end < m->layout.vmalloc_end)
		end += end - m->layout.vmalloc_start;
	return min_of(end, m->layout.vmalloc_end);
}

static void print_vmalloc(struct shell *sh)
{
	const struct vmalloc_state *v = sh->m->vmalloc;
	const struct vm_layout *l = &sh->m->layout;
	unsigned columns = min_of(out_width(sh), (unsigned)MAX_COLUMNS) - 2, nr;

	print_fill(sh, l->vmalloc_start, shown_end(sh->m) - 1, columns);
	out(sh, "%s\n", out_utf8() ? "· free, ▁ to █ in use, ~ freed but not purged"
				   : ". free, 0 to 9 tenths in use, # all, ~ freed but not purged");
	nr = print_runs(sh, l->vmalloc_start, ROUND_UP(l->vmalloc_end, PAGE_SIZE));
	if (nr > ROWS_SHOWN)
		out(sh, "... %u more (see vmallocinfo)\n", nr - ROWS_SHOWN);
	if (v->free_vmap_cache) {
		out(sh, "the next search begins at 0x%llx", (ull)v->free_vmap_cache->end);
		if (v->cached_hole_size > PAGE_SIZE)
			out(sh, "; for less than %llu bytes at the lowest address",
			    (ull)v->cached_hole_size);
		out_char(sh, '\n');
	}
	out(sh, "%llu pages wait for a purge, which comes when there are more than %llu\n",
	    (ull)v->lazy_nr, (ull)lazy_max_pages(sh->m));
}

/* ---- pkmap ---- */

static char slot_char(unsigned count)
{
	if (count < 2)
		return count ? '~' : '.';
	return count > 10 ? '+' : (char)('0' + count - 1);
}

static int print_pkmap(struct shell *sh)
{
	const struct machine *m = sh->m;
	const struct pkmap *pk = m->pkmap;
	unsigned columns = 32, width = min_of(out_width(sh), (unsigned)MAX_COLUMNS);
	struct slots s = count_slots(m);

	if (!pk)
		return cmd_fail(sh, ENOENT, "this machine has no high memory, and no pkmap window");
	while (11 + 2 * columns <= width)
		columns *= 2;
	for (unsigned slot = 0; slot < m->arch->last_pkmap; slot += columns) {
		out(sh, "0x%08llx ", (ull)m->layout.pkmap_base + PFN_PHYS(slot));
		for (unsigned i = slot; i < slot + columns && i < m->arch->last_pkmap; i++)
			out_char(sh, slot_char(pk->count[i]));
		out_char(sh, '\n');
	}
	out_str(sh, ". free, 1 to 9 and + users, ~ no users but not flushed\n");
	out(sh, "%u in use, %u to be flushed, %u free\n", s.used, s.stale,
	    m->arch->last_pkmap - s.used - s.stale);
	out(sh, "the next search begins at slot %u; when it wraps, it flushes\n",
	    (pk->last_nr + 1) % m->arch->last_pkmap);
	if (pk->nr_waiting)
		out(sh, "%u caller%s sleep%s until a slot is given back\n", pk->nr_waiting,
		    pk->nr_waiting == 1 ? "" : "s", pk->nr_waiting == 1 ? "s" : "");
	return 0;
}

static int layout_of_task(struct shell *sh, const struct arg *pid)
{
	struct task_struct *t;
	int r = arg_task(sh, pid, &t);

	if (!r)
		print_layout_task(sh, t);
	return r;
}

static int exec_layout(struct shell *sh, const struct args *a)
{
	int r = a->v[1].w || a->v[0].w ? need_kernel_tables(sh) : 0;

	if (!r && !!a->v[0].w + !!a->v[1].w + !!a->v[2].w > 1)
		r = cmd_fail(sh, EINVAL, "vmalloc, pkmap or a PID, one of them");
	if (r)
		return r;
	if (a->v[2].w)
		return layout_of_task(sh, &a->v[2]);
	if (a->v[1].w)
		return print_pkmap(sh);
	if (a->v[0].w)
		print_vmalloc(sh);
	else
		print_layout(sh);
	return 0;
}

const struct command commands_layout[] = {
	{
		.name = "layout",
		.args = {{"vmalloc", ARG_WORD, ARG_FLAG}, {"pkmap", ARG_WORD, ARG_FLAG},
			 {"PID", ARG_PID, ARG_OPT}},
		.help = "Draw the address space: all of it, vmalloc's range, the pkmap window, or a process.",
		.text = "Parts are drawn in proportion, to the terminal's width, and at least a column "
			"wide. A V is a column of vmalloc's range with areas in it. Of a process, its "
			"areas, the room between them, and who may grow into it.",
		.example = "layout\nlayout vmalloc\nlayout pkmap\nlayout 1",
		.flags = CMD_MACHINE,
		.exec = exec_layout,
	},
	{
		.name = "vtop",
		.args = {{"A", ARG_VALUE, 0}},
		.help = "Walk the page tables from an address to its page, entry by entry.",
		.text = "P present, RW writable, US for user programs, PWT and PCD caching, A accessed, "
			"D dirty, PS a large page, G global, NX not to be executed.",
		.example = "vtop 0xc0000000\nvmalloc 4K\nvtop $1",
		.flags = CMD_MACHINE,
		.exec = exec_vtop,
	},
	{0},
};
