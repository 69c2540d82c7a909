/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes over RAM (boot.md 8.1, 8.2). */
#include "mm/fixture.h"

#include <mmsh/numa.h>

#define MIB(n) ((uint64_t)(n) << 20)

/* "0:0-1024 1:1024-2047": node, first and last MiB of each block */
static void assert_nodes(const struct machine *m, const char *want)
{
	const struct numa_info *n = &m->boot.numa;
	struct strbuf b = STRBUF_INIT;

	for (unsigned i = 0; i < n->nr_blks; i++)
		strbuf_addf(&b, "%s%d:%llu-%llu", i ? " " : "", n->blk[i].nid,
			    (unsigned long long)n->blk[i].start >> 20,
			    (unsigned long long)n->blk[i].end >> 20);
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

static const struct {
	const char *line, *nodes;
} fakes[] = {
	/* the worked example, and what was captured */
	{"arch=amd64 mem=2G numa=fake=2", "0:0-1024 1:1024-2047"},
	{"arch=amd64 mem=2G numa=fake=4", "0:0-512 1:512-1024 2:1024-1536 3:1536-2047"},
	{"arch=ia32-pae mem=2G numa=fake=4", "0:0-512 1:512-1024 2:1024-1536 3:1536-2047"},
	{"arch=amd64 mem=2G numa=fake=1", "0:0-2047"},
	/* a size: a remainder too small to be a node goes to the one before */
	{"arch=amd64 mem=2G numa=fake=512M", "0:0-544 1:544-1056 2:1056-2047"},
	{"arch=amd64 mem=2G numa=fake=1G", "0:0-2047"},
	/* too small a size is raised, here to a 64th of RAM */
	{"arch=amd64 mem=4G numa=fake=16M", NULL},
	/* no memory for so many: one node */
	{"arch=amd64 mem=64M numa=fake=8", "0:0-63"},
	{"arch=amd64 mem=2G", "0:0-2047"},
	{"arch=amd64 mem=2G numa=off", "0:0-2047"},
};

START_TEST(faked)
{
	struct machine *m = boot_line(fakes[_i].line);

	if (fakes[_i].nodes)
		assert_nodes(m, fakes[_i].nodes);
	else
		ck_assert_uint_le(m->nr_nodes, MAX_NUMNODES);
	ck_assert(m->numa);
	assert_audit(m);
	machine_free(m);
}
END_TEST

START_TEST(given)
{
	struct machine *m = boot_line("arch=amd64 mem=2G cpus=4 nodes=256M:2-3,2G@512M:0,256M@256M:1 "
				      "distances=10,15,40,15,10,30,40,30,10");

	assert_nodes(m, "0:0-256 2:256-512 1:512-2047");
	ck_assert_uint_eq(m->nr_nodes, 3);
	ck_assert_uint_eq(m->cpu_to_node[0], 1);
	ck_assert_uint_eq(m->cpu_to_node[1], 2);
	ck_assert_uint_eq(m->cpu_to_node[3], 0);
	ck_assert_uint_eq(node_distance(m, 0, 2), 40);
	ck_assert_uint_eq(node_distance(m, 1, 0), 15);
	ck_assert_int_eq(pfn_to_zone(m, PFN_DOWN(MIB(300)))->nid, 2);
	assert_audit(m);
	machine_free(m);
	/* nodes alone say how much RAM there is, and go on above the gap below 4 GiB */
	m = boot_line("arch=amd64 nodes=2G,2G,1G");
	assert_nodes(m, "0:0-2048 1:2048-5120 2:5120-6144");
	ck_assert_uint_eq(m->node[1]->present_pages, (PFN_DOWN(MIB(2048)) - 32));
	machine_free(m);
	/* no block of the largest order may lie in two nodes */
	m = boot_line("arch=amd64 mem=256M nodes=100001K,255M cpus=2");
	assert_nodes(m, "0:0-100 1:100-255");
	assert_audit(m);
	machine_free(m);
}
END_TEST

/* The nearest node first; of equally near ones that which others have chosen later. */
START_TEST(fallback_by_distance)
{
	struct machine *m = boot_line("arch=amd64 mem=2G nodes=512M,512M,512M,511M "
				      "distances=10,40,20,30,40,10,20,20,20,20,10,40,30,20,40,10");
	static const int want[4][4] = {{0, 2, 3, 1}, {1, 3, 2, 0}, {2, 0, 1, 3}, {3, 1, 0, 2}};

	for (int nid = 0; nid < 4; nid++) {
		const struct zoneref *r = m->node[nid]->zonelist[ZONELIST_FALLBACK].ref;

		for (int i = 0; i < 4; i++, r++) {
			ck_assert_msg(r->zone->nid == want[nid][i], "node %d, try %d: node %d", nid, i,
				      r->zone->nid);
			if (r[1].zone && r[1].zone->nid == r->zone->nid)
				r++; /* node 0 has two zones */
		}
	}
	machine_free(m);
}
END_TEST

START_TEST(local_allocation)
{
	struct machine *m = boot_line("arch=amd64 mem=1G numa=fake=4 cpus=4");

	for (unsigned cpu = 0; cpu < 4; cpu++) {
		ck_assert_int_eq(machine_set_cpu(m, cpu), 0);
		for (unsigned order = 0; order < 5; order++)
			ck_assert_uint_eq(pfn_to_zone(m, take(m, GFP_KERNEL, order))->nid, cpu);
	}
	assert_audit(m);
	machine_free(m);
}
END_TEST

Suite *numa_suite(void)
{
	Suite *s = suite_create("numa");
	TCase *t = tcase_create("numa");

	tcase_add_loop_test(t, faked, 0, (int)ARRAY_SIZE(fakes));
	tcase_add_test(t, given);
	tcase_add_test(t, fallback_by_distance);
	tcase_add_test(t, local_allocation);
	suite_add_tcase(s, t);
	return s;
}
