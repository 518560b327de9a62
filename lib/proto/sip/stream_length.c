/* SPDX-License-Identifier: BSD-3-Clause */
/* Content-Length on streams: RFC 3261, 20.14, with its compact form and folded values. */
#include "proto/sip/stream_private.h"

enum phase {
	ELSEWHERE, /* in another field: 0, as stream.c knows */
	BEFORE,    /* no digit yet */
	DIGITS,
	AFTER, /* blanks behind the digits */
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* @return where the value begins, when the name of this line is Content-Length or l; else 0 */
static size_t
length_value(const uint8_t *line, size_t len)
{
	size_t at = 14;

	if (len < 2)
		return 0;
	if (rs_lower(line[0]) == 'l')
		at = 1;
	else if (len < 15 || line[7] != '-' || rs_lower(line[0]) != 'c' ||
		!rs_slice_case_eq(rs_slice_of(line, 14), rs_slice_str("content-length")))
		return 0;
	while (at < len && is_blank(line[at]))
		at++;
	return at < len && line[at] == ':' ? at + 1 : 0;
}

static enum rs_sip_stream_error
digits(struct rs_sip_stream *s, const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++) {
		if (is_blank(*p)) {
			s->phase = s->phase == DIGITS ? AFTER : s->phase;
			continue;
		}
		if (*p < '0' || *p > '9' || s->phase == AFTER)
			return RS_SIP_STREAM_BAD_LENGTH;
		s->phase = DIGITS;
		/* Beyond 28 bits it is too much, and stays so. */
		s->value = s->value >> 28 != 0 ? UINT32_MAX : s->value * 10 + (*p - '0');
	}
	return RS_SIP_STREAM_FINE;
}

enum rs_sip_stream_error
rs_sip_stream_field(struct rs_sip_stream *s, const uint8_t *line, size_t len)
{
	size_t at = length_value(line, len);

	if (at == 0)
		return RS_SIP_STREAM_FINE;
	s->phase = BEFORE;
	s->value = 0;
	return digits(s, line + at, line + len);
}

enum rs_sip_stream_error
rs_sip_stream_fold(struct rs_sip_stream *s, const uint8_t *line, size_t len)
{
	if (s->phase == ELSEWHERE)
		return RS_SIP_STREAM_FINE;
	if (s->phase == DIGITS) /* a fold is a blank */
		s->phase = AFTER;
	return digits(s, line, line + len);
}

enum rs_sip_stream_error
rs_sip_stream_field_end(struct rs_sip_stream *s)
{
	if (s->phase == ELSEWHERE)
		return RS_SIP_STREAM_FINE;
	if (s->phase == BEFORE)
		return RS_SIP_STREAM_BAD_LENGTH;
	s->phase = ELSEWHERE;
	if (s->lengths != 0 && s->value != s->length)
		return RS_SIP_STREAM_LENGTHS_DIFFER;
	s->lengths = 1;
	s->length = s->value;
	return RS_SIP_STREAM_FINE;
}
