/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of steps: a row's words with the event's numbers in them. */
#include "why_story.h"
#include <string.h>

typedef unsigned long long ull;

static int64_t number(const struct trace_event *ev, char letter)
{
	const int64_t n[] = {ev->a, ev->b, ev->c, ev->d};

	return n[(letter | 0x20) - 'a'];
}

/* Returns: false when it is no letter of an event's number. */
static bool put_number(struct story *s, const struct trace_event *ev, char letter)
{
	const char *name;

	if (letter >= 'a' && letter <= 'd') {
		strbuf_addf(s->out, "%lld", (long long)number(ev, letter));
	} else if (letter >= 'A' && letter <= 'D') {
		strbuf_addf(s->out, "0x%llx", (ull)number(ev, letter));
	} else if (letter >= 's' && letter <= 'u') {
		strbuf_adds(s->out, number(ev, (char)(letter - 's' + 'a')) == 1 ? "" : "s");
	} else if (letter == 'p' || letter == 'q') {
		strbuf_addf(s->out, "%u", letter == 'p' ? ev->pfn : ev->pfn2);
	} else if (letter == 'o') {
		strbuf_addf(s->out, "%u", ev->order);
	} else if (letter == 'e') {
		name = strerrorname_np(ev->order);
		strbuf_adds(s->out, name ? name : "?");
	} else {
		return false;
	}
	return true;
}

void story_text(struct story *s, const char *text,
		void (*put)(struct story *s, const struct trace_event *ev, char letter))
{
	const struct trace_event *ev = s->ev;

	for (; *text; text++) {
		if (*text != '%')
			strbuf_addc(s->out, *text);
		else if (!put_number(s, ev, *++text) && put)
			put(s, ev, *text);
	}
}
