/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process's address space (address-space.md): areas, where they go, and the system calls
 * that change them.
 *
 *   VMA        vm_area_struct: [vm_start, vm_end) with one set of flags and one backing
 *   anonymous  no file and no special mapping: pages come zeroed
 *   chain      the anon_vmas that pages of a VMA can belong to; its length decides merging
 *   file       an open file; its pages live in the page cache of its inode (address_space)
 *
 * Addresses and lengths are bytes, vm_pgoff and all counters are pages. Calls named after
 * system calls return what the kernel returns: a value >= 0 or a negative errno.
 */
#ifndef MMSH_MM_H
#define MMSH_MM_H

#include <sys/tree.h>
#include <mmsh/machine.h>
#include <sys/queue.h>

struct task_struct;
struct radix_node;

/* ---- vm_flags (address-space.md 1.3) ---- */

#define VM_READ 0x00000001u
#define VM_WRITE 0x00000002u
#define VM_EXEC 0x00000004u
#define VM_SHARED 0x00000008u
#define VM_MAYREAD 0x00000010u
#define VM_MAYWRITE 0x00000020u
#define VM_MAYEXEC 0x00000040u
#define VM_MAYSHARE 0x00000080u
#define VM_GROWSDOWN 0x00000100u
#define VM_PFNMAP 0x00000400u
#define VM_DENYWRITE 0x00000800u
#define VM_LOCKED 0x00002000u
#define VM_IO 0x00004000u
#define VM_SEQ_READ 0x00008000u
#define VM_RAND_READ 0x00010000u
#define VM_DONTCOPY 0x00020000u
#define VM_DONTEXPAND 0x00040000u
#define VM_LOCKONFAULT 0x00080000u
#define VM_ACCOUNT 0x00100000u
#define VM_NORESERVE 0x00200000u
#define VM_HUGETLB 0x00400000u
#define VM_DONTDUMP 0x04000000u
#define VM_MIXEDMAP 0x10000000u
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define VM_ACCESS (VM_READ | VM_WRITE | VM_EXEC)
#define VM_MAYACCESS (VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)
#define VM_LOCKED_MASK (VM_LOCKED | VM_LOCKONFAULT)
#define VM_DATA_FLAGS (VM_READ | VM_WRITE | VM_MAYACCESS)

/* The two letters of each bit in smaps; "" ends nothing, "??" is a bit without a name. */
extern const char vm_flag_letters[32][3];

#define PROT_NONE 0u
#define PROT_READ 1u
#define PROT_WRITE 2u
#define PROT_EXEC 4u
#define PROT_SEM 8u
#define PROT_GROWSDOWN 0x01000000u
#define PROT_GROWSUP 0x02000000u

#define MAP_SHARED 0x01u
#define MAP_PRIVATE 0x02u
#define MAP_TYPE 0x0fu
#define MAP_FIXED 0x10u
#define MAP_ANONYMOUS 0x20u
#define MAP_GROWSDOWN 0x0100u
#define MAP_DENYWRITE 0x0800u
#define MAP_EXECUTABLE 0x1000u
#define MAP_LOCKED 0x2000u
#define MAP_NORESERVE 0x4000u
#define MAP_POPULATE 0x8000u
#define MAP_NONBLOCK 0x10000u
#define MAP_STACK 0x20000u
#define MAP_HUGETLB 0x40000u

#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u

#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#define MADV_REMOVE 9
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_MERGEABLE 12
#define MADV_UNMERGEABLE 13
#define MADV_HUGEPAGE 14
#define MADV_NOHUGEPAGE 15
#define MADV_DONTDUMP 16
#define MADV_DODUMP 17
#define MADV_HWPOISON 100
#define MADV_SOFT_OFFLINE 101

struct bit_name {
	const char *name;
	unsigned bits;
};
/* "dontneed" ...; ends with a row without a name */
extern const struct bit_name madvise_names[];

#define MCL_CURRENT 1u
#define MCL_FUTURE 2u
#define MCL_ONFAULT 4u

#define STACK_GUARD_GAP 256 /* pages kept free below an area that grows down */

/* ---- files ---- */

/* What differs between kinds of file systems; one row each. */
struct fs_kind {
	const char *name;
	bool swapbacked;  /* shmem: its pages count as such and live on the anon LRU */
	bool map_pages;	  /* maps what is cached around a fault */
	bool notify;	  /* shared pages are mapped read-only until written */
	bool read;	  /* a page that is not cached is read: a major fault */
	gfp_t gfp;	  /* of its pages */
};
extern const struct fs_kind fs_shmem, fs_ram, fs_disk;

/* An inode and its cached pages. */
struct address_space {
	const struct fs_kind *fs;
	const char *name; /* as maps shows it */
	unsigned major, minor;
	uint64_t ino, size; /* bytes */
	uint32_t id;	    /* of struct page.owner */
	int count;	    /* open files, and 1 for its name if it has one */
	int writers;	    /* open for writing */
	uint64_t nrpages;
	struct radix_node *root;
	unsigned height; /* levels of .root */
	uint64_t charged; /* pages of Committed_AS (shared anonymous memory) */
	LIST_HEAD(, vm_area_struct) i_mmap;
	LIST_ENTRY(address_space) list; /* of all named ones */
	vaddr_t obj;
};

