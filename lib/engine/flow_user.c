/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a connection is: told by the number that it was opened or accepted with. */
#include "engine/flow.h"

void
flows_hear(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg)
{
	if (flow_user_kind(rx->user) == USER_LISTEN)
		flow_alias(e, (uint32_t)flow_user_number(rx->user), rx, msg);
}

bool
rs_engine_listens(const struct rs_engine *e, uint8_t port, const struct rs_addr *addr, uint16_t local_port, uint32_t *group,
	uint64_t *user)
{
	for (uint32_t i = 0; i < e->n_groups; i++) {
		const struct group *g = &e->groups[i];

		if (g->plan->port != port || g->position == UINT32_MAX || !rs_transport_is_stream(rs_group_stream(g->plan)) ||
			rs_group_find(g->plan, addr, local_port) < 0)
			continue;
		*group = i;
		*user = flow_user(USER_LISTEN, i);
		return !e->silent;
	}
	return false;
}

uint32_t
rs_engine_conn_endpoint(const struct rs_engine *e, uint32_t group, uint64_t user, const struct rs_path *path)
{
	uint64_t number = flow_user_number(user);
	int64_t index;

	switch (flow_user_kind(user)) {
	case USER_FLOW:
		return number < e->n_flows ? e->flows[number].index : 0;
	case USER_LEG:
		return (uint32_t)number < e->legs.cap ? leg_at(e, (uint32_t)number)->endpoint : 0;
	case USER_LISTEN:
		index = rs_group_find(e->groups[group].plan, &path->local, path->local_port);
		return index < 0 ? 0 : (uint32_t)index;
	}
	return 0;
}
