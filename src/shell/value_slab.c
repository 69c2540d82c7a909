/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that are small objects: of a cache, and of kmalloc(). */
#include "value_slab.h"

#include <mmsh/slab.h>

#include "out.h"
#include "shell.h"

static struct kmem_cache *item_cache(const struct shell *sh, const struct item *t)
{
	return sh->m->slab ? kmem_cache_by_id(sh->m, t->id) : NULL;
}

static void print_pfn(struct shell *sh, uint64_t addr)
{
	out_str(sh, "pfn ");
	out_num(sh, (addr - sh->m->layout.page_offset) >> PAGE_SHIFT);
	out_char(sh, ')');
}

static int check(struct shell *sh, const struct item *t, const struct kmem_cache *s,
		 const char *what)
{
	struct mm_error e = {{0}};

	if (kfree_check(sh->m, s, t->at, &e))
		return cmd_fail(sh, EINVAL, "%s: %s", what, e.text);
	return 0;
}

/* ---- of a cache ---- */

static void object_print(struct shell *sh, const struct item *t)
{
	const struct kmem_cache *s = item_cache(sh, t);

	out_hex(sh, t->at);
	out_str(sh, " (object of ");
	out_str(sh, s ? s->name : "a cache that was destroyed");
	out_str(sh, ", ");
	out_num(sh, t->size);
	out_str(sh, " bytes, ");
	print_pfn(sh, t->at);
}

static void object_print_each(struct shell *sh, const struct item *t)
{
	const struct kmem_cache *s = item_cache(sh, t);

	out_str(sh, "objects of ");
	out_str(sh, s ? s->name : "a cache that was destroyed");
}

static void object_json(struct shell *sh, const struct item *t, json_t *o)
{
	const struct kmem_cache *s = item_cache(sh, t);

	if (s)
		json_object_set_new(o, "cache", json_string(s->name));
	json_object_set_new(o, "size", json_integer((json_int_t)t->size));
}

static int object_check_free(struct shell *sh, const struct item *t, const char *what)
{
	const struct kmem_cache *s = item_cache(sh, t);

	if (!s)
		return cmd_fail(sh, EINVAL, "%s: its cache was destroyed", what);
	return check(sh, t, s, what);
}

static void object_free(struct shell *sh, struct item *t)
{
	struct kmem_cache *s = item_cache(sh, t);

	value_forget(sh, t);
	stopwatch_start(&sh->watch);
	kmem_cache_free(sh->m, s, t->at);
	stopwatch_stop(&sh->watch);
}

const struct value_type value_object_type = {
	"object",
	ITEM_ADDRESS,
	.print = object_print,
	.print_each = object_print_each,
	.json = object_json,
	.check_free = object_check_free,
	.free = object_free,
};

void values_lose_cache(struct shell *sh, unsigned id)
{
	struct values *vs = &sh->values;

	for (uint32_t i = 0; i < vs->nr_items; i++)
		if (vs->item[i].type == &value_object_type && vs->item[i].id == id)
			vs->item[i].id = 0;
}

/* ---- of kmalloc ---- */

static void kmalloc_print(struct shell *sh, const struct item *t)
{
	const struct kmem_cache *s = kmalloc_slab(sh->m, t->size, t->gfp);

	out_hex(sh, t->at);
	if (t->at <= ZERO_SIZE_PTR) {
		out_str(sh, " (ZERO_SIZE_PTR)");
		return;
	}
	out_str(sh, " (");
	out_num(sh, t->size);
	out_str(sh, " bytes");
	if (s) {
		out_str(sh, " in ");
		out_str(sh, s->name);
	} else if (ksize(sh->m, t->at) >= PAGE_SIZE) {
		out_str(sh, " in whole pages");
	}
	out_str(sh, ", ");
	print_pfn(sh, t->at);
}

static void kmalloc_print_each(struct shell *sh, const struct item *t)
{
	out(sh, "of %llu bytes", (unsigned long long)t->size);
}

static void kmalloc_json(struct shell *sh, const struct item *t, json_t *o)
{
	const struct kmem_cache *s = kmalloc_slab(sh->m, t->size, t->gfp);

	if (s)
		json_object_set_new(o, "cache", json_string(s->name));
	json_object_set_new(o, "size", json_integer((json_int_t)t->size));
}

static int kmalloc_check_free(struct shell *sh, const struct item *t, const char *what)
{
	return t->at <= ZERO_SIZE_PTR ? 0 : check(sh, t, NULL, what);
}

static void kmalloc_free(struct shell *sh, struct item *t)
{
	value_forget(sh, t);
	stopwatch_start(&sh->watch);
	kfree(sh->m, t->at);
	stopwatch_stop(&sh->watch);
}

const struct value_type value_kmalloc_type = {
	"kmalloc",
	ITEM_ADDRESS,
	.print = kmalloc_print,
	.print_each = kmalloc_print_each,
	.json = kmalloc_json,
	.check_free = kmalloc_check_free,
	.free = kmalloc_free,
};
