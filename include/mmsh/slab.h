/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small objects: caches and kmalloc (slab-common.md), over one of three allocators.
 *
 *   cache       objects of one size, `struct kmem_cache`: created, allocated from, destroyed
 *   slab        2^order pages cut into objects of one cache. Its state lives in the struct
 *               page of its first page (see "slab pages" in mm_types.h)
 *   object      .size bytes apart from the next one; .object_size of them are the user's
 *   freelist    the free objects of a slab: chained through their own bytes in SLUB and
 *               SLOB, an array of indexes in SLAB
 *   alias       a name that got an existing cache instead of one of its own (merging)
 *   allocator   SLUB, SLAB or SLOB: one `struct slab_ops`, chosen when the machine boots
 *
 * Where state lives. What the kernel keeps inside slabs (free pointers, poison, red zones,
 * tracking data, index arrays, block headers, the entries of array caches) is in the bytes
 * of the modelled RAM, so whoever writes there corrupts it as in the kernel. Descriptors,
 * per-CPU and per-node structures are host structs, so that the model can always trust
 * them; the object that such a structure costs the kernel is taken from the kernel's own
 * cache all the same, and .addr says where it is.
 *
 * Every address is a virtual address of the modelled machine, in the direct map. 0 is NULL.
 * A pointer that leads nowhere is what the kernel would oops on: it is reported (an event
 * TRACE_SLAB_REPORT), the call ends there with the state as far as it got, 0 is returned.
 */
#ifndef MMSH_SLAB_H
#define MMSH_SLAB_H

#include <mmsh/base.h>
#include <mmsh/gfp.h>
#include <mmsh/mm_types.h>
#include <sys/queue.h>

struct machine;
struct kmem_cache;

/* ---- flags of kmem_cache_create (slab-common.md 2) ---- */

#define SLAB_DEBUG_FREE 0x00000100u
#define SLAB_RED_ZONE 0x00000400u
#define SLAB_POISON 0x00000800u
#define SLAB_HWCACHE_ALIGN 0x00002000u
#define SLAB_CACHE_DMA 0x00004000u
#define SLAB_STORE_USER 0x00010000u
#define SLAB_RECLAIM_ACCOUNT 0x00020000u
#define SLAB_PANIC 0x00040000u
#define SLAB_DESTROY_BY_RCU 0x00080000u
#define SLAB_MEM_SPREAD 0x00100000u
#define SLAB_TRACE 0x00200000u
#define SLAB_NOLEAKTRACE 0x00800000u
#define SLAB_FAILSLAB 0x02000000u
#define CFLGS_OFF_SLAB 0x80000000u   /* SLAB: the index array is not in the slab */
#define __OBJECT_POISON 0x80000000u  /* SLUB: the object's body is poisoned too */
#define __CMPXCHG_DOUBLE 0x40000000u /* SLUB: lockless fast path */

#define SLAB_DEBUG_FLAGS                                                                 \
	(SLAB_DEBUG_FREE | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE)

/* The names that `cache create` takes; ended by a NULL name. */
struct slab_flag_name {
	const char *name;
	uint32_t flag;
};
extern const struct slab_flag_name slab_flag_names[];

/* Bytes that debugging writes. */
#define POISON_INUSE 0x5a
#define POISON_FREE 0x6b
#define POISON_END 0xa5
#define SLUB_RED_INACTIVE 0xbb
#define SLUB_RED_ACTIVE 0xcc
#define RED_INACTIVE 0x09f911029d74e35bull /* SLAB: eight bytes before and behind an object */
#define RED_ACTIVE 0xd84156c5635688c0ull

/* What kmalloc(0) returns; "zero or NULL" means at or below it. */
#define ZERO_SIZE_PTR ((vaddr_t)16)
#define ZERO_OR_NULL_PTR(p) ((vaddr_t)(p) <= ZERO_SIZE_PTR)

#define NUMA_NO_NODE (-1)
#define KMALLOC_MAX_SIZE (1ul << (MAX_ORDER + PAGE_SHIFT - 1))
#define KMALLOC_CACHES 23 /* indexes: 1 = 96 bytes, 2 = 192, n = 2^n */
#define KMEM_CACHE_NAME_MAX 64

/* ---- a cache ---- */

/* What is run on each object when its slab is made (SLOB: at each allocation). */
struct kmem_ctor {
	const char *symbol; /* as /sys/kernel/slab/CACHE/ctor shows it */
	void (*fn)(struct machine *m, const struct kmem_cache *s, vaddr_t object);
};
/* Leaves object_size bytes of zero: what a user gets who asks for "a" constructor. */
extern const struct kmem_ctor kmem_ctor_default;

