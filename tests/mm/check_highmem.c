/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pkmap window and the atomic slots (highmem.md). */
#include "fixture.h"

#include <errno.h>
#include <mmsh/highmem.h>
#include <mmsh/pgtable.h>

#define X 230000
#define Y 230001
#define Z 230002
#define W 240000
#define LOW 0x1234

static vaddr_t map(struct machine *m, pfn_t pfn)
{
	vaddr_t addr = 0;
	struct mm_error e = {""};

	ck_assert_int_eq(kmap(m, pfn, &addr), 0);
	ck_assert_msg(!highmem_audit(m, &e), "%s", e.text);
	return addr;
}

/* highmem.md 7 */
START_TEST(worked_example)
{
	struct machine *m = boot_line("mem=1G");
	const uint16_t *count = m->pkmap->count;

	ck_assert_uint_eq(map(m, X), 0xFF801000);
	ck_assert_uint_eq(map(m, Y), 0xFF802000);
	ck_assert_uint_eq(map(m, X), 0xFF801000);
	ck_assert_uint_eq(count[1], 3);
	ck_assert_uint_eq(map(m, LOW), 0xC1234000);
	ck_assert_int_eq(kunmap(m, X), 0);
	ck_assert_int_eq(kunmap(m, Y), 0);
	ck_assert_uint_eq(count[2], 1);
	ck_assert_uint_eq(map(m, Z), 0xFF803000);
	ck_assert_uint_eq(map(m, Y), 0xFF802000);
	ck_assert_int_eq(kunmap(m, Y), 0);
	for (pfn_t i = 0; i < 1020; i++) {
		ck_assert_uint_eq(map(m, 231000 + i), 0xFF804000 + i * PAGE_SIZE);
		ck_assert_int_eq(kunmap(m, 231000 + i), 0);
	}
	ck_assert_uint_eq(map(m, W), 0xFF800000);
	ck_assert_uint_eq(count[2], 0);
	ck_assert_uint_eq(map(m, Y), 0xFF802000);
	ck_assert_uint_eq(m->pkmap->last_nr, 2);
	machine_free(m);
}
END_TEST

/* Bytes written through the window reach the page. */
START_TEST(window_maps)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t addr = map(m, X);

	*kernel_addr_to_host(m, addr + 7) = 0x5A;
	ck_assert_uint_eq(*((unsigned char *)phys_to_host(m, PFN_PHYS(X)) + 7), 0x5A);
	ck_assert_int_eq(kunmap(m, X), 0);
	ck_assert_uint_eq(page_address(m, X), addr);
	ck_assert_ptr_nonnull(kernel_addr_to_host(m, addr));
	ck_assert_uint_eq(kmap_flush_unused(m), 1);
	ck_assert_uint_eq(page_address(m, X), 0);
	ck_assert_ptr_null(kernel_addr_to_host(m, addr));
	machine_free(m);
}
END_TEST

/* A full window: callers sleep in order and are served as slots come back. */
START_TEST(full_window)
{
	struct machine *m = boot_line("mem=1G");
	struct trace_buffer woken;
	vaddr_t addr;

	ck_assert_int_eq(trace_buffer_init(&woken, 8, TRACE_BIT(TRACE_KMAP_WOKEN)), 0);
	trace_attach(m, &woken.l);
	for (pfn_t i = 0; i < 1024; i++)
		map(m, 231000 + i);
	ck_assert_int_eq(kmap(m, X, &addr), -EWOULDBLOCK);
	ck_assert_int_eq(kmap(m, Y, &addr), -EWOULDBLOCK);
	ck_assert_uint_eq(m->pkmap->nr_waiting, 2);
	/* a page that is mapped needs no slot */
	ck_assert_int_eq(kmap(m, 231005, &addr), 0);
	ck_assert_int_eq(kunmap(m, 231005), 0);
	ck_assert_uint_eq(woken.n, 0);
	ck_assert_int_eq(kunmap(m, 231005), 0);
	ck_assert_uint_eq(woken.n, 1);
	ck_assert_uint_eq(woken.ev[0].pfn, X);
	ck_assert_uint_eq(m->pkmap->nr_waiting, 1);
	ck_assert_int_eq(kunmap(m, X), 0);
	ck_assert_uint_eq(page_address(m, Y), (vaddr_t)woken.ev[1].a);
	trace_detach(m, &woken.l);
	trace_buffer_free(&woken);
	machine_free(m);
}
END_TEST

