/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers and checksums against recorded packets and a plain sum; sets of addresses against a plain
 * list.
 */
#include "unit.h"

#include <stdlib.h>

#include "guard.h"
#include "net/output.h"
#include "net_frames.h"

static uint16_t
plain_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return __builtin_bswap16((uint16_t)sum);
}

static void
sum_equals_the_plain_one_at_every_length(void **state)
{
	static uint8_t ones[65535];

	(void)state;
	srand(2);
	for (size_t len = 0; len < 300; len++) {
		struct guard g = guard_new(NULL, len);

		for (size_t i = 0; i < len; i++)
			g.p[i] = (uint8_t)rand();
		assert_int_equal(rs_ip_fold(rs_ip_sum(g.p, len, 0)), plain_sum(g.p, len));
		guard_free(&g);
	}
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(rs_ip_fold(rs_ip_sum(ones, sizeof(ones), 0xffff)),
		rs_ip_fold(plain_sum(ones, sizeof(ones)) + 0xffffu));
}

/** Our frame for a recorded datagram, from its own addresses and payload. */
static uint32_t
build(const uint8_t *recorded, uint32_t recorded_len, bool v4, uint16_t vlan, uint8_t *room,
	uint8_t **frame)
{
	struct rs_iface ifc = { .mtu = 1500, .vlan = vlan, .mac = { 2, 0, 0, 0, 0, 1 } };
	struct rs_neigh_entry e = { .mac = { 2, 0, 0, 0, 0, 2 } };
	struct rs_path path = { .local_port = 5060, .remote_port = 5070 };
	struct rs_ip ip;
	uint8_t *payload = room + RS_OUTPUT_HEADROOM;

	assert_int_equal(rs_ip_parse(recorded + 14, recorded_len - 14, 0, &ip), 0);
	assert_int_equal(ip.src.family, v4 ? 4 : 6);
	path.local = ip.src;
	path.remote = ip.dst;
	memcpy(payload, FRAME_PAYLOAD, strlen(FRAME_PAYLOAD));
	return rs_output_udp(&ifc, &path, &e, payload, (uint32_t)strlen(FRAME_PAYLOAD), frame);
}

static void
datagram_is_built_as_linux_builds_it(void **state)
{
	uint8_t room[256], *f;

	(void)state;
	assert_int_equal(
		build(frame_udp4, sizeof(frame_udp4), true, 0, room, &f), sizeof(frame_udp4));
	/* The ID is ours (0), and with it the header's checksum: 0xfd90 + 0xb0ff = 0 + 0xae90. */
	assert_memory_equal(f, frame_udp4, 18);
	assert_int_equal(rs_load32(f + 18), 0x00004000);
	assert_int_equal(rs_load16(f + 24), 0xae90);
	assert_memory_equal(f + 26, frame_udp4 + 26, sizeof(frame_udp4) - 26);

	assert_int_equal(
		build(frame_udp6, sizeof(frame_udp6), false, 0, room, &f), sizeof(frame_udp6));
	assert_memory_equal(f, frame_udp6, 14);
	assert_int_equal(rs_load32(f + 14), 0x60000000); /* the flow label is ours (0) */
	assert_memory_equal(f + 18, frame_udp6 + 18, 3);
	assert_int_equal(f[21], 64);
	assert_memory_equal(f + 22, frame_udp6 + 22, sizeof(frame_udp6) - 22);

	assert_int_equal(build(frame_udp6, sizeof(frame_udp6), false, 100, room, &f),
		sizeof(frame_udp6) + 4);
	assert_ptr_equal(f, room);
	assert_memory_equal(f + 12, "\x81\x00\x00\x64\x86\xdd", 6);
}

static void
checksum_that_comes_out_zero_is_sent_as_ones(void **state)
{
	struct rs_addr a = { { 198, 18, 0, 1 }, 4 }, b = { { 198, 18, 0, 2 }, 4 };
	uint8_t room[16] = { 0 };
	uint16_t check;

	(void)state;
	rs_udp_put(room + 8, 2, &a, 1, &b, 2, false);
	memcpy(&check, room + 6, 2);
	/* Adding the checksum to the payload makes the sum all ones, its complement zero. */
	memcpy(room + 8, &check, 2);
	rs_udp_put(room + 8, 2, &a, 1, &b, 2, false);
	assert_int_equal(rs_load16(room + 6), 0xffff);
}

