/* SPDX-License-Identifier: BSD-3-Clause */
/* Endpoint groups: who owns an endpoint, where its messages leave, and which callees are idle. */
#include <errno.h>

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
			endpoint_setup(group_endpoint(g, i), plan, i);
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

/* Take an idle callee out of the list; @what it is from now on. */
static void
take_out(struct callees *c, uint32_t slot, uint32_t what)
{
	uint32_t next = c->next[slot], prev = c->prev[slot];

	*(prev == CALLEE_END ? &c->head : &c->next[prev]) = next;
	*(next == CALLEE_END ? &c->tail : &c->prev[next]) = prev;
	c->next[slot] = what;
	c->idle--;
}

static uint32_t
take_head(struct callees *c)
{
	uint32_t slot = c->head;

	take_out(c, slot, CALLEE_BUSY);
	return slot;
}

static void
put_tail(struct callees *c, uint32_t slot)
{
	c->next[slot] = CALLEE_END;
	c->prev[slot] = c->tail;
	*(c->tail == CALLEE_END ? &c->head : &c->next[c->tail]) = slot;
	c->tail = slot;
	c->idle++;
}

bool
group_is_registered(const struct rs_plan *plan, uint32_t group)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].kind == RS_DO_REGISTER && plan->activities[i].from == group)
			return true;
	return false;
}

/* Callees are shared out among the workers that place the activity's calls: callee i belongs to the caller of rank i mod n. */
int
callees_setup(struct rs_engine *e, struct activity *a)
{
	struct callees *c = &a->callees;
	uint32_t count = a->to->plan->count;

	c->stride = a->group->starters;
	c->first = a->group->rank;
	c->n = count > c->first ? (count - c->first + c->stride - 1) / c->stride : 0;
	c->next = rs_arena_alloc(&e->arena, 2 * (size_t)(c->n ? c->n : 1) * sizeof(*c->next), 64);
	if (!c->next)
		return -ENOMEM;
	c->prev = c->next + c->n;
	c->head = c->tail = CALLEE_END;
	for (uint32_t i = 0; i < c->n; i++)
		if (group_is_registered(e->plan, (uint32_t)a->plan->to_group))
			c->next[i] = CALLEE_GONE;
		else
			put_tail(c, i);
	return 0;
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
	struct callees *c = &a->callees;
	uint32_t slot = (callee - c->first) / c->stride;

	if (c->next[slot] == CALLEE_BUSY_GONE)
		c->next[slot] = CALLEE_GONE;
	else
		put_tail(c, slot);
}

void
callees_registered(struct rs_engine *e, struct activity *a, uint32_t callee, bool registered)
{
	struct callees *c = &a->callees;

	if (c->n == 0 || callee % c->stride != c->first || !group_is_registered(e->plan, (uint32_t)a->plan->to_group))
		return;
	uint32_t slot = callee / c->stride;

	if (slot >= c->n)
		return;
	switch (c->next[slot]) {
	case CALLEE_GONE:
		if (registered)
			put_tail(c, slot);
		break;
	case CALLEE_BUSY_GONE:
		if (registered)
			c->next[slot] = CALLEE_BUSY;
		break;
	case CALLEE_BUSY:
		if (!registered)
			c->next[slot] = CALLEE_BUSY_GONE;
		break;
	default:
		if (!registered)
			take_out(c, slot, CALLEE_GONE);
		break;
	}
}

void
group_registered(struct rs_engine *e, uint32_t group, uint32_t index, bool registered)
{
	for (uint32_t i = 0; i < e->n_activities; i++)
		if (e->activities[i].to == &e->groups[group])
			callees_registered(e, &e->activities[i], index, registered);
}

uint64_t
callee_holders(const struct rs_engine *e, uint32_t group, uint32_t index)
{
	uint64_t holders = 0;

	for (uint32_t i = 0; i < e->n_activities; i++) {
		const struct activity *a = &e->activities[i];
		uint32_t rank;

		if (a->to != &e->groups[group])
			continue;
		rank = index % a->group->starters;
		for (uint32_t w = 0; w < a->group->port->n_workers; w++)
			if ((a->group->with >> w & 1) && rank-- == 0)
				holders |= 1ull << a->group->port->workers[w];
	}
	return holders;
}
