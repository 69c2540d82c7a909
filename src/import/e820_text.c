/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A memory map out of text: the boot log of a real machine, the map lines alone, or
 * /proc/iomem. A boot log also tells where the kernel and its ram disk lay and what
 * the command line asked for; with all that a boot leaves the same pages free.
 */
#include "scan.h"
#include <errno.h>
#include <mmsh/bootline.h>
#include <mmsh/state.h>
#include <stdio.h>
#include <stdlib.h>

struct reader {
	struct scan s;
	struct mm_error *e;
	struct boot_params *p;
	/* what the log tells of the kernel image, physical but for the first six */
	uint64_t text[2], data[2], init[2], lowmem[2]; /* virtual */
	uint64_t bss_kb, first_brk, mapped_end, pgdat, percpu_static;
	unsigned rodata_kb, rwdata_kb;
	uint64_t initrd[2], initrd_moved[2]; /* first and last byte */
};

/* "[    0.000000] " of whatever kind, a syslog prefix before it, or nothing. */
static void skip_stamp(struct scan *s)
{
	const char *at = memmem(s->p, scan_left(s), "kernel: ", 8);

	if (at)
		s->p = at + 8;
	if (scan_at_end(s) || *s->p != '[' || (scan_left(s) > 4 && !memcmp(s->p, "[mem", 4)))
		return;
	at = memmem(s->p, scan_left(s), "] ", 2);
	if (at)
		s->p = at + 2;
}

/* The text of a line ends before blanks and a carriage return. */
static void trim_end(struct scan *s)
{
	while (s->end > s->p && (s->end[-1] == ' ' || s->end[-1] == '\t' || s->end[-1] == '\r'))
		s->end--;
}

/* "[mem 0x0000-0x9fff]", both ends included. */
static bool mem_range(struct scan *s, uint64_t r[2])
{
	return scan_word(s, "[mem ") && scan_u64(s, &r[0]) && scan_char(s, '-') &&
	       scan_u64(s, &r[1]) && scan_char(s, ']');
}

/* The types as the boot log and as /proc/iomem name them. */
static const struct type_name {
	const char *name;
	uint32_t type;
} type_names[] = {
	{"usable", E820_RAM},
	{"reserved", E820_RESERVED},
	{"ACPI data", E820_ACPI},
	{"ACPI NVS", E820_NVS},
	{"unusable", E820_UNUSABLE},
	{"persistent (type 7)", E820_PMEM},
	{"persistent (type 12)", E820_PRAM},
	{"System RAM", E820_RAM},
	{"ACPI Tables", E820_ACPI},
	{"ACPI Non-volatile Storage", E820_NVS},
	{"Unusable memory", E820_UNUSABLE},
	{"Persistent Memory", E820_PMEM},
	{"Persistent Memory (legacy)", E820_PRAM},
};

static bool map_type(struct scan *s, uint32_t *type)
{
	uint64_t n;

	for (unsigned i = 0; i < ARRAY_SIZE(type_names); i++)
		if (strlen(type_names[i].name) == scan_left(s) && scan_word(s, type_names[i].name)) {
			*type = type_names[i].type;
			return true;
		}
	if (!scan_word(s, "type ") || !scan_digits(s, 10, &n) || n > UINT32_MAX || !n)
		return false;
	*type = (uint32_t)n;
	return scan_at_end(s);
}

/* How a line of the map looks. Each returns 1 and the entry, 0 when the line is none of
   that kind, -1 when it is one and says nothing that can be used. */
static int entry_bios(struct scan *s, uint64_t r[2], uint32_t *type)
{
	skip_stamp(s);
	if (!scan_word(s, "BIOS-e820: ") && !scan_word(s, "BIOS-e801: ") &&
	    !scan_word(s, "BIOS-88: "))
		return 0;
	if (!mem_range(s, r) || !scan_char(s, ' ') || !map_type(s, type))
		return -1;
	return 1;
}

