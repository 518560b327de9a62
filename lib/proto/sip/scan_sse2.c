/* SPDX-License-Identifier: BSD-3-Clause */
/* The SSE2 kernel: what every x86-64 CPU has. */
#include "proto/sip/scan.h"

#if defined(__SSE2__)
#include <emmintrin.h>

static inline uint32_t
equal_mask(const uint8_t *p, char c)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

static inline uint64_t
scan_line_feeds(const uint8_t *p)
{
	uint32_t low = equal_mask(p, '\n') | equal_mask(p + 16, '\n') << 16;
	uint32_t high = equal_mask(p + 32, '\n') | equal_mask(p + 48, '\n') << 16;

	return low | (uint64_t)high << 32;
}

static inline unsigned
scan_colon(const uint8_t *p)
{
	uint32_t m = equal_mask(p, ':') | equal_mask(p + 16, ':') << 16;

	return m != 0 ? (unsigned)__builtin_ctz(m) : 32;
}

static inline unsigned
scan_colon_short(const uint8_t *p)
{
	return (unsigned)__builtin_ctz(equal_mask(p, ':') | 1u << 16);
}

static inline __m128i
differing_bits(const uint8_t *p, const struct rs_sip_name *name, unsigned at)
{
	__m128i got = _mm_loadu_si128((const __m128i *)(const void *)(p + at));
	__m128i want = _mm_loadu_si128((const __m128i *)(const void *)(name->text + at));
	__m128i bits = _mm_loadu_si128((const __m128i *)(const void *)(name->bits + at));

	return _mm_and_si128(_mm_xor_si128(got, want), bits);
}

static inline bool
scan_name_is(const uint8_t *p, const struct rs_sip_name *name)
{
	__m128i differ = _mm_or_si128(differing_bits(p, name, 0), differing_bits(p, name, 16));

	return _mm_movemask_epi8(_mm_cmpeq_epi8(differ, _mm_setzero_si128())) == 0xffff;
}

static inline bool
scan_name_is_short(const uint8_t *p, const struct rs_sip_name *name)
{
	__m128i differ = differing_bits(p, name, 0);

	return _mm_movemask_epi8(_mm_cmpeq_epi8(differ, _mm_setzero_si128())) == 0xffff;
}

static inline unsigned
scan_positions(uint64_t m, uint32_t at, uint32_t *out)
{
	unsigned n = 0;

	for (; m != 0; m &= m - 1)
		out[n++] = at + (unsigned)__builtin_ctzll(m);
	return n;
}

#include "proto/sip/scan_walk.h"

int
rs_sip_scan_sse2(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	return scan_walk(buf, len, msg, scan);
}

unsigned
rs_sip_lines_sse2(const uint8_t *buf, size_t len, size_t from, uint32_t *lf)
{
	return scan_lines(buf, len, from, lf);
}
#endif
