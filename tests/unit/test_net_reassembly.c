/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams cut up and put together again, with no port in between: in any order, twice, with holes, with lies; what is given up
 * is counted by kind, and nothing grows.
 */
#include "unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "guard.h"
#include "net/fragment.h"
#include "net/net.h"
#include "net/reassembly.h"

#define START (5 * RS_NS_PER_S)

struct set {
	struct rs_reassembly r;
	struct rs_metrics cells;
	struct rs_ip whole;
	uint64_t now;
};

static uint8_t text[70000]; /* what datagrams hold */

static int
set_up(void **state)
{
	static struct set s;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	s = (struct set){ .now = START };
	if (rs_metrics_init(&s.cells, &rs_net_metrics_table) != 0)
		return -1;
	*state = &s;
	return rs_reassembly_init(&s.r, &s.cells, 42);
}

static int
tear_down(void **state)
{
	struct set *s = *state;

	rs_reassembly_fini(&s->r);
	rs_metrics_fini(&s->cells);
	return 0;
}

static struct rs_addr
addr(const char *name)
{
	struct rs_addr a;

	assert_int_equal(rs_addr_parse(rs_slice_str(name), &a), 0);
	return a;
}

/** Bytes @from to @to of a datagram of @total bytes. */
static struct rs_ip
piece(int family, uint32_t id, uint32_t from, uint32_t to, uint32_t total)
{
	return (struct rs_ip){ .src = addr(family == 4 ? "198.18.0.1" : "2001:2::1"),
		.dst = addr(family == 4 ? "198.18.0.2" : "2001:2::2"),
		.payload = text + from,
		.len = to - from,
		.proto = RS_IPPROTO_UDP,
		.frag_more = to < total,
		.frag_offset = from,
		.frag_id = id };
}

static bool
add(struct set *s, struct rs_ip ip)
{
	struct guard g = guard_new(ip.payload, ip.len);
	bool whole;

	ip.payload = g.p;
	whole = rs_reassembly_add(&s->r, &ip, s->now, &s->whole);
	guard_free(&g);
	return whole;
}

static uint64_t
count(const struct set *s, uint32_t row)
{
	return rs_metric_get(&s->cells, row);
}

static void
check_whole(const struct set *s, uint32_t total)
{
	assert_int_equal(s->whole.len, total);
	assert_memory_equal(s->whole.payload, text, total);
	assert_int_equal(s->whole.proto, RS_IPPROTO_UDP);
}

static void
three_fragments_in_any_order_make_the_datagram(void **state)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };
	struct set *s = *state;

	for (int family = 4; family <= 6; family += 2) {
		for (uint32_t o = 0; o < 6; o++) {
			for (int k = 0; k < 3; k++) {
				uint32_t from = orders[o][k] * 1480u, to = from + 1480;

				assert_int_equal(add(s, piece(family, o, from, to > 4008 ? 4008 : to, 4008)),
					k == 2);
			}
			check_whole(s, 4008);
			assert_true(s->whole.src.family == family);
		}
	}
	assert_int_equal(count(s, RS_NET_FRAG_WHOLE), 12);
	assert_int_equal(count(s, RS_NET_RX_FRAGMENT), 36);
	assert_int_equal(s->r.live.n, 0);
}

static void
copies_of_fragments_do_no_harm_and_are_counted(void **state)
{
	struct set *s = *state;

	for (uint32_t i = 0; i < 3; i++) {
		uint32_t from = i * 1480, to = i == 2 ? 4008 : from + 1480;

		assert_int_equal(add(s, piece(4, 1, from, to, 4008)), i == 2);
		if (i == 2)
			check_whole(s, 4008);
		assert_false(add(s, piece(4, 1, from, to, 4008)));
	}
	/* The whole datagram twice on its way: delivered once. */
	assert_false(add(s, piece(4, 1, 0, 1480, 4008)));
	assert_int_equal(count(s, RS_NET_FRAG_DUPLICATE), 4);
	assert_int_equal(count(s, RS_NET_FRAG_WHOLE), 1);
	/* After a while the number may belong to another datagram. */
	s->now += RS_REASSEMBLY_NS;
	assert_false(add(s, piece(4, 1, 0, 1480, 2000)));
	assert_true(add(s, piece(4, 1, 1480, 2000, 2000)));
	check_whole(s, 2000);
}

