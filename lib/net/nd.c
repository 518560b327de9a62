/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/nd.h"

#define FLAG_SOLICITED 0x40000000u
#define FLAG_OVERRIDE  0x20000000u

static const struct rs_addr all_nodes = { { 0xff, 0x02, [15] = 1 }, 6 };
static const uint8_t solicited_node[13] = { 0xff, 0x02, [11] = 1, [12] = 0xff };
static const uint8_t unspecified[16];

bool
rs_nd_is_group(const struct rs_addr *a)
{
	return rs_addr_eq(a, &all_nodes) ||
		memcmp(a->b, solicited_node, sizeof(solicited_node)) == 0;
}

/** The Ethernet group of an IPv6 group (RFC 2464, 7). */
static void
group_mac(const struct rs_addr *group, uint8_t *mac)
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group->b + 12, 4);
}

static uint32_t
put(uint8_t *frame, const struct rs_iface *ifc, const uint8_t *eth_dst, const struct rs_addr *src,
	const struct rs_addr *dst, uint8_t type, uint32_t flags, const struct rs_addr *target,
	uint8_t option)
{
	const uint32_t len = RS_ND_LEN + RS_ND_OPTION_LEN;
	uint32_t eth = rs_eth_len(ifc->vlan);
	uint8_t *p = frame + eth + RS_IP6_HDR_LEN;
	uint16_t check;

	rs_eth_put(frame, eth_dst, ifc->mac, ifc->vlan, RS_ETHERTYPE_IPV6);
	rs_ip_put(frame + eth, src, dst, RS_IPPROTO_ICMPV6, len, RS_ND_HOPS);
	rs_store32(p, (uint32_t)type << 24);
	rs_store32(p + 4, flags);
	memcpy(p + 8, target->b, 16);
	p[24] = option;
	p[25] = 1; /* in units of 8 bytes */
	memcpy(p + 26, ifc->mac, RS_ETH_ADDR_LEN);
	check = (uint16_t)~rs_ip_fold(
		rs_ip_sum(p, len, rs_ip_pseudo_sum(src, dst, RS_IPPROTO_ICMPV6, len)));
	memcpy(p + 2, &check, 2);
	return eth + RS_IP6_HDR_LEN + len;
}

uint32_t
rs_nd_ask(uint8_t *frame, const struct rs_iface *ifc, const struct rs_addr *target,
	const uint8_t *mac)
{
	const struct rs_addr *src = rs_iface_source(ifc, target);
	struct rs_addr group = { .family = 6 };
	uint8_t dst[RS_ETH_ADDR_LEN];

	if (mac)
		return put(frame, ifc, mac, src, target, RS_ND_SOLICIT, 0, target,
			RS_ND_OPTION_SOURCE);
	memcpy(group.b, solicited_node, sizeof(solicited_node));
	memcpy(group.b + 13, target->b + 13, 3);
	group_mac(&group, dst);
	return put(frame, ifc, dst, src, &group, RS_ND_SOLICIT, 0, target, RS_ND_OPTION_SOURCE);
}

uint32_t
rs_nd_announce(uint8_t *frame, const struct rs_iface *ifc, const struct rs_addr *own)
{
	uint8_t dst[RS_ETH_ADDR_LEN];

	group_mac(&all_nodes, dst);
	return put(frame, ifc, dst, own, &all_nodes, RS_ND_ADVERT, FLAG_OVERRIDE, own,
		RS_ND_OPTION_TARGET);
}

/**
 * Find the MAC in option @type. @return 0 with *mac NULL or set; RS_NET_RX_TRUNCATED when an option
 * is broken
 */
static int
option_mac(const struct rs_ip *ip, uint8_t type, const uint8_t **mac)
{
	const uint8_t *p = ip->payload + RS_ND_LEN;
	uint32_t left = ip->len - RS_ND_LEN;

	*mac = NULL;
	while (left) {
		uint32_t len;

		if (left < 2)
			return RS_NET_RX_TRUNCATED;
		len = p[1] * 8u;
		if (len == 0 || len > left)
			return RS_NET_RX_TRUNCATED;
		if (p[0] == type && *mac == NULL)
			*mac = p + 2;
		p += len;
		left -= len;
	}
	return 0;
}

