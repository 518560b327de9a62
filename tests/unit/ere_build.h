/* SPDX-License-Identifier: BSD-3-Clause */
/** What the tests of expressions share. */
#ifndef RS_TESTS_ERE_BUILD_H
#define RS_TESTS_ERE_BUILD_H

#include <stdio.h>
#include <stdlib.h>

#include "proto/ere/private.h"
#include "unit.h"

static inline struct rs_ere *
compile(struct rs_slice pattern, bool icase)
{
	struct rs_ere *re;
	const char *err = "";
	size_t off;

	if (rs_ere_compile(pattern, icase, &re, &err, &off))
		fail_msg(
			"\"%.*s\": %s at %zu", (int)pattern.len, (const char *)pattern.p, err, off);
	return re;
}

static inline void *
scratch_of(const struct rs_ere *re)
{
	void *scratch = aligned_alloc(16, (rs_ere_scratch(re) + 15) & ~(size_t)15);

	assert_non_null(scratch);
	memset(scratch, 0xa5, rs_ere_scratch(re));
	return scratch;
}

#endif