/* Pages and objects of a slab. */
struct kmem_cache_order_objects {
	uint16_t order;
	uint16_t objects;
};

/* Statistics of SLUB (slub.md 12), in the order of their files. */
enum slub_stat {
	ALLOC_FASTPATH,
	ALLOC_SLOWPATH,
	FREE_FASTPATH,
	FREE_SLOWPATH,
	FREE_FROZEN,
	FREE_ADD_PARTIAL,
	FREE_REMOVE_PARTIAL,
	ALLOC_FROM_PARTIAL,
	ALLOC_SLAB,
	ALLOC_REFILL,
	ALLOC_NODE_MISMATCH,
	FREE_SLAB,
	CPUSLAB_FLUSH,
	DEACTIVATE_FULL,
	DEACTIVATE_EMPTY,
	DEACTIVATE_TO_HEAD,
	DEACTIVATE_TO_TAIL,
	DEACTIVATE_REMOTE_FREES,
	DEACTIVATE_BYPASS,
	ORDER_FALLBACK,
	CMPXCHG_DOUBLE_FAIL,
	CMPXCHG_DOUBLE_CPU_FAIL,
	CPU_PARTIAL_ALLOC,
	CPU_PARTIAL_FREE,
	CPU_PARTIAL_NODE,
	CPU_PARTIAL_DRAIN,
	NR_SLUB_STAT_ITEMS
};
extern const char *const slub_stat_names[NR_SLUB_STAT_ITEMS];

/* SLUB, each CPU: the slab it allocates from, and a stack of frozen partial slabs. */
struct kmem_cache_cpu {
	vaddr_t freelist; /* first free object of .page; 0: none */
	vaddr_t start;	  /* of .page's memory: makes "is it in my slab" two compares */
	uint64_t bytes;	  /* of it; 0 without a page */
	pfn_t page;	  /* the cpu slab, or PFN_NONE */
	pfn_t partial;	  /* top of the stack (linked by struct page .next), or PFN_NONE */
	uint64_t tid;	  /* transactions, for display */
	unsigned stat[NR_SLUB_STAT_ITEMS];
};

/* SLUB, each node. */
struct kmem_cache_node {
	vaddr_t addr; /* the object of the cache kmem_cache_node that it costs */
	struct page_list partial, full; /* full: only with SLAB_STORE_USER */
	unsigned long nr_partial, nr_slabs, total_objects;
};

struct array_cache; /* SLAB's, in src/mm/slab.c */
struct slab_node;   /* SLAB's kmem_list3 */

struct kmem_cache {
	/* What every allocation reads. */
	union {
		struct kmem_cache_cpu *cpu_slab; /* SLUB: [nr_cpus] */
		struct array_cache **cpu_cache;	 /* SLAB: [nr_cpus] */
	};
	union {
		struct kmem_cache_node **node; /* SLUB: [nr_nodes] */
		struct slab_node **slab_node;  /* SLAB: [nr_nodes] */
	};
	uint32_t size;	      /* bytes from one object to the next */
	uint32_t object_size; /* what was asked for; grows when others merge in */
	uint32_t flags;
	uint32_t offset; /* SLUB: of the free pointer inside a free object.
			    SLAB: of what the user gets inside its slot (red zone before it) */
	uint16_t id;	 /* index in slab_system.cache, and in the slabs' pages */
	bool debug;	 /* flags has one of SLAB_DEBUG_FLAGS */
	const struct kmem_ctor *ctor;

	/* SLUB */
	uint32_t inuse; /* end of what the user may write; metadata follows */
	uint32_t reserved;
	struct kmem_cache_order_objects oo, min, max; /* preferred, fallback, largest ever */
	unsigned long min_partial;
	uint32_t cpu_partial;
	uint32_t remote_node_defrag_ratio;

	/* SLAB (slab.md 1); oo and min are kept filled for slabinfo */
	uint32_t num, gfporder;
	uint32_t colour, colour_off;
	uint32_t freelist_size;
	struct kmem_cache *freelist_cache;
	uint32_t limit, batchcount, shared;
	uint64_t reciprocal; /* of .size, see slab_obj_index() */
	/* CONFIG_DEBUG_SLAB: globalstat, cpustat; objects outside slabs now */
	uint32_t list_allocs, maxobjs, grown, reaped, freemax;
	uint32_t nodeallocs, remotefrees, alienoverflow;
	uint32_t allochit, allocmiss, freehit, freemiss, num_active;
	void *private;	     /* more of an allocator's own */

