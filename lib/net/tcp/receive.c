/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What segments bring: in order straight to the user, what it does not take and what came too early into blocks; and
 * the peer's FIN.
 */
#include "net/tcp/private.h"

static struct ranges *
held_of(struct rs_tcp *t, struct tcp_conn *c)
{
	return c->held == NONE ? NULL : (void *)block_at(&t->blocks, c->held);
}

/** The sequence number behind the last byte in order. */
static uint32_t
data_end(const struct tcp_conn *c)
{
	return c->rcv_nxt - (c->flags & F_FIN_TAKEN ? 1 : 0);
}

/** Blocks that hold nothing any more go back. */
static void
give_back(struct rs_tcp *t, struct tcp_conn *c)
{
	if (c->rcv_head == NONE)
		return;
	if (c->held == NONE && c->rcv_read == data_end(c)) {
		blocks_give_chain(&t->blocks, c->rcv_head);
		c->rcv_head = NONE;
	} else {
		c->rcv_head = blocks_cut(&t->blocks, c->rcv_head, c->rcv_read);
	}
	rs_metric_set(t->cells, RS_NET_TCP_BLOCKS, t->blocks.used);
}

/** Give the user @bytes, which begin at rcv_read. @param taken  out @return false: the connection is gone */
static bool
give(struct rs_tcp *t, struct tcp_conn *c, struct rs_slice bytes, uint32_t *taken)
{
	rs_handle h = handle_of(t, c);
	size_t n;

	if (c->flags & F_CLOSED) { /* gently: nobody is there for them */
		*taken = (uint32_t)bytes.len;
		return true;
	}
	n = t->user.data(t->user.ctx, h, c->path.conn, bytes);
	if (tcp_live(t, h) == NULL)
		return false;
	/* Closed within the call: nobody is there for the rest. */
	if (n > bytes.len || c->flags & F_CLOSED)
		n = bytes.len;
	if (n < bytes.len)
		c->flags |= F_PAUSED;
	*taken = (uint32_t)n;
	return true;
}

/** The peer's FIN, when its turn has come (RFC 9293, 3.10.7.4). */
static void
take_fin(struct tcp_conn *c)
{
	if (!(c->flags & F_FIN_KNOWN) || c->flags & F_FIN_TAKEN || c->rcv_nxt != c->rcv_fin)
		return;
	c->rcv_nxt++;
	if (after(c->rcv_nxt, c->rcv_edge)) /* right behind a full window */
		c->rcv_edge = c->rcv_nxt;
	c->flags |= F_FIN_TAKEN | F_ACK_NOW;
	if (c->state == RS_TCP_ESTABLISHED)
		c->state = RS_TCP_CLOSE_WAIT;
	else if (c->state == RS_TCP_FIN_WAIT_1)
		c->state = RS_TCP_CLOSING;
	else if (c->state == RS_TCP_FIN_WAIT_2)
		c->state = RS_TCP_TIME_WAIT;
}

bool
tcp_deliver(struct rs_tcp *t, struct tcp_conn *c)
{
	if (c->flags & F_CLOSED) /* within the call that took what came before */
		c->rcv_read = data_end(c);
	while (c->rcv_read != data_end(c) && !(c->flags & F_PAUSED)) {
		uint32_t n;

		c->rcv_head = blocks_cut(&t->blocks, c->rcv_head, c->rcv_read);
		if (!give(t, c, blocks_first(&t->blocks, c->rcv_head, c->rcv_read, data_end(c) - c->rcv_read), &n))
			return false;
		c->rcv_read += n;
		if (c->flags & F_CLOSED)
			c->rcv_read = data_end(c);
	}
	give_back(t, c);
	if (c->rcv_read != data_end(c))
		return true;
	if (c->flags & F_FIN_TAKEN && !(c->flags & (F_EOF_TOLD | F_CLOSED))) {
		c->flags |= F_EOF_TOLD;
		if (!tcp_tell(t, c, RS_TCP_HALF_CLOSED, RS_TCP_CAUSE_NONE))
			return false;
	}
	return !(c->flags & F_DONE) || tcp_finish(t, c);
}

/** What was held and now follows on. */
static void
join(struct rs_tcp *t, struct tcp_conn *c)
{
	struct ranges *r = held_of(t, c);

	if (r == NULL)
		return;
	if (r->n && !after(r->r[0].from, c->rcv_nxt)) {
		uint32_t to = r->r[0].to;

		if (c->flags & F_FIN_KNOWN && after(to, c->rcv_fin)) /* bytes behind a FIN: a lie */
			to = c->rcv_fin;
		if (after(to, c->rcv_nxt)) {
			c->received_bytes += to - c->rcv_nxt;
			rs_metric_add(t->cells, RS_NET_TCP_RX_BYTES, to - c->rcv_nxt);
			c->rcv_nxt = to;
		}
	}
	ranges_cut(r, c->rcv_nxt);
	if (r->n == 0 || (c->flags & F_FIN_KNOWN && c->rcv_nxt == c->rcv_fin)) {
		blocks_give(&t->blocks, c->held);
		c->held = NONE;
	}
}

