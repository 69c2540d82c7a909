/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tasks (address-space.md 2, 3, 13; faults.md 2): who runs, with which limits, in which
 * address space.
 */
#ifndef MMSH_TASK_H
#define MMSH_TASK_H

#include <mmsh/mm.h>

#define TASK_COMM_LEN 16

enum rlimit_id { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS,
		 RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS,
		 RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME,
		 RLIM_NLIMITS };
#define RLIM_INFINITY UINT64_MAX
struct rlimit {
	uint64_t cur, max;
};

#define ADDR_NO_RANDOMIZE 0x0040000u
#define ADDR_COMPAT_LAYOUT 0x0200000u
#define READ_IMPLIES_EXEC 0x0400000u

struct task_struct {
	int pid, ppid;
	char comm[TASK_COMM_LEN];
	struct mm_struct *mm; /* NULL: a kernel thread, or it has exited */
	unsigned personality;
	unsigned uid; /* 0: root, who has all capabilities */
	struct rlimit rlim[RLIM_NLIMITS];
	unsigned long min_flt, maj_flt;
	vaddr_t sp; /* user stack pointer, for the stack rule */
	vaddr_t ip; /* where the program began: what it runs is not modelled */
	int oom_score_adj;
	LIST_ENTRY(task_struct) list; /* by pid, ascending */
	pfn_t stack; /* kernel stack; PFN_NONE: none */
	vaddr_t obj;
};

/* ELF, as exec needs it. */
struct elf_phdr {
	uint32_t flags; /* 1 X, 2 W, 4 R */
	uint64_t offset, vaddr, filesz, memsz;
};
#define ELF_MAX_LOAD 16
struct elf_image {
	struct address_space *file;
	bool dyn;		/* ET_DYN */
	bool ia32;		/* of 32 bits: on a 64-bit kernel it runs in compatibility mode */
	bool gnu_stack, stack_exec; /* has PT_GNU_STACK; it says X */
	unsigned nr_load;
	struct elf_phdr load[ELF_MAX_LOAD];
	uint64_t entry;
};
struct exec_params {
	const char *comm;
	const struct elf_image *image, *interp; /* interp NULL: static */
	unsigned arg_bytes, env_bytes;		/* of all strings */
	unsigned argc, envc;
};

/* elf_parse - program headers of a real ELF file. Returns: 0 or -ENOEXEC with @e. */
int elf_parse(const void *bytes, size_t len, struct elf_image *img, struct mm_error *e);

/*
 * task_fork - a child of @parent with a copy of its address space
 * task_exec - replace @t's address space by a program
 * task_exit - everything of @t is given back
 *
 * Return: 0 or a negative errno; on failure all is as it was (exec: the old program still
 * there).
 */
int task_fork(struct machine *m, struct task_struct *parent, struct task_struct **child);
int task_exec(struct machine *m, struct task_struct *t, const struct exec_params *p);
void task_exit(struct machine *m, struct task_struct *t);
/* A task without an address space; child of @parent (NULL: init itself). */
struct task_struct *task_new(struct machine *m, struct task_struct *parent, const char *comm);
struct task_struct *task_find(struct machine *m, int pid);

/*
 * A program of nobody's making: a file with a text segment and, if there is any data, a data
 * segment behind it, in bytes. With .pie it may lie anywhere, and ld.so comes with it.
 */
struct program_spec {
	const char *name; /* without a slash: of /bin */
	uint64_t text, data, bss;
	bool pie;
};
/*
 * program_exec - task_exec() of such a program
 * program_run - task_exec() of an image: one argument, its name, and a small environment
 *
 * Return: 0 or a negative errno, as task_exec().
 */
int program_exec(struct machine *m, struct task_struct *t, const struct program_spec *p);
int program_run(struct machine *m, struct task_struct *t, const char *comm,
		const struct elf_image *img, const struct elf_image *interp);
/* The file of that name on the root disk, made when it is not there; NULL: no memory. */
struct address_space *disk_file(struct machine *m, const char *path, uint64_t size);
/*
 * task_init - PID 1, running /sbin/init, becomes the current task
 *
 * A machine is booted without it, so that those who are after pages alone have all of them;
 * whoever looks for a task calls this first. Nothing happens when there is a current task.
 *
 * Returns: 0; a negative errno, and there is no task.
 */
int task_init(struct machine *m);

/* Where areas go in @t's address space, by its limits and personality (3). */
void arch_pick_mmap_layout(struct machine *m, struct task_struct *t, uint64_t rnd, bool randomize);

static inline bool capable(const struct task_struct *t)
{
	return !t->uid;
}
/* Returns: 0, or -EPERM: only root becomes somebody else. */
int sys_setuid(struct task_struct *t, unsigned uid);
/* Bytes, or what the limit is of. Returns: 0; -EINVAL: the soft limit is above the hard one;
   -EPERM: only root raises a hard limit. */
int sys_setrlimit(struct task_struct *t, enum rlimit_id id, struct rlimit new);

static inline uint64_t rlimit(const struct task_struct *t, enum rlimit_id id)
{
	return t->rlim[id].cur;
}

/* For those who load a recorded address space: an area as it is said to be, counted but neither
   merged nor charged; a page of it, written to if @anon (of [vvar] the only one). Return: 0 or a negative errno. */
enum special_area { SPECIAL_NONE, SPECIAL_VVAR, SPECIAL_VDSO };
int vma_restore(struct machine *m, struct task_struct *t, vaddr_t start, vaddr_t end, uint32_t flags,
		struct file *f, uint64_t pgoff, enum special_area special);
struct fault_report;
int vma_restore_page(struct machine *m, struct vm_area_struct *v, vaddr_t va, bool anon,
		     struct fault_report *r);

/* A context switch, and what it changed. */
struct switch_report {
	struct task_struct *from, *to;
	phys_t old_pgd, new_pgd;
	bool loaded;	      /* CR3 was written */
	unsigned user_slots;  /* top-level entries of the user half that differ */
	unsigned kernel_slots; /* entries of the kernel half that are the very same */
	unsigned kernel_differ; /* vmalloc entries that one of them lacks */
};
void task_switch(struct machine *m, struct task_struct *t, struct switch_report *r);

/* A kernel access at @va under @t's page directory. Returns: 1 a missing entry was copied from
   the reference, 0 nothing to do, -EFAULT not mapped. */
int vmalloc_fault(struct machine *m, struct task_struct *t, vaddr_t va);

#endif
