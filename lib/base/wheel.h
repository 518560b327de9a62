/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A hierarchical timer wheel: 1 ms ticks, four levels of 256 slots (49 days), intrusive 32-bit links. A node is a number below
 * n_nodes; what it means is the owner's. Slots of the upper levels are moved down a few nodes a tick ahead of time, so that no
 * tick pays for a whole slot. A timer never fires early and at most one tick late (the caller's own lateness aside).
 */
#ifndef RS_BASE_WHEEL_H
#define RS_BASE_WHEEL_H

#include <stdbool.h>

#include "base/arena.h"

#define RS_WHEEL_NONE UINT32_MAX
#define RS_WHEEL_TICK_NS 1000000u

struct rs_wheel_node {
	uint32_t next, prev;
	uint32_t due;  /* tick */
	uint32_t slot; /* where it hangs; RS_WHEEL_NONE while not armed */
};

struct rs_wheel {
	struct rs_wheel_node *nodes;
	uint32_t n_nodes;
	uint32_t armed;
	uint32_t tick;	    /* all up to and including this one have been expired */
	uint32_t cascade_at; /* bookkeeping of the early move: see wheel.c */
	uint64_t origin_ns; /* time of tick 0 */
	uint32_t slots[4][256];
	uint64_t occupied[4][4];
};

/** @param n_nodes  timers at most @param now_ns  becomes tick 0. @return 0, -ENOMEM */
int rs_wheel_init(struct rs_wheel *w, struct rs_arena *a, uint32_t n_nodes, uint64_t now_ns);

/** Arm (or move) timer @node to fire at or after @due_ns; a due time in the past fires at the next expire. */
void rs_wheel_arm(struct rs_wheel *w, uint32_t node, uint64_t due_ns);
void rs_wheel_cancel(struct rs_wheel *w, uint32_t node);

static inline bool
rs_wheel_armed(const struct rs_wheel *w, uint32_t node)
{
	return w->nodes[node].slot != RS_WHEEL_NONE;
}

/**
 * Take the timers that are due.
 * @param out  room for @cap node numbers; they are no longer armed
 * @return how many; @cap means that there may be more: call again
 */
uint32_t rs_wheel_expire(struct rs_wheel *w, uint64_t now_ns, uint32_t *out, uint32_t cap);

/** @return a time not after the next due timer (exact within 256 ms), UINT64_MAX when none is armed */
uint64_t rs_wheel_next(const struct rs_wheel *w);

#endif
