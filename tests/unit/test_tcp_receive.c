/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receiving, segment by segment: order, windows, acknowledgements (RFC 9293, 3.8.6; RFC 5681, 4.2; RFC 2018), what
 * users do not take.
 */
#include "tcp_script.h"

static struct script
begin(void)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.receive_bytes = 8192;
	s = script_new(&cfg, 4);
	s.options.sack_permitted = true;
	s.e->got_cap = 1 << 20;
	s.e->got = malloc(s.e->got_cap);
	assert_non_null(s.e->got);
	script_established(&s);
	return s;
}

/** The user has bytes 1 to @n, each the right one. */
static void
assert_got(const struct script *s, uint32_t n)
{
	assert_int_equal(s->e->n_got, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(s->e->got[i], text_at(i + 1));
}

static void
the_second_segment_is_acknowledged_at_once(void **state)
{
	struct script s = begin();

	in(&s, A, 1, 1, 100);
	assert_got(&s, 100);
	nothing(&s);
	in(&s, A, 101, 1, 100);
	expect(&s, A, 1, 201, 0);
	in(&s, A, 201, 1, 100);
	wait_ms(&s, 38);
	nothing(&s);
	wait_ms(&s, 4); /* and one alone after 40 ms; the RFC's end is 500 ms */
	expect(&s, A, 1, 301, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_ACKS_DELAYED), 1);
	script_free(&s);
}

static void
answer(struct end *e, rs_handle h, struct rs_slice bytes)
{
	assert_int_equal(rs_tcp_write(e->t, h, rs_slice_str("200 OK"), e->rig->now), 6);
}

static void
an_answer_takes_the_acknowledgement_along(void **state)
{
	struct script s = begin();

	s.e->on_data = answer;
	in(&s, A | P, 1, 1, 100);
	expect(&s, A, 1, 101, 6); /* although it was written within the call-back */
	wait_ms(&s, 100);
	nothing(&s);
	script_free(&s);
}

static void
what_comes_too_early_is_held(void **state)
{
	struct script s = begin();
	struct segment seg;

	in(&s, A, 1001, 1, 1000);
	seg = expect(&s, A, 1, 1, 0); /* at once, and it says what is here */
	assert_int_equal(seg.n_sacks, 1);
	assert_int_equal(seg.sacks[0].from - PEER_ISN, 1001);
	assert_int_equal(seg.sacks[0].to - PEER_ISN, 2001);
	in(&s, A, 3001, 1, 500);
	seg = expect(&s, A, 1, 1, 0);
	assert_int_equal(seg.n_sacks, 2);
	assert_int_equal(seg.sacks[0].from - PEER_ISN, 3001); /* the last one first (RFC 2018, 4) */
	assert_int_equal(seg.sacks[1].from - PEER_ISN, 1001);
	assert_int_equal(s.e->n_got, 0);
	in(&s, A, 1, 1, 1000);
	seg = expect(&s, A, 1, 2001, 0);
	assert_int_equal(seg.n_sacks, 1);
	assert_got(&s, 2000);
	in(&s, A, 1501, 1, 1600); /* overlaps on both sides */
	expect(&s, A, 1, 3501, 0);
	assert_got(&s, 3500);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_OUT_OF_ORDER), 2);
	script_free(&s);
}

static void
overlaps_in_any_order_make_the_same_bytes(void **state)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct script s = begin();
		struct rs_rng g = { seed };
		uint32_t had = 0;

		while (s.e->n_got < 6000 && had++ < 2000) {
			uint32_t from = 1 + (uint32_t)rs_random_below(rs_rng_next(&g), 6000);
			uint32_t len = 1 + (uint32_t)rs_random_below(rs_rng_next(&g), 1200), next = 1 + (uint32_t)s.e->n_got;

			if (had % 8 == 0) /* now and then what is missing, with some of what is not */
				from = next > 50 ? next - from % 50 : next;
			in(&s, A, from, 1, from + len > 6001 ? 6001 - from : len);
			s.r->n_packets = s.looked = 0;
		}
		assert_got(&s, 6000);
		assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
		script_free(&s);
	}
}

