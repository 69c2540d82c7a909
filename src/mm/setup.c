/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the firmware's map to memblock as mem_init finds it (boot.md 2, 3, 5). Every
 * allocation is made in the kernel's order and size, from the top of low memory
 * downward, so that the free lists begin where the kernel's begin.
 */
#include "setup.h"
#include <errno.h>
#include <mmsh/pgtable.h>
#include <string.h>

#define FIXADDR_TOP 0xFFFFF000ull
#define VMALLOC_OFFSET (8ull << 20)
#define VMALLOC_RESERVE (128ull << 20)
#define KM_TYPE_NR 20
#define FIX_KMAP_BEGIN 69
#define AMD64_VMALLOC_START 0xFFFFC90000000000ull
#define AMD64_VMALLOC_END 0xFFFFE8FFFFFFFFFFull
#define ISA_START 0xA0000ull
#define ISA_END 0x100000ull

/* ---- e820 ---- */

static void trim_bios_range(struct e820_map *e)
{
	e820_update_range(e, 0, PAGE_SIZE, E820_RAM, E820_RESERVED);
	e820_remove_range(e, ISA_START, ISA_END - ISA_START, E820_RAM, true);
	e820_sanitize(e);
}

static phys_t image_end(const struct kernel_image *k)
{
	return k->load + k->bss_stop;
}

/* Pages of page tables that low memory may need at most: the initial mapping reaches that
   far beyond the image, and brk keeps as much. */
static uint64_t lowmem_tables(const struct boot_params *p)
{
	uint64_t lowmem = PFN_DOWN((1ull << 32) - p->split->page_offset);
	uint64_t per_table = 1ull << (p->arch->pmd_shift - PAGE_SHIFT);

	if (p->arch->bits == 64)
		return 0;
	return lowmem / per_table + (per_table == 512);
}

static phys_t brk_limit(const struct boot_params *p, const struct kernel_image *k)
{
	return image_end(k) + PFN_PHYS(lowmem_tables(p)) + k->brk;
}

/* A machine that ends below the usual load address runs the kernel linked for 1 MiB. */
static struct kernel_image place_image(const struct boot_params *p, uint64_t end_pfn)
{
	struct kernel_image k = p->image;

	if (!p->image_given && PFN_PHYS(end_pfn) < image_end(&k) + (4 << 20))
		k.load = 1 << 20;
	return k;
}

/* Without a size of its own, the machine has what its nodes add up to. */
static uint64_t pc_mem(const struct boot_params *p)
{
	uint64_t sum = 0;

	for (unsigned nid = 0; nid < p->numa.nr_nodes; nid++)
		sum += p->numa.node_size[nid];
	return p->mem_given || !sum ? p->mem : sum;
}

static int setup_e820(const struct boot_params *p, struct boot_info *b, struct kernel_image *k,
		      struct mm_error *e)
{
	uint64_t limit = min_of(1ull << (p->arch->max_phys_bits - PAGE_SHIFT),
				(uint64_t)ROUND_DOWN(PFN_NONE, MAX_ORDER_NR_PAGES));
	struct e820_map *map = &b->e820;

	if (p->e820.nr)
		b->bios = p->e820;
	else
		e820_pcmap(&b->bios, pc_mem(p));
	e820_sanitize(&b->bios);
	*map = b->bios;
	if (p->e820.nr && p->mem) {
		e820_remove_range(map, p->mem, UINT64_MAX - p->mem, E820_RAM, true);
		e820_sanitize(map);
		b->user_map = true;
	}
	*k = place_image(p, e820_end_pfn(map, limit));
	if (e820_end_pfn(map, limit) < PFN_UP(image_end(k)) + 256)
		return mm_error(e, -EINVAL, "RAM ends at %llu KiB: the kernel itself needs %llu KiB",
				(unsigned long long)e820_end_pfn(map, limit) * 4,
				(unsigned long long)(PFN_UP(image_end(k)) + 256) * 4);
	b->image_end = brk_limit(p, k);
	if (!e820_all_mapped(map, k->load, b->image_end, E820_RAM)) {
		e820_remove_range(map, k->load, b->image_end - k->load, 0, false);
		e820_add(map, k->load, b->image_end - k->load, E820_RAM);
		e820_sanitize(map);
	}
	trim_bios_range(map);
	b->end_pfn = e820_end_pfn(map, limit);
	return 0;
}

/* ---- the split ---- */

