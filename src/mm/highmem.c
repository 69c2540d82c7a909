/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kmap and kmap_atomic (highmem.md 1-8). */
#include <errno.h>
#include <mmsh/highmem.h>
#include <mmsh/pgtable.h>
#include <string.h>

/* ---- page -> slot ---- */

static int16_t *hash_bucket(struct pkmap *pk, pfn_t pfn)
{
	return &pk->hash[(pfn * 0x9E370001u) >> 25];
}

static int slot_of(const struct machine *m, pfn_t pfn)
{
	int slot = *hash_bucket(m->pkmap, pfn);

	while (slot >= 0 && m->pkmap->pfn[slot] != pfn)
		slot = m->pkmap->hash_next[slot];
	return slot;
}

static void hash_add(struct pkmap *pk, unsigned slot)
{
	int16_t *p = hash_bucket(pk, pk->pfn[slot]);

	while (*p >= 0)
		p = &pk->hash_next[*p];
	*p = (int16_t)slot;
	pk->hash_next[slot] = -1;
}

static void hash_del(struct pkmap *pk, unsigned slot)
{
	int16_t *p = hash_bucket(pk, pk->pfn[slot]);

	while (*p != (int16_t)slot)
		p = &pk->hash_next[*p];
	*p = pk->hash_next[slot];
}

static bool is_highmem(const struct machine *m, pfn_t pfn)
{
	return m->pkmap && pfn >= m->highstart_pfn;
}

static vaddr_t slot_address(const struct machine *m, unsigned slot)
{
	return m->layout.pkmap_base + (vaddr_t)slot * PAGE_SIZE;
}

vaddr_t page_address(const struct machine *m, pfn_t pfn)
{
	int slot;

	if (!is_highmem(m, pfn))
		return page_to_virt(m, pfn);
	slot = slot_of(m, pfn);
	return slot < 0 ? 0 : slot_address(m, (unsigned)slot);
}

/* ---- the window ---- */

static void set_slot_pte(struct machine *m, unsigned slot, uint64_t entry)
{
	if (m->swapper_pg_dir)
		pgtable_set(m, m->swapper_pg_dir, slot_address(m, slot), entry);
}

unsigned kmap_flush_unused(struct machine *m)
{
	struct pkmap *pk = m->pkmap;
	unsigned flushed = 0;

	for (unsigned slot = 0; pk && slot < m->arch->last_pkmap; slot++) {
		if (pk->count[slot] != 1)
			continue;
		pk->count[slot] = 0;
		hash_del(pk, slot);
		set_slot_pte(m, slot, 0);
		flushed++;
	}
	trace(m, TRACE_KMAP_FLUSH, .a = flushed);
	return flushed;
}

/* Returns: the slot, or -1 when every one has a user: the search came by all of them since
   the last flush. */
static int map_new_virtual(struct machine *m, pfn_t pfn)
{
	struct pkmap *pk = m->pkmap;
	unsigned left = m->arch->last_pkmap;

	for (;;) {
		pk->last_nr = (pk->last_nr + 1) % m->arch->last_pkmap;
		if (!pk->last_nr) {
			kmap_flush_unused(m);
			left = m->arch->last_pkmap;
		}
		if (!pk->count[pk->last_nr])
			break;
		if (!--left)
			return -1;
	}
	pk->count[pk->last_nr] = 1;
	pk->pfn[pk->last_nr] = pfn;
	hash_add(pk, pk->last_nr);
	set_slot_pte(m, pk->last_nr, PFN_PHYS(pfn) | PAGE_KERNEL);
	return (int)pk->last_nr;
}

static int kmap_high(struct machine *m, pfn_t pfn, vaddr_t *addr)
{
	int slot = slot_of(m, pfn);
	bool revived = slot >= 0;

	if (slot < 0)
		slot = map_new_virtual(m, pfn);
	if (slot < 0)
		return -EWOULDBLOCK;
	m->pkmap->count[slot]++;
	*addr = slot_address(m, (unsigned)slot);
	trace(m, TRACE_KMAP, .pfn = pfn, .a = slot, .b = m->pkmap->count[slot], .verdict = revived);
	return 0;
}

int kmap(struct machine *m, pfn_t pfn, vaddr_t *addr)
{
	struct pkmap *pk = m->pkmap;
	int err;

	if (!is_highmem(m, pfn)) {
		*addr = page_to_virt(m, pfn);
		return 0;
	}
	if (pk->nr_waiting == PKMAP_WAITERS && slot_of(m, pfn) < 0)
		return -EBUSY;
	err = kmap_high(m, pfn, addr);
	if (err)
		pk->waiting[pk->nr_waiting++] = pfn;
	return err;
}

