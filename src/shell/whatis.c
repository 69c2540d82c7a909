/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "whatis.h"

#include <stdio.h>
#include <string.h>

#include <mmsh/page_alloc.h>
#include <mmsh/pgtable.h>
#include <mmsh/slab.h>

#include "cmd_pages.h"
#include "cmd_task.h"
#include "command.h"
#include "out.h"
#include "shell.h"
#include "value.h"

/* In this order: from the address to the page. A new kind of mapping adds its own. */
static void (*const finders[])(struct shell *sh, struct whatis *w) = {
	whatis_value, whatis_direct_map, whatis_user, whatis_kernel_range, whatis_kernel_map,
	whatis_object, whatis_page, whatis_sharers, whatis_mapped,
};

void whatis_value(struct shell *sh, struct whatis *w)
{
	const struct item *t = w->virt ? value_at(sh, w->addr) : NULL;
	char by[80];

	if (!t)
		return;
	out(sh, "  value      %s made by ", t->type->name);
	print_maker(sh, t);
	if (t->freed)
		out(sh, ", freed by %s",
		    quoted(sh, journal_str(&sh->journal, t->gone, by, sizeof(by))));
	out_char(sh, '\n');
}

void whatis_direct_map(struct shell *sh, struct whatis *w)
{
	if (!w->virt || !is_lowmem_addr(sh->m, w->addr))
		return;
	w->pfn = (w->addr - sh->m->layout.page_offset) >> PAGE_SHIFT;
	out(sh, "  address    in the direct map: phys 0x%llx\n",
	    (unsigned long long)(w->addr - sh->m->layout.page_offset));
}

/* Whatever else the kernel's page tables map. */
void whatis_kernel_map(struct shell *sh, struct whatis *w)
{
	phys_t pa;

	if (!w->virt || w->pfn != PFN_NONE)
		return;
	if (w->addr < sh->m->layout.page_offset) {
		out_str(sh, "  address    in the user's part of the address space\n");
	} else if (pgtable_lookup(sh->m, sh->m->swapper_pg_dir, w->addr, &pa, NULL)) {
		w->pfn = pa >> PAGE_SHIFT;
		out(sh, "  address    in the kernel's part, mapped to phys 0x%llx\n",
		    (unsigned long long)pa);
	} else {
		out_str(sh, "  address    in the kernel's part, not mapped\n");
	}
}

static void print_object(struct shell *sh, const struct slab_location *l)
{
	const struct item *t = value_at(sh, l->object);
	char by[80];

	if (l->cache)
		out(sh, "  object     %u of the slab", l->index);
	else
		out_str(sh, "  object     a block of a SLOB page");
	out(sh, ", 0x%llx, %u bytes: %s; offset %u\n", (unsigned long long)l->object, l->size,
	    slab_object_state_names[l->state], l->offset);
	if (!t)
		return;
	out_str(sh, "  made by    ");
	print_maker(sh, t);
	if (t->freed)
		out(sh, "; freed by %s",
		    quoted(sh, journal_str(&sh->journal, t->gone, by, sizeof(by))));
	out_char(sh, '\n');
}

/* SLOB's blocks carry no mark: the value that spans the address tells where one begins. */
static void find_slob_block(struct shell *sh, vaddr_t addr, struct slab_location *l)
{
	for (vaddr_t a = addr; a + PAGE_SIZE > addr && a >> PAGE_SHIFT == addr >> PAGE_SHIFT; a--) {
		const struct item *t = value_at(sh, a);

		if (t && !t->freed && addr - a < t->size) {
			l->object = a;
			l->offset = (uint32_t)(addr - a);
			l->size = (uint32_t)t->size;
			return;
		}
	}
}

/* A page may be a slab, an address lies in an object. */
static void find_slab_page(struct shell *sh, const struct whatis *w)
{
	vaddr_t addr = page_to_virt(sh->m, (pfn_t)w->pfn);
	struct slab_location l;

	if (!addr || !slab_locate(sh->m, addr, &l) || l.large)
		return;
	out(sh, "  slab       pfn %u, order %u, of %s (slab pfn:%u draws it)\n", l.pfn, l.order,
	    l.cache ? l.cache->name : "SLOB", l.pfn);
}

void whatis_object(struct shell *sh, struct whatis *w)
{
	struct slab_location l;

	if (!w->virt && sh->m->slab)
		find_slab_page(sh, w);
	if (!w->virt || !sh->m->slab || !is_lowmem_addr(sh->m, w->addr) ||
	    !slab_locate(sh->m, w->addr, &l))
		return;
	if (l.large) {
		const struct item *t = value_at(sh, l.object);

		if (t && !t->freed && w->addr != l.object)
			out(sh, "  object     large block of 0x%llx, offset %u\n",
			    (unsigned long long)l.object, l.offset);
		return;
	}
	if (l.cache)
		out(sh, "  cache      %s\n", l.cache->name);
	else if (l.state == OBJ_ALLOCATED)
		find_slob_block(sh, w->addr, &l);
	out(sh, "  slab       pfn %u, order %u\n", l.pfn, l.order);
	if (l.object)
		print_object(sh, &l);
	else
		out(sh, "  object     none: offset %u of the slab is before, between or behind them\n",
		    l.offset);
}

void whatis_page(struct shell *sh, struct whatis *w)
{
	if (w->pfn != PFN_NONE && pfn_is_ram(sh->m, w->pfn))
		print_page(sh, w->pfn);
	else if (w->pfn != PFN_NONE)
		out(sh, "  page       pfn %llu is no RAM\n", (unsigned long long)w->pfn);
}

int exec_whatis(struct shell *sh, const struct args *a)
{
	const struct val *v = &a->v[0].val;
	struct whatis w = {.pfn = PFN_NONE, .virt = v->kind == VAL_NUM};
	int r = 0;

	if (w.virt && (v->n < 0 || (sh->m->arch->bits == 32 && v->n > UINT32_MAX)))
		return cmd_fail(sh, EINVAL, "%s is no address of this machine",
				quoted(sh, a->v[0].w->text));
	w.addr = (vaddr_t)v->n;
	if (w.virt)
		r = need_owner(sh, w.addr);
	if (r)
		return r;
	if (w.virt)
		out(sh, "0x%llx\n", (unsigned long long)w.addr);
	else
		r = val_to_pfn(sh, v, a->v[0].w->text, &w.pfn);
	for (size_t i = 0; i < ARRAY_SIZE(finders) && !r; i++)
		finders[i](sh, &w);
	return r;
}
