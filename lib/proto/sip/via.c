/* SPDX-License-Identifier: BSD-3-Clause */
/* Via (RFC 3261, 20.42). */
#include <errno.h>

#include "proto/sip/chars.h"
#include "proto/sip/param.h"

/** One token of the sent-protocol and the '/' behind it, with blanks around both as the grammar
 * allows. */
static const uint8_t *
token_slash(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = rs_sip_span(p, end, RS_C_TOKEN);

	if (q == p)
		return NULL;
	q = rs_sip_skip_blanks(q, end);
	if (q == end || *q != '/')
		return NULL;
	return rs_sip_skip_blanks(q + 1, end);
}

static int
via_params(struct rs_sip_via *out)
{
	struct rs_slice name, value;
	size_t pos = 0;
	int err;

	while ((err = rs_sip_param_next(out->params, &pos, &name, &value)) == 0) {
		/* By length first: most parameters are ruled out by it. */
		if (name.len == 6 && rs_slice_case_eq(name, rs_slice_of("branch", 6))) {
			out->branch = value;
		} else if (name.len == 5 && rs_slice_case_eq(name, rs_slice_of("rport", 5))) {
			out->rport = true;
			out->rport_end = value.len == 0 && value.p[-1] != '=' ? name.p + name.len : NULL;
		} else if (name.len == 5 && rs_slice_case_eq(name, rs_slice_of("alias", 5))) {
			out->alias = true;
		} else if (name.len == 8 && rs_slice_case_eq(name, rs_slice_of("received", 8))) {
			out->received = value;
		}
	}
	return err == -ENOENT ? 0 : err;
}

int
rs_sip_via_next(struct rs_slice value, size_t *pos, struct rs_sip_via *out)
{
	const uint8_t *end, *p, *q, *start;

	if (*pos >= value.len)
		return -ENOENT;
	end = value.p + value.len;
	start = rs_sip_skip_blanks(value.p + *pos, end);
	if (start == end)
		return -ENOENT;
	*out = (struct rs_sip_via){ .transport = { NULL, 0 } };
	p = token_slash(start, end);
	if (p != NULL)
		p = token_slash(p, end);
	if (p == NULL)
		return -EBADMSG;
	q = rs_sip_span(p, end, RS_C_TOKEN);
	out->transport = rs_slice_of(p, (size_t)(q - p));
	p = rs_sip_skip_blanks(q, end);
	if (out->transport.len == 0 || p == q)
		return -EBADMSG;
	p = rs_sip_hostport(p, end, &out->host, &out->port, &out->ipv6);
	if (p == NULL)
		return -EBADMSG;
	p = rs_sip_skip_blanks(p, end);
	q = p;
	if (p < end && *p == ';') {
		q = rs_sip_params_end(p, end);
		if (q == NULL)
			return -EBADMSG;
	}
	out->params = rs_slice_trim(rs_slice_of(p, (size_t)(q - p)));
	out->text = rs_slice_trim(rs_slice_of(start, (size_t)(q - start)));
	if (via_params(out) != 0)
		return -EBADMSG;
	if (q == end) {
		*pos = value.len;
		return 0;
	}
	if (*q != ',')
		return -EBADMSG;
	p = rs_sip_skip_blanks(q + 1, end);
	if (p == end)
		return -EBADMSG;
	*pos = (size_t)(p - value.p);
	return 0;
}
