/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded: whoever opens /proc/slabinfo gets the file that MMSH_SLABINFO names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static const char *redirect(const char *path)
{
	const char *to = getenv("MMSH_SLABINFO");

	return to && path && !strcmp(path, "/proc/slabinfo") ? to : path;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

FILE *fopen(const char *path, const char *mode)
{
	return NEXT(fopen)(redirect(path), mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return NEXT(fopen64)(redirect(path), mode);
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & O_CREAT ? va_arg(ap, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return NEXT(open)(redirect(path), flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return NEXT(open64)(redirect(path), flags, mode);
}
