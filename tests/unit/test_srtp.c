/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP and SRTCP: the RFCs' vectors, the order of what is appended, refusals, and that all backends
 * write the same bytes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard.h"
#include "proto/srtp/private.h"
#include "srtp_kit.h"

/* Every backend of this machine: at least OpenSSL. */
#define EACH_ENGINE(e)                                                                             \
	for (int backend_ = RS_SRTP_AVX512; backend_ < RS_SRTP_BACKENDS; backend_++)               \
		for (struct rs_srtp_engine *e = kit_engine((enum rs_srtp_backend)backend_);        \
			e != NULL; kit_engine_free(e), e = NULL)

static void
assert_hex(const uint8_t *p, uint32_t len, const char *text)
{
	uint8_t want[256];

	assert_int_equal(len, kit_hex(text, want));
	assert_memory_equal(p, want, len);
}

/* A context whose session keys are given, not derived. */
static void
set_session(struct rs_srtp_engine *e, struct kit_side *side, enum rs_srtp_suite suite,
	const char *key, const char *salt)
{
	struct rs_srtp_keys keys = kit_keys(suite, 0);
	uint8_t bytes[32];

	assert_int_equal(kit_side(e, &keys, side), 0);
	kit_hex(key, bytes);
	if (side->rtp.gcm)
		e->ops->gcm_expand(e, bytes, side->rtp.key_len, side->gcm);
	else
		e->ops->expand(e, bytes, side->rtp.key_len, side->rtp.keys);
	memcpy(side->rtcp.key, bytes, side->rtcp.key_len);
	kit_hex(salt, side->rtp.salt);
	kit_hex(salt, side->rtcp.salt);
}

