/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new program in a new address space (address-space.md 2, 3). */
#include "mm.h"
#include <elf.h>
#include <stdio.h>

static const struct special_mapping vvar_mapping = {"[vvar]"}, vdso_mapping = {"[vdso]"};

/* splitmix: R() of the layout, from the machine's seed. */
static uint32_t get_random_int(struct machine *m)
{
	uint64_t z = m->mm->random += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return (uint32_t)(z >> 32);
}

static uint64_t get_random_long(struct machine *m)
{
	uint64_t lo = get_random_int(m);

	return m->arch->bits == 64 ? (uint64_t)get_random_int(m) << 32 | lo : lo;
}

/* What is random, per width of the program's long. */
struct entropy {
	uint64_t mmap, stack_pages, brk;
};
static const struct entropy entropy32 = {1 << 8, 0x7FF, 0x02000000};
static const struct entropy entropy64 = {1 << 28, 0x3FFFFF, 0x02000000};

/* Bytes of the program's long. */
static unsigned word_bytes(const struct machine *m, const struct mm_struct *mm)
{
	return m->arch->bits == 32 || mm->ia32_compat ? 4 : 8;
}

static const struct entropy *entropy_of(const struct machine *m, const struct mm_struct *mm)
{
	return word_bytes(m, mm) == 4 ? &entropy32 : &entropy64;
}

struct exec {
	struct machine *m;
	struct task_struct *t;
	const struct exec_params *p;
	bool rnd;		/* PF_RANDOMIZE */
	struct vm_area_struct *stack;
	vaddr_t sp, entry, load_bias, elf_bss, elf_brk;
	uint32_t stack_exec;
};

/* ---- layout (3) ---- */

static uint64_t mmap_rnd(struct exec *x)
{
	return x->rnd ? (get_random_long(x->m) % entropy_of(x->m, x->t->mm)->mmap) << PAGE_SHIFT : 0;
}

void arch_pick_mmap_layout(struct machine *m, struct task_struct *t, uint64_t rnd, bool randomize)
{
	struct mm_struct *mm = t->mm;
	uint64_t gap = rlimit(t, RLIMIT_STACK), pad = 0;

	if (randomize)
		pad = entropy_of(m, mm)->stack_pages << PAGE_SHIFT;
	mm->mmap_legacy_base = page_up(mm->task_size / 3) + rnd;
	mm->legacy = (t->personality & ADDR_COMPAT_LAYOUT) || gap == RLIM_INFINITY || m->mm->legacy_va_layout;
	pad += 128ull << 20;
	gap = clamp_of(gap, pad, mm->task_size / 6 * 5);
	mm->mmap_base = mm->legacy ? mm->mmap_legacy_base : page_up(mm->task_size - gap - rnd);
	mm_step(m, MM_LAYOUT, mm->mmap_base, gap, rlimit(t, RLIMIT_STACK), rnd,
		.order = !mm->legacy			       ? LAYOUT_TOPDOWN
			 : t->personality & ADDR_COMPAT_LAYOUT ? LAYOUT_PERSONALITY
			 : m->mm->legacy_va_layout	       ? LAYOUT_SYSCTL
							       : LAYOUT_UNLIMITED);
}

/* ---- the stack (2, steps 1 to 8) ---- */

static int stack_begin(struct exec *x)
{
	struct mm_struct *mm = x->t->mm;
	struct vm_area_struct *v = vma_alloc(x->m, mm);

	if (!v)
		return -ENOMEM;
	if (security_vm_enough_memory(x->m, x->t, 1)) {
		vma_free(x->m, v);
		return -ENOMEM;
	}
	v->vm_end = mm->task_size;
	v->vm_start = v->vm_end - PAGE_SIZE;
	v->vm_flags = VM_DATA_FLAGS | VM_GROWSDOWN | VM_ACCOUNT | VM_SEQ_READ | VM_RAND_READ;
	v->vm_pgoff = v->vm_start >> PAGE_SHIFT;
	vma_link(x->m, mm, v, NULL);
	mm->total_vm = mm->stack_vm = 1;
	x->stack = v;
	x->sp = v->vm_end - x->m->arch->bits / 8; /* of the kernel's long */
	return 0;
}

