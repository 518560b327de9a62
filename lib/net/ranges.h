/* SPDX-License-Identifier: BSD-3-Clause */
/** A set of IP addresses as sorted ranges: made once, asked for every packet in O(log ranges). */
#ifndef RS_NET_RANGES_H
#define RS_NET_RANGES_H

#include "net/eth.h"
#include "net/net.h"

struct rs_ranges {
	struct rs_range4 {
		uint32_t first, last; /* host byte order */
	} * v4;
	struct rs_range6 {
		unsigned __int128 first, last;
	} * v6;
	uint32_t n4, n6;
	uint32_t cap4, cap6;
};

/** Make an empty set. Sets are made by control, so they may use the heap. */
struct rs_ranges *rs_ranges_create(void);
void rs_ranges_free(struct rs_ranges *r);

/**
 * Add @count addresses from @first on. @return 0; -EINVAL (no family, none, or past the last
 * address); -ENOMEM
 */
int rs_ranges_add(struct rs_ranges *r, const struct rs_addr *first, uint32_t count);
/** Add all addresses of a prefix. @return 0; -EINVAL; -ENOMEM */
int rs_ranges_add_prefix(struct rs_ranges *r, const struct rs_net_prefix *p);
/** Sort and merge: after the last addition, before the first question. */
void rs_ranges_seal(struct rs_ranges *r);

static inline unsigned __int128
rs_addr_u128(const struct rs_addr *a)
{
	return (unsigned __int128)rs_load64(a->b) << 64 | rs_load64(a->b + 8);
}

bool rs_ranges_has6(const struct rs_ranges *r, const struct rs_addr *a);

static inline bool
rs_ranges_has4(const struct rs_ranges *r, uint32_t v)
{
	const struct rs_range4 *p = r->v4;
	uint32_t n = r->n4;

	if (n == 0)
		return false;
	while (n > 1) { /* no branch that depends on the data */
		uint32_t half = n / 2;

		p += p[half].first <= v ? half : 0;
		n -= half;
	}
	return v >= p->first && v <= p->last;
}

/** Is @a in the set? */
static inline bool
rs_ranges_has(const struct rs_ranges *r, const struct rs_addr *a)
{
	return a->family == 4 ? rs_ranges_has4(r, rs_load32(a->b)) : rs_ranges_has6(r, a);
}

/** Visits the addresses of a set one by one, IPv4 first. Zero it to begin. */
struct rs_ranges_cursor {
	uint32_t range;
	uint64_t offset;
};

/** @return false when all were visited */
bool rs_ranges_next(const struct rs_ranges *r, struct rs_ranges_cursor *c, struct rs_addr *out);

#endif
