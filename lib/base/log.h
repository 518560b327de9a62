/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Log lines, tagged by the part that speaks and limited in rate per place in the code. Workers log into a record ring, other
 * threads straight to the sink.
 */
#ifndef RS_BASE_LOG_H
#define RS_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"

enum rs_log_level { RS_LOG_ERROR, RS_LOG_WARN, RS_LOG_INFO, RS_LOG_DEBUG };

struct rs_log {
	enum rs_log_level level;      /* lines above it are not made */
	struct rs_record_ring *ring;  /* NULL: write to fd */
	int fd;
};

/** One per place that logs something a peer can cause: at most @burst lines a second pass, the others are counted. */
struct rs_log_limit {
	uint64_t window_ns; /* start of the current second */
	uint32_t passed;
	uint32_t suppressed;
};

/** "<level> <tag>: <text>", cut at 1,000 bytes. */
void rs_log(struct rs_log *log, enum rs_log_level level, const char *tag, uint64_t now_ns, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/** @return true when a line may be written now; @suppressed gets the number left out since the last one that passed */
bool rs_log_allow(struct rs_log_limit *l, uint64_t now_ns, uint32_t burst, uint32_t *suppressed);

#endif
