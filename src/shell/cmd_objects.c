/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on small objects: kmalloc() and its kin; pictures of slabs, comparisons. */
#include <stdio.h>
#include <string.h>

#include <mmsh/slab.h>

#include "cmd_slab.h"
#include "command.h"
#include "input.h"
#include "out.h"
#include "shell.h"

int need_slab(struct shell *sh)
{
	if (sh->m->slab)
		return 0;
	return cmd_fail(sh, EINVAL,
			"the machine has no allocator of small objects (boot slab=slub|slab|slob)");
}

int need_caches(struct shell *sh)
{
	int r = need_slab(sh);

	if (r || sh->m->slab->ops->has_slabinfo)
		return r;
	return cmd_fail(sh, EINVAL, "%s has no slabs of caches", sh->m->slab->ops->name);
}

int slab_call_end(struct shell *sh, unsigned long oopses)
{
	if (sh->m->slab->oopses == oopses)
		return 0;
	return cmd_fail(sh, EFAULT, "the kernel would have died of this (see dmesg)");
}

int check_node(struct shell *sh, const struct arg *node, int *nid)
{
	*nid = NUMA_NO_NODE;
	if (!node->w)
		return 0;
	if (node->num < 0 || node->num >= sh->m->nr_nodes)
		return cmd_fail(sh, EINVAL, "node %lld: the machine has %u node%s, numbered from 0",
				(long long)node->num, sh->m->nr_nodes,
				sh->m->nr_nodes == 1 ? "" : "s");
	*nid = (int)node->num;
	return 0;
}

/* ---- kmalloc ---- */

enum {
	KMALLOC_SIZE,
	KMALLOC_GFP,
	KMALLOC_NODE,
	KMALLOC_COUNT
};

int size_arg(struct shell *sh, const struct arg *a, uint64_t *size)
{
	*size = a->w ? (uint64_t)a->num : 0;
	if (a->num < 0)
		return cmd_fail(sh, EINVAL, "%lld is no size", (long long)a->num);
	if (sh->m->arch->bits == 32 && *size > UINT32_MAX)
		return cmd_fail(sh, EINVAL, "%lld: a size_t of this machine has 32 bits",
				(long long)a->num);
	return 0;
}

static int alloc_failed(struct shell *sh, const struct args *a, gfp_t gfp, const char *what,
			int64_t got)
{
	const struct arg *count = &a->v[KMALLOC_COUNT];
	char names[512], before[80] = "";

	if (count->w)
		snprintf(before, sizeof(before), " after %lld of %lld", (long long)got,
			 (long long)count->num);
	return cmd_fail(sh, ENOMEM, "%s, %s: ENOMEM%s (see dmesg, why)", what,
			gfp_format(gfp, names, sizeof(names)), before);
}

static int do_kmalloc(struct shell *sh, const struct args *a, gfp_t zero)
{
	gfp_t gfp = (a->v[KMALLOC_GFP].w ? a->v[KMALLOC_GFP].gfp : GFP_KERNEL) | zero;
	int64_t count = a->v[KMALLOC_COUNT].w ? a->v[KMALLOC_COUNT].num : 1, got;
	unsigned long oopses;
	uint64_t size = 0;
	vaddr_t p = 0;
	char what[40];
	int nid, r = need_slab(sh);

	if (!r)
		r = size_arg(sh, &a->v[KMALLOC_SIZE], &size);
	if (!r)
		r = check_node(sh, &a->v[KMALLOC_NODE], &nid);
	if (r)
		return r;
	oopses = sh->m->slab->oopses;
	for (got = 0; got < count && !interrupted; got++) {
		struct item *t;

		begin_change(sh);
		stopwatch_start(&sh->watch);
		p = kmalloc_node(sh->m, size, gfp, nid);
		stopwatch_stop(&sh->watch);
		if (!p)
			break;
		t = value_add(sh, &value_kmalloc_type, p);
		t->size = size;
		t->gfp = gfp;
	}
	if (got > 0)
		value_print(sh, value_done(sh));
	r = slab_call_end(sh, oopses);
	if (r || p)
		return r;
	snprintf(what, sizeof(what), "%llu bytes", (unsigned long long)size);
	return alloc_failed(sh, a, gfp, what, got);
}

static int exec_kmalloc(struct shell *sh, const struct args *a)
{
	return do_kmalloc(sh, a, 0);
}

static int exec_kzalloc(struct shell *sh, const struct args *a)
{
	return do_kmalloc(sh, a, __GFP_ZERO);
}

/* ---- kfree, ksize ---- */

