/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands behind all processes: pools of objects, defaults, numbers of mappings. */
#include "mm.h"
#include <stdlib.h>

/* Objects are never given back to the arena: the pool keeps them. */
void *mm_object_new(struct machine *m, struct mm_pool *p, size_t size, struct kmem_cache *s,
		    vaddr_t *obj)
{
	void *o;

	*obj = s ? kmem_cache_alloc(m, s, GFP_KERNEL) : 0;
	if (s && !*obj)
		return NULL;
	o = p->free;
	if (o) {
		p->free = *(void **)o;
		memset(o, 0, size);
	} else {
		o = arena_alloc(&m->arena, size);
	}
	if (o)
		p->live++;
	else if (*obj)
		kmem_cache_free(m, s, *obj);
	return o;
}

void mm_object_free(struct machine *m, struct mm_pool *p, void *o, struct kmem_cache *s, vaddr_t obj)
{
	if (s && obj)
		kmem_cache_free(m, s, obj);
	*(void **)o = p->free;
	p->free = o;
	p->live--;
}

/* ---- numbers of mappings ---- */

/* Free slots are chained: an odd value is the next one's number. */
uint32_t mapping_id_new(struct mm_system *s, void *mapping)
{
	uint32_t id = s->free_mapping;

	if (id) {
		s->free_mapping = (uint32_t)((uintptr_t)s->mapping[id] >> 1);
		s->mapping[id] = mapping;
		return id;
	}
	if (s->nr_mapping >= s->cap_mapping) {
		uint32_t cap = s->cap_mapping ? 2 * s->cap_mapping : 1024;
		void **p = cap > PAGE_MAPPING_ID ? NULL : realloc(s->mapping, cap * sizeof(*p));

		if (!p)
			return 0;
		s->mapping = p;
		s->cap_mapping = cap;
	}
	s->nr_mapping += !s->nr_mapping; /* 0 is none */
	s->mapping[0] = NULL;
	s->mapping[s->nr_mapping] = mapping;
	return s->nr_mapping++;
}

void mapping_id_free(struct mm_system *s, uint32_t id)
{
	s->mapping[id] = (void *)((uintptr_t)s->free_mapping << 1 | 1);
	s->free_mapping = id;
}

/* ---- the system ---- */

/* The kernel's own cache of that name: asking for it again gives an alias of it. */
static struct kmem_cache *own_cache(struct machine *m, const char *name)
{
	return m->slab && m->slab->state == SLAB_FULL ? kmem_cache_find(m, name) : NULL;
}

static void own_caches(struct machine *m, struct mm_system *s)
{
	s->vma_cache = own_cache(m, "vm_area_struct");
	s->mm_cache = own_cache(m, "mm_struct");
	s->anon_vma_cache = own_cache(m, "anon_vma");
	s->avc_cache = own_cache(m, "anon_vma_chain");
	s->file_cache = own_cache(m, "filp");
	s->task_cache = own_cache(m, "task_struct");
}

/* Pages of the kernel's bss, where nothing else of the model lies: the zero page, [vdso], [vvar].
   They are reserved, and held by the kernel. */
static void kernel_pages(struct machine *m, struct mm_system *s)
{
	const struct kernel_image *k = &m->params.image;

	if (!k->bss_start)
		return;
	s->zero_pfn = (pfn_t)PFN_UP(k->load + k->bss_start) + 8;
	s->vdso_pfn = s->zero_pfn + 1;
	s->vvar_pfn = s->zero_pfn + 2;
	s->vdso_pages = 1;
	for (pfn_t pfn = s->zero_pfn; pfn <= s->vvar_pfn; pfn++) {
		struct page *p = pfn_to_page(m, pfn);
		struct zone *z = pfn_to_zone(m, pfn);

		p->flags |= PG(reserved);
		p->_refcount = 1;
		p->block = z ? (uint32_t)z->id << BLOCK_ZONE_SHIFT : 0;
		memset(phys_to_host(m, PFN_PHYS(pfn)), 0, PAGE_SIZE);
	}
}

struct mm_system *mm_system(struct machine *m)
{
	struct mm_system *s = m->mm;
	unsigned long free_kb = global_page_state(m, NR_FREE_PAGES) << (PAGE_SHIFT - 10);

	if (s)
		return s;
	s = arena_alloc(&m->arena, sizeof(*s));
	if (!s)
		return NULL;
	s->gather = arena_alloc(&m->arena, sizeof(*s->gather));
	if (!s->gather)
		return NULL;
	LIST_INIT(&s->files);
	LIST_INIT(&s->tasks);
	kernel_pages(m, s);
	s->overcommit_ratio = 50;
	s->max_map_count = 65530;
	s->mmap_min_addr = 4096;
	s->stack_guard_gap = STACK_GUARD_GAP;
	s->admin_reserve_kbytes = min_of(free_kb / 32, 8192ul);
	s->user_reserve_kbytes = min_of(free_kb / 32, 131072ul);
	s->next_ino = 1;
	s->random = m->params.seed;
	own_caches(m, s);
	m->mm = s;
	return s;
}

void mm_system_free(struct machine *m)
{
	if (m->mm)
		free(m->mm->mapping);
}

/* ---- where tables and stacks come from ---- */

int64_t alloc_kernel_pages(struct machine *m, gfp_t gfp, unsigned order, bool last)
{
	struct mm_system *s = m->mm;
	pfn_t pfn;

	if (likely(!s->outside))
		return alloc_pages(m, gfp, order);
	if (last && s->nr_given) {
		pfn = s->given[0];
		memmove(s->given, s->given + 1, --s->nr_given * sizeof(s->given[0]));
	} else {
		pfn = s->outside;
		if (pfn + (1u << order) > m->limit_pfn)
			return -ENOMEM;
		s->outside += 1u << order;
		pfn_to_page(m, pfn)->_refcount = 1 << 20; /* never the last one */
	}
	memset(phys_to_host(m, PFN_PHYS(pfn)), 0, PAGE_SIZE << order);
	return pfn;
}

void pte_table_given(struct machine *m, pfn_t pfn)
{
	if (m->mm->nr_given < ARRAY_SIZE(m->mm->given))
		m->mm->given[m->mm->nr_given++] = pfn;
}

int tables_outside(struct machine *m)
{
	struct mm_system *s = mm_system(m);

	if (!s || m->limit_pfn < m->max_pfn + 256)
		return -ENOMEM;
	s->outside = (pfn_t)m->max_pfn;
	return 0;
}
