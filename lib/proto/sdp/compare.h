/* SPDX-License-Identifier: BSD-3-Clause */
/** What a system between two legs made of a description: the one that a leg sent beside the one that the other leg received. */
#ifndef RS_PROTO_SDP_COMPARE_H
#define RS_PROTO_SDP_COMPARE_H

#include "proto/sdp/sdp.h"

/** What differs, as bits. "Dropped" was sent and not received, "added" the other way round. */
enum rs_sdp_change {
	RS_SDP_CHANGED_ORIGIN = 1 << 0,	      /* user, id or version of o= */
	RS_SDP_CHANGED_NAME = 1 << 1,	      /* s= */
	RS_SDP_CHANGED_ADDRESS = 1 << 2,      /* of media: c= at either level */
	RS_SDP_CHANGED_FAMILY = 1 << 3,	      /* IPv4 and IPv6; with ADDRESS */
	RS_SDP_CHANGED_PORT = 1 << 4,	      /* of an m-line */
	RS_SDP_CHANGED_RTCP = 1 << 5,	      /* RTCP port that does not follow its RTP port as it did, or rtcp-mux */
	RS_SDP_LINES_DROPPED = 1 << 6,
	RS_SDP_LINES_ADDED = 1 << 7,
	RS_SDP_LINE_REFUSED = 1 << 8,	      /* port 0 where there was one */
	RS_SDP_CHANGED_TYPE = 1 << 9,	      /* an m-line's media type */
	RS_SDP_CHANGED_TRANSPORT = 1 << 10,   /* RTP/AVP and the like */
	RS_SDP_CODECS_DROPPED = 1 << 11,
	RS_SDP_CODECS_ADDED = 1 << 12,
	RS_SDP_CODECS_REORDERED = 1 << 13,    /* of those in both */
	RS_SDP_CHANGED_PAYLOAD = 1 << 14,     /* a codec's payload type */
	RS_SDP_CHANGED_FMTP = 1 << 15,
	RS_SDP_CHANGED_PTIME = 1 << 16,	      /* ptime or maxptime */
	RS_SDP_CHANGED_DIRECTION = 1 << 17,
	RS_SDP_CRYPTO_DROPPED = 1 << 18,      /* crypto lines: fewer suites */
	RS_SDP_CRYPTO_ADDED = 1 << 19,
	RS_SDP_CHANGED_KEYS = 1 << 20,	      /* the same suites in the same order with other keys, tags or parameters */
	RS_SDP_CRYPTO_REORDERED = 1 << 21,
	RS_SDP_CHANGED_FINGERPRINT = 1 << 22, /* a=fingerprint or a=setup */
	RS_SDP_CHANGED_BANDWIDTH = 1 << 23,
	RS_SDP_ATTRS_DROPPED = 1 << 24,	      /* of those that no bit above is about */
	RS_SDP_ATTRS_ADDED = 1 << 25,
	RS_SDP_CHANGED_ATTRS = 1 << 26,	      /* same name, other value */
};
#define RS_SDP_CHANGES 27

/** @return a name for reports: "address", "codecs_dropped" and the like, of bit number @bit; NULL: no such bit */
const char *rs_sdp_change_name(unsigned bit);

struct rs_sdp_difference {
	uint32_t changes;		      /* enum rs_sdp_change */
	uint16_t attrs_dropped, attrs_added;  /* how many */
	struct rs_slice first_dropped, first_added; /* their first names, in what was sent and what was received */
};

/** Compare what was sent with what was received; neither is judged. */
void rs_sdp_compare(const struct rs_sdp *sent, const struct rs_sdp *received, struct rs_sdp_difference *out);

#endif
