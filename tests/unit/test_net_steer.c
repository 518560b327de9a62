/* SPDX-License-Identifier: BSD-3-Clause */
/* The owner rule, and that a device with our key and table computes the same: checked against DPDK's model of such devices. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_ip.h>
#include <rte_thash.h>

#include "base/rng.h"
#include "net/ip.h"
#include "net/steer.h"

#define TUPLES 2000

struct tuple {
	struct rs_addr src, dst;
	uint16_t sport, dport;
};

static struct rs_addr
addr(const char *text)
{
	struct rs_addr a;

	assert_int_equal(rs_addr_parse(rs_slice_str(text), &a), 0);
	return a;
}

static struct rs_addr
random_addr(struct rs_rng *rng, uint8_t family)
{
	struct rs_addr a = { .family = family };

	for (int i = 0; i < (family == 6 ? 16 : 4); i++)
		a.b[i] = (uint8_t)rs_rng_next(rng);
	return a;
}

static struct tuple
random_tuple(struct rs_rng *rng, uint8_t family)
{
	uint64_t ports = rs_rng_next(rng);

	return (struct tuple){ random_addr(rng, family), random_addr(rng, family), (uint16_t)ports, (uint16_t)(ports >> 16) };
}

/* A datagram of @t as a device sees it. @return bytes */
static uint32_t
frame_of(const struct tuple *t, uint16_t vlan, uint8_t *frame)
{
	static const uint8_t mac[6] = { 2 };
	uint32_t eth = rs_eth_len(vlan), ip = rs_ip_hdr_len(&t->dst);

	rs_eth_put(frame, mac, mac, vlan, t->dst.family == 4 ? RS_ETHERTYPE_IPV4 : RS_ETHERTYPE_IPV6);
	rs_ip_put(frame + eth, &t->src, &t->dst, RS_IPPROTO_UDP, RS_UDP_HDR_LEN + 4, RS_IP_TTL);
	rs_udp_put(frame + eth + ip + RS_UDP_HDR_LEN, 4, &t->src, t->sport, &t->dst, t->dport, false);
	return eth + ip + RS_UDP_HDR_LEN + 4;
}

/* DPDK's two functions must agree, too. */
static uint32_t
softrss(const struct tuple *t, const uint8_t *key)
{
	union rte_thash_tuple x = { 0 };
	uint32_t words, hash;
	_Alignas(uint32_t) uint8_t swapped[RS_STEER_KEY_MAX] = { 0 };

	if (t->dst.family == 4) {
		x.v4.src_addr = rs_load32(t->src.b);
		x.v4.dst_addr = rs_load32(t->dst.b);
		x.v4.sport = t->sport;
		x.v4.dport = t->dport;
		words = RTE_THASH_V4_L4_LEN;
	} else {
		struct rte_ipv6_hdr ip;

		memcpy(ip.src_addr, t->src.b, 16);
		memcpy(ip.dst_addr, t->dst.b, 16);
		rte_thash_load_v6_addrs(&ip, &x);
		x.v6.sport = t->sport;
		x.v6.dport = t->dport;
		words = RTE_THASH_V6_L4_LEN;
	}
	hash = rte_softrss((uint32_t *)&x, words, key);
	rte_convert_rss_key((const uint32_t *)key, (uint32_t *)swapped, RS_STEER_KEY_MIN);
	assert_int_equal(rte_softrss_be((uint32_t *)&x, words, swapped), hash);
	return hash;
}

/* --- the rule --- */

static void
the_rule_is_address_and_port_pair(void **state)
{
	struct rs_addr a = addr("198.18.4.1"), six = addr("2001:2::4:1");

	(void)state;
	assert_int_equal(rs_steer_queue(&a, 5060, 9, 1), 0);
	assert_int_equal(rs_steer_queue(&a, 5060, 9, 2), ((0x401 ^ 2530) & 511) % 2);
	assert_int_equal(rs_steer_queue(&a, 5060, 11, 5), ((0x401 ^ 2530) & 2047) % 5);
	assert_int_equal(rs_steer_queue(&six, 5060, 11, 5), ((0x40001 ^ 2530) & 2047) % 5);
	for (unsigned port = 0; port < 65536; port += 2)
		assert_int_equal(rs_steer_queue(&a, (uint16_t)port, 9, 7), rs_steer_queue(&a, (uint16_t)(port + 1), 9, 7));
}