static void
datagrams_are_told_apart_by_addresses_number_and_protocol(void **state)
{
	struct set *s = *state;
	struct rs_ip a = piece(4, 1, 0, 1480, 2000), b;

	assert_false(add(s, a));
	b = piece(4, 2, 1480, 2000, 2000);
	assert_false(add(s, b));
	b = piece(4, 1, 1480, 2000, 2000);
	b.src.b[3] = 9;
	assert_false(add(s, b));
	b = piece(4, 1, 1480, 2000, 2000);
	b.dst.b[3] = 9;
	assert_false(add(s, b));
	b = piece(4, 1, 1480, 2000, 2000);
	b.proto = RS_IPPROTO_ICMP;
	assert_false(add(s, b));
	assert_true(add(s, piece(4, 1, 1480, 2000, 2000)));
	/* IPv6: what later fragments say follows them does not count (RFC 8200, 4.5). */
	assert_false(add(s, piece(6, 1, 0, 1480, 2000)));
	b = piece(6, 1, 1480, 2000, 2000);
	b.proto = RS_IPPROTO_DSTOPTS;
	assert_true(add(s, b));
	assert_int_equal(s->whole.proto, RS_IPPROTO_UDP);
}

static void
fragments_that_overlap_and_differ_cost_the_datagram(void **state)
{
	/* Teardrop, a longer copy, one inside another with other bytes, one across a hole. */
	static const uint32_t spans[][2] = { { 0, 1488 }, { 24, 40 }, { 1472, 1488 }, { 1472, 2960 } };
	struct set *s = *state;

	for (uint32_t i = 0; i < 4; i++) {
		struct rs_ip bad = piece(4, i, spans[i][0], spans[i][1], 9000);

		assert_false(add(s, piece(4, i, 0, 1480, 9000)));
		assert_false(add(s, piece(4, i, 2000, 2960, 9000)));
		if (i == 1)
			bad.payload++;
		assert_false(add(s, bad));
		assert_int_equal(count(s, RS_NET_FRAG_OVERLAP), i + 1);
		assert_int_equal(s->r.live.n, 0);
		/* Those that come yet are dropped with it (RFC 5722, 4). */
		assert_false(add(s, piece(4, i, 1480, 2000, 9000)));
		assert_int_equal(count(s, RS_NET_FRAG_LATE), i + 1);
	}
}

static void
fragments_that_disagree_about_the_end_cost_the_datagram(void **state)
{
	struct set *s = *state;

	/* Two ends; one behind the end; an end before what is there. */
	assert_false(add(s, piece(4, 1, 1480, 2000, 2000)));
	assert_false(add(s, piece(4, 1, 2000, 2400, 2400)));
	assert_false(add(s, piece(4, 2, 1480, 2000, 2000)));
	assert_false(add(s, piece(4, 2, 2960, 4440, 9000)));
	assert_false(add(s, piece(4, 3, 1480, 2960, 9000)));
	assert_false(add(s, piece(4, 3, 800, 1480, 1480)));
	assert_int_equal(count(s, RS_NET_FRAG_OVERLAP), 3);
	assert_int_equal(s->r.live.n, 0);
}

static void
fragments_of_impossible_length_are_dropped(void **state)
{
	struct set *s = *state;

	assert_false(add(s, piece(4, 1, 0, 1481, 9000)));
	assert_false(add(s, piece(4, 1, 0, 7, 9000)));
	assert_false(add(s, piece(4, 1, 8, 8, 9000)));
	assert_int_equal(count(s, RS_NET_FRAG_BAD), 3);
	assert_int_equal(s->r.live.n, 0);
}

static void
datagrams_longer_than_ip_allows_are_given_up(void **state)
{
	struct set *s = *state;
	uint32_t max4 = 65535 - 20;

	assert_false(add(s, piece(4, 1, 0, 1480, 70000)));
	assert_false(add(s, piece(4, 1, 65528, 66528, 66528)));
	assert_false(add(s, piece(6, 1, 65528, 66528, 66528)));
	assert_int_equal(count(s, RS_NET_FRAG_TOO_LONG), 2);
	assert_int_equal(s->r.live.n, 0);
	/* The longest there is. */
	for (uint32_t from = 0; from < max4; from += 1480) {
		uint32_t to = from + 1480 < max4 ? from + 1480 : max4;

		assert_int_equal(add(s, piece(4, 2, from, to, max4)), to == max4);
	}
	check_whole(s, max4);
	assert_false(add(s, piece(4, 3, 65512, max4 + 1, max4 + 1)));
	assert_int_equal(count(s, RS_NET_FRAG_TOO_LONG), 3);
}

static void
datagrams_in_crumbs_are_given_up(void **state)
{
	struct set *s = *state;
	uint32_t i;

	for (i = 0; count(s, RS_NET_FRAG_TOO_MANY) == 0; i++)
		assert_false(add(s, piece(4, 1, i * 8, i * 8 + 8, 9000)));
	assert_int_equal(i, RS_REASSEMBLY_PIECES + 1);
	for (i = 0; count(s, RS_NET_FRAG_TOO_MANY) == 1; i++)
		assert_false(add(s, piece(4, 2, i * 16, i * 16 + 8, 9000)));
	assert_int_equal(i, RS_REASSEMBLY_SPANS + 1);
	for (i = 0; count(s, RS_NET_FRAG_TOO_MANY) == 2; i++)
		assert_false(add(s, piece(4, 3, 0, 8, 9000)));
	assert_int_equal(i, RS_REASSEMBLY_PIECES + 1);
	assert_int_equal(s->r.live.n, 0);
}

