/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libsrtp2 as the oracle: both protect the same packets and must write the same bytes; a wire
 * loses, doubles, reorders and damages them; both receive what is left, we in batches, and must
 * come to the same verdicts and bytes. Sequence numbers wrap many times.
 *
 * 5,000 packets a suite and kind; RINGSTORM_FULL=1 in the environment: 100,000.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <srtp2/crypto_types.h>
#include <srtp2/srtp.h>

#include "proto/srtp/private.h"
#include "srtp_kit.h"

#define SLOTS     128 /* the longest batch */
#define HELD      24  /* packets that the wire holds back at most */
#define PACKET    600
#define NO_MATTER 0xff /* refused, but libsrtp2 looks at other things first */

struct lane {
	uint8_t bytes[PACKET];
	uint32_t len;
	bool harmed;
};

struct theatre {
	struct rs_srtp_engine *e;
	struct kit_side from, from_other,
		to; /* from_other: SRTCP's other SSRC, which is to begin at 1 as well */
	srtp_t their_from, their_to;
	bool rtcp, mki, headers_are_checked;
	uint64_t seed;
	struct lane held[HELD]; /* under way */
	unsigned n_held;
	/* a batch that we have received and not looked at yet, and what libsrtp2 made of it */
	struct rs_srtp_item items[SLOTS];
	uint8_t ours[SLOTS][PACKET], theirs[SLOTS][PACKET], sent[SLOTS][PACKET];
	int their_len[SLOTS];
	srtp_err_status_t their_status[SLOTS];
	bool harmed[SLOTS];
	unsigned n, batch;
	unsigned seen[RS_SRTP_STATUSES];
};

static void
set_policy(enum rs_srtp_suite suite, bool tagless, srtp_policy_t *policy)
{
	static void (*const rtp[])(srtp_crypto_policy_t *) = {
		[RS_SRTP_AES_CM_128_SHA1_80] = srtp_crypto_policy_set_rtp_default,
		[RS_SRTP_AES_CM_128_SHA1_32] = srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
		[RS_SRTP_AES_CM_192_SHA1_80] = srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80,
		[RS_SRTP_AES_CM_192_SHA1_32] = srtp_crypto_policy_set_aes_cm_192_hmac_sha1_32,
		[RS_SRTP_AES_CM_256_SHA1_80] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
		[RS_SRTP_AES_CM_256_SHA1_32] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
		[RS_SRTP_AEAD_AES_128_GCM] = srtp_crypto_policy_set_aes_gcm_128_16_auth,
		[RS_SRTP_AEAD_AES_256_GCM] = srtp_crypto_policy_set_aes_gcm_256_16_auth,
		[RS_SRTP_NULL_SHA1_80] = srtp_crypto_policy_set_null_cipher_hmac_sha1_80,
		[RS_SRTP_NULL_SHA1_32] = srtp_crypto_policy_set_null_cipher_hmac_sha1_80,
	};

	rtp[suite](&policy->rtp);
	rtp[suite](&policy->rtcp);
	if (rs_srtp_suite(suite)->tag_len == 4) {
		policy->rtp.auth_tag_len = 4;
		policy->rtcp.auth_tag_len = 10;
	}
	if (tagless) {
		policy->rtp.auth_type = SRTP_NULL_AUTH;
		policy->rtp.auth_key_len = policy->rtp.auth_tag_len = 0;
		policy->rtp.sec_serv = sec_serv_conf;
	}
}

/*
 * libsrtp2 derives keys for AES-192 by AES-256, from key, salt and zero bytes in a row, which is
 * not what RFC 6188 has (its vectors are in test_srtp.c). To compare the rest, take over its
 * session keys.
 */
static void
derive_as_libsrtp2(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, struct kit_side *side)
{
	uint8_t both[46] = { 0 };
	struct rs_srtp_keys longer = {
		.suite = RS_SRTP_AES_CM_256_SHA1_80, .key = { both, 32 }, .salt = { both + 32, 14 }
	};
	struct kit_side from;

	memcpy(both, keys->key.p, keys->key.len);
	memcpy(both + keys->key.len, keys->salt.p, keys->salt.len);
	assert_int_equal(kit_side(e, &longer, &from), 0);
	e->ops->expand(
		e, from.rtp.keys, 24, side->rtp.keys); /* a key schedule begins with the key */
	memcpy(side->rtp.salt, from.rtp.salt, 14);
	memcpy(side->rtp.inner, from.rtp.inner, 20);
	memcpy(side->rtp.outer, from.rtp.outer, 20);
	memcpy(side->rtcp.key, from.rtcp.key, 24);
	memcpy(side->rtcp.salt, from.rtcp.salt, 14);
	memcpy(side->rtcp.inner, from.rtcp.inner, 20);
	memcpy(side->rtcp.outer, from.rtcp.outer, 20);
}

