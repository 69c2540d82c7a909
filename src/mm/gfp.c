/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation flags as words (buddy.md 2). */
#include <errno.h>
#include <mmsh/gfp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Composites first, the larger before those it contains: gfp_format() takes the first that fits. */
#define N(flag) {#flag, flag}
const struct gfp_name gfp_names[] = {
	N(GFP_TRANSHUGE),
	N(GFP_HIGHUSER_MOVABLE),
	N(GFP_HIGHUSER),
	N(GFP_USER),
	N(GFP_TEMPORARY),
	N(GFP_KERNEL),
	N(GFP_NOFS),
	N(GFP_NOIO),
	N(GFP_ATOMIC),
	N(GFP_NOWAIT),
	N(GFP_DMA),
	N(GFP_DMA32),
	N(__GFP_DMA),
	N(__GFP_HIGHMEM),
	N(__GFP_DMA32),
	N(__GFP_MOVABLE),
	N(__GFP_RECLAIMABLE),
	N(__GFP_HIGH),
	N(__GFP_IO),
	N(__GFP_FS),
	N(__GFP_COLD),
	N(__GFP_NOWARN),
	N(__GFP_REPEAT),
	N(__GFP_NOFAIL),
	N(__GFP_NORETRY),
	N(__GFP_MEMALLOC),
	N(__GFP_COMP),
	N(__GFP_ZERO),
	N(__GFP_NOMEMALLOC),
	N(__GFP_HARDWALL),
	N(__GFP_THISNODE),
	N(__GFP_ATOMIC),
	N(__GFP_NOACCOUNT),
	N(__GFP_NOTRACK),
	N(__GFP_DIRECT_RECLAIM),
	N(__GFP_OTHER_NODE),
	N(__GFP_WRITE),
	N(__GFP_KSWAPD_RECLAIM),
	N(__GFP_RECLAIM),
	{NULL, 0},
};
#undef N

static int gfp_word(const char *s, size_t n, gfp_t *gfp, struct mm_error *e)
{
	char *end, num[24];
	unsigned long long v;

	for (const struct gfp_name *g = gfp_names; g->name; g++) {
		if (strlen(g->name) == n && !memcmp(g->name, s, n)) {
			*gfp |= g->flags;
			return 0;
		}
	}
	if (n && n < sizeof(num) && s[0] >= '0' && s[0] <= '9') {
		memcpy(num, s, n);
		num[n] = '\0';
		errno = 0;
		v = strtoull(num, &end, 0);
		if (!*end && !errno) {
			if (v & ~(unsigned long long)__GFP_BITS_MASK)
				return mm_error(e, -EINVAL, "gfp %s: the flags end at 0x%x", num,
						__GFP_BITS_MASK);
			*gfp |= (gfp_t)v;
			return 0;
		}
	}
	return mm_error(e, -EINVAL, "unknown gfp flag '%.*s'", (int)min_of(n, (size_t)60), s);
}

int gfp_parse(const char *text, gfp_t *gfp, struct mm_error *e)
{
	gfp_t g = 0;
	static const uint16_t invalid = 1 << 3 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 0xb | 1 << 0xd |
					1 << 0xe | 1 << 0xf;

	for (;;) {
		size_t n = strcspn(text, "|");
		int err = gfp_word(text, n, &g, e);

		if (err)
			return err;
		if (!text[n])
			break;
		text += n + 1;
	}
	if (invalid >> (g & GFP_ZONEMASK) & 1)
		return mm_error(e, -EINVAL, "gfp 0x%x asks for two zones at once", g);
	if ((g & GFP_MOVABLE_MASK) == GFP_MOVABLE_MASK)
		return mm_error(e, -EINVAL, "gfp 0x%x is both movable and reclaimable", g);
	*gfp = g;
	return 0;
}

char *gfp_format(gfp_t gfp, char *buf, size_t size)
{
	size_t len = 0;

	if (!gfp) {
		snprintf(buf, size, "0");
		return buf;
	}
	buf[0] = '\0';
	for (const struct gfp_name *g = gfp_names; g->name && gfp; g++) {
		if ((gfp & g->flags) != g->flags || g->flags == GFP_NOWAIT)
			continue;
		/* a lone zone bit is a modifier, not a request */
		if (!strncmp(g->name, "GFP_DMA", 7))
			continue;
		gfp &= ~g->flags;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "|" : "", g->name);
		if (len >= size)
			return buf;
	}
	if (gfp == GFP_NOWAIT)
		snprintf(buf + len, size - len, "%s%s", len ? "|" : "",
			 len ? "__GFP_KSWAPD_RECLAIM" : "GFP_NOWAIT");
	else if (gfp)
		snprintf(buf + len, size - len, "%s0x%x", len ? "|" : "", gfp);
	return buf;
}
