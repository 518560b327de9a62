/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers to our offers: what is agreed by them, or what is wrong with them (RFC 3264, 7; RFC 4568, 5.1.3). */
#include <errno.h>

#include "proto/sdp/agree.h"

/** One m-line of the answer, and the stream that it answers for. */
struct line {
	const struct rs_sdp *answer;
	const struct rs_sdp_media *m;
	const struct rs_sdp_local_media *lm;
	struct rs_sdp_stream *st;
	struct rs_sdp_result *result;
	unsigned i;
};

/** What our offer said of codec @i: its payload type. */
static uint8_t
offered_payload(const struct rs_sdp_stream *was, const struct rs_sdp_profile *p, unsigned i)
{
	uint8_t payloads[RS_SDP_MAX_CODECS];

	rs_sdp_choose_payloads(p, was, payloads);
	return payloads[i];
}

/** A format of the answer among those that we offered; one without a mapping goes by its number. */
static int
find_offered(const struct line *l, const struct rs_sdp_stream *was, const struct rs_sdp_format *f)
{
	const struct rs_sdp_profile *p = l->lm->profile;
	int found = rs_sdp_match(p, was->sent_codecs, f);

	if (found >= 0 || f->name.p != NULL)
		return found;
	for (unsigned i = 0; i < p->n_codecs; i++)
		if ((was->sent_codecs >> i & 1) != 0 && offered_payload(was, p, i) == f->payload)
			return (int)i;
	return -1;
}

/** Codec, events and noise, in the answer's order of preference. */
static enum rs_sdp_fail
accept_formats(const struct line *l, const struct rs_sdp_stream *was)
{
	const struct rs_sdp_profile *p = l->lm->profile;
	struct rs_sdp_use *codec = &l->st->use[RS_SDP_ROLE_CODEC];
	bool foreign = false;

	/* The codec first: the others have its clock. */
	for (int others = 0; others < 2; others++) {
		for (unsigned i = 0; i < l->m->n_formats; i++) {
			const struct rs_sdp_format *f = rs_sdp_format(l->answer, l->m, i);
			int found = find_offered(l, was, f);
			const struct rs_sdp_codec *c;
			struct rs_sdp_use *use;

			if (found < 0) {
				foreign = true;
				continue;
			}
			c = &p->codecs[found];
			if ((c->role != RS_SDP_ROLE_CODEC) != others)
				continue;
			l->st->recv_codecs |= (uint16_t)(1u << found);
			use = &l->st->use[c->role];
			if (use->codec != NO_CODEC ||
				(others && c->clock_hz != p->codecs[codec->codec].clock_hz))
				continue;
			*use = (struct rs_sdp_use){ (uint8_t)found, f->payload,
				offered_payload(was, p, (unsigned)found) };
		}
		if (codec->codec == NO_CODEC)
			return foreign ? RS_SDP_FAIL_PAYLOAD : RS_SDP_FAIL_NO_CODEC;
	}
	if (foreign)
		l->result->odd |= RS_SDP_PEER_PAYLOAD;
	return RS_SDP_FAIL_NONE;
}

/** Our own line that the answer's tag means, into @st->tx. */
static bool
find_tag(const struct line *l, const struct rs_sdp_stream *was, const struct rs_sdp_crypto *c)
{
	const struct rs_sdp_profile *p = l->lm->profile;

	if (!was->offered_fresh) {
		l->st->tx = was->tx;
		return was->tx.tag == c->tag && was->tx.suite == c->suite;
	}
	if (c->tag == 0 || c->tag > p->n_suites || p->suites[c->tag - 1] != c->suite)
		return false;
	rs_sdp_our_crypto(l->lm, c->tag - 1, c->tag, p->offer_params & NEGOTIATED, &l->st->tx);
	return true;
}

