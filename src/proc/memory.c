/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /sys/devices/system/memory: memory in blocks that can be taken out of use and put back. */
#include "files.h"
#include <errno.h>
#include <mmsh/memory_hotplug.h>
#include <stdlib.h>
#include <string.h>

bool if_sections(const struct machine *m, uint64_t *n)
{
	(void)n;
	return m->section != NULL;
}

/* ARCH_MEMORY_PROBE is for 64 bit */
bool if_sections_64bit(const struct machine *m, uint64_t *n)
{
	return if_sections(m, n) && m->arch->bits == 64;
}

static uint64_t first_pfn(const struct machine *m, const struct proc_file *f)
{
	return f->n * memory_block_pages(m);
}

/* The sections of a block that are there: [*pfn, + pages). They come and go together. */
static uint64_t block_range(const struct machine *m, uint64_t n, uint64_t *pfn)
{
	uint64_t block = memory_block_pages(m), end = min_of((n + 1) * block, m->max_pfn), pages = 0;

	for (uint64_t at = n * block; at < end; at += pages_per_section(m)) {
		if (!pfn_valid(m, at))
			continue;
		if (!pages)
			*pfn = at;
		pages = at + pages_per_section(m) - *pfn;
	}
	return pages;
}

bool each_memory_block(const struct machine *m, uint64_t *n)
{
	uint64_t pfn;

	for (; m->section && *n < m->max_pfn && *n * memory_block_pages(m) < m->max_pfn; ++*n)
		if (block_range(m, *n, &pfn))
			return true;
	return false;
}

static bool is_online(const struct machine *m, const struct proc_file *f)
{
	uint64_t pfn = 0;

	return block_range(m, f->n, &pfn) &&
	       (m->section[pfn_to_section(m, pfn)].state & SECTION_ONLINE);
}

void block_size_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)f;
	strbuf_addf(out, "%llx\n", (unsigned long long)memory_block_pages(m) << PAGE_SHIFT);
}

void memory_phys_device_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)m;
	(void)f;
	strbuf_adds(out, "0\n");
}

void memory_phys_index_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	(void)m;
	strbuf_addf(out, "%08llx\n", (unsigned long long)f->n);
}

void memory_removable_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	bool removable = true;
	uint64_t pfn = 0, pages = block_range(m, f->n, &pfn);

	for (uint64_t at = pfn; at < pfn + pages; at += pages_per_section(m))
		if (pfn_valid(m, at))
			removable &= is_mem_section_removable(m, at, pages_per_section(m));
	strbuf_addf(out, "%d\n", removable);
}

void memory_state_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	strbuf_adds(out, is_online(m, f) ? "online\n" : "offline\n");
}

int memory_state_write(struct machine *m, const struct proc_file *f, const char *text)
{
	static const struct {
		const char *word;
		enum mmop how;
	} online[] = {
		{"online", MMOP_ONLINE_KEEP},
		{"online_kernel", MMOP_ONLINE_KERNEL},
		{"online_movable", MMOP_ONLINE_MOVABLE},
	};
	uint64_t pfn = 0, pages = block_range(m, f->n, &pfn);

	if (!strcmp(text, "offline"))
		return offline_pages(m, pfn, pages, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(online); i++)
		if (!strcmp(text, online[i].word))
			return online_pages(m, pfn, pages, online[i].how, NULL);
	return -EINVAL;
}

/* A block at the border of ZONE_MOVABLE may be onlined into either zone. */
void memory_valid_zones_show(const struct machine *m, const struct proc_file *f, struct strbuf *out)
{
	uint64_t start = first_pfn(m, f), end = start + memory_block_pages(m);
	const struct zone *z = test_pages_in_a_zone(m, start, end - start);

	if (!z) {
		strbuf_adds(out, "none\n");
		return;
	}
	strbuf_adds(out, z->name);
	if (z->idx == m->arch->zone_movable - 1 && end == zone_end_pfn(z))
		strbuf_addf(out, " %s", (z + 1)->name);
	if (z->idx == m->arch->zone_movable && start == z->start_pfn)
		strbuf_addf(out, " %s", (z - 1)->name);
	strbuf_addc(out, '\n');
}

int memory_probe_write(struct machine *m, const struct proc_file *f, const char *text)
{
	char *end;
	uint64_t phys, block = memory_block_pages(m);

	(void)f;
	errno = 0;
	phys = strtoull(text, &end, 0);
	if (end == text || *end || errno || phys & ((block << PAGE_SHIFT) - 1))
		return -EINVAL;
	return add_memory(m, -1, PFN_DOWN(phys), block, NULL);
}
