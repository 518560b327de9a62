/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Pools of equal objects with generations. One thread owns a pool. Slots are given out again oldest first, and while the pool
 * may still grow only when RS_POOL_REST of them rest, so that a generation comes back late; slots never used are never touched.
 */
#ifndef RS_BASE_POOL_H
#define RS_BASE_POOL_H

#include <stdbool.h>

#include "base/arena.h"

#define RS_POOL_NONE UINT32_MAX
#define RS_POOL_REST 512

struct rs_pool {
	uint8_t *base;
	uint32_t size;	    /* bytes of one object, a multiple of 8 */
	uint32_t cap;	    /* objects at most */
	uint32_t used;	    /* taken now */
	uint32_t peak;
	uint32_t fresh;	    /* slots below this one were used at least once */
	uint32_t head, tail; /* list of resting slots, oldest at the head */
	uint32_t resting;
	uint32_t *next;	    /* per slot; RS_POOL_NONE - 1 while taken */
	uint32_t *generation; /* per slot; its low 16 bits go into handles */
};

/** @return 0, -ENOMEM when the arena cannot hold it */
int rs_pool_init(struct rs_pool *p, struct rs_arena *a, uint32_t size, uint32_t cap);

/** @return a slot, its bytes as the last user left them (zero at first), or RS_POOL_NONE when all are taken */
uint32_t rs_pool_take(struct rs_pool *p);

/** Give @slot back; its generation grows by one, so that older handles are stale. */
void rs_pool_give(struct rs_pool *p, uint32_t slot);

/** @return true when @slot is taken and the low 16 bits of its generation are @generation */
bool rs_pool_is_live(const struct rs_pool *p, uint32_t slot, uint16_t generation);

static inline bool
rs_pool_is_taken(const struct rs_pool *p, uint32_t slot)
{
	return slot < p->fresh && p->next[slot] == RS_POOL_NONE - 1;
}

static inline void *
rs_pool_at(const struct rs_pool *p, uint32_t slot)
{
	return p->base + (size_t)slot * p->size;
}

/** Bytes of the arena that one object takes, bookkeeping included. */
static inline size_t
rs_pool_cost(uint32_t size)
{
	return size + 2 * sizeof(uint32_t);
}

#endif
