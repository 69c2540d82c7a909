/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words everything else is said in.
 *
 *   pfn     page frame number: a physical address divided by the page size.
 *           32 bits reach 16 TiB; PFN_NONE stands for "no page".
 *   phys    physical address, in bytes.
 *   vaddr   virtual address of the modelled machine, never of the host.
 *   order   a block of 2^order pages, aligned to its size.
 *   gfp     how an allocation may be made: see gfp.h.
 *
 * Sizes are bytes unless a name says pages, blocks or kbytes. A function that
 * can fail returns a negative errno.
 */
#ifndef MMSH_TYPES_H
#define MMSH_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t pfn_t;
typedef uint64_t phys_t;
typedef uint64_t vaddr_t;
typedef uint32_t gfp_t;

#define PFN_NONE ((pfn_t)~0u)

#define PAGE_SHIFT 12
#define PAGE_SIZE (1ul << PAGE_SHIFT)
#define PFN_UP(x) (((uint64_t)(x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x) ((uint64_t)(x) >> PAGE_SHIFT)
#define PFN_PHYS(n) ((phys_t)(n) << PAGE_SHIFT)

#define MAX_ORDER 11 /* orders 0..10 exist */
#define MAX_ORDER_NR_PAGES (1u << (MAX_ORDER - 1))

#define MAX_NR_ZONES 4
#define MAX_NUMNODES 64
#define MAX_CPUS 64

#define ROUND_DOWN(x, a) ((x) - (x) % (a))
#define ROUND_UP(x, a) ROUND_DOWN((x) + (a)-1, a)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* Each operand is evaluated once; the names are new each time, so that calls nest. */
#define MM_UNIQUE_2(name, n) name##n
#define MM_UNIQUE_1(name, n) MM_UNIQUE_2(name, n)
#define MM_UNIQUE(name) MM_UNIQUE_1(name, __COUNTER__)
#define mm_pick(a, op, b, x, y) ({ __typeof__(a) x = (a); __typeof__(b) y = (b); x op y ? x : y; })
#define min_of(a, b) mm_pick(a, <, b, MM_UNIQUE(x_), MM_UNIQUE(y_))
#define max_of(a, b) mm_pick(a, >, b, MM_UNIQUE(x_), MM_UNIQUE(y_))
#define mm_clamp(v, lo, hi, x, l, h)                                                      \
	({ __typeof__(v) x = (v), l = (lo), h = (hi); x < l ? l : x > h ? h : x; })
#define clamp_of(v, lo, hi) mm_clamp(v, lo, hi, MM_UNIQUE(v_), MM_UNIQUE(l_), MM_UNIQUE(h_))

/* Why something was refused, in words for the person who asked. */
struct mm_error {
	char text[256];
};

/* Fills @e (may be NULL) and returns @err, so that one can `return mm_error(...)`. */
int mm_error(struct mm_error *e, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
