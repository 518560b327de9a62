/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections of one worker: how they begin and end, layer by layer. */
#include "net/conn/conn.h"

#include <errno.h>
#include <string.h>

#include "net/conn/private.h"

#define TURN_TIMERS 256
#define LOCAL_FIRST 10240 /* local ports that connections are opened from, where the caller names none */
#define LOCAL_LAST  65535

struct rs_conns_cfg
rs_conns_defaults(void)
{
	struct rs_conns_cfg cfg = { .connections = 64, .tls_connections = 64, .gathering = 64, .tcp = rs_tcp_defaults() };

	cfg.open_ns = 32 * RS_NS_PER_S;
	cfg.message_ns = 32 * RS_NS_PER_S;
	cfg.pong_ns = 10 * RS_NS_PER_S;
	return cfg;
}

#define TLS_BYTES (sizeof(struct rs_tls) + 2 * RS_TLS_GCM_BYTES)
#define PAGE 4096

uint64_t
rs_conns_bytes(const struct rs_conns_cfg *cfg)
{
	struct rs_tcp_cfg tcp = cfg->tcp;
	uint64_t n = cfg->gathering;

	tcp.connections = cfg->connections;
	return rs_tcp_bytes(&tcp) + cfg->connections * (uint64_t)(rs_pool_cost(sizeof(struct conn)) + sizeof(struct rs_wheel_node)) +
		cfg->tls_connections * (uint64_t)rs_pool_cost(TLS_BYTES) + (n + 8) * rs_pool_cost(SMALL) + (n / 4 + 8) * rs_pool_cost(MIDDLE) +
		(n / 16 + 8) * rs_pool_cost(LARGE) + HEADROOM + MESSAGE_MAX + LARGE + rs_tls_engine_size() + sizeof(struct rs_conns) + 64 * PAGE;
}

struct conn *
conn_of(const struct rs_conns *c, rs_handle h)
{
	if (rs_handle_kind(h) != RS_KIND_CONNECTION || rs_handle_worker(h) != c->cfg.worker || rs_handle_slot(h) >= c->conns.cap ||
		!conn_is(c, h))
		return NULL;
	return conn_at(c, rs_handle_slot(h));
}

static void
tell(struct rs_conns *c, const struct conn *x, enum rs_conn_event event, enum rs_conn_cause cause, uint16_t detail)
{
	struct rs_rx rx = { .kind = RS_RX_CONN, .path = x->path, .time_ns = c->now_ns, .user = x->user, .event = (uint8_t)event,
		.cause = (uint8_t)cause, .detail = detail };

	if (!c->leaving)
		c->cfg.deliver(c->cfg.ctx, &rx);
}

/* TCP's number for it is our slot and generation: what it still says of one that is gone finds nobody. */
static uint64_t
tcp_user(const struct rs_conns *c, const struct conn *x)
{
	return x->path.conn;
}

static void
release(struct rs_conns *c, struct conn *x)
{
	uint32_t slot = conn_slot(c, x);

	secure_cancel(c, x);
	gather_clear(c, &x->wire);
	gather_clear(c, &x->app);
	gather_clear(c, &x->out);
	rs_wheel_cancel(&c->wheel, slot);
	rs_pool_give(&c->conns, slot);
	rs_metric_add(c->cells, RS_CONNS_OPEN, (uint64_t)-1);
}

/* The last things that are said: by WebSocket, by TLS, by TCP. */
static void
say_goodbye(struct rs_conns *c, struct conn *x, enum rs_conn_close how)
{
	uint8_t bytes[RS_TLS_SETTLE_MAX];
	size_t n;

	if (how == RS_CONN_FIN && x->tls != NONE && rs_tls_close(c->engine, conn_tls(c, x), bytes, sizeof(bytes), &n) == 0)
		(void)conn_put(c, x, bytes, n);
	rs_tcp_set_user(c->tcp, x->tcp, 0);
	if (how == RS_CONN_FIN && x->out.len == 0 && (x->tls != NONE || rs_transport_is_ws((enum rs_transport)x->path.transport)))
		rs_tcp_close_gently(c->tcp, x->tcp, c->now_ns); /* an alert or a Close is to be read, and has an answer that may be on its way */
	else if (how == RS_CONN_FIN && x->out.len == 0)
		rs_tcp_close(c->tcp, x->tcp, c->now_ns);
	else if (how == RS_CONN_SILENT)
		rs_tcp_forget(c->tcp, x->tcp);
	else
		rs_tcp_abort(c->tcp, x->tcp, c->now_ns);
}

