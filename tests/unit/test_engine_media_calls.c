/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole runs with media: calls of a plan's activities, what they agree on by SIP, and what both ends hear. */
#include "engine/stream.h"
#include "sim.h"

#include <stdio.h>

#define MS RS_NS_PER_MS
#define S  RS_NS_PER_S

static uint64_t
count(const struct sim *s, uint32_t activity, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t w = 0; w < s->n; w++)
		n += rs_metric_get(&s->accounts[w]->activities[activity].media, row);
	return n;
}

/* 200 calls between two groups, by @cores on both ports. */
static void
run(struct sim *s, const char *cores, const char *profile, const char *mode, const char *more)
{
	char plan[2048];

	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/16\" ]; workers = { cores = [ %s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\" ]; } );\n"
		"media = ( { name = \"m\"; codecs = [ \"PCMU\", \"telephone-event\" ]; %s } );\n"
		"endpoints = ( { name = \"us\"; kind = \"trunk\"; port = \"a\"; count = 100; addresses = \"198.18.4.1\"; media = \"m\"; },\n"
		"  { name = \"them\"; port = \"b\"; count = 200; addresses = \"198.18.8.1-198.18.8.200\"; media = \"m\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"them\"; scenario = \"uas\"; ring = \"200ms\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"us\"; to = \"them\"; scenario = \"uac\"; rate = 100; total = 200; hold = \"4s\"; } );\n"
		"run = { mode = \"%s\"; %s };\n", cores, profile, mode, more);
	sim_open(s, plan);
	sim_play(s, 20 * S);
	sim_sums_hold(s);
	assert_int_equal(sim_count(s, 1, RS_AM_COMPLETED), 200);
	for (uint32_t a = 0; a < 2; a++) {
		assert_int_equal(count(s, a, RS_MEDIA_STARTED), 200);
		assert_int_equal(count(s, a, RS_MEDIA_ENDED), 200);
		assert_in_range(count(s, a, RS_MEDIA_SENT), 200 * 198, 200 * 202);
	}
	for (uint32_t w = 0; w < s->n; w++) {
		assert_int_equal(s->engines[w]->streams->ports.used, 0);
		assert_int_equal(s->engines[w]->streams->keys.used, 0);
	}
}

static void
all_is_heard(const struct sim *s)
{
	for (uint32_t a = 0; a < 2; a++) {
		assert_int_equal(count(s, a, RS_MEDIA_JUDGED), 200);
		assert_int_equal(count(s, a, RS_MEDIA_RATED), 200);
		assert_int_equal(count(s, a, RS_MEDIA_LOST), 0);
		assert_int_equal(count(s, a, RS_MEDIA_LATE), 0);
		assert_int_equal(count(s, a, RS_MEDIA_CROSSED), 0);
		assert_int_equal(count(s, a, RS_MEDIA_ONE_WAY), 0);
		assert_int_equal(count(s, a, RS_MEDIA_TIMED_OUT), 0);
		assert_int_equal(count(s, a, RS_MEDIA_WRONG_SOURCE), 0);
		assert_int_equal(count(s, a, RS_MEDIA_AUTH_FAILED), 0);
		assert_int_equal(count(s, a, RS_MEDIA_ABSENT), 0);
		/* What was on its way when the call ended came to nobody. */
		assert_in_range(count(s, a, RS_MEDIA_RECEIVED), count(s, 1 - a, RS_MEDIA_SENT) - 400, count(s, 1 - a, RS_MEDIA_SENT));
		for (uint32_t w = 0; w < s->n; w++) {
			const struct rs_hist *h = s->accounts[w]->activities[a].media.hists[RS_MEDIA_MOS];

			assert_true(h->min_ns == UINT64_MAX || h->min_ns > 4300000);
		}
	}
	assert_int_equal(count(s, 1, RS_MEDIA_LEGS_CROSSED), 0);
}

static void
plain_calls_hear_each_other_on_any_number_of_workers(void **state)
{
	static const char *const cores[] = { "0", "0, 0", "0, 0, 0" };

	for (uint32_t i = 0; i < 3; i++) {
		struct sim s = { 0 };

		run(&s, cores[i], "", i % 2 ? "sipp" : "rfc3261", "legs = \"called user\";");
		all_is_heard(&s);
		sim_close(&s);
	}
}

static void
srtp_calls_hear_each_other(void **state)
{
	static const char *const suites[] = { "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM" };

	for (uint32_t i = 0; i < 2; i++) {
		struct sim s = { 0 };
		char profile[256];

		snprintf(profile, sizeof(profile), "srtp = \"required\"; suites = [ \"%s\" ]; rtcp_mux = %s;", suites[i], i ? "true" : "false");
		run(&s, "0, 0", profile, "rfc3261", "");
		all_is_heard(&s);
		assert_int_equal(count(&s, 0, RS_MEDIA_SECURE), 200);
		sim_close(&s);
	}
}

/* What b's ports get from the even calls is exchanged, consistently in both directions. */
static unsigned
exchange(void *ctx, struct sim_packet *p)
{
	if (rs_rx_kind_of(p->data, p->len) != RS_RX_RTP || p->path.port != 1)
		return 1;
	p->path.local.b[3] ^= 1; /* the callee's neighbour: both got their first pair of ports */
	return 1;
}

