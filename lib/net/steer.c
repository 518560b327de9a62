/* SPDX-License-Identifier: BSD-3-Clause */
/* Key, table and hash of receive side scaling. */
#include "net/steer.h"

#include "net/ip.h"

static void
set_bit(uint8_t *p, unsigned bit)
{
	p[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

static bool
bit_of(const uint8_t *p, unsigned bit)
{
	return p[bit / 8] >> (7 - bit % 8) & 1;
}

void
rs_steer_key(unsigned bits, uint8_t *key, size_t len)
{
	memset(key, 0, len);
	set_bit(key, 95 - bits);
	set_bit(key, 126 - bits);
	set_bit(key, 287 - bits);
	set_bit(key, 318 - bits);
}

/* The @bits bits of @p up to bit @last, the last one lowest. */
static uint32_t
bits_until(const uint8_t *p, unsigned last, unsigned bits)
{
	uint32_t v = 0;

	for (unsigned i = last + 1 - bits; i <= last; i++)
		v = v << 1 | bit_of(p, i);
	return v;
}

uint32_t
rs_steer_peer(const struct rs_addr *peer, unsigned bits)
{
	if (peer->family != 6)
		return 0;
	return bits_until(peer->b, 63, bits) ^ bits_until(peer->b, 94, bits);
}

static uint32_t
reversed(uint32_t v, unsigned bits)
{
	uint32_t r = 0;

	for (unsigned i = 0; i < bits; i++)
		r = r << 1 | (v >> i & 1);
	return r;
}

uint16_t
rs_steer_entry(uint32_t entry, unsigned bits, uint32_t queues, uint32_t c)
{
	return (uint16_t)((reversed(entry, bits) ^ c) % queues);
}

/* The low bits of what input bit @i adds: of the key's 32 bits from @i on. */
static uint16_t
window(const uint8_t *key, unsigned i, unsigned bits)
{
	return (uint16_t)bits_until(key, i + 31, bits);
}

void
rs_steer_hash_init(struct rs_steer_hash *h, const uint8_t *key, unsigned bits)
{
	memset(h, 0, sizeof(*h));
	h->bits = bits;
	for (unsigned at = 0; at < RS_STEER_TUPLE6; at++)
		for (unsigned v = 1; v < 256; v++) {
			unsigned low = (unsigned)__builtin_ctz(v); /* v without it has been done */

			h->byte[at][v] = h->byte[at][v & (v - 1)] ^ window(key, at * 8 + 7 - low, bits);
		}
}

static uint32_t
add(const struct rs_steer_hash *h, unsigned at, const uint8_t *p, unsigned n)
{
	uint32_t hash = 0;

	for (unsigned i = 0; i < n; i++)
		hash ^= h->byte[at + i][p[i]];
	return hash;
}

#define PORTS_LEN RS_UDP_HDR_LEN /* the shorter header of both */

static bool
has_ports(uint8_t protocol)
{
	return protocol == RS_IPPROTO_UDP || protocol == RS_IPPROTO_TCP;
}

bool
rs_steer_frame(const struct rs_steer_hash *h, const uint8_t *frame, uint32_t len, uint32_t *entry)
{
	uint32_t at = RS_ETH_HDR_LEN, hdr;
	uint16_t type;

	if (len < RS_ETH_HDR_LEN + RS_VLAN_HDR_LEN)
		return false;
	type = rs_load16(frame + 12);
	if (type == RS_ETHERTYPE_VLAN) {
		type = rs_load16(frame + 16);
		at += RS_VLAN_HDR_LEN;
	}
	frame += at;
	len -= at;
	if (type == RS_ETHERTYPE_IPV4 && len >= RS_IP4_HDR_LEN + PORTS_LEN) {
		hdr = (frame[0] & 15) * 4u;
		/* Neither more fragments nor an offset: a later one has no ports. */
		if (!has_ports(frame[9]) || (rs_load16(frame + 6) & 0x3fff) || hdr < RS_IP4_HDR_LEN || hdr + PORTS_LEN > len)
			return false;
		*entry = add(h, 0, frame + 12, 8) ^ add(h, 8, frame + hdr, 4);
		return true;
	}
	if (type == RS_ETHERTYPE_IPV6 && len >= RS_IP6_HDR_LEN + PORTS_LEN && has_ports(frame[6])) {
		*entry = add(h, 0, frame + 8, RS_STEER_TUPLE6);
		return true;
	}
	return false;
}
