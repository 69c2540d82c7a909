/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The buddy dump: zones, counters, lists and block types as text, a line each. The same
 * tables of fields read it and write it, so what is written compares with what was read
 * line by line.
 */
#ifndef IMPORT_DUMP_H
#define IMPORT_DUMP_H

#include "scan.h"
#include <mmsh/machine.h>

/* The const lines: how a kernel was built, and where it put things. */
struct kernel_const {
	uint64_t page_offset, vmalloc_start, vmalloc_end, high_memory;
	uint64_t fixaddr_start, fixaddr_top, pkmap_base, mem_map;
	uint64_t max_low_pfn, max_pfn;
	uint32_t sizeof_page, max_order, pageblock_order, pcptypes, migratetypes, nr_cpus;
	uint32_t last_pkmap, fix_kmap_begin;
	bool mobility_disabled;
	uint64_t seen; /* a bit for each row of the table */
};

/* A text on its way into a machine. */
struct dump_source {
	struct scan s;
	struct mm_error *e;
	struct kernel_const konst;
	struct memblock memblock; /* empty where the text has none */
	const struct memory_model *model; /* NULL where the text does not say */
	uint64_t *listed;	  /* after dump_load(): a bit for each page spoken for */
};

/* Whether @text is a whole number of lines of text. Returns: 0 or -EINVAL. */
int source_open(struct dump_source *d, const char *text, size_t len, struct mm_error *e);
void source_close(struct dump_source *d);

/* Takes a const, memblock or mb line. Returns: 1; 0 when the line is none of these;
   -EINVAL. */
int source_line(struct dump_source *d);

/*
 * source_machine - an empty machine as the const lines describe it: no nodes yet, and
 * the memblock lists moved into it
 */
struct machine *source_machine(struct dump_source *d, unsigned nr_nodes);

/*
 * dump_load - the machine of a dump whose first line is the current one; reads up to
 * its last
 *
 * Returns: the machine; NULL with .e filled.
 */
struct machine *dump_load(struct dump_source *d);

/*
 * source_take - [pfn, pfn + 2^order) is spoken for
 *
 * Returns: 0, or -EINVAL when that is no such block of @z, or was already.
 */
int source_take(struct dump_source *d, const struct machine *m, const struct zone *z, uint64_t pfn,
		unsigned order);

/* Appends a dump, "dump stage=" to "enddump stage=". */
void dump_write(const struct machine *m, const char *stage, struct strbuf *out);
void const_write(const struct machine *m, struct strbuf *out);
void memblock_write(const struct machine *m, struct strbuf *out);

/* "node=N zone=NAME": the populated zone a line speaks of, or NULL with @e. */
struct zone *line_zone(struct scan *s, const struct machine *m, struct mm_error *e);
/* " node=N zone=NAME", for writing. */
void put_zone(struct strbuf *out, const struct zone *z);

/*
 * Runs `value*count,...`, one for each pageblock of @z: of bits @mask of its entries,
 * shifted down.
 */
void put_runs(const struct machine *m, const struct zone *z, unsigned mask, struct strbuf *out);
int get_runs(struct scan *s, const struct machine *m, struct zone *z, unsigned mask,
	     unsigned max, struct mm_error *e);

/* One list of pages, in lines of 256: `<head> part=N pfns=a,b,...` */
struct pfn_lines {
	struct strbuf *out;
	char head[64];
	unsigned n;
};
void pfn_lines_add(struct pfn_lines *l, pfn_t pfn);
void pfn_lines_end(struct pfn_lines *l);

#endif
