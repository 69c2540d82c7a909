/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sorted regions of what there is and what is taken (boot.md 5). */
#include <errno.h>
#include <mmsh/machine.h>
#include <stdlib.h>
#include <string.h>

#define INIT_REGIONS 128

static int insert_region(struct memblock_type *t, unsigned at, struct memblock_region r)
{
	if (t->cnt == t->max || !t->regions) {
		unsigned max = t->regions ? t->max * 2 : INIT_REGIONS;
		void *p = realloc(t->regions, max * sizeof(*t->regions));

		if (!p)
			return -ENOMEM;
		t->regions = p;
		t->max = max;
	}
	memmove(t->regions + at + 1, t->regions + at, (t->cnt - at) * sizeof(*t->regions));
	t->regions[at] = r;
	t->cnt++;
	return 0;
}

static void remove_region(struct memblock_type *t, unsigned at)
{
	t->cnt--;
	memmove(t->regions + at, t->regions + at + 1, (t->cnt - at) * sizeof(*t->regions));
}

static void merge_regions(struct memblock_type *t)
{
	for (unsigned i = 0; i + 1 < t->cnt;) {
		struct memblock_region *a = &t->regions[i], *b = a + 1;

		if (a->base + a->size == b->base && a->nid == b->nid && a->flags == b->flags) {
			a->size += b->size;
			remove_region(t, i + 1);
		} else {
			i++;
		}
	}
}

static int add_range(struct memblock_type *t, phys_t base, uint64_t size, int nid)
{
	phys_t end = size > UINT64_MAX - base ? UINT64_MAX : base + size;
	int err = 0;

	/* insert what no region covers yet, between the regions that overlap */
	for (unsigned i = 0; base < end && !err; i++) {
		bool last = i == t->cnt;
		phys_t stop = last ? end : min_of(end, t->regions[i].base);
		phys_t rend = last ? 0 : t->regions[i].base + t->regions[i].size;

		if (!last && rend <= base)
			continue;
		if (base < stop) {
			t->total_size += stop - base;
			err = insert_region(t, i, (struct memblock_region){base, stop - base, 0, nid});
			base = stop;
		} else {
			base = max_of(base, rend);
		}
	}
	merge_regions(t);
	return err;
}

int memblock_add(struct memblock *mb, phys_t base, uint64_t size, int nid)
{
	return add_range(&mb->memory, base, size, nid);
}

int memblock_reserve(struct memblock *mb, phys_t base, uint64_t size)
{
	return add_range(&mb->reserved, base, size, mb->no_node);
}

/* Cut the regions so that none crosses @at. */
static int split_at(struct memblock_type *t, phys_t at)
{
	for (unsigned i = 0; i < t->cnt; i++) {
		struct memblock_region *r = &t->regions[i], low;

		if (r->base >= at || r->base + r->size <= at)
			continue;
		low = *r;
		low.size = at - r->base;
		r->size -= low.size;
		r->base = at;
		return insert_region(t, i, low);
	}
	return 0;
}

static int remove_range(struct memblock_type *t, phys_t base, uint64_t size)
{
	if (split_at(t, base) || split_at(t, base + size))
		return -ENOMEM;
	for (unsigned i = 0; i < t->cnt;) {
		struct memblock_region *r = &t->regions[i];

		if (r->base >= base && r->base + r->size <= base + size) {
			t->total_size -= r->size;
			remove_region(t, i);
		} else {
			i++;
		}
	}
	return 0;
}

int memblock_free(struct memblock *mb, phys_t base, uint64_t size)
{
	return remove_range(&mb->reserved, base, size);
}

int memblock_remove(struct memblock *mb, phys_t base, uint64_t size)
{
	return remove_range(&mb->memory, base, size);
}

int memblock_append(struct memblock_type *t, phys_t base, uint64_t size, int nid, uint32_t flags)
{
	return insert_region(t, t->cnt, (struct memblock_region){base, size, flags, nid});
}

int memblock_set_node(struct memblock *mb, phys_t base, uint64_t size, int nid)
{
	struct memblock_type *t = &mb->memory;

	if (split_at(t, base) || split_at(t, base + size))
		return -ENOMEM;
	for (unsigned i = 0; i < t->cnt; i++)
		if (t->regions[i].base >= base && t->regions[i].base < base + size)
			t->regions[i].nid = nid;
	merge_regions(t);
	return 0;
}

