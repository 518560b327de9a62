/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the network may throw at a connection: blind resets, SYNs and ACKs (RFC 5961), old segments (RFC 7323), ICMP
 * (RFC 5927), garbage.
 */
#include "tcp_script.h"

#include "net/eth.h"
#include "net/ip.h"

static struct script
begin(bool ts)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s = script_new(&cfg, 4);

	s.ts = ts;
	s.ts_val = 1000;
	script_established(&s);
	wait_ms(&s, 600);
	return s;
}

/** RFC 5961, 3.2. */
static void
only_the_exact_reset_is_obeyed(void **state)
{
	struct script s = begin(false);

	in(&s, R, 0, 0, 0);
	in(&s, R, 1 + 65536, 0, 0);
	nothing(&s);
	in(&s, R, 2, 0, 0);
	expect(&s, A, 1, 1, 0); /* was that meant? */
	for (uint32_t i = 2; i < 60000; i += 100)
		in(&s, R, i, 0, 0);
	nothing(&s); /* and not a thousand times */
	assert_int_equal(counted(&s, RS_NET_TCP_RX_BLIND_RST), 603);
	assert_int_equal(counted(&s, RS_NET_TCP_TX_CHALLENGES), 1);
	assert_int_equal(state_of(&s), RS_TCP_ESTABLISHED);
	in(&s, R, 1, 0, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_RESET);
	script_free(&s);
}

/** RFC 5961, 4.2. */
static void
a_syn_within_a_connection_is_asked_about(void **state)
{
	struct script s = begin(false);

	in(&s, S, 1, 0, 0);
	expect(&s, A, 1, 1, 0);
	wait_ms(&s, 501);
	in(&s, S, 0x70000000, 0, 0); /* the peer has begun anew: it answers by RST, with our number */
	expect(&s, A, 1, 1, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_BLIND_SYN), 2);
	in(&s, R, 1, 0, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_RESET);
	script_free(&s);
}

/** RFC 5961, 5.2. */
static void
an_impossible_acknowledgement_brings_no_bytes(void **state)
{
	struct script s = begin(false);

	in(&s, A, 1, 2, 10); /* not sent */
	expect(&s, A, 1, 1, 0);
	in(&s, A, 1, 0u - 70000, 10); /* further back than any window was */
	nothing(&s);
	assert_int_equal(s.e->n_got, 0);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_BAD_ACK), 2);
	in(&s, A, 1, 0u - 60000, 10); /* old, but possible */
	assert_int_equal(s.e->n_got, 10);
	script_free(&s);
}

/** RFC 7323, 5. */
static void
old_timestamps_are_not_taken(void **state)
{
	struct script s = begin(true);

	s.ts_val = 2000;
	in(&s, A, 1, 1, 10);
	wait_ms(&s, 50);
	expect(&s, A, 1, 11, 0);
	s.ts_val = 1999;
	in(&s, A, 11, 1, 10);
	expect(&s, A, 1, 11, 0);
	assert_int_equal(s.e->n_got, 10);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_PAWS), 1);
	/* After 24 days of silence it says nothing any more (5.5). */
	s.r->now += 25ull * 24 * 3600 * RS_NS_PER_S;
	(void)rs_tcp_tick(s.e->t, s.r->now);
	in(&s, A, 11, 1, 10);
	assert_int_equal(s.e->n_got, 20);
	s.ts = false;
	in(&s, A, 21, 1, 10);
	assert_int_equal(s.e->n_got, 20);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_NO_TIMESTAMP), 1);
	script_free(&s);
}

/** RFC 7323, 4.3: the echo is that of the segment that the ACK answers. */
static void
the_right_timestamp_is_echoed(void **state)
{
	struct script s = begin(true);

	s.ts_val = 2000;
	in(&s, A, 1, 1, 10);
	s.ts_val = 2005;
	in(&s, A, 11, 1, 10);
	assert_int_equal(expect(&s, A, 1, 21, 0).ts_ecr, 2000); /* the first of the two */
	s.ts_val = 2010;
	in(&s, A, 101, 1, 10); /* out of order: not its */
	assert_int_equal(expect(&s, A, 1, 21, 0).ts_ecr, 2000);
	s.ts_val = 2009;
	in(&s, A, 21, 1, 80); /* the hole */
	assert_int_equal(expect(&s, A, 1, 111, 0).ts_ecr, 2009);
	script_free(&s);
}

static void
icmp(struct script *s, uint32_t seq, enum rs_tcp_error_kind kind, uint32_t mtu)
{
	struct guard g = guard_new(NULL, 8);

	rs_store16(g.p, s->path.local_port);
	rs_store16(g.p + 2, s->path.remote_port);
	rs_store32(g.p + 4, s->isn + seq);
	rs_tcp_error(s->e->t, &s->path, rs_slice_of(g.p, g.len), kind, mtu, s->r->now);
	guard_free(&g);
}

