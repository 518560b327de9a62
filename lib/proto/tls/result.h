/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a TLS handshake ends with, for a record layer that goes on without the library that made it: version, suite, keys, the
 * number of the next record of each direction, and bytes that came with the last flight. A block of plain bytes: it is handed
 * from thread to thread as it is.
 */
#ifndef RS_PROTO_TLS_RESULT_H
#define RS_PROTO_TLS_RESULT_H

#include <stdint.h>

#define RS_TLS_1_2 0x0303u /* RFC 5246, 6.2.1 */
#define RS_TLS_1_3 0x0304u /* RFC 8446, 4.1.2 */

#define RS_TLS_MAX_SECRET 48 /* bytes of a hash: SHA-384 */
#define RS_TLS_MAX_KEY	  32
#define RS_TLS_MAX_IV	  12
#define RS_TLS_MAX_ALPN	  32 /* longer names are not negotiated */

/** One direction of a connection, seen from this end. */
struct rs_tls_keys {
	uint64_t seq;			   /* of the next record */
	uint8_t secret[RS_TLS_MAX_SECRET]; /* TLS 1.3: the application traffic secret (RFC 8446, 7.1), for KeyUpdate; else zero */
	uint8_t key[RS_TLS_MAX_KEY];	   /* of the AEAD, key_len bytes */
	uint8_t iv[RS_TLS_MAX_IV];	   /* 12 bytes; TLS 1.2 with GCM: the 4 of the implicit part (RFC 5288, 3) */
	uint32_t reserved;
};

struct rs_tls_result {
	uint16_t version;    /* RS_TLS_1_2, RS_TLS_1_3 */
	uint16_t suite;	     /* as in ServerHello: 0x1301, 0xc02b, ... */
	uint8_t is_server;
	uint8_t resumed;
	uint8_t secret_len;  /* 32 or 48; TLS 1.2: 0 */
	uint8_t key_len;     /* 16 or 32 */
	uint8_t iv_len;	     /* 12 or 4 */
	uint8_t tickets;     /* client: sessions taken over before the hand-over */
	uint8_t alpn_len;    /* 0: none negotiated */
	uint8_t reserved;
	uint32_t n_plain;    /* bytes of bytes[]: decrypted already, for the application */
	uint32_t n_raw;	     /* behind them: records, or parts of one, not looked at; rx.seq is the first one's number */
	uint32_t reserved2;
	char alpn[RS_TLS_MAX_ALPN];
	struct rs_tls_keys tx, rx;
	uint64_t finished_ns; /* monotonic: when the handshake was complete; tickets were waited for after that */
	uint8_t bytes[];
};

#endif
