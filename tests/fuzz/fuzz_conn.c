/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections as a machine with state: what a peer says over TCP in pieces of any size becomes frames, where there is WebSocket, messages,
 * keep-alives and events. The peer is a TCP of ours that says what the input says. The first byte: WebSocket or not, who opens, what the
 * user does with a message. The rest is steps. What must hold: events come in their order, messages within bounds, memory too; and when
 * all is over, nothing is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/conn/conn.h"
#include "proto/ws/upgrade.h"
#include "proto/ws/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define START	(100 * RS_NS_PER_S)
#define UNDER	64u
#define LONGEST 1600u
#define CONNECTIONS 4u
#define USER	77
#define MESSAGE_MAX 65536u

enum { WEBSOCKET = 1, WE_OPEN = 2, ECHOES = 4, CLOSES = 8, KEEPS_ALIVE = 16 };

struct way {
	uint32_t len;
	bool to_us;
	uint8_t bytes[LONGEST];
};

struct world {
	uint64_t now;
	uint8_t mode;
	struct rs_arena arena, peer_arena;
	struct rs_metrics cells, tcp_cells, peer_cells;
	struct rs_conns *conns;
	struct rs_conns_profile profile;
	struct rs_link link;
	struct rs_tcp *peer;
	rs_handle theirs, ours; /* the connection; 0: none */
	bool up, deaf;		/* ours was told of; the peer does not read */
	struct way under[UNDER];
	uint32_t n_under;
	uint8_t frames[2][LONGEST];
	uint8_t said[2048];	/* the peer's memory of what we said first */
	uint32_t n_said;
	const uint8_t *p;
	size_t left;
};

static uint8_t
next(struct world *w)
{
	if (w->left == 0)
		return 0;
	w->left--;
	return *w->p++;
}

static struct rs_path
path_to(bool us)
{
	struct rs_path p = { .local = { { 198, 18, 0, 1 }, 4 }, .remote = { { 198, 18, 0, 2 }, 4 } };

	return us ? p : (struct rs_path){ .local = p.remote, .remote = p.local };
}

static int
take(struct world *w, unsigned who, uint32_t len, struct rs_buf *buf)
{
	if (len > LONGEST)
		abort();
	*buf = (struct rs_buf){ .data = w->frames[who], .cap = len };
	return 0;
}

static int
put(struct world *w, bool to_us, const struct rs_buf *buf, uint32_t len)
{
	if (w->n_under == UNDER)
		return -1;
	w->under[w->n_under].len = len;
	w->under[w->n_under].to_us = to_us;
	memcpy(w->under[w->n_under++].bytes, buf->data, len);
	return 0;
}

static int
take_ours(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf)
{
	return take(ctx, 0, len, buf);
}

static int
take_theirs(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf)
{
	return take(ctx, 1, len, buf);
}

static int
put_ours(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss)
{
	return put(ctx, false, buf, len);
}

static int
put_theirs(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss)
{
	return put(ctx, true, buf, len);
}

static uint32_t
mtu(void *ctx, const struct rs_path *path)
{
	return 1500;
}

static bool
is_target(void *ctx, const struct rs_addr *to)
{
	return true;
}

static bool
listens(void *ctx, const struct rs_path *path, uint32_t *profile, uint64_t *user)
{
	*profile = 0;
	*user = USER;
	return true;
}

static uint32_t
endpoint(void *ctx, uint32_t profile, uint64_t user, const struct rs_path *path)
{
	return 0;
}

static void
say(struct world *w, rs_handle conn, const uint8_t *bytes, uint32_t len)
{
	struct rs_path path = { .transport = (uint8_t)w->profile.transport, .conn = conn };
	struct rs_buf buf;

	if (w->link.take(w->link.ctx, &path, &buf) != 0)
		return;
	if (len > buf.cap)
		abort();
	memcpy(buf.data, bytes, len);
	(void)w->link.send(w->link.ctx, &path, &buf, len);
}

