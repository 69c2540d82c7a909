/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E4: vmalloc and vm_map_ram. The recording holds the address ranges and no pages, so the
 * machine is one booted with as much memory; what is compared are addresses.
 */
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/kmsg.h>
#include <mmsh/vmalloc.h>
#include <stdio.h>
#include <stdlib.h>

/* What vm_map_ram calls are live, for the drain, which does not say how many pages. */
struct mapping {
	vaddr_t addr;
	uint32_t pages;
};

struct replay {
	struct verify *v;
	struct mapping *live;
	size_t nr_live, cap;
};

/* ---- the state ---- */

static const struct field vmap_fields[] = {
	FIELD(struct vmalloc_state, "cached_hole_size", cached_hole_size, FIELD_HEX),
	FIELD(struct vmalloc_state, "cached_vstart", cached_vstart, FIELD_HEX),
	FIELD(struct vmalloc_state, "cached_align", cached_align, FIELD_HEX),
	FIELD(struct vmalloc_state, "pcpu_hole", pcpu_hole, FIELD_HEX),
	FIELD(struct vmalloc_state, "lazy_nr", lazy_nr, FIELD_DEC),
	{0},
};

struct va_line {
	uint64_t start, end;
	uint32_t flags, vmflags;
};

static const struct field va_fields[] = {
	FIELD(struct va_line, "start", start, FIELD_HEX),
	FIELD(struct va_line, "end", end, FIELD_HEX),
	FIELD(struct va_line, "flags", flags, FIELD_HEX),
	FIELD(struct va_line, "vmflags", vmflags, FIELD_HEX),
	{0},
};

struct block_line {
	uint64_t start;
	uint32_t cpu, free, dirty;
};

static const struct field block_fields[] = {
	FIELD(struct block_line, "cpu", cpu, FIELD_DEC),
	FIELD(struct block_line, "start", start, FIELD_HEX),
	FIELD(struct block_line, "free", free, FIELD_DEC),
	FIELD(struct block_line, "dirty", dirty, FIELD_DEC),
	{0},
};

static void vmap_write(const struct machine *m, const char *stage, struct strbuf *out)
{
	const struct vmalloc_state *v = m->vmalloc;
	const struct vmap_area *va;

	strbuf_addf(out, "vmap stage=%s free_vmap_cache=0x%llx", stage,
		    (unsigned long long)(v->free_vmap_cache ? v->free_vmap_cache->start : 0));
	fields_put(out, vmap_fields, v);
	strbuf_addf(out, " lazy_max=%llu VMAP_BLOCK_SIZE=0x%llx VMAP_MAX_ALLOC=%u\n",
		    (unsigned long long)lazy_max_pages(m),
		    (unsigned long long)PFN_PHYS(v->block_bits), vmap_max_alloc(m));
	TAILQ_FOREACH (va, &v->list, list) {
		struct va_line l = {va->start, va->end, va->flags, va->vm ? va->vm->flags : 0};

		strbuf_adds(out, "va");
		fields_put(out, va_fields, &l);
		strbuf_addc(out, '\n');
	}
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct vmap_block *vb;

		TAILQ_FOREACH (vb, &v->queue[cpu], queue) {
			struct block_line l = {vb->va->start, cpu, vb->free, vb->dirty};

			strbuf_adds(out, "vmapblock");
			fields_put(out, block_fields, &l);
			strbuf_addc(out, '\n');
		}
	}
	strbuf_addf(out, "endvmap stage=%s\n", stage);
}

static int load_area(struct verify *v)
{
	struct scan *s = &v->d.s;
	struct va_line l;
	int err = fields_get(s, va_fields, &l, NULL, v->e);

	if (err)
		return err;
	if (l.start >= l.end || ((l.start | l.end) & (PAGE_SIZE - 1)) ||
	    find_vmap_area(v->m, l.start) || find_vmap_area(v->m, l.end - 1))
		return scan_error(s, v->e, "no range of addresses of its own");
	if (!vmap_area_add(v->m, l.start, l.end, l.flags, l.vmflags))
		return mm_error(v->e, -ENOMEM, "the host has no memory left");
	return 0;
}

static int load_block(struct verify *v)
{
	struct scan *s = &v->d.s;
	struct block_line l;
	int err = fields_get(s, block_fields, &l, NULL, v->e);

	if (err)
		return err;
	if (l.cpu >= v->m->nr_cpus || vmap_block_add(v->m, l.start, l.cpu, l.free, l.dirty))
		return scan_error(s, v->e, "no block of an area listed before");
	return 0;
}

