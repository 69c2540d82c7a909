/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands on small objects, and what they share. */
#ifndef SHELL_CMD_SLAB_H
#define SHELL_CMD_SLAB_H

#include <mmsh/slab.h>

#include "value_slab.h"

struct arg;
struct args;
struct word;

/* The machine has an allocator; one with caches of slabs. Return: 0 or -EINVAL with the error
   set. */
int need_slab(struct shell *sh);
int need_caches(struct shell *sh);
/* SIZE, 0 if not given. Returns: 0; -EINVAL with the error set. */
int size_arg(struct shell *sh, const struct arg *a, uint64_t *size);
/* node=N. Returns: 0 and *@nid, NUMA_NO_NODE if not given; -EINVAL with the error set. */
int check_node(struct shell *sh, const struct arg *node, int *nid);

/* Calls @fn for the address that the word names, or for each of a list that is not freed yet.
   Returns: 0 or what @fn or the word's mistake said. */
int for_each_address(struct shell *sh, const struct word *w,
		     int (*fn)(struct shell *sh, vaddr_t addr, void *arg), void *arg);

/* kmem_cache_free(), or kfree() for @s NULL, with all that comes of it. Returns: 0, or -EFAULT
   with the error set when the kernel would have died. */
int free_object(struct shell *sh, struct kmem_cache *s, vaddr_t addr);
/* The running command freed what is at @addr. */
void object_gone(struct shell *sh, vaddr_t addr);
/* -EFAULT with the error set when the kernel died since @oopses was read. */
int slab_call_end(struct shell *sh, unsigned long oopses);

/* By name. Returns: NULL with the error set. */
struct kmem_cache *find_cache(struct shell *sh, const char *name);

int exec_cache_create(struct shell *sh, const struct args *a);
int exec_cache_alloc(struct shell *sh, const struct args *a);
int exec_cache_free(struct shell *sh, const struct args *a);
int exec_cache_shrink(struct shell *sh, const struct args *a);
int exec_cache_destroy(struct shell *sh, const struct args *a);
int exec_cache_info(struct shell *sh, const struct args *a);
int exec_slab(struct shell *sh, const struct args *a);
int exec_compare(struct shell *sh, const struct args *a);

#endif
