/* SPDX-License-Identifier: BSD-3-Clause */
/** Session descriptions written (RFC 8866) from a description in structs: what offers, answers and scenarios put on the wire. */
#ifndef RS_PROTO_SDP_BUILD_H
#define RS_PROTO_SDP_BUILD_H

#include "proto/sdp/crypto.h"
#include "proto/sdp/sdp.h"

/** A format of an RTP m-line. */
struct rs_sdp_build_format {
	struct rs_slice name; /* encoding; absent: no rtpmap is written */
	struct rs_slice fmtp; /* absent: none */
	uint32_t clock_hz;
	uint8_t channels;     /* 0 and 1: not written */
	uint8_t payload;      /* 0 to 127 */
};

/** An m-line and what is written below it. What is zero or absent is left out, but for the port. */
struct rs_sdp_build_media {
	struct rs_slice type;		/* "audio" */
	struct rs_slice proto;		/* "RTP/AVP" */
	struct rs_slice raw_formats;	/* in place of @formats: what is not RTP, and what is rejected */
	const struct rs_sdp_build_format *formats;
	const struct rs_sdp_crypto *crypto;
	const struct rs_slice *extra;	/* other attributes, "name" or "name:value" */
	struct rs_addr address;		/* family 0: the session's */
	struct rs_addr rtcp_address;	/* family 0: none is written with a=rtcp */
	struct rs_slice mid, label, setup, fingerprint;
	struct rs_slice cname;		/* with @has_ssrc */
	uint32_t bandwidth_as_kbps;
	uint32_t ssrc;
	uint16_t port;			/* 0: rejected; nothing is written below the line but its mid */
	uint16_t rtcp_port;		/* 0: no a=rtcp */
	uint16_t ptime_ms, maxptime_ms;
	uint8_t n_formats, n_crypto, n_extra;
	uint8_t direction;		/* enum rs_sdp_direction; always written */
	bool rtcp_mux, rtcp_rsize, has_ssrc;
};

struct rs_sdp_build {
	struct rs_slice user;		/* absent: "-" */
	struct rs_slice name;		/* s=; absent: "-" */
	uint64_t id, version;
	struct rs_addr address;		/* of o= and of the session's c= */
	struct rs_addr connection;	/* family 0: @address; else another one for c=, as 0.0.0.0 */
	const struct rs_slice *extra;	/* other attributes of the session */
	const struct rs_sdp_build_media *media;
	uint8_t n_media, n_extra;
};

/**
 * Write a description.
 *
 * @param b    what it says
 * @param out  room for @cap bytes
 * @return bytes; -ENOSPC: more than @cap; -EINVAL: no address, an m-line without type, transport or formats, or text with a line
 *         end inside, which would begin a line of its own
 */
int rs_sdp_build(const struct rs_sdp_build *b, uint8_t *out, size_t cap);

#endif
