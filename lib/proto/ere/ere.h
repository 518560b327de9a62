/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * POSIX extended regular expressions, matched in time linear in the text (IEEE Std 1003.1, XBD
 * 9.4), leftmost-longest.
 *
 * A compiled expression is immutable and may be used by any number of threads; the state of a
 * match is the caller's.
 */
#ifndef RS_PROTO_ERE_ERE_H
#define RS_PROTO_ERE_ERE_H

#include "base/slice.h"

#define RS_ERE_GROUPS 10 /* the whole match and nine groups */

struct rs_ere;

struct rs_ere_group {
	int32_t start; /* byte offset, -1 when the group took no part */
	int32_t end;
};

/**
 * Compile @pattern.
 *
 * @param pattern    the expression; no back-references; GNU \s \S \w \W \< \> \b \B and bracket
 *   classes are taken
 * @param icase      ignore the case of ASCII letters
 * @param out        out: to be freed with rs_ere_free
 * @param err        out: an English cause on failure (static text), e.g. "back-reference"
 * @param err_off    out: byte offset in @pattern where it went wrong
 * @return 0; -EINVAL (malformed or unsupported); -E2BIG (more than 4,000 states after expansion
 *   of {m,n}); -ENOMEM
 */
int rs_ere_compile(struct rs_slice pattern, bool icase, struct rs_ere **out, const char **err,
	size_t *err_off);
void rs_ere_free(struct rs_ere *re);

/** Number of groups that the expression has, the whole match not counted. */
unsigned rs_ere_groups(const struct rs_ere *re);

/** Bytes of scratch that rs_ere_match needs for @re. */
size_t rs_ere_scratch(const struct rs_ere *re);

/**
 * Search @text for the leftmost match, the longest of those.
 *
 * @param scratch  rs_ere_scratch(re) bytes, aligned to 16; contents do not matter and nothing is
 *   kept in it
 * @param groups   out: up to @n_groups of them, number 0 the whole match; may be NULL with 0
 * @return true when there is a match. No allocation, no failure; time O(text * states)
 */
bool rs_ere_match(const struct rs_ere *re, struct rs_slice text, void *scratch,
	struct rs_ere_group *groups, unsigned n_groups);

#endif
