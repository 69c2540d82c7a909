/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell.h"
#include "util.h"

struct span journal_text(struct journal *j, const char *s, size_t len)
{
	struct span span = {.off = (uint32_t)j->texts.len, .len = (uint32_t)len};

	strbuf_add(&j->texts, s, len);
	return span;
}

void journal_add(struct journal *j, struct journal_entry e)
{
	grow(j->entry, j->n, j->cap);
	j->entry[j->n++] = e;
}

void journal_free(struct journal *j)
{
	strbuf_free(&j->texts);
	free(j->entry);
}

const char *journal_str(const struct journal *j, struct span s, char *buf, size_t size)
{
	const char *text = j->texts.s + s.off;
	const char *nl = memchr(text, '\n', s.len);
	size_t len = nl ? (size_t)(nl - text) : s.len;

	if (len < size && !nl)
		snprintf(buf, size, "%.*s", (int)len, text);
	else
		snprintf(buf, size, "%.*s...", (int)min_of(len, size - 4), text);
	return buf;
}

static void add_entry(const struct journal *j, const struct journal_entry *e, struct strbuf *out)
{
	/* A command that failed did so for good reason: the script expects it to. */
	if (e->err)
		strbuf_addf(out, "expect error %s ", errno_name(e->err));
	strbuf_add(out, j->texts.s + e->text.off, e->text.len);
	strbuf_addc(out, '\n');
}

void journal_script(const struct journal *j, struct strbuf *out)
{
	for (size_t i = 0; i < j->n; i++)
		add_entry(j, &j->entry[i], out);
}

struct shell *journal_replay(struct shell *sh)
{
	const struct journal *j = &sh->journal;
	struct strbuf text = STRBUF_INIT;
	struct shell *past;
	size_t last = j->n, first;

	while (last > 0 && !j->entry[last - 1].changed && !j->entry[last - 1].machine)
		last--;
	if (last == 0 || j->entry[last - 1].machine) {
		cmd_fail(sh, ENOENT, last ? "nothing changed since boot" : "nothing changed yet");
		return NULL;
	}
	last--;
	for (first = last; first > 0 && !j->entry[first].machine; first--)
		;
	past = shell_new();
	if (!past) {
		cmd_fail(sh, ENOMEM, "out of memory");
		return NULL;
	}
	past->replay = past->silent = past->set.quiet = past->set.keep_going = true;
	past->safe = sh->safe;
	past->seed = sh->seed;
	for (size_t i = first; i < last; i++)
		add_entry(j, &j->entry[i], &text);
	run_text(past, "session", strbuf_str(&text), text.len);
	strbuf_free(&text);
	if (!past->m) {
		shell_free(past);
		cmd_fail(sh, EPROTO, "the session could not be repeated");
		return NULL;
	}
	return past;
}
