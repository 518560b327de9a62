/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an acknowledgement says: round trips (RFC 6298), losses (RFC 5681, 6582, 6675), the peer's window, the end of
 * our FIN.
 */
#include "net/tcp/private.h"

void
tcp_measure(struct rs_tcp *t, struct tcp_conn *c, uint32_t rtt_us)
{
	uint32_t rto_us;

	rtt_us = most(1, least(rtt_us, 60000000));
	rs_metric_record(t->cells, RS_NET_TCP_RTT, rtt_us * RS_NS_PER_US);
	if (c->srtt_us8 == 0) { /* RFC 6298 (2.2) */
		c->srtt_us8 = rtt_us * 8;
		c->rttvar_us4 = rtt_us * 2;
	} else { /* (2.3): rttvar first, with the old srtt */
		uint32_t srtt = c->srtt_us8 / 8, off = srtt > rtt_us ? srtt - rtt_us : rtt_us - srtt;

		c->rttvar_us4 += off - c->rttvar_us4 / 4;
		c->srtt_us8 += rtt_us - srtt;
	}
	rto_us = c->srtt_us8 / 8 + most(1000, c->rttvar_us4);
	c->rto_ms = least(most((rto_us + 999) / 1000, t->rto_min_ms), t->rto_max_ms);
	c->backoff = 0;
}

static struct ranges *
sacked_of(struct rs_tcp *t, struct tcp_conn *c)
{
	return c->sacked == NONE ? NULL : (void *)block_at(&t->blocks, c->sacked);
}

static void
forget_sacked(struct rs_tcp *t, struct tcp_conn *c)
{
	if (c->sacked == NONE)
		return;
	blocks_give(&t->blocks, c->sacked);
	c->sacked = NONE;
}

/** The peer says which bytes it has beyond a hole. @return something new was among them */
static bool
take_sacks(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	uint32_t from = after(s->ack, c->snd_una) ? s->ack : c->snd_una;
	bool news = false;

	for (uint32_t i = 0; i < s->n_sacks; i++) {
		struct ranges *r;

		/* Not within what is under way: a duplicate (RFC 2883), or a lie. */
		if (!before(s->sacks[i].from, s->sacks[i].to) || !after(s->sacks[i].from, from) ||
			after(s->sacks[i].to, c->snd_max))
			continue;
		if (c->sacked == NONE) {
			c->sacked = blocks_take(&t->blocks);
			if (c->sacked == NONE)
				return news;
			sacked_of(t, c)->n = 0;
		}
		r = sacked_of(t, c);
		if (ranges_add(r, s->sacks[i].from, s->sacks[i].to) > 0)
			news = true;
	}
	return news;
}

static void
begin_recovery(struct rs_tcp *t, struct tcp_conn *c)
{
	count(t, RS_NET_TCP_RECOVERIES);
	c->ssthresh = most(flight(c) / 2, 2u * c->mss); /* RFC 5681 (4) */
	c->cwnd = c->flags & F_SACK ? c->ssthresh : c->ssthresh + DUP_THRESHOLD * c->mss;
	c->recover = c->snd_nxt = c->snd_max;
	c->high_rxt = c->snd_una;
	c->flags |= F_RECOVERY | F_RESEND;
	c->flags &= ~(uint32_t)(F_TIMING | F_RESCUED);
	tcp_start_rto(t, c);
}

static void
duplicate(struct rs_tcp *t, struct tcp_conn *c)
{
	if (c->dupacks < UINT8_MAX)
		c->dupacks++;
	if (c->flags & F_RECOVERY) {
		/* Each means that a segment has left the network; more than were sent cannot have. */
		if (!(c->flags & F_SACK) && c->cwnd < c->ssthresh + flight(c))
			c->cwnd += c->mss;
		return;
	}
	if (c->flags & F_LOSS || before(c->snd_una, c->recover) || (c->snd_una == c->recover && !(c->flags & F_SACK)))
		return;
	if (c->dupacks >= DUP_THRESHOLD || (c->flags & F_SACK && after(tcp_lost_edge(t, c), c->snd_una)))
		begin_recovery(t, c);
}

