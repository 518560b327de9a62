/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a packet stands in its stream: index estimates, replays, lifetimes, changes of SSRC; and
 * that batches change nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "srtp_kit.h"

struct pair {
	struct rs_srtp_engine *e;
	struct kit_side from, to;
};

static struct pair
pair_new(enum rs_srtp_backend backend)
{
	struct pair p = { .e = kit_engine(backend) };

	assert_non_null(p.e);
	return p;
}

/* The contexts hold pointers into their own memory, so they are set up where they stay. */
static void
pair_start(struct pair *p, const struct rs_srtp_keys *keys)
{
	assert_int_equal(kit_side(p->e, keys, &p->from), 0);
	assert_int_equal(kit_side(p->e, keys, &p->to), 0);
}

static uint32_t
protect(struct pair *p, uint32_t ssrc, uint16_t seq, uint8_t *out)
{
	uint64_t seed = seq;
	uint32_t len = kit_rtp(out, &seed, ssrc, seq, 20);

	assert_int_equal(kit_one(p->e, KIT_PROTECT, &p->from, out, &len), RS_SRTP_OK);
	return len;
}

static enum rs_srtp_status
deliver(struct pair *p, uint8_t *packet, uint32_t len)
{
	uint8_t copy[KIT_ROOM];

	memcpy(copy, packet, len);
	return kit_one(p->e, KIT_UNPROTECT, &p->to, copy, &len);
}

static void
test_rfc3711_3_3_1_roc_goes_up_when_the_sequence_number_wraps(void **state)
{
	for (unsigned suite = 0; suite < RS_SRTP_SUITES; suite++) {
		struct rs_srtp_keys keys = kit_keys(suite, 0);
		struct pair p = pair_new(RS_SRTP_BEST);
		uint8_t early[KIT_ROOM], late[KIT_ROOM];
		uint32_t early_len, late_len;

		pair_start(&p, &keys);
		for (uint32_t i = 0; i < 5; i++) {
			early_len = protect(&p, 1, (uint16_t)(65530 + i * 20000), early);
			assert_int_equal(deliver(&p, early, early_len), RS_SRTP_OK);
		}
		assert_int_equal(rs_srtp_roc(&p.from.rtp), 2); /* 65530 + 80000 */
		assert_int_equal(rs_srtp_roc(&p.to.rtp), 2);
		/* across the wrap, out of order */
		early_len = protect(&p, 1, 40000, early);
		assert_int_equal(deliver(&p, early, early_len), RS_SRTP_OK);
		early_len = protect(&p, 1, 65535, early);
		late_len = protect(&p, 1, 3, late);
		assert_int_equal(deliver(&p, late, late_len), RS_SRTP_OK);
		assert_int_equal(rs_srtp_roc(&p.to.rtp), 3);
		assert_int_equal(deliver(&p, early, early_len), RS_SRTP_OK);
		assert_int_equal(rs_srtp_roc(&p.to.rtp), 3);
		kit_engine_free(p.e);
	}
}

/* Half the numbers away: not more than that, so it is of the same ROC, be it ahead or behind. */
static void
test_rfc3711_3_3_1_half_way_round_stays_in_its_roc(void **state)
{
	struct rs_srtp_keys keys = kit_keys(RS_SRTP_AES_CM_128_SHA1_80, 0);
	struct pair p = pair_new(RS_SRTP_BEST);
	uint8_t packet[KIT_ROOM];
	uint64_t seed = 1;
	uint32_t len;

	pair_start(&p, &keys);
	rs_srtp_set_roc(&p.from.rtp, 5);
	protect(&p, 1, 100, packet);
	protect(&p, 1, 100 + 32768, packet);
	assert_int_equal(rs_srtp_roc(&p.from.rtp), 5);
	len = kit_rtp(packet, &seed, 1, 100, 20);
	assert_int_equal(kit_one(p.e, KIT_PROTECT, &p.from, packet, &len), RS_SRTP_TOO_OLD);
	protect(&p, 1, 99, packet);
	assert_int_equal(rs_srtp_roc(&p.from.rtp), 6);
	kit_engine_free(p.e);
}

