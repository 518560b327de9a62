/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys of a stream: from the crypto lines that were agreed on (RFC 4568) to contexts of SRTP and SRTCP. */
#include <errno.h>

#include "engine/stream.h"

#define NO_SUITE RS_SRTP_SUITES

static enum rs_srtp_suite
suite_of(uint8_t sdp)
{
	switch ((enum rs_sdp_suite)sdp) {
	case RS_SDP_AES_CM_128_HMAC_SHA1_80: return RS_SRTP_AES_CM_128_SHA1_80;
	case RS_SDP_AES_CM_128_HMAC_SHA1_32: return RS_SRTP_AES_CM_128_SHA1_32;
	case RS_SDP_AES_192_CM_HMAC_SHA1_80: return RS_SRTP_AES_CM_192_SHA1_80;
	case RS_SDP_AES_192_CM_HMAC_SHA1_32: return RS_SRTP_AES_CM_192_SHA1_32;
	case RS_SDP_AES_256_CM_HMAC_SHA1_80: return RS_SRTP_AES_CM_256_SHA1_80;
	case RS_SDP_AES_256_CM_HMAC_SHA1_32: return RS_SRTP_AES_CM_256_SHA1_32;
	case RS_SDP_AEAD_AES_128_GCM: return RS_SRTP_AEAD_AES_128_GCM;
	case RS_SDP_AEAD_AES_256_GCM: return RS_SRTP_AEAD_AES_256_GCM;
	case RS_SDP_NULL_HMAC_SHA1_80: return RS_SRTP_NULL_SHA1_80;
	case RS_SDP_NULL_HMAC_SHA1_32: return RS_SRTP_NULL_SHA1_32;
	default: return NO_SUITE;
	}
}

static bool
is_gcm(uint8_t sdp)
{
	return sdp == RS_SDP_AEAD_AES_128_GCM || sdp == RS_SDP_AEAD_AES_256_GCM;
}

static uint32_t
options_of(uint8_t params)
{
	return (params & RS_SDP_UNENCRYPTED_SRTP ? RS_SRTP_UNENCRYPTED : 0) |
		(params & RS_SDP_UNENCRYPTED_SRTCP ? RS_SRTP_UNENCRYPTED_RTCP : 0) |
		(params & RS_SDP_UNAUTHENTICATED_SRTP ? RS_SRTP_UNAUTHENTICATED : 0);
}

#define MKI_MAX sizeof(((struct stream_secrets *)NULL)->mki_tx)
_Static_assert(MKI_MAX == RS_SDP_MKI_TAKEN, "offers with longer ones are not taken");

static void
put_mki(const struct rs_sdp_crypto *c, uint8_t *mki)
{
	for (uint32_t i = 0; i < c->mki_len && i < MKI_MAX; i++)
		mki[i] = (uint8_t)(c->mki >> 8 * (c->mki_len - 1u - i));
}

/* One direction of both. @mki: its bytes, which the contexts keep pointing at */
static int
make(struct streams *ms, const struct rs_sdp_crypto *c, uint8_t *mki, void *gcm, struct rs_srtp_ctx *rtp,
	struct rs_srtcp_ctx *rtcp)
{
	const struct rs_srtp_suite_info *info = rs_srtp_suite(suite_of(c->suite));
	struct rs_srtp_keys keys = { .suite = suite_of(c->suite), .options = options_of(c->params) };
	int rc;

	if (!info || c->mki_len > MKI_MAX)
		return -EINVAL;
	put_mki(c, mki);
	keys.key = rs_slice_of(c->key, info->key_len);
	keys.salt = rs_slice_of(c->key + info->key_len, info->salt_len);
	keys.mki = rs_slice_of(mki, c->mki_len);
	keys.lifetime = c->lifetime;
	keys.rtcp_lifetime = c->lifetime && c->lifetime < 1ull << 31 ? c->lifetime : 0;
	rc = rs_srtp_init(ms->srtp, &keys, gcm, rtp);
	return rc ? rc : rs_srtcp_init(ms->srtp, &keys, rtcp);
}

static bool
is_same(const struct rs_sdp_crypto *c, uint8_t suite, uint8_t params, const uint8_t *key, const uint8_t *mki, uint8_t mki_len)
{
	uint8_t bytes[MKI_MAX];

	put_mki(c, bytes);
	return c->suite == suite && c->params == params && memcmp(c->key, key, RS_SDP_KEY_MAX) == 0 && c->mki_len == mki_len &&
		memcmp(bytes, mki, mki_len) == 0;
}

