/* SPDX-License-Identifier: BSD-3-Clause */
/* Offer and answer with SRTP keys in crypto lines (RFC 4568, 5 and 7). */
#include "sdp_session.h"

static const uint8_t many[RS_SDP_MAX_SUITES] = { RS_SDP_AEAD_AES_256_GCM,
	RS_SDP_AES_CM_128_HMAC_SHA1_80, RS_SDP_AES_CM_128_HMAC_SHA1_32,
	RS_SDP_AES_256_CM_HMAC_SHA1_80, RS_SDP_AES_256_CM_HMAC_SHA1_32,
	RS_SDP_AES_192_CM_HMAC_SHA1_80, RS_SDP_AES_192_CM_HMAC_SHA1_32, RS_SDP_AEAD_AES_128_GCM };

static struct side
secure_side(unsigned srtp, unsigned n_suites, unsigned seed)
{
	struct side s = side_new("PCMU", NULL);

	s.profiles[0].srtp = (uint8_t)srtp;
	s.profiles[0].n_suites = (uint8_t)n_suites;
	memcpy(s.profiles[0].suites, many, n_suites);
	assert_int_equal(rs_sdp_profile_complete(&s.profiles[0]), 0);
	for (size_t i = 0; i < SIDE_KEYS; i++)
		s.keys[i] = (uint8_t)(i * 31 + seed);
	return s;
}

/** Do both sides have each other's key, and the same suite? */
static void
assert_keyed(const struct side *a, const struct side *b, unsigned suite)
{
	const struct rs_sdp_stream *sa = &a->streams[0], *sb = &b->streams[0];
	unsigned bytes = rs_sdp_suite_bytes((enum rs_sdp_suite)suite);

	assert_true((sa->flags & RS_SDP_SECURE) != 0 && (sb->flags & RS_SDP_SECURE) != 0);
	assert_int_equal(sa->tx.suite, suite);
	assert_int_equal(sa->rx.suite, suite);
	assert_int_equal(sb->tx.suite, suite);
	assert_memory_equal(sa->tx.key, sb->rx.key, bytes);
	assert_memory_equal(sb->tx.key, sa->rx.key, bytes);
	assert_memory_not_equal(sa->tx.key, sb->tx.key, bytes);
	assert_int_equal(sa->tx.tag, sb->tx.tag);
}

#define KEY1 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define KEY2 "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"

static void
rfc4568_5_1_2_example_is_answered(void **state)
{
	struct side bob = secure_side(RS_SDP_SRTP_REQUIRED, 8, 1);

	(void)state;
	/* The offer of RFC 4568's first example; its answer has the same tag, and the answerer's own key. */
	answer_to(&bob,
		OFFER "m=video 51372 RTP/SAVP 31\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY1
		      "|2^20|1:4\r\n"
		      "m=audio 49170 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_32 " KEY1
		      "|2^20\r\n");
	assert_has(bob.text, "m=video 0 RTP/SAVP 31\r\nm=audio 6000 RTP/SAVP 0\r\n");
	assert_has(bob.text, "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:");
	assert_memory_equal(bob.streams[1].rx.key, "YS___semctl () {", 16);
	assert_true(bob.streams[1].rx.lifetime == 1 << 20);
	assert_memory_equal(bob.streams[1].tx.key, bob.keys + 2 * RS_SDP_KEY_MAX, 30);
}

