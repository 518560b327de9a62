/* SPDX-License-Identifier: BSD-3-Clause */
/* Endpoint groups: who owns an endpoint, and where its messages leave. */
#include <errno.h>
#include <stdio.h>

#include "base/steer.h"
#include "engine/internal.h"

uint32_t
group_position(const struct rs_plan *plan, const struct rs_plan_group *g, uint32_t worker, uint32_t *n_workers)
{
	const struct rs_plan_port *port = &plan->ports[g->port];

	*n_workers = port->n_workers;
	for (uint32_t i = 0; i < port->n_workers; i++)
		if (port->workers[i] == worker)
			return i;
	return UINT32_MAX;
}

bool
group_is_shared(const struct rs_plan *plan, const struct rs_plan_group *g)
{
	uint32_t pairs = g->kind == RS_GROUP_TRUNK ? 1 : g->count;

	return pairs < plan->ports[g->port].n_workers;
}

/* A trunk is one address and port for all its users: one endpoint here; phones have one each. */
static bool
is_single(const struct rs_plan_group *g)
{
	return g->kind == RS_GROUP_TRUNK;
}

static uint32_t
owner_of(const struct rs_plan_group *g, uint32_t index, unsigned bits, uint32_t n_workers)
{
	struct rs_addr addr;
	uint16_t port;

	rs_group_address(g, index, &addr, &port);
	return rs_steer_queue(&addr, port, bits, n_workers);
}

uint64_t
group_workers(const struct rs_plan *plan, const struct rs_plan_group *g, unsigned bits)
{
	uint32_t n = plan->ports[g->port].n_workers;
	uint64_t all = n < 64 ? (1ull << n) - 1 : UINT64_MAX, seen = 0;

	if (n == 1 || group_is_shared(plan, g))
		return all;
	for (uint32_t i = 0; i < g->count && seen != all; i++)
		seen |= 1ull << owner_of(g, i, bits, n);
	return seen;
}

bool
group_has(const struct group *g, uint32_t index)
{
	return !g->slots || g->slots[index] != NO_ENDPOINT;
}

struct endpoint *
group_endpoint(const struct group *g, uint32_t index)
{
	if (is_single(g->plan))
		return &g->endpoints[0];
	return &g->endpoints[g->slots ? g->slots[index] : index];
}

static void
endpoint_setup(const struct rs_engine *e, struct endpoint *ep, const struct rs_plan_group *g, uint32_t index)
{
	size_t n;

	rs_group_address(g, index, &ep->addr, &ep->port);
	if (rs_transport_is_ws((enum rs_transport)g->transport)) { /* RFC 7118, 5: a browser knows no address of its own */
		uint64_t name = rs_random_at(e->plan->seed, 0x7118 + (uint64_t)(g - e->plan->groups), index);

		ep->text_len = (uint8_t)snprintf((char *)ep->text, sizeof(ep->text), "%012llx.invalid",
			(unsigned long long)(name & 0xffffffffffff));
	} else if (ep->addr.family == 6) {
		ep->text[0] = '[';
		n = rs_addr_write(&ep->addr, ep->text + 1);
		ep->text[n + 1] = ']';
		ep->text_len = (uint8_t)(n + 2);
	} else {
		ep->text_len = (uint8_t)rs_addr_write(&ep->addr, ep->text);
	}
}

/* Which endpoints are here, and in which slot. */
static int
slots_setup(struct rs_engine *e, struct group *g)
{
	const struct rs_plan_group *plan = g->plan;
	uint32_t n_workers = g->port->n_workers;

	if (is_single(plan) || g->shared || n_workers == 1) {
		g->n = is_single(plan) ? 1 : plan->count;
		return 0;
	}
	g->slots = rs_arena_alloc(&e->arena, (size_t)plan->count * sizeof(*g->slots), 64);
	if (!g->slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->count; i++)
		g->slots[i] = owner_of(plan, i, g->steer_bits, n_workers) == g->position ? g->n++ : NO_ENDPOINT;
	return 0;
}

static int
group_setup(struct rs_engine *e, struct group *g, const struct rs_plan_group *plan)
{
	uint32_t n_workers;
	uint64_t with;

	g->plan = plan;
	g->port = &e->plan->ports[plan->port];
	g->position = group_position(e->plan, plan, e->worker, &n_workers);
	g->shared = group_is_shared(e->plan, plan);
	g->steer_bits = e->steer_bits[plan->port];
	g->answer = -1;
	with = group_workers(e->plan, plan, g->steer_bits);
	g->with = with;
	g->starters = (uint32_t)__builtin_popcountll(with);
	g->rank = UINT32_MAX;
	if (g->position == UINT32_MAX)
		return 0;
	if (with >> g->position & 1)
		g->rank = (uint32_t)__builtin_popcountll(with & ((1ull << g->position) - 1));
	if (slots_setup(e, g) != 0)
		return -ENOMEM;
	g->endpoints = rs_arena_alloc(&e->arena, (size_t)(g->n ? g->n : 1) * sizeof(*g->endpoints), 64);
	if (!g->endpoints)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->count && (!is_single(plan) || i == 0); i++)
		if (group_has(g, i))
			endpoint_setup(e, group_endpoint(g, i), plan, i);
	return 0;
}

int
groups_setup(struct rs_engine *e)
{
	for (uint32_t i = 0; i < e->n_groups; i++) {
		int rc = group_setup(e, &e->groups[i], &e->plan->groups[i]);

		if (rc)
			return rc;
	}
	return 0;
}

bool
group_is_registered(const struct rs_plan *plan, uint32_t group)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].kind == RS_DO_REGISTER && plan->activities[i].from == group)
			return true;
	return false;
}
