/* SPDX-License-Identifier: BSD-3-Clause */
/** ARP (RFC 826), with the announcements and probes of RFC 5227. */
#ifndef RS_NET_ARP_H
#define RS_NET_ARP_H

#include "net/iface.h"
#include "net/neigh.h"

#define RS_ARP_LEN     28
#define RS_ARP_REQUEST 1
#define RS_ARP_REPLY   2

/** Bytes that rs_arp_put writes at most: a tagged Ethernet header and the packet. */
#define RS_ARP_FRAME_MAX (RS_ETH_HDR_LEN + RS_VLAN_HDR_LEN + RS_ARP_LEN)

/** Write a whole frame. @target_mac NULL: unknown (zero). @return its bytes */
uint32_t rs_arp_put(uint8_t *frame, const struct rs_iface *ifc, const uint8_t *eth_dst, uint16_t op,
	const struct rs_addr *sender, const uint8_t *target_mac, const struct rs_addr *target);

/**
 * The question for @target: to everybody, or to @mac only. @return bytes of the frame; 0: we have
 * no address to ask from
 */
uint32_t rs_arp_ask(uint8_t *frame, const struct rs_iface *ifc, const struct rs_addr *target,
	const uint8_t *mac);

/** Gratuitous ARP: @own is here. @return bytes of the frame */
uint32_t rs_arp_announce(uint8_t *frame, const struct rs_iface *ifc, const struct rs_addr *own);

/**
 * Read an ARP packet.
 *
 * @param p      the packet after the Ethernet header
 * @param len    bytes at @p
 * @param news   out: what it said about a neighbour
 * @param reply  out: the frame that answers it (RS_ARP_FRAME_MAX bytes of room)
 * @param reply_len  out: its bytes; 0: no answer is due
 * @return RS_NET_RX_ARP; RS_NET_RX_TRUNCATED; RS_NET_RX_UNKNOWN (not Ethernet and IPv4, or no
 * 	operation we know)
 */
int rs_arp_input(const struct rs_iface *ifc, const uint8_t *p, uint32_t len,
	struct rs_neigh_news *news, uint8_t *reply, uint32_t *reply_len);

#endif
