/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TIME-WAIT (RFC 9293, 3.4.3 and 3.10.7.4) without the connection: enough to answer a FIN that comes again, and to know
 * old segments.
 */
#include "net/tcp/private.h"

/*
 * A connection of ours may take a tombstone's place after that: our timestamps have grown, and the peer's FIN was
 * answered long ago.
 */
#define REUSE_MS 1000u

static struct tcp_tomb *
tomb_at(const struct rs_tcp *t, uint32_t slot)
{
	return rs_pool_at(&t->tombs, slot);
}

static void
append(struct rs_tcp *t, uint32_t slot)
{
	struct tcp_tomb *b = tomb_at(t, slot);

	b->until_ms = t->now_ms + t->time_wait_ms + 1;
	b->newer = NONE;
	b->older = t->tomb_last;
	if (t->tomb_last == NONE)
		t->tomb_first = slot;
	else
		tomb_at(t, t->tomb_last)->newer = slot;
	t->tomb_last = slot;
}

static void
take_out(struct rs_tcp *t, uint32_t slot)
{
	struct tcp_tomb *b = tomb_at(t, slot);

	if (b->older == NONE)
		t->tomb_first = b->newer;
	else
		tomb_at(t, b->older)->newer = b->newer;
	if (b->newer == NONE)
		t->tomb_last = b->older;
	else
		tomb_at(t, b->newer)->older = b->older;
}

void
tcp_tomb_remove(struct rs_tcp *t, uint32_t slot)
{
	take_out(t, slot);
	rs_table_remove(&t->table, tcp_key(t, &tomb_at(t, slot)->path), slot | AT_TOMB);
	rs_pool_give(&t->tombs, slot);
	rs_metric_set(t->cells, RS_NET_TCP_TIME_WAIT, t->tombs.used);
}

void
tcp_bury(struct rs_tcp *t, const struct tcp_conn *c)
{
	struct tcp_tomb *b;
	uint32_t slot, window = (c->rcv_edge - c->rcv_nxt) >> c->rcv_scale;

	if (t->tombs.used == t->tombs.cap) {
		tcp_tomb_remove(t, t->tomb_first);
		count(t, RS_NET_TCP_TIME_WAIT_EARLY);
	}
	slot = rs_pool_take(&t->tombs);
	b = tomb_at(t, slot);
	*b = (struct tcp_tomb){ .path = c->path,
		.snd_nxt = c->snd_max,
		.rcv_nxt = c->rcv_nxt,
		.ts_recent = c->ts_recent,
		.ts_offset = c->ts_offset,
		.window = (uint16_t)least(window, UINT16_MAX),
		.timestamps = c->flags & F_TIMESTAMPS };
	append(t, slot);
	/* Cannot fail: the table has room for all connections, tombstones and listeners. */
	(void)rs_table_add(&t->table, tcp_key(t, &b->path), slot | AT_TOMB);
	rs_metric_set(t->cells, RS_NET_TCP_TIME_WAIT, t->tombs.used);
}

/** Is the SYN surely of a new connection (RFC 6191, 2; RFC 9293, 3.6.1)? */
static bool
is_newer(const struct tcp_tomb *b, const struct segment *s)
{
	if (b->timestamps && s->has_ts && s->ts_val != b->ts_recent)
		return after(s->ts_val, b->ts_recent);
	return after(s->seq, b->rcv_nxt);
}

void
tcp_tomb_input(struct rs_tcp *t, uint32_t slot, const struct rs_path *path, const struct segment *s)
{
	struct tcp_tomb *b = tomb_at(t, slot);
	uint32_t ts[2], listener;

	count(t, RS_NET_TCP_RX_TIME_WAIT);
	if (s->flags & TCP_RST) /* not obeyed: the place would be free too early (RFC 1337) */
		return;
	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && is_newer(b, s) && tcp_listener_of(t, path, &listener)) {
		uint32_t isn_least = b->snd_nxt;

		tcp_tomb_remove(t, slot);
		count(t, RS_NET_TCP_TIME_WAIT_REUSED);
		tcp_syn(t, path, s, listener, isn_least ? isn_least : 1);
		return;
	}
	/* Nothing but what takes up sequence space is answered: two tombstones would talk for ever. */
	if (s->len == 0 && !(s->flags & (TCP_SYN | TCP_FIN)))
		return;
	if (s->flags & TCP_FIN) {
		take_out(t, slot);
		append(t, slot);
	}
	ts[0] = ts_now(t, b->ts_offset);
	ts[1] = b->ts_recent;
	tcp_send_bare(t, &b->path, TCP_ACK, b->snd_nxt, b->rcv_nxt, b->window, b->timestamps ? ts : NULL);
}

bool
tcp_tomb_may_reuse(const struct rs_tcp *t, uint32_t slot, uint32_t *isn_least)
{
	const struct tcp_tomb *b = tomb_at(t, slot);

	/* Without timestamps the peer could take an old segment for one of the new connection. */
	if (!b->timestamps || before(t->now_ms, b->until_ms - t->time_wait_ms + least(REUSE_MS, t->time_wait_ms)))
		return false;
	*isn_least = b->snd_nxt ? b->snd_nxt : 1;
	return true;
}

bool
tcp_tombs_expire(struct rs_tcp *t, uint32_t budget)
{
	while (t->tomb_first != NONE && !before(t->now_ms, tomb_at(t, t->tomb_first)->until_ms)) {
		if (budget-- == 0)
			return true;
		tcp_tomb_remove(t, t->tomb_first);
	}
	return false;
}
