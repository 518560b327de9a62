/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending, segment by segment: retransmission (RFC 6298), congestion (RFC 5681), recovery (RFC 6582, 6675). */
#include "tcp_script.h"

#define MSS 1000u

static struct script
begin(bool with_sack, uint16_t initial_window)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.initial_window = initial_window;
	cfg.send_bytes = 1 << 20;
	s = script_new(&cfg, 4);
	s.options.mss = MSS;
	s.options.sack_permitted = with_sack;
	script_established(&s);
	return s;
}

/** @n full segments from number @from on go out. */
static void
expect_segments(struct script *s, uint32_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		expect(s, A, 1 + (from + i) * MSS, 1, MSS);
}

/** The peer acknowledges all before segment @n. */
static void
ack(struct script *s, uint32_t n)
{
	in(s, A, 1, 1 + n * MSS, 0);
}

/** A copy of that, which says that it has segments @from to @to. */
static void
sacked(struct script *s, uint32_t n, uint32_t from, uint32_t to)
{
	sack(s, 1 + from * MSS, 1 + to * MSS);
	ack(s, n);
}

/** RFC 5681, 3.1 (IW of 4 segments at this size), then two for each that is acknowledged. */
static void
slow_start_doubles_and_avoidance_adds_one(void **state)
{
	struct script s = begin(false, 0);

	write_n(&s, 100 * MSS);
	expect_segments(&s, 0, 4);
	nothing(&s);
	ack(&s, 1);
	expect_segments(&s, 4, 2);
	ack(&s, 4);
	expect_segments(&s, 6, 4); /* three left the network, and one more may go: one a segment's ACK (RFC 5681, 3.1: min(N, SMSS)) */
	nothing(&s);
	assert_int_equal(info(s.e, s.h).cwnd, 6 * MSS);
	/* A time-out: the threshold is half of what was under way. */
	wait_ms(&s, 1500);
	assert_int_equal(info(s.e, s.h).ssthresh, 3 * MSS);
	script_free(&s);
}

static void
the_first_window_may_be_ten_segments(void **state)
{
	struct script s = begin(false, 10);

	write_n(&s, 100 * MSS);
	expect_segments(&s, 0, 10);
	nothing(&s);
	script_free(&s);
}

static void
small_writes_go_at_once(void **state)
{
	struct script s = begin(false, 10);

	for (uint32_t i = 0; i < 5; i++) { /* no Nagle */
		write_n(&s, 100);
		expect(&s, A, 1 + i * 100, 1, 100);
	}
	script_free(&s);
}

/* That were recorded for the report, and took so long. */
static uint32_t
round_trips_of(const struct script *s, uint64_t ns)
{
	return atomic_load(&s->e->cells.hists[RS_NET_TCP_RTT]->cells[rs_hist_index(ns)]);
}

/** RFC 6298 (2): SRTT = R, RTTVAR = R/2 at first; then the weights of 1/8 and 1/4. */
static void
round_trips_are_measured(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;
	struct rs_tcp_info i;

	cfg.rto_min_ns = RS_NS_PER_MS;
	s = script_new(&cfg, 4);
	script_connect(&s);
	s.r->now += MS(100);
	in(&s, S | A, 0, 1, 0);
	expect(&s, A, 1, 1, 0);
	i = info(s.e, s.h);
	assert_int_equal(i.srtt_us, 100000);
	assert_int_equal(i.rttvar_us, 50000);
	assert_int_equal(i.rto_us, 300000);
	write_n(&s, 10);
	s.r->now += MS(180);
	in(&s, A, 1, 11, 0);
	i = info(s.e, s.h);
	assert_int_equal(i.srtt_us, 110000);
	assert_int_equal(i.rttvar_us, 57500);
	assert_int_equal(i.rto_us, 340000);
	assert_int_equal(round_trips_of(&s, MS(100)), 1);
	assert_int_equal(round_trips_of(&s, MS(180)), 1);
	script_free(&s);
}

