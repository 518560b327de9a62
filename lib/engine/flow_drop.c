/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections opened ahead of need, and cut on purpose, as when a session border controller fails over: how everybody comes back is what is looked at. */
#include "engine/flow.h"

#define TURN_CUTS 16 /* as many segments as a port takes with the next burst */
#define TURN_FLOWS 4096
#define TURN_CONNECTS 64

/* The endpoint whose flow it is has to be known: all flows of a group lie in the order of its endpoints here. */
static uint32_t
index_of(const struct group *g, uint32_t number)
{
	uint32_t which = number / g->plan->n_hops;

	if (g->plan->connections == RS_CONNECTIONS_SHARED || !g->slots)
		return which;
	for (uint32_t i = which; i < g->plan->count; i++) /* slots are given in the order of the endpoints */
		if (g->slots[i] == which)
			return i;
	return NO_ENDPOINT;
}

uint64_t
flows_connect_turn(struct rs_engine *e)
{
	uint64_t next = UINT64_MAX;

	e->connects = false;
	for (uint32_t i = 0; i < e->n_groups; i++) {
		struct group *g = &e->groups[i];
		double all = (double)g->plan->count * g->plan->n_hops, hz = g->plan->connect_hz * (g->n_flows < all ? g->n_flows / all : 1);

		for (unsigned k = 0; g->plan->connect_hz > 0 && g->next_flow < g->n_flows; k++) {
			uint64_t due = e->t0 + (uint64_t)((double)g->next_flow / hz * RS_NS_PER_S);
			uint32_t index;

			if (due > e->now || k == TURN_CONNECTS) {
				next = due < next ? due : next;
				break;
			}
			index = index_of(g, g->next_flow);
			if (index != NO_ENDPOINT)
				(void)flow_want(e, flow_of(e, g, index, (uint8_t)(g->next_flow % g->plan->n_hops)));
			g->next_flow++;
		}
		e->connects |= g->plan->connect_hz > 0 && g->next_flow < g->n_flows;
	}
	return next;
}

void
rs_engine_drop(struct rs_engine *e, int32_t group, double share, enum rs_conn_close how)
{
	e->drop = (struct drop){ .group = group, .share = share, .how = (uint8_t)how };
}

uint64_t
flows_drop_turn(struct rs_engine *e)
{
	uint32_t cuts = TURN_CUTS;

	for (uint32_t i = 0; i < TURN_FLOWS && cuts > 0 && e->drop.next < e->n_flows; i++) {
		struct flow *f = &e->flows[e->drop.next++];

		if (f->state != FLOW_OPEN || (e->drop.group >= 0 && f->group != (uint32_t)e->drop.group) ||
			rs_random_unit(rs_rng_next(&e->rng)) >= e->drop.share)
			continue;
		flow_cut(e, f, (enum rs_conn_close)e->drop.how);
		rs_metric_inc(&e->account->flows, RS_FLOW_DROPPED);
		cuts--;
	}
	return e->drop.next < e->n_flows ? e->now : UINT64_MAX;
}
