/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E0: boot. From the memblock lists that the first stage recorded, the model makes zones
 * and frees memory into them; each stage's lines are compared.
 */
#include "verify_kinds.h"
#include <errno.h>

/* To count managed pages begins with the first page freed: here, where there is no high
   memory (boot.md 9.1). */
static void free_lowmem(struct machine *m)
{
	if (!m->totalram_pages)
		free_highmem_pages(m);
	free_all_bootmem(m);
}

/* What the kernel did since the stage before. */
static const struct boot_stage {
	const char *name;
	void (*advance)(struct machine *m);
} stages[] = {
	{"pre_highmem", NULL},
	{"pre_free_all_bootmem", free_highmem_pages},
	{"post_mem_init", free_lowmem},
};

/* boot.md 6 */
static int make_zones(struct verify *v, struct machine *m)
{
	uint64_t max_zone_pfn[MAX_NR_ZONES] = {0};
	const struct arch *a = m->arch;

	max_zone_pfn[0] = min_of(PFN_DOWN(16ull << 20), m->max_low_pfn);
	if (a->zone_dma32 >= 0)
		max_zone_pfn[a->zone_dma32] = min_of(PFN_DOWN(1ull << 32), m->max_low_pfn);
	max_zone_pfn[a->zone_normal] = m->max_low_pfn;
	if (a->zone_highmem >= 0)
		max_zone_pfn[a->zone_highmem] = m->max_pfn;
	if (free_area_init_nodes(m, max_zone_pfn, v->e))
		return -EINVAL;
	build_all_zonelists(m);
	return 0;
}

static int start(struct verify *v, unsigned nr_nodes)
{
	const struct memblock_type *mem = &v->d.memblock.memory;
	struct machine *m;

	if (!mem->cnt || !v->d.memblock.reserved.cnt)
		return scan_error(&v->d.s, v->e, "no memblock lists before the first dump");
	m = source_machine(&v->d, nr_nodes);
	if (!m)
		return -EINVAL;
	verify_machine(v, m);
	return make_zones(v, m);
}

/* Later stages repeat the lists, which nothing changes. */
static void count_memblock_line(struct verify *v, struct scan *model)
{
	struct scan *s = &v->d.s;
	bool more = scan_line(model);
	bool same = more && model->end - model->line == s->end - s->line &&
		    !memcmp(s->line, model->line, (size_t)(s->end - s->line));

	if (!same && verify_first(v))
		verify_tell(v, s, "as above", "the memblock list of the first stage");
	verify_count(v, same ? MATCHED : DIVERGED);
}

/* "e0 stage=...": what the stage begins with. */
struct e0_line {
	struct scan line;
	bool seen;
	unsigned long max_low_pfn, max_pfn, totalram_pages, nr_online_nodes;
};
static const struct field e0_fields[] = {
	FIELD(struct e0_line, "max_low_pfn", max_low_pfn, FIELD_DEC),
	FIELD(struct e0_line, "max_pfn", max_pfn, FIELD_DEC),
	FIELD(struct e0_line, "totalram_pages", totalram_pages, FIELD_DEC),
	FIELD(struct e0_line, "nr_online_nodes", nr_online_nodes, FIELD_DEC),
	{0},
};

static int read_e0_line(struct verify *v, struct e0_line *e0)
{
	if (e0->seen)
		return scan_error(&v->d.s, v->e, "a stage has one e0 line");
	e0->seen = true;
	e0->line = v->d.s;
	return fields_get(&v->d.s, e0_fields, e0, NULL, v->e) ?: 1;
}

static void count_e0_line(struct verify *v, const struct e0_line *e0)
{
	const struct machine *m = v->m;
	struct e0_line model = {
		.max_low_pfn = m->max_low_pfn,
		.max_pfn = m->max_pfn,
		.totalram_pages = m->totalram_pages,
		.nr_online_nodes = m->nr_nodes,
	};
	bool same = e0->max_low_pfn == model.max_low_pfn && e0->max_pfn == model.max_pfn &&
		    e0->totalram_pages == model.totalram_pages &&
		    e0->nr_online_nodes == model.nr_online_nodes;
	struct strbuf kernel = STRBUF_INIT, text = STRBUF_INIT;

	if (!same && verify_first(v)) {
		strbuf_adds(&kernel, "e0");
		strbuf_adds(&text, "e0");
		fields_put(&kernel, e0_fields, e0);
		fields_put(&text, e0_fields, &model);
		verify_tell(v, &e0->line, strbuf_str(&kernel), strbuf_str(&text));
	}
	verify_count(v, same ? MATCHED : DIVERGED);
	strbuf_free(&kernel);
	strbuf_free(&text);
}

