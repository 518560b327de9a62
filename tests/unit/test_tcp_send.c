/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending, segment by segment: retransmission (RFC 6298), congestion (RFC 5681), recovery (RFC 6582, 6675), windows (RFC 9293, 3.8.6). */
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

/** After a time-out all counts as lost: from the beginning, one segment, then slow start; what an ACK jumps over is not sent again. */
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

static void
a_closed_window_is_probed(void **state)
{
	struct script s = begin(false, 10);

	s.window = 0;
	ack(&s, 0);
	write_n(&s, 3 * MSS);
	nothing(&s);
	for (uint32_t wait = 200; wait <= 1600; wait *= 2) {
		wait_ms(&s, wait - 20);
		nothing(&s);
		wait_ms(&s, 25);
		expect(&s, A, 1, 1, 1); /* one byte (RFC 9293, 3.8.6.1) */
		ack(&s, 0);
	}
	assert_int_equal(counted(&s, RS_NET_TCP_WINDOW_PROBES), 4);
	/* For as long as it answers. */
	for (int i = 0; i < 10; i++) {
		wait_ms(&s, 60100);
		ack(&s, 0);
	}
	assert_int_equal(state_of(&s), RS_TCP_ESTABLISHED);
	s.looked = s.r->n_packets;
	s.window = 65535;
	ack(&s, 0);
	expect_segments(&s, 0, 3);
	ack(&s, 3);
	nothing(&s);
	script_free(&s);
}

static void
a_closed_window_that_nobody_answers_for_ends_it(void **state)
{
	struct script s = begin(false, 10);

	s.window = 0;
	ack(&s, 0);
	write_n(&s, 3 * MSS);
	wait_ms(&s, 170000);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_TIMEOUT);
	script_free(&s);
}

static void
a_probe_that_was_taken_goes_on_from_there(void **state)
{
	struct script s = begin(false, 10);

	s.window = 0;
	ack(&s, 0);
	write_n(&s, 2 * MSS);
	wait_ms(&s, 210);
	expect(&s, A, 1, 1, 1);
	s.window = 65535;
	in(&s, A, 1, 2, 0);
	expect(&s, A, 2, 1, MSS);
	expect(&s, A, 2 + MSS, 1, MSS - 1);
	nothing(&s);
	script_free(&s);
}

/** RFC 9293, 3.8.6.2.1: no small segments for a window that opens by little; after a while what fits goes. */
static void
a_small_window_brings_no_small_segments(void **state)
{
	struct script s = begin(false, 10);

	s.window = 4000;
	ack(&s, 0);
	write_n(&s, 10 * MSS);
	expect_segments(&s, 0, 4);
	s.window = 300;
	ack(&s, 4);
	nothing(&s);
	wait_ms(&s, 195);
	nothing(&s);
	wait_ms(&s, 10);
	expect(&s, A, 4001, 1, 300);
	s.window = 65535;
	in(&s, A, 1, 4301, 0);
	expect(&s, A, 4301, 1, MSS);
	script_free(&s);
}

/** A window that shrinks below what is under way (RFC 9293, 3.8.6): nothing is sent beyond it, and it is probed. */
static void
a_window_may_shrink(void **state)
{
	struct script s = begin(false, 10);

	write_n(&s, 20 * MSS);
	expect_segments(&s, 0, 10);
	s.window = 0;
	ack(&s, 2);
	nothing(&s);
	wait_ms(&s, 210);
	expect(&s, A, 1 + 2 * MSS, 1, 1);
	s.window = 3000;
	ack(&s, 2);
	expect_segments(&s, 2, 3);
	nothing(&s);
	assert_int_equal(counted(&s, RS_NET_TCP_RTO), 0);
	script_free(&s);
}

/** RFC 5681, 4.1. */
static void
after_an_idle_time_the_window_is_the_first_one(void **state)
{
	struct script s = begin(false, 4);

	write_n(&s, 60 * MSS);
	for (uint32_t sent = 0; sent < 60;) {
		while (s.looked < s.r->n_packets)
			expect_segments(&s, sent++, 1);
		ack(&s, sent);
	}
	assert_true(info(s.e, s.h).cwnd > 4 * MSS);
	wait_ms(&s, 1000);
	s.looked = s.r->n_packets;
	write_n(&s, 100 * MSS);
	assert_int_equal(s.r->n_packets - s.looked, 4);
	script_free(&s);
}

