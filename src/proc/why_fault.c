/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tellers of page faults, of fork and of the context switch. */
#include "why_story.h"
#include <mmsh/fault.h>
#include <mmsh/mm_step.h>
#include <mmsh/pgtable.h>
#include <mmsh/slab.h>

typedef unsigned long long ull;

#define MAX_FAULTS 2 /* told in full */

static bool is_step(const struct story *s, const struct trace_event *ev, enum mm_step step)
{
	return ev < s->end && ev->id == TRACE_MM_STEP && ev->verdict == step;
}

/* The end of the fault that is being told; NULL: it was not kept. */
static const struct trace_event *fault_end(const struct story *s, const struct trace_event *ev)
{
	while (ev < s->end && !is_step(s, ev, MM_FAULT_DONE))
		ev++;
	return ev < s->end ? ev : NULL;
}

/* ---- a fault ---- */

static const char *access_word(const struct trace_event *fault)
{
	return fault->order & FAULT_WRITE ? "write" : fault->order & FAULT_EXEC ? "exec" : "read";
}

/* Many faults that end well are told in one line. Returns: whether it did so. */
static bool tell_more_faults(struct story *s)
{
	struct ranges r = {.out = s->out};
	const struct trace_event *end;
	unsigned n = 0, major = 0;

	for (const struct trace_event *ev = s->ev; is_step(s, ev, MM_FAULT); ev = end + 1, n++) {
		end = fault_end(s, ev);
		if (!end || end->mt)
			break;
	}
	if (!n)
		return false;
	strbuf_addf(s->out, "... and %u more fault%s: pfn ", n, n == 1 ? "" : "s");
	for (unsigned i = 0; i < n; i++, s->ev = end + 1) {
		end = fault_end(s, s->ev);
		range_add(&r, end->pfn);
		major += end->mt2 == MM_FAULT_MAJOR;
	}
	range_end(&r);
	if (major)
		strbuf_addf(s->out, "; %u of them major", major);
	strbuf_addc(s->out, '\n');
	return true;
}

void tell_fault(struct story *s)
{
	const struct trace_event *ev = s->ev;

	s->fault = ev;
	if (++s->faults > MAX_FAULTS && tell_more_faults(s))
		return;
	strbuf_addf(s->out, "%s at 0x%llx%s: page fault, error code %lld (%s, %s)\n",
		    access_word(ev), (ull)ev->a,
		    ev->order & FAULT_KERNEL ? ", by the kernel for the program" : "",
		    (long long)ev->b, ev->b & 1 ? "page present" : "no page",
		    ev->b & 4 ? "user" : "kernel");
}

void tell_walk(struct story *s)
{
	const struct pgtable_format *f = s->m->arch->pgtable;
	const struct trace_event *last = s->ev;
	const char *sep = "  page tables: ";

	for (; is_step(s, s->ev, MM_WALK); s->ev++) {
		const struct pgtable_level *l = &f->level[s->ev->order];

		last = s->ev;
		strbuf_addf(s->out, "%s%s[%llu] 0x%0*llx", sep, l->name,
			    (ull)((vaddr_t)last->a >> l->shift & ((1u << l->bits) - 1)),
			    (int)f->entry_bytes * 2, (ull)last->c);
		sep = ", ";
	}
	strbuf_adds(s->out, !last->c			 ? ", empty\n"
			    : !(last->c & _PAGE_PRESENT) ? ", not present\n"
			    : last->c & _PAGE_RW	 ? "\n"
							 : ", read-only\n");
}

static const char *const path_text[] = {
	[FAULT_ZERO_PAGE] = "anonymous memory, only read: the zero page, which all share",
	[FAULT_ANON] = "anonymous memory, not there yet, and written: a new page of zeroes",
	[FAULT_FILE_READ] = "a file, read: the page of its page cache",
	[FAULT_FILE_COW] = "a private mapping of a file, written: a copy of the file's page",
	[FAULT_FILE_SHARED] = "a shared mapping of a file, written: the file's own page",
	[FAULT_WP_COPY] = "copy on write: the area may be written, the entry may not",
	[FAULT_WP_REUSE] =
		"copy on write, but nobody else maps the page: it is made writable as it is",
	[FAULT_WP_SHARED] = "shared: the file's page becomes dirty, and the entry writable",
	[FAULT_SPECIAL] = "a page of the kernel's own",
	[FAULT_SPURIOUS] = "the entry allows it by now",
};

static bool is_zero_page(const struct story *s, pfn_t pfn)
{
	return s->m->mm && s->m->mm->zero_pfn && pfn == s->m->mm->zero_pfn;
}

/* What is going to be done: the steps that it takes follow. */
static void tell_kind(struct story *s)
{
	const struct trace_event *end = fault_end(s, s->ev);

	if (!end || end->mt || end->order >= ARRAY_SIZE(path_text) || !path_text[end->order])
		return;
	strbuf_addf(s->out, "  %s", path_text[end->order]);
	if (end->order == FAULT_WP_COPY && is_zero_page(s, end->pfn2))
		strbuf_adds(s->out, "; what is there is the zero page");
	else if (end->order == FAULT_WP_COPY)
		strbuf_addf(s->out, "; pfn %u is mapped %lld time%s", end->pfn2,
			    (long long)end->c + 1, end->c ? "s" : "");
	strbuf_addc(s->out, '\n');
}

