/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prompt: the real mmsh ($MMSH) on a pseudo-terminal. */
#include "suites.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static char home[64];
static int terminal = -1;
static pid_t child;
static char screen[1 << 20]; /* what came since the last look, without escape sequences */
static char raw[1 << 20];
static size_t raw_len;

static void start(const char *const *options)
{
	const char *argv[10] = {getenv("MMSH")};
	struct winsize size = {.ws_row = 50, .ws_col = 150};

	for (int i = 1; *options; i++)
		argv[i] = *options++;
	raw_len = 0;
	child = forkpty(&terminal, NULL, NULL, &size);
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		setenv("TERM", "xterm", 1);
		setenv("INPUTRC", "/dev/null", 1);
		setenv("EDITRC", "/dev/null", 1);
		setenv("XDG_STATE_HOME", home, 1);
		setenv("XDG_CONFIG_HOME", home, 1);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
}

/* Escape sequences, bells and carriage returns go; what is left can be compared. */
static void strip(void)
{
	char *to = screen;

	for (size_t i = 0; i < raw_len; i++) {
		if (raw[i] == '\033' && raw[i + 1] == '[') {
			for (i += 2; i < raw_len && (raw[i] < '@' || raw[i] > '~'); i++)
				;
		} else if (raw[i] != '\r' && raw[i] != '\a' && raw[i] != '\033') {
			*to++ = raw[i];
		}
	}
	*to = '\0';
}

/* Waits until the screen, since the last wait, holds @want. */
static void see(const char *want)
{
	for (;;) {
		struct pollfd p = {.fd = terminal, .events = POLLIN};
		ssize_t n;

		strip();
		if (strstr(screen, want))
			break;
		ck_assert_msg(poll(&p, 1, PATIENCE_MS) > 0, "no \"%s\" in:\n%s", want, screen);
		n = read(terminal, raw + raw_len, sizeof(raw) - raw_len - 1);
		ck_assert_msg(n > 0, "no \"%s\" before the end of:\n%s", want, screen);
		raw_len += (size_t)n;
	}
}

static void forget(void)
{
	raw_len = 0;
}

