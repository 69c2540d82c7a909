/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free

#define END (-1)

void lexer_init(struct lexer *lx, int (*more)(struct lexer *, bool), void *arg)
{
	*lx = (struct lexer){.more = more, .arg = arg};
	obstack_init(&lx->pool);
	lx->pool_start = obstack_alloc(&lx->pool, 1);
}

void lexer_free(struct lexer *lx)
{
	obstack_free(&lx->pool, NULL);
	strbuf_free(&lx->text);
	strbuf_free(&lx->scratch);
}

static int __attribute__((format(printf, 3, 4)))
lex_error(struct lexer *lx, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(lx->error, sizeof(lx->error), fmt, ap);
	va_end(ap);
	lx->error_line = line;
	return -EINVAL;
}

static int peek(const struct lexer *lx)
{
	return lx->pos < lx->text.len ? (unsigned char)lx->text.s[lx->pos] : END;
}

static int peek2(const struct lexer *lx)
{
	return lx->pos + 1 < lx->text.len ? (unsigned char)lx->text.s[lx->pos + 1] : END;
}

/* More lines are needed for what began in line @line. */
static int need_more(struct lexer *lx, unsigned line, const char *what)
{
	size_t before = lx->text.len;
	int r = lx->more(lx, false);

	if (r < 0)
		return -EINTR;
	if (r == 0)
		return lex_error(lx, line, "%s is never closed", what);
	if (lx->text.failed)
		return lex_error(lx, line, "out of memory");
	if (lx->text.len > MAX_COMMAND_TEXT)
		return lex_error(lx, line, "a command of more than %zu MB", MAX_COMMAND_TEXT >> 20);
	if (memchr(lx->text.s + before, '\0', lx->text.len - before))
		return lex_error(lx, lx->line, "a NUL byte: this is no text");
	return 0;
}

static void skip_comment(struct lexer *lx)
{
	while (peek(lx) != END && peek(lx) != '\n')
		lx->pos++;
}

/* Past a backslash and a newline. */
static int next_line(struct lexer *lx)
{
	lx->pos += 2;
	lx->line++;
	return peek(lx) == END && lx->more(lx, false) < 0 ? -EINTR : 0;
}

/* Spaces, comments and continued lines. */
static int skip_blank(struct lexer *lx)
{
	for (;;) {
		int c = peek(lx);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
			lx->pos++;
		} else if (c == '#') {
			skip_comment(lx);
		} else if (c == '\\' && peek2(lx) == '\n') {
			if (next_line(lx))
				return -EINTR;
		} else {
			return 0;
		}
	}
}

static int lex_single(struct lexer *lx)
{
	unsigned line = lx->line;

	for (lx->pos++;; lx->pos++) {
		int c = peek(lx);

		if (c == END) {
			int r = need_more(lx, line, "the ' quote");

			if (r)
				return r;
			c = peek(lx);
		}
		if (c == '\'')
			break;
		if (c == '\n')
			lx->line++;
		strbuf_addc(&lx->scratch, (char)c);
	}
	lx->pos++;
	return 0;
}

/* In double quotes a backslash takes its meaning from " \ $ and a newline. */
static int lex_double(struct lexer *lx, bool *literal)
{
	unsigned line = lx->line;

	for (lx->pos++;; lx->pos++) {
		int c = peek(lx);

		if (c == END) {
			int r = need_more(lx, line, "the \" quote");

			if (r)
				return r;
			c = peek(lx);
		}
		if (c == '"')
			break;
		if (c == '\\' && (peek2(lx) == '"' || peek2(lx) == '\\' || peek2(lx) == '$')) {
			lx->pos++;
			c = peek(lx);
			*literal |= c == '$';
		} else if (c == '\\' && peek2(lx) == '\n') {
			lx->pos++;
			lx->line++;
			continue;
		} else if (c == '\n') {
			lx->line++;
		}
		strbuf_addc(&lx->scratch, (char)c);
	}
	lx->pos++;
	return 0;
}

