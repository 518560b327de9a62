/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The model of an impaired direction: what becomes of packet number n follows from (seed, direction,
 * n) and the specification alone, never from the time or the other direction. Pure.
 */
#ifndef RS_WIRE_IMPAIR_H
#define RS_WIRE_IMPAIR_H

#include "spec.h"

enum rs_wire_loss {
	RS_WIRE_KEPT,
	RS_WIRE_LOST_ALONE,
	RS_WIRE_LOST_IN_BURST,
	RS_WIRE_LOST_QUEUE,
	RS_WIRE_LOSSES
};

/** "loss", "burst", "queue" */
const char *rs_wire_loss_name(enum rs_wire_loss loss);

/** What the model decided about one packet. */
struct rs_wire_fate {
	uint64_t number; /* of the packet in its direction, from 0 */
	enum rs_wire_loss lost;
	bool duplicate;
	bool reorder;
	bool corrupt;
	uint64_t corrupt_where; /* any number: its bit is this modulo the bits there are */
	uint64_t delay_ns;
};

struct rs_wire_model {
	struct rs_wire_spec spec;
	uint64_t seed;
	uint32_t direction;
	uint64_t number; /* of the next packet */
	bool bad;        /* in a burst */
};

void rs_wire_model_init(struct rs_wire_model *m, const struct rs_wire_spec *spec, uint64_t seed,
	uint32_t direction);

/** Decide about the next packet of the direction. */
struct rs_wire_fate rs_wire_decide(struct rs_wire_model *m);

#endif
