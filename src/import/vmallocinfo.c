/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A captured /proc/vmallocinfo as the areas that a machine has from boot on. */
#include "scan.h"
#include <errno.h>
#include <mmsh/bootline.h>
#include <mmsh/state.h>
#include <mmsh/vmalloc.h>

static const struct {
	const char *word;
	unsigned flag;
} words[] = {
	{"ioremap", VM_IOREMAP}, {"vmalloc", VM_ALLOC},	 {"vmap", VM_MAP},
	{"user", VM_USERMAP},	 {"vpages", VM_VPAGES},
};

/* N0=3 */
static bool node_pages(const char *word, size_t n, uint64_t *nid, uint64_t *pages)
{
	struct scan s;

	scan_init(&s, word, n);
	return scan_line(&s) && scan_word(&s, "N") && scan_u64(&s, nid) && scan_char(&s, '=') &&
	       scan_u64(&s, pages) && scan_at_end(&s) && *nid < MAX_NUMNODES && *pages <= UINT32_MAX;
}

/* One word behind the size. Returns: 0 or -EINVAL. */
static int area_word(struct scan *s, struct vm_boot_area *a)
{
	const char *word;
	uint64_t nid, pages;
	size_t n;

	if (scan_word(s, "pages="))
		return scan_u64(s, &a->pages) ? 0 : -EINVAL;
	if (scan_word(s, "phys="))
		return scan_digits(s, 16, &a->phys) ? 0 : -EINVAL;
	n = scan_until(s, ' ', &word);
	if (node_pages(word, n, &nid, &pages)) {
		a->on_node[nid] = (uint32_t)pages;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) == n && !memcmp(words[i].word, word, n)) {
			a->flags |= words[i].flag;
			return 0;
		}
	}
	if (!a->caller[0] && n < sizeof(a->caller))
		memcpy(a->caller, word, n);
	return 0; /* what later kernels print */
}

static int area_line(struct scan *s, struct vm_boot_area *a)
{
	uint64_t size;

	if (!scan_u64(s, &a->start) || !scan_char(s, '-') || !scan_u64(s, &a->end))
		return -EINVAL;
	scan_blanks(s);
	if (!scan_u64(s, &size) || a->start >= a->end || size != a->end - a->start ||
	    ((a->start | a->end) & (PAGE_SIZE - 1)))
		return -EINVAL;
	for (scan_blanks(s); !scan_at_end(s); scan_blanks(s))
		if (area_word(s, a))
			return -EINVAL;
	return 0;
}

int vmallocinfo_read(struct boot_params *p, const char *text, size_t len, struct mm_error *e)
{
	struct scan s;
	unsigned n = 0;

	memset(p->vm_area, 0, sizeof(p->vm_area));
	p->nr_vm_areas = 0;
	for (scan_init(&s, text, len); scan_line(&s); n++) {
		if (n == MAX_BOOT_AREAS)
			return scan_error(&s, e, "at most %d areas", MAX_BOOT_AREAS);
		if (area_line(&s, &p->vm_area[n]))
			return scan_error(&s, e, "not a line of /proc/vmallocinfo");
	}
	if (!n)
		return mm_error(e, -EINVAL, "empty: no areas in it");
	p->nr_vm_areas = n;
	return 0;
}

int vmallocinfo_read_file(struct boot_params *p, const char *path, struct mm_error *e)
{
	struct strbuf text = STRBUF_INIT;
	struct mm_error why;
	int err = read_file(path, &text, e);

	if (!err) {
		err = vmallocinfo_read(p, strbuf_str(&text), text.len, &why);
		if (err)
			mm_error(e, err, "%.80s: %.160s", path, why.text);
	}
	strbuf_free(&text);
	return err;
}
