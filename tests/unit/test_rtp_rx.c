/* SPDX-License-Identifier: BSD-3-Clause */
/* The receiving end of a stream. Packets are of 20 ms at 8000 Hz unless a test says otherwise. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "proto/rtp/rx.h"
#include "unit.h"

#define MS    1000000ull
#define START 1000000000ull

static struct rs_rtp_profile profile;
static struct rs_rtp_rx rx;
static struct rs_rtp_rx_report report;

static int
fresh(void **state)
{
	(void)state;
	assert_int_equal(rs_rtp_profile_init(&profile, 8000), 0);
	profile.kind[0] = RS_RTP_MEDIA;
	profile.kind[8] = RS_RTP_MEDIA;
	profile.kind[13] = RS_RTP_COMFORT;
	profile.kind[101] = RS_RTP_EVENT;
	rs_rtp_rx_init(&rx, &profile, START);
	return 0;
}

static uint32_t
take(uint8_t m_pt, uint16_t seq, uint32_t timestamp, uint64_t ms)
{
	struct rs_rtp_packet p = {
		.ssrc = 1, .seq = seq, .timestamp = timestamp, .pt = m_pt & 0x7f, .marker = m_pt >> 7 };

	return rs_rtp_rx_packet(&rx, &p, START + ms * MS);
}

/** Packet @n of a stream that begins with @first, @late_ms after its time. */
static uint32_t
nth(uint16_t first, int n, int late_ms)
{
	return take(0, (uint16_t)(first + n), (uint32_t)n * 160, (uint64_t)(1000 + n * 20 + late_ms));
}

static void
look(void)
{
	rs_rtp_rx_report(&rx, 20, &report);
}

static void
assert_near(double got, double want, double error)
{
	if (!(fabs(got - want) <= error))
		fail_msg("got %.9g, not %.9g", got, want);
}

/* --- sequence --- */

static void
rfc3550_a_1_a_sequence_that_comes_round_is_extended(void **state)
{
	(void)state;
	for (int n = 0; n < 200000; n++)
		assert_int_equal(nth(65000, n, 0), n == 0 ? RS_RTP_RX_FIRST | RS_RTP_RX_TALKSPURT : 0);
	look();
	assert_int_equal(rs_rtp_rx_expected(&rx), 200000);
	assert_int_equal(rs_rtp_rx_highest(&rx), 65000 + 199999);
	assert_int_equal(report.expected, 200000);
	assert_int_equal(report.received, 200000);
	assert_int_equal(report.lost, 0);
	assert_int_equal(report.missing, 0);
	assert_int_equal(report.late, 0);
	assert_near(report.jitter_ms, 0, 0);
}

static void
rfc3550_6_4_1_duplicates_make_lost_negative_and_not_missing(void **state)
{
	(void)state;
	for (int n = 0; n < 100; n++) {
		nth(10, n, 0);
		if (n % 4 == 0)
			assert_int_equal(nth(10, n, 1), RS_RTP_RX_DUPLICATE);
	}
	look();
	assert_int_equal(report.lost, -25);
	assert_int_equal(report.missing, 0);
	assert_int_equal(report.duplicates, 25);
	assert_int_equal(report.reordered, 0);
}

static void
losses_that_duplicates_hide_are_missing(void **state)
{
	(void)state;
	for (int n = 0; n < 1000; n++) {
		if (n % 10 == 5)
			continue;
		nth(65500, n, 0);
		if (n % 10 == 1)
			nth(65500, n, 1);
	}
	look();
	assert_int_equal(report.expected, 1000);
	assert_int_equal(report.lost, 0);
	assert_int_equal(report.missing, 100);
	assert_int_equal(report.duplicates, 100);
}

