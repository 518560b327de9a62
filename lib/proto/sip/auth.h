/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Digest authentication (RFC 3261, 22; RFC 7616; RFC 8760): challenges read, credentials written and verified. Pure: bytes in,
 * bytes out; the hash contexts are made once and used again, so that nothing is allocated per message.
 */
#ifndef RS_PROTO_SIP_AUTH_H
#define RS_PROTO_SIP_AUTH_H

#include "base/slice.h"
#include "proto/sip/msg.h"

enum rs_auth_algorithm {
	RS_AUTH_MD5, RS_AUTH_MD5_SESS, RS_AUTH_SHA256, RS_AUTH_SHA256_SESS,
	RS_AUTH_UNKNOWN
};

/** One challenge: a value of WWW-Authenticate or Proxy-Authenticate. Slices point into it, unquoted, escapes left in. */
struct rs_auth_challenge {
	struct rs_slice realm, nonce, opaque;
	struct rs_slice domain;
	uint8_t algorithm; /* enum rs_auth_algorithm; MD5 when it does not say */
	bool algorithm_given;
	bool qop_auth;	   /* "auth" is among its qop options */
	bool qop_other;	   /* options are given and "auth" is not among them: cannot be answered */
	bool stale;
	bool proxy;	   /* it came in Proxy-Authenticate */
};

/** @return 0; -ENOTSUP: another scheme than Digest; -EBADMSG */
int rs_auth_challenge(struct rs_slice value, struct rs_auth_challenge *out);

/**
 * The challenges of a 401 or 407 that are to be answered: of those for one realm the first whose algorithm we know (RFC 8760, 2.4:
 * the server's order is its preference), one for each realm, WWW-Authenticate and Proxy-Authenticate alike.
 * @return how many of @cap; -ENOENT: no challenge at all; -ENOTSUP: none that can be answered (algorithm, scheme, qop);
 *         -EBADMSG: none that can be read
 */
int rs_auth_challenges(const struct rs_sip_msg *msg, struct rs_auth_challenge *out, unsigned cap);

struct rs_auth_hasher; /* hash contexts of one thread */
/** @return 0, -ENOMEM */
int rs_auth_hasher_create(struct rs_auth_hasher **out);
void rs_auth_hasher_free(struct rs_auth_hasher *h);

/** What credentials are made of. */
struct rs_auth_in {
	const struct rs_auth_challenge *challenge;
	struct rs_slice user, password;
	struct rs_slice method, uri; /* of the request */
	struct rs_slice body;	     /* not used by qop=auth */
	uint32_t nc;		     /* how often the nonce was used, this time included; written with qop */
	struct rs_slice cnonce;	     /* at least 8 characters; written with qop, and with -sess */
};

/**
 * Write the value of Authorization or Proxy-Authorization, "Digest username=..." without the header's name.
 * @return bytes, -ENOSPC; -ENOTSUP: the challenge's algorithm is none of ours; -EIO: the crypto library failed
 */
int rs_auth_write(struct rs_auth_hasher *h, const struct rs_auth_in *in, uint8_t *out, size_t cap);

/** Credentials as received. */
struct rs_auth_credentials {
	struct rs_slice user, realm, nonce, uri, response, cnonce, opaque, nc_text;
	uint32_t nc;
	uint8_t algorithm;
	bool qop_auth;
};
/** @return 0; -ENOTSUP: another scheme or algorithm; -EBADMSG */
int rs_auth_credentials(struct rs_slice value, struct rs_auth_credentials *out);
/** Is their user name @user, escapes resolved? */
bool rs_auth_user_is(const struct rs_auth_credentials *c, struct rs_slice user);
/** Is their response the one that @password gives for @method? (realm, nonce and user are the caller's to compare) */
bool rs_auth_verify(struct rs_auth_hasher *h, const struct rs_auth_credentials *c, struct rs_slice password,
	struct rs_slice method);

#endif