void tell_area(struct story *s)
{
	const struct trace_event *ev = s->ev;
	vaddr_t va = s->fault ? (vaddr_t)s->fault->a : 0;

	if (!s->fault || va >= (vaddr_t)ev->a) {
		strbuf_addf(s->out, "  area 0x%llx-0x%llx %s %s\n", (ull)ev->a, (ull)ev->b,
			    prot_text((uint64_t)ev->c), area_name_at(s, (vaddr_t)ev->a));
		tell_kind(s);
		return;
	}
	strbuf_addf(s->out, "  no area; the next above, 0x%llx-0x%llx %s %s, ", (ull)ev->a,
		    (ull)ev->b, prot_text((uint64_t)ev->c), area_name_at(s, (vaddr_t)ev->a));
	if (!(ev->c & VM_GROWSDOWN))
		strbuf_adds(s->out, "does not grow down\n");
	else
		strbuf_addf(s->out, "grows down; sp is 0x%llx\n", (ull)s->fault->c);
}

void tell_stack_grows(struct story *s)
{
	const struct trace_event *ev = s->ev;

	strbuf_addf(s->out, "  the stack grows from 0x%llx to 0x%llx: %llu kB", (ull)ev->a,
		    (ull)ev->b, (ull)(ev->c - ev->b) >> 10);
	if ((uint64_t)ev->d == UINT64_MAX)
		strbuf_adds(s->out, ", and it has no limit\n");
	else
		strbuf_addf(s->out, " of %llu (RLIMIT_STACK)\n", (ull)ev->d >> 10);
	if (s->fault)
		tell_kind(s);
}

void tell_cache(struct story *s)
{
	if (s->ev->order)
		story_text(s, "  page %a of the file is cached: pfn %p\n", NULL);
	else
		story_text(s, "  page %a of the file is not cached: it is made, and read\n", NULL);
}

static void tell_signal(struct story *s)
{
	const struct trace_event *ev = s->ev;

	if (ev->mt == SIGBUS_NR)
		strbuf_adds(s->out,
			    "=> SIGBUS, BUS_ADRERR: the page is behind the end of the file\n");
	else if (ev->mt2 == SEGV_ACCERR)
		strbuf_addf(s->out, "=> SIGSEGV, SEGV_ACCERR: no %s is allowed there\n",
			    access_word(s->fault));
	else
		strbuf_adds(s->out,
			    "=> SIGSEGV, SEGV_MAPERR: it stays an address without an area\n");
}

static void tell_page(struct story *s, pfn_t pfn, long long mapcount)
{
	const struct zone *z = NULL;

	if (pfn_is_ram(s->m, pfn))
		z = s->m->zone_by_id[block_zone(pfn_to_page(s->m, pfn)->block)];
	strbuf_addf(s->out, "=> 0x%llx: pfn %u", (ull)s->fault->a, pfn);
	if (is_zero_page(s, pfn))
		strbuf_adds(s->out, ", the zero page");
	else if (z)
		strbuf_addf(s->out, " (%s), mapcount %lld", z->name, mapcount);
}

void tell_fault_done(struct story *s)
{
	const struct trace_event *ev = s->ev;

	if (!s->fault)
		return;
	if (ev->mt == MM_FAULT_OOM) {
		strbuf_adds(s->out, "=> ENOMEM: no memory for it\n");
	} else if (ev->mt) {
		tell_signal(s);
	} else {
		tell_page(s, ev->pfn, ev->b);
		if (ev->pfn2 != PFN_NONE && ev->pfn2 != ev->pfn && !is_zero_page(s, ev->pfn2))
			strbuf_addf(s->out, "; was pfn %u, mapcount now %lld", ev->pfn2,
				    (long long)ev->c);
		if (s->fault->d == ev->a)
			strbuf_addf(s->out, "; rss stays %lld", (long long)ev->a);
		else
			strbuf_addf(s->out, "; rss %lld -> %lld pages", (long long)s->fault->d,
				    (long long)ev->a);
		strbuf_adds(s->out, ev->mt2 == MM_FAULT_MAJOR ? "; a major fault\n" : "\n");
	}
	s->fault = NULL;
}

/* ---- fork ---- */

#define MAX_CACHES 12

struct fork_story {
	const struct trace_event *area; /* the last one */
	unsigned tables;
	long long entries, protected, shared, promised;
	struct {
		uint32_t id;
		unsigned n;
	} cache[MAX_CACHES];
	unsigned nr_caches, pages;
	bool refused;
	struct strbuf text;
	struct ranges pfns;
};

