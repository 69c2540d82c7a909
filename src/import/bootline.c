/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys that boot takes. Those that the kernel has keep its spelling. */
#include "scan.h"
#include <errno.h>
#include <mmsh/bootline.h>
#include <mmsh/slab.h>
#include <strings.h>

#define MIN_MEM (8ull << 20)
#define LOW_GUARD_MAX (640ull << 10)

int parse_size(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "KMGT";
	struct scan s;
	const char *at;
	uint64_t n;
	unsigned shift = 0;

	scan_text(&s, text);
	if (scan_at_end(&s) || !(*s.p >= '0' && *s.p <= '9'))
		return -EINVAL;
	if (!scan_u64(&s, &n))
		return s.p[strspn(s.p, "0123456789abcdefABCDEF")] || !*s.p ? -EINVAL : -ERANGE;
	if (!scan_at_end(&s)) {
		at = memchr(suffixes, *s.p & ~0x20, sizeof(suffixes) - 1);
		if (!at || s.p[1])
			return -EINVAL;
		shift = 10 * (unsigned)(at - suffixes + 1);
	}
	if (shift && n >> (64 - shift))
		return -ERANGE;
	*bytes = n << shift;
	return 0;
}

static int get_size(const char *key, const char *val, uint64_t *bytes, struct mm_error *e)
{
	switch (parse_size(val, bytes)) {
	case 0:
		return 0;
	case -ERANGE:
		return mm_error(e, -ERANGE, "%s=%.40s: too large", key, val);
	default:
		return mm_error(e, -EINVAL, "%s=%.40s: not a size (a number, with K M G or T)", key,
				val);
	}
}

static int get_number(const char *key, const char *val, uint64_t min, uint64_t max, uint64_t *n,
		      struct mm_error *e)
{
	struct scan s;

	scan_text(&s, val);
	if (!scan_u64(&s, n) || !scan_at_end(&s))
		return mm_error(e, -EINVAL, "%s=%.40s: not a number", key, val);
	if (*n < min || *n > max)
		return mm_error(e, -EINVAL, "%s=%.40s: must be from %llu to %llu", key, val,
				(unsigned long long)min, (unsigned long long)max);
	return 0;
}

static int set_on_off(const char *key, const char *val, bool *to, struct mm_error *e)
{
	if (strcmp(val, "on") && strcmp(val, "off"))
		return mm_error(e, -EINVAL, "%s=%.40s: on or off", key, val);
	*to = !strcmp(val, "on");
	return 0;
}

static int set_arch(struct boot_params *p, const char *val, struct mm_error *e)
{
	struct strbuf names = STRBUF_INIT;
	const struct arch *a = arch_find(val);

	if (a) {
		boot_params_set_arch(p, a);
		return 0;
	}
	for (const struct arch *const *i = archs; *i; i++)
		strbuf_addf(&names, " %s", (*i)->name);
	mm_error(e, -EINVAL, "arch=%.40s: there is%s", val, strbuf_str(&names));
	strbuf_free(&names);
	return -EINVAL;
}

static int set_mem(struct boot_params *p, const char *val, struct mm_error *e)
{
	uint64_t bytes;
	int err = get_size("mem", val, &bytes, e);

	if (err)
		return err;
	if (bytes < MIN_MEM)
		return mm_error(e, -EINVAL, "mem=%.40s: a machine needs at least 8M", val);
	p->mem = bytes;
	p->mem_given = true;
	return 0;
}

static int set_e820(struct boot_params *p, const char *val, struct mm_error *e)
{
	return e820_read_file(p, val, e);
}

static int set_split(struct boot_params *p, const char *val, struct mm_error *e)
{
	struct strbuf names = STRBUF_INIT;

	for (const struct vm_split *i = p->arch->splits; i && i->name; i++) {
		if (!strcmp(i->name, val)) {
			p->split = i;
			strbuf_free(&names);
			return 0;
		}
		strbuf_addf(&names, " %s", i->name);
	}
	mm_error(e, -EINVAL, "split=%.40s: %s has%s", val, p->arch->name,
		 names.len ? strbuf_str(&names) : " no choice");
	strbuf_free(&names);
	return -EINVAL;
}

