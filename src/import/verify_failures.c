/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E7: requests of pages until one fails, and what the kernel then says. Either one request
 * with plenty free and nothing contiguous (step=attempt), or the same kmalloc again and again
 * (step=kmalloc), of which the recording holds the sum.
 *
 * Where direct compaction or reclaim ran, the recording lacks the state that they went by.
 * From there on a success, and the state that it left, may be taken from the recording if
 * they are such as compaction and reclaim can have brought about; a failure is demanded all
 * the same, and then the numbers of its report follow from the dump AFTER.
 */
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/kmsg.h>
#include <mmsh/page_alloc.h>
#include <mmsh/vmstat.h>
#include <stdio.h>
#include <stdlib.h>

/* What came of the requests, of the kernel's or of the model's. */
struct outcome {
	uint64_t allocated; /* how many had their pages */
	uint64_t last;	    /* pfn of the last that had; PFN_NONE */
	bool failed;	    /* the next had not */
	bool oom;	    /* the OOM step was reached */
};

struct requests {
	struct verify *v;
	const char *stage; /* of the dump AFTER */
	gfp_t gfp;
	unsigned order;
	int nid;	  /* -1: the current node */
	struct scan line; /* that says what came of them */
	bool odd;	  /* the recording says of the request itself what the model does not */
	struct outcome kernel, model;
	bool same;

	pfn_t *sure; /* what was had before compaction or reclaim ran */
	size_t nr_sure, room;
	bool unsure;	       /* compaction or reclaim ran */
	unsigned long free;    /* pages that were free before */
	struct machine *after; /* as the kernel left it; NULL where that is the model's own state */
};

static int no_memory(const struct requests *r)
{
	return mm_error(r->v->e, -ENOMEM, "the host has no memory left");
}

/* ---- the machine ---- */

static unsigned long nr_free_pages(const struct machine *m)
{
	long free = 0;

	for_each_populated_zone((struct machine *)m, z) {
		free += zone_page_state_exact(m, z, NR_FREE_PAGES);
		for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
			free += z->pageset[cpu].count;
	}
	return (unsigned long)free;
}

/* The state before, and somebody who writes down what the kernel would say. */
static int begin(struct requests *r)
{
	struct verify *v = r->v;
	struct scan *s = &v->d.s;
	struct machine *m = verify_load(v, "before");

	if (!m)
		return -EINVAL;
	if (kmsg_attach(m)) {
		machine_free(m);
		return no_memory(r);
	}
	verify_machine(v, m);
	/* the kernel warns of an order that is too large once; whether it had, only shows */
	m->warned_order = !memmem(s->next, (size_t)(s->stop - s->next), "[ cut here ]",
				  strlen("[ cut here ]"));
	r->free = nr_free_pages(m);
	return 0;
}

/* ---- the requests ---- */

static int64_t request(const struct requests *r, struct machine *m, gfp_t gfp)
{
	return r->nid < 0 ? alloc_pages(m, gfp, r->order)
			  : alloc_pages_node(m, r->nid, gfp, r->order);
}

static unsigned long waits(const struct machine *m)
{
	return vm_event_sum(m, COMPACTSTALL) + vm_event_sum(m, ALLOCSTALL);
}

static bool oom_reached(const struct trace_buffer *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->ev[i].id == TRACE_SLOWPATH && b->ev[i].a == SLOW_OOM)
			return true;
	return false;
}

static int remember(struct requests *r, pfn_t pfn)
{
	if (r->nr_sure == r->room) {
		size_t room = r->room ? 2 * r->room : 256;
		pfn_t *sure = realloc(r->sure, room * sizeof(*sure));

		if (!sure)
			return no_memory(r);
		r->sure = sure;
		r->room = room;
	}
	r->sure[r->nr_sure++] = pfn;
	return 0;
}

