/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/calendar.h"

#include <errno.h>
#include <string.h>

#define MASK	   (CALENDAR_SLOTS - 1)
#define CANDIDATES 4 /* slots that a new stream chooses from */

static uint32_t
chunks_for(uint32_t streams)
{
	return streams / CALENDAR_CHUNK + 1 + CALENDAR_SLOTS; /* each slot may have one that is not full */
}

size_t
calendar_reserve(uint32_t streams)
{
	return (size_t)chunks_for(streams) * sizeof(struct calendar_chunk) +
		(size_t)streams * sizeof(struct calendar_place) + 2 * 4096;
}

int
calendar_init(struct calendar *c, struct rs_arena *a, uint32_t streams, uint64_t now_ns)
{
	*c = (struct calendar){ .cap = chunks_for(streams), .free = CALENDAR_NONE };
	c->tick = now_ns / CALENDAR_SLOT_NS;
	c->chunks = rs_arena_alloc(a, (size_t)c->cap * sizeof(*c->chunks), 64);
	c->places = rs_arena_alloc(a, (size_t)streams * sizeof(*c->places), 64);
	memset(c->heads, 0xff, sizeof(c->heads));
	return c->chunks && c->places ? 0 : -ENOMEM;
}

static uint32_t
chunk_take(struct calendar *c)
{
	uint32_t i = c->free;

	if (i == CALENDAR_NONE)
		return c->fresh++; /* there is one: see chunks_for() */
	c->free = c->chunks[i].next;
	return i;
}

static void
chunk_give(struct calendar *c, uint32_t slot)
{
	uint32_t i = c->heads[slot];

	c->heads[slot] = c->chunks[i].next;
	c->chunks[i].next = c->free;
	c->free = i;
	if (c->heads[slot] == CALENDAR_NONE)
		c->occupied[slot / 64] &= ~(1ull << slot % 64);
}

void
calendar_add(struct calendar *c, uint32_t stream, uint64_t due_ns)
{
	uint64_t tick = calendar_tick(due_ns);
	struct calendar_chunk *chunk;
	uint32_t slot;

	if (tick < c->tick)
		tick = c->tick;
	else if (tick - c->tick >= CALENDAR_SLOTS)
		tick = c->tick + CALENDAR_SLOTS - 1;
	slot = tick & MASK;
	if (c->heads[slot] == CALENDAR_NONE || c->chunks[c->heads[slot]].n == CALENDAR_CHUNK) {
		uint32_t i = chunk_take(c);

		c->chunks[i].next = c->heads[slot];
		c->chunks[i].n = 0;
		c->heads[slot] = i;
		c->occupied[slot / 64] |= 1ull << slot % 64;
	}
	chunk = &c->chunks[c->heads[slot]];
	c->places[stream] = (struct calendar_place){ c->heads[slot], (uint16_t)slot, (uint16_t)chunk->n };
	chunk->stream[chunk->n++] = stream;
	c->counts[slot]++;
	c->n++;
}

void
calendar_remove(struct calendar *c, uint32_t stream)
{
	struct calendar_place *place = &c->places[stream];
	struct calendar_chunk *last = &c->chunks[c->heads[place->slot]];
	uint32_t moved = last->stream[last->n - 1], slot = place->slot;

	/* The last one of the slot takes its place. */
	c->chunks[place->chunk].stream[place->at] = moved;
	c->places[moved] = *place;
	place->chunk = CALENDAR_NONE;
	if (--last->n == 0)
		chunk_give(c, slot);
	c->counts[slot]--;
	c->n--;
}

/* Ticks from @c->tick on to the first slot that has streams; there must be one. */
static uint64_t
ahead(const struct calendar *c)
{
	uint32_t from = c->tick & MASK, word = from / 64;
	uint64_t bits = c->occupied[word] & UINT64_MAX << from % 64;

	for (uint32_t i = 1; !bits; i++) {
		word = (from / 64 + i) % (CALENDAR_SLOTS / 64);
		bits = c->occupied[word];
	}
	return ((uint64_t)(word * 64 + (uint32_t)__builtin_ctzll(bits)) - from) & MASK;
}

uint32_t
calendar_take(struct calendar *c, uint64_t now_ns, uint32_t *out, uint32_t cap)
{
	uint64_t now = now_ns / CALENDAR_SLOT_NS, tick = c->n ? c->tick + ahead(c) : now + 1;
	uint32_t n = 0, slot;

	if (tick > now) { /* all slots up to now are empty: late ones still find their place at the front */
		if (now > c->tick)
			c->tick = now;
		return 0;
	}
	c->tick = tick;
	slot = tick & MASK;
	while (n < cap && c->heads[slot] != CALENDAR_NONE) {
		struct calendar_chunk *chunk = &c->chunks[c->heads[slot]];

		while (n < cap && chunk->n > 0) {
			out[n] = chunk->stream[--chunk->n];
			c->places[out[n++]].chunk = CALENDAR_NONE;
		}
		if (chunk->n == 0)
			chunk_give(c, slot);
	}
	c->counts[slot] -= n;
	c->n -= n;
	if (c->heads[slot] == CALENDAR_NONE)
		c->tick++;
	return n;
}

uint64_t
calendar_next(const struct calendar *c)
{
	return c->n ? (c->tick + ahead(c)) * CALENDAR_SLOT_NS : UINT64_MAX;
}

uint64_t
calendar_phase(const struct calendar *c, uint64_t now_ns, uint64_t period_ns, uint64_t k)
{
	uint64_t base = now_ns / CALENDAR_SLOT_NS + 1, period = period_ns / CALENDAR_SLOT_NS, best = 0;
	/* Multiples of the golden ratio are spread evenly, however many there are. */
	uint64_t at = (uint64_t)((unsigned __int128)(k * 0x9e3779b97f4a7c15u) * period >> 64);

	if (base < c->tick)
		base = c->tick;
	/* On a grid of its own: the same phase whenever it begins. */
	at = (at + period - base % period) % period;
	for (uint32_t i = 0; i < CANDIDATES; i++) {
		uint64_t tick = base + (at + i * period / CANDIDATES) % period;

		if (i == 0 || c->counts[tick & MASK] < c->counts[best & MASK])
			best = tick;
	}
	return best * CALENDAR_SLOT_NS;
}
