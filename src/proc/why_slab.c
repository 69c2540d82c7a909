/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tellers of small objects: which path an allocation or a free took, and what it cost. */
#include "why_story.h"
#include <mmsh/slab.h>
#include <string.h>

/* What texts have besides story_text()'s letters: %k is the cache, %w the list b, %l SLOB's list a,
   %m whether SLOB merged the block. */
static const char *const step_text[NR_SLAB_STEPS] = {
	[STEP_KMALLOC] = "kmalloc of %a bytes: %k, whose objects have %b\n",
	[STEP_KMALLOC_LARGE] = "kmalloc of %a bytes: larger than the largest cache, so 2^%b pages "
			       "straight from the page allocator\n",
	[STEP_NEW_SLAB] = "  a new slab for %k: pfn %p, order %a, %b object%t\n",
	[STEP_ORDER_FALLBACK] = "  no block of order %a could be had: a slab of order %b will do\n",
	[STEP_NO_PAGES] = "  no pages of order %a for %k\n",
	[STEP_DISCARD] = "  slab pfn %p is empty and goes back, order %a\n",
	[STEP_SLUB_FASTPATH] = "%k: fast path, off the CPU's freelist of slab pfn %p: %A\n",
	[STEP_SLUB_REFILL] = "%k: the CPU's freelist is empty; it takes over what its slab pfn %p "
			     "has, %a object%s\n",
	[STEP_SLUB_FULL] = "%k: the CPU's slab pfn %p is used up; it is on no list now\n",
	[STEP_SLUB_CPU_PARTIAL] =
		"  pfn %p, the top of the CPU's partial slabs, becomes its slab\n",
	[STEP_SLUB_NODE_PARTIAL] =
		"  pfn %p, the head of the node's partial list, becomes the CPU's "
		"slab: %a free object%s\n",
	[STEP_SLUB_NODE_MORE] =
		"  and pfn %p goes on the CPU's partial slabs: %a free objects in all, "
		"it stops beyond %b\n",
	[STEP_SLUB_DEACTIVATE] =
		"  the CPU gives its slab pfn %p back, with %a free object%s: %w\n",
	[STEP_SLUB_FREE_FASTPATH] = "%k: fast path, into the CPU's freelist of slab pfn %p\n",
	[STEP_SLUB_FREE_SLOW] =
		"%k: slab pfn %p is not the CPU's: into its own freelist; %b in use "
		"then\n",
	[STEP_SLUB_FROZEN] =
		"  it was full: now it is on the CPU's partial slabs, which have %a free "
		"object%s (limit %b)\n",
	[STEP_SLUB_DRAIN] =
		"  %a free objects on the CPU's partial slabs, more than %b: they all go "
		"to the node's list\n",
	[STEP_SLUB_ADD_PARTIAL] =
		"  it was full: now it is the last on the node's partial list, of "
		"%a\n",
	[STEP_SLUB_UNCHECKED] = "%k: a check failed (dmesg): %A is left alone\n",
	[STEP_SLAB_HIT] = "%k: off the CPU's array: %A, %b left\n",
	[STEP_SLAB_REFILL] = "%k: the CPU's array is empty; it was filled with %a (batch %b)\n",
	[STEP_SLAB_FROM_SHARED] = "  %a out of the shared array\n",
	[STEP_SLAB_FROM_PARTIAL] = "  %a out of slab pfn %p, which was partial\n",
	[STEP_SLAB_FROM_FREE] = "  %a out of slab pfn %p, which was wholly free\n",
	[STEP_SLAB_FREE_HIT] = "%k: into the CPU's array: %b there then\n",
	[STEP_SLAB_FLUSH] = "%k: the CPU's array is full; its %a oldest leave it\n",
	[STEP_SLAB_ALIEN] = "%k: %A is node %b's: into the array for it\n",
	[STEP_SLAB_REAP] = "%k: the timer gives %a slab%s back\n",
	[STEP_SLOB_PAGE] = "%b bytes: out of page pfn %p of the list of %l blocks\n",
	[STEP_SLOB_FREE] = "%a bytes of page pfn %p are free%m\n",
};

static const char *const slob_lists[] = {"small", "medium", "large"};

static const char *const where_text[NR_SLAB_WHERE] = {
	[SLAB_CPU] = "still the CPU's",
	[SLAB_CPU_PARTIAL] = "on the CPU's partial slabs",
	[SLAB_NODE_PARTIAL] = "on the node's partial list",
	[SLAB_NODE_FULL] = "on the node's full list",
	[SLAB_NODE_FREE] = "free",
	[SLAB_NOWHERE] = "on no list",
};

static const char *cache_name(const struct story *s, const struct trace_event *ev)
{
	const struct kmem_cache *c = s->m->slab ? kmem_cache_by_id(s->m, ev->cache) : NULL;

	return c ? c->name : "a cache";
}

static void put(struct story *s, const struct trace_event *ev, char what)
{
	switch (what) {
	case 'k':
		strbuf_adds(s->out, cache_name(s, ev));
		break;
	case 'm':
		strbuf_adds(s->out, ev->b == 1 ? ", in one block with a free neighbour" : "");
		break;
	case 'w':
		strbuf_adds(s->out, ev->b >= 0 && ev->b < NR_SLAB_WHERE ? where_text[ev->b] : "?");
		break;
	case 'l':
		strbuf_adds(s->out, ev->a >= 0 && ev->a < 3 ? slob_lists[ev->a] : "?");
		break;
	}
}

/* SLOB may look at a great many pages: they are told in one line. */
static void tell_skips(struct story *s)
{
	unsigned n = 0;

	for (; s->ev < s->end && s->ev->id == TRACE_SLAB_STEP && s->ev->verdict == STEP_SLOB_SKIP;
	     s->ev++)
		n++;
	strbuf_addf(s->out, "%u page%s of the list %s no room in one piece\n", n, n == 1 ? "" : "s",
		    n == 1 ? "has" : "have");
}

void tell_slab_step(struct story *s)
{
	const struct trace_event *ev = s->ev;
	const char *text = ev->verdict < NR_SLAB_STEPS ? step_text[ev->verdict] : NULL;

	if (ev->verdict == STEP_SLOB_SKIP) {
		tell_skips(s);
		return;
	}
	if (ev->verdict == STEP_NEW_SLAB && !ev->cache)
		text = "  a new page for SLOB: pfn %p\n";
	if (text)
		story_text(s, text, put);
	s->ev++;
}

void tell_object(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	if (!ev->a)
		strbuf_adds(s->out, "=> no object\n");
	else
		strbuf_addf(s->out, "=> 0x%llx, %lld bytes of %lld\n", (unsigned long long)ev->a,
			    (long long)ev->b, (long long)ev->c);
}

void tell_kfree(struct story *s)
{
	strbuf_addf(s->out, "kfree of 0x%llx\n", (unsigned long long)s->ev++->a);
}

void tell_slab_report(struct story *s)
{
	const struct trace_event *ev = s->ev++;

	if (ev->verdict == REPORT_OOPS || ev->verdict == REPORT_BUG_KFREE ||
	    ev->verdict == REPORT_GFP)
		strbuf_adds(s->out, "the kernel dies of it (dmesg)\n");
	else
		strbuf_adds(s->out, "the kernel reports it (dmesg)\n");
}