static int entry_bare(struct scan *s, uint64_t r[2], uint32_t *type)
{
	skip_stamp(s);
	scan_blanks(s);
	if (!scan_word(s, "[mem "))
		return 0;
	s->p -= strlen("[mem ");
	if (!mem_range(s, r) || !scan_char(s, ' ') || !map_type(s, type))
		return -1;
	return 1;
}

/* The outermost ranges of /proc/iomem; those of devices are not memory. */
static int entry_iomem(struct scan *s, uint64_t r[2], uint32_t *type)
{
	if (!scan_digits(s, 16, &r[0]) || !scan_char(s, '-') || !scan_digits(s, 16, &r[1]) ||
	    !scan_word(s, " : "))
		return 0;
	return map_type(s, type);
}

static int add_entry(struct reader *rd, struct e820_map *map, const uint64_t r[2], uint32_t type)
{
	if (r[0] > r[1] || r[1] - r[0] == UINT64_MAX)
		return scan_error(&rd->s, rd->e, "a range from 0x%llx to 0x%llx wraps around",
				  (unsigned long long)r[0], (unsigned long long)r[1]);
	if (e820_add(map, r[0], r[1] - r[0] + 1, type))
		return scan_error(&rd->s, rd->e, "more than %d entries", E820_MAX);
	return 0;
}

static int read_map(struct reader *rd, const char *text, size_t len, struct e820_map *map,
		    int (*entry)(struct scan *, uint64_t[2], uint32_t *))
{
	map->nr = 0;
	scan_init(&rd->s, text, len);
	while (scan_line(&rd->s)) {
		uint64_t r[2];
		uint32_t type;
		int got, err;

		trim_end(&rd->s);
		got = entry(&rd->s, r, &type);
		if (got < 0)
			return scan_error(&rd->s, rd->e, "not an entry of a memory map");
		if (!got)
			continue;
		err = add_entry(rd, map, r, type);
		if (err)
			return err;
	}
	return 0;
}

/* ---- what else a boot log says ---- */

/* "  .init : 0xc11cc000 - 0xc11fc000   ( 192 kB)": the range after the colon */
static void line_layout(struct scan *s, uint64_t r[2])
{
	uint64_t from, to;

	scan_blanks(s);
	if (scan_char(s, ':') && (scan_blanks(s), scan_u64(s, &from)) && scan_word(s, " - ") &&
	    scan_u64(s, &to)) {
		r[0] = from;
		r[1] = to;
	}
}

static void line_text(struct reader *r)
{
	line_layout(&r->s, r->text);
}

static void line_data(struct reader *r)
{
	line_layout(&r->s, r->data);
}

static void line_init(struct reader *r)
{
	line_layout(&r->s, r->init);
}

static void line_lowmem(struct reader *r)
{
	line_layout(&r->s, r->lowmem);
}

/* "... (1455K kernel code, 77K rwdata, 296K rodata, 192K init, 248K bss, ...)" */
static void line_memory(struct reader *r)
{
	static const char *const words[] = {"K kernel code, ", "K rwdata, ", "K rodata, ",
					    "K init, ", "K bss"};
	uint64_t kb[ARRAY_SIZE(words)];
	const char *at;

	if (!scan_until(&r->s, '(', &at) || !scan_char(&r->s, '('))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (!scan_digits(&r->s, 10, &kb[i]) || !scan_word(&r->s, words[i]) ||
		    kb[i] > 1 << 20)
			return;
	r->rwdata_kb = (unsigned)kb[1];
	r->rodata_kb = (unsigned)kb[2];
	r->bss_kb = kb[4];
}

static void line_brk(struct reader *r)
{
	uint64_t at;

	if (!r->first_brk && scan_u64(&r->s, &at))
		r->first_brk = at;
}

