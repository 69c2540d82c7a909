/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the trace and the steps of E9: lines to records, nothing is done with them. */
#include "faults_text.h"
#include <errno.h>
#include <mmsh/page_alloc.h>
#include <stdio.h>

/* ---- the trace ---- */

static bool scan_gfp(struct scan *s, uint32_t *gfp)
{
	*gfp = 0;
	for (;;) {
		const char *word;
		char name[48];
		gfp_t one;
		size_t n = 0;

		word = s->p;
		while (s->p < s->end && *s->p != '|' && *s->p != ' ') {
			s->p++;
			n++;
		}
		if (n >= 40)
			return false;
		/* the trace drops the underscores of single flags */
		snprintf(name, sizeof(name), "%.*s", (int)n, word);
		if (gfp_parse(name, &one, NULL)) {
			snprintf(name, sizeof(name), "__%.*s", (int)n, word);
			if (gfp_parse(name, &one, NULL))
				return false;
		}
		*gfp |= one;
		if (!scan_char(s, '|'))
			return true;
	}
}

/* "page=ADDR pfn=N order=N"; there may be blanks before (null). */
static bool scan_page(struct scan *s, struct page_event *ev)
{
	bool none;

	if (!scan_word(s, "page="))
		return false;
	scan_blanks(s);
	none = scan_word(s, "(null)");
	while (s->p < s->end && *s->p != ' ')
		s->p++;
	if (!scan_word(s, " pfn=") || !scan_u32(s, &ev->pfn) || !scan_word(s, " order=") ||
	    !scan_u32(s, &ev->order) || ev->pfn == PFN_NONE || ev->order >= MAX_ORDER)
		return false;
	if (none)
		ev->pfn = PFN_NONE;
	return true;
}

static int parse_page(struct scan *s, struct trace_line *t, struct mm_error *e)
{
	uint32_t mt;

	t->kind = LINE_PAGE;
	if (!scan_page(s, &t->page) || (!t->page.alloc && t->page.pfn == PFN_NONE))
		return scan_error(s, e, "not an event of a page");
	if (t->page.alloc && (!scan_word(s, " migratetype=") || !scan_u32(s, &mt) ||
			      !scan_word(s, " gfp_flags=") || !scan_gfp(s, &t->page.gfp)))
		return scan_error(s, e, "not an allocation");
	return 0;
}

/* "page=ADDR pfn=N order=0 cold=1" */
static int parse_cold(struct scan *s, struct trace_line *t, struct mm_error *e)
{
	if (!scan_page(s, &t->page) || t->page.pfn == PFN_NONE || !scan_word(s, " cold="))
		return scan_error(s, e, "not an event of a page");
	if (scan_char(s, '1'))
		t->kind = LINE_COLD;
	return 0;
}

/* "[000] d...     1.020346: " at @s. */
static bool scan_clock(struct scan *s, struct trace_line *t)
{
	uint32_t sec, usec;
	const char *word;

	if (!scan_char(s, '[') || !scan_u32(s, &t->cpu) || !scan_char(s, ']'))
		return false;
	scan_blanks(s);
	scan_until(s, ' ', &word); /* latency flags */
	scan_blanks(s);
	if (!scan_u32(s, &sec) || !scan_char(s, '.') || !scan_u32(s, &usec) || usec > 999999 ||
	    !scan_word(s, ": "))
		return false;
	t->usec = sec * 1000000ull + usec;
	return true;
}

/* The name of a task may hold anything: what follows it is looked for. */
static bool scan_head(struct scan *s, struct trace_line *t)
{
	const char *bracket;

	while (scan_until(s, '[', &bracket), !scan_at_end(s)) {
		struct scan try = *s;

		if (scan_clock(&try, t)) {
			*s = try;
			return true;
		}
		s->p++;
	}
	return false;
}

int trace_line_parse(struct scan *s, struct trace_line *t, struct mm_error *e)
{
	*t = (struct trace_line){0};
	if (scan_at_end(s) || *s->p == '#')
		return 0;
	if (scan_word(s, "CPU:"))
		return scan_error(s, e, "the trace lost events here");
	if (!scan_head(s, t))
		return scan_error(s, e, "not a line of a trace");
	if (scan_word(s, "tracing_mark_write: ")) {
		t->kind = LINE_STEP;
		return 0;
	}
	if (scan_word(s, "mm_page_free_batched: "))
		return parse_cold(s, t, e);
	t->page.alloc = scan_word(s, "mm_page_alloc: ");
	return t->page.alloc || scan_word(s, "mm_page_free: ") ? parse_page(s, t, e) : 0;
}

