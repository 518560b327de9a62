/* SPDX-License-Identifier: BSD-3-Clause */
/** Session descriptions as texts that end at an unreadable page, for the tests of lib/proto/sdp. */
#ifndef RS_TESTS_UNIT_SDP_TEXT_H
#define RS_TESTS_UNIT_SDP_TEXT_H

#include <errno.h>
#include <stdio.h>

#include "guard.h"
#include "proto/sdp/sdp.h"
#include "unit.h"

/** Parse @text; the guarded copy stays mapped, as @out points into it. @return what rs_sdp_parse() returns */
static inline int
parse_text(const char *text, struct rs_sdp *out)
{
	struct guard g = guard_new(text, strlen(text));

	return rs_sdp_parse(g.p, g.len, out);
}

static inline void
assert_parses(const char *text, struct rs_sdp *out)
{
	int rc = parse_text(text, out);

	if (rc != 0)
		fail_msg("%s at line %u of:\n%s", rs_sdp_error_name(out->error), out->error_line,
			text);
}

static inline void
assert_slice(struct rs_slice s, const char *text)
{
	if (!rs_slice_is(s, text))
		fail_msg("got \"%.*s\", not \"%s\"", (int)s.len,
			s.p != NULL ? (const char *)s.p : "", text);
}

static inline void
assert_addr(const struct rs_addr *a, const char *text)
{
	uint8_t out[64];

	assert_slice(rs_slice_of(out, rs_addr_write(a, out)), text);
}

static inline struct rs_addr
addr(const char *text)
{
	struct rs_addr a = { .family = 0 };

	assert_int_equal(rs_addr_parse(rs_slice_str(text), &a), 0);
	return a;
}

#endif
