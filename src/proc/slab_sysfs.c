/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /sys/kernel/slab: SLUB's caches and what can be read and set of each (slub.md 12). */
#include "slab_files.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slab_attr;
typedef void show_fn(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		     struct strbuf *out);
typedef int store_fn(struct machine *m, struct kmem_cache *s, const struct slab_attr *a,
		     const char *text);

struct slab_attr {
	const char *name;
	show_fn *show;
	store_fn *store; /* neither it nor set: read only */
	int (*set)(struct machine *m, struct kmem_cache *s, unsigned long v); /* a number's */
	size_t offset;	 /* show_u32: of the value in struct kmem_cache */
	uint32_t flag;	 /* show_flag, store_debug; slab_count's enum; a statistic */
	bool (*exists)(const struct machine *m);
};

/* ---- single values ---- */

static void show_u32(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		     struct strbuf *out)
{
	uint32_t v;

	(void)m;
	memcpy(&v, (const char *)s + a->offset, sizeof(v));
	strbuf_addf(out, "%u\n", v);
}

static void show_flag(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		      struct strbuf *out)
{
	(void)m;
	strbuf_addf(out, "%d\n", (s->flags & a->flag) != 0);
}

static void show_objs_per_slab(const struct machine *m, const struct kmem_cache *s,
			       const struct slab_attr *a, struct strbuf *out)
{
	(void)m, (void)a;
	strbuf_addf(out, "%u\n", s->oo.objects);
}

static void show_order(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		       struct strbuf *out)
{
	(void)m, (void)a;
	strbuf_addf(out, "%u\n", s->oo.order);
}

static void show_min_partial(const struct machine *m, const struct kmem_cache *s,
			     const struct slab_attr *a, struct strbuf *out)
{
	(void)m, (void)a;
	strbuf_addf(out, "%lu\n", s->min_partial);
}

static void show_aliases(const struct machine *m, const struct kmem_cache *s,
			 const struct slab_attr *a, struct strbuf *out)
{
	(void)m, (void)a;
	strbuf_addf(out, "%d\n", s->refcount < 0 ? 0 : s->refcount - 1);
}

static void show_ctor(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		      struct strbuf *out)
{
	(void)m, (void)a;
	if (s->ctor)
		strbuf_addf(out, "%s\n", s->ctor->symbol);
}

static void show_ratio(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		       struct strbuf *out)
{
	(void)m, (void)a;
	strbuf_addf(out, "%u\n", s->remote_node_defrag_ratio / 10);
}

/* Files that are only written to. */
static void show_nothing(const struct machine *m, const struct kmem_cache *s,
			 const struct slab_attr *a, struct strbuf *out)
{
	(void)m, (void)s, (void)a, (void)out;
}

/* ---- counts, of the machine and of each node ---- */

enum slab_count {
	COUNT_OBJECTS,
	COUNT_OBJECTS_PARTIAL,
	COUNT_PARTIAL,
	COUNT_CPU_SLABS,
	COUNT_TOTAL_OBJECTS,
	COUNT_SLABS,
};

/* Sums over a node's list of partial slabs: objects in use, or free ones. */
static unsigned long partial_objects(const struct machine *m, const struct kmem_cache_node *n,
				     bool free)
{
	unsigned long sum = 0;

	for (pfn_t pfn = n->partial.head; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next) {
		const struct page *p = pfn_to_page(m, pfn);

		sum += free ? (unsigned long)(p->objects - p->inuse) : p->inuse;
	}
	return sum;
}

static unsigned page_nid(const struct machine *m, pfn_t pfn)
{
	return block_zone(pfn_to_page(m, pfn)->block) / MAX_NR_ZONES;
}

static unsigned long cpu_slabs(const struct machine *m, const struct kmem_cache *s, unsigned nid)
{
	unsigned long sum = 0;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct kmem_cache_cpu *c = &s->cpu_slab[cpu];

		if (c->page == PFN_NONE)
			continue;
		sum += page_nid(m, c->page) == nid;
		if (c->partial != PFN_NONE && page_nid(m, c->partial) == nid)
			sum += (unsigned long)pfn_to_page(m, c->partial)->pages;
	}
	return sum;
}

static unsigned long count_node(const struct machine *m, const struct kmem_cache *s,
				enum slab_count what, unsigned nid)
{
	const struct kmem_cache_node *n = s->node[nid];