static void
neighbouring_addresses_are_shared_out_evenly(void **state)
{
	(void)state;
	for (uint32_t queues = 1; queues <= 16; queues++) {
		struct rs_addr first = addr("198.18.4.0");
		uint32_t n[16] = { 0 };

		for (uint32_t i = 0; i < 4096; i++) {
			struct rs_addr a = rs_addr_plus(&first, i);

			n[rs_steer_queue(&a, 5060, 9, queues)]++;
		}
		for (uint32_t q = 0; q < queues; q++)
			assert_in_range(n[q], 4096 / queues - 8, 4096 / queues + 8);
	}
}

/* --- key and table, bit by bit --- */

static void
the_key_has_four_bits(void **state)
{
	(void)state;
	for (unsigned bits = RS_STEER_BITS_MIN; bits <= RS_STEER_BITS_MAX; bits++) {
		_Alignas(uint32_t) uint8_t key[RS_STEER_KEY_MAX];
		unsigned set = 0;

		memset(key, 0xff, sizeof(key));
		rs_steer_key(bits, key, 52);
		for (unsigned i = 0; i < 52 * 8; i++) {
			bool is = key[i / 8] >> (7 - i % 8) & 1;

			assert_int_equal(is, i == 95 - bits || i == 126 - bits || i == 287 - bits || i == 318 - bits);
			set += is;
		}
		assert_int_equal(set, 4);
		assert_int_equal(key[52], 0xff); /* nothing behind what was asked for */
	}
}

/* One input bit at a time: which bits of the table's entry it moves. */
static void
each_bit_of_the_tuple_lands_where_the_rule_wants_it(void **state)
{
	(void)state;
	for (unsigned bits = RS_STEER_BITS_MIN; bits <= RS_STEER_BITS_MAX; bits++) {
		_Alignas(uint32_t) uint8_t key[RS_STEER_KEY_MIN];

		rs_steer_key(bits, key, sizeof(key));
		for (uint8_t family = 4; family <= 6; family += 2) {
			unsigned n = family == 4 ? 32 : 128, total = 2 * n + 32;

			for (unsigned i = 0; i < total; i++) {
				struct tuple t = { .src.family = family, .dst.family = family };
				uint32_t want = 0, entry;

				if (i < n)
					t.src.b[i / 8] = (uint8_t)(0x80 >> i % 8);
				else if (i < 2 * n)
					t.dst.b[(i - n) / 8] = (uint8_t)(0x80 >> i % 8);
				else if (i < 2 * n + 16)
					t.sport = (uint16_t)(0x8000 >> (i - 2 * n));
				else
					t.dport = (uint16_t)(0x8000 >> (i - 2 * n - 16));
				want = (rs_steer_low(&t.dst) ^ (uint32_t)t.dport >> 1) & ((1u << bits) - 1);
				want ^= rs_steer_peer(&t.src, bits);
				entry = softrss(&t, key) & ((1u << bits) - 1);
				for (unsigned b = 0; b < bits; b++) /* reversed */
					assert_int_equal(entry >> b & 1, want >> (bits - 1 - b) & 1);
			}
		}
	}
}

static void
a_device_computes_the_rule_for_ipv4(void **state)
{
	struct rs_rng rng = { .state = 4 };

	(void)state;
	for (unsigned bits = RS_STEER_BITS_MIN; bits <= RS_STEER_BITS_MAX; bits++) {
		_Alignas(uint32_t) uint8_t key[RS_STEER_KEY_MIN];

		rs_steer_key(bits, key, sizeof(key));
		for (int i = 0; i < TUPLES; i++) {
			struct tuple t = random_tuple(&rng, 4);
			uint32_t entry = softrss(&t, key) & ((1u << bits) - 1);

			for (uint32_t queues = 1; queues <= 16; queues++)
				assert_int_equal(rs_steer_entry(entry, bits, queues, 0),
					rs_steer_queue(&t.dst, t.dport, bits, queues));
		}
	}
}

