/* SPDX-License-Identifier: BSD-3-Clause */
/* Session keys from master keys (RFC 3711, 4.3), and contexts that begin with them. */
#include <errno.h>

#include "proto/srtp/private.h"

#define MAX_PACKETS      (1ull << 48) /* RFC 3711, 9.2 */
#define MAX_RTCP_PACKETS (1ull << 31)
#define AUTH_KEY_LEN     20

enum label { ENCRYPTION, AUTHENTICATION, SALTING };

struct session {
	uint8_t key[32], auth[AUTH_KEY_LEN], salt[14];
};

/** @return 0; -EINVAL, -ENOTSUP: the errors of rs_srtp_init() */
static int
check(const struct rs_srtp_keys *keys)
{
	const struct rs_srtp_suite_info *suite = rs_srtp_suite(keys->suite);

	if (suite == NULL || keys->key.len != suite->key_len || keys->salt.len != suite->salt_len ||
		keys->mki.len > RS_SRTP_MKI_MAX || keys->lifetime > MAX_PACKETS ||
		keys->rtcp_lifetime > MAX_RTCP_PACKETS)
		return -EINVAL;
	if (suite->salt_len == 12 &&
		(keys->options & (RS_SRTP_UNENCRYPTED | RS_SRTP_UNAUTHENTICATED)) != 0)
		return -ENOTSUP;
	return 0;
}

/**
 * AES-CM under the master key with the IV (label * 2^48 XOR salt) * 2^16: the key derivation rate
 * is 0, so r is (RFC 3711, 4.3.3). A salt of 96 bits is followed by 16 zero bits.
 */
static void
derive(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, const uint8_t *schedule,
	unsigned label, uint8_t *out, unsigned len)
{
	uint8_t iv[16] = { 0 };
	IMB_JOB *job;

	memcpy(iv, keys->salt.p, keys->salt.len);
	iv[7] ^= (uint8_t)label;
	memset(out, 0, len);
	memcpy(e->iv[0], iv, sizeof(iv));
	job = rs_srtp_job(e, 0, (uint8_t)keys->key.len, out, 0, len, 0);
	job->enc_keys = schedule;
	e->ops->cipher(e, job, 1, (unsigned)keys->key.len);
}

static void
derive_all(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, unsigned first,
	struct session *s)
{
	uint8_t schedule[240] __attribute__((aligned(16)));

	e->ops->expand(e, keys->key.p, (unsigned)keys->key.len, schedule);
	derive(e, keys, schedule, first + ENCRYPTION, s->key, (unsigned)keys->key.len);
	derive(e, keys, schedule, first + AUTHENTICATION, s->auth, sizeof(s->auth));
	derive(e, keys, schedule, first + SALTING, s->salt, (unsigned)keys->salt.len);
	explicit_bzero(schedule, sizeof(schedule));
}

static bool
null_cipher(enum rs_srtp_suite suite)
{
	return suite == RS_SRTP_NULL_SHA1_80 || suite == RS_SRTP_NULL_SHA1_32;
}

int
rs_srtp_init(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, void *gcm,
	struct rs_srtp_ctx *ctx)
{
	int rc = check(keys);
	bool aead = rc == 0 && keys->salt.len == 12;
	struct session s = { 0 };

	if (rc != 0 || (aead && gcm == NULL))
		return rc != 0 ? rc : -EINVAL;
	derive_all(e, keys, 0, &s);
	*ctx = (struct rs_srtp_ctx){ .left = keys->lifetime != 0 ? keys->lifetime : MAX_PACKETS,
		.suite = (uint8_t)keys->suite,
		.key_len = (uint8_t)keys->key.len,
		.tag_len = rs_srtp_suite(keys->suite)->tag_len,
		.mki = keys->mki.p,
		.mki_len = (uint8_t)keys->mki.len,
		.options = (uint8_t)keys->options,
		.gcm = aead };
	if (null_cipher(keys->suite) || (keys->options & RS_SRTP_UNENCRYPTED) != 0)
		ctx->key_len = 0;
	if ((keys->options & RS_SRTP_UNAUTHENTICATED) != 0)
		ctx->tag_len = 0;
	memcpy(ctx->salt, s.salt, sizeof(s.salt));
	if (aead) {
		e->ops->gcm_expand(e, s.key, ctx->key_len, gcm);
		ctx->gcm_keys = gcm;
	} else {
		e->ops->expand(e, s.key, (unsigned)keys->key.len, ctx->keys);
		e->ops->hmac_key(e, s.auth, ctx->inner, ctx->outer);
	}
	explicit_bzero(&s, sizeof(s));
	return 0;
}

int
rs_srtcp_init(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, struct rs_srtcp_ctx *ctx)
{
	int rc = check(keys);
	struct session s = { 0 };

	if (rc != 0)
		return rc;
	derive_all(e, keys, 3, &s);
	*ctx = (struct rs_srtcp_ctx){ .left = keys->rtcp_lifetime != 0 ? keys->rtcp_lifetime
								       : MAX_RTCP_PACKETS,
		.suite = (uint8_t)keys->suite,
		.key_len = (uint8_t)keys->key.len,
		.tag_len = rs_srtp_suite(keys->suite)->rtcp_tag_len,
		.mki = keys->mki.p,
		.mki_len = (uint8_t)keys->mki.len,
		.options = (uint8_t)keys->options,
		.gcm = keys->salt.len == 12 };
	if (null_cipher(keys->suite)) {
		ctx->key_len = 0;
		ctx->options |= RS_SRTP_UNENCRYPTED_RTCP;
	}
	memcpy(ctx->salt, s.salt, sizeof(s.salt));
	memcpy(ctx->key, s.key, sizeof(ctx->key));
	if (!ctx->gcm)
		e->ops->hmac_key(e, s.auth, ctx->inner, ctx->outer);
	explicit_bzero(&s, sizeof(s));
	return 0;
}

void
rs_srtp_set_roc(struct rs_srtp_ctx *ctx, uint32_t roc)
{
	ctx->now = (struct rs_srtp_stream){ .index = (uint64_t)roc << 16 };
}

uint32_t
rs_srtp_roc(const struct rs_srtp_ctx *ctx)
{
	return (uint32_t)(ctx->now.index >> 16);
}

void
rs_srtcp_set_index(struct rs_srtcp_ctx *ctx, uint32_t index)
{
	ctx->now = (struct rs_srtp_stream){ .index = index & 0x7fffffff };
}
