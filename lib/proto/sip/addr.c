/* SPDX-License-Identifier: BSD-3-Clause */
/* name-addr and addr-spec with parameters: From, To, Contact, Route, Record-Route, Refer-To. */
#include <errno.h>

#include "proto/sip/chars.h"
#include "proto/sip/param.h"

/** An addr-spec without brackets ends where a header parameter or the next value begins (RFC
 * 3261, 20.10). */
static const uint8_t *
bare_uri(const uint8_t *lo, const uint8_t *p, const uint8_t *end, struct rs_sip_addr *out)
{
	const uint8_t *q = rs_sip_find_stop(lo, p, end);

	if (q < end && (*q == '"' || *q == '<'))
		return NULL;
	out->uri = rs_slice_trim(rs_slice_of(p, (size_t)(q - p)));
	for (size_t i = 0; i < out->uri.len; i++)
		if (rs_sip_is(out->uri.p[i], RS_C_BLANK))
			return NULL;
	if (out->uri.len == 0 || memchr(out->uri.p, ':', out->uri.len) == NULL)
		return NULL;
	return q;
}

/** @p stands on '<'. Blanks inside the brackets are not in the grammar, but harmless (RFC
 * 4475, 3.1.2.14). */
static inline const uint8_t *
bracketed_uri(const uint8_t *lo, const uint8_t *p, const uint8_t *end, struct rs_sip_addr *out)
{
	const uint8_t *close = rs_sip_find_angle(lo, p + 1, end);

	if (close == end || *close == '<')
		return NULL;
	out->uri = rs_slice_of(p + 1, (size_t)(close - p - 1));
	if (out->uri.len == 0)
		return NULL;
	if (p[1] <= ' ' || close[-1] <= ' ')
		out->uri = rs_slice_trim(out->uri);
	out->angle = true;
	return out->uri.len > 0 ? close + 1 : NULL;
}

/** Display name and URI. @return the byte behind them, NULL when they are not well formed */
static inline const uint8_t *
address(const uint8_t *lo, const uint8_t *p, const uint8_t *end, struct rs_sip_addr *out)
{
	const uint8_t *q;

	if (*p == '"') {
		q = rs_sip_skip_quoted(p, end);
		if (q == NULL)
			return NULL;
		out->display = rs_slice_of(p + 1, (size_t)(q - p - 2));
		p = rs_sip_skip_blanks(q, end);
		if (p == end || *p != '<')
			return NULL;
		return bracketed_uri(lo, p, end, out);
	}
	q = p;
	if (*p != '<') {
		q = rs_sip_find_stop(lo, p, end);
		if (q == end || *q != '<')
			return bare_uri(lo, p, end, out);
		out->display = rs_slice_trim(rs_slice_of(p, (size_t)(q - p)));
	}
	return bracketed_uri(lo, q, end, out);
}

int
rs_sip_addr_next(struct rs_slice value, size_t *pos, struct rs_sip_addr *out)
{
	const uint8_t *end, *p, *q;

	if (*pos >= value.len)
		return -ENOENT;
	end = value.p + value.len;
	p = rs_sip_skip_blanks(value.p + *pos, end);
	if (p == end)
		return -ENOENT;
	*out = (struct rs_sip_addr){ .display = { NULL, 0 } };
	if (*p == '*' && rs_sip_skip_blanks(p + 1, end) == end) {
		out->star = true;
		out->params = rs_slice_of(end, 0);
		*pos = value.len;
		return 0;
	}
	p = address(value.p, p, end, out);
	if (p == NULL)
		return -EBADMSG;
	p = rs_sip_skip_blanks(p, end);
	q = p;
	if (p < end && *p == ';') {
		q = rs_sip_params_end(p, end);
		if (q == NULL)
			return -EBADMSG;
	}
	out->params = rs_slice_of(p, (size_t)(q - p));
	if (q == end) {
		*pos = value.len;
		return 0;
	}
	out->params = rs_slice_trim(out->params);
	/* A comma promises another value (RFC 3261, 7.3.1). */
	if (*q != ',')
		return -EBADMSG;
	p = rs_sip_skip_blanks(q + 1, end);
	if (p == end)
		return -EBADMSG;
	*pos = (size_t)(p - value.p);
	return 0;
}

int
rs_sip_addr(struct rs_slice value, struct rs_sip_addr *out)
{
	size_t pos = 0;

	return rs_sip_addr_next(value, &pos, out) == 0 ? 0 : -EBADMSG;
}
