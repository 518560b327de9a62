/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How connections begin (RFC 9293, 3.5 and 3.10.7): options, both at once, refusals, floods of SYNs, ports, sequence
 * numbers; and their size.
 */
#include "tcp_script.h"

#include "base/steer.h"
#include "net/tcp/private.h"

static void
siphash_is_that_of_its_authors(void **state)
{
	/* The key 00..0f and the first messages of the reference's list of results. */
	static const uint64_t results[] = { 0x726fdb47dd0e0e31u, 0x74f839c593dc67fdu, 0x0d6c8009d9a94f5au, 0x85676696d7fb7e2du,
		0xcf2794e0277187b7u, 0x18765564cd99a68du, 0xcbc9466e58fee3ceu, 0xab0200f58b01d137u, 0x93f5f5799a932462u };
	uint8_t key[16], text[16];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = text[i] = i;
	for (size_t n = 0; n < sizeof(results) / sizeof(results[0]); n++)
		assert_true(rs_siphash(key, text, n) == results[n]);
	assert_true(rs_siphash(key, text, 15) == 0xa129ca6149be45e5u); /* the example of the paper, appendix A */
}

/** RFC 6528, 3: other addresses and ports, another secret: another sequence; time moves it by one each 4 us. */
static void
sequence_numbers_follow_clock_addresses_and_secret(void **state)
{
	uint8_t secret[32] = "one", other[32] = "two";
	struct rs_path a = path_of(4), b = a;

	b.local_port++;
	assert_int_equal(tcp_isn(secret, &a, START + 4000) - tcp_isn(secret, &a, START), 1);
	assert_true(tcp_isn(secret, &a, START) != tcp_isn(secret, &b, START));
	assert_true(tcp_isn(secret, &a, START) != tcp_isn(other, &a, START));
	assert_true(tcp_ts_offset(secret, &a) != tcp_ts_offset(secret, &b));
}

static void
a_syn_offers_what_we_can(void **state)
{
	for (int family = 4; family <= 6; family += 2) {
		struct rs_tcp_cfg cfg = rig_cfg();
		struct script s;
		struct segment syn;

		cfg.receive_bytes = 1 << 20;
		s = script_new(&cfg, family);
		assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &s.h), 0);
		syn = out(&s);
		assert_int_equal(syn.flags, TCP_SYN);
		assert_int_equal(syn.mss, family == 4 ? 1460 : 1440);
		assert_true(syn.has_ts && syn.sack_permitted && syn.has_scale);
		assert_int_equal(syn.scale, 5); /* 2^20 needs it */
		assert_int_equal(syn.window, 65535);
		assert_int_equal(state_of(&s), RS_TCP_SYN_SENT);
		script_free(&s);
	}
}

static void
an_answer_has_only_what_the_syn_offered(void **state)
{
	for (unsigned offer = 0; offer < 8; offer++) {
		struct rs_tcp_cfg cfg = rig_cfg();
		struct script s = script_new(&cfg, 4);
		struct segment synack;

		(void)rig_listen(s.e, "198.18.0.2", 40000);
		s.ts = offer & 1;
		s.ts_val = 1000;
		s.options.sack_permitted = offer & 2;
		s.options.has_scale = offer & 4;
		s.options.scale = 7;
		in(&s, S, 0, 0, 0);
		synack = out(&s);
		assert_int_equal(synack.flags, S | A);
		assert_true(synack.has_ts == !!(offer & 1));
		assert_true(synack.sack_permitted == !!(offer & 2));
		assert_true(synack.has_scale == !!(offer & 4));
		if (synack.has_ts)
			assert_int_equal(synack.ts_ecr, 1000);
		s.isn = synack.seq;
		s.window = 1000;
		in(&s, A, 1, 1, 0);
		assert_told(s.e, RS_TCP_ACCEPTED, RS_TCP_CAUSE_NONE);
		assert_int_equal(s.e->told[0].user, 77);
		assert_int_equal(info(s.e, s.e->h).window, offer & 4 ? 1000 << 7 : 1000);
		assert_int_equal(info(s.e, s.e->h).mss, 1460 - (offer & 1 ? 12 : 0));
		script_free(&s);
	}
}

static void
the_peers_mss_is_kept_to(void **state)
{
	static const struct {
		uint16_t said, used;
	} cases[] = { { 1460, 1460 }, { 536, 536 }, { 0, 536 }, { 9000, 1460 }, { 1, MSS_MIN } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rs_tcp_cfg cfg = rig_cfg();
		struct script s = script_new(&cfg, 4);

		s.options.mss = cases[i].said;
		script_established(&s);
		assert_int_equal(write_n(&s, 3000), 3000);
		expect(&s, A, 1, 1, cases[i].used);
		script_free(&s);
	}
}

