/* SPDX-License-Identifier: BSD-3-Clause */
/* The most calls started within a short time: what a rate a second does not show. */
#include "engine/arrivals.h"

bool
burst_add(struct burst *b, uint64_t slot)
{
	/* Slots that the window has left; a clock never goes back, and a long rest empties all of them. */
	for (unsigned n = 0; b->slot < slot; n++) {
		if (n == BURST_SLOTS) {
			b->slot = slot;
			break;
		}
		uint32_t *oldest = &b->starts[++b->slot % BURST_SLOTS];

		b->sum -= *oldest;
		*oldest = 0;
	}
	b->starts[slot % BURST_SLOTS]++;
	if (++b->sum <= b->most)
		return false;
	b->most = b->sum;
	return true;
}
