/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The slab dump: caches, their slabs and lists as text, a line each, between `slabs stage=`
 * and `endslabs stage=`. One row for each allocator knows its lines.
 */
#ifndef IMPORT_SLAB_DUMP_H
#define IMPORT_SLAB_DUMP_H

#include "dump.h"

#define MAX_DUMP_CACHES 64
#define MAX_DUMP_OBJECTS 32767

struct slab_dump;

struct slab_dump_kind {
	const char *params;	    /* first word of the allocator's line of constants */
	const struct slab_ops *ops;
	/* The line of constants, any other line. Return 0 or -EINVAL. */
	int (*load_params)(struct slab_dump *sd, struct slab_params *p);
	int (*load_line)(struct slab_dump *sd);
	int (*begin)(struct machine *m); /* between the two; NULL: nothing to do */
	/* All lines of one cache; NULL: those before the caches (SLOB: its pages). */
	void (*write)(const struct slab_dump *sd, const struct kmem_cache *s, struct strbuf *out);
};
/* The rows that slab_dump.c's table has. */
extern const struct slab_dump_kind slub_dump_kind, slab_dump_kind_slab, slob_dump_kind;

/* A dump that was read, or is to be written: which caches, in which order. */
struct slab_dump {
	struct dump_source *d; /* the text; .s stands in the current line */
	struct machine *m;
	const struct slab_dump_kind *kind;
	struct kmem_cache *cache[MAX_DUMP_CACHES];
	unsigned nr;
	char params[160];      /* the line of constants, as it came */
	uint16_t list[MAX_DUMP_OBJECTS]; /* room for a freelist */
	void *private;	       /* of a kind, while it loads; freed by free() */
};

/* "slabs stage=..." was read: load up to the last line. Returns: 0 or -EINVAL. */
int slab_dump_load(struct slab_dump *sd);
void slab_dump_write(const struct slab_dump *sd, const char *stage, struct strbuf *out);

/* Takes `cache=NAME ` (the rest of the line follows). NULL with .e: no such cache. */
struct kmem_cache *slab_dump_cache(struct slab_dump *sd, const char *key);
/* By its name; NULL. */
struct kmem_cache *slab_dump_find(const struct slab_dump *sd, const char *name, size_t len);
/* Takes `a,b,...` up to the end of the line, into .list. Returns: how many, or -EINVAL. */
int slab_dump_indexes(struct slab_dump *sd);
int slab_dump_add(struct slab_dump *sd, struct kmem_cache *s);

/* All lines of a cache of SLUB. */
void slub_dump_cache(const struct machine *m, const struct kmem_cache *s, struct strbuf *out);

#endif
