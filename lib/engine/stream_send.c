/* SPDX-License-Identifier: BSD-3-Clause */
/* What the calendar says is due: built, protected and sent a batch at a time. */
#include <errno.h>

#include "engine/stream.h"

static void
count_failure(struct rs_engine *e, const struct stream *s, int rc)
{
	rs_metric_inc(stream_cells(e, s->activity),
		rc == -EACCES	      ? RS_MEDIA_NOT_TARGET
		: rc == -EHOSTUNREACH ? RS_MEDIA_NO_ROUTE
				      : RS_MEDIA_NO_BUFFER);
}

/* It waits for its burst, with those of the same due time. */
static void
stamp(struct rs_engine *e, uint64_t due_ns, uint32_t activity)
{
	struct streams *ms = e->streams;
	struct sent_run *run = &ms->runs[ms->n_runs ? ms->n_runs - 1 : 0];

	if (ms->n_runs && run->due_ns == due_ns && run->activity == activity) {
		run->n++;
		return;
	}
	if (ms->n_runs == SENT_RUNS)
		streams_flushed(e, e->now); /* more than any burst holds: the turn's time is near enough */
	ms->runs[ms->n_runs++] = (struct sent_run){ due_ns, 1, activity };
}

void
streams_flushed(struct rs_engine *e, uint64_t time_ns)
{
	struct streams *ms = e->streams;

	for (uint32_t i = 0; i < ms->n_runs; i++) {
		const struct sent_run *run = &ms->runs[i];
		struct rs_metrics *m = stream_cells(e, run->activity);
		uint64_t late = time_ns > run->due_ns ? time_ns - run->due_ns : 0;

		rs_metric_record_n(m, RS_MEDIA_LATENESS, late, run->n);
		if (run->due_ns >= e->gap_from && run->due_ns < e->gap_until)
			rs_metric_record_n(m, RS_MEDIA_LATENESS_GAP, late, run->n);
	}
	ms->n_runs = 0;
}

/* --- what is wrong on purpose, or impaired --- */

static void
pick_wrong(struct rs_engine *e, struct stream *s, uint32_t i)
{
	struct streams *ms = e->streams;
	struct stream_batch *b = ms->batch;
	const struct rs_wrong *how = &ms->cold[stream_slot(ms, s)].profile->wrong;
	enum rs_wrong_what what = rs_wrong_pick(how, (uint32_t)(rs_rng_next(&ms->rng) >> 32));
	struct rs_srtp_item *item = &b->items[b->n_items - 1];

	if (what == RS_WRONG_ROC) {
		if (b->ahead_of)
			return; /* one of them in a batch */
		b->ahead_of = item->ctx;
		b->ahead = *item->ctx;
		rs_srtp_set_roc(&b->ahead, rs_srtp_roc(item->ctx) + 1);
		item->ctx = &b->ahead;
	}
	b->wrong[i] = (uint8_t)what;
	if (what != RS_WRONG_NONE)
		rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_WRONG_SENT);
}

/* Behind the protection. */
static void
spoil(struct rs_engine *e, uint8_t *p, uint32_t len, uint8_t wrong)
{
	switch ((enum rs_wrong_what)wrong) {
	case RS_WRONG_TAG: p[len - 1] ^= 1; break;
	case RS_WRONG_HEADER: p[1] ^= 1; break;
	case RS_WRONG_KEY: /* what another key makes of it: other bytes, and none that we know */
		for (uint32_t i = RS_RTP_HEADER_LEN; i < len; i++)
			p[i] ^= (uint8_t)rs_rng_next(&e->streams->rng);
		break;
	default: break;
	}
}

/* The same bytes once more, at once. */
static void
send_copy(struct rs_engine *e, struct stream *s, const uint8_t *data, uint32_t len)
{
	struct rs_buf buf;

	if (e->link.take(e->link.ctx, &s->path, &buf) != 0)
		return;
	if (len > buf.cap) {
		e->link.drop(e->link.ctx, &buf);
		return;
	}
	memcpy(buf.data, data, len);
	(void)e->link.send(e->link.ctx, &s->path, &buf, len);
}

