/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of the CPUs' own memory, handed out by first fit. */
#include "percpu.h"
#include "slab.h"
#include <errno.h>

#define GRAIN 4u
/* What boot leaves at the end of each unit for later. */
#define DYNAMIC_RESERVE(m) ((m)->arch->bits == 32 ? 20u << 10 : 28u << 10)

static struct percpu_chunk *new_chunk(struct machine *m, uint32_t size)
{
	struct percpu_chunk *c = slab_host_alloc(m, sizeof(*c));

	if (!c)
		return NULL;
	c->size = size;
	c->used = slab_host_alloc(m, (size / GRAIN + 63) / 64 * sizeof(*c->used));
	c->mem = slab_host_alloc(m, m->nr_cpus * sizeof(*c->mem));
	c->addr = slab_host_alloc(m, m->nr_cpus * sizeof(*c->addr));
	return c->used && c->mem && c->addr ? c : NULL;
}

static void chunk_unit(struct machine *m, struct percpu_chunk *c, unsigned cpu, phys_t pa)
{
	c->mem[cpu] = phys_to_host(m, pa);
	c->addr[cpu] = m->slab->base + pa;
}

static struct percpu_chunk *first_chunk(struct machine *m)
{
	uint32_t unit = (uint32_t)(m->boot.percpu_pages << PAGE_SHIFT);
	uint32_t size = min_of(DYNAMIC_RESERVE(m), unit / 2);
	struct percpu_chunk *c = new_chunk(m, size);

	for (unsigned cpu = 0; c && cpu < m->nr_cpus; cpu++)
		chunk_unit(m, c, cpu, m->boot.percpu + (cpu + 1ull) * unit - size);
	return c;
}

static struct percpu_chunk *page_chunk(struct machine *m, uint32_t size)
{
	unsigned order = get_order(size);
	struct percpu_chunk *c = new_chunk(m, (uint32_t)PAGE_SIZE << order);

	for (unsigned cpu = 0; c && cpu < m->nr_cpus; cpu++) {
		int64_t pfn = alloc_pages_node(m, m->cpu_to_node[cpu],
					       GFP_KERNEL | __GFP_NOWARN, order);

		if (pfn < 0) {
			while (cpu--)
				__free_pages(m, virt_to_pfn(m, c->addr[cpu]), order);
			return NULL;
		}
		chunk_unit(m, c, cpu, PFN_PHYS(pfn));
	}
	return c;
}

static struct percpu_chunk *host_chunk(struct machine *m)
{
	struct percpu_chunk *c = new_chunk(m, PCPU_MIN_UNIT_SIZE);

	for (unsigned cpu = 0; c && cpu < m->nr_cpus; cpu++) {
		c->mem[cpu] = slab_host_alloc(m, PCPU_MIN_UNIT_SIZE);
		if (!c->mem[cpu])
			return NULL;
	}
	return c;
}

static bool is_used(const struct percpu_chunk *c, uint32_t i)
{
	return c->used[i / 64] >> i % 64 & 1;
}

static void set_used(struct percpu_chunk *c, uint32_t i, uint32_t n, bool used)
{
	for (uint32_t end = i + n; i < end; i++)
		c->used[i / 64] = (c->used[i / 64] & ~(1ull << i % 64)) | (uint64_t)used << i % 64;
}

static bool chunk_alloc(struct percpu_chunk *c, uint32_t grains, uint32_t align, uint32_t *at)
{
	uint32_t run = 0;

	for (uint32_t i = 0; i < c->size / GRAIN; i++) {
		run = is_used(c, i) || (!run && i % align) ? 0 : run + 1;
		if (run == grains) {
			*at = i + 1 - grains;
			set_used(c, *at, grains, true);
			return true;
		}
	}
	return false;
}

static struct percpu_chunk *more_chunk(struct machine *m, bool first, uint32_t size)
{
	if (!m->boot.percpu)
		return host_chunk(m);
	return first ? first_chunk(m) : page_chunk(m, size);
}

int percpu_alloc(struct machine *m, struct percpu_chunk **chunks, uint32_t size,
		 struct percpu *p)
{
	uint32_t align = m->slab->word / GRAIN, grains, at;
	struct percpu_chunk **link = chunks;

	if (!size || size > PCPU_MIN_UNIT_SIZE)
		return -ENOMEM;
	grains = (uint32_t)ROUND_UP(size, m->slab->word) / GRAIN;
	for (;;) {
		if (!*link)
			*link = more_chunk(m, link == chunks, size);
		if (!*link)
			return -ENOMEM;
		if (chunk_alloc(*link, grains, align, &at))
			break;
		link = &(*link)->next;
	}
	*p = (struct percpu){.chunk = *link, .off = at * GRAIN, .size = grains * GRAIN};
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		memset(percpu_ptr(p, cpu), 0, size);
	return 0;
}

void percpu_free(struct percpu *p)
{
	if (p->size)
		set_used(p->chunk, p->off / GRAIN, p->size / GRAIN, false);
	p->size = 0;
}
