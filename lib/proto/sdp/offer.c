/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions, and the offers that we make (RFC 3264, 5 and 8). */
#include <errno.h>

#include "proto/sdp/agree.h"

void
rs_sdp_session_init(
	struct rs_sdp_session *s, uint64_t id, struct rs_sdp_stream *streams, unsigned cap)
{
	*s = (struct rs_sdp_session){ .id = id,
		.version = 1,
		.streams = streams,
		.cap = (uint8_t)(cap < RS_SDP_MAX_MEDIA ? cap : RS_SDP_MAX_MEDIA) };
	for (unsigned i = 0; i < s->cap; i++)
		rs_sdp_clear(&streams[i]);
}

void
rs_sdp_withdraw(struct rs_sdp_session *s)
{
	s->pending = false;
	s->ours = false;
	s->n_streams = s->n_agreed;
}

static const struct rs_sdp_local_media *
media_of(const struct rs_sdp_local *local, const struct rs_sdp_stream *st)
{
	return st->local < local->n_media ? &local->media[st->local] : NULL;
}

/** Do we offer a port for this line? One that the peer refused stays refused; one that we turned off comes back. */
static bool
is_offered(const struct rs_sdp_local *local, const struct rs_sdp_stream *st)
{
	const struct rs_sdp_local_media *lm = media_of(local, st);

	if (lm == NULL || lm->off)
		return false;
	return st->state != RS_SDP_STREAM_REFUSED || st->why == RS_SDP_FAIL_OFF;
}

/** Codecs that a first offer names: all, but events and noise only for clocks that a codec has. */
static uint16_t
all_codecs(const struct rs_sdp_profile *p)
{
	uint16_t mask = 0;

	for (unsigned i = 0; i < p->n_codecs; i++)
		for (unsigned k = 0; k < p->n_codecs; k++)
			if (p->codecs[k].role == RS_SDP_ROLE_CODEC &&
				p->codecs[k].clock_hz == p->codecs[i].clock_hz)
				mask |= (uint16_t)(1u << i);
	return mask;
}

static void
offer_crypto(struct rs_sdp_build_media *m, struct rs_sdp_crypto *lines,
	const struct rs_sdp_local_media *lm, const struct rs_sdp_stream *st)
{
	const struct rs_sdp_profile *p = lm->profile;

	if (!st->offered_fresh) {
		/* The key that is in use is offered again (RFC 4568, 7.1.4). */
		if (st->flags & RS_SDP_SECURE) {
			lines[0] = st->tx;
			m->n_crypto = 1;
		}
		return;
	}
	if (p->srtp == RS_SDP_SRTP_FORBIDDEN)
		return;
	for (unsigned i = 0; i < p->n_suites; i++)
		rs_sdp_our_crypto(lm, i, i + 1, p->offer_params & NEGOTIATED, &lines[i]);
	m->n_crypto = p->n_suites;
}

static enum rs_sdp_proto
first_proto(const struct rs_sdp_profile *p)
{
	if (p->srtp == RS_SDP_SRTP_REQUIRED)
		return p->avpf ? RS_SDP_RTP_SAVPF : RS_SDP_RTP_SAVP;
	return p->avpf ? RS_SDP_RTP_AVPF : RS_SDP_RTP_AVP;
}

static void
offer_line(struct say *say, const struct rs_sdp_local *local, struct rs_sdp_stream *st)
{
	const struct rs_sdp_local_media *lm = media_of(local, st);
	const struct rs_sdp_profile *p = lm->profile;
	bool agreed = st->state == RS_SDP_STREAM_ACTIVE;
	uint8_t payloads[RS_SDP_MAX_CODECS];
	struct rs_sdp_build_media *m;

	st->offered = true;
	st->offered_fresh = !agreed || local->rekey;
	st->offered_direction = lm->direction & RS_SDP_SENDRECV;
	st->offered_proto = (uint8_t)(agreed ? st->proto : first_proto(p));
	if (!agreed) {
		st->sent_flags = (uint8_t)((p->rtcp_mux ? RS_SDP_MUX : 0) |
			(p->rtcp_rsize ? RS_SDP_RSIZE : 0));
		st->sent_ptime_ms = p->ptime_ms;
	}
	if (!agreed || local->all_codecs)
		st->sent_codecs = all_codecs(p);
	rs_sdp_choose_payloads(p, st, payloads);
	m = rs_sdp_say(say, local, st, payloads);
	if (m->port == 0)
		m->type.len = 0; /* cannot be written: -EINVAL */
	offer_crypto(m, say->crypto[m - say->media], lm, st);
}

/** Lines for media of ours that has none. @return 0, -E2BIG */
static int
new_lines(struct rs_sdp_session *s, const struct rs_sdp_local *local)
{
	s->n_streams = s->n_agreed;
	for (unsigned k = 0; k < local->n_media; k++) {
		bool has_line = local->media[k].off;

		for (unsigned i = 0; i < s->n_agreed && !has_line; i++)
			has_line = s->streams[i].local == k;
		if (has_line)
			continue;
		if (s->n_streams == s->cap)
			return -E2BIG;
		rs_sdp_clear(&s->streams[s->n_streams]);
		s->streams[s->n_streams].local = (uint8_t)k;
		s->streams[s->n_streams++].state = RS_SDP_STREAM_OFFERED;
	}
	return 0;
}

int
rs_sdp_offer(struct rs_sdp_session *s, const struct rs_sdp_local *local, uint8_t *out, size_t cap)
{
	struct say say;
	int n = new_lines(s, local);

	say.n_media = 0;
	for (unsigned i = 0; i < s->n_streams && n == 0; i++) {
		struct rs_sdp_stream *st = &s->streams[i];
		const struct rs_sdp_local_media *lm = media_of(local, st);

		if (is_offered(local, st)) {
			offer_line(&say, local, st);
			continue;
		}
		st->offered = false;
		if (st->state == RS_SDP_STREAM_ACTIVE && lm == NULL)
			n = -EINVAL; /* whose codecs would these be? */
		else
			rs_sdp_say_refused(&say, st, lm != NULL ? lm->profile : NULL);
	}
	if (n == 0)
		n = rs_sdp_send(s, local, &say, out, cap);
	if (n < 0)
		rs_sdp_withdraw(s);
	else
		s->pending = s->ours = true;
	return n;
}
