/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments written: which bytes may go, and how they go (RFC 9293, 3.8.6.2.1; RFC 5681; RFC 6675). */
#include "net/tcp/private.h"

#include "net/ip.h"

/** The window as it will stand in the header; what it says is remembered (RFC 9293, 3.8.6.2.2: never taken back). */
static uint16_t
say_window(struct rs_tcp *t, struct tcp_conn *c)
{
	uint32_t edge = c->rcv_read + t->cfg.receive_bytes, told = c->rcv_edge - c->rcv_nxt, window;

	/* A window that grows by little would bring small segments. */
	if (before(edge, c->rcv_edge + least(t->cfg.receive_bytes / 2, c->mss)))
		edge = c->rcv_edge;
	window = (edge - c->rcv_nxt) >> c->rcv_scale;
	if (window << c->rcv_scale < told)
		window++;
	window = least(window, UINT16_MAX);
	if (window << c->rcv_scale > told)
		c->rcv_edge = c->rcv_nxt + (window << c->rcv_scale);
	return (uint16_t)window;
}

/** The ranges beyond a hole: first the one that came last (RFC 2018, 4). */
static void
say_ranges(const struct rs_tcp *t, const struct tcp_conn *c, struct segment_out *o)
{
	const struct ranges *r = (const void *)block_at(&t->blocks, c->held);
	uint32_t cap = o->ts ? TCP_SACKS_MAX - 1 : TCP_SACKS_MAX;

	for (uint32_t i = 0; i < RANGES_RECENT + r->n && o->n_sacks < cap; i++) {
		const struct range *x = i < RANGES_RECENT ? ranges_at(r, r->recent[i]) : &r->r[i - RANGES_RECENT];
		uint32_t k = 0;

		while (x && k < o->n_sacks && o->sacks[k].from != x->from)
			k++;
		if (x == NULL || k < o->n_sacks)
			continue;
		o->sacks[o->n_sacks].from = x->from;
		o->sacks[o->n_sacks].to = x->to;
		o->n_sacks++;
	}
}

/** A header of a connection whose SYN was answered. */
static void
fill(struct rs_tcp *t, struct tcp_conn *c, struct segment_out *o, uint32_t seq, uint8_t flags)
{
	*o = (struct segment_out){ .seq = seq, .ack = c->rcv_nxt, .flags = flags | TCP_ACK, .window = say_window(t, c) };
	if (c->flags & F_TIMESTAMPS) {
		o->ts = true;
		o->ts_val = ts_now(t, c->ts_offset);
		o->ts_ecr = c->ts_recent;
	}
	if ((c->flags & F_SACK) && c->held != NONE)
		say_ranges(t, c, o);
}

/** Header and @len bytes from @seq on go out. @return false: no packet is free */
static bool
put(struct rs_tcp *t, struct tcp_conn *c, const struct segment_out *o, uint32_t len)
{
	uint32_t head = rs_tcp_header_len(o), hint;
	struct rs_buf buf;

	if (t->link.take(t->link.ctx, &c->path, head + len, &buf) != 0) {
		count(t, RS_NET_TCP_TX_NO_BUFFER);
		tcp_due_in(t, c, DUE_AGAIN, NO_BUFFER_MS);
		return false;
	}
	if (len) {
		hint = c->snd_hint;
		if (hint == NONE || after(t->blocks.meta[hint].seq, o->seq))
			hint = c->snd_head;
		hint = blocks_get(&t->blocks, hint, o->seq, buf.data + head, len);
		if (o->seq == c->snd_nxt)
			c->snd_hint = hint;
	}
	rs_tcp_header_put(buf.data, &c->path, o, len, t->cfg.checksum_offload);
	count(t, RS_NET_TCP_TX_SEGMENTS);
	if (o->flags & TCP_ACK) {
		c->ack_sent = o->ack;
		c->flags &= ~(uint32_t)F_ACK_NOW;
		clear_due(c, DUE_ACK);
	}
	/* What the link cannot send is lost, and comes again when its time has come. */
	(void)t->link.send(t->link.ctx, &c->path, &buf, head + len, len > c->mss ? c->mss : 0);
	return true;
}

