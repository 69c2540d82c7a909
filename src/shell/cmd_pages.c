/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on pages. */
#include <stdio.h>
#include <string.h>

#include <mmsh/compaction.h>
#include <mmsh/page_alloc.h>
#include <mmsh/why.h>

#include "cmd_pages.h"
#include "command.h"
#include "input.h"
#include "out.h"
#include "shell.h"

enum {
	ALLOC_ORDER,
	ALLOC_GFP,
	ALLOC_NODE,
	ALLOC_COUNT,
	ALLOC_COLD,
	ALLOC_LRU
};

static int check_alloc(struct shell *sh, const struct args *a, int *nid)
{
	*nid = -1;
	if (a->v[ALLOC_LRU].w && a->v[ALLOC_ORDER].num)
		return cmd_fail(sh, EINVAL,
				"order %lld: only single pages, of order 0, go on the LRU",
				(long long)a->v[ALLOC_ORDER].num);
	if (!a->v[ALLOC_NODE].w)
		return 0;
	if (a->v[ALLOC_NODE].num < 0 || a->v[ALLOC_NODE].num >= sh->m->nr_nodes)
		return cmd_fail(sh, EINVAL, "node %lld: the machine has %u node%s, numbered from 0",
				(long long)a->v[ALLOC_NODE].num, sh->m->nr_nodes,
				sh->m->nr_nodes == 1 ? "" : "s");
	*nid = (int)a->v[ALLOC_NODE].num;
	return 0;
}

static int alloc_failed(struct shell *sh, const struct args *a, gfp_t gfp, int err, int64_t got)
{
	char names[512], before[80] = "";

	if (a->v[ALLOC_COUNT].w)
		snprintf(before, sizeof(before), " after %lld of %lld", (long long)got,
			 (long long)a->v[ALLOC_COUNT].num);
	return cmd_fail(sh, -err, "order %lld %s: %s%s (see dmesg, why)",
			(long long)a->v[ALLOC_ORDER].num, gfp_format(gfp, names, sizeof(names)),
			errno_name(-err), before);
}

static int exec_alloc(struct shell *sh, const struct args *a)
{
	gfp_t gfp = a->v[ALLOC_GFP].w ? a->v[ALLOC_GFP].gfp : GFP_KERNEL;
	unsigned order = (unsigned)a->v[ALLOC_ORDER].num;
	int64_t count = a->v[ALLOC_COUNT].w ? a->v[ALLOC_COUNT].num : 1, got, pfn = 0;
	int nid, r = check_alloc(sh, a, &nid);

	if (r)
		return r;
	if (a->v[ALLOC_COLD].w)
		gfp |= __GFP_COLD;
	for (got = 0; got < count; got++) {
		struct item *t;

		begin_change(sh);
		pfn = nid < 0 ? alloc_pages(sh->m, gfp, order)
			      : alloc_pages_node(sh->m, nid, gfp, order);
		if (pfn < 0)
			break;
		if (a->v[ALLOC_LRU].w)
			lru_add(sh->m, (pfn_t)pfn, LRU_INACTIVE_ANON);
		t = value_add(sh, &value_pages_type, (uint64_t)pfn);
		t->order = (uint8_t)order;
		t->gfp = gfp;
	}
	if (got > 0)
		value_print(sh, value_done(sh));
	return pfn < 0 ? alloc_failed(sh, a, gfp, (int)pfn, got) : 0;
}

enum {
	FREE_X,
	FREE_ORDER,
	FREE_COLD
};

/* What one word of `free` names: items of a value, or pages that are none. */
struct free_target {
	struct item *item; /* NULL: raw pages */
	uint32_t n;
	pfn_t pfn;
};

/* order= and cold say what pages are. */
static int check_page_words(struct shell *sh, const struct args *a, const struct item *t,
			    const char *text)
{
	const struct arg *order = &a->v[FREE_ORDER];

	if (t->type != &value_pages_type && (order->w || a->v[FREE_COLD].w))
		return cmd_fail(sh, EINVAL, "%s is no block of pages: %s is for those", text,
				order->w ? "order=" : "cold");
	if (order->w && order->num != t->order)
		return cmd_fail(sh, EINVAL, "%s is of order %u", text, t->order);
	return 0;
}

static int check_items(struct shell *sh, const struct args *a, struct free_target *t,
		       const char *text)
{
	bool any = false;
	int r;

	for (uint32_t i = 0; i < t->n; i++) {
		struct item *item = &t->item[i];

		/* Of a list what is left. */
		if (item->freed && t->n > 1)
			continue;
		r = check_page_words(sh, a, item, text);
		if (!r)
			r = value_check_free(sh, item, text);
		if (r)
			return r;
		item->doomed = any = true;
	}
	return any ? 0 : value_check_free(sh, t->item, text);
}

