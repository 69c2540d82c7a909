/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tellers of system calls on address spaces: where an area went, what joined, what refused. */
#include "why_story.h"
#include <errno.h>
#include <mmsh/mm_step.h>
#include <mmsh/pgtable.h>
#include <mmsh/proc_task.h>
#include <mmsh/why.h>
#include <string.h>

typedef unsigned long long ull;

/* ---- who is there ---- */

static const struct mm_struct *current_mm(const struct machine *m)
{
	return m->mm && m->mm->current ? m->mm->current->mm : NULL;
}

const char *area_name_at(const struct story *s, vaddr_t va)
{
	const struct mm_struct *mm = current_mm(s->m);
	const struct vm_area_struct *v = mm ? mm->mmap : NULL;
	const char *name;

	while (v && v->vm_end <= va)
		v = v->vm_next;
	name = v ? vma_name(v) : "";
	return *name ? name : "anonymous memory";
}

const char *prot_text(uint64_t vm_flags)
{
	static const char *const text[] = {"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx"};

	return text[vm_flags & VM_ACCESS];
}

/* ---- what was asked ---- */

static const struct flag_name {
	unsigned flag;
	const char *name;
} map_flag_names[] = {
	{MAP_FIXED, "fixed"},	{MAP_ANONYMOUS, "anonymous"}, {MAP_GROWSDOWN, "growsdown"},
	{MAP_LOCKED, "locked"}, {MAP_NORESERVE, "noreserve"}, {MAP_POPULATE, "populate"},
	{MAP_STACK, "stack"},
};

static void tell_mmap(struct story *s)
{
	const struct trace_event *ev = s->ev;
	unsigned flags = (unsigned)ev->d;

	strbuf_addf(s->out, "mmap of %llu bytes (%llu page%s), %s, %s", (ull)ev->b,
		    (ull)PFN_UP((uint64_t)ev->b), PFN_UP((uint64_t)ev->b) == 1 ? "" : "s",
		    prot_text((uint64_t)ev->c),
		    (flags & MAP_TYPE) == MAP_SHARED	? "shared"
		    : (flags & MAP_TYPE) == MAP_PRIVATE ? "private"
							: "of no type");
	for (unsigned i = 0; i < ARRAY_SIZE(map_flag_names); i++)
		if (flags & map_flag_names[i].flag)
			strbuf_addf(s->out, " %s", map_flag_names[i].name);
	if (flags & MAP_FIXED)
		strbuf_addf(s->out, ", at 0x%llx\n", (ull)ev->a);
	else if (ev->a)
		strbuf_addf(s->out, ", hint 0x%llx\n", (ull)ev->a);
	else
		strbuf_adds(s->out, ", no hint\n");
}

static void tell_mprotect(struct story *s)
{
	story_text(s, "mprotect of %b bytes from %A: ", NULL);
	strbuf_addf(s->out, "%s\n", prot_text((uint64_t)s->ev->c));
}

static void tell_mremap(struct story *s)
{
	const struct trace_event *ev = s->ev;

	story_text(s, "mremap of the %b bytes from %A, to be %c bytes", NULL);
	if (ev->order & MREMAP_FIXED)
		strbuf_addf(s->out, ", at 0x%llx\n", (ull)ev->d);
	else
		strbuf_adds(s->out,
			    ev->order & MREMAP_MAYMOVE ? "; it may move\n" : "; it may not move\n");
}

static void tell_madvise(struct story *s)
{
	const struct bit_name *n = madvise_names;

	while (n->name && n->bits != (unsigned)s->ev->c)
		n++;
	story_text(s, "madvise of %b bytes from %A: ", NULL);
	if (n->name)
		strbuf_addf(s->out, "%s\n", n->name);
	else
		story_text(s, "%c\n", NULL);
}

static void tell_mlockall(struct story *s)
{
	unsigned flags = (unsigned)s->ev->a;

	strbuf_addf(s->out, "%s%s%s%s\n", s->ev->order ? "munlockall" : "mlockall",
		    flags & MCL_CURRENT ? " current" : "", flags & MCL_FUTURE ? " future" : "",
		    flags & MCL_ONFAULT ? " onfault" : "");
}

