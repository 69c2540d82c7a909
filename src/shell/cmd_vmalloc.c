/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on the kernel's own ranges of addresses, and their values. */
#include <stdlib.h>

#include <mmsh/pgtable.h>
#include <mmsh/vmalloc.h>

#include "command.h"
#include "kernel_addr.h"
#include "out.h"
#include "shell.h"
#include "util.h"

/* ---- values ---- */

/* Areas that are given back by their address alone. */
struct area_type {
	struct value_type type; /* first */
	unsigned flag;		/* of the vm_struct */
	int (*give_back)(struct machine *m, vaddr_t addr, struct mm_error *e);
};
static const struct area_type vmalloc_area, vmap_area_type, ioremap_area;
static const struct value_type map_ram_type;

static const struct area_type *area_type(const struct item *t)
{
	return (const struct area_type *)t->type;
}

static void area_print(struct shell *sh, const struct item *t)
{
	const struct vmap_area *va = t->freed ? NULL : find_vmap_area(sh->m, t->at);

	out_hex(sh, t->at);
	out(sh, " (%s, %llu byte%s", t->type->name, (unsigned long long)t->size,
	    t->size == 1 ? "" : "s");
	if (va && va->vm && va->vm->nr_pages)
		out(sh, " in %llu page%s", (unsigned long long)va->vm->nr_pages,
		    va->vm->nr_pages == 1 ? "" : "s");
	if (va && va->vm && va->vm->phys_addr)
		out(sh, " of phys 0x%llx", (unsigned long long)va->vm->phys_addr);
	if (va)
		out(sh, ", area 0x%llx-0x%llx", (unsigned long long)va->start,
		    (unsigned long long)va->end);
	else if (is_lowmem_addr(sh->m, t->at))
		out_str(sh, ", in the direct map");
	out_char(sh, ')');
}

static void area_print_each(struct shell *sh, const struct item *t)
{
	out(sh, "%s areas", t->type->name);
}

static void area_json(struct shell *sh, const struct item *t, json_t *o)
{
	(void)sh;
	json_object_set_new(o, "size", json_integer((json_int_t)t->size));
}

static int area_check_free(struct shell *sh, const struct item *t, const char *what)
{
	vaddr_t start = t->at & ~(vaddr_t)(PAGE_SIZE - 1);
	const struct vmap_area *va = find_vmap_area(sh->m, start);

	if (va ? va->start == start && va->vm && va->vm->flags & area_type(t)->flag
	       : is_lowmem_addr(sh->m, start))
		return 0;
	return cmd_fail(sh, EINVAL, "%s: its area is not there any more", what);
}

static void area_free(struct shell *sh, struct item *t)
{
	value_forget(sh, t);
	area_type(t)->give_back(sh->m, t->at, NULL);
}

#define AREA_TYPE(name_, flag_, give_back_)                                                     \
	{                                                                                       \
		.type = {name_,		  ITEM_ADDRESS,	  area_print, area_print_each, area_json, \
			 area_check_free, area_free},                                           \
		.flag = (flag_), .give_back = (give_back_)                                      \
	}
static const struct area_type vmalloc_area = AREA_TYPE("vmalloc", VM_ALLOC, vfree);
static const struct area_type vmap_area_type = AREA_TYPE("vmap", VM_MAP, vunmap);
static const struct area_type ioremap_area = AREA_TYPE("ioremap", VM_IOREMAP, iounmap);

static uint32_t add_area(struct shell *sh, const struct value_type *type, vaddr_t addr,
			 uint64_t size)
{
	value_add(sh, type, addr)->size = size;
	return value_done(sh);
}

/* ---- vm_map_ram: whoever gives it back says how many pages ---- */

static int map_ram_check_free(struct shell *sh, const struct item *t, const char *what)
{
	const struct vmap_area *va = find_vmap_area(sh->m, t->at);

	if (va && !va->vm && !(va->flags & VM_LAZY_FREE) &&
	    pgtable_lookup(sh->m, sh->m->swapper_pg_dir, t->at, &(phys_t){0}, NULL))
		return 0;
	return cmd_fail(sh, EINVAL, "%s: nothing is mapped there any more", what);
}

static void map_ram_free(struct shell *sh, struct item *t)
{
	value_forget(sh, t);
	vm_unmap_ram(sh->m, t->at, (unsigned)PFN_DOWN(t->size), NULL);
}

