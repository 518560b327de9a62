/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that are too large for UDP (RFC 3261, 18.1.1), in groups that have `large_messages = "tcp"`. They are measured once they
 * are rendered. Then the leg takes to TCP: everything is noted as if the request had been sent, and it is rendered again as any
 * repetition is, with its number and branch and the other transport in Via, when the connection is there. The call goes on over that
 * connection, which is its own. A peer that takes none gets the request over UDP after all, and so what follows.
 */
#include "engine/dialog.h"
#include "engine/flow.h"

#define MOST 1300 /* bytes, where nobody knows the path's MTU, ... */
#define ROOM 200  /* ... else so many less than that: the response may be longer */

void
large_look(struct rs_engine *e, const struct leg *leg)
{
	if (leg_activity(e, leg)->group->plan->large_messages == RS_LARGE_TCP && !(leg->flags & LEG_UDP_ONLY) && e->link.conns)
		e->large = LARGE_LOOK;
}

bool
large_found(struct rs_engine *e, struct leg *leg, const struct rs_path *path, uint32_t fits, uint32_t len)
{
	uint32_t mtu = fits + 8 + (path->remote.family == 6 ? 40 : 20); /* our own link's: it may be the narrowest */

	if (e->large != LARGE_LOOK || rs_transport_is_stream(path->transport) || (len <= MOST && len + ROOM <= mtu))
		return false;
	e->large = LARGE_FOUND;
	leg->path.remote = path->remote;
	leg->path.remote_port = path->remote_port;
	leg->path.transport = RS_TRANSPORT_TCP;
	leg->flags |= LEG_LARGE;
	if (leg_is_rfc(e, leg))
		leg_dialog(e, leg)->flags &= (uint16_t)~DIALOG_NEXT;
	return true;
}

/* The transaction of what was put off. */
static struct client *
client_of(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	for (unsigned i = 0; i < CLIENTS; i++)
		if (d->clients[i].state == TXN_TRYING && d->clients[i].step == leg->large_step)
			return &d->clients[i];
	return NULL;
}

int
large_put_off(struct rs_engine *e, struct leg *leg, uint32_t step)
{
	uint32_t cause;

	rs_metric_inc(&e->account->flows, RS_FLOW_SWITCHED);
	leg->large_step = (int16_t)step;
	leg->retrans_cseq = leg->cseq;
	leg->flags |= LEG_PUT_OFF;
	switch (leg_connect(e, leg, &cause)) {
	case FLOW_READY: return large_send(e, leg) ? 0 : -(int)RS_CAUSE_NOT_CONNECTED;
	case FLOW_WAIT: return 0;
	case FLOW_FAILED: break;
	}
	leg->flags &= ~(uint32_t)LEG_PUT_OFF;
	return -(int)cause;
}

/* What was noted when it was put off has begun only now. */
static void
stamp(struct rs_engine *e, struct leg *leg, const struct rs_step *s)
{
	if (s->method == RS_SIP_INVITE && !(leg->flags & LEG_ESTABLISHED))
		stamp_add(e, leg, STAMP_INVITE, 0);
	else if (s->method == RS_SIP_BYE)
		stamp_add(e, leg, STAMP_BYE, 0);
	else if (s->method != RS_SIP_INVITE && s->method != RS_SIP_ACK && !(leg->flags & LEG_RESPONSE))
		stamp_add(e, leg, STAMP_REQUEST, 0);
	if (s->start_rtd >= 0)
		stamp_add(e, leg, STAMP_RTD_START, s->start_rtd);
}

bool
large_send(struct rs_engine *e, struct leg *leg)
{
	const struct rs_step *s = &leg_program(e, leg)->steps[leg->large_step];
	struct client *c = leg_is_rfc(e, leg) && s->method != RS_SIP_ACK ? client_of(e, leg) : NULL;
	int rc;

	leg->flags &= ~(uint32_t)LEG_PUT_OFF;
	if (leg_is_rfc(e, leg) && s->method != RS_SIP_ACK && !c) /* given up meanwhile */
		return true;
	e->large = LARGE_SEND;
	e->again = c;
	rc = leg_send(e, leg, (uint32_t)leg->large_step, NULL, true);
	e->again = NULL;
	e->large = LARGE_NO;
	if (rc == 0) {
		stamp(e, leg, s);
		return true;
	}
	leg_fail(e, leg, (uint32_t)-rc, false);
	return false;
}

/* As if it had been sent over UDP in the first place. */
static void
repeat(struct rs_engine *e, struct leg *leg)
{
	struct client *c;

	if (!leg_is_rfc(e, leg)) {
		send_arm(e, leg, (uint32_t)leg->large_step);
		return;
	}
	c = client_of(e, leg);
	if (!c)
		return;
	c->due_ns = e->now + c->interval_ns;
	rfc_due(e, leg, c->due_ns);
}

bool
large_falls_back(struct rs_engine *e, struct leg *leg, enum rs_conn_cause cause)
{
	if (cause != RS_CONN_CAUSE_REFUSED && cause != RS_CONN_CAUSE_UNREACHABLE)
		return false;
	rs_metric_inc(&e->account->flows, RS_FLOW_FELL_BACK);
	leg->path.transport = RS_TRANSPORT_UDP;
	leg->flags &= ~(uint32_t)LEG_LARGE;
	leg->flags |= LEG_UDP_ONLY;
	repeat(e, leg);
	return true;
}

void
large_over(struct rs_engine *e, struct leg *leg)
{
	if (leg_activity(e, leg)->group->plan->large_messages != RS_LARGE_TCP || !(leg->flags & (LEG_LARGE | LEG_UAC)) || /* else the peer opened it */
		e->link.conns->alive(e->link.conns_ctx, leg->path.conn))
		return;
	leg->path.transport = RS_TRANSPORT_UDP;
	leg->path.conn = 0;
	leg->flags &= ~(uint32_t)(LEG_LARGE | LEG_CONNECTED);
}
