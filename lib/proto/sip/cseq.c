/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers, and CSeq, which starts with one. */
#include <errno.h>

#include "proto/sip/chars.h"
#include "proto/sip/field.h"

int
rs_sip_number(struct rs_slice text, uint32_t *out)
{
	uint64_t n = 0;
	size_t i;

	if (text.len == 0)
		return -EBADMSG;
	for (i = 0; i < text.len; i++) {
		unsigned digit = text.p[i] - (unsigned)'0';

		if (digit > 9)
			return -EBADMSG;
		/* Stays above the limit once there, so that leading zeros do not count and nothing
		 * wraps. */
		if (n <= UINT32_MAX)
			n = n * 10 + digit;
	}
	if (n > UINT32_MAX)
		return -ERANGE;
	*out = (uint32_t)n;
	return 0;
}

/** Value of the first @n (1 to 7) of eight digits, each less '0', in the order of memory: halves
 * are joined pair by pair. */
static uint32_t
join_digits(uint64_t digits, unsigned n)
{
	digits <<= 8 * (8 - n);
	digits = digits * 10 + (digits >> 8);
	return (uint32_t)(((digits & 0x000000ff000000ffu) * (100 + (1000000ull << 32)) +
				  (digits >> 16 & 0x000000ff000000ffu) * (1 + (10000ull << 32))) >>
		32);
}

int
rs_sip_cseq(struct rs_slice value, struct rs_sip_cseq *out)
{
	const uint8_t *end, *p, *method;
	uint64_t word = 0, other;
	unsigned n = 0;

	if (value.len == 0)
		return -EBADMSG;
	end = value.p + value.len;
	/* How many digits there are is random: up to seven are taken without a loop. */
	if (value.len >= 8) {
		memcpy(&word, value.p, 8);
		word ^= 0x3030303030303030u;
		other = ((word & 0x7f7f7f7f7f7f7f7fu) + 0x7676767676767676u) | word;
		other &= 0x8080808080808080u;
		n = other != 0 ? (unsigned)__builtin_ctzll(other) / 8 : 0;
	}
	if (n > 0) {
		p = value.p + n;
		out->number = join_digits(word, n);
	} else {
		p = rs_sip_span(value.p, end, RS_C_DIGIT);
		if (rs_sip_number(rs_slice_of(value.p, (size_t)(p - value.p)), &out->number) != 0 ||
			out->number > INT32_MAX)
			return -EBADMSG;
	}
	method = rs_sip_skip_blanks(p, end);
	if (method == p || method == end)
		return -EBADMSG;
	out->method_text = rs_slice_of(method, (size_t)(end - method));
	out->method = (uint8_t)rs_sip_method(out->method_text);
	if (out->method == RS_SIP_OTHER && !rs_sip_all(out->method_text, RS_C_TOKEN))
		return -EBADMSG;
	return 0;
}