	/* All. */
	gfp_t allocflags;    /* added to the gfp of each new slab */
	uint32_t align;	     /* as computed (slab-common.md 3.2) */
	int refcount;	     /* 1 + aliases; -1: never merged into */
	vaddr_t addr;	     /* of its descriptor, an object of kmem_cache (0: static) */
	vaddr_t name_addr;   /* of the copy of the name; 0: a constant of the kernel */
	char name[KMEM_CACHE_NAME_MAX];
	TAILQ_ENTRY(kmem_cache) list;
};
TAILQ_HEAD(kmem_cache_list, kmem_cache);

/* ---- the allocators ---- */

/* Numbers of one line of /proc/slabinfo (slab-common.md 10). */
struct slabinfo {
	unsigned long active_objs, num_objs, active_slabs, num_slabs, shared_avail;
	unsigned limit, batchcount, shared, objects_per_slab, cache_order;
};

/* On which list a slab stands. */
enum slab_where {
	SLAB_CPU,	   /* SLUB: the cpu slab */
	SLAB_CPU_PARTIAL,  /* SLUB: a CPU's stack */
	SLAB_NODE_PARTIAL, /* SLUB: node list; SLAB: partial */
	SLAB_NODE_FULL,	   /* SLUB: with SLAB_STORE_USER; SLAB: full */
	SLAB_NODE_FREE,	   /* SLAB: wholly free */
	SLAB_NOWHERE,	   /* SLUB: a full slab is on no list */
	NR_SLAB_WHERE
};
extern const char *const slab_where_names[NR_SLAB_WHERE];

/* One slab as slab_walk() shows it. */
struct slab_view {
	struct kmem_cache *cache; /* NULL: a SLOB page */
	pfn_t pfn;
	enum slab_where where;
	unsigned owner; /* CPU or node */
	unsigned idx;	/* position in its list, 0 first. SLOB: 0 small, 1 medium, 2 large list */
};

/* The state of one object. */
enum slab_object_state {
	OBJ_ALLOCATED,
	OBJ_FREE,	/* on the slab's own freelist */
	OBJ_CPU_FREE,	/* free, on a CPU's freelist or in a CPU's array cache */
	OBJ_SHARED_FREE, /* SLAB: in a shared or alien array */
	NR_OBJ_STATES
};
extern const char *const slab_object_state_names[NR_OBJ_STATES];

/* Where an address lies: slab_locate(). */
struct slab_location {
	struct kmem_cache *cache; /* NULL: large kmalloc, or SLOB */
	pfn_t pfn;	 /* first page of the slab or of the large block */
	unsigned order;
	bool large;	 /* pages straight from the page allocator (kmalloc) */
	vaddr_t object;	 /* start of the object (SLOB: of the block) that holds it; 0: none
			    (header, colour, tail, padding between) */
	unsigned index;	 /* of the object in its slab */
	uint32_t offset; /* of the address in the object, or in the slab if .object is 0 */
	uint32_t size;	 /* bytes the user may use of it */
	enum slab_object_state state;
};

/* Returns: whether to go on. */
typedef bool (*slab_walk_fn)(struct machine *m, const struct slab_view *v, void *arg);

/* Boot's choices (slub.md 3, 11; slab.md; slab-common.md 1, 4). */
struct slab_params {
	unsigned cache_line_size;  /* run time; 0: the architecture's */
	bool nomerge;		   /* slab_nomerge, slub_nomerge */
	unsigned slub_min_order, slub_min_objects;
	unsigned slub_max_order;   /* SLAB_ORDER_UNSET: 3 */
	uint32_t slub_debug;	   /* flags; for all caches, or those of the prefix */
	char slub_debug_slabs[32]; /* prefix; "": all */
	bool disable_higher_order_debug; /* slub_debug=O */
	unsigned slab_max_order;   /* SLAB: SLAB_ORDER_UNSET: by the size of RAM */
	bool slab_debug;	   /* CONFIG_DEBUG_SLAB */
	bool slub_stats;	   /* CONFIG_SLUB_STATS: the files are there */
	bool stacktrace;	   /* CONFIG_STACKTRACE: 64 (128) bytes more in a track */
};
#define SLAB_ORDER_UNSET (~0u)
void slab_params_init(struct slab_params *p);
/* `slub_debug=` as the kernel parses it. Returns: 0; 1 with @e: an unknown letter was skipped. */
int slub_debug_parse(struct slab_params *p, const char *val, struct mm_error *e);

struct slab_ops {
	const char *name;		   /* "slub", "slab", "slob" */
	unsigned shift_low, shift_high;	   /* kmalloc caches: 2^low .. 2^high; high 0: none */
	uint32_t cache_flags, debug_flags; /* that kmem_cache_create lets through */
	uint32_t never_merge;		   /* flags that exclude an alias; ~0: no merging at all */
	uint32_t kmalloc_flags;		   /* of the kmalloc caches */
	bool merge_align;		   /* merging demands that the alignment divides */
	bool has_slabinfo, slabinfo_writable;

