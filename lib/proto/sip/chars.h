/* SPDX-License-Identifier: BSD-3-Clause */
/** Classes of characters of RFC 3261's grammar (25.1), and small searches built on them. Private to
 * lib/proto/sip. */
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
	RS_C_BLANK = 1, /* SP HT CR LF: inside a value, CR LF only stands in folds */
	RS_C_DIGIT = 2,
	RS_C_TOKEN = 4,
	RS_C_HOST = 8,  /* hostname and IPv4address; '_' is tolerated, networks use it */
	RS_C_IPV6 = 16, /* what stands between the brackets of an IPv6reference */
	RS_C_SCHEME = 32,
	RS_C_USER = 64, /* unreserved, user-unreserved, '%' and ':' (the password) */
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

/*
 * Searches look at 16 bytes at once and read nothing outside [lo, end): a last vector that would
 * cross @end is read from further left, and what stands before @p is shifted out.
 */
#if defined(__SSE2__)
static inline uint32_t
rs_sip_stop_mask(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i semi = _mm_cmpeq_epi8(v, _mm_set1_epi8(';'));
	__m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	/* ',' and '<' differ in this one bit. */
	__m128i other =
		_mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8((char)~0x10)), _mm_set1_epi8(','));

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(other, _mm_or_si128(semi, quote)));
}

static inline uint32_t
rs_sip_value_end_mask(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i semi = _mm_cmpeq_epi8(v, _mm_set1_epi8(';'));
	__m128i comma = _mm_cmpeq_epi8(v, _mm_set1_epi8(','));
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(' ')), v);

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(semi, comma)));
}

static inline uint32_t
rs_sip_angle_mask(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

	/* '<' and '>' differ in this one bit. */
	v = _mm_and_si128(v, _mm_set1_epi8((char)~0x02));
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('<')));
}

#define RS_SIP_SEARCH(name, mask_of, is_stop)                                                      \
	static inline const uint8_t *name(const uint8_t *lo, const uint8_t *p, const uint8_t *end) \
	{                                                                                          \
		uint32_t m;                                                                        \
		for (; end - p >= 16; p += 16) {                                                   \
			m = mask_of(p);                                                            \
			if (m != 0)                                                                \
				return p + __builtin_ctz(m);                                       \
		}                                                                                  \
		if (__builtin_expect(end - lo < 16, 0)) {                                          \
			while (p < end && !is_stop(*p))                                            \
				p++;                                                               \
			return p;                                                                  \
		}                                                                                  \
		m = mask_of(end - 16) >> (16 - (end - p));                                         \
		return m != 0 ? p + __builtin_ctz(m) : end;                                        \
	}
#else
#define RS_SIP_SEARCH(name, mask_of, is_stop)                                                      \
	static inline const uint8_t *name(const uint8_t *lo, const uint8_t *p, const uint8_t *end) \
	{                                                                                          \
		(void)lo;                                                                          \
		while (p < end && !is_stop(*p))                                                    \
			p++;                                                                       \
		return p;                                                                          \
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

static inline bool
rs_sip_is_angle(uint8_t c)
{
	return c == '<' || c == '>';
}

/** rs_sip_find_stop(lo, p, end): the first ';' ',' '"' or '<' at or after @p, or @end; @lo: from
 * where on may be read. */
RS_SIP_SEARCH(rs_sip_find_stop, rs_sip_stop_mask, rs_sip_is_stop)
/** rs_sip_find_value_end(lo, p, end): likewise the first ';' ',' blank or control character. */
RS_SIP_SEARCH(rs_sip_find_value_end, rs_sip_value_end_mask, rs_sip_is_value_end)
/** rs_sip_find_angle(lo, p, end): likewise the first '<' or '>'. */
RS_SIP_SEARCH(rs_sip_find_angle, rs_sip_angle_mask, rs_sip_is_angle)

/** @p stands on a '"'. @return the byte behind the closing quote, or NULL when there is none before
 * @end */
const uint8_t *rs_sip_skip_quoted(const uint8_t *p, const uint8_t *end);

#endif
