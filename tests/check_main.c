/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs every suite of suites.h, or those named as arguments. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PARTS 8

extern char **environ;

static const struct {
	const char *name;
	Suite *(*create)(void);
} suites[] = {
#define SUITE_ROW(name) {#name, name##_suite},
	SUITES(SUITE_ROW) {NULL, NULL},
};

static int wanted(const char *name, char **names)
{
	if (!*names)
		return 1;
	while (*names && strcmp(*names, name))
		names++;
	return *names != NULL;
}

/* Every @of-th suite from @part on, or those that are named. Returns: an exit status. */
static int run_part(int part, int of, char **names)
{
	SRunner *runner = srunner_create(NULL);
	int failed;

	for (int i = 0; suites[i].name; i++)
		if (i % of == part && wanted(suites[i].name, names))
			srunner_add_suite(runner, suites[i].create());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	if (!srunner_ntests_run(runner)) {
		fprintf(stderr, "check_mmsh: no test ran\n");
		failed = 1;
	}
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Who chooses tests, or how Check runs and logs them, wants one run. */
static int parts_wanted(char **names)
{
	if (*names)
		return 1;
	for (char **e = environ; *e; e++)
		if (!strncmp(*e, "CK_", 3))
			return 1;
	return (int)sysconf(_SC_NPROCESSORS_ONLN) + 1;
}

/* What a part printed, when it has ended. Returns: its exit status. */
static int end_part(pid_t pid, FILE *out)
{
	int status, c;

	if (waitpid(pid, &status, 0) != pid)
		return EXIT_FAILURE;
	rewind(out);
	while ((c = getc(out)) != EOF)
		putchar(c);
	fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/* One process a part, as the walks take long; what they print does not mix. */
int main(int argc, char **argv)
{
	int of = parts_wanted(argv + 1), failed = 0;
	pid_t pid[MAX_PARTS];
	FILE *out[MAX_PARTS];

	(void)argc;
	/* tests do not time: what hangs is found all the same */
	setenv("CK_DEFAULT_TIMEOUT", "300", 0);
	if (of <= 1)
		return run_part(0, 1, argv + 1);
	if (of > MAX_PARTS)
		of = MAX_PARTS;
	for (int i = 0; i < of; i++) {
		out[i] = tmpfile();
		pid[i] = out[i] ? fork() : -1;
		if (pid[i] < 0) {
			perror(argv[0]);
			return EXIT_FAILURE;
		}
		if (!pid[i]) {
			dup2(fileno(out[i]), STDOUT_FILENO);
			exit(run_part(i, of, argv + 1));
		}
	}
	for (int i = 0; i < of; i++)
		failed |= end_part(pid[i], out[i]);
	return failed;
}