/** Payload from @seq on, and our FIN where it stands. @return false: no packet is free */
static bool
send_data(struct rs_tcp *t, struct tcp_conn *c, uint32_t seq, uint32_t len, bool fin)
{
	uint32_t end = seq + len + fin;
	bool idle = c->snd_una == c->snd_max, again = before(seq, c->snd_max);
	struct segment_out o;

	fill(t, c, &o, seq, (uint8_t)((fin ? TCP_FIN : 0) | (len && seq + len == c->snd_end ? TCP_PSH : 0)));
	if (o.n_sacks && len + rs_tcp_header_len(&o) > c->mss + RS_TCP_HDR_LEN + (o.ts ? TCP_TS_LEN : 0u))
		o.n_sacks = 0; /* they come with the next ACK; the segment is not to be cut for them */
	if (!put(t, c, &o, len))
		return false;
	if (again) {
		c->flags &= ~(uint32_t)F_TIMING; /* which of the two would be acknowledged? (RFC 6298, 3) */
		c->retransmitted++;
		count(t, RS_NET_TCP_TX_RETRANSMITTED);
	} else if (!(c->flags & F_TIMING)) {
		c->flags |= F_TIMING;
		c->rtt_seq = end;
		c->rtt_us = t->now_us;
	}
	if (after(end, c->snd_max)) {
		uint32_t fresh = again ? end - fin - c->snd_max : len;

		rs_metric_add(t->cells, RS_NET_TCP_TX_BYTES, fresh);
		c->sent_bytes += fresh;
		c->snd_max = end;
	}
	if (seq == c->snd_nxt)
		c->snd_nxt = end;
	c->size_sent = (uint16_t)most(c->size_sent, least(len, c->mss));
	if (idle)
		c->progress_ms = t->now_ms;
	return true;
}

/** How much of it the peer has, and whether any of it. */
static const struct ranges *
sacked_of(const struct rs_tcp *t, const struct tcp_conn *c)
{
	return c->sacked == NONE ? NULL : (const void *)block_at(&t->blocks, c->sacked);
}

/** Bytes from @seq on that were written, at most @cap. @param fin  out: our FIN comes right behind them */
static uint32_t
written(const struct tcp_conn *c, uint32_t seq, uint32_t cap, bool *fin)
{
	uint32_t n = before(seq, c->snd_end) ? least(c->snd_end - seq, cap) : 0;

	*fin = (c->flags & F_FIN_QUEUED) && seq + n == c->snd_end;
	return n;
}

