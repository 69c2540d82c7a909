/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of the model's /proc and /sys, and how a name finds its row. */
#include "files.h"
#include "slab_files.h"
#include <errno.h>
#include <mmsh/task.h>
#include <stdio.h>
#include <stdlib.h>
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
#define CONST(name, text) CONST_IF(name, text, NULL)
/* Files that only some kernels have. */
#define CTL_IF(name, ctl, cond)                                                           \
	{                                                                                 \
		.path = "/proc/sys/vm/" name, .show = sysctl_show, .write = sysctl_write, \
		.data = &(ctl), .each = (cond)                                            \
	}
#define CONST_IF(name, text, cond)                                                              \
	{                                                                                       \
		.path = "/proc/sys/vm/" name, .show = text_show, .data = (text), .each = (cond) \
	}
#define MEMORY(name, sh, wr)                                                         \
	{                                                                            \
		.path = "/sys/devices/system/memory/memory#/" name, .show = (sh),    \
		.write = (wr), .each = each_memory_block                             \
	}
#define NODE(name, sh, wr)                                                     \
	{                                                                      \
		.path = "/sys/devices/system/node/node#/" name, .show = (sh),  \
		.write = (wr), .each = each_node                               \
	}
#define MM_CTL(p, ctl)                                                                      \
	{                                                                                   \
		.path = (p), .show = mm_sysctl_show, .write = mm_sysctl_write, .data = &(ctl) \
	}
#define TASK(name, ...)                                                                          \
	{                                                                                       \
		.path = "/proc/#/" name, .show = task_file_show, .each = each_task, __VA_ARGS__ \
	}
#define NODES(name, st, cond)                                                         \
	{                                                                             \
		.path = "/sys/devices/system/node/" name, .show = node_states_show,   \
		.data = &node_state[st], .each = (cond)                               \
	}

static bool each_task_32bit(const struct machine *m, uint64_t *n)
{
	return m->arch->bits == 32 && each_task(m, n);
}

static bool each_task_numa(const struct machine *m, uint64_t *n)
{
	return m->numa && each_task(m, n);
}

