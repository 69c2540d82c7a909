/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `compare`: one scenario on all allocators, each on a machine of its own in a session of its
 * own. It is run twice: once with a listener that counts, once with nobody listening and the
 * stopwatch on.
 */
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/slab.h>
#include <mmsh/vmstat.h>

#include "cmd_slab.h"
#include "command.h"
#include "out.h"
#include "shell.h"
#include "util.h"

enum metric {
	M_PAGES,
	M_SLAB_PAGES,
	M_ASKED,
	M_INSIDE,
	M_OUTSIDE,
	M_PARTIAL,
	M_REQUESTS_0,
	M_REQUESTS_HIGH,
	M_ALLOCS,
	M_ALLOC_FAST,
	M_ALLOC_SLOW,
	M_ALLOC_NEW,
	M_FREES,
	M_FREE_FAST,
	M_FREE_SLOW,
	M_DISCARDS,
	M_NS,
	NR_METRICS
};

static const struct {
	const char *text, *key;
} metrics[NR_METRICS] = {
	[M_PAGES] = {"pages used", "pages"},
	[M_SLAB_PAGES] = {"  of them in slabs", "slab_pages"},
	[M_ASKED] = {"bytes asked for, in use now", "bytes_asked"},
	[M_INSIDE] = {"  wasted inside objects", "wasted_inside"},
	[M_OUTSIDE] = {"  wasted outside objects", "wasted_outside"},
	[M_PARTIAL] = {"partial slabs", "partial_slabs"},
	[M_REQUESTS_0] = {"requests for pages, order 0", "requests_order_0"},
	[M_REQUESTS_HIGH] = {"requests for pages, higher orders", "requests_high_order"},
	[M_ALLOCS] = {"objects allocated", "allocations"},
	[M_ALLOC_FAST] = {"  by the fast path", "allocations_fast"},
	[M_ALLOC_SLOW] = {"  out of slabs or pages that were there", "allocations_slow"},
	[M_ALLOC_NEW] = {"  with a new slab or page", "allocations_new_slab"},
	[M_FREES] = {"objects freed", "frees"},
	[M_FREE_FAST] = {"  by the fast path", "frees_fast"},
	[M_FREE_SLOW] = {"  by the slow path", "frees_slow"},
	[M_DISCARDS] = {"slabs given back", "slabs_given_back"},
	[M_NS] = {"ns an operation", "ns"},
};

/* One allocator's turn. */
struct run {
	const struct slab_ops *ops;
	struct trace_listener l;
	bool timed;
	bool fast, fresh; /* what the allocation under way has met so far */
	long flushes;
	long start[NR_METRICS]; /* of what machines have, at boot */
	long value[NR_METRICS];
	bool failed; /* some of its commands */
	struct stopwatch watch;
};

/* ---- counting ---- */

static void count_step(struct run *r, const struct trace_event *ev)
{
	switch (ev->verdict) {
	case STEP_SLUB_FASTPATH:
	case STEP_SLAB_HIT:
		r->fast = true;
		break;
	case STEP_NEW_SLAB:
	case STEP_KMALLOC_LARGE:
		r->fresh = true;
		break;
	case STEP_SLUB_FREE_FASTPATH:
	case STEP_SLAB_FREE_HIT:
		r->value[M_FREE_FAST]++;
		break;
	case STEP_SLAB_FLUSH:
		r->flushes++;
		break;
	case STEP_DISCARD:
		r->value[M_DISCARDS]++;
		break;
	}
}

static void count_alloc(struct run *r)
{
	r->value[M_ALLOCS]++;
	r->value[r->fresh ? M_ALLOC_NEW : r->fast ? M_ALLOC_FAST : M_ALLOC_SLOW]++;
	r->fast = r->fresh = false;
}

static void count_event(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	struct run *r = container_of(l, struct run, l);

	(void)m;
	switch (ev->id) {
	case TRACE_SLAB_STEP:
		count_step(r, ev);
		break;
	case TRACE_KMALLOC:
	case TRACE_KMEM_CACHE_ALLOC:
		count_alloc(r);
		break;
	case TRACE_KFREE:
	case TRACE_KMEM_CACHE_FREE:
		r->value[M_FREES]++;
		break;
	case TRACE_MM_PAGE_ALLOC:
		r->value[ev->order ? M_REQUESTS_HIGH : M_REQUESTS_0]++;
		break;
	}
}

#define COUNTED                                                                           \
	(TRACE_BIT(TRACE_SLAB_STEP) | TRACE_BIT(TRACE_KMALLOC) | TRACE_BIT(TRACE_KFREE) | \
	 TRACE_BIT(TRACE_KMEM_CACHE_ALLOC) | TRACE_BIT(TRACE_KMEM_CACHE_FREE) |           \
	 TRACE_BIT(TRACE_MM_PAGE_ALLOC))

/* ---- what a machine has ---- */

static bool count_partial(struct machine *m, const struct slab_view *v, void *arg)
{
	long *n = arg;

	(void)m;
	*n += v->where == SLAB_CPU_PARTIAL || v->where == SLAB_NODE_PARTIAL;
	return true;
}

