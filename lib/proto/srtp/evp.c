/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arithmetic by OpenSSL, for machines that ipsec-mb does not know. What a context has in place
 * of expanded keys are the keys themselves: OpenSSL's contexts are the engine's and get a key for
 * each packet. HMAC (RFC 2104) is made from SHA-1, since OpenSSL's own allocates memory for each
 * key.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "proto/srtp/private.h"

enum cipher_kind { CTR_128, CTR_192, CTR_256, GCM_128, GCM_256, KINDS };

struct rs_srtp_evp {
	EVP_CIPHER *cipher[KINDS];
	EVP_CIPHER_CTX *ctx[KINDS];
	EVP_MD *sha1;
	EVP_MD_CTX *md;
};

size_t
rs_srtp_evp_size(void)
{
	return sizeof(struct rs_srtp_evp);
}

int
rs_srtp_evp_init(struct rs_srtp_engine *e, void *memory)
{
	static const char *const names[KINDS] = { "AES-128-CTR", "AES-192-CTR", "AES-256-CTR",
		"AES-128-GCM", "AES-256-GCM" };
	struct rs_srtp_evp *evp = memory;
	bool ok = true;

	*evp = (struct rs_srtp_evp){ 0 };
	e->evp = evp;
	e->ops = &rs_srtp_evp_ops;
	for (int i = 0; i < KINDS; i++) {
		evp->cipher[i] = EVP_CIPHER_fetch(NULL, names[i], NULL);
		evp->ctx[i] = EVP_CIPHER_CTX_new();
		ok = ok && evp->cipher[i] != NULL && evp->ctx[i] != NULL &&
			EVP_CipherInit_ex2(evp->ctx[i], evp->cipher[i], NULL, NULL, 1, NULL) == 1;
	}
	evp->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	evp->md = EVP_MD_CTX_new();
	ok = ok && evp->sha1 != NULL && evp->md != NULL &&
		EVP_DigestInit_ex2(evp->md, evp->sha1, NULL) == 1;
	if (!ok) {
		rs_srtp_evp_fini(e);
		return -ENOMEM;
	}
	snprintf(e->name, sizeof(e->name), "OpenSSL %s", OpenSSL_version(OPENSSL_VERSION_STRING));
	return 0;
}

void
rs_srtp_evp_fini(struct rs_srtp_engine *e)
{
	struct rs_srtp_evp *evp = e->evp;

	for (int i = 0; i < KINDS; i++) {
		EVP_CIPHER_CTX_free(evp->ctx[i]);
		EVP_CIPHER_free(evp->cipher[i]);
	}
	EVP_MD_CTX_free(evp->md);
	EVP_MD_free(evp->sha1);
	e->evp = NULL;
}

static void
expand(struct rs_srtp_engine *e, const uint8_t *key, unsigned key_len, uint8_t *keys)
{
	memcpy(keys, key, key_len);
}

static void
hmac_key(struct rs_srtp_engine *e, const uint8_t *key, uint8_t *inner, uint8_t *outer)
{
	memcpy(inner, key, 20);
	memcpy(outer, key, 20);
}

static void
gcm_expand(struct rs_srtp_engine *e, const uint8_t *key, unsigned key_len, void *keys)
{
	memcpy(keys, key, key_len);
}

static void
cipher(struct rs_srtp_engine *e, IMB_JOB *jobs, unsigned n, unsigned key_len)
{
	EVP_CIPHER_CTX *ctx = e->evp->ctx[key_len == 16 ? CTR_128
			: key_len == 24                 ? CTR_192
							: CTR_256];

	for (unsigned i = 0; i < n; i++) {
		IMB_JOB *job = &jobs[i];
		int len;

		EVP_CipherInit_ex2(ctx, NULL, job->enc_keys, job->iv, 1, NULL);
		EVP_CipherUpdate(ctx, job->dst, &len,
			job->src + job->cipher_start_src_offset_in_bytes,
			(int)job->msg_len_to_cipher_in_bytes);
	}
}

/* One of the two hashes that an HMAC is made of. */
static void
hash_padded(struct rs_srtp_evp *evp, const uint8_t *key, uint8_t pad, const uint8_t *text,
	size_t len, uint8_t *out)
{
	uint8_t block[64];

	memset(block, pad, sizeof(block));
	for (int i = 0; i < 20; i++)
		block[i] ^= key[i];
	EVP_DigestInit_ex2(evp->md, NULL, NULL);
	EVP_DigestUpdate(evp->md, block, sizeof(block));
	EVP_DigestUpdate(evp->md, text, len);
	EVP_DigestFinal_ex(evp->md, out, NULL);
}

static void
hash(struct rs_srtp_engine *e, IMB_JOB *jobs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		IMB_JOB *job = &jobs[i];
		uint8_t inner[20], tag[20];

		hash_padded(e->evp, job->u.HMAC._hashed_auth_key_xor_ipad, 0x36, job->src,
			job->msg_len_to_hash_in_bytes, inner);
		hash_padded(e->evp, job->u.HMAC._hashed_auth_key_xor_opad, 0x5c, inner,
			sizeof(inner), tag);
		memcpy(job->auth_tag_output, tag, 12);
	}
}

static EVP_CIPHER_CTX *
begin(struct rs_srtp_engine *e, const struct rs_srtp_aead *a, int encrypt)
{
	EVP_CIPHER_CTX *ctx = e->evp->ctx[a->key_len == 16 ? GCM_128 : GCM_256];
	int len;

	EVP_CipherInit_ex2(ctx, NULL, a->keys, a->iv, encrypt, NULL);
	EVP_CipherUpdate(ctx, NULL, &len, a->aad, (int)a->aad_len);
	if (a->text_len != 0)
		EVP_CipherUpdate(ctx, a->text, &len, a->text, (int)a->text_len);
	return ctx;
}

static void
seal(struct rs_srtp_engine *e, const struct rs_srtp_aead *a, uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = begin(e, a, 1);
	uint8_t none[16];
	int len;

	EVP_CipherFinal_ex(ctx, none, &len);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}

static bool
open_text(struct rs_srtp_engine *e, const struct rs_srtp_aead *a, const uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = begin(e, a, 0);
	uint8_t want[16], none[16];
	int len;

	memcpy(want, tag, sizeof(want));
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, want);
	if (EVP_CipherFinal_ex(ctx, none, &len) == 1)
		return true;
	seal(e, a, none); /* the same key stream once more gives the text back */
	return false;
}

const struct rs_srtp_ops rs_srtp_evp_ops = { expand, hmac_key, gcm_expand, cipher, hash, seal,
	open_text };
