/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When calls come by a rate or a shape. Arrival k of an activity is due at a time that follows from seed, activity and k alone;
 * every worker walks all k and starts those whose caller it owns. After a stall what is late comes out at no more than catch_up
 * times the pace at which it was due.
 */
#include <math.h>

#include "engine/internal.h"

#define ARRIVAL_STREAM 2000 /* of random numbers, + activity: beside those of holds, callees and URIs */
#define LONGEST_NS 4e18 /* 126 years */
#define BURST_NS RS_NS_PER_MS /* within this much time the catch-up limit does not spread starts */

static void
set_rate(struct arrivals *r, double rate_hz)
{
	r->rate_hz = rate_hz;
	r->unit_ns = rate_hz > 0 ? (double)RS_NS_PER_S / rate_hz : 0;
}

static uint64_t
reckon_due(const struct arrivals *r)
{
	uint64_t at;
	double ns;

	if (r->paused)
		return NEVER_NS;
	if (r->shaped) {
		at = shape_time(&r->shape, r->shape_units + r->units);
		return at == NEVER_NS ? at : r->base_ns + (at > r->shape_at_ns ? at - r->shape_at_ns : 0);
	}
	ns = r->rate_hz > 0 ? units_number(r->units) * r->unit_ns : LONGEST_NS;
	return ns < LONGEST_NS ? r->base_ns + (uint64_t)ns : NEVER_NS;
}

static uint64_t
due_time(struct arrivals *r)
{
	if (!r->due_known) {
		r->due_ns = reckon_due(r);
		r->due_known = true;
	}
	return r->due_ns;
}

/* Units that pass from r->base_ns to @at_ns, which lies behind it. */
static unsigned __int128
passed(const struct arrivals *r, uint64_t at_ns)
{
	if (r->paused)
		return 0;
	if (r->shaped)
		return shape_units(&r->shape, r->shape_at_ns + (at_ns - r->base_ns)) - r->shape_units;
	return units_of((double)(at_ns - r->base_ns) * r->rate_hz / (double)RS_NS_PER_S);
}

/* Units from arrival k - 1 (or the beginning) to arrival k. */
static unsigned __int128
gap(const struct rs_engine *e, const struct activity *a, uint64_t k)
{
	uint64_t stream = ARRIVAL_STREAM + (uint64_t)(a - e->activities);

	if (!a->arrivals.poisson)
		return k ? UNIT : 0;
	return units_of(-log(1 - rs_random_unit(rs_random_at(e->plan->seed, stream, k))));
}

bool
arrivals_find(struct rs_engine *e, struct activity *a, uint32_t *walk)
{
	struct arrivals *r = &a->arrivals;
	const struct group *g = a->group;

	while (!r->found && (!r->total || r->k < r->total)) {
		uint32_t n = g->port->n_workers;

		if (n == 1 || (g->shared ? r->k % n == g->position : group_has(g, r->caller))) {
			r->found = true;
			break;
		}
		if (*walk == 0)
			return false;
		(*walk)--;
		arrivals_next(e, a);
	}
	return true;
}

void
arrivals_next(struct rs_engine *e, struct activity *a)
{
	struct arrivals *r = &a->arrivals;

	r->k++;
	if (++r->caller == a->group->plan->count)
		r->caller = 0;
	r->units += gap(e, a, r->k);
	r->found = r->due_known = false;
}

void
arrivals_begin(struct rs_engine *e, struct activity *a, uint64_t at_ns)
{
	struct arrivals *r = &a->arrivals;

	if (r->running || r->stopped || a->group->position == UINT32_MAX)
		return;
	r->running = true;
	r->poisson = a->plan->arrivals == RS_ARRIVALS_POISSON;
	r->shaped = r->shape.n && !r->asked;
	r->base_ns = at_ns;
	r->total = a->plan->total;
	if (a->plan->kind == RS_DO_REGISTER && (!r->total || r->total > a->group->plan->count))
		r->total = a->group->plan->count; /* each endpoint once */
	r->units = gap(e, a, 0);
	set_rate(r, r->asked ? r->asked_hz : a->plan->rate_hz);
	if (a->plan->open_calls)
		loop_begin(a);
}

/*
 * Take a stamped change over: what has passed of the next arrival's units stays passed. Every worker makes the same of the same
 * stamp, whenever it gets here.
 */
void
arrivals_change(struct arrivals *r)
{
	const struct change c = r->changes[0];

	r->n_changes--;
	memmove(r->changes, r->changes + 1, r->n_changes * sizeof(c));
	if (c.at_ns > r->base_ns) { /* else it has not begun yet, or there are two at once */
		unsigned __int128 units = passed(r, c.at_ns);

		if (r->shaped && !r->paused) {
			r->shape_at_ns += c.at_ns - r->base_ns;
			r->shape_units += units;
		}
		r->units = r->units > units ? r->units - units : 0;
		r->base_ns = c.at_ns;
	}
	if (c.what == CHANGE_RATE) {
		r->shaped = false;
		set_rate(r, c.rate_hz);
	} else {
		r->paused = c.what == CHANGE_PAUSE;
	}
	r->due_known = false;
}