/* Up to @most of them, or until one fails. */
static int replay(struct requests *r, uint64_t most)
{
	struct machine *m = r->v->m;
	struct outcome *o = &r->model;

	*o = (struct outcome){.last = PFN_NONE};
	while (!o->failed && o->allocated < most) {
		int64_t pfn;

		trace_buffer_reset(&r->v->trace);
		pfn = request(r, m, r->gfp);
		r->unsure |= waits(m) > 0;
		o->failed = pfn < 0;
		if (o->failed)
			break;
		o->allocated++;
		o->last = (uint64_t)pfn;
		if (!r->unsure && remember(r, (pfn_t)pfn))
			return -ENOMEM;
	}
	o->oom = oom_reached(&r->v->trace);
	r->same = !r->odd && o->allocated == r->kernel.allocated && o->last == r->kernel.last &&
		  o->failed == r->kernel.failed && o->oom == r->kernel.oom;
	return 0;
}

/* ---- the state AFTER ---- */

/* Whether the dump, whose first line is the current one, is that of the model. */
static bool same_state(const struct requests *r)
{
	const struct scan *s = &r->v->d.s;
	struct strbuf text = STRBUF_INIT;
	bool same;

	dump_write(r->v->m, r->stage, &text);
	same = !text.failed && text.len <= (size_t)(s->stop - s->line) &&
	       !memcmp(text.s, s->line, text.len);
	strbuf_free(&text);
	return same;
}

/* The block is of a zone that the request may use, and neither free nor had by another. */
static bool spoken_for_now(struct requests *r, uint64_t pfn)
{
	const struct zone *z = pfn < r->after->max_pfn ? pfn_to_zone(r->after, (pfn_t)pfn) : NULL;

	return z && z->idx <= gfp_zone(r->after, r->gfp) && r->order < MAX_ORDER &&
	       !source_take(&r->v->d, r->after, z, pfn, r->order);
}

static bool same_zone(const struct zone *a, const struct zone *b)
{
	return a->start_pfn == b->start_pfn && a->spanned_pages == b->spanned_pages &&
	       a->present_pages == b->present_pages && a->managed_pages == b->managed_pages &&
	       !memcmp(a->watermark, b->watermark, sizeof(a->watermark)) &&
	       !memcmp(a->lowmem_reserve, b->lowmem_reserve, sizeof(a->lowmem_reserve)) &&
	       a->pageset[0].high == b->pageset[0].high &&
	       a->pageset[0].batch == b->pageset[0].batch;
}

/* What no request changes. */
static bool same_memory(const struct machine *a, const struct machine *b)
{
	if (a->nr_nodes != b->nr_nodes || a->totalram_pages != b->totalram_pages ||
	    a->totalreserve_pages != b->totalreserve_pages)
		return false;
	for (unsigned nid = 0; nid < a->nr_nodes; nid++) {
		const struct pglist_data *n = a->node[nid], *o = b->node[nid];

		if (n->start_pfn != o->start_pfn || n->spanned_pages != o->spanned_pages ||
		    n->present_pages != o->present_pages)
			return false;
		for (unsigned i = 0; i < MAX_NR_ZONES; i++)
			if (!same_zone(&n->zone[i], &o->zone[i]))
				return false;
	}
	return true;
}

/*
 * Whether compaction and reclaim can have led from the state before to what the recording
 * says: the requests before they ran had what they had, nothing got lost, pages that were had
 * are not free, and where a request failed, one would fail again. Reclaim alone changes
 * nothing unless it finds pages to free.
 */
static bool can_have_come_about(struct requests *r)
{
	const struct outcome *k = &r->kernel;
	uint64_t pages = (k->allocated << r->order) + nr_free_pages(r->after);

	if (!r->unsure || r->odd || k->oom || (k->failed && !r->model.failed) ||
	    k->allocated < r->nr_sure || !same_memory(r->v->m, r->after))
		return false;
	if (vm_event_sum(r->v->m, COMPACTSTALL) ? pages < r->free : pages <= r->free)
		return false;
	for (size_t i = 0; i < r->nr_sure; i++)
		if (!spoken_for_now(r, r->sure[i]))
			return false;
	if (k->allocated > r->nr_sure
		    ? !spoken_for_now(r, k->last)
		    : k->last != (r->nr_sure ? r->sure[r->nr_sure - 1] : PFN_NONE))
		return false;
	return !k->failed || request(r, r->after, r->gfp & ~(gfp_t)__GFP_RECLAIM) < 0;
}

