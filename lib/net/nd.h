/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Neighbour discovery (RFC 4861): solicitations and advertisements. Routers are the plan's
 * `gateway`, so theirs are not read.
 */
#ifndef RS_NET_ND_H
#define RS_NET_ND_H

#include "net/iface.h"
#include "net/ip.h"
#include "net/neigh.h"

#define RS_ND_ROUTER_SOLICIT 133
#define RS_ND_ROUTER_ADVERT  134
#define RS_ND_SOLICIT        135
#define RS_ND_ADVERT         136
#define RS_ND_REDIRECT       137
#define RS_ND_LEN            24 /* type to target */
#define RS_ND_OPTION_SOURCE  1
#define RS_ND_OPTION_TARGET  2
#define RS_ND_OPTION_LEN     8
#define RS_ND_HOPS           255
#define RS_ND_FRAME_MAX                                                                            \
	(RS_ETH_HDR_LEN + RS_VLAN_HDR_LEN + RS_IP6_HDR_LEN + RS_ND_LEN + RS_ND_OPTION_LEN)

/** Is @type one that rs_nd_input reads? */
static inline bool
rs_nd_is(uint8_t type)
{
	return type >= RS_ND_ROUTER_SOLICIT && type <= RS_ND_REDIRECT;
}

/**
 * The question for @target: to its solicited-node group, or to @mac only. @return bytes of the
 * frame
 */
uint32_t rs_nd_ask(uint8_t *frame, const struct rs_iface *ifc, const struct rs_addr *target,
	const uint8_t *mac);

/** Unsolicited advertisement to all nodes: @own is here. @return bytes of the frame */
uint32_t rs_nd_announce(uint8_t *frame, const struct rs_iface *ifc, const struct rs_addr *own);

/**
 * Read an ND message whose ICMPv6 checksum was right (RFC 4861, 7.1).
 *
 * @param ip     its IP header and, as payload, the message
 * @param eth_src  the MAC it came from
 * @param news, reply, reply_len  as in rs_arp_input (RS_ND_FRAME_MAX bytes of room)
 * @return RS_NET_RX_ND; RS_NET_RX_TRUNCATED; RS_NET_RX_UNKNOWN (breaks a rule of 7.1: hop limit,
 * 	code, addresses); RS_NET_RX_NOT_OURS (asks for an address of somebody else)
 */
int rs_nd_input(const struct rs_iface *ifc, const struct rs_ip *ip, const uint8_t *eth_src,
	struct rs_neigh_news *news, uint8_t *reply, uint32_t *reply_len);

/** Is @a a group that ND is spoken to: all nodes, or a solicited-node group? */
bool rs_nd_is_group(const struct rs_addr *a);

#endif
