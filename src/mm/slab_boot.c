/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The caches that a 4.4 kernel makes for itself while it boots, in its order
 * (slab-common.md 9). Structure sizes depend on how the kernel was built: these are those of
 * the modelled one.
 */
#include "slab.h"
#include <errno.h>
#include <mmsh/machine.h>

#define HW SLAB_HWCACHE_ALIGN
#define REC SLAB_RECLAIM_ACCOUNT
#define RCU SLAB_DESTROY_BY_RCU
#define PANIC SLAB_PANIC

static const struct boot_cache {
	const char *name;
	uint16_t size32, size64, align;
	uint32_t flags;
	bool ctor;
} boot_caches[] = {
	{"idr_layer_cache", 1068, 2096, 0, PANIC, false},
	{"radix_tree_node", 304, 576, 0, PANIC | REC, true},
	{"pid", 44, 80, 0, HW | PANIC, false},
	{"anon_vma", 44, 72, 0, RCU | PANIC, true},
	{"anon_vma_chain", 32, 64, 0, PANIC, false},
	{"cred_jar", 124, 168, 0, HW | PANIC, false},
	{"task_struct", 1728, 2944, 64, 0, false},
	{"sighand_cache", 1300, 2088, 0, HW | PANIC | RCU, true},
	{"signal_cache", 528, 1056, 0, HW | PANIC, false},
	{"files_cache", 224, 704, 0, HW | PANIC, false},
	{"fs_cache", 36, 56, 0, HW | PANIC, false},
	{"mm_struct", 440, 856, 0, HW | PANIC, false},
	{"vm_area_struct", 88, 184, 0, PANIC, false},
	{"nsproxy", 24, 48, 0, PANIC, false},
	{"names_cache", 4096, 4096, 0, HW | PANIC, false},
	{"dentry", 128, 192, 0, REC | PANIC | SLAB_MEM_SPREAD, false},
	{"inode_cache", 304, 544, 0, REC | PANIC | SLAB_MEM_SPREAD, true},
	{"filp", 168, 256, 0, HW | PANIC, false},
	{"mnt_cache", 192, 368, 0, HW | PANIC, false},
	{"kernfs_node_cache", 72, 120, 0, PANIC, false},
	{"shmem_inode_cache", 344, 632, 0, PANIC, true},
	{"sigqueue", 144, 160, 0, PANIC, false},
	{"proc_inode_cache", 332, 600, 0, REC | PANIC | SLAB_MEM_SPREAD, true},
	{NULL, 0, 0, 0, 0, false}, /* the other CPUs start; then the initcalls run */
	{"pool_workqueue", 256, 256, 256, PANIC, false},
	{"uid_cache", 64, 128, 0, HW | PANIC, false},
	{"eventpoll_epi", 96, 128, 0, HW | PANIC, false},
	{"eventpoll_pwq", 36, 72, 0, PANIC, false},
	{"posix_timers_cache", 144, 232, 0, PANIC, false},
	{"fasync_cache", 32, 48, 0, PANIC, false},
	{"aio_kiocb", 64, 128, 0, HW | PANIC, false},
	{"kioctx", 352, 576, 0, HW | PANIC, false},
};

int kmem_cache_init_late(struct machine *m, struct mm_error *e)
{
	const struct slab_ops *ops = m->slab->ops;

	if (ops->init_late)
		ops->init_late(m);
	for (unsigned i = 0; i < ARRAY_SIZE(boot_caches); i++) {
		const struct boot_cache *b = &boot_caches[i];
		struct kmem_cache_params p = {
			.name = b->name,
			.size = m->arch->bits == 32 ? b->size32 : b->size64,
			.align = b->align,
			.flags = b->flags,
			.ctor = b->ctor ? &kmem_ctor_default : NULL,
			.builtin = true,
		};

		if (b->name && !kmem_cache_create(m, &p, e))
			return -ENOMEM;
		if (!b->name && ops->cpus_up)
			ops->cpus_up(m);
	}
	m->slab->state = SLAB_FULL;
	return 0;
}
