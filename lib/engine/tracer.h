/* SPDX-License-Identifier: BSD-3-Clause */
/** Choosing calls whose messages are kept, and keeping them: what the engine's files call. Included by internal.h at its end. */
#ifndef RS_ENGINE_TRACER_H
#define RS_ENGINE_TRACER_H

#include "engine/trace.h"

#define TRACE_GROUPS RS_TRACE_KEPT

/** Failed calls of one activity and cause. */
struct trace_group {
	uint16_t activity, cause;
	uint32_t n;	     /* kept: objects below, the first one for good */
	uint64_t seen;
	uint32_t objects[RS_TRACE_PER_CAUSE];
};

/** One worker's traces. First line: what every new call looks at. */
struct tracer {
	uint32_t active, max_active; /* objects that open calls have */
	uint64_t due_ns, slack_ns;   /* token bucket: when the next call may be chosen, and how far ahead of it */
	uint64_t interval_ns;
	uint64_t below;		     /* chosen when its number is, UINT64_MAX: all */
	uint32_t *of_leg;	     /* per leg slot: its object, valid where LEG_TRACED is set */
	struct rs_trace *objects;
	uint32_t *unused, n_unused;
	struct rs_rng rng;	     /* of its own: keeping messages changes no call */
	struct trace_group groups[TRACE_GROUPS];
	uint32_t n_groups, n_kept;
	uint64_t ring_end;	     /* failed calls that were ever in the ring */
	struct rs_failed_call ring[RS_FAILED_RING];
};

int tracer_setup(struct rs_engine *e, uint32_t legs);
/** Bytes of the arena that it takes on a worker with @legs legs. */
uint64_t tracer_reserve(const struct rs_plan *plan, uint64_t legs);
void trace_choose(struct rs_engine *e, struct leg *leg);
void trace_add(struct rs_engine *e, struct leg *leg, enum rs_trace_kind kind, const uint8_t *data, uint32_t len,
	uint64_t time_ns, uint8_t flags);
void trace_not_sent(struct rs_engine *e, struct leg *leg);
void trace_close(struct rs_engine *e, struct leg *leg);
/** The call failed at its present step; it may play on for a while. */
void trace_failed(struct rs_engine *e, struct leg *leg, uint32_t cause);

/** A call starts: are its messages kept? */
static inline void
trace_begin(struct rs_engine *e, struct leg *leg)
{
	const struct tracer *t = e->tracer;

	if (t->active < t->max_active && t->due_ns <= e->now + t->slack_ns)
		trace_choose(e, leg);
}

/** @flags  enum rs_trace_flag: what is known of the message */
static inline void
trace_sent(struct rs_engine *e, struct leg *leg, const uint8_t *data, uint32_t len, unsigned flags)
{
	if (leg->flags & LEG_TRACED)
		trace_add(e, leg, RS_TRACE_SENT, data, len, e->now, (uint8_t)flags);
}

static inline void
trace_received(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx)
{
	if (leg->flags & LEG_TRACED)
		trace_add(e, leg, RS_TRACE_RECEIVED, rx->data, rx->len, rx->time_ns, 0);
}

/** The call is over: what was kept of it goes, or stays when it failed. */
static inline void
trace_end(struct rs_engine *e, struct leg *leg)
{
	if (leg->flags & LEG_TRACED)
		trace_close(e, leg);
}

#endif