/* The kernel is built for 4 CPUs, or for as many as it takes. */
static unsigned config_nr_cpus(unsigned cpus)
{
	static const unsigned sizes[] = {4, 8, 32, 64};
	unsigned i = 0;

	while (sizes[i] < cpus)
		i++;
	return sizes[i];
}

static void layout_top(const struct boot_params *p, struct vm_layout *l)
{
	unsigned slots = FIX_KMAP_BEGIN + KM_TYPE_NR * config_nr_cpus(p->cpus) + 2;
	uint64_t pmd = 1ull << p->arch->pmd_shift;

	l->page_offset = p->split->page_offset;
	l->fixaddr_top = FIXADDR_TOP;
	l->fixaddr_start = FIXADDR_TOP - slots * PAGE_SIZE;
	l->fix_kmap_begin = FIX_KMAP_BEGIN;
	l->pkmap_base = ROUND_DOWN(l->fixaddr_start - PAGE_SIZE * (p->arch->last_pkmap + 1), pmd);
	l->vmalloc_end = l->pkmap_base - 2 * PAGE_SIZE;
}

/* 64 bit: everything is in the direct map. */
static int find_direct_range(const struct boot_params *p, struct memory_map *map)
{
	struct vm_layout *l = &map->layout;

	map->max_pfn = map->max_low_pfn = map->info.end_pfn;
	l->page_offset = p->split->page_offset;
	l->high_memory = l->page_offset + PFN_PHYS(map->max_pfn);
	l->vmalloc_start = AMD64_VMALLOC_START;
	l->vmalloc_end = AMD64_VMALLOC_END;
	l->maxmem_pfn = 1ull << (p->arch->max_phys_bits - PAGE_SHIFT);
	return 0;
}

static int find_low_pfn_range(const struct boot_params *p, struct memory_map *map, struct mm_error *e)
{
	struct vm_layout *l = &map->layout;
	struct boot_info *b = &map->info;
	uint64_t reserve = p->vmalloc ? p->vmalloc + VMALLOC_OFFSET : VMALLOC_RESERVE;
	uint64_t highmem = p->highmem == BOOT_UNSET ? BOOT_UNSET : PFN_DOWN(p->highmem);
	uint64_t max_low;

	if (l->page_offset + reserve + (32ull << 20) > l->vmalloc_end)
		return mm_error(e, -EINVAL, "vmalloc=%lluM leaves no room for low memory",
				(unsigned long long)p->vmalloc >> 20);
	l->maxmem_pfn = PFN_DOWN(l->vmalloc_end - l->page_offset - reserve);
	b->highmem_asked = highmem;
	map->max_pfn = b->end_pfn;
	if (map->max_pfn <= l->maxmem_pfn) {
		max_low = map->max_pfn;
		if (highmem == BOOT_UNSET)
			highmem = 0;
		if (highmem >= map->max_pfn) {
			b->highmem_msg = HIGHMEM_TOO_BIG;
			highmem = 0;
		}
		if (highmem && max_low - highmem < (64 << 20) >> PAGE_SHIFT) {
			b->highmem_msg = HIGHMEM_TOO_LITTLE_LEFT;
			highmem = 0;
		}
		max_low -= highmem;
	} else {
		max_low = l->maxmem_pfn;
		if (highmem == BOOT_UNSET)
			highmem = map->max_pfn - max_low;
		if (highmem + max_low < map->max_pfn)
			map->max_pfn = highmem + max_low;
		if (highmem + max_low > map->max_pfn) {
			b->highmem_msg = HIGHMEM_ONLY;
			highmem = 0;
		}
	}
	b->highmem_pages = highmem;
	map->max_low_pfn = max_low;
	l->high_memory = l->page_offset + PFN_PHYS(max_low);
	l->vmalloc_start = l->high_memory + VMALLOC_OFFSET;
	return 0;
}

int setup_memory_map(const struct boot_params *p, struct memory_map *map, struct mm_error *e)
{
	struct kernel_image k;
	int err;

	memset(map, 0, sizeof(*map));
	err = setup_e820(p, &map->info, &k, e);
	if (err)
		return err;
	map->image_load = k.load;
	if (p->arch->bits == 64) {
		err = find_direct_range(p, map);
	} else {
		layout_top(p, &map->layout);
		err = find_low_pfn_range(p, map, e);
	}
	if (!err && PFN_PHYS(map->max_low_pfn) < image_end(&k))
		err = mm_error(e, -EINVAL, "low memory ends at %llu KiB, inside the kernel image",
			       (unsigned long long)map->max_low_pfn * 4);
	return err ?: numa_init(&p->numa, &map->info.e820, map->max_pfn, p->arch->max_numnodes,
				p->cpus, &map->info.numa, e);
}