void
conn_end(struct rs_conns *c, struct conn *x, enum rs_conn_cause cause, uint16_t detail, enum rs_conn_close how)
{
	struct conn copy = *x;

	say_goodbye(c, x, how);
	release(c, x);
	tell(c, &copy, copy.flags & CONN_ACCEPTED && !(copy.flags & CONN_TOLD) ? RS_CONN_NOT_ACCEPTED : RS_CONN_CLOSED, cause, detail);
}

static void
up(struct rs_conns *c, struct conn *x)
{
	x->state = CONN_UP;
	x->flags |= CONN_TOLD;
	if (!rs_transport_is_ws((enum rs_transport)x->path.transport))
		x->sip = (struct rs_sip_stream){ 0 };
	conn_arm(c, x);
	tell(c, x, x->flags & CONN_ACCEPTED ? RS_CONN_ACCEPTED : RS_CONN_OPENED, RS_CONN_CAUSE_NONE, 0);
}

void
conn_go_on(struct rs_conns *c, struct conn *x)
{
	enum rs_transport t = (enum rs_transport)x->path.transport;

	switch ((enum conn_state)x->state) {
	case CONN_OPENING:
		if (rs_transport_is_secure(t)) {
			secure_begin(c, x);
			return;
		}
		break;
	case CONN_QUEUED:
	case CONN_SECURING:
	case CONN_TAKING:
		break;
	case CONN_UPGRADING:
	case CONN_UP:
		up(c, x);
		return;
	}
	if (!rs_transport_is_ws(t)) {
		up(c, x);
		return;
	}
	x->state = CONN_UPGRADING;
	x->seen = 0;
	conn_deadline(c, x, c->cfg.open_ns);
	if (!(x->flags & CONN_ACCEPTED))
		upgrade_ask(c, x);
}

/* --- TCP --- */

static struct conn *
take(struct rs_conns *c, uint32_t profile, uint64_t user)
{
	uint32_t slot = rs_pool_take(&c->conns);
	struct conn *x;

	if (slot == RS_POOL_NONE)
		return NULL;
	x = conn_at(c, slot);
	*x = (struct conn){ .user = user, .profile = (uint16_t)profile, .wire = { .slot = NONE }, .app = { .slot = NONE },
		.out = { .slot = NONE }, .tls = NONE, .state = CONN_OPENING, .begun_ms = now_ms(c) };
	rs_metric_add(c->cells, RS_CONNS_OPEN, 1);
	x->path.conn = rs_handle_make(slot, (uint16_t)c->conns.generation[slot], c->cfg.worker, RS_KIND_CONNECTION);
	return x;
}

static void
accepted(struct rs_conns *c, rs_handle tcp)
{
	struct rs_tcp_info info;
	struct conn *x = NULL;
	uint32_t profile;
	uint64_t user;

	if (rs_tcp_info(c->tcp, tcp, &info) != 0)
		return;
	if (c->leaving)
		;
	else if (!c->cfg.listens(c->cfg.ctx, &info.path, &profile, &user))
		rs_metric_inc(c->cells, RS_CONNS_NOBODY);
	else
		x = take(c, profile, user);
	if (!x) {
		rs_tcp_abort(c->tcp, tcp, c->now_ns);
		return;
	}
	rs_handle me = x->path.conn;

	x->tcp = tcp;
	x->path = info.path;
	x->path.conn = me;
	x->path.transport = (uint8_t)c->cfg.profiles[profile].transport;
	x->flags |= CONN_ACCEPTED;
	rs_tcp_set_user(c->tcp, tcp, tcp_user(c, x));
	conn_go_on(c, x);
}

static enum rs_conn_cause
cause_of(enum rs_tcp_cause cause)
{
	static const uint8_t causes[RS_TCP_CAUSES] = {
		[RS_TCP_CAUSE_NONE] = RS_CONN_CAUSE_PEER,
		[RS_TCP_CAUSE_REFUSED] = RS_CONN_CAUSE_REFUSED,
		[RS_TCP_CAUSE_RESET] = RS_CONN_CAUSE_RESET,
		[RS_TCP_CAUSE_TIMEOUT] = RS_CONN_CAUSE_TIMEOUT,
		[RS_TCP_CAUSE_UNREACHABLE] = RS_CONN_CAUSE_UNREACHABLE,
		[RS_TCP_CAUSE_KEEPALIVE] = RS_CONN_CAUSE_TIMEOUT,
	};

	return (enum rs_conn_cause)causes[cause];
}