/** Slow start and congestion avoidance (RFC 5681, 3.1), while the window was made use of (RFC 7661). */
static void
grow(struct tcp_conn *c, uint32_t acked, uint32_t was_out)
{
	if (c->cwnd < c->ssthresh) {
		if (was_out >= c->cwnd / 2)
			c->cwnd += least(acked, c->mss);
	} else if (was_out + c->mss >= c->cwnd) {
		c->cwnd_acked += acked;
		if (c->cwnd_acked >= c->cwnd) {
			c->cwnd_acked -= c->cwnd;
			c->cwnd += c->mss;
		}
	}
	c->cwnd = least(c->cwnd, WINDOW_MAX);
}

static void
control(struct tcp_conn *c, uint32_t acked, uint32_t was_out)
{
	if (!(c->flags & F_RECOVERY)) {
		c->dupacks = 0;
		if (c->flags & F_LOSS && !before(c->snd_una, c->recover))
			c->flags &= ~(uint32_t)F_LOSS;
		grow(c, acked, was_out);
		return;
	}
	if (!before(c->snd_una, c->recover)) { /* all that was under way when the loss was found */
		c->cwnd = c->flags & F_SACK ? c->ssthresh : least(c->ssthresh, most(flight(c), c->mss) + c->mss);
		c->flags &= ~(uint32_t)(F_RECOVERY | F_RESCUED | F_RESEND);
		c->dupacks = 0;
		c->cwnd_acked = 0;
		return;
	}
	if (before(c->high_rxt, c->snd_una))
		c->high_rxt = c->snd_una;
	if (c->flags & F_SACK && c->sacked != NONE)
		return; /* the ranges say what is next */
	c->flags |= F_RESEND; /* a partial acknowledgement: the next one is lost as well (RFC 6582, 3.2) */
	if (!(c->flags & F_SACK)) {
		c->cwnd -= least(c->cwnd, acked);
		if (acked >= c->mss)
			c->cwnd += c->mss;
		c->cwnd = most(c->cwnd, c->mss);
	}
}

static void
time_round_trip(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	if (c->flags & F_TIMING) {
		if (before(s->ack, c->rtt_seq))
			return;
		c->flags &= ~(uint32_t)F_TIMING;
		tcp_measure(t, c, t->now_us - c->rtt_us);
	} else if (c->flags & F_TIMESTAMPS && s->ts_ecr) {
		/*
		 * Coarse, but good for what was sent twice (RFC 7323, 4.1). An echo from the future, or of long ago, is
		 * a lie.
		 */
		uint32_t ms = ts_now(t, c->ts_offset) - s->ts_ecr;

		if (ms <= t->give_up_ms)
			tcp_measure(t, c, ms * 1000);
	}
}

/** Blocks below snd_una go back; when all is acknowledged, all. */
static void
give_back(struct rs_tcp *t, struct tcp_conn *c)
{
	uint32_t una = c->snd_una;

	if (!before(una, c->snd_end)) {
		blocks_give_chain(&t->blocks, c->snd_head);
		c->snd_head = c->snd_tail = c->snd_hint = NONE;
	} else if (c->snd_head != NONE) {
		if (c->snd_hint != NONE && !after(t->blocks.meta[c->snd_hint].seq + RS_TCP_BLOCK, una))
			c->snd_hint = NONE;
		c->snd_head = blocks_cut(&t->blocks, c->snd_head, una);
	}
	if (c->sacked != NONE) {
		struct ranges *r = sacked_of(t, c);

		ranges_cut(r, una);
		if (r->n == 0)
			forget_sacked(t, c);
	}
	rs_metric_set(t->cells, RS_NET_TCP_BLOCKS, t->blocks.used);
}

/** Our FIN is acknowledged. @return GONE, GO_ON */
static enum verdict
fin_acked(struct rs_tcp *t, struct tcp_conn *c)
{
	switch (c->state) {
	case RS_TCP_FIN_WAIT_1:
		c->state = RS_TCP_FIN_WAIT_2;
		if (c->flags & F_CLOSED)
			tcp_due_in(t, c, DUE_IDLE, t->fin_wait_ms);
		return GO_ON;
	case RS_TCP_CLOSING: c->state = RS_TCP_TIME_WAIT; break;
	case RS_TCP_LAST_ACK: c->state = RS_TCP_STATE_CLOSED; break;
	default: return GO_ON;
	}
	return tcp_finish(t, c) ? GO_ON : GONE;
}

