/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SLUB: red zones, poison, owners, and the checks of caches that have them (slub.md 9).
 *
 * A check that fails reports first, with the bad bytes still in place, and then repairs.
 * What is checked may have been written by anybody: only the slab's place and the cache are
 * taken for granted.
 */
#include "slub.h"

#define TRACK_ADDRS_COUNT 16
#define INITIAL_JIFFIES ((uint32_t)(-300 * HZ))

static unsigned char *host(const struct machine *m, vaddr_t addr)
{
	return m->ram + (addr - m->slab->base);
}

static uint64_t slab_bytes(const struct machine *m, pfn_t pfn)
{
	return PAGE_SIZE << slab_order(m, pfn);
}

bool check_valid_pointer(const struct machine *m, const struct kmem_cache *s, pfn_t pfn,
			 vaddr_t object)
{
	uint64_t off = object - slab_va(m, pfn);

	if (!object)
		return true;
	return off < (uint64_t)pfn_to_page(m, pfn)->objects * s->size && off % s->size == 0 &&
	       off + s->size <= slab_bytes(m, pfn);
}

/* ---- who ---- */

unsigned sizeof_track(const struct machine *m)
{
	unsigned word = m->slab->word;

	return 2 * word + 8 + (m->slab->params.stacktrace ? TRACK_ADDRS_COUNT * word : 0);
}

static vaddr_t track_addr(const struct machine *m, const struct kmem_cache *s, vaddr_t object,
			  enum track_item which)
{
	vaddr_t p = object + (s->offset ? s->offset + m->slab->word : s->inuse);

	return p + which * sizeof_track(m);
}

static void set_track(struct machine *m, const struct kmem_cache *s, vaddr_t object,
		      enum track_item which)
{
	const struct slab_system *sys = m->slab;
	unsigned char *p = slab_ram(m, track_addr(m, s, object, which), sizeof_track(m));
	uint32_t cpu = m->cpu, pid = (uint32_t)sys->pid;

	if (!p)
		return;
	memset(p, 0, sizeof_track(m));
	slab_store(sys->word, p, sys->caller);
	p += sys->word * (sys->params.stacktrace ? 1 + TRACK_ADDRS_COUNT : 1);
	memcpy(p, &cpu, 4);
	memcpy(p + 4, &pid, 4);
	slab_store(sys->word, p + 8, m->jiffies + INITIAL_JIFFIES);
}

bool slub_get_track(const struct machine *m, const struct kmem_cache *s, vaddr_t object, bool freed,
		    struct slub_track *t)
{
	const struct slab_system *sys = m->slab;
	const unsigned char *p;

	if (!(s->flags & SLAB_STORE_USER))
		return false;
	p = slab_ram(m, track_addr(m, s, object, freed ? TRACK_FREE : TRACK_ALLOC),
		     sizeof_track(m));
	if (!p)
		return false;
	t->caller = slab_load(sys->word, p);
	p += sys->word * (sys->params.stacktrace ? 1 + TRACK_ADDRS_COUNT : 1);
	memcpy(&t->cpu, p, 4);
	memcpy(&t->pid, p + 4, 4);
	t->age = m->jiffies + INITIAL_JIFFIES - slab_load(sys->word, p + 8);
	if (sys->word == 4)
		t->age = (uint32_t)t->age;
	return t->caller != 0;
}

/* ---- what is written ---- */

void init_object(struct machine *m, const struct kmem_cache *s, vaddr_t object, uint8_t val)
{
	unsigned char *p = host(m, object);

	if (s->flags & __OBJECT_POISON) {
		memset(p, POISON_FREE, s->object_size - 1);
		p[s->object_size - 1] = POISON_END;
	}
	if (s->flags & SLAB_RED_ZONE)
		memset(p + s->object_size, val, s->inuse - s->object_size);
}

void setup_slab_debug(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	if (s->flags & SLAB_POISON)
		memset(m->ram + PFN_PHYS(pfn), POISON_INUSE, slab_bytes(m, pfn));
}

void setup_object_debug(struct machine *m, struct kmem_cache *s, vaddr_t object)
{
	unsigned char *p = slab_ram(m, track_addr(m, s, object, TRACK_ALLOC), 2 * sizeof_track(m));

	init_object(m, s, object, SLUB_RED_INACTIVE);
	if (s->flags & SLAB_STORE_USER && p)
		memset(p, 0, 2 * sizeof_track(m));
}

/* ---- bytes that must be there ---- */

