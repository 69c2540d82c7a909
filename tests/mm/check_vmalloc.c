/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of kernel addresses: where they go, lazily freed ones, blocks (vmalloc.md). */
#include "fixture.h"

#include <errno.h>
#include <mmsh/pgtable.h>
#include <mmsh/vmalloc.h>
#include <stdlib.h>
#include <string.h>

#define K (1ull << 10)
#define DEVICE 0xFEB00000ull

static vaddr_t area_of(struct machine *m, uint64_t bytes)
{
	vaddr_t addr = 0;

	ck_assert_int_eq(vmalloc(m, bytes, VMALLOC_GFP, "test+0x0/0x1", &addr), 0);
	return addr;
}

static vaddr_t map_device(struct machine *m, uint64_t bytes)
{
	vaddr_t addr = 0;

	ck_assert_int_eq(ioremap(m, DEVICE, bytes, "test+0x0/0x1", &addr, NULL), 0);
	return addr;
}

static vaddr_t map_ram(struct machine *m, unsigned pages)
{
	vaddr_t addr = 0;

	ck_assert_int_eq(vm_map_ram(m, NULL, pages, &addr), 0);
	return addr;
}

static vaddr_t cache_start(const struct machine *m)
{
	return m->vmalloc->free_vmap_cache ? m->vmalloc->free_vmap_cache->start : 0;
}

static void assert_vmap(const struct machine *m)
{
	struct mm_error e = {""};

	ck_assert_msg(!vmalloc_audit(m, &e), "%s", e.text);
	assert_audit(m);
}

/* vmalloc.md 2.3 */
START_TEST(worked_example_1)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t a, b;

	ck_assert_uint_eq(a = area_of(m, 16 * K), 0xF7FFE000);
	ck_assert_uint_eq(b = area_of(m, 4 * K), 0xF8003000);
	ck_assert_uint_eq(area_of(m, 64 * K), 0xF8005000);
	ck_assert_int_eq(vfree(m, b, NULL), 0);
	ck_assert_uint_eq(m->vmalloc->lazy_nr, 2);
	ck_assert_uint_eq(area_of(m, 4 * K), 0xF8016000);
	ck_assert_uint_eq(map_device(m, 4 * K), 0xF8018000);
	ck_assert_uint_eq(m->vmalloc->cached_align, 0x2000);
	ck_assert_uint_eq(area_of(m, 4 * K), 0xF801A000);
	ck_assert_uint_eq(map_device(m, 64 * K), 0xF8020000);
	ck_assert_uint_eq(area_of(m, 4 * K), 0xF801C000);
	ck_assert_uint_eq(purge_vmap_area_lazy(m), 2);
	ck_assert_uint_eq(cache_start(m), a);
	ck_assert_uint_eq(area_of(m, 4 * K), 0xF8003000);
	ck_assert_uint_eq(area_of(m, 8 * K), 0xF8031000);
	ck_assert_uint_eq(m->vmalloc->cached_hole_size, 0x2000);
	ck_assert_uint_eq(area_of(m, 4 * K), 0xF8034000);
	assert_vmap(m);
	machine_free(m);
}
END_TEST

/* vmalloc.md 2.4: an exact fit is not looked for. */
START_TEST(worked_example_2)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t b;

	area_of(m, 4 * K);
	b = area_of(m, 8 * K);
	area_of(m, 4 * K);
	ck_assert_uint_eq(area_of(m, 8 * K), 0xF8005000);
	ck_assert_int_eq(vfree(m, b, NULL), 0);
	purge_vmap_area_lazy(m);
	ck_assert_uint_eq(area_of(m, 12 * K), 0xF8008000);
	ck_assert_uint_eq(m->vmalloc->cached_hole_size, 0x3000);
	ck_assert_uint_eq(area_of(m, 8 * K), 0xF800C000);
	ck_assert_uint_eq(area_of(m, 4 * K), 0xF8000000);
	assert_vmap(m);
	machine_free(m);
}
END_TEST

