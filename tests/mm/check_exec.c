/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where exec puts a program (address-space.md 2, 3), and what a real file says. */
#include "mm/program.h"
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define P(n) ((uint64_t)(n) << PAGE_SHIFT)

static struct program p;

static void setup(void)
{
	program_start(&p, "mem=64M");
}

static void teardown(void)
{
	program_end(&p);
}

START_TEST(the_worked_example)
{
	const struct mm_struct *mm = p.t->mm;

	assert_areas(p.t, 0, ~0ull,
		     "8048000-8049000 r-xp,8049000-804a000 rw-p,804a000-804b000 rw-p,"
		     "b7fd7000-b7fda000 r--p,b7fda000-b7fdb000 r-xp,b7fdb000-b7ffe000 r-xp,"
		     "b7ffe000-b8000000 rw-p,bffdf000-c0000000 rw-p");
	ck_assert_uint_eq(mm->start_brk, 0x0804B000);
	ck_assert_uint_eq(mm->brk, 0x0804B000);
	ck_assert_uint_eq(mm->total_vm, 77);
	ck_assert_uint_eq(mm->stack_vm, 33);
	ck_assert_uint_eq(mm->shared_vm, 39);
	ck_assert_uint_eq(mm->exec_vm, 36);
	ck_assert_uint_eq(mm->mmap_base, 0xB8000000);
	ck_assert_uint_eq(vma_lookup(p.t->mm, 0x08048000)->vm_flags, 0x875);
	ck_assert_uint_eq(vma_lookup(p.t->mm, 0x08049000)->vm_flags, 0x100873);
	ck_assert_uint_eq(vma_lookup(p.t->mm, 0x0804A000)->vm_flags, 0x100073);
	ck_assert_uint_eq(vma_lookup(p.t->mm, 0xBFFFF000)->vm_flags, 0x100173);
	ck_assert_uint_eq(vma_lookup(p.t->mm, 0xB7FDA000)->vm_flags, 0x40075);
	ck_assert_uint_eq(vma_lookup(p.t->mm, 0xB7FD7000)->vm_flags, 0x4044411);
}
END_TEST

START_TEST(static_and_position_independent)
{
	p.params.interp = NULL;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	assert_areas(p.t, 0xB0000000, 0xBF000000, "b7ffc000-b7fff000 r--p,b7fff000-b8000000 r-xp");
	p.image.dyn = true;
	p.image.load[0].vaddr = 0;
	p.image.load[1].vaddr = 0x1F08;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	/* a loader: just below mmap_base; the vdso below it */
	assert_areas(p.t, 0xB0000000, 0xB7FFD000, "b7ff9000-b7ffc000 r--p,b7ffc000-b7ffd000 r-xp");
	assert_areas(p.t, 0xB7FFD000, 0xB8000000, "b7ffd000-b7ffe000 r-xp,b7ffe000-b7fff000 rw-p,b7fff000-b8000000 rw-p");
	p.params.interp = &p.interp;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	assert_areas(p.t, 0, 0x10000000, "400000-401000 r-xp,401000-402000 rw-p,402000-403000 rw-p");
}
END_TEST

/* A static program that can go anywhere is asked for at no place, whatever its own addresses say. */
START_TEST(no_place_wanted)
{
	p.image.dyn = true;
	p.image.load[0].vaddr = 0x00100000;
	p.image.load[1].vaddr = 0x00101F08;
	p.params.interp = NULL;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	assert_areas(p.t, 0, 0xB7FF0000, "");
	ck_assert_uint_eq(p.t->mm->start_code, 0xB7FFD000);
}
END_TEST

START_TEST(layouts)
{
	static const struct {
		uint64_t stack;
		vaddr_t base;
	} cases[] = {{8 << 20, 0xB8000000}, {256 << 20, 0xB0000000}, {0xB0000000, 0x20000000},
		     {RLIM_INFINITY, 0x40000000}};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		p.t->rlim[RLIMIT_STACK].cur = cases[i].stack;
		ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
		ck_assert_uint_eq(p.t->mm->mmap_base, cases[i].base);
		ck_assert_int_eq(p.t->mm->legacy, cases[i].stack == RLIM_INFINITY);
	}
	p.t->rlim[RLIMIT_STACK].cur = 8 << 20;
	p.t->personality = ADDR_COMPAT_LAYOUT;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	ck_assert_uint_eq(map_any(&p, 1), 0x40029000);
}
END_TEST

START_TEST(stack_that_is_executable)
{
	p.image.gnu_stack = false;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	ck_assert_uint_eq(vma_lookup(p.t->mm, 0xBFFFF000)->vm_flags, 0x100177);
	ck_assert_uint_eq(vma_lookup(p.t->mm, 0x0804A000)->vm_flags, 0x100077);
	ck_assert_uint_eq(vma_lookup(p.t->mm, map_at(&p, 0, 1, PROT_READ, ANON))->vm_flags & 7, 5);
}
END_TEST

