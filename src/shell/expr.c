/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "expr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/proc.h>

#include "cmd_task.h"
#include "shell.h"

struct parser {
	struct shell *sh;
	const char *text, *p;
	unsigned depth;
};

static int parse_binary(struct parser *ps, int level, struct val *v);

static void skip(struct parser *ps)
{
	while (isspace((unsigned char)*ps->p))
		ps->p++;
}

static int bad(struct parser *ps, const char *why)
{
	return cmd_fail(ps->sh, EINVAL, "%s: %s", quoted(ps->sh, ps->text), why);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static unsigned suffix_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	case 't':
	case 'T':
		return 40;
	default:
		return 0;
	}
}

static bool in_range(num_t n)
{
	return n >= INT64_MIN && n <= (num_t)UINT64_MAX;
}

/* Decimal or 0x hex, with a suffix. */
static int parse_number(struct parser *ps, struct val *v)
{
	int base = 10, d;
	const char *start;
	num_t n = 0;

	if (ps->p[0] == '0' && (ps->p[1] | 0x20) == 'x') {
		base = 16;
		ps->p += 2;
	}
	for (start = ps->p; (d = digit(*ps->p)) < base; ps->p++) {
		n = n * base + d;
		if (!in_range(n))
			return bad(ps, "the number is too large");
	}
	if (ps->p == start)
		return bad(ps, "not a number");
	n <<= suffix_shift(*ps->p);
	if (!in_range(n))
		return bad(ps, "the number is too large");
	ps->p += suffix_shift(*ps->p) != 0;
	if (isalnum((unsigned char)*ps->p) || *ps->p == '_')
		return bad(ps, "not a number");
	*v = (struct val){.kind = VAL_NUM, .n = n, .index = -1};
	return 0;
}

/* One value, or one block of it, as what it stands for. */
static int load_value(struct parser *ps, uint32_t nr, int index, struct val *v)
{
	const struct values *vs = &ps->sh->values;
	const struct value *value = &vs->v[nr - 1];

	const struct item *t;

	*v = (struct val){.value = nr, .index = index};
	if (index < 0 && value->n != 1) {
		v->kind = VAL_LIST;
		return 0;
	}
	if (index < 0)
		index = v->index = 0;
	if (index > 0 && vs->item[value->first].type == &value_number_type)
		return bad(ps, "a number has no [ ]");
	if ((uint32_t)index >= value->n)
		return cmd_fail(ps->sh, EINVAL, "%s: $%u has %u element%s, [0] the first",
				quoted(ps->sh, ps->text), nr, value->n, value->n == 1 ? "" : "s");
	t = &vs->item[value->first + (uint32_t)index];
	v->kind = t->type->at == ITEM_PFN ? VAL_PFN : VAL_NUM;
	v->n = t->type->at == ITEM_NUMBER ? item_number(t) : (num_t)t->at;
	if (t->type == &value_number_type)
		v->value = 0;
	return 0;
}

/* `[N]` after a value. */
static int parse_index(struct parser *ps, int *index)
{
	struct val v;
	int r;

	*index = -1;
	if (*ps->p != '[')
		return 0;
	ps->p++;
	r = parse_binary(ps, 0, &v);
	if (r)
		return r;
	skip(ps);
	if (*ps->p != ']')
		return bad(ps, "a ] is missing");
	ps->p++;
	if (v.kind != VAL_NUM || v.n < 0 || v.n > INT32_MAX)
		return bad(ps, "the index is no number from 0 up");
	*index = (int)v.n;
	return 0;
}

static int no_value(struct parser *ps, const char *name, size_t len)
{
	const struct values *vs = &ps->sh->values;
	char dollar[80];

	snprintf(dollar, sizeof(dollar), "$%.*s", len > 60 ? 60 : (int)len, name);
	return cmd_fail(ps->sh, EINVAL, "there is no value %s%s", dollar,
			vs->lost ? " (the machine that was booted last has its own values)"
			: vs->n	 ? ""
				 : " (there is none yet)");
}

