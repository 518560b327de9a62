/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/chacha.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are copied as they lie");

static inline uint32_t
turn(uint32_t x, unsigned by)
{
	return x << by | x >> (32 - by);
}

static void
quarter(uint32_t *s, unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b];
	s[d] = turn(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = turn(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = turn(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = turn(s[b] ^ s[c], 7);
}

void
rs_chacha_block(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], uint8_t out[RS_CHACHA_BLOCK])
{
	uint32_t first[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, s[16];

	memcpy(first + 4, key, 32);
	first[12] = counter;
	memcpy(first + 13, nonce, 12);
	memcpy(s, first, sizeof(s));
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 4; i++)
			quarter(s, i, 4 + i, 8 + i, 12 + i);
		for (unsigned i = 0; i < 4; i++)
			quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
	}
	for (unsigned i = 0; i < 16; i++)
		s[i] += first[i];
	memcpy(out, s, sizeof(s));
}
