/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream's life: it begins when it is agreed on, changes with each new agreement, and ends. */
#include <errno.h>

#include "engine/stream.h"

static struct leg *
leg_of(const struct rs_engine *e, const struct media *m)
{
	return leg_at(e, m->leg);
}

/* Without SDP of our own the peer may have a codec that is in no profile: then only captures can be sent, by the first one's clock. */
static const struct rs_sdp_codec *
codec_of(const struct rs_sdp_profile *sdp, const struct rs_sdp_stream *st)
{
	uint8_t codec = st->use[RS_SDP_ROLE_CODEC].codec;

	return &sdp->codecs[codec < sdp->n_codecs ? codec : 0];
}

/* The description of what is received, as all streams have it that agreed on the same. */
static const struct rs_rtp_profile *
rx_profile(struct streams *ms, const struct rs_sdp_profile *sdp, const struct rs_sdp_stream *st,
	const struct rs_media_profile *profile)
{
	static const uint8_t kinds[] = { [RS_SDP_ROLE_CODEC] = RS_RTP_MEDIA, [RS_SDP_ROLE_EVENT] = RS_RTP_EVENT,
		[RS_SDP_ROLE_NOISE] = RS_RTP_COMFORT };
	struct rs_rtp_profile p;

	memset(&p, 0, sizeof(p));
	if (rs_rtp_profile_init(&p, codec_of(sdp, st)->clock_hz) != 0)
		return NULL;
	p.min_sequential = 1; /* we know from the signalling that it comes */
	p.talkspurts = strcmp(sdp->type, "audio") == 0;
	if (profile->playout_ns)
		p.playout_ns = profile->playout_ns;
	/* Other codecs that the peer may change to; by our own numbers, which it was told. */
	for (uint32_t i = 0; i < sdp->n_codecs; i++)
		if ((st->recv_codecs >> i & 1) && sdp->codecs[i].payload < 128)
			p.kind[sdp->codecs[i].payload] = kinds[sdp->codecs[i].role];
	for (uint32_t role = 0; role < 3; role++)
		if (st->use[role].codec != RS_SDP_NO_PAYLOAD && st->use[role].recv < 128)
			p.kind[st->use[role].recv] = kinds[role];
	if (st->use[RS_SDP_ROLE_CODEC].codec == RS_SDP_NO_PAYLOAD && st->use[RS_SDP_ROLE_CODEC].recv < 128)
		p.kind[st->use[RS_SDP_ROLE_CODEC].recv] = RS_RTP_MEDIA;
	for (uint32_t i = 0; i < ms->n_profiles; i++)
		if (memcmp(&ms->profiles[i], &p, sizeof(p)) == 0)
			return &ms->profiles[i];
	if (ms->n_profiles == MAX_RX_PROFILES)
		return NULL;
	ms->profiles[ms->n_profiles] = p;
	return &ms->profiles[ms->n_profiles++];
}

static uint32_t
ticks(const struct rs_sdp_codec *codec, int64_t ns)
{
	return codec ? (uint32_t)(int64_t)((__int128)ns * codec->clock_hz / (int64_t)RS_NS_PER_S) : 0;
}

void
stream_settle(struct rs_engine *e, struct stream *s)
{
	struct streams *ms = e->streams;
	uint32_t slot = stream_slot(ms, s);
	bool sends = (s->flags & STREAM_SEND) && !(s->flags & (STREAM_PAUSED | STREAM_ECHO)) &&
		(s->payload || (s->flags & (STREAM_DIGITS | STREAM_REPLAY)));

	if (sends == calendar_has(&ms->calendar, slot))
		return;
	if (!sends) {
		calendar_remove(&ms->calendar, slot);
		return;
	}
	if (s->flags & STREAM_REPLAY) { /* what was held back comes in its own time, later */
		if (s->due_ns < e->now) {
			ms->cold[slot].replay_ns += e->now - s->due_ns;
			s->due_ns = e->now;
		}
	} else if (!(s->flags & STREAM_TIMED)) {
		uint64_t due_ns = calendar_phase(&ms->calendar, e->now, s->ptime_ns, ms->begun);

		if (s->flags & STREAM_BEGUN) /* another phase: as much later, or earlier, by its timestamps as it is by the clock */
			s->ts += ticks(ms->cold[slot].codec, (int64_t)(due_ns - s->due_ns));
		s->due_ns = due_ns;
		s->flags |= STREAM_TIMED | STREAM_MARKER;
	} else if (s->due_ns < e->now) { /* in its phase again, and as much later by its timestamps as it is by the clock */
		uint64_t k = (e->now - s->due_ns + s->ptime_ns - 1) / s->ptime_ns;

		s->due_ns += k * s->ptime_ns;
		s->ts += (uint32_t)k * s->ts_step;
		s->flags |= STREAM_MARKER;
	}
	calendar_add(&ms->calendar, slot, s->due_ns);
}

