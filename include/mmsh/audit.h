/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Full check of a machine's invariants; walks everything, so it takes time.
 *
 * Free blocks are aligned, disjoint, inside one zone, marked, on the list that
 * their mark and count say; per-CPU counts and lists agree; every managed page is
 * free, on a per-CPU list or handed out; counters equal a recount.
 */
#ifndef MMSH_AUDIT_H
#define MMSH_AUDIT_H

#include <mmsh/machine.h>

/* Returns: 0, or -EUCLEAN with @e describing the first violation. */
int machine_audit(const struct machine *m, struct mm_error *e);

#endif
