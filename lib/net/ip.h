/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * IPv4 (RFC 791), IPv6 (RFC 8200) and UDP (RFC 768): headers read and written, checksums (RFC
 * 1071).
 */
#ifndef RS_NET_IP_H
#define RS_NET_IP_H

#include "base/text.h"
#include "net/eth.h"

#define RS_IP4_HDR_LEN 20
#define RS_IP6_HDR_LEN 40
#define RS_UDP_HDR_LEN 8
#define RS_IP_TTL      64

#define RS_IPPROTO_HOPOPTS  0
#define RS_IPPROTO_ICMP     1
#define RS_IPPROTO_TCP      6
#define RS_IPPROTO_UDP      17
#define RS_IPPROTO_ROUTING  43
#define RS_IPPROTO_FRAGMENT 44
#define RS_IPPROTO_ICMPV6   58
#define RS_IPPROTO_DSTOPTS  60

/** What the device said about a frame. A mark means "checked"; without one software checks. */
enum rs_frame_flags {
	RS_FRAME_IP_GOOD = 1 << 0,
	RS_FRAME_UDP_GOOD = 1 << 1,
	RS_FRAME_BAD = 1 << 2, /* the device saw a wrong IP or UDP checksum */
	RS_FRAME_VLAN_STRIPPED = 1
		<< 3, /* the tag was taken out of the frame: it is in the meta data */
};

/** An IP packet whose headers were read. */
struct rs_ip {
	struct rs_addr src, dst;
	const uint8_t *payload; /* after all IP headers */
	uint32_t len;           /* bytes of payload, padding of the link left out */
	uint8_t proto;
	uint8_t hops; /* TTL or hop limit */
	/* Of a fragment only: payload is a piece of the datagram, proto what the piece at offset zero begins with. */
	bool frag_more;
	uint32_t frag_id, frag_offset;
};

/**
 * Add @len bytes at @p to the one's complement sum @sum; an odd last byte counts as if a zero
 * followed.
 */
uint32_t rs_ip_sum(const void *p, size_t len, uint32_t sum);

/** @return the 16 bits of a sum: 0xffff when a checksum inside was right */
static inline uint16_t
rs_ip_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/**
 * Sum of the pseudo header for a payload of @len bytes of protocol @proto (RFC 768; RFC 8200, 8.1).
 */
uint32_t rs_ip_pseudo_sum(
	const struct rs_addr *src, const struct rs_addr *dst, uint8_t proto, uint32_t len);

/**
 * Read the IP header at @p: the version decides which.
 *
 * @param len    bytes at @p, link padding included
 * @param flags  enum rs_frame_flags
 * @param ip     out
 * @return 0, or the row of rs_net_metrics_table to count: RS_NET_RX_TRUNCATED, _BAD_CHECKSUM,
 * 	_UNKNOWN (an extension header that ends nowhere we go, or no IP at all); RS_NET_RX_FRAGMENT:
 * 	@ip holds a fragment. An IPv6 fragment that is all of its datagram is none (RFC 6946).
 */
int rs_ip_parse(const uint8_t *p, uint32_t len, unsigned flags, struct rs_ip *ip);

/**
 * Go past the options in front of the payload of a datagram that was put together. @return 0; RS_NET_RX_TRUNCATED; RS_NET_RX_UNKNOWN
 */
int rs_ip_unwrap(struct rs_ip *ip);

/** Bytes of the IP header that rs_ip_put writes for this family. */
static inline uint32_t
rs_ip_hdr_len(const struct rs_addr *a)
{
	return a->family == 4 ? RS_IP4_HDR_LEN : RS_IP6_HDR_LEN;
}

/**
 * Write an IP header (no options; IPv4: DF set, ID 0 as RFC 6864 allows, checksum right) for @len
 * bytes of payload.
 */
void rs_ip_put(uint8_t *p, const struct rs_addr *src, const struct rs_addr *dst, uint8_t proto,
	uint32_t len, uint8_t hops);

/** The same for a fragment, IPv4 only. @param place  offset in units of 8 bytes, and 0x2000 when more follow */
void rs_ip_put_fragment(uint8_t *p, const struct rs_addr *src, const struct rs_addr *dst, uint8_t proto,
	uint32_t len, uint8_t hops, uint16_t id, uint16_t place);

/** A UDP datagram whose header was read. */
struct rs_udp {
	uint16_t src_port, dst_port;
	const uint8_t *payload;
	uint32_t len;
};

/**
 * Read the UDP header of @ip. A zero checksum is taken over IPv4 only (RFC 8200, 8.1).
 * @return 0, RS_NET_RX_TRUNCATED, RS_NET_RX_BAD_CHECKSUM
 */
int rs_udp_parse(const struct rs_ip *ip, unsigned flags, struct rs_udp *udp);

/**
 * Write the UDP header in front of @payload (8 bytes there must be writable).
 * @param offload  only the pseudo header's sum goes into the checksum: the device does the rest
 */
void rs_udp_put(uint8_t *payload, uint32_t len, const struct rs_addr *src, uint16_t src_port,
	const struct rs_addr *dst, uint16_t dst_port, bool offload);

#endif
