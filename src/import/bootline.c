/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys that boot takes. Those that the kernel has keep its spelling. */
#include "scan.h"
#include <errno.h>
#include <mmsh/bootline.h>

#define MIN_MEM (8ull << 20)
#define LOW_GUARD_MAX (640ull << 10)

int parse_size(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "KMGT";
	struct scan s;
	const char *at;
	uint64_t n;
	unsigned shift = 0;

	scan_init(&s, text, strlen(text));
	scan_line(&s);
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

	scan_init(&s, val, strlen(val));
	scan_line(&s);
	if (!scan_u64(&s, n) || !scan_at_end(&s))
		return mm_error(e, -EINVAL, "%s=%.40s: not a number", key, val);
	if (*n < min || *n > max)
		return mm_error(e, -EINVAL, "%s=%.40s: must be from %llu to %llu", key, val,
				(unsigned long long)min, (unsigned long long)max);
	return 0;
}

static int set_arch(struct boot_params *p, const char *val, struct mm_error *e)
{
	struct strbuf names = STRBUF_INIT;
	const struct arch *a = arch_find(val);

	if (a) {
		p->arch = a;
		p->split = a->splits;
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
	uint64_t bytes, max = 1ull << p->arch->max_mem_bits_model;
	int err = get_size("mem", val, &bytes, e);

	if (err)
		return err;
	if (bytes < MIN_MEM)
		return mm_error(e, -EINVAL, "mem=%.40s: a machine needs at least 8M", val);
	if (bytes > max)
		return mm_error(e, -ERANGE, "mem=%.40s: %s has at most %lluG", val, p->arch->name,
				(unsigned long long)(max >> 30));
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
	if (!bytes)
		return mm_error(e, -EINVAL, "vmalloc=%.40s: there must be some", val);
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

static int set_managed(struct boot_params *p, const char *val, struct mm_error *e)
{
	int64_t managed[MAX_NR_ZONES];
	struct scan s;

	memcpy(managed, p->managed, sizeof(managed));
	scan_init(&s, val, strlen(val));
	scan_line(&s);
	do {
		const char *name;
		size_t n = scan_until(&s, ':', &name);
		int idx = zone_index(p->arch, name, n);
		uint64_t pages;

		if (scan_at_end(&s))
			return mm_error(e, -EINVAL, "managed=%.60s: expects ZONE:PAGES,...", val);
		if (idx < 0)
			return mm_error(e, -EINVAL, "managed=: %s has no zone %.*s", p->arch->name,
					(int)min_of(n, (size_t)40), name);
		if (!scan_char(&s, ':') || !scan_u64(&s, &pages) || pages > PFN_NONE)
			return mm_error(e, -EINVAL, "managed=%.60s: expects a number of pages after"
						    " %s:", val, p->arch->zone_name[idx]);
		managed[idx] = (int64_t)pages;
	} while (scan_char(&s, ','));
	if (!scan_at_end(&s))
		return mm_error(e, -EINVAL, "managed=%.60s: expects ZONE:PAGES,...", val);
	memcpy(p->managed, managed, sizeof(managed));
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
	if (strcmp(val, "on") && strcmp(val, "off"))
		return mm_error(e, -EINVAL, "hugetlb=%.40s: on or off", val);
	p->hugetlb = !strcmp(val, "on");
	return 0;
}

static int set_seed(struct boot_params *p, const char *val, struct mm_error *e)
{
	return get_number("seed", val, 0, UINT64_MAX, &p->seed, e);
}

const struct boot_key boot_keys[] = {
	{"arch", "ARCH", "the kind of machine (ia32)", set_arch},
	{"mem", "SIZE", "RAM of a PC of that size; with e820=, the limit that the kernel keeps",
	 set_mem},
	{"e820", "FILE", "the memory map of a real machine, also straight out of a saved dmesg",
	 set_e820},
	{"split", "3G|3G_OPT|2G|2G_OPT|1G", "where the kernel's part of the addresses begins",
	 set_split},
	{"highmem", "SIZE", "memory outside the direct map", set_highmem},
	{"vmalloc", "SIZE", "room kept for vmalloc", set_vmalloc},
	{"reservelow", "SIZE", "memory at 0 left to the firmware (4K to 640K)", set_reservelow},
	{"cpus", "N", "processors (1 to 64)", set_cpus},
	{"managed", "ZONE:N,...", "managed pages of each zone, from a capture", set_managed},
	{"initrd", "SIZE", "an initial ram disk, freed at the end of boot", set_initrd},
	{"hugetlb", "on|off", "pageblocks of the size of a large page", set_hugetlb},
	{"seed", "N", "seed of everything random", set_seed},
	{NULL, NULL, NULL, NULL},
};

int boot_param_set(struct boot_params *p, const char *key, const char *val, struct mm_error *e)
{
	struct strbuf keys = STRBUF_INIT;

	for (const struct boot_key *k = boot_keys; k->key; k++)
		if (!strcmp(k->key, key))
			return k->set(p, val, e);
	for (const struct boot_key *k = boot_keys; k->key; k++)
		strbuf_addf(&keys, " %s=", k->key);
	mm_error(e, -EINVAL, "unknown key %.40s=; there is%s", key, strbuf_str(&keys));
	strbuf_free(&keys);
	return -EINVAL;
}
