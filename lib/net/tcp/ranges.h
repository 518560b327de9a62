/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Ranges of sequence numbers, in order, not touching one another: what the peer has (SACK), or what we have beyond a
 * hole.
 */
#ifndef RS_NET_TCP_RANGES_H
#define RS_NET_TCP_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define RANGES_MAX    64u
#define RANGES_RECENT 4u

struct ranges {
	uint32_t n;
	uint32_t recent[RANGES_RECENT]; /* beginnings of what was added last, newest first (RFC 2018, 4) */
	struct range {
		uint32_t from, to;
	} r[RANGES_MAX];
};

/**
 * Add @from to @to, not empty. All sequence numbers in @r lie within 2^31 of one another.
 * @return bytes that are new; -1: there would be too many ranges
 */
int64_t ranges_add(struct ranges *r, uint32_t from, uint32_t to);

/** Forget what lies before @seq. */
void ranges_cut(struct ranges *r, uint32_t seq);

/** @return bytes of @from to @to that are in @r */
uint32_t ranges_within(const struct ranges *r, uint32_t from, uint32_t to);

/** @return the range that has @seq in it, NULL: none */
const struct range *ranges_at(const struct ranges *r, uint32_t seq);

/** @return the first range that begins behind @seq, NULL: none */
const struct range *ranges_behind(const struct ranges *r, uint32_t seq);

#endif
