/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The closed loop: so many calls are held open, each that ends makes room for the next. A place that a completed call has left is
 * taken again at once, unless a rate was asked for: that is the ceiling then. The first calls, and those for places that a failed
 * call has left, come at that rate, or at one a second for each place: a SUT that refuses everything is asked again and again,
 * but not as fast as it can refuse.
 */
#include "engine/internal.h"

#define BURST_NS RS_NS_PER_MS /* within this much time paced starts are not spread */

static uint64_t
share(uint64_t n, uint64_t workers, uint32_t rank)
{
	return rank >= workers ? 0 : n / workers + (rank < n % workers);
}

/* This worker's part of the target sets its part of the pace. */
static void
set_pace(struct activity *a)
{
	struct loop *l = &a->arrivals.loop;
	double rate = a->arrivals.rate_hz;

	l->ceiling = rate > 0;
	l->pace_hz = (l->ceiling ? rate : (double)l->all) * (double)l->target / (double)l->all;
}

static void
add_paced(struct loop *l, uint64_t n, uint64_t now_ns)
{
	if (l->paced == 0)
		l->paced_ns = now_ns;
	l->paced += n;
}

void
loop_target(struct activity *a, uint64_t n)
{
	struct loop *l = &a->arrivals.loop;

	l->all = n == UINT64_MAX ? a->plan->open_calls : n;
	l->target = share(l->all, a->group->starters, a->group->rank);
	if (l->target == 0 && l->total) /* it has its part of the total to offer still */
		l->target = 1;
	set_pace(a);
}

void
loop_begin(struct activity *a)
{
	struct arrivals *r = &a->arrivals;
	struct loop *l = &r->loop;

	set_pace(a);
	l->completed = rs_metric_get(&a->account->cells, RS_AM_COMPLETED);
	r->total = 0; /* who is how far depends on the SUT: `total` is dealt out like the calls held open */
	if (l->target == 0) {
		r->stopped = a->plan->total != 0;
		return;
	}
	l->total = share(a->plan->total, l->all < a->group->starters ? l->all : a->group->starters, a->group->rank);
	r->stopped = a->plan->total && l->total == 0;
	l->free = l->target;
	add_paced(l, l->free, r->base_ns);
	/* The workers' first calls do not come all at once, either. */
	l->next_ns = r->base_ns +
		(uint64_t)((double)RS_NS_PER_S / l->pace_hz * a->group->rank / a->group->starters);
}

static void
take_changes(struct rs_engine *e, struct activity *a)
{
	struct arrivals *r = &a->arrivals;

	while (r->n_changes && r->changes[0].at_ns <= e->now) {
		bool was_ceiling = r->loop.ceiling;

		arrivals_change(r);
		set_pace(a);
		if (r->loop.ceiling && !was_ceiling) { /* what was to be taken at once waits for its turn as well */
			r->loop.n_marks = 0;
			add_paced(&r->loop, r->loop.free - r->loop.paced, e->now);
		}
	}
}

static void
add_mark(struct loop *l, uint64_t n, uint64_t now_ns)
{
	if (n == 0)
		return;
	if (l->n_marks == LOOP_MARKS) /* they count as free for longer than they were: lateness is not made smaller */
		l->marks[LOOP_MARKS - 1].n += n;
	else
		l->marks[l->n_marks++] = (struct loop_mark){ now_ns, n };
}

static void
take_away(struct loop *l, uint64_t n)
{
	uint64_t paced = n < l->paced ? n : l->paced;

	l->paced -= paced;
	for (n -= paced; n > 0 && l->n_marks > 0;) {
		struct loop_mark *mark = &l->marks[l->n_marks - 1];
		uint64_t some = n < mark->n ? n : mark->n;

		mark->n -= some;
		n -= some;
		l->n_marks -= mark->n == 0;
	}
}

/* Places that are free now and were not when looked last are free since now. */
static void
look(struct rs_engine *e, struct activity *a)
{
	struct loop *l = &a->arrivals.loop;
	const struct rs_metrics *m = &a->account->cells;
	uint64_t open = rs_metric_get(m, RS_AM_OPEN), completed = rs_metric_get(m, RS_AM_COMPLETED);
	uint64_t room = e->max_calls > e->open_placed ? e->max_calls - e->open_placed : 0;
	uint64_t free = l->target > open ? l->target - open : 0;

	free = free < room ? free : room;
	if (free > l->free) {
		uint64_t more = free - l->free, left = l->ceiling ? 0 : completed - l->completed;
		uint64_t at_once = left < more ? left : more;

		add_mark(l, at_once, e->now);
		if (more > at_once)
			add_paced(l, more - at_once, e->now);
	} else {
		take_away(l, l->free - free);
	}
	l->free = free;
	l->completed = completed;
}

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* When the next place may be taken. That is the call's due time, too: what is paced is not late. */
static uint64_t
due_time(const struct loop *l)
{
	uint64_t at = l->n_marks ? l->marks[0].at_ns : later(l->next_ns, l->paced_ns);

	return later(at, l->max_ns);
}

static void
take_place(struct rs_engine *e, struct loop *l)
{
	uint64_t recent = e->now > BURST_NS ? e->now - BURST_NS : 0;

	l->free--;
	l->offered++;
	if (l->max_hz > 0)
		l->max_ns = later(l->max_ns, recent) +
			(uint64_t)((double)RS_NS_PER_S * (double)l->all / (l->max_hz * (double)l->target));
	if (l->n_marks) {
		if (--l->marks[0].n == 0)
			memmove(l->marks, l->marks + 1, --l->n_marks * sizeof(l->marks[0]));
		return;
	}
	l->paced--;
	l->next_ns = later(l->next_ns, recent) + (uint64_t)((double)RS_NS_PER_S / l->pace_hz);
}

uint64_t
loop_turn(struct rs_engine *e, struct activity *a)
{
	struct arrivals *r = &a->arrivals;
	struct loop *l = &r->loop;
	uint32_t walk = TURN_WALK;

	take_changes(e, a);
	for (unsigned started = 0; !r->paused && e->now >= r->base_ns; started++) {
		bool found = arrivals_find(e, a, &walk);

		if (l->total && l->offered == l->total) {
			r->stopped = true;
			return NEVER_NS;
		}
		look(e, a);
		if (l->free == 0)
			return r->n_changes ? r->changes[0].at_ns : NEVER_NS;
		uint64_t due = due_time(l);

		if (due > e->now)
			return r->n_changes && r->changes[0].at_ns < due ? r->changes[0].at_ns : due;
		if (!found || started == TURN_STARTS)
			return e->now;
		take_place(e, l);
		offer(e, a, r->k, r->caller, due);
		arrivals_next(e, a);
	}
	if (r->paused) { /* what becomes free meanwhile is due when it goes on, at the pace of the first calls */
		l->free = l->paced = 0;
		l->n_marks = 0;
		l->completed = rs_metric_get(&a->account->cells, RS_AM_COMPLETED);
		return r->n_changes ? r->changes[0].at_ns : NEVER_NS;
	}
	return r->base_ns;
}
