/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model's /proc and /sys: one row a file, rendered as exact kernel text.
 */
#ifndef MMSH_PROC_H
#define MMSH_PROC_H

#include <mmsh/machine.h>

struct proc_file {
	const char *path; /* "/proc/buddyinfo"; '#' stands for the numbers that there are */
	/* Appends the file's text. NULL: the file cannot be read as text. */
	void (*show)(const struct machine *m, const struct proc_file *f, struct strbuf *out);
	/* Takes what was written (NUL-terminated, trailing newline removed). NULL: read only.
	   Returns: 0 or a negative errno, as write(2) would. */
	int (*write)(struct machine *m, const struct proc_file *f, const char *text);
	/* Binary files (kpageflags): bytes [off, off + len) instead of show(). Returns the
	   count; 0 at the end. */
	size_t (*read)(const struct machine *m, const struct proc_file *f, uint64_t off, void *buf,
		       size_t len);
	const void *data; /* what show() and write() of several rows differ by */
	/* Which of them exist: moves *@n up to the next number that does. NULL: just one, always.
	   Returns: false when there is none. */
	bool (*each)(const struct machine *m, uint64_t *n);
	bool rows;  /* its lines come and go, by address: each begins with one */
	uint64_t n; /* the number in place of '#', for show(), write() and read() */
};

/* All files, sorted by path, ended by a NULL path. */
extern const struct proc_file proc_files[];

/* proc_find - "/proc/buddyinfo", or "buddyinfo" for short; "." or "/" as in sysctl names
   ("vm.compact_memory"); /proc/self is the current task's. Returns: the row, or NULL. */
const struct proc_file *proc_find(const char *path);
/* Whether it is a file or directory of a task, there or not, or /proc, where they are listed:
   task_init() comes before it is read. */
bool proc_of_task(const char *path);
/*
 * The files that @m has, in order (NULL: those that every machine has):
 *	struct proc_iter it = {0};
 *	while (proc_next(m, &it)) use(it.file, it.path);
 */
#define PROC_PATH_MAX 128
struct proc_iter {
	const struct proc_file *file;
	uint64_t n;
	char path[PROC_PATH_MAX];
};
bool proc_next(const struct machine *m, struct proc_iter *it);
/* Binary files are read whole. Returns: 0; -ENOENT no such file; -EACCES write only, read
   only; -EISDIR; for a write also what the file refuses. */
int proc_read(const struct machine *m, const char *path, struct strbuf *out);
int proc_write(struct machine *m, const char *path, const char *text);
/* The entries of directory @path ("/proc/sys/vm"), a line each, directories with "/" after, and "@" after
   the link self. Returns: 0 or -ENOENT, -ENOTDIR. */
int proc_list(const struct machine *m, const char *path, struct strbuf *out);

/* Mem-Info (proc-zones.md 10), without time stamps. */
void show_mem(const struct machine *m, struct strbuf *out);

#endif
