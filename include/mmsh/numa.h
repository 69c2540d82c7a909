/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nodes before they have zones (boot.md 8): which physical ranges belong to which node,
 * how far apart the nodes are, which CPUs sit on them.
 */
#ifndef MMSH_NUMA_H
#define MMSH_NUMA_H

#include <mmsh/e820.h>

#define LOCAL_DISTANCE 10
#define REMOTE_DISTANCE 20
#define RECLAIM_DISTANCE 30 /* farther zones are left alone by zone_reclaim_mode */

/* What the boot line asks for. */
enum numa_kind {
	NUMA_DEFAULT,	 /* one node: this PC's firmware tells of no other */
	NUMA_OFF,	 /* numa=off */
	NUMA_FAKE_COUNT, /* numa=fake=N: equal parts */
	NUMA_FAKE_SIZE,	 /* numa=fake=SIZE: parts of that size */
	NUMA_NODES,	 /* nodes=SIZE,...: as a firmware with several nodes would tell */
};

#define NODE_FOLLOWS UINT64_MAX

struct numa_params {
	enum numa_kind kind;
	uint64_t arg; /* count, or bytes */
	unsigned nr_nodes; /* NUMA_NODES: */
	phys_t node_start[MAX_NUMNODES]; /* NODE_FOLLOWS: where the one before ends */
	uint64_t node_size[MAX_NUMNODES]; /* bytes, large gaps apart; 0: up to the end of RAM */
	uint64_t node_cpus[MAX_NUMNODES]; /* a bit a CPU; 0: dealt out in turn */
	unsigned nr_distance; /* entries given of the table, row by row; 0: 10 and 20 */
	uint8_t distance[MAX_NUMNODES * MAX_NUMNODES];
};

struct numa_memblk {
	phys_t start, end;
	int nid;
};

/* The outcome. Blocks are in address order; the same node may have several. */
struct numa_info {
	unsigned nr_blks, nr_nodes;
	bool faked;	    /* there was memory enough to fake nodes */
	uint64_t fake_size; /* numa=fake=SIZE: what became of the size */
	struct numa_memblk blk[2 * MAX_NUMNODES];
	uint8_t distance[MAX_NUMNODES][MAX_NUMNODES];
	uint8_t cpu_to_node[MAX_CPUS];
};

/*
 * numa_init - lay the nodes out over the RAM of @e below @max_pfn
 *
 * Returns: 0; -EINVAL with @err for a table that makes no sense, a node that is empty,
 * more nodes than the kernel has room for. Too little memory to fake nodes is no error:
 * there is one node then, as in the kernel.
 */
int numa_init(const struct numa_params *p, const struct e820_map *e, uint64_t max_pfn,
	      unsigned max_nodes, unsigned nr_cpus, struct numa_info *info, struct mm_error *err);

#endif
