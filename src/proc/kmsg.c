/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel log, and what boot writes into it: the kernel's own lines about memory, in its
 * order and words. What only hardware decides (timers, MTRRs, the I/O APIC) is not modelled
 * and so is not told.
 */
#include "files.h"
#include <mmsh/kmsg.h>
#include <mmsh/memory_hotplug.h>
#include <stdio.h>
#include <string.h>

static void log_line(struct machine *m, const char *line, size_t len)
{
	strbuf_addf(&m->kmsg, "[%5lu.%06lu] ", (unsigned long)(m->jiffies / HZ),
		    (unsigned long)(m->jiffies % HZ * (1000000 / HZ)));
	strbuf_add(&m->kmsg, line, len);
	strbuf_addc(&m->kmsg, '\n');
}

void printk(struct machine *m, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	const char *s, *end;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	s = strbuf_str(&text);
	do {
		end = strchrnul(s, '\n');
		log_line(m, s, (size_t)(end - s));
		s = end + 1;
	} while (*end && *s);
	if (text.failed)
		m->kmsg.failed = true;
	strbuf_free(&text);
}

/* How %p prints a kernel address. */
static const char *kptr(const struct machine *m, vaddr_t addr, char buf[17])
{
	snprintf(buf, 17, "%0*llx", m->arch->bits == 32 ? 8 : 16, (unsigned long long)addr);
	return buf;
}

static vaddr_t va(const struct machine *m, phys_t pa)
{
	return m->layout.page_offset + pa;
}

static unsigned long long ull(uint64_t x)
{
	return x;
}

/* ---- the firmware's map ---- */

static void print_map(struct machine *m, const struct e820_map *map, const char *who)
{
	char type[32];

	for (unsigned i = 0; i < map->nr; i++)
		printk(m, "%s: [mem 0x%016llx-0x%016llx] %s", who, ull(map->map[i].addr),
		       ull(map->map[i].addr + map->map[i].size - 1),
		       e820_type_text(map->map[i].type, type, sizeof(type)));
}

static void print_e820(struct machine *m)
{
	const struct kernel_image *k = &m->params.image;
	struct e820_map map = m->boot.bios;

	printk(m, "e820: BIOS-provided physical RAM map:");
	print_map(m, &map, "BIOS-e820");
	if (m->boot.user_map) {
		/* mem= takes away to the end of the 64-bit space, less two as it happens */
		e820_remove_range(&map, m->params.mem, UINT64_MAX - m->params.mem, E820_RAM, true);
		e820_sanitize(&map);
		printk(m, "e820: remove [mem 0x%08llx-0x%08llx] usable", ull(m->params.mem),
		       ull(UINT64_MAX - 1));
		printk(m, "e820: user-defined physical RAM map:");
		print_map(m, &map, "user");
	}
	if (!e820_all_mapped(&map, k->load, m->boot.image_end, E820_RAM)) {
		printk(m, ".text .data .bss are not marked as E820_RAM!");
		printk(m, "e820: remove [mem 0x%08llx-0x%08llx] ", ull(k->load),
		       ull(m->boot.image_end - 1));
	}
	printk(m, "e820: update [mem 0x00000000-0x00000fff] usable ==> reserved");
	printk(m, "e820: remove [mem 0x000a0000-0x000fffff] usable");
	printk(m, "e820: last_pfn = 0x%llx max_arch_pfn = 0x%llx", ull(m->boot.end_pfn),
	       1ull << (m->arch->max_phys_bits - PAGE_SHIFT));
}

/* The largest hole below 4 GiB; of equal ones the lowest. */
static void print_pci_gap(struct machine *m)
{
	const struct e820_map *e = &m->boot.e820;
	uint64_t start = 0x10000000, size = 0x400000, last = 1ull << 32;

	for (unsigned i = e->nr; i--;) {
		uint64_t end = e->map[i].addr + e->map[i].size;

		if (last > end && last - end >= size) {
			size = last - end;
			start = end;
		}
		last = min_of(last, e->map[i].addr);
	}
	printk(m, "e820: [mem 0x%08llx-0x%08llx] available for PCI devices", ull(start),
	       ull(start + size - 1));
}

/* ---- where lowmem ends, and what lies there early ---- */

static unsigned long mb(uint64_t pages)
{
	return (unsigned long)(pages >> (20 - PAGE_SHIFT));
}

