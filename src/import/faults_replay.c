/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of the trace against pages of the model (E9). */
#include "faults_replay.h"
#include <errno.h>
#include <mmsh/fault.h>
#include <mmsh/page_alloc.h>
#include <mmsh/pgtable.h>
#include <stdio.h>
#include <stdlib.h>

int no_memory(struct replay *r)
{
	return mm_error(r->v->e, -ENOMEM, "the host has no memory left");
}

static bool set_has(const struct page_set *s, pfn_t pfn)
{
	return s->bits[pfn >> 3] >> (pfn & 7) & 1;
}

static void set_put(struct page_set *s, pfn_t pfn, bool on)
{
	if (set_has(s, pfn) == on)
		return;
	s->bits[pfn >> 3] ^= (uint8_t)(1u << (pfn & 7));
	s->n += on ? 1 : -1ul;
}

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

void forget_events(struct replay *r)
{
	r->nr_got = r->at_got = 0;
}

void differs(struct replay *r, const char *kernel, const char *model)
{
	if (verify_first(r->v))
		verify_tell(r->v, r->at, kernel, model);
	verify_count(r->v, DIVERGED);
}

/* ---- touching ---- */

int touch_add(struct replay *r, uint32_t idx)
{
	if (r->nr_touch == r->cap_touch) {
		size_t cap = r->cap_touch ? 2 * r->cap_touch : 4096;
		uint32_t *p = realloc(r->touch, cap * sizeof(*p));

		if (!p)
			return no_memory(r);
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

/* One of the pages to come lacks a page table. */
static bool touch_needs_table(const struct replay *r)
{
	struct pte_info i;

	for (size_t n = r->at_touch; n < r->nr_touch; n++)
		if (!pte_lookup(r->m, r->who->t->mm, r->what->base + PFN_PHYS(r->touch[n]), &i))
			return true;
	return false;
}

void touch_end(struct replay *r)
{
	touch_some(r);
	if (r->at_got < r->nr_got)
		differs(r, "nothing more", "another page");
	r->nr_touch = r->at_touch = 0;
	if (r->wanted.n)
		memset(r->wanted.bits, 0, r->m->max_pfn / 8 + 1);
	r->wanted.n = r->own = 0;
	forget_events(r);
}

/* A single page for a user; tables may lie in high memory, too. */
static bool is_user_page(const struct page_event *e)
{
	return e->alloc && !e->order && (e->gfp & (__GFP_HIGHMEM | __GFP_REPEAT)) == __GFP_HIGHMEM;
}

/* Whether the access takes a page. */
static bool touch_takes_page(const struct replay *r, vaddr_t va)
{
	const struct vm_area_struct *v = vma_lookup(r->who->t->mm, va);
	struct pte_info i;

	if (!v)
		return false;
	pte_lookup(r->m, v->vm_mm, va, &i);
	if (v->vm_file)
		return !i.present && find_get_page(v->vm_file->mapping,
						   v->vm_pgoff + ((va - v->vm_start) >> PAGE_SHIFT)) == PFN_NONE;
	if (!r->write || !i.present || i.special)
		return r->write;
	return !i.write && pfn_to_page(r->m, i.pfn)->mapcount > 1;
}

/* What the program sees of the area once it is done, before its next step. */
static void find_wanted(struct replay *r)
{
	struct scan s = r->who->s;
	struct pfns_line l;
	struct step st;
	uint32_t pfn;
	int pid;

	while (scan_line(&s)) {
		if (scan_step_pid(&s, "step", &pid) && (step_parse(&s, &st, NULL) || st.kind != STEP_NOTE))
			return;
		if (!scan_word(&s, "pfns ") || !scan_pfns(&s, &l) || strcmp(l.area, r->what->name) != 0)
			continue;
		for (; scan_u32(&s, &pfn); scan_char(&s, ','))
			if (pfn && pfn < r->m->max_pfn)
				set_put(&r->wanted, pfn, true);
	}
}

void touch_begin(struct replay *r, const struct scan *trace)
{
	unsigned long there = 0, taken = 0;
	struct scan s = *trace;
	struct trace_line t;

	while (scan_line(&s) && !trace_line_parse(&s, &t, NULL) && t.kind != LINE_STEP)
		there += t.kind == LINE_PAGE && is_user_page(&t.page);
	for (size_t i = 0; i < r->nr_touch; i++)
		taken += touch_takes_page(r, r->what->base + PFN_PHYS(r->touch[i]));
	if (there <= taken)
		return;
	r->own = there - taken;
	find_wanted(r);
}

static bool is_touch(struct replay *r, const struct page_event *e)
{
	if (!is_user_page(e) || r->at_touch == r->nr_touch)
		return false;
	if (!r->own || (e->pfn != PFN_NONE && set_has(&r->wanted, e->pfn)))
		return true;
	r->own--;
	return false;
}

/* ---- the trace: raw events ---- */

static void say_pfn(char *buf, size_t size, const char *what, int64_t pfn)
{
	if (pfn < 0)
		snprintf(buf, size, "%s no page", what);
	else
		snprintf(buf, size, "%s pfn %lld", what, (long long)pfn);
}

static void raw_alloc(struct replay *r, const struct page_event *e)
{
	int64_t got = alloc_pages(r->m, e->gfp, e->order), want = e->pfn == PFN_NONE ? -ENOMEM : (int64_t)e->pfn;
	char kernel[32], model[32];

	forget_events(r);
	if (got == want || (got < 0 && want < 0)) {
		verify_count(r->v, MATCHED);
	} else {
		say_pfn(kernel, sizeof(kernel), "alloc", want);
		say_pfn(model, sizeof(model), "alloc", got);
		differs(r, kernel, model);
	}
	/* those between the directory and the last level are made without __GFP_NOTRACK, if at all */
	if (got >= 0 && (e->gfp & GFP_PGTABLE) == GFP_PGTABLE && r->nr_tables < MAX_TABLES)
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
	set_put(&r->expected, e->pfn, false);
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
	if (e->cold)
		free_hot_cold_page(m, e->pfn, true);
	else
		__free_pages(m, e->pfn, e->order);
	forget_events(r);
	verify_count(r->v, MATCHED);
}

/* What is met in the trace next is what the model did, or what others did meanwhile. */
void on_page_event(struct replay *r, const struct page_event *e)
{
	if (r->at_got == r->nr_got && is_touch(r, e))
		touch_some(r);
	if (r->at_got < r->nr_got) {
		const struct page_event *g = &r->got[r->at_got];
		char kernel[64], model[64];

		r->at_got++;
		if (g->alloc == e->alloc && g->pfn == e->pfn && g->order == e->order) {
			verify_count(r->v, MATCHED);
			return;
		}
		say_pfn(kernel, sizeof(kernel), e->alloc ? "alloc" : "free", e->pfn == PFN_NONE ? -1 : (int64_t)e->pfn);
		say_pfn(model, sizeof(model), g->alloc ? "alloc" : "free", (int64_t)g->pfn);
		differs(r, kernel, model);
		return;
	}
	if (!e->alloc) {
		raw_free(r, e);
		return;
	}
	raw_alloc(r, e);
	/* a table for one of the pages that are touched next */
	if (!r->forking && r->nr_tables && touch_needs_table(r)) {
		pte_table_given(r->m, r->table[r->nr_tables - 1]);
		r->nr_tables = 0;
	}
}

/* ---- fork and exit ---- */

/*
 * The child's tables were made in order of address: for the areas, for [vvar] above them if it
 * is not in one of theirs, and last for the stack.
 */
int do_fork(struct replay *r)
{
	struct actor *parent = &r->actor[0], *child = &r->actor[1];
	const struct pgtable_format *f = r->m->arch->pgtable;
	const unsigned shift = f->level[f->levels - 2].shift;
	vaddr_t last = ~(vaddr_t)0, vvar = (parent->t->mm->mmap_base - 4 * PAGE_SIZE) >> shift;
	unsigned need = 0, above;

	for (struct vm_area_struct *v = parent->t->mm->mmap; v; v = v->vm_next)
		for (vaddr_t va = v->vm_start; v->anon_vma && va < v->vm_end; va += PAGE_SIZE) {
			struct pte_info i;

			if (va >> shift == last || !pte_lookup(r->m, parent->t->mm, va, &i))
				continue;
			last = va >> shift;
			need++;
		}
	above = 1 + (need && last < vvar);
	for (unsigned i = r->nr_tables > need + above ? r->nr_tables - need - above : 0; i + above < r->nr_tables; i++)
		pte_table_given(r->m, r->table[i]);
	r->nr_tables = 0;
	r->forking = false;
	if (task_fork(r->m, parent->t, &child->t))
		return no_memory(r);
	forget_events(r);
	return 0;
}

/* A page that only this program has will be freed: the trace says when. */
static void expect_page(struct replay *r, pfn_t pfn)
{
	pfn_to_page(r->m, pfn)->_refcount++;
	set_put(&r->expected, pfn, true);
}

void detach(struct replay *r, struct actor *who)
{
	struct mm_struct *mm = who->t->mm;

	for (struct vm_area_struct *v = mm->mmap; v; v = v->vm_next) {
		for (vaddr_t va = v->vm_start; va < v->vm_end; va += PAGE_SIZE) {
			struct pte_info i;
			pfn_t pfn = pte_lookup(r->m, mm, va, &i) ? vm_normal_page(r->m, v, &i) : PFN_NONE;

			if (pfn == PFN_NONE)
				continue;
			if (pfn_to_page(r->m, pfn)->mapcount == 1 && page_is_anon(pfn_to_page(r->m, pfn)))
				expect_page(r, pfn);
			/* a page at a time costs no batches */
			sys_madvise(r->m, who->t, va, PAGE_SIZE, MADV_DONTNEED);
		}
		/* an area's hidden file ends with its last user */
		if (v->vm_file && v->vm_file->count == 1)
			for (uint64_t n = 0; n < vma_pages(v); n++) {
				pfn_t pfn = find_get_page(v->vm_file->mapping, v->vm_pgoff + n);

				if (pfn != PFN_NONE)
					expect_page(r, pfn);
			}
	}
	mm_hold_tables(r->m, mm);
	task_exit(r->m, who->t);
	who->t = NULL;
	forget_events(r);
}

/* ---- as a whole ---- */

int replay_begin(struct replay *r)
{
	r->expected.bits = calloc(r->m->max_pfn / 8 + 1, 1);
	r->wanted.bits = calloc(r->m->max_pfn / 8 + 1, 1);
	if (!r->expected.bits || !r->wanted.bits)
		return no_memory(r);
	r->l = (struct trace_listener){.event = on_event,
				       .mask = TRACE_BIT(TRACE_MM_PAGE_ALLOC) | TRACE_BIT(TRACE_MM_PAGE_FREE)};
	trace_attach(r->m, &r->l);
	return 0;
}

void replay_end(struct replay *r)
{
	if (r->l.event)
		trace_detach(r->m, &r->l);
	free(r->got);
	free(r->touch);
	free(r->expected.bits);
	free(r->wanted.bits);
}