static void
answer(const struct rs_iface *ifc, const struct rs_ip *ip, const struct rs_addr *target,
	const uint8_t *mac, uint8_t *reply, uint32_t *reply_len)
{
	uint8_t dst[RS_ETH_ADDR_LEN];

	if (mac) {
		*reply_len = put(reply, ifc, mac, target, &ip->src, RS_ND_ADVERT,
			FLAG_SOLICITED | FLAG_OVERRIDE, target, RS_ND_OPTION_TARGET);
		return;
	}
	/*
	 * Somebody is about to take our address (duplicate address detection): everybody is told
	 * whose it is.
	 */
	group_mac(&all_nodes, dst);
	*reply_len = put(reply, ifc, dst, target, &all_nodes, RS_ND_ADVERT, FLAG_OVERRIDE, target,
		RS_ND_OPTION_TARGET);
}

static int
solicited(const struct rs_iface *ifc, const struct rs_ip *ip, const struct rs_addr *target,
	const uint8_t *eth_src, struct rs_neigh_news *news, uint8_t *reply, uint32_t *reply_len)
{
	bool detection = memcmp(ip->src.b, unspecified, 16) == 0;
	const uint8_t *mac;
	int rc = option_mac(ip, RS_ND_OPTION_SOURCE, &mac);

	if (rc != 0)
		return rc;
	if (detection && (mac || ip->dst.b[0] != 0xff))
		return RS_NET_RX_UNKNOWN;
	if (!rs_ranges_has(ifc->answered, target))
		return RS_NET_RX_NOT_OURS;
	if (detection) {
		answer(ifc, ip, target, NULL, reply, reply_len);
		return RS_NET_RX_ND;
	}
	if (mac && rs_ranges_has(ifc->on_link, &ip->src) && !rs_ranges_has(ifc->own, &ip->src)) {
		news->addr = ip->src;
		memcpy(news->mac, mac, RS_ETH_ADDR_LEN);
		news->flags = RS_NEIGH_CREATE | RS_NEIGH_OVERRIDE;
	}
	/* A unicast question may come without the option: then the frame itself says who asks. */
	mac = mac ? mac : eth_src;
	if (!rs_eth_is_group(mac) && !rs_eth_addr_eq(mac, ifc->mac))
		answer(ifc, ip, target, mac, reply, reply_len);
	return RS_NET_RX_ND;
}

static int
advertised(const struct rs_iface *ifc, const struct rs_ip *ip, const struct rs_addr *target,
	const uint8_t *eth_src, struct rs_neigh_news *news)
{
	uint32_t flags = rs_load32(ip->payload + 4);
	const uint8_t *mac;
	int rc = option_mac(ip, RS_ND_OPTION_TARGET, &mac);

	if (rc != 0)
		return rc;
	if (ip->dst.b[0] == 0xff && flags & FLAG_SOLICITED)
		return RS_NET_RX_UNKNOWN;
	if (!rs_ranges_has(ifc->own, target) && rs_ranges_has(ifc->on_link, target)) {
		news->addr = *target;
		/*
		 * An answer to a unicast question may leave the option out: the frame says who
		 * answers.
		 */
		memcpy(news->mac, mac ? mac : eth_src, RS_ETH_ADDR_LEN);
		news->flags = (flags & FLAG_OVERRIDE ? RS_NEIGH_OVERRIDE : 0) |
			(flags & FLAG_SOLICITED ? RS_NEIGH_CONFIRMED : 0);
	}
	return RS_NET_RX_ND;
}

int
rs_nd_input(const struct rs_iface *ifc, const struct rs_ip *ip, const uint8_t *eth_src,
	struct rs_neigh_news *news, uint8_t *reply, uint32_t *reply_len)
{
	struct rs_addr target = { .family = 6 };
	uint8_t type;

	news->addr.family = 0;
	*reply_len = 0;
	if (ip->len < 8)
		return RS_NET_RX_TRUNCATED;
	type = ip->payload[0];
	if (ip->hops != RS_ND_HOPS || ip->payload[1] != 0)
		return RS_NET_RX_UNKNOWN;
	if (type != RS_ND_SOLICIT && type != RS_ND_ADVERT)
		return RS_NET_RX_ND;
	if (ip->len < RS_ND_LEN)
		return RS_NET_RX_TRUNCATED;
	memcpy(target.b, ip->payload + 8, 16);
	if (target.b[0] == 0xff)
		return RS_NET_RX_UNKNOWN;
	if (type == RS_ND_SOLICIT)
		return solicited(ifc, ip, &target, eth_src, news, reply, reply_len);
	return advertised(ifc, ip, &target, eth_src, news);
}
