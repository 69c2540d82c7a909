/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E9: a program that touches, forks, writes and unmaps, in five files: a dump before and after,
 * the kernel's trace of every page, and what the program and its child saw.
 *
 * The program's areas live in the model: their faults, unmappings and the copying at fork are
 * done by it, and must allocate and free what the trace says, in that order. All else in the
 * trace (kernel stacks, page tables of other areas, the program's own data) is replayed event
 * by event; there too the allocator must come to the recorded page.
 *
 * Two things are taken from the trace because the files do not hold the areas that decide
 * them: which of the pages that become page tables are those of the program's areas, and in
 * which order an exit frees.
 */
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/fault.h>
#include <mmsh/page_alloc.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_AREAS 16
#define MAX_TABLES 64

struct area {
	char name[8];
	vaddr_t base;
	uint32_t pages;
};

/* One program: its file of steps, and itself in the model. */
struct actor {
	int pid;
	struct scan s;
	struct task_struct *t;
	bool exiting;
};

/* An allocation or a free, of the model or of the trace. */
struct page_event {
	bool alloc;
	uint32_t order, pfn, gfp;
};

struct replay {
	struct verify *v;
	struct machine *m;
	struct trace_listener l;
	struct page_event *got; /* what the model's operation did, not met in the trace yet */
	size_t nr_got, at_got, cap_got;
	struct actor actor[2]; /* parent, child */
	struct area area[MAX_AREAS];
	unsigned nr_areas;
	/* the pages still to be touched */
	struct actor *who;
	struct area *what;
	uint32_t *touch;
	size_t nr_touch, at_touch, cap_touch;
	bool write;
	pfn_t table[MAX_TABLES]; /* allocated for page tables since the fork or the touch */
	unsigned nr_tables;
	bool forking, zero_known;
	uint64_t folded; /* microseconds of the trace's clock: when the counters were */
	uint8_t *expected; /* a bit a page: an exiting program was its last user */
	unsigned long nr_expected;
	struct scan *at; /* the line to blame */
};

static void on_event(struct trace_listener *l, struct machine *m, const struct trace_event *ev)
{
	struct replay *r = container_of(l, struct replay, l);

	(void)m;
	if (r->nr_got == r->cap_got) {
		size_t cap = r->cap_got ? 2 * r->cap_got : 4096;
		struct page_event *p = realloc(r->got, cap * sizeof(*p));

		if (!p)
			return; /* an event less shows as a difference */
		r->got = p;
		r->cap_got = cap;
	}
	r->got[r->nr_got++] = (struct page_event){
		.alloc = ev->id == TRACE_MM_PAGE_ALLOC, .order = ev->order, .pfn = ev->pfn};
}

static void forget_events(struct replay *r)
{
	r->nr_got = r->at_got = 0;
}

static void differs(struct replay *r, const char *kernel, const char *model)
{
	if (verify_first(r->v))
		verify_tell(r->v, r->at, kernel, model);
	verify_count(r->v, DIVERGED);
}

/* ---- areas ---- */

static struct area *area_find(struct replay *r, const char *name, size_t n)
{
	for (unsigned i = 0; i < r->nr_areas; i++)
		if (strlen(r->area[i].name) == n && !memcmp(r->area[i].name, name, n))
			return &r->area[i];
	return NULL;
}

/* "area=B2", or a part of one: "area=B.0-49". */
static struct area *scan_area(struct replay *r, struct scan *s)
{
	const char *name;
	size_t n = 0;

	if (!scan_word(s, "area="))
		return NULL;
	name = s->p;
	while (s->p < s->end && *s->p != ' ' && *s->p != '.') {
		s->p++;
		n++;
	}
	while (s->p < s->end && *s->p != ' ')
		s->p++;
	scan_char(s, ' ');
	return area_find(r, name, n);
}

static struct area *area_new(struct replay *r, const char *name, size_t n, uint32_t pages)
{
	struct area *a = &r->area[r->nr_areas];

	if (!n || n >= sizeof(a->name) || r->nr_areas == MAX_AREAS)
		return NULL;
	r->nr_areas++;
	*a = (struct area){.pages = pages};
	memcpy(a->name, name, n);
	return a;
}

/* A child that writes to an area says so if it is shared. */
static bool area_is_shared(const struct replay *r, const struct area *a)
{
	char word[32];

	snprintf(word, sizeof(word), "area=%s ", a->name);
	for (unsigned i = 0; i < 2; i++) {
		struct scan s = r->actor[i].s;

		scan_init(&s, r->actor[i].s.next, (size_t)(r->actor[i].s.stop - r->actor[i].s.next));
		while (scan_line(&s)) {
			size_t n = (size_t)(s.end - s.line);

			if (memmem(s.line, n, word, strlen(word)) && memmem(s.line, n, "(shared)", 8))
				return true;
		}
	}
	return false;
}

static int area_map(struct replay *r, struct actor *who, struct area *a, vaddr_t base)
{
	unsigned flags = MAP_ANONYMOUS | MAP_FIXED | (area_is_shared(r, a) ? MAP_SHARED : MAP_PRIVATE);
	int64_t got = sys_mmap(r->m, who->t, base, PFN_PHYS(a->pages), PROT_READ | PROT_WRITE, flags, NULL, 0);

	a->base = base;
	forget_events(r);
	return got == (int64_t)base ? 0 : scan_error(r->at, r->v->e, "no room for the area");
}

/* ---- touching ---- */

static int touch_add(struct replay *r, uint32_t idx)
{
	if (r->nr_touch == r->cap_touch) {
		size_t cap = r->cap_touch ? 2 * r->cap_touch : 4096;
		uint32_t *p = realloc(r->touch, cap * sizeof(*p));

		if (!p)
			return mm_error(r->v->e, -ENOMEM, "the host has no memory left");
		r->touch = p;
		r->cap_touch = cap;
	}
	r->touch[r->nr_touch++] = idx;
	return 0;
}

/* Touches until one has done something to pages, or all are done. */
static void touch_some(struct replay *r)
{
	while (r->at_touch < r->nr_touch && r->at_got == r->nr_got) {
		struct fault_report f;

		forget_events(r);
		if (task_touch(r->m, r->who->t, r->what->base + PFN_PHYS(r->touch[r->at_touch++]),
			       r->write ? FAULT_WRITE : 0, &f))
			differs(r, "a page", "a signal, or no memory");
	}
}

/* The next touch lacks a page table. */
static bool touch_needs_table(const struct replay *r)
{
	struct pte_info i;

	return r->at_touch < r->nr_touch &&
	       !pte_lookup(r->m, r->who->t->mm, r->what->base + PFN_PHYS(r->touch[r->at_touch]), &i);
}

static void touch_end(struct replay *r)
{
	touch_some(r);
	if (r->at_got < r->nr_got)
		differs(r, "nothing more", "another page");
	r->nr_touch = r->at_touch = 0;
	forget_events(r);
}

/* ---- the trace: raw events ---- */

static void expect(struct replay *r, pfn_t pfn, bool on)
{
	uint8_t bit = (uint8_t)(1u << (pfn & 7));
	bool was = r->expected[pfn >> 3] & bit;

	if (was == on)
		return;
	r->expected[pfn >> 3] ^= bit;
	r->nr_expected += on ? 1 : -1ul;
}

static void raw_alloc(struct replay *r, const struct page_event *e)
{
	int64_t got = alloc_pages(r->m, e->gfp, e->order);
	char kernel[32], model[32];

	forget_events(r);
	if (got == e->pfn) {
		verify_count(r->v, MATCHED);
	} else {
		snprintf(kernel, sizeof(kernel), "pfn %u", e->pfn);
		snprintf(model, sizeof(model), "pfn %lld", (long long)got);
		differs(r, kernel, model);
	}
	if (got >= 0 && (e->gfp & __GFP_REPEAT) && r->nr_tables < MAX_TABLES)
		r->table[r->nr_tables++] = (pfn_t)got;
}

static void raw_free(struct replay *r, const struct page_event *e)
{
	struct machine *m = r->m;
	struct page *p = pfn_to_page(m, e->pfn);
	struct zone *z = pfn_to_zone(m, e->pfn);
	struct mm_error why;

	if (z && p->_refcount <= 0 && !(p->block & BLOCK_PCP) && free_block_order(m, e->pfn) < 0)
		claim_block(m, z, e->pfn, e->order); /* from before the recording */
	expect(r, e->pfn, false);
	if (p->mapcount || p->_refcount != 1) {
		differs(r, "it is freed", "others still have it");
		return;
	}
	if (p->flags & PG(lru))
		lru_del(m, e->pfn);
	if (free_pages_check(m, e->pfn, e->order, &why)) {
		differs(r, "it is freed", why.text);
		return;
	}
	__free_pages(m, e->pfn, e->order);
	forget_events(r);
	verify_count(r->v, MATCHED);
}

/* What is met in the trace next is what the model did, or what others did meanwhile. */
static void on_page_event(struct replay *r, const struct page_event *e)
{
	bool user = e->alloc && (e->gfp & __GFP_HIGHMEM);

	if (r->at_got == r->nr_got && user && r->at_touch < r->nr_touch)
		touch_some(r);
	if (r->at_got < r->nr_got) {
		const struct page_event *g = &r->got[r->at_got];
		char kernel[64], model[64];

		r->at_got++;
		if (g->alloc == e->alloc && g->pfn == e->pfn && g->order == e->order) {
			verify_count(r->v, MATCHED);
			return;
		}
		snprintf(kernel, sizeof(kernel), "%s pfn %u", e->alloc ? "alloc" : "free", e->pfn);
		snprintf(model, sizeof(model), "%s pfn %u", g->alloc ? "alloc" : "free", g->pfn);
		differs(r, kernel, model);
		return;
	}
	if (!e->alloc) {
		raw_free(r, e);
		return;
	}
	raw_alloc(r, e);
	/* a table for the page that is touched next */
	if (!r->forking && r->nr_tables && touch_needs_table(r)) {
		pte_table_given(r->m, r->table[r->nr_tables - 1]);
		r->nr_tables = 0;
	}
}

static bool scan_gfp(struct scan *s, uint32_t *gfp)
{
	*gfp = 0;
	for (;;) {
		const char *word;
		char name[48];
		gfp_t one;
		size_t n = 0;

		word = s->p;
		while (s->p < s->end && *s->p != '|' && *s->p != ' ') {
			s->p++;
			n++;
		}
		if (n >= 40)
			return false;
		/* the trace drops the underscores of single flags */
		snprintf(name, sizeof(name), "%.*s", (int)n, word);
		if (gfp_parse(name, &one, NULL)) {
			snprintf(name, sizeof(name), "__%.*s", (int)n, word);
			if (gfp_parse(name, &one, NULL))
				return false;
		}
		*gfp |= one;
		if (!scan_char(s, '|'))
			return true;
	}
}

/* "page=.. pfn=N order=N ..." */
static int parse_page_event(struct replay *r, struct scan *s, bool alloc, struct page_event *e)
{
	const char *word;
	uint32_t mt;

	*e = (struct page_event){.alloc = alloc};
	if (!scan_word(s, "page=") || !scan_until(s, ' ', &word) || !scan_word(s, " pfn=") ||
	    !scan_u32(s, &e->pfn) || !scan_word(s, " order=") || !scan_u32(s, &e->order) ||
	    e->pfn >= r->m->max_pfn || e->order >= MAX_ORDER)
		return scan_error(s, r->v->e, "not an event of a page");
	if (alloc && (!scan_word(s, " migratetype=") || !scan_u32(s, &mt) || !scan_word(s, " gfp_flags=") ||
		      !scan_gfp(s, &e->gfp)))
		return scan_error(s, r->v->e, "not an allocation");
	return 0;
}

/* ---- fork and exit ---- */

/* The tables that the copied areas need are the last ones but the stack's, in order of address. */
static int do_fork(struct replay *r)
{
	struct actor *parent = &r->actor[0], *child = &r->actor[1];
	unsigned need = 0;
	vaddr_t last = ~(vaddr_t)0;

	for (struct vm_area_struct *v = parent->t->mm->mmap; v; v = v->vm_next)
		for (vaddr_t va = v->vm_start; v->anon_vma && va < v->vm_end; va += PAGE_SIZE) {
			struct pte_info i;

			if (va >> 22 == last || !pte_lookup(r->m, parent->t->mm, va, &i))
				continue;
			last = va >> 22;
			need++;
		}
	for (unsigned i = r->nr_tables > need ? r->nr_tables - 1 - need : 0; i + 1 < r->nr_tables; i++)
		pte_table_given(r->m, r->table[i]);
	r->nr_tables = 0;
	r->forking = false;
	if (task_fork(r->m, parent->t, &child->t))
		return mm_error(r->v->e, -ENOMEM, "no memory for the child");
	forget_events(r);
	return 0;
}

/* All that a program maps goes, but is not freed: the trace says when. */
static void detach(struct replay *r, struct actor *who)
{
	struct mm_struct *mm = who->t->mm;

	for (struct vm_area_struct *v = mm->mmap; v; v = v->vm_next) {
		for (vaddr_t va = v->vm_start; va < v->vm_end; va += PAGE_SIZE) {
			struct pte_info i;
			pfn_t pfn = pte_lookup(r->m, mm, va, &i) ? vm_normal_page(r->m, v, &i) : PFN_NONE;
			struct page *p;

			if (pfn == PFN_NONE)
				continue;
			p = pfn_to_page(r->m, pfn);
			if (p->mapcount == 1 && page_is_anon(p)) {
				p->_refcount++; /* the trace's */
				expect(r, pfn, true);
			}
			/* a page at a time costs no batches */
			sys_madvise(r->m, who->t, va, PAGE_SIZE, MADV_DONTNEED);
		}
		/* an area's hidden file ends with its last user */
		if (v->vm_file && v->vm_file->count == 1)
			for (uint64_t n = 0; n < vma_pages(v); n++) {
				pfn_t pfn = find_get_page(v->vm_file->mapping, v->vm_pgoff + n);

				if (pfn == PFN_NONE)
					continue;
				pfn_to_page(r->m, pfn)->_refcount++;
				expect(r, pfn, true);
			}
	}
	mm_hold_tables(r->m, mm);
	task_exit(r->m, who->t);
	who->t = NULL;
	forget_events(r);
}

/* ---- steps ---- */

static struct actor *actor_of(struct replay *r, int pid)
{
	for (unsigned i = 0; i < 2; i++)
		if (r->actor[i].pid == pid)
			return &r->actor[i];
	return NULL;
}

/* What the program saw: "pfns pid= area= base= pages= pfns=a,b,..." */
static int compare_pfns(struct replay *r, struct actor *who, struct scan *s)
{
	uint64_t base, page = 0;
	uint32_t pages, want;
	char kernel[64], model[64];
	bool same = true;
	const char *word;

	r->at = s;
	if (!scan_until(s, ' ', &word) || !scan_char(s, ' ') || !scan_word(s, "area=") ||
	    !scan_until(s, ' ', &word) || !scan_word(s, " base=") || !scan_u64(s, &base) ||
	    !scan_word(s, " pages=") || !scan_u32(s, &pages) || !scan_word(s, " pfns="))
		return scan_error(s, r->v->e, "expects area=, base=, pages= and pfns=");
	for (; page < pages && scan_u32(s, &want); page++, scan_char(s, ',')) {
		struct vm_area_struct *v = vma_lookup(who->t->mm, base + PFN_PHYS(page));
		struct pte_info i;
		pfn_t got;

		pte_lookup(r->m, who->t->mm, base + PFN_PHYS(page), &i);
		/* where the zero page lies is told by the first one seen */
		if (v && i.present && i.special && !r->zero_known) {
			zero_page_restore(r->m, who->t, want);
			r->zero_known = true;
		}
		pte_lookup(r->m, who->t->mm, base + PFN_PHYS(page), &i);
		got = i.present ? i.pfn : 0;
		if (got == want)
			continue;
		if (same) {
			snprintf(kernel, sizeof(kernel), "0x%llx: pfn %u", (unsigned long long)(base + PFN_PHYS(page)), want);
			snprintf(model, sizeof(model), "0x%llx: pfn %u", (unsigned long long)(base + PFN_PHYS(page)), got);
			differs(r, kernel, model);
		}
		same = false;
	}
	if (same && page == pages)
		verify_count(r->v, MATCHED);
	return page == pages ? 0 : scan_error(s, r->v->e, "pages are missing");
}

/* The order in which the pages of the step are touched. */
static int scan_touchorder(struct replay *r, struct scan *s)
{
	uint32_t idx;

	r->nr_touch = r->at_touch = 0;
	while (scan_u32(s, &idx)) {
		if (idx >= r->what->pages || touch_add(r, idx))
			return scan_error(s, r->v->e, "no such page");
		scan_char(s, ',');
	}
	return 0;
}

/* The program's own lines behind its step, up to the next one. */
static int actor_lines(struct replay *r, struct actor *who)
{
	struct scan *s = &who->s;

	while (scan_line(s)) {
		int err = 0;
		uint64_t base;
		struct area *a;

		if (scan_word(s, "step ")) {
			scan_unline(s);
			return 0;
		}
		if (scan_word(s, "pfns ")) {
			err = who->t ? compare_pfns(r, who, s) : 0;
		} else if (scan_word(s, "touchorder ")) {
			if (!r->what || !scan_area(r, s) || !scan_word(s, "idx="))
				return scan_error(s, r->v->e, "no area to touch");
			err = scan_touchorder(r, s);
		} else if (scan_word(s, "mmapped ")) {
			a = scan_area(r, s);
			if (!a || !scan_word(s, "base=") || !scan_u64(s, &base))
				return scan_error(s, r->v->e, "expects area= and base=");
			err = a->base ? 0 : area_map(r, who, a, base);
		} else {
			err = scan_error(s, r->v->e, "not a line of a program");
		}
		if (err)
			return err;
	}
	return 0;
}

/* The base that an area has later in the program's file. */
static vaddr_t find_base(const struct actor *who, const struct area *a)
{
	struct scan s = who->s;
	char word[32];
	uint64_t base;

	snprintf(word, sizeof(word), "area=%s base=", a->name);
	while (scan_line(&s)) {
		const char *at = memmem(s.line, (size_t)(s.end - s.line), word, strlen(word));

		if (!at)
			continue;
		s.p = at + strlen(word);
		if (scan_u64(&s, &base))
			return base;
	}
	return 0;
}

/* Which pages of an area a step is about: "pages=50..99", "0..31", "every 3rd", "pages=even",
   else all. */
struct pages {
	uint32_t from, to, step;
};

static struct pages scan_pages(struct scan *s, const struct area *a)
{
	struct pages p = {0, a->pages, 1};
	uint32_t n, m;

	if (scan_word(s, "pages=even")) {
		p.step = 2;
	} else if (scan_word(s, "every ") && scan_u32(s, &n) && n) {
		p.step = n;
	} else {
		scan_word(s, "pages=");
		if (scan_u32(s, &n) && scan_word(s, "..") && scan_u32(s, &m) && n <= m && m < a->pages) {
			p.from = n;
			p.to = m + 1;
		}
	}
	return p;
}

static int touch_pages(struct replay *r, struct actor *who, struct area *a, struct pages p, bool write)
{
	r->who = who;
	r->what = a;
	r->write = write;
	for (uint32_t i = p.from; i < p.to; i += p.step)
		if (touch_add(r, i))
			return -ENOMEM;
	return 0;
}

static int step_mmap(struct replay *r, struct actor *who, struct scan *s, bool touch)
{
	const char *name;
	struct area *a;
	uint32_t pages;
	size_t n;
	vaddr_t base;

	if (!scan_word(s, "area="))
		return -EINVAL;
	n = scan_until(s, ' ', &name);
	if (!scan_word(s, " pages=") || !scan_u32(s, &pages) || pages > 1 << 20)
		return -EINVAL;
	a = area_new(r, name, n, pages);
	base = a ? find_base(who, a) : 0;
	if (!base)
		return -EINVAL;
	if (area_map(r, who, a, base))
		return -EINVAL;
	return touch ? touch_pages(r, who, a, (struct pages){0, pages, 1}, true) : 0;
}

static int step_change(struct replay *r, struct actor *who, struct scan *s, bool unmap)
{
	struct area *a = scan_area(r, s);
	struct pages p;

	if (!a)
		return -EINVAL;
	p = scan_pages(s, a);
	if (unmap)
		return (int)sys_munmap(r->m, who->t, a->base + PFN_PHYS(p.from), PFN_PHYS(p.to - p.from));
	for (uint32_t i = p.from; i < p.to; i += p.step)
		if (sys_madvise(r->m, who->t, a->base + PFN_PHYS(i), PAGE_SIZE, MADV_DONTNEED))
			return -EINVAL;
	return 0;
}

static int step_touch(struct replay *r, struct actor *who, struct scan *s, bool write)
{
	struct area *a = scan_area(r, s);

	if (!a || touch_pages(r, who, a, scan_pages(s, a), write))
		return -EINVAL;
	if (!write) /* reading takes no pages: nothing in the trace tells when it is done */
		touch_end(r);
	return 0;
}

/* Returns: 0; -EINVAL when that is no step. */
static int do_step(struct replay *r, struct actor *who, struct scan *s)
{
	if (scan_word(s, "exit") || scan_word(s, "end")) {
		if (who->t)
			detach(r, who);
		return 0;
	}
	if (scan_word(s, "fork")) {
		r->nr_tables = 0;
		r->forking = true;
		return 0;
	}
	if (scan_word(s, "started") || scan_word(s, "mmapped") || scan_word(s, "written") ||
	    scan_word(s, "unmapped") || scan_word(s, "dontneed done"))
		return 0;
	if (scan_word(s, "reaped")) {
		if (r->nr_expected)
			differs(r, "the child's pages are freed", "more pages were its own");
		return 0;
	}
	if (!who->t)
		return -EINVAL;
	if (scan_word(s, "mmap "))
		return step_mmap(r, who, s, false);
	if (scan_word(s, "remap "))
		return step_mmap(r, who, s, true);
	if (scan_word(s, "write "))
		return step_touch(r, who, s, true);
	if (scan_word(s, "read "))
		return step_touch(r, who, s, false);
	if (scan_word(s, "unmap "))
		return step_change(r, who, s, true);
	if (scan_word(s, "dontneed "))
		return step_change(r, who, s, false);
	return -EINVAL;
}

/* "E9 pid=N TEXT": the same step is next in that program's file. */
static int on_marker(struct replay *r, struct scan *s)
{
	const char *text;
	struct actor *who;
	uint32_t pid;
	size_t n;

	if (r->at_got < r->nr_got)
		differs(r, "no more of it", "frees or allocates more pages");
	forget_events(r);
	touch_end(r);
	if (!scan_word(s, "E9 pid=") || !scan_u32(s, &pid) || !scan_char(s, ' '))
		return scan_error(s, r->v->e, "not a step");
	who = actor_of(r, (int)pid);
	text = s->p;
	n = scan_left(s);
	if (!who || !scan_line(&who->s) || !scan_word(&who->s, "step pid=") || !scan_u32(&who->s, &pid) ||
	    !scan_char(&who->s, ' ') || scan_left(&who->s) != n || memcmp(who->s.p, text, n) != 0)
		return scan_error(s, r->v->e, "the program's file has another step here");
	if (r->forking && who == &r->actor[1] && do_fork(r))
		return -EINVAL;
	if (!scan_word(s, "child "))
		scan_word(s, "parent ");
	if (do_step(r, who, s))
		return scan_error(s, r->v->e, "not a step that is known");
	r->at = s;
	return actor_lines(r, who);
}

/*
 * Once a second each CPU folds its counters in. The trace does not tell when: the state before
 * is one in which they just were, so the seconds are counted from there.
 */
static void trace_time(struct replay *r, const char *from, const char *colon)
{
	const char *p = colon;
	uint64_t usec = 0, unit = 1;

	for (; p > from && p[-1] != ' ' && unit < 1ull << 50; p--) {
		if (p[-1] < '0' || p[-1] > '9')
			continue;
		usec += (uint64_t)(p[-1] - '0') * unit;
		unit *= 10;
	}
	if (!r->folded)
		r->folded = usec;
	for (; usec >= r->folded + 1000000 && usec < r->folded + 60000000; r->folded += 1000000)
		for (unsigned cpu = 0; cpu < r->m->nr_cpus; cpu++)
			refresh_cpu_vm_stats(r->m, cpu);
}

static int trace_line(struct replay *r, struct scan *s)
{
	const char *at = memmem(s->p, scan_left(s), ": ", 2), *line = s->p;
	struct page_event e;
	bool alloc;

	r->at = s;
	trace_buffer_reset(&r->v->trace);
	if (line < s->end && *line == '#')
		return 0;
	if (!at)
		return scan_error(s, r->v->e, "not a line of a trace");
	trace_time(r, line, at);
	s->p = at + 2;
	if (scan_word(s, "tracing_mark_write: "))
		return on_marker(r, s);
	alloc = scan_word(s, "mm_page_alloc: ");
	if (!alloc && !scan_word(s, "mm_page_free: "))
		return 0;
	if (parse_page_event(r, s, alloc, &e))
		return -EINVAL;
	on_page_event(r, &e);
	return 0;
}

/* ---- all five ---- */

static int first_pid(struct actor *who, struct mm_error *e)
{
	struct scan s = who->s;
	uint32_t pid;

	if (!scan_line(&s) || !scan_word(&s, "step pid=") || !scan_u32(&s, &pid))
		return scan_error(&s, e, "expects a step");
	who->pid = (int)pid;
	return 0;
}

static int begin(struct replay *r, const struct strbuf text[FAULTS_FILES])
{
	struct verify *v = r->v;
	int err;

	scan_init(&r->actor[0].s, strbuf_str(&text[FAULTS_PARENT]), text[FAULTS_PARENT].len);
	scan_init(&r->actor[1].s, strbuf_str(&text[FAULTS_CHILD]), text[FAULTS_CHILD].len);
	err = first_pid(&r->actor[0], v->e);
	if (!err)
		err = first_pid(&r->actor[1], v->e);
	if (err)
		return err;
	verify_machine(v, verify_load(v, "before"));
	r->m = v->m;
	if (!r->m)
		return -EINVAL;
	r->m->layout.page_offset = v->d.konst.page_offset;
	r->expected = calloc(r->m->max_pfn / 8 + 1, 1);
	if (!r->expected || tables_outside(r->m))
		return mm_error(v->e, -ENOMEM, "no memory for the program");
	r->actor[0].t = task_new(r->m, NULL, "e9");
	if (r->actor[0].t)
		r->actor[0].t->mm = mm_alloc(r->m, r->actor[0].t);
	if (!r->actor[0].t || !r->actor[0].t->mm)
		return mm_error(v->e, -ENOMEM, "no memory for the program");
	arch_pick_mmap_layout(r->m, r->actor[0].t, 0, false);
	r->l = (struct trace_listener){.event = on_event,
				       .mask = TRACE_BIT(TRACE_MM_PAGE_ALLOC) | TRACE_BIT(TRACE_MM_PAGE_FREE)};
	trace_attach(r->m, &r->l);
	return 0;
}

static void count_line(struct verify *v, enum verdict verdict)
{
	verify_count(v, verdict);
}

static int compare_after(struct replay *r, const struct strbuf *text)
{
	struct scan *s = &r->v->d.s;

	trace_buffer_reset(&r->v->trace);
	scan_init(s, strbuf_str(text), text->len);
	while (scan_line(s))
		if (scan_word(s, "dump stage="))
			return verify_dump(r->v, "after", count_line) < 0 ? -EINVAL : 0;
	return scan_error(s, r->v->e, "expects the dump stage=after");
}

int verify_faults(struct verify *v, const struct strbuf text[FAULTS_FILES])
{
	struct replay r = {.v = v};
	struct scan s;
	int err = begin(&r, text);

	scan_init(&s, strbuf_str(&text[FAULTS_TRACE]), text[FAULTS_TRACE].len);
	while (!err && scan_line(&s))
		err = trace_line(&r, &s);
	r.at = &s;
	if (!err && r.nr_expected)
		differs(&r, "all pages are freed", "more pages were the program's own");
	if (r.l.event)
		trace_detach(r.m, &r.l);
	if (!err)
		err = compare_after(&r, &text[FAULTS_AFTER]);
	free(r.got);
	free(r.touch);
	free(r.expected);
	return err;
}
