/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX2 kernel: built with flags of its own, called only where the CPU has AVX2, BMI and POPCNT. */
#include <immintrin.h>

#include "proto/sip/scan.h"

static inline uint32_t
equal_mask(const uint8_t *p, char c)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)));
}

static inline uint64_t
scan_line_feeds(const uint8_t *p)
{
	return equal_mask(p, '\n') | (uint64_t)equal_mask(p + 32, '\n') << 32;
}

static inline unsigned
scan_colon(const uint8_t *p)
{
	return _tzcnt_u32(equal_mask(p, ':'));
}

static inline bool
scan_name_is(const uint8_t *p, const struct rs_sip_name *name)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i want = _mm256_loadu_si256((const __m256i *)(const void *)name->text);
	__m256i upper = _mm256_and_si256(_mm256_cmpgt_epi8(v, _mm256_set1_epi8('A' - 1)),
					 _mm256_cmpgt_epi8(_mm256_set1_epi8('Z' + 1), v));
	__m256i lower = _mm256_or_si256(v, _mm256_and_si256(upper, _mm256_set1_epi8(0x20)));
	uint32_t equal = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(lower, want));

	return _tzcnt_u32(~equal) >= name->len;
}

#include "proto/sip/scan_walk.h"

int
rs_sip_scan_avx2(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	return scan_walk(buf, len, msg, scan);
}
