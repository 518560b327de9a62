/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8 (RFC 3629, 4): SIP is ASCII nearly always, so runs of that go fast. */
#include "proto/ws/ws.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static const uint8_t *
skip_ascii(const uint8_t *p, const uint8_t *end)
{
#if defined(__SSE2__)
	for (; end - p >= 32; p += 32) {
		__m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));

		if (_mm_movemask_epi8(_mm_or_si128(a, b)) != 0)
			break;
	}
#endif
	while (p < end && *p < 0x80)
		p++;
	return p;
}

/* The character at @p, which is not ASCII. @return its bytes; 0: there is none */
static unsigned
character(const uint8_t *p, size_t left)
{
	/* Second byte: the bounds that keep surrogates, and what is too long or too far, out. */
	uint8_t lo = 0x80, hi = 0xbf;
	unsigned len;

	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	switch (p[0]) {
	case 0xe0: lo = 0xa0; break;
	case 0xed: hi = 0x9f; break;
	case 0xf0: lo = 0x90; break;
	case 0xf4: hi = 0x8f; break;
	default: break;
	}
	if (left < len || p[1] < lo || p[1] > hi)
		return 0;
	for (unsigned i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool
rs_ws_utf8(struct rs_slice text)
{
	const uint8_t *p = text.p, *end = text.p + text.len;
	unsigned len;

	for (;; p += len) {
		p = skip_ascii(p, end);
		if (p == end)
			return true;
		len = character(p, (size_t)(end - p));
		if (len == 0)
			return false;
	}
}