/* What it means that the peer ends it at this stage. */
static const uint8_t half_closed[] = {
	[CONN_OPENING] = RS_CONN_CAUSE_TLS,
	[CONN_QUEUED] = RS_CONN_CAUSE_TLS_QUEUE, /* we have kept it waiting */
	[CONN_SECURING] = RS_CONN_CAUSE_TLS,
	[CONN_TAKING] = RS_CONN_CAUSE_TLS,
	[CONN_UPGRADING] = RS_CONN_CAUSE_HTTP,
	[CONN_UP] = RS_CONN_CAUSE_PEER,
};

static enum rs_conn_cause
half_closed_cause(const struct conn *x)
{
	if (x->state == CONN_UP && x->tls != NONE) /* close_notify comes before it, and ends the connection */
		return RS_CONN_CAUSE_TRUNCATED;
	return (enum rs_conn_cause)half_closed[x->state];
}

static void
tcp_event(void *ctx, rs_handle h, uint64_t user, enum rs_tcp_event event, enum rs_tcp_cause cause)
{
	struct rs_conns *c = ctx;
	struct conn *x;

	if (event == RS_TCP_ACCEPTED) {
		accepted(c, h);
		return;
	}
	x = conn_of(c, user);
	if (!x)
		return;
	switch (event) {
	case RS_TCP_CONNECTED:
		conn_go_on(c, x);
		break;
	case RS_TCP_WRITABLE:
		conn_flush(c, x);
		break;
	case RS_TCP_HALF_CLOSED:
		if (!secure_half_closed(c, x))
			conn_end(c, x, half_closed_cause(x), 0, RS_CONN_FIN);
		break;
	case RS_TCP_CLOSED:
		x->tcp = 0;
		conn_end(c, x, cause_of(cause), 0, RS_CONN_SILENT);
		break;
	case RS_TCP_ACCEPTED:
		break;
	}
}

static size_t
tcp_data(void *ctx, rs_handle h, uint64_t user, struct rs_slice bytes)
{
	struct rs_conns *c = ctx;
	struct conn *x = conn_of(c, user);

	if (!x)
		return bytes.len;
	if (x->state == CONN_QUEUED || x->state == CONN_SECURING || x->owed > 0)
		return secure_bytes(c, x, bytes);
	/* Packets and TCP's blocks may be written: records and frames are opened where they lie. */
	conn_wire(c, x, (uint8_t *)(uintptr_t)bytes.p, bytes.len);
	return bytes.len;
}

/* --- the engine's table --- */

static int
conns_open(void *ctx, const struct rs_path *path, uint32_t profile, uint64_t user, rs_handle *out)
{
	struct rs_conns *c = ctx;
	struct rs_path from = *path;
	struct conn *x;
	int rc;

	if (c->leaving)
		return -ESHUTDOWN;
	if (profile >= c->cfg.n_profiles || path->port >= RS_CONNS_PORTS)
		return -EINVAL;
	if (!c->cfg.is_target(c->cfg.ctx, &path->remote))
		return -EACCES;
	x = take(c, profile, user);
	if (!x)
		return -ENOBUFS;
	rs_handle me = x->path.conn;

	x->path = *path;
	x->path.conn = me;
	from.local_port = 0;
	conn_deadline(c, x, c->cfg.open_ns);
	rc = rs_tcp_connect(c->tcp, &from, &c->cfg.ports[path->port], tcp_user(c, x), c->now_ns, &x->tcp);
	if (rc) {
		x->tcp = 0;
		release(c, x);
		return rc == -EADDRINUSE ? -EADDRNOTAVAIL : rc;
	}
	*out = me;
	return 0;
}

