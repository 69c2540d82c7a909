/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The firmware's memory map (boot.md 2). */
#ifndef MMSH_E820_H
#define MMSH_E820_H

#include <mmsh/types.h>

enum e820_type {
	E820_RAM = 1,
	E820_RESERVED = 2,
	E820_ACPI = 3,
	E820_NVS = 4,
	E820_UNUSABLE = 5,
	E820_PMEM = 7,
	E820_PRAM = 12,
	E820_RESERVED_KERN = 128,
};

#define E820_MAX 320

struct e820_entry {
	phys_t addr;
	uint64_t size;
	uint32_t type;
};

struct e820_map {
	unsigned nr;
	struct e820_entry map[E820_MAX];
};

/* Returns: 0, or -ENOSPC when the map is full. */
int e820_add(struct e820_map *e, phys_t addr, uint64_t size, uint32_t type);

/* Sorts and removes overlaps, the larger type number winning (boot.md 2.2).
   Returns: 0; -1 when the input is left alone (fewer than two entries, or one that wraps). */
int e820_sanitize(struct e820_map *e);

/* Turns [start, start+size) of type @old into @new; removes it. Both return the bytes changed. */
uint64_t e820_update_range(struct e820_map *e, phys_t start, uint64_t size, uint32_t old, uint32_t new_type);
uint64_t e820_remove_range(struct e820_map *e, phys_t start, uint64_t size, uint32_t old, bool check);

/* Whether [start, end) is all of @type. */
bool e820_all_mapped(const struct e820_map *e, phys_t start, phys_t end, uint32_t type);

/* One past the last RAM page below @limit_pfn. */
uint64_t e820_end_pfn(const struct e820_map *e, uint64_t limit_pfn);

/* The map a PC with @bytes of RAM has (boot.md 2.4). */
void e820_pcmap(struct e820_map *e, uint64_t bytes);

/* "usable", "reserved", ...; and the name in /proc/iomem. */
const char *e820_type_text(uint32_t type, char *buf, size_t size);
const char *e820_iomem_name(uint32_t type);

#endif
