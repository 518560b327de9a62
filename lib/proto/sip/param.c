/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters behind ';', and the two that every message needs found fast: tag and branch. */
#include "proto/sip/param.h"

#include <errno.h>

#include "proto/sip/chars.h"

int
rs_sip_param_next(
	struct rs_slice params, size_t *pos, struct rs_slice *name, struct rs_slice *value)
{
	const uint8_t *end, *p, *q;

	if (*pos >= params.len)
		return -ENOENT;
	end = params.p + params.len;
	p = rs_sip_skip_blanks(params.p + *pos, end);
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
			q = rs_sip_find_value_end(params.p, p, end);
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
	const uint8_t *lo = p;

	for (;;) {
		p = rs_sip_find_stop(lo, p, end);
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

/*
 * Tag and branch are wanted of every message, so these two look at names where they stand and split
 * nothing first. A name is compared with its '=' as one word; only where that fails (blanks around
 * the '=') does it take longer.
 */
struct wanted {
	uint64_t word; /* the name in lower case and '=', as loaded */
	uint64_t fold; /* the bit of each letter that makes it lower case */
	uint64_t bits; /* that count */
	const char *name;
	size_t len;
};

static inline uint64_t
load_word(const uint8_t *lo, const uint8_t *p, const uint8_t *end)
{
	uint64_t word;

	if (end - p >= 8) {
		memcpy(&word, p, 8);
		return word;
	}
	if (end - lo < 8 || p == end)
		return 0;
	memcpy(&word, end - 8, 8);
	return word >> 8 * (8 - (end - p));
}

/** The value of the parameter @want, from @p on, before the next ',' outside quotes; reads from @lo
 * to @end. */
static inline struct rs_slice
quick_param(const uint8_t *lo, const uint8_t *p, const uint8_t *end, struct wanted want)
{
	const uint8_t *q;

	for (;;) {
		if (p < end && *p != ';')
			p = rs_sip_find_stop(lo, p, end);
		if (p >= end || *p == ',' || *p == '<')
			return rs_slice_of(NULL, 0);
		if (*p == '"') {
			p = rs_sip_skip_quoted(p, end);
			if (p == NULL)
				return rs_slice_of(NULL, 0);
			continue;
		}
		p++;
		if (((load_word(lo, p, end) | want.fold) & want.bits) == want.word) {
			p += want.len + 1;
		} else {
			p = rs_sip_skip_blanks(p, end);
			if ((size_t)(end - p) <= want.len ||
				!rs_slice_case_eq(
					rs_slice_of(p, want.len), rs_slice_of(want.name, want.len)))
				continue;
			q = rs_sip_skip_blanks(p + want.len, end);
			if (q == end || *q != '=')
				continue;
			p = q + 1;
		}
		p = rs_sip_skip_blanks(p, end);
		return rs_slice_of(p, (size_t)(rs_sip_find_value_end(lo, p, end) - p));
	}
}

/** A name of up to seven letters as quick_param() wants it. */
static inline struct wanted
wanted(const char *name, size_t len)
{
	struct wanted want = { 0, 0x2020202020202020u >> 8 * (8 - len),
		~(uint64_t)0 >> 8 * (7 - len), name, len };
	uint8_t word[8] = { 0 };

	memcpy(word, name, len);
	word[len] = '=';
	memcpy(&want.word, word, 8);
	return want;
}

struct rs_slice
rs_sip_tag(struct rs_slice value)
{
	const uint8_t *p = value.p, *end;

	if (value.len == 0)
		return rs_slice_of(NULL, 0);
	end = p + value.len;
	/* Over the display name and the URI, whose own parameters are not the header's. */
	while (p < end) {
		if (*p != '<')
			p = rs_sip_find_stop(value.p, p, end);
		if (p == end || *p == ';')
			break;
		if (*p == '"') {
			p = rs_sip_skip_quoted(p, end);
			if (p == NULL)
				return rs_slice_of(NULL, 0);
		} else if (*p == '<') {
			p = rs_sip_find_angle(value.p, p + 1, end);
			p += p < end;
			break;
		} else {
			p++;
		}
	}
	return quick_param(value.p, p, end, wanted("tag", 3));
}

struct rs_slice
rs_sip_branch(struct rs_slice via_value)
{
	const uint8_t *p = via_value.p;

	if (via_value.len == 0)
		return rs_slice_of(NULL, 0);
	return quick_param(p, p, p + via_value.len, wanted("branch", 6));
}