static void print_highmem_msg(struct machine *m)
{
	const struct boot_info *b = &m->boot;

	switch (b->highmem_msg) {
	case HIGHMEM_TOO_BIG:
		printk(m, "highmem size (%luMB) is bigger than pages available (%luMB)!",
		       mb(b->highmem_asked), mb(b->end_pfn));
		break;
	case HIGHMEM_TOO_LITTLE_LEFT:
		printk(m, "highmem size (%luMB) results in <64MB lowmem, ignoring it!",
		       mb(b->highmem_asked));
		break;
	case HIGHMEM_ONLY:
		printk(m, "only %luMB highmem pages available, ignoring highmem size of %luMB!",
		       mb(b->end_pfn - m->layout.maxmem_pfn), mb(b->highmem_asked));
		break;
	case HIGHMEM_4G:
		printk(m, "Warning: only 4GB will be used. Use a HIGHMEM64G enabled kernel!");
		break;
	default:
		break;
	}
}

static void print_mem(struct machine *m, const char *what, phys_t start, uint64_t size)
{
	printk(m, "%s: [mem 0x%08llx-0x%08llx]", what, ull(start), ull(start + size - 1));
}

static void print_ramdisk(struct machine *m)
{
	const struct boot_info *b = &m->boot;
	phys_t from = b->initrd_moved_from ? b->initrd_moved_from : b->initrd_start;
	phys_t to = b->initrd_start, size = m->params.initrd_size;

	if (!size)
		return;
	print_mem(m, "RAMDISK", from, PFN_PHYS(PFN_UP(from + size)) - from);
	if (!b->initrd_moved_from)
		return;
	print_mem(m, "Allocated new RAMDISK", to, size);
	printk(m, "Move RAMDISK from [mem 0x%08llx-0x%08llx] to [mem 0x%08llx-0x%08llx]", ull(from),
	       ull(from + size - 1), ull(to), ull(to + size - 1));
}

/* A page table out of the pool behind the kernel's bss. */
static void print_brk_page(struct machine *m, phys_t page)
{
	printk(m, "BRK [0x%08llx, 0x%08llx] PGTABLE", ull(page), ull(page + PAGE_SIZE - 1));
}

/*
 * 32 bit: ioremap() has slots of its own at boot, below the permanent ones in the fixed map,
 * and all of them within what one page table maps. Returns: the lowest address.
 */
#define BOOT_IOREMAP_SLOTS 512u

static vaddr_t boot_ioremap_start(const struct machine *m)
{
	unsigned long per_table = 1ul << (m->arch->pmd_shift - PAGE_SHIFT);
	unsigned long slots = (m->layout.fixaddr_top - m->layout.fixaddr_start) >> PAGE_SHIFT;

	if (slots / per_table != (slots + BOOT_IOREMAP_SLOTS - 1) / per_table)
		slots = ROUND_UP(slots, BOOT_IOREMAP_SLOTS);
	return m->layout.fixaddr_top - ((slots + BOOT_IOREMAP_SLOTS - 1) << PAGE_SHIFT);
}

/* Page tables that the direct map and the fixed map need beyond those in the image. */
static unsigned early_tables(const struct machine *m)
{
	unsigned shift = m->arch->pmd_shift;
	unsigned tail = m->max_low_pfn % (1ul << (shift - PAGE_SHIFT)) != 0;

	if (m->arch->bits == 64)
		return m->boot.brk_tables;
	return tail + (unsigned)((m->layout.fixaddr_top >> shift) - (boot_ioremap_start(m) >> shift));
}

static void print_ranges(struct machine *m, const char *what, phys_t start, phys_t end)
{
	printk(m, "%s [mem 0x%016llx-0x%016llx] (%lluMB)", what, ull(start), ull(end - 1),
	       ull((end - start) >> 20));
}

static void print_fake_nodes(struct machine *m)
{
	const struct numa_info *n = &m->boot.numa;
	const struct numa_params *p = &m->params.numa;
	char what[40];

	if (p->kind == NUMA_FAKE_SIZE && n->fake_size > p->arg)
		printk(m, "Fake node size %lluMB too small, increasing to %lluMB", ull(p->arg >> 20),
		       ull(n->fake_size >> 20));
	if (!n->faked)
		printk(m, "Not enough memory for each node.  NUMA emulation disabled.");
	for (unsigned i = 0; i < n->nr_blks && n->faked; i++) {
		snprintf(what, sizeof(what), "Faking node %d at", n->blk[i].nid);
		print_ranges(m, what, n->blk[i].start, n->blk[i].end);
	}
}