static void
the_timer_doubles_and_a_copy_is_not_measured(void **state)
{
	struct script s = begin(false, 10);

	write_n(&s, 10);
	expect(&s, A, 1, 1, 10);
	for (uint32_t wait = 200; wait <= 1600; wait *= 2) {
		wait_ms(&s, wait - 20);
		nothing(&s);
		wait_ms(&s, 25);
		expect(&s, A, 1, 1, 10);
	}
	assert_int_equal(info(s.e, s.h).retransmitted, 4);
	assert_int_equal(counted(&s, RS_NET_TCP_TX_RETRANSMITTED_BYTES), 40);
	assert_int_equal(counted(&s, RS_NET_TCP_RTO), 4);
	in(&s, A, 1, 11, 0);
	assert_int_equal(info(s.e, s.h).srtt_us, 1); /* the SYN's; which copy was meant nobody knows (RFC 6298, 3) */
	/* The long wait stays until something is measured (RFC 6298, 5). */
	write_n(&s, 10);
	expect(&s, A, 11, 1, 10);
	wait_ms(&s, 3000);
	nothing(&s);
	script_free(&s);
}

static void
a_timestamp_tells_which_copy_was_meant(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);
	struct segment seg;

	s.ts = true;
	s.ts_val = 500;
	script_established(&s);
	write_n(&s, 10);
	(void)out(&s);
	wait_ms(&s, 250);
	seg = expect(&s, A, 1, 1, 10); /* again */
	s.ts_ecr = seg.ts_val;
	wait_ms(&s, 20);
	in(&s, A, 1, 11, 0);
	assert_in_range(info(s.e, s.h).srtt_us, 1000, 30000);
	/* A lie about it does no harm. */
	write_n(&s, 10);
	wait_ms(&s, 250);
	s.ts_ecr = seg.ts_val + 1000000;
	in(&s, A, 1, 21, 0);
	assert_in_range(info(s.e, s.h).rto_us, 200000, 1000000);
	script_free(&s);
}

static void
what_is_never_acknowledged_ends_the_connection(void **state)
{
	struct script s = begin(false, 10);

	write_n(&s, 10);
	wait_ms(&s, 99000);
	assert_int_equal(state_of(&s), RS_TCP_ESTABLISHED);
	wait_ms(&s, 61000);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_TIMEOUT);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	assert_true(s.r->n_packets < 20);
	script_free(&s);
}

/**
 * After a time-out all counts as lost: from the beginning, one segment, then slow start; what an ACK jumps over is not
 * sent again.
 */
static void
after_a_time_out_we_go_back(void **state)
{
	struct script s = begin(false, 10);

	write_n(&s, 10 * MSS);
	expect_segments(&s, 0, 10);
	wait_ms(&s, 250);
	expect_segments(&s, 0, 1);
	nothing(&s);
	assert_int_equal(info(s.e, s.h).ssthresh, 5 * MSS);
	assert_int_equal(info(s.e, s.h).cwnd, MSS);
	ack(&s, 1);
	expect_segments(&s, 1, 2);
	ack(&s, 8); /* the peer had the others */
	expect_segments(&s, 8, 2);
	nothing(&s);
	script_free(&s);
}

