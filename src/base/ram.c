/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large sparse host mappings: the machine's RAM and its page array. */
#include <mmsh/base.h>
#include <sys/mman.h>

void *reserve_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* One touched entry must not cost 2 MiB. */
	madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

void reserve_unmap(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}
