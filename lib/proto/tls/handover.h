/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What OpenSSL's handshake hands over to the record layer (tls.h): version, suite, secrets, and how
 * many records each direction has had. For the thread that does the handshakes; a library of its own,
 * so that nobody else links libssl.
 *
 * A tap is laid on each SSL before its handshake. Bytes from the wire are fed record by record, so that
 * the SSL never holds a byte that it has not used:
 *
 *	rs_tls_tap_context(ctx);		// once a context
 *	rs_tls_tap_attach(&tap, ssl);
 *	while (rs_tls_tap_feed(ssl, in, len, &used) == 0 && SSL_do_handshake(ssl) ...)
 *		...				// in += used; what is in the write BIO goes out
 *	rs_tls_handover(ssl, &tap, &keys);	// in and len: what the record layer begins with
 *
 * What is in the write BIO goes out before the first record of ours: a server's tickets are there.
 * A client that wants the server's tickets feeds and calls SSL_read() a little longer; what that gives
 * are the first data. After the hand-over the SSL may be asked about its session, and be freed, but it
 * must neither read nor write: what it would say is its peer's old keys.
 */
#ifndef RS_PROTO_TLS_HANDOVER_H
#define RS_PROTO_TLS_HANDOVER_H

#include <openssl/ssl.h>

#include "proto/tls/tls.h"

/** What was seen of one handshake. All is private. */
struct rs_tls_tap {
	uint8_t secret[2][48]; /* TLS 1.3: of the client, of the server */
	uint8_t secret_len[2];
	struct {
		uint64_t seq;     /* records under the keys in use */
		uint32_t updates; /* KeyUpdates */
	} read, written;
};

/**
 * Let @ctx tell taps what they need: its key log callback is ours from here on. A program that writes
 * key logs sets its own afterwards and calls rs_tls_tap_keylog() from there.
 * @return 0, -ENOMEM
 */
int rs_tls_tap_context(SSL_CTX *ctx);

/** A line of the key log of @ssl, which may have no tap. */
void rs_tls_tap_keylog(const SSL *ssl, const char *line);

/**
 * Lay a tap on @ssl before its handshake; its message callback is ours from here on.
 * @param tap  must live as long as @ssl
 * @return 0, -ENOMEM
 */
int rs_tls_tap_attach(struct rs_tls_tap *tap, SSL *ssl);

/** Wipe the secrets and take the tap off. */
void rs_tls_tap_detach(struct rs_tls_tap *tap, SSL *ssl);

/**
 * Give @ssl the first record of @bytes, if it is there as a whole; its read BIO is a memory BIO.
 *
 * @param used  out: bytes taken
 * @return 0; -EAGAIN: it is not whole; -ENOMEM. What is no record is given as it is: @ssl finds the
 *         words for it
 */
int rs_tls_tap_feed(SSL *ssl, const uint8_t *bytes, size_t len, size_t *used);

/**
 * What the record layer begins with.
 *
 * @return 0; -EAGAIN: the handshake has not ended; -EBUSY: @ssl holds data, which SSL_read() gives, or
 *         bytes that did not come through rs_tls_tap_feed(); -ENOTSUP: a version before 1.2, a suite
 *         without AEAD or another that tls.h does not have: the SSL must do the records; -EIO: OpenSSL
 *         does not tell the keys
 */
int rs_tls_handover(SSL *ssl, const struct rs_tls_tap *tap, struct rs_tls_keys *keys);

#endif
