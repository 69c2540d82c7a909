/* SPDX-License-Identifier: GPL-3.0-or-later */
/* E6: what the operations and the kernel's messages of one recording share. */
#ifndef IMPORT_VERIFY_SLUB_DEBUG_H
#define IMPORT_VERIFY_SLUB_DEBUG_H

#include "slab_dump.h"
#include "verify_kinds.h"

struct slub_debug_verify {
	struct verify *v;
	struct slab_dump dump;
	struct slab_params params;
	struct kmem_cache *cache; /* the one of the experiment */
	char name[KMEM_CACHE_NAME_MAX];
	struct kmem_cache_params asked;
	bool fresh;   /* made by the experiment: every byte of it is known */
	bool loading; /* not fresh, and the state has not come yet */
	bool seeded;  /* .victim's bytes are known */
	vaddr_t victim;
	char hex_what[32];	/* of the hex line before; where the next must go on */
	unsigned long hex_line;
	vaddr_t hex_next;
	vaddr_t handed[16]; /* objects that were had before the state came */
	unsigned nr_handed;
	bool tainted; /* the kernel was, before the first report */
};

/* Whether the recording lets the model know byte @addr: tracking data it does not, nor, in a
   cache that was there before, where the free pointers of objects in use lead. */
bool slub_byte_known(const struct slub_debug_verify *sv, vaddr_t addr);

/* The messages, from the line after their heading on. Returns: 0 or -EINVAL. */
int verify_slub_messages(struct slub_debug_verify *sv);

#endif
