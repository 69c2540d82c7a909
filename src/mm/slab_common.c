/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Caches of objects, whatever the allocator below (slab-common.md 2-4, 6-8, 10). */
#include "slab.h"
#include <ctype.h>
#include <errno.h>
#include <mmsh/machine.h>
#include <stdio.h>

/* ---- tables ---- */

const struct slab_ops *const slab_allocators[] = {&slub_ops, &slab_ops_slab, &slob_ops, NULL};

const struct slab_flag_name slab_flag_names[] = {
	{"SLAB_HWCACHE_ALIGN", SLAB_HWCACHE_ALIGN},
	{"SLAB_CACHE_DMA", SLAB_CACHE_DMA},
	{"SLAB_RECLAIM_ACCOUNT", SLAB_RECLAIM_ACCOUNT},
	{"SLAB_TEMPORARY", SLAB_RECLAIM_ACCOUNT},
	{"SLAB_PANIC", SLAB_PANIC},
	{"SLAB_DESTROY_BY_RCU", SLAB_DESTROY_BY_RCU},
	{"SLAB_MEM_SPREAD", SLAB_MEM_SPREAD},
	{"SLAB_NOLEAKTRACE", SLAB_NOLEAKTRACE},
	{"SLAB_DEBUG_FREE", SLAB_DEBUG_FREE},
	{"SLAB_RED_ZONE", SLAB_RED_ZONE},
	{"SLAB_POISON", SLAB_POISON},
	{"SLAB_STORE_USER", SLAB_STORE_USER},
	{"SLAB_TRACE", SLAB_TRACE},
	{"SLAB_FAILSLAB", SLAB_FAILSLAB},
	{NULL, 0},
};

const char *const slab_where_names[NR_SLAB_WHERE] = {
	[SLAB_CPU] = "cpu",
	[SLAB_CPU_PARTIAL] = "cpu_partial",
	[SLAB_NODE_PARTIAL] = "node_partial",
	[SLAB_NODE_FULL] = "node_full",
	[SLAB_NODE_FREE] = "free",
	[SLAB_NOWHERE] = "full",
};

const char *const slab_object_state_names[NR_OBJ_STATES] = {
	[OBJ_ALLOCATED] = "allocated",
	[OBJ_FREE] = "free",
	[OBJ_CPU_FREE] = "free (CPU)",
	[OBJ_SHARED_FREE] = "free (shared)",
};

const struct slab_ops *slab_ops_find(const char *name)
{
	for (const struct slab_ops *const *o = slab_allocators; *o; o++)
		if (!strcmp((*o)->name, name))
			return *o;
	return NULL;
}

/* ---- boot's choices ---- */

void slab_params_init(struct slab_params *p)
{
	*p = (struct slab_params){
		.slub_max_order = SLAB_ORDER_UNSET,
		.slab_max_order = SLAB_ORDER_UNSET,
	};
}

static const struct {
	char letter;
	uint32_t flag;
} slub_debug_letters[] = {
	{'f', SLAB_DEBUG_FREE}, {'z', SLAB_RED_ZONE}, {'p', SLAB_POISON},
	{'u', SLAB_STORE_USER}, {'t', SLAB_TRACE},    {'a', SLAB_FAILSLAB},
};

static uint32_t slub_debug_flag(char c)
{
	for (unsigned i = 0; i < ARRAY_SIZE(slub_debug_letters); i++)
		if (slub_debug_letters[i].letter == tolower((unsigned char)c))
			return slub_debug_letters[i].flag;
	return 0;
}

int slub_debug_parse(struct slab_params *p, const char *val, struct mm_error *e)
{
	int unknown = 0;

	p->slub_debug = SLAB_DEBUG_FREE | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER;
	p->slub_debug_slabs[0] = '\0';
	if (*val && *val != ',')
		p->slub_debug = 0;
	if (*val == '-')
		return 0;
	for (; *val && *val != ','; val++) {
		if (tolower((unsigned char)*val) == 'o')
			p->disable_higher_order_debug = true;
		else if (slub_debug_flag(*val))
			p->slub_debug |= slub_debug_flag(*val);
		else
			unknown = mm_error(e, 1, "slub_debug option '%c' unknown. skipped", *val);
	}
	if (*val == ',')
		snprintf(p->slub_debug_slabs, sizeof(p->slub_debug_slabs), "%s", val + 1);
	return unknown;
}

/* ---- host structs ---- */

