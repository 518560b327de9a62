/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/conns_size.h"

#define ACCEPTED_MORE 65536  /* connections that peers may open to us, beside as many as calls may be open */
#define TIME_WAITS    262144 /* connections closed by us in the last 2*MSL: oldest first when there are more */
#define BLOCKS	      65536  /* of 2 KiB: bytes under way of all connections */
#define GATHERING     16384
#define HALF_OPEN     8192
#define MOST	      (1u << 22)

static bool
is_over(const struct rs_plan_group *g, bool secure)
{
	enum rs_transport t = rs_group_stream(g);

	return rs_transport_is_stream(t) && (!secure || rs_transport_is_secure(t));
}

bool
rs_conns_has(const struct rs_plan *plan, bool secure)
{
	for (uint32_t i = 0; i < plan->n_groups; i++)
		if (is_over(&plan->groups[i], secure))
			return true;
	return false;
}

static uint32_t
hops(const struct rs_plan_group *g)
{
	return g->n_hops ? g->n_hops : 1;
}

static uint32_t
sip_ports(const struct rs_plan_group *g)
{
	return g->kind == RS_GROUP_TRUNK ? 1 : (g->count + g->n_addrs - 1) / g->n_addrs;
}

void
rs_conns_size(const struct rs_plan *plan, struct rs_conns_cfg *cfg)
{
	uint64_t n = ACCEPTED_MORE + 2 * (plan->max_calls < MOST ? plan->max_calls : MOST);

	cfg->tcp.listeners = 1;
	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];

		if (!is_over(g, false))
			continue;
		n += (uint64_t)g->count * hops(g) * 2; /* and as many that others open to them */
		cfg->tcp.listeners += sip_ports(g);
	}
	cfg->connections = n < MOST ? (uint32_t)n : MOST;
	cfg->tls_connections = rs_conns_has(plan, true) ? cfg->connections : 0;
	cfg->gathering = GATHERING;
	cfg->tcp.time_waits = TIME_WAITS;
	cfg->tcp.blocks = BLOCKS;
	cfg->tcp.half_open = HALF_OPEN;
}

static bool
places_calls(const struct rs_plan *plan, uint32_t group)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].from == group && rs_activity_places(plan->activities[i].kind))
			return true;
	return false;
}

uint64_t
rs_conns_planned(const struct rs_plan *plan, bool secure)
{
	uint64_t n = 0;
	bool of_calls = false;

	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];

		if (!is_over(g, secure))
			continue;
		if (g->connections == RS_CONNECTIONS_CALL || g->n_hops == 0 || g->large_messages == RS_LARGE_TCP)
			of_calls |= places_calls(plan, i);
		else if (g->connections == RS_CONNECTIONS_SHARED)
			n += (uint64_t)g->n_addrs * hops(g) * plan->n_workers;
		else
			n += (uint64_t)g->count * hops(g);
	}
	return n + (of_calls ? plan->max_calls : 0);
}

uint64_t
rs_conns_idle_bytes(const struct rs_plan *plan, uint64_t connections, uint64_t secure)
{
	struct rs_conns_cfg cfg = rs_conns_defaults();

	cfg.connections = (uint32_t)(connections < MOST ? connections : MOST);
	cfg.tls_connections = (uint32_t)(secure < cfg.connections ? secure : cfg.connections);
	cfg.gathering = 0;
	cfg.tcp.time_waits = cfg.tcp.blocks = 0;
	return rs_conns_bytes(&cfg) * (connections > 0);
}
