/* SPDX-License-Identifier: BSD-3-Clause */
/* Endpoint groups: who owns an endpoint, where its messages leave, and which callees are idle. */
#include <errno.h>

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

uint32_t
group_owner(const struct rs_plan *plan, const struct rs_plan_group *g, uint32_t index, uint64_t k)
{
	uint32_t n = plan->ports[g->port].n_workers;

	if (n == 1)
		return 0;
	return (uint32_t)((group_is_shared(plan, g) || g->kind == RS_GROUP_TRUNK ? k : index) % n);
}

/* A trunk is one address and port for all its users: one endpoint here; phones have one each. */
static bool
is_single(const struct group *g)
{
	return g->plan->kind == RS_GROUP_TRUNK;
}

struct endpoint *
group_endpoint(const struct group *g, uint32_t index)
{
	if (is_single(g))
		return &g->endpoints[0];
	return &g->endpoints[g->shared ? index : index / g->port->n_workers];
}

static void
endpoint_setup(struct endpoint *ep, const struct rs_plan_group *g, uint32_t index)
{
	size_t n;

	rs_group_address(g, index, &ep->addr, &ep->port);
	if (ep->addr.family == 6) {
		ep->text[0] = '[';
		n = rs_addr_write(&ep->addr, ep->text + 1);
		ep->text[n + 1] = ']';
		ep->text_len = (uint8_t)(n + 2);
	} else {
		ep->text_len = (uint8_t)rs_addr_write(&ep->addr, ep->text);
	}
}

static int
group_setup(struct rs_engine *e, struct group *g, const struct rs_plan_group *plan)
{
	uint32_t n_workers;

	g->plan = plan;
	g->port = &e->plan->ports[plan->port];
	g->position = group_position(e->plan, plan, e->worker, &n_workers);
	g->shared = group_is_shared(e->plan, plan);
	g->answer = -1;
	if (g->position == UINT32_MAX)
		return 0;
	if (is_single(g))
		g->n = 1;
	else if (g->shared)
		g->n = plan->count;
	else
		g->n = plan->count / n_workers + (g->position < plan->count % n_workers);
	g->endpoints = rs_arena_alloc(&e->arena, (size_t)(g->n ? g->n : 1) * sizeof(*g->endpoints), 64);
	if (!g->endpoints)
		return -ENOMEM;
	for (uint32_t i = 0; i < g->n; i++)
		endpoint_setup(&g->endpoints[i], plan,
			is_single(g) || g->shared ? i : g->position + i * n_workers);
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

/* Callees are shared out among the workers that place the activity's calls: callee i belongs to caller position i mod n. */
int
callees_setup(struct rs_engine *e, struct activity *a)
{
	struct callees *c = &a->callees;
	uint32_t count = a->to->plan->count;

	c->stride = a->n_owners;
	c->first = a->group->position;
	c->n = count > c->first ? (count - c->first + c->stride - 1) / c->stride : 0;
	c->next = rs_arena_alloc(&e->arena, (size_t)(c->n ? c->n : 1) * sizeof(*c->next), 64);
	if (!c->next)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->n; i++)
		c->next[i] = i + 1 < c->n ? i + 1 : CALLEE_END;
	c->head = c->n ? 0 : CALLEE_END;
	c->tail = c->n ? c->n - 1 : CALLEE_END;
	c->idle = c->n;
	return 0;
}

static uint32_t
take_head(struct callees *c)
{
	uint32_t slot = c->head;

	c->head = c->next[slot];
	if (c->head == CALLEE_END)
		c->tail = CALLEE_END;
	c->next[slot] = CALLEE_BUSY;
	c->idle--;
	return slot;
}

static void
put_tail(struct callees *c, uint32_t slot)
{
	c->next[slot] = CALLEE_END;
	if (c->tail == CALLEE_END)
		c->head = slot;
	else
		c->next[c->tail] = slot;
	c->tail = slot;
	c->idle++;
}

/* `random` turns the list a random few places first: the choice is among idle ones only, in bounded time. */
static void
turn_list(struct rs_engine *e, struct callees *c)
{
	uint64_t places = rs_random_below(rs_rng_next(&e->rng), c->idle < 16 ? c->idle : 16);

	while (places-- > 0) {
		uint32_t slot = take_head(c);

		put_tail(c, slot);
	}
}

uint32_t
callees_pick(struct rs_engine *e, struct activity *a, uint32_t caller)
{
	struct callees *c = &a->callees;

	if (c->idle && a->plan->pick == RS_PICK_RANDOM)
		turn_list(e, c);
	for (uint32_t tries = c->idle < 2 ? c->idle : 2; tries > 0; tries--) {
		uint32_t slot = take_head(c);
		uint32_t callee = c->first + slot * c->stride;

		if (a->to == a->group && callee == caller) { /* nobody calls itself */
			put_tail(c, slot);
			continue;
		}
		return callee;
	}
	return NO_ENDPOINT;
}

void
callees_return(struct activity *a, uint32_t callee)
{
	put_tail(&a->callees, (callee - a->callees.first) / a->callees.stride);
}
