/* SPDX-License-Identifier: BSD-3-Clause */
/* The answers that we make (RFC 3264, 6; RFC 4568, 5.1.2). */
#include <errno.h>

#include "proto/sdp/agree.h"

/** One m-line of the offer, and what our answer to it will be. */
struct line {
	const struct rs_sdp *offer;
	const struct rs_sdp_media *m;
	const struct rs_sdp_local_media *lm;
	struct rs_sdp_stream *st;
	struct rs_sdp_result *result;
	unsigned i;
	bool rekey;
};

static int
suite_index(const struct rs_sdp_profile *p, unsigned suite)
{
	for (int i = 0; i < p->n_suites; i++)
		if (p->suites[i] == suite)
			return i;
	return -1;
}

/** Only suites and parameters that the profile names; a line with several keys would need all of them at hand, or a long MKI room. */
static bool
is_acceptable(const struct rs_sdp_profile *p, const struct rs_sdp_crypto *c)
{
	unsigned params = c->params & (NEGOTIATED | RS_SDP_KDR | RS_SDP_PARAM_UNKNOWN);

	return (params & ~(unsigned)p->accept_params) == 0 && c->n_keys == 1 &&
		c->mki_len <= RS_SDP_MKI_TAKEN;
}

/** The first crypto line that is acceptable, into @st->rx and, with its tag, @st->tx. */
static enum rs_sdp_fail
pick_crypto(const struct line *l, const struct rs_sdp_stream *was)
{
	const struct rs_sdp_profile *p = l->lm->profile;
	enum rs_sdp_fail why = RS_SDP_FAIL_NO_CRYPTO;
	struct rs_sdp_crypto c;
	unsigned n = 0;
	int at = -1;

	while ((at = rs_sdp_attr_next(l->offer, l->i, RS_SDP_ATTR_CRYPTO, at + 1)) >= 0 &&
		n++ < RS_SDP_MAX_SUITES) {
		int err = rs_sdp_read_crypto(l->offer, at, &c);
		int suite = suite_index(p, c.suite);

		if (err == -EBADMSG) {
			if (why != RS_SDP_FAIL_CRYPTO_SUITE)
				why = RS_SDP_FAIL_CRYPTO_KEY;
			l->result->crypto = c.error;
			continue;
		}
		if (err != 0 || suite < 0 || !is_acceptable(p, &c)) {
			why = RS_SDP_FAIL_CRYPTO_SUITE;
			continue;
		}
		if (was->state == RS_SDP_STREAM_ACTIVE && (was->flags & RS_SDP_SECURE) != 0 &&
			was->tx.suite == c.suite && !l->rekey) {
			l->st->tx = was->tx; /* RFC 4568, 7.1.4: a key that is in use stays */
			l->st->tx.tag = c.tag;
			l->st->tx.params = c.params & NEGOTIATED;
		} else {
			rs_sdp_our_crypto(
				l->lm, (unsigned)suite, c.tag, c.params & NEGOTIATED, &l->st->tx);
		}
		l->st->rx = c;
		l->st->flags |= RS_SDP_SECURE;
		return RS_SDP_FAIL_NONE;
	}
	return why;
}

static enum rs_sdp_fail
answer_security(const struct line *l, const struct rs_sdp_stream *was)
{
	unsigned srtp = l->lm->profile->srtp;
	bool must = rs_sdp_proto_srtp(l->m->proto);
	enum rs_sdp_fail why;

	if (!must && !rs_sdp_proto_rtp(l->m->proto))
		return RS_SDP_FAIL_TRANSPORT;
	if (srtp == RS_SDP_SRTP_FORBIDDEN)
		return must ? RS_SDP_FAIL_CRYPTO_FORBIDDEN : RS_SDP_FAIL_NONE;
	why = pick_crypto(l, was);
	return must || srtp == RS_SDP_SRTP_REQUIRED ? why : RS_SDP_FAIL_NONE;
}

/** The first offered format with @role that is ours; events and noise have the codec's clock. */
static void
pick_format(const struct line *l, enum rs_sdp_role role)
{
	const struct rs_sdp_profile *p = l->lm->profile;
	const struct rs_sdp_use *codec = &l->st->use[RS_SDP_ROLE_CODEC];
	unsigned mask = 0;

	for (unsigned i = 0; i < p->n_codecs; i++)
		if (p->codecs[i].role == role &&
			(role == RS_SDP_ROLE_CODEC ||
				p->codecs[i].clock_hz == p->codecs[codec->codec].clock_hz))
			mask |= 1u << i;
	for (unsigned i = 0; i < l->m->n_formats; i++) {
		const struct rs_sdp_format *f = rs_sdp_format(l->offer, l->m, i);
		int found = rs_sdp_match(p, mask, f);

		if (found < 0)
			continue;
		l->st->use[role] = (struct rs_sdp_use){ (uint8_t)found, f->payload, f->payload };
		l->st->sent_codecs |= (uint16_t)(1u << found);
		return;
	}
}

