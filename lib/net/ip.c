/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/ip.h"

#include <emmintrin.h>

#include "net/net.h"

/* More extension headers than any real packet has: a chain made to cost time is cut here. */
#define EXTENSIONS_MAX 8

/* Words of 16 bits gather in lanes of 32: 32,768 rounds fit, and no packet has half as many. */
static inline __m128i
gather(__m128i sum, __m128i v)
{
	return _mm_add_epi32(
		sum, _mm_add_epi32(_mm_and_si128(v, _mm_set1_epi32(0xffff)), _mm_srli_epi32(v, 16)));
}

/* @len is even and at least 16. */
static inline uint64_t
sum_wide(const uint8_t *b, size_t len)
{
	static const uint8_t masks[32] = { [16] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	__m128i a = _mm_setzero_si128(), c = a;
	uint64_t lane[2];

	for (; len >= 32; b += 32, len -= 32) {
		a = gather(a, _mm_loadu_si128((const __m128i *)b));
		c = gather(c, _mm_loadu_si128((const __m128i *)(b + 16)));
	}
	if (len >= 16) {
		a = gather(a, _mm_loadu_si128((const __m128i *)b));
		b += 16;
		len -= 16;
	}
	if (len) { /* the last 16 bytes, of which those in front have been added */
		__m128i v = _mm_loadu_si128((const __m128i *)(b + len - 16));

		c = gather(c, _mm_and_si128(v, _mm_loadu_si128((const __m128i *)(masks + len))));
	}
	a = _mm_add_epi32(a, c);
	_mm_storeu_si128((__m128i *)lane, a);
	return (lane[0] & 0xffffffff) + (lane[0] >> 32) + (lane[1] & 0xffffffff) + (lane[1] >> 32);
}

uint32_t
rs_ip_sum(const void *p, size_t len, uint32_t sum)
{
	const uint8_t *b = p;
	uint64_t total = sum;

	if (len & 1)
		total += b[--len]; /* little endian: the byte is the first of its word */
	if (len >= 16) {
		total += sum_wide(b, len);
	} else {
		for (; len > 0; b += 2, len -= 2) {
			uint16_t v;

			memcpy(&v, b, 2);
			total += v;
		}
	}
	total = (total & 0xffffffff) + (total >> 32);
	total = (total & 0xffffffff) + (total >> 32);
	return rs_ip_fold((uint32_t)total);
}

static inline uint32_t
sum4(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return (v & 0xffff) + (v >> 16);
}

uint32_t
rs_ip_pseudo_sum(const struct rs_addr *src, const struct rs_addr *dst, uint8_t proto, uint32_t len)
{
	uint32_t sum = __builtin_bswap16(proto);

	sum += __builtin_bswap16((uint16_t)len) + __builtin_bswap16((uint16_t)(len >> 16));
	if (src->family == 4)
		return sum + sum4(src->b) + sum4(dst->b);
	for (unsigned i = 0; i < 16; i += 4)
		sum += sum4(src->b + i) + sum4(dst->b + i);
	return sum;
}

static void
put_addr4(struct rs_addr *a, const uint8_t *p)
{
	memset(a, 0, sizeof(*a));
	memcpy(a->b, p, 4);
	a->family = 4;
}

static void
put_addr6(struct rs_addr *a, const uint8_t *p)
{
	memcpy(a->b, p, 16);
	a->family = 6;
}

static int
parse4(const uint8_t *p, uint32_t len, unsigned flags, struct rs_ip *ip)
{
	uint32_t head, total;
	uint16_t place;

	if (len < RS_IP4_HDR_LEN)
		return RS_NET_RX_TRUNCATED;
	head = (p[0] & 15) * 4u;
	total = rs_load16(p + 2);
	if (head < RS_IP4_HDR_LEN || total < head || total > len)
		return RS_NET_RX_TRUNCATED;
	if (!(flags & RS_FRAME_IP_GOOD) && rs_ip_fold(rs_ip_sum(p, head, 0)) != 0xffff)
		return RS_NET_RX_BAD_CHECKSUM;
	put_addr4(&ip->src, p + 12);
	put_addr4(&ip->dst, p + 16);
	ip->proto = p[9];
	ip->hops = p[8];
	ip->payload = p + head;
	ip->len = total - head;
	place = rs_load16(p + 6);
	if (__builtin_expect(place & 0x3fff, 0)) { /* more fragments, or an offset */
		ip->frag_id = rs_load16(p + 4);
		ip->frag_offset = (place & 0x1fffu) * 8;
		ip->frag_more = place & 0x2000;
		return RS_NET_RX_FRAGMENT;
	}
	return 0;
}

/** From header @next with @left bytes at @p to the payload of @ip. */
static int
walk6(struct rs_ip *ip, uint8_t next, const uint8_t *p, uint32_t left, bool whole)
{
	for (unsigned i = 0; next == RS_IPPROTO_HOPOPTS || next == RS_IPPROTO_ROUTING ||
		next == RS_IPPROTO_DSTOPTS || next == RS_IPPROTO_FRAGMENT;
		i++) {
		uint32_t ext;

		if (i == EXTENSIONS_MAX)
			return RS_NET_RX_UNKNOWN;
		if (left < 8)
			return RS_NET_RX_TRUNCATED;
		ext = next == RS_IPPROTO_FRAGMENT ? 8 : (p[1] + 1) * 8u;
		if (ext > left)
			return RS_NET_RX_TRUNCATED;
		if (next == RS_IPPROTO_ROUTING && p[3]) /* segments are left: we forward nothing (RFC 8200, 4.4) */
			return RS_NET_RX_UNKNOWN;
		if (next == RS_IPPROTO_FRAGMENT) {
			uint16_t place = rs_load16(p + 2);

			if (whole) /* fragments within fragments: nobody makes such */
				return RS_NET_RX_UNKNOWN;
			if (place & 0xfff9) { /* more, or an offset */
				*ip = (struct rs_ip){ .src = ip->src,
					.dst = ip->dst,
					.payload = p + 8,
					.len = left - 8,
					.proto = p[0],
					.hops = ip->hops,
					.frag_more = place & 1,
					.frag_id = rs_load32(p + 4),
					.frag_offset = place & 0xfff8 };
				return RS_NET_RX_FRAGMENT;
			}
		}
		next = p[0];
		p += ext;
		left -= ext;
	}
	ip->proto = next;
	ip->payload = p;
	ip->len = left;
	return 0;
}

static int
parse6(const uint8_t *p, uint32_t len, struct rs_ip *ip)
{
	uint32_t left;

	if (len < RS_IP6_HDR_LEN)
		return RS_NET_RX_TRUNCATED;
	left = rs_load16(p + 4);
	if (left > len - RS_IP6_HDR_LEN)
		return RS_NET_RX_TRUNCATED;
	put_addr6(&ip->src, p + 8);
	put_addr6(&ip->dst, p + 24);
	ip->hops = p[7];
	return walk6(ip, p[6], p + RS_IP6_HDR_LEN, left, false);
}

int
rs_ip_unwrap(struct rs_ip *ip)
{
	return ip->src.family == 6 ? walk6(ip, ip->proto, ip->payload, ip->len, true) : 0;
}

int
rs_ip_parse(const uint8_t *p, uint32_t len, unsigned flags, struct rs_ip *ip)
{
	if (len < 1)
		return RS_NET_RX_TRUNCATED;
	if (flags & RS_FRAME_BAD)
		return RS_NET_RX_BAD_CHECKSUM;
	switch (p[0] >> 4) {
	case 4: return parse4(p, len, flags, ip);
	case 6: return parse6(p, len, ip);
	default: return RS_NET_RX_UNKNOWN;
	}
}

static void
put4(uint8_t *p, const struct rs_addr *src, const struct rs_addr *dst, uint8_t proto, uint32_t len,
	uint8_t hops, uint32_t place)
{
	uint32_t words = 0x4500 + RS_IP4_HDR_LEN + len + (place >> 16) + (place & 0xffff) +
		(hops << 8 | proto);
	uint32_t sum = __builtin_bswap16(rs_ip_fold(words)) + sum4(src->b) + sum4(dst->b);
	uint16_t check = (uint16_t)~rs_ip_fold(sum);

	rs_store32(p, 0x45000000 | (RS_IP4_HDR_LEN + len));
	rs_store32(p + 4, place);
	p[8] = hops;
	p[9] = proto;
	memcpy(p + 10, &check, 2);
	memcpy(p + 12, src->b, 4);
	memcpy(p + 16, dst->b, 4);
}

void
rs_ip_put(uint8_t *p, const struct rs_addr *src, const struct rs_addr *dst, uint8_t proto,
	uint32_t len, uint8_t hops)
{
	if (src->family == 4) {
		put4(p, src, dst, proto, len, hops, 0x4000);
		return;
	}
	rs_store32(p, 0x60000000);
	rs_store16(p + 4, (uint16_t)len);
	p[6] = proto;
	p[7] = hops;
	memcpy(p + 8, src->b, 16);
	memcpy(p + 24, dst->b, 16);
}

void
rs_ip_put_fragment(uint8_t *p, const struct rs_addr *src, const struct rs_addr *dst, uint8_t proto,
	uint32_t len, uint8_t hops, uint16_t id, uint16_t place)
{
	put4(p, src, dst, proto, len, hops, (uint32_t)id << 16 | place);
}

int
rs_udp_parse(const struct rs_ip *ip, unsigned flags, struct rs_udp *udp)
{
	const uint8_t *p = ip->payload;
	uint32_t len;

	if (ip->len < RS_UDP_HDR_LEN)
		return RS_NET_RX_TRUNCATED;
	len = rs_load16(p + 4);
	if (len < RS_UDP_HDR_LEN || len > ip->len)
		return RS_NET_RX_TRUNCATED;
	if (p[6] == 0 && p[7] == 0) {
		if (ip->src.family != 4)
			return RS_NET_RX_BAD_CHECKSUM;
	} else if (!(flags & RS_FRAME_UDP_GOOD)) {
		uint32_t sum = rs_ip_pseudo_sum(&ip->src, &ip->dst, RS_IPPROTO_UDP, len);

		if (rs_ip_fold(rs_ip_sum(p, len, sum)) != 0xffff)
			return RS_NET_RX_BAD_CHECKSUM;
	}
	udp->src_port = rs_load16(p);
	udp->dst_port = rs_load16(p + 2);
	udp->payload = p + RS_UDP_HDR_LEN;
	udp->len = len - RS_UDP_HDR_LEN;
	return 0;
}

void
rs_udp_put(uint8_t *payload, uint32_t len, const struct rs_addr *src, uint16_t src_port,
	const struct rs_addr *dst, uint16_t dst_port, bool offload)
{
	uint8_t *p = payload - RS_UDP_HDR_LEN;
	uint32_t total = len + RS_UDP_HDR_LEN;
	uint32_t sum = rs_ip_pseudo_sum(src, dst, RS_IPPROTO_UDP, total);
	uint16_t check;

	rs_store16(p, src_port);
	rs_store16(p + 2, dst_port);
	rs_store32(p + 4, total << 16);
	if (offload) {
		check = rs_ip_fold(sum);
	} else {
		/*
		 * The header's words are still in registers: reading back what was just stored
		 * would stall.
		 */
		sum += __builtin_bswap16(src_port) + __builtin_bswap16(dst_port) +
			__builtin_bswap16((uint16_t)total);
		check = (uint16_t)~rs_ip_fold(rs_ip_sum(payload, len, sum));
		if (check == 0)
			check = 0xffff; /* zero would say "no checksum" (RFC 768) */
	}
	memcpy(p + 6, &check, 2);
}
