/* SPDX-License-Identifier: BSD-3-Clause */
/* A capture is sent again: its timing, payload types, markers and gaps, with our SSRC, sequence and timestamps. */
#include "engine/stream.h"

void
stream_replay_begin(struct rs_engine *e, struct stream *s, const struct rs_replay *r)
{
	struct streams *ms = e->streams;
	uint32_t slot = stream_slot(ms, s);
	struct stream_cold *cold = &ms->cold[slot];

	if (calendar_has(&ms->calendar, slot))
		calendar_remove(&ms->calendar, slot);
	if (!(s->flags & STREAM_TIMED) || s->due_ns < e->now) /* its first packet is due now; else when the next one of sound was */
		s->due_ns = calendar_tick(e->now) * CALENDAR_SLOT_NS;
	cold->replay = r;
	cold->replay_at = 0;
	cold->replay_ns = s->due_ns;
	cold->replay_ts = s->ts;
	cold->replay_seq = s->seq;
	cold->replay_high = (uint16_t)(s->seq - 1);
	cold->source = UINT32_MAX;
	s->payload = NULL;
	s->flags |= STREAM_REPLAY | STREAM_TIMED;
	stream_settle(e, s);
}

#define PACKETS 16 /* of one stream at a time: the others are due, too */

void
stream_replay_send(struct rs_engine *e, struct stream *s)
{
	struct streams *ms = e->streams;
	uint32_t slot = stream_slot(ms, s);
	struct stream_cold *cold = &ms->cold[slot];
	const struct rs_replay *r = cold->replay;

	for (uint32_t i = 0; i < PACKETS && cold->replay_at < r->n; i++) {
		const struct rs_replay_packet *p = &r->packets[cold->replay_at];

		s->due_ns = cold->replay_ns + p->due_ns;
		if (s->due_ns > e->now)
			break;
		cold->replay_at++;
		if (r->udptl) {
			stream_put_udptl(e, s, r->block + p->offset, p->len, s->due_ns);
			continue;
		}
		s->seq = (uint16_t)(cold->replay_seq + p->seq);
		if ((int16_t)(uint16_t)(s->seq - cold->replay_high) > 0)
			cold->replay_high = s->seq;
		s->ts = cold->replay_ts + p->ts;
		(void)stream_put(e, s, (uint8_t)(p->pt | (p->marker ? RS_RTP_MARKER : 0)), s->ts, r->block + p->offset, p->len, s->due_ns);
	}
	if (cold->replay_at < r->n) {
		s->due_ns = cold->replay_ns + r->packets[cold->replay_at].due_ns;
		return; /* the caller puts it into the calendar again */
	}
	s->flags &= ~(uint32_t)STREAM_REPLAY;
	s->flags |= STREAM_MARKER;
	s->seq = (uint16_t)(cold->replay_high + 1); /* behind all of them, whatever the order of the last ones */
	s->due_ns += s->ptime_ns;
	s->ts += s->ts_step;
}
