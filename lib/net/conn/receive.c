/* SPDX-License-Identifier: BSD-3-Clause */
/* From bytes to messages: records opened (secure.c), frames (RFC 6455, 5), messages (RFC 3261, 18.3), keep-alives (RFC 5626, 4.4.1). */
#include "net/conn/private.h"

static void
deliver(struct rs_conns *c, struct conn *x, struct rs_slice message)
{
	struct rs_rx rx = { .data = message.p, .len = (uint32_t)message.len, .kind = RS_RX_SIP, .path = x->path, .time_ns = c->rx_ns,
		.user = x->user };

	rs_metric_inc(c->cells, RS_CONNS_MESSAGES_IN);
	rs_metric_add(c->cells, RS_CONNS_BYTES_IN, message.len);
	c->cfg.deliver(c->cfg.ctx, &rx);
}

static void
pong(struct rs_conns *c, struct conn *x)
{
	rs_metric_inc(c->cells, RS_CONNS_PONGS_IN);
	if (!(x->flags & CONN_PINGED))
		return;
	x->flags &= (uint8_t)~CONN_PINGED;
	conn_arm(c, x);
}

/* @return bytes used; the connection may be gone: @alive */
static size_t
sip_messages(struct rs_conns *c, struct conn *x, const uint8_t *p, size_t len, bool *alive)
{
	rs_handle me = x->path.conn;
	struct rs_sip_frame frame;
	size_t used = 0;

	*alive = true;
	for (;;) {
		enum rs_sip_stream_event event = rs_sip_stream_next(&x->sip, &rs_sip_stream_limits, p + used, len - used, &frame);

		used += frame.used;
		rs_metric_add(c->cells, RS_CONNS_STRAYS, frame.strays);
		switch (event) {
		case RS_SIP_STREAM_MORE:
			return used;
		case RS_SIP_STREAM_MESSAGE:
			deliver(c, x, frame.message);
			break;
		case RS_SIP_STREAM_PING: {
			uint8_t answer[HEADROOM + 2] = { [HEADROOM] = '\r', '\n' };

			rs_metric_inc(c->cells, RS_CONNS_PINGS_IN);
			if (conn_say(c, x, answer + HEADROOM, 2) == 0)
				rs_metric_inc(c->cells, RS_CONNS_PONGS_OUT);
			break;
		}
		case RS_SIP_STREAM_PONG:
			pong(c, x);
			break;
		case RS_SIP_STREAM_ERROR:
			conn_end(c, x,
				frame.error == RS_SIP_STREAM_HEADER_TOO_LONG || frame.error == RS_SIP_STREAM_BODY_TOO_LONG ?
					RS_CONN_CAUSE_TOO_LONG : RS_CONN_CAUSE_FRAMING,
				(uint16_t)frame.error, RS_CONN_RST);
			break;
		}
		if (!conn_is(c, me)) {
			*alive = false;
			return used;
		}
	}
}

static void
ws_closed(struct rs_conns *c, struct conn *x, enum rs_conn_cause cause, uint16_t code, uint16_t detail)
{
	uint8_t payload[HEADROOM + RS_WS_CONTROL_MAX];
	size_t n = rs_ws_close_payload(code == RS_WS_CODE_NONE ? 0 : code, rs_slice_of(NULL, 0), payload + HEADROOM);

	conn_control(c, x, RS_WS_CLOSING, payload + HEADROOM, n);
	conn_end(c, x, cause, detail, RS_CONN_FIN);
}

/* Does a Close with @code tell of something wrong (RFC 6455, 7.4.1)? The end of the work and of a browser's page is not. */
static bool
is_error(uint16_t code)
{
	return code != RS_WS_CODE_NORMAL && code != RS_WS_CODE_GOING_AWAY && code != RS_WS_CODE_NONE;
}

/* @return where what is left begins, *@len bytes of it */
static uint8_t *
ws_messages(struct rs_conns *c, struct conn *x, uint8_t *p, size_t *len, bool *alive)
{
	rs_handle me = x->path.conn;
	struct rs_ws_frame frame;

	*alive = true;
	for (;;) {
		enum rs_ws_event event = rs_ws_next(&x->ws, p, *len, MESSAGE_MAX, &frame);

		p += frame.used;
		*len = frame.left;
		switch (event) {
		case RS_WS_MORE:
			return p;
		case RS_WS_MESSAGE:
			if (frame.payload.len == 4 && memcmp(frame.payload.p, "\r\n\r\n", 4) == 0) { /* RFC 7118, 6 lets it be */
				rs_metric_inc(c->cells, RS_CONNS_PINGS_IN);
				break;
			}
			deliver(c, x, frame.payload);
			break;
		case RS_WS_PING: {
			uint8_t answer[HEADROOM + RS_WS_CONTROL_MAX];

			rs_metric_inc(c->cells, RS_CONNS_PINGS_IN);
			memcpy(answer + HEADROOM, frame.payload.p, frame.payload.len);
			conn_control(c, x, RS_WS_PONGING, answer + HEADROOM, frame.payload.len);
			rs_metric_inc(c->cells, RS_CONNS_PONGS_OUT);
			break;
		}
		case RS_WS_PONG:
			pong(c, x);
			break;
		case RS_WS_CLOSE:
			ws_closed(c, x, is_error(frame.code) ? RS_CONN_CAUSE_WS_ERROR : RS_CONN_CAUSE_PEER, frame.code, frame.code);
			break;
		case RS_WS_ERROR:
			ws_closed(c, x, frame.error == RS_WS_TOO_BIG ? RS_CONN_CAUSE_TOO_LONG : RS_CONN_CAUSE_WS,
				rs_ws_error_code((enum rs_ws_error)frame.error), frame.error);
			break;
		}
		if (!conn_is(c, me)) {
			*alive = false;
			return p;
		}
	}
}

/* A message that has begun must end in time: slow ones are kept in a buffer that others may want. */
static void
unfinished(struct rs_conns *c, struct conn *x, bool was)
{
	bool is = x->app.len > 0 || x->wire.len > 0;

	if (is && !was)
		conn_deadline(c, x, c->cfg.message_ns);
	else if (was && !is)
		conn_arm(c, x);
}

void
conn_app(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len)
{
	bool was = x->app.len > 0, alive;
	size_t used;

	if (was) {
		if (!gather_add(c, &x->app, p, len)) {
			conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
			return;
		}
		p = gather_bytes(c, &x->app);
		len = x->app.len;
	}
	if (rs_transport_is_ws((enum rs_transport)x->path.transport)) {
		p = ws_messages(c, x, p, &len, &alive);
	} else {
		used = sip_messages(c, x, p, len, &alive);
		p += used;
		len -= used;
	}
	if (!alive)
		return;
	if (was) {
		gather_keep(c, &x->app, p, len);
	} else if (len > 0 && !gather_add(c, &x->app, p, len)) {
		conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
		return;
	}
	unfinished(c, x, was);
}

void
conn_wire(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len)
{
	if (x->tls != NONE)
		secure_wire(c, x, p, len);
	else if (x->state == CONN_UPGRADING)
		upgrade_bytes(c, x, p, len);
	else
		conn_app(c, x, p, len);
}