static enum verdict
advance(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	uint32_t acked = s->ack - c->snd_una, was_out = flight(c);

	c->snd_una = s->ack;
	if (before(c->snd_nxt, c->snd_una))
		c->snd_nxt = c->snd_una;
	time_round_trip(t, c, s);
	give_back(t, c);
	c->size_acked = (uint16_t)most(c->size_acked, least(acked, c->size_sent));
	c->progress_ms = t->now_ms;
	c->flags &= ~(uint32_t)F_SOFT_ERROR;
	control(c, acked, was_out);
	clear_due(c, DUE_RETRANSMIT); /* output starts it anew when something is under way (RFC 6298, 5.2 and 5.3) */
	if (c->flags & F_FIN_QUEUED && after(c->snd_una, c->snd_end)) {
		enum verdict v = fin_acked(t, c);

		if (v != GO_ON)
			return v;
	}
	if (c->flags & F_WANT_WRITE && can_write(c) && c->snd_end - c->snd_una <= t->cfg.send_bytes / 2 &&
		blocks_below(&t->blocks, 7)) {
		c->flags &= ~(uint32_t)F_WANT_WRITE;
		if (!tcp_tell(t, c, RS_TCP_WRITABLE, RS_TCP_CAUSE_NONE))
			return GONE;
	}
	return GO_ON;
}

/** RFC 9293, 3.10.7.4: the newest segment says what the window is. @return it has changed */
static bool
take_window(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	uint32_t window = (uint32_t)s->window << c->snd_scale, was = c->snd_wnd;

	if (!before(c->snd_wl1, s->seq) && !(c->snd_wl1 == s->seq && !after(c->snd_wl2, s->ack)))
		return false;
	c->snd_wnd = window;
	c->snd_wnd_max = most(c->snd_wnd_max, window);
	c->snd_wl1 = s->seq;
	c->snd_wl2 = s->ack;
	if (c->flags & F_PERSIST && window) {
		/* What probed the window may have been thrown away. */
		c->flags &= ~(uint32_t)F_PERSIST;
		c->backoff = 0;
		c->snd_nxt = c->snd_una;
		clear_due(c, DUE_RETRANSMIT);
	}
	return window != was;
}

enum verdict
tcp_ack(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	bool news = false, changed;

	/* RFC 5961, 5.2: MAX.SND.WND behind snd_una is the oldest that a peer of ours can say. */
	if (after(s->ack, c->snd_max) || before(s->ack, c->snd_una - c->snd_wnd_max)) {
		count(t, RS_NET_TCP_RX_BAD_ACK);
		tcp_challenge(t, c);
		return DROP;
	}
	if (before(s->ack, c->snd_una))
		return GO_ON;
	if (c->flags & F_SACK && s->n_sacks)
		news = take_sacks(t, c, s);
	if (after(s->ack, c->snd_una)) {
		enum verdict v = advance(t, c, s);

		if (v != GO_ON)
			return v;
		take_window(t, c, s);
		/* Ranges above the hole may be enough already. */
		if (news && !(c->flags & (F_RECOVERY | F_LOSS)) && after(tcp_lost_edge(t, c), c->snd_una) &&
			!before(c->snd_una, c->recover))
			begin_recovery(t, c);
		return GO_ON;
	}
	changed = take_window(t, c, s);
	if (flight(c) == 0 || c->flags & F_PERSIST)
		return GO_ON;
	/* RFC 5681, 2; with SACK what counts is that something new is said (RFC 6675, 2). */
	if (c->flags & F_SACK ? news : s->len == 0 && !(s->flags & TCP_FIN) && !changed)
		duplicate(t, c);
	return GO_ON;
}

void
tcp_lost_all(struct rs_tcp *t, struct tcp_conn *c)
{
	count(t, RS_NET_TCP_RTO);
	if (!(c->flags & F_LOSS)) /* not again for what was sent again (RFC 5681, 3.1) */
		c->ssthresh = most(flight(c) / 2, 2u * c->mss);
	c->cwnd = c->mss;
	c->cwnd_acked = 0;
	c->recover = c->snd_max;
	c->flags |= F_LOSS;
	c->flags &= ~(uint32_t)(F_RECOVERY | F_RESCUED | F_RESEND | F_TIMING);
	c->dupacks = 0;
	forget_sacked(t, c); /* the peer may have thrown it away (RFC 2018, 8) */
	c->snd_nxt = c->snd_una;
	if (c->mtu_told) { /* nothing came through: the router was right (RFC 5927, 7.2) */
		c->mtu = c->mtu_told;
		c->mtu_told = 0;
		tcp_set_mss(c);
		c->cwnd = c->mss;
		count(t, RS_NET_TCP_ICMP_TOO_BIG);
	}
}
