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
		/* Stays above the limit once there, so that leading zeros do not count and nothing wraps. */
		if (n <= UINT32_MAX)
			n = n * 10 + digit;
	}
	if (n > UINT32_MAX)
		return -ERANGE;
	*out = (uint32_t)n;
	return 0;
}

int
rs_sip_cseq(struct rs_slice value, struct rs_sip_cseq *out)
{
	const uint8_t *end = value.p + value.len;
	const uint8_t *p = rs_sip_span(value.p, end, RS_C_DIGIT);
	const uint8_t *method = rs_sip_skip_blanks(p, end);

	if (method == p || method == end)
		return -EBADMSG;
	if (rs_sip_number(rs_slice_of(value.p, (size_t)(p - value.p)), &out->number) != 0 ||
	    out->number > INT32_MAX)
		return -EBADMSG;
	out->method_text = rs_slice_of(method, (size_t)(end - method));
	out->method = (uint8_t)rs_sip_method(out->method_text);
	if (out->method == RS_SIP_OTHER && !rs_sip_all(out->method_text, RS_C_TOKEN))
		return -EBADMSG;
	return 0;
}
