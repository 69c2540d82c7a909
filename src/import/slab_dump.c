/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The slab dump: what is the same for all allocators. */
#include "slab_dump.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct slab_dump_kind *const kinds[] = {
	&slub_dump_kind,
	&slab_dump_kind_slab,
	&slob_dump_kind,
};

struct kmem_cache *slab_dump_find(const struct slab_dump *sd, const char *name, size_t len)
{
	for (unsigned i = 0; i < sd->nr; i++)
		if (strlen(sd->cache[i]->name) == len && !memcmp(sd->cache[i]->name, name, len))
			return sd->cache[i];
	return NULL;
}

struct kmem_cache *slab_dump_cache(struct slab_dump *sd, const char *key)
{
	struct scan *s = &sd->d->s;
	struct kmem_cache *cache = NULL;
	const char *name;
	size_t n;

	if (scan_word(s, key)) {
		n = scan_until(s, ' ', &name);
		cache = slab_dump_find(sd, name, n);
	}
	if (!cache)
		scan_error(s, sd->d->e, "no cache that was named before");
	return cache;
}

int slab_dump_indexes(struct slab_dump *sd)
{
	struct scan *s = &sd->d->s;
	uint32_t i;
	int n = 0;

	while (!scan_at_end(s)) {
		if (n == MAX_DUMP_OBJECTS || !scan_u32(s, &i) || i >= MAX_DUMP_OBJECTS ||
		    (!scan_at_end(s) && !scan_char(s, ',')))
			return scan_error(s, sd->d->e, "not a list of objects");
		sd->list[n++] = (uint16_t)i;
	}
	return n;
}

int slab_dump_add(struct slab_dump *sd, struct kmem_cache *s)
{
	if (sd->nr == MAX_DUMP_CACHES)
		return scan_error(&sd->d->s, sd->d->e, "more caches than a dump can have");
	sd->cache[sd->nr++] = s;
	return 0;
}

static int load_params(struct slab_dump *sd)
{
	struct scan *s = &sd->d->s;
	struct slab_params p;
	const char *word;
	size_t n = scan_until(s, ' ', &word);

	slab_params_init(&p);
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i]->params) == n && !memcmp(kinds[i]->params, word, n))
			sd->kind = kinds[i];
	if (!sd->kind)
		return scan_error(s, sd->d->e, "no allocator's constants");
	snprintf(sd->params, sizeof(sd->params), "%.*s", (int)min_of(s->end - s->line, (ptrdiff_t)159),
		 s->line);
	if (sd->kind->load_params(sd, &p))
		return -EINVAL;
	if (slab_system_new(sd->m, sd->kind->ops, &p) || (sd->kind->begin && sd->kind->begin(sd->m)))
		return mm_error(sd->d->e, -ENOMEM, "the host has no memory left");
	sd->m->slab->foreign = true;
	sd->m->slab->state = SLAB_FULL;
	return 0;
}

int slab_dump_load(struct slab_dump *sd)
{
	struct scan *s = &sd->d->s;
	int err = 0, end = 0;

	if (!scan_line(s))
		return scan_error(s, sd->d->e, "cut off inside the slab dump");
	err = load_params(sd);
	while (!err && !end && scan_line(s)) {
		end = scan_word(s, "endslabs ");
		if (!end)
			err = sd->kind->load_line(sd);
	}
	free(sd->private);
	sd->private = NULL;
	return err || end ? err : scan_error(s, sd->d->e, "cut off inside the slab dump");
}

void slab_dump_write(const struct slab_dump *sd, const char *stage, struct strbuf *out)
{
	strbuf_addf(out, "slabs stage=%s\n%s\n", stage, sd->params);
	sd->kind->write(sd, NULL, out);
	for (unsigned i = 0; i < sd->nr; i++)
		sd->kind->write(sd, sd->cache[i], out);
	strbuf_addf(out, "endslabs stage=%s\n", stage);
}
