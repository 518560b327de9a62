/* SPDX-License-Identifier: BSD-3-Clause */
/* Which bytes may go, and which go again (RFC 9293, 3.8.6.2.1; RFC 5681; RFC 6675). */
#include "net/tcp/private.h"

/** How much of it the peer has, and whether any of it. */
static const struct ranges *
sacked_of(const struct rs_tcp *t, const struct tcp_conn *c)
{
	return c->sacked == NONE ? NULL : (const void *)block_at(&t->blocks, c->sacked);
}

/** Send what was sent before once more, one segment. @param cap  bytes at most */
static bool
resend(struct rs_tcp *t, struct tcp_conn *c, uint32_t seq, uint32_t cap)
{
	bool fin;
	uint32_t n = tcp_written(c, seq, least(c->mss, least(cap, c->snd_max - seq)), &fin);

	return tcp_send_data(t, c, seq, n, fin && before(c->snd_end, c->snd_max));
}

/**
 * New bytes, or after a time-out old ones from snd_nxt on. @param room  that the congestion window leaves
 * @return bytes of sequence space sent; 0: nothing may go, or no packet is free
 */
static uint32_t
send_next(struct rs_tcp *t, struct tcp_conn *c, uint32_t room)
{
	const struct ranges *r = sacked_of(t, c);
	uint32_t seq = c->snd_nxt, window, chunk = c->mss, n;
	const struct range *x;
	bool fin;

	if (t->cfg.tso_bytes > chunk && seq == c->snd_max)
		chunk = t->cfg.tso_bytes / chunk * chunk;
	if (r && before(seq, c->snd_max) && (x = ranges_behind(r, seq)) != NULL)
		chunk = least(chunk, x->from - seq);
	n = tcp_written(c, seq, chunk, &fin);
	if (after(seq, c->snd_end) || (n == 0 && !fin))
		return 0;
	window = seq - c->snd_una < c->snd_wnd ? c->snd_wnd - (seq - c->snd_una) : 0;
	if (n > least(room, window)) {
		uint32_t most_of = least(room, window);

		/*
		 * Whole segments, or half of the largest window that there was (RFC 9293, 3.8.6.2.1); a smaller rest
		 * waits.
		 */
		if (n > c->mss && most_of >= c->mss)
			most_of -= most_of % c->mss;
		else if (room < window || most_of == 0 || most_of < c->snd_wnd_max / 2)
			return 0;
		n = most_of;
		fin = false;
	}
	if (fin && window <= n) /* it has a place in the window as a byte has */
		fin = false;
	if (n == 0 && !fin)
		return 0;
	if (!tcp_send_data(t, c, seq, n, fin))
		return 0;
	if (c->flags & F_PERSIST) { /* the timer is for what is under way again */
		c->flags &= ~(uint32_t)F_PERSIST;
		c->backoff = 0;
		clear_due(c, DUE_RETRANSMIT);
	}
	return n + fin;
}

static void
send_open(struct rs_tcp *t, struct tcp_conn *c)
{
	const struct ranges *r = sacked_of(t, c);

	/* After an idle time nobody knows what the path takes (RFC 5681, 4.1). */
	if (c->snd_una == c->snd_max && c->snd_end != c->snd_una && t->now_ms - c->progress_ms > c->rto_ms)
		c->cwnd = least(c->cwnd, tcp_initial_window(t, c));
	for (;;) {
		uint32_t out = c->snd_nxt - c->snd_una, cwnd = c->cwnd;
		const struct range *x;

		if (r && before(c->snd_nxt, c->snd_max) && (x = ranges_at(r, c->snd_nxt)) != NULL) {
			c->snd_nxt = x->to;
			continue;
		}
		if (r)
			out -= ranges_within(r, c->snd_una, c->snd_nxt);
		if (!(c->flags & (F_RECOVERY | F_LOSS))) /* limited transmit (RFC 3042) */
			cwnd += least(c->dupacks, 2) * c->mss;
		if (send_next(t, c, cwnd > out ? cwnd - out : 0) == 0)
			return;
	}
}

uint32_t
tcp_lost_edge(const struct rs_tcp *t, const struct tcp_conn *c)
{
	const struct ranges *r = sacked_of(t, c);
	uint32_t bytes = 0;

	/* From the top: three ranges, or more than two segments, above a byte make it lost (RFC 6675, IsLost). */
	for (uint32_t i = r ? r->n : 0; i > 0; i--) {
		bytes += r->r[i - 1].to - r->r[i - 1].from;
		if (r->n - i + 1 >= DUP_THRESHOLD || bytes > (DUP_THRESHOLD - 1) * c->mss)
			return r->r[i - 1].from;
	}
	return c->snd_una;
}

