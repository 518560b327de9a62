/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/ere/private.h"

size_t
rs_ere_scratch(const struct rs_ere *re)
{
	size_t search = rs_ere_search_scratch(re);
	size_t submatch = rs_ere_submatch_scratch(re);

	return sizeof(struct rs_ere_run) + (search > submatch ? search : submatch);
}

bool
rs_ere_match(const struct rs_ere *re, struct rs_slice text, void *scratch,
	struct rs_ere_group *groups, unsigned n_groups)
{
	struct rs_ere_run *run = scratch;
	struct rs_ere_group whole;

	*run = (struct rs_ere_run){ .re = re, .text = text.p };
	/* Offsets are 32 bits; no packet comes near, and a longer text is cut there. */
	run->len = text.len < INT32_MAX ? (int32_t)text.len : INT32_MAX - 1;
	if (!rs_ere_search(run, &whole))
		return false;
	if (n_groups == 0)
		return true;
	groups[0] = whole;
	for (unsigned i = 1; i < n_groups; i++)
		groups[i] = (struct rs_ere_group){ -1, -1 };
	rs_ere_submatch(run, groups, n_groups);
	return true;
}
