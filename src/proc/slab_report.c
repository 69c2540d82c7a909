/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the allocators of small objects report, in the kernel's words (slub.md 10). */
#include "files.h"
#include "report.h"
#include <ctype.h>
#include <mmsh/kmsg.h>
#include <mmsh/slab.h>
#include <stdio.h>
#include <string.h>

enum report_kind {
	KIND_OVERWRITTEN, /* of an object: a range of bytes, and all about the object */
	KIND_OBJECT,
	KIND_SLAB,
	KIND_FIX, /* one line, "FIX NAME: " */
};

/* What is said. %a is the object's address, %d the event's d, %n the cache's name. */
static const struct report_text {
	const char *text;
	enum report_kind kind;
} texts[NR_SLAB_REPORTS] = {
	[REPORT_REDZONE] = {"Redzone overwritten", KIND_OVERWRITTEN},
	[REPORT_POISON] = {"Poison overwritten", KIND_OVERWRITTEN},
	[REPORT_ALIGN_PADDING] = {"Alignment padding overwritten", KIND_OVERWRITTEN},
	[REPORT_OBJECT_PADDING] = {"Object padding overwritten", KIND_OVERWRITTEN},
	[REPORT_FREEPTR] = {"Freepointer corrupt", KIND_OBJECT},
	[REPORT_FREECHAIN] = {"Freechain corrupt", KIND_OBJECT},
	[REPORT_FREELIST_CHECK] = {"Freelist Pointer check fails", KIND_OBJECT},
	[REPORT_ALREADY_FREE] = {"Object already free", KIND_OBJECT},
	[REPORT_PAGE_SLAB] = {"page slab pointer corrupt.", KIND_OBJECT},
	[REPORT_NOT_SLAB] = {"Not a valid slab page", KIND_SLAB},
	[REPORT_OBJECTS] = {"objects %o > max %d", KIND_SLAB},
	[REPORT_INUSE] = {"inuse %i > max %d", KIND_SLAB},
	[REPORT_SLAB_FREEPTR] = {"Freepointer corrupt", KIND_SLAB},
	[REPORT_COUNT_OBJECTS] = {"Wrong number of objects. Found %o but should be %d", KIND_SLAB},
	[REPORT_COUNT_INUSE] = {"Wrong object count. Counter is %i but counted were %d", KIND_SLAB},
	[REPORT_INVALID_POINTER] = {"Invalid object pointer 0x%a", KIND_SLAB},
	[REPORT_OUTSIDE] = {"Attempt to free object(0x%a) outside of slab", KIND_SLAB},
	[REPORT_SLAB_PADDING] = {"Padding overwritten. 0x%b-0x%c", KIND_SLAB},
	[REPORT_REMAINING] = {"Objects remaining in %n on kmem_cache_close()", KIND_SLAB},
	[REPORT_FIX_USED] = {"Marking all objects used", KIND_FIX},
	[REPORT_FIX_NOT_FREED] = {"Object at 0x%a not freed", KIND_FIX},
	[REPORT_FIX_FREELIST] = {"Freelist cleared", KIND_FIX},
	[REPORT_FIX_OBJECTS] = {"Number of objects adjusted.", KIND_FIX},
	[REPORT_FIX_COUNT] = {"Object count adjusted.", KIND_FIX},
	[REPORT_FIX_RESTORE] = {"Restoring 0x%b-0x%c=0x%x\n", KIND_FIX},
};

/* One report being written. */
struct slab_bug {
	struct machine *m;
	struct reporter *r;
	const struct trace_event *ev;
	const struct kmem_cache *s;
};

/* %p: as many digits as a pointer has, and "(null)". */
static void put_ptr(const struct machine *m, struct strbuf *out, vaddr_t p)
{
	int width = (int)m->arch->bits / 4;

	if (m->arch->bits == 32)
		p = (uint32_t)p;
	if (p)
		strbuf_addf(out, "%0*llx", width, (unsigned long long)p);
	else
		strbuf_addf(out, "%*s", width, "(null)");
}

static unsigned char *ram(const struct machine *m, vaddr_t addr, uint64_t len)
{
	uint64_t off = addr - m->slab->base;

	return off < m->slab->bytes && len <= m->slab->bytes - off ? m->ram + off : NULL;
}