static void tell_brk(struct story *s)
{
	const struct trace_event *ev = s->ev;
	bool up = (vaddr_t)ev->a >= (vaddr_t)ev->b;

	strbuf_addf(s->out, "brk from 0x%llx to 0x%llx: %llu bytes %s; the heap begins at 0x%llx\n",
		    (ull)ev->b, (ull)ev->a, up ? (ull)(ev->a - ev->b) : (ull)(ev->b - ev->a),
		    up ? "more" : "less", (ull)ev->c);
}

/* ---- where it goes ---- */

static void tell_layout(struct story *s)
{
	static const char *const classic[] = {
		[LAYOUT_PERSONALITY] = "ADDR_COMPAT_LAYOUT is set",
		[LAYOUT_UNLIMITED] = "the stack has no limit",
		[LAYOUT_SYSCTL] = "vm.legacy_va_layout is set",
	};
	const struct trace_event *ev = s->ev;
	uint64_t left = (uint64_t)ev->b, limit = (uint64_t)ev->c;

	if (ev->order != LAYOUT_TOPDOWN) {
		strbuf_addf(
			s->out,
			"classic layout, %s: mappings go up from 0x%llx, a third of user space\n",
			classic[ev->order], (ull)ev->a);
		return;
	}
	strbuf_addf(s->out,
		    "layout: mappings go down from mmap_base 0x%llx; left for the stack %llu MiB, ",
		    (ull)ev->a, (ull)left >> 20);
	if (left == limit)
		strbuf_adds(s->out, "its limit\n");
	else
		strbuf_addf(s->out, "%s (its limit: %llu MiB)\n",
			    left > limit ? "the least" : "the most", (ull)limit >> 20);
}

static void tell_gap(struct story *s)
{
	const struct trace_event *ev = s->ev;
	vaddr_t start = (vaddr_t)max_of((vaddr_t)ev->c, (vaddr_t)ev->a), end = (vaddr_t)ev->d;

	end = min_of(end, (vaddr_t)ev->b);
	strbuf_addf(s->out,
		    "  search from %s, 0x%llx-0x%llx\n"
		    "    %s gap that is large enough: 0x%llx-0x%llx, %llu kB",
		    ev->order ? "the top" : "below", (ull)ev->a, (ull)ev->b,
		    ev->order ? "highest" : "lowest", (ull)start, (ull)end,
		    (ull)(end - start) >> 10);
	if (end < (vaddr_t)ev->b)
		strbuf_addf(s->out, ", below %s", area_name_at(s, end));
	strbuf_addc(s->out, '\n');
}

/* The largest gap in [low, high): nothing has changed since the search. */
static void tell_no_gap(struct story *s)
{
	const struct mm_struct *mm = current_mm(s->m);
	vaddr_t low = (vaddr_t)s->ev->a, high = (vaddr_t)s->ev->b, from = low, best = low;
	uint64_t size = 0;

	strbuf_addf(s->out, "  search from %s, 0x%llx-0x%llx\n    no gap of %llu bytes",
		    s->ev->order ? "the top" : "below", (ull)low, (ull)high, (ull)s->ev->c);
	for (const struct vm_area_struct *v = mm ? mm->mmap : NULL;; v = v->vm_next) {
		vaddr_t to = v ? min_of(vm_start_gap(s->m, v), high) : high;

		if (to > from && to - from > size) {
			size = to - from;
			best = from;
		}
		if (!v)
			break;
		from = max_of(from, v->vm_end);
	}
	if (size)
		strbuf_addf(s->out, "; the largest is 0x%llx-0x%llx, %llu kB", (ull)best,
			    (ull)(best + size), (ull)size >> 10);
	strbuf_addc(s->out, '\n');
}

