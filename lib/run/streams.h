/* SPDX-License-Identifier: BSD-3-Clause */
/** Orders about media that are on their way to the workers. */
#ifndef RS_RUN_STREAMS_H
#define RS_RUN_STREAMS_H

#include "engine/streams.h"

/** From `at_ns` on. Written by control before the mail, copied by the worker when it comes. */
struct rs_impair_order {
	uint64_t at_ns; /* 0: none waits */
	int32_t profile;
	unsigned directions;
	struct rs_impairment how;
};

#endif