static void expand(const struct slab_bug *b, const char *text, struct strbuf *out)
{
	const struct page *p = b->ev->pfn == PFN_NONE ? NULL : pfn_to_page(b->m, b->ev->pfn);

	for (; *text; text++) {
		if (*text != '%') {
			strbuf_addc(out, *text);
			continue;
		}
		switch (*++text) {
		case 'a': put_ptr(b->m, out, (vaddr_t)b->ev->a); break;
		case 'b': put_ptr(b->m, out, (vaddr_t)b->ev->b); break;
		case 'c': put_ptr(b->m, out, (vaddr_t)b->ev->c); break;
		case 'd': strbuf_addf(out, "%d", (int)b->ev->d); break;
		case 'x': strbuf_addf(out, "%x", (unsigned)b->ev->d); break;
		case 'n': strbuf_adds(out, b->s ? b->s->name : "<none>"); break;
		case 'o': strbuf_addf(out, "%u", p ? p->objects : 0u); break;
		case 'i': strbuf_addf(out, "%u", p ? p->inuse : 0u); break;
		default: break;
		}
	}
}

/* print_hex_dump() with addresses, 16 bytes a line and their characters. */
static void print_section(struct machine *m, const char *what, vaddr_t addr, uint64_t len)
{
	const unsigned char *p = ram(m, addr, len);

	for (uint64_t i = 0; p && i < len; i += 16) {
		static const char digit[] = "0123456789abcdef";
		char row[16 * 3 + 1 + 16 + 1];
		uint64_t n = min_of((uint64_t)16, len - i);
		struct strbuf line = STRBUF_INIT;

		memset(row, ' ', sizeof(row));
		for (uint64_t k = 0; k < n; k++) {
			row[3 * k] = digit[p[i + k] >> 4];
			row[3 * k + 1] = digit[p[i + k] & 15];
			row[49 + k] = isascii(p[i + k]) && isprint(p[i + k]) ? (char)p[i + k] : '.';
		}
		row[49 + n] = '\0';

		strbuf_adds(&line, what);
		put_ptr(m, &line, addr + i);
		strbuf_adds(&line, ": ");
		strbuf_adds(&line, row);
		printk(m, "%s", strbuf_str(&line));
		strbuf_free(&line);
	}
}

/* ---- the parts of a report ---- */

static void print_head(const struct slab_bug *b, const char *text)
{
	struct machine *m = b->m;
	struct strbuf what = STRBUF_INIT;
	char buf[32];

	expand(b, text, &what);
	printk(m, "=============================================================================");
	printk(m, "BUG %s (%s): %s", b->s->name, taint_text(m, b->r, buf), strbuf_str(&what));
	printk(m, "-----------------------------------------------------------------------------\n\n");
	strbuf_free(&what);
	if (!m->slab->tainted && !(b->r->taint & 1u << TAINT_BAD_PAGE))
		printk(m, "Disabling lock debugging due to kernel taint");
	b->r->taint |= 1u << TAINT_BAD_PAGE;
}

static void print_page_info(const struct slab_bug *b)
{
	struct machine *m = b->m;
	const struct page *p = pfn_to_page(m, b->ev->pfn);
	uint64_t flags = flags_word(m, b->ev->pfn) | (m->slab->locked ? PG(locked) : 0);
	struct strbuf line = STRBUF_INIT;

	strbuf_adds(&line, "INFO: Slab 0x");
	put_ptr(m, &line, page_struct_addr(m, b->ev->pfn));
	strbuf_addf(&line, " objects=%u used=%u fp=0x", p->objects, p->inuse);
	put_ptr(m, &line, page_freelist(p));
	strbuf_addf(&line, " flags=0x%04llx", (unsigned long long)flags);
	printk(m, "%s", strbuf_str(&line));
	strbuf_free(&line);
}

static void print_tracking(struct machine *m, const struct kmem_cache *s, vaddr_t object)
{
	static const char *const what[] = {"Allocated", "Freed"};
	struct slub_track t;

	for (int freed = 0; freed < 2; freed++) {
		struct strbuf line = STRBUF_INIT;

		if (!slub_get_track(m, s, object, freed, &t))
			continue;
		strbuf_addf(&line, "INFO: %s in 0x%llx age=%llu cpu=%u pid=%d", what[freed],
			    (unsigned long long)t.caller, (unsigned long long)t.age, t.cpu,
			    (int)t.pid);
		printk(m, "%s", strbuf_str(&line));
		strbuf_free(&line);
	}
}

static unsigned track_bytes(const struct machine *m)
{
	unsigned word = m->slab->word;

	return 2 * (2 * word + 8 + (m->slab->params.stacktrace ? 16 * word : 0));
}