/* $  $1  $name  $i */
static int parse_dollar(struct parser *ps, struct val *v)
{
	const struct values *vs = &ps->sh->values;
	const char *name = ++ps->p;
	uint32_t nr = 0;
	size_t len;
	int index, r;

	while (isalnum((unsigned char)*ps->p) || *ps->p == '_')
		ps->p++;
	len = (size_t)(ps->p - name);
	if (len == 1 && *name == 'i' && ps->sh->in_loop) {
		*v = (struct val){.kind = VAL_NUM, .n = ps->sh->counter, .index = -1};
		return 0;
	}
	if (len == 0) {
		nr = vs->n;
	} else if (isdigit((unsigned char)*name)) {
		char *end;
		unsigned long n = strtoul(name, &end, 10);

		nr = end == ps->p && n <= vs->n ? (uint32_t)n : 0;
	} else {
		nr = value_named(ps->sh, name, len);
	}
	if (!nr)
		return no_value(ps, name, len);
	r = parse_index(ps, &index);
	return r ? r : load_value(ps, nr, index, v);
}

static int parse_unary(struct parser *ps, struct val *v);

/* pfn:N and phys:N, N being one number, value or ( ). */
static int parse_address(struct parser *ps, enum val_kind kind, size_t skip_len, struct val *v)
{
	int r;

	ps->p += skip_len;
	r = parse_unary(ps, v);
	if (r)
		return r;
	if (v->kind == VAL_LIST || v->kind == VAL_RANGE || v->n < 0)
		return bad(ps, "no page there");
	if (v->kind == VAL_PFN && kind == VAL_PHYS)
		v->n <<= PAGE_SHIFT;
	else if (v->kind == VAL_PHYS && kind == VAL_PFN)
		v->n >>= PAGE_SHIFT;
	*v = (struct val){.kind = kind, .n = v->n, .index = -1};
	return 0;
}

/* A line `NAME VALUE` or `NAME:  VALUE kB`. */
static bool find_counter(const struct strbuf *text, const char *name, size_t len, num_t *n)
{
	for (const char *s = strbuf_str(text); s && *s; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (!strncmp(s, name, len) && (s[len] == ' ' || s[len] == ':')) {
			*n = strtoll(s + len + 1, NULL, 10);
			return true;
		}
	}
	return false;
}

static int parse_counter(struct parser *ps, struct val *v)
{
	static const char *const files[] = {"/proc/vmstat", "/proc/meminfo"};
	const char *name = ps->p;
	struct strbuf text = STRBUF_INIT;
	bool found = false;
	size_t len;
	int r = need_machine(ps->sh);

	if (r)
		return r;
	while (isalnum((unsigned char)*ps->p) || *ps->p == '_')
		ps->p++;
	len = (size_t)(ps->p - name);
	*v = (struct val){.kind = VAL_NUM, .index = -1};
	for (size_t i = 0; !found && i < ARRAY_SIZE(files); i++) {
		strbuf_reset(&text);
		found = !proc_read(ps->sh->m, files[i], &text) &&
			find_counter(&text, name, len, &v->n);
	}
	strbuf_free(&text);
	return found ? 0 : bad(ps, "not a number");
}

static int parse_primary(struct parser *ps, struct val *v)
{
	int r;

	skip(ps);
	if (*ps->p == '$')
		return parse_dollar(ps, v);
	if (!strncmp(ps->p, "pfn:", 4))
		return parse_address(ps, VAL_PFN, 4, v);
	if (!strncmp(ps->p, "phys:", 5))
		return parse_address(ps, VAL_PHYS, 5, v);
	if (isalpha((unsigned char)*ps->p) || *ps->p == '_')
		return parse_counter(ps, v);
	if (*ps->p != '(')
		return parse_number(ps, v);
	ps->p++;
	r = parse_binary(ps, 0, v);
	if (r)
		return r;
	skip(ps);
	if (*ps->p != ')')
		return bad(ps, "a ) is missing");
	ps->p++;
	return 0;
}

