/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One frame, one verdict: what is answered, what becomes an item, what is dropped, and the row it
 * is counted in.
 */
#include "unit.h"

#include <stdlib.h>

#include "guard.h"
#include "net/input.h"
#include "net_frames.h"

struct host {
	struct rs_net_prefix prefixes[2];
	struct rs_iface ifc;
	struct rs_ranges *on_link, *own, *targets;
	struct rs_rx rx;
	struct rs_input in;
	uint8_t frame[2048];
};

static struct rs_addr
addr(const char *text)
{
	struct rs_addr a;

	assert_int_equal(rs_addr_parse(rs_slice_str(text), &a), 0);
	return a;
}

/** Host 1 or 2 of net_frames.h; its targets are everybody on its links. */
static void
host_init(struct host *h, uint8_t n)
{
	memset(h, 0, sizeof(*h));
	h->prefixes[0] = (struct rs_net_prefix){ addr("198.18.0.0"), 20 };
	h->prefixes[1] = (struct rs_net_prefix){ addr("2001:2::"), 64 };
	h->targets = rs_ranges_create();
	assert_int_equal(rs_ranges_add_prefix(h->targets, &h->prefixes[0]), 0);
	assert_int_equal(rs_ranges_add_prefix(h->targets, &h->prefixes[1]), 0);
	rs_ranges_seal(h->targets);
	h->prefixes[0].addr.b[3] = h->prefixes[1].addr.b[15] = n;
	memcpy(h->ifc.mac, (uint8_t[]){ 2, 0, 0, 0, 0, n }, 6);
	h->ifc.mtu = 1500;
	h->ifc.index = 7;
	h->ifc.prefixes = h->prefixes;
	h->ifc.n_prefixes = 2;
	h->ifc.link_local = rs_iface_link_local(h->ifc.mac);
	assert_int_equal(rs_iface_on_link(&h->ifc, &h->on_link), 0);
	assert_int_equal(rs_iface_own(&h->ifc, NULL, 0, &h->own), 0);
	h->ifc.on_link = h->on_link;
	h->ifc.own = h->ifc.answered = h->own;
}

static void
host_fini(struct host *h)
{
	rs_ranges_free(h->on_link);
	rs_ranges_free(h->own);
	rs_ranges_free(h->targets);
}

static enum rs_input_verdict
judge(struct host *h, const uint8_t *frame, uint32_t len)
{
	memcpy(h->frame, frame, len);
	return rs_input_frame(&h->ifc, h->targets, h->frame, len, 0, 0, &h->rx, &h->in);
}

#define JUDGE(h, name) judge(h, frame_##name, sizeof(frame_##name))

/** A copy of frame @name to change, in `changed`. */
#define CHANGE(name)                                                                               \
	uint8_t changed[sizeof(frame_##name)];                                                     \
	memcpy(changed, frame_##name, sizeof(changed))

static void
arp_request_is_answered_as_linux_does(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 2);
	assert_int_equal(JUDGE(&h, arp_request), RS_INPUT_REPLY);
	assert_int_equal(h.in.row, RS_NET_RX_ARP);
	assert_int_equal(h.in.reply_len, sizeof(frame_arp_reply));
	assert_memory_equal(h.in.reply, frame_arp_reply, sizeof(frame_arp_reply));
	assert_true(rs_addr_eq(&h.in.news.addr, &(struct rs_addr){ { 198, 18, 0, 1 }, 4 }));
	assert_int_equal(h.in.news.flags, RS_NEIGH_CREATE | RS_NEIGH_OVERRIDE);
	host_fini(&h);
}

static void
arp_reply_confirms_a_neighbour(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 1);
	assert_int_equal(JUDGE(&h, arp_reply), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_ARP);
	assert_int_equal(h.in.news.flags, RS_NEIGH_CONFIRMED | RS_NEIGH_OVERRIDE);
	assert_memory_equal(h.in.news.mac, ((uint8_t[]){ 2, 0, 0, 0, 0, 2 }), 6);
	host_fini(&h);
}

static void
arp_for_somebody_else_is_heard_but_not_answered(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 3);
	assert_int_equal(JUDGE(&h, arp_request), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_ARP);
	assert_int_equal(h.in.news.flags, RS_NEIGH_OVERRIDE);
	host_fini(&h);
}