static void
packets_out_of_order_are_not_missing(void **state)
{
	(void)state;
	nth(0, 0, 0);
	nth(0, 1, 0);
	assert_int_equal(nth(0, 5, 0), RS_RTP_RX_GAP);
	assert_int_equal(nth(0, 2, 60), RS_RTP_RX_REORDERED);
	assert_int_equal(nth(0, 4, 20), RS_RTP_RX_REORDERED);
	assert_int_equal(nth(0, 4, 20), RS_RTP_RX_DUPLICATE);
	nth(0, 6, 0);
	look();
	assert_int_equal(report.missing, 1);
	assert_int_equal(report.lost, 0);
	assert_int_equal(report.reordered, 2);
	assert_int_equal(report.max_distance, 3);
	/* In front of the first: received, not expected. */
	fresh(state);
	nth(100, 3, 0);
	assert_int_equal(nth(100, 1, 41), RS_RTP_RX_REORDERED);
	assert_int_equal(nth(100, 1, 42), RS_RTP_RX_DUPLICATE);
	assert_int_equal(nth(100, 5, 3), RS_RTP_RX_GAP);
	look();
	assert_int_equal(report.expected, 3);
	assert_int_equal(report.missing, 1);
	assert_int_equal(report.lost, -1);
	assert_int_equal(rx.cold.before_first, 1);
}

static void
a_loss_longer_than_the_window_is_counted_whole(void **state)
{
	(void)state;
	for (int n = 0; n < 400; n++)
		nth(65000, n, 0);
	assert_int_equal(nth(65000, 3000, 0), RS_RTP_RX_GAP);
	for (int n = 3001; n < 3400; n++)
		assert_int_equal(nth(65000, n, 0), 0);
	look();
	assert_int_equal(report.expected, 3400);
	assert_int_equal(report.missing, 2600);
	assert_int_equal(report.lost, 2600);
	assert_int_equal(report.burst.bursts, 1);
	assert_int_equal(report.burst.counts.lost, 2600);
}

static void
rfc3550_a_1_one_packet_from_elsewhere_is_ignored_two_begin_anew(void **state)
{
	(void)state;
	for (int n = 0; n < 50; n++)
		nth(1000, n, 0);
	assert_int_equal(take(0, 30000, 0, 2001), RS_RTP_RX_BAD_SEQ);
	assert_int_equal(nth(1000, 50, 0), 0);
	assert_int_equal(take(0, 40000, 7, 2021), RS_RTP_RX_BAD_SEQ);
	assert_int_equal(take(0, 40001, 167, 2041), RS_RTP_RX_RESTARTED | RS_RTP_RX_FIRST | RS_RTP_RX_TALKSPURT);
	assert_int_equal(take(0, 40002, 327, 2061), 0);
	look();
	/* RFC 3550's count begins anew, ours is that of the stream. */
	assert_int_equal(rs_rtp_rx_expected(&rx), 2);
	assert_int_equal(report.expected, 53);
	assert_int_equal(report.missing, 0);
	assert_int_equal(rx.cold.bad_seq, 2);
	assert_int_equal(rx.cold.restarts, 1);
	assert_near(report.jitter_ms, 0, 0.001);
}

static void
rfc3550_a_1_probation_wants_packets_in_a_row(void **state)
{
	(void)state;
	profile.min_sequential = 2;
	assert_int_equal(nth(7, 0, 0), RS_RTP_RX_PROBATION);
	assert_int_equal(nth(7, 2, 0), RS_RTP_RX_PROBATION);
	assert_false(rs_rtp_rx_valid(&rx));
	look();
	assert_int_equal(report.expected, 0);
	assert_int_equal(nth(7, 3, 0), RS_RTP_RX_FIRST | RS_RTP_RX_TALKSPURT);
	assert_true(rs_rtp_rx_valid(&rx));
	nth(7, 4, 0);
	look();
	assert_int_equal(report.expected, 2);
	assert_int_equal(report.received, 2);
	assert_int_equal(report.missing, 0);
	assert_int_equal(rx.cold.probation, 2);
}

static uint32_t
from(uint32_t ssrc, int n, int late_ms)
{
	struct rs_rtp_packet p = { .ssrc = ssrc, .seq = (uint16_t)(ssrc * 1000 + (uint32_t)n), .timestamp = (uint32_t)n * 160 };

	return rs_rtp_rx_packet(&rx, &p, START + (uint64_t)(1000 + n * 20 + late_ms) * MS);
}

