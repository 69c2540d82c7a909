/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines, numbers and records of text. */
#include "scan.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool scan_digits(struct scan *s, unsigned base, uint64_t *v)
{
	const char *p = s->p;
	uint64_t n = 0;

	for (; p < s->end; p++) {
		unsigned d = (unsigned)digit_value(*p);

		if (d >= base)
			break;
		if (__builtin_mul_overflow(n, base, &n) || __builtin_add_overflow(n, d, &n))
			return false;
	}
	if (p == s->p)
		return false;
	s->p = p;
	*v = n;
	return true;
}

bool scan_u64(struct scan *s, uint64_t *v)
{
	return scan_digits(s, scan_word(s, "0x") ? 16 : 10, v);
}

bool scan_i64(struct scan *s, int64_t *v)
{
	bool minus = scan_char(s, '-');
	uint64_t n;

	if (!scan_u64(s, &n) || n > (uint64_t)INT64_MAX)
		return false;
	*v = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

int scan_error(const struct scan *s, struct mm_error *e, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (s->file)
		return mm_error(e, -EINVAL, "%.100s:%lu: %.130s", s->file, s->lineno, what);
	return mm_error(e, -EINVAL, "line %lu: %s", s->lineno, what);
}

/* ---- records ---- */

static bool store_unsigned(void *at, const struct field *f, uint64_t v)
{
	if (f->kind == FIELD_BOOL && v > 1)
		return false;
	if (f->size < 8 && v >> (8 * f->size))
		return false;
	switch (f->size) {
	case 1: *(uint8_t *)at = (uint8_t)v; return true;
	case 2: *(uint16_t *)at = (uint16_t)v; return true;
	case 4: *(uint32_t *)at = (uint32_t)v; return true;
	case 8: *(uint64_t *)at = v; return true;
	}
	return false;
}

static bool store_signed(void *at, const struct field *f, int64_t v)
{
	/* sums of a few counts must not overflow: no count comes near that */
	int64_t max = min_of(INT64_MAX >> (64 - 8 * f->size), INT64_MAX >> 16);

	if (v > max || v < -max)
		return false;
	switch (f->size) {
	case 1: *(int8_t *)at = (int8_t)v; return true;
	case 2: *(int16_t *)at = (int16_t)v; return true;
	case 4: *(int32_t *)at = (int32_t)v; return true;
	case 8: *(int64_t *)at = v; return true;
	}
	return false;
}

static bool field_get(struct scan *s, const struct field *f, char *obj)
{
	char *at = obj + f->offset;

	for (unsigned i = 0; i < f->count; i++, at += f->stride) {
		int64_t i64;
		uint64_t u64;

		/* a kernel with fewer zones prints a shorter list */
		if (i && !scan_char(s, ','))
			break;
		if (f->kind == FIELD_LETTER) {
			if (scan_at_end(s) || !(*s->p >= 'a' && *s->p <= 'z'))
				return false;
			*at = *s->p++;
			continue;
		}
		if (f->kind == FIELD_SIGNED ? !scan_i64(s, &i64) || !store_signed(at, f, i64)
					    : !scan_u64(s, &u64) || !store_unsigned(at, f, u64))
			return false;
	}
	return scan_at_end(s) || *s->p == ' ';
}

/* The row called @key. Rows come in the order of the table, so look after @from first. */
static const struct field *field_find(const struct field *f, const struct field *from,
				      const char *key, size_t n)
{
	for (const struct field *i = from; i->name; i++)
		if (strlen(i->name) == n && !memcmp(i->name, key, n))
			return i;
	for (const struct field *i = f; i < from; i++)
		if (strlen(i->name) == n && !memcmp(i->name, key, n))
			return i;
	return NULL;
}

int fields_get(struct scan *s, const struct field *f, void *obj, uint64_t *seen,
	       struct mm_error *e)
{
	const struct field *from = f;
	uint64_t found = 0;

	while (scan_blanks(s), !scan_at_end(s)) {
		const struct field *hit = NULL;
		const char *key, *value;
		size_t n = scan_until(s, ' ', &key), n_key;
		const char *eq = memchr(key, '=', n);

		if (!eq)
			continue;
		n_key = (size_t)(eq - key);
		hit = field_find(f, from, key, n_key);
		if (!hit)
			continue;
		value = s->p;
		s->p = eq + 1;
		if (!field_get(s, hit, obj))
			return scan_error(s, e, "%.*s is no value of %s",
					  (int)min_of(value - eq - 1, (ptrdiff_t)40), eq + 1,
					  hit->name);
		if (found >> (hit - f) & 1)
			return scan_error(s, e, "%s is there twice", hit->name);
		found |= 1ull << (hit - f);
		from = hit + 1;
	}
	for (const struct field *i = f; i->name; i++)
		if (!i->optional && !(found >> (i - f) & 1))
			return scan_error(s, e, "no %s=", i->name);
	if (seen)
		*seen = found;
	return 0;
}

static uint64_t load_unsigned(const void *at, unsigned size)
{
	switch (size) {
	case 1: return *(const uint8_t *)at;
	case 2: return *(const uint16_t *)at;
	case 4: return *(const uint32_t *)at;
	}
	return *(const uint64_t *)at;
}

static int64_t load_signed(const void *at, unsigned size)
{
	switch (size) {
	case 1: return *(const int8_t *)at;
	case 2: return *(const int16_t *)at;
	case 4: return *(const int32_t *)at;
	}
	return *(const int64_t *)at;
}

void put_u64(struct strbuf *out, uint64_t v)
{
	char buf[20], *p = buf + sizeof(buf);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	strbuf_add(out, p, (size_t)(buf + sizeof(buf) - p));
}

static void field_put(struct strbuf *out, const struct field *f, const char *obj)
{
	const char *at = obj + f->offset;

	for (unsigned i = 0; i < f->count; i++, at += f->stride) {
		int64_t v = f->kind == FIELD_SIGNED ? load_signed(at, f->size) : 0;

		if (i)
			strbuf_addc(out, ',');
		if (f->kind == FIELD_LETTER) {
			strbuf_addc(out, *at);
			continue;
		}
		if (f->kind == FIELD_HEX) {
			strbuf_addf(out, "0x%llx", (unsigned long long)load_unsigned(at, f->size));
			continue;
		}
		if (v < 0)
			strbuf_addc(out, '-');
		put_u64(out, f->kind == FIELD_SIGNED ? (uint64_t)(v < 0 ? -v : v)
						     : load_unsigned(at, f->size));
	}
}

void fields_put(struct strbuf *out, const struct field *f, const void *obj)
{
	for (; f->name; f++) {
		strbuf_addc(out, ' ');
		strbuf_adds(out, f->name);
		strbuf_addc(out, '=');
		field_put(out, f, obj);
	}
}