static int object_address(struct shell *sh, const struct val *v, const char *text)
{
	if (v->kind != VAL_NUM)
		return cmd_fail(sh, EINVAL, "%s is no address", quoted(sh, text));
	if (v->n < 0 || (sh->m->arch->bits == 32 && v->n > UINT32_MAX))
		return cmd_fail(sh, EINVAL, "%s is no address of this machine", quoted(sh, text));
	return 0;
}

int for_each_address(struct shell *sh, const struct word *w,
		     int (*fn)(struct shell *sh, vaddr_t addr, void *arg), void *arg)
{
	struct arg x = {0};
	const struct item *list;
	uint32_t n;
	int r = arg_parse_word(sh, ARG_VALUE, w, &x);

	if (r)
		return r;
	list = value_items(sh, &x.val, &n);
	if (x.val.kind != VAL_LIST || list->type->at == ITEM_PFN) {
		r = object_address(sh, &x.val, w->text);
		return r ? r : fn(sh, (vaddr_t)x.val.n, arg);
	}
	/* Of a list what is left. */
	for (uint32_t i = 0; i < n && !r; i++)
		if (!list[i].freed)
			r = fn(sh, list[i].at, arg);
	return r;
}

void object_gone(struct shell *sh, vaddr_t addr)
{
	struct item *t = value_at(sh, addr);

	if (t && !t->freed && (t->type == &value_kmalloc_type || t->type == &value_object_type))
		value_forget(sh, t);
}

int free_object(struct shell *sh, struct kmem_cache *s, vaddr_t addr)
{
	unsigned long oopses = sh->m->slab->oopses;
	struct mm_error e = {{0}};
	bool wrong = kfree_check(sh->m, s, addr, &e);

	begin_change(sh);
	stopwatch_start(&sh->watch);
	if (s)
		kmem_cache_free(sh->m, s, addr);
	else
		kfree(sh->m, addr);
	stopwatch_stop(&sh->watch);
	object_gone(sh, addr);
	/* What the kernel finds it prints; the rest it does not even notice. */
	if (wrong)
		out(sh, "beware: %s\n", e.text);
	return slab_call_end(sh, oopses);
}

static int kfree_one(struct shell *sh, vaddr_t addr, void *arg)
{
	(void)arg;
	return free_object(sh, NULL, addr);
}

static int exec_kfree(struct shell *sh, const struct args *a)
{
	int r = need_slab(sh);

	for (unsigned i = 0; i < a->v[0].n && !r; i++)
		r = for_each_address(sh, &a->v[0].w[i], kfree_one, NULL);
	return r;
}

static int exec_ksize(struct shell *sh, const struct args *a)
{
	int r = need_slab(sh);
	uint64_t size;

	if (!r)
		r = object_address(sh, &a->v[0].val, a->v[0].w->text);
	if (r)
		return r;
	size = ksize(sh->m, (vaddr_t)a->v[0].val.n);
	if (sh->assign)
		value_number(sh, (num_t)size);
	else
		out(sh, "%llu\n", (unsigned long long)size);
	return 0;
}

#define CACHE_EXAMPLE "cache create foo 100\nx = cache alloc foo count=3\n"