static void
deliver_message(struct world *w, const struct rs_rx *rx)
{
	static uint8_t copy[MESSAGE_MAX + 1];

	if (!w->up || rx->path.conn != w->ours || rx->len > MESSAGE_MAX || rx->user != USER)
		abort();
	memcpy(copy, rx->data, rx->len);
	if (w->mode & ECHOES)
		say(w, rx->path.conn, copy, rx->len);
	if (w->mode & CLOSES && rx->len % 3 == 0) {
		w->link.conns->close(w->link.conns_ctx, rx->path.conn, (enum rs_conn_close)(rx->len % 2 ? RS_CONN_FIN : RS_CONN_RST));
		w->up = false;
		w->ours = 0;
	}
}

static void
deliver(void *ctx, const struct rs_rx *rx)
{
	struct world *w = ctx;

	if (rx->kind == RS_RX_SIP) {
		deliver_message(w, rx);
		return;
	}
	if (rx->kind != RS_RX_CONN || rx->user != USER)
		abort();
	switch ((enum rs_conn_event)rx->event) {
	case RS_CONN_OPENED:
		if (w->up || !(w->mode & WE_OPEN) || rx->path.conn != w->ours)
			abort();
		w->up = true;
		break;
	case RS_CONN_ACCEPTED:
		if (w->up) /* the peer has given that one up, and we have not heard of it */
			w->link.conns->close(w->link.conns_ctx, w->ours, RS_CONN_RST);
		w->ours = rx->path.conn;
		w->up = true;
		if (w->mode & KEEPS_ALIVE)
			w->link.conns->keep_alive(w->link.conns_ctx, w->ours, 20 * RS_NS_PER_S);
		break;
	case RS_CONN_CLOSED:
		if (rx->path.conn != w->ours || w->link.conns->alive(w->link.conns_ctx, rx->path.conn))
			abort();
		w->up = false;
		w->ours = 0;
		break;
	case RS_CONN_NOT_ACCEPTED:
		if (rx->path.conn == w->ours || w->mode & WE_OPEN)
			abort();
		break;
	}
}

/* --- the peer --- */

static void
peer_event(void *ctx, rs_handle h, uint64_t user, enum rs_tcp_event what, enum rs_tcp_cause cause)
{
	struct world *w = ctx;

	if (what == RS_TCP_ACCEPTED) {
		w->theirs = h;
		w->n_said = 0;
	} else if (what == RS_TCP_CLOSED && h == w->theirs) {
		w->theirs = 0;
	}
}

static size_t
peer_data(void *ctx, rs_handle h, uint64_t user, struct rs_slice bytes)
{
	struct world *w = ctx;
	size_t n = bytes.len < sizeof(w->said) - w->n_said ? bytes.len : sizeof(w->said) - w->n_said;

	if (w->deaf)
		return 0;
	memcpy(w->said + w->n_said, bytes.p, n);
	w->n_said += (uint32_t)n;
	return bytes.len;
}

/* What passes between the two, and what that makes due. */
static void
settle(struct world *w)
{
	for (unsigned turns = 0; turns < 50; turns++) {
		for (unsigned k = 0; k < 200 && w->n_under > 0; k++) {
			struct way s = w->under[0];
			struct rs_path path = path_to(s.to_us);
			uint8_t *copy = malloc(s.len);

			w->n_under--;
			memmove(&w->under[0], &w->under[1], w->n_under * sizeof(s));
			if (copy == NULL)
				return;
			memcpy(copy, s.bytes, s.len); /* a block of its own: the sanitizer watches its end */
			if (s.to_us) {
				struct rs_rx rx = { .kind = RS_RX_TCP, .data = copy, .len = s.len, .path = path, .time_ns = w->now };

				rs_conns_input(w->conns, &rx, w->now);
			} else {
				rs_tcp_input(w->peer, &path, copy, s.len, false, w->now);
			}
			free(copy);
		}
		(void)rs_conns_turn(w->conns, w->now);
		(void)rs_tcp_tick(w->peer, w->now);
		if (w->n_under == 0)
			break;
		w->now += RS_NS_PER_MS;
	}
	if (rs_conns_open(w->conns) > CONNECTIONS || rs_metric_get(&w->cells, RS_CONNS_GATHERING) > 3 * CONNECTIONS)
		abort();
}

