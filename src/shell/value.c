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

/* ---- finding items by kernel addresses ---- */

/* The slot that has the newest item at @addr, or that is free for it. */
static uint32_t *index_slot(const struct values *vs, uint64_t addr)
{
	const struct address_index *ix = &vs->index;
	uint32_t i = (uint32_t)((addr * 0x9e3779b97f4a7c15u) >> 32) & (ix->cap - 1);

	while (ix->slot[i] && vs->item[ix->slot[i] - 1].at != addr)
		i = (i + 1) & (ix->cap - 1);
	return &ix->slot[i];
}

static void index_grow(struct values *vs)
{
	struct address_index *ix = &vs->index, old = *ix;

	ix->cap = old.cap ? 2 * old.cap : 64;
	ix->slot = mem_resize(NULL, ix->cap, sizeof(*ix->slot));
	memset(ix->slot, 0, ix->cap * sizeof(*ix->slot));
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.slot[i])
			*index_slot(vs, vs->item[old.slot[i] - 1].at) = old.slot[i];
	free(old.slot);
}

static void index_add(struct values *vs, uint64_t addr, uint32_t number)
{
	uint32_t *slot;

	if (4 * vs->index.used >= 3 * vs->index.cap)
		index_grow(vs);
	slot = index_slot(vs, addr);
	vs->index.used += !*slot;
	*slot = number;
}

struct item *value_at(const struct shell *sh, uint64_t addr)
{
	const struct values *vs = &sh->values;
	uint32_t number = vs->index.cap ? *index_slot(vs, addr) : 0;

	return number ? &vs->item[number - 1] : NULL;
}

/* ---- values and items ---- */

/* As text: JSON's numbers end below the addresses of 64 bits. */
static void address_json(json_t *o, const char *key, uint64_t addr)
{
	json_object_set_new(o, key, json_sprintf("0x%llx", (unsigned long long)addr));
}

static void item_json(struct shell *sh, const struct item *t, json_t *o)
{
	json_object_set_new(o, "type", json_string(t->type->name));
	if (t->type->at == ITEM_NUMBER)
		json_object_set_new(o, t->type->name, json_integer((json_int_t)t->at));
	else if (t->type->at != ITEM_PFN)
		address_json(o, "address", t->at);
	if (t->type->json)
		t->type->json(sh, t, o);
}

static json_t *value_json(struct shell *sh, uint32_t nr)
{
	const struct value *v = &sh->values.v[nr - 1];
	const struct item *t = &sh->values.item[v->first];
	json_t *o = json_object(), *list;

	json_object_set_new(o, "value", json_sprintf("$%u", nr));
	if (v->name)
		json_object_set_new(o, "name", json_string(v->name));
	if (v->n == 1) {
		item_json(sh, t, o);
		return o;
	}
	list = json_array();
	for (uint32_t i = 0; i < v->n; i++) {
		json_t *element = json_object();

		item_json(sh, &t[i], element);
		json_array_append_new(list, element);
	}
	json_object_set_new(o, "list", list);
	return o;
}

struct item *value_add(struct shell *sh, const struct value_type *type, uint64_t at)
{
	struct values *vs = &sh->values;
	struct item *t;

	grow(vs->item, vs->nr_items, vs->cap_items);
	t = &vs->item[vs->nr_items++];
	*t = (struct item){.type = type, .at = at, .value = vs->n + 1, .made = sh->running};
	if (type->at == ITEM_PFN)
		pfn_to_page(sh->m, (pfn_t)at)->owner = vs->nr_items;
	else if (type->at == ITEM_ADDRESS)
		index_add(vs, at, vs->nr_items);
	return t;
}

uint32_t value_done(struct shell *sh)
{
	struct values *vs = &sh->values;

	grow(vs->v, vs->n, vs->cap);
	vs->v[vs->n++] = (struct value){.first = vs->nr_taken, .n = vs->nr_items - vs->nr_taken};
	vs->nr_taken = vs->nr_items;
	bind_name(sh, vs->n);
	if (sh->json_values)
		json_array_append_new(sh->json_values, value_json(sh, vs->n));
	return vs->n;
}