/** Both wishes combined: what the offerer does not receive, we do not send (RFC 3264, 6.1). */
static void
direct(struct rs_sdp_stream *st, const struct rs_sdp_local_media *lm)
{
	st->direction = (uint8_t)(rs_sdp_reverse(st->peer_direction) & lm->direction);
	st->offered_direction = st->direction;
}

static enum rs_sdp_fail
answer_line(const struct line *l)
{
	const struct rs_sdp_profile *p = l->lm->profile;
	const struct rs_sdp_media *m = l->m;
	struct rs_sdp_stream *st = l->st, was = *st;
	enum rs_sdp_fail why;
	unsigned peer;

	rs_sdp_clear(st);
	st->local = was.local;
	why = answer_security(l, &was);
	if (why != RS_SDP_FAIL_NONE)
		return why;
	pick_format(l, RS_SDP_ROLE_CODEC);
	if (st->use[RS_SDP_ROLE_CODEC].codec == NO_CODEC)
		return RS_SDP_FAIL_NO_CODEC;
	pick_format(l, RS_SDP_ROLE_EVENT);
	pick_format(l, RS_SDP_ROLE_NOISE);
	st->recv_codecs = st->sent_codecs;
	st->state = RS_SDP_STREAM_ACTIVE;
	st->proto = st->offered_proto = m->proto;
	if (m->rtcp_mux && p->rtcp_mux)
		st->flags |= RS_SDP_MUX;
	if (m->rtcp_rsize && p->rtcp_rsize)
		st->flags |= RS_SDP_RSIZE;
	st->sent_flags = st->flags & (RS_SDP_MUX | RS_SDP_RSIZE);
	peer = rs_sdp_peer_direction(m);
	if ((peer & RS_SDP_RECVONLY) == 0)
		st->flags |= RS_SDP_HELD;
	st->peer_direction = (uint8_t)peer;
	direct(st, l->lm);
	rs_sdp_remote(st, m);
	st->ptime_ms =
		rs_sdp_ptime(p, &p->codecs[st->use[RS_SDP_ROLE_CODEC].codec], m, &l->result->odd);
	st->sent_ptime_ms = m->ptime_ms != 0 ? st->ptime_ms : p->ptime_ms;
	if (m->mid.len > 0 && m->mid.len < sizeof(st->mid))
		memcpy(st->mid, m->mid.p, m->mid.len);
	return RS_SDP_FAIL_NONE;
}

static bool
is_type(const struct rs_sdp_local_media *lm, const struct rs_sdp_media *m)
{
	return rs_slice_case_eq(m->type, rs_slice_str(lm->profile->type));
}

/** Which media of ours an m-line is for: the one that it was for, else the first of its type that has no line. */
static enum rs_sdp_fail
choose_local(const struct rs_sdp_local *local, const struct rs_sdp_media *m,
	struct rs_sdp_stream *st, const bool *taken)
{
	enum rs_sdp_fail why = RS_SDP_FAIL_MEDIA;

	if (st->local < local->n_media && is_type(&local->media[st->local], m) &&
		(st->state == RS_SDP_STREAM_ACTIVE || !taken[st->local]))
		return local->media[st->local].off ? RS_SDP_FAIL_OFF : RS_SDP_FAIL_NONE;
	for (unsigned k = 0; k < local->n_media; k++) {
		if (taken[k] || !is_type(&local->media[k], m))
			continue;
		st->local = (uint8_t)k;
		if (!local->media[k].off)
			return RS_SDP_FAIL_NONE;
		why = RS_SDP_FAIL_OFF;
	}
	return why;
}

/** Is it the line that it was? It may have become one of another type (RFC 3264, 8.3.4), which is agreed on anew. */
static bool
keeps_place(const struct rs_sdp_local *local, const struct rs_sdp_stream *st, const struct rs_sdp_media *m)
{
	return st->state == RS_SDP_STREAM_ACTIVE && st->local < local->n_media && is_type(&local->media[st->local], m);
}

/** Is there a place for all that was agreed? Which media of ours stay in theirs is noted in @taken. */
static enum rs_sdp_fail
check_places(const struct rs_sdp_session *s, const struct rs_sdp_local *local,
	const struct rs_sdp *offer, bool *taken, uint8_t *line)
{
	*line = 0;
	if (s->pending)
		return RS_SDP_FAIL_GLARE;
	if (offer->n_media < s->n_agreed)
		return RS_SDP_FAIL_LINE_COUNT;
	if (offer->n_media > s->cap)
		return RS_SDP_FAIL_TOO_LARGE;
	for (unsigned i = 0; i < s->n_agreed; i++)
		if (keeps_place(local, &s->streams[i], &offer->media[i]) && offer->media[i].port != 0)
			taken[s->streams[i].local] = true;
	return RS_SDP_FAIL_NONE;
}

