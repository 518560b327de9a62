/* SPDX-License-Identifier: BSD-3-Clause */
/** A worker's endpoints one by one, with what each is doing: for `loadctl endpoints`. */
#ifndef RS_ENGINE_ROSTER_H
#define RS_ENGINE_ROSTER_H

#include <stdint.h>

#include "base/text.h"

struct rs_engine;

enum rs_endpoint_state {
	RS_ENDPOINT_IDLE,
	RS_ENDPOINT_BUSY, /* in a call that one of the plan's activities picked it for: see rs_engine_busy */
	RS_ENDPOINT_REGISTERED,
	RS_ENDPOINT_REGISTERING,
	RS_ENDPOINT_FAILED, /* its registration was refused, or not answered */
	RS_ENDPOINT_UNREGISTERED,
	RS_ENDPOINT_STATES
};
const char *rs_endpoint_state_name(enum rs_endpoint_state state);
/** @return the state of that name, or -1 */
int rs_endpoint_state_of(const char *name);

#define RS_ENDPOINT_NEVER INT64_MAX

struct rs_endpoint_info {
	uint32_t index; /* in its group */
	struct rs_addr addr;
	uint16_t port;
	uint8_t state;	       /* enum rs_endpoint_state, but RS_ENDPOINT_BUSY */
	int64_t expires_in_ns; /* of its registration; RS_ENDPOINT_NEVER: it has none */
};

/** Some of them, all of one group. */
struct rs_endpoint_chunk {
	uint32_t group;
	uint32_t n;
	uint32_t counts[RS_ENDPOINT_STATES]; /* of all that were looked at */
};

/**
 * The endpoints that belong to this worker, in bounded steps. Which of them are in calls is not said here: who has picked them may be
 * another worker.
 *
 * @param from   in, out: 0 at first, UINT64_MAX at the end
 * @param state  enum rs_endpoint_state of those to copy, -1: all
 * @param chunk  out: how many there are in @out, and how many of each state were looked at
 * @param cap    of @out; 0: they are only counted
 */
void rs_engine_endpoints(const struct rs_engine *e, uint64_t *from, int state, struct rs_endpoint_chunk *chunk,
	struct rs_endpoint_info *out, uint32_t cap);

/**
 * The endpoints that this worker has picked for calls that are open, in bounded steps.
 *
 * @param from   as above
 * @param group  out: whose they are
 * @param out    their indices
 * @return how many
 */
uint32_t rs_engine_busy(const struct rs_engine *e, uint64_t *from, uint32_t *group, uint32_t *out, uint32_t cap);

#endif