/* The first byte of @n that is not @val; NULL: none. */
static unsigned char *check_bytes(unsigned char *p, uint8_t val, size_t n)
{
	for (; n; n--, p++)
		if (*p != val)
			return p;
	return NULL;
}

/* Returns: whether [addr, addr + n) was all @val; else it is reported and repaired. */
static bool check_bytes_and_report(struct machine *m, struct kmem_cache *s, pfn_t pfn,
				   vaddr_t object, enum slab_report what, vaddr_t addr, uint8_t val,
				   size_t n)
{
	unsigned char *p = host(m, addr), *fault = check_bytes(p, val, n), *end = p + n;
	int64_t first, last;

	if (!fault)
		return true;
	while (end > fault && end[-1] == val)
		end--;
	first = (int64_t)(addr + (uint64_t)(fault - p));
	last = (int64_t)(addr + (uint64_t)(end - 1 - p));
	slab_report(m, s, what, pfn, (int64_t)object, first, last, val);
	slab_report(m, s, REPORT_FIX_RESTORE, pfn, (int64_t)object, first, last, val);
	memset(fault, val, (size_t)(end - fault));
	return false;
}

static void check_pad_bytes(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object)
{
	uint32_t off = s->inuse;

	if (s->offset)
		off += m->slab->word;
	if (s->flags & SLAB_STORE_USER)
		off += 2 * sizeof_track(m);
	if (s->size > off)
		check_bytes_and_report(m, s, pfn, object, REPORT_OBJECT_PADDING, object + off,
				       POISON_INUSE, s->size - off);
}

/* What is left behind the last object. The repair ends where the damage does, and is as
   long as the tail: it may begin before it. */
static void slab_pad_check(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	uint64_t bytes = slab_bytes(m, pfn);
	size_t tail = (size_t)(bytes % s->size);
	unsigned char *end = m->ram + PFN_PHYS(pfn) + bytes, *fault;
	vaddr_t va_end = slab_va(m, pfn) + bytes;
	size_t good = 0;

	if (!(s->flags & SLAB_POISON) || !tail)
		return;
	fault = check_bytes(end - tail, POISON_INUSE, tail);
	if (!fault)
		return;
	while (end[-1 - (ptrdiff_t)good] == POISON_INUSE)
		good++;
	va_end -= good;
	slab_report(m, s, REPORT_SLAB_PADDING, pfn, (int64_t)(va_end - tail),
		    (int64_t)(va_end + good - (uint64_t)(end - fault)), (int64_t)(va_end - 1),
		    (int64_t)tail);
	slab_report(m, s, REPORT_FIX_RESTORE, pfn, 0, (int64_t)(va_end - tail),
		    (int64_t)(va_end - 1), POISON_INUSE);
	memset(end - good - tail, POISON_INUSE, tail);
}

/* ---- checks (slub.md 9.4 - 9.6) ---- */

static bool check_red_zone(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object,
			   uint8_t val)
{
	uint32_t gap = s->inuse - s->object_size;

	if (s->flags & SLAB_RED_ZONE)
		return check_bytes_and_report(m, s, pfn, object, REPORT_REDZONE,
					      object + s->object_size, val, gap);
	if (s->flags & SLAB_POISON && gap)
		check_bytes_and_report(m, s, pfn, object, REPORT_ALIGN_PADDING,
				       object + s->object_size, POISON_INUSE, gap);
	return true;
}

static bool check_poison(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object)
{
	uint32_t last = s->object_size - 1;

	return check_bytes_and_report(m, s, pfn, object, REPORT_POISON, object, POISON_FREE,
				      last) &&
	       check_bytes_and_report(m, s, pfn, object, REPORT_POISON, object + last, POISON_END,
				      1);
}

/* @val: the red zone that is expected, which says whether the object is in use. */
static bool check_object(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object,
			 uint8_t val)
{
	if (!check_red_zone(m, s, pfn, object, val))
		return false;
	if (s->flags & SLAB_POISON) {
		if (val != SLUB_RED_ACTIVE && s->flags & __OBJECT_POISON &&
		    !check_poison(m, s, pfn, object))
			return false;
		check_pad_bytes(m, s, pfn, object);
	}
	if (!s->offset && val == SLUB_RED_ACTIVE)
		return true; /* the user's bytes are there */
	if (check_valid_pointer(m, s, pfn, get_freepointer(m, s, object)))
		return true;
	slab_report(m, s, REPORT_FREEPTR, pfn, (int64_t)object, 0, 0, 0);
	set_freepointer(m, s, object, 0);
	return false;
}

