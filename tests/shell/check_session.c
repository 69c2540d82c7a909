/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions from inside: values that follow pages, the journal, completion, the table. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/page_alloc.h>
#include <mmsh/state.h>

#include "shell/cmd_task.h"
#include "shell/command.h"
#include "shell/complete.h"
#include "shell/files.h"
#include "shell/out.h"
#include "shell/shell.h"

static struct shell *sh;

static void setup(void)
{
	sh = shell_new();
	sh->silent = true;
	sh->bootline = "mem=64M";
}

static void teardown(void)
{
	shell_free(sh);
}

static int run(const char *text)
{
	return run_text(sh, "test", text, strlen(text));
}

static void state_of(const struct shell *s, struct strbuf *out)
{
	state_write(s->m, "now", out);
}

/* Everything that a session can do to a machine. */
static const char long_session[] = "boot mem=64M cpus=2\n"
				   "a = alloc 0 count=40\n"
				   "cpu 1; b = alloc 0 GFP_HIGHUSER_MOVABLE lru count=300\n"
				   "free $a[3] $a[5]\n"
				   "repeat 3 { x = alloc $i; free $x }\n"
				   "alloc 11\n"
				   "free $a[3]\n"
				   "alloc 10 GFP_DMA count=9\n"
				   "expect error ENOMEM alloc 10 GFP_DMA\n"
				   "n = repeat until-error alloc 9\n"
				   "repeat 9 free $b[$i*7]\n"
				   "echo 2000 > /proc/sys/vm/min_free_kbytes\n"
				   "expect error ENOMEM repeat 3 alloc 10\n"
				   "compact\n"
				   "tick 600\n"
				   "sysctl vm.lowmem_reserve_ratio='64 32 32'\n"
				   "drain\n"
				   "print $n; values\n"
				   "free pfn:$a[0] cold\n";

/* The session as a script makes the same machine, without an error, on a session that has lived
   before. */
static void assert_saved_is_the_same(void)
{
	struct strbuf script = STRBUF_INIT, one = STRBUF_INIT, two = STRBUF_INIT;

	state_of(sh, &one);
	journal_script(&sh->journal, &script);
	sh->set.keep_going = false;
	ck_assert_int_eq(run(strbuf_str(&script)), 0);
	state_of(sh, &two);
	ck_assert_str_eq(strbuf_str(&one), strbuf_str(&two));
	strbuf_free(&script);
	strbuf_free(&one);
	strbuf_free(&two);
}

START_TEST(saved_session_is_the_same)
{
	sh->set.keep_going = true;
	run(long_session);
	assert_saved_is_the_same();
}
END_TEST

START_TEST(replay_is_the_past)
{
	struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	struct shell *past;

	sh->set.keep_going = true;
	run(long_session);
	state_of(sh, &one);
	ck_assert_int_eq(run("alloc 0\ncat buddyinfo\n"), 0);
	past = journal_replay(sh);
	ck_assert_ptr_nonnull(past);
	state_of(past, &two);
	ck_assert_str_eq(strbuf_str(&one), strbuf_str(&two));
	shell_free(past);
	strbuf_free(&one);
	strbuf_free(&two);
}
END_TEST

START_TEST(nothing_to_replay)
{
	ck_assert_ptr_null(journal_replay(sh));
	clear_error(sh);
	ck_assert_int_eq(run("boot mem=32M"), 0);
	ck_assert_ptr_null(journal_replay(sh));
}
END_TEST

/* Every other page of a user goes; what is left moves, and the values with it. */
START_TEST(values_follow_migration)
{
	const struct values *vs = &sh->values;
	unsigned moved = 0;
	pfn_t *before;

	ck_assert_int_eq(run("x = alloc 0 GFP_HIGHUSER_MOVABLE lru count=2000\n"
			     "repeat 1000 free $x[$i*2]\ndrain\n"),
			 0);
	before = calloc(vs->nr_items, sizeof(*before));
	for (unsigned i = 0; i < vs->nr_items; i++)
		before[i] = (pfn_t)vs->item[i].at;
	ck_assert_int_eq(run("compact"), 0);
	for (unsigned i = 0; i < vs->nr_items; i++) {
		if (vs->item[i].freed)
			continue;
		moved += vs->item[i].at != before[i];
		ck_assert_uint_eq(pfn_to_page(sh->m, vs->item[i].at)->owner, i + 1);
		ck_assert_ptr_eq(value_owner(sh, vs->item[i].at), &vs->item[i]);
	}
	ck_assert_uint_gt(moved, 0);
	ck_assert_int_eq(run("free $x\naudit\n"), 0);
	free(before);
}
END_TEST

