/* SPDX-License-Identifier: BSD-3-Clause */
/** The codecs that streams can carry, and what RTP says about each. */
#ifndef RS_MEDIA_CODEC_H
#define RS_MEDIA_CODEC_H

#include "base/slice.h"

enum rs_codec {
	RS_CODEC_PCMU, /* G.711 mu-law */
	RS_CODEC_PCMA, /* G.711 A-law */
	RS_CODEC_G722, /* 64 kbit/s */
	RS_CODEC_G729,
	RS_CODEC_OPUS,
	RS_CODEC_AMR,
	RS_CODEC_AMR_WB,
	RS_CODEC_ILBC,
	RS_CODECS
};

/** Payload type of one that has no fixed number. */
#define RS_CODEC_DYNAMIC 255

struct rs_codec_info {
	const char *name;   /* the encoding name of SDP's a=rtpmap */
	uint8_t pt;         /* RFC 3551, 6; or RS_CODEC_DYNAMIC */
	uint8_t channels;   /* of a=rtpmap; Opus says 2 whatever is inside (RFC 7587, 4.1) */
	uint32_t clock_hz;  /* of RTP timestamps: 8,000 for G.722 (RFC 3551, 4.5.2) */
	uint32_t sample_hz; /* what is sampled: 16,000 for G.722 */
	uint32_t
		unit_us; /* a packet holds a multiple of this; of Opus and iLBC the file may say more */
	uint32_t ptime_ms; /* the usual packet; 0: 20 ms, or a frame if that is longer */
};

/** @return the codec's row, never NULL for one below RS_CODECS */
const struct rs_codec_info *rs_codec_info(enum rs_codec codec);

/**
 * The codec with the encoding name @name, in any case (RFC 4855, 3).
 * @return 0; -ENOENT
 */
int rs_codec_find(struct rs_slice name, enum rs_codec *out);

#endif