static void
conns_close(void *ctx, rs_handle conn, enum rs_conn_close how)
{
	struct rs_conns *c = ctx;
	struct conn *x = conn_of(c, conn);

	if (!x)
		return;
	if (how == RS_CONN_FIN && x->state == CONN_UP && rs_transport_is_ws((enum rs_transport)x->path.transport)) {
		uint8_t payload[RS_WS_CONTROL_MAX];
		size_t n = rs_ws_close_payload(RS_WS_CODE_NORMAL, rs_slice_of(NULL, 0), payload);

		conn_control(c, x, RS_WS_CLOSING, payload, n);
		if (!conn_is(c, conn))
			return;
	}
	say_goodbye(c, x, how);
	release(c, x);
}

static void
conns_keep_alive(void *ctx, rs_handle conn, uint64_t interval_ns)
{
	struct rs_conns *c = ctx;
	struct conn *x = conn_of(c, conn);

	if (!x)
		return;
	x->keep_ms = interval_ns / RS_NS_PER_MS < UINT32_MAX ? (uint32_t)(interval_ns / RS_NS_PER_MS) : UINT32_MAX;
	conn_arm(c, x);
}

static bool
conns_alive(void *ctx, rs_handle conn)
{
	return conn_of(ctx, conn) != NULL;
}

static int
conns_info(void *ctx, rs_handle conn, struct rs_conn_info *out)
{
	struct rs_conns *c = ctx;
	const struct conn *x = conn_of(c, conn);
	struct rs_tcp_info info;

	if (!x || rs_tcp_info(c->tcp, x->tcp, &info) != 0)
		return -ENOENT;
	*out = (struct rs_conn_info){
		.path = x->path,
		.own_port = info.path.local_port,
		.tls = x->tls == NONE ? 0 : x->flags & CONN_TLS_1_3 ? 13 : 12,
		.resumed = x->flags & CONN_RESUMED,
		.accepted = x->flags & CONN_ACCEPTED,
		.open = x->state == CONN_UP,
		.opened_ns = c->origin_ns + x->begun_ms * RS_NS_PER_MS,
		.bytes_in = info.received_bytes,
		.bytes_out = info.sent_bytes,
		.rtt_ns = info.srtt_us * RS_NS_PER_US,
		.retransmitted = info.retransmitted,
	};
	return 0;
}

struct rs_link
rs_conns_link(struct rs_conns *c, const struct rs_link *datagrams)
{
	static const struct rs_conns_ops conns_ops = { .open = conns_open, .close = conns_close, .keep_alive = conns_keep_alive,
		.alive = conns_alive, .info = conns_info };

	c->datagrams = *datagrams;
	return (struct rs_link){ .take = conn_link_take, .send = conn_link_send, .drop = conn_link_drop, .take_large = conn_link_large,
		.ctx = c, .conns = &conns_ops, .conns_ctx = c };
}

/* --- turns --- */

int
rs_conns_listen(struct rs_conns *c, uint16_t port)
{
	static const struct rs_addr any;
	rs_handle h;

	return rs_tcp_listen(c->tcp, &any, port, c->cfg.tcp.half_open, 0, &h);
}

void
rs_conns_input(struct rs_conns *c, const struct rs_rx *rx, uint64_t now_ns)
{
	c->now_ns = now_ns;
	c->rx_ns = rx->time_ns;
	if (rx->kind == RS_RX_TCP)
		rs_tcp_input(c->tcp, &rx->path, rx->data, rx->len, rx->detail, now_ns);
	else
		rs_tcp_error(c->tcp, &rx->path, rs_slice_of(rx->data, rx->len), (enum rs_tcp_error_kind)rx->event, rx->detail, now_ns);
}

uint64_t
rs_conns_turn(struct rs_conns *c, uint64_t now_ns)
{
	uint32_t nodes[TURN_TIMERS], n;
	bool more;

	c->now_ns = c->rx_ns = now_ns;
	more = rs_tcp_tick(c->tcp, now_ns);
	n = rs_wheel_expire(&c->wheel, now_ns, nodes, TURN_TIMERS);
	for (uint32_t i = 0; i < n; i++)
		if (rs_pool_is_taken(&c->conns, nodes[i]) && !rs_wheel_armed(&c->wheel, nodes[i]))
			conn_timer(c, conn_at(c, nodes[i]));
	if (more || n == TURN_TIMERS)
		return now_ns;
	return rs_conns_next(c);
}

uint64_t
rs_conns_next(const struct rs_conns *c)
{
	uint64_t next = rs_tcp_next_due(c->tcp), due = rs_wheel_next(&c->wheel);

	return due < next ? due : next;
}