static const struct value_type map_ram_type = {
	"vm_map_ram", ITEM_ADDRESS,	  area_print,  area_print_each,
	area_json,    map_ram_check_free, map_ram_free,
};

/* ---- arguments ---- */

int kernel_address(struct shell *sh, const struct arg *a, vaddr_t *addr)
{
	const struct val *v = &a->val;
	vaddr_t last = sh->m->arch->bits == 64 ? UINT64_MAX : UINT32_MAX;

	if (v->kind == VAL_LIST)
		return cmd_fail(sh, EINVAL, "%s is a list: say which with [N]; `free` takes all",
				quoted(sh, a->w->text));
	if (v->kind != VAL_NUM)
		return cmd_fail(sh, EINVAL, "%s is no virtual address", quoted(sh, a->w->text));
	if (v->n < 0 || v->n > (num_t)last)
		return cmd_fail(sh, EINVAL, "%s: addresses end at 0x%llx", quoted(sh, a->w->text),
				(unsigned long long)last);
	*addr = (vaddr_t)v->n;
	return 0;
}

struct item *kernel_item(struct shell *sh, const struct arg *a, vaddr_t addr)
{
	uint32_t n;
	struct item *t = value_items(sh, &a->val, &n);

	return t ? t : value_at(sh, addr);
}

int need_kernel_tables(struct shell *sh)
{
	if (sh->m->vmalloc && sh->m->swapper_pg_dir)
		return 0;
	return cmd_fail(sh, ENOENT, "a machine that was loaded has no page tables");
}

static int size_arg(struct shell *sh, const struct arg *a, uint64_t *size)
{
	if (a->val.kind != VAL_NUM || a->val.n < 0)
		return cmd_fail(sh, EINVAL, "%s is no size", quoted(sh, a->w->text));
	*size = (uint64_t)a->val.n;
	return 0;
}

struct pfns {
	pfn_t *pfn;
	unsigned n, cap;
};

static int add_pfns(struct shell *sh, struct pfns *p, uint64_t from, uint64_t n)
{
	for (uint64_t pfn = from; pfn < from + n; pfn++) {
		if (!pfn_is_ram(sh->m, pfn))
			return cmd_fail(sh, EINVAL, "pfn %llu is outside the machine's RAM",
					(unsigned long long)pfn);
		if (p->n > sh->m->totalram_pages)
			return cmd_fail(sh, EINVAL, "more pages than the machine has");
		grow(p->pfn, p->n, p->cap);
		p->pfn[p->n++] = (pfn_t)pfn;
	}
	return 0;
}

/* What one word names: values with all pages of their blocks, pages, ranges. */
static int word_pfns(struct shell *sh, const struct word *w, struct pfns *p)
{
	struct arg a = {0};
	uint32_t n;
	const struct item *t;
	uint64_t pfn;
	int r = arg_parse_word(sh, ARG_VALUE, w, &a);

	if (r)
		return r;
	t = value_items(sh, &a.val, &n);
	if (t && t->type->at == ITEM_PFN) {
		for (; n-- && !r; t++)
			r = t->freed ? cmd_fail(sh, EINVAL, "%s was freed", quoted(sh, w->text))
				     : add_pfns(sh, p, t->at, 1ull << t->order);
		return r;
	}
	if (a.val.kind == VAL_RANGE)
		return add_pfns(sh, p, (uint64_t)a.val.n, (uint64_t)(a.val.end - a.val.n) + 1);
	r = val_to_pfn(sh, &a.val, w->text, &pfn);
	return r ? r : add_pfns(sh, p, pfn, 1);
}

static int pages_arg(struct shell *sh, const struct arg *a, struct pfns *p)
{
	int r = need_kernel_tables(sh);

	for (unsigned i = 0; i < a->n && !r; i++)
		r = word_pfns(sh, &a->w[i], p);
	return r;
}

/* ---- the commands ---- */

static int no_addresses(struct shell *sh, uint64_t bytes, int err)
{
	const struct vm_layout *l = &sh->m->layout;

	if (err != -EBUSY)
		return cmd_fail(sh, -err, "%llu bytes: %s (see dmesg, why)",
				(unsigned long long)bytes, errno_name(-err));
	return cmd_fail(sh, EBUSY, "%llu bytes: no hole of that size in 0x%llx-0x%llx (see dmesg, why)",
			(unsigned long long)bytes, (unsigned long long)l->vmalloc_start,
			(unsigned long long)l->vmalloc_end - 1);
}

