/* SPDX-License-Identifier: BSD-3-Clause */
/* Digits: telephone events sent instead of sound (RFC 4733), events received, and what is heard in the sound. */
#include <errno.h>

#include "engine/stream.h"
#include "media/g711.h"

#define DIGIT_MS     160
#define DIGIT_GAP_MS 80
#define DIGIT_VOLUME 10 /* -10 dBm0 */
#define SOUND_MAX    480 /* samples of a packet: 60 ms */
#define SEQUENCE_NEAR 8000 /* clock units */
#define SAME_DIGIT_NS (150 * RS_NS_PER_MS) /* less than any digit and its pause that may be told apart need, after the first's end */

static bool
is_g711(const struct stream_cold *cold)
{
	return cold->codec && (strcmp(cold->codec->name, "PCMU") == 0 || strcmp(cold->codec->name, "PCMA") == 0);
}

/* What of @how the stream can do. */
static uint8_t
possible(const struct stream *s, const struct stream_cold *cold, uint32_t how)
{
	bool events = s->pt_event < 128, sound = s->pt < 128 && is_g711(cold);

	if (how == RS_DTMF_AUTO)
		how = cold->profile->dtmf;
	if (how == RS_DTMF_AUTO)
		how = events ? RS_DTMF_EVENTS : RS_DTMF_INBAND;
	if (how == RS_DTMF_BOTH && !(events && sound))
		how = events ? RS_DTMF_EVENTS : RS_DTMF_INBAND;
	return how == RS_DTMF_INBAND && !sound ? RS_DTMF_AUTO : how == RS_DTMF_EVENTS && !events ? RS_DTMF_AUTO : (uint8_t)how;
}

int
stream_digits_begin(struct rs_engine *e, struct stream *s, struct rs_slice text, uint32_t ms, uint32_t how)
{
	struct stream_cold *cold = &e->streams->cold[stream_slot(e->streams, s)];
	struct stream_digits *d = &cold->digits;
	const struct rs_media_profile *p = cold->profile;

	how = possible(s, cold, how);
	if (how == RS_DTMF_AUTO)
		return -ENOTSUP;
	if (text.len == 0 || text.len > sizeof(d->text) - (d->n - d->at))
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++)
		if (rs_rtp_event_code((char)text.p[i]) < 0)
			return -EINVAL;
	/* Behind those that are still to be sent. */
	memmove(d->text, d->text + d->at, d->n - d->at);
	memmove(d->how, d->how + d->at, d->n - d->at);
	d->n -= d->at;
	d->at = 0;
	memcpy(d->text + d->n, text.p, text.len);
	memset(d->how + d->n, (int)how, text.len);
	d->n += (uint8_t)text.len;
	d->ms = (uint16_t)(ms ? ms : p->digit_ms ? p->digit_ms : DIGIT_MS);
	if (!(s->flags & STREAM_DIGITS)) {
		d->next_ns = e->now;
		d->tx = (struct rs_rtp_event_tx){ 0 };
		d->wave_at = d->wave_len = 0;
	}
	s->flags |= STREAM_DIGITS;
	stream_settle(e, s);
	return 0;
}

static uint32_t
gap_ms(const struct rs_media_profile *p)
{
	return p->digit_gap_ms ? p->digit_gap_ms : DIGIT_GAP_MS;
}

/* A codec that was agreed on since may have no more room for a digit in its sound, or no events: such a one is left out. */
static bool
begin_next(struct rs_engine *e, struct stream *s, struct stream_cold *cold)
{
	struct stream_digits *d = &cold->digits;
	uint32_t per_ms = (uint32_t)((uint64_t)s->ts_step * RS_NS_PER_MS / s->ptime_ns);
	uint8_t how = possible(s, cold, d->how[d->at]), code = (uint8_t)rs_rtp_event_code(d->text[d->at++]);
	uint8_t volume = cold->profile->digit_volume ? cold->profile->digit_volume : DIGIT_VOLUME;

	d->wave_at = d->wave_len = 0;
	if (how == RS_DTMF_INBAND || how == RS_DTMF_BOTH) {
		rs_dtmf_wave_begin(&d->wave, rs_rtp_event_char(code), -volume);
		d->tone_len = d->ms * 8u;
		d->wave_len = d->tone_len + gap_ms(cold->profile) * 8u;
	}
	if (how == RS_DTMF_INBAND)
		return true;
	return how != RS_DTMF_AUTO && rs_rtp_event_begin(&d->tx, code, volume, d->ms * per_ms, s->ts_step, s->ts) == 0;
}

/* A packet of a digit's sound, or of the silence behind it, without which nobody would know where it ends. */
static void
send_wave(struct rs_engine *e, struct stream *s, struct stream_cold *cold)
{
	struct stream_digits *d = &cold->digits;
	bool mu = strcmp(cold->codec->name, "PCMU") == 0;
	uint32_t n = s->ts_step < SOUND_MAX ? s->ts_step : SOUND_MAX, left = d->wave_at < d->tone_len ? d->tone_len - d->wave_at : 0;
	int16_t samples[SOUND_MAX] = { 0 };
	uint8_t sound[SOUND_MAX];

	rs_dtmf_wave_next(&d->wave, left < n ? left : n, samples);
	rs_g711_encode(!mu, samples, n, sound);
	d->wave_at += n;
	(void)stream_put(e, s, (uint8_t)(s->pt | (s->flags & STREAM_MARKER ? RS_RTP_MARKER : 0)), s->ts, sound, n, s->due_ns);
}

