/* SPDX-License-Identifier: BSD-3-Clause */
/* An arrival that is due is offered: a call begins, or it is counted why not. */
#include "engine/media_sdp.h"
#include "engine/register.h"

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
count_burst(struct rs_engine *e, struct activity *a)
{
	uint64_t slot = e->now / (RS_NS_PER_MS / BURST_PARTS);

	if (burst_add(&a->burst_1ms, slot))
		rs_metric_set(&a->account->cells, RS_AM_BURST_1MS, a->burst_1ms.most);
	if (burst_add(&a->burst_10ms, slot / 10))
		rs_metric_set(&a->account->cells, RS_AM_BURST_10MS, a->burst_10ms.most);
	if (burst_add(&e->burst_1ms, slot))
		rs_metric_set(e->cells, RS_ENG_BURST_1MS, e->burst_1ms.most);
	if (burst_add(&e->burst_10ms, slot / 10))
		rs_metric_set(e->cells, RS_ENG_BURST_10MS, e->burst_10ms.most);
}

static void
set_path(struct rs_engine *e, struct activity *a, struct leg *leg)
{
	const struct rs_plan_group *g = a->group->plan;
	struct endpoint *ep = group_endpoint(a->group, leg->endpoint);

	leg->path.port = (uint8_t)g->port;
	leg->path.local = ep->addr;
	leg->path.local_port = ep->port;
	leg->path.transport = g->transport;
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

void
offer(struct rs_engine *e, struct activity *a, uint64_t k, uint32_t caller, uint64_t due_ns)
{
	struct rs_metrics *m = &a->account->cells;
	bool measured = due_ns >= e->measure_from && due_ns < e->measure_to;
	uint32_t callee = NO_ENDPOINT;

	if (a->plan->kind == RS_DO_REGISTER) {
		count_burst(e, a);
		register_offer(e, a, k, caller, due_ns);
		return;
	}
	rs_metric_inc(m, RS_AM_OFFERED);
	if (measured)
		rs_metric_inc(m, RS_AM_M_OFFERED);
	if (rs_metric_get(m, RS_AM_OPEN) >= a->limit || e->open_placed >= e->max_calls) {
		not_started(a, measured, RS_AM_NOT_LIMIT);
		return;
	}
	if (a->to) {
		callee = callees_pick(e, a, k, caller);
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
	count_burst(e, a);
	leg->endpoint = caller;
	leg->callee = callee;
	if (a->plan->n_data)
		leg->line = leg_inject_line(e, leg, 0);
	set_path(e, a, leg);

	uint32_t cause = sdp_open(e, leg);

	if (cause) {
		leg_fail(e, leg, cause, false);
		return;
	}
	leg_run(e, leg, NULL);
}