static void
a_device_computes_the_rule_for_the_main_ipv6_peer(void **state)
{
	struct rs_rng rng = { .state = 6 };

	(void)state;
	for (unsigned bits = RS_STEER_BITS_MIN; bits <= RS_STEER_BITS_MAX; bits++) {
		_Alignas(uint32_t) uint8_t key[RS_STEER_KEY_MIN];

		rs_steer_key(bits, key, sizeof(key));
		for (int i = 0; i < TUPLES; i++) {
			struct tuple t = random_tuple(&rng, 6);
			uint32_t entry = softrss(&t, key) & ((1u << bits) - 1), c = rs_steer_peer(&t.src, bits);

			assert_true(c < 1u << bits);
			for (uint32_t queues = 1; queues <= 16; queues++)
				assert_int_equal(rs_steer_entry(entry, bits, queues, c),
					rs_steer_queue(&t.dst, t.dport, bits, queues));
		}
	}
}

/* Whatever another peer's constant does, it does to all: those are the packets that have to be redirected. */
static void
packets_of_a_peer_with_another_constant_come_to_another_queue(void **state)
{
	struct rs_addr main_peer = addr("2001:2::1"), other = addr("2001:2:0:1::1");
	uint32_t c = rs_steer_peer(&main_peer, 9), d = rs_steer_peer(&other, 9);
	struct rs_rng rng = { .state = 66 };
	_Alignas(uint32_t) uint8_t key[RS_STEER_KEY_MIN];
	uint32_t redirected = 0, hit = 0;

	(void)state;
	rs_steer_key(9, key, sizeof(key));
	assert_int_equal(c, 0);
	assert_int_equal(d, 1); /* the subnet's last bit is bit 63 */
	for (int i = 0; i < TUPLES; i++) {
		struct tuple t = random_tuple(&rng, 6);
		uint32_t entry, queue, owner;

		t.src = i % 2 ? other : main_peer;
		entry = softrss(&t, key) & 511;
		queue = rs_steer_entry(entry, 9, 4, c);
		owner = rs_steer_queue(&t.dst, t.dport, 9, 4);
		/* With a power of two the queue is off by the difference of the constants, for every packet. */
		assert_int_equal(queue ^ owner, i % 2 ? (c ^ d) % 4 : 0);
		redirected += queue != owner;
		/* The table of the other peer's constant would have been right for it. */
		hit += rs_steer_entry(entry, 9, 4, d) == owner;
	}
	assert_int_equal(redirected, TUPLES / 2);
	assert_int_equal(hit, TUPLES / 2);
	assert_int_equal(rs_steer_peer(&(struct rs_addr){ .family = 4, .b = { 1, 2, 3, 4 } }, 9), 0);
}

static void
an_rtp_port_and_its_rtcp_port_have_one_queue(void **state)
{
	struct rs_rng rng = { .state = 8 };
	_Alignas(uint32_t) uint8_t key[RS_STEER_KEY_MIN];

	(void)state;
	for (unsigned bits = RS_STEER_BITS_MIN; bits <= RS_STEER_BITS_MAX; bits++) {
		rs_steer_key(bits, key, sizeof(key));
		for (int i = 0; i < TUPLES; i++) {
			struct tuple t = random_tuple(&rng, i % 2 ? 4 : 6);
			uint32_t rtp, rtcp;

			t.dport &= 0xfffe;
			rtp = softrss(&t, key) & ((1u << bits) - 1);
			t.dport |= 1;
			t.sport ^= 1; /* of the peer's pair */
			rtcp = softrss(&t, key) & ((1u << bits) - 1);
			assert_int_equal(rtp, rtcp);
		}
	}
}

/* --- the wire that does what a device does --- */

static void
frames_hash_as_softrss_says_whatever_the_key(void **state)
{
	struct rs_rng rng = { .state = 9 };
	struct rs_steer_hash *h = malloc(sizeof(*h));

	(void)state;
	assert_non_null(h);
	for (unsigned bits = RS_STEER_BITS_MIN; bits <= RS_STEER_BITS_MAX; bits++) {
		for (int round = 0; round < 2; round++) {
			_Alignas(uint32_t) uint8_t key[RS_STEER_KEY_MIN];

			rs_steer_key(bits, key, sizeof(key));
			for (size_t i = 0; round && i < sizeof(key); i++)
				key[i] = (uint8_t)rs_rng_next(&rng);
			rs_steer_hash_init(h, key, bits);
			for (int i = 0; i < TUPLES; i++) {
				struct tuple t = random_tuple(&rng, i % 2 ? 4 : 6);
				uint8_t frame[128];
				uint32_t len = frame_of(&t, i & 2 ? 100 : 0, frame), entry;

				assert_true(rs_steer_frame(h, frame, len, &entry));
				assert_int_equal(entry, softrss(&t, key) & ((1u << bits) - 1));
			}
		}
	}
	free(h);
}

