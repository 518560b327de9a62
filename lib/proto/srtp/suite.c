/* SPDX-License-Identifier: BSD-3-Clause */
/* What the suites are called and what they ask for; what statuses are called. */
#include "proto/srtp/srtp.h"

static const struct rs_srtp_suite_info suites[RS_SRTP_SUITES] = {
	[RS_SRTP_AES_CM_128_SHA1_80] = { "AES_CM_128_HMAC_SHA1_80", 16, 14, 10, 10 },
	[RS_SRTP_AES_CM_128_SHA1_32] = { "AES_CM_128_HMAC_SHA1_32", 16, 14, 4, 10 },
	[RS_SRTP_AES_CM_192_SHA1_80] = { "AES_192_CM_HMAC_SHA1_80", 24, 14, 10, 10 },
	[RS_SRTP_AES_CM_192_SHA1_32] = { "AES_192_CM_HMAC_SHA1_32", 24, 14, 4, 10 },
	[RS_SRTP_AES_CM_256_SHA1_80] = { "AES_256_CM_HMAC_SHA1_80", 32, 14, 10, 10 },
	[RS_SRTP_AES_CM_256_SHA1_32] = { "AES_256_CM_HMAC_SHA1_32", 32, 14, 4, 10 },
	[RS_SRTP_AEAD_AES_128_GCM] = { "AEAD_AES_128_GCM", 16, 12, 16, 16 },
	[RS_SRTP_AEAD_AES_256_GCM] = { "AEAD_AES_256_GCM", 32, 12, 16, 16 },
	[RS_SRTP_NULL_SHA1_80] = { "NULL_HMAC_SHA1_80", 16, 14, 10, 10 },
	[RS_SRTP_NULL_SHA1_32] = { "NULL_HMAC_SHA1_32", 16, 14, 4, 10 },
};

static const char *const statuses[RS_SRTP_STATUSES] = {
	[RS_SRTP_OK] = "ok",
	[RS_SRTP_TOO_SHORT] = "too short",
	[RS_SRTP_TOO_LONG] = "too long",
	[RS_SRTP_BAD_VERSION] = "bad version",
	[RS_SRTP_NO_ROOM] = "no room",
	[RS_SRTP_AUTH_FAILED] = "auth failed",
	[RS_SRTP_REPLAYED] = "replayed",
	[RS_SRTP_TOO_OLD] = "too old",
	[RS_SRTP_LIFETIME] = "key lifetime over",
	[RS_SRTP_UNKNOWN_MKI] = "unknown MKI",
	[RS_SRTP_WRONG_SSRC] = "wrong SSRC",
};

const struct rs_srtp_suite_info *
rs_srtp_suite(enum rs_srtp_suite suite)
{
	return (unsigned)suite < RS_SRTP_SUITES ? &suites[suite] : NULL;
}

const char *
rs_srtp_status_name(enum rs_srtp_status status)
{
	return (unsigned)status < RS_SRTP_STATUSES ? statuses[status] : "unknown";
}