	/* Boot: everything up to state UP, and the second step after timekeeping (SLAB). */
	int (*init)(struct machine *m, struct mm_error *e);
	void (*init_late)(struct machine *m);
	/* The other CPUs have started. May be NULL. */
	void (*cpus_up)(struct machine *m);

	/* .flags of a cache to be: adds what slub_debug= says for @name. May be NULL. */
	uint32_t (*kmem_cache_flags)(const struct machine *m, uint32_t object_size, uint32_t flags,
				     const char *name, const struct kmem_ctor *ctor);
	/* Lay a cache out: sizes, orders, limits. Name, sizes, align are set. Returns: 0, -EINVAL,
	   -E2BIG. */
	int (*plan)(struct machine *m, struct kmem_cache *s, uint32_t flags);
	/* The same for a cache to be, and give it its structures.
	   Returns: 0; -EINVAL, -ENOMEM, -E2BIG. */
	int (*create)(struct machine *m, struct kmem_cache *s, uint32_t flags);
	/* @size bytes were merged into @s: what else than object_size grows. May be NULL. */
	void (*alias)(struct machine *m, struct kmem_cache *s, uint32_t size);
	/* Give all slabs back. Returns: 0, -EBUSY with objects left. */
	int (*shutdown)(struct machine *m, struct kmem_cache *s);
	/* After that: what .create took (structures, arrays). */
	void (*release)(struct machine *m, struct kmem_cache *s);
	int (*shrink)(struct machine *m, struct kmem_cache *s); /* 1: slabs remain */

	/* @nid NUMA_NO_NODE: any. Returns: the object, 0. Does not clear: slab_common does. */
	vaddr_t (*alloc)(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid);
	void (*free)(struct machine *m, struct kmem_cache *s, vaddr_t object);
	unsigned (*alloc_bulk)(struct machine *m, struct kmem_cache *s, gfp_t gfp, unsigned n,
			       vaddr_t *p); /* NULL: .alloc each */
	void (*free_bulk)(struct machine *m, struct kmem_cache *s, unsigned n, vaddr_t *p);

	/* Without caches (SLOB), or NULL: the kmalloc caches and large pages. */
	vaddr_t (*kmalloc)(struct machine *m, uint64_t size, gfp_t gfp, int nid);
	void (*kfree)(struct machine *m, vaddr_t p);
	uint64_t (*ksize)(const struct machine *m, vaddr_t p); /* of an object of a slab */

	void (*get_slabinfo)(const struct machine *m, const struct kmem_cache *s,
			     struct slabinfo *i);
	/* Returns: 0 or -errno (slab-common.md 10.5). NULL: -EIO */
	int (*slabinfo_write)(struct machine *m, const char *text, size_t len);
	void (*tick)(struct machine *m, uint64_t jiffies); /* timers; before m->jiffies moves. May be NULL */

	/* Looking. @s NULL: every slab (SLOB pages have no cache). */
	bool (*walk)(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg);
	bool (*locate)(const struct machine *m, vaddr_t addr, struct slab_location *l);
	/* State of each object of the slab at @pfn. Returns: how many objects it has (at most
	   @max are written); a corrupted freelist ends where it leads astray. */
	unsigned (*objects)(const struct machine *m, pfn_t pfn, uint8_t *state, unsigned max);
	/* Its free objects, next to be handed out first: those that CPUs have, then the rest.
	   SLOB: the units where free blocks begin. Returns: how many are written. */
	unsigned (*free_order)(const struct machine *m, pfn_t pfn, uint16_t *idx, unsigned max);
	/* Everything adds up. Returns: 0 or -EUCLEAN with @e. */
	int (*audit)(const struct machine *m, struct mm_error *e);
};

extern const struct slab_ops slub_ops, slab_ops_slab, slob_ops;
extern const struct slab_ops *const slab_allocators[]; /* NULL ends the table */
/* By "slub", "slab", "slob". Returns: the row, or NULL. */
const struct slab_ops *slab_ops_find(const char *name);

/* A name that got another's cache. */
struct slab_alias {
	char name[KMEM_CACHE_NAME_MAX];
	struct kmem_cache *cache;
	TAILQ_ENTRY(slab_alias) list;
};
TAILQ_HEAD(slab_alias_list, slab_alias);

/* How far boot is (slab-common.md 8). */
enum slab_state { SLAB_DOWN, SLAB_PARTIAL, SLAB_PARTIAL_NODE, SLAB_UP, SLAB_FULL };