/** RFC 1191 with the checks of RFC 5927, 4.1 and 7.2. */
static void
a_smaller_path_is_learnt(void **state)
{
	struct script s = begin(false);

	write_n(&s, 4000);
	expect(&s, A, 1, 1, 1460);
	expect(&s, A, 1461, 1, 1460);
	expect(&s, A, 2921, 1, 1080);
	icmp(&s, 0, RS_TCP_ERROR_TOO_BIG, 1000);    /* nothing that is under way */
	icmp(&s, 4001, RS_TCP_ERROR_TOO_BIG, 1000); /* nor that */
	icmp(&s, 1, RS_TCP_ERROR_TOO_BIG, 1500);    /* no news */
	icmp(&s, 1, RS_TCP_ERROR_TOO_BIG, 9000);
	nothing(&s);
	assert_int_equal(counted(&s, RS_NET_TCP_ICMP_IGNORED), 4);
	icmp(&s, 1461, RS_TCP_ERROR_TOO_BIG, 1000);
	expect(&s, A, 1, 1, 960); /* at once, in smaller pieces */
	expect(&s, A, 961, 1, 960);
	assert_int_equal(info(s.e, s.h).mss, 960);
	assert_int_equal(counted(&s, RS_NET_TCP_ICMP_TOO_BIG), 1);
	assert_true(info(s.e, s.h).cwnd >= 10 * 1460);
	script_free(&s);
}

static void
a_path_that_took_more_before_is_believed_after_a_loss(void **state)
{
	struct script s = begin(false);

	write_n(&s, 2920);
	in(&s, A, 1, 2921, 0);
	write_n(&s, 1460);
	s.looked = s.r->n_packets;
	icmp(&s, 2921, RS_TCP_ERROR_TOO_BIG, 600);
	nothing(&s);
	assert_int_equal(info(s.e, s.h).mss, 1460);
	wait_ms(&s, 250);
	expect(&s, A, 2921, 1, 560);
	assert_int_equal(info(s.e, s.h).mss, 560);
	script_free(&s);
}

/** Less than a path must take is not believed; an old router's silence means the next plateau (RFC 1191, 7). */
static void
absurd_paths(void **state)
{
	struct script s = begin(false);

	write_n(&s, 1460);
	icmp(&s, 1, RS_TCP_ERROR_TOO_BIG, 0);
	assert_int_equal(info(s.e, s.h).mss, 1452);
	icmp(&s, 1, RS_TCP_ERROR_TOO_BIG, 1);
	assert_int_equal(info(s.e, s.h).mss, 536);
	script_free(&s);
}

static void
unreachable_ends_what_is_only_beginning(void **state)
{
	struct rs_tcp_cfg cfg = rig_cfg();
	struct script s;

	cfg.connect_ns = 5 * RS_NS_PER_S;
	s = script_new(&cfg, 4);
	script_connect(&s);
	icmp(&s, 1, RS_TCP_ERROR_HARD, 0); /* not our SYN */
	assert_int_equal(state_of(&s), RS_TCP_SYN_SENT);
	icmp(&s, 0, RS_TCP_ERROR_SOFT, 0);
	assert_int_equal(state_of(&s), RS_TCP_SYN_SENT);
	icmp(&s, 0, RS_TCP_ERROR_HARD, 0);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_UNREACHABLE);
	script_connect(&s);
	icmp(&s, 0, RS_TCP_ERROR_SOFT, 0);
	wait_ms(&s, 5100);
	assert_told(s.e, RS_TCP_CLOSED, RS_TCP_CAUSE_UNREACHABLE);
	script_free(&s);
	s = begin(false); /* an established one goes on */
	write_n(&s, 10);
	icmp(&s, 1, RS_TCP_ERROR_HARD, 0);
	assert_int_equal(state_of(&s), RS_TCP_ESTABLISHED);
	in(&s, A, 1, 11, 0);
	script_free(&s);
}

static void
kinds_of_icmp(void **state)
{
	assert_int_equal(rs_tcp_error_kind(4, 3, 3), RS_TCP_ERROR_HARD);
	assert_int_equal(rs_tcp_error_kind(4, 3, 1), RS_TCP_ERROR_SOFT);
	assert_int_equal(rs_tcp_error_kind(4, 3, 4), RS_TCP_ERROR_TOO_BIG);
	assert_int_equal(rs_tcp_error_kind(4, 11, 0), RS_TCP_ERROR_SOFT);
	assert_int_equal(rs_tcp_error_kind(4, 4, 0), -1); /* source quench (RFC 6633) */
	assert_int_equal(rs_tcp_error_kind(6, 1, 4), RS_TCP_ERROR_HARD);
	assert_int_equal(rs_tcp_error_kind(6, 1, 0), RS_TCP_ERROR_SOFT);
	assert_int_equal(rs_tcp_error_kind(6, 2, 0), RS_TCP_ERROR_TOO_BIG);
	assert_int_equal(rs_tcp_error_kind(6, 128, 0), -1);
}

