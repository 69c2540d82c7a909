/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions whose reasons are known, told in the words that a reader is to find. */
#include "suites.h"
#include "mm/program.h"
#include "proc/capture.h"

#include <mmsh/compaction.h>
#include <mmsh/fault.h>
#include <mmsh/mm_step.h>
#include <mmsh/page_alloc.h>
#include <mmsh/why.h>
#include <stdlib.h>
#include <string.h>

struct teller {
	struct machine *m;
	struct trace_buffer b;
	struct strbuf text;
};

static struct teller teller_new(const struct capture *c)
{
	struct teller t = {.m = c ? capture_boot(c) : boot_mib(64)};

	return t;
}

/* The buffer has to stay where it is while it listens. */
static void listen(struct teller *t)
{
	ck_assert_int_eq(trace_buffer_init(&t->b, 4096, TRACE_ALL), 0);
	trace_attach(t->m, &t->b.l);
}

static void explain(struct teller *t)
{
	strbuf_reset(&t->text);
	why_explain(t->m, &t->b, &t->text);
	trace_buffer_reset(&t->b);
}

static int64_t alloc_why(struct teller *t, gfp_t gfp, unsigned order)
{
	int64_t pfn;

	trace_buffer_reset(&t->b);
	pfn = alloc_pages(t->m, gfp, order);
	explain(t);
	return pfn;
}

static void free_why(struct teller *t, int64_t pfn, unsigned order)
{
	trace_buffer_reset(&t->b);
	__free_pages(t->m, (pfn_t)pfn, order);
	explain(t);
}

static void teller_free(struct teller *t)
{
	trace_detach(t->m, &t->b.l);
	trace_buffer_free(&t->b);
	strbuf_free(&t->text);
	machine_free(t->m);
}

static void says(const struct teller *t, const char *want)
{
	const char *text = strbuf_str(&t->text);

	ck_assert_msg(strstr(text, want) != NULL, "'%s' is not in:\n%s", want, text);
}

static unsigned nr_lines(const struct teller *t)
{
	unsigned n = 0;

	for (const char *s = strbuf_str(&t->text); *s; s++)
		n += *s == '\n';
	return n;
}

START_TEST(refill_by_fallback)
{
	struct teller t = teller_new(&captures[1]);
	struct zone *z = zone_find(t.m, 0, "Normal");
	struct strbuf want = STRBUF_INIT;
	int64_t pfn;

	drain_all_pages(t.m);
	listen(&t);
	strbuf_addf(&want,
		    "alloc order 0 (1 page), GFP_KERNEL: Unmovable; zones Normal, DMA\n"
		    "first try: low mark, zones take turns\n"
		    "  Normal: free %lu > low %ld: ok\n",
		    zone_page_state(z, NR_FREE_PAGES), z->watermark[WMARK_LOW]);
	pfn = alloc_why(&t, GFP_KERNEL, 0);
	says(&t, want.s);
	says(&t, "cpu 0's Unmovable list is empty: refill, batch 31, got 31\n");
	says(&t,
	     "no free Unmovable block: falls back to the largest Movable block, order 10 at pfn ");
	says(&t, "it fills pageblock ");
	says(&t, ", which becomes Unmovable\n");
	says(&t, "split 10 times; free upper halves (order@pfn): 9@");
	strbuf_reset(&want);
	strbuf_addf(&want, "pages got: %d-%d\n", (int)pfn, (int)pfn + 30);
	says(&t, want.s);
	strbuf_reset(&want);
	strbuf_addf(&want,
		    "from cpu 0's Unmovable list, its head: pfn %d; count is now 30\n=> pfn %d\n",
		    (int)pfn, (int)pfn);
	says(&t, want.s);
	ck_assert_uint_eq(nr_lines(&t), 10);

	free_why(&t, pfn, 0);
	says(&t, "to cpu 0's Unmovable list, its head (hot); count 31 < high 186: it stays\n");
	ck_assert_uint_eq(nr_lines(&t), 2);
	strbuf_free(&want);
	teller_free(&t);
}
END_TEST