/* The first 48 bytes of key stream for SSRC 0 and index 0. */
static void
keystream(enum rs_srtp_suite suite, const char *key, const char *want)
{
	EACH_ENGINE(e)
	{
		struct kit_side side;
		uint8_t p[KIT_ROOM] = { 0x80 };
		uint32_t len = 12 + 48;

		set_session(e, &side, suite, key, "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
		assert_int_equal(kit_one(e, KIT_PROTECT, &side, p, &len), RS_SRTP_OK);
		assert_hex(p + 12, 48, want);
	}
}

static void
test_rfc3711_b2_aes_cm_keystream(void **state)
{
	keystream(RS_SRTP_AES_CM_128_SHA1_80, "2b7e151628aed2a6abf7158809cf4f3c",
		"e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab 41e95b3bb0a2e8dd477901e4fca894c0");
}

static void
test_rfc6188_7_1_and_7_2_keystreams(void **state)
{
	keystream(RS_SRTP_AES_CM_256_SHA1_80,
		"57f82fe3613fd170a85ec93c40b1f092 2ec4cb0dc025b58272147cc438944a98",
		"92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac 63c4868b7096d88421b563b8c94c9a31");
	keystream(RS_SRTP_AES_CM_192_SHA1_80, "eab234764e517b2d3d160d587d8c86219740f65f99b6bcf7",
		"35096cba4610028dc1b57503804ce37c 5de986291dcce161d5165ec4568f5c9a 474a40c77894bc17180202272a4c264d");
}

static void
derivation(enum rs_srtp_suite suite, const char *key, const char *salt, const char *cipher,
	const char *session_salt, const char *auth)
{
	EACH_ENGINE(e)
	{
		const struct rs_srtp_suite_info *info = rs_srtp_suite(suite);
		uint8_t k[32], s[14], a[20], inner[20], outer[20];
		struct rs_srtp_keys keys = { .suite = suite,
			.key = { k, kit_hex(key, k) },
			.salt = { s, kit_hex(salt, s) } };
		struct kit_side side;

		assert_int_equal(kit_side(e, &keys, &side), 0);
		assert_hex(side.rtp.keys, info->key_len,
			cipher); /* a key schedule begins with the key */
		assert_hex(side.rtp.salt, 14, session_salt);
		kit_hex(auth, a);
		e->ops->hmac_key(e, a, inner, outer);
		assert_memory_equal(side.rtp.inner, inner, 20);
		assert_memory_equal(side.rtp.outer, outer, 20);
	}
}

static void
test_rfc3711_b3_key_derivation(void **state)
{
	derivation(RS_SRTP_AES_CM_128_SHA1_80, "e1f97a0d3e018be0d64fa32c06de4139",
		"0ec675ad498afeebb6960b3aabe6", "c61e7a93744f39ee10734afe3ff7a087",
		"30cbbc08863d8c85d49db34a9ae1", "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
}

static void
test_rfc6188_7_3_and_7_4_key_derivation(void **state)
{
	derivation(RS_SRTP_AES_CM_256_SHA1_80,
		"f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6",
		"3b04803de51ee7c96423ab5b78d2",
		"5ba1064e30ec51613cad926c5a28ef73 1ec7fb397f70a960653caf06554cd8c4",
		"fa31791685ca444a9e07c6c64e93", "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05");
	derivation(RS_SRTP_AES_CM_192_SHA1_80, "73edc66c4fa15776fb57f9505c171365 50ffda71f3e8e5f1",
		"c8522f3acd4ce86d5add78edbb11", "31874736a8f1143870c26e4857d8a5b2 c4a354407faadabb",
		"2372b82d639b6d8503a47adc0a6c", "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb");
}

#define GCM_RTP                                                                                    \
	"8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573"
#define GCM_RTCP                                                                                   \
	"81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef"
#define GCM_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
gcm_vector(
	enum kit_do what, enum rs_srtp_suite suite, bool clear, const char *plain, const char *want)
{
	EACH_ENGINE(e)
	{
		struct kit_side from, to;
		uint8_t p[KIT_ROOM];
		uint32_t len = kit_hex(plain, p);

		set_session(e, &from, suite, GCM_KEY, "517569642070726f2071756f");
		set_session(e, &to, suite, GCM_KEY, "517569642070726f2071756f");
		rs_srtcp_set_index(&from.rtcp, 0x5d4);
		if (clear)
			from.rtcp.options |= RS_SRTP_UNENCRYPTED_RTCP;
		assert_int_equal(kit_one(e, what, &from, p, &len), RS_SRTP_OK);
		assert_hex(p, len, want);
		assert_int_equal(kit_one(e, what + 1, &to, p, &len), RS_SRTP_OK);
		assert_hex(p, len, plain);
	}
}

static void
test_rfc7714_16_srtp(void **state)
{
	gcm_vector(KIT_PROTECT, RS_SRTP_AEAD_AES_128_GCM, false, GCM_RTP,
		"8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833"
		"899d7f27 beb16a91 52cf765e e4390cce");
	gcm_vector(KIT_PROTECT, RS_SRTP_AEAD_AES_256_GCM, false, GCM_RTP,
		"8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3"
		"db36dfff d6b0f9bb 7878d7a7 6c13");
}

static void
test_rfc7714_17_srtcp(void **state)
{
	gcm_vector(KIT_RTCP_PROTECT, RS_SRTP_AEAD_AES_128_GCM, false, GCM_RTCP,
		"81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b"
		"c84aa458 96cf4d2f c5abf872 45d9eade 800005d4");
	gcm_vector(KIT_RTCP_PROTECT, RS_SRTP_AEAD_AES_256_GCM, false, GCM_RTCP,
		"81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 c61de047 6f1b6fad"
		"1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4");
	gcm_vector(KIT_RTCP_PROTECT, RS_SRTP_AEAD_AES_128_GCM, true, GCM_RTCP,
		GCM_RTCP "841dd968 3dd78ec9 2ae58790 125f62b3 000005d4");
}

/* The same packets by each backend: OpenSSL's bytes are what the others must write. */
static void
test_backends_write_the_same_bytes(void **state)
{
	static const uint32_t options[] = { 0, RS_SRTP_UNENCRYPTED, RS_SRTP_UNENCRYPTED_RTCP,
		RS_SRTP_UNAUTHENTICATED };
	struct rs_srtp_engine *ref = kit_engine(RS_SRTP_OPENSSL);
	uint64_t seed = 7;

	for (unsigned n = 0; n < 40u * RS_SRTP_SUITES; n++) {
		struct rs_srtp_keys keys = kit_keys(n % RS_SRTP_SUITES, n / RS_SRTP_SUITES % 3 * 2);
		bool rtcp = n / RS_SRTP_SUITES % 2 != 0;
		enum kit_do what = rtcp ? KIT_RTCP_PROTECT : KIT_PROTECT;
		uint8_t plain[KIT_ROOM], want[KIT_ROOM];
		uint32_t plain_len, want_len;
		struct kit_side side;

		keys.options =
			keys.salt.len == 14 || rtcp ? options[n / RS_SRTP_SUITES / 3 % 4] : 0;
		if (keys.salt.len == 12)
			keys.options &= RS_SRTP_UNENCRYPTED_RTCP;
		plain_len = rtcp ? kit_rtcp(plain, &seed, 9, kit_draw(&seed, 40))
				 : kit_rtp(plain, &seed, 9, 77, kit_draw(&seed, 400));
		memcpy(want, plain, plain_len);
		want_len = plain_len;
		assert_int_equal(kit_side(ref, &keys, &side), 0);
		assert_int_equal(kit_one(ref, what, &side, want, &want_len), RS_SRTP_OK);
		for (int b = RS_SRTP_AVX512; b < RS_SRTP_OPENSSL; b++) {
			struct rs_srtp_engine *e = kit_engine(b);
			uint8_t p[KIT_ROOM];
			uint32_t len = plain_len;

			if (e == NULL)
				continue;
			memcpy(p, plain, len);
			assert_int_equal(kit_side(e, &keys, &side), 0);
			assert_int_equal(kit_one(e, what, &side, p, &len), RS_SRTP_OK);
			assert_int_equal(len, want_len);
			assert_memory_equal(p, want, len);
			assert_int_equal(kit_side(e, &keys, &side), 0);
			assert_int_equal(kit_one(e, what + 1, &side, p, &len), RS_SRTP_OK);
			assert_int_equal(len, plain_len);
			assert_memory_equal(p, plain, len);
			kit_engine_free(e);
		}
	}
	kit_engine_free(ref);
}

/*
 * RFC 3711, 3.1 and 3.4: MKI, then tag; SRTCP: E bit and index before both. RFC 7714, 8.2 and 9:
 * the tag first, the MKI last.
 */
static void
test_rfc3711_3_1_and_rfc7714_9_order_of_the_tail(void **state)
{
	struct rs_srtp_engine *e = kit_engine(RS_SRTP_BEST);

	for (int gcm = 0; gcm < 2; gcm++) {
		struct rs_srtp_keys keys =
			kit_keys(gcm ? RS_SRTP_AEAD_AES_128_GCM : RS_SRTP_AES_CM_128_SHA1_32, 5);
		uint32_t at_rtp = gcm ? 16 : 0, at_rtcp = gcm ? 20 : 4, len;
		uint8_t p[KIT_ROOM];
		struct kit_side side;
		uint64_t seed = 3;

		assert_int_equal(kit_side(e, &keys, &side), 0);
		len = kit_rtp(p, &seed, 1, 1, 20);
		at_rtp += len;
		assert_int_equal(kit_one(e, KIT_PROTECT, &side, p, &len), RS_SRTP_OK);
		assert_memory_equal(p + at_rtp, keys.mki.p, 5);
		assert_int_equal(len, at_rtp + 5 + (gcm ? 0 : 4));
		len = kit_rtcp(p, &seed, 1, 6);
		at_rtcp += len;
		assert_int_equal(kit_one(e, KIT_RTCP_PROTECT, &side, p, &len), RS_SRTP_OK);
		assert_memory_equal(
			p + at_rtcp - 4, "\x80\0\0\0", 4); /* E, and the first index is 0 */
		assert_memory_equal(p + at_rtcp, keys.mki.p, 5);
		assert_int_equal(len, at_rtcp + 5 + (gcm ? 0 : 10));
	}
	kit_engine_free(e);
}

/*
 * Every changed bit is noticed but those of the MKI, which have a verdict of their own; packet and
 * context stay as they were.
 */
static void
test_what_fails_leaves_packet_and_context_alone(void **state)
{
	EACH_ENGINE(e)
	for (unsigned suite = 0; suite < RS_SRTP_SUITES; suite++)
		for (int rtcp = 0; rtcp < 2; rtcp++) {
			struct rs_srtp_keys keys = kit_keys(suite, 3);
			struct kit_side from, to, before;
			uint8_t p[KIT_ROOM], sent[KIT_ROOM];
			uint64_t seed = suite;
			uint32_t len = rtcp ? kit_rtcp(p, &seed, 5, 3)
					    : kit_rtp(p, &seed, 5, 5, 20),
				 sent_len = len;

			assert_int_equal(kit_side(e, &keys, &from), 0);
			assert_int_equal(kit_side(e, &keys, &to), 0);
			assert_int_equal(kit_one(e, rtcp ? KIT_RTCP_PROTECT : KIT_PROTECT, &from, p,
						 &sent_len),
				RS_SRTP_OK);
			memcpy(sent, p, sent_len);
			before = to;
			for (uint32_t bit = 0; bit < sent_len * 8; bit++) {
				enum rs_srtp_status status;

				len = sent_len;
				p[bit / 8] ^= (uint8_t)(1u << bit % 8);
				status = kit_one(
					e, rtcp ? KIT_RTCP_UNPROTECT : KIT_UNPROTECT, &to, p, &len);
				assert_int_not_equal(status, RS_SRTP_OK);
				if (bit >= 32 &&
					(sent[0] & 0x10) == 0) /* else lengths are changed, too */
					assert_true(status == RS_SRTP_AUTH_FAILED ||
						status == RS_SRTP_UNKNOWN_MKI);
				assert_int_equal(len, sent_len);
				p[bit / 8] ^= (uint8_t)(1u << bit % 8);
				assert_memory_equal(p, sent, sent_len);
				assert_memory_equal(&to, &before, sizeof(to));
			}
			len = sent_len;
			assert_int_equal(
				kit_one(e, rtcp ? KIT_RTCP_UNPROTECT : KIT_UNPROTECT, &to, p, &len),
				RS_SRTP_OK);
		}
}

/* Cut anywhere, in a buffer that ends there; and a room that ends at an unreadable page. */
static void
test_rfc3711_3_short_packets_and_small_rooms(void **state)
{
	EACH_ENGINE(e)
	for (unsigned suite = 0; suite < RS_SRTP_SUITES; suite++)
		for (int rtcp = 0; rtcp < 2; rtcp++) {
			struct rs_srtp_keys keys = kit_keys(suite, 2);
			struct kit_side side;
			uint8_t p[KIT_ROOM];
			uint64_t seed = suite + 40;
			uint32_t len = rtcp ? kit_rtcp(p, &seed, 5, 3) : kit_rtp(p, &seed, 5, 5, 3),
				 plain_len = len;
			struct guard g;

			assert_int_equal(kit_side(e, &keys, &side), 0);
			assert_int_equal(
				kit_one(e, rtcp ? KIT_RTCP_PROTECT : KIT_PROTECT, &side, p, &len),
				RS_SRTP_OK);
			for (uint32_t cut = 0; cut < len; cut++) {
				uint32_t l = cut;
				enum rs_srtp_status status;

				g = guard_new(p, cut);
				status = kit_one(e, rtcp ? KIT_RTCP_UNPROTECT : KIT_UNPROTECT,
					&side, g.p, &l);
				if (cut < (rtcp ? 8 : 12) + len - plain_len)
					assert_int_equal(status, RS_SRTP_TOO_SHORT);
				assert_int_not_equal(status, RS_SRTP_OK);
				assert_memory_equal(g.p, p, cut);
				guard_free(&g);
			}
			for (uint32_t room = plain_len; room <= len; room++) {
				struct rs_srtp_item item = { .len = plain_len, .room = room };

				assert_int_equal(kit_side(e, &keys, &side), 0);
				g = guard_new(p, room);
				item.packet = g.p;
				if (rtcp) {
					item.rtcp = &side.rtcp;
					rs_srtcp_protect_batch(e, &item, 1);
				} else {
					item.ctx = &side.rtp;
					rs_srtp_protect_batch(e, &item, 1);
				}
				assert_int_equal(
					item.status, room == len ? RS_SRTP_OK : RS_SRTP_NO_ROOM);
				guard_free(&g);
			}
		}
}

static void
test_bad_versions_and_lengths(void **state)
{
	struct rs_srtp_engine *e = kit_engine(RS_SRTP_BEST);
	struct rs_srtp_keys keys = kit_keys(RS_SRTP_AES_CM_128_SHA1_80, 0);
	struct kit_side side;
	uint8_t p[KIT_ROOM] = { 0x40 };

	assert_int_equal(kit_side(e, &keys, &side), 0);
	for (int what = KIT_PROTECT; what <= KIT_RTCP_UNPROTECT; what++)
		assert_int_equal(
			kit_one(e, what, &side, p, &(uint32_t){ 100 }), RS_SRTP_BAD_VERSION);
	p[0] = 0x8f; /* 15 CSRCs: 72 bytes of header */
	assert_int_equal(kit_one(e, KIT_PROTECT, &side, p, &(uint32_t){ 71 }), RS_SRTP_TOO_SHORT);
	assert_int_equal(kit_one(e, KIT_PROTECT, &side, p, &(uint32_t){ 72 }), RS_SRTP_OK);
	p[0] = 0x90;
	p[2] = 1;
	p[15] = 3; /* an extension of 3 words: 28 bytes of header */
	assert_int_equal(kit_one(e, KIT_PROTECT, &side, p, &(uint32_t){ 27 }), RS_SRTP_TOO_SHORT);
	assert_int_equal(kit_one(e, KIT_PROTECT, &side, p, &(uint32_t){ 15 }), RS_SRTP_TOO_SHORT);
	assert_int_equal(kit_one(e, KIT_PROTECT, &side, p, &(uint32_t){ 28 }), RS_SRTP_OK);
	kit_engine_free(e);
}

/* The longest packet there is, by every backend, and one byte more. */
static void
test_long_packets(void **state)
{
	static uint8_t p[RS_SRTP_MAX_LEN + RS_SRTP_OVERHEAD + 1], plain[sizeof(p)];
	uint64_t seed = 8;

	for (uint32_t i = 12; i < sizeof(plain); i++)
		plain[i] = (uint8_t)kit_draw(&seed, 256);
	EACH_ENGINE(e)
	for (unsigned suite = 0; suite < RS_SRTP_SUITES; suite++) {
		struct rs_srtp_keys keys = kit_keys(suite, 0);
		struct kit_side from, to;
		struct rs_srtp_item item = { .ctx = &from.rtp, .packet = p, .room = sizeof(p) };
		uint32_t tag = rs_srtp_suite(suite)->tag_len;

		assert_int_equal(kit_side(e, &keys, &from), 0);
		assert_int_equal(kit_side(e, &keys, &to), 0);
		memcpy(p, plain, sizeof(p));
		p[0] = 0x80;
		item.len = RS_SRTP_MAX_LEN + 1;
		assert_int_equal(rs_srtp_protect_batch(e, &item, 1), 0);
		assert_int_equal(item.status, RS_SRTP_TOO_LONG);
		item.len = RS_SRTP_MAX_LEN;
		assert_int_equal(rs_srtp_protect_batch(e, &item, 1), 1);
		item = (struct rs_srtp_item){ .ctx = &to.rtp, .packet = p, .len = item.out_len };
		assert_int_equal(rs_srtp_unprotect_batch(e, &item, 1), 1);
		assert_int_equal(item.out_len, RS_SRTP_MAX_LEN);
		assert_memory_equal(p + 1, plain + 1, RS_SRTP_MAX_LEN - 1);
		item.len = RS_SRTP_MAX_LEN + tag + 1;
		assert_int_equal(rs_srtp_unprotect_batch(e, &item, 1), 0);
		assert_int_equal(item.status, RS_SRTP_TOO_LONG);
		item.rtcp = &to.rtcp;
		item.len = sizeof(p);
		assert_int_equal(rs_srtcp_unprotect_batch(e, &item, 1), 0);
		assert_int_equal(item.status, RS_SRTP_TOO_LONG);
	}
}

static void
test_keys_that_do_not_fit_their_suite(void **state)
{
	struct rs_srtp_engine *e = kit_engine(RS_SRTP_BEST);
	struct rs_srtp_keys keys = kit_keys(RS_SRTP_AEAD_AES_128_GCM, 0);
	struct kit_side side;

	assert_int_equal(rs_srtp_init(e, &keys, NULL, &side.rtp), -EINVAL);
	keys.options = RS_SRTP_UNAUTHENTICATED;
	assert_int_equal(kit_side(e, &keys, &side), -ENOTSUP);
	keys.options = RS_SRTP_UNENCRYPTED;
	assert_int_equal(kit_side(e, &keys, &side), -ENOTSUP);
	for (unsigned suite = 0; suite < RS_SRTP_SUITES; suite++) {
		keys = kit_keys(suite, 0);
		keys.key.len++;
		assert_int_equal(kit_side(e, &keys, &side), -EINVAL);
		keys = kit_keys(suite, 0);
		keys.salt.len--;
		assert_int_equal(rs_srtcp_init(e, &keys, &side.rtcp), -EINVAL);
		keys = kit_keys(suite, RS_SRTP_MKI_MAX + 1);
		assert_int_equal(kit_side(e, &keys, &side), -EINVAL);
	}
	keys = kit_keys(RS_SRTP_NULL_SHA1_80, 0);
	keys.suite = RS_SRTP_SUITES;
	assert_int_equal(kit_side(e, &keys, &side), -EINVAL);
	keys.suite = 0;
	keys.lifetime = (1ull << 48) + 1;
	assert_int_equal(kit_side(e, &keys, &side), -EINVAL);
	kit_engine_free(e);
}

static void
test_the_backend_has_a_name(void **state)
{
	struct rs_srtp_engine *e = kit_engine(RS_SRTP_OPENSSL);

	assert_non_null(e);
	assert_true(strncmp(rs_srtp_engine_name(e), "OpenSSL 3.", 10) == 0);
	kit_engine_free(e);
	e = kit_engine(RS_SRTP_BEST);
	assert_non_null(e);
	print_message("this machine: %s\n", rs_srtp_engine_name(e));
	kit_engine_free(e);
	assert_string_equal(rs_srtp_status_name(RS_SRTP_UNKNOWN_MKI), "unknown MKI");
	assert_string_equal(
		rs_srtp_suite(RS_SRTP_AES_CM_256_SHA1_32)->name, "AES_256_CM_HMAC_SHA1_32");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3711_b2_aes_cm_keystream),
		cmocka_unit_test(test_rfc6188_7_1_and_7_2_keystreams),
		cmocka_unit_test(test_rfc3711_b3_key_derivation),
		cmocka_unit_test(test_rfc6188_7_3_and_7_4_key_derivation),
		cmocka_unit_test(test_rfc7714_16_srtp),
		cmocka_unit_test(test_rfc7714_17_srtcp),
		cmocka_unit_test(test_backends_write_the_same_bytes),
		cmocka_unit_test(test_rfc3711_3_1_and_rfc7714_9_order_of_the_tail),
		cmocka_unit_test(test_what_fails_leaves_packet_and_context_alone),
		cmocka_unit_test(test_rfc3711_3_short_packets_and_small_rooms),
		cmocka_unit_test(test_bad_versions_and_lengths),
		cmocka_unit_test(test_long_packets),
		cmocka_unit_test(test_keys_that_do_not_fit_their_suite),
		cmocka_unit_test(test_the_backend_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
