/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings of a real kernel: what kind one is, and what all kinds need. */
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/state.h>
#include <mmsh/why.h>
#include <stdio.h>
#include <unistd.h>

#define TRACE_EVENTS 4096 /* more than an operation leaves that one wants to read about */
#define SHOWN 150	  /* of a line that differs */

void verify_count(struct verify *v, enum verdict verdict)
{
	v->r->ops++;
	v->r->matched += verdict == MATCHED;
	v->r->given += verdict == GIVEN;
	v->r->diverged += verdict == DIVERGED;
	v->last_diverged = verdict == DIVERGED;
}

void verify_blame_last(struct verify *v)
{
	if (v->last_diverged)
		return;
	if (!v->r->matched) { /* none to blame: the state itself is what differs */
		verify_count(v, DIVERGED);
		return;
	}
	v->last_diverged = true;
	v->r->diverged++;
	v->r->matched--;
}

void verify_tell(struct verify *v, const struct scan *at, const char *kernel, const char *model)
{
	struct strbuf *out = &v->r->report;
	struct strbuf why = STRBUF_INIT;
	const char *line, *end;

	if (at->file)
		strbuf_addf(out, "%s:%lu: ", at->file, at->lineno);
	else
		strbuf_addf(out, "line %lu: ", at->lineno);
	strbuf_addf(out, "%.*s\n",
		    (int)min_of(at->end - at->line, (ptrdiff_t)SHOWN), at->line);
	strbuf_addf(out, "  kernel: %s\n  model:  %s\n", kernel, model);
	if (v->m && v->trace.n)
		why_explain(v->m, &v->trace, &why);
	for (line = strbuf_str(&why); *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		strbuf_addf(out, "  why:    %.*s\n", (int)(end - line), line);
	}
	strbuf_free(&why);
}

void verify_machine(struct verify *v, struct machine *m)
{
	machine_free(v->m);
	v->m = m;
	if (m)
		trace_attach(m, &v->trace.l);
}

struct machine *verify_load(struct verify *v, const char *stage)
{
	struct scan *s = &v->d.s;

	while (scan_line(s)) {
		int got;

		if (scan_word(s, "note "))
			continue;
		if (scan_word(s, "dump stage=")) {
			if (scan_word(s, stage) && scan_char(s, ' '))
				return dump_load(&v->d);
			scan_error(s, v->e, "expects the dump stage=%s", stage);
			return NULL;
		}
		got = source_line(&v->d);
		if (!got)
			scan_error(s, v->e, "not a line of this kind of recording");
		if (got <= 0)
			return NULL;
	}
	scan_error(s, v->e, "cut off before the dump stage=%s", stage);
	return NULL;
}

/* ---- dumps ---- */

/* The part of a long line around the place where two differ. */
static void show_from(const struct scan *s, size_t at, char *buf, size_t size)
{
	size_t len = (size_t)(s->end - s->line), from = at > SHOWN / 2 ? at - SHOWN / 2 : 0;
	size_t n;

	if (s->line == s->end) {
		snprintf(buf, size, "no such line");
		return;
	}
	if (len <= SHOWN)
		from = 0;
	n = min_of(len - from, (size_t)SHOWN);
	snprintf(buf, size, "%s%.*s%s", from ? "..." : "", (int)n, s->line + from,
		 from + n < len ? "..." : "");
}

static bool same_line(const struct scan *a, const struct scan *b)
{
	size_t n = (size_t)(a->end - a->line);

	return n == (size_t)(b->end - b->line) && !memcmp(a->line, b->line, n);
}

static void tell_line(struct verify *v, const struct scan *kernel, const struct scan *model)
{
	size_t at = 0, n = (size_t)min_of(kernel->end - kernel->line, model->end - model->line);
	char k[SHOWN + 16], mo[SHOWN + 16];

	while (at < n && kernel->line[at] == model->line[at])
		at++;
	show_from(kernel, at, k, sizeof(k));
	show_from(model, at, mo, sizeof(mo));
	verify_tell(v, kernel, k, mo);
}