START_TEST(reserve_arithmetic)
{
	struct teller t = teller_new(&captures[1]);
	struct zone *z = zone_find(t.m, 0, "Normal"), *high = zone_find(t.m, 0, "HighMem");
	struct strbuf want = STRBUF_INIT;

	listen(&t);
	high->flags |= 1ul << ZONE_FAIR_DEPLETED;
	strbuf_addf(&want,
		    "  HighMem: has had its turn (fair batch used up)\n"
		    "  Normal: free %lu - 7 = %lu > low 1161 + reserve 1087 = 2248: ok\n",
		    zone_page_state(z, NR_FREE_PAGES), zone_page_state(z, NR_FREE_PAGES) - 7);
	alloc_why(&t, GFP_HIGHUSER_MOVABLE, 3);
	says(&t, "Movable; zones HighMem, Normal, DMA\n");
	says(&t, want.s);
	strbuf_free(&want);
	teller_free(&t);
}
END_TEST

START_TEST(merges)
{
	struct teller t = teller_new(NULL);
	int64_t pfn;

	listen(&t);
	pfn = alloc_why(&t, GFP_KERNEL, 3);
	free_why(&t, pfn, 3);
	says(&t, "merges with its free mate (order@pfn): 3@");
	says(&t, ": to the head of the Unmovable list\n");
	teller_free(&t);
}
END_TEST

/* More pages at hand than high: a batch goes back, told in a few lines. */
START_TEST(batch_goes_back)
{
	struct teller t = teller_new(&captures[1]);
	int64_t pfn[200];

	drain_all_pages(t.m);
	listen(&t);
	for (int i = 0; i < 200; i++)
		pfn[i] = alloc_pages(t.m, GFP_KERNEL, 0);
	for (int i = 0; i < 200; i++) {
		free_why(&t, pfn[i], 0);
		if (nr_lines(&t) > 2)
			break;
	}
	says(&t, "count 186 >= high 186: a batch goes back\n"
		 "  31 pages go back to the buddy lists of Normal, from the tails: pfn ");
	says(&t, " merges, ");
	says(&t, "largest block made: order ");
	ck_assert_uint_eq(nr_lines(&t), 4);
	teller_free(&t);
}
END_TEST

START_TEST(atomic_failure)
{
	struct teller t = teller_new(NULL);

	listen(&t);
	while (alloc_pages(t.m, GFP_ATOMIC | __GFP_NOWARN, 0) >= 0)
		;
	ck_assert_int_lt(alloc_why(&t, GFP_ATOMIC, 0), 0);
	says(&t, ": too few\n");
	says(&t, "slow path\n");
	says(&t, "second try: min mark, halved (__GFP_HIGH), a quarter less (harder)\n");
	says(&t, "the caller cannot wait (no __GFP_DIRECT_RECLAIM): gives up\n"
		 "the kernel log has a report (dmesg)\n"
		 "=> failed: no zone has that many pages above its mark\n");
	teller_free(&t);
}
END_TEST

START_TEST(fragmentation)
{
	const gfp_t gfp = GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN;
	struct teller t = teller_new(NULL);

	/* every page is taken, and every other one given back */
	for (int64_t pfn; (pfn = alloc_pages(t.m, gfp, 0)) >= 0;)
		pfn_to_page(t.m, (pfn_t)pfn)->owner = pfn % 2 ? 2 : 1;
	for (pfn_t pfn = 0; pfn < t.m->max_pfn; pfn++)
		if (pfn_to_page(t.m, pfn)->owner == 1)
			__free_pages(t.m, pfn, 0);
	drain_all_pages(t.m);
	listen(&t);
	ck_assert_int_lt(alloc_why(&t, GFP_ATOMIC, 4), 0);
	says(&t, ", but no free block of order 4 or more\n");
	says(&t, "=> failed: fragmentation; ");
	teller_free(&t);
}
END_TEST

