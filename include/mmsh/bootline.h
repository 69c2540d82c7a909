/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boot parameters as text: `mem=1G split=2G e820=dmesg.txt`. */
#ifndef MMSH_BOOTLINE_H
#define MMSH_BOOTLINE_H

#include <mmsh/machine.h>

/* One key that boot takes: for help, completion and checking. */
struct boot_key {
	const char *key, *values, *help;
	int (*set)(struct boot_params *p, const char *val, struct mm_error *e);
};
extern const struct boot_key boot_keys[]; /* ended by a NULL key */

/* Sets one parameter. Returns: 0; -EINVAL (or the errno of a file) with @e. */
int boot_param_set(struct boot_params *p, const char *key, const char *val, struct mm_error *e);

/*
 * e820_read - a memory map out of text: a dmesg (its BIOS-e820 lines and, if it is a whole
 * boot log, the initrd and the kernel image), or bare lines `[mem 0x..-0x..] usable`
 *
 * Returns: 0 and the map in @p; -EINVAL with @e when there is none, or it makes no sense.
 */
int e820_read(struct boot_params *p, const char *text, size_t len, struct mm_error *e);
int e820_read_file(struct boot_params *p, const char *path, struct mm_error *e);

/* The areas of a captured /proc/vmallocinfo. Returns: 0; -EINVAL with @e, or the file's errno. */
int vmallocinfo_read(struct boot_params *p, const char *text, size_t len, struct mm_error *e);
int vmallocinfo_read_file(struct boot_params *p, const char *path, struct mm_error *e);

/* Sizes: decimal or 0x hex with K M G T. Returns: 0 or -EINVAL, -ERANGE. */
int parse_size(const char *text, uint64_t *bytes);

#endif
