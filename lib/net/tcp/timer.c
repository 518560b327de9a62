/* SPDX-License-Identifier: BSD-3-Clause */
/* Deadlines: one timer a connection, armed for the first of them, and not moved while it fires early enough. */
#include "net/tcp/private.h"

#define BATCH  64u
#define BUDGET 1024u /* timers a call */

void
tcp_arm(struct rs_tcp *t, struct tcp_conn *c)
{
	uint32_t slot = slot_of(t, c), first = 0;
	bool any = false;

	for (uint32_t d = 0; d < DUES; d++) {
		if (is_due(c, d) && (!any || before(c->due[d], first))) {
			first = c->due[d];
			any = true;
		}
	}
	if (!any || (rs_wheel_armed(&t->wheel, slot) && !before(first, c->armed)))
		return;
	c->armed = first;
	rs_wheel_arm(&t->wheel, slot,
		t->origin_ns + ((t->now_ns - t->origin_ns) / RS_NS_PER_MS + (uint64_t)(int64_t)(int32_t)(first - t->now_ms)) * RS_NS_PER_MS);
}

void
tcp_start_rto(struct rs_tcp *t, struct tcp_conn *c)
{
	uint64_t ms = (uint64_t)c->rto_ms << least(c->backoff, 16);

	tcp_due_in(t, c, DUE_RETRANSMIT, ms > t->rto_max_ms ? t->rto_max_ms : (uint32_t)ms);
}

static bool
give_up(struct rs_tcp *t, struct tcp_conn *c)
{
	tcp_end(t, c, c->flags & F_SOFT_ERROR ? RS_TCP_CAUSE_UNREACHABLE : RS_TCP_CAUSE_TIMEOUT);
	return false;
}

static void
back_off(struct rs_tcp *t, struct tcp_conn *c)
{
	if (c->backoff < UINT8_MAX)
		c->backoff++;
	tcp_start_rto(t, c);
}

static bool
syn_timer(struct rs_tcp *t, struct tcp_conn *c)
{
	uint32_t most_ms = c->flags & F_ACTIVE ? t->connect_ms : t->accept_ms;

	if (t->now_ms - c->progress_ms >= most_ms)
		return give_up(t, c);
	tcp_send_syn(t, c);
	back_off(t, c);
	/* The last wait is not longer than there is time. */
	if (after(c->due[DUE_RETRANSMIT], c->progress_ms + most_ms))
		set_due(c, DUE_RETRANSMIT, c->progress_ms + most_ms);
	return true;
}

/** @return false: the connection is gone */
static bool
retransmit_timer(struct rs_tcp *t, struct tcp_conn *c)
{
	if (!is_synchronized(c))
		return syn_timer(t, c);
	if (c->snd_wnd == 0 && c->snd_una != c->snd_max) /* closed, and what is under way was not taken */
		c->flags |= F_PERSIST;
	if (c->flags & F_PERSIST) {
		/*
		 * As long as the peer answers it may keep its window closed (RFC 9293, 3.8.6.1), but not what nobody
		 * here waits for.
		 */
		if (t->now_ms - c->progress_ms >= t->give_up_ms && (c->flags & F_CLOSED || t->now_ms - c->heard_ms >= t->give_up_ms))
			return give_up(t, c);
		if (c->snd_wnd) /* too small for a segment, and it did not grow: what fits goes (RFC 9293, 3.8.6.2.1) */
			c->snd_wnd_max = c->snd_wnd;
		else
			tcp_probe_window(t, c);
		back_off(t, c);
		return true;
	}
	if (c->snd_una == c->snd_max)
		return true;
	if (t->now_ms - c->progress_ms >= t->give_up_ms)
		return give_up(t, c);
	tcp_lost_all(t, c);
	back_off(t, c);
	return true;
}