/* From the vmap line, the current one, to endvmap. */
static int load_vmap(struct verify *v)
{
	struct scan *s = &v->d.s;
	struct vmalloc_state *vs = v->m->vmalloc;
	uint64_t cache;
	int err;

	if (!scan_word(s, "free_vmap_cache=") || !scan_u64(s, &cache))
		return scan_error(s, v->e, "expects free_vmap_cache=");
	err = fields_get(s, vmap_fields, vs, NULL, v->e);
	while (!err && scan_line(s)) {
		if (scan_word(s, "endvmap ")) {
			vs->free_vmap_cache = cache ? find_vmap_area(v->m, cache) : NULL;
			return 0;
		}
		if (scan_word(s, "va"))
			err = load_area(v);
		else if (scan_word(s, "vmapblock"))
			err = load_block(v);
		else
			err = scan_error(s, v->e, "not a line of a vmap block");
	}
	return err ?: scan_error(s, v->e, "cut off before the line endvmap");
}

/* A machine with the memory, the CPUs and the addresses of the recorded one. */
static struct machine *boot_like(struct verify *v)
{
	const struct kernel_const *k = &v->d.konst;
	struct machine *m, *like = source_machine(&v->d, 1);
	struct boot_params p;

	if (!like)
		return NULL;
	boot_params_init(&p);
	boot_params_set_arch(&p, like->arch);
	for (p.split = p.arch->splits; p.split->name && p.split->page_offset != k->page_offset;)
		p.split++;
	p.cpus = k->nr_cpus;
	e820_add(&p.e820, 0, 0x9FC00, E820_RAM);
	e820_add(&p.e820, 1 << 20, PFN_PHYS(k->max_pfn) - (1 << 20), E820_RAM);
	p.mem = 0;
	machine_free(like);
	if (!p.split->name) {
		mm_error(v->e, -EINVAL, "PAGE_OFFSET is of no split there is");
		return NULL;
	}
	m = machine_boot(&p, v->e);
	if (m && (m->layout.vmalloc_start != k->vmalloc_start || m->layout.vmalloc_end != k->vmalloc_end)) {
		mm_error(v->e, -EINVAL, "the vmalloc range does not follow from the machine's memory");
		machine_free(m);
		return NULL;
	}
	return m;
}

/* ---- operations ---- */

static int remember(struct replay *r, vaddr_t addr, uint32_t pages)
{
	if (r->nr_live == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 1024;
		struct mapping *p = realloc(r->live, cap * sizeof(*p));

		if (!p)
			return mm_error(r->v->e, -ENOMEM, "the host has no memory left");
		r->live = p;
		r->cap = cap;
	}
	r->live[r->nr_live++] = (struct mapping){addr, pages};
	return 0;
}

/* Returns: the pages of the mapping, 0 if there is none. */
static uint32_t forget(struct replay *r, vaddr_t addr)
{
	for (size_t i = r->nr_live; i--;) {
		if (r->live[i].addr == addr) {
			uint32_t pages = r->live[i].pages;

			r->live[i] = r->live[--r->nr_live];
			return pages;
		}
	}
	return 0;
}

/* The operation's result against the line's; both as `addr=... lazy=...`. */
static void compare(struct replay *r, vaddr_t want, vaddr_t got, uint64_t lazy, const char *refused)
{
	struct verify *v = r->v;
	bool same = want == got && !refused && (lazy == v->m->vmalloc->lazy_nr || lazy == UINT64_MAX);
	char kernel[96], model[320];

	if (!same && verify_first(v)) {
		snprintf(kernel, sizeof(kernel), "0x%llx, %llu pages lazily freed",
			 (unsigned long long)want, (unsigned long long)lazy);
		snprintf(model, sizeof(model), "0x%llx, %llu pages lazily freed%s%s",
			 (unsigned long long)got, (unsigned long long)v->m->vmalloc->lazy_nr,
			 refused ? ": " : "", refused ? refused : "");
		verify_tell(v, &v->d.s, kernel, model);
	}
	verify_count(v, same ? MATCHED : DIVERGED);
}

/* "lazy=N" where the recording has it. */
static bool scan_lazy(struct scan *s, uint64_t *lazy)
{
	*lazy = UINT64_MAX;
	return scan_at_end(s) || (scan_word(s, " lazy=") && scan_u64(s, lazy) && scan_at_end(s));
}

static int op_alloc(struct replay *r, bool ram)
{
	struct scan *s = &r->v->d.s;
	struct machine *m = r->v->m;
	vaddr_t want, got = 0;
	uint64_t size, lazy;

	if (!scan_u64(s, &size) || !scan_word(s, " addr=") || !scan_u64(s, &want) || !scan_lazy(s, &lazy) ||
	    (ram && size > UINT32_MAX))
		return scan_error(s, r->v->e, "not an allocation");
	if (ram ? vm_map_ram(m, NULL, (unsigned)size, &got) : vmalloc(m, size, VMALLOC_GFP, "", &got))
		got = 0;
	compare(r, want, got, lazy, NULL);
	return ram && got ? remember(r, got, (uint32_t)size) : 0;
}

