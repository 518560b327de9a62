/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How connections end (RFC 9293, 3.6 and 3.10.7.4): all states, half-close, TIME-WAIT and its reuse (RFC 6191),
 * keep-alive.
 */
#include "tcp_script.h"

static struct script
begin(bool ts)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	s.ts = ts;
	s.ts_val = 1000;
	script_established(&s);
	return s;
}

/** RFC 9293, figure 12: we close first. */
static void
we_close_first(void **state)
{
	struct script s = begin(false);

	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	expect(&s, F | A, 1, 1, 0);
	assert_int_equal(state_of(&s), RS_TCP_FIN_WAIT_1);
	in(&s, A, 1, 2, 0);
	assert_int_equal(state_of(&s), RS_TCP_FIN_WAIT_2);
	in(&s, F | A, 1, 2, 0);
	expect(&s, A, 2, 2, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
	assert_int_equal(counted(&s, RS_NET_TCP_OPEN), 0);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 1);
	assert_int_equal(counted(&s, RS_NET_TCP_CLOSED), 1);
	/* For 60 s the FIN is answered if it comes again, and each time the 60 s begin anew. */
	wait_ms(&s, 50000);
	in(&s, F | A, 1, 2, 0);
	expect(&s, A, 2, 2, 0);
	wait_ms(&s, 59000);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 1);
	assert_true(rs_tcp_next_due(s.e->t) <= s.r->now + MS(1100));
	wait_ms(&s, 1100);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 0);
	assert_int_equal(rs_tcp_next_due(s.e->t), UINT64_MAX);
	script_free(&s);
}

static void
the_peer_closes_first(void **state)
{
	struct script s = begin(false);

	in(&s, F | A, 1, 1, 0);
	expect(&s, A, 1, 2, 0);
	assert_told(s.e, RS_TCP_HALF_CLOSED, RS_TCP_CAUSE_NONE);
	assert_int_equal(state_of(&s), RS_TCP_CLOSE_WAIT);
	write_n(&s, 10); /* half-closed: we may still send */
	expect(&s, A, 1, 2, 10);
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	expect(&s, F | A, 11, 2, 0);
	assert_int_equal(state_of(&s), RS_TCP_LAST_ACK);
	in(&s, A, 2, 11, 0);
	assert_int_equal(state_of(&s), RS_TCP_LAST_ACK);
	in(&s, A, 2, 12, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 0); /* that is the other end's */
	nothing(&s);
	script_free(&s);
}

/** RFC 9293, figure 13. */
static void
both_close_at_once(void **state)
{
	struct script s = begin(false);

	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	expect(&s, F | A, 1, 1, 0);
	in(&s, F | A, 1, 1, 0);
	expect(&s, A, 2, 2, 0);
	assert_int_equal(state_of(&s), RS_TCP_CLOSING);
	in(&s, A, 2, 2, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 1);
	script_free(&s);
}

static void
fin_and_its_acknowledgement_in_one(void **state)
{
	struct script s = begin(false);

	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	expect(&s, F | A, 1, 1, 0);
	in(&s, F | A, 1, 2, 0);
	expect(&s, A, 2, 2, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
	script_free(&s);
}

/** After shutdown we receive as before, for as long as the peer wants. */
static void
a_half_closed_connection_receives(void **state)
{
	struct script s = begin(false);

	assert_int_equal(rs_tcp_shutdown(s.e->t, s.h, s.r->now), 0);
	assert_int_equal(rs_tcp_shutdown(s.e->t, s.h, s.r->now), -EPIPE);
	expect(&s, F | A, 1, 1, 0);
	in(&s, A, 1, 2, 0);
	wait_ms(&s, 200000);
	in(&s, A, 1, 2, 100);
	in(&s, F | A, 101, 2, 100);
	assert_int_equal(s.e->n_got, 200);
	assert_int_equal(s.e->n_told, 3);
	assert_int_equal(s.e->told[1].event, RS_TCP_HALF_CLOSED);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
	script_free(&s);
}

static void
a_fin_is_sent_again(void **state)
{
	struct script s = begin(false);

	write_n(&s, 10);
	expect(&s, A, 1, 1, 10);
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	expect(&s, F | A, 11, 1, 0);
	in(&s, A, 1, 11, 0); /* the FIN was lost */
	wait_ms(&s, 250);
	expect(&s, F | A, 11, 1, 0);
	/* And both, in one. */
	script_free(&s);
	s = begin(false);
	write_n(&s, 10);
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	s.looked = s.r->n_packets;
	wait_ms(&s, 250);
	expect(&s, F | A, 1, 1, 10);
	script_free(&s);
}

static void
a_fin_that_never_comes_is_not_waited_for(void **state)
{
	struct script s = begin(false);

	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	in(&s, A, 1, 2, 0);
	wait_ms(&s, 59000);
	assert_int_equal(state_of(&s), RS_TCP_FIN_WAIT_2);
	wait_ms(&s, 1500);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_TIMEOUT);
	s.looked = s.r->n_packets - 1;
	assert_int_equal(out(&s).flags, R | A);
	script_free(&s);
}

