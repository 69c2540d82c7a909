/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States written and read back, and states that make no sense. */
#include "golden.h"
#include "suites.h"
#include <errno.h>
#include <mmsh/audit.h>
#include <mmsh/bootline.h>
#include <mmsh/compaction.h>
#include <mmsh/memory_hotplug.h>
#include <mmsh/page_alloc.h>
#include <mmsh/state.h>
#include <mmsh/task.h>
#include <mmsh/vmalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* @line as boot takes it. */
static struct machine *boot(const char *line)
{
	char words[128], *save, *eq;
	struct boot_params p;
	struct machine *m;
	struct mm_error e;

	boot_params_init(&p);
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		eq = strchr(w, '=');
		*eq = '\0';
		ck_assert_msg(!boot_param_set(&p, w, eq + 1, &e), "%s", e.text);
	}
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	return m;
}

static struct machine *reload(const struct machine *m)
{
	struct strbuf text = STRBUF_INIT;
	struct machine *copy;
	struct mm_error e;

	state_write(m, "now", &text);
	copy = state_load(text.s, text.len, &e);
	ck_assert_msg(copy != NULL, "%s", e.text);
	strbuf_free(&text);
	return copy;
}

static void same_state(const struct machine *a, const struct machine *b)
{
	struct strbuf ta = STRBUF_INIT, tb = STRBUF_INIT;

	state_write(a, "now", &ta);
	state_write(b, "now", &tb);
	ck_assert_str_eq(ta.s, tb.s);
	strbuf_free(&ta);
	strbuf_free(&tb);
}

/* A life of its own for a machine: the same for the same seed. */
#define SLOTS 400
struct life {
	struct trace_listener l; /* first: the listener is the life */
	int64_t pfn[SLOTS];
	unsigned seed;
};

/* Compaction moves pages; whoever holds one follows. */
static void follow(struct trace_listener *listener, struct machine *m, const struct trace_event *ev)
{
	struct life *l = (struct life *)listener;

	(void)m;
	for (unsigned i = 0; i < SLOTS; i++)
		if (l->pfn[i] == ev->pfn) {
			l->pfn[i] = ev->pfn2;
			break;
		}
}

static void let_go(struct machine *m, pfn_t pfn)
{
	const struct page *p = pfn_to_page(m, pfn);

	if (block_order(p->block) && !(p->flags & PG(head)))
		__free_pages(m, pfn, block_order(p->block));
	else
		put_page(m, pfn);
}

static int64_t live(struct machine *m, struct life *l)
{
	static const gfp_t gfps[] = {GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC,
				     GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_COMP,
				     GFP_KERNEL | __GFP_DMA | __GFP_NORETRY};
	unsigned slot = (unsigned)rand_r(&l->seed) % SLOTS, what = (unsigned)rand_r(&l->seed);
	unsigned order = what % 3 ? 0 : what / 3 % 10;
	int64_t pfn = l->pfn[slot];

	if (what % 29 == 0)
		machine_tick(m, what % 100);
	if (what % 31 == 0)
		machine_set_cpu(m, what / 31 % m->nr_cpus);
	if (pfn >= 0) {
		let_go(m, (pfn_t)pfn);
		l->pfn[slot] = -1;
		return pfn;
	}
	pfn = alloc_pages(m, gfps[what / 7 % ARRAY_SIZE(gfps)] | __GFP_NOWARN, order);
	l->pfn[slot] = pfn < 0 ? -1 : pfn;
	if (pfn >= 0 && !order && what % 5 == 0)
		lru_add(m, (pfn_t)pfn, what / 5 % NR_LRU_LISTS);
	return pfn;
}