/* @bytes of strings are pushed, a page at a time. */
static int push_strings(struct exec *x, unsigned bytes)
{
	vaddr_t to = x->sp - bytes;

	for (vaddr_t page = page_down(x->sp - 1); bytes && page >= page_down(to); page -= PAGE_SIZE) {
		struct fault_report r;
		int err = page < x->stack->vm_start ? expand_stack(x->m, x->t, x->stack, page) : 0;

		if (!err)
			err = task_touch(x->m, x->t, page, FAULT_WRITE | FAULT_KERNEL, &r);
		if (err)
			return err == -ENOMEM ? err : -E2BIG;
		mark_page_accessed(x->m, r.pfn);
	}
	x->sp = to;
	return 0;
}

static int all_strings(struct exec *x)
{
	const struct exec_params *p = x->p;
	uint64_t limit = min_of(6ull << 20, rlimit(x->t, RLIMIT_STACK) / 4), size;
	unsigned name = (unsigned)strlen(p->comm) + 1;
	int err;

	/* whole pages of the stack, and the pointers that it will hold */
	size = x->stack->vm_end - page_down(x->sp - name - p->env_bytes - p->arg_bytes) +
	       (uint64_t)(x->m->arch->bits / 8) * (p->argc + p->envc);
	if (size > 131072 && size > limit)
		return -E2BIG;
	err = push_strings(x, name);
	if (!err)
		err = push_strings(x, p->env_bytes);
	return err ?: push_strings(x, p->arg_bytes);
}

/* Down by @shift, pages and all; the two places may overlap. Tables left empty go. */
static int shift_stack(struct exec *x, uint64_t shift)
{
	struct vm_area_struct *v = x->stack;
	vaddr_t start = v->vm_start, end = v->vm_end;
	struct mmu_gather *g;

	if (!shift)
		return 0;
	if (anon_vma_prepare(x->m, v))
		return -ENOMEM;
	for (vaddr_t a = start; a < end; a += PAGE_SIZE) /* ascending: never onto itself */
		if (move_page_tables(x->m, v, a, v, a - shift, PAGE_SIZE) != PAGE_SIZE)
			return -ENOMEM;
	g = tlb_gather(x->m, v->vm_mm);
	free_pgtables(x->m, g, max_of(start, end - shift), end, end - shift, 0);
	tlb_finish(x->m, g);
	vma_set_bounds(x->m, v, start - shift, end - shift, v->vm_pgoff);
	x->sp -= shift;
	return 0;
}

static vaddr_t stack_top(struct exec *x)
{
	vaddr_t top = x->t->mm->task_size;

	if (x->rnd)
		top -= (get_random_long(x->m) & entropy_of(x->m, x->t->mm)->stack_pages) << PAGE_SHIFT;
	if (x->rnd)
		top -= get_random_int(x->m) % 8192;
	return page_up(top & ~(vaddr_t)15);
}

static int setup_arg_pages(struct exec *x)
{
	struct mm_struct *mm = x->t->mm;
	struct vm_area_struct *v = x->stack;
	uint64_t lim, extra = 131072, size;
	int err = shift_stack(x, v->vm_end - stack_top(x));

	if (err)
		return err;
	mm->arg_start = x->sp;
	v->vm_flags = (v->vm_flags & ~(VM_SEQ_READ | VM_RAND_READ)) | x->stack_exec;
	change_protection(x->m, v, v->vm_start, v->vm_end);
	size = v->vm_end - v->vm_start;
	lim = page_down(rlimit(x->t, RLIMIT_STACK));
	err = expand_stack(x->m, x->t, v, size + extra > lim ? v->vm_end - lim : v->vm_start - extra);
	mm->start_stack = x->sp;
	return err ? -EFAULT : 0;
}

/* ---- segments (2, steps 9 to 11) ---- */

static uint64_t total_span(const struct elf_image *img)
{
	const struct elf_phdr *last = &img->load[img->nr_load - 1];

	return last->vaddr + last->memsz - page_down(img->load[0].vaddr);
}

