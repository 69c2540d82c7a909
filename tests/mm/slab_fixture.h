/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines with an allocator of small objects, and what tests ask of it. */
#ifndef TESTS_MM_SLAB_FIXTURE_H
#define TESTS_MM_SLAB_FIXTURE_H

#include "mm/fixture.h"

#include <mmsh/slab.h>

/* A machine of `mem=64M cpus=4` with the allocator @name through all of boot; merging off.
   @p NULL: as it comes. */
struct machine *slab_machine(const char *name, const char *line, const struct slab_params *p);
/* The same, but only up to state UP: no caches but the allocator's own. */
struct machine *early_slab_machine(const char *name, const char *line,
				   const struct slab_params *p);
/* A cache, which must be created. */
struct kmem_cache *cache_of(struct machine *m, const char *name, unsigned size, unsigned align,
			    uint32_t flags);
struct kmem_cache *ctor_cache_of(struct machine *m, const char *name, unsigned size,
				 uint32_t flags);
/* An object, which must be there. */
vaddr_t object_of(struct machine *m, struct kmem_cache *s);
/* Offset of an object in its slab. */
unsigned slab_offset(const struct machine *m, vaddr_t object);
/* Both audits. */
void assert_slabs(const struct machine *m);
/* The slab audit fails, and says @what. */
void assert_slab_violation(const struct machine *m, const char *what);
/* Host memory of a modelled address. */
unsigned char *bytes_at(struct machine *m, vaddr_t addr);

/* Listens for what the allocator does. */
struct trace_buffer *slab_listen(struct machine *m);
void slab_listen_end(struct machine *m, struct trace_buffer *b);
/* Steps (reports) of that kind since. */
unsigned count_steps(const struct trace_buffer *b, enum slab_step step);
unsigned count_reports(const struct trace_buffer *b, enum slab_report what);
unsigned count_bad(const struct trace_buffer *b, enum slab_bad what);

/* One row of the test vectors of slab-compare.md. */
struct vector {
	const char *allocator;
	unsigned cpus, line; /* possible and online CPUs; cache line */
	unsigned size, max;  /* of the cache's objects; or: kmalloc up to */
	uint32_t seed;
	unsigned allocations, labels, live;
	uint32_t hash;
};
void check_vector(const struct vector *v);

/*
 * A random walk over a few caches and kmalloc: @steps allocations, frees, shrinks, ticks,
 * changes of CPU; audited after every @audit_every of them and at the end, when all is freed.
 */
void object_walk(struct machine *m, uint64_t seed, unsigned steps, unsigned audit_every);

/* The same with bytes of slabs written over and wrong pointers freed: nothing is asserted but
   that it ends. */
void damage_walk(struct machine *m, uint64_t seed, unsigned steps);

#endif