/* @return true when the packet has gone another way */
static bool
treat(struct rs_engine *e, struct stream *s, uint32_t i)
{
	struct streams *ms = e->streams;
	struct stream_batch *b = ms->batch;
	struct stream_cold *cold = &ms->cold[stream_slot(ms, s)];
	struct rs_metrics *m = stream_cells(e, s->activity);
	struct rs_impaired fate = { .copies = 1 };
	uint8_t *data = b->bufs[i].data;

	spoil(e, data, b->lens[i], b->wrong[i]);
	if (b->wrong[i] == RS_WRONG_REPLAY)
		send_copy(e, s, data, b->lens[i]);
	if (s->flags & STREAM_IMPAIRED)
		fate = rs_impair(&cold->send_state, &cold->profile->send, rs_rng_next(&ms->rng));
	if (fate.copies == 0) {
		rs_metric_inc(m, RS_MEDIA_IMPAIRED_LOST);
		e->link.drop(e->link.ctx, &b->bufs[i]);
		return true;
	}
	if (fate.copies == 2) {
		rs_metric_inc(m, RS_MEDIA_IMPAIRED_DUPLICATED);
		send_copy(e, s, data, b->lens[i]);
	}
	if (fate.delay_ns == 0 || !streams_hold(e, stream_slot(ms, s), &s->path, data, b->lens[i], fate.delay_ns, false))
		return false;
	rs_metric_inc(m, RS_MEDIA_IMPAIRED_DELAYED);
	e->link.drop(e->link.ctx, &b->bufs[i]);
	return true;
}

/* --- a batch --- */

static void
protect(struct rs_engine *e)
{
	struct streams *ms = e->streams;
	struct stream_batch *b = ms->batch;

	rs_metric_add(&e->account->media, RS_MEDIA_W_PROTECTED, rs_srtp_protect_batch(ms->srtp, b->items, b->n_items));
	for (uint32_t k = 0; k < b->n_items; k++) {
		uint32_t i = b->item_of[k];

		b->lens[i] = b->items[k].out_len;
		if (__builtin_expect(b->items[k].status == RS_SRTP_OK, 1))
			continue;
		b->lens[i] = 0;
		rs_metric_inc(stream_cells(e, b->streams[i]->activity),
			b->items[k].status == RS_SRTP_LIFETIME ? RS_MEDIA_KEY_USED_UP : RS_MEDIA_NO_BUFFER);
	}
	b->n_items = 0;
}

void
stream_batch_send(struct rs_engine *e)
{
	struct streams *ms = e->streams;
	struct stream_batch *b = ms->batch;
	uint32_t activity = UINT32_MAX, n = 0, bytes = 0;

	if (b->n_items)
		protect(e);
	for (uint32_t i = 0; i < b->n; i++) {
		struct stream *s = b->streams[i];
		int rc;

		if (__builtin_expect(b->lens[i] == 0, 0)) {
			e->link.drop(e->link.ctx, &b->bufs[i]);
			continue;
		}
		if (__builtin_expect(b->odd, 0) && treat(e, s, i))
			continue;
		rc = e->link.send(e->link.ctx, &s->path, &b->bufs[i], b->lens[i]);
		if (__builtin_expect(rc != 0, 0)) {
			count_failure(e, s, rc);
			continue;
		}
		stamp(e, b->dues[i], s->activity);
		if (s->activity != activity) {
			if (n) {
				rs_metric_add(stream_cells(e, activity), RS_MEDIA_SENT, n);
				rs_metric_add(stream_cells(e, activity), RS_MEDIA_SENT_BYTES, bytes);
			}
			activity = s->activity;
			n = bytes = 0;
		}
		n++;
		bytes += b->lens[i];
	}
	if (n) {
		rs_metric_add(stream_cells(e, activity), RS_MEDIA_SENT, n);
		rs_metric_add(stream_cells(e, activity), RS_MEDIA_SENT_BYTES, bytes);
	}
	ms->made += b->n;
	b->n = 0;
	b->odd = false;
	b->ahead_of = NULL;
}