static void
connect_anew(struct world *w)
{
	struct rs_path path = path_to(w->mode & WE_OPEN);

	if (w->theirs)
		(void)rs_tcp_abort(w->peer, w->theirs, w->now);
	w->theirs = 0;
	settle(w);
	w->n_said = 0;
	if (w->mode & WE_OPEN) {
		if (w->ours)
			w->link.conns->close(w->link.conns_ctx, w->ours, RS_CONN_RST);
		w->ours = 0;
		w->up = false;
		path.local_port = path.remote_port = 5060;
		path.transport = (uint8_t)w->profile.transport;
		if (w->link.conns->open(w->link.conns_ctx, &path, 0, USER, &w->ours) == 0 && w->mode & KEEPS_ALIVE)
			w->link.conns->keep_alive(w->link.conns_ctx, w->ours, 20 * RS_NS_PER_S);
	} else {
		path.remote_port = 5060;
		if (rs_tcp_connect(w->peer, &path, &(struct rs_tcp_ports){ .first = 10240, .last = 65535, .queues = 1 }, 1, w->now, &w->theirs) != 0)
			w->theirs = 0;
	}
	settle(w);
}

static void
peer_says(struct world *w, const uint8_t *bytes, size_t len)
{
	if (w->theirs && len > 0)
		(void)rs_tcp_write(w->peer, w->theirs, rs_slice_of(bytes, len), w->now);
	settle(w);
}

/* To our request for an upgrade, the right answer. */
static void
peer_upgrades(struct world *w)
{
	uint8_t text[RS_HTTP_MAX_HEAD];
	struct rs_http_head head;
	struct rs_ws_asked asked;
	size_t seen = 0, used;
	int n;

	if (rs_http_parse(w->said, w->n_said, &seen, &head, &used) != 0)
		return;
	rs_ws_read_request(&head, &asked);
	n = rs_ws_write_answer(&asked, rs_slice_of(NULL, 0), text, sizeof(text));
	if (n > 0)
		peer_says(w, text, (size_t)n);
}

/* The input's bytes as a frame that is right: its payload is whatever it is. */
static void
peer_frames(struct world *w, uint8_t first, const uint8_t *bytes, size_t len)
{
	uint8_t room[64 + 255], mask[4] = { first, 1, 2, 3 }, *from;

	memcpy(room + 64, bytes, len);
	from = rs_ws_wrap(room + 64, len, (enum rs_ws_opcode)(first & 15), first & 128, w->mode & WE_OPEN ? NULL : mask);
	peer_says(w, from, (size_t)(room + 64 + len - from));
}

static void
step(struct world *w)
{
	uint8_t op = next(w), bytes[255];
	uint32_t len = 0;

	switch (op & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4: /* bytes, as they are */
	case 5:
		len = next(w);
		for (uint32_t i = 0; i < len; i++)
			bytes[i] = next(w);
		if ((op & 15) >= 4)
			peer_frames(w, next(w), bytes, len);
		else
			peer_says(w, bytes, len);
		break;
	case 6: /* the same byte over and over */
		len = next(w) * 64u;
		memset(bytes, next(w), sizeof(bytes));
		for (uint32_t n; len > 0; len -= n) {
			n = len < sizeof(bytes) ? len : (uint32_t)sizeof(bytes);
			peer_says(w, bytes, n);
		}
		break;
	case 7: peer_upgrades(w); break;
	case 8: w->deaf = !w->deaf; break;
	case 9: connect_anew(w); break;
	case 10:
		if (w->theirs)
			(void)rs_tcp_shutdown(w->peer, w->theirs, w->now);
		break;
	case 11:
		if (w->theirs)
			(void)rs_tcp_abort(w->peer, w->theirs, w->now);
		break;
	case 12: /* the user closes it */
		if (w->up) {
			w->link.conns->close(w->link.conns_ctx, w->ours, (enum rs_conn_close)(next(w) % 3));
			w->up = false;
			w->ours = 0;
		}
		break;
	case 13:
		len = next(w);
		memset(bytes, 'x', sizeof(bytes));
		if (w->up)
			say(w, w->ours, bytes, len);
		break;
	case 14: w->now += next(w) * 100 * RS_NS_PER_MS; break;
	case 15: w->now += next(w) * RS_NS_PER_S; break;
	}
	settle(w);
}

