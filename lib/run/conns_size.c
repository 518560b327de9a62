/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/conns_size.h"

#define ACCEPTED_MORE 65536  /* connections that peers may open to us, beside as many as calls may be open */
#define TIME_WAITS    262144 /* connections closed by us in the last 2*MSL: oldest first when there are more */
#define BLOCKS	      65536  /* of 2 KiB: bytes under way of all connections */
#define GATHERING     16384
#define HALF_OPEN     8192
#define MOST	      (1u << 22)
#define LENT_BYTES    (20u << 10) /* of a connection whose records OpenSSL does */
#define SHAKING_BYTES (64u << 10) /* of one that shakes hands */
#define LENT_ROOM     (64u << 20) /* besides, for connections that peers open */

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

static bool
is_lent(const struct rs_plan *plan, const struct rs_plan_group *g)
{
	return is_over(g, true) && g->tls >= 0 && plan->tls[g->tls].lends;
}

bool
rs_conns_lent(const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_groups; i++)
		if (is_lent(plan, &plan->groups[i]))
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

static uint64_t
planned(const struct rs_plan *plan, bool secure, bool lent)
{
	uint64_t n = 0;
	bool of_calls = false;

	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];

		if (!is_over(g, secure) || (lent && !is_lent(plan, g)))
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
rs_conns_planned(const struct rs_plan *plan, bool secure)
{
	return planned(plan, secure, false);
}

uint64_t
rs_conns_lent_bytes(const struct rs_plan *plan)
{
	return planned(plan, true, true) * LENT_BYTES;
}

uint64_t
rs_conns_lent_room(const struct rs_plan *plan)
{
	if (!rs_conns_lent(plan))
		return 0;
	if (plan->fallback_mb)
		return (uint64_t)plan->fallback_mb << 20;
	return LENT_ROOM + 2 * rs_conns_lent_bytes(plan) + (uint64_t)plan->handshake_threads * plan->handshakes * SHAKING_BYTES;
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
