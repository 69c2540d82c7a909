/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /proc/iomem (proc-zones.md 6): the resource tree, built in the order in which boot enters
 * the pieces. The order matters: what is entered later may become the parent of what it
 * covers, and is refused where it cuts through something.
 */
#include "files.h"

#define MAX_RESOURCES (E820_MAX + 16)

struct resource {
	uint64_t start, end; /* inclusive */
	const char *name;
	struct resource *child, *sibling;
};

struct resource_tree {
	struct resource root;
	unsigned n;
	struct resource r[MAX_RESOURCES];
};

static bool resource_overlaps(const struct resource *r, uint64_t start, uint64_t end)
{
	return r->start <= end && r->end >= start;
}

/* The place below @parent where [start, end] goes: before the first child that ends later. */
static struct resource **resource_slot(struct resource *parent, uint64_t start)
{
	struct resource **p = &parent->child;

	while (*p && (*p)->end < start)
		p = &(*p)->sibling;
	return p;
}

static void resource_link(struct resource_tree *t, struct resource **slot, const char *name,
			  uint64_t start, uint64_t end)
{
	struct resource *r, **last;

	if (t->n == MAX_RESOURCES)
		return;
	r = &t->r[t->n++];
	*r = (struct resource){start, end, name, NULL, NULL};
	/* whatever lies inside becomes a child */
	last = slot;
	while (*last && (*last)->start <= end)
		last = &(*last)->sibling;
	if (last != slot) {
		r->child = *slot;
		r->sibling = *last;
		*last = NULL;
	} else {
		r->sibling = *slot;
	}
	*slot = r;
}

/* Enters a range at depth 0, unless anything is there. */
static void request_resource(struct resource_tree *t, const char *name, uint64_t start,
			     uint64_t end)
{
	struct resource **slot = resource_slot(&t->root, start);

	if (!*slot || !resource_overlaps(*slot, start, end))
		resource_link(t, slot, name, start, end);
}

/* Enters a range as deep as something covers it, above what it covers itself. */
static void insert_resource(struct resource_tree *t, const char *name, uint64_t start, uint64_t end)
{
	struct resource *parent = &t->root, **slot;

	for (;;) {
		slot = resource_slot(parent, start);
		if (!*slot || (*slot)->start > start || (*slot)->end < end ||
		    ((*slot)->start == start && (*slot)->end == end))
			break;
		parent = *slot;
	}
	for (const struct resource *r = *slot; r && r->start <= end; r = r->sibling)
		if (r->start < start || r->end > end)
			return;
	resource_link(t, slot, name, start, end);
}

/* Reserved ranges above 1 MiB are left to PCI, which the modelled kernel does not have. */
static bool e820_busy(const struct e820_entry *e)
{
	return e->addr < 0x100000 ||
	       (e->type != E820_RESERVED && e->type != E820_PMEM && e->type != E820_PRAM);
}

static void insert_e820(struct resource_tree *t, const struct machine *m)
{
	/* a resource is as wide as a physical address: 32 bits, or 64 */
	uint64_t last = m->arch->max_phys_bits > 32 ? UINT64_MAX : UINT32_MAX;

	for (unsigned i = 0; i < m->boot.e820.nr; i++) {
		const struct e820_entry *e = &m->boot.e820.map[i];
		uint64_t end = e->addr + e->size - 1;

		if (end <= last && e820_busy(e))
			insert_resource(t, e820_iomem_name(e->type), e->addr, end);
	}
}

static void insert_kernel(struct resource_tree *t, const struct kernel_image *k)
{
	insert_resource(t, "Kernel code", k->load, k->load + k->etext - 1);
	insert_resource(t, "Kernel data", k->load + k->etext, k->load + k->edata - 1);
	insert_resource(t, "Kernel bss", k->load + k->bss_start, k->load + k->bss_stop - 1);
}

static void print_children(const struct resource *parent, int depth, struct strbuf *out)
{
	for (const struct resource *r = parent->child; r; r = r->sibling) {
		strbuf_addf(out, "%*s%08llx-%08llx : %s\n", 2 * depth, "",
			    (unsigned long long)r->start, (unsigned long long)r->end, r->name);
		if (depth < 5)
			print_children(r, depth + 1, out);
	}
}

void iomem_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	struct resource_tree t = {.root = {0, UINT64_MAX, "PCI mem", NULL, NULL}};

	(void)f;
	if (!m->boot.e820.nr)
		return; /* a machine without a firmware: loaded from a recording */
	/* the ROMs of a PC: the BIOS, and the video card's as long as the card says */
	request_resource(&t, "System ROM", 0xf0000, 0xfffff);
	request_resource(&t, "Video ROM", 0xc0000, 0xc05ff);
	insert_kernel(&t, &m->params.image);
	insert_e820(&t, m);
	if (m->arch->bits == 32)
		request_resource(&t, "Video RAM area", 0xa0000, 0xbffff);
	insert_resource(&t, "Local APIC", 0xfee00000, 0xfee00fff);
	print_children(&t.root, 0, out);
}
