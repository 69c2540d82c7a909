/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that are the system calls on an address space. */
#include <stdio.h>
#include <string.h>

#include <mmsh/why.h>

#include "cmd_task.h"
#include "out.h"
#include "shell.h"

/* ---- arguments ---- */

/* As wide as a register of the machine; a negative number wraps as it does in C. */
static int arg_word(struct shell *sh, const struct arg *a, const char *what, uint64_t *n)
{
	num_t v = a->val.n;

	if (a->val.kind != VAL_NUM)
		return cmd_fail(sh, EINVAL, "%s is no %s", quoted(sh, a->w->text), what);
	if (v < 0 || (sh->m->arch->bits == 32 && v > UINT32_MAX))
		return cmd_fail(sh, EINVAL, "%s is no %s of a %u-bit machine",
				quoted(sh, a->w->text), what, sh->m->arch->bits);
	*n = (uint64_t)v;
	return 0;
}

int arg_address(struct shell *sh, const struct arg *a, vaddr_t *addr)
{
	return arg_word(sh, a, "address", addr);
}

int arg_length(struct shell *sh, const struct arg *a, uint64_t *len)
{
	return arg_word(sh, a, "length", len);
}

struct item *arg_mapping(struct shell *sh, const struct arg *a)
{
	uint32_t n;
	struct item *i = value_items(sh, &a->val, &n);

	return i && a->val.kind == VAL_NUM && i->type == &value_mapping_type && !i->freed ? i : NULL;
}

int arg_area(struct shell *sh, const struct arg *addr, const struct arg *len, vaddr_t *a,
	     uint64_t *l)
{
	const struct item *i = arg_mapping(sh, addr);
	int r = arg_address(sh, addr, a);

	if (r)
		return r;
	if (len->w)
		return arg_length(sh, len, l);
	if (!i)
		return cmd_fail(sh, EINVAL, "LEN is missing: %s is no mapping's value",
				quoted(sh, addr->w->text));
	*l = i->size;
	return 0;
}

/* ---- words for bits ---- */

const struct bit_name map_flags[] = {
	{"shared", MAP_SHARED},
	{"private", MAP_PRIVATE},
	{"anon", MAP_ANONYMOUS},
	{"fixed", MAP_FIXED},
	{"growsdown", MAP_GROWSDOWN},
	{"denywrite", MAP_DENYWRITE},
	{"executable", MAP_EXECUTABLE},
	{"locked", MAP_LOCKED},
	{"noreserve", MAP_NORESERVE},
	{"populate", MAP_POPULATE},
	{"nonblock", MAP_NONBLOCK},
	{"stack", MAP_STACK},
	{"hugetlb", MAP_HUGETLB},
	{0},
};

static const char *next_bit_name(void *arg)
{
	const struct bit_name **b = arg;

	return (*b)->name ? (*b)++->name : NULL;
}

bool find_bit(struct shell *sh, const struct bit_name *names, const char *prefix,
	      const char *what, const char *word, unsigned *bits)
{
	const char *s = strncasecmp(word, prefix, strlen(prefix)) ? word : word + strlen(prefix);
	const struct bit_name *b = names;
	char meant[64];

	while (b->name && strcasecmp(b->name, s) != 0)
		b++;
	if (b->name) {
		*bits = b->bits;
		return true;
	}
	b = names;
	cmd_fail(sh, EINVAL, "%s is no %s%s", quoted(sh, word), what,
		 suggestion(did_you_mean(s, next_bit_name, &b), meant, sizeof(meant)));
	return false;
}

/* rwx letters in that order, - for those that are not there; at least one letter or ---. */
static bool parse_prot(const char *s, unsigned *prot)
{
	unsigned p = 0;

	if (!*s || strlen(s) > 3)
		return false;
	for (; *s; s++) {
		if (*s == 'r' && !p)
			p |= PROT_READ;
		else if (*s == 'w' && !(p & (PROT_WRITE | PROT_EXEC)))
			p |= PROT_WRITE;
		else if (*s == 'x' && !(p & PROT_EXEC))
			p |= PROT_EXEC;
		else if (*s != '-')
			return false;
	}
	*prot = p;
	return true;
}

/* ---- mmap ---- */

