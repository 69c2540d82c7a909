/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts that an address space is divided into. */
#ifndef SHELL_LAYOUT_H
#define SHELL_LAYOUT_H

#include <mmsh/machine.h>

struct shell;
struct task_struct;

enum part_kind {
	PART_HOLE,
	PART_USER,
	PART_DIRECT,
	PART_VMALLOC,
	PART_PKMAP,
	PART_FIXMAP,
	PART_IMAGE,
	PART_PAGES, /* struct page */
	NR_PART_KINDS
};

struct part {
	enum part_kind kind;
	const char *name;
	vaddr_t first, last; /* both ends included */
};
#define MAX_PARTS 24

/* Ascending, without gaps, from 0 to the end. Returns: how many. */
unsigned layout_parts(const struct machine *m, struct part *parts);

/*
 * layout_columns - shares out @columns among @n parts by size, 1 at least to each
 *
 * What no address can be in gets one. Returns: the columns given.
 */
unsigned layout_columns(const struct part *parts, unsigned n, unsigned columns, unsigned *given);

/* The two addresses over the ends of a bar of @columns. */
void layout_ends(struct shell *sh, vaddr_t first, vaddr_t last, unsigned columns);
/* The picture of one process, which has an address space. */
void print_layout_task(struct shell *sh, const struct task_struct *t);

/* "119.99 MiB" */
const char *layout_size(uint64_t bytes, char buf[32]);

#endif
