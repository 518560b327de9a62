/* SPDX-License-Identifier: BSD-3-Clause */
/** The kernels behind rs_sip_parse: one pass over the header section. Private to lib/proto/sip. */
#ifndef RS_PROTO_SIP_SCAN_H
#define RS_PROTO_SIP_SCAN_H

#include "proto/sip/msg.h"

/** The largest message: what fits a UDP datagram, and a bound on what a stream can make us keep. */
#define RS_SIP_MAX_MESSAGE 65536u

/** A kernel compares this many bytes of a header line at once: a name that has an identity, and its
 * colon. */
#define RS_SIP_NAME_BYTES 32

/** One spelling of a known header name. */
struct rs_sip_name {
	uint8_t text[RS_SIP_NAME_BYTES]; /* lower case, and the colon that ends it */
	uint8_t bits[RS_SIP_NAME_BYTES]; /* that must be equal for a name to be this one; 0 behind
					    the colon */
};

/** Where a spelling's slot leads. */
struct rs_sip_name_slot {
	uint8_t name; /* index into rs_sip_names */
	uint8_t id;   /* enum rs_sip_header_id */
};

/*
 * The slot of a name follows from its length and its first and last letters. The factor was
 * searched for so that no two spellings share one; a new spelling that collides stops the build
 * (-Woverride-init), and then needs a new factor.
 */
#define RS_SIP_NAME_SLOTS 256u
#define RS_SIP_NAME_SLOT(len, first, last)                                                         \
	((((((uint32_t)(first) | (uint32_t)(last) << 8) | 0x2020u) * 0xd665bbc9u >> 24) + (len)) & \
		(RS_SIP_NAME_SLOTS - 1u))

extern const struct rs_sip_name_slot rs_sip_name_slots[RS_SIP_NAME_SLOTS];
extern const struct rs_sip_name rs_sip_names[];

/** What a kernel tells beside msg->headers, msg->n_headers, msg->n_headers_full and msg->first. */
struct rs_sip_scan {
	uint32_t line_end; /* end of the start line, without CR LF; valid unless the result is
			      RS_SCAN_NO_LINE */
	uint32_t body_off; /* first byte after the empty line */
	uint32_t lengths;  /* Content-Length fields seen, those past RS_SIP_MAX_HEADERS included */
	struct rs_slice length; /* value of the first of them */
};

enum rs_sip_scan_result {
	RS_SCAN_OK,
	RS_SCAN_NO_LINE, /* the bytes end inside the start line */
	RS_SCAN_NO_END,  /* the bytes end inside the header section */
	RS_SCAN_BAD,     /* a line that is no header field */
};

typedef int rs_sip_scan_fn(
	const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan);

rs_sip_scan_fn rs_sip_scan_scalar, rs_sip_scan_sse2, rs_sip_scan_avx2;

/** Bytes that one call of a lines function looks at. */
#define RS_SIP_LINES_SPAN 256u

/**
 * The line feeds of buf[from, from + RS_SIP_LINES_SPAN), as far as they lie before @len.
 * @param lf  out: their offsets in @buf, ascending; room for RS_SIP_LINES_SPAN + 4
 * @return how many
 */
typedef unsigned rs_sip_lines_fn(const uint8_t *buf, size_t len, size_t from, uint32_t *lf);

rs_sip_lines_fn rs_sip_lines_scalar, rs_sip_lines_sse2, rs_sip_lines_avx2;

/** By the best of them, or by the one that rs_sip_scan_force_scalar() chose. */
rs_sip_lines_fn rs_sip_lines;

/**
 * Decode a start line of @len bytes, line end not included, into @msg's members for it.
 * @return 0; -EBADMSG: it is neither a request line nor a status line (RFC 3261, 7)
 */
int rs_sip_start_line(const uint8_t *line, size_t len, struct rs_sip_msg *msg);

#endif
