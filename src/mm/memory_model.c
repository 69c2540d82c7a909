/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FLATMEM, DISCONTIGMEM, SPARSEMEM (boot.md 4): what each keeps, and what that costs. */
#include "setup.h"
#include <errno.h>
#include <string.h>

#define DISCONTIG_CHUNK_SHIFT (26 - PAGE_SHIFT)
#define VMEMMAP_BLOCK (2ull << 20)
#define SPARSE_ROOT_SECTIONS 128 /* descriptors of sections in one page, 64 bit */

/* ---- one array a node; flat is the case of one node ---- */

static int alloc_node_mem_maps(struct machine *m)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		const struct pglist_data *n = m->node[nid];
		uint64_t start = ROUND_DOWN(n->start_pfn, MAX_ORDER_NR_PAGES);
		uint64_t end = ROUND_UP((uint64_t)n->start_pfn + n->spanned_pages, MAX_ORDER_NR_PAGES);

		m->boot.mem_map = boot_alloc_node(m, "mem_map", (end - start) * m->arch->struct_page_size,
						  m->arch->cache_bytes, nid);
		if (!m->boot.mem_map)
			return -ENOMEM;
		m->boot.node_mem_map[nid] = m->boot.mem_map;
	}
	return 0;
}

static bool flat_pfn_valid(const struct machine *m, uint64_t pfn)
{
	return pfn < m->max_pfn;
}

static bool discontig_pfn_valid(const struct machine *m, uint64_t pfn)
{
	/* memory_present() works in chunks, so a hole next to memory counts as the node's */
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		const struct pglist_data *n = m->node[nid];
		uint64_t end = (uint64_t)n->start_pfn + n->spanned_pages;

		if (n->spanned_pages && pfn < end &&
		    pfn >> DISCONTIG_CHUNK_SHIFT >= n->start_pfn >> DISCONTIG_CHUNK_SHIFT)
			return true;
	}
	return false;
}

/* ---- sections ---- */

static bool sparse_pfn_valid(const struct machine *m, uint64_t pfn)
{
	return pfn < m->max_pfn && m->section[pfn_to_section(m, pfn)].state & SECTION_PRESENT;
}

int sections_resize(struct machine *m)
{
	unsigned shift = m->arch->section_size_bits - PAGE_SHIFT;
	uint64_t nr = ((m->max_pfn - 1) >> shift) + 1, blocks = nr << (shift - m->pageblock_order);
	struct mem_section *section;
	uint8_t *pageblock;

	if (nr <= m->nr_sections)
		return 0;
	section = arena_alloc(&m->arena, nr * sizeof(*section));
	pageblock = arena_alloc(&m->arena, blocks);
	if (!section || !pageblock)
		return -ENOMEM;
	if (m->section)
		memcpy(section, m->section, m->nr_sections * sizeof(*section));
	if (m->section)
		memcpy(pageblock, m->pageblock, m->nr_sections << (shift - m->pageblock_order));
	else if (m->pageblock) /* a loaded state has them before it has sections */
		memcpy(pageblock, m->pageblock, min_of(blocks, (m->max_pfn >> m->pageblock_order) + 1));
	for (unsigned id = 0; id < m->nr_nodes * MAX_NR_ZONES; id++)
		if (m->zone_by_id[id]->pageblock)
			m->zone_by_id[id]->pageblock = pageblock;
	m->section = section;
	m->pageblock = pageblock;
	m->nr_sections = nr;
	return 0;
}

int init_sections(struct machine *m)
{
	if (!m->model || !m->model->sections)
		return 0;
	if (sections_resize(m))
		return -ENOMEM;
	for (unsigned i = 0; i < m->memblock.memory.cnt; i++) {
		const struct memblock_region *r = &m->memblock.memory.regions[i];
		uint64_t last = pfn_to_section(m, PFN_UP(r->base + r->size) - 1);

		for (uint64_t s = pfn_to_section(m, PFN_DOWN(r->base)); s <= last; s++)
			m->section[s].state = SECTION_PRESENT | SECTION_ONLINE;
	}
	return 0;
}

