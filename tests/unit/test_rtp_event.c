/* SPDX-License-Identifier: BSD-3-Clause */
/* Telephone events (RFC 4733). A step is 20 ms at 8000 Hz: 160 ticks. */
#include <errno.h>
#include <string.h>

#include "guard.h"
#include "proto/rtp/event.h"
#include "unit.h"

#define PACKETS 1200

static struct rs_rtp_event_packet packets[PACKETS];
static struct rs_rtp_event_rx rx;
static struct rs_rtp_event_seen seen[PACKETS * 3];
static unsigned n_seen;

static int
fresh(void **state)
{
	(void)state;
	rx = (struct rs_rtp_event_rx){ 0 };
	n_seen = 0;
	return 0;
}

/** All packets of one event. @return how many */
static unsigned
play(char digit, uint32_t ticks, uint32_t timestamp)
{
	struct rs_rtp_event_tx tx;
	unsigned n = 0;

	assert_int_equal(rs_rtp_event_begin(&tx, (uint8_t)rs_rtp_event_code(digit), 10, ticks, 160, timestamp), 0);
	while (n < PACKETS && rs_rtp_event_next(&tx, &packets[n]))
		n++;
	assert_false(rs_rtp_event_next(&tx, &packets[PACKETS - 1]));
	return n;
}

static void
hear(const struct rs_rtp_event_packet *p)
{
	struct guard g = guard_new(p->payload, sizeof(p->payload));

	n_seen += rs_rtp_event_input(&rx, g.p, g.len, p->timestamp, p->marker, &seen[n_seen]);
	guard_free(&g);
}

static unsigned
ticks_of(const struct rs_rtp_event_packet *p)
{
	return (unsigned)p->payload[2] << 8 | p->payload[3];
}

static void
assert_seen(unsigned i, char digit, bool ended, uint32_t ticks, bool start_lost, bool end_lost)
{
	assert_true(i < n_seen);
	assert_int_equal(rs_rtp_event_char(seen[i].code), digit);
	assert_int_equal(seen[i].ended, ended);
	assert_int_equal(seen[i].ticks, ticks);
	assert_int_equal(seen[i].start_lost, start_lost);
	assert_int_equal(seen[i].end_lost, end_lost);
}

static void
rfc4733_2_5_1_an_event_is_updates_and_three_ends(void **state)
{
	unsigned n = play('5', 800, 4000);

	(void)state;
	/* 100 ms: four updates, then the end, three times. */
	assert_int_equal(n, 4 + 3);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(packets[i].timestamp, 4000);
		assert_int_equal(packets[i].marker, i == 0);
		assert_int_equal(packets[i].end, i >= 4);
		assert_int_equal(packets[i].payload[0], 5);
		assert_int_equal(packets[i].payload[1], (i >= 4 ? 0x80 : 0) | 10);
		assert_int_equal(ticks_of(&packets[i]), i < 4 ? (i + 1) * 160 : 800);
	}
	/* Shorter than a step, and no multiple of it. */
	assert_int_equal(play('5', 100, 0), 3);
	assert_true(packets[0].marker && packets[0].end && ticks_of(&packets[0]) == 100);
	assert_int_equal(play('5', 200, 0), 4);
	assert_int_equal(ticks_of(&packets[3]), 200);
}

static void
rfc4733_2_5_1_3_a_long_event_is_segments(void **state)
{
	/* 20 s: two whole segments and a rest. */
	unsigned n = play('#', 160000, 0xffff0000u), segments = 1;

	(void)state;
	assert_int_equal(n, 1000 + 2);
	for (unsigned i = 1; i < n; i++) {
		assert_false(packets[i].marker);
		if (packets[i].timestamp == packets[i - 1].timestamp)
			continue;
		segments++;
		assert_int_equal(ticks_of(&packets[i - 1]), 0xffff);
		assert_false(packets[i - 1].end);
		assert_int_equal(packets[i].timestamp, packets[i - 1].timestamp + 0xffff);
	}
	assert_int_equal(segments, 3);
	assert_int_equal(ticks_of(&packets[n - 1]), 160000 - 2 * 0xffff);
	for (unsigned i = 0; i < n; i++)
		hear(&packets[i]);
	assert_int_equal(n_seen, 2);
	assert_seen(1, '#', true, 160000, false, false);
	/* The packet that told the end of a segment may be lost: the next one begins where it must have ended. */
	fresh(state);
	for (unsigned i = 0; i < n; i++)
		if (ticks_of(&packets[i]) != 0xffff)
			hear(&packets[i]);
	assert_int_equal(n_seen, 2);
	assert_seen(1, '#', true, 160000, false, false);
}

static void
digits_are_seen_in_order_with_their_durations(void **state)
{
	const char *digits = "0123456789*#ABCD!";

	(void)state;
	for (unsigned i = 0; digits[i]; i++) {
		unsigned n = play(digits[i], 800 + i, 1000 + i * 1600);

		for (unsigned k = 0; k < n; k++)
			hear(&packets[k]);
		assert_int_equal(n_seen, 2 * i + 2);
		assert_seen(2 * i, digits[i], false, 0, false, false);
		assert_seen(2 * i + 1, digits[i], true, 800 + i, false, false);
		assert_int_equal(seen[2 * i].volume, 10);
	}
	assert_int_equal(rx.duplicates, 2 * strlen(digits));
	assert_int_equal(rs_rtp_event_code('d'), 15);
	assert_int_equal(rs_rtp_event_code('x'), -1);
	assert_int_equal(rs_rtp_event_char(17), 0);
}

