/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files about processes share; for src/mm only. */
#ifndef MM_MM_H
#define MM_MM_H

#include <errno.h>
#include <mmsh/fault.h>
#include <mmsh/mm.h>
#include <mmsh/mm_step.h>
#include <mmsh/page_alloc.h>
#include <mmsh/pgtable.h>
#include <mmsh/slab.h>
#include <mmsh/task.h>
#include <mmsh/trace.h>
#include <string.h>

/* ---- mm_step.c: how it was decided ---- */

#define mm_step(m, step, A, B, C, D, ...)                                                \
	trace(m, TRACE_MM_STEP, .verdict = (step), .a = (int64_t)(A), .b = (int64_t)(B), \
	      .c = (int64_t)(C), .d = (int64_t)(D), ##__VA_ARGS__)
/* A rule refuses, with its numbers. Returns: @err, which is negative. */
int mm_refuse(struct machine *m, int err, enum mm_step rule, uint64_t a, uint64_t b, uint64_t c);
/* There are as many areas as there may be. Returns: -ENOMEM. */
int refuse_map_count(struct machine *m, const struct mm_struct *mm);
/* What a fault begins with: the walk of the page tables, the area. */
void trace_fault(struct machine *m, struct task_struct *t, vaddr_t va, unsigned flags,
		 bool page_present);

static inline void trace_fork_area(struct machine *m, const struct vm_area_struct *v,
				   enum mm_fork_area what)
{
	mm_step(m, MM_FORK_AREA, v->vm_start, v->vm_end, v->vm_flags, what);
}

/* What copying the entries of [start, end) of @v at fork() is going to do: they are at @at. */
void trace_copy(struct machine *m, const struct vm_area_struct *v, phys_t at, vaddr_t start,
		vaddr_t end);

/* ---- mm_init.c: objects ---- */

/* A zeroed host object of a pool, with the object that it costs the kernel. */
void *mm_object_new(struct machine *m, struct mm_pool *p, size_t size, struct kmem_cache *s,
		    vaddr_t *obj);
void mm_object_free(struct machine *m, struct mm_pool *p, void *o, struct kmem_cache *s, vaddr_t obj);
/* A number for struct page.owner. 0: no memory. */
uint32_t mapping_id_new(struct mm_system *s, void *mapping);
void mapping_id_free(struct mm_system *s, uint32_t id);

static inline void *mapping_of(const struct mm_system *s, const struct page *p)
{
	uint32_t id = p->owner & PAGE_MAPPING_ID;

	return id < s->nr_mapping ? s->mapping[id] : NULL;
}

/* A page, or 2^order of them, for a table (@last: of page entries) or a kernel stack. */
int64_t alloc_kernel_pages(struct machine *m, gfp_t gfp, unsigned order, bool last);

/* ---- vma.c ---- */

struct vm_area_struct *vma_alloc(struct machine *m, struct mm_struct *mm);
void vma_free(struct machine *m, struct vm_area_struct *v);
/* Into the list and the tree, behind @prev (NULL: as the first); its file is told. */
void vma_link(struct machine *m, struct mm_struct *mm, struct vm_area_struct *v,
	      struct vm_area_struct *prev);
/* Out of both; the area is not freed. */
void vma_unlink(struct machine *m, struct vm_area_struct *v);
/* Unlinked, its chain and its file given back, freed. */
void vma_remove(struct machine *m, struct vm_area_struct *v);
void vma_set_bounds(struct machine *m, struct vm_area_struct *v, vaddr_t start, vaddr_t end,
		    uint64_t pgoff);
/* The gap below @v may have changed: for changed flags and neighbours. */
void vma_gap_update(struct machine *m, struct vm_area_struct *v);
/* The last area that begins below @addr, and starts or ends there; NULL. */
struct vm_area_struct *find_vma_before(struct mm_struct *mm, vaddr_t addr);

struct vma_request {
	vaddr_t addr, end;
	uint32_t flags;
	struct anon_vma *anon_vma;
	struct file *file;
	uint64_t pgoff;
};
/* address-space.md 6.2. Returns: the area that holds the range now; NULL: not merged. */
struct vm_area_struct *vma_merge(struct machine *m, struct mm_struct *mm,
				 struct vm_area_struct *prev, const struct vma_request *r);
/* At @addr; the new area is the lower part if @new_below. Returns: 0 or -ENOMEM. */
int __split_vma(struct machine *m, struct vm_area_struct *v, vaddr_t addr, bool new_below);
int split_vma(struct machine *m, struct vm_area_struct *v, vaddr_t addr, bool new_below);
/* [start, end) of *@pv gets @flags: merged with neighbours or split off. *@pv is then the area
   that holds it. Returns: 0 or -ENOMEM. */
int vma_modify(struct machine *m, struct vm_area_struct **pv, vaddr_t start, vaddr_t end,
	       uint32_t flags);
/* A copy of @v without place: for split, mremap and fork. The chain is not copied. */
struct vm_area_struct *vma_copy(struct machine *m, const struct vm_area_struct *v);
vaddr_t vma_find_gap(struct machine *m, struct mm_struct *mm, uint64_t len, vaddr_t low,
		     vaddr_t high, bool topdown);
#define NO_GAP (~(vaddr_t)0)

/* ---- mmap.c ---- */

static inline uint64_t page_up(uint64_t x)
{
	return ROUND_UP(x, PAGE_SIZE);
}

static inline vaddr_t page_down(vaddr_t x)
{
	return x & ~(vaddr_t)(PAGE_SIZE - 1);
}

/* Rounded up in the width of a long: 0 when that overflows. */
static inline uint64_t page_align(const struct machine *m, uint64_t x)
{
	x = (x + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	return m->arch->bits == 32 ? (uint32_t)x : x;
}

static inline uint64_t word(const struct machine *m, uint64_t x)
{
	return m->arch->bits == 32 ? (uint32_t)x : x;
}

void vm_stat_account(struct mm_struct *mm, uint32_t flags, const struct file *file, int64_t pages);
bool may_expand_vm(const struct task_struct *t, uint64_t pages);
int do_munmap(struct machine *m, struct mm_struct *mm, vaddr_t addr, uint64_t len);
int64_t do_brk(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len);
int64_t do_mmap(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len, unsigned prot,
		unsigned flags, uint32_t vm_flags, struct file *file, uint64_t pgoff, bool *populate);
int install_special_mapping(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len,
			    uint32_t flags, const struct special_mapping *s);
int expand_stack(struct machine *m, struct task_struct *t, struct vm_area_struct *v, vaddr_t addr);
void vm_unacct_memory(struct machine *m, long pages);
/* A page of a locked area is locked, and on the list of those that stay; no longer, if no other
   such area maps it; all of a range of @v. */
void mlock_vma_page(struct machine *m, pfn_t pfn);
void munlock_vma_page(struct machine *m, const struct vm_area_struct *v, pfn_t pfn);
void munlock_vma_pages_range(struct machine *m, const struct vm_area_struct *v, vaddr_t start, vaddr_t end);
/* The same for one that nobody maps any more. */
void clear_page_mlock(struct machine *m, pfn_t pfn);
void mm_populate(struct machine *m, struct task_struct *t, vaddr_t addr, uint64_t len);
/* Raises the peaks before something is taken away. */
void update_hiwater_vm(struct mm_struct *mm);
void update_hiwater_rss(struct mm_struct *mm);
int mlock_future_check(struct machine *m, const struct task_struct *t, uint32_t flags,
		       uint64_t pages);
/* May_expand_vm() has said no. Returns: -ENOMEM. */
int refuse_expansion(struct machine *m, const struct task_struct *t, uint64_t pages);

/* ---- filemap.c ---- */

struct file *shmem_zero_file(struct machine *m, uint64_t size);
/* The pages [from, to) that nobody maps leave the cache. */
/* A reference of each is dropped; those that nobody has any more are freed. */
void release_pages(struct machine *m, pfn_t *pages, unsigned n);
void page_cache_drop(struct machine *m, struct address_space *a, uint64_t from, uint64_t to);
/* The page of a file was written to; where it is to be written back, it counts as dirty. */
void set_page_dirty(struct machine *m, pfn_t pfn);
bool page_counts_dirty(const struct machine *m, const struct page *p);
void page_cache_replace(struct address_space *a, uint64_t index, pfn_t pfn);

/* ---- rmap.c ---- */

int anon_vma_prepare(struct machine *m, struct vm_area_struct *v);
int anon_vma_clone(struct machine *m, struct vm_area_struct *dst, struct vm_area_struct *src);
int anon_vma_fork(struct machine *m, struct vm_area_struct *v, struct vm_area_struct *parent);
void unlink_anon_vmas(struct machine *m, struct vm_area_struct *v);

static inline bool chain_is_singular(const struct vm_area_struct *v)
{
	const struct anon_vma_chain *first = TAILQ_FIRST(&v->anon_vma_chain);

	return first && !TAILQ_NEXT(first, same_vma);
}

void page_add_anon_rmap(struct machine *m, pfn_t pfn, struct vm_area_struct *v, vaddr_t va);
void page_dup_rmap(struct machine *m, pfn_t pfn);
void page_add_file_rmap(struct machine *m, pfn_t pfn);
void page_remove_rmap(struct machine *m, pfn_t pfn);

/* ---- memory.c: page tables and pages ---- */

static inline void mm_count(struct mm_struct *mm, enum mm_counter c, long n)
{
	mm->rss_stat[c] += n;
}

/* Counted by the task first (SPLIT_RSS_COUNTING). */
static inline void mm_count_fast(struct mm_struct *mm, enum mm_counter c, long n)
{
	mm->rss_stat[c] += n;
	mm->rss_unsynced[c] += n;
}

static inline void sync_mm_rss(struct mm_struct *mm)
{
	memset(mm->rss_unsynced, 0, sizeof(mm->rss_unsynced));
	mm->rss_events = 0;
}

/* Pages on their way to the page allocator: freed in batches, after the TLB was flushed. */
#define GATHER_LOCAL 8
#define GATHER_BATCHES 9
struct mmu_gather {
	struct mm_struct *mm;
	unsigned batch;		      /* the one being filled, 0 the local one */
	unsigned nr[GATHER_BATCHES + 1], nr_pages; /* in each; batches that have a page */
	pfn_t page[GATHER_BATCHES];   /* that the batches cost */
	unsigned max;		      /* pages of a batch */
	pfn_t local[GATHER_LOCAL];
	pfn_t pages[GATHER_BATCHES][1024];
};
struct mmu_gather *tlb_gather(struct machine *m, struct mm_struct *mm);
void tlb_finish(struct machine *m, struct mmu_gather *g);

/* The entry's address; 0: no table there. */
phys_t pte_offset(const struct machine *m, const struct mm_struct *mm, vaddr_t va);
/* The same, tables made on the way. 0: no memory. */
phys_t pte_alloc(struct machine *m, struct mm_struct *mm, vaddr_t va);
uint64_t pte_read(const struct machine *m, phys_t at);
void pte_write(struct machine *m, phys_t at, uint64_t pte);
/* Bytes that a page table of the last level maps. */
static inline uint64_t pte_table_span(const struct machine *m)
{
	const struct pgtable_format *f = m->arch->pgtable;

	return 1ull << f->level[f->levels - 2].shift;
}

uint64_t vm_page_prot(const struct machine *m, const struct vm_area_struct *v);
uint64_t mk_pte(const struct machine *m, uint64_t pfn, uint64_t prot);
/* Protection bits replaced, the others kept. */
uint64_t pte_modify(const struct machine *m, uint64_t pte, uint64_t prot);
bool pte_present(uint64_t pte);
uint64_t pte_pfn(const struct machine *m, uint64_t pte);

int pgd_alloc(struct machine *m, struct mm_struct *mm);
void pgd_free(struct machine *m, struct mm_struct *mm);
void unmap_vmas(struct machine *m, struct mmu_gather *g, struct vm_area_struct *v, vaddr_t start,
		vaddr_t end);
void free_pgtables(struct machine *m, struct mmu_gather *g, vaddr_t start, vaddr_t end,
		   vaddr_t floor, vaddr_t ceiling);
void zap_page_range(struct machine *m, struct vm_area_struct *v, vaddr_t start, uint64_t len);
int copy_page_range(struct machine *m, struct mm_struct *dst, struct vm_area_struct *v);
void change_protection(struct machine *m, struct vm_area_struct *v, vaddr_t start, vaddr_t end);
/* Returns: bytes moved; less than @len when there is no memory for a table. */
uint64_t move_page_tables(struct machine *m, struct vm_area_struct *v, vaddr_t from,
			  struct vm_area_struct *to_vma, vaddr_t to, uint64_t len);

/* fault.c */
static inline unsigned fault_error_code(unsigned flags, bool page_present)
{
	return (page_present ? 1u : 0) | (flags & FAULT_WRITE ? 2u : 0) |
	       (flags & FAULT_KERNEL ? 0 : 4u) | (flags & FAULT_EXEC ? 16u : 0);
}

int handle_mm_fault(struct machine *m, struct mm_struct *mm, struct vm_area_struct *v, vaddr_t va,
		    bool write, struct fault_report *r);

#endif
