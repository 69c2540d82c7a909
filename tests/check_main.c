/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs every suite of suites.h, or those named as arguments. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(int argc, char **argv)
{
	SRunner *runner = srunner_create(NULL);
	int failed;

	(void)argc;
	for (int i = 0; suites[i].name; i++)
		if (wanted(suites[i].name, argv + 1))
			srunner_add_suite(runner, suites[i].create());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	if (!srunner_ntests_run(runner)) {
		fprintf(stderr, "%s: no test ran\n", argv[0]);
		failed = 1;
	}
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