/* machine.slab: everything about small objects. NULL while the machine has no allocator. */
struct slab_system {
	const struct slab_ops *ops;
	/* The direct map, for following pointers: lowmem is [base, base + bytes). */
	vaddr_t base;
	uint64_t bytes;
	unsigned word;		 /* bytes of a pointer */
	unsigned cache_line_size;
	struct kmem_cache *kmalloc_caches[KMALLOC_CACHES];
	struct kmem_cache *kmalloc_dma_caches[KMALLOC_CACHES];
	uint8_t size_index[24];	 /* kmalloc index of sizes up to 192: [(size - 1) / 8] */
	struct kmem_cache **cache; /* by id; NULL: destroyed. Id 0 is none */
	unsigned nr_cache, cap_cache;
	struct kmem_cache_list caches; /* slab_caches, newest first */
	enum slab_state state;
	struct slab_params params;
	struct kmem_cache *kmem_cache, *kmem_cache_node; /* boot caches; NULL if none */
	struct slab_alias_list aliases; /* oldest first */
	struct kmem_cache_list unused; /* host structs of destroyed caches */
	struct slab_alias_list unused_aliases;
	void *private;		 /* of the allocator */
	/* Who allocates: goes into tracks. The driver sets them. */
	vaddr_t caller;
	int pid;
	unsigned long oopses;	 /* times the kernel would have died */
	bool locked;		 /* SLUB: the lock of the slab that is being checked is held */
	pfn_t given_pfn;	 /* replaying: the page of the next new slab; PFN_NONE: no say */
	bool tainted;		 /* a report has set taint bit B */
	bool warned_size;	 /* kmalloc beyond KMALLOC_MAX_SIZE warned once */
	bool foreign;		 /* a loaded state: not all slabs, nor all caches, are known */
};

/* ---- boot ---- */

/*
 * kmem_cache_init - start the allocator @ops on a machine that has free pages
 *
 * Makes the allocator's own caches and the kmalloc caches. Returns: 0; -ENOMEM, -EEXIST
 * with @e, machine.slab is NULL then.
 */
int kmem_cache_init(struct machine *m, const struct slab_ops *ops, const struct slab_params *p,
		    struct mm_error *e);
/* The caches that a 4.4 kernel makes for itself while it boots (slab-common.md 9), and
   SLAB's late step. Returns: 0 or -ENOMEM. */
int kmem_cache_init_late(struct machine *m, struct mm_error *e);
/* Only the host's side, nothing allocated in the machine: for loading a recorded state. */
int slab_system_new(struct machine *m, const struct slab_ops *ops, const struct slab_params *p);

/* ---- caches ---- */

struct kmem_cache_params {
	const char *name;
	uint64_t size, align; /* align 0: none asked for */
	uint32_t flags;
	const struct kmem_ctor *ctor;
	bool builtin; /* the name is a constant of the kernel image: no copy is made */
};

/*
 * kmem_cache_create - a cache, or an alias of one that will do (slab-common.md 3, 4)
 *
 * Returns: the cache, .refcount > 1 if it was there before; NULL with @e: no name, a size
 * of 0 or beyond KMALLOC_MAX_SIZE, an alignment that is no power of two, no memory, or no
 * order that fits.
 */
struct kmem_cache *kmem_cache_create(struct machine *m, const struct kmem_cache_params *p,
				     struct mm_error *e);
/* Drops one user; the last one's call gives all back. Returns: 0, 1: aliases remain,
   -EBUSY: objects remain, the cache stays (slab-common.md 6). */
int kmem_cache_destroy(struct machine *m, struct kmem_cache *s);
/* Gives empty slabs back. Returns: 1 if slabs remain. */
int kmem_cache_shrink(struct machine *m, struct kmem_cache *s);
/* By name, that of an alias included. NULL: there is none. */
struct kmem_cache *kmem_cache_find(const struct machine *m, const char *name);
/* The cache whose .id is @id; NULL. */
struct kmem_cache *kmem_cache_by_id(const struct machine *m, unsigned id);
/* The cache could not be merged, or merged into. */
bool slab_unmergeable(const struct machine *m, const struct kmem_cache *s);

/* newest first, as /proc/slabinfo prints them */
#define for_each_kmem_cache(m, s) TAILQ_FOREACH(s, &(m)->slab->caches, list)

/* ---- objects ---- */

