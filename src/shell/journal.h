/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands of the session, as typed: what `save` writes, what `diff` runs
 * again, and the words that tell which command made or freed a page.
 */
#ifndef SHELL_JOURNAL_H
#define SHELL_JOURNAL_H

#include <mmsh/base.h>

struct shell;

/* A piece of journal.texts. */
struct span {
	uint32_t off, len;
};

struct journal_entry {
	struct span text;
	uint16_t err; /* it failed with this errno */
	bool machine; /* it brought a new machine */
	bool changed; /* it changed the machine */
};

struct journal {
	struct strbuf texts;
	struct journal_entry *entry;
	size_t n, cap;
	size_t base; /* where the running command's text lies, less its place in the lexer's */
};

/* Remembers a command's text. */
struct span journal_text(struct journal *j, const char *s, size_t len);
void journal_add(struct journal *j, struct journal_entry e);
void journal_free(struct journal *j);
/* The first line of the text, for messages: `alloc 3`. In @buf. */
const char *journal_str(const struct journal *j, struct span s, char *buf, size_t size);

/* The session as a script. */
void journal_script(const struct journal *j, struct strbuf *out);

/*
 * journal_replay - a second session that did all but the last change
 *
 * Returns: the session, to be freed; NULL with the error set when the last
 * change brought a new machine, or there was none.
 */
struct shell *journal_replay(struct shell *sh);

#endif
