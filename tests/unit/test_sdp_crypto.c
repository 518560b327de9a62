/* SPDX-License-Identifier: BSD-3-Clause */
/* Base 64 (RFC 4648) and the crypto attribute (RFC 4568, suites of 6188 and 7714). */
#include "base/base64.h"
#include "proto/sdp/crypto.h"
#include "sdp_text.h"

/** Parse @text, which ends at an unreadable page. */
static int
crypto(const char *text, struct rs_sdp_crypto *c)
{
	struct guard g = guard_new(text, strlen(text));
	int rc = rs_sdp_crypto_parse(rs_slice_of(g.p, g.len), c);

	guard_free(&g);
	return rc;
}

static void
rfc4648_10_vectors_both_ways(void **state)
{
	static const char *const vectors[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" } };
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct rs_slice text = rs_slice_str(vectors[i][1]);
		size_t len = strlen(vectors[i][0]);

		assert_int_equal(
			rs_base64_write((const uint8_t *)vectors[i][0], len, out), text.len);
		assert_memory_equal(out, text.p, text.len);
		assert_int_equal(rs_base64_read(text, out, sizeof(out)), len);
		assert_memory_equal(out, vectors[i][0], len);
		while (text.len > 0 && text.p[text.len - 1] == '=')
			text.len--;
		assert_int_equal(rs_base64_read(text, out, sizeof(out)), len);
	}
}

static void
rfc4648_3_what_is_not_base64_is_refused(void **state)
{
	static const char *const bad[] = { "Z",
		"Zg=", "Zg===", "Zm9vY===", "Zm8==", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm-v",
		"Zm_v", "=", "====", "Z=g=", "Zm9v=" };
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rs_base64_read(rs_slice_str(bad[i]), out, sizeof(out)) != -EBADMSG)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(rs_base64_read(rs_slice_str("Zm9v"), out, 2), -ENOSPC);
}

static void
rfc4568_4_example_is_read(void **state)
{
	struct rs_sdp_crypto c;

	(void)state;
	assert_int_equal(crypto("1 AES_CM_128_HMAC_SHA1_80 "
				"inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 "
				"FEC_ORDER=FEC_SRTP",
				 &c),
		0);
	assert_int_equal(c.tag, 1);
	assert_int_equal(c.suite, RS_SDP_AES_CM_128_HMAC_SHA1_80);
	assert_memory_equal(c.key, "YS___semctl (", 13);
	assert_memory_equal(c.key + 21, "}\n}\nunles", 9);
	assert_true(c.lifetime == 1 << 20);
	assert_int_equal(c.mki, 1);
	assert_int_equal(c.mki_len, 4);
	assert_int_equal(c.params, RS_SDP_FEC_ORDER);
	assert_true(c.fec_first);
	assert_int_equal(c.n_keys, 1);
}

static void
rfc4568_6_1_several_keys_have_mkis_of_one_length(void **state)
{
	struct rs_sdp_crypto c;

	(void)state;
	assert_int_equal(
		crypto("2 F8_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm|2^20|1:4;"
		       "inline:QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5|2^20|2:4 FEC_ORDER=FEC_SRTP",
			&c),
		0);
	assert_int_equal(c.n_keys, 2);
	assert_memory_equal(c.key, "123456789ABCDE0123456789ABcdef", 30);
	assert_int_equal(
		crypto("2 F8_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm;"
		       "inline:QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5",
			&c),
		-EBADMSG);
	assert_int_equal(c.error, RS_SDP_CRYPTO_BAD_MKI);
	assert_int_equal(
		crypto("2 F8_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm|1:4;"
		       "inline:QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5|2:2",
			&c),
		-EBADMSG);
}