/* With __GFP_ZERO object_size bytes are cleared. Returns: the address, 0. */
vaddr_t kmem_cache_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp);
vaddr_t kmem_cache_alloc_node(struct machine *m, struct kmem_cache *s, gfp_t gfp, int nid);
/* These do what the kernel does, wrong arguments included; kfree_check() tells beforehand. */
void kmem_cache_free(struct machine *m, struct kmem_cache *s, vaddr_t object);
/* Returns: @n, or 0 when not all could be had (none is kept then). */
unsigned kmem_cache_alloc_bulk(struct machine *m, struct kmem_cache *s, gfp_t gfp, unsigned n,
			       vaddr_t *p);
/* Uses @p up: its entries may be 0 afterwards. */
void kmem_cache_free_bulk(struct machine *m, struct kmem_cache *s, unsigned n, vaddr_t *p);

/* Returns: the address, ZERO_SIZE_PTR for 0 bytes, 0. */
vaddr_t kmalloc(struct machine *m, uint64_t size, gfp_t gfp);
vaddr_t kmalloc_node(struct machine *m, uint64_t size, gfp_t gfp, int nid);
vaddr_t kzalloc(struct machine *m, uint64_t size, gfp_t gfp);
vaddr_t kcalloc(struct machine *m, uint64_t n, uint64_t size, gfp_t gfp);
/* The new block is there before the old one is freed. */
vaddr_t krealloc(struct machine *m, vaddr_t p, uint64_t size, gfp_t gfp);
void kfree(struct machine *m, vaddr_t p);
void kzfree(struct machine *m, vaddr_t p);
/* Bytes that the user of @p may use; 0 for ZERO_SIZE_PTR and what is no object. */
uint64_t ksize(const struct machine *m, vaddr_t p);

/*
 * kfree_check - may @p be given to kfree(), or to kmem_cache_free() of @s (NULL: kfree)?
 *
 * Returns: 0; -EINVAL with @e saying why not: outside RAM, no object there, inside an
 * object, another cache's, free already.
 */
int kfree_check(const struct machine *m, const struct kmem_cache *s, vaddr_t p,
		struct mm_error *e);
/* The cache that kmalloc of that size takes; NULL: pages, or nothing. */
struct kmem_cache *kmalloc_slab(const struct machine *m, uint64_t size, gfp_t gfp);

/* ---- looking ---- */

/* Whether @addr lies in a slab or in a large kmalloc block. */
bool slab_locate(const struct machine *m, vaddr_t addr, struct slab_location *l);
/* Calls @fn for each slab of @s that stands on a list (SLAB_NOWHERE: found by its pages,
   last), or of all caches for NULL. Returns: false if @fn ended it. */
bool slab_walk(struct machine *m, struct kmem_cache *s, slab_walk_fn fn, void *arg);
unsigned slab_objects(const struct machine *m, pfn_t pfn, uint8_t *state, unsigned max);
/* Its free objects in the order in which they are handed out (SLOB: where free blocks begin). */
unsigned slab_free_order(const struct machine *m, pfn_t pfn, uint16_t *idx, unsigned max);
void get_slabinfo(const struct machine *m, const struct kmem_cache *s, struct slabinfo *i);
/* All that must hold. machine_audit() asks too. Returns: 0 or -EUCLEAN with @e. */
int slab_audit(const struct machine *m, struct mm_error *e);

/* ---- loading a recorded state ---- */

/* One slab of a dump. */
struct slab_record {
	enum slab_where where;
	unsigned cpu;	      /* of SLAB_CPU and SLAB_CPU_PARTIAL; else 0 */
	pfn_t pfn;
	unsigned order, objects, inuse;
	bool frozen;
	int pages, pobjects;
	const uint16_t *free; /* indexes of the free objects, first first */
	unsigned nr_free;
	vaddr_t s_mem, freelist; /* SLAB: object 0, the index array */
};
/* The index that kmalloc's cache of that name has; 0: it is none of them. */
unsigned kmalloc_index_of(const struct machine *m, const char *name);
/* A cache with the layout and settings of @from; 0 or -EINVAL with @e for the others. */
struct kmem_cache *slub_load_cache(struct machine *m, const struct kmem_cache *from,
				   struct mm_error *e);
int slub_load_slab(struct machine *m, struct kmem_cache *s, const struct slab_record *r,
		   struct mm_error *e);
int slub_load_cpu_freelist(struct machine *m, struct kmem_cache *s, unsigned cpu,
			   const uint16_t *idx, unsigned n, struct mm_error *e);
int slub_load_node(struct machine *m, struct kmem_cache *s, unsigned nid, unsigned long nr_slabs,
		   unsigned long total_objects, struct mm_error *e);
/* What the allocator makes of a cache so asked for: sizes, orders, limits, into @s. Nothing is
   allocated. Returns: 0, -EINVAL, -E2BIG. */
