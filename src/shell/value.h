/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values: what commands created, as $1, $2 ..., $name.
 *
 *   value       what one command created: one item, or a list of them
 *   item        one block of pages, one object, one area, one task ... or a number. It knows
 *               what it is, which command made it and which freed it
 *   value type  how to show and free items of a kind: a struct value_type. To let values be
 *               something new, write one and give it to value_add()
 *
 * Items are found from what they are, too: pages by struct page.owner (so that a page that
 * migrates keeps its item), kernel addresses by an index.
 */
#ifndef SHELL_VALUE_H
#define SHELL_VALUE_H

#include <jansson.h>

#include <mmsh/trace.h>

#include "expr.h"
#include "journal.h"

struct item;
struct machine;
struct shell;

/* What .at is: how the item is written in expressions, and how it is found again. */
enum item_at {
	ITEM_NUMBER,  /* a number: of its own worth, or a PID; not found */
	ITEM_PFN,     /* a page frame, found by the page's owner */
	ITEM_ADDRESS, /* an address of the kernel's, found by value_at() */
	ITEM_USER     /* an address of a task's own; not found */
};

struct value_type {
	const char *name; /* "object" */
	enum item_at at;
	/* What stands after `$1 = `, without what became of it. */
	void (*print)(struct shell *sh, const struct item *t);
	/* What all items of a list share: `of order 3`. NULL: the type's name and an s. */
	void (*print_each)(struct shell *sh, const struct item *t);
	/* Members that say more than "address" or "pfn". May be NULL. */
	void (*json)(struct shell *sh, const struct item *t, json_t *o);
	/* May it be freed now? Returns: 0, or -errno with the error set. NULL: yes. */
	int (*check_free)(struct shell *sh, const struct item *t, const char *what);
	/* Frees it the right way, with value_forget() when it is gone. NULL: there is nothing to free */
	void (*free)(struct shell *sh, struct item *t);
};
extern const struct value_type value_number_type, value_pages_type;

struct item {
	const struct value_type *type;
	uint64_t at;
	uint64_t size;	/* what was asked for */
	uint32_t value; /* its value's number */
	uint32_t id;	/* the type's own: a cache's id, a task's PID */
	gfp_t gfp;
	uint8_t order;
	bool cold;     /* pages: free it to the cold end */
	bool negative; /* a number: .at is its two's complement */
	bool freed;
	bool doomed;		/* the running free will free it */
	struct span made, gone; /* the commands that did it */
};

struct value {
	uint32_t first, n; /* items */
	const char *name;  /* NULL: none, or a later value took it */
};

/* From kernel addresses to items: open addressing, the newest item of an address. */
struct address_index {
	uint32_t *slot; /* an item's number, 0: empty */
	uint32_t used, cap;
};

struct values {
	struct value *v; /* $1 is v[0] */
	uint32_t n, cap;
	struct item *item;			/* owner 1 is item[0] */
	uint32_t nr_items, cap_items, nr_taken; /* .nr_taken: those that values have */
	struct address_index index;
	void *names; /* tsearch: name to number */
	bool lost;   /* a boot made values invalid */
};

/*
 * value_add - adds an item, the running command's, to what will be a value
 * value_done - makes the items added since the last value the next value
 * value_number - a value that is a number, shown: `$1 = $n = 5 (0x5)`
 *
 * The name that the command was given goes to the value. Return: the item, to be filled in
 * before value_done(); the value's number, 1 and up.
 */
struct item *value_add(struct shell *sh, const struct value_type *type, uint64_t at);
uint32_t value_done(struct shell *sh);
void value_number(struct shell *sh, num_t n);
/* `5 (0x5)` */
void print_number(struct shell *sh, num_t n);
num_t item_number(const struct item *t);

/* Returns: the number bound to a name, 0 if none. */
uint32_t value_named(const struct shell *sh, const char *name, size_t len);
bool is_name(const char *s, size_t len);

/* The items of the value that @v is, or the one of them, if it is straight from a value; NULL. */
struct item *value_items(const struct shell *sh, const struct val *v, uint32_t *n);
/* The block that heads at @pfn, NULL if no command of this session allocated it. */
struct item *value_owner(const struct shell *sh, uint64_t pfn);
/* The newest item at a kernel address, freed or not; NULL. */
struct item *value_at(const struct shell *sh, uint64_t addr);

/* Whether an item may be freed. Returns: 0 or -errno with the error set. */
int value_check_free(struct shell *sh, const struct item *t, const char *what);
/* Frees it the way it wants to be freed. */
void value_free(struct shell *sh, struct item *t);
/* Drops one reference; with the last the page goes to the end of the per-CPU list. */
void free_cold_page(struct shell *sh, pfn_t pfn);
/* Says that @t was freed by the running command. */
void value_forget(struct shell *sh, struct item *t);

/* `$1 = pfn 223232 (order 0, zone Normal, phys 0x36800000, vaddr 0xf6800000)` */
void value_print(struct shell *sh, uint32_t number);
/* `"alloc 3": $1`, who made it. */
void print_maker(struct shell *sh, const struct item *t);
/* `pfn 223232 (zone Normal, phys 0x36800000, vaddr 0xf6800000)`; order < 0: not a block */
void pfn_print(struct shell *sh, uint64_t pfn, int order);

/* A new machine: no value of the old one is left. */
void values_clear(struct values *vs);
void values_free(struct values *vs);

/* The listener that follows TRACE_MIGRATE. */
void values_follow(struct trace_listener *l, struct machine *m, const struct trace_event *ev);

#endif
