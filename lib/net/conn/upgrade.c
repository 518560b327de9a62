/* SPDX-License-Identifier: BSD-3-Clause */
/* The upgrade to WebSocket (RFC 6455, 4; RFC 7118, 4), both sides. */
#include <stdio.h>

#include "net/conn/private.h"

/* Of a client: what its key is made of, told again when the answer comes. */
static void
nonce(const struct rs_conns *c, const struct conn *x, uint8_t out[16])
{
	uint64_t a, b;

	memcpy(&a, x->nonce_of, sizeof(a));
	b = rs_mix64(a ^ c->cfg.secret);
	memcpy(out, &a, sizeof(a));
	memcpy(out + 8, &b, sizeof(b));
}

/* "198.18.0.1", "[2001:2::1]:8080": the peer, where the plan names no host. @return bytes of @out */
static size_t
host_of(const struct rs_path *path, char out[64])
{
	bool six = path->remote.family == 6;
	size_t n = 0;

	if (six)
		out[n++] = '[';
	n += rs_addr_write(&path->remote, (uint8_t *)out + n);
	if (six)
		out[n++] = ']';
	if (path->remote_port != rs_transport_port((enum rs_transport)path->transport))
		n += (size_t)snprintf(out + n, 64 - n, ":%u", path->remote_port);
	return n;
}

bool
upgrade_ask(struct rs_conns *c, struct conn *x)
{
	const struct rs_conns_profile *p = profile_of(c, x);
	struct rs_ws_request r = { .host = p->host, .path = p->path, .origin = p->origin, .fields = p->fields };
	uint64_t random = rs_rng_next(&c->rng);
	rs_handle me = x->path.conn;
	uint8_t key[16];
	char host[64];
	int n;

	if (r.host.len == 0)
		r.host = rs_slice_of(host, host_of(&x->path, host));
	memcpy(x->nonce_of, &random, sizeof(random));
	nonce(c, x, key);
	n = rs_ws_write_request(&r, key, c->out + HEADROOM, RS_HTTP_MAX_HEAD);
	if (n < 0) {
		conn_end(c, x, RS_CONN_CAUSE_HTTP, 0, RS_CONN_FIN);
		return false;
	}
	conn_say(c, x, c->out + HEADROOM, (size_t)n);
	return conn_is(c, me);
}

/* What the report tells apart; of what is left rs_rx.detail has the status. */
static enum rs_conn_cause
cause_of(const struct rs_ws_answer *answer)
{
	switch (answer->outcome) {
	case RS_WS_REDIRECTED: return RS_CONN_CAUSE_REDIRECTED;
	case RS_WS_WRONG_ACCEPT: return RS_CONN_CAUSE_WS_ACCEPT;
	case RS_WS_WRONG_PROTOCOL: return RS_CONN_CAUSE_WS_PROTOCOL;
	case RS_WS_EXTENSION: return RS_CONN_CAUSE_WS_EXTENSION;
	default: break;
	}
	switch (answer->status) {
	case 401: return RS_CONN_CAUSE_HTTP_401;
	case 403: return RS_CONN_CAUSE_HTTP_403;
	case 404: return RS_CONN_CAUSE_HTTP_404;
	case 503: return RS_CONN_CAUSE_HTTP_503;
	default: return RS_CONN_CAUSE_HTTP;
	}
}

/* @return the connection is up */
static bool
answered(struct rs_conns *c, struct conn *x)
{
	struct rs_ws_answer answer;
	uint8_t key[16];

	nonce(c, x, key);
	rs_ws_read_answer(&c->head, key, &answer);
	if (answer.outcome == RS_WS_UPGRADED)
		return true;
	if (answer.outcome != RS_WS_INTERIM)
		conn_end(c, x, cause_of(&answer), answer.status, RS_CONN_FIN);
	return false;
}

static bool
asked(struct rs_conns *c, struct conn *x)
{
	const struct rs_conns_profile *p = profile_of(c, x);
	struct rs_slice path = p->path.len ? p->path : rs_slice_of("/", 1);
	rs_handle me = x->path.conn;
	struct rs_ws_asked a;
	int n;

	rs_ws_read_request(&c->head, &a);
	if (a.status == 101 && (a.target.len < path.len || memcmp(a.target.p, path.p, path.len) != 0 ||
		(a.target.len > path.len && a.target.p[path.len] != '?'))) {
		a.status = 404;
		a.why = "no such path";
	}
	rs_metric_inc(c->cells, a.status == 101 ? RS_CONNS_UPGRADES : RS_CONNS_UPGRADES_REFUSED);
	n = rs_ws_write_answer(&a, rs_slice_of(NULL, 0), c->out + HEADROOM, RS_HTTP_MAX_HEAD);
	if (n > 0)
		conn_say(c, x, c->out + HEADROOM, (size_t)n);
	if (!conn_is(c, me))
		return false;
	if (n > 0 && a.status == 101)
		return true;
	conn_end(c, x, RS_CONN_CAUSE_HTTP, a.status, RS_CONN_FIN);
	return false;
}

bool
upgrade_bytes(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len)
{
	rs_handle me = x->path.conn;
	size_t used, seen = x->seen;
	bool was = x->app.len > 0;
	int rc;

	if (was) {
		if (!gather_add(c, &x->app, p, len)) {
			conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
			return false;
		}
		p = gather_bytes(c, &x->app);
		len = x->app.len;
	}
	for (;;) {
		rc = rs_http_parse(p, len, &seen, &c->head, &used);
		if (rc == -EAGAIN) {
			x->seen = (uint32_t)seen;
			if (was)
				gather_keep(c, &x->app, p, len);
			else if (len > 0 && !gather_add(c, &x->app, p, len))
				conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
			return conn_is(c, me);
		}
		if (rc != 0) {
			conn_end(c, x, RS_CONN_CAUSE_HTTP, 0, RS_CONN_FIN);
			return false;
		}
		if (x->flags & CONN_ACCEPTED ? asked(c, x) : answered(c, x))
			break;
		if (!conn_is(c, me))
			return false;
		seen = 0; /* an interim answer: the next head follows */
		p += used;
		len -= used;
	}
	rs_ws_init(&x->ws, x->flags & CONN_ACCEPTED);
	p += used;
	len -= used;
	if (was)
		gather_keep(c, &x->app, p, len);
	conn_go_on(c, x);
	if (!conn_is(c, me))
		return false;
	if (len > 0) { /* frames came with the head */
		if (was) {
			struct gather with = x->app;

			x->app = (struct gather){ .slot = NONE };
			conn_app(c, x, gather_bytes(c, &with), with.len);
			gather_clear(c, &with);
		} else {
			conn_app(c, x, p, len);
		}
	}
	return conn_is(c, me);
}