/** RFC 7323, 2.3: a shift of more than 14 is taken for 14. */
static void
a_window_shift_beyond_14_is_14(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	s.options.has_scale = true;
	s.options.scale = 255;
	script_established(&s);
	in(&s, A, 1, 1, 0);
	assert_int_equal(info(s.e, s.h).window, 65535u << 14);
	script_free(&s);
}

static void
a_lost_syn_comes_again_after_1_2_4_seconds_and_is_given_up(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.connect_ns = 10 * RS_NS_PER_S;
	s = script_new(&cfg, 4);
	script_connect(&s);
	for (uint32_t wait = 1000; wait <= 4000; wait *= 2) {
		wait_ms(&s, wait - 20);
		nothing(&s);
		wait_ms(&s, 25);
		expect(&s, S, 0, 0, 0);
	}
	wait_ms(&s, 3100);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_TIMEOUT);
	assert_int_equal(counted(&s, RS_NET_TCP_TIMEOUT), 1);
	assert_int_equal(counted(&s, RS_NET_TCP_OPEN), 0);
	assert_int_equal(rs_tcp_abort(s.e->t, s.h, s.r->now), -ENOENT);
	script_free(&s);
}

/** RFC 6298 (5.7), RFC 5681, 3.1: after a lost SYN the RTO is 3 s, and one segment may go. */
static void
after_a_lost_syn_we_begin_carefully(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	script_connect(&s);
	wait_ms(&s, 1005);
	expect(&s, S, 0, 0, 0);
	in(&s, S | A, 0, 1, 0);
	expect(&s, A, 1, 1, 0);
	assert_int_equal(info(s.e, s.h).rto_us, 3000000);
	assert_int_equal(info(s.e, s.h).cwnd, 1460);
	script_free(&s);
}

static void
a_reset_refuses_only_with_the_right_acknowledgement(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	script_connect(&s);
	in(&s, R, 0, 0, 0);
	in(&s, R | A, 0, 2, 0);
	in(&s, R | A, 0, 0, 0);
	assert_int_equal(state_of(&s), RS_TCP_SYN_SENT);
	nothing(&s);
	in(&s, R | A, 0, 1, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_REFUSED);
	assert_int_equal(counted(&s, RS_NET_TCP_REFUSED), 1);
	script_free(&s);
}

/** RFC 9293, 3.5.1 (half-open connections): an ACK of something else is answered by RST, and the SYN comes again. */
static void
an_old_connections_ack_is_reset(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	script_connect(&s);
	in(&s, A, 300, 100, 0);
	expect(&s, R, 100, 0, 0);
	assert_int_equal(state_of(&s), RS_TCP_SYN_SENT);
	script_free(&s);
}

/** RFC 9293, figure 8. */
static void
both_ends_may_begin_at_once(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	script_connect(&s);
	in(&s, S, 0, 0, 0);
	expect(&s, S | A, 0, 1, 0);
	assert_int_equal(state_of(&s), RS_TCP_SYN_RECEIVED);
	in(&s, S | A, 0, 1, 0);
	assert_told(s.e, RS_TCP_CONNECTED, RS_TCP_CAUSE_NONE);
	assert_int_equal(state_of(&s), RS_TCP_ESTABLISHED);
	in(&s, A, 1, 1, 10);
	assert_int_equal(s.e->n_got, 10);
	script_free(&s);
}

/** The same with two ends of ours. */
static void
two_of_ours_begin_at_once(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct rig *r = rig_new(&cfg, &cfg);
	struct rs_path a = path_of(6), b = flip(&a);
	rs_handle ha, hb;

	assert_int_equal(rs_tcp_connect(r->ends[0].t, &a, NULL, 1, r->now, &ha), 0);
	assert_int_equal(rs_tcp_connect(r->ends[1].t, &b, NULL, 2, r->now, &hb), 0);
	rig_go(r, MS(100));
	assert_told(&r->ends[0], RS_TCP_CONNECTED, RS_TCP_CAUSE_NONE);
	assert_told(&r->ends[1], RS_TCP_CONNECTED, RS_TCP_CAUSE_NONE);
	assert_int_equal(rs_tcp_write(r->ends[0].t, ha, rs_slice_str("hello"), r->now), 5);
	rig_go(r, MS(100));
	assert_int_equal(r->ends[1].n_got, 5);
	rig_free(r);
}