static int parse_unary(struct parser *ps, struct val *v)
{
	char op;
	int r;

	skip(ps);
	op = *ps->p;
	if (op != '-' && op != '+' && op != '!')
		return parse_primary(ps, v);
	if (++ps->depth > MAX_EXPR_DEPTH)
		return bad(ps, "nested too deep");
	ps->p++;
	r = parse_unary(ps, v);
	ps->depth--;
	if (r)
		return r;
	if (v->kind != VAL_NUM)
		return bad(ps, "that sign is for numbers");
	v->value = 0;
	if (op == '!')
		v->n = !v->n;
	else if (op == '-')
		v->n = -v->n;
	return in_range(v->n) ? 0 : bad(ps, "the number is too large");
}

/* The operators, by how tight they bind; the longer first where one begins like another. */
enum op {
	OP_OR,
	OP_AND,
	OP_EQ,
	OP_NE,
	OP_LE,
	OP_GE,
	OP_LT,
	OP_GT,
	OP_RANGE,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV
};
static const struct {
	const char *text;
	int level;
} ops[] = {
	[OP_OR] = {"||", 0},	[OP_AND] = {"&&", 1}, [OP_EQ] = {"==", 2}, [OP_NE] = {"!=", 2},
	[OP_LE] = {"<=", 3},	[OP_GE] = {">=", 3},  [OP_LT] = {"<", 3},  [OP_GT] = {">", 3},
	[OP_RANGE] = {"..", 4}, [OP_ADD] = {"+", 5},  [OP_SUB] = {"-", 5}, [OP_MUL] = {"*", 6},
	[OP_DIV] = {"/", 6},
};
#define TIGHTEST 7

static int find_op(struct parser *ps, int level)
{
	skip(ps);
	if (!*ps->p)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		const char *op = ops[i].text;

		if (op[0] == ps->p[0] && (!op[1] || op[1] == ps->p[1])) {
			if (ops[i].level != level)
				return -1;
			ps->p += op[1] ? 2 : 1;
			return (int)i;
		}
	}
	return -1;
}

static bool compare(int op, num_t a, num_t b)
{
	switch (op) {
	case OP_OR:
		return a || b;
	case OP_AND:
		return a && b;
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LE:
		return a <= b;
	case OP_GE:
		return a >= b;
	case OP_LT:
		return a < b;
	default:
		return a > b;
	}
}

/* A page less a page of its kind is a number; a page and a number is a page. */
static int arithmetic(struct parser *ps, int op, struct val *v, const struct val *b)
{
	num_t n = v->n;

	if (op == OP_SUB && v->kind == b->kind) {
		v->kind = VAL_NUM;
	} else if (op == OP_ADD && v->kind == VAL_NUM) {
		v->kind = b->kind;
	} else if (b->kind != VAL_NUM || (v->kind != VAL_NUM && op != OP_ADD && op != OP_SUB)) {
		return bad(ps, "pages do not add up like that");
	}
	switch (op) {
	case OP_ADD:
		n += b->n;
		break;
	case OP_SUB:
		n -= b->n;
		break;
	case OP_MUL:
		if (__builtin_mul_overflow(n, b->n, &n))
			return bad(ps, "the number is too large");
		break;
	default:
		if (b->n == 0)
			return bad(ps, "division by zero");
		n /= b->n;
		break;
	}
	*v = (struct val){.kind = v->kind, .n = n, .index = -1};
	if (!in_range(n) || (v->kind != VAL_NUM && n < 0))
		return bad(ps, n < 0 ? "less than nothing" : "the number is too large");
	return 0;
}

static int apply(struct parser *ps, int op, struct val *v, const struct val *b)
{
	if (v->kind >= VAL_RANGE || b->kind >= VAL_RANGE)
		return bad(ps, v->kind == VAL_LIST || b->kind == VAL_LIST
				       ? "a list: say which with [N]"
				       : "a range is no number");
	if (op == OP_RANGE) {
		if (v->kind == VAL_PHYS || b->kind == VAL_PHYS || v->n < 0 || b->n < v->n)
			return bad(ps, "a range goes from a page to a later one");
		*v = (struct val){.kind = VAL_RANGE, .n = v->n, .end = b->n, .index = -1};
		return 0;
	}
	if (op >= OP_ADD)
		return arithmetic(ps, op, v, b);
	*v = (struct val){.kind = VAL_NUM, .n = compare(op, v->n, b->n), .index = -1};
	return 0;
}