static void fork_area_end(struct story *s, struct fork_story *f)
{
	const struct trace_event *a = f->area;

	if (!a)
		return;
	strbuf_addf(s->out, "  0x%llx-0x%llx %s %s: ", (ull)a->a, (ull)a->b,
		    prot_text((uint64_t)a->c), area_name_at(s, (vaddr_t)a->a));
	if (a->d == FORK_DONTCOPY)
		strbuf_adds(s->out, "not for children\n");
	else if (a->d == FORK_FAULTS_LATER)
		strbuf_adds(s->out, "nothing to copy: faults find what is there\n");
	else
		strbuf_addf(s->out,
			    "%lld entr%s copied, %lld write-protected, %lld page%s shared\n",
			    f->entries, f->entries == 1 ? "y" : "ies", f->protected, f->shared,
			    f->shared == 1 ? "" : "s");
	f->area = NULL;
	f->entries = f->protected = f->shared = 0;
}

static void fork_object(struct fork_story *f, uint32_t id)
{
	unsigned i = 0;

	while (i < f->nr_caches && f->cache[i].id != id)
		i++;
	if (i == MAX_CACHES)
		return;
	if (i == f->nr_caches) {
		f->cache[i].id = id;
		f->cache[i].n = 0;
		f->nr_caches++;
	}
	f->cache[i].n++;
}

static void fork_step(struct story *s, struct fork_story *f)
{
	const struct trace_event *ev = s->ev;

	switch (ev->verdict) {
	case MM_FORK_AREA:
		fork_area_end(s, f);
		f->area = ev;
		break;
	case MM_FORK_PTES:
		f->entries += ev->b;
		f->protected += ev->c;
		f->shared += ev->d;
		break;
	case MM_TABLE_MADE:
		f->tables++;
		break;
	case MM_COMMIT:
		f->promised += ev->a;
		if (ev->mt)
			break;
		/* fall through */
	default:
		fork_area_end(s, f);
		tell_mm_step(s);
		s->ev--;
		f->refused = true;
		break;
	}
}

static void fork_costs(struct story *s, struct fork_story *f)
{
	const char *sep = "  objects: ";

	strbuf_addf(s->out, "  promised: %lld page%s\n", f->promised, f->promised == 1 ? "" : "s");
	for (unsigned i = 0; i < f->nr_caches; i++, sep = ", ") {
		const struct kmem_cache *c = kmem_cache_by_id(s->m, f->cache[i].id);

		strbuf_addf(s->out, "%s%u of %s", sep, f->cache[i].n, c ? c->name : "a cache");
	}
	if (f->nr_caches)
		strbuf_addc(s->out, '\n');
	range_end(&f->pfns);
	strbuf_addf(s->out,
		    "  pages: %u (kernel stack, page directory, %u table%s, slabs), pfn %s\n",
		    f->pages, f->tables, f->tables == 1 ? "" : "s", strbuf_str(&f->text));
}

/* An object and a page a line would be too many: they are counted. */
void tell_fork(struct story *s)
{
	struct fork_story f = {.text = STRBUF_INIT};
	const struct trace_event *begin = NULL;

	f.pfns.out = &f.text;
	story_text(s, "fork of PID %a, which has %b area%t\n", NULL);
	for (s->ev++; s->ev < s->end && !f.refused && !is_step(s, s->ev, MM_FORK_DONE); s->ev++) {
		const struct trace_event *ev = s->ev;

		if (ev->id == TRACE_MM_STEP)
			fork_step(s, &f);
		else if (ev->id == TRACE_KMALLOC || ev->id == TRACE_KMEM_CACHE_ALLOC)
			fork_object(&f, ev->cache);
		else if (ev->id == TRACE_ALLOC_BEGIN)
			begin = ev;
		if (ev->id != TRACE_MM_PAGE_ALLOC)
			continue;
		if (ev->pfn == PFN_NONE)
			break;
		for (unsigned i = 0; i < 1u << ev->order; i++, f.pages++)
			range_add(&f.pfns, ev->pfn + i);
	}
	fork_area_end(s, &f);
	fork_costs(s, &f);
	strbuf_free(&f.text);
	if (f.refused) {
		strbuf_adds(s->out, "=> no child: all of it is given back\n");
		s->ev = s->end;
	} else if (is_step(s, s->ev, MM_FORK_DONE)) {
		story_text(s, "=> PID %a: %b pages of areas, rss %c page%u, none of them copied\n",
			   NULL);
		s->ev++;
	} else if (s->ev < s->end && begin) {
		s->ev = begin; /* the allocation that failed */
	}
}

/* ---- switch ---- */

void tell_switch_slots(struct story *s)
{
	static const char *const text[] = {
		[SWITCH_LOADED] = "  CR3 is written: the TLB loses all but its global entries\n"
				  "  user's part: the directory's entries that changed: %a\n"
				  "  kernel's part: stayed, entries that are the very same: %b\n",
		[SWITCH_SAME] = "  CR3 holds it already: nothing is written, and the TLB stays\n",
		[SWITCH_LAZY] = "  it has no address space of its own: it runs in what is loaded\n",
	};

	story_text(s, text[s->ev->order], NULL);
	if (s->ev->c)
		story_text(s,
			   "  vmalloc: %c of the kernel's entries are in one of the two only: who "
			   "misses one takes a vmalloc fault, which copies it from the reference\n",
			   NULL);
}