/* One segment; @total: the whole image is laid claim to first. */
static int64_t elf_map(struct exec *x, struct file *f, const struct elf_phdr *p, vaddr_t bias,
		       unsigned flags, uint64_t total)
{
	uint64_t size = page_up(p->filesz + (p->vaddr & (PAGE_SIZE - 1)));
	uint64_t off = p->offset - (p->vaddr & (PAGE_SIZE - 1));
	unsigned prot = (p->flags & PF_R ? PROT_READ : 0) | (p->flags & PF_W ? PROT_WRITE : 0) |
			(p->flags & PF_X ? PROT_EXEC : 0);
	vaddr_t addr = page_down(p->vaddr + bias);
	bool populate;
	int64_t at;

	if (!size)
		return (int64_t)addr;
	if (off & (PAGE_SIZE - 1))
		return -EINVAL;
	total = page_up(total);
	at = do_mmap(x->m, x->t, addr, total ? total : size, prot, flags | MAP_PRIVATE | MAP_DENYWRITE, 0, f,
		     off >> PAGE_SHIFT, &populate);
	if (total > size && at >= 0)
		do_munmap(x->m, x->t->mm, (vaddr_t)at + size, total - size);
	return at;
}

/* The bytes behind a segment's file part: the rest of its page is cleared, then pages follow. */
static int set_brk(struct exec *x, vaddr_t start, vaddr_t end)
{
	vaddr_t from = page_up(start), to = page_up(end);

	if (to > from) {
		int64_t err = do_brk(x->m, x->t, from, to - from);

		if (err < 0)
			return (int)err;
	}
	x->t->mm->start_brk = x->t->mm->brk = to;
	return 0;
}

static int clear_tail(struct exec *x, vaddr_t bss, vaddr_t end)
{
	static const unsigned char zero[PAGE_SIZE];
	vaddr_t to = min_of(page_up(bss), end);
	const struct vm_area_struct *v = vma_lookup(x->t->mm, bss);
	struct fault_report r;
	size_t done;

	if (bss < to && (!v || !(v->vm_flags & VM_WRITE)))
		return -EFAULT;
	return bss < to ? task_write(x->m, x->t, bss, zero, to - bss, &done, &r) : 0;
}

struct span {
	vaddr_t start_code, end_code, start_data, end_data, bss, brk;
};

static void span_add(struct span *s, const struct elf_phdr *p, vaddr_t bias)
{
	vaddr_t start = p->vaddr + bias, end = start + p->filesz;

	s->start_code = min_of(s->start_code, start);
	s->start_data = max_of(s->start_data, start);
	if (p->flags & PF_X)
		s->end_code = max_of(s->end_code, end);
	s->end_data = max_of(s->end_data, end);
	s->bss = max_of(s->bss, end);
	s->brk = max_of(s->brk, start + p->memsz);
}

static int load_program(struct exec *x, struct file *f)
{
	const struct elf_image *img = x->p->image;
	struct mm_struct *mm = x->t->mm;
	struct span s = {.start_code = ~(vaddr_t)0};
	vaddr_t bias = 0;
	int err;

	for (unsigned i = 0; i < img->nr_load; i++) {
		const struct elf_phdr *p = &img->load[i];
		unsigned flags = MAP_FIXED;
		uint64_t total = 0;
		int64_t at;

		if (s.brk > s.bss) {
			err = set_brk(x, s.bss, s.brk);
			if (err)
				return err;
			clear_tail(x, s.bss, s.brk); /* a page that cannot be written stays as it is */
		}
		if (img->dyn && !i) {
			total = total_span(img);
			if (!x->p->interp)
				flags = 0;
			else
				bias = mmap_rnd(x) + (word_bytes(x->m, mm) == 8 ? mm->task_size / 3 * 2 : 0x400000);
			bias = page_down(bias - p->vaddr);
		}
		at = elf_map(x, f, p, bias, flags, total);
		if (at < 0)
			return (int)at;
		if (img->dyn && !i)
			bias = (vaddr_t)at - page_down(p->vaddr);
		span_add(&s, p, bias);
	}
	mm->start_code = s.start_code;
	mm->end_code = s.end_code;
	mm->start_data = s.start_data;
	mm->end_data = s.end_data;
	x->load_bias = bias;
	x->entry = img->entry + bias;
	err = set_brk(x, s.bss, s.brk);
	return err ?: s.bss != s.brk ? clear_tail(x, s.bss, page_up(s.bss)) : 0;
}

