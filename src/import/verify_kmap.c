/* SPDX-License-Identifier: GPL-3.0-or-later */
/* E5: kmap and kmap_atomic, from one state of the window to the next. */
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/highmem.h>
#include <stdio.h>

static vaddr_t slot_addr(const struct machine *m, unsigned slot)
{
	return m->layout.pkmap_base + slot * PAGE_SIZE;
}

static void pkmap_write(const struct machine *m, const char *stage, struct strbuf *out)
{
	const struct pkmap *pk = m->pkmap;

	strbuf_addf(out, "pkmap stage=%s last_pkmap_nr=%u\n", stage, pk->last_nr);
	for (unsigned slot = 0; slot < m->arch->last_pkmap; slot++)
		if (pk->count[slot])
			strbuf_addf(out, "pk slot=%u addr=0x%llx count=%u pfn=%u\n", slot,
				    (unsigned long long)slot_addr(m, slot), pk->count[slot],
				    pk->pfn[slot]);
	strbuf_addf(out, "endpkmap stage=%s\n", stage);
}

struct pk_line {
	uint64_t addr;
	uint32_t slot, count, pfn;
};

static const struct field pk_fields[] = {
	FIELD(struct pk_line, "slot", slot, FIELD_DEC),
	FIELD(struct pk_line, "addr", addr, FIELD_HEX),
	FIELD(struct pk_line, "count", count, FIELD_DEC),
	FIELD(struct pk_line, "pfn", pfn, FIELD_DEC),
	{0},
};

static int load_pkmap(struct verify *v)
{
	struct scan *s = &v->d.s;
	struct machine *m = v->m;
	uint32_t last;

	if (!m->pkmap)
		return scan_error(s, v->e, "this machine has no pkmap window");
	if (!scan_word(s, "last_pkmap_nr=") || !scan_u32(s, &last) || last >= m->arch->last_pkmap)
		return scan_error(s, v->e, "expects last_pkmap_nr=");
	m->pkmap->last_nr = last;
	while (scan_line(s)) {
		struct pk_line l;

		if (scan_word(s, "endpkmap "))
			return 0;
		if (!scan_word(s, "pk"))
			return scan_error(s, v->e, "not a line of a pkmap block");
		if (fields_get(s, pk_fields, &l, NULL, v->e))
			return -EINVAL;
		if (l.slot >= m->arch->last_pkmap || l.addr != slot_addr(m, l.slot) || !l.count ||
		    l.count > UINT16_MAX || m->pkmap->count[l.slot] || l.pfn < m->highstart_pfn ||
		    l.pfn >= m->max_pfn || page_address(m, l.pfn))
			return scan_error(s, v->e, "not a slot of the window");
		pkmap_set(m, l.slot, l.count, l.pfn);
	}
	return scan_error(s, v->e, "cut off before the line endpkmap");
}

static void compare(struct verify *v, vaddr_t want, vaddr_t got)
{
	if (want != got && verify_first(v)) {
		char kernel[32], model[32];

		snprintf(kernel, sizeof(kernel), "0x%llx", (unsigned long long)want);
		snprintf(model, sizeof(model), "0x%llx", (unsigned long long)got);
		verify_tell(v, &v->d.s, kernel, model);
	}
	verify_count(v, want == got ? MATCHED : DIVERGED);
}

static bool scan_pfn(struct scan *s, const struct machine *m, uint32_t *pfn)
{
	return scan_u32(s, pfn) && *pfn < m->max_pfn;
}

static int op_kmap(struct verify *v)
{
	struct scan *s = &v->d.s;
	vaddr_t before, want, got = 0, had;
	uint32_t pfn;

	if (!scan_pfn(s, v->m, &pfn) || !scan_word(s, " page_address_before=") || !scan_u64(s, &before) ||
	    !scan_word(s, " addr=") || !scan_u64(s, &want) || !scan_at_end(s))
		return scan_error(s, v->e, "not a kmap");
	had = page_address(v->m, pfn);
	if (kmap(v->m, pfn, &got))
		got = 0;
	compare(v, before == had ? want : before, before == had ? got : had);
	return 0;
}

static int op_kunmap(struct verify *v)
{
	struct scan *s = &v->d.s;
	vaddr_t after;
	uint32_t pfn;

	if (!scan_pfn(s, v->m, &pfn) || !scan_word(s, " page_address_after=") || !scan_u64(s, &after) ||
	    !scan_at_end(s))
		return scan_error(s, v->e, "not a kunmap");
	compare(v, after, kunmap(v->m, pfn) ? 0 : page_address(v->m, pfn));
	return 0;
}