static void print_firmware_nodes(struct machine *m)
{
	const struct numa_info *n = &m->boot.numa;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		printk(m, "SRAT: PXM %u -> APIC 0x%02x -> Node %u", m->cpu_to_node[cpu], cpu,
		       m->cpu_to_node[cpu]);
	for (unsigned i = 0; i < n->nr_blks; i++)
		printk(m, "SRAT: Node %d PXM %d [mem 0x%08llx-0x%08llx]", n->blk[i].nid,
		       n->blk[i].nid, ull(n->blk[i].start), ull(n->blk[i].end - 1));
}

static int node_of(const struct machine *m, phys_t pa)
{
	const struct numa_info *n = &m->boot.numa;

	for (unsigned i = 0; i < n->nr_blks; i++)
		if (pa >= n->blk[i].start && pa < n->blk[i].end)
			return n->blk[i].nid;
	return -1;
}

static void print_numa(struct machine *m)
{
	enum numa_kind kind = m->params.numa.kind;
	bool fake = kind == NUMA_FAKE_COUNT || kind == NUMA_FAKE_SIZE;

	if (!m->numa)
		return;
	if (kind == NUMA_NODES) {
		print_firmware_nodes(m);
	} else {
		printk(m, kind == NUMA_OFF ? "NUMA turned off" : "No NUMA configuration found");
		printk(m, "Faking a node at [mem 0x%016llx-0x%016llx]", 0ull,
		       ull(PFN_PHYS(m->max_pfn) - 1));
	}
	if (fake)
		print_fake_nodes(m);
	if ((fake && m->boot.numa.faked) || m->params.numa.nr_distance)
		printk(m, "NUMA: Initialized distance table, cnt=%u", m->nr_nodes);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		phys_t at = m->boot.node_data[nid];

		if (!at)
			continue;
		printk(m, "NODE_DATA(%u) allocated [mem 0x%08llx-0x%08llx]", nid, ull(at),
		       ull(at + m->arch->pgdat_bytes - 1));
		if (node_of(m, at) != (int)nid)
			printk(m, "    NODE_DATA(%u) on node %d", nid, node_of(m, at));
	}
}

static void print_split(struct machine *m)
{
	printk(m, "%luMB HIGHMEM available.", mb(m->max_pfn - m->highstart_pfn));
	printk(m, "%luMB LOWMEM available.", mb(m->max_low_pfn));
	if (m->numa) {
		printk(m, "max_low_pfn = %llx, highstart_pfn = %llx", ull(m->max_low_pfn),
		       ull(m->highstart_pfn));
		printk(m, "Low memory ends at vaddr %08llx", ull(m->layout.high_memory));
		printk(m, "High memory starts at vaddr %08llx", ull(m->layout.high_memory));
	}
	printk(m, "  mapped low ram: 0 - %08llx", ull(PFN_PHYS(m->max_low_pfn)));
	printk(m, "  low ram: 0 - %08llx", ull(PFN_PHYS(m->max_low_pfn)));
}

static void print_lowmem(struct machine *m)
{
	const struct boot_info *b = &m->boot;
	phys_t brk = b->brk_start;
	char buf[17];

	if (m->arch->bits == 32 && b->init_pg_end)
		printk(m, "initial memory mapped: [mem 0x00000000-0x%08llx]",
		       ull(b->init_pg_end - 1));
	if (b->trampoline)
		printk(m, "Base memory trampoline at [%s] %llx size %u",
		       kptr(m, va(m, b->trampoline), buf), ull(b->trampoline), m->arch->trampoline_bytes);
	for (unsigned i = 0; brk && i < early_tables(m); i++, brk += PAGE_SIZE)
		print_brk_page(m, brk);
	print_ramdisk(m);
	print_numa(m);
	if (m->arch->bits == 64)
		return;
	print_split(m);
	if (brk && m->layout.pkmap_base >> m->arch->pmd_shift <
			   boot_ioremap_start(m) >> m->arch->pmd_shift)
		print_brk_page(m, brk);
}

/* ---- zones and nodes ---- */

