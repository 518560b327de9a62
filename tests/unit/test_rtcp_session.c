/* SPDX-License-Identifier: BSD-3-Clause */
/* When RTCP is due, what its reports say of a stream, and the round trip that comes of them. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "proto/rtcp/build.h"
#include "proto/rtcp/session.h"
#include "unit.h"

#define MS 1000000ull
#define S  1000000000ull

static void
assert_near(double got, double want, double error)
{
	if (!(fabs(got - want) <= error))
		fail_msg("got %.9g, not %.9g", got, want);
}

/* --- intervals --- */

static void
rfc3550_6_2_the_first_report_is_due_after_half_the_minimum(void **state)
{
	struct rs_rtcp_timer t;

	(void)state;
	/* Half of it, times 0.5 to 1.5, by e - 3/2. */
	rs_rtcp_timer_init(&t, 10 * S, 80000, RS_RTCP_MIN_NS, 100, true, 0);
	assert_near((double)(t.next_ns - 10 * S) / 1e9, 2.5 * 0.5 / 1.21828, 1e-6);
	rs_rtcp_timer_init(&t, 10 * S, 80000, RS_RTCP_MIN_NS, 100, true, 0.5);
	assert_near((double)(t.next_ns - 10 * S) / 1e9, 2.5 / 1.21828, 1e-6);
	t.initial = false;
	assert_near((double)rs_rtcp_timer_interval(&t, 0.5) / 1e9, 5 / 1.21828, 1e-6);
	assert_near((double)rs_rtcp_timer_interval(&t, 1) / 1e9, 7.5 / 1.21828, 1e-6);
}

static void
rfc3550_6_3_1_bandwidth_is_shared_25_to_75(void **state)
{
	struct rs_rtcp_timer t;

	(void)state;
	/* 8000 bit/s have 50 bytes/s of RTCP. Two parties that both send: 100 bytes each take 4 s. */
	rs_rtcp_timer_init(&t, 0, 8000, 0, 100, true, 0.5);
	assert_near((double)rs_rtcp_timer_interval(&t, 0.5) / 1e9, 2 * 100 / 50.0 / 1.21828, 1e-6);
	/* One sender of 100: a quarter for it, and three for the others. */
	t.members = 100;
	t.senders = 1;
	assert_near((double)rs_rtcp_timer_interval(&t, 0.5) / 1e9, 100 / 12.5 / 1.21828, 1e-6);
	t.sender = false;
	assert_near((double)rs_rtcp_timer_interval(&t, 0.5) / 1e9, 99 * 100 / 37.5 / 1.21828, 1e-5);
	/* More senders than a quarter: all share alike. */
	t.senders = 26;
	assert_near((double)rs_rtcp_timer_interval(&t, 0.5) / 1e9, 100 * 100 / 50.0 / 1.21828, 1e-5);
}

static void
rfc3550_6_3_3_the_average_size_is_smoothed(void **state)
{
	struct rs_rtcp_timer t;

	(void)state;
	rs_rtcp_timer_init(&t, 0, 8000, 0, 160, true, 0.5);
	rs_rtcp_timer_received(&t, 320);
	assert_near(t.avg_size, 170, 1e-4);
}

static void
rfc3550_6_3_6_reconsideration_may_put_a_report_off(void **state)
{
	struct rs_rtcp_timer t;
	uint64_t due;

	(void)state;
	rs_rtcp_timer_init(&t, 0, 80000, RS_RTCP_MIN_NS, 100, true, 0);
	due = t.next_ns;
	/* Drawn again, the interval is longer: not now. */
	assert_false(rs_rtcp_timer_due(&t, due, 100, 0.9));
	assert_true(t.next_ns > due);
	assert_true(t.initial);
	due = t.next_ns;
	assert_true(rs_rtcp_timer_due(&t, due, 100, 0.1));
	assert_false(t.initial);
	assert_true(t.last_ns == due);
	assert_near((double)(t.next_ns - due) / 1e9, 5 * 0.6 / 1.21828, 1e-6);
}

static void
rfc3550_6_3_reports_come_every_five_seconds_on_average(void **state)
{
	struct rs_rtcp_timer t;
	struct rs_rng rng = { 5 };
	int sent = 0;

	(void)state;
	rs_rtcp_timer_init(&t, 0, 80000, RS_RTCP_MIN_NS, 100, true, rs_random_unit(rs_rng_next(&rng)));
	while (t.next_ns < 100000 * S)
		sent += rs_rtcp_timer_due(&t, t.next_ns, 100, rs_random_unit(rs_rng_next(&rng)));
	assert_near(100000.0 / sent, 5, 0.25);
}

static void
rfc3550_6_3_4_fewer_members_report_sooner(void **state)
{
	struct rs_rtcp_timer t;

	(void)state;
	rs_rtcp_timer_init(&t, 0, 80000, RS_RTCP_MIN_NS, 100, true, 0.5);
	t.pmembers = t.members = 4;
	t.last_ns = 6 * S;
	t.next_ns = 14 * S;
	rs_rtcp_timer_members(&t, 10 * S, 1, 1);
	assert_true(t.next_ns == 11 * S);
	assert_true(t.last_ns == 9 * S);
	assert_int_equal(t.pmembers, 1);
}

