/* SPDX-License-Identifier: BSD-3-Clause */
/* A call's media from its first port to its last: what happens with its legs and steps. */
#include <errno.h>

#include "engine/stream.h"

static const struct rs_media_profile *
profile_of(const struct rs_engine *e, const struct media *m)
{
	return &e->streams->setup->profiles[m->profile];
}

static void
give_ports(struct rs_engine *e, const struct media *m)
{
	for (uint32_t k = 0; k < MEDIA_LINES; k++)
		if (m->ports[k])
			media_ports_give(&e->streams->ports, m->port, &m->local, m->ports[k], e->now);
}

static bool
take_ports(struct rs_engine *e, struct media *m)
{
	for (uint32_t k = 0; k < MEDIA_LINES; k++) {
		if (!profile_of(e, m)->sdp[k])
			continue;
		m->ports[k] = media_ports_take(&e->streams->ports, m->port, &m->local, e->now);
		if (!m->ports[k]) {
			give_ports(e, m);
			return false;
		}
	}
	return true;
}

struct media *
media_open(struct rs_engine *e, struct leg *leg, uint16_t profile)
{
	struct streams *ms = e->streams;
	uint32_t slot;
	struct media *m;

	if (!ms || profile >= ms->setup->n_profiles)
		return NULL;
	if (leg->media != NO_MEDIA)
		return media_at(e, leg);
	slot = rs_pool_take(&e->media);
	if (slot == RS_POOL_NONE) {
		rs_metric_inc(stream_cells(e, leg->activity), RS_MEDIA_NO_MEMORY);
		return NULL;
	}
	m = rs_pool_at(&e->media, slot);
	memset(m, 0, sizeof(*m));
	m->sdp.streams = m->lines;
	m->sdp.cap = MEDIA_LINES;
	m->leg = leg_slot(e, leg);
	m->profile = profile;
	m->local = leg->path.local;
	m->port = leg->path.port;
	if (!take_ports(e, m)) {
		rs_metric_inc(stream_cells(e, leg->activity), RS_MEDIA_NO_PORTS);
		rs_pool_give(&e->media, slot);
		return NULL;
	}
	for (uint32_t k = 0; k < MEDIA_LINES; k++) {
		m->streams[k] = NO_MEDIA;
		m->ssrc[k] = (uint32_t)(rs_rng_next(&ms->rng) >> 32);
	}
	leg->media = slot;
	streams_gauges(e);
	return m;
}

void
media_apply(struct rs_engine *e, struct leg *leg, struct media *m)
{
	(void)leg;
	for (uint32_t k = 0; k < MEDIA_LINES; k++) {
		const struct rs_sdp_stream *st = media_line(m, k);

		if (!st || (st->state == RS_SDP_STREAM_ACTIVE && stream_apply(e, m, k, st) != 0))
			stream_stop(e, m, k);
	}
	streams_gauges(e);
}

void
media_close(struct rs_engine *e, struct leg *leg)
{
	struct media *m = media_at(e, leg);

	if (!m)
		return;
	for (uint32_t k = 0; k < MEDIA_LINES; k++)
		stream_stop(e, m, k);
	give_ports(e, m);
	explicit_bzero(m->lines, sizeof(m->lines)); /* keys */
	rs_pool_give(&e->media, leg->media);
	leg->media = NO_MEDIA;
	streams_gauges(e);
}

/* The clip of a step, NULL: the program has none of that number. */
static const struct rs_clip *
clip_of(const struct rs_engine *e, const struct leg *leg, uint32_t i)
{
	const struct rs_program *p = leg_program(e, leg);

	return i < p->n_clips ? &p->clips[i] : NULL;
}

static int
play_source(struct rs_engine *e, const struct leg *leg, struct stream *s, uint32_t source)
{
	struct stream_cold *cold = &e->streams->cold[stream_slot(e->streams, s)];
	const struct rs_clip *clip = clip_of(e, leg, source);
	const struct rs_media_profile *p = cold->profile;
	const struct rs_payload *payload = clip ? clip->frames
		: p->payload			? p->payload(p->ctx, source, cold->codec, s->ptime_ms)
						: NULL;

	if (!payload)
		return -EINVAL;
	if (clip && clip->line != s->line)
		return -ENOENT;
	if (clip && clip->payload_type != RS_SDP_NO_PAYLOAD)
		s->pt = clip->payload_type;
	stream_play(e, s, payload, clip ? clip->loops < 0 ? -1 : clip->loops - 1 : 0);
	cold->source = clip ? UINT32_MAX : source;
	return 0;
}

static int
play_replay(struct rs_engine *e, const struct leg *leg, struct stream *s, uint32_t capture)
{
	const struct rs_media_profile *p = e->streams->cold[stream_slot(e->streams, s)].profile;
	const struct rs_clip *clip = clip_of(e, leg, capture);
	const struct rs_replay *r = clip ? clip->replay : p->replay ? p->replay(p->ctx, capture) : NULL;

	if (!r)
		return -EINVAL;
	if (r->udptl ? !(s->flags & STREAM_UDPTL) : (s->flags & STREAM_UDPTL) || (clip && clip->line != s->line))
		return -ENOENT;
	stream_replay_begin(e, s, r);
	return 0;
}

static void
set_flag(struct rs_engine *e, struct stream *s, uint32_t flag, bool on)
{
	struct stream_rx *rx = &e->streams->rx[stream_slot(e->streams, s)];

	s->flags = on ? s->flags | flag : s->flags & ~flag;
	rx->flags = (uint16_t)s->flags;
	stream_settle(e, s);
}

static int
play_one(struct rs_engine *e, const struct leg *leg, struct stream *s, enum media_do what, uint32_t arg, struct rs_slice text)
{
	switch (what) {
	case MEDIA_SOURCE: return play_source(e, leg, s, arg);
	case MEDIA_REPLAY: return play_replay(e, leg, s, arg);
	case MEDIA_DIGITS: return stream_digits_begin(e, s, text, arg % MEDIA_DIGITS_HOW, arg / MEDIA_DIGITS_HOW);
	case MEDIA_ECHO: set_flag(e, s, STREAM_ECHO, arg != 0); return 0;
	case MEDIA_PAUSE: set_flag(e, s, STREAM_PAUSED, true); return 0;
	case MEDIA_RESUME: set_flag(e, s, STREAM_PAUSED, false); return 0;
	case MEDIA_STOP: stream_play(e, s, NULL, 0); return 0;
	}
	return -EINVAL;
}

int
media_play(struct rs_engine *e, struct leg *leg, struct media *m, enum media_do what, uint32_t arg, struct rs_slice text)
{
	int rc = -ENOENT;

	for (uint32_t k = 0; k < MEDIA_LINES; k++) {
		if (m->streams[k] == NO_MEDIA)
			continue;
		int one = play_one(e, leg, stream_at(e->streams, m->streams[k]), what, arg, text);

		if (one == 0 || rc == -ENOENT) /* a source or digits are often for one of the lines only */
			rc = one;
	}
	return rc;
}

struct rs_slice
media_digits(const struct rs_engine *e, const struct media *m)
{
	for (uint32_t k = 0; k < MEDIA_LINES; k++)
		if (m->streams[k] != NO_MEDIA) {
			const struct stream_cold *cold = &e->streams->cold[m->streams[k]];

			return rs_slice_of((const uint8_t *)cold->heard, cold->heard_n);
		}
	return (struct rs_slice){ 0 };
}
