/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E6: corruptions of SLUB's objects that were provoked, and what the kernel made of them.
 *
 * There is no page allocator's state in such a recording: which page a new slab got is taken
 * from it, and so is the state of a cache that was there before the experiment.
 */
#include "verify_slub_debug.h"
#include <errno.h>
#include <mmsh/kmsg.h>
#include <mmsh/memblock.h>
#include <mmsh/slab.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the machine ---- */

static int make_machine(struct slub_debug_verify *sv)
{
	struct verify *v = sv->v;
	uint64_t max_zone_pfn[MAX_NR_ZONES] = {0};
	struct machine *m = source_machine(&v->d, 1);
	int err;

	if (!m)
		return -EINVAL;
	verify_machine(v, m);
	sv->dump.m = m;
	v->d.listed = calloc(m->max_pfn / 64 + 1 + MAX_ORDER_NR_PAGES / 64, sizeof(*v->d.listed));
	if (!v->d.listed ||
	    memblock_append(&m->memblock.memory, PAGE_SIZE, PFN_PHYS(m->max_pfn - 1), 0, 0))
		return mm_error(v->e, -ENOMEM, "the host has no memory left");
	max_zone_pfn[0] = min_of(PFN_DOWN(16ull << 20), m->max_low_pfn);
	max_zone_pfn[m->arch->zone_normal] = m->max_low_pfn;
	if (m->arch->zone_highmem >= 0)
		max_zone_pfn[m->arch->zone_highmem] = m->max_pfn;
	err = free_area_init_nodes(m, max_zone_pfn, v->e);
	if (err)
		return err;
	build_all_zonelists(m);
	setup_per_cpu_pageset(m);
	slab_params_init(&sv->params);
	if (slab_system_new(m, &slub_ops, &sv->params) || kmsg_attach(m))
		return mm_error(v->e, -ENOMEM, "the host has no memory left");
	m->slab->state = SLAB_FULL;
	m->slab->foreign = true;
	return 0;
}

static bool take_name(struct scan *s, char *buf, size_t size)
{
	const char *name;
	size_t n = scan_until(s, ' ', &name);

	if (!n || n >= size)
		return false;
	memcpy(buf, name, n);
	buf[n] = '\0';
	return true;
}

/* ---- the cache ---- */

static int make_cache(struct slub_debug_verify *sv, const struct kmem_cache_params *p)
{
	struct machine *m = sv->v->m;
	struct kmem_cache plan, *s;
	struct mm_error why;

	if (kmem_cache_plan(m, p, &plan))
		return scan_error(&sv->v->d.s, sv->v->e, "no cache can be like that");
	s = slub_load_cache(m, &plan, &why);
	if (!s)
		return scan_error(&sv->v->d.s, sv->v->e, "%s", why.text);
	s->ctor = p->ctor;
	if (slab_dump_add(&sv->dump, s))
		return -EINVAL;
	if (!sv->cache)
		sv->cache = s;
	return 0;
}

struct asked {
	uint64_t size, align;
	uint32_t flags, ctor;
};
static const struct field asked_fields[] = {
	FIELD(struct asked, "size", size, FIELD_DEC),
	FIELD(struct asked, "align", align, FIELD_DEC),
	FIELD(struct asked, "flags", flags, FIELD_HEX),
	FIELD(struct asked, "ctor", ctor, FIELD_DEC),
	{0},
};

/* create cache=NAME ... -> name=ACTUAL refcount=N. Whether NAME is debugged, only the layout
   line says that follows; a second cache is as the first. */
static int read_create(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	const char *arrow = memmem(s->p, scan_left(s), " name=", 6);
	char name[KMEM_CACHE_NAME_MAX], actual[KMEM_CACHE_NAME_MAX];
	struct scan rest = *s;
	struct asked a = {0};

	rest.p = arrow ? arrow + 6 : s->end;
	if (!arrow || !take_name(s, name, sizeof(name)) || !take_name(&rest, actual, sizeof(actual)) ||
	    fields_get(s, asked_fields, &a, NULL, sv->v->e))
		return scan_error(s, sv->v->e, "not what a cache is made of");
	if (!sv->v->m && make_machine(sv))
		return -EINVAL;
	sv->asked = (struct kmem_cache_params){.size = a.size, .align = a.align, .flags = a.flags,
					       .ctor = a.ctor ? &kmem_ctor_default : NULL};
	if (sv->cache) {
		sv->asked.name = actual;
		return make_cache(sv, &sv->asked);
	}
	snprintf(sv->name, sizeof(sv->name), "%s", actual);
	sv->asked.name = sv->name;
	sv->fresh = !strcmp(name, actual);
	sv->loading = !sv->fresh;
	return 0;
}

