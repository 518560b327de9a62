/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When calls come. Arrival k of an activity is due at a time that follows from the rate alone; every worker walks all k and
 * starts those whose caller it owns. After a stall what is late comes out at no more than catch_up times the asked rate.
 */
#include <math.h>

#include "engine/internal.h"

#define NEVER_NS 4e18 /* 126 years */
#define BURST_NS RS_NS_PER_MS /* within this much time the catch-up limit does not spread starts */

static uint64_t
due_time(const struct arrivals *r, uint64_t k)
{
	if (r->rate_hz <= 0)
		return UINT64_MAX;
	double ns = ((double)(k - r->base_k) + r->offset) * (double)RS_NS_PER_S / r->rate_hz;

	return ns < NEVER_NS ? r->base_ns + (uint64_t)ns : UINT64_MAX;
}

void
arrivals_begin(struct rs_engine *e, struct activity *a, uint64_t at_ns)
{
	struct arrivals *r = &a->arrivals;

	if (r->running || r->stopped || a->group->position == UINT32_MAX)
		return;
	r->running = true;
	r->rate_hz = r->asked ? r->asked_hz : a->plan->rate_hz;
	r->n_changes = 0;
	r->base_ns = at_ns;
	r->base_k = 0;
	r->offset = 0;
	r->total = a->plan->total;
	r->k = group_next(a->group, 0);
	r->next_start_ns = 0;
	if (r->paused) {
		r->resume_rate = r->rate_hz;
		r->rate_hz = 0;
	}
}

/*
 * Take a stamped change over: what had been waited for so far of the next interval counts at the new rate. Every worker makes
 * the same of the same stamp, whenever it gets here, and the first arrival at the new rate is the first that was not due before
 * the stamp, by due_time's own rounding.
 */
static void
apply_change(struct arrivals *r)
{
	const struct change c = r->changes[0];

	r->n_changes--;
	memmove(r->changes, r->changes + 1, r->n_changes * sizeof(c));
	if (c.at_ns <= r->base_ns) { /* not begun yet, or twice at once: the next arrival's share of an interval stays */
		r->rate_hz = c.rate_hz;
		return;
	}
	if (r->rate_hz > 0) {
		double passed = (double)(c.at_ns - r->base_ns) * r->rate_hz / (double)RS_NS_PER_S - r->offset;
		uint64_t whole = passed > 0 ? (uint64_t)passed : 0;

		while (whole > 0 && due_time(r, r->base_k + whole - 1) >= c.at_ns)
			whole--;
		while (due_time(r, r->base_k + whole) < c.at_ns)
			whole++;
		r->offset = fmax((double)whole - passed, 0);
		r->base_k += whole;
	}
	r->base_ns = c.at_ns;
	r->rate_hz = c.rate_hz;
}

void
arrivals_rate(struct activity *a, double rate_hz, uint64_t at_ns)
{
	struct arrivals *r = &a->arrivals;

	if (!r->running) { /* what it will begin with */
		r->asked = true;
		r->asked_hz = rate_hz;
		return;
	}
	if (r->paused) {
		r->resume_rate = rate_hz;
		return;
	}
	if (r->n_changes == MAX_CHANGES) /* more than any stamp's lead holds: the last one gives way */
		r->n_changes--;
	r->changes[r->n_changes++] = (struct change){ rate_hz, at_ns };
}

static void
not_started(struct activity *a, bool measured, uint32_t row)
{
	struct rs_metrics *m = &a->account->cells;

	rs_metric_inc(m, RS_AM_NOT_STARTED);
	rs_metric_inc(m, row);
	if (measured)
		rs_metric_inc(m, RS_AM_M_NOT_STARTED);
}

static void
set_path(struct rs_engine *e, struct activity *a, struct leg *leg)
{
	const struct rs_plan_group *g = a->group->plan;
	struct endpoint *ep = group_endpoint(a->group, leg->endpoint);

	leg->path.port = (uint8_t)g->port;
	leg->path.local = ep->addr;
	leg->path.local_port = ep->port;
	if (g->has_proxy) {
		leg->path.remote = g->proxy;
		leg->path.remote_port = g->proxy_port;
	} else if (leg->callee != NO_ENDPOINT) {
		rs_group_address(a->to->plan, leg->callee, &leg->path.remote, &leg->path.remote_port);
	} else {
		leg->path.remote = a->plan->to_addr;
		leg->path.remote_port = a->plan->to_port;
	}
}

static void
offer(struct rs_engine *e, struct activity *a, uint64_t k, uint64_t due_ns)
{
	struct rs_metrics *m = &a->account->cells;
	bool measured = due_ns >= e->measure_from && due_ns < e->measure_to;
	uint32_t caller = (uint32_t)(k % a->group->plan->count), callee = NO_ENDPOINT;

	rs_metric_inc(m, RS_AM_OFFERED);
	if (measured)
		rs_metric_inc(m, RS_AM_M_OFFERED);
	if (rs_metric_get(m, RS_AM_OPEN) >= a->limit || e->open_placed >= e->max_calls) {
		not_started(a, measured, RS_AM_NOT_LIMIT);
		return;
	}
	if (a->to) {
		callee = callees_pick(e, a, caller);
		if (callee == NO_ENDPOINT) {
			not_started(a, measured, RS_AM_NOT_IDLE);
			return;
		}
	}
	struct leg *leg = leg_create(e, a, k, due_ns);

	if (!leg) {
		if (callee != NO_ENDPOINT)
			callees_return(a, callee);
		not_started(a, measured, RS_AM_NOT_MEMORY);
		return;
	}
	leg->endpoint = caller;
	leg->callee = callee;
	if (a->plan->n_data)
		leg->line = leg_inject_line(e, leg, 0);
	set_path(e, a, leg);
	leg_run(e, leg, NULL);
}

uint64_t
arrivals_turn(struct rs_engine *e, struct activity *a)
{
	struct arrivals *r = &a->arrivals;
	unsigned started = 0;

	if (!r->running || r->stopped)
		return UINT64_MAX;
	for (;;) {
		uint64_t due = due_time(r, r->k);

		if (r->n_changes && r->changes[0].at_ns <= (due < e->now ? due : e->now)) {
			apply_change(r);
			continue;
		}
		if (r->total && r->k >= r->total) {
			r->stopped = true;
			return UINT64_MAX;
		}
		if (due > e->now) {
			if (r->n_changes && r->changes[0].at_ns < due)
				return r->changes[0].at_ns;
			return due;
		}
		if (started == TURN_STARTS)
			return e->now;
		if (e->now < r->next_start_ns)
			return r->next_start_ns;
		double own_rate = r->rate_hz * a->own_share * e->plan->catch_up;
		uint64_t earliest = e->now > BURST_NS ? e->now - BURST_NS : 0;

		if (r->next_start_ns < earliest)
			r->next_start_ns = earliest;
		r->next_start_ns += (uint64_t)((double)RS_NS_PER_S / own_rate);
		offer(e, a, r->k, due);
		started++;
		r->k = group_next(a->group, r->k + 1);
	}
}