static bool
hits(struct streams *ms, uint32_t share)
{
	return share && (share == UINT32_MAX || (uint32_t)(rs_rng_next(&ms->rng) >> 32) < share);
}

/* What we send with: a share of the streams have another key than they said, or a rollover counter that is ahead. */
static int
make_wrong(struct streams *ms, const struct rs_wrong *wrong, const struct rs_sdp_crypto *c, uint8_t *mki, void *gcm,
	struct stream_keys *k, struct stream_secrets *sec)
{
	struct rs_sdp_crypto copy = *c;
	int rc;

	if (hits(ms, wrong->stream_key))
		copy.key[0] ^= 1;
	rc = make(ms, &copy, mki, gcm, &k->tx, &sec->tx);
	if (rc == 0 && hits(ms, wrong->stream_roc))
		rs_srtp_set_roc(&k->tx, 1);
	explicit_bzero(&copy, sizeof(copy));
	return rc;
}

static int
make_both(struct streams *ms, const struct rs_wrong *wrong, struct stream_keys *k, struct stream_secrets *sec,
	const struct rs_sdp_stream *st, bool fresh)
{
	uint8_t *gcm = NULL;
	int rc = 0;

	if (is_gcm(st->tx.suite) || is_gcm(st->rx.suite)) {
		if (sec->gcm == STREAM_NONE)
			sec->gcm = rs_pool_take(&ms->gcm);
		if (sec->gcm == RS_POOL_NONE)
			return -ENOMEM;
		gcm = rs_pool_at(&ms->gcm, sec->gcm);
	}
	/* A context goes on over a new agreement with the same key: from the start it would use its key stream again. */
	if (fresh || !is_same(&st->tx, sec->suite, sec->params_tx, sec->key_tx, sec->mki_tx, sec->mki_tx_len))
		rc = make_wrong(ms, wrong, &st->tx, sec->mki_tx, gcm, k, sec);
	if (rc == 0 && (fresh || !is_same(&st->rx, sec->suite, sec->params_rx, sec->key_rx, sec->mki_rx, sec->mki_rx_len)))
		rc = make(ms, &st->rx, sec->mki_rx, gcm ? gcm + RS_SRTP_GCM_BYTES : NULL, &k->rx, &sec->rx);
	sec->suite = st->tx.suite;
	sec->params_tx = st->tx.params;
	sec->params_rx = st->rx.params;
	sec->mki_tx_len = st->tx.mki_len;
	sec->mki_rx_len = st->rx.mki_len;
	memcpy(sec->key_tx, st->tx.key, sizeof(sec->key_tx));
	memcpy(sec->key_rx, st->rx.key, sizeof(sec->key_rx));
	return rc;
}

int
stream_keys_apply(struct rs_engine *e, struct stream *s, const struct rs_sdp_stream *st)
{
	struct streams *ms = e->streams;
	bool fresh = s->keys == STREAM_NONE;

	if (!(st->flags & RS_SDP_SECURE)) {
		stream_keys_drop(e, s);
		return 0;
	}
	if (!ms->srtp || st->tx.suite != st->rx.suite)
		return -EINVAL;
	if (fresh) {
		uint32_t slot = rs_pool_take(&ms->keys);

		if (slot == RS_POOL_NONE) {
			rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_NO_MEMORY);
			return -ENOMEM;
		}
		s->keys = ms->rx[stream_slot(ms, s)].keys = slot;
		ms->secrets[slot].gcm = STREAM_NONE;
		rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_SECURE);
	}
	return make_both(ms, &ms->cold[stream_slot(ms, s)].profile->wrong, keys_at(ms, s->keys), &ms->secrets[s->keys], st, fresh);
}

void
stream_keys_drop(struct rs_engine *e, struct stream *s)
{
	struct streams *ms = e->streams;
	struct stream_secrets *sec;

	if (s->keys == STREAM_NONE)
		return;
	sec = &ms->secrets[s->keys];
	if (sec->gcm != STREAM_NONE) {
		explicit_bzero(rs_pool_at(&ms->gcm, sec->gcm), 2 * RS_SRTP_GCM_BYTES);
		rs_pool_give(&ms->gcm, sec->gcm);
	}
	explicit_bzero(sec, sizeof(*sec));
	explicit_bzero(keys_at(ms, s->keys), sizeof(struct stream_keys));
	rs_pool_give(&ms->keys, s->keys);
	s->keys = ms->rx[stream_slot(ms, s)].keys = STREAM_NONE;
}