START_TEST(too_many_sleepers)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t addr;

	for (pfn_t i = 0; i < 1024; i++)
		map(m, 231000 + i);
	for (pfn_t i = 0; i < PKMAP_WAITERS; i++)
		ck_assert_int_eq(kmap(m, 233000 + i, &addr), -EWOULDBLOCK);
	ck_assert_int_eq(kmap(m, X, &addr), -EBUSY);
	machine_free(m);
}
END_TEST

/* highmem.md 8.4 */
START_TEST(atomic_example)
{
	struct machine *m = boot_line("mem=1G cpus=4");
	vaddr_t x, low, y;

	ck_assert_int_eq(machine_set_cpu(m, 1), 0);
	ck_assert_int_eq(kmap_atomic(m, X, &x), 0);
	ck_assert_int_eq(kmap_atomic(m, LOW, &low), 0);
	ck_assert_int_eq(kmap_atomic(m, Y, &y), 0);
	ck_assert_uint_eq(x, 0xFFFA6000);
	ck_assert_uint_eq(low, 0xC1234000);
	ck_assert_uint_eq(y, 0xFFFA5000);
	ck_assert_int_eq(kunmap_atomic(m, x), -EINVAL);
	ck_assert_int_eq(kunmap_atomic(m, y), 0);
	ck_assert_int_eq(kunmap_atomic(m, low), 0);
	ck_assert_int_eq(kunmap_atomic(m, x), 0);
	ck_assert_int_eq(kunmap_atomic(m, x), -EINVAL);
	ck_assert_ptr_null(kernel_addr_to_host(m, x));
	machine_free(m);
}
END_TEST

START_TEST(atomic_depth)
{
	struct machine *m = boot_line("mem=1G");
	vaddr_t addr;

	for (unsigned i = 0; i < KM_TYPE_NR; i++) {
		ck_assert_int_eq(kmap_atomic(m, X, &addr), 0);
		ck_assert_uint_eq(addr, 0xFFFBA000 - i * PAGE_SIZE);
	}
	ck_assert_int_eq(kmap_atomic(m, X, &addr), -ENOSPC);
	machine_free(m);
}
END_TEST

START_TEST(refusals)
{
	struct machine *m = boot_line("mem=1G"), *big = boot_line("arch=amd64 mem=1G");
	vaddr_t addr;

	ck_assert_int_eq(kunmap(m, X), -EINVAL);
	map(m, X);
	ck_assert_int_eq(kunmap(m, X), 0);
	ck_assert_int_eq(kunmap(m, X), -EINVAL);
	ck_assert_int_eq(kunmap(m, LOW), 0);
	/* without high memory there is nothing to do */
	ck_assert_int_eq(kmap(big, X, &addr), 0);
	ck_assert_uint_eq(addr, 0xFFFF880000000000 + PFN_PHYS(X));
	ck_assert_int_eq(kmap_atomic(big, X, &addr), 0);
	ck_assert_int_eq(kunmap_atomic(big, addr), 0);
	machine_free(m);
	machine_free(big);
}
END_TEST