/* Half of all pages are movable ones on the LRU, each between two free ones. */
static void scatter(struct machine *m)
{
	const gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN;

	for (int64_t pfn; (pfn = alloc_pages(m, gfp, 0)) >= 0;) {
		pfn_to_page(m, (pfn_t)pfn)->owner = pfn % 2 ? 2 : 1;
		if (pfn % 2)
			lru_add(m, (pfn_t)pfn, LRU_ACTIVE_ANON);
	}
	for (pfn_t pfn = 0; pfn < m->max_pfn; pfn++)
		if (pfn_to_page(m, pfn)->owner == 1)
			__free_pages(m, pfn, 0);
	drain_all_pages(m);
}

/* Thousands of events, told in a few lines. */
START_TEST(compaction)
{
	struct teller t = teller_new(NULL);

	scatter(t.m);
	ck_assert_int_eq(trace_buffer_init(&t.b, 100000, TRACE_ALL), 0);
	trace_attach(t.m, &t.b.l);
	ck_assert_int_ge(alloc_why(&t, GFP_KERNEL, 9), 0);
	says(&t, "  compaction of Normal (async): stopped early: a block may be there; ");
	says(&t, "direct compaction: stopped early: a block may be there\ntry after compaction: min mark\n");
	ck_assert_uint_le(nr_lines(&t), 20);
	compact_nodes(t.m);
	explain(&t);
	says(&t, "  compaction of DMA (sync): ");
	says(&t, "  compaction of Normal (sync): ");
	ck_assert_uint_le(nr_lines(&t), 3);
	teller_free(&t);
}
END_TEST

START_TEST(too_large)
{
	struct teller t = teller_new(NULL);

	listen(&t);
	alloc_why(&t, GFP_KERNEL, 11);
	says(&t, "no block is that large: refused at once\n");
	says(&t, "=> failed: the largest order is 10\n");
	teller_free(&t);
}
END_TEST

START_TEST(nothing_to_tell)
{
	struct teller t = teller_new(NULL);

	listen(&t);
	explain(&t);
	ck_assert_str_eq(strbuf_str(&t.text), "");
	teller_free(&t);
}
END_TEST

/* Every operation of a busy machine can be told, in few lines, with a buffer that is too small. */
START_TEST(always_tells)
{
	struct teller t = teller_new(&captures[2]);
	static const gfp_t gfp[] = {GFP_KERNEL,
				    GFP_HIGHUSER_MOVABLE,
				    GFP_ATOMIC,
				    GFP_TEMPORARY,
				    GFP_KERNEL | __GFP_DMA,
				    GFP_NOWAIT | __GFP_COLD,
				    GFP_KERNEL | __GFP_NORETRY | __GFP_COMP};
	static int64_t got[4000];
	static unsigned char orders[4000];
	unsigned seed = 1, n = 0;

	ck_assert_int_eq(trace_buffer_init(&t.b, 100, TRACE_ALL), 0);
	trace_attach(t.m, &t.b.l);
	for (int i = 0; i < 6000; i++) {
		unsigned r = (seed = seed * 1103515245 + 12345) >> 8, order = r % 97 % 11;

		machine_set_cpu(t.m, r / 7 % t.m->nr_cpus);
		if (n < ARRAY_SIZE(got) && (r & 0x800 || !n)) {
			got[n] = alloc_why(&t, gfp[r / 11 % ARRAY_SIZE(gfp)], order);
			says(&t, "alloc order ");
			orders[n] = (unsigned char)order;
			n += got[n] >= 0;
		} else {
			n--;
			free_why(&t, got[n], orders[n]);
			says(&t, "free order ");
		}
		ck_assert_uint_le(nr_lines(&t), 60);
	}
	teller_free(&t);
}
END_TEST

