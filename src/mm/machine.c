/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine from power-on to the first allocation, and its end (boot.md 1). */
#include "mmzone.h"
#include "page_alloc.h"
#include "setup.h"
#include "vmstat.h"
#include <errno.h>
#include <mmsh/highmem.h>
#include <mmsh/mm.h>
#include <mmsh/vmalloc.h>
#include <stdlib.h>
#include <string.h>

void boot_params_init(struct boot_params *p)
{
	*p = (struct boot_params){
		.arch = archs[0],
		.mem = 1ull << 30,
		.split = archs[0]->splits,
		.highmem = BOOT_UNSET,
		.reservelow = 64 << 10,
		.cpus = 1,
		.image = *archs[0]->image,
		.seed = 1,
		.zonelist_order = 'd',
		.strict = true,
	};
	slab_params_init(&p->slab_params);
}

void boot_params_set_arch(struct boot_params *p, const struct arch *arch)
{
	p->arch = arch;
	p->split = arch->splits;
	if (!p->image_given)
		p->image = *arch->image;
}

/* ---- an empty machine ---- */

static void machine_unmap(struct machine *m)
{
	reserve_unmap(m->ram, m->ram_size);
	reserve_unmap(m->touched, m->touched_size);
	reserve_unmap(m->mem_map, m->mem_map_size);
	reserve_unmap(m->top, m->top_size);
}

/* Room for @pages of RAM. Returns: whether the host grants it. */
static bool machine_reserve(struct machine *m, uint64_t pages)
{
	pages = ROUND_UP(pages, MAX_ORDER_NR_PAGES);
	m->ram_size = pages << PAGE_SHIFT;
	m->mem_map_size = pages * sizeof(struct page);
	m->top_size = (pages >> (MAX_ORDER - 1)) * sizeof(struct top_block);
	m->touched_size = pages / 8 + pages / 512;
	m->ram = reserve_map(m->ram_size);
	m->touched = reserve_map(m->touched_size);
	m->touched_64 = m->touched ? m->touched + pages / 64 : NULL;
	m->mem_map = reserve_map(m->mem_map_size);
	m->top = reserve_map(m->top_size);
	m->limit_pfn = pages;
	return m->ram && m->touched && m->mem_map && m->top;
}

/* As much as the architecture can have, for RAM that is added later; addresses alone cost
   nothing. A host that counts them grants what is there now. */
static int machine_map(struct machine *m, struct mm_error *e)
{
	uint64_t most = min_of(1ull << (m->arch->max_mem_bits_model - PAGE_SHIFT),
			       (uint64_t)ROUND_DOWN(PFN_NONE, MAX_ORDER_NR_PAGES));

	if (machine_reserve(m, max_of(most, m->max_pfn)))
		return 0;
	machine_unmap(m);
	if (machine_reserve(m, m->max_pfn))
		return 0;
	return mm_error(e, -ENOMEM,
			"the host refuses to reserve %zu MiB of address space; a smaller machine would fit",
			(m->ram_size + m->touched_size + m->mem_map_size + m->top_size) >> 20);
}

void choose_zonelist_order(struct machine *m, char order)
{
	m->zonelist_order = order != 'd' ? order : m->arch->bits == 64 ? 'n' : 'z';
}

