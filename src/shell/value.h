/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values: what commands created, as $1, $2 ..., $name.
 *
 * A value of pages is one or more blocks. Each block knows where it is, which
 * command allocated it and which freed it; struct page.owner holds its number,
 * so that it is found from the page too, also after the page moved.
 */
#ifndef SHELL_VALUE_H
#define SHELL_VALUE_H

#include <mmsh/trace.h>

#include "journal.h"

struct machine;
struct shell;

struct block {
	pfn_t pfn;
	gfp_t gfp;
	uint32_t value; /* its value's number */
	uint8_t order;
	bool cold; /* free it to the cold end */
	bool freed;
	bool doomed;		/* the running free will free it */
	struct span made, gone; /* the commands that did it */
};

enum value_kind {
	VALUE_BLOCKS,
	VALUE_NUMBER
};

struct value {
	enum value_kind kind;
	uint32_t first, n; /* blocks */
	int64_t number;
	const char *name; /* NULL: none, or a later value took it */
};

struct values {
	struct value *v; /* $1 is v[0] */
	uint32_t n, cap;
	struct block *block;			  /* owner 1 is block[0] */
	uint32_t nr_blocks, cap_blocks, nr_taken; /* .nr_taken: those that values have */
	void *names;				  /* tsearch: name to number */
	bool lost;				  /* a boot made values invalid */
};

/*
 * value_block - adds a block, the running command's, to what will be a value
 * value_blocks - makes the blocks added since the last value the next value
 * value_number - a value that is a number
 *
 * The name that the command was given goes to the value. Return: the block; the
 * value's number, 1 and up.
 */
struct block *value_block(struct shell *sh, pfn_t pfn, unsigned order, gfp_t gfp);
uint32_t value_blocks(struct shell *sh);
uint32_t value_number(struct shell *sh, int64_t n);

/* Returns: the number bound to a name, 0 if none. */
uint32_t value_named(const struct shell *sh, const char *name, size_t len);
bool is_name(const char *s, size_t len);

/* The block that heads at @pfn, NULL if no command of this session allocated it. */
struct block *value_owner(const struct shell *sh, uint64_t pfn);

/* Whether a block may be freed. Returns: 0 or -EINVAL with the error set. */
int value_check_free(struct shell *sh, const struct block *b, const char *what);
/* Frees it the way it wants to be freed. */
void value_free_block(struct shell *sh, struct block *b);
/* Drops one reference; with the last the page goes to the end of the per-CPU list. */
void free_cold_page(struct shell *sh, pfn_t pfn);
/* Says that @b was freed by the running command. */
void value_forget(struct shell *sh, struct block *b);

/* `$1 = pfn 223232 (order 0, zone Normal, phys 0x36800000, vaddr 0xf6800000)` */
void value_print(struct shell *sh, uint32_t number);
/* `pfn 223232 (zone Normal, phys 0x36800000, vaddr 0xf6800000)`; order < 0: not a block */
void pfn_print(struct shell *sh, uint64_t pfn, int order);

/* A new machine: no value of the old one is left. */
void values_clear(struct values *vs);
void values_free(struct values *vs);

/* The listener that follows TRACE_MIGRATE. */
void values_follow(struct trace_listener *l, struct machine *m, const struct trace_event *ev);

#endif