static int read_use(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;

	if (sv->v->m || !take_name(s, sv->name, sizeof(sv->name)))
		return scan_error(s, sv->v->e, "expects one cache");
	sv->loading = true;
	sv->asked.name = sv->name;
	return make_machine(sv);
}

struct layout {
	uint32_t object_size, size, inuse, offset, align;
	int32_t track_alloc, track_free;
	uint32_t sizeof_track, flags;
};
static const struct field layout_fields[] = {
	FIELD(struct layout, "object_size", object_size, FIELD_DEC),
	FIELD(struct layout, "size", size, FIELD_DEC),
	FIELD(struct layout, "inuse", inuse, FIELD_DEC),
	FIELD(struct layout, "offset", offset, FIELD_DEC),
	FIELD(struct layout, "align", align, FIELD_DEC),
	FIELD(struct layout, "track_alloc", track_alloc, FIELD_SIGNED),
	FIELD(struct layout, "track_free", track_free, FIELD_SIGNED),
	FIELD(struct layout, "sizeof_track", sizeof_track, FIELD_DEC),
	FIELD(struct layout, "flags", flags, FIELD_HEX),
	{0},
};

static int32_t track_offset(const struct machine *m, const struct kmem_cache *s)
{
	if (!(s->flags & SLAB_STORE_USER))
		return -1;
	return (int32_t)(s->offset ? s->offset + m->slab->word : s->inuse);
}

static bool layout_matches(const struct slub_debug_verify *sv, const struct kmem_cache *s,
			   const struct layout *l)
{
	int32_t track = track_offset(sv->v->m, s);

	return s->object_size == l->object_size && s->size == l->size && s->inuse == l->inuse &&
	       s->offset == l->offset && track == l->track_alloc &&
	       (track < 0 ? -1 : track + (int32_t)l->sizeof_track) == l->track_free &&
	       (!sv->fresh || (s->flags == l->flags && s->align == l->align));
}

/* How the kernel debugs the cache is in its flags; how it lays it out then is the model's. */
static int read_layout(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	struct layout l = {0};
	struct kmem_cache plan;
	char name[KMEM_CACHE_NAME_MAX];
	bool same;

	if (!sv->v->m || sv->cache || !take_name(s, name, sizeof(name)) ||
	    fields_get(s, layout_fields, &l, NULL, sv->v->e))
		return scan_error(s, sv->v->e, "not the layout of a cache");
	sv->v->m->slab->params.slub_debug = l.flags & SLAB_DEBUG_FLAGS & ~sv->asked.flags;
	sv->v->m->slab->params.stacktrace = l.sizeof_track > 4 * sv->v->m->slab->word;
	if (!sv->fresh) {
		sv->asked.size = l.object_size;
		sv->asked.flags = l.flags;
	}
	if (kmem_cache_plan(sv->v->m, &sv->asked, &plan))
		return scan_error(s, sv->v->e, "no cache can be like that");
	same = layout_matches(sv, &plan, &l);
	if (!same && verify_first(sv->v))
		verify_tell(sv->v, s, "this layout", "another");
	verify_count(sv->v, same ? MATCHED : DIVERGED);
	return sv->fresh ? make_cache(sv, &sv->asked) : 0;
}

/* ---- states ---- */

static bool is_state_line(const struct scan *s)
{
	static const char *const words[] = {"cache name=", "slab cache=", "cpufreelist ", "cnode "};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (scan_left(s) > strlen(words[i]) && !memcmp(s->p, words[i], strlen(words[i])))
			return true;
	return false;
}

/* An object that was handed out before the state was written lies in a slab of it, or in one
   that was used up meanwhile and so is on no list. */
static int load_full_slab(struct slub_debug_verify *sv, vaddr_t addr)
{
	const struct kmem_cache *s = sv->cache;
	struct machine *m = sv->v->m;
	struct slab_record r = {.where = SLAB_NOWHERE, .order = s->oo.order,
				.objects = s->oo.objects, .inuse = s->oo.objects};
	struct slab_location l;
	struct mm_error why;
	struct zone *z;

	if (addr - m->slab->base >= m->slab->bytes || slab_locate(m, addr, &l))
		return 0;
	r.pfn = (pfn_t)((addr - m->slab->base) >> PAGE_SHIFT) & ~((1u << r.order) - 1);
	z = pfn_to_zone(m, r.pfn);
	if (!z || source_take(&sv->v->d, m, z, r.pfn, r.order))
		return -EINVAL;
	return slub_load_slab(m, sv->cache, &r, &why)
		       ? scan_error(&sv->v->d.s, sv->v->e, "%s", why.text)
		       : 0;
}

