/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The persistent kmap window, a line a slot that is not free: a file of the model's own. */
#include "files.h"
#include <mmsh/highmem.h>

void pkmap_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	const struct pkmap *pk = m->pkmap;

	(void)f;
	for (unsigned slot = 0; pk && slot < m->arch->last_pkmap; slot++)
		if (pk->count[slot])
			strbuf_addf(out, "0x%08llx pkmap slot %u count %u pfn %u\n",
				    (unsigned long long)m->layout.pkmap_base + PFN_PHYS(slot), slot,
				    pk->count[slot], pk->pfn[slot]);
}
