/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments made: headers, what they say of us (window, timestamps, ranges), payload copied; and those that need no
 * payload.
 */
#include "net/tcp/private.h"

#include "net/ip.h"

/** The window as it will stand in the header; what it says is remembered (RFC 9293, 3.8.6.2.2: never taken back). */
static uint16_t
say_window(struct rs_tcp *t, struct tcp_conn *c)
{
	uint32_t edge = c->rcv_read + t->cfg.receive_bytes, told = c->rcv_edge - c->rcv_nxt, window;

	/* A window that grows by little would bring small segments. */
	if (before(edge, c->rcv_edge + least(t->cfg.receive_bytes / 2, c->mss)) || c->flags & F_DRAIN)
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
	int rc;

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
	rc = t->link.send(t->link.ctx, &c->path, &buf, head + len, len > c->mss ? c->mss : 0);
	if (rc == -EHOSTUNREACH || rc == -EACCES)
		c->flags |= F_SOFT_ERROR;
	return true;
}

bool
tcp_send_data(struct rs_tcp *t, struct tcp_conn *c, uint32_t seq, uint32_t len, bool fin)
{
	uint32_t end = seq + len + fin;
	bool idle = c->snd_una == c->snd_max, again = before(seq, c->snd_max);
	struct segment_out o;

	fill(t, c, &o, seq, (uint8_t)((fin ? TCP_FIN : 0) | (len && seq + len == c->snd_end ? TCP_PSH : 0)));
	if (o.n_sacks && len + rs_tcp_header_len(&o) > c->mss + RS_TCP_HDR_LEN + (o.ts ? TCP_TS_LEN : 0u))
		o.n_sacks = 0; /* an ACK of its own has told them; the segment is not to be cut for them */
	if (!put(t, c, &o, len))
		return false;
	if (again) {
		c->flags &= ~(uint32_t)F_TIMING; /* which of the two would be acknowledged? (RFC 6298, 3) */
		c->retransmitted++;
		count(t, RS_NET_TCP_TX_RETRANSMITTED);
		rs_metric_add(t->cells, RS_NET_TCP_TX_RETRANSMITTED_BYTES, len);
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

/**
 * Where a segment without payload stands: at the end of what was sent, but not beyond the window, where it would not be
 * taken.
 */
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
	uint32_t n = tcp_written(c, c->snd_una, 1, &fin);

	count(t, RS_NET_TCP_WINDOW_PROBES);
	if (n || fin)
		(void)tcp_send_data(t, c, c->snd_una, n, fin && n == 0);
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
