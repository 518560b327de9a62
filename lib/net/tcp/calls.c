/* SPDX-License-Identifier: BSD-3-Clause */
/* What users call: connect, write, read, shut down, close, abort (RFC 9293, 3.9.1). */
#include "net/tcp/private.h"

#include "base/steer.h"

/*
 * Ports looked at before there is none: with many workers and a nearly full range some more would be found, in no time
 * that we have.
 */
#define PORT_TRIES 2048u

/** A local port of this worker's that makes a 4-tuple which nobody has; where there is none, one of a tombstone that may go. */
static int
pick_port(struct rs_tcp *t, struct rs_path *path, const struct rs_tcp_ports *p)
{
	uint32_t n, at, isn;
	uint16_t second = 0;

	if (p == NULL || p->first == 0 || p->last < p->first || p->queues == 0 || p->queue >= p->queues)
		return -EINVAL;
	n = p->last - p->first + 1u;
	at = tcp_port_offset(t->cfg.secret, path) + t->port_turn;
	for (uint32_t i = 0; i < n && i < PORT_TRIES; i++) {
		uint32_t who;

		path->local_port = (uint16_t)(p->first + (at + i) % n);
		if (rs_steer_queue(&path->local, path->local_port, p->bits, p->queues) != p->queue)
			continue;
		who = tcp_find(t, path);
		if (who == NONE) {
			t->port_turn += i + 1;
			return 0;
		}
		if (second == 0 && (who & AT_KIND) == AT_TOMB && tcp_tomb_may_reuse(t, who & ~AT_KIND, &isn))
			second = path->local_port;
	}
	t->port_turn += least(n, PORT_TRIES);
	path->local_port = second;
	if (second != 0)
		return 0;
	count(t, RS_NET_TCP_NO_PORT);
	return -EADDRINUSE;
}

/** Is there nobody, or a tombstone that may go? */
static int
clear_place(struct rs_tcp *t, const struct rs_path *path, uint32_t *isn_least)
{
	uint32_t at = tcp_find(t, path);

	if (at == NONE)
		return 0;
	if ((at & AT_KIND) != AT_TOMB || !tcp_tomb_may_reuse(t, at & ~AT_KIND, isn_least))
		return -EADDRINUSE;
	tcp_tomb_remove(t, at & ~AT_KIND);
	count(t, RS_NET_TCP_TIME_WAIT_REUSED);
	return 0;
}

int
rs_tcp_connect(struct rs_tcp *t, const struct rs_path *where, const struct rs_tcp_ports *ports, uint64_t user, uint64_t now_ns,
	rs_handle *h)
{
	struct rs_path path = *where;
	struct tcp_conn *c;
	uint32_t least_isn = 0, isn;
	bool reused;
	int rc = 0;

	tcp_set_now(t, now_ns);
	if (path.local.family != path.remote.family || (path.local.family != 4 && path.local.family != 6) || path.remote_port == 0)
		return -EINVAL;
	if (t->conns.used == t->conns.cap) {
		count(t, RS_NET_TCP_NO_CONNECTION_FREE);
		return -ENOBUFS;
	}
	if (path.local_port == 0)
		rc = pick_port(t, &path, ports);
	if (rc == 0)
		rc = clear_place(t, &path, &least_isn);
	if (rc != 0)
		return rc;
	reused = least_isn != 0;
	c = tcp_take(t, &path);
	if (c == NULL) {
		count(t, RS_NET_TCP_NO_CONNECTION_FREE);
		return -ENOBUFS;
	}
	isn = tcp_isn(t->cfg.secret, &path, t->now_ns);
	if (reused && !after(isn, least_isn))
		isn = least_isn + 1;
	c->path.conn = user;
	c->state = RS_TCP_SYN_SENT;
	c->flags = F_ACTIVE;
	c->snd_una = c->snd_nxt = c->snd_max = c->recover = isn;
	c->snd_end = isn + 1;
	count(t, RS_NET_TCP_CONNECTS);
	tcp_send_syn(t, c);
	tcp_start_rto(t, c);
	tcp_arm(t, c);
	*h = handle_of(t, c);
	return 0;
}

int64_t
rs_tcp_write(struct rs_tcp *t, rs_handle h, struct rs_slice bytes, uint64_t now_ns)
{
	struct tcp_conn *c = tcp_live(t, h);
	uint32_t used, n, at, done = 0;

	tcp_set_now(t, now_ns);
	if (c == NULL)
		return -ENOENT;
	if (!can_write(c))
		return -EPIPE;
	used = c->snd_end - c->snd_una - !is_synchronized(c);
	n = used < t->cfg.send_bytes ? t->cfg.send_bytes - used : 0;
	if (bytes.len < n)
		n = (uint32_t)bytes.len;
	at = c->snd_tail;
	if (n && blocks_below(&t->blocks, 7)) {
		done = blocks_put(&t->blocks, &at, c->snd_end, bytes.p, n);
		if (c->snd_head == NONE)
			c->snd_head = at;
		for (; at != NONE; at = t->blocks.meta[at].next)
			c->snd_tail = at;
		c->snd_end += done;
		rs_metric_set(t->cells, RS_NET_TCP_BLOCKS, t->blocks.used);
	}
	if (done < bytes.len) {
		c->flags |= F_WANT_WRITE;
		if (done < n) {
			count(t, RS_NET_TCP_NO_BLOCK);
			tcp_due_in(t, c, DUE_AGAIN, NO_BUFFER_MS);
		}
	}
	tcp_output(t, c);
	return done;
}