static int load_interp(struct exec *x)
{
	const struct elf_image *img = x->p->interp;
	struct file *f = file_open(x->m, img->file, FMODE_READ);
	vaddr_t bias = 0, bss = 0, brk = 0;
	int err = f ? 0 : -ENOMEM;

	for (unsigned i = 0; i < img->nr_load && !err; i++) {
		const struct elf_phdr *p = &img->load[i];
		int64_t at;

		/* where the program itself may lie anywhere, its place is no wish either */
		if (!i && img->dyn && x->load_bias)
			bias = -p->vaddr;
		at = elf_map(x, f, p, bias, i || !img->dyn ? MAP_FIXED : 0, i ? 0 : total_span(img));
		if (at < 0)
			err = (int)at;
		else if (!i && img->dyn)
			bias = (vaddr_t)at - page_down(p->vaddr);
		bss = max_of(bss, p->vaddr + bias + p->filesz);
		brk = max_of(brk, p->vaddr + bias + p->memsz);
	}
	if (!err && bss != brk)
		err = clear_tail(x, bss, page_up(bss));
	if (!err && page_up(brk) > page_up(bss)) {
		int64_t got = do_brk(x->m, x->t, page_up(bss), page_up(brk) - page_up(bss));

		err = got < 0 ? (int)got : 0;
	}
	x->entry = img->entry + bias;
	if (f)
		fput(x->m, f);
	return err;
}

/* ---- vdso (2.2) ---- */

/* 64-bit programs: somewhere between the stack and the end of its large page. */
static vaddr_t vdso_addr(struct exec *x, uint64_t len)
{
	vaddr_t start = page_up(x->t->mm->start_stack), large = 1ull << x->m->arch->pmd_shift;
	vaddr_t end = min_of(ROUND_UP(start + len, large), x->t->mm->task_size) - len;

	if (end <= start)
		return start;
	return start + PFN_PHYS(get_random_int(x->m) % (((end - start) >> PAGE_SHIFT) + 1));
}

/* Of [vvar] only the first page is there, from the start. */
static int map_vvar_page(struct machine *m, struct vm_area_struct *v)
{
	phys_t pte = pte_alloc(m, v->vm_mm, v->vm_start);

	if (!pte)
		return -ENOMEM;
	pte_write(m, pte, mk_pte(m, m->mm->vvar_pfn, vm_page_prot(m, v) | _PAGE_SPECIAL));
	return 0;
}

static int map_vdso(struct exec *x)
{
	struct machine *m = x->m;
	struct mm_struct *mm = x->t->mm;
	uint64_t vvar = 3 * PAGE_SIZE, vdso = max_of(m->mm->vdso_pages, 1u) * PAGE_SIZE;
	vaddr_t hint = word_bytes(m, mm) == 8 ? vdso_addr(x, vvar + vdso) : 0;
	int64_t at = get_unmapped_area(m, x->t, NULL, hint, vvar + vdso, 0);
	int err;

	if (at < 0)
		return (int)at;
	mm->vdso = (vaddr_t)at + vvar;
	err = install_special_mapping(m, x->t, mm->vdso, vdso, VM_READ | VM_EXEC | VM_MAYACCESS, &vdso_mapping);
	if (!err)
		err = install_special_mapping(m, x->t, (vaddr_t)at, vvar,
					      VM_READ | VM_MAYREAD | VM_IO | VM_DONTDUMP | VM_PFNMAP,
					      &vvar_mapping);
	return err ?: map_vvar_page(m, find_vma(mm, (vaddr_t)at));
}

/* ---- all of it ---- */

static int finish(struct exec *x)
{
	struct mm_struct *mm = x->t->mm;
	struct fault_report r;
	unsigned word = word_bytes(x->m, mm);
	int err;

	if (x->rnd)
		x->sp -= get_random_int(x->m) % 8192;
	x->sp &= ~(vaddr_t)15;
	/* platform, 16 random bytes, auxiliary vector, envp, argv, argc */
	x->sp -= 8 + 16 + 2 * 20 * word + (x->p->argc + x->p->envc + 3) * word;
	x->sp &= ~(vaddr_t)15;
	err = task_touch(x->m, x->t, x->sp, FAULT_WRITE | FAULT_KERNEL, &r);
	mm->start_stack = x->t->sp = x->sp;
	x->t->ip = x->entry;
	if (x->rnd && x->m->mm->randomize_va_space > 1)
		mm->start_brk = mm->brk = page_up(mm->brk + get_random_int(x->m) % entropy_of(x->m, mm)->brk);
	return err == -EFAULT ? -ENOMEM : err;
}