static unsigned max_objects(const struct machine *m, const struct kmem_cache *s, pfn_t pfn)
{
	return min_of(order_objects(slab_order(m, pfn), s->size, s->reserved),
		      (unsigned)MAX_OBJS_PER_PAGE);
}

static bool check_slab(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	const struct page *p = pfn_to_page(m, pfn);

	if (!(p->flags & PG(slab))) {
		slab_report(m, s, REPORT_NOT_SLAB, pfn, 0, 0, 0, 0);
		return false;
	}
	if (p->objects > max_objects(m, s, pfn)) {
		slab_report(m, s, REPORT_OBJECTS, pfn, 0, 0, 0, max_objects(m, s, pfn));
		return false;
	}
	if (p->inuse > p->objects) {
		slab_report(m, s, REPORT_INUSE, pfn, 0, 0, 0, p->objects);
		return false;
	}
	slab_pad_check(m, s, pfn);
	return true;
}

static void fix_counts(struct machine *m, struct kmem_cache *s, pfn_t pfn, unsigned nr)
{
	struct page *p = pfn_to_page(m, pfn);
	unsigned most = max_objects(m, s, pfn);

	if (p->objects != most) {
		slab_report(m, s, REPORT_COUNT_OBJECTS, pfn, 0, 0, 0, most);
		p->objects = (uint16_t)(most & MAX_OBJS_PER_PAGE);
		slab_report(m, s, REPORT_FIX_OBJECTS, pfn, 0, 0, 0, 0);
	}
	if (p->inuse != (int)p->objects - (int)nr) {
		slab_report(m, s, REPORT_COUNT_INUSE, pfn, 0, 0, 0, (int)p->objects - (int)nr);
		p->inuse = (uint16_t)(p->objects - nr);
		slab_report(m, s, REPORT_FIX_COUNT, pfn, 0, 0, 0, 0);
	}
}

/* Follows the slab's freelist. @search 0: to its end, so as to check it. */
static bool on_freelist(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t search)
{
	struct page *p = pfn_to_page(m, pfn);
	vaddr_t fp = page_freelist(p), object = 0;
	unsigned nr = 0;

	while (fp && nr <= p->objects) {
		if (fp == search)
			return true;
		if (!check_valid_pointer(m, s, pfn, fp)) {
			if (!object) {
				slab_report(m, s, REPORT_SLAB_FREEPTR, pfn, 0, 0, 0, 0);
				set_page_freelist(p, 0);
				p->inuse = p->objects;
				slab_report(m, s, REPORT_FIX_FREELIST, pfn, 0, 0, 0, 0);
				return false;
			}
			slab_report(m, s, REPORT_FREECHAIN, pfn, (int64_t)object, 0, 0, 0);
			set_freepointer(m, s, object, 0);
			break;
		}
		object = fp;
		fp = get_freepointer(m, s, object);
		nr++;
	}
	fix_counts(m, s, pfn, nr);
	return !search;
}

/* ---- allocating and freeing ---- */

static void trace_object(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object,
			 enum slab_report what)
{
	if (s->flags & SLAB_TRACE)
		slab_report(m, s, what, pfn, (int64_t)object, 0, 0, 0);
}

static bool alloc_checks(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object)
{
	if (!check_slab(m, s, pfn))
		return false;
	if (!check_valid_pointer(m, s, pfn, object)) {
		slab_report(m, s, REPORT_FREELIST_CHECK, pfn, (int64_t)object, 0, 0, 0);
		return false;
	}
	return check_object(m, s, pfn, object, SLUB_RED_INACTIVE);
}

bool alloc_debug_processing(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object)
{
	struct page *p = pfn_to_page(m, pfn);

	if (alloc_checks(m, s, pfn, object)) {
		if (s->flags & SLAB_STORE_USER)
			set_track(m, s, object, TRACK_ALLOC);
		trace_object(m, s, pfn, object, REPORT_TRACE_ALLOC);
		init_object(m, s, object, SLUB_RED_ACTIVE);
		return true;
	}
	if (p->flags & PG(slab)) {
		slab_report(m, s, REPORT_FIX_USED, pfn, 0, 0, 0, 0);
		p->inuse = p->objects;
		set_page_freelist(p, 0);
	}
	return false;
}

