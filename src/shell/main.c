/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mmsh: the command line, and the order of things. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mmsh/bootline.h>

#include "command.h"
#include "edit.h"
#include "files.h"
#include "input.h"
#include "out.h"
#include "shell.h"
#include "util.h"

enum {
	OPT_JSON = 256,
	OPT_SAFE,
	OPT_COLOR,
	OPT_SEED,
	OPT_DUMP
};

static const struct option long_options[] = {
	{"boot", required_argument, NULL, 'b'},
	{"command", required_argument, NULL, 'c'},
	{"interactive", no_argument, NULL, 'i'},
	{"keep-going", no_argument, NULL, 'k'},
	{"quiet", no_argument, NULL, 'q'},
	{"echo", no_argument, NULL, 'x'},
	{"no-rc", no_argument, NULL, 'n'},
	{"json", no_argument, NULL, OPT_JSON},
	{"safe", no_argument, NULL, OPT_SAFE},
	{"color", required_argument, NULL, OPT_COLOR},
	{"colour", required_argument, NULL, OPT_COLOR},
	{"seed", required_argument, NULL, OPT_SEED},
	{"dump-commands", required_argument, NULL, OPT_DUMP}, /* for mmsh(1) */
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static const char usage_text[] =
	"Usage: mmsh [OPTION]... [SCRIPT]...\n"
	"A shell over a model of the memory manager of Linux 4.4.\n"
	"\n"
	"  -b, --boot='KEY=VALUE ...'  the machine to boot (default: mem=1G)\n"
	"  -c, --command=CMD           run CMD, then exit; may be repeated\n"
	"  -i, --interactive           go on at the prompt after scripts and -c\n"
	"  -k, --keep-going            do not stop at the first error\n"
	"  -q, --quiet                 no automatic displays, only what is asked for\n"
	"  -x, --echo                  echo each command before its output\n"
	"  -n, --no-rc                 do not read the rc file\n"
	"      --json                  results as one JSON object a command\n"
	"      --safe                  no host commands, no host files written\n"
	"      --color=WHEN            always, never, auto (default; NO_COLOR is honoured)\n"
	"      --seed=N                seed of everything random (default 1)\n"
	"  -h, --help                  show this text, and exit\n"
	"  -V, --version               show the version, and exit\n"
	"\n"
	"Without SCRIPT and -c: a terminal gets the prompt, other standard input is the script.\n"
	"Exit status: 0 all well, 1 a command or an `expect` failed, 2 wrong usage.\n";

/* What is to be run, in the order of the command line. */
struct job {
	const char *text;
	bool command; /* -c; else a script's name */
};

struct options {
	struct job *job;
	unsigned n, cap;
	const char *boot;
	bool interactive, no_rc;
};

static int usage_error(const char *fmt, const char *what)
{
	fputs("mmsh: ", stderr);
	fprintf(stderr, fmt, what);
	fputs("\nTry `mmsh --help`.\n", stderr);
	return STATUS_USAGE;
}

static void add_job(struct options *o, const char *text, bool command)
{
	grow(o->job, o->n, o->cap);
	o->job[o->n++] = (struct job){text, command};
}

static const struct setting *color_setting(void)
{
	const struct setting *s = settings;

	while (strcmp(s->name, "color"))
		s++;
	return s;
}

static int set_seed(struct shell *sh, const char *text)
{
	char *end;

	errno = 0;
	sh->seed = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-')
		return usage_error("--seed=%s: not a number", text);
	return -1;
}

static int show_version(void)
{
	printf("mmsh %s (line editor: %s)\n", PACKAGE_VERSION, edit_name);
	puts("License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.\n"
	     "This is free software: you are free to change and redistribute it.\n"
	     "There is NO WARRANTY, to the extent permitted by law.");
	return fflush(stdout) ? STATUS_FAILED : STATUS_OK;
}

static int dump(const char *what)
{
	struct strbuf text = STRBUF_INIT;

	if (!dump_man(what, &text))
		return usage_error("--dump-commands=%s: man, boot-keys, settings or gfp", what);
	fputs(strbuf_str(&text), stdout);
	strbuf_free(&text);
	return fflush(stdout) ? STATUS_FAILED : STATUS_OK;
}

/* Returns: the status to exit with, or -1 to go on. */
static int take_option(struct shell *sh, struct options *o, int opt)
{
	switch (opt) {
	case 'b':
		o->boot = optarg;
		return -1;
	case 'c':
		add_job(o, optarg, true);
		return -1;
	case 1:
		add_job(o, optarg, false);
		return -1;
	case 'i':
		o->interactive = true;
		return -1;
	case 'k':
		sh->set.keep_going = true;
		return -1;
	case 'q':
		sh->set.quiet = true;
		return -1;
	case 'x':
		sh->set.echo = true;
		return -1;
	case 'n':
		o->no_rc = true;
		return -1;
	case OPT_JSON:
		sh->json = true;
		return -1;
	case OPT_SAFE:
		sh->safe = true;
		return -1;
	case OPT_COLOR:
		if (!color_setting()->set(sh, optarg))
			return -1;
		return usage_error("--color=%s: always, never or auto", optarg);
	case OPT_SEED:
		return set_seed(sh, optarg);
	case OPT_DUMP:
		return dump(optarg);
	case 'V':
		return show_version();
	case 'h':
		fputs(usage_text, stdout);
		return fflush(stdout) ? STATUS_FAILED : STATUS_OK;
	default:
		fputs("Try `mmsh --help`.\n", stderr);
		return STATUS_USAGE;
	}
}

static int parse_options(struct shell *sh, struct options *o, int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR");
	int opt, status;

	if (no_color && *no_color)
		sh->set.color = WHEN_NEVER;
	/* The `-` hands scripts over where they stand among the -c. */
	while ((opt = getopt_long(argc, argv, "-b:c:ikqxnhV", long_options, NULL)) != -1) {
		status = take_option(sh, o, opt);
		if (status >= 0)
			return status;
	}
	for (; optind < argc; optind++)
		add_job(o, argv[optind], false);
	return -1;
}

/* Reports what ended a script. */
static int failed(struct shell *sh, const char *what, enum status status)
{
	if (!sh->err.located)
		snprintf(sh->err.command, sizeof(sh->err.command), "mmsh%s", what);
	report_error(sh);
	sh->status = status;
	return -1;
}

static int boot_given(struct shell *sh, const char *line)
{
	int r;

	sh->bootline = line;
	r = need_machine(sh);
	if (!r)
		return 0;
	sh->err.located = false;
	sh->err.file[0] = '\0';
	return failed(sh, ": --boot", STATUS_USAGE);
}

static int run_input_fd(struct shell *sh, int fd, const char *name, bool editor)
{
	struct input in;
	int r;

	input_fd(&in, sh, name, fd);
	in.editor = editor;
	r = run_input(sh, &in);
	input_close(&in);
	return r;
}

static int run_job(struct shell *sh, const struct job *job)
{
	int r;

	if (job->command)
		r = run_text(sh, "-c", job->text, strlen(job->text));
	else if (!strcmp(job->text, "-"))
		r = run_input_fd(sh, STDIN_FILENO, "<stdin>", false);
	else
		r = run_file(sh, job->text);
	if (!r)
		return 0;
	/* A script that is not there is wrong usage. */
	if (!sh->err.located)
		sh->err.file[0] = '\0';
	return failed(sh, "", sh->err.located ? STATUS_FAILED : STATUS_USAGE);
}

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void run_prompt(struct shell *sh)
{
	struct sigaction sa = {.sa_handler = on_interrupt};

	sigaction(SIGINT, &sa, NULL);
	sh->interactive = true;
	if (!sh->json && isatty(STDIN_FILENO))
		out(sh, "mmsh %s, a model of the memory manager of Linux 4.4. `help` helps.\n",
		    PACKAGE_VERSION);
	edit_start(sh);
	run_input_fd(sh, STDIN_FILENO, NULL, true);
	edit_stop(sh);
}

static void run_all(struct shell *sh, const struct options *o)
{
	bool tty = isatty(STDIN_FILENO);

	if (!o->no_rc && rc_run(sh) && failed(sh, "", STATUS_FAILED) && !sh->set.keep_going && !tty)
		return;
	if (o->boot && !sh->quit && boot_given(sh, o->boot))
		return;
	for (unsigned i = 0; i < o->n && !sh->quit; i++)
		if (run_job(sh, &o->job[i]) && !sh->set.keep_going)
			break;
	if (sh->quit)
		return;
	if (o->interactive || (o->n == 0 && tty))
		run_prompt(sh);
	else if (o->n == 0 && run_input_fd(sh, STDIN_FILENO, "<stdin>", false))
		failed(sh, "", STATUS_FAILED);
}

int main(int argc, char **argv)
{
	struct shell *sh = shell_new();
	struct options o = {0};
	int status;

	if (!sh) {
		fputs("mmsh: out of memory\n", stderr);
		return STATUS_FAILED;
	}
	/* Whoever started us may ignore it: a pipe that nobody reads ends us all the same. */
	signal(SIGPIPE, SIG_DFL);
	sh->terminal = isatty(STDOUT_FILENO);
	status = parse_options(sh, &o, argc, argv);
	if (status < 0) {
		run_all(sh, &o);
		out_flush(sh);
		status = (int)sh->status;
	}
	free(o.job);
	shell_free(sh);
	return status;
}