/* One of our ends. It starts as libsrtp2 does, whose first SRTCP index is 1. */
static void
our_side(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, struct kit_side *side)
{
	assert_int_equal(kit_side(e, keys, side), 0);
	rs_srtcp_set_index(&side->rtcp, 1);
	if (keys->key.len == 24)
		derive_as_libsrtp2(e, keys, side);
}

/* Both ends of both. */
static void
open_theatre(struct theatre *t, const struct rs_srtp_keys *keys)
{
	uint8_t both[64], mki[RS_SRTP_MKI_MAX];
	srtp_master_key_t master = { .key = both,
		.mki_id = mki,
		.mki_size = (unsigned)keys->mki.len },
			  *masters[] = { &master };
	srtp_policy_t policy = {
		.keys = masters, .num_master_keys = 1, .window_size = RS_SRTP_WINDOW
	};

	set_policy(keys->suite, (keys->options & RS_SRTP_UNAUTHENTICATED) != 0, &policy);
	if ((keys->options & RS_SRTP_UNENCRYPTED_RTCP) != 0)
		policy.rtcp.sec_serv = sec_serv_auth;
	if ((keys->options & RS_SRTP_UNENCRYPTED) != 0)
		policy.rtp.sec_serv = sec_serv_auth;
	memcpy(both, keys->key.p, keys->key.len);
	memcpy(both + keys->key.len, keys->salt.p, keys->salt.len);
	if (keys->mki.len != 0)
		memcpy(mki, keys->mki.p, keys->mki.len);
	policy.ssrc.type = ssrc_any_outbound;
	assert_int_equal(srtp_create(&t->their_from, &policy), srtp_err_status_ok);
	policy.ssrc.type = ssrc_any_inbound;
	assert_int_equal(srtp_create(&t->their_to, &policy), srtp_err_status_ok);
	our_side(t->e, keys, &t->from);
	our_side(t->e, keys, &t->from_other);
	our_side(t->e, keys, &t->to);
	t->mki = keys->mki.len != 0;
	t->headers_are_checked = t->rtcp || (keys->options & RS_SRTP_UNAUTHENTICATED) == 0;
	t->batch = 1;
}

static enum rs_srtp_status
meaning(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok: return RS_SRTP_OK;
	case srtp_err_status_replay_fail: return RS_SRTP_REPLAYED;
	case srtp_err_status_replay_old: return RS_SRTP_TOO_OLD;
	case srtp_err_status_bad_mki: return RS_SRTP_UNKNOWN_MKI;
	case srtp_err_status_cant_check: /* an E bit that is not as configured */
	case srtp_err_status_auth_fail: return RS_SRTP_AUTH_FAILED;
	default: return NO_MATTER;
	}
}

static void
judge(struct theatre *t, unsigned i)
{
	const struct rs_srtp_item *item = &t->items[i];
	enum rs_srtp_status theirs = meaning(t->their_status[i]);

	t->seen[item->status]++;
	if (item->status == RS_SRTP_BAD_VERSION ||
		item->status == RS_SRTP_TOO_SHORT) { /* of the header: libsrtp2 is more lenient */
		assert_true(t->harmed[i] && theirs != RS_SRTP_OK);
	} else if (theirs == NO_MATTER) {
		assert_true(t->harmed[i] && item->status != RS_SRTP_OK);
	} else if (item->status != theirs) {
		fail_msg("we: %s, libsrtp2: %d", rs_srtp_status_name(item->status),
			t->their_status[i]);
	}
	if (item->status == RS_SRTP_OK) {
		assert_int_equal(item->out_len, t->their_len[i]);
		assert_memory_equal(t->ours[i], t->theirs[i], item->out_len);
	} else {
		assert_memory_equal(t->ours[i], t->sent[i], item->len);
	}
}

static void
flush(struct theatre *t)
{
	if (t->rtcp)
		rs_srtcp_unprotect_batch(t->e, t->items, t->n);
	else
		rs_srtp_unprotect_batch(t->e, t->items, t->n);
	for (unsigned i = 0; i < t->n; i++)
		judge(t, i);
	t->n = 0;
	t->batch = 1 + kit_draw(&t->seed, SLOTS);
}

