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

static inline uint32_t
lower_equal_mask(const uint8_t *p, const uint8_t *want)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i w = _mm_loadu_si128((const __m128i *)(const void *)want);
	__m128i upper = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('A' - 1)),
				      _mm_cmpgt_epi8(_mm_set1_epi8('Z' + 1), v));
	__m128i lower = _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20)));

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(lower, w));
}

static inline bool
scan_name_is(const uint8_t *p, const struct rs_sip_name *name)
{
	uint32_t differ = ~(lower_equal_mask(p, name->text) |
			    lower_equal_mask(p + 16, name->text + 16) << 16);

	return differ == 0 || (unsigned)__builtin_ctz(differ) >= name->len;
}

#include "proto/sip/scan_walk.h"

int
rs_sip_scan_sse2(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	return scan_walk(buf, len, msg, scan);
}
#endif
