/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CONFIG_DEBUG_SLAB (slab.md 11). A slot is laid out
 *
 *	[red zone 8] object [red zone 8] [last caller]
 *
 * as far as the cache has the parts; free bodies are poisoned. What is found damaged is
 * reported and life goes on, unless the kernel itself stops.
 */
#include "slab_def.h"

static int fls32(uint32_t v)
{
	return v ? 32 - __builtin_clz(v) : 0;
}

uint32_t slab_debug_flags(uint32_t size, uint32_t align, uint32_t flags)
{
	/* not when it would double what an object takes */
	if (size < PAGE_SIZE || fls32(size - 1) == fls32(size - 1 + 8 + 16))
		flags |= SLAB_RED_ZONE | SLAB_STORE_USER;
	if (!(flags & SLAB_DESTROY_BY_RCU))
		flags |= SLAB_POISON;
	if (align > 8)
		flags &= ~(SLAB_RED_ZONE | SLAB_STORE_USER);
	return flags;
}

/* ---- the parts of a slot ---- */

static uint64_t read_zone(const struct machine *m, vaddr_t at)
{
	const unsigned char *p = slab_ram(m, at, 8);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, 8);
	return v;
}

static void write_zone(struct machine *m, vaddr_t at, uint64_t v)
{
	unsigned char *p = slab_ram(m, at, 8);

	if (p)
		memcpy(p, &v, 8);
}

static vaddr_t redzone2(const struct kmem_cache *s, vaddr_t slot)
{
	return slot + s->size - (s->flags & SLAB_STORE_USER ? 16 : 8);
}

static void set_zones(struct machine *m, const struct kmem_cache *s, vaddr_t slot, uint64_t v)
{
	if (!(s->flags & SLAB_RED_ZONE))
		return;
	write_zone(m, slot, v);
	write_zone(m, redzone2(s, slot), v);
}

static void set_user(struct machine *m, const struct kmem_cache *s, vaddr_t slot, vaddr_t caller)
{
	unsigned word = m->slab->word;
	unsigned char *p = slab_ram(m, slot + s->size - word, word);

	if (p && (s->flags & SLAB_STORE_USER))
		slab_store(word, p, caller);
}

static void poison(struct machine *m, const struct kmem_cache *s, vaddr_t slot, int value)
{
	unsigned char *p = slab_ram(m, slot + s->offset, s->object_size);

	if (!p || !(s->flags & SLAB_POISON))
		return;
	memset(p, value, s->object_size);
	p[s->object_size - 1] = POISON_END;
}

/* Reports the first byte of a free object that is not as it was left. */
static void check_poison(struct machine *m, const struct kmem_cache *s, pfn_t pfn, vaddr_t slot)
{
	const unsigned char *p = slab_ram(m, slot + s->offset, s->object_size);

	for (uint32_t i = 0; p && (s->flags & SLAB_POISON) && i < s->object_size; i++)
		if (p[i] != (i == s->object_size - 1 ? POISON_END : POISON_FREE)) {
			slab_bad(m, s, pfn, slot, BAD_POISON, i, 0);
			return;
		}
}

static void call_ctor(struct machine *m, const struct kmem_cache *s, vaddr_t slot)
{
	if (s->ctor)
		s->ctor->fn(m, s, slot + s->offset);
}

/* ---- a slab's life ---- */

void slab_debug_init_slot(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t slot)
{
	uint64_t before, behind;

	poison(m, s, slot, POISON_FREE);
	set_user(m, s, slot, 0);
	set_zones(m, s, slot, RED_INACTIVE);
	/* what is poisoned while free must be made anew each time */
	if (s->flags & SLAB_POISON)
		return;
	call_ctor(m, s, slot);
	if (!(s->flags & SLAB_RED_ZONE))
		return;
	before = read_zone(m, slot);
	behind = read_zone(m, redzone2(s, slot));
	if (behind != RED_INACTIVE)
		slab_bad(m, s, pfn, slot, BAD_CTOR_END, before, behind);
	if (before != RED_INACTIVE)
		slab_bad(m, s, pfn, slot, BAD_CTOR_START, before, behind);
}

vaddr_t slab_debug_alloc(struct machine *m, struct kmem_cache *s, vaddr_t slot)
{
	pfn_t pfn = virt_to_head_pfn(m, slot);
	uint64_t before, behind;

	check_poison(m, s, pfn, slot);
	poison(m, s, slot, POISON_INUSE);
	set_user(m, s, slot, m->slab->caller);
	if (s->flags & SLAB_RED_ZONE) {
		before = read_zone(m, slot);
		behind = read_zone(m, redzone2(s, slot));
		if (before != RED_INACTIVE || behind != RED_INACTIVE)
			slab_bad(m, s, pfn, slot, BAD_ALLOC_REDZONE, before, behind);
		set_zones(m, s, slot, RED_ACTIVE);
	}
	if (s->flags & SLAB_POISON)
		call_ctor(m, s, slot);
	return slot + s->offset;
}

static void verify_redzone_free(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t slot)
{
	uint64_t before = read_zone(m, slot), behind = read_zone(m, redzone2(s, slot));

	if (before == RED_ACTIVE && behind == RED_ACTIVE)
		return;
	slab_bad(m, s, pfn, slot,
		 before == RED_INACTIVE && behind == RED_INACTIVE ? BAD_DOUBLE_FREE
								  : BAD_OVERWRITTEN,
		 before, behind);
}

vaddr_t slab_debug_free(struct machine *m, struct kmem_cache *s, vaddr_t object)
{
	vaddr_t slot = object - s->offset;
	pfn_t pfn = virt_to_head_pfn(m, slot);
	uint32_t idx;

	if (pfn == PFN_NONE) {
		slab_oops(m, s, slot);
		return 0;
	}
	if (s->flags & SLAB_RED_ZONE)
		verify_redzone_free(m, s, pfn, slot);
	pfn = slab_of(m, s, slot, &idx);
	if (pfn == PFN_NONE || slab_obj_addr(m, s, pfn, idx) != slot) {
		slab_bad(m, s, pfn, slot, BAD_FREE_POINTER, 0, 0);
		m->slab->oopses++;
		return 0;
	}
	set_zones(m, s, slot, RED_INACTIVE);
	set_user(m, s, slot, m->slab->caller);
	poison(m, s, slot, POISON_FREE);
	return slot;
}

bool slab_debug_put(struct machine *m, struct kmem_cache *s, pfn_t pfn, uint32_t idx)
{
	const struct page *p = pfn_to_page(m, pfn);
	const uint8_t *freelist = slab_freelist(m, s, pfn);

	for (uint32_t i = p->active; i < s->num; i++)
		if (freelist[i] == idx) {
			slab_bad(m, s, pfn, slab_obj_addr(m, s, pfn, idx), BAD_PUT_TWICE, 0, 0);
			m->slab->oopses++;
			return false;
		}
	return true;
}

void slab_debug_destroy(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	for (uint32_t i = 0; i < s->num; i++) {
		vaddr_t slot = slab_obj_addr(m, s, pfn, i);
		uint64_t before = read_zone(m, slot), behind = read_zone(m, redzone2(s, slot));

		check_poison(m, s, pfn, slot);
		if (!(s->flags & SLAB_RED_ZONE))
			continue;
		if (before != RED_INACTIVE)
			slab_bad(m, s, pfn, slot, BAD_FREED_START, before, behind);
		if (behind != RED_INACTIVE)
			slab_bad(m, s, pfn, slot, BAD_FREED_END, before, behind);
	}
}