static void
receive(struct theatre *t, const struct lane *l)
{
	unsigned i = t->n++;

	memcpy(t->ours[i], l->bytes, l->len);
	memcpy(t->theirs[i], l->bytes, l->len);
	memcpy(t->sent[i], l->bytes, l->len);
	t->harmed[i] = l->harmed;
	t->items[i] = (struct rs_srtp_item){ .packet = t->ours[i], .len = l->len };
	if (t->rtcp)
		t->items[i].rtcp = &t->to.rtcp;
	else
		t->items[i].ctx = &t->to.rtp;
	t->their_len[i] = (int)l->len;
	t->their_status[i] = (t->rtcp ? srtp_unprotect_rtcp_mki : srtp_unprotect_mki)(
		t->their_to, t->theirs[i], &t->their_len[i], t->mki);
	if (t->n == t->batch)
		flush(t);
}

/* Loss, damage, reordering, and packets that come again. */
static void
carry(struct theatre *t, const uint8_t *packet, uint32_t len)
{
	uint32_t fate = kit_draw(&t->seed, 100), at;
	struct lane *l;

	if (fate < 5)
		return;
	if (t->n_held == HELD) {
		at = kit_draw(&t->seed, HELD);
		receive(t, &t->held[at]);
		if (kit_draw(&t->seed, 4) != 0) /* else it comes again */
			t->held[at] = t->held[--t->n_held];
		else
			return;
	}
	l = &t->held[t->n_held];
	memcpy(l->bytes, packet, len);
	l->len = len;
	l->harmed = fate < 12 && t->headers_are_checked;
	if (l->harmed)
		l->bytes[kit_draw(&t->seed, len)] ^= (uint8_t)(1u << kit_draw(&t->seed, 8));
	if (fate < 70)
		receive(t, l);
	else
		t->n_held++;
}

static void
send_one(struct theatre *t, struct kit_side *from, uint32_t ssrc, uint16_t seq)
{
	uint8_t ours[KIT_ROOM], theirs[KIT_ROOM];
	uint32_t len = t->rtcp ? kit_rtcp(ours, &t->seed, ssrc, kit_draw(&t->seed, 60))
			       : kit_rtp(ours, &t->seed, ssrc, seq, kit_draw(&t->seed, 300));
	int their_len = (int)len;
	enum rs_srtp_status status;
	srtp_err_status_t their_status;

	memcpy(theirs, ours, len);
	status = kit_one(t->e, t->rtcp ? KIT_RTCP_PROTECT : KIT_PROTECT, from, ours, &len);
	their_status = (t->rtcp ? srtp_protect_rtcp_mki : srtp_protect_mki)(
		t->their_from, theirs, &their_len, t->mki, 0);
	assert_int_equal(status, meaning(their_status));
	if (status != RS_SRTP_OK)
		return;
	assert_int_equal(len, their_len);
	assert_memory_equal(ours, theirs, len);
	carry(t, ours, len);
}

static void
play(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, bool rtcp, unsigned packets)
{
	static struct theatre t;
	uint32_t ssrc = 0xcafe0001, other = 0x12345678, spare;
	uint16_t seq[2];
	unsigned which = 0;

	t = (struct theatre){ .e = e,
		.rtcp = rtcp,
		.seed = keys->suite * 16 + keys->mki.len + keys->options + rtcp };
	open_theatre(&t, keys);
	seq[0] = 65000;
	seq[1] = (uint16_t)kit_draw(&t.seed, 65536);
	for (unsigned i = 0; i < packets; i++) {
		uint32_t step = kit_draw(&t.seed, 100);

		/* mostly the next one; sometimes one that was sent, one that is late, or a jump */
		send_one(&t, rtcp && which != 0 ? &t.from_other : &t.from, ssrc,
			(uint16_t)(step < 4 ? seq[which] - kit_draw(&t.seed, 140) : seq[which]));
		seq[which] = (uint16_t)(seq[which] +
			(step < 95 ? 1 : kit_draw(&t.seed, step < 99 ? 10 : 4000)));
		if (kit_draw(&t.seed, 700) == 0) {
			spare = ssrc;
			ssrc = other;
			other = spare;
			which ^= 1;
		}
	}
	flush(&t);
	assert_true(t.seen[RS_SRTP_OK] > packets / 2 && t.seen[RS_SRTP_REPLAYED] > packets / 100);
	assert_true(!t.headers_are_checked || t.seen[RS_SRTP_AUTH_FAILED] > packets / 50);
	assert_true(
		keys->mki.len == 0 || !t.headers_are_checked || t.seen[RS_SRTP_UNKNOWN_MKI] > 0);
	assert_true(rtcp ||
		(t.from.rtp.now.index >> 16) + (t.from.rtp.before.index >> 16) > packets / 10000);
	srtp_dealloc(t.their_from);
	srtp_dealloc(t.their_to);
}