/* The same seed, the same places; another exec, others, each in its range. */
START_TEST(randomised)
{
	vaddr_t base[8], stack[8], brk[8];
	unsigned moved = 0;

	p.m->mm->randomize_va_space = 2;
	for (unsigned i = 0; i < 16; i++) {
		if (i == 8)
			p.m->mm->random = 1;
		if (i == 0)
			p.m->mm->random = 1;
		ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
		if (i >= 8) {
			ck_assert_uint_eq(p.t->mm->mmap_base, base[i - 8]);
			ck_assert_uint_eq(p.t->mm->start_stack, stack[i - 8]);
			ck_assert_uint_eq(p.t->mm->brk, brk[i - 8]);
			continue;
		}
		base[i] = p.t->mm->mmap_base;
		stack[i] = p.t->mm->start_stack;
		brk[i] = p.t->mm->brk;
		ck_assert_uint_ge(base[i], 0xB7702000);
		ck_assert_uint_le(base[i], 0xB7801000);
		ck_assert_uint_ge(stack[i], 0xBF7F0000);
		ck_assert_uint_ge(brk[i], 0x0804B000);
		ck_assert_uint_le(brk[i], 0x0A04B000);
		moved += i && base[i] != base[i - 1];
		assert_audit(p.m);
	}
	ck_assert_uint_gt(moved, 4);
	p.t->personality = ADDR_NO_RANDOMIZE;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	ck_assert_uint_eq(p.t->mm->mmap_base, 0xB8000000);
}
END_TEST

/* A 64-bit program's [vdso] keeps to the stack when there is room above it: when it is random. */
START_TEST(of_64_bits)
{
	struct program q;
	const struct vm_area_struct *last;
	unsigned above = 0;

	program_start(&q, "arch=amd64 mem=96M");
	assert_areas(q.t, 0x10000000, ~0ull,
		     "7ffff7fd6000-7ffff7fd9000 r--p,7ffff7fd9000-7ffff7fda000 r-xp,7ffff7fda000-7ffff7ffd000 r-xp,"
		     "7ffff7ffd000-7ffff7fff000 rw-p,7ffffffde000-7ffffffff000 rw-p");
	ck_assert_uint_eq(q.t->mm->nr_pmds, 2);
	q.m->mm->randomize_va_space = 2;
	for (unsigned i = 0; i < 32; i++) {
		vaddr_t stack;

		ck_assert_int_eq(task_exec(q.m, q.t, &q.params), 0);
		last = find_vma(q.t->mm, q.t->mm->highest_vm_end - 1);
		if (!last->special)
			continue;
		above++;
		stack = last->vm_prev->vm_prev->vm_end;
		ck_assert_uint_eq(last->vm_start, q.t->mm->vdso);
		ck_assert_uint_ge(last->vm_prev->vm_start, stack);
		ck_assert_uint_le(last->vm_end, ROUND_UP(stack + P(4), 2ull << 20));
	}
	ck_assert_uint_gt(above, 24);
	program_end(&q);
}
END_TEST

/* A 32-bit program on a 64-bit kernel has the lowest 4 GiB, and so have its children. */
START_TEST(compatibility_mode)
{
	struct task_struct *child;
	struct program q;

	program_start(&q, "arch=amd64 mem=96M");
	q.image.ia32 = true;
	ck_assert_int_eq(task_exec(q.m, q.t, &q.params), 0);
	assert_areas(q.t, 0x10000000, ~0ull,
		     "f7fd5000-f7fd8000 r--p,f7fd8000-f7fd9000 r-xp,f7fd9000-f7ffc000 r-xp,f7ffc000-f7ffe000 rw-p,"
		     "fffdd000-ffffe000 rw-p");
	ck_assert_int_eq(task_fork(q.m, q.t, &child), 0);
	ck_assert_uint_eq(child->mm->task_size, 0xFFFFE000);
	ck_assert_int_eq(sys_mmap(q.m, child, 0x100000000, P(1), RW, ANON | MAP_FIXED, NULL, 0), -ENOMEM);
	q.image.dyn = true;
	q.image.load[0].vaddr = 0;
	q.image.load[1].vaddr = 0x1F08;
	ck_assert_int_eq(task_exec(q.m, q.t, &q.params), 0);
	ck_assert_uint_eq(q.t->mm->start_code, 0x400000);
	q.t->rlim[RLIMIT_STACK].cur = RLIM_INFINITY;
	ck_assert_int_eq(task_exec(q.m, q.t, &q.params), 0);
	ck_assert_uint_eq(q.t->mm->mmap_base, 0x55555000);
	program_end(&q);
}
END_TEST

