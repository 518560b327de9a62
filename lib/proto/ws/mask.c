/* SPDX-License-Identifier: BSD-3-Clause */
/* Masking (RFC 6455, 5.3): which kernel, the scalar one, and the one that every x86-64 CPU has. */
#include <stdatomic.h>

#include "proto/ws/private.h"
#include "proto/ws/ws.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

struct kernel {
	rs_ws_mask_fn *mask;
	const char *name;
};

static const struct kernel scalar = { rs_ws_mask_scalar, "scalar" };
#if defined(__x86_64__)
static const struct kernel sse2 = { rs_ws_mask_sse2, "sse2" };
static const struct kernel avx2 = { rs_ws_mask_avx2, "avx2" };
#endif

/* Chosen once per process from what the CPU can do, and then only changed by tests and benches. */
static const struct kernel *_Atomic kernel;

static const struct kernel *
best_kernel(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx2") ? &avx2 : &sse2;
#else
	return &scalar;
#endif
}

static const struct kernel *
used_kernel(void)
{
	const struct kernel *k = atomic_load_explicit(&kernel, memory_order_relaxed);

	if (__builtin_expect(k == NULL, 0)) {
		k = best_kernel();
		atomic_store_explicit(&kernel, k, memory_order_relaxed);
	}
	return k;
}

void
rs_ws_mask_force_scalar(bool on)
{
	atomic_store_explicit(&kernel, on ? &scalar : best_kernel(), memory_order_relaxed);
}

const char *
rs_ws_mask_name(void)
{
	return used_kernel()->name;
}

void
rs_ws_mask(uint8_t *p, size_t len, const uint8_t key[4])
{
	uint32_t k;

	memcpy(&k, key, sizeof(k));
	used_kernel()->mask(p, len, k);
}

void
rs_ws_mask_scalar(uint8_t *p, size_t len, uint32_t key)
{
	uint8_t bytes[4];

	memcpy(bytes, &key, sizeof(bytes));
	for (size_t i = 0; i < len; i++)
		p[i] ^= bytes[i & 3];
}

#if defined(__SSE2__)
void
rs_ws_mask_sse2(uint8_t *p, size_t len, uint32_t key)
{
	const __m128i k = _mm_set1_epi32((int)key);

	for (; len >= 16; p += 16, len -= 16) {
		__m128i *at = (__m128i *)(void *)p;

		_mm_storeu_si128(at, _mm_xor_si128(_mm_loadu_si128(at), k));
	}
	rs_ws_mask_rest(p, len, key);
}
#endif