static void
another_ssrc_takes_over_when_two_of_its_packets_come_in_a_row(void **state)
{
	(void)state;
	for (int n = 0; n < 10; n++)
		from(1, n, 0);
	/* Interleaved, it does not: somebody else sends to this port as well. */
	for (int n = 10; n < 20; n++) {
		assert_int_equal(from(1, n, 0), 0);
		assert_int_equal(from(2, n, 0), RS_RTP_RX_OTHER_SSRC);
	}
	assert_int_equal(rx.cold.ssrc_changes, 0);
	assert_int_equal(from(1, 21, 0), RS_RTP_RX_GAP);
	assert_int_equal(from(3, 22, 0), RS_RTP_RX_OTHER_SSRC);
	assert_int_equal(from(3, 23, 0), RS_RTP_RX_SSRC_CHANGED);
	assert_int_equal(from(3, 24, 0), 0);
	look();
	assert_int_equal(rx.cold.ssrc_changes, 1);
	assert_int_equal(rx.cold.other_ssrc, 10);
	assert_int_equal(report.expected, 22 + 3);
	assert_int_equal(report.received, 21 + 3);
	assert_int_equal(report.missing, 1);
	assert_int_equal(rx.ssrc, 3);
}

/** What each packet's fate is known to be, against what the receiver says of a long stream with everything in it. */
static void
counts_hold_whatever_happens_to_packets(void **state)
{
	enum { N = 20000 };
	static uint8_t came[N];
	static int at[2 * N], order[2 * N];
	struct rs_rng rng = { 7 };
	int events = 0, missing = 0, duplicates = 0, last = 0;

	(void)state;
	memset(came, 0, sizeof(came));
	for (int n = 0; n < N; n++) {
		uint64_t r = rs_random_below(rs_rng_next(&rng), 100);

		if (n > 0 && n < N - 1 && r < 7)
			continue;
		for (int copies = n > 0 && r > 94 ? 2 : 1; copies > 0; copies--) {
			/* Up to 50 packets behind: far enough to be late, not to be out of the window. */
			bool held = n > 0 && n < N - 1 && r % 10 == 3;

			order[events] = n;
			at[events++] = n + (held ? (int)rs_random_below(rs_rng_next(&rng), 50) : 0);
		}
	}
	/* A stable sort by time: few packets are out of place, and none by much. */
	for (int i = 1; i < events; i++)
		for (int k = i; k > 0 && at[k - 1] > at[k]; k--) {
			int t = at[k], o = order[k];

			at[k] = at[k - 1];
			order[k] = order[k - 1];
			at[k - 1] = t;
			order[k - 1] = o;
		}
	for (int i = 0; i < events; i++) {
		uint32_t says = take(0, (uint16_t)(60000 + order[i]), (uint32_t)order[i] * 160,
			(uint64_t)(1000 + at[i] * 20));

		if (came[order[i]] != 0) {
			duplicates++;
			assert_true(says & RS_RTP_RX_DUPLICATE);
		} else {
			assert_false(says & RS_RTP_RX_DUPLICATE);
			assert_int_equal((says & RS_RTP_RX_REORDERED) != 0, order[i] < last);
			assert_int_equal((says & RS_RTP_RX_LATE) != 0, at[i] - order[i] > 3);
			came[order[i]] = at[i] - order[i] > 3 ? 2 : 1;
		}
		if (order[i] > last)
			last = order[i];
	}
	int late = 0;

	for (int n = 0; n < N; n++) {
		missing += came[n] == 0;
		late += came[n] == 2;
	}
	look();
	assert_int_equal(report.expected, N);
	assert_int_equal(report.received, events);
	assert_int_equal(report.lost, N - events);
	assert_int_equal(report.missing, missing);
	assert_int_equal(report.duplicates, duplicates);
	assert_int_equal(report.late, late);
	assert_int_equal(report.burst.counts.lost, missing);
	assert_int_equal(report.burst.counts.discarded, late);
	assert_near(report.burst.loss_percent, 100.0 * missing / N, 1e-9);
	assert_near(report.burst.discard_percent, 100.0 * late / N, 1e-9);
}