	if (!n)
		return 0;
	switch (what) {
	case COUNT_OBJECTS: return n->total_objects - partial_objects(m, n, true);
	case COUNT_OBJECTS_PARTIAL: return partial_objects(m, n, false);
	case COUNT_PARTIAL: return n->nr_partial;
	case COUNT_CPU_SLABS: return cpu_slabs(m, s, nid);
	case COUNT_TOTAL_OBJECTS: return n->total_objects;
	case COUNT_SLABS: return n->nr_slabs;
	}
	return 0;
}

static void show_count(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		       struct strbuf *out)
{
	unsigned long sum = 0;

	for (unsigned nid = 0; nid < m->nr_nodes; nid++)
		sum += count_node(m, s, (enum slab_count)a->flag, nid);
	strbuf_addf(out, "%lu", sum);
	for (unsigned nid = 0; m->numa && nid < m->nr_nodes; nid++) {
		unsigned long n = count_node(m, s, (enum slab_count)a->flag, nid);

		if (n)
			strbuf_addf(out, " N%u=%lu", nid, n);
	}
	strbuf_addc(out, '\n');
}

static void show_cpu_partial(const struct machine *m, const struct kmem_cache *s,
			     const struct slab_attr *a, struct strbuf *out)
{
	int pages = 0, objects = 0;

	(void)a;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		if (s->cpu_slab[cpu].partial != PFN_NONE) {
			pages += pfn_to_page(m, s->cpu_slab[cpu].partial)->pages;
			objects += pfn_to_page(m, s->cpu_slab[cpu].partial)->pobjects;
		}
	strbuf_addf(out, "%d(%d)", objects, pages);
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		pfn_t pfn = s->cpu_slab[cpu].partial;

		if (pfn != PFN_NONE && pages)
			strbuf_addf(out, " C%u=%d(%d)", cpu, pfn_to_page(m, pfn)->pobjects,
				    pfn_to_page(m, pfn)->pages);
	}
	strbuf_addc(out, '\n');
}

static bool has_numa(const struct machine *m)
{
	return m->numa;
}

static bool has_stats(const struct machine *m)
{
	return m->slab->params.slub_stats;
}

static void show_stat(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		      struct strbuf *out)
{
	unsigned long sum = 0;

	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		sum += s->cpu_slab[cpu].stat[a->flag];
	strbuf_addf(out, "%lu", sum);
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		if (s->cpu_slab[cpu].stat[a->flag])
			strbuf_addf(out, " C%u=%u", cpu, s->cpu_slab[cpu].stat[a->flag]);
	strbuf_addc(out, '\n');
}

static int store_stat(struct machine *m, struct kmem_cache *s, const struct slab_attr *a,
		      const char *text)
{
	if (text[0] != '0')
		return -EINVAL;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		s->cpu_slab[cpu].stat[a->flag] = 0;
	return 0;
}

/* ---- who allocated what ---- */

#define MAX_LOCATIONS 256

struct location {
	vaddr_t caller;
	unsigned long count;
	uint64_t sum_age, min_age, max_age;
	int64_t min_pid, max_pid;
	uint64_t cpus, nodes;
};

struct locations {
	struct location loc[MAX_LOCATIONS];
	unsigned nr;
};

/* Sorted by caller; callers beyond the table are left out. */
static struct location *location_of(struct locations *l, vaddr_t caller)
{
	unsigned i = 0;

	while (i < l->nr && l->loc[i].caller < caller)
		i++;
	if (i < l->nr && l->loc[i].caller == caller)
		return &l->loc[i];
	if (l->nr == MAX_LOCATIONS)
		return NULL;
	memmove(&l->loc[i + 1], &l->loc[i], (l->nr - i) * sizeof(l->loc[0]));
	l->nr++;
	l->loc[i] = (struct location){.caller = caller, .min_age = UINT64_MAX, .min_pid = INT64_MAX};
	return &l->loc[i];
}

static void add_location(struct locations *l, const struct slub_track *t, unsigned nid)
{
	struct location *loc = location_of(l, t->caller);

	if (!loc)
		return;
	loc->count++;
	loc->sum_age += t->age;
	loc->min_age = min_of(loc->min_age, t->age);
	loc->max_age = max_of(loc->max_age, t->age);
	loc->min_pid = min_of(loc->min_pid, (int64_t)(int32_t)t->pid);
	loc->max_pid = max_of(loc->max_pid, (int64_t)(int32_t)t->pid);
	loc->cpus |= 1ull << t->cpu % MAX_CPUS;
	loc->nodes |= 1ull << nid;
}

