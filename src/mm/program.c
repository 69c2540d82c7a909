/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs that are of nobody's making: laid out as a linker would, and init, which runs one. */
#include "mm.h"
#include <elf.h>
#include <stdio.h>

struct address_space *disk_file(struct machine *m, const char *path, uint64_t size)
{
	struct address_space *a = file_find(m, path), *o;
	uint64_t ino = 1000;

	if (a)
		return a;
	if (m->mm)
		LIST_FOREACH (o, &m->mm->files, list)
			ino++;
	return file_create(m, &fs_disk, path, 8, 1, ino, size);
}

/* The text from the start of the file, the data right behind it, in memory on a page of its
   own. */
static void lay_out(struct elf_image *img, const struct program_spec *p, vaddr_t base)
{
	uint64_t text = max_of(p->text, 1ull), off = ROUND_UP(text, (uint64_t)PAGE_SIZE);

	*img = (struct elf_image){.dyn = p->pie, .gnu_stack = true, .entry = base};
	img->load[img->nr_load++] = (struct elf_phdr){
		.flags = PF_R | PF_X, .vaddr = base, .filesz = text, .memsz = text};
	if (p->data + p->bss)
		img->load[img->nr_load++] = (struct elf_phdr){
			.flags = PF_R | PF_W,
			.offset = off,
			.vaddr = base + off,
			.filesz = p->data,
			.memsz = p->data + p->bss,
		};
}

static vaddr_t link_base(const struct machine *m, bool pie)
{
	return pie ? 0 : m->arch->bits == 64 ? 0x400000 : 0x08048000;
}

/* The program interpreter that position-independent programs come with. */
static int lay_out_interp(struct machine *m, struct elf_image *img)
{
	const struct program_spec p = {.text = 128 << 10, .data = 4 << 10, .bss = 200, .pie = true};

	lay_out(img, &p, 0);
	img->file = disk_file(m, m->arch->bits == 64 ? "/lib64/ld-linux-x86-64.so.2"
							: "/lib/ld-linux.so.2",
				 132 << 10);
	return img->file ? 0 : -ENOMEM;
}

int program_run(struct machine *m, struct task_struct *t, const char *comm,
		const struct elf_image *img, const struct elf_image *interp)
{
	static const char env[] = "HOME=/\0PATH=/bin:/usr/bin\0TERM=linux";
	const struct exec_params p = {
		.comm = comm,
		.image = img,
		.interp = interp,
		.arg_bytes = (unsigned)strlen(comm) + 1,
		.argc = 1,
		.env_bytes = sizeof(env),
		.envc = 3,
	};

	return task_exec(m, t, &p);
}

int program_exec(struct machine *m, struct task_struct *t, const struct program_spec *p)
{
	struct elf_image img, interp;
	char path[80];
	int r = 0;

	lay_out(&img, p, link_base(m, p->pie));
	snprintf(path, sizeof(path), "%s%.60s", strchr(p->name, '/') ? "" : "/bin/", p->name);
	img.file = disk_file(m, path, ROUND_UP(p->text, (uint64_t)PAGE_SIZE) + p->data);
	if (!img.file)
		return -ENOMEM;
	if (p->pie)
		r = lay_out_interp(m, &interp);
	return r ? r : program_run(m, t, p->name, &img, p->pie ? &interp : NULL);
}

int task_init(struct machine *m)
{
	static const struct program_spec init = {
		.name = "/sbin/init", .text = 64 << 10, .data = 8 << 10, .bss = 8 << 10};
	struct mm_system *s = mm_system(m);
	struct task_struct *t;
	int r;

	if (s && s->current)
		return 0;
	t = s ? task_new(m, NULL, "init") : NULL;
	r = t ? program_exec(m, t, &init) : -ENOMEM;
	if (!r) {
		snprintf(t->comm, sizeof(t->comm), "init");
		s->current = t;
		return 0;
	}
	if (t)
		task_exit(m, t);
	if (s) {
		s->last_pid = 0; /* who is tried next is PID 1 again */
		s->current = NULL;
	}
	return r;
}