static void
bytes_written_before_wait_for_the_connection(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	script_connect(&s);
	assert_int_equal(write_n(&s, 100), 100);
	assert_int_equal(rs_tcp_shutdown(s.e->t, s.h, s.r->now), 0);
	nothing(&s);
	in(&s, S | A, 0, 1, 0);
	expect(&s, F | A, 1, 1, 100);
	assert_int_equal(state_of(&s), RS_TCP_FIN_WAIT_1);
	script_free(&s);
}

static void
nobody_listens_means_reset(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.resets_hz = 5;
	s = script_new(&cfg, 4);
	in(&s, S, 0, 0, 0);
	expect(&s, R | A, 0 - s.isn, 1, 0); /* sequence number 0 (RFC 9293, 3.10.7.1) */
	in(&s, A, 5, 1000, 20);
	expect(&s, R, 1000, 0, 0);
	in(&s, R, 5, 0, 0);
	in(&s, R | A, 5, 0, 0);
	nothing(&s);
	for (int i = 0; i < 100; i++)
		in(&s, S, 0, 0, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_TX_RESETS), 5);
	assert_int_equal(counted(&s, RS_NET_TCP_TX_RESETS_HELD), 97);
	wait_ms(&s, 1001);
	in(&s, S, 0, 0, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_TX_RESETS), 6);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_NO_CONNECTION), 105);
	script_free(&s);
}

static void
a_listener_hears_its_address_or_any(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);
	struct rs_addr other = addr("198.18.0.9"), any = { .family = 0 };
	rs_handle a, b, c;

	assert_int_equal(rs_tcp_listen(s.e->t, &other, 40000, 8, 1, &a), 0);
	assert_int_equal(rs_tcp_listen(s.e->t, &other, 40000, 8, 1, &b), -EADDRINUSE);
	in(&s, S, 0, 0, 0);
	assert_int_equal(out(&s).flags, R | A);
	assert_int_equal(rs_tcp_listen(s.e->t, &any, 40000, 8, 2, &b), 0);
	in(&s, S, 0, 0, 0);
	assert_int_equal(out(&s).flags, S | A);
	assert_int_equal(rs_tcp_listen(s.e->t, &s.path.local, 40000, 8, 3, &c), 0);
	/* Half-open ones go with their listener. */
	assert_int_equal(counted(&s, RS_NET_TCP_HALF_OPEN), 1);
	assert_int_equal(rs_tcp_unlisten(s.e->t, b, s.r->now), 0);
	assert_int_equal(rs_tcp_unlisten(s.e->t, b, s.r->now), -ENOENT);
	assert_int_equal(counted(&s, RS_NET_TCP_HALF_OPEN), 0);
	assert_true(out(&s).flags & R);
	assert_int_equal(rs_tcp_unlisten(s.e->t, c, s.r->now), 0);
	in(&s, S, 0, 0, 0);
	assert_int_equal(out(&s).flags, R | A);
	assert_int_equal(rs_tcp_write(s.e->t, a, rs_slice_str("x"), s.r->now), -ENOENT); /* it names no connection */
	script_free(&s);
}

static void
a_flood_of_syns_takes_what_the_backlog_allows(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;
	struct rs_addr any = { .family = 0 };
	rs_handle l;

	cfg.half_open = 12;
	cfg.accept_ns = 3 * RS_NS_PER_S;
	s = script_new(&cfg, 4);
	assert_int_equal(rs_tcp_listen(s.e->t, &any, 40000, 10, 1, &l), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		s.path.remote_port = (uint16_t)(1024 + i);
		in(&s, S, i, 0, 0);
	}
	assert_int_equal(counted(&s, RS_NET_TCP_HALF_OPEN), 10);
	assert_int_equal(counted(&s, RS_NET_TCP_SYN_BACKLOG), 990);
	assert_int_equal(s.r->n_packets, 10);
	/* They are answered again, given up, and nobody has heard of them. */
	wait_ms(&s, 3100);
	assert_int_equal(counted(&s, RS_NET_TCP_HALF_OPEN), 0);
	assert_int_equal(counted(&s, RS_NET_TCP_HALF_OPEN_LOST), 10);
	assert_int_equal(counted(&s, RS_NET_TCP_OPEN), 0);
	assert_int_equal(s.e->n_told, 0);
	assert_true(s.r->n_packets <= 30);
	/* Then others find room. */
	s.looked = s.r->n_packets;
	script_accepted(&s);
	script_free(&s);
}