/* --- time --- */

static void
rfc3550_4_ntp_counts_from_1900(void **state)
{
	(void)state;
	assert_true(rs_rtcp_ntp(0) == RS_RTCP_NTP_1970 << 32);
	assert_true(rs_rtcp_ntp(S / 2) == (RS_RTCP_NTP_1970 << 32 | 0x80000000u));
	for (uint64_t ns = 1700000000123456789u; ns < 1700000000123456789u + 100 * S; ns += 777777777)
		assert_true(rs_rtcp_unix_ns(rs_rtcp_ntp(ns)) == ns);
	assert_true(rs_rtcp_ntp(999999999) >> 32 == RS_RTCP_NTP_1970);
	assert_int_equal(rs_rtcp_short(0xb44db705e3a00000u), 0xb705e3a0);
	assert_int_equal(rs_rtcp_short_ns(5250 * MS), 0x54000);
	assert_true(rs_rtcp_short_ns(UINT64_MAX) == UINT32_MAX);
}

static void
rfc3550_6_4_1_figure_2_the_round_trip_is_6_125_s(void **state)
{
	uint64_t rtt;

	(void)state;
	assert_int_equal(rs_rtcp_round_trip(0xb7108000, 0xb7052000, 0x00054000, &rtt), 0);
	assert_true(rtt == 6125 * MS);
	assert_int_equal(rs_rtcp_round_trip(0xb7108000, 0, 0, &rtt), -ENODATA);
	/* Across the point where short timestamps come round. */
	assert_int_equal(rs_rtcp_round_trip(0x00008000, 0xffff8000, 0x8000, &rtt), 0);
	assert_true(rtt == 500 * MS);
	assert_int_equal(rs_rtcp_round_trip(0xb7052000, 0xb7052000, 1, &rtt), 0);
	assert_true(rtt == 0);
	assert_int_equal(rs_rtcp_round_trip(0xb7052000, 0xb7052000, 0x100, &rtt), -ERANGE);
}

/* --- reports --- */

static struct rs_rtp_profile profile;
static struct rs_rtp_rx rx;

static int
fresh(void **state)
{
	(void)state;
	rs_rtp_profile_init(&profile, 8000);
	profile.kind[0] = RS_RTP_MEDIA;
	rs_rtp_rx_init(&rx, &profile, S);
	return 0;
}

static void
take(int n)
{
	struct rs_rtp_packet p = { .ssrc = 0xabc, .seq = (uint16_t)(65530 + n), .timestamp = (uint32_t)n * 160 };

	rs_rtp_rx_packet(&rx, &p, S + (uint64_t)n * 20 * MS);
}

static void
rfc3550_a_3_fraction_and_cumulative_loss(void **state)
{
	struct rs_rtcp_reporter r = { 0 };
	struct rs_rtcp_report report;

	(void)state;
	assert_int_equal(rs_rtcp_reporter_report(&r, &rx, 2 * S, &report), -ENODATA);
	for (int n = 0; n < 100; n++)
		if (n % 4 != 1)
			take(n);
	assert_int_equal(rs_rtcp_reporter_report(&r, &rx, 3 * S, &report), 0);
	assert_int_equal(report.ssrc, 0xabc);
	assert_int_equal(report.fraction, 64);
	assert_int_equal(report.lost, 25);
	assert_int_equal(report.highest, 65530 + 99);
	assert_int_equal(report.lsr, 0);
	assert_int_equal(report.dlsr, 0);
	/* The fraction is that of the interval. */
	for (int n = 100; n < 200; n++)
		take(n);
	assert_int_equal(rs_rtcp_reporter_report(&r, &rx, 5 * S, &report), 0);
	assert_int_equal(report.fraction, 0);
	assert_int_equal(report.lost, 25);
	/* Nothing since. */
	assert_int_equal(rs_rtcp_reporter_report(&r, &rx, 6 * S, &report), 0);
	assert_int_equal(report.fraction, 0);
	/* Duplicates make it negative, and the fraction 0. */
	for (int n = 200; n < 300; n++) {
		take(n);
		take(n);
	}
	assert_int_equal(rs_rtcp_reporter_report(&r, &rx, 7 * S, &report), 0);
	assert_int_equal(report.fraction, 0);
	assert_int_equal(report.lost, -75);
}

