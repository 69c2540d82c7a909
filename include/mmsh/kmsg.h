/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel log: the boot's messages, and what the machine reports afterwards.
 * Lines are stored in machine.kmsg as dmesg shows them: `[    0.000000] text`.
 */
#ifndef MMSH_KMSG_H
#define MMSH_KMSG_H

#include <mmsh/machine.h>

/* Appends one line, or several separated by newlines, each with the time stamp. */
void printk(struct machine *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes the boot messages of a machine that machine_boot() returned. */
void kmsg_boot(struct machine *m);

/* Listens for what the machine reports (failed allocations, bad pages ...) and logs it.
   Owned by the machine. Returns: 0 or -ENOMEM. */
int kmsg_attach(struct machine *m);

#endif
