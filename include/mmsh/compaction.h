/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory compaction (buddy.md 13.4): movable pages move up, free blocks appear below. */
#ifndef MMSH_COMPACTION_H
#define MMSH_COMPACTION_H

#include <mmsh/machine.h>

enum compact_result {
	COMPACT_DEFERRED,
	COMPACT_SKIPPED,
	COMPACT_CONTINUE,
	COMPACT_PARTIAL,
	COMPACT_COMPLETE,
};

enum migrate_mode { MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT, MIGRATE_SYNC };

/* Whether compacting @z can help an allocation of @order (COMPACT_CONTINUE), need not
   (PARTIAL) or cannot (SKIPPED). */
enum compact_result compaction_suitable(const struct machine *m, const struct zone *z, int order,
					int alloc_flags, int classzone_idx);

/* Direct compaction for one request, whose zonelist walk begins at @start and stays on @nodes.
   Returns: the best zone result. */
enum compact_result try_to_compact_pages(struct machine *m, gfp_t gfp, unsigned order,
					 int alloc_flags, const struct zoneref *start,
					 int high_zoneidx, uint64_t nodes, int classzone_idx,
					 enum migrate_mode mode);

/* /proc/sys/vm/compact_memory: all zones of one node, of all. Returns: pages migrated. */
unsigned long compact_node(struct machine *m, unsigned nid);
unsigned long compact_nodes(struct machine *m);

void compaction_defer_reset(struct zone *z, unsigned order, bool alloc_success);
/* kswapd goes to sleep: zones that were compacted to the end forget their skip hints. */
void reset_isolation_suitable(struct machine *m, unsigned nid);

/* Fragmentation index and unusable index of a zone at @order, in thousandths
   (buddy.md 13.4; -1000: the request could be served). */
int fragmentation_index(const struct zone *z, unsigned order);
int unusable_free_index(const struct zone *z, unsigned order);

#endif