static void
gratuitous_arp_is_obeyed_but_makes_no_neighbour(void **state)
{
	struct host h;
	CHANGE(arp_request);

	(void)state;
	host_init(&h, 2);
	memcpy(changed + 38, changed + 28, 4); /* target = sender */
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.news.flags, RS_NEIGH_OVERRIDE);
	assert_int_equal(h.in.news.addr.b[3], 1);
	host_fini(&h);
}

static void
arp_probe_for_our_address_is_answered_and_not_learned(void **state)
{
	struct host h;
	CHANGE(arp_request);

	(void)state;
	host_init(&h, 2);
	memset(changed + 28, 0, 4); /* RFC 5227: sender 0.0.0.0 */
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_REPLY);
	assert_int_equal(h.in.news.addr.family, 0);
	host_fini(&h);
}

static void
arp_that_claims_our_address_is_not_learned(void **state)
{
	struct host h;
	CHANGE(arp_request);

	(void)state;
	host_init(&h, 2);
	changed[31] = 2;
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_REPLY);
	assert_int_equal(h.in.news.addr.family, 0);
	host_fini(&h);
}

static void
solicitation_is_answered_as_linux_does(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 2);
	assert_int_equal(JUDGE(&h, nd_solicit), RS_INPUT_REPLY);
	assert_int_equal(h.in.row, RS_NET_RX_ND);
	assert_int_equal(h.in.reply_len, sizeof(frame_nd_advert));
	assert_memory_equal(h.in.reply, frame_nd_advert, sizeof(frame_nd_advert));
	assert_int_equal(h.in.news.flags, RS_NEIGH_CREATE | RS_NEIGH_OVERRIDE);
	host_fini(&h);
	host_init(&h, 1);
	assert_int_equal(JUDGE(&h, nd_solicit_unicast), RS_INPUT_REPLY);
	host_fini(&h);
}

static void
advertisement_confirms_a_neighbour(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 1);
	assert_int_equal(JUDGE(&h, nd_advert), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_ND);
	assert_int_equal(h.in.news.flags, RS_NEIGH_CONFIRMED | RS_NEIGH_OVERRIDE);
	assert_int_equal(h.in.news.addr.b[15], 2);
	host_fini(&h);
	host_init(&h, 2);
	h.ifc.link_local = rs_iface_link_local(h.ifc.mac);
	assert_int_equal(JUDGE(&h, nd_advert_short), RS_INPUT_DROP);
	assert_int_equal(h.in.news.flags, RS_NEIGH_CONFIRMED);
	assert_memory_equal(h.in.news.mac, ((uint8_t[]){ 2, 0, 0, 0, 0, 1 }), 6);
	host_fini(&h);
}

/** Make the ICMPv6 checksum of an untagged frame without extension headers right again. */
static void
mend6(uint8_t *frame, uint32_t len)
{
	struct rs_ip ip;
	uint16_t check;

	memset(frame + 56, 0, 2);
	assert_int_equal(rs_ip_parse(frame + 14, len - 14, 0, &ip), 0);
	check = (uint16_t)~rs_ip_fold(rs_ip_sum(
		ip.payload, ip.len, rs_ip_pseudo_sum(&ip.src, &ip.dst, ip.proto, ip.len)));
	memcpy(frame + 56, &check, 2);
}

static void
nd_that_crossed_a_router_is_not_believed(void **state)
{
	struct host h;
	CHANGE(nd_solicit);

	(void)state;
	host_init(&h, 2);
	changed[21] = 254; /* RFC 4861, 7.1.1: hop limit 255 */
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_UNKNOWN);
	changed[21] = 255;
	changed[79] = 0; /* an option of no length */
	mend6(changed, sizeof(changed));
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_TRUNCATED);
	changed[79] = 1;
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_BAD_CHECKSUM);
	host_fini(&h);
}

static void
duplicate_address_detection_is_told_whose_it_is(void **state)
{
	struct host h;
	uint8_t f[78];

	(void)state;
	host_init(&h, 2);
	memcpy(f, frame_nd_solicit, sizeof(f)); /* without its option, from nobody */
	rs_store16(f + 18, 24);
	memset(f + 22, 0, 16);
	mend6(f, sizeof(f));
	assert_int_equal(judge(&h, f, sizeof(f)), RS_INPUT_REPLY);
	assert_memory_equal(h.in.reply, ((uint8_t[]){ 0x33, 0x33, 0, 0, 0, 1 }), 6);
	assert_int_equal(rs_load32(h.in.reply + 58), 0x20000000); /* override, not solicited */
	assert_int_equal(h.in.news.addr.family, 0);
	host_fini(&h);
}

