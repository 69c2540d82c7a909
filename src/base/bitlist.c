/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of up to 64 numbers, written as the kernel writes them: 0-3,5. */
#include <errno.h>
#include <mmsh/base.h>
#include <stdlib.h>

#define BITS 64u

void bitlist_format(uint64_t bits, struct strbuf *out)
{
	const char *sep = "";

	for (unsigned from = 0; from < BITS; from++) {
		unsigned to = from;

		if (!(bits >> from & 1))
			continue;
		while (to + 1 < BITS && (bits >> (to + 1) & 1))
			to++;
		strbuf_addf(out, from == to ? "%s%u" : "%s%u-%u", sep, from, to);
		sep = ",";
		from = to;
	}
}

static int number(const char **s, unsigned *n)
{
	*n = 0;
	if (**s < '0' || **s > '9')
		return -EINVAL;
	for (; **s >= '0' && **s <= '9'; ++*s) {
		*n = *n * 10 + (unsigned)(**s - '0');
		if (*n >= BITS)
			return -ERANGE;
	}
	return 0;
}

int bitlist_parse(const char *s, uint64_t *bits)
{
	*bits = 0;
	for (;; s++) {
		unsigned from, to;
		int err = number(&s, &from);

		to = from;
		if (!err && *s == '-') {
			s++;
			err = number(&s, &to);
		}
		if (err || from > to)
			return err ?: -EINVAL;
		for (; from <= to; from++)
			*bits |= 1ull << from;
		if (*s != ',')
			return *s ? -EINVAL : 0;
	}
}