static void
copies_are_acknowledged_and_not_given_twice(void **state)
{
	struct script s = begin();

	in(&s, A, 1, 1, 100);
	in(&s, A, 1, 1, 100);
	expect(&s, A, 1, 101, 0);
	in(&s, A, 51, 1, 100); /* half of it is new */
	assert_got(&s, 150);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_DUPLICATE), 1);
	script_free(&s);
}

static void
beyond_the_window_nothing_is_taken(void **state)
{
	struct script s = begin();

	in(&s, A, 1 + 8192, 1, 10);
	expect(&s, A, 1, 1, 0);
	in(&s, A, 1 + 8000, 1, 400); /* the last 192 fit */
	expect(&s, A, 1, 1, 0);
	in(&s, A, 1, 1, 8000);
	expect(&s, A, 1, 8193, 0);
	assert_got(&s, 8192);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_OUT_OF_WINDOW), 1);
	script_free(&s);
}

static void
what_is_not_taken_closes_the_window(void **state)
{
	struct script s = begin();
	struct segment seg;

	s.e->take_max = 0;
	for (uint32_t i = 0; i < 8; i++)
		in(&s, A, 1 + i * 1000, 1, 1000);
	s.looked = s.r->n_packets - 1;
	seg = expect(&s, A, 1, 8001, 0);
	assert_int_equal(seg.window, 192);
	in(&s, A, 8001, 1, 1000); /* the rest is cut off */
	wait_ms(&s, 50);
	seg = expect(&s, A, 1, 8193, 0);
	assert_int_equal(seg.window, 0);
	/* A probe of the closed window is answered, what it acknowledges counts. */
	write_n(&s, 10);
	expect(&s, A, 1, 8193, 10);
	in(&s, A, 8193, 11, 1);
	seg = expect(&s, A, 11, 8193, 0);
	assert_int_equal(seg.window, 0);
	assert_int_equal(info(s.e, s.h).unacked_bytes, 0);
	assert_int_equal(info(s.e, s.h).unread_bytes, 8192);
	assert_in_range(info(s.e, s.h).blocks, 4, 5);
	/* A little read says nothing yet (silly windows), much does. */
	s.e->take_max = 500;
	assert_int_equal(rs_tcp_read(s.e->t, s.h, s.r->now), 0);
	assert_got(&s, 500);
	nothing(&s);
	s.e->take_max = SIZE_MAX;
	assert_int_equal(rs_tcp_read(s.e->t, s.h, s.r->now), 0);
	assert_got(&s, 8192);
	seg = expect(&s, A, 11, 8193, 0);
	assert_int_equal(seg.window, 8192);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
}

static void
order_holds_while_the_user_waits(void **state)
{
	struct script s = begin();

	s.e->take_max = 30;
	in(&s, A, 1, 1, 100);
	in(&s, A, 201, 1, 100);
	in(&s, A, 101, 1, 100);
	assert_got(&s, 30);
	s.e->take_max = SIZE_MAX;
	assert_int_equal(rs_tcp_read(s.e->t, s.h, s.r->now), 0);
	assert_got(&s, 300);
	in(&s, A, 301, 1, 100);
	assert_got(&s, 400);
	script_free(&s);
}

static void
without_blocks_what_cannot_be_kept_is_not_acknowledged(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.blocks = 3;
	cfg.receive_bytes = 16384;
	s = script_new(&cfg, 4);
	script_established(&s);
	s.e->take_max = 0;
	for (uint32_t i = 0; i < 10; i++)
		in(&s, A, 1 + i * 1000, 1, 1000);
	assert_in_range(info(s.e, s.h).unread_bytes, 2 * 2048, 3 * 2048);
	s.looked = s.r->n_packets - 1;
	assert_int_equal(out(&s).ack - PEER_ISN - 1, info(s.e, s.h).unread_bytes);
	assert_true(counted(&s, RS_NET_TCP_RX_NO_MEMORY) > 0);
	script_free(&s);
}

static void
holes_are_bounded(void **state)
{
	struct script s = begin();

	for (uint32_t i = 0; i < 4000; i++) {
		in(&s, A, 3 + i * 2, 1, 1);
		s.r->n_packets = s.looked = 0;
	}
	assert_true(info(s.e, s.h).blocks <= 6);
	assert_true(counted(&s, RS_NET_TCP_RX_NO_MEMORY) > 3000);
	in(&s, A, 1, 1, 8192);
	assert_int_equal(s.e->n_got, 8192);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
}

