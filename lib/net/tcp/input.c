/* SPDX-License-Identifier: BSD-3-Clause */
/* A segment arrives (RFC 9293, 3.10.7): whose it is, whether it may be taken, and what is done in which order. */
#include "net/tcp/private.h"

/* A timestamp is no longer compared after such a time (RFC 7323, 5.5: 24 days). */
#define TS_VALID_MS (24u * 24 * 3600 * 1000)

static bool
establish(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	bool active = c->flags & F_ACTIVE;

	tcp_left_half_open(t, c);
	c->state = c->flags & F_FIN_QUEUED ? RS_TCP_FIN_WAIT_1 : RS_TCP_ESTABLISHED;
	c->cwnd = tcp_initial_window(t, c);
	if (c->flags & F_TIMING) {
		c->flags &= ~(uint32_t)F_TIMING;
		tcp_measure(t, c, t->now_us - c->rtt_us);
	} else {
		c->cwnd = c->mss; /* a SYN was lost (RFC 5681, 3.1) */
		c->rto_ms = most(c->rto_ms, least(3000, t->rto_max_ms)); /* RFC 6298 (5.7) */
	}
	c->backoff = 0;
	c->snd_una = s->ack;
	c->progress_ms = t->now_ms;
	c->flags &= ~(uint32_t)F_SOFT_ERROR;
	clear_due(c, DUE_RETRANSMIT);
	if (t->keep_idle_ms)
		tcp_due_in(t, c, DUE_IDLE, t->keep_idle_ms);
	count(t, active ? RS_NET_TCP_CONNECTED : RS_NET_TCP_ACCEPTED);
	return tcp_tell(t, c, active ? RS_TCP_CONNECTED : RS_TCP_ACCEPTED, RS_TCP_CAUSE_NONE);
}

/** RFC 9293, 3.10.7.3. @return false: the connection is gone */
static bool
syn_sent(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	bool acked = s->flags & TCP_ACK;

	if (acked && s->ack != c->snd_una + 1) {
		count(t, RS_NET_TCP_RX_BAD_ACK);
		tcp_refuse(t, &c->path, s);
		return true;
	}
	if (s->flags & TCP_RST) {
		if (acked) {
			tcp_end(t, c, RS_TCP_CAUSE_REFUSED);
			return false;
		}
		count(t, RS_NET_TCP_RX_BLIND_RST);
		return true;
	}
	if (!(s->flags & TCP_SYN))
		return true;
	tcp_take_syn(t, c, s);
	if (acked) {
		c->snd_wl2 = s->ack;
		c->flags |= F_ACK_NOW;
		return establish(t, c, s);
	}
	/* Both at once (3.5, figure 8). */
	c->state = RS_TCP_SYN_RECEIVED;
	tcp_send_syn(t, c);
	return true;
}

/** PAWS (RFC 7323, 5.3). @return false: an old segment */
static bool
is_timely(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	if (!(c->flags & F_TIMESTAMPS) || s->flags & TCP_RST)
		return true;
	if (!s->has_ts) {
		count(t, RS_NET_TCP_RX_NO_TIMESTAMP);
		return false;
	}
	if (c->flags & F_RECENT && before(s->ts_val, c->ts_recent) && t->now_ms - c->ts_recent_ms < TS_VALID_MS) {
		count(t, RS_NET_TCP_RX_PAWS);
		if (s->len)
			tcp_send_ack(t, c);
		else /* an ACK that was overtaken, most likely */
			tcp_challenge(t, c);
		return false;
	}
	return true;
}

/**
 * Is any of it within the window? What is not is cut off (RFC 9293, 3.10.7.4: first, check sequence number).
 * @return false: nothing is; it was answered where it must be
 */
static bool
trim(struct rs_tcp *t, struct tcp_conn *c, struct segment *s)
{
	bool fin = s->flags & TCP_FIN;
	uint32_t window = c->rcv_edge - c->rcv_nxt, end = s->seq + s->len + fin, cut;

	if (s->len + fin == 0) {
		if (window ? !before(s->seq, c->rcv_nxt) && before(s->seq, c->rcv_edge) : s->seq == c->rcv_nxt)
			return true;
		/* At the very edge: what an end sends that has filled the window. */
		if (s->seq == c->rcv_edge)
			return true;
		count(t, RS_NET_TCP_RX_OUT_OF_WINDOW);
		tcp_challenge(t, c); /* keep-alive probes come here; and two ends must not answer one another for ever */
		return false;
	}
	if (!after(end, c->rcv_nxt)) {
		count(t, RS_NET_TCP_RX_DUPLICATE);
		c->flags |= F_ACK_NOW;
		return false;
	}
	if (!before(s->seq, c->rcv_edge)) {
		count(t, RS_NET_TCP_RX_OUT_OF_WINDOW);
		c->flags |= F_ACK_NOW;
		/* A closed window takes no bytes, but what the segment acknowledges (RFC 9293, 3.10.7.4). */
		s->len = 0;
		s->flags &= (uint8_t)~TCP_FIN;
		return s->seq == c->rcv_nxt;
	}
	if (before(s->seq, c->rcv_nxt)) {
		cut = c->rcv_nxt - s->seq;
		s->payload += least(cut, s->len);
		s->len -= least(cut, s->len);
		s->seq = c->rcv_nxt;
	}
	if (after(s->seq + s->len, c->rcv_edge)) {
		s->len = c->rcv_edge - s->seq;
		s->flags &= (uint8_t)~TCP_FIN;
	}
	return true;
}

