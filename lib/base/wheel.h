/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A hierarchical timer wheel: 1 ms ticks, four levels (49 days; a timer due later than that fires then), intrusive 32-bit links.
 * A node is a number below n_nodes; what it means is the owner's. Nodes that were never armed are memory that was never touched.
 * Slots of the upper levels are moved down a few nodes a tick ahead of time, so that no tick pays for a whole slot. A timer never
 * fires early and at most one tick late (the caller's own lateness aside). Timers fire in the order of their ticks, those of one
 * tick in any order.
 */
#ifndef RS_BASE_WHEEL_H
#define RS_BASE_WHEEL_H

#include <stdbool.h>

#include "base/arena.h"

#define RS_WHEEL_NONE    UINT32_MAX
#define RS_WHEEL_TICK_NS 1000000u
#define RS_WHEEL_LEVELS  4
/* A level: two turns of 256, the one under way and, beside it, the next one being filled. */
#define RS_WHEEL_SLOTS 512

struct rs_wheel_node {
	uint32_t next, prev;
	uint32_t due;  /* tick, its low 32 bits */
	uint32_t place; /* level * RS_WHEEL_SLOTS + slot, and 1; 0 while not armed */
};
_Static_assert(sizeof(struct rs_wheel_node) == 16, "four nodes a cache line");

struct rs_wheel {
	struct rs_wheel_node *nodes;
	uint32_t n_nodes;
	uint32_t armed;
	uint64_t tick;      /* all before it have fired; its own slot takes timers armed too late */
	uint64_t origin_ns; /* time of tick 0 */
	uint64_t moved;     /* nodes moved down a level so far */
	uint64_t occupied[RS_WHEEL_LEVELS][RS_WHEEL_SLOTS / 64];
	uint32_t heads[RS_WHEEL_LEVELS * RS_WHEEL_SLOTS];
	uint32_t counts[RS_WHEEL_LEVELS * RS_WHEEL_SLOTS];
};

/** @param n_nodes  timers at most @param a  its memory is all zeros @param now_ns  becomes tick 0. @return 0, -ENOMEM */
int rs_wheel_init(struct rs_wheel *w, struct rs_arena *a, uint32_t n_nodes, uint64_t now_ns);

/** Arm (or move) timer @node to fire at or after @due_ns; a due time in the past fires at the next expire. */
void rs_wheel_arm(struct rs_wheel *w, uint32_t node, uint64_t due_ns);
void rs_wheel_cancel(struct rs_wheel *w, uint32_t node);

static inline bool
rs_wheel_armed(const struct rs_wheel *w, uint32_t node)
{
	return w->nodes[node].place != 0;
}

/**
 * Take the timers that are due.
 * @param out  room for @cap node numbers; they are no longer armed
 * @return how many; @cap means that there may be more: call again
 */
uint32_t rs_wheel_expire(struct rs_wheel *w, uint64_t now_ns, uint32_t *out, uint32_t cap);

/**
 * @return a time not after the next due timer, UINT64_MAX when none is armed. It is the timer's own tick when that comes before
 * the next multiple of 256 ticks or shortly behind it, else the start of the part of the wheel where the timer hangs: who
 * sleeps until then and asks again gets nearer.
 */
uint64_t rs_wheel_next(const struct rs_wheel *w);

#endif
