/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arguments that are addresses of the kernel's. */
#ifndef SHELL_KERNEL_ADDR_H
#define SHELL_KERNEL_ADDR_H

#include <mmsh/types.h>

struct arg;
struct item;
struct shell;

/* A machine with page tables; one from a recording may have none. 0 or -ENOENT, error set. */
int need_kernel_tables(struct shell *sh);
/* The virtual address that an argument is. Returns: 0 or -EINVAL with the error set. */
int kernel_address(struct shell *sh, const struct arg *a, vaddr_t *addr);
/* The item that the argument is, or the newest at that address; NULL. */
struct item *kernel_item(struct shell *sh, const struct arg *a, vaddr_t addr);

#endif
