/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small objects: what must hold whatever the allocator; the rest is the allocator's own. */
#include "slab.h"
#include <errno.h>
#include <mmsh/machine.h>

static int audit_lists(const struct machine *m, struct mm_error *e)
{
	const struct slab_system *sys = m->slab;
	const struct kmem_cache *s;
	unsigned listed = 0;

	for_each_kmem_cache(m, s) {
		if (s->id >= sys->nr_cache || sys->cache[s->id] != s || ++listed > sys->nr_cache)
			return mm_error(e, -EUCLEAN, "cache %s is not the one of its id", s->name);
		if (s->size < s->object_size)
			return mm_error(e, -EUCLEAN, "cache %s: objects of %u bytes in slots of %u",
					s->name, s->object_size, s->size);
	}
	return 0;
}

int slab_audit(const struct machine *m, struct mm_error *e)
{
	if (!m->slab)
		return 0;
	if (audit_lists(m, e))
		return -EUCLEAN;
	return m->slab->ops->audit ? m->slab->ops->audit(m, e) : 0;
}
