/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E9: a program that touches, forks, writes and unmaps, in five files: a dump before and after,
 * the kernel's trace of every page, and what the program and its child, if it has one, saw.
 *
 * The program's areas live in the model: their faults, unmappings and the copying at fork are
 * done by it, and must allocate and free what the trace says, in that order. All else in the
 * trace (kernel stacks, page tables of other areas, the program's own data) is replayed event
 * by event; there too the allocator must come to the recorded page.
 *
 * Three things are taken from the files because they do not hold the areas that decide them:
 * which of the pages that become page tables are those of the program's areas, which pages of
 * users are those of its areas (the program says what it saw there), and in which order an
 * exit frees.
 */
#include "faults_replay.h"
#include <errno.h>
#include <mmsh/fault.h>
#include <stdio.h>

/* ---- areas ---- */

static struct area *area_find(struct replay *r, const char *name)
{
	for (unsigned i = 0; i < r->nr_areas; i++)
		if (!strcmp(r->area[i].name, name))
			return &r->area[i];
	return NULL;
}

/* A child that writes to an area says so if it is shared. */
static bool area_is_shared(const struct replay *r, const struct area *a)
{
	char word[AREA_NAME + 8];

	snprintf(word, sizeof(word), "area=%s ", a->name);
	for (unsigned i = 0; i < 2; i++) {
		struct scan s = r->actor[i].s;

		while (scan_line(&s)) {
			size_t n = (size_t)(s.end - s.line);

			if (memmem(s.line, n, word, strlen(word)) && memmem(s.line, n, "(shared)", 8))
				return true;
		}
	}
	return false;
}

static int area_map(struct replay *r, struct actor *who, struct area *a)
{
	unsigned flags = MAP_ANONYMOUS | MAP_FIXED | (area_is_shared(r, a) ? MAP_SHARED : MAP_PRIVATE);
	int64_t got = -EINVAL;

	if (!(a->base & (PAGE_SIZE - 1)))
		got = sys_mmap(r->m, who->t, a->base, PFN_PHYS(a->pages), PROT_READ | PROT_WRITE, flags, NULL, 0);
	forget_events(r);
	return got == (int64_t)a->base ? 0 : scan_error(r->at, r->v->e, "area %s: there is no room at 0x%llx", a->name,
							 (unsigned long long)a->base);
}

/* The base that an area has later in the program's file; 0: it does not say. */
static vaddr_t find_base(const struct actor *who, const struct area *a)
{
	struct scan s = who->s;
	char word[AREA_NAME + 16];
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

/* ---- what a program saw ---- */

/* Where the zero page lies is told by the first one seen. */
static pfn_t page_at(struct replay *r, struct actor *who, vaddr_t va, pfn_t want)
{
	struct pte_info i;

	if (!vma_lookup(who->t->mm, va) || !pte_lookup(r->m, who->t->mm, va, &i) || !i.present)
		return 0;
	if (i.special && !r->zero_known && want && want < r->m->max_pfn) {
		zero_page_restore(r->m, who->t, want);
		r->zero_known = true;
		return want;
	}
	return i.pfn;
}

static int compare_pfns(struct replay *r, struct actor *who, struct scan *s)
{
	char kernel[64], model[64];
	bool same = true;
	struct pfns_line l;
	uint32_t page = 0, want;

	r->at = s;
	if (!scan_pfns(s, &l))
		return scan_error(s, r->v->e, "expects pid=, area=, base=, pages= and pfns=");
	for (; page < l.pages && scan_u32(s, &want); page++, scan_char(s, ',')) {
		vaddr_t va = l.base + PFN_PHYS(page);
		pfn_t got = page_at(r, who, va, want);

		if (got == want)
			continue;
		if (same) {
			snprintf(kernel, sizeof(kernel), "0x%llx: pfn %u", (unsigned long long)va, want);
			snprintf(model, sizeof(model), "0x%llx: pfn %u", (unsigned long long)va, got);
			differs(r, kernel, model);
		}
		same = false;
	}
	if (same && page == l.pages)
		verify_count(r->v, MATCHED);
	return page == l.pages ? 0 : scan_error(s, r->v->e, "pages are missing");
}

/* The lines up to the next step: by then all of the last one is done. */
static int lines_before(struct replay *r, struct actor *who)
{
	struct scan *s = &who->s;

	while (scan_line(s)) {
		int pid, err = 0;

		if (scan_step_pid(s, "step", &pid)) {
			scan_unline(s);
			return 0;
		}
		if (!scan_word(s, "pfns "))
			return scan_error(s, r->v->e, "not a line of a program");
		if (who->t)
			err = compare_pfns(r, who, s);
		if (err)
			return err;
	}
	return 0;
}

/* The order in which the pages of the step are touched. */
static int touchorder(struct replay *r, struct scan *s)
{
	char name[AREA_NAME];
	uint32_t idx;

	if (!r->what || !r->nr_touch || !scan_area_name(s, name) || strcmp(name, r->what->name) != 0 ||
	    !scan_word(s, " idx="))
		return scan_error(s, r->v->e, "not the order of what is touched now");
	r->nr_touch = r->at_touch = 0;
	while (scan_u32(s, &idx)) {
		if (idx >= r->what->pages)
			return scan_error(s, r->v->e, "area %s has no page %u", name, idx);
		if (touch_add(r, idx))
			return -ENOMEM;
		scan_char(s, ',');
	}
	return 0;
}

/* The lines right behind a step that say more of it. */
static int lines_behind(struct replay *r, struct actor *who, const struct step *st)
{
	struct scan *s = &who->s;
	bool ordered = !st->shuffled;
	int err = 0;

	while (!err && scan_line(s)) {
		if (scan_word(s, "touchorder ")) {
			err = touchorder(r, s);
			ordered = true;
		} else if (!scan_word(s, "mmapped ")) { /* its base is known */
			scan_unline(s);
			break;
		}
	}
	if (!err && !ordered && r->nr_touch)
		return scan_error(r->at, r->v->e, "a shuffled order needs a line touchorder");
	return err;
}

/* ---- steps ---- */

static int touch_pages(struct replay *r, struct actor *who, struct area *a, const struct step *st)
{
	uint32_t to = min_of(st->to, a->pages);

	r->who = who;
	r->what = a;
	r->write = st->kind != STEP_READ;
	for (uint32_t i = st->from; i < to; i += st->step) {
		if (touch_add(r, st->descending ? to - 1 - (i - st->from) : i))
			return -ENOMEM;
		if (i > UINT32_MAX - st->step)
			break;
	}
	return 0;
}

static int step_mmap(struct replay *r, struct actor *who, const struct step *st)
{
	struct area *a = &r->area[r->nr_areas];

	if (area_find(r, st->area))
		return scan_error(r->at, r->v->e, "area %s is there already", st->area);
	if (r->nr_areas == MAX_AREAS)
		return scan_error(r->at, r->v->e, "more than %d areas", MAX_AREAS);
	if (st->pages > 1 << 20)
		return scan_error(r->at, r->v->e, "an area has at most %d pages", 1 << 20);
	r->nr_areas++;
	*a = (struct area){.pages = st->pages};
	memcpy(a->name, st->area, sizeof(a->name));
	a->base = find_base(who, a);
	if (!a->base)
		return scan_error(r->at, r->v->e, "area %s: its base is said nowhere", a->name);
	if (area_map(r, who, a))
		return -EINVAL;
	return st->kind == STEP_REMAP ? touch_pages(r, who, a, st) : 0;
}

static int step_change(struct replay *r, struct actor *who, struct area *a, const struct step *st)
{
	uint32_t to = min_of(st->to, a->pages);
	int64_t err = 0;

	if (st->from >= to)
		return scan_error(r->at, r->v->e, "area %s has no such pages", a->name);
	if (st->kind == STEP_UNMAP)
		err = sys_munmap(r->m, who->t, a->base + PFN_PHYS(st->from), PFN_PHYS(to - st->from));
	for (uint32_t i = st->from; i < to && st->kind == STEP_DONTNEED && !err; i += min_of(st->step, to - i))
		err = sys_madvise(r->m, who->t, a->base + PFN_PHYS(i), PAGE_SIZE, MADV_DONTNEED);
	return err ? scan_error(r->at, r->v->e, "area %s: not all of it is mapped", a->name) : 0;
}

static int step_fork(struct replay *r, struct actor *who)
{
	if (who != &r->actor[0])
		return scan_error(r->at, r->v->e, "a child that forks is not modelled");
	if (!r->actor[1].pid)
		return scan_error(r->at, r->v->e, "the program forks, but there is no file of its child");
	if (r->actor[1].t)
		return scan_error(r->at, r->v->e, "a second child is not modelled");
	r->nr_tables = 0;
	r->forking = true;
	return 0;
}

static int do_step(struct replay *r, struct actor *who, const struct step *st)
{
	struct area *a;

	if (st->kind == STEP_NOTE)
		return 0;
	if (!who->t)
		return scan_error(r->at, r->v->e, "PID %d does not live now", who->pid);
	switch (st->kind) {
	case STEP_EXIT:
		detach(r, who);
		return 0;
	case STEP_FORK:
		return step_fork(r, who);
	case STEP_REAPED:
		if (r->expected.n)
			differs(r, "the child's pages are freed", "more pages were its own");
		return 0;
	case STEP_MMAP:
	case STEP_REMAP:
		return step_mmap(r, who, st);
	default:
		break;
	}
	a = area_find(r, st->area);
	if (!a)
		return scan_error(r->at, r->v->e, "there is no area %s", st->area);
	return st->kind == STEP_WRITE || st->kind == STEP_READ ? touch_pages(r, who, a, st)
								: step_change(r, who, a, st);
}

static struct actor *actor_of(struct replay *r, int pid)
{
	for (unsigned i = 0; i < 2; i++)
		if (r->actor[i].pid == pid)
			return &r->actor[i];
	return NULL;
}

/* "E9 pid=N TEXT": the same step is next in that program's file. */
static int on_marker(struct replay *r, struct scan *s)
{
	const char *text;
	struct actor *who;
	struct step st;
	size_t n;
	int pid;

	if (r->at_got < r->nr_got)
		differs(r, "no more of it", "frees or allocates more pages");
	forget_events(r);
	touch_end(r);
	if (!scan_step_pid(s, "E9", &pid))
		return scan_error(s, r->v->e, "not a step");
	who = actor_of(r, pid);
	if (!who)
		return scan_error(s, r->v->e, "there is no file of PID %d", pid);
	if (r->forking && do_fork(r))
		return -ENOMEM;
	if (lines_before(r, who))
		return -EINVAL;
	r->at = s;
	text = s->p;
	n = scan_left(s);
	if (!scan_line(&who->s) || !scan_step_pid(&who->s, "step", &pid) || scan_left(&who->s) != n ||
	    memcmp(who->s.p, text, n) != 0)
		return scan_error(s, r->v->e, "PID %d has another step in its file, in line %lu", who->pid,
				  who->s.lineno);
	if (step_parse(s, &st, r->v->e) || do_step(r, who, &st))
		return -EINVAL;
	if (lines_behind(r, who, &st))
		return -EINVAL;
	if (r->nr_touch)
		touch_begin(r, s);
	return 0;
}

/* ---- the trace, line by line ---- */

/*
 * Once a second each CPU folds its counters in. The trace does not tell when: the state before
 * is one in which they just were, so the seconds are counted from there.
 */
static void trace_time(struct replay *r, uint64_t usec)
{
	uint64_t seconds;

	if (!r->folded)
		r->folded = usec;
	if (usec < r->folded)
		return;
	seconds = (usec - r->folded) / 1000000;
	r->folded += seconds * 1000000;
	/* what they age is gone after a few */
	for (seconds = min_of(seconds, (uint64_t)8); seconds; seconds--)
		for (unsigned cpu = 0; cpu < r->m->nr_cpus; cpu++)
			refresh_cpu_vm_stats(r->m, cpu);
}

static int trace_line(struct replay *r, struct scan *s)
{
	struct trace_line t;

	r->at = s;
	trace_buffer_reset(&r->v->trace);
	if (trace_line_parse(s, &t, r->v->e))
		return -EINVAL;
	if (t.kind == LINE_OTHER)
		return 0;
	if (machine_set_cpu(r->m, t.cpu))
		return scan_error(s, r->v->e, "the machine has no CPU %u", t.cpu);
	trace_time(r, t.usec);
	if (t.kind == LINE_STEP)
		return on_marker(r, s);
	if (t.page.pfn != PFN_NONE && t.page.pfn + (1ull << t.page.order) > r->m->max_pfn)
		return scan_error(s, r->v->e, "the machine has no page %u", t.page.pfn);
	if (t.kind == LINE_COLD) {
		r->cold = t.page.pfn;
		return 0;
	}
	t.page.cold = !t.page.alloc && !t.page.order && t.page.pfn == r->cold;
	r->cold = PFN_NONE;
	on_page_event(r, &t.page);
	return 0;
}

/* Whatever a program did is in the trace. */
static int trace_end(struct replay *r)
{
	touch_end(r);
	for (unsigned i = 0; i < 2; i++) {
		struct actor *who = &r->actor[i];

		if (who->pid && lines_before(r, who))
			return -EINVAL;
		if (who->pid && scan_line(&who->s))
			return scan_error(&who->s, r->v->e, "the trace ends before this step");
	}
	if (r->expected.n)
		differs(r, "all pages are freed", "more pages were the program's own");
	return 0;
}

/* ---- all five ---- */

static void open_text(struct scan *s, const struct faults_text *t)
{
	scan_init(s, strbuf_str(&t->text), t->text.len);
	s->file = t->name;
}

static int open_actor(struct actor *who, const struct faults_text *t, struct mm_error *e)
{
	struct scan s;

	open_text(&who->s, t);
	s = who->s;
	if (!scan_line(&s) || !scan_step_pid(&s, "step", &who->pid))
		return scan_error(&s, e, "expects a step");
	return 0;
}

/* Where a 32-bit program has its mappings, on whatever kernel. */
static void pick_layout(struct replay *r, struct mm_struct *mm)
{
	struct scan s = r->actor[0].s;
	const char *at = memmem(s.next, (size_t)(s.stop - s.next), " base=", 6);
	uint64_t base = ~0ull;

	if (at) {
		s.p = at + 6;
		s.end = s.stop;
		scan_u64(&s, &base);
	}
	if (r->m->arch->bits == 64 && base < 1ull << 32) {
		mm->ia32_compat = true;
		mm->task_size = IA32_PAGE_OFFSET;
	}
	arch_pick_mmap_layout(r->m, r->actor[0].t, 0, false);
}

static int begin_program(struct replay *r)
{
	struct task_struct *t;

	if (tables_outside(r->m))
		return no_memory(r);
	t = r->actor[0].t = task_new(r->m, NULL, "e9");
	if (t)
		t->mm = mm_alloc(r->m, t);
	if (!t || !t->mm)
		return no_memory(r);
	pick_layout(r, t->mm);
	return 0;
}

static int begin(struct replay *r, const struct faults_text text[FAULTS_FILES])
{
	struct verify *v = r->v;

	if (open_actor(&r->actor[0], &text[FAULTS_PARENT], v->e) ||
	    (text[FAULTS_CHILD].text.len && open_actor(&r->actor[1], &text[FAULTS_CHILD], v->e)))
		return -EINVAL;
	if (r->actor[0].pid == r->actor[1].pid)
		return scan_error(&r->actor[1].s, v->e, "parent and child have the same PID");
	v->d.s.file = text[FAULTS_BEFORE].name;
	verify_machine(v, verify_load(v, "before"));
	r->m = v->m;
	if (!r->m)
		return -EINVAL;
	return begin_program(r) ? -ENOMEM : replay_begin(r);
}

static void count_line(struct verify *v, enum verdict verdict)
{
	verify_count(v, verdict);
}

static int compare_after(struct replay *r, const struct faults_text *text)
{
	struct scan *s = &r->v->d.s;

	trace_buffer_reset(&r->v->trace);
	open_text(s, text);
	while (scan_line(s))
		if (scan_word(s, "dump stage="))
			return verify_dump(r->v, "after", count_line) < 0 ? -EINVAL : 0;
	return scan_error(s, r->v->e, "expects the dump stage=after");
}

int verify_faults(struct verify *v, const struct faults_text text[FAULTS_FILES])
{
	struct replay r = {.v = v, .cold = PFN_NONE};
	struct scan s;
	int err = begin(&r, text);

	open_text(&s, &text[FAULTS_TRACE]);
	r.at = &s;
	while (!err && scan_line(&s))
		err = trace_line(&r, &s);
	if (!err)
		err = trace_end(&r);
	if (!err)
		err = compare_after(&r, &text[FAULTS_AFTER]);
	replay_end(&r);
	return err;
}
