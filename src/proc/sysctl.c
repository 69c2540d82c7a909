/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /proc/sys/vm (proc-zones.md 13): numbers that can be written, and what the kernel computes
 * anew when they are.
 */
#include "files.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <mmsh/compaction.h>
#include <mmsh/kmsg.h>
#include <mmsh/mm.h>
#include <stdlib.h>
#include <string.h>

struct sysctl {
	size_t offset; /* of the first int in struct machine */
	unsigned nr;   /* ints; 0: what is written does not matter */
	int min, max;
	/* After a write that was accepted. Returns: 0, or -errno: the old values come back. */
	int (*changed)(struct machine *m);
	bool forgiving; /* nonsense is no error; the old values are then set "anew" */
};

#define MAX_SYSCTL_INTS (MAX_NR_ZONES - 1)

static int *sysctl_ints(struct machine *m, const struct sysctl *ctl)
{
	return (int *)((char *)m + ctl->offset);
}

void text_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)m;
	strbuf_addf(out, "%s\n", (const char *)f->data);
}

void sysctl_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	const struct sysctl *ctl = f->data;
	const int *val = (const int *)((const char *)m + ctl->offset);

	for (unsigned i = 0; i < ctl->nr; i++)
		strbuf_addf(out, "%s%d", i ? "\t" : "", val[i]);
	strbuf_addc(out, '\n');
}

/* The longest number the kernel looks at. */
#define MAX_NUMBER_LEN 20

/*
 * One number and the white space before it. The kernel keeps the low 32 bits of what is too
 * large. Returns: what follows; NULL if there is no number.
 */
static const char *parse_number(const char *text, int *val)
{
	bool negative = false;
	unsigned long long v;
	const char *start;
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	start = text;
	if (*text == '-') {
		negative = true;
		text++;
	}
	if (!isdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	v = strtoull(text, &end, 0);
	if (end - start > MAX_NUMBER_LEN || errno || (*end && !isspace((unsigned char)*end)))
		return NULL;
	*val = (int)(uint32_t)(negative ? 0 - v : v);
	return end;
}

/* A shorter list sets the first ones; numbers beyond the last are not looked at. */
static int parse_ints(const struct sysctl *ctl, const char *text, int *val)
{
	for (unsigned i = 0; i < ctl->nr; i++) {
		int v;

		if (i && text[strspn(text, " \t\n\v\f\r")] == '\0')
			break;
		text = parse_number(text, &v);
		if (!text || v < ctl->min || v > ctl->max)
			return -EINVAL;
		val[i] = v;
	}
	return 0;
}

int sysctl_write(struct machine *m, const struct proc_file *f, const char *text)
{
	const struct sysctl *ctl = f->data;
	int old[MAX_SYSCTL_INTS], *val = sysctl_ints(m, ctl), err;

	memcpy(old, val, ctl->nr * sizeof(old[0]));
	err = parse_ints(ctl, text, val);
	if (err && ctl->forgiving)
		err = 0;
	if (!err && ctl->changed)
		err = ctl->changed(m);
	if (err)
		memcpy(val, old, ctl->nr * sizeof(old[0]));
	return err;
}

static int min_free_changed(struct machine *m)
{
	m->user_min_free_kbytes = m->min_free_kbytes;
	setup_per_zone_wmarks(m);
	return 0;
}

static int reserve_ratio_changed(struct machine *m)
{
	setup_per_zone_lowmem_reserve(m);
	return 0;
}

/* Below this a pageset could hold most of its zone. */
#define MIN_PERCPU_PAGELIST_FRACTION 8

static int pagelist_fraction_changed(struct machine *m)
{
	int f = m->percpu_pagelist_fraction;

	if (f && f < MIN_PERCPU_PAGELIST_FRACTION)
		return -EINVAL;
	for_each_populated_zone(m, z)
		pageset_set_high_and_batch(m, z);
	return 0;
}

static int compact_memory_written(struct machine *m)
{
	compact_nodes(m);
	return 0;
}

/* Bits: 1 page cache, 2 slab, 4 say no more about it. */
static int drop_caches_changed(struct machine *m)
{
	struct proc_task t = proc_current(m);

	if (m->drop_caches & 1) {
		drop_pagecache(m);
		m->vm_event[m->cpu][DROP_PAGECACHE]++;
	}
	if (m->drop_caches & 2)
		m->vm_event[m->cpu][DROP_SLAB]++;
	if (!m->drop_caches_quiet)
		printk(m, "%s (%d): drop_caches: %d", t.comm, t.pid, m->drop_caches);
	m->drop_caches_quiet |= m->drop_caches & 4;
	return 0;
}

static int numa_ratio_changed(struct machine *m)
{
	for_each_populated_zone(m, z) {
		z->min_unmapped_pages = z->managed_pages * (unsigned long)m->min_unmapped_ratio / 100;
		z->min_slab_pages = z->managed_pages * (unsigned long)m->min_slab_ratio / 100;
	}
	return 0;
}

/* ---- numa_zonelist_order: a word, of which the first letter counts ---- */

void zonelist_order_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)f;
	strbuf_addf(out, "%s\n", m->zonelist_order_text);
}