int slab_system_new(struct machine *m, const struct slab_ops *ops, const struct slab_params *p)
{
	struct slab_system *sys = arena_alloc(&m->arena, sizeof(*sys));

	if (!sys)
		return -ENOMEM;
	sys->ops = ops;
	sys->params = *p;
	sys->base = m->layout.page_offset;
	sys->bytes = PFN_PHYS(m->max_low_pfn);
	sys->word = m->arch->bits / 8;
	sys->cache_line_size = p->cache_line_size ? p->cache_line_size : m->arch->cache_bytes;
	if (sys->params.slub_max_order == SLAB_ORDER_UNSET)
		sys->params.slub_max_order = 3;
	/* 96 and 192 bytes have caches of their own, the rest powers of two */
	for (unsigned i = 0; i < ARRAY_SIZE(sys->size_index); i++) {
		unsigned size = 8 * (i + 1), idx = ops->shift_low;

		while (1u << idx < size)
			idx++;
		sys->size_index[i] = (uint8_t)(size > 64 && size <= 96	  ? 1
					       : size > 128 && size <= 192 ? 2
									   : idx);
	}
	TAILQ_INIT(&sys->caches);
	TAILQ_INIT(&sys->unused);
	TAILQ_INIT(&sys->aliases);
	TAILQ_INIT(&sys->unused_aliases);
	sys->caller = sys->base + m->params.image.load + 0x1000;
	sys->pid = 1;
	sys->given_pfn = PFN_NONE;
	m->slab = sys;
	return 0;
}

