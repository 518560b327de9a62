/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/icmp.h"

int
rs_icmp_check(const struct rs_ip *ip)
{
	uint32_t sum = 0;

	if (ip->len < RS_ICMP_HDR_LEN)
		return RS_NET_RX_TRUNCATED;
	if (ip->src.family == 6)
		sum = rs_ip_pseudo_sum(&ip->src, &ip->dst, RS_IPPROTO_ICMPV6, ip->len);
	return rs_ip_fold(rs_ip_sum(ip->payload, ip->len, sum)) == 0xffff ? 0
									  : RS_NET_RX_BAD_CHECKSUM;
}

bool
rs_icmp_is_echo(const struct rs_ip *ip)
{
	return ip->payload[0] == (ip->src.family == 4 ? RS_ICMP_ECHO : RS_ICMP6_ECHO) &&
		ip->payload[1] == 0;
}

void
rs_icmp_echo(uint8_t *frame, uint32_t l3, const struct rs_ip *ip, const uint8_t *own_mac)
{
	uint8_t *p = frame + (ip->payload - frame);
	uint32_t sum = 0;
	uint16_t check;

	memcpy(frame, frame + RS_ETH_ADDR_LEN, RS_ETH_ADDR_LEN);
	memcpy(frame + RS_ETH_ADDR_LEN, own_mac, RS_ETH_ADDR_LEN);
	/* An IPv4 header keeps its options, and the sum does not care which address comes first. */
	if (ip->src.family == 4) {
		uint32_t head = (frame[l3] & 15) * 4u;

		memcpy(frame + l3 + 12, ip->dst.b, 4);
		memcpy(frame + l3 + 16, ip->src.b, 4);
		frame[l3 + 8] = RS_IP_TTL;
		rs_store16(frame + l3 + 10, 0);
		check = (uint16_t)~rs_ip_fold(rs_ip_sum(frame + l3, head, 0));
		memcpy(frame + l3 + 10, &check, 2);
		p[0] = RS_ICMP_ECHO_REPLY;
	} else {
		memcpy(frame + l3 + 8, ip->dst.b, 16);
		memcpy(frame + l3 + 24, ip->src.b, 16);
		frame[l3 + 7] = RS_IP_TTL;
		p[0] = RS_ICMP6_ECHO_REPLY;
		sum = rs_ip_pseudo_sum(&ip->dst, &ip->src, RS_IPPROTO_ICMPV6, ip->len);
	}
	rs_store16(p + 2, 0);
	check = (uint16_t)~rs_ip_fold(rs_ip_sum(p, ip->len, sum));
	memcpy(p + 2, &check, 2);
}

static bool
is_error(const struct rs_ip *ip)
{
	uint8_t type = ip->payload[0];

	if (ip->src.family == 4)
		return type == RS_ICMP_UNREACHABLE || type == RS_ICMP_TIME_EXCEEDED;
	return type >= RS_ICMP6_UNREACHABLE && type <= RS_ICMP6_TIME_EXCEEDED;
}

int
rs_icmp_quoted(const struct rs_iface *ifc, const struct rs_ip *ip, struct rs_rx *rx)
{
	const uint8_t *q = ip->payload + RS_ICMP_HDR_LEN;
	uint32_t left = ip->len - RS_ICMP_HDR_LEN, head;
	struct rs_path path = { .port = ifc->index };
	bool tcp;

	if (!is_error(ip))
		return RS_NET_RX_ICMP;
	/*
	 * What is quoted was cut where it suited the router: only the fields that we filled in
	 * ourselves are read.
	 */
	if (ip->src.family == 4) {
		if (left < RS_IP4_HDR_LEN || q[0] >> 4 != 4 || (q[9] != RS_IPPROTO_UDP && q[9] != RS_IPPROTO_TCP) ||
			rs_load16(q + 6) & 0x1fff)
			return RS_NET_RX_ICMP;
		tcp = q[9] == RS_IPPROTO_TCP;
		head = (q[0] & 15) * 4u;
		path.local.family = path.remote.family = 4;
		memcpy(path.local.b, q + 12, 4);
		memcpy(path.remote.b, q + 16, 4);
	} else {
		if (left < RS_IP6_HDR_LEN + 8 || q[0] >> 4 != 6 ||
			!(q[6] == RS_IPPROTO_UDP || q[6] == RS_IPPROTO_TCP ||
				(q[6] == RS_IPPROTO_FRAGMENT && q[RS_IP6_HDR_LEN] == RS_IPPROTO_UDP &&
					(rs_load16(q + RS_IP6_HDR_LEN + 2) & 0xfff8) == 0)))
			return RS_NET_RX_ICMP;
		tcp = q[6] == RS_IPPROTO_TCP;
		head = RS_IP6_HDR_LEN;
		if (q[6] == RS_IPPROTO_FRAGMENT) /* our first fragment */
			head += 8;
		path.local.family = path.remote.family = 6;
		memcpy(path.local.b, q + 8, 16);
		memcpy(path.remote.b, q + 24, 16);
	}
	if (head < RS_IP4_HDR_LEN || left < head + RS_UDP_HDR_LEN ||
		!rs_ranges_has(ifc->own, &path.local))
		return RS_NET_RX_ICMP;
	path.local_port = rs_load16(q + head);
	path.remote_port = rs_load16(q + head + 2);
	rx->path = path;
	rx->kind = tcp ? RS_RX_TCP_ERROR : RS_RX_UNREACHABLE;
	rx->data = q + head + (tcp ? 0 : RS_UDP_HDR_LEN);
	rx->len = left - head - (tcp ? 0 : RS_UDP_HDR_LEN);
	return 0;
}

bool
rs_icmp_too_big(const struct rs_ip *ip, uint32_t *mtu)
{
	const uint8_t *p = ip->payload;

	if (ip->src.family == 6) {
		*mtu = rs_load32(p + 4);
		return p[0] == RS_ICMP6_TOO_BIG;
	}
	*mtu = rs_load16(p + 6);
	return p[0] == RS_ICMP_UNREACHABLE && p[1] == RS_ICMP_NEEDS_FRAGMENT;
}
