/* SPDX-License-Identifier: GPL-3.0-or-later */
/* readline and libedit have the same calls; what differs is in the few lines below. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include "edit.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "complete.h"
#include "files.h"
#include "shell.h"
#include "util.h"

/* readline keeps signals to itself until it is asked. */
#define CHECK_SIGNALS() ((void)0)
#define SIGNAL_PENDING() 0

#if defined(USE_READLINE)
#include <readline/history.h>
#include <readline/readline.h>
#undef CHECK_SIGNALS
#undef SIGNAL_PENDING
#define CHECK_SIGNALS() rl_check_signals()
#define SIGNAL_PENDING() rl_pending_signal()
const char edit_name[] = "readline";
#elif defined(USE_LIBEDIT)
#include <editline/readline.h>
const char edit_name[] = "libedit";
#else
const char edit_name[] = "none";
#endif

/*
 * One byte from the terminal. A ^C counts whenever it comes: with SIGINT held back
 * but while we wait, none falls between the question and the waiting.
 *
 * Returns: EOF at the end, and when `interrupted` is set.
 */
static int wait_byte(void)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	sigset_t sigint, before;
	unsigned char c;
	ssize_t n = -1;

	sigemptyset(&sigint);
	sigaddset(&sigint, SIGINT);
	do {
		CHECK_SIGNALS();
		sigprocmask(SIG_BLOCK, &sigint, &before);
		errno = EINTR;
		if (!interrupted && !SIGNAL_PENDING() && ppoll(&p, 1, NULL, &before) > 0)
			n = read(STDIN_FILENO, &c, 1);
		sigprocmask(SIG_SETMASK, &before, NULL);
	} while (n < 0 && errno == EINTR && !interrupted);
	return n == 1 ? c : EOF;
}

/* A line as the terminal, or whatever else it is, gives it. */
static char *plain_line(const char *prompt)
{
	struct strbuf line = STRBUF_INIT;
	int c;

	fputs(prompt, stdout);
	fflush(stdout);
	while ((c = wait_byte()) != EOF && c != '\n')
		strbuf_addc(&line, (char)c);
	if (c == EOF && (interrupted || !line.len)) {
		strbuf_free(&line);
		if (!interrupted)
			putchar('\n');
		return NULL;
	}
	strbuf_addc(&line, '\0');
	return line.s;
}

#if defined(USE_READLINE) || defined(USE_LIBEDIT)

static struct shell *editing; /* the editors' callbacks take no argument */
static struct completion candidates;

static char *next_candidate(const char *text, int state)
{
	static size_t i;

	(void)text;
	if (state == 0)
		i = 0;
	return i < candidates.n ? mem_strdup(candidates.found[i++]) : NULL;
}

static char **complete_word(const char *text, int start, int end)
{
	char **matches;

	/* Never the editor's own file names. */
	rl_attempted_completion_over = 1;
	complete(editing, rl_line_buffer, (size_t)start, (size_t)end, &candidates);
	rl_completion_append_character = candidates.append;
	matches = candidates.n ? rl_completion_matches(text, next_candidate) : NULL;
	completion_free(&candidates);
	return matches;
}

static void add_line(const char *line)
{
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!last || strcmp(last->line, line))
		add_history(line);
}

/* ^C ends the line; edit_line() then forgets it. */
#ifdef USE_READLINE
static int next_char(FILE *f)
{
	(void)f;
	return wait_byte();
}
#else
/* libedit wants whole characters. */
static int next_char(FILE *f)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t n;

	(void)f;
	do {
		int c = wait_byte();
		char byte = (char)c;

		if (c == EOF)
			return EOF;
		n = mbrtowc(&wide, &byte, 1, &state);
		if (n == (size_t)-1)
			return c;
	} while (n == (size_t)-2);
	return (int)wide;
}
#endif

void edit_start(struct shell *sh)
{
	editing = sh;
	setlocale(LC_CTYPE, "");
	rl_readline_name = "mmsh";
	rl_attempted_completion_function = complete_word;
	/* libedit looks at the second, readline at the first. */
	rl_completer_word_break_characters = (char *)COMPLETION_BREAKS;
	rl_basic_word_break_characters = (char *)COMPLETION_BREAKS;
	rl_getc_function = next_char;
	rl_basic_quote_characters = (char *)"'\"";
	using_history();
	rl_initialize();
	history_load(sh, add_line);
}

void edit_stop(struct shell *sh)
{
	(void)sh;
	clear_history();
}

static char *editor_line(const char *prompt)
{
	if (!isatty(STDIN_FILENO))
		return plain_line(prompt);
	return readline(prompt);
}

static void remember(struct shell *sh, const char *line)
{
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!last || strcmp(last->line, line)) {
		add_history(line);
		history_append(sh, line);
	}
}

#else

void edit_start(struct shell *sh)
{
	(void)sh;
}

void edit_stop(struct shell *sh)
{
	(void)sh;
}

static char *editor_line(const char *prompt)
{
	return plain_line(prompt);
}

static void remember(struct shell *sh, const char *line)
{
	history_append(sh, line);
}

#endif

char *edit_line(struct shell *sh, const char *prompt)
{
	char *line;

	interrupted = 0;
	line = editor_line(prompt);
	if (interrupted) {
		free(line);
		fputs("\n", stdout);
		fflush(stdout);
		return NULL;
	}
	if (line && line[strspn(line, " \t")])
		remember(sh, line);
	return line;
}
