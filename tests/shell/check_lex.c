/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"

#include <errno.h>
#include <string.h>

#include "shell/lex.h"

struct text {
	const char *next;
};

static int next_line(struct lexer *lx, bool first)
{
	struct text *t = lx->arg;
	size_t len = strcspn(t->next, "\n");

	(void)first;
	if (!*t->next)
		return 0;
	strbuf_add(&lx->text, t->next, len);
	strbuf_addc(&lx->text, '\n');
	t->next += len + (t->next[len] == '\n');
	return 1;
}

static void show_list(const struct statement *st, struct strbuf *out);

/* Words in [ ], each kind with its sign. */
static void show_word(const struct word *w, struct strbuf *out)
{
	static const char *const signs[] = {
		[WORD_TEXT] = "",  [WORD_PIPE] = "|",  [WORD_HOST] = "!",
		[WORD_WRITE] = "", [WORD_APPEND] = "", [WORD_BLOCK] = "",
	};

	if (w->type == WORD_BLOCK) {
		strbuf_adds(out, "{");
		show_list(w->block, out);
		strbuf_adds(out, "}");
		return;
	}
	strbuf_addf(out, "[%s%s%s%s]", signs[w->type], w->text, w->quoted ? "'q" : "",
		    w->literal ? "l" : "");
}

static void show_list(const struct statement *st, struct strbuf *out)
{
	for (; st; st = st->next) {
		for (unsigned i = 0; i < st->n; i++)
			show_word(&st->words[i], out);
		strbuf_adds(out, st->next ? ";" : "");
	}
}

/* All statements of @text; lines are parted by /, an error ends it. */
static void lex_all(const char *text, struct strbuf *out)
{
	struct text t = {text};
	struct statement *list;
	struct lexer lx;
	int r;

	lexer_init(&lx, next_line, &t);
	while ((r = lexer_next(&lx, &list)) > 0) {
		show_list(list, out);
		strbuf_addc(out, '/');
	}
	if (r < 0)
		strbuf_addf(out, "%u: %s", lx.error_line, lx.error);
	lexer_free(&lx);
}

static const struct {
	const char *text, *words;
} cases[] = {
	{"", ""},
	{"\n# only a comment\n", "//"},
	{"alloc 3", "[alloc][3]/"},
	{"  alloc\t3  # three\n", "[alloc][3]/"},
	{"a;b ; c;;", "[a];[b];[c]/"},
	{"a#b #c", "[a#b]/"},
	{"a 'b c' \"d e\"", "[a][b c'ql][d e'q]/"},
	{"a''b 'x'\"y\"z", "[ab'ql][xyz'ql]/"},
	{"'a\nb' c\nd", "[a\nb'ql][c]/[d]/"},
	{"\"$x\" '$x' \\$x \"\\$x\"", "[$x'q][$x'ql][$x'ql][$x'ql]/"},
	{"\"a\\\"b\\\\c\\d\"", "[a\"b\\c\\d'q]/"},
	{"a\\ b\\;c", "[a b;c'ql]/"},
	{"al\\\nloc 3\nx", "[alloc][3]/[x]/"},
	{"a \\\n  b\nc", "[a][b]/[c]/"},
	{"\"a\\\nb\"", "[ab'q]/"},
	{"repeat 3 { a; b }", "[repeat][3]{[a];[b]}/"},
	{"repeat 3 {\n a # x }\n\n b\n}\nc", "[repeat][3]{[a];[b]}/[c]/"},
	{"r {a} ;b", "[r]{[a]};[b]/"},
	{"r { r { a } ; b }", "[r]{[r]{[a]};[b]}/"},
	{"r { }", "[r]{}/"},
	{"a | head -1 | wc -l", "[a][|head -1 | wc -l]/"},
	{"a | grep 'x;y' ; b", "[a][|grep 'x;y' ];[b]/"},
	{"r { a | cat }", "[r]{[a][|cat ]}/"},
	{"! ls | wc; a", "[!ls | wc];[a]/"},
	{"repeat 2 ! ls", "[repeat][2][!ls]/"},
	{"e wow!", "[e][wow!]/"},
	{"a > f", "[a][>][f]/"},
	{"a >>f", "[a][>>][f]/"},
	{"p 1 >= 2", "[p][1][>=][2]/"},
	{"GFP_A|__GFP_B", "[GFP_A|__GFP_B]/"},
	{"x = alloc 3", "[x][=][alloc][3]/"},
	{"a\r\nb\r\n", "[a]/[b]/"},
	{"no newline\\", "[no][newline]/"},
	/* what is refused, with the line it is about */
	{"a\nb 'c\nd", "[a]/2: the ' quote is never closed"},
	{"a \"b", "1: the \" quote is never closed"},
	{"a\nr {\nb\n", "[a]/2: the { of line 2 is never closed"},
	{"a }", "1: } without {"},
	{"}", "1: } without {"},
	{"a |", "1: no command after |"},
	{"!", "1: no command after !"},
	{"a GFP_A |__GFP_B",
	 "1: | pipes to a host command and has blanks around it; flags are joined without any"},
};