/** RFC 9293, 3.6.1: bytes that nobody will read are answered by RST. */
static void
bytes_after_close_are_reset(void **state)
{
	struct script s = begin(false);

	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	expect(&s, F | A, 1, 1, 0);
	in(&s, A, 1, 2, 10);
	assert_int_equal(out(&s).flags, R | A);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_RESET);
	script_free(&s);
}

/** RFC 6455, 7.1.1: what was said last is to be read, also by a peer that speaks itself; but not for ever. */
static void
bytes_after_a_gentle_close_are_thrown_away(void **state)
{
	struct script s = begin(false);

	write_n(&s, 4);
	expect(&s, A, 1, 1, 4);
	assert_int_equal(rs_tcp_close_gently(s.e->t, s.h, s.r->now), 0);
	expect(&s, F | A, 5, 1, 0);
	in(&s, A, 1, 1, 1000); /* before it has heard of that */
	in(&s, A, 1001, 6, 1000);
	wait_ms(&s, 250);
	assert_int_equal(state_of(&s), RS_TCP_FIN_WAIT_2);
	in(&s, F | A, 2001, 6, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
	assert_int_equal(counted(&s, RS_NET_TCP_ABORTED), 0);
	script_free(&s);

	s = begin(false);
	assert_int_equal(rs_tcp_close_gently(s.e->t, s.h, s.r->now), 0);
	for (uint32_t i = 0; i < 70; i++) /* more than the window was */
		in(&s, A, 1 + 1000 * i, 2, 1000);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_RESET);
	script_free(&s);
}

static void
close_with_bytes_unread_is_a_reset(void **state)
{
	struct script s = begin(false);

	s.e->take_max = 5;
	in(&s, A, 1, 1, 10);
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 1);
	s.looked = s.r->n_packets - 1;
	assert_int_equal(out(&s).flags, R | A);
	assert_int_equal(s.e->n_told, 1); /* it said so itself */
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	assert_int_equal(counted(&s, RS_NET_TCP_ABORTED), 1);
	script_free(&s);
}

static void
close_before_the_connection_is_no_connection(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	script_connect(&s);
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 1);
	nothing(&s);
	in(&s, S | A, 0, 1, 0);
	expect(&s, R, 1, 0, 0);
	script_free(&s);
}

static void
abort_is_a_reset_where_the_peer_expects_it(void **state)
{
	struct script s = begin(false);

	write_n(&s, 10);
	expect(&s, A, 1, 1, 10);
	assert_int_equal(rs_tcp_abort(s.e->t, s.h, s.r->now), 0);
	expect(&s, R | A, 11, 1, 0);
	assert_int_equal(s.e->n_told, 1);
	/* What comes yet belongs to nobody. */
	in(&s, A, 1, 11, 10);
	expect(&s, R, 11, 0, 0);
	script_free(&s);
}

static void
the_end_waits_for_the_reader(void **state)
{
	struct script s = begin(false);

	s.e->take_max = 0;
	in(&s, F | A, 1, 1, 100);
	expect(&s, A, 1, 102, 0);
	assert_int_equal(rs_tcp_shutdown(s.e->t, s.h, s.r->now), 0);
	expect(&s, F | A, 1, 102, 0);
	in(&s, A, 102, 2, 0);
	assert_int_equal(s.e->n_told, 1);
	in(&s, R, 102, 0, 0); /* too late */
	wait_ms(&s, 1000);
	s.e->take_max = SIZE_MAX;
	assert_int_equal(rs_tcp_read(s.e->t, s.h, s.r->now), 0);
	assert_int_equal(s.e->n_got, 100);
	assert_int_equal(s.e->told[1].event, RS_TCP_HALF_CLOSED);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
	assert_int_equal(counted(&s, RS_NET_TCP_OPEN), 0);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
	/* The same in TIME-WAIT. */
	s = begin(false);
	s.e->take_max = 0;
	assert_int_equal(rs_tcp_shutdown(s.e->t, s.h, s.r->now), 0);
	in(&s, F | A, 1, 2, 100);
	s.looked = s.r->n_packets - 1;
	expect(&s, A, 2, 102, 0);
	assert_int_equal(state_of(&s), RS_TCP_TIME_WAIT);
	in(&s, R, 102, 0, 0);
	in(&s, F | A, 1, 2, 100); /* again */
	expect(&s, A, 2, 102, 0);
	s.e->take_max = SIZE_MAX;
	assert_int_equal(rs_tcp_read(s.e->t, s.h, s.r->now), 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 1);
	script_free(&s);
}