/* A page that is no value: what the kernel would do with it, checked beforehand. */
static int check_raw(struct shell *sh, const struct args *a, const struct val *val,
		     struct free_target *t, const char *text)
{
	unsigned order = (unsigned)a->v[FREE_ORDER].num;
	struct mm_error e = {{0}};
	const struct page *page;
	uint64_t pfn;
	int r;

	t->n = 1;
	t->item = val->kind == VAL_NUM ? value_at(sh, (uint64_t)val->n) : NULL;
	if (t->item && !t->item->freed)
		return check_items(sh, a, t, text);
	r = val_to_pfn(sh, val, text, &pfn);
	if (r)
		return r;
	t->pfn = (pfn_t)pfn;
	t->item = value_owner(sh, pfn);
	if (t->item)
		return check_items(sh, a, t, text);
	if (free_pages_check(sh->m, t->pfn, order, &e))
		return cmd_fail(sh, EINVAL, "%s", e.text);
	page = pfn_to_page(sh->m, t->pfn);
	if (page->owner == PAGE_OF_KERNEL)
		return cmd_fail(sh, EINVAL, "pfn %u belongs to vmalloc or is a page table", t->pfn);
	if (page->flags & PG(lru) || page->mapcount > 0)
		return cmd_fail(sh, EINVAL, "pfn %u belongs to a process or a file (see whatis)",
				t->pfn);
	return 0;
}

static int check_free(struct shell *sh, const struct args *a, const struct word *w,
		      struct free_target *t)
{
	struct arg x = {0};
	int r = arg_parse_word(sh, ARG_VALUE, w, &x);

	if (r)
		return r;
	t->item = value_items(sh, &x.val, &t->n);
	return t->item ? check_items(sh, a, t, w->text) : check_raw(sh, a, &x.val, t, w->text);
}

static void free_target(struct shell *sh, const struct args *a, const struct free_target *t)
{
	bool cold = a->v[FREE_COLD].w;

	for (uint32_t i = 0; i < t->n && t->item; i++) {
		struct item *item = &t->item[i];

		if (!item->doomed)
			continue;
		item->doomed = false;
		item->cold |= cold;
		value_free(sh, item);
	}
	if (t->item)
		return;
	begin_change(sh);
	if (cold)
		free_cold_page(sh, t->pfn);
	else
		__free_pages(sh->m, t->pfn, (unsigned)a->v[FREE_ORDER].num);
}

static void spare(const struct free_target *t, unsigned n)
{
	for (; n--; t++)
		for (uint32_t i = 0; i < t->n && t->item; i++)
			t->item[i].doomed = false;
}

/* All is checked before anything is freed. */
static int exec_free(struct shell *sh, const struct args *a)
{
	const struct arg *x = &a->v[FREE_X];
	struct free_target *t;
	int r = 0;

	if (a->v[FREE_COLD].w && a->v[FREE_ORDER].w && a->v[FREE_ORDER].num)
		return cmd_fail(sh, EINVAL, "cold is for single pages, of order 0");
	t = obstack_alloc(&sh->in->lexer.pool, (int)(x->n * sizeof(*t)));
	memset(t, 0, x->n * sizeof(*t));
	for (unsigned i = 0; i < x->n && !r; i++)
		r = check_free(sh, a, &x->w[i], &t[i]);
	if (r) {
		spare(t, x->n);
		return r;
	}
	for (unsigned i = 0; i < x->n; i++)
		free_target(sh, a, &t[i]);
	return 0;
}

/* ---- page ---- */

static const char *const page_flag_names[NR_PAGEFLAGS] = {
	"locked",     "error",	     "referenced",   "uptodate",  "dirty",	  "lru",
	"active",     "slab",	     "owner_priv_1", "arch_1",	  "reserved",	  "private",
	"private_2",  "writeback",   "head",	     "swapcache", "mappedtodisk", "reclaim",
	"swapbacked", "unevictable", "mlocked",
};

static void print_flags(struct shell *sh, uint32_t flags)
{
	bool any = false;

	out(sh, "  flags      0x%x", flags);
	for (unsigned i = 0; i < NR_PAGEFLAGS; i++) {
		if (flags >> i & 1) {
			out(sh, "%s%s", any ? "|" : " (", page_flag_names[i]);
			any = true;
		}
	}
	out_str(sh, any ? ")\n" : "\n");
}