static int exec_vmalloc(struct shell *sh, const struct args *a)
{
	uint64_t size = 0;
	vaddr_t addr;
	int r = need_kernel_tables(sh);

	if (!r)
		r = size_arg(sh, &a->v[0], &size);
	if (r)
		return r;
	begin_change(sh);
	r = vmalloc(sh->m, size, VMALLOC_GFP, NULL, &addr);
	if (r == -EINVAL)
		return size ? cmd_fail(sh, EINVAL, "%llu bytes: the machine has %lu pages",
				       (unsigned long long)size, sh->m->totalram_pages)
			    : cmd_fail(sh, EINVAL, "0 bytes: there is no area of no page");
	if (r)
		return no_addresses(sh, size, r);
	value_print(sh, add_area(sh, &vmalloc_area.type, addr, size));
	return 0;
}

static int give_back(struct shell *sh, const struct args *a, const struct area_type *type)
{
	struct mm_error e = {{0}};
	struct item *t;
	vaddr_t addr;
	int r = need_kernel_tables(sh);

	if (!r)
		r = kernel_address(sh, &a->v[0], &addr);
	if (r)
		return r;
	begin_change(sh);
	r = type->give_back(sh->m, addr, &e);
	if (r)
		return cmd_fail(sh, -r, "%s", e.text);
	t = kernel_item(sh, &a->v[0], addr);
	if (t && t->type == &type->type && !t->freed)
		value_forget(sh, t);
	return 0;
}

static int exec_vfree(struct shell *sh, const struct args *a)
{
	return give_back(sh, a, &vmalloc_area);
}

static int exec_vunmap(struct shell *sh, const struct args *a)
{
	return give_back(sh, a, &vmap_area_type);
}

static int exec_iounmap(struct shell *sh, const struct args *a)
{
	return give_back(sh, a, &ioremap_area);
}

static int map_pages(struct shell *sh, const struct args *a, bool ram)
{
	struct pfns p = {0};
	vaddr_t addr;
	int r = pages_arg(sh, &a->v[0], &p);

	if (!r) {
		begin_change(sh);
		r = ram ? vm_map_ram(sh->m, p.pfn, p.n, &addr)
			: vmap(sh->m, p.pfn, p.n, NULL, &addr);
		if (r)
			no_addresses(sh, PFN_PHYS(p.n), r);
	}
	free(p.pfn);
	if (r)
		return r;
	value_print(sh, add_area(sh, ram ? &map_ram_type : &vmap_area_type.type, addr,
				 PFN_PHYS(p.n)));
	return 0;
}

static int exec_vmap(struct shell *sh, const struct args *a)
{
	return map_pages(sh, a, false);
}

static int exec_vm_map_ram(struct shell *sh, const struct args *a)
{
	return map_pages(sh, a, true);
}

static int exec_vm_unmap_ram(struct shell *sh, const struct args *a)
{
	struct mm_error e = {{0}};
	struct item *t;
	vaddr_t addr;
	int64_t count = a->v[1].num;
	int r = need_kernel_tables(sh);

	if (!r)
		r = kernel_address(sh, &a->v[0], &addr);
	if (r)
		return r;
	t = kernel_item(sh, &a->v[0], addr);
	if (t && (t->type != &map_ram_type || t->at != addr))
		t = NULL;
	if (!a->v[1].w && !t)
		return cmd_fail(sh, EINVAL, "%s: how many pages? count=N", quoted(sh, a->v[0].w->text));
	if (!a->v[1].w)
		count = (int64_t)PFN_DOWN(t->size);
	if (count > (int64_t)sh->m->totalram_pages)
		return cmd_fail(sh, EINVAL, "%lld pages: more than the machine has", (long long)count);
	begin_change(sh);
	r = vm_unmap_ram(sh->m, addr, (unsigned)count, &e);
	if (r)
		return cmd_fail(sh, -r, "%s", e.text);
	if (t && !t->freed)
		value_forget(sh, t);
	return 0;
}