static enum rs_sdp_fail
accept_crypto(const struct line *l, const struct rs_sdp_stream *was)
{
	const struct rs_sdp_profile *p = l->lm->profile;
	bool offered = was->offered_fresh ? p->srtp != RS_SDP_SRTP_FORBIDDEN
					  : (was->flags & RS_SDP_SECURE) != 0;
	int at = rs_sdp_attr_next(l->answer, l->i, RS_SDP_ATTR_CRYPTO, 0), err;
	struct rs_sdp_crypto c;

	if (at < 0)
		return rs_sdp_proto_srtp(was->offered_proto) ||
				(offered && p->srtp == RS_SDP_SRTP_REQUIRED)
			? RS_SDP_FAIL_NO_CRYPTO
			: RS_SDP_FAIL_NONE;
	if (!offered)
		return RS_SDP_FAIL_NONE; /* RTP/AVP, and nobody asked */
	if (rs_sdp_attr_next(l->answer, l->i, RS_SDP_ATTR_CRYPTO, at + 1) >= 0)
		l->result->odd |= RS_SDP_PEER_CRYPTOS;
	err = rs_sdp_read_crypto(l->answer, at, &c);
	l->result->crypto = c.error;
	if (err == -EBADMSG)
		return RS_SDP_FAIL_CRYPTO_KEY;
	if (!find_tag(l, was, &c))
		return RS_SDP_FAIL_CRYPTO_TAG;
	if (err != 0 || (c.params & NEGOTIATED) != (l->st->tx.params & NEGOTIATED) ||
		c.n_keys != 1 || c.mki_len > RS_SDP_MKI_TAKEN ||
		((c.params & RS_SDP_KDR) != 0 && (p->accept_params & RS_SDP_KDR) == 0))
		return RS_SDP_FAIL_CRYPTO_PARAM;
	l->st->rx = c;
	l->st->flags |= RS_SDP_SECURE;
	return RS_SDP_FAIL_NONE;
}

static void
accept_direction(const struct line *l, const struct rs_sdp_stream *was)
{
	unsigned peer = rs_sdp_peer_direction(l->m);

	if ((l->m->direction & ~rs_sdp_reverse(was->offered_direction)) != 0)
		l->result->odd |= RS_SDP_PEER_DIRECTION;
	if ((peer & RS_SDP_RECVONLY) == 0 && (was->offered_direction & RS_SDP_SENDONLY) != 0)
		l->st->flags |= RS_SDP_HELD;
	l->st->peer_direction = (uint8_t)peer;
	l->st->direction = (uint8_t)(rs_sdp_reverse(peer) & was->offered_direction);
}

/** What @was says of our offer, kept beside what is agreed now. */
static void
keep_offered(struct rs_sdp_stream *st, const struct rs_sdp_stream *was)
{
	st->local = was->local;
	st->offered = was->offered;
	st->offered_direction = was->offered_direction;
	st->offered_proto = was->offered_proto;
	st->offered_fresh = was->offered_fresh;
	st->sent_flags = was->sent_flags;
	st->sent_codecs = was->sent_codecs;
	st->sent_ptime_ms = was->sent_ptime_ms;
	memcpy(st->mid, was->mid, sizeof(st->mid));
}

static enum rs_sdp_fail
check_proto(const struct line *l, const struct rs_sdp_stream *was)
{
	if (l->m->proto == was->offered_proto)
		return RS_SDP_FAIL_NONE;
	if ((rs_sdp_proto_srtp(was->offered_proto) && rs_sdp_proto_srtp(l->m->proto)) ||
		(rs_sdp_proto_rtp(was->offered_proto) && rs_sdp_proto_rtp(l->m->proto))) {
		l->result->odd |= RS_SDP_PEER_PROTO;
		return RS_SDP_FAIL_NONE;
	}
	return RS_SDP_FAIL_LINE_PROTO;
}

