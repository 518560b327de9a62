/* SPDX-License-Identifier: BSD-3-Clause */
/* What the plan tells its ports about steering: whose IPv6 packets are to come to their owner without a detour. */
#include "base/steer.h"
#include "run/internal.h"

/* The first address of @g. */
static const struct rs_addr *
first_of(const struct rs_plan_group *g)
{
	return &g->addresses[0].first;
}

/* Whom does @g talk to, as its activities say? NULL: that is not known before it calls */
static const struct rs_addr *
peer_of(const struct rs_plan *plan, const struct rs_plan_group *g)
{
	if (g->has_proxy)
		return &g->proxy;
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_activity *a = &plan->activities[i];
		const struct rs_plan_group *from = &plan->groups[a->from];
		const struct rs_plan_group *to = a->to_group >= 0 ? &plan->groups[a->to_group] : NULL;

		if (from == g && rs_activity_places(a->kind))
			return to ? first_of(to) : &a->to_addr;
		if (to == g)
			return from->has_proxy ? &from->proxy : first_of(from);
	}
	return NULL;
}

/* The peer of the most endpoints; one family has to give way where a port has both. */
struct rs_addr
daemon_main_peer(const struct rs_plan *plan, uint32_t port)
{
	struct rs_addr main = { .family = 4 };
	uint64_t most = 0;

	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];
		const struct rs_addr *peer = peer_of(plan, g);

		if (g->port != port || g->count <= most || !peer)
			continue;
		most = g->count;
		main = *peer;
	}
	return main;
}

void
daemon_steer_bits(const struct rs_daemon *d, uint8_t bits[RS_MAX_PORTS])
{
	for (uint32_t i = 0; i < d->plan->n_ports; i++)
		bits[i] = rs_net_port_info(d->net, i)->steer_bits;
}
