/* SPDX-License-Identifier: BSD-3-Clause */
/** Classes of characters of RFC 3261's grammar (25.1), and small searches built on them. Private to lib/proto/sip. */
#ifndef RS_PROTO_SIP_CHARS_H
#define RS_PROTO_SIP_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum rs_sip_class {
	RS_C_BLANK = 1,	  /* SP HT CR LF: inside a value, CR LF only stands in folds */
	RS_C_DIGIT = 2,
	RS_C_TOKEN = 4,
	RS_C_HOST = 8,	  /* hostname and IPv4address; '_' is tolerated, networks use it */
	RS_C_IPV6 = 16,	  /* what stands between the brackets of an IPv6reference */
	RS_C_SCHEME = 32,
	RS_C_USER = 64,	  /* unreserved, user-unreserved, '%' and ':' (the password) */
};

extern const uint8_t rs_sip_chars[256];

static inline bool
rs_sip_is(uint8_t c, int classes)
{
	return (rs_sip_chars[c] & classes) != 0;
}

/** The first byte at or after @p that is not a blank, or @end. */
static inline const uint8_t *
rs_sip_skip_blanks(const uint8_t *p, const uint8_t *end)
{
	while (p < end && rs_sip_is(*p, RS_C_BLANK))
		p++;
	return p;
}

/** The first byte at or after @p outside the @classes, or @end. */
static inline const uint8_t *
rs_sip_span(const uint8_t *p, const uint8_t *end, int classes)
{
	while (p < end && rs_sip_is(*p, classes))
		p++;
	return p;
}

static inline bool
rs_sip_all(struct rs_slice s, int classes)
{
	return rs_sip_span(s.p, s.p + s.len, classes) == s.p + s.len;
}

#if defined(__SSE2__)
/*
 * The searches read 16 bytes at a time and never outside [p, end): the last step goes back so that it ends at @end, and
 * looks at some bytes a second time, which cannot match again.
 */
#define RS_SIP_SEARCH(name, mask_of, is_stop)                                                              \
	static inline const uint8_t *name(const uint8_t *p, const uint8_t *end)                            \
	{                                                                                                  \
		if (end - p < 16) {                                                                        \
			while (p < end && !is_stop(*p))                                                    \
				p++;                                                                       \
			return p;                                                                          \
		}                                                                                          \
		for (;;) {                                                                                 \
			unsigned m = mask_of(_mm_loadu_si128((const __m128i *)(const void *)p));           \
			if (m != 0)                                                                        \
				return p + __builtin_ctz(m);                                               \
			p += 16;                                                                           \
			if (p >= end)                                                                      \
				return end;                                                                \
			if (end - p < 16)                                                                  \
				p = end - 16;                                                              \
		}                                                                                          \
	}

static inline unsigned
rs_sip_stop_mask(__m128i v)
{
	__m128i semi = _mm_cmpeq_epi8(v, _mm_set1_epi8(';'));
	__m128i comma = _mm_cmpeq_epi8(v, _mm_set1_epi8(','));
	__m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i angle = _mm_cmpeq_epi8(v, _mm_set1_epi8('<'));

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(_mm_or_si128(semi, comma), _mm_or_si128(quote, angle)));
}

static inline unsigned
rs_sip_value_end_mask(__m128i v)
{
	__m128i semi = _mm_cmpeq_epi8(v, _mm_set1_epi8(';'));
	__m128i comma = _mm_cmpeq_epi8(v, _mm_set1_epi8(','));
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(' ')), v);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(semi, comma)));
}
#else
#define RS_SIP_SEARCH(name, mask_of, is_stop)                                                              \
	static inline const uint8_t *name(const uint8_t *p, const uint8_t *end)                            \
	{                                                                                                  \
		while (p < end && !is_stop(*p))                                                            \
			p++;                                                                               \
		return p;                                                                                  \
	}
#endif

static inline bool
rs_sip_is_stop(uint8_t c)
{
	return c == ';' || c == ',' || c == '"' || c == '<';
}

static inline bool
rs_sip_is_value_end(uint8_t c)
{
	return c == ';' || c == ',' || c <= ' ';
}

/** rs_sip_find_stop(p, end): the first ';' ',' '"' or '<', or @end. */
RS_SIP_SEARCH(rs_sip_find_stop, rs_sip_stop_mask, rs_sip_is_stop)
/** rs_sip_find_value_end(p, end): the first ';' ',' blank or control character, or @end. */
RS_SIP_SEARCH(rs_sip_find_value_end, rs_sip_value_end_mask, rs_sip_is_value_end)

/** @p stands on a '"'. @return the byte behind the closing quote, or NULL when there is none before @end */
const uint8_t *rs_sip_skip_quoted(const uint8_t *p, const uint8_t *end);

#endif
