/* SPDX-License-Identifier: BSD-3-Clause */
/* SIPp's keywords for the parts of a=crypto lines: two lines each of audio and video, four suites. */
#include "plan/scenario_int.h"
#include "proto/sdp/crypto.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What stands in front of "1audio" and the like. */
static const struct {
	const char *name;
	uint8_t part; /* enum rs_crypto_part */
	uint8_t suite;
} names[] = {
	{ "cryptotag", RS_CRYPTO_TAG, RS_SDP_SUITE_NONE },
	{ "cryptosuiteaescm128sha180", RS_CRYPTO_SUITE, RS_SDP_AES_CM_128_HMAC_SHA1_80 },
	{ "cryptosuiteaescm128sha132", RS_CRYPTO_SUITE, RS_SDP_AES_CM_128_HMAC_SHA1_32 },
	{ "cryptosuitenullsha180", RS_CRYPTO_SUITE, RS_SDP_NULL_HMAC_SHA1_80 },
	{ "cryptosuitenullsha132", RS_CRYPTO_SUITE, RS_SDP_NULL_HMAC_SHA1_32 },
	{ "cryptokeyparams", RS_CRYPTO_KEY, RS_SDP_SUITE_NONE },
	{ "ueaescm128sha180", RS_CRYPTO_PLAIN, RS_SDP_AES_CM_128_HMAC_SHA1_80 },
	{ "ueaescm128sha132", RS_CRYPTO_PLAIN, RS_SDP_AES_CM_128_HMAC_SHA1_32 },
};

/* @return index in names, -1; @line: 2 * (video) + (second line) */
static int
find(struct rs_slice kw, uint32_t *line)
{
	static const char *const lines[] = { "1audio", "2audio", "1video", "2video" };

	for (uint32_t k = 0; k < COUNT(lines); k++) {
		size_t n = strlen(lines[k]);

		if (kw.len <= n || memcmp(kw.p + kw.len - n, lines[k], n) != 0)
			continue;
		*line = k;
		for (size_t i = 0; i < COUNT(names); i++)
			if (rs_slice_is(rs_slice_of(kw.p, kw.len - n), names[i].name))
				return (int)i;
	}
	return -1;
}

bool
rs_sc_is_crypto(struct rs_slice kw)
{
	uint32_t line;

	return find(kw, &line) >= 0;
}

/* An answer's tag is that of the offered line with the same suite, which a scenario writes behind it. */
static void
tell_suite(struct rs_sc *c, uint32_t line, uint8_t suite)
{
	for (uint32_t i = c->template_ops; i < c->ops.n; i++) {
		struct rs_op *op = RS_SC_AT(c->ops, struct rs_op, i);

		if (op->slot == RS_SLOT_CRYPTO && op->aux == line && op->with_name == RS_SDP_SUITE_NONE)
			op->with_name = suite;
	}
}

bool
rs_sc_crypto(struct rs_sc *c, struct rs_slice kw)
{
	uint32_t line;
	int i = find(kw, &line);
	struct rs_op *op;

	if (i < 0)
		return false;
	op = rs_sc_op(c, RS_SLOT_CRYPTO);
	op->aux = line;
	op->header_id = names[i].part;
	op->with_name = names[i].suite;
	if (names[i].part == RS_CRYPTO_SUITE)
		tell_suite(c, line, names[i].suite);
	c->media = c->crypto = true;
	c->video |= line >= 2;
	return true;
}