/* Sections of node @nid that have memory. */
static uint64_t present_sections(const struct machine *m, int nid)
{
	unsigned shift = m->arch->section_size_bits - PAGE_SHIFT;
	uint64_t n = 0;

	for (uint64_t s = 0; s <= (m->max_pfn - 1) >> shift; s++)
		n += memblock_pages(&m->memblock, s << shift, (s + 1) << shift, nid) != 0;
	return n;
}

/* Page tables of the virtual page array: one of the upper level, one for each GiB of it. */
static void alloc_vmemmap_tables(struct machine *m)
{
	uint64_t tables = 2 + (m->max_pfn * m->arch->struct_page_size >> 30);

	for (uint64_t i = 0; i < tables; i++)
		boot_alloc_node(m, "vmemmap page table", PAGE_SIZE, PAGE_SIZE, 0);
}

/*
 * First the pageblock types of all sections, then their maps, one allocation a node each.
 * Both are noted in an array over every section there could be, gone again afterwards.
 */
static int alloc_sparse_maps(struct machine *m)
{
	const struct arch *a = m->arch;
	unsigned shift = a->section_size_bits - PAGE_SHIFT;
	uint64_t usemap = ROUND_UP((4ull << shift) >> m->pageblock_order, a->bits) / 8;
	uint64_t map = (uint64_t)a->struct_page_size << shift;
	uint64_t noted = (uint64_t)a->bits / 8 << (a->max_phys_bits - a->section_size_bits);
	uint64_t roots = (((m->max_pfn - 1) >> shift) / SPARSE_ROOT_SECTIONS + 1) * PAGE_SIZE;
	bool vmemmap = a->bits == 64;
	phys_t note[2];

	if (vmemmap)
		boot_alloc_node(m, "section roots", roots, PAGE_SIZE, 0);
	note[0] = memblock_alloc(&m->memblock, noted, a->cache_bytes);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		uint64_t n = present_sections(m, (int)nid);

		if (n && !boot_alloc_node(m, "pageblock flags", n * usemap, a->cache_bytes,
					  vmemmap ? 0 : nid))
			return -ENOMEM;
	}
	note[1] = memblock_alloc(&m->memblock, noted, a->cache_bytes);
	if (!note[0] || !note[1])
		return -ENOMEM;
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		uint64_t n = present_sections(m, (int)nid);

		if (!n)
			continue;
		m->boot.mem_map = boot_alloc_node(m, "mem_map", n * map,
						  vmemmap ? VMEMMAP_BLOCK : PAGE_SIZE, nid);
		if (!m->boot.mem_map)
			return -ENOMEM;
		if (vmemmap && nid == 0)
			alloc_vmemmap_tables(m);
	}
	memblock_free(&m->memblock, note[0], noted);
	memblock_free(&m->memblock, note[1], noted);
	return 0;
}

const struct memory_model memory_model_flat = {
	.name = "flat",
	.config = "FLATMEM",
	.pfn_valid = flat_pfn_valid,
	.alloc_memmap = alloc_node_mem_maps,
};

const struct memory_model memory_model_discontig = {
	.name = "discontig",
	.config = "DISCONTIGMEM",
	.pfn_valid = discontig_pfn_valid,
	.alloc_memmap = alloc_node_mem_maps,
};

const struct memory_model memory_model_sparse = {
	.name = "sparse",
	.config = "SPARSEMEM",
	.sections = true,
	.pfn_valid = sparse_pfn_valid,
	.alloc_memmap = alloc_sparse_maps,
};

const struct memory_model *const memory_models[] = {
	&memory_model_flat, &memory_model_discontig, &memory_model_sparse, NULL,
};

bool pfn_valid(const struct machine *m, uint64_t pfn)
{
	return m->model ? m->model->pfn_valid(m, pfn) : pfn < m->max_pfn;
}

uint64_t memmap_bytes(const struct machine *m)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < m->boot.nr_res; i++)
		if (!__builtin_strcmp(m->boot.res[i].what, "mem_map"))
			n += m->boot.res[i].size;
	return n;
}
