/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine with one program in it: the worked example of address-space.md 2.3. */
#ifndef TESTS_MM_PROGRAM_H
#define TESTS_MM_PROGRAM_H

#include "mm/fixture.h"
#include <mmsh/fault.h>
#include <mmsh/proc_task.h>

struct program {
	struct machine *m;
	struct task_struct *t;
	struct address_space *file, *ld;
	struct exec_params params;
	struct elf_image image, interp;
};

/* Boots @line and runs the program as PID 1. */
void program_start(struct program *p, const char *line);
/* All tasks exit; the test fails if anything is left. */
void program_end(struct program *p);

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
/* mmap of anonymous memory at a fixed place or (0) anywhere; must succeed. */
vaddr_t map_at(struct program *p, vaddr_t addr, uint64_t pages, unsigned prot, unsigned flags);
#define map_any(p, pages) map_at(p, 0, pages, RW, ANON)
/* The access must succeed. */
struct fault_report touch(struct program *p, struct task_struct *t, vaddr_t va, unsigned flags);
/* The areas in [start, end) as "40000000-40004000 rw-p,..." */
void assert_areas(struct task_struct *t, vaddr_t start, vaddr_t end, const char *want);
/* A file below /proc/PID. */
char *task_text(struct program *p, struct task_struct *t, const char *name);

#endif
