/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Touching high memory (highmem.md): the persistent window (pkmap) and the atomic slots in
 * the fixmap. Without high memory every call returns the direct-map address.
 *
 *   pkmap_count[slot]  0 free, 1 unmapped but not yet flushed, n+1 with n users
 *   depth              atomic mappings that the current CPU holds, nested
 */
#ifndef MMSH_HIGHMEM_H
#define MMSH_HIGHMEM_H

#include <mmsh/machine.h>

#define KM_TYPE_NR 20
#define PKMAP_MAX 1024
#define PKMAP_WAITERS 64

struct pkmap {
	unsigned last_nr;	   /* last slot looked at */
	uint16_t count[PKMAP_MAX]; /* pkmap_count */
	pfn_t pfn[PKMAP_MAX];	   /* the page of a slot whose count is not 0 */
	int16_t hash[128];	   /* page -> slot: first of the bucket, -1 ends */
	int16_t hash_next[PKMAP_MAX];
	unsigned nr_waiting;	   /* callers asleep until a slot is given back, in order */
	pfn_t waiting[PKMAP_WAITERS];
};

struct kmap_atomic {
	unsigned depth;
	pfn_t pfn[KM_TYPE_NR];
};

/* Sets the windows of a machine up; called by boot. Returns: 0 or -ENOMEM. */
int highmem_init(struct machine *m);

/* The page's kernel address: direct map or pkmap; 0 while it has none. */
vaddr_t page_address(const struct machine *m, pfn_t pfn);

/*
 * kmap - give the page a kernel address, or one more user of the one it has
 *
 * Returns: 0 and *@addr; -EWOULDBLOCK when the window is full: the caller now sleeps, in
 * order, and TRACE_KMAP_WOKEN tells when a kunmap() has served it; -EBUSY when too many
 * sleep already (nothing changed).
 */
int kmap(struct machine *m, pfn_t pfn, vaddr_t *addr);

/* Returns: 0; -EINVAL when the page has no address, or no user (the kernel would die of it). */
int kunmap(struct machine *m, pfn_t pfn);

/* Drop all mappings that nobody uses: flush_all_zero_pkmaps(). Returns: how many. */
unsigned kmap_flush_unused(struct machine *m);

/*
 * kmap_atomic - a short-lived mapping on the current CPU
 * kunmap_atomic - the current CPU's latest one ends
 *
 * Returns: 0; -ENOSPC beyond KM_TYPE_NR mappings of high pages (the kernel would use the
 * next CPU's slots); -EINVAL for an address that is no atomic mapping of this CPU, or not
 * the latest (the kernel would clear the wrong one).
 */
int kmap_atomic(struct machine *m, pfn_t pfn, vaddr_t *addr);
int kunmap_atomic(struct machine *m, vaddr_t addr);

/* The address of the current CPU's atomic slot at @depth. */
vaddr_t kmap_atomic_address(const struct machine *m, unsigned cpu, unsigned depth);

/* For those who load a recorded state. */
void pkmap_set(struct machine *m, unsigned slot, unsigned count, pfn_t pfn);

/* Counts, page tables and hash agree. Returns: 0 or -EUCLEAN with @e. */
int highmem_audit(const struct machine *m, struct mm_error *e);

#endif
