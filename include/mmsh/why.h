/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an operation was decided, told from its trace: the answer of `why`. */
#ifndef MMSH_WHY_H
#define MMSH_WHY_H

#include <mmsh/machine.h>
#include <mmsh/trace.h>

/* Appends one line a step; nothing when the buffer holds no decision. */
void why_explain(const struct machine *m, const struct trace_buffer *b, struct strbuf *out);
/* Appends what refused the last call on an address space with the errno @err (positive), as
   "nothing is mapped at 0x0". Returns: whether the buffer knows it. */
bool why_refused(const struct machine *m, const struct trace_buffer *b, int err, struct strbuf *out);

#endif