#define FMODE_READ 1u
#define FMODE_WRITE 2u
#define FMODE_APPEND 4u
struct file {
	struct address_space *mapping;
	unsigned mode;
	int count;
	vaddr_t obj;
};

/* A mapping of the kernel's own: [vvar], [vdso]. */
struct special_mapping {
	const char *name;
};

/* ---- areas ---- */

/* struct page.owner of a page in a page cache or of anonymous memory: the mapping. */
#define PAGE_MAPPING_FILE 0x80000000u
#define PAGE_MAPPING_ANON 0xc0000000u
#define PAGE_MAPPING_ID 0x3fffffffu

struct anon_vma_chain;
struct anon_vma {
	struct anon_vma *root, *parent;
	uint32_t id;
	unsigned degree; /* VMAs that have it as their own, and child anon_vmas */
	LIST_HEAD(, anon_vma_chain) heads; /* the chains it is part of */
	vaddr_t obj;
};

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	TAILQ_ENTRY(anon_vma_chain) same_vma;
	LIST_ENTRY(anon_vma_chain) same_anon_vma;
	vaddr_t obj;
};
TAILQ_HEAD(anon_vma_chains, anon_vma_chain);

struct vm_area_struct {
	/* what a search reads */
	RB_ENTRY(vm_area_struct) vm_rb;
	uint64_t own_gap, rb_subtree_gap; /* bytes free below it; no gap of its subtree is larger */
	vaddr_t vm_start, vm_end;

	struct vm_area_struct *vm_next, *vm_prev;
	uint64_t vm_pgoff;
	uint32_t vm_flags;
	struct mm_struct *vm_mm;
	struct file *vm_file;
	const struct special_mapping *special;
	struct anon_vma *anon_vma;
	struct anon_vma_chains anon_vma_chain; /* newest first */
	LIST_ENTRY(vm_area_struct) shared;     /* of its file's i_mmap */
	vaddr_t obj;
};
RB_HEAD(vma_tree, vm_area_struct);

static inline uint64_t vma_pages(const struct vm_area_struct *v)
{
	return (v->vm_end - v->vm_start) >> PAGE_SHIFT;
}

/* Has no vm_ops: neither file nor special mapping. */
static inline bool vma_is_anonymous(const struct vm_area_struct *v)
{
	return !v->vm_file && !v->special;
}

/* ---- the address space ---- */

#define IA32_PAGE_OFFSET 0xFFFFE000u

enum mm_counter { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, NR_MM_COUNTERS };

/* The last search from the top: above .vma no gap of .len bytes or more between .low and .high.
   .vma NULL: nothing is known. */
struct highest_gap {
	struct vm_area_struct *vma;
	uint64_t len;
	vaddr_t low, high;
};

struct mm_struct {
	struct vma_tree mm_rb;
	struct vm_area_struct *mmap;	 /* the first area */
	struct vm_area_struct *vmacache; /* the last one found */
	struct highest_gap highest_gap;
	struct task_struct *owner;	 /* whose limits hold */
	phys_t pgd;			 /* 0: none yet */
	vaddr_t task_size, mmap_base, mmap_legacy_base, highest_vm_end;
	bool legacy; /* areas go bottom-up */
	bool ia32_compat; /* of a 32-bit program on a 64-bit kernel: task_size is IA32_PAGE_OFFSET */
	int mm_users;
	unsigned map_count;
	uint32_t def_flags;
	uint64_t total_vm, shared_vm, exec_vm, stack_vm, locked_vm, pinned_vm; /* pages */
	uint64_t hiwater_rss, hiwater_vm;
	unsigned long nr_ptes, nr_pmds;
	long rss_stat[NR_MM_COUNTERS];
	/* What /proc does not show yet: kept by the task until it has faulted 64 times. */
	long rss_unsynced[NR_MM_COUNTERS];
	unsigned rss_events;
	vaddr_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
	vaddr_t arg_start, arg_end, env_start, env_end, vdso;
	struct file *exe_file;
	vaddr_t obj;
};

static inline uint64_t get_mm_rss(const struct mm_struct *mm)
{
	return (uint64_t)(mm->rss_stat[MM_FILEPAGES] + mm->rss_stat[MM_ANONPAGES]);
}

/* Without areas and page tables; NULL: no memory. */
struct mm_struct *mm_alloc(struct machine *m, struct task_struct *owner);
/* All areas, pages and tables go; the last user's call frees it. */
void mmput(struct machine *m, struct mm_struct *mm);

/* The first area that ends above @addr; NULL. O(log n). */
struct vm_area_struct *find_vma(struct mm_struct *mm, vaddr_t addr);
/* The area at @addr; NULL. */
struct vm_area_struct *vma_lookup(struct mm_struct *mm, vaddr_t addr);
/* Where an area begins for those who would come below it: guard gap included. */
vaddr_t vm_start_gap(const struct machine *m, const struct vm_area_struct *v);