static void
test_rfc3711_3_3_1_initial_roc_must_be_the_senders(void **state)
{
	struct rs_srtp_keys keys = kit_keys(RS_SRTP_AES_CM_128_SHA1_80, 0);
	struct pair p = pair_new(RS_SRTP_BEST);
	uint8_t packet[KIT_ROOM];
	uint32_t len;

	pair_start(&p, &keys);
	rs_srtp_set_roc(&p.from.rtp, 0xfffffffe);
	len = protect(&p, 1, 65000, packet);
	assert_int_equal(deliver(&p, packet, len), RS_SRTP_AUTH_FAILED);
	assert_int_equal(rs_srtp_roc(&p.to.rtp), 0);
	rs_srtp_set_roc(&p.to.rtp, 0xfffffffe);
	assert_int_equal(deliver(&p, packet, len), RS_SRTP_OK);
	/* 9.2: after 2^48 packets there is no index left */
	len = protect(&p, 1, 10, packet);
	assert_int_equal(deliver(&p, packet, len), RS_SRTP_OK);
	len = protect(&p, 1, 30000, packet);
	assert_int_equal(deliver(&p, packet, len), RS_SRTP_OK);
	len = protect(&p, 1, 60000, packet);
	assert_int_equal(deliver(&p, packet, len), RS_SRTP_OK);
	packet[2] = packet[3] = 0;
	assert_int_equal(kit_one(p.e, KIT_PROTECT, &p.from, packet, &len), RS_SRTP_LIFETIME);
	kit_engine_free(p.e);
}

static void
test_rfc3711_3_3_2_replays_and_the_edge_of_the_window(void **state)
{
	for (unsigned suite = 0; suite < RS_SRTP_SUITES; suite++) {
		struct rs_srtp_keys keys = kit_keys(suite, 0);
		struct pair p = pair_new(RS_SRTP_BEST);
		static uint8_t packets[140][KIT_ROOM];
		uint32_t len[140];

		pair_start(&p, &keys);
		for (uint16_t i = 0; i < 140; i++)
			len[i] = protect(&p, 1, (uint16_t)(1000 + i), packets[i]);
		assert_int_equal(deliver(&p, packets[139], len[139]), RS_SRTP_OK);
		assert_int_equal(deliver(&p, packets[139], len[139]), RS_SRTP_REPLAYED);
		assert_int_equal(
			deliver(&p, packets[139 - RS_SRTP_WINDOW], len[139 - RS_SRTP_WINDOW]),
			RS_SRTP_TOO_OLD);
		assert_int_equal(
			deliver(&p, packets[140 - RS_SRTP_WINDOW], len[140 - RS_SRTP_WINDOW]),
			RS_SRTP_OK);
		assert_int_equal(
			deliver(&p, packets[140 - RS_SRTP_WINDOW], len[140 - RS_SRTP_WINDOW]),
			RS_SRTP_REPLAYED);
		assert_int_equal(deliver(&p, packets[100], len[100]), RS_SRTP_OK);
		kit_engine_free(p.e);
	}
}

static void
test_an_index_is_sent_once_unless_asked_for(void **state)
{
	struct rs_srtp_keys keys = kit_keys(RS_SRTP_AEAD_AES_256_GCM, 0);
	struct pair p = pair_new(RS_SRTP_BEST);
	uint8_t packet[KIT_ROOM];
	uint64_t seed = 1;
	uint32_t len;

	pair_start(&p, &keys);
	protect(&p, 1, 500, packet);
	protect(&p, 1, 498, packet); /* out of order is no matter */
	len = kit_rtp(packet, &seed, 1, 500, 9);
	assert_int_equal(kit_one(p.e, KIT_PROTECT, &p.from, packet, &len), RS_SRTP_REPLAYED);
	keys.options = RS_SRTP_REPEAT;
	pair_start(&p, &keys);
	protect(&p, 1, 500, packet);
	protect(&p, 1, 500, packet);
	kit_engine_free(p.e);
}