static void
echo_is_answered_to_targets(void **state)
{
	struct host h;
	struct rs_ip ip;

	(void)state;
	host_init(&h, 2);
	assert_int_equal(JUDGE(&h, echo4_request), RS_INPUT_TURNED);
	assert_int_equal(h.in.row, RS_NET_RX_ICMP);
	assert_memory_equal(h.frame, frame_echo4_reply, 14);
	assert_memory_equal(h.frame + 26, frame_echo4_reply + 26, sizeof(frame_echo4_reply) - 26);
	assert_int_equal(rs_ip_parse(h.frame + 14, sizeof(frame_echo4_reply) - 14, 0, &ip), 0);
	assert_int_equal(JUDGE(&h, echo6_request), RS_INPUT_TURNED);
	assert_memory_equal(h.frame + 18, frame_echo6_reply + 18, sizeof(frame_echo6_reply) - 18);
	host_fini(&h);
}

static void
echo_from_elsewhere_is_refused_and_counted(void **state)
{
	struct rs_ranges *nobody = rs_ranges_create();
	struct host h;

	(void)state;
	host_init(&h, 2);
	memcpy(h.frame, frame_echo4_request, sizeof(frame_echo4_request));
	assert_int_equal(rs_input_frame(&h.ifc, nobody, h.frame, sizeof(frame_echo4_request), 0, 0,
				 &h.rx, &h.in),
		RS_INPUT_DROP);
	assert_int_equal(h.in.refused, 1);
	memcpy(h.frame, frame_echo6_request, sizeof(frame_echo6_request));
	assert_int_equal(rs_input_frame(&h.ifc, nobody, h.frame, sizeof(frame_echo6_request), 0, 0,
				 &h.rx, &h.in),
		RS_INPUT_DROP);
	assert_int_equal(h.in.refused, 1);
	host_fini(&h);
	rs_ranges_free(nobody);
}

static void
datagram_becomes_an_item(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 2);
	assert_int_equal(JUDGE(&h, udp4), RS_INPUT_ITEM);
	assert_int_equal(h.in.row, RS_NET_RX_SIP);
	assert_int_equal(h.rx.len, strlen(FRAME_PAYLOAD));
	assert_memory_equal(h.rx.data, FRAME_PAYLOAD, h.rx.len);
	assert_int_equal(h.rx.path.local_port, 5070);
	assert_int_equal(h.rx.path.remote_port, 5060);
	assert_int_equal(h.rx.path.port, 7);
	assert_int_equal(h.rx.path.local.b[3], 2);
	assert_int_equal(h.rx.path.remote.b[3], 1);
	assert_int_equal(JUDGE(&h, udp6), RS_INPUT_ITEM);
	assert_int_equal(h.rx.len, strlen(FRAME_PAYLOAD));
	assert_int_equal(h.rx.path.remote.family, 6);
	host_fini(&h);
}

static void
unreachable_names_our_datagram(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 1);
	for (int v = 0; v < 2; v++) {
		assert_int_equal(
			v ? JUDGE(&h, unreachable6) : JUDGE(&h, unreachable4), RS_INPUT_ITEM);
		assert_int_equal(h.in.row, RS_NET_RX_UNREACHABLE);
		assert_int_equal(h.rx.kind, RS_RX_UNREACHABLE);
		assert_int_equal(h.rx.path.local_port, 5060);
		assert_int_equal(h.rx.path.remote_port, 5070);
		assert_int_equal(h.rx.path.local.b[v ? 15 : 3], 1);
		assert_int_equal(h.rx.path.remote.b[v ? 15 : 3], 2);
		assert_memory_equal(h.rx.data, FRAME_PAYLOAD, strlen(FRAME_PAYLOAD));
	}
	host_fini(&h);
}

static void
wrong_checksums_are_dropped(void **state)
{
	struct host h;
	CHANGE(udp4);

	(void)state;
	host_init(&h, 2);
	changed[sizeof(changed) - 1] ^= 1;
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_BAD_CHECKSUM);
	/* The device's word is taken instead, where it has one. */
	memcpy(h.frame, changed, sizeof(changed));
	assert_int_equal(rs_input_frame(&h.ifc, h.targets, h.frame, sizeof(changed),
				 RS_FRAME_UDP_GOOD, 0, &h.rx, &h.in),
		RS_INPUT_ITEM);
	memset(changed + 40, 0, 2); /* IPv4: no checksum */
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_ITEM);
	changed[22] ^= 1; /* TTL */
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_BAD_CHECKSUM);
	host_fini(&h);
}

