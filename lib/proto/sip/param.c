/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters behind ';', and the two that every message needs found fast: tag and branch. */
#include "proto/sip/param.h"

#include <errno.h>

#include "proto/sip/chars.h"

int
rs_sip_param_next(struct rs_slice params, size_t *pos, struct rs_slice *name, struct rs_slice *value)
{
	const uint8_t *end = params.p + params.len;
	const uint8_t *p = rs_sip_skip_blanks(params.p + *pos, end), *q;

	if (p == end)
		return -ENOENT;
	if (*p != ';')
		return -EBADMSG;
	p = rs_sip_skip_blanks(p + 1, end);
	q = p;
	while (q < end && *q != '=' && !rs_sip_is_value_end(*q))
		q++;
	if (q == p)
		return -EBADMSG;
	*name = rs_slice_of(p, (size_t)(q - p));
	*value = rs_slice_of(q, 0);
	p = rs_sip_skip_blanks(q, end);
	if (p < end && *p == '=') {
		p = rs_sip_skip_blanks(p + 1, end);
		if (p < end && *p == '"') {
			q = rs_sip_skip_quoted(p, end);
			if (q == NULL)
				return -EBADMSG;
			*value = rs_slice_of(p + 1, (size_t)(q - p - 2));
		} else {
			q = rs_sip_find_value_end(p, end);
			*value = rs_slice_of(p, (size_t)(q - p));
		}
		p = rs_sip_skip_blanks(q, end);
	}
	if (p < end && *p != ';')
		return -EBADMSG;
	*pos = (size_t)(p - params.p);
	return 0;
}

bool
rs_sip_param(struct rs_slice params, const char *name, struct rs_slice *out)
{
	struct rs_slice want = rs_slice_str(name), n, v;
	size_t pos = 0;

	while (rs_sip_param_next(params, &pos, &n, &v) == 0) {
		if (rs_slice_case_eq(n, want)) {
			*out = v;
			return true;
		}
	}
	return false;
}

const uint8_t *
rs_sip_params_end(const uint8_t *p, const uint8_t *end)
{
	for (;;) {
		p = rs_sip_find_stop(p, end);
		if (p == end || *p == ',')
			return p;
		if (*p == '<')
			return NULL;
		if (*p == '"')
			p = rs_sip_skip_quoted(p, end);
		else
			p++;
		if (p == NULL)
			return NULL;
	}
}

/**
 * The value of the parameter @name (lower case, of @len letters) from @p on, before the next ',' outside quotes.
 * The lists of From, To and Via are short, so this looks at names where they stand and nothing is split first.
 */
static inline struct rs_slice
quick_param(const uint8_t *p, const uint8_t *end, const char *name, size_t len)
{
	const uint8_t *q;
	size_t i;

	for (;;) {
		p = rs_sip_find_stop(p, end);
		if (p == end || *p == ',' || *p == '<')
			return rs_slice_of(NULL, 0);
		if (*p == '"') {
			p = rs_sip_skip_quoted(p, end);
			if (p == NULL)
				return rs_slice_of(NULL, 0);
			continue;
		}
		p = rs_sip_skip_blanks(p + 1, end);
		if ((size_t)(end - p) <= len)
			continue;
		/* All letters of @name are lower case, and only letters come out as letters here. */
		for (i = 0; i < len && (p[i] | 0x20) == name[i]; i++)
			;
		if (i < len)
			continue;
		q = rs_sip_skip_blanks(p + len, end);
		if (q == end || *q != '=')
			continue;
		p = rs_sip_skip_blanks(q + 1, end);
		return rs_slice_of(p, (size_t)(rs_sip_find_value_end(p, end) - p));
	}
}

struct rs_slice
rs_sip_tag(struct rs_slice value)
{
	const uint8_t *p = value.p, *end = value.p + value.len;

	/* Over the display name and the URI, whose own parameters are not the header's. */
	while (p < end) {
		p = rs_sip_find_stop(p, end);
		if (p == end || *p == ';')
			break;
		if (*p == '"') {
			p = rs_sip_skip_quoted(p, end);
			if (p == NULL)
				return rs_slice_of(NULL, 0);
		} else if (*p == '<') {
			p = memchr(p, '>', (size_t)(end - p));
			if (p == NULL)
				return rs_slice_of(NULL, 0);
			break;
		} else {
			p++;
		}
	}
	if (p >= end)
		return rs_slice_of(NULL, 0);
	return quick_param(p, end, "tag", 3);
}

struct rs_slice
rs_sip_branch(struct rs_slice via_value)
{
	if (via_value.len == 0)
		return rs_slice_of(NULL, 0);
	return quick_param(via_value.p, via_value.p + via_value.len, "branch", 6);
}
