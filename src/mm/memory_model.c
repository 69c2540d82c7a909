/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FLATMEM, DISCONTIGMEM, SPARSEMEM (boot.md 4): what each keeps, and what that costs. */
#include "setup.h"
#include <errno.h>

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
	return pfn < m->max_pfn &&
	       m->section[pfn >> (m->arch->section_size_bits - PAGE_SHIFT)] & SECTION_PRESENT;
}

/* One allocation a node for all its sections, which is what the kernel tries first. */
static int alloc_sparse_maps(struct machine *m)
{
	unsigned shift = m->arch->section_size_bits - PAGE_SHIFT;
	uint64_t sections = ((m->max_pfn - 1) >> shift) + 1;
	uint64_t map = (uint64_t)m->arch->struct_page_size << shift;
	uint64_t blocks = 1ull << (shift - m->pageblock_order);
	uint64_t usemap = ROUND_UP(blocks * 4, m->arch->bits) / 8;
	bool vmemmap = m->arch->bits == 64;

	if (vmemmap)
		boot_alloc_node(m, "section roots",
				(sections + SPARSE_ROOT_SECTIONS - 1) / SPARSE_ROOT_SECTIONS * PAGE_SIZE,
				PAGE_SIZE, 0);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		uint64_t n = 0;

		for (uint64_t s = 0; s < sections; s++)
			n += memblock_pages(&m->memblock, s << shift, (s + 1) << shift, (int)nid) != 0;
		if (!n)
			continue;
		if (!boot_alloc_node(m, "pageblock flags", n * usemap, m->arch->cache_bytes, nid))
			return -ENOMEM;
		m->boot.mem_map = boot_alloc_node(m, "mem_map", n * map,
						  vmemmap ? VMEMMAP_BLOCK : PAGE_SIZE, nid);
		if (!m->boot.mem_map)
			return -ENOMEM;
	}
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

uint64_t memmap_bytes(const struct machine *m)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < m->boot.nr_res; i++)
		if (!__builtin_strcmp(m->boot.res[i].what, "mem_map"))
			n += m->boot.res[i].size;
	return n;
}
