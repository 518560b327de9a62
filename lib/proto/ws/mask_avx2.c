/* SPDX-License-Identifier: BSD-3-Clause */
/* Masking by 32 bytes: built with flags of its own, called only where the CPU has AVX2. */
#include <immintrin.h>

#include "proto/ws/private.h"

void
rs_ws_mask_avx2(uint8_t *p, size_t len, uint32_t key)
{
	const __m256i k = _mm256_set1_epi32((int)key);

	for (; len >= 64; p += 64, len -= 64) {
		__m256i *at = (__m256i *)(void *)p;
		__m256i a = _mm256_xor_si256(_mm256_loadu_si256(at), k);
		__m256i b = _mm256_xor_si256(_mm256_loadu_si256(at + 1), k);

		_mm256_storeu_si256(at, a);
		_mm256_storeu_si256(at + 1, b);
	}
	if (len >= 32) {
		__m256i *at = (__m256i *)(void *)p;

		_mm256_storeu_si256(at, _mm256_xor_si256(_mm256_loadu_si256(at), k));
		p += 32;
		len -= 32;
	}
	rs_ws_mask_rest(p, len, key);
}
