/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RS_PROTO_RTP_RX_PRIVATE_H
#define RS_PROTO_RTP_RX_PRIVATE_H

#include "proto/rtp/rx.h"

enum {
	RX_STARTED = 1,   /* an SSRC is known */
	RX_BAD_SEQ = 2,   /* bad_seq is set */
	RX_CANDIDATE = 4, /* another SSRC may take over */
	RX_COMFORT = 8,   /* the last packet in order was comfort noise */
	RX_MEDIA = 16,    /* media_ns and media_ts are set */
	RX_PLAYING = 32,  /* so is the anchor */
};

/* Where a packet is in the ring. */
static inline uint64_t
bit_of(uint32_t ext)
{
	return 1ull << (ext & 63);
}

static inline uint32_t
word_of(uint32_t ext)
{
	return ext / 64 % (RS_RTP_WINDOW / 64);
}

/** What became of packet @ext of the window, which leaves it or is looked at for the last time, is told to @b. */
void rx_judge(const struct rs_rtp_rx *rx, uint32_t ext, struct rs_rtp_burst *b);

/** All that is in the window is told to @b. */
void rx_judge_rest(const struct rs_rtp_rx *rx, struct rs_rtp_burst *b);

/** @seq is the first of a sequence; what is in front of the window is taken to have come. */
void rx_begin_sequence(struct rs_rtp_rx *rx, uint16_t seq);

/** The present sequence is given up for another: what it came to is kept. */
void rx_end_sequence(struct rs_rtp_rx *rx);

/** The window moves on by @n packets, the last of which is here. */
void rx_move_on(struct rs_rtp_rx *rx, uint32_t n);

/** A packet at or behind the newest one, by at most RS_RTP_MAX_MISORDER. */
uint32_t rx_step_back(struct rs_rtp_rx *rx, uint32_t distance);

#endif