static void
device_that_finishes_checksums_gets_the_pseudo_header(void **state)
{
	struct rs_addr a = { { 198, 18, 0, 1 }, 4 }, b = { { 198, 18, 0, 2 }, 4 };
	uint8_t room[16] = { 0 };
	uint16_t check;

	(void)state;
	rs_udp_put(room + 8, 4, &a, 1, &b, 2, true);
	memcpy(&check, room + 6, 2);
	assert_int_equal(check, rs_ip_fold(rs_ip_pseudo_sum(&a, &b, RS_IPPROTO_UDP, 12)));
	/* What the device then does: sum over header and payload, complement. */
	check = (uint16_t)~rs_ip_fold(rs_ip_sum(room, 12, 0));
	memcpy(room + 6, &check, 2);
	assert_int_equal(
		rs_ip_fold(rs_ip_sum(room, 12, rs_ip_pseudo_sum(&a, &b, RS_IPPROTO_UDP, 12))),
		0xffff);
}

static void
extension_headers_are_passed_over_and_bounded(void **state)
{
	uint8_t p[40 + 8 * 12 + 8] = { 0x60 };
	struct rs_ip ip;

	(void)state;
	rs_store16(p + 4, 16);
	p[6] = RS_IPPROTO_HOPOPTS;
	p[40] = RS_IPPROTO_UDP;
	assert_int_equal(rs_ip_parse(p, 56, 0, &ip), 0);
	assert_int_equal(ip.proto, RS_IPPROTO_UDP);
	assert_int_equal(ip.len, 8);
	p[40] = RS_IPPROTO_FRAGMENT;
	p[48] = RS_IPPROTO_UDP;
	assert_int_equal(rs_ip_parse(p, 56, 0, &ip), 0); /* all of its datagram (RFC 6946) */
	assert_int_equal(ip.len, 0);
	rs_store16(p + 50, 8);
	assert_int_equal(rs_ip_parse(p, 56, 0, &ip), RS_NET_RX_FRAGMENT);
	/* Inside one that was put together there is no other. */
	ip = (struct rs_ip){ .src.family = 6, .payload = p + 48, .len = 8, .proto = RS_IPPROTO_FRAGMENT };
	assert_int_equal(rs_ip_unwrap(&ip), RS_NET_RX_UNKNOWN);
	ip = (struct rs_ip){ .src.family = 6, .payload = p + 40, .len = 16, .proto = RS_IPPROTO_DSTOPTS };
	p[40] = RS_IPPROTO_UDP;
	assert_int_equal(rs_ip_unwrap(&ip), 0);
	assert_int_equal(ip.proto, RS_IPPROTO_UDP);
	assert_int_equal(ip.len, 8);
	p[6] = RS_IPPROTO_ROUTING; /* the last stop of a route; not a stop on the way (RFC 8200, 4.4) */
	assert_int_equal(rs_ip_parse(p, 56, 0, &ip), 0);
	assert_int_equal(ip.proto, RS_IPPROTO_UDP);
	p[43] = 1;
	assert_int_equal(rs_ip_parse(p, 56, 0, &ip), RS_NET_RX_UNKNOWN);
	p[43] = 0;
	p[6] = RS_IPPROTO_HOPOPTS;
	p[41] = 9; /* longer than the packet */
	assert_int_equal(rs_ip_parse(p, 56, 0, &ip), RS_NET_RX_TRUNCATED);
	rs_store16(p + 4, sizeof(p) - 40);
	for (unsigned i = 0; i < 12; i++) {
		p[40 + 8 * i] = RS_IPPROTO_DSTOPTS;
		p[41 + 8 * i] = 0;
	}
	assert_int_equal(rs_ip_parse(p, sizeof(p), 0, &ip), RS_NET_RX_UNKNOWN);
}

