/* SPDX-License-Identifier: BSD-3-Clause */
/* Deadlines and keep-alives (RFC 5626, 4.4.1; RFC 7118, 6). */
#include "net/conn/private.h"

/* What is under way has a deadline: opening, a message that has begun, a pong. */
static bool
has_deadline(const struct conn *x)
{
	return x->state != CONN_UP || x->app.len > 0 || x->wire.len > 0 || x->flags & CONN_PINGED;
}

void
conn_arm(struct rs_conns *c, struct conn *x)
{
	uint32_t slot = conn_slot(c, x), part;

	if (x->flags & CONN_DOOMED)
		return;
	if (has_deadline(x)) {
		rs_wheel_arm(&c->wheel, slot, c->origin_ns + (uint64_t)x->due_ms * RS_NS_PER_MS);
	} else if (x->keep_ms) { /* 80 to 100 % of the interval */
		part = x->keep_ms - (uint32_t)rs_random_below(rs_rng_next(&c->rng), x->keep_ms / 5 + 1);
		rs_wheel_arm(&c->wheel, slot, c->now_ns + (uint64_t)part * RS_NS_PER_MS);
	} else {
		rs_wheel_cancel(&c->wheel, slot);
	}
}

void
conn_deadline(struct rs_conns *c, struct conn *x, uint64_t length_ns)
{
	x->due_ms = now_ms(c) + (uint32_t)(length_ns / RS_NS_PER_MS);
	conn_arm(c, x);
}

static void
ping(struct rs_conns *c, struct conn *x)
{
	rs_handle me = x->path.conn;
	uint8_t bytes[HEADROOM + 4] = { [HEADROOM] = '\r', '\n', '\r', '\n' };

	rs_metric_inc(c->cells, RS_CONNS_PINGS_OUT);
	if (rs_transport_is_ws((enum rs_transport)x->path.transport)) {
		conn_control(c, x, RS_WS_PINGING, bytes, 0);
	} else if (conn_say(c, x, bytes + HEADROOM, 4) == 0) {
		rs_sip_stream_pinged(&x->sip);
	}
	if (!conn_is(c, me))
		return;
	x->flags |= CONN_PINGED;
	conn_deadline(c, x, c->cfg.pong_ns);
}

void
conn_timer(struct rs_conns *c, struct conn *x)
{
	if (x->flags & CONN_DOOMED) {
		conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
		return;
	}
	if (x->flags & CONN_STARVED) { /* the handshake thread had no room */
		x->flags &= (uint8_t)~CONN_STARVED;
		if (now_ms(c) < x->due_ms) {
			conn_arm(c, x);
			rs_tcp_read(c->tcp, x->tcp, c->now_ns);
			return;
		}
	}
	if (!has_deadline(x)) {
		if (x->keep_ms)
			ping(c, x);
	} else if ((int32_t)(now_ms(c) - x->due_ms) < 0) {
		conn_arm(c, x);
	} else if (x->state == CONN_UP && x->flags & CONN_PINGED) {
		conn_end(c, x, RS_CONN_CAUSE_PONG, 0, RS_CONN_RST);
	} else {
		static const uint8_t causes[] = { [CONN_OPENING] = RS_CONN_CAUSE_TIMEOUT, [CONN_QUEUED] = RS_CONN_CAUSE_TLS_QUEUE,
			[CONN_SECURING] = RS_CONN_CAUSE_SLOW, [CONN_TAKING] = RS_CONN_CAUSE_SLOW, [CONN_UPGRADING] = RS_CONN_CAUSE_SLOW,
			[CONN_UP] = RS_CONN_CAUSE_SLOW };

		conn_end(c, x, (enum rs_conn_cause)causes[x->state], 0, RS_CONN_RST);
	}
}
