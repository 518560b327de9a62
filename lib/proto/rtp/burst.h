/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Bursts and gaps (RFC 3611, 4.7.2 and A.1). A burst begins and ends with a packet lost or discarded and has no Gmin packets in a
 * row in it that were played; all else is gap. Only packets that were not played are told; what lies between is played.
 */
#ifndef RS_PROTO_RTP_BURST_H
#define RS_PROTO_RTP_BURST_H

#include <stdbool.h>
#include <stdint.h>

#define RS_RTP_GMIN 16 /* packets; the standard's recommendation */

/** The transitions of the Markov model, by the standard's names: 1 gap played, 2 burst played, 3 burst missing, 4 gap missing. */
struct rs_rtp_burst {
	uint32_t c11, c13, c14, c22, c23, c33;
	uint32_t lost;      /* packets */
	uint32_t discarded; /* packets that came too late to be played */
	uint32_t
		next; /* position behind the last missing packet; before there is one: of the first packet */
	uint32_t group; /* missing packets since the last Gmin played ones in a row */
	uint32_t gmin;
};

struct rs_rtp_burst_report {
	double loss_percent; /* of all packets expected */
	double discard_percent;
	double burst_density; /* share of missing packets within bursts, 0 to 1 */
	double gap_density;   /* within gaps */
	double burst_ms;      /* mean length; 0: there was none */
	double gap_ms;
	uint32_t bursts;
	struct rs_rtp_burst counts; /* with what the end of the stream settles */
};

/** @param first  position (extended sequence number) of the first packet */
void rs_rtp_burst_init(struct rs_rtp_burst *b, uint32_t first, uint32_t gmin);

/**
 * @n packets in a row were not played, the first of them at position @pos. Positions only grow.
 * @param discarded  they came, but late
 */
void rs_rtp_burst_missing(struct rs_rtp_burst *b, uint32_t pos, uint32_t n, bool discarded);

/**
 * What it comes to when the stream ends in front of position @end; as the standard has it, at least Gmin packets are taken to be
 * played before the first and behind the last. @b is not changed, so it may be asked at any time.
 * @param packet_ms  length of the sound in one packet
 */
void rs_rtp_burst_report(const struct rs_rtp_burst *b, uint32_t end, double packet_ms,
	struct rs_rtp_burst_report *out);

#endif