static void print_range(struct machine *m, const char *what, uint64_t start_pfn, uint64_t end_pfn)
{
	printk(m, "%s [mem 0x%016llx-0x%016llx]", what, ull(PFN_PHYS(start_pfn)),
	       ull(PFN_PHYS(end_pfn) - 1));
}

/* What the zone could take; how much of that is moved to ZONE_MOVABLE does not show here. */
static void print_zone_range(struct machine *m, int idx)
{
	char name[24];

	snprintf(name, sizeof(name), "  %-8s", m->arch->zone_name[idx]);
	if (m->boot.zone_start[idx] < m->boot.zone_end[idx])
		print_range(m, name, m->boot.zone_start[idx], m->boot.zone_end[idx]);
	else
		printk(m, "%s empty", name);
}

static void print_zone_ranges(struct machine *m)
{
	printk(m, "Zone ranges:");
	for (int i = 0; i < MAX_NR_ZONES; i++)
		if (i != m->arch->zone_movable)
			print_zone_range(m, i);
	printk(m, "Movable zone start for each node");
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		if (m->boot.movable_pfn[nid])
			printk(m, "  Node %u: 0x%016llx", nid, ull(PFN_PHYS(m->boot.movable_pfn[nid])));
	printk(m, "Early memory node ranges");
	for (unsigned i = 0; i < m->memblock.memory.cnt; i++) {
		const struct memblock_region *r = &m->memblock.memory.regions[i];

		printk(m, "  node %3d: [mem 0x%016llx-0x%016llx]", r->nid,
		       ull(PFN_PHYS(PFN_UP(r->base))),
		       ull(PFN_PHYS(PFN_DOWN(r->base + r->size)) - 1));
	}
}

/* What pcp lists would get from the estimate of managed pages (boot.md 11). */
static unsigned lifo_batch(unsigned long pages)
{
	unsigned long b = min_of(pages / 1024, 128ul) / 4, p = 1;

	b = max_of(b, 1ul);
	while (2 * p <= b + b / 2)
		p *= 2;
	return (unsigned)p - 1;
}

static void print_zone(struct machine *m, const struct zone *z)
{
	unsigned long freesize = z->present_pages;

	if (!z->highmem && freesize) {
		if (freesize >= z->memmap_pages) {
			freesize -= z->memmap_pages;
			if (z->memmap_pages)
				printk(m, "  %s zone: %lu pages used for memmap", z->name,
				       z->memmap_pages);
		} else {
			printk(m, "  %s zone: %lu pages exceeds freesize %lu", z->name,
			       z->memmap_pages, freesize);
		}
	}
	if (z->idx == 0 && freesize)
		printk(m, "  %s zone: %lu pages reserved", z->name, freesize - z->boot_managed);
	if (populated_zone(z))
		printk(m, "  %s zone: %lu pages, LIFO batch:%u", z->name, z->present_pages,
		       lifo_batch(z->boot_managed));
}

static void print_node(struct machine *m, const struct pglist_data *node)
{
	const struct kernel_image *k = &m->params.image;
	uint64_t first = ROUND_DOWN(node->start_pfn, MAX_ORDER_NR_PAGES);
	phys_t data = m->boot.node_data[node->id] ?: k->load + k->pgdat;
	char pgdat[17], map[17];
	struct strbuf what = STRBUF_INIT;

	strbuf_addf(&what, "Initmem setup node %d", node->id);
	print_range(m, strbuf_str(&what), node->start_pfn,
		    node->start_pfn + (uint64_t)node->spanned_pages);
	strbuf_free(&what);
	printk(m, "On node %d totalpages: %lu", node->id, node->present_pages);
	if (m->boot.node_mem_map[node->id])
		printk(m, "free_area_init_node: node %d, pgdat %s, node_mem_map %s", node->id,
		       kptr(m, va(m, data), pgdat),
		       kptr(m,
			    va(m, m->boot.node_mem_map[node->id] +
					  (node->start_pfn - first) * m->arch->struct_page_size),
			    map));
	for (int i = 0; i < MAX_NR_ZONES; i++)
		print_zone(m, &node->zone[i]);
}

/* ---- from zonelists to the last pages freed ---- */

