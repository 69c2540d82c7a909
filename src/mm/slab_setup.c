/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLAB's caches: how a slab is laid out, the arrays, their tuning, boot (slab.md 2-4). */
#include "slab_def.h"
#include <errno.h>
#include <stdlib.h>

/* ---- layout (slab.md 2, 3) ---- */

struct estimate {
	uint32_t num;
	uint64_t left_over;
};

static struct estimate cache_estimate(const struct kmem_cache *s, unsigned order, bool off_slab)
{
	uint64_t bytes = PAGE_SIZE << order, num, mgmt = 0;

	if (off_slab) {
		num = bytes / s->size;
	} else {
		num = bytes / (s->size + 1ull);
		if (num && bytes - num * s->size < ROUND_UP(num, s->align))
			num--;
		mgmt = ROUND_UP(num, s->align);
	}
	return (struct estimate){(uint32_t)num, bytes - num * s->size - mgmt};
}

/* Returns: bytes left over in the best order, or -E2BIG. */
static int64_t calculate_slab_order(const struct machine *m, struct kmem_cache *s, bool off_slab)
{
	int64_t left_over = -E2BIG;

	for (unsigned order = 0; order < MAX_ORDER; order++) {
		struct estimate e = cache_estimate(s, order, off_slab);

		if (!e.num)
			continue;
		if (e.num > MAX_OBJS_PER_SLAB || (off_slab && e.num > s->size))
			break;
		s->num = e.num;
		s->gfporder = order;
		left_over = (int64_t)e.left_over;
		if ((s->flags & SLAB_RECLAIM_ACCOUNT) || order >= slab_private(m)->max_order ||
		    e.left_over * 8 <= PAGE_SIZE << order)
			break;
	}
	return left_over;
}

static uint32_t debug_extra(const struct machine *m, struct kmem_cache *s)
{
	uint32_t extra = 0;

	if (s->flags & SLAB_RED_ZONE) {
		s->offset = 8;
		extra = 16;
	}
	if (s->flags & SLAB_STORE_USER)
		extra += s->flags & SLAB_RED_ZONE ? 8 : m->slab->word;
	return extra;
}

static bool wants_off_slab(const struct machine *m, const struct kmem_cache *s)
{
	return s->size >= max_of((uint32_t)PAGE_SIZE >> 5, (1u << slab_ops_slab.shift_low) + 1) &&
	       m->slab->state >= SLAB_PARTIAL_NODE && !(s->flags & SLAB_NOLEAKTRACE);
}

int slab_layout(struct machine *m, struct kmem_cache *s, uint32_t flags)
{
	uint32_t word = m->slab->word, fsize;
	bool off_slab;
	int64_t left;

	s->size = ROUND_UP(s->object_size, word);
	s->align = max_of(s->align, word);
	if (m->slab->params.slab_debug)
		flags = slab_debug_flags(s->size, s->align, flags);
	if (flags & SLAB_RED_ZONE)
		s->size = ROUND_UP(s->size, 8u);
	s->flags = flags;
	s->debug = flags & SLAB_DEBUG_FLAGS;
	s->size += debug_extra(m, s);
	off_slab = wants_off_slab(m, s);
	s->size = ROUND_UP(s->size, s->align);
	/* an index must fit one byte */
	if (s->size < PAGE_SIZE >> 8)
		s->size = (uint32_t)ROUND_UP(PAGE_SIZE >> 8, s->align);
	left = calculate_slab_order(m, s, off_slab);
	if (left < 0)
		return (int)left;
	fsize = ROUND_UP(s->num, s->align);
	if (off_slab && left >= fsize) {
		off_slab = false;
		left -= fsize;
	}
	s->freelist_size = off_slab ? s->num : fsize;
	s->flags |= off_slab ? CFLGS_OFF_SLAB : 0;
	s->colour_off = max_of(m->slab->cache_line_size, s->align);
	s->colour = (uint32_t)left / s->colour_off;
	s->allocflags = __GFP_COMP | (flags & SLAB_CACHE_DMA ? GFP_DMA : 0);
	s->reciprocal = slab_reciprocal(s->size);
	s->oo = s->min = s->max = (struct kmem_cache_order_objects){(uint16_t)s->gfporder,
								    (uint16_t)s->num};
	return 0;
}