/* --- time --- */

static void
rfc3550_6_4_1_jitter_is_the_mean_deviation(void **state)
{
	double j = 0, was = 0;
	struct rs_rng rng = { 3 };

	(void)state;
	for (int n = 0; n < 2000; n++) {
		double late = (double)rs_random_below(rs_rng_next(&rng), 15);

		nth(1, n, (int)late);
		if (n > 0)
			j += (fabs(late - was) - j) / 16;
		was = late;
	}
	look();
	assert_near(report.jitter_ms, j, 2e-6);
	assert_int_equal(rs_rtp_rx_jitter_ticks(&rx), (uint32_t)(j * 8));
	assert_true(report.max_jitter_ms >= report.mean_jitter_ms);
}

static void
rfc3550_a_8_jitter_of_one_late_packet_fades_by_a_sixteenth(void **state)
{
	double j = 0;

	(void)state;
	for (int n = 0; n < 10; n++)
		nth(1, n, 0);
	nth(1, 10, 16);
	look();
	assert_near(report.jitter_ms, 1, 1e-6);
	nth(1, 11, 0);
	j = 1 + (16 - 1.0) / 16;
	nth(1, 12, 0);
	look();
	assert_near(report.jitter_ms, j - j / 16, 1e-6);
}

static void
a_clock_that_no_ns_divides_does_not_drift(void **state)
{
	struct rs_rtp_packet p = { .ssrc = 1, .pt = 0 };

	(void)state;
	assert_int_equal(rs_rtp_profile_init(&profile, 44100), 0);
	profile.kind[0] = RS_RTP_MEDIA;
	/* An hour of 20 ms. */
	for (uint64_t n = 0; n < 180000; n++) {
		p.seq = (uint16_t)n;
		p.timestamp = (uint32_t)(n * 882 + 0xfff00000u);
		assert_int_equal(rs_rtp_rx_packet(&rx, &p, START + n * 20 * MS) & RS_RTP_RX_LATE, 0);
	}
	look();
	assert_near(report.jitter_ms, 0, 1e-6);
	assert_int_equal(rs_rtp_profile_init(&profile, 0), -EINVAL);
}

static void
late_is_after_the_playout_that_the_talkspurt_began_with(void **state)
{
	(void)state;
	nth(1, 0, 0);
	assert_int_equal(nth(1, 1, 60), 0);
	assert_int_equal(nth(1, 2, 61), RS_RTP_RX_LATE);
	/* The second copy is no loss of its own. */
	assert_int_equal(nth(1, 2, 62), RS_RTP_RX_DUPLICATE);
	nth(1, 5, 10);
	look();
	assert_int_equal(report.late, 1);
	assert_int_equal(report.burst.counts.discarded, 1);
	assert_int_equal(report.burst.counts.lost, 2);
	/* A talkspurt that begins 100 ms later than the first one is as good as that. */
	assert_int_equal(take(0 | 0x80, 7, 6 * 160, 1000 + 6 * 20 + 100), RS_RTP_RX_TALKSPURT);
	assert_int_equal(nth(1, 7, 160), 0);
	assert_int_equal(nth(1, 8, 161), RS_RTP_RX_LATE);
	/* In video a marker ends a frame. */
	profile.talkspurts = false;
	assert_int_equal(take(0 | 0x80, 10, 9 * 160, 1000 + 9 * 20 + 200), RS_RTP_RX_LATE);
}

static void
the_playout_delay_is_a_setting(void **state)
{
	(void)state;
	profile.playout_ns = 20 * MS;
	nth(1, 0, 0);
	assert_int_equal(nth(1, 1, 20), 0);
	assert_int_equal(nth(1, 2, 21), RS_RTP_RX_LATE);
}

