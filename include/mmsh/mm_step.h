/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How operations on address spaces were decided: TRACE_MM_STEP, .verdict says which step.
 * Addresses, lengths and limits are bytes unless pages are said. Steps from MM_REFUSED on are
 * rules that refused, .order the errno that the caller gets.
 */
#ifndef MMSH_MM_STEP_H
#define MMSH_MM_STEP_H

enum mm_step {
	/* What was asked. */
	MM_MMAP,     /* a address, b length, c prot, d flags */
	MM_MUNMAP,   /* a address, b length */
	MM_MPROTECT, /* a address, b length, c prot */
	MM_MREMAP,   /* a address, b old length, c new length, d new address; order flags */
	MM_BRK,	     /* a break asked for, b break now, c start of the heap */
	MM_MADVISE,  /* a address, b length, c advice */
	MM_MLOCK,    /* a address, b length */
	MM_MUNLOCK,  /* a address, b length */
	MM_MLOCKALL, /* a flags; order 1: munlockall */
	MM_EXEC,     /* a pid, b segments to load */
	MM_FORK,     /* a parent's pid, b its areas */
	MM_EXIT,     /* an address space goes: a areas; pages mapped: c anonymous, d of files */
	MM_SWITCH,   /* a pid before, b pid after, c page directory before, d after */

	/* Where an area goes. */
	MM_LAYOUT, /* a base, b gap left for the stack, c its limit, d random; order enum mm_layout_why */
	MM_HINT_RAISED, /* a hint, b mmap_min_addr */
	MM_HINT_TAKEN,	/* a start, b end */
	MM_HINT_HIGH,	/* a start, b end, c task_size */
	MM_HINT_LOW,	/* a start, b mmap_min_addr */
	MM_HINT_BUSY,	/* a start, b end, c where what is in the way begins (guard gap included), d its end */
	MM_GAP,		/* a low, b high, c, d the gap; order 1: top-down */
	MM_NO_GAP,	/* a low, b high, c length; order 1: top-down */

	/* Areas. */
	MM_COMMIT,   /* a pages; order overcommit_memory, mt 1: allowed, pages: mode 0: b free, c
			reserve, d kept for root; mode 2: b committed with it, c limit, d held back */
	MM_CLEAR,    /* a start, b end: what is there goes */
	MM_MERGE,    /* a, b the range, c, d the area that has it; order the case, 1 to 8 */
	MM_APART,    /* a, b the range, c, d a neighbour; order enum mm_apart, mt -1: below, 1: above */
	MM_NEW_AREA, /* a start, b end, c vm_flags */
	MM_SPLIT,    /* a start, b where, c end */
	MM_GROW,     /* a start, b old end, c new end */
	MM_MOVE,     /* a from, b to, c length, d bytes whose entries moved */
	MM_PROTECT,  /* a start, b end, c old vm_flags, d new ones */
	MM_UNCHANGED, /* a start, b end: its flags are so already */
	MM_AREA_GONE, /* a start, b end */
	MM_ZAPPED,   /* a start, b end; pages unmapped: c anonymous, d of files */

	/* Page tables. */
	MM_TABLES,	/* a start, b end, c floor, d ceiling (0: none): which tables may go */
	MM_TABLE_MADE,	/* pfn; a address, order level */
	MM_TABLE_FREED, /* pfn; a start, b end of what it maps; order level */
	MM_TABLE_KEPT,	/* a start, b end, c floor, d ceiling; order level */

	/* Faults. */
	MM_FAULT,      /* a address, b error code, c stack pointer, d rss before; order FAULT_* */
	MM_WALK,       /* a address, b where the entry lies, c the entry; order level */
	MM_AREA,       /* a start, b end, c vm_flags */
	MM_NO_AREA,    /* a address, b task_size */
	MM_STACK_GROWS, /* a start, b new start, c end, d limit */
	MM_CACHE,	/* a index in the file; order 1: cached, at pfn */
	MM_AROUND,     /* a start, b end, c pages mapped */
	MM_FAULT_DONE, /* order enum fault_path, pfn, pfn2 what was there; a rss after, b mapcount, c
			  mapcount of pfn2; mt signal or MM_FAULT_OOM, mt2 its code or MM_FAULT_MAJOR */