static void
rfc4568_5_1_one_to_sixteen_suites_in_order(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 8; n++) {
		struct side alice = secure_side(RS_SDP_SRTP_REQUIRED, n, 1);
		struct side bob = secure_side(RS_SDP_SRTP_REQUIRED, 8, 99);
		const char *at = offer_of(&alice);
		char line[64];

		assert_has(at, "m=audio 6000 RTP/SAVP 0\r\n");
		for (unsigned i = 0; i < n; i++) {
			snprintf(line, sizeof(line), "a=crypto:%u %s inline:", i + 1,
				rs_sdp_suite_info(many[i])->name);
			at = strstr(at, line);
			assert_non_null(at);
		}
		assert_null(strstr(at + 1, "a=crypto"));
		/* Bob knows only the last of them: its tag is kept. */
		bob.profiles[0].suites[0] = many[n - 1];
		bob.profiles[0].n_suites = 1;
		exchange(&alice, &bob);
		assert_keyed(&alice, &bob, many[n - 1]);
		assert_int_equal(bob.streams[0].tx.tag, n);
	}
	{
		struct side alice = secure_side(RS_SDP_SRTP_REQUIRED, 8, 1),
			    bob = secure_side(RS_SDP_SRTP_REQUIRED, 8, 9);

		memcpy(alice.profiles[0].suites + 8, many, 8); /* sixteen lines */
		alice.profiles[0].n_suites = 16;
		assert_has(offer_of(&alice), "a=crypto:16 AEAD_AES_128_GCM ");
		bob.profiles[0].suites[0] = RS_SDP_AES_256_CM_HMAC_SHA1_32;
		bob.profiles[0].n_suites = 1;
		exchange(&alice, &bob);
		assert_keyed(&alice, &bob, RS_SDP_AES_256_CM_HMAC_SHA1_32);
	}
}

