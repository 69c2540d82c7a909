/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and their cached pages: a tree of nodes of 64 slots, as the kernel's radix tree. */
#include "mm.h"
#include "vmstat.h"

#define SLOT_BITS 6
#define SLOTS (1u << SLOT_BITS)

struct radix_node {
	union {
		struct radix_node *node[SLOTS];
		pfn_t page[SLOTS]; /* of the lowest level: 0 none (the page 0 is never a file's) */
	};
	unsigned count;
};

const struct fs_kind fs_shmem = {"tmpfs", true, true, false, false, GFP_HIGHUSER_MOVABLE};
const struct fs_kind fs_ram = {"rootfs", false, true, true, false, GFP_HIGHUSER};
const struct fs_kind fs_disk = {"ext4", false, true, true, true, GFP_HIGHUSER_MOVABLE};

/* ---- the tree ---- */

static struct radix_node *node_new(struct machine *m)
{
	vaddr_t obj;

	return mm_object_new(m, &m->mm->node_pool, sizeof(struct radix_node), NULL, &obj);
}

static pfn_t *slot_of(const struct address_space *a, uint64_t index)
{
	struct radix_node *n = a->root;

	if (!n || (a->height * SLOT_BITS < 64 && index >> (a->height * SLOT_BITS)))
		return NULL;
	for (unsigned h = a->height; --h;) {
		n = n->node[index >> (h * SLOT_BITS) & (SLOTS - 1)];
		if (!n)
			return NULL;
	}
	return &n->page[index & (SLOTS - 1)];
}

/* Room for @index. Returns: its slot, NULL: no memory. */
static pfn_t *slot_new(struct machine *m, struct address_space *a, uint64_t index)
{
	struct radix_node *n;

	while (!a->root || (a->height * SLOT_BITS < 64 && index >> (a->height * SLOT_BITS))) {
		n = a->root && !a->root->count ? a->root : node_new(m);
		if (!n)
			return NULL;
		if (a->root && a->root != n) {
			n->node[0] = a->root;
			n->count = 1;
		}
		a->root = n;
		a->height++;
	}
	n = a->root;
	for (unsigned h = a->height; --h;) {
		struct radix_node **next = &n->node[index >> (h * SLOT_BITS) & (SLOTS - 1)];

		if (!*next) {
			*next = node_new(m);
			if (!*next)
				return NULL;
			n->count++;
		}
		n = *next;
	}
	n->count++;
	return &n->page[index & (SLOTS - 1)];
}

/* Empty nodes on the way to @index go. */
static void slot_clear(struct machine *m, struct address_space *a, uint64_t index)
{
	struct radix_node **path[64 / SLOT_BITS + 2];
	unsigned depth = 0;

	path[0] = &a->root;
	for (unsigned h = a->height; --h; depth++)
		path[depth + 1] = &(*path[depth])->node[index >> (h * SLOT_BITS) & (SLOTS - 1)];
	(*path[depth])->page[index & (SLOTS - 1)] = 0;
	for (;; depth--) {
		struct radix_node *n = *path[depth];

		if (--n->count)
			return;
		*path[depth] = NULL;
		mm_object_free(m, &m->mm->node_pool, n, NULL, 0);
		if (!depth) {
			a->height = 0;
			return;
		}
	}
}

/* ---- pages ---- */

pfn_t find_get_page(const struct address_space *mapping, uint64_t index)
{
	const pfn_t *slot = slot_of(mapping, index);

	return slot && *slot ? *slot : PFN_NONE;
}

void page_cache_replace(struct address_space *a, uint64_t index, pfn_t pfn)
{
	pfn_t *slot = slot_of(a, index);

	if (slot && *slot)
		*slot = pfn;
}

static void count_page(struct machine *m, const struct address_space *a, const struct page *p, long n)
{
	struct zone *z = m->zone_by_id[block_zone(p->block)];

	__mod_zone_page_state(m, z, NR_FILE_PAGES, n);
	if (a->fs->swapbacked)
		__mod_zone_page_state(m, z, NR_SHMEM, n);
}

