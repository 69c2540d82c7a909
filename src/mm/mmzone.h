/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps of bringing zones up, for src/mm only. */
#ifndef MM_MMZONE_H
#define MM_MMZONE_H

#include <mmsh/machine.h>

int init_zone_lists(struct machine *m, struct zone *z);

#endif