/* vmalloc.md 8.5, with blocks of 512 pages */
START_TEST(blocks)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t a, b, c, d;

	ck_assert_uint_eq(m->vmalloc->block_bits, 512);
	ck_assert_uint_eq(a = map_ram(m, 3), 0xF8000000);
	ck_assert_uint_eq(b = map_ram(m, 1), 0xF8004000);
	ck_assert_uint_eq(c = map_ram(m, 2), 0xF8005000);
	ck_assert_uint_eq(find_vmap_area(m, a)->block->free, 505);
	ck_assert_int_eq(vm_unmap_ram(m, a, 3, NULL), 0);
	ck_assert_uint_eq(d = map_ram(m, 4), 0xF8007000);
	ck_assert_int_eq(vm_unmap_ram(m, b, 1, NULL), 0);
	ck_assert_int_eq(vm_unmap_ram(m, c, 2, NULL), 0);
	ck_assert_int_eq(vm_unmap_ram(m, d, 4, NULL), 0);
	ck_assert_ptr_nonnull(find_vmap_area(m, a));
	ck_assert_uint_eq(purge_vmap_area_lazy(m), 512);
	ck_assert_ptr_null(find_vmap_area(m, a));
	ck_assert_uint_eq(area_of(m, 4 * K), 0xF7FFE000);
	/* more than a block takes: an area of its own, without a guard page */
	ck_assert_uint_eq(a = map_ram(m, 33), 0xF8000000);
	ck_assert_uint_eq(find_vmap_area(m, a)->end - a, 33 * PAGE_SIZE);
	ck_assert_int_eq(vm_unmap_ram(m, a, 32, NULL), -EINVAL);
	ck_assert_int_eq(vm_unmap_ram(m, a, 33, NULL), 0);
	assert_vmap(m);
	machine_free(m);
}
END_TEST

/* A block whose parts were all handed out and all came back goes at once. */
START_TEST(block_used_up)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t part[16];

	for (int i = 0; i < 16; i++)
		part[i] = map_ram(m, 32);
	ck_assert(!find_vmap_area(m, part[0])->block->queued);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(vm_unmap_ram(m, part[i], 32, NULL), 0);
	ck_assert_uint_eq(m->vmalloc->lazy_nr, 512);
	machine_free(m);
}
END_TEST

/* Pages are mapped in order, the guard page is not, and bytes written there reach them. */
START_TEST(pages_are_mapped)
{
	struct machine *m = boot_line("mem=1G");
	long before = free_pages(m, zone_of(m, "HighMem"));
	vaddr_t a = area_of(m, 5 * PAGE_SIZE);
	phys_t pa;
	uint64_t entry;
	struct vm_struct *vm = find_vmap_area(m, a)->vm;
	pfn_t pfn = vm->first;

	ck_assert_uint_eq(vm->nr_pages, 5);
	for (unsigned i = 0; i < 5; i++, pfn = pfn_to_page(m, pfn)->lru.next) {
		ck_assert(pgtable_lookup(m, m->swapper_pg_dir, a + i * PAGE_SIZE + 5, &pa, &entry));
		ck_assert_uint_eq(pa, PFN_PHYS(pfn) + 5);
		ck_assert_uint_eq(entry & 0xFFF, PAGE_KERNEL);
		*kernel_addr_to_host(m, a + i * PAGE_SIZE + 5) = (unsigned char)(0xA0 + i);
		ck_assert_uint_eq(*(unsigned char *)phys_to_host(m, pa), 0xA0 + i);
	}
	ck_assert(!pgtable_lookup(m, m->swapper_pg_dir, a + 5 * PAGE_SIZE, &pa, NULL));
	ck_assert_ptr_null(kernel_addr_to_host(m, a + 5 * PAGE_SIZE));
	assert_vmap(m);
	ck_assert_int_eq(vfree(m, a, NULL), 0);
	ck_assert(!pgtable_lookup(m, m->swapper_pg_dir, a, &pa, NULL));
	drain_all_pages(m);
	ck_assert_int_eq(free_pages(m, zone_of(m, "HighMem")), before);
	assert_vmap(m);
	machine_free(m);
}
END_TEST

/* Too many lazy pages, and the free purges; four CPUs tolerate three times as many. */
START_TEST(lazy_threshold)
{
	struct machine *m = boot_line("mem=512M"), *four = boot_line("mem=512M cpus=4");
	vaddr_t a = area_of(m, 8190 * PAGE_SIZE), b = area_of(m, PAGE_SIZE);

	ck_assert_uint_eq(lazy_max_pages(m), 8192);
	ck_assert_uint_eq(lazy_max_pages(four), 24576);
	ck_assert_int_eq(vfree(m, a, NULL), 0);
	/* 8191 pages of it and its guard, and the 8 + 1 of its page array */
	ck_assert_uint_eq(m->vmalloc->lazy_nr, 0);
	ck_assert_int_eq(vfree(m, b, NULL), 0);
	ck_assert_uint_eq(m->vmalloc->lazy_nr, 2);
	assert_vmap(m);
	machine_free(m);
	machine_free(four);
}
END_TEST