static void
zero_checksum_is_no_checksum_over_ipv6(void **state)
{
	struct host h;
	CHANGE(udp6);

	(void)state;
	host_init(&h, 2);
	memset(changed + 60, 0, 2);
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_BAD_CHECKSUM);
	host_fini(&h);
}

static void
what_is_not_ours_is_dropped(void **state)
{
	struct host h;
	CHANGE(udp4);

	(void)state;
	host_init(&h, 3); /* other MAC */
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_NOT_OURS);
	changed[5] = 3; /* our MAC, other address */
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_NOT_OURS);
	host_fini(&h);
	host_init(&h, 2);
	memset(changed, 0xff, 6); /* our address, sent to everybody */
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_NOT_OURS);
	assert_int_equal(JUDGE(&h, mld_report), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_NOT_OURS);
	host_fini(&h);
}

static void
fragments_to_us_are_taken_for_reassembly(void **state)
{
	struct host h;
	uint8_t changed[sizeof(frame_udp4)];
	static const uint16_t marks[] = { 0x2000, 0x0001, 0x3fff };
	uint16_t check;

	(void)state;
	host_init(&h, 2);
	for (size_t i = 0; i < 3; i++) {
		memcpy(changed, frame_udp4, sizeof(changed));
		rs_store16(changed + 20, marks[i]);
		rs_store16(changed + 24, 0);
		check = (uint16_t)~rs_ip_fold(rs_ip_sum(changed + 14, 20, 0));
		memcpy(changed + 24, &check, 2);
		assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_FRAGMENT);
		assert_int_equal(h.in.row, RS_NET_RX_FRAGMENT);
		assert_int_equal(h.in.ip.frag_id, 0xfd90);
		assert_int_equal(h.in.ip.frag_more, marks[i] >> 13);
		assert_int_equal(h.in.ip.frag_offset, (marks[i] & 0x1fff) * 8);
		assert_int_equal(h.in.ip.len, sizeof(frame_udp4) - 34);
		assert_ptr_equal(h.in.ip.payload, h.frame + 34);
		h.ifc.own = h.on_link; /* for another host */
		memset(changed, 0xff, 6);
		assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
		assert_int_equal(h.in.row, RS_NET_RX_NOT_OURS);
		h.ifc.own = h.own;
	}
	host_fini(&h);
}

/** frame_udp6 with a fragment header. */
static void
with_fragment_header(uint8_t *out, uint16_t place)
{
	memcpy(out, frame_udp6, 54);
	rs_store16(out + 18, (uint16_t)(sizeof(frame_udp6) - 54 + 8));
	out[20] = RS_IPPROTO_FRAGMENT;
	memcpy(out + 54, (uint8_t[]){ RS_IPPROTO_UDP, 0, 0, 0, 1, 2, 3, 4 }, 8);
	rs_store16(out + 56, place);
	memcpy(out + 62, frame_udp6 + 54, sizeof(frame_udp6) - 54);
}

static void
ipv6_fragment_that_is_all_of_its_datagram_is_none(void **state)
{
	uint8_t frame[sizeof(frame_udp6) + 8];
	struct host h;

	(void)state;
	host_init(&h, 2);
	with_fragment_header(frame, 0x1231);
	assert_int_equal(judge(&h, frame, sizeof(frame)), RS_INPUT_FRAGMENT);
	assert_int_equal(h.in.ip.frag_id, 0x01020304);
	assert_int_equal(h.in.ip.frag_offset, 0x1230);
	assert_true(h.in.ip.frag_more);
	assert_int_equal(h.in.ip.proto, RS_IPPROTO_UDP);
	assert_ptr_equal(h.in.ip.payload, h.frame + 62);
	with_fragment_header(frame, 0x0006); /* reserved bits only (RFC 6946) */
	assert_int_equal(judge(&h, frame, sizeof(frame)), RS_INPUT_ITEM);
	assert_int_equal(h.rx.len, strlen(FRAME_PAYLOAD));
	host_fini(&h);
}

