/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A machine's state as text, in the format of the recordings of real kernels:
 * written by `state`, read back by `state load` and by verify.
 */
#ifndef MMSH_STATE_H
#define MMSH_STATE_H

#include <mmsh/machine.h>

/* Appends the const lines and a whole buddy dump, @stage its name. */
void state_write(const struct machine *m, const char *stage, struct strbuf *out);

/* What @m has that its state does not hold, "2 processes, 1 vmalloc area": @what stays empty if
   there is nothing. The pages of it are in the state, allocated and nobody's. */
void state_leaves_out(const struct machine *m, struct strbuf *what);

/*
 * state_load - the machine that a state file describes
 *
 * Everything that later operations depend on is restored: free lists and pcp lists in
 * order, counters and their differences, block types, watermarks, flags.
 * Pages that are neither free nor reserved stay allocated, nobody's.
 *
 * Returns: a new machine; NULL with @e (with the line number) otherwise.
 */
struct machine *state_load(const char *text, size_t len, struct mm_error *e);

/* Reads a whole file, plain or gzip. Returns: 0 or -errno; the text is in @out. */
int read_file(const char *path, struct strbuf *out, struct mm_error *e);

#endif