static void
media_that_is_exchanged_between_two_calls_is_seen_by_their_legs(void **state)
{
	struct sim s = { .on_wire = exchange };

	run(&s, "0", "", "rfc3261", "legs = \"called user\";");
	assert_true(sim_count(&s, 1, RS_AM_LEGS_MATCHED) > 190);
	assert_true(count(&s, 1, RS_MEDIA_LEGS_CROSSED) > 100);
	sim_close(&s);
}

static void
streams_with_another_key_are_not_heard(void **state)
{
	struct sim s = { 0 };

	run(&s, "0",
		"srtp = \"required\"; suites = [ \"AES_CM_128_HMAC_SHA1_80\" ]; wrong = { wrong_key_percent = 50; };", "rfc3261", "");
	assert_in_range(count(&s, 0, RS_MEDIA_ONE_WAY) + count(&s, 1, RS_MEDIA_ONE_WAY), 150, 250);
	assert_in_range(count(&s, 0, RS_MEDIA_AUTH_FAILED), 15000, 25000);
	sim_close(&s);
}

static uint64_t
samples(const struct sim *s, uint32_t activity, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
			n += s->accounts[w]->activities[activity].media.hists[row]->cells[i];
	return n;
}

/* Nothing that a callee sends comes through. */
static unsigned
deaf_callers(void *ctx, struct sim_packet *p)
{
	return rs_rx_kind_of(p->data, p->len) == RS_RX_SIP || p->path.port == 1;
}

/*
 * 200 calls of 4 s at 100/s: 100 of them are due in the measured second, 50 of those before half of it had passed, until when the
 * generator is found to have been limited; answered ones arrive a little later.
 */
static void
streams_are_judged_with_their_calls_by_due_time_and_limited_seconds(void **state)
{
	static const char plan[] =
		"targets = [ \"198.18.0.0/16\" ]; workers = { cores = [ 0, 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\" ]; } );\n"
		"media = ( { name = \"m\"; codecs = [ \"PCMU\" ]; } );\n"
		"endpoints = ( { name = \"us\"; kind = \"trunk\"; port = \"a\"; count = 100; addresses = \"198.18.4.1\"; media = \"m\"; },\n"
		"  { name = \"them\"; port = \"b\"; count = 200; addresses = \"198.18.8.1-198.18.8.200\"; media = \"m\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"them\"; scenario = \"uas\"; ring = \"0s\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"us\"; to = \"them\"; scenario = \"uac\"; rate = 100; total = 200; hold = \"4s\"; } );\n"
		"run = { warmup = \"1s\"; measure = \"1s\"; };\n";
	_Atomic uint64_t limited_until = 0;

	for (int deaf = 0; deaf < 2; deaf++) {
		struct sim s = { .limited_until = &limited_until, .on_wire = deaf ? deaf_callers : NULL };
		uint64_t t0;

		atomic_store(&limited_until, 0);
		sim_open(&s, plan);
		t0 = s.now_ns;
		sim_play(&s, 2 * S);
		atomic_store(&limited_until, t0 + 1500 * MS);
		sim_play(&s, 18 * S);
		sim_sums_hold(&s);
		for (uint32_t a = 0; a < 2; a++) {
			bool hears = !(deaf && a == 1);

			assert_int_equal(count(&s, a, RS_MEDIA_JUDGED), 200);
			assert_in_range(count(&s, a, RS_MEDIA_M_JUDGED), 99, 101);
			assert_in_range(count(&s, a, RS_MEDIA_T_JUDGED), 49, 51);
			assert_int_equal(count(&s, a, RS_MEDIA_M_ONE_WAY), hears ? 0 : count(&s, a, RS_MEDIA_M_JUDGED));
			assert_int_equal(count(&s, a, RS_MEDIA_T_ONE_WAY), hears ? 0 : count(&s, a, RS_MEDIA_T_JUDGED));
			assert_int_equal(count(&s, a, RS_MEDIA_M_RATED), hears ? count(&s, a, RS_MEDIA_M_JUDGED) : 0);
			assert_int_equal(count(&s, a, RS_MEDIA_T_RATED), hears ? count(&s, a, RS_MEDIA_T_JUDGED) : 0);
			assert_int_equal(samples(&s, a, RS_MEDIA_M_MOS), count(&s, a, RS_MEDIA_M_RATED));
			assert_int_equal(samples(&s, a, RS_MEDIA_C_MOS), count(&s, a, RS_MEDIA_M_RATED) - count(&s, a, RS_MEDIA_T_RATED));
			assert_int_equal(samples(&s, a, RS_MEDIA_C_JITTER_MAX), samples(&s, a, RS_MEDIA_C_MOS));
			if (!hears)
				continue;
			assert_in_range(count(&s, a, RS_MEDIA_M_EXPECTED), 99 * 198, 101 * 202);
			assert_in_range(count(&s, a, RS_MEDIA_T_EXPECTED), 49 * 198, 51 * 202);
			assert_int_equal(count(&s, a, RS_MEDIA_M_LOST), 0);
		}
		sim_close(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_calls_hear_each_other_on_any_number_of_workers),
		cmocka_unit_test(srtp_calls_hear_each_other),
		cmocka_unit_test(media_that_is_exchanged_between_two_calls_is_seen_by_their_legs),
		cmocka_unit_test(streams_with_another_key_are_not_heard),
		cmocka_unit_test(streams_are_judged_with_their_calls_by_due_time_and_limited_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
