/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SHELL_VTOP_H
#define SHELL_VTOP_H

#include <mmsh/types.h>

struct args;
struct shell;

/* The walk from the tables at @root to @va, a line an entry; @whose tables they are. */
void vtop_walk(struct shell *sh, phys_t root, const char *whose, vaddr_t va);
int exec_vtop(struct shell *sh, const struct args *a);

#endif
