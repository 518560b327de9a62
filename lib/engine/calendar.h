/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The media calendar of a worker: a ring of slots of 125 us, each with the streams that have a packet due in it. A slot's streams
 * stand in chunks of whole cache lines, so that they can be asked for ahead of their turn. Adding, removing and taking one are
 * constant time; a stream stands in it once at most.
 */
#ifndef RS_ENGINE_CALENDAR_H
#define RS_ENGINE_CALENDAR_H

#include <stdbool.h>

#include "base/arena.h"

#define CALENDAR_SLOT_NS 125000u
#define CALENDAR_SLOTS	 1024 /* 128 ms: a packet due later than that is looked at once a round */
#define CALENDAR_NONE	 UINT32_MAX

#define CALENDAR_CHUNK 30
struct calendar_chunk {
	uint32_t next; /* fuller ones of the slot; of free ones the next one */
	uint32_t n;
	uint32_t stream[CALENDAR_CHUNK];
};
_Static_assert(sizeof(struct calendar_chunk) == 128, "a chunk is two cache lines");

/** Where a stream stands. */
struct calendar_place {
	uint32_t chunk; /* CALENDAR_NONE: nowhere */
	uint16_t slot;
	uint16_t at;
};

struct calendar {
	struct calendar_chunk *chunks;
	struct calendar_place *places; /* by stream */
	uint32_t cap, fresh, free;     /* chunks */
	uint32_t n;		       /* streams in it */
	uint64_t tick;		       /* what is due before it has been taken */
	uint64_t occupied[CALENDAR_SLOTS / 64];
	uint32_t heads[CALENDAR_SLOTS];
	uint32_t counts[CALENDAR_SLOTS];
};

/** Bytes of an arena that a calendar for @streams takes. */
size_t calendar_reserve(uint32_t streams);
/** @return 0, -ENOMEM */
int calendar_init(struct calendar *c, struct rs_arena *a, uint32_t streams, uint64_t now_ns);

/** The first slot that does not begin before @due_ns. */
static inline uint64_t
calendar_tick(uint64_t due_ns)
{
	return (due_ns + CALENDAR_SLOT_NS - 1) / CALENDAR_SLOT_NS;
}

static inline bool
calendar_has(const struct calendar *c, uint32_t stream)
{
	return c->places[stream].chunk != CALENDAR_NONE;
}

/** @stream is a new one: it stands nowhere. */
static inline void
calendar_clear(struct calendar *c, uint32_t stream)
{
	c->places[stream].chunk = CALENDAR_NONE;
}

/** @stream, which is not in it, has something to do at @due_ns; in the past: as soon as possible. */
void calendar_add(struct calendar *c, uint32_t stream, uint64_t due_ns);
void calendar_remove(struct calendar *c, uint32_t stream);

/**
 * Take streams out of the first slot that has some and is due.
 * @param now_ns  slots that begin later are not looked at
 * @param out	  @cap of them at most, all of one slot; what was added more than a round ahead may come too early, and is to be added again
 * @return how many; 0: nothing is due
 */
uint32_t calendar_take(struct calendar *c, uint64_t now_ns, uint32_t *out, uint32_t cap);

/** When the next slot with a stream in it begins, UINT64_MAX: there is none. */
uint64_t calendar_next(const struct calendar *c);

/**
 * A begin for a stream that sends every @period_ns: within one period of @now_ns, where few others are due.
 * @param k  streams begun before: spreads them where all is empty
 */
uint64_t calendar_phase(const struct calendar *c, uint64_t now_ns, uint64_t period_ns, uint64_t k);

#endif
