/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's TCP: its memory, who is found by which addresses, how connections come and go. */
#include "net/tcp/private.h"

#include "net/ip.h"

struct rs_tcp_cfg
rs_tcp_defaults(void)
{
	return (struct rs_tcp_cfg){
		.connections = 1024,
		.time_waits = 1024,
		.listeners = 16,
		.blocks = 2048,
		.half_open = 512,
		.send_bytes = 65536,
		.receive_bytes = 65536,
		.resets_hz = 1000,
		.initial_window = 10, /* RFC 6928 */
		.timestamps = true,
		.sack = true,
		.window_scale = true,
		/*
		 * RFC 6298 (2.4) would have 1 s; phones and trunks of today wait less, and a lost message of a call
		 * must not cost as much.
		 */
		.rto_min_ns = 200 * RS_NS_PER_MS,
		.rto_max_ns = 60 * RS_NS_PER_S,
		.connect_ns = 180 * RS_NS_PER_S, /* RFC 9293, 3.8.3 */
		.accept_ns = 30 * RS_NS_PER_S,
		.give_up_ns = 100 * RS_NS_PER_S, /* RFC 9293, 3.8.3 */
		.ack_delay_ns = 40 * RS_NS_PER_MS,
		.time_wait_ns = 60 * RS_NS_PER_S,
		.fin_wait_ns = 60 * RS_NS_PER_S,
		.keep_probe_ns = 75 * RS_NS_PER_S,
		.keep_probes = 9,
	};
}

static uint64_t
table_bytes(uint64_t cap)
{
	uint64_t n = 16;

	while (n < 2 * cap)
		n *= 2;
	return n * sizeof(struct rs_table_entry);
}

uint64_t
rs_tcp_bytes(const struct rs_tcp_cfg *cfg)
{
	uint64_t conns = cfg->connections, tombs = cfg->time_waits, listeners = cfg->listeners;

	return sizeof(struct rs_tcp) + conns * (rs_pool_cost(sizeof(struct tcp_conn)) + sizeof(struct rs_wheel_node)) +
		tombs * rs_pool_cost(sizeof(struct tcp_tomb)) + listeners * rs_pool_cost(sizeof(struct tcp_listener)) +
		table_bytes(conns + tombs + listeners) + blocks_bytes(cfg->blocks) + 16 * 64;
}

static uint32_t
to_ms(uint64_t ns)
{
	uint64_t ms = (ns + RS_NS_PER_MS - 1) / RS_NS_PER_MS;

	return ms > INT32_MAX / 2 ? INT32_MAX / 2 : (uint32_t)ms;
}

static void
set_times(struct rs_tcp *t)
{
	const struct rs_tcp_cfg *c = &t->cfg;

	t->rto_min_ms = most(to_ms(c->rto_min_ns), 1);
	t->rto_max_ms = most(to_ms(c->rto_max_ns), t->rto_min_ms);
	t->connect_ms = to_ms(c->connect_ns);
	t->accept_ms = to_ms(c->accept_ns);
	t->give_up_ms = to_ms(c->give_up_ns);
	t->ack_delay_ms = least(to_ms(c->ack_delay_ns), 500);
	t->time_wait_ms = to_ms(c->time_wait_ns);
	t->fin_wait_ms = to_ms(c->fin_wait_ns);
	t->keep_idle_ms = to_ms(c->keep_idle_ns);
	t->keep_probe_ms = most(to_ms(c->keep_probe_ns), 1);
	while (t->rcv_scale < TCP_WINDOW_SHIFT && c->receive_bytes >> t->rcv_scale > UINT16_MAX)
		t->rcv_scale++;
}

static bool
is_sane(const struct rs_tcp_cfg *c)
{
	return c->connections && c->time_waits && c->listeners && c->blocks && c->connections < AT_TOMB && c->time_waits < AT_TOMB &&
		c->listeners < AT_TOMB && c->send_bytes >= 1024 && c->send_bytes <= RS_TCP_BUF_MAX && c->receive_bytes >= 1024 &&
		c->receive_bytes <= RS_TCP_BUF_MAX && c->tso_bytes < 65536 - RS_TCP_HDR_MAX - RS_IP6_HDR_LEN &&
		c->blocks < BLOCK_NONE / 2;
}

int
rs_tcp_create(const struct rs_tcp_cfg *cfg, const struct rs_tcp_link *link, const struct rs_tcp_user *user,
	struct rs_arena *arena, struct rs_metrics *cells, uint64_t now_ns, struct rs_tcp **out)
{
	struct rs_tcp *t;

