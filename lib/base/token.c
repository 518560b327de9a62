/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/token.h"

#include <string.h>

#include "base/rng.h"

/* Two characters for every 10 bits: half the look-ups and stores of one character at a time. */
/* clang-format off */
#define P(a, b) { a, b }
#define ROW(a)                                                                                     \
	P(a, 'a'), P(a, 'b'), P(a, 'c'), P(a, 'd'), P(a, 'e'), P(a, 'f'), P(a, 'g'), P(a, 'h'),    \
	P(a, 'i'), P(a, 'j'), P(a, 'k'), P(a, 'l'), P(a, 'm'), P(a, 'n'), P(a, 'o'), P(a, 'p'),    \
	P(a, 'q'), P(a, 'r'), P(a, 's'), P(a, 't'), P(a, 'u'), P(a, 'v'), P(a, 'w'), P(a, 'x'),    \
	P(a, 'y'), P(a, 'z'), P(a, '2'), P(a, '3'), P(a, '4'), P(a, '5'), P(a, '6'), P(a, '7')

static const uint8_t pairs[1024][2] = {
	ROW('a'), ROW('b'), ROW('c'), ROW('d'), ROW('e'), ROW('f'), ROW('g'), ROW('h'),
	ROW('i'), ROW('j'), ROW('k'), ROW('l'), ROW('m'), ROW('n'), ROW('o'), ROW('p'),
	ROW('q'), ROW('r'), ROW('s'), ROW('t'), ROW('u'), ROW('v'), ROW('w'), ROW('x'),
	ROW('y'), ROW('z'), ROW('2'), ROW('3'), ROW('4'), ROW('5'), ROW('6'), ROW('7'),
};

/* The value of a character with bit 7 set, so that the zeros of the gaps say "not of the alphabet". */
#define V(upper, lower, v) [upper] = 0x80 | (v), [lower] = 0x80 | (v)
#define D(digit, v) [digit] = 0x80 | (v)
static const uint8_t values[256] = {
	V('A', 'a', 0), V('B', 'b', 1), V('C', 'c', 2), V('D', 'd', 3), V('E', 'e', 4),
	V('F', 'f', 5), V('G', 'g', 6), V('H', 'h', 7), V('I', 'i', 8), V('J', 'j', 9),
	V('K', 'k', 10), V('L', 'l', 11), V('M', 'm', 12), V('N', 'n', 13), V('O', 'o', 14),
	V('P', 'p', 15), V('Q', 'q', 16), V('R', 'r', 17), V('S', 's', 18), V('T', 't', 19),
	V('U', 'u', 20), V('V', 'v', 21), V('W', 'w', 22), V('X', 'x', 23), V('Y', 'y', 24),
	V('Z', 'z', 25), D('2', 26), D('3', 27), D('4', 28), D('5', 29), D('6', 30), D('7', 31),
};
/* clang-format on */

/* Keyed on both rounds: who knows one token cannot mint another without the secret. */
static uint32_t
check(uint64_t handle, uint32_t run_aux, uint64_t secret)
{
	uint64_t x = rs_mix64(handle + secret);

	return (uint32_t)(rs_mix64((x ^ run_aux) + (secret << 32 | secret >> 32)) >> 32);
}

static inline void
put(uint8_t *out, uint64_t bits)
{
	memcpy(out, pairs[bits & 1023], 2);
}

void
rs_token_write(const struct rs_token *token, uint64_t secret, uint8_t *out)
{
	uint32_t run_aux = (uint32_t)token->run << 16 | token->aux;
	uint64_t hi = token->handle;
	uint64_t lo = (uint64_t)run_aux << 32 | check(hi, run_aux, secret);

	/* 128 bits from the top: 8 in the first pair, then twelve times 10; one pair straddles hi and lo. */
	put(out, hi >> 56);
	put(out + 2, hi >> 46);
	put(out + 4, hi >> 36);
	put(out + 6, hi >> 26);
	put(out + 8, hi >> 16);
	put(out + 10, hi >> 6);
	put(out + 12, hi << 4 | lo >> 60);
	put(out + 14, lo >> 50);
	put(out + 16, lo >> 40);
	put(out + 18, lo >> 30);
	put(out + 20, lo >> 20);
	put(out + 22, lo >> 10);
	put(out + 24, lo);
}

bool
rs_token_read(const uint8_t *text, uint64_t secret, struct rs_token *token)
{
	uint64_t first = values[text[0]], hi = first & 31, lo = 0, v;
	uint8_t all = (uint8_t)first;
	uint32_t run_aux;

	if ((first & 31) > 7) /* 130 bits have room for what 128 bits never say */
		return false;
	for (int i = 1; i <= 12; i++) {
		v = values[text[i]];
		all &= (uint8_t)v;
		hi = hi << 5 | (v & 31);
	}
	/* Character 13 ends hi with its first bit and begins lo with the other four. */
	v = values[text[13]];
	all &= (uint8_t)v;
	hi = hi << 1 | (v >> 4 & 1);
	lo = v & 15;
	for (int i = 14; i <= 25; i++) {
		v = values[text[i]];
		all &= (uint8_t)v;
		lo = lo << 5 | (v & 31);
	}
	run_aux = (uint32_t)(lo >> 32);
	if (!(all & 0x80) || check(hi, run_aux, secret) != (uint32_t)lo)
		return false;
	token->handle = hi;
	token->run = (uint16_t)(run_aux >> 16);
	token->aux = (uint16_t)run_aux;
	return true;
}