static int machine_nodes(struct machine *m)
{
	m->vm_event = arena_alloc(&m->arena, m->nr_cpus * sizeof(*m->vm_event));
	m->zone_by_id = arena_alloc(&m->arena, m->nr_nodes * MAX_NR_ZONES * sizeof(struct zone *));
	if (!m->vm_event || !m->zone_by_id)
		return -ENOMEM;
	set_cpu(m, 0);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct pglist_data *n = arena_alloc(&m->arena, sizeof(*n));

		if (!n)
			return -ENOMEM;
		m->node[nid] = n;
		n->id = (int)nid;
		n->kswapd_classzone_idx = MAX_NR_ZONES - 1;
		for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *z = &n->zone[i];

			z->id = (uint16_t)(nid * MAX_NR_ZONES + i);
			z->idx = (uint8_t)i;
			z->nid = (uint8_t)nid;
			z->name = m->arch->zone_name[i];
			z->highmem = (int)i == m->arch->zone_highmem;
			m->zone_by_id[z->id] = z;
			if (init_zone_lists(m, z))
				return -ENOMEM;
		}
	}
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		m->cpu_to_node[cpu] = (uint8_t)(cpu % m->nr_nodes);
	m->distance = arena_alloc(&m->arena, m->nr_nodes * m->nr_nodes);
	if (!m->distance || highmem_init(m))
		return -ENOMEM;
	for (unsigned i = 0; i < m->nr_nodes * m->nr_nodes; i++)
		m->distance[i] = i % (m->nr_nodes + 1) ? REMOTE_DISTANCE : LOCAL_DISTANCE;
	choose_zonelist_order(m, 'd');
	return 0;
}

struct machine *machine_new(const struct arch *arch, uint64_t max_pfn, unsigned nr_nodes,
			    unsigned nr_cpus, struct mm_error *e)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m) {
		mm_error(e, -ENOMEM, "the host has no memory for a machine");
		return NULL;
	}
	m->arch = arch;
	m->max_pfn = m->max_low_pfn = m->highstart_pfn = max_pfn;
	m->nr_nodes = nr_nodes;
	m->nr_cpus = nr_cpus;
	m->numa = nr_nodes > 1;
	m->pageblock_order = MAX_ORDER - 1;
	m->nr_migratetypes = MIGRATE_HIGHATOMIC + 1;
	m->gfp_allowed_mask = __GFP_BITS_MASK;
	m->user_min_free_kbytes = -1;
	m->extfrag_threshold = 500;
	m->compact_unevictable_allowed = true;
	m->mempolicy = &m->init_mempolicy;
	m->min_unmapped_ratio = 1;
	m->min_slab_ratio = 5;
	strcpy(m->zonelist_order_text, "default");
	for (int i = 0; i < MAX_NR_ZONES - 1; i++)
		m->lowmem_reserve_ratio[i] = (int)arch->lowmem_reserve_ratio[i];
	if (machine_map(m, e) == 0) {
		if (machine_nodes(m) == 0)
			return m;
		mm_error(e, -ENOMEM, "the host has no memory for the nodes");
	}
	machine_free(m);
	return NULL;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	mm_system_free(m);
	machine_unmap(m);
	memblock_destroy(&m->memblock);
	strbuf_free(&m->kmsg);
	arena_free(&m->arena);
	free(m);
}

/* ---- boot ---- */

/* Order-0 frees of pages that boot kept so far, ascending. Returns: how many. */
static unsigned long free_reserved_area(struct machine *m, phys_t start, phys_t end)
{
	uint64_t from = PFN_UP(start), to = PFN_DOWN(end);

	if (from >= to)
		return 0;
	memblock_free(&m->memblock, PFN_PHYS(from), PFN_PHYS(to - from));
	for (uint64_t pfn = from; pfn < to; pfn++)
		free_reserved_page(m, (pfn_t)pfn);
	return to - from;
}

static void mem_init(struct machine *m)
{
	struct boot_info *b = &m->boot;

	free_highmem_pages(m);
	b->totalhigh_at_mem_init = m->totalhigh_pages;
	free_all_bootmem(m);
	b->free_at_mem_init = global_page_state(m, NR_FREE_PAGES);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		b->present += m->node[nid]->present_pages;
	b->reserved_at_mem_init = b->present - m->totalram_pages;
	b->mem_init_done = true;
}

/* What is freed when it has served: lock prefixes, then, with the watermarks set, the
   initrd and the init sections. */
