/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLUB: what may be changed while a cache is in use (slub.md 12). */
#include "slub.h"
#include <errno.h>

int slub_set_order(struct machine *m, struct kmem_cache *s, unsigned long order)
{
	const struct slab_params *p = &m->slab->params;

	if (order < p->slub_min_order || order > p->slub_max_order)
		return -EINVAL;
	/* the kernel would go on with slabs of no objects */
	if (!order_objects((unsigned)order, s->size, s->reserved))
		return -EINVAL;
	return calculate_sizes(m, s, (int)order);
}

void slub_set_min_partial(struct kmem_cache *s, unsigned long min)
{
	s->min_partial = clamp_of(min, 5ul, 10ul);
}

int slub_set_cpu_partial(struct machine *m, struct kmem_cache *s, unsigned long objects)
{
	if ((objects && !kmem_cache_has_cpu_partial(s)) || objects > INT32_MAX)
		return -EINVAL;
	s->cpu_partial = (uint32_t)objects;
	flush_all(m, s);
	return 0;
}

static bool any_slab(const struct machine *m, const struct kmem_cache *s)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (s->node[nid] && s->node[nid]->total_objects)
			return true;
	return false;
}

int slub_set_debug(struct machine *m, struct kmem_cache *s, uint32_t flag, bool on)
{
	bool layout = flag & (SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER);

	if (flag == SLAB_TRACE && s->refcount > 1)
		return -EINVAL;
	if (layout && any_slab(m, s))
		return -EBUSY;
	s->flags &= ~flag;
	if (on)
		s->flags = (s->flags & ~__CMPXCHG_DOUBLE) | flag;
	s->debug = s->flags & SLAB_DEBUG_FLAGS;
	if (layout)
		calculate_sizes(m, s, -1);
	return 0;
}

void slub_flush(struct machine *m, struct kmem_cache *s)
{
	flush_all(m, s);
}
