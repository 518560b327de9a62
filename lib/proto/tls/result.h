/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a TLS handshake ends with: the keys that the record layer (tls.h) begins with, what was agreed, and bytes that came with
 * the last flight. A block of plain bytes: it is handed from thread to thread as it is, and wiped when it comes back.
 */
#ifndef RS_PROTO_TLS_RESULT_H
#define RS_PROTO_TLS_RESULT_H

#include "proto/tls/tls.h"

#define RS_TLS_MAX_ALPN 32 /* bytes; longer names are not negotiated */

struct rs_tls_result {
	struct rs_tls_keys keys; /* with the number of the next record of each direction */
	uint64_t finished_ns;	 /* monotonic: the handshake was complete; tickets were waited for after that */
	uint16_t version;	 /* as on the wire: 0x0303, 0x0304 */
	uint16_t suite;		 /* as in ServerHello (RFC 8446, 4.1.3): 0x1301, 0xc02b, ... */
	bool resumed;
	uint8_t tickets;	 /* client: sessions taken over before the hand-over */
	uint8_t alpn_len;	 /* 0: none negotiated */
	char alpn[RS_TLS_MAX_ALPN];
	uint32_t n_plain;	 /* bytes of bytes[]: decrypted already, for the application */
	uint32_t n_raw;		 /* behind them: records, or parts of one, not looked at; keys.rx.seq is the first one's number */
	uint8_t bytes[];
};

#define RS_TLS_MAX_HOST 255

/** Parameters of RS_OFFLOAD_TLS_CLIENT and _SERVER. */
struct rs_tls_start {
	uint64_t who;	   /* whose session it is, and the thread: an endpoint (client), a connection (server) */
	uint64_t waited_ns; /* before this order could be given: it counts as waiting for the thread */
	uint32_t index;	   /* of the endpoint in its group: which certificate it shows */
	uint16_t profile;  /* in the profiles of the pool */
	uint16_t n_host;   /* client: bytes of host, at most RS_TLS_MAX_HOST */
	char host[];	   /* the server's name or address as the plan has it: for SNI and the name check */
};

#endif
