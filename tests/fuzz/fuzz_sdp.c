/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session descriptions as an offer, as a re-offer and as an answer, to sides with and without SRTP: slices lie inside the input,
 * what we write can be read again and has as many m-lines, a failure leaves the session as it was. Crypto lines on their own.
 */
#include <errno.h>
#include <stdlib.h>

#include "proto/sdp/compare.h"
#include "proto/sdp/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rs_sdp sdp, mine;

static void
inside(struct rs_slice s, const uint8_t *data, size_t size)
{
	if (s.p != NULL && (s.p < data || s.p > data + size || s.len > (size_t)(data + size - s.p)))
		abort();
}

static void
touch(const uint8_t *data, size_t size)
{
	inside(sdp.user, data, size);
	inside(sdp.name, data, size);
	for (unsigned i = 0; i < sdp.n_media; i++) {
		const struct rs_sdp_media *m = &sdp.media[i];

		inside(m->formats_text, data, size);
		inside(m->connection.text, data, size);
		inside(m->rtcp.text, data, size);
		inside(m->mid, data, size);
		inside(m->fingerprint, data, size);
		if (m->first_format + m->n_formats > sdp.n_formats)
			abort();
		for (unsigned k = 0; k < m->n_formats; k++)
			inside(rs_sdp_format(&sdp, m, k)->fmtp, data, size);
	}
	for (unsigned i = 0; i < sdp.n_attrs; i++) {
		inside(sdp.attrs[i].name, data, size);
		inside(sdp.attrs[i].value, data, size);
	}
}

static void
crypto(struct rs_slice value)
{
	struct rs_sdp_crypto c, again;
	uint8_t out[RS_SDP_CRYPTO_MAX], twice[RS_SDP_CRYPTO_MAX];
	int n;

	if (rs_sdp_crypto_parse(value, &c) != 0 || (c.params & RS_SDP_FEC_KEY) != 0)
		return;
	n = rs_sdp_crypto_build(&c, out, sizeof(out));
	if (n < 0 || rs_sdp_crypto_parse(rs_slice_of(out, (size_t)n), &again) != 0)
		abort();
	if (rs_sdp_crypto_build(&again, twice, sizeof(twice)) != n ||
		memcmp(out, twice, (size_t)n) != 0 || memcmp(c.key, again.key, sizeof(c.key)) != 0)
		abort();
}

static void
add_codec(struct rs_sdp_profile *p, const char *name)
{
	if (rs_sdp_codec_find(rs_slice_str(name), &p->codecs[p->n_codecs++]) != 0)
		abort();
}

static void
make_profile(struct rs_sdp_profile *p, const char *type, unsigned srtp)
{
	*p = (struct rs_sdp_profile){
		.srtp = (uint8_t)srtp, .ptime_ms = 20, .rtcp_mux = srtp != 0, .rtcp_rsize = true
	};
	memcpy(p->type, type, strlen(type));
	add_codec(p, "PCMU");
	add_codec(p, "AMR");
	add_codec(p, "opus");
	add_codec(p, "CN");
	add_codec(p, "telephone-event");
	for (unsigned i = 1; i < RS_SDP_SUITES; i++)
		p->suites[p->n_suites++] = (uint8_t)i;
	if (srtp == RS_SDP_SRTP_OPTIONAL)
		p->accept_params = 15;
	if (rs_sdp_profile_complete(p) != 0)
		abort();
}

/** What we wrote is a description, of @n_media m-lines. */
static void
readable(const uint8_t *out, int n, unsigned n_media)
{
	if (rs_sdp_parse(out, (size_t)n, &mine) != 0 || mine.n_media != n_media)
		abort();
}

/** What is read and what we wrote; nothing differs from itself. */
static void
compare(void)
{
	struct rs_sdp_item a[RS_SDP_OUTLINE_MAX], b[RS_SDP_OUTLINE_MAX];
	int n_a = rs_sdp_outline(&sdp, a), n_b = rs_sdp_outline(&mine, b);

	if (n_a > 0 && n_b > 0)
		rs_sdp_compare(a, (unsigned)n_a, b, (unsigned)n_b);
	if (n_b <= 0 || rs_sdp_compare(b, (unsigned)n_b, b, (unsigned)n_b) != 0)
		abort();
}

static void
negotiate(unsigned srtp)
{
	static const uint8_t keys[RS_SDP_MAX_SUITES * RS_SDP_KEY_MAX];
	static uint8_t out[65536];
	struct rs_sdp_profile audio, video;
	struct rs_sdp_local_media media[2] = {
		{ .profile = &audio, .keys = keys, .port = 6000, .direction = RS_SDP_SENDRECV },
		{ .profile = &video, .keys = keys, .port = 6002, .direction = RS_SDP_SENDONLY }
	};
	struct rs_sdp_local local = {
		.address = { { 192, 0, 2, 1 }, 4 }, .media = media, .n_media = 2
	};
	struct rs_sdp_stream streams[RS_SDP_MAX_MEDIA];
	struct rs_sdp_session s, was;
	struct rs_sdp_result result;
	int n;

	make_profile(&audio, "audio", srtp);
	make_profile(&video, "video", srtp);
	rs_sdp_session_init(&s, 1, streams, RS_SDP_MAX_MEDIA);
	was = s;
	n = rs_sdp_answer(&s, &local, &sdp, out, sizeof(out), &result);
	if (n < 0) {
		if (n != -ENOTSUP || memcmp(&s, &was, sizeof(s)) != 0)
			abort();
	} else {
		readable(out, n, sdp.n_media);
		compare();
		rs_sdp_answer(&s, &local, &sdp, out, sizeof(out), &result);
		if (s.version != 1)
			abort();
	}
	/* Our own offer, on top of that or as the first, and the input as its answer. */
	local.all_codecs = true;
	n = rs_sdp_offer(&s, &local, out, sizeof(out));
	if (n < 0 && n != -E2BIG)
		abort();
	if (n < 0)
		return;
	readable(out, n, s.n_streams);
	rs_sdp_accept(&s, &local, &sdp, &result);
	local.rekey = true;
	n = rs_sdp_offer(&s, &local, out, sizeof(out));
	if (n >= 0)
		readable(out, n, s.n_streams);
	rs_sdp_withdraw(&s);
	/* A first offer, and the input as its answer. */
	rs_sdp_session_init(&s, 1, streams, 2);
	local.n_media = sdp.n_media < 2 ? sdp.n_media : 2;
	n = rs_sdp_offer(&s, &local, out, sizeof(out));
	if (n < 0)
		abort();
	rs_sdp_accept(&s, &local, &sdp, &result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int rc = rs_sdp_parse(data, size, &sdp);

	crypto(rs_slice_of(data, size));
	if ((rc == 0) != (sdp.error == RS_SDP_OK))
		abort();
	if (rc != 0)
		return 0;
	touch(data, size);
	for (unsigned i = 0; i < sdp.n_attrs; i++)
		if (sdp.attrs[i].id == RS_SDP_ATTR_CRYPTO)
			crypto(sdp.attrs[i].value);
	for (unsigned srtp = RS_SDP_SRTP_FORBIDDEN; srtp <= RS_SDP_SRTP_REQUIRED; srtp++)
		negotiate(srtp);
	return 0;
}
