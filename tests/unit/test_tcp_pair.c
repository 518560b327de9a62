/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two ends of our TCP and a network between them: whatever it does, every byte comes, in order and once, and nothing is
 * kept.
 */
#include "tcp_rig.h"

#define BULK (10u * 1000 * 1000)

static uint8_t
byte_at(uint64_t seed, size_t i)
{
	return (uint8_t)rs_mix64(seed * 0x100000000u + i);
}

/** What one end has still to send, and how. */
struct job {
	uint64_t seed;
	size_t at, total;
	size_t piece; /* bytes of a write at most */
	rs_handle h;
	bool shut;
};

static void
push(struct end *e)
{
	struct job *j = e->mine;
	uint8_t piece[8192];

	while (j->at < j->total) {
		size_t n = j->total - j->at < j->piece ? j->total - j->at : j->piece;
		int64_t took;

		for (size_t i = 0; i < n; i++)
			piece[i] = byte_at(j->seed, j->at + i);
		took = rs_tcp_write(e->t, j->h, rs_slice_of(piece, n), e->rig->now);
		assert_true(took >= 0);
		j->at += (size_t)took;
		if ((size_t)took < n)
			return;
	}
	if (!j->shut) {
		j->shut = true;
		assert_int_equal(rs_tcp_shutdown(e->t, j->h, e->rig->now), 0);
	}
}

static void
on_event(struct end *e, rs_handle h, enum rs_tcp_event event)
{
	struct job *j = e->mine;

	if (event == RS_TCP_CONNECTED || event == RS_TCP_ACCEPTED)
		j->h = h;
	if (event == RS_TCP_CONNECTED || event == RS_TCP_ACCEPTED || event == RS_TCP_WRITABLE)
		push(e);
}

struct story {
	const char *name;
	int family;
	uint32_t loss, repeat, reorder;
	uint64_t jitter_ns;
	uint32_t receive_bytes, mtu; /* 0: as usual */
	bool no_sack, no_timestamps, no_scale;
	size_t total, piece;
	uint64_t seed;
	size_t take_max;
};

static void
play(const struct story *s)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct job jobs[ENDS];
	struct rig *r;
	rs_handle l;
	struct rs_path path = path_of(s->family ? s->family : 4);
	uint64_t began;

	cfg.receive_bytes = s->receive_bytes ? s->receive_bytes : 65536;
	cfg.send_bytes = 256 * 1024;
	cfg.give_up_ns = 1000 * RS_NS_PER_S; /* RTOs grow long when much is lost */
	cfg.sack = !s->no_sack;
	cfg.timestamps = !s->no_timestamps;
	cfg.window_scale = !s->no_scale;
	r = rig_new(&cfg, &cfg);
	r->loss = s->loss;
	r->repeat = s->repeat;
	r->reorder = s->reorder;
	r->jitter_ns = s->jitter_ns;
	r->mtu = s->mtu ? s->mtu : 1500;
	r->rng.state = s->seed;
	for (uint32_t i = 0; i < ENDS; i++) {
		struct end *e = &r->ends[i];

		jobs[i] = (struct job){ .seed = s->seed * 2 + i, .total = s->total, .piece = s->piece };
		e->mine = &jobs[i];
		e->on_event = on_event;
		e->got_cap = s->total;
		e->got = malloc(s->total);
		e->take_max = s->take_max ? s->take_max : SIZE_MAX;
		assert_non_null(e->got);
	}
	l = rig_listen(&r->ends[1], NULL, 5060);
	began = r->now;
	assert_int_equal(rs_tcp_connect(r->ends[0].t, &path, NULL, 5, r->now, &jobs[0].h), 0);
	for (uint32_t i = 0; i < 3600000 && (cell(&r->ends[0], RS_NET_TCP_OPEN) || cell(&r->ends[1], RS_NET_TCP_OPEN)); i++) {
		rig_go(r, MS(50));
		for (uint32_t k = 0; k < ENDS; k++)
			if (s->take_max && jobs[k].h)
				(void)rs_tcp_read(r->ends[k].t, jobs[k].h, r->now);
	}
	for (uint32_t i = 0; i < ENDS; i++) {
		struct end *e = &r->ends[i];

		assert_int_equal(e->n_got, s->total);
		for (size_t k = 0; k < s->total; k++)
			if (e->got[k] != byte_at(s->seed * 2 + 1 - i, k))
				fail_msg("%s: byte %zu differs", s->name, k);
		assert_told(e, RS_TCP_CLOSED, RS_TCP_CAUSE_NONE);
		assert_int_equal(cell(e, RS_NET_TCP_OPEN), 0);
		assert_int_equal(cell(e, RS_NET_TCP_BLOCKS), 0);
		assert_int_equal(cell(e, RS_NET_TCP_RX_BYTES), s->total);
		assert_int_equal(cell(e, RS_NET_TCP_TX_BYTES), s->total);
		if (r->lost == 0) /* else an ACK may come again when its connection is over */
			assert_int_equal(cell(e, RS_NET_TCP_TX_RESETS), 0);
	}
	print_message("%s: %.1f s, %u packets, %u lost, sent again %u and %u, RTO %u and %u, recoveries %u and %u\n", s->name,
		(double)(r->now - began) / 1e9, (unsigned)r->sent, (unsigned)r->lost, (unsigned)cell(&r->ends[0], RS_NET_TCP_TX_RETRANSMITTED),
		(unsigned)cell(&r->ends[1], RS_NET_TCP_TX_RETRANSMITTED), (unsigned)cell(&r->ends[0], RS_NET_TCP_RTO),
		(unsigned)cell(&r->ends[1], RS_NET_TCP_RTO), (unsigned)cell(&r->ends[0], RS_NET_TCP_RECOVERIES),
		(unsigned)cell(&r->ends[1], RS_NET_TCP_RECOVERIES));
	/* The tombstone goes as well. */
	rig_go(r, MS(130000));
	for (uint32_t i = 0; i < ENDS; i++)
		assert_int_equal(cell(&r->ends[i], RS_NET_TCP_TIME_WAIT), 0);
	assert_int_equal(rs_tcp_unlisten(r->ends[1].t, l, r->now), 0);
	rig_free(r);
}