/* A line before a dump. Returns: 1 if it was one; 0; -EINVAL. */
static int head_line(struct verify *v, struct scan *model, struct e0_line *e0)
{
	struct scan *s = &v->d.s;

	if (scan_word(s, "e0 "))
		return read_e0_line(v, e0);
	if (scan_word(s, "note ") || (v->m && scan_word(s, "const ")))
		return 1;
	if (!v->m)
		return source_line(&v->d);
	if (!scan_word(s, "memblock ") && !scan_word(s, "mb "))
		return 0;
	count_memblock_line(v, model);
	return 1;
}

/* Lines up to the dump of a stage. Returns: 0 with the dump line current; -EINVAL. */
static int stage_head(struct verify *v, struct e0_line *e0)
{
	struct strbuf text = STRBUF_INIT;
	struct scan *s = &v->d.s, model;
	int got = 1;

	if (v->m)
		memblock_write(v->m, &text);
	scan_init(&model, strbuf_str(&text), text.len);
	while (got > 0) {
		if (!scan_line(s))
			got = scan_error(s, v->e, "cut off before a dump");
		else if (scan_word(s, "dump stage="))
			break;
		else
			got = head_line(v, &model, e0);
	}
	if (got > 0 && scan_line(&model)) {
		if (verify_first(v))
			verify_tell(v, s, "no more lines of memblock", "another");
		verify_count(v, DIVERGED);
	}
	strbuf_free(&text);
	if (!got)
		return scan_error(s, v->e, "not a line of this kind of recording");
	return got < 0 || e0->seen ? min_of(got, 0) : scan_error(s, v->e, "no e0 line before the dump");
}

static const struct boot_stage *find_stage(struct verify *v)
{
	const char *name;
	size_t n = scan_until(&v->d.s, ' ', &name);

	for (unsigned i = 0; i < ARRAY_SIZE(stages); i++)
		if (strlen(stages[i].name) == n && !memcmp(stages[i].name, name, n))
			return &stages[i];
	scan_error(&v->d.s, v->e, "boot has no such stage");
	return NULL;
}

/* @last: the stage before, NULL at the first; becomes this one. */
static int verify_boot_stage(struct verify *v, const struct boot_stage **last)
{
	const struct boot_stage *stage;
	struct e0_line e0 = {.seen = false};
	long differ;

	if (stage_head(v, &e0))
		return -EINVAL;
	stage = find_stage(v);
	if (!stage)
		return -EINVAL;
	if (*last && stage != *last + 1)
		return scan_error(&v->d.s, v->e, "expects the dump stage=%s", (*last)[1].name);
	if (!v->m && start(v, (unsigned)min_of(e0.nr_online_nodes, (unsigned long)MAX_NUMNODES)))
		return -EINVAL;
	if (*last)
		stage->advance(v->m);
	trace_buffer_reset(&v->trace);
	count_e0_line(v, &e0);
	differ = verify_dump(v, stage->name, verify_count);
	if (differ < 0)
		return (int)differ;
	*last = stage;
	if (!scan_line(&v->d.s) || !scan_word(&v->d.s, "ende0 "))
		return scan_error(&v->d.s, v->e, "cut off: no ende0");
	return 0;
}

int verify_boot(struct verify *v)
{
	const struct boot_stage *last = NULL;

	/* freeing all of memory leaves nothing that is worth remembering */
	v->trace.l.mask = 0;
	while (last != &stages[ARRAY_SIZE(stages) - 1])
		if (verify_boot_stage(v, &last))
			return -EINVAL;
	if (scan_line(&v->d.s))
		return scan_error(&v->d.s, v->e, "more lines after the last stage");
	return 0;
}