/* ---- memblock ---- */

static int reserved(struct machine *m, const char *what, phys_t start, uint64_t size)
{
	struct boot_info *b = &m->boot;

	if (b->nr_res < MAX_BOOT_RESERVATIONS)
		b->res[b->nr_res++] = (struct boot_reservation){what, start, size};
	return 0;
}

static int reserve(struct machine *m, const char *what, phys_t start, uint64_t size)
{
	if (!size)
		return 0;
	return memblock_reserve(&m->memblock, start, size) ?: reserved(m, what, start, size);
}

/* One boot-time allocation: the highest place it fits. Returns: the address, 0 if none. */
phys_t boot_alloc(struct machine *m, const char *what, uint64_t size, uint64_t align)
{
	phys_t at = memblock_alloc(&m->memblock, size, align);

	if (at)
		reserved(m, what, at, size);
	return at;
}

phys_t boot_alloc_node(struct machine *m, const char *what, uint64_t size, uint64_t align, unsigned nid)
{
	const struct numa_info *n = &m->boot.numa;

	for (unsigned i = n->nr_blks; i--;) {
		phys_t end = min_of(n->blk[i].end, m->memblock.current_limit), at;

		if (n->blk[i].nid != (int)nid || n->blk[i].start >= end)
			continue;
		at = memblock_find(&m->memblock, size, align, n->blk[i].start, end);
		if (at)
			return reserve(m, what, at, size) ? 0 : at;
	}
	return boot_alloc(m, what, size, align);
}

/* Conventional memory ends where the first RAM entry does; what follows is the BIOS's. */
static phys_t ebda_start(const struct e820_map *e)
{
	const phys_t cap = 0x9F000, insane = 0x20000;

	for (unsigned i = 0; i < e->nr; i++) {
		phys_t end = e->map[i].addr + e->map[i].size;

		if (e->map[i].type == E820_RAM && e->map[i].addr <= PAGE_SIZE && end <= ISA_START)
			return end < insane || end > cap ? cap : ROUND_DOWN(end, 1024);
	}
	return cap;
}

/* brk: page tables of the initial mapping, then a pool for those of the direct map. */
static void reserve_brk(struct machine *m)
{
	const struct kernel_image *k = &m->params.image;
	uint64_t pmd = 1ull << m->arch->pmd_shift;

	m->boot.brk_start = PFN_PHYS(PFN_UP(k->load + k->bss_stop));
	if (m->arch->bits == 32) {
		m->boot.init_pg_end = ROUND_UP(m->boot.image_end +
					       PFN_PHYS(lowmem_tables(&m->params)), 4ull << 20);
		m->boot.brk_start += m->boot.init_pg_end / pmd * PAGE_SIZE;
	}
	reserve(m, "brk", k->load + k->bss_stop,
		m->boot.brk_start + EARLY_PGT_PAGES * PAGE_SIZE - (k->load + k->bss_stop));
}

/* An initrd that the direct map does not reach is copied below its end. */
static int relocate_initrd(struct machine *m, struct mm_error *e)
{
	struct boot_info *b = &m->boot;
	phys_t low_end = PFN_PHYS(m->max_low_pfn), to;

	if (!b->initrd_size || b->initrd_start + b->initrd_size <= low_end)
		return 0;
	to = memblock_find(&m->memblock, b->initrd_size, PAGE_SIZE, 0, low_end);
	if (!to)
		return mm_error(e, -EINVAL, "initrd: %llu KiB do not fit into low memory",
				(unsigned long long)b->initrd_size >> 10);
	reserve(m, "initrd", to, b->initrd_size);
	memblock_free(&m->memblock, b->initrd_start, b->initrd_size);
	b->initrd_moved_from = b->initrd_start;
	b->initrd_start = to;
	return 0;
}