/** A tombstone with us at the listening side. */
static struct script
tombstone(bool ts)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	(void)rig_listen(s.e, NULL, 40000);
	s.ts = ts;
	s.ts_val = 1000;
	script_accepted(&s);
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	in(&s, F | A, 1, 2, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 1);
	s.looked = s.r->n_packets;
	return s;
}

/** RFC 6191, 2. */
static void
a_new_syn_takes_the_place_of_a_tombstone(void **state)
{
	struct script s = tombstone(true);
	uint32_t old = s.isn;

	s.ts_val = 1000; /* not newer, and the sequence number neither: an old SYN */
	in(&s, S, 0, 0, 0);
	expect(&s, A, 2, 2, 0);
	s.ts_val = 1001;
	in(&s, S, 0, 0, 0);
	s.isn = out(&s).seq;
	assert_true((int32_t)(s.isn - old) > 1);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 0);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT_REUSED), 1);
	in(&s, A, 1, 1, 0);
	assert_told(s.e, RS_TCP_ACCEPTED, RS_TCP_CAUSE_NONE);
	script_free(&s);

	s = tombstone(false); /* without timestamps the sequence number must be beyond */
	in(&s, S, 1, 0, 0);
	expect(&s, A, 2, 2, 0);
	in(&s, S, 3, 0, 0);
	assert_int_equal(out(&s).flags, S | A);
	script_free(&s);
}

static void
a_tombstone_is_not_assassinated(void **state)
{
	struct script s = tombstone(false);

	in(&s, R, 2, 0, 0); /* RFC 1337 */
	in(&s, R | A, 2, 2, 0);
	in(&s, A, 2, 2, 0); /* no answer: two of them would go on for ever */
	in(&s, A, 9000, 2, 0);
	nothing(&s);
	in(&s, A, 2, 2, 10);
	expect(&s, A, 2, 2, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 1);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_TIME_WAIT), 5);
	script_free(&s);
}

static void
we_may_begin_again_after_a_second(void **state)
{
	struct script s = begin(true);
	uint32_t old = s.isn;

	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	in(&s, F | A, 1, 2, 0);
	assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &s.h), -EADDRINUSE);
	wait_ms(&s, 1100);
	s.looked = s.r->n_packets;
	script_connect(&s);
	assert_true((int32_t)(s.isn - old) > 2);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT_REUSED), 1);
	script_free(&s);

	s = begin(false); /* without timestamps not */
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	in(&s, F | A, 1, 2, 0);
	wait_ms(&s, 5000);
	assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &s.h), -EADDRINUSE);
	script_free(&s);
}

/** A port whose tombstone may go is picked when no other is left. */
static void
ports_come_round(void **state)
{
	struct rs_tcp_ports ports = { 40000, 40000, 9, 0, 1 };
	struct script s = begin(true);
	struct rs_path path = s.path;

	path.local_port = 0;
	assert_int_equal(rs_tcp_connect(s.e->t, &path, &ports, 5, s.r->now, &s.h), -EADDRINUSE);
	s.h = s.e->h;
	assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
	in(&s, F | A, 1, 2, 0);
	assert_int_equal(rs_tcp_connect(s.e->t, &path, &ports, 5, s.r->now, &s.h), -EADDRINUSE);
	wait_ms(&s, 1100);
	assert_int_equal(rs_tcp_connect(s.e->t, &path, &ports, 5, s.r->now, &s.h), 0);
	assert_int_equal(info(s.e, s.h).path.local_port, 40000);
	script_free(&s);
}

static void
tombstones_have_their_own_bound(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.time_waits = 4;
	s = script_new(&cfg, 6);
	for (int i = 0; i < 10; i++) {
		s.path.local_port++;
		script_established(&s);
		assert_int_equal(rs_tcp_close(s.e->t, s.h, s.r->now), 0);
		in(&s, F | A, 1, 2, 0);
		s.looked = s.r->n_packets;
	}
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 4);
	assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT_EARLY), 6);
	script_free(&s);
}