/* Whether @object is @s's; the kernel looks last, when all else was in order. */
static bool check_owner(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t object)
{
	const struct page *p = pfn_to_page(m, pfn);

	if (page_cache(m, p) == s)
		return true;
	slab_report(m, s,
		    !(p->flags & PG(slab)) ? REPORT_OUTSIDE
		    : !page_cache(m, p)	   ? REPORT_NO_SLAB
					   : REPORT_PAGE_SLAB,
		    pfn, (int64_t)object, 0, 0, 0);
	return false;
}

enum free_verdict { FREE_REFUSED, FREE_UNTOUCHED, FREE_CHECKED };

static enum free_verdict free_checks(struct machine *m, struct kmem_cache *s, pfn_t pfn,
				     vaddr_t object)
{
	if (!check_valid_pointer(m, s, pfn, object)) {
		slab_report(m, s, REPORT_INVALID_POINTER, pfn, (int64_t)object, 0, 0, 0);
		return FREE_REFUSED;
	}
	if (on_freelist(m, s, pfn, object)) {
		slab_report(m, s, REPORT_ALREADY_FREE, pfn, (int64_t)object, 0, 0, 0);
		return FREE_REFUSED;
	}
	if (!check_object(m, s, pfn, object, SLUB_RED_ACTIVE))
		return FREE_UNTOUCHED;
	return check_owner(m, s, pfn, object) ? FREE_CHECKED : FREE_REFUSED;
}

bool free_debug_processing(struct machine *m, struct kmem_cache *s, pfn_t pfn, vaddr_t head,
			   vaddr_t tail, unsigned cnt)
{
	enum free_verdict v;
	vaddr_t object = head;

	m->slab->locked = true;
	v = check_slab(m, s, pfn) ? FREE_CHECKED : FREE_REFUSED;
	while (v == FREE_CHECKED && cnt--) {
		v = free_checks(m, s, pfn, object);
		if (v == FREE_CHECKED) {
			if (s->flags & SLAB_STORE_USER)
				set_track(m, s, object, TRACK_FREE);
			trace_object(m, s, pfn, object, REPORT_TRACE_FREE);
			init_object(m, s, object, SLUB_RED_INACTIVE);
		}
		if (object == tail)
			break;
		object = get_freepointer(m, s, object);
	}
	m->slab->locked = false;
	if (v != FREE_REFUSED)
		return true;
	slab_report(m, s, REPORT_FIX_NOT_FREED, pfn, (int64_t)object, 0, 0, 0);
	slab_step(m, s, STEP_SLUB_UNCHECKED, pfn, (int64_t)object, 0);
	return false;
}

/* Before the pages go: no object can be in use, so all must look free. */
void discard_slab_debug(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	unsigned objects = pfn_to_page(m, pfn)->objects;
	vaddr_t object = slab_va(m, pfn);

	slab_pad_check(m, s, pfn);
	for (unsigned i = 0; i < objects; i++, object += s->size)
		if (check_valid_pointer(m, s, pfn, object))
			check_object(m, s, pfn, object, SLUB_RED_INACTIVE);
}

/* ---- validate (slub.md 12) ---- */

/* Objects on the freelist must look free, the others in use. A freelist that came out of the
   check is sound. */
static void check_all(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	static const uint8_t red[] = {[false] = SLUB_RED_ACTIVE, [true] = SLUB_RED_INACTIVE};
	unsigned objects = pfn_to_page(m, pfn)->objects;
	vaddr_t object = slab_va(m, pfn);
	uint8_t state[MAX_OBJS_PER_PAGE];

	if (!check_slab(m, s, pfn) || !on_freelist(m, s, pfn, 0))
		return;
	slub_objects(m, pfn, state, MAX_OBJS_PER_PAGE);
	for (int free = 1; free >= 0; free--)
		for (unsigned i = 0; i < objects; i++)
			if ((state[i] != OBJ_ALLOCATED) == free &&
			    !check_object(m, s, pfn, object + (uint64_t)i * s->size, red[free]))
				return;
}

static void validate_slab(struct machine *m, struct kmem_cache *s, pfn_t pfn)
{
	m->slab->locked = true;
	check_all(m, s, pfn);
	m->slab->locked = false;
}

void slub_validate(struct machine *m, struct kmem_cache *s)
{
	flush_all(m, s);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct kmem_cache_node *n = s->node[nid];

		if (!n)
			continue;
		for (pfn_t p = n->partial.head; p != PFN_NONE; p = pfn_to_page(m, p)->lru.next)
			validate_slab(m, s, p);
		for (pfn_t p = n->full.head; p != PFN_NONE; p = pfn_to_page(m, p)->lru.next)
			validate_slab(m, s, p);
	}
}
