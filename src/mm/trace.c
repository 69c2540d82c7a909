/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who listens to the model, and the listener that remembers. */
#include <errno.h>
#include <mmsh/machine.h>
#include <stdlib.h>

static void trace_update_mask(struct machine *m)
{
	m->trace_mask = 0;
	for (struct trace_listener *l = m->listeners; l; l = l->next)
		m->trace_mask |= l->mask;
}

void trace_attach(struct machine *m, struct trace_listener *l)
{
	struct trace_listener **p = &m->listeners;

	while (*p)
		p = &(*p)->next;
	l->next = NULL;
	*p = l;
	trace_update_mask(m);
}

void trace_detach(struct machine *m, struct trace_listener *l)
{
	for (struct trace_listener **p = &m->listeners; *p; p = &(*p)->next) {
		if (*p == l) {
			*p = l->next;
			break;
		}
	}
	trace_update_mask(m);
}

void trace_emit(struct machine *m, const struct trace_event *ev)
{
	for (struct trace_listener *l = m->listeners; l; l = l->next)
		if (l->mask & TRACE_BIT(ev->id))
			l->event(l, m, ev);
}

static void trace_buffer_event(struct trace_listener *l, struct machine *m,
			       const struct trace_event *ev)
{
	struct trace_buffer *b = (struct trace_buffer *)l;

	if (b->n == b->cap) {
		b->dropped++;
		return;
	}
	b->ev[b->n] = *ev;
	b->ev[b->n++].cpu = (uint8_t)m->cpu;
}

int trace_buffer_init(struct trace_buffer *b, unsigned cap, uint64_t mask)
{
	*b = (struct trace_buffer){.l = {.event = trace_buffer_event, .mask = mask}, .cap = cap};
	b->ev = malloc(cap * sizeof(*b->ev));
	return b->ev ? 0 : -ENOMEM;
}

void trace_buffer_free(struct trace_buffer *b)
{
	free(b->ev);
	b->ev = NULL;
	b->n = b->cap = 0;
}