void
arrivals_order(struct activity *a, enum change_what what, double rate_hz, uint64_t at_ns)
{
	struct arrivals *r = &a->arrivals;

	if (r->running) {
		if (r->n_changes == MAX_CHANGES) /* more than any stamp's lead holds: the last one gives way */
			r->n_changes--;
		r->changes[r->n_changes++] = (struct change){ at_ns, rate_hz, what };
	} else if (what == CHANGE_RATE) { /* what it will begin with */
		r->asked = true;
		r->asked_hz = rate_hz;
	} else {
		r->paused = what == CHANGE_PAUSE;
	}
}

/* The most that an activity asks for now, or later by its shape. */
static double
highest_rate(const struct activity *a)
{
	const struct arrivals *r = &a->arrivals;
	double most = r->running ? r->rate_hz : r->asked ? r->asked_hz : a->plan->rate_hz;

	if (a->plan->open_calls)
		return most > 0 ? most : r->loop.max_hz;
	for (uint32_t i = 0; !r->asked && (r->shaped || !r->running) && i < a->plan->n_shape; i++) {
		most = a->plan->shape[i].rate_from_hz > most ? a->plan->shape[i].rate_from_hz : most;
		most = a->plan->shape[i].rate_to_hz > most ? a->plan->shape[i].rate_to_hz : most;
	}
	return most;
}

/* How much faster than it was due may come what is late? Under run.max_rate, all together may not pass that. */
static double
catch_up(const struct rs_engine *e, const struct activity *a)
{
	double wanted = e->plan->catch_up, max = e->plan->max_rate_hz, all = 0;

	if (!(max > 0))
		return wanted;
	for (uint32_t i = 0; i < e->n_activities; i++) {
		const struct activity *o = &e->activities[i];

		/* Of one that other workers play, this one knows that it may be on. */
		if ((o->arrivals.running || o->group->position == UINT32_MAX) && !o->arrivals.stopped &&
			rs_activity_places(o->plan->kind) == rs_activity_places(a->plan->kind))
			all += highest_rate(o);
	}
	if (all * wanted <= max)
		return wanted;
	return all < max ? max / all : 1;
}

/*
 * What is late follows the last start by the time that lay between their due times, divided by catch_up; so does what is not
 * late, but that time has passed when it falls due.
 */
static uint64_t
earliest_start(const struct rs_engine *e, const struct activity *a, uint64_t due_ns)
{
	const struct arrivals *r = &a->arrivals;
	uint64_t since = due_ns > r->pace_due_ns ? due_ns - r->pace_due_ns : 0;

	return r->pace_ns + (uint64_t)((double)since / catch_up(e, a));
}

/* The shape's last rate is 0, and it is reached. @param next_ns  in: when to look again; out: not after that moment */
static bool
shape_is_over(const struct rs_engine *e, const struct arrivals *r, uint64_t *next_ns)
{
	uint64_t end;

	if (!r->running || !r->shaped || r->paused || (end = shape_end(&r->shape)) == NEVER_NS)
		return false;
	end = end > r->shape_at_ns ? r->base_ns + (end - r->shape_at_ns) : r->base_ns;
	if (e->now < end && end < *next_ns)
		*next_ns = end;
	return e->now >= end && *next_ns == NEVER_NS;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
rate_turn(struct rs_engine *e, struct activity *a)
{
	struct arrivals *r = &a->arrivals;
	uint32_t walk = TURN_WALK;
	unsigned started = 0;

	for (;;) {
		bool found = arrivals_find(e, a, &walk);

		if (r->n_changes && r->changes[0].at_ns <= e->now &&
			(r->changes[0].at_ns <= r->base_ns || r->units >= passed(r, r->changes[0].at_ns))) {
			arrivals_change(r);
			continue;
		}
		if (r->total && r->k >= r->total) {
			r->stopped = true;
			return NEVER_NS;
		}
		uint64_t due = due_time(r);

		if (due > e->now)
			return r->n_changes ? earlier(r->changes[0].at_ns, due) : due;
		if (!found || started == TURN_STARTS)
			return e->now;
		uint64_t start = earliest_start(e, a, due);

		if (start > e->now)
			return start;
		uint64_t recent = e->now > BURST_NS ? e->now - BURST_NS : 0;

		r->pace_ns = start > recent ? start : recent;
		r->pace_due_ns = due;
		offer(e, a, r->k, r->caller, due);
		started++;
		arrivals_next(e, a);
	}
}

uint64_t
arrivals_turn(struct rs_engine *e, struct activity *a, bool *over)
{
	struct arrivals *r = &a->arrivals;
	uint64_t next = NEVER_NS;

	if (r->running && !r->stopped)
		next = a->plan->open_calls ? loop_turn(e, a) : rate_turn(e, a);
	*over = r->stopped || shape_is_over(e, r, &next);
	return next;
}
