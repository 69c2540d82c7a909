/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
	if (!p) {
		fputs("mmsh: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

void *mem_resize(void *p, size_t n, size_t size)
{
	return checked(reallocarray(p, n, size));
}

char *mem_strdup(const char *s)
{
	return checked(strdup(s));
}

char *mem_strndup(const char *s, size_t n)
{
	return checked(strndup(s, n));
}
