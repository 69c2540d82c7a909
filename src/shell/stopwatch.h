/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times the model's own work on objects, without the shell's around it: for `compare`. */
#ifndef SHELL_STOPWATCH_H
#define SHELL_STOPWATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <mmsh/base.h>

struct stopwatch {
	bool on;
	uint64_t started, ns, n; /* .n: operations */
};

static inline uint64_t stopwatch_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void stopwatch_start(struct stopwatch *w)
{
	if (unlikely(w->on))
		w->started = stopwatch_now();
}

static inline void stopwatch_stop(struct stopwatch *w)
{
	if (unlikely(w->on)) {
		w->ns += stopwatch_now() - w->started;
		w->n++;
	}
}

#endif