const struct command commands_objects[] = {
	{
		.name = "kmalloc",
		.args = {{"SIZE", ARG_NUM, 0},
			 {"GFP", ARG_GFP, ARG_OPT},
			 {"node", ARG_NUM, ARG_KEY},
			 {"count", ARG_COUNT, ARG_KEY}},
		.help = "Allocate SIZE bytes: kmalloc().",
		.text = "GFP is written as for `alloc`; GFP_KERNEL if left out. The smallest kmalloc "
			"cache that is large enough gives an object; larger sizes get whole pages. "
			"With count=N the value is a list.",
		.example = "p = kmalloc 100\nksize $p\nkfree $p",
		.flags = CMD_CHANGES | CMD_VALUE | CMD_MACHINE,
		.exec = exec_kmalloc,
	},
	{
		.name = "kzalloc",
		.args = {{"SIZE", ARG_NUM, 0},
			 {"GFP", ARG_GFP, ARG_OPT},
			 {"node", ARG_NUM, ARG_KEY},
			 {"count", ARG_COUNT, ARG_KEY}},
		.help = "The same, filled with zeros: kzalloc().",
		.example = "kzalloc 64",
		.flags = CMD_CHANGES | CMD_VALUE | CMD_MACHINE,
		.exec = exec_kzalloc,
	},
	{
		.name = "kfree",
		.args = {{"X", ARG_VALUE, ARG_MANY}},
		.help = "Free objects or large blocks by address, as the kernel does: kfree().",
		.text = "Nothing is refused: a wrong address or a second time does what it does to the "
			"kernel, which may be a report in dmesg, or damage that shows only later. "
			"`free` frees values with care.",
		.example = "p = kmalloc 100\nkfree $p",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_kfree,
	},
	{
		.name = "ksize",
		.args = {{"X", ARG_VALUE, 0}},
		.help = "Tell how many bytes of an object may be used: ksize().",
		.example = "p = kmalloc 100\nksize $p",
		.flags = CMD_VALUE | CMD_MACHINE,
		.exec = exec_ksize,
	},
	{
		.name = "cache create",
		.alias = "kmem_cache_create",
		.args = {{"NAME", ARG_CACHE, 0},
			 {"SIZE", ARG_NUM, 0},
			 {"FLAGS", ARG_SLAB_FLAGS, ARG_OPT},
			 {"align", ARG_NUM, ARG_KEY},
			 {"ctor", ARG_WORD, ARG_FLAG}},
		.help = "Make a cache of objects of SIZE bytes: kmem_cache_create().",
		.text = "FLAGS are names joined by |, SLAB_HWCACHE_ALIGN|SLAB_POISON, or a number. ctor "
			"gives it a constructor, which fills new objects with zeros. Where the "
			"allocator finds a cache that will do, NAME becomes an alias of that one.",
		.example = "cache create foo 100 SLAB_HWCACHE_ALIGN\ncache info foo",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_cache_create,
	},
	{
		.name = "cache alloc",
		.alias = "kmem_cache_alloc",
		.args = {{"NAME", ARG_CACHE, 0},
			 {"GFP", ARG_GFP, ARG_OPT},
			 {"node", ARG_NUM, ARG_KEY},
			 {"count", ARG_COUNT, ARG_KEY}},
		.help = "Allocate an object of a cache: kmem_cache_alloc().",
		.example = CACHE_EXAMPLE "free $x",
		.flags = CMD_CHANGES | CMD_VALUE | CMD_MACHINE,
		.exec = exec_cache_alloc,
	},
	{
		.name = "cache free",
		.alias = "kmem_cache_free",
		.args = {{"NAME", ARG_CACHE, 0}, {"X", ARG_VALUE, ARG_MANY}},
		.help = "Free objects by address, as the kernel does: kmem_cache_free().",
		.text = "Nothing is refused, as with `kfree`.",
		.example = CACHE_EXAMPLE "cache free foo $x[1]",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_cache_free,
	},
	{
		.name = "cache shrink",
		.alias = "kmem_cache_shrink",
		.args = {{"NAME", ARG_CACHE, 0}},
		.help = "Give a cache's empty slabs back: kmem_cache_shrink().",
		.example = "cache shrink dentry",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_cache_shrink,
	},
	{
		.name = "cache destroy",
		.alias = "kmem_cache_destroy",
		.args = {{"NAME", ARG_CACHE, 0}},
		.help = "Destroy a cache: kmem_cache_destroy().",
		.text = "It fails if objects are left, and the kernel reports them. A name that is an "
			"alias only gives up its share of the cache.",
		.example = "cache create foo 100\ncache destroy foo",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_cache_destroy,
	},
	{
		.name = "cache info",
		.args = {{"NAME", ARG_CACHE, ARG_OPT}},
		.help = "Tell how a cache's slabs are laid out, and how that came about.",
		.text = "Sizes, alignment, the orders that were tried and why the chosen one won, "
			"tunables, what is in use. Without NAME all caches are listed.",
		.example = "cache info kmalloc-192",
		.flags = CMD_MACHINE,
		.exec = exec_cache_info,
	},
	{
		.name = "slab",
		.args = {{"X", ARG_VALUE, 0}},
		.help = "Draw the slab that an object, an address or a page lies in.",
		.text = "Every object in its place, used or free; the freelist in the order in which it "
			"will be handed out; padding, red zones, colour; for SLOB the page's blocks.",
		.example = "p = kmalloc 100\nslab $p",
		.flags = CMD_MACHINE,
		.exec = exec_slab,
	},
	{
		.name = "compare",
		.args = {{"SCRIPT", ARG_FILE, ARG_OPT}, {"--json", ARG_WORD, ARG_FLAG}},
		.help = "Run one scenario on slub, slab and slob, side by side.",
		.text = "The session so far, or SCRIPT, is run on three machines that differ in nothing "
			"but slab=. Told are: pages that the scenario took and how many of them stand in "
			"high-order blocks, bytes wasted inside objects (more given than asked for) and "
			"outside (headers, padding, free objects), partial slabs, operations by path, "
			"and how long an operation took. --json gives the same as JSON.",
		.example = "repeat 1000 kmalloc 100\ncompare",
		.flags = CMD_MACHINE,
		.exec = exec_compare,
	},
	{0},
};