enum {
	MMAP_LEN,
	MMAP_WORDS,
	MMAP_ADDR,
	MMAP_FILE,
	MMAP_OFF
};

struct mmap_call {
	vaddr_t addr;
	uint64_t len, off;
	unsigned prot, flags;
	bool prot_given, read_only;
	const char *name;
};

static int mmap_word(struct shell *sh, const char *word, struct mmap_call *c)
{
	unsigned bits;

	if (!c->prot_given && parse_prot(word, &c->prot)) {
		c->prot_given = true;
		return 0;
	}
	if (!strcasecmp(word, "readonly")) {
		c->read_only = true;
		return 0;
	}
	if (!find_bit(sh, map_flags, "MAP_", "protection or flag of mmap", word, &bits))
		return -EINVAL;
	c->flags |= bits;
	return 0;
}

static int mmap_args(struct shell *sh, const struct args *a, struct mmap_call *c)
{
	int r = arg_length(sh, &a->v[MMAP_LEN], &c->len);

	c->prot = PROT_READ | PROT_WRITE;
	for (unsigned i = 0; i < a->v[MMAP_WORDS].n && !r; i++) {
		if (a->v[MMAP_WORDS].w[i].type != WORD_TEXT)
			return cmd_fail(sh, EINVAL, "a { } block does not belong there");
		r = mmap_word(sh, a->v[MMAP_WORDS].w[i].text, c);
	}
	if (!r && a->v[MMAP_ADDR].w)
		r = arg_address(sh, &a->v[MMAP_ADDR], &c->addr);
	if (!r && a->v[MMAP_OFF].w)
		r = arg_length(sh, &a->v[MMAP_OFF], &c->off);
	if (r)
		return r;
	c->name = a->v[MMAP_FILE].w ? a->v[MMAP_FILE].text : NULL;
	if (c->name && (!*c->name || (c->flags & MAP_ANONYMOUS)))
		return cmd_fail(sh, EINVAL, *c->name ? "either a file or anon" : "a file has a name");
	if (!c->name) {
		c->flags |= MAP_ANONYMOUS;
		if (c->read_only || a->v[MMAP_OFF].w)
			return cmd_fail(sh, EINVAL, "off= and readonly go with file=");
	}
	if (!(c->flags & MAP_TYPE))
		c->flags |= MAP_PRIVATE;
	return 0;
}

/* A file that is not there yet is made, as long as this mapping needs. */
static struct file *open_named(struct shell *sh, const struct mmap_call *c)
{
	struct address_space *f = file_find(sh->m, c->name), *o;
	uint64_t ino = 1000, size = min_of(c->off + c->len, (uint64_t)INT64_MAX);

	if (!f) {
		LIST_FOREACH (o, &sh->m->mm->files, list)
			ino++;
		f = file_create(sh->m, &fs_disk, c->name, 8, 1, ino, size);
	}
	return f ? file_open(sh->m, f, FMODE_READ | (c->read_only ? 0 : FMODE_WRITE)) : NULL;
}

static int exec_mmap(struct shell *sh, const struct args *a)
{
	struct mmap_call c = {0};
	struct task_struct *t;
	struct file *f = NULL;
	int64_t at;
	int r = mmap_args(sh, a, &c);

	if (!r)
		r = need_task(sh, &t);
	if (r)
		return r;
	if (c.off % PAGE_SIZE)
		return call_failed(sh, -EINVAL, "the offset is no multiple of the page size");
	begin_change(sh);
	if (c.name && !(f = open_named(sh, &c)))
		return call_failed(sh, -ENOMEM, NULL);
	at = sys_mmap(sh->m, t, c.addr, c.len, c.prot, c.flags, f, c.off >> PAGE_SHIFT);
	if (f)
		fput(sh->m, f);
	if (at < 0)
		return call_failed(sh, at, NULL);
	mapping_value(sh, t, (vaddr_t)at, ROUND_UP(c.len, (uint64_t)PAGE_SIZE));
	return 0;
}

/* ---- calls on an area ---- */

