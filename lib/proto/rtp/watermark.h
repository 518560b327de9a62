/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Watermarks: which stream of which run sent a packet, and when, written into its payload. Behind an SBC nothing in the RTP header
 * tells it. A watermark survives only a passage that leaves the payload's bits alone: where it is missing, the media was
 * transcoded or stripped. It lies at a fixed offset; a peer that re-packetises moves it, and then it can be searched for.
 */
#ifndef RS_PROTO_RTP_WATERMARK_H
#define RS_PROTO_RTP_WATERMARK_H

#include <stddef.h>
#include <stdint.h>

#include "base/handle.h"

#define RS_RTP_WATERMARK_LEN 32 /* bytes; a payload must have this many behind the offset */

struct rs_rtp_watermark {
	rs_handle stream; /* who sent it: slot, generation, worker */
	uint64_t sent_ns; /* the sender's clock */
	uint32_t seq;     /* packets of this stream before this one */
	uint16_t run;     /* number of the run */
	uint16_t aux;     /* the sender's own */
};

enum rs_rtp_mark {
	RS_RTP_MARK_OK,
	RS_RTP_MARK_SHORT,  /* the payload cannot hold one */
	RS_RTP_MARK_ABSENT, /* none is there: transcoded or stripped, or not ours */
	RS_RTP_MARK_BROKEN, /* one is there and its check is wrong: damaged, or of a process with another secret */
	RS_RTP_MARK_STALE, /* whole, and of another run */
	RS_RTP_MARKS
};

/** Write a watermark: constant time, four stores. @param out  RS_RTP_WATERMARK_LEN bytes; @param secret  of this process */
void rs_rtp_watermark_write(const struct rs_rtp_watermark *mark, uint64_t secret, uint8_t *out);

/**
 * Read the watermark at @payload: constant time.
 *
 * @param payload  where it should begin
 * @param len	   readable bytes there
 * @param run	   the run that is on
 * @param mark	   out: valid with RS_RTP_MARK_OK and RS_RTP_MARK_STALE
 */
enum rs_rtp_mark rs_rtp_watermark_read(const uint8_t *payload, size_t len, uint64_t secret,
	uint16_t run, struct rs_rtp_watermark *mark);

/**
 * Search a payload for the first whole watermark at or after *@at: for packets of a peer that re-packetises, where several may be in
 * one. Takes time in proportion to @len.
 *
 * @param at  in: where to begin, out: the watermark's offset (bytes); unchanged when there is none
 * @return as above; RS_RTP_MARK_ABSENT when there is none
 */
enum rs_rtp_mark rs_rtp_watermark_find(const uint8_t *payload, size_t len, uint64_t secret,
	uint16_t run, size_t *at, struct rs_rtp_watermark *mark);

#endif
