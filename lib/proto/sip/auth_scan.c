/* SPDX-License-Identifier: BSD-3-Clause */
/* Schemes and their parameters, as challenges and credentials share them. */
#include "proto/sip/auth_scan.h"

#include <errno.h>

#include "proto/sip/chars.h"

static const char *const algorithms[] = {
	[RS_AUTH_MD5] = "MD5",
	[RS_AUTH_MD5_SESS] = "MD5-sess",
	[RS_AUTH_SHA256] = "SHA-256",
	[RS_AUTH_SHA256_SESS] = "SHA-256-sess",
};

enum rs_auth_algorithm
rs_auth_algorithm(struct rs_slice name)
{
	for (int i = 0; i < RS_AUTH_UNKNOWN; i++)
		if (rs_slice_case_eq(name, rs_slice_str(algorithms[i])))
			return (enum rs_auth_algorithm)i;
	return RS_AUTH_UNKNOWN;
}

const char *
rs_auth_algorithm_name(enum rs_auth_algorithm algorithm)
{
	return (unsigned)algorithm < RS_AUTH_UNKNOWN ? algorithms[algorithm] : "";
}

/** Empty elements of a list are allowed (RFC 7230, 7). */
static const uint8_t *
skip_commas(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == ',' || rs_sip_is(*p, RS_C_BLANK)))
		p++;
	return p;
}

int
rs_auth_scheme(struct rs_slice value, size_t *pos, struct rs_slice *scheme)
{
	const uint8_t *end = value.p + value.len, *p, *q;

	if (*pos >= value.len)
		return -ENOENT;
	p = skip_commas(value.p + *pos, end);
	if (p == end) {
		*pos = value.len;
		return -ENOENT;
	}
	q = rs_sip_span(p, end, RS_C_TOKEN);
	if (q == p || (q < end && *q != ',' && !rs_sip_is(*q, RS_C_BLANK)))
		return -EBADMSG;
	*scheme = rs_slice_of(p, (size_t)(q - p));
	*pos = (size_t)(q - value.p);
	return 0;
}

int
rs_auth_param_next(struct rs_slice value, size_t *pos, struct rs_slice *name, struct rs_slice *text)
{
	const uint8_t *end = value.p + value.len, *p, *q;

	if (*pos >= value.len)
		return -ENOENT;
	p = skip_commas(value.p + *pos, end);
	q = rs_sip_span(p, end, RS_C_TOKEN);
	if (p == end) {
		*pos = value.len;
		return -ENOENT;
	}
	if (q == p)
		return -EBADMSG;
	*name = rs_slice_of(p, (size_t)(q - p));
	q = rs_sip_skip_blanks(q, end);
	if (q == end || *q != '=') { /* a name without a value is a scheme */
		*pos = (size_t)(p - value.p);
		return -ENOENT;
	}
	p = rs_sip_skip_blanks(q + 1, end);
	if (p < end && *p == '"') {
		q = rs_sip_skip_quoted(p, end);
		if (q == NULL)
			return -EBADMSG;
		*text = rs_slice_of(p + 1, (size_t)(q - p - 2));
	} else {
		/* Nonces in base64 are found without quotes, too: take all up to the comma, but nothing
		 * that could not stand between quotes when it is sent back. */
		for (q = p; q < end && *q != ',' && *q != '"' && *q != '\\' &&
			!rs_sip_is(*q, RS_C_BLANK);)
			q++;
		*text = rs_slice_of(p, (size_t)(q - p));
	}
	q = rs_sip_skip_blanks(q, end);
	if (q < end && *q != ',')
		return -EBADMSG;
	*pos = (size_t)(q - value.p);
	return 0;
}

/** Behind a token68 ("TlRMTVNTUAAB=="), or NULL when none stands at @p. */
static const uint8_t *
token68(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p;

	while (q < end &&
		(rs_sip_is(*q, RS_C_DIGIT) || (rs_lower(*q) >= 'a' && rs_lower(*q) <= 'z') ||
			memchr("-._~+/", *q, 6) != NULL))
		q++;
	if (q == p)
		return NULL;
	while (q < end && *q == '=')
		q++;
	q = rs_sip_skip_blanks(q, end);
	return q == end || *q == ',' ? q : NULL;
}

int
rs_auth_skip(struct rs_slice value, size_t *pos)
{
	const uint8_t *end = value.p + value.len;
	const uint8_t *p = rs_sip_skip_blanks(value.p + *pos, end);
	const uint8_t *q = token68(p, end);
	struct rs_slice name, text;
	int err;

	if (q != NULL)
		*pos = (size_t)(q - value.p);
	while ((err = rs_auth_param_next(value, pos, &name, &text)) == 0)
		;
	return err == -ENOENT ? 0 : err;
}
