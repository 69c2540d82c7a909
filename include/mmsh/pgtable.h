/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Page tables in RAM, real bits: 2-level, PAE and 4-level (kernel-layout.md 8, faults.md 1).
 * A format is one row of numbers; walking and filling is the same code for all.
 *
 * Tables are bytes of the modelled RAM, so a user can overwrite them: whatever an entry
 * says, a walk never leaves the machine's memory.
 */
#ifndef MMSH_PGTABLE_H
#define MMSH_PGTABLE_H

#include <mmsh/gfp.h>

struct machine;

#define PGT_MAX_LEVELS 4

struct pgtable_level {
	const char *name; /* "pgd", "pud", "pmd", "pte" */
	unsigned shift;	  /* an entry maps 1 << shift bytes */
	unsigned bits;	  /* a table has 1 << bits entries */
};

struct pgtable_format {
	const char *name;
	unsigned levels;
	struct pgtable_level level[PGT_MAX_LEVELS]; /* top first */
	unsigned entry_bytes;
	int large_level;	/* where a large page may end the walk */
	uint64_t addr_mask;	/* of an entry: the physical address of a page */
	uint64_t top_flags;	/* of a top-level entry that points to a table */
};

extern const struct pgtable_format pgtable_2level, pgtable_pae, pgtable_4level;

#define _PAGE_PRESENT 0x001u
#define _PAGE_RW 0x002u
#define _PAGE_USER 0x004u
#define _PAGE_PWT 0x008u
#define _PAGE_PCD 0x010u
#define _PAGE_ACCESSED 0x020u
#define _PAGE_DIRTY 0x040u
#define _PAGE_PSE 0x080u
#define _PAGE_GLOBAL 0x100u
#define _PAGE_SPECIAL 0x200u /* no struct page is counted behind the entry */
#define _PAGE_NX (1ull << 63)
#define _PAGE_TABLE 0x067u
#define PAGE_KERNEL 0x163u
#define PAGE_KERNEL_LARGE 0x1e3u

/* One step of a walk. */
struct pgtable_step {
	const struct pgtable_level *level;
	phys_t table, at; /* of the table, of the entry in it */
	unsigned index;
	uint64_t entry;
};

/*
 * pgtable_walk - from the table at @root to what maps @va
 * Returns: the number of steps taken. The last one is the page's entry if it is present
 * and of the last level or large; otherwise the entry at which the walk ended.
 */
unsigned pgtable_walk(const struct machine *m, phys_t root, vaddr_t va,
		      struct pgtable_step steps[PGT_MAX_LEVELS]);

/* Returns: true and *@pa when @va is mapped; @entry (may be NULL) gets the last entry. */
bool pgtable_lookup(const struct machine *m, phys_t root, vaddr_t va, phys_t *pa, uint64_t *entry);

/*
 * pgtable_set - make @entry the last-level entry of @va; missing tables are allocated
 * from low memory and zeroed. 0 clears, and allocates nothing.
 * Returns: 0; -ENOMEM; -EBUSY when a large page is in the way.
 */
int pgtable_set(struct machine *m, phys_t root, vaddr_t va, uint64_t entry);

/* What a table is allocated with: the kernel's own and all directories; and, with highpte=on
   where there is high memory, last-level tables of users from there. */
#define GFP_PGTABLE (GFP_KERNEL | __GFP_NOTRACK | __GFP_REPEAT | __GFP_ZERO)
gfp_t pte_alloc_gfp(const struct machine *m);

/* The kernel's tables at boot: direct map, pkmap, fixmap. Returns: 0 or -ENOMEM. */
int paging_init(struct machine *m);

/* The entry at a physical address; 0 outside RAM. */
uint64_t pgtable_entry(const struct machine *m, phys_t at);
/* Its page frame. */
uint64_t pgtable_entry_pfn(const struct machine *m, uint64_t entry);

/* Kernel addresses: */
vaddr_t page_to_virt(const struct machine *m, pfn_t pfn); /* 0 for high memory */
bool is_lowmem_addr(const struct machine *m, vaddr_t va);

/* Where the bytes of a kernel address are, by the page tables; NULL if it is not mapped.
   Good up to the end of the page. */
unsigned char *kernel_addr_to_host(const struct machine *m, vaddr_t va);

#endif
