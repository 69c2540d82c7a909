/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Machines for the tests of the model, and their state as short texts to compare with.
 *
 * Free blocks are written `U3:1208 U4:1210,1010 Mp:1000`: the list's type (U, M, R, H), its
 * order (p: the current CPU's stock of single pages), and the first pages, head first.
 */
#ifndef TESTS_MM_FIXTURE_H
#define TESTS_MM_FIXTURE_H

#include "suites.h"

#include <mmsh/audit.h>
#include <mmsh/compaction.h>
#include <mmsh/page_alloc.h>

#define GFP_MOVABLE_USER GFP_HIGHUSER_MOVABLE
#define GFP_RECLAIMABLE (GFP_KERNEL | __GFP_RECLAIMABLE)
/* What the recordings use: a caller that cannot block and wants no report. */
#define GFP_QUIET (GFP_NOWAIT | __GFP_NOWARN)

/* A machine of `mem=64M cpus=4`; the test fails when there is none. */
struct machine *boot_line(const char *line);
/* The reason why there is no such machine; it lives until the next call. */
const char *boot_refusal(const char *line);
/* Applies the words of @line to @p; the test fails when one is wrong. */
void boot_words(struct boot_params *p, const char *line);

/* The worked machine of boot.md 10. */
struct machine *boot_r1(unsigned cpus);

/* One zone, Normal, of [start, end): nothing free, every block MOVABLE, watermarks 0. */
struct machine *bare_zone(pfn_t start, pfn_t end, unsigned pageblock_order);
/* Every pageblock of the zone becomes @mt. */
void set_blocks(struct machine *m, struct zone *z, int mt);
/* Adds free blocks (hexadecimal), counted as free and managed. */
void put_lists(struct machine *m, struct zone *z, const char *lists);

/* Zone @name of node 0, which must exist. */
struct zone *zone_of(const struct machine *m, const char *name);
#define normal_zone(m) zone_of(m, "Normal")

/* The test fails unless the zone's lists are these, in @base 16 or 10. */
#define assert_lists(m, z, want) assert_lists_base(m, z, 16, want)
void assert_lists_base(const struct machine *m, const struct zone *z, int base, const char *want);
/* The same for one list: "223232,222208". */
void assert_list(const struct machine *m, const struct zone *z, unsigned order, int mt,
		 const char *want);
/* Its pageblocks, one letter each. */
void assert_blocks(const struct machine *m, const struct zone *z, const char *want);
/* nr_free of each order as in /proc/buddyinfo: "0 1 1 1 1 1 1 1 0 1 212". */
void assert_buddyinfo(const struct zone *z, const char *want);
/* nr_free_pages, differences included */
long free_pages(const struct machine *m, const struct zone *z);

/* The test fails, with the violation, unless all invariants hold. */
void assert_audit(const struct machine *m);

/* The whole state as text; the caller frees it. */
char *state_text(const struct machine *m);
void assert_same_state(const struct machine *a, const struct machine *b);

/* Allocates that which must be there. */
pfn_t take(struct machine *m, gfp_t gfp, unsigned order);
/* Allocates single pages until a request of @gfp fails; returns how many. */
unsigned exhaust(struct machine *m, gfp_t gfp);
/* Every page is taken, then every odd one freed: plenty free, nothing contiguous. */
void shatter(struct machine *m);

/* Records what happens from here on; record_end() forgets it. */
struct trace_buffer *record(struct machine *m, uint64_t mask);
void record_end(struct machine *m, struct trace_buffer *b);
unsigned count_events(const struct trace_buffer *b, enum trace_id id);
/* The nth event of that kind, which must exist. */
const struct trace_event *nth_event(const struct trace_buffer *b, enum trace_id id, unsigned n);

#endif
