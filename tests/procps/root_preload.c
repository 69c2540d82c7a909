/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded: whoever opens a file or a folder of /proc or /sys gets the one of that name below
 * the folder that MMSH_ROOT names, if there is one.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *redirect(const char *path, char buf[PATH_MAX])
{
	const char *root = getenv("MMSH_ROOT");
	struct stat st;

	if (!root || !path || (strncmp(path, "/proc", 5) && strncmp(path, "/sys/", 5)))
		return path;
	snprintf(buf, PATH_MAX, "%s%s", root, path);
	return NEXT(stat)(buf, &st) ? path : buf;
}

FILE *fopen(const char *path, const char *mode)
{
	return NEXT(fopen)(redirect(path, (char[PATH_MAX]){0}), mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return NEXT(fopen64)(redirect(path, (char[PATH_MAX]){0}), mode);
}

DIR *opendir(const char *path)
{
	return NEXT(opendir)(redirect(path, (char[PATH_MAX]){0}));
}

int scandir(const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
	    int (*order)(const struct dirent **, const struct dirent **))
{
	return NEXT(scandir)(redirect(path, (char[PATH_MAX]){0}), list, filter, order);
}

int stat(const char *path, struct stat *st)
{
	return NEXT(stat)(redirect(path, (char[PATH_MAX]){0}), st);
}

int stat64(const char *path, struct stat64 *st)
{
	return NEXT(stat64)(redirect(path, (char[PATH_MAX]){0}), st);
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
	return NEXT(open)(redirect(path, (char[PATH_MAX]){0}), flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return NEXT(open64)(redirect(path, (char[PATH_MAX]){0}), flags, mode);
}