	/* Fork and switch. */
	MM_FORK_AREA,	   /* a start, b end, c vm_flags, d enum mm_fork_area */
	MM_FORK_PTES,	   /* of one table: a first address, b entries copied, c of them write-protected by
			      it, d with a page that is shared now */
	MM_FORK_DONE,	   /* a child's pid; pages: b its total_vm, c its rss */
	MM_SWITCH_SLOTS,   /* entries of the top level: a user's that differ, b kernel's that are the
			      same, c kernel's that one lacks; order enum mm_switch */
	MM_VMALLOC_FAULT,  /* a address, b where the entry lies, c the entry, d where it was copied from */

	MM_REFUSED,
	MM_LENGTH_ZERO = MM_REFUSED,
	MM_LENGTH_WRAPS, /* a length */
	MM_OFFSET_WRAPS, /* a pgoff, b length */
	MM_MAP_COUNT,	 /* a map_count, b the most there may be */
	MM_TOO_LONG,	 /* a length, b task_size, c mmap_min_addr */
	MM_NO_ADDRESS,	 /* a length */
	MM_BEYOND,	 /* a address, b length, c task_size */
	MM_UNALIGNED,	 /* a address */
	MM_TOO_LOW,	 /* a address, b mmap_min_addr */
	MM_HUGE,	 /* no huge pages */
	MM_BAD_FLAGS,	 /* a flags */
	MM_BAD_TYPE,	 /* a flags: neither shared nor private */
	MM_BAD_PROT,	 /* a prot */
	MM_NO_FILE,
	MM_FILE_GROWS,
	MM_SHARED_GROWS,
	MM_FILE_UNREADABLE,
	MM_FILE_UNWRITABLE,
	MM_FILE_BUSY,	  /* a writers */
	MM_FILE_LONG,	  /* a length, b pgoff, c largest size */
	MM_LIMIT_AS,	  /* pages: a total_vm, b more, c limit */
	MM_LIMIT_DATA,	  /* a heap, b data, c limit */
	MM_LIMIT_STACK,	  /* a size, b limit */
	MM_LIMIT_MEMLOCK, /* pages: a locked, b more, c limit */
	MM_NO_MEMLOCK,
	MM_BRK_LOW,	 /* a break asked for, b start of the heap */
	MM_BRK_BUSY, /* a new end and a page more, b where what is in the way begins, c where it ends */
	MM_NOT_MAPPED,	 /* a address */
	MM_NOT_MAPPED_TO, /* a address, b length, c end of the area */
	MM_MAY_NOT,	  /* a, b area: it may not get what was asked for */
	MM_NO_GROWSDOWN, /* a start */
	MM_NOT_BROUGHT_IN, /* a: page of what is locked now */
	MM_ADVICE_REFUSED, /* a, b area: its flags are in the way */
	MM_ADVICE_UNKNOWN, /* a advice */
	MM_ADVICE_NEEDS, /* a, b area: a shared mapping of a file that may be written */
	MM_NO_EXPAND,	 /* a, b area: VM_DONTEXPAND or VM_PFNMAP */
	MM_OVERLAP,	 /* a from, b to, c its end */
	MM_NO_ROOM,	 /* a end, b new end, c where the next area begins; it may not move */
	MM_STACK_FAR,	 /* a address, b stack pointer, c how far below it may be */
	MM_STACK_GUARD,	 /* a page, b end of the area below, c gap */
	MM_STACK_OFFSET, /* a pages to grow, b pgoff */
	NR_MM_STEPS
};

enum mm_layout_why { LAYOUT_TOPDOWN, LAYOUT_PERSONALITY, LAYOUT_UNLIMITED, LAYOUT_SYSCTL };
/* Why two areas that touch stay two. */
enum mm_apart { APART_FLAGS, APART_FILE, APART_OFFSET, APART_ANON, APART_SPECIAL };
enum mm_fork_area { FORK_PTES, FORK_FAULTS_LATER, FORK_DONTCOPY };
enum mm_switch { SWITCH_LOADED, SWITCH_SAME, SWITCH_LAZY };
#define MM_FAULT_OOM (-1)
#define MM_FAULT_MAJOR (-1)

#endif
