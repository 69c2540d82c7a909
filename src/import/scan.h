/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading text in memory: a cursor that goes line by line and, inside a line,
 * piece by piece; and records (`name key=value ...`) described by tables of
 * fields that are read and written alike.
 */
#ifndef IMPORT_SCAN_H
#define IMPORT_SCAN_H

#include <mmsh/base.h>
#include <string.h>

struct scan {
	const char *p, *end;	 /* what is left of the current line */
	const char *next, *stop; /* the lines to come */
	const char *line;	 /* the current line as a whole */
	unsigned long lineno;
	const char *file;	 /* for messages, where there is more than one; NULL: not said */
};

static inline void scan_init(struct scan *s, const char *text, size_t len)
{
	*s = (struct scan){.next = text, .stop = text + len};
	s->p = s->end = s->line = text;
}

/* One word or line that is not part of a text. */
static inline void scan_text(struct scan *s, const char *text)
{
	scan_init(s, text, 0);
	s->end = s->next = s->stop = text + strlen(text);
}

/* Steps to the next line. Returns: whether there is one. */
static inline bool scan_line(struct scan *s)
{
	const char *nl;

	if (s->next == s->stop)
		return false;
	s->line = s->p = s->next;
	nl = memchr(s->next, '\n', (size_t)(s->stop - s->next));
	s->end = nl ? nl : s->stop;
	s->next = nl ? nl + 1 : s->stop;
	s->lineno++;
	return true;
}

/* Puts the current line back, for another reader. */
static inline void scan_unline(struct scan *s)
{
	s->next = s->line;
	s->lineno--;
}

static inline size_t scan_left(const struct scan *s)
{
	return (size_t)(s->end - s->p);
}

static inline bool scan_at_end(const struct scan *s)
{
	return s->p == s->end;
}

/* Takes @word if the text goes on with it. Always inlined, so that the length is a constant. */
static inline __attribute__((always_inline)) bool scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if (scan_left(s) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

/* The same for a word made at run time. */
static inline bool scan_key(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if (scan_left(s) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static inline bool scan_char(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static inline void scan_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

/* Takes everything up to @c or the end of the line. Returns: its length, and the start in @word. */
static inline size_t scan_until(struct scan *s, char c, const char **word)
{
	const char *at = memchr(s->p, c, scan_left(s));

	*word = s->p;
	s->p = at ? at : s->end;
	return (size_t)(s->p - *word);
}

/* Digits of @base (10 or 16). Returns: whether there was a number that fits. */
bool scan_digits(struct scan *s, unsigned base, uint64_t *v);
/* A number, decimal or with 0x hexadecimal. */
bool scan_u64(struct scan *s, uint64_t *v);
/* The same with an optional minus sign. */
bool scan_i64(struct scan *s, int64_t *v);
/* A decimal number that fits 32 bits: the operations' fast path. */
static inline bool scan_u32(struct scan *s, uint32_t *v)
{
	const char *p = s->p, *end = s->end;
	uint64_t n = 0;

	while (p < end && (unsigned)(*p - '0') < 10 && n <= UINT32_MAX)
		n = n * 10 + (unsigned)(*p++ - '0');
	if (p == s->p || n > UINT32_MAX)
		return false;
	s->p = p;
	*v = (uint32_t)n;
	return true;
}

/* "line N: ...", or "FILE:N: ...". Returns: -EINVAL. */
int scan_error(const struct scan *s, struct mm_error *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- records ---- */

enum field_kind { FIELD_DEC, FIELD_HEX, FIELD_SIGNED, FIELD_BOOL, FIELD_LETTER };

/* One `key=value`, or `key=value,value...` with .count values .stride bytes apart. */
struct field {
	const char *name;
	size_t offset, stride;
	uint8_t size, count, kind;
	bool optional;
};

#define FIELD(type, name_, member, kind_)                                                \
	{.name = name_, .offset = offsetof(type, member), .count = 1,                    \
	 .size = sizeof(((type *)0)->member), .kind = kind_}
#define FIELD_OPT(type, name_, member, kind_)                                            \
	{.name = name_, .offset = offsetof(type, member), .count = 1, .optional = true,  \
	 .size = sizeof(((type *)0)->member), .kind = kind_}
/* An array, or one member of an array of structs: @first is element 0, @second element 1. */
#define FIELD_LIST(type, name_, first, second, n, kind_)                                 \
	{.name = name_, .offset = offsetof(type, first), .count = n,                     \
	 .stride = offsetof(type, second) - offsetof(type, first),                       \
	 .size = sizeof(((type *)0)->first), .kind = kind_}

/*
 * fields_get - read the rest of the line into @obj; keys that @f (ended by a NULL name)
 * does not know are passed over
 *
 * Returns: 0, with a bit for each row found in *@seen if not NULL; -EINVAL with @e when
 * a value makes no sense or a row that is not optional is missing.
 */
int fields_get(struct scan *s, const struct field *f, void *obj, uint64_t *seen,
	       struct mm_error *e);
/* Appends ` key=value` for each row. */
void fields_put(struct strbuf *out, const struct field *f, const void *obj);

/* Appends @v in decimal: lists have very many. */
void put_u64(struct strbuf *out, uint64_t v);

#endif