/* After writing and reading back, everything that follows is the same. */
static void lives_on(const char *line, unsigned seed)
{
	struct machine *m = boot(line), *copy;
	struct life l = {.l = {.event = follow, .mask = TRACE_BIT(TRACE_MIGRATE)}, .seed = seed}, l2;
	struct mm_error e;

	for (unsigned i = 0; i < SLOTS; i++)
		l.pfn[i] = -1;
	trace_attach(m, &l.l);
	for (unsigned i = 0; i < 3000; i++)
		live(m, &l);
	compact_nodes(m);
	copy = reload(m);
	same_state(m, copy);
	l2 = l;
	trace_attach(copy, &l2.l);
	for (unsigned i = 0; i < 3000; i++)
		ck_assert_int_eq(live(m, &l), live(copy, &l2));
	same_state(m, copy);
	ck_assert_msg(!machine_audit(copy, &e), "%s", e.text);
	machine_free(m);
	machine_free(copy);
}

START_TEST(a_state_read_back_lives_on)
{
	lives_on("mem=16M", 1);
	lives_on("mem=64M cpus=4", 2);
	lives_on("mem=1G cpus=2", 3);
	lives_on("arch=ia32-pae mem=2G numa=fake=4 cpus=2", 4);
	lives_on("arch=amd64 mem=6G nodes=2G,4G distances=10,30,30,10 cpus=4", 5);
}
END_TEST

/* The dump inside what is written, up to its end. */
static const char *dump_of(struct strbuf *text)
{
	char *dump = strstr(text->s, "\ndump "), *end = strstr(text->s, "\nenddump ");

	ck_assert(dump && end);
	end[1] = '\0';
	return dump + 1;
}

START_TEST(dumps_of_real_kernels_read_back_to_the_letter)
{
	static const char *const names[] = {
		"boot/slub-hm4g/64M/oracle_zones.txt",
		"boot/slub-hm4g/1G/oracle_zones.txt",
		"boot/slub-hm4g/4G/oracle_zones.txt",
		"boot/slub-hm4g/512M-smp4/oracle_zones.txt",
		"boot/slub-2g2g/2G/oracle_zones.txt",
		"boot/slub-pae/16G/oracle_zones.txt",
		"boot/slub-numa32/2G-numa4/oracle_zones.txt",
		"boot/slub-x64/2G-numa4/oracle_zones.txt",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct strbuf text = golden(names[i]), again = STRBUF_INIT;
		struct machine *m;
		struct mm_error e;

		m = state_load(text.s, text.len, &e);
		ck_assert_msg(m != NULL, "%s: %s", names[i], e.text);
		state_write(m, "now", &again);
		ck_assert_str_eq(dump_of(&again), dump_of(&text));
		machine_free(m);
		strbuf_free(&text);
		strbuf_free(&again);
	}
}
END_TEST

