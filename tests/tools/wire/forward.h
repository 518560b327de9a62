/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The wire at work: frames from either end go through the model and the queue of their direction
 * to the other end.
 */
#ifndef RS_WIRE_FORWARD_H
#define RS_WIRE_FORWARD_H

#include <signal.h>

#include "end.h"
#include "log.h"

#define RS_WIRE_PACKETS 65536 /* that may be under way at once, both directions together */

struct rs_wire_direction {
	const char *name; /* "ab": from end 0 to end 1 */
	const char *text; /* the specification as written */
	struct rs_wire_spec spec;
	struct rs_wire_model model;
	struct rs_wire_queue queue;
	struct rs_wire_tally tally;
};

struct rs_wire {
	struct rs_wire_end ends[2];
	struct rs_wire_direction directions[2]; /* [i] leaves ends[i] */
	struct rs_wire_pool pool;
	uint64_t seed;
	uint64_t begin_ns;
	FILE *log;    /* of packets that something was done to; NULL: none */
	bool log_all; /* of the others too */
};

/**
 * Forward until *@stop is set. Signals are open only while it waits, so that one that sets *@stop
 * is never missed.
 *
 * @param summary  called whenever *@look is set, which it then clears
 * @return 0, negative errno when an interface is gone
 */
int rs_wire_forward(struct rs_wire *w, const volatile sig_atomic_t *stop,
	volatile sig_atomic_t *look, void (*summary)(struct rs_wire *w, void *arg), void *arg);

/** Write the summary of what was done so far. */
void rs_wire_summarize(struct rs_wire *w, FILE *out);

#endif