static void
begin(struct world *w)
{
	static const struct rs_link none;
	struct rs_conns_cfg cfg = rs_conns_defaults();
	struct rs_tcp_cfg tcp = rs_tcp_defaults();
	struct rs_tcp_link link = { take_theirs, put_theirs, mtu, w };
	struct rs_tcp_user user = { peer_event, peer_data, w };
	struct rs_addr any = { .family = 0 };
	rs_handle h;

	w->profile = (struct rs_conns_profile){ .transport = w->mode & WEBSOCKET ? RS_TRANSPORT_WS : RS_TRANSPORT_TCP,
		.host = rs_slice_of("198.18.0.2", 10) };
	cfg.profiles = &w->profile;
	cfg.n_profiles = 1;
	cfg.connections = cfg.gathering = CONNECTIONS;
	cfg.tls_connections = 0;
	cfg.link = (struct rs_tcp_link){ take_ours, put_ours, mtu, w };
	cfg.is_target = is_target;
	cfg.listens = listens;
	cfg.endpoint = endpoint;
	cfg.deliver = deliver;
	cfg.ctx = w;
	tcp.connections = CONNECTIONS;
	if (rs_metrics_init(&w->cells, &rs_conns_metrics_table) != 0 || rs_metrics_init(&w->tcp_cells, &rs_tcp_metrics_table) != 0 ||
		rs_metrics_init(&w->peer_cells, &rs_tcp_metrics_table) != 0 || rs_arena_init(&w->arena, rs_conns_bytes(&cfg)) != 0 ||
		rs_arena_init(&w->peer_arena, rs_tcp_bytes(&tcp)) != 0 ||
		rs_conns_create(&cfg, &w->arena, &w->cells, &w->tcp_cells, START, &w->conns) != 0 || rs_conns_listen(w->conns, 5060) != 0 ||
		rs_tcp_create(&tcp, &link, &user, &w->peer_arena, &w->peer_cells, START, &w->peer) != 0 ||
		rs_tcp_listen(w->peer, &any, 5060, 2, 9, &h) != 0)
		abort();
	w->link = rs_conns_link(w->conns, &none);
}

/* All connections go; nothing may be left. */
static void
finish(struct world *w)
{
	w->deaf = false;
	w->mode &= (uint8_t)~(ECHOES | CLOSES);
	if (w->theirs)
		(void)rs_tcp_abort(w->peer, w->theirs, w->now);
	settle(w);
	if (w->ours)
		w->link.conns->close(w->link.conns_ctx, w->ours, RS_CONN_RST);
	w->ours = 0;
	w->up = false;
	for (unsigned i = 0; i < 20; i++) {
		w->now += 60 * RS_NS_PER_S;
		settle(w);
	}
	if (rs_conns_open(w->conns) || rs_metric_get(&w->cells, RS_CONNS_GATHERING) || rs_metric_get(&w->tcp_cells, RS_NET_TCP_BLOCKS))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static struct world world;
	struct world *w = &world;

	if (size < 2 || size > 8192)
		return 0;
	*w = (struct world){ .now = START, .mode = input[0], .p = input + 1, .left = size - 1 };
	begin(w);
	connect_anew(w);
	while (w->left)
		step(w);
	finish(w);
	rs_conns_free(w->conns);
	rs_arena_fini(&w->arena);
	rs_arena_fini(&w->peer_arena);
	rs_metrics_fini(&w->cells);
	rs_metrics_fini(&w->tcp_cells);
	rs_metrics_fini(&w->peer_cells);
	return 0;
}
