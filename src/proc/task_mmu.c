/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/PID/maps, smaps, numa_maps, pagemap (proc-maps.md 1, 2, 5, 6). */
#include "files.h"
#include <errno.h>
#include <mmsh/fault.h>
#include <mmsh/pgtable.h>
#include <mmsh/proc_task.h>
#include <string.h>

/* ---- maps ---- */

static const struct special_mapping vsyscall = {"[vsyscall]"};
static const struct vm_area_struct gate_vma = {
	.vm_start = 0xffffffffff600000,
	.vm_end = 0xffffffffff601000,
	.vm_flags = VM_READ | VM_EXEC,
	.special = &vsyscall,
};

const struct vm_area_struct *maps_next(const struct machine *m, const struct mm_struct *mm,
				       const struct vm_area_struct *v)
{
	const struct vm_area_struct *next = v ? v->vm_next : mm->mmap;

	if (next || v == &gate_vma || m->arch->bits == 32 || mm->ia32_compat)
		return next;
	return &gate_vma;
}

const char *vma_name(const struct vm_area_struct *v)
{
	const struct mm_struct *mm = v->vm_mm;

	if (v->vm_file)
		return v->vm_file->mapping->name;
	if (v->special)
		return v->special->name;
	if (v->vm_start <= mm->brk && v->vm_end >= mm->start_brk)
		return "[heap]";
	if (v->vm_start <= mm->start_stack && v->vm_end >= mm->start_stack)
		return "[stack]";
	return "";
}

/* Characters of @escape are written in octal. */
static void put_name(struct strbuf *out, const char *name, const char *escape)
{
	for (; *name; name++) {
		if (strchr(escape, *name))
			strbuf_addf(out, "\\%03o", *name);
		else
			strbuf_addc(out, *name);
	}
}

const char *vma_perms(const struct vm_area_struct *v, char buf[5])
{
	uint32_t f = v->vm_flags;

	buf[0] = f & VM_READ ? 'r' : '-';
	buf[1] = f & VM_WRITE ? 'w' : '-';
	buf[2] = f & VM_EXEC ? 'x' : '-';
	buf[3] = f & VM_MAYSHARE ? 's' : 'p';
	buf[4] = '\0';
	return buf;
}

void vma_line(const struct machine *m, const struct vm_area_struct *v, struct strbuf *out)
{
	const struct address_space *a = v->vm_file ? v->vm_file->mapping : NULL;
	const char *name = vma_name(v);
	char perms[5];
	size_t start = out->len, width = 24 + 6 * (m->arch->bits / 8);

	strbuf_addf(out, "%08llx-%08llx %s %08llx %02x:%02x %llu ", (unsigned long long)v->vm_start,
		    (unsigned long long)v->vm_end, vma_perms(v, perms),
		    a ? (unsigned long long)v->vm_pgoff << PAGE_SHIFT : 0ull, a ? a->major : 0,
		    a ? a->minor : 0, a ? (unsigned long long)a->ino : 0ull);
	if (!*name)
		return;
	while (!out->failed && out->len - start < width)
		strbuf_addc(out, ' ');
	strbuf_addc(out, ' ');
	put_name(out, name, "\n");
}

void task_maps_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	if (!t->mm)
		return;
	for (const struct vm_area_struct *v = NULL; (v = maps_next(m, t->mm, v));) {
		vma_line(m, v, out);
		strbuf_addc(out, '\n');
	}
}

/* ---- smaps ---- */

const char vm_flag_letters[32][3] = {
	"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "um", "pf", "dw", "uw", "lo", "io", "sr",
	"rr", "dc", "de", "??", "ac", "nr", "ht", "??", "ar", "??", "dd", "sd", "mm", "hg", "nh", "mg",
};

const struct bit_name madvise_names[] = {
	{"normal", MADV_NORMAL},
	{"random", MADV_RANDOM},
	{"sequential", MADV_SEQUENTIAL},
	{"willneed", MADV_WILLNEED},
	{"dontneed", MADV_DONTNEED},
	{"remove", MADV_REMOVE},
	{"dontfork", MADV_DONTFORK},
	{"dofork", MADV_DOFORK},
	{"mergeable", MADV_MERGEABLE},
	{"unmergeable", MADV_UNMERGEABLE},
	{"hugepage", MADV_HUGEPAGE},
	{"nohugepage", MADV_NOHUGEPAGE},
	{"dontdump", MADV_DONTDUMP},
	{"dodump", MADV_DODUMP},
	{"hwpoison", MADV_HWPOISON},
	{"soft_offline", MADV_SOFT_OFFLINE},
	{0},
};

