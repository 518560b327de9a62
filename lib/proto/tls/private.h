/* SPDX-License-Identifier: BSD-3-Clause */
/** Private to lib/proto/tls. */
#ifndef RS_PROTO_TLS_PRIVATE_H
#define RS_PROTO_TLS_PRIVATE_H

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>
#include <openssl/evp.h>

#include "proto/tls/tls.h"

_Static_assert(RS_TLS_GCM_BYTES >= sizeof(struct gcm_key_data), "room for ipsec-mb's key data");

#define RS_TLS_HEADER 5  /* bytes of a record's header */
#define RS_TLS_TAG    16 /* of all suites */

/** Content types (RFC 8446, 5.1). */
enum {
	RS_TLS_TYPE_CCS = 20,
	RS_TLS_TYPE_ALERT = 21,
	RS_TLS_TYPE_HANDSHAKE = 22,
	RS_TLS_TYPE_DATA = 23,
};

/** Bits of owed. */
enum {
	RS_TLS_OWES_UPDATE = 1,
	RS_TLS_OWES_REFUSAL = 2, /* no_renegotiation */
	RS_TLS_OWES_ALERT = 4,   /* alert, and then nothing more */
};

/** Bits of closed. */
enum {
	RS_TLS_CLOSED_TX = 1,
	RS_TLS_CLOSED_RX = 2,
};

/** One AEAD operation on text where it lies. */
struct rs_tls_aead {
	const uint8_t *key;
	const void *gcm; /* expanded; NULL: expand it */
	uint8_t *text;
	uint32_t len;
	uint32_t aad_len;
	uint8_t aad[16];
	uint8_t iv[16] __attribute__((aligned(16))); /* 12 of them */
};

struct rs_tls_ops {
	/** Expand a GCM key of @key_len bytes to RS_TLS_GCM_BYTES. */
	void (*expand)(struct rs_tls_engine *e, const uint8_t *key, unsigned key_len, void *gcm);
	/** Encrypt and write the tag; compare the tag and decrypt: after false the text is undefined. */
	void (*seal)(
		struct rs_tls_engine *e, unsigned suite, const struct rs_tls_aead *a, uint8_t *tag);
	bool (*open)(struct rs_tls_engine *e, unsigned suite, const struct rs_tls_aead *a,
		const uint8_t *tag);
};

extern const struct rs_tls_ops rs_tls_imb_ops, rs_tls_evp_ops;

struct rs_tls_engine {
	const struct rs_tls_ops *ops;
	IMB_MGR *mgr; /* NULL: OpenSSL */
	char name[48];
	EVP_CIPHER *cipher[RS_TLS_SUITES]; /* OpenSSL only */
	EVP_CIPHER_CTX *ctx[RS_TLS_SUITES];
	struct gcm_context_data gcm;
	struct gcm_key_data scratch __attribute__((aligned(64))); /* the key of a record */
};

int rs_tls_imb_init(struct rs_tls_engine *e, enum rs_tls_backend backend, void *memory);
int rs_tls_evp_init(struct rs_tls_engine *e);
void rs_tls_evp_fini(struct rs_tls_engine *e);

/** A traffic secret's key and IV (RFC 8446, 7.3); from @next on those of the secret that follows (7.2). */
void rs_tls_derive(struct rs_tls_engine *e, unsigned suite, struct rs_tls_side *side, bool next);

/* lent.c: what the public functions do when the records are lent */
enum rs_tls_event rs_tls_lent_unprotect(
	struct rs_tls *t, uint8_t *buf, size_t len, struct rs_tls_record *record);
int rs_tls_lent_protect(struct rs_tls *t, const uint8_t *in, size_t len, uint8_t *out, size_t room,
	size_t *written);
int rs_tls_lent_settle(struct rs_tls *t, uint8_t *out, size_t room, size_t *written);
int rs_tls_lent_update(struct rs_tls *t, bool ask, uint8_t *out, size_t room, size_t *written);
int rs_tls_lent_close(struct rs_tls *t, uint8_t *out, size_t room, size_t *written);

/** Begin with the error's alert owed and nothing read any more. @return RS_TLS_ERROR */
enum rs_tls_event rs_tls_fail(
	struct rs_tls *t, enum rs_tls_error error, struct rs_tls_record *record);

/** The bytes of a handshake record. @return an error or 0 */
enum rs_tls_error rs_tls_handshake(struct rs_tls_engine *e, struct rs_tls *t, const uint8_t *p,
	size_t len, struct rs_tls_record *record);

/** Bytes of a record besides header and data. */
static inline size_t
rs_tls_growth(const struct rs_tls *t)
{
	return rs_tls_headroom(t) - RS_TLS_HEADER + (t->version == RS_TLS_1_3) + RS_TLS_TAG;
}

/** The nonce of the next record: the IV and its number (RFC 8446, 5.3; RFC 7905, 2). */
static inline void
rs_tls_nonce(const struct rs_tls_side *s, uint8_t iv[12])
{
	uint64_t last;

	memcpy(iv, s->iv, 12);
	memcpy(&last, iv + 4, 8);
	last ^= __builtin_bswap64(s->seq);
	memcpy(iv + 4, &last, 8);
}

static inline void
rs_tls_put_header(uint8_t *p, uint8_t type, size_t len)
{
	p[0] = type;
	p[1] = 3;
	p[2] = 3;
	p[3] = (uint8_t)(len >> 8);
	p[4] = (uint8_t)len;
}

/**
 * What a record is authenticated and ciphered with, for @len bytes of data of @type whose record
 * begins at @record (RFC 8446, 5.2; RFC 5246, 6.2.3.3; RFC 5288, 3). With GCM in TLS 1.2 the explicit
 * nonce is read from the record.
 */
static inline void
rs_tls_prepare(const struct rs_tls *t, const struct rs_tls_side *s, const uint8_t *record,
	uint8_t type, size_t len, struct rs_tls_aead *a)
{
	a->key = s->key;
	a->gcm = s->gcm;
	if (t->version == RS_TLS_1_3) {
		memcpy(a->aad, record, RS_TLS_HEADER);
		a->aad_len = RS_TLS_HEADER;
		rs_tls_nonce(s, a->iv);
		return;
	}
	for (int i = 0; i < 8; i++)
		a->aad[i] = (uint8_t)(s->seq >> (56 - 8 * i));
	rs_tls_put_header(a->aad + 8, type, len);
	a->aad_len = 13;
	if (t->suite == RS_TLS_CHACHA20_POLY1305) {
		rs_tls_nonce(s, a->iv);
		return;
	}
	memcpy(a->iv, s->iv, 4);
	memcpy(a->iv + 4, record + RS_TLS_HEADER, 8);
}

#endif
