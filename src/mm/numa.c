/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes, real and faked (boot.md 8.1, 8.2). */
#include <errno.h>
#include <mmsh/numa.h>
#include <string.h>

#define FAKE_NODE_MIN_SIZE (32ull << 20)
#define NODE_MIN_SIZE (4ull << 20)
#define FOUR_GIB (1ull << 32)

/* Bytes of whole pages in [start, end) that are not RAM. */
static uint64_t hole_size(const struct e820_map *e, uint64_t max_pfn, phys_t start, phys_t end)
{
	uint64_t from = PFN_UP(start), to = PFN_DOWN(end), limit = min_of(max_pfn, to), ram = 0;

	if (from >= to)
		return 0;
	for (unsigned i = 0; i < e->nr; i++) {
		const struct e820_entry *x = &e->map[i];
		uint64_t s = max_of(PFN_UP(x->addr), from);
		uint64_t t = min_of(PFN_DOWN(x->addr + x->size), limit);

		if (x->type == E820_RAM && s < t)
			ram += t - s;
	}
	return PFN_PHYS(to - from - ram);
}

static void add_blk(struct numa_info *info, phys_t start, phys_t end, int nid)
{
	if (start < end && info->nr_blks < ARRAY_SIZE(info->blk))
		info->blk[info->nr_blks++] = (struct numa_memblk){start, end, nid};
	info->nr_nodes = max_of(info->nr_nodes, (unsigned)nid + 1);
}

/*
 * Cut [0, max) into nodes of @size; the first @big of them get one unit more, which spreads
 * what rounding lost. A remainder too small to be a node goes to the one before it.
 */
static void split_nodes(const struct e820_map *e, uint64_t max_pfn, uint64_t size, uint64_t big,
			unsigned modulo, struct numa_info *info)
{
	phys_t start = 0, limit = PFN_PHYS(max_pfn);

	for (unsigned nid = 0; start < limit; nid++) {
		phys_t end = start + size;

		if (nid < big)
			end += FAKE_NODE_MIN_SIZE;
		while (end - start - hole_size(e, max_pfn, start, end) < size) {
			end += FAKE_NODE_MIN_SIZE;
			if (end > limit) {
				end = limit;
				break;
			}
		}
		if (end < FOUR_GIB &&
		    FOUR_GIB - end - hole_size(e, max_pfn, end, FOUR_GIB) < FAKE_NODE_MIN_SIZE)
			end = FOUR_GIB;
		/* unsigned on purpose: beyond the limit there is "much" left */
		if (limit - end - hole_size(e, max_pfn, end, limit) < size)
			end = limit;
		end = min_of(end, limit);
		add_blk(info, start, end, (int)(nid % modulo));
		start = end;
	}
}

/* Returns: whether there is memory enough for it. */
static bool fake_nodes(const struct numa_params *p, const struct e820_map *e, uint64_t max_pfn,
		       unsigned max_nodes, struct numa_info *info)
{
	phys_t max = PFN_PHYS(max_pfn);
	uint64_t ram = max - hole_size(e, max_pfn, 0, max), size;

	if (p->kind == NUMA_FAKE_COUNT) {
		uint64_t n = min_of(p->arg, (uint64_t)max_nodes), big;

		size = PFN_PHYS((ram >> PAGE_SHIFT) / n);
		big = size % FAKE_NODE_MIN_SIZE * n / FAKE_NODE_MIN_SIZE;
		size = ROUND_DOWN(size, FAKE_NODE_MIN_SIZE);
		if (size)
			split_nodes(e, max_pfn, size, big, (unsigned)n, info);
	} else {
		uint64_t min = ROUND_UP(max_of(ram / max_nodes, FAKE_NODE_MIN_SIZE), FAKE_NODE_MIN_SIZE);

		size = max_of(p->arg, min);
		info->fake_size = size;
		size = ROUND_DOWN(size, FAKE_NODE_MIN_SIZE);
		split_nodes(e, max_pfn, size, 0, max_nodes, info);
	}
	return info->nr_blks != 0;
}

/* Keeps the blocks in address order. Returns: false when the range belongs to a node already. */
static bool insert_blk(struct numa_info *info, phys_t start, phys_t end, int nid)
{
	unsigned at = info->nr_blks;

	while (at && info->blk[at - 1].start >= start)
		at--;
	if ((at && info->blk[at - 1].end > start) || (at < info->nr_blks && info->blk[at].start < end))
		return false;
	memmove(&info->blk[at + 1], &info->blk[at], (info->nr_blks - at) * sizeof(info->blk[0]));
	info->blk[at] = (struct numa_memblk){start, end, nid};
	info->nr_blks++;
	info->nr_nodes = max_of(info->nr_nodes, (unsigned)nid + 1);
	return true;
}

/* Where a node of @size ends that begins at @start: the gaps that a PC has below 4 GiB are no
   part of it. No block of pages may lie in two nodes. */
#define GAP_MIN (64ull << 20)

