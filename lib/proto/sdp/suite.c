/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of the crypto attribute: what their names stand for. */
#include "proto/sdp/crypto.h"
#include "proto/sdp/words.h"

/* RFC 4568, 6.2; RFC 6188, 4; RFC 7714, 14.2. The NULL ones are in no RFC, but SBCs know them with keys of AES_CM_128's size. */
static const struct rs_sdp_suite_info suites[RS_SDP_SUITES] = {
	[RS_SDP_AES_CM_128_HMAC_SHA1_80] = { "AES_CM_128_HMAC_SHA1_80", "AES_128_CM_HMAC_SHA1_80",
		16, 14, 10, false },
	[RS_SDP_AES_CM_128_HMAC_SHA1_32] = { "AES_CM_128_HMAC_SHA1_32", "AES_128_CM_HMAC_SHA1_32",
		16, 14, 4, false },
	[RS_SDP_AES_192_CM_HMAC_SHA1_80] = { "AES_192_CM_HMAC_SHA1_80", "AES_CM_192_HMAC_SHA1_80",
		24, 14, 10, false },
	[RS_SDP_AES_192_CM_HMAC_SHA1_32] = { "AES_192_CM_HMAC_SHA1_32", "AES_CM_192_HMAC_SHA1_32",
		24, 14, 4, false },
	[RS_SDP_AES_256_CM_HMAC_SHA1_80] = { "AES_256_CM_HMAC_SHA1_80", "AES_CM_256_HMAC_SHA1_80",
		32, 14, 10, false },
	[RS_SDP_AES_256_CM_HMAC_SHA1_32] = { "AES_256_CM_HMAC_SHA1_32", "AES_CM_256_HMAC_SHA1_32",
		32, 14, 4, false },
	[RS_SDP_AEAD_AES_128_GCM] = { "AEAD_AES_128_GCM", NULL, 16, 12, 16, false },
	[RS_SDP_AEAD_AES_256_GCM] = { "AEAD_AES_256_GCM", NULL, 32, 12, 16, false },
	[RS_SDP_F8_128_HMAC_SHA1_80] = { "F8_128_HMAC_SHA1_80", NULL, 16, 14, 10, false },
	[RS_SDP_NULL_HMAC_SHA1_80] = { "NULL_HMAC_SHA1_80", NULL, 16, 14, 10, true },
	[RS_SDP_NULL_HMAC_SHA1_32] = { "NULL_HMAC_SHA1_32", NULL, 16, 14, 4, true },
};

const struct rs_sdp_suite_info *
rs_sdp_suite_info(enum rs_sdp_suite suite)
{
	if (suite <= RS_SDP_SUITE_NONE || suite >= RS_SDP_SUITES)
		return NULL;
	return &suites[suite];
}

enum rs_sdp_suite
rs_sdp_suite_find(struct rs_slice name)
{
	for (int i = RS_SDP_SUITE_NONE + 1; i < RS_SDP_SUITES; i++)
		if (rs_slice_is(name, suites[i].name) ||
			(suites[i].alias != NULL && rs_slice_is(name, suites[i].alias)))
			return (enum rs_sdp_suite)i;
	return RS_SDP_SUITE_NONE;
}

unsigned
rs_sdp_suite_bytes(enum rs_sdp_suite suite)
{
	const struct rs_sdp_suite_info *info = rs_sdp_suite_info(suite);

	return info != NULL ? (unsigned)info->key_len + info->salt_len : 0;
}
