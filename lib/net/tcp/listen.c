/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners, and the connections that peers begin there: bounded until they are established, whatever is sent (RFC
 * 4987).
 */
#include "net/tcp/private.h"

/** The place of a listener in the table. */
static uint64_t
listener_key(const struct rs_tcp *t, const struct rs_addr *local, uint16_t port)
{
	struct rs_path path = { .local = *local, .remote = { .family = local->family }, .local_port = port };

	return tcp_key(t, &path);
}

static uint32_t
find_listener(const struct rs_tcp *t, const struct rs_addr *local, uint16_t port)
{
	uint64_t key = listener_key(t, local, port);
	uint32_t v;

	for (uint32_t i = rs_table_first(&t->table, key, &v); i != RS_TABLE_END; i = rs_table_next(&t->table, key, i, &v)) {
		const struct tcp_listener *l;

		if ((v & AT_KIND) != AT_LISTENER)
			continue;
		l = rs_pool_at(&t->listeners, v & ~AT_KIND);
		if (l->port == port && rs_addr_eq(&l->local, local))
			return v & ~AT_KIND;
	}
	return NONE;
}

struct tcp_listener *
tcp_listener_of(const struct rs_tcp *t, const struct rs_path *path, uint32_t *slot)
{
	static const struct rs_addr any = { .family = 0 };

	*slot = find_listener(t, &path->local, path->local_port);
	if (*slot == NONE && t->any_listeners)
		*slot = find_listener(t, &any, path->local_port);
	return *slot == NONE ? NULL : rs_pool_at(&t->listeners, *slot);
}

int
rs_tcp_listen(struct rs_tcp *t, const struct rs_addr *local, uint16_t port, uint32_t backlog, uint64_t user, rs_handle *h)
{
	struct tcp_listener *l;
	uint32_t slot;

	if (find_listener(t, local, port) != NONE)
		return -EADDRINUSE;
	slot = rs_pool_take(&t->listeners);
	if (slot == RS_POOL_NONE)
		return -ENOBUFS;
	if (rs_table_add(&t->table, listener_key(t, local, port), slot | AT_LISTENER) != 0) {
		rs_pool_give(&t->listeners, slot);
		return -ENOBUFS;
	}
	l = rs_pool_at(&t->listeners, slot);
	*l = (struct tcp_listener){ .local = *local, .port = port, .backlog = backlog, .user = user };
	t->any_listeners += local->family == 0;
	*h = rs_handle_make(slot | AT_LISTENER, (uint16_t)t->listeners.generation[slot], t->cfg.worker, RS_KIND_CONNECTION);
	return 0;
}

int
rs_tcp_unlisten(struct rs_tcp *t, rs_handle h, uint64_t now_ns)
{
	uint32_t slot = rs_handle_slot(h);
	struct tcp_listener *l;

	tcp_set_now(t, now_ns);
	if (rs_handle_kind(h) != RS_KIND_CONNECTION || rs_handle_worker(h) != t->cfg.worker || (slot & AT_KIND) != AT_LISTENER)
		return -ENOENT;
	slot &= ~AT_KIND;
	if (!rs_pool_is_live(&t->listeners, slot, rs_handle_generation(h)))
		return -ENOENT;
	l = rs_pool_at(&t->listeners, slot);
	for (uint32_t i = 0; i < t->conns.fresh && l->half_open; i++) {
		struct tcp_conn *c = conn_at(t, i);

		if (!rs_pool_is_taken(&t->conns, i) || c->state != RS_TCP_SYN_RECEIVED || c->listener != slot)
			continue;
		tcp_send_reset(t, c);
		tcp_free(t, c);
		count(t, RS_NET_TCP_HALF_OPEN_LOST);
	}
	t->any_listeners -= l->local.family == 0;
	rs_table_remove(&t->table, listener_key(t, &l->local, l->port), slot | AT_LISTENER);
	rs_pool_give(&t->listeners, slot);
	return 0;
}

void
tcp_left_half_open(struct rs_tcp *t, struct tcp_conn *c)
{
	struct tcp_listener *l;

	if (c->listener == NONE)
		return;
	l = rs_pool_at(&t->listeners, c->listener);
	l->half_open--;
	t->half_open--;
	c->listener = NONE;
	rs_metric_set(t->cells, RS_NET_TCP_HALF_OPEN, t->half_open);
}

void
tcp_take_syn(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	c->rcv_nxt = c->rcv_read = c->ack_sent = s->seq + 1;
	c->rcv_edge = c->rcv_nxt + least(t->cfg.receive_bytes, UINT16_MAX);
	if (t->cfg.timestamps && s->has_ts) {
		c->flags |= F_TIMESTAMPS | F_RECENT;
		c->ts_recent = s->ts_val;
		c->ts_recent_ms = t->now_ms;
	}
	if (t->cfg.sack && s->sack_permitted)
		c->flags |= F_SACK;
	if (t->cfg.window_scale && s->has_scale) {
		c->flags |= F_SCALE;
		c->snd_scale = s->scale;
		c->rcv_scale = t->rcv_scale;
	}
	if (s->mss)
		c->peer_mss = s->mss;
	tcp_set_mss(c);
	c->snd_wnd = c->snd_wnd_max = s->window; /* never scaled in a SYN (RFC 7323, 2.2) */
	c->snd_wl1 = s->seq;
	c->heard_ms = t->now_ms;
}

void
tcp_syn(struct rs_tcp *t, const struct rs_path *path, const struct segment *s, uint32_t listener, uint32_t isn_least)
{
	struct tcp_listener *l = rs_pool_at(&t->listeners, listener);
	struct tcp_conn *c;
	uint32_t isn;

	if (l->half_open >= l->backlog || t->half_open >= t->cfg.half_open) {
		count(t, RS_NET_TCP_SYN_BACKLOG);
		return;
	}
	c = tcp_take(t, path);
	if (c == NULL) {
		count(t, RS_NET_TCP_SYN_NO_MEMORY);
		return;
	}
	isn = tcp_isn(t->cfg.secret, path, t->now_ns);
	if (isn_least && !after(isn, isn_least))
		isn = isn_least + 1;
	c->path.conn = l->user;
	c->state = RS_TCP_SYN_RECEIVED;
	c->listener = listener;
	c->snd_una = c->snd_nxt = c->snd_max = c->recover = isn;
	c->snd_end = isn + 1;
	l->half_open++;
	t->half_open++;
	rs_metric_set(t->cells, RS_NET_TCP_HALF_OPEN, t->half_open);
	tcp_take_syn(t, c, s);
	tcp_send_syn(t, c);
	tcp_start_rto(t, c);
	tcp_arm(t, c);
}
