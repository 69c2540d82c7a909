/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Architectures as numbers. */
#include <mmsh/arch.h>
#include <mmsh/memory_model.h>
#include <mmsh/pgtable.h>
#include <string.h>

static const struct vm_split ia32_splits[] = {
	{"3G", 0xC0000000, true},      {"3G_OPT", 0xB0000000, false}, {"2G", 0x80000000, true},
	{"2G_OPT", 0x78000000, false}, {"1G", 0x40000000, true},      {NULL, 0, false},
};

/* The images of the modelled kernels, as 4.4.155 was linked for each. */
static const struct kernel_image ia32_image = {
	.load = 0x1000000,
	.etext = 0x16c03e,
	.edata = 0x1ca6c0,
	.pgdat = 0x1c6bc0,
	.percpu_static = 30824,
	.init_begin = 0x1cc000,
	.init_end = 0x1fc000,
	.bss_start = 0x1fe000,
	.bss_stop = 0x23c000,
	.brk = 0x16000,
	.rodata_kb = 296,
	.rwdata_kb = 77,
};

static const struct kernel_image pae_image = {
	.load = 0x1000000,
	.etext = 0x1752be,
	.edata = 0x1d5940,
	.pgdat = 0x1d1e40,
	.percpu_static = 30824,
	.init_begin = 0x1d7000,
	.init_end = 0x209000,
	.bss_start = 0x20b000,
	.bss_stop = 0x246000,
	.brk = 0x19000,
	.rodata_kb = 300,
	.rwdata_kb = 82,
};

static const struct kernel_image amd64_image = {
	.load = 0x1000000,
	.etext = 0x16caf9,
	.edata = 0x204b40,
	.pgdat = 0x201040,
	.percpu_static = 77200,
	.init_begin = 0x206000,
	.init_end = 0x28e000,
	.bss_start = 0x290000,
	.bss_stop = 0x2f3000,
	.brk = 0x16000,
	.rodata_kb = 388,
	.rwdata_kb = 210,
};

/* zone indices by the low four gfp bits: DMA 1, HIGHMEM 2, DMA32 4, MOVABLE 8 */
#define GFP_ZONES(dma, dma32, normal, high, movable)                                     \
	{normal, dma, high, -1, dma32, -1, -1, -1, normal, dma, movable, -1, dma32, -1, -1, -1}

const struct arch arch_ia32 = {
	.name = "ia32",
	.bits = 32,
	.pmd_shift = 22,
	.max_phys_bits = 32,
	.struct_page_size = 32,
	.last_pkmap = 1024,
	.max_mem_bits_model = 32,
	.section_size_bits = 26,
	.max_numnodes = 8,
	.trampoline_bytes = 16384,
	.percpu_pages = 13,
	.percpu_atom = 4096,
	.pgdat_bytes = 4096,
	.resource_bytes = 28,
	.cache_bytes = 32,
	.stack_kb = 8,
	.zone_name = {"DMA", "Normal", "HighMem", "Movable"},
	.zone_suffix = {"dma", "normal", "high", "movable"},
	.zone_dma32 = -1,
	.zone_normal = 1,
	.zone_highmem = 2,
	.zone_movable = 3,
	.lowmem_reserve_ratio = {256, 32, 32},
	.gfp_zone = GFP_ZONES(0, 1, 1, 2, 3),
	.splits = ia32_splits,
	.pgtable = &pgtable_2level,
	.model = &memory_model_flat,
	.numa_model = &memory_model_discontig,
	.image = &ia32_image,
};

const struct arch arch_ia32_pae = {
	.name = "ia32-pae",
	.bits = 32,
	.pmd_shift = 21,
	.max_phys_bits = 36,
	.struct_page_size = 32,
	.last_pkmap = 512,
	.max_mem_bits_model = 36,
	.section_size_bits = 29,
	.max_numnodes = 8,
	.trampoline_bytes = 16384,
	.percpu_pages = 13,
	.percpu_atom = 4096,
	.pgdat_bytes = 4096,
	.resource_bytes = 28,
	.cache_bytes = 32,
	.stack_kb = 8,
	.zone_name = {"DMA", "Normal", "HighMem", "Movable"},
	.zone_suffix = {"dma", "normal", "high", "movable"},
	.zone_dma32 = -1,
	.zone_normal = 1,
	.zone_highmem = 2,
	.zone_movable = 3,
	.lowmem_reserve_ratio = {256, 32, 32},
	.gfp_zone = GFP_ZONES(0, 1, 1, 2, 3),
	.splits = ia32_splits,
	.pgtable = &pgtable_pae,
	.model = &memory_model_flat,
	.numa_model = &memory_model_discontig,
	.image = &pae_image,
};

static const struct vm_split amd64_splits[] = {
	{"none", 0xFFFF880000000000, false},
	{NULL, 0, false},
};

const struct arch arch_amd64 = {
	.name = "amd64",
	.bits = 64,
	.pmd_shift = 21,
	.max_phys_bits = 46,
	.struct_page_size = 64,
	.max_mem_bits_model = 44,
	.section_size_bits = 27,
	.max_numnodes = 64,
	.trampoline_bytes = 24576,
	.percpu_pages = 26,
	.percpu_atom = 2 << 20,
	.pgdat_bytes = 8192,
	.resource_bytes = 56,
	.cache_bytes = 64,
	.stack_kb = 16,
	.zone_name = {"DMA", "DMA32", "Normal", "Movable"},
	.zone_suffix = {"dma", "dma32", "normal", "movable"},
	.zone_dma32 = 1,
	.zone_normal = 2,
	.zone_highmem = -1,
	.zone_movable = 3,
	.lowmem_reserve_ratio = {256, 256, 32},
	.gfp_zone = GFP_ZONES(0, 1, 2, 2, 3),
	.splits = amd64_splits,
	.pgtable = &pgtable_4level,
	.model = &memory_model_sparse,
	.numa_model = &memory_model_sparse,
	.image = &amd64_image,
};

const struct arch *const archs[] = {&arch_ia32, &arch_ia32_pae, &arch_amd64, NULL};

const struct arch *arch_find(const char *name)
{
	for (const struct arch *const *a = archs; *a; a++)
		if (!strcmp((*a)->name, name))
			return *a;
	return NULL;
}
