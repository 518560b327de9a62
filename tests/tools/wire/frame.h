/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a wire wants to know about a frame. A reader of its own, so that what the wire counts is an
 * opinion about ringstorm's packets that does not rest on ringstorm's parsers.
 */
#ifndef RS_WIRE_FRAME_H
#define RS_WIRE_FRAME_H

#include "base/slice.h"
#include "base/text.h"

struct rs_wire_frame {
	/* IP; not ARP, neighbour or router discovery, IGMP or MLD: without these there is no wire */
	bool impairable;
	bool udp; /* a whole UDP datagram */
	struct rs_addr source, destination;
	uint16_t source_port, destination_port;
	struct rs_slice payload; /* of the datagram */
	/* SIP; @start is empty when the payload is something else */
	char start[32]; /* "INVITE", "200 INVITE" */
	struct rs_slice cseq, call_id, branch;
};

/**
 * Read @frame (an Ethernet frame of @len bytes): never fails, what is not understood stays empty.
 */
void rs_wire_frame_read(const uint8_t *frame, size_t len, struct rs_wire_frame *out);

/** Fill in the UDP or TCP checksum that a sender left to a device which is not there. */
void rs_wire_frame_finish_checksum(uint8_t *frame, size_t len);

#endif
