/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Ethernet and 802.1Q, and the loads and stores that every header here is read and written with
 * (network byte order).
 */
#ifndef RS_NET_ETH_H
#define RS_NET_ETH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RS_ETH_ADDR_LEN 6
#define RS_ETH_HDR_LEN  14
#define RS_VLAN_HDR_LEN 4

#define RS_ETHERTYPE_IPV4 0x0800
#define RS_ETHERTYPE_ARP  0x0806
#define RS_ETHERTYPE_VLAN 0x8100
#define RS_ETHERTYPE_IPV6 0x86dd

#define RS_VLAN_ID_MASK 0x0fff

static inline uint16_t
rs_load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return __builtin_bswap16(v);
}

static inline uint32_t
rs_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return __builtin_bswap32(v);
}

static inline uint64_t
rs_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return __builtin_bswap64(v);
}

static inline void
rs_store16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, 2);
}

static inline void
rs_store32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, 4);
}

static inline bool
rs_eth_addr_eq(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, RS_ETH_ADDR_LEN) == 0;
}

/** Group address: multicast or broadcast. */
static inline bool
rs_eth_is_group(const uint8_t *a)
{
	return a[0] & 1;
}

static inline bool
rs_eth_is_zero(const uint8_t *a)
{
	static const uint8_t zero[RS_ETH_ADDR_LEN];

	return rs_eth_addr_eq(a, zero);
}

/** Bytes of a header with VLAN @vlan (0: untagged). */
static inline uint32_t
rs_eth_len(uint16_t vlan)
{
	return vlan ? RS_ETH_HDR_LEN + RS_VLAN_HDR_LEN : RS_ETH_HDR_LEN;
}

/** Write a header of rs_eth_len(@vlan) bytes at @p. */
static inline void
rs_eth_put(uint8_t *p, const uint8_t *dst, const uint8_t *src, uint16_t vlan, uint16_t ethertype)
{
	memcpy(p, dst, RS_ETH_ADDR_LEN);
	memcpy(p + 6, src, RS_ETH_ADDR_LEN);
	p += 12;
	if (vlan) {
		rs_store16(p, RS_ETHERTYPE_VLAN);
		rs_store16(p + 2, vlan & RS_VLAN_ID_MASK);
		p += RS_VLAN_HDR_LEN;
	}
	rs_store16(p, ethertype);
}

#endif
