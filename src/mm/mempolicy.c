/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory policies (buddy.md 15). The policy is the current task's; the lists are the nodes'. */
#include "page_alloc.h"
#include "vmstat.h"
#include <errno.h>
#include <mmsh/mempolicy.h>
#include <string.h>

const char *const mpol_names[NR_MPOL_MODES] = {"default", "prefer", "bind", "interleave"};

static uint64_t nodes_with_memory(const struct machine *m)
{
	uint64_t nodes = 0;

	for_each_populated_zone(m, z)
		nodes |= 1ull << z->nid;
	return nodes;
}

/* The highest zone of any list, ZONE_MOVABLE apart: lower ones are not bound. */
int mpol_policy_zone(const struct machine *m)
{
	int zone = 0;

	for_each_populated_zone(m, z)
		if (z->idx != m->arch->zone_movable)
			zone = max_of(zone, (int)z->idx);
	return zone;
}

int set_mempolicy(struct machine *m, enum mpol_mode mode, uint64_t nodes, struct mm_error *e)
{
	uint64_t have = nodes_with_memory(m);

	if (!m->numa)
		return mm_error(e, -EINVAL, "this kernel was built without NUMA: there is one node");
	if (mode == MPOL_DEFAULT && nodes)
		return mm_error(e, -EINVAL, "the default policy takes no nodes");
	if ((mode == MPOL_BIND || mode == MPOL_INTERLEAVE) && !nodes)
		return mm_error(e, -EINVAL, "%s needs nodes", mpol_names[mode]);
	if (mode == MPOL_PREFERRED && (nodes & (nodes - 1)))
		return mm_error(e, -EINVAL, "prefer takes one node");
	if (nodes & ~have)
		return mm_error(e, -EINVAL, "node %d: the machine has no memory there",
				__builtin_ctzll(nodes & ~have));
	*m->mempolicy = (struct task_mempolicy){
		.mode = mode,
		.nodes = nodes,
		.il_next = mode == MPOL_INTERLEAVE ? (unsigned)__builtin_ctzll(nodes) : 0,
	};
	return 0;
}

/* Whose turn it is; the next one is remembered. */
static unsigned interleave_nodes(struct task_mempolicy *pol)
{
	unsigned nid = pol->il_next;
	uint64_t later = nid < MAX_NUMNODES - 1 ? pol->nodes >> (nid + 1) << (nid + 1) : 0;

	pol->il_next = (unsigned)__builtin_ctzll(later ?: pol->nodes);
	return nid;
}

static int64_t alloc_page_interleave(struct machine *m, gfp_t gfp, unsigned order)
{
	unsigned nid = interleave_nodes(m->mempolicy);
	int64_t pfn = __alloc_pages_nodemask(m, (int)nid, gfp, order, ALL_NODES);
	struct zone *z;

	if (pfn < 0)
		return pfn;
	z = m->zone_by_id[block_zone(pfn_to_page(m, (pfn_t)pfn)->block)];
	if (z == m->node[nid]->zonelist[ZONELIST_FALLBACK].ref[0].zone)
		__inc_zone_page_state(m, z, NUMA_INTERLEAVE_HIT);
	return pfn;
}

/* A bind that has nothing but movable memory binds movable requests only. */
static bool apply_policy_zone(const struct machine *m, const struct task_mempolicy *pol, gfp_t gfp)
{
	int from = mpol_policy_zone(m);

	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		for (int i = 0; i < MAX_NR_ZONES && (pol->nodes >> nid & 1); i++)
			if (i != m->arch->zone_movable && populated_zone(&m->node[nid]->zone[i]))
				return gfp_zone(m, gfp) >= from;
	return gfp_zone(m, gfp) >= m->arch->zone_movable;
}

int64_t alloc_pages_policy(struct machine *m, gfp_t gfp, unsigned order)
{
	const struct task_mempolicy *pol = m->mempolicy;
	uint64_t nodes = ALL_NODES;
	int nid = m->cpu_to_node[m->cpu];

	switch (pol->mode) {
	case MPOL_INTERLEAVE:
		return alloc_page_interleave(m, gfp, order);
	case MPOL_PREFERRED:
		if (pol->nodes)
			nid = __builtin_ctzll(pol->nodes);
		break;
	case MPOL_BIND:
		if (apply_policy_zone(m, pol, gfp))
			nodes = pol->nodes;
		break;
	default:
		break;
	}
	return __alloc_pages_nodemask(m, nid, gfp, order, nodes);
}

/* ---- as text ---- */

void mpol_to_str(const struct task_mempolicy *pol, struct strbuf *out)
{
	if (pol->mode == MPOL_PREFERRED && !pol->nodes) {
		strbuf_adds(out, "local");
		return;
	}
	strbuf_adds(out, mpol_names[pol->mode]);
	if (pol->nodes) {
		strbuf_addc(out, ':');
		bitlist_format(pol->nodes, out);
	}
}

int mpol_parse_str(const char *text, enum mpol_mode *mode, uint64_t *nodes, struct mm_error *e)
{
	size_t len = strcspn(text, ":");

	*nodes = 0;
	if (!strcmp(text, "local")) {
		*mode = MPOL_PREFERRED;
		return 0;
	}
	for (int i = 0; i < NR_MPOL_MODES; i++) {
		if (strlen(mpol_names[i]) != len || memcmp(mpol_names[i], text, len))
			continue;
		*mode = (enum mpol_mode)i;
		if (text[len] && bitlist_parse(text + len + 1, nodes))
			return mm_error(e, -EINVAL, "%.60s: not a list of nodes such as 0-2,5",
					text + len + 1);
		return 0;
	}
	return mm_error(e, -EINVAL, "policy %.60s: there is default, local, prefer, bind, interleave",
			text);
}
