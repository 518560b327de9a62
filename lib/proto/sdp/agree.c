/* SPDX-License-Identifier: BSD-3-Clause */
/* What a peer's m-line means for one of our streams (RFC 3264, 6). */
#include "proto/sdp/agree.h"

#include <errno.h>

#include "base/table.h"

#define PAYLOAD_MAX 127

/** The value of @name in "a=1;b=2"; absent: not there. */
static struct rs_slice
parameter(struct rs_slice fmtp, const char *name)
{
	while (fmtp.len > 0) {
		struct rs_slice value = rs_sdp_cut(&fmtp, ';');
		struct rs_slice key = rs_slice_trim(rs_sdp_cut(&value, '='));

		if (rs_slice_case_eq(key, rs_slice_str(name)))
			return rs_slice_trim(value);
	}
	return (struct rs_slice){ NULL, 0 };
}

/** RFC 4867, 8.3.1: the two payload formats of AMR are two codecs, bandwidth-efficient when nothing is said. */
static bool
octet_aligned(struct rs_slice fmtp)
{
	return rs_slice_is(parameter(fmtp, "octet-align"), "1");
}

static bool
is_amr(const struct rs_sdp_codec *c)
{
	struct rs_slice name = rs_slice_str(c->name);

	return rs_slice_case_eq(name, rs_slice_of("AMR", 3)) ||
		rs_slice_case_eq(name, rs_slice_of("AMR-WB", 6));
}

static bool
is_codec(const struct rs_sdp_codec *c, const struct rs_sdp_format *f)
{
	/* By number too: some write G722/16000 for the static type 9. */
	bool same_static = f->payload == c->payload && rs_sdp_static(f->payload) != NULL;

	if (f->name.p == NULL || !rs_slice_case_eq(f->name, rs_slice_str(c->name)))
		return false;
	if (f->channels != c->channels || (f->clock_hz != c->clock_hz && !same_static))
		return false;
	return !is_amr(c) || octet_aligned(f->fmtp) == octet_aligned(rs_slice_str(c->fmtp));
}

int
rs_sdp_match(const struct rs_sdp_profile *p, unsigned mask, const struct rs_sdp_format *f)
{
	for (unsigned i = 0; i < p->n_codecs; i++)
		if ((mask >> i & 1) != 0 && is_codec(&p->codecs[i], f))
			return (int)i;
	return -1;
}

void
rs_sdp_clear(struct rs_sdp_stream *st)
{
	memset(st, 0, sizeof(*st));
	st->local = NO_CODEC;
	for (size_t i = 0; i < COUNT(st->use); i++)
		st->use[i] = (struct rs_sdp_use){ NO_CODEC, NO_CODEC, NO_CODEC };
}

void
rs_sdp_choose_payloads(
	const struct rs_sdp_profile *p, const struct rs_sdp_stream *st, uint8_t *payloads)
{
	bool taken[PAYLOAD_MAX + 1] = { false };
	unsigned fixed = 0, spare = PAYLOAD_MAX;

	for (size_t i = 0; i < COUNT(st->use) && st->state == RS_SDP_STREAM_ACTIVE; i++) {
		const struct rs_sdp_use *u = &st->use[i];

		if (u->codec >= p->n_codecs)
			continue;
		payloads[u->codec] = u->recv;
		taken[u->recv & PAYLOAD_MAX] = true;
		fixed |= 1u << u->codec;
	}
	for (unsigned i = 0; i < p->n_codecs; i++) {
		if ((fixed >> i & 1) != 0)
			continue;
		payloads[i] = p->codecs[i].payload;
		if (taken[payloads[i] & PAYLOAD_MAX]) {
			while (taken[spare])
				spare--;
			payloads[i] = (uint8_t)spare;
		}
		taken[payloads[i] & PAYLOAD_MAX] = true;
	}
}

static int
keep(struct rs_slice text, char *out, size_t size)
{
	if (text.len >= size)
		return -E2BIG;
	memset(out, 0, size);
	if (text.len > 0)
		memcpy(out, text.p, text.len);
	return 0;
}

int
rs_sdp_refuse(struct rs_sdp_stream *st, const struct rs_sdp_media *m, struct rs_slice format,
	enum rs_sdp_fail why)
{
	uint8_t local = st->local;

	rs_sdp_clear(st);
	st->local = local;
	st->why = (uint8_t)why;
	(void)keep(m->mid, st->mid, sizeof(st->mid));
	if (keep(m->type, st->refused.type, sizeof(st->refused.type)) != 0 ||
		keep(m->proto_text, st->refused.proto_text, sizeof(st->refused.proto_text)) != 0)
		return -E2BIG;
	return keep(format, st->refused.format, sizeof(st->refused.format));
}