static int area_call(struct shell *sh, const struct args *a, struct task_struct **t, vaddr_t *addr,
		     uint64_t *len)
{
	int r = arg_area(sh, &a->v[0], &a->v[1], addr, len);

	if (!r)
		r = need_task(sh, t);
	if (!r)
		begin_change(sh);
	return r;
}

static int call_result(struct shell *sh, int64_t err)
{
	return err < 0 ? call_failed(sh, err, NULL) : 0;
}

static int exec_munmap(struct shell *sh, const struct args *a)
{
	struct item *i = arg_mapping(sh, &a->v[0]);
	struct task_struct *t;
	vaddr_t addr;
	uint64_t len;
	int r = area_call(sh, a, &t, &addr, &len);

	if (!r)
		r = call_result(sh, sys_munmap(sh->m, t, addr, len));
	if (!r && i && (int)i->id == t->pid && len >= i->size)
		value_forget(sh, i);
	return r;
}

/* `A LEN WORD`, or `MAPPING WORD`. */
static int area_then_word(struct shell *sh, const struct args *a, vaddr_t *addr, uint64_t *len,
			  const char **word)
{
	struct arg l = {0};
	int r = a->v[2].w ? arg_parse_word(sh, ARG_VALUE, a->v[1].w, &l) : 0;

	*word = a->v[2].w ? a->v[2].text : a->v[1].text;
	return r ? r : arg_area(sh, &a->v[0], &l, addr, len);
}

static int exec_mprotect(struct shell *sh, const struct args *a)
{
	const char *text;
	struct task_struct *t;
	unsigned prot;
	vaddr_t addr;
	uint64_t len;
	int r = area_then_word(sh, a, &addr, &len, &text);

	if (r)
		return r;
	if (!parse_prot(text, &prot))
		return cmd_fail(sh, EINVAL, "%s is no protection: letters of rwx, or ---",
				quoted(sh, text));
	r = need_task(sh, &t);
	if (r)
		return r;
	begin_change(sh);
	return call_result(sh, sys_mprotect(sh->m, t, addr, len, prot));
}

enum {
	MREMAP_A,
	MREMAP_OLD,
	MREMAP_NEW,
	MREMAP_MOVE,
	MREMAP_AT
};

static int exec_mremap(struct shell *sh, const struct args *a)
{
	struct item *i = arg_mapping(sh, &a->v[MREMAP_A]);
	unsigned flags = a->v[MREMAP_MOVE].w ? MREMAP_MAYMOVE : 0;
	vaddr_t addr, new_addr = 0;
	uint64_t old_len, new_len;
	struct task_struct *t;
	int64_t at;
	int r = arg_address(sh, &a->v[MREMAP_A], &addr);

	if (!r)
		r = arg_length(sh, &a->v[MREMAP_OLD], &old_len);
	if (!r)
		r = arg_length(sh, &a->v[MREMAP_NEW], &new_len);
	if (!r && a->v[MREMAP_AT].w) {
		r = arg_address(sh, &a->v[MREMAP_AT], &new_addr);
		flags |= MREMAP_FIXED | MREMAP_MAYMOVE;
	}
	if (!r)
		r = need_task(sh, &t);
	if (r)
		return r;
	begin_change(sh);
	at = sys_mremap(sh->m, t, addr, old_len, new_len, flags, new_addr);
	if (at < 0)
		return call_failed(sh, at, NULL);
	if (i && (int)i->id == t->pid && old_len >= i->size)
		value_forget(sh, i);
	mapping_value(sh, t, (vaddr_t)at, ROUND_UP(new_len, (uint64_t)PAGE_SIZE));
	return 0;
}

static int brk_failed(struct shell *sh, vaddr_t now)
{
	struct strbuf why = {0};
	int r;

	strbuf_addf(&why, "the break stays at 0x%llx: ", (unsigned long long)now);
	if (!why_refused(sh->m, &sh->trace, ENOMEM, &why))
		strbuf_adds(&why, strerror(ENOMEM));
	r = call_failed(sh, -ENOMEM, why.s);
	strbuf_free(&why);
	return r;
}

