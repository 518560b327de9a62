/* SPDX-License-Identifier: BSD-3-Clause */
/* What arrives at media ports: looked up, decrypted and judged a batch at a time. */
#include <errno.h>

#include "engine/stream.h"

#define CHUNK STREAM_BATCH
#define LINE  64

/** What is counted of packets in a row of one activity. */
struct tally {
	uint32_t activity;
	uint32_t received, bytes, marked, absent;
};

struct arrival {
	const struct rs_rx *rx;
	uint32_t slot; /* STREAM_NONE: not to be looked at any more */
	uint32_t len;
};

static void
tally_settle(struct rs_engine *e, struct tally *t)
{
	struct rs_metrics *m;

	if (t->received == 0)
		return;
	m = stream_cells(e, t->activity);
	rs_metric_add(m, RS_MEDIA_RECEIVED, t->received);
	rs_metric_add(m, RS_MEDIA_RECEIVED_BYTES, t->bytes);
	if (t->marked)
		rs_metric_add(m, RS_MEDIA_MARKED, t->marked);
	if (t->absent)
		rs_metric_add(m, RS_MEDIA_ABSENT, t->absent);
	*t = (struct tally){ 0 };
}

/* --- watermarks --- */

static bool
is_crossed(struct rs_engine *e, struct stream_rx *srx, uint32_t slot, const struct rs_rtp_watermark *w, rs_handle own)
{
	if (__builtin_expect(srx->peer == 0, 0)) {
		srx->peer = w->stream;
		stream_at(e->streams, slot)->aux = stream_fold(w->stream); /* we tell it that we hear it */
	}
	if (srx->peer != w->stream)
		return true;
	/* It says whom it hears: that should be us. */
	return w->aux && w->aux != stream_fold(own);
}

static void
take_mark(struct rs_engine *e, struct stream_rx *srx, uint32_t slot, const struct rs_rtp_packet *p, uint64_t time_ns,
	struct tally *tally)
{
	struct rs_metrics *m = stream_cells(e, srx->activity);
	rs_handle own = stream_handle(e, slot, srx->generation);
	struct rs_rtp_watermark w;
	uint64_t delay;

	switch (rs_rtp_watermark_read(p->payload, p->payload_len, e->secret, e->run, &w)) {
	case RS_RTP_MARK_OK: break;
	case RS_RTP_MARK_ABSENT:
		srx->absent++;
		tally->absent++;
		return;
	case RS_RTP_MARK_BROKEN: rs_metric_inc(m, RS_MEDIA_BROKEN); return;
	case RS_RTP_MARK_STALE: rs_metric_inc(m, RS_MEDIA_STALE); return;
	default: return;
	}
	tally->marked++;
	delay = time_ns > w.sent_ns ? time_ns - w.sent_ns : 0;
	if (__builtin_expect(w.stream == own, 0)) { /* the way there and back */
		rs_metric_inc(m, RS_MEDIA_ECHOED);
		srx->echoed = true;
		e->streams->cold[slot].rtt_ns = delay;
		rs_metric_record(m, RS_MEDIA_RTT, delay);
		return;
	}
	srx->marked++;
	srx->delay_sum_ns += delay;
	if (delay > srx->delay_max_ns)
		srx->delay_max_ns = delay < UINT32_MAX ? (uint32_t)delay : UINT32_MAX;
	rs_metric_record(m, RS_MEDIA_DELAY, delay);
	if (__builtin_expect(is_crossed(e, srx, slot, &w, own), 0)) {
		srx->crossed++;
		rs_metric_inc(m, RS_MEDIA_CROSSED);
	}
}

/* --- one packet --- */

