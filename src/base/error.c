/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refusals in words. */
#include <mmsh/types.h>
#include <stdarg.h>
#include <stdio.h>

int mm_error(struct mm_error *e, int err, const char *fmt, ...)
{
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
	}
	return err;
}
