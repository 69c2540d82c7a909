/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of the model's /proc and /sys, and how a name finds its row. */
#include "files.h"
#include <errno.h>
#include <string.h>

#define SHOW(p, fn)                       \
	{                                 \
		.path = (p), .show = (fn) \
	}
#define BINARY(p, fn)                     \
	{                                 \
		.path = (p), .read = (fn) \
	}
#define EXTFRAG(name, idx)                                                                      \
	{                                                                                       \
		.path = "/sys/kernel/debug/extfrag/" name, .show = extfrag_show, .data = &(idx) \
	}
#define CTL(name, ctl)                                                                    \
	{                                                                                 \
		.path = "/proc/sys/vm/" name, .show = sysctl_show, .write = sysctl_write, \
		.data = &(ctl)                                                            \
	}
#define CTL_W(name, ctl)                                                            \
	{                                                                           \
		.path = "/proc/sys/vm/" name, .write = sysctl_write, .data = &(ctl) \
	}
#define CONST(name, text)                                                       \
	{                                                                       \
		.path = "/proc/sys/vm/" name, .show = text_show, .data = (text) \
	}

const struct proc_file proc_files[] = {
	SHOW("/proc/buddyinfo", buddyinfo_show),
	SHOW("/proc/cmdline", cmdline_show),
	SHOW("/proc/iomem", iomem_show),
	BINARY("/proc/kpagecount", kpagecount_read),
	BINARY("/proc/kpageflags", kpageflags_read),
	SHOW("/proc/meminfo", meminfo_show),
	SHOW("/proc/pagetypeinfo", pagetypeinfo_show),
	CONST("block_dump", "0"),
	CTL_W("compact_memory", sysctl_compact_memory),
	CTL("compact_unevictable_allowed", sysctl_compact_unevictable),
	CONST("dirty_background_bytes", "0"),
	CONST("dirty_background_ratio", "10"),
	CONST("dirty_bytes", "0"),
	CONST("dirty_expire_centisecs", "3000"),
	CONST("dirty_ratio", "20"),
	CONST("dirty_writeback_centisecs", "500"),
	CONST("dirtytime_expire_seconds", "43200"),
	CTL("drop_caches", sysctl_drop_caches),
	CTL("extfrag_threshold", sysctl_extfrag_threshold),
	CONST("highmem_is_dirtyable", "0"),
	CONST("laptop_mode", "0"),
	CONST("legacy_va_layout", "0"),
	CTL("lowmem_reserve_ratio", sysctl_lowmem_reserve_ratio),
	CONST("max_map_count", "65530"),
	CTL("min_free_kbytes", sysctl_min_free_kbytes),
	CONST("mmap_min_addr", "4096"),
	CONST("nr_pdflush_threads", "0"),
	CONST("oom_dump_tasks", "1"),
	CONST("oom_kill_allocating_task", "0"),
	CONST("overcommit_kbytes", "0"),
	CONST("overcommit_memory", "0"),
	CONST("overcommit_ratio", "50"),
	CONST("page-cluster", "3"),
	CONST("panic_on_oom", "0"),
	CTL("percpu_pagelist_fraction", sysctl_percpu_pagelist_fraction),
	CONST("stat_interval", "1"),
	CONST("swappiness", "60"),
	CONST("vdso_enabled", "1"),
	CONST("vfs_cache_pressure", "100"),
	SHOW("/proc/version", version_show),
	SHOW("/proc/vmstat", vmstat_show),
	SHOW("/proc/zoneinfo", zoneinfo_show),
	EXTFRAG("extfrag_index", extfrag_fragmentation),
	EXTFRAG("unusable_index", extfrag_unusable),
	{.path = NULL},
};

/* Where a name that does not start at the root may belong, tried in this order. */
static const char *const prefixes[] = {
	"/",
	"/proc/",
	"/proc/sys/",
	"/proc/sys/vm/",
	"/sys/kernel/debug/",
	"/sys/kernel/debug/extfrag/",
};

#define MAX_PATH_LEN 128