static void tell_no_room(struct story *s)
{
	if (s->ev->c)
		story_text(s,
			   "=> %e: it may not move, and cannot grow from %A to %B: %C is taken\n",
			   NULL);
	else
		story_text(s, "=> %e: it may not move, and cannot grow from %A to %B\n", NULL);
}

static void tell_brk_busy(struct story *s)
{
	story_text(s, "=> the break stays: heap and a free page would end at %A, ", NULL);
	strbuf_addf(s->out, "%s begins at 0x%llx\n", area_name_at(s, (vaddr_t)s->ev->b),
		    (ull)s->ev->b);
}

/* ---- memory that is promised ---- */

static void tell_commit(struct story *s)
{
	const struct trace_event *ev = s->ev;
	const char *verdict = ev->mt ? "allowed" : "=> ENOMEM";
	long long left = ev->b - ev->c - ev->d;

	story_text(s, "  a promise of %a page%s, overcommit_memory %o: ", NULL);
	if (ev->order == 1) {
		strbuf_adds(s->out, "always allowed\n");
	} else if (ev->order == 2) {
		left = ev->c - ev->d;
		strbuf_addf(s->out, "with it %lld %s limit %lld", (long long)ev->b,
			    ev->b < left ? "<" : ">=", (long long)ev->c);
		if (ev->d)
			strbuf_addf(s->out, " - %lld held back = %lld", (long long)ev->d, left);
		strbuf_addf(s->out, ": %s\n", verdict);
	} else {
		strbuf_addf(s->out, "%lld %s free %lld - reserve %lld", (long long)ev->a,
			    ev->a < left ? "<" : ">=", (long long)ev->b, (long long)ev->c);
		if (ev->d)
			strbuf_addf(s->out, " - %lld for root", (long long)ev->d);
		strbuf_addf(s->out, " = %lld: %s\n", left, verdict);
	}
}

/* ---- areas ---- */

static void tell_merge(struct story *s)
{
	static const char *const text[] = {
		[1] = "it fills the room between two areas",
		[2] = "it joins the area below",
		[3] = "it joins the area above",
		[4] = "the end of an area joins the area above",
		[5] = "the start of an area joins the area below",
		[6] = "a whole area joins both neighbours",
		[7] = "a whole area joins the area below",
		[8] = "a whole area joins the area above",
	};

	story_text(s, "  merge, case %o: ", NULL);
	strbuf_adds(s->out, s->ev->order < ARRAY_SIZE(text) ? text[s->ev->order] : "?");
	story_text(s, "; %C-%D is one\n", NULL);
}

static void tell_apart(struct story *s)
{
	static const char *const why[] = {
		[APART_FLAGS] = "its flags are others",
		[APART_FILE] = "it is of another open file",
		[APART_OFFSET] = "the offsets do not follow each other",
		[APART_ANON] =
			"its pages belong to another anon_vma, or to one that is shared since a fork",
		[APART_SPECIAL] = "it is the kernel's",
	};

	strbuf_addf(s->out, "  it does not merge with the area %s, 0x%llx-0x%llx: %s\n",
		    s->ev->mt < 0 ? "below" : "above", (ull)s->ev->c, (ull)s->ev->d,
		    why[s->ev->order]);
}

static void tell_new_area(struct story *s)
{
	strbuf_addf(s->out, "  a new area 0x%llx-0x%llx %s\n", (ull)s->ev->a, (ull)s->ev->b,
		    prot_text((uint64_t)s->ev->c));
}

static void tell_protect(struct story *s)
{
	strbuf_addf(s->out, "  0x%llx-0x%llx: %s becomes %s\n", (ull)s->ev->a, (ull)s->ev->b,
		    prot_text((uint64_t)s->ev->c), prot_text((uint64_t)s->ev->d));
}

/* ---- page tables ---- */

static const char *level_name(const struct story *s, unsigned level)
{
	const struct pgtable_format *f = s->m->arch->pgtable;

	return level < f->levels ? f->level[level].name : "?";
}