/* ---- system calls (address-space.md 4-12) ---- */

int64_t sys_mmap(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len,
		 unsigned prot, unsigned flags, struct file *file, uint64_t pgoff);
int64_t sys_munmap(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len);
int64_t sys_mprotect(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len,
		     unsigned prot);
int64_t sys_mremap(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t old_len,
		   uint64_t new_len, unsigned flags, vaddr_t new_addr);
/* Returns: the break as it is then. */
int64_t sys_brk(struct machine *m, struct task_struct *t, vaddr_t brk);
int64_t sys_madvise(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len,
		    int behaviour);
/* -ENOMEM also for a page that cannot be accessed, -EAGAIN for one that there is no memory for: the
   range is locked by then. */
int64_t sys_mlock(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len);
int64_t sys_munlock(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len);
int64_t sys_mlockall(struct machine *m, struct task_struct *t, unsigned flags);
int64_t sys_munlockall(struct machine *m, struct task_struct *t);

/* The search alone. Returns: an address or a negative errno. */
int64_t get_unmapped_area(struct machine *m, struct task_struct *t, struct file *file, vaddr_t addr,
			  uint64_t len, unsigned flags);

/* Overcommit (4.3). Returns: 0 or -ENOMEM; @pages are committed then. */
int security_vm_enough_memory(struct machine *m, struct task_struct *t, long pages);
uint64_t vm_commit_limit(const struct machine *m);

/* ---- files and their pages ---- */

/* A file system object of that name; NULL: no memory. @name is copied. */
struct address_space *file_create(struct machine *m, const struct fs_kind *fs, const char *name,
				  unsigned major, unsigned minor, uint64_t ino, uint64_t size);
/* By name; NULL. */
struct address_space *file_find(struct machine *m, const char *name);
struct file *file_open(struct machine *m, struct address_space *mapping, unsigned mode);
void fput(struct machine *m, struct file *f);
/* The cached page; PFN_NONE. */
pfn_t find_get_page(const struct address_space *mapping, uint64_t index);
/* The page, made if it is not cached. Returns: its PFN or -ENOMEM. */
int64_t page_cache_get(struct machine *m, struct address_space *mapping, uint64_t index);
/* The first cached page at or behind index @from; PFN_NONE. */
pfn_t page_cache_next(const struct address_space *a, uint64_t from, uint64_t *index);
/* Pages from @size on leave the cache, if no one maps them. */
void truncate_pages(struct machine *m, struct address_space *mapping, uint64_t size);
/* All files' clean pages leave it that no one maps: vm.drop_caches. */
void drop_pagecache(struct machine *m);

/* ---- everything about processes: machine.mm ---- */

struct mm_pool {
	void *free;
	unsigned long live;
};

struct mm_system {
	struct mm_pool vma_pool, mm_pool, anon_vma_pool, avc_pool, file_pool, inode_pool, task_pool,
		node_pool;
	struct kmem_cache *vma_cache, *mm_cache, *anon_vma_cache, *avc_cache, *file_cache,
		*task_cache; /* NULL: host-side accounting only */
	void **mapping; /* by id: struct anon_vma or struct address_space */
	uint32_t nr_mapping, cap_mapping, free_mapping;
	LIST_HEAD(, address_space) files;
	uint64_t next_ino;
	pfn_t zero_pfn, vdso_pfn, vvar_pfn; /* of the kernel image; 0: unknown (a loaded state) */
	unsigned vdso_pages;
	long committed; /* pages: Committed_AS */
	long stray;	/* of them, of stacks that are not charged but grew: never given back */
	unsigned long admin_reserve_kbytes, user_reserve_kbytes;
	/* sysctl */
	int overcommit_memory, overcommit_ratio, max_map_count, randomize_va_space, legacy_va_layout;
	unsigned long overcommit_kbytes, mmap_min_addr, stack_guard_gap; /* kB, bytes, pages */
	uint64_t random; /* state of the generator behind ASLR */
	/* tasks */
	LIST_HEAD(, task_struct) tasks;
	struct task_struct *current;
	int last_pid;
	struct mmu_gather *gather;
	/* replaying: pages that the next tables get; where else kernel pages come from (0: from the
	   page allocator) */
	pfn_t given[64], outside;
	unsigned nr_given;
};

/* machine.mm, made with defaults at the first call; NULL: the host has no memory. */
struct mm_system *mm_system(struct machine *m);
void mm_system_free(struct machine *m);

/*
 * For those who replay a trace of pages: the next page table is @pfn; all other tables and
 * kernel stacks lie outside RAM, where no allocation sees them (0 or -ENOMEM); no table of @mm
 * is freed with it; the zero page is at @pfn.
 */
void pte_table_given(struct machine *m, pfn_t pfn);
int tables_outside(struct machine *m);
void mm_hold_tables(struct machine *m, struct mm_struct *mm);
void zero_page_restore(struct machine *m, struct task_struct *t, pfn_t pfn);

/* Areas, gaps, page tables, counters and reference counts of all tasks. Returns: 0 or -EUCLEAN
   with @e. */
int mm_audit(const struct machine *m, struct mm_error *e);

#endif