	if (!is_sane(cfg))
		return -EINVAL;
	t = rs_arena_alloc(arena, sizeof(*t), 64);
	if (t == NULL)
		return -ENOMEM;
	*t = (struct rs_tcp){ .cfg = *cfg, .link = *link, .user = *user, .cells = cells, .origin_ns = now_ns, .now_ns = now_ns };
	t->tomb_first = t->tomb_last = NONE;
	t->hash_seed = rs_siphash(cfg->secret, "table", 5);
	t->resets_left = cfg->resets_hz;
	set_times(t);
	if (rs_pool_init(&t->conns, arena, sizeof(struct tcp_conn), cfg->connections) != 0 ||
		rs_pool_init(&t->tombs, arena, sizeof(struct tcp_tomb), cfg->time_waits) != 0 ||
		rs_pool_init(&t->listeners, arena, sizeof(struct tcp_listener), cfg->listeners) != 0 ||
		rs_table_init(&t->table, arena, cfg->connections + cfg->time_waits + cfg->listeners) != 0 ||
		blocks_init(&t->blocks, arena, cfg->blocks) != 0 ||
		rs_wheel_init(&t->wheel, arena, cfg->connections, now_ns) != 0)
		return -ENOMEM;
	*out = t;
	return 0;
}

void
tcp_set_now(struct rs_tcp *t, uint64_t now_ns)
{
	if (now_ns < t->now_ns) /* receive times of bursts may lie a little behind one another */
		return;
	t->now_ns = now_ns;
	t->now_ms = (uint32_t)((now_ns - t->origin_ns) / RS_NS_PER_MS);
	t->now_us = (uint32_t)((now_ns - t->origin_ns) / RS_NS_PER_US);
}

uint64_t
tcp_key(const struct rs_tcp *t, const struct rs_path *path)
{
	struct tcp_tuple u = tcp_tuple_of(path);

	return rs_hash(&u, sizeof(u), t->hash_seed);
}

static bool
same(const struct rs_path *a, const struct rs_path *b)
{
	size_t n = a->remote.family == 4 ? 4 : 16;

	return a->local_port == b->local_port && a->remote_port == b->remote_port && a->remote.family == b->remote.family &&
		memcmp(a->remote.b, b->remote.b, n) == 0 && memcmp(a->local.b, b->local.b, n) == 0;
}

uint32_t
tcp_find(const struct rs_tcp *t, const struct rs_path *path)
{
	uint64_t key = tcp_key(t, path);
	uint32_t v;

	for (uint32_t i = rs_table_first(&t->table, key, &v); i != RS_TABLE_END; i = rs_table_next(&t->table, key, i, &v)) {
		uint32_t slot = v & ~AT_KIND;

		if ((v & AT_KIND) == AT_CONNECTION && same(&conn_at(t, slot)->path, path))
			return v;
		if ((v & AT_KIND) == AT_TOMB && same(&((struct tcp_tomb *)rs_pool_at(&t->tombs, slot))->path, path))
			return v;
	}
	return NONE;
}

/** The connection of a handle, its last event being given or not. */
static struct tcp_conn *
named(const struct rs_tcp *t, rs_handle h)
{
	uint32_t slot = rs_handle_slot(h);

	if (rs_handle_kind(h) != RS_KIND_CONNECTION || rs_handle_worker(h) != t->cfg.worker ||
		!rs_pool_is_live(&t->conns, slot, rs_handle_generation(h)))
		return NULL;
	return conn_at(t, slot);
}

struct tcp_conn *
tcp_live(const struct rs_tcp *t, rs_handle h)
{
	struct tcp_conn *c = named(t, h);

	return c == NULL || c->flags & F_CLOSING_NOW ? NULL : c;
}

struct tcp_conn *
tcp_take(struct rs_tcp *t, const struct rs_path *path)
{
	uint32_t slot = rs_pool_take(&t->conns);
	struct tcp_conn *c;

	if (slot == RS_POOL_NONE)
		return NULL;
	if (rs_table_add(&t->table, tcp_key(t, path), slot | AT_CONNECTION) != 0) {
		rs_pool_give(&t->conns, slot);
		return NULL;
	}
	c = conn_at(t, slot);
	*c = (struct tcp_conn){ .path = *path,
		.snd_head = NONE,
		.snd_tail = NONE,
		.snd_hint = NONE,
		.sacked = NONE,
		.rcv_head = NONE,
		.held = NONE,
		.listener = NONE,
		.heard_ms = t->now_ms,
		.progress_ms = t->now_ms,
		.challenge_ms = t->now_ms - CHALLENGE_MS,
		.ssthresh = WINDOW_MAX, /* RFC 5681, 3.1: as high as can be */
		.rto_ms = most(1000, t->rto_min_ms), /* RFC 6298 (2.1) */
		.peer_mss = path->remote.family == 4 ? 536 : 1220 };
	c->mtu = (uint16_t)least(most(t->link.mtu(t->link.ctx, path), MTU_MIN), UINT16_MAX);
	c->ts_offset = tcp_ts_offset(t->cfg.secret, path);
	tcp_set_mss(c);
	rs_metric_set(t->cells, RS_NET_TCP_OPEN, t->conns.used);
	return c;
}

void
tcp_set_mss(struct tcp_conn *c)
{
	uint32_t head = rs_ip_hdr_len(&c->path.remote) + RS_TCP_HDR_LEN;
	uint32_t mss = c->mtu > head + MSS_MIN ? c->mtu - head : MSS_MIN;

	mss = least(mss, most(c->peer_mss, MSS_MIN));
	c->mss = (uint16_t)(mss - (c->flags & F_TIMESTAMPS ? TCP_TS_LEN : 0));
}