static void
test_rfc3711_9_2_lifetime(void **state)
{
	for (unsigned suite = 0; suite < RS_SRTP_SUITES; suite++) {
		struct rs_srtp_keys keys = kit_keys(suite, 0);
		struct pair p = pair_new(RS_SRTP_BEST);
		uint8_t packet[KIT_ROOM];
		uint64_t seed = 1;
		uint32_t len;

		keys.lifetime = 3;
		keys.rtcp_lifetime = 2;
		pair_start(&p, &keys);
		for (int i = 0; i < 3; i++) {
			len = protect(&p, 1, (uint16_t)i, packet);
			assert_int_equal(deliver(&p, packet, len), RS_SRTP_OK);
		}
		packet[3] = 9;
		len = 32;
		assert_int_equal(
			kit_one(p.e, KIT_PROTECT, &p.from, packet, &len), RS_SRTP_LIFETIME);
		keys.lifetime = 0;
		assert_int_equal(rs_srtp_init(p.e, &keys, p.from.gcm, &p.from.rtp), 0);
		len = protect(&p, 1, 9, packet);
		assert_int_equal(deliver(&p, packet, len), RS_SRTP_LIFETIME);
		for (int i = 0; i < 3; i++) {
			len = kit_rtcp(packet, &seed, 1, 4);
			assert_int_equal(kit_one(p.e, KIT_RTCP_PROTECT, &p.from, packet, &len),
				i < 2 ? RS_SRTP_OK : RS_SRTP_LIFETIME);
		}
		/* 2^31 packets, whatever the lifetime: the index has no more bits */
		keys.rtcp_lifetime = 0;
		pair_start(&p, &keys);
		rs_srtcp_set_index(&p.from.rtcp, 0x7fffffff);
		len = kit_rtcp(packet, &seed, 1, 4);
		assert_int_equal(kit_one(p.e, KIT_RTCP_PROTECT, &p.from, packet, &len), RS_SRTP_OK);
		assert_int_equal(kit_one(p.e, KIT_RTCP_UNPROTECT, &p.to, packet, &len), RS_SRTP_OK);
		assert_int_equal(
			kit_one(p.e, KIT_RTCP_PROTECT, &p.from, packet, &len), RS_SRTP_LIFETIME);
		kit_engine_free(p.e);
	}
}

static void
test_an_authentic_packet_of_another_ssrc_begins_a_stream(void **state)
{
	for (unsigned suite = 0; suite < RS_SRTP_NULL_SHA1_80; suite++) {
		struct rs_srtp_keys keys = kit_keys(suite, 0);
		struct pair p = pair_new(RS_SRTP_BEST);
		uint8_t a[KIT_ROOM], b[KIT_ROOM], forged[KIT_ROOM];
		uint32_t a_len, b_len, forged_len;
		struct rs_srtp_item item;

		pair_start(&p, &keys);
		rs_srtp_set_roc(&p.from.rtp, 7);
		rs_srtp_set_roc(&p.to.rtp, 7);
		a_len = protect(&p, 0xaaaa, 60000, a);
		assert_int_equal(deliver(&p, a, a_len), RS_SRTP_OK);
		memcpy(forged, a, a_len);
		forged_len = a_len;
		forged[11] ^= 1;
		assert_int_equal(deliver(&p, forged, forged_len), RS_SRTP_AUTH_FAILED);
		assert_int_equal(rs_srtp_roc(&p.to.rtp), 7);
		b_len = protect(&p, 0xbbbb, 3, b);
		item = (struct rs_srtp_item){
			.ctx = &p.to.rtp, .packet = memcpy(forged, b, b_len), .len = b_len
		};
		assert_int_equal(rs_srtp_unprotect_batch(p.e, &item, 1), 1);
		assert_int_equal(item.flags, RS_SRTP_NEW_SSRC);
		assert_int_equal(rs_srtp_roc(&p.to.rtp), 0);
		/*
		 * the one before is remembered with its ROC and window, and so is this one when
		 * that goes on
		 */
		assert_int_equal(deliver(&p, a, a_len), RS_SRTP_REPLAYED);
		a_len = protect(&p, 0xaaaa, 60001, a);
		assert_int_equal(deliver(&p, a, a_len), RS_SRTP_OK);
		assert_int_equal(rs_srtp_roc(&p.to.rtp), 7);
		assert_int_equal(deliver(&p, b, b_len), RS_SRTP_REPLAYED);
		keys.options = RS_SRTP_ONE_SSRC;
		assert_int_equal(rs_srtp_init(p.e, &keys, p.to.gcm, &p.to.rtp), 0);
		assert_int_equal(deliver(&p, b, b_len), RS_SRTP_OK);
		assert_int_equal(deliver(&p, a, a_len), RS_SRTP_WRONG_SSRC);
		kit_engine_free(p.e);
	}
}