static void
what_is_no_whole_datagram_is_not_hashed(void **state)
{
	struct tuple four = { addr("198.18.0.1"), addr("198.18.0.2"), 5060, 5062 };
	struct tuple six = { addr("2001:2::1"), addr("2001:2::2"), 5060, 5062 };
	struct rs_steer_hash *h = malloc(sizeof(*h));
	_Alignas(uint32_t) uint8_t key[RS_STEER_KEY_MIN], frame[128], options[128] = { 0 };
	uint32_t entry, same, len;

	(void)state;
	assert_non_null(h);
	rs_steer_key(9, key, sizeof(key));
	rs_steer_hash_init(h, key, 9);
	len = frame_of(&four, 0, frame);
	for (uint32_t n = 0; n < RS_ETH_HDR_LEN + RS_IP4_HDR_LEN + RS_UDP_HDR_LEN; n++)
		assert_false(rs_steer_frame(h, frame, n, &entry));
	assert_true(rs_steer_frame(h, frame, len, &same));
	frame[RS_ETH_HDR_LEN + 9] = RS_IPPROTO_TCP; /* the ports of a segment stand where those of a datagram do */
	assert_true(rs_steer_frame(h, frame, len, &entry));
	assert_int_equal(entry, same);
	frame[RS_ETH_HDR_LEN + 9] = RS_IPPROTO_UDP;
	/* IP options: the ports stand behind them. */
	memcpy(options, frame, RS_ETH_HDR_LEN + RS_IP4_HDR_LEN);
	options[RS_ETH_HDR_LEN] = 0x46;
	memcpy(options + RS_ETH_HDR_LEN + 24, frame + RS_ETH_HDR_LEN + 20, 12);
	assert_true(rs_steer_frame(h, options, len + 4, &entry));
	assert_int_equal(entry, same);
	options[RS_ETH_HDR_LEN] = 0x4f; /* beyond the end */
	assert_false(rs_steer_frame(h, options, len + 4, &entry));
	options[RS_ETH_HDR_LEN] = 0x41;
	assert_false(rs_steer_frame(h, options, len + 4, &entry));
	frame[RS_ETH_HDR_LEN + 6] = 0x40; /* "do not fragment" is no fragment */
	assert_true(rs_steer_frame(h, frame, len, &entry));
	frame[RS_ETH_HDR_LEN + 6] = 0x20; /* the first of several, then a later one */
	assert_false(rs_steer_frame(h, frame, len, &entry));
	frame[RS_ETH_HDR_LEN + 6] = 0x00;
	frame[RS_ETH_HDR_LEN + 7] = 1;
	assert_false(rs_steer_frame(h, frame, len, &entry));
	frame[RS_ETH_HDR_LEN + 7] = 0;
	frame[RS_ETH_HDR_LEN + 9] = RS_IPPROTO_ICMP;
	assert_false(rs_steer_frame(h, frame, len, &entry));
	len = frame_of(&six, 0, frame);
	for (uint32_t n = 0; n < RS_ETH_HDR_LEN + RS_IP6_HDR_LEN + RS_UDP_HDR_LEN; n++)
		assert_false(rs_steer_frame(h, frame, n, &entry));
	assert_true(rs_steer_frame(h, frame, len, &entry));
	frame[RS_ETH_HDR_LEN + 6] = RS_IPPROTO_FRAGMENT;
	assert_false(rs_steer_frame(h, frame, len, &entry));
	frame[12] = 0x08;
	frame[13] = 0x06;
	assert_false(rs_steer_frame(h, frame, len, &entry));
	free(h);
}

/* --- rules for devices that match --- */

#define RULES 4096
static struct rs_steer_rule rules[RULES];