const struct proc_file proc_files[] = {
	{.path = "/proc/#/clear_refs", .write = task_file_write, .each = each_task},
	TASK("cmdline"),
	TASK("comm"),
	TASK("limits"),
	TASK("maps", .rows = true),
	{.path = "/proc/#/numa_maps", .show = task_file_show, .each = each_task_numa},
	TASK("oom_score"),
	TASK("oom_score_adj", .write = task_file_write),
	/* of 64 bits it would be 256 GiB: more than a reader of whole files can take */
	{.path = "/proc/#/pagemap", .read = task_file_read, .each = each_task_32bit},
	TASK("personality"),
	TASK("smaps"),
	TASK("stat"),
	TASK("statm"),
	TASK("status"),
	SHOW("/proc/buddyinfo", buddyinfo_show),
	SHOW("/proc/cmdline", cmdline_show),
	SHOW("/proc/iomem", iomem_show),
	BINARY("/proc/kpagecount", kpagecount_read),
	BINARY("/proc/kpageflags", kpageflags_read),
	SHOW("/proc/meminfo", meminfo_show),
	SHOW("/proc/pagetypeinfo", pagetypeinfo_show),
	{.path = "/proc/slabinfo", .show = slabinfo_show, .write = slabinfo_write,
	 .each = slabinfo_each},
	MM_CTL("/proc/sys/kernel/randomize_va_space", mm_sysctl_randomize_va_space),
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
	CONST_IF("highmem_is_dirtyable", "0", if_highmem),
	CONST("laptop_mode", "0"),
	MM_CTL("/proc/sys/vm/legacy_va_layout", mm_sysctl_legacy_va_layout),
	CTL("lowmem_reserve_ratio", sysctl_lowmem_reserve_ratio),
	MM_CTL("/proc/sys/vm/max_map_count", mm_sysctl_max_map_count),
	CTL("min_free_kbytes", sysctl_min_free_kbytes),
	CTL_IF("min_slab_ratio", sysctl_min_slab_ratio, if_numa),
	CTL_IF("min_unmapped_ratio", sysctl_min_unmapped_ratio, if_numa),
	CONST("mmap_min_addr", "4096"),
	CONST("nr_pdflush_threads", "0"),
	{.path = "/proc/sys/vm/numa_zonelist_order", .show = zonelist_order_show,
	 .write = zonelist_order_write, .each = if_numa},
	CONST("oom_dump_tasks", "1"),
	CONST("oom_kill_allocating_task", "0"),
	CONST("overcommit_kbytes", "0"),
	MM_CTL("/proc/sys/vm/overcommit_memory", mm_sysctl_overcommit_memory),
	MM_CTL("/proc/sys/vm/overcommit_ratio", mm_sysctl_overcommit_ratio),
	CONST("page-cluster", "3"),
	CONST("panic_on_oom", "0"),
	CTL("percpu_pagelist_fraction", sysctl_percpu_pagelist_fraction),
	CONST("stat_interval", "1"),
	CONST("swappiness", "60"),
	CONST_IF("vdso_enabled", "1", if_32bit),
	CONST("vfs_cache_pressure", "100"),
	CTL_IF("zone_reclaim_mode", sysctl_zone_reclaim_mode, if_numa),
	SHOW("/proc/version", version_show),
	{.path = "/proc/vmallocinfo", .show = vmallocinfo_show, .rows = true},
	SHOW("/proc/vmstat", vmstat_show),
	SHOW("/proc/zoneinfo", zoneinfo_show),
	{.path = "/sys/devices/system/memory/block_size_bytes", .show = block_size_show,
	 .each = if_sections},
	MEMORY("phys_device", memory_phys_device_show, NULL),
	MEMORY("phys_index", memory_phys_index_show, NULL),
	MEMORY("removable", memory_removable_show, NULL),
	MEMORY("state", memory_state_show, memory_state_write),
	MEMORY("valid_zones", memory_valid_zones_show, NULL),
	{.path = "/sys/devices/system/memory/probe", .write = memory_probe_write,
	 .each = if_sections_64bit},
	NODES("has_cpu", NODES_CPU, if_numa),
	NODES("has_high_memory", NODES_MEMORY, if_numa_highmem),
	NODES("has_normal_memory", NODES_NORMAL_MEMORY, if_numa),
	NODE("compact", NULL, node_compact_write),
	NODE("cpulist", node_cpulist_show, NULL),
	NODE("cpumap", node_cpumap_show, NULL),
	NODE("distance", node_distance_show, NULL),
	NODE("meminfo", node_meminfo_show, NULL),
	NODE("numastat", node_numastat_show, NULL),
	NODE("vmstat", node_vmstat_show, NULL),
	NODES("online", NODES_ONLINE, if_numa),
	NODES("possible", NODES_ONLINE, if_numa),
	EXTFRAG("extfrag_index", extfrag_fragmentation),
	EXTFRAG("unusable_index", extfrag_unusable),
	SHOW("/sys/kernel/debug/kernel_page_tables", ptdump_show),
	{.path = "/sys/kernel/debug/pkmap", .show = pkmap_show, .each = if_highmem, .rows = true},
	{.path = NULL},
};

/* Directories whose files are found by name. */
static const struct proc_tree trees[] = {
	{"/sys/kernel/slab", slab_sysfs_exists, slab_sysfs_read, slab_sysfs_write, slab_sysfs_list},
};

/* Where a name that does not start at the root may belong, tried in this order. */
static const char *const prefixes[] = {
	"/",
	"/proc/",
	"/proc/sys/",
	"/proc/sys/vm/",
	"/sys/kernel/",
	"/sys/kernel/debug/",
	"/sys/kernel/debug/extfrag/",
	"/sys/devices/system/",
};

/* Joins @prefix and @name: no empty components, no slash at the end; the root is "". */
static bool path_join(char *buf, const char *prefix, const char *name)
{
	size_t n = 0;

	for (int part = 0; part < 2; part++)
		for (const char *s = part ? name : prefix; *s; s++) {
			if (*s == '/' && n && buf[n - 1] == '/')
				continue;
			if (n == PROC_PATH_MAX - 1)
				return false;
			buf[n++] = *s;
		}
	if (n && buf[n - 1] == '/')
		n--;
	buf[n] = '\0';
	return true;
}

/* Is @path a file of row @f, whichever number stands for '#'? */
static bool row_has(const struct proc_file *f, const char *path, uint64_t *n)
{
	size_t len = strcspn(f->path, "#");
	char *end;

	*n = 0;
	if (!f->path[len])
		return !strcmp(f->path, path);
	if (strncmp(f->path, path, len) || path[len] < '0' || path[len] > '9')
		return false;
	if (path[len] == '0' && path[len + 1] >= '0' && path[len + 1] <= '9')
		return false;
	*n = strtoull(path + len, &end, 10);
	return end - (path + len) <= 10 && !strcmp(end, f->path + len + 1);
}