static int set_highmem(struct boot_params *p, const char *val, struct mm_error *e)
{
	return get_size("highmem", val, &p->highmem, e);
}

static int set_vmalloc(struct boot_params *p, const char *val, struct mm_error *e)
{
	uint64_t bytes;
	int err = get_size("vmalloc", val, &bytes, e);

	if (err)
		return err;
	if (!bytes || bytes >> 40)
		return mm_error(e, -EINVAL, "vmalloc=%.40s: too %s", val, bytes ? "large" : "little");
	p->vmalloc = bytes;
	return 0;
}

/* The kernel keeps what is asked for within these bounds, without a word. */
static int set_reservelow(struct boot_params *p, const char *val, struct mm_error *e)
{
	uint64_t bytes;
	int err = get_size("reservelow", val, &bytes, e);

	if (err)
		return err;
	p->reservelow = bytes < PAGE_SIZE ? PAGE_SIZE : min_of(bytes, LOW_GUARD_MAX);
	return 0;
}

static int set_cpus(struct boot_params *p, const char *val, struct mm_error *e)
{
	uint64_t n;
	int err = get_number("cpus", val, 1, MAX_CPUS, &n, e);

	if (!err)
		p->cpus = (unsigned)n;
	return err;
}

static int zone_index(const struct arch *a, const char *name, size_t n)
{
	for (int i = 0; i < MAX_NR_ZONES; i++)
		if (a->zone_name[i] && strlen(a->zone_name[i]) == n &&
		    !memcmp(a->zone_name[i], name, n))
			return i;
	return -1;
}

/* [NODE:]ZONE:PAGES; a zone without a node goes to the nodes that have one, in turn. */
static int set_managed(struct boot_params *p, const char *val, struct mm_error *e)
{
	struct managed_param given[ARRAY_SIZE(p->managed)];
	unsigned n = 0;
	struct scan s;

	scan_text(&s, val);
	do {
		struct managed_param *g = &given[n];
		const char *name;
		uint64_t nid = 0, pages;
		bool with_node = scan_u64(&s, &nid);
		size_t len;

		if (n == ARRAY_SIZE(given) || (with_node && (nid >= MAX_NUMNODES || !scan_char(&s, ':'))))
			return mm_error(e, -EINVAL, "managed=%.60s: expects [NODE:]ZONE:PAGES,...", val);
		len = scan_until(&s, ':', &name);
		if (scan_at_end(&s))
			return mm_error(e, -EINVAL, "managed=%.60s: expects ZONE:PAGES,...", val);
		g->nid = with_node ? (int)nid : -1;
		g->zone_idx = zone_index(p->arch, name, len);
		if (g->zone_idx < 0)
			return mm_error(e, -EINVAL, "managed=: %s has no zone %.*s", p->arch->name,
					(int)min_of(len, (size_t)40), name);
		if (!scan_char(&s, ':') || !scan_u64(&s, &pages) || pages > PFN_NONE)
			return mm_error(e, -EINVAL, "managed=%.60s: expects a number of pages after"
						    " %s:", val, p->arch->zone_name[g->zone_idx]);
		g->pages = (int64_t)pages;
		n++;
	} while (scan_char(&s, ','));
	if (!scan_at_end(&s))
		return mm_error(e, -EINVAL, "managed=%.60s: expects ZONE:PAGES,...", val);
	memcpy(p->managed, given, n * sizeof(given[0]));
	p->nr_managed = n;
	return 0;
}

static int set_initrd(struct boot_params *p, const char *val, struct mm_error *e)
{
	int err = get_size("initrd", val, &p->initrd_size, e);

	if (!err)
		p->initrd_start = 0;
	return err;
}

static int set_hugetlb(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_on_off("hugetlb", val, &p->hugetlb, e);
}

static int set_highpte(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_on_off("highpte", val, &p->highpte, e);
}

static int set_hotplug(struct boot_params *p, const char *val, struct mm_error *e)
{
	if (strcmp(val, "on") && strcmp(val, "off"))
		return mm_error(e, -EINVAL, "hotplug=%.40s: on or off", val);
	p->hotplug = !strcmp(val, "on");
	return 0;
}

