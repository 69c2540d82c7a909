/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines whose allocator is tuned by boot parameters, and what their kernel says. */
#ifndef TESTS_MM_SLUB_FIXTURE_H
#define TESTS_MM_SLUB_FIXTURE_H

#include "mm/slab_fixture.h"

/* A machine of `mem=64M cpus=4` over allocator @slab; @debug: as slub_debug= takes it, or NULL.
   Merging is off and the cache line 32 unless @tune changes that. The kernel log is on. */
struct machine *boot_slab(const char *slab, const char *line, const char *debug,
			  void (*tune)(struct slab_params *p));

/* The test fails unless the kernel log has @text; forget_log() empties the log. */
void assert_logged(const struct machine *m, const char *text);
void assert_not_logged(const struct machine *m, const char *text);
void forget_log(struct machine *m);

/* The slab of an object, and which of it. */
struct slab_location locate(const struct machine *m, vaddr_t addr);

#endif
