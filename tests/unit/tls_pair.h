/* SPDX-License-Identifier: BSD-3-Clause */
/** Client and server in OpenSSL over memory BIOs; one of them is handed over to our record layer. */
#ifndef RS_TESTS_UNIT_TLS_PAIR_H
#define RS_TESTS_UNIT_TLS_PAIR_H

#include <openssl/err.h>
#include <openssl/x509.h>

#include "proto/tls/handover.h"
#include "tls_kit.h"

#define PAIR_ROOM (1 << 18)

enum { CLIENT, SERVER };

/** Bytes on their way to one side. */
struct pair_queue {
	uint8_t bytes[PAIR_ROOM];
	size_t len;
};

struct pair {
	SSL_CTX *ctx[2];
	SSL *ssl[2];
	struct rs_tls_tap tap;
	int ours; /* the side with the tap */
	struct pair_queue to[2];
	struct rs_tls_keys keys;
	struct rs_tls t;
};

/** What is out of the ordinary with a handshake. */
struct pair_options {
	bool mutual;  /* the client has a certificate, too */
	bool retry;   /* HelloRetryRequest, or another group in TLS 1.2 */
	bool tickets; /* a client reads what follows on the handshake before it is handed over */
	unsigned padding;    /* the other side pads its records to this many bytes (TLS 1.3) */
	unsigned fragment;   /* enum of RFC 6066, 4: 1 is 512 bytes */
	const char *ciphers; /* instead of the suite's */
};

static inline void
pair_certificate(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"example.test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	if (X509_sign(x, key, EVP_sha256()) == 0 || SSL_CTX_use_certificate(ctx, x) != 1 ||
		SSL_CTX_use_PrivateKey(ctx, key) != 1)
		abort();
	X509_free(x);
	EVP_PKEY_free(key);
}

static inline int
pair_trust(int ok, X509_STORE_CTX *store)
{
	return 1;
}

static inline void
pair_context(struct pair *p, int side, enum rs_tls_version version, enum rs_tls_suite suite,
	const struct pair_options *o)
{
	static const char *const tls13[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
		"TLS_CHACHA20_POLY1305_SHA256" };
	static const char *const tls12[] = { "ECDHE-ECDSA-AES128-GCM-SHA256",
		"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305" };
	int number = version == RS_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
	SSL_CTX *ctx = SSL_CTX_new(side == SERVER ? TLS_server_method() : TLS_client_method());

	p->ctx[side] = ctx;
	SSL_CTX_set_min_proto_version(ctx, number);
	SSL_CTX_set_max_proto_version(ctx, number);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"t", 1);
	if (SSL_CTX_set_ciphersuites(ctx, tls13[suite]) != 1 ||
		SSL_CTX_set_cipher_list(ctx, o->ciphers != NULL ? o->ciphers : tls12[suite]) != 1)
		abort();
	if (side == SERVER || o->mutual)
		pair_certificate(ctx);
	if (side == CLIENT || o->mutual)
		SSL_CTX_set_verify(
			ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, pair_trust);
	if (o->retry && side == SERVER)
		SSL_CTX_set1_groups_list(ctx, "P-384:P-256");
	if (o->padding != 0 && side != p->ours)
		SSL_CTX_set_block_padding(ctx, o->padding);
	if (rs_tls_tap_context(ctx) != 0)
		abort();
}

/** What @side has written goes to the other one. */
static inline void
pair_drain(struct pair *p, int side)
{
	struct pair_queue *q = &p->to[!side];
	int n;

	while ((n = BIO_read(SSL_get_wbio(p->ssl[side]), q->bytes + q->len,
			(int)(sizeof(q->bytes) - q->len))) > 0)
		q->len += (size_t)n;
}

static inline void
pair_take(struct pair_queue *q, size_t n)
{
	memmove(q->bytes, q->bytes + n, q->len - n);
	q->len -= n;
}

/** Give @side what has come: all, or with the tap one record. @return whether there was any */
static inline bool
pair_feed(struct pair *p, int side)
{
	struct pair_queue *q = &p->to[side];
	size_t used = q->len;

	if (side == p->ours) {
		if (rs_tls_tap_feed(p->ssl[side], q->bytes, q->len, &used) != 0)
			return false;
	} else if (used != 0 &&
		BIO_write(SSL_get_rbio(p->ssl[side]), q->bytes, (int)used) != (int)used) {
		abort();
	}
	pair_take(q, used);
	return used != 0;
}

static inline void
pair_handshake(struct pair *p)
{
	for (bool more = true; more;) {
		more = false;
		for (int side = 0; side < 2; side++) {
			if (SSL_is_init_finished(p->ssl[side]))
				continue;
			more = pair_feed(p, side) || more;
			SSL_do_handshake(p->ssl[side]);
			pair_drain(p, side);
			more = more || p->to[!side].len != 0;
		}
		if (SSL_is_init_finished(p->ssl[CLIENT]) && SSL_is_init_finished(p->ssl[SERVER]))
			return;
	}
	ERR_print_errors_fp(stderr);
	abort();
}

/** Handshake, without the hand-over. */
static inline void
pair_begin(struct pair *p, enum rs_tls_version version, enum rs_tls_suite suite, int ours,
	const struct pair_options *o)
{
	memset(p, 0, sizeof(*p));
	p->ours = ours;
	for (int side = 0; side < 2; side++) {
		pair_context(p, side, version, suite, o);
		p->ssl[side] = SSL_new(p->ctx[side]);
		SSL_set_bio(p->ssl[side], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	}
	SSL_set_connect_state(p->ssl[CLIENT]);
	SSL_set_accept_state(p->ssl[SERVER]);
	if (o->fragment != 0)
		SSL_set_tlsext_max_fragment_length(p->ssl[CLIENT], (uint8_t)o->fragment);
	if (rs_tls_tap_attach(&p->tap, p->ssl[ours]) != 0)
		abort();
	pair_handshake(p);
	for (uint8_t byte; o->tickets && pair_feed(p, ours);)
		SSL_read(p->ssl[ours], &byte, 1);
}

static inline void
pair_end(struct pair *p)
{
	rs_tls_tap_detach(&p->tap, p->ssl[p->ours]);
	for (int side = 0; side < 2; side++) {
		SSL_free(p->ssl[side]);
		SSL_CTX_free(p->ctx[side]);
	}
}

#endif
