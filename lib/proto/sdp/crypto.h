/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The crypto attribute, "SDES" (RFC 4568; suites of RFC 4568, 6188 and 7714): one line read and written. Keys come in as bytes:
 * nothing here makes random numbers.
 */
#ifndef RS_PROTO_SDP_CRYPTO_H
#define RS_PROTO_SDP_CRYPTO_H

#include "base/slice.h"

/** The longest master key and salt together: AES-256 with a salt of 14 bytes. */
#define RS_SDP_KEY_MAX 46
/** The longest MKI of a line that offers and answers take, bytes; RFC 4568, 6.1 has up to 128, of which nobody uses many. */
#define RS_SDP_MKI_TAKEN 8
/** No line that we write is longer: tag, suite, key, lifetime, MKI, all session parameters. */
#define RS_SDP_CRYPTO_MAX 384

enum rs_sdp_suite {
	RS_SDP_SUITE_NONE,
	RS_SDP_AES_CM_128_HMAC_SHA1_80,
	RS_SDP_AES_CM_128_HMAC_SHA1_32,
	RS_SDP_AES_192_CM_HMAC_SHA1_80, /* read as AES_CM_192_... too */
	RS_SDP_AES_192_CM_HMAC_SHA1_32,
	RS_SDP_AES_256_CM_HMAC_SHA1_80,
	RS_SDP_AES_256_CM_HMAC_SHA1_32,
	RS_SDP_AEAD_AES_128_GCM,
	RS_SDP_AEAD_AES_256_GCM,
	RS_SDP_F8_128_HMAC_SHA1_80,
	RS_SDP_NULL_HMAC_SHA1_80,
	RS_SDP_NULL_HMAC_SHA1_32,
	RS_SDP_SUITES
};

/** What a suite's name stands for. */
struct rs_sdp_suite_info {
	const char *name;  /* as RFC 6188 and the registry of RFC 4568 spell it */
	const char *alias; /* another spelling that is read; NULL: none */
	uint8_t key_len;   /* master key, bytes */
	uint8_t salt_len;  /* master salt, bytes */
	uint8_t tag_len;   /* SRTP authentication tag, bytes */
	bool null;	   /* does not encrypt */
};

/** @return the suite's facts; NULL for RS_SDP_SUITE_NONE and numbers that are none */
const struct rs_sdp_suite_info *rs_sdp_suite_info(enum rs_sdp_suite suite);
/** @return the suite with this name or alias (case counts: RFC 4568, 9.2); RS_SDP_SUITE_NONE: unknown */
enum rs_sdp_suite rs_sdp_suite_find(struct rs_slice name);
/** @return bytes of master key and master salt together; 0 for RS_SDP_SUITE_NONE */
unsigned rs_sdp_suite_bytes(enum rs_sdp_suite suite);

/** Session parameters (RFC 4568, 6.3), as bits. The first three and KDR make a line that nobody picks unasked. */
enum rs_sdp_crypto_param {
	RS_SDP_UNENCRYPTED_SRTP = 1,
	RS_SDP_UNENCRYPTED_SRTCP = 2,
	RS_SDP_UNAUTHENTICATED_SRTP = 4,
	RS_SDP_KDR = 8,		/* crypto.kdr */
	RS_SDP_FEC_ORDER = 16,	/* crypto.fec_first */
	RS_SDP_FEC_KEY = 32,	/* seen; the key is not kept */
	RS_SDP_WSH = 64,	/* crypto.wsh */
	RS_SDP_PARAM_UNKNOWN = 128, /* one that must be understood and is not: the line cannot be used (6.3.8) */
};

enum rs_sdp_crypto_error {
	RS_SDP_CRYPTO_OK,
	RS_SDP_CRYPTO_BAD_TAG,	   /* not 1 to 9 digits without leading zeros */
	RS_SDP_CRYPTO_BAD_SUITE,   /* none there */
	RS_SDP_CRYPTO_NEW_SUITE,   /* one that is not known (not an error of the peer's) */
	RS_SDP_CRYPTO_BAD_METHOD,  /* no key, or a key that is not "inline:" */
	RS_SDP_CRYPTO_BAD_BASE64,
	RS_SDP_CRYPTO_BAD_LENGTH,  /* key and salt are not as long as the suite's */
	RS_SDP_CRYPTO_BAD_LIFETIME, /* 0, not a number, or past 2^48 packets */
	RS_SDP_CRYPTO_BAD_MKI,	   /* length not 1 to 128, value does not fit, or several keys without */
	RS_SDP_CRYPTO_BAD_PARAM,   /* a session parameter that is known and malformed, or there twice */
	RS_SDP_CRYPTO_ERRORS
};
/** @return a name for counters: "crypto_key_length" and the like */
const char *rs_sdp_crypto_error_name(enum rs_sdp_crypto_error error);

/** One a=crypto line. */
struct rs_sdp_crypto {
	uint64_t lifetime;	     /* packets; 0: not said, so the cipher's own (2^48 SRTP, 2^31 SRTCP) */
	uint64_t mki;		     /* value; of MKIs longer than 8 bytes the rest is zero */
	uint32_t tag;		     /* 0 to 999999999 */
	uint8_t suite;		     /* enum rs_sdp_suite */
	uint8_t mki_len;	     /* bytes in a packet; 0: none */
	uint8_t params;		     /* enum rs_sdp_crypto_param */
	uint8_t kdr;		     /* 2^kdr packets, 0 to 24 */
	uint8_t n_keys;		     /* inline keys in the line; the first is @key */
	uint8_t fec_first;	     /* FEC_ORDER=FEC_SRTP */
	uint16_t wsh;		     /* at least 64 */
	uint8_t error;		     /* enum rs_sdp_crypto_error, when it was not read */
	uint8_t key[RS_SDP_KEY_MAX]; /* master key, then master salt; rs_sdp_suite_bytes() of them */
};

/**
 * Read one line (RFC 4568, 9.1 and 9.2).
 *
 * @param value  what stands behind "a=crypto:"
 * @param out    out: the line; @out->error tells why it was not read, @out->tag is right where that had been read
 * @return 0; -ENOTSUP: a suite that is not known, or a session parameter that must be and is not; -EBADMSG: malformed
 */
int rs_sdp_crypto_parse(struct rs_slice value, struct rs_sdp_crypto *out);

/**
 * Write what stands behind "a=crypto:": the first key only, with padding, RFC 6188's spelling.
 *
 * @return bytes (at most RS_SDP_CRYPTO_MAX); -ENOSPC: more than @cap; -EINVAL: a suite, tag, lifetime, MKI or parameter that
 *         no line can say
 */
int rs_sdp_crypto_build(const struct rs_sdp_crypto *c, uint8_t *out, size_t cap);

#endif
