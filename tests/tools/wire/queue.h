/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Packets of one direction that wait: for their time, for the rate, or to be overtaken. Time is an
 * argument; nothing here reads a clock or a socket.
 */
#ifndef RS_WIRE_QUEUE_H
#define RS_WIRE_QUEUE_H

#include "impair.h"

#define RS_WIRE_FRAME_MAX 9728 /* bytes of a frame: jumbo, VLAN tags included */

struct rs_wire_packet {
	uint32_t start, len; /* of the frame in @bytes: there is room in front for a VLAN tag */
	uint32_t refs;       /* queues that still hold it, and whoever is looking at it */
	uint8_t bytes[RS_WIRE_FRAME_MAX + 4];
};

/**
 * All packets there are. What was freed last is given out first, so that memory is touched only as
 * it is needed.
 */
struct rs_wire_pool {
	struct rs_wire_packet *packets;
	uint32_t *free;
	uint32_t n, n_free;
};

/** @return 0, -ENOMEM */
int rs_wire_pool_init(struct rs_wire_pool *pool, uint32_t n);
void rs_wire_pool_fini(struct rs_wire_pool *pool);
/** A packet with one reference, the caller's. @return NULL when all are in use */
struct rs_wire_packet *rs_wire_pool_get(struct rs_wire_pool *pool);
/** Give one reference back. */
void rs_wire_pool_put(struct rs_wire_pool *pool, struct rs_wire_packet *packet);

struct rs_wire_waiting {
	uint64_t due_ns;
	uint64_t order; /* of those that are due at one moment */
	struct rs_wire_packet *packet;
};

struct rs_wire_held {
	struct rs_wire_packet *packet;
	uint64_t number;   /* of the packet */
	uint64_t until_ns; /* it goes on then, overtaken or not */
	uint64_t delay_ns;
};

struct rs_wire_queue {
	const struct rs_wire_spec *spec;
	struct rs_wire_waiting *heap; /* the first due on top */
	uint32_t n_waiting, cap;
	uint64_t next_order;
	uint64_t last_due_ns;
	struct rs_wire_held *held; /* ring, oldest first */
	uint32_t held_head, n_held;
	uint64_t *departures; /* ring of those that wait for the rate, oldest first */
	uint32_t departures_head, n_departures;
	uint64_t rate_free_ns; /* the rate lets the next packet go then */
};

/**
 * @param spec     stays with the caller
 * @param packets  so many there are in the pool
 * @return 0, -ENOMEM
 */
int rs_wire_queue_init(struct rs_wire_queue *q, const struct rs_wire_spec *spec, uint32_t packets);
void rs_wire_queue_fini(struct rs_wire_queue *q);

/**
 * Do with @packet what @fate says. Every packet that has a number comes here, lost ones too: they
 * overtake what is held back.
 * The queue takes references of its own; the caller keeps his.
 *
 * @return what @fate said, or RS_WIRE_LOST_QUEUE when too many wait for the rate
 */
enum rs_wire_loss rs_wire_queue_put(struct rs_wire_queue *q, uint64_t now,
	struct rs_wire_packet *packet, const struct rs_wire_fate *fate);

/** Let @packet pass at once, before those that wait. */
void rs_wire_queue_pass(struct rs_wire_queue *q, uint64_t now, struct rs_wire_packet *packet);

/** The next packet that is due at @now, with the queue's reference to it, or NULL. */
struct rs_wire_packet *rs_wire_queue_take(struct rs_wire_queue *q, uint64_t now);

/** When something is due next; UINT64_MAX when nothing waits. */
uint64_t rs_wire_queue_due(const struct rs_wire_queue *q);

/** Transmissions that are still waiting. */
static inline uint32_t
rs_wire_queue_left(const struct rs_wire_queue *q)
{
	return q->n_waiting + q->n_held;
}

#endif