static int exec_ioremap(struct shell *sh, const struct args *a)
{
	const struct val *phys = &a->v[0].val;
	struct mm_error e = {{0}};
	uint64_t size = 0;
	vaddr_t addr;
	int r = need_kernel_tables(sh);

	if (!r)
		r = size_arg(sh, &a->v[1], &size);
	if (r)
		return r;
	if ((phys->kind != VAL_NUM && phys->kind != VAL_PHYS) || phys->n < 0)
		return cmd_fail(sh, EINVAL, "%s is no physical address",
				quoted(sh, a->v[0].w->text));
	begin_change(sh);
	r = ioremap(sh->m, (phys_t)phys->n, size, NULL, &addr, &e);
	if (r)
		return cmd_fail(sh, -r, "%s", e.text);
	value_print(sh, add_area(sh, &ioremap_area.type, addr, size));
	return 0;
}

#define CHANGES (CMD_CHANGES | CMD_MACHINE)

const struct command commands_vmalloc[] = {
	{
		.name = "vmalloc",
		.args = {{"SIZE", ARG_VALUE, 0}},
		.help = "Allocate SIZE bytes at contiguous kernel addresses, of single pages.",
		.text = "The pages come one by one, from high memory if there is any, and are mapped "
			"side by side. An unmapped guard page follows.",
		.example = "vmalloc 64K\nbuf = vmalloc 1M\ncat vmallocinfo",
		.flags = CHANGES | CMD_VALUE,
		.exec = exec_vmalloc,
	},
	{
		.name = "vfree",
		.args = {{"X", ARG_VALUE, 0}},
		.help = "Free what vmalloc returned.",
		.text = "The pages are free at once. The addresses stay taken until so many have "
			"gathered that the kernel flushes the TLBs of all CPUs for them together: "
			"a purge.",
		.example = "vmalloc 64K\nvfree $1",
		.flags = CHANGES,
		.exec = exec_vfree,
	},
	{
		.name = "vmap",
		.args = {{"PAGE", ARG_VALUE, ARG_MANY}},
		.help = "Map pages side by side at kernel addresses.",
		.text = "A value of pages stands for all its pages; pfn:N is one, PFN..PFN a range.",
		.example = "p = alloc 0 GFP_HIGHUSER count=4\nvmap $p",
		.flags = CHANGES | CMD_VALUE,
		.exec = exec_vmap,
	},
	{
		.name = "vunmap",
		.args = {{"X", ARG_VALUE, 0}},
		.help = "Undo a vmap; the pages stay allocated.",
		.example = "vunmap $2",
		.flags = CHANGES,
		.exec = exec_vunmap,
	},
	{
		.name = "ioremap",
		.args = {{"PHYS", ARG_VALUE, 0}, {"SIZE", ARG_VALUE, 0}},
		.help = "Map a device's memory, uncached, at kernel addresses.",
		.text = "RAM is refused. The area is aligned to its size, rounded up to the next power "
			"of two. What lies in 640K-1M is in the direct map already.",
		.example = "ioremap 0xfebc0000 128K",
		.flags = CHANGES | CMD_VALUE,
		.exec = exec_ioremap,
	},
	{
		.name = "iounmap",
		.args = {{"X", ARG_VALUE, 0}},
		.help = "Undo an ioremap.",
		.example = "iounmap $1",
		.flags = CHANGES,
		.exec = exec_iounmap,
	},
	{
		.name = "vm_map_ram",
		.args = {{"PAGE", ARG_VALUE, ARG_MANY}},
		.help = "Map pages at kernel addresses for a short time.",
		.text = "Few pages go into a block of addresses that the CPU has to itself, so that "
			"many such mappings cost one search. Pages are named as for vmap.",
		.example = "p = alloc 2 GFP_HIGHUSER\nvm_map_ram $p",
		.flags = CHANGES | CMD_VALUE,
		.exec = exec_vm_map_ram,
	},
	{
		.name = "vm_unmap_ram",
		.args = {{"X", ARG_VALUE, 0}, {"count", ARG_COUNT, ARG_KEY}},
		.help = "Undo a vm_map_ram of count=N pages, as many as the value has.",
		.example = "vm_unmap_ram $2\nvm_unmap_ram 0xf8000000 count=4",
		.flags = CHANGES,
		.exec = exec_vm_unmap_ram,
	},
	{0},
};