static bool ends_word(int c, unsigned depth)
{
	switch (c) {
	case END:
	case ' ':
	case '\t':
	case '\r':
	case '\f':
	case '\v':
	case '\n':
	case ';':
		return true;
	case '}':
		return depth > 0;
	default:
		return false;
	}
}

static int set_text(struct lexer *lx, struct word *w, const char *s, size_t len)
{
	w->text = obstack_copy0(&lx->pool, s, (int)len);
	w->len = len;
	return 0;
}

static int lex_text(struct lexer *lx, unsigned depth, struct word *w)
{
	size_t start = lx->pos;
	int c, r = 0;

	/* Nearly all words are plain: one copy. */
	while (c = peek(lx), !ends_word(c, depth) && c != '\'' && c != '"' && c != '\\')
		lx->pos++;
	if (ends_word(c, depth))
		return set_text(lx, w, lx->text.s + start, lx->pos - start);

	strbuf_reset(&lx->scratch);
	strbuf_add(&lx->scratch, lx->text.s + start, lx->pos - start);
	while (!r && !ends_word(c = peek(lx), depth)) {
		if (c == '\'') {
			w->quoted = w->literal = true;
			r = lex_single(lx);
		} else if (c == '"') {
			w->quoted = true;
			r = lex_double(lx, &w->literal);
		} else if (c == '\\' && peek2(lx) == '\n') {
			r = next_line(lx);
		} else if (c == '\\' && peek2(lx) != END) {
			w->quoted = w->literal = true;
			strbuf_addc(&lx->scratch, (char)peek2(lx));
			lx->pos += 2;
		} else {
			strbuf_addc(&lx->scratch, (char)c);
			lx->pos++;
		}
	}
	if (lx->scratch.failed)
		return lex_error(lx, lx->line, "out of memory");
	return r ? r : set_text(lx, w, strbuf_str(&lx->scratch), lx->scratch.len);
}

/* Text for the host's shell, as it stands: to the end of the line, an unquoted `;`, the
   end of the block. */
static int lex_raw(struct lexer *lx, unsigned depth, struct word *w)
{
	size_t start;
	int quote = 0, c;

	lx->pos++;
	while (peek(lx) == ' ' || peek(lx) == '\t')
		lx->pos++;
	start = lx->pos;
	while (c = peek(lx), c != END && c != '\n') {
		if (quote) {
			if (c == '\\' && quote == '"' && peek2(lx) != '\n')
				lx->pos++;
			else if (c == quote)
				quote = 0;
		} else if (c == '\'' || c == '"') {
			quote = c;
		} else if (c == '\\' && peek2(lx) != '\n' && peek2(lx) != END) {
			lx->pos++;
		} else if (c == ';' || (c == '}' && depth > 0)) {
			break;
		}
		lx->pos++;
	}
	set_text(lx, w, lx->text.s + start, lx->pos - start);
	if (w->len == 0)
		return lex_error(lx, lx->line, "no command after %c",
				 w->type == WORD_PIPE ? '|' : '!');
	return 0;
}

static int parse_list(struct lexer *lx, unsigned depth, struct statement **list);

static int lex_block(struct lexer *lx, unsigned depth, struct word *w)
{
	unsigned line = lx->line;

	if (depth >= MAX_BLOCK_DEPTH)
		return lex_error(lx, line, "blocks nested more than %d deep", MAX_BLOCK_DEPTH);
	lx->pos++;
	w->type = WORD_BLOCK;
	w->text = "{";
	w->len = 1;
	return parse_list(lx, depth + 1, &w->block);
}