static unsigned
packets_each(void)
{
	const char *full = getenv("RINGSTORM_FULL");

	return full != NULL && *full != '\0' ? 100000 : 5000;
}

static void
compare(enum rs_srtp_suite suite, unsigned mki_len, uint32_t options, bool rtp_only)
{
	struct rs_srtp_engine *e = kit_engine(RS_SRTP_BEST);
	struct rs_srtp_keys keys = kit_keys(suite, mki_len);

	assert_non_null(e);
	keys.options = options;
	play(e, &keys, false, packets_each());
	if (!rtp_only)
		play(e, &keys, true, packets_each());
	kit_engine_free(e);
}

#define SUITE(name, suite)                                                                         \
	static void name(void **state)                                                             \
	{                                                                                          \
		compare(suite, 0, 0, false);                                                       \
	}
SUITE(test_aes_cm_128_hmac_sha1_80, RS_SRTP_AES_CM_128_SHA1_80)
SUITE(test_aes_cm_128_hmac_sha1_32, RS_SRTP_AES_CM_128_SHA1_32)
SUITE(test_aes_192_cm_hmac_sha1_80, RS_SRTP_AES_CM_192_SHA1_80)
SUITE(test_aes_192_cm_hmac_sha1_32, RS_SRTP_AES_CM_192_SHA1_32)
SUITE(test_aes_256_cm_hmac_sha1_80, RS_SRTP_AES_CM_256_SHA1_80)
SUITE(test_aes_256_cm_hmac_sha1_32, RS_SRTP_AES_CM_256_SHA1_32)
SUITE(test_aead_aes_128_gcm, RS_SRTP_AEAD_AES_128_GCM)
SUITE(test_aead_aes_256_gcm, RS_SRTP_AEAD_AES_256_GCM)
SUITE(test_null_hmac_sha1_80, RS_SRTP_NULL_SHA1_80)
SUITE(test_null_hmac_sha1_32, RS_SRTP_NULL_SHA1_32)

static void
test_with_mki(void **state)
{
	compare(RS_SRTP_AES_CM_128_SHA1_80, 4, 0, false);
	compare(RS_SRTP_AES_CM_256_SHA1_80, 1, 0, false);
	compare(RS_SRTP_AES_CM_128_SHA1_32, 3, 0,
		true); /* libsrtp2 looks for the MKI of SRTCP by the tag length of SRTP */
	compare(RS_SRTP_AEAD_AES_128_GCM, 4, 0, false);
	compare(RS_SRTP_AEAD_AES_256_GCM, RS_SRTP_MKI_MAX, 0, false);
}

static void
test_with_options(void **state)
{
	compare(RS_SRTP_AES_CM_128_SHA1_80, 0, RS_SRTP_UNAUTHENTICATED, true);
	compare(RS_SRTP_AES_CM_128_SHA1_80, 0, RS_SRTP_UNENCRYPTED, true);
	compare(RS_SRTP_AES_CM_128_SHA1_80, 0, RS_SRTP_UNENCRYPTED_RTCP, false);
	compare(RS_SRTP_AEAD_AES_128_GCM, 0, RS_SRTP_UNENCRYPTED_RTCP, false);
}

static int
set_up(void **state)
{
	return srtp_init() == srtp_err_status_ok ? 0 : -1;
}

static int
tear_down(void **state)
{
	return srtp_shutdown() == srtp_err_status_ok ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aes_cm_128_hmac_sha1_80),
		cmocka_unit_test(test_aes_cm_128_hmac_sha1_32),
		cmocka_unit_test(test_aes_192_cm_hmac_sha1_80),
		cmocka_unit_test(test_aes_192_cm_hmac_sha1_32),
		cmocka_unit_test(test_aes_256_cm_hmac_sha1_80),
		cmocka_unit_test(test_aes_256_cm_hmac_sha1_32),
		cmocka_unit_test(test_aead_aes_128_gcm),
		cmocka_unit_test(test_aead_aes_256_gcm),
		cmocka_unit_test(test_null_hmac_sha1_80),
		cmocka_unit_test(test_null_hmac_sha1_32),
		cmocka_unit_test(test_with_mki),
		cmocka_unit_test(test_with_options),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