static void
each_suite_has_its_key_length_and_both_spellings(void **state)
{
	static const struct {
		const char *name, *alias;
		unsigned bytes;
	} suites[] = { { "AES_CM_128_HMAC_SHA1_80", "AES_128_CM_HMAC_SHA1_80", 30 },
		{ "AES_CM_128_HMAC_SHA1_32", "AES_128_CM_HMAC_SHA1_32", 30 },
		{ "AES_192_CM_HMAC_SHA1_80", "AES_CM_192_HMAC_SHA1_80", 38 },
		{ "AES_192_CM_HMAC_SHA1_32", "AES_CM_192_HMAC_SHA1_32", 38 },
		{ "AES_256_CM_HMAC_SHA1_80", "AES_CM_256_HMAC_SHA1_80", 46 },
		{ "AES_256_CM_HMAC_SHA1_32", "AES_CM_256_HMAC_SHA1_32", 46 },
		{ "AEAD_AES_128_GCM", NULL, 28 }, { "AEAD_AES_256_GCM", NULL, 44 },
		{ "F8_128_HMAC_SHA1_80", NULL, 30 }, { "NULL_HMAC_SHA1_80", NULL, 30 },
		{ "NULL_HMAC_SHA1_32", NULL, 30 } };
	uint8_t key[64], text[96];
	struct rs_sdp_crypto c;
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		enum rs_sdp_suite suite = rs_sdp_suite_find(rs_slice_str(suites[i].name));

		assert_int_equal(suite, i + 1);
		assert_int_equal(rs_sdp_suite_bytes(suite), suites[i].bytes);
		if (suites[i].alias != NULL)
			assert_int_equal(rs_sdp_suite_find(rs_slice_str(suites[i].alias)), suite);
		for (unsigned n = suites[i].bytes - 1; n <= suites[i].bytes + 1; n++) {
			size_t len = rs_base64_write(key, n, text);

			for (int padded = 0; padded < 2; padded++) {
				snprintf(line, sizeof(line), "7 %s inline:%.*s",
					suites[i].alias != NULL ? suites[i].alias : suites[i].name,
					(int)len, (char *)text);
				if (n == suites[i].bytes) {
					assert_int_equal(crypto(line, &c), 0);
					assert_int_equal(c.suite, suite);
					assert_memory_equal(c.key, key, n);
				} else {
					assert_int_equal(crypto(line, &c), -EBADMSG);
					assert_int_equal(c.error, RS_SDP_CRYPTO_BAD_LENGTH);
					assert_int_equal(c.tag, 7);
				}
				while (len > 0 && text[len - 1] == '=')
					len--;
			}
		}
	}
}

#define KEY "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define CM  "AES_CM_128_HMAC_SHA1_80 "

static void
rfc4568_9_malformed_lines_are_told_apart(void **state)
{
	static const struct {
		const char *line;
		int rc;
		uint8_t error;
	} bad[] = {
		{ "", -EBADMSG, RS_SDP_CRYPTO_BAD_TAG },
		{ "x " CM KEY, -EBADMSG, RS_SDP_CRYPTO_BAD_TAG },
		{ "1234567890 " CM KEY, -EBADMSG, RS_SDP_CRYPTO_BAD_TAG },
		{ "01 " CM KEY, -EBADMSG, RS_SDP_CRYPTO_BAD_TAG },
		{ "-1 " CM KEY, -EBADMSG, RS_SDP_CRYPTO_BAD_TAG },
		{ "1", -EBADMSG, RS_SDP_CRYPTO_BAD_SUITE },
		{ "1 ROT13 " KEY, -ENOTSUP, RS_SDP_CRYPTO_NEW_SUITE },
		{ "1 " CM, -EBADMSG, RS_SDP_CRYPTO_BAD_METHOD },
		{ "1 " CM "uri:http://x", -EBADMSG, RS_SDP_CRYPTO_BAD_METHOD },
		{ "1 " CM "inline:", -EBADMSG, RS_SDP_CRYPTO_BAD_LENGTH },
		{ "1 " CM "inline:WVNf*19z", -EBADMSG, RS_SDP_CRYPTO_BAD_BASE64 },
		{ "1 " CM "inline:WVNfX19z", -EBADMSG, RS_SDP_CRYPTO_BAD_LENGTH },
		{ "1 " CM KEY "|0", -EBADMSG, RS_SDP_CRYPTO_BAD_LIFETIME },
		{ "1 " CM KEY "|2^49", -EBADMSG, RS_SDP_CRYPTO_BAD_LIFETIME },
		{ "1 " CM KEY "|281474976710657", -EBADMSG, RS_SDP_CRYPTO_BAD_LIFETIME },
		{ "1 " CM KEY "|x", -EBADMSG, RS_SDP_CRYPTO_BAD_LIFETIME },
		{ "1 " CM KEY "|1:0", -EBADMSG, RS_SDP_CRYPTO_BAD_MKI },
		{ "1 " CM KEY "|1:129", -EBADMSG, RS_SDP_CRYPTO_BAD_MKI },
		{ "1 " CM KEY "|256:1", -EBADMSG, RS_SDP_CRYPTO_BAD_MKI },
		{ "1 " CM KEY "|1:4|2^20", -EBADMSG, RS_SDP_CRYPTO_BAD_MKI },
		{ "1 " CM KEY " KDR=25", -EBADMSG, RS_SDP_CRYPTO_BAD_PARAM },
		{ "1 " CM KEY " WSH=63", -EBADMSG, RS_SDP_CRYPTO_BAD_PARAM },
		{ "1 " CM KEY " FEC_ORDER=X", -EBADMSG, RS_SDP_CRYPTO_BAD_PARAM },
		{ "1 " CM KEY " KDR=1 KDR=1", -EBADMSG, RS_SDP_CRYPTO_BAD_PARAM },
		{ "1 " CM KEY " SOMETHING_NEW", -ENOTSUP, RS_SDP_CRYPTO_OK },
	};
	struct rs_sdp_crypto c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int rc = crypto(bad[i].line, &c);

		if (rc != bad[i].rc || c.error != bad[i].error)
			fail_msg("\"%s\": %d %s", bad[i].line, rc,
				rs_sdp_crypto_error_name(c.error));
	}
}