static void
a_fin_waits_for_what_is_missing(void **state)
{
	struct script s = begin();

	in(&s, F | A, 101, 1, 50);
	assert_told(s.e, RS_TCP_CONNECTED, RS_TCP_CAUSE_NONE);
	in(&s, A, 151, 1, 100); /* behind the FIN: a lie */
	in(&s, A, 1, 1, 100);
	assert_told(s.e, RS_TCP_HALF_CLOSED, RS_TCP_CAUSE_NONE);
	assert_got(&s, 150);
	assert_int_equal(state_of(&s), RS_TCP_CLOSE_WAIT);
	s.looked = s.r->n_packets - 1;
	expect(&s, A, 1, 152, 0);
	script_free(&s);
}

static void
the_end_is_told_when_all_was_read(void **state)
{
	struct script s = begin();

	s.e->take_max = 0;
	in(&s, F | A, 1, 1, 100);
	expect(&s, A, 1, 102, 0);
	assert_int_equal(s.e->n_told, 1);
	s.e->take_max = SIZE_MAX;
	assert_int_equal(rs_tcp_read(s.e->t, s.h, s.r->now), 0);
	assert_got(&s, 100);
	assert_told(s.e, RS_TCP_HALF_CLOSED, RS_TCP_CAUSE_NONE);
	script_free(&s);
}

static void
abort_it(struct end *e, rs_handle h, struct rs_slice bytes)
{
	assert_int_equal(rs_tcp_abort(e->t, h, e->rig->now), 0);
	assert_int_equal(rs_tcp_write(e->t, h, rs_slice_str("x"), e->rig->now), -ENOENT);
}

static void
close_it(struct end *e, rs_handle h, struct rs_slice bytes)
{
	assert_int_equal(rs_tcp_read(e->t, h, e->rig->now), -EBUSY);
	assert_int_equal(rs_tcp_close(e->t, h, e->rig->now), 0);
	assert_int_equal(rs_tcp_close(e->t, h, e->rig->now), -EALREADY);
	assert_int_equal(rs_tcp_write(e->t, h, rs_slice_str("x"), e->rig->now), -EPIPE);
}

static void
users_may_end_it_in_a_call_back(void **state)
{
	struct script s = begin();

	s.e->on_data = abort_it;
	in(&s, F | A, 1, 1, 100);
	assert_int_equal(out(&s).flags, R | A);
	nothing(&s);
	assert_int_equal(counted(&s, RS_NET_TCP_OPEN), 0);
	script_free(&s);

	s = begin();
	s.e->on_data = close_it;
	s.e->take_max = 10; /* nobody is there for the rest */
	in(&s, A, 1, 1, 100);
	expect(&s, F | A, 1, 101, 0);
	assert_int_equal(state_of(&s), RS_TCP_FIN_WAIT_1);
	script_free(&s);

	s = begin();
	s.e->on_data = close_it; /* it would complain if it were called once more */
	in(&s, A, 101, 1, 100);
	in(&s, A, 1, 1, 100);
	s.looked = s.r->n_packets - 1;
	expect(&s, F | A, 1, 201, 0);
	assert_int_equal(s.e->n_got, 100);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_segment_is_acknowledged_at_once),
		cmocka_unit_test(an_answer_takes_the_acknowledgement_along),
		cmocka_unit_test(what_comes_too_early_is_held),
		cmocka_unit_test(overlaps_in_any_order_make_the_same_bytes),
		cmocka_unit_test(copies_are_acknowledged_and_not_given_twice),
		cmocka_unit_test(beyond_the_window_nothing_is_taken),
		cmocka_unit_test(what_is_not_taken_closes_the_window),
		cmocka_unit_test(order_holds_while_the_user_waits),
		cmocka_unit_test(without_blocks_what_cannot_be_kept_is_not_acknowledged),
		cmocka_unit_test(holes_are_bounded),
		cmocka_unit_test(a_fin_waits_for_what_is_missing),
		cmocka_unit_test(the_end_is_told_when_all_was_read),
		cmocka_unit_test(users_may_end_it_in_a_call_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