int kmem_cache_plan(struct machine *m, const struct kmem_cache_params *p, struct kmem_cache *s);

/* SLUB: who allocated or freed an object last, out of its own bytes. */
struct slub_track {
	vaddr_t caller;
	uint32_t cpu, pid;
	uint64_t age; /* jiffies */
};
/* Returns: false without SLAB_STORE_USER, or when nothing is recorded. */
bool slub_get_track(const struct machine *m, const struct kmem_cache *s, vaddr_t object, bool freed,
		    struct slub_track *t);
/* SLUB: what /sys/kernel/slab/CACHE lets one change. Return 0, -EINVAL, -EBUSY. */
int slub_set_order(struct machine *m, struct kmem_cache *s, unsigned long order);
void slub_set_min_partial(struct kmem_cache *s, unsigned long min);
int slub_set_cpu_partial(struct machine *m, struct kmem_cache *s, unsigned long objects);
int slub_set_debug(struct machine *m, struct kmem_cache *s, uint32_t flag, bool on);
/* SLUB: all CPUs give their slabs back to the nodes' lists. */
void slub_flush(struct machine *m, struct kmem_cache *s);
/* SLUB: flush, then check every slab on the partial and full lists, and report. */
void slub_validate(struct machine *m, struct kmem_cache *s);

/* ---- events ---- */

/* .verdict of TRACE_SLAB_STEP: how an allocation or free was decided. .cache the cache's id,
   .pfn the slab; a, b as said. */
enum slab_step {
	STEP_KMALLOC,		/* a size asked for, b size of the cache's objects; .cache which */
	STEP_KMALLOC_LARGE,	/* a size, b order: straight to the page allocator */
	STEP_NEW_SLAB,		/* a order, b objects */
	STEP_ORDER_FALLBACK,	/* a preferred order, b the smaller one taken */
	STEP_NO_PAGES,		/* a order that could not be had */
	STEP_DISCARD,		/* a order: the slab goes back to the page allocator */
	STEP_SLUB_FASTPATH,	/* a object: from the cpu freelist */
	STEP_SLUB_REFILL,	/* a objects: the cpu slab's own freelist taken over */
	STEP_SLUB_FULL,		/* the cpu slab is used up; it is on no list now */
	STEP_SLUB_CPU_PARTIAL,	/* top of the CPU's stack becomes the cpu slab */
	STEP_SLUB_NODE_PARTIAL,	/* head of the node's list becomes the cpu slab; a free objects */
	STEP_SLUB_NODE_MORE,	/* and another one goes on the CPU's stack; a free objects in all,
				   b where it stops */
	STEP_SLUB_DEACTIVATE,	/* a objects given back to the slab, b enum slab_where it is then */
	STEP_SLUB_FREE_FASTPATH, /* a object: into the cpu freelist */
	STEP_SLUB_FREE_SLOW,	/* a object: into the slab's own freelist; b in use then */
	STEP_SLUB_FROZEN,	/* a full slab got a free object: on the CPU's stack; a pobjects,
				   b cpu_partial */
	STEP_SLUB_DRAIN,	/* a pobjects, b cpu_partial: the whole stack goes to the nodes */
	STEP_SLUB_ADD_PARTIAL,	/* a nr_partial: on the node's list, at the tail */
	STEP_SLUB_UNCHECKED,	/* a object: a check failed, it is left alone */
	STEP_SLAB_HIT,		/* SLAB: a object, b left: from the CPU's array */
	STEP_SLAB_REFILL,	/* a objects taken, b batchcount: CPU array filled again */
	STEP_SLAB_FROM_SHARED,	/* a objects: out of the shared array */
	STEP_SLAB_FROM_PARTIAL,	/* a objects: out of a partial slab */
	STEP_SLAB_FROM_FREE,	/* a objects: out of a wholly free slab */
	STEP_SLAB_FREE_HIT,	/* a object, b entries then: into the CPU's array */
	STEP_SLAB_FLUSH,	/* a objects leave the full CPU array, b 1: into the shared array */
	STEP_SLAB_ALIEN,	/* a object, b node: of another node */
	STEP_SLAB_REAP,		/* a slabs given back by the timer */
	STEP_SLOB_PAGE,		/* a list, b bytes: a block out of this page */
	STEP_SLOB_SKIP,		/* a list, b free units: too small or too scattered */
	STEP_SLOB_FREE,		/* a bytes, b 1: merged with a neighbour */
	NR_SLAB_STEPS
};

/* .verdict of TRACE_SLAB_REPORT: what the kernel prints. a object, b first and c last byte of
   a range, d a value. Sent before anything is repaired: the bytes are still the wrong ones. */
