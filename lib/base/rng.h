/* SPDX-License-Identifier: BSD-3-Clause */
/** Random numbers as pure functions: the same (seed, stream, k) gives the same value on every worker. */
#ifndef RS_BASE_RNG_H
#define RS_BASE_RNG_H

#include <stdint.h>

/** The finalizer of SplitMix64: a bijection that scatters every input bit. */
static inline uint64_t
rs_mix64(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/** Value number @k of stream @stream under @seed. */
static inline uint64_t
rs_random_at(uint64_t seed, uint64_t stream, uint64_t k)
{
	return rs_mix64(rs_mix64(seed + 0x9e3779b97f4a7c15u * (stream + 1)) + 0x9e3779b97f4a7c15u * (k + 1));
}

struct rs_rng {
	uint64_t state;
};

static inline uint64_t
rs_rng_next(struct rs_rng *r)
{
	return rs_mix64(r->state += 0x9e3779b97f4a7c15u);
}

/** A number below @n (n > 0), without the modulo's bias where it would show. */
static inline uint64_t
rs_random_below(uint64_t value, uint64_t n)
{
	return (uint64_t)((unsigned __int128)value * n >> 64);
}

/** [0, 1) */
static inline double
rs_random_unit(uint64_t value)
{
	return (double)(value >> 11) * 0x1p-53;
}

#endif
