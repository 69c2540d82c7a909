/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mm/slub_fixture.h"

#include <mmsh/kmsg.h>
#include <string.h>

struct machine *boot_slab(const char *slab, const char *line, const char *debug,
			  void (*tune)(struct slab_params *p))
{
	struct mm_error e = {""};
	struct boot_params p;
	struct machine *m;

	boot_params_init(&p);
	boot_words(&p, line);
	p.slab = slab_ops_find(slab);
	ck_assert_ptr_nonnull(p.slab);
	p.slab_params.nomerge = true;
	p.slab_params.cache_line_size = 32;
	if (debug)
		slub_debug_parse(&p.slab_params, debug, &e);
	if (tune)
		tune(&p.slab_params);
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s over %s: %s", line, slab, e.text);
	ck_assert_int_eq(kmsg_attach(m), 0);
	return m;
}

void assert_logged(const struct machine *m, const char *text)
{
	ck_assert_msg(strstr(strbuf_str(&m->kmsg), text) != NULL, "no \"%s\" in:\n%s", text,
		      strbuf_str(&m->kmsg));
}

void assert_not_logged(const struct machine *m, const char *text)
{
	ck_assert_msg(strstr(strbuf_str(&m->kmsg), text) == NULL, "\"%s\" in:\n%s", text,
		      strbuf_str(&m->kmsg));
}

void forget_log(struct machine *m)
{
	strbuf_reset(&m->kmsg);
}

struct slab_location locate(const struct machine *m, vaddr_t addr)
{
	struct slab_location l;

	ck_assert(slab_locate(m, addr, &l));
	return l;
}
