/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /sys/devices/system/node and memory, and the NUMA files of /proc/sys/vm. */
#include "mm/fixture.h"
#include "proc/capture.h"

#include <errno.h>
#include <mmsh/kmsg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_file(const struct machine *m, const char *path, const char *want)
{
	char *got = proc_text(m, path);

	ck_assert_str_eq(got, want);
	free(got);
}

/* ---- nodes ---- */

START_TEST(nodes)
{
	struct machine *m = boot_line("arch=amd64 mem=2G cpus=40 numa=fake=4");

	assert_file(m, "/sys/devices/system/node/online", "0-3\n");
	assert_file(m, "node/possible", "0-3\n");
	assert_file(m, "node/has_normal_memory", "0-3\n");
	assert_file(m, "node/has_cpu", "0-3\n");
	assert_file(m, "node/node2/distance", "20 20 10 20\n");
	assert_file(m, "node/node3/cpulist", "3,7,11,15,19,23,27,31,35,39\n");
	assert_file(m, "node/node3/cpumap", "88,88888888\n");
	ck_assert_int_eq(proc_write(m, "node/node1/compact", "1"), 0);
	ck_assert_int_eq(proc_write(m, "node/node1/distance", "1"), -EACCES);
	machine_free(m);
	m = boot_line("arch=ia32-pae mem=2G model=sparse nodes=512M:0,1G,512M:1 cpus=2 "
		      "distances=10,20,40,20,10,20,40,20,10");
	assert_file(m, "node/has_normal_memory", "0-1\n");
	assert_file(m, "node/has_high_memory", "0-2\n");
	assert_file(m, "node/has_cpu", "0,2\n");
	assert_file(m, "node/node1/cpulist", "\n");
	assert_file(m, "node/node1/cpumap", "0\n");
	assert_file(m, "node/node2/distance", "40 20 10\n");
	machine_free(m);
}
END_TEST

static const char *const meminfo =
	"Node 1 MemTotal:          65536 kB\n"
	"Node 1 MemFree:           65408 kB\n"
	"Node 1 MemUsed:             128 kB\n"
	"Node 1 Active:                0 kB\n"
	"Node 1 Inactive:              8 kB\n"
	"Node 1 Active(anon):          0 kB\n"
	"Node 1 Inactive(anon):        8 kB\n"
	"Node 1 Active(file):          0 kB\n"
	"Node 1 Inactive(file):        0 kB\n"
	"Node 1 Unevictable:           0 kB\n"
	"Node 1 Mlocked:               0 kB\n"
	"Node 1 HighTotal:             0 kB\n"
	"Node 1 HighFree:              0 kB\n"
	"Node 1 LowTotal:          65536 kB\n"
	"Node 1 LowFree:           65408 kB\n"
	"Node 1 Dirty:                 0 kB\n"
	"Node 1 Writeback:             0 kB\n"
	"Node 1 FilePages:             0 kB\n"
	"Node 1 Mapped:                0 kB\n"
	"Node 1 AnonPages:             0 kB\n"
	"Node 1 Shmem:                 0 kB\n"
	"Node 1 KernelStack:           0 kB\n"
	"Node 1 PageTables:            0 kB\n"
	"Node 1 NFS_Unstable:          0 kB\n"
	"Node 1 Bounce:                0 kB\n"
	"Node 1 WritebackTmp:          0 kB\n"
	"Node 1 Slab:                  0 kB\n"
	"Node 1 SReclaimable:          0 kB\n"
	"Node 1 SUnreclaim:            0 kB\n";

START_TEST(node_meminfo)
{
	struct machine *m = boot_line("arch=ia32-pae mem=256M nodes=64M,64M,128M model=sparse");
	struct zone *z = zone_find(m, 1, "Normal");

	drain_all_pages(m);
	machine_tick(m, HZ);
	/* whatever boot kept there */
	z->managed_pages = 16384;
	z->vm_stat[NR_FREE_PAGES] = 16352;
	z->vm_stat[NR_INACTIVE_ANON] = 2;
	assert_file(m, "node/node1/meminfo", meminfo);
	machine_free(m);
}
END_TEST

START_TEST(numastat_file)
{
	struct machine *m = boot_line("arch=amd64 mem=512M numa=fake=2");

	for (int i = 0; i < 6; i++)
		ck_assert_int_ge(alloc_pages_node(m, i % 3 == 0, GFP_KERNEL, 0), 0);
	machine_tick(m, HZ);
	assert_file(m, "node/node0/numastat",
		    "numa_hit 4\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 4\n"
		    "other_node 0\n");
	assert_file(m, "node/node1/numastat",
		    "numa_hit 2\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 0\n"
		    "other_node 2\n");
	machine_free(m);
}
END_TEST

