/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/slabinfo (slab-common.md 10). */
#include "slab_files.h"
#include <errno.h>
#include <string.h>

bool slabinfo_exists(const struct machine *m)
{
	return m->slab && m->slab->ops->has_slabinfo;
}

bool slabinfo_each(const struct machine *m, uint64_t *n)
{
	(void)n;
	return slabinfo_exists(m);
}

/* CONFIG_DEBUG_SLAB counts. */
static bool has_statistics(const struct machine *m)
{
	return m->slab->ops->slabinfo_writable && m->slab->params.slab_debug;
}

static void put_header(const struct machine *m, struct strbuf *out)
{
	bool stats = has_statistics(m);

	strbuf_addf(out, "slabinfo - version: 2.1%s\n", stats ? " (statistics)" : "");
	strbuf_adds(out, "# name            <active_objs> <num_objs> <objsize> <objperslab> "
			 "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> "
			 ": slabdata <active_slabs> <num_slabs> <sharedavail>");
	if (stats)
		strbuf_adds(out, " : globalstat <listallocs> <maxobjs> <grown> <reaped> <error> "
				 "<maxfreeable> <nodeallocs> <remotefrees> <alienoverflow> "
				 ": cpustat <allochit> <allocmiss> <freehit> <freemiss>");
	strbuf_addc(out, '\n');
}

static void put_statistics(const struct kmem_cache *s, struct strbuf *out)
{
	strbuf_addf(out, " : globalstat %7u %6u %5u %4u %4u %4u %4u %4u %4u", s->list_allocs,
		    s->maxobjs, s->grown, s->reaped, 0u, s->freemax, s->nodeallocs,
		    s->remotefrees, s->alienoverflow);
	strbuf_addf(out, " : cpustat %6u %6u %6u %6u", s->allochit, s->allocmiss, s->freehit,
		    s->freemiss);
}

void slabinfo_line(const struct machine *m, const struct kmem_cache *s, struct strbuf *out)
{
	struct slabinfo i;

	get_slabinfo(m, s, &i);
	strbuf_addf(out, "%-17s %6lu %6lu %6u %4u %4d", s->name, i.active_objs, i.num_objs, s->size,
		    i.objects_per_slab, 1 << i.cache_order);
	strbuf_addf(out, " : tunables %4u %4u %4u", i.limit, i.batchcount, i.shared);
	strbuf_addf(out, " : slabdata %6lu %6lu %6lu", i.active_slabs, i.num_slabs, i.shared_avail);
	if (has_statistics(m))
		put_statistics(s, out);
	strbuf_addc(out, '\n');
}

void slabinfo_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	const struct kmem_cache *s;

	(void)f;
	put_header(m, out);
	for_each_kmem_cache(m, s)
		slabinfo_line(m, s, out);
}

int slabinfo_write(struct machine *m, const struct proc_file *f, const char *text)
{
	(void)f;
	if (!m->slab->ops->slabinfo_write)
		return -EIO;
	return m->slab->ops->slabinfo_write(m, text, strlen(text));
}