/* ---- host structs ---- */

static int host_node(struct machine *m, struct kmem_cache *s, unsigned nid)
{
	struct slab_node *n = s->slab_node[nid];
	struct array_cache *alien;

	if (!n) {
		n = s->slab_node[nid] = slab_host_alloc(m, sizeof(*n));
		if (!n)
			return -ENOMEM;
		n->alien = m->nr_nodes == 1 ? NULL
					    : slab_host_alloc(m, m->nr_nodes * sizeof(*n->alien));
		if (!n->alien && m->nr_nodes > 1)
			return -ENOMEM;
	}
	alien = n->alien;
	if (alien)
		memset(alien, 0, m->nr_nodes * sizeof(*alien));
	*n = (struct slab_node){.alien = alien};
	for (int l = 0; l < NR_SLAB_LISTS; l++)
		n->list[l] = PAGE_LIST_EMPTY;
	return 0;
}

static int host_arrays(struct machine *m, struct kmem_cache *s)
{
	struct array_cache *ac;

	if (!s->private)
		s->private = slab_host_alloc(m, sizeof(struct slab_cache_private));
	if (s->cpu_cache)
		return s->private ? 0 : -ENOMEM;
	s->cpu_cache = slab_host_alloc(m, m->nr_cpus * sizeof(*s->cpu_cache));
	ac = slab_host_alloc(m, m->nr_cpus * sizeof(*ac));
	s->slab_node = slab_host_alloc(m, m->nr_nodes * sizeof(*s->slab_node));
	if (!s->private || !s->cpu_cache || !ac || !s->slab_node)
		return -ENOMEM;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		s->cpu_cache[cpu] = &ac[cpu];
	return 0;
}

int slab_host_structs(struct machine *m, struct kmem_cache *s)
{
	struct slab_cache_private *p;
	int err = host_arrays(m, s);

	for (unsigned nid = 0; !err && nid < m->nr_nodes; nid++)
		err = host_node(m, s, nid);
	if (err)
		return err;
	p = s->private;
	p->percpu.size = 0;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		*s->cpu_cache[cpu] = (struct array_cache){0};
	return 0;
}

/* ---- arrays (slab.md 4) ---- */

static size_t array_size(const struct machine *m, uint32_t limit)
{
	return ARRAY_HEADER + (size_t)limit * m->slab->word;
}

/* An array of a node, out of kmalloc's caches. Returns: 0 or -ENOMEM. */
static int alloc_arraycache(struct machine *m, struct array_cache *ac, uint32_t limit, int nid)
{
	vaddr_t addr = kmalloc_node(m, array_size(m, limit), GFP_KERNEL, nid);
	unsigned char *ram = slab_ram(m, addr, array_size(m, limit));

	if (!ram)
		return -ENOMEM;
	*ac = (struct array_cache){.limit = limit, .batchcount = SHARED_BATCHCOUNT,
				   .entry = ram + ARRAY_HEADER, .addr = addr};
	return 0;
}

static void free_arraycache(struct machine *m, struct array_cache *ac)
{
	if (ac->addr)
		kfree(m, ac->addr);
	*ac = (struct array_cache){0};
}

int slab_host_array(struct machine *m, struct array_cache *ac, uint32_t limit)
{
	unsigned char *mem = slab_host_alloc(m, array_size(m, limit));

	if (!mem)
		return -ENOMEM;
	*ac = (struct array_cache){.limit = limit, .batchcount = SHARED_BATCHCOUNT,
				   .entry = mem + ARRAY_HEADER};
	return 0;
}

/* New, empty arrays for all CPUs. Returns: 0, with the old ones in @old; -ENOMEM. */
static int set_cpu_arrays(struct machine *m, struct kmem_cache *s, uint32_t limit,
			  uint32_t batchcount, struct array_cache *old, struct percpu *old_mem)
{
	struct slab_cache_private *p = s->private;
	struct percpu mem;

	if (limit > PCPU_MIN_UNIT_SIZE || percpu_alloc(m, &slab_private(m)->percpu,
						       (uint32_t)array_size(m, limit), &mem))
		return -ENOMEM;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct array_cache *ac = s->cpu_cache[cpu];

		old[cpu] = *ac;
		*ac = (struct array_cache){.limit = limit, .batchcount = batchcount,
					   .entry = percpu_ptr(&mem, cpu) + ARRAY_HEADER,
					   .addr = percpu_addr(&mem, cpu)};
	}
	*old_mem = p->percpu;
	p->percpu = mem;
	s->limit = limit;
	s->batchcount = batchcount;
	return 0;
}

