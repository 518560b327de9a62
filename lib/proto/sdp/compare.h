/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a system between two legs made of a description: the one that a leg sent beside the one that the other leg received. Both
 * legs may be far from each other, so that each makes an outline of what it has seen: a list of small items by value, with hashes
 * in the place of texts, and the outlines are compared.
 */
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
	RS_SDP_CHANGED_RTCP = 1 << 5,	      /* RTCP port that does not follow its RTP port as it did */
	RS_SDP_CHANGED_RTCP_MUX = 1 << 6,
	RS_SDP_LINES_DROPPED = 1 << 7,
	RS_SDP_LINES_ADDED = 1 << 8,
	RS_SDP_LINE_REFUSED = 1 << 9,	      /* port 0 where there was one */
	RS_SDP_CHANGED_TYPE = 1 << 10,	      /* an m-line's media type */
	RS_SDP_CHANGED_TRANSPORT = 1 << 11,   /* RTP/AVP and the like */
	RS_SDP_CODECS_DROPPED = 1 << 12,
	RS_SDP_CODECS_ADDED = 1 << 13,
	RS_SDP_CODECS_REORDERED = 1 << 14,    /* of those in both */
	RS_SDP_CHANGED_PAYLOAD = 1 << 15,     /* a codec's payload type */
	RS_SDP_CHANGED_FMTP = 1 << 16,
	RS_SDP_CHANGED_PTIME = 1 << 17,	      /* ptime or maxptime */
	RS_SDP_CHANGED_DIRECTION = 1 << 18,
	RS_SDP_CRYPTO_DROPPED = 1 << 19,      /* crypto lines: fewer suites */
	RS_SDP_CRYPTO_ADDED = 1 << 20,
	RS_SDP_CHANGED_KEYS = 1 << 21,	      /* the same suite with another key, tag or parameter */
	RS_SDP_CRYPTO_REORDERED = 1 << 22,
	RS_SDP_CHANGED_FINGERPRINT = 1 << 23, /* a=fingerprint or a=setup */
	RS_SDP_CHANGED_BANDWIDTH = 1 << 24,
	RS_SDP_ATTRS_DROPPED = 1 << 25,	      /* of those that no bit above is about */
	RS_SDP_ATTRS_ADDED = 1 << 26,
	RS_SDP_CHANGED_ATTRS = 1 << 27,	      /* same name, other value */
};
#define RS_SDP_CHANGES 28

/** @return a name for reports: "address", "codecs_dropped" and the like, of bit number @bit; NULL: no such bit */
const char *rs_sdp_change_name(unsigned bit);

/** One thing that a description says. */
struct rs_sdp_item {
	uint8_t what;
	uint8_t media; /* number of the m-line, RS_SDP_SESSION */
	uint16_t number;
	uint32_t hash;
};
_Static_assert(sizeof(struct rs_sdp_item) == 8, "five of them are a mail's arguments");

/** Items of an outline: enough for an m-line with 16 codecs, 9 crypto lines and 25 attributes beside them. */
#define RS_SDP_OUTLINE_MAX 64

/**
 * Make the outline of a description.
 *
 * @param items  room for RS_SDP_OUTLINE_MAX
 * @return how many there are; -E2BIG: more than there is room for
 */
int rs_sdp_outline(const struct rs_sdp *sdp, struct rs_sdp_item *items);

/**
 * Compare what was sent with what was received; neither is judged. Two texts of the same kind that differ are taken for one when
 * their hashes of 16 bits (names of codecs, suites and attributes, and fmtp) or 32 bits (all others) are the same.
 *
 * @return enum rs_sdp_change, as bits
 */
uint32_t rs_sdp_compare(const struct rs_sdp_item *sent, unsigned n_sent, const struct rs_sdp_item *received, unsigned n_received);

#endif