START_TEST(names_move_to_new_values)
{
	ck_assert_int_eq(run("x = alloc 0\ny = alloc 1\nx = alloc 2\n"), 0);
	ck_assert_uint_eq(value_named(sh, "x", 1), 3);
	ck_assert_uint_eq(value_named(sh, "y", 1), 2);
	ck_assert_ptr_null(sh->values.v[0].name);
	ck_assert_int_eq(run("boot mem=64M"), 0);
	ck_assert_uint_eq(value_named(sh, "x", 1), 0);
	ck_assert_int_eq(run("free $x"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(sh->err.text, "booted last"));
}
END_TEST

/* The machine stays as it is when a boot fails; so do the values. */
START_TEST(failed_boot_changes_nothing)
{
	static const char *const bad[] = {"boot foo=1",		 "boot mem=1",
					  "boot mem=5T",	 "boot mem",
					  "boot e820=/dev/null", "boot mem=64M cpus=0"};
	struct machine *m;

	ck_assert_int_eq(run("x = alloc 0"), 0);
	m = sh->m;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_int_lt(run(bad[i]), 0);
		clear_error(sh);
		ck_assert_ptr_eq(sh->m, m);
	}
	ck_assert_int_eq(run("free $x"), 0);
}
END_TEST

/* ---- the table ---- */

START_TEST(rows_are_complete)
{
	for_each_command(g, c)
	{
		ck_assert_msg(c->help && c->help[strlen(c->help) - 1] == '.', "%s: help", c->name);
		ck_assert_msg(c->example != NULL, "%s: example", c->name);
		ck_assert_msg(c->exec != NULL, "%s: exec", c->name);
		ck_assert_ptr_eq(command_find(c->name), c);
		if (c->alias)
			ck_assert_ptr_eq(command_find(c->alias), c);
	}
}
END_TEST

START_TEST(meant_commands)
{
	ck_assert_str_eq(did_you_mean_command("aloc"), "alloc");
	ck_assert_str_eq(did_you_mean_command("dispaly"), "display");
	ck_assert_str_eq(did_you_mean_command("fere"), "free");
	ck_assert_ptr_null(did_you_mean_command("frobnicate"));
	ck_assert_ptr_null(did_you_mean_command("xyzzy"));
	ck_assert_ptr_eq(command_by_prefix("al"), command_find("alloc"));
	ck_assert_ptr_null(command_by_prefix("d"));
	ck_assert_ptr_null(command_by_prefix("zzz"));
}
END_TEST

