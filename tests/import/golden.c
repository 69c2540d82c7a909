/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings under tests/golden, and texts made from them. */
#include "golden.h"
#include <check.h>
#include <mmsh/state.h>
#include <stdio.h>
#include <string.h>

const char *golden_path(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/tests/golden/%s", TEST_SRCDIR, name);
	return path;
}

struct strbuf golden(const char *name)
{
	struct strbuf text = STRBUF_INIT;
	struct mm_error e;

	ck_assert_msg(!read_file(golden_path(name), &text, &e), "%s", e.text);
	return text;
}

void edit(struct strbuf *text, const char *after, const char *from, const char *to)
{
	struct strbuf out = STRBUF_INIT;
	char *at = strstr(text->s, after);

	if (at)
		at = strstr(at, from);
	ck_assert_msg(at != NULL, "no '%s' after '%s'", from, after);
	strbuf_add(&out, text->s, (size_t)(at - text->s));
	strbuf_adds(&out, to);
	strbuf_adds(&out, at + strlen(from));
	strbuf_free(text);
	*text = out;
}