uint8_t *
stream_put(struct rs_engine *e, struct stream *s, uint8_t m_pt, uint32_t ts, const uint8_t *from, uint32_t len, uint64_t due_ns)
{
	struct streams *ms = e->streams;
	struct stream_batch *b = ms->batch;
	struct rs_buf *buf;
	uint32_t i;

	if (b->n == STREAM_BATCH)
		stream_batch_send(e);
	i = b->n;
	buf = &b->bufs[i];
	if (e->link.take(e->link.ctx, &s->path, buf) != 0) {
		rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_NO_BUFFER);
		return NULL;
	}
	if (__builtin_expect(RS_RTP_HEADER_LEN + len > buf->cap, 0)) {
		e->link.drop(e->link.ctx, buf);
		rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_NO_BUFFER);
		return NULL;
	}
	rs_rtp_write_header(buf->data, m_pt, s->seq++, ts, s->ssrc);
	memcpy(buf->data + RS_RTP_HEADER_LEN, from, len);
	b->streams[i] = s;
	b->dues[i] = due_ns;
	b->lens[i] = RS_RTP_HEADER_LEN + len;
	b->wrong[i] = RS_WRONG_NONE;
	b->n++;
	if (s->flags & STREAM_SECURE) {
		b->item_of[b->n_items] = i;
		b->items[b->n_items++] = (struct rs_srtp_item){ .ctx = &keys_at(ms, s->keys)->tx, .packet = buf->data,
			.len = RS_RTP_HEADER_LEN + len, .room = buf->cap };
	}
	if (__builtin_expect(s->flags & (STREAM_IMPAIRED | STREAM_WRONG), 0)) {
		b->odd = true;
		if (s->flags & STREAM_WRONG)
			pick_wrong(e, s, i);
	}
	s->sent++;
	s->octets += len;
	s->flags = (s->flags & ~(uint32_t)STREAM_MARKER) | STREAM_BEGUN;
	return buf->data + RS_RTP_HEADER_LEN;
}

void
stream_put_udptl(struct rs_engine *e, struct stream *s, const uint8_t *from, uint32_t len, uint64_t due_ns)
{
	struct rs_buf buf;
	int rc = e->link.take(e->link.ctx, &s->path, &buf);

	if (rc == 0 && len > buf.cap) {
		e->link.drop(e->link.ctx, &buf);
		rc = -ENOBUFS;
	} else if (rc == 0) {
		memcpy(buf.data, from, len);
		rc = e->link.send(e->link.ctx, &s->path, &buf, len);
	}
	if (rc != 0) {
		count_failure(e, s, rc);
		return;
	}
	stamp(e, due_ns, s->activity);
	s->sent++;
	rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_UDPTL_SENT);
}

static void
mark(struct rs_engine *e, const struct stream *s, uint32_t slot, uint8_t *payload)
{
	struct rs_rtp_watermark w = {
		.stream = stream_handle(e, slot, s->generation),
		.sent_ns = e->now,
		.seq = s->sent - 1,
		.run = e->run,
		.aux = s->aux,
	};

	rs_rtp_watermark_write(&w, e->secret, payload);
}

static void
send_frame(struct rs_engine *e, struct stream *s, uint32_t slot)
{
	const struct rs_payload *p = s->payload;
	const struct rs_frame *f = &p->frames[s->frame];
	uint8_t *out, pt = f->kind == RS_FRAME_CN ? s->pt_noise : s->pt;

	/* A peer that did not agree on comfort noise hears nothing instead. */
	if (f->kind == RS_FRAME_NONE || pt >= 128)
		return;
	if (f->kind == RS_FRAME_MEDIA && (f->mark || (s->flags & STREAM_MARKER)))
		pt |= RS_RTP_MARKER;
	out = stream_put(e, s, pt, s->ts, p->block + f->offset, f->len, s->due_ns);
	if (out && (s->flags & STREAM_MARK) && f->kind == RS_FRAME_MEDIA && f->len >= RS_RTP_WATERMARK_LEN)
		mark(e, s, slot, out);
}

