/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on addresses: what is there, its bytes. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/pgtable.h>

#include "cmd_memory.h"
#include "cmd_task.h"
#include "command.h"
#include "input.h"
#include "out.h"
#include "shell.h"
#include "whatis.h"

unsigned char *memory_at(struct shell *sh, vaddr_t addr)
{
	return is_user_address(sh, addr) ? user_addr_to_host(sh, addr)
					 : kernel_addr_to_host(sh->m, addr);
}

int memory_fault(struct shell *sh, vaddr_t addr)
{
	return cmd_fail(sh, EFAULT, "nothing is mapped at 0x%llx", (unsigned long long)addr);
}

int address_arg(struct shell *sh, const struct arg *a, vaddr_t *addr)
{
	const struct val *v = &a->val;
	uint64_t pfn;
	int r;

	if (v->kind == VAL_NUM) {
		if (v->n < 0 || (sh->m->arch->bits == 32 && v->n > UINT32_MAX))
			return cmd_fail(sh, EINVAL, "%s is no address of this machine",
					quoted(sh, a->w->text));
		*addr = (vaddr_t)v->n;
		return 0;
	}
	r = val_to_pfn(sh, v, a->w->text, &pfn);
	if (r)
		return r;
	*addr = page_to_virt(sh->m, (pfn_t)pfn);
	if (!*addr)
		return cmd_fail(sh, EINVAL, "%s is high memory: it has no address", a->w->text);
	*addr += v->kind == VAL_PHYS ? (vaddr_t)v->n & (PAGE_SIZE - 1) : 0;
	return 0;
}

/* ---- write ---- */

#define MAX_WRITE 65536

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* 0x and an even number of digits, or 'text'. */
static int parse_bytes(struct shell *sh, const struct word *w, unsigned char *bytes, size_t *n)
{
	const char *s = w->text;
	size_t len = w->len;

	if (w->quoted) {
		memcpy(bytes, s, len);
		*n = len;
		return 0;
	}
	if (strncmp(s, "0x", 2) || len < 4 || len % 2 ||
	    strspn(s + 2, "0123456789abcdefABCDEF") != len - 2)
		return cmd_fail(sh, EINVAL,
				"%s: bytes are 0x and an even number of hex digits, or 'text'",
				quoted(sh, s));
	*n = len / 2 - 1;
	for (size_t i = 0; i < *n; i++)
		bytes[i] = (unsigned char)(hex_digit(s[2 + 2 * i]) << 4 | hex_digit(s[3 + 2 * i]));
	return 0;
}

static int exec_write(struct shell *sh, const struct args *a)
{
	const struct word *w = a->v[1].w;
	unsigned char *bytes, *host;
	size_t n = 0;
	vaddr_t addr;
	int r = address_arg(sh, &a->v[0], &addr);

	if (r)
		return r;
	if (w->type != WORD_TEXT || w->len > MAX_WRITE)
		return cmd_fail(sh, EINVAL, "at most %d bytes", MAX_WRITE);
	bytes = obstack_alloc(&sh->in->lexer.pool, (int)w->len + 1);
	r = parse_bytes(sh, w, bytes, &n);
	if (!r && is_user_address(sh, addr))
		return write_user(sh, addr, bytes, n);
	/* All or nothing. */
	for (size_t i = 0; i < n && !r; i++)
		if (!memory_at(sh, addr + i))
			r = memory_fault(sh, addr + i);
	if (r)
		return r;
	begin_change(sh);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || (addr + i) % PAGE_SIZE == 0)
			kernel_fault(sh, addr + i);
		host = memory_at(sh, addr + i);
		if (host)
			*host = bytes[i];
	}
	return 0;
}

/* ---- x: as gdb's ---- */

struct format {
	unsigned long count;
	char letter;
	unsigned size; /* bytes of a unit */
};

#define MAX_UNITS 65536

static int parse_format(struct shell *sh, const char *text, struct format *f)
{
	static const char sizes[] = "bhwg";
	const char *p = text;
	const char *size;

	*f = (struct format){.count = 1, .letter = 'x', .size = 0};
	if (isdigit((unsigned char)*p))
		f->count = strtoul(p, (char **)&p, 10);
	for (; *p; p++) {
		size = strchr(sizes, *p);
		if (size)
			f->size = 1u << (size - sizes);
		else if (strchr("xduotacs", *p))
			f->letter = *p;
		else
			return cmd_fail(sh, EINVAL,
					"x/%s: a format is a count, a letter of xduotacs, a size of bhwg",
					text);
	}
	if (f->count < 1 || f->count > MAX_UNITS)
		return cmd_fail(sh, EINVAL, "x/%s: a count is from 1 to %d", text, MAX_UNITS);
	if (f->letter == 'a')
		f->size = sh->m->arch->bits / 8;
	else if (!f->size)
		f->size = f->letter == 'c' ? 1 : 4;
	return 0;
}

static void print_binary(struct shell *sh, uint64_t v, unsigned bits)
{
	while (bits--)
		out_char(sh, '0' + (char)(v >> bits & 1));
}

static void print_char(struct shell *sh, unsigned char c, char quote)
{
	static const char names[] = "\a\b\t\n\v\f\r", letters[] = "abtnvfr";
	const char *p = c ? strchr(names, c) : NULL;

	if (p)
		out(sh, "\\%c", letters[p - names]);
	else if (c == (unsigned char)quote || c == '\\')
		out(sh, "\\%c", c);
	else if (c < ' ' || c >= 0x7f)
		out(sh, "\\%03o", c);
	else
		out_char(sh, (char)c);
}