static int lex_word(struct lexer *lx, unsigned depth, bool first, struct word *w)
{
	int c = peek(lx), next = peek2(lx);

	*w = (struct word){.type = WORD_TEXT, .start = lx->pos, .line = lx->line};
	if (c == '{')
		return lex_block(lx, depth, w);
	if (c == '}')
		return lex_error(lx, lx->line, "} without {");
	if (c == '|' && next != ' ' && next != '\t' && next != '\n')
		return lex_error(lx, lx->line,
				 "| pipes to a host command and has blanks around "
				 "it; flags are joined without any");
	/* `!` begins a statement, or stands alone: `repeat 3 ! date`. */
	if (c == '|' || (c == '!' && next != '=' && (first || next == ' ' || next == '\t'))) {
		w->type = c == '|' ? WORD_PIPE : WORD_HOST;
		return lex_raw(lx, depth, w);
	}
	if (c == '>' && next != '=') {
		w->type = next == '>' ? WORD_APPEND : WORD_WRITE;
		lx->pos += next == '>' ? 2 : 1;
		w->text = next == '>' ? ">>" : ">";
		w->len = strlen(w->text);
		return 0;
	}
	return lex_text(lx, depth, w);
}

static int parse_statement(struct lexer *lx, unsigned depth, struct statement **out)
{
	struct statement *st = obstack_alloc(&lx->pool, sizeof(*st));
	struct word fixed[16], *w = fixed;
	unsigned cap = ARRAY_SIZE(fixed);
	int r = 0;

	*st = (struct statement){0};
	for (;;) {
		int c;

		if (skip_blank(lx))
			r = -EINTR;
		c = peek(lx);
		if (r || c == END || c == '\n' || c == ';' || (c == '}' && depth > 0))
			break;
		if (st->n == cap) {
			struct word *more =
				reallocarray(w == fixed ? NULL : w, cap *= 2, sizeof(*w));

			if (!more) {
				r = lex_error(lx, lx->line, "out of memory");
				break;
			}
			if (w == fixed)
				memcpy(more, fixed, sizeof(fixed));
			w = more;
		}
		r = lex_word(lx, depth, st->n == 0, &w[st->n]);
		if (r)
			break;
		w[st->n++].end = lx->pos;
	}
	if (!r)
		st->words = obstack_copy(&lx->pool, w, (int)(st->n * sizeof(*w)));
	if (w != fixed)
		free(w);
	*out = st;
	return r;
}

/* Statements up to the end of the line, in a block up to its `}`. */
static int parse_list(struct lexer *lx, unsigned depth, struct statement **list)
{
	struct statement **tail = list;
	unsigned line = lx->line;
	char what[48];
	int r;

	*list = NULL;
	for (;;) {
		r = skip_blank(lx);
		if (r)
			return r;
		switch (peek(lx)) {
		case END:
			if (depth == 0)
				return 0;
			snprintf(what, sizeof(what), "the { of line %u", line);
			r = need_more(lx, line, what);
			break;
		case '\n':
			lx->line++;
			/* fall through */
		case ';':
			lx->pos++;
			break;
		case '}':
			if (depth > 0) {
				lx->pos++;
				return 0;
			}
			/* fall through */
		default:
			r = parse_statement(lx, depth, tail);
			if (!r)
				tail = &(*tail)->next;
			break;
		}
		if (r)
			return r;
	}
}

int lexer_next(struct lexer *lx, struct statement **list)
{
	int r;

	obstack_free(&lx->pool, lx->pool_start);
	lx->pool_start = obstack_alloc(&lx->pool, 1);
	strbuf_reset(&lx->text);
	lx->pos = 0;
	lx->error[0] = '\0';
	lx->line++;
	r = lx->more(lx, true);
	if (r <= 0)
		return r < 0 ? -EINTR : 0;
	if (lx->text.failed)
		return lex_error(lx, lx->line, "out of memory");
	if (lx->text.len > MAX_COMMAND_TEXT)
		return lex_error(lx, lx->line, "a line of more than %zu MB",
				 MAX_COMMAND_TEXT >> 20);
	if (memchr(lx->text.s, '\0', lx->text.len))
		return lex_error(lx, lx->line, "a NUL byte: this is no text");
	r = parse_list(lx, 0, list);
	if (r)
		return r;
	/* The last newline was counted: the next call counts its line itself. */
	lx->line--;
	return 1;
}
