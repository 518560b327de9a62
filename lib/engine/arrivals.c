/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When calls come. Arrival k of an activity is due at a time that follows from the rate alone; every worker walks all k and
 * starts those whose caller it owns. After a stall what is late comes out at no more than catch_up times the asked rate.
 */
#include <math.h>

#include "engine/internal.h"

#define BURST_NS RS_NS_PER_MS /* within this much time the catch-up limit does not spread starts */

static uint64_t
due_time(const struct arrivals *r, uint64_t k)
{
	if (r->rate_hz <= 0)
		return UINT64_MAX;
	double arrivals = (double)(k - r->base_k) + r->offset;

	return r->base_ns + (uint64_t)(arrivals * (double)RS_NS_PER_S / r->rate_hz);
}

/* The first arrival at or after @k that this worker starts. */
static uint64_t
next_own(const struct rs_engine *e, const struct activity *a, uint64_t k)
{
	const struct rs_plan_group *g = a->group->plan;

	while (group_owner(e->plan, g, (uint32_t)(k % g->count), k) != a->group->position)
		k++;
	return k;
}

void
arrivals_begin(struct rs_engine *e, struct activity *a, uint64_t at_ns)
{
	struct arrivals *r = &a->arrivals;

	if (r->running || r->stopped || a->group->position == UINT32_MAX)
		return;
	r->running = true;
	r->rate_hz = a->plan->rate_hz;
	r->base_ns = at_ns;
	r->base_k = 0;
	r->offset = 0;
	r->total = a->plan->total;
	r->k = next_own(e, a, 0);
	r->next_start_ns = 0;
	if (r->paused) {
		r->resume_rate = r->rate_hz;
		r->rate_hz = 0;
	}
}

/* Take a stamped change over: what had been waited for so far of the next interval counts at the new rate. */
static void
apply_change(struct arrivals *r)
{
	uint64_t at = r->change_ns;

	r->change = false;
	if (r->rate_hz > 0 && at > r->base_ns) {
		double passed = (double)(at - r->base_ns) * r->rate_hz / (double)RS_NS_PER_S - r->offset;
		double whole = passed < 0 ? 0 : floor(passed) + 1;

		r->offset = whole - passed;
		r->base_k += (uint64_t)whole;
	} else if (r->rate_hz > 0) { /* not begun yet: the first arrival stays where it is */
		r->rate_hz = r->change_rate;
		return;
	}
	r->base_ns = at;
	r->rate_hz = r->change_rate;
}

void
arrivals_rate(struct activity *a, double rate_hz, uint64_t at_ns)
{
	struct arrivals *r = &a->arrivals;

	if (r->paused) {
		r->resume_rate = rate_hz;
		return;
	}
	if (r->change)
		apply_change(r); /* two changes within one stamp's lead: the first one takes place at its time */
	r->change = true;
	r->change_rate = rate_hz;
	r->change_ns = at_ns;
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
	if (a->plan->n_data) {
		const struct rs_inject *in = a->plan->data[0];
		uint64_t use = in->mode == RS_INJECT_USER ? caller : k;

		leg->line = (uint32_t)rs_inject_line(in, e->plan->seed, use);
	}
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

		if (r->change && r->change_ns <= (due < e->now ? due : e->now)) {
			apply_change(r);
			continue;
		}
		if (r->total && r->k >= r->total) {
			r->stopped = true;
			return UINT64_MAX;
		}
		if (due > e->now) {
			if (r->change && r->change_ns < due)
				return r->change_ns;
			return due;
		}
		if (started == TURN_STARTS)
			return e->now;
		if (e->now < r->next_start_ns)
			return r->next_start_ns;
		double own_rate = r->rate_hz / a->n_owners * e->plan->catch_up;
		uint64_t earliest = e->now > BURST_NS ? e->now - BURST_NS : 0;

		if (r->next_start_ns < earliest)
			r->next_start_ns = earliest;
		r->next_start_ns += (uint64_t)((double)RS_NS_PER_S / own_rate);
		offer(e, a, r->k, due);
		started++;
		r->k = next_own(e, a, r->k + 1);
	}
}
