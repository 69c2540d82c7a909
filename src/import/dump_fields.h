/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a dump as tables; each ends with a row without a name. */
#ifndef IMPORT_DUMP_FIELDS_H
#define IMPORT_DUMP_FIELDS_H

#include "dump.h"

extern const struct field const_fields[];    /* struct kernel_const */
extern const struct field memblock_fields[]; /* struct memblock_type */
extern const struct field region_fields[];   /* struct memblock_region */
extern const struct field dump_fields[];     /* struct machine */
extern const struct field node_fields[];     /* struct pglist_data */
extern const struct field zone_fields[];     /* struct zone */
extern const struct field zstat_fields[];    /* struct zone */
extern const struct field pset_fields[];     /* struct per_cpu_pageset */

#endif
