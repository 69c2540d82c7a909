/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLAB gives memory back: draining, shrinking, and the timer of each CPU (slab.md 8). */
#include "slab_def.h"
#include <errno.h>

/* Returns: whether anything changed. */
static bool drain_array(struct machine *m, struct kmem_cache *s, struct array_cache *ac, bool force)
{
	uint32_t n = (ac->limit + 4) / 5;

	if (!ac->avail)
		return false;
	if (ac->touched && !force) {
		ac->touched = 0;
		return true;
	}
	if (force)
		n = ac->avail;
	else if (n > ac->avail)
		n = (ac->avail + 1) / 2;
	free_oldest(m, s, ac, n);
	return true;
}

/* Free slabs from the tail of the list, up to @n. Returns: how many. */
static unsigned drain_freelist(struct machine *m, struct kmem_cache *s, struct slab_node *node,
			       unsigned long n)
{
	struct page_list *l = &node->list[SLABS_FREE];
	unsigned freed = 0;

	for (; freed < n && !page_list_empty(l); freed++) {
		pfn_t pfn = l->tail;

		page_list_del(m, l, 0, pfn);
		node->free_objects -= s->num;
		slab_destroy(m, s, pfn);
	}
	return freed;
}

static void drain_cpu(struct machine *m, struct kmem_cache *s, unsigned cpu)
{
	struct array_cache *ac = s->cpu_cache[cpu];

	free_block(m, s, ac, ac->avail);
	ac->avail = 0;
}

static void drain_aliens(struct machine *m, struct kmem_cache *s, struct slab_node *n)
{
	for (unsigned nid = 0; n->alien && nid < m->nr_nodes; nid++)
		drain_alien(m, s, &n->alien[nid], (int)nid);
}

/* The other CPUs are interrupted before the own one does its part. */
static void drain_cpu_caches(struct machine *m, struct kmem_cache *s)
{
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		if (cpu != m->cpu)
			drain_cpu(m, s, cpu);
	drain_cpu(m, s, m->cpu);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		drain_aliens(m, s, s->slab_node[nid]);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		drain_array(m, s, &s->slab_node[nid]->shared, true);
}

int slab_shrink(struct machine *m, struct kmem_cache *s)
{
	int left = 0;

	drain_cpu_caches(m, s);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct slab_node *n = s->slab_node[nid];

		drain_freelist(m, s, n, (n->free_objects + s->num - 1) / s->num);
		left |= !page_list_empty(&n->list[SLABS_FULL]) ||
			!page_list_empty(&n->list[SLABS_PARTIAL]);
	}
	return left;
}

int slab_shutdown(struct machine *m, struct kmem_cache *s)
{
	return slab_shrink(m, s) ? -EBUSY : 0;
}

/* ---- the timer ---- */

/* A node's share of the work, every 4 s whoever of its CPUs comes first. */
static bool reap_node(struct machine *m, struct kmem_cache *s, struct slab_node *n)
{
	bool changed = drain_array(m, s, &n->shared, false);
	unsigned freed;

	if (n->free_touched) {
		n->free_touched = false;
		return true;
	}
	freed = drain_freelist(m, s, n, (n->free_limit + 5 * s->num - 1) / (5 * s->num));
	s->reaped += freed;
	if (freed)
		slab_step(m, s, STEP_SLAB_REAP, PFN_NONE, freed, 0);
	return changed || freed;
}

/* What CPU @cpu does at @now. Returns: whether anything changed. */
static bool cache_reap(struct machine *m, unsigned cpu, uint64_t now)
{
	struct slab_private *p = slab_private(m);
	unsigned nid = m->cpu_to_node[cpu], alien = p->reap_node[cpu], was = m->cpu;
	struct kmem_cache *s;
	bool changed = false;

	m->cpu = cpu;
	for_each_kmem_cache(m, s) {
		struct slab_node *n = s->slab_node[nid];

		if (n->alien && n->alien[alien].avail) {
			drain_alien(m, s, &n->alien[alien], (int)alien);
			changed = true;
		}
		changed |= drain_array(m, s, s->cpu_cache[cpu], false);
		if (n->next_reap > now)
			continue;
		n->next_reap = now + REAPTIMEOUT_NODE;
		changed |= reap_node(m, s, n);
	}
	m->cpu = was;
	p->reap_node[cpu] = (uint8_t)((alien + 1) % m->nr_nodes);
	return changed;
}

uint64_t slab_round_jiffies(uint64_t at, unsigned cpu, uint64_t now)
{
	uint64_t skew = 3ull * cpu, j = at + skew;

	/* down, when that is little; else up */
	j = j % HZ < HZ / 4 ? ROUND_DOWN(j, HZ) : ROUND_DOWN(j, HZ) + HZ;
	return j > now + skew ? j - skew : at;
}

static unsigned next_timer(const struct machine *m)
{
	const struct slab_private *p = slab_private(m);
	unsigned first = 0;

	for (unsigned cpu = 1; cpu < m->nr_cpus; cpu++)
		if (p->reap_at[cpu] < p->reap_at[first])
			first = cpu;
	return first;
}

/* Everybody's next time, later by whole rounds: nothing would change in them. */
static void skip_rounds(struct machine *m, uint64_t rounds)
{
	struct slab_private *p = slab_private(m);
	uint64_t skip = rounds * REAPTIMEOUT_NODE;
	struct kmem_cache *s;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		p->reap_at[cpu] += skip;
	for_each_kmem_cache(m, s)
		for (unsigned nid = 0; nid < m->nr_nodes; nid++)
			s->slab_node[nid]->next_reap += skip;
}

/* Once every array and node had its turn in vain, so it will be for ever. */
#define IDLE_TIME(m) (2 * REAPTIMEOUT_NODE * (1 + (m)->nr_nodes))

void slab_tick(struct machine *m, uint64_t jiffies)
{
	struct slab_private *p = slab_private(m);
	uint64_t end = m->jiffies + jiffies, busy = m->jiffies;

	if (m->slab->state < SLAB_FULL || !p->reap_at[0])
		return;
	for (unsigned cpu = next_timer(m); p->reap_at[cpu] <= end; cpu = next_timer(m)) {
		uint64_t now = p->reap_at[cpu];

		if (cache_reap(m, cpu, now))
			busy = now;
		p->reap_at[cpu] = slab_round_jiffies(now + REAPTIMEOUT_CPU, cpu, now);
		if (now - busy > IDLE_TIME(m) && end - now > REAPTIMEOUT_NODE) {
			skip_rounds(m, (end - now) / REAPTIMEOUT_NODE);
			busy = end;
		}
	}
}