static void tell_table_made(struct story *s)
{
	const struct pgtable_level *up = &s->m->arch->pgtable->level[s->ev->order - 1];

	strbuf_addf(s->out, "  %s[%llu] gets a table of %s entries, pfn %u\n", up->name,
		    (ull)((vaddr_t)s->ev->a >> up->shift & ((1u << up->bits) - 1)),
		    level_name(s, s->ev->order), s->ev->pfn);
}

static void tell_table_freed(struct story *s)
{
	strbuf_addf(s->out, "    the %s table of 0x%llx-0x%llx goes, pfn %u\n",
		    level_name(s, s->ev->order), (ull)s->ev->a, (ull)s->ev->b, s->ev->pfn);
}

static void tell_tables(struct story *s)
{
	story_text(s,
		   !s->ev->c && !s->ev->d ? "  all tables may go\n"
		   : s->ev->d ? "  tables may go that lie between floor %C and ceiling %D\n"
			      : "  tables may go that lie above floor %C\n",
		   NULL);
}

static void tell_table_kept(struct story *s)
{
	const struct trace_event *ev = s->ev;
	bool low = (vaddr_t)ev->a < (vaddr_t)ev->c;

	strbuf_addf(s->out, "    the %s table of 0x%llx-0x%llx stays: it reaches %s, 0x%llx\n",
		    level_name(s, ev->order), (ull)ev->a, (ull)ev->b,
		    low ? "below the floor" : "above the ceiling", low ? (ull)ev->c : (ull)ev->d);
}

/* ---- the steps ---- */

