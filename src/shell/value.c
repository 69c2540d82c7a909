/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "value.h"

#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/page_alloc.h>

#include "out.h"
#include "shell.h"
#include "util.h"

struct named {
	char *name;
	uint32_t nr;
};

static int named_cmp(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void named_free(void *p)
{
	struct named *n = p;

	free(n->name);
	free(n);
}

bool is_name(const char *s, size_t len)
{
	if (len == 0 || !(isalpha((unsigned char)*s) || *s == '_'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return false;
	return true;
}

/* The name before `=` goes to the value; whoever had it loses it. */
static void bind_name(struct shell *sh, uint32_t nr)
{
	struct values *vs = &sh->values;
	struct named key = {.name = (char *)sh->assign}, *n;
	void *found;

	if (!sh->assign)
		return;
	found = tfind(&key, &vs->names, named_cmp);
	if (found) {
		n = *(struct named **)found;
		vs->v[n->nr - 1].name = NULL;
	} else {
		n = mem_resize(NULL, 1, sizeof(*n));
		n->name = mem_strdup(sh->assign);
		tsearch(n, &vs->names, named_cmp);
	}
	n->nr = nr;
	vs->v[nr - 1].name = n->name;
}

static void block_json(const struct shell *sh, const struct block *b, json_t *o)
{
	const struct zone *z = pfn_to_zone(sh->m, b->pfn);

	json_object_set_new(o, "pfn", json_integer(b->pfn));
	json_object_set_new(o, "order", json_integer(b->order));
	json_object_set_new(o, "zone", json_string(z ? z->name : ""));
	json_object_set_new(o, "phys", json_integer((json_int_t)PFN_PHYS(b->pfn)));
	if (z && !z->highmem)
		json_object_set_new(
			o, "vaddr",
			json_integer((json_int_t)(sh->m->layout.page_offset + PFN_PHYS(b->pfn))));
}

static json_t *value_json(const struct shell *sh, uint32_t nr)
{
	const struct value *v = &sh->values.v[nr - 1];
	const struct block *b = &sh->values.block[v->first];
	json_t *o = json_object(), *list;

	json_object_set_new(o, "value", json_sprintf("$%u", nr));
	if (v->name)
		json_object_set_new(o, "name", json_string(v->name));
	if (v->kind == VALUE_NUMBER) {
		json_object_set_new(o, "number", json_integer((json_int_t)v->number));
	} else if (v->n == 1) {
		block_json(sh, b, o);
	} else {
		list = json_array();
		for (uint32_t i = 0; i < v->n; i++) {
			json_t *element = json_object();

			block_json(sh, &b[i], element);
			json_array_append_new(list, element);
		}
		json_object_set_new(o, "list", list);
	}
	return o;
}

static uint32_t add_value(struct shell *sh, struct value v)
{
	struct values *vs = &sh->values;

	grow(vs->v, vs->n, vs->cap);
	vs->v[vs->n++] = v;
	bind_name(sh, vs->n);
	if (sh->json_values)
		json_array_append_new(sh->json_values, value_json(sh, vs->n));
	return vs->n;
}

struct block *value_block(struct shell *sh, pfn_t pfn, unsigned order, gfp_t gfp)
{
	struct values *vs = &sh->values;

	grow(vs->block, vs->nr_blocks, vs->cap_blocks);
	vs->block[vs->nr_blocks] = (struct block){
		.pfn = pfn,
		.gfp = gfp,
		.value = vs->n + 1,
		.order = (uint8_t)order,
		.made = sh->running,
	};
	pfn_to_page(sh->m, pfn)->owner = ++vs->nr_blocks;
	return &vs->block[vs->nr_blocks - 1];
}

uint32_t value_blocks(struct shell *sh)
{
	struct values *vs = &sh->values;
	struct value v = {
		.kind = VALUE_BLOCKS,
		.first = vs->nr_taken,
		.n = vs->nr_blocks - vs->nr_taken,
	};

	vs->nr_taken = vs->nr_blocks;
	return add_value(sh, v);
}

uint32_t value_number(struct shell *sh, int64_t n)
{
	return add_value(sh, (struct value){.kind = VALUE_NUMBER, .number = n});
}

uint32_t value_named(const struct shell *sh, const char *name, size_t len)
{
	char text[64];
	struct named key = {.name = text};
	void *found;

	if (len >= sizeof(text))
		return 0;
	memcpy(text, name, len);
	text[len] = '\0';
	found = tfind(&key, (void *const *)&sh->values.names, named_cmp);
	return found ? (*(struct named **)found)->nr : 0;
}

struct block *value_owner(const struct shell *sh, uint64_t pfn)
{
	const struct values *vs = &sh->values;
	uint32_t owner;

	if (pfn >= sh->m->max_pfn)
		return NULL;
	owner = pfn_to_page(sh->m, (pfn_t)pfn)->owner;
	/* A number can be older than a state that was loaded: look at both ends. */
	if (owner == 0 || owner > vs->nr_blocks || vs->block[owner - 1].pfn != pfn ||
	    vs->block[owner - 1].freed)
		return NULL;
	return &vs->block[owner - 1];
}

void value_forget(struct shell *sh, struct block *b)
{
	pfn_to_page(sh->m, b->pfn)->owner = 0;
	b->freed = true;
	b->gone = sh->running;
}

int value_check_free(struct shell *sh, const struct block *b, const char *what)
{
	struct mm_error e;
	char by[64];

	if (b->freed)
		return cmd_fail(sh, EINVAL, "%s was already freed, by %s", what,
				quoted(sh, journal_str(&sh->journal, b->gone, by, sizeof(by))));
	if (b->doomed)
		return cmd_fail(sh, EINVAL, "%s is named twice", what);
	/* A user's page may be on the LRU, and leaves it when it goes. */
	if (!(pfn_to_page(sh->m, b->pfn)->flags & PG(lru)) &&
	    free_pages_check(sh->m, b->pfn, b->order, &e))
		return cmd_fail(sh, EINVAL, "%s: %s", what, e.text);
	return 0;
}

void free_cold_page(struct shell *sh, pfn_t pfn)
{
	if (--pfn_to_page(sh->m, pfn)->_refcount == 0)
		free_hot_cold_page(sh->m, pfn, true);
}

void value_free_block(struct shell *sh, struct block *b)
{
	struct page *page = pfn_to_page(sh->m, b->pfn);

	begin_change(sh);
	if (page->_refcount == 1)
		value_forget(sh, b);
	if (page->flags & PG(lru))
		put_page(sh->m, b->pfn);
	else if (b->cold && b->order == 0)
		free_cold_page(sh, b->pfn);
	else
		__free_pages(sh->m, b->pfn, b->order);
}

static void print_place(struct shell *sh, uint64_t pfn)
{
	const struct zone *z = pfn_to_zone(sh->m, pfn);

	if (z) {
		out_str(sh, "zone ");
		out_str(sh, z->name);
		out_str(sh, ", ");
	}
	out_str(sh, "phys ");
	out_hex(sh, PFN_PHYS(pfn));
	if (z && !z->highmem) {
		out_str(sh, ", vaddr ");
		out_hex(sh, sh->m->layout.page_offset + PFN_PHYS(pfn));
	}
	out_char(sh, ')');
}

void pfn_print(struct shell *sh, uint64_t pfn, int order)
{
	out_str(sh, "pfn ");
	out_num(sh, pfn);
	out_str(sh, " (");
	if (order >= 0) {
		out_str(sh, "order ");
		out_num(sh, (uint64_t)order);
		out_str(sh, ", ");
	}
	print_place(sh, pfn);
}

#define LIST_SHOWN 10

static void print_list(struct shell *sh, const struct value *v)
{
	const struct block *b = &sh->values.block[v->first];
	uint32_t freed = 0;

	out_str(sh, "pfn {");
	for (uint32_t i = 0; i < v->n; i++) {
		freed += b[i].freed;
		if (i < LIST_SHOWN)
			out(sh, "%s%u", i ? ", " : "", b[i].pfn);
	}
	out(sh, "%s} (%u of order %u", v->n > LIST_SHOWN ? ", ..." : "", v->n, b->order);
	if (freed)
		out(sh, ", %u freed", freed);
	out_char(sh, ')');
}

void value_print(struct shell *sh, uint32_t number)
{
	const struct value *v = &sh->values.v[number - 1];
	const struct block *b = &sh->values.block[v->first];
	char by[64];

	out_char(sh, '$');
	out_num(sh, number);
	out_str(sh, " = ");
	if (v->name) {
		out_char(sh, '$');
		out_str(sh, v->name);
		out_str(sh, " = ");
	}
	if (v->kind == VALUE_NUMBER) {
		out(sh, "%lld", (long long)v->number);
	} else if (v->n != 1) {
		print_list(sh, v);
	} else {
		pfn_print(sh, b->pfn, b->order);
		if (b->freed)
			out(sh, ", freed by %s",
			    quoted(sh, journal_str(&sh->journal, b->gone, by, sizeof(by))));
	}
	out_char(sh, '\n');
}

void values_follow(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	struct shell *sh = container_of(l, struct shell, follow);
	uint32_t owner = pfn_to_page(m, ev->pfn)->owner;

	/* The owner moves with the page, before or after we are told. */
	if (!owner)
		owner = pfn_to_page(m, ev->pfn2)->owner;
	if (owner && owner <= sh->values.nr_blocks)
		sh->values.block[owner - 1].pfn = ev->pfn2;
}

void values_clear(struct values *vs)
{
	vs->lost |= vs->n > 0;
	tdestroy(vs->names, named_free);
	vs->names = NULL;
	vs->n = vs->nr_blocks = vs->nr_taken = 0;
}

void values_free(struct values *vs)
{
	values_clear(vs);
	free(vs->v);
	free(vs->block);
}