/* "node 0, pgdat c11c6bc0, node_mem_map f6ef8020" */
static void line_node(struct reader *r)
{
	if (!scan_word(&r->s, "node 0, pgdat ") || !scan_digits(&r->s, 16, &r->pgdat))
		r->pgdat = 0;
}

/* "13 pages/cpu @dfbef000 s30888 r0 d22360 u53248" */
static void line_percpu(struct reader *r)
{
	const char *at;

	if (!scan_until(&r->s, '@', &at) || !scan_until(&r->s, ' ', &at) ||
	    !scan_word(&r->s, " s") || !scan_digits(&r->s, 10, &r->percpu_static))
		r->percpu_static = 0;
}

static void line_mapped(struct reader *r)
{
	uint64_t mapped[2];

	if (mem_range(&r->s, mapped))
		r->mapped_end = mapped[1] + 1;
}

static void line_ramdisk(struct reader *r)
{
	if (!mem_range(&r->s, r->initrd))
		r->initrd[0] = r->initrd[1] = 0;
}

static void line_move(struct reader *r)
{
	if (!mem_range(&r->s, r->initrd_moved))
		r->initrd_moved[0] = r->initrd_moved[1] = 0;
}

/* What the running kernel was told, the modelled one is told too; what was said at
   boot= has the last word. */
static void apply_option(struct boot_params *p, const char *key, const char *val)
{
	bool said = !strcmp(key, "mem")		 ? p->mem_given
		    : !strcmp(key, "highmem")	 ? p->highmem != BOOT_UNSET
		    : !strcmp(key, "vmalloc")	 ? p->vmalloc != 0
						 : strcmp(key, "reservelow") != 0;

	if (!said)
		boot_param_set(p, key, val, NULL);
}

static void line_cmdline(struct reader *r)
{
	char *words, *save = NULL;

	snprintf(r->p->cmdline, sizeof(r->p->cmdline), "%.*s",
		 (int)min_of(scan_left(&r->s), sizeof(r->p->cmdline)), r->s.p);
	words = strdup(r->p->cmdline);
	for (char *w = words ? strtok_r(words, " ", &save) : NULL; w;
	     w = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(w, '=');

		if (!eq)
			continue;
		*eq = '\0';
		apply_option(r->p, w, eq + 1);
	}
	free(words);
}

static const struct log_line {
	const char *starts;
	void (*read)(struct reader *r);
} log_lines[] = {
	{"      .text ", line_text},
	{"      .data ", line_data},
	{"      .init ", line_init},
	{"    lowmem ", line_lowmem},
	{"Memory: ", line_memory},
	{"BRK [", line_brk},
	{"initial memory mapped: ", line_mapped},
	{"RAMDISK: ", line_ramdisk},
	{"free_area_init_node: ", line_node},
	{"PERCPU: Embedded ", line_percpu},
	{"Move RAMDISK from ", line_move},
	{"Kernel command line: ", line_cmdline},
};

static void read_log(struct reader *r, const char *text, size_t len)
{
	scan_init(&r->s, text, len);
	while (scan_line(&r->s)) {
		trim_end(&r->s);
		skip_stamp(&r->s);
		for (unsigned i = 0; i < ARRAY_SIZE(log_lines); i++)
			if (scan_word(&r->s, log_lines[i].starts)) {
				log_lines[i].read(r);
				break;
			}
	}
}

/* Whether @v lies in the first GiB of the direct map, and where. */
static bool image_offset(const struct reader *r, uint64_t v, uint32_t *offset)
{
	if (v < r->text[0] || v - r->text[0] >= 1u << 30)
		return false;
	*offset = (uint32_t)(v - r->text[0]);
	return true;
}

/*
 * Where the image ends is not printed. The page tables for the memory that is mapped at
 * first stand right after it, and the next table that boot makes, after those: the first
 * BRK line. So the end is as many pages before that as the first mapping needs tables.
 */