void
rs_sdp_remote(struct rs_sdp_stream *st, const struct rs_sdp_media *m)
{
	st->remote = m->connection.addr;
	st->remote_port = m->port;
	st->remote_rtcp = st->remote;
	if (st->flags & RS_SDP_MUX) {
		st->remote_rtcp_port = m->port;
		return;
	}
	/* With rtcp-mux offered and not taken, what a=rtcp says, or the next port (RFC 5761, 5.1.1). */
	st->remote_rtcp_port = m->has_rtcp ? m->rtcp_port : (uint16_t)(m->port + 1);
	if (m->has_rtcp && m->rtcp.text.p != NULL)
		st->remote_rtcp = m->rtcp.addr;
}

unsigned
rs_sdp_peer_direction(const struct rs_sdp_media *m)
{
	static const uint8_t zeros[16];
	const struct rs_addr *a = &m->connection.addr;

	if (a->family != 0 && memcmp(a->b, zeros, a->family == 4 ? 4 : 16) == 0)
		return m->direction & RS_SDP_SENDONLY;
	return m->direction;
}

uint16_t
rs_sdp_ptime(const struct rs_sdp_profile *p, const struct rs_sdp_codec *c,
	const struct rs_sdp_media *m, uint16_t *odd)
{
	unsigned frame_ms = c->frame_ms != 0 ? c->frame_ms : RS_SDP_PTIME_MIN;
	unsigned ms = p->ptime_ms != 0 ? p->ptime_ms : 20;

	if (m->ptime_ms >= RS_SDP_PTIME_MIN && m->ptime_ms <= RS_SDP_PTIME_MAX)
		ms = m->ptime_ms;
	else if (m->ptime_ms != 0)
		*odd |= RS_SDP_PEER_PTIME;
	if (m->maxptime_ms != 0 && ms > m->maxptime_ms)
		ms = m->maxptime_ms;
	ms -= ms % frame_ms;
	return (uint16_t)(ms != 0 ? ms : frame_ms);
}

void
rs_sdp_heard(struct rs_sdp_session *s, const struct rs_sdp *sdp, uint16_t *odd)
{
	const uint8_t *behind = sdp->origin_address.p + sdp->origin_address.len;
	uint64_t hash = rs_hash(behind, (size_t)(sdp->body.p + sdp->body.len - behind), 0);
	uint64_t origin = rs_hash(sdp->user.p, sdp->user.len, 0);

	origin = rs_hash(sdp->id.p, sdp->id.len, origin);
	origin = rs_hash(sdp->origin_address.p, sdp->origin_address.len, origin);
	if (s->heard && origin != s->peer_origin) {
		*odd |= RS_SDP_PEER_ORIGIN;
	} else if (s->heard && sdp->version == s->peer_version) {
		if (hash != s->peer_hash)
			*odd |= RS_SDP_PEER_VERSION_STUCK;
	} else if (s->heard && sdp->version != s->peer_version + 1) {
		*odd |= RS_SDP_PEER_VERSION_JUMP;
	}
	s->heard = true;
	s->peer_origin = origin;
	s->peer_hash = hash;
	s->peer_version = sdp->version;
}

const char *
rs_sdp_fail_name(enum rs_sdp_fail fail)
{
	static const char *const names[RS_SDP_FAILS] = {
		[RS_SDP_FAIL_NONE] = "sdp_agreed",
		[RS_SDP_FAIL_OFF] = "sdp_off",
		[RS_SDP_FAIL_PEER] = "sdp_refused_by_peer",
		[RS_SDP_FAIL_MEDIA] = "sdp_no_such_media",
		[RS_SDP_FAIL_TRANSPORT] = "sdp_transport",
		[RS_SDP_FAIL_NO_CODEC] = "sdp_no_codec",
		[RS_SDP_FAIL_PAYLOAD] = "sdp_payload_not_offered",
		[RS_SDP_FAIL_LINE_COUNT] = "sdp_line_count",
		[RS_SDP_FAIL_LINE_TYPE] = "sdp_line_type",
		[RS_SDP_FAIL_LINE_PROTO] = "sdp_line_transport",
		[RS_SDP_FAIL_TOO_LARGE] = "sdp_too_large",
		[RS_SDP_FAIL_ALL_REFUSED] = "sdp_all_refused",
		[RS_SDP_FAIL_NO_CRYPTO] = "sdp_no_crypto",
		[RS_SDP_FAIL_CRYPTO_FORBIDDEN] = "sdp_crypto_forbidden",
		[RS_SDP_FAIL_CRYPTO_SUITE] = "sdp_crypto_suite",
		[RS_SDP_FAIL_CRYPTO_TAG] = "sdp_crypto_tag_not_offered",
		[RS_SDP_FAIL_CRYPTO_KEY] = "sdp_crypto_malformed",
		[RS_SDP_FAIL_CRYPTO_PARAM] = "sdp_crypto_parameters",
		[RS_SDP_FAIL_NO_OFFER] = "sdp_no_offer",
		[RS_SDP_FAIL_GLARE] = "sdp_glare",
	};

	return fail < RS_SDP_FAILS ? names[fail] : "sdp_unknown";
}
