/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the benchmarks share. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <mmsh/page_alloc.h>
#include <time.h>

extern struct machine *machine; /* the one under test */

_Noreturn void die(const char *what, const char *why);
struct machine *boot_slab(const struct slab_ops *ops, uint64_t mem);

static inline double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

extern uint64_t random_state;

static inline uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	return random_state ^= random_state << 17;
}

/* Inlined into each benchmark, so that calls through a table of functions are direct ones. */
#define TEMPLATE static inline __attribute__((always_inline))

/* bench_slab.c */
double slub_pair_256(void), slub_bulk_1024(void), slub_object_churn(void);
double slab_pair_256(void), slab_bulk_1024(void), slab_object_churn(void);
double slob_pair_256(void), slob_bulk_1024(void), slob_object_churn(void);
double glibc_pair_256(void), glibc_bulk_1024(void), glibc_object_churn(void);

/* bench_vmalloc.c */
double vmalloc_pair_10(void), vmalloc_pair_1000(void), vmalloc_pair_10000(void), kmap_pair(void);

#endif
