/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections cut on purpose, as when a session border controller fails over: how everybody comes back is what is looked at. */
#include "engine/flow.h"

#define TURN_CUTS 256
#define TURN_FLOWS 4096

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