long verify_lines(struct verify *v, const struct strbuf *text, const char *last,
		  void (*line)(struct verify *, enum verdict))
{
	struct scan *s = &v->d.s, model;
	bool end = false, more;
	long differ = 0;

	if (text->failed)
		return mm_error(v->e, -ENOMEM, "the host has no memory left");
	scan_init(&model, strbuf_str(text), text->len);
	more = scan_line(&model);
	for (;;) {
		bool same = more && same_line(s, &model);

		if (!more)
			model.line = model.end;
		if (!same && verify_first(v))
			tell_line(v, s, &model);
		differ += !same;
		if (line)
			line(v, same ? MATCHED : DIVERGED);
		end = !strncmp(s->line, last, min_of((size_t)(s->end - s->line), strlen(last))) &&
		      (size_t)(s->end - s->line) >= strlen(last);
		if (end || !scan_line(s))
			break;
		more = more && scan_line(&model);
	}
	/* lines of the model that the kernel does not have */
	while (end && more && scan_line(&model)) {
		if (verify_first(v))
			verify_tell(v, s, "the last line", "more lines before it");
		differ++;
		if (line)
			line(v, DIVERGED);
	}
	return end ? differ : scan_error(s, v->e, "cut off before the line %s", last);
}

long verify_dump(struct verify *v, const char *stage, void (*line)(struct verify *, enum verdict))
{
	struct strbuf text = STRBUF_INIT;
	long differ;

	dump_write(v->m, stage, &text);
	differ = verify_lines(v, &text, "enddump ", line);
	strbuf_free(&text);
	return differ;
}

/* ---- operations ---- */

static bool parse_alloc(struct scan *s, struct page_op *op)
{
	uint64_t gfp;
	uint32_t nid;

	op->alloc = true;
	if (!scan_word(s, "alloc order=") || !scan_u32(s, &op->order) || !scan_word(s, " gfp=") ||
	    !scan_u64(s, &gfp) || gfp > UINT32_MAX || !scan_word(s, " migratetype=") ||
	    !scan_u32(s, &op->migratetype))
		return false;
	op->gfp = (gfp_t)gfp;
	if (scan_word(s, " nid=")) {
		if (!scan_u32(s, &nid) || nid >= MAX_NUMNODES)
			return false;
		op->nid = (int)nid;
	}
	if (!scan_word(s, " pfn="))
		return false;
	return scan_char(s, '-') || (scan_u32(s, &op->pfn) && op->pfn != PFN_NONE);
}

static bool parse_free(struct scan *s, struct page_op *op)
{
	uint32_t cold;

	op->alloc = false;
	if (!scan_word(s, "free pfn=") || !scan_u32(s, &op->pfn) || !scan_word(s, " order=") ||
	    !scan_u32(s, &op->order) || !scan_word(s, " cold=") || !scan_u32(s, &cold))
		return false;
	op->cold = cold == 1;
	return cold <= (op->order == 0);
}

int parse_page_op(struct scan *s, struct page_op *op, struct mm_error *e)
{
	uint32_t n;

	op->nid = -1;
	op->pfn = PFN_NONE;
	if (!scan_word(s, "op=") || !scan_u32(s, &n) || !scan_char(s, ' '))
		return scan_error(s, e, "not a line of this kind of recording");
	op->n = n;
	if (s->p < s->end && *s->p == 'f' ? !parse_free(s, op) : !parse_alloc(s, op))
		return scan_error(s, e, "not an operation on pages");
	if (!scan_at_end(s))
		return scan_error(s, e, "something follows the operation");
	return 0;
}

/* ---- kinds ---- */

static const struct verify_kind {
	const char *name;
	int (*run)(struct verify *v);
} kinds[] = {
	{"E0", verify_boot},	{"E1", verify_mm},   {"E2", verify_buddy},	{"E3", verify_slab},
	{"E4", verify_vmalloc}, {"E5", verify_kmap}, {"E6", verify_slub_debug}, {"E7", verify_failures},
};