static void
rfc3389_comfort_noise_is_no_loss_no_gap_and_no_silence(void **state)
{
	(void)state;
	for (int n = 0; n < 10; n++)
		nth(1, n, 0);
	assert_int_equal(take(13, 11, 1600, 1200), RS_RTP_RX_COMFORT);
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 4000 * MS, 2000 * MS), RS_RTP_QUIET);
	/* Speech again after 3 s, on time by its own clock, without a marker and with. */
	assert_int_equal(take(0, 12, 1600 + 24000, 4200), RS_RTP_RX_TALKSPURT);
	assert_int_equal(take(0, 13, 1760 + 24000, 4220), 0);
	assert_int_equal(take(13, 14, 1920 + 24000, 4240), RS_RTP_RX_COMFORT);
	assert_int_equal(take(0x80, 15, 1760 + 24000 + 40160, 9240), RS_RTP_RX_TALKSPURT);
	look();
	assert_int_equal(report.missing, 0);
	assert_int_equal(report.late, 0);
	assert_int_equal(rx.cold.comfort, 2);
	assert_near(report.max_gap_ms, 20, 0);
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 9300 * MS, 2000 * MS), RS_RTP_HEARD);
	assert_int_equal(rs_rtp_rx_silence(&rx, rx.last_ns - 1, 2000 * MS), RS_RTP_HEARD); /* it came behind the begin of our turn */
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 11240 * MS, 2000 * MS), RS_RTP_TIMED_OUT);
}

static void
rfc4733_2_2_1_events_do_not_count_as_jitter_or_loss(void **state)
{
	(void)state;
	for (int n = 0; n < 10; n++)
		nth(1, n, 0);
	/* Eight packets of one event, all with the timestamp of its begin, instead of sound. */
	for (int n = 10; n < 18; n++)
		assert_int_equal(take((uint8_t)(101 | (n == 10 ? 0x80 : 0)), (uint16_t)(1 + n), 1600,
					 (uint64_t)(1000 + n * 20)),
			RS_RTP_RX_EVENT);
	for (int n = 18; n < 30; n++)
		assert_int_equal(nth(1, n, 0), 0);
	look();
	assert_int_equal(report.missing, 0);
	assert_int_equal(report.late, 0);
	assert_int_equal(rx.cold.events, 8);
	assert_near(report.max_jitter_ms, 0, 0);
	assert_near(report.max_gap_ms, 20, 0);
}

static void
a_payload_type_that_was_not_negotiated_is_counted(void **state)
{
	(void)state;
	nth(1, 0, 0);
	assert_int_equal(take(96, 2, 160, 1020), RS_RTP_RX_PT_UNKNOWN);
	assert_int_equal(nth(1, 2, 0), 0);
	assert_int_equal(take(8, 4, 480, 1060), RS_RTP_RX_PT_CHANGED);
	assert_int_equal(rx.cold.pt_unknown, 1);
	assert_int_equal(rx.cold.pt_changes, 1);
	look();
	assert_int_equal(report.missing, 0);
}

static void
timestamps_that_jump_are_counted_and_do_not_spoil_jitter(void **state)
{
	(void)state;
	for (int n = 0; n < 5; n++)
		nth(1, n, 0);
	/* Both ways. */
	assert_int_equal(take(0, 6, 0x80000000u, 1100), RS_RTP_RX_TS_JUMP | RS_RTP_RX_TALKSPURT);
	assert_int_equal(take(0, 7, 0x800000a0u, 1120), 0);
	assert_int_equal(take(0, 8, 0x80000000u - 160000, 1140), RS_RTP_RX_TS_JUMP | RS_RTP_RX_TALKSPURT);
	assert_int_equal(take(0, 9, 0x80000000u - 160000 + 160, 1160), 0);
	/* Time that passed without packets is not a jump. */
	assert_int_equal(take(0, 10, 0x80000000u - 160000 + 320 + 80000, 11180), 0);
	look();
	assert_int_equal(rx.cold.ts_jumps, 2);
	assert_int_equal(report.late, 0);
	assert_near(report.max_jitter_ms, 0, 0);
	assert_near(report.max_gap_ms, 10020, 0);
}

