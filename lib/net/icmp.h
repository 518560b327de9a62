/* SPDX-License-Identifier: BSD-3-Clause */
/** ICMP (RFC 792) and ICMPv6 (RFC 4443): echo answered, errors about our own datagrams read. */
#ifndef RS_NET_ICMP_H
#define RS_NET_ICMP_H

#include "net/iface.h"
#include "net/ip.h"

#define RS_ICMP_ECHO_REPLY     0
#define RS_ICMP_UNREACHABLE    3
#define RS_ICMP_ECHO           8
#define RS_ICMP_NEEDS_FRAGMENT 4 /* a code of RS_ICMP_UNREACHABLE */
#define RS_ICMP_TIME_EXCEEDED  11
#define RS_ICMP6_UNREACHABLE   1
#define RS_ICMP6_TOO_BIG       2
#define RS_ICMP6_TIME_EXCEEDED 3
#define RS_ICMP6_ECHO          128
#define RS_ICMP6_ECHO_REPLY    129
#define RS_ICMP_HDR_LEN        8

/**
 * @return 0 when the checksum of the message in @ip is right; RS_NET_RX_TRUNCATED;
 * RS_NET_RX_BAD_CHECKSUM
 */
int rs_icmp_check(const struct rs_ip *ip);

/** Is the (checked) message in @ip an echo request? */
bool rs_icmp_is_echo(const struct rs_ip *ip);

/**
 * Turn the frame of an echo request into its reply, in place. @param l3  offset of its IP header
 */
void rs_icmp_echo(uint8_t *frame, uint32_t l3, const struct rs_ip *ip, const uint8_t *own_mac);

/**
 * Read a (checked) error message: which datagram of ours did not arrive?
 * @param rx  out: path (as we sent it), and the start of the payload, as far as it was quoted
 * @return 0; RS_NET_RX_ICMP when it is no such error (other messages, other protocols, not from an
 * 	address of ours)
 */
int rs_icmp_quoted(const struct rs_iface *ifc, const struct rs_ip *ip, struct rs_rx *rx);

/**
 * Does the (checked) error message say that the packet was too long for the path?
 * @param mtu  out: bytes of an IP packet that the path takes, 0 when an old router does not say (RFC 1191, 4)
 */
bool rs_icmp_too_big(const struct rs_ip *ip, uint32_t *mtu);

#endif