static void
rfc4568_6_3_session_parameters(void **state)
{
	struct rs_sdp_crypto c;

	(void)state;
	assert_int_equal(
		crypto("999999999 " CM KEY "|2^48 KDR=24 UNENCRYPTED_SRTCP UNENCRYPTED_SRTP "
		       "UNAUTHENTICATED_SRTP FEC_ORDER=SRTP_FEC WSH=128 -new=1",
			&c),
		0);
	assert_int_equal(c.tag, 999999999);
	assert_true(c.lifetime == (uint64_t)1 << 48);
	assert_int_equal(c.params,
		RS_SDP_KDR | RS_SDP_UNENCRYPTED_SRTCP | RS_SDP_UNENCRYPTED_SRTP |
			RS_SDP_UNAUTHENTICATED_SRTP | RS_SDP_FEC_ORDER | RS_SDP_WSH);
	assert_int_equal(c.kdr, 24);
	assert_int_equal(c.wsh, 128);
	assert_false(c.fec_first);
	assert_int_equal(c.mki_len, 0);
}

static void
what_is_written_is_read_again(void **state)
{
	static const char *const lines[] = { "1 " CM KEY,
		"1 " CM KEY "|2^20|1:4 FEC_ORDER=FEC_SRTP",
		"12 " CM KEY
		"|1000|18446744073709551615:128 KDR=0 UNENCRYPTED_SRTP UNENCRYPTED_SRTCP "
		"UNAUTHENTICATED_SRTP FEC_ORDER=SRTP_FEC WSH=64",
		"3 NULL_HMAC_SHA1_32 " KEY "|7:1",
		"0 AEAD_AES_128_GCM inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHA==" };
	struct rs_sdp_crypto c;
	uint8_t out[RS_SDP_CRYPTO_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int n;

		assert_int_equal(crypto(lines[i], &c), 0);
		n = rs_sdp_crypto_build(&c, out, sizeof(out));
		assert_true(n > 0);
		assert_slice(rs_slice_of(out, (size_t)n), lines[i]);
		for (int cap = 0; cap < n; cap++) {
			struct guard g = guard_new(NULL, (size_t)cap);

			assert_int_equal(rs_sdp_crypto_build(&c, g.p, (size_t)cap), -ENOSPC);
			guard_free(&g);
		}
	}
	c.mki_len = 1;
	c.mki = 256;
	assert_int_equal(rs_sdp_crypto_build(&c, out, sizeof(out)), -EINVAL);
	c = (struct rs_sdp_crypto){ .suite = RS_SDP_SUITE_NONE };
	assert_int_equal(rs_sdp_crypto_build(&c, out, sizeof(out)), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc4648_10_vectors_both_ways),
		cmocka_unit_test(rfc4648_3_what_is_not_base64_is_refused),
		cmocka_unit_test(rfc4568_4_example_is_read),
		cmocka_unit_test(rfc4568_6_1_several_keys_have_mkis_of_one_length),
		cmocka_unit_test(each_suite_has_its_key_length_and_both_spellings),
		cmocka_unit_test(rfc4568_9_malformed_lines_are_told_apart),
		cmocka_unit_test(rfc4568_6_3_session_parameters),
		cmocka_unit_test(what_is_written_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
