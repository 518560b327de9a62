/* SPDX-License-Identifier: BSD-3-Clause */
/** What one kind of media of ours can do: a media profile of the plan, read-only once it is complete, shared by all legs. */
#ifndef RS_PROTO_SDP_PROFILE_H
#define RS_PROTO_SDP_PROFILE_H

#include "proto/sdp/crypto.h"
#include "proto/sdp/sdp.h"

#define RS_SDP_MAX_CODECS 16 /* of a profile, events and comfort noise included */
#define RS_SDP_MAX_SUITES 16 /* of a profile */
#define RS_SDP_PTIME_MIN  10 /* ms */
#define RS_SDP_PTIME_MAX  60 /* ms */

enum rs_sdp_role {
	RS_SDP_ROLE_CODEC, /* carries the stream */
	RS_SDP_ROLE_EVENT, /* telephone-event (RFC 4733) */
	RS_SDP_ROLE_NOISE, /* CN (RFC 3389) */
};

struct rs_sdp_codec {
	char name[24];	   /* as rtpmaps write it */
	char fmtp[128];	   /* "" : none */
	uint32_t clock_hz; /* RTP clock */
	uint8_t channels;
	uint8_t payload;   /* that we offer; RS_SDP_NO_PAYLOAD until the profile is complete */
	uint8_t frame_ms;  /* packets hold whole frames */
	uint8_t role;	   /* enum rs_sdp_role */
};

enum rs_sdp_srtp {
	RS_SDP_SRTP_FORBIDDEN, /* RTP/AVP; RTP/SAVP is refused, crypto lines are ignored */
	RS_SDP_SRTP_OPTIONAL,  /* offers RTP/AVP with crypto lines, takes either */
	RS_SDP_SRTP_REQUIRED,  /* offers RTP/SAVP; what has no crypto line is refused */
};

struct rs_sdp_profile {
	char type[16];	      /* "audio" */
	struct rs_sdp_codec codecs[RS_SDP_MAX_CODECS]; /* best first */
	uint8_t suites[RS_SDP_MAX_SUITES]; /* enum rs_sdp_suite, in the order of our offers; what is not here is never picked */
	uint64_t lifetime;    /* written with our keys, packets; 0: not */
	uint64_t mki;	      /* of our keys, with @mki_len */
	uint16_t ptime_ms;    /* 0: 20, and not written; else RS_SDP_PTIME_MIN to _MAX */
	uint16_t maxptime_ms; /* 0: not written */
	uint8_t n_codecs, n_suites;
	uint8_t mki_len;      /* 0: no MKI */
	uint8_t srtp;	      /* enum rs_sdp_srtp */
	uint8_t offer_params; /* enum rs_sdp_crypto_param: UNENCRYPTED_* and UNAUTHENTICATED_SRTP that our lines say */
	uint8_t accept_params; /* those that a picked line may say, KDR too; others are never picked */
	bool rtcp_mux, rtcp_rsize;
	bool avpf;	      /* offers say AVPF or SAVPF; answers follow the offer */
};

/**
 * Fill @out for a codec that has a usual form: PCMU, PCMA, GSM, G722, G723, G728, G729, L16, iLBC, opus, AMR, AMR-WB, speex, CN,
 * telephone-event. Payload types are RFC 3551's static ones, else RS_SDP_NO_PAYLOAD; clock, channels and fmtp may be changed then.
 *
 * @param name  case does not count
 * @return 0; -ENOENT: not one of them
 */
int rs_sdp_codec_find(struct rs_slice name, struct rs_sdp_codec *out);

/**
 * Complete a profile and check it: codecs without a payload type get dynamic ones from 96 on, in order; where telephone-event is
 * among them, it is there for the clock of every codec (RFC 4733, 2.4.1).
 *
 * @return 0; -E2BIG: more codecs than there is room for; -EINVAL: no codec, a payload type twice or above 127, ptime out of
 *         bounds, a suite that is none, or SRTP wanted and no suite
 */
int rs_sdp_profile_complete(struct rs_sdp_profile *p);

#endif