/** RFC 3042: the first two duplicates let a new segment go each; RFC 5681, 3.2: the third one is a loss. */
static void
three_duplicates_are_a_loss(void **state)
{
	struct script s = begin(false, 10);

	write_n(&s, 30 * MSS);
	expect_segments(&s, 0, 10);
	ack(&s, 0);
	expect_segments(&s, 10, 1);
	ack(&s, 0);
	expect_segments(&s, 11, 1);
	ack(&s, 0);
	expect(&s, A, 1, 1, MSS); /* the one that is missing */
	nothing(&s);
	assert_int_equal(info(s.e, s.h).ssthresh, 6 * MSS);
	assert_int_equal(info(s.e, s.h).cwnd, 9 * MSS);
	/* Each further one says that something has left the network: the window is 9, 10, 11 ... and 12 are under way. */
	for (int i = 0; i < 3; i++)
		ack(&s, 0);
	nothing(&s);
	ack(&s, 0);
	expect_segments(&s, 12, 1);
	/* All that was under way when the loss was found. */
	ack(&s, 12);
	assert_int_equal(info(s.e, s.h).cwnd, 2 * MSS); /* RFC 6582, 3.2 (3): min(ssthresh, max(FlightSize, SMSS) + SMSS) */
	expect_segments(&s, 13, 1);
	assert_int_equal(counted(&s, RS_NET_TCP_RECOVERIES), 1);
	assert_int_equal(counted(&s, RS_NET_TCP_RTO), 0);
	script_free(&s);
}

/** RFC 6582, 3.2 (4): a partial acknowledgement shows the next loss. */
static void
a_partial_acknowledgement_is_the_next_loss(void **state)
{
	struct script s = begin(false, 10);

	write_n(&s, 10 * MSS);
	expect_segments(&s, 0, 10);
	for (int i = 0; i < 3; i++)
		ack(&s, 0);
	expect(&s, A, 1, 1, MSS);
	ack(&s, 4);
	expect(&s, A, 1 + 4 * MSS, 1, MSS);
	nothing(&s);
	ack(&s, 10);
	nothing(&s);
	assert_int_equal(info(s.e, s.h).retransmitted, 2);
	script_free(&s);
}

/** RFC 5681, 2: payload, another window or nothing under way make it no duplicate. */
static void
what_is_no_duplicate(void **state)
{
	struct script s = begin(false, 10);

	for (int i = 0; i < 5; i++)
		ack(&s, 0);
	write_n(&s, 10 * MSS);
	expect_segments(&s, 0, 10);
	for (uint32_t i = 0; i < 5; i++) {
		s.window -= 100;
		ack(&s, 0);
	}
	for (uint32_t i = 0; i < 5; i++)
		in(&s, A, 1 + i * 10, 1, 10);
	assert_int_equal(counted(&s, RS_NET_TCP_RECOVERIES), 0);
	assert_int_equal(info(s.e, s.h).retransmitted, 0);
	script_free(&s);
}

/** RFC 6675: holes below what the peer has are filled, each once; the rest of the window goes to new segments. */
static void
holes_are_filled_by_sack(void **state)
{
	struct script s = begin(true, 10);

	write_n(&s, 10 * MSS);
	expect_segments(&s, 0, 10);
	/* 0, 3 and 9 are lost. */
	sacked(&s, 0, 1, 2);
	sacked(&s, 0, 1, 3);
	nothing(&s);
	sack(&s, 1 + 4 * MSS, 1 + 5 * MSS);
	sacked(&s, 0, 1, 3); /* more than two segments above the first: lost */
	expect(&s, A, 1, 1, MSS);
	nothing(&s);
	assert_int_equal(info(s.e, s.h).ssthresh, 5 * MSS);
	for (uint32_t to = 6; to <= 9; to++) {
		sack(&s, 1 + 4 * MSS, 1 + to * MSS);
		sacked(&s, 0, 1, 3);
	}
	expect(&s, A, 1 + 3 * MSS, 1, MSS); /* as soon as the pipe has room */
	/* Nothing else is lost for sure: the last one is tried, once (NextSeg, rule 4). */
	expect(&s, A, 1 + 9 * MSS, 1, MSS);
	nothing(&s);
	ack(&s, 10);
	assert_int_equal(info(s.e, s.h).retransmitted, 3);
	assert_int_equal(info(s.e, s.h).cwnd, 5 * MSS);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
}

