/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls whose connection has ended. A dialog outlives its connection (RFC 5626, 4.3: the endpoint's next one will do), but what was
 * asked on it is not answered any more (RFC 3261, 17.1.4): the call has failed. Of an avalanche they are many: some each turn.
 */
#include "engine/dialog.h"
#include "engine/flow.h"

/* Is there a request of ours that the peer has not answered for good? */
static bool
waits_for_answer(const struct rs_engine *e, const struct leg *leg)
{
	const struct rs_step *s = leg_step(e, leg);

	if (leg->flags & (LEG_LINGERING | LEG_PAUSED))
		return false;
	if (leg_is_rfc(e, leg)) {
		const struct dialog *d = leg_dialog(e, leg);

		for (unsigned i = 0; i < CLIENTS; i++)
			if (d->clients[i].state == TXN_TRYING || d->clients[i].state == TXN_PROCEEDING)
				return true;
		return false;
	}
	return s->kind == RS_STEP_RECV && s->status;
}

void
leg_cut(struct rs_engine *e, struct leg *leg, enum rs_conn_cause cause)
{
	if (leg->flags & LEG_LINGERING || !rs_transport_is_stream(leg->path.transport) || !waits_for_answer(e, leg))
		return;
	rs_metric_inc(&e->account->flows, RS_FLOW_LEGS_CUT);
	leg_fail(e, leg, RS_CAUSE_CONNECTION + cause, false);
}

/* Its endpoint's flow that is this connection; NULL: a peer opened it. */
static struct flow *
flow_under(const struct rs_engine *e, const struct leg *leg)
{
	const struct group *g = leg_activity(e, leg)->group;

	for (uint8_t hop = 0; g->first_flow != NO_FLOW && hop < g->plan->n_hops; hop++) {
		struct flow *f = flow_of(e, g, leg->endpoint, hop);

		if (f->state == FLOW_OPEN && f->conn == leg->path.conn)
			return f;
	}
	return NULL;
}

void
leg_close_connection(struct rs_engine *e, struct leg *leg)
{
	rs_handle conn = leg->path.conn;

	if (!rs_transport_is_stream(leg->path.transport) || !conn)
		return;
	if (leg_has_own(e, leg)) {
		leg_disconnect(e, leg);
		leg->flags &= ~(uint32_t)(LEG_CONNECTED | LEG_CONNECTING | LEG_PUT_OFF);
	} else if (flow_under(e, leg)) {
		flow_cut(e, flow_under(e, leg), RS_CONN_FIN);
	} else if (e->link.conns->alive(e->link.conns_ctx, conn)) {
		e->link.conns->close(e->link.conns_ctx, conn, RS_CONN_FIN);
		rs_metric_add(&e->account->flows, RS_FLOW_ACCEPTED_OPEN, (uint64_t)-1);
		rs_metric_inc(&e->account->flows, RS_FLOW_BROKEN + RS_CONN_CAUSE_LOCAL);
		e->legs_to_tell = true;
	}
	leg->path.conn = 0;
}

bool
leg_redirect(struct rs_engine *e, struct leg *leg, const struct rs_addr *addr, uint16_t port)
{
	if (addr->family != leg->path.local.family || (rs_transport_is_stream(leg->path.transport) && !leg_has_own(e, leg)))
		return false;
	leg_close_connection(e, leg);
	leg->path.remote = *addr;
	leg->path.remote_port = port;
	return true;
}

/* Why the connection that @leg was on is gone: its endpoint's knows; of one that a peer opened, he has closed it. */
static enum rs_conn_cause
cause_of_end(const struct rs_engine *e, const struct leg *leg)
{
	const struct group *g = leg_activity(e, leg)->group;

	for (uint8_t hop = 0; hop < g->plan->n_hops; hop++) {
		const struct flow *f = flow_of(e, g, leg->endpoint, hop);

		if (f && f->cause && rs_addr_eq(&g->plan->hops[hop].addr, &leg->path.remote) && g->plan->hops[hop].port == leg->path.remote_port)
			return (enum rs_conn_cause)f->cause;
	}
	return RS_CONN_CAUSE_PEER;
}

uint64_t
flows_turn(struct rs_engine *e)
{
	uint32_t looks = TURN_LOOKS, fails = TURN_HANGUPS;

	if (e->legs_to_tell) { /* those that have been looked at may be among them */
		e->legs_to_tell = false;
		e->tell_end = e->legs.fresh;
		e->tell_left = e->legs.fresh;
	}
	while (e->tell_left > 0 && looks > 0 && fails > 0) {
		uint32_t slot = e->tell_next < e->tell_end ? e->tell_next : 0;
		struct leg *leg = leg_at(e, slot);

		e->tell_next = slot + 1;
		e->tell_left--;
		looks--;
		if (!rs_pool_is_taken(&e->legs, slot) || !leg->path.conn || leg->flags & LEG_CONNECTING ||
			e->link.conns->alive(e->link.conns_ctx, leg->path.conn))
			continue;
		leg->path.conn = 0;
		fails--;
		leg_cut(e, leg, cause_of_end(e, leg));
	}
	return e->tell_left > 0 ? e->now : UINT64_MAX;
}