/* All sleepers wake and try again in turn; who fails sleeps on. */
static void wake_waiters(struct machine *m)
{
	struct pkmap *pk = m->pkmap;
	unsigned n = pk->nr_waiting;

	pk->nr_waiting = 0;
	for (unsigned i = 0; i < n; i++) {
		vaddr_t addr;

		if (kmap_high(m, pk->waiting[i], &addr))
			pk->waiting[pk->nr_waiting++] = pk->waiting[i];
		else
			trace(m, TRACE_KMAP_WOKEN, .pfn = pk->waiting[i], .a = (int64_t)addr);
	}
}

int kunmap(struct machine *m, pfn_t pfn)
{
	int slot;

	if (!is_highmem(m, pfn))
		return 0;
	slot = slot_of(m, pfn);
	if (slot < 0 || m->pkmap->count[slot] < 2)
		return -EINVAL;
	m->pkmap->count[slot]--;
	trace(m, TRACE_KUNMAP, .pfn = pfn, .a = slot, .b = m->pkmap->count[slot]);
	if (m->pkmap->count[slot] == 1 && m->pkmap->nr_waiting)
		wake_waiters(m);
	return 0;
}

void pkmap_set(struct machine *m, unsigned slot, unsigned count, pfn_t pfn)
{
	m->pkmap->count[slot] = (uint16_t)count;
	if (!count)
		return;
	m->pkmap->pfn[slot] = pfn;
	hash_add(m->pkmap, slot);
	set_slot_pte(m, slot, PFN_PHYS(pfn) | PAGE_KERNEL);
}

/* ---- atomic slots ---- */

vaddr_t kmap_atomic_address(const struct machine *m, unsigned cpu, unsigned depth)
{
	unsigned slot = m->layout.fix_kmap_begin + depth + KM_TYPE_NR * cpu;

	return m->layout.fixaddr_top - (vaddr_t)slot * PAGE_SIZE;
}

static void set_atomic_pte(struct machine *m, vaddr_t addr, uint64_t entry)
{
	if (m->swapper_pg_dir)
		pgtable_set(m, m->swapper_pg_dir, addr, entry);
}

int kmap_atomic(struct machine *m, pfn_t pfn, vaddr_t *addr)
{
	struct kmap_atomic *ka;

	if (!is_highmem(m, pfn)) {
		*addr = page_to_virt(m, pfn);
		return 0;
	}
	ka = &m->kmap_atomic[m->cpu];
	if (ka->depth == KM_TYPE_NR)
		return -ENOSPC;
	ka->pfn[ka->depth] = pfn;
	*addr = kmap_atomic_address(m, m->cpu, ka->depth++);
	set_atomic_pte(m, *addr, PFN_PHYS(pfn) | PAGE_KERNEL);
	trace(m, TRACE_KMAP_ATOMIC, .pfn = pfn, .a = (int64_t)*addr, .b = ka->depth);
	return 0;
}

int kunmap_atomic(struct machine *m, vaddr_t addr)
{
	struct kmap_atomic *ka;

	addr &= ~(vaddr_t)(PAGE_SIZE - 1);
	if (is_lowmem_addr(m, addr))
		return 0;
	ka = m->kmap_atomic ? &m->kmap_atomic[m->cpu] : NULL;
	if (!ka || !ka->depth || addr != kmap_atomic_address(m, m->cpu, ka->depth - 1))
		return -EINVAL;
	ka->depth--;
	set_atomic_pte(m, addr, 0);
	trace(m, TRACE_KUNMAP_ATOMIC, .a = (int64_t)addr, .b = ka->depth);
	return 0;
}

/* ---- set-up and audit ---- */

int highmem_init(struct machine *m)
{
	if (!m->arch->last_pkmap)
		return 0;
	m->pkmap = arena_alloc(&m->arena, sizeof(*m->pkmap));
	m->kmap_atomic = arena_alloc(&m->arena, m->nr_cpus * sizeof(*m->kmap_atomic));
	if (!m->pkmap || !m->kmap_atomic)
		return -ENOMEM;
	memset(m->pkmap->hash, -1, sizeof(m->pkmap->hash));
	return 0;
}

int highmem_audit(const struct machine *m, struct mm_error *e)
{
	const struct pkmap *pk = m->pkmap;

	for (unsigned slot = 0; pk && slot < m->arch->last_pkmap; slot++) {
		phys_t pa = 0;
		bool mapped = m->swapper_pg_dir &&
			      pgtable_lookup(m, m->swapper_pg_dir, slot_address(m, slot), &pa, NULL);

		if (!pk->count[slot] && mapped)
			return mm_error(e, -EUCLEAN, "pkmap slot %u is free but mapped", slot);
		if (!pk->count[slot])
			continue;
		if (slot_of(m, pk->pfn[slot]) != (int)slot)
			return mm_error(e, -EUCLEAN, "pkmap slot %u: its page pfn %u has another address",
					slot, pk->pfn[slot]);
		if (m->swapper_pg_dir && (!mapped || PFN_DOWN(pa) != pk->pfn[slot]))
			return mm_error(e, -EUCLEAN, "pkmap slot %u does not map its page pfn %u", slot,
					pk->pfn[slot]);
	}
	return 0;
}