void memblock_trim(struct memblock *mb)
{
	struct memblock_type *t = &mb->memory;

	for (unsigned i = 0; i < t->cnt;) {
		struct memblock_region *r = &t->regions[i];
		phys_t start = PFN_PHYS(PFN_UP(r->base));
		phys_t end = PFN_PHYS(PFN_DOWN(r->base + r->size));

		if (start >= end) {
			remove_region(t, i);
			continue;
		}
		r->base = start;
		r->size = end - start;
		i++;
	}
}

void memblock_destroy(struct memblock *mb)
{
	free(mb->memory.regions);
	free(mb->reserved.regions);
	memset(mb, 0, sizeof(*mb));
}

bool memblock_next_free(const struct memblock *mb, struct memblock_iter *it)
{
	while (it->mem < mb->memory.cnt) {
		const struct memblock_region *m = &mb->memory.regions[it->mem];
		phys_t start = max_of(m->base, it->end), mend = m->base + m->size;

		while (it->res < mb->reserved.cnt) {
			const struct memblock_region *r = &mb->reserved.regions[it->res];

			if (r->base > start)
				break;
			start = max_of(start, r->base + r->size);
			it->res++;
		}
		if (start >= mend) {
			/* a reserved region may reach into the next memory region */
			it->end = start;
			it->mem++;
			continue;
		}
		it->start = start;
		it->end = it->res < mb->reserved.cnt
				  ? min_of(mend, mb->reserved.regions[it->res].base)
				  : mend;
		it->nid = m->nid;
		return true;
	}
	return false;
}

phys_t memblock_find(const struct memblock *mb, uint64_t size, uint64_t align, phys_t start,
		     phys_t end)
{
	struct memblock_iter it = {0};
	phys_t best = 0;

	/* page 0 is never handed out, so that 0 can mean none */
	start = max_of(start, (phys_t)PAGE_SIZE);
	while (memblock_next_free(mb, &it)) {
		phys_t s = max_of(it.start, start), e = min_of(it.end, end), at;

		if (s >= e || e - s < size)
			continue;
		at = ROUND_DOWN(e - size, align);
		if (at >= s)
			best = at; /* ranges ascend: the last fit is the highest */
	}
	return best;
}

phys_t memblock_alloc(struct memblock *mb, uint64_t size, uint64_t align)
{
	phys_t at = memblock_find(mb, size, align, 0, mb->current_limit);

	if (at && memblock_reserve(mb, at, size))
		return 0;
	return at;
}

uint64_t memblock_pages(const struct memblock *mb, uint64_t start_pfn, uint64_t end_pfn, int nid)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < mb->memory.cnt; i++) {
		const struct memblock_region *r = &mb->memory.regions[i];
		uint64_t s = max_of(PFN_UP(r->base), start_pfn);
		uint64_t e = min_of(PFN_DOWN(r->base + r->size), end_pfn);

		if (s < e && (nid == MAX_NUMNODES || r->nid == nid))
			n += e - s;
	}
	return n;
}

/* The first region that has bytes of [base, base + size). */
static const struct memblock_region *find_overlap(const struct memblock_type *t, phys_t base,
						  uint64_t size)
{
	unsigned lo = 0, hi = t->cnt;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		const struct memblock_region *r = &t->regions[mid];

		if (r->base + r->size <= base)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->cnt && t->regions[lo].base < base + size ? &t->regions[lo] : NULL;
}

static const struct memblock_region *find_region(const struct memblock_type *t, phys_t addr)
{
	return find_overlap(t, addr, 1);
}

bool memblock_is_memory(const struct memblock *mb, phys_t addr)
{
	return find_region(&mb->memory, addr) != NULL;
}

int memblock_node(const struct memblock *mb, phys_t addr)
{
	const struct memblock_region *r = find_region(&mb->memory, addr);

	return r ? r->nid : -1;
}

bool memblock_is_reserved(const struct memblock *mb, phys_t addr)
{
	return find_region(&mb->reserved, addr) != NULL;
}

bool memblock_is_region_reserved(const struct memblock *mb, phys_t base, uint64_t size)
{
	return find_overlap(&mb->reserved, base, size) != NULL;
}
