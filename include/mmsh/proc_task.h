/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files below /proc/PID (proc-maps.md 1-6), as exact kernel text. */
#ifndef MMSH_PROC_TASK_H
#define MMSH_PROC_TASK_H

#include <mmsh/task.h>

struct task_file {
	const char *name; /* "maps" */
	void (*show)(const struct machine *m, const struct task_struct *t, struct strbuf *out);
	/* Binary files, as in struct proc_file. */
	size_t (*read)(const struct machine *m, const struct task_struct *t, uint64_t off, void *buf,
		       size_t len);
	int (*write)(struct machine *m, struct task_struct *t, const char *text);
};
/* Sorted by name, ended by a NULL name. */
extern const struct task_file task_files[];
const struct task_file *task_file_find(const char *name);

/* The row of maps behind that of @v, the first for NULL: the areas, then, where 64-bit programs
   have it, [vsyscall], which is no area of theirs. NULL: no more. */
const struct vm_area_struct *maps_next(const struct machine *m, const struct mm_struct *mm,
				       const struct vm_area_struct *v);

/* The name that maps gives an area: "" for none. */
const char *vma_name(const struct vm_area_struct *v);
/* "rwxp", "r--s": what may be done to it, and whether it is shared. Returns: @buf. */
const char *vma_perms(const struct vm_area_struct *v, char buf[5]);
/* Its line of maps, without the newline. */
void vma_line(const struct machine *m, const struct vm_area_struct *v, struct strbuf *out);

/* What smaps counts, bytes; pss << 12. */
struct mem_size_stats {
	uint64_t resident, shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t referenced, anonymous, pss;
};
void smap_gather(const struct machine *m, const struct vm_area_struct *v, struct mem_size_stats *s);

/* One word of pagemap. */
uint64_t pagemap_entry(const struct machine *m, const struct task_struct *t, vaddr_t va);

#endif