static bool row_exists(const struct machine *m, const struct proc_file *f, uint64_t n)
{
	uint64_t have = n;

	return !f->each || (f->each(m, &have) && have == n);
}

/* Row @f as the file number @n of it. */
static struct proc_file row_file(const struct proc_file *f, uint64_t n)
{
	struct proc_file file = *f;

	file.n = n;
	return file;
}

static bool same_numbers(const struct proc_file *a, const struct proc_file *b)
{
	size_t len = strcspn(a->path, "#");

	return b->path && a->path[len] && !strncmp(a->path, b->path, len + 1);
}

static const struct proc_file *first_of_numbers(const struct proc_file *f)
{
	while (f > proc_files && same_numbers(f, f - 1))
		f--;
	return f;
}

static const struct proc_file *after_numbers(const struct proc_file *f)
{
	while (same_numbers(f, f + 1))
		f++;
	return f + 1;
}

static void iter_path(struct proc_iter *it)
{
	int len = (int)strcspn(it->file->path, "#");

	if (it->file->path[len])
		snprintf(it->path, sizeof(it->path), "%.*s%llu%s", len, it->file->path,
			 (unsigned long long)it->n, it->file->path + len + 1);
	else
		snprintf(it->path, sizeof(it->path), "%s", it->file->path);
}

/* The rows of one number come together: node0/cpulist, node0/cpumap ..., node1/cpulist ... */
bool proc_next(const struct machine *m, struct proc_iter *it)
{
	const struct proc_file *f = it->file;

	while (f && same_numbers(f, f + 1)) {
		it->file = ++f;
		if (!row_exists(m, f, it->n))
			continue;
		iter_path(it);
		return true;
	}
	if (!f) {
		f = proc_files;
	} else if (strchr(f->path, '#')) {
		f = first_of_numbers(f);
		it->n++;
	} else {
		f++;
	}
	while (f->path && f->each && (!m || !f->each(m, &it->n))) {
		f = after_numbers(f);
		it->n = 0;
	}
	it->file = f;
	if (!f->path)
		return false;
	iter_path(it);
	return true;
}

#define SELF "/proc/self"

/* /proc/self is the current task's number; before there is a task, that of the first. */
static bool follow_self(const struct machine *m, char *path)
{
	const struct task_struct *t = m && m->mm ? m->mm->current : NULL;
	size_t len = strlen(SELF);
	char rest[PROC_PATH_MAX];

	if (strncmp(path, SELF, len) || (path[len] && path[len] != '/'))
		return true;
	strcpy(rest, path + len);
	return snprintf(path, PROC_PATH_MAX, "/proc/%d%s", t ? t->pid : 1, rest) < PROC_PATH_MAX;
}

/*
 * @name below the prefix number @i, dots for slashes if it has no slash (vm.swappiness).
 * Returns: false when there is no such prefix, or it does not apply.
 */
static bool candidate(const struct machine *m, const char *name, size_t i, char *path)
{
	char dotted[PROC_PATH_MAX];

	if (strlen(name) >= sizeof(dotted) || i >= (name[0] == '/' ? 1 : ARRAY_SIZE(prefixes)))
		return false;
	strcpy(dotted, name);
	if (!strchr(name, '/'))
		for (char *s = dotted; (s = strchr(s, '.'));)
			*s = '/';
	return path_join(path, prefixes[i], dotted) && follow_self(m, path);
}

/* The row of @name and the number in it; with @m, one that this machine has. */
static const struct proc_file *find_file(const struct machine *m, const char *name, uint64_t *n)
{
	char path[PROC_PATH_MAX];

	for (size_t i = 0; candidate(m, name, i, path); i++)
		for (const struct proc_file *f = proc_files; f->path; f++)
			if (row_has(f, path, n) && (!m || row_exists(m, f, *n)))
				return f;
	return NULL;
}

const struct proc_file *proc_find(const char *path)
{
	uint64_t n;

	return find_file(NULL, path, &n);
}