static void
a_short_quotation_is_none(void **state)
{
	struct script s = begin(false);
	struct guard g = guard_new(NULL, 7);

	write_n(&s, 10);
	rs_tcp_error(s.e->t, &s.path, rs_slice_of(g.p, g.len), RS_TCP_ERROR_HARD, 0, s.r->now);
	assert_int_equal(counted(&s, RS_NET_TCP_ICMP_IGNORED), 1);
	guard_free(&g);
	script_free(&s);
}

/** Bytes as they come, checksum put right or not; they end at an unreadable page. */
static void
throw(struct script *s, const uint8_t *p, uint32_t len, bool right)
{
	struct guard g = guard_new(p, len);

	if (right && len >= RS_TCP_HDR_LEN) {
		uint16_t sum;

		memset(g.p + 16, 0, 2);
		sum = (uint16_t)~rs_ip_fold(rs_ip_sum(g.p, len, rs_ip_pseudo_sum(&s->path.remote, &s->path.local, RS_IPPROTO_TCP, len)));
		memcpy(g.p + 16, &sum, 2);
	}
	rs_tcp_input(s->e->t, &s->path, g.p, len, false, s->r->now);
	guard_free(&g);
}

/** A header of the peer's next segment with @n bytes of options. */
static uint32_t
header(const struct script *s, uint8_t *p, uint8_t flags, const uint8_t *options, uint32_t n)
{
	memset(p, 0, RS_TCP_HDR_MAX);
	rs_store16(p, s->path.remote_port);
	rs_store16(p + 2, s->path.local_port);
	rs_store32(p + 4, PEER_ISN + 1);
	rs_store32(p + 8, s->isn + 1);
	p[12] = (uint8_t)((RS_TCP_HDR_LEN + (n + 3) / 4 * 4) / 4 << 4);
	p[13] = flags;
	rs_store16(p + 14, 65535);
	if (n)
		memcpy(p + RS_TCP_HDR_LEN, options, n);
	return RS_TCP_HDR_LEN + (n + 3) / 4 * 4;
}

static void
broken_headers_are_counted_by_kind(void **state)
{
	static const struct {
		uint8_t options[12];
		uint32_t n;
		bool bad;
	} cases[] = {
		{ { 2, 0 }, 4, true },			/* no length */
		{ { 2, 1 }, 4, true },			/* shorter than itself */
		{ { 2, 5, 0, 0 }, 4, true },		/* beyond the header */
		{ { 1, 1, 1, 8 }, 4, true },		/* length missing */
		{ { 8, 4, 0, 0 }, 4, true },		/* a timestamp of 2 bytes */
		{ { 5, 2, 1, 1 }, 4, true },		/* SACK of nothing */
		{ { 5, 9, 0, 0, 0, 0, 0, 0, 0 }, 12, true },
		{ { 3, 4, 1, 1 }, 4, true },
		{ { 4, 3, 0, 1 }, 4, true },
		{ { 0, 2, 0, 9 }, 4, false },		/* behind the end anything may stand */
		{ { 99, 4, 1, 1 }, 4, false },		/* not known */
		{ { 1, 1, 1, 1 }, 4, false },
	};
	struct script s = begin(false);
	uint8_t p[RS_TCP_HDR_MAX];
	uint32_t bad = 0, len;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bad += cases[i].bad;
		len = header(&s, p, A, cases[i].options, cases[i].n);
		throw(&s, p, len, true);
		assert_int_equal(counted(&s, RS_NET_TCP_RX_BAD_OPTION), bad);
	}
	len = header(&s, p, A, NULL, 0);
	for (uint32_t n = 0; n < len; n++)
		throw(&s, p, n, true);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_TRUNCATED), 20);
	p[12] = 4 << 4; /* a header of 16 bytes */
	throw(&s, p, len, true);
	p[12] = 6 << 4; /* of 24, and there are 20 */
	throw(&s, p, len, true);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_TRUNCATED), 22);
	p[12] = 5 << 4;
	throw(&s, p, len, false);
	assert_int_equal(counted(&s, RS_NET_TCP_RX_BAD_CHECKSUM), 1);
	for (uint32_t flags = 0; flags < 64; flags++) {
		bool mad = !(flags & (S | R | A)) || ((flags & S) && (flags & (F | R)));
		uint64_t was = counted(&s, RS_NET_TCP_RX_BAD_FLAGS);

		if (!mad)
			continue;
		header(&s, p, (uint8_t)flags, NULL, 0);
		throw(&s, p, len, true);
		assert_int_equal(counted(&s, RS_NET_TCP_RX_BAD_FLAGS), was + 1);
	}
	nothing(&s);
	assert_int_equal(state_of(&s), RS_TCP_ESTABLISHED);
	script_free(&s);
}