struct item *value_items(const struct shell *sh, const struct val *v, uint32_t *n)
{
	const struct value *value;

	*n = 0;
	if (!v->value)
		return NULL;
	value = &sh->values.v[v->value - 1];
	*n = v->kind == VAL_LIST ? value->n : 1;
	return &sh->values.item[value->first + (v->kind == VAL_LIST ? 0 : (uint32_t)v->index)];
}

/* ---- numbers ---- */

num_t item_number(const struct item *t)
{
	return t->negative ? (num_t)(int64_t)t->at : (num_t)t->at;
}

void print_number(struct shell *sh, num_t n)
{
	if (n < 0)
		out(sh, "%lld", (long long)n);
	else
		out(sh, "%llu (0x%llx)", (unsigned long long)n, (unsigned long long)n);
}

static void number_print(struct shell *sh, const struct item *t)
{
	print_number(sh, item_number(t));
}

const struct value_type value_number_type = {"number", ITEM_NUMBER, .print = number_print};

void value_number(struct shell *sh, num_t n)
{
	struct item *t = value_add(sh, &value_number_type, (uint64_t)n);

	t->negative = n < 0;
	value_print(sh, value_done(sh));
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

struct item *value_owner(const struct shell *sh, uint64_t pfn)
{
	const struct values *vs = &sh->values;
	struct item *t;
	uint32_t owner;

	if (pfn >= sh->m->max_pfn)
		return NULL;
	owner = pfn_to_page(sh->m, (pfn_t)pfn)->owner;
	/* A number can be older than a state that was loaded: look at both ends. */
	if (owner == 0 || owner > vs->nr_items)
		return NULL;
	t = &vs->item[owner - 1];
	return t->type->at == ITEM_PFN && t->at == pfn && !t->freed ? t : NULL;
}

void value_forget(struct shell *sh, struct item *t)
{
	if (t->type->at == ITEM_PFN)
		pfn_to_page(sh->m, (pfn_t)t->at)->owner = 0;
	t->freed = true;
	t->gone = sh->running;
}

int value_check_free(struct shell *sh, const struct item *t, const char *what)
{
	char by[64];

	if (t->freed)
		return cmd_fail(sh, EINVAL, "%s was already freed, by %s", what,
				quoted(sh, journal_str(&sh->journal, t->gone, by, sizeof(by))));
	if (t->doomed)
		return cmd_fail(sh, EINVAL, "%s is named twice", what);
	if (!t->type->free)
		return cmd_fail(sh, EINVAL, "%s is a %s: there is nothing to free", what,
				t->type->name);
	return t->type->check_free ? t->type->check_free(sh, t, what) : 0;
}

void value_free(struct shell *sh, struct item *t)
{
	begin_change(sh);
	t->type->free(sh, t);
}

/* ---- pages ---- */

static int pages_check_free(struct shell *sh, const struct item *t, const char *what)
{
	struct mm_error e;

	/* A user's page may be on the LRU, and leaves it when it goes. */
	if (!(pfn_to_page(sh->m, (pfn_t)t->at)->flags & PG(lru)) &&
	    free_pages_check(sh->m, (pfn_t)t->at, t->order, &e))
		return cmd_fail(sh, EINVAL, "%s: %s", what, e.text);
	return 0;
}

void free_cold_page(struct shell *sh, pfn_t pfn)
{
	if (--pfn_to_page(sh->m, pfn)->_refcount == 0)
		free_hot_cold_page(sh->m, pfn, true);
}

static void pages_free(struct shell *sh, struct item *t)
{
	pfn_t pfn = (pfn_t)t->at;
	struct page *page = pfn_to_page(sh->m, pfn);

	if (page->_refcount == 1)
		value_forget(sh, t);
	if (page->flags & PG(lru))
		put_page(sh->m, pfn);
	else if (t->cold && t->order == 0)
		free_cold_page(sh, pfn);
	else
		__free_pages(sh->m, pfn, t->order);
}

static void pages_json(struct shell *sh, const struct item *t, json_t *o)
{
	const struct zone *z = pfn_to_zone(sh->m, (pfn_t)t->at);

	json_object_set_new(o, "pfn", json_integer((json_int_t)t->at));
	json_object_set_new(o, "order", json_integer(t->order));
	json_object_set_new(o, "zone", json_string(z ? z->name : ""));
	json_object_set_new(o, "phys", json_integer((json_int_t)PFN_PHYS(t->at)));
	if (z && !z->highmem)
		address_json(o, "vaddr", sh->m->layout.page_offset + PFN_PHYS(t->at));
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

static void pages_print(struct shell *sh, const struct item *t)
{
	pfn_print(sh, t->at, t->order);
}

static void pages_print_each(struct shell *sh, const struct item *t)
{
	out(sh, "of order %u", t->order);
}

const struct value_type value_pages_type = {
	"pages",
	ITEM_PFN,
	.print = pages_print,
	.print_each = pages_print_each,
	.json = pages_json,
	.check_free = pages_check_free,
	.free = pages_free,
};

/* ---- showing ---- */

#define LIST_SHOWN 10

static void print_list(struct shell *sh, const struct value *v)
{
	const struct item *t = &sh->values.item[v->first];
	uint32_t freed = 0;

	out_str(sh, t->type->at == ITEM_PFN ? "pfn {" : "{");
	for (uint32_t i = 0; i < v->n; i++) {
		freed += t[i].freed;
		if (i >= LIST_SHOWN)
			continue;
		out_str(sh, i ? ", " : "");
		if (t->type->at == ITEM_ADDRESS || t->type->at == ITEM_USER)
			out_hex(sh, t[i].at);
		else
			out_num(sh, t[i].at);
	}
	out(sh, "%s} (%u ", v->n > LIST_SHOWN ? ", ..." : "", v->n);
	if (t->type->print_each)
		t->type->print_each(sh, t);
	else
		out(sh, "%ss", t->type->name);
	if (freed)
		out(sh, ", %u freed", freed);
	out_char(sh, ')');
}

void value_print(struct shell *sh, uint32_t number)
{
	const struct value *v = &sh->values.v[number - 1];
	const struct item *t = &sh->values.item[v->first];
	char by[64];

	out_char(sh, '$');
	out_num(sh, number);
	out_str(sh, " = ");
	if (v->name) {
		out_char(sh, '$');
		out_str(sh, v->name);
		out_str(sh, " = ");
	}
	if (v->n != 1) {
		print_list(sh, v);
	} else {
		t->type->print(sh, t);
		if (t->freed)
			out(sh, ", freed by %s",
			    quoted(sh, journal_str(&sh->journal, t->gone, by, sizeof(by))));
	}
	out_char(sh, '\n');
}

void print_maker(struct shell *sh, const struct item *t)
{
	char by[80];

	out(sh, "%s: $%u", quoted(sh, journal_str(&sh->journal, t->made, by, sizeof(by))),
	    t->value);
}

void values_follow(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	struct shell *sh = container_of(l, struct shell, follow);
	uint32_t owner = pfn_to_page(m, ev->pfn)->owner;

	/* The owner moves with the page, before or after we are told. */
	if (!owner)
		owner = pfn_to_page(m, ev->pfn2)->owner;
	if (owner && owner <= sh->values.nr_items &&
	    sh->values.item[owner - 1].type->at == ITEM_PFN)
		sh->values.item[owner - 1].at = ev->pfn2;
}

void values_clear(struct values *vs)
{
	vs->lost |= vs->n > 0;
	tdestroy(vs->names, named_free);
	vs->names = NULL;
	vs->n = vs->nr_items = vs->nr_taken = 0;
	free(vs->index.slot);
	vs->index = (struct address_index){0};
}

void values_free(struct values *vs)
{
	values_clear(vs);
	free(vs->v);
	free(vs->item);
}
