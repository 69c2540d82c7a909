/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters' fast side, for src/mm only. */
#ifndef MM_VMSTAT_H
#define MM_VMSTAT_H

#include <mmsh/machine.h>

static inline void zone_page_state_add(struct machine *m, struct zone *z, enum zone_stat_item item,
				       long x)
{
	z->vm_stat[item] += x;
	m->vm_stat[item] += x;
}

static inline void __mod_zone_page_state(struct machine *m, struct zone *z,
					 enum zone_stat_item item, long delta)
{
	struct per_cpu_pageset *ps = &z->pageset[m->cpu];
	long x = delta + ps->vm_stat_diff[item], t = ps->stat_threshold;

	if (unlikely(x > t || x < -t)) {
		zone_page_state_add(m, z, item, x);
		x = 0;
	}
	ps->vm_stat_diff[item] = (int8_t)x;
}

/* inc overshoots by half the threshold, so that the next one folds later. */
static inline void __inc_zone_page_state(struct machine *m, struct zone *z, enum zone_stat_item item)
{
	struct per_cpu_pageset *ps = &z->pageset[m->cpu];
	int t = ps->stat_threshold;

	if (unlikely(++ps->vm_stat_diff[item] > t)) {
		int overstep = t >> 1;

		zone_page_state_add(m, z, item, ps->vm_stat_diff[item] + overstep);
		ps->vm_stat_diff[item] = (int8_t)-overstep;
	}
}

/* Every change of the current CPU goes through here. */
static inline void set_cpu(struct machine *m, unsigned cpu)
{
	m->cpu = cpu;
	m->cpu_event = m->vm_event[cpu];
}

static inline void count_vm_events(struct machine *m, enum vm_event_item item, unsigned long n)
{
	m->cpu_event[item] += n;
}

#endif
