/* SPDX-License-Identifier: BSD-3-Clause */
/** Media profiles of a plan (`media = ( { } )`): what endpoints offer, send, and do wrong on purpose. Immutable once read. */
#ifndef RS_PLAN_MEDIA_H
#define RS_PLAN_MEDIA_H

#include "media/payload.h"
#include "media/replay.h"
#include "proto/sdp/profile.h"

#define RS_MAX_MEDIA   64
#define RS_ALL_MEDIA   (RS_MAX_MEDIA + 2) /* with implied ones */
#define RS_MEDIA_PTIME 10 /* ms between the lengths of packets that payloads are ready for */
#define RS_MEDIA_PTIMES (RS_SDP_PTIME_MAX / RS_MEDIA_PTIME)

/** How digits are sent, and where they are listened for. */
enum rs_media_dtmf {
	RS_DTMF_AUTO,	/* as events where they were agreed on, else in the sound */
	RS_DTMF_EVENTS, /* RFC 4733 */
	RS_DTMF_INBAND, /* in the sound of G.711 */
	RS_DTMF_BOTH,
};

enum rs_media_source { RS_MEDIA_SILENCE, RS_MEDIA_TONE, RS_MEDIA_NOISE, RS_MEDIA_FILE };

/** What happens to packets on their way, all probabilities 0 to 1; all zero: nothing. Changed live by `loadctl impair`. */
struct rs_impair {
	double loss;		/* each packet for itself (Bernoulli) */
	double burst_begin;	/* Gilbert-Elliott: from a packet that arrives to one that is lost, ... */
	double burst_end;	/* ... and back; 0 with burst_begin 0: no bursts */
	uint64_t delay_ns;	/* each packet, and as much more as is ... */
	uint64_t jitter_ns;	/* ... drawn evenly from 0 to this */
	double duplicate;
	double reorder;		/* a packet lets the next one pass */
};

static inline bool
rs_impair_is_none(const struct rs_impair *i)
{
	return i->loss == 0 && i->burst_begin == 0 && i->delay_ns == 0 && i->jitter_ns == 0 && i->duplicate == 0 && i->reorder == 0;
}

/** Sent wrong on purpose, probabilities 0 to 1. */
struct rs_media_wrong {
	double bad_tag;	   /* of SRTP packets: a bit of the authentication tag is flipped */
	double replay;	   /* of packets: sent a second time a little later, with the same index */
	double tampered;   /* of SRTP packets: a header bit is flipped behind the protection */
	double wrong_key;  /* of streams: another key than the SDP says */
	double roc_jump;   /* of streams: the roll-over counter is one ahead of what the peer reckons */
};

/** One media profile. */
struct rs_plan_media {
	const char *name;
	struct rs_sdp_profile sdp;	/* complete */
	struct rs_sdp_profile *video;	/* NULL: none. Of the implied ones only, for what steps play */
	uint8_t codecs[RS_SDP_MAX_CODECS]; /* enum rs_codec of sdp.codecs[i]; RS_CODECS: an event, noise, or none that can be sent */
	/** What is sent, by sdp.codecs[] and packet length (ptime / RS_MEDIA_PTIME - 1); NULL: not possible in that length. */
	struct rs_payload *payloads[RS_SDP_MAX_CODECS][RS_MEDIA_PTIMES];
	uint8_t source;			/* enum rs_media_source */
	const char *source_text;	/* as written */
	uint64_t jitter_buffer_ns;	/* of the modelled play-out: 60 ms */
	uint64_t timeout_ns;		/* no packet for so long: the stream is silent; 0: not watched */
	struct rs_impair send, receive;
	struct rs_media_wrong wrong;
	bool rtcp, watermark, echo;
	uint8_t dtmf, hear_dtmf;	/* enum rs_media_dtmf */
	bool dtx;			/* the payloads have silences in them */
	struct rs_payload_dtx dtx_pattern;
	bool images;			/* implied: some steps play m=image */
	bool implied;			/* not in the plan: of activities without a profile whose scenario has media steps */
	int line;
};

/** Frames of codec @codec in packets of @ptime_ms; NULL: none such. */
static inline const struct rs_payload *
rs_media_payload(const struct rs_plan_media *m, unsigned codec, unsigned ptime_ms)
{
	if (codec >= m->sdp.n_codecs || ptime_ms % RS_MEDIA_PTIME || ptime_ms < RS_MEDIA_PTIME || ptime_ms > RS_SDP_PTIME_MAX)
		return NULL;
	return m->payloads[codec][ptime_ms / RS_MEDIA_PTIME - 1];
}

/** What a scenario's own media step plays: `play_pcap_audio`, `rtp_stream`. Of a program, loaded with it. */
enum rs_clip_kind { RS_CLIP_REPLAY, RS_CLIP_STREAM };

struct rs_clip {
	uint8_t kind;		   /* enum rs_clip_kind */
	uint8_t line;		   /* 0: audio, 1: video or image */
	bool image;		   /* of line 1: what is replayed is UDPTL, not RTP */
	uint8_t payload_type;	   /* STREAM: as SIPp's step says; RS_SDP_NO_PAYLOAD: as agreed, else of the codec */
	int32_t loops;		   /* STREAM: so many times; -1: for ever */
	const char *file;
	struct rs_replay *replay;  /* REPLAY */
	struct rs_payload *frames; /* STREAM */
};

#endif