static void
rfc3550_a_1_a_stream_that_begins_anew_is_reported_anew(void **state)
{
	struct rs_rtcp_reporter r = { 0 };
	struct rs_rtcp_report report;
	struct rs_rtp_packet p = { .ssrc = 0xabc };

	(void)state;
	for (int n = 0; n < 10; n++)
		take(n);
	assert_int_equal(rs_rtcp_reporter_report(&r, &rx, 3 * S, &report), 0);
	/* Elsewhere in the sequence, and further by now than the first one was: half of it is lost. */
	for (int n = 0; n < 40; n++) {
		p.seq = (uint16_t)(20000 + (n < 2 ? n : 2 * n - 2));
		p.timestamp = (uint32_t)n * 160;
		rs_rtp_rx_packet(&rx, &p, 4 * S + (uint64_t)n * 20 * MS);
	}
	assert_int_equal(rs_rtcp_reporter_report(&r, &rx, 5 * S, &report), 0);
	assert_int_equal(report.highest, 20000 + 76);
	assert_int_equal(report.lost, 76 - 39);
	assert_int_equal(report.fraction, 256 * (76 - 39) / 76);
}

static void
rfc3550_6_4_1_an_sr_and_its_report_give_the_round_trip(void **state)
{
	const uint64_t unix_ns = 1700000000 * S + 123456789;
	struct rs_rtcp_sender sr = { .ssrc = 0xabc, .ntp = rs_rtcp_ntp(unix_ns) };
	struct rs_rtcp_reporter r = { 0 };
	struct rs_rtcp_report report;
	uint64_t rtt;

	(void)state;
	take(0);
	/* 30 ms there, held for 1,500 ms, 20 ms back. The two clocks have nothing in common. */
	rs_rtcp_reporter_sr(&r, &sr, 77 * S);
	assert_int_equal(rs_rtcp_reporter_report(&r, &rx, 77 * S + 1500 * MS, &report), 0);
	assert_int_equal(
		rs_rtcp_round_trip(rs_rtcp_short(rs_rtcp_ntp(unix_ns + 1550 * MS)), report.lsr, report.dlsr, &rtt), 0);
	assert_near((double)rtt / 1e6, 50, 0.032);
}

static void
rfc3611_4_5_one_who_only_receives_has_a_round_trip_too(void **state)
{
	const uint64_t unix_ns = 1700000000 * S;
	struct rs_rtcp_reporter r = { 0 };
	struct rs_rtcp_dlrr dlrr;
	uint64_t rtt;

	(void)state;
	assert_int_equal(rs_rtcp_reporter_dlrr(&r, 5, 9 * S, &dlrr), -ENODATA);
	rs_rtcp_reporter_rrtr(&r, rs_rtcp_ntp(unix_ns), 10 * S);
	assert_int_equal(rs_rtcp_reporter_dlrr(&r, 5, 12 * S, &dlrr), 0);
	assert_int_equal(dlrr.ssrc, 5);
	assert_int_equal(rs_rtcp_round_trip(rs_rtcp_short(rs_rtcp_ntp(unix_ns + 2080 * MS)), dlrr.lrr, dlrr.dlrr, &rtt), 0);
	assert_near((double)rtt / 1e6, 80, 0.032);
}

static void
rfc3611_4_7_voip_metrics_of_a_stream(void **state)
{
	struct rs_rtcp_voip v;

	(void)state;
	for (int n = 0; n < 400; n++)
		if (n < 100 || n >= 110)
			take(n);
	rs_rtcp_voip_metrics(&rx, 20, &v);
	assert_int_equal(v.ssrc, 0xabc);
	assert_int_equal(v.loss, 256 * 10 / 400);
	assert_int_equal(v.discard, 0);
	assert_int_equal(v.burst_density, 255);
	assert_int_equal(v.gap_density, 0);
	assert_near(v.burst_ms, 200, 20);
	assert_near(v.gap_ms, 7800, 20);
	assert_int_equal(v.gmin, 16);
	assert_int_equal(v.buffer_nominal_ms, 60);
	assert_int_equal(v.r, 127);
	assert_int_equal(v.mos_lq, 127);
	assert_int_equal(v.signal_dbm, 127);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3550_6_2_the_first_report_is_due_after_half_the_minimum),
		cmocka_unit_test(rfc3550_6_3_1_bandwidth_is_shared_25_to_75),
		cmocka_unit_test(rfc3550_6_3_3_the_average_size_is_smoothed),
		cmocka_unit_test(rfc3550_6_3_6_reconsideration_may_put_a_report_off),
		cmocka_unit_test(rfc3550_6_3_reports_come_every_five_seconds_on_average),
		cmocka_unit_test(rfc3550_6_3_4_fewer_members_report_sooner),
		cmocka_unit_test(rfc3550_4_ntp_counts_from_1900),
		cmocka_unit_test(rfc3550_6_4_1_figure_2_the_round_trip_is_6_125_s),
		cmocka_unit_test_setup(rfc3550_a_3_fraction_and_cumulative_loss, fresh),
		cmocka_unit_test_setup(rfc3550_a_1_a_stream_that_begins_anew_is_reported_anew, fresh),
		cmocka_unit_test_setup(rfc3550_6_4_1_an_sr_and_its_report_give_the_round_trip, fresh),
		cmocka_unit_test_setup(rfc3611_4_5_one_who_only_receives_has_a_round_trip_too, fresh),
		cmocka_unit_test_setup(rfc3611_4_7_voip_metrics_of_a_stream, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
