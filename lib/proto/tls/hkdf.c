/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HKDF-Expand-Label (RFC 8446, 7.1) as far as changing keys wants it: one block, an empty context.
 * OpenSSL's EVP digests and HMACs take memory from the heap each time they begin; its older calls do
 * not, and HMAC (RFC 2104) is made from those.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "proto/tls/private.h"

#define BLOCK_MAX 128

/** SHA-256 of two texts, or SHA-384. */
static void
hash(bool is_384, const uint8_t *block, const uint8_t *text, size_t len, uint8_t *out)
{
	if (is_384) {
		SHA512_CTX ctx;

		SHA384_Init(&ctx);
		SHA384_Update(&ctx, block, 128);
		SHA384_Update(&ctx, text, len);
		SHA384_Final(out, &ctx);
		explicit_bzero(&ctx, sizeof(ctx));
	} else {
		SHA256_CTX ctx;

		SHA256_Init(&ctx);
		SHA256_Update(&ctx, block, 64);
		SHA256_Update(&ctx, text, len);
		SHA256_Final(out, &ctx);
		explicit_bzero(&ctx, sizeof(ctx));
	}
}

static void
hash_padded(bool is_384, const uint8_t *key, unsigned key_len, uint8_t pad, const uint8_t *text,
	size_t len, uint8_t *out)
{
	uint8_t block[BLOCK_MAX];

	memset(block, pad, sizeof(block));
	for (unsigned i = 0; i < key_len; i++)
		block[i] ^= key[i];
	hash(is_384, block, text, len, out);
	explicit_bzero(block, sizeof(block));
}

static void
expand_label(
	unsigned suite, const uint8_t *secret, const char *label, uint8_t *out, unsigned out_len)
{
	unsigned size = rs_tls_secret_len(suite);
	bool is_384 = size == SHA384_DIGEST_LENGTH;
	uint8_t info[32] = { 0, (uint8_t)out_len }, inner[48], block[48];
	size_t label_len = strlen(label), at = 3;

	info[2] = (uint8_t)(6 + label_len);
	memcpy(info + at, "tls13 ", 6);
	memcpy(info + at + 6, label, label_len);
	at += 6 + label_len;
	info[at++] = 0; /* no context */
	info[at++] = 1; /* RFC 5869, 2.3: the first block */
	hash_padded(is_384, secret, size, 0x36, info, at, inner);
	hash_padded(is_384, secret, size, 0x5c, inner, size, block);
	memcpy(out, block, out_len);
	explicit_bzero(inner, sizeof(inner));
	explicit_bzero(block, sizeof(block));
}

void
rs_tls_derive(struct rs_tls_engine *e, unsigned suite, struct rs_tls_side *side, bool next)
{
	if (next) {
		expand_label(
			suite, side->secret, "traffic upd", side->secret, rs_tls_secret_len(suite));
		side->seq = 0;
	}
	expand_label(suite, side->secret, "key", side->key, rs_tls_key_len(suite));
	expand_label(suite, side->secret, "iv", side->iv, sizeof(side->iv));
	if (side->gcm != NULL)
		e->ops->expand(e, side->key, rs_tls_key_len(suite), side->gcm);
}