static enum rs_sdp_fail
accept_line(const struct line *l)
{
	const struct rs_sdp_profile *p = l->lm->profile;
	const struct rs_sdp_media *m = l->m;
	struct rs_sdp_stream *st = l->st, was = *st;
	enum rs_sdp_fail why = check_proto(l, &was);

	if (why != RS_SDP_FAIL_NONE)
		return why;
	rs_sdp_clear(st);
	keep_offered(st, &was);
	why = accept_crypto(l, &was);
	if (why == RS_SDP_FAIL_NONE)
		why = accept_formats(l, &was);
	if (why != RS_SDP_FAIL_NONE)
		return why;
	st->state = RS_SDP_STREAM_ACTIVE;
	st->proto = was.offered_proto;
	if (m->rtcp_mux && (was.sent_flags & RS_SDP_MUX) != 0)
		st->flags |= RS_SDP_MUX;
	if (m->rtcp_rsize && (was.sent_flags & RS_SDP_RSIZE) != 0)
		st->flags |= RS_SDP_RSIZE;
	accept_direction(l, &was);
	rs_sdp_remote(st, m);
	st->ptime_ms =
		rs_sdp_ptime(p, &p->codecs[st->use[RS_SDP_ROLE_CODEC].codec], m, &l->result->odd);
	return RS_SDP_FAIL_NONE;
}

/** Refused by the peer, or turned off by ourselves: its place stays, with the peer's words. */
static enum rs_sdp_fail
accept_refusal(const struct line *l)
{
	struct rs_sdp_stream *st = l->st, was = *st;
	bool off = l->lm != NULL && l->lm->off;
	struct rs_slice format = l->m->formats_text;

	if (!was.offered && was.state != RS_SDP_STREAM_ACTIVE) {
		if (off)
			st->why = RS_SDP_FAIL_OFF; /* it may be offered again */
		return RS_SDP_FAIL_NONE;
	}
	if (rs_sdp_refuse(
		    st, l->m, rs_sdp_word(&format), off ? RS_SDP_FAIL_OFF : RS_SDP_FAIL_PEER) != 0)
		return RS_SDP_FAIL_TOO_LARGE;
	keep_offered(st, &was);
	return RS_SDP_FAIL_NONE;
}

static enum rs_sdp_fail
accept_all(const struct rs_sdp_session *s, const struct rs_sdp_local *local,
	const struct rs_sdp *answer, struct rs_sdp_stream *streams, struct rs_sdp_result *result)
{
	bool wanted = false;

	if (!s->ours)
		return RS_SDP_FAIL_NO_OFFER;
	if (answer->n_media != s->n_streams)
		return RS_SDP_FAIL_LINE_COUNT;
	for (unsigned i = 0; i < s->n_streams; i++) {
		struct rs_sdp_stream *st = &streams[i];
		struct line l = {
			.answer = answer, .m = &answer->media[i], .st = st, .result = result, .i = i
		};
		enum rs_sdp_fail why;

		*st = s->streams[i];
		if (st->local < local->n_media)
			l.lm = &local->media[st->local];
		result->line = (uint8_t)i;
		wanted = wanted || st->offered;
		if (st->offered &&
			(l.lm == NULL ||
				!rs_slice_case_eq(l.m->type, rs_slice_str(l.lm->profile->type))))
			return RS_SDP_FAIL_LINE_TYPE;
		if (st->offered && l.m->port != 0) {
			why = accept_line(&l);
			result->n_active += why == RS_SDP_FAIL_NONE;
		} else {
			if (l.m->port != 0)
				result->odd |= RS_SDP_PEER_PORT;
			why = accept_refusal(&l);
		}
		if (why != RS_SDP_FAIL_NONE)
			return why;
	}
	result->line = 0;
	return wanted && result->n_active == 0 ? RS_SDP_FAIL_ALL_REFUSED : RS_SDP_FAIL_NONE;
}

int
rs_sdp_accept(struct rs_sdp_session *s, const struct rs_sdp_local *local,
	const struct rs_sdp *answer, struct rs_sdp_result *result)
{
	struct rs_sdp_stream streams[RS_SDP_MAX_MEDIA];
	enum rs_sdp_fail why;

	*result = (struct rs_sdp_result){ .odd = 0 };
	why = accept_all(s, local, answer, streams, result);
	result->why = (uint8_t)why;
	if (why != RS_SDP_FAIL_NONE) {
		result->n_active = 0;
		rs_sdp_withdraw(s);
		return -ENOTSUP;
	}
	rs_sdp_heard(s, answer, &result->odd);
	s->pending = false;
	s->n_agreed = s->n_streams;
	if (s->n_streams > 0)
		memcpy(s->streams, streams, s->n_streams * sizeof(streams[0]));
	return 0;
}