static void
digit_ends(struct rs_engine *e, const struct stream *s, struct stream_cold *cold)
{
	struct stream_digits *d = &cold->digits;

	rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_DIGITS_SENT);
	d->next_ns = s->due_ns + (d->wave_len ? 0 : gap_ms(cold->profile) * RS_NS_PER_MS);
}

bool
stream_digits_send(struct rs_engine *e, struct stream *s)
{
	struct stream_cold *cold = &e->streams->cold[stream_slot(e->streams, s)];
	struct stream_digits *d = &cold->digits;
	bool event, sound = d->wave_at < d->wave_len;
	struct rs_rtp_event_packet p;
	uint8_t *out;

	event = rs_rtp_event_next(&d->tx, &p);
	if (!event && !sound) {
		if (d->at == d->n) {
			s->flags &= ~(uint32_t)STREAM_DIGITS;
			s->flags |= STREAM_MARKER;
			return false;
		}
		if (s->due_ns < d->next_ns || !begin_next(e, s, cold))
			return false; /* sound, until the next digit is due */
		event = rs_rtp_event_next(&d->tx, &p);
		sound = d->wave_at < d->wave_len;
	}
	if (sound) {
		send_wave(e, s, cold);
		if (!event && !d->tx.ends_left && d->wave_at >= d->wave_len)
			digit_ends(e, s, cold);
	}
	if (!event)
		return true;
	/* An event has the timestamp of its begin; a packet that cannot leave is one of several. */
	out = stream_put(e, s, (uint8_t)(s->pt_event | (p.marker ? RS_RTP_MARKER : 0)), p.timestamp, p.payload, RS_RTP_EVENT_LEN,
		s->due_ns);
	if (out && p.end && d->tx.ends_left == 0 && d->wave_at >= d->wave_len) /* else its silence is still to come */
		digit_ends(e, s, cold);
	return true;
}

/* One that is sent both ways is one digit: its event ends with it, and the sound a little later. */
static bool
is_echo(const struct stream_cold *cold, char digit, bool inband, uint64_t now_ns)
{
	return cold->heard_n && cold->heard_inband != inband && cold->heard[cold->heard_n - 1] == digit &&
		now_ns - cold->heard_ns < SAME_DIGIT_NS;
}

static void
heard(struct rs_engine *e, struct stream_cold *cold, char digit, bool inband)
{
	if (is_echo(cold, digit, inband, e->now))
		return;
	cold->heard_ns = e->now;
	cold->heard_inband = inband;
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
		heard(e, cold, digit, false);
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

static void
listen(struct rs_engine *e, uint32_t slot, struct rs_dtmf_detector *d, const int16_t *samples, size_t len)
{
	struct rs_dtmf_digit out[SOUND_MAX / 400 + 1];
	size_t n = rs_dtmf_input(d, samples, len, out, sizeof(out) / sizeof(out[0]));

	for (size_t i = 0; i < n; i++) {
		heard(e, &e->streams->cold[slot], out[i].digit, true);
		rs_metric_inc(stream_cells(e, stream_at(e->streams, slot)->activity), RS_MEDIA_DIGITS_INBAND);
	}
}

void
stream_digits_sound(struct rs_engine *e, uint32_t slot, const struct rs_rtp_packet *p)
{
	struct stream_cold *cold = &e->streams->cold[slot];
	int16_t samples[SOUND_MAX];
	struct rs_dtmf_detector *d;
	bool fresh = cold->detector == STREAM_NONE;
	int32_t ahead;

	if ((p->pt != 0 && p->pt != 8) || p->payload_len > SOUND_MAX) /* RFC 3551's numbers of G.711, which SDP cannot change */
		return;
	d = detector_of(e, slot);
	if (!d)
		return;
	ahead = fresh ? 0 : (int32_t)(p->timestamp - cold->sound_ts);
	if (ahead < 0 && ahead > -SEQUENCE_NEAR) /* it came too late; what is further away is another sequence */
		return;
	if (ahead > 0) { /* silence, be it lost or not sent: more than ends a digit makes no difference */
		memset(samples, 0, sizeof(samples));
		listen(e, slot, d, samples, ahead < SOUND_MAX ? (size_t)ahead : SOUND_MAX);
	}
	rs_g711_decode(p->pt == 8, p->payload, p->payload_len, samples);
	listen(e, slot, d, samples, p->payload_len);
	cold->sound_ts = p->timestamp + p->payload_len;
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
		heard(e, cold, digit.digit, true);
		rs_metric_inc(stream_cells(e, stream_at(ms, slot)->activity), RS_MEDIA_DIGITS_INBAND);
	}
	rs_pool_give(&ms->detectors, cold->detector);
	cold->detector = STREAM_NONE;
}