static int exec_brk(struct shell *sh, const struct args *a)
{
	const char *text = a->v[0].w ? a->v[0].w->text : NULL;
	struct task_struct *t;
	num_t to;
	int64_t now;
	int r = need_task(sh, &t);

	if (r)
		return r;
	if (text) {
		if (a->v[0].val.kind != VAL_NUM)
			return cmd_fail(sh, EINVAL, "%s is no address", quoted(sh, text));
		to = a->v[0].val.n + (*text == '+' || *text == '-' ? (num_t)t->mm->brk : 0);
		if (to < 0 || to > (sh->m->arch->bits == 32 ? (num_t)UINT32_MAX : (num_t)INT64_MAX))
			return cmd_fail(sh, EINVAL, "%s leads out of the address space",
					quoted(sh, text));
		begin_change(sh);
		now = sys_brk(sh->m, t, (vaddr_t)to);
		if (now != (int64_t)to)
			return brk_failed(sh, (vaddr_t)now);
	}
	out(sh, "break 0x%llx, heap of %llu bytes from 0x%llx\n", (unsigned long long)t->mm->brk,
	    (unsigned long long)(t->mm->brk - t->mm->start_brk),
	    (unsigned long long)t->mm->start_brk);
	return 0;
}

static int exec_madvise(struct shell *sh, const struct args *a)
{
	const char *text;
	struct task_struct *t;
	unsigned advice;
	vaddr_t addr;
	uint64_t len;
	int r = area_then_word(sh, a, &addr, &len, &text);

	if (r)
		return r;
	if (!find_bit(sh, madvise_names, "MADV_", "advice", text, &advice))
		return -EINVAL;
	r = need_task(sh, &t);
	if (r)
		return r;
	begin_change(sh);
	return call_result(sh, sys_madvise(sh->m, t, addr, len, (int)advice));
}

static int exec_mlock(struct shell *sh, const struct args *a)
{
	struct task_struct *t;
	vaddr_t addr;
	uint64_t len;
	int r = area_call(sh, a, &t, &addr, &len);

	return r ? r : call_result(sh, sys_mlock(sh->m, t, addr, len));
}

static int exec_munlock(struct shell *sh, const struct args *a)
{
	struct task_struct *t;
	vaddr_t addr;
	uint64_t len;
	int r = area_call(sh, a, &t, &addr, &len);

	return r ? r : call_result(sh, sys_munlock(sh->m, t, addr, len));
}

static int exec_mlockall(struct shell *sh, const struct args *a)
{
	unsigned flags = (a->v[0].w ? MCL_CURRENT : 0) | (a->v[1].w ? MCL_FUTURE : 0) |
			 (a->v[2].w ? MCL_ONFAULT : 0);
	struct task_struct *t;
	int r = need_task(sh, &t);

	if (r)
		return r;
	begin_change(sh);
	return call_result(sh, sys_mlockall(sh->m, t, flags));
}

static int exec_munlockall(struct shell *sh, const struct args *a)
{
	struct task_struct *t;
	int r = need_task(sh, &t);

	(void)a;
	if (r)
		return r;
	begin_change(sh);
	return call_result(sh, sys_munlockall(sh->m, t));
}

#define CALL (CMD_CHANGES | CMD_MACHINE)

