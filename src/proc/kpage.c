/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/kpageflags and /proc/kpagecount: one 64-bit number a page frame. */
#include "files.h"
#include <mmsh/fault.h>
#include <mmsh/page_alloc.h>
#include <string.h>

enum kpf {
	KPF_LOCKED = 0,
	KPF_ERROR = 1,
	KPF_REFERENCED = 2,
	KPF_UPTODATE = 3,
	KPF_DIRTY = 4,
	KPF_LRU = 5,
	KPF_ACTIVE = 6,
	KPF_SLAB = 7,
	KPF_WRITEBACK = 8,
	KPF_RECLAIM = 9,
	KPF_BUDDY = 10,
	KPF_MMAP = 11,
	KPF_ANON = 12,
	KPF_SWAPCACHE = 13,
	KPF_SWAPBACKED = 14,
	KPF_COMPOUND_HEAD = 15,
	KPF_COMPOUND_TAIL = 16,
	KPF_UNEVICTABLE = 18,
	KPF_NOPAGE = 20,
	KPF_ZERO_PAGE = 24,
	KPF_RESERVED = 32,
	KPF_MLOCKED = 33,
	KPF_MAPPEDTODISK = 34,
	KPF_PRIVATE = 35,
	KPF_PRIVATE_2 = 36,
	KPF_OWNER_PRIVATE = 37,
	KPF_ARCH = 38,
};

static const struct {
	uint8_t pg, kpf;
} flag_map[] = {
	{PG_locked, KPF_LOCKED},
	{PG_error, KPF_ERROR},
	{PG_referenced, KPF_REFERENCED},
	{PG_uptodate, KPF_UPTODATE},
	{PG_dirty, KPF_DIRTY},
	{PG_lru, KPF_LRU},
	{PG_active, KPF_ACTIVE},
	{PG_slab, KPF_SLAB},
	{PG_writeback, KPF_WRITEBACK},
	{PG_reclaim, KPF_RECLAIM},
	{PG_swapcache, KPF_SWAPCACHE},
	{PG_swapbacked, KPF_SWAPBACKED},
	{PG_head, KPF_COMPOUND_HEAD},
	{PG_tail, KPF_COMPOUND_TAIL},
	{PG_unevictable, KPF_UNEVICTABLE},
	{PG_mlocked, KPF_MLOCKED},
	{PG_mappedtodisk, KPF_MAPPEDTODISK},
	{PG_private, KPF_PRIVATE},
	{PG_private_2, KPF_PRIVATE_2},
	{PG_owner_priv_1, KPF_OWNER_PRIVATE},
	{PG_arch_1, KPF_ARCH},
};

static uint64_t stable_page_flags(const struct machine *m, pfn_t pfn)
{
	const struct page *page = pfn_to_page(m, pfn);
	uint64_t u = 0;

	if (!pfn_valid(m, pfn))
		return 1ull << KPF_NOPAGE;
	for (size_t i = 0; i < ARRAY_SIZE(flag_map); i++)
		if (page->flags >> flag_map[i].pg & 1)
			u |= 1ull << flag_map[i].kpf;
	if (!(page->flags & PG(slab)) && page->mapcount)
		u |= 1ull << KPF_MMAP;
	if (page->_refcount > 0 && page_is_mapping(page) && page_is_anon(page))
		u |= 1ull << KPF_ANON;
	if (page_is_reserved(m, pfn))
		u |= 1ull << KPF_RESERVED;
	if (m->mm && m->mm->zero_pfn && pfn == m->mm->zero_pfn)
		u |= 1ull << KPF_ZERO_PAGE;
	if (free_block_order(m, pfn) >= 0)
		u |= 1ull << KPF_BUDDY;
	return u;
}

/* The head of a free block shows its mark, -128, where others have a count. */
static uint64_t page_mapcount(const struct machine *m, pfn_t pfn)
{
	const struct page *page = pfn_to_page(m, pfn);

	if (!pfn_valid(m, pfn) || (page->flags & PG(slab)))
		return 0;
	if (free_block_order(m, pfn) >= 0)
		return (uint64_t)(-128 + 1);
	return (uint64_t)(int64_t)page->mapcount;
}

/* Bytes [off, off + len) of an array of numbers of which only those wanted are computed. */
static size_t read_numbers(const struct machine *m, uint64_t off, void *buf, size_t len,
			   uint64_t (*number)(const struct machine *m, pfn_t pfn))
{
	uint64_t size = m->max_pfn * sizeof(uint64_t);
	char *to = buf;

	if (off >= size)
		return 0;
	len = min_of((uint64_t)len, size - off);
	for (size_t done = 0; done < len;) {
		uint64_t n = number(m, (pfn_t)((off + done) / sizeof(n)));
		size_t skip = (off + done) % sizeof(n);
		size_t part = min_of(sizeof(n) - skip, len - done);

		memcpy(to + done, (const char *)&n + skip, part);
		done += part;
	}
	return len;
}

size_t kpageflags_read(const struct machine *m, const struct proc_file *f, uint64_t off, void *buf, size_t len)
{
	(void)f;
	return read_numbers(m, off, buf, len, stable_page_flags);
}

size_t kpagecount_read(const struct machine *m, const struct proc_file *f, uint64_t off, void *buf, size_t len)
{
	(void)f;
	return read_numbers(m, off, buf, len, page_mapcount);
}