static void type(const char *keys)
{
	forget();
	ck_assert_int_eq(write(terminal, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Returns: the exit status. */
static int finish(void)
{
	char rest[4096];
	int status;

	while (read(terminal, rest, sizeof(rest)) > 0)
		;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	close(terminal);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char *const plain[] = {"-n", NULL};

static int has_editor(void)
{
	static char cmd[600];
	char text[200] = "";
	FILE *f;

	snprintf(cmd, sizeof(cmd), "%s --version", getenv("MMSH"));
	f = popen(cmd, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	pclose(f);
	return !strstr(text, "none");
}

static void setup(void)
{
	ck_assert_msg(getenv("MMSH") != NULL, "$MMSH names no mmsh");
	strcpy(home, "/tmp/mmsh-prompt-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
}

static void teardown(void)
{
	char cmd[100];

	snprintf(cmd, sizeof(cmd), "rm -r %s", home);
	ck_assert_int_eq(system(cmd), 0);
}

START_TEST(commands_run)
{
	start(plain);
	see("mmsh> ");
	type("alloc 3\n");
	see("$1 = pfn ");
	see("zone   Normal");
	see("mmsh> ");
	type("print 6 * 7\n");
	see("42 (0x2a)\n");
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(changed_cells_stand_out)
{
	start(plain);
	see("mmsh> ");
	type("alloc 3\n");
	see("zone   Normal");
	see("mmsh> ");
	ck_assert_ptr_nonnull(memmem(raw, raw_len, "\033[7m", 4));
	ck_assert_ptr_nonnull(memmem(raw, raw_len, "\033[0m", 4));
	/* The words that stay the same do not. */
	ck_assert_ptr_nonnull(memmem(raw, raw_len, "Node 0, zone   Normal ", 22));
	type("set color never\n");
	see("mmsh> ");
	type("drain; alloc 5\n");
	see("$2 = ");
	see("mmsh> ");
	ck_assert_ptr_null(memmem(raw, raw_len, "\033[7m", 4));
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(no_color_is_honoured)
{
	setenv("NO_COLOR", "1", 1);
	start(plain);
	unsetenv("NO_COLOR");
	see("mmsh> ");
	type("alloc 3\n");
	see("zone   Normal");
	see("mmsh> ");
	ck_assert_ptr_null(memmem(raw, raw_len, "\033[7m", 4));
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(beginnings_and_slips)
{
	start(plain);
	see("mmsh> ");
	type("al 0\n");
	see("$1 = pfn ");
	type("aloc 0\n");
	see("aloc: unknown command; did you mean \"alloc\"?\n");
	type("d\n");
	see("d: unknown command");
	type("cat budyinfo\n");
	see("did you mean \"buddyinfo\"?");
	/* An error neither ends the session nor its status. */
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(blocks_go_on)
{
	start(plain);
	see("mmsh> ");
	type("repeat 2 {\n");
	see("\n> ");
	type("echo round $i\n");
	see("\n> ");
	type("}\n");
	see("round 0\nround 1\n");
	see("mmsh> ");
	type("echo 'two\n");
	see("\n> ");
	type("lines'\n");
	see("two\nlines\n");
	see("mmsh> ");
	/* The editor sets the terminal up after it has written the prompt. */
	usleep(200000);
	type("\004");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(interrupt)
{
	start(plain);
	see("mmsh> ");
	type("echo half a li");
	see("half a li");
	type("\003");
	see("mmsh> ");
	type("echo whole\n");
	see("\nwhole\n");
	see("mmsh> ");
	type("repeat until-error set color auto\n");
	usleep(200000);
	type("\003");
	see("repeat: interrupted\n");
	see("mmsh> ");
	type("echo alive\n");
	see("\nalive\n");
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

static const struct {
	const char *keys, *want;
} tabs[] = {
	{"al\t3\n", "$3 = pfn "},
	{"alloc 0 GFP_HIGHUSER_MOV\t|__GFP_NOW\t\n", "$3 = pfn "},
	{"free $bu\t\n", "mmsh> "},
	{"cat bu\t\n", "zone  HighMem "},
	{"cat /proc/bud\t\n", "zone  HighMem "},
	{"cat /proc/sys/vm/min_f\t\n", "\n3789\n"},
	{"sysctl vm.min_f\t\n", "vm.min_free_kbytes = "},
	{"set col\tal\t\n", "mmsh> "},
	{"boot me\t64M\n", "ia32, 1 CPU"},
	{"source /dev/nul\t\n", "mmsh> "},
	{"help dis\t\n", "display [PATH|CMD]"},
};

START_TEST(tab_completes)
{
	if (!has_editor())
		return;
	start(plain);
	see("mmsh> ");
	type("buf = alloc 0; alloc 0\n");
	see("$2 = pfn ");
	see("mmsh> ");
	type(tabs[_i].keys);
	see("\n");
	see(tabs[_i].want);
	type("quit\n");
	finish();
	strip();
	ck_assert_ptr_null(strstr(screen, "unknown command"));
}
END_TEST

START_TEST(tab_lists)
{
	if (!has_editor())
		return;
	start(plain);
	see("mmsh> ");
	type("cat /proc/kpage\t\t");
	see("/proc/kpagecount");
	see("/proc/kpageflags");
	type("\025quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

static void read_history(char *text, size_t size)
{
	char path[128];
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "%s/mmsh/history", home);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fstat(fileno(f), &st), 0);
	text[fread(text, 1, size - 1, f)] = '\0';
	fclose(f);
}

START_TEST(history_is_kept)
{
	char text[200];

	start(plain);
	see("mmsh> ");
	type("echo first\n");
	see("\nfirst\n");
	see("mmsh> ");
	type("echo second\n");
	see("\nsecond\n");
	see("mmsh> ");
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
	read_history(text, sizeof(text));
	ck_assert_str_eq(text, "echo first\necho second\nquit\n");
	if (!has_editor())
		return;
	/* Three lines up is the first one. */
	start(plain);
	see("mmsh> ");
	type("\033[A\033[A\033[A\n");
	see("\nfirst\n");
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(safe_keeps_no_history)
{
	static const char *const safe[] = {"-n", "--safe", NULL};
	char path[128];

	start(safe);
	see("mmsh> ");
	type("! ls\n");
	see("!: host commands: not with --safe");
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
	snprintf(path, sizeof(path), "%s/mmsh/history", home);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(rc_file_is_read)
{
	static const char *const rc[] = {NULL};
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/mmsh", home);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	strcat(path, "/mmshrc");
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("echo from the rc file\nboot mem=64M\n", f);
	fclose(f);
	start(rc);
	see("from the rc file\n");
	see("mmsh> ");
	type("print MemTotal < 65536\n");
	see("1 (0x1)\n");
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(binary_files_stay_off_the_terminal)
{
	start(plain);
	see("mmsh> ");
	type("cat kpageflags\n");
	see("is binary");
	type("cat kpageflags | wc -c\n");
	see("2096896\n");
	type("quit\n");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

Suite *prompt_suite(void)
{
	Suite *s = suite_create("prompt");
	TCase *tc = tcase_create("prompt");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, commands_run);
	tcase_add_test(tc, changed_cells_stand_out);
	tcase_add_test(tc, no_color_is_honoured);
	tcase_add_test(tc, beginnings_and_slips);
	tcase_add_test(tc, blocks_go_on);
	tcase_add_test(tc, interrupt);
	tcase_add_loop_test(tc, tab_completes, 0, (int)(sizeof(tabs) / sizeof(*tabs)));
	tcase_add_test(tc, tab_lists);
	tcase_add_test(tc, history_is_kept);
	tcase_add_test(tc, safe_keeps_no_history);
	tcase_add_test(tc, rc_file_is_read);
	tcase_add_test(tc, binary_files_stay_off_the_terminal);
	suite_add_tcase(s, tc);
	return s;
}