static phys_t node_end(const struct e820_map *e, phys_t start, uint64_t size)
{
	phys_t at = start, ram_end = start;

	for (unsigned i = 0; i < e->nr; i++) {
		const struct e820_entry *x = &e->map[i];

		if (x->type != E820_RAM || x->addr + x->size <= start)
			continue;
		if (x->addr > ram_end && x->addr - ram_end >= GAP_MIN) {
			if (size <= ram_end - at)
				break;
			size -= ram_end - at;
			at = x->addr;
		}
		ram_end = ROUND_UP(x->addr + x->size, 1 << 20); /* what the BIOS keeps counts */
	}
	return size < UINT64_MAX / 2 - at ? ROUND_UP(at + size, NODE_MIN_SIZE) : UINT64_MAX;
}

/* Bytes of RAM that no node has. */
static uint64_t uncovered(const struct e820_map *e, uint64_t max_pfn, const struct numa_info *info)
{
	uint64_t ram = PFN_PHYS(max_pfn) - hole_size(e, max_pfn, 0, PFN_PHYS(max_pfn));

	for (unsigned i = 0; i < info->nr_blks; i++) {
		const struct numa_memblk *b = &info->blk[i];

		ram -= b->end - b->start - hole_size(e, max_pfn, b->start, b->end);
	}
	return ram;
}

static int given_nodes(const struct numa_params *p, const struct e820_map *e, uint64_t max_pfn,
		       struct numa_info *info, struct mm_error *err)
{
	phys_t next = 0, limit = PFN_PHYS(max_pfn);

	for (unsigned nid = 0; nid < p->nr_nodes; nid++) {
		phys_t start = p->node_start[nid] == NODE_FOLLOWS
				       ? next
				       : ROUND_DOWN(p->node_start[nid], NODE_MIN_SIZE);
		phys_t end = p->node_size[nid] ? node_end(e, start, p->node_size[nid]) : limit;

		end = min_of(end, limit);

		if (start >= end || end - start < NODE_MIN_SIZE ||
		    hole_size(e, max_pfn, start, end) == end - start)
			return mm_error(err, -EINVAL, "nodes=: no memory is left for node %u", nid);
		if (!insert_blk(info, start, end, (int)nid))
			return mm_error(err, -EINVAL, "nodes=: node %u overlaps another", nid);
		next = end;
	}
	if (uncovered(e, max_pfn, info) >= 1 << 20)
		return mm_error(err, -EINVAL, "nodes=: %lluM of RAM belong to no node",
				(unsigned long long)uncovered(e, max_pfn, info) >> 20);
	return 0;
}

static int set_distances(const struct numa_params *p, struct numa_info *info, struct mm_error *err)
{
	unsigned n = info->nr_nodes;

	if (p->nr_distance && p->nr_distance != n * n)
		return mm_error(err, -EINVAL, "distances: %u nodes need %u numbers, not %u", n, n * n,
				p->nr_distance);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < n; j++) {
			uint8_t d = p->nr_distance ? p->distance[i * n + j]
				    : i == j	   ? LOCAL_DISTANCE
						   : REMOTE_DISTANCE;

			if (i == j ? d != LOCAL_DISTANCE : d <= LOCAL_DISTANCE)
				return mm_error(err, -EINVAL,
						"distance %u from node %u to node %u: %d is local, more is remote",
						d, i, j, LOCAL_DISTANCE);
			info->distance[i][j] = d;
		}
	}
	return 0;
}

static int place_cpus(const struct numa_params *p, unsigned nr_cpus, struct numa_info *info,
		      struct mm_error *err)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		info->cpu_to_node[cpu] = (uint8_t)(cpu % info->nr_nodes);
	if (p->kind != NUMA_NODES)
		return 0;
	for (unsigned nid = 0; nid < p->nr_nodes; nid++) {
		for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
			if (!(p->node_cpus[nid] >> cpu & 1))
				continue;
			if (cpu >= nr_cpus)
				return mm_error(err, -EINVAL, "nodes=: there is no CPU %u (cpus=%u)",
						cpu, nr_cpus);
			info->cpu_to_node[cpu] = (uint8_t)nid;
		}
	}
	return 0;
}

int numa_init(const struct numa_params *p, const struct e820_map *e, uint64_t max_pfn,
	      unsigned max_nodes, unsigned nr_cpus, struct numa_info *info, struct mm_error *err)
{
	int ret = 0;

	memset(info, 0, sizeof(*info));
	if (p->kind == NUMA_FAKE_COUNT || p->kind == NUMA_FAKE_SIZE)
		info->faked = fake_nodes(p, e, max_pfn, max_nodes, info);
	else if (p->kind == NUMA_NODES && p->nr_nodes > max_nodes)
		return mm_error(err, -EINVAL, "nodes=: this kernel has room for %u nodes", max_nodes);
	else if (p->kind == NUMA_NODES)
		ret = given_nodes(p, e, max_pfn, info, err);
	if (ret)
		return ret;
	if (!info->nr_blks)
		add_blk(info, 0, PFN_PHYS(max_pfn), 0);
	ret = set_distances(p, info, err);
	return ret ?: place_cpus(p, nr_cpus, info, err);
}