static int load_elf(struct exec *x)
{
	const struct elf_image *img = x->p->image;
	struct task_struct *t = x->t;
	struct file *f;
	int err;

	err = stack_begin(x);
	if (!err)
		err = all_strings(x);
	if (err)
		return err;
	if (!img->gnu_stack || img->stack_exec)
		t->personality |= READ_IMPLIES_EXEC;
	x->stack_exec = !img->gnu_stack || img->stack_exec ? VM_EXEC : 0;
	t->mm->ia32_compat = img->ia32 && x->m->arch->bits == 64;
	if (t->mm->ia32_compat)
		t->mm->task_size = IA32_PAGE_OFFSET;
	arch_pick_mmap_layout(x->m, t, mmap_rnd(x), x->rnd);
	err = setup_arg_pages(x);
	f = err ? NULL : file_open(x->m, img->file, FMODE_READ);
	if (err || !f)
		return err ?: -ENOMEM;
	t->mm->exe_file = f;
	err = load_program(x, f);
	if (!err && x->p->interp)
		err = load_interp(x);
	if (!err)
		err = map_vdso(x);
	return err ?: finish(x);
}

int task_exec(struct machine *m, struct task_struct *t, const struct exec_params *p)
{
	struct mm_struct *old = t->mm;
	struct exec x = {.m = m, .t = t, .p = p};
	unsigned personality = t->personality;
	int err;

	if (!p->image->nr_load || !mm_system(m))
		return -ENOEXEC;
	x.rnd = m->mm->randomize_va_space && !(t->personality & ADDR_NO_RANDOMIZE);
	t->personality &= ~READ_IMPLIES_EXEC;
	mm_step(m, MM_EXEC, (uint64_t)t->pid, p->image->nr_load, 0, 0);
	t->mm = mm_alloc(m, t);
	err = t->mm ? load_elf(&x) : -ENOMEM;
	if (err) {
		if (t->mm)
			mmput(m, t->mm);
		t->mm = old;
		t->personality = personality;
		return err;
	}
	if (old)
		mmput(m, old);
	snprintf(t->comm, sizeof(t->comm), "%s", p->comm);
	return 0;
}

/* ---- a real file ---- */

struct elf_view {
	const unsigned char *bytes;
	size_t len;
	bool is64;
};

#define ELF_GET(v, type32, type64, base, field)                                                   \
	((v)->is64 ? (uint64_t)((const type64 *)(const void *)(base))->field                      \
		   : (uint64_t)((const type32 *)(const void *)(base))->field)

static int add_phdr(struct elf_image *img, const struct elf_view *v, const void *ph, struct mm_error *e)
{
	uint64_t type = ELF_GET(v, Elf32_Phdr, Elf64_Phdr, ph, p_type);
	uint32_t flags = (uint32_t)ELF_GET(v, Elf32_Phdr, Elf64_Phdr, ph, p_flags);
	struct elf_phdr *p = &img->load[img->nr_load];

	if (type == PT_GNU_STACK) {
		img->gnu_stack = true;
		img->stack_exec = flags & PF_X;
	}
	if (type != PT_LOAD)
		return 0;
	if (img->nr_load == ELF_MAX_LOAD)
		return mm_error(e, -ENOEXEC, "more than %d segments to load", ELF_MAX_LOAD);
	p->flags = flags & (PF_R | PF_W | PF_X);
	p->offset = ELF_GET(v, Elf32_Phdr, Elf64_Phdr, ph, p_offset);
	p->vaddr = ELF_GET(v, Elf32_Phdr, Elf64_Phdr, ph, p_vaddr);
	p->filesz = ELF_GET(v, Elf32_Phdr, Elf64_Phdr, ph, p_filesz);
	p->memsz = ELF_GET(v, Elf32_Phdr, Elf64_Phdr, ph, p_memsz);
	if (p->filesz > p->memsz || p->vaddr + p->memsz < p->vaddr ||
	    ((p->vaddr ^ p->offset) & (PAGE_SIZE - 1)))
		return mm_error(e, -ENOEXEC, "a segment's sizes or place make no sense");
	if (img->nr_load && p->vaddr < img->load[img->nr_load - 1].vaddr)
		return mm_error(e, -ENOEXEC, "segments are not in ascending order");
	img->nr_load++;
	return 0;
}

