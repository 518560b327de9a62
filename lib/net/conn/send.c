/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages out: framed, encrypted, and kept while the peer does not read. */
#include <errno.h>
#include <string.h>

#include "net/conn/private.h"

bool
conn_flush(struct rs_conns *c, struct conn *x)
{
	int64_t n;
	uint8_t *p;

	if (x->out.len == 0)
		return true;
	p = gather_bytes(c, &x->out);
	n = rs_tcp_write(c->tcp, x->tcp, rs_slice_of(p, x->out.len), c->now_ns);
	if (n > 0)
		gather_keep(c, &x->out, p + n, x->out.len - (size_t)n);
	return true;
}

bool
conn_put(struct rs_conns *c, struct conn *x, const uint8_t *p, size_t len)
{
	int64_t n = 0;

	if (x->out.len == 0)
		n = rs_tcp_write(c->tcp, x->tcp, rs_slice_of(p, len), c->now_ns);
	if (n < 0)
		return false;
	return (size_t)n == len || gather_add(c, &x->out, p + n, len - (size_t)n);
}

int
conn_say(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len)
{
	size_t sealed = len;
	int rc = 0;

	if (x->tls != NONE) {
		rc = rs_tls_protect(c->engine, conn_tls(c, x), p, len, c->sealed, LARGE, &sealed);
		if (rc != 0 && rc != -ENOMEM)
			return -EPIPE;
		p = c->sealed;
	}
	if (rc == 0 && conn_put(c, x, p, sealed))
		return 0;
	x->flags |= CONN_DOOMED; /* told later: who sends is not called back */
	rs_wheel_arm(&c->wheel, conn_slot(c, x), c->now_ns);
	return -ENOBUFS;
}

/* A client's mask (RFC 6455, 5.3): nobody must be able to foresee it, but that is for browsers' scripts; ours are random all the same. */
static uint8_t *
wrap(struct rs_conns *c, const struct conn *x, uint8_t *payload, size_t len, enum rs_ws_opcode opcode)
{
	uint64_t random = rs_rng_next(&c->rng);
	uint8_t mask[4];

	memcpy(mask, &random, sizeof(mask));
	return rs_ws_wrap(payload, len, opcode, true, x->flags & CONN_ACCEPTED ? NULL : mask);
}

void
conn_control(struct rs_conns *c, struct conn *x, enum rs_ws_opcode opcode, const uint8_t *payload, size_t len)
{
	uint8_t frame[HEADROOM + RS_WS_CONTROL_MAX], *from;

	memmove(frame + HEADROOM, payload, len);
	from = wrap(c, x, frame + HEADROOM, len, opcode);
	conn_say(c, x, from, len + (size_t)(frame + HEADROOM - from));
}

/* --- the engine's link --- */

int
conn_link_take(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	struct rs_conns *c = ctx;

	if (!rs_transport_is_stream((enum rs_transport)path->transport))
		return c->datagrams.take(c->datagrams.ctx, path, buf);
	if (!conn_of(c, path->conn))
		return -ENOTCONN;
	if (c->taken)
		return -ENOBUFS;
	c->taken = true;
	*buf = (struct rs_buf){ .data = c->out + HEADROOM, .cap = MESSAGE_MAX, .opaque = c };
	return 0;
}

static bool
is_ours(const struct rs_conns *c, const struct rs_buf *buf)
{
	return buf->opaque == c;
}

void
conn_link_drop(void *ctx, struct rs_buf *buf)
{
	struct rs_conns *c = ctx;

	if (!is_ours(c, buf)) {
		c->datagrams.drop(c->datagrams.ctx, buf);
		return;
	}
	c->taken = false;
	buf->opaque = NULL;
}

int
conn_link_large(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	struct rs_conns *c = ctx;

	if (rs_transport_is_stream((enum rs_transport)path->transport) || !c->datagrams.take_large)
		return -EMSGSIZE; /* what take gives is as large as can be */
	return c->datagrams.take_large(c->datagrams.ctx, path, buf);
}

int
conn_link_send(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len)
{
	struct rs_conns *c = ctx;
	uint8_t *p = buf->data;
	struct conn *x;
	size_t all = len;
	int rc;

	if (!is_ours(c, buf))
		return c->datagrams.send(c->datagrams.ctx, path, buf, len);
	c->taken = false;
	buf->opaque = NULL;
	x = conn_of(c, path->conn);
	if (!x || x->state != CONN_UP || x->flags & CONN_DOOMED)
		return -ENOTCONN;
	if (x->out.len > 0) { /* the peer has not read what was there before */
		rs_metric_inc(c->cells, RS_CONNS_FULL);
		return -ENOBUFS;
	}
	if (rs_transport_is_ws((enum rs_transport)x->path.transport)) {
		p = wrap(c, x, p, len, rs_ws_utf8(rs_slice_of(p, len)) ? RS_WS_TEXT : RS_WS_BINARY); /* RFC 7118, 4.2 */
		all += (size_t)(buf->data - p);
	}
	rc = conn_say(c, x, p, all);
	if (rc == 0) {
		rs_metric_inc(c->cells, RS_CONNS_MESSAGES_OUT);
		rs_metric_add(c->cells, RS_CONNS_BYTES_OUT, len);
	}
	return rc;
}