static void add_list(const struct machine *m, const struct kmem_cache *s, pfn_t first, bool freed,
		     unsigned nid, struct locations *l)
{
	uint8_t state[32768];

	for (pfn_t pfn = first; pfn != PFN_NONE; pfn = pfn_to_page(m, pfn)->lru.next) {
		unsigned n = slab_objects(m, pfn, state, ARRAY_SIZE(state));
		vaddr_t object = m->slab->base + PFN_PHYS(pfn);
		struct slub_track t;

		for (unsigned i = 0; i < n; i++, object += s->size)
			if (state[i] == OBJ_ALLOCATED && slub_get_track(m, s, object, freed, &t))
				add_location(l, &t, nid);
	}
}

static void put_bits(struct strbuf *out, const char *what, uint64_t bits)
{
	const char *sep = what;

	for (unsigned i = 0; i < 64; i++) {
		unsigned first = i;

		if (!(bits >> i & 1))
			continue;
		while (i < 63 && bits >> (i + 1) & 1)
			i++;
		strbuf_addf(out, first == i ? "%s%u" : "%s%u-%u", sep, first, i);
		sep = ",";
	}
}

static void put_location(const struct machine *m, const struct location *loc, struct strbuf *out)
{
	typedef unsigned long long ull;

	strbuf_addf(out, "%7lu 0x%llx", loc->count, (ull)loc->caller);
	if (loc->sum_age != loc->min_age)
		strbuf_addf(out, " age=%llu/%llu/%llu", (ull)loc->min_age,
			    (ull)(loc->sum_age / loc->count), (ull)loc->max_age);
	else
		strbuf_addf(out, " age=%llu", (ull)loc->min_age);
	if (loc->min_pid != loc->max_pid)
		strbuf_addf(out, " pid=%lld-%lld", (long long)loc->min_pid, (long long)loc->max_pid);
	else
		strbuf_addf(out, " pid=%lld", (long long)loc->min_pid);
	if (m->nr_cpus > 1 && loc->cpus)
		put_bits(out, " cpus=", loc->cpus);
	if (m->nr_nodes > 1 && loc->nodes)
		put_bits(out, " nodes=", loc->nodes);
	strbuf_addc(out, '\n');
}

/* .flag 1: who freed last. Reading flushes the CPUs, as in the kernel: the one read that
   changes the machine. */
static void show_calls(const struct machine *m, const struct kmem_cache *s, const struct slab_attr *a,
		       struct strbuf *out)
{
	struct locations l = {.nr = 0};

	slub_flush((struct machine *)m, (struct kmem_cache *)s);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		if (!s->node[nid])
			continue;
		add_list(m, s, s->node[nid]->partial.head, a->flag, nid, &l);
		add_list(m, s, s->node[nid]->full.head, a->flag, nid, &l);
	}
	for (unsigned i = 0; i < l.nr; i++)
		put_location(m, &l.loc[i], out);
	if (!l.nr)
		strbuf_adds(out, "No data\n");
}

/* ---- writing ---- */

/* As kstrtoul: a whole decimal number, with a newline at most. */
static int number(const char *text, unsigned long *v)
{
	char *end;

	errno = 0;
	*v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || errno || (*end && strcmp(end, "\n") != 0))
		return -EINVAL;
	return 0;
}

static int set_min_partial(struct machine *m, struct kmem_cache *s, unsigned long v)
{
	(void)m;
	slub_set_min_partial(s, v);
	return 0;
}

static int set_ratio(struct machine *m, struct kmem_cache *s, unsigned long v)
{
	(void)m;
	if (v <= 100)
		s->remote_node_defrag_ratio = (uint32_t)v * 10;
	return 0;
}

static int store_reclaim(struct machine *m, struct kmem_cache *s, const struct slab_attr *a,
			 const char *text)
{
	(void)m, (void)a;
	s->flags &= ~SLAB_RECLAIM_ACCOUNT;
	if (text[0] == '1')
		s->flags |= SLAB_RECLAIM_ACCOUNT;
	return 0;
}

