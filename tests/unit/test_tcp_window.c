/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending within what the peer, the pools and the port have room for (RFC 9293, 3.8.6): closed and small windows, full
 * buffers.
 */
#include "tcp_script.h"

#define MSS 1000u

static struct script
begin(uint16_t initial_window)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.initial_window = initial_window;
	cfg.send_bytes = 1 << 20;
	s = script_new(&cfg, 4);
	s.options.mss = MSS;
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

static void
a_closed_window_is_probed(void **state)
{
	struct script s = begin(10);

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
	struct script s = begin(10);

	s.window = 0;
	ack(&s, 0);
	write_n(&s, 3 * MSS);
	wait_ms(&s, 170000);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_TIMEOUT);
	script_free(&s);
}

/** Who has closed keeps nobody's memory for a peer that keeps its window closed. */
static void
a_closed_window_outlives_its_user_by_100_seconds(void **state)
{
	struct script s = begin(10);

	s.window = 0;
	ack(&s, 0);
	write_n(&s, 3 * MSS);
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	for (int i = 0; i < 17; i++) {
		wait_ms(&s, 10000);
		s.r->n_packets = s.looked = 0;
		ack(&s, 0);
	}
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_TIMEOUT);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
}

static void
a_probe_that_was_taken_goes_on_from_there(void **state)
{
	struct script s = begin(10);

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
	struct script s = begin(10);

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
	struct script s = begin(10);

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
	struct script s = begin(4);

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
	struct script s = begin(10);

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
		cmocka_unit_test(a_closed_window_is_probed),
		cmocka_unit_test(a_closed_window_that_nobody_answers_for_ends_it),
		cmocka_unit_test(a_closed_window_outlives_its_user_by_100_seconds),
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
