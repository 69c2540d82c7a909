/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E6: the kernel's reports of corrupted objects against the model's, line by line. Call
 * traces, register and stack words, and who allocated an object are that kernel's own.
 */
#include "verify_slub_debug.h"
#include <ctype.h>
#include <errno.h>
#include <mmsh/slab.h>
#include <stdio.h>
#include <stdlib.h>

/* `[    1.234567] ` before each line. */
static void skip_stamp(struct scan *s)
{
	const char *end = s->p < s->end && *s->p == '[' ? memchr(s->p, ']', scan_left(s)) : NULL;

	if (!end)
		return;
	s->p = end + 1;
	scan_char(s, ' ');
}

static bool begins(const struct scan *s, const char *word)
{
	return scan_left(s) >= strlen(word) && !memcmp(s->p, word, strlen(word));
}

/* Lines that the model does not have, or has in words of its own. */
static bool is_noise(const struct scan *s)
{
	static const char *const words[] = {
		"E6:",	"CPU:",	 "Call Trace:", " [<",	"Modules linked in:", "task:", "EIP:",
		"EAX:", "ESI:",	 " DS:",	"CR0:", "Stack:",	      "Code:", "---[",
		"RIP:", "RAX:",	 "RSP:",	"invalid opcode:", "Oops:",   "------------[",
		"Kernel panic", "kernel BUG at",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (begins(s, words[i]))
			return true;
	return scan_left(s) > 8 && s->p[0] == ' ' && isxdigit((unsigned char)s->p[1]) &&
	       isxdigit((unsigned char)s->p[8]);
}

static bool next_line(struct scan *s)
{
	while (scan_line(s)) {
		skip_stamp(s);
		if (!is_noise(s))
			return true;
	}
	return false;
}

/* Hex dump of @n bytes at @addr, whose text begins at @at: what is not known is blanked in
   both lines. */
static void blank_bytes(const struct slub_debug_verify *sv, vaddr_t addr, char *line, size_t at)
{
	size_t len = strlen(line);

	for (size_t i = 0; i < 16; i++) {
		if (at + 3 * i + 2 > len || slub_byte_known(sv, addr + i))
			continue;
		memset(line + at + 3 * i, '.', 2);
		if (at + 49 + i < len)
			line[at + 49 + i] = '.';
	}
}

static void blank_hex(const struct slub_debug_verify *sv, char *line)
{
	static const char *const parts[] = {"Bytes b4 ", "Object ", "Redzone ", "Padding "};

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t n = strlen(parts[i]);
		char *end;
		vaddr_t addr;

		if (strncmp(line, parts[i], n) != 0)
			continue;
		addr = strtoull(line + n, &end, 16);
		if (end[0] == ':' && end[1] == ' ')
			blank_bytes(sv, addr, line, (size_t)(end + 2 - line));
	}
}

/* Only what both can know stays. */
static void mask_line(const struct slub_debug_verify *sv, const struct scan *s, char *line,
		      size_t size)
{
	char *fp;

	snprintf(line, size, "%.*s", (int)min_of(scan_left(s), size - 1), s->p);
	if (!strncmp(line, "INFO: Allocated in ", 19))
		line[19] = '\0';
	if (!strncmp(line, "INFO: Freed in ", 15))
		line[15] = '\0';
	if (!strncmp(line, "INFO: Object 0x", 15)) {
		vaddr_t object = strtoull(line + 15, NULL, 16);

		fp = strstr(line, " fp=");
		if (fp && sv->cache && !slub_byte_known(sv, object + sv->cache->offset))
			*fp = '\0';
	}
	blank_hex(sv, line);
}

/* The first report of a boot says "Not tainted". */
static void take_taint(struct slub_debug_verify *sv)
{
	struct scan s = sv->v->d.s;
	bool tainted = false;

	while (next_line(&s))
		if (begins(&s, "BUG ")) {
			tainted = !memmem(s.p, scan_left(&s), "(Not tainted)", 13);
			break;
		}
	sv->tainted = tainted;
}

/* Reports are compared when all is done: the model's taint is put into its text. */
static void put_taint(const struct slub_debug_verify *sv, char *line, size_t size)
{
	static const char not[] = "(Not tainted)", yes[] = "(Tainted: G    B          )";
	char *at = sv->tainted ? strstr(line, not) : NULL;
	char buf[512];

	if (!at || strncmp(line, "BUG ", 4) != 0)
		return;
	snprintf(buf, sizeof(buf), "%.*s%s%s", (int)(at - line), line, yes, at + strlen(not));
	snprintf(line, size, "%s", buf);
}

static bool model_line(struct slub_debug_verify *sv, struct scan *model, char *line, size_t size)
{
	while (next_line(model)) {
		if (sv->tainted && begins(model, "Disabling lock debugging"))
			continue;
		mask_line(sv, model, line, size);
		put_taint(sv, line, size);
		return true;
	}
	line[0] = '\0';
	return false;
}

int verify_slub_messages(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s, model;
	const struct strbuf *log = &sv->v->m->kmsg;
	char kernel[512], mine[512];

	take_taint(sv);
	trace_buffer_reset(&sv->v->trace);
	scan_init(&model, strbuf_str(log), log->len);
	while (next_line(s)) {
		bool more = model_line(sv, &model, mine, sizeof(mine)), same;

		mask_line(sv, s, kernel, sizeof(kernel));
		same = more && !strcmp(kernel, mine);
		if (!same && verify_first(sv->v))
			verify_tell(sv->v, s, kernel, more ? mine : "no more messages");
		verify_count(sv->v, same ? MATCHED : DIVERGED);
	}
	while (model_line(sv, &model, mine, sizeof(mine))) {
		if (verify_first(sv->v))
			verify_tell(sv->v, s, "no more messages", mine);
		verify_count(sv->v, DIVERGED);
	}
	return 0;
}