static const struct mm_row {
	const char *text;
	story_teller *tell; /* for what a text cannot say; it leaves s->ev where it is */
} rows[NR_MM_STEPS] = {
	[MM_MMAP] = {.tell = tell_mmap},
	[MM_MUNMAP] = {.text = "munmap of %b bytes from %A\n"},
	[MM_MPROTECT] = {.tell = tell_mprotect},
	[MM_MREMAP] = {.tell = tell_mremap},
	[MM_BRK] = {.tell = tell_brk},
	[MM_MADVISE] = {.tell = tell_madvise},
	[MM_MLOCK] = {.text = "mlock of %b bytes from %A\n"},
	[MM_MUNLOCK] = {.text = "munlock of %b bytes from %A\n"},
	[MM_MLOCKALL] = {.tell = tell_mlockall},
	[MM_EXEC] = {.text = "exec in PID %a: a new address space, %b segment%t to load\n"},
	[MM_FORK] = {.tell = tell_fork},
	[MM_EXIT] = {.text = "an address space goes: %a area%s; pages mapped: %c anonymous, %d of files\n"},
	[MM_SWITCH] = {.text = "switch from PID %a to PID %b: page directory %C -> %D\n"},

	[MM_LAYOUT] = {.tell = tell_layout},
	[MM_HINT_RAISED] = {.text = "  the hint %A is below mmap_min_addr, and raised to it: %B\n"},
	[MM_HINT_TAKEN] = {.text = "  the hint is taken: %A-%B is free\n"},
	[MM_HINT_HIGH] = {.text = "  the hint is not taken: %A-%B ends above the user's part, %C\n"},
	[MM_HINT_LOW] = {.text = "  the hint is not taken: %A is below mmap_min_addr, %B\n"},
	[MM_HINT_BUSY] = {.text = "  the hint is not taken: %A-%B reaches into %C-%D\n"},
	[MM_GAP] = {.tell = tell_gap},
	[MM_NO_GAP] = {.tell = tell_no_gap},

	[MM_COMMIT] = {.tell = tell_commit},
	[MM_CLEAR] = {.text = "  something is in %A-%B: it goes\n"},
	[MM_MERGE] = {.tell = tell_merge},
	[MM_APART] = {.tell = tell_apart},
	[MM_NEW_AREA] = {.tell = tell_new_area},
	[MM_SPLIT] = {.text = "  the area %A-%C is split at %B\n"},
	[MM_GROW] = {.text = "  what is above %B is free: the area %A-%B grows to %C\n"},
	[MM_MOVE] = {.text = "  the page-table entries of %c bytes move from %A to %B; %d bytes done\n"},
	[MM_PROTECT] = {.tell = tell_protect},
	[MM_UNCHANGED] = {.text = "  %A-%B is so already\n"},
	[MM_AREA_GONE] = {.text = "  the area %A-%B goes\n"},
	[MM_ZAPPED] = {.text = "  pages unmapped from %A-%B: %c anonymous, %d of files\n"},

	[MM_TABLES] = {.tell = tell_tables},
	[MM_TABLE_MADE] = {.tell = tell_table_made},
	[MM_TABLE_FREED] = {.tell = tell_table_freed},
	[MM_TABLE_KEPT] = {.tell = tell_table_kept},

	[MM_FAULT] = {.tell = tell_fault},
	[MM_WALK] = {.tell = tell_walk},
	[MM_AREA] = {.tell = tell_area},
	[MM_NO_AREA] = {.text = "  no area ends above %A\n"},
	[MM_STACK_GROWS] = {.tell = tell_stack_grows},
	[MM_CACHE] = {.tell = tell_cache},
	[MM_AROUND] = {.text = "  fault-around maps what is cached in %A-%B: %c page%u\n"},
	[MM_FAULT_DONE] = {.tell = tell_fault_done},

	[MM_SWITCH_SLOTS] = {.tell = tell_switch_slots},
	[MM_VMALLOC_FAULT] =
		{.text = "vmalloc fault at %A: its directory entry %B is empty, the reference's %D "
		 "is %C: copied\n"},

	[MM_LENGTH_ZERO] = {.text = "=> %e: the length is 0\n"},
	[MM_LENGTH_WRAPS] = {.text = "=> %e: %a bytes wrap around the end of the address space\n"},
	[MM_OFFSET_WRAPS] = {.text = "=> %e: page offset %a and %b bytes wrap around\n"},
	[MM_MAP_COUNT] = {.text = "=> %e: there are %a areas, and vm.max_map_count is %b\n"},
	[MM_TOO_LONG] = {.text = "=> %e: %a bytes do not fit between mmap_min_addr %C and the end, %B\n"},
	[MM_NO_ADDRESS] = {.text = "=> %e: there are no %a bytes of addresses in one piece\n"},
	[MM_BEYOND] = {.text = "=> %e: %A and %b bytes end above the user's part, %C\n"},
	[MM_UNALIGNED] = {.text = "=> %e: %A is no multiple of the page size\n"},
	[MM_TOO_LOW] = {.text = "=> %e: %A is below mmap_min_addr, %B\n"},
	[MM_HUGE] = {.text = "=> %e: there are no huge pages\n"},
	[MM_BAD_FLAGS] = {.text = "=> %e: flags %A do not go together\n"},
	[MM_BAD_TYPE] = {.text = "=> %e: type %a is neither shared nor private\n"},
	[MM_BAD_PROT] = {.text = "=> %e: protection %A has bits that do not exist or exclude each other\n"},
	[MM_NO_FILE] = {.text = "=> %e: neither a file nor anonymous\n"},
	[MM_FILE_GROWS] = {.text = "=> %e: an area of a file cannot grow down\n"},
	[MM_SHARED_GROWS] = {.text = "=> %e: a shared area cannot grow down\n"},
	[MM_FILE_UNREADABLE] = {.text = "=> %e: the file was not opened for reading\n"},
	[MM_FILE_UNWRITABLE] = {.text = "=> %e: a shared writable mapping of a file opened for reading\n"},
	[MM_FILE_BUSY] = {.text = "=> %e: the file is open for writing, %a time%s\n"},
	[MM_FILE_LONG] = {.text = "=> %e: page offset %b and %a bytes are more than a file can have, %c\n"},
	[MM_LIMIT_AS] = {.text = "=> %e: %a pages + %b more > RLIMIT_AS, %c page%u\n"},
	[MM_LIMIT_DATA] = {.text = "=> %e: heap %a + data %b > RLIMIT_DATA, %c bytes\n"},
	[MM_LIMIT_STACK] = {.text = "  it cannot grow: a stack of %a bytes > RLIMIT_STACK, %b\n"},
	[MM_LIMIT_MEMLOCK] = {.text = "=> %e: %a page%s locked + %b more > RLIMIT_MEMLOCK, %c page%u\n"},
	[MM_NO_MEMLOCK] = {.text = "=> %e: RLIMIT_MEMLOCK is 0\n"},
	[MM_BRK_LOW] = {.text = "=> the break stays: %A is below the heap, which begins at %B\n"},
	[MM_BRK_BUSY] = {.tell = tell_brk_busy},
	[MM_NOT_MAPPED] = {.text = "=> %e: nothing is mapped at %A\n"},
	[MM_NOT_MAPPED_TO] = {.text = "=> %e: %b bytes from %A are not of one area: it ends at %C\n"},
	[MM_MAY_NOT] = {.text = "=> %e: %A-%B may not get that: its file was opened without the right\n"},
	[MM_NO_GROWSDOWN] = {.text = "=> %e: the area at %A does not grow that way\n"},
	[MM_NOT_BROUGHT_IN] = {.text = "=> %e: %A is locked, but its page cannot be brought in\n"},
	[MM_ADVICE_REFUSED] = {.text = "=> %e: %A-%B is locked, or the kernel's: not for this advice\n"},
	[MM_ADVICE_UNKNOWN] = {.text = "=> %e: there is no advice %a\n"},
	[MM_ADVICE_NEEDS] = {.text = "=> %e: %A-%B is no shared mapping of a file that may be written\n"},
	[MM_NO_EXPAND] = {.text = "=> %e: %A-%B is the kernel's, and keeps its size\n"},
	[MM_OVERLAP] = {.text = "=> %e: the new place %B-%C overlaps the old one, from %A\n"},
	[MM_NO_ROOM] = {.tell = tell_no_room},
	[MM_STACK_FAR] =
		{.text = "  it grows down, but %A is more than %c bytes below the stack pointer, %B\n"},
	[MM_STACK_GUARD] =
		{.text = "  it cannot grow: the gap of %c bytes below %A reaches the area that ends at "
		 "%B\n"},
	[MM_STACK_OFFSET] = {.text = "  it cannot grow: %a pages are more than its offset, %b\n"},
};