/* The allocated block that @pfn is inside of. */
static pfn_t allocated_head(struct shell *sh, pfn_t pfn)
{
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		pfn_t head = pfn & ~((1u << order) - 1);
		const struct page *p = pfn_to_page(sh->m, head);

		if (p->block && !(p->block & (BLOCK_BUDDY | BLOCK_PCP)) && p->_refcount > 0 &&
		    head + (1u << block_order(p->block)) > pfn)
			return head;
	}
	return PFN_NONE;
}

static void print_owner(struct shell *sh, pfn_t head)
{
	const struct item *t = value_owner(sh, head);

	if (!t)
		return;
	out_str(sh, "  made by    ");
	print_maker(sh, t);
	out(sh, ", %s\n", gfp_format(t->gfp, (char[512]){0}, 512));
}

static unsigned list_type(const struct machine *m, pfn_t head, unsigned order)
{
	return order == MAX_ORDER - 1 ? m->top[head >> order].mt : pfn_to_page(m, head)->index;
}

static void print_state(struct shell *sh, pfn_t pfn)
{
	const struct page *page = pfn_to_page(sh->m, pfn);
	unsigned order;
	pfn_t head = free_block_containing(sh->m, pfn, &order);

	if (head != PFN_NONE) {
		out(sh, "  state      free, in the block pfn %u of order %u", head, order);
		out(sh, " on the %s list\n", migratetype_names[list_type(sh->m, head, order)]);
		return;
	}
	if (page->block & BLOCK_PCP) {
		out(sh, "  state      free, on a per-CPU list (%s)\n",
		    page->index < MIGRATE_TYPES ? migratetype_names[page->index] : "?");
		return;
	}
	if (page_is_reserved(sh->m, pfn)) {
		out_str(sh, "  state      reserved at boot\n");
		return;
	}
	head = allocated_head(sh, pfn);
	if (head == PFN_NONE) {
		out_str(sh, "  state      in use\n");
		return;
	}
	out(sh, "  state      allocated, order %u", block_order(pfn_to_page(sh->m, head)->block));
	if (head != pfn)
		out(sh, ", %spage %u of the block pfn %u", page->flags & PG(tail) ? "tail " : "",
		    pfn - head, head);
	out_char(sh, '\n');
	print_owner(sh, head);
}

int print_page(struct shell *sh, uint64_t n)
{
	const struct zone *z = pfn_to_zone(sh->m, n);
	pfn_t pfn = (pfn_t)n;
	const struct page *page;

	if (!z)
		return cmd_fail(sh, EINVAL, "pfn %llu is outside the machine's RAM",
				(unsigned long long)n);
	page = pfn_to_page(sh->m, pfn);
	pfn_print(sh, pfn, -1);
	out_char(sh, '\n');
	out(sh, "  node       %u\n", z->nid);
	print_flags(sh,
		    (page->flags & ~PG(tail)) | (page_is_reserved(sh->m, pfn) ? PG(reserved) : 0));
	out(sh, "  refcount   %d\n", page->_refcount);
	/* of a slab those bytes are the allocator's */
	if (!(page->flags & PG(slab)))
		out(sh, "  mapcount   %d\n", page->mapcount);
	out(sh, "  pageblock  %u (%s)\n", pfn >> sh->m->pageblock_order,
	    migratetype_names[get_pageblock_migratetype(sh->m, z, pfn)]);
	print_state(sh, pfn);
	return 0;
}

static int exec_page(struct shell *sh, const struct args *a)
{
	const struct val *v = &a->v[0].val;
	uint32_t nr;
	const struct item *list = value_items(sh, v, &nr);
	uint64_t pfn;
	int r = 0;

	if (v->kind == VAL_LIST && list->type->at == ITEM_PFN) {
		for (uint32_t i = 0; i < nr && !r; i++)
			r = print_page(sh, list[i].at);
		return r;
	}
	if (v->kind == VAL_RANGE) {
		for (num_t n = v->n; n <= v->end && !r && !interrupted; n++)
			r = print_page(sh, n <= UINT32_MAX ? (uint64_t)n : UINT32_MAX);
		return r;
	}
	r = val_to_pfn(sh, v, a->v[0].w->text, &pfn);
	return r ? r : print_page(sh, pfn);
}

static int exec_drain(struct shell *sh, const struct args *a)
{
	(void)a;
	begin_change(sh);
	drain_all_pages(sh->m);
	return 0;
}

