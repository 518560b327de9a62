/* SPDX-License-Identifier: BSD-3-Clause */
/** TLS profiles of a plan (`tls = ( { } )`): versions, suites, certificates, and what is checked of the peer's. Immutable once read. */
#ifndef RS_PLAN_TLS_H
#define RS_PLAN_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RS_MAX_TLS	 64
#define RS_MAX_TLS_CERTS 10000 /* of one profile, {index} in `cert` */
#define RS_MAX_TLS_MADE	 1000  /* `generate`: a certificate takes some 0.3 ms to make */

/** One TLS profile. */
struct rs_plan_tls {
	const char *name;
	uint16_t min_version, max_version; /* 0x0303, 0x0304 */
	const char *ciphers;		   /* TLS 1.2: names that OpenSSL knows, with ':' between; NULL: none */
	const char *suites;		   /* TLS 1.3: likewise */
	const char *groups;		   /* likewise */
	bool lends;			   /* some of them have their records done by OpenSSL */
	const char **certs, **keys;	   /* n_certs files; endpoint i shows number i mod n_certs */
	uint32_t n_certs;		   /* 0: `generate` of them are made, self-signed; with neither, one for servers */
	uint32_t generate;
	const char *ca;			   /* file with the authorities that a peer's certificate must lead to; NULL: the system's */
	bool verify;			   /* client: the server's certificate; server with `mutual`: the client's */
	bool mutual;			   /* server: a client's certificate is asked for, and must come */
	bool expired;			   /* our own may be expired, on purpose */
	const char *sni;		   /* "": none; NULL: the connection's host where that is a name */
	const char *check_name;		   /* what the server's certificate must be for; "": any; NULL: the connection's host */
	const char **alpn;		   /* application protocols, best first */
	uint32_t n_alpn;
	double resume;			   /* of the handshakes of an endpoint that has a session, how many offer it: 0 to 1 */
	uint32_t tickets;		   /* TLS 1.3 server: sent after each full handshake; 0: no resumption, TLS 1.2 neither */
	uint64_t ticket_wait_ns;	   /* TLS 1.3 client with `resume`: so long are tickets waited for after the handshake */
	uint64_t timeout_ns;		   /* of a handshake, our own waiting not counted */
	const char *key_log;		   /* file, in the form that SSLKEYLOGFILE has; NULL: none */
	int line;
};

/** Has the suite with OpenSSL's name of @len bytes its records done by OpenSSL? */
bool rs_plan_suite_is_lent(const char *openssl, size_t len);

#endif