static void smap_page(struct mem_size_stats *s, const struct page *p, const struct pte_info *i)
{
	bool dirty = i->dirty || (p->flags & PG(dirty));

	s->resident += PAGE_SIZE;
	if (page_is_anon(p))
		s->anonymous += PAGE_SIZE;
	if (i->young || (p->flags & PG(referenced)))
		s->referenced += PAGE_SIZE;
	if (p->mapcount >= 2) {
		*(dirty ? &s->shared_dirty : &s->shared_clean) += PAGE_SIZE;
		s->pss += ((uint64_t)PAGE_SIZE << 12) / (uint64_t)p->mapcount;
	} else {
		*(dirty ? &s->private_dirty : &s->private_clean) += PAGE_SIZE;
		s->pss += (uint64_t)PAGE_SIZE << 12;
	}
}

/* The next address worth a look: where there is no table, all of what it would map is passed over. */
static vaddr_t next_address(const struct machine *m, vaddr_t va, bool table)
{
	const struct pgtable_format *f = m->arch->pgtable;
	vaddr_t span = table ? PAGE_SIZE : 1ull << f->level[f->levels - 2].shift;

	return (va & ~(span - 1)) + span;
}

void smap_gather(const struct machine *m, const struct vm_area_struct *v, struct mem_size_stats *s)
{
	struct pte_info i;

	*s = (struct mem_size_stats){0};
	if ((v->vm_flags & VM_PFNMAP) || !v->vm_mm)
		return;
	for (vaddr_t va = v->vm_start; va < v->vm_end;) {
		bool table = pte_lookup(m, v->vm_mm, va, &i);
		pfn_t pfn = table ? vm_normal_page(m, v, &i) : PFN_NONE;

		if (pfn != PFN_NONE)
			smap_page(s, pfn_to_page(m, pfn), &i);
		va = next_address(m, va, table);
	}
}

static void smaps_vma(const struct machine *m, const struct vm_area_struct *v, struct strbuf *out)
{
	struct mem_size_stats s;

	smap_gather(m, v, &s);
	const struct {
		const char *name;
		uint64_t kb;
	} rows[] = {
		{"Size:           ", (v->vm_end - v->vm_start) >> 10},
		{"Rss:            ", s.resident >> 10},
		{"Pss:            ", s.pss >> 22},
		{"Shared_Clean:   ", s.shared_clean >> 10},
		{"Shared_Dirty:   ", s.shared_dirty >> 10},
		{"Private_Clean:  ", s.private_clean >> 10},
		{"Private_Dirty:  ", s.private_dirty >> 10},
		{"Referenced:     ", s.referenced >> 10},
		{"Anonymous:      ", s.anonymous >> 10},
		{"AnonHugePages:  ", 0},
		{"Shared_Hugetlb: ", 0},
		{"Private_Hugetlb: ", 0},
		{"Swap:           ", 0},
		{"SwapPss:        ", 0},
		{"KernelPageSize: ", 4},
		{"MMUPageSize:    ", 4},
		{"Locked:         ", v->vm_flags & VM_LOCKED ? s.pss >> 22 : 0},
	};

	vma_line(m, v, out);
	strbuf_addc(out, '\n');
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) /* all numbers end in column 24 */
		strbuf_addf(out, "%s%*llu kB\n", rows[i].name, 24 - (int)strlen(rows[i].name),
			    (unsigned long long)rows[i].kb);
	strbuf_adds(out, "VmFlags: ");
	for (unsigned i = 0; i < 32; i++)
		if (v->vm_flags >> i & 1)
			strbuf_addf(out, "%s ", vm_flag_letters[i]);
	strbuf_addc(out, '\n');
}

void task_smaps_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	if (t->mm)
		for (const struct vm_area_struct *v = NULL; (v = maps_next(m, t->mm, v));)
			smaps_vma(m, v, out);
}

/* ---- numa_maps ---- */

struct numa_maps {
	unsigned long pages, anon, active, dirty, mapcount_max, node[MAX_NUMNODES];
};