static void
what_does_not_complete_is_given_up_after_three_seconds(void **state)
{
	struct set *s = *state;

	assert_false(add(s, piece(4, 1, 0, 1480, 4008)));
	s->now += RS_REASSEMBLY_NS / 2;
	assert_false(add(s, piece(4, 1, 2960, 4008, 4008)));
	s->now += RS_REASSEMBLY_NS / 2 - 1;
	rs_reassembly_expire(&s->r, s->now);
	assert_int_equal(s->r.live.n, 1);
	s->now++;
	rs_reassembly_expire(&s->r, s->now);
	assert_int_equal(s->r.live.n, 0);
	assert_int_equal(count(s, RS_NET_FRAG_TIMEOUT), 1);
	assert_false(add(s, piece(4, 1, 1480, 2960, 4008)));
	assert_int_equal(count(s, RS_NET_FRAG_LATE), 1);
	s->now += RS_REASSEMBLY_NS;
	rs_reassembly_expire(&s->r, s->now);
	assert_int_equal(s->r.done.n, 0);
}

static void
flood_that_never_completes_is_bounded_and_harms_nobody(void **state)
{
	struct set *s = *state;
	size_t used = s->r.arena.used;
	uint32_t sent = 0, whole = 0;

	/* 50,000 a second for four seconds; beside them, one datagram in a hundred is a good one. */
	for (uint32_t i = 0; i < 200000; i++, s->now += 20000) {
		struct rs_ip bad = piece(4, i & 0xffff, i % 3 * 1480, i % 3 * 1480 + 1480, 9000);

		bad.src.b[2] = (uint8_t)(128 | i >> 16);
		assert_false(rs_reassembly_add(&s->r, &bad, s->now, &s->whole));
		if (i % 100 < 3) {
			uint32_t from = i % 100 * 1480, to = i % 100 == 2 ? 4008 : from + 1480;
			struct rs_ip good = piece(4, i / 100, from, to, 4008);

			sent += i % 100 == 0;
			whole += rs_reassembly_add(&s->r, &good, s->now, &s->whole);
		}
		assert_true(s->r.live.n <= RS_REASSEMBLY_LIVE);
		assert_true(s->r.live.n + s->r.done.n <= RS_REASSEMBLY_SLOTS);
	}
	assert_int_equal(whole, sent);
	assert_int_equal(s->r.arena.used, used);
	assert_int_equal(count(s, RS_NET_FRAG_EVICTED) + s->r.live.n, 200000);
}

static void
slow_datagrams_of_others_outlast_a_flood(void **state)
{
	struct set *s = *state;

	/* A second between its fragments, and 50,000 a second of somebody else's meanwhile. */
	for (int family = 4; family <= 6; family += 2) {
		for (uint32_t from = 0; from < 4008; from += 1480) {
			uint32_t to = from + 1480 < 4008 ? from + 1480 : 4008;

			assert_int_equal(add(s, piece(family, 7, from, to, 4008)), to == 4008);
			for (uint32_t i = 0; i < 50000; i++, s->now += 20000) {
				struct rs_ip bad = piece(family, 100 + i, 0, 1480, 9000);

				bad.src.b[3] ^= 64;
				assert_false(rs_reassembly_add(&s->r, &bad, s->now, &s->whole));
			}
		}
		check_whole(s, 4008);
	}
}

static struct rs_iface
iface(int family, uint16_t vlan)
{
	return (struct rs_iface){ .mac = { 2, 0, 0, 0, 0, 1 }, .vlan = vlan, .mtu = 1500 };
}