/* Reads the dump as a state. Returns: whether it is one that may be given. */
static bool take_state(struct requests *r)
{
	struct mm_error why, *e = r->v->d.e;
	struct scan dump = r->v->d.s;
	bool may;

	/* a dump that cannot be read is one that differs */
	r->v->d.e = &why;
	scan_word(&r->v->d.s, "dump stage=");
	r->after = dump_load(&r->v->d);
	may = r->after && can_have_come_about(r);
	r->v->d.e = e;
	if (may)
		return true;
	machine_free(r->after);
	r->after = NULL;
	r->v->d.s = dump;
	return false;
}

/* The result and the dump are judged together: one tells whether the other may be given.
   @words puts a result in words. */
static int verify_outcome(struct requests *r, void (*words)(const struct requests *,
							    const struct outcome *, char *, size_t))
{
	struct verify *v = r->v;
	struct scan *s = &v->d.s;
	char expect[32], kernel[128], model[128];
	bool given;
	long differ;

	snprintf(expect, sizeof(expect), "dump stage=%s ", r->stage);
	if (!scan_line(s) || !scan_key(s, expect))
		return scan_error(s, v->e, "expects the dump stage=%s", r->stage);
	s->p = s->line;
	given = !same_state(r) && take_state(r);
	if (!r->same && !given && verify_first(v)) {
		words(r, &r->kernel, kernel, sizeof(kernel));
		words(r, &r->model, model, sizeof(model));
		verify_tell(v, &r->line, kernel, model);
	}
	verify_count(v, r->same ? MATCHED : given ? GIVEN : DIVERGED);
	if (given)
		return 0;
	differ = verify_dump(v, r->stage, NULL);
	if (differ > 0)
		verify_blame_last(v);
	return differ < 0 ? (int)differ : 0;
}

/* ---- one request ---- */

static void attempt_words(const struct requests *r, const struct outcome *o, char *buf, size_t size)
{
	(void)r;
	if (o->last == PFN_NONE)
		snprintf(buf, size, "nothing%s", o->oom ? ", out of memory" : "");
	else
		snprintf(buf, size, "pfn %llu", (unsigned long long)o->last);
}

static int attempt(struct requests *r)
{
	struct verify *v = r->v;
	struct page_op op;

	r->stage = "after";
	if (begin(r))
		return -EINVAL;
	if (!scan_line(&v->d.s))
		return scan_error(&v->d.s, v->e, "cut off before the operation");
	r->line = v->d.s;
	if (parse_page_op(&v->d.s, &op, v->e))
		return -EINVAL;
	if (!op.alloc || op.nid >= (int)v->m->nr_nodes)
		return scan_error(&v->d.s, v->e, "not a request that this machine could make");
	r->gfp = op.gfp;
	r->order = op.order;
	r->nid = op.nid;
	r->kernel = (struct outcome){
		.allocated = op.pfn != PFN_NONE, .last = op.pfn, .failed = op.pfn == PFN_NONE};
	r->odd = gfpflags_to_migratetype(v->m, op.gfp) != (int)op.migratetype;
	if (replay(r, 1))
		return -ENOMEM;
	return verify_outcome(r, attempt_words);
}

/* ---- kmalloc until it fails ---- */

struct kmalloc_note {
	uint64_t allocated, last;
	uint32_t oom_notified;
	bool failed;
};

static const struct field note_fields[] = {
	FIELD(struct kmalloc_note, "allocated", allocated, FIELD_DEC),
	FIELD(struct kmalloc_note, "last", last, FIELD_HEX),
	FIELD(struct kmalloc_note, "oom_notified", oom_notified, FIELD_DEC),
	FIELD(struct kmalloc_note, "failed", failed, FIELD_BOOL),
	{0},
};

static void kmalloc_words(const struct requests *r, const struct outcome *o, char *buf, size_t size)
{
	uint64_t last =
		o->last == PFN_NONE ? 0 : r->v->d.konst.page_offset + (o->last << PAGE_SHIFT);

	snprintf(buf, size, "%llu allocated, the last at 0x%llx%s%s",
		 (unsigned long long)o->allocated, (unsigned long long)last,
		 o->failed ? ", the next failed" : "", o->oom ? ", out of memory" : "");
}

