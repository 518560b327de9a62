/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A hash table from 64-bit hashes to 32-bit values, open addressing, fixed size, no tombstones. Several values may have one
 * hash: the caller compares the objects themselves.
 *
 *	for (uint32_t v, i = rs_table_first(t, hash, &v); i != RS_TABLE_END; i = rs_table_next(t, hash, i, &v))
 *		if (is_the_one(v)) ...
 */
#ifndef RS_BASE_TABLE_H
#define RS_BASE_TABLE_H

#include "base/arena.h"
#include "base/slice.h"

#define RS_TABLE_END UINT32_MAX

struct rs_table {
	struct rs_table_entry {
		uint32_t tag;	   /* high half of the hash; its low bits are the home position */
		uint32_t inverted; /* ~value; 0: empty, so that an arena's fresh memory is an empty table */
	} *entries;
	uint32_t mask;
	uint32_t used;
	uint32_t cap; /* entries that may be used: half of all */
};

/** Room for @cap values (16 bytes each at most, rounded up to a power of two). @return 0, -ENOMEM */
int rs_table_init(struct rs_table *t, struct rs_arena *a, uint32_t cap);
/** @param value  below UINT32_MAX. @return 0, -ENOSPC when @cap values are there */
int rs_table_add(struct rs_table *t, uint64_t hash, uint32_t value);
/** Remove the entry with this hash and value, if there is one. */
void rs_table_remove(struct rs_table *t, uint64_t hash, uint32_t value);
uint32_t rs_table_first(const struct rs_table *t, uint64_t hash, uint32_t *value);
uint32_t rs_table_next(const struct rs_table *t, uint64_t hash, uint32_t i, uint32_t *value);

/** A good, fast 64-bit hash of some bytes; @seed keeps peers from choosing collisions. */
uint64_t rs_hash(const void *p, size_t len, uint64_t seed);

#endif