void
stream_play(struct rs_engine *e, struct stream *s, const struct rs_payload *payload, int32_t loops)
{
	struct stream_cold *cold = &e->streams->cold[stream_slot(e->streams, s)];

	s->payload = payload;
	s->frame = 0;
	cold->loops = loops;
	s->flags = (s->flags & ~(uint32_t)STREAM_REPLAY) | STREAM_MARKER;
	if (payload) {
		s->ptime_ns = (uint32_t)payload->ptime_ns;
		s->ts_step = (uint16_t)payload->ts_step;
	} else {
		cold->source = UINT32_MAX;
	}
	stream_settle(e, s);
}

static struct stream *
begin(struct rs_engine *e, struct media *m, uint32_t line, uint32_t local, const struct rs_rtp_profile *received)
{
	struct streams *ms = e->streams;
	const struct leg *leg = leg_of(e, m);
	uint32_t slot = rs_pool_take(&ms->pool);
	struct media_pair *pair;
	struct stream_cold *cold;
	struct stream *s;

	if (slot == RS_POOL_NONE) {
		rs_metric_inc(stream_cells(e, leg->activity), RS_MEDIA_NO_MEMORY);
		return NULL;
	}
	s = stream_at(ms, slot);
	memset(s, 0, sizeof(*s));
	memset(&ms->rx[slot], 0, offsetof(struct stream_rx, rtp));
	cold = &ms->cold[slot];
	memset(cold, 0, sizeof(*cold));
	calendar_clear(&ms->calendar, slot);
	s->generation = ms->rx[slot].generation = (uint16_t)ms->pool.generation[slot];
	s->ssrc = m->ssrc[local];
	s->seq = (uint16_t)(rs_rng_next(&ms->rng) >> 49); /* RFC 3711, 3.3.1: in the lower half, so that a lost first one does not matter */
	s->ts = (uint32_t)(rs_rng_next(&ms->rng) >> 32);
	s->keys = ms->rx[slot].keys = STREAM_NONE;
	s->activity = ms->rx[slot].activity = leg->activity;
	s->media = leg->media;
	s->line = (uint8_t)line;
	s->path.local_port = m->ports[local];
	cold->profile = &ms->setup->profiles[m->profile];
	cold->detector = STREAM_NONE;
	cold->begun_ns = e->now;
	if (cold->profile->echo)
		s->flags = STREAM_ECHO;
	rs_rtp_rx_init(&ms->rx[slot].rtp, received, e->now);
	pair = media_ports_find(&ms->ports, m->port, &m->local, m->ports[local]);
	if (pair && !pair->stream) /* of two lines that share a pair the first one has it */
		pair->stream = slot + 1;
	m->streams[line] = slot;
	ms->begun++;
	rs_metric_inc(stream_cells(e, leg->activity), RS_MEDIA_STARTED);
	rs_metric_add(stream_cells(e, leg->activity), RS_MEDIA_OPEN, 1);
	rs_metric_max(stream_cells(e, leg->activity), RS_MEDIA_PEAK, rs_metric_get(stream_cells(e, leg->activity), RS_MEDIA_OPEN));
	return s;
}

