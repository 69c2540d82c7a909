/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that comes and goes while the machine runs, in whole sections of SPARSEMEM
 * (boot.md 4.2, buddy.md 16).
 *
 *   add      new RAM: it has page descriptors and a zone, and is not used yet
 *   online   its pages become free memory
 *   offline  what is in use moves away, what is free leaves the lists
 *   remove   offline RAM is gone
 *
 * All ranges are in pages. An operation that is refused has changed nothing, but that
 * pages may have moved when an offlining ran out of room for them (-ENOMEM).
 */
#ifndef MMSH_MEMORY_HOTPLUG_H
#define MMSH_MEMORY_HOTPLUG_H

#include <mmsh/machine.h>

/* Pages of a section, of a block of /sys/devices/system/memory; 0 without sections. */
uint64_t pages_per_section(const struct machine *m);
uint64_t memory_block_pages(const struct machine *m);

/*
 * add_memory - RAM at [pfn, pfn + pages) for node @nid; -1: the node that is next to it
 *
 * Returns: 0; -EINVAL with @e: no SPARSEMEM, no whole sections, no such node; -EEXIST:
 * there is memory; -ERANGE: beyond what the kernel or the host can hold; -ENOMEM: no room
 * for the page descriptors.
 */
int add_memory(struct machine *m, int nid, uint64_t pfn, uint64_t pages, struct mm_error *e);

/* How to online: into the zone it belongs to, into ZONE_MOVABLE, out of ZONE_MOVABLE. */
enum mmop { MMOP_ONLINE_KEEP, MMOP_ONLINE_MOVABLE, MMOP_ONLINE_KERNEL };

/* Returns: 0; -EINVAL with @e: not there, online already, not at the zone's edge. */
int online_pages(struct machine *m, uint64_t pfn, uint64_t pages, enum mmop how, struct mm_error *e);

/* Returns: 0; -EINVAL with @e: not there, offline already, several zones; -EBUSY: a page
   that cannot be moved, and which; -ENOMEM: nowhere to move a page to. */
int offline_pages(struct machine *m, uint64_t pfn, uint64_t pages, struct mm_error *e);

/* Returns: 0; -EINVAL with @e: not there; -EBUSY: still online. */
int remove_memory(struct machine *m, uint64_t pfn, uint64_t pages, struct mm_error *e);

/* For those who load a state: the section at @pfn, which has memory, is like this, and its zone,
   if it has nothing else, spans it. Returns: 0 or -EINVAL. */
int section_restore(struct machine *m, uint64_t pfn, const struct mem_section *s);

/* Does [pfn, pfn + pages), where there is memory, lie in one zone? Returns: it, or NULL. */
struct zone *test_pages_in_a_zone(const struct machine *m, uint64_t pfn, uint64_t pages);
/* Might its offlining succeed? As /sys shows it: only free pages and movable blocks. */
bool is_mem_section_removable(const struct machine *m, uint64_t pfn, uint64_t pages);

#endif