/** Send what was sent before once more, one segment. @param cap  bytes at most */
static bool
resend(struct rs_tcp *t, struct tcp_conn *c, uint32_t seq, uint32_t cap)
{
	bool fin;
	uint32_t n = written(c, seq, least(c->mss, least(cap, c->snd_max - seq)), &fin);

	return send_data(t, c, seq, n, fin && before(c->snd_end, c->snd_max));
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
	n = written(c, seq, chunk, &fin);
	if (after(seq, c->snd_end) || (n == 0 && !fin))
		return 0;
	window = seq - c->snd_una < c->snd_wnd ? c->snd_wnd - (seq - c->snd_una) : 0;
	if (n > least(room, window)) {
		uint32_t most_of = least(room, window);

		/* Whole segments, or half of the largest window that there was (RFC 9293, 3.8.6.2.1); a smaller rest waits. */
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
	if (!send_data(t, c, seq, n, fin))
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

/** Where a segment without payload stands: at the end of what was sent, but not beyond the window, where it would not be taken. */
static uint32_t
bare_seq(const struct tcp_conn *c)
{
	return flight(c) > c->snd_wnd && is_synchronized(c) ? c->snd_una + c->snd_wnd : c->snd_max;
}

void
tcp_send_ack(struct rs_tcp *t, struct tcp_conn *c)
{
	struct segment_out o;

	fill(t, c, &o, bare_seq(c), 0);
	(void)put(t, c, &o, 0);
}

void
tcp_challenge(struct rs_tcp *t, struct tcp_conn *c)
{
	if (t->now_ms - c->challenge_ms < CHALLENGE_MS)
		return;
	c->challenge_ms = t->now_ms;
	count(t, RS_NET_TCP_TX_CHALLENGES);
	tcp_send_ack(t, c);
}

void
tcp_send_syn(struct rs_tcp *t, struct tcp_conn *c)
{
	bool first = c->state == RS_TCP_SYN_SENT;
	struct segment_out o = { .seq = c->snd_una,
		.ack = c->rcv_nxt,
		.flags = first ? TCP_SYN : TCP_SYN | TCP_ACK,
		.window = (uint16_t)least(t->cfg.receive_bytes, UINT16_MAX),
		.mss = (uint16_t)(c->mtu - rs_ip_hdr_len(&c->path.remote) - RS_TCP_HDR_LEN),
		.ts = first ? t->cfg.timestamps : c->flags & F_TIMESTAMPS,
		.sack_permitted = first ? t->cfg.sack : c->flags & F_SACK,
		.has_scale = first ? t->cfg.window_scale : c->flags & F_SCALE,
		.scale = t->rcv_scale,
		.ts_val = ts_now(t, c->ts_offset),
		.ts_ecr = c->ts_recent };

	if (!put(t, c, &o, 0))
		return;
	if (c->snd_max != c->snd_una) {
		c->flags &= ~(uint32_t)F_TIMING;
		c->retransmitted++;
		count(t, RS_NET_TCP_TX_RETRANSMITTED);
	} else {
		c->flags |= F_TIMING;
		c->rtt_seq = c->snd_una + 1;
		c->rtt_us = t->now_us;
	}
	c->snd_nxt = c->snd_max = c->snd_una + 1;
}

void
tcp_send_reset(struct rs_tcp *t, struct tcp_conn *c)
{
	struct segment_out o;

	fill(t, c, &o, bare_seq(c), TCP_RST);
	o.n_sacks = 0;
	if (put(t, c, &o, 0))
		count(t, RS_NET_TCP_TX_RESETS);
}

void
tcp_probe_window(struct rs_tcp *t, struct tcp_conn *c)
{
	bool fin;
	uint32_t n = written(c, c->snd_una, 1, &fin);

	count(t, RS_NET_TCP_WINDOW_PROBES);
	if (n || fin)
		(void)send_data(t, c, c->snd_una, n, fin && n == 0);
}

void
tcp_probe_alive(struct rs_tcp *t, struct tcp_conn *c)
{
	struct segment_out o;

	/* A byte that was acknowledged before: the peer says so again (RFC 9293, 3.8.4). */
	fill(t, c, &o, c->snd_max - 1, 0);
	count(t, RS_NET_TCP_KEEP_PROBES);
	(void)put(t, c, &o, 0);
}

void
tcp_send_bare(struct rs_tcp *t, const struct rs_path *path, uint8_t flags, uint32_t seq, uint32_t ack, uint16_t window,
	const uint32_t *ts)
{
	struct segment_out o = { .seq = seq, .ack = ack, .flags = flags, .window = window };
	struct rs_buf buf;

	if (ts) {
		o.ts = true;
		o.ts_val = ts[0];
		o.ts_ecr = ts[1];
	}
	if (t->link.take(t->link.ctx, path, rs_tcp_header_len(&o), &buf) != 0) {
		count(t, RS_NET_TCP_TX_NO_BUFFER);
		return;
	}
	rs_tcp_header_put(buf.data, path, &o, 0, t->cfg.checksum_offload);
	count(t, RS_NET_TCP_TX_SEGMENTS);
	(void)t->link.send(t->link.ctx, path, &buf, rs_tcp_header_len(&o), 0);
}

void
tcp_refuse(struct rs_tcp *t, const struct rs_path *path, const struct segment *s)
{
	if (s->flags & TCP_RST)
		return;
	if (t->now_ms - t->resets_ms >= 1000) {
		t->resets_ms = t->now_ms;
		t->resets_left = t->cfg.resets_hz;
	}
	if (t->resets_left == 0) {
		count(t, RS_NET_TCP_TX_RESETS_HELD);
		return;
	}
	t->resets_left--;
	count(t, RS_NET_TCP_TX_RESETS);
	if (s->flags & TCP_ACK)
		tcp_send_bare(t, path, TCP_RST, s->ack, 0, 0, NULL);
	else
		tcp_send_bare(t, path, TCP_RST | TCP_ACK, 0, s->seq + s->len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN), 0, NULL);
}