static int op_free(struct replay *r, bool ram)
{
	struct scan *s = &r->v->d.s;
	struct machine *m = r->v->m;
	struct mm_error why;
	uint64_t pages = 0, lazy;
	vaddr_t addr;
	int err;

	if (ram && scan_word(s, "pages=") && (!scan_u64(s, &pages) || !scan_char(s, ' ')))
		return scan_error(s, r->v->e, "expects a number of pages");
	if (!scan_word(s, "addr=") || !scan_u64(s, &addr) || !scan_lazy(s, &lazy))
		return scan_error(s, r->v->e, "expects addr=");
	err = ram ? vm_unmap_ram(m, addr, forget(r, addr), &why) : vfree(m, addr, &why);
	compare(r, addr, addr, lazy, err ? why.text : NULL);
	return 0;
}

static int op_line(struct replay *r)
{
	struct scan *s = &r->v->d.s;
	uint32_t n;

	trace_buffer_reset(&r->v->trace);
	if (!scan_word(s, "op=") || !scan_u32(s, &n) || !scan_char(s, ' '))
		return scan_error(s, r->v->e, "not a line of this kind of recording");
	if (scan_word(s, "vmalloc size="))
		return op_alloc(r, false);
	if (scan_word(s, "vm_map_ram pages="))
		return op_alloc(r, true);
	if (scan_word(s, "vfree "))
		return op_free(r, false);
	if (scan_word(s, "vm_unmap_ram "))
		return op_free(r, true);
	return scan_error(s, r->v->e, "there is no such operation");
}

static int compare_stage(struct verify *v, const char *stage)
{
	struct strbuf text = STRBUF_INIT;
	long differ;

	trace_buffer_reset(&v->trace);
	vmap_write(v->m, stage, &text);
	differ = verify_lines(v, &text, "endvmap ", NULL);
	strbuf_free(&text);
	if (differ > 0)
		verify_blame_last(v);
	return differ < 0 ? (int)differ : 0;
}

/* Up to the state of @stage, and that. */
static int replay_stage(struct replay *r, const char *stage)
{
	struct scan *s = &r->v->d.s;

	while (scan_line(s)) {
		if (scan_word(s, "note "))
			continue;
		if (!scan_word(s, "vmap stage=")) {
			if (op_line(r))
				return -EINVAL;
			continue;
		}
		if (!scan_word(s, stage) || !scan_char(s, ' '))
			return scan_error(s, r->v->e, "expects the vmap stage=%s", stage);
		return compare_stage(r->v, stage);
	}
	return scan_error(s, r->v->e, "cut off before the vmap stage=%s", stage);
}

static int begin(struct verify *v)
{
	struct scan *s = &v->d.s;
	struct machine *m;

	while (scan_line(s)) {
		int got;

		if (scan_word(s, "note "))
			continue;
		if (scan_word(s, "vmap stage=before ")) {
			m = boot_like(v);
			if (!m)
				return -EINVAL;
			verify_machine(v, m);
			return load_vmap(v);
		}
		got = source_line(&v->d);
		if (got <= 0)
			return got ?: scan_error(s, v->e, "not a line of this kind of recording");
	}
	return scan_error(s, v->e, "cut off before the vmap stage=before");
}

/* Operations up to the one that fails, the ranges then, the memory then, what was said. */
int verify_vmalloc_failure(struct verify *v)
{
	struct replay r = {.v = v};
	struct scan *s = &v->d.s;
	struct machine *after;
	int err = begin(v);

	if (!err && kmsg_attach(v->m))
		err = mm_error(v->e, -ENOMEM, "the host has no memory left");
	if (!err)
		err = replay_stage(&r, "after");
	free(r.live);
	if (err)
		return err;
	if (!scan_line(s) || !scan_word(s, "dump stage=after "))
		return scan_error(s, v->e, "expects the dump stage=after");
	after = dump_load(&v->d);
	if (!after)
		return -EINVAL;
	err = verify_messages(v, after, false);
	machine_free(after);
	return err;
}

int verify_vmalloc(struct verify *v)
{
	struct replay r = {.v = v};
	int err = begin(v);

	if (!err)
		err = replay_stage(&r, "after");
	if (!err)
		err = replay_stage(&r, "final");
	if (!err && scan_line(&v->d.s))
		err = scan_error(&v->d.s, v->e, "more lines after the vmap stage=final");
	free(r.live);
	return err;
}