static int set_seed(struct boot_params *p, const char *val, struct mm_error *e)
{
	return get_number("seed", val, 0, UINT64_MAX, &p->seed, e);
}

static int set_strict(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_on_off("strict", val, &p->strict, e);
}

static int set_model(struct boot_params *p, const char *val, struct mm_error *e)
{
	for (const struct memory_model *const *i = memory_models; *i; i++) {
		if (!strcmp((*i)->name, val)) {
			p->model = *i;
			return 0;
		}
	}
	return mm_error(e, -EINVAL, "model=%.40s: there is flat discontig sparse", val);
}

/* The rest of a line of distances: N,N,... row by row. */
static int scan_distances(struct scan *s, struct numa_params *n)
{
	uint64_t d;

	n->nr_distance = 0;
	do {
		if (n->nr_distance == ARRAY_SIZE(n->distance) || !scan_u64(s, &d) || d > UINT8_MAX)
			return -EINVAL;
		n->distance[n->nr_distance++] = (uint8_t)d;
	} while (scan_char(s, ','));
	return scan_at_end(s) ? 0 : -EINVAL;
}

/* numa=fake=N, numa=fake=SIZE, each with :DISTANCE,...; numa=off */
static int set_numa(struct boot_params *p, const char *val, struct mm_error *e)
{
	struct numa_params n = {.kind = NUMA_FAKE_COUNT};
	const char *arg = val + 5, *colon = strchr(val, ':');
	char size[32];
	size_t len;

	if (!strcmp(val, "off")) {
		p->numa = (struct numa_params){.kind = NUMA_OFF};
		return 0;
	}
	if (strncmp(val, "fake=", 5))
		return mm_error(e, -EINVAL, "numa=%.40s: expects off, fake=N or fake=SIZE", val);
	len = colon ? (size_t)(colon - arg) : strlen(arg);
	if (!len || len >= sizeof(size))
		return mm_error(e, -EINVAL, "numa=%.40s: expects a number or a size", val);
	memcpy(size, arg, len);
	size[len] = '\0';
	if (parse_size(size, &n.arg) || !n.arg)
		return mm_error(e, -EINVAL, "numa=%.40s: expects a number or a size, not 0", val);
	if (strpbrk(size, "MGTmgt"))
		n.kind = NUMA_FAKE_SIZE;
	if (n.kind == NUMA_FAKE_COUNT && n.arg > MAX_NUMNODES)
		return mm_error(e, -EINVAL, "numa=%.40s: at most %d nodes", val, MAX_NUMNODES);
	if (colon) {
		struct scan s;

		scan_init(&s, colon + 1, strlen(colon + 1));
		scan_line(&s);
		if (scan_distances(&s, &n))
			return mm_error(e, -EINVAL, "numa=%.40s: expects distances N,N,... after ':'", val);
	}
	p->numa = n;
	return 0;
}

/* CPU or CPU-CPU, several joined by '+'. */
static int scan_cpus(struct scan *s, uint64_t *mask)
{
	*mask = 0;
	do {
		uint64_t from, to;

		if (!scan_u64(s, &from))
			return -EINVAL;
		to = from;
		if (scan_char(s, '-') && !scan_u64(s, &to))
			return -EINVAL;
		if (from > to || to >= MAX_CPUS)
			return -EINVAL;
		for (; from <= to; from++)
			*mask |= 1ull << from;
	} while (scan_char(s, '+'));
	return 0;
}