static int store_debug(struct machine *m, struct kmem_cache *s, const struct slab_attr *a,
		       const char *text)
{
	return slub_set_debug(m, s, a->flag, text[0] == '1');
}

static int store_shrink(struct machine *m, struct kmem_cache *s, const struct slab_attr *a,
			const char *text)
{
	(void)a;
	if (text[0] != '1')
		return -EINVAL;
	kmem_cache_shrink(m, s);
	return 0;
}

static int store_validate(struct machine *m, struct kmem_cache *s, const struct slab_attr *a,
			  const char *text)
{
	(void)a;
	if (text[0] != '1')
		return -EINVAL;
	slub_validate(m, s);
	return 0;
}

/* ---- the files of a cache, in the kernel's order ---- */

#define U32(file, member) {.name = file, .show = show_u32, .offset = offsetof(struct kmem_cache, member)}
#define COUNT(file, what) {.name = file, .show = show_count, .flag = what}
#define FLAG(file, bit) {.name = file, .show = show_flag, .flag = bit}
#define DEBUG(file, bit) {.name = file, .show = show_flag, .store = store_debug, .flag = bit}
#define STAT(i) {.show = show_stat, .store = store_stat, .flag = i, .exists = has_stats}

static const struct slab_attr attrs[] = {
	U32("slab_size", size),
	U32("object_size", object_size),
	{.name = "objs_per_slab", .show = show_objs_per_slab},
	{.name = "order", .show = show_order, .set = slub_set_order},
	{.name = "min_partial", .show = show_min_partial, .set = set_min_partial},
	{.name = "cpu_partial", .show = show_u32, .set = slub_set_cpu_partial,
	 .offset = offsetof(struct kmem_cache, cpu_partial)},
	COUNT("objects", COUNT_OBJECTS),
	COUNT("objects_partial", COUNT_OBJECTS_PARTIAL),
	COUNT("partial", COUNT_PARTIAL),
	COUNT("cpu_slabs", COUNT_CPU_SLABS),
	{.name = "ctor", .show = show_ctor},
	{.name = "aliases", .show = show_aliases},
	U32("align", align),
	FLAG("hwcache_align", SLAB_HWCACHE_ALIGN),
	{.name = "reclaim_account", .show = show_flag, .store = store_reclaim,
	 .flag = SLAB_RECLAIM_ACCOUNT},
	FLAG("destroy_by_rcu", SLAB_DESTROY_BY_RCU),
	{.name = "shrink", .show = show_nothing, .store = store_shrink},
	U32("reserved", reserved),
	{.name = "slabs_cpu_partial", .show = show_cpu_partial},
	COUNT("total_objects", COUNT_TOTAL_OBJECTS),
	COUNT("slabs", COUNT_SLABS),
	DEBUG("sanity_checks", SLAB_DEBUG_FREE),
	DEBUG("trace", SLAB_TRACE),
	DEBUG("red_zone", SLAB_RED_ZONE),
	DEBUG("poison", SLAB_POISON),
	DEBUG("store_user", SLAB_STORE_USER),
	{.name = "validate", .show = show_nothing, .store = store_validate},
	{.name = "alloc_calls", .show = show_calls, .flag = 0},
	{.name = "free_calls", .show = show_calls, .flag = 1},
	FLAG("cache_dma", SLAB_CACHE_DMA),
	{.name = "remote_node_defrag_ratio", .show = show_ratio, .set = set_ratio,
	 .exists = has_numa},
};

static struct slab_attr stat_attr(unsigned i)
{
	struct slab_attr a = STAT(i);

	a.name = slub_stat_names[i];
	return a;
}

static bool find_attr(const struct machine *m, const char *name, struct slab_attr *a)
{
	for (unsigned i = 0; i < ARRAY_SIZE(attrs); i++)
		if (!strcmp(attrs[i].name, name)) {
			*a = attrs[i];
			return !a->exists || a->exists(m);
		}
	for (unsigned i = 0; has_stats(m) && i < NR_SLUB_STAT_ITEMS; i++)
		if (!strcmp(slub_stat_names[i], name)) {
			*a = stat_attr(i);
			return true;
		}
	return false;
}

/* ---- names ---- */

