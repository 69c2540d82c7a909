/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a page to those who map it: anon_vmas, chains, map counts (faults.md 8). */
#include "mm.h"
#include "vmstat.h"

/* ---- anon_vma ---- */

static struct anon_vma *anon_vma_alloc(struct machine *m)
{
	struct mm_system *s = m->mm;
	vaddr_t obj;
	struct anon_vma *a = mm_object_new(m, &s->anon_vma_pool, sizeof(*a), s->anon_vma_cache, &obj);

	if (!a)
		return NULL;
	a->obj = obj;
	a->id = mapping_id_new(s, a);
	if (!a->id) {
		mm_object_free(m, &s->anon_vma_pool, a, s->anon_vma_cache, obj);
		return NULL;
	}
	a->root = a->parent = a;
	a->degree = 1; /* of its first VMA */
	LIST_INIT(&a->heads);
	return a;
}

static void anon_vma_free(struct machine *m, struct anon_vma *a)
{
	mapping_id_free(m->mm, a->id);
	mm_object_free(m, &m->mm->anon_vma_pool, a, m->mm->anon_vma_cache, a->obj);
}

static struct anon_vma_chain *chain_alloc(struct machine *m)
{
	vaddr_t obj;
	struct anon_vma_chain *c = mm_object_new(m, &m->mm->avc_pool, sizeof(*c), m->mm->avc_cache, &obj);

	if (c)
		c->obj = obj;
	return c;
}

static void chain_free(struct machine *m, struct anon_vma_chain *c)
{
	mm_object_free(m, &m->mm->avc_pool, c, m->mm->avc_cache, c->obj);
}

static void chain_link(struct vm_area_struct *v, struct anon_vma_chain *c, struct anon_vma *a)
{
	c->vma = v;
	c->anon_vma = a;
	TAILQ_INSERT_HEAD(&v->anon_vma_chain, c, same_vma);
	LIST_INSERT_HEAD(&a->heads, c, same_anon_vma);
}

/* Whether @near can lend its anon_vma to @v, which touches it: one area @a before @b, all but
   in access rights alike. */
static struct anon_vma *reusable(const struct vm_area_struct *a, const struct vm_area_struct *b,
				 const struct vm_area_struct *near)
{
	if (!a || !b || a->vm_end != b->vm_start || a->vm_file != b->vm_file ||
	    ((a->vm_flags ^ b->vm_flags) & ~VM_ACCESS) ||
	    b->vm_pgoff != a->vm_pgoff + vma_pages(a))
		return NULL;
	return near->anon_vma && chain_is_singular(near) ? near->anon_vma : NULL;
}

int anon_vma_prepare(struct machine *m, struct vm_area_struct *v)
{
	struct anon_vma_chain *c;
	struct anon_vma *a;

	if (likely(v->anon_vma != NULL))
		return 0;
	c = chain_alloc(m);
	if (!c)
		return -ENOMEM;
	a = reusable(v, v->vm_next, v->vm_next);
	if (!a)
		a = reusable(v->vm_prev, v, v->vm_prev);
	if (!a)
		a = anon_vma_alloc(m);
	if (!a) {
		chain_free(m, c);
		return -ENOMEM;
	}
	v->anon_vma = a;
	chain_link(v, c, a);
	a->degree++;
	return 0;
}

int anon_vma_clone(struct machine *m, struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct anon_vma_chain *from;

	TAILQ_FOREACH_REVERSE (from, &src->anon_vma_chain, anon_vma_chains, same_vma) {
		struct anon_vma *a = from->anon_vma;
		struct anon_vma_chain *c = chain_alloc(m);

		if (!c) {
			/* its degree was not raised yet */
			dst->anon_vma = NULL;
			unlink_anon_vmas(m, dst);
			return -ENOMEM;
		}
		chain_link(dst, c, a);
		/* one without an area of its own and with a single child serves again */
		if (!dst->anon_vma && a != src->anon_vma && a->degree < 2)
			dst->anon_vma = a;
	}
	if (dst->anon_vma)
		dst->anon_vma->degree++;
	return 0;
}

int anon_vma_fork(struct machine *m, struct vm_area_struct *v, struct vm_area_struct *parent)
{
	struct anon_vma_chain *c;
	struct anon_vma *a;

	if (!parent->anon_vma)
		return 0;
	v->anon_vma = NULL;
	if (anon_vma_clone(m, v, parent))
		return -ENOMEM;
	if (v->anon_vma)
		return 0;
	a = anon_vma_alloc(m);
	c = a ? chain_alloc(m) : NULL;
	if (!c) {
		if (a)
			anon_vma_free(m, a);
		unlink_anon_vmas(m, v);
		return -ENOMEM;
	}
	a->root = parent->anon_vma->root;
	a->parent = parent->anon_vma;
	v->anon_vma = a;
	chain_link(v, c, a);
	a->parent->degree++;
	return 0;
}

void unlink_anon_vmas(struct machine *m, struct vm_area_struct *v)
{
	struct anon_vma_chain *c, *next;

	/* those that nobody is left in go in a second round: children before their parents */
	for (c = TAILQ_FIRST(&v->anon_vma_chain); c; c = next) {
		struct anon_vma *a = c->anon_vma;

		next = TAILQ_NEXT(c, same_vma);
		LIST_REMOVE(c, same_anon_vma);
		if (LIST_EMPTY(&a->heads)) {
			a->parent->degree--;
			continue;
		}
		TAILQ_REMOVE(&v->anon_vma_chain, c, same_vma);
		chain_free(m, c);
	}
	if (v->anon_vma)
		v->anon_vma->degree--;
	v->anon_vma = NULL;
	while ((c = TAILQ_FIRST(&v->anon_vma_chain))) {
		TAILQ_REMOVE(&v->anon_vma_chain, c, same_vma);
		anon_vma_free(m, c->anon_vma);
		chain_free(m, c);
	}
}