int slab_new_cpu_arrays(struct machine *m, struct kmem_cache *s, uint32_t limit,
			uint32_t batchcount)
{
	struct array_cache old[MAX_CPUS];
	struct percpu old_mem;

	return set_cpu_arrays(m, s, limit, batchcount, old, &old_mem);
}

static unsigned online_cpus_of(const struct machine *m, unsigned nid)
{
	unsigned n = 0;

	for (unsigned cpu = 0; cpu < slab_private(m)->online_cpus; cpu++)
		n += m->cpu_to_node[cpu] == nid;
	return n;
}

static void set_free_limit(const struct machine *m, struct kmem_cache *s, unsigned nid)
{
	s->slab_node[nid]->free_limit =
		(1ul + online_cpus_of(m, nid)) * s->batchcount + s->num;
}

static void free_aliens(struct machine *m, struct slab_node *n)
{
	for (unsigned nid = 0; n->alien_addr && nid < m->nr_nodes; nid++)
		free_arraycache(m, &n->alien[nid]);
	if (n->alien_addr)
		kfree(m, n->alien_addr);
	n->alien_addr = 0;
}

/* Arrays of objects of other nodes: a table of them, then each. */
static int alloc_aliens(struct machine *m, struct kmem_cache *s, unsigned nid)
{
	struct slab_node *n = s->slab_node[nid];
	uint32_t limit = s->limit > 1 ? 12 : 1;

	if (n->alien_addr || m->nr_nodes == 1)
		return 0;
	n->alien_addr = kmalloc_node(m, (uint64_t)m->slab->word * m->nr_nodes,
				     GFP_KERNEL | __GFP_ZERO, (int)nid);
	if (!n->alien_addr)
		return -ENOMEM;
	for (unsigned i = 0; i < m->nr_nodes; i++)
		if (i != nid && alloc_arraycache(m, &n->alien[i], limit, (int)nid))
			return -ENOMEM;
	return 0;
}

/* The shared array is always replaced; its objects go back to their slabs. */
static int replace_shared(struct machine *m, struct kmem_cache *s, unsigned nid)
{
	struct slab_node *n = s->slab_node[nid];
	struct array_cache old = n->shared, new = {0};

	if (s->shared && alloc_arraycache(m, &new, s->shared * s->batchcount, (int)nid))
		return -ENOMEM;
	free_block(m, s, &old, old.avail);
	n->shared = new;
	free_arraycache(m, &old);
	return 0;
}

static vaddr_t alloc_node_struct(struct machine *m, unsigned nid)
{
	return kmalloc_node(m, m->slab->word == 4 ? 56 : 104, GFP_KERNEL, (int)nid);
}

/* Caches are not looked after all at once. */
static void set_next_reap(const struct machine *m, struct kmem_cache *s, unsigned nid)
{
	s->slab_node[nid]->next_reap = m->jiffies + REAPTIMEOUT_NODE + s->addr % REAPTIMEOUT_NODE;
}

static int set_node_arrays(struct machine *m, struct kmem_cache *s, unsigned nid)
{
	struct slab_node *n = s->slab_node[nid];

	if (alloc_aliens(m, s, nid) || replace_shared(m, s, nid))
		return -ENOMEM;
	if (!n->addr && m->slab->state == SLAB_FULL) {
		n->addr = alloc_node_struct(m, nid);
		if (!n->addr)
			return -ENOMEM;
		set_next_reap(m, s, nid);
	}
	set_free_limit(m, s, nid);
	return 0;
}

/* New tunables. Returns: 0 or -ENOMEM. */
static int do_tune_cpucache(struct machine *m, struct kmem_cache *s, uint32_t limit,
			    uint32_t batchcount, uint32_t shared)
{
	struct array_cache old[MAX_CPUS];
	struct percpu old_mem;
	int err = set_cpu_arrays(m, s, limit, batchcount, old, &old_mem);

	if (err)
		return err;
	s->shared = shared;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		free_block(m, s, &old[cpu], old[cpu].avail);
	percpu_free(&old_mem);
	for (unsigned nid = 0; !err && nid < m->nr_nodes; nid++)
		err = set_node_arrays(m, s, nid);
	return err;
}