/* The table of ids doubles; what it had stays in the arena. */
static int cache_id_new(struct machine *m, struct kmem_cache *s)
{
	struct slab_system *sys = m->slab;
	unsigned cap = sys->cap_cache ? 2 * sys->cap_cache : 128;
	struct kmem_cache **more;

	if (sys->nr_cache == sys->cap_cache) {
		if (cap > UINT16_MAX + 1)
			return -ENOMEM;
		more = slab_host_alloc(m, cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		if (sys->nr_cache)
			memcpy(more, sys->cache, sys->nr_cache * sizeof(*more));
		sys->nr_cache += !sys->nr_cache; /* 0 is no cache */
		sys->cache = more;
		sys->cap_cache = cap;
	}
	s->id = (uint16_t)sys->nr_cache;
	sys->cache[sys->nr_cache++] = s;
	return 0;
}

struct kmem_cache *slab_cache_new(struct machine *m, const char *name, uint64_t size,
				  uint64_t align, const struct kmem_ctor *ctor)
{
	struct slab_system *sys = m->slab;
	struct kmem_cache *s = TAILQ_FIRST(&sys->unused), old;

	if (s) {
		TAILQ_REMOVE(&sys->unused, s, list);
		old = *s;
		*s = (struct kmem_cache){.cpu_slab = old.cpu_slab, .node = old.node,
					 .private = old.private, .id = old.id};
		sys->cache[s->id] = s;
	} else {
		s = slab_host_alloc(m, sizeof(*s));
		if (!s || cache_id_new(m, s))
			return NULL;
	}
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->object_size = s->size = (uint32_t)size;
	s->align = (uint32_t)align;
	s->ctor = ctor;
	return s;
}

void slab_cache_unuse(struct machine *m, struct kmem_cache *s)
{
	m->slab->cache[s->id] = NULL;
	TAILQ_INSERT_HEAD(&m->slab->unused, s, list);
}

/* ---- layout ---- */

unsigned get_order(uint64_t size)
{
	return size <= PAGE_SIZE ? 0 : 64 - (unsigned)__builtin_clzll((size - 1) >> PAGE_SHIFT);
}

uint32_t calculate_alignment(const struct machine *m, uint32_t flags, uint64_t align, uint64_t size)
{
	uint64_t line = m->slab->cache_line_size;

	/* small objects share a line rather than waste it */
	if (flags & SLAB_HWCACHE_ALIGN) {
		while (size <= line / 2)
			line /= 2;
		align = max_of(align, line);
	}
	align = max_of(align, (uint64_t)ARCH_SLAB_MINALIGN);
	return (uint32_t)ROUND_UP(align, m->slab->word);
}

/* ---- merging (slab-common.md 4) ---- */

bool slab_unmergeable(const struct machine *m, const struct kmem_cache *s)
{
	return m->slab->params.nomerge || (s->flags & m->slab->ops->never_merge) || s->ctor ||
	       s->refcount < 0;
}

#define SLAB_MERGE_SAME (SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA)

static bool cache_fits(const struct machine *m, const struct kmem_cache *s, uint64_t size,
		       uint32_t align, uint32_t flags)
{
	if (slab_unmergeable(m, s) || size > s->size)
		return false;
	if ((flags ^ s->flags) & SLAB_MERGE_SAME)
		return false;
	if (s->size % align || s->size - size >= m->slab->word)
		return false;
	return !m->slab->ops->merge_align || (align <= s->align && s->align % align == 0);
}

static struct kmem_cache *find_mergeable(const struct machine *m, const struct kmem_cache_params *p,
					 uint32_t flags)
{
	const struct slab_ops *ops = m->slab->ops;
	uint64_t size = ROUND_UP(p->size, m->slab->word);
	uint32_t align = calculate_alignment(m, flags, p->align, size);
	struct kmem_cache *s;

	if (m->slab->params.nomerge || p->ctor)
		return NULL;
	size = ROUND_UP(size, align);
	if (ops->kmem_cache_flags)
		flags = ops->kmem_cache_flags(m, (uint32_t)size, flags, p->name, NULL);
	if (flags & ops->never_merge)
		return NULL;
	TAILQ_FOREACH_REVERSE(s, &m->slab->caches, kmem_cache_list, list)
		if (cache_fits(m, s, size, align, flags))
			return s;
	return NULL;
}

static int remember_alias(struct machine *m, struct kmem_cache *s, const char *name)
{
	struct slab_system *sys = m->slab;
	struct slab_alias *a = TAILQ_FIRST(&sys->unused_aliases);

	if (a)
		TAILQ_REMOVE(&sys->unused_aliases, a, list);
	else
		a = slab_host_alloc(m, sizeof(*a));
	if (!a)
		return -ENOMEM;
	snprintf(a->name, sizeof(a->name), "%s", name);
	a->cache = s;
	TAILQ_INSERT_TAIL(&sys->aliases, a, list);
	return 0;
}

static void forget_aliases(struct machine *m, const struct kmem_cache *s)
{
	struct slab_system *sys = m->slab;
	struct slab_alias *a, *next;

	for (a = TAILQ_FIRST(&sys->aliases); a; a = next) {
		next = TAILQ_NEXT(a, list);
		if (a->cache != s)
			continue;
		TAILQ_REMOVE(&sys->aliases, a, list);
		TAILQ_INSERT_HEAD(&sys->unused_aliases, a, list);
	}
}

static void make_alias(struct machine *m, struct kmem_cache *s, uint32_t size)
{
	s->refcount++;
	s->object_size = max_of(s->object_size, size);
	if (m->slab->ops->alias)
		m->slab->ops->alias(m, s, size);
}

/* ---- create ---- */

static int check_cache_params(const struct kmem_cache_params *p, struct mm_error *e)
{
	if (!p->name || !*p->name)
		return mm_error(e, -EINVAL, "a cache needs a name");
	if (strlen(p->name) >= KMEM_CACHE_NAME_MAX)
		return mm_error(e, -EINVAL, "a cache's name has at most %d characters",
				KMEM_CACHE_NAME_MAX - 1);
	if (!p->size || p->size > KMALLOC_MAX_SIZE)
		return mm_error(e, -EINVAL, "size %llu: objects have 1 to %lu bytes",
				(unsigned long long)p->size, KMALLOC_MAX_SIZE);
	if ((p->align & (p->align - 1)) || p->align > KMALLOC_MAX_SIZE)
		return mm_error(e, -EINVAL, "align %llu: a power of two up to %lu",
				(unsigned long long)p->align, KMALLOC_MAX_SIZE);
	return 0;
}

/* Objects that the descriptor and its name cost. */
static int take_descriptor(struct machine *m, struct kmem_cache *s,
			   const struct kmem_cache_params *p)
{
	size_t len = strlen(p->name) + 1;
	unsigned char *ram;

	if (!p->builtin) {
		s->name_addr = kmalloc(m, len, GFP_KERNEL);
		if (!s->name_addr)
			return -ENOMEM;
		ram = slab_ram(m, s->name_addr, len);
		if (ram)
			memcpy(ram, p->name, len);
	}
	s->addr = kmem_cache_alloc(m, m->slab->kmem_cache, GFP_KERNEL | __GFP_ZERO);
	return s->addr ? 0 : -ENOMEM;
}

static void drop_descriptor(struct machine *m, struct kmem_cache *s)
{
	if (s->name_addr)
		kfree(m, s->name_addr);
	if (s->addr)
		kmem_cache_free(m, m->slab->kmem_cache, s->addr);
	s->name_addr = s->addr = 0;
	slab_cache_unuse(m, s);
}

int kmem_cache_plan(struct machine *m, const struct kmem_cache_params *p, struct kmem_cache *s)
{
	const struct slab_ops *ops = m->slab->ops;
	uint32_t flags = p->flags & (ops->cache_flags | ops->debug_flags);

	if (check_cache_params(p, NULL))
		return -EINVAL;
	*s = (struct kmem_cache){.size = (uint32_t)p->size, .object_size = (uint32_t)p->size,
				 .ctor = p->ctor, .refcount = 1};
	snprintf(s->name, sizeof(s->name), "%s", p->name);
	s->align = calculate_alignment(m, flags, p->align, p->size);
	return ops->plan(m, s, flags);
}

struct kmem_cache *kmem_cache_create(struct machine *m, const struct kmem_cache_params *p,
				     struct mm_error *e)
{
	const struct slab_ops *ops = m->slab->ops;
	uint32_t flags = p->flags & (ops->cache_flags | ops->debug_flags);
	struct kmem_cache *s;
	int err;

	if (check_cache_params(p, e))
		return NULL;
	s = find_mergeable(m, p, flags);
	if (s && !remember_alias(m, s, p->name)) {
		make_alias(m, s, (uint32_t)p->size);
		return s;
	}
	s = slab_cache_new(m, p->name, p->size, calculate_alignment(m, flags, p->align, p->size),
			   p->ctor);
	if (!s) {
		mm_error(e, -ENOMEM, "the host has no memory for another cache");
		return NULL;
	}
	err = take_descriptor(m, s, p);
	if (!err)
		err = ops->create(m, s, flags);
	if (err) {
		drop_descriptor(m, s);
		mm_error(e, err, "kmem_cache_create(%s) failed with error %d", p->name, err);
		return NULL;
	}
	s->refcount = 1;
	slab_cache_list(m, s);
	return s;
}

struct kmem_cache *create_boot_cache(struct machine *m, const char *name, uint64_t size,
				     uint32_t flags, int refcount)
{
	uint32_t align = calculate_alignment(m, flags, ARCH_KMALLOC_MINALIGN, size);
	struct kmem_cache *s = slab_cache_new(m, name, size, align, NULL);

	if (!s || m->slab->ops->create(m, s, flags))
		return NULL;
	s->refcount = refcount;
	slab_cache_list(m, s);
	return s;
}

/* ---- destroy, shrink ---- */

int kmem_cache_destroy(struct machine *m, struct kmem_cache *s)
{
	if (s->refcount > 0 && --s->refcount)
		return 1;
	if (m->slab->ops->shutdown(m, s)) {
		slab_report(m, s, REPORT_STILL_OBJECTS, PFN_NONE, 0, 0, 0, 0);
		return -EBUSY;
	}
	TAILQ_REMOVE(&m->slab->caches, s, list);
	forget_aliases(m, s);
	m->slab->ops->release(m, s);
	drop_descriptor(m, s);
	return 0;
}

int kmem_cache_shrink(struct machine *m, struct kmem_cache *s)
{
	return m->slab->ops->shrink(m, s);
}

struct kmem_cache *kmem_cache_find(const struct machine *m, const char *name)
{
	const struct slab_alias *a;
	struct kmem_cache *s;

	for_each_kmem_cache(m, s)
		if (!strcmp(s->name, name))
			return s;
	TAILQ_FOREACH(a, &m->slab->aliases, list)
		if (!strcmp(a->name, name))
			return a->cache;
	return NULL;
}

struct kmem_cache *kmem_cache_by_id(const struct machine *m, unsigned id)
{
	return id < m->slab->nr_cache ? m->slab->cache[id] : NULL;
}

/* ---- kmalloc's caches (slab-common.md 5) ---- */

static struct kmem_cache *new_kmalloc_cache(struct machine *m, const char *name, uint32_t size,
					    uint32_t flags)
{
	vaddr_t addr = kmem_cache_alloc(m, m->slab->kmem_cache, GFP_NOWAIT | __GFP_ZERO);
	struct kmem_cache *s;

	if (!addr)
		return NULL;
	s = create_boot_cache(m, name, size, flags, 1);
	if (s)
		s->addr = addr;
	return s;
}

static uint32_t kmalloc_size(unsigned idx)
{
	return idx == 1 ? 96 : idx == 2 ? 192 : 1u << idx;
}

struct kmem_cache *create_kmalloc_cache(struct machine *m, unsigned idx, const char *name,
					uint32_t flags)
{
	char buf[KMEM_CACHE_NAME_MAX];

	snprintf(buf, sizeof(buf), "kmalloc-%u", kmalloc_size(idx));
	m->slab->kmalloc_caches[idx] =
		new_kmalloc_cache(m, name ? name : buf, kmalloc_size(idx), flags);
	return m->slab->kmalloc_caches[idx];
}

static int create_dma_cache(struct machine *m, unsigned idx)
{
	char name[KMEM_CACHE_NAME_MAX];
	int len = snprintf(name, sizeof(name), "dma-kmalloc-%u", kmalloc_size(idx));
	vaddr_t addr = kmalloc(m, (uint64_t)len + 1, GFP_NOWAIT);
	unsigned char *ram = slab_ram(m, addr, (uint64_t)len + 1);
	struct kmem_cache *s;

	if (!addr || !ram)
		return -ENOMEM;
	memcpy(ram, name, (size_t)len + 1);
	s = new_kmalloc_cache(m, name, kmalloc_size(idx),
			      SLAB_CACHE_DMA | m->slab->ops->kmalloc_flags);
	if (!s)
		return -ENOMEM;
	s->name_addr = addr;
	m->slab->kmalloc_dma_caches[idx] = s;
	return 0;
}

unsigned kmalloc_index_of(const struct machine *m, const char *name)
{
	char buf[KMEM_CACHE_NAME_MAX];

	for (unsigned i = 1; i <= m->slab->ops->shift_high; i++) {
		snprintf(buf, sizeof(buf), "kmalloc-%u", kmalloc_size(i));
		if (!strcmp(name, buf))
			return i;
	}
	return 0;
}

/* What stands after the powers of two 64 and 128. */
static unsigned odd_index_after(unsigned idx)
{
	return idx == 6 ? 1 : idx == 7 ? 2 : 0;
}

int create_kmalloc_caches(struct machine *m, struct mm_error *e)
{
	const struct slab_ops *ops = m->slab->ops;
	struct kmem_cache **caches = m->slab->kmalloc_caches;
	bool ok = true;

	for (unsigned i = ops->shift_low; ok && i <= ops->shift_high; i++) {
		unsigned odd = odd_index_after(i);

		if (!caches[i])
			ok = create_kmalloc_cache(m, i, NULL, ops->kmalloc_flags);
		if (ok && odd && !caches[odd])
			ok = create_kmalloc_cache(m, odd, NULL, ops->kmalloc_flags);
	}
	if (ok)
		m->slab->state = SLAB_UP;
	for (unsigned i = 0; ok && i <= ops->shift_high; i++)
		if (caches[i])
			ok = create_dma_cache(m, i) == 0;
	return ok ? 0 : mm_error(e, -ENOMEM, "no memory for the kmalloc caches");
}

/* ---- boot ---- */

int kmem_cache_init(struct machine *m, const struct slab_ops *ops, const struct slab_params *p,
		    struct mm_error *e)
{
	int err = slab_system_new(m, ops, p);

	if (!err)
		err = ops->init(m, e);
	else
		mm_error(e, err, "the host has no memory for the allocator");
	if (err)
		m->slab = NULL;
	return err;
}

/* ---- looking ---- */

void get_slabinfo(const struct machine *m, const struct kmem_cache *s, struct slabinfo *i)
{
	*i = (struct slabinfo){.objects_per_slab = s->oo.objects, .cache_order = s->oo.order};
	m->slab->ops->get_slabinfo(m, s, i);
}

bool slab_walk(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg)
{
	return m->slab->ops->walk(m, s, fn, arg);
}

unsigned slab_objects(const struct machine *m, pfn_t pfn, uint8_t *state, unsigned max)
{
	return m->slab->ops->objects(m, pfn, state, max);
}

unsigned slab_free_order(const struct machine *m, pfn_t pfn, uint16_t *idx, unsigned max)
{
	return m->slab->ops->free_order(m, pfn, idx, max);
}

/* ---- events ---- */

void slab_report(struct machine *m, const struct kmem_cache *s, enum slab_report what, pfn_t pfn,
		 int64_t a, int64_t b, int64_t c, int64_t d)
{
	trace(m, TRACE_SLAB_REPORT, .verdict = (uint8_t)what, .cache = s ? s->id : 0, .pfn = pfn,
	      .a = a, .b = b, .c = c, .d = d);
	if (what <= REPORT_REMAINING)
		m->slab->tainted = true;
}

void slab_oops(struct machine *m, const struct kmem_cache *s, vaddr_t addr)
{
	m->slab->oopses++;
	slab_report(m, s, REPORT_OOPS, PFN_NONE, (int64_t)addr, 0, 0, 0);
}
