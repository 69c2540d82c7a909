/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All unit tests: one row a file. tests/FLOOR/check_NAME.c defines
 * `Suite *NAME_suite(void)` and includes this header.
 */
#ifndef TESTS_SUITES_H
#define TESTS_SUITES_H

#include <check.h>

/* clang-format off */
#define SUITES(X) \
	X(arch) \
	X(arena) \
	X(audit) \
	X(bitlist) \
	X(bootline) \
	X(compaction) \
	X(e820) \
	X(e820_text) \
	X(exec) \
	X(expr) \
	X(extfrag) \
	X(fault) \
	X(fork) \
	X(gfp) \
	X(highmem) \
	X(iomem) \
	X(kmsg) \
	X(kpage) \
	X(memory) \
	X(madvise) \
	X(mmap) \
	X(mprotect) \
	X(mremap) \
	X(layout) \
	X(lex) \
	X(machine) \
	X(map) \
	X(memblock) \
	X(memory_hotplug) \
	X(mempolicy) \
	X(mmzone) \
	X(nobootmem) \
	X(node) \
	X(numa) \
	X(page_alloc) \
	X(page_alloc_zones) \
	X(page_blocks) \
	X(page_slow) \
	X(proc) \
	X(proc_files) \
	X(prompt) \
	X(ram) \
	X(self) \
	X(session) \
	X(setup) \
	X(shapes) \
	X(slab) \
	X(slab_common) \
	X(slab_debug_report) \
	X(slab_dump) \
	X(slab_setup) \
	X(slob) \
	X(state) \
	X(strbuf) \
	X(swap) \
	X(slub) \
	X(slub_debug) \
	X(sysctl) \
	X(task) \
	X(trace) \
	X(verify) \
	X(verify_faults) \
	X(verify_mm) \
	X(verify_vmalloc) \
	X(vmalloc) \
	X(vmallocinfo) \
	X(vmscan) \
	X(vmstat) \
	X(walk) \
	X(why) \
	/* end */
/* clang-format on */

#define SUITE_DECLARE(name) Suite *name##_suite(void);
SUITES(SUITE_DECLARE)

#endif
