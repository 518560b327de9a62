/* SPDX-License-Identifier: BSD-3-Clause */
/* Our own descriptions: m-lines from the state of the streams, and the version of o= (RFC 3264, 5 and 8). */
#include <errno.h>

#include "base/table.h"
#include "proto/sdp/agree.h"

static struct rs_slice
mid_of(const struct rs_sdp_stream *st)
{
	return rs_slice_of(st->mid, strnlen(st->mid, sizeof(st->mid)));
}

void
rs_sdp_our_crypto(const struct rs_sdp_local_media *lm, unsigned i, uint32_t tag, unsigned params,
	struct rs_sdp_crypto *out)
{
	const struct rs_sdp_profile *p = lm->profile;

	*out = (struct rs_sdp_crypto){ .tag = tag,
		.suite = p->suites[i],
		.lifetime = p->lifetime,
		.mki = p->mki_len != 0 ? p->mki : 0,
		.mki_len = p->mki_len,
		.n_keys = 1,
		.params = (uint8_t)params };
	if (lm->keys == NULL)
		out->suite = RS_SDP_SUITE_NONE; /* cannot be written: -EINVAL */
	else
		memcpy(out->key, lm->keys + (size_t)i * RS_SDP_KEY_MAX,
			rs_sdp_suite_bytes(out->suite));
}

static void
say_formats(struct rs_sdp_build_media *m, struct rs_sdp_build_format *f,
	const struct rs_sdp_profile *p, unsigned codecs, const uint8_t *payloads)
{
	m->formats = f;
	/* The codecs first: who takes the first format for the stream's codec takes no event. */
	for (int others = 0; others < 2; others++) {
		for (unsigned i = 0; i < p->n_codecs; i++) {
			const struct rs_sdp_codec *c = &p->codecs[i];

			if ((codecs >> i & 1) == 0 || (c->role != RS_SDP_ROLE_CODEC) != others)
				continue;
			f[m->n_formats++] =
				(struct rs_sdp_build_format){ .name = rs_slice_str(c->name),
					.fmtp = rs_slice_str(c->fmtp),
					.clock_hz = c->clock_hz,
					.channels = c->channels,
					.payload = payloads[i] };
		}
	}
}

struct rs_sdp_build_media *
rs_sdp_say(struct say *say, const struct rs_sdp_local *local, const struct rs_sdp_stream *st,
	const uint8_t *payloads)
{
	const struct rs_sdp_local_media *lm = &local->media[st->local];
	struct rs_sdp_build_media *m = &say->media[say->n_media];
	bool mux = (st->sent_flags & RS_SDP_MUX) != 0;

	*m = (struct rs_sdp_build_media){ .type = rs_slice_str(lm->profile->type),
		.proto = rs_slice_str(rs_sdp_proto_name(st->offered_proto)),
		.port = lm->port,
		.mid = mid_of(st),
		.ptime_ms = st->sent_ptime_ms,
		.maxptime_ms = lm->profile->maxptime_ms,
		.rtcp_mux = mux,
		.rtcp_rsize = (st->sent_flags & RS_SDP_RSIZE) != 0,
		.has_ssrc = lm->has_ssrc,
		.ssrc = lm->ssrc,
		.cname = local->cname,
		.direction = st->offered_direction,
		.crypto = say->crypto[say->n_media] };
	if (lm->rtcp_port != 0 && lm->rtcp_port != lm->port + 1)
		m->rtcp_port = lm->rtcp_port;
	say_formats(m, say->formats[say->n_media], lm->profile, st->sent_codecs, payloads);
	say->n_media++;
	return m;
}

void
rs_sdp_say_refused(
	struct say *say, const struct rs_sdp_stream *st, const struct rs_sdp_profile *profile)
{
	struct rs_sdp_build_media *m = &say->media[say->n_media];
	uint8_t *digits = say->digits[say->n_media++];

	*m = (struct rs_sdp_build_media){ .mid = mid_of(st) };
	if (st->state == RS_SDP_STREAM_ACTIVE) {
		m->type = rs_slice_str(profile->type);
		m->proto = rs_slice_str(rs_sdp_proto_name(st->proto));
		m->raw_formats =
			rs_slice_of(digits, rs_text_u64(digits, st->use[RS_SDP_ROLE_CODEC].recv));
		return;
	}
	m->type = rs_slice_of(st->refused.type, strlen(st->refused.type));
	m->proto = rs_slice_of(st->refused.proto_text, strlen(st->refused.proto_text));
	m->raw_formats = rs_slice_of(st->refused.format, strlen(st->refused.format));
}

/** Hash of a description of ours without its first two lines, v= and o=. */
static uint64_t
hash_of(const uint8_t *out, size_t len)
{
	struct rs_slice rest = rs_slice_of(out, len);

	rs_sdp_cut(&rest, '\n');
	rs_sdp_cut(&rest, '\n');
	return rs_hash(rest.p, rest.len, 0);
}

int
rs_sdp_send(struct rs_sdp_session *s, const struct rs_sdp_local *local, const struct say *say,
	uint8_t *out, size_t cap)
{
	struct rs_sdp_build b = { .user = local->user,
		.name = local->name,
		.id = s->id,
		.version = s->version,
		.address = local->address,
		.media = say->media,
		.n_media = say->n_media };
	uint64_t hash;
	int n;

	if (local->hold_zero)
		b.connection = (struct rs_addr){ .family = local->address.family };
	n = rs_sdp_build(&b, out, cap);
	if (n < 0)
		return n;
	hash = hash_of(out, (size_t)n);
	if (s->sent && hash != s->sent_hash) {
		b.version++;
		n = rs_sdp_build(&b, out, cap);
		if (n < 0)
			return n;
	}
	s->version = b.version;
	s->sent_hash = hash;
	s->sent = true;
	return n;
}