static int exec_compact(struct shell *sh, const struct args *a)
{
	unsigned long moved;

	if (a->v[0].w && (a->v[0].num < 0 || a->v[0].num >= sh->m->nr_nodes))
		return cmd_fail(sh, EINVAL, "node %lld: the machine has %u node%s, numbered from 0",
				(long long)a->v[0].num, sh->m->nr_nodes,
				sh->m->nr_nodes == 1 ? "" : "s");
	begin_change(sh);
	moved = a->v[0].w ? compact_node(sh->m, (unsigned)a->v[0].num) : compact_nodes(sh->m);
	out(sh, "%lu page%s moved\n", moved, moved == 1 ? "" : "s");
	return 0;
}

static int exec_why(struct shell *sh, const struct args *a)
{
	size_t before = sh->out->len;

	(void)a;
	why_explain(sh->m, &sh->trace, sh->out);
	if (sh->trace.dropped)
		out(sh, "(%lu more steps were not kept)\n", sh->trace.dropped);
	if (sh->out->len == before && !sh->replay)
		return cmd_fail(sh, ENOENT, "nothing to explain: there was no operation, or nothing in it to decide");
	return 0;
}

const struct command commands_pages[] = {
	{
		.name = "alloc",
		.args = {{"ORDER", ARG_ORDER, 0},
			 {"GFP", ARG_GFP, ARG_OPT},
			 {"node", ARG_NUM, ARG_KEY},
			 {"count", ARG_COUNT, ARG_KEY},
			 {"cold", ARG_WORD, ARG_FLAG},
			 {"lru", ARG_WORD, ARG_FLAG}},
		.help = "Allocate 2^ORDER pages: alloc_pages().",
		.text = "GFP is written as in the kernel, GFP_HIGHUSER_MOVABLE|__GFP_NOWARN, or in hex; "
			"GFP_KERNEL if left out. With node=N the zonelist of that node is used. With "
			"count=N the value is a list, one element a block; if memory runs out on the "
			"way, the blocks got so far are its value. cold asks for a page that is likely "
			"not in the CPU's cache; when it is freed, that is forgotten. With lru the page goes on the inactive anonymous list, "
			"as a user's page would, so that compaction may move it; the value follows.",
		.example = "alloc 3\n"
			   "buf = alloc 0 GFP_HIGHUSER_MOVABLE count=16\n"
			   "page $buf[2]",
		.flags = CMD_CHANGES | CMD_VALUE | CMD_MACHINE,
		.exec = exec_alloc,
	},
	{
		.name = "free",
		.args = {{"X", ARG_VALUE, ARG_MANY},
			 {"order", ARG_ORDER, ARG_KEY},
			 {"cold", ARG_WORD, ARG_FLAG}},
		.help = "Free values the right way, or raw pages.",
		.text = "A value is freed as it was made; a list wholly, as far as it is not free yet. "
			"pfn:N order=K is __free_pages() of a block that need not be a value. cold "
			"puts a single page at the end of the per-CPU list.",
		.example = "free $1\nfree pfn:223232 order=2",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_free,
	},
	{
		.name = "page",
		.args = {{"X", ARG_PAGE, 0}},
		.help = "Show everything about a page.",
		.text = "X is a value, pfn:N, phys:N, an address in the direct map, or PFN..PFN.",
		.example = "page $1\npage pfn:4096\npage 0xc1000000",
		.flags = CMD_MACHINE,
		.exec = exec_page,
	},
	{
		.name = "drain",
		.help = "Give the per-CPU lists of all CPUs back to the buddy lists.",
		.text = "As drain_all_pages() does before the kernel gives up on a request.",
		.example = "alloc 0\ndrain",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_drain,
	},
	{
		.name = "compact",
		.args = {{"NODE", ARG_NUM, ARG_OPT}},
		.help = "Compact memory: movable pages go up, free blocks appear below.",
		.text = "All zones of one node, or of all. As writing to /proc/sys/vm/compact_memory.",
		.example = "alloc 0 GFP_HIGHUSER_MOVABLE lru count=1000\ncompact",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_compact,
	},
	{
		.name = "why",
		.help = "Tell how the last operation was decided, step by step.",
		.text = "Of an allocation: the zones that were tried, the watermarks with their numbers, "
			"per-CPU lists, fallback and stealing, splits and merges. Of a system call: the "
			"gap that the search chose, the areas that were split or merged, overcommit's "
			"numbers, what was unmapped, which page tables went, and the rule that refused. "
			"Of a fault: the page tables, the area, what was done about it and the page. Of "
			"fork and switch: what was copied, and what stayed.",
		.example = "alloc 2 GFP_ATOMIC\nwhy\nmmap 8K addr=0x50000000\nwhy\ntouch $\nwhy",
		.flags = CMD_MACHINE,
		.exec = exec_why,
	},
	{0},
};
