/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that are small objects. */
#ifndef SHELL_VALUE_SLAB_H
#define SHELL_VALUE_SLAB_H

#include "value.h"

/* .id is the cache's, .size its object_size. */
extern const struct value_type value_object_type;
/* .size and .gfp are what was asked for. */
extern const struct value_type value_kmalloc_type;

/* The cache is gone: whatever still claims to be its object can no longer be freed. */
void values_lose_cache(struct shell *sh, unsigned id);

#endif
