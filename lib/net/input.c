/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/input.h"

#include "net/output.h"
#include "net/tcp/tcp.h"

static enum rs_input_verdict
drop(struct rs_input *in, int row)
{
	in->row = (uint32_t)row;
	return RS_INPUT_DROP;
}

static enum rs_input_verdict
input_udp(const struct rs_iface *ifc, const struct rs_ip *ip, unsigned flags, struct rs_rx *rx,
	struct rs_input *in)
{
	struct rs_udp udp;
	int row = rs_udp_parse(ip, flags, &udp);

	if (row != 0)
		return drop(in, row);
	rx->data = udp.payload;
	rx->len = udp.len;
	rx->kind = rs_rx_kind_of(udp.payload, udp.len);
	rx->path.local = ip->dst;
	rx->path.remote = ip->src;
	rx->path.local_port = udp.dst_port;
	rx->path.remote_port = udp.src_port;
	rx->path.port = ifc->index;
	rx->path.transport = RS_TRANSPORT_UDP;
	rx->path.conn = 0;
	in->row = RS_NET_RX_SIP;
	return RS_INPUT_ITEM;
}

/* All but its addresses is TCP's to judge. */
static enum rs_input_verdict
input_tcp(const struct rs_iface *ifc, const struct rs_ip *ip, unsigned flags, struct rs_rx *rx, struct rs_input *in)
{
	if (ip->len < 20)
		return drop(in, RS_NET_RX_TRUNCATED);
	*rx = (struct rs_rx){ .data = ip->payload, .len = ip->len, .kind = RS_RX_TCP, .detail = (flags & RS_FRAME_UDP_GOOD) != 0 };
	rx->path = (struct rs_path){ .local = ip->dst, .remote = ip->src, .local_port = rs_load16(ip->payload + 2),
		.remote_port = rs_load16(ip->payload), .port = ifc->index, .transport = RS_TRANSPORT_TCP };
	in->row = RS_NET_RX_TCP;
	return RS_INPUT_ITEM;
}

/* A segment is quoted: its connection judges that. @return the verdict; RS_INPUT_ITEM with @rx */
static enum rs_input_verdict
input_tcp_error(const struct rs_ip *ip, struct rs_rx *rx, struct rs_input *in)
{
	int kind = rs_tcp_error_kind(ip->src.family, ip->payload[0], ip->payload[1]);
	uint32_t mtu = 0;

	if (kind < 0)
		return drop(in, RS_NET_RX_ICMP);
	(void)rs_icmp_too_big(ip, &mtu);
	rx->event = (uint8_t)kind;
	rx->detail = mtu < UINT16_MAX ? (uint16_t)mtu : UINT16_MAX;
	in->row = kind == RS_TCP_ERROR_TOO_BIG ? RS_NET_RX_TOO_BIG : RS_NET_RX_UNREACHABLE;
	return RS_INPUT_ITEM;
}

static enum rs_input_verdict
input_icmp(const struct rs_iface *ifc, const struct rs_ranges *targets, uint8_t *frame, uint32_t l3,
	const struct rs_ip *ip, struct rs_rx *rx, struct rs_input *in)
{
	int row = rs_icmp_check(ip);

	if (row != 0)
		return drop(in, row);
	if (ip->proto == RS_IPPROTO_ICMPV6 && rs_nd_is(ip->payload[0])) {
		row = rs_nd_input(
			ifc, ip, frame + RS_ETH_ADDR_LEN, &in->news, in->reply, &in->reply_len);
		in->row = (uint32_t)row;
		return in->reply_len ? RS_INPUT_REPLY : RS_INPUT_DROP;
	}
	if (!rs_ranges_has(ifc->own, &ip->dst))
		return drop(in, RS_NET_RX_NOT_OURS);
	if (rs_icmp_is_echo(ip)) {
		in->row = RS_NET_RX_ICMP;
		if (!rs_output_allowed(targets, &ip->src)) {
			in->refused = 1;
			return RS_INPUT_DROP;
		}
		rs_icmp_echo(frame, l3, ip, ifc->mac);
		return RS_INPUT_TURNED;
	}
	row = rs_icmp_quoted(ifc, ip, rx);
	if (row != 0)
		return drop(in, row);
	if (rx->kind == RS_RX_TCP_ERROR)
		return input_tcp_error(ip, rx, in);
	if (rs_icmp_too_big(ip, &in->mtu)) {
		if (!rs_output_allowed(targets, &rx->path.remote)) /* no packet of ours went there */
			return drop(in, RS_NET_RX_ICMP);
		/* No failure: with what was learned the same message gets through when it is sent again. */
		in->mtu_told = 1;
		in->mtu_dst = rx->path.remote;
		return drop(in, RS_NET_RX_TOO_BIG);
	}
	in->row = RS_NET_RX_UNREACHABLE;
	return RS_INPUT_ITEM;
}