/* The state of a cache that was there before: taken as it is. */
static int load_state(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;

	do {
		if (!is_state_line(s)) {
			scan_unline(s);
			break;
		}
		if (slub_dump_kind.load_line(&sv->dump))
			return -EINVAL;
	} while (scan_line(s));
	sv->cache = slab_dump_find(&sv->dump, sv->name, strlen(sv->name));
	if (!sv->cache)
		return scan_error(s, sv->v->e, "the state is not of the cache in use");
	sv->loading = false;
	for (unsigned i = 0; i < sv->nr_handed; i++)
		if (load_full_slab(sv, sv->handed[i]))
			return -EINVAL;
	verify_count(sv->v, GIVEN);
	return 0;
}

static bool same_line(struct verify *v, struct scan *model)
{
	const struct scan *s = &v->d.s;
	size_t n = (size_t)(s->end - s->line);
	bool more = scan_line(model);

	if (more && n == (size_t)(model->end - model->line) && !memcmp(s->line, model->line, n))
		return true;
	if (verify_first(v)) {
		char k[200], m[200];

		snprintf(k, sizeof(k), "%.*s", (int)min_of(n, sizeof(k) - 1), s->line);
		snprintf(m, sizeof(m), "%.*s",
			 more ? (int)min_of((size_t)(model->end - model->line), sizeof(m) - 1) : 0,
			 model->line);
		verify_tell(v, s, k, m);
	}
	return false;
}

static int compare_state(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s, name = *s, model;
	struct strbuf text = STRBUF_INIT;
	struct kmem_cache *cache;
	char buf[KMEM_CACHE_NAME_MAX];
	bool same = true;

	if (!scan_word(&name, "cache name=") || !take_name(&name, buf, sizeof(buf)))
		return scan_error(s, sv->v->e, "expects a cache line first");
	cache = slab_dump_find(&sv->dump, buf, strlen(buf));
	if (!cache)
		return scan_error(s, sv->v->e, "no cache that was named before");
	slub_dump_cache(sv->v->m, cache, &text);
	scan_init(&model, strbuf_str(&text), text.len);
	do {
		same &= same_line(sv->v, &model);
	} while (scan_line(s) && is_state_line(s) && !(s->p[0] == 'c' && s->p[1] == 'a'));
	if (!text.failed && same && scan_line(&model)) {
		same = false;
		if (verify_first(sv->v))
			verify_tell(sv->v, s, "no more lines of the cache before", "another");
	}
	scan_unline(s);
	strbuf_free(&text);
	verify_count(sv->v, same ? MATCHED : DIVERGED);
	return 0;
}

static int read_state(struct slub_debug_verify *sv)
{
	return sv->loading ? load_state(sv) : compare_state(sv);
}

/* ---- bytes ---- */

bool slub_byte_known(const struct slub_debug_verify *sv, vaddr_t addr)
{
	const struct machine *m = sv->v->m;
	struct slab_location l;
	const struct kmem_cache *s;
	uint32_t off;
	int32_t track;

	if (!slab_locate(m, addr, &l) || !l.object || !l.cache)
		return true;
	s = l.cache;
	off = l.offset;
	track = track_offset(m, s);
	if (track >= 0 && off >= (uint32_t)track &&
	    off < (uint32_t)track + 4 * m->slab->word +
			  16 + (m->slab->params.stacktrace ? 32 * m->slab->word : 0))
		return false;
	return sv->fresh || !s->offset || off < s->offset || off >= s->offset + m->slab->word ||
	       (sv->seeded && l.object == sv->victim);
}

