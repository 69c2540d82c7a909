/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The slow path of the page allocator (buddy.md 12): the first walk found nothing.
 * Steps in order: wake kswapd, try at the min mark, reserves, compaction, reclaim,
 * the OOM step. Where a real caller would wait for somebody else to free memory there
 * is nobody else here, so the request fails and the trace says SLOW_FOREVER.
 */
#include "page_alloc.h"
#include "vmstat.h"
#include <mmsh/compaction.h>

#define PAGE_ALLOC_COSTLY_ORDER 3

static int gfp_to_alloc_flags(gfp_t gfp)
{
	int flags = WMARK_MIN | ALLOC_CPUSET;

	if (gfp & __GFP_HIGH)
		flags |= ALLOC_HIGH;
	if (gfp & __GFP_ATOMIC) {
		if (!(gfp & __GFP_NOMEMALLOC))
			flags |= ALLOC_HARDER;
		flags &= ~ALLOC_CPUSET;
	}
	if ((gfp & __GFP_MEMALLOC) && !(gfp & __GFP_NOMEMALLOC))
		flags |= ALLOC_NO_WATERMARKS;
	return flags;
}

/* 10 reports in 5 seconds (proc-zones.md 9). */
bool warn_ratelimit(struct machine *m, unsigned *suppressed)
{
	*suppressed = 0;
	if (!m->ratelimit_printed) /* the first one ever opens the first window */
		m->ratelimit_begin = m->jiffies;
	if (m->jiffies > m->ratelimit_begin + 5 * HZ) {
		*suppressed = m->ratelimit_missed;
		m->ratelimit_begin = m->jiffies;
		m->ratelimit_printed = m->ratelimit_missed = 0;
	}
	if (m->ratelimit_printed >= 10) {
		m->ratelimit_missed++;
		return false;
	}
	m->ratelimit_printed++;
	return true;
}

static void warn_alloc_failed(struct machine *m, gfp_t gfp, unsigned order)
{
	unsigned suppressed;

	trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_FAIL);
	if ((gfp & __GFP_NOWARN) || !warn_ratelimit(m, &suppressed))
		return;
	trace(m, TRACE_WARN_ALLOC_FAILED, .order = (uint8_t)order, .a = gfp, .b = suppressed);
}

static pfn_t attempt(struct machine *m, gfp_t gfp, unsigned order, int alloc_flags,
		     const struct alloc_context *ac, enum trace_attempt why)
{
	trace(m, TRACE_ATTEMPT, .order = (uint8_t)order, .a = alloc_flags, .b = why);
	return get_page_from_freelist(m, gfp, order, alloc_flags, ac);
}

static pfn_t alloc_pages_direct_compact(struct machine *m, gfp_t gfp, unsigned order, int alloc_flags,
					const struct alloc_context *ac, enum migrate_mode mode,
					bool *deferred)
{
	enum compact_result res;
	pfn_t pfn;

	if (!order)
		return PFN_NONE;
	res = try_to_compact_pages(m, gfp, order, alloc_flags, ac->start, ac->high_zoneidx,
				   ac->nodes, ac->classzone_idx, mode);
	trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_COMPACT, .b = res);
	if (res == COMPACT_DEFERRED || res == COMPACT_SKIPPED) {
		*deferred |= res == COMPACT_DEFERRED;
		return PFN_NONE;
	}
	count_vm_events(m, COMPACTSTALL, 1);
	pfn = attempt(m, gfp, order, alloc_flags & ~ALLOC_NO_WATERMARKS, ac, ATTEMPT_COMPACT);
	if (pfn != PFN_NONE) {
		struct zone *z = m->zone_by_id[block_zone(pfn_to_page(m, pfn)->block)];

		z->compact_blockskip_flush = false;
		compaction_defer_reset(z, order, true);
	}
	count_vm_events(m, pfn != PFN_NONE ? COMPACTSUCCESS : COMPACTFAIL, 1);
	return pfn;
}

static pfn_t alloc_pages_direct_reclaim(struct machine *m, gfp_t gfp, unsigned order, int alloc_flags,
					const struct alloc_context *ac, unsigned long *progress)
{
	pfn_t pfn;

	*progress = try_to_free_pages(m, gfp, order, ac);
	trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_RECLAIM, .b = (int64_t)*progress);
	if (!*progress)
		return PFN_NONE;
	pfn = attempt(m, gfp, order, alloc_flags & ~ALLOC_NO_WATERMARKS, ac, ATTEMPT_RECLAIM);
	if (pfn != PFN_NONE)
		return pfn;
	unreserve_highatomic_pageblock(m, ac);
	drain_all_pages(m);
	trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_DRAIN);
	return attempt(m, gfp, order, alloc_flags & ~ALLOC_NO_WATERMARKS, ac, ATTEMPT_DRAINED);
}

enum oom_outcome { OOM_GAVE_UP, OOM_WOULD_LOOP, OOM_NO_VICTIM };

/* buddy.md 12.3. No task of the model can be killed, so progress is never real. */
static enum oom_outcome alloc_pages_may_oom(struct machine *m, gfp_t gfp, unsigned order,
					    const struct alloc_context *ac, pfn_t *pfn)
{
	int refused = -1;

	*pfn = attempt(m, gfp | __GFP_HARDWALL, order, WMARK_HIGH | ALLOC_CPUSET, ac, ATTEMPT_OOM);
	if (*pfn != PFN_NONE)
		return OOM_GAVE_UP;
	if (!(gfp & __GFP_NOFAIL)) {
		if (order > PAGE_ALLOC_COSTLY_ORDER)
			refused = 0;
		else if (ac->high_zoneidx < m->arch->zone_normal)
			refused = 1;
		else if (!(gfp & __GFP_FS))
			refused = 3;
		else if (gfp & __GFP_THISNODE)
			refused = 2;
	}
	if (refused >= 0)
		trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_OOM_REFUSED, .b = refused);
	if (refused == 3)
		return OOM_WOULD_LOOP;
	if (refused >= 0)
		return OOM_GAVE_UP;
	trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_OOM);
	trace(m, TRACE_OOM, .order = (uint8_t)order, .a = gfp);
	return OOM_NO_VICTIM;
}