/* A command's name may be two words, or have a format behind it. */
START_TEST(names_of_two_words)
{
	char words[64];

	ck_assert_ptr_eq(command_of_text("cache alloc foo"), command_find("cache alloc"));
	ck_assert_ptr_eq(command_of_text("cache  alloc"), command_find("kmem_cache_alloc"));
	ck_assert_ptr_eq(command_of_text("x/8xw $1"), command_find("x"));
	ck_assert_ptr_eq(command_of_text("alloc 3"), command_find("alloc"));
	ck_assert_ptr_null(command_of_text("cache"));
	ck_assert_ptr_null(command_of_text("cache nope"));
	ck_assert_ptr_null(command_of_text("alloc/3 3"));
	ck_assert(command_second_words("cache", words, sizeof(words)));
	ck_assert_ptr_nonnull(strstr(words, "create, alloc"));
	ck_assert(!command_second_words("alloc", words, sizeof(words)));
	ck_assert_str_eq(did_you_mean_command("cache aloc"), "cache alloc");
	ck_assert_int_eq(run("cache  create foo 100\nkmem_cache_alloc foo\n"), 0);
	ck_assert_int_eq(run("cache"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(sh->err.text, "followed by create"));
}
END_TEST

/* ---- values of other types ---- */

static uint64_t freed_number;

static void print_ticket(struct shell *s, const struct item *t)
{
	out(s, "ticket %llu", (unsigned long long)t->at);
}

static int check_ticket(struct shell *s, const struct item *t, const char *what)
{
	return t->at == 13 ? cmd_fail(s, EBUSY, "%s brings bad luck", what) : 0;
}

static void free_ticket(struct shell *s, struct item *t)
{
	freed_number = t->at;
	value_forget(s, t);
}

static const struct value_type ticket = {
	"ticket", ITEM_ADDRESS, .print = print_ticket, .check_free = check_ticket, .free = free_ticket};

START_TEST(values_of_any_type)
{
	uint32_t nr;

	ck_assert_int_eq(run("boot mem=64M"), 0);
	value_add(sh, &ticket, 4096);
	nr = value_done(sh);
	value_add(sh, &ticket, 13);
	value_done(sh);
	ck_assert_uint_eq(nr, 1);
	ck_assert_ptr_eq(value_at(sh, 4096), &sh->values.item[0]);
	ck_assert_ptr_null(value_at(sh, 4097));
	ck_assert_int_eq(run("expect 'ticket 4096' print $1\nexpect '$1 + 4 == 4100'\n"), 0);
	ck_assert_int_eq(run("free $2"), -EBUSY);
	clear_error(sh);
	ck_assert_int_eq(run("free $1"), 0);
	ck_assert_uint_eq(freed_number, 4096);
	ck_assert_int_eq(run("free $1"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(sh->err.text, "by \"free $1\""));
	clear_error(sh);
	/* The newest at an address counts. */
	value_add(sh, &ticket, 4096);
	value_done(sh);
	ck_assert_int_eq(run("free 4096"), 0);
	ck_assert(sh->values.item[2].freed);
}
END_TEST

/* The index grows and still finds every address. */
START_TEST(many_addresses)
{
	ck_assert_int_eq(run("boot mem=64M"), 0);
	for (uint64_t i = 0; i < 10000; i++) {
		value_add(sh, &ticket, i * 64);
		value_done(sh);
	}
	for (uint64_t i = 0; i < 10000; i++)
		ck_assert_ptr_eq(value_at(sh, i * 64), &sh->values.item[i]);
	ck_assert_ptr_null(value_at(sh, 10000 * 64));
}
END_TEST

/* ---- init is there for who looks ---- */

static const char *const lookers[] = {
	"ps",
	"maps",
	"maps 1",
	"fork",
	"ulimit",
	"layout 1",
	"expect error EINVAL switch 1",
	"expect error EPERM exit",
	"read 0xbffff000",
	"x/4wx 0xbffff000",
	"vtop 0xbffff000",
	"whatis 0xbffff000",
	"ls /proc",
	"ls /proc/1",
	"ls proc",
	"cat /proc/1/maps",
	"cat self/status",
	"cat 1/statm > /dev/null",
	"cat /proc/buddyinfo /proc/self/maps",
	"echo 5 > /proc/self/oom_score_adj",
	"display /proc/self/maps",
	"display ps",
	"expect 'init' ps",
};

START_TEST(who_looks_finds_init)
{
	const struct task_struct *t;

	ck_assert_int_eq(run("alloc 0"), 0);
	ck_assert_msg(run(lookers[_i]) == 0, "%s: %s", lookers[_i], sh->err.text);
	t = current_task(sh);
	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(t->pid, 1);
	ck_assert_str_eq(t->comm, "init");
	ck_assert_ptr_nonnull(t->mm->exe_file);
	/* what the look took is part of the session */
	assert_saved_is_the_same();
}
END_TEST

static const char *const others[] = {
	"alloc 0",
	"kmalloc 100",
	"vmalloc 8K",
	"cat /proc/buddyinfo /proc/meminfo /proc/kpageflags > /dev/null",
	"ls /proc/sys/vm",
	"ls /",
	"map",
	"layout",
	"layout vmalloc",
	"vtop 0xc0000000",
	"x/4wx 0xc0000000",
	"whatis pfn:5000",
	"policy",
	"sysctl vm.overcommit_memory=2",
	"display meminfo",
	"display",
	"expect error EINVAL free 5",
	"tick 250",
	"audit",
};

START_TEST(who_does_not_look_starts_nothing)
{
	sh->set.quiet = false;
	ck_assert_int_eq(run("display /proc/self/maps; display ps; boot mem=64M"), 0);
	ck_assert_msg(run(others[_i]) == 0, "%s: %s", others[_i], sh->err.text);
	ck_assert_ptr_null(current_task(sh));
}
END_TEST

START_TEST(no_memory_for_init)
{
	ck_assert_int_eq(run("boot mem=16M slab=none\nl = repeat until-error alloc 0\n"
			     "x = values > /dev/null"),
			 -EINVAL);
	clear_error(sh);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(run("ps"), -ENOMEM);
		ck_assert_str_eq(sh->err.text, "ENOMEM: init cannot run");
		clear_error(sh);
		ck_assert_ptr_null(current_task(sh));
		ck_assert_int_eq(run("audit"), 0);
	}
	ck_assert_int_eq(run("repeat 600 free pfn:($i+2000)\nls /proc/1\naudit"), 0);
	ck_assert_int_eq(current_task(sh)->pid, 1);
}
END_TEST

/* `why` tells of the last operation, not of what a look at processes took. */
START_TEST(a_look_is_no_operation)
{
	ck_assert_int_eq(run("alloc 3\nps\nexpect 'alloc order 3' why"), 0);
}
END_TEST

/* ---- completion ---- */

static const struct {
	const char *line; /* the cursor is at its end */
	const char *want; /* all candidates; ... at the end: there may be more */
} lines[] = {
	{"al", "alloc"},
	{"dr", "drain"},
	{"zz", ""},
	{"cac", "cache"},
	{"cache al", "alloc"},
	{"cache d", "destroy"},
	{"x = cache al", "alloc"},
	{"cache create foo 8 SLAB_HW", "SLAB_HWCACHE_ALIGN"},
	{"cache create foo 8 al", "align="},
	{"cache nope x", ""},
	{"alloc 0 GFP_AT", "GFP_ATOMIC"},
	{"alloc 0 GFP_KERNEL|__GFP_NOR", "__GFP_NORETRY"},
	{"alloc 0 no", "node="},
	{"alloc 0 count=2 col", "cold"},
	{"x = allo", "alloc"},
	{"repeat 3 allo", "alloc"},
	{"repeat un", "until-error"},
	{"repeat 3 { free $1; allo", "alloc"},
	{"time repeat 3 allo", "alloc"},
	{"expect error ENOMEM allo", "alloc"},
	{"expect 'x' cat budd", "buddyinfo"},
	{"cat /proc/zo", "/proc/zoneinfo"},
	{"cat zo", "zoneinfo"},
	{"cat /proc/sy", "/proc/sys/"},
	{"cat /proc/sys/vm/min_f", "/proc/sys/vm/min_free_kbytes"},
	{"ls /sy", "/sys/"},
	{"echo 1 > /proc/sys/vm/compact_m", "/proc/sys/vm/compact_memory"},
	{"echo 1 >/proc/sys/vm/compact_m", "/proc/sys/vm/compact_memory"},
	{"sysctl vm.min_f", "vm.min_free_kbytes"},
	{"set co", "color"},
	{"set color al", "always"},
	{"help boot", "boot boot-keys"},
	{"boot ar", "arch="},
	{"display pagety", "pagetypeinfo"},
	{"display pag", "page pagetypeinfo"},
	{"free $b", "$buf"},
	{"free $", "$1 $2 $buf"},
	{"free pf", "pfn:"},
	{"save /dev/nul", "/dev/null"},
	{"source /dev/nul", "/dev/null"},
	{"export /de", "/dev/"},
	{"state lo", "load"},
	{"cat /proc/1/ma", "/proc/1/maps"},
	{"cat self/stat", "self/stat self/statm self/status"},
	{"layout 1", "1"},
	{"mmap 4K rw- pri", "private"},
	{"mmap 4K read", "readonly"},
	{"madvise 0x1000 4K no", "nohugepage normal"},
	{"mlockall fu", "future"},
	{"personality no_", "no_randomize"},
	{"personality compat_layout read", "read_implies_exec"},
	{"switch ", "1"},
};

START_TEST(candidates)
{
	const char *line = lines[_i].line;
	size_t end = strlen(line), start = end;
	struct strbuf got = STRBUF_INIT;
	struct completion c;

	ck_assert_int_eq(run("alloc 0\nbuf = alloc 0"), 0);
	while (start > 0 && !strchr(COMPLETION_BREAKS, line[start - 1]))
		start--;
	complete(sh, line, start, end, &c);
	for (size_t i = 0; i < c.n; i++)
		strbuf_addf(&got, "%s%s", i ? " " : "", c.found[i]);
	ck_assert_msg(!strcmp(strbuf_str(&got), lines[_i].want), "%s: got %s", line,
		      strbuf_str(&got));
	completion_free(&c);
	strbuf_free(&got);
}
END_TEST

/* ---- the user's own files ---- */

static struct strbuf loaded;

static void add_loaded(const char *line)
{
	strbuf_addf(&loaded, "%s;", line);
}

static const char *load_history(void)
{
	strbuf_reset(&loaded);
	history_load(sh, add_loaded);
	return strbuf_str(&loaded);
}

START_TEST(history_is_cut)
{
	char home[] = "/tmp/mmsh-check-XXXXXX", path[64];

	ck_assert_ptr_nonnull(mkdtemp(home));
	setenv("HOME", home, 1);
	setenv("XDG_STATE_HOME", "relative", 1); /* which does not count */
	ck_assert_str_eq(load_history(), "");
	sh->set.history = 3;
	for (char line[] = "a"; *line <= 'g'; ++*line)
		history_append(sh, line);
	/* twice too long: the newest are left */
	ck_assert_str_eq(load_history(), "a;b;c;d;e;f;g;");
	ck_assert_str_eq(load_history(), "e;f;g;");
	sh->safe = true;
	history_append(sh, "not kept");
	ck_assert_str_eq(load_history(), "e;f;g;");
	snprintf(path, sizeof(path), "rm -r %s", home);
	ck_assert_int_eq(system(path), 0);
	sh->safe = false;
	unsetenv("HOME");
	history_append(sh, "nowhere to keep it");
	ck_assert_str_eq(load_history(), "");
	strbuf_free(&loaded);
}
END_TEST

/* ---- errors leave all as it was ---- */

static const char *const refused[] = {
	"alloc 11",
	"alloc -1",
	"alloc abc",
	"alloc 0 GFP_NOPE",
	"alloc 0 nod=1",
	"alloc 0 node=9",
	"alloc 1 lru",
	"alloc 0 count=0",
	"free $x $x",
	"free $x zzz",
	"free pfn:0",
	"free pfn:99999999",
	"free pfn:5000",
	"free $x order=1",
	"free $c+1",
	"free 5",
	"page pfn:99999999",
	"cpu 1",
	"tick -1",
	"compact 1",
	"sysctl vm.nope=1",
	"state load /dev/null",
	"verify /dev/null",
	"repeat x alloc 0",
	"y = drain",
	"i = alloc 0",
	"source /nonexistent",
	"undisplay 9",
	"expect '1 == 2'",
	"display alloc 0",
	"alloc 0 | cat",
	"save /tmp/x",
};

START_TEST(refusals_change_nothing)
{
	struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;

	ck_assert_int_eq(run("x = alloc 0\nc = alloc 2 GFP_KERNEL|__GFP_COMP\n"), 0);
	sh->safe = true;
	state_of(sh, &one);
	ck_assert_msg(run(refused[_i]) < 0, "%s", refused[_i]);
	ck_assert_int_gt((int)strlen(sh->err.text), 0);
	ck_assert_ptr_null(strchr(sh->err.text, '\n'));
	state_of(sh, &two);
	ck_assert_str_eq(strbuf_str(&one), strbuf_str(&two));
	strbuf_free(&one);
	strbuf_free(&two);
}
END_TEST

Suite *session_suite(void)
{
	Suite *s = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, saved_session_is_the_same);
	tcase_add_test(tc, replay_is_the_past);
	tcase_add_test(tc, nothing_to_replay);
	tcase_add_test(tc, values_follow_migration);
	tcase_add_test(tc, names_move_to_new_values);
	tcase_add_test(tc, failed_boot_changes_nothing);
	tcase_add_test(tc, rows_are_complete);
	tcase_add_test(tc, history_is_cut);
	tcase_add_loop_test(tc, who_looks_finds_init, 0, ARRAY_SIZE(lookers));
	tcase_add_loop_test(tc, who_does_not_look_starts_nothing, 0, ARRAY_SIZE(others));
	tcase_add_test(tc, no_memory_for_init);
	tcase_add_test(tc, a_look_is_no_operation);
	tcase_add_test(tc, meant_commands);
	tcase_add_test(tc, names_of_two_words);
	tcase_add_test(tc, values_of_any_type);
	tcase_add_test(tc, many_addresses);
	tcase_add_loop_test(tc, candidates, 0, (int)ARRAY_SIZE(lines));
	tcase_add_loop_test(tc, refusals_change_nothing, 0, (int)ARRAY_SIZE(refused));
	suite_add_tcase(s, tc);
	return s;
}