enum slab_report {
	/* SLUB, object reports (slub.md 10.1) */
	REPORT_REDZONE,		/* b..c are not d: "Redzone overwritten" */
	REPORT_POISON,
	REPORT_ALIGN_PADDING,	/* "Alignment padding overwritten" */
	REPORT_OBJECT_PADDING,
	REPORT_FREEPTR,		/* "Freepointer corrupt" of object a */
	REPORT_FREECHAIN,	/* "Freechain corrupt" at object a */
	REPORT_FREELIST_CHECK,	/* "Freelist Pointer check fails" */
	REPORT_ALREADY_FREE,
	REPORT_PAGE_SLAB,	/* "page slab pointer corrupt." */
	/* SLUB, slab reports */
	REPORT_NOT_SLAB,	/* "Not a valid slab page" */
	REPORT_OBJECTS,		/* d: "objects %u > max %u" */
	REPORT_INUSE,
	REPORT_SLAB_FREEPTR,	/* "Freepointer corrupt" */
	REPORT_COUNT_OBJECTS,	/* d counted: "Wrong number of objects" */
	REPORT_COUNT_INUSE,	/* d counted: "Wrong object count" */
	REPORT_INVALID_POINTER,	/* "Invalid object pointer 0x" a */
	REPORT_OUTSIDE,		/* "Attempt to free object(0xa) outside of slab" */
	REPORT_SLAB_PADDING,	/* "Padding overwritten. 0xb-0xc": the slab's tail from a */
	REPORT_REMAINING,	/* "Objects remaining in NAME on kmem_cache_close()"; lists them */
	/* SLUB, single lines */
	REPORT_NO_SLAB,		/* "SLUB <none>: no slab for object 0xa." */
	REPORT_FIX_RESTORE,	/* "FIX NAME: Restoring 0xb-0xc=0xd" */
	REPORT_FIX_USED,	/* "FIX NAME: Marking all objects used" */
	REPORT_FIX_NOT_FREED,	/* "FIX NAME: Object at 0xa not freed" */
	REPORT_FIX_FREELIST,	/* "FIX NAME: Freelist cleared" */
	REPORT_FIX_OBJECTS,	/* "FIX NAME: Number of objects adjusted." */
	REPORT_FIX_COUNT,	/* "FIX NAME: Object count adjusted." */
	REPORT_TRACE_ALLOC,	/* SLAB_TRACE; a object */
	REPORT_TRACE_FREE,
	REPORT_SLUB_OOM,	/* a gfp, d node */
	/* all */
	REPORT_STILL_OBJECTS,	/* "kmem_cache_destroy NAME: Slab cache still has objects" */
	REPORT_KMALLOC_SIZE,	/* a size: the one-time warning beyond KMALLOC_MAX_SIZE */
	REPORT_GFP,		/* a gfp: "gfp: N", then a BUG */
	REPORT_OOPS,		/* a address: the kernel would die following that pointer */
	REPORT_BUG_KFREE,	/* a address: BUG, kfree of a page that is no slab and not compound */
	/* SLAB (slab.md) */
	REPORT_SLAB_OOM,	/* a gfp, d node */
	REPORT_SLAB_BAD,	/* a object, d enum slab_bad */
	NR_SLAB_REPORTS
};

/* What SLAB finds (slab.md 11). a is the slot, which starts with a red zone if there is one;
   BAD_REDZONE_*: b the first red zone's value, c the second one's. */
enum slab_bad {
	BAD_POISON,	     /* b first wrong byte of the user's part: "Slab corruption" */
	BAD_DOUBLE_FREE,     /* verify_redzone_free(): "double free detected" */
	BAD_OVERWRITTEN,     /* verify_redzone_free(): "memory outside object was overwritten" */
	BAD_ALLOC_REDZONE,   /* cache_alloc_debugcheck_after(): "double free, or memory outside
				object was overwritten" */
	BAD_FREED_START,     /* slab_destroy_debugcheck(): "start of a freed object was
				overwritten" */
	BAD_FREED_END,	     /* "end of a freed object was overwritten" */
	BAD_CTOR_END,	     /* cache_init_objs(): "constructor overwrote the end of an object" */
	BAD_CTOR_START,	     /* "constructor overwrote the start of an object" */
	BAD_PUT_TWICE,	     /* "slab: double free detected in cache 'NAME', objp a", then BUG */
	BAD_FREE_POINTER,    /* free of what is no object of the cache: BUG */
	BAD_GFP_DMA,	     /* GFP_DMA for a cache without it, or the other way round: BUG */
	NR_SLAB_BAD
};

#endif