/* Where it goes, and in what. */
static void
aim(struct rs_engine *e, const struct media *m, struct stream *s, const struct rs_sdp_stream *st)
{
	struct streams *ms = e->streams;
	struct stream_rx *rx = &ms->rx[stream_slot(ms, s)];
	struct stream_cold *cold = &ms->cold[stream_slot(ms, s)];

	s->path = (struct rs_path){ .local = m->local, .remote = st->remote, .local_port = m->ports[st->local],
		.remote_port = st->remote_port, .port = m->port };
	rx->from = st->remote;
	rx->from_port = st->remote_port;
	cold->remote_rtcp = st->remote_rtcp.family ? st->remote_rtcp : st->remote;
	cold->remote_rtcp_port = st->flags & RS_SDP_MUX ? st->remote_port : st->remote_rtcp_port;
	s->pt = st->use[RS_SDP_ROLE_CODEC].send;
	s->pt_event = st->use[RS_SDP_ROLE_EVENT].codec != RS_SDP_NO_PAYLOAD ? st->use[RS_SDP_ROLE_EVENT].send : RS_SDP_NO_PAYLOAD;
	s->pt_noise = st->use[RS_SDP_ROLE_NOISE].codec != RS_SDP_NO_PAYLOAD ? st->use[RS_SDP_ROLE_NOISE].send : RS_SDP_NO_PAYLOAD;
}

static uint32_t
agreed_flags(const struct rs_media_profile *p, const struct rs_sdp_stream *st, bool udptl)
{
	uint32_t flags = udptl ? STREAM_UDPTL : 0;

	if ((st->direction & RS_SDP_SENDONLY) && !(st->flags & RS_SDP_HELD))
		flags |= STREAM_SEND;
	if (st->direction & RS_SDP_RECVONLY)
		flags |= STREAM_RECV;
	if (st->flags & RS_SDP_SECURE)
		flags |= STREAM_SECURE;
	if (st->flags & RS_SDP_MUX)
		flags |= STREAM_MUX;
	if (st->flags & RS_SDP_RSIZE)
		flags |= STREAM_RSIZE;
	if (p->watermark)
		flags |= STREAM_MARK;
	if (rs_impairment_is_any(&p->send))
		flags |= STREAM_IMPAIRED;
	if ((st->flags & RS_SDP_SECURE) && rs_wrong_is_any(&p->wrong))
		flags |= STREAM_WRONG;
	return flags;
}
#define AGREED (STREAM_SEND | STREAM_RECV | STREAM_SECURE | STREAM_MUX | STREAM_RSIZE | STREAM_MARK | STREAM_IMPAIRED | STREAM_WRONG | STREAM_UDPTL)

/* What plays, in packets of *@ptime_ms; there are none so long of every source: then as long as the profile's own. */
static const struct rs_payload *
payload_of(const struct rs_media_profile *p, uint32_t source, const struct rs_sdp_profile *sdp, const struct rs_sdp_codec *codec,
	uint16_t *ptime_ms)
{
	uint16_t own = sdp->ptime_ms ? sdp->ptime_ms : 20, frame = codec->frame_ms ? codec->frame_ms : 10;
	const struct rs_payload *payload;

	if (!p->payload || source == UINT32_MAX)
		return NULL;
	payload = p->payload(p->ctx, source, codec, *ptime_ms);
	if (payload)
		return payload;
	own = (uint16_t)((own + frame - 1) / frame * frame);
	payload = own != *ptime_ms ? p->payload(p->ctx, source, codec, own) : NULL;
	if (payload)
		*ptime_ms = own;
	return payload;
}

/* Another codec or ptime: the same source in its form. */
static void
recode(struct rs_engine *e, struct stream *s, const struct rs_sdp_profile *sdp, const struct rs_sdp_codec *codec, uint16_t ptime_ms)
{
	struct stream_cold *cold = &e->streams->cold[stream_slot(e->streams, s)];
	const struct rs_media_profile *p = cold->profile;
	const struct rs_payload *payload;

	if (cold->codec == codec && cold->agreed_ms == ptime_ms)
		return;
	if (cold->codec != codec)
		e->streams->rx[stream_slot(e->streams, s)].mode = 0; /* its packets will tell */
	cold->agreed_ms = (uint8_t)ptime_ms;
	payload = payload_of(p, cold->source, sdp, codec, &ptime_ms);
	if (calendar_has(&e->streams->calendar, stream_slot(e->streams, s)))
		calendar_remove(&e->streams->calendar, stream_slot(e->streams, s));
	if (cold->codec) /* another phase: the old one may be of another length */
		s->flags &= ~(uint32_t)STREAM_TIMED;
	cold->codec = codec;
	s->ptime_ms = (uint8_t)ptime_ms;
	s->ptime_ns = ptime_ms * (uint32_t)RS_NS_PER_MS;
	s->ts_step = (uint16_t)(codec->clock_hz / 1000 * ptime_ms);
	s->payload = payload;
	s->frame = 0;
	cold->loops = 0;
	if (payload)
		s->ts_step = (uint16_t)payload->ts_step;
}