static void
router_says_what_a_path_takes(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 1);
	for (int v = 0; v < 2; v++) {
		uint8_t frame[256];
		uint32_t len = v ? sizeof(frame_unreachable6) : sizeof(frame_unreachable4);
		uint32_t at = v ? 54 : 34, sum = 0;
		uint16_t check;

		memcpy(frame, v ? frame_unreachable6 : frame_unreachable4, len);
		frame[at] = v ? RS_ICMP6_TOO_BIG : RS_ICMP_UNREACHABLE;
		frame[at + 1] = v ? 0 : RS_ICMP_NEEDS_FRAGMENT;
		rs_store32(frame + at + 4, 1300);
		rs_store16(frame + at + 2, 0);
		if (v)
			sum = rs_ip_pseudo_sum(&h.prefixes[1].addr,
				&(struct rs_addr){ { 0x20, 1, 0, 2, [15] = 2 }, 6 }, RS_IPPROTO_ICMPV6, len - at);
		check = (uint16_t)~rs_ip_fold(rs_ip_sum(frame + at, len - at, sum));
		memcpy(frame + at + 2, &check, 2);
		/* The engine hears nothing: its call has not failed. */
		assert_int_equal(judge(&h, frame, len), RS_INPUT_DROP);
		assert_int_equal(h.in.row, RS_NET_RX_TOO_BIG);
		assert_int_equal(h.in.mtu_told, 1);
		assert_int_equal(h.in.mtu, 1300);
		assert_int_equal(h.in.mtu_dst.b[v ? 15 : 3], 2);
		/* Of a path that nothing of ours takes nothing is learned: it would push out what is true. */
		struct rs_ranges *targets = h.targets, *none = rs_ranges_create();

		rs_ranges_seal(none);
		h.targets = none;
		assert_int_equal(judge(&h, frame, len), RS_INPUT_DROP);
		assert_int_equal(h.in.row, RS_NET_RX_ICMP);
		assert_int_equal(h.in.mtu_told, 0);
		h.targets = targets;
		rs_ranges_free(none);
	}
	assert_int_equal(JUDGE(&h, unreachable4), RS_INPUT_ITEM);
	assert_int_equal(h.in.mtu_told, 0);
	host_fini(&h);
}

static void
vlan_must_be_ours(void **state)
{
	struct host h;
	uint8_t tagged[sizeof(frame_udp4) + 4];

	(void)state;
	host_init(&h, 2);
	memcpy(tagged, frame_udp4, 12);
	memcpy(tagged + 12, "\x81\x00\xe0\x64", 4); /* priority 7, VLAN 100 */
	memcpy(tagged + 16, frame_udp4 + 12, sizeof(frame_udp4) - 12);
	assert_int_equal(judge(&h, tagged, sizeof(tagged)), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_VLAN);
	tagged[15] = 0; /* a priority only */
	assert_int_equal(judge(&h, tagged, sizeof(tagged)), RS_INPUT_ITEM);
	h.ifc.vlan = 100;
	assert_int_equal(judge(&h, tagged, sizeof(tagged)), RS_INPUT_DROP);
	tagged[15] = 100;
	assert_int_equal(judge(&h, tagged, sizeof(tagged)), RS_INPUT_ITEM);
	assert_int_equal(JUDGE(&h, udp4), RS_INPUT_DROP);
	assert_int_equal(h.in.row, RS_NET_RX_VLAN);
	/* The device took the tag out. */
	memcpy(h.frame, frame_udp4, sizeof(frame_udp4));
	assert_int_equal(rs_input_frame(&h.ifc, h.targets, h.frame, sizeof(frame_udp4),
				 RS_FRAME_VLAN_STRIPPED, 0xe064, &h.rx, &h.in),
		RS_INPUT_ITEM);
	/* Answers carry it. */
	memcpy(tagged + 16, frame_arp_request + 12, sizeof(frame_arp_request) - 12);
	memset(tagged, 0xff, 6);
	assert_int_equal(judge(&h, tagged, sizeof(frame_arp_request) + 4), RS_INPUT_REPLY);
	assert_int_equal(h.in.reply_len, sizeof(frame_arp_reply) + 4);
	assert_int_equal(rs_load32(h.in.reply + 12), 0x81000064);
	host_fini(&h);
}

