/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arithmetic by OpenSSL, for machines that ipsec-mb does not know. Its contexts are the engine's
 * and get a key for each record; there are no expanded keys to keep.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>

#include "proto/tls/private.h"

int
rs_tls_evp_init(struct rs_tls_engine *e)
{
	bool ok = true;

	for (unsigned i = 0; i < RS_TLS_SUITES; i++) {
		e->cipher[i] = EVP_CIPHER_fetch(NULL, rs_tls_suite_name(i), NULL);
		e->ctx[i] = EVP_CIPHER_CTX_new();
		ok = ok && e->cipher[i] != NULL && e->ctx[i] != NULL &&
			EVP_CipherInit_ex2(e->ctx[i], e->cipher[i], NULL, NULL, 1, NULL) == 1;
	}
	if (!ok)
		return -ENOMEM;
	e->ops = &rs_tls_evp_ops;
	snprintf(e->name, sizeof(e->name), "OpenSSL %s", OpenSSL_version(OPENSSL_VERSION_STRING));
	return 0;
}

void
rs_tls_evp_fini(struct rs_tls_engine *e)
{
	for (unsigned i = 0; i < RS_TLS_SUITES; i++) {
		EVP_CIPHER_CTX_free(e->ctx[i]);
		EVP_CIPHER_free(e->cipher[i]);
	}
}

static void
expand(struct rs_tls_engine *e, const uint8_t *key, unsigned key_len, void *gcm)
{
}

static EVP_CIPHER_CTX *
begin(struct rs_tls_engine *e, unsigned suite, const struct rs_tls_aead *a, int encrypt)
{
	EVP_CIPHER_CTX *ctx = e->ctx[suite];
	int len;

	EVP_CipherInit_ex2(ctx, NULL, a->key, a->iv, encrypt, NULL);
	EVP_CipherUpdate(ctx, NULL, &len, a->aad, (int)a->aad_len);
	if (a->len != 0)
		EVP_CipherUpdate(ctx, a->text, &len, a->text, (int)a->len);
	return ctx;
}

static void
seal(struct rs_tls_engine *e, unsigned suite, const struct rs_tls_aead *a, uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = begin(e, suite, a, 1);
	uint8_t none[16];
	int len;

	EVP_CipherFinal_ex(ctx, none, &len);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, RS_TLS_TAG, tag);
}

static bool
open_text(struct rs_tls_engine *e, unsigned suite, const struct rs_tls_aead *a, const uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = begin(e, suite, a, 0);
	uint8_t want[RS_TLS_TAG], none[16];
	int len;

	memcpy(want, tag, sizeof(want));
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, RS_TLS_TAG, want);
	return EVP_CipherFinal_ex(ctx, none, &len) == 1;
}

const struct rs_tls_ops rs_tls_evp_ops = { expand, seal, open_text };
