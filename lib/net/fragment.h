/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A UDP datagram that is longer than the path's MTU, cut into fragments (RFC 791, 3.2; RFC 8200, 4.5), and the MTUs of paths as
 * routers tell them (RFC 1191, RFC 8201). Pure: no DPDK.
 */
#ifndef RS_NET_FRAGMENT_H
#define RS_NET_FRAGMENT_H

#include "net/iface.h"
#include "net/ip.h"
#include "net/neigh.h"

#define RS_IP6_FRAGMENT_LEN 8
#define RS_MTU4_MIN	    576	 /* less is not taken from a router: it would be somebody's joke (RFC 1191 allows 68) */
#define RS_MTU6_MIN	    1280 /* RFC 8200, 5 */
#define RS_FRAGMENT_MAX	    128	 /* of the longest datagram at the least MTU that a port may have: 125 */
/** Payload of the longest datagram: the length fields of IPv4 hold no more. */
#define RS_DATAGRAM_MAX (65535 - RS_IP4_HDR_LEN - RS_UDP_HDR_LEN)

/** Bytes of the datagram (UDP header and payload) in each fragment but the last. */
static inline uint32_t
rs_fragment_unit(const struct rs_addr *remote, uint32_t mtu)
{
	uint32_t head = remote->family == 4 ? RS_IP4_HDR_LEN : RS_IP6_HDR_LEN + RS_IP6_FRAGMENT_LEN;

	return (mtu - head) & ~7u;
}

/**
 * Write the frame of one fragment.
 *
 * @param e         the neighbour; without its MAC the destination is written later (rs_output_set_mac)
 * @param id        of the datagram: not used for another one of the same addresses while its fragments may be under way
 * @param datagram  UDP header and payload, checksum done
 * @param total     bytes of @datagram
 * @param offset    of the first byte of this fragment, a multiple of the unit
 * @param unit      see rs_fragment_unit
 * @param frame     out: room for MTU and Ethernet header
 * @return bytes of the frame
 */
uint32_t rs_fragment_put(const struct rs_iface *ifc, const struct rs_path *path,
	const struct rs_neigh_entry *e, uint32_t id, const uint8_t *datagram, uint32_t total,
	uint32_t offset, uint32_t unit, uint8_t *frame);

/**
 * Numbers of datagrams: a counter for each of 256 classes of address pairs, so that a busy pair does not use up another's 16 bits.
 * Workers that share an address keep apart by counting in steps.
 */
struct rs_fragment_ids {
	uint32_t next[256];
	uint32_t step;
};

void rs_fragment_ids_init(struct rs_fragment_ids *ids, uint32_t seed, uint32_t worker, uint32_t workers);
uint32_t rs_fragment_id(struct rs_fragment_ids *ids, const struct rs_path *path);

#define RS_PMTU_MAX 64
#define RS_PMTU_NS  600000000000ull /* RFC 1191, 6.3: then the path may have become better */

/** Destinations whose path takes less than our own link. */
struct rs_pmtu {
	uint32_t n;
	struct rs_pmtu_entry {
		struct rs_addr dst;
		uint16_t mtu;
		uint64_t until_ns;
	} entries[RS_PMTU_MAX];
};

/** @return bytes of an IP packet that the path to @dst takes, at most @mtu */
uint16_t rs_pmtu_of(const struct rs_pmtu *p, const struct rs_addr *dst, uint16_t mtu, uint64_t now_ns);

/**
 * A router said that packets to @dst may have @told bytes (0: less, it does not say how many). When 64 destinations are known the
 * oldest is forgotten.
 * @param mtu  what was taken for the path's so far
 * @return true when that changed something
 */
bool rs_pmtu_learn(struct rs_pmtu *p, const struct rs_addr *dst, uint32_t told, uint16_t mtu, uint64_t now_ns);

#endif