static void
ten_megabytes_go_both_ways(void **state)
{
	static const struct story s = { "clean", .total = BULK, .piece = 8192, .seed = 1 };

	play(&s);
}

static void
ten_megabytes_go_both_ways_while_packets_are_lost(void **state)
{
	static const struct story s[] = {
		{ "loss 1 %", .loss = 10, .total = BULK, .piece = 8192, .seed = 2 },
		{ "loss 1 %, large window", .loss = 10, .total = BULK, .piece = 8192, .seed = 3, .receive_bytes = 1 << 20 },
		{ "loss 1 %, no SACK", .loss = 10, .total = BULK / 4, .piece = 8192, .seed = 4, .no_sack = true },
		{ "loss 5 %", .loss = 50, .total = BULK / 4, .piece = 8192, .seed = 5 },
		{ "loss 5 %, nothing negotiated", .loss = 50, .total = BULK / 10, .piece = 8192, .seed = 6, .no_sack = true,
			.no_timestamps = true, .no_scale = true },
		{ "loss 30 %", .loss = 300, .total = 40000, .piece = 8192, .seed = 7 },
	};

	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		play(&s[i]);
}

static void
order_and_copies_do_not_matter(void **state)
{
	static const struct story s[] = {
		{ "reordered", .reorder = 50, .total = BULK / 4, .piece = 8192, .seed = 8 },
		{ "repeated", .repeat = 100, .total = BULK / 4, .piece = 8192, .seed = 9 },
		{ "jitter", .jitter_ns = MS(10), .total = BULK / 4, .piece = 8192, .seed = 10 },
		{ "all of it", .loss = 20, .repeat = 30, .reorder = 50, .jitter_ns = MS(3), .total = BULK / 4, .piece = 8192, .seed = 11 },
		{ "all of it, IPv6, no SACK", .family = 6, .loss = 20, .repeat = 30, .reorder = 50, .jitter_ns = MS(3),
			.total = BULK / 4, .piece = 8192, .seed = 12, .no_sack = true },
	};

	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		play(&s[i]);
}

static void
small_windows_and_readers_that_take_their_time(void **state)
{
	static const struct story s[] = {
		{ "window 2 KiB", .receive_bytes = 2048, .total = 200000, .piece = 8192, .seed = 13 },
		{ "window 1 KiB, loss", .receive_bytes = 1024, .loss = 50, .total = 50000, .piece = 8192, .seed = 14 },
		{ "slow reader", .receive_bytes = 8192, .total = 20000, .piece = 8192, .seed = 15, .take_max = 500 },
		{ "slow reader, loss", .receive_bytes = 8192, .loss = 50, .total = 20000, .piece = 8192, .seed = 16, .take_max = 500 },
		{ "small MTU", .mtu = 576, .loss = 10, .total = 200000, .piece = 8192, .seed = 17 },
	};

	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		play(&s[i]);
}

static void
many_small_messages(void **state)
{
	static const struct story s[] = {
		{ "messages", .total = 500000, .piece = 300, .seed = 18 },
		{ "messages, loss", .loss = 20, .total = 500000, .piece = 300, .seed = 19 },
		{ "messages of a byte", .loss = 10, .reorder = 10, .total = 3000, .piece = 1, .seed = 20 },
	};

	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		play(&s[i]);
}

static void
whatever_the_seed(void **state)
{
	const char *full = getenv("RINGSTORM_FULL");

	for (uint64_t seed = 100; seed < (full ? 400 : 140); seed++) {
		struct rs_rng g = { seed };
		struct story s = { "seed", .seed = seed };
		uint64_t x = rs_rng_next(&g);

		s.family = x & 1 ? 4 : 6;
		s.no_sack = x & 2;
		s.no_timestamps = x & 4;
		s.no_scale = x & 8;
		s.loss = x >> 8 & 127;
		s.repeat = x >> 16 & 63;
		s.reorder = x >> 24 & 127;
		s.jitter_ns = MS(x >> 32 & 7);
		s.receive_bytes = 1024u << (x >> 36 & 7);
		s.mtu = x & 16 ? 1500 : 1280;
		s.piece = 1 + (x >> 40 & 2047);
		s.total = 1 + (x >> 44 & 0xffff);
		s.take_max = x & 32 ? 1000 : 0;
		play(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_megabytes_go_both_ways),
		cmocka_unit_test(ten_megabytes_go_both_ways_while_packets_are_lost),
		cmocka_unit_test(order_and_copies_do_not_matter),
		cmocka_unit_test(small_windows_and_readers_that_take_their_time),
		cmocka_unit_test(many_small_messages),
		cmocka_unit_test(whatever_the_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