/* Where the loader puts it: as high as the firmware's map allows below 2 GiB. */
static int place_initrd(struct machine *m, struct mm_error *e)
{
	const struct boot_params *p = &m->params;
	struct boot_info *b = &m->boot;
	phys_t top = 0, limit = 0x80000000;

	if (!p->initrd_size)
		return 0;
	b->initrd_size = PFN_PHYS(PFN_UP(p->initrd_size));
	b->initrd_start = p->initrd_start;
	for (unsigned i = 0; i < b->e820.nr && !p->initrd_start; i++) {
		const struct e820_entry *x = &b->e820.map[i];

		if (x->type == E820_RAM && x->addr < limit)
			top = max_of(top, PFN_PHYS(PFN_DOWN(min_of(x->addr + x->size, limit))));
	}
	if (!p->initrd_start)
		b->initrd_start = top > b->initrd_size ? top - b->initrd_size : 0;
	if (b->initrd_start < image_end(&p->image) ||
	    !e820_all_mapped(&b->e820, b->initrd_start, b->initrd_start + b->initrd_size, E820_RAM))
		return mm_error(e, -EINVAL, "initrd: %llu KiB do not fit above the kernel",
				(unsigned long long)b->initrd_size >> 10);
	return reserve(m, "initrd", b->initrd_start, b->initrd_size);
}

/* initmem_init: who owns which range, and where each node's own data are. */
static int setup_nodes(struct machine *m, struct mm_error *e)
{
	const struct numa_info *n = &m->boot.numa;

	for (unsigned i = 0; i < n->nr_blks; i++)
		if (memblock_set_node(&m->memblock, n->blk[i].start, n->blk[i].end - n->blk[i].start,
				      n->blk[i].nid))
			return mm_error(e, -ENOMEM, "the host has no memory for the nodes");
	if (!m->numa)
		return 0;
	if (n->nr_nodes > 1)
		boot_alloc(m, "NUMA distances", n->nr_nodes * n->nr_nodes, PAGE_SIZE);
	for (unsigned nid = 0; nid < n->nr_nodes; nid++) {
		m->boot.node_data[nid] = boot_alloc_node(m, "node data", m->arch->pgdat_bytes, PAGE_SIZE, nid);
		if (!m->boot.node_data[nid])
			return mm_error(e, -EINVAL, "low memory is too small for %u nodes", n->nr_nodes);
	}
	return 0;
}

int setup_memblock(struct machine *m, struct mm_error *e)
{
	const struct boot_params *p = &m->params;
	struct memblock *mb = &m->memblock;
	struct boot_info *b = &m->boot;
	phys_t ebda = ebda_start(&b->e820);
	int err;

	mb->no_node = MAX_NUMNODES;
	mb->current_limit = ISA_END;
	reserve(m, "page 0", 0, PAGE_SIZE);
	reserve(m, "EBDA and BIOS", ebda, ISA_END - ebda);
	reserve(m, "kernel", p->image.load, p->image.bss_stop);
	err = place_initrd(m, e);
	if (err)
		return err;
	reserve_brk(m);
	for (unsigned i = 0; i < b->e820.nr; i++) {
		const struct e820_entry *x = &b->e820.map[i];
		uint64_t end = min_of(x->addr + x->size, PFN_PHYS(m->max_pfn));

		if ((x->type == E820_RAM || x->type == E820_RESERVED_KERN) && x->addr < end)
			memblock_add(mb, x->addr, end - x->addr, 0);
	}
	memblock_trim(mb);
	b->trampoline = boot_alloc(m, "trampoline", m->arch->trampoline_bytes, PAGE_SIZE);
	if (!b->trampoline)
		return mm_error(e, -EINVAL, "no RAM below 1 MiB for the real-mode trampoline");
	reserve(m, "low memory", 0, p->reservelow);
	mb->current_limit = PFN_PHYS(m->max_low_pfn);
	if (paging_init(m))
		return mm_error(e, -EINVAL, "low memory is too small for its own page tables");
	err = relocate_initrd(m, e);
	return err ?: setup_nodes(m, e);
}

/* ---- allocations until mem_init ---- */

static uint64_t roundup_pow_of_two(uint64_t x)
{
	return x <= 1 ? 1 : 1ull << (64 - __builtin_clzll(x - 1));
}

static uint64_t zone_wait_table_bytes(const struct machine *m, const struct zone *z)
{
	uint64_t entries = clamp_of(roundup_pow_of_two(z->spanned_pages / 256), 4, 4096);

	if (m->params.hotplug) /* the zone may grow */
		entries = 4096;
	return entries * (m->arch->bits == 64 ? 24 : 12);
}

static uint64_t usemap_bytes(const struct machine *m, const struct zone *z)
{
	uint64_t pages = 1ull << m->pageblock_order;
	uint64_t blocks = ROUND_UP(z->spanned_pages + z->start_pfn % pages, pages) / pages;

	return ROUND_UP(blocks * 4, m->arch->bits) / 8;
}

