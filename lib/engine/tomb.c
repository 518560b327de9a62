/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/tomb.h"

#include <errno.h>

#include "base/clock.h"

#define EXPIRE_AT_ONCE 512 /* more than a turn can bury */
#define AHEAD 8

uint64_t
tombs_reserve(uint32_t cap)
{
	return (uint64_t)cap * (sizeof(struct tomb) + 4 * sizeof(struct rs_table_entry)) + 3 * 4096;
}

int
tombs_init(struct tombs *t, struct rs_arena *a, uint32_t cap, uint64_t life_ns)
{
	*t = (struct tombs){ .cap = cap, .life_ms = (uint32_t)(life_ns / RS_NS_PER_MS) };
	t->ring = rs_arena_alloc(a, (size_t)cap * sizeof(*t->ring), 64);
	return t->ring ? rs_table_init(&t->table, a, cap) : -ENOMEM;
}

static void
drop_oldest(struct tombs *t)
{
	rs_table_remove(&t->table, t->ring[t->first].hash, t->first);
	t->first = t->first + 1 == t->cap ? 0 : t->first + 1;
	t->n--;
}

void
tombs_expire(struct tombs *t, uint64_t now_ns)
{
	uint32_t now = (uint32_t)(now_ns / RS_NS_PER_MS);

	for (unsigned i = 0; i < EXPIRE_AT_ONCE && t->n > 0; i++) {
		if ((int32_t)(t->ring[t->first].expires_ms - now) > 0)
			return;
		if (t->n > AHEAD) { /* its place in the table is cold after so long */
			uint32_t ahead = t->first + AHEAD;
			const struct tomb *next = &t->ring[ahead < t->cap ? ahead : ahead - t->cap];

			__builtin_prefetch(&t->table.entries[(uint32_t)(next->hash >> 32) & t->table.mask], 1);
		}
		drop_oldest(t);
	}
}

struct tomb *
tombs_find(struct tombs *t, uint64_t hash)
{
	uint32_t at;

	for (uint32_t i = rs_table_first(&t->table, hash, &at); i != RS_TABLE_END;
		i = rs_table_next(&t->table, hash, i, &at))
		if (t->ring[at].hash == hash)
			return &t->ring[at];
	return NULL;
}

void
tombs_add(struct tombs *t, uint64_t now_ns, struct tomb tomb)
{
	struct tomb *same = tombs_find(t, tomb.hash);
	uint32_t at;

	if (same) { /* a peer that uses a branch again: one is enough, lest they pile up */
		tomb.expires_ms = same->expires_ms;
		*same = tomb;
		return;
	}
	if (t->n == t->cap) {
		drop_oldest(t);
		t->early++;
	}
	at = t->first + t->n;
	if (at >= t->cap)
		at -= t->cap;
	tomb.expires_ms = (uint32_t)(now_ns / RS_NS_PER_MS) + t->life_ms;
	if (rs_table_add(&t->table, tomb.hash, at) != 0)
		return;
	t->ring[at] = tomb;
	t->n++;
}
