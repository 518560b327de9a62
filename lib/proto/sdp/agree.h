/* SPDX-License-Identifier: BSD-3-Clause */
/** What offer, answer and accept share: see agree.c (reading a peer's m-line) and say.c (writing ours). Private to this directory. */
#ifndef RS_PROTO_SDP_AGREE_H
#define RS_PROTO_SDP_AGREE_H

#include "proto/sdp/build.h"
#include "proto/sdp/session.h"
#include "proto/sdp/words.h"

#define NO_CODEC RS_SDP_NO_PAYLOAD
/** Session parameters that both sides must say (RFC 4568, 6.3: "negotiated"). */
#define NEGOTIATED (RS_SDP_UNENCRYPTED_SRTP | RS_SDP_UNENCRYPTED_SRTCP | RS_SDP_UNAUTHENTICATED_SRTP)

static inline bool
rs_sdp_proto_srtp(enum rs_sdp_proto p)
{
	return p == RS_SDP_RTP_SAVP || p == RS_SDP_RTP_SAVPF;
}

static inline bool
rs_sdp_proto_rtp(enum rs_sdp_proto p)
{
	return p == RS_SDP_RTP_AVP || p == RS_SDP_RTP_AVPF;
}

/** Index of the first codec of @p, of those in @mask, that @f is; -1: none. */
int rs_sdp_match(const struct rs_sdp_profile *p, unsigned mask, const struct rs_sdp_format *f);
/** A stream that nothing is agreed for. */
void rs_sdp_clear(struct rs_sdp_stream *st);
/** Payload types of our offer: what is agreed keeps its number (RFC 3264, 8.3.2), the others make room for it. */
void rs_sdp_choose_payloads(const struct rs_sdp_profile *p, const struct rs_sdp_stream *st, uint8_t *payloads);
/** Make @st one that is refused, with the words that its m-line is written again with. @return 0, -E2BIG: they are too long */
int rs_sdp_refuse(struct rs_sdp_stream *st, const struct rs_sdp_media *m, struct rs_slice format, enum rs_sdp_fail why);
/** Addresses and ports of the peer, @st->flags being decided. */
void rs_sdp_remote(struct rs_sdp_stream *st, const struct rs_sdp_media *m);
/** The peer's direction; one whose address is all zeros does not receive. */
unsigned rs_sdp_peer_direction(const struct rs_sdp_media *m);
/** Length of the packets that we send to @m, whole frames of @c, in ms. */
uint16_t rs_sdp_ptime(const struct rs_sdp_profile *p, const struct rs_sdp_codec *c, const struct rs_sdp_media *m,
	uint16_t *odd);
/** Remember the peer's o= and tell what is wrong with it. */
void rs_sdp_heard(struct rs_sdp_session *s, const struct rs_sdp *sdp, uint16_t *odd);
/** Read crypto line number @i (in sdp.attrs). @return as rs_sdp_crypto_parse() */
static inline int
rs_sdp_read_crypto(const struct rs_sdp *sdp, int i, struct rs_sdp_crypto *out)
{
	return rs_sdp_crypto_parse(sdp->attrs[i].value, out);
}

/** Room for one description of ours; what of it is used is written first. */
struct say {
	struct rs_sdp_build_media media[RS_SDP_MAX_MEDIA];
	struct rs_sdp_build_format formats[RS_SDP_MAX_MEDIA][RS_SDP_MAX_CODECS];
	struct rs_sdp_crypto crypto[RS_SDP_MAX_MEDIA][RS_SDP_MAX_SUITES];
	uint8_t digits[RS_SDP_MAX_MEDIA][4]; /* the format of a line that we turn off */
	uint8_t n_media;
};

/** Our line of suite @i of the profile, with its key; @tag counts from 1. */
void rs_sdp_our_crypto(const struct rs_sdp_local_media *lm, unsigned i, uint32_t tag, unsigned params,
	struct rs_sdp_crypto *out);
/** Add the m-line of @st as its sent_* and offered_* fields say; @payloads by codec. The crypto lines are added by the caller. */
struct rs_sdp_build_media *rs_sdp_say(struct say *say, const struct rs_sdp_local *local, const struct rs_sdp_stream *st,
	const uint8_t *payloads);
/** Add the m-line of a stream that is refused, or that is agreed and that we turn off (@profile is its own). */
void rs_sdp_say_refused(struct say *say, const struct rs_sdp_stream *st, const struct rs_sdp_profile *profile);
/** Write it all, with the version that it takes. @return bytes, -ENOSPC, -EINVAL */
int rs_sdp_send(struct rs_sdp_session *s, const struct rs_sdp_local *local, const struct say *say, uint8_t *out, size_t cap);

#endif