/* What size and CPUs call for. */
static void default_tunables(const struct machine *m, struct kmem_cache *s)
{
	static const struct {
		uint32_t above, limit;
	} rows[] = {{131072, 1}, {4096, 8}, {1024, 24}, {256, 54}, {0, 120}};
	uint32_t i = 0;

	while (s->size <= rows[i].above)
		i++;
	s->limit = rows[i].limit;
	if (m->slab->params.slab_debug)
		s->limit = min_of(s->limit, 32u);
	s->batchcount = (s->limit + 1) / 2;
	s->shared = s->size <= PAGE_SIZE && m->nr_cpus > 1 ? 8 : 0;
}

static int enable_cpucache(struct machine *m, struct kmem_cache *s)
{
	struct kmem_cache want = *s;

	default_tunables(m, &want);
	return do_tune_cpucache(m, s, want.limit, want.batchcount, want.shared);
}

int slab_plan(struct machine *m, struct kmem_cache *s, uint32_t flags)
{
	int err = slab_layout(m, s, slab_cache_flags(m, 0, flags, NULL, NULL));

	if (!err)
		default_tunables(m, s);
	return err;
}

/* Before kmem_cache_init_late: one entry, and the node structures. */
static int boot_cpucache(struct machine *m, struct kmem_cache *s)
{
	int err = slab_new_cpu_arrays(m, s, BOOT_CPUCACHE_ENTRIES, 1);

	for (unsigned nid = 0; !err && nid < m->nr_nodes; nid++) {
		struct slab_node *n = s->slab_node[nid];

		/* the first two are static until there is a cache to take them from */
		if (m->slab->state >= SLAB_PARTIAL_NODE) {
			n->addr = alloc_node_struct(m, nid);
			err = n->addr ? 0 : -ENOMEM;
		}
	}
	return err;
}

/* ---- caches come and go ---- */

struct kmem_cache *slab_freelist_cache(const struct machine *m, uint32_t bytes)
{
	return kmalloc_slab(m, bytes, 0);
}

uint32_t slab_cache_flags(const struct machine *m, uint32_t object_size, uint32_t flags,
			  const char *name, const struct kmem_ctor *ctor)
{
	(void)object_size, (void)name, (void)ctor;
	return m->slab->params.slab_debug ? flags : flags & ~SLAB_DEBUG_FLAGS;
}

int slab_create(struct machine *m, struct kmem_cache *s, uint32_t flags)
{
	int err = slab_layout(m, s, slab_cache_flags(m, 0, flags, NULL, NULL));

	if (!err)
		err = slab_host_structs(m, s);
	if (err)
		return err;
	if (s->flags & CFLGS_OFF_SLAB) {
		s->freelist_cache = slab_freelist_cache(m, s->freelist_size);
		if (!s->freelist_cache)
			return -ENOMEM;
	}
	err = m->slab->state == SLAB_FULL ? enable_cpucache(m, s) : boot_cpucache(m, s);
	if (err)
		slab_release(m, s);
	return err;
}

void slab_release(struct machine *m, struct kmem_cache *s)
{
	struct slab_cache_private *p = s->private;

	percpu_free(&p->percpu);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		struct slab_node *n = s->slab_node[nid];

		free_arraycache(m, &n->shared);
		free_aliens(m, n);
		if (n->addr)
			kfree(m, n->addr);
		n->addr = 0;
	}
}

/* ---- /proc/slabinfo (slab-common.md 10.5) ---- */

#define MAX_SLABINFO_WRITE 128

/* Three decimal integers. Returns: whether they are there. */
static bool parse_tunables(const char *text, long v[3])
{
	for (int i = 0; i < 3; i++) {
		char *end;

		v[i] = strtol(text, &end, 10);
		if (end == text)
			return false;
		text = end;
	}
	return true;
}

