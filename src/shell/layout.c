/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layout.h"

#include <stdio.h>

#define USER_END_64 0x7FFFFFFFFFFFull
#define HYPERVISOR 0xFFFF800000000000ull
#define DIRECT_END_64 0xFFFFC7FFFFFFFFFFull
#define VMEMMAP 0xFFFFEA0000000000ull
#define VMEMMAP_END 0xFFFFEAFFFFFFFFFFull
#define ESPFIX 0xFFFFFF0000000000ull
#define ESPFIX_END 0xFFFFFF7FFFFFFFFFull
#define KERNEL_IMAGE 0xFFFFFFFF80000000ull
#define MODULES 0xFFFFFFFFA0000000ull
#define MODULES_END 0xFFFFFFFFFEFFFFFFull

struct maker {
	struct part *parts;
	unsigned n;
};

/* What lies between the parts is a hole. */
static void add(struct maker *k, enum part_kind kind, const char *name, vaddr_t first, vaddr_t last)
{
	if (last >= first && last + 1 != first)
		k->parts[k->n++] = (struct part){kind, name, first, last};
}

static unsigned parts_32(const struct machine *m, struct maker *k)
{
	const struct vm_layout *l = &m->layout;
	vaddr_t pkmap_end = l->pkmap_base + PFN_PHYS(m->arch->last_pkmap);
	vaddr_t below_fixmap = l->pkmap_base ? pkmap_end : l->vmalloc_end;

	add(k, PART_USER, "user programs", 0, l->page_offset - 1);
	add(k, PART_DIRECT, "direct map", l->page_offset, l->high_memory - 1);
	add(k, PART_HOLE, "hole, VMALLOC_OFFSET", l->high_memory, l->vmalloc_start - 1);
	add(k, PART_VMALLOC, "vmalloc", l->vmalloc_start, l->vmalloc_end - 1);
	if (l->pkmap_base) {
		add(k, PART_HOLE, "2 guard pages", l->vmalloc_end, l->pkmap_base - 1);
		add(k, PART_PKMAP, "pkmap", l->pkmap_base, pkmap_end - 1);
	}
	add(k, PART_HOLE, "boot-time fixmap", below_fixmap, l->fixaddr_start - 1);
	add(k, PART_FIXMAP, "fixmap", l->fixaddr_start, UINT32_MAX);
	return k->n;
}

static unsigned parts_64(const struct machine *m, struct maker *k)
{
	const struct vm_layout *l = &m->layout;

	add(k, PART_USER, "user programs", 0, USER_END_64);
	add(k, PART_HOLE, "no addresses", USER_END_64 + 1, HYPERVISOR - 1);
	add(k, PART_HOLE, "for a hypervisor", HYPERVISOR, l->page_offset - 1);
	add(k, PART_DIRECT, "direct map", l->page_offset, DIRECT_END_64);
	add(k, PART_HOLE, "hole", DIRECT_END_64 + 1, l->vmalloc_start - 1);
	add(k, PART_VMALLOC, "vmalloc", l->vmalloc_start, VMEMMAP - (1ull << 40) - 1);
	add(k, PART_HOLE, "hole", VMEMMAP - (1ull << 40), VMEMMAP - 1);
	add(k, PART_PAGES, "page descriptors", VMEMMAP, VMEMMAP_END);
	add(k, PART_HOLE, "not used", VMEMMAP_END + 1, ESPFIX - 1);
	add(k, PART_HOLE, "stacks of 16-bit programs", ESPFIX, ESPFIX_END);
	add(k, PART_HOLE, "not used", ESPFIX_END + 1, KERNEL_IMAGE - 1);
	add(k, PART_IMAGE, "kernel image", KERNEL_IMAGE, MODULES - 1);
	add(k, PART_IMAGE, "modules", MODULES, MODULES_END);
	add(k, PART_FIXMAP, "fixmap", MODULES_END + 1, UINT64_MAX);
	return k->n;
}

unsigned layout_parts(const struct machine *m, struct part *parts)
{
	struct maker k = {.parts = parts};

	return m->arch->bits == 64 ? parts_64(m, &k) : parts_32(m, &k);
}

/* No part can be longer than half of the addresses, but for what no address can be in. */
static uint64_t weight(const struct part *p)
{
	uint64_t size = p->last - p->first + 1;

	return size >> 48 ? 0 : size;
}

unsigned layout_columns(const struct part *parts, unsigned n, unsigned columns, unsigned *given)
{
	uint64_t all = 0;
	unsigned left = columns > n ? columns - n : 0, sum = 0;

	for (unsigned i = 0; i < n; i++)
		all += weight(&parts[i]);
	for (unsigned i = 0; i < n; i++) {
		given[i] = 1 + (unsigned)((unsigned __int128)weight(&parts[i]) * left / all);
		sum += given[i];
	}
	return sum;
}

const char *layout_size(uint64_t bytes, char buf[32])
{
	static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned u = 0;
	uint64_t whole = bytes;

	while (whole >> 10 && u + 1 < ARRAY_SIZE(unit)) {
		whole >>= 10;
		u++;
	}
	if (whole << (10 * u) == bytes)
		snprintf(buf, 32, "%llu %s", (unsigned long long)whole, unit[u]);
	else /* never rounded up: a MiB that is not whole must not look so */
		snprintf(buf, 32, "%llu.%02llu %s", (unsigned long long)whole,
			 (unsigned long long)(((bytes >> (10 * (u - 1))) & 1023) * 100 >> 10),
			 unit[u]);
	return buf;
}