/* Nested mappings, taken in order and given back in reverse. */
static int op_atomic(struct verify *v)
{
	struct scan *s = &v->d.s;
	vaddr_t addr[KM_TYPE_NR], want, differ_want = 0, differ_got = 0;
	uint32_t depth, pfn, i;
	char key[24];

	if (!scan_u32(s, &depth) || !depth || depth > KM_TYPE_NR)
		return scan_error(s, v->e, "not a kmap_atomic");
	for (i = 0; i < depth; i++) {
		snprintf(key, sizeof(key), " pfn%u=", i);
		if (!scan_key(s, key) || !scan_pfn(s, v->m, &pfn))
			return scan_error(s, v->e, "expects pfn%u=", i);
		snprintf(key, sizeof(key), " addr%u=", i);
		if (!scan_key(s, key) || !scan_u64(s, &want))
			return scan_error(s, v->e, "expects addr%u=", i);
		if (kmap_atomic(v->m, pfn, &addr[i]))
			addr[i] = 0;
		if (addr[i] != want && !differ_want) {
			differ_want = want;
			differ_got = addr[i];
		}
	}
	while (i--)
		kunmap_atomic(v->m, addr[i]);
	compare(v, differ_want, differ_got);
	return 0;
}

static int op_line(struct verify *v)
{
	struct scan *s = &v->d.s;
	uint32_t n;

	trace_buffer_reset(&v->trace);
	/* the drain's operations have no number */
	if (!scan_word(s, "op=") || !(scan_u32(s, &n) || scan_char(s, '-')) || !scan_char(s, ' '))
		return scan_error(s, v->e, "not a line of this kind of recording");
	if (scan_word(s, "kmap pfn="))
		return op_kmap(v);
	if (scan_word(s, "kunmap pfn="))
		return op_kunmap(v);
	if (scan_word(s, "kmap_atomic depth="))
		return op_atomic(v);
	return scan_error(s, v->e, "there is no such operation");
}

static int compare_stage(struct verify *v, const char *stage)
{
	struct strbuf text = STRBUF_INIT;
	long differ;

	trace_buffer_reset(&v->trace);
	pkmap_write(v->m, stage, &text);
	differ = verify_lines(v, &text, "endpkmap ", NULL);
	strbuf_free(&text);
	if (differ > 0)
		verify_blame_last(v);
	return differ < 0 ? (int)differ : 0;
}

/* The stages in their order; "flushed" is what kmap_flush_unused() leaves. */
static int replay(struct verify *v)
{
	static const char *const stages[] = {"after", "final", "flushed"};
	struct scan *s = &v->d.s;
	unsigned at = 0;

	while (at < ARRAY_SIZE(stages) && scan_line(s)) {
		if (scan_word(s, "note "))
			continue;
		if (!scan_word(s, "pkmap stage=")) {
			if (op_line(v))
				return -EINVAL;
			continue;
		}
		if (!scan_key(s, stages[at]) || !scan_char(s, ' '))
			return scan_error(s, v->e, "expects the pkmap stage=%s", stages[at]);
		if (at == 2)
			kmap_flush_unused(v->m);
		if (compare_stage(v, stages[at]))
			return -EINVAL;
		at++;
	}
	if (at < ARRAY_SIZE(stages))
		return scan_error(s, v->e, "cut off before the pkmap stage=%s", stages[at]);
	return scan_line(s) ? scan_error(s, v->e, "more lines after the last state") : 0;
}

struct page_line {
	uint32_t idx, pfn;
	bool highmem;
};

static const struct field page_fields[] = {
	FIELD(struct page_line, "idx", idx, FIELD_DEC),
	FIELD(struct page_line, "pfn", pfn, FIELD_DEC),
	FIELD(struct page_line, "highmem", highmem, FIELD_BOOL),
	{0},
};

/* One of the pages that the operations go round. @nr: how many came before. */
static int page_line(struct verify *v, uint64_t nr)
{
	const struct kernel_const *k = &v->d.konst;
	struct scan *s = &v->d.s;
	struct page_line l;

	if (fields_get(s, page_fields, &l, NULL, v->e))
		return -EINVAL;
	if (l.idx != nr)
		return scan_error(s, v->e, "pages are numbered from 0: expects idx=%llu",
				  (unsigned long long)nr);
	if (l.pfn >= k->max_pfn || l.highmem != (l.pfn >= k->max_low_pfn))
		return scan_error(s, v->e, "high memory begins at pfn %llu and ends before pfn %llu",
				  (unsigned long long)k->max_low_pfn, (unsigned long long)k->max_pfn);
	return 0;
}

int verify_kmap(struct verify *v)
{
	struct scan *s = &v->d.s;
	const char *at = memmem(s->p, scan_left(s), " pages=", 7);
	uint64_t pages = 0, nr = 0;

	s->p = at ? at + 7 : s->end;
	if (!scan_u64(s, &pages))
		return scan_error(s, v->e, "the first line must say pages=");
	while (scan_line(s)) {
		int got;

		if (scan_word(s, "note "))
			continue;
		if (scan_word(s, "page ")) {
			if (page_line(v, nr++))
				return -EINVAL;
			continue;
		}
		if (scan_word(s, "pkmap stage=before ")) {
			struct machine *m;

			if (nr != pages)
				return scan_error(s, v->e, "%llu pages were named, not %llu",
						  (unsigned long long)nr, (unsigned long long)pages);
			m = source_machine(&v->d, 1);
			if (!m)
				return -EINVAL;
			verify_machine(v, m);
			got = load_pkmap(v);
			return got ?: replay(v);
		}
		got = source_line(&v->d);
		if (got <= 0)
			return got ?: scan_error(s, v->e, "not a line of this kind of recording");
	}
	return scan_error(s, v->e, "cut off before the pkmap stage=before");
}