int
stream_apply(struct rs_engine *e, struct media *m, uint32_t line, const struct rs_sdp_stream *st)
{
	struct streams *ms = e->streams;
	const struct rs_media_profile *p = &ms->setup->profiles[m->profile];
	const struct rs_sdp_profile *sdp = st->local < RS_MEDIA_KINDS ? p->sdp[st->local] : NULL;
	const struct rs_rtp_profile *received;
	struct stream *s;
	uint32_t slot, flags = agreed_flags(p, st, m->image && line == 1);

	if (!sdp || sdp->n_codecs == 0)
		return -EINVAL;
	if (st->remote.family != m->local.family) {
		if (m->streams[line] == NO_MEDIA)
			rs_metric_inc(stream_cells(e, leg_of(e, m)->activity), RS_MEDIA_NO_ADDRESS);
		return -EINVAL;
	}
	received = rx_profile(ms, sdp, st, p);
	if (!received)
		return -ENOMEM;
	bool begins = m->streams[line] == NO_MEDIA;

	s = begins ? begin(e, m, line, st->local, received) : stream_at(ms, m->streams[line]);
	if (!s)
		return -ENOMEM;
	slot = stream_slot(ms, s);
	if (stream_keys_apply(e, s, st) != 0) {
		rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_NO_KEYS);
		return -EINVAL;
	}
	if (!begins && (ms->rx[slot].rtp.profile != received || (flags & ~s->flags & STREAM_RECV)))
		rs_rtp_rx_resume(&ms->rx[slot].rtp, received, e->now);
	aim(e, m, s, st);
	s->flags = (s->flags & ~(uint32_t)AGREED) | flags;
	recode(e, s, sdp, codec_of(sdp, st), st->ptime_ms);
	stream_settle(e, s);
	ms->rx[slot].flags = (uint16_t)s->flags;
	if (begins)
		stream_rtcp_begin(e, slot);
	return 0;
}

/* Both ends of a call come to the same, when they heard each other. */
static uint32_t
heard_of(const struct rs_engine *e, uint32_t slot)
{
	const struct stream_rx *srx = &e->streams->rx[slot];
	uint32_t v;

	if (!srx->peer)
		return 0;
	v = (uint32_t)((rs_mix64(stream_handle(e, slot, srx->generation)) ^ rs_mix64(srx->peer)) >> 32);
	return v ? v : 1;
}

void
stream_stop(struct rs_engine *e, struct media *m, uint32_t line)
{
	struct streams *ms = e->streams;
	uint32_t slot = m->streams[line];
	struct media_pair *pair;
	struct stream *s;

	if (slot == NO_MEDIA)
		return;
	s = stream_at(ms, slot);
	stream_rtcp_send(e, slot, true);
	stream_digits_end(e, slot);
	stream_judge(e, slot);
	if (line == 0)
		m->heard = heard_of(e, slot);
	if (calendar_has(&ms->calendar, slot))
		calendar_remove(&ms->calendar, slot);
	rs_wheel_cancel(&e->wheel, ms->first_node + slot);
	pair = media_ports_find(&ms->ports, m->port, &m->local, s->path.local_port);
	if (pair && pair->stream == slot + 1)
		pair->stream = 0;
	stream_keys_drop(e, s);
	rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_ENDED);
	rs_metric_add(stream_cells(e, s->activity), RS_MEDIA_OPEN, (uint64_t)-1);
	rs_pool_give(&ms->pool, slot);
	m->streams[line] = NO_MEDIA;
}
