/* SPDX-License-Identifier: BSD-3-Clause */
/** What the plan's media profiles come to for an engine: immutable during a run, shared by all workers. */
#ifndef RS_ENGINE_MEDIA_SETUP_H
#define RS_ENGINE_MEDIA_SETUP_H

#include "engine/impair.h"
#include "media/payload.h"
#include "media/replay.h"
#include "proto/sdp/profile.h"

#define RS_MEDIA_KINDS 2 /* streams of a profile: audio, video */

/** One `media` profile. */
struct rs_media_profile {
	const struct rs_sdp_profile *sdp[RS_MEDIA_KINDS]; /* by rs_sdp_stream.local; NULL: no such stream */
	/**
	 * The payload set that source @source is in this codec and ptime; 0 is what plays when no step says otherwise.
	 * NULL: there is none, the stream is silent.
	 */
	const struct rs_payload *(*payload)(const void *ctx, uint32_t source, const struct rs_sdp_codec *codec, uint16_t ptime_ms);
	/** Capture @capture; NULL: there is none. May be NULL itself. */
	const struct rs_replay *(*replay)(const void *ctx, uint32_t capture);
	const void *ctx;
	uint32_t playout_ns;  /* of the modelled jitter buffer; 0: 60 ms */
	uint64_t timeout_ns;  /* without a packet, media has stopped; 0: 5 s */
	uint64_t rtcp_min_ns; /* between reports; 0: 5 s (RFC 3550, 6.2) */
	uint16_t digit_ms, digit_gap_ms; /* 0: 160 and 80 */
	uint8_t digit_volume; /* dB below 0 dBm0 */
	bool watermark;	      /* written into payloads of 32 bytes and more, which then are no longer sound there */
	bool no_rtcp;
	bool xr;	      /* RTCP XR: receiver reference times, VoIP metrics */
	bool latch;	      /* media goes where media comes from (symmetric RTP seen from a peer behind NAT) */
	bool hear_digits;     /* in-band, of G.711 */
	uint8_t dtmf;	      /* how they are sent where a step does not say: enum rs_media_dtmf */
	bool echo;	      /* from the begin on */
	bool images;	      /* a line that is no RTP: UDPTL of m=image */
	struct rs_impairment send, receive;
	struct rs_wrong wrong; /* SRTP sent wrong on purpose */
};

struct rs_media_setup {
	const struct rs_media_profile *profiles;
	uint32_t n_profiles;
	uint32_t streams; /* on one worker at most; 0: by its legs */
};

#endif