/* NR_CPUS shows in the fixed map: 20 atomic kmaps for each, and 71 other pages. */
static unsigned config_nr_cpus(const struct machine *m)
{
	unsigned slots =
		(unsigned)((m->layout.fixaddr_top - m->layout.fixaddr_start) >> PAGE_SHIFT);

	return m->arch->bits == 32 && slots > 71 ? (slots - 71) / 20 : max_of(m->nr_cpus, 4u);
}

static void print_percpu_units(struct machine *m)
{
	unsigned width = 1, per_line = 1, cell;
	struct strbuf s = STRBUF_INIT;

	for (unsigned v = m->nr_cpus; v /= 10;)
		width++;
	cell = width + 1 + 1 + 3;
	while (2 * per_line * cell <= 60)
		per_line *= 2;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		strbuf_addf(&s, "[%u] %0*u ", (unsigned)m->cpu_to_node[cpu], (int)width, cpu);
		if ((cpu + 1) % per_line && cpu + 1 < m->nr_cpus)
			continue;
		printk(m, "pcpu-alloc: %s", strbuf_str(&s));
		strbuf_reset(&s);
	}
	strbuf_free(&s);
}

static void print_percpu(struct machine *m)
{
	unsigned n = config_nr_cpus(m), used = m->boot.percpu_pages << PAGE_SHIFT;
	unsigned fixed = m->params.image.percpu_static, per_atom = 1;
	unsigned dyn = used > fixed ? used - fixed : 0, unit = ROUND_UP(used, m->arch->percpu_atom);
	char buf[17];

	/* CPUs share what is allocated at a time, as far as there is room */
	while (per_atom < m->nr_cpus && unit / (2 * per_atom) >= used)
		per_atom *= 2;
	printk(m, "setup_percpu: NR_CPUS:%u nr_cpumask_bits:%u nr_cpu_ids:%u nr_node_ids:%u", n, n,
	       m->nr_cpus, m->nr_nodes);
	printk(m, "PERCPU: Embedded %u pages/cpu @%s s%u r0 d%u u%u", m->boot.percpu_pages,
	       kptr(m, va(m, m->boot.percpu), buf), fixed, dyn, unit / per_atom);
	printk(m, "pcpu-alloc: s%u r0 d%u u%u alloc=%u*%u", fixed, dyn, unit / per_atom,
	       unit / m->arch->percpu_atom, m->arch->percpu_atom);
	print_percpu_units(m);
}

/* A kernel without NUMA has but one order. */
void print_zonelists(struct machine *m)
{
	bool node_order = m->numa && m->zonelist_order == 'n';

	printk(m, "Built %u zonelists in %s order, mobility grouping %s.  Total pages: %ld",
	       m->nr_nodes, node_order ? "Node" : "Zone",
	       m->page_group_by_mobility_disabled ? "off" : "on", (long)m->boot.vm_total_pages);
	if (m->numa)
		printk(m, "Policy zone: %s", m->arch->zone_name[mpol_policy_zone(m)]);
}

static void print_hash(struct machine *m, const char *name, uint64_t entries)
{
	unsigned long size = (unsigned long)entries * (m->arch->bits / 8);
	int order = -PAGE_SHIFT;

	for (unsigned long s = size; s > 1; s >>= 1)
		order++;
	printk(m, "%s hash table entries: %llu (order: %d, %lu bytes)", name, ull(entries), order,
	       size);
}

/* Movable memory is highmem if there is any. */
static bool prints_as_highmem(const struct machine *m, int idx)
{
	if (!machine_has_highmem(m))
		return false;
	return idx == m->arch->zone_highmem ||
	       (idx == m->arch->zone_movable && m->max_pfn > m->highstart_pfn);
}

static void print_highmem_zones(struct machine *m)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		for (int i = 0; i < MAX_NR_ZONES; i++) {
			const struct zone *z = &m->node[nid]->zone[i];
			unsigned long start = z->spanned_pages ? z->start_pfn : 0;

			if (prints_as_highmem(m, i))
				printk(m, "Initializing %s for node %u (%08lx:%08lx)",
				       m->arch->zone_name[i], nid, start, start + z->spanned_pages);
		}
}

static unsigned long kb(uint64_t from, uint64_t to)
{
	return (unsigned long)((to - from) >> 10);
}