/* Each zone's own tables; sections keep pageblock types for the zones. */
static bool boot_alloc_zone_tables(struct machine *m)
{
	uint64_t line = m->arch->cache_bytes;
	bool ok = true;

	for (unsigned id = 0; id < m->nr_nodes * MAX_NR_ZONES; id++) {
		const struct zone *z = m->zone_by_id[id];

		if (!z->spanned_pages)
			continue;
		if (!m->model->sections)
			ok &= boot_alloc_node(m, "pageblock flags", usemap_bytes(m, z), line, z->nid) != 0;
		ok &= boot_alloc_node(m, "zone wait table", zone_wait_table_bytes(m, z), line, z->nid) != 0;
	}
	return ok;
}

static bool boot_alloc_percpu(struct machine *m)
{
	uint64_t line = m->arch->cache_bytes, word = m->arch->bits / 8;
	uint64_t used = (uint64_t)m->arch->percpu_pages * PAGE_SIZE * m->nr_cpus;
	uint64_t whole = ROUND_UP(used, m->arch->percpu_atom);
	phys_t info = boot_alloc(m, "percpu set-up", PAGE_SIZE, line);
	phys_t areas = boot_alloc(m, "percpu set-up", PAGE_SIZE, line);
	bool ok = info && areas;

	m->boot.percpu_pages = m->arch->percpu_pages;
	m->boot.percpu = boot_alloc_node(m, "percpu", whole, m->arch->percpu_atom, 0);
	ok &= m->boot.percpu != 0;
	ok &= boot_alloc(m, "percpu group offsets", word, line) != 0;
	ok &= boot_alloc(m, "percpu group sizes", word, line) != 0;
	ok &= boot_alloc(m, "percpu unit map", 4ull * m->nr_cpus, line) != 0;
	ok &= boot_alloc(m, "percpu unit offsets", word * m->nr_cpus, line) != 0;
	ok &= boot_alloc(m, "percpu slots", word == 4 ? 120 : 336, line) != 0;
	ok &= boot_alloc(m, "percpu chunk", word == 4 ? 60 : 152, line) != 0;
	if (ok) {
		memblock_free(&m->memblock, m->boot.percpu + used, whole - used);
		memblock_free(&m->memblock, info, PAGE_SIZE);
		memblock_free(&m->memblock, areas, PAGE_SIZE);
	}
	return ok;
}

/* alloc_large_system_hash: one bucket for so many bytes of low memory (boot.md 5.1). */
static bool boot_alloc_hashes(struct machine *m)
{
	static const struct {
		const char *what;
		unsigned scale;
		uint64_t min_bytes, max_entries;
	} hashes[] = {
		{"PID hash", 18, 64, 4096},
		{"dentry hash", 13, PAGE_SIZE, 0},
		{"inode hash", 14, PAGE_SIZE, 0},
	};
	uint64_t bucket = m->arch->bits / 8;
	bool ok = true;

	for (unsigned i = 0; i < ARRAY_SIZE(hashes); i++) {
		uint64_t n = ROUND_UP(m->boot.nr_kernel_pages, 256) >> (hashes[i].scale - PAGE_SHIFT);
		uint64_t max = hashes[i].max_entries ?: PFN_PHYS(m->boot.nr_all_pages) / 16 / bucket;

		n = roundup_pow_of_two(max_of(n, hashes[i].min_bytes / bucket));
		n = min_of(n, max);
		m->boot.hash_entries[i] = n;
		/* with many nodes to spread them over, the large ones wait for vmalloc */
		if (i && m->numa && m->arch->bits == 64)
			continue;
		ok &= boot_alloc(m, hashes[i].what, n * bucket, m->arch->cache_bytes) != 0;
	}
	return ok;
}

int setup_boot_structures(struct machine *m, struct mm_error *e)
{
	uint64_t line = m->arch->cache_bytes, cmdline = strlen(m->params.cmdline) + 1;
	const uint64_t ioapic_name = 11;
	bool ok = boot_alloc_zone_tables(m);

	if (m->arch->bits == 64)
		ok = ok && boot_alloc(m, "fixmap page table", PAGE_SIZE, PAGE_SIZE);
	ok = ok && boot_alloc(m, "I/O APIC resources", m->arch->resource_bytes + ioapic_name, line);
	ok = ok && boot_alloc(m, "e820 resources", (uint64_t)m->arch->resource_bytes * m->boot.e820.nr, line);
	for (int i = 0; i < 3; i++)
		ok = ok && boot_alloc(m, "command line", cmdline, line);
	ok = ok && boot_alloc_percpu(m);
	ok = ok && boot_alloc_hashes(m);
	if (!ok)
		return mm_error(e, -EINVAL, "low memory is too small for the kernel's own tables");
	return 0;
}

