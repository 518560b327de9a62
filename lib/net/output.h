/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The one way out for IP: `targets` judged, next hop and neighbour found, headers written in front
 * of the payload.
 */
#ifndef RS_NET_OUTPUT_H
#define RS_NET_OUTPUT_H

#include "net/iface.h"
#include "net/ip.h"
#include "net/neigh.h"

/** Room that headers need in front of a payload at most. */
#define RS_OUTPUT_HEADROOM (RS_ETH_HDR_LEN + RS_VLAN_HDR_LEN + RS_IP6_HDR_LEN + RS_UDP_HDR_LEN)

/** May an IP packet go to @dst? Everything but ARP and ND on the link asks this. */
static inline bool
rs_output_allowed(const struct rs_ranges *targets, const struct rs_addr *dst)
{
	return rs_ranges_has(targets, dst);
}

/** Payload bytes of a UDP datagram that fit @mtu. */
static inline uint32_t
rs_output_udp_max(uint16_t mtu, const struct rs_addr *remote)
{
	return mtu - rs_ip_hdr_len(remote) - RS_UDP_HDR_LEN;
}

/**
 * Find the neighbour that packets to @remote go to.
 * @return 0: its MAC is known; -EINPROGRESS: being asked for; -EACCES; -EHOSTUNREACH: no route, or
 * 	no answer; -ENOBUFS: the neighbour table is full
 */
int rs_output_next_hop(const struct rs_iface *ifc, const struct rs_ranges *targets,
	struct rs_neigh *neigh, const struct rs_addr *remote, uint64_t now_ns,
	struct rs_neigh_entry **e);

/**
 * Write Ethernet, IP and UDP headers in front of @payload (RS_OUTPUT_HEADROOM bytes there are
 * writable).
 *
 * @param e      the neighbour; while its MAC is not known the frame's destination is written later
 * 	(rs_output_set_mac)
 * @param frame  out: where the frame begins
 * @return bytes of the frame
 */
uint32_t rs_output_udp(const struct rs_iface *ifc, const struct rs_path *path,
	const struct rs_neigh_entry *e, uint8_t *payload, uint32_t len, uint8_t **frame);

/**
 * The same for @len bytes of protocol @proto, whose own header and checksum are written already.
 * RS_OUTPUT_HEADROOM bytes in front of them are writable.
 */
uint32_t rs_output_ip(const struct rs_iface *ifc, const struct rs_path *path,
	const struct rs_neigh_entry *e, uint8_t proto, uint8_t *bytes, uint32_t len, uint8_t **frame);

/** A frame that waited for its neighbour gets the MAC. */
static inline void
rs_output_set_mac(uint8_t *frame, const struct rs_neigh_entry *e)
{
	memcpy(frame, e->mac, RS_ETH_ADDR_LEN);
}

#endif
