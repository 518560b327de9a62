/* SPDX-License-Identifier: BSD-3-Clause */
/** What the wire did, for a reader: a line of JSON for each packet, a summary at the end. */
#ifndef RS_WIRE_LOG_H
#define RS_WIRE_LOG_H

#include <stdio.h>

#include "tally.h"

/** What a summary says about one direction beside what was counted. */
struct rs_wire_about {
	const char *name;      /* "ab", "ba" */
	const char *from, *to; /* interfaces */
	const char *spec;      /* as written */
	uint64_t numbered;     /* packets that the model decided about */
	uint64_t left;         /* still waiting when the wire ended */
	/* Frames that came faster than the wire read: not its doing, and in no other count. */
	uint64_t overrun;
};

/**
 * One line: {"t", "dir", "n", "action", "src", "dst"} and, for SIP, {"sip", "cseq", "call_id",
 * "branch"}.
 *
 * @param t_ns  when it came, since the wire began
 * @param fate  NULL: it passed untouched, and has no number
 */
void rs_wire_log_packet(FILE *out, uint64_t t_ns, const char *direction,
	const struct rs_wire_frame *frame, const struct rs_wire_fate *fate, enum rs_wire_loss lost);

/** The whole summary ("schema": "ringstorm.wire/1"), both directions. */
void rs_wire_log_summary(FILE *out, uint64_t seed, uint64_t duration_ns,
	const struct rs_wire_about about[2], const struct rs_wire_tally tally[2]);

#endif
