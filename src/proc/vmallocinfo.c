/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/vmallocinfo (vmalloc.md 11). */
#include "files.h"
#include <mmsh/vmalloc.h>

static const struct {
	unsigned flag;
	const char *word;
} words[] = {
	{VM_IOREMAP, " ioremap"}, {VM_ALLOC, " vmalloc"},   {VM_MAP, " vmap"},
	{VM_USERMAP, " user"},	  {VM_VPAGES, " vpages"},
};

static void print_nodes(const struct machine *m, const struct vm_struct *vm, struct strbuf *out)
{
	unsigned count[MAX_NUMNODES] = {0};

	if (!m->numa || (vm->flags & VM_UNINITIALIZED))
		return;
	for (pfn_t pfn = vm->first; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next)
		count[block_zone(pfn_to_page(m, pfn)->block) / MAX_NR_ZONES]++;
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (count[nid])
			strbuf_addf(out, " N%u=%u", nid, count[nid]);
}

void vmallocinfo_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	int width = m->arch->bits / 4;
	const struct vmap_area *va;

	(void)f;
	if (!m->vmalloc)
		return;
	TAILQ_FOREACH (va, &m->vmalloc->list, list) {
		const struct vm_struct *vm = va->vm;

		if (!(va->flags & VM_VM_AREA))
			continue;
		strbuf_addf(out, "0x%0*llx-0x%0*llx %7llu", width, (unsigned long long)vm->addr, width,
			    (unsigned long long)(vm->addr + vm->size), (unsigned long long)vm->size);
		if (vm->caller && *vm->caller)
			strbuf_addf(out, " %s", vm->caller);
		if (vm->nr_pages)
			strbuf_addf(out, " pages=%llu", (unsigned long long)vm->nr_pages);
		if (vm->phys_addr)
			strbuf_addf(out, " phys=%llx", (unsigned long long)vm->phys_addr);
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (vm->flags & words[i].flag)
				strbuf_adds(out, words[i].word);
		print_nodes(m, vm, out);
		strbuf_addc(out, '\n');
	}
}