/* Joins @prefix and @name: no empty components, no slash at the end; the root is "". */
static bool path_join(char *buf, const char *prefix, const char *name)
{
	size_t n = 0;

	for (int part = 0; part < 2; part++)
		for (const char *s = part ? name : prefix; *s; s++) {
			if (*s == '/' && n && buf[n - 1] == '/')
				continue;
			if (n == MAX_PATH_LEN - 1)
				return false;
			buf[n++] = *s;
		}
	if (n && buf[n - 1] == '/')
		n--;
	buf[n] = '\0';
	return true;
}

static const struct proc_file *file_at(const char *path)
{
	for (const struct proc_file *f = proc_files; f->path; f++)
		if (!strcmp(f->path, path))
			return f;
	return NULL;
}

/* The first entry below directory @path; NULL if there is no such directory. */
static const struct proc_file *dir_at(const char *path)
{
	size_t n = strlen(path);

	for (const struct proc_file *f = proc_files; f->path; f++)
		if (!strncmp(f->path, path, n) && f->path[n] == '/')
			return f;
	return NULL;
}

/*
 * Tries @name below every prefix with @at, dots for slashes if it has no slash (vm.swappiness).
 * Returns: the first match, its whole path in @buf.
 */
static const struct proc_file *search(const char *name,
				      const struct proc_file *(*at)(const char *path), char *buf)
{
	char dotted[MAX_PATH_LEN];
	bool absolute = name[0] == '/';

	if (strlen(name) >= sizeof(dotted))
		return NULL;
	strcpy(dotted, name);
	if (!strchr(name, '/'))
		for (char *s = dotted; (s = strchr(s, '.'));)
			*s = '/';
	for (size_t i = 0; i < (absolute ? 1 : ARRAY_SIZE(prefixes)); i++) {
		const struct proc_file *f;

		if (!path_join(buf, prefixes[i], dotted))
			return NULL;
		f = at(buf);
		if (f)
			return f;
	}
	return NULL;
}

const struct proc_file *proc_find(const char *path)
{
	char buf[MAX_PATH_LEN];

	return search(path, file_at, buf);
}

static int read_binary(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	char buf[4096];
	uint64_t off = 0;
	size_t n;

	while (!out->failed && (n = f->read(m, off, buf, sizeof(buf)))) {
		strbuf_add(out, buf, n);
		off += n;
	}
	return 0;
}

/* What to say of a name that is no file. */
static int no_file(const char *path)
{
	char buf[MAX_PATH_LEN];

	return search(path, dir_at, buf) ? -EISDIR : -ENOENT;
}

int proc_read(const struct machine *m, const char *path, struct strbuf *out)
{
	const struct proc_file *f = proc_find(path);

	if (!f)
		return no_file(path);
	if (f->read)
		return read_binary(m, f, out);
	if (!f->show)
		return -EACCES;
	f->show(m, f, out);
	return 0;
}

int proc_write(struct machine *m, const char *path, const char *text)
{
	const struct proc_file *f = proc_find(path);

	if (!f)
		return no_file(path);
	return f->write ? f->write(m, f, text) : -EACCES;
}

int proc_list(const struct machine *m, const char *path, struct strbuf *out)
{
	char dir[MAX_PATH_LEN];
	const struct proc_file *f = search(path, dir_at, dir);
	const char *last = "";
	size_t last_len = 0, n;

	(void)m;
	if (!f)
		return proc_find(path) ? -ENOTDIR : -ENOENT;
	n = strlen(dir);
	for (; f->path && !strncmp(f->path, dir, n) && f->path[n] == '/'; f++) {
		const char *name = f->path + n + 1;
		size_t len = strcspn(name, "/");

		if (len == last_len && !memcmp(name, last, len))
			continue;
		strbuf_add(out, name, len);
		strbuf_adds(out, name[len] ? "/\n" : "\n");
		last = name;
		last_len = len;
	}
	return 0;
}

void cmdline_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)f;
	strbuf_addf(out, "%s\n", m->params.cmdline);
}

void version_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)m;
	(void)f;
	strbuf_adds(out, LINUX_BANNER "\n");
}
