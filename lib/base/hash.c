/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/table.h"

/* Odd constants with about as many ones as zeros: fractions of the square roots of 2, 3, 5. */
#define K0 0x6a09e667f3bcc909u
#define K1 0xbb67ae8584caa73bu
#define K2 0x3c6ef372fe94f82bu

/* All bits of both factors reach all bits of the result: one multiplication for 16 bytes of input. */
static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Whole messages: four chains side by side, so that a multiplication need not wait for the one before. */
static uint64_t
hash_blocks(const uint8_t *b, size_t blocks, uint64_t h, uint64_t seed)
{
	uint64_t h1 = h ^ K0, h2 = h ^ K1, h3 = h ^ K2;

	for (; blocks > 0; blocks--, b += 64) {
		h = fold(load64(b) ^ K1 ^ h, load64(b + 8) ^ K2 ^ seed);
		h1 = fold(load64(b + 16) ^ K1 ^ h1, load64(b + 24) ^ K2 ^ seed);
		h2 = fold(load64(b + 32) ^ K1 ^ h2, load64(b + 40) ^ K2 ^ seed);
		h3 = fold(load64(b + 48) ^ K1 ^ h3, load64(b + 56) ^ K2 ^ seed);
	}
	return fold(h ^ K0, h1 ^ K1) ^ fold(h2 ^ K2, h3 ^ K0);
}

uint64_t
rs_hash(const void *p, size_t len, uint64_t seed)
{
	const uint8_t *b = p;
	uint64_t h = fold(seed ^ K0, len ^ K1), x = 0, y = 0;

	/* The ends overlap what was read before rather than pass the end; the length in @h tells the cases apart. */
	if (len > 16) {
		size_t i = 0;

		if (len > 128) {
			size_t blocks = (len - 1) / 64;

			h = hash_blocks(b, blocks, h, seed);
			i = blocks * 64;
		}
		for (; i + 16 < len; i += 16)
			h = fold(load64(b + i) ^ K1 ^ h, load64(b + i + 8) ^ K2 ^ seed);
		x = load64(b + len - 16);
		y = load64(b + len - 8);
	} else if (len >= 8) {
		x = load64(b);
		y = load64(b + len - 8);
	} else if (len >= 4) {
		x = load32(b);
		y = load32(b + len - 4);
	} else if (len > 0) {
		x = (uint64_t)b[0] << 16 | (uint64_t)b[len / 2] << 8 | b[len - 1];
	}
	return fold(fold(x ^ K1 ^ h, y ^ K2 ^ seed) ^ K0, h ^ K2);
}