bool proc_of_task(const char *name)
{
	char path[PROC_PATH_MAX];

	for (size_t i = 0; candidate(NULL, name, i, path); i++) {
		if (i == 0 && !strcmp(path, "/proc"))
			return true;
		if (!strncmp(path, "/proc/", 6) && path[6] >= '0' && path[6] <= '9')
			return true;
	}
	return false;
}

/* Is it->path below directory @dir? */
static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && path[n] == '/';
}

/* The whole path of directory @name, in @dir; @it: its first file. */
static bool find_dir(const struct machine *m, const char *name, char *dir, struct proc_iter *it)
{
	for (size_t i = 0; candidate(m, name, i, dir); i++) {
		*it = (struct proc_iter){0};
		while (proc_next(m, it))
			if (is_below(it->path, dir))
				return true;
	}
	return false;
}

static int read_binary(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	char buf[4096];
	uint64_t off = 0;
	size_t n;

	while (!out->failed && (n = f->read(m, f, off, buf, sizeof(buf)))) {
		strbuf_add(out, buf, n);
		off += n;
	}
	return 0;
}

/* The tree that @name leads into, and in @path where to: the rest stands behind the tree's
   own path, "" for the tree itself. */
static const struct proc_tree *find_tree(const struct machine *m, const char *name, char *path,
					 const char **rest)
{
	for (size_t i = 0; candidate(m, name, i, path); i++)
		for (size_t k = 0; k < ARRAY_SIZE(trees); k++) {
			size_t n = strlen(trees[k].path);

			if (strncmp(path, trees[k].path, n) || (path[n] && path[n] != '/') ||
			    !trees[k].exists(m))
				continue;
			*rest = path[n] ? path + n + 1 : "";
			return &trees[k];
		}
	return NULL;
}

/* What to say of a name that is no file. */
static int no_file(const struct machine *m, const char *path)
{
	char dir[PROC_PATH_MAX];
	struct proc_iter it;

	return find_dir(m, path, dir, &it) ? -EISDIR : -ENOENT;
}

int proc_read(const struct machine *m, const char *path, struct strbuf *out)
{
	char buf[PROC_PATH_MAX];
	const char *rest;
	const struct proc_tree *tree = find_tree(m, path, buf, &rest);
	uint64_t n;
	const struct proc_file *row = find_file(m, path, &n);
	struct proc_file f;

	if (!row)
		return tree ? tree->read(m, rest, out) : no_file(m, path);
	f = row_file(row, n);
	if (f.read)
		return read_binary(m, &f, out);
	if (!f.show)
		return -EACCES;
	f.show(m, &f, out);
	return 0;
}

int proc_write(struct machine *m, const char *path, const char *text)
{
	char buf[PROC_PATH_MAX];
	const char *rest;
	const struct proc_tree *tree = find_tree(m, path, buf, &rest);
	uint64_t n;
	const struct proc_file *row = find_file(m, path, &n);
	struct proc_file f;

	if (!row)
		return tree ? tree->write(m, rest, text) : no_file(m, path);
	f = row_file(row, n);
	return f.write ? f.write(m, &f, text) : -EACCES;
}

/* Trees right below @dir. */
static void list_trees(const struct machine *m, const char *dir, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		if (is_below(trees[i].path, dir) && !strchr(trees[i].path + strlen(dir) + 1, '/') &&
		    trees[i].exists(m))
			strbuf_addf(out, "%s/\n", trees[i].path + strlen(dir) + 1);
}

int proc_list(const struct machine *m, const char *path, struct strbuf *out)
{
	char dir[PROC_PATH_MAX], last[PROC_PATH_MAX] = "";
	const struct proc_tree *tree;
	struct proc_iter it;
	const char *rest;
	uint64_t n;

	tree = find_tree(m, path, dir, &rest);
	if (tree)
		return tree->list(m, rest, out);
	if (!find_dir(m, path, dir, &it))
		return find_file(m, path, &n) ? -ENOTDIR : -ENOENT;
	do {
		const char *name = it.path + strlen(dir) + 1;
		size_t len = strcspn(name, "/");

		if (strlen(last) == len && !memcmp(name, last, len))
			continue;
		strbuf_add(out, name, len);
		strbuf_adds(out, name[len] ? "/\n" : "\n");
		memcpy(last, name, len);
		last[len] = '\0';
	} while (proc_next(m, &it) && is_below(it.path, dir));
	list_trees(m, dir, out);
	if (is_below(SELF, dir) && m->mm && m->mm->current)
		strbuf_adds(out, "self@\n");
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