static void print_memory(struct machine *m)
{
	const struct boot_info *b = &m->boot;
	const struct kernel_image *k = &m->params.image;
	/* the 32-bit kernel's entry code stands before what it counts as text */
	uint64_t stext = m->arch->bits == 32 ? 1024 : 0;
	struct strbuf high = STRBUF_INIT;

	if (machine_has_highmem(m))
		strbuf_addf(&high, ", %luK highmem", K(b->totalhigh_at_mem_init));
	printk(m,
	       "Memory: %luK/%luK available (%luK kernel code, %uK rwdata, %uK rodata, %luK init, "
	       "%luK bss, %luK reserved, 0K cma-reserved%s)",
	       K(b->free_at_mem_init), K(b->present), kb(stext, k->etext), k->rwdata_kb,
	       k->rodata_kb, kb(k->init_begin, k->init_end), kb(k->bss_start, k->bss_stop),
	       K(b->reserved_at_mem_init), strbuf_str(&high));
	strbuf_free(&high);
}

static void layout_line(struct machine *m, const char *name, vaddr_t from, vaddr_t to,
			unsigned shift)
{
	printk(m, "  %s : 0x%08llx - 0x%08llx   (%4llu %s)", name, ull(from), ull(to),
	       ull((to - from) >> shift), shift == 10 ? "kB" : "MB");
}

static void print_layout(struct machine *m)
{
	const struct vm_layout *l = &m->layout;
	const struct kernel_image *k = &m->params.image;
	vaddr_t text = va(m, k->load);

	printk(m, "virtual kernel memory layout:");
	layout_line(m, "  fixmap ", l->fixaddr_start, l->fixaddr_top, 10);
	if (l->pkmap_base)
		layout_line(m, "  pkmap  ", l->pkmap_base,
			    l->pkmap_base + m->arch->last_pkmap * PAGE_SIZE, 10);
	layout_line(m, "  vmalloc", l->vmalloc_start, l->vmalloc_end, 20);
	layout_line(m, "  lowmem ", l->page_offset, l->high_memory, 20);
	layout_line(m, "    .init", text + k->init_begin, text + k->init_end, 10);
	layout_line(m, "    .data", text + k->etext, text + k->edata, 10);
	layout_line(m, "    .text", text, text + k->etext, 10);
}

static void print_freeing(struct machine *m, const char *what, unsigned long pages)
{
	if (pages)
		printk(m, "Freeing %s memory: %luK", what, K(pages));
}

void kmsg_boot(struct machine *m)
{
	static const char *const hash[] = {"PID", "Dentry cache", "Inode-cache"};
	const struct boot_info *b = &m->boot;

	bool late = m->numa && m->arch->bits == 64; /* large tables wait for vmalloc */

	printk(m, "%s", LINUX_BANNER);
	if (m->arch->bits == 64)
		printk(m, "Command line: %s", m->params.cmdline);
	print_e820(m);
	print_highmem_msg(m);
	print_lowmem(m);
	print_zone_ranges(m);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		print_node(m, m->node[nid]);
	print_pci_gap(m);
	print_percpu(m);
	print_zonelists(m);
	printk(m, "Kernel command line: %s", m->params.cmdline);
	print_hash(m, hash[0], b->hash_entries[0]);
	for (unsigned i = 1; i < ARRAY_SIZE(hash) && !late; i++)
		print_hash(m, hash[i], b->hash_entries[i]);
	if (m->arch->bits == 32)
		printk(m, "Initializing CPU#0");
	print_highmem_zones(m);
	print_memory(m);
	if (m->arch->bits == 32)
		print_layout(m);
	for (unsigned i = 1; i < ARRAY_SIZE(hash) && late; i++)
		print_hash(m, hash[i], b->hash_entries[i]);
	print_freeing(m, "SMP alternatives", b->alternatives_pages);
	printk(m, "x86: Booted up %u node%s, %u CPUs", m->nr_nodes, m->nr_nodes > 1 ? "s" : "",
	       m->nr_cpus);
	if (m->params.hotplug && m->arch->bits == 64)
		printk(m, "x86/mm: Memory block size: %lluMB",
		       ull(memory_block_pages(m) >> (20 - PAGE_SHIFT)));
	print_freeing(m, "initrd", b->initrd_pages);
	if (m->params.hugetlb)
		printk(m, "HugeTLB registered %u MB page size, pre-allocated 0 pages",
		       1u << (m->arch->pmd_shift - 20));
	print_freeing(m, "unused kernel", b->init_pages);
}
