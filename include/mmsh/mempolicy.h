/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory policies (buddy.md 15): from which nodes a task's pages come.
 *
 *   default     from the node of the CPU that asks
 *   prefer      from that node first
 *   bind        from these nodes and no others, as far as the policy zone goes
 *   interleave  from these nodes in turn
 */
#ifndef MMSH_MEMPOLICY_H
#define MMSH_MEMPOLICY_H

#include <mmsh/types.h>

struct machine;
struct strbuf;

enum mpol_mode { MPOL_DEFAULT, MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, NR_MPOL_MODES };
extern const char *const mpol_names[NR_MPOL_MODES]; /* as the kernel writes them */

struct task_mempolicy {
	enum mpol_mode mode;
	uint64_t nodes;	  /* a bit a node; 0 with default and with prefer: the local one */
	unsigned il_next; /* the node whose turn it is */
};

/*
 * set_mempolicy - a policy for the current task
 *
 * Returns: 0; -EINVAL with @e: nodes that the machine does not have or that have no memory,
 * none where some are needed, more than one to prefer, a kernel without NUMA.
 */
int set_mempolicy(struct machine *m, enum mpol_mode mode, uint64_t nodes, struct mm_error *e);

/* The highest zone that has memory, ZONE_MOVABLE apart: what bind binds, and above. */
int mpol_policy_zone(const struct machine *m);

/* "default", "prefer:1", "interleave:0-3" and back. Returns: 0 or -EINVAL with @e. */
void mpol_to_str(const struct task_mempolicy *pol, struct strbuf *out);
int mpol_parse_str(const char *text, enum mpol_mode *mode, uint64_t *nodes, struct mm_error *e);

#endif