static void set_image(struct reader *r)
{
	const struct kernel_image *standard = r->p->arch->image;
	unsigned pmd = r->p->arch->pmd_shift;
	struct kernel_image k = {.rodata_kb = r->rodata_kb, .rwdata_kb = r->rwdata_kb};
	uint64_t load, tables = r->mapped_end >> pmd, bss_stop, bss_start;

	if (!r->text[0] || r->text[0] < r->lowmem[0] || !r->lowmem[0])
		return;
	load = k.load = r->text[0] - r->lowmem[0];
	if (!image_offset(r, r->text[1], &k.etext) || !image_offset(r, r->data[1], &k.edata) ||
	    !image_offset(r, r->init[0], &k.init_begin) ||
	    !image_offset(r, r->init[1], &k.init_end))
		return;
	if (r->first_brk && r->mapped_end)
		bss_stop = r->first_brk - tables * PAGE_SIZE - load;
	else
		bss_stop = k.init_end + (standard->bss_start - standard->init_end) +
			   r->bss_kb * 1024;
	bss_start = bss_stop - r->bss_kb * 1024;
	if (bss_start < k.init_end || bss_stop < bss_start || bss_stop >= 1u << 30 ||
	    load >= 1u << 30 || k.init_begin > k.init_end)
		return;
	k.bss_start = (uint32_t)bss_start;
	k.bss_stop = (uint32_t)bss_stop;
	k.brk = standard->brk;
	k.percpu_static = r->percpu_static && r->percpu_static <= 64 * PAGE_SIZE
				  ? (uint32_t)r->percpu_static
				  : standard->percpu_static;
	if (!image_offset(r, r->pgdat, &k.pgdat)) /* it stands near the end of the data */
		k.pgdat = k.edata - (standard->edata - standard->pgdat);
	r->p->image = k;
	r->p->image_given = true;
}

static void set_initrd(struct reader *r)
{
	uint64_t first = r->initrd[0], last = r->initrd[1];

	/* the line of the move has the size to the byte, the other one whole pages */
	if (r->initrd_moved[0] == first && r->initrd_moved[1] > first)
		last = r->initrd_moved[1];
	if (last <= first)
		return;
	r->p->initrd_start = first;
	r->p->initrd_size = last - first + 1;
}

static bool has_ram(const struct e820_map *map)
{
	for (unsigned i = 0; i < map->nr; i++)
		if (map->map[i].type == E820_RAM)
			return true;
	return false;
}

int e820_read(struct boot_params *p, const char *text, size_t len, struct mm_error *e)
{
	static int (*const kinds[])(struct scan *, uint64_t[2], uint32_t *) = {
		entry_bios, entry_bare, entry_iomem,
	};
	struct boot_params np = *p;
	struct reader r = {.e = e, .p = &np};
	int err = 0;

	if (!len)
		return mm_error(e, -EINVAL, "empty: no memory map in it");
	if (memchr(text, '\0', len))
		return mm_error(e, -EINVAL, "not text: no memory map in it");
	np.e820.nr = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds) && !np.e820.nr && !err; i++)
		err = read_map(&r, text, len, &np.e820, kinds[i]);
	if (err)
		return err;
	if (!np.e820.nr)
		return mm_error(e, -EINVAL, "no memory map in it");
	if (!has_ram(&np.e820))
		return mm_error(e, -EINVAL, "its memory map has no usable memory");
	if (!np.mem_given)
		np.mem = 0;
	read_log(&r, text, len);
	set_image(&r);
	set_initrd(&r);
	*p = np;
	return 0;
}

int e820_read_file(struct boot_params *p, const char *path, struct mm_error *e)
{
	struct strbuf text = STRBUF_INIT;
	struct mm_error why;
	int err = read_file(path, &text, e);

	if (!err) {
		err = e820_read(p, strbuf_str(&text), text.len, &why);
		if (err)
			mm_error(e, err, "%.80s: %.160s", path, why.text);
	}
	strbuf_free(&text);
	return err;
}
