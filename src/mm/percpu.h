/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that each CPU has its own copy of, for src/mm only.
 *
 * A piece has the same offset in every CPU's unit. The units of the first chunk were laid
 * out at boot; when their dynamic part is used up, pages are taken. A machine that came
 * from a recording does not tell where its units are: there they are host memory and have
 * no address.
 */
#ifndef MM_PERCPU_H
#define MM_PERCPU_H

#include <mmsh/machine.h>

#define PCPU_MIN_UNIT_SIZE (32u << 10) /* nothing larger can be had */

struct percpu_chunk {
	struct percpu_chunk *next;
	uint32_t size;	    /* bytes of a unit */
	uint64_t *used;	    /* a bit for each 4 bytes of a unit */
	unsigned char **mem; /* [nr_cpus], host addresses */
	vaddr_t *addr;	    /* [nr_cpus], 0: none */
};

/* A piece of .size bytes; size 0: none. */
struct percpu {
	struct percpu_chunk *chunk;
	uint32_t off, size;
};

/* First fit over the chunks, oldest first; the bytes are cleared. Returns: 0 or -ENOMEM. */
int percpu_alloc(struct machine *m, struct percpu_chunk **chunks, uint32_t size,
		 struct percpu *p);
void percpu_free(struct percpu *p);

static inline unsigned char *percpu_ptr(const struct percpu *p, unsigned cpu)
{
	return p->chunk->mem[cpu] + p->off;
}

static inline vaddr_t percpu_addr(const struct percpu *p, unsigned cpu)
{
	return p->chunk->addr[cpu] ? p->chunk->addr[cpu] + p->off : 0;
}

#endif