/* One node: SIZE[@START][:CPUS]. */
static int scan_node(struct scan *s, struct numa_params *n, const char *word, size_t len)
{
	unsigned i = n->nr_nodes;
	size_t size_len = strcspn(word, "@:"), start_len = 0;
	char buf[32];

	size_len = min_of(size_len, len);
	if (i == MAX_NUMNODES || !size_len || size_len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, word, size_len);
	buf[size_len] = '\0';
	if (parse_size(buf, &n->node_size[i]) || !n->node_size[i])
		return -EINVAL;
	n->node_start[i] = NODE_FOLLOWS;
	if (size_len < len && word[size_len] == '@') {
		start_len = min_of(strcspn(word + size_len + 1, ":,"), len - size_len - 1) + 1;
		if (start_len >= sizeof(buf))
			return -EINVAL;
		memcpy(buf, word + size_len + 1, start_len - 1);
		buf[start_len - 1] = '\0';
		if (parse_size(buf, &n->node_start[i]))
			return -EINVAL;
	}
	n->node_cpus[i] = 0;
	n->nr_nodes++;
	scan_init(s, word + size_len + start_len, len - size_len - start_len);
	scan_line(s);
	if (scan_char(s, ':') && scan_cpus(s, &n->node_cpus[i]))
		return -EINVAL;
	return scan_at_end(s) ? 0 : -EINVAL;
}

static int set_nodes(struct boot_params *p, const char *val, struct mm_error *e)
{
	struct numa_params n = {.kind = NUMA_NODES};

	n.nr_distance = p->numa.nr_distance;
	memcpy(n.distance, p->numa.distance, sizeof(n.distance));
	for (const char *w = val; ; w++) {
		size_t len = strcspn(w, ",");
		struct scan s;

		if (n.nr_nodes == MAX_NUMNODES)
			return mm_error(e, -EINVAL, "nodes=: at most %d nodes", MAX_NUMNODES);
		if (scan_node(&s, &n, w, len))
			return mm_error(e, -EINVAL, "nodes=: '%.*s': expects SIZE[@START][:CPU-CPU]",
					(int)min_of(len, (size_t)40), w);
		w += len;
		if (!*w)
			break;
	}
	p->numa = n;
	return 0;
}

static int set_distances(struct boot_params *p, const char *val, struct mm_error *e)
{
	struct scan s;

	scan_text(&s, val);
	if (scan_distances(&s, &p->numa))
		return mm_error(e, -EINVAL, "distances=%.40s: expects N,N,... row by row", val);
	return 0;
}

static int set_zonelist_order(struct boot_params *p, const char *val, struct mm_error *e)
{
	static const char *const names[] = {"default", "node", "zone"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcasecmp(val, names[i]) || (val[0] == names[i][0] && !val[1])) {
			p->zonelist_order = names[i][0];
			return 0;
		}
	}
	return mm_error(e, -EINVAL, "numa_zonelist_order=%.40s: default, node or zone", val);
}

static int set_kernelcore(struct boot_params *p, const char *val, struct mm_error *e)
{
	return get_size("kernelcore", val, &p->kernelcore, e);
}

static int set_movablecore(struct boot_params *p, const char *val, struct mm_error *e)
{
	return get_size("movablecore", val, &p->movablecore, e);
}

static int set_vmallocinfo(struct boot_params *p, const char *val, struct mm_error *e)
{
	return vmallocinfo_read_file(p, val, e);
}

/* ---- the allocator of small objects ---- */

static int set_slab(struct boot_params *p, const char *val, struct mm_error *e)
{
	const struct slab_ops *ops = strcmp(val, "none") ? slab_ops_find(val) : NULL;

	if (!ops && strcmp(val, "none"))
		return mm_error(e, -EINVAL, "slab=%.40s: slub, slab, slob or none", val);
	p->slab = ops;
	return 0;
}

static int set_slub_debug(struct boot_params *p, const char *val, struct mm_error *e)
{
	return slub_debug_parse(&p->slab_params, val, e) ? -EINVAL : 0;
}

static int set_small(const char *key, const char *val, uint64_t max, unsigned *to, struct mm_error *e)
{
	uint64_t n;
	int err = get_number(key, val, 0, max, &n, e);

	if (!err)
		*to = (unsigned)n;
	return err;
}

static int set_slub_min_order(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_small("slub_min_order", val, MAX_ORDER - 1, &p->slab_params.slub_min_order, e);
}

static int set_slub_max_order(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_small("slub_max_order", val, MAX_ORDER - 1, &p->slab_params.slub_max_order, e);
}