static void
say_agreed(struct say *say, const struct rs_sdp_local *local, const struct rs_sdp_stream *st)
{
	uint8_t payloads[RS_SDP_MAX_CODECS];
	struct rs_sdp_build_media *m;

	for (size_t i = 0; i < COUNT(st->use); i++)
		if (st->use[i].codec != NO_CODEC)
			payloads[st->use[i].codec] = st->use[i].recv;
	m = rs_sdp_say(say, local, st, payloads);
	if (m->port == 0)
		m->type.len = 0; /* cannot be written: -EINVAL */
	if (st->flags & RS_SDP_SECURE) {
		say->crypto[m - say->media][0] = st->tx;
		m->n_crypto = 1;
	}
}

/** The words of what is agreed, or refused, in one line of our answer. @return 0, -E2BIG */
static int
say_line(struct say *say, const struct rs_sdp_local *local, const struct line *l,
	enum rs_sdp_fail why)
{
	struct rs_sdp_stream *st = l->st;

	if (why != RS_SDP_FAIL_NONE) {
		struct rs_slice format = l->m->formats_text;

		if (rs_sdp_refuse(st, l->m, rs_sdp_word(&format), why) != 0)
			return -E2BIG;
		rs_sdp_say_refused(say, st, NULL);
		return 0;
	}
	say_agreed(say, local, st);
	return 0;
}

int
rs_sdp_answer(struct rs_sdp_session *s, const struct rs_sdp_local *local,
	const struct rs_sdp *offer, uint8_t *out, size_t cap, struct rs_sdp_result *result)
{
	struct rs_sdp_stream streams[RS_SDP_MAX_MEDIA];
	struct rs_sdp_session next = *s;
	bool taken[UINT8_MAX + 1] = { false }, wanted = false;
	struct say say;
	int n;

	*result = (struct rs_sdp_result){ .odd = 0 };
	result->why = (uint8_t)check_places(s, local, offer, taken, &result->line);
	if (result->why != RS_SDP_FAIL_NONE)
		return -ENOTSUP;
	say.n_media = 0;
	for (unsigned i = 0; i < offer->n_media; i++) {
		const struct rs_sdp_media *m = &offer->media[i];
		struct line l = { .offer = offer,
			.m = m,
			.st = &streams[i],
			.i = i,
			.result = result,
			.rekey = local->rekey };
		enum rs_sdp_fail why = RS_SDP_FAIL_PEER;

		rs_sdp_clear(&streams[i]);
		if (i < s->n_agreed && (s->streams[i].state != RS_SDP_STREAM_ACTIVE || keeps_place(local, &s->streams[i], m)))
			streams[i] = s->streams[i];
		if (m->port != 0) {
			why = choose_local(local, m, &streams[i], taken);
			if (why == RS_SDP_FAIL_NONE) {
				l.lm = &local->media[streams[i].local];
				why = answer_line(&l);
			}
			if (why != RS_SDP_FAIL_NONE && !wanted) { /* told when all are refused */
				result->why = (uint8_t)why;
				result->line = (uint8_t)i;
			}
			wanted = true;
		}
		if (why == RS_SDP_FAIL_NONE) {
			taken[streams[i].local] = true;
			result->n_active++;
		}
		if (say_line(&say, local, &l, why) != 0) {
			result->why = RS_SDP_FAIL_TOO_LARGE;
			result->line = (uint8_t)i;
			return -ENOTSUP;
		}
	}
	if (wanted && result->n_active == 0)
		return -ENOTSUP;
	result->why = RS_SDP_FAIL_NONE;
	result->line = 0;
	rs_sdp_heard(&next, offer, &result->odd);
	n = rs_sdp_send(&next, local, &say, out, cap);
	if (n < 0)
		return n;
	next.n_streams = next.n_agreed = (uint8_t)offer->n_media;
	next.ours = false;
	next.unsaid.version = s->version;
	next.unsaid.hash = s->sent_hash;
	next.unsaid.sent = s->sent;
	*s = next;
	if (offer->n_media > 0)
		memcpy(s->streams, streams, offer->n_media * sizeof(streams[0]));
	return n;
}

int
rs_sdp_redirect(struct rs_sdp_session *s, const struct rs_sdp_local *local, uint8_t *out, size_t cap)
{
	struct rs_sdp_stream streams[RS_SDP_MAX_MEDIA];
	struct rs_sdp_session next = *s;
	struct say say;
	int n;

	next.version = s->unsaid.version;
	next.sent_hash = s->unsaid.hash;
	next.sent = s->unsaid.sent;
	say.n_media = 0;
	for (unsigned i = 0; i < s->n_streams; i++) {
		struct rs_sdp_stream *st = &streams[i];

		*st = s->streams[i];
		if (st->state != RS_SDP_STREAM_ACTIVE) {
			rs_sdp_say_refused(&say, st, NULL);
			continue;
		}
		if (st->local >= local->n_media)
			return -EINVAL;
		direct(st, &local->media[st->local]);
		say_agreed(&say, local, st);
	}
	n = rs_sdp_send(&next, local, &say, out, cap);
	if (n < 0)
		return n;
	*s = next;
	if (s->n_streams > 0)
		memcpy(s->streams, streams, s->n_streams * sizeof(streams[0]));
	return n;
}