START_TEST(audit_finds)
{
	struct machine *m = boot_line("mem=1G");
	struct mm_error e;

	map(m, X);
	pgtable_set(m, m->swapper_pg_dir, 0xFF801000, PFN_PHYS(Y) | PAGE_KERNEL);
	ck_assert_int_eq(highmem_audit(m, &e), -EUCLEAN);
	pgtable_set(m, m->swapper_pg_dir, 0xFF801000, PFN_PHYS(X) | PAGE_KERNEL);
	pgtable_set(m, m->swapper_pg_dir, 0xFF805000, PFN_PHYS(Y) | PAGE_KERNEL);
	ck_assert_int_eq(highmem_audit(m, &e), -EUCLEAN);
	machine_free(m);
}
END_TEST

/* The direct map: large pages but for the first and the odd tail (kernel-layout.md 8). */
START_TEST(direct_map)
{
	static const struct {
		const char *line;
		vaddr_t va;
		unsigned steps;
		uint64_t entry;
	} cases[] = {
		{"mem=1G", 0xC0001000, 2, 0x1000 | PAGE_KERNEL},
		{"mem=1G", 0xC0400000, 1, 0x400000 | PAGE_KERNEL_LARGE},
		{"mem=1G", 0xF77FD000, 2, 0x377FD000 | PAGE_KERNEL},
		{"arch=ia32-pae mem=1G", 0xC0200000, 2, 0x200000 | PAGE_KERNEL_LARGE},
		{"arch=ia32-pae mem=1G", 0xF7BFD000, 3, 0x37BFD000 | PAGE_KERNEL},
		{"arch=amd64 mem=1G", 0xFFFF880000200000, 3, 0x200000 | PAGE_KERNEL_LARGE | _PAGE_NX},
		{"mem=1G split=2G", 0x80400000, 1, 0x400000 | PAGE_KERNEL_LARGE},
	};
	struct machine *m = boot_line(cases[_i].line);
	struct pgtable_step steps[PGT_MAX_LEVELS];
	unsigned n = pgtable_walk(m, m->swapper_pg_dir, cases[_i].va, steps);

	ck_assert_uint_eq(n, cases[_i].steps);
	ck_assert_uint_eq(steps[n - 1].entry, cases[_i].entry);
	ck_assert_int_eq(pgtable_set(m, m->swapper_pg_dir, cases[_i].va, PAGE_KERNEL),
			 steps[n - 1].entry & _PAGE_PSE ? -EBUSY : 0);
	machine_free(m);
}
END_TEST

/* Whatever an entry says, a walk stays inside the machine. */
START_TEST(corrupt_tables)
{
	struct machine *m = boot_line("mem=1G");
	struct pgtable_step steps[PGT_MAX_LEVELS];
	uint32_t *pgd = phys_to_host(m, m->swapper_pg_dir);

	pgd[0xF8000000 >> 22] = 0xFFFFF067;
	ck_assert_uint_eq(pgtable_walk(m, m->swapper_pg_dir, 0xF8000000, steps), 2);
	ck_assert_uint_eq(steps[1].entry, 0);
	ck_assert_ptr_null(kernel_addr_to_host(m, 0xF8000000));
	pgd[0xF8000000 >> 22] = 0xFFC00000 | PAGE_KERNEL_LARGE;
	ck_assert_ptr_null(kernel_addr_to_host(m, 0xF8000000));
	machine_free(m);
}
END_TEST

Suite *highmem_suite(void);
Suite *highmem_suite(void)
{
	Suite *s = suite_create("highmem");
	TCase *tc = tcase_create("highmem");

	tcase_add_test(tc, worked_example);
	tcase_add_test(tc, window_maps);
	tcase_add_test(tc, full_window);
	tcase_add_test(tc, too_many_sleepers);
	tcase_add_test(tc, atomic_example);
	tcase_add_test(tc, atomic_depth);
	tcase_add_test(tc, refusals);
	tcase_add_test(tc, audit_finds);
	tcase_add_loop_test(tc, direct_map, 0, 7);
	tcase_add_test(tc, corrupt_tables);
	suite_add_tcase(s, tc);
	return s;
}
