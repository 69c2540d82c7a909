/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map of physical memory as a picture: rows of cells by zone, colours by type. */
#include <mmsh/mmzone.h>

#include "map.h"

#define WIDTH 960
#define HEIGHT 540
#define MARGIN 24
#define TOP 64
#define LABELS 150
#define LEGEND 40

/* Colours that are told apart in grey, too. */
static const struct {
	const char *name, *fill;
} types[MIGRATE_TYPES] = {
	{"unmovable", "#c0392b"}, {"movable", "#2980b9"},  {"reclaimable", "#e1a31f"},
	{"high-atomic", "#8e44ad"}, {"isolated", "#16a085"},
}, kinds[] = {
	[MAP_HOLE] = {"hole", "#ffffff"},
	[MAP_OFFLINE] = {"offline", "#d5dbdb"},
	[MAP_KEPT] = {"kept by boot", "#34495e"},
};

static const char *cell_fill(struct map_cell c)
{
	return c.kind == MAP_PAGES && c.mt < MIGRATE_TYPES ? types[c.mt].fill : kinds[c.kind % 3].fill;
}

struct layout {
	unsigned columns;
	double cell; /* a cell is a square of it */
};

static unsigned part_rows(const struct map *map, const struct map_part *p, unsigned columns)
{
	uint64_t cells = (p->to - 1) / map->cell_pages - p->from / map->cell_pages + 1;

	return p->zone ? (unsigned)((cells + columns - 1) / columns) : 1;
}

/* Its rows and a gap; at least its label. */
static double part_height(const struct map *map, const struct map_part *p, const struct layout *l)
{
	return max_of(part_rows(map, p, l->columns) * l->cell + 4, p->zone ? 28.0 : 14.0);
}

/* As large as cells can be with all of them on the page. */
static struct layout fit(const struct map *map)
{
	const double width = WIDTH - 2 * MARGIN - LABELS, height = HEIGHT - TOP - LEGEND - MARGIN;
	struct layout best = {8, 1.0};

	for (unsigned columns = 8; columns <= 512; columns += 8) {
		struct layout l = {columns, min_of(width / columns, 24.0)};

		for (; l.cell > best.cell; l.cell *= 0.97) {
			double sum = 0;

			for (unsigned i = 0; i < map->nr_parts; i++)
				sum += part_height(map, &map->part[i], &l);
			if (sum > height)
				continue;
			best = l;
			break;
		}
	}
	return best;
}

/* A pale square, filled from below as far as its pages are in use. */
static void svg_cell(struct strbuf *out, struct map_cell c, double x, double y, double size)
{
	const char *fill = cell_fill(c);
	double side = size * 0.9, used = side * c.used / 255;

	if (c.kind == MAP_HOLE) {
		strbuf_addf(out, "<path d=\"M%.1f %.1fl%.1f %.1f\" stroke=\"#bbb\" stroke-width=\"0.6\"/>\n",
			    x, y + side, side, -side);
		return;
	}
	strbuf_addf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\""
			 " fill-opacity=\"%s\"/>\n",
		    x, y, side, side, fill, c.kind == MAP_PAGES ? "0.25" : "1");
	if (c.kind == MAP_PAGES && c.used)
		strbuf_addf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
			    x, y + side - used, side, used, fill);
}

static double svg_part(const struct map *map, const struct map_part *p, const struct layout *l,
		       double y, struct strbuf *out)
{
	uint64_t cell = map->cell_pages, from = ROUND_DOWN(p->from, cell);
	char size[32];

	if (!p->zone) {
		strbuf_addf(out, "<text x=\"%d\" y=\"%.1f\" class=\"s\">hole, %s</text>\n", MARGIN,
			    y + 9, map_size(p->to - p->from, size));
		return y + part_height(map, p, l);
	}
	strbuf_addf(out, "<text x=\"%d\" y=\"%.1f\">node %u %s</text>\n"
			 "<text x=\"%d\" y=\"%.1f\" class=\"s\">%s from pfn %llu</text>\n",
		    MARGIN, y + 11, p->zone->nid, p->zone->name, MARGIN, y + 22,
		    map_size(p->to - p->from, size), (unsigned long long)p->from);
	for (uint64_t pfn = from, i = 0; pfn < p->to; pfn += cell, i++)
		svg_cell(out, map_cell(map, p, pfn),
			 MARGIN + LABELS + (double)(i % l->columns) * l->cell,
			 y + (double)(i / l->columns) * l->cell, l->cell);
	return y + part_height(map, p, l);
}

static void svg_legend(struct strbuf *out)
{
	double x = MARGIN;
	const int y = HEIGHT - MARGIN;

	for (unsigned i = 0; i < MIGRATE_TYPES + ARRAY_SIZE(kinds); i++) {
		bool type = i < MIGRATE_TYPES;
		const char *name = type ? types[i].name : kinds[i - MIGRATE_TYPES].name;

		svg_cell(out,
			 type ? (struct map_cell){MAP_PAGES, (uint8_t)i, 128}
			      : (struct map_cell){(uint8_t)(i - MIGRATE_TYPES), 0, 255},
			 x, y - 10, 13);
		strbuf_addf(out, "<text x=\"%.0f\" y=\"%d\" class=\"s\">%s</text>\n", x + 16, y, name);
		x += 108;
	}
}

/* Text between tags. */
static void svg_text(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			strbuf_adds(out, "&lt;");
		else if (*s == '&')
			strbuf_adds(out, "&amp;");
		else
			strbuf_addc(out, *s);
	}
}

void map_svg(const struct map *map, const char *title, struct strbuf *out)
{
	struct layout l = fit(map);
	char ram[32], cell[32];
	double y = TOP;

	strbuf_addf(out,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">\n"
		    "<style>text{font:12px sans-serif;fill:#222}.s{font-size:10px;fill:#555}"
		    ".t{font-size:20px}</style>\n"
		    "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
		    "<text x=\"%d\" y=\"34\" class=\"t\">",
		    WIDTH, HEIGHT, WIDTH, HEIGHT, MARGIN);
	svg_text(out, title);
	strbuf_addf(out,
		    ", %s of RAM</text>\n"
		    "<text x=\"%d\" y=\"50\" class=\"s\">a square is %s; its filled part is in use</text>\n",
		    map_size(memblock_pages(&map->m->memblock, 0, map->m->max_pfn, MAX_NUMNODES), ram),
		    MARGIN, map_size(map->cell_pages, cell));
	for (unsigned i = 0; i < map->nr_parts; i++)
		y = svg_part(map, &map->part[i], &l, y, out);
	svg_legend(out);
	strbuf_adds(out, "</svg>\n");
}