bool scan_step_pid(struct scan *s, const char *word, int *pid)
{
	uint32_t n;

	if (!scan_key(s, word) || !scan_word(s, " pid=") || !scan_u32(s, &n) || !n || n > INT32_MAX ||
	    !scan_char(s, ' '))
		return false;
	*pid = (int)n;
	return true;
}

/* ---- steps ---- */

bool scan_area_name(struct scan *s, char name[AREA_NAME])
{
	const char *word;
	size_t n;

	if (!scan_word(s, "area="))
		return false;
	n = scan_until(s, ' ', &word);
	n = strcspn(word, ". \n") < n ? strcspn(word, ". \n") : n;
	if (!n || n >= AREA_NAME)
		return false;
	snprintf(name, AREA_NAME, "%.*s", (int)n, word);
	return true;
}

static const struct {
	const char *word;
	enum step_kind kind;
} step_words[] = {
	/* those that begin like another come first */
	{"dontneed done", STEP_NOTE}, {"mmapped", STEP_NOTE}, {"unmapped", STEP_NOTE}, {"written", STEP_NOTE},
	{"started", STEP_NOTE},	      {"mmap ", STEP_MMAP},   {"remap ", STEP_REMAP},  {"write ", STEP_WRITE},
	{"read ", STEP_READ},	      {"unmap ", STEP_UNMAP}, {"dontneed ", STEP_DONTNEED},
	{"fork", STEP_FORK},	      {"reaped", STEP_REAPED}, {"exit", STEP_EXIT},    {"end", STEP_EXIT},
};

/* One word of what is said of an area: "even", "0..31", "order=descending", "every 3rd". */
static bool scan_part(struct scan *s, struct step *st)
{
	uint32_t n;

	if (!scan_word(s, "pages="))
		scan_word(s, "order=");
	if (scan_word(s, "all") || scan_word(s, "holes") || scan_word(s, "ascending"))
		return true;
	if (scan_word(s, "descending"))
		return st->descending = true;
	if (scan_word(s, "shuffled"))
		return st->shuffled = true;
	if (scan_word(s, "even") || scan_word(s, "odd")) {
		st->from = s->p[-1] == 'd';
		st->step = 2;
		return true;
	}
	if (scan_word(s, "every ")) {
		if (!scan_u32(s, &st->step) || !st->step)
			return false;
		while (s->p < s->end && *s->p != ' ')
			s->p++;
		return true;
	}
	if (!scan_u32(s, &n))
		return false;
	if (!scan_word(s, "..")) {
		st->pages = n;
		return n && (st->kind == STEP_MMAP || st->kind == STEP_REMAP);
	}
	st->from = n;
	if (!scan_u32(s, &n) || n < st->from || n == UINT32_MAX)
		return false;
	st->to = n + 1;
	return true;
}

int step_parse(struct scan *s, struct step *st, struct mm_error *e)
{
	unsigned i = 0;

	*st = (struct step){.to = UINT32_MAX, .step = 1};
	if (!scan_word(s, "child "))
		scan_word(s, "parent ");
	while (i < ARRAY_SIZE(step_words) && !scan_key(s, step_words[i].word))
		i++;
	if (i == ARRAY_SIZE(step_words))
		return scan_error(s, e, "not a step that is known");
	st->kind = step_words[i].kind;
	if (st->kind < STEP_MMAP || st->kind > STEP_DONTNEED)
		return 0;
	if (!scan_area_name(s, st->area))
		return scan_error(s, e, "expects area= and a name of at most %d letters", AREA_NAME - 1);
	while (scan_blanks(s), !scan_at_end(s) && *s->p != '(') /* a remark */
		if (!scan_part(s, st) || (!scan_at_end(s) && *s->p != ' '))
			return scan_error(s, e, "not a part of an area that is known");
	if ((st->kind == STEP_MMAP || st->kind == STEP_REMAP) && !st->pages)
		return scan_error(s, e, "expects pages=");
	return 0;
}

/* ---- what a program saw ---- */

bool scan_pfns(struct scan *s, struct pfns_line *l)
{
	const char *word;

	if (!scan_word(s, "pid="))
		return false;
	scan_until(s, ' ', &word);
	return scan_char(s, ' ') && scan_area_name(s, l->area) && scan_word(s, " base=") &&
	       scan_u64(s, &l->base) && scan_word(s, " pages=") && scan_u32(s, &l->pages) &&
	       scan_word(s, " pfns=");
}
