/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fuzz target: takes any bytes, and must not crash, hang or leak. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns: 0, always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
