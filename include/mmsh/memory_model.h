/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the kernel keeps its page descriptors (boot.md 4). The model's own page array is
 * the same whatever the choice; what differs is which page frames are valid, who shares
 * pageblock types, and what it costs.
 *
 *   flat       one mem_map from the first page to the last
 *   discontig  one mem_map a node; a table of 64 MiB chunks tells whose
 *   sparse     one mem_map a section that has memory; pageblock types belong to sections
 */
#ifndef MMSH_MEMORY_MODEL_H
#define MMSH_MEMORY_MODEL_H

#include <mmsh/types.h>

struct machine;

struct memory_model {
	const char *name;
	const char *config;	  /* "FLATMEM" ... */
	bool sections;		  /* pageblock types are kept by section */
	bool (*pfn_valid)(const struct machine *m, uint64_t pfn);
	/* Takes mem_map and what goes with it from memblock. Returns: 0 or -ENOMEM. */
	int (*alloc_memmap)(struct machine *m);
};

extern const struct memory_model memory_model_flat, memory_model_discontig, memory_model_sparse;
extern const struct memory_model *const memory_models[]; /* NULL ends the table */

/* One section, in machine.section. */
enum { SECTION_ABSENT, SECTION_PRESENT = 1, SECTION_ONLINE = 2, SECTION_ADDED = 4 };
struct mem_section {
	uint8_t state;
	uint8_t zone; /* SECTION_ADDED: the id of the zone that it was added to */
	pfn_t memmap; /* SECTION_ADDED: the block that its page descriptors cost */
};

/* The sections that memblock has memory in, and the array of pageblock types that belongs
   to them, where the model has sections. Returns: 0 or -ENOMEM. */
int init_sections(struct machine *m);
/* Makes both as long as max_pfn asks for. Returns: 0 or -ENOMEM, with the old ones. */
int sections_resize(struct machine *m);

/* Whether the kernel has a page descriptor for @pfn, used or not. */
bool pfn_valid(const struct machine *m, uint64_t pfn);

/* What a mem_map costs in the kernel, in bytes, all of it. */
uint64_t memmap_bytes(const struct machine *m);

#endif