int
rs_tcp_read(struct rs_tcp *t, rs_handle h, uint64_t now_ns)
{
	struct tcp_conn *c = tcp_live(t, h);

	tcp_set_now(t, now_ns);
	if (c == NULL)
		return -ENOENT;
	if (c->flags & F_HOLD)
		return -EBUSY;
	if (!(c->flags & F_PAUSED))
		return 0;
	c->flags &= ~(uint32_t)F_PAUSED;
	c->flags |= F_HOLD;
	if (!tcp_deliver(t, c))
		return 0;
	c->flags &= ~(uint32_t)F_HOLD;
	/* The window is told again when it has grown by what is worth while (RFC 9293, 3.8.6.2.2). */
	if (!(c->flags & F_FIN_TAKEN) &&
		c->rcv_read + t->cfg.receive_bytes - c->rcv_edge >= least(t->cfg.receive_bytes / 2, 2u * c->mss))
		c->flags |= F_ACK_NOW;
	tcp_output(t, c);
	return 0;
}

/** Our FIN stands behind what was written (RFC 9293, 3.10.4). */
static void
queue_fin(struct tcp_conn *c)
{
	c->flags |= F_FIN_QUEUED;
	c->flags &= ~(uint32_t)F_WANT_WRITE;
	if (c->state == RS_TCP_ESTABLISHED)
		c->state = RS_TCP_FIN_WAIT_1;
	else if (c->state == RS_TCP_CLOSE_WAIT)
		c->state = RS_TCP_LAST_ACK;
}

int
rs_tcp_shutdown(struct rs_tcp *t, rs_handle h, uint64_t now_ns)
{
	struct tcp_conn *c = tcp_live(t, h);

	tcp_set_now(t, now_ns);
	if (c == NULL)
		return -ENOENT;
	if (!can_write(c))
		return -EPIPE;
	queue_fin(c);
	tcp_output(t, c);
	return 0;
}

int
rs_tcp_abort(struct rs_tcp *t, rs_handle h, uint64_t now_ns)
{
	struct tcp_conn *c = tcp_live(t, h);

	tcp_set_now(t, now_ns);
	if (c == NULL)
		return -ENOENT;
	if (c->state != RS_TCP_SYN_SENT && !(c->flags & F_DONE))
		tcp_send_reset(t, c);
	count(t, RS_NET_TCP_ABORTED);
	tcp_free(t, c);
	return 0;
}

int
rs_tcp_forget(struct rs_tcp *t, rs_handle h)
{
	struct tcp_conn *c = tcp_live(t, h);

	if (c == NULL)
		return -ENOENT;
	count(t, RS_NET_TCP_ABORTED);
	tcp_free(t, c);
	return 0;
}

static int
close_conn(struct rs_tcp *t, rs_handle h, bool gently, uint64_t now_ns)
{
	struct tcp_conn *c = tcp_live(t, h);

	tcp_set_now(t, now_ns);
	if (c == NULL)
		return -ENOENT;
	if (c->flags & F_CLOSED)
		return -EALREADY;
	gently &= !(c->flags & F_DONE);
	if (!is_synchronized(c) || (!gently && c->rcv_nxt - c->rcv_read != (c->flags & F_FIN_TAKEN ? 1 : 0))) {
		(void)rs_tcp_abort(t, h, now_ns);
		return 1;
	}
	c->flags |= F_CLOSED | (gently ? F_DRAIN : 0);
	if (!(c->flags & F_FIN_QUEUED))
		queue_fin(c);
	if (c->state == RS_TCP_FIN_WAIT_2)
		tcp_due_in(t, c, DUE_IDLE, t->fin_wait_ms);
	tcp_output(t, c);
	return 0;
}

int
rs_tcp_close(struct rs_tcp *t, rs_handle h, uint64_t now_ns)
{
	return close_conn(t, h, false, now_ns);
}

int
rs_tcp_close_gently(struct rs_tcp *t, rs_handle h, uint64_t now_ns)
{
	return close_conn(t, h, true, now_ns);
}

int
rs_tcp_set_user(struct rs_tcp *t, rs_handle h, uint64_t user)
{
	struct tcp_conn *c = tcp_live(t, h);

	if (c == NULL)
		return -ENOENT;
	c->path.conn = user;
	return 0;
}