static void
masked_rules_are_the_rule_for_every_address_and_port(void **state)
{
	struct rs_rng rng = { .state = 10 };

	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		for (uint32_t queues = 1; queues <= 16; queues *= 2) {
			int n = rs_steer_rules_masked(family, 9, queues, rules, RULES);

			assert_int_equal(n, queues * queues);
			for (int i = 0; i < TUPLES; i++) {
				struct rs_addr a = random_addr(&rng, family);
				uint16_t port = (uint16_t)rs_rng_next(&rng);
				int matching = 0;

				assert_int_equal(rs_steer_rules_find(rules, (uint32_t)n, &a, port),
					rs_steer_queue(&a, port, 9, queues));
				for (int k = 0; k < n; k++) /* and one only: their order does not matter */
					matching += rs_steer_rules_find(&rules[k], 1, &a, port) >= 0;
				assert_int_equal(matching, 1);
			}
		}
	}
	assert_int_equal(rs_steer_rules_masked(4, 9, 3, rules, RULES), -EINVAL);
	assert_int_equal(rs_steer_rules_masked(4, 9, 0, rules, RULES), -EINVAL);
	assert_int_equal(rs_steer_rules_masked(4, 9, 16, rules, 255), -ENOSPC);
	assert_int_equal(rs_steer_rules_masked(4, 9, 2, rules, RULES), 4);
	assert_int_equal(rules[0].port_mask, 2);
	assert_int_equal(rules[0].mask.b[3], 1);
}

static void
listed_rules_are_the_rule_for_the_endpoints(void **state)
{
	(void)state;
	for (uint32_t queues = 1; queues <= 16; queues++) {
		struct rs_steer_range ranges[] = {
			{ addr("198.18.4.250"), 20, 5061, 8 }, /* over a byte's end; pairs cut at both ends */
			{ addr("2001:2::ff"), 5, 5060, 1 },
		};
		int n = rs_steer_rules_listed(ranges, 2, 9, queues, rules, RULES);
		struct rs_addr elsewhere = addr("198.18.5.200");

		assert_int_equal(n, queues == 1 ? 25 : 20 * 5 + 5);
		for (uint32_t r = 0; r < 2; r++)
			for (uint32_t k = 0; k < ranges[r].count; k++)
				for (uint32_t p = 0; p < ranges[r].ports; p++) {
					struct rs_addr a = rs_addr_plus(&ranges[r].first, k);
					uint16_t port = (uint16_t)(ranges[r].port + p);

					assert_int_equal(rs_steer_rules_find(rules, (uint32_t)n, &a, port),
						rs_steer_queue(&a, port, 9, queues));
				}
		assert_int_equal(rs_steer_rules_find(rules, (uint32_t)n, &elsewhere, 5060), -1);
		assert_int_equal(rs_steer_rules_listed(ranges, 2, 9, queues, rules, (uint32_t)n - 1), -ENOSPC);
	}
}

static void
an_address_with_one_port_needs_one_rule_without_ports(void **state)
{
	struct rs_steer_range range = { addr("198.18.4.1"), 3, 5060, 1 };

	(void)state;
	assert_int_equal(rs_steer_rules_listed(&range, 1, 9, 4, rules, RULES), 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rules[i].port_mask, 0);
		assert_int_equal(rules[i].mask.b[0] & rules[i].mask.b[3], 0xff);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_is_address_and_port_pair),
		cmocka_unit_test(neighbouring_addresses_are_shared_out_evenly),
		cmocka_unit_test(the_key_has_four_bits),
		cmocka_unit_test(each_bit_of_the_tuple_lands_where_the_rule_wants_it),
		cmocka_unit_test(a_device_computes_the_rule_for_ipv4),
		cmocka_unit_test(a_device_computes_the_rule_for_the_main_ipv6_peer),
		cmocka_unit_test(packets_of_a_peer_with_another_constant_come_to_another_queue),
		cmocka_unit_test(an_rtp_port_and_its_rtcp_port_have_one_queue),
		cmocka_unit_test(frames_hash_as_softrss_says_whatever_the_key),
		cmocka_unit_test(what_is_no_whole_datagram_is_not_hashed),
		cmocka_unit_test(masked_rules_are_the_rule_for_every_address_and_port),
		cmocka_unit_test(listed_rules_are_the_rule_for_the_endpoints),
		cmocka_unit_test(an_address_with_one_port_needs_one_rule_without_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
