/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Payload sets: the frames of a recording or of a tone, cut into packets before a run and shared by all streams that play it.
 * A stream keeps its place only; a set never changes once it is made.
 *
 * Frame k is due k * ptime_ns after a stream's start and has the RTP timestamp k * ts_step after its first.
 */
#ifndef RS_MEDIA_PAYLOAD_H
#define RS_MEDIA_PAYLOAD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "media/codec.h"
#include "media/noise.h"
#include "media/tone.h"

#define RS_PTIME_MIN_NS 10000000ull
#define RS_PTIME_MAX_NS 60000000ull

/** Bytes of one RTP payload: with IPv6, UDP, RTP and SRTP's tag it fits an MTU of 1,500. */
#define RS_PAYLOAD_MAX 1400

/** Bytes of a user's file, and samples of what is made. */
#define RS_PAYLOAD_FILE_MAX    (256u << 20)
#define RS_PAYLOAD_SAMPLES_MAX (3600u * 8000)

enum rs_frame_kind {
	RS_FRAME_MEDIA,
	RS_FRAME_CN,   /* comfort noise: a payload type of its own (RFC 3389) */
	RS_FRAME_NONE, /* silence: nothing is sent, time passes */
};

struct rs_frame {
	uint32_t offset; /* of its bytes in the block */
	uint16_t len;    /* bytes; 0 of RS_FRAME_NONE only */
	uint8_t kind;    /* enum rs_frame_kind */
	uint8_t mark; /* the first of a talkspurt after silence: the marker bit (RFC 3551, 4.1) */
};
_Static_assert(sizeof(struct rs_frame) == 8, "eight of them in a cache line");

struct rs_payload {
	/* What each packet reads. */
	const struct rs_frame *frames;
	const uint8_t *block;
	uint32_t n_frames; /* at least 1 */
	uint32_t ts_step;  /* clock units a frame */
	uint64_t ptime_ns;
	bool loop; /* from the last frame on to the first one; else the stream falls silent */
	bool octet_align; /* AMR, AMR-WB: which of the two payload formats */
	enum rs_codec codec;
	uint32_t clock_hz;
	/* What set-up and reports read. */
	size_t block_len;
	uint16_t max_len; /* the longest frame */
};

/** What a stream needs; a file must be able to give it. */
struct rs_payload_want {
	enum rs_codec codec;
	uint64_t
		ptime_ns; /* 10 to 60 ms; 0: the codec's usual (20 ms; iLBC's and Opus's frame if that is longer) */
	bool octet_align; /* AMR and AMR-WB: octet-aligned, else bandwidth-efficient (RFC 4867, 4.3 and 4.4) */
	bool loop;
};

/**
 * Frame @k of a stream that plays @p.
 * @return the frame, its bytes at p->block + offset; NULL behind the last one of a set that does not loop
 */
static inline const struct rs_frame *
rs_payload_frame(const struct rs_payload *p, uint64_t k)
{
	if (k >= p->n_frames) {
		if (!p->loop)
			return NULL;
		k %= p->n_frames;
	}
	return &p->frames[k];
}

static inline struct rs_slice
rs_payload_bytes(const struct rs_payload *p, const struct rs_frame *f)
{
	return rs_slice_of(p->block + f->offset, f->len);
}

/**
 * Read a user's file. What it is, its first bytes say: RIFF/WAVE, Ogg (Opus, RFC 7845), AMR and AMR-WB storage (RFC 4867, 5), iLBC
 * storage (RFC 3952, 4.1). Anything else is taken by its name's end: .ulaw .ul .pcmu, .alaw .al .pcma, .g722, .g729 (10 bytes a
 * frame, a SID of 2 at the end), .bit (G.729 in the ITU's serial form); with another name or none, as raw octets of want->codec
 * (G.711, G.722 and G.729).
 *
 * G.711 is made from any WAV (PCM of 16 bits at 8, 16, 24, 32 or 48 kHz, A-law, mu-law; two channels are averaged) and from the
 * other law. For all else the file holds what is sent. Frames are packed to @want's ptime; what is left over at the end is
 * filled with silence (G.711) or left out.
 *
 * @param out  to be freed with rs_payload_free
 * @return 0; what open and read say (-ENOENT, ...); -EFBIG: larger than RS_PAYLOAD_FILE_MAX; -EBADMSG: the file is broken, @err says
 *         at which byte; -ENOTSUP: it is sound, but not what is wanted (other codec, ptime not possible, a rate that we do not
 *         take); -ENODATA: nothing in it; -EMSGSIZE: a packet over RS_PAYLOAD_MAX; -EINVAL: @want asks for what does not exist;
 *         -ENOMEM
 */
int rs_payload_open(const char *path, const struct rs_payload_want *want, struct rs_payload **out,
	struct rs_err *err);

/** The same from memory; @name stands for the file, its end included, and in messages. */
int rs_payload_read(const char *name, struct rs_slice bytes, const struct rs_payload_want *want,
	struct rs_payload **out, struct rs_err *err);

void rs_payload_free(struct rs_payload *p);

/**
 * The following make G.711 (want->codec is PCMU or PCMA, else -ENOTSUP). All return 0; -EINVAL with @err: a ptime, level or
 * length that is not possible; -EFBIG: over RS_PAYLOAD_SAMPLES_MAX; -ENOMEM.
 */

/** @n samples at 8 kHz; the last frame is filled up with silence. */
int rs_payload_pcm(const int16_t *samples, size_t n, const struct rs_payload_want *want,
	struct rs_payload **out, struct rs_err *err);

/** A tone: as many frames as it takes until both tone and frames come round, so that a loop has no click. */
int rs_payload_tone(const struct rs_tone *tone, const struct rs_payload_want *want,
	struct rs_payload **out, struct rs_err *err);

/** Noise of @dbm0 (-60 to -3), @ms long, the same for the same seed. */
int rs_payload_noise(enum rs_noise_colour colour, uint64_t seed, double dbm0, uint32_t ms,
	const struct rs_payload_want *want, struct rs_payload **out, struct rs_err *err);

/** One frame of silence. */
int rs_payload_silence(
	const struct rs_payload_want *want, struct rs_payload **out, struct rs_err *err);

/** In-band DTMF: each of @digits (0-9 * # A-D, and a comma for a pause of 1 s) @on_ms long at @dbm0 a frequency, @off_ms behind it. */
int rs_payload_dtmf(const char *digits, uint32_t on_ms, uint32_t off_ms, double dbm0,
	const struct rs_payload_want *want, struct rs_payload **out, struct rs_err *err);

/** Talk and silence in turns, with comfort noise where silence begins and again every cn_every_ms. */
struct rs_payload_dtx {
	uint32_t talk_ms, silence_ms; /* rounded up to whole frames, at least one each */
	uint32_t cn_every_ms;         /* 0: only where silence begins */
	uint8_t cn_level_dbov;        /* RFC 3389: so many dB below overload */
};

/**
 * @from with silences cut into it: as many frames as whole patterns that cover it. @from is kept. For codecs without a silence of
 * their own (G.711 and G.722, RFC 3389, 2); -ENOTSUP for others.
 */
int rs_payload_dtx(const struct rs_payload *from, const struct rs_payload_dtx *dtx,
	struct rs_payload **out, struct rs_err *err);

#endif