/* A segment behind one with bss: the bss is there first, the rest of its page cleared. */
START_TEST(bss_between_segments)
{
	struct fault_report r;
	char buf[2] = "";
	size_t done;

	p.params.interp = NULL;
	p.image.nr_load = 3;
	p.image.load[2] = (struct elf_phdr){6, 0x1000, 0x0804D000, 0x800, 0x900};
	for (unsigned i = 0; i < 2; i++) {
		int64_t pfn = page_cache_get(p.m, p.file, i);

		ck_assert_int_ge(pfn, 0);
		memset(phys_to_host(p.m, PFN_PHYS((pfn_t)pfn)), 'f', PAGE_SIZE);
	}
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	assert_areas(p.t, 0, 0x10000000,
		     "8048000-8049000 r-xp,8049000-804a000 rw-p,804a000-804b000 rw-p,804d000-804e000 rw-p");
	ck_assert_int_eq(task_read(p.m, p.t, 0x08049FF7, buf, 2, &done, &r), 0);
	ck_assert_mem_eq(buf, "f", 2);
	ck_assert_uint_eq(p.t->mm->brk, 0x0804E000);
}
END_TEST

/* A position-independent program does not get its interpreter where that was linked to. */
START_TEST(linked_interpreter)
{
	p.interp.load[0].vaddr = 0x50000000;
	p.interp.load[1].vaddr = 0x50023CA0;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	assert_areas(p.t, 0x10000000, 0xA0000000, "50000000-50023000 r-xp,50023000-50025000 rw-p");
	p.image.dyn = true;
	p.image.load[0].vaddr = 0;
	p.image.load[1].vaddr = 0x1F08;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	assert_areas(p.t, 0x10000000, 0xA0000000, "");
}
END_TEST

/* Strings beyond 128 KiB, by whole pages and with the pointers to them, have a quarter of the
   stack. */
START_TEST(many_strings)
{
	p.t->rlim[RLIMIT_STACK].cur = 256 << 10;
	p.params.arg_bytes = 31 << PAGE_SHIFT;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), -E2BIG);
	p.params.argc = p.params.envc = 0;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	p.t->rlim[RLIMIT_STACK].cur = 528 << 10;
	p.params.argc = 1024;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	p.params.argc++;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), -E2BIG);
}
END_TEST

START_TEST(refused)
{
	char *before, *after;

	before = task_text(&p, p.t, "maps");
	p.params.arg_bytes = 7 << 20;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), -E2BIG);
	p.params.arg_bytes = 20;
	p.image.load[0].vaddr = 0xC0000000;
	ck_assert_int_lt(task_exec(p.m, p.t, &p.params), 0);
	p.image.nr_load = 0;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), -ENOEXEC);
	after = task_text(&p, p.t, "maps");
	ck_assert_str_eq(before, after);
	assert_audit(p.m);
	free(before);
	free(after);
}
END_TEST

START_TEST(a_real_file)
{
	struct {
		Elf32_Ehdr eh;
		Elf32_Phdr ph[3];
	} f = {.eh = {.e_ident = ELFMAG, .e_type = ET_EXEC, .e_phoff = sizeof(Elf32_Ehdr), .e_phnum = 3},
	       .ph = {{.p_type = PT_LOAD, .p_vaddr = 0x08048000, .p_filesz = 100, .p_memsz = 100, .p_flags = PF_R | PF_X},
		      {.p_type = PT_LOAD, .p_vaddr = 0x0804A010, .p_offset = 0x1010, .p_filesz = 8, .p_memsz = 0x3000,
		       .p_flags = PF_R | PF_W},
		      {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W}}};
	struct elf_image img;
	struct mm_error e;

	f.eh.e_ident[EI_CLASS] = ELFCLASS32;
	f.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	ck_assert_int_eq(elf_parse(&f, sizeof(f), &img, &e), 0);
	ck_assert_uint_eq(img.nr_load, 2);
	ck_assert(img.gnu_stack && !img.stack_exec && !img.dyn && img.ia32);
	img.file = p.file;
	p.image = img;
	p.params.interp = NULL;
	ck_assert_int_eq(task_exec(p.m, p.t, &p.params), 0);
	assert_areas(p.t, 0, 0x10000000, "8048000-8049000 r-xp,804a000-804b000 rw-p,804b000-804e000 rw-p");
	for (size_t len = 0; len < sizeof(f); len++)
		ck_assert_int_eq(elf_parse(&f, len, &img, &e), -ENOEXEC);
	f.ph[1].p_memsz = 4;
	ck_assert_int_eq(elf_parse(&f, sizeof(f), &img, &e), -ENOEXEC);
	f.eh.e_type = ET_REL;
	ck_assert_int_eq(elf_parse(&f, sizeof(f), &img, &e), -ENOEXEC);
}
END_TEST

Suite *exec_suite(void)
{
	Suite *s = suite_create("exec");
	TCase *tc = tcase_create("exec");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_worked_example);
	tcase_add_test(tc, static_and_position_independent);
	tcase_add_test(tc, no_place_wanted);
	tcase_add_test(tc, layouts);
	tcase_add_test(tc, stack_that_is_executable);
	tcase_add_test(tc, randomised);
	tcase_add_test(tc, of_64_bits);
	tcase_add_test(tc, compatibility_mode);
	tcase_add_test(tc, bss_between_segments);
	tcase_add_test(tc, linked_interpreter);
	tcase_add_test(tc, many_strings);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, a_real_file);
	suite_add_tcase(s, tc);
	return s;
}