void tell_mm_step(struct story *s)
{
	const struct trace_event *ev = s->ev;
	const struct mm_row *r = ev->verdict < NR_MM_STEPS ? &rows[ev->verdict] : NULL;

	if (r && r->tell)
		r->tell(s);
	else if (r && r->text)
		story_text(s, r->text, NULL);
	if (s->ev == ev)
		s->ev++;
}

static bool refuses(const struct trace_event *ev, int err)
{
	if (ev->id != TRACE_MM_STEP)
		return false;
	return ev->verdict == MM_COMMIT ? !ev->mt && err == ENOMEM
					: ev->verdict >= MM_REFUSED && ev->order == err;
}

/* The rule's line of the story, less what says that it is the end of one. */
bool why_refused(const struct machine *m, const struct trace_buffer *b, int err, struct strbuf *out)
{
	const struct trace_event *ev = b->ev + b->n;
	struct strbuf line = {0};
	struct story s = {.m = m, .out = &line};
	const char *from, *end;

	do {
		if (ev == b->ev)
			return false;
	} while (!refuses(--ev, err));
	s.ev = ev;
	s.end = ev + 1;
	tell_mm_step(&s);
	from = line.s ? line.s : "";
	from += strspn(from, " ");
	if (!strncmp(from, "=> ", 3) && strstr(from, ": "))
		from = strstr(from, ": ") + 2;
	end = strstr(from, ": =>");
	strbuf_add(out, from, end ? (size_t)(end - from) : strcspn(from, "\n"));
	strbuf_free(&line);
	return true;
}