/* ---- map counts ---- */

static inline struct zone *zone_of_page(const struct machine *m, const struct page *p)
{
	return m->zone_by_id[block_zone(p->block)];
}

void page_add_anon_rmap(struct machine *m, pfn_t pfn, struct vm_area_struct *v, vaddr_t va)
{
	struct page *p = pfn_to_page(m, pfn);

	p->flags |= PG(swapbacked);
	p->owner = PAGE_MAPPING_ANON | v->anon_vma->id;
	p->index = (uint32_t)(v->vm_pgoff + ((va - v->vm_start) >> PAGE_SHIFT));
	p->mapcount = 1;
	__mod_zone_page_state(m, zone_of_page(m, p), NR_ANON_PAGES, 1);
}

void page_add_file_rmap(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	if (p->mapcount++ == 0)
		__inc_zone_page_state(m, zone_of_page(m, p), NR_FILE_MAPPED);
}

void page_dup_rmap(struct machine *m, pfn_t pfn)
{
	pfn_to_page(m, pfn)->mapcount++;
}

void page_remove_rmap(struct machine *m, pfn_t pfn)
{
	struct page *p = pfn_to_page(m, pfn);

	if (--p->mapcount)
		return;
	__mod_zone_page_state(m, zone_of_page(m, p), page_is_anon(p) ? NR_ANON_PAGES : NR_FILE_MAPPED, -1);
	if (unlikely(p->flags & PG(mlocked)))
		clear_page_mlock(m, pfn);
}

/* ---- walking ---- */

struct walk {
	bool (*fn)(struct machine *m, struct vm_area_struct *v, vaddr_t va, phys_t pte, void *arg);
	void *arg;
	pfn_t pfn;
};

/* The entry at which @v would map the page, if it does. Returns: whether to go on. */
static bool walk_vma(struct machine *m, struct walk *w, struct vm_area_struct *v)
{
	const struct page *p = pfn_to_page(m, w->pfn);
	uint64_t page = (uint32_t)(p->index - (uint32_t)v->vm_pgoff);

	for (; page < vma_pages(v); page += 1ull << 32) {
		vaddr_t va = v->vm_start + (page << PAGE_SHIFT);
		phys_t at = pte_offset(m, v->vm_mm, va);
		uint64_t pte = at ? pte_read(m, at) : 0;

		if (pte_present(pte) && pte_pfn(m, pte) == w->pfn && !w->fn(m, v, va, at, w->arg))
			return false;
	}
	return true;
}

bool rmap_walk(struct machine *m, pfn_t pfn,
	       bool (*fn)(struct machine *m, struct vm_area_struct *v, vaddr_t va, phys_t pte, void *arg),
	       void *arg)
{
	struct walk w = {fn, arg, pfn};
	const struct page *p = pfn_to_page(m, pfn);
	void *mapping = m->mm && page_is_mapping(p) ? mapping_of(m->mm, p) : NULL;
	struct anon_vma_chain *c;
	struct vm_area_struct *v;

	if (!mapping || !p->mapcount)
		return true;
	if (page_is_anon(p)) {
		LIST_FOREACH (c, &((struct anon_vma *)mapping)->heads, same_anon_vma)
			if (!walk_vma(m, &w, c->vma))
				return false;
		return true;
	}
	LIST_FOREACH (v, &((struct address_space *)mapping)->i_mmap, shared)
		if (!walk_vma(m, &w, v))
			return false;
	return true;
}

/* ---- migration ---- */

static bool move_entry(struct machine *m, struct vm_area_struct *v, vaddr_t va, phys_t at, void *arg)
{
	uint64_t pte = pte_read(m, at);

	(void)v;
	(void)va;
	pte_write(m, at, mk_pte(m, *(pfn_t *)arg, pte & (0xfff | _PAGE_NX)));
	return true;
}

/* The counters of the zones follow the page. */
static void move_page_state(struct machine *m, const struct page *old, const struct page *new)
{
	struct zone *from = zone_of_page(m, old), *to = zone_of_page(m, new);
	const struct {
		bool counts;
		enum zone_stat_item item;
	} items[] = {
		{page_is_anon(old) && old->mapcount, NR_ANON_PAGES},
		{!page_is_anon(old) && old->mapcount, NR_FILE_MAPPED},
		{!page_is_anon(old), NR_FILE_PAGES},
		{!page_is_anon(old) && (old->flags & PG(swapbacked)), NR_SHMEM},
		{page_counts_dirty(m, old), NR_FILE_DIRTY},
		{old->flags & PG(mlocked), NR_MLOCK},
	};

	for (unsigned i = 0; from != to && i < ARRAY_SIZE(items); i++)
		if (items[i].counts) {
			__mod_zone_page_state(m, from, items[i].item, -1);
			__mod_zone_page_state(m, to, items[i].item, 1);
		}
}

void migrate_mapping(struct machine *m, pfn_t from, pfn_t to)
{
	struct page *old = pfn_to_page(m, from), *new = pfn_to_page(m, to);

	if (!m->mm || !page_is_mapping(old))
		return;
	rmap_walk(m, from, move_entry, &to);
	new->index = old->index;
	new->_refcount = old->_refcount;
	old->_refcount = 1;
	if (!page_is_anon(old))
		page_cache_replace(mapping_of(m->mm, old), old->index, to);
	move_page_state(m, old, new);
}