static int set_slub_min_objects(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_small("slub_min_objects", val, 32767, &p->slab_params.slub_min_objects, e);
}

static int set_slab_max_order(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_small("slab_max_order", val, MAX_ORDER - 1, &p->slab_params.slab_max_order, e);
}

static int set_slab_nomerge(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_on_off("slab_nomerge", val, &p->slab_params.nomerge, e);
}

static int set_slab_debug(struct boot_params *p, const char *val, struct mm_error *e)
{
	return set_on_off("slab_debug", val, &p->slab_params.slab_debug, e);
}

const struct boot_key boot_keys[] = {
	{"arch", "ia32|ia32-pae|amd64", "the kind of machine; give it first", set_arch},
	{"mem", "SIZE", "RAM of a PC of that size; with e820=, the limit that the kernel keeps",
	 set_mem},
	{"e820", "FILE", "the memory map of a real machine, also straight out of a saved dmesg",
	 set_e820},
	{"split", "3G|3G_OPT|2G|2G_OPT|1G", "where the kernel's part of the addresses begins",
	 set_split},
	{"highmem", "SIZE", "memory outside the direct map", set_highmem},
	{"vmalloc", "SIZE", "room kept for vmalloc", set_vmalloc},
	{"slab", "slub|slab|slob|none", "the allocator of small objects", set_slab},
	{"slub_debug", "FZPUT[,CACHE]", "checks of SLUB, for all caches or those so named", set_slub_debug},
	{"slub_min_order", "N", "SLUB's slabs have at least 2^N pages", set_slub_min_order},
	{"slub_max_order", "N", "SLUB's slabs have at most 2^N pages if one object fits", set_slub_max_order},
	{"slub_min_objects", "N", "objects that SLUB wants in a slab", set_slub_min_objects},
	{"slab_max_order", "N", "SLAB's slabs have at most 2^N pages if one object fits", set_slab_max_order},
	{"slab_nomerge", "on|off", "whether every cache stays one of its own", set_slab_nomerge},
	{"slab_debug", "on|off", "SLAB built with CONFIG_DEBUG_SLAB", set_slab_debug},
	{"vmallocinfo", "FILE", "areas that vmalloc has from boot on, from a capture", set_vmallocinfo},
	{"reservelow", "SIZE", "memory at 0 left to the firmware (4K to 640K)", set_reservelow},
	{"cpus", "N", "processors (1 to 64)", set_cpus},
	{"model", "flat|discontig|sparse", "how page descriptors are kept", set_model},
	{"numa", "off|fake=N|fake=SIZE", "memory cut into nodes as the kernel fakes them", set_numa},
	{"nodes", "SIZE[@START][:CPUS],...", "nodes as a firmware would tell of them", set_nodes},
	{"distances", "N,N,...", "how far nodes are from each other, row by row", set_distances},
	{"numa_zonelist_order", "default|node|zone", "which zones are tried next", set_zonelist_order},
	{"kernelcore", "SIZE", "memory that is not ZONE_MOVABLE", set_kernelcore},
	{"movablecore", "SIZE", "memory that is ZONE_MOVABLE", set_movablecore},
	{"strict", "on|off", "whether only what Kconfig of 4.4 allows is built", set_strict},
	{"managed", "[NODE:]ZONE:N,...", "managed pages of each zone, from a capture", set_managed},
	{"initrd", "SIZE", "an initial ram disk, freed at the end of boot", set_initrd},
	{"hugetlb", "on|off", "pageblocks of the size of a large page", set_hugetlb},
	{"highpte", "on|off", "page tables of user programs in high memory", set_highpte},
	{"hotplug", "on|off", "a kernel that keeps a type of pageblocks for memory that leaves",
	 set_hotplug},
	{"seed", "N", "seed of everything random", set_seed},
	{NULL, NULL, NULL, NULL},
};

int boot_param_set(struct boot_params *p, const char *key, const char *val, struct mm_error *e)
{
	for (const struct boot_key *k = boot_keys; k->key; k++)
		if (!strcmp(k->key, key))
			return k->set(p, val, e);
	return mm_error(e, -EINVAL, "unknown key %.40s=", key);
}
