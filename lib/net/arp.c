/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/arp.h"

static const uint8_t broadcast[RS_ETH_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

uint32_t
rs_arp_put(uint8_t *frame, const struct rs_iface *ifc, const uint8_t *eth_dst, uint16_t op,
	const struct rs_addr *sender, const uint8_t *target_mac, const struct rs_addr *target)
{
	uint8_t *p = frame + rs_eth_len(ifc->vlan);

	rs_eth_put(frame, eth_dst, ifc->mac, ifc->vlan, RS_ETHERTYPE_ARP);
	rs_store32(p, 1u << 16 | RS_ETHERTYPE_IPV4); /* hardware: Ethernet; protocol: IPv4 */
	rs_store32(p + 4, 6u << 24 | 4u << 16 | op);
	memcpy(p + 8, ifc->mac, RS_ETH_ADDR_LEN);
	memcpy(p + 14, sender->b, 4);
	if (target_mac)
		memcpy(p + 18, target_mac, RS_ETH_ADDR_LEN);
	else
		memset(p + 18, 0, RS_ETH_ADDR_LEN);
	memcpy(p + 24, target->b, 4);
	return rs_eth_len(ifc->vlan) + RS_ARP_LEN;
}

uint32_t
rs_arp_ask(uint8_t *frame, const struct rs_iface *ifc, const struct rs_addr *target,
	const uint8_t *mac)
{
	const struct rs_addr *sender = rs_iface_source(ifc, target);

	if (sender == NULL)
		return 0;
	return rs_arp_put(frame, ifc, mac ? mac : broadcast, RS_ARP_REQUEST, sender, NULL, target);
}

uint32_t
rs_arp_announce(uint8_t *frame, const struct rs_iface *ifc, const struct rs_addr *own)
{
	return rs_arp_put(frame, ifc, broadcast, RS_ARP_REQUEST, own, NULL, own);
}

int
rs_arp_input(const struct rs_iface *ifc, const uint8_t *p, uint32_t len, struct rs_neigh_news *news,
	uint8_t *reply, uint32_t *reply_len)
{
	struct rs_addr sender = { .family = 4 }, target = { .family = 4 };
	uint16_t op;
	bool for_us;

	news->addr.family = 0;
	*reply_len = 0;
	if (len < RS_ARP_LEN)
		return RS_NET_RX_TRUNCATED;
	op = rs_load16(p + 6);
	if (rs_load32(p) != (1u << 16 | RS_ETHERTYPE_IPV4) || p[4] != 6 || p[5] != 4 ||
		(op != RS_ARP_REQUEST && op != RS_ARP_REPLY))
		return RS_NET_RX_UNKNOWN;
	memcpy(sender.b, p + 14, 4);
	memcpy(target.b, p + 24, 4);
	/* Our own words come back on devices that show what they send. */
	if (rs_eth_addr_eq(p + 8, ifc->mac))
		return RS_NET_RX_ARP;
	for_us = rs_ranges_has(ifc->answered, &target);

	/*
	 * Nobody speaks for an address of ours, for none (a probe, RFC 5227), or for one that is
	 * not on the link.
	 */
	if (rs_load32(sender.b) != 0 && rs_ranges_has(ifc->on_link, &sender) &&
		!rs_ranges_has(ifc->own, &sender)) {
		bool gratuitous = rs_addr_eq(&sender, &target);

		news->addr = sender;
		memcpy(news->mac, p + 8, RS_ETH_ADDR_LEN);
		news->flags = RS_NEIGH_OVERRIDE;
		if (for_us && !gratuitous)
			news->flags |= op == RS_ARP_REPLY ? RS_NEIGH_CONFIRMED : RS_NEIGH_CREATE;
	}
	if (op == RS_ARP_REQUEST && for_us && !rs_eth_is_group(p + 8) && !rs_eth_is_zero(p + 8))
		*reply_len = rs_arp_put(reply, ifc, p + 8, RS_ARP_REPLY, &target, p + 8, &sender);
	return RS_NET_RX_ARP;
}
