/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SHELL_CMD_PAGES_H
#define SHELL_CMD_PAGES_H

#include <stdint.h>

struct shell;

/* All about a page. Returns: 0, or -EINVAL with the error set if it is no RAM. */
int print_page(struct shell *sh, uint64_t pfn);

#endif