static void
new_segments_go_in_recovery(void **state)
{
	struct script s = begin(true, 10);

	write_n(&s, 12 * MSS);
	expect_segments(&s, 0, 10);
	sacked(&s, 0, 1, 4);
	expect(&s, A, 1, 1, MSS); /* one lost, six under way, cwnd is five */
	nothing(&s);
	sacked(&s, 0, 1, 7);
	expect_segments(&s, 10, 1);
	nothing(&s);
	sacked(&s, 0, 1, 8);
	expect_segments(&s, 11, 1);
	script_free(&s);
}

/** RFC 2018, 8: after a time-out the peer may have thrown away what it said it has. */
static void
after_a_time_out_sack_counts_no_more(void **state)
{
	struct script s = begin(true, 10);

	write_n(&s, 4 * MSS);
	expect_segments(&s, 0, 4);
	sacked(&s, 0, 1, 3);
	wait_ms(&s, 250);
	expect_segments(&s, 0, 1);
	ack(&s, 1);
	expect_segments(&s, 1, 2);
	/* What it says now counts again. */
	sacked(&s, 2, 3, 4);
	nothing(&s);
	ack(&s, 4);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
}

static void
lies_in_sack_are_passed_over(void **state)
{
	struct script s = begin(true, 10);
	uint64_t blocks;

	write_n(&s, 4 * MSS);
	expect_segments(&s, 0, 4);
	blocks = counted(&s, RS_NET_TCP_BLOCKS);
	for (int i = 0; i < 20; i++) {
		sacked(&s, 0, 1, 5);	  /* never sent */
		sacked(&s, 0, 3, 2);	  /* backwards */
		sacked(&s, 0, 0, 4);	  /* what it does not acknowledge */
		sacked(&s, 0, 0x80000, 1); /* from far away */
	}
	nothing(&s);
	assert_int_equal(counted(&s, RS_NET_TCP_RECOVERIES), 0);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), blocks); /* none for ranges */
	script_free(&s);
}

static void
more_ranges_than_there_is_room_for(void **state)
{
	struct script s = begin(true, 250);

	write_n(&s, 50 * MSS);
	s.looked = s.r->n_packets;
	for (uint32_t at = 10; at < 50 * MSS - 10; at += 4) {
		sack(&s, 1 + at, 1 + at + 2);
		ack(&s, 0);
	}
	ack(&s, 50);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
}

/** A duplicate is one without payload (RFC 5681, 2): what is out of order is told before anything else is sent. */
static void
duplicates_are_told_without_payload(void **state)
{
	struct script s = begin(true, 4);
	struct segment seg;

	write_n(&s, 10 * MSS);
	expect_segments(&s, 0, 4);
	in(&s, A, 101, 1 + 4 * MSS, 10);
	seg = expect(&s, A, 1 + 4 * MSS, 1, 0);
	assert_int_equal(seg.n_sacks, 1);
	expect_segments(&s, 4, 5);
	nothing(&s);
	script_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_start_doubles_and_avoidance_adds_one),
		cmocka_unit_test(the_first_window_may_be_ten_segments),
		cmocka_unit_test(small_writes_go_at_once),
		cmocka_unit_test(round_trips_are_measured),
		cmocka_unit_test(the_timer_doubles_and_a_copy_is_not_measured),
		cmocka_unit_test(a_timestamp_tells_which_copy_was_meant),
		cmocka_unit_test(what_is_never_acknowledged_ends_the_connection),
		cmocka_unit_test(after_a_time_out_we_go_back),
		cmocka_unit_test(three_duplicates_are_a_loss),
		cmocka_unit_test(a_partial_acknowledgement_is_the_next_loss),
		cmocka_unit_test(what_is_no_duplicate),
		cmocka_unit_test(holes_are_filled_by_sack),
		cmocka_unit_test(new_segments_go_in_recovery),
		cmocka_unit_test(after_a_time_out_sack_counts_no_more),
		cmocka_unit_test(duplicates_are_told_without_payload),
		cmocka_unit_test(lies_in_sack_are_passed_over),
		cmocka_unit_test(more_ranges_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