const struct command commands_mm[] = {
	{
		.name = "mmap",
		.args = {{"LEN", ARG_VALUE, 0},
			 {"WORDS", ARG_MAP_FLAG, ARG_OPT | ARG_MANY},
			 {"addr", ARG_VALUE, ARG_KEY},
			 {"file", ARG_TEXT, ARG_KEY},
			 {"off", ARG_VALUE, ARG_KEY}},
		.synopsis = "mmap LEN [PROT] [FLAG...] [addr=A] [file=NAME] [off=N]",
		.help = "Map memory into the current task's address space.",
		.text = "PROT is of the letters rwx, --- for none; rw- if left out. Flags are the "
			"kernel's MAP_ ones, also without MAP_: shared, private (the default), anon, "
			"fixed, growsdown, noreserve, populate, locked, stack, hugetlb and more. addr= is a "
			"hint, with fixed a must. file= maps a file of that name, which all tasks share; "
			"what does not exist yet is made, as long as the mapping needs. readonly: the "
			"file was opened for reading only. The value is the mapping; free unmaps it.",
		.example = "mmap 8K\nbuf = mmap 1M r-- shared file=/tmp/data\nfree $buf",
		.flags = CALL | CMD_VALUE,
		.exec = exec_mmap,
	},
	{
		.name = "munmap",
		.args = {{"A", ARG_VALUE, 0}, {"LEN", ARG_VALUE, ARG_OPT}},
		.help = "Unmap what is mapped in [A, A+LEN).",
		.text = "LEN may be left out when A is a mapping's value: then it goes whole.",
		.example = "mmap 16K\nmunmap $1+4K 4K",
		.flags = CALL,
		.exec = exec_munmap,
	},
	{
		.name = "mprotect",
		.args = {{"A", ARG_VALUE, 0}, {"LEN", ARG_TEXT, 0}, {"PROT", ARG_TEXT, ARG_OPT}},
		.synopsis = "mprotect A LEN PROT\nmprotect MAPPING PROT",
		.help = "Set the protection of an area.",
		.example = "mmap 16K\nmprotect $1+4K 4K r--\nmprotect $1 ---",
		.flags = CALL,
		.exec = exec_mprotect,
	},
	{
		.name = "mremap",
		.args = {{"A", ARG_VALUE, 0},
			 {"OLD", ARG_VALUE, 0},
			 {"NEW", ARG_VALUE, 0},
			 {"maymove", ARG_WORD, ARG_FLAG},
			 {"fixed", ARG_VALUE, ARG_KEY}},
		.help = "Resize or move a mapping of OLD bytes to NEW bytes.",
		.text = "It grows where it is, or, with maymove, goes elsewhere, pages and all. fixed=A "
			"says where to. The value is the new mapping.",
		.example = "mmap 8K\nmremap $1 8K 64K maymove",
		.flags = CALL | CMD_VALUE,
		.exec = exec_mremap,
	},
	{
		.name = "brk",
		.args = {{"A", ARG_VALUE, ARG_OPT}},
		.synopsis = "brk [A|+N|-N]",
		.help = "Show or move the end of the heap.",
		.example = "brk +64K\nbrk",
		.flags = CALL,
		.exec = exec_brk,
	},
	{
		.name = "madvise",
		.args = {{"A", ARG_VALUE, 0}, {"LEN", ARG_TEXT, 0}, {"ADVICE", ARG_ADVICE, ARG_OPT}},
		.synopsis = "madvise A LEN ADVICE\nmadvise MAPPING ADVICE",
		.help = "Advise the kernel on an area: dontneed, willneed, dontfork, ...",
		.text = "normal, random, sequential, willneed, dontneed, remove, dontfork, dofork, "
			"mergeable, unmergeable, hugepage, nohugepage, dontdump, dodump, hwpoison, "
			"soft_offline.",
		.example = "mmap 16K populate\nmadvise $1 dontneed",
		.flags = CALL,
		.exec = exec_madvise,
	},
	{
		.name = "mlock",
		.args = {{"A", ARG_VALUE, 0}, {"LEN", ARG_VALUE, ARG_OPT}},
		.help = "Bring pages in and keep them: within RLIMIT_MEMLOCK, or as root.",
		.example = "mmap 16K\nmlock $1",
		.flags = CALL,
		.exec = exec_mlock,
	},
	{
		.name = "munlock",
		.args = {{"A", ARG_VALUE, 0}, {"LEN", ARG_VALUE, ARG_OPT}},
		.help = "The opposite of mlock.",
		.example = "mmap 16K locked\nmunlock $1",
		.flags = CALL,
		.exec = exec_munlock,
	},
	{
		.name = "mlockall",
		.args = {{"current", ARG_WORD, ARG_FLAG},
			 {"future", ARG_WORD, ARG_FLAG},
			 {"onfault", ARG_WORD, ARG_FLAG}},
		.help = "Lock all areas there are (current), all that come (future), or both.",
		.text = "With onfault pages are locked as they are touched, and none is brought in.",
		.example = "mlockall current future\ncat /proc/self/status | grep VmLck",
		.flags = CALL,
		.exec = exec_mlockall,
	},
	{
		.name = "munlockall",
		.help = "The opposite of mlockall.",
		.example = "mlockall future\nmunlockall",
		.flags = CALL,
		.exec = exec_munlockall,
	},
	{0},
};
