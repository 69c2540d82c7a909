/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"
#include "mm/program.h"
#include "proc/capture.h"

#include <mmsh/page_alloc.h>
#include <string.h>

static uint64_t number(const struct machine *m, const char *file, pfn_t pfn)
{
	uint64_t n = 0;

	ck_assert_uint_eq(proc_find(file)->read(m, proc_find(file), pfn * 8ull, &n, 8), 8);
	return n;
}

#define BUDDY (1ull << 10)
#define COMPOUND_HEAD (1ull << 15)
#define COMPOUND_TAIL (1ull << 16)

START_TEST(flags)
{
	struct machine *m = boot_mib(64);
	pfn_t top = zone_find(m, 0, "Normal")->free_area[10].free_list[MIGRATE_MOVABLE].head;
	int64_t pfn = alloc_pages(m, GFP_KERNEL | __GFP_COMP, 2);

	ck_assert_int_ge(pfn, 0);
	ck_assert_uint_eq(number(m, "kpageflags", (pfn_t)pfn), COMPOUND_HEAD);
	ck_assert_uint_eq(number(m, "kpageflags", (pfn_t)pfn + 3), COMPOUND_TAIL);
	ck_assert_uint_eq(number(m, "kpagecount", (pfn_t)pfn), 0);
	__free_pages(m, (pfn_t)pfn, 2);
	/* the mark of a free block's head stands where the count is */
	ck_assert_uint_eq(number(m, "kpageflags", top), BUDDY);
	ck_assert_uint_eq(number(m, "kpagecount", top), (uint64_t)-127);
	ck_assert_uint_eq(number(m, "kpageflags", top + 1), 0);
	machine_free(m);
}
END_TEST

/* proc-maps.md 7: what the pages of a program are. */
START_TEST(user_pages)
{
	struct task_struct *child;
	struct fault_report r;
	struct program p;
	vaddr_t va;

	program_start(&p, "mem=64M");
	va = map_at(&p, 0, 2, RW, ANON);
	r = touch(&p, p.t, va, FAULT_WRITE);
	ck_assert_uint_eq(number(p.m, "kpageflags", r.pfn), 0x5868);
	ck_assert_uint_eq(number(p.m, "kpagecount", r.pfn), 1);
	ck_assert_int_eq(task_fork(p.m, p.t, &child), 0);
	ck_assert_uint_eq(number(p.m, "kpagecount", r.pfn), 2);
	task_exit(p.m, child);
	ck_assert_int_eq(sys_munmap(p.m, p.t, va, PAGE_SIZE), 0);
	ck_assert_uint_eq(number(p.m, "kpageflags", r.pfn) & 0x1028, 0);
	r = touch(&p, p.t, va + PAGE_SIZE, 0);
	ck_assert_uint_eq(number(p.m, "kpageflags", r.pfn), 1ull << 24 | 1ull << 32);
	ck_assert_uint_eq(number(p.m, "kpagecount", r.pfn), 0);
	r = touch(&p, p.t, 0x08048000, 0);
	/* referenced only once the program lets it go */
	ck_assert_uint_eq(number(p.m, "kpageflags", r.pfn), 0x828);
	task_exit(p.m, p.t);
	ck_assert_uint_eq(number(p.m, "kpageflags", r.pfn), 0x2c);
	ck_assert_uint_eq(number(p.m, "kpagecount", r.pfn), 0);
	program_end(&p);
}
END_TEST

/* Where the machine has no memory map, there is no page, which says one bit. */
START_TEST(holes)
{
	struct machine *m = boot_line("arch=amd64 mem=5G");
	pfn_t hole = PFN_DOWN(0xf0000000);

	ck_assert_uint_eq(number(m, "kpageflags", hole), 1 << 20);
	ck_assert_uint_eq(number(m, "kpagecount", hole), 0);
	ck_assert_uint_eq(number(m, "kpageflags", 0xa0) & 1ull << 32, 1ull << 32);
	machine_free(m);
}
END_TEST

/* Any offset and length gives the same bytes, and the file ends with the last page. */
START_TEST(pieces)
{
	struct machine *m = boot_mib(64);
	const struct proc_file *f = proc_find("kpageflags");
	uint64_t size = m->max_pfn * 8;
	char whole[4096], piece[100];
	struct strbuf all = STRBUF_INIT;

	ck_assert_uint_eq(f->read(m, f, 8192, whole, sizeof(whole)), sizeof(whole));
	for (unsigned off = 0; off + 7 < sizeof(whole); off += 7) {
		ck_assert_uint_eq(f->read(m, f, 8192 + off, piece, 7), 7);
		ck_assert_mem_eq(piece, whole + off, 7);
	}
	ck_assert_uint_eq(f->read(m, f, size - 10, piece, sizeof(piece)), 10);
	ck_assert_uint_eq(f->read(m, f, size, piece, sizeof(piece)), 0);
	ck_assert_uint_eq(f->read(m, f, UINT64_MAX, piece, sizeof(piece)), 0);
	ck_assert_int_eq(proc_read(m, "kpageflags", &all), 0);
	ck_assert_uint_eq(all.len, size);
	ck_assert_mem_eq(all.s + 8192, whole, sizeof(whole));
	strbuf_free(&all);
	machine_free(m);
}
END_TEST

Suite *kpage_suite(void)
{
	Suite *s = suite_create("kpage");
	TCase *t = tcase_create("kpage");

	tcase_add_test(t, flags);
	tcase_add_test(t, user_pages);
	tcase_add_test(t, holes);
	tcase_add_test(t, pieces);
	suite_add_tcase(s, t);
	return s;
}
