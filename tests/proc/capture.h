/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files captured from a running kernel, and machines booted from them. */
#ifndef TESTS_CAPTURE_H
#define TESTS_CAPTURE_H

#include <mmsh/machine.h>
#include <mmsh/proc.h>

/* The folders of tests/golden/boot that have captures: name, and the boot line's words for what
   the files do not tell. */
struct capture {
	const char *dir;
	const char *words;
};
#define NR_CAPTURES 9
extern const struct capture captures[NR_CAPTURES];

/* The text of a file below tests/golden, plain or gzip, owned by the caller. */
char *golden_text(const char *name);
char *capture_text(const struct capture *c, const char *file);

/* A machine booted from the capture's dmesg, with its managed pages and CPUs. */
struct machine *capture_boot(const struct capture *c);
/* arch=ia32 mem=@mib */
struct machine *boot_mib(unsigned mib);

/* The text of a file of the model, owned by the caller. */
char *proc_text(const struct machine *m, const char *path);

/* Fails the test at the first line in which the texts differ. */
void assert_same_text(const char *got, const char *want, const char *what);

/* "Node 0, zone   Normal" at the start of @line: the zone; NULL otherwise. */
struct zone *capture_zone(const struct machine *m, const char *line);

/* The next line of *@text, cut off and NUL-terminated in place; NULL at the end. */
char *next_line(char **text);

#endif
