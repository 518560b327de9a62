/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * An end of the wire: a packet socket on an Ethernet interface (a veth's end, the kernel's side of
 * a tap).
 */
#ifndef RS_WIRE_END_H
#define RS_WIRE_END_H

#include "base/err.h"
#include "queue.h"

#define RS_WIRE_BURST 64 /* frames in one system call */

struct rs_wire_end {
	int fd;
	const char *interface;
	uint64_t overrun; /* frames that the kernel had no room for */
};

/** @return 0; negative errno with @err set: no such interface, no privilege */
int rs_wire_end_open(struct rs_wire_end *end, const char *interface, struct rs_err *err);
void rs_wire_end_close(struct rs_wire_end *end);

/** What rs_wire_end_receive() has to say about a frame. */
struct rs_wire_arrival {
	struct rs_wire_packet *packet; /* with one reference, the caller's */
	bool checksum_unfinished;
	uint64_t time_ns; /* when the kernel got it, on the monotonic clock */
};

/**
 * Frames that wait at @end, at most RS_WIRE_BURST and as many as @pool has room for. @return their
 * number
 */
uint32_t rs_wire_end_receive(
	struct rs_wire_end *end, struct rs_wire_pool *pool, struct rs_wire_arrival *arrivals);

/** Send @n frames, RS_WIRE_BURST at most. @return how many of them the interface did not take */
uint32_t rs_wire_end_send(
	struct rs_wire_end *end, struct rs_wire_packet *const *packets, uint32_t n);

/** Bring @overrun up to date. */
void rs_wire_end_statistics(struct rs_wire_end *end);

#endif