START_TEST(holes_are_where_a_pc_has_them)
{
	struct strbuf text = golden("boot/slub-pae/16G/oracle_zones.txt");
	struct machine *m;
	struct mm_error e;

	m = state_load(text.s, text.len, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	ck_assert(pfn_is_ram(m, 0x9e));
	ck_assert(!pfn_is_ram(m, 0x9f));
	ck_assert(pfn_is_ram(m, 0x100));
	ck_assert(!pfn_is_ram(m, 0xfffff));
	ck_assert(pfn_is_ram(m, 0x100000));
	machine_free(m);
	strbuf_free(&text);
}
END_TEST

/* ---- what makes no sense ---- */

static const struct nonsense {
	const char *after, *from, *to, *why;
} nonsense[] = {
	{"exp ", "version=1", "version=2", "version"},
	{"exp ", "model=flat", "model=round", "memory model"},
	{"const ", "const PAGE_OFFSET", "count PAGE_OFFSET", "line 2"},
	{"const ", "max_pfn=16352", "max_pfn=0", "const"},
	{"const ", " max_pfn=16352", " max_pfn=99999999999", "machine"},
	{"const ", "MAX_ORDER=11", "MAX_ORDER=12", "not one that is modelled"},
	{"const ", "pageblock_order=10", "pageblock_order=40", "not one that is modelled"},
	{"const ", "nr_cpus=1", "nr_cpus=4000000000", "machine"},
	{"const ", "nr_cpus=1", "nr_cpus=2", "CPU"},
	{"const ", "mobility_disabled=0", "mobility_disabled=2", "line 2"},
	{"mb type=memory", "base=0x1000", "base=0xffffffffffffffff", "region"},
	{"mb type=memory", "size=0x9e000", "size=0x0", "region"},
	{"mb type=memory idx=1", "base=0x100000", "base=0x1000", "above the one before"},
	{"mb type=memory idx=1", "size=0x3ee0000", "size=0x13ee0000", "outside the machine"},
	{"dump ", "dump stage", "dumb stage", "not a"},
	{"node ", "node id=0", "knot id=0", "node"},
	{"node ", "id=0", "id=1", "numbered"},
	{"node ", "0:Normal", "0:Abnormal", "zonelist"},
	{"node ", "0:DMA", "0:Normal", "twice"},
	{"node ", "0:DMA", "7:DMA", "zonelist"},
	{"zone ", "name=DMA", "name=DNA", "no such zone"},
	{"zone ", "idx=0", "idx=1", "idx"},
	{"zone ", "spanned=4095", "spanned=4000000000", "outside"},
	{"zone ", "start_pfn=1", "start_pfn=4294967295", "outside"},
	{"zone ", "present=3998", "present=4998", "spanned >= present"},
	{"zone ", "managed=3979", "managed=3999", "spanned >= present"},
	{"zone ", "managed=3979", "managed=3978", "zone DMA"},
	{"zone ", " min=", " min=x", "min"},
	{"zone ", " min=", " min=99999999999999999999", "min"},
	{"zone ", " min=", " mini=", "no min="},
	{"zone ", " low=", " low=1 low=", "twice"},
	{"zone ", "flags=0x0", "flags=0x1000", "flags"},
	{"zone ", "nr_free=", "nr_free=7", "blocks of order 0"},
	{"zone node=0 name=Normal", "start_pfn=4096", "start_pfn=4000", "overlaps"},
	{"zone node=0 name=Normal", "name=Normal idx=1", "name=DMA idx=0", "second time"},
	{"zstat ", "zone=DMA", "zone=Normal", "no such zone"},
	{"zstat ", "free_global=3979", "free_global=3978", "counted"},
	{"pset ", "cpu=0", "cpu=1", "CPU"},
	{"pset ", "count=0", "count=1", "pages on the lists of CPU"},
	{"pset ", "batch=1", "batch=0", "batch"},
	{"pset ", "batch=1", "batch=31", "batch"},
	{"pset ", "stat_threshold=2", "stat_threshold=200", "stat_threshold"},
	{"pset ", "stat_threshold=2", "stat_threshold=-2", "stat_threshold"},
	{"pcp ", "mt=0", "mt=3", "no such list"},
	{"pcp ", "pfns=", "pfns=154", "spoken for"},
	{"pcp ", "pfns=", "pfns=5000", "not in zone"},
	{"pcp ", "pfns=", "pfns=20:9", "migratetype"},
	{"pcp ", "pfns=", "pfns=,", "not a list"},
	{"fl node=0 zone=DMA order=0", "154", "154,154", "spoken for"},
	{"fl node=0 zone=DMA order=0", "154", "4294967296", "not a list"},
	{"fl node=0 zone=DMA order=0", "154", "160", "not in zone"},
	{"fl node=0 zone=DMA order=0", "order=0", "order=11", "no such list"},
	{"fl node=0 zone=DMA order=0", "mt=0", "mt=4", "no such list"},
	{"fl node=0 zone=DMA order=0", "zone=DMA", "zone=Normal", "zone"},
	{"fl node=0 zone=DMA order=3", "pfns=144", "pfns=145", "not aligned"},
	{"fl node=0 zone=DMA order=8", "pfns=256", "pfns=512", "spoken for"},
	{"pb ", "first_block=0", "first_block=1", "first_block"},
	{"pb ", "0*1", "9*1", "runs"},
	{"pb ", "0*1", "0*99999999999", "runs"},
	{"pb ", "0*1,", "", "runs"},
	{"enddump ", "enddump ", "ending ", "not a line of a dump"},
	{"machine ", "cpu=0", "cpu=1", "no such CPU"},
	{"machine ", "extfrag_threshold=500", "extfrag_threshold=5000", "setting"},
	{"kswapd ", "node=0", "node=1", "node"},
	{"kswapd ", "max_order=0", "max_order=11", "kswapd"},
	{"compact ", "defer_shift=0", "defer_shift=60", "defer_shift"},
	{"counters ", "counters=", "counters=1", "zstat"},
	{"diffs ", "diffs=", "diffs=1", "pset"},
	{"diffs ", "diffs=0", "diffs=1000", "diffs"},
	{"counters ", "=3979,16,0,0,0,0,0,0,0,", "=3979,16,0,0,0,0,0,0,4,", "no state holds"},
	{"diffs ", "diffs=0,0,0,0,0,0,0,0,0,", "diffs=0,0,0,0,0,0,0,0,4,", "no state holds"},
	{"events ", "events ", "section nr=0 state=1 zone=0 memmap=0\nevents ", "no such section"},
	{"events ", "cpu=0", "cpu=9", "CPU"},
	{"kswapd ", "kswapd ", "used node=0 zone=DMA order=1 comp=0 part=0 pfns=152\nkswapd ",
	 "spoken for"},
	{"kswapd ", "kswapd ", "used node=0 zone=DMA order=0 comp=1 part=0 pfns=158\nkswapd ",
	 "expects"},
	{"kswapd ", "kswapd ", "used node=0 zone=DMA order=0 comp=0 part=0 pfns=158\nkswapd ",
	 "manages"},
	{"kswapd ", "kswapd ", "lru node=0 zone=DMA list=0 part=0 pfns=154\nkswapd ",
	 "not a single page in use"},
	{"kswapd ", "kswapd ", "numa node=0 distance=10,20 cpus=0x1\nkswapd ", "CPUs"},
	{"kswapd ", "kswapd ", "numa node=0 distance=10 cpus=0x2\nkswapd ", "CPUs"},
	{"kswapd ", "kswapd ", "numa node=0 distance=300 cpus=0x1\nkswapd ", "distances"},
	{"endstate", "endstate\n", "", "cut off"},
	{"endstate", "endstate\n", "endstate\nmore\n", "more lines"},
};

static void assert_refused(const struct machine *m, const struct nonsense *table, unsigned n)
{
	struct strbuf state = STRBUF_INIT;

	state_write(m, "now", &state);
	for (unsigned i = 0; i < n; i++) {
		struct strbuf text = STRBUF_INIT;
		struct machine *got;
		struct mm_error e;

		strbuf_add(&text, state.s, state.len);
		edit(&text, table[i].after, table[i].from, table[i].to);
		got = state_load(text.s, text.len, &e);
		ck_assert_msg(!got, "%u: '%s' for '%s' was taken", i, table[i].to, table[i].from);
		ck_assert_msg(strstr(e.text, table[i].why) != NULL, "%u: '%s' for '%s': %s", i,
			      table[i].to, table[i].from, e.text);
		ck_assert_ptr_null(strchr(e.text, '\n'));
		strbuf_free(&text);
	}
	strbuf_free(&state);
}

START_TEST(nonsense_is_refused)
{
	struct machine *m = boot("mem=64M");

	assert_refused(m, nonsense, ARRAY_SIZE(nonsense));
	machine_free(m);
}
END_TEST

/* ---- memory that came and went ---- */

#define SECTION 32768ull /* pages, amd64 */
#define AT(n) ((n) * SECTION)

static void ok(int err, const struct mm_error *e)
{
	ck_assert_msg(!err, "%s", e->text);
}

/* Of 512M: sections 8 and 9 are added, 9 is online; 2 is offline; 1 is gone. */
static struct machine *changed_machine(void)
{
	struct machine *m = boot("arch=amd64 mem=512M");
	struct mm_error e;

	ok(add_memory(m, 0, AT(8), 2 * SECTION, &e), &e);
	ok(online_pages(m, AT(9), SECTION, MMOP_ONLINE_KEEP, &e), &e);
	ok(offline_pages(m, AT(1), 2 * SECTION, &e), &e);
	ok(remove_memory(m, AT(1), SECTION, &e), &e);
	return m;
}

static void change_on(struct machine *m)
{
	struct mm_error e;

	ok(online_pages(m, AT(8), SECTION, MMOP_ONLINE_KEEP, &e), &e);
	ok(online_pages(m, AT(2), SECTION, MMOP_ONLINE_KEEP, &e), &e);
	ok(offline_pages(m, AT(9), SECTION, &e), &e);
	ok(remove_memory(m, AT(9), SECTION, &e), &e);
	for (unsigned order = 0; order < MAX_ORDER; order++)
		ck_assert_int_ge(alloc_pages(m, GFP_KERNEL, order), 0);
	ok(machine_audit(m, &e), &e);
}

START_TEST(sections_are_as_they_were)
{
	struct machine *m = changed_machine(), *copy = reload(m);

	same_state(m, copy);
	ck_assert_uint_eq(copy->nr_sections, m->nr_sections);
	for (uint64_t i = 0; i < m->nr_sections; i++)
		ck_assert_int_eq(copy->section[i].state, m->section[i].state);
	change_on(m);
	change_on(copy);
	same_state(m, copy);
	machine_free(m);
	machine_free(copy);
}
END_TEST

/* A zone that has nothing but what was added, and is not online. */
START_TEST(a_zone_of_offline_sections)
{
	struct machine *m = boot("arch=amd64 mem=512M"), *copy;
	struct mm_error e;

	ok(add_memory(m, 0, AT(8), SECTION, &e), &e);
	ok(add_memory(m, 0, AT(10), SECTION, &e), &e);
	copy = reload(m);
	same_state(m, copy);
	for (int i = 0; i < 2; i++) {
		struct machine *it = i ? copy : m;

		ok(online_pages(it, AT(10), SECTION, MMOP_ONLINE_KEEP, &e), &e);
		ok(online_pages(it, AT(8), SECTION, MMOP_ONLINE_KEEP, &e), &e);
	}
	same_state(m, copy);
	machine_free(m);
	machine_free(copy);
}
END_TEST

/* Section 2 is offline, 8 was added. */
static const struct nonsense sections[] = {
	{"section nr=2", "nr=2", "nr=200", "no such section"},
	{"section nr=2", "nr=2", "nr=1", "not like this"},
	{"section nr=2", "nr=2", "nr=3", "not like this"},
	{"section nr=2", "state=1", "state=2", "not like this"},
	{"section nr=2", "state=1", "state=3", "not like this"},
	{"section nr=2", "state=1", "state=9", "not like this"},
	{"section nr=2", "state=1", "state=1000", "state"},
	{"section nr=2", "state=1", "stat=1", "state"},
	{"section nr=8", "zone=", "zone=9", "belongs to a zone"},
	{"section nr=8", "zone=2", "zone=3", "not like this"},
	{"section nr=8", "memmap=", "memmap=4000000000 memmap=", "twice"},
	{"section nr=8", "memmap=", "memmap=9", "costs a block"},
};

START_TEST(no_such_sections)
{
	struct machine *m = changed_machine();

	assert_refused(m, sections, ARRAY_SIZE(sections));
	machine_free(m);
}
END_TEST

/* ---- what a state does not hold ---- */

START_TEST(pages_of_processes_are_nobodys)
{
	struct machine *m = boot("mem=64M"), *copy;
	struct strbuf what = STRBUF_INIT;
	struct task_struct *child, *grandchild;
	struct mm_error e;
	vaddr_t addr;

	state_leaves_out(m, &what);
	ck_assert_uint_eq(what.len, 0);
	ck_assert_int_eq(task_init(m), 0);
	ck_assert_int_eq(task_fork(m, m->mm->current, &child), 0);
	ck_assert_int_eq(sys_mlock(m, child, child->mm->start_stack, 1), 0);
	ck_assert_int_eq(vmalloc(m, 2 * PAGE_SIZE, VMALLOC_GFP, "test", &addr), 0);
	machine_tick(m, HZ); /* some are in the zones' counters now, those that come are not */
	ck_assert_int_eq(task_fork(m, child, &grandchild), 0);
	state_leaves_out(m, &what);
	ck_assert_str_eq(strbuf_str(&what), "3 processes, 1 vmalloc area");
	copy = reload(m);
	same_state(m, copy);
	strbuf_reset(&what);
	state_leaves_out(copy, &what);
	ck_assert_uint_eq(what.len, 0);
	ck_assert_uint_gt(global_page_state(m, NR_ANON_PAGES), 0);
	ck_assert_uint_eq(global_page_state(copy, NR_ANON_PAGES), 0);
	ck_assert_uint_eq(global_page_state(copy, NR_PAGETABLE), 0);
	/* others may come */
	ck_assert_int_eq(task_init(copy), 0);
	ok(machine_audit(copy, &e), &e);
	ck_assert_int_eq(m->mm->current->pid, 1);
	machine_free(m);
	machine_free(copy);
	strbuf_free(&what);
}
END_TEST

START_TEST(a_cut_off_state_is_refused)
{
	struct machine *m = boot("mem=16M");
	struct strbuf state = STRBUF_INIT;
	struct mm_error e;

	state_write(m, "now", &state);
	for (size_t len = 0; len < state.len; len++)
		ck_assert_msg(!state_load(state.s, len, &e), "%zu of %zu bytes", len, state.len);
	strbuf_free(&state);
	machine_free(m);
}
END_TEST

/* ---- files ---- */

static char *temp_file(const void *data, size_t len)
{
	static char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/mmsh-state-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
	return path;
}

START_TEST(files)
{
	struct strbuf text = STRBUF_INIT;
	unsigned char zip[256];
	struct mm_error e;
	uLong zip_len = sizeof(zip);
	char *path = temp_file("plain\n", 6);
	gzFile f;

	ck_assert_int_eq(read_file(path, &text, &e), 0);
	ck_assert_str_eq(text.s, "plain\n");
	f = gzopen(path, "wb");
	gzputs(f, "a text that was compressed, long enough to be cut off somewhere inside\n");
	gzclose(f);
	strbuf_reset(&text);
	ck_assert_int_eq(read_file(path, &text, &e), 0);
	ck_assert_ptr_nonnull(strstr(text.s, "compressed"));
	strbuf_reset(&text);
	f = NULL;
	{
		FILE *in = fopen(path, "rb");

		zip_len = fread(zip, 1, sizeof(zip), in);
		fclose(in);
	}
	unlink(path);
	for (size_t n = 18; n < zip_len; n++) {
		path = temp_file(zip, n);
		ck_assert_msg(read_file(path, &text, &e) == -EINVAL, "%zu of %lu", n, zip_len);
		ck_assert_ptr_nonnull(strstr(e.text, "cut off"));
		unlink(path);
	}
	zip[20] ^= 0x55;
	path = temp_file(zip, zip_len);
	ck_assert_int_eq(read_file(path, &text, &e), -EINVAL);
	unlink(path);
	ck_assert_int_eq(read_file("/nonexistent/file", &text, &e), -ENOENT);
	ck_assert_int_eq(read_file("/", &text, &e), -EISDIR);
	strbuf_free(&text);
}
END_TEST

Suite *state_suite(void)
{
	Suite *s = suite_create("state");
	TCase *t = tcase_create("state");

	tcase_add_test(t, a_state_read_back_lives_on);
	tcase_add_test(t, dumps_of_real_kernels_read_back_to_the_letter);
	tcase_add_test(t, holes_are_where_a_pc_has_them);
	tcase_add_test(t, nonsense_is_refused);
	tcase_add_test(t, sections_are_as_they_were);
	tcase_add_test(t, a_zone_of_offline_sections);
	tcase_add_test(t, no_such_sections);
	tcase_add_test(t, pages_of_processes_are_nobodys);
	tcase_add_test(t, a_cut_off_state_is_refused);
	tcase_add_test(t, files);
	suite_add_tcase(s, t);
	return s;
}
