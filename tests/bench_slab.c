/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What small objects cost, for each allocator, and with glibc's malloc() and free(): a pair of
 * 256 bytes; 1024 objects at once; a churn of sizes 8 to 8192. Everything is built before the
 * first round: an operation allocates nothing of the host's.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include <mmsh/slab.h>

#define PAIRS 2000000u
#define OBJECT 256
#define BULK 1024u
#define BULKS 2000u
#define CHURN_OPS 1000000u
#define CHURN_SLOTS 4096u

/* ---- four allocators behind one face; an object is never 0 ---- */

struct heap {
	const struct slab_ops *ops; /* NULL: glibc */
	uint64_t (*alloc)(uint64_t size);
	void (*free)(uint64_t object);
	/* all of .BULK objects of .OBJECT bytes */
	void (*alloc_bulk)(uint64_t *p);
	void (*free_bulk)(uint64_t *p);
};

static struct kmem_cache *cache;

static uint64_t model_alloc(uint64_t size)
{
	return kmalloc(machine, size, GFP_KERNEL);
}

static void model_free(uint64_t object)
{
	kfree(machine, object);
}

static void model_alloc_bulk(uint64_t *p)
{
	if (kmem_cache_alloc_bulk(machine, cache, GFP_KERNEL, BULK, p) != BULK)
		die("bulk", "out of memory");
}

static void model_free_bulk(uint64_t *p)
{
	kmem_cache_free_bulk(machine, cache, BULK, p);
}

static uint64_t glibc_alloc(uint64_t size)
{
	return (uintptr_t)malloc(size);
}

static void glibc_free(uint64_t object)
{
	free((void *)(uintptr_t)object);
}

static void glibc_alloc_bulk(uint64_t *p)
{
	for (unsigned i = 0; i < BULK; i++)
		if (!(p[i] = glibc_alloc(OBJECT)))
			die("bulk", "out of memory");
}

static void glibc_free_bulk(uint64_t *p)
{
	for (unsigned i = 0; i < BULK; i++)
		glibc_free(p[i]);
}

#define MODEL_HEAP(allocator)                                                  \
	{                                                                      \
		.ops = &(allocator), .alloc = model_alloc, .free = model_free, \
		.alloc_bulk = model_alloc_bulk, .free_bulk = model_free_bulk,  \
	}
static const struct heap slub = MODEL_HEAP(slub_ops);
static const struct heap slab = MODEL_HEAP(slab_ops_slab);
static const struct heap slob = MODEL_HEAP(slob_ops);
static const struct heap glibc = {
	.alloc = glibc_alloc,
	.free = glibc_free,
	.alloc_bulk = glibc_alloc_bulk,
	.free_bulk = glibc_free_bulk,
};

/* Once a process: each benchmark has its own. */
static void start(const struct heap *h)
{
	struct kmem_cache_params p = {.name = "bench", .size = OBJECT, .ctor = &kmem_ctor_default};
	struct mm_error e = {""};

	if (cache || !h->ops)
		return;
	machine = boot_slab(h->ops, 1ull << 30);
	cache = kmem_cache_create(machine, &p, &e);
	if (!cache)
		die("cache", e.text);
}

/* ---- the three loads ---- */

TEMPLATE double pair(const struct heap *h)
{
	double began;

	start(h);
	began = now_ns();
	for (unsigned i = 0; i < PAIRS; i++) {
		uint64_t object = h->alloc(OBJECT);

		__asm__ volatile("" : "+r"(object));
		if (unlikely(!object))
			die("pair", "out of memory");
		h->free(object);
	}
	return (now_ns() - began) / PAIRS;
}

TEMPLATE double bulk(const struct heap *h)
{
	static uint64_t p[BULK], q[BULK];
	double began;

	start(h);
	began = now_ns();
	for (unsigned i = 0; i < BULKS; i++) {
		h->alloc_bulk(p);
		memcpy(q, p, sizeof(q)); /* free_bulk() uses its array up */
		h->free_bulk(q);
	}
	return (now_ns() - began) / ((double)BULKS * BULK);
}

/* A slot that has an object loses it, one that has none gets one of 8 to 8192 bytes. */
TEMPLATE double churn(const struct heap *h)
{
	static uint64_t slot[CHURN_SLOTS];
	double began;

	start(h);
	began = now_ns();
	for (unsigned i = 0; i < CHURN_OPS; i++) {
		uint64_t r = random_next(), *s = &slot[r % CHURN_SLOTS];

		if (*s) {
			h->free(*s);
			*s = 0;
			continue;
		}
		*s = h->alloc(8 + (r >> 32) % 8185);
		if (unlikely(!*s))
			die("churn", "out of memory");
	}
	return (now_ns() - began) / CHURN_OPS;
}

#define ROUNDS_OF(heap)                  \
	double heap##_pair_256(void)     \
	{                                \
		return pair(&heap);      \
	}                                \
	double heap##_bulk_1024(void)    \
	{                                \
		return bulk(&heap);      \
	}                                \
	double heap##_object_churn(void) \
	{                                \
		return churn(&heap);     \
	}

ROUNDS_OF(slub)
ROUNDS_OF(slab)
ROUNDS_OF(slob)
ROUNDS_OF(glibc)