/* print_trailer(): everything about one object. */
static void print_object(const struct slab_bug *b)
{
	const struct kmem_cache *s = b->s;
	struct machine *m = b->m;
	vaddr_t obj = (vaddr_t)b->ev->a, start = m->slab->base + PFN_PHYS(b->ev->pfn), fp = 0;
	const unsigned char *p = ram(m, obj + s->offset, m->slab->word);
	uint32_t off = s->offset ? s->offset + m->slab->word : s->inuse;
	struct strbuf line = STRBUF_INIT;

	if (p)
		memcpy(&fp, p, m->slab->word);
	if (s->flags & SLAB_STORE_USER)
		off += track_bytes(m);
	print_tracking(m, s, obj);
	print_page_info(b);
	strbuf_adds(&line, "INFO: Object 0x");
	put_ptr(m, &line, obj);
	strbuf_addf(&line, " @offset=%lld fp=0x", (long long)(obj - start));
	put_ptr(m, &line, fp);
	printk(m, "%s\n\n", strbuf_str(&line));
	strbuf_free(&line);
	if (obj > start + 16)
		print_section(m, "Bytes b4 ", obj - 16, 16);
	print_section(m, "Object ", obj, min_of((uint64_t)s->object_size, (uint64_t)PAGE_SIZE));
	if (s->flags & SLAB_RED_ZONE)
		print_section(m, "Redzone ", obj + s->object_size, s->inuse - s->object_size);
	if (off < s->size)
		print_section(m, "Padding ", obj + off, s->size - off);
	dump_stack(m, b->r);
}

static void print_overwritten(const struct slab_bug *b)
{
	const unsigned char *p = ram(b->m, (vaddr_t)b->ev->b, 1);
	struct strbuf line = STRBUF_INIT;

	expand(b, "INFO: 0x%b-0x%c. First byte", &line);
	printk(b->m, "%s 0x%x instead of 0x%x", strbuf_str(&line), p ? *p : 0u, (unsigned)b->ev->d);
	strbuf_free(&line);
}

/* Objects that stand in the way of kmem_cache_destroy(). */
static void print_remaining(const struct slab_bug *b)
{
	struct machine *m = b->m;
	vaddr_t obj = m->slab->base + PFN_PHYS(b->ev->pfn);
	uint8_t state[32768];
	unsigned n = slab_objects(m, b->ev->pfn, state, ARRAY_SIZE(state));

	for (unsigned i = 0; i < n; i++, obj += b->s->size) {
		struct strbuf line = STRBUF_INIT;

		if (state[i] != OBJ_ALLOCATED)
			continue;
		strbuf_adds(&line, "INFO: Object 0x");
		put_ptr(m, &line, obj);
		printk(m, "%s @offset=%u", strbuf_str(&line), i * b->s->size);
		strbuf_free(&line);
		print_tracking(m, b->s, obj);
	}
}

static void print_text(const struct slab_bug *b, const struct report_text *t)
{
	struct strbuf line = STRBUF_INIT;

	if (t->kind == KIND_FIX) {
		expand(b, t->text, &line);
		printk(b->m, "FIX %s: %s%s", b->s->name, strbuf_str(&line),
		       b->ev->verdict == REPORT_FIX_RESTORE ? "\n" : "");
		strbuf_free(&line);
		return;
	}
	print_head(b, t->text);
	if (t->kind == KIND_OVERWRITTEN)
		print_overwritten(b);
	if (t->kind != KIND_SLAB) {
		print_object(b);
		return;
	}
	print_page_info(b);
	dump_stack(b->m, b->r);
	if (b->ev->verdict == REPORT_SLAB_PADDING)
		print_section(b->m, "Padding ", (vaddr_t)b->ev->a, (uint64_t)b->ev->d);
	if (b->ev->verdict == REPORT_REMAINING)
		print_remaining(b);
}

/* ---- reports that have a form of their own ---- */

static void print_trace(const struct slab_bug *b)
{
	bool freed = b->ev->verdict == REPORT_TRACE_FREE;
	const struct page *p = pfn_to_page(b->m, b->ev->pfn);
	struct strbuf line = STRBUF_INIT;

	strbuf_addf(&line, "TRACE %s %s 0x", b->s->name, freed ? "free" : "alloc");
	put_ptr(b->m, &line, (vaddr_t)b->ev->a);
	strbuf_addf(&line, " inuse=%u fp=0x", p->inuse);
	put_ptr(b->m, &line, page_freelist(p));
	printk(b->m, "%s", strbuf_str(&line));
	strbuf_free(&line);
	if (freed)
		print_section(b->m, "Object ", (vaddr_t)b->ev->a, b->s->object_size);
	dump_stack(b->m, b->r);
}