int elf_parse(const void *bytes, size_t len, struct elf_image *img, struct mm_error *e)
{
	struct elf_view v = {.bytes = bytes, .len = len};
	uint64_t off, n, size, type;

	*img = (struct elf_image){0};
	if (len < sizeof(Elf64_Ehdr) || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return mm_error(e, -ENOEXEC, "not an ELF file");
	v.is64 = v.bytes[EI_CLASS] == ELFCLASS64;
	type = ELF_GET(&v, Elf32_Ehdr, Elf64_Ehdr, bytes, e_type);
	if (v.bytes[EI_DATA] != ELFDATA2LSB || (type != ET_EXEC && type != ET_DYN))
		return mm_error(e, -ENOEXEC, "not a program of a little-endian machine");
	img->dyn = type == ET_DYN;
	img->ia32 = !v.is64;
	img->entry = ELF_GET(&v, Elf32_Ehdr, Elf64_Ehdr, bytes, e_entry);
	off = ELF_GET(&v, Elf32_Ehdr, Elf64_Ehdr, bytes, e_phoff);
	n = ELF_GET(&v, Elf32_Ehdr, Elf64_Ehdr, bytes, e_phnum);
	size = v.is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	if (off > len || n * size > len - off || off % 4)
		return mm_error(e, -ENOEXEC, "the program headers lie outside the file");
	for (uint64_t i = 0; i < n; i++) {
		union {
			Elf32_Phdr p32;
			Elf64_Phdr p64;
		} ph;
		int err;

		memcpy(&ph, v.bytes + off + i * size, size);
		err = add_phdr(img, &v, &ph, e);
		if (err)
			return err;
	}
	return img->nr_load ? 0 : mm_error(e, -ENOEXEC, "nothing to load");
}

/* ---- a recorded address space ---- */

int vma_restore(struct machine *m, struct task_struct *t, vaddr_t start, vaddr_t end, uint32_t flags,
		struct file *f, uint64_t pgoff, enum special_area special)
{
	struct vm_area_struct *v, *at = find_vma(t->mm, start);

	if (start >= end || end > t->mm->task_size || (at && at->vm_start < end))
		return -EINVAL;
	v = vma_alloc(m, t->mm);
	if (!v)
		return -ENOMEM;
	v->vm_start = start;
	v->vm_end = end;
	v->vm_flags = flags;
	v->vm_pgoff = special ? 0 : pgoff;
	v->vm_file = f;
	v->special = special == SPECIAL_VVAR ? &vvar_mapping : special == SPECIAL_VDSO ? &vdso_mapping : NULL;
	if (f)
		f->count++;
	vma_link(m, t->mm, v, find_vma_before(t->mm, start));
	vm_stat_account(t->mm, flags, f, (int64_t)vma_pages(v));
	if (flags & VM_ACCOUNT)
		m->mm->committed += (long)vma_pages(v);
	return 0;
}

int vma_restore_page(struct machine *m, struct vm_area_struct *v, vaddr_t va, bool anon,
		     struct fault_report *r)
{
	uint32_t flags = v->vm_flags;
	int err;

	*r = (struct fault_report){.addr = va, .pfn = PFN_NONE, .old_pfn = PFN_NONE};
	if (v->special == &vvar_mapping)
		return map_vvar_page(m, v);
	/* a page that was written before its area became read-only */
	if (anon)
		v->vm_flags |= VM_WRITE;
	err = handle_mm_fault(m, v->vm_mm, v, va, anon, r);
	v->vm_flags = flags;
	if (anon && !err && !(flags & VM_WRITE))
		change_protection(m, v, va, va + PAGE_SIZE);
	return err > 0 ? -EFAULT : err;
}