static void
a_syn_that_comes_again_is_answered_again(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	(void)rig_listen(s.e, NULL, 40000);
	in(&s, S, 0, 0, 0);
	s.isn = out(&s).seq;
	in(&s, S, 0, 0, 0);
	expect(&s, S | A, 0, 1, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_OPEN), 1);
	/* A wrong ACK of it is reset, the right one counts. */
	in(&s, A, 1, 2, 0);
	expect(&s, R, 2, 0, 0);
	in(&s, A, 1, 1, 5);
	assert_told(s.e, RS_TCP_ACCEPTED, RS_TCP_CAUSE_NONE);
	assert_int_equal(s.e->n_got, 5);
	script_free(&s);
}

static void
a_half_open_connection_can_be_reset(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	(void)rig_listen(s.e, NULL, 40000);
	in(&s, S, 0, 0, 0);
	s.isn = out(&s).seq;
	in(&s, R, 0, 0, 0); /* before the window */
	in(&s, R, 2, 0, 0); /* within, not at its beginning: asked (RFC 5961, 3.2) */
	expect(&s, A, 1, 1, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_HALF_OPEN), 1);
	in(&s, R, 1, 0, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_HALF_OPEN), 0);
	assert_int_equal(s.e->n_told, 0);
	script_free(&s);
}

static void
local_ports_are_owned_by_this_worker(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;
	struct rs_tcp_ports ports = { 20000, 20999, 9, 2, 3 };
	struct rs_path path = path_of(4);
	uint32_t owned = 0, n = 0;
	rs_handle h;

	cfg.connections = 1000;
	s = script_new(&cfg, 4);
	for (uint32_t p = 20000; p < 21000; p++)
		owned += rs_steer_queue(&path.local, (uint16_t)p, 9, 3) == 2;
	path.local_port = 0;
	while (rs_tcp_connect(s.e->t, &path, &ports, n, s.r->now, &h) == 0) {
		struct rs_tcp_info i = info(s.e, h);

		assert_in_range(i.path.local_port, 20000, 20999);
		assert_int_equal(rs_steer_queue(&i.path.local, i.path.local_port, 9, 3), 2);
		n++;
	}
	assert_int_equal(n, owned); /* each once */
	assert_int_equal(counted(&s, RS_NET_TCP_NO_PORT), 1);
	/* Another peer: all of them again. */
	path.remote_port++;
	assert_int_equal(rs_tcp_connect(s.e->t, &path, &ports, n, s.r->now, &h), 0);
	/* Without a range, or with a wrong one. */
	assert_int_equal(rs_tcp_connect(s.e->t, &path, NULL, n, s.r->now, &h), -EINVAL);
	ports.queue = 3;
	assert_int_equal(rs_tcp_connect(s.e->t, &path, &ports, n, s.r->now, &h), -EINVAL);
	script_free(&s);
}

static void
the_same_four_are_used_once(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);
	rs_handle h;

	script_established(&s);
	assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &h), -EADDRINUSE);
	s.path.remote.family = 6;
	assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &h), -EINVAL);
	script_free(&s);
}

static void
an_empty_pool_refuses_and_counts(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;
	rs_handle h;

	cfg.connections = 2;
	s = script_new(&cfg, 4);
	(void)rig_listen(s.e, NULL, 40000);
	for (int i = 0; i < 2; i++) {
		s.path.local_port++;
		assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &h), 0);
	}
	s.path.local_port++;
	assert_int_equal(rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &h), -ENOBUFS);
	assert_int_equal(counted(&s, RS_NET_TCP_NO_CONNECTION_FREE), 1);
	s.path.local_port = 40000;
	in(&s, S, 0, 0, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_SYN_NO_MEMORY), 1);
	script_free(&s);
}

static void
wrong_sizes_are_refused(void **state)
{
	struct rs_tcp_link link = { rig_take, rig_send, rig_mtu, NULL };
	struct rs_tcp_user user = { rig_event, rig_data, NULL };
	struct rs_tcp_cfg cfg = rig_cfg();
	struct rs_arena arena;
	struct rs_metrics cells;
	struct rs_tcp *t;

	assert_int_equal(rs_metrics_init(&cells, &rs_tcp_metrics_table), 0);
	assert_int_equal(rs_arena_init(&arena, 1 << 20), 0);
	assert_int_equal(rs_tcp_create(&cfg, &link, &user, &arena, &cells, START, &t), -ENOMEM);
	cfg.receive_bytes = 0;
	assert_int_equal(rs_tcp_create(&cfg, &link, &user, &arena, &cells, START, &t), -EINVAL);
	cfg = rig_cfg();
	cfg.connections = 0;
	assert_int_equal(rs_tcp_create(&cfg, &link, &user, &arena, &cells, START, &t), -EINVAL);
	rs_arena_fini(&arena);
	rs_metrics_fini(&cells);
}