/* ---- managed= ---- */

static unsigned long zone_free_pages(const struct machine *m, const struct zone *z)
{
	struct memblock_iter it = {0};
	unsigned long n = 0;

	while (memblock_next_free(&m->memblock, &it)) {
		uint64_t s = max_of(PFN_UP(it.start), (uint64_t)z->start_pfn);
		uint64_t e = min_of(PFN_DOWN(it.end), (uint64_t)zone_end_pfn(z));

		if (s < e)
			n += e - s;
	}
	return n;
}

/* Take whole pages off the free memory of the zone, from its top. */
static int reserve_pages(struct machine *m, const struct zone *z, unsigned long pages)
{
	while (pages) {
		phys_t start = PFN_PHYS(z->start_pfn), end = PFN_PHYS(zone_end_pfn(z)), at = 0;
		unsigned long n = pages;

		while (n && !(at = memblock_find(&m->memblock, n * PAGE_SIZE, PAGE_SIZE, start, end)))
			n /= 2;
		if (!n)
			return -EINVAL;
		reserve(m, "other", at, n * PAGE_SIZE);
		pages -= n;
	}
	return 0;
}

/* Give pages back that boot took, the latest allocations first. */
static int release_pages(struct machine *m, const struct zone *z, unsigned long pages)
{
	for (unsigned i = m->boot.nr_res; i-- && pages;) {
		const struct boot_reservation *r = &m->boot.res[i];
		uint64_t s = max_of(PFN_UP(r->start), (uint64_t)z->start_pfn);
		uint64_t e = min_of(PFN_DOWN(r->start + r->size), (uint64_t)zone_end_pfn(z));

		for (; s < e && pages; s++) {
			if (!memblock_is_reserved(&m->memblock, PFN_PHYS(s)))
				continue;
			memblock_free(&m->memblock, PFN_PHYS(s), PAGE_SIZE);
			pages--;
		}
	}
	return pages ? -EINVAL : 0;
}

/* Pages of [start, end) in the zone: what will be freed after mem_init. */
static long late_pages(const struct zone *z, phys_t start, phys_t end)
{
	uint64_t s = max_of(PFN_UP(start), (uint64_t)z->start_pfn);
	uint64_t e = min_of(PFN_DOWN(end), (uint64_t)zone_end_pfn(z));

	return s < e ? (long)(e - s) : 0;
}

/* The zone that an entry of managed= means: a zone name without a node goes to the nodes in turn. */
static struct zone *managed_zone(struct machine *m, unsigned entry)
{
	const struct managed_param *p = &m->params.managed[entry];
	unsigned skip = 0;

	if (p->nid >= 0)
		return (unsigned)p->nid < m->nr_nodes ? &m->node[p->nid]->zone[p->zone_idx] : NULL;
	for (unsigned i = 0; i < entry; i++)
		skip += m->params.managed[i].nid < 0 && m->params.managed[i].zone_idx == p->zone_idx;
	for_each_populated_zone(m, z)
		if (z->idx == p->zone_idx && !skip--)
			return z;
	return NULL;
}

int setup_managed(struct machine *m, struct mm_error *e)
{
	const struct kernel_image *k = &m->params.image;
	const struct boot_info *b = &m->boot;

	for (unsigned i = 0; i < m->params.nr_managed; i++) {
		const struct managed_param *p = &m->params.managed[i];
		struct zone *z = managed_zone(m, i);
		int64_t have;
		int err;

		if (!z || !populated_zone(z))
			return mm_error(e, -EINVAL, "managed=%s:%lld: the machine has no such zone",
					m->arch->zone_name[p->zone_idx], (long long)p->pages);
		have = (int64_t)zone_free_pages(m, z) +
		       late_pages(z, k->load + k->init_begin, k->load + k->init_end) +
		       late_pages(z, k->load + k->init_end, k->load + k->bss_start) +
		       late_pages(z, b->initrd_start, b->initrd_start + b->initrd_size);
		err = p->pages < have ? reserve_pages(m, z, (unsigned long)(have - p->pages))
				      : release_pages(m, z, (unsigned long)(p->pages - have));
		if (err)
			return mm_error(e, -EINVAL,
					"managed=%s:%lld: the zone has %lu pages present and %lld without boot's",
					z->name, (long long)p->pages, z->present_pages, (long long)have);
	}
	return 0;
}