int slab_slabinfo_write(struct machine *m, const char *text, size_t len)
{
	char buf[MAX_SLABINFO_WRITE + 1], *values;
	struct kmem_cache *s;
	long v[3];

	if (len > MAX_SLABINFO_WRITE)
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	values = strchr(buf, ' ');
	if (!values)
		return -EINVAL;
	*values++ = '\0';
	s = kmem_cache_find(m, buf);
	if (!parse_tunables(values, v) || !s)
		return -EINVAL;
	/* what makes no sense is not refused, only not done */
	if (v[0] < 1 || v[1] < 1 || v[1] > v[0] || v[2] < 0)
		return 0;
	if (v[0] > PCPU_MIN_UNIT_SIZE || v[1] * v[2] > (long)KMALLOC_MAX_SIZE)
		return -ENOMEM;
	return do_tune_cpucache(m, s, (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2]);
}

/* ---- boot (slab-common.md 8) ---- */

/* sizeof(struct kmem_cache) of that kernel, cut behind the nodes there are */
static uint32_t descriptor_size(const struct machine *m)
{
	uint32_t word = m->slab->word, size = word == 4 ? 88 : 128;

	if (m->slab->params.slab_debug)
		size += word == 4 ? 60 : 104;
	return size + word * m->nr_nodes;
}

int slab_private_new(struct machine *m)
{
	struct slab_private *p = slab_host_alloc(m, sizeof(*p));
	unsigned order = m->slab->params.slab_max_order;

	if (!p)
		return -ENOMEM;
	if (order == SLAB_ORDER_UNSET)
		order = m->totalram_pages > (32u << 20) >> PAGE_SHIFT;
	p->max_order = min_of(order, (unsigned)MAX_ORDER - 1);
	p->online_cpus = 1;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		p->reap_node[cpu] = (uint8_t)((m->cpu_to_node[cpu] + 1u) % m->nr_nodes);
	m->slab->private = p;
	return 0;
}

/* The two static node structures become objects like all others. */
static bool replace_static_nodes(struct machine *m, struct kmem_cache *s)
{
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		s->slab_node[nid]->addr = alloc_node_struct(m, nid);
		if (!s->slab_node[nid]->addr)
			return false;
	}
	return true;
}

int slab_init(struct machine *m, struct mm_error *e)
{
	struct slab_system *sys = m->slab;
	unsigned idx = index_node(m);

	if (slab_private_new(m))
		return mm_error(e, -ENOMEM, "the host has no memory for the allocator");
	sys->state = SLAB_DOWN;
	sys->kmem_cache = create_boot_cache(m, "kmem_cache", descriptor_size(m),
					    SLAB_HWCACHE_ALIGN, -1);
	sys->state = SLAB_PARTIAL;
	if (!sys->kmem_cache ||
	    !create_kmalloc_cache(m, idx, "kmalloc-node", sys->ops->kmalloc_flags))
		return mm_error(e, -ENOMEM, "no memory for the first caches");
	sys->state = SLAB_PARTIAL_NODE;
	if (!replace_static_nodes(m, sys->kmem_cache) ||
	    !replace_static_nodes(m, sys->kmalloc_caches[idx]))
		return mm_error(e, -ENOMEM, "no memory for the first caches");
	return create_kmalloc_caches(m, e);
}

static void start_cpu_timers(struct machine *m)
{
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		slab_private(m)->reap_at[cpu] = slab_round_jiffies(m->jiffies + HZ, cpu, m->jiffies);
}

void slab_init_late(struct machine *m)
{
	struct kmem_cache *s;

	m->slab->state = SLAB_UP;
	for_each_kmem_cache(m, s) {
		/* a cache that gets no arrays stays with one entry, as at boot */
		enable_cpucache(m, s);
		/* its descriptor's address was not known yet */
		for (unsigned nid = 0; nid < m->nr_nodes; nid++)
			set_next_reap(m, s, nid);
	}
	m->slab->state = SLAB_FULL;
	start_cpu_timers(m);
}

void slab_cpus_up(struct machine *m)
{
	struct slab_private *p = slab_private(m);
	struct kmem_cache *s;

	/* when a CPU is prepared it does not count yet */
	for (p->online_cpus = 1; p->online_cpus < m->nr_cpus; p->online_cpus++)
		for_each_kmem_cache(m, s)
			set_free_limit(m, s, m->cpu_to_node[p->online_cpus]);
	p->online_cpus = m->nr_cpus;
}
