/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files about small objects; for src/proc only. */
#ifndef PROC_SLAB_FILES_H
#define PROC_SLAB_FILES_H

#include "files.h"
#include <mmsh/slab.h>

/* /proc/slabinfo: SLAB and SLUB have one. A line of it ends with a newline. */
bool slabinfo_exists(const struct machine *m);
bool slabinfo_each(const struct machine *m, uint64_t *n);
proc_show_fn slabinfo_show;
proc_write_fn slabinfo_write;
void slabinfo_line(const struct machine *m, const struct kmem_cache *s, struct strbuf *out);

/*
 * /sys/kernel/slab: SLUB has one. @rest is the path below it, "CACHE/FILE", without a slash at
 * either end. Return 0, or -errno as read(2), write(2) and readdir(3) would.
 */
bool slab_sysfs_exists(const struct machine *m);
int slab_sysfs_read(const struct machine *m, const char *rest, struct strbuf *out);
int slab_sysfs_write(struct machine *m, const char *rest, const char *text);
int slab_sysfs_list(const struct machine *m, const char *rest, struct strbuf *out);
/* The name of the cache's directory: its own, or an id. Returns: @buf. */
const char *slab_sysfs_name(const struct machine *m, const struct kmem_cache *s, char *buf,
			    size_t size);

#endif