static void
frame_cut_anywhere_is_not_read_past(void **state)
{
	static const struct {
		const uint8_t *p;
		size_t len;
		uint8_t host;
	} all[] = {
		{ frame_arp_request, sizeof(frame_arp_request), 2 },
		{ frame_echo4_request, sizeof(frame_echo4_request), 2 },
		{ frame_nd_solicit, sizeof(frame_nd_solicit), 2 },
		{ frame_nd_advert, sizeof(frame_nd_advert), 1 },
		{ frame_echo6_request, sizeof(frame_echo6_request), 2 },
		{ frame_udp4, sizeof(frame_udp4), 2 },
		{ frame_udp6, sizeof(frame_udp6), 2 },
		{ frame_unreachable4, sizeof(frame_unreachable4), 1 },
		{ frame_unreachable6, sizeof(frame_unreachable6), 1 },
		{ frame_mld_report, sizeof(frame_mld_report), 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct host h;

		host_init(&h, all[i].host);
		for (size_t len = 0; len < all[i].len; len++) {
			struct guard g = guard_new(all[i].p, len);

			assert_int_equal(rs_input_frame(&h.ifc, h.targets, g.p, (uint32_t)len, 0, 0,
						 &h.rx, &h.in),
				RS_INPUT_DROP);
			assert_int_equal(h.in.row,
				i == sizeof(all) / sizeof(all[0]) - 1 && len >= 90
					? RS_NET_RX_NOT_OURS
					: RS_NET_RX_TRUNCATED);
			guard_free(&g);
		}
		host_fini(&h);
	}
}

static void
any_flipped_bit_of_a_datagram_is_noticed(void **state)
{
	struct host h;

	(void)state;
	host_init(&h, 2);
	/* From the IP header on, every bit is under one of the two checksums. */
	for (size_t bit = 14 * 8; bit < sizeof(frame_udp4) * 8; bit++) {
		CHANGE(udp4);

		changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	}
	host_fini(&h);
}

static void
thousands_of_own_addresses_are_answered_unless_routed(void **state)
{
	struct rs_net_range range = { .first = addr("198.18.1.0"), .count = 2000 };
	struct rs_ranges *with = NULL;
	struct host h;
	CHANGE(arp_request);

	(void)state;
	host_init(&h, 2);
	assert_int_equal(rs_iface_own(&h.ifc, &range, 1, &with), 0);
	changed[40] = 8; /* 198.18.8.207: the last one */
	changed[41] = 207;
	h.ifc.own = h.ifc.answered = with;
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_REPLY);
	changed[41] = 208;
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	changed[41] = 207;
	h.ifc.answered = h.own;
	assert_int_equal(judge(&h, changed, sizeof(changed)), RS_INPUT_DROP);
	rs_ranges_free(with);
	host_fini(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_request_is_answered_as_linux_does),
		cmocka_unit_test(arp_reply_confirms_a_neighbour),
		cmocka_unit_test(arp_for_somebody_else_is_heard_but_not_answered),
		cmocka_unit_test(gratuitous_arp_is_obeyed_but_makes_no_neighbour),
		cmocka_unit_test(arp_probe_for_our_address_is_answered_and_not_learned),
		cmocka_unit_test(arp_that_claims_our_address_is_not_learned),
		cmocka_unit_test(solicitation_is_answered_as_linux_does),
		cmocka_unit_test(advertisement_confirms_a_neighbour),
		cmocka_unit_test(nd_that_crossed_a_router_is_not_believed),
		cmocka_unit_test(duplicate_address_detection_is_told_whose_it_is),
		cmocka_unit_test(echo_is_answered_to_targets),
		cmocka_unit_test(echo_from_elsewhere_is_refused_and_counted),
		cmocka_unit_test(datagram_becomes_an_item),
		cmocka_unit_test(unreachable_names_our_datagram),
		cmocka_unit_test(wrong_checksums_are_dropped),
		cmocka_unit_test(zero_checksum_is_no_checksum_over_ipv6),
		cmocka_unit_test(what_is_not_ours_is_dropped),
		cmocka_unit_test(fragments_to_us_are_taken_for_reassembly),
		cmocka_unit_test(ipv6_fragment_that_is_all_of_its_datagram_is_none),
		cmocka_unit_test(router_says_what_a_path_takes),
		cmocka_unit_test(vlan_must_be_ours),
		cmocka_unit_test(frame_cut_anywhere_is_not_read_past),
		cmocka_unit_test(any_flipped_bit_of_a_datagram_is_noticed),
		cmocka_unit_test(thousands_of_own_addresses_are_answered_unless_routed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