uint32_t
tcp_initial_window(const struct rs_tcp *t, const struct tcp_conn *c)
{
	uint32_t n = t->cfg.initial_window;

	if (n == 0)
		n = c->mss > 2190 ? 2 : c->mss > 1095 ? 3 : 4;
	return n * c->mss;
}

/** Nobody finds it any more, and it holds no memory but its own. */
static void
take_out(struct rs_tcp *t, struct tcp_conn *c)
{
	uint32_t slot = slot_of(t, c);

	tcp_left_half_open(t, c);
	rs_table_remove(&t->table, tcp_key(t, &c->path), slot | AT_CONNECTION);
	rs_wheel_cancel(&t->wheel, slot);
	c->dues = 0;
	blocks_give_chain(&t->blocks, c->snd_head);
	blocks_give_chain(&t->blocks, c->rcv_head);
	c->snd_head = c->snd_tail = c->snd_hint = c->rcv_head = NONE;
	if (c->sacked != NONE)
		blocks_give(&t->blocks, c->sacked);
	if (c->held != NONE)
		blocks_give(&t->blocks, c->held);
	c->sacked = c->held = NONE;
	rs_metric_set(t->cells, RS_NET_TCP_BLOCKS, t->blocks.used);
}

static void
give(struct rs_tcp *t, struct tcp_conn *c)
{
	rs_pool_give(&t->conns, slot_of(t, c));
	rs_metric_set(t->cells, RS_NET_TCP_OPEN, t->conns.used);
}

void
tcp_free(struct rs_tcp *t, struct tcp_conn *c)
{
	take_out(t, c);
	give(t, c);
}

bool
tcp_tell(struct rs_tcp *t, struct tcp_conn *c, enum rs_tcp_event event, enum rs_tcp_cause cause)
{
	rs_handle h = handle_of(t, c);

	t->user.event(t->user.ctx, h, c->path.conn, event, cause);
	return tcp_live(t, h) != NULL;
}

void
tcp_end(struct rs_tcp *t, struct tcp_conn *c, enum rs_tcp_cause cause)
{
	bool known = c->state != RS_TCP_SYN_RECEIVED || (c->flags & F_ACTIVE);

	take_out(t, c);
	if (c->state == RS_TCP_TIME_WAIT)
		tcp_bury(t, c);
	c->flags |= F_CLOSING_NOW;
	if (known) {
		count(t, RS_NET_TCP_CLOSED + cause);
		t->user.event(t->user.ctx, handle_of(t, c), c->path.conn, RS_TCP_CLOSED, cause);
	} else {
		count(t, RS_NET_TCP_HALF_OPEN_LOST);
	}
	give(t, c);
}

bool
tcp_finish(struct rs_tcp *t, struct tcp_conn *c)
{
	uint32_t end = c->rcv_nxt - (c->flags & F_FIN_TAKEN ? 1 : 0);

	if (c->rcv_read != end && !(c->flags & F_CLOSED)) {
		c->flags |= F_DONE;
		c->dues = 0;
		return true;
	}
	tcp_end(t, c, RS_TCP_CAUSE_NONE);
	return false;
}

int
rs_tcp_info(const struct rs_tcp *t, rs_handle h, struct rs_tcp_info *out)
{
	const struct tcp_conn *c = named(t, h);

	if (c == NULL)
		return -ENOENT;
	*out = (struct rs_tcp_info){ .path = c->path,
		.user = c->path.conn,
		.state = c->state,
		.sent_bytes = c->sent_bytes,
		.received_bytes = c->received_bytes,
		.retransmitted = c->retransmitted,
		.srtt_us = c->srtt_us8 / 8,
		.rttvar_us = c->rttvar_us4 / 4,
		.rto_us = c->rto_ms * 1000,
		.mss = c->mss,
		.window = c->snd_wnd,
		.cwnd = c->cwnd,
		.ssthresh = c->ssthresh,
		.unacked_bytes = is_synchronized(c) && after(c->snd_end, c->snd_una) ? c->snd_end - c->snd_una : 0,
		.unread_bytes = c->rcv_nxt - c->rcv_read - (c->flags & F_FIN_TAKEN ? 1 : 0),
		.blocks = (c->sacked != NONE) + (c->held != NONE),
		.timestamps = c->flags & F_TIMESTAMPS,
		.sack = c->flags & F_SACK,
		.window_scale = c->flags & F_SCALE };
	for (uint32_t i = c->snd_head; i != NONE; i = t->blocks.meta[i].next)
		out->blocks++;
	for (uint32_t i = c->rcv_head; i != NONE; i = t->blocks.meta[i].next)
		out->blocks++;
	return 0;
}

const char *
rs_tcp_state_name(enum rs_tcp_state state)
{
	static const char *const names[] = { "CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2",
		"CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT" };

	return names[state];
}

const char *
rs_tcp_cause_name(enum rs_tcp_cause cause)
{
	static const char *const names[RS_TCP_CAUSES] = { "closed", "refused", "reset", "timed out", "unreachable",
		"keep-alive not answered" };

	return names[cause];
}