int zonelist_order_write(struct machine *m, const struct proc_file *f, const char *text)
{
	size_t n = min_of(strcspn(text, "\n"), sizeof(m->zonelist_order_text) - 1);
	char order = (char)tolower((unsigned char)text[0]), before = m->zonelist_order_text[0];

	(void)f;
	if (!n || !strchr("dnz", order)) {
		printk(m, "Ignoring invalid numa_zonelist_order value:  %.*s", (int)n, text);
		return -EINVAL;
	}
	memcpy(m->zonelist_order_text, text, n);
	m->zonelist_order_text[n] = '\0';
	if (tolower((unsigned char)before) == order)
		return 0;
	choose_zonelist_order(m, order);
	build_all_zonelists(m);
	print_zonelists(m);
	return 0;
}

#define FIELD(name) .offset = offsetof(struct machine, name)

const struct sysctl sysctl_min_free_kbytes = {FIELD(min_free_kbytes), .nr = 1, .max = INT_MAX,
					      .changed = min_free_changed};
const struct sysctl sysctl_lowmem_reserve_ratio = {
	FIELD(lowmem_reserve_ratio),	  .nr = MAX_SYSCTL_INTS, .min = INT_MIN, .max = INT_MAX,
	.changed = reserve_ratio_changed, .forgiving = true};
const struct sysctl sysctl_compact_memory = {.changed = compact_memory_written};
const struct sysctl sysctl_extfrag_threshold = {FIELD(extfrag_threshold), .nr = 1, .max = 1000,
						.forgiving = true};
const struct sysctl sysctl_percpu_pagelist_fraction = {FIELD(percpu_pagelist_fraction), .nr = 1,
						       .max = INT_MAX,
						       .changed = pagelist_fraction_changed};
const struct sysctl sysctl_drop_caches = {FIELD(drop_caches), .nr = 1, .min = 1, .max = 4,
					  .changed = drop_caches_changed};
const struct sysctl sysctl_compact_unevictable = {FIELD(compact_unevictable_allowed), .nr = 1,
						  .min = INT_MIN, .max = INT_MAX};
const struct sysctl sysctl_zone_reclaim_mode = {FIELD(zone_reclaim_mode), .nr = 1, .max = INT_MAX};
const struct sysctl sysctl_min_unmapped_ratio = {FIELD(min_unmapped_ratio), .nr = 1, .max = 100,
						 .changed = numa_ratio_changed};
const struct sysctl sysctl_min_slab_ratio = {FIELD(min_slab_ratio), .nr = 1, .max = 100,
					     .changed = numa_ratio_changed};