static bool
is_there(const struct script *s)
{
	struct rs_tcp_info i;

	return rs_tcp_info(s->e->t, s->h, &i) == 0;
}

/** Segments of every kind at every state: nothing grows, nothing breaks, and in the end all memory is back. */
static void
garbage_does_no_harm(void **state)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct rs_tcp_cfg cfg = rig_cfg();
		struct rs_rng g = { seed };
		struct script s;

		cfg.blocks = 64;
		cfg.receive_bytes = 16384;
		s = script_new(&cfg, 4);
		(void)rig_listen(s.e, NULL, 40000);
		s.options.sack_permitted = seed & 1;
		s.ts = seed & 2;
		s.ts_val = 1;
		script_established(&s);
		s.e->take_max = seed & 4 ? 100 : SIZE_MAX;
		for (uint32_t i = 0; i < 3000; i++) {
			uint64_t x = rs_rng_next(&g);
			uint32_t seq = PEER_ISN + (uint32_t)(x >> 8 & 0x7fff) - 100, ack = s.isn + (uint32_t)(x >> 24 & 0x1fff) - 50;
			uint8_t flags = (uint8_t)(x & 31);

			if (x >> 40 & 7)
				flags = A | (flags & (P | F));
			s.window = (uint16_t)(x >> 44);
			s.ts_val += x >> 60;
			for (uint64_t k = 0; k < (x >> 58 & 3); k++)
				sack(&s, (uint32_t)(rs_rng_next(&g) & 0x1fff), (uint32_t)(rs_rng_next(&g) & 0x1fff));
			in_raw(&s, flags, seq, ack, x >> 33 & 255);
			if ((x >> 50 & 15) == 0 && is_there(&s))
				(void)write_n(&s, 1000);
			if ((x >> 50 & 31) == 1)
				(void)rs_tcp_read(s.e->t, s.h, s.r->now);
			if ((x >> 50 & 63) == 2)
				wait_ms(&s, x >> 20 & 1023);
			s.r->n_packets = s.looked = 0;
			assert_true(counted(&s, RS_NET_TCP_OPEN) <= 2);
			assert_true(counted(&s, RS_NET_TCP_BLOCKS) <= 64);
			if (!is_there(&s)) {
				if (s.e->n_told)
					s.h = s.e->h;
				if (rs_tcp_connect(s.e->t, &s.path, NULL, 5, s.r->now, &s.h) == 0)
					s.isn = out(&s).seq;
			}
		}
		(void)rs_tcp_abort(s.e->t, s.h, s.r->now);
		(void)rs_tcp_abort(s.e->t, s.e->h, s.r->now);
		s.r->n_packets = 0;
		for (uint32_t i = 0; i < 400; i++) {
			s.r->now += RS_NS_PER_S;
			(void)rs_tcp_tick(s.e->t, s.r->now);
			s.r->n_packets = 0;
		}
		assert_int_equal(counted(&s, RS_NET_TCP_HALF_OPEN), 0);
		assert_int_equal(counted(&s, RS_NET_TCP_TIME_WAIT), 0);
		assert_int_equal(counted(&s, RS_NET_TCP_OPEN), 0);
		assert_int_equal(counted(&s, RS_NET_TCP_BLOCKS), 0);
		script_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_exact_reset_is_obeyed),
		cmocka_unit_test(a_syn_within_a_connection_is_asked_about),
		cmocka_unit_test(an_impossible_acknowledgement_brings_no_bytes),
		cmocka_unit_test(old_timestamps_are_not_taken),
		cmocka_unit_test(the_right_timestamp_is_echoed),
		cmocka_unit_test(a_smaller_path_is_learnt),
		cmocka_unit_test(a_path_that_took_more_before_is_believed_after_a_loss),
		cmocka_unit_test(absurd_paths),
		cmocka_unit_test(unreachable_ends_what_is_only_beginning),
		cmocka_unit_test(kinds_of_icmp),
		cmocka_unit_test(a_short_quotation_is_none),
		cmocka_unit_test(broken_headers_are_counted_by_kind),
		cmocka_unit_test(garbage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