int64_t page_cache_get(struct machine *m, struct address_space *a, uint64_t index)
{
	pfn_t *slot, cached = find_get_page(a, index);
	struct page *p;
	int64_t pfn;

	if (cached != PFN_NONE)
		return cached;
	pfn = alloc_pages(m, a->fs->gfp | __GFP_ZERO, 0);
	if (pfn < 0)
		return pfn;
	slot = slot_new(m, a, index);
	if (!slot) {
		__free_pages(m, (pfn_t)pfn, 0);
		return -ENOMEM;
	}
	*slot = (pfn_t)pfn;
	p = pfn_to_page(m, (pfn_t)pfn);
	p->owner = PAGE_MAPPING_FILE | a->id;
	p->index = (uint32_t)index;
	p->flags |= PG(uptodate);
	lru_add(m, (pfn_t)pfn, a->fs->swapbacked ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE);
	count_page(m, a, p, 1);
	a->nrpages++;
	return pfn;
}

/* What is read from somewhere is written back there; other files have no such place. */
bool page_counts_dirty(const struct machine *m, const struct page *p)
{
	return (p->flags & PG(dirty)) && page_is_mapping(p) && !page_is_anon(p) &&
	       ((const struct address_space *)mapping_of(m->mm, p))->fs->read;
}

void set_page_dirty(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);
	struct zone *z = m->zone_by_id[block_zone(p->block)];

	if (p->flags & PG(dirty))
		return;
	p->flags |= PG(dirty);
	if (page_counts_dirty(m, p)) {
		__mod_zone_page_state(m, z, NR_FILE_DIRTY, 1);
		__mod_zone_page_state(m, z, NR_DIRTIED, 1);
	}
}

/* The reference that the file had is the caller's. */
static void delete_from_page_cache(struct machine *m, struct address_space *a, uint64_t index, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	count_page(m, a, p, -1);
	if (page_counts_dirty(m, p))
		__mod_zone_page_state(m, m->zone_by_id[block_zone(p->block)], NR_FILE_DIRTY, -1);
	slot_clear(m, a, index);
	a->nrpages--;
	p->owner = 0;
}

/* The first cached page of the subtree at or behind @from; PFN_NONE. */
static pfn_t first_page(const struct radix_node *n, unsigned h, uint64_t base, uint64_t from,
			uint64_t *index)
{
	for (unsigned i = 0; n && i < SLOTS; i++) {
		uint64_t at = base + ((uint64_t)i << (h * SLOT_BITS));
		pfn_t pfn;

		if (at + (1ull << (h * SLOT_BITS)) - 1 < from)
			continue;
		if (!h && n->page[i]) {
			*index = at;
			return n->page[i];
		}
		pfn = h ? first_page(n->node[i], h - 1, at, from, index) : PFN_NONE;
		if (pfn != PFN_NONE)
			return pfn;
	}
	return PFN_NONE;
}

pfn_t page_cache_next(const struct address_space *a, uint64_t from, uint64_t *index)
{
	return a->root ? first_page(a->root, a->height - 1, 0, from, index) : PFN_NONE;
}

void page_cache_drop(struct machine *m, struct address_space *a, uint64_t from, uint64_t to)
{
	pfn_t pfn;

	for (uint64_t i = from; (pfn = page_cache_next(a, i, &i)) != PFN_NONE && i < to; i++)
		if (!pfn_to_page(m, pfn)->mapcount) {
			delete_from_page_cache(m, a, i, pfn);
			put_page(m, pfn);
		}
}

#define PAGEVEC_SIZE 14

/* What is clean and in no page table goes, a pagevec at a time. */
static void invalidate_mapping_pages(struct machine *m, struct address_space *a)
{
	pfn_t pfn, pagevec[PAGEVEC_SIZE];
	unsigned n = 0;

	for (uint64_t i = 0; (pfn = page_cache_next(a, i, &i)) != PFN_NONE; i++) {
		const struct page *p = pfn_to_page(m, pfn);

		if (p->mapcount || p->_refcount != 1 || p->flags & (PG(dirty) | PG(writeback)))
			continue;
		delete_from_page_cache(m, a, i, pfn);
		pagevec[n++] = pfn;
		if (n == PAGEVEC_SIZE) {
			release_pages(m, pagevec, n);
			n = 0;
		}
	}
	release_pages(m, pagevec, n);
}