static enum rs_input_verdict
input_ip(const struct rs_iface *ifc, const struct rs_ranges *targets, uint8_t *frame, uint32_t l3,
	uint32_t len, uint16_t type, unsigned flags, struct rs_rx *rx, struct rs_input *in)
{
	struct rs_ip ip;
	int row = rs_ip_parse(frame + l3, len - l3, flags, &ip);
	bool group = rs_eth_is_group(frame);

	if (row != 0 && row != RS_NET_RX_FRAGMENT)
		return drop(in, row);
	if (ip.src.family != (type == RS_ETHERTYPE_IPV4 ? 4 : 6))
		return drop(in, RS_NET_RX_UNKNOWN);
	if (row != 0) {
		if (group || !rs_ranges_has(ifc->own, &ip.dst))
			return drop(in, RS_NET_RX_NOT_OURS);
		in->ip = ip;
		in->row = RS_NET_RX_FRAGMENT;
		return RS_INPUT_FRAGMENT;
	}
	if (ip.proto == RS_IPPROTO_ICMPV6 && ip.src.family == 6) {
		/*
		 * Groups are for neighbour discovery only; what else is sent to one is refused
		 * inside.
		 */
		if (!rs_ranges_has(ifc->own, &ip.dst) && !(group && rs_nd_is_group(&ip.dst)))
			return drop(in, RS_NET_RX_NOT_OURS);
		return input_icmp(ifc, targets, frame, l3, &ip, rx, in);
	}
	if (group || !rs_ranges_has(ifc->own, &ip.dst))
		return drop(in, RS_NET_RX_NOT_OURS);
	if (ip.proto == RS_IPPROTO_UDP)
		return input_udp(ifc, &ip, flags, rx, in);
	if (ip.proto == RS_IPPROTO_TCP)
		return input_tcp(ifc, &ip, flags, rx, in);
	if (ip.proto == RS_IPPROTO_ICMP && ip.src.family == 4)
		return input_icmp(ifc, targets, frame, l3, &ip, rx, in);
	return drop(in, RS_NET_RX_UNKNOWN);
}

enum rs_input_verdict
rs_input_frame(const struct rs_iface *ifc, const struct rs_ranges *targets, uint8_t *frame,
	uint32_t len, unsigned flags, uint16_t vlan_tci, struct rs_rx *rx, struct rs_input *in)
{
	uint32_t l3 = RS_ETH_HDR_LEN;
	uint16_t type, vlan = 0;

	in->refused = 0;
	in->mtu_told = 0;
	in->news.addr.family = 0;
	in->reply_len = 0;
	if (len < RS_ETH_HDR_LEN)
		return drop(in, RS_NET_RX_TRUNCATED);
	type = rs_load16(frame + 12);
	if (flags & RS_FRAME_VLAN_STRIPPED) {
		vlan = vlan_tci & RS_VLAN_ID_MASK;
	} else if (type == RS_ETHERTYPE_VLAN) {
		if (len < RS_ETH_HDR_LEN + RS_VLAN_HDR_LEN)
			return drop(in, RS_NET_RX_TRUNCATED);
		vlan = rs_load16(frame + 14) & RS_VLAN_ID_MASK; /* 0: a priority, no VLAN */
		type = rs_load16(frame + 16);
		l3 += RS_VLAN_HDR_LEN;
	}
	if (vlan != ifc->vlan)
		return drop(in, RS_NET_RX_VLAN);
	if (!rs_eth_addr_eq(frame, ifc->mac) && !rs_eth_is_group(frame))
		return drop(in, RS_NET_RX_NOT_OURS);
	switch (type) {
	case RS_ETHERTYPE_IPV4:
	case RS_ETHERTYPE_IPV6: return input_ip(ifc, targets, frame, l3, len, type, flags, rx, in);
	case RS_ETHERTYPE_ARP:
		in->row = (uint32_t)rs_arp_input(
			ifc, frame + l3, len - l3, &in->news, in->reply, &in->reply_len);
		return in->reply_len ? RS_INPUT_REPLY : RS_INPUT_DROP;
	default: return drop(in, RS_NET_RX_UNKNOWN);
	}
}

enum rs_input_verdict
rs_input_whole(const struct rs_iface *ifc, struct rs_ip *ip, struct rs_rx *rx, struct rs_input *in)
{
	int row = rs_ip_unwrap(ip);

	if (row != 0)
		return drop(in, row);
	/* A ping that long would want an answer as long; nothing else that comes in pieces is for us. */
	if (ip->proto != RS_IPPROTO_UDP)
		return drop(in, RS_NET_RX_UNKNOWN);
	return input_udp(ifc, ip, 0, rx, in);
}