/* S3-S6: what needs no waiting, at the start and again in each further round. */
static pfn_t alloc_pages_unblocked(struct machine *m, gfp_t gfp, unsigned order, int alloc_flags,
				   const struct alloc_context *ac)
{
	pfn_t pfn;

	if (gfp & __GFP_KSWAPD_RECLAIM)
		for_each_zone_of(ac, ref)
			wakeup_kswapd(m, ref->zone, order, ac->preferred->idx);
	trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_ENTER, .b = alloc_flags);
	pfn = attempt(m, gfp, order, alloc_flags & ~ALLOC_NO_WATERMARKS, ac, ATTEMPT_MIN);
	if (pfn == PFN_NONE && (alloc_flags & ALLOC_NO_WATERMARKS))
		pfn = attempt(m, gfp, order, ALLOC_NO_WATERMARKS, ac, ATTEMPT_NO_WATERMARKS);
	return pfn;
}

static pfn_t would_wait_for_ever(struct machine *m, unsigned order, bool *report)
{
	trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_FOREVER);
	*report = false;
	return PFN_NONE;
}

/* S9-S17 for a caller that may block. Returns: the page, or PFN_NONE; *@report tells whether
   the kernel would have come back to say so. */
static pfn_t alloc_pages_blocking(struct machine *m, gfp_t gfp, unsigned order, int alloc_flags,
				  const struct alloc_context *ac, bool *report)
{
	bool thp = (gfp & GFP_TRANSHUGE) == GFP_TRANSHUGE && !(gfp & __GFP_KSWAPD_RECLAIM);
	enum migrate_mode mode = MIGRATE_ASYNC;
	unsigned long progress, reclaimed = 0;
	bool deferred = false;
	enum oom_outcome oom;
	pfn_t pfn;

	for (bool again = false;; again = true) {
		pfn = alloc_pages_direct_compact(m, gfp, order, alloc_flags, ac, mode, &deferred);
		if (pfn != PFN_NONE || (thp && deferred))
			return pfn;
		if (!thp) /* a fault must not wait for a large page */
			mode = MIGRATE_SYNC_LIGHT;
		pfn = alloc_pages_direct_reclaim(m, gfp, order, alloc_flags, ac, &progress);
		if (pfn != PFN_NONE)
			return pfn;
		if (gfp & __GFP_NORETRY) {
			trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_NORETRY);
			return alloc_pages_direct_compact(m, gfp, order, alloc_flags, ac, mode,
							  &deferred);
		}
		reclaimed += progress;
		if (!(progress && order <= PAGE_ALLOC_COSTLY_ORDER) &&
		    !((gfp & __GFP_REPEAT) && reclaimed < 1ul << order))
			break;
		if (again && !progress)
			return would_wait_for_ever(m, order, report);
		trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_RETRY);
		pfn = alloc_pages_unblocked(m, gfp, order, alloc_flags, ac);
		if (pfn != PFN_NONE)
			return pfn;
	}

	oom = alloc_pages_may_oom(m, gfp, order, ac, &pfn);
	if (pfn != PFN_NONE)
		return pfn;
	if (oom == OOM_WOULD_LOOP)
		return would_wait_for_ever(m, order, report);
	if (oom == OOM_NO_VICTIM) {
		*report = false;
		return PFN_NONE;
	}
	return alloc_pages_direct_compact(m, gfp, order, alloc_flags, ac, mode, &deferred);
}

pfn_t alloc_pages_slowpath(struct machine *m, gfp_t gfp, unsigned order, struct alloc_context *ac)
{
	int alloc_flags;
	bool report = true;
	pfn_t pfn;

	if (order >= MAX_ORDER) {
		trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_TOO_LARGE);
		if (!(gfp & __GFP_NOWARN) && !m->warned_order) {
			m->warned_order = true;
			trace(m, TRACE_WARN_ORDER, .order = (uint8_t)order, .a = gfp);
		}
		return PFN_NONE;
	}
	if ((gfp & (__GFP_ATOMIC | __GFP_DIRECT_RECLAIM)) == (__GFP_ATOMIC | __GFP_DIRECT_RECLAIM))
		gfp &= ~__GFP_ATOMIC;
	if (m->numa && (gfp & __GFP_THISNODE) && !(gfp & __GFP_DIRECT_RECLAIM)) {
		warn_alloc_failed(m, gfp, order);
		return PFN_NONE;
	}
	alloc_flags = gfp_to_alloc_flags(gfp);
	pfn = alloc_pages_unblocked(m, gfp, order, alloc_flags, ac);
	if (pfn != PFN_NONE)
		return pfn;
	if ((alloc_flags & ALLOC_NO_WATERMARKS) && (gfp & __GFP_NOFAIL))
		return would_wait_for_ever(m, order, &report);
	if (!(gfp & __GFP_DIRECT_RECLAIM)) {
		trace(m, TRACE_SLOWPATH, .order = (uint8_t)order, .a = SLOW_NO_RECLAIM);
		warn_alloc_failed(m, gfp, order);
		return PFN_NONE;
	}
	pfn = alloc_pages_blocking(m, gfp, order, alloc_flags, ac, &report);
	if (pfn == PFN_NONE && report)
		warn_alloc_failed(m, gfp, order);
	return pfn;
}