/* Before the error: of a cache without debugging only the free pointer was written. */
static bool written_yet(const struct slub_debug_verify *sv, vaddr_t addr)
{
	const struct kmem_cache *s = sv->cache;
	struct slab_location l;

	if (s->flags & SLAB_POISON)
		return true;
	return sv->fresh && slab_locate(sv->v->m, addr, &l) && l.object && l.offset >= s->offset &&
	       l.offset < s->offset + sv->v->m->slab->word;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take_byte(struct scan *s)
{
	int hi = scan_left(s) >= 2 ? hex_digit(s->p[0]) : -1, lo = hi < 0 ? -1 : hex_digit(s->p[1]);

	if (lo < 0)
		return -1;
	s->p += 2;
	return hi << 4 | lo;
}

static int read_hex(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	struct machine *m = sv->v->m;
	uint64_t addr;
	bool first, same = true;
	char what[32];

	if (!sv->cache || !take_name(s, what, sizeof(what)) || !scan_word(s, " addr=") ||
	    !scan_u64(s, &addr) || !scan_word(s, " bytes="))
		return scan_error(s, sv->v->e, "expects what= addr= bytes=");
	if (s->lineno == sv->hex_line + 1 && !strcmp(what, sv->hex_what) && addr != sv->hex_next)
		return scan_error(s, sv->v->e, "expects the bytes from 0x%llx on",
				  (unsigned long long)sv->hex_next);
	first = !strcmp(what, "allocated") || !strcmp(what, "slabtail");
	if (!strcmp(what, "allocated") && !sv->seeded) {
		sv->victim = addr;
		sv->seeded = sv->fresh;
	}
	for (; !scan_at_end(s); addr++) {
		uint64_t off = addr - m->slab->base;
		int byte = take_byte(s);

		if (byte < 0 || off >= m->slab->bytes)
			return scan_error(s, sv->v->e, "not bytes of memory");
		if ((first && !written_yet(sv, addr)) || !slub_byte_known(sv, addr))
			m->ram[off] = (unsigned char)byte;
		else
			same &= m->ram[off] == byte;
	}
	memcpy(sv->hex_what, what, sizeof(what));
	sv->hex_line = s->lineno;
	sv->hex_next = addr;
	if (!same && verify_first(sv->v))
		verify_tell(sv->v, s, "these bytes", "others");
	verify_count(sv->v, same ? MATCHED : DIVERGED);
	return 0;
}

static int read_poke(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	struct machine *m = sv->v->m;
	uint64_t addr, old, new;
	enum verdict verdict = MATCHED;
	unsigned char *p;

	if (!scan_word(s, "addr=") || !scan_u64(s, &addr) || !scan_word(s, " old=") ||
	    !scan_u64(s, &old) || !scan_word(s, " new=") || !scan_u64(s, &new) || old > 255 ||
	    new > 255 || addr - m->slab->base >= m->slab->bytes)
		return scan_error(s, sv->v->e, "expects addr= old= new=");
	p = &m->ram[addr - m->slab->base];
	sv->seeded |= sv->victim != 0; /* nothing else is told of the victim before the error */
	if (*p != old) {
		bool given = !(sv->cache->flags & SLAB_POISON) || !slub_byte_known(sv, addr);

		verdict = given ? GIVEN : DIVERGED;
		if (!given && verify_first(sv->v))
			verify_tell(sv->v, s, "that byte", "another");
	}
	*p = (unsigned char)new;
	verify_count(sv->v, verdict);
	return 0;
}

/* ---- operations ---- */

static struct kmem_cache *take_cache(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	char name[KMEM_CACHE_NAME_MAX];
	struct kmem_cache *cache = NULL;

	if (scan_word(s, "cache=") && take_name(s, name, sizeof(name)))
		cache = slab_dump_find(&sv->dump, name, strlen(name));
	if (!cache)
		scan_error(s, sv->v->e, "no cache that was named before");
	return cache;
}

static int replay_handed(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	uint64_t addr;

	s->p = memmem(s->p, scan_left(s), "addr=", 5);
	if (!s->p || sv->nr_handed == ARRAY_SIZE(sv->handed))
		return scan_error(s, sv->v->e, "expects an allocation");
	s->p += 5;
	if (!scan_u64(s, &addr))
		return scan_error(s, sv->v->e, "expects an address");
	sv->handed[sv->nr_handed++] = addr;
	verify_count(sv->v, GIVEN);
	return 0;
}

static int replay_alloc(struct slub_debug_verify *sv, bool from_cache)
{
	struct scan *s = &sv->v->d.s;
	struct machine *m = sv->v->m;
	struct kmem_cache *cache = NULL;
	uint64_t size = 0, want = 0;
	enum verdict verdict;
	vaddr_t got;

	if (sv->loading) /* the state that follows knows the cache */
		return replay_handed(sv);
	if (from_cache && !(cache = take_cache(sv)))
		return -EINVAL;
	if ((!from_cache && (!scan_word(s, "size=") || !scan_u64(s, &size))) ||
	    !scan_word(s, " addr=") || (!scan_char(s, '-') && !scan_u64(s, &want)))
		return scan_error(s, sv->v->e, "expects an allocation");
	if (want - m->slab->base < m->slab->bytes)
		m->slab->given_pfn = (pfn_t)((want - m->slab->base) >> PAGE_SHIFT);
	got = from_cache ? kmem_cache_alloc(m, cache, GFP_KERNEL) : kmalloc(m, size, GFP_KERNEL);
	verdict = got != want ? DIVERGED : m->slab->given_pfn == PFN_NONE ? GIVEN : MATCHED;
	m->slab->given_pfn = PFN_NONE;
	if (verdict == DIVERGED && verify_first(sv->v)) {
		char k[32], mo[32];

		snprintf(k, sizeof(k), "0x%llx", (unsigned long long)want);
		snprintf(mo, sizeof(mo), "0x%llx", (unsigned long long)got);
		verify_tell(sv->v, s, k, mo);
	}
	verify_count(sv->v, verdict);
	return 0;
}

static int replay_free(struct slub_debug_verify *sv, bool to_cache)
{
	struct scan *s = &sv->v->d.s;
	struct kmem_cache *cache = NULL;
	uint64_t addr;

	if (to_cache && (!(cache = take_cache(sv)) || !scan_char(s, ' ')))
		return -EINVAL;
	if (!scan_word(s, "addr=") || !scan_u64(s, &addr))
		return scan_error(s, sv->v->e, "expects addr=");
	if (cache)
		kmem_cache_free(sv->v->m, cache, addr);
	else
		kfree(sv->v->m, addr);
	verify_count(sv->v, MATCHED);
	return 0;
}

static int replay(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	struct kmem_cache *cache;

	trace_buffer_reset(&sv->v->trace);
	if (!sv->v->m)
		return scan_error(s, sv->v->e, "an operation before there is a cache");
	if (scan_word(s, "calloc "))
		return replay_alloc(sv, true);
	if (scan_word(s, "kmalloc "))
		return replay_alloc(sv, false);
	if (scan_word(s, "alloc_page") || scan_word(s, "destroyed"))
		return 0;
	if (!sv->cache)
		return scan_error(s, sv->v->e, "an operation before the state of the cache");
	if (scan_word(s, "cfree "))
		return replay_free(sv, true);
	if (scan_word(s, "kfree "))
		return replay_free(sv, false);
	if (scan_word(s, "poke "))
		return read_poke(sv);
	if (scan_word(s, "destroy ")) {
		cache = take_cache(sv);
		if (!cache)
			return -EINVAL;
		kmem_cache_destroy(sv->v->m, cache);
		return 0;
	}
	return scan_error(s, sv->v->e, "not an operation on objects");
}

static int read_line(struct slub_debug_verify *sv)
{
	struct scan *s = &sv->v->d.s;
	int got;

	if (is_state_line(s))
		return sv->v->m ? read_state(sv) : scan_error(s, sv->v->e, "a state of no cache");
	if (scan_word(s, "op "))
		return replay(sv);
	if (scan_word(s, "hex what="))
		return read_hex(sv);
	if (scan_word(s, "create cache="))
		return read_create(sv);
	if (scan_word(s, "use cache="))
		return read_use(sv);
	if (scan_word(s, "layout cache="))
		return read_layout(sv);
	if (scan_word(s, "note "))
		return 0;
	got = source_line(&sv->v->d);
	return got ? min_of(got, 0)
		   : scan_error(s, sv->v->e, "not a line of this kind of recording");
}

int verify_slub_debug(struct verify *v)
{
	struct slub_debug_verify *sv = calloc(1, sizeof(*sv));
	bool messages = false;
	int err = 0;

	if (!sv)
		return mm_error(v->e, -ENOMEM, "the host has no memory left");
	sv->v = v;
	sv->dump.d = &v->d;
	sv->dump.kind = &slub_dump_kind;
	while (!err && !messages && scan_line(&v->d.s)) {
		messages = scan_word(&v->d.s, "=== kernel messages");
		if (messages)
			err = v->m ? verify_slub_messages(sv)
				   : scan_error(&v->d.s, v->e, "messages of nothing");
		else
			err = read_line(sv);
	}
	if (!err && !messages)
		err = scan_error(&v->d.s, v->e, "cut off: no kernel messages");
	free(sv);
	return err;
}