static bool
in_order(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	uint32_t n = 0, kept = 0, rest;

	if (c->rcv_read == c->rcv_nxt && !(c->flags & F_PAUSED)) {
		if (!give(t, c, rs_slice_of(s->payload, s->len), &n))
			return false;
		c->rcv_read += n;
	}
	rest = s->len - n;
	if (rest)
		kept = blocks_put(&t->blocks, &c->rcv_head, s->seq + n, s->payload + n, rest);
	c->rcv_nxt = s->seq + n + kept;
	c->received_bytes += n + kept;
	rs_metric_add(t->cells, RS_NET_TCP_RX_BYTES, n + kept);
	if (kept < rest) {
		count(t, RS_NET_TCP_RX_NO_MEMORY);
		c->flags |= F_ACK_NOW;
		return true;
	}
	/* Every second segment is acknowledged at once, and all while something is out of order (RFC 5681, 4.2). */
	if (c->held != NONE || is_due(c, DUE_ACK) || t->ack_delay_ms == 0)
		c->flags |= F_ACK_NOW;
	else
		tcp_due_in(t, c, DUE_ACK, t->ack_delay_ms);
	join(t, c);
	return true;
}

static void
out_of_order(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s)
{
	uint32_t kept;

	count(t, RS_NET_TCP_RX_OUT_OF_ORDER);
	c->flags |= F_ACK_NOW; /* at once: that is how the peer knows (RFC 5681, 4.2) */
	if (s->len == 0)
		return;
	if (!blocks_below(&t->blocks, 6)) {
		count(t, RS_NET_TCP_RX_NO_MEMORY);
		return;
	}
	if (c->held == NONE) {
		c->held = blocks_take(&t->blocks);
		if (c->held == NONE)
			return;
		*held_of(t, c) = (struct ranges){ 0 };
	}
	if (held_of(t, c)->n == RANGES_MAX) {
		count(t, RS_NET_TCP_RX_NO_MEMORY);
		return;
	}
	kept = blocks_put(&t->blocks, &c->rcv_head, s->seq, s->payload, s->len);
	if (kept < s->len)
		count(t, RS_NET_TCP_RX_NO_MEMORY);
	if (kept)
		(void)ranges_add(held_of(t, c), s->seq, s->seq + kept);
	if (held_of(t, c)->n == 0) {
		blocks_give(&t->blocks, c->held);
		c->held = NONE;
	}
	rs_metric_set(t->cells, RS_NET_TCP_BLOCKS, t->blocks.used);
}

bool
tcp_receive(struct rs_tcp *t, struct tcp_conn *c, const struct segment *segment)
{
	struct segment s = *segment;
	bool had_fin = c->flags & F_FIN_TAKEN;

	if (had_fin) /* nothing comes behind a FIN (RFC 9293, 3.10.7.4) */
		return true;
	if (c->flags & F_CLOSED && s.len && after(s.seq + s.len, c->rcv_nxt) &&
		(!(c->flags & F_DRAIN) || s.seq + s.len == c->rcv_edge)) {
		/* Nobody will ever read it: the peer is to know (RFC 9293, 3.6.1). */
		tcp_send_reset(t, c);
		tcp_end(t, c, RS_TCP_CAUSE_RESET);
		return false;
	}
	if (c->flags & F_FIN_KNOWN && after(s.seq + s.len, c->rcv_fin))
		s.len = before(s.seq, c->rcv_fin) ? c->rcv_fin - s.seq : 0;
	if (s.flags & TCP_FIN && !(c->flags & F_FIN_KNOWN)) {
		c->flags |= F_FIN_KNOWN;
		c->rcv_fin = s.seq + s.len;
	}
	if (s.seq != c->rcv_nxt) {
		if (s.len || s.flags & TCP_FIN)
			out_of_order(t, c, &s);
		return true;
	}
	if (s.len && !in_order(t, c, &s))
		return false;
	take_fin(c);
	if (c->state == RS_TCP_TIME_WAIT) /* the tombstone knows no ACK that is due */
		tcp_send_ack(t, c);
	if (!tcp_deliver(t, c))
		return false;
	if (c->state == RS_TCP_TIME_WAIT && !(c->flags & F_DONE))
		return tcp_finish(t, c);
	return true;
}
