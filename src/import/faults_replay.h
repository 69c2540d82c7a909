/* SPDX-License-Identifier: GPL-3.0-or-later */
/* E9: a program in the model whose pages come and go as a trace says. */
#ifndef IMPORT_FAULTS_REPLAY_H
#define IMPORT_FAULTS_REPLAY_H

#include "faults_text.h"
#include "verify_kinds.h"

#define MAX_AREAS 64
#define MAX_TABLES 64

struct area {
	char name[AREA_NAME];
	vaddr_t base;
	uint32_t pages;
};

/* One program: its file of steps, and itself in the model. */
struct actor {
	int pid; /* 0: there is none */
	struct scan s;
	struct task_struct *t;
};

/* A bit a page. */
struct page_set {
	uint8_t *bits;
	unsigned long n;
};

struct replay {
	struct verify *v;
	struct machine *m;
	struct trace_listener l;
	struct page_event *got; /* what the model's operation did, not met in the trace yet */
	size_t nr_got, at_got, cap_got;
	struct actor actor[2]; /* parent, child */
	struct area area[MAX_AREAS];
	unsigned nr_areas;
	/* the pages still to be touched */
	struct actor *who;
	struct area *what;
	uint32_t *touch;
	size_t nr_touch, at_touch, cap_touch;
	bool write;
	unsigned long own;	/* pages that the program gets meanwhile for something else */
	struct page_set wanted; /* if so: the pages that it then saw in the area */
	pfn_t table[MAX_TABLES]; /* allocated for page tables since the fork or the touch */
	unsigned nr_tables;
	bool forking, zero_known;
	uint64_t folded; /* microseconds of the trace's clock: when the counters were */
	uint32_t cold;	 /* the page whose free is a cold one */
	struct page_set expected; /* an exiting program was its last user */
	struct scan *at; /* the line to blame */
};

/* The kernel and the model did not do the same: a difference, told if it is the first. */
void differs(struct replay *r, const char *kernel, const char *model);
/* What the model did is no answer to the trace. */
void forget_events(struct replay *r);
/* "the host has no memory left". Returns: -ENOMEM. */
int no_memory(struct replay *r);

/* Of the step at hand: another page to touch, 0 or -ENOMEM; all are known, and the trace goes on
   at @trace; what is left of them. */
int touch_add(struct replay *r, uint32_t idx);
void touch_begin(struct replay *r, const struct scan *trace);
void touch_end(struct replay *r);

/* A page of the trace: the model has come to it already, comes to it now, or it is another's. */
void on_page_event(struct replay *r, const struct page_event *e);

/* The child comes into being. Returns: 0 or -ENOMEM. */
int do_fork(struct replay *r);
/* All that a program maps goes, but is not freed: the trace says when. */
void detach(struct replay *r, struct actor *who);

/* Listens to the machine until replay_end(). Return: 0 or -ENOMEM. */
int replay_begin(struct replay *r);
void replay_end(struct replay *r);

#endif