/* The first lines say what it is. */
static const struct verify_kind *find_kind(struct verify *v)
{
	struct scan *s = &v->d.s;
	const char *name;
	size_t n;

	if (!scan_line(s) || (scan_word(s, "=== operations and state") && !scan_line(s)) ||
	    !scan_word(s, "exp name=")) {
		mm_error(v->e, -EINVAL, "not a recording: it does not begin with exp name=");
		return NULL;
	}
	n = scan_until(s, ' ', &name);
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == n && !memcmp(kinds[i].name, name, n))
			return &kinds[i];
	mm_error(v->e, -EINVAL, "kind %.*s: there is no such kind of recording",
		 (int)min_of(n, (size_t)40), name);
	return NULL;
}

/* Once the text is open: @run, and what is left of it. */
static int verify_run(struct verify *v, int (*run)(struct verify *v, const void *arg), const void *arg)
{
	int err = -EINVAL;

	if (trace_buffer_init(&v->trace, TRACE_EVENTS, TRACE_ALL)) {
		err = mm_error(v->e, -ENOMEM, "the host has no memory left");
	} else {
		err = run(v, arg);
		verify_machine(v, NULL);
		trace_buffer_free(&v->trace);
	}
	source_close(&v->d);
	if (err)
		strbuf_free(&v->r->report);
	return err;
}

static int run_kind(struct verify *v, const void *arg)
{
	return ((const struct verify_kind *)arg)->run(v);
}

int verify_text(const char *text, size_t len, struct verify_result *r, struct mm_error *e)
{
	struct verify v = {.e = e, .r = r};
	const struct verify_kind *kind;
	int err;

	*r = (struct verify_result){0};
	err = source_open(&v.d, text, len, e);
	if (err)
		return err;
	kind = find_kind(&v);
	return kind ? verify_run(&v, run_kind, kind) : -EINVAL;
}

/* ---- five files that go together ---- */

static const char *const faults_names[FAULTS_FILES] = {"before", "trace", "parent", "child", "after"};

static int run_faults(struct verify *v, const void *arg)
{
	return verify_faults(v, arg);
}

/* The name of one of them, packed or not. Returns: whether there is such a file. */
static bool faults_path(const char *prefix, int i, char *buf, size_t size)
{
	snprintf(buf, size, "%s-%s.txt.gz", prefix, faults_names[i]);
	if (!access(buf, R_OK))
		return true;
	snprintf(buf, size, "%s-%s.txt", prefix, faults_names[i]);
	return !access(buf, R_OK);
}

static int verify_prefix(const char *prefix, struct verify_result *r, struct mm_error *e)
{
	struct faults_text text[FAULTS_FILES] = {{.text = STRBUF_INIT}};
	struct verify v = {.e = e, .r = r};
	struct mm_error why;
	int err = 0;

	for (int i = 0; i < FAULTS_FILES && !err; i++) {
		/* not every program has a child */
		if (faults_path(prefix, i, text[i].name, sizeof(text[i].name)) || i != FAULTS_CHILD)
			err = read_file(text[i].name, &text[i].text, e);
	}
	if (!err && source_open(&v.d, strbuf_str(&text[FAULTS_BEFORE].text), text[FAULTS_BEFORE].text.len, e)) {
		why = *e;
		err = mm_error(e, -EINVAL, "%.100s: %.130s", text[FAULTS_BEFORE].name, why.text);
	}
	if (!err)
		err = verify_run(&v, run_faults, text);
	for (int i = 0; i < FAULTS_FILES; i++)
		strbuf_free(&text[i].text);
	return err;
}

int verify_file(const char *path, struct verify_result *r, struct mm_error *e)
{
	struct strbuf text = STRBUF_INIT;
	struct mm_error why;
	int err;

	char file[4096];

	*r = (struct verify_result){0};
	if (access(path, F_OK) && faults_path(path, FAULTS_TRACE, file, sizeof(file)))
		return verify_prefix(path, r, e);
	err = read_file(path, &text, e);
	if (!err) {
		err = verify_text(strbuf_str(&text), text.len, r, &why);
		if (err)
			mm_error(e, err, "%.80s: %.160s", path, why.text);
	}
	strbuf_free(&text);
	return err;
}
