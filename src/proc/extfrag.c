/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /sys/kernel/debug/extfrag: how broken up the free memory is (proc-zones.md 7). */
#include "files.h"
#include <mmsh/compaction.h>

const struct extfrag_index extfrag_fragmentation = {fragmentation_index};
const struct extfrag_index extfrag_unusable = {unusable_free_index};

void extfrag_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	const struct extfrag_index *which = f->data;

	for_each_populated_zone(m, z) {
		strbuf_addf(out, "Node %d, zone %8s ", z->nid, z->name);
		for (unsigned order = 0; order < MAX_ORDER; order++) {
			int index = which->index(z, order);

			/* the kernel prints small negative indices this oddly, too */
			strbuf_addf(out, "%d.%03d ", index / 1000, index % 1000);
		}
		strbuf_addc(out, '\n');
	}
}