static void
forbidden_optional_and_required(void **state)
{
	/* What bob makes of what alice offers: agreed plain, agreed secure, or refused. */
	static const struct {
		uint8_t alice, bob, secure, why;
	} cases[] = {
		{ RS_SDP_SRTP_FORBIDDEN, RS_SDP_SRTP_FORBIDDEN, 0, RS_SDP_FAIL_NONE },
		{ RS_SDP_SRTP_FORBIDDEN, RS_SDP_SRTP_OPTIONAL, 0, RS_SDP_FAIL_NONE },
		{ RS_SDP_SRTP_FORBIDDEN, RS_SDP_SRTP_REQUIRED, 0, RS_SDP_FAIL_NO_CRYPTO },
		{ RS_SDP_SRTP_OPTIONAL, RS_SDP_SRTP_FORBIDDEN, 0, RS_SDP_FAIL_NONE },
		{ RS_SDP_SRTP_OPTIONAL, RS_SDP_SRTP_OPTIONAL, 1, RS_SDP_FAIL_NONE },
		{ RS_SDP_SRTP_OPTIONAL, RS_SDP_SRTP_REQUIRED, 1, RS_SDP_FAIL_NONE },
		{ RS_SDP_SRTP_REQUIRED, RS_SDP_SRTP_FORBIDDEN, 0, RS_SDP_FAIL_CRYPTO_FORBIDDEN },
		{ RS_SDP_SRTP_REQUIRED, RS_SDP_SRTP_OPTIONAL, 1, RS_SDP_FAIL_NONE },
		{ RS_SDP_SRTP_REQUIRED, RS_SDP_SRTP_REQUIRED, 1, RS_SDP_FAIL_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct side alice = secure_side(cases[i].alice, 3, 1),
			    bob = secure_side(cases[i].bob, 3, 2);

		offer_of(&alice);
		if (cases[i].why != RS_SDP_FAIL_NONE) {
			assert_int_equal(try_answer(&bob, alice.text), -ENOTSUP);
			assert_int_equal(bob.result.why, cases[i].why);
			continue;
		}
		answer_to(&bob, alice.text);
		accept_text(&alice, bob.text);
		if (cases[i].secure)
			assert_keyed(&alice, &bob, many[0]);
		else
			assert_int_equal(
				(alice.streams[0].flags | bob.streams[0].flags) & RS_SDP_SECURE, 0);
	}
}

static void
savp_without_crypto_is_a_failure_of_its_own(void **state)
{
	struct side alice = secure_side(RS_SDP_SRTP_REQUIRED, 2, 1),
		    bob = secure_side(RS_SDP_SRTP_OPTIONAL, 2, 2);

	(void)state;
	offer_of(&alice);
	assert_int_equal(try_accept(&alice, ANSWER "m=audio 5000 RTP/SAVP 0\r\n"), -ENOTSUP);
	assert_int_equal(alice.result.why, RS_SDP_FAIL_NO_CRYPTO);
	offer_of(&alice);
	assert_int_equal(try_accept(&alice, ANSWER "m=audio 5000 RTP/AVP 0\r\n"), -ENOTSUP);
	assert_int_equal(alice.result.why, RS_SDP_FAIL_LINE_PROTO);
	assert_int_equal(try_answer(&bob, OFFER "m=audio 5000 RTP/SAVP 0\r\n"), -ENOTSUP);
	assert_int_equal(bob.result.why, RS_SDP_FAIL_NO_CRYPTO);
	assert_int_equal(
		try_answer(
			&bob, OFFER "m=audio 5000 UDP/TLS/RTP/SAVP 0\r\na=fingerprint:sha-1 0\r\n"),
		-ENOTSUP);
	assert_int_equal(bob.result.why, RS_SDP_FAIL_TRANSPORT);
}

static void
rfc4568_5_1_3_answers_that_were_not_offered(void **state)
{
#define AUDIO ANSWER "m=audio 5000 RTP/SAVP 0\r\na=crypto:"
	static const struct {
		const char *text;
		uint8_t why, crypto;
	} bad[] = {
		{ AUDIO "3 AES_CM_128_HMAC_SHA1_80 " KEY1 "\r\n", RS_SDP_FAIL_CRYPTO_TAG, 0 },
		{ AUDIO "0 AES_CM_128_HMAC_SHA1_80 " KEY1 "\r\n", RS_SDP_FAIL_CRYPTO_TAG, 0 },
		{ AUDIO "1 AES_CM_128_HMAC_SHA1_80 " KEY1 "\r\n", RS_SDP_FAIL_CRYPTO_TAG, 0 },
		{ AUDIO "2 AES_CM_128_HMAC_SHA1_32 " KEY1 "\r\n", RS_SDP_FAIL_CRYPTO_TAG, 0 },
		{ AUDIO "2 NEW_SUITE " KEY1 "\r\n", RS_SDP_FAIL_CRYPTO_TAG,
			RS_SDP_CRYPTO_NEW_SUITE },
		{ AUDIO "2 AES_CM_128_HMAC_SHA1_80 inline:WVNf\r\n", RS_SDP_FAIL_CRYPTO_KEY,
			RS_SDP_CRYPTO_BAD_LENGTH },
		{ AUDIO "2 AES_CM_128_HMAC_SHA1_80 inline:!\r\n", RS_SDP_FAIL_CRYPTO_KEY,
			RS_SDP_CRYPTO_BAD_BASE64 },
		{ AUDIO "2 AES_CM_128_HMAC_SHA1_80 " KEY1 " UNENCRYPTED_SRTP\r\n",
			RS_SDP_FAIL_CRYPTO_PARAM, 0 },
		{ AUDIO "2 AES_CM_128_HMAC_SHA1_80 " KEY1 " KDR=3\r\n", RS_SDP_FAIL_CRYPTO_PARAM,
			0 },
		{ AUDIO "2 AES_CM_128_HMAC_SHA1_80 " KEY1 " NEW\r\n", RS_SDP_FAIL_CRYPTO_PARAM, 0 },
		{ AUDIO "2 AES_CM_128_HMAC_SHA1_80 " KEY1 "|1:1;" KEY2 "|2:1\r\n",
			RS_SDP_FAIL_CRYPTO_PARAM, 0 },
	};
	struct side alice = secure_side(RS_SDP_SRTP_REQUIRED, 2, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		offer_of(&alice);
		assert_int_equal(try_accept(&alice, bad[i].text), -ENOTSUP);
		if (alice.result.why != bad[i].why || alice.result.crypto != bad[i].crypto)
			fail_msg("%s: %s", bad[i].text, rs_sdp_fail_name(alice.result.why));
	}
	offer_of(&alice);
	accept_text(&alice,
		AUDIO "2 AES_CM_128_HMAC_SHA1_80 " KEY1 " WSH=128 -x\r\na=crypto:7 x y\r\n");
	assert_int_equal(alice.result.odd, RS_SDP_PEER_CRYPTOS);
	assert_memory_equal(alice.streams[0].tx.key, alice.keys + RS_SDP_KEY_MAX, 30);
}

static void
null_and_unencrypted_are_never_picked_unasked(void **state)
{
	static const char offer[] =
		OFFER "m=audio 5000 RTP/SAVP 0\r\n"
		      "a=crypto:1 NULL_HMAC_SHA1_80 " KEY1 "\r\n"
		      "a=crypto:2 AES_CM_128_HMAC_SHA1_80 " KEY1 " UNENCRYPTED_SRTP\r\n"
		      "a=crypto:3 AES_CM_128_HMAC_SHA1_80 " KEY1 " UNAUTHENTICATED_SRTP\r\n"
		      "a=crypto:4 AES_CM_128_HMAC_SHA1_80 " KEY1 " UNENCRYPTED_SRTCP\r\n"
		      "a=crypto:5 AES_CM_128_HMAC_SHA1_80 " KEY1 " KDR=1\r\n"
		      "a=crypto:6 AES_CM_128_HMAC_SHA1_80 " KEY1 " UNKNOWN\r\n"
		      "a=crypto:7 F8_128_HMAC_SHA1_80 " KEY1 "\r\n";
	struct side bob = secure_side(RS_SDP_SRTP_REQUIRED, 8, 1);

	(void)state;
	assert_int_equal(try_answer(&bob, offer), -ENOTSUP);
	assert_int_equal(bob.result.why, RS_SDP_FAIL_CRYPTO_SUITE);
	bob.profiles[0].accept_params = RS_SDP_UNENCRYPTED_SRTCP;
	answer_to(&bob, offer);
	assert_int_equal(bob.streams[0].tx.tag, 4);
	assert_has(bob.text, " UNENCRYPTED_SRTCP\r\n");
	bob = secure_side(RS_SDP_SRTP_REQUIRED, 8, 1);
	bob.profiles[0].suites[7] = RS_SDP_NULL_HMAC_SHA1_80;
	assert_has(answer_to(&bob, offer), "a=crypto:1 NULL_HMAC_SHA1_80 inline:");
	/* Ours, when the profile says so, and agreed on both sides. */
	{
		struct side alice = secure_side(RS_SDP_SRTP_REQUIRED, 2, 1);

		bob = secure_side(RS_SDP_SRTP_REQUIRED, 2, 2);
		alice.profiles[0].offer_params = bob.profiles[0].accept_params =
			RS_SDP_UNENCRYPTED_SRTP;
		exchange(&alice, &bob);
		assert_int_equal(alice.streams[0].tx.params, RS_SDP_UNENCRYPTED_SRTP);
		assert_int_equal(bob.streams[0].rx.params, RS_SDP_UNENCRYPTED_SRTP);
	}
}

static void
malformed_lines_are_passed_over(void **state)
{
	struct side bob = secure_side(RS_SDP_SRTP_REQUIRED, 8, 1);

	(void)state;
	answer_to(&bob,
		OFFER
		"m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNf\r\n"
		"a=crypto:2 XYZ inline:WVNf\r\na=crypto:3 AES_CM_256_HMAC_SHA1_80 "
		"inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLg\r\n");
	assert_int_equal(bob.streams[0].rx.tag, 3);
	assert_has(bob.text, "a=crypto:3 AES_256_CM_HMAC_SHA1_80 inline:");
	bob = secure_side(RS_SDP_SRTP_REQUIRED, 8, 1);
	assert_int_equal(
		try_answer(&bob,
			OFFER
			"m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNf\r\n"),
		-ENOTSUP);
	assert_int_equal(bob.result.why, RS_SDP_FAIL_CRYPTO_KEY);
	assert_int_equal(bob.result.crypto, RS_SDP_CRYPTO_BAD_LENGTH);
}

static void
rfc4568_7_1_4_keys_are_kept_over_reoffers(void **state)
{
	struct side alice = secure_side(RS_SDP_SRTP_REQUIRED, 3, 1),
		    bob = secure_side(RS_SDP_SRTP_REQUIRED, 3, 2);
	struct rs_sdp_crypto was[2];

	(void)state;
	bob.profiles[0].suites[0] = many[2];
	bob.profiles[0].n_suites = 1;
	exchange(&alice, &bob);
	was[0] = alice.streams[0].tx;
	was[1] = bob.streams[0].tx;
	assert_int_equal(was[0].tag, 3);
	/* New random bytes change nothing: the keys are in use. Only the agreed line is offered again. */
	memset(alice.keys, 0xaa, SIDE_KEYS);
	memset(bob.keys, 0xbb, SIDE_KEYS);
	alice.media[0].direction = RS_SDP_SENDONLY;
	exchange(&alice, &bob);
	exchange(&bob, &alice);
	assert_has(alice.text, "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:");
	assert_null(strstr(alice.text, "a=crypto:1 "));
	assert_memory_equal(&alice.streams[0].tx, &was[0], sizeof(was[0]));
	assert_memory_equal(&bob.streams[0].tx, &was[1], sizeof(was[1]));
	assert_keyed(&alice, &bob, many[2]);
	/* A refused re-offer leaves the keys in force. */
	alice.local.rekey = true;
	offer_of(&alice);
	rs_sdp_withdraw(&alice.session);
	assert_memory_equal(&alice.streams[0].tx, &was[0], sizeof(was[0]));
	/* New keys when they are asked for. */
	bob.local.rekey = true;
	exchange(&alice, &bob);
	assert_int_equal(alice.streams[0].tx.key[0], 0xaa);
	assert_int_equal(bob.streams[0].tx.key[0], 0xbb);
	assert_keyed(&alice, &bob, many[2]);
}

static void
late_offers_and_early_media_use_the_same_functions(void **state)
{
	struct side alice = secure_side(RS_SDP_SRTP_OPTIONAL, 2, 1),
		    bob = secure_side(RS_SDP_SRTP_OPTIONAL, 2, 2);
	struct side fork = secure_side(RS_SDP_SRTP_OPTIONAL, 2, 3);

	(void)state;
	/* INVITE without a body: bob offers in the 200, alice answers in the ACK. */
	exchange(&bob, &alice);
	assert_keyed(&bob, &alice, many[0]);
	/* A 183 of one fork, then the 200 of another, which picks another suite. */
	alice = secure_side(RS_SDP_SRTP_OPTIONAL, 2, 1);
	bob = secure_side(RS_SDP_SRTP_OPTIONAL, 2, 2);
	fork.profiles[0].suites[0] = many[1];
	fork.profiles[0].n_suites = 1;
	offer_of(&alice);
	accept_text(&alice, answer_to(&bob, alice.text));
	assert_keyed(&alice, &bob, many[0]);
	{
		char offer[2048];

		snprintf(offer, sizeof(offer), "%s", alice.text);
		accept_text(&alice, answer_to(&fork, offer));
	}
	assert_keyed(&alice, &fork, many[1]);
}

static void
keys_that_are_missing_are_an_error_of_ours(void **state)
{
	struct side alice = secure_side(RS_SDP_SRTP_REQUIRED, 1, 1);
	uint8_t out[1024];

	(void)state;
	alice.media[0].keys = NULL;
	assert_int_equal(rs_sdp_offer(&alice.session, &alice.local, out, sizeof(out)), -EINVAL);
	assert_int_equal(
		try_answer(&alice,
			OFFER
			"m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AEAD_AES_256_GCM "
			"inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKyw\r\n"),
		-EINVAL);
	assert_int_equal(alice.session.n_agreed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc4568_5_1_2_example_is_answered),
		cmocka_unit_test(rfc4568_5_1_one_to_sixteen_suites_in_order),
		cmocka_unit_test(forbidden_optional_and_required),
		cmocka_unit_test(savp_without_crypto_is_a_failure_of_its_own),
		cmocka_unit_test(rfc4568_5_1_3_answers_that_were_not_offered),
		cmocka_unit_test(null_and_unencrypted_are_never_picked_unasked),
		cmocka_unit_test(malformed_lines_are_passed_over),
		cmocka_unit_test(rfc4568_7_1_4_keys_are_kept_over_reoffers),
		cmocka_unit_test(late_offers_and_early_media_use_the_same_functions),
		cmocka_unit_test(keys_that_are_missing_are_an_error_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
