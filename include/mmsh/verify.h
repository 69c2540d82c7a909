/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replays a recording of a real kernel and compares every result. */
#ifndef MMSH_VERIFY_H
#define MMSH_VERIFY_H

#include <mmsh/machine.h>

struct verify_result {
	unsigned long ops, matched, given, diverged;
	struct strbuf report; /* the first difference: kernel, model, why; "" if none */
};

/*
 * verify_text - a recording (uncompressed) of @len bytes
 * verify_file - plain or gzip
 *
 * Returns: 0 when the recording could be replayed, whatever the outcome: look at
 * .diverged; -EINVAL with @e when it is no recording, or is cut off.
 */
int verify_text(const char *text, size_t len, struct verify_result *r, struct mm_error *e);
int verify_file(const char *path, struct verify_result *r, struct mm_error *e);

#endif
