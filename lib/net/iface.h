/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Our own interface: what a port looks like to its link. MAC, MTU, VLAN and addresses are kept here
 * and not in the device, since ring ports have none of them. Each worker has a copy of the struct;
 * what it points to never changes while in use.
 */
#ifndef RS_NET_IFACE_H
#define RS_NET_IFACE_H

#include "net/ranges.h"

struct rs_iface {
	uint8_t mac[RS_ETH_ADDR_LEN];
	uint16_t vlan;                     /* 0: untagged */
	uint16_t mtu;                      /* bytes of an IP packet */
	uint8_t index;                     /* of the port */
	bool udp_offload;                  /* the device finishes UDP checksums on transmit */
	struct rs_addr gateway4, gateway6; /* family 0: none */
	struct rs_addr link_local;         /* fe80::, made from the MAC */
	/* Our interface addresses, and what is on the link with them. */
	const struct rs_net_prefix *prefixes;
	uint32_t n_prefixes;
	const struct rs_ranges *on_link; /* the prefixes as a set */
	const struct rs_ranges *own;     /* every address that is ours */
	/* Those that ARP and ND answer for: without the ranges of a routed port. */
	const struct rs_ranges *answered;
};

/** fe80:: with the modified EUI-64 of @mac (RFC 4291, appendix A). */
struct rs_addr rs_iface_link_local(const uint8_t *mac);

/** Make the sets that rs_iface points to. @ranges may be NULL. @return 0; -EINVAL; -ENOMEM */
int rs_iface_on_link(const struct rs_iface *ifc, struct rs_ranges **out);
int rs_iface_own(const struct rs_iface *ifc, const struct rs_net_range *ranges, uint32_t n,
	struct rs_ranges **out);

/**
 * The next hop towards @dst: itself when it is on the link, else the gateway of its family.
 * @return 0; -EHOSTUNREACH without either
 */
static inline int
rs_route(const struct rs_iface *ifc, const struct rs_addr *dst, const struct rs_addr **next)
{
	const struct rs_addr *gateway = dst->family == 4 ? &ifc->gateway4 : &ifc->gateway6;

	if (rs_ranges_has(ifc->on_link, dst))
		*next = dst;
	else if (gateway->family)
		*next = gateway;
	else
		return -EHOSTUNREACH;
	return 0;
}

/**
 * The interface address that asks for @dst: the one whose prefix holds it, else the first of its
 * family. NULL: none
 */
const struct rs_addr *rs_iface_source(const struct rs_iface *ifc, const struct rs_addr *dst);

#endif