static long pages_in_use(struct machine *m)
{
	long n = (long)m->totalram_pages;

	for_each_populated_zone(m, z) {
		n -= zone_page_state_exact(m, z, NR_FREE_PAGES);
		for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
			n -= z->pageset[cpu].count;
	}
	return n;
}

/* SLOB's pages are in no counter: only their flag tells. */
static long slab_pages(struct machine *m)
{
	long n = 0;

	for_each_populated_zone(m, z) {
		n += zone_page_state_exact(m, z, NR_SLAB_RECLAIMABLE);
		n += zone_page_state_exact(m, z, NR_SLAB_UNRECLAIMABLE);
	}
	if (m->slab->ops->has_slabinfo)
		return n;
	for (pfn_t pfn = 0; pfn < m->slab->bytes >> PAGE_SHIFT; pfn++)
		n += (pfn_to_page(m, pfn)->flags & PG(slab)) != 0;
	return n;
}

static void take_stock(struct machine *m, long value[NR_METRICS])
{
	value[M_PAGES] = pages_in_use(m);
	value[M_SLAB_PAGES] = slab_pages(m);
	value[M_PARTIAL] = 0;
	slab_walk(m, NULL, count_partial, &value[M_PARTIAL]);
}

/* A value's bytes: those that are its own alone, padding included, or whole pages. */
static uint64_t bytes_held(struct machine *m, const struct item *t, bool *pages)
{
	const struct kmem_cache *s = t->type == &value_object_type
					     ? kmem_cache_by_id(m, t->id)
					     : kmalloc_slab(m, t->size, t->gfp);
	uint64_t n = ksize(m, t->at);

	*pages = t->type == &value_kmalloc_type && !s && n >= PAGE_SIZE;
	if (*pages)
		return n;
	return m->slab->ops->has_slabinfo && s ? s->size : t->size + (t->size & 1);
}

static void weigh_values(struct shell *sh, struct run *r)
{
	const struct values *vs = &sh->values;
	long held = r->value[M_SLAB_PAGES] * (long)PAGE_SIZE, own = 0;

	for (uint32_t i = 0; i < vs->nr_items; i++) {
		const struct item *t = &vs->item[i];
		bool pages;
		long n;

		if (t->freed || t->at <= ZERO_SIZE_PTR ||
		    (t->type != &value_object_type && t->type != &value_kmalloc_type))
			continue;
		n = (long)bytes_held(sh->m, t, &pages);
		held += pages ? n : 0;
		own += n;
		r->value[M_ASKED] += (long)t->size;
		r->value[M_INSIDE] += n - (long)t->size;
	}
	/* What lies in slabs that boot made costs no page. */
	r->value[M_OUTSIDE] = max_of(held - own, 0l);
}

/* ---- a run ---- */

static void booted(struct shell *sh, void *arg)
{
	struct run *r = arg;

	memset(r->value, 0, sizeof(r->value));
	r->flushes = 0;
	sh->watch = (struct stopwatch){.on = r->timed};
	if (r->timed)
		return;
	take_stock(sh->m, r->start);
	trace_attach(sh->m, &r->l);
}

static void finish(struct shell *sh, struct run *r)
{
	long now[NR_METRICS];

	r->failed = sh->status != STATUS_OK;
	if (r->timed) {
		r->watch = sh->watch;
		return;
	}
	r->value[M_FREE_FAST] -= r->flushes;
	r->value[M_FREE_SLOW] = r->value[M_FREES] - r->value[M_FREE_FAST];
	take_stock(sh->m, now);
	for (unsigned i = 0; i < NR_METRICS; i++)
		if (i == M_PAGES || i == M_SLAB_PAGES || i == M_PARTIAL)
			r->value[i] = now[i] - r->start[i];
	weigh_values(sh, r);
}

static int run_once(struct shell *sh, struct run *r, const char *boot, const struct strbuf *session,
		    const char *script)
{
	struct shell *past = shell_new();
	int err;

	if (!past)
		return cmd_fail(sh, ENOMEM, "out of memory");
	past->replay = past->silent = past->set.quiet = past->set.keep_going = true;
	past->safe = sh->safe;
	past->seed = sh->seed;
	past->fuel = sh->fuel;
	past->slab = r->ops;
	past->booted = booted;
	past->booted_arg = r;
	past->trace.l.mask = 0;
	if (r->timed)
		past->follow.mask = TRACE_BIT(TRACE_MIGRATE);
	err = run_text(past, "session", boot, strlen(boot));
	if (!err && past->m && script)
		err = run_file(past, script);
	else if (!err && past->m)
		err = run_text(past, "session", strbuf_str(session), session->len);
	if (past->m && !(script && err))
		finish(past, r);
	else
		err = cmd_fail(sh, past->err.code ? past->err.code : EINVAL, "%s: %s",
			       script ? script : r->ops->name,
			       past->err.code ? past->err.text : "the machine cannot be booted");
	shell_free(past);
	return sh->err.code ? err : 0;
}

