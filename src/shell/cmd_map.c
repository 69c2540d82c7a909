/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map of physical memory on the terminal. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mmsh/memory_hotplug.h>

#include "command.h"
#include "map.h"
#include "out.h"
#include "shell.h"

#define LABEL_WIDTH 13 /* "  4294967295 " */
#define MAX_ROWS 16
#define SVG_CELLS 4000

/* How full, in ten steps and none. */
static void put_fill(struct shell *sh, struct map_cell c, bool utf8)
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	unsigned tenth = c.used * 10u / 255u;

	if (c.kind == MAP_HOLE || c.kind == MAP_OFFLINE)
		out_char(sh, ' ');
	else if (!c.used)
		out_str(sh, utf8 ? "·" : ".");
	else if (utf8)
		out_str(sh, bars[c.used * 8u / 256u]);
	else
		out_char(sh, c.used == 255 ? '#' : (char)('0' + tenth));
}

static void put_row(struct shell *sh, const struct map *map, const struct map_part *p, uint64_t pfn,
		    unsigned n, bool utf8)
{
	struct map_cell c[512];
	char type[513];
	bool filled = false;

	for (unsigned i = 0; i < n; i++) {
		c[i] = map_cell(map, p, pfn + i * map->cell_pages);
		type[i] = map_letter(c[i]);
		filled |= c[i].kind > MAP_OFFLINE;
	}
	type[n] = '\0';
	out(sh, "  %-*llu %s\n", LABEL_WIDTH - 3, (unsigned long long)max_of(pfn, p->from), type);
	if (!filled)
		return;
	out(sh, "%*s", LABEL_WIDTH, "");
	for (unsigned i = 0; i < n; i++)
		put_fill(sh, c[i], utf8);
	out_char(sh, '\n');
}

static void put_part(struct shell *sh, const struct map *map, const struct map_part *p,
		     unsigned columns, bool utf8)
{
	uint64_t cell = map->cell_pages, row = columns * cell, from = ROUND_DOWN(p->from, cell);
	char size[32];

	if (!p->zone) {
		out(sh, "hole: pfn %llu..%llu, %s\n", (unsigned long long)p->from,
		    (unsigned long long)p->to - 1, map_size(p->to - p->from, size));
		return;
	}
	out(sh, "node %u, zone %s: pfn %llu..%llu, %s\n", p->zone->nid, p->zone->name,
	    (unsigned long long)p->from, (unsigned long long)p->to - 1,
	    map_size(p->to - p->from, size));
	for (uint64_t pfn = from; pfn < p->to && !interrupted; pfn += row) {
		uint64_t left = (p->to - pfn + cell - 1) / cell;

		put_row(sh, map, p, pfn, (unsigned)min_of(left, (uint64_t)columns), utf8);
	}
}

/* "sections of 128 MiB: 0-7 online, 32-35 offline" */
static void put_sections(struct shell *sh)
{
	const struct machine *m = sh->m;
	const char *sep = ":";
	char size[32];

	if (!m->section)
		return;
	out(sh, "sections of %s", map_size(pages_per_section(m), size));
	for (uint64_t s = 0, e; s < m->nr_sections; s = e) {
		uint8_t state = m->section[s].state & (SECTION_PRESENT | SECTION_ONLINE);

		for (e = s + 1; e < m->nr_sections; e++)
			if ((m->section[e].state & (SECTION_PRESENT | SECTION_ONLINE)) != state)
				break;
		if (!state)
			continue;
		out(sh, e - s > 1 ? "%s %llu-%llu %s" : "%s %llu%.0llu %s", sep, (unsigned long long)s,
		    (unsigned long long)(e - s > 1 ? e - 1 : 0),
		    state & SECTION_ONLINE ? "online" : "offline");
		sep = ",";
	}
	out_char(sh, '\n');
}

static void put_map(struct shell *sh, const struct map *map, unsigned columns)
{
	bool utf8 = out_utf8();
	char size[32];

	out(sh, "one character: %s\n", map_size(map->cell_pages, size));
	for (unsigned i = 0; i < map->nr_parts && !interrupted; i++)
		put_part(sh, map, &map->part[i], columns, utf8);
	put_sections(sh);
	out(sh, "U unmovable, M movable, R reclaimable, H high-atomic, I isolated, k kept by boot,\n"
		"o offline, - hole; below, in use: %s\n",
	    utf8 ? "· nothing, ▁ to █ all" : ". nothing, 0 to 9 tenths, # all");
}

/* "Normal", "1:Normal", PFN..PFN. */
static int parse_what(struct shell *sh, const struct word *w, uint64_t *from, uint64_t *to,
		      const struct zone **zone)
{
	const char *name = strchr(w->text, ':');
	struct arg a = {0};
	int r;

	name = name && w->text[0] >= '0' && w->text[0] <= '9' ? name + 1 : w->text;
	for (unsigned nid = 0; nid < sh->m->nr_nodes; nid++) {
		if (name != w->text && strtoul(w->text, NULL, 10) != nid)
			continue;
		*zone = zone_find(sh->m, (int)nid, name);
		if (*zone && (*zone)->spanned_pages)
			return 0;
	}
	if (*zone)
		return cmd_fail(sh, EINVAL, "zone %s is empty", quoted(sh, w->text));
	r = arg_parse_word(sh, ARG_PAGE, w, &a);
	if (r)
		return r;
	if (a.val.kind != VAL_RANGE || a.val.n < 0 || a.val.end < a.val.n)
		return cmd_fail(sh, EINVAL, "%s: expects a zone or PFN..PFN", quoted(sh, w->text));
	*from = (uint64_t)a.val.n;
	*to = (uint64_t)a.val.end + 1;
	if (*from >= sh->m->max_pfn)
		return cmd_fail(sh, EINVAL, "pfn %llu: the machine ends at %llu",
				(unsigned long long)*from, (unsigned long long)sh->m->max_pfn - 1);
	return 0;
}

static int write_svg(struct shell *sh, const struct map *map, const char *file)
{
	struct strbuf text = STRBUF_INIT;
	int r = host_allowed(sh, "map --svg");

	if (!r) {
		map_svg(map, sh->m->arch->name, &text);
		r = host_write(sh, file, &text);
	}
	strbuf_free(&text);
	return r;
}

int exec_map(struct shell *sh, const struct args *a)
{
	unsigned columns = min_of(out_width(sh) - LABEL_WIDTH, 512u) / 8 * 8, i = 0;
	const struct zone *zone = NULL;
	uint64_t from = 0, to = UINT64_MAX;
	const char *svg = NULL;
	struct map map;
	int r = 0;

	if (a->v[0].n && !strcmp(a->v[0].w[0].text, "--svg")) {
		if (a->v[0].n < 2)
			return cmd_fail(sh, EINVAL, "--svg needs a file");
		svg = a->v[0].w[1].text;
		i = 2;
	}
	if (a->v[0].n > i + 1)
		return cmd_fail(sh, EINVAL, "%s is too much", quoted(sh, a->v[0].w[i + 1].text));
	if (a->v[0].n > i)
		r = parse_what(sh, &a->v[0].w[i], &from, &to, &zone);
	if (r)
		return r;
	map_init(&map, sh->m, from, to, zone, svg ? SVG_CELLS : (uint64_t)columns * MAX_ROWS);
	if (svg)
		r = write_svg(sh, &map, svg);
	else
		put_map(sh, &map, columns);
	map_free(&map);
	return r;
}
