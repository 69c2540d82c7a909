/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is freed all at once. */
#include <mmsh/base.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (64u << 10)
#define ALIGN 16

struct arena_chunk {
	struct arena_chunk *next;
	max_align_t data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	size = ROUND_UP(size, ALIGN);
	if (!a->chunks || size > a->size - a->used) {
		size_t n = max_of(size, (size_t)CHUNK);
		struct arena_chunk *c = calloc(1, sizeof(*c) + n);

		if (!c)
			return NULL;
		c->next = a->chunks;
		a->chunks = c;
		a->used = 0;
		a->size = n;
		a->total += sizeof(*c) + n;
	}
	p = (char *)a->chunks->data + a->used;
	a->used += size;
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = arena_alloc(a, n);

	return p ? memcpy(p, s, n) : NULL;
}

void arena_free(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
	*a = (struct arena){0};
}
