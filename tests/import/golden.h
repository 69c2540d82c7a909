/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings under tests/golden, and texts made from them. */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <mmsh/base.h>

/* The text of tests/golden/@name, plain or gzip. Fails the test if it cannot be read. */
struct strbuf golden(const char *name);

/* The path of tests/golden/@name, in a static buffer. */
const char *golden_path(const char *name);

/* Replaces the first @from after the first @after by @to. Fails the test if there is none. */
void edit(struct strbuf *text, const char *after, const char *from, const char *to);

#endif