static void
a_full_buffer_says_when_there_is_room(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.send_bytes = 10000;
	s = script_new(&cfg, 4);
	s.options.mss = MSS;
	script_established(&s);
	assert_int_equal(write_n(&s, 15000), 10000);
	assert_int_equal(write_n(&s, 1), 0);
	ack(&s, 4);
	assert_told(s.e, RS_TCP_CONNECTED, RS_TCP_CAUSE_NONE);
	ack(&s, 6);
	assert_told(s.e, RS_TCP_WRITABLE, RS_TCP_CAUSE_NONE);
	assert_int_equal(write_n(&s, 15000), 6000);
	script_free(&s);
}

static void
an_empty_pool_of_blocks_makes_writers_wait(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;
	rs_handle a;

	cfg.blocks = 8;
	s = script_new(&cfg, 4);
	script_established(&s);
	assert_in_range(write_n(&s, 65536), 8 * 2048 - 4095, 8 * 2048);
	assert_int_equal(counted(&s, RS_NET_TCP_NO_BLOCK), 1);
	a = s.h;
	/* Another one finds nothing, and hears of it when something comes back. */
	s.path.local_port++;
	s.looked = s.r->n_packets;
	script_established(&s);
	assert_int_equal(write_n(&s, 10), 0);
	assert_int_equal(counted(&s, RS_NET_TCP_NO_BLOCK), 2);
	wait_ms(&s, 50);
	assert_told(s.e, RS_TCP_CONNECTED, RS_TCP_CAUSE_NONE);
	assert_int_equal(rs_tcp_abort(s.e->t, a, s.r->now), 0);
	wait_ms(&s, 10);
	assert_told(s.e, RS_TCP_WRITABLE, RS_TCP_CAUSE_NONE);
	assert_int_equal(write_n(&s, 10), 10);
	script_free(&s);
}

static void
without_packets_it_tries_again_soon(void **state)
{
	struct script s = begin(false, 10);

	s.e->no_buffers = 3;
	write_n(&s, 2 * MSS);
	nothing(&s);
	wait_ms(&s, 20);
	expect_segments(&s, 0, 2);
	assert_int_equal(counted(&s, RS_NET_TCP_TX_NO_BUFFER), 3);
	assert_int_equal(info(s.e, s.h).retransmitted, 0);
	/* A SYN as well. */
	s.path.local_port++;
	s.e->no_buffers = 1;
	assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &s.h), 0);
	nothing(&s);
	wait_ms(&s, 7);
	assert_int_equal(out(&s).flags, S);
	script_free(&s);
}

static void
a_port_that_cuts_gets_large_segments(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.tso_bytes = 1900; /* the rig has no room for more */
	s = script_new(&cfg, 4);
	s.options.mss = 536;
	script_established(&s);
	write_n(&s, 3000);
	expect(&s, A, 1, 1, 3 * 536);
	expect(&s, A, 1 + 3 * 536, 1, 3000 - 3 * 536);
	/* What is sent again is one segment. */
	wait_ms(&s, 250);
	expect(&s, A, 1, 1, 536);
	script_free(&s);
}

static void
a_port_that_sums_gets_the_pseudo_header(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;
	struct packet *p;
	struct rs_path peer;
	struct segment seg;

	cfg.checksum_offload = true;
	s = script_new(&cfg, 4);
	assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &s.h), 0);
	p = &s.r->packets[0];
	peer = flip(&p->path);
	assert_int_equal(rs_tcp_segment_parse(&peer, p->bytes, p->len, false, &seg), RS_NET_TCP_RX_BAD_CHECKSUM);
	assert_int_equal(rs_tcp_segment_parse(&peer, p->bytes, p->len, true, &seg), 0);
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
		cmocka_unit_test(lies_in_sack_are_passed_over),
		cmocka_unit_test(more_ranges_than_there_is_room_for),
		cmocka_unit_test(a_closed_window_is_probed),
		cmocka_unit_test(a_closed_window_that_nobody_answers_for_ends_it),
		cmocka_unit_test(a_probe_that_was_taken_goes_on_from_there),
		cmocka_unit_test(a_small_window_brings_no_small_segments),
		cmocka_unit_test(a_window_may_shrink),
		cmocka_unit_test(after_an_idle_time_the_window_is_the_first_one),
		cmocka_unit_test(a_full_buffer_says_when_there_is_room),
		cmocka_unit_test(an_empty_pool_of_blocks_makes_writers_wait),
		cmocka_unit_test(without_packets_it_tries_again_soon),
		cmocka_unit_test(a_port_that_cuts_gets_large_segments),
		cmocka_unit_test(a_port_that_sums_gets_the_pseudo_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
