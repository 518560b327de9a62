/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/roster.h"

#include "engine/register.h"

#define LOOKS 4096 /* endpoints in one step */

static const char *const names[RS_ENDPOINT_STATES] = {
	[RS_ENDPOINT_IDLE] = "idle",
	[RS_ENDPOINT_BUSY] = "busy",
	[RS_ENDPOINT_REGISTERED] = "registered",
	[RS_ENDPOINT_REGISTERING] = "registering",
	[RS_ENDPOINT_FAILED] = "failed",
	[RS_ENDPOINT_UNREGISTERED] = "unregistered",
};

const char *
rs_endpoint_state_name(enum rs_endpoint_state state)
{
	return names[state];
}

int
rs_endpoint_state_of(const char *name)
{
	for (int i = 0; i < RS_ENDPOINT_STATES; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static const uint8_t states[] = {
	[REG_NONE] = RS_ENDPOINT_UNREGISTERED,
	[REG_REGISTERING] = RS_ENDPOINT_REGISTERING,
	[REG_REGISTERED] = RS_ENDPOINT_REGISTERED,
	[REG_FAILED] = RS_ENDPOINT_FAILED,
	[REG_UNREGISTERED] = RS_ENDPOINT_UNREGISTERED,
};

static void
look_at(const struct rs_engine *e, const struct group *g, uint32_t index, struct rs_endpoint_info *out)
{
	out->index = index;
	out->state = RS_ENDPOINT_IDLE;
	out->expires_in_ns = RS_ENDPOINT_NEVER;
	const struct registration *r = register_of(e, g, index);

	if (!r)
		return;
	if (r->state == REG_REGISTERED)
		out->expires_in_ns = (int64_t)r->expires_ns - (int64_t)e->now;
	out->state = states[r->state];
}

/*
 * Each endpoint is told of by one worker: where the plan registers them by the owner, who knows what has become of that, else as
 * callees are dealt out.
 */
static bool
tells(const struct group *g, bool registers, uint32_t index)
{
	return registers && !g->shared ? group_has(g, index) : index % g->port->n_workers == g->position;
}

/* *@from is the group's number above 32 bits of the endpoint's. */
void
rs_engine_endpoints(const struct rs_engine *e, uint64_t *from, int state, struct rs_endpoint_chunk *chunk,
	struct rs_endpoint_info *out, uint32_t cap)
{
	uint32_t group = (uint32_t)(*from >> 32), looks = 0;
	uint32_t index = (uint32_t)*from;

	*chunk = (struct rs_endpoint_chunk){ .group = group };
	if (group >= e->n_groups) {
		*from = UINT64_MAX;
		return;
	}
	const struct group *g = &e->groups[group];
	bool registers = group_is_registered(e->plan, group);

	for (; g->position != UINT32_MAX && index < g->plan->count && looks < LOOKS; looks++, index++) {
		struct rs_endpoint_info info;

		if (!tells(g, registers, index))
			continue;
		look_at(e, g, index, &info);
		if (cap && (state < 0 || state == info.state)) {
			if (chunk->n == cap)
				break;
			rs_group_address(g->plan, info.index, &info.addr, &info.port);
			out[chunk->n++] = info;
		}
		chunk->counts[info.state]++;
	}
	if (g->position == UINT32_MAX || index >= g->plan->count) {
		group++;
		index = 0;
	}
	*from = group < e->n_groups ? (uint64_t)group << 32 | index : UINT64_MAX;
}

uint32_t
rs_engine_busy(const struct rs_engine *e, uint64_t *from, uint32_t *group, uint32_t *out, uint32_t cap)
{
	uint32_t g = (uint32_t)(*from >> 32), slot = (uint32_t)*from, n = 0;

	*group = g;
	if (g >= e->n_groups) {
		*from = UINT64_MAX;
		return 0;
	}
	const struct callees *c = &e->groups[g].callees;

	for (uint32_t looks = 0; slot < c->n && looks < LOOKS && n < cap; looks++, slot++)
		if (c->next[slot] == CALLEE_BUSY || c->next[slot] == CALLEE_BUSY_GONE)
			out[n++] = c->first + slot * c->stride;
	if (slot >= c->n) {
		g++;
		slot = 0;
	}
	*from = g < e->n_groups ? (uint64_t)g << 32 | slot : UINT64_MAX;
	return n;
}
