/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes that wait for the rest of what they belong to: an idle connection has none. */
#include <errno.h>
#include <string.h>

#include "net/conn/private.h"

#define SIZE_SHIFT 30
#define SLOT_MASK ((1u << SIZE_SHIFT) - 1)

static const uint32_t bytes_of[SIZES] = { SMALL, MIDDLE, LARGE };

int
gather_setup(struct rs_conns *c, struct rs_arena *a)
{
	/* Large ones are few: who has one is in the middle of a message longer than most ever are. */
	static const uint32_t parts[SIZES] = { 1, 4, 16 };
	int rc = 0;

	for (unsigned i = 0; i < SIZES && rc == 0; i++)
		rc = rs_pool_init(&c->sizes[i], a, bytes_of[i], c->cfg.gathering / parts[i] + 8);
	return rc;
}

static unsigned
size_of(const struct gather *g)
{
	return g->slot >> SIZE_SHIFT;
}

uint8_t *
gather_bytes(const struct rs_conns *c, const struct gather *g)
{
	return rs_pool_at(&c->sizes[size_of(g)], g->slot & SLOT_MASK);
}

static void
give(struct rs_conns *c, uint32_t slot)
{
	rs_pool_give(&c->sizes[slot >> SIZE_SHIFT], slot & SLOT_MASK);
	rs_metric_add(c->cells, RS_CONNS_GATHERING, (uint64_t)-1);
}

void
gather_clear(struct rs_conns *c, struct gather *g)
{
	if (g->slot != NONE)
		give(c, g->slot);
	*g = (struct gather){ .slot = NONE };
}

/* A buffer that holds @len bytes: of a larger size where its own is used up. */
static uint32_t
take(struct rs_conns *c, size_t len)
{
	for (unsigned i = 0; i < SIZES; i++) {
		uint32_t slot = len <= bytes_of[i] ? rs_pool_take(&c->sizes[i]) : RS_POOL_NONE;

		if (slot == RS_POOL_NONE)
			continue;
		rs_metric_add(c->cells, RS_CONNS_GATHERING, 1);
		return slot | i << SIZE_SHIFT;
	}
	return NONE;
}

bool
gather_add(struct rs_conns *c, struct gather *g, const uint8_t *p, size_t len)
{
	size_t all = g->len + len;

	if (g->slot == NONE || all > bytes_of[size_of(g)]) {
		uint32_t slot = take(c, all);
		struct gather larger = { .slot = slot };

		if (slot == NONE) {
			rs_metric_inc(c->cells, RS_CONNS_NO_BUFFER);
			return false;
		}
		if (g->len)
			memcpy(gather_bytes(c, &larger), gather_bytes(c, g), g->len);
		if (g->slot != NONE)
			give(c, g->slot);
		g->slot = slot;
	}
	memcpy(gather_bytes(c, g) + g->len, p, len);
	g->len = (uint32_t)all;
	return true;
}

void
gather_keep(struct rs_conns *c, struct gather *g, const uint8_t *from, size_t len)
{
	if (len == 0) {
		gather_clear(c, g);
		return;
	}
	if (from != gather_bytes(c, g))
		memmove(gather_bytes(c, g), from, len);
	g->len = (uint32_t)len;
}
