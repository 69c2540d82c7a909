/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tasks know of an address or a page: the area, the mapping, and who else maps it. */
#include <mmsh/fault.h>
#include <mmsh/proc_task.h>

#include "cmd_task.h"
#include "out.h"
#include "shell.h"
#include "whatis.h"

void whatis_user(struct shell *sh, struct whatis *w)
{
	const struct task_struct *t = current_task(sh); /* there is one: need_owner() */
	const struct vm_area_struct *v;

	if (!w->virt || !is_user_address(sh, w->addr))
		return;
	v = vma_lookup(t->mm, w->addr);
	out_str(sh, "  area       ");
	if (v) {
		vma_line(sh->m, v, sh->out);
		out_char(sh, '\n');
	} else {
		out(sh, "none of PID %d (%s)\n", t->pid, t->comm);
	}
	if (!user_pfn(sh, w->addr, &w->pfn) && v)
		out_str(sh, "  page       none yet: the first access faults it in\n");
}

static bool say_sharer(struct machine *m, struct vm_area_struct *v, vaddr_t va, phys_t pte, void *arg)
{
	struct shell *sh = arg;
	const struct task_struct *t = v->vm_mm->owner;

	(void)m;
	out(sh, "  mapped     by PID %d (%s) at 0x%llx, entry at phys 0x%llx\n", t->pid, t->comm,
	    (unsigned long long)va, (unsigned long long)pte);
	return true;
}

/* Through the page's mapping to all who have it. */
void whatis_sharers(struct shell *sh, struct whatis *w)
{
	const struct page *p;
	const struct address_space *a;

	if (w->pfn == PFN_NONE || !sh->m->mm || !pfn_is_ram(sh->m, w->pfn))
		return;
	p = pfn_to_page(sh->m, (pfn_t)w->pfn);
	if (!page_is_mapping(p))
		return;
	if (page_is_anon(p)) {
		out_str(sh, "  contents   anonymous memory\n");
	} else {
		a = sh->m->mm->mapping[p->owner & PAGE_MAPPING_ID];
		out(sh, "  contents   of the file %s\n", a->name);
	}
	rmap_walk(sh->m, (pfn_t)w->pfn, say_sharer, sh);
}