static int parse_binary(struct parser *ps, int level, struct val *v)
{
	struct val b;
	int op, r;

	if (level == TIGHTEST)
		return parse_unary(ps, v);
	if (level == 0 && ++ps->depth > MAX_EXPR_DEPTH)
		return bad(ps, "nested too deep");
	r = parse_binary(ps, level + 1, v);
	while (!r && (op = find_op(ps, level)) >= 0) {
		r = parse_binary(ps, level + 1, &b);
		if (!r)
			r = apply(ps, op, v, &b);
	}
	if (level == 0)
		ps->depth--;
	return r;
}

int expr_eval(struct shell *sh, const char *text, struct val *v)
{
	struct parser ps = {.sh = sh, .text = text, .p = text};
	int r;

	/* Most numbers are one digit. */
	if (isdigit((unsigned char)text[0]) && !text[1]) {
		*v = (struct val){.kind = VAL_NUM, .n = text[0] - '0', .index = -1};
		return 0;
	}
	r = parse_binary(&ps, 0, v);
	if (r)
		return r;
	skip(&ps);
	return *ps.p ? bad(&ps, "not a number") : 0;
}

int expr_int(struct shell *sh, const char *text, int64_t *n)
{
	struct val v;
	int r = expr_eval(sh, text, &v);

	if (r)
		return r;
	if (v.kind != VAL_NUM)
		return cmd_fail(sh, EINVAL, "%s is no number", quoted(sh, text));
	if (v.n > INT64_MAX)
		return cmd_fail(sh, EINVAL, "%s: the number is too large", quoted(sh, text));
	*n = (int64_t)v.n;
	return 0;
}

int val_to_pfn(struct shell *sh, const struct val *v, const char *text, uint64_t *pfn)
{
	const struct vm_layout *l = &sh->m->layout;

	switch (v->kind) {
	case VAL_PFN:
		*pfn = (uint64_t)v->n;
		break;
	case VAL_PHYS:
		*pfn = (uint64_t)v->n >> PAGE_SHIFT;
		break;
	case VAL_NUM:
		if (v->n >= 0 && is_user_address(sh, (vaddr_t)v->n) &&
		    user_pfn(sh, (vaddr_t)v->n, pfn))
			return 0;
		if (v->n < (num_t)l->page_offset || v->n >= (num_t)l->high_memory)
			return cmd_fail(
				sh, EINVAL,
				"%s is no address in the direct map (0x%llx-0x%llx); a page "
				"frame is pfn:N",
				quoted(sh, text), (unsigned long long)l->page_offset,
				(unsigned long long)l->high_memory - 1);
		*pfn = ((uint64_t)v->n - l->page_offset) >> PAGE_SHIFT;
		break;
	case VAL_RANGE:
	case VAL_LIST:
		return cmd_fail(sh, EINVAL, "%s is more than one page", quoted(sh, text));
	}
	if (!pfn_is_ram(sh->m, *pfn))
		return cmd_fail(sh, EINVAL, "pfn %llu is outside the machine's RAM",
				(unsigned long long)*pfn);
	return 0;
}

static bool is_address(const struct shell *sh, const struct val *v)
{
	uint32_t n;
	const struct item *t = value_items(sh, v, &n);

	return t && t->type->at != ITEM_NUMBER && t->type->at != ITEM_PFN;
}

int expand(struct shell *sh, const char *text, struct strbuf *buf)
{
	strbuf_reset(buf);
	for (const char *p = text; *p;) {
		struct parser ps = {.sh = sh, .text = text, .p = p};
		struct val v;
		int r;

		if (*p != '$') {
			strbuf_addc(buf, *p++);
			continue;
		}
		r = parse_dollar(&ps, &v);
		if (r)
			return r;
		if (v.kind == VAL_LIST)
			return bad(&ps, "a list: say which with [N]");
		if (is_address(sh, &v))
			strbuf_addf(buf, "0x%llx", (unsigned long long)v.n);
		else
			strbuf_addf(buf, "%s%lld", v.kind == VAL_PFN ? "pfn:" : "",
				    (long long)v.n);
		p = ps.p;
	}
	return 0;
}
