/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-1 (RFC 3174): OpenSSL's would take memory from the heap, and an upgrade hashes 60 bytes. */
#include "proto/ws/private.h"

static uint32_t
turn(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* RFC 3174, 5 and 6.1. */
static void
block(uint32_t h[5], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int t = 0; t < 16; t++) {
		memcpy(&w[t], p + 4 * t, 4);
		w[t] = __builtin_bswap32(w[t]);
	}
	for (int t = 16; t < 80; t++)
		w[t] = turn(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (int t = 0; t < 80; t++) {
		uint32_t f, k, next;

		if (t < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (t < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (t < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		next = turn(a, 5) + f + e + w[t] + k;
		e = d;
		d = c;
		c = turn(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void
rs_ws_sha1(const uint8_t *text, size_t len, uint8_t out[20])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint64_t bits = __builtin_bswap64((uint64_t)len * 8);
	uint8_t last[128] = { 0 };
	size_t rest = len % 64, padded = rest < 56 ? 64 : 128;

	for (size_t at = 0; at + 64 <= len; at += 64)
		block(h, text + at);
	if (rest != 0)
		memcpy(last, text + len - rest, rest);
	last[rest] = 0x80;
	memcpy(last + padded - 8, &bits, 8);
	for (size_t at = 0; at < padded; at += 64)
		block(h, last + at);
	for (int i = 0; i < 5; i++) {
		h[i] = __builtin_bswap32(h[i]);
		memcpy(out + 4 * i, &h[i], 4);
	}
}
