/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory by address, as the commands see it. */
#ifndef SHELL_CMD_MEMORY_H
#define SHELL_CMD_MEMORY_H

#include <mmsh/types.h>

struct arg;
struct shell;

/* The byte at an address, without a fault; NULL: nothing is mapped there. */
unsigned char *memory_at(struct shell *sh, vaddr_t addr);
/* -EFAULT with the error set. */
int memory_fault(struct shell *sh, vaddr_t addr);
/* An argument as an address; of a page that in the direct map. Returns: 0 or -EINVAL. */
int address_arg(struct shell *sh, const struct arg *a, vaddr_t *addr);

#endif
