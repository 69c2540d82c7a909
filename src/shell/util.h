/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of the shell's own: without it a session cannot go on. */
#ifndef SHELL_UTIL_H
#define SHELL_UTIL_H

#include <stddef.h>

void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/* Makes room for one more in a growing array. */
#define grow(array, n, cap)                                                              \
	do {                                                                             \
		if ((n) == (cap)) {                                                      \
			(cap) = (cap) ? 2 * (cap) : 16;                                  \
			(array) = xrealloc((array), (cap), sizeof(*(array)));            \
		}                                                                        \
	} while (0)

#endif
