/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The firmware's memory map and what the kernel does to it (boot.md 2). */
#include <errno.h>
#include <mmsh/e820.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int e820_add(struct e820_map *e, phys_t addr, uint64_t size, uint32_t type)
{
	if (e->nr == E820_MAX)
		return -ENOSPC;
	e->map[e->nr++] = (struct e820_entry){addr, size, type};
	return 0;
}

struct change_point {
	phys_t addr;
	bool end;
	unsigned entry;
};

static int by_address(const void *a, const void *b)
{
	const struct change_point *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int)x->end - (int)y->end;
}

int e820_sanitize(struct e820_map *e)
{
	struct change_point cp[2 * E820_MAX];
	bool active[E820_MAX] = {false};
	struct e820_map out = {0};
	unsigned n = 0;
	uint32_t last_type = 0;
	phys_t last = 0;

	if (e->nr < 2)
		return -1;
	for (unsigned i = 0; i < e->nr; i++)
		if (e->map[i].addr + e->map[i].size < e->map[i].addr)
			return -1;
	for (unsigned i = 0; i < e->nr; i++) {
		if (!e->map[i].size)
			continue;
		cp[n++] = (struct change_point){e->map[i].addr, false, i};
		cp[n++] = (struct change_point){e->map[i].addr + e->map[i].size, true, i};
	}
	qsort(cp, n, sizeof(*cp), by_address);
	for (unsigned i = 0; i < n; i++) {
		uint32_t type = 0;

		active[cp[i].entry] = !cp[i].end;
		for (unsigned k = 0; k < e->nr; k++)
			if (active[k])
				type = max_of(type, e->map[k].type);
		if (type == last_type && type != E820_PRAM)
			continue;
		if (last_type && cp[i].addr != last)
			e820_add(&out, last, cp[i].addr - last, last_type);
		last = cp[i].addr;
		last_type = type;
	}
	*e = out;
	return 0;
}

/* What update and remove share: cut [start, end) out of entries of type @old,
   and give the pieces cut out type @new_type (0: drop them). */
static uint64_t e820_cut(struct e820_map *e, phys_t start, uint64_t size, uint32_t old, bool check,
			 uint32_t new_type)
{
	phys_t end = size > UINT64_MAX - start ? UINT64_MAX : start + size;
	struct e820_map out = {0};
	uint64_t changed = 0;

	for (unsigned i = 0; i < e->nr; i++) {
		struct e820_entry *x = &e->map[i];
		phys_t x_end = x->addr + x->size;
		phys_t from = max_of(start, x->addr), to = min_of(end, x_end);

		if ((check && x->type != old) || from >= to) {
			e820_add(&out, x->addr, x->size, x->type);
			continue;
		}
		if (x->addr < from)
			e820_add(&out, x->addr, from - x->addr, x->type);
		if (new_type)
			e820_add(&out, from, to - from, new_type);
		if (to < x_end)
			e820_add(&out, to, x_end - to, x->type);
		changed += to - from;
	}
	*e = out;
	return changed;
}

uint64_t e820_update_range(struct e820_map *e, phys_t start, uint64_t size, uint32_t old,
			   uint32_t new_type)
{
	return e820_cut(e, start, size, old, true, new_type);
}

uint64_t e820_remove_range(struct e820_map *e, phys_t start, uint64_t size, uint32_t old, bool check)
{
	return e820_cut(e, start, size, old, check, 0);
}

bool e820_all_mapped(const struct e820_map *e, phys_t start, phys_t end, uint32_t type)
{
	for (unsigned i = 0; i < e->nr && start < end; i++) {
		const struct e820_entry *x = &e->map[i];

		if (x->type != type || x->addr > start || x->addr + x->size <= start)
			continue;
		start = x->addr + x->size;
	}
	return start >= end;
}

uint64_t e820_end_pfn(const struct e820_map *e, uint64_t limit_pfn)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < e->nr; i++) {
		const struct e820_entry *x = &e->map[i];

		if (x->type != E820_RAM || PFN_DOWN(x->addr) >= limit_pfn)
			continue;
		last = max_of(last, PFN_DOWN(x->addr + x->size));
	}
	return min_of(last, limit_pfn);
}

void e820_pcmap(struct e820_map *e, uint64_t bytes)
{
	const uint64_t below_4g = 0xC0000000, firmware = 0x20000;
	uint64_t top = min_of(bytes, below_4g);

	*e = (struct e820_map){0};
	e820_add(e, 0, 0x9FC00, E820_RAM);
	e820_add(e, 0x9FC00, 0x400, E820_RESERVED);
	e820_add(e, 0xF0000, 0x10000, E820_RESERVED);
	if (top > 0x100000 + firmware) {
		e820_add(e, 0x100000, top - firmware - 0x100000, E820_RAM);
		e820_add(e, top - firmware, firmware, E820_RESERVED);
	}
	e820_add(e, 0xFFFC0000, 0x40000, E820_RESERVED);
	if (bytes > top)
		e820_add(e, 0x100000000, bytes - top, E820_RAM);
}

static const struct {
	uint32_t type;
	const char *text, *iomem;
} e820_names[] = {
	{E820_RAM, "usable", "System RAM"},
	{E820_RESERVED, "reserved", "reserved"},
	{E820_ACPI, "ACPI data", "ACPI Tables"},
	{E820_NVS, "ACPI NVS", "ACPI Non-volatile Storage"},
	{E820_UNUSABLE, "unusable", "Unusable memory"},
	{E820_PMEM, "persistent (type 7)", "Persistent Memory"},
	{E820_PRAM, "persistent (type 12)", "Persistent Memory (legacy)"},
	{E820_RESERVED_KERN, "usable", "System RAM"},
};

const char *e820_type_text(uint32_t type, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(e820_names); i++)
		if (e820_names[i].type == type)
			return e820_names[i].text;
	snprintf(buf, size, "type %u", type);
	return buf;
}

const char *e820_iomem_name(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(e820_names); i++)
		if (e820_names[i].type == type)
			return e820_names[i].iomem;
	return "reserved";
}