static void
cut_up_datagrams_are_put_together_again(void **state)
{
	static const uint32_t totals[] = { 1481, 2960, 4008, 9000, 65515 };
	static const uint16_t mtus[] = { 1500, 1280, 576, 9000 };
	struct set *s = *state;

	for (uint32_t k = 0; k < 5 * 4 * 2 * 2; k++) {
		uint32_t total = totals[k % 5], mtu = mtus[k / 5 % 4], n = 0;
		int family = k / 20 % 2 ? 6 : 4;
		struct rs_iface ifc = iface(family, k / 40 ? 100 : 0);
		struct rs_path path = { .local = piece(family, 0, 0, 0, 0).src,
			.remote = piece(family, 0, 0, 0, 0).dst };
		struct rs_neigh_entry e = { .mac = { 2, 0, 0, 0, 0, 2 } };
		uint32_t unit = rs_fragment_unit(&path.remote, mtu);
		bool whole = false;

		for (uint32_t from = 0; from < total; from += unit, n++) {
			uint8_t frame[9100];
			uint32_t eth = rs_eth_len(ifc.vlan);
			uint32_t len = rs_fragment_put(
				&ifc, &path, &e, 70000 + k, text, total, from, unit, frame);
			struct guard g = guard_new(frame + eth, len - eth);
			struct rs_ip ip;

			assert_true(len <= eth + mtu);
			assert_memory_equal(frame, e.mac, 6);
			assert_false(whole);
			if (total > unit)
				assert_int_equal(rs_ip_parse(g.p, len - eth, 0, &ip), RS_NET_RX_FRAGMENT);
			else
				assert_int_equal(rs_ip_parse(g.p, len - eth, 0, &ip), 0);
			assert_true(rs_addr_eq(&ip.src, &path.local));
			if (total > unit)
				whole = rs_reassembly_add(&s->r, &ip, s->now, &s->whole);
			guard_free(&g);
		}
		assert_true(n <= RS_FRAGMENT_MAX);
		if (total > unit) {
			assert_true(whole);
			check_whole(s, total);
		}
		s->now += RS_REASSEMBLY_NS;
	}
}

static void
numbers_of_one_pair_do_not_repeat_among_workers(void **state)
{
	static uint8_t seen[65536];
	struct rs_fragment_ids ids[2];
	struct rs_path path = { .local = addr("198.18.0.1"), .remote = addr("198.18.0.2") };

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (uint32_t w = 0; w < 2; w++)
		rs_fragment_ids_init(&ids[w], 12345, w, 2);
	for (uint32_t i = 0; i < 65536; i++) {
		uint16_t id = (uint16_t)rs_fragment_id(&ids[i & 1], &path);

		assert_int_equal(seen[id]++, 0);
	}
}

static void
path_mtu_is_lowered_within_bounds_and_forgotten(void **state)
{
	struct rs_addr four = addr("198.18.0.1"), six = addr("2001:2::1"), other = addr("198.18.0.9");
	struct rs_pmtu p = { 0 };

	(void)state;
	assert_int_equal(rs_pmtu_of(&p, &four, 1500, START), 1500);
	assert_true(rs_pmtu_learn(&p, &four, 1400, 1500, START));
	assert_int_equal(rs_pmtu_of(&p, &four, 1500, START), 1400);
	assert_int_equal(rs_pmtu_of(&p, &other, 1500, START), 1500);
	/* Never up, and never below what every host must take. */
	assert_false(rs_pmtu_learn(&p, &four, 1450, 1400, START));
	assert_true(rs_pmtu_learn(&p, &four, 0, 1400, START));
	assert_int_equal(rs_pmtu_of(&p, &four, 1500, START), RS_MTU4_MIN);
	assert_true(rs_pmtu_learn(&p, &six, 68, 1500, START));
	assert_int_equal(rs_pmtu_of(&p, &six, 1500, START), RS_MTU6_MIN);
	assert_int_equal(rs_pmtu_of(&p, &four, 1500, START + RS_PMTU_NS), 1500);
	for (uint32_t i = 0; i < 1000; i++) {
		other.b[2] = (uint8_t)(i >> 8);
		other.b[3] = (uint8_t)i;
		assert_true(rs_pmtu_learn(&p, &other, 1000, 1500, START + 1 + i));
		assert_int_equal(rs_pmtu_of(&p, &other, 1500, START + 1 + i), 1000);
	}
	assert_int_equal(p.n, RS_PMTU_MAX);
	assert_int_equal(rs_pmtu_of(&p, &four, 1500, START), 1500);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(three_fragments_in_any_order_make_the_datagram),
		TEST(copies_of_fragments_do_no_harm_and_are_counted),
		TEST(datagrams_are_told_apart_by_addresses_number_and_protocol),
		TEST(fragments_that_overlap_and_differ_cost_the_datagram),
		TEST(fragments_that_disagree_about_the_end_cost_the_datagram),
		TEST(fragments_of_impossible_length_are_dropped),
		TEST(datagrams_longer_than_ip_allows_are_given_up),
		TEST(datagrams_in_crumbs_are_given_up),
		TEST(what_does_not_complete_is_given_up_after_three_seconds),
		TEST(slow_datagrams_of_others_outlast_a_flood),
		TEST(flood_that_never_completes_is_bounded_and_harms_nobody),
		TEST(cut_up_datagrams_are_put_together_again),
		cmocka_unit_test(numbers_of_one_pair_do_not_repeat_among_workers),
		cmocka_unit_test(path_mtu_is_lowered_within_bounds_and_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