static void
a_reset_ends_it_at_once(void **state)
{
	struct script s = begin(false);

	write_n(&s, 100);
	in(&s, R, 1, 0, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_RESET);
	assert_int_equal(counted(&s, RS_NET_TCP_RESET), 1);
	assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
	script_free(&s);
}

/** RFC 9293, 3.8.4. */
static void
keep_alive_asks_and_gives_up(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.keep_idle_ns = 10 * RS_NS_PER_S;
	cfg.keep_probe_ns = RS_NS_PER_S;
	cfg.keep_probes = 3;
	s = script_new(&cfg, 4);
	script_established(&s);
	wait_ms(&s, 9900);
	in(&s, A, 1, 1, 5); /* not idle: the time begins anew */
	wait_ms(&s, 9900);
	s.looked = s.r->n_packets;
	wait_ms(&s, 200);
	expect(&s, A, 0, 6, 0); /* the byte before the next one */
	in(&s, A, 6, 1, 0);	/* it is there */
	wait_ms(&s, 9900);
	nothing(&s);
	wait_ms(&s, 2200);
	expect(&s, A, 0, 6, 0);
	expect(&s, A, 0, 6, 0);
	expect(&s, A, 0, 6, 0);
	wait_ms(&s, 1100);
	assert_int_equal(out(&s).flags, R | A);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_KEEPALIVE);
	script_free(&s);
}

/** Somebody else's probe is answered. */
static void
a_keep_alive_probe_is_answered(void **state)
{
	struct script s = begin(false);

	in(&s, A, 0, 1, 0);
	expect(&s, A, 1, 1, 0);
	wait_ms(&s, 1000);
	in(&s, A, 0, 1, 1); /* the kind with a byte */
	expect(&s, A, 1, 1, 0);
	assert_int_equal(s.e->n_got, 0);
	script_free(&s);
}

static void
reconnect(struct end *e, rs_handle h, enum rs_tcp_event event)
{
	struct rs_path path = path_of(4);
	struct rs_tcp_info i;

	if (event != RS_TCP_CLOSED || e->mine)
		return;
	assert_int_equal(rs_tcp_info(e->t, h, &i), 0); /* it can still be asked */
	assert_int_equal(i.sent_bytes, 7);
	assert_int_equal(rs_tcp_write(e->t, h, rs_slice_str("x"), e->rig->now), -ENOENT);
	assert_int_equal(rs_tcp_abort(e->t, h, e->rig->now), -ENOENT);
	assert_int_equal(rs_tcp_connect(e->t, &path, NULL, 6, e->rig->now, e->mine = malloc(sizeof(rs_handle))), 0);
}

/** An avalanche: who is cut off connects again in the very call-back. */
static void
the_last_event_may_begin_the_next_connection(void **state)
{
	struct script s = begin(false);

	write_n(&s, 7);
	s.looked = s.r->n_packets;
	s.e->on_event = reconnect;
	in(&s, R, 1, 0, 0);
	assert_int_equal(out(&s).flags, S);
	assert_int_equal(counted(&s, RS_NET_TCP_OPEN), 1);
	free(s.e->mine);
	script_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(we_close_first),
		cmocka_unit_test(the_peer_closes_first),
		cmocka_unit_test(both_close_at_once),
		cmocka_unit_test(fin_and_its_acknowledgement_in_one),
		cmocka_unit_test(a_half_closed_connection_receives),
		cmocka_unit_test(a_fin_is_sent_again),
		cmocka_unit_test(a_fin_that_never_comes_is_not_waited_for),
		cmocka_unit_test(bytes_after_close_are_reset),
		cmocka_unit_test(bytes_after_a_gentle_close_are_thrown_away),
		cmocka_unit_test(close_with_bytes_unread_is_a_reset),
		cmocka_unit_test(close_before_the_connection_is_no_connection),
		cmocka_unit_test(abort_is_a_reset_where_the_peer_expects_it),
		cmocka_unit_test(the_end_waits_for_the_reader),
		cmocka_unit_test(a_new_syn_takes_the_place_of_a_tombstone),
		cmocka_unit_test(a_tombstone_is_not_assassinated),
		cmocka_unit_test(we_may_begin_again_after_a_second),
		cmocka_unit_test(ports_come_round),
		cmocka_unit_test(tombstones_have_their_own_bound),
		cmocka_unit_test(a_reset_ends_it_at_once),
		cmocka_unit_test(keep_alive_asks_and_gives_up),
		cmocka_unit_test(a_keep_alive_probe_is_answered),
		cmocka_unit_test(the_last_event_may_begin_the_next_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