/* A kernel without NUMA has none of it. */
START_TEST(not_there)
{
	static const char *const numa[] = {
		"/sys/devices/system/node/online", "/sys/devices/system/node/node0/meminfo",
		"vm.numa_zonelist_order", "vm.zone_reclaim_mode", "vm.min_slab_ratio",
		"/sys/devices/system/memory/block_size_bytes",
	};
	struct machine *m = boot_line("mem=64M");
	struct strbuf b = STRBUF_INIT;

	for (unsigned i = 0; i < ARRAY_SIZE(numa); i++) {
		ck_assert_int_eq(proc_read(m, numa[i], &b), -ENOENT);
		ck_assert_int_eq(proc_write(m, numa[i], "1"), -ENOENT);
	}
	ck_assert_int_eq(proc_list(m, "/sys/devices", &b), -ENOENT);
	machine_free(m);
	m = boot_line("arch=amd64 mem=512M numa=fake=2");
	ck_assert_int_eq(proc_read(m, "node/node2/meminfo", &b), -ENOENT);
	ck_assert_int_eq(proc_read(m, "node/node01/meminfo", &b), -ENOENT);
	ck_assert_int_eq(proc_read(m, "node/node/meminfo", &b), -ENOENT);
	ck_assert_int_eq(proc_read(m, "node/node-1/meminfo", &b), -ENOENT);
	ck_assert_int_eq(proc_read(m, "node/node18446744073709551616/meminfo", &b), -ENOENT);
	ck_assert_int_eq(proc_read(m, "node/node1", &b), -EISDIR);
	ck_assert_int_eq(proc_read(m, "vm.vdso_enabled", &b), -ENOENT);
	ck_assert_int_eq(proc_read(m, "vm.highmem_is_dirtyable", &b), -ENOENT);
	ck_assert_int_eq(proc_list(m, "/sys/devices/system/node", &b), 0);
	ck_assert_str_eq(b.s, "has_cpu\nhas_normal_memory\nnode0/\nnode1/\nonline\npossible\n");
	strbuf_reset(&b);
	ck_assert_int_eq(proc_list(m, "node/node1", &b), 0);
	ck_assert_str_eq(b.s, "compact\ncpulist\ncpumap\ndistance\nmeminfo\nnumastat\nvmstat\n");
	strbuf_free(&b);
	machine_free(m);
}
END_TEST

/* ---- sysctls ---- */

START_TEST(zonelist_order)
{
	struct machine *m = boot_line("arch=amd64 mem=5G numa=fake=2");
	const struct zoneref *r = m->node[0]->zonelist[0].ref;

	assert_file(m, "vm.numa_zonelist_order", "default\n");
	ck_assert_int_eq(r[0].zone->nid, 0);
	ck_assert_int_eq(proc_write(m, "vm.numa_zonelist_order", "Zone"), 0);
	assert_file(m, "vm.numa_zonelist_order", "Zone\n");
	ck_assert_int_eq(r[0].zone->nid, 1);
	ck_assert_ptr_nonnull(strstr(m->kmsg.s, "Built 2 zonelists in Zone order, mobility grouping on."));
	ck_assert_ptr_nonnull(strstr(m->kmsg.s, "] Policy zone: Normal\n"));
	strbuf_reset(&m->kmsg);
	ck_assert_int_eq(proc_write(m, "vm.numa_zonelist_order", "z"), 0);
	ck_assert_uint_eq(m->kmsg.len, 0); /* it is so already */
	ck_assert_int_eq(proc_write(m, "vm.numa_zonelist_order", "best"), -EINVAL);
	ck_assert_int_eq(proc_write(m, "vm.numa_zonelist_order", ""), -EINVAL);
	assert_file(m, "vm.numa_zonelist_order", "z\n");
	ck_assert_int_eq(proc_write(m, "vm.numa_zonelist_order", "default"), 0);
	ck_assert_int_eq(r[0].zone->nid, 0);
	assert_audit(m);
	machine_free(m);
	m = boot_line("arch=amd64 mem=5G numa=fake=2 numa_zonelist_order=zone");
	assert_file(m, "vm.numa_zonelist_order", "zone\n");
	ck_assert_int_eq(m->node[0]->zonelist[0].ref[0].zone->nid, 1);
	machine_free(m);
}
END_TEST

START_TEST(ratios)
{
	struct machine *m = boot_line("arch=amd64 mem=512M numa=fake=2");
	const struct zone *z = zone_find(m, 1, "DMA32");

	assert_file(m, "vm.min_unmapped_ratio", "1\n");
	assert_file(m, "vm.min_slab_ratio", "5\n");
	ck_assert_int_eq(proc_write(m, "vm.min_slab_ratio", "50"), 0);
	ck_assert_uint_eq(z->min_slab_pages, z->managed_pages / 2);
	ck_assert_int_eq(proc_write(m, "vm.min_unmapped_ratio", "101"), -EINVAL);
	ck_assert_int_eq(proc_write(m, "vm.zone_reclaim_mode", "1"), 0);
	machine_free(m);
}
END_TEST

