/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mm/program.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void program_start(struct program *p, const char *line)
{
	*p = (struct program){.m = boot_line(line)};
	p->file = file_create(p->m, &fs_disk, "/bin/demo", 8, 1, 131203, 0x2000);
	p->ld = file_create(p->m, &fs_disk, "/lib/ld.so", 8, 1, 131204, 0x24000);
	p->image = (struct elf_image){.file = p->file, .gnu_stack = true, .nr_load = 2,
				      .load = {{5, 0, 0x08048000, 0x5C0, 0x5C0},
					       {6, 0xF08, 0x08049F08, 0xF0, 0x140}}};
	p->interp = (struct elf_image){.file = p->ld, .dyn = true, .gnu_stack = true, .nr_load = 2,
				       .load = {{5, 0, 0, 0x22B3C, 0x22B3C},
						{6, 0x22CA0, 0x23CA0, 0x884, 0x944}}};
	p->params = (struct exec_params){.comm = "demo", .image = &p->image, .interp = &p->interp,
					 .arg_bytes = 20, .env_bytes = 100, .argc = 1, .envc = 3};
	p->t = task_new(p->m, NULL, "init");
	ck_assert_ptr_nonnull(p->t);
	ck_assert_int_eq(task_exec(p->m, p->t, &p->params), 0);
	assert_audit(p->m);
}

/* RAM that is taken to be zero, mapped, free or not yet used. */
static void assert_untouched_is_zero(const struct machine *m)
{
	static const unsigned char zero[PAGE_SIZE];

	for (pfn_t pfn = 0; pfn < m->max_pfn && m->max_pfn <= 96 << 8; pfn++)
		if (!page_is_reserved(m, pfn) && !ram_touched(m, pfn))
			ck_assert_msg(!memcmp(phys_to_host(m, PFN_PHYS(pfn)), zero, PAGE_SIZE),
				      "pfn %u holds bytes that nobody wrote", pfn);
}

void program_end(struct program *p)
{
	const struct mm_system *s = p->m->mm;
	struct task_struct *t;

	assert_audit(p->m);
	while ((t = LIST_FIRST(&s->tasks)))
		task_exit(p->m, t);
	truncate_pages(p->m, p->file, 0);
	truncate_pages(p->m, p->ld, 0);
	assert_audit(p->m);
	assert_untouched_is_zero(p->m);
	ck_assert_uint_eq(s->vma_pool.live + s->mm_pool.live + s->anon_vma_pool.live + s->avc_pool.live +
				  s->file_pool.live + s->task_pool.live + s->node_pool.live,
			  0);
	ck_assert_int_eq(s->committed, s->stray);
	machine_free(p->m);
}

vaddr_t map_at(struct program *p, vaddr_t addr, uint64_t pages, unsigned prot, unsigned flags)
{
	int64_t got = sys_mmap(p->m, p->t, addr, PFN_PHYS(pages), prot, flags | (addr ? MAP_FIXED : 0), NULL, 0);

	ck_assert_msg(got > 0, "mmap: %s", strerror((int)-got));
	return (vaddr_t)got;
}

struct fault_report touch(struct program *p, struct task_struct *t, vaddr_t va, unsigned flags)
{
	struct fault_report r;
	int err = task_touch(p->m, t, va, flags, &r);

	ck_assert_msg(!err, "0x%llx: %s, signal %d", (unsigned long long)va, strerror(-err), r.signal);
	return r;
}

void assert_areas(struct task_struct *t, vaddr_t start, vaddr_t end, const char *want)
{
	struct strbuf b = STRBUF_INIT;

	for (const struct vm_area_struct *v = t->mm->mmap; v; v = v->vm_next) {
		uint32_t f = v->vm_flags;

		if (v->vm_end <= start || v->vm_start >= end)
			continue;
		strbuf_addf(&b, "%s%llx-%llx %c%c%c%c", b.len ? "," : "", (unsigned long long)v->vm_start,
			    (unsigned long long)v->vm_end, f & VM_READ ? 'r' : '-', f & VM_WRITE ? 'w' : '-',
			    f & VM_EXEC ? 'x' : '-', f & VM_MAYSHARE ? 's' : 'p');
	}
	ck_assert_str_eq(strbuf_str(&b), want);
	strbuf_free(&b);
}

char *task_text(struct program *p, struct task_struct *t, const char *name)
{
	struct strbuf b = STRBUF_INIT;

	task_file_find(name)->show(p->m, t, &b);
	ck_assert(!b.failed);
	return b.s ? b.s : strdup("");
}