START_TEST(words)
{
	struct strbuf out = STRBUF_INIT;

	lex_all(cases[_i].text, &out);
	ck_assert_str_eq(strbuf_str(&out), cases[_i].words);
	strbuf_free(&out);
}
END_TEST

START_TEST(line_numbers)
{
	struct text t = {"a\n\nb \\\nc\nr {\n d\n e }; f\n"};
	struct statement *list;
	struct lexer lx;

	lexer_init(&lx, next_line, &t);
	ck_assert_int_eq(lexer_next(&lx, &list), 1);
	ck_assert_uint_eq(list->words[0].line, 1);
	ck_assert_int_eq(lexer_next(&lx, &list), 1);
	ck_assert_ptr_null(list);
	ck_assert_int_eq(lexer_next(&lx, &list), 1);
	ck_assert_uint_eq(list->words[0].line, 3);
	ck_assert_uint_eq(list->words[1].line, 4);
	ck_assert_int_eq(lexer_next(&lx, &list), 1);
	ck_assert_uint_eq(list->words[1].block->words[0].line, 6);
	ck_assert_uint_eq(list->words[1].block->next->words[0].line, 7);
	ck_assert_uint_eq(list->next->words[0].line, 7);
	ck_assert_int_eq(lexer_next(&lx, &list), 0);
	lexer_free(&lx);
}
END_TEST

/* A statement knows where its text stands. */
START_TEST(text_of_words)
{
	struct text t = {"  x = alloc '3'  ; free $x # all\n"};
	struct statement *list;
	struct lexer lx;

	lexer_init(&lx, next_line, &t);
	ck_assert_int_eq(lexer_next(&lx, &list), 1);
	ck_assert_int_eq(strncmp(lx.text.s + list->words[0].start, "x = alloc '3'", 13), 0);
	ck_assert_uint_eq(list->words[3].end - list->words[0].start, 13);
	list = list->next;
	ck_assert_uint_eq(list->words[1].end - list->words[0].start, strlen("free $x"));
	lexer_free(&lx);
}
END_TEST

START_TEST(many_words)
{
	struct strbuf text = STRBUF_INIT;
	struct statement *list;
	struct lexer lx;
	struct text t;

	for (int i = 0; i < 100000; i++)
		strbuf_addf(&text, "w%d ", i);
	t.next = strbuf_str(&text);
	lexer_init(&lx, next_line, &t);
	ck_assert_int_eq(lexer_next(&lx, &list), 1);
	ck_assert_uint_eq(list->n, 100000);
	ck_assert_str_eq(list->words[99999].text, "w99999");
	lexer_free(&lx);
	strbuf_free(&text);
}
END_TEST

START_TEST(deep_blocks)
{
	struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;

	for (int i = 0; i < 100000; i++)
		strbuf_adds(&text, "{ ");
	lex_all(strbuf_str(&text), &out);
	ck_assert_str_eq(strbuf_str(&out), "1: blocks nested more than 64 deep");
	strbuf_free(&text);
	strbuf_free(&out);
}
END_TEST

static int binary_line(struct lexer *lx, bool first)
{
	(void)first;
	strbuf_add(&lx->text, "a\0b\n", 4);
	return 1;
}

static int long_line(struct lexer *lx, bool first)
{
	static char x[1 << 20];

	(void)first;
	memset(x, 'x', sizeof(x));
	for (int i = 0; i < 17; i++)
		strbuf_add(&lx->text, x, sizeof(x));
	strbuf_addc(&lx->text, '\n');
	return 1;
}

static int no_line(struct lexer *lx, bool first)
{
	(void)lx;
	(void)first;
	return -1;
}

START_TEST(bad_lines)
{
	struct statement *list;
	struct lexer lx;

	lexer_init(&lx, binary_line, NULL);
	ck_assert_int_eq(lexer_next(&lx, &list), -EINVAL);
	ck_assert_str_eq(lx.error, "a NUL byte: this is no text");
	lexer_free(&lx);
	lexer_init(&lx, long_line, NULL);
	ck_assert_int_eq(lexer_next(&lx, &list), -EINVAL);
	ck_assert_str_eq(lx.error, "a line of more than 16 MB");
	lexer_free(&lx);
	lexer_init(&lx, no_line, NULL);
	ck_assert_int_eq(lexer_next(&lx, &list), -EINTR);
	lexer_free(&lx);
}
END_TEST

Suite *lex_suite(void)
{
	Suite *s = suite_create("lex");
	TCase *tc = tcase_create("lex");

	tcase_add_loop_test(tc, words, 0, (int)(sizeof(cases) / sizeof(*cases)));
	tcase_add_test(tc, line_numbers);
	tcase_add_test(tc, text_of_words);
	tcase_add_test(tc, many_words);
	tcase_add_test(tc, deep_blocks);
	tcase_add_test(tc, bad_lines);
	suite_add_tcase(s, tc);
	return s;
}