/** What connections take of the arena when nothing but them is there: object, generation and list, look-up entry, timer. */
static void
an_idle_end_takes_less_than_512_bytes(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg(), none = rig_cfg();
	struct rig *r;
	rs_handle l;

	cfg.connections = 1000;
	cfg.half_open = 1000;
	none.connections = 1;
	cfg.time_waits = cfg.listeners = none.time_waits = none.listeners = 1;
	r = rig_new(&cfg, &cfg);
	l = rig_listen(&r->ends[1], NULL, 5060);
	assert_int_equal(rs_tcp_unlisten(r->ends[1].t, l, r->now), 0);
	(void)rs_tcp_listen(r->ends[1].t, &(struct rs_addr){ .family = 0 }, 5060, 1000, 1, &l);
	for (uint32_t i = 0; i < 1000; i++) {
		struct rs_path path = path_of(6);
		rs_handle h;

		path.local_port = (uint16_t)(2000 + i);
		assert_int_equal(rs_tcp_connect(r->ends[0].t, &path, NULL, i, r->now, &h), 0);
		rig_go(r, MS(20));
		assert_int_equal(rs_tcp_write(r->ends[0].t, h, rs_slice_str("REGISTER"), r->now), 8);
		rig_go(r, MS(20));
	}
	rig_go(r, MS(1000));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cell(&r->ends[i], RS_NET_TCP_OPEN), 1000);
		assert_int_equal(cell(&r->ends[i], RS_NET_TCP_BLOCKS), 0); /* nothing is borrowed */
	}
	print_message("an idle end takes %.1f bytes\n", (double)(rs_tcp_bytes(&cfg) - rs_tcp_bytes(&none)) / 999);
	assert_true(rs_tcp_bytes(&cfg) - rs_tcp_bytes(&none) <= 999 * RS_TCP_IDLE_MAX);
	/* And that is all that it takes: the arena has exactly so much. */
	assert_true(r->ends[0].arena.used <= rs_tcp_bytes(&cfg));
	/* The worst that rounding the table up to a power of two makes of it. */
	assert_true(rs_pool_cost(sizeof(struct tcp_conn)) + sizeof(struct rs_wheel_node) + 4 * sizeof(struct rs_table_entry) <= RS_TCP_IDLE_MAX);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_is_that_of_its_authors),
		cmocka_unit_test(sequence_numbers_follow_clock_addresses_and_secret),
		cmocka_unit_test(a_syn_offers_what_we_can),
		cmocka_unit_test(an_answer_has_only_what_the_syn_offered),
		cmocka_unit_test(the_peers_mss_is_kept_to),
		cmocka_unit_test(a_window_shift_beyond_14_is_14),
		cmocka_unit_test(a_lost_syn_comes_again_after_1_2_4_seconds_and_is_given_up),
		cmocka_unit_test(after_a_lost_syn_we_begin_carefully),
		cmocka_unit_test(a_reset_refuses_only_with_the_right_acknowledgement),
		cmocka_unit_test(an_old_connections_ack_is_reset),
		cmocka_unit_test(both_ends_may_begin_at_once),
		cmocka_unit_test(two_of_ours_begin_at_once),
		cmocka_unit_test(bytes_written_before_wait_for_the_connection),
		cmocka_unit_test(nobody_listens_means_reset),
		cmocka_unit_test(a_listener_hears_its_address_or_any),
		cmocka_unit_test(a_flood_of_syns_takes_what_the_backlog_allows),
		cmocka_unit_test(a_syn_that_comes_again_is_answered_again),
		cmocka_unit_test(a_half_open_connection_can_be_reset),
		cmocka_unit_test(local_ports_are_owned_by_this_worker),
		cmocka_unit_test(the_same_four_are_used_once),
		cmocka_unit_test(an_empty_pool_refuses_and_counts),
		cmocka_unit_test(wrong_sizes_are_refused),
		cmocka_unit_test(an_idle_end_takes_less_than_512_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
