/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * RTP packets (RFC 3550, 5.1): telling them from what else arrives at their port, reading and checking them, writing headers.
 * Nothing is copied; all numbers are in host order.
 */
#ifndef RS_PROTO_RTP_RTP_H
#define RS_PROTO_RTP_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RS_RTP_HEADER_LEN 12   /* bytes, without CSRCs and extension */
#define RS_RTP_MARKER     0x80 /* beside the payload type */
#define RS_RTP_PT_CN      13   /* comfort noise, static (RFC 3389) */

/** What a datagram at a media port is, by its first byte (RFC 7983, 7) and, of RTP and RTCP, the second (RFC 5761, 4). */
enum rs_rtp_what {
	RS_RTP_IS_STUN,  /* 0-3 */
	RS_RTP_IS_ZRTP,  /* 16-19 */
	RS_RTP_IS_DTLS,  /* 20-63 */
	RS_RTP_IS_TURN,  /* 64-79: channel data */
	RS_RTP_IS_RTP,   /* 128-191 */
	RS_RTP_IS_RTCP,  /* 128-191, then 192-223 */
	RS_RTP_IS_OTHER, /* any other first byte, or nothing at all */
	RS_RTP_WHATS
};

/** Why bytes are no RTP packet. */
enum rs_rtp_why {
	RS_RTP_OK,
	RS_RTP_SHORT,     /* less than a fixed header */
	RS_RTP_VERSION,   /* not version 2 */
	RS_RTP_CSRC,      /* ends within the list of contributing sources */
	RS_RTP_EXTENSION, /* ends within the header extension */
	RS_RTP_PADDING,   /* a padding count of 0, or more than there is behind the header */
	RS_RTP_CONTROL,   /* a packet type of RTCP where RTP was expected (RFC 5761) */
	RS_RTP_WHYS
};

struct rs_rtp_packet {
	const uint8_t *payload; /* without padding */
	const uint8_t *ext;     /* of the header extension, behind its own 4 bytes; NULL: none */
	uint32_t payload_len;   /* bytes */
	uint32_t ssrc;
	uint32_t timestamp;
	uint16_t seq;
	uint16_t header_len; /* bytes: all in front of the payload */
	uint16_t ext_profile;
	uint16_t ext_words; /* 32-bit words at @ext */
	uint8_t pt;
	uint8_t csrcs;   /* contributing sources; they begin at byte 12 */
	uint8_t padding; /* bytes behind the payload */
	bool marker;
};

/** The word that names an enumerator in counters and reports. */
const char *rs_rtp_why_name(enum rs_rtp_why why);

/** @param len  bytes at @buf; with none it is RS_RTP_IS_OTHER, a lone byte of 128-191 is taken for RTP */
static inline enum rs_rtp_what
rs_rtp_demux(const uint8_t *buf, size_t len)
{
	uint8_t first;

	if (len == 0)
		return RS_RTP_IS_OTHER;
	first = buf[0];
	if ((first & 0xc0) == 0x80)
		return len > 1 && buf[1] >= 192 && buf[1] <= 223 ? RS_RTP_IS_RTCP : RS_RTP_IS_RTP;
	if (first <= 3)
		return RS_RTP_IS_STUN;
	if (first >= 20 && first <= 63)
		return RS_RTP_IS_DTLS;
	if (first >= 64 && first <= 79)
		return RS_RTP_IS_TURN;
	return first >= 16 && first <= 19 ? RS_RTP_IS_ZRTP : RS_RTP_IS_OTHER;
}

/**
 * Write a header without CSRCs and extension (RFC 3550, 5.1): two stores.
 * @param out	RS_RTP_HEADER_LEN bytes
 * @param m_pt	payload type, with RS_RTP_MARKER or'ed in when the marker is set
 */
static inline void
rs_rtp_write_header(uint8_t *out, uint8_t m_pt, uint16_t seq, uint32_t timestamp, uint32_t ssrc)
{
	uint64_t front =
		(uint64_t)0x80 << 56 | (uint64_t)m_pt << 48 | (uint64_t)seq << 32 | timestamp;

	front = __builtin_bswap64(front);
	ssrc = __builtin_bswap32(ssrc);
	memcpy(out, &front, 8);
	memcpy(out + 8, &ssrc, 4);
}

/**
 * Read and check the header alone: for SRTP, where what is behind it is still encrypted. The payload is all that follows, padding
 * included, and @out->padding is 0.
 * @return RS_RTP_OK or what is wrong (RFC 3550, A.1); then @out is not to be used
 */
enum rs_rtp_why rs_rtp_parse_header(const uint8_t *buf, size_t len, struct rs_rtp_packet *out);

/**
 * Read and check a packet. Nothing at or after @buf + @len is read; @len is at most 65535.
 * @return RS_RTP_OK or what is wrong (RFC 3550, A.1); then @out is not to be used
 */
enum rs_rtp_why rs_rtp_parse(const uint8_t *buf, size_t len, struct rs_rtp_packet *out);

/** What a parsed packet @buf says about padding, once it is decrypted: takes it off the payload. @return RS_RTP_OK, RS_RTP_PADDING */
enum rs_rtp_why rs_rtp_strip_padding(const uint8_t *buf, struct rs_rtp_packet *packet);

#endif