/* The source has come to its end. @return false: and nothing plays on */
static bool
next_source(struct rs_engine *e, struct stream *s, uint32_t slot)
{
	struct stream_cold *cold = &e->streams->cold[slot];

	s->frame = 0;
	if (s->payload->loop || cold->loops < 0)
		return true;
	if (cold->loops > 0) {
		cold->loops--;
		return true;
	}
	s->payload = NULL;
	return false;
}

static void
stream_due(struct rs_engine *e, uint32_t slot)
{
	struct streams *ms = e->streams;
	struct stream *s = stream_at(ms, slot);
	bool goes_on = true;

	if (__builtin_expect(s->due_ns > e->now, 0)) { /* a round of the calendar later */
		calendar_add(&ms->calendar, slot, s->due_ns);
		return;
	}
	if (__builtin_expect(s->flags & STREAM_REPLAY, 0)) {
		stream_replay_send(e, s);
		calendar_add(&ms->calendar, slot, s->due_ns);
		stream_settle(e, s); /* at its end: is there something else to send? */
		return;
	}
	if (__builtin_expect(!(s->flags & STREAM_DIGITS) || !stream_digits_send(e, s), 1) && s->payload)
		send_frame(e, s, slot);
	if (s->payload && ++s->frame == s->payload->n_frames) /* time passes under digits, too */
		goes_on = next_source(e, s, slot);
	s->due_ns += s->ptime_ns;
	s->ts += s->ts_step;
	if (__builtin_expect(goes_on && (s->payload || (s->flags & STREAM_DIGITS)), 1))
		calendar_add(&ms->calendar, slot, s->due_ns);
	else
		stream_settle(e, s);
}

uint64_t
rs_engine_media_made(const struct rs_engine *e)
{
	return e->streams ? e->streams->made + e->streams->batch->n : 0;
}

#define LINE 64

static inline void
prefetch(const struct streams *ms, uint32_t slot)
{
	const uint8_t *p = (const uint8_t *)stream_at(ms, slot);

	__builtin_prefetch(p, 1);
	__builtin_prefetch(p + LINE, 1);
	__builtin_prefetch(&ms->calendar.places[slot], 1);
}

#define AHEAD 8 /* streams whose keys and frames are asked for before they are built */

static inline void
prefetch_more(const struct streams *ms, uint32_t slot)
{
	const struct stream *s = stream_at(ms, slot);

	if (s->payload)
		__builtin_prefetch(&s->payload->frames[s->frame]);
}

uint64_t
streams_turn(struct rs_engine *e, uint64_t now_ns)
{
	struct streams *ms = e->streams;
	uint32_t slots[STREAM_BATCH], budget = STREAMS_A_TURN, n;
	uint64_t next, held = ms->n_held ? streams_release(e) : UINT64_MAX;

	while (budget > 0 && (n = calendar_take(&ms->calendar, now_ns, slots, STREAM_BATCH)) > 0) {
		for (uint32_t i = 0; i < n; i++)
			prefetch(ms, slots[i]);
		for (uint32_t i = 0; i < n; i++) {
			if (i + AHEAD < n)
				prefetch_more(ms, slots[i + AHEAD]);
			stream_due(e, slots[i]);
		}
		stream_batch_send(e);
		budget -= n < budget ? n : budget;
	}
	next = calendar_next(&ms->calendar);
	if (budget == 0 && next <= now_ns)
		rs_metric_inc(&e->account->media, RS_MEDIA_W_FULL_TURNS);
	return held < next ? held : next;
}