/* A near zone that misses its mark is looked at first, if it has enough to give. */
START_TEST(zone_reclaim_mode)
{
	struct machine *m = boot_line("arch=amd64 mem=512M numa=fake=2");
	const gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_NOWARN;

	ck_assert_int_eq(proc_write(m, "vm.zone_reclaim_mode", "1"), 0);
	while (pfn_to_zone(m, take(m, gfp, 0))->nid == 0)
		;
	ck_assert_uint_eq(vm_event_sum(m, PGSCAN_ZONE_RECLAIM_FAILED), 0);
	mod_zone_page_state(m, zone_find(m, 0, "DMA32"), NR_FILE_PAGES, 40000);
	ck_assert_int_eq(pfn_to_zone(m, take(m, gfp, 0))->nid, 1);
	ck_assert_uint_gt(vm_event_sum(m, PGSCAN_ZONE_RECLAIM_FAILED), 0);
	mod_zone_page_state(m, zone_find(m, 0, "DMA32"), NR_FILE_PAGES, -40000);
	machine_free(m);
}
END_TEST

/* ---- memory ---- */

START_TEST(memory_blocks)
{
	struct machine *m = boot_line("arch=amd64 mem=1G");
	struct strbuf b = STRBUF_INIT;

	ck_assert_int_eq(kmsg_attach(m), 0);
	assert_file(m, "/sys/devices/system/memory/block_size_bytes", "8000000\n");
	assert_file(m, "memory/memory5/phys_index", "00000005\n");
	assert_file(m, "memory/memory5/phys_device", "0\n");
	assert_file(m, "memory/memory5/state", "online\n");
	assert_file(m, "memory/memory5/valid_zones", "DMA32\n");
	assert_file(m, "memory/memory0/valid_zones", "none\n");
	assert_file(m, "memory/memory5/removable", "1\n");
	assert_file(m, "memory/memory0/removable", "0\n");
	ck_assert_int_eq(proc_write(m, "memory/memory5/state", "offline"), 0);
	assert_file(m, "memory/memory5/state", "offline\n");
	ck_assert_int_eq(proc_write(m, "memory/memory5/state", "offline"), -EINVAL);
	ck_assert_int_eq(proc_write(m, "memory/memory5/state", "gone"), -EINVAL);
	ck_assert_int_eq(proc_write(m, "memory/memory7/state", "offline"), -EBUSY);
	ck_assert_int_eq(proc_write(m, "memory/memory8/state", "online"), -ENOENT);
	ck_assert_str_eq(m->kmsg.s, "[    0.000000] Offlined Pages 32768\n");
	ck_assert_int_eq(proc_write(m, "memory/memory5/state", "online"), 0);
	assert_audit(m);

	ck_assert_int_eq(proc_write(m, "memory/probe", "0x100000"), -EINVAL);
	ck_assert_int_eq(proc_write(m, "memory/probe", "0x100000000"), 0);
	ck_assert_int_eq(proc_write(m, "memory/probe", "0x100000000"), -EEXIST);
	assert_file(m, "memory/memory32/state", "offline\n");
	assert_file(m, "memory/memory32/valid_zones", "Normal Movable\n");
	strbuf_reset(&m->kmsg);
	ck_assert_int_eq(proc_write(m, "memory/memory32/state", "online_movable"), 0);
	assert_file(m, "memory/memory32/valid_zones", "Movable Normal\n");
	ck_assert_ptr_nonnull(strstr(m->kmsg.s, "] Built 1 zonelists in Node order"));
	ck_assert_int_eq(proc_list(m, "/sys/devices/system/memory", &b), 0);
	ck_assert_str_eq(b.s, "block_size_bytes\nmemory0/\nmemory1/\nmemory2/\nmemory3/\nmemory4/\n"
			      "memory5/\nmemory6/\nmemory7/\nmemory32/\nprobe\n");
	assert_audit(m);
	strbuf_free(&b);
	machine_free(m);
}
END_TEST

START_TEST(isolate_in_pagetypeinfo)
{
	struct machine *m = boot_line("arch=amd64 mem=1G hotplug=on");
	char *text = proc_text(m, "pagetypeinfo");

	ck_assert_ptr_nonnull(strstr(text, "  HighAtomic      Isolate \n"));
	free(text);
	machine_free(m);
	/* hot-added memory far away: what lies between is no memory */
	m = boot_line("arch=amd64 mem=1G");
	ck_assert_int_eq(proc_write(m, "memory/probe", "0x80000000000"), 0);
	ck_assert_int_eq(proc_write(m, "memory/memory65536/state", "online"), 0);
	text = proc_text(m, "pagetypeinfo");
	ck_assert_ptr_nonnull(strstr(text, "Node 0, zone   Normal            0           32"));
	free(text);
	assert_audit(m);
	machine_free(m);
}
END_TEST

Suite *node_suite(void)
{
	Suite *s = suite_create("node");
	TCase *t = tcase_create("node");

	tcase_add_test(t, nodes);
	tcase_add_test(t, node_meminfo);
	tcase_add_test(t, numastat_file);
	tcase_add_test(t, not_there);
	tcase_add_test(t, zonelist_order);
	tcase_add_test(t, ratios);
	tcase_add_test(t, zone_reclaim_mode);
	tcase_add_test(t, memory_blocks);
	tcase_add_test(t, isolate_in_pagetypeinfo);
	suite_add_tcase(s, t);
	return s;
}