static void
a_reordered_packet_with_a_timestamp_from_nowhere_spoils_nothing(void **state)
{
	(void)state;
	for (int n = 0; n < 5; n++)
		nth(1, n, 0);
	nth(1, 6, 0);
	assert_true(take(0, 6, 0xf3000000u, 1125) & RS_RTP_RX_REORDERED);
	assert_int_equal(nth(1, 7, 0), 0);
	look();
	assert_int_equal(rx.cold.ts_jumps, 0);
	assert_near(report.max_jitter_ms, 0, 0);
	assert_int_equal(report.missing, 0);
}

static void
a_hold_is_neither_gap_nor_silence(void **state)
{
	(void)state;
	for (int n = 0; n < 5; n++)
		nth(1, n, 0);
	rs_rtp_rx_resume(&rx, &profile, START + 31000 * MS);
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 32999 * MS, 2000 * MS), RS_RTP_HEARD);
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 33000 * MS, 2000 * MS), RS_RTP_TIMED_OUT);
	/* Its timestamps stood still meanwhile. */
	assert_int_equal(take(0, 6, 5 * 160, 31030), RS_RTP_RX_TALKSPURT);
	assert_int_equal(take(0, 7, 6 * 160, 31050), 0);
	look();
	assert_near(report.max_gap_ms, 30, 0);
	assert_near(report.max_jitter_ms, 0, 0);
	assert_int_equal(report.late, 0);
}

static void
silence_and_the_first_packet_are_timed(void **state)
{
	(void)state;
	look();
	assert_int_equal(report.first_packet_ns, -1);
	assert_int_equal(report.expected, 0);
	assert_int_equal(rs_rtp_rx_silence(&rx, START - 1, 2000 * MS), RS_RTP_HEARD);
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 1999 * MS, 2000 * MS), RS_RTP_HEARD);
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 2000 * MS, 2000 * MS), RS_RTP_NEVER);
	nth(1, 0, 1250);
	look();
	assert_int_equal(report.first_packet_ns, 2250 * MS);
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 3000 * MS, 2000 * MS), RS_RTP_HEARD);
	assert_int_equal(rs_rtp_rx_silence(&rx, START + 4250 * MS, 2000 * MS), RS_RTP_TIMED_OUT);
}

#define T(name) cmocka_unit_test_setup(name, fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(rfc3550_a_1_a_sequence_that_comes_round_is_extended),
		T(rfc3550_6_4_1_duplicates_make_lost_negative_and_not_missing),
		T(losses_that_duplicates_hide_are_missing),
		T(packets_out_of_order_are_not_missing),
		T(a_loss_longer_than_the_window_is_counted_whole),
		T(rfc3550_a_1_one_packet_from_elsewhere_is_ignored_two_begin_anew),
		T(rfc3550_a_1_probation_wants_packets_in_a_row),
		T(another_ssrc_takes_over_when_two_of_its_packets_come_in_a_row),
		T(counts_hold_whatever_happens_to_packets),
		T(rfc3550_6_4_1_jitter_is_the_mean_deviation),
		T(rfc3550_a_8_jitter_of_one_late_packet_fades_by_a_sixteenth),
		T(a_clock_that_no_ns_divides_does_not_drift),
		T(late_is_after_the_playout_that_the_talkspurt_began_with),
		T(the_playout_delay_is_a_setting),
		T(rfc3389_comfort_noise_is_no_loss_no_gap_and_no_silence),
		T(rfc4733_2_2_1_events_do_not_count_as_jitter_or_loss),
		T(a_payload_type_that_was_not_negotiated_is_counted),
		T(timestamps_that_jump_are_counted_and_do_not_spoil_jitter),
		T(a_reordered_packet_with_a_timestamp_from_nowhere_spoils_nothing),
		T(a_hold_is_neither_gap_nor_silence),
		T(silence_and_the_first_packet_are_timed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