static void
the_same_digit_twice_is_two_digits(void **state)
{
	unsigned n;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		n = play('1', 800, i * 1200);
		for (unsigned k = 0; k < n; k++)
			hear(&packets[k]);
	}
	assert_int_equal(n_seen, 4);
	assert_seen(3, '1', true, 800, false, false);
}

static void
lost_packets_leave_the_digit_and_are_told(void **state)
{
	unsigned n = play('7', 800, 0);

	(void)state;
	/* Without its first two packets. */
	for (unsigned i = 2; i < n; i++)
		hear(&packets[i]);
	assert_int_equal(n_seen, 2);
	assert_seen(0, '7', false, 0, true, false);
	assert_seen(1, '7', true, 800, true, false);
	/* One of the three ends is enough. */
	fresh(state);
	for (unsigned i = 0; i < n; i++)
		if (i < 4 || i == 6)
			hear(&packets[i]);
	assert_seen(1, '7', true, 800, false, false);
	/* Without any end: the next digit ends it, as far as told. */
	fresh(state);
	for (unsigned i = 0; i < 4; i++)
		hear(&packets[i]);
	play('8', 800, 1600);
	hear(&packets[0]);
	assert_int_equal(n_seen, 3);
	assert_seen(1, '7', true, 640, false, true);
	assert_seen(2, '8', false, 0, false, false);
	n_seen += rs_rtp_event_flush(&rx, &seen[n_seen]);
	assert_seen(3, '8', true, 160, false, true);
	assert_int_equal(rs_rtp_event_flush(&rx, &seen[n_seen]), 0);
	/* Of a digit whose ends alone came both are told at once. */
	fresh(state);
	n = play('9', 800, 0);
	hear(&packets[n - 1]);
	assert_int_equal(n_seen, 2);
	assert_seen(1, '9', true, 800, true, false);
}

static void
packets_out_of_order_are_not_another_digit(void **state)
{
	struct rs_rtp_event_packet seven;
	unsigned n = play('7', 800, 0);

	(void)state;
	hear(&packets[0]);
	hear(&packets[2]);
	hear(&packets[1]);
	hear(&packets[4]);
	hear(&packets[3]);
	hear(&packets[5]);
	assert_int_equal(n_seen, 2);
	assert_seen(1, '7', true, 800, false, false);
	assert_int_equal(rx.duplicates, 2);
	seven = packets[n - 1];
	play('8', 800, 1600);
	hear(&packets[0]);
	hear(&seven);
	assert_int_equal(n_seen, 3);
	assert_int_equal(rx.stale, 1);
}

static void
rfc4733_2_5_1_5_events_of_one_packet_follow_each_other(void **state)
{
	const uint8_t payload[] = { 1, 0x8a, 0x03, 0x20, 2, 0x0a, 0x00, 0xa0 };
	struct guard g = guard_new(payload, sizeof(payload));

	(void)state;
	n_seen = rs_rtp_event_input(&rx, g.p, g.len, 500, true, seen);
	guard_free(&g);
	assert_int_equal(n_seen, 3);
	assert_seen(1, '1', true, 800, false, false);
	assert_seen(2, '2', false, 0, false, false);
	assert_int_equal(rx.timestamp, 1300);
}

static void
what_is_no_report_is_counted(void **state)
{
	static const uint8_t zeros[64];

	(void)state;
	for (size_t len = 0; len < 4; len++) {
		struct guard g = guard_new(zeros, len);

		assert_int_equal(rs_rtp_event_input(&rx, g.p, len, 0, true, seen), 0);
		guard_free(&g);
	}
	assert_int_equal(rx.malformed, 4);
	rs_rtp_event_input(&rx, zeros, 6, 0, true, seen);
	assert_int_equal(rx.malformed, 5);
	assert_true(rs_rtp_event_input(&rx, zeros, 64, 0, true, seen) <= RS_RTP_EVENT_SEEN);
	assert_int_equal(rx.malformed, 6);
}

static void
what_cannot_be_said_is_refused(void **state)
{
	struct rs_rtp_event_tx tx;

	(void)state;
	assert_int_equal(rs_rtp_event_begin(&tx, 1, 64, 800, 160, 0), -EINVAL);
	assert_int_equal(rs_rtp_event_begin(&tx, 1, 10, 0, 160, 0), -EINVAL);
	assert_int_equal(rs_rtp_event_begin(&tx, 1, 10, 800, 0, 0), -EINVAL);
}

#define T(name) cmocka_unit_test_setup(name, fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(rfc4733_2_5_1_an_event_is_updates_and_three_ends),
		T(rfc4733_2_5_1_3_a_long_event_is_segments),
		T(digits_are_seen_in_order_with_their_durations),
		T(the_same_digit_twice_is_two_digits),
		T(lost_packets_leave_the_digit_and_are_told),
		T(packets_out_of_order_are_not_another_digit),
		T(rfc4733_2_5_1_5_events_of_one_packet_follow_each_other),
		T(what_is_no_report_is_counted),
		T(what_cannot_be_said_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
