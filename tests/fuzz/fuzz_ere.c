/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Expressions and texts from anybody: the first line is the expression (a leading '\1' byte asks
 * to ignore case), the rest the text. Nothing may crash, groups lie inside the match, and the
 * match is that of regexec wherever docs/ere.md lists no difference.
 */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>

#include "proto/ere/private.h"

#define PATTERN_MAX       200
#define TEXT_MAX          2000
#define ORACLE_STATES_MAX 150 /* regexec becomes slow and large beyond */
#define ORACLE_COPIES_MAX 100

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static bool
has(struct rs_slice s, const char *bytes)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || strchr(bytes, s.p[i]))
			return true;
	return false;
}

/**
 * What {m,n} and + multiply to at most: regcomp copies all of it, also what has no width, what
 * one repetition behind another does not change, and what it refuses at the end.
 */
static uint64_t
copies(struct rs_slice pattern)
{
	uint64_t product = 1, n = 0;

	for (size_t i = 0; i < pattern.len && product <= ORACLE_COPIES_MAX; i++) {
		bool digit = pattern.p[i] >= '0' && pattern.p[i] <= '9';

		if (!digit && n > 1)
			product *= n;
		if (pattern.p[i] == '+')
			product *= 2;
		n = !digit ? 0 : n > UINT32_MAX / 16 ? n : n * 10 + pattern.p[i] - '0';
	}
	return product;
}

/** Are the two known to agree on whether, and on what, @pattern matches? */
static bool
comparable(struct rs_slice pattern, struct rs_slice text, bool icase)
{
	bool edges = has(pattern, "^$") && has(pattern, "*+?{");

	return copies(pattern) <= ORACLE_COPIES_MAX && !edges && !has(pattern, "\\") &&
		!has(text, "") && !(icase && has(pattern, "["));
}

static void
compare(const char *pattern, bool icase, const char *text, bool found,
	const struct rs_ere_group *whole)
{
	regex_t theirs;
	regmatch_t m;

	require(regcomp(&theirs, pattern, REG_EXTENDED | (icase ? REG_ICASE : 0)) == 0);
	require((regexec(&theirs, text, 1, &m, 0) == 0) == found);
	require(!found || (m.rm_so == whole->start && m.rm_eo == whole->end));
	regfree(&theirs);
}

static void
refused(struct rs_slice pattern, const char *text, bool icase, int rc)
{
	regex_t theirs;

	if (rc != -EINVAL || has(pattern, "\\") || copies(pattern) > ORACLE_COPIES_MAX)
		return;
	require(regcomp(&theirs, text, REG_EXTENDED | (icase ? REG_ICASE : 0)) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool icase = size && data[0] == 1;
	const uint8_t *p = data + icase;
	size_t left = size - icase;
	const uint8_t *nl = left ? memchr(p, '\n', left) : NULL;
	size_t len = nl ? (size_t)(nl - p) : left;
	char pattern[PATTERN_MAX + 1], text[TEXT_MAX + 1];

	if (len > PATTERN_MAX || left - len > TEXT_MAX)
		return 0;
	memcpy(pattern, p, len);
	pattern[len] = '\0';

	struct rs_slice ps = rs_slice_of(pattern, len);
	struct rs_slice ts = rs_slice_of(text, nl ? left - len - 1 : 0);
	struct rs_ere_group g[RS_ERE_GROUPS];
	struct rs_ere *re;
	const char *err;
	size_t off;

	if (nl)
		memcpy(text, nl + 1, ts.len);
	text[ts.len] = '\0';

	int rc = rs_ere_compile(ps, icase, &re, &err, &off);

	if (rc) {
		require(off <= len);
		refused(ps, pattern, icase, rc);
		return 0;
	}

	void *scratch = aligned_alloc(16, (rs_ere_scratch(re) + 15) & ~(size_t)15);
	bool found = rs_ere_match(re, ts, scratch, g, RS_ERE_GROUPS);

	for (unsigned i = 0; found && i < RS_ERE_GROUPS; i++) {
		require(g[i].start <= g[i].end && g[i].end <= g[0].end);
		require(g[i].start >= g[0].start || (g[i].start == -1 && g[i].end == -1));
	}
	require(!found || g[0].end <= (int32_t)ts.len);
	if (re->n_states <= ORACLE_STATES_MAX && comparable(ps, ts, icase))
		compare(pattern, icase, text, found, g);
	free(scratch);
	rs_ere_free(re);
	return 0;
}