static void numa_page(const struct machine *m, struct numa_maps *n, const struct page *p, const struct pte_info *i)
{
	if (p->flags & PG(reserved))
		return;
	n->pages++;
	n->dirty += i->dirty || (p->flags & PG(dirty));
	n->active += !!(p->flags & (PG(active) | PG(unevictable)));
	n->anon += page_is_anon(p);
	n->mapcount_max = max_of(n->mapcount_max, (unsigned long)p->mapcount);
	n->node[m->zone_by_id[block_zone(p->block)]->nid]++;
}

static void numa_gather(const struct machine *m, const struct vm_area_struct *v, struct numa_maps *n)
{
	struct pte_info i;

	*n = (struct numa_maps){0};
	for (vaddr_t va = v->vm_start; va < v->vm_end && !(v->vm_flags & VM_PFNMAP);) {
		bool table = pte_lookup(m, v->vm_mm, va, &i);
		pfn_t pfn = table ? vm_normal_page(m, v, &i) : PFN_NONE;

		if (pfn != PFN_NONE)
			numa_page(m, n, pfn_to_page(m, pfn), &i);
		va = next_address(m, va, table);
	}
}

static void numa_vma(const struct machine *m, const struct vm_area_struct *v, struct strbuf *out)
{
	struct numa_maps n;

	strbuf_addf(out, "%08llx ", (unsigned long long)v->vm_start);
	mpol_to_str(m->mempolicy, out);
	if (v->vm_file) {
		strbuf_adds(out, " file=");
		put_name(out, vma_name(v), "\n\t= ");
	} else if (!v->special && *vma_name(v)) { /* [heap], [stack] */
		strbuf_addf(out, " %.*s", (int)strlen(vma_name(v)) - 2, vma_name(v) + 1);
	}
	numa_gather(m, v, &n);
	const struct {
		const char *name;
		unsigned long value;
		bool shown;
	} words[] = {
		{"anon", n.anon, n.anon},
		{"dirty", n.dirty, n.dirty},
		{"mapped", n.pages, n.pages != n.anon && n.pages != n.dirty},
		{"mapmax", n.mapcount_max, n.mapcount_max > 1},
		{"active", n.active, n.active < n.pages},
	};
	for (unsigned i = 0; n.pages && i < ARRAY_SIZE(words); i++)
		if (words[i].shown)
			strbuf_addf(out, " %s=%lu", words[i].name, words[i].value);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (n.node[nid])
			strbuf_addf(out, " N%u=%lu", nid, n.node[nid]);
	strbuf_adds(out, n.pages ? " kernelpagesize_kB=4\n" : "\n");
}

void task_numa_maps_show(const struct machine *m, const struct task_struct *t, struct strbuf *out)
{
	if (t->mm)
		for (const struct vm_area_struct *v = t->mm->mmap; v; v = v->vm_next)
			numa_vma(m, v, out);
}

/* ---- pagemap ---- */

#define PM_PRESENT (1ull << 63)
#define PM_FILE (1ull << 61)
#define PM_MMAP_EXCLUSIVE (1ull << 56)

uint64_t pagemap_entry(const struct machine *m, const struct task_struct *t, vaddr_t va)
{
	const struct vm_area_struct *v = t->mm ? vma_lookup(t->mm, va) : NULL;
	const struct page *p;
	struct pte_info i;

	if (!v || (v->vm_flags & VM_PFNMAP) || !pte_lookup(m, t->mm, va, &i) || !i.present)
		return 0;
	if (vm_normal_page(m, v, &i) == PFN_NONE)
		return PM_PRESENT | i.pfn;
	p = pfn_to_page(m, i.pfn);
	return PM_PRESENT | i.pfn | (page_is_anon(p) ? 0 : PM_FILE) |
	       (p->mapcount == 1 ? PM_MMAP_EXCLUSIVE : 0);
}

size_t task_pagemap_read(const struct machine *m, const struct task_struct *t, uint64_t off, void *buf,
			 size_t len)
{
	uint64_t end = t->mm ? t->mm->task_size >> PAGE_SHIFT : 0, page = off / 8;
	size_t n = 0;

	for (; page < end && n + 8 <= len; page++, n += 8) {
		uint64_t word = pagemap_entry(m, t, page << PAGE_SHIFT);

		memcpy((char *)buf + n, &word, 8);
	}
	return n;
}