static void free_late(struct machine *m)
{
	const struct kernel_image *k = &m->params.image;
	struct boot_info *b = &m->boot;

	b->alternatives_pages = free_reserved_area(m, k->load + k->init_end, k->load + k->bss_start);
	m->gfp_allowed_mask = __GFP_BITS_MASK;
	init_per_zone_wmark_min(m);
	if (b->initrd_size)
		b->initrd_pages = free_reserved_area(m, b->initrd_start, b->initrd_start + b->initrd_size);
	b->init_pages = free_reserved_area(m, k->load + k->init_begin, k->load + k->init_end);
}

static int boot_steps(struct machine *m, struct mm_error *e)
{
	uint64_t max_zone_pfn[MAX_NR_ZONES] = {0};
	int err;

	max_zone_pfn[0] = min_of(4096ull, m->max_low_pfn);
	if (m->arch->zone_dma32 >= 0)
		max_zone_pfn[m->arch->zone_dma32] = min_of(1ull << 20, m->max_low_pfn);
	max_zone_pfn[m->arch->zone_normal] = m->max_low_pfn;
	if (m->arch->zone_highmem >= 0)
		max_zone_pfn[m->arch->zone_highmem] = m->max_pfn;
	err = setup_memblock(m, e);
	if (!err)
		err = free_area_init_nodes(m, max_zone_pfn, e);
	if (!err && m->model->alloc_memmap(m))
		err = mm_error(e, -EINVAL, "low memory is too small for the page descriptors of %llu MiB",
			       (unsigned long long)m->max_pfn >> (20 - PAGE_SHIFT));
	if (!err)
		err = setup_boot_structures(m, e);
	if (!err)
		err = setup_managed(m, e);
	if (err)
		return err;
	if (vmalloc_init(m))
		return mm_error(e, -ENOMEM, "the host has no memory for vmalloc");
	build_all_zonelists(m);
	mem_init(m);
	if (m->params.slab && kmem_cache_init(m, m->params.slab, &m->params.slab_params, e))
		return -ENOMEM;
	setup_per_cpu_pageset(m);
	if (m->params.slab && kmem_cache_init_late(m, e))
		return -ENOMEM;
	free_late(m);
	return vmalloc_boot_areas(m, e);
}

static bool kernel_has_numa(const struct boot_params *p)
{
	return p->arch->bits == 64 || p->numa.kind != NUMA_DEFAULT;
}

static const struct memory_model *kernel_model(const struct boot_params *p)
{
	if (p->model)
		return p->model;
	return kernel_has_numa(p) ? p->arch->numa_model : p->arch->model;
}

/* What Kconfig of 4.4 cannot build, and the rule that says so. */
static int check_kconfig(const struct boot_params *p, struct mm_error *e)
{
	bool numa = kernel_has_numa(p), pae = p->arch->bits == 32 && p->arch->pmd_shift == 21;
	const struct memory_model *model = kernel_model(p);
	const struct {
		bool broken;
		const char *what, *rule;
	} rules[] = {
		{pae && !p->split->pae, "this split with PAE",
		 "VMSPLIT_3G_OPT and VMSPLIT_2G_OPT depend on !X86_PAE"},
		{numa && p->arch->bits == 32 && !pae, "NUMA on IA-32 without PAE",
		 "NUMA depends on X86_64 || (X86_32 && HIGHMEM64G && X86_BIGSMP)"},
		{model == &memory_model_flat && (numa || p->arch->bits == 64), "FLATMEM here",
		 "ARCH_FLATMEM_ENABLE depends on X86_32 && !NUMA"},
		{p->hotplug && !model->sections, "memory hotplug here",
		 "MEMORY_HOTPLUG depends on SPARSEMEM"},
		{model == &memory_model_discontig && (!numa || p->arch->bits == 64), "DISCONTIGMEM here",
		 "ARCH_DISCONTIGMEM_ENABLE depends on NUMA && X86_32"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rules) && p->strict; i++)
		if (rules[i].broken)
			return mm_error(e, -EINVAL, "no 4.4 kernel has %s: %s (strict=off builds it)",
					rules[i].what, rules[i].rule);
	return 0;
}