static void
count_says(struct rs_metrics *m, uint32_t says)
{
	static const struct {
		uint32_t bit, row;
	} rows[] = {
		{ RS_RTP_RX_PT_UNKNOWN, RS_MEDIA_PT_UNKNOWN }, { RS_RTP_RX_PT_CHANGED, RS_MEDIA_PT_CHANGED },
		{ RS_RTP_RX_SSRC_CHANGED, RS_MEDIA_SSRC_CHANGED }, { RS_RTP_RX_RESTARTED, RS_MEDIA_RESTARTED },
		{ RS_RTP_RX_TS_JUMP, RS_MEDIA_TS_JUMPS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (says & rows[i].bit)
			rs_metric_inc(m, rows[i].row);
}

static void
elsewhere(struct rs_engine *e, struct stream_rx *srx, uint32_t slot, const struct rs_rx *rx)
{
	struct rs_metrics *m = stream_cells(e, srx->activity);
	struct stream *s = stream_at(e->streams, slot);

	rs_metric_inc(m, RS_MEDIA_WRONG_SOURCE);
	if (!e->streams->cold[slot].profile->latch)
		return;
	srx->from = s->path.remote = rx->path.remote;
	srx->from_port = s->path.remote_port = rx->path.remote_port;
	rs_metric_inc(m, RS_MEDIA_LATCHED);
}

static inline bool
is_from(const struct stream_rx *srx, const struct rs_path *path)
{
	return srx->from_port == path->remote_port && rs_addr_eq(&srx->from, &path->remote);
}

static void
refuse(struct rs_engine *e, uint32_t activity, enum rs_rtp_why why)
{
	rs_metric_inc(stream_cells(e, activity),
		why == RS_RTP_SHORT ? RS_MEDIA_SHORT : why == RS_RTP_VERSION ? RS_MEDIA_VERSION : RS_MEDIA_HEADER);
}

static void
echo(struct rs_engine *e, uint32_t slot, const struct rs_rtp_packet *p)
{
	struct stream *s = stream_at(e->streams, slot);

	if (!(s->flags & STREAM_SEND) || (s->flags & STREAM_PAUSED))
		return;
	s->ts = p->timestamp;
	if (stream_put(e, s, (uint8_t)(p->pt | (p->marker ? RS_RTP_MARKER : 0)), p->timestamp, p->payload, p->payload_len, e->now))
		rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_ECHO_SENT);
}

static void
take_packet(struct rs_engine *e, const struct arrival *a, struct tally *tally)
{
	struct streams *ms = e->streams;
	struct stream_rx *srx = &ms->rx[a->slot];
	const struct rs_rx *rx = a->rx;
	struct rs_rtp_packet p;
	enum rs_rtp_why why = rs_rtp_parse(rx->data, a->len, &p);
	/* A burst that another worker handed over may be older than one of ours. */
	uint64_t time_ns = rx->time_ns > srx->rtp.last_ns ? rx->time_ns : srx->rtp.last_ns;
	uint32_t says;

	if (__builtin_expect(why != RS_RTP_OK, 0)) {
		refuse(e, srx->activity, why);
		return;
	}
	says = rs_rtp_rx_packet(&srx->rtp, &p, time_ns);
	if (__builtin_expect(says & RS_RTP_RX_REFUSED, 0)) {
		rs_metric_inc(stream_cells(e, srx->activity), says & RS_RTP_RX_OTHER_SSRC ? RS_MEDIA_OTHER_SSRC : RS_MEDIA_BAD_SEQ);
		return;
	}
	if (srx->activity != tally->activity) {
		tally_settle(e, tally);
		tally->activity = srx->activity;
	}
	tally->received++;
	tally->bytes += rx->len;
	if (__builtin_expect(!is_from(srx, &rx->path), 0))
		elsewhere(e, srx, a->slot, rx);
	if (__builtin_expect(!(srx->flags & STREAM_RECV), 0))
		rs_metric_inc(stream_cells(e, srx->activity), RS_MEDIA_HELD);
	if (__builtin_expect(says != 0, 0)) {
		count_says(stream_cells(e, srx->activity), says);
		if (says & RS_RTP_RX_EVENT)
			stream_digits_event(e, a->slot, &p);
	}
	if (!(says & (RS_RTP_RX_EVENT | RS_RTP_RX_COMFORT | RS_RTP_RX_DUPLICATE))) {
		if (__builtin_expect(srx->mode == 0, 0))
			srx->mode = stream_mode(&ms->cold[a->slot], &p);
		if (srx->flags & STREAM_MARK)
			take_mark(e, srx, a->slot, &p, rx->time_ns, tally);
		if (__builtin_expect(ms->detectors.cap > 0 && ms->cold[a->slot].profile->hear_digits, 0))
			stream_digits_sound(e, a->slot, &p);
	}
	if (__builtin_expect(srx->flags & STREAM_ECHO, 0))
		echo(e, a->slot, &p);
}

/* --- a batch --- */

static void
count_srtp(struct rs_engine *e, uint32_t activity, uint8_t status)
{
	uint32_t row = RS_MEDIA_SRTP_OTHER;

	switch ((enum rs_srtp_status)status) {
	case RS_SRTP_AUTH_FAILED: row = RS_MEDIA_AUTH_FAILED; break;
	case RS_SRTP_REPLAYED: row = RS_MEDIA_REPLAYED; break;
	case RS_SRTP_TOO_OLD: row = RS_MEDIA_TOO_OLD; break;
	case RS_SRTP_BAD_VERSION: row = RS_MEDIA_VERSION; break;
	default: break;
	}
	rs_metric_inc(stream_cells(e, activity), row);
}

static void
decrypt(struct rs_engine *e, struct arrival *in, struct rs_srtp_item *items, const uint8_t *of, uint32_t n)
{
	struct streams *ms = e->streams;

	rs_metric_add(&e->account->media, RS_MEDIA_W_VERIFIED, rs_srtp_unprotect_batch(ms->srtp, items, n));
	for (uint32_t k = 0; k < n; k++) {
		struct arrival *a = &in[of[k]];

		a->len = items[k].out_len;
		if (__builtin_expect(items[k].status == RS_SRTP_OK, 1))
			continue;
		count_srtp(e, ms->rx[a->slot].activity, items[k].status);
		a->slot = STREAM_NONE;
	}
}

/* @return false when it is lost, or comes later */
static bool
passes(struct rs_engine *e, uint32_t slot, const struct rs_rx *rx)
{
	struct streams *ms = e->streams;
	struct stream_cold *cold = &ms->cold[slot];
	struct rs_metrics *m = stream_cells(e, ms->rx[slot].activity);
	struct rs_impaired fate;

	if (rx->opaque == ms) /* it comes later */
		return true;
	if (!rs_impairment_is_any(&cold->profile->receive))
		return true;
	fate = rs_impair(&cold->receive_state, &cold->profile->receive, rs_rng_next(&ms->rng));
	if (fate.copies == 0) {
		rs_metric_inc(m, RS_MEDIA_IMPAIRED_LOST);
		return false;
	}
	if (fate.copies == 2 && streams_hold(e, slot, &rx->path, rx->data, rx->len, fate.delay_ns + 1, true))
		rs_metric_inc(m, RS_MEDIA_IMPAIRED_DUPLICATED);
	if (fate.delay_ns == 0 || !streams_hold(e, slot, &rx->path, rx->data, rx->len, fate.delay_ns, true))
		return true;
	rs_metric_inc(m, RS_MEDIA_IMPAIRED_DELAYED);
	return false;
}

/* Whose are they? Each look that memory must be waited for is begun for all of them first. @return how many of @in */
static uint32_t
look_up(struct rs_engine *e, const struct rs_rx *rx, uint32_t n, struct arrival *in)
{
	struct streams *ms = e->streams;
	const struct media_pair *pairs[CHUNK];
	uint32_t n_in = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct rs_path *path = &rx[i].path;

		pairs[i] = media_ports_find(&ms->ports, path->port, &path->local, path->local_port);
		__builtin_prefetch(pairs[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p;

		if (__builtin_expect(!pairs[i] || !pairs[i]->stream, 0)) {
			rs_metric_inc(&e->account->media, pairs[i] ? RS_MEDIA_W_NO_STREAM : RS_MEDIA_W_NOT_OURS);
			continue;
		}
		in[n_in++] = (struct arrival){ &rx[i], pairs[i]->stream - 1, rx[i].len };
		p = (const uint8_t *)&ms->rx[pairs[i]->stream - 1];
		__builtin_prefetch(p, 1);
		__builtin_prefetch(p + LINE, 1);
		__builtin_prefetch(p + 2 * LINE, 1);
	}
	return n_in;
}

static void
take_chunk(struct rs_engine *e, const struct rs_rx *rx, uint32_t n, struct tally *tally)
{
	struct streams *ms = e->streams;
	struct arrival in[CHUNK];
	struct rs_srtp_item items[CHUNK];
	uint8_t of[CHUNK], control[CHUNK];
	uint32_t n_in = look_up(e, rx, n, in), n_items = 0, n_control = 0;

	for (uint32_t i = 0; i < n_in; i++) {
		struct arrival *a = &in[i];
		const struct stream_rx *srx = &ms->rx[a->slot];

		if (__builtin_expect(srx->flags & STREAM_UDPTL, 0)) {
			rs_metric_inc(stream_cells(e, srx->activity), RS_MEDIA_UDPTL_RECEIVED);
			a->slot = STREAM_NONE;
		} else if (__builtin_expect(ms->impairs_received, 0) && !passes(e, a->slot, a->rx)) {
			a->slot = STREAM_NONE;
		} else if (__builtin_expect(rs_rtp_demux(a->rx->data, a->len) == RS_RTP_IS_RTCP, 0)) {
			control[n_control++] = (uint8_t)i;
		} else if (__builtin_expect(a->rx->path.local_port & 1, 0)) {
			rs_metric_inc(stream_cells(e, srx->activity), RS_MEDIA_WRONG_PORT);
			a->slot = STREAM_NONE;
		} else if (srx->keys != STREAM_NONE) {
			of[n_items] = (uint8_t)i;
			items[n_items++] = (struct rs_srtp_item){ .ctx = &keys_at(ms, srx->keys)->rx,
				.packet = (uint8_t *)(uintptr_t)a->rx->data, .len = a->len };
		}
	}
	if (n_items)
		decrypt(e, in, items, of, n_items);
	for (uint32_t k = 0; k < n_control; k++) {
		stream_rtcp_input(e, in[control[k]].slot, in[control[k]].rx, in[control[k]].len);
		in[control[k]].slot = STREAM_NONE;
	}
	for (uint32_t i = 0; i < n_in; i++)
		if (in[i].slot != STREAM_NONE)
			take_packet(e, &in[i], tally);
	if (ms->batch->n) /* echoes */
		stream_batch_send(e);
}

void
streams_input(struct rs_engine *e, const struct rs_rx *rx, uint32_t n)
{
	struct tally tally = { 0 };

	for (uint32_t at = 0; at < n; at += CHUNK)
		take_chunk(e, rx + at, n - at < CHUNK ? n - at : CHUNK, &tally);
	tally_settle(e, &tally);
}

bool
streams_udptl(struct rs_engine *e, const struct rs_rx *rx)
{
	const struct media_pair *pair;
	const struct stream_rx *srx;

	if (!e->streams || !e->streams->images)
		return false;
	pair = media_ports_find(&e->streams->ports, rx->path.port, &rx->path.local, rx->path.local_port);
	if (!pair || !pair->stream)
		return false;
	srx = &e->streams->rx[pair->stream - 1];
	if (!(srx->flags & STREAM_UDPTL))
		return false;
	rs_metric_inc(stream_cells(e, srx->activity), RS_MEDIA_UDPTL_RECEIVED);
	return true;
}

bool
streams_unreachable(struct rs_engine *e, const struct rs_rx *rx)
{
	const struct media_pair *pair;
	bool rtp = rs_rx_kind_of(rx->data, rx->len) == RS_RX_RTP;

	if (!e->streams || (!rtp && !e->streams->images))
		return false;
	pair = media_ports_find(&e->streams->ports, rx->path.port, &rx->path.local, rx->path.local_port);
	if (pair && pair->stream)
		rs_metric_inc(stream_cells(e, e->streams->rx[pair->stream - 1].activity), RS_MEDIA_UNREACHABLE);
	return pair != NULL; /* SIP has no port of these */
}