/** RFC 5961, 3.2. @return false: the connection is gone */
static bool
reset(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	if (s->seq == c->rcv_nxt) {
		tcp_end(t, c, c->state == RS_TCP_SYN_RECEIVED ? RS_TCP_CAUSE_REFUSED : RS_TCP_CAUSE_RESET);
		return false;
	}
	count(t, RS_NET_TCP_RX_BLIND_RST);
	if (!before(s->seq, c->rcv_nxt) && before(s->seq, c->rcv_edge))
		tcp_challenge(t, c);
	return true;
}

/** A SYN in SYN-RECEIVED. @return true: it was dealt with */
static bool
syn_again(struct rs_tcp *t, struct tcp_conn *c, struct segment *s)
{
	if (s->seq + 1 != c->rcv_nxt)
		return false;
	if (s->flags & TCP_ACK && s->ack == c->snd_max) { /* both at once: its SYN was taken, what is new is the ACK */
		s->flags &= (uint8_t)~TCP_SYN;
		s->seq++;
		return false;
	}
	if (s->flags & TCP_ACK)
		return false;
	tcp_send_syn(t, c); /* our answer was lost */
	return true;
}

/** RFC 9293, 3.10.7.4. @return false: the connection is gone */
static bool
synchronized(struct rs_tcp *t, struct tcp_conn *c, struct segment *s)
{
	uint32_t seq;

	if (c->state == RS_TCP_STATE_CLOSED || (c->flags & F_DONE && s->flags & TCP_RST)) /* over; the user still reads */
		return true;
	if (c->state == RS_TCP_SYN_RECEIVED && s->flags & TCP_SYN && syn_again(t, c, s))
		return true;
	if (s->flags & TCP_RST)
		return reset(t, c, s);
	if (s->flags & TCP_SYN) { /* RFC 5961, 4.2 */
		count(t, RS_NET_TCP_RX_BLIND_SYN);
		tcp_challenge(t, c);
		return true;
	}
	seq = s->seq;
	if (!is_timely(t, c, s) || !trim(t, c, s))
		return true;
	/* What may be echoed is of the segment that the next ACK answers (RFC 7323, 4.3). */
	if (c->flags & F_TIMESTAMPS && !after(seq, c->ack_sent)) {
		c->ts_recent = s->ts_val;
		c->ts_recent_ms = t->now_ms;
	}
	if (c->state == RS_TCP_SYN_RECEIVED) {
		if (s->ack != c->snd_max) {
			count(t, RS_NET_TCP_RX_BAD_ACK);
			tcp_refuse(t, &c->path, s);
			return true;
		}
		c->snd_wnd = c->snd_wnd_max = (uint32_t)s->window << c->snd_scale;
		c->snd_wl1 = s->seq;
		c->snd_wl2 = s->ack;
		c->heard_ms = t->now_ms;
		if (!establish(t, c, s))
			return false;
	} else {
		enum verdict v = tcp_ack(t, c, s);

		if (v != GO_ON)
			return v == DROP;
		c->heard_ms = t->now_ms;
	}
	if (c->flags & F_DONE) {
		if (s->len)
			c->flags |= F_ACK_NOW;
		return true;
	}
	return tcp_receive(t, c, s);
}

static void
to_connection(struct rs_tcp *t, struct tcp_conn *c, struct segment *s)
{
	c->flags |= F_HOLD;
	if (c->state == RS_TCP_SYN_SENT ? !syn_sent(t, c, s) : !synchronized(t, c, s))
		return;
	c->flags &= ~(uint32_t)F_HOLD;
	tcp_output(t, c);
}

static void
to_nobody(struct rs_tcp *t, const struct rs_path *path, const struct segment *s)
{
	uint32_t listener;

	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && path->remote_port && tcp_listener_of(t, path, &listener)) {
		tcp_syn(t, path, s, listener, 0);
		return;
	}
	count(t, RS_NET_TCP_RX_NO_CONNECTION);
	tcp_refuse(t, path, s);
}

void
rs_tcp_input(struct rs_tcp *t, const struct rs_path *path, const uint8_t *bytes, uint32_t len, bool sum_is_good,
	uint64_t now_ns)
{
	struct segment s;
	uint32_t at;
	int row;

	tcp_set_now(t, now_ns);
	count(t, RS_NET_TCP_RX_SEGMENTS);
	row = rs_tcp_segment_parse(path, bytes, len, sum_is_good, &s);
	if (row) {
		count(t, (enum rs_tcp_metric)row);
		return;
	}
	at = tcp_find(t, path);
	if (at == NONE)
		to_nobody(t, path, &s);
	else if ((at & AT_KIND) == AT_TOMB)
		tcp_tomb_input(t, at & ~AT_KIND, path, &s);
	else
		to_connection(t, conn_at(t, at), &s);
}
