/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Expressions: numbers with 0x and K M G T, + - * / and parentheses, $1 $name $
 * $i $1[0], pfn:N, phys:N, PFN..PFN; for `expect` also == != < <= > >= && || !
 * and the counters of /proc/vmstat and /proc/meminfo by name.
 */
#ifndef SHELL_EXPR_H
#define SHELL_EXPR_H

#include <stdbool.h>
#include <stdint.h>

struct shell;

typedef __int128 num_t; /* holds every signed and unsigned 64-bit number */

enum val_kind {
	VAL_NUM,
	VAL_PFN,   /* a page frame; + and - count pages */
	VAL_PHYS,  /* a physical address; + and - count bytes */
	VAL_RANGE, /* PFN..PFN */
	VAL_LIST,  /* a value of several items, whole */
};

struct val {
	enum val_kind kind;
	num_t n, end;	/* .end: a range's last */
	uint32_t value; /* straight from a value: its number (0 for a mere number) */
	int index;	/* ... and which of its items */
};

#define MAX_EXPR_DEPTH 64

/* Returns: 0, or -EINVAL with the error set. */
int expr_eval(struct shell *sh, const char *text, struct val *v);
/* The same; the result must be a plain number that fits. */
int expr_int(struct shell *sh, const char *text, int64_t *n);

/* The page that a val names: a pfn, a physical address, a kernel virtual address.
   Returns: 0 or -EINVAL. */
int val_to_pfn(struct shell *sh, const struct val *v, const char *text, uint64_t *pfn);

/* Writes $1, $name, $i inside @text out. Returns: 0 and *@out, which lives as long as @buf. */
struct strbuf;
int expand(struct shell *sh, const char *text, struct strbuf *buf);

#endif