static void
set_equals_a_plain_list(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 200; round++) {
		static bool in[4096];
		struct rs_ranges *r = rs_ranges_create();

		memset(in, 0, sizeof(in));
		for (int i = rand() % 30; i > 0; i--) {
			uint32_t first = (uint32_t)rand() % 4000, count = 1 + (uint32_t)rand() % 96;
			struct rs_addr v4 = { { 198, 18, (uint8_t)(first >> 8), (uint8_t)first },
				4 };
			struct rs_addr v6 = {
				{ 0x20, 1, [14] = (uint8_t)(first >> 8), [15] = (uint8_t)first }, 6
			};

			assert_int_equal(rs_ranges_add(r, &v4, count), 0);
			assert_int_equal(rs_ranges_add(r, &v6, count), 0);
			memset(in + first, 1, count);
		}
		rs_ranges_seal(r);
		for (uint32_t i = 0; i < 4096; i++) {
			struct rs_addr v4 = { { 198, 18, (uint8_t)(i >> 8), (uint8_t)i }, 4 };
			struct rs_addr v6 = {
				{ 0x20, 1, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i }, 6
			};

			assert_int_equal(rs_ranges_has(r, &v4), in[i]);
			assert_int_equal(rs_ranges_has(r, &v6), in[i]);
		}
		rs_ranges_free(r);
	}
}

static void
prefixes_end_where_they_say(void **state)
{
	struct rs_net_prefix all4 = { { { 0 }, 4 }, 0 }, host = { { { 198, 18, 0, 5 }, 4 }, 32 },
			     v6 = { { { 0x20, 1, 0, 2, [15] = 9 }, 6 }, 126 };
	struct rs_addr last = { { 255, 255, 255, 255 }, 4 };
	struct rs_ranges *r = rs_ranges_create();
	struct rs_ranges_cursor c = { 0 };
	struct rs_addr a;
	unsigned n = 0;

	(void)state;
	assert_int_equal(rs_ranges_add_prefix(r, &host), 0);
	assert_int_equal(rs_ranges_add_prefix(r, &v6), 0);
	rs_ranges_seal(r);
	while (rs_ranges_next(r, &c, &a))
		n++;
	assert_int_equal(n, 5); /* one, and ::8 to ::b */
	assert_int_equal(a.b[15], 0xb);
	assert_false(rs_ranges_has(r, &last));
	assert_int_equal(rs_ranges_add_prefix(r, &all4), 0);
	rs_ranges_seal(r);
	assert_true(rs_ranges_has(r, &last));
	assert_int_equal(rs_ranges_add(r, &last, 2), -EINVAL);
	assert_int_equal(rs_ranges_add(r, &last, 0), -EINVAL);
	assert_int_equal(rs_ranges_add_prefix(r, &(struct rs_net_prefix){ .bits = 4 }), -EINVAL);
	rs_ranges_free(r);
}

static void
route_is_the_link_else_the_gateway(void **state)
{
	struct rs_net_prefix own = { { { 198, 18, 0, 2 }, 4 }, 20 };
	struct rs_iface ifc = {
		.prefixes = &own, .n_prefixes = 1, .gateway4 = { { 198, 18, 0, 1 }, 4 }
	};
	struct rs_addr near = { { 198, 18, 15, 255 }, 4 }, far = { { 198, 18, 16, 0 }, 4 };
	struct rs_addr local = { { 0xfe, 0x80, [15] = 1 }, 6 }, far6 = { { 0x20, 1, [15] = 1 }, 6 };
	struct rs_ranges *on_link;
	const struct rs_addr *next;

	(void)state;
	assert_int_equal(rs_iface_on_link(&ifc, &on_link), 0);
	ifc.on_link = on_link;
	assert_int_equal(rs_route(&ifc, &near, &next), 0);
	assert_ptr_equal(next, &near);
	assert_int_equal(rs_route(&ifc, &far, &next), 0);
	assert_ptr_equal(next, &ifc.gateway4);
	assert_int_equal(rs_route(&ifc, &local, &next), 0);
	assert_ptr_equal(next, &local);
	assert_int_equal(rs_route(&ifc, &far6, &next), -EHOSTUNREACH);
	rs_ranges_free(on_link);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sum_equals_the_plain_one_at_every_length),
		cmocka_unit_test(datagram_is_built_as_linux_builds_it),
		cmocka_unit_test(checksum_that_comes_out_zero_is_sent_as_ones),
		cmocka_unit_test(device_that_finishes_checksums_gets_the_pseudo_header),
		cmocka_unit_test(extension_headers_are_passed_over_and_bounded),
		cmocka_unit_test(set_equals_a_plain_list),
		cmocka_unit_test(prefixes_end_where_they_say),
		cmocka_unit_test(route_is_the_link_else_the_gateway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