/* Each step of an address space has a row; the steps inside a fork are summed up by it. */
START_TEST(each_mm_step_is_told)
{
	struct teller t = teller_new(NULL);

	listen(&t);
	for (unsigned i = 0; i < NR_MM_STEPS; i++) {
		struct trace_event ev = {.id = TRACE_MM_STEP, .verdict = (uint8_t)i, .order = 1};
		bool in_fork = i == MM_FORK_AREA || i == MM_FORK_PTES || i == MM_FORK_DONE;

		trace_buffer_reset(&t.b);
		if (i == MM_FAULT_DONE)
			trace_emit(t.m,
				   &(struct trace_event){.id = TRACE_MM_STEP, .verdict = MM_FAULT});
		trace_emit(t.m, &ev);
		explain(&t);
		ck_assert_msg((t.text.len == 0) == in_fork, "step %u: %s", i, strbuf_str(&t.text));
		if (i >= MM_REFUSED)
			ck_assert_msg(nr_lines(&t) == 1, "step %u: %s", i, strbuf_str(&t.text));
		if (!in_fork)
			ck_assert_msg(!strchr(strbuf_str(&t.text), '%'), "step %u", i);
	}
	teller_free(&t);
}
END_TEST

static void fault_pages(struct teller *t, struct task_struct *task, vaddr_t va, unsigned n)
{
	trace_buffer_reset(&t->b);
	for (unsigned i = 0; i < n; i++) {
		struct fault_report r;

		ck_assert_int_eq(task_touch(t->m, task, va + i * PAGE_SIZE, FAULT_WRITE, &r), 0);
	}
	explain(t);
}

/* Numbers of a story are the machine's own. */
START_TEST(mapping_and_faults)
{
	struct teller t = {0};
	struct program p;
	struct task_struct *task;
	char text[100];
	int64_t at;

	program_start(&p, "mem=64M");
	t.m = p.m;
	task = p.t;
	listen(&t);
	at = sys_mmap(t.m, task, 0, 64 << 10, RW, ANON, NULL, 0);
	ck_assert_int_gt(at, 0);
	explain(&t);
	says(&t, "mmap of 65536 bytes (16 pages), rw-, private anonymous, no hint");
	snprintf(text, sizeof(text), "a new area 0x%llx-0x%llx rw-", (unsigned long long)at,
		 (unsigned long long)at + 65536);
	says(&t, text);
	fault_pages(&t, task, (vaddr_t)at, 1);
	snprintf(text, sizeof(text), "write at 0x%llx: page fault, error code 6 (no page, user)",
		 (unsigned long long)at);
	says(&t, text);
	snprintf(text, sizeof(text), "rss %llu -> %llu pages",
		 (unsigned long long)get_mm_rss(task->mm) - 1,
		 (unsigned long long)get_mm_rss(task->mm));
	says(&t, text);
	fault_pages(&t, task, (vaddr_t)at + PAGE_SIZE, 5);
	says(&t, "... and 3 more faults: pfn ");
	ck_assert_int_eq(sys_munmap(t.m, task, (vaddr_t)at, 64 << 10), 0);
	explain(&t);
	says(&t, ": 6 anonymous, 0 of files");
	trace_detach(t.m, &t.b.l);
	trace_buffer_free(&t.b);
	strbuf_free(&t.text);
	program_end(&p);
}
END_TEST

Suite *why_suite(void)
{
	Suite *s = suite_create("why");
	TCase *t = tcase_create("why");

	tcase_add_test(t, refill_by_fallback);
	tcase_add_test(t, reserve_arithmetic);
	tcase_add_test(t, merges);
	tcase_add_test(t, batch_goes_back);
	tcase_add_test(t, atomic_failure);
	tcase_add_test(t, fragmentation);
	tcase_add_test(t, compaction);
	tcase_add_test(t, too_large);
	tcase_add_test(t, nothing_to_tell);
	tcase_add_test(t, always_tells);
	tcase_add_test(t, each_mm_step_is_told);
	tcase_add_test(t, mapping_and_faults);
	suite_add_tcase(s, t);
	return s;
}
