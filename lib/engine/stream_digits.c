/* SPDX-License-Identifier: BSD-3-Clause */
/* Digits: telephone events sent instead of sound (RFC 4733), events received, and what is heard in the sound. */
#include <errno.h>

#include "engine/stream.h"
#include "media/g711.h"

#define DIGIT_MS     160
#define DIGIT_GAP_MS 80
#define DIGIT_VOLUME 10 /* -10 dBm0 */
#define SOUND_MAX    480 /* samples of a packet: 60 ms */

int
stream_digits_begin(struct rs_engine *e, struct stream *s, struct rs_slice text, uint32_t ms)
{
	struct stream_digits *d = &e->streams->cold[stream_slot(e->streams, s)].digits;
	const struct rs_media_profile *p = e->streams->cold[stream_slot(e->streams, s)].profile;

	if (s->pt_event >= 128)
		return -ENOTSUP;
	if (text.len == 0 || text.len > sizeof(d->text) - (d->n - d->at))
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++)
		if (rs_rtp_event_code((char)text.p[i]) < 0)
			return -EINVAL;
	/* Behind those that are still to be sent. */
	memmove(d->text, d->text + d->at, d->n - d->at);
	d->n -= d->at;
	d->at = 0;
	memcpy(d->text + d->n, text.p, text.len);
	d->n += (uint8_t)text.len;
	d->ms = (uint16_t)(ms && ms <= UINT16_MAX ? ms : p->digit_ms ? p->digit_ms : DIGIT_MS);
	if (!(s->flags & STREAM_DIGITS)) {
		d->next_ns = e->now;
		d->tx = (struct rs_rtp_event_tx){ 0 };
	}
	s->flags |= STREAM_DIGITS;
	stream_settle(e, s);
	return 0;
}

static bool
begin_next(struct rs_engine *e, struct stream *s, struct stream_digits *d, const struct rs_media_profile *p)
{
	uint32_t per_ms = (uint32_t)((uint64_t)s->ts_step * RS_NS_PER_MS / s->ptime_ns);

	return rs_rtp_event_begin(&d->tx, (uint8_t)rs_rtp_event_code(d->text[d->at++]),
		       p->digit_volume ? p->digit_volume : DIGIT_VOLUME, d->ms * per_ms, s->ts_step, s->ts) == 0;
}

bool
stream_digits_send(struct rs_engine *e, struct stream *s)
{
	struct stream_cold *cold = &e->streams->cold[stream_slot(e->streams, s)];
	struct stream_digits *d = &cold->digits;
	struct rs_rtp_event_packet p;
	uint8_t *out;

	if (!rs_rtp_event_next(&d->tx, &p)) {
		if (d->at == d->n) {
			s->flags &= ~(uint32_t)STREAM_DIGITS;
			s->flags |= STREAM_MARKER;
			return false;
		}
		if (s->due_ns < d->next_ns || !begin_next(e, s, d, cold->profile) || !rs_rtp_event_next(&d->tx, &p))
			return false; /* sound, until the next digit is due */
	}
	/* An event has the timestamp of its begin; a packet that cannot leave is one of several. */
	out = stream_put(e, s, (uint8_t)(s->pt_event | (p.marker ? RS_RTP_MARKER : 0)), p.timestamp, p.payload, RS_RTP_EVENT_LEN,
		s->due_ns);
	if (out && p.end && d->tx.ends_left == 0) {
		const struct rs_media_profile *profile = cold->profile;

		rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_DIGITS_SENT);
		d->next_ns = s->due_ns + (profile->digit_gap_ms ? profile->digit_gap_ms : DIGIT_GAP_MS) * RS_NS_PER_MS;
	}
	return true;
}

static void
heard(struct stream_cold *cold, char digit)
{
	if (cold->heard_n == sizeof(cold->heard)) {
		memmove(cold->heard, cold->heard + 1, sizeof(cold->heard) - 1);
		cold->heard_n--;
	}
	cold->heard[cold->heard_n++] = digit;
}

static void
take_events(struct rs_engine *e, uint32_t slot, const struct rs_rtp_event_seen *seen, unsigned n)
{
	struct stream_cold *cold = &e->streams->cold[slot];

	for (unsigned i = 0; i < n; i++) {
		char digit = rs_rtp_event_char(seen[i].code);

		if (!seen[i].ended || !digit)
			continue;
		heard(cold, digit);
		rs_metric_inc(stream_cells(e, stream_at(e->streams, slot)->activity), RS_MEDIA_DIGITS_HEARD);
	}
}

void
stream_digits_event(struct rs_engine *e, uint32_t slot, const struct rs_rtp_packet *p)
{
	struct rs_rtp_event_seen seen[RS_RTP_EVENT_SEEN];
	struct stream_cold *cold = &e->streams->cold[slot];

	take_events(e, slot, seen, rs_rtp_event_input(&cold->event, p->payload, p->payload_len, p->timestamp, p->marker, seen));
}

static struct rs_dtmf_detector *
detector_of(struct rs_engine *e, uint32_t slot)
{
	struct streams *ms = e->streams;
	struct stream_cold *cold = &ms->cold[slot];

	if (cold->detector == STREAM_NONE) {
		cold->detector = rs_pool_take(&ms->detectors);
		if (cold->detector == RS_POOL_NONE)
			return NULL;
		rs_dtmf_init(rs_pool_at(&ms->detectors, cold->detector), NULL);
	}
	return rs_pool_at(&ms->detectors, cold->detector);
}

void
stream_digits_sound(struct rs_engine *e, uint32_t slot, const struct rs_rtp_packet *p)
{
	struct stream_cold *cold = &e->streams->cold[slot];
	bool alaw = p->pt == 8;
	struct rs_dtmf_detector *d;
	struct rs_dtmf_digit out[SOUND_MAX / 400 + 1];
	int16_t samples[SOUND_MAX];
	size_t n;

	if ((p->pt != 0 && p->pt != 8) || p->payload_len > SOUND_MAX) /* RFC 3551's numbers of G.711, which SDP cannot change */
		return;
	d = detector_of(e, slot);
	if (!d)
		return;
	rs_g711_decode(alaw, p->payload, p->payload_len, samples);
	n = rs_dtmf_input(d, samples, p->payload_len, out, sizeof(out) / sizeof(out[0]));
	for (size_t i = 0; i < n; i++) {
		heard(cold, out[i].digit);
		rs_metric_inc(stream_cells(e, stream_at(e->streams, slot)->activity), RS_MEDIA_DIGITS_INBAND);
	}
}

void
stream_digits_end(struct rs_engine *e, uint32_t slot)
{
	struct streams *ms = e->streams;
	struct stream_cold *cold = &ms->cold[slot];
	struct rs_rtp_event_seen seen[RS_RTP_EVENT_SEEN];
	struct rs_dtmf_digit digit;

	take_events(e, slot, seen, rs_rtp_event_flush(&cold->event, seen));
	if (cold->detector == STREAM_NONE)
		return;
	if (rs_dtmf_end(rs_pool_at(&ms->detectors, cold->detector), &digit)) {
		heard(cold, digit.digit);
		rs_metric_inc(stream_cells(e, stream_at(ms, slot)->activity), RS_MEDIA_DIGITS_INBAND);
	}
	rs_pool_give(&ms->detectors, cold->detector);
	cold->detector = STREAM_NONE;
}
