/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E2: the page allocator. From the state BEFORE, each operation in turn; AFTER them the
 * state is compared, then what is left is freed and the FINAL state compared.
 */
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/page_alloc.h>
#include <stdio.h>

static void tell_alloc(struct verify *v, const struct page_op *op, int64_t got, int mt)
{
	char kernel[64], model[64];

	if (op->pfn == PFN_NONE)
		snprintf(kernel, sizeof(kernel), "nothing");
	else
		snprintf(kernel, sizeof(kernel), "pfn %u", op->pfn);
	if (mt != (int)op->migratetype)
		snprintf(model, sizeof(model), "a request of type %d", mt);
	else if (got < 0)
		snprintf(model, sizeof(model), "nothing");
	else
		snprintf(model, sizeof(model), "pfn %lld", (long long)got);
	verify_tell(v, &v->d.s, kernel, model);
}

static int replay_alloc(struct verify *v, const struct page_op *op)
{
	int64_t want = op->pfn == PFN_NONE ? -1 : (int64_t)op->pfn, got;
	int mt = gfpflags_to_migratetype(v->m, op->gfp);
	bool same;

	if (op->nid >= (int)v->m->nr_nodes)
		return scan_error(&v->d.s, v->e, "there is no node %d", op->nid);
	got = op->nid < 0 ? alloc_pages(v->m, op->gfp, op->order)
			  : alloc_pages_node(v->m, op->nid, op->gfp, op->order);
	same = (got < 0 ? -1 : got) == want && mt == (int)op->migratetype;
	if (!same && verify_first(v))
		tell_alloc(v, op, got, mt);
	verify_count(v, same ? MATCHED : DIVERGED);
	return 0;
}

/* A free has no result; but what the model would refuse cannot be replayed. */
static int replay_free(struct verify *v, const struct page_op *op)
{
	struct mm_error why;

	if (free_pages_check(v->m, op->pfn, op->order, &why)) {
		if (verify_first(v))
			verify_tell(v, &v->d.s, "freed", why.text);
		verify_count(v, DIVERGED);
		return 0;
	}
	if (op->cold) {
		pfn_to_page(v->m, op->pfn)->_refcount--;
		free_hot_cold_page(v->m, op->pfn, true);
	} else {
		__free_pages(v->m, op->pfn, op->order);
	}
	verify_count(v, MATCHED);
	return 0;
}

static int replay(struct verify *v)
{
	struct page_op op;

	trace_buffer_reset(&v->trace);
	if (parse_page_op(&v->d.s, &op, v->e))
		return -EINVAL;
	return op.alloc ? replay_alloc(v, &op) : replay_free(v, &op);
}

/* Operations, then the dump of @stage. */
static int verify_stage(struct verify *v, const char *stage)
{
	struct scan *s = &v->d.s;

	while (scan_line(s)) {
		long differ;

		if (scan_word(s, "note "))
			continue;
		if (!scan_word(s, "dump stage=")) {
			if (replay(v))
				return -EINVAL;
			continue;
		}
		if (!scan_word(s, stage) || !scan_char(s, ' '))
			return scan_error(s, v->e, "expects the dump stage=%s", stage);
		/* the trace is of another operation than the one that went wrong, if any did */
		trace_buffer_reset(&v->trace);
		differ = verify_dump(v, stage, v->r->ops ? NULL : verify_count);
		if (differ > 0)
			verify_blame_last(v);
		return differ < 0 ? (int)differ : 0;
	}
	return scan_error(s, v->e, "cut off before the dump stage=%s", stage);
}

int verify_buddy(struct verify *v)
{
	struct machine *m = verify_load(v, "before");
	int err;

	if (!m)
		return -EINVAL;
	verify_machine(v, m);
	err = verify_stage(v, "after");
	if (!err)
		err = verify_stage(v, "final");
	if (!err && scan_line(&v->d.s))
		err = scan_error(&v->d.s, v->e, "more lines after the dump stage=final");
	return err;
}
