/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pool.h"

#include <errno.h>

#define TAKEN (RS_POOL_NONE - 1)

int
rs_pool_init(struct rs_pool *p, struct rs_arena *a, uint32_t size, uint32_t cap)
{
	*p = (struct rs_pool){ .cap = cap, .head = RS_POOL_NONE, .tail = RS_POOL_NONE };
	if (cap >= TAKEN || size > UINT32_MAX - 7)
		return -ENOMEM;
	p->size = (size + 7) & ~7u;
	p->base = rs_arena_alloc(a, (size_t)p->size * cap, 64);
	p->next = rs_arena_alloc(a, sizeof(*p->next) * (size_t)cap, 64);
	p->generation = rs_arena_alloc(a, sizeof(*p->generation) * (size_t)cap, 64);
	return p->base != NULL && p->next != NULL && p->generation != NULL ? 0 : -ENOMEM;
}

uint32_t
rs_pool_take(struct rs_pool *p)
{
	uint32_t slot;

	if (p->fresh < p->cap && p->resting < RS_POOL_REST) {
		slot = p->fresh++;
	} else {
		if (p->resting == 0)
			return RS_POOL_NONE;
		slot = p->head;
		p->head = p->next[slot];
		if (--p->resting == 0)
			p->tail = RS_POOL_NONE;
	}
	p->next[slot] = TAKEN;
	if (++p->used > p->peak)
		p->peak = p->used;
	return slot;
}

void
rs_pool_give(struct rs_pool *p, uint32_t slot)
{
	p->generation[slot]++;
	p->next[slot] = RS_POOL_NONE;
	if (p->resting++ == 0)
		p->head = slot;
	else
		p->next[p->tail] = slot;
	p->tail = slot;
	p->used--;
}

bool
rs_pool_is_live(const struct rs_pool *p, uint32_t slot, uint16_t generation)
{
	return slot < p->fresh && p->next[slot] == TAKEN &&
		(uint16_t)p->generation[slot] == generation;
}
