/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Physical memory as cells of a picture: what lies there, of which type, how full. */
#ifndef SHELL_MAP_H
#define SHELL_MAP_H

#include <mmsh/machine.h>

struct shell;
struct args;

int exec_map(struct shell *sh, const struct args *a);

enum map_kind { MAP_HOLE, MAP_OFFLINE, MAP_KEPT, MAP_PAGES };

struct map_cell {
	uint8_t kind; /* enum map_kind, of most of it */
	uint8_t mt;   /* MAP_PAGES: the type of its first pageblock */
	uint8_t used; /* of its pages in use, 0 to 255 */
};

/* Pages [from, to) of a zone, or of what no zone spans. */
struct map_part {
	const struct zone *zone; /* NULL: no memory */
	uint64_t from, to;
};

struct map {
	const struct machine *m;
	struct map_part *part;
	unsigned nr_parts, cap;
	uint64_t cell_pages; /* a power of two */
};

/*
 * map_init - the parts of [from, to), in address order, and a cell size such that they take
 * no more than @max_cells; @only: of that zone alone. Holes of a row or more are left out.
 */
void map_init(struct map *map, const struct machine *m, uint64_t from, uint64_t to,
	      const struct zone *only, uint64_t max_cells);
void map_free(struct map *map);
/* The cell of a part that begins at @pfn, which it may have to itself only partly. */
struct map_cell map_cell(const struct map *map, const struct map_part *p, uint64_t pfn);

/* The letter of a cell: U M R H I k o - */
char map_letter(struct map_cell c);
/* "4 MiB" */
const char *map_size(uint64_t pages, char buf[32]);

/* A picture of 16:9, fit for a slide. */
void map_svg(const struct map *map, const char *title, struct strbuf *out);

#endif
