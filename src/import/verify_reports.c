/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the kernel says when it fails: the reports in its log against those of the model,
 * without what belongs to that kernel alone or what a dump does not hold.
 */
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/proc.h>
#include <stdio.h>

#define LINE_MAX_LEN 1024

/* What of a line is that kernel's own, or not held by a dump: everything after a prefix,
   as far as .what says, counts as equal. */
enum mask { MASK_NUMBER, MASK_REST };
static const struct {
	const char *prefix;
	enum mask what;
} masks[] = {
	{"CPU: ", MASK_NUMBER},
	{"PID: ", MASK_NUMBER},
	{"Comm: ", MASK_REST}, /* and the taints, the release, the build's number */
	{"__alloc_pages_nodemask+", MASK_REST},
	{"active_anon:", MASK_NUMBER},
	{"inactive_anon:", MASK_NUMBER},
	{"isolated_anon:", MASK_NUMBER},
	{"isolated(anon):", MASK_NUMBER},
	{"active_file:", MASK_NUMBER},
	{"inactive_file:", MASK_NUMBER},
	{"isolated_file:", MASK_NUMBER},
	{"isolated(file):", MASK_NUMBER},
	{"unevictable:", MASK_NUMBER},
	{"mlocked:", MASK_NUMBER},
	{"dirty:", MASK_NUMBER},
	{"writeback:", MASK_NUMBER},
	{"mapped:", MASK_NUMBER},
	{"shmem:", MASK_NUMBER},
	{"slab_reclaimable:", MASK_NUMBER},
	{"slab_unreclaimable:", MASK_NUMBER},
	{"kernel_stack:", MASK_NUMBER},
	{"pagetables:", MASK_NUMBER},
};

/* Lines inside a report that belong to that kernel alone: stack words and call traces. */
static bool line_of_stack(const struct scan *s)
{
	struct scan t = *s;
	uint64_t word;

	if (!scan_char(&t, ' '))
		return false;
	return scan_word(&t, " [<") || scan_word(&t, "[<") ||
	       (scan_digits(&t, 16, &word) && t.p - s->p >= 9 && (scan_at_end(&t) || *t.p == ' '));
}

/* A report: from a line that has the one text to a line that has the other. */
static const struct {
	const char *from, *to;
} report_bounds[] = {
	{": page allocation failure: order:", " pages reserved"},
	{"WARNING: CPU: ", "---[ end trace "},
	{"vmap allocation for size ", ""},
	{"vmalloc: allocation failure", ""},
};

static bool line_has(const struct scan *s, const char *text)
{
	return memmem(s->p, scan_left(s), text, strlen(text)) != NULL;
}

static bool skip_stamp(struct scan *s)
{
	const char *at = NULL;

	if (!scan_at_end(s) && *s->p == '[')
		at = memmem(s->p, scan_left(s), "] ", 2);
	if (at)
		s->p = at + 2;
	return at != NULL;
}

static void mask_line(struct scan *s, char out[LINE_MAX_LEN])
{
	const char *task = memmem(s->p, scan_left(s), report_bounds[0].from,
				  strlen(report_bounds[0].from));
	bool word_start = true;
	size_t n = 0;

	if (task)
		s->p = task;
	if (line_has(s, " total pagecache pages") || line_has(s, "---[ end trace "))
		s->end = s->p; /* nothing of it is known */
	while (!scan_at_end(s) && n < LINE_MAX_LEN - 1) {
		for (unsigned i = 0; word_start && i < ARRAY_SIZE(masks); i++) {
			uint64_t number;

			if (strlen(masks[i].prefix) > scan_left(s) ||
			    memcmp(s->p, masks[i].prefix, strlen(masks[i].prefix)) != 0)
				continue;
			s->p += strlen(masks[i].prefix);
			n += (size_t)snprintf(out + n, LINE_MAX_LEN - n, "%s*", masks[i].prefix);
			n = min_of(n, (size_t)LINE_MAX_LEN - 1);
			if (masks[i].what == MASK_REST)
				s->p = s->end;
			else
				scan_digits(s, 10, &number);
			break;
		}
		if (scan_at_end(s) || n == LINE_MAX_LEN - 1)
			break;
		word_start = *s->p == ' ';
		out[n++] = *s->p++;
	}
	out[n] = '\0';
}

/*
 * Steps to the next line of the log that is part of a report and compares. @in is the
 * report it is inside of, or -1.
 *
 * Returns: whether there is one; it is in @out, masked.
 */
static bool next_report_line(struct scan *s, int *in, char out[LINE_MAX_LEN])
{
	while (scan_line(s)) {
		skip_stamp(s);
		for (unsigned i = 0; *in < 0 && i < ARRAY_SIZE(report_bounds); i++)
			if (line_has(s, report_bounds[i].from))
				*in = (int)i;
		if (*in < 0 || line_of_stack(s))
			continue;
		if (line_has(s, report_bounds[*in].to))
			*in = -1;
		mask_line(s, out);
		return true;
	}
	return false;
}

/* Each recorded line counts; a line that only one of the two has is a difference. */
static void compare_reports(struct verify *v, const char *text, size_t len)
{
	char kernel[LINE_MAX_LEN], model[LINE_MAX_LEN];
	int in_kernel = -1, in_model = -1;
	bool more = true;
	struct scan s;

	scan_init(&s, text, len);
	while (next_report_line(&v->d.s, &in_kernel, kernel)) {
		bool same;

		more = more && next_report_line(&s, &in_model, model);
		same = more && !strcmp(kernel, model);
		if (!same && verify_first(v))
			verify_tell(v, &v->d.s, kernel, more ? model : "no such line");
		verify_count(v, same ? MATCHED : DIVERGED);
	}
	while (more && next_report_line(&s, &in_model, model)) {
		if (verify_first(v))
			verify_tell(v, &v->d.s, "no such line", model);
		verify_count(v, DIVERGED);
	}
}

/* What the model would have logged with the kernel's state: its own words, and the memory
   of the dump AFTER. */
static void report_after(const struct machine *m, const struct machine *after, struct strbuf *out)
{
	const struct strbuf *log = &m->kmsg;
	const char *mem_info = log->len ? strstr(log->s, "Mem-Info:") : NULL;

	if (!mem_info) {
		strbuf_add(out, strbuf_str(log), log->len);
		return;
	}
	while (mem_info > log->s && mem_info[-1] != '\n')
		mem_info--;
	strbuf_add(out, log->s, (size_t)(mem_info - log->s));
	show_mem(after, out);
}

int verify_messages(struct verify *v, const struct machine *after, bool silent)
{
	struct strbuf text = STRBUF_INIT;

	if (!scan_line(&v->d.s) || !scan_word(&v->d.s, "=== kernel messages") ||
	    v->d.s.next == v->d.s.stop)
		return scan_error(&v->d.s, v->e, "cut off: no kernel messages");
	if (after && !silent)
		report_after(v->m, after, &text);
	else if (!silent)
		strbuf_add(&text, strbuf_str(&v->m->kmsg), v->m->kmsg.len);
	if (text.failed)
		return mm_error(v->e, -ENOMEM, "the host has no memory left");
	compare_reports(v, strbuf_str(&text), text.len);
	strbuf_free(&text);
	return 0;
}
