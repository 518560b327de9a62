/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of registrations when their connections do. A flow of an endpoint's own has one registration. A shared one has those of
 * many endpoints: when it ends all bindings over it are gone, and when it is open again all are made anew (RFC 5626, 4.4 and 4.5), some
 * each turn. Which opening of it a registration was asked on last tells whether that one is meant.
 */
#include "engine/flow.h"
#include "engine/register.h"

#define TURN_REGS 1024	/* looked at */
#define TURN_CHANGES 64 /* of them, those that ask or end */

static bool
is_shared(const struct rs_engine *e, const struct flow *f)
{
	return e->groups[f->group].plan->connections == RS_CONNECTIONS_SHARED;
}

/* The registration over a flow of its endpoint's own: both lie in the same order. NULL: there is none */
static struct registration *
of_flow(const struct rs_engine *e, const struct flow *f)
{
	const struct group *g = &e->groups[f->group];

	return g->first_reg == NO_ENDPOINT ? NULL : &e->regs[g->first_reg + (uint32_t)(f - &e->flows[g->first_flow])];
}

/* Those that have been looked at may be among them: once round. */
static void
look_at_all(struct rs_engine *e)
{
	e->regs_left = e->n_regs;
}

void
register_connected(struct rs_engine *e, struct flow *f)
{
	if (is_shared(e, f))
		look_at_all(e);
	else if (of_flow(e, f))
		registration_connected(e, of_flow(e, f));
}

bool
register_disconnected(struct rs_engine *e, struct flow *f, uint32_t cause)
{
	if (!is_shared(e, f))
		return of_flow(e, f) && registration_disconnected(e, of_flow(e, f), cause);
	look_at_all(e);
	return e->groups[f->group].first_reg != NO_ENDPOINT;
}

/* @return something was done */
static bool
look(struct rs_engine *e, struct registration *r)
{
	struct flow *f = register_flow(e, r);
	uint32_t cause;
	bool done = false;

	if (!f || !is_shared(e, f) || r->state == REG_NONE)
		return false;
	cause = RS_CAUSE_CONNECTION + f->cause;
	if (r->waits) {
		if (f->state == FLOW_OPEN)
			registration_connected(e, r);
		else if (f->failures > 0 && f->state != FLOW_OPENING)
			(void)registration_disconnected(e, r, cause);
		return true;
	}
	if (f->state == FLOW_OPEN && f->times == r->flow_times)
		return false;
	if (r->under_way || r->state == REG_REGISTERED) {
		done = true;
		if (registration_disconnected(e, r, cause) && !r->lost) {
			r->lost = true;
			f->n_lost++;
		}
	}
	if (f->state == FLOW_OPEN && (r->waits || r->state == REG_FAILED)) {
		registration_connected(e, r);
		done = true;
	}
	return done;
}

uint64_t
registrations_turn(struct rs_engine *e)
{
	uint32_t looks = TURN_REGS, changes = TURN_CHANGES;

	for (; e->regs_left > 0 && looks > 0 && changes > 0; e->regs_left--, looks--) {
		e->regs_next = e->regs_next < e->n_regs ? e->regs_next : 0;
		changes -= look(e, &e->regs[e->regs_next++]);
	}
	return e->regs_left > 0 ? e->now : UINT64_MAX;
}