static void
test_rfc3711_3_4_the_e_bit_is_the_packets_own(void **state)
{
	for (unsigned suite = 0; suite < RS_SRTP_SUITES; suite++) {
		struct rs_srtp_keys keys = kit_keys(suite, 0);
		struct pair p = pair_new(RS_SRTP_BEST);
		uint8_t packet[KIT_ROOM], plain[KIT_ROOM];
		uint64_t seed = 1;
		struct rs_srtp_item item = { .rtcp = &p.to.rtcp, .packet = packet };
		uint32_t len = kit_rtcp(plain, &seed, 1, 10);

		pair_start(&p, &keys);
		keys.options = RS_SRTP_UNENCRYPTED_RTCP;
		assert_int_equal(rs_srtcp_init(p.e, &keys, &p.from.rtcp), 0);
		item.len = len;
		memcpy(packet, plain, len);
		assert_int_equal(
			kit_one(p.e, KIT_RTCP_PROTECT, &p.from, packet, &item.len), RS_SRTP_OK);
		assert_memory_equal(packet, plain, len);
		assert_int_equal(rs_srtcp_unprotect_batch(p.e, &item, 1), 1);
		assert_int_equal(item.flags, RS_SRTP_CLEAR);
		assert_int_equal(item.out_len, len);
		assert_memory_equal(packet, plain, len);
		assert_int_equal(rs_srtcp_unprotect_batch(p.e, &item, 1), 0);
		assert_int_equal(item.status, RS_SRTP_REPLAYED);
		kit_engine_free(p.e);
	}
}

#define STORM 4000
#define KEYS  6

static void
storm_keys(unsigned n, struct rs_srtp_keys *keys)
{
	static const enum rs_srtp_suite suites[KEYS] = { RS_SRTP_AES_CM_128_SHA1_80,
		RS_SRTP_AES_CM_256_SHA1_32, RS_SRTP_AEAD_AES_128_GCM, RS_SRTP_NULL_SHA1_80,
		RS_SRTP_AES_CM_192_SHA1_80, RS_SRTP_AES_CM_128_SHA1_80 };

	*keys = kit_keys(suites[n], n % 2 * 4);
	keys->options = n == 5 ? RS_SRTP_UNAUTHENTICATED : 0;
	keys->lifetime = n == 4 ? 300 : 0;
}

/*
 * A sender that jumps, wraps, changes its SSRC; what it sends is lost, doubled, reordered and
 * damaged on its way.
 */
static unsigned
storm(struct rs_srtp_engine *e, uint64_t *seed, bool rtcp, uint8_t (*packets)[256], uint32_t *len,
	uint8_t *whose)
{
	static struct kit_side from[KEYS];
	uint16_t seq[KEYS] = { 0 };
	uint32_t ssrc[KEYS] = { 0 };
	unsigned n = 0;

	for (unsigned i = 0; i < KEYS; i++) {
		struct rs_srtp_keys keys;

		storm_keys(i, &keys);
		keys.options |= RS_SRTP_REPEAT;
		keys.lifetime = 0;
		assert_int_equal(kit_side(e, &keys, &from[i]), 0);
	}
	while (n < STORM) {
		unsigned k = kit_draw(seed, KEYS), act = kit_draw(seed, 100);

		seq[k] = (uint16_t)(seq[k] +
			(act < 80                  ? 1
					: act < 90 ? kit_draw(seed, 200)
						   : kit_draw(seed, 40000)));
		if (kit_draw(seed, 60) == 0)
			ssrc[k] = kit_draw(seed, 4);
		whose[n] = (uint8_t)k;
		len[n] = rtcp ? kit_rtcp(packets[n], seed, ssrc[k], kit_draw(seed, 20))
			      : kit_rtp(packets[n], seed, ssrc[k], seq[k], kit_draw(seed, 60));
		if (kit_one(e, rtcp ? KIT_RTCP_PROTECT : KIT_PROTECT, &from[k], packets[n],
			    &len[n]) != RS_SRTP_OK)
			continue;
		if (kit_draw(seed, 20) == 0)
			packets[n][kit_draw(seed, len[n])] ^= (uint8_t)(1u << kit_draw(seed, 8));
		n++;
		if (n > 1 && kit_draw(seed, 8) == 0) { /* again, or instead of another */
			unsigned old = n - 1 - kit_draw(seed, n < 150 ? n : 150),
				 at = kit_draw(seed, 2) ? n - 1 : old;

			memcpy(packets[at == old ? n - 1 : at], packets[old], 256);
			len[at == old ? n - 1 : at] = len[old];
			whose[at == old ? n - 1 : at] = whose[old];
		}
	}
	return n;
}

