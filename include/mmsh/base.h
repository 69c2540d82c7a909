/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What knows nothing of pages: host memory and text buffers.
 *
 *   arena    many small allocations of one life, freed together
 *   reserve  a large, zero-filled, lazily committed host mapping
 *   strbuf   a growing text
 */
#ifndef MMSH_BASE_H
#define MMSH_BASE_H

#include <mmsh/types.h>
#include <stdarg.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks;
	size_t used, size; /* of the newest chunk */
	size_t total;	   /* bytes taken from the host */
};

/* Returns: zeroed memory, 16-byte aligned, that lives until arena_free(); NULL
   when the host has none. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *s);
void arena_free(struct arena *a);

/*
 * reserve_map - reserve @size bytes of zero-filled host memory, none of it
 * committed, huge pages advised off so that a sparse array stays sparse
 *
 * Returns: the mapping, or NULL with errno set when the host refuses.
 */
void *reserve_map(size_t size);
void reserve_unmap(void *p, size_t size);

/*
 * A growing text. It is always NUL-terminated once something was added. A failed
 * allocation sets .failed and later additions do nothing: check once, at the end.
 */
struct strbuf {
	char *s;
	size_t len, cap;
	bool failed;
};
#define STRBUF_INIT {0}

void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void strbuf_add(struct strbuf *b, const void *p, size_t n);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
/* Empties the text and keeps the memory. */
void strbuf_reset(struct strbuf *b);
void strbuf_free(struct strbuf *b);
/* A set of numbers below 64, a bit each, as "0-3,5". Parsing returns 0, -EINVAL or -ERANGE. */
void bitlist_format(uint64_t bits, struct strbuf *out);
int bitlist_parse(const char *s, uint64_t *bits);
/* The text, "" when nothing was added. Owned by the buffer. */
const char *strbuf_str(const struct strbuf *b);

#endif
