/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP and SIPS URIs (RFC 3261, 19.1), and host and port, which Via has, too. */
#include <errno.h>

#include "proto/sip/chars.h"
#include "proto/sip/param.h"

const uint8_t *
rs_sip_hostport(
	const uint8_t *p, const uint8_t *end, struct rs_slice *host, uint16_t *port, bool *ipv6)
{
	const uint8_t *start = p;
	unsigned n = 0;

	*port = 0;
	*ipv6 = p < end && *p == '[';
	if (*ipv6) {
		/*
		 * Only the characters are checked: RFC 3261's own grammar makes references that RFC
		 * 4291 does not know (RFC 5118, 4.10), and who needs the address converts it
		 * anyway.
		 */
		p = rs_sip_span(p + 1, end, RS_C_IPV6);
		if (p == end || *p != ']' || p == start + 1)
			return NULL;
		*host = rs_slice_of(start + 1, (size_t)(p - start - 1));
		p++;
	} else {
		p = rs_sip_span(p, end, RS_C_HOST);
		if (p == start)
			return NULL;
		*host = rs_slice_of(start, (size_t)(p - start));
	}
	start = rs_sip_skip_blanks(p, end);
	if (start == end || *start != ':')
		return p;
	start = rs_sip_skip_blanks(start + 1, end);
	p = start;
	while (p < end && rs_sip_is(*p, RS_C_DIGIT)) {
		n = n * 10 + (*p++ - (unsigned)'0');
		if (n > UINT16_MAX)
			return NULL;
	}
	if (p == start)
		return NULL;
	*port = (uint16_t)n;
	return p;
}

int
rs_sip_uri(struct rs_slice text, struct rs_sip_uri *out)
{
	const uint8_t *p = text.p, *end, *at, *q;

	*out = (struct rs_sip_uri){ .scheme = { NULL, 0 } };
	if (text.len == 0)
		return -EBADMSG;
	end = p + text.len;
	p = rs_sip_span(p, end, RS_C_SCHEME);
	if (p == text.p || p == end || *p != ':')
		return -EBADMSG;
	out->scheme = rs_slice_of(text.p, (size_t)(p - text.p));
	p++;
	if (!rs_slice_case_eq(out->scheme, rs_slice_of("sip", 3)) &&
		!rs_slice_case_eq(out->scheme, rs_slice_of("sips", 4)))
		return 0;

	for (q = p; q < end; q++)
		if (*q <= ' ' || *q == '<' || *q == '>' || *q == '"')
			return -EBADMSG;
	/* '@' is escaped everywhere but behind the user, where ';' and '?' may stand unescaped (RFC
	 * 4475, 3.1.1.9). */
	at = p < end ? memchr(p, '@', (size_t)(end - p)) : NULL;
	if (at != NULL) {
		q = memchr(p, ':', (size_t)(at - p));
		out->user = rs_slice_of(p, (size_t)((q != NULL ? q : at) - p));
		if (out->user.len == 0 || !rs_sip_all(rs_slice_of(p, (size_t)(at - p)), RS_C_USER))
			return -EBADMSG;
		p = at + 1;
	}
	p = rs_sip_hostport(p, end, &out->host, &out->port, &out->ipv6);
	if (p == NULL)
		return -EBADMSG;
	if (p < end && *p != ';' && *p != '?')
		return -EBADMSG;
	q = p < end ? memchr(p, '?', (size_t)(end - p)) : NULL;
	if (q == NULL)
		q = end;
	out->params = rs_slice_of(p, (size_t)(q - p));
	out->headers = q < end ? rs_slice_of(q + 1, (size_t)(end - q - 1)) : rs_slice_of(end, 0);
	return 0;
}