uint32_t
rs_conns_poll(struct rs_conns *c, uint64_t now_ns)
{
	c->now_ns = c->rx_ns = now_ns;
	return secure_poll(c);
}

uint32_t
rs_conns_open(const struct rs_conns *c)
{
	return c->conns.used;
}

bool
rs_conns_leave(struct rs_conns *c, uint32_t n, uint64_t now_ns)
{
	c->now_ns = now_ns;
	c->leaving = true;
	for (; n > 0 && c->leave_next < c->conns.fresh; c->leave_next++) {
		struct conn *x = conn_at(c, c->leave_next);

		if (!rs_pool_is_taken(&c->conns, c->leave_next))
			continue;
		if (x->state == CONN_UP && rs_transport_is_ws((enum rs_transport)x->path.transport))
			conns_close(c, x->path.conn, RS_CONN_FIN); /* with a Close */
		else
			conn_end(c, x, RS_CONN_CAUSE_LOCAL, 0, x->state == CONN_UP ? RS_CONN_FIN : RS_CONN_RST);
		n--;
	}
	return c->leave_next < c->conns.fresh;
}

/* --- beginning and end --- */

static int
setup(struct rs_conns *c, struct rs_arena *a, struct rs_metrics *tcp_cells)
{
	struct rs_tcp_user user = { .event = tcp_event, .data = tcp_data, .ctx = c };
	struct rs_tcp_cfg tcp = c->cfg.tcp;
	uint64_t random[4];
	void *engine;
	int rc;

	tcp.connections = c->cfg.connections;
	tcp.worker = c->cfg.worker;
	for (unsigned i = 0; i < 4; i++)
		random[i] = rs_random_at(c->cfg.secret, 0x7c9 + i, c->cfg.worker);
	memcpy(tcp.secret, random, sizeof(tcp.secret));
	rc = rs_tcp_create(&tcp, &c->cfg.link, &user, a, tcp_cells, c->now_ns, &c->tcp);
	if (rc == 0)
		rc = rs_pool_init(&c->conns, a, sizeof(struct conn), c->cfg.connections);
	if (rc == 0 && c->cfg.tls_connections)
		rc = rs_pool_init(&c->tls, a, TLS_BYTES, c->cfg.tls_connections);
	if (rc == 0)
		rc = rs_wheel_init(&c->wheel, a, c->cfg.connections, c->now_ns);
	if (rc == 0)
		rc = gather_setup(c, a);
	if (rc)
		return rc;
	c->out = rs_arena_alloc(a, HEADROOM + MESSAGE_MAX, 64);
	c->sealed = rs_arena_alloc(a, LARGE, 64);
	engine = rs_arena_alloc(a, rs_tls_engine_size(), RS_TLS_ALIGN);
	if (!c->out || !c->sealed || !engine)
		return -ENOMEM;
	return c->cfg.tls_connections ? rs_tls_engine_init(engine, RS_TLS_BEST, &c->engine) : 0;
}

int
rs_conns_create(const struct rs_conns_cfg *cfg, struct rs_arena *arena, struct rs_metrics *cells, struct rs_metrics *tcp_cells,
	uint64_t now_ns, struct rs_conns **out)
{
	struct rs_conns *c = rs_arena_alloc(arena, sizeof(*c), 64);
	int rc;

	if (!c)
		return -ENOMEM;
	c->cfg = *cfg;
	c->cells = cells;
	c->now_ns = c->origin_ns = c->rx_ns = now_ns;
	c->rng.state = rs_random_at(cfg->secret, 0xc0, cfg->worker);
	c->queue_first = c->queue_last = NONE;
	for (unsigned i = 0; i < RS_CONNS_PORTS; i++) {
		struct rs_tcp_ports *p = &c->cfg.ports[i];

		if (p->last == 0)
			*p = (struct rs_tcp_ports){ .first = LOCAL_FIRST, .last = LOCAL_LAST, .bits = p->bits, .queue = p->queue,
				.queues = p->queues ? p->queues : 1 };
	}
	rc = setup(c, arena, tcp_cells);
	if (rc) {
		rs_conns_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

void
rs_conns_free(struct rs_conns *c)
{
	if (c && c->engine)
		rs_tls_engine_fini(c->engine);
}