static int check_params(const struct boot_params *p, struct mm_error *e)
{
	uint64_t limit = 1ull << p->arch->max_mem_bits_model;

	if (p->cpus < 1 || p->cpus > MAX_CPUS)
		return mm_error(e, -EINVAL, "cpus=%u: 1 to %d", p->cpus, MAX_CPUS);
	if (p->mem > limit)
		return mm_error(e, -ERANGE, "mem=%lluM: %s has at most %lluG",
				(unsigned long long)p->mem >> 20, p->arch->name,
				(unsigned long long)limit >> 30);
	if (!p->e820.nr && p->mem < 8ull << 20)
		return mm_error(e, -EINVAL, "mem=%llu: a machine needs at least 8M",
				(unsigned long long)p->mem);
	if (p->reservelow < PAGE_SIZE || p->reservelow > 640 << 10)
		return mm_error(e, -EINVAL, "reservelow=%llu: 4K to 640K",
				(unsigned long long)p->reservelow);
	return check_kconfig(p, e);
}

/* With high memory, ZONE_MOVABLE is cut out of it (boot.md 6.1). */
static void mark_highmem_zones(struct machine *m)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		m->node[nid]->zone[m->arch->zone_movable].highmem = m->max_pfn > m->highstart_pfn;
}

struct machine *machine_boot(const struct boot_params *p, struct mm_error *e)
{
	struct memory_map map;
	struct machine *m;

	if (check_params(p, e) || setup_memory_map(p, &map, e))
		return NULL;
	m = machine_new(p->arch, map.max_pfn, map.info.numa.nr_nodes, p->cpus, e);
	if (!m)
		return NULL;
	m->params = *p;
	m->params.image.load = map.image_load;
	m->boot = map.info;
	m->layout = map.layout;
	m->max_low_pfn = m->highstart_pfn = map.max_low_pfn;
	m->model = kernel_model(p);
	m->numa = kernel_has_numa(p);
	choose_zonelist_order(m, p->zonelist_order);
	strcpy(m->zonelist_order_text, p->zonelist_order == 'n'   ? "node"
				       : p->zonelist_order == 'z' ? "zone"
								  : "default");
	memcpy(m->cpu_to_node, map.info.numa.cpu_to_node, sizeof(m->cpu_to_node));
	for (unsigned i = 0; i < m->nr_nodes * m->nr_nodes; i++)
		m->distance[i] = map.info.numa.distance[i / m->nr_nodes][i % m->nr_nodes];
	mark_highmem_zones(m);
	m->nr_migratetypes += p->hotplug;
	if (p->hugetlb)
		m->pageblock_order = min_of(p->arch->pmd_shift - PAGE_SHIFT, (unsigned)MAX_ORDER - 1);
	/* no reclaim, no IO until the scheduler runs (boot.md 13) */
	m->gfp_allowed_mask = __GFP_BITS_MASK & ~(__GFP_RECLAIM | __GFP_IO | __GFP_FS);
	if (boot_steps(m, e)) {
		machine_free(m);
		return NULL;
	}
	m->running = true;
	return m;
}

/* ---- running ---- */

void machine_tick(struct machine *m, uint64_t jiffies)
{
	uint64_t seconds = (m->jiffies + jiffies) / HZ - m->jiffies / HZ;

	if (m->slab && m->slab->ops->tick)
		m->slab->ops->tick(m, jiffies);
	m->jiffies += jiffies;
	kswapd_tick(m);
	/* vmstat_update; after the first round nothing is left to fold in */
	if (seconds)
		for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
			refresh_cpu_vm_stats(m, cpu);
}

int machine_set_cpu(struct machine *m, unsigned cpu)
{
	if (cpu >= m->nr_cpus)
		return -EINVAL;
	set_cpu(m, cpu);
	return 0;
}
