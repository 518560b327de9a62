/* SPDX-License-Identifier: BSD-3-Clause */
/** What passed a direction of the wire, what was done to it, and what of it was SIP. */
#ifndef RS_WIRE_TALLY_H
#define RS_WIRE_TALLY_H

#include "frame.h"
#include "impair.h"
#include "seen.h"

#define RS_WIRE_STARTS  64 /* different start lines; the last entry takes what finds no room */
#define RS_WIRE_SENDERS 64

/** Of one kind of message or one sender. */
struct rs_wire_counts {
	uint64_t received; /* by the wire */
	/* of these: byte for byte what the same sender had sent to the same receiver before */
	uint64_t repeated;
	uint64_t dropped;    /* by the wire */
	uint64_t duplicated; /* by the wire */
	/* went on beyond the first copy that went on: what a receiver sees as repeated */
	uint64_t delivered_again;
};

struct rs_wire_tally {
	uint64_t frames, bytes; /* received */
	uint64_t untouched;     /* frames: not concerned by the specification */
	uint64_t dropped[RS_WIRE_LOSSES];
	uint64_t duplicated, reordered, delayed, corrupted;
	uint64_t forwarded;   /* frames, copies included */
	uint64_t send_failed; /* frames that the other end did not take */
	uint64_t checksums_finished;
	/* datagrams beyond RS_WIRE_SEEN_MAX: not looked for among those before */
	uint64_t untracked;
	struct rs_wire_counts udp;
	struct {
		char start[32];
		struct rs_wire_counts counts;
	} starts[RS_WIRE_STARTS];
	struct {
		struct rs_addr address;
		uint16_t port;
		struct rs_wire_counts counts;
	} senders[RS_WIRE_SENDERS];
	uint32_t n_starts, n_senders;
	struct rs_wire_seen seen;
};

/** @return 0, -ENOMEM */
int rs_wire_tally_init(struct rs_wire_tally *t);
void rs_wire_tally_fini(struct rs_wire_tally *t);

/**
 * Count a frame that came in. @return how many times its datagram had come before; 0 for what is
 * no datagram
 */
uint32_t rs_wire_tally_in(struct rs_wire_tally *t, const struct rs_wire_frame *frame, size_t len);

/** Count what was done to it: @lost may differ from what @fate says when the queue was full. */
void rs_wire_tally_fate(struct rs_wire_tally *t, const struct rs_wire_frame *frame,
	const struct rs_wire_fate *fate, enum rs_wire_loss lost);

/** Count that it passed untouched. */
void rs_wire_tally_untouched(struct rs_wire_tally *t, const struct rs_wire_frame *frame);

#endif