static void print_slub_oom(const struct slab_bug *b)
{
	const struct kmem_cache *s = b->s;
	struct machine *m = b->m;

	printk(m, "SLUB: Unable to allocate memory on node %d (gfp=0x%x)", (int)b->ev->d,
	       (gfp_t)b->ev->a);
	printk(m, "  cache: %s, object size: %u, buffer size: %u, default order: %u, min order: %u",
	       s->name, s->object_size, s->size, s->oo.order, s->min.order);
	if (PAGE_SIZE << s->min.order > PAGE_SIZE &&
	    PAGE_SIZE << (s->min.order - 1) >= s->object_size)
		printk(m, "  %s debugging increased min order, use slub_debug=O to disable.", s->name);
	for (unsigned nid = 0; nid < m->nr_nodes; nid++) {
		const struct kmem_cache_node *n = s->node[nid];
		unsigned long free = 0;

		if (!n)
			continue;
		for (pfn_t p = n->partial.head; p != PFN_NONE; p = pfn_to_page(m, p)->lru.next)
			free += (unsigned long)(pfn_to_page(m, p)->objects - pfn_to_page(m, p)->inuse);
		printk(m, "  node %u: slabs: %lu, objs: %lu, free: %lu", nid, n->nr_slabs,
		       n->total_objects, free);
	}
}

/* The end of the kernel, had it been one. */
static void print_bug(const struct slab_bug *b, const char *where)
{
	printk(b->m, "------------[ cut here ]------------");
	printk(b->m, "kernel BUG at mm/%s.c!", where);
	dump_stack(b->m, b->r);
	b->r->taint |= 1u << TAINT_DIE;
}

static void print_oops(const struct slab_bug *b)
{
	vaddr_t addr = (vaddr_t)b->ev->a;
	struct strbuf line = STRBUF_INIT;

	put_ptr(b->m, &line, addr);
	printk(b->m, "BUG: unable to handle kernel %s at %s",
	       addr < PAGE_SIZE ? "NULL pointer dereference" : "paging request", strbuf_str(&line));
	strbuf_free(&line);
	dump_stack(b->m, b->r);
	b->r->taint |= 1u << TAINT_DIE;
}

static void print_size_warning(const struct slab_bug *b)
{
	printk(b->m, "------------[ cut here ]------------");
	printk(b->m, "WARNING: CPU: %u PID: %d at mm/slab_common.c kmalloc_slab()", b->m->cpu,
	       proc_current(b->m).pid);
	dump_stack(b->m, b->r);
	b->r->taint |= 1u << TAINT_WARN;
}

void report_slab(struct machine *m, struct reporter *r, const struct trace_event *ev)
{
	struct slab_bug b = {m, r, ev, kmem_cache_by_id(m, ev->cache)};
	struct strbuf line = STRBUF_INIT;

	if (ev->verdict < NR_SLAB_REPORTS && texts[ev->verdict].text) {
		if (b.s)
			print_text(&b, &texts[ev->verdict]);
		return;
	}
	switch (ev->verdict) {
	case REPORT_NO_SLAB:
		expand(&b, "SLUB <none>: no slab for object 0x%a.", &line);
		printk(m, "%s", strbuf_str(&line));
		strbuf_free(&line);
		dump_stack(m, r);
		break;
	case REPORT_TRACE_ALLOC:
	case REPORT_TRACE_FREE: print_trace(&b); break;
	case REPORT_SLUB_OOM: print_slub_oom(&b); break;
	case REPORT_STILL_OBJECTS:
		printk(m, "kmem_cache_destroy %s: Slab cache still has objects", b.s->name);
		dump_stack(m, r);
		break;
	case REPORT_KMALLOC_SIZE: print_size_warning(&b); break;
	case REPORT_GFP:
		printk(m, "gfp: %u", (gfp_t)ev->a);
		print_bug(&b, m->slab->ops->name);
		break;
	case REPORT_OOPS: print_oops(&b); break;
	case REPORT_BUG_KFREE: print_bug(&b, m->slab->ops->name); break;
	case REPORT_SLAB_BAD: report_slab_bad(m, r, ev); break;
	case REPORT_SLAB_OOM: report_slab_oom(m, ev); break;
	default: break;
	}
}