/* A cache that others may be merged with has an id made of what merging looks at. */
const char *slab_sysfs_name(const struct machine *m, const struct kmem_cache *s, char *buf,
			    size_t size)
{
	if (slab_unmergeable(m, s))
		snprintf(buf, size, "%s", s->name);
	else
		snprintf(buf, size, ":%s%s%st-%07u", s->flags & SLAB_CACHE_DMA ? "d" : "",
			 s->flags & SLAB_RECLAIM_ACCOUNT ? "a" : "",
			 s->flags & SLAB_DEBUG_FREE ? "F" : "", s->size);
	return buf;
}

static struct kmem_cache *find_dir(const struct machine *m, const char *name)
{
	struct kmem_cache *s = kmem_cache_find(m, name);
	char buf[KMEM_CACHE_NAME_MAX];

	if (s || name[0] != ':')
		return s;
	for_each_kmem_cache(m, s)
		if (!strcmp(slab_sysfs_name(m, s, buf, sizeof(buf)), name))
			return s;
	return NULL;
}

bool slab_sysfs_exists(const struct machine *m)
{
	return m->slab && m->slab->ops == &slub_ops;
}

/* "CACHE/FILE": the cache and the rest. Returns: 0 or -ENOENT. */
static int split(const struct machine *m, const char *rest, struct kmem_cache **s, const char **file)
{
	size_t n = strcspn(rest, "/");
	char name[KMEM_CACHE_NAME_MAX];

	if (n >= sizeof(name))
		return -ENOENT;
	memcpy(name, rest, n);
	name[n] = '\0';
	*s = find_dir(m, name);
	*file = rest[n] ? rest + n + 1 : "";
	return *s ? 0 : -ENOENT;
}

int slab_sysfs_read(const struct machine *m, const char *rest, struct strbuf *out)
{
	struct kmem_cache *s;
	struct slab_attr a;
	const char *file;

	if (!*rest)
		return -EISDIR;
	if (split(m, rest, &s, &file))
		return -ENOENT;
	if (!*file)
		return -EISDIR;
	if (!find_attr(m, file, &a))
		return -ENOENT;
	if (a.show == show_calls && !(s->flags & SLAB_STORE_USER))
		return -ENOSYS;
	a.show(m, s, &a, out);
	return 0;
}

int slab_sysfs_write(struct machine *m, const char *rest, const char *text)
{
	struct kmem_cache *s;
	struct slab_attr a;
	const char *file;
	unsigned long v;

	if (!*rest)
		return -EISDIR;
	if (split(m, rest, &s, &file))
		return -ENOENT;
	if (!*file)
		return -EISDIR;
	if (!find_attr(m, file, &a))
		return -ENOENT;
	if (a.set)
		return number(text, &v) ? -EINVAL : a.set(m, s, v);
	return a.store ? a.store(m, s, &a, text) : -EACCES;
}

static void list_files(const struct machine *m, struct strbuf *out)
{
	for (unsigned i = 0; i < ARRAY_SIZE(attrs); i++)
		if (!attrs[i].exists || attrs[i].exists(m))
			strbuf_addf(out, "%s\n", attrs[i].name);
	for (unsigned i = 0; has_stats(m) && i < NR_SLUB_STAT_ITEMS; i++)
		strbuf_addf(out, "%s\n", slub_stat_names[i]);
}

/* Directories, and the links to them: the cache's own name if it has an id, and aliases. */
static void list_caches(const struct machine *m, struct strbuf *out)
{
	const struct kmem_cache *s;
	const struct slab_alias *a;
	char buf[KMEM_CACHE_NAME_MAX];

	for_each_kmem_cache(m, s)
		strbuf_addf(out, "%s/\n", slab_sysfs_name(m, s, buf, sizeof(buf)));
	for_each_kmem_cache(m, s)
		if (!slab_unmergeable(m, s))
			strbuf_addf(out, "%s/\n", s->name);
	TAILQ_FOREACH(a, &m->slab->aliases, list)
		strbuf_addf(out, "%s/\n", a->name);
}

int slab_sysfs_list(const struct machine *m, const char *rest, struct strbuf *out)
{
	struct kmem_cache *s;
	const char *file;

	if (!*rest) {
		list_caches(m, out);
		return 0;
	}
	if (split(m, rest, &s, &file))
		return -ENOENT;
	if (*file)
		return -ENOTDIR;
	list_files(m, out);
	return 0;
}