static void print_unit(struct shell *sh, const struct format *f, uint64_t v)
{
	unsigned bits = 8 * f->size;
	int64_t s = (int64_t)(v << (64 - bits)) >> (64 - bits);

	switch (f->letter) {
	case 'd':
		out(sh, "%lld", (long long)s);
		break;
	case 'u':
		out_num(sh, v);
		break;
	case 'o':
		out(sh, "0%llo", (unsigned long long)v);
		break;
	case 't':
		print_binary(sh, v, bits);
		break;
	case 'a':
		out_hex(sh, v);
		break;
	case 'c':
		out(sh, "%lld '", (long long)s);
		print_char(sh, (unsigned char)v, '\'');
		out_char(sh, '\'');
		break;
	default:
		out(sh, "0x%0*llx", (int)bits / 4, (unsigned long long)v);
	}
}

static int read_unit(struct shell *sh, vaddr_t addr, unsigned size, uint64_t *v)
{
	*v = 0;
	for (unsigned i = 0; i < size; i++) {
		const unsigned char *c = memory_at(sh, addr + i);

		if (!c)
			return memory_fault(sh, addr + i);
		*v |= (uint64_t)*c << 8 * i;
	}
	return 0;
}

/* As many a line as gdb shows. */
static unsigned units_a_line(const struct format *f)
{
	if (f->letter == 't' && f->size > 1)
		return f->size == 2 ? 4 : f->size == 4 ? 2 : 1;
	return f->size == 8 || f->letter == 'a' ? 2 : f->size == 4 ? 4 : 8;
}

static void print_address(struct shell *sh, vaddr_t addr)
{
	out_hex(sh, addr);
	out_char(sh, ':');
}

static int examine_units(struct shell *sh, vaddr_t addr, const struct format *f)
{
	unsigned a_line = units_a_line(f);
	uint64_t v;
	int r = 0;

	for (unsigned long i = 0; i < f->count; i++, addr += f->size) {
		r = read_unit(sh, addr, f->size, &v);
		if (r)
			break;
		if (i % a_line == 0) {
			out_str(sh, i ? "\n" : "");
			print_address(sh, addr);
		}
		out_char(sh, '\t');
		print_unit(sh, f, v);
	}
	out_str(sh, r && f->count == 1 ? "" : "\n");
	return r;
}

static int examine_strings(struct shell *sh, vaddr_t addr, const struct format *f)
{
	for (unsigned long i = 0; i < f->count; i++) {
		const unsigned char *c = memory_at(sh, addr);
		unsigned n = 0;

		if (!c)
			return memory_fault(sh, addr);
		print_address(sh, addr);
		out_str(sh, "\t\"");
		for (; c && *c && n < 200; n++, c = memory_at(sh, ++addr))
			print_char(sh, *c, '"');
		out_str(sh, c && *c ? "\"...\n" : "\"\n");
		addr += c && !*c;
	}
	return 0;
}

static int exec_x(struct shell *sh, const struct args *a)
{
	struct format f;
	vaddr_t addr;
	int r = parse_format(sh, a->format, &f);

	if (!r)
		r = address_arg(sh, &a->v[0], &addr);
	if (!r)
		r = need_owner(sh, addr);
	if (r)
		return r;
	return f.letter == 's' ? examine_strings(sh, addr, &f) : examine_units(sh, addr, &f);
}

const struct command commands_memory[] = {
	{
		.name = "whatis",
		.args = {{"X", ARG_VALUE, 0}},
		.help = "Follow an address or a page through everything that knows it.",
		.text = "X is an address, a value, pfn:N or phys:N. Of an address inside an object: the "
			"cache, the slab, index and offset, whether it is in use, and the command that "
			"allocated it; then the page and its zone.",
		.example = "p = kmalloc 100\nwhatis $p+8\nwhatis pfn:4096",
		.flags = CMD_MACHINE,
		.exec = exec_whatis,
	},
	{
		.name = "write",
		.args = {{"A", ARG_VALUE, 0}, {"BYTES", ARG_WORD, 0}},
		.help = "Write bytes to memory: a user's with the faults that it takes, the kernel's.",
		.text = "BYTES is 0x and an even number of hex digits, bytes in the order in which they "
			"come, or 'text'. An address of the user's half is written as the current task "
			"does it: it faults, copies on write, or ends in SIGSEGV. One of the kernel's is "
			"written as the kernel itself would. Nothing is checked there but that memory is "
			"there: objects can be corrupted, on purpose.",
		.example = "p = kmalloc 16\nwrite $p 0x68690a\nwrite $p+16 'overrun'",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_write,
	},
	{
		.name = "x",
		.args = {{"A", ARG_VALUE, 0}},
		.synopsis = "x[/FMT] A",
		.help = "Examine memory, as gdb does.",
		.text = "FMT is a count, a letter, and a size: x hex, d signed, u unsigned, o octal, t "
			"binary, a address, c character, s string; b 1, h 2, w 4, g 8 bytes. It never "
			"faults: it stops where nothing is mapped.",
		.example = "p = kmalloc 16\nx/4xw $p\nx/16xb $p\nx/s $p",
		.flags = CMD_MACHINE | CMD_FORMAT,
		.exec = exec_x,
	},
	{0},
};