/* A page array of more than a page is a vmalloc of its own, placed after the area. */
START_TEST(nested_page_array)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t a = area_of(m, 1024 * PAGE_SIZE), b = area_of(m, 1025 * PAGE_SIZE);

	ck_assert(!(find_vmap_area(m, a)->vm->flags & VM_VPAGES));
	ck_assert(find_vmap_area(m, b)->vm->flags & VM_VPAGES);
	ck_assert_uint_eq(find_vmap_area(m, b)->vm->pages, b + 1026 * PAGE_SIZE);
	ck_assert_int_eq(vfree(m, b, NULL), 0);
	ck_assert_uint_eq(m->vmalloc->lazy_nr, 1026 + 3);
	assert_vmap(m);
	machine_free(m);
}
END_TEST

START_TEST(vmap_and_ioremap)
{
	struct machine *m = boot_line("mem=1G");
	pfn_t pages[3] = {230000, 5000, 230001};
	struct mm_error e;
	vaddr_t addr;
	phys_t pa;

	ck_assert_int_eq(vmap(m, pages, 3, "", &addr), 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(pgtable_lookup(m, m->swapper_pg_dir, addr + i * PAGE_SIZE, &pa, NULL));
		ck_assert_uint_eq(PFN_DOWN(pa), pages[i]);
	}
	ck_assert_int_eq(vfree(m, addr, &e), -EINVAL);
	ck_assert_int_eq(vunmap(m, addr, &e), 0);
	ck_assert_int_eq(vmap(m, pages, 0, "", &addr), -EINVAL);

	ck_assert_int_eq(ioremap(m, DEVICE + 0x123, 0x10, "", &addr, &e), 0);
	ck_assert_uint_eq(addr & 0xFFF, 0x123);
	ck_assert_int_eq(vunmap(m, addr & ~0xFFFull, &e), -EINVAL);
	ck_assert_int_eq(iounmap(m, addr, &e), 0);
	ck_assert_int_eq(ioremap(m, 0xA0000, 0x1000, "", &addr, &e), 0);
	ck_assert_uint_eq(addr, 0xC00A0000);
	ck_assert_int_eq(iounmap(m, addr, &e), 0);
	ck_assert_int_eq(ioremap(m, 0x2000000, 0x1000, "", &addr, &e), -EINVAL);
	ck_assert_int_eq(ioremap(m, DEVICE, 0, "", &addr, &e), -EINVAL);
	ck_assert_int_eq(ioremap(m, 0x100000000, 0x1000, "", &addr, &e), -EINVAL);
	assert_vmap(m);
	machine_free(m);
}
END_TEST

static const char *vfree_refusal(struct machine *m, vaddr_t addr)
{
	static struct mm_error e;

	ck_assert_int_eq(vfree(m, addr, &e), -EINVAL);
	return e.text;
}

START_TEST(refusals)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t a = area_of(m, 8 * K), addr, ram = map_ram(m, 1);

	ck_assert_str_eq(vfree_refusal(m, a + 1), "0xf7ffe001 is no page address");
	ck_assert_str_eq(vfree_refusal(m, a + PAGE_SIZE), "0xf7fff000 is inside the area at 0xf7ffe000");
	ck_assert_str_eq(vfree_refusal(m, 0xFF000000), "no area holds 0xff000000");
	ck_assert_str_eq(vfree_refusal(m, ram), "0xf8200000 is in a block of vm_map_ram");
	ck_assert_int_eq(vfree(m, a, NULL), 0);
	ck_assert_str_eq(vfree_refusal(m, a), "0xf7ffe000 was freed already: its area waits for a purge");
	ck_assert_int_eq(vmalloc(m, 0, VMALLOC_GFP, "", &addr), -EINVAL);
	ck_assert_int_eq(vmalloc(m, 1ull << 40, VMALLOC_GFP, "", &addr), -EINVAL);
	ck_assert_int_eq(vm_unmap_ram(m, ram, 2, NULL), -EINVAL);
	ck_assert_int_eq(vm_unmap_ram(m, a, 1, NULL), -EINVAL);
	ck_assert_int_eq(vm_map_ram(m, NULL, 0, &addr), -EINVAL);
	machine_free(m);
}
END_TEST