/* One after the other, and in batches of any size: the same verdicts, bytes and contexts. */
static void
batches_change_nothing(enum rs_srtp_backend backend, bool rtcp)
{
	static uint8_t packets[STORM][256], single[STORM][256], batched[STORM][256], whose[STORM];
	static struct kit_side one[KEYS], many[KEYS];
	static uint32_t len[STORM];
	static struct rs_srtp_item items[STORM];
	struct rs_srtp_engine *e = kit_engine(backend);
	unsigned n, seen[RS_SRTP_STATUSES] = { 0 };
	uint64_t seed = 99;

	if (e == NULL)
		return;
	for (int round = 0; round < 6; round++) {
		n = storm(e, &seed, rtcp, packets, len, whose);
		for (unsigned i = 0; i < KEYS; i++) {
			struct rs_srtp_keys keys;

			storm_keys(i, &keys);
			assert_int_equal(kit_side(e, &keys, &one[i]), 0);
			assert_int_equal(kit_side(e, &keys, &many[i]), 0);
		}
		memcpy(single, packets, sizeof(packets));
		memcpy(batched, packets, sizeof(packets));
		for (unsigned i = 0; i < n; i++) {
			items[i] = (struct rs_srtp_item){ .packet = batched[i], .len = len[i] };
			if (rtcp)
				items[i].rtcp = &many[whose[i]].rtcp;
			else
				items[i].ctx = &many[whose[i]].rtp;
		}
		for (unsigned i = 0, some; i < n; i += some) {
			some = 1 + kit_draw(&seed, 200);
			some = some < n - i ? some : n - i;
			if (rtcp)
				rs_srtcp_unprotect_batch(e, &items[i], some);
			else
				rs_srtp_unprotect_batch(e, &items[i], some);
		}
		for (unsigned i = 0; i < n; i++) {
			uint32_t out = len[i];
			enum rs_srtp_status status =
				kit_one(e, rtcp ? KIT_RTCP_UNPROTECT : KIT_UNPROTECT,
					&one[whose[i]], single[i], &out);

			seen[status]++;
			assert_int_equal(items[i].status, status);
			assert_int_equal(items[i].out_len, out);
			assert_memory_equal(batched[i], single[i], 256);
		}
		for (unsigned i = 0; i < KEYS; i++) {
			assert_memory_equal(
				&one[i].rtp.now, &many[i].rtp.now, sizeof(one[i].rtp.now));
			assert_memory_equal(&one[i].rtcp.before, &many[i].rtcp.before,
				sizeof(one[i].rtcp.before));
			assert_true(one[i].rtp.left == many[i].rtp.left &&
				one[i].rtcp.left == many[i].rtcp.left);
		}
	}
	assert_true(seen[RS_SRTP_OK] > 5000 && seen[RS_SRTP_AUTH_FAILED] > 100 &&
		seen[RS_SRTP_REPLAYED] > 100);
	assert_true(rtcp || (seen[RS_SRTP_TOO_OLD] > 10 && seen[RS_SRTP_LIFETIME] > 100));
	kit_engine_free(e);
}

static void
test_batches_change_nothing(void **state)
{
	for (int b = RS_SRTP_BEST; b < RS_SRTP_BACKENDS; b++) {
		batches_change_nothing(b, false);
		batches_change_nothing(b, true);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3711_3_3_1_roc_goes_up_when_the_sequence_number_wraps),
		cmocka_unit_test(test_rfc3711_3_3_1_half_way_round_stays_in_its_roc),
		cmocka_unit_test(test_rfc3711_3_3_1_initial_roc_must_be_the_senders),
		cmocka_unit_test(test_rfc3711_3_3_2_replays_and_the_edge_of_the_window),
		cmocka_unit_test(test_an_index_is_sent_once_unless_asked_for),
		cmocka_unit_test(test_rfc3711_9_2_lifetime),
		cmocka_unit_test(test_an_authentic_packet_of_another_ssrc_begins_a_stream),
		cmocka_unit_test(test_rfc3711_3_4_the_e_bit_is_the_packets_own),
		cmocka_unit_test(test_batches_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