/* The stopwatch's own time, for nothing. */
static double empty_time(void)
{
	struct stopwatch w = {.on = true};

	for (unsigned i = 0; i < 20000; i++) {
		stopwatch_start(&w);
		stopwatch_stop(&w);
	}
	return (double)w.ns / (double)w.n;
}

static double ns_an_operation(const struct run *r, double empty)
{
	double ns = r->watch.n ? (double)r->watch.ns / (double)r->watch.n - empty : 0;

	return ns > 0 ? ns : 0;
}

/* ---- the session as a scenario ---- */

static int get_scenario(struct shell *sh, char **boot, struct strbuf *session)
{
	const struct journal *j = &sh->journal;
	size_t first = j->n;

	while (first > 0 && !j->entry[first - 1].machine)
		first--;
	if (first == 0)
		return cmd_fail(sh, EINVAL, "the session has booted no machine");
	*boot = mem_strndup(j->texts.s + j->entry[first - 1].text.off,
			    j->entry[first - 1].text.len);
	if (strncmp(*boot, "boot", 4))
		return cmd_fail(sh, EINVAL,
				"the machine was not booted by `boot`: it has its allocator");
	for (size_t i = first; i < j->n; i++) {
		strbuf_add(session, j->texts.s + j->entry[i].text.off, j->entry[i].text.len);
		strbuf_addc(session, '\n');
	}
	return 0;
}

/* ---- the table ---- */

static void cell_text(const struct run *r, unsigned metric, double empty, char *buf, size_t size)
{
	if (metric == M_NS)
		snprintf(buf, size, "%.1f", ns_an_operation(r, empty));
	else
		snprintf(buf, size, "%ld", r->value[metric]);
}

/* At least: the table is to look the same whatever time it took. */
#define COLUMN_WIDTH 9

static int print_table(struct shell *sh, const struct run *runs, unsigned n, double empty)
{
	struct libscols_table *t = scols_new_table();
	struct libscols_line *line;
	char *text = NULL, buf[40];
	bool ok = t && scols_table_new_column(t, "", 0, 0);

	for (unsigned i = 0; i < n && ok; i++)
		ok = scols_table_new_column(t, runs[i].ops->name, COLUMN_WIDTH, SCOLS_FL_RIGHT);
	if (ok)
		scols_table_set_termforce(t, SCOLS_TERMFORCE_NEVER);
	for (unsigned m = 0; m < NR_METRICS && ok; m++) {
		line = scols_table_new_line(t, NULL);
		ok = line && !scols_line_set_data(line, 0, metrics[m].text);
		for (unsigned i = 0; i < n && ok; i++) {
			cell_text(&runs[i], m, empty, buf, sizeof(buf));
			ok = !scols_line_set_data(line, i + 1, buf);
		}
	}
	ok = ok && !scols_print_table_to_string(t, &text);
	if (ok)
		out(sh, "%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
	free(text);
	scols_unref_table(t);
	for (unsigned i = 0; i < n && ok; i++)
		if (runs[i].failed)
			out(sh, "(on %s some commands failed)\n", runs[i].ops->name);
	return ok ? 0 : cmd_fail(sh, ENOMEM, "out of memory");
}

static void print_json_table(struct shell *sh, const struct run *runs, unsigned n, double empty)
{
	json_t *o = json_object();
	char *s;

	for (unsigned i = 0; i < n; i++) {
		json_t *one = json_object();

		for (unsigned m = 0; m < NR_METRICS; m++)
			json_object_set_new(one, metrics[m].key,
					    m == M_NS ? json_real(ns_an_operation(&runs[i], empty))
						      : json_integer(runs[i].value[m]));
		json_object_set_new(one, "failed", json_boolean(runs[i].failed));
		json_object_set_new(o, runs[i].ops->name, one);
	}
	s = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(4));
	if (s)
		out(sh, "%s\n", s);
	free(s);
	json_decref(o);
}

enum {
	COMPARE_SCRIPT,
	COMPARE_JSON
};

int exec_compare(struct shell *sh, const struct args *a)
{
	const char *script = a->v[COMPARE_SCRIPT].w ? a->v[COMPARE_SCRIPT].text : NULL;
	struct strbuf session = STRBUF_INIT;
	struct run runs[8] = {{0}};
	double empty = empty_time();
	char *boot = NULL;
	unsigned n = 0;
	int r;

	/* In a scenario that is being compared it would never end. */
	if (sh->replay)
		return 0;
	r = get_scenario(sh, &boot, &session);
	for (; slab_allocators[n] && n < ARRAY_SIZE(runs) && !r; n++) {
		runs[n].ops = slab_allocators[n];
		runs[n].l = (struct trace_listener){.event = count_event, .mask = COUNTED};
		r = run_once(sh, &runs[n], boot, &session, script);
		if (!r) {
			struct run timed = {.ops = runs[n].ops, .timed = true};

			r = run_once(sh, &timed, boot, &session, script);
			runs[n].watch = timed.watch;
		}
	}
	if (!r && a->v[COMPARE_JSON].w)
		print_json_table(sh, runs, n, empty);
	else if (!r)
		r = print_table(sh, runs, n, empty);
	strbuf_free(&session);
	free(boot);
	return r;
}