/* More than the range holds: refused after a purge, and nothing is lost. */
START_TEST(exhaustion)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t a = area_of(m, 60 << 20), addr;

	ck_assert_int_eq(vmalloc(m, 64 << 20, VMALLOC_GFP, "", &addr), -EBUSY);
	assert_vmap(m);
	ck_assert_int_eq(vfree(m, a, NULL), 0);
	area_of(m, 64 << 20);
	assert_vmap(m);
	machine_free(m);
}
END_TEST

/* Memory runs out in the middle: the part obtained is given back. */
START_TEST(no_memory)
{
	struct machine *m = boot_line("mem=64M");
	long before = free_pages(m, normal_zone(m));
	vaddr_t addr;

	ck_assert_int_eq(vmalloc(m, 60 << 20, VMALLOC_GFP, "", &addr), -ENOMEM);
	drain_all_pages(m);
	/* page tables of the range stay */
	ck_assert_int_ge(free_pages(m, normal_zone(m)), before - 20);
	assert_vmap(m);
	machine_free(m);
}
END_TEST

static void random_step(struct machine *m, vaddr_t *area, unsigned n)
{
	unsigned i = (unsigned)rand() % n;

	if (area[i] && vfree(m, area[i], NULL) == 0)
		area[i] = 0;
	else if (!area[i] &&
		 vmalloc(m, (uint64_t)(rand() % 200 + 1) << (rand() % 12), VMALLOC_GFP, "", &area[i]))
		area[i] = 0;
	if (rand() % 50 == 0)
		purge_vmap_area_lazy(m);
}

START_TEST(random_walk)
{
	static const char *const shapes[] = {"mem=64M", "mem=1G", "arch=ia32-pae mem=2G cpus=4",
					     "arch=amd64 mem=256M"};
	struct machine *m = boot_line(shapes[_i]);
	vaddr_t area[64] = {0};

	srand(7);
	for (int i = 0; i < 3000; i++) {
		random_step(m, area, ARRAY_SIZE(area));
		if (i % 500 == 0)
			assert_vmap(m);
	}
	assert_vmap(m);
	machine_free(m);
}
END_TEST

/* The audit sees what is planted. */
START_TEST(audit_finds)
{
	struct machine *m = boot_line("mem=64M");
	struct vmap_area *va = find_vmap_area(m, area_of(m, 3 * PAGE_SIZE));
	struct mm_error e;

	pgtable_set(m, m->swapper_pg_dir, va->start + PAGE_SIZE, 0);
	ck_assert_int_eq(vmalloc_audit(m, &e), -EUCLEAN);
	ck_assert_ptr_nonnull(strstr(e.text, "page 1 is not mapped"));
	pgtable_set(m, m->swapper_pg_dir, va->start + PAGE_SIZE,
		    PFN_PHYS(pfn_to_page(m, va->vm->first)->lru.next) | PAGE_KERNEL);
	ck_assert_int_eq(vmalloc_audit(m, &e), 0);
	va->vm->nr_pages++;
	ck_assert_int_eq(vmalloc_audit(m, &e), -EUCLEAN);
	va->vm->nr_pages--;
	m->vmalloc->lazy_nr++;
	ck_assert_int_eq(vmalloc_audit(m, &e), -EUCLEAN);
	machine_free(m);
}
END_TEST

Suite *vmalloc_suite(void);
Suite *vmalloc_suite(void)
{
	Suite *s = suite_create("vmalloc");
	TCase *tc = tcase_create("vmalloc");

	tcase_add_test(tc, worked_example_1);
	tcase_add_test(tc, worked_example_2);
	tcase_add_test(tc, blocks);
	tcase_add_test(tc, block_used_up);
	tcase_add_test(tc, pages_are_mapped);
	tcase_add_test(tc, lazy_threshold);
	tcase_add_test(tc, nested_page_array);
	tcase_add_test(tc, vmap_and_ioremap);
	tcase_add_test(tc, refusals);
	tcase_add_test(tc, exhaustion);
	tcase_add_test(tc, no_memory);
	tcase_add_loop_test(tc, random_walk, 0, 4);
	tcase_add_test(tc, audit_finds);
	suite_add_tcase(s, tc);
	return s;
}
