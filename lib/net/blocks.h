/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A stack of objects that threads share without locks: what was put last is got first, and a thread that loses its core in the middle
 * of it holds nobody up. Objects lie side by side in blocks, and it is blocks that are pushed and popped: a stack of single objects
 * has each of them point to the next, and a core that takes a hundred waits a hundred times for a line of another core's cache.
 */
#ifndef RS_NET_BLOCKS_H
#define RS_NET_BLOCKS_H

#include <stdatomic.h>
#include <stdint.h>

#define RS_BLOCK_OBJECTS 63

struct rs_block {
	_Atomic uint32_t next; /* index + 1, 0: none */
	uint32_t n;
	void *objects[RS_BLOCK_OBJECTS];
};
_Static_assert(sizeof(struct rs_block) == 512, "a block is eight cache lines");

struct rs_blocks {
	struct rs_block *blocks;
	/* The first block's index + 1, and how often that has changed: a block that has come back is not taken for one that stayed. */
	_Alignas(64) _Atomic uint64_t full;
	_Alignas(64) _Atomic uint64_t empty;
	_Alignas(64) _Atomic uint32_t count; /* objects */
	_Atomic uint32_t fresh;		      /* blocks from here on were never used */
};

/** @param cap  objects at most, below 2^24. @return NULL: no memory */
struct rs_blocks *rs_blocks_create(uint32_t cap);
void rs_blocks_free(struct rs_blocks *b);

/** There is room for as many as were got, and for @cap at first. */
void rs_blocks_put(struct rs_blocks *b, void *const *objects, uint32_t n);
/** All or none. @return 0, -ENOBUFS: there are fewer */
int rs_blocks_get(struct rs_blocks *b, void **objects, uint32_t n);

static inline uint32_t
rs_blocks_count(const struct rs_blocks *b)
{
	return atomic_load_explicit(&b->count, memory_order_relaxed);
}

#endif