void drop_pagecache(struct machine *m)
{
	struct address_space *a;

	if (!m->mm)
		return;
	/* all of shmem's count as dirty: there is nothing to read them from again */
	LIST_FOREACH (a, &m->mm->files, list)
		if (!a->fs->swapbacked)
			invalidate_mapping_pages(m, a);
}

void truncate_pages(struct machine *m, struct address_space *a, uint64_t size)
{
	page_cache_drop(m, a, PFN_UP(size), UINT64_MAX);
}

/* ---- files ---- */

struct address_space *file_create(struct machine *m, const struct fs_kind *fs, const char *name,
				  unsigned major, unsigned minor, uint64_t ino, uint64_t size)
{
	struct mm_system *s = mm_system(m);
	struct address_space *a;
	vaddr_t obj;

	if (!s)
		return NULL;
	a = mm_object_new(m, &s->inode_pool, sizeof(*a), NULL, &obj);
	if (!a)
		return NULL;
	a->name = arena_strdup(&m->arena, name);
	a->id = mapping_id_new(s, a);
	if (!a->name || !a->id) {
		mm_object_free(m, &s->inode_pool, a, NULL, 0);
		return NULL;
	}
	a->fs = fs;
	a->major = major;
	a->minor = minor;
	a->ino = ino;
	a->size = size;
	a->count = 1;
	LIST_INIT(&a->i_mmap);
	LIST_INSERT_HEAD(&s->files, a, list);
	return a;
}

struct address_space *file_find(struct machine *m, const char *name)
{
	struct address_space *a;

	if (m->mm)
		LIST_FOREACH (a, &m->mm->files, list)
			if (!strcmp(a->name, name))
				return a;
	return NULL;
}

static void mapping_put(struct machine *m, struct address_space *a)
{
	if (--a->count)
		return;
	truncate_pages(m, a, 0);
	if (a->charged)
		vm_unacct_memory(m, (long)a->charged);
	LIST_REMOVE(a, list);
	mapping_id_free(m->mm, a->id);
	mm_object_free(m, &m->mm->inode_pool, a, NULL, 0);
}

struct file *file_open(struct machine *m, struct address_space *mapping, unsigned mode)
{
	vaddr_t obj;
	struct file *f = mm_object_new(m, &m->mm->file_pool, sizeof(*f), m->mm->file_cache, &obj);

	if (!f)
		return NULL;
	f->obj = obj;
	f->mapping = mapping;
	f->mode = mode;
	f->count = 1;
	mapping->count++;
	mapping->writers += !!(mode & FMODE_WRITE);
	return f;
}

void fput(struct machine *m, struct file *f)
{
	if (--f->count)
		return;
	f->mapping->writers -= !!(f->mode & FMODE_WRITE);
	mapping_put(m, f->mapping);
	mm_object_free(m, &m->mm->file_pool, f, m->mm->file_cache, f->obj);
}

/* The hidden file of shared anonymous memory. */
struct file *shmem_zero_file(struct machine *m, uint64_t size)
{
	struct mm_system *s = m->mm;
	struct address_space *a;
	struct file *f;
	vaddr_t obj;

	a = mm_object_new(m, &s->inode_pool, sizeof(*a), NULL, &obj);
	if (!a)
		return NULL;
	a->id = mapping_id_new(s, a);
	if (!a->id) {
		mm_object_free(m, &s->inode_pool, a, NULL, 0);
		return NULL;
	}
	a->fs = &fs_shmem;
	a->name = "/dev/zero (deleted)";
	a->minor = 1;
	a->ino = s->next_ino++;
	a->size = size;
	a->count = 1;
	LIST_INIT(&a->i_mmap);
	LIST_INSERT_HEAD(&s->files, a, list);
	f = file_open(m, a, FMODE_READ | FMODE_WRITE);
	mapping_put(m, a); /* the open file alone keeps it */
	return f;
}
