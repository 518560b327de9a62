/* SPDX-License-Identifier: BSD-3-Clause */
/** Telephone events (RFC 4733; RFC 2833 looks the same on the wire): digits made into payloads, and payloads into digits. */
#ifndef RS_PROTO_RTP_EVENT_H
#define RS_PROTO_RTP_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RS_RTP_EVENT_LEN     4      /* bytes of a payload that reports one event */
#define RS_RTP_EVENT_ENDS    3      /* times that the last report is sent (2.5.1.4) */
#define RS_RTP_EVENT_SEGMENT 0xffff /* ticks that a report can tell (2.5.1.3) */
#define RS_RTP_EVENT_BLOCKS  4      /* reports of one packet that are read (2.5.1.5) */
#define RS_RTP_EVENT_SEEN    (3 * RS_RTP_EVENT_BLOCKS)

/** '0'-'9', '*', '#', 'A'-'D', '!' (flash) of an event's code; 0: not one of those. */
char rs_rtp_event_char(uint8_t code);

/** The code of such a character (small letters too); -1: none. */
int rs_rtp_event_code(char c);

/* --- sent --- */

/** One event on its way out. */
struct rs_rtp_event_tx {
	uint32_t timestamp;   /* of the segment */
	uint32_t total_ticks; /* of the whole event */
	uint32_t elapsed_ticks;
	uint32_t before_ticks; /* in segments that are over */
	uint16_t step_ticks;
	uint8_t code;
	uint8_t volume;
	uint8_t ends_left;
	bool begun;
};

struct rs_rtp_event_packet {
	uint8_t payload[RS_RTP_EVENT_LEN];
	uint32_t timestamp;
	bool marker;
	bool end; /* the E bit */
};

/**
 * Begin an event. Its packets take the stream's sequence numbers, and the timestamp of its begin.
 *
 * @param volume       power below 0 dBm0, 0 to 63 dB
 * @param total_ticks  its length on the media clock; at least 1
 * @param step_ticks   time between packets; at least 1
 * @return 0; -EINVAL
 */
int rs_rtp_event_begin(struct rs_rtp_event_tx *tx, uint8_t code, uint8_t volume,
	uint32_t total_ticks, uint16_t step_ticks, uint32_t timestamp);

/** The next packet, to be sent @step_ticks after the one before. @return false: all are sent, @out is unchanged */
bool rs_rtp_event_next(struct rs_rtp_event_tx *tx, struct rs_rtp_event_packet *out);

/* --- received --- */

/** The event that is coming in, and the one before it. */
struct rs_rtp_event_rx {
	uint32_t timestamp;    /* of the segment */
	uint32_t before_ticks; /* in segments that are over */
	uint16_t ticks;        /* of the segment, as far as told */
	uint8_t code;
	uint8_t volume;
	bool active;
	bool known; /* there was one */
	bool start_lost;
	uint32_t duplicates; /* packets that told nothing new about an event that is over */
	uint32_t stale;      /* packets of events before that */
	uint32_t malformed; /* payloads of no whole report, or with something behind the last one */
};

struct rs_rtp_event_seen {
	uint32_t ticks; /* how long it was, as far as told; 0 at its begin */
	uint8_t code;
	uint8_t volume;
	bool ended;      /* else it began */
	bool start_lost; /* its first packet did not come (or bore no marker) */
	bool end_lost;   /* none of its last packets came */
};

/**
 * Take the payload of one packet of the telephone-event payload type.
 *
 * @param timestamp  of the packet
 * @param out	     begins and ends of events in order, at most RS_RTP_EVENT_SEEN
 * @return how many
 */
unsigned rs_rtp_event_input(struct rs_rtp_event_rx *rx, const uint8_t *payload, size_t len,
	uint32_t timestamp, bool marker, struct rs_rtp_event_seen *out);

/** Nothing more is to come of an event that is still on: the stream ended, or went on with sound. @return 1 with @out, else 0 */
unsigned rs_rtp_event_flush(struct rs_rtp_event_rx *rx, struct rs_rtp_event_seen *out);

#endif