/*
 * Large objects are pages of their own. Others come from caches, which the recording does not
 * hold; how far those reach depends on the allocator, and the report shows whether it asked
 * for a slab.
 */
static int pages_of_their_own(struct requests *r, uint64_t size)
{
	struct scan *s = &r->v->d.s, at = *s;
	const char *mode = memmem(s->next, (size_t)(s->stop - s->next), ", mode:", 7);
	uint64_t gfp = size > 2 * PAGE_SIZE ? 0 : __GFP_NOTRACK;

	if (mode) {
		at.p = mode + 7;
		at.end = s->stop;
		scan_u64(&at, &gfp);
	}
	if (size < PAGE_SIZE || gfp & __GFP_NOTRACK)
		return scan_error(s, r->v->e,
				  "objects of %llu bytes came from a cache, whose state the"
				  " recording does not hold",
				  (unsigned long long)size);
	return 0;
}

/* " step=kmalloc size= gfp=" */
static int read_request(struct requests *r)
{
	struct scan *s = &r->v->d.s;
	uint64_t size, gfp;

	if (!scan_word(s, "size=") || !scan_u64(s, &size) || !scan_word(s, " gfp=") ||
	    !scan_u64(s, &gfp) || !scan_at_end(s))
		return scan_error(s, r->v->e, "expects step=kmalloc size= gfp=");
	if (!size || size > 1ull << 30 || gfp > __GFP_BITS_MASK || gfp & __GFP_HIGHMEM)
		return scan_error(s, r->v->e, "not what kmalloc could be asked for");
	if (pages_of_their_own(r, size))
		return -EINVAL;
	while (PAGE_SIZE << r->order < size)
		r->order++;
	r->gfp = (gfp_t)gfp | (r->order ? __GFP_COMP : 0);
	return 0;
}

static int read_note(struct requests *r)
{
	struct scan *s = &r->v->d.s;
	uint64_t base = r->v->d.konst.page_offset;
	struct kmalloc_note n;

	if (!scan_line(s))
		return scan_error(s, r->v->e, "cut off before the note");
	r->line = *s;
	if (!scan_word(s, "note "))
		return scan_error(s, r->v->e,
				  "expects note allocated= last= oom_notified= failed=");
	if (fields_get(s, note_fields, &n, NULL, r->v->e))
		return -EINVAL;
	if (n.allocated > r->v->m->max_pfn || n.last % PAGE_SIZE || (n.last && n.last < base) ||
	    !n.allocated != !n.last)
		return scan_error(s, r->v->e, "last= is no address of so many objects");
	r->kernel = (struct outcome){
		.allocated = n.allocated, .failed = n.failed, .oom = n.oom_notified > 0};
	r->kernel.last = n.last ? (n.last - base) >> PAGE_SHIFT : PFN_NONE;
	return 0;
}

static int kmalloc_until_it_fails(struct requests *r)
{
	r->stage = "failed";
	if (read_request(r) || begin(r) || read_note(r))
		return -EINVAL;
	if (replay(r, r->kernel.failed ? UINT64_MAX : r->kernel.allocated))
		return -ENOMEM;
	if (r->kernel.oom && r->model.oom)
		return scan_error(&r->line, r->v->e,
				  "the recording does not hold what those gave back"
				  " who were told that memory ran out");
	return verify_outcome(r, kmalloc_words);
}

/* ---- both ---- */

int verify_failures(struct verify *v)
{
	struct requests r = {.v = v, .nid = -1};
	struct scan *s = &v->d.s;
	int err;

	if (scan_word(s, " step=vmalloc "))
		return verify_vmalloc_failure(v);
	if (scan_word(s, " step=attempt"))
		err = attempt(&r);
	else if (scan_word(s, " step=kmalloc "))
		err = kmalloc_until_it_fails(&r);
	else
		err = scan_error(s, v->e,
				 "of the recordings of kind E7 there are step=attempt,"
				 " step=kmalloc and step=vmalloc");
	if (!err)
		err = verify_messages(v, r.after, r.after && !r.kernel.failed);
	machine_free(r.after);
	free(r.sure);
	return err;
}
