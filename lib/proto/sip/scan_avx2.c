/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVX2 kernel: built with flags of its own, called only where the CPU has AVX2, BMI and POPCNT.
 */
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

static inline unsigned
scan_colon_short(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

	return _tzcnt_u32(
		(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(':'))) | 1u << 16);
}

static inline bool
scan_name_is_short(const uint8_t *p, const struct rs_sip_name *name)
{
	__m128i got = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i want = _mm_loadu_si128((const __m128i *)(const void *)name->text);
	__m128i bits = _mm_loadu_si128((const __m128i *)(const void *)name->bits);

	return _mm_testz_si128(_mm_xor_si128(got, want), bits);
}

static inline bool
scan_name_is(const uint8_t *p, const struct rs_sip_name *name)
{
	__m256i got = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i want = _mm256_loadu_si256((const __m256i *)(const void *)name->text);
	__m256i bits = _mm256_loadu_si256((const __m256i *)(const void *)name->bits);

	return _mm256_testz_si256(_mm256_xor_si256(got, want), bits);
}

static inline unsigned
scan_positions(uint64_t m, uint32_t at, uint32_t *out)
{
	unsigned n = (unsigned)_mm_popcnt_u64(m);

	/* Four without asking how many there are: most blocks have fewer. */
	for (unsigned i = 0; i < 4; i++) {
		out[i] = at + (uint32_t)_tzcnt_u64(m);
		m = _blsr_u64(m);
	}
	for (unsigned i = 4; i < n; i++) {
		out[i] = at + (uint32_t)_tzcnt_u64(m);
		m = _blsr_u64(m);
	}
	return n;
}

#include "proto/sip/scan_walk.h"

int
rs_sip_scan_avx2(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	return scan_walk(buf, len, msg, scan);
}

unsigned
rs_sip_lines_avx2(const uint8_t *buf, size_t len, size_t from, uint32_t *lf)
{
	return scan_lines(buf, len, from, lf);
}
