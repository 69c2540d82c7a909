/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of the shell's own: without it a session cannot go on. (Not xrealloc(): readline has one.) */
#ifndef SHELL_UTIL_H
#define SHELL_UTIL_H

#include <stddef.h>

void *mem_resize(void *p, size_t n, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);
/* Makes room for one more in a growing array. */
#define grow(array, n, cap)                                                     \
	do {                                                                    \
		if ((n) == (cap)) {                                             \
			(cap) = (cap) ? 2 * (cap) : 16;                         \
			(array) = mem_resize((array), (cap), sizeof(*(array))); \
		}                                                               \
	} while (0)

#endif