/** Bytes that are still on their way (RFC 6675, SetPipe). */
static uint32_t
pipe_of(const struct tcp_conn *c, const struct ranges *r, uint32_t lost)
{
	uint32_t high = after(c->high_rxt, lost) ? lost : c->high_rxt, sum = c->snd_max - lost;

	if (r)
		sum -= ranges_within(r, lost, c->snd_max);
	/* Of what is lost, what was sent again. */
	if (after(high, c->snd_una)) {
		sum += high - c->snd_una;
		if (r)
			sum -= ranges_within(r, c->snd_una, high);
	}
	/* Above it, what was sent twice counts twice. */
	if (after(c->high_rxt, lost)) {
		sum += c->high_rxt - lost;
		if (r)
			sum -= ranges_within(r, lost, c->high_rxt);
	}
	return sum;
}

/** RFC 6675, NextSeg: what goes next in a recovery with SACK. @return bytes of sequence space, 0: nothing */
static uint32_t
send_recovering(struct rs_tcp *t, struct tcp_conn *c, const struct ranges *r, uint32_t lost, uint32_t room)
{
	uint32_t seq = after(c->high_rxt, c->snd_una) ? c->high_rxt : c->snd_una, cap, n, top;
	const struct range *x = NULL;

	while (r && (x = ranges_at(r, seq)) != NULL)
		seq = x->to;
	x = r ? ranges_behind(r, seq) : NULL;
	cap = x ? x->from - seq : 0;
	if (x && before(seq, lost)) { /* rule 1 */
		n = least(cap, c->mss);
		if (!resend(t, c, seq, n))
			return 0;
		c->high_rxt = seq + n;
		return n;
	}
	n = send_next(t, c, room); /* rule 2 */
	if (n)
		return n;
	if (x) { /* rule 3 */
		n = least(cap, c->mss);
		if (!resend(t, c, seq, n))
			return 0;
		c->high_rxt = seq + n;
		return n;
	}
	if (c->flags & F_RESCUED) /* rule 4: the end of what is under way, once */
		return 0;
	top = c->snd_max;
	if (r && r->n && r->r[r->n - 1].to == top)
		top = r->r[r->n - 1].from;
	seq = top - c->snd_una > c->mss ? top - c->mss : c->snd_una;
	if (before(seq, c->high_rxt))
		seq = c->high_rxt;
	if (!before(seq, top))
		return 0;
	c->flags |= F_RESCUED;
	return resend(t, c, seq, top - seq) ? top - seq : 0;
}

static void
send_in_recovery(struct rs_tcp *t, struct tcp_conn *c)
{
	const struct ranges *r = sacked_of(t, c);
	uint32_t lost = tcp_lost_edge(t, c), pipe = pipe_of(c, r, lost);

	while (pipe < c->cwnd && c->cwnd - pipe >= c->mss) {
		uint32_t n = send_recovering(t, c, r, lost, c->cwnd - pipe);

		if (n == 0)
			return;
		pipe += n;
	}
}

/** Something waits that may not go, and nothing is under way whose acknowledgement would change that. */
static bool
is_stuck(const struct tcp_conn *c)
{
	return c->snd_una == c->snd_max && (c->snd_end != c->snd_una || (c->flags & F_FIN_QUEUED)) &&
		!(c->flags & F_FIN_QUEUED && after(c->snd_una, c->snd_end));
}

void
tcp_output(struct rs_tcp *t, struct tcp_conn *c)
{
	if (c->flags & F_HOLD)
		return;
	/* What is out of order is told without payload: only that counts as a duplicate, and has room for the ranges. */
	if (c->flags & F_ACK_NOW && c->held != NONE)
		tcp_send_ack(t, c);
	if (is_synchronized(c) && !(c->flags & F_DONE)) {
		if (c->flags & F_RESEND) {
			uint32_t n = least(c->mss, c->snd_max - c->snd_una);

			if (c->snd_una == c->snd_max || resend(t, c, c->snd_una, n)) {
				c->flags &= ~(uint32_t)F_RESEND;
				if (before(c->high_rxt, c->snd_una + n))
					c->high_rxt = c->snd_una + n;
			}
		}
		if ((c->flags & (F_RECOVERY | F_SACK)) == (F_RECOVERY | F_SACK))
			send_in_recovery(t, c);
		else
			send_open(t, c);
	}
	if (c->flags & F_ACK_NOW)
		tcp_send_ack(t, c);
	if (is_synchronized(c) && !(c->flags & F_DONE) && !is_due(c, DUE_RETRANSMIT)) {
		if (c->snd_una != c->snd_max) {
			tcp_start_rto(t, c);
		} else if (is_stuck(c) && !is_due(c, DUE_AGAIN)) {
			c->flags |= F_PERSIST;
			tcp_start_rto(t, c);
		}
	}
	tcp_arm(t, c);
}