static bool
idle_timer(struct rs_tcp *t, struct tcp_conn *c)
{
	uint32_t idle = t->now_ms - c->heard_ms;

	if (c->state == RS_TCP_FIN_WAIT_2 && c->flags & F_CLOSED) {
		tcp_send_reset(t, c);
		tcp_end(t, c, RS_TCP_CAUSE_TIMEOUT);
		return false;
	}
	if (t->keep_idle_ms == 0)
		return true;
	if (idle < t->keep_idle_ms || c->snd_una != c->snd_max) {
		c->probes = 0;
		tcp_due_in(t, c, DUE_IDLE, idle < t->keep_idle_ms ? t->keep_idle_ms - idle : t->keep_idle_ms);
		return true;
	}
	if (c->probes >= t->cfg.keep_probes) {
		tcp_send_reset(t, c);
		tcp_end(t, c, RS_TCP_CAUSE_KEEPALIVE);
		return false;
	}
	c->probes++;
	tcp_probe_alive(t, c);
	tcp_due_in(t, c, DUE_IDLE, t->keep_probe_ms);
	return true;
}

static bool
again_timer(struct rs_tcp *t, struct tcp_conn *c)
{
	if (!is_synchronized(c) && c->snd_max == c->snd_una) {
		tcp_send_syn(t, c);
		return true;
	}
	if (!(c->flags & F_WANT_WRITE) || c->snd_end - c->snd_una > t->cfg.send_bytes / 2)
		return true;
	if (!blocks_below(&t->blocks, 7)) {
		tcp_due_in(t, c, DUE_AGAIN, NO_BUFFER_MS);
		return true;
	}
	c->flags &= ~(uint32_t)F_WANT_WRITE;
	return tcp_tell(t, c, RS_TCP_WRITABLE, RS_TCP_CAUSE_NONE);
}

static bool
ack_timer(struct rs_tcp *t, struct tcp_conn *c)
{
	count(t, RS_NET_TCP_ACKS_DELAYED);
	c->flags |= F_ACK_NOW;
	return true;
}

static void
fire(struct rs_tcp *t, struct tcp_conn *c)
{
	static bool (*const timers[DUES])(struct rs_tcp *, struct tcp_conn *) = {
		[DUE_RETRANSMIT] = retransmit_timer,
		[DUE_ACK] = ack_timer,
		[DUE_IDLE] = idle_timer,
		[DUE_AGAIN] = again_timer,
	};

	c->flags |= F_HOLD;
	for (uint32_t d = 0; d < DUES; d++) {
		if (!is_due(c, d) || before(t->now_ms, c->due[d]))
			continue;
		clear_due(c, d);
		if (!timers[d](t, c))
			return;
	}
	c->flags &= ~(uint32_t)F_HOLD;
	tcp_output(t, c);
}

bool
rs_tcp_tick(struct rs_tcp *t, uint64_t now_ns)
{
	uint32_t nodes[BATCH], n, left = BUDGET;

	tcp_set_now(t, now_ns);
	do {
		n = rs_wheel_expire(&t->wheel, t->now_ns, nodes, BATCH);
		for (uint32_t i = 0; i < n; i++)
			/* Ended by one before it, and perhaps begun anew: then it is armed, or nothing of it is due. */
			if (rs_pool_is_taken(&t->conns, nodes[i]) && !(conn_at(t, nodes[i])->flags & F_CLOSING_NOW))
				fire(t, conn_at(t, nodes[i]));
		left -= n;
	} while (n == BATCH && left);
	return tcp_tombs_expire(t, BUDGET) || n == BATCH;
}

uint64_t
rs_tcp_next_due(const struct rs_tcp *t)
{
	uint64_t due = rs_wheel_next(&t->wheel);

	if (t->tomb_first != NONE) {
		const struct tcp_tomb *b = rs_pool_at(&t->tombs, t->tomb_first);
		int64_t in_ms = (int32_t)(b->until_ms - t->now_ms);
		uint64_t at = t->origin_ns +
			((t->now_ns - t->origin_ns) / RS_NS_PER_MS + (uint64_t)(in_ms > 0 ? in_ms : 0)) * RS_NS_PER_MS;

		if (at < due)
			due = at;
	}
	return due;
}
